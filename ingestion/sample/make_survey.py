"""Writes the schematic survey of the sample city: every shape and number in it is invented and marked 示意."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import geopandas
import pyogrio
from shapely import LineString, MultiPoint, Point, Polygon, box, set_precision, voronoi_polygons

CRS = "EPSG:4490"
"""CGCS2000, the system Chinese surveys are delivered in."""


def write_survey(path: Path, survey: dict[str, Any], script: dict[str, Any], dice: random.Random) -> int:
    """One GeoPackage, one layer per kind of hazard-bearing body; returns the number of features."""
    path.unlink(missing_ok=True)
    # GDAL stamps the moment of writing into the file; a fixed one keeps equal content equal bytes.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-07-18T00:00:00.000Z"})
    layers: dict[str, list[dict[str, Any]]] = {
        "population": _population(survey, dice), "buildings": _buildings(script["places"], dice), "roads": _roads(script, dice),
        "underpasses": [_spot(one) for one in survey["underpasses"]], "schools": [_spot(one) for one in survey["schools"]],
        "hospitals": [_spot(one) for one in survey["hospitals"]], "chemical_plants": [_spot(one) for one in survey["chemical_plants"]],
        "shelters": [_spot(one) for one in survey["shelters"]], "depots": [_depot(one) for one in survey["depots"]],
        "rivers": [{"name": one["name"], "geometry": LineString(one["line"])} for one in survey["rivers"]],
    }  # fmt: skip
    _groups(layers["population"], dice)
    layers["buildings"] += _hamlets(survey["hamlets"], dice)
    layers["roads"] += [
        {key: one[key] for key in ("name", "adcode", "lanes")} | {"geometry": LineString(one["line"])} for one in survey["roads"]
    ]
    for layer, rows in layers.items():
        marked = [
            {"id": f"{layer}-{n:04d}", **row, "surveyed_on": survey["surveyed_on"].isoformat(), "note": "示意"}
            for n, row in enumerate(rows, 1)
        ]
        frame = geopandas.GeoDataFrame(marked, geometry="geometry", crs=CRS)
        frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio", layer_options={"SPATIAL_INDEX": "NO"})
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    return sum(len(rows) for rows in layers.values())


def _spot(one: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key not in ("lon", "lat")} | {"geometry": Point(one["lon"], one["lat"])}


def _depot(one: dict[str, Any]) -> dict[str, Any]:
    stock = {item: {"quantity": quantity, "unit": unit} for item, (quantity, unit) in one["stock"].items()}
    return _spot({**one, "stock": json.dumps(stock, ensure_ascii=False)})


def _population(survey: dict[str, Any], dice: random.Random) -> list[dict[str, Any]]:
    """Streets as Voronoi cells around roughly placed centres, clipped to a rough outline: never boundaries, only an idea of them."""
    outline = Polygon(survey["outline"])
    centres = [
        (name, code, Point(lon, lat), people)
        for code, district in survey["streets"].items()
        for name, (lon, lat, people) in district["towns"].items()
    ]
    cells = voronoi_polygons(MultiPoint([centre for _, _, centre, _ in centres]), extend_to=outline)
    rows = []
    for name, code, centre, thousands in centres:
        cell = next(cell for cell in cells.geoms if cell.covers(centre)).intersection(outline)
        people = thousands * 1000 + dice.randrange(-400, 400)
        shares = {"elderly": round(people * dice.uniform(0.13, 0.22)), "children": round(people * dice.uniform(0.12, 0.17))}
        rows.append({"name": name, "adcode": code, "people": people, **shares, "geometry": set_precision(cell, 0.0001)})
    return rows


def _buildings(places: list[dict[str, Any]], dice: random.Random) -> list[dict[str, Any]]:
    """A few dozen rectangles on a loose grid around each place."""
    rows = []
    for place in places[:5]:
        for number in range(64):
            lon = place["lon"] + (number % 8 - 4) * 0.0009 + dice.uniform(-0.0002, 0.0002)
            lat = place["lat"] + (number // 8 - 4) * 0.0007 + dice.uniform(-0.0001, 0.0001)
            floors = dice.choice([1, 3, 6, 6, 7, 11, 18])
            rows.append({
                "name": f"{place['name']}周边{number + 1}号楼", "adcode": place["adcode"], "floors": floors, "people": floors * dice.randint(4, 14),
                "floor_area": floors * 620, "structure": dice.choice(["砖混", "框架", "框剪", "砖木"]), "year": dice.randint(1978, 2022),
                "geometry": box(round(lon, 5), round(lat, 5), round(lon + 0.0004, 5), round(lat + 0.0002, 5)),
            })  # fmt: skip
    return rows


def _groups(divisions: list[dict[str, Any]], dice: random.Random) -> None:
    """People living alone and disabled people, as shares of everybody. One division was not asked about the disabled."""
    for row in divisions:
        row["alone"], row["disabled"] = (round(row["people"] * dice.uniform(*share)) for share in ((0.04, 0.10), (0.015, 0.035)))
    dice.choice(divisions)["disabled"] = None


def _hamlets(hamlets: list[dict[str, Any]], dice: random.Random) -> list[dict[str, Any]]:
    """Old low houses in rows."""
    rows = []
    for hamlet in hamlets:
        for number in range(hamlet["rows"] * hamlet["across"]):
            lon = round(hamlet["lon"] + number % hamlet["across"] * 0.0003 + dice.uniform(0, 0.00005), 5)
            lat = round(hamlet["lat"] + number // hamlet["across"] * 0.00025 + dice.uniform(0, 0.00004), 5)
            floors = dice.choice([1, 1, 1, 2, 2, 3])
            rows.append({
                "name": f"{hamlet['name']}{number + 1}号", "adcode": hamlet["adcode"], "floors": floors, "people": floors * dice.randint(1, 4),
                "structure": dice.choice(["砖木", "砖木", "砖混", "土木"]), "year": dice.randint(1955, 1995),
                "floor_area": floors * dice.randint(60, 140), "geometry": box(lon, lat, lon + 0.0002, lat + 0.00015),
            })  # fmt: skip
    return rows


def _roads(script: dict[str, Any], dice: random.Random) -> list[dict[str, Any]]:
    """Through roads of the four sites and the invented roads of the script, straight lines all."""
    rows = []
    for place in script["places"][:4]:
        lon, lat = place["lon"], place["lat"]
        rows.append({"name": place["name"].replace("下穿通道", "").replace("下穿隧道", ""), "adcode": place["adcode"], "lanes": 6,
                     "geometry": LineString([(lon - 0.01, lat - 0.001), (lon, lat), (lon + 0.01, lat + 0.001)])})  # fmt: skip
    for road in (stem + script["road_tails"][0] for stem in script["road_stems"]):
        lon, lat = round(118.78 + dice.uniform(-0.08, 0.08), 4), round(32.02 + dice.uniform(-0.08, 0.08), 4)
        rows.append(
            {
                "name": road,
                "adcode": "320100",
                "lanes": dice.choice([2, 4]),
                "geometry": LineString([(lon, lat), (lon + 0.012, lat + 0.004)]),
            }
        )
    return rows

"""InaSAFE's flood, population and building data, against a computation with rasterio and GeoPandas that shares nothing with ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import rasterio.mask
import shapely

from ingestion.sources import survey
from models import footprints, grids
from models.domain import Feature
from models.exposure import exposure

DATA = Path(__file__).resolve().parents[2] / "../shared/data/inasafe_relief_and_exposure/exposure"
if not DATA.is_dir():
    DATA = Path("/work/shared/data/inasafe_relief_and_exposure/exposure")
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data to compare with is not on this machine")
POPULATION = DATA / "exposure/pop_binary_raster_20_20.asc"


def band(name: Path) -> np.ndarray:
    with rasterio.open(name) as file:
        return file.read(1, masked=True).astype(float).filled(np.nan)


def surveyed(name: str, kind: str = "") -> list[Feature]:
    return [record for record in survey.read(DATA / "exposure" / name, datetime.now(UTC)) if isinstance(record, Feature)]


@pytest.mark.parametrize("flood", ["continuous_flood_20_20.asc", "generic_continuous_flood.asc"])
@pytest.mark.parametrize("levels", [(0.5,), (0.15, 0.7, 1.3), (1.0,)])
def test_a_flood_raster_on_a_population_raster_of_the_same_cells(flood: str, levels: tuple[float, ...]) -> None:
    found = exposure(footprints.from_file(DATA / "hazard" / flood, levels=levels), [], population=grids.read_grid(POPULATION))
    depth, people = band(DATA / "hazard" / flood), band(POPULATION)
    wet = depth >= np.float32(levels[0])
    assert found.people["all"].best == pytest.approx(np.nansum(people[wet]), rel=1e-9)
    for severity, low in enumerate(levels):
        inside = (depth >= np.float32(low)) & (depth < np.float32([*levels, 1e9][severity + 1]))
        assert found.streets[0].by_severity.get(severity, 0) == pytest.approx(np.nansum(people[inside]), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("layer", "where"),
    [("floods.shp", "FLOODPRONE=YES"), ("flood_multipart_polygons.shp", "FLOODPRONE=YES"), ("flood_polygon_crosskabupaten.shp", "")],
)
def test_flood_polygons_on_a_population_raster_by_area_of_every_cell(layer: str, where: str) -> None:
    found = exposure(footprints.from_file(DATA / "hazard" / layer, where=where), [], population=grids.read_grid(POPULATION)).people["all"]
    frame = geopandas.read_file(DATA / "hazard" / layer)
    if where:
        frame = frame[frame["FLOODPRONE"].str.upper() == "YES"]
    with rasterio.open(POPULATION) as file:
        people, transform = file.read(1), file.transform
    rows = []
    for row in range(people.shape[0]):
        for column in range(people.shape[1]):
            (west, north), (east, south) = transform @ (column, row), transform @ (column + 1, row + 1)
            rows.append({"people": float(people[row, column]), "geometry": shapely.box(west, south, east, north)})
    cells = geopandas.GeoDataFrame(rows, crs=frame.crs)
    wet = geopandas.GeoDataFrame(geometry=[frame.geometry.make_valid().union_all()], crs=frame.crs)
    shared = geopandas.overlay(cells, wet, how="intersection")
    assert found.best == pytest.approx(float((shared["people"] * shared.area).sum() / (transform.a * -transform.e)), rel=1e-6)
    assert found.low <= found.best <= found.high
    with rasterio.open(POPULATION) as file:
        by_centre = float(rasterio.mask.mask(file, wet.geometry, filled=True, nodata=0)[0].sum())
        touched = float(rasterio.mask.mask(file, wet.geometry, filled=True, nodata=0, all_touched=True)[0].sum())
    # Counting by the centre of cells is another answer, and lies within the range.
    assert found.low <= by_centre <= touched <= found.high * (1 + 1e-9)


def test_an_unaligned_flood_on_a_population_raster_in_another_projection() -> None:
    flood = DATA / "hazard/continuous_flood_unaligned_big_size.tif"
    population = DATA / "exposure/people_allow_resampling_true.tif"
    found = exposure(footprints.from_file(flood, levels=(0.5,)), [], population=grids.read_grid(population)).people["all"]
    with rasterio.open(flood) as file:
        depth, transform = file.read(1), file.transform
    cells = [
        shapely.box(*(transform @ (column, row + 1)), *(transform @ (column + 1, row)))
        for row, column in zip(*np.nonzero(depth >= 0.5), strict=True)
    ]
    wet = geopandas.GeoSeries(cells, crs=4326).to_crs(3857).union_all()
    with rasterio.open(population) as file:
        people, cell = file.read(1), file.transform
    total = 0.0
    for row, column in zip(*np.nonzero(people > 0), strict=True):
        (west, north), (east, south) = cell @ (column, row), cell @ (column + 1, row + 1)
        total += people[row, column] * wet.intersection(shapely.box(west, south, east, north)).area / (cell.a * -cell.e)
    assert found.best == pytest.approx(total, rel=1e-5)
    assert total > 0


@pytest.mark.parametrize("layer", ["buildings.gpkg", "buildings.shp", "buildings_osm_4326.shp"])
def test_buildings_in_a_flood_are_those_that_meet_it(layer: str) -> None:
    found = exposure(footprints.from_file(DATA / "hazard/floods.shp", where="FLOODPRONE=YES"), surveyed(layer))
    frame, flood = geopandas.read_file(DATA / "exposure" / layer), geopandas.read_file(DATA / "hazard/floods.shp")
    wet = flood[flood["FLOODPRONE"].str.upper() == "YES"].geometry.make_valid().union_all()
    meeting = frame[frame.geometry.make_valid().intersects(wet)]
    assert sum(row.count for row in found.buildings) == len(meeting.geometry.normalize().to_wkb().unique())
    assert found.people == {}


def test_the_same_buildings_under_a_depth_raster() -> None:
    flood = DATA / "hazard/continuous_flood_20_20.asc"
    found = exposure(footprints.from_file(flood, levels=(0.5, 1.0)), surveyed("buildings.gpkg"))
    with rasterio.open(flood) as file:
        depth, transform = file.read(1), file.transform
    cells = [
        shapely.box(*(transform @ (column, row + 1)), *(transform @ (column + 1, row)))
        for row, column in zip(*np.nonzero(depth >= 0.5), strict=True)
    ]
    frame = geopandas.read_file(DATA / "exposure/buildings.gpkg")
    tree = shapely.STRtree(cells)
    meeting = frame.iloc[np.unique(tree.query(frame.geometry.make_valid().to_numpy(), predicate="intersects")[0])]
    assert sum(row.count for row in found.buildings) == len(meeting.geometry.normalize().to_wkb().unique()) > 0


def test_roads_in_a_flood_are_as_long_as_in_a_metric_projection() -> None:
    found = exposure(footprints.from_file(DATA / "hazard/floods.shp", where="FLOODPRONE=YES"), surveyed("roads_osm_4326.shp"))
    flood = geopandas.read_file(DATA / "hazard/floods.shp")
    wet = flood[flood["FLOODPRONE"].str.upper() == "YES"].geometry.make_valid().union_all()
    inside = geopandas.read_file(DATA / "exposure/roads_osm_4326.shp").geometry.intersection(wet)
    local = geopandas.GeoSeries(inside, crs=4326).to_crs("+proj=aeqd +lat_0=-6.18 +lon_0=106.82 +datum=WGS84")
    assert sum(site.amount or 0 for site in found.sites) == pytest.approx(local.length.sum(), rel=1e-4)
    assert local.length.sum() > 0


def test_a_shaking_raster_makes_zones_of_its_degrees() -> None:
    found = footprints.from_file(DATA / "hazard/earthquake.tif", measure="intensity")
    degrees = np.floor(band(DATA / "hazard/earthquake.tif") + 0.5)
    with rasterio.open(DATA / "hazard/earthquake.tif") as file:
        cell = file.transform.a * -file.transform.e
    areas = {one.label: shapely.from_geojson(json.dumps(one.geometry)).area / cell for one in found.bands}
    wanted = {f"烈度{roman}度": int((degrees == degree).sum()) for degree, roman in ((6, "Ⅵ"), (7, "Ⅶ"), (8, "Ⅷ"), (9, "Ⅸ"))}
    assert {label: round(area, 3) for label, area in areas.items()} == {label: count for label, count in wanted.items() if count}

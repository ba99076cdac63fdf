"""Who and what stands in a footprint: a footprint over the survey of hazard-bearing bodies, everything counted once.

People are counted as `models/headcount.py` says. Bands do not overlap: the severer takes the place. Areas are measured in an equal-area projection
centred on the footprint (Lambert azimuthal), lengths in the same, which over 100 km is right to three parts in 100,000.

**Buildings** are counted once when they touch the footprint. **Roads** are measured inside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from pydantic import TypeAdapter

from models.domain import BEIJING, Feature
from models.errors import BadInput
from models.footprints import bounds
from models.grids import Grid
from models.ground import Ground, local, projected
from models.headcount import attribute, number, of_divisions, of_grid
from models.relief import BuildingsExposed, Exposure, Footprint, SiteExposed, StreetExposed

STALE_YEARS = 5
"""A survey older than this is named among the gaps."""
SITES = ("road", "underpass", "school", "hospital", "chemical_plant", "shelter", "depot")
STRUCTURE = ("structure", "结构", "结构类型", "建筑结构", "房屋结构", "jglx")
STOREYS = ("floors", "storeys", "stories", "levels", "层数", "楼层数", "地上层数", "cs")
FLOOR_AREA = ("floorarea", "建筑面积", "总建筑面积", "jzmj")
AMOUNTS = {
    "school": ("people", "pupils", "students", "学生数", "师生人数", "在校人数"),
    "hospital": ("beds", "床位", "床位数", "实有床位"),
    "shelter": ("capacity", "容量", "可容纳人数", "容纳人数"),
}
_JSON = TypeAdapter(dict[str, Any])


def exposure(
    footprint: Footprint,
    features: Iterable[Feature],
    *,
    population: Grid | None = None,
    near_metres: float = 500,
    today: date | None = None,
) -> Exposure:
    """Everybody and everything surveyed inside the footprint, and sites within `near_metres` of it.

    `population` is a raster of people per cell; it then takes the place of the survey's divisions, since both count the same people.
    `today` (Beijing) tells how old the survey is. Raises BadInput when nothing surveyed lies in or near the footprint.
    """
    if not (math.isfinite(near_metres) and 0 <= near_metres <= 100_000):
        raise BadInput(f"“附近”的距离为 {near_metres}，应为 0 至 100000 米。")
    crs = local(footprint)
    ground = Ground.of(footprint, crs)
    bodies, shapes, all_of_them = _about(footprint, features, near_metres)
    outside = BadInput(
        f"影响范围“{footprint.title}”在普查范围之外：周围 {near_metres:g} 米内没有任何普查数据，请核对坐标，或先导入该地的普查。"
        if all_of_them
        else "没有普查数据，请先用 anlan ingest --source survey 导入，或用 --survey 指定文件。"
    )
    if not bodies and population is None:
        raise outside
    flat = projected(shapes, crs) if bodies else shapes
    crossed = ~shapely.is_valid(flat)
    flat[crossed] = shapely.make_valid(flat[crossed])
    kinds = np.asarray([body.kind for body in bodies], dtype=str)

    def of_kind(*wanted: str) -> tuple[list[Feature], Any]:
        chosen = np.flatnonzero(np.isin(kinds, wanted))
        return [bodies[i] for i in chosen], flat[chosen]

    people = of_divisions(ground, *of_kind("population")) if population is None else of_grid(footprint, population)
    gaps = list(people.gaps)
    if population is not None and (kinds == "population").any():
        gaps.append("人口以栅格为准，普查区划的人口没有再计，以免重复")
    buildings, counted = _buildings(ground, *of_kind("building"), gaps)
    sites = _sites(ground, *of_kind(*SITES), near_metres)
    if population is None and not (people.covered or counted or sites):
        raise outside
    used = {body.id for body in counted} | {site.feature for site in sites}
    days = [body.surveyed_on for body in bodies if body.id in used] + [street.surveyed_on for street in people.streets]
    dates = sorted(day for day in days if day)
    gaps += _general_gaps(people.covered, dates, len(days) - len(dates), kinds, today or datetime.now(BEIJING).date())
    return Exposure(
        footprint=footprint, people=people.people, streets=tuple(sorted(people.streets, key=lambda street: (-_best(street), street.adcode, street.name))),
        buildings=buildings, sites=sites, covered=people.covered, surveyed=(dates[0], dates[-1]) if dates else (None, None),
        gaps=tuple(gaps), arithmetic=tuple(people.arithmetic),
    )  # fmt: skip


def _best(street: StreetExposed) -> float:
    return street.people["all"].best if "all" in street.people else -1.0


def _about(footprint: Footprint, features: Iterable[Feature], near_metres: float) -> tuple[list[Feature], Any, int]:
    """The bodies whose box meets the footprint's, near ones included, each id once and in a fixed order; their shapes; and how many there were."""
    known = {body.id: body for body in sorted(features, key=lambda body: (body.id, body.surveyed_on or date.min))}
    bodies = list(known.values())
    shapes = (
        shapely.from_geojson([_JSON.dump_json(body.geometry) for body in bodies], on_invalid="ignore")
        if bodies
        else np.empty(0, dtype=object)
    )
    west, south, east, north = bounds(footprint)
    up = near_metres / 110_000
    aside = up / max(0.05, math.cos(math.radians(max(abs(south), abs(north)))))
    box = shapely.box(west - aside, south - up, east + aside, north + up)
    kept = np.flatnonzero(shapely.intersects(shapely.envelope(shapes), box)) if bodies else np.empty(0, dtype=int)
    return [bodies[i] for i in kept], shapes[kept], len(bodies)


# --- buildings and sites ----------------------------------------------------------------------------------------------------------


def _storeys(value: str | float | None) -> str:
    count = number(value.removesuffix("层") if isinstance(value, str) else value)
    if count is None or count < 1:
        return "未注明"
    return "1层" if count < 2 else "2–3层" if count < 4 else "4–6层" if count < 7 else "7层及以上"


def _buildings(ground: Ground, bodies: list[Feature], shapes: Any, gaps: list[str]) -> tuple[tuple[BuildingsExposed, ...], list[Feature]]:
    touching = np.unique(ground.tree.query(shapes, predicate="intersects")[0]) if len(bodies) else np.empty(0, dtype=int)
    # One outline that stands in the survey twice is one building.
    outlines = shapely.to_wkb(shapely.normalize(shapes[touching]))
    solid = shapely.area(shapes[touching]) > 0
    first = {outline: number for number, outline in reversed(list(enumerate(outlines)))}
    once = [int(i) for number, i in enumerate(touching) if not solid[number] or first[outlines[number]] == number]
    if len(once) < len(touching):
        gaps.append(f"{len(touching) - len(once)} 栋建筑的轮廓与另一栋完全相同，只计一次")
    counted = [bodies[i] for i in once]
    rows: dict[tuple[str, str], list[float | None]] = {}
    for body in counted:
        structure = str(attribute(body, STRUCTURE) or "未注明")
        rows.setdefault((structure, _storeys(attribute(body, STOREYS))), []).append(number(attribute(body, FLOOR_AREA)))
    unmeasured = sum(area is None for areas in rows.values() for area in areas)
    if 0 < unmeasured < len(counted):
        gaps.append(f"{unmeasured} 栋建筑没有建筑面积，面积合计不含")
    elif counted and unmeasured:
        gaps.append("普查没有建筑面积")
    return tuple(
        BuildingsExposed(
            structure=structure, storeys=storeys, count=len(areas),
            floor_area=math.fsum(area for area in areas if area is not None) if any(area is not None for area in areas) else None,
        )
        for (structure, storeys), areas in sorted(rows.items(), key=lambda row: (-len(row[1]), row[0]))
    ), counted  # fmt: skip


def _sites(ground: Ground, bodies: list[Feature], shapes: Any, near_metres: float) -> tuple[SiteExposed, ...]:
    if not bodies:
        return ()
    site, tile = ground.tree.query(shapes, predicate="intersects")
    severity = np.full(len(bodies), -1)
    np.maximum.at(severity, site, ground.severity[tile])
    (reached, _), metres = ground.tree.query_nearest(shapes, max_distance=max(near_metres, 1e-6), return_distance=True, all_matches=False)
    distance = dict(zip(reached.tolist(), metres.tolist(), strict=True))
    roads = np.asarray([body.kind == "road" for body in bodies])
    lengths = _lengths(ground, shapes, roads)
    found = []
    for i in sorted(set(site.tolist()) | distance.keys()):
        body, inside = bodies[i], bool(severity[i] >= 0)
        amount = lengths.get(i, 0.0) if roads[i] else number(attribute(body, AMOUNTS.get(body.kind, ())))
        found.append(SiteExposed(
            feature=body.id, kind=body.kind, name=body.name, inside=inside, metres=0.0 if inside else distance[i],
            severity=int(severity[i]) if inside else None, amount=amount, lon=body.lon, lat=body.lat,
        ))  # fmt: skip
    return tuple(
        sorted(found, key=lambda one: (SITES.index(one.kind), not one.inside, -(one.severity or 0), one.metres, one.name, one.feature))
    )


def _lengths(ground: Ground, shapes: Any, roads: Any) -> dict[int, float]:
    """Metres of each road inside; what runs along the seam of two pieces is measured once."""
    lines = np.flatnonzero(roads & (shapely.get_dimensions(shapes) == 1))
    if not len(lines):
        return {}
    which, _, shared = ground.parts(shapes[lines])
    pieces: dict[int, list[shapely.Geometry]] = {}
    for i, piece in zip(which.tolist(), shared, strict=True):
        pieces.setdefault(int(lines[i]), []).append(piece)
    return {i: float((own[0] if len(own) == 1 else shapely.union_all(own)).length) for i, own in pieces.items()}


# --- gaps -------------------------------------------------------------------------------------------------------------------------


def _general_gaps(covered: float, dates: list[date], undated: int, kinds: Any, today: date) -> list[str]:
    gaps = []
    if covered < 0.9995:
        gaps.append(f"影响范围只有 {covered:.1%} 的面积有人口数据，其余地方的人没有计入")
    if dates and (today - dates[0]).days > STALE_YEARS * 365.25:
        gaps.append(f"普查最早为 {dates[0]:%Y-%m-%d}，已超过 {STALE_YEARS} 年，人口和房屋可能变化")
    if undated:
        gaps.append(f"{undated} 个对象没有普查日期")
    if "building" not in kinds:
        gaps.append("影响范围周围没有建筑普查数据")
    if not np.isin(kinds, SITES).any():
        gaps.append("影响范围周围没有道路、学校、医院、危化企业等普查数据")
    return gaps

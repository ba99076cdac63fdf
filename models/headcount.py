"""The people in a footprint, from surveyed divisions or from a raster, each counted once.

Those of a division (street, town, grid cell) that lies partly inside are taken by share of its area. Where surveyed divisions overlap, the
ground counts for the smallest one (equally large: the newest survey), so that nobody is counted twice; what the others had there is left
out and said.

**Low and high** hold wherever in its division people live, as long as nowhere more than `DENSEST` of them live on a square kilometre (or the
division's own average, if that is denser): high = as many as fit on the ground inside, at most everybody; low = everybody less as many as fit
on the ground outside, at least nobody. A group that some divisions do not give has those divisions' whole possible number in its high.
A raster has cells instead of divisions: low counts the cells wholly inside, high every cell that is touched.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import shapely

from models.domain import Feature
from models.errors import BadInput
from models.grids import Grid
from models.ground import Ground
from models.relief import GROUPS, Figure, Footprint, Group, StreetExposed

DENSEST = 150_000
"""People on a square kilometre at most: dwellings of floor area ratio 4.5 at 30 square metres a person. An assumption, not a survey."""
GROUP_COLUMNS: dict[Group, tuple[str, ...]] = {
    "all": ("people", "population", "pop", "人口", "人口数", "总人口", "总人口数", "常住人口", "常住人口数", "rk", "rksl"),
    "children": (
        "children",
        "under15",
        "儿童",
        "儿童数",
        "儿童人数",
        "少儿",
        "014岁",
        "014岁人口",
        "14岁及以下",
        "14岁及以下人口",
        "15岁以下",
    ),
    "elderly": (
        "elderly",
        "over65",
        "65plus",
        "老年人",
        "老年人口",
        "老年人数",
        "65岁及以上",
        "65岁及以上人口",
        "65岁以上",
        "65岁以上人口",
    ),
    "alone": ("alone", "livingalone", "独居", "独居人口", "独居人数"),
    "disabled": ("disabled", "disability", "残疾", "残疾人", "残疾人口", "残疾人数", "持证残疾人"),
}
"""Columns of a population layer that give each group, without case, blanks, hyphens and brackets. 60岁以上 and 独居老人 are other groups."""
_SCALES = {"万人": 10_000.0, "千人": 1_000.0, "人": 1.0, "万": 10_000.0}
_MOST_CELLS = 3_000_000


@dataclass(frozen=True)
class Headcount:
    """The people in a footprint."""

    streets: list[StreetExposed]
    people: dict[Group, Figure]
    covered: float
    """Share of the footprint for which there are figures."""
    arithmetic: list[str]
    gaps: list[str]


@cache
def _key(name: str) -> str:
    return re.sub(r"[\s_\-–~—()（）]", "", unicodedata.normalize("NFKC", name)).lower()


def attribute(body: Feature, names: Sequence[str]) -> str | float | None:
    """The first filled attribute of one of these names."""
    return next((value for own, value in body.properties.items() if value is not None and _key(own) in names), None)


def number(value: str | float | None) -> float | None:
    """A number that is one and is not negative."""
    try:
        read = float(str(value).replace(",", "")) if value is not None else math.nan
    except ValueError:
        return None
    return read if math.isfinite(read) and read >= 0 else None


@cache
def _meaning(column: str) -> tuple[Group, float] | None:
    """The group a column gives, and how many people its unit is."""
    key = _key(column)
    for unit, scale in (("", 1.0), *_SCALES.items()):
        stem = key.removesuffix(unit)
        for group, words in GROUP_COLUMNS.items():
            if key.endswith(unit) and stem in words:
                return group, scale
    return None


def _headcounts(body: Feature) -> dict[Group, float]:
    """How many of each group a division holds. A group is absent when the survey does not give it, or gives what cannot be."""
    counts: dict[Group, float] = {}
    for column, value in body.properties.items():
        meant, count = _meaning(column), number(value)
        if meant and count is not None and meant[0] not in counts:
            counts[meant[0]] = count * meant[1]
    everybody = counts.get("all", 0.0)
    return {group: count for group, count in counts.items() if count <= everybody}


def of_divisions(ground: Ground, bodies: list[Feature], shapes: Any) -> Headcount:
    """The people of surveyed divisions; `shapes` are theirs, in the ground's system."""
    gaps: list[str] = []
    flat = np.asarray([shape.geom_type in ("Polygon", "MultiPolygon") for shape in shapes], dtype=bool)
    counts = [_headcounts(body) for body in bodies]
    told = np.asarray(["all" in count for count in counts], dtype=bool)
    which, tile, shared = ground.parts(shapes)
    silent = sorted({bodies[i].name for i in which if flat[i] and not told[i]})
    if silent:
        gaps.append(f"{_some(silent)}没有人口数，其中的人没有计入")
    if (~flat).any():
        gaps.append(f"{int((~flat).sum())} 个人口数据是点或线，无法按面积计算，没有计入")
    usable = (flat & told)[which] if len(bodies) else np.empty(0, dtype=bool)
    which, tile, shared = which[usable], tile[usable], shared[usable]
    whole = shapely.area(shapes)
    own = _counted_once(bodies, whole, which, shared, gaps)
    inside = np.zeros(len(bodies))
    np.add.at(inside, which, own)
    by_severity: dict[int, dict[int, float]] = {}
    for i, severity, metres in zip(which.tolist(), ground.severity[tile].tolist(), own.tolist(), strict=True):
        row = by_severity.setdefault(i, {})
        row[severity] = row.get(severity, 0.0) + metres
    streets, lines = [], []
    missing: dict[Group, list[tuple[str, float]]] = {group: [] for group in GROUPS}
    for i in sorted(by_severity):
        body, count = bodies[i], counts[i]
        everybody = count["all"]
        share = 1.0 if inside[i] >= whole[i] * (1 - 1e-9) else float(inside[i] / whole[i])
        if share <= 0:
            continue
        people: dict[Group, Figure] = {}
        for group in GROUPS:
            if group not in count:
                missing[group].append((body.name, _figure(everybody, share, everybody, float(whole[i])).high))
                continue
            people[group] = _figure(count[group], share, everybody, float(whole[i]))
        parts = {severity: everybody * min(1.0, metres / float(whole[i])) for severity, metres in sorted(by_severity[i].items())}
        streets.append(StreetExposed(
            name=body.name, adcode=body.adcode, share=share, people=people, by_severity=parts, surveyed_on=body.surveyed_on,
        ))  # fmt: skip
        figure = people["all"]
        lines.append(
            f"{body.name}：{everybody:,.0f} 人 × {inside[i] / 1e6:,.3f}/{whole[i] / 1e6:,.3f} 平方千米（{share:.1%}）＝ {figure.best:,.1f} 人"
            f"（{figure.low:,.0f}–{figure.high:,.0f}）"
        )
    people = _summed(streets, missing, gaps)
    if people:
        everyone = people["all"]
        lines.append(f"合计 {everyone.best:,.1f} 人（{everyone.low:,.0f}–{everyone.high:,.0f}）")
        lines.append(
            "中值假定各区划内人口均匀分布；低值、高值不论人住在区划何处都成立，只假定任何地方每平方千米不超过"
            f" {DENSEST:,} 人（或本区划平均密度，取大者；未经核实的假定）"
        )
    return Headcount(streets, people, min(1.0, float(inside.sum()) / ground.area), lines, gaps)


def _figure(total: float, share: float, everybody: float, whole: float) -> Figure:
    """`total` people of a division of `whole` square metres, of which a share is inside."""
    densest = max(DENSEST / 1e6, everybody / whole)
    best = total * share
    low = max(0.0, total - (1 - share) * whole * densest)
    return Figure(low=min(low, best), best=best, high=max(best, min(total, share * whole * densest)))


def _counted_once(bodies: list[Feature], whole: Any, which: Any, shared: Any, gaps: list[str]) -> Any:
    """Square metres of every piece, without the ground that counts for another division."""
    own = shapely.area(shared)
    tree = shapely.STRtree(shared)
    one, other = tree.query(shared)
    apart = (one < other) & (which[one] != which[other])
    one, other = one[apart], other[apart]
    meets = (
        shapely.overlaps(shared[one], shared[other])
        | shapely.contains(shared[one], shared[other])
        | shapely.within(shared[one], shared[other])
    )
    one, other = one[meets], other[meets]
    if not len(one):
        return own
    # Areas to three digits, so that one place surveyed twice counts as equally large.
    rank = {
        i: (float(f"{whole[i]:.2e}"), -(bodies[i].surveyed_on or date.min).toordinal(), bodies[i].id)
        for i in {*which[one].tolist(), *which[other].tolist()}
    }
    above: dict[int, list[int]] = {}
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        loser, winner = (b, a) if rank[int(which[a])] < rank[int(which[b])] else (a, b)
        above.setdefault(loser, []).append(winner)
    lost: Counter[int] = Counter()
    for loser, winners in above.items():
        left = float(shapely.area(shapely.difference(shared[loser], shapely.union_all(shared[winners]))))
        lost[int(which[loser])] += own[loser] - left
        own[loser] = left
    named = sorted(bodies[i].name for i, metres in lost.items() if metres > 0.001 * whole[i])
    if named:
        gaps.append(f"{_some(named)}与面积更小（同样大小时普查更新）的区划重叠，重叠的地面只计后者的人口")
    return own


def _summed(streets: list[StreetExposed], missing: dict[Group, list[tuple[str, float]]], gaps: list[str]) -> dict[Group, Figure]:
    people: dict[Group, Figure] = {}
    for group, words in GROUPS.items():
        figures = [street.people[group] for street in streets if group in street.people]
        silent = missing[group]
        if not figures:
            if streets:
                gaps.append(f"普查没有可用的{words}人数")
            continue
        unknown = math.fsum(most for _, most in silent)
        low, best, high = (math.fsum(getattr(figure, end) for figure in figures) for end in ("low", "best", "high"))
        people[group] = Figure(low=min(low, best), best=best, high=max(best, high + unknown))
        if silent:
            gaps.append(f"{_some(sorted(name for name, _ in silent))}没有可用的{words}人数：合计的低值、中值不含，高值按其全部人口计")
    return people


def _some(names: Sequence[str]) -> str:
    return "、".join(names[:5]) + (f"等 {len(names)} 处" if len(names) > 5 else "")


def of_grid(footprint: Footprint, grid: Grid) -> Headcount:
    """The people of a raster of people per cell. Raises BadInput for a raster elsewhere, with negative numbers, or with too many cells."""
    ground = Ground.of(footprint, grid.crs)
    a, b, c, d, e, f = tuple(~grid.transform)[:6]
    corners = shapely.get_coordinates(shapely.box(*shapely.total_bounds(ground.tiles)))
    columns, rows = a * corners[:, 0] + b * corners[:, 1] + c, d * corners[:, 0] + e * corners[:, 1] + f
    height, width = grid.values.shape
    top, bottom = max(0, math.floor(rows.min())), min(height, math.ceil(rows.max()))
    left, right = max(0, math.floor(columns.min())), min(width, math.ceil(columns.max()))
    if top >= bottom or left >= right:
        raise BadInput(f"影响范围“{footprint.title}”在人口栅格 {grid.name} 的范围之外，请核对坐标系或换用覆盖该地的栅格。")
    if (bottom - top) * (right - left) > _MOST_CELLS:
        raise BadInput(f"人口栅格 {grid.name} 在影响范围内超过 {_MOST_CELLS} 个像元，请降低分辨率或分块计算。")
    window = grid.values[top:bottom, left:right]
    known_rows, known_columns = np.nonzero(np.isfinite(window))
    values = window[known_rows, known_columns].astype(np.float64)
    if (values < 0).any():
        raise BadInput(f"人口栅格 {grid.name} 中有负数，可能是没有声明的无数据值，请改正后再用。")
    cells = grid.cells(known_rows + top, known_columns + left)
    which, tile, shared = ground.parts(cells)
    metres = shapely.area(shared)
    cell = abs(grid.transform.determinant)
    inside = np.zeros(len(values))
    np.add.at(inside, which, metres / cell)
    share = np.where(inside >= 1 - 1e-9, 1.0, inside)
    touched, unknown = int((share > 0).sum()), int(np.isnan(window).sum())
    gaps = [f"人口栅格不分{words}" for group, words in GROUPS.items() if group != "all"]
    if unknown:
        gaps.append(f"人口栅格在影响范围的外接矩形内有 {unknown} 个像元没有数据，没有当作 0")
    if not touched:
        return Headcount([], {}, 0.0, [], gaps)
    low, best, high = math.fsum(values[share == 1.0]), math.fsum(values * share), math.fsum(values[share > 0])
    figure = Figure(low=min(low, best), best=best, high=max(best, high))
    severity = ground.severity[tile]
    by_severity = {
        int(one): math.fsum(values[which[severity == one]] * metres[severity == one] / cell) for one in np.unique(severity).tolist()
    }
    line = (
        f"人口栅格 {grid.name}：{touched} 个像元在范围内或部分在内，各按面积份额计 ＝ {figure.best:,.1f} 人"
        f"（整格在内 {figure.low:,.1f} 人，凡触及都计 {figure.high:,.1f} 人）"
    )
    part = min(1.0, float(share.sum()) / float(np.isfinite(grid.values).sum()))
    street = StreetExposed(name=f"人口栅格 {grid.name}", adcode="", share=part, people={"all": figure}, by_severity=by_severity)
    return Headcount([street], {"all": figure}, min(1.0, float(metres.sum()) / ground.area), [line], gaps)

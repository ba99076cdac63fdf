"""How long it takes from depots to sites: along surveyed roads where there are any, else straight lines times a detour at a stated speed.

Positions are longitude and latitude, WGS 84. Times are minutes of driving, without loading. All speeds are assumptions, to be shown as such
(`assumed`); roads are taken to be open both ways.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from models.domain import Feature
from models.errors import BadInput
from models.relief import Travel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KMH, DETOUR = 30.0, 1.4
"""Without a road graph: lorries in a city in an emergency, and how much longer a road is than the straight line. Assumptions, unverified."""
BY_CLASS = {
    **dict.fromkeys(("motorway", "高速", "高速公路"), 80.0),
    **dict.fromkeys(("trunk", "快速路", "国道"), 60.0),
    **dict.fromkeys(("primary", "主干路", "主干道", "省道"), 50.0),
    **dict.fromkeys(("secondary", "次干路", "次干道", "县道"), 40.0),
    **dict.fromkeys(("tertiary", "乡道"), 30.0),
    **dict.fromkeys(("residential", "支路", "村道"), 20.0),
}
"""Class of a road, as surveys and OpenStreetMap write it, to km/h. Assumptions, unverified; a surveyed speed wins."""
SPEED_FIELDS, CLASS_FIELDS = ("speed", "kmh", "maxspeed", "限速", "设计速度"), ("class", "highway", "road_class", "等级", "道路等级")
SNAP = 5.0
"""Metres within which the end of a road meets another road."""
TO_ROAD = 2_000.0
"""Metres that a depot or site may lie from the nearest open road."""
LINE_WIDTH = 10.0
"""Metres on either side that a closure drawn as a line or point without radius takes."""
EARTH = 6_371_008.8


def assumed(kmh: float = KMH, detour: float = DETOUR, *, by_road: bool = False) -> str:
    """The assumption behind the times, as shown."""
    if by_road:
        return f"行车时间按调查路网最短时间计算，道路未注明限速或等级的按时速{kmh:g}公里，假定双向通行（速度为假设，未核实）"
    return f"无路网，行车时间按直线距离×{detour:g}、时速{kmh:g}公里估算（假设，未核实）"


def travel_times(
    depots: Mapping[str, tuple[float, float]],
    sites: Mapping[str, tuple[float, float]],
    roads: Iterable[Feature] | None = None,
    closures: Iterable[Mapping[str, Any] | tuple[float, float, float]] = (),
    *,
    kmh: float = KMH,
    detour: float = DETOUR,
) -> list[Travel]:
    """Driving from every depot to every site that can be reached, sorted; a pair that cannot be is absent.

    `depots`, `sites`: id to (lon, lat). `roads`: surveyed features with LineString or MultiLineString geometry; others are passed over, and
    with no line among them straight lines are used. Roads meet where they share a vertex or one ends within `SNAP` metres of the other;
    roads that merely cross (bridges) do not. `closures`: GeoJSON geometries or (lon, lat, radius in metres); a stretch of road that touches one
    is closed, and a depot or site inside one cannot be reached. Without roads nobody knows the way, so a closure between the two ends
    changes nothing. Raises `BadInput` for positions, speeds and closures that cannot be.
    """
    if not (math.isfinite(kmh) and 1 <= kmh <= 200):
        raise BadInput(f"车速为{kmh}公里/小时，应在1至200之间。")
    if not (math.isfinite(detour) and 1 <= detour <= 10):
        raise BadInput(f"绕行系数为{detour}，应在1至10之间。")
    names, ends = sorted(depots), sorted(sites)
    for kind, places in (("库", depots), ("安置点", sites)):
        for name, (lon, lat) in places.items():
            if not (abs(lon) <= 180 and abs(lat) <= 90):
                raise BadInput(f"{kind}{name}的位置（{lon}，{lat}）不是经纬度，请核对。")
    if not names or not ends:
        return []
    origin = np.array([*depots.values(), *sites.values()]).mean(0)
    start, end = _metric(np.array([depots[n] for n in names], float), origin), _metric(np.array([sites[n] for n in ends], float), origin)
    closed = shapely.union_all([_shape(one, origin) for one in closures])
    lines = [] if roads is None else [part for road in roads for part in _lines(road, origin, kmh)]
    if lines:
        minutes, metres = _by_road(start, end, lines, closed, kmh, detour)
    else:
        metres = _straight(np.array([depots[n] for n in names], float), np.array([sites[n] for n in ends], float)) * detour
        minutes = metres / (kmh * 1000 / 60)
    for axis, points in ((0, start), (1, end)):
        inside = np.asarray(shapely.intersects_xy(closed, points[:, 0], points[:, 1]))
        minutes[inside if axis == 0 else (slice(None), inside)] = np.inf
    by: Literal["road", "straight"] = "road" if lines else "straight"
    return [
        Travel.model_construct(depot=names[a], site=ends[b], minutes=float(minutes[a, b]), metres=float(metres[a, b]), by=by)
        for a, b in zip(*np.nonzero(np.isfinite(minutes)), strict=True)
    ]


def _metric(lonlat: Floats, origin: Floats) -> Floats:
    """(n, 2) metres east and north of `origin`; within a city true to a few in a thousand."""
    scale = math.radians(1) * EARTH
    return np.asarray((lonlat - origin) * np.array([scale * math.cos(math.radians(float(origin[1]))), scale]))


def _straight(one: Floats, other: Floats) -> Floats:
    """(n, m) metres along the great circle."""
    lon1, lat1, lon2, lat2 = (np.radians(v) for v in (one[:, :1], one[:, 1:], other[:, 0], other[:, 1]))
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return np.asarray(2 * EARTH * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def _shape(closure: Mapping[str, Any] | tuple[float, float, float], origin: Floats) -> shapely.Geometry:
    """A closure in metres."""
    if isinstance(closure, Mapping):
        try:
            shape = shapely.from_geojson(shapely.to_geojson(shapely.geometry.shape(closure)))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError):
            raise BadInput("封闭路段的图形不是有效的 GeoJSON，请重画。") from None
        if not shapely.is_valid(shape):
            shape = shapely.make_valid(shape)
        metric = shapely.transform(shape, lambda xy: _metric(xy, origin))
        return metric if shapely.area(metric) > 0 else shapely.buffer(metric, LINE_WIDTH)
    lon, lat, radius = closure
    if not (abs(lon) <= 180 and abs(lat) <= 90 and math.isfinite(radius) and 0 < radius <= 1e6):
        raise BadInput(f"封闭范围（{lon}，{lat}，{radius}米）不是经纬度和大于0的半径，请核对。")
    return shapely.buffer(shapely.points(_metric(np.array([[lon, lat]]), origin)[0]), radius)


def _lines(road: Feature, origin: Floats, kmh: float) -> list[tuple[Floats, float]]:
    """The lines of one road in metres, each with its speed in km/h."""
    kind, coordinates = road.geometry.get("type"), road.geometry.get("coordinates") or []
    parts: list[Any] = [coordinates] if kind == "LineString" else coordinates if kind == "MultiLineString" else []
    speed = kmh
    for name in CLASS_FIELDS:
        speed = BY_CLASS.get(str(road.properties.get(name) or ""), speed)
    for name in SPEED_FIELDS:
        value = road.properties.get(name)
        try:
            number = float(value) if value not in (None, "") else math.nan
        except ValueError:
            continue
        speed = number if 1 <= number <= 200 else speed
    found = []
    for part in parts:
        points = np.array([point[:2] for point in part], dtype=np.float64).reshape(-1, 2)
        if len(points) >= 2 and np.isfinite(points).all():
            found.append((_metric(points, origin), speed))
    return found


def _by_road(
    start: Floats, end: Floats, lines: list[tuple[Floats, float]], closed: shapely.Geometry, kmh: float, detour: float
) -> tuple[Floats, Floats]:
    """(depots, sites) minutes and metres of the fastest way; infinite where there is none."""
    points, tail, head, speed = _joined(lines)
    segments = shapely.linestrings(np.stack([points[tail], points[head]], 1))
    keep = ~shapely.intersects(segments, closed) & (tail != head)
    tail, head, speed, segments = tail[keep], head[keep], speed[keep], segments[keep]
    nodes, ends = len(points), np.concatenate([start, end])
    if not len(segments):
        return np.full((len(start), len(end)), np.inf), np.zeros((len(start), len(end)))
    metres = np.hypot(*(points[tail] - points[head]).T)
    pace = 60 / (speed * 1000)
    # Every depot and site hangs on the nearest open stretch of road, at the foot of its perpendicular, by a stub as slow as a road unknown.
    (which, nearest), away = shapely.STRtree(segments).query_nearest(
        shapely.points(ends), max_distance=TO_ROAD, all_matches=False, return_distance=True
    )
    along = shapely.line_locate_point(segments[nearest], shapely.points(ends[which]))
    stub, hung = away * detour * 60 / (kmh * 1000), nodes + which
    lengths = np.concatenate([metres, away * detour + along, away * detour + metres[nearest] - along])
    minutes = np.concatenate([metres * pace, stub + along * pace[nearest], stub + (metres[nearest] - along) * pace[nearest]])
    one, two = np.concatenate([tail, hung, hung]), np.concatenate([head, tail[nearest], head[nearest]])
    # Of stretches between the same two joints the fastest; a sparse matrix would add them up.
    low, high = np.minimum(one, two), np.maximum(one, two)
    order = np.lexsort((minutes, high, low))
    first = np.concatenate([[True], (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)])
    pick = order[first]
    size = nodes + len(ends)
    graph = csr_array((np.maximum(minutes[pick], 1e-9), (low[pick], high[pick])), shape=(size, size))
    length = csr_array((np.maximum(lengths[pick], 1e-9), (low[pick], high[pick])), shape=(size, size))
    length = length + length.T
    targets = nodes + len(start) + np.arange(len(end))
    fastest, way = np.empty((len(start), len(end))), np.zeros((len(start), len(end)))
    for n in range(len(start)):
        time, before = dijkstra(graph, directed=False, indices=nodes + n, return_predecessors=True)
        fastest[n], way[n] = time[targets], _walked(before, length)[targets]
    return fastest, way


def _walked(before: NDArray[np.int32], length: csr_array) -> Floats:
    """(nodes,) Metres from the start along the predecessors: jumps of doubling length."""
    node = np.flatnonzero(before >= 0)
    total, jump = np.zeros(len(before)), np.arange(len(before))
    total[node] = np.asarray(length[before[node], node]).ravel()
    jump[node] = before[node]
    while True:
        further = jump[jump]
        if np.array_equal(further, jump):
            return total
        total, jump = total + total[jump], further


def _joined(lines: list[tuple[Floats, float]]) -> tuple[Floats, Ints, Ints, Floats]:
    """Joints (n, 2) in metres, and the stretches between them: tail, head, km/h. Ends are drawn to roads within `SNAP`."""
    shapes = np.array([shapely.linestrings(points) for points, _ in lines])
    tips = np.concatenate([[points[0], points[-1]] for points, _ in lines])
    tip, line = shapely.STRtree(shapes).query(shapely.points(tips), predicate="dwithin", distance=SNAP)
    other = tip // 2 != line
    cuts: dict[int, list[float]] = {}
    for t, n in zip(tip[other], line[other], strict=True):
        cuts.setdefault(int(n), []).append(float(shapely.line_locate_point(shapes[n], shapely.points(tips[t]))))
    points, tail, head, speed, is_tip = [], [], [], [], []
    count = 0
    for n, (vertices, kmh) in enumerate(lines):
        if n in cuts:
            at = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(vertices, axis=0).T))])
            new = [c for c in sorted(set(cuts[n])) if np.abs(at - c).min() > 0.01]
            places = np.concatenate([at, new])
            vertices = np.concatenate([vertices, shapely.get_coordinates(shapely.line_interpolate_point(shapes[n], new)).reshape(-1, 2)])
            vertices = vertices[np.argsort(places, kind="stable")]
        numbers = count + np.arange(len(vertices))
        count += len(vertices)
        points.append(vertices)
        tail.append(numbers[:-1])
        head.append(numbers[1:])
        speed.append(np.full(len(vertices) - 1, kmh))
        is_tip.append(np.isin(np.arange(len(vertices)), [0, len(vertices) - 1]))
    place, tips_here = np.concatenate(points), np.concatenate(is_tip)
    tree = cKDTree(place)
    close = tree.query_pairs(SNAP, output_type="ndarray").astype(np.int64)
    apart = np.hypot(*(place[close[:, 0]] - place[close[:, 1]]).T) if len(close) else np.zeros(0)
    same = close[(apart < 0.1) | tips_here[close].any(1)] if len(close) else close
    links = coo_array((np.ones(len(same)), (same[:, 0], same[:, 1])), shape=(count, count))
    joints, label = connected_components(links, directed=False)
    centre = np.stack([np.bincount(label, place[:, k], joints) / np.bincount(label, minlength=joints) for k in (0, 1)], 1)
    return centre, label[np.concatenate(tail)].astype(np.int64), label[np.concatenate(head)].astype(np.int64), np.concatenate(speed)

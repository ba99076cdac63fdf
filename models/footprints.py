"""Footprints of hazards: drawn by hand, circles, a warning's area, named areas, and files (polygons, flood depth, intensity).

Everything is longitude and latitude, WGS 84, once it is a `Footprint`. All that comes in is hostile: every function raises `BadInput` with what is
wrong and where, for coordinates out of range, shapes round a pole or across the 180th meridian, outlines that cross themselves so that nobody
can tell the inside from the outside, shapes without ground, and more vertices than anyone draws.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyogrio
import pyproj
import shapely

from models import grids
from models.divisions import by_name
from models.domain import Feature, digest
from models.errors import BadInput, NotFound
from models.relief import Band, Footprint

Kind = Literal["drawn", "warning", "depth", "circle", "intensity", "area"]
Measure = Literal["", "depth", "intensity"]
Zone = tuple[str, shapely.Geometry]
"""Label and ground."""

DEPTHS = (0.15, 0.5, 1.0, 2.0)
"""Metres of water from which the bands begin, when nobody says otherwise."""
INTENSITIES = (6, 7, 8, 9, 10)
"""Degrees of intensity that make bands, when nobody says otherwise."""
COLUMNS: dict[Measure, tuple[str, ...]] = {
    "depth": ("depth", "depth_m", "water_depth", "flood_depth", "水深", "水深m", "淹没水深", "积水深度", "最大水深"),
    "intensity": ("intensity", "mmi", "paramvalue", "烈度", "地震烈度"),
}
"""Columns that hold depth in metres, or intensity in degrees."""

MOST_FILE_BYTES = 100 * 1024**2
MOST_SHAPES = 20_000
MOST_OPENED = 1_000_000
"""Objects and lists of one GeoJSON; the outlines it may have are a third of it."""
FARTHEST_LATITUDE = 85.0
SMALLEST_AREA = 1.0
"""Square metres."""
LARGEST_RADIUS = 500_000.0
_WGS84 = pyproj.CRS.from_epsg(4326)
_ROMAN = ("", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "Ⅵ", "Ⅶ", "Ⅷ", "Ⅸ", "Ⅹ", "Ⅺ", "Ⅻ")
_GEOD = pyproj.Geod(ellps="WGS84")


def drawn(shape: Mapping[str, Any] | str, *, by: str, title: str = "手绘范围") -> Footprint:
    """The polygons of a GeoJSON geometry, feature or collection (object or text), as one band."""
    polygons, _ = _geojson(shape, title)
    return _made("drawn", title, by, [], [(title, _joined(_sound(polygons, title)))])


def circle(lon: float, lat: float, radii: Sequence[float], *, origin: str, title: str = "") -> Footprint:
    """Everything within a radius (metres along the ground) of a point; several radii make bands, the innermost severest."""
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise BadInput(f"圆心 {lon},{lat} 不是经度、纬度，请按“经度,纬度,半径（米）”填写。")
    if not radii or not all(math.isfinite(radius) and 1 <= radius <= LARGEST_RADIUS for radius in radii):
        raise BadInput(
            f"半径应在 1 米至 {LARGEST_RADIUS / 1000:.0f} 千米之间，现为 {'、'.join(f'{radius:g}' for radius in radii) or '空'}。"
        )
    widest_first = sorted(set(radii), reverse=True)
    round_it = [(f"{radius:g}米内", _round(lon, lat, radius)) for radius in widest_first]
    named = title or f"以 {lon:.5f},{lat:.5f} 为中心 {widest_first[0]:g} 米范围"
    return _made("circle", named, origin, ["圆形范围的半径由使用者给定"], round_it)


def warning(fields: Mapping[str, str], *, origin: str, title: str, features: Iterable[Feature] = ()) -> Footprint:
    """The area of a CAP warning, from the fields it was received with: its polygons and circles, else the divisions its words name.

    `origin` is the id of the evidence; `features` is the survey, needed only for an area given in words.
    """
    try:
        areas = json.loads(fields.get("area") or "[]")
    except json.JSONDecodeError as error:
        raise BadInput(f"预警“{title}”的区域无法读取（{error}）。") from error
    areas = [area for area in areas if isinstance(area, dict)] if isinstance(areas, list) else []
    shapes: list[shapely.Geometry] = []
    unshaped: list[str] = []
    for area in areas:
        polygons, circles = ([text for text in _listed(area.get(name)) if text.strip()] for name in ("polygon", "circle"))
        shapes += [_cap_polygon(text, title) for text in polygons]
        for text in circles:
            centre, _, radius = text.strip().partition(" ")
            lat, lon = _cap_point(centre, title)
            shapes.append(_round(lon, lat, _number(radius, title) * 1_000))
        if not polygons and not circles:
            unshaped += [name for words in _listed(area.get("areaDesc")) for name in re.split(r"[、，,；;\s]+", words) if name]
    notes = []
    if unshaped:
        shapes.append(_named_ground(unshaped, list(features)))
        notes.append(f"预警只写了地名（{'、'.join(unshaped)}），按普查区划的整个范围计")
    if not shapes:
        raise BadInput(f"预警“{title}”没有写明区域，请在地图上画出范围。")
    return _made("warning", title, origin, notes, [(title, _joined(shapes))])


def area(names: Sequence[str], features: Iterable[Feature], *, origin: str) -> Footprint:
    """Named districts, streets or towns, as the survey's divisions lie. Raises NotFound for a name the survey does not have."""
    title = "、".join(names)
    return _made("area", title, origin, ["按普查区划的整个范围计"], [(title, _named_ground(list(names), list(features)))])


def from_file(
    path: Path, *, layer: str = "", measure: Measure = "", column: str = "", levels: Sequence[float] = (), where: str = "", crs: str = ""
) -> Footprint:
    """A footprint from a file: GeoPackage, GeoJSON or Shapefile with polygons, ASC grid or GeoTIFF.

    `measure` says what the numbers mean (metres of water, degrees of intensity); a raster's are taken for depth, a column's are recognised
    by its name (`COLUMNS`) or named by `column`. `levels` are the values at which bands begin. `where` (`COLUMN=VALUE`) keeps the polygons
    with that value. `crs` names the coordinate system of a file that declares none.
    """
    if not path.is_file():
        raise BadInput(f"{path}：不是文件或不存在，请检查路径。")
    if path.stat().st_size == 0:
        raise BadInput(f"{path}：文件为空，请重新导出。")
    if grids.driver(path):
        return _from_raster(path, measure or "depth", levels, crs)
    columns, shapes = _from_vector(path, layer, crs)
    kept = np.ones(len(shapes), dtype=bool)
    if where:
        name, _, wanted = where.partition("=")
        kept = np.asarray(
            [str(value).strip().casefold() == wanted.strip().casefold() for value in _column(columns, name, path)], dtype=bool
        )
        if not kept.any():
            raise BadInput(f"{path}：没有 {where} 的面，请核对列名和取值。")
    known = [(kind, own) for kind, words in COLUMNS.items() for own in columns if own.lower() in words]
    none: tuple[Measure, str] = ("", "")
    chosen, own = (measure or "depth", column) if column else next((pair for pair in known if measure in ("", pair[0])), none)
    if measure and not own:
        raise BadInput(f"{path}：找不到水深或烈度列（现有列：{'、'.join(columns) or '无'}），请用 --column 写明。")
    if not own:
        note = f"只计 {where} 的面" if where else "图层中所有的面都计为影响范围"
        return _made("drawn", path.stem, path.name, [note], [(path.stem, _joined(_sound(shapes[kept], path)))])
    values = np.asarray([_measured(value) for value in _column(columns, own, path)])[kept]
    return _from_values(path, chosen, values, shapes[kept], levels)


# --- files ------------------------------------------------------------------------------------------------------------------------


def _from_raster(path: Path, measure: Measure, levels: Sequence[float], crs: str) -> Footprint:
    floors, labels, notes = _bands(measure, levels)
    grid = grids.read_grid(path, crs=crs)
    if grid.missing:
        notes.append(f"{grid.missing} 个像元没有数据，没有计入")
    meaning = "水深（米）" if measure == "depth" else "烈度（度）"
    notes.append(f"栅格数值按{meaning}理解，像元整格计入")
    ground = grids.zones(grid, floors)
    if all(shape.is_empty for shape in ground):
        raise BadInput(f"{path}：没有达到 {labels[0]} 的像元，影响范围为空。")
    return _made(measure or "depth", path.stem, path.name, notes, list(zip(labels, ground, strict=True)))


def _from_values(path: Path, measure: Measure, values: Any, shapes: Any, levels: Sequence[float]) -> Footprint:
    floors, labels, notes = _bands(measure, levels)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    values, mended = values[there], np.asarray(_sound(shapes[there], path), dtype=object)
    unknown = ~np.isfinite(values)
    places = np.searchsorted(np.asarray(floors), np.where(unknown, -np.inf, values), side="right") - 1
    if unknown.any() and measure == "depth":
        # Water of unknown depth is still water.
        places[unknown] = 0
        notes.append(f"{int(unknown.sum())} 个面没有水深值，按最轻一级计入")
    elif unknown.any():
        notes.append(f"{int(unknown.sum())} 个面没有烈度值，没有计入")
    if not (places >= 0).any():
        raise BadInput(f"{path}：没有达到 {labels[0]} 的面，影响范围为空。")
    ground = [_joined(mended[places == number]) for number in range(len(floors))]
    return _made(measure or "depth", path.stem, path.name, notes, list(zip(labels, ground, strict=True)))


def _bands(measure: Measure, levels: Sequence[float]) -> tuple[list[float], list[str], list[str]]:
    """The values at which bands begin, their labels, and what that assumes."""
    if not all(math.isfinite(level) and 0 < level <= 1_000 for level in levels) or list(levels) != sorted(set(levels)):
        raise BadInput(f"分级界限应为从小到大、互不相同的正数，现为 {'、'.join(f'{level:g}' for level in levels)}。")
    chosen = list(levels) or list(DEPTHS if measure == "depth" else INTENSITIES)
    said = "使用者给定" if levels else "系统默认，未经核实的假定"
    if measure == "depth":
        labels = [f"水深{low:g}–{high:g}米" for low, high in pairwise(chosen)] + [f"水深{chosen[-1]:g}米及以上"]
        return chosen, labels, [f"水深 {chosen[0]:g} 米起计，分级界限 {'、'.join(f'{level:g}' for level in chosen)} 米（{said}）"]
    if any(level != int(level) or level > 12 for level in chosen):
        raise BadInput("烈度分级应为1至12的整数。")
    names = [f"烈度{_ROMAN[int(level)]}度" for level in chosen]
    labels = [
        name if following == level + 1 else name + "起" for name, level, following in zip(names, chosen, [*chosen[1:], 0], strict=True)
    ]
    labels[-1] = names[-1] + "及以上"
    return [level - 0.5 for level in chosen], labels, [f"{names[0]}起计，数值四舍五入为烈度（{said}）"]


def _from_vector(path: Path, layer: str, crs: str) -> tuple[dict[str, list[Any]], Any]:
    """Attributes and polygons (WGS 84, not yet mended) of one layer."""
    if path.stat().st_size > MOST_FILE_BYTES:
        raise BadInput(f"{path}：超过 {MOST_FILE_BYTES // 1024**2} MB，请裁剪到受影响的范围。")
    with path.open("rb") as stream:
        start = stream.read(64)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadInput(f"{path}：不是 UTF-8 文本，请重新导出 GeoJSON。") from error
        shapes, properties = _geojson(text, path, crs)
        names = dict.fromkeys(str(name) for row in properties for name in row)
        return {name: [row.get(name) for row in properties] for name in names}, np.asarray(shapes, dtype=object)
    if not start.startswith((b"SQLite format 3\x00", b"\x00\x00\x27\x0a")):
        raise BadInput(f"{path}：不是 GeoPackage、GeoJSON、Shapefile、ASC 栅格或 GeoTIFF，请转换格式（压缩包请先解开）。")
    try:
        layers = [str(name) for name, shape in pyogrio.list_layers(path) if shape is not None]
        if not layers or (layer and layer not in layers) or (not layer and len(layers) > 1):
            raise BadInput(f"{path}：请用 --layer 指明图层，现有：{'、'.join(layers) or '（没有带图形的图层）'}。")
        frame = pyogrio.read_dataframe(path, layer=layer or layers[0], max_features=MOST_SHAPES + 1, on_invalid="ignore")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.GeometryError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}：空间数据无法打开（{error}），文件可能不完整，请重新导出（Shapefile 请放齐全部附属文件）。") from error
    shapes = shapely.force_2d(np.asarray(frame.geometry.values, dtype=object))
    _bearable(shapes, path)
    source = grids.system(crs or (frame.crs.to_wkt() if frame.crs is not None else ""), path)
    return {str(name): frame[name].tolist() for name in frame.columns if name != frame.geometry.name}, grids.moved(shapes, source, _WGS84)


def _geojson(given: Mapping[str, Any] | str, origin: Path | str, crs: str = "") -> tuple[Any, list[dict[str, Any]]]:
    """Shapes in WGS 84 and properties. Read without GDAL, which would follow some JSON out to the network."""
    try:
        if isinstance(given, str) and (given.count("{") + given.count("[") > MOST_OPENED or given.count(",") > 4 * MOST_OPENED):
            raise BadInput(f"{origin}：JSON 含有的对象过多，超出上限，请裁剪到受影响的范围。")
        parsed = json.loads(given) if isinstance(given, str) else given
        parts = parsed.get("features", [parsed]) if isinstance(parsed, Mapping) else None
        if not isinstance(parts, list) or not parts or not all(isinstance(part, Mapping) for part in parts):
            raise BadInput(f"{origin}：不是 GeoJSON 的图形或要素，请重新画出或导出。")
        if len(parts) > MOST_SHAPES:
            raise BadInput(f"{origin}：有 {len(parts)} 个图形，超过上限 {MOST_SHAPES}，请裁剪到受影响的范围。")
        bodies = [part.get("geometry") if part.get("type") == "Feature" else part for part in parts]
        shapes = shapely.force_2d(shapely.from_geojson([json.dumps(body) for body in bodies if body]))
    except (ValueError, TypeError, RecursionError, shapely.errors.GEOSException) as error:
        raise BadInput(f"{origin}：GeoJSON 无法读取（{str(error)[:120]}），请重新画出或导出。") from error
    _bearable(shapes, origin)
    named = parsed.get("crs")
    declared = (
        named.get("properties", {}).get("name", "") if isinstance(named, Mapping) and isinstance(named.get("properties"), Mapping) else ""
    )
    source = grids.system(crs or str(declared or "EPSG:4326"), origin)
    rows = [dict(part.get("properties") or {}) for part, body in zip(parts, bodies, strict=True) if body]
    return grids.moved(shapes, source, _WGS84), rows


def _column(columns: dict[str, list[Any]], name: str, path: Path) -> list[Any]:
    found = [own for own in columns if own.casefold() == name.strip().casefold()]
    if not found:
        raise BadInput(f"{path}：没有 {name} 列，现有列：{'、'.join(columns) or '无'}。")
    return columns[found[0]]


def _measured(value: Any) -> float:
    """A depth or an intensity: a number, or a Roman one; NaN when it is neither."""
    text = unicodedata.normalize("NFKC", str(value)).strip().removesuffix("度")
    roman = [unicodedata.normalize("NFKC", one) for one in _ROMAN]
    try:
        return float(roman.index(text.upper()) if text and text.upper() in roman else text)
    except ValueError:
        return math.nan


# --- shapes -----------------------------------------------------------------------------------------------------------------------


def _bearable(shapes: Any, origin: Path | str) -> None:
    vertices = int(np.sum(shapely.get_num_coordinates(shapes)))
    if len(shapes) > MOST_SHAPES or vertices > grids.MOST_VERTICES:
        raise BadInput(
            f"{origin}：有 {len(shapes)} 个图形、{vertices} 个顶点，超过上限（{MOST_SHAPES} 个图形、{grids.MOST_VERTICES} 个顶点），"
            "请先简化或裁剪到受影响的范围。"
        )
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise BadInput(f"{origin}：图形中有不是数的坐标，请重新导出。")


def _sound(shapes: Iterable[shapely.Geometry], origin: Path | str) -> list[shapely.Geometry]:
    return [_mended(shape, origin) for shape in shapes if shape is not None and not shape.is_empty]


def _mended(shape: shapely.Geometry, origin: Path | str) -> shapely.Geometry:
    """A polygon that is one: in range, and repaired where only one repair is possible."""
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadInput(f"{origin}：影响范围应是面，这里是 {shape.geom_type}；点和线请先做缓冲区，或改用圆形范围。")
    west, south, east, north = shape.bounds
    points = shapely.get_coordinates(shape)
    if not np.isfinite(points).all() or west < -180 or east > 180 or south < -90 or north > 90:
        raise BadInput(f"{origin}：坐标超出经纬度范围（{west:g},{south:g} 至 {east:g},{north:g}），请核对坐标系和经纬度次序。")
    if max(abs(south), abs(north)) > FARTHEST_LATITUDE or east - west > 180:
        raise BadInput(f"{origin}：范围跨越180度经线或到达两极，无法计算，请拆成两部分或缩小。")
    if shape.is_valid:
        return shape
    if shape.geom_type == "MultiPolygon":
        return shapely.union_all([_mended(part, origin) for part in shape.geoms])
    mended = shapely.make_valid(shape, method="linework")
    # Crossings that enclose nothing (touching rings, spikes) leave the area as it was; lobes and overlaps change it, and nobody can tell
    # whether a lobe was meant, or the corners were given in the wrong order.
    if abs(shape.area - mended.area) > 0.001 * max(shape.area, mended.area):
        reason = shapely.is_valid_reason(shape)
        where = re.search(r"\[(\S+) (\S+)\]", reason)
        place = f"在经度 {float(where[1]):.5f}、纬度 {float(where[2]):.5f} 处" if where else ""
        raise BadInput(f"{origin}：边界{place}自相交，分不清里外，请改正后重试。")
    return only_ground(mended)


def only_ground(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a shape, without the points and lines that cutting leaves behind."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else shapely.MultiPolygon()


def _joined(shapes: Iterable[shapely.Geometry]) -> shapely.Geometry:
    return shapely.union_all(list(shapes))


def _round(lon: float, lat: float, radius: float) -> shapely.Geometry:
    """A circle on the ground; its 256 corners lie on it."""
    if not (math.isfinite(radius) and 0 < radius <= LARGEST_RADIUS):
        raise BadInput(f"半径 {radius:g} 米不合理，应在 0 至 {LARGEST_RADIUS / 1000:.0f} 千米之间。")
    if abs(lat) + radius / 110_000 > FARTHEST_LATITUDE:
        raise BadInput("圆形范围到达两极，无法计算，请缩小半径。")
    turns = np.linspace(0, 360, 256, endpoint=False)
    lons, lats, _ = _GEOD.fwd(np.full(256, lon), np.full(256, lat), turns, np.full(256, radius))
    if np.ptp(lons) > 180:
        raise BadInput("圆形范围跨越180度经线，无法计算，请缩小半径。")
    return shapely.Polygon(np.column_stack((lons, lats)))


def bounds(footprint: Footprint) -> tuple[float, float, float, float]:
    """West, south, east, north of a footprint, degrees."""
    west, south, east, north = shapely.total_bounds(shapely.from_geojson([json.dumps(band.geometry) for band in footprint.bands]))
    return float(west), float(south), float(east), float(north)


def separate(zones: Sequence[shapely.Geometry]) -> list[shapely.Geometry]:
    """The same ground without overlaps, lightest first: the severer takes the place."""
    taken, out = shapely.MultiPolygon(), []
    for zone in reversed(zones):
        out.append(only_ground(shapely.difference(zone, taken)))
        taken = shapely.union(taken, zone)
    return out[::-1]


def _made(kind: Kind, title: str, origin: str, notes: Sequence[str], zones: Sequence[Zone]) -> Footprint:
    bands = []
    for severity, ((label, _), ground) in enumerate(zip(zones, separate([only_ground(zone) for _, zone in zones]), strict=True)):
        if not ground.is_empty and abs(_GEOD.geometry_area_perimeter(shapely.orient_polygons(ground))[0]) >= SMALLEST_AREA:
            bands.append(Band(label=label, severity=severity, geometry=json.loads(shapely.to_geojson(ground))))
    if not bands:
        raise BadInput(f"{title}：影响范围没有面积（不足 {SMALLEST_AREA:g} 平方米），请检查图形。")
    rest = {"kind": kind, "title": title, "origin": origin, "assumption": "；".join(notes)}
    return Footprint(id="fo-" + digest([rest, [band.model_dump() for band in bands]])[:32], bands=tuple(bands), **rest)


# --- warnings and names -----------------------------------------------------------------------------------------------------------


def _listed(value: Any) -> list[str]:
    return [str(one) for one in (value if isinstance(value, list) else [value]) if one is not None]


def _number(text: str, title: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise BadInput(f"预警“{title}”的区域里“{text[:40]}”不是数。") from error
    if not math.isfinite(value):
        raise BadInput(f"预警“{title}”的区域里“{text[:40]}”不是数。")
    return value


def _cap_point(text: str, title: str) -> tuple[float, float]:
    """Latitude and longitude, as CAP writes them."""
    lat, _, lon = text.partition(",")
    return _number(lat, title), _number(lon, title)


def _cap_polygon(text: str, title: str) -> shapely.Geometry:
    points = [_cap_point(part, title)[::-1] for part in text.split()]
    if len(points) < 4:
        raise BadInput(f"预警“{title}”的区域里有不足四个点的多边形。")
    return _mended(shapely.Polygon(points), title)


def _named_ground(names: Sequence[str], features: Sequence[Feature]) -> shapely.Geometry:
    divisions = [body for body in features if body.kind == "population" and body.geometry.get("type") in ("Polygon", "MultiPolygon")]
    chosen: dict[str, Feature] = {}
    for name in names:
        found = _divisions(name.strip(), divisions)
        if not found:
            raise NotFound(f"普查里没有区划“{name}”；请写普查中的街道、镇或区县全名，或在地图上画出范围。")
        if len({body.adcode for body in found}) > 1 and all(body.name == name.strip() for body in found):
            raise BadInput(f"“{name}”在几个区县都有（{'、'.join(sorted({body.adcode for body in found}))}），请写成“区名+街道名”。")
        chosen |= {body.id: body for body in found}
    shapes = shapely.make_valid(shapely.from_geojson([json.dumps(body.geometry) for body in chosen.values()]))
    return only_ground(shapely.union_all(shapes))


def _divisions(name: str, divisions: Sequence[Feature]) -> list[Feature]:
    """The surveyed divisions of this name, or all those of the district or city of this name."""
    exact = [body for body in divisions if body.name == name]
    if exact:
        return exact
    above = [
        division
        for division in by_name().get(name, ())
        if any(body.adcode.startswith(division.code[: 2 * division.level]) for body in divisions)
    ]
    if above:
        return [body for body in divisions for one in above if body.adcode.startswith(one.code[: 2 * one.level])]
    for end in range(len(name) - 1, 1, -1):
        for one in by_name().get(name[:end], ()):
            found = [body for body in divisions if body.name == name[end:] and body.adcode.startswith(one.code[: 2 * one.level])]
            if found:
                return found
    return []

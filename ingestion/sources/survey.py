"""Surveys of hazard-bearing bodies (承灾体) and resources: GeoPackage, Shapefile (also zipped) and GeoJSON.

What a layer holds is told by its `kind` column, else by its name (`buildings`, 学校, 危化企业 …), else by a sidecar `<file>.source.yml`
with `layers: {name: kind}` (`skip` leaves a layer out), `crs:` and `surveyed_on:`. The coordinate system is the one the file declares;
a file in GCJ-02 or BD-09 cannot declare it, so the sidecar's `crs` wins. Everything leaves here in WGS 84, flat, rounded to seven decimals (1 cm).
A body surveyed again keeps its id, and the new attributes take the place of the old (`_identity`).
An invalid shape is repaired; one that cannot be, or has no shape, goes to quarantine. Populations are people, stock is JSON
of item to quantity with unit. Layers without shapes (styles, look-up tables) are not part of a survey and are passed over.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

import geopandas
import numpy as np
import pyogrio
import pyproj
import shapely

from ingestion.cells import day
from ingestion.coordinates import to_wgs84
from ingestion.files import checked, checked_archive, encoding_of, head, plain, quarantined
from ingestion.source import crs_named, sidecar
from models.domain import Crs, Feature, Quarantined, Source, digest
from models.errors import BadInput

SOURCE = Source(
    name="survey",
    title="承灾体普查",
    kind="survey",
    publisher="市自然灾害综合风险普查办公室",
    owner="风险监测处",
    reliability="B",
    every_minutes=60,
    expected_daily=(0, 10_000_000),
    crs="CGCS2000",
)
MAX_GEOJSON_BYTES = 256 * 1024**2
"""Largest GeoJSON; a GeoPackage may have any size."""
SUFFIXES = (".gpkg", ".shp", ".zip", ".geojson")
KINDS: tuple[str, ...] = get_args(Feature.model_fields["kind"].annotation)

LAYERS: dict[str, tuple[str, ...]] = {
    "building": ("building", "buildings", "建筑", "建筑物", "房屋", "房屋建筑", "住宅"),
    "road": ("road", "roads", "道路", "公路", "城市道路"),
    "school": ("school", "schools", "学校", "中小学", "幼儿园"),
    "hospital": ("hospital", "hospitals", "医院", "医疗机构", "医疗卫生机构"),
    "chemical_plant": ("chemicalplant", "chemicalplants", "危化企业", "危化品企业", "化工企业", "危险化学品企业"),
    "shelter": ("shelter", "shelters", "避难场所", "应急避难场所"),
    "depot": ("depot", "depots", "储备库", "物资库", "应急物资储备库", "物资储备库"),
    "population": ("population", "人口", "街道人口", "人口格网"),
    "underpass": ("underpass", "underpasses", "下穿通道", "下穿隧道", "下穿立交"),
    "river": ("river", "rivers", "河流", "河道", "水系"),
}
NAME = ("name", "名称", "mc", "单位名称", "osm_name")
OWN_ID = ("id", "编号", "编码", "code", "objectid", "osm_id", "full_id")
ROW_NUMBER = 6
"""Ids of fewer digits are taken for row numbers, which every file begins anew."""
ADCODE = ("adcode", "区划代码", "行政区划代码", "xzqdm")
SURVEYED = ("surveyed_on", "普查日期", "调查日期")

_ROWS = 2_000
"""Features held in memory at a time."""
_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg"}


@dataclass(frozen=True)
class _Layer:
    """One layer of a file, and what must be known to read it."""

    path: Path
    name: str
    kind: str | None
    count: int
    crs: pyproj.CRS | None
    shifted: Crs | None
    encoding: str | None
    surveyed_on: date | None
    shown: str
    repeated: frozenset[str] = frozenset()
    """Ids that more than one body of the file bears: they name a class or a row, not a body."""


def read(path: Path, received_at: datetime) -> Iterator[Feature | Quarantined]:
    """Every body of a survey, layer after layer. BadInput before anything is read when a layer or the CRS is unknown."""
    with tempfile.TemporaryDirectory(prefix="anlan-survey-") as folder:
        opened = _opened(checked(path), Path(folder))
        layers = [layer for file in opened for layer in _layers(file, path)]
        if not layers:
            raise BadInput(f"{path}：没有找到带图形的图层，请确认导出的是空间数据。")
        for layer in layers:
            yield from _features(layer)


def _opened(path: Path, folder: Path) -> list[Path]:
    """The files GDAL may open: told by their content, because GDAL would follow some formats out to the network."""
    start = head(path)
    if start.startswith(b"PK"):
        return _unzipped(path, folder)
    is_json = start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    if is_json:
        _features_inside(path)
    if start.startswith((b"SQLite format 3\x00", b"\x00\x00\x27\x0a")) or is_json:
        return [path]
    raise BadInput(f"{path}：不是 GeoPackage、Shapefile 或 GeoJSON，请转换格式后再导入。")


def _features_inside(path: Path) -> None:
    """BadInput for JSON that nests deeper than any outline, or whose bodies have no shapes: it would be read for minutes, and come to nothing."""
    opened = shapes = geometries = 0
    with checked(path, MAX_GEOJSON_BYTES).open("rb") as stream:
        while chunk := stream.read(1024 * 1024):
            opened += chunk.count(b"{")
            shapes += chunk.count(b'"coordinates"') + chunk.count(b'"geometries"')
            geometries += chunk.count(b'"geometry"')
    # A body is itself, its attributes, its shape, and perhaps a system; and what a depot holds; what has many more objects is something else.
    if opened > 1_000 and opened > 64 * max(shapes, geometries):
        raise BadInput(
            f"{path}：不是承灾体的 GeoJSON（{opened} 个对象中只有 {geometries} 个带图形的要素），请核对文件，或改用 GeoPackage。"
        )


def _unzipped(path: Path, folder: Path) -> list[Path]:
    checked_archive(path)
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if Path(member.filename).suffix.lower() in _PARTS and not member.is_dir()]
        for number, member in enumerate(members):
            home = folder / digest(str(Path(member.filename).parent))[:8]
            home.mkdir(exist_ok=True)
            inner = Path(member.filename)
            target = home / (inner.stem.replace("/", "_") + inner.suffix.lower())
            try:
                with archive.open(member) as packed, target.open("wb") as out:
                    shutil.copyfileobj(packed, out, 1024 * 1024)
            except (zipfile.BadZipFile, EOFError, OSError) as error:
                raise BadInput(f"{path}：压缩包中第 {number + 1} 个文件已损坏（{error}），请重新导出。") from error
    return sorted(folder.rglob("*.shp"))


def _layers(file: Path, origin: Path) -> list[_Layer]:
    declared = sidecar(origin)
    named: Mapping[str, str] = declared.get("layers") or {}
    found: list[_Layer] = []
    ids: Counter[tuple[str | None, str]] = Counter()
    try:
        for name, shape in pyogrio.list_layers(file):
            if shape is None or named.get(name) == "skip":
                continue
            encoding = _dbf_encoding(file)
            info = pyogrio.read_info(file, layer=name, encoding=encoding, force_feature_count=True)
            shown = f"{origin.name}[{name}]"
            kind = (
                None if any(str(field).lower() == "kind" for field in info["fields"]) else _kind(str(named.get(name, name)), origin, name)
            )
            crs, shifted = _crs(declared.get("crs"), info["crs"], origin, shown)
            surveyed = day(declared.get("surveyed_on"))
            ids.update((kind, own) for own in _ids(file, name, [str(field) for field in info["fields"]], encoding))
            found.append(_Layer(file, name, kind, int(info["features"]), crs, shifted, encoding, surveyed, shown))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.GeometryError) as error:
        raise BadInput(f"{origin}：空间数据无法打开（{error}），文件可能不完整，请重新导出（Shapefile 请打包全部附属文件）。") from error
    return [
        replace(layer, repeated=frozenset(own for (kind, own), times in ids.items() if kind == layer.kind and times > 1)) for layer in found
    ]


def _ids(file: Path, layer: str, fields: list[str], encoding: str | None) -> Iterator[str]:
    """The rows' own ids."""
    named = [field for field in fields if field.lower() in OWN_ID]
    rows = pyogrio.read_dataframe(file, layer=layer, columns=named, read_geometry=False, encoding=encoding) if named else None
    for row in rows[named].itertuples(index=False, name=None) if rows is not None else ():
        if own := _taken({plain(field): _value(value) for field, value in zip(named, row, strict=True)}, *OWN_ID):
            yield own


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).lower().replace("_", "").replace("-", "").replace(" ", "")


def _kind(named: str, origin: Path, layer: str) -> str:
    # "鼓楼区_学校" or "buildings_osm_4326": one part of the name says it, and no other part says something else.
    parts = {kind for part in re.split(r"[_\-\s]+", named) if (kind := _row_kind(part))}
    kind = _row_kind(named) or (parts.pop() if len(parts) == 1 else None)
    if kind is None:
        raise BadInput(
            f"{origin}：不知道图层“{layer}”是什么，请改用已知图层名（{'、'.join(words[0] for words in LAYERS.values())}），"
            f"或在 {origin.name}.source.yml 中写 layers: {{{layer}: 类别}}（类别可为 {'、'.join(KINDS)} 或 skip）。"
        )
    return kind


def _crs(declared: Any, inside: str | None, origin: Path, shown: str) -> tuple[pyproj.CRS | None, Crs | None]:
    """The system to convert from: a projection library's, or one of the two shifted ones it cannot know."""
    if declared is None and inside is None:
        raise BadInput(
            f"{origin}：{shown} 没有坐标系信息，位置无从确定。请补上 .prj 文件，"
            f"或在 {origin.name}.source.yml 中写明 crs（GCJ02、BD09 或 EPSG:代码，如 EPSG:4490）。"
        )
    named = crs_named(str(declared)) if declared is not None else None
    if named in ("GCJ02", "BD09"):
        return None, named
    try:
        return pyproj.CRS.from_user_input({"WGS84": 4326, "CGCS2000": 4490}[named] if named else declared or inside), None
    except pyproj.exceptions.CRSError as error:
        raise BadInput(f"{origin}：坐标系 {declared or inside} 无法识别，请在 {origin.name}.source.yml 中写明 crs。") from error


def _dbf_encoding(file: Path) -> str | None:
    """Encoding of a shapefile's attributes when nothing beside it says so: most Chinese ones are GB18030 and do not say."""
    if file.suffix.lower() != ".shp":
        return None
    beside = {other.suffix.lower(): other for other in file.parent.iterdir() if other.stem == file.stem}
    if ".cpg" in beside or ".dbf" not in beside:
        return None
    with beside[".dbf"].open("rb") as stream:
        body = stream.read(1024 * 1024)
    with tempfile.NamedTemporaryFile(suffix=".txt") as sample:
        # The names of the columns and the rows; the lengths between them are no text.
        rows = int.from_bytes(body[8:10], "little")
        text = b" ".join([*(body[start : start + 11] for start in range(32, rows - 1, 32)), body[rows:]])
        sample.write(text.replace(b"\x00", b" "))
        sample.flush()
        return encoding_of(Path(sample.name)).upper()


# --- features ---------------------------------------------------------------------------------------------------------------------


def _features(layer: _Layer) -> Iterator[Feature | Quarantined]:
    for start in range(0, layer.count, _ROWS):
        try:
            frame = pyogrio.read_dataframe(
                layer.path, layer=layer.name, skip_features=start, max_features=_ROWS, encoding=layer.encoding, on_invalid="ignore"
            )
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.GeometryError) as error:
            raise BadInput(f"{layer.shown}：第 {start + 1} 条起无法读取（{error}），文件可能不完整，请重新导出。") from error
        shapes = _in_wgs84(frame, layer)
        columns = [str(name) for name in frame.columns if name != "geometry"]
        for offset, (shape, values) in enumerate(zip(shapes, frame[columns].itertuples(index=False, name=None), strict=True)):
            cells = {plain(name): _value(value) for name, value in zip(columns, values, strict=True)}
            yield _feature(layer, shape, cells, f"{layer.shown} 第{start + offset + 1}条")


def _in_wgs84(frame: geopandas.GeoDataFrame, layer: _Layer) -> list[shapely.Geometry | None]:
    """Shapes flat, repaired and in WGS 84; null where there is none."""
    shapes = shapely.force_2d(frame.geometry.values)
    if layer.shifted:
        shapes = shapely.transform(shapes, lambda xy: _stacked(*to_wgs84(xy[:, 0], xy[:, 1], layer.shifted or "WGS84")))
    elif layer.crs is not None and layer.crs.to_epsg() not in (4326, 4490):
        change = pyproj.Transformer.from_crs(layer.crs, 4326, always_xy=True)
        shapes = shapely.transform(shapes, lambda xy: _stacked(*change.transform(xy[:, 0], xy[:, 1])))
    return list(shapely.make_valid(shapes))


def _stacked(x: Any, y: Any) -> Any:
    return np.column_stack((x, y))


def _value(value: Any) -> str | float | None:
    """An attribute as surveyed: text, a finite number, or nothing."""
    if value is None or value != value:
        return None
    if isinstance(value, str):
        return plain(value.strip()) or None
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date | datetime):
        return value.isoformat()
    try:
        number = float(value)
    except (TypeError, ValueError):
        return plain(json.dumps(value, ensure_ascii=False, default=str))
    return number if math.isfinite(number) else None


def _taken(cells: dict[str, str | float | None], *names: str) -> str:
    """The first filled attribute of these names as text, taken out."""
    for name in [own for wanted in names for own in cells if own.lower() == wanted]:
        if (value := cells[name]) is not None:
            del cells[name]
            return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return ""


def _feature(layer: _Layer, shape: shapely.Geometry | None, cells: dict[str, str | float | None], where: str) -> Feature | Quarantined:
    raw = json.dumps({"properties": cells, "geometry": shape.wkt if shape is not None else None}, ensure_ascii=False, sort_keys=True)
    if shape is None or shape.is_empty:
        return quarantined(SOURCE.name, "没有图形，或图形无法修复，请在原始数据中补画后重新导入。", where, raw)
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return quarantined(SOURCE.name, "坐标超出经纬度范围，坐标系声明可能有误，请核对 .prj 或 source.yml。", where, raw)
    kind = layer.kind or _row_kind(_taken(cells, "kind"))
    if kind is None:
        return quarantined(SOURCE.name, f"kind 列的值不在已知类别中（{'、'.join(KINDS)}），请改正。", where, raw)
    centre = shape.representative_point()
    geometry = json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-7, mode="pointwise")))
    own, name, adcode = _taken(cells, *OWN_ID), _taken(cells, *NAME), _taken(cells, *ADCODE)
    return Feature(
        id="fe-" + digest([SOURCE.name, kind, *_identity(layer, own, name, adcode, geometry)])[:32],
        kind=kind,
        name=name or own or where,
        geometry=geometry,
        lon=round(centre.x, 7),
        lat=round(centre.y, 7),
        adcode=adcode,
        surveyed_on=day(_taken(cells, *SURVEYED)) or layer.surveyed_on,
        properties=cells | ({"id": own} if own else {}),
    )


def _identity(layer: _Layer, own: str, name: str, adcode: str, geometry: dict[str, Any]) -> list[Any]:
    """What stays the same when a body is surveyed again, so that the new survey takes the place of the old.

    Its own id within its division; a bare row number, or an id that others bear too, says too little, and the place must be the same as well.
    """
    if own and not (own.isdecimal() and len(own) < ROW_NUMBER) and own not in layer.repeated:
        return [own, adcode]
    return [own or name, geometry]


def _row_kind(value: str) -> str | None:
    known = {_key(word): kind for kind, words in LAYERS.items() for word in (*words, kind)} | {kind: kind for kind in KINDS}
    return known.get(_key(value)) or (value if value in KINDS else None)

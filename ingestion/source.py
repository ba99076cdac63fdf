"""What a source is: finding them, what a file cannot say itself, and what nobody read.

A source is one module in `ingestion/sources` with `SOURCE` (who they are) and `read(path, received_at)`, which yields every
record of a file as `Evidence`, `Feature` or `Quarantined`, in order and one at a time. It may also name `KEPT`, the
columns it knowingly leaves in `Evidence.fields`, and `SUFFIXES`, the file names it looks for in a folder. A new source is a new file there.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import yaml

from models.domain import Channel, Crs, Evidence, Feature, Quarantined, Source
from models.errors import BadInput, BrokenDefinition

Record = Evidence | Feature | Quarantined

DESK_SECONDS = 5
"""The duty desk's inbox is looked at this often: a person is waiting at the screen."""

SIDECAR = ".source.yml"
"""`calls.csv.source.yml` beside `calls.csv` declares what the file itself cannot say, such as its coordinate system."""

TIMES_KEPT = "时间原文"
"""Field under which an unreadable time is kept, in the words it came in."""

_SHAPEFILE = {".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qpj", ".qmd"}


@dataclass(frozen=True)
class SourceModule:
    """A source as found: who it is and how its files are read."""

    source: Source
    """Who tells us."""
    read: Callable[[Path, datetime], Iterator[Record]]
    """Every record of a file, one at a time."""
    kept: frozenset[str] = frozenset()
    """Columns it knowingly leaves beside the message."""
    suffixes: tuple[str, ...] = ()
    """File name endings it looks for in a folder."""


def sources(package: str = "ingestion.sources") -> dict[str, SourceModule]:
    """Every source there is, by name. BrokenDefinition when one of them is wrong: a deaf ear must not go unnoticed."""
    found: dict[str, SourceModule] = {}
    for info in sorted(pkgutil.iter_modules(importlib.import_module(package).__path__), key=lambda info: info.name):
        name = f"{package}.{info.name}"
        try:
            module = importlib.import_module(name)
        except (ImportError, SyntaxError, AttributeError, NameError, TypeError, ValueError) as error:
            raise BrokenDefinition(f"{name}: cannot be loaded ({error}); mend or remove the file.") from error
        source, read = getattr(module, "SOURCE", None), getattr(module, "read", None)
        if not isinstance(source, Source) or not callable(read):
            raise BrokenDefinition(f"{name}: needs `SOURCE` (models.domain.Source) and `read(path, received_at)`.")
        if source.name != info.name:
            raise BrokenDefinition(f"{name}: calls itself {source.name!r}; a source is named like its file.")
        kept, suffixes = frozenset(getattr(module, "KEPT", ())), tuple(getattr(module, "SUFFIXES", ()))
        found[source.name] = SourceModule(source, read, kept, suffixes)
    return found


def folder_channel(source: Source, folder: Path) -> Channel:
    """The folder a source's files are left in, as a channel."""
    return Channel(
        name=source.name,
        kind="folder",
        place=str(folder),
        every_seconds=DESK_SECONDS if source.kind == "desk" else source.every_minutes * 60,
    )


# --- what a file cannot say itself ------------------------------------------------------------------------------------------------


def sidecar(path: Path) -> dict[str, Any]:
    """What `<file>.source.yml` declares about a file; empty when there is none. BadInput when it is no YAML mapping."""
    beside = path.with_name(path.name + SIDECAR)
    if not beside.is_file():
        return {}
    try:
        content = yaml.safe_load(beside.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{beside}：不是有效的 YAML（{error}），请改正后再导入。") from error
    if not isinstance(content, dict) or not set(content) <= {"crs", "surveyed_on", "layers"}:
        raise BadInput(f"{beside}：只能包含 crs、surveyed_on、layers 三项，请改正后再导入。")
    return content


def crs_named(name: str) -> Crs | None:
    """The coordinate system a word stands for; null when it is none we know."""
    key = re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", name)).upper()
    known = {"WGS84": "WGS84", "EPSG:4326": "WGS84", "CGCS2000": "CGCS2000", "EPSG:4490": "CGCS2000", "GCJ02": "GCJ02", "火星坐标": "GCJ02"}
    known |= {"BD09": "BD09", "BD09LL": "BD09", "百度坐标": "BD09", "天地图": "CGCS2000", "高德": "GCJ02", "百度": "BD09"}
    return cast("Crs | None", known.get(key))


def declared_crs(path: Path) -> Crs | None:
    """Coordinate system a message file's sidecar declares; null when it declares none. BadInput for one we cannot convert."""
    named = sidecar(path).get("crs")
    crs = None if named is None else crs_named(str(named))
    if named is not None and crs is None:
        raise BadInput(f"{path}{SIDECAR}：坐标系 {named} 无法识别，请写 WGS84、CGCS2000、GCJ02 或 BD09。")
    return crs


def parts_of(file: Path) -> list[Path]:
    """A file and what belongs to it: its sidecar, and for a shapefile the files it cannot be read without. The file itself comes last."""
    beside = file.with_name(file.name + SIDECAR)
    parts = [beside] if beside.is_file() else []
    if file.suffix.lower() == ".shp":
        parts += sorted(other for other in file.parent.iterdir() if other.stem == file.stem and other.suffix.lower() in _SHAPEFILE)
    return [*parts, file]


def is_part_of_another(file: Path) -> bool:
    """Whether a file is read as part of a shapefile lying beside it."""
    return file.suffix.lower() in _SHAPEFILE and any(file.with_suffix(end).is_file() for end in (".shp", ".SHP"))


def unread(records: Iterable[Record], kept: frozenset[str]) -> set[str]:
    """Columns that came with these records and that nobody reads: a new one may be the address we were missing."""
    return {name for record in records if isinstance(record, Evidence) for name in record.fields} - kept - {TIMES_KEPT}

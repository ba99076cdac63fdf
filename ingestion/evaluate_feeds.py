"""Reads a folder of hazard feeds with the sources that ship, and counts: fixtures, parsed, refused with reasons, merged."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.source import SourceModule, sources
from models.domain import Evidence, Quarantined
from models.errors import AnlanError, BadInput

READERS = (("gdacs", "gdacs"), ("usgs", "usgs"), ("glide", "glide"), ("cap", "warning"), ("alert", "warning"))
"""Part of a folder's or file's name -> the source that reads it."""


def feeds(path: Path) -> dict[str, Any]:
    """Figures over every file below a folder. `merged`: items of all GDACS feeds together, by event and episode, and by content."""
    if not path.is_dir():
        raise BadInput(f"找不到文件夹 {path}；请给出存放预警样例的文件夹。")
    modules, at = sources(), datetime.now(UTC)
    files = [file for file in sorted(path.rglob("*")) if file.is_file() and file.name != "PROVENANCE.txt"]
    parsed, refused, items, unread = 0, {}, 0, set[str]()
    feeds_read: dict[str, list[Evidence]] = {}
    for file in files:
        name = str(file.relative_to(path))
        module = _reader(name, modules)
        try:
            records = list(module.read(file, at)) if module else []
        except AnlanError as error:
            refused[name] = str(error)
            continue
        bad = [record.reason for record in records if isinstance(record, Quarantined)]
        if module is None or bad:
            refused[name] = "；".join(bad) or "没有能读它的来源"
            continue
        parsed += 1
        found = [record for record in records if isinstance(record, Evidence)]
        items += len(found)
        unread |= {f"{module.source.name}.{column}" for one in found for column in one.fields if column not in module.kept}
        if module.source.name == "gdacs" and file.suffix == ".xml":
            feeds_read[name] = found
    together = [one for found in feeds_read.values() for one in found]
    day_and_week = [one for name, found in feeds_read.items() if "24h" in name or "7d" in name for one in found]
    return {
        "fixtures": len(files),
        "parsed": parsed,
        "items": items,
        "refused": refused,
        "unread_fields": sorted(unread),
        "gdacs_items_by_feed": {name: len(found) for name, found in feeds_read.items()},
        "gdacs_24h_and_7d": _merged(day_and_week),
        "gdacs_all_feeds": _merged(together),
    }


def _merged(found: list[Evidence]) -> dict[str, int]:
    versions = Counter(external for external, _ in {(one.external_id, one.id) for one in found})
    return {
        "items": len(found),
        "episodes": len(versions),
        "stored": len({one.id for one in found}),
        "episodes_stored_more_than_once": sum(count > 1 for count in versions.values()),
    }


def _reader(name: str, modules: dict[str, SourceModule]) -> SourceModule | None:
    return next((modules[source] for part, source in READERS if part in name.lower()), None)

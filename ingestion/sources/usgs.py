"""USGS earthquakes: GeoJSON of its feeds and event pages, and the loss estimates of its PAGER model.

The text says magnitude, place, origin time and depth. Figures that grow while the quake stays the same (felt reports, stations, the time of the
last update) and the products behind it are left out; a revised magnitude, depth or PAGER colour is a new item. PAGER losses are
what a model expects, never counts, and are worded so. Coordinates are WGS 84, depth in kilometres, times UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.cells import json_row, json_value, moment, position
from ingestion.files import document, quarantined
from models.domain import Evidence, Quarantined, Source, digest
from models.errors import BadInput, BadRecord

SOURCE = Source(
    name="usgs",
    title="USGS地震速报",
    kind="warning",
    publisher="美国地质调查局",
    owner="风险监测处",
    reliability="B",
    every_minutes=5,
    expected_daily=(0, 2_000),
)
SUFFIXES = (".geojson", ".json")

_IGNORED = (
    *("felt", "cdi", "mmi", "updated", "nst", "dmin", "rms", "gap", "sig", "types", "ids", "sources", "tz", "products", "detail"),
    *("url", "code", "net", "title", "place", "time", "id"),
)
"""What grows while the quake stays the same, links and products, and what the text already says."""
KEPT = (
    "mag",
    "magType",
    "depth",
    "alert",
    "status",
    "tsunami",
    "type",
    *("empirical_fatality", "empirical_economic", "semi_empirical_fatalities"),
)


def read(path: Path, received_at: datetime) -> Iterator[Evidence | Quarantined]:
    """Every quake of a feed, or one event. An empty answer holds none. BadInput when it is neither GeoJSON nor PAGER losses."""
    try:
        value = json_value(document(path))
    except BadRecord as error:
        raise BadInput(f"{path}：{error}") from error
    for number, item in enumerate(_items(value, path), 1):
        where = f"{path.name} 第{number}条"
        try:
            yield _losses(item, where, received_at) if "empirical_fatality" in item else _quake(item, where, received_at)
        except BadRecord as error:
            yield quarantined(SOURCE.name, str(error), where, json.dumps(item, ensure_ascii=False, sort_keys=True))


def _items(value: Any, path: Path) -> list[dict[str, Any]]:
    if value in ({}, []):
        return []
    if isinstance(value, dict) and isinstance(value.get("features"), list):
        value = value["features"]
    found = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    if not found or not all(one.get("type") == "Feature" or "empirical_fatality" in one for one in found):
        raise BadInput(f"{path}：不是 USGS 的 GeoJSON，请检查地址返回的内容。")
    return found


def _quake(feature: dict[str, Any], where: str, received_at: datetime) -> Evidence:
    properties, geometry = feature.get("properties"), feature.get("geometry")
    point = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(properties, dict) or not feature.get("id") or not isinstance(point, list) or len(point) < 2:
        raise BadRecord("没有编号（id）、属性（properties）或坐标（geometry），请核对这一条。")
    row = json_row({**properties, "lon": point[0], "lat": point[1], "depth": point[2] if len(point) > 2 else None}, where)
    at = moment(row.peek("time"))
    title = row.peek("title") or f"M {row.peek('mag')} - {row.peek('place')}"
    facts = (
        f"Magnitude {row.peek('mag')} {row.peek('magType')}".strip(),
        f"origin time {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else "",
        f"depth {row.peek('depth')} km" if row.peek("depth") else "",
        f"PAGER {row.peek('alert')}" if row.peek("alert") else "",
    )
    lon, lat = position(row, SOURCE.crs)
    return Evidence.of(
        received_at=received_at,
        source=SOURCE.name,
        kind="warning",
        external_id=str(feature["id"]),
        title=title,
        text=f"{title}. {'; '.join(fact for fact in facts if fact)}.",
        lon=lon,
        lat=lat,
        place_hint=row.peek("place"),
        fields=row.rest(_IGNORED),
    )


def _losses(item: dict[str, Any], where: str, received_at: datetime) -> Evidence:
    row = json_row(item, where)
    deaths, dollars = (
        _total(item, *names) for names in (("empirical_fatality", "total_fatalities"), ("empirical_economic", "total_dollars"))
    )
    return Evidence.of(
        received_at=received_at,
        source=SOURCE.name,
        kind="warning",
        external_id="pager-" + digest(item)[:16],
        text=f"USGS PAGER model output, not a count: expected fatalities {deaths}, expected economic loss {dollars} US dollars.",
        fields=row.rest(),
    )


def _total(item: dict[str, Any], part: str, name: str) -> str:
    inside = item.get(part)
    value = inside.get(name) if isinstance(inside, dict) else None
    return "unknown" if value is None else str(value)

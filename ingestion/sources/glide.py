"""GLIDE, the numbers under which the world files its disasters: the JSON its service answers.

One set of event, number and country is one item. Its figures of dead and affected are what someone entered, often zero for "not
known", and stay among the fields. Coordinates are WGS 84.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ingestion.cells import json_row, position
from ingestion.files import quarantined
from ingestion.json_files import json_items
from models.domain import Evidence, Quarantined, Source
from models.errors import BadRecord

SOURCE = Source(
    name="glide",
    title="GLIDE灾害编号",
    kind="warning",
    publisher="亚洲减灾中心（ADRC）",
    owner="风险监测处",
    reliability="B",
    every_minutes=360,
    expected_daily=(0, 100),
)
SUFFIXES = (".json",)

KEPT = (
    *("event", "number", "geocode", "year", "month", "day", "time", "duration", "magnitude", "status", "source", "idsource", "docid", "id"),
    *("killed", "injured", "homeless", "affected"),
)


def read(path: Path, received_at: datetime) -> Iterator[Evidence | Quarantined]:
    """Every disaster of an answer. BadInput when it is no JSON or holds none."""
    for item in json_items(path, SOURCE.name, "number", "event"):
        if isinstance(item, Quarantined):
            yield item
            continue
        row = json_row(item[0], item[1])
        number = "-".join(part for part in (row.peek("event"), row.peek("number"), row.peek("geocode")) if part)
        try:
            if not row.peek("number"):
                raise BadRecord("没有 GLIDE 编号（number），请核对这一条。")
            lon, lat = position(row, SOURCE.crs)
        except BadRecord as error:
            yield quarantined(SOURCE.name, str(error), item[1], item[2])
            continue
        location = row.pop("location")
        yield Evidence.of(
            received_at=received_at,
            source=SOURCE.name,
            kind="warning",
            external_id=number,
            title=f"GLIDE {number} {location}".strip(),
            text=row.pop("comments") or f"GLIDE {number} {location}".strip(),
            lon=lon,
            lat=lat,
            place_hint=location,
            fields=row.rest(),
        )

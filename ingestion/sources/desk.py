"""Calls and reports typed in at the duty desk: one JSON object per file, left in the inbox by the dashboard.

Keys: `text`, and where known `title`, `sent_at` (Beijing time without zone), `place_hint`, `lon` and `lat` (WGS 84),
`mode` (actual or exercise) and `taken_by`, the account that took the call. Writers must write under a name ending in `.tmp` and rename.
Who typed it is reliable; what the caller says has not been checked, so it counts no more than a hotline call.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ingestion.cells import json_object, json_row, mode_of, position, sent_at
from ingestion.files import document, quarantined
from models.domain import Evidence, Quarantined, Source
from models.errors import BadRecord

SOURCE = Source(
    name="desk",
    title="值班接报",
    kind="desk",
    publisher="本局值班室",
    owner="值班室值班员",
    reliability="C",
    every_minutes=1,
    expected_daily=(0, 2_000),
)
SUFFIXES = (".json",)
KEPT = ("taken_by", "mode")


def read(path: Path, received_at: datetime) -> Iterator[Evidence | Quarantined]:
    """The one message of a file."""
    text = document(path)
    try:
        yield _message(text, path.name, received_at)
    except BadRecord as error:
        yield quarantined(SOURCE.name, str(error), path.name, text)


def _message(text: str, where: str, received_at: datetime) -> Evidence:
    row = json_row(json_object(text.removeprefix("\ufeff")), where)
    said = row.pop("text")
    if not said:
        raise BadRecord("值班接报没有内容（text），请补录后重新提交。")
    if row.peek("mode") not in ("", "actual", "exercise"):
        raise BadRecord("mode 只能是 actual 或 exercise，请改正后重新提交。")
    written, words = sent_at(row, "sent_at")
    lon, lat = position(row, SOURCE.crs)
    return Evidence.of(
        received_at=received_at,
        source=SOURCE.name,
        title=row.pop("title"),
        text=said,
        sent_at=written,
        lon=lon,
        lat=lat,
        place_hint=row.pop("place_hint"),
        mode=mode_of(row),
        fields=row.rest(("mode",)) | words,
    )

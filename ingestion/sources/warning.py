"""Warnings of authorities (气象、水文 …): CAP 1.2 XML, and the JSON their distribution services answer.

CAP is read strictly (`ingestion/cap.py`): an alert that breaks the standard is quarantined with what is wrong. Two JSON shapes are at hand: 12379/QWeather (`headline`, `senderName`, `issuedTime` in UTC, `eventType`, `severity`) and CaiYun (`title`,
`source`, `pubtimestamp` in seconds since 1970). A file may hold one warning, a list, or an object of lists. A warning is evidence of kind
`warning`: it says what an authority expects, never what has happened. CAP `status` Exercise or Test marks an exercise.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestion import cap
from ingestion.cells import json_row, mode_of, sent_at
from ingestion.feeds import is_xml
from ingestion.files import document, quarantined
from ingestion.json_files import json_items
from ingestion.warning_ids import reading, warning_id
from models.domain import Evidence, Quarantined, Source
from models.errors import BadInput, BadRecord

SOURCE = Source(
    name="warning",
    title="预警信息",
    kind="warning",
    publisher="气象、水务等部门预警发布机构",
    owner="值班室带班领导",
    reliability="A",
    every_minutes=1,
    expected_daily=(0, 500),
)
SUFFIXES = (".json", ".jsonl", ".xml", ".cap")

NUMBER = ("id", "alertId", "identifier", "alert_id")
TITLE = ("headline", "title", "标题")
TEXT = ("description", "text", "内容")
TIME = ("issuedTime", "pubtimestamp", "pubTime", "sent", "发布时间")
PLACE = ("areaName", "location", "areaDesc", "region", "地区")
KEPT = (
    *("senderName", "source", "severity", "eventType", "code", "criteria", "instruction", "responseTypes", "urgency", "certainty"),
    *(
        "areaId",
        "adcode",
        "regionId",
        "effectiveTime",
        "onsetTime",
        "expireTime",
        "effective",
        "expires",
        "level",
        "color",
        "type",
        "typeName",
    ),
    *("status", "province", "city", "county", "latlon", "messageType", "eventCode", "标识解读"),
    *cap.KEPT,
)
IGNORED = ("request_status",)
"""How the service's answer went, not what the authority says."""


def read(path: Path, received_at: datetime) -> Iterator[Evidence | Quarantined]:
    """Every warning of a file. BadInput when the file is neither JSON nor CAP, or holds no warning."""
    text = document(path)
    if is_xml(text):
        yield from _cap(text, path, received_at)
        return
    for item in json_items(path, SOURCE.name, *TITLE, *TEXT):
        if isinstance(item, Quarantined):
            yield item
            continue
        alert, where, raw = item
        try:
            yield _warning(alert, where, received_at)
        except BadRecord as error:
            yield quarantined(SOURCE.name, str(error), where, raw)


def _cap(text: str, path: Path, received_at: datetime) -> Iterator[Evidence | Quarantined]:
    try:
        found = list(cap.alerts(text))
    except BadRecord as error:
        raise BadInput(f"{path}：{error}") from error
    for number, alert in enumerate(found, 1):
        try:
            yield cap.evidence_of(alert, source=SOURCE.name, received_at=received_at)
        except BadRecord as error:
            yield quarantined(SOURCE.name, str(error), f"{path.name} 第{number}条", cap.raw(alert))


def _warning(alert: dict[str, Any], where: str, received_at: datetime) -> Evidence:
    kind = alert.get("eventType")
    code = kind.get("code", "") if isinstance(kind, dict) else alert.get("eventCode") or kind or ""
    row = json_row({**alert, "eventType": kind.get("name")} if isinstance(kind, dict) else alert, where)
    title, text = row.pop(*TITLE), row.pop(*TEXT)
    if not (title or text):
        raise BadRecord("预警没有标题也没有正文，请核对接口返回内容。")
    written, words = sent_at(row, *TIME)
    number = row.pop(*NUMBER)
    identity = warning_id(number)
    told = reading(number, str(code), *(row.peek(name) for name in ("severity", "level", "color", "code")), title)
    return Evidence.of(
        received_at=received_at,
        source=SOURCE.name,
        kind="warning",
        external_id=number,
        title=title if text else "",
        text=text or title,
        sent_at=written or (identity.entered_at if identity and not words else None),
        place_hint=row.pop(*PLACE) or (identity.division if identity else ""),
        mode=mode_of(row),
        fields=row.rest(IGNORED) | words | ({"标识解读": told} if told else {}),
    )

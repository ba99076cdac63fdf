"""Warnings of authorities (气象、水文 …): the JSON their distribution services answer.

Two shapes are at hand: 12379/QWeather (`headline`, `senderName`, `issuedTime` in UTC, `eventType`, `severity`) and CaiYun (`title`,
`source`, `pubtimestamp` in seconds since 1970). A file may hold one warning, a list, or an object of lists. A warning is evidence of kind
`warning`: it says what an authority expects, never what has happened. CAP `status` Exercise or Test marks an exercise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestion.cells import json_object, json_row, mode_of, sent_at
from ingestion.files import document, quarantined
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
SUFFIXES = (".json",)

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
)
IGNORED = ("request_status",)
"""How the service's answer went, not what the authority says."""


def read(path: Path, received_at: datetime) -> Iterator[Evidence | Quarantined]:
    """Every warning of a file. BadInput when the file is no JSON or holds no warning."""
    text = document(path)
    try:
        found = list(_alerts(json_object(f'{{"": {text.removeprefix(chr(0xFEFF))}}}')[""]))
    except BadRecord as error:
        raise BadInput(f"{path}：{error}") from error
    if not found:
        raise BadInput(f"{path}：没有找到预警（每条预警应是含 headline 或 title 的 JSON 对象），请检查接口返回内容。")
    for number, alert in enumerate(found, 1):
        where = f"{path.name} 第{number}条"
        try:
            yield _warning(alert, where, received_at)
        except BadRecord as error:
            yield quarantined(SOURCE.name, str(error), where, json.dumps(alert, ensure_ascii=False, sort_keys=True))


def _alerts(value: Any) -> Iterator[dict[str, Any]]:
    """Warnings among whatever the service wrapped around them."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
    elif isinstance(value, dict):
        if any(isinstance(value.get(name), str) for name in (*TITLE, *TEXT)):
            yield value
        else:
            for inner in value.values():
                yield from _alerts(inner)


def _warning(alert: dict[str, Any], where: str, received_at: datetime) -> Evidence:
    kind = alert.get("eventType")
    row = json_row({**alert, "eventType": kind.get("name")} if isinstance(kind, dict) else alert, where)
    title, text = row.pop(*TITLE), row.pop(*TEXT)
    if not (title or text):
        raise BadRecord("预警没有标题也没有正文，请核对接口返回内容。")
    written, words = sent_at(row, *TIME)
    return Evidence.of(
        received_at=received_at,
        source=SOURCE.name,
        kind="warning",
        external_id=row.pop(*NUMBER),
        title=title if text else "",
        text=text or title,
        sent_at=written,
        place_hint=row.pop(*PLACE),
        mode=mode_of(row),
        fields=row.rest(IGNORED) | words,
    )

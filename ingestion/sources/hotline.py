"""12345 hotline and message-board exports: one row, one call or message.

Files are CSV, TSV, XLSX or XLS as the call centre's system writes them, or JSON as its web service answers; a table in its database
comes as JSON lines too (`ingestion/source_addresses.py`). Headings differ from city to city, so each column is known by several names. Votes (点赞数, 反对数) change from export to export and would make the same message
look new, so they are left out, as are row numbers. The caller's name, number and user id stay in `Evidence.fields`, in the archive only.
Coordinates are CGCS2000 (government base map) unless a column 坐标系 or a sidecar says otherwise. A row with an impossible time is
received with no time and its own words kept: a lost call is worse than an undated one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ingestion.cells import json_row, mode_of, position, sent_at
from ingestion.files import checked, quarantined
from ingestion.json_files import json_items, looks_like_json
from ingestion.source import declared_crs
from ingestion.tables import Row, table
from models.domain import Crs, Evidence, Quarantined, Source

SOURCE = Source(
    name="hotline",
    title="12345热线",
    kind="hotline",
    publisher="市12345政务服务便民热线",
    owner="值班室值班员",
    reliability="C",
    every_minutes=1,
    expected_daily=(1, 200_000),
    crs="CGCS2000",
)
SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".json", ".jsonl", ".ndjson")

NUMBER = ("留言编号", "工单编号", "工单号", "编号", "诉求编号", "受理编号", "流水号", "ticket_id", "id")
TITLE = ("留言主题", "标题", "主题", "诉求标题", "工单标题", "title", "subject")
TEXT = (
    "留言详情",
    "诉求内容",
    "来电内容",
    "内容",
    "留言内容",
    "工单内容",
    "诉求描述",
    "问题描述",
    "事件描述",
    "描述",
    "text",
    "content",
    "body",
)
TIME = ("留言时间", "来电时间", "诉求时间", "受理时间", "登记时间", "创建时间", "提交时间", "时间", "日期", "time", "created_at", "date")
PLACE = ("诉求地址", "事发地址", "事发地点", "问题地址", "地址", "地点", "所属区域", "区域", "address", "place")
CALLER = ("留言用户", "来电人", "来电号码", "联系电话", "联系人", "姓名", "电话", "手机号", "用户", "user", "caller", "phone")
IGNORED = ("点赞数", "反对数", "浏览量", "likes", "dislikes", "序号", "行号")
"""Counters that change while the message stays the same, and numbers of the row rather than the message."""
KEPT = CALLER
"""Who called: personal data, kept with the message in the archive and read nowhere."""


def read(path: Path, received_at: datetime) -> Iterator[Evidence | Quarantined]:
    """Every call of an export. BadInput when the file cannot be read as a table with the columns we know."""
    crs = declared_crs(path) or SOURCE.crs
    for row in _rows(path):
        yield row if isinstance(row, Quarantined) else _call(row, crs, received_at)


def _rows(path: Path) -> Iterator[Row | Quarantined]:
    if not looks_like_json(checked(path)):
        yield from table(path, SOURCE.name, (*NUMBER, *TITLE, *TEXT, *TIME, *PLACE, *CALLER))
        return
    for item in json_items(path, SOURCE.name, *TITLE, *TEXT):
        yield item if isinstance(item, Quarantined) else json_row(item[0], item[1])


def _call(row: Row, crs: Crs, received_at: datetime) -> Evidence | Quarantined:
    whole = json.dumps(row.rest(), ensure_ascii=False, sort_keys=True)
    title, text = row.pop(*TITLE), row.pop(*TEXT)
    if not (title or text):
        return quarantined(SOURCE.name, "没有标题也没有内容，请补录诉求内容或确认这一行不是来电。", row.where, whole)
    number = row.pop(*NUMBER)
    written, words = sent_at(row, *TIME)
    lon, lat = position(row, crs)
    return Evidence.of(
        received_at=received_at,
        source=SOURCE.name,
        external_id=number,
        title=title if text else "",
        text=text or title,
        sent_at=written,
        lon=lon,
        lat=lat,
        place_hint=row.pop(*PLACE),
        mode=mode_of(row),
        fields=row.rest(IGNORED) | words,
    )

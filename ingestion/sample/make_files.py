"""Writes the sample evening's calls, posts and warnings the way those sources really export them, mess included."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook

from models.domain import BEIJING

if TYPE_CHECKING:
    from ingestion.sample.make_sample import Said

HEADERS = (" 工单编号", "来电时间", "来电人", "来电号码", "诉求标题", "诉求内容", "诉求地址", "办理单位", "是否回访 ")
OFFICES = ("市城管局", "市水务局", "市房产局", "市消防救援支队", "市生态环境局", "所属街道", "")


def write_hotline(path: Path, said: Sequence[Said], script: dict[str, Any], dice: random.Random) -> int:
    """A hotline export: headers with stray spaces, times now as cells and now as text, most rows without an address."""
    book = Workbook()
    sheet = book.active
    sheet.title = "工单导出"
    sheet.append(HEADERS)
    for one in said:
        local = one.at.astimezone(BEIJING).replace(tzinfo=None, second=one.at.second)
        when = local if dice.random() < 0.6 else f"{local.year}/{local.month}/{local.day} {local:%H:%M:%S}"
        sheet.append(
            [
                one.external_id,
                when,
                one.name,
                one.phone,
                one.title,
                one.text,
                one.address,
                dice.choice(OFFICES),
                dice.choice(["是", "否", ""]),
            ]
        )
    raw = io.BytesIO()
    book.save(raw)
    path.write_bytes(_without_clock(raw.getvalue(), script["evening"]["date"].isoformat()))
    return len(said)


def _without_clock(workbook: bytes, day: str) -> bytes:
    """The same workbook with the moment of saving taken out, so that equal content is equal bytes."""
    clean = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(clean, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            body = old.read(name)
            if name == "docProps/core.xml":
                body = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", f"{day}T00:00:00Z".encode(), body)
            new.writestr(zipfile.ZipInfo(name, (2026, 7, 18, 0, 0, 0)), body, zipfile.ZIP_DEFLATED)
    return clean.getvalue()


def write_social(path: Path, said: Sequence[Said]) -> int:
    """One JSON object a line, as a media monitor hands them over; few carry coordinates (WGS 84)."""
    rows = []
    for one in said:
        row: dict[str, Any] = {"id": one.external_id, "time": one.at.isoformat(), "site": "微博", "user": one.nick, "text": one.text}
        if one.lon is not None:
            row |= {"lng": one.lon, "lat": one.lat, "crs": "WGS84"}
        rows.append(json.dumps(row, ensure_ascii=False))
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return len(rows)


def write_warnings(path: Path, script: dict[str, Any]) -> int:
    """Warnings in the shape a public weather service hands them over; times in UTC."""
    alerts = []
    for warning in script["warnings"]:
        hour, minute = (int(part) for part in warning["at"].split(":"))
        day = script["evening"]["date"]
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=BEIJING)
        issued = local.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
        headline = f"南京市气象台发布{warning['type']}{warning['colour']}预警"
        alerts.append({
            "id": f"sample-{local:%Y%m%d%H%M}-{warning['code']}", "areaId": "320100", "areaName": "南京市", "senderName": "南京市气象台",
            "issuedTime": issued, "effectiveTime": issued, "onsetTime": issued,
            "expireTime": (local + timedelta(hours=6)).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"),
            "eventType": {"name": warning["type"], "code": warning["code"]}, "severity": warning["severity"], "headline": headline,
            "description": f"南京市气象台{day.year}年{day.month:02d}月{day.day:02d}日{hour:02d}时{minute:02d}分发布{warning['type']}{warning['colour']}预警信号：{warning['body']}",
            "criteria": warning["criteria"], "responseTypes": [], "instruction": "1.有关部门按照职责做好防御工作。\n2.公众避免前往低洼地段和地下空间。",
        })  # fmt: skip
    path.write_text(json.dumps({"note": "虚构预警，随产品演示用。", "qweather": alerts}, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return len(alerts)

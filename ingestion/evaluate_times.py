"""How well expressions of time are read, over a labelled file of single phrases."""

from __future__ import annotations

import json
from calendar import monthrange
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from ingestion.phrases import read_times
from models.domain import BEIJING, Duration, Length, Repeat, TimeSpan
from models.errors import BadInput

_UNITS = {
    "year": "years",
    "month": "months",
    "day": "days",
    "workday": "workdays",
    "hour": "hours",
    "minute": "minutes",
    "second": "seconds",
}


def times(path: Path) -> dict[str, Any]:
    """Phrases read as the file expects, per type and definition and overall.

    Lines: text, base_time (ISO, epoch seconds, or as many parts of a date as are known), resolve (past, future), expect {type, definition,
    time}. The first expression found in the phrase is compared. A point or span is right when it is resolved and both its ends agree to
    the minute (-inf and inf: open); a length when every unit agrees; a period when its length and its turn, if any, agree. The file's `past` leaves a
    date in the year or month of the message even when that lies ahead (`base` here); `future` takes the next to come.
    """
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    spent: list[float] = []
    missed: list[str] = []
    for row in _rows(path):
        base = _base(row["base_time"])
        began = perf_counter()
        found = read_times(row["text"], base, "future" if row["resolve"] == "future" else "base")
        spent.append((perf_counter() - began) * 1000)
        kind = f"{row['expect']['type']}.{row['expect']['definition']}"
        good = bool(found) and _agrees(found[0], row["expect"])
        for name in (kind, "all"):
            total[name] += 1
            right[name] += good
        if not good:
            missed.append(row["id"])
    if not total:
        raise BadInput(f"{path}：没有可评测的行，请检查数据文件。")
    kinds = {k: {"phrases": n, "right": right[k], "share": round(right[k] / n, 3)} for k, n in sorted(total.items()) if k != "all"}
    p95 = round(quantiles(spent, n=20)[-1], 2) if len(spent) > 1 else round(spent[0], 2)
    return {
        "phrases": total["all"],
        "right": right["all"],
        "share": round(right["all"] / total["all"], 3),
        "by_type": kinds,
        "ms_p95": p95,
        "missed": missed,
    }


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise BadInput(f"找不到评测数据 {path}；请给出 JSON Lines 文件。")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _agrees(ours: TimeSpan | Duration | Repeat, expect: dict[str, Any]) -> bool:
    time = expect["time"]
    if expect["type"] == "time_delta":
        theirs = [_length(t) for t in (time if isinstance(time, list) else [time, time])]
        return isinstance(ours, Duration) and [ours.least, ours.most] == theirs
    if expect["type"] == "time_period":
        if not isinstance(ours, Repeat) or ours.every != _length(time["delta"]):
            return False
        return _same(ours.turn, time["point"]["time"]) if time["point"] else ours.turn is None
    return isinstance(ours, TimeSpan) and _same(ours, time)


def _same(ours: TimeSpan | None, theirs: list[str]) -> bool:
    if ours is None:
        return False
    open_end = [None if t.endswith("inf") else t[:16] for t in theirs]
    return [t.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M").zfill(16) if t else None for t in (ours.start, ours.end)] == open_end


def _length(parts: dict[str, float]) -> Length:
    return Length(**{_UNITS[unit]: amount for unit, amount in parts.items()})


def _base(value: Any) -> datetime | tuple[datetime, datetime] | None:
    """A moment, or the first and last moment that a partial date allows."""
    if value is None:
        return None
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, BEIJING)
    names = ("year", "month", "day", "hour", "minute", "second")
    parts = [int(value[name]) for name in names if name in value] if isinstance(value, dict) else [int(v) for v in value]
    year, month, day, hour, minute, second = (parts + [1, 1, 1][len(parts) :] + [0] * 6)[:6]
    first = datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)
    year_days = 366 if monthrange(first.year, 2)[1] == 29 else 365
    length = [year_days * 86400, monthrange(first.year, first.month)[1] * 86400, 86400, 3600, 60, 1][len(parts) - 1]
    return first, first + timedelta(seconds=length - 1)

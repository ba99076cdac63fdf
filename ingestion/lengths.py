"""How long: amounts of time in Chinese words, such as 一年半, 三个多月, 36天5小时30分, 俩礼拜.

Patterns are bounded, so that a hostile text costs no more than its length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from re import Match

from ingestion.almanac import shifted, workdays_after
from ingestion.numerals import number
from models.domain import Length

UNITS: dict[str, tuple[str, float]] = {
    "世纪": ("years", 100), "年": ("years", 1), "周年": ("years", 1), "载": ("years", 1), "季度": ("months", 3), "季": ("months", 3), "月": ("months", 1),
    "周": ("days", 7), "星期": ("days", 7), "礼拜": ("days", 7), "天": ("days", 1), "日": ("days", 1), "昼夜": ("days", 1), "夜": ("days", 1),
    "工作日": ("workdays", 1), "交易日": ("workdays", 1), "时辰": ("hours", 2), "小时": ("hours", 1), "钟头": ("hours", 1), "刻钟": ("minutes", 15),
    "分钟": ("minutes", 1), "分": ("minutes", 1), "秒钟": ("seconds", 1), "秒": ("seconds", 1),
}  # fmt: skip
"""Word -> field of `Length` and how many of it."""

_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_NUMBER = r"(?<![\d.])\d{1,9}(?:\.\d{1,4})?[百千万]?|[零一二两俩三四五六七八九十百千万廿]{1,8}"
_ONE = re.compile(
    rf"(?:(?P<n>{_NUMBER})(?P<more>[多余几来])?|(?P<half>半)|(?P<few>几|数))(?P<ge>个)?(?P<more2>[多余])?(?P<mid>半)?"
    rf"(?P<unit>{_UNIT})(?:(?P<tail>半)(?!年|夜)钟?)?(?P<more3>[多余](?!云|名|人|个))?"
)
_AFTER_YEAR = re.compile(r"\d{1,2}|[一二三四五六七八九十]{1,2}")


@dataclass(frozen=True)
class Amount:
    """A length as written, with the end of its words and how exactly it is meant."""

    length: Length
    end: int
    unit: str
    """Field of the smallest unit named."""
    halved: bool
    """Whether it ends on half of that unit."""
    rough: bool
    most: Length | None = None
    """Above which it does not go, when the words say 二十几."""


def amount_at(plain: str, at: int) -> Amount | None:
    """One amount, of falling units, that starts here: 四年六个月 is one, 三天三夜 too."""
    total: dict[str, float] = {}
    found: Amount | None = None
    m = _ONE.match(plain, at)
    while m:
        value = _value(m)
        if value is None or not _is_length(m, first=not total):
            break
        field, size = UNITS[m["unit"]]
        if found and (field == found.unit or list(Length.model_fields).index(field) < list(Length.model_fields).index(found.unit)):
            if m["unit"] in ("夜", "昼夜") and total.get("days") == value:
                found = Amount(found.length, m.end(), found.unit, found.halved, found.rough)
            break
        total[field] = round(value * size, 6)
        rough = bool(m["more"] or m["more2"] or m["more3"] or m["few"])
        most = Length(**{field: (value + 10) * size}) if m["more"] == "几" and not total.keys() - {field} else None
        found = Amount(Length(**total), m.end(), field, bool(m["half"] or m["mid"] or m["tail"]), rough, most)
        m = _ONE.match(plain, found.end)
    return found


def _value(m: Match[str]) -> float | None:
    value = 0.5 if m["half"] else 3.0 if m["few"] else number((m["n"] or "").replace("俩", "两").replace("廿", "二十"))
    if value is None or value > 1e9:
        return None
    return value + (0.5 if m["mid"] or m["tail"] else 0)


def _is_length(m: Match[str], first: bool) -> bool:
    """三月, 2008年, 5日 and 30分 name a time rather than a length."""
    unit, words = m["unit"], m["n"] or ""
    if m["more"] == "几" and not words.endswith(("十", "百", "千", "0")):
        return False
    counted = bool(m["ge"] or m["half"] or m["mid"] or m["more"] or m["more2"] or m["few"])
    if unit == "月":
        return counted or words in ("两", "俩")
    if unit == "年":
        return counted or not (re.fullmatch(r"[12]\d{3}", words) or (len(words) > 1 and not re.search(r"\d|[十百千万两]", words)))
    if unit == "周" and first:
        return True
    if unit == "日":
        return counted or (number(words) or 0) > 31
    if unit == "分":
        return not first or counted or m["tail"] is not None
    return unit not in ("夜", "季") or not first or counted


def moved(moment: datetime, length: Length, sign: int) -> datetime:
    """The moment so much later (+1) or earlier (-1). Half a month is 15 days. Raises OverflowError or ValueError outside the calendar."""
    count = length.years * 12 + length.months
    whole = int(count)
    day = shifted(moment.date(), sign * whole)
    if length.workdays:
        day = workdays_after(day, sign * int(length.workdays))
    days = length.days + round((count - whole) * 30)
    return datetime.combine(day, moment.timetz()) + sign * timedelta(
        days=days, hours=length.hours, minutes=length.minutes, seconds=length.seconds
    )

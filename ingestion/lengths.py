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
_FEW = {"": (3, 9), "十": (20, 90), "百": (200, 900), "千": (2000, 9000)}
"""What 几 and 数 may mean, alone and before 十, 百, 千."""
_ONE = re.compile(
    rf"(?:(?P<n>{_NUMBER})(?P<more>[多余几来])?|(?P<half>半)|(?P<few>[几数][十百千]?)(?P<more4>多)?)(?P<ge>个|整)?(?P<more2>[多余])?(?P<mid>半)?"
    rf"(?P<unit>{_UNIT})(?!一遇)(?:(?P<tail>半)(?!年|夜|个?月|天|路)钟?)?(?P<more3>[多余](?!云|名|人|个))?"
)
_AND = re.compile(r"[零又加]?")


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
        high = _highest(m, value)
        most = Length(**{field: high * size}) if high and len(total) == 1 else None
        found = Amount(Length(**total), m.end(), field, bool(m["half"] or m["mid"] or m["tail"]), rough, most)
        m = _ONE.match(plain, _AND.match(plain, found.end).end())  # type: ignore[union-attr]
    return found


def _value(m: Match[str]) -> float | None:
    words = (m["n"] or "").replace("俩", "两").replace("廿", "二十")
    value = 0.5 if m["half"] else float(_FEW[m["few"][1:]][0]) if m["few"] else number(words[:1] if _is_pair(words) else words)
    if value is None or value > 1e9:
        return None
    return value + (0.5 if m["mid"] or m["tail"] else 0)


def _is_pair(words: str) -> bool:
    """三四, 两三, 三五: from one to the other."""
    return len(words) == 2 and all(c in "一二两三四五六七八九" for c in words) and (number(words[0]) or 0) < (number(words[1]) or 0)


def _highest(m: Match[str], value: float) -> float | None:
    if m["few"]:
        return float(_FEW[m["few"][1:]][1])
    if m["more"] == "几":
        return value + 10
    return number(m["n"][1]) if m["n"] and _is_pair(m["n"]) else None


def _is_length(m: Match[str], first: bool) -> bool:
    """三月, 2008年, 5日 and 30分 name a time rather than a length."""
    unit, words, after = m["unit"], m["n"] or "", m.string[m.end() : m.end() + 2]
    if m["more"] == "几" and not words.endswith(("十", "百", "千", "0")):
        return False
    counted = bool(m["ge"] or m["half"] or m["mid"] or m["more"] or m["more2"] or m["few"])
    if unit == "月":
        return counted or words in ("两", "俩")
    if unit == "年":
        return counted or not (
            re.fullmatch(r"[12]\d{3}", words) or (len(words) > 1 and not re.search(r"\d|[十百千万两]", words) and not _is_pair(words))
        )
    if unit == "周" and first:
        return True
    if unit == "日":
        # 三日内, 三日后 and 3日后 are counted; 18日前 and 18日以来 are after and before a day of the month.
        spelled = not words.isdigit()
        told = (
            after[:1] == "内" or after in ("之内", "以内") or (spelled and after[:1] in "后前来") or (after[:1] == "后" and after != "后半")
        )
        return m.string[m.start() - 1 : m.start()] != "月" and (counted or (number(words) or 0) > 31 or bool(after and told))
    if unit == "分":
        return not first or counted or m["tail"] is not None or bool(re.match(r"\d{1,2}秒", m.string[m.end() : m.end() + 3]))
    if unit == "夜":
        return not first
    return unit != "季" or not first or counted


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

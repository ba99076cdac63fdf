"""The identifier of a Chinese public warning (GB/T 35965.1): `ZZZZZZDDDUUUXX_YYYYMMDDhhmmss_N`, and the codes that come beside it.

ZZZZZZ division of the issuing body (GB/T 2260), DDD its line of work (GB/T 4657), UUU its inner unit, XX extension, then the moment of
entry in Beijing time and a serial digit. Distribution services drop the serial or put a word before it; both are still the same
identifier. What its parts say is shown beside the warning and decides nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from models.divisions import by_code
from models.domain import BEIJING

_ID = re.compile(r"(?:[A-Za-z]+_)*(\d{6})(\d{3})(\d{3})(\d{2})_(\d{14})(?:_(\d))?")
_EVENT = re.compile(r"([1-5])(\d)([A-Z])(\d{2})")
_CATEGORIES = {"1": "自然灾害", "2": "事故灾难", "3": "公共卫生事件", "4": "社会安全事件", "5": "其他"}
"""First digit of an event code (GB/T 35561)."""
LEVELS = {"红": "红色（Ⅰ级）", "橙": "橙色（Ⅱ级）", "黄": "黄色（Ⅲ级）", "蓝": "蓝色（Ⅳ级）"}
"""Warning levels by their colour."""
_NAMED = {"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝"}
_BY_SERVICE = {"01": "蓝", "02": "黄", "03": "橙", "04": "红"}
"""Last two digits of the four-digit code that a distribution service puts beside the warning."""


@dataclass(frozen=True)
class WarningId:
    """A warning identifier taken apart."""

    adcode: str
    """Division of the issuing body, six digits."""
    trade: str
    """Line of work of the issuing body, three digits."""
    unit: str
    """Unit inside it, three digits."""
    extension: str
    """Two digits."""
    entered_at: datetime
    """When the warning was entered (Beijing time)."""
    serial: str
    """Serial of that second, one digit; empty when left out."""

    @property
    def division(self) -> str:
        """Name of the division; empty when no division has that code."""
        found = by_code().get(self.adcode)
        return found.name if found else ""


def warning_id(text: str) -> WarningId | None:
    """The identifier a text is; null when it is none, or names a moment that cannot be."""
    match = _ID.fullmatch(text.strip())
    if not match:
        return None
    try:
        entered = datetime.strptime(match[5], "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
    except ValueError:
        return None
    return WarningId(match[1], match[2], match[3], match[4], entered, match[6] or "")


def level(*values: str) -> str | None:
    """The colour (红, 橙, 黄, 蓝) that these values name, the first that does; null when none does."""
    for value in values:
        if value.strip().lower() in _NAMED:
            return _NAMED[value.strip().lower()]
        if re.fullmatch(r"\d{4}", value.strip()) and value.strip()[2:] in _BY_SERVICE:
            return _BY_SERVICE[value.strip()[2:]]
        if found := re.search(r"([红橙黄蓝])色?", value):
            return found[1]
    return None


def reading(identifier: str, event_code: str, *level_words: str) -> str:
    """What identifier, event code and level say, in one Chinese sentence for the desk; empty when none of them can be read."""
    parts, found = [], warning_id(identifier)
    if found:
        where = found.division or "代码不在行政区划表中"
        parts += [f"发布单位区划 {found.adcode}（{where}）", f"行业 {found.trade}", f"录入 {found.entered_at:%Y-%m-%d %H:%M:%S}"]
        if found.serial:
            parts.append(f"序号 {found.serial}")
    if event := _EVENT.fullmatch(event_code.strip()):
        parts.append(f"事件代码 {event[0]}（{_CATEGORIES[event[1]]}）")
    # A colour in English is a level of this scheme only beside an identifier of this scheme.
    said = [colour for word in level_words if (found or not word.isascii()) and (colour := level(word))]
    if said:
        doubt = "" if len(set(said)) == 1 else f"（各处不一致：{'、'.join(dict.fromkeys(said))}，请核对）"
        parts.append(f"级别 {LEVELS[said[0]]}{doubt}")
    return "；".join(parts)

"""Times of the day in Chinese words: parts of the day, and clocks from 晚上七八点 to 17:05:30."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingestion.numerals import number

# First and last hour of each part of the day; an hour past 24 belongs to the next day.
PARTS = {
    "凌晨": (0, 6), "拂晓": (4, 7), "黎明": (4, 7), "清晨": (5, 8), "清早": (5, 8), "早晨": (6, 10), "早上": (6, 10), "一早": (6, 10), "早间": (6, 10),
    "晨": (4, 9), "早": (6, 10), "上午": (7, 12), "中午": (11, 14), "正午": (12, 13), "午间": (11, 14), "午": (11, 14), "午后": (12, 18),
    "下午": (12, 18), "傍晚": (17, 20), "晚上": (18, 24), "晚间": (18, 24), "夜晚": (18, 24), "晚": (18, 24), "夜间": (20, 30),
    "前半夜": (20, 24), "上半夜": (20, 24), "后半夜": (24, 30), "下半夜": (24, 30), "夜里": (20, 30), "夜": (18, 30), "深夜": (22, 26), "半夜": (23, 28), "午夜": (23, 25),
}  # fmt: skip
PART = "|".join(sorted(PARTS, key=len, reverse=True))
_OF_NIGHT = ("晚", "晚上", "晚间", "夜晚", "夜间", "夜里", "夜", "深夜", "半夜", "午夜", "后半夜", "下半夜")

_HOUR = r"(?:\d{1,2}|[零一二两三四五六七八九十]{1,3})"
_MINUTE = r"(?:[0-5]?\d(?!\d|\.\d)|[零一二三四五六七八九十]{1,3})"
CLOCK = re.compile(
    rf"""(?:
      (?P<h>2[0-4]|[01]?\d) : (?P<m>[0-5]\d) (?: :(?P<s>[0-5]\d) )? 分? (?![\d:])
    | (?P<two>七八|八九|九十|一二|两三|三四|四五|五六|六七) 点钟?
    | (?P<to>差{_MINUTE}分(?:钟)?|差一刻) [到]? (?P<h3>{_HOUR})点
    | (?P<h2>{_HOUR}) (?:点钟?|时(?!间|候|代|辰|不|常|期|而|有|任|速|段|隔|尚)) (?:整 | (?P<quarter>半|一刻|三刻) | 过?零?(?P<m2>{_MINUTE})(?:分(?!之|钟))? (?:(?P<s2>{_MINUTE})(?:\.\d{{1,3}})?秒)? )?
    )""",
    re.X,
)
"""Minutes may stand without 分: 九点零九."""


@dataclass(frozen=True)
class Clock:
    """A time of day as written, and for how long it holds."""

    hour: int
    minute: int = 0
    second: int = 0
    seconds: int = 3600
    """Length: an hour, a minute or a second, by the smallest unit named."""
    spoken: bool = False
    """Whether the hour was said on a clock face and may be meant of either half of the day."""


def clock(m: re.Match[str]) -> Clock | None:
    """The clock of a `CLOCK` match; null for an hour that does not exist."""
    if m["h"]:
        return Clock(int(m["h"]), int(m["m"]), int(m["s"] or 0), 1 if m["s"] else 60, spoken=0 < int(m["h"]) < 13)
    if m["two"]:
        return Clock(int(number(m["two"][0]) or 0), seconds=7200, spoken=True)
    if m["to"]:
        hour, off = number(m["h3"]), 15 if m["to"].endswith("刻") else number(m["to"][1:].rstrip("分钟"))
        return Clock(int(hour) - 1, 60 - int(off), seconds=60, spoken=True) if hour and off and off < 60 else None
    hour, minute, second = number(m["h2"]), number(m["m2"] or ""), number(m["s2"] or "")
    if hour is None or hour > 24 or (minute or 0) > 59 or (second or 0) > 59:
        return None
    if m["quarter"]:
        return Clock(int(hour), {"半": 30, "一刻": 15, "三刻": 45}[m["quarter"]], seconds=60, spoken="点" in m[0])
    seconds = 3600 if minute is None else 60 if second is None else 1
    return Clock(int(hour), int(minute or 0), int(second or 0), seconds, spoken="点" in m[0] and 0 < hour < 13)


def on_24_hours(hour: int, part: str) -> int:
    """The hour of a part of the day on a 24-hour clock; 24 and more are of the next day."""
    first, last = PARTS[part]
    if part in _OF_NIGHT and hour < 5:
        return hour + 24  # 昨晚1点 is the small hours after that evening
    if hour == 12:
        return 24 if first >= 18 else 0 if part == "凌晨" else 12
    return hour + 12 if hour < 12 and first >= 11 and hour + 12 < last + 2 else hour

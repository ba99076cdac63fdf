"""How times, figures and names are written in a report, and how they are read back out of one.

Times are 24-hour Beijing time. The same reading serves the machine's sentences and a person's edits, so neither is checked more kindly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from models.domain import BEIJING

EXERCISE_MARK = "【演练】"
"""Stands before the title and on every page of an exercise."""

EXERCISE_LINE = "本件为应急演练材料，所述情况均为演练设定，不作为实际突发事件信息使用。"
"""First sentence of an exercise's report."""

DRAFT_HEAD = "草稿　未经签发　不得报送"
"""On every page of what is not signed."""

RULES_LABEL = "本稿由计算机辅助生成，须经人工审核签发。"
"""Label of a text written by rules. It makes no claim of artificial intelligence, because none took part."""

MODEL_LABEL = "本稿由人工智能辅助生成，须经人工审核签发。"
"""Label of a text a language model wrote; holds both elements GB 45438—2025 asks for (人工智能 and 生成)."""

CAUSE_PENDING = "原因待查，以调查认定为准。"
"""What every initial report says of the cause, whatever anyone already says (新余 2024: the first cause told was wrong)."""

UNCHECKED = "（待核）"
"""Follows a figure no source of reliability A or B has given yet."""

GAP_MARKS = ("暂无", "待核", "待查")
"""Words that say openly that something is not known yet."""

ESTIMATE_MARK = "【估计值，非统计数】"
"""Opens every sentence with an estimated figure."""


def beijing(moment: datetime) -> str:
    """2026年7月18日20时14分, Beijing time; a month, day or hour has no leading zero, a minute has two digits."""
    local = moment.astimezone(BEIJING)
    return f"{day(local.date())}{local.hour}时{local.minute:02d}分"


def day(on: date) -> str:
    """2026年7月18日, as GB/T 9704—2012 7.3.5.4 writes a date."""
    return f"{on.year}年{on.month}月{on.day}日"


def clock(moment: datetime, beside: datetime) -> str:
    """20时14分 when it is the same Beijing day as `beside`, otherwise with month and day, or with the year when that differs too."""
    local, other = moment.astimezone(BEIJING), beside.astimezone(BEIJING)
    short = f"{local.hour}时{local.minute:02d}分"
    if local.date() == other.date():
        return short
    return f"{local.month}月{local.day}日{short}" if local.year == other.year else beijing(moment)


def figure(value: float) -> str:
    """A figure without a needless decimal point, at most two decimals."""
    return str(int(value)) if float(value).is_integer() else f"{value:.2f}".rstrip("0").rstrip(".")


def because(rule: str) -> tuple[str, ...]:
    """The reasons of a chosen figure, clause by clause, without what the sentence around them already says."""
    timed = re.sub(r"(?<!\d)0?(\d{1,2}):(\d{2})(?!\d)", r"\1时\2分", rule.strip().rstrip("。"))
    parts = [part.removeprefix("采用").removesuffix("，待核") for part in timed.split("；")]
    return tuple(part for part in parts if part and not part.endswith("列出不相加"))


_GREETING = re.compile(
    r"^(?:(?:你好|您好|喂+|同志|请问|谢谢|救命|麻烦快点记一下|我?反映个事|听得到伐|来电人反映|市民反映|12345吗?|我姓[一-龥])+[，,：:！!。 ]+)+"
)
"""How callers begin."""

_TAIL = re.compile(
    r"(?:[，,。；;！! ]*(?:联系|联系人|电话|我叫|我姓)?[^，,。；;！! ]*＊+[^，,。；;！!]*[。！!]?|[，, ]*谢谢[。！!]?|\s*#[^#]+#|\s*\[[^\]]{1,6}\]|\s*@\S+|\s+注意安全啊大家)+$"
)


def pith(quote: str) -> str:
    """The part of a saying worth printing: without greeting, name, number and hashtags. Always words that stand in it, unbroken."""
    short = _TAIL.sub("", _GREETING.sub("", quote.strip()))
    return (short or quote).strip().rstrip("。，,！!；;")


class Mention(NamedTuple):
    """A time as far as the words give it; what they leave out is None."""

    start: int
    end: int
    year: int | None
    month: int | None
    day: int | None
    hour: int | None
    minute: int | None

    def fits(self, moment: datetime) -> bool:
        """Whether every part the words give agrees with `moment` in Beijing time. 24时 is the next day's 0时."""
        local = moment.astimezone(BEIJING)
        parts = (local.year, local.month, local.day, local.hour, local.minute)
        return all(said is None or said == is_ for said, is_ in zip(self[2:], parts, strict=True))


TIME = re.compile(
    r"(?P<iso>(?P<iy>\d{4})-(?P<im>\d{1,2})-(?P<id>\d{1,2})(?:[T ](?P<ih>\d{1,2}):(?P<imin>\d{2}))?)"
    r"|(?:(?P<y>\d{4})年)(?:(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})[日号])?)?(?:(?P<h>\d{1,2})(?:时|点|:|：)(?:(?P<min>\d{1,2})分?)?)?"
    r"|(?P<m2>\d{1,2})月(?:(?P<d2>\d{1,2})[日号])?(?:(?P<h2>\d{1,2})(?:时|点|:|：)(?:(?P<min2>\d{1,2})分?)?)?"
    r"|(?P<d3>\d{1,2})日(?!内|后|起)(?:(?P<h3>\d{1,2})(?:时|点|:|：)(?:(?P<min3>\d{1,2})分?)?)?"
    r"|(?P<h4>\d{1,2})(?:时(?!间)|点(?!多|以)|:|：)(?:(?P<min4>\d{1,2})分?(?!钟))?"
)


def mentions(text: str) -> Iterator[Mention]:
    """Every time `text` (already through `arabic`) names. Durations such as 30日内, 2小时 or 30分钟 are figures, not times."""

    def part(found: re.Match[str], *names: str) -> int | None:
        return next((int(found[name]) for name in names if found[name]), None)

    for found in TIME.finditer(text):
        yield Mention(
            *found.span(),
            part(found, "iy", "y"),
            part(found, "im", "m", "m2"),
            part(found, "id", "d", "d2", "d3"),
            part(found, "ih", "h", "h2", "h3", "h4"),
            part(found, "imin", "min", "min2", "min3", "min4"),
        )


_DIGIT = dict(zip("〇零一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_POWER = {"十": 10, "百": 100, "千": 1000}
_HAN = "〇零一二两三四五六七八九十百千"
_MEASURE = r"(?=万|亿|余|多?[人名位户间栋幢辆公亩顷吨厘毫米元]|年|月|日|号|时|点|分|小时|周|天|岁|层|处|起|次|级|个|具|倍|成|所|座|条|台|艘|架|头|只)"
_NUMERAL = re.compile(rf"(?<!第)[{_HAN}]+{_MEASURE}")
_IDIOM = re.compile(r"一(?:起(?!死亡|受伤)|次性|时间|时|级|个|处|条|点|位于|天(?!前|后)|些|万一)")
"""一 as a word rather than a count: 一起、一时、一个. A lone 一 before 人、名、户 stays a figure."""


def _read(numeral: str) -> int:
    if not any(letter in _POWER for letter in numeral):
        return int("".join(str(_DIGIT[letter]) for letter in numeral))
    total, digit = 0, 0
    for letter in numeral:
        if letter in _POWER:
            total, digit = total + (digit or 1) * _POWER[letter], 0
        else:
            digit = _DIGIT[letter]
    return total + digit


def arabic(text: str) -> str:
    """`text` with full-width digits and Chinese numerals before a unit written in ASCII digits, so both kinds are checked alike."""
    plain = "".join(chr(ord(letter) - 0xFEE0) if "０" <= letter <= "９" else letter for letter in text)
    idioms = {found.start() for found in _IDIOM.finditer(plain)}
    return _NUMERAL.sub(lambda found: found[0] if found.start() in idioms and len(found[0]) == 1 else str(_read(found[0])), plain)


_FIGURE = re.compile(r"(?<![\d.])(\d+(?:,\d{3})*(?:\.\d+)?)\s*(万|亿)?")


class Number(NamedTuple):
    """A figure as written, and the two ways it may be meant: 3300万元 is 3300 of 万元 or 33,000,000 of 元."""

    text: str
    plain: float
    whole: float


def numbers(text: str) -> list[Number]:
    """Every figure in `text` (already through `arabic`)."""
    found = []
    for match in _FIGURE.finditer(text):
        plain = float(match[1].replace(",", ""))
        scale = {"万": 1e4, "亿": 1e8}.get(match[2] or "", 1)
        found.append(Number(match[0], plain, plain * scale))
    return found

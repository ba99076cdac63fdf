"""When it happened, read from Chinese words against the time of the message.

A day is a Beijing day (UTC+8). An interval runs from the first to the last second the words allow. Whatever the words
leave out and the message's own time supplied is listed under `assumed`; an impossible date keeps its quote and gets no
interval. Words such as 日前 or 目前 are quoted and never turned into a moment. No clock is read here: the same text and
the same base give the same answer on any day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from re import Match

from ingestion.clock import PART, PARTS, on_24_hours
from ingestion.numerals import halved, number
from ingestion.phrases import expressions, read_times
from ingestion.points import Toward
from models.domain import BEIJING, TimeSpan

_N = r"(?:\d{1,2}|[零一二两三四五六七八九十]{1,3})"
_DAY_WORDS = {
    "大前天": -3, "前天": -2, "前日": -2, "前晚": -2, "前夜": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "昨夜": -1, "昨晨": -1, "昨早": -1,
    "今天": 0, "今日": 0, "今晨": 0, "今早": 0, "今晚": 0, "今夜": 0, "今午": 0, "明天": 1, "明日": 1, "明晨": 1, "明早": 1, "明晚": 1,
    "后天": 2, "昨": -1, "今": 0,
}  # fmt: skip
_SAME_DAY = ("当天", "当日", "当晚", "当夜", "当地时间当天", "同日", "同一天", "即日")
_NEXT_DAY = ("次日", "翌日", "第二天")
_REL = "|".join(sorted([*_DAY_WORDS, *_SAME_DAY, *_NEXT_DAY], key=len, reverse=True))
_WEEK = r"(?:上|本|这|下)?(?:周|星期|礼拜)[一二三四五六日天]"
_VAGUE = r"日前|近日|近期|不久前|目前|眼下|现在|此刻|当时|此前|稍早|前不久|前几天|这几天|连日来|前段时间|当前"
_AGO = r"(?P<ago_n>半|\d{1,3}(?:\.5)?|[一二两三四五六七八九十]{1,3})(?:个)?(?P<ago_half>半)?(?P<ago_u>小时|钟头|分钟|刻钟|天|日|周|星期|月)(?:多)?(?:之?前|以前)"

_POINT = re.compile(
    rf"""(?=[\d零一二两三四五六七八九十今昨前当去明后大即同次翌第凌拂黎清早晨上中正午下傍晚夜深半北周星礼本这刚日近不目眼现此稍连截（(])
    (?P<pre>(?:截[至止到]?|截至到)?(?:北京时间|当地时间)?)
    (?: (?P<just>刚才|刚刚|刚(?=[发起着爆出倒撞])) | {_AGO} | (?P<vague>{_VAGUE})
    | (?P<iso>(?<!\d)(?P<iy>(?:19|20)\d\d)(?P<sep>[-/.])(?P<im>\d\d?)(?P=sep)(?P<id>\d\d?)(?!\d)(?:[ T,，]*(?P<it>(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?(?!\d)))?)
    | (?: (?P<year>(?<!\d)(?:(?:19|20)\d\d|[一二][零九]?[零一二三四五六七八九]{{2,3}})年|今年|去年|前年|明年|本年)? [的 ]?
          (?P<month>(?<![\d.])(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月(?:份)?(?!球|饼|亮|租|薪|票|台)|上个?月|本月|当月|同月|下个?月)? [ ]?
          (?P<day>(?<![\d.])(?:\d{{1,2}}|[零一二两三四五六七八九十]{{1,3}})(?P<dayword>日|号))?
          (?: (?P<rel>{_REL}) | (?P<week>{_WEEK}) )?
          (?P<note>\((?P<note_in>(?:\d{{1,2}}月)?\d{{1,2}}日?)\)日?)?
          [，, ]?(?:北京时间|当地时间|的|的时候)?[ ]?
          (?P<part>{PART})? [的 ]?
          (?P<clock>(?<![\d.:])(?:(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?分?(?![\d:])
              |{_N}(?:时(?!间|候|代|不|常)|点(?:钟|整)?(?!\d*[点])) (?:半|一刻|三刻|(?:{_N}分)(?:\d\d?(?:\.\d+)?秒)?|[零一二三四五]?十?[一二三四五六七八九]?(?<=[零十])[一二三四五六七八九]?)?
          ))?
      )
    )
    (?P<tail>(?:多钟|多分|余|多|钟|整|许|左右|前后|时分)*)""",
    re.X,
)  # fmt: skip
_BARE = re.compile(r"[^年月]{1,4}[日号]|[^年]{1,3}月份?|[^年]{1,4}年[的度]?")
"""A day, month or year alone is not taken for a time of a message: 二号 is a name, 2013年 a heading."""
_JOIN = re.compile(r"\s*(?:至|到|—+|－|–|-|~|～)\s*")


@dataclass(frozen=True)
class _Reading:
    """One time expression, before it is turned into a `TimeSpan`."""

    at: int
    end: int
    day: date | None = None
    last_day: date | None = None
    start: datetime | None = None
    stop: datetime | None = None
    assumed: tuple[str, ...] = ()
    kind: str = "point"
    dated: bool = False
    clocked: bool = False


@dataclass(frozen=True)
class Mention:
    """A time a text gives, with where it stands; `exact` counts how much of a full date and clock the words give."""

    span: TimeSpan
    at: int
    end: int
    kind: str = field(default="point")
    """`point`, `range`, `ago`, `vague`, `frame`, or `as_of` for 截至 …"""
    exact: int = 0
    parts: tuple[tuple[int, int], ...] = ()


def find_times(text: str, base: datetime | None, toward: Toward = "past") -> list[TimeSpan]:
    """Every time the text gives, in reading order. `base` is the message's own time (aware); without it nothing is assumed from it.

    `past` reads an incident message: what it leaves open lies behind it, and deadlines and lengths are no times. `future` (a plan) and `base`
    (the message's own year, month, week or day) take every expression as `phrases.read_times` does.
    """
    if toward != "past":
        return [reading for reading in read_times(text, base, toward) if isinstance(reading, TimeSpan)]
    return [mention.span for mention in mentions(text, base)]


def mentions(text: str, base: datetime | None) -> list[Mention]:
    """As `find_times` towards the past, with positions. Stretches that only frame an event (今年以来, 春节前, 近三天) are of kind `frame`."""
    told = _told(text, base)
    if base is None:
        return told
    taken = bytearray(len(text))
    for mention in told:
        taken[mention.at : mention.end] = b"\1" * (mention.end - mention.at)
    for one in expressions(text, base, "past", taken):
        span = one.reading
        if not isinstance(span, TimeSpan) or not span.start or not span.end or span.start >= base:
            continue
        if not any(taken[one.at : one.end]) and not _BARE.fullmatch(span.quote):
            told.append(Mention(span, one.at, one.end, "frame"))
    return sorted(told, key=lambda mention: mention.at)


def _told(text: str, base: datetime | None) -> list[Mention]:
    """Dates and clocks as messages give them: a later 当晚 or 9时30分 takes its day from the time named before it."""
    plain = halved(text)
    base = base.astimezone(BEIJING) if base else None
    found: list[Mention] = []
    anchor: _Reading | None = None
    pending: _Reading | None = None
    for match in _matches(plain):
        reading = _read(match, base, anchor)
        if reading is None:
            continue
        if pending and reading.kind == "point" and pending.kind == "point" and _JOIN.fullmatch(plain, pending.end, reading.at):
            reading = _read(match, pending.start or base, anchor) or reading  # the second date is the one next to the first
            found[-1] = _ranged(text, pending, reading)
            pending = None
        else:
            found.append(_mention(text, match, reading))
            pending = reading
        if reading.day is not None:
            anchor = reading
    return found


def _matches(plain: str) -> list[Match[str]]:
    return [m for m in _POINT.finditer(plain) if _says_a_time(m, plain)]


def _says_a_time(m: Match[str], plain: str) -> bool:
    """Whether the matched words are a time at all: 3号楼, 一日三餐, 半夜 in a name and a bare 早 are not."""
    if m["just"] or m["ago_n"] or m["vague"] or m["iso"]:
        return True
    if m["week"] or (m["month"] and (m["day"] or m["year"] or m["part"])):
        return True
    after = plain[m.end() : m.end() + 1]
    if m["day"]:
        if plain[m.start() - 1 : m.start()] == "月" and not m["month"]:
            return False  # 13月5日 is no date; 5日 alone would be a wrong one
        if not m["month"] and after in ("内", "后", "间") and not m["part"] and not m["clock"]:
            return False
        by_number = m["dayword"] == "号"
        if not m["month"] and by_number:
            return bool(m["part"] or m["clock"])
        return not (m["day"][0] in "一两" and len(m["day"]) == 2 and not m["clock"] and not m["part"])
    if m["rel"]:
        return bool(m["rel"] not in ("昨", "今") or m["note"] or m["part"] or m["clock"])
    if m["clock"]:
        spoken = m["clock"][0] not in "0123456789" and "点" in m["clock"]
        return bool(m["part"] or not spoken or len(m["clock"]) > 2 or m["tail"]) and after not in ("个", "点", "级")
    if m["part"]:
        return len(m["part"]) > 1 and after not in ("班", "餐", "报", "高", "市", "饭", "会")
    return bool(m["year"] and m["month"]) or m["year"] in ("去年", "前年") or bool(m["month"] and not m["year"] and m["pre"])


def _mention(text: str, m: Match[str], reading: _Reading) -> Mention:
    at = m.start()
    end = m.end() - (len(m[0]) - len(m[0].rstrip("，, 的")))
    kind = "as_of" if m["pre"].startswith("截") else reading.kind
    exact = 2 * reading.clocked + reading.dated + bool(m["part"]) if reading.kind == "point" else 0
    span = TimeSpan(quote=text[at:end], start=reading.start, end=reading.stop, assumed=reading.assumed)
    return Mention(span, at, end, kind, exact)


def _ranged(text: str, first: _Reading, second: _Reading) -> Mention:
    stop = second.stop
    if stop and first.start and stop < first.start and not second.dated and second.clocked:
        half = stop + timedelta(hours=12)
        stop = (
            half if half > first.start and first.start.hour >= 12 and half.date() == first.start.date() else stop + timedelta(days=1)
        )  # 22时至2时: the later clock belongs to the next day
    whole = first.start is not None and stop is not None and stop >= first.start
    assumed = tuple(dict.fromkeys(first.assumed + tuple(a for a in second.assumed if a in ("half-day", "year") or not first.dated)))
    span = TimeSpan(quote=text[first.at : second.end], start=first.start if whole else None, end=stop if whole else None, assumed=assumed)
    return Mention(span, first.at, second.end, "range", 3, ((first.at, first.end), (second.at, second.end)))


def _read(m: Match[str], base: datetime | None, anchor: _Reading | None) -> _Reading | None:
    end = m.end() - (len(m[0]) - len(m[0].rstrip("，, 的")))
    blank = _Reading(m.start(), end)
    try:
        return _placed(m, base, anchor, blank)
    except (OverflowError, ValueError):  # outside the calendar: the quote stays
        return replace(blank, dated=True)


def _placed(m: Match[str], base: datetime | None, anchor: _Reading | None, blank: _Reading) -> _Reading | None:
    if m["vague"]:
        return replace(blank, kind="vague")
    if m["just"] or m["ago_n"]:
        return _ago(m, base, blank)
    day, last, assumed, possible = _date(m, base, anchor)
    if not possible:
        return replace(blank, dated=True)
    if day is None:
        return blank if (m["clock"] or m["part"] or m["day"] or m["month"] or m["rel"] or m["week"]) else None
    return _moment(m, base, replace(blank, day=day, last_day=last or day, assumed=assumed))


def _ago(m: Match[str], base: datetime | None, blank: _Reading) -> _Reading:
    if base is None:
        return replace(blank, kind="ago")
    if m["just"]:
        return replace(blank, kind="ago", start=base - timedelta(minutes=30), stop=base, assumed=("day", "hour"))
    amount = 0.5 if m["ago_n"] == "半" else (number(m["ago_n"]) or 0)
    amount += 0.5 if m["ago_half"] else 0
    minutes = {"小时": 60, "钟头": 60, "分钟": 1, "刻钟": 15, "天": 1440, "日": 1440, "周": 10080, "星期": 10080, "月": 43200}[m["ago_u"]]
    at = base - timedelta(minutes=amount * minutes)
    if minutes >= 1440:
        first = datetime.combine(at.date(), time(), BEIJING)
        return replace(blank, kind="ago", start=first, stop=first + timedelta(days=1, seconds=-1), assumed=("day",))
    slack = timedelta(minutes=max(1.0, amount * minutes / 4))
    return replace(blank, kind="ago", start=at - slack, stop=min(base, at + slack), assumed=("day", "hour"))


def _date(m: Match[str], base: datetime | None, anchor: _Reading | None) -> tuple[date | None, date | None, tuple[str, ...], bool]:
    """First day, last day, what was assumed, and whether the words can be a date at all."""
    today = base.date() if base else None
    near = anchor.day if anchor and anchor.day else today
    if m["iso"]:
        day = _day(int(m["iy"]), int(m["im"]), int(m["id"]))
        return day, day, (), day is not None
    if m["note"]:
        return _noted(m, today)
    if m["day"] and not m["rel"]:
        return _calendar(m, today, anchor)
    if m["rel"]:
        return _relative_day(m["rel"], today, anchor)
    if m["week"]:
        return _weekday(m["week"], today)
    if m["month"] or m["year"]:
        return _month(m, today, near)
    if near is None:
        return None, None, (), True
    return near, near, ("year", "month", "day"), True


def _noted(m: Match[str], today: date | None) -> tuple[date | None, date | None, tuple[str, ...], bool]:
    """今天（17日）, 今（19）日, 昨日（12月6日）: the writer gives the day twice; the numbers win."""
    numbers = [int(n) for n in re.findall(r"\d+", m["note_in"])]
    month = numbers[0] if len(numbers) == 2 else None
    day, assumed = _nearest(None, month, numbers[-1], today)
    return day, day, assumed, day is not None or today is None


def _calendar(m: Match[str], today: date | None, anchor: _Reading | None) -> tuple[date | None, date | None, tuple[str, ...], bool]:
    day_number = int(number(m["day"][:-1]) or 0)
    month, told_year = _month_number(m["month"], today)
    if m["month"] and month is None:
        return None, None, (), True
    year, year_assumed = _year(m["year"], today)
    year, year_assumed = (told_year, ("year", "month")) if told_year else (year, year_assumed)
    if month is None and anchor and anchor.day and anchor.dated and abs(day_number - anchor.day.day) <= 20 and not m["year"]:
        # 7月20日8时至21日6时: a bare day follows the month just named, unless that would jump far.
        day = _day(anchor.day.year, anchor.day.month, day_number)
        if day is not None and (today is None or day <= today + timedelta(days=3)):
            return day, day, tuple(dict.fromkeys((*(a for a in anchor.assumed if a == "year"), "month"))), True
    if year is None and today is None and anchor and anchor.day and month:
        day = _day(anchor.day.year, month, day_number)
        return day, day, ("year",), day is not None
    day, assumed = _nearest(year, month, day_number, today)
    possible = day is not None or (today is None and not (month and _impossible(year, month, day_number)) and day_number <= 31)
    return day, day, tuple(dict.fromkeys(year_assumed + assumed)), possible


def _year(words: str | None, today: date | None) -> tuple[int | None, tuple[str, ...]]:
    if not words:
        return None, ()
    offset = {"今年": 0, "本年": 0, "去年": -1, "前年": -2, "明年": 1}.get(words)
    if offset is not None:
        return (today.year + offset, ("year",)) if today else (None, ())
    value = number(words[:-1])
    return (int(value), ()) if value and 1900 <= value <= 2100 else (None, ())


def _month_number(words: str | None, today: date | None) -> tuple[int | None, int | None]:
    """Month, and its year where the words fix it from today (上个月, 本月)."""
    if not words:
        return None, None
    step = {"上": -1, "下": 1, "本": 0, "当": 0, "同": 0}.get(words[0])
    if step is None:
        return int(number(words.rstrip("月份")) or 0), None
    if today is None:
        return None, None
    count = today.year * 12 + today.month - 1 + step
    return count % 12 + 1, count // 12


def _relative_day(word: str, today: date | None, anchor: _Reading | None) -> tuple[date | None, date | None, tuple[str, ...], bool]:
    if word in _SAME_DAY or word in _NEXT_DAY:
        near = anchor.day if anchor and anchor.day else today
        if near is None:
            return None, None, (), True
        day = near + timedelta(days=1) if word in _NEXT_DAY else near
        return day, day, ("year", "month", "day"), True
    if today is None:
        return None, None, (), True
    day = today + timedelta(days=_DAY_WORDS[word])
    return day, day, ("year", "month", "day"), True


def _weekday(words: str, today: date | None) -> tuple[date | None, date | None, tuple[str, ...], bool]:
    if today is None:
        return None, None, (), True
    wanted = 6 if words[-1] in "日天" else "一二三四五六".index(words[-1])
    monday = today - timedelta(days=today.weekday())
    if words[0] in "上下":
        monday += timedelta(days=7 if words[0] == "下" else -7)
    day = monday + timedelta(days=wanted)
    if words[0] not in "上下本这" and day > today:
        day -= timedelta(days=7)
    return day, day, ("year", "month", "day"), True


def _month(m: Match[str], today: date | None, near: date | None) -> tuple[date | None, date | None, tuple[str, ...], bool]:
    year, assumed = _year(m["year"], today)
    month, told_year = _month_number(m["month"], today)
    year, assumed = (told_year, ("year", "month")) if told_year else (year, assumed)
    if year is None:
        if today is None or month is None:
            return None, None, (), True
        year = today.year if month <= today.month else today.year - 1
        assumed = ("year",)
    first = date(year, month or 1, 1)
    last = (date(year + 1, 1, 1) if month in (None, 12) else date(year, month + 1, 1)) - timedelta(days=1)
    return first, last, assumed, True


def _nearest(year: int | None, month: int | None, day: int, today: date | None) -> tuple[date | None, tuple[str, ...]]:
    """The date the words most likely mean: people tell of what was, so a day ahead costs four times a day behind."""
    if year and month:
        return _day(year, month, day), ()
    if today is None:
        return None, ()
    if month:
        choices = [_day(today.year + step, month, day) for step in (-1, 0, 1)]
        if choices[1] is None:
            return None, ("year",)
        assumed: tuple[str, ...] = ("year",)
    else:
        months = [(today.year * 12 + today.month - 1 + step) for step in (-1, 0, 1)]
        choices = [_day(n // 12, n % 12 + 1, day) for n in months]
        assumed = ("year", "month")
    ahead = [(((today - d).days if d <= today else (d - today).days * 4), d) for d in choices if d]
    return (min(ahead)[1] if ahead else None), assumed


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _impossible(year: int | None, month: int, day: int) -> bool:
    return _day(year or 2024, month, day) is None


def _moment(m: Match[str], base: datetime | None, reading: _Reading) -> _Reading:
    """Put the part of the day and the clock on the day."""
    dated = bool(m["day"] or m["rel"] or m["week"] or m["iso"])
    day, assumed = reading.day, reading.assumed
    if day is None:
        return reading
    part = m["part"] or _part_in(m["rel"] or "")
    words = m["clock"] or m["it"]
    if not words:
        first, last = PARTS[part] if part else (0, 24)
        start = datetime.combine(day, time(), BEIJING)
        stop = datetime.combine(reading.last_day or day, time(), BEIJING) if not part else start
        return replace(reading, start=start + timedelta(hours=first), stop=stop + timedelta(hours=last, seconds=-1), dated=dated)
    hour, minute, second = _clock(words)
    if hour is None or hour > 24:
        return replace(reading, dated=dated)
    hour, guessed = _half_day(hour, part, "点" in words or ":" in words, day, base)
    at = datetime.combine(day, time(), BEIJING) + timedelta(hours=hour, minutes=minute or 0, seconds=second or 0)
    length = timedelta(hours=1) if minute is None else timedelta(minutes=1) if second is None else timedelta(seconds=1)
    return replace(
        reading,
        start=at,
        stop=at + length - timedelta(seconds=1),
        dated=dated,
        clocked=True,
        assumed=assumed + (("half-day",) if guessed else ()),
    )


def _part_in(day_word: str) -> str:
    return {"晚": "晚", "夜": "夜", "晨": "晨", "早": "早", "午": "午"}.get(day_word[-1:], "")


def _clock(words: str) -> tuple[int | None, int | None, int | None]:
    if ":" in words:
        pieces = [int(n) for n in re.findall(r"\d+", words)]
        return pieces[0], pieces[1], pieces[2] if len(pieces) > 2 else None
    head, _, rest = words.partition("时") if "时" in words else words.partition("点")
    hour = number(head)
    rest = rest.lstrip("钟整")
    if rest in ("半", "一刻", "三刻"):
        return int(hour or 0), {"半": 30, "一刻": 15, "三刻": 45}[rest], None
    minute_words, _, second_words = rest.partition("分")
    minute = number(minute_words.lstrip("零") or "零") if minute_words else None
    second = number(second_words.rstrip("秒").split(".")[0]) if second_words.rstrip("秒") else None
    return (None if hour is None else int(hour)), (None if minute is None else int(minute)), (None if second is None else int(second))


def _half_day(hour: int, part: str, spoken: bool, day: date, base: datetime | None) -> tuple[int, bool]:
    """The hour on a 24-hour clock, and whether its half of the day had to be guessed."""
    if part:
        return on_24_hours(hour, part), False
    if not spoken or hour == 0 or hour > 12:
        return hour, False
    if base and datetime.combine(day, time(), BEIJING) + timedelta(hours=hour + 12) <= base and day == base.date() and hour < 12:
        return hour + 12, True
    return hour, True

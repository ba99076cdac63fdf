"""Every expression of time in a text: when (`TimeSpan`), how long (`Duration`), how often (`Repeat`).

This is the general reader; `ingestion.times` reads what an incident message says happened. Here an expression may also lie ahead, be
open at one side (三天以前), last (两年半) or come again (每周一). An amount counted from the message's time is as fine as its
smallest unit: 三天后 is a whole day, 半小时前 half an hour. The reader moves through the text once, with bounded patterns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestion import almanac
from ingestion.clock import on_24_hours
from ingestion.date_words import JOIN, point_at
from ingestion.lengths import UNITS, Amount, amount_at, moved
from ingestion.numerals import halved
from ingestion.points import SECOND, Now, Point, Said, Scale, Toward, midnight, resolve
from models.domain import BEIJING, Duration, Length, Repeat, TimeSpan

_COUNT = r"[\d零一二两俩三四五六七八九十百千万廿半几数]"
_STARTS = re.compile(
    rf"""(?<![\d.])\d{{1,9}}(?:\.\d{{1,4}})?(?=[年月日号时点分秒周星礼天季世载:个多余来几半整昼小钟刻工交百千万财 /.、\-至到—~－–～]|\d{{4}}(?!\d))
    | [零一二两俩三四五六七八九十百千万廿半几数]{{1,8}}(?=[年月日号时点分秒周星礼天季世载个多余来整昼夜小钟刻工交至到—~\-])
    | 今[天日年晚晨早夜午后] | 昨[天日晚夜晨早] | 前[天日年晚夜半] | 前(?={_COUNT}) | 当[天日年月晚夜] | 去年 | 明[天日年晚晨早] | 后[天日年半] | 大[前后年] | 即日
    | 同[日月年一] | 次[日年月晨] | 翌[日年] | 隔天 | 第[\d一二三四五六七八九十] | 凌晨 | 拂晓 | 黎明 | 清[晨早] | 早[上晨间] | 一早 | 上[午上周个月半年一世星礼]
    | 中午 | 正[午月] | 下[午下周个月半年一星礼] | 傍晚 | 午[间后夜] | 晚[上间] | 夜[间里晚] | 深夜 | 周[一二三四五六日天末] | 星期 | 礼拜 | 本[月周年季世个星]
    | 这[个一周月年] | 这(?={_COUNT}) | 来年 | 元月 | [春夏秋冬][季天月] | 腊月 | 闰 | 农历 | 阴历 | 旧历 | 年[初底末中关终年] | 月[初底末中] | [首头][月季\d一二两三四五六七八九十日]
    | 岁[末首尾] | 该月 | 每 | [未往]来 | 接下来 | 过去 | 再?(?<![超经通不度路])[过等](?={_COUNT}) | 最?(?<![附将邻靠接达了续时过])近(?=的?这?{_COUNT}) | 此[前后] | [自从截] | Q[1-4] | 差 | 刚过去 | 往后 | 在(?:过去|最近|近|未来|今后|接下来)
    | 公元 | [早晚夜午晨](?=[\d一二三四五六七八九十两]{{1,3}}[点时:]) | 昨今 | 今明 | 明后 | [“\"]?十[一二三四五六]五 | 初[一二三四五六七八九十] | {almanac.FESTIVAL}""",
    re.X,
)
"""Where an expression may begin; most words of a text are passed over here."""
_LOOSE = re.compile(r"(?<=[\u4e00-\u9fff]) {1,2}(?=[\d\u4e00-\u9fff])|(?<=\d) {1,2}(?=[\u4e00-\u9fff])")
"""Spaces as some writers set them around digits: 7 月 18 日."""
_FROM = re.compile(r"(?:从|自|截至|截止到?)[ ]?")
_JOIN = re.compile(rf"(?:起|开始)?{JOIN}")
_TODAY = re.compile(r"今(?!天[上下早晚中凌]|天\d|[晚晨早夜年日])(?:天)?|目前|现在|如今|当前|此刻")
_LIST = re.compile(r"[,，、和及]{1,2}[ ]?")
_SINCE = re.compile(r"(?:(?:之|以)来|起(?!火|来|点|飞|诉|草|伏)(?:至今)?|开始|至今|到现在|到目前)")
_BEFORE = re.compile(r"(?:之|以)?前(?!后|往|来|去|方|面|期|线)")
_AFTER = re.compile(r"(?:之|以)?后(?!方|面|续|期|勤)")
_UNTIL = re.compile(r"(?:为?止|截止|期间|之间)")
_AHEAD = re.compile(r"(?:在)?(?:未来|今后|往后|接下来|此后)(?:的)?")
_BACK = re.compile(r"(?:在)?(?:过去|最近|近|刚过去|此前|前(?!.个?季度)|这(?!一))(?:的|这)?(?=[\d零一二两俩三四五六七八九十百半几数])")
_IN_A_WHILE = re.compile(r"(?:再)?(?:过|等)(?=[\d零一二两俩三四五六七八九十百半几数])")
_DIRECTION = re.compile(
    r"(?:的时间)?(?:(?P<since>(?:之|以)?来(?!回|电|访))|(?P<within>(?:之|以)?内(?!部|容)|之间)|(?P<far>[之以])?(?P<way>[前后])(?!后|半夜|往|面|方|台|门))"
)
_NTH_YEAR = re.compile(r"第(?P<n>[二三四五六七八九十]{1,3}|\d{1,3})年")
_OF = re.compile("的?")
_BEFORE_CHRIST = re.compile(r"公元前\d{1,5}年")
_EVERY = re.compile(r"每(?:隔|过|逢)?(?:个)?")
_EVERY_UNIT = re.compile(r"(?:(?:一)?(?:个)?(?P<unit>" + "|".join(sorted(UNITS, key=len, reverse=True)) + r")的?)")
_BETWEEN = re.compile(JOIN + r"|以上(?:至|到|,|，|、|不超过)?")
_LEAST = re.compile(r"(?<![\d.])(?P<n>\d{1,9}|[零一二两三四五六七八九十百千万]{1,6})" + JOIN)
_LIMIT = re.compile(r"以上|以下")
_AT_MOST = re.compile(r"以下|以内")


@dataclass(frozen=True)
class Found:
    """One reading and its words."""

    at: int
    end: int
    reading: TimeSpan | Duration | Repeat


def read_times(text: str, base: datetime | tuple[datetime, datetime] | None, toward: Toward = "base") -> list[TimeSpan | Duration | Repeat]:
    """Every expression of time in `text`, in reading order, each quoting its words.

    `base` is the message's own time (aware), or the first and last moment it may be when less is known; without it only what the words
    give in full is put on the calendar. `toward` says where a date with parts left out (3月8号, 周二, 下午三点) is to be found: the latest
    that has begun (`past`), the next to come (`future`), or in the same year, month, week or day as the message (`base`).
    """
    return [found.reading for found in expressions(text, base, toward)]


def expressions(
    text: str, base: datetime | tuple[datetime, datetime] | None, toward: Toward = "base", taken: bytes | bytearray = b""
) -> list[Found]:
    """As `read_times`, with positions in the text. Where `taken` (one byte a character) is not 0, no expression begins."""
    reader = _Reader(text, _now(base), toward)
    found: list[Found] = []
    at = 0
    while m := _STARTS.search(reader.plain, at):
        if taken and taken[reader.where[m.start()]]:
            at = m.start() + 1
            continue
        one = reader.at(m.start())
        if one:
            found.append(Found(reader.where[one.at], reader.where[one.end - 1] + 1, one.reading))
        at = one.end if one else m.start() + 1
    return found


def _now(base: datetime | tuple[datetime, datetime] | None) -> Now | None:
    if base is None:
        return None
    first, last = base if isinstance(base, tuple) else (base, base)
    return Now(first.astimezone(BEIJING), last.astimezone(BEIJING))


class _Reader:
    def __init__(self, text: str, now: Now | None, toward: Toward) -> None:
        self.text, self.now, self.toward = text, now, toward
        plain = halved(text)
        loose = {i for m in _LOOSE.finditer(plain) for i in range(m.start(), m.end())}
        self.where = [i for i in range(len(plain)) if i not in loose] if loose else range(len(plain))
        """Position in the text of every character that is read."""
        self.plain = "".join(plain[i] for i in self.where) if loose else plain

    def _quote(self, at: int, end: int) -> str:
        return self.text[self.where[at] : self.where[end - 1] + 1]

    def at(self, at: int) -> Found | None:
        """The longest expression that starts here; words that are both a date and a length are a date when the message has a time."""
        if self.plain[at] == "每":
            return self._repeat(at)
        ancient = _BEFORE_CHRIST.match(self.plain, at)
        if ancient:
            return self._span(at, ancient.end(), None, None)  # quoted only: the calendar begins with the year 1
        start = _FROM.match(self.plain, at)
        tries = [
            None if start else self._counted(at),
            self._points(start.end() if start else at, at),
            None if start else self._duration(at),
        ]
        if not self.now:
            tries.reverse()
        return max((t for t in tries if t), key=lambda t: t.end, default=None)

    def _span(self, at: int, end: int, first: datetime | None, last: datetime | None, assumed: tuple[str, ...] = ()) -> Found:
        return Found(at, end, TimeSpan(quote=self._quote(at, end), start=first, end=last, assumed=tuple(dict.fromkeys(assumed))))

    # ---- points and ranges ----

    def _point(self, at: int, near: almanac.Days | None = None, under: Scale = "") -> Point | None:
        said = point_at(self.plain, at, self.now.first.year if self.now else None, under)
        return resolve(said, self.now, near, self.toward) if said else None

    def _points(self, at: int, quoted_from: int, under: Scale = "") -> Found | None:
        nth = _NTH_YEAR.match(self.plain, at)
        if nth and self.now:
            return self._nth_year(nth)
        a = self._point(at, under=under)
        today = _TODAY.match(self.plain, at) if not a and at > quoted_from and self.now else None
        if today and self.now:  # 从现在到年底
            a = Point(Said(at, today.end()), almanac.one(self.now.first.date()), self.now.first, self.now.last)
        if not a:
            return None
        end, first, last, assumed = a.said.end, a.first, a.last, a.assumed
        join = _JOIN.match(self.plain, end)
        today = join and _TODAY.match(self.plain, join.end())
        if join and today:
            end, last = today.end(), self.now.last if self.now else None
        elif join:
            b = self._point(join.end(), a.days)
            if b:
                end = b.said.end
                first, last, more = self._range(a, b)
                assumed += more
        else:
            end, last = self._listed(a)
        if first and last and first > last:
            first = last = None  # 晚上至今, said at noon
        until = _UNTIL.match(self.plain, end)
        end = until.end() if until else end
        return self._open(quoted_from, end, first, last, assumed)

    def _range(self, a: Point, b: Point) -> tuple[datetime | None, datetime | None, tuple[str, ...]]:
        """From the first moment of one to the last of the other; a bare hour at the end is that moment, not its whole hour."""
        if a.first is None or b.first is None or b.last is None:
            return None, None, ()
        last = b.first if b.said.clock and b.said.clock.seconds >= 3600 and a.said.clock else b.last
        if b.said.clock and not b.said.part and a.said.part and b.said.clock.hour < 12 and b.days == a.days:
            hour = on_24_hours(b.said.clock.hour, a.said.part) - b.said.clock.hour
            last += timedelta(hours=hour)  # 下午1点到3点
        if last < a.first and b.said.scale == "day" and not b.said.told:
            last += almanac.DAY  # 22时至2时
        if last < a.first and b.said.scale in ("year", "month") and not b.said.told:
            year = b.said.scale == "year"
            day = almanac.shifted(last.date(), 12 if year else 1)
            last = datetime.combine(day, last.timetz())  # 11月至2月
        more = tuple(w for w in b.assumed if w in ("half-day", "extent", "lunar", "century"))
        return (a.first, last, more) if last >= a.first else (None, None, more)

    def _listed(self, a: Point) -> tuple[int, datetime | None]:
        """9月10号、11号、12号: days one after another are one stretch."""
        end, last = a.said.end, a.last
        comma = _LIST.match(self.plain, end)
        while comma and a.days and last and not a.said.clock and not a.said.part:
            b = self._point(comma.end(), a.days)
            if not b or b.first != last + SECOND or b.said.clock:
                break
            a, end, last = b, b.said.end, b.last
            comma = _LIST.match(self.plain, end)
        return end, last

    def _open(self, at: int, end: int, first: datetime | None, last: datetime | None, assumed: tuple[str, ...]) -> Found:
        """What 以来, 起, 前 and 后 make of a stretch: it runs to the message's time, or is open at one side."""
        since, before, after = (pattern.match(self.plain, end) for pattern in (_SINCE, _BEFORE, _AFTER))
        now = self.now
        if first is None or last is None or not now:
            tail = since or before or after
            return self._span(at, tail.end() if tail else end, None if tail else first, None if tail else last, assumed)
        if since:
            return self._span(at, since.end(), first, now.last if first <= now.last else None, assumed)
        if before:
            return self._span(at, before.end(), now.first if last > now.last else None, last, assumed)
        if after:
            return self._span(at, after.end(), first, None, assumed)
        return self._span(at, end, first, last, assumed)

    def _nth_year(self, m: re.Match[str]) -> Found | None:
        amount = amount_at(self.plain, m.start("n"))
        year = almanac.year(self.now.first.year + int(amount.length.years) - 1) if amount and self.now else None
        first, last = (midnight(year[0]), midnight(year[1] + almanac.DAY) - SECOND) if year else (None, None)
        return self._span(m.start(), m.end(), first, last, ("year",))

    # ---- counted from the message's time ----

    def _counted(self, at: int) -> Found | None:
        ahead, back, later = (pattern.match(self.plain, at) for pattern in (_AHEAD, _BACK, _IN_A_WHILE))
        lead = ahead or back or later
        amount = amount_at(self.plain, lead.end() if lead else at)
        if not amount:
            return None
        tail = _DIRECTION.match(self.plain, amount.end)
        end = tail.end() if tail else amount.end
        if not (lead or tail):
            return None
        if not self.now:
            return self._span(at, end, None, None) if lead or tail else None
        assumed: tuple[str, ...] = ("holidays",) if amount.length.workdays else ()
        try:
            first, last = self._from_now(amount, tail, bool(ahead), back[0] if back else "", bool(later), self.now)
        except (OverflowError, ValueError):
            return self._span(at, end, None, None)  # outside the calendar
        if first and last and amount.unit == "days" and tail and tail["way"] and not tail["far"]:
            that = self._point(_OF.match(self.plain, end).end(), (first.date(), first.date()))  # type: ignore[union-attr]
            if that and that.said.scale == "day" and not that.said.told and that.first:  # 两天后的上午
                end, first, last = that.said.end, that.first, that.last
                assumed += that.assumed[3:]
        return self._span(at, end, first, last, (*assumed, *(("extent",) if amount.rough or amount.halved else ())))

    def _from_now(
        self, amount: Amount, tail: re.Match[str] | None, ahead: bool, back: str, later: bool, now: Now
    ) -> tuple[datetime | None, datetime | None]:
        length, months = amount.length, bool(amount.length.years or amount.length.months)
        if ahead:
            stop = moved(now.first, length, 1)
            return now.first, (midnight(stop.date()) - SECOND if months else stop)
        if back:
            start = moved(now.first, length, -1)
            return (midnight(start.date()) if months or (back == "前" and amount.unit == "days") else start), now.last
        if later:
            return _grain(moved(now.first, length, 1), amount)[0], None
        assert tail
        if tail["since"]:
            return _grain(moved(now.first, length, -1), amount)[0], now.last
        if tail["within"]:
            stop = moved(now.first, length, 1)
            known = now.first.date() == now.last.date()
            if amount.unit in ("hours", "minutes", "seconds"):
                return now.first, stop
            return now.first, midnight(stop.date() + almanac.DAY) - SECOND if known else _grain(stop, amount)[1]
        sign = 1 if tail["way"] == "后" else -1
        first, last = _grain(moved(now.first, length, sign), amount, sign)
        if amount.most:
            edge = _grain(moved(now.first, amount.most, sign), amount, sign)
            first, last = (first, edge[1]) if sign > 0 else (edge[0], last)
        if tail["far"]:
            return (first, None) if sign > 0 else (None, last)
        return first, last

    # ---- how long and how often ----

    def _duration(self, at: int) -> Found | None:
        amount = amount_at(self.plain, at)
        if not amount:
            return self._shared_unit(at)
        between = _BETWEEN.match(self.plain, amount.end)
        most = amount_at(self.plain, between.end()) if between else None
        if most and most.unit == amount.unit:
            tail = _AT_MOST.match(self.plain, most.end)
            return self._lasting(at, tail.end() if tail else most.end, amount.length, most.length)
        limit = _LIMIT.match(self.plain, amount.end)
        if limit:  # 15天以上, 7年以下
            over = limit[0] == "以上"
            return self._lasting(at, limit.end(), amount.length if over else Length(), None if over else amount.length)
        return self._lasting(at, amount.end, amount.length, amount.most or amount.length, amount.rough)

    def _shared_unit(self, at: int) -> Found | None:
        """100到200个小时: the unit stands behind the second number."""
        low = _LEAST.match(self.plain, at)
        most = amount_at(self.plain, low.end()) if low else None
        if not low or not most:
            return None
        unit = self.plain[low.end() : most.end].lstrip("0123456789.零一二两三四五六七八九十百千万")
        least = amount_at(low["n"] + unit, 0)
        return self._lasting(at, most.end, least.length, most.length) if least and least.unit == most.unit else None

    def _lasting(self, at: int, end: int, least: Length, most: Length | None, rough: bool = False) -> Found:
        return Found(at, end, Duration(quote=self._quote(at, end), least=least, most=most, rough=rough or most != least))

    def _repeat(self, at: int) -> Found | None:
        m = _EVERY.match(self.plain, at)
        if not m:
            return None
        amount = amount_at(self.plain, m.end())
        if amount:
            return Found(at, amount.end, Repeat(quote=self._quote(at, amount.end), every=amount.length))
        turn = self._turn(m.end(), "day")
        unit = _EVERY_UNIT.match(self.plain, m.end())
        if not turn and unit:
            field, size = UNITS[unit["unit"]]
            under: Scale = "year" if field == "years" else "month" if field == "months" and size == 1 else "day"
            turn, end = self._turn(unit.end(), under), unit.end()
            every = Length(**{field: size})
        elif turn:
            every = {"year": Length(years=1), "month": Length(months=1), "week": Length(days=7), "day": Length(days=1)}[turn[2]]
        else:
            return None
        end = turn[1] if turn else end
        return Found(at, end, Repeat(quote=self._quote(at, end), every=every, turn=turn[0] if turn else None))

    def _turn(self, at: int, under: Scale) -> tuple[TimeSpan, int, str] | None:
        point = self._point(at, under=under)
        if not point or point.said.told or not point.said.scale:
            return None
        whole = self._points(at, at, under)
        assert whole
        assert isinstance(whole.reading, TimeSpan)
        return whole.reading, whole.end, point.said.scale


def _grain(moment: datetime, amount: Amount, sign: int = 1) -> tuple[datetime, datetime]:
    """The stretch around a counted moment that its smallest unit allows: a year, a month (also for half a year), a day; below that, one unit."""
    day = moment.date()
    length = amount.length
    if amount.unit == "years" and not amount.halved:
        days = almanac.year(day.year)
    elif amount.unit in ("years", "months") and not (amount.unit == "months" and amount.halved):
        days = almanac.month_from(day, 0)
    elif amount.unit == "months":
        days = (day, almanac.shifted(day, 1) - almanac.DAY) if sign > 0 and length.months >= 1 else almanac.one(day)
    elif amount.unit in ("days", "workdays"):
        days = almanac.one(day)
    else:
        size = {"hours": 3600, "minutes": 60, "seconds": 1}[amount.unit]
        wide = timedelta(seconds=min(size, getattr(length, amount.unit) * size))
        return (moment, moment + wide) if sign > 0 else (moment - wide, moment)
    if not days:
        raise ValueError("outside the calendar")
    return midnight(days[0]), midnight(days[1] + almanac.DAY) - SECOND

"""The words of one point in time taken apart: years, months, days, weeks, festivals, and the time of day behind them.

Every pattern is bounded and tried at one place only, so that reading costs no more than the length of the text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from ingestion import almanac
from ingestion.almanac import Days
from ingestion.clock import CLOCK, PART, clock
from ingestion.numerals import number
from ingestion.points import Said, Scale, Step

JOIN = r"[ ]{0,3}(?:至|到|—{1,3}|－|–|-|~|～)[ ]{0,3}"
_N = r"(?:\d{1,3}|[零一二两三四五六七八九十]{1,4})"
_DAY_N = r"(?:[12]\d|3[01]|0?[1-9]|三十一?|[一二]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_MONTH_N = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_ISO = re.compile(
    r"(?<![\d.])(?:(?P<y>(?:1\d|20)\d\d)(?P<sep>[-/.])(?P<m>1[0-2]|0?[1-9])(?:(?P=sep)(?P<d>[12]\d|3[01]|0?[1-9])(?=\D|$|[01]\d:|2[0-4]:))?"
    r"|(?P<y8>(?:19|20)\d\d)(?P<m8>0[1-9]|1[0-2])(?P<d8>0[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?P<m2>0[1-9]|1[0-2])-(?P<d2>0[1-9]|[12]\d|3[01])(?![\d-])|(?P<m3>1[0-2]|0?[1-9])/(?P<d3>[12]\d|3[01]|0?[1-9])(?:[日号]|(?=[ ]?\d\d?:\d\d)))(?![.%])"
)
_YEAR_WORDS = {
    "大前年": -3, "前年": -2, "去年": -1, "上年": -1, "上一年": -1, "今年": 0, "本年度": 0, "本年": 0, "这一年": 0, "明年": 1, "来年": 1, "下一年": 1, "后年": 2,
    "大后年": 3,
}  # fmt: skip
_YEAR_BESIDE = {"同年": 0, "当年": 0, "次年": 1, "翌年": 1, "第二年": 1}
_YEAR = re.compile(
    rf"公元(?P<ad>\d{{1,4}})年|(?P<full>(?<!\d)(?:1\d|20)\d\d|[一二][零一二三四五六七八九]{{3}})(?:年度?|财年|(?={JOIN}(?:\d{{2}}|\d{{4}}|[零一二三四五六七八九]{{2,4}})年))"
    rf"|(?P<short>(?<!\d)\d{{2}}|[零一二三四五六七八九]{{2}})年(?![多半之以来内间后余]|前(?!{_N}个?(?:季|月|周|天)))"
    rf"|(?P<word>{'|'.join(sorted({**_YEAR_WORDS, **_YEAR_BESIDE}, key=len, reverse=True))})"
)
_CENTURY = re.compile(
    r"(?:(?P<n>(?<!\d)\d{1,2}|二?十[一二三四五六七八九]?|[一二三四五六七八九])世纪|(?P<word>上个?世纪|本世纪))(?!大道|广场|公园|城|华)"
    r"(?:(?P<decade>\d0|[二三四五六七八九]?十)年代)?(?P<edge>初期?|早期|前期|中期|中叶|末期?|后期|末叶)?"
)
_DECADE = re.compile(r"(?P<decade>(?<!\d)\d0|[二三四五六七八九]十|零零)年代(?P<edge>初期?|早期|前期|中期|末期?|后期)?")
_FIVE_YEARS = re.compile(r"[“\"]?十(?P<n>[一二三四五六])五[”\"]?(?=时期|期间|规划)")
_LUNAR_YEAR = re.compile(r"(?:农历|阴历|旧历)(?=\d{4}年|[一二][零一二三四五六七八九]{3}年|[去今明前后]年)")
_YEAR_EDGE = re.compile(r"(?P<year>年?)(?P<edge>初|末|底|中|终|尾|头)(?!中学|小学|旬)|(?P<word>伊始|岁末|岁尾|年关|岁首)")
_YEAR_EDGES = {"初": (1, 2), "头": (1, 2), "首": (1, 1), "始": (1, 1), "中": (6, 7)}
"""Months of an edge of the year; every other word is its end, November and December."""
_HALF = re.compile(r"(?P<which>上|下|前|后)半年")
_QUARTER = re.compile(
    r"(?:第?(?P<n>[1-4一二三四])季度|(?P<first>首|头)季度?|Q(?P<q>[1-4])(?:季度?)?(?![A-Za-z\d]))(?P<edge>初|末|底|中(?!国|央|小|东|西|部|期|标))?"
)
_SEASON = re.compile(r"(?P<name>[春夏秋冬])(?:季|天|(?=$|[,，。;；]))")
_SOME = re.compile(rf"(?P<which>前|头|最后|后)(?P<n>{_N})个?(?P<unit>季度|月|周|星期|天|日)|首(?P<one>月|日|周)")
_FIRST_QUARTERS = re.compile(r"前(?P<n>[二三两23])个?季度")
_NTH = re.compile(
    rf"(?:的)?第(?P<n>{_N})个?(?:(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])|(?P<unit>周|星期|礼拜|天|日)(?!内))|(?:的)?最后一?个?(?:周|星期|礼拜)(?P<last>[一二三四五六日天])"
)
_MONTH_WORDS = {"上上个月": -2, "上上月": -2, "上个月": -1, "上一个月": -1, "上月": -1, "本月份": 0, "本月": 0, "这个月": 0, "下下个月": 2, "下下月": 2,
                "下一个月": 1, "下个月": 1, "下月": 1}  # fmt: skip
_MONTH_BESIDE = {"当月": 0, "同月": 0, "该月": 0, "次月": 1}
_MONTH = re.compile(
    rf"(?P<lunar>农历|阴历|旧历)?(?P<leap>闰)?(?:(?P<n>(?<![\d.]){_MONTH_N})(?:月(?:份)?(?!球|饼|亮|租|薪|票|台|嫂|牙|坛)|(?=(?:{JOIN}|[、,]){_MONTH_N}月))|(?P<name>元|正|冬|腊)月|(?P<two>一二|二三|三四|四五|五六|六七|七八|八九)月份?)"
    rf"|(?P<word>{'|'.join(sorted({**_MONTH_WORDS, **_MONTH_BESIDE}, key=len, reverse=True))})"
)
_LUNAR = ("农历", "阴历", "旧历")
_TENTH = re.compile(
    r"(?P<name>上中旬|中下旬|上旬|中旬|下旬|上半月|下半月)|(?P<edge>初(?![一二三四五六七八九十])|底|末|中(?!午|间|秋|学|心))"
)
_TENTHS = {
    "上旬": (1, 10),
    "中旬": (11, 20),
    "下旬": (21, 31),
    "上中旬": (1, 20),
    "中下旬": (11, 31),
    "上半月": (1, 15),
    "下半月": (16, 31),
    "初": (1, 5),
    "中": (10, 20),
    "底": (25, 31),
    "末": (25, 31),
}
_MONTH_EDGE = re.compile(r"月(?P<edge>初|底|末|中)(?!旬)")
_DAY = re.compile(
    rf"(?P<n>(?<![\d.:]){_DAY_N})(?P<word>日|号)(?!楼|线|院|门|机|车|库|桥|井|病|仓|厂|馆|台|路|公|店|房|本|元|报)|(?P<bare>(?<![\d.:]){_DAY_N})(?=(?:{JOIN}|[、,]){_DAY_N}[日号])"
)
_DAY_AFTER_MONTH = re.compile(
    r"(?P<digits>(?:[12]\d|3[01]|0?[1-9])(?![\d.:个名人]))|(?P<lunar>初[一二三四五六七八九十]|廿[一二三四五六七八九]?|[二三]?十[一二三四五六七八九]?(?![人个名余多几]))"
)
_NEW_YEAR_DAY = re.compile(r"(?:大年)?初(?P<n>[一二三四五六七八九十])|大年(?P<n2>十[一二三四五])")
_WEEKDAY = re.compile(
    r"(?:(?P<which>上上|下下|上|下|本|这)(?:一)?个?(?:周的?(?=周|星期|礼拜))?)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天末])(?!游|刊|报|边|围)"
    r"|(?P<which2>上上|下下|上|下|本|这)(?:一)?个?(?:周|星期|礼拜)(?!围|边)"
)
_WEEKS = {"上上": -2, "上": -1, "本": 0, "这": 0, "下": 1, "下下": 2}
_DAY_WORDS = {
    "大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3,
}  # fmt: skip
_RELATIVE = re.compile(
    r"(?P<pair>昨今|今明|明后)(?:两天|两日|天)|(?P<day>大前|大后|前|昨|今|明|后)(?:天|日(?!前)|(?=[晚晨早夜午](?!报|会|期|餐|饭)))|(?P<beside>当天|当日|当(?=[晚夜])|同日|同一天|即日|次日|翌日|隔天|第二天|次(?=晨))"
)
_BESIDE = {"次日": 1, "翌日": 1, "隔天": 1, "第二天": 1, "次": 1}
_FESTIVAL = re.compile(almanac.FESTIVAL)
_LINK = re.compile(r"[的 ,，]{0,2}(?:北京时间|当地时间)?")
_PART = re.compile(rf"(?:大)?(?P<part>{PART})(?!报|餐|饭|班|会|高峰|市)")
_NAMED_WEEKDAY = re.compile(r"\(?(?:周|星期|礼拜)[一二三四五六日天]\)?")
_NUMBERS = tuple("0123456789.:")
_NOT_A_CLOCK = re.compile(r"[个点级建意要看问原几]|[^时]{0,2}%")
_AROUND = re.compile(r"(?:多钟|多|许|左右|前后|上下|时分|钟|整|附近|之间|期间|那天|这天|的时候)+")


class _Words:
    """A place in the text, moved on by every pattern that is found there."""

    def __init__(self, plain: str, at: int) -> None:
        self.plain, self.at = plain, at

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        m = pattern.match(self.plain, self.at)
        if m:
            self.at = m.end()
        return m


def point_at(plain: str, at: int, year_now: int | None, under: Scale = "") -> Said | None:
    """The words of one point that starts here, as long as they reach; null when there is none.

    `under` is the period they are told of (每月 … 最后一天), which lets them begin with a step inside it.
    """
    w = _Words(plain, at)
    said = (
        _in_month(w, Said(at, scale="month"))
        if under == "month"
        else _in_year(w, Said(at, scale="year"), True)
        if under == "year"
        else None
    )
    said = said if said and w.at > at else _date(w, Said(at), year_now)
    dated = w.at > at
    here = w.at
    if dated:
        w.take(_LINK)
    part = w.take(_PART)
    if part:
        said = replace(said, part=part["part"])
        here = w.at
        w.take(_LINK)
    m = CLOCK.match(plain, w.at) if dated or part or plain[at - 1 : at] not in _NUMBERS else None
    hour = clock(m) if m else None
    if m and hour and not (_NOT_A_CLOCK.match(plain, m.end()) and not part and not dated):
        said, here = replace(said, clock=hour), m.end()
    elif m and not hour and (dated or part):
        return replace(said, end=m.end(), steps=(*said.steps, lambda days: None))  # 25点: kept with its quote, never a moment
    elif part and not dated and len(part[0]) < 2 and under != "day":
        return None
    w.at = here
    if w.at == at:
        return None
    w.take(_AROUND)
    return replace(said, end=w.at)


def _date(w: _Words, said: Said, year_now: int | None) -> Said:
    m = w.take(_ISO)
    if m:
        return _iso(m, said, w)
    m = w.take(_CENTURY) or w.take(_DECADE)
    if m:
        return _century(m, said, year_now)
    m = w.take(_FIVE_YEARS)
    if m:
        first = 2001 + 5 * int(number(m["n"]) or 0)
        return replace(said, root=almanac.years(first, first + 4), scale="")
    start = w.at
    w.take(_LUNAR_YEAR)
    said = _year(w, said, year_now)
    yeared = w.at > start
    w.take(re.compile("的"))
    narrowed = _in_year(w, said, yeared)
    if narrowed:
        return narrowed
    m = w.take(_MONTH)
    if m:
        return _in_month(w, _month(m, said, yeared, w.plain[start : start + 2] in _LUNAR))
    if yeared:
        return said
    m = w.take(_MONTH_EDGE)
    if m:
        return replace(said, scale="month", steps=(partial(_inside, bounds=_TENTHS[m["edge"]]),), assumed=("extent",))
    m = _DAY.match(w.plain, w.at)
    # In 13月5日 and 一日三餐 the day alone would be a wrong one.
    if m and w.plain[w.at - 1 : w.at] != "月" and m[0] not in ("一日", "二日"):
        w.at = m.end()
        return _named_day(w, m, said)
    return _relative(w, said)


def _iso(m: re.Match[str], said: Said, w: _Words) -> Said:
    month, day = m["m"] or m["m8"] or m["m2"] or m["m3"], m["d"] or m["d8"] or m["d2"] or m["d3"]
    steps: tuple[Step, ...] = (partial(almanac.months, first=int(month)),)
    steps += (partial(almanac.nth_day, number=int(day)),) if day else ()
    w.take(re.compile(r"[日号]|[T-](?=\d\d?:)"))
    full = m["y"] or m["y8"]
    return replace(said, root=almanac.year(int(full)) if full else None, scale="" if full else "year", steps=steps)


def _century(m: re.Match[str], said: Said, year_now: int | None) -> Said:
    groups = m.groupdict()
    assumed: tuple[str, ...] = ()
    if groups.get("n"):
        first = (int(number(m["n"]) or 1) - 1) * 100
    elif groups.get("word"):
        first = (year_now or 2000) // 100 * 100 - (100 if m["word"][0] == "上" else 0)
        assumed = ("century",)
    else:
        first, assumed = 1900, ("century",)
    first, length = max(first, 0), 100
    if groups.get("decade"):
        first, length = first + int(number(m["decade"].replace("零零", "零")) or 0), 10
    third = {
        100: {"初": (0, 19), "早": (0, 19), "前": (0, 19), "中": (40, 59)},
        10: {"初": (0, 2), "早": (0, 2), "前": (0, 2), "中": (3, 6)},
    }
    edge = (m["edge"] or "")[:1]
    low, high = third[length].get(edge, (length - (20 if length == 100 else 3), length - 1)) if edge else (0, length - 1)
    return replace(said, root=almanac.years(max(1, first + low), first + high), scale="", assumed=assumed + (("extent",) if edge else ()))


def _year(w: _Words, said: Said, year_now: int | None) -> Said:
    m = w.take(_YEAR)
    if not m:
        return said
    if m["word"] in _YEAR_WORDS:
        return replace(said, scale="year", offset=_YEAR_WORDS[m["word"]], told=True)
    if m["word"]:
        return replace(said, scale="year", offset=_YEAR_BESIDE[m["word"]], told=True, beside=True)
    if m["full"] or m["ad"]:
        return replace(said, root=almanac.year(int(number(m["full"] or m["ad"]) or 0)), scale="")
    digits = m["short"]
    short = int(digits) if digits.isdigit() else int(number(digits[0]) or 0) * 10 + int(number(digits[1]) or 0)
    late = 2000 + short
    return replace(said, root=almanac.year(late if late <= (year_now or 2020) + 10 else 1900 + short), scale="", assumed=("century",))


def _narrow(said: Said, *steps: Step, assumed: str = "", scale: Scale | None = None) -> Said:
    return replace(
        said,
        steps=said.steps + steps,
        assumed=said.assumed + ((assumed,) if assumed else ()),
        scale=said.scale if scale is None or said.root or said.told else scale,
    )


def _in_year(w: _Words, said: Said, yeared: bool) -> Said | None:
    """Halves, quarters, seasons, edges, festivals, numbered weeks and days of a year."""
    m = w.take(_HALF)
    if m:
        early = m["which"] in "上前"
        return _narrow(said, partial(almanac.months, first=1 if early else 7, last=6 if early else 12), scale="year")
    m = w.take(_QUARTER)
    if m:
        nth = 1 if m["first"] else int(number(m["n"] or m["q"]) or 0)
        low = nth * 3 - 2
        first, last = {"初": (low, low), "中": (low + 1, low + 1), "末": (low + 2, low + 2), "底": (low + 2, low + 2)}.get(
            m["edge"] or "", (low, low + 2)
        )
        return _narrow(said, partial(almanac.months, first=first, last=last), scale="year")
    m = w.take(_FESTIVAL)
    if m and not (m[0] in almanac.BARE_DATES and not yeared and re.match(r"[^期假前后当]|$", w.plain[w.at : w.at + 1])):
        return _narrow(said, partial(almanac.festival, m[0]), scale="year")
    if m:
        w.at = m.start()
    m = w.take(_SEASON)
    if m:
        return _narrow(said, partial(almanac.season, name=m["name"]), assumed="extent", scale="year")
    m = _YEAR_EDGE.match(w.plain, w.at)
    if m and (yeared or m["year"] or m["word"]):
        w.at = m.end()
        first, last = _YEAR_EDGES.get((m["edge"] or m["word"])[-1], (11, 12))
        return _narrow(said, partial(almanac.months, first=first, last=last), assumed="extent", scale="year")
    if not yeared:
        m = w.take(_FIRST_QUARTERS)
        if m:
            return _narrow(said, partial(_some, which="前", count=int(number(m["n"]) or 0), unit="季度"), scale="year")
        m = w.take(_NEW_YEAR_DAY)
        if m:
            return _lunar_day(_narrow(said, partial(almanac.lunar_month, number=1), assumed="lunar", scale="year"), m["n"] or m["n2"])
        return None
    m = w.take(_NTH)
    if m:
        return _narrow(said, _nth(m))
    m = w.take(_SOME)
    if m:
        return _narrow(said, partial(_some, which=m["which"] or "前", count=int(number(m["n"] or "一") or 0), unit=m["unit"] or m["one"]))
    m = w.take(_NEW_YEAR_DAY)
    return _lunar_day(_narrow(said, partial(almanac.lunar_month, number=1)), m["n"] or m["n2"]) if m else None


def _some(within: Days, which: str, count: int, unit: str) -> Days | None:
    """前两个季度, 前4天, 最后五天 of a year or month."""
    early = which in "前头"
    if unit in ("季度", "月"):
        size = count * (3 if unit == "季度" else 1)
        return almanac.months(within, 1, size) if early else almanac.months(within, 13 - size, 12)
    if unit in ("周", "星期"):
        first = almanac.nth_week(within, 1)
        return (first[0], first[0] + (7 * count - 1) * almanac.DAY) if first and early and 0 < count < 54 else None
    return almanac.first_days(within, count) if early else almanac.last_days(within, count)


def _nth(m: re.Match[str]) -> Step:
    if m["last"]:
        return partial(almanac.last_weekday, weekday=_weekday(m["last"]))
    nth = int(number(m["n"]) or 0)
    if m["weekday"]:
        return partial(almanac.nth_weekday, number=nth, weekday=_weekday(m["weekday"]))
    return partial(almanac.nth_week if m["unit"] in ("周", "星期", "礼拜") else almanac.nth_day, number=nth)


def _weekday(word: str) -> int:
    return 6 if word in "日天" else "一二三四五六".index(word)


def _month(m: re.Match[str], said: Said, yeared: bool, lunar: bool) -> Said:
    if m["word"]:
        beside = m["word"] in _MONTH_BESIDE
        return (
            replace(said, scale="month", offset={**_MONTH_WORDS, **_MONTH_BESIDE}[m["word"]], told=True, beside=beside)
            if not yeared
            else said
        )
    nth = {"元": 1, "正": 1, "冬": 11, "腊": 12}.get(m["name"] or "") or int(number(m["n"] or "零") or 0)
    if m["two"]:
        return _narrow(said, partial(almanac.months, first=int(number(m["two"][0]) or 0), last=int(number(m["two"][1]) or 0)), scale="year")
    if lunar or m["lunar"] or m["leap"] or (m["name"] and m["name"] != "元"):
        return _narrow(said, partial(almanac.lunar_month, number=nth, leap=bool(m["leap"])), scale="year")
    return _narrow(said, partial(almanac.months, first=nth), scale="year")


def _in_month(w: _Words, said: Said) -> Said:
    w.take(re.compile("的"))
    m = w.take(_TENTH)
    if m:
        rough = m["edge"]
        return _narrow(said, partial(_inside, bounds=_TENTHS[m["name"] or rough]), assumed="extent" if rough else "")
    m = w.take(_NTH)
    if m:
        return _narrow(said, _nth(m))
    m = _SOME.match(w.plain, w.at)
    if m and m["unit"] not in ("季度", "月"):
        w.at = m.end()
        return _narrow(said, partial(_some, which=m["which"] or "前", count=int(number(m["n"] or "一") or 0), unit=m["unit"] or m["one"]))
    m = w.take(_DAY)
    if m:
        return _named_day(w, m, said)
    m = w.take(_DAY_AFTER_MONTH)
    if m and m["digits"]:
        return _narrow(said, partial(almanac.nth_day, number=int(m["digits"])))
    return _lunar_day(said, m["lunar"]) if m else said


def _named_day(w: _Words, m: re.Match[str], said: Said) -> Said:
    nth = int(number(m["n"] or m["bare"]) or 0)
    said = _narrow(said, partial(almanac.nth_day, number=nth), scale=None if said.steps or said.told else "month")
    w.take(_NAMED_WEEKDAY)
    return said


def _lunar_day(said: Said, words: str) -> Said:
    """初十, 廿九, 十五 with no 日 behind it: a lunar day, also when 农历 is not said."""
    nth = int(number(words.replace("初", "").replace("廿", "二十")) or 0)
    steps = list(said.steps)
    month = steps[-1] if steps else None
    if isinstance(month, partial) and month.func is almanac.months:
        steps[-1] = partial(almanac.lunar_month, number=month.keywords["first"])
        said = replace(said, assumed=(*said.assumed, "lunar"))
    return replace(said, steps=(*steps, partial(almanac.nth_day, number=nth)))


def _inside(within: Days, bounds: tuple[int, int]) -> Days | None:
    """Days of a month by number; a last of 31 is the month's last."""
    first = within[0] + (bounds[0] - 1) * almanac.DAY
    last = min(within[0] + (bounds[1] - 1) * almanac.DAY, within[1])
    return (first, last) if first <= last else None


def _relative(w: _Words, said: Said) -> Said:
    """今天, 次日, 上周六, 周末."""
    m = w.take(_RELATIVE)
    if m:
        if m["pair"]:
            both = replace(said, scale="day", told=True, offset={"昨今": -1, "今明": 0, "明后": 1}[m["pair"]])
            return _narrow(both, lambda days: (days[0], days[1] + almanac.DAY))
        said = replace(
            said,
            scale="day",
            told=True,
            beside=bool(m["beside"]),
            offset=_BESIDE.get(m["beside"], 0) if m["beside"] else _DAY_WORDS[m["day"]],
        )
        w.take(re.compile(r"\((?:周|星期|礼拜)[一二三四五六日天]\)"))
        return said
    m = w.take(_WEEKDAY)
    if m:
        which = m["which"] or m["which2"]
        said = replace(said, scale="week", told=bool(which), offset=_WEEKS.get(which or "", 0))
        if m["day"] == "末":
            return _narrow(said, lambda days: (days[0] + 5 * almanac.DAY, days[1]))
        return _narrow(said, partial(almanac.nth_day, number=_weekday(m["day"]) + 1)) if m["day"] else said
    return said

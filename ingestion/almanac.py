"""The calendar behind Chinese words for days: months, weeks, quarters, lunar dates, festivals and solar terms.

Every function takes and gives a `Days` pair, first and last day, both included. Narrowing functions look inside such a pair and give
null when there is no such day in it. Weeks begin on Monday; the first week of a month or year is the one of its first Monday. Lunar
dates and solar terms come from `lunar_python`, which is only loaded when a text names one, for the years 1900 to 2100.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from functools import cache

Days = tuple[date, date]

DAY = timedelta(days=1)
LUNAR_YEARS = range(1900, 2101)

_SOLAR_FESTIVALS = {
    "元旦节": (1, 1), "元旦": (1, 1), "阳历新年": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "三八节": (3, 8), "植树节": (3, 12), "消费者权益日": (3, 15),
    "愚人节": (4, 1), "世界地球日": (4, 22), "国际劳动节": (5, 1), "劳动节": (5, 1), "五一节": (5, 1), "五一": (5, 1), "青年节": (5, 4), "五四青年节": (5, 4),
    "防灾减灾日": (5, 12), "护士节": (5, 12), "儿童节": (6, 1), "六一": (6, 1), "建党节": (7, 1), "七一": (7, 1), "建军节": (8, 1), "八一": (8, 1),
    "教师节": (9, 10), "烈士纪念日": (9, 30), "国庆节": (10, 1), "国庆": (10, 1), "十一国庆": (10, 1), "程序员节": (10, 24), "万圣节": (11, 1),
    "光棍节": (11, 11), "双十一": (11, 11), "双11": (11, 11), "记者节": (11, 8), "消防日": (11, 9), "消防宣传日": (11, 9), "双十二": (12, 12),
    "宪法日": (12, 4), "国家公祭日": (12, 13), "平安夜": (12, 24), "圣诞节": (12, 25), "圣诞": (12, 25), "跨年夜": (12, 31),
}  # fmt: skip
_LUNAR_FESTIVALS = {
    "春节": (1, 1), "大年初一": (1, 1), "正月初一": (1, 1), "农历新年": (1, 1), "元宵节": (1, 15), "元宵": (1, 15), "龙抬头": (2, 2), "端午节": (5, 5),
    "端午": (5, 5), "七夕节": (7, 7), "七夕": (7, 7), "中元节": (7, 15), "中秋节": (8, 15), "中秋": (8, 15), "重阳节": (9, 9), "重阳": (9, 9), "腊八节": (12, 8),
    "腊八": (12, 8), "小年": (12, 23), "除夕夜": (12, 0), "除夕": (12, 0), "年三十": (12, 0), "大年三十": (12, 0), "大年夜": (12, 0),
}  # fmt: skip
"""Lunar month and day; day 0 is the last of the month."""
_WEEKDAY_FESTIVALS = {"母亲节": (5, 2, 6), "父亲节": (6, 3, 6), "感恩节": (11, 4, 3)}
"""Month, which one, day of the week (Monday 0)."""
_TERMS = (
    "立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至", "小暑", "大暑", "立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪",
    "大雪", "冬至", "小寒", "大寒",
)  # fmt: skip
_WEATHER_TOO = ("雨水", "小雪", "大雪", "大寒")
"""Solar terms that are weather more often than a day: only read with 节气 or 节 behind them."""
_SEASONS = {"春": 3, "夏": 6, "秋": 9, "冬": 12}

_NAMES = sorted(
    {*_SOLAR_FESTIVALS, *_LUNAR_FESTIVALS, *_WEEKDAY_FESTIVALS, *(t for t in _TERMS if t not in _WEATHER_TOO)}, key=len, reverse=True
)
FESTIVAL = rf"(?:{'|'.join(_NAMES)})(?:节气|节日|当天|当日|这天|那天|节)?|(?:{'|'.join(_WEATHER_TOO)})(?:节气|时节)"
"""Pattern of a named day; 五一路, 八一广场, 中秋苑 and the like are left to the caller's look at what follows."""
BARE_DATES = frozenset({"五一", "六一", "七一", "八一"})
"""Festivals that are names of streets and firms as often as days."""


def festival(name: str, within: Days) -> Days | None:
    """The day of that name in the year of `within`; a lunar day belongs to the lunar year that begins in it."""
    year = within[0].year
    name = re.sub(r"(?:节气|节日|时节|当天|当日|这天|那天)$", "", name)
    for key in (name, name + "节", name.removesuffix("节")):
        if key in _SOLAR_FESTIVALS:
            return one(date(year, *_SOLAR_FESTIVALS[key]))
        if key in _WEEKDAY_FESTIVALS:
            month, nth, weekday = _WEEKDAY_FESTIVALS[key]
            return nth_weekday((date(year, month, 1), date(year, month, 28)), nth, weekday)
        if key in _LUNAR_FESTIVALS:
            month, day = _LUNAR_FESTIVALS[key]
            inside = lunar_month(within, month)
            return inside and (one(inside[1]) if day == 0 else nth_day(inside, day))
        if key in _TERMS:
            return _solar_terms(year).get(key) if year in LUNAR_YEARS else None
    return None


@cache
def _solar_terms(year: int) -> dict[str, Days]:
    from lunar_python import Solar

    table = Solar.fromYmd(year, 6, 15).getLunar().getJieQiTable()
    days = {name: date(s.getYear(), s.getMonth(), s.getDay()) for name, s in table.items()}
    # The table runs from the winter before to the spring after; names in Latin letters are those outside the year proper.
    days["冬至"] = days["DONG_ZHI"]
    return {name: one(day) for name, day in days.items() if name in _TERMS and day.year == year}


@cache
def _lunar_months(year: int) -> dict[int, Days]:
    """Month of a lunar year (a leap month negative) -> its days."""
    from lunar_python import LunarYear, Solar

    found = {}
    for month in LunarYear.fromYear(year).getMonths():
        if month.getYear() == year:
            s = Solar.fromJulianDay(month.getFirstJulianDay())
            first = date(s.getYear(), s.getMonth(), s.getDay())
            found[month.getMonth()] = (first, first + timedelta(days=month.getDayCount() - 1))
    return found


def lunar_month(within: Days, number: int, leap: bool = False) -> Days | None:
    """A month of the lunar year that bears the number of the year of `within`."""
    year = within[0].year
    return _lunar_months(year).get(-number if leap else number) if year in LUNAR_YEARS else None


def one(day: date) -> Days:
    return day, day


def year(number: int) -> Days | None:
    return (date(number, 1, 1), date(number, 12, 31)) if 1 <= number <= 9998 else None


def years(first: int, last: int) -> Days | None:
    a, b = year(first), year(last)
    return (a[0], b[1]) if a and b else None


def months(within: Days, first: int, last: int | None = None) -> Days | None:
    """Months of the year of `within`, by number."""
    last = last or first
    if not 1 <= first <= last <= 12:
        return None
    number = within[0].year
    return date(number, first, 1), date(number, last, monthrange(number, last)[1])


def month_from(day: date, step: int) -> Days | None:
    """The month so many months after that of `day`."""
    count = day.year * 12 + day.month - 1 + step
    inside = year(count // 12)
    return months(inside, count % 12 + 1) if inside else None


def shifted(day: date, count: int) -> date:
    """The same day so many months later, or the month's last. Raises OverflowError or ValueError outside the calendar."""
    number = day.year * 12 + day.month - 1 + count
    return date(number // 12, number % 12 + 1, min(day.day, monthrange(number // 12, number % 12 + 1)[1]))


def nth_day(within: Days, number: int) -> Days | None:
    """Day 12 of a month, day 1 of a year."""
    day = within[0] + (number - 1) * DAY
    return one(day) if number >= 1 and day <= within[1] else None


def first_days(within: Days, count: int) -> Days | None:
    last = nth_day(within, count)
    return (within[0], last[0]) if last else None


def last_days(within: Days, count: int) -> Days | None:
    first = within[1] - (count - 1) * DAY
    return (first, within[1]) if count >= 1 and first >= within[0] else None


def week_of(day: date, step: int = 0) -> Days:
    """Monday to Sunday of the week so many weeks after that of `day`."""
    monday = day + timedelta(weeks=step, days=-day.weekday())
    return monday, monday + 6 * DAY


def nth_week(within: Days, number: int) -> Days | None:
    """A month's or year's week by number; the last may run over its end."""
    if number < 1:
        return None
    first = within[0] + (-within[0].weekday() % 7) * DAY + timedelta(weeks=number - 1)
    return (first, first + 6 * DAY) if first <= within[1] else None


def nth_weekday(within: Days, number: int, weekday: int) -> Days | None:
    day = within[0] + ((weekday - within[0].weekday()) % 7) * DAY + timedelta(weeks=number - 1)
    return one(day) if number >= 1 and day <= within[1] else None


def last_weekday(within: Days, weekday: int) -> Days | None:
    return one(within[1] - ((within[1].weekday() - weekday) % 7) * DAY)


def season(within: Days, name: str) -> Days | None:
    """Three months as the weather service counts them; winter runs into the next year."""
    first = date(within[0].year, _SEASONS[name], 1)
    return first, shifted(first, 3) - DAY


def workdays_after(day: date, count: int) -> date:
    """The day after so many Mondays to Fridays; public holidays are not known here. Raises OverflowError outside the calendar."""
    day -= max(0, day.weekday() - 4) * DAY  # from a weekend one counts as from its Friday
    weeks, rest = divmod(count, 5)
    over = day.weekday() + rest > 4
    return day + timedelta(weeks=weeks, days=rest + 2 * over)

"""Times are read against the message's own time, and say what they assumed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ingestion.times import find_times
from models.domain import BEIJING, TimeSpan

BASE = datetime(2026, 7, 20, 21, 30, tzinfo=BEIJING)


def only(text: str, base: datetime | None = BASE) -> TimeSpan:
    spans = find_times(text, base)
    assert len(spans) == 1, [s.quote for s in spans]
    return spans[0]


def at(moment: datetime | None) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S") if moment else "-"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("3月5日4时39分许", "2026-03-05 04:39:00", "2026-03-05 04:39:59"),
        ("今晨", "2026-07-20 04:00:00", "2026-07-20 08:59:59"),
        ("昨晚8点许", "2026-07-19 20:00:00", "2026-07-19 20:59:59"),
        ("18日零时", "2026-07-18 00:00:00", "2026-07-18 00:59:59"),
        ("18日24时", "2026-07-19 00:00:00", "2026-07-19 00:59:59"),
        ("昨晚1点", "2026-07-20 01:00:00", "2026-07-20 01:59:59"),
        ("当日下午", "2026-07-20 12:00:00", "2026-07-20 17:59:59"),
        ("昨天凌晨5点半", "2026-07-19 05:30:00", "2026-07-19 05:30:59"),
        ("６月３０日１７：０５", "2026-06-30 17:05:00", "2026-06-30 17:05:59"),
        ("六月三十日十六时三十分", "2026-06-30 16:30:00", "2026-06-30 16:30:59"),
        ("12月31日", "2025-12-31 00:00:00", "2025-12-31 23:59:59"),
        ("上周五下午", "2026-07-17 12:00:00", "2026-07-17 17:59:59"),
        ("上个月15号", "2026-06-15 00:00:00", "2026-06-15 23:59:59"),
        ("半小时前", "2026-07-20 20:52:30", "2026-07-20 21:07:30"),
        ("2021-07-20 18:30", "2021-07-20 18:30:00", "2021-07-20 18:30:59"),
    ],
)
def test_words_become_an_interval(text: str, start: str, end: str) -> None:
    span = only(text)
    assert (at(span.start), at(span.end)) == (start, end)


def test_a_span_runs_from_its_first_to_its_last_moment() -> None:
    span = only("7月19日8时至20日6时")
    assert (at(span.start), at(span.end)) == ("2026-07-19 08:00:00", "2026-07-20 06:59:59")


def test_a_span_of_hours_may_cross_midnight() -> None:
    span = only("7月19日22时至2时")
    assert at(span.end) == "2026-07-20 02:59:59"


def test_the_second_clock_of_an_afternoon_is_in_the_afternoon() -> None:
    assert at(only("今天下午1点到3点").end) == "2026-07-20 15:59:59"


def test_an_impossible_date_keeps_its_quote_and_gets_no_interval() -> None:
    span = only("2月30日")
    assert (span.quote, span.start, span.end) == ("2月30日", None, None)


def test_a_thirteenth_month_is_no_date() -> None:
    assert find_times("13月5日", BASE) == []


def test_a_call_tells_of_what_was_unless_its_words_look_ahead() -> None:
    nine = BASE.replace(hour=9, minute=0)
    assert at(only("8点", nine).start) == "2026-07-20 08:00:00"
    assert at(only("明天8点", nine).start) == "2026-07-21 08:00:00"


def test_just_now_ends_at_the_message() -> None:
    assert only("刚才").end == BASE


def test_without_a_base_only_a_full_date_resolves() -> None:
    spans = find_times("昨晚8点，2021年7月20日18时", None)
    assert [s.start is None for s in spans] == [True, False]


def test_what_the_words_leave_out_is_listed_as_assumed() -> None:
    assert only("3月5日4时39分许").assumed == ("year",)
    assert only("18日零时").assumed == ("year", "month")
    assert only("2026年3月5日4时39分").assumed == ()


def test_a_bare_oclock_assumes_its_half_of_the_day() -> None:
    span = only("7点多")
    assert at(span.start) == "2026-07-20 19:00:00"
    assert "half-day" in span.assumed


def test_the_day_written_in_brackets_wins() -> None:
    assert at(only("今天（19日）下午").start) == "2026-07-19 12:00:00"


def test_that_evening_is_the_evening_of_the_day_named_before() -> None:
    spans = find_times("7月12日中午起雾。当晚9时雾散。", BASE)
    assert at(spans[1].start) == "2026-07-12 21:00:00"


def test_the_zone_of_the_base_does_not_change_the_beijing_day() -> None:
    london = datetime(2026, 7, 20, 18, 0, tzinfo=timezone(timedelta(hours=0)))  # already the 21st in Beijing
    assert at(only("今日", london).start) == "2026-07-21 00:00:00"


@pytest.mark.parametrize(
    "text", ["3号楼着火", "他提了三点建议", "一日三餐", "用了3个小时", "早餐", "三日内办结", "比分35:37", "震级五点零级"]
)
def test_words_that_only_look_like_a_time_are_left_alone(text: str) -> None:
    assert find_times(text, BASE) == []


def test_every_quote_is_in_the_text() -> None:
    text = "截至７月２０日２０时，昨晚八时许起的雨，于今天（20日）上午10时30分左右停。"
    spans = find_times(text, BASE)
    assert len(spans) == 3
    assert all(s.quote in text for s in spans)

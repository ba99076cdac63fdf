"""The general reader: when, how long, how often, with what was assumed; hostile text costs no more than its length."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.evaluate_times import times
from ingestion.phrases import read_times
from ingestion.times import find_times
from models.domain import BEIJING, Duration, Length, Repeat, TimeSpan
from models.errors import BadInput

BASE = datetime(2026, 7, 20, 21, 30, 15, tzinfo=BEIJING)  # a Monday
CASES = Path(__file__).resolve().parents[2] / "../shared/data/jionlp_time_location_cases/time_cases.jsonl"


def only(text: str, toward: str = "base", base: object = BASE) -> TimeSpan | Duration | Repeat:
    found = read_times(text, base, toward)  # type: ignore[arg-type]
    assert len(found) == 1, [f.quote for f in found]
    return found[0]


def stretch(text: str, toward: str = "base", base: object = BASE) -> str:
    span = only(text, toward, base)
    assert isinstance(span, TimeSpan)
    return " ".join(
        t.strftime("%Y-%m-%dT%H:%M:%S").removesuffix(edge) if t else "-" for t, edge in ((span.start, "T00:00:00"), (span.end, "T23:59:59"))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # years and what is larger
        ("九八年夏天", "1998-06-01 1998-08-31"),
        ("零八年", "2008-01-01 2008-12-31"),
        ("上世纪八十年代末", "1987-01-01 1989-12-31"),
        ("19世纪60年代", "1860-01-01 1869-12-31"),
        ("十四五时期", "2021-01-01 2025-12-31"),
        ("2025财年", "2025-01-01 2025-12-31"),
        ("前年上半年", "2024-01-01 2024-06-30"),
        ("去年年底", "2025-11-01 2025-12-31"),
        ("前三季度", "2026-01-01 2026-09-30"),
        ("明年二季度末", "2027-06-01 2027-06-30"),
        ("2026年第200天", "2026-07-19 2026-07-19"),
        # months
        ("三四月份", "2026-03-01 2026-04-30"),
        ("上上个月中旬", "2026-05-11 2026-05-20"),
        ("本月底", "2026-07-25 2026-07-31"),
        ("二月最后三天", "2026-02-26 2026-02-28"),
        ("11月最后一个星期四", "2026-11-26 2026-11-26"),
        # lunar days, festivals, solar terms
        ("农历五月初五", "2026-06-19 2026-06-19"),
        ("闰六月", "- -"),  # 2026 has none
        ("去年闰六月初一", "2025-07-25 2025-07-25"),
        ("前年除夕", "2025-01-28 2025-01-28"),
        ("明年元宵节", "2027-02-20 2027-02-20"),
        ("冬至", "2026-12-22 2026-12-22"),
        ("去年父亲节", "2025-06-15 2025-06-15"),
        # weeks and days
        ("下下周五", "2026-08-07 2026-08-07"),
        ("上周末", "2026-07-18 2026-07-19"),
        ("今明两天", "2026-07-20 2026-07-21"),
        ("后天凌晨三点", "2026-07-22T03:00:00 2026-07-22T03:59:59"),
        ("十天前的晚上", "2026-07-10T18:00:00 2026-07-10"),
        # clocks
        ("差五分八点", "2026-07-20T07:55:00 2026-07-20T07:55:59"),
        ("7月18号晚10点一刻", "2026-07-18T22:15:00 2026-07-18T22:15:59"),
        ("晚上12点半", "2026-07-21T00:30:00 2026-07-21T00:30:59"),
        ("凌晨两三点", "2026-07-20T02:00:00 2026-07-20T03:59:59"),
        ("7 月 18 日 15:30", "2026-07-18T15:30:00 2026-07-18T15:30:59"),
        ("２０２６／７／１８　１５：３０", "2026-07-18T15:30:00 2026-07-18T15:30:59"),
        # ranges that share their parts
        ("18-20日", "2026-07-18 2026-07-20"),
        ("一至三月", "2026-01-01 2026-03-31"),
        ("2008到12年", "2008-01-01 2012-12-31"),
        ("11月至次年2月", "2026-11-01 2027-02-28"),
        ("下午2:30-4:00", "2026-07-20T14:30:00 2026-07-20T16:00:59"),
        ("今晚8点到明早6点", "2026-07-20T20:00:00 2026-07-21T06:00:00"),
        ("7月18日15时至17时30分", "2026-07-18T15:00:00 2026-07-18T17:30:59"),
        ("7月18日、19日", "2026-07-18 2026-07-19"),
        ("即日起至8月31日", "2026-07-20 2026-08-31"),
        # open stretches, and to the message's time
        ("7月18日以来", "2026-07-18 2026-07-20T21:30:15"),
        ("8月1日起", "2026-08-01 -"),
        ("三天以前", "- 2026-07-17"),
        ("半小时以后", "2026-07-20T22:00:15 -"),
        ("7月底前", "2026-07-20T21:30:15 2026-07-31"),
        # counted from the message
        ("三日后", "2026-07-23 2026-07-23"),
        ("两三天前", "2026-07-17 2026-07-18"),
        ("一个半小时前", "2026-07-20T19:00:15 2026-07-20T20:00:15"),
        ("72小时内", "2026-07-20T21:30:15 2026-07-23T21:30:15"),
        ("5个工作日内", "2026-07-20T21:30:15 2026-07-27"),
        ("过去24小时", "2026-07-19T21:30:15 2026-07-20T21:30:15"),
        ("近三年来", "2023-07-20 2026-07-20T21:30:15"),
    ],
)
def test_words_become_a_stretch(text: str, expected: str) -> None:
    assert stretch(text) == expected


@pytest.mark.parametrize(
    ("text", "past", "future"),
    [
        ("8月5日", "2025-08-05 2025-08-05", "2026-08-05 2026-08-05"),
        ("3月8日", "2026-03-08 2026-03-08", "2027-03-08 2027-03-08"),
        ("25日", "2026-06-25 2026-06-25", "2026-07-25 2026-07-25"),
        ("周三", "2026-07-15 2026-07-15", "2026-07-22 2026-07-22"),
        ("上午8点", "2026-07-20T08:00:00 2026-07-20T08:59:59", "2026-07-21T08:00:00 2026-07-21T08:59:59"),
        ("明天", "2026-07-21 2026-07-21", "2026-07-21 2026-07-21"),
        ("去年8月", "2025-08-01 2025-08-31", "2025-08-01 2025-08-31"),
    ],
)
def test_what_is_left_open_lies_where_it_is_asked_for(text: str, past: str, future: str) -> None:
    assert (stretch(text, "past"), stretch(text, "future")) == (past, future)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("一年零三个月", Length(years=1, months=3), None),
        ("36小时20分钟", Length(hours=36, minutes=20), None),
        ("三天三夜", Length(days=3), None),
        ("两星期", Length(days=14), None),
        ("三五天", Length(days=3), Length(days=5)),
        ("20到30分钟", Length(minutes=20), Length(minutes=30)),
        ("8个半小时", Length(hours=8.5), None),
    ],
)
def test_lengths(text: str, least: Length, most: Length | None) -> None:
    found = only(text, base=None)
    assert isinstance(found, Duration)
    assert (found.least, found.most) == (least, most or least)


def test_a_length_may_be_open_above() -> None:
    found = only("15天以上")
    assert isinstance(found, Duration)
    assert (found.least, found.most) == (Length(days=15), None)


@pytest.mark.parametrize(
    ("text", "every", "turn"),
    [
        ("每半个小时", Length(hours=0.5), ""),
        ("每月最后一天", Length(months=1), "2026-07-31"),
        ("每周六上午9点到11点", Length(days=7), "2026-07-25"),
        ("每年清明节", Length(years=1), "2026-04-05"),
        ("每晚", Length(days=1), "2026-07-20"),
        ("每个工作日", Length(workdays=1), ""),
    ],
)
def test_what_comes_again(text: str, every: Length, turn: str) -> None:
    found = only(text)
    assert isinstance(found, Repeat)
    assert found.every == every
    assert (f"{found.turn.start:%Y-%m-%d}" if found.turn else "") == turn


def test_a_base_known_only_to_its_year_or_day_is_a_stretch_itself() -> None:
    year = (datetime(2019, 1, 1, tzinfo=BEIJING), datetime(2019, 12, 31, 23, 59, 59, tzinfo=BEIJING))
    assert stretch("3年以前", base=year) == "- 2016-12-31"
    day = (datetime(2019, 8, 22, tzinfo=BEIJING), datetime(2019, 8, 22, 23, 59, 59, tzinfo=BEIJING))
    assert stretch("半年以来", base=day) == "2019-02-01 2019-08-22"


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("2026年3月5日4时", set()),
        ("3月5日", {"year"}),
        ("98年3月", {"century"}),
        ("八月十五", {"year", "lunar"}),
        ("8点", {"year", "month", "day", "half-day"}),
        ("2026年底", {"extent"}),
        ("5个工作日后", {"holidays"}),
    ],
)
def test_says_what_it_assumed(text: str, assumed: set[str]) -> None:
    span = only(text)
    assert isinstance(span, TimeSpan)
    assert set(span.assumed) == assumed


@pytest.mark.parametrize(
    "text", ["2月30日", "2026年2月29日", "7月18日25时", "公元前221年", "闰六月", "99999年后", "二月三十一号", "明天至今", "2026年第60周"]
)
def test_the_impossible_keeps_its_quote_and_gets_no_moment(text: str) -> None:
    span = only(text)
    assert isinstance(span, TimeSpan)
    assert (span.quote, span.start, span.end) == (text, None, None)


@pytest.mark.parametrize(
    "text", ["13月45日", "25点", "0点70分钟路", "3号楼", "他提了三点建议", "一日三餐的", "历时近2个小时", "", "比分35:37"]
)
def test_what_is_no_time_gets_no_moment(text: str) -> None:
    assert not [r for r in read_times(text, BASE) if isinstance(r, TimeSpan) and r.quote != "0点"]


def test_the_desk_sees_the_frame_of_an_event_but_not_its_deadline() -> None:
    spans = find_times("今年春节以来已有三次，要求8月底前完成整改，3日内报结果。", BASE)
    assert [s.quote for s in spans] == ["今年春节以来"]


def test_towards_the_future_a_plan_is_read() -> None:
    assert [s.quote for s in find_times("3月8日前完成", BASE, "future")] == ["3月8日前"]
    assert find_times("3月8日", BASE, "future")[0].start == datetime(2027, 3, 8, tzinfo=BEIJING)


_ALPHABET = "0123456789０１２３：．－/-.:~～ 　零一二两三四五六七八九十百千万廿半几多年月日号时点分秒周星期礼拜天末季度旬上中下前后今昨明大每从自至到起止内外以之来去近过未第初底闰农历腊正春节清明晚早晨夜午刻钟个世纪代的，、（）()\n"


@settings(max_examples=400, deadline=None)
@given(
    st.text(_ALPHABET, max_size=40),
    st.sampled_from(["past", "base", "future"]),
    st.sampled_from([BASE, None, datetime(1, 1, 2, tzinfo=BEIJING), datetime(9999, 12, 30, tzinfo=BEIJING)]),
)
def test_any_text_is_read_without_error_and_quoted(text: str, toward: str, base: datetime | None) -> None:
    for found in [*read_times(text, base, toward), *find_times(text, base)]:  # type: ignore[arg-type]
        assert found.quote
        assert found.quote in text
        if isinstance(found, TimeSpan) and found.start and found.end:
            assert found.start <= found.end


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "一",
        "十",
        "年",
        "1年",
        "一月至",
        "1-",
        "12:",
        "每每天",
        "从",
        "9月10号，",
        "昨晚",
        "１２月３０号",
        "上",
        "第",
        " ",
        "1 ",
        "3天1小时",
        "0000年13月45日25点",
    ],
)
def test_reading_takes_time_by_length_only(piece: str) -> None:
    """Five thousand characters, the densest there are, in well under the time a reader that goes back and forth would need."""
    text = piece * (5_000 // len(piece))
    began = process_time()
    read_times(text, BASE)
    find_times(text, BASE)
    assert process_time() - began < 5


def test_a_message_is_read_in_milliseconds() -> None:
    text = (
        "7月18日晚8点许，接群众报警称江宁区某小区地下车库积水约40厘米，有3辆车被困，消防部门已于20时15分到场，正在抽排，今年以来该处已发生两次类似险情。"
        * 5
    )[:300]
    find_times(text, BASE)
    spent = []
    for _ in range(40):
        began = process_time()
        find_times(text, BASE)
        spent.append(process_time() - began)
    assert sorted(spent)[len(spent) // 2] < 0.02, "the measured figure is 2–3 ms; the bound leaves room for a loaded machine"


@pytest.mark.skipif(not CASES.exists(), reason="the shared evaluation data is not on this machine")
def test_labelled_expressions_are_read() -> None:
    assert times(CASES)["share"] >= 0.9


def test_a_missing_file_of_cases_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="找不到"):
        times(tmp_path / "none.jsonl")


def test_a_quote_of_spaced_words_is_a_stretch_of_the_text() -> None:
    text = "预计 8 月 5 日 至 9 日有雨"
    span = only(text)
    assert isinstance(span, TimeSpan)
    assert span.quote == "8 月 5 日 至 9 日"
    assert span.start == BASE.replace(month=8, day=5, hour=0, minute=0, second=0)
    assert span.end == span.start + timedelta(days=5, seconds=-1)

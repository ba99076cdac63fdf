"""Response levels: whose thresholds they are, and from when."""

from __future__ import annotations

from datetime import date

from models.domain import Grading
from models.rules import response_levels

TODAY = date(2026, 7, 1)


def by_scheme(impacts: dict[str, float], on: date = TODAY) -> dict[str, Grading]:
    return {one.scheme: one for one in response_levels(impacts, on)}


def test_only_nanjing_counts_as_local() -> None:
    assert {one.scheme for one in response_levels({"dead": 9}, TODAY) if one.local} == {"response.nanjing"}


def test_nanjing_comes_first_and_says_its_numbers_are_not_loaded() -> None:
    first = response_levels({"dead": 9}, TODAY)[0]
    assert first.scheme == "response.nanjing"
    assert "宁政办发〔2025〕27号的启动数字未取得" in first.reasons[0]


def test_before_the_nanjing_plan_was_issued_no_local_plan_is_said_to_be_loaded() -> None:
    first = response_levels({"dead": 9}, date(2025, 5, 27))[0]
    assert first.level is None
    assert first.local
    assert "未载入" in first.reasons[0]


def test_the_plan_of_2016_gives_way_to_that_of_2024_on_its_day() -> None:
    assert "response.cn-2016" in by_scheme({"dead": 300}, date(2024, 1, 19))
    assert "response.cn-2016" not in by_scheme({"dead": 300}, date(2024, 1, 20))
    assert "response.cn-2024" in by_scheme({"dead": 300}, date(2024, 1, 20))


def test_another_citys_plan_says_that_it_is_not_nanjings() -> None:
    assert any("不是南京市的，仅供参照" in reason for reason in by_scheme({"dead": 9})["response.suzhou"].reasons)


def test_an_unverified_threshold_says_that_it_is_no_ground_for_starting() -> None:
    assert any("未核实，不得作为启动依据" in reason for reason in by_scheme({"dead": 25})["response.cn-2024"].reasons)


def test_a_sum_with_an_unknown_part_is_called_a_lower_bound() -> None:
    assert any("为至少数" in reason for reason in by_scheme({"dead": 6})["response.guangdong"].reasons)


def test_without_any_figure_no_plan_gives_a_level() -> None:
    assert all(one.level is None for one in response_levels({}, TODAY))


def test_damage_of_unknown_degree_is_not_taken_for_severe_damage() -> None:
    assert by_scheme({"homes_damaged": 90_000})["response.suzhou"].level is None


def test_several_criteria_met_are_all_named() -> None:
    reasons = by_scheme({"dead": 30, "relocated": 100_000})["response.suzhou"].reasons
    assert sum("达到Ⅰ级响应条件" in reason for reason in reasons) == 2


def test_the_parts_of_the_relocated_count_where_the_whole_is_not_known_and_never_beside_it() -> None:
    whole = by_scheme({"relocated": 100_000})["response.suzhou"]
    parts = by_scheme({"relocated_central": 60_000, "relocated_dispersed": 40_000})["response.suzhou"]
    both = by_scheme({"relocated": 100_000, "relocated_central": 60_000, "relocated_dispersed": 40_000})["response.suzhou"]
    assert whole.level is not None
    assert whole.level == parts.level == both.level
    assert "至少数" in parts.reasons[0]
    assert whole.reasons == both.reasons

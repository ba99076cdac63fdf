"""Accident grades: what is said beside the grade."""

from __future__ import annotations

import pytest

from models.errors import BadInput
from models.rules import grade_accident, significant_hazard_event


def test_an_unknown_figure_is_named_as_unknown_and_not_counted_as_zero() -> None:
    reasons = "".join(grade_accident(2, None, None).reasons)
    assert "重伤、直接经济损失未知，不按零计" in reasons


def test_with_all_figures_known_nothing_is_called_unknown() -> None:
    assert "未知" not in "".join(grade_accident(2, 0, 10).reasons)


def test_the_reason_names_the_figure_and_the_threshold_it_met() -> None:
    assert grade_accident(12, 0, 0).reasons[0] == "死亡12人，符合重大事故标准（10人以上、30人以下）。"


def test_the_grade_cites_its_clause_and_where_it_was_read() -> None:
    grading = grade_accident(3, 0, 0)
    assert grading.clause == "国务院令第493号第三条第一款"
    assert "LawRefBook" in grading.reference
    assert grading.verified


def test_all_zero_leaves_it_to_a_person_whether_it_is_an_accident() -> None:
    assert "由人工认定" in "".join(grade_accident(0, 0, 0).reasons)


def test_unknown_missing_persons_are_said_to_be_unknown() -> None:
    assert "下落不明人数未知。" in grade_accident(3, 0, 0, missing=None).reasons


@pytest.mark.parametrize(
    ("deaths", "edge"), [(2, "较大事故界线（3人）差1人"), (9, "重大事故界线（10人）差1人"), (29, "特别重大事故界线（30人）差1人")]
)
def test_one_death_below_an_edge_warns_to_check(deaths: int, edge: str) -> None:
    (warning,) = grade_accident(deaths, 0, 0).near_boundary
    assert edge in warning
    assert "请复核" in warning


@pytest.mark.parametrize("deaths", [3, 10, 30])
def test_a_death_count_that_just_reaches_a_grade_alone_warns_to_check(deaths: int) -> None:
    assert "刚达到" in "".join(grade_accident(deaths, 0, 0).near_boundary)


@pytest.mark.parametrize("deaths", [0, 1, 4, 8, 11, 28, 31])
def test_figures_well_inside_a_grade_raise_no_warning(deaths: int) -> None:
    assert grade_accident(deaths, 0, 0).near_boundary == ()


def test_just_reaching_an_edge_with_one_figure_is_no_warning_when_another_figure_reaches_the_grade_too() -> None:
    assert grade_accident(10, 60, 0).near_boundary == ()


def test_a_figure_near_a_lower_edge_is_no_warning_when_the_grade_is_already_higher() -> None:
    assert grade_accident(40, 49, 0).near_boundary == ()


def test_missing_persons_who_would_bring_the_count_to_the_edge_are_pointed_out() -> None:
    assert any("（含下落不明）29人" in warning for warning in grade_accident(27, 0, 0, missing=2).near_boundary)


def test_a_loss_close_below_an_edge_warns_in_wan_yuan() -> None:
    assert "差20万元" in "".join(grade_accident(0, 0, 4980).near_boundary)


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
def test_an_impossible_figure_is_refused_with_what_to_do(wrong: float) -> None:
    with pytest.raises(BadInput, match=r"重伤人数.*未知请留空"):
        grade_accident(0, wrong, 0)


@pytest.mark.parametrize(
    ("figures", "level"),
    [
        ({"endangered": 9}, None),
        ({"endangered": 10}, "较大涉险事故"),
        ({"trapped": 2}, None),
        ({"trapped": 2, "missing": 1}, "较大涉险事故"),
        ({"evacuated": 499}, None),
        ({"evacuated": 500}, "较大涉险事故"),
        ({}, None),
    ],
)
def test_a_significant_hazard_event_is_reached_by_any_one_figure(figures: dict[str, float], level: str | None) -> None:
    assert significant_hazard_event(**figures).level == level


def test_cases_only_a_person_can_judge_are_listed_when_the_figures_do_not_decide() -> None:
    assert any("严重污染" in reason for reason in significant_hazard_event(evacuated=10).reasons)

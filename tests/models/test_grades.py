"""Accident grades: what is said beside the grade."""

from __future__ import annotations

from datetime import date

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


def test_a_death_count_known_alone_that_just_reaches_a_grade_warns_too() -> None:
    assert grade_accident(3, None, None).near_boundary == (
        "死亡3人，刚达到较大事故界线（3人），且仅此一项达到：请复核来源，据实填报。",
    )  # fmt: skip


@pytest.mark.parametrize(("missing", "worse"), [(2, "一般事故"), (3, "较大事故"), (9, "较大事故"), (10, "重大事故")])
def test_the_missing_alone_give_no_grade_but_what_it_would_be(missing: float, worse: str) -> None:
    found = grade_accident(None, None, None, missing=missing)
    assert (found.level, found.if_missing_dead, found.near_boundary) == (None, worse, ())
    assert found.reasons == ("死亡、重伤、直接经济损失均未知，不按零计，暂不定级。",)


def test_before_the_regulation_was_in_force_there_is_no_grade() -> None:
    assert grade_accident(3, 0, 0, on=date(2007, 5, 31)).level is None
    assert "2007-05-31 当日《" in grade_accident(3, 0, 0, on=date(2007, 5, 31)).reasons[0]
    assert grade_accident(3, 0, 0, on=date(2007, 6, 1)).level == "较大事故"


@pytest.mark.parametrize(
    ("figures", "reasons"),
    [
        ((2, 0, 0), ("死亡2人，符合一般事故标准（3人以下）。", "重伤0人，符合一般事故标准（10人以下）。", "直接经济损失0万元，符合一般事故标准（1000万元以下）。")),
        ((12, 3, 10), ("死亡12人，符合重大事故标准（10人以上、30人以下）。",)),
        ((0, 12, 0), ("重伤12人，符合较大事故标准（10人以上、50人以下）。",)),
        ((30, 0, 0), ("死亡30人，符合特别重大事故标准（30人以上）。",)),
        ((0, 0, 10000.5), ("直接经济损失10000.5万元，符合特别重大事故标准（10000万元以上）。",)),
    ],
)  # fmt: skip
def test_each_figure_that_reaches_the_grade_is_a_reason_and_no_other(figures: tuple[float, ...], reasons: tuple[str, ...]) -> None:
    assert grade_accident(*figures).reasons == reasons


def test_only_a_graver_grade_is_near() -> None:
    assert grade_accident(12, 49, 0).near_boundary == ()
    (warning,) = grade_accident(2, 0, 0, missing=1).near_boundary
    assert warning.startswith("死亡2人，距较大事故界线（3人）差1人")


def test_the_missing_are_told_beside_the_grade() -> None:
    assert "下落不明1人单列，定级只计已确认死亡；如全部死亡则为较大事故。" in grade_accident(2, 0, 0, missing=1).reasons
    assert "下落不明1人单列，定级只计已确认死亡；如全部死亡等级不变。" in grade_accident(3, 0, 0, missing=1).reasons
    assert not [reason for reason in grade_accident(3, 0, 0, missing=0).reasons if "下落不明" in reason]


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
        ({"missing": 2}, None),
        ({"missing": 3}, "较大涉险事故"),
        ({"trapped": 3}, "较大涉险事故"),
        ({"evacuated": 499}, None),
        ({"evacuated": 500}, "较大涉险事故"),
        ({}, None),
    ],
)
def test_a_significant_hazard_event_is_reached_by_any_one_figure(figures: dict[str, float], level: str | None) -> None:
    assert significant_hazard_event(**figures).level == level


def test_cases_only_a_person_can_judge_are_listed_when_the_figures_do_not_decide() -> None:
    assert any("严重污染" in reason for reason in significant_hazard_event(evacuated=10).reasons)

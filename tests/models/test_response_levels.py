"""Response levels: whose thresholds they are, and from when."""

from __future__ import annotations

from datetime import date

import pytest

from models.domain import Grading
from models.errors import BadInput
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


NOT_OURS = {
    "response.suzhou": "《苏州市自然灾害救助应急预案》是苏州市的规定，不是南京市的，仅供参照。",
    "response.guangdong": "《广东省自然灾害救助应急预案》是广东省的规定，不是南京市的，仅供参照。",
    "response.cn-2024": "《国家自然灾害救助应急预案（2024）》是国家级响应的条件，按一省（区、市）的数字启动，不是南京市级响应。",
    "response.jiangsu": "《江苏省自然灾害救助应急预案（苏政办函〔2024〕102号）》是江苏省级响应的条件，不是南京市级响应。",
    "response.pingshan": "《屏山县自然灾害救助应急预案》是四川省宜宾市屏山县的规定，不是南京市的，仅供参照。",
}
PARTLY = "（部分数字未知，为至少数）"
REST = "仅见二级，其余级别未载入。"


@pytest.mark.parametrize(
    ("scheme", "figures", "level", "reasons"),
    [
        ("response.suzhou", {"dead": 6}, "Ⅳ级", ("死亡或可能死亡6人，达到Ⅳ级响应条件（4人以上、10人以下）。",)),
        ("response.suzhou", {"relocated": 60000, "urgent_aid": 5000}, "Ⅱ级", ("紧急转移安置、需紧急生活救助60000人，达到Ⅱ级响应条件（50000人以上、100000人以下）。",)),
        ("response.suzhou", {"homes_collapsed": 20000, "homes_severely_damaged": 1}, "Ⅰ级", ("倒塌和严重损坏房屋20001间，达到Ⅰ级响应条件（5000间以上）。",)),
        ("response.suzhou", {"homes_collapsed": 20000}, "Ⅰ级", (f"倒塌和严重损坏房屋20000间{PARTLY}，达到Ⅰ级响应条件（5000间以上）。",)),
        ("response.suzhou", {"households_collapsed_or_severely_damaged": 9000}, "Ⅰ级", ("倒塌和严重损坏房屋9000户，达到Ⅰ级响应条件（2000户以上）。",)),
        ("response.suzhou", {"drought_aid": 600_000}, "Ⅰ级", ("因旱需生活救助600000人，达到Ⅰ级响应条件（600000人以上）。",)),
        ("response.suzhou", {"dead": 1}, None, ("已知数字未达到已载入的任何一级。",)),
        ("response.suzhou", {}, None, ("相关数字均未知，不按零计，不给出级别。",)),
        ("response.guangdong", {"dead": 6, "missing": 2}, "Ⅳ级", ("死亡（含失踪）8人，达到Ⅳ级响应条件（5人以上、20人以下）。",)),
        ("response.guangdong", {"dead": 6}, "Ⅳ级", (f"死亡（含失踪）6人{PARTLY}，达到Ⅳ级响应条件（5人以上、20人以下）。",)),
        ("response.guangdong", {"relocated": 60000, "urgent_aid": 5000}, "Ⅳ级", ("紧急转移安置、需紧急生活救助65000人，达到Ⅳ级响应条件（30000人以上、100000人以下）。",)),
        ("response.pingshan", {"dead": 6, "missing": 2}, "二级", ("死亡（含失踪）8人，达到二级响应条件（5人以上、10人以下）。", REST)),
        ("response.pingshan", {"dead": 6, "missing": 4}, None, ("死亡（含失踪）10人，已超过已载入的最高一级二级的上限（10人）。", REST)),
        ("response.cn-2024", {"dead": 1}, None, ("已知数字未达到已载入的任何一级。", "该级数字未核实，不得作为启动依据。")),
        ("response.jiangsu", {"dead": 90}, None, ("江苏省预案苏政办函〔2024〕102号的启动数字未取得，尚未载入，不给出级别。",)),
    ],
)  # fmt: skip
def test_what_is_said_of_a_plan_is_what_was_worked_out_and_no_more(
    scheme: str, figures: dict[str, float], level: str | None, reasons: tuple[str, ...]
) -> None:
    found = by_scheme(figures)[scheme]
    worked_out = [reason for reason in reasons if ("达到" in reason and "未达到" not in reason) or "已超过" in reason]
    others = [reason for reason in reasons if reason not in worked_out]
    assert (found.level, found.reasons) == (level, (*worked_out, NOT_OURS[scheme], *others))
    assert found.verified is (scheme not in ("response.cn-2024", "response.jiangsu"))
    assert found.local is False


@pytest.mark.parametrize(
    ("figures", "worse"),
    [
        ({"missing": 3}, None),
        ({"missing": 4}, "Ⅳ级"),
        ({"dead": 3, "missing": 1}, "Ⅳ级"),
        ({"dead": 4, "missing": 1}, None),
        ({"dead": 4}, None),
    ],
)
def test_the_missing_stand_beside_a_level_that_rests_on_the_dead(figures: dict[str, float], worse: str | None) -> None:
    assert by_scheme(figures)["response.suzhou"].if_missing_dead == worse
    assert by_scheme(figures)["response.guangdong"].if_missing_dead is None, "there the missing count already"


def test_a_plan_that_is_not_loaded_is_named_and_never_verified() -> None:
    first = response_levels({}, date(2025, 5, 27))[0]
    assert (first.scheme, first.level, first.local, first.verified) == ("response.nanjing", None, True, False)


def test_an_impossible_figure_is_refused() -> None:
    with pytest.raises(BadInput, match="dead"):
        response_levels({"dead": -1}, TODAY)

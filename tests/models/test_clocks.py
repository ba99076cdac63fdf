"""Clocks: recipients by severity, doubtful figures, order, and every clock of the source list."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.domain import Deadline
from models.errors import BadInput
from models.rules import clocks, deadlines, earliest, followups
from tests.models.invented import HEARD_AFTER, STARTED, impact, impacts, incident


def recipient(figures: dict[str, float], level: str = "市") -> str:
    found = deadlines(incident("production_accident", "explosion"), impacts(figures), level=level)  # type: ignore[arg-type]
    return next(one.recipient for one in found if one.id == "T-493-11")


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"dead": 2}, "一般事故逐级上报至设区的市级为止"),
        ({"dead": 3}, "较大事故逐级上报至省级"),
        ({"dead": 10}, "重大事故逐级上报至国务院"),
        ({"dead": 30}, "特别重大事故逐级上报至国务院"),
        ({}, "等级未定"),
    ],
)
def test_how_far_up_an_accident_goes_follows_its_grade(figures: dict[str, float], words: str) -> None:
    assert words in recipient(figures)


def test_a_county_passes_an_ordinary_accident_on_to_the_city() -> None:
    assert recipient({"dead": 1}, "县").startswith("设区的市级应急管理部门")


def test_missing_persons_carry_the_report_as_far_as_if_they_were_dead() -> None:
    assert "重大事故逐级上报至国务院" in recipient({"dead": 2, "missing": 8})


def test_the_fast_line_runs_on_the_upper_figure_when_only_that_reaches_ten_and_says_so() -> None:
    found = deadlines(incident(), [impact("trapped", 6, low=4, high=12)])
    (fast,) = [one for one in found if one.id == "T-ST-city10"]
    assert "按上限计，待核" in fast.starts_from


def test_an_open_upper_end_is_not_taken_for_ten() -> None:
    open_ended = impact("trapped", 6).model_copy(update={"high": None})
    assert "T-ST-city10" not in {one.id for one in deadlines(incident(), [open_ended])}


def test_a_figure_known_only_as_at_least_ten_starts_the_fast_line() -> None:
    at_least = impact("missing", None, low=10, high=10).model_copy(update={"high": None})
    assert "T-ST-city10" in {one.id for one in deadlines(incident(), [at_least])}


def test_an_estimate_that_starts_the_fast_line_is_called_an_estimate() -> None:
    found = deadlines(incident(), [impact("trapped", 15, basis="estimated")])
    assert "为估计数，待核" in next(one.starts_from for one in found if one.id == "T-ST-city10")


def test_a_known_time_of_the_countys_form_replaces_our_own_time_of_receipt() -> None:
    form = STARTED + timedelta(hours=1)
    found = deadlines(incident(), [], marks={"county_form": form})
    assert next(one.due_at for one in found if one.id == "T-ST-city") == form + timedelta(hours=2)


def test_our_time_of_receipt_standing_in_for_the_countys_form_is_said() -> None:
    found = deadlines(incident(), [])
    assert "以本局首次接报时间代替" in next(one.starts_from for one in found if one.id == "T-ST-city")


def test_an_assumed_start_of_the_incident_is_said() -> None:
    assumed = incident().model_copy(update={"started_at_assumed": True})
    assert "时间未见" in next(one.starts_from for one in deadlines(assumed, [], level="县") if one.id == "T-ST-county")


def test_deadlines_come_soonest_first_and_verified_before_unverified_on_a_tie() -> None:
    found = deadlines(incident("undetermined", "flood"), impacts({"dead": 12, "trapped": 20}))
    assert [(one.due_at, not one.verified) for one in found] == sorted((one.due_at, not one.verified) for one in found)
    tied = [one.verified for one in found if one.due_at == STARTED + HEARD_AFTER + timedelta(minutes=30)]
    assert tied[0] is True
    assert False in tied


def test_the_earliest_duty_is_never_an_unverified_one() -> None:
    found = deadlines(incident("production_accident", "fire"), impacts({"dead": 12}))
    assert not found[0].verified
    first = earliest(found)
    assert first is not None
    assert first.verified


def test_the_earliest_duty_is_never_one_a_person_must_first_judge() -> None:
    found = deadlines(incident(), [])
    assert any(one.if_judged and one.verified for one in found)
    first = earliest(found)
    assert first is not None
    assert first.id == "T-ST-city"


def test_without_duties_there_is_no_earliest() -> None:
    assert earliest([]) is None


def test_the_initial_list_and_the_follow_ups_share_no_clock() -> None:
    happened, harm = incident("undetermined"), impacts({"dead": 12})

    def ids(found: list[Deadline]) -> set[str]:
        return {one.id for one in found}

    assert not ids(deadlines(happened, harm)) & ids(followups(happened, harm))


def test_a_source_whose_exact_date_was_not_seen_says_so_in_the_reference() -> None:
    assert "施行日未见" in next(one.reference for one in deadlines(incident(), []) if one.id == "T-ST-city")


def test_every_deadline_cites_a_clause_and_a_reference() -> None:
    found = deadlines(incident("undetermined"), impacts({"dead": 12}))
    assert found
    assert all(one.clause and one.reference and one.starts_from for one in found)


def test_an_unknown_level_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"州.*县、市、省"):
        deadlines(incident(), [], level="州")  # type: ignore[arg-type]


def test_figures_from_memory_are_never_marked_verified() -> None:
    assert all(clock.verified is False for clock in clocks() if clock.evidence == "unverified" or "未见" in clock.clause)


@pytest.mark.parametrize("code", ["T-GEN-30", "T-GEN-60", "T-21-major", "T-21-crit", "T-21-follow-low", "T-21-follow-high"])
def test_a_limit_whose_text_was_not_found_ships_as_not_verified(code: str) -> None:
    assert next(clock for clock in clocks() if clock.id == code).verified is False


def test_thirty_eight_clocks_ship() -> None:
    assert len(clocks()) == 38


def running(nature: str, hazard: str, figures: dict[str, float], level: str = "市", *, follow: bool = False) -> dict[str, Deadline]:
    """The duties at one level, by clock."""
    happened, harm = incident(nature, hazard), impacts(figures)
    found = followups(happened, harm, level=level) if follow else deadlines(happened, harm, level=level)  # type: ignore[arg-type]
    return {one.id: one for one in found}


@pytest.mark.parametrize(
    ("nature", "hazard", "level", "clock", "regime"),
    [
        ("production_accident", "explosion", "市", "T-493-11", "生产安全事故"),
        ("undetermined", "explosion", "市", "T-493-11", "生产安全事故"),
        ("natural_disaster", "flood", "市", "T-ST-city", "自然灾害"),
        ("undetermined", "flood", "市", "T-ST-city", "自然灾害"),
        ("natural_disaster", "flood", "市", "T-FLOOD", "洪涝险情灾情"),
        ("undetermined", "flood", "市", "T-FLOOD", "洪涝险情灾情"),
        ("natural_disaster", "flood", "市", "T-GEN-30", "突发事件信息"),
        ("production_accident", "fire", "市", "T-GEN-30", "突发事件信息"),
        ("undetermined", "fire", "市", "T-GEN-30", "突发事件信息"),
        ("other", "epidemic", "市", "T-GEN-30", "突发事件信息"),
        ("other", "epidemic", "单位", "T-PHE", "突发公共卫生事件"),
        ("natural_disaster", "flood", "村", "T-ST-village", "自然灾害"),
        ("natural_disaster", "flood", "乡镇", "T-ST-town", "自然灾害"),
        ("production_accident", "fire", "现场", "T-493-9a", "生产安全事故"),
        ("production_accident", "fire", "单位", "T-493-9b", "生产安全事故"),
    ],
)
def test_a_regime_runs_for_the_natures_it_is_for(nature: str, hazard: str, level: str, clock: str, regime: str) -> None:
    assert running(nature, hazard, {}, level)[clock].regime == regime
    others = {"production_accident": "natural_disaster", "natural_disaster": "other", "other": "natural_disaster"}
    if regime != "突发事件信息" and nature in others:
        assert clock not in running(others[nature], hazard, {}, level)


@pytest.mark.parametrize("nature", ["natural_disaster", "undetermined"])
def test_a_drought_is_followed_up_every_ten_days(nature: str) -> None:
    found = running(nature, "drought", {}, follow=True)["T-ST-drought"]
    assert (found.regime, found.due_at - found.starts_at) == ("干旱灾害", timedelta(days=10))


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        ({"dead": 10}, "接报；死亡失踪10人，达到10人"),
        ({"missing": 10}, "接报；死亡失踪10人，达到10人"),
        ({"trapped": 10}, "接报；遇险被困10人，达到10人"),
        ({"dead": 6, "missing": 4}, "接报；死亡失踪10人，达到10人"),
        ({"dead": 9, "trapped": 9}, None),
        ({"missing": 9}, None),
        ({"trapped": 9}, None),
    ],
)
def test_the_fast_line_runs_from_ten_on_and_says_which_ten(figures: dict[str, float], why: str | None) -> None:
    found = running("natural_disaster", "flood", figures).get("T-ST-city10")
    assert (found.starts_from if found else None) == why


@pytest.mark.parametrize(("kind", "others"), [("dead", "死亡失踪"), ("missing", "死亡失踪"), ("trapped", "遇险被困")])
def test_an_estimate_is_called_one_whichever_figure_it_is(kind: str, others: str) -> None:
    found = deadlines(incident(), [impact(kind, 12, basis="estimated"), impact("affected", 5)])
    assert next(one.starts_from for one in found if one.id == "T-ST-city10") == f"接报；{others}12人，达到10人（为估计数，待核）"
    counted = deadlines(incident(), [impact(kind, 12), impact("affected", 5, basis="estimated")])
    assert next(one.starts_from for one in counted if one.id == "T-ST-city10") == f"接报；{others}12人，达到10人"


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        ({"dead": 10}, "接报；重大事故"),
        ({"dead": 30}, "接报；特别重大事故"),
        ({"dead": 9, "missing": 1}, "接报；重大事故（如下落不明人员均死亡）"),
        ({"seriously_injured": 50}, "接报；重大事故"),
        ({"direct_loss": 5000}, "接报；重大事故"),
        ({"dead": 9}, None),
        ({"seriously_injured": 49}, None),
    ],
)
def test_the_line_of_grave_accidents_runs_by_every_figure_of_the_grade(figures: dict[str, float], why: str | None) -> None:
    found = running("production_accident", "fire", figures).get("T-21-crit")
    assert (found.starts_from if found else None) == why


@pytest.mark.parametrize(
    ("figures", "runs"), [({}, "low"), ({"dead": 9}, "low"), ({"dead": 3}, "low"), ({"dead": 10}, "high"), ({"dead": 30}, "high")]
)
def test_follow_ups_of_accidents_are_one_or_the_other(figures: dict[str, float], runs: str) -> None:
    found = {one for one in running("production_accident", "fire", figures, follow=True) if one.startswith("T-21-follow")}
    assert found == {f"T-21-follow-{runs}"}


@pytest.mark.parametrize(
    ("figures", "runs"),
    [({"trapped": 3}, True), ({"missing": 3}, True), ({"evacuated": 500}, True), ({"dead": 3}, True), ({"trapped": 2}, False), ({"evacuated": 499}, False)],
)  # fmt: skip
def test_the_county_tells_of_a_significant_hazard_event_by_any_of_its_figures(figures: dict[str, float], runs: bool) -> None:
    assert ("T-21-major" in running("production_accident", "fire", figures, "县")) is runs


@pytest.mark.parametrize("kind", ["dead", "missing", "injured", "seriously_injured"])
def test_one_casualty_of_any_kind_decides_and_none_leaves_it_to_a_person(kind: str) -> None:
    one = running("natural_disaster", "flood", {kind: 1}, "县")["T-RR16"]
    assert (one.if_judged, one.starts_from.endswith("；有人员伤亡")) == ("", True)
    for figures in ({}, {kind: 0}, {"affected": 5}):
        assert running("natural_disaster", "flood", figures, "县")["T-RR16"].if_judged == "造成较大财产损失"
        assert "T-ST-mixed" not in running("undetermined", "flood", figures, follow=True)
    assert "T-ST-mixed" in running("undetermined", "flood", {kind: 1}, follow=True)


@pytest.mark.parametrize(
    ("level", "clock", "start"),
    [
        ("市", "T-493-11", "接报（每级）"),
        ("县", "T-493-11", "接报（每级）（以本局首次接报时间代替）"),
        ("省", "T-493-11", "接报（每级）（以本局首次接报时间代替）"),
    ],
)
def test_only_the_desks_own_level_knows_when_it_was_told(level: str, clock: str, start: str) -> None:
    assert running("production_accident", "fire", {}, level)[clock].starts_from == start


def test_a_start_that_is_known_is_said_without_a_remark() -> None:
    assert running("natural_disaster", "flood", {}, "县")["T-ST-county"].starts_from == "灾害发生"


@pytest.mark.parametrize(
    ("level", "figures", "words"),
    [
        ("县", {"dead": 1}, "设区的市级应急管理部门，同时报本级人民政府（一般事故逐级上报至设区的市级有关部门）"),
        ("市", {"dead": 3}, "省级应急管理部门，同时报本级人民政府（较大事故逐级上报至省级有关部门）"),
        ("省", {"dead": 10}, "国务院应急管理部门，同时报本级人民政府（重大事故逐级上报至国务院有关部门）"),
        ("省", {"dead": 3}, "本级人民政府（较大事故逐级上报至省级为止）"),
        ("市", {"dead": 1}, "本级人民政府（一般事故逐级上报至设区的市级为止）"),
    ],
)
def test_each_level_passes_on_to_the_next_above(level: str, figures: dict[str, float], words: str) -> None:
    assert recipient(figures, level) == words

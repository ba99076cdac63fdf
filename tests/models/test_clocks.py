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

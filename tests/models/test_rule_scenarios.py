"""The rules as a lawyer would read them: situation in, result out (tests/scenarios/rules_*.yml)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.domain import Deadline
from models.rules import deadlines, earliest, followups, grade_accident, response_levels
from tests.models.invented import HEARD_AFTER, STARTED, impacts, incident

SCENARIOS = Path(__file__).parents[1] / "scenarios"


def cases(name: str) -> list[Any]:
    return [pytest.param(case, id=case["title"]) for case in yaml.safe_load((SCENARIOS / name).read_text(encoding="utf-8"))]


@pytest.mark.parametrize("case", cases("rules_grades.yml"))
def test_the_grade_is_the_one_the_regulation_gives(case: dict[str, Any]) -> None:
    figures = {"deaths": None, "serious_injuries": None, "direct_loss_wan_yuan": None} | case["figures"]
    grading = grade_accident(**figures, on=case.get("date"))
    assert (grading.level, grading.if_missing_dead) == (case["level"], case.get("if_missing_dead")), grading.reasons


@pytest.mark.parametrize("case", cases("rules_responses.yml"))
def test_the_response_level_is_the_one_the_plan_gives(case: dict[str, Any]) -> None:
    grading = {one.scheme: one for one in response_levels(case["impacts"], case["date"])}[case["plan"]]
    assert (grading.level, grading.if_missing_dead) == (case["level"], case.get("if_missing_dead")), grading.reasons
    assert grading.verified == case.get("verified", grading.verified)


def check(found: list[Deadline], case: dict[str, Any], started: datetime) -> None:
    by_id = {one.id: one for one in found}
    marks = {"occurred": started, "received": started + HEARD_AFTER} | case.get("marks", {})
    for name, expected in case.get("expect", {}).items():
        assert name in by_id, f"{name} 未出现，现有 {sorted(by_id)}"
        one = by_id[name]
        assert one.starts_at == marks[expected["start"]]
        assert one.due_at == one.starts_at + timedelta(minutes=expected["minutes"])
        assert one.verified == expected.get("verified", one.verified)
        assert bool(one.if_judged) == expected.get("judged", False)
    assert not set(case.get("absent", ())) & set(by_id)


@pytest.mark.parametrize("case", cases("rules_clocks.yml"))
def test_the_initial_report_is_due_when_the_clause_says(case: dict[str, Any]) -> None:
    started = case.get("started", STARTED)
    happened = incident(case["event_type"], case["hazard"], started=started, adcode=case.get("adcode", "320104"))
    found = deadlines(happened, impacts(case.get("impacts", {})), level=case["level"])
    check(found, case, started)
    first = earliest(found)
    assert (first.id if first else None) == case.get("earliest", first.id if first else None)


@pytest.mark.parametrize("case", cases("rules_followups.yml"))
def test_a_follow_up_is_due_when_the_clause_says(case: dict[str, Any]) -> None:
    happened = incident(case["event_type"], case["hazard"])
    check(followups(happened, impacts(case.get("impacts", {})), level=case["level"], marks=case.get("marks")), case, STARTED)

"""Nothing that is verified goes without a test: every clock has a scenario, every threshold is met at its very number and not one below."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.parameters import ResponseLevel, ResponsePlan
from models.responses import response_levels
from models.rulebook import rulebook

SCENARIOS = Path(__file__).parents[1] / "scenarios"
FACTS = Path(__file__).resolve().parents[2] / "../shared/domain/domain_facts.yaml"

NO_SPAN = {
    "T-EX-city": "another place's example, never applied",
    "T-SZ-follow": "a time of day of another city, no span",
    "T-SZ-hb": "working days of another city, no span",
}
"""Verified clocks without a scenario, and why."""


def expected() -> set[str]:
    cases = [case for name in ("rules_clocks.yml", "rules_followups.yml") for case in yaml.safe_load((SCENARIOS / name).read_text("utf-8"))]
    return {clock for case in cases for clock in case.get("expect", {})}


def test_every_verified_clock_has_a_scenario() -> None:
    verified = {clock.id for clock in rulebook().clocks if clock.verified}
    assert verified - expected() == set(NO_SPAN)


def facts(name: str) -> list[dict[str, Any]]:
    if not FACTS.is_file():
        pytest.skip("shared/domain is not on this machine")
    return list(yaml.safe_load(FACTS.read_text("utf-8"))[name])


def test_every_verified_limit_of_the_fact_file_ships_with_its_number() -> None:
    ours = {clock.id: clock for clock in rulebook().clocks}
    told = [one for one in facts("time_limits") if one["verified"]]
    assert len(told) > 20
    assert {one["id"]: one["limit_minutes"] for one in told} == {one["id"]: ours[one["id"]].minutes for one in told}
    assert all(ours[one["id"]].verified for one in told)


FEEDS = {
    "deaths": "dead",
    "people": "relocated",
    "rooms": "homes_collapsed",
    "households": "households_collapsed_or_severely_damaged",
    "drought_aid": "drought_aid",
    "drought_share": "drought_share",
}
"""Criterion of a plan, and a figure that feeds it alone."""

BOUNDS = [
    pytest.param(plan, level, criterion, id=f"{plan.id}-{level.level}-{criterion}")
    for plan in rulebook().plans
    for level in plan.levels
    for criterion in FEEDS
    if level.verified and getattr(level, criterion) is not None
]


def level_by(plan: ResponsePlan, figures: dict[str, float]) -> str | None:
    source = rulebook().sources[plan.source]
    on = source.in_force or date(2026, 7, 1)
    return next(one.level for one in response_levels(figures, on) if one.scheme == plan.id)


@pytest.mark.parametrize(("plan", "level", "criterion"), BOUNDS)
def test_a_verified_threshold_is_reached_at_its_number_and_not_one_below(plan: ResponsePlan, level: ResponseLevel, criterion: str) -> None:
    low, high = getattr(level, criterion)
    figure = FEEDS[criterion]
    assert level_by(plan, {figure: low}) == level.level
    assert level_by(plan, {figure: low - 1}) != level.level
    if high is not None:
        assert level_by(plan, {figure: high - 1}) == level.level
        assert level_by(plan, {figure: high}) != level.level


NAMES = {
    "deaths": "deaths",
    "people": "relocated_or_urgent_aid_persons",
    "rooms": "collapsed_or_severely_damaged_rooms",
    "households": "collapsed_or_severely_damaged_households",
    "drought_aid": "drought_aid_persons",
    "drought_share": "drought_aid_share_of_farming_pop_pct",
}
PLANS = {
    "国家2024": "response.cn-2024",
    "国家2016(废止)": "response.cn-2016",
    "苏州市": "response.suzhou",
    "广东省": "response.guangdong",
    "吉林省": "response.jilin",
    "屏山县": "response.pingshan",
}


def test_every_verified_threshold_of_the_fact_file_ships_with_its_numbers() -> None:
    ours = {(plan.id, level.level): level for plan in rulebook().plans for level in plan.levels}
    told = [one for one in facts("response_thresholds") if one["verified"]]
    assert len(told) == 15
    for one in told:
        shipped = ours[PLANS[one["plan"]], one["level"]]
        for criterion, name in NAMES.items():
            bounds = getattr(shipped, criterion)
            assert (list(bounds) if bounds else None) == one.get(name), (one["id"], criterion)

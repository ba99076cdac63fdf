"""Runs the scenarios an officer can read (`tests/scenarios/fusion_*.yml`, `judged_*.yml`) through the real rules and parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from graph.knowledge import Knowledge
from ingestion.bench import Bench
from models.domain import Impact, Incident
from tests.ingestion.playing import Played, through_fusion, through_the_graph

FOLDER = Path(__file__).parents[1] / "scenarios"


def written(pattern: str) -> list[Any]:
    return [
        pytest.param(scenario, id=f"{path.stem}: {scenario['name']}")
        for path in sorted(FOLDER.glob(pattern))
        for scenario in yaml.safe_load(path.read_text("utf-8"))["scenarios"]
    ]


@pytest.mark.parametrize("scenario", written("fusion_*.yml"))
def test_scenario(scenario: dict[str, Any]) -> None:
    check(through_fusion(scenario["messages"]), scenario["expect"])


@pytest.mark.parametrize("scenario", written("judged_*.yml"))
def test_scenario_in_which_people_judge(scenario: dict[str, Any], knowledge: Knowledge) -> None:
    played = through_the_graph(knowledge, scenario["messages"])
    check(played, scenario["expect"])
    before = knowledge.store.digest()
    knowledge.rebuild()
    assert knowledge.store.digest() == before
    Bench(knowledge)  # a worker that starts now finds what it needs


def check(played: Played, expected: dict[str, Any]) -> None:
    told = played.told()
    unclaimed = {id: one for id, one in played.incidents.items() if one.status != "merged"}
    names: dict[str, str] = {}
    for wanted in expected["incidents"]:
        found = [one for one in unclaimed.values() if _is(one, wanted) and _holds(one, wanted, played)]
        assert found, f"没有找到 {wanted}\n{told}"
        incident = unclaimed.pop(found[0].id)
        names[wanted.get("called", incident.title)] = incident.id
        for number in wanted.get("duplicates", ()):
            assert played.views[number].duplicate_of, told
        for word in wanted.get("reasons", ()):
            assert any(word in reason for reason in played.opening.get(incident.id, ())), told
        _figures(wanted, played.impacts.get(incident.id, {}), told)
    if expected.get("not_linked"):
        assert not played.links, told
    assert not unclaimed, f"多出 {[one.title for one in unclaimed.values()]}\n{told}"
    for number in expected.get("waiting", ()):
        assert number not in played.home, told
    for number, name in expected.get("proposed", {}).items():
        assert played.views[number].proposed == names[name], told
    for number in expected.get("set_aside", ()):
        assert number not in played.home, told
        assert played.views[number].placed_by, told
    led = {(link.cause, link.effect) for link in played.links}
    for cause, effect in expected.get("led_to", ()):
        assert (names[cause], names[effect]) in led, told


def _is(incident: Incident, wanted: dict[str, Any]) -> bool:
    return (
        incident.hazard == wanted["hazard"]
        and incident.mode == wanted.get("mode", "actual")
        and incident.scope == wanted.get("scope", "site")
        and all(word in incident.title for word in wanted["title"])
    )


def _holds(incident: Incident, wanted: dict[str, Any], played: Played) -> bool:
    messages = sorted(number for number, where in played.home.items() if where == incident.id)
    return "messages" not in wanted or messages == wanted["messages"]


def _figures(wanted: dict[str, Any], impacts: dict[str, Impact], told: str) -> None:
    for name, value in wanted.get("figures", {}).items():
        assert name in impacts, f"没有 {name}\n{told}"
        assert impacts[name].best == value, f"{name}: {impacts[name]}\n{told}"
    for name, values in wanted.get("conflicts", {}).items():
        assert {one.value for one in impacts[name].conflicts} >= set(values), f"{impacts[name]}\n{told}"
    for name, limit in wanted.get("not_believed", {}).items():
        assert name not in impacts or (impacts[name].best or 0) < limit, f"{impacts[name]}"

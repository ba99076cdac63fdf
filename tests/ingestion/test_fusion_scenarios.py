"""Runs the scenarios an officer can read (`tests/scenarios/fusion_*.yml`) through the real rules of understanding and fusion."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.fuse import Fused, Fuser
from ingestion.places import gazetteer
from ingestion.reading import view_of, what_it_says
from ingestion.source import sources
from models.domain import BEIJING, Evidence, Impact

FOLDER = Path(__file__).parents[1] / "scenarios"
SCENARIOS = [
    pytest.param(scenario, id=f"{path.stem}: {scenario['name']}")
    for path in sorted(FOLDER.glob("fusion_*.yml"))
    for scenario in yaml.safe_load(path.read_text("utf-8"))["scenarios"]
]


def tell(messages: list[dict[str, Any]]) -> tuple[dict[int, Fused], dict[int, str], dict[str, Fused]]:
    """Place the messages one after another: what became of each, where each ended up, and the newest state of each incident."""
    fuser, known = Fuser(), sources()
    numbers: dict[str, int] = {}
    fused, home, newest = {}, {}, {}
    for number, said in enumerate(messages, 1):
        at = datetime.strptime(str(said["at"]), "%Y-%m-%d %H:%M").replace(tzinfo=BEIJING)
        kind = "warning" if said["from"] == "warning" else "message"
        evidence = Evidence.of(
            received_at=at, source=said["from"], kind=kind, external_id=str(number), title=said.get("title", ""), text=said["text"],
            sent_at=at, place_hint="南京市" if kind == "warning" else "",
        )  # fmt: skip
        numbers[evidence.id] = number
        understanding, statements = what_it_says(evidence, gazetteer("南京市"), "南京市")
        view = view_of(evidence, known[said["from"]].source, understanding)
        one = fuser.place(view, understanding, statements)
        fused[number] = one
        for late, match in one.also:
            home[numbers[late.id]] = match.incident
        if one.incident is not None:
            home[number] = one.incident.id
            newest[one.incident.id] = one
    return fused, home, newest


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: dict[str, Any]) -> None:
    fused, home, newest = tell(scenario["messages"])
    told = "\n".join(f"{n}: {one.match.incident} {one.match.score} {one.match.reasons} {one.view.hazard}" for n, one in fused.items())
    expected = scenario["expect"]
    unclaimed = dict(newest)
    for wanted in expected["incidents"]:
        found = [one for one in unclaimed.values() if _is(one, wanted)]
        assert found, f"没有找到 {wanted}\n{[one.incident.title for one in newest.values()]}\n{told}"
        incident = found[0].incident
        del unclaimed[incident.id]
        if "messages" in wanted:
            assert sorted(n for n, where in home.items() if where == incident.id) == wanted["messages"], told
        for number in wanted.get("duplicates", ()):
            assert fused[number].duplicate_of, told
        opening = [one for one in fused.values() if one.match.opens and one.match.incident == incident.id]
        for word in wanted.get("reasons", ()):
            assert any(word in reason for one in opening for reason in one.match.reasons), told
        _figures(wanted, {impact.type: impact for impact in found[0].impacts}, told)
    assert not unclaimed, f"多出 {[one.incident.title for one in unclaimed.values()]}\n{told}"
    for number in expected.get("waiting", ()):
        assert number not in home, told


def _is(one: Fused, wanted: dict[str, Any]) -> bool:
    incident = one.incident
    return (
        incident is not None
        and incident.hazard == wanted["hazard"]
        and incident.mode == wanted.get("mode", "actual")
        and incident.scope == wanted.get("scope", "site")
        and all(word in incident.title for word in wanted["title"])
    )


def _figures(wanted: dict[str, Any], impacts: dict[str, Impact], told: str) -> None:
    for name, value in wanted.get("figures", {}).items():
        assert name in impacts, f"没有 {name}\n{told}"
        assert impacts[name].best == value, f"{name}: {impacts[name]}\n{told}"
    for name, values in wanted.get("conflicts", {}).items():
        assert {one.value for one in impacts[name].conflicts} >= set(values), f"{impacts[name]}\n{told}"
    for name, limit in wanted.get("not_believed", {}).items():
        assert name not in impacts or (impacts[name].best or 0) < limit, f"{impacts[name]}"

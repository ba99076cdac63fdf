"""Plays a scenario an officer wrote down: through fusion alone, or, where people judge, through ledger, worker and graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graph import judgements
from graph.knowledge import Knowledge
from graph.projection import JUDGEMENT_KINDS
from ingestion.bench import Bench
from ingestion.fuse import Fuser
from ingestion.places import gazetteer
from ingestion.reading import view_of, what_it_says
from ingestion.source import sources
from models.domain import BEIJING, Evidence, EvidenceView, Impact, Incident, Judgement, Link, Person

OFFICER = Person(name="duty1", display_name="王值班", role="duty")


@dataclass
class Played:
    """What became of the messages, by their numbers as the scenario counts them."""

    home: dict[int, str] = field(default_factory=dict)
    """Message and the incident it is in."""
    views: dict[int, EvidenceView] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    impacts: dict[str, dict[str, Impact]] = field(default_factory=dict)
    opening: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Incident and the reasons for which it was opened."""
    links: list[Link] = field(default_factory=list)

    def told(self) -> str:
        """Everything, for whoever reads why a scenario failed."""
        lines = [f"{n}: {v.incident} {v.match_score} {v.match_reasons} {v.hazard} 提议 {v.proposed}" for n, v in sorted(self.views.items())]
        figures = {i: {n: (f.best, f.rule) for n, f in found.items()} for i, found in self.impacts.items()}
        return "\n".join([*lines, *(f"{i.id} {i.title} {i.status}" for i in self.incidents.values()), str(figures), str(self.links)])


def evidence_of(number: int, said: Mapping[str, Any]) -> Evidence:
    """One message of a scenario as a source would give it."""
    at = moment(said["at"])
    kind = "warning" if said["from"] == "warning" else "message"
    return Evidence.of(
        received_at=at, source=said["from"], kind=kind, external_id=str(number), title=said.get("title", ""), text=said["text"], sent_at=at,
        lon=said.get("lon"), lat=said.get("lat"), place_hint=said.get("hint", "南京市" if kind == "warning" else ""),
    )  # fmt: skip


def moment(words: object) -> datetime:
    return datetime.strptime(str(words), "%Y-%m-%d %H:%M").replace(tzinfo=BEIJING)


def repeated(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps with every message that says `times` written out so often."""
    return [step for step in steps for _ in range(int(step.get("times", 1)))]


def through_fusion(steps: list[dict[str, Any]]) -> Played:
    """Understand and fuse the messages one after another."""
    fuser, known, played, numbers = Fuser(), sources(), Played(), {}
    for number, said in enumerate(repeated(steps), 1):
        evidence = evidence_of(number, said)
        numbers[evidence.id] = number
        understanding, statements = what_it_says(evidence, gazetteer("南京市"), "南京市")
        fused = fuser.place(view_of(evidence, known[said["from"]].source, understanding), understanding, statements)
        for view, _ in ((fused.view, None), *fused.also):
            played.views[numbers[view.id]] = view
        if fused.incident is not None:
            played.incidents[fused.incident.id] = fused.incident
            played.impacts[fused.incident.id] = {impact.type: impact for impact in fused.impacts}
            if fused.match.opens:
                played.opening[fused.incident.id] = fused.match.reasons
        played.links += fused.links
    played.home = {number: view.incident for number, view in played.views.items() if view.incident}
    return played


def through_the_graph(knowledge: Knowledge, steps: list[dict[str, Any]]) -> Played:
    """Receive, understand, fuse and write down, with one worker that goes on while people judge."""
    bench, played, ids = Bench(knowledge), Played(), {}
    for step in repeated(steps):
        if "judge" in step:
            judge(knowledge, step, ids)
            continue
        number = len(ids) + 1
        evidence = evidence_of(number, step)
        ids[number] = evidence.id
        knowledge.ledger.receive(sources()[step["from"]].source, [evidence])
        bench.follow()
        payload = bench.understood(evidence)
        knowledge.ledger.understood([(evidence.id, payload)], expect_none=(sorted(JUDGEMENT_KINDS), bench.position))
        knowledge.catch_up()
        if payload["match"]["opens"]:
            played.opening[payload["match"]["incident"]] = tuple(payload["match"]["reasons"])
    return seen(knowledge, ids, played)


def seen(knowledge: Knowledge, ids: Mapping[int, str], played: Played) -> Played:
    """The graph as it stands, by message numbers."""
    store = knowledge.store
    numbers = {id: number for number, id in ids.items()}
    played.views = {numbers[view.id]: view for view in store.evidence_named(ids.values())}
    played.home = {number: view.incident for number, view in played.views.items() if view.incident}
    played.incidents = {one.id: one for one in store.incidents()}
    played.impacts = {id: {one.type: one for one in found} for id, found in store.impacts(played.incidents).items()}
    played.links = [link for id in played.incidents for link in store.links(id)[0] if link.effect == id]
    return played


def judge(knowledge: Knowledge, step: Mapping[str, Any], ids: Mapping[int, str]) -> Judgement:
    """One judgement of the duty officer, by message numbers."""
    store = knowledge.store
    knowledge.catch_up()

    def incident(number: int) -> str:
        found = store.evidence_one(ids[number]).incident
        assert found, f"第{number}条不在任何事件里"
        return found

    verb, why = step["judge"], step.get("why", "人工核实")
    if verb == "merge":
        return judgements.merge(knowledge, incident(step["of"]), incident(step["into"]), OFFICER, why)
    if verb == "split":
        return judgements.split(knowledge, incident(step["evidence"][0]), [ids[n] for n in step["evidence"]], OFFICER, why)
    if verb == "move":
        into = step.get("into")
        return judgements.move(knowledge, [ids[n] for n in step["evidence"]], incident(into) if into else None, OFFICER, why)
    if verb == "refuse":
        return judgements.refuse(knowledge, ids[step["evidence"][0]], OFFICER, why)
    if verb == "close":
        return judgements.close(knowledge, incident(step["of"]), OFFICER, why, at=moment(step["at"]))
    newest = [one for one in store.judgements() if one.verdict != "undo" and not one.undone][-1]
    return judgements.undo(knowledge, newest.id, OFFICER, why)

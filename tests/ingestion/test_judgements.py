"""People's judgements on the real ledger and graph: who may, what is refused, what a worker does that read before they judged."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import anlan
from graph import judgements
from graph.knowledge import Knowledge
from graph.projection import JUDGEMENT_KINDS
from ingestion.bench import Bench
from ingestion.pipeline import understand_waiting
from ingestion.source import sources
from models.domain import Evidence, Person
from models.errors import NotAllowed, NotFound, Refused, Stale
from tests.ingestion.playing import OFFICER, Played, evidence_of, through_the_graph

HOUSE = {"at": "2026-07-18 20:11", "from": "hotline", "text": "鼓楼区小市街道柳汀新村7幢着火了，2人被困！"}
GARAGE = {"at": "2026-07-18 20:15", "from": "hotline", "text": "鼓楼区澜岸路车库起火，烧得很大，3人受伤。"}
LATER = {"at": "2026-07-18 20:31", "from": "hotline", "text": "鼓楼区澜岸路的车库火势还在蔓延，4人受伤了。"}
DRILL = {"at": "2026-07-18 20:20", "from": "hotline", "text": "【演练】鼓楼区柳汀新村7幢发生火灾，20人被困，此为应急演练。"}


def two_fires(knowledge: Knowledge) -> Played:
    return through_the_graph(knowledge, [HOUSE, GARAGE])


def receive(knowledge: Knowledge, number: int, said: dict[str, str]) -> Evidence:
    evidence = evidence_of(number, said)
    knowledge.ledger.receive(sources()[said["from"]].source, [evidence])
    return evidence


def test_who_may_not_judge_changes_nothing_and_the_attempt_is_on_record(knowledge: Knowledge) -> None:
    home = two_fires(knowledge).home
    auditor = Person(name="audit1", display_name="周审计", role="auditor")
    before = knowledge.store.digest()
    with pytest.raises(NotAllowed):
        judgements.merge(knowledge, home[2], home[1], auditor, "看起来一样")
    assert knowledge.store.digest() == before
    assert [entry.by for entry in knowledge.ledger.entries(kinds=["person.refused"])] == ["audit1"]


def test_a_judgement_says_who_when_and_why(knowledge: Knowledge) -> None:
    home = two_fires(knowledge).home
    done = judgements.merge(knowledge, home[2], home[1], OFFICER, "现场确认")
    (entry,) = knowledge.ledger.entries(kinds=["incident.merged"])
    assert (entry.by, entry.subject, entry.payload["judgements"][0]["reason"]) == ("duty1", done.id, "现场确认")
    assert knowledge.store.dossier(home[1]).judgements == (done,)


def test_a_judgement_needs_a_reason(knowledge: Knowledge) -> None:
    home = two_fires(knowledge).home
    with pytest.raises(Refused, match="理由"):
        judgements.merge(knowledge, home[2], home[1], OFFICER, "  ")


def test_an_exercise_is_never_merged_with_what_is_actual(knowledge: Knowledge) -> None:
    played = through_the_graph(knowledge, [HOUSE, DRILL])
    with pytest.raises(Refused, match="演练"):
        judgements.merge(knowledge, played.home[2], played.home[1], OFFICER, "同一地点")
    with pytest.raises(Refused, match="演练"):
        judgements.move(knowledge, [played.views[2].id], played.home[1], OFFICER, "同一地点")


def test_an_incident_is_not_merged_with_itself_nor_twice(knowledge: Knowledge) -> None:
    home = two_fires(knowledge).home
    with pytest.raises(Refused):
        judgements.merge(knowledge, home[1], home[1], OFFICER, "同一起")
    judgements.merge(knowledge, home[2], home[1], OFFICER, "同一起")
    with pytest.raises(Refused, match="已并入"):
        judgements.merge(knowledge, home[2], home[1], OFFICER, "同一起")
    with pytest.raises(NotFound):
        judgements.merge(knowledge, "in-none", home[1], OFFICER, "同一起")


def test_splitting_off_everything_is_refused(knowledge: Knowledge) -> None:
    played = two_fires(knowledge)
    with pytest.raises(Refused, match="至少一条"):
        judgements.split(knowledge, played.home[1], [played.views[1].id], OFFICER, "全拆")


def test_an_older_judgement_is_undone_only_after_the_newer_one_on_the_same_incident(knowledge: Knowledge) -> None:
    played = two_fires(knowledge)
    first = judgements.merge(knowledge, played.home[2], played.home[1], OFFICER, "同一起")
    second = judgements.move(knowledge, [played.views[2].id], None, OFFICER, "打错电话")
    with pytest.raises(Refused, match=second.id):
        judgements.undo(knowledge, first.id, OFFICER, "看错了")
    judgements.undo(knowledge, second.id, OFFICER, "看错了")
    judgements.undo(knowledge, first.id, OFFICER, "看错了")
    assert knowledge.store.evidence_one(played.views[2].id) == played.views[2]
    with pytest.raises(Refused):
        judgements.undo(knowledge, first.id, OFFICER, "再来一次")


def test_what_a_worker_read_before_a_judgement_is_not_written_after_it(knowledge: Knowledge) -> None:
    home = two_fires(knowledge).home
    bench = Bench(knowledge)
    late = receive(knowledge, 3, LATER)
    payload = bench.understood(late)
    judgements.merge(knowledge, home[2], home[1], OFFICER, "同一起")
    with pytest.raises(Stale):
        knowledge.ledger.understood([(late.id, payload)], expect_none=(sorted(JUDGEMENT_KINDS), bench.position))
    assert [one.id for one in knowledge.ledger.waiting(10)] == [late.id]


def test_the_worker_reads_again_when_someone_judged_meanwhile(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    home = two_fires(knowledge).home
    late, read = receive(knowledge, 3, LATER), Bench.understood

    def judged_meanwhile(self: Bench, *message: object) -> dict:
        payload = read(self, *message)
        if not knowledge.store.judgements():
            judgements.merge(knowledge, home[2], home[1], OFFICER, "同一起")
        return payload

    monkeypatch.setattr(Bench, "understood", judged_meanwhile)
    assert understand_waiting(knowledge).understood == 1
    assert knowledge.store.evidence_one(late.id).incident == home[1]
    assert {one.type: one.best for one in knowledge.store.impacts([home[1]])[home[1]]} == {"trapped": 2, "injured": 4}


def test_a_judgement_is_worked_out_again_when_evidence_came_in_meanwhile(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    home = two_fires(knowledge).home
    record, tried = Knowledge.record, []

    def late_call(self: Knowledge, kind: str, *args: object, **more: object) -> object:
        if not tried:
            tried.append(receive(knowledge, 3, LATER))
            understand_waiting(knowledge)
        return record(self, kind, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Knowledge, "record", late_call)
    judgements.merge(knowledge, home[2], home[1], OFFICER, "同一起")
    assert knowledge.store.incident(home[1]).evidence_count == 3
    assert knowledge.store.incident(home[2]).evidence_count == 0


def test_the_command_line_judges_in_a_signed_in_persons_name_and_still_shows_an_incident(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import nullcontext

    home = two_fires(knowledge).home
    monkeypatch.setattr(anlan, "_knowledge", lambda: nullcontext(knowledge))
    monkeypatch.setattr(anlan, "_person", lambda _knowledge, name, _file: OFFICER if name == "duty1" else None)
    run = CliRunner()
    made = run.invoke(anlan.app, ["incident", "merge", home[2], home[1], "--as", "duty1", "--reason", "同一起", "--json"])
    assert json.loads(made.stdout)["target"] == home[1]
    shown = run.invoke(anlan.app, ["incident", home[1]])
    assert "同一起" in shown.stdout
    assert run.invoke(anlan.app, ["incident", "merge", home[2]]).exit_code == 2

"""The record and the graph stay in step, whoever is killed when."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from invented import call, incident, reading, report

from graph import library
from graph.knowledge import PROJECTED_KINDS, Knowledge, open_knowledge
from graph.projection import _PLAIN_KINDS, _REPORT_KINDS
from models.domain import Source
from models.errors import Stale, Unreachable
from models.settings import Settings


def understand(knowledge: Knowledge, hotline: Source, number: int) -> None:
    knowledge.ledger.receive(hotline, [call(number)])
    knowledge.ledger.understood([reading(call(number), about=incident())])


def test_what_is_recorded_is_in_the_graph_when_the_call_returns(knowledge: Knowledge) -> None:
    payload = {"report": report(1).model_dump(mode="json"), "findings": []}
    knowledge.record("report.drafted", "re-1", payload, by="duty1", expect_last=0)
    assert knowledge.store.report("re-1").report == report(1)


def test_a_stale_record_reaches_neither(knowledge: Knowledge) -> None:
    payload = {"report": report(1).model_dump(mode="json"), "findings": []}
    knowledge.record("report.drafted", "re-1", payload, by="duty1", expect_last=0)
    with pytest.raises(Stale):
        knowledge.record("report.edited", "re-1", payload, by="duty2", expect_last=0)
    assert knowledge.ledger.last_seq() == 1


def test_catching_up_counts_what_was_new_to_the_graph(knowledge: Knowledge, hotline: Source) -> None:
    understand(knowledge, hotline, 1)
    assert (knowledge.catch_up(), knowledge.catch_up()) == (1, 0)


def test_a_rebuilt_graph_is_the_same(knowledge: Knowledge, hotline: Source) -> None:
    for number in range(5):
        understand(knowledge, hotline, number)
    knowledge.catch_up()
    before = knowledge.store.digest()
    assert knowledge.rebuild() == 5
    assert knowledge.store.digest() == before


def test_a_rebuild_cut_short_is_begun_again_from_nothing(knowledge: Knowledge, hotline: Source) -> None:
    payload = {"report": report(1).model_dump(mode="json"), "findings": []}
    understand(knowledge, hotline, 1)
    knowledge.record("report.drafted", "re-1", payload, by="duty1")
    before = knowledge.store.digest()
    with knowledge.store._session() as session:
        session.run("MERGE (p:Projection {id: 'clearing'}) SET p.begun = true").consume()
        session.run("MATCH (n) WHERE n:Evidence OR (n:Projection AND n.id = 'ledger') DETACH DELETE n").consume()
    knowledge._make_ready()
    assert knowledge.store.digest() == before
    assert knowledge.store.report("re-1").status == "draft"
    assert not knowledge.store.is_half_cleared()


def test_the_shipped_library_is_on_the_shelf(knowledge: Knowledge) -> None:
    shelf = library.starter()
    counts = knowledge.store.counts()
    assert (counts["Document"], counts["Provision"], counts["Case"]) == (len(shelf.documents), len(shelf.provisions), len(shelf.cases))


def test_a_fire_has_provisions_and_cases_of_the_shipped_library(knowledge: Knowledge, hotline: Source) -> None:
    understand(knowledge, hotline, 1)
    knowledge.catch_up()
    found = knowledge.store.dossier("in-fire")
    assert found.cases
    assert all(each.verified for each in found.provisions)
    assert any("report_clock" in each.topics for each in found.provisions)
    assert {each.document for each in found.provisions} == {each.id for each in found.documents}


def test_every_kind_that_is_projected_has_a_meaning_and_the_other_way_round() -> None:
    assert set(PROJECTED_KINDS) == set(_PLAIN_KINDS) | set(_REPORT_KINDS)


def test_a_process_killed_between_ledger_and_graph_loses_nothing(home: Settings) -> None:
    code = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from invented import call, incident, reading
from graph.knowledge import open_knowledge
from models.domain import Source
from models.settings import Settings
hotline = Source(name="hotline", title="12345", kind="hotline", publisher="p", owner="o", reliability="C", every_minutes=5)
with open_knowledge(Settings(home=Path(sys.argv[1]), graph_heap="256m")) as known:
    known.ledger.receive(hotline, [call(n) for n in range(4)])
    known.ledger.understood([reading(call(n), about=incident()) for n in range(2)])
    known.catch_up()
    known.ledger.understood([reading(call(n), about=incident()) for n in range(2, 4)])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code, str(home.home), str(Path(__file__).parent)], timeout=120, check=False)
    assert done.returncode == -9
    with open_knowledge(home) as known:
        assert len(known.store.dossier("in-fire").evidence) == 4
        assert known.store.projected() == known.ledger.last_seq()
        assert known.ledger.verify().ok


def test_a_ledger_that_cannot_be_opened_starts_no_engine(home: Settings) -> None:
    home.home.mkdir()
    (home.home / "ledger.db").mkdir()
    with pytest.raises(Unreachable), open_knowledge(home):
        pass
    assert not (home.home / "graph").exists()


def test_a_graph_of_an_older_version_is_filled_again_when_it_is_opened(knowledge: Knowledge, hotline: Source) -> None:
    understand(knowledge, hotline, 1)
    knowledge.catch_up()
    now = knowledge.store.projected()
    assert len(list(knowledge.store.points(0, now))) == 1
    knowledge.store._change(lambda tx: tx.run("MATCH (e:Evidence) SET e.changed = null").consume())
    assert knowledge.store.is_older()
    knowledge._make_ready()
    assert not knowledge.store.is_older()
    assert len(list(knowledge.store.points(0, now))) == 1
    assert [incident.id for incident in knowledge.store.incidents_changed(0, now)]

"""Texts read by other processes: the same record as without them, and nothing lost when one dies."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from graph.knowledge import Knowledge
from graph.ledger import Ledger
from graph.store import Store
from ingestion import pipeline
from ingestion.readers import PIECE, WORTH_SHARING, Readers, read
from ingestion.source import sources
from ingestion.surge_stream import varied
from models.domain import BEIJING, Evidence
from models.settings import Settings

MESSAGES = 700


def evidence(number: int) -> list[Evidence]:
    at = datetime(2026, 7, 18, 22, tzinfo=BEIJING)
    return [
        Evidence.of(
            received_at=at, source=row["source"], external_id=row["id"], text=row["text"], sent_at=datetime.fromisoformat(row["time"])
        )
        for row in varied(None, number)
    ]


def up(readers: Readers, batch: list[Evidence]) -> None:
    readers.begin(batch, more_wait=True)
    until = time.monotonic() + 60
    while not (readers.is_up() or time.monotonic() > until):
        time.sleep(0.05)
    assert readers.is_up()


def timeless(payload: Any) -> Any:
    """A payload without what the clock says about the reading itself."""
    payload["understanding"].pop("ms")
    return payload


@pytest.fixture
def shared(tmp_path: Path) -> Any:
    readers = Readers(Settings(home=tmp_path), processes=2)
    yield readers
    readers.close()


def test_other_processes_read_the_same_in_the_same_order(shared: Readers, tmp_path: Path) -> None:
    batch = evidence(MESSAGES)[: WORTH_SHARING + PIECE]
    up(shared, batch)
    theirs = shared.begin(batch, more_wait=True)()
    ours = read(Settings(home=tmp_path), batch)
    assert [(one.view, one.quoted, one.said.model_copy(update={"ms": 0})) for one in theirs] == [
        (one.view, one.quoted, one.said.model_copy(update={"ms": 0})) for one in ours
    ]
    assert [one.view.id for one in theirs] == [one.id for one in batch]


def test_no_other_process_runs_the_main_module_of_this_one(shared: Readers, tmp_path: Path, monkeypatch: Any) -> None:
    page = ModuleType("__main__")
    page.__file__ = str(tmp_path / "page.py")
    (tmp_path / "page.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nraise SystemExit('a page is no program')\n")
    monkeypatch.setitem(sys.modules, "__main__", page)
    up(shared, evidence(WORTH_SHARING))
    assert len(shared.begin(evidence(WORTH_SHARING), more_wait=True)()) == WORTH_SHARING
    assert not (tmp_path / "ran").exists()


def test_a_process_that_dies_loses_nothing(shared: Readers) -> None:
    batch = evidence(WORTH_SHARING)
    up(shared, batch)
    coming = shared.begin(batch, more_wait=True)
    for process in shared.processes():
        os.kill(process, signal.SIGKILL)
    assert [one.view.id for one in coming()] == [one.id for one in batch]
    assert [one.view.id for one in shared.begin(batch, more_wait=False)()] == [one.id for one in batch]


def test_few_texts_wait_for_no_other_process(shared: Readers) -> None:
    assert [one.view.id for one in shared.begin(evidence(3), more_wait=False)()] == [one.id for one in evidence(3)]
    assert shared.processes() == []


def test_the_record_is_the_same_with_and_without_other_processes(store: Store, tmp_path: Path, monkeypatch: Any) -> None:
    records = []
    for processes in (0, 2):
        store.clear()
        settings = Settings(home=tmp_path / str(processes))
        knowledge = Knowledge(settings, Ledger(settings.ledger_address), store)
        for name in ("social", "hotline"):
            items = [item for item in evidence(MESSAGES) if item.source == name]
            knowledge.ledger.receive(sources()[name].source, items, urgent={items[3].id, items[40].id})
        used: list[int] = []
        if processes:
            readers = Readers(knowledge.settings, processes)
            up(readers, evidence(WORTH_SHARING))
            monkeypatch.setattr(pipeline, "Readers", lambda *_, kept=readers: kept)
        count = pipeline.understand_waiting(knowledge, processes=processes, progress=lambda _, seen=used: seen.append(1))
        assert (count.understood, len(used)) == (MESSAGES, 4)
        entries = knowledge.ledger.entries(kinds=["evidence.understood"])
        records.append([(entry.subject, timeless(entry.payload)) for entry in entries])
    assert json.dumps(records[0], ensure_ascii=False) == json.dumps(records[1], ensure_ascii=False)


def test_what_is_in_hand_is_not_handed_out_again(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    items = [item for item in evidence(60) if item.source == "social"][:20]
    ledger.receive(sources()["social"].source, items, urgent={one.id for one in items[::3]})
    whole = [one.id for one in ledger.waiting(8)], [one.id for one in ledger.waiting(8, beyond={one.id for one in ledger.waiting(8)})]
    ledger.understood([(id, {}) for id in whole[0]])
    assert [one.id for one in ledger.waiting(8)] == whole[1]
    ledger.close()

"""What could not be read is read again: by a mended program, in a mended wording, from the page; once, and on the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graph.knowledge import Knowledge
from graph.ledger import Ledger
from ingestion.quarantine import retry, retry_asked
from ingestion.receiving import goes_first, receive_file
from ingestion.source import sources
from models.domain import Evidence
from models.errors import NotFound, Refused
from models.settings import Settings
from tests.ingestion.test_warnings import CAP, NOW


@pytest.fixture
def desk(home: Settings, ledger: Ledger) -> Knowledge:
    """The record without a graph: receiving needs none."""
    return Knowledge(home, ledger, None)  # type: ignore[arg-type]


def held(desk: Knowledge, folder: Path, source: str, name: str, text: str) -> str:
    """The one record of this file that goes to quarantine."""
    path = folder / name
    path.write_text(text, "utf-8")
    receive_file(desk, sources()[source], path)
    [one] = desk.ledger.held()
    return one.digest


@pytest.mark.parametrize(
    ("source", "name", "text"),
    [
        ("social", "a.jsonl", '{"id": "1", "body_text": "桥下积水"}\n'),
        ("hotline", "a.csv", "工单编号,来电时间,诉求内容,说的话\n1,2026-07-18 20:05,,桥下积水\n"),
        ("warning", "a.json", '{"alerts": [{"severity": "x"}]}'),
    ],
)
def test_a_reader_that_has_learned_more_settles_what_it_could_not_read(desk: Knowledge, tmp_path, monkeypatch, source, name, text):
    digest = held(desk, tmp_path, source, name, text)
    with pytest.raises(Refused, match="仍然读不出"):
        retry(desk, digest, by="zhang")
    [again] = desk.ledger.held()
    assert again.tries == 1
    module = __import__(f"ingestion.sources.{source}", fromlist=["TEXT"])
    monkeypatch.setattr(module, "TEXT", (*module.TEXT, "body_text", "说的话", "severity"))
    assert retry(desk, digest, by="zhang").new == 1
    assert desk.ledger.held() == []
    with pytest.raises(Refused, match="已经处理"):
        retry(desk, digest, by="zhang")
    [settled] = desk.ledger.entries(kinds=["quarantine.settled"])
    assert settled.by == "zhang"
    assert settled.payload["items"] == [item.id for item in desk.ledger.waiting(9)]
    assert desk.ledger.verify().ok


def test_a_warning_mended_by_a_person_is_received_and_the_broken_one_stays_in_the_archive(desk: Knowledge, tmp_path):
    digest = held(desk, tmp_path, "warning", "a.xml", CAP.replace("<status>Actual</status>", ""))
    with pytest.raises(Refused, match="status"):
        retry(desk, digest, by="zhang")
    assert retry(desk, digest, by="zhang", text=CAP).new == 1
    assert "status" not in desk.ledger.held_record(digest).raw


def test_what_was_received_meanwhile_is_not_received_twice(desk: Knowledge, tmp_path):
    digest = held(desk, tmp_path, "warning", "a.xml", CAP.replace("<status>Actual</status>", ""))
    (tmp_path / "b.xml").write_text(CAP, "utf-8")
    receive_file(desk, sources()["warning"], tmp_path / "b.xml")
    receipt = retry(desk, digest, by="zhang", text=CAP)
    assert (receipt.new, receipt.duplicate) == (0, 1)
    assert desk.ledger.held() == []


def test_a_record_of_which_only_the_beginning_was_kept_says_so(desk: Knowledge, tmp_path):
    digest = held(desk, tmp_path, "social", "a.jsonl", json.dumps({"id": "1", "x": "长" * 70_000}, ensure_ascii=False) + "\n")
    with pytest.raises(Refused, match="64 KiB"):
        retry(desk, digest, by="zhang")


def test_what_the_page_asks_for_is_done_once(desk: Knowledge, tmp_path, monkeypatch):
    digest = held(desk, tmp_path, "social", "a.jsonl", '{"id": "1", "body_text": "桥下积水"}\n')
    desk.ledger.record("quarantine.asked", digest, {}, by="zhang")
    assert retry_asked(desk) == 0
    assert retry_asked(desk) == 0
    assert desk.ledger.held()[0].tries == 1, "not tried again until someone asks again"
    from ingestion.sources import social

    monkeypatch.setattr(social, "TEXT", (*social.TEXT, "body_text"))
    desk.ledger.record("quarantine.asked", digest, {}, by="li")
    assert retry_asked(desk) == 1
    assert [entry.by for entry in desk.ledger.entries(kinds=["quarantine.settled"])] == ["li"]
    with pytest.raises(NotFound):
        retry(desk, "0" * 64, by="zhang")


@pytest.mark.parametrize(
    ("source", "text", "first"),
    [
        ("hotline", "水快淹到二楼，救命", True),
        ("hotline", "路灯不亮三天了", False),
        ("desk", "路灯不亮", True),
        ("social", "老人被困车里出不来", True),
    ],
)
def test_cries_for_help_and_the_desk_go_first(source, text, first):
    item = Evidence.of(received_at=NOW, source=source, text=text)
    assert goes_first(item, sources()[source].source) is first

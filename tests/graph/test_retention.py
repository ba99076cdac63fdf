"""Old originals go, and nothing else: the chain stays whole, what is needed stays readable, and no byte of what went is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from invented import call, incident, reading, view

from graph import retention
from graph.knowledge import Knowledge
from models.domain import Quarantined, Source
from models.errors import NotFound, Refused

NOW = datetime(2026, 12, 1, tzinfo=UTC)
OLD, NEW = NOW - timedelta(days=200), NOW - timedelta(days=20)


def filled(knowledge: Knowledge, hotline: Source) -> dict[str, str]:
    """Ids of what is there, by what should become of it."""
    gone, opened, waits, young = (call(n, place_hint=f"石榴巷{n}号的原话") for n in range(4))
    bad = [Quarantined(source="hotline", reason="没有正文", where="a.csv:3", raw=f"坏行{n}", digest=f"{n:064d}") for n in range(2)]
    knowledge.ledger.receive(hotline, [gone, opened, waits], quarantined=bad, at=OLD)
    knowledge.ledger.receive(hotline, [young], at=NEW)
    knowledge.ledger.receive(hotline, [], settles=(bad[0].digest, "duty1"), at=NEW)
    about = view(opened, incident="in-fire")
    item = reading(opened)[1] | {"view": about.model_dump(mode="json"), "incident": incident().model_dump(mode="json")}
    knowledge.ledger.understood([reading(gone), (opened.id, item), reading(young)])
    knowledge.catch_up()
    return {"gone": gone.id, "open": opened.id, "waits": waits.id, "young": young.id, "settled": "qu-" + bad[0].digest}


def test_only_what_is_old_done_with_and_of_no_open_incident_is_due(knowledge: Knowledge, hotline: Source) -> None:
    ids = filled(knowledge, hotline)
    due = retention.due(knowledge, 180, NOW)
    assert set(due.keys) == {ids["gone"], ids["settled"]}
    assert due.kept_open == 1
    assert knowledge.ledger.body(ids["gone"], by="officer1", reason="核对").id == ids["gone"]


def test_what_is_erased_by_age_leaves_a_whole_chain_and_no_byte_of_itself(knowledge: Knowledge, hotline: Source) -> None:
    ids = filled(knowledge, hotline)
    before, graph = knowledge.ledger.last_seq(), knowledge.store.digest()
    assert retention.erase_due(knowledge, 180, by="auditor1", now=NOW) == 2
    assert retention.erase_due(knowledge, 180, by="auditor1", now=NOW) == 0
    assert knowledge.ledger.verify().ok
    assert knowledge.ledger.last_seq() == before + 2
    *_, last = knowledge.ledger.entries()
    assert (last.kind, last.by, last.payload) == ("evidence.erased", "auditor1", {"reason": "保存期限 180 天已满"})
    with pytest.raises(NotFound, match="已依规删除"):
        knowledge.ledger.body(ids["gone"], by="officer1", reason="核对")
    for id in ("open", "young", "waits"):
        assert knowledge.ledger.body(ids[id], by="officer1", reason="核对")
    kept = b"".join(path.read_bytes() for path in Path(knowledge.settings.home).glob("ledger.db*"))
    assert "石榴巷0号的原话".encode() not in kept
    assert "石榴巷1号的原话".encode() in kept
    knowledge.rebuild()
    assert knowledge.store.digest() == graph


def test_nothing_young_can_be_erased_by_age(knowledge: Knowledge) -> None:
    with pytest.raises(Refused, match="30 天"):
        retention.due(knowledge, 29)

"""Triage by key and judgements with confirmation: what is pressed is in the ledger, the list keeps still, and it can be undone."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from graph import judgements
from graph.knowledge import Knowledge
from reports import signoff
from tests.dashboard.conftest import words
from tests.dashboard.evening import PEOPLE, Evening

Start = Callable[..., AppTest]
BY_NAME = {person.name: person for person in PEOPLE}


def button(test: AppTest, key: str) -> object:
    return next(one for one in test.button if one.key == key)


def test_setting_aside_by_one_key_leaves_the_list_still_and_is_undone_by_another(view: Start, known: Knowledge, evening: Evening) -> None:
    test = view("duty", "zhang", bench="queue")
    assert test.session_state["queue_at"] == evening.hostile
    button(test, "queue-aside").click().run()
    assert known.store.evidence_one(evening.hostile).placed_by == "zhang"
    assert "人工判定无关" in words(test)
    button(test, "queue-undo").click().run()
    assert known.store.evidence_one(evening.hostile).placed_by is None


def test_an_account_that_may_not_judge_has_no_keys_to_press(view: Start) -> None:
    test = view("duty", "zhao", bench="queue")
    assert not [one.key for one in test.button if one.key and one.key.startswith("queue-a") and one.key != "queue-again"]


def test_a_merge_is_confirmed_then_shown_on_the_report_then_undone(view: Start, known: Knowledge, evening: Evening) -> None:
    report = signoff.write_draft(known, evening.flood, BY_NAME["zhang"]).report
    test = view("duty", "zhang", bench="judging", judging_incident=evening.flood)
    id = evening.flood
    next(one for one in test.text_input if one.key == f"merge-why-{id}").set_value("现场确认是一处").run()
    next(one for one in test.selectbox if one.key == f"merge-into-{id}").set_value(evening.fire).run()
    button(test, f"ask-merge-{id}").click().run()
    assert known.store.incident(id).status == "open"
    button(test, f"do-merge-{id}").click().run()
    assert known.store.incident(id).merged_into == evening.fire
    assert "合并了事件" in words(view("duty", "zhang", bench="drafts", draft=report.id))
    done = known.store.judgements("merge")[-1]
    judgements.undo(known, done.id, BY_NAME["zhang"], "看错了")
    assert known.store.incident(id).status == "open"
    assert known.store.evidence(100, incident=id)

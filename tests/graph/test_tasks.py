"""Tasks of a plan in one incident: who, by when, done, taken back; all of it in the ledger, by people who may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from graph import tasks
from graph.ledger import Ledger
from models.domain import BEIJING, Person
from models.errors import NotAllowed, Refused

OFFICER = Person(name="wang", display_name="王指挥", role="officer")
PLANNER = Person(name="gui", display_name="规划员", role="planner")
DUE = datetime(2026, 7, 18, 20, 30, tzinfo=BEIJING)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield opened
    opened.close()


def test_a_task_is_assigned_finished_and_opened_again_and_nothing_is_struck_out(ledger: Ledger) -> None:
    tasks.assign(ledger, "in-1", "fa-1", OFFICER, " 消防救援支队 ", DUE)
    assert tasks.standing(ledger, "in-1")["fa-1"].who == "消防救援支队"
    tasks.finish(ledger, "in-1", "fa-1", OFFICER)
    assert tasks.standing(ledger, "in-1")["fa-1"].standing == "done"
    tasks.reopen(ledger, "in-1", "fa-1", OFFICER)
    found = tasks.standing(ledger, "in-1")["fa-1"]
    assert (found.standing, found.who, found.due) == ("reopened", "消防救援支队", DUE)
    assert len(list(ledger.entries(kinds=tasks.KINDS, subject="in-1"))) == 3


def test_tasks_of_another_incident_are_not_ours(ledger: Ledger) -> None:
    tasks.assign(ledger, "in-2", "fa-1", OFFICER, "交管", DUE + timedelta(hours=1))
    assert tasks.standing(ledger, "in-1") == {}


def test_nobody_named_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="由谁"):
        tasks.assign(ledger, "in-1", "fa-1", OFFICER, "  ", None)


@pytest.mark.parametrize(
    "act",
    [
        lambda ledger: tasks.assign(ledger, "in-1", "fa-1", PLANNER, "消防", DUE),
        lambda ledger: tasks.finish(ledger, "in-1", "fa-1", PLANNER),
        lambda ledger: tasks.reopen(ledger, "in-1", "fa-1", PLANNER),
    ],
)
def test_who_may_not_judge_may_not_touch_a_task_and_the_refusal_is_on_record(ledger: Ledger, act: Callable[[Ledger], None]) -> None:
    with pytest.raises(NotAllowed):
        act(ledger)
    assert tasks.standing(ledger, "in-1") == {}
    assert [entry.by for entry in ledger.entries()] == [PLANNER.name]

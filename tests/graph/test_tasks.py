"""Tasks of a plan in one incident: who, by when, done, taken back; all of it in the ledger, by people who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from graph import tasks
from graph.knowledge import Knowledge
from models.domain import BEIJING, Person
from models.errors import NotAllowed, Refused

OFFICER = Person(name="wang", display_name="王指挥", role="officer")
PLANNER = Person(name="gui", display_name="规划员", role="planner")
DUE = datetime(2026, 7, 18, 20, 30, tzinfo=BEIJING)


def test_a_task_is_assigned_finished_and_opened_again_and_nothing_is_struck_out(knowledge: Knowledge) -> None:
    tasks.assign(knowledge, "in-1", "fa-1", OFFICER, " 消防救援支队 ", DUE)
    assert tasks.standing(knowledge.ledger, "in-1")["fa-1"].who == "消防救援支队"
    tasks.finish(knowledge, "in-1", "fa-1", OFFICER)
    assert tasks.standing(knowledge.ledger, "in-1")["fa-1"].standing == "done"
    tasks.reopen(knowledge, "in-1", "fa-1", OFFICER)
    found = tasks.standing(knowledge.ledger, "in-1")["fa-1"]
    assert (found.standing, found.who, found.due) == ("reopened", "消防救援支队", DUE)
    assert len(list(knowledge.ledger.entries(kinds=tasks.KINDS, subject="in-1"))) == 3


def test_tasks_of_another_incident_are_not_ours(knowledge: Knowledge) -> None:
    tasks.assign(knowledge, "in-2", "fa-1", OFFICER, "交管", DUE + timedelta(hours=1))
    assert tasks.standing(knowledge.ledger, "in-1") == {}


def test_nobody_named_is_refused(knowledge: Knowledge) -> None:
    with pytest.raises(Refused, match="由谁"):
        tasks.assign(knowledge, "in-1", "fa-1", OFFICER, "  ", None)


@pytest.mark.parametrize(
    "act",
    [
        lambda knowledge: tasks.assign(knowledge, "in-1", "fa-1", PLANNER, "消防", DUE),
        lambda knowledge: tasks.finish(knowledge, "in-1", "fa-1", PLANNER),
        lambda knowledge: tasks.reopen(knowledge, "in-1", "fa-1", PLANNER),
    ],
)
def test_who_may_not_judge_may_not_touch_a_task_and_the_refusal_is_on_record(
    knowledge: Knowledge, act: Callable[[Knowledge], None]
) -> None:
    with pytest.raises(NotAllowed):
        act(knowledge)
    assert tasks.standing(knowledge.ledger, "in-1") == {}
    assert [entry.by for entry in knowledge.ledger.entries()] == [PLANNER.name]

"""What a plan asks for in one incident, who is to do it, by when, and whether it is done: people's words, kept in the ledger alone.

Each entry is about the incident and names the fact of the plan; the newest about a fact is its standing. Nothing is ever struck out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from graph.knowledge import Knowledge
from graph.ledger import Ledger
from graph.people import allow
from graph.scope import demand
from models.domain import Person
from models.errors import Refused

KINDS = ("task.assigned", "task.done", "task.reopened")
MOST = 2_000
"""Newest entries about one incident that are read."""
LONGEST_NAME = 60
"""Characters in the name of whoever is to do it."""


@dataclass(frozen=True)
class Task:
    """Where one task stands."""

    fact: str
    """Id of the plan's fact that asks for it."""
    standing: Literal["assigned", "done", "reopened"]
    who: str
    """Who is to do it: a person or a body, as written. Empty when nobody was named."""
    due: datetime | None
    """By when; null when not said."""
    by: str
    """Account that said so last."""
    at: datetime
    """When."""


def standing(ledger: Ledger, incident: str) -> dict[str, Task]:
    """Fact id -> where its task stands, of one incident; a fact nobody touched is absent."""
    found: dict[str, Task] = {}
    for entry in ledger.entries(kinds=KINDS, subject=incident, limit=MOST, newest_first=True):
        fact = str(entry.payload["fact"])
        due = entry.payload.get("due")
        verdict = entry.kind.removeprefix("task.")
        if fact not in found and verdict in ("assigned", "done", "reopened"):
            found[fact] = Task(
                fact, verdict, str(entry.payload.get("who", "")), datetime.fromisoformat(due) if due else None, entry.by, entry.at  # type: ignore[arg-type]
            )  # fmt: skip
    return found


def assign(knowledge: Knowledge, incident: str, fact: str, officer: Person, who: str, due: datetime | None) -> None:
    """Write down who is to do it and by when. NotAllowed without the right to judge or outside his districts; Refused when nobody is named."""
    _permitted(knowledge, officer, incident)
    name = who.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Refused(f"请写明由谁办理（不超过{LONGEST_NAME}字）。")
    knowledge.ledger.record(
        "task.assigned", incident, {"fact": fact, "who": name, "due": due.isoformat() if due else None}, by=officer.name
    )


def finish(knowledge: Knowledge, incident: str, fact: str, officer: Person) -> None:
    """Write down that it is done."""
    _change(knowledge, incident, fact, officer, "task.done")


def reopen(knowledge: Knowledge, incident: str, fact: str, officer: Person) -> None:
    """Take that back."""
    _change(knowledge, incident, fact, officer, "task.reopened")


def _change(knowledge: Knowledge, incident: str, fact: str, officer: Person, kind: str) -> None:
    _permitted(knowledge, officer, incident)
    now = standing(knowledge.ledger, incident).get(fact)
    due = now.due.isoformat() if now and now.due else None
    knowledge.ledger.record(kind, incident, {"fact": fact, "who": now.who if now else "", "due": due}, by=officer.name)


def _permitted(knowledge: Knowledge, officer: Person, incident: str) -> None:
    allow(knowledge.ledger, officer, "judge", subject=incident)
    demand(knowledge, officer, incident)

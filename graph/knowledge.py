"""Everything known, opened together: the record, the graph built from it, and the library on its shelf.

Whoever writes, writes to the ledger, and the graph follows before the call returns. A process killed in between has lost
nothing: the next one to open the knowledge finds the entries and projects them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph import engine, library
from graph.ledger import Ledger
from graph.store import Store
from models.domain import Entry
from models.settings import Settings

PROJECTED_KINDS = (
    "evidence.understood",
    "feature.received",
    "incident.closed",
    "report.drafted",
    "report.edited",
    "report.returned",
    "report.signed",
    "report.submitted",
    "report.withdrawn",
    "source.run",
)
"""Kinds of ledger entry that change the graph; the others are read from the ledger alone."""

ENTRIES_PER_TRANSACTION = 2000
"""How many entries one graph transaction takes in."""


@dataclass(frozen=True)
class Knowledge:
    """The record and the graph, kept in step."""

    settings: Settings
    """Where this city's state lives."""
    ledger: Ledger
    """The record: what happened."""
    store: Store
    """The graph: what is known."""

    def record(
        self, kind: str, subject: str, payload: dict[str, Any], *, by: str, at: datetime | None = None, expect_last: int | None = None
    ) -> Entry:
        """Write one thing down and let the graph follow; Stale when someone else wrote about the subject since `expect_last`."""
        entry = self.ledger.record(kind, subject, payload, by=by, at=at, expect_last=expect_last)
        self.catch_up()
        return entry

    def catch_up(self) -> int:
        """Project into the graph whatever it does not contain yet; returns how many entries that were."""
        return self.store.project(self._next_entries)

    def rebuild(self) -> int:
        """Empty the graph and fill it again from the library and the whole ledger; returns how many entries that took."""
        self.store.clear()
        self.store.prepare()
        self._load_starter_library()
        return self.catch_up()

    def _next_entries(self, after: int) -> list[Entry]:
        return list(self.ledger.entries(after, kinds=PROJECTED_KINDS, limit=ENTRIES_PER_TRANSACTION))

    def _load_starter_library(self) -> None:
        shelf = library.starter()
        if self.store.library_digest() != shelf.digest:
            self.store.load_library(shelf.documents, shelf.provisions, shelf.cases, shelf.digest)


@contextmanager
def open_knowledge(settings: Settings) -> Iterator[Knowledge]:
    """The record and the graph, ready and in step, for as long as the block lasts.

    Raises Unreachable when the database or the graph engine cannot be reached, BrokenDefinition when the shipped library is wrong.
    """
    shelf = library.starter()
    ledger = Ledger(settings.ledger_address)
    try:
        with engine.running(settings) as address:
            store = Store(address)
            try:
                known = Knowledge(settings, ledger, store)
                if store.library_digest() != shelf.digest:
                    store.prepare()
                known._load_starter_library()
                known.catch_up()
                yield known
            finally:
                store.close()
    finally:
        ledger.close()

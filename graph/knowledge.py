"""Everything known, opened together: the record, the graph built from it, and the library on its shelf.

Whoever writes, writes to the ledger, and the graph follows before the call returns. A process killed in between has lost
nothing: the next one to open the knowledge finds the entries and projects them.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph import engine, library
from graph.ledger import Ledger
from graph.store import Store
from models.domain import Entry
from models.errors import Damaged
from models.settings import Settings

log = logging.getLogger(__name__)

PROJECTED_KINDS = (
    "evidence.moved",
    "evidence.refused",
    "evidence.understood",
    "feature.received",
    "incident.closed",
    "incident.merged",
    "incident.split",
    "judgement.undone",
    "library.added",
    "library.removed",
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

PROVISIONS_PER_TRANSACTION = 5000
"""At how many articles of imported documents a graph transaction is full, so that it fits in the engine's memory."""


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
        self,
        kind: str,
        subject: str,
        payload: dict[str, Any],
        *,
        by: str,
        at: datetime | None = None,
        expect_last: int | None = None,
        expect_none: tuple[Sequence[str], int] | None = None,
    ) -> Entry:
        """Write one thing down and let the graph follow; Stale when someone else wrote since, as in `Ledger.record`."""
        entry = self.ledger.record(kind, subject, payload, by=by, at=at, expect_last=expect_last, expect_none=expect_none)
        self.catch_up()
        return entry

    def catch_up(self) -> int:
        """Project into the graph whatever it does not contain yet; returns how many entries that were."""
        with self._turn():
            return self.store.project(self._next_entries)

    def rebuild(self) -> int:
        """Empty the graph and fill it again from the library and the whole ledger; returns how many entries that took."""
        with self._turn():
            self._emptied()
            self._load_starter_library()
            return self.store.project(self._next_entries)

    def _emptied(self) -> None:
        try:
            self.store.clear()
        except Damaged:
            # Its files are broken; they hold nothing that the ledger does not.
            if not self.store.discard():
                raise

    @contextmanager
    def _turn(self) -> Iterator[None]:
        # The graph's own conflict detection keeps it right; waiting one's turn on this machine saves the loser from doing its work twice.
        with (self.settings.folder() / "projecting.lock").open("ab") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _next_entries(self, after: int) -> list[Entry]:
        taken, provisions = [], 0
        for entry in self.ledger.entries(after, kinds=PROJECTED_KINDS, limit=ENTRIES_PER_TRANSACTION):
            taken.append(entry)
            provisions += len(entry.payload.get("provisions", ()))
            if provisions >= PROVISIONS_PER_TRANSACTION:
                break
        return taken

    def _make_ready(self) -> None:
        with self._turn():
            if self.store.is_older():
                log.warning("图谱由较早的版本写成，现在按台账重建，请稍候。")
                self.store.clear()
            elif self.store.is_half_cleared():
                self.store.clear()
            self._load_starter_library()
            self.store.project(self._next_entries)

    def _load_starter_library(self) -> None:
        shelf = library.starter()
        if self.store.library_digest() != shelf.digest:
            # A new library comes with a new version of the program, so this is also when the schema may have grown.
            self.store.prepare()
            self.store.load_library(shelf.documents, shelf.provisions, shelf.cases, shelf.digest)


@contextmanager
def open_knowledge(settings: Settings) -> Iterator[Knowledge]:
    """The record and the graph, ready and in step, for as long as the block lasts.

    Raises Unreachable when the database or the graph engine cannot be reached, BrokenDefinition when the shipped library is wrong.
    """
    library.starter()  # A broken definition stops the start before anything is opened.
    ledger = Ledger.at(settings)
    try:
        with engine.running(settings) as address:
            store = Store(address, engine.keeper(settings))
            try:
                store.check()
                known = Knowledge(settings, ledger, store)
                try:
                    known._make_ready()
                except Damaged as error:
                    log.warning("%s 现在自动重建。", error)
                    known.rebuild()
                yield known
            finally:
                store.close()
    finally:
        ledger.close()

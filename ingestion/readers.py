"""Texts read beside one another: in as many processes as there are cores when many wait, in this one when few do.

Reading is pure, so where a text is read changes nothing: results come back in the order asked for. Processes are started once a whole batch
waits, and until they are up, or if they die, this process reads: a call is never held up by, or lost with, one of them.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial

from loky.process_executor import ProcessPoolExecutor

from ingestion.places import gazetteer
from ingestion.reading import view_of, what_it_says
from ingestion.source import sources
from ingestion.triage import of_city
from models.domain import Evidence, EvidenceView, Statement, Understanding
from models.errors import NotFound
from models.settings import Settings

log = logging.getLogger(__name__)

WORTH_SHARING = 64
"""From so many texts on, sending them to other processes takes less time than it saves."""
PIECE = 20
"""Texts sent at a time."""
IDLE_SECONDS = 300
"""After so long without enough to share, the processes are let go."""
STARTS = 3
"""How often processes that died are started again; then this process goes on reading alone."""


@dataclass(frozen=True)
class Read:
    """What one piece of evidence says, before anyone asked which incident it belongs to."""

    said: Understanding
    quoted: list[Statement]
    view: EvidenceView


Reading = Callable[[], list[Read]]
"""Waits for a batch and gives what it says, in its order."""


def read(settings: Settings, batch: Sequence[Evidence], suggest: bool = True) -> list[Read]:
    """What these pieces say, in their order; category and department are proposed unless told not to `suggest`. NotFound when a source is no longer among ours."""
    known, triage = sources(), of_city(settings.home) if suggest else None
    names, city = gazetteer(settings.city_name, settings.home), settings.city_name
    out: list[Read] = []
    for evidence in batch:
        if evidence.source not in known:
            raise NotFound(
                f"证据 {evidence.id} 来自来源 {evidence.source}，但程序中已没有这个来源，请恢复 ingestion/sources/{evidence.source}.py。"
            )
        said, quoted = what_it_says(evidence, names, city, triage=triage, confidence=settings.triage_confidence)
        out.append(Read(said, quoted, view_of(evidence, known[evidence.source].source, said)))
    return out


class Readers:
    """The processes that read, or none."""

    def __init__(self, settings: Settings, processes: int | None = None) -> None:
        """`processes` 0 reads everything here; by default there are as many as this process may use cores."""
        self._settings = settings
        self._wanted = len(os.sched_getaffinity(0)) if processes is None else processes
        self._pool: ProcessPoolExecutor | None = None
        self._up: Future[None] | None = None
        self._starts = 0
        self._needed_at = time.monotonic()

    def begin(self, batch: Sequence[Evidence], *, more_wait: bool, suggest: bool = True) -> Reading:
        """Have a batch read; call what comes back for the result. `more_wait` says that there is work for more processes; `suggest` as in `read`."""
        if more_wait and self._pool is None and self._wanted > 1 and self._starts < STARTS:
            self._start()
        if self._pool is None or len(batch) < WORTH_SHARING or not self.is_up():
            return partial(read, self._settings, batch, suggest)
        self._needed_at = time.monotonic()
        try:
            pieces = [self._pool.submit(read, self._settings, batch[at : at + PIECE], suggest) for at in range(0, len(batch), PIECE)]
        except BrokenProcessPool:
            self._died()
            return partial(read, self._settings, batch, suggest)
        return partial(self._gathered, pieces, batch, suggest)

    def rest(self, after: float) -> None:
        """Let the processes go when they have not been needed for so many seconds."""
        if self._pool is not None and time.monotonic() - self._needed_at >= after:
            self.close()

    def close(self) -> None:
        """Let the processes go."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=True)
            self._pool = self._up = None

    def processes(self) -> list[int]:
        """Ids of the processes that read; none while this one reads alone."""
        return list(self._pool._processes) if self._pool is not None else []

    def _start(self) -> None:
        self._starts += 1
        # Not forked: this process has threads, and a copy of them in the middle of their work may never wake. And not told to run this
        # process's main module first, as the standard library would: under the dashboard that is a page.
        self._pool = ProcessPoolExecutor(self._wanted, initializer=_prepare, initargs=(self._settings, os.getpid()))
        self._up = self._pool.submit(_nothing)

    def is_up(self) -> bool:
        """Whether other processes are ready to read."""
        if self._up is None or not self._up.done():
            return False
        if self._up.exception() is not None:
            self._died()
            return False
        return True

    def _gathered(self, pieces: list[Future[list[Read]]], batch: Sequence[Evidence], suggest: bool) -> list[Read]:
        try:
            return [one for piece in pieces for one in piece.result()]
        except BrokenProcessPool:
            self._died()
            return read(self._settings, batch, suggest)

    def _died(self) -> None:
        log.warning("a process that reads texts has died; this one goes on reading")
        if self._pool is not None:
            self._pool.shutdown(wait=False, kill_workers=True)
            self._pool = self._up = None


def _prepare(settings: Settings, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    read(settings, [])


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _nothing() -> None:
    """Answered once a process is ready."""

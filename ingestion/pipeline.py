"""The journey of evidence, on a page: a file is received, each item is understood, fused, and written down.

`receive` puts every record of a file into the ledger, in batches, each one transaction: new, duplicate or quarantined.
`understand_waiting` takes what waits there, reads it, decides which incident it belongs to, writes that down and brings the
graph up to date. Each step can be repeated: a crash anywhere loses nothing and writes nothing twice, because ids are digests of
content, "received" and "understood" are two marks in the ledger, and the graph is built from the ledger.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from graph.guardian import pause_of
from graph.knowledge import Knowledge
from graph.projection import JUDGEMENT_KINDS, waits_for_person
from ingestion.bench import Bench
from ingestion.one_text import dossier_of_text as dossier_of_text
from ingestion.readers import IDLE_SECONDS, Readers, Reading
from ingestion.receiving import Progress, files_of, found, receive_file, summed
from models.domain import Evidence, EvidenceView, Model, Receipt
from models.errors import BadInput, NotFound, Refused, Stale, Unreachable

log = logging.getLogger(__name__)

BATCH = 200
"""Pieces of evidence understood in one transaction."""
AHEAD = 3
"""Batches read while one is fused."""
TURN_SECONDS = 1.0
"""How long a process that found nothing to do, or another at work, waits before it looks again."""
LAG = 5
"""Batches after which understanding waits for the graph."""
FOLLOW_SECONDS = 1.0
"""Least time between two beginnings of the graph's following: one transaction of several batches costs less than one of each."""


def _told(progress: Progress, before: Receipt, part: Receipt) -> None:
    progress(summed(before, part))


class UnderstoodCount(Model):
    """What one round of understanding did."""

    understood: int = 0
    """Pieces of evidence read."""
    opened: int = 0
    """Incidents opened."""
    fused: int = 0
    """Pieces fused into an incident, the opening ones included."""
    waiting_for_person: int = 0
    """Pieces left for a person to look at: about a danger or a life, and in no incident."""
    seconds: float = 0
    """How long it took."""


def receive(knowledge: Knowledge, source_name: str, path: Path, *, progress: Progress | None = None) -> Receipt:
    """Take in a file, or every file of a folder in name order. When this returns, all of it survives a power cut.

    In a folder, a file that cannot be read does not stop the others: they are received, then BadInput names the bad ones. Every run
    is written to the ledger as `source.run`, with its counts and its error. NotFound for an unknown source or path.
    """
    module = found(source_name)
    if not path.exists():
        raise NotFound(f"{path}：文件不存在，请检查路径。")
    total = Receipt(source=source_name)
    failures: list[BadInput] = []
    for file in files_of(module, path):
        so_far = partial(_told, progress, total) if progress else None
        try:
            total = summed(total, receive_file(knowledge, module, file, progress=so_far))
        except BadInput as error:
            failures.append(error)
    knowledge.catch_up()
    if len(failures) == 1 and path.is_file():
        raise failures[0]
    if failures:
        listed = "\n".join(f"  {error}" for error in failures)
        raise BadInput(
            f"{path}：{len(failures)} 个文件无法接收，其余已接收（新增 {total.new}，重复 {total.duplicate}）：\n{listed}"
        ) from failures[0]
    return total


def understand_waiting(
    knowledge: Knowledge,
    *,
    batch: int = BATCH,
    processes: int | None = None,
    progress: Callable[[UnderstoodCount], None] | None = None,
) -> UnderstoodCount:
    """Read everything that waits, oldest first, until nothing does. Refused when another process is doing so.

    Fusion sees all open incidents from the graph once, then keeps them in mind; only one worker at a time, so what it keeps
    in mind is what the ledger says. Under a surge other processes read the next batches meanwhile, and the graph follows up to `LAG`
    batches behind; when this returns it has caught up. `processes`: how many may read, 0 for this one alone, by default one a core.
    """
    began, count = time.monotonic(), UnderstoodCount()
    with knowledge.ledger.sole_worker(), _following(knowledge) as follow:
        knowledge.catch_up()
        readers, bench = _readers(knowledge, processes), _minded(knowledge)
        hand: deque[tuple[list[Evidence], Reading]] = deque()
        while _fill(hand, knowledge, batch, readers):
            waiting, reading = hand[0]
            bench = bench or Bench(knowledge)
            bench.follow()
            read = [bench.understood(evidence, one) for evidence, one in zip(waiting, reading(), strict=True)]
            items = [(evidence.id, payload) for evidence, payload in zip(waiting, read, strict=True)]
            try:
                written = knowledge.ledger.understood(items, expect_none=(sorted(JUDGEMENT_KINDS), bench.position))
            except Stale:
                # Someone judged while this batch was read: what is in mind now holds what was never written.
                bench = None
                knowledge.catch_up()
                continue
            hand.popleft()
            follow()
            if len(written) < len(items):
                bench = None  # one was erased or understood elsewhere, and what it said is in mind
            count = UnderstoodCount(
                understood=count.understood + len(read),
                opened=count.opened + sum(1 for payload in read if payload["match"]["opens"]),
                fused=count.fused + sum(1 for payload in read if payload["match"]["incident"]),
                waiting_for_person=count.waiting_for_person + sum(1 for payload in read if _needs_person(payload)),
                seconds=time.monotonic() - began,
            )
            if progress:
                progress(count)
        _keep_in_mind(knowledge, bench)
        readers.rest(IDLE_SECONDS if processes is None else 0)
    return count.model_copy(update={"seconds": time.monotonic() - began})


def work_on(knowledge: Knowledge, *, once: bool = False) -> UnderstoodCount:
    """Understand what waits, over and over, taking turns with other processes on the same ledger: one understands, the others stand by.

    The order in which pieces are fused matters, so their number adds no speed; it takes over what a killed one left. When the ledger or
    the graph does not answer, it waits and tries again. With `once`, returns when nothing waits any more.
    """
    total = UnderstoodCount()
    while True:
        try:
            count = understand_waiting(knowledge)
            total = UnderstoodCount(**{name: getattr(total, name) + getattr(count, name) for name in UnderstoodCount.model_fields})
            if count.understood:
                log.info("已理解 %d 条", count.understood)
        except Refused:
            pass  # another process holds the place; ours comes when it is gone
        except Unreachable as error:
            log.warning("%s", error)
        if once and not _anything_waits(knowledge):
            return total
        time.sleep(TURN_SECONDS)


def _anything_waits(knowledge: Knowledge) -> bool:
    try:
        return bool(knowledge.ledger.queue().waiting)
    except Unreachable:
        return True


def _fill(hand: deque[tuple[list[Evidence], Reading]], knowledge: Knowledge, batch: int, readers: Readers) -> bool:
    """Take up what waits until enough is in hand; false when nothing is."""
    while not hand or (len(hand) <= AHEAD and len(hand[-1][0]) == batch):
        more = knowledge.ledger.waiting(batch, beyond={evidence.id for taken, _ in hand for evidence in taken})
        if not more:
            break
        hand.append((more, readers.begin(more, more_wait=len(more) == batch, suggest=pause_of(knowledge.ledger, "triage") is None)))
    return bool(hand)


@contextmanager
def _following(knowledge: Knowledge) -> Iterator[Callable[[], None]]:
    """A call after every batch that lets the graph follow beside the reading of the next; at the end it has caught up."""
    running: Future[int] | None = None
    behind, began = 0, -FOLLOW_SECONDS

    def follow() -> None:
        nonlocal running, behind, began
        behind += 1
        is_due = time.monotonic() - began >= FOLLOW_SECONDS and (running is None or running.done())
        if is_due or behind >= LAG:
            if running is not None:
                running.result()
            running, behind, began = beside.submit(knowledge.catch_up), 0, time.monotonic()

    with ThreadPoolExecutor(1, "graph") as beside:
        yield follow
        if running is not None:
            running.result()
    knowledge.catch_up()


_mind: tuple[Knowledge, int, Bench] | None = None
"""The bench of the last round with the newest entry it knew, so that the next need not read every open incident from the graph again."""


def _minded(knowledge: Knowledge) -> Bench | None:
    """The bench as the last round left it, if nobody has understood anything since and it is not old."""
    global _mind
    kept, _mind = _mind, None
    if kept is None or kept[0] is not knowledge or kept[2].is_old():
        return None
    return kept[2] if kept[1] == knowledge.ledger.last_seq("evidence.understood") else None


def _keep_in_mind(knowledge: Knowledge, bench: Bench | None) -> None:
    global _mind
    _mind = None if bench is None else (knowledge, knowledge.ledger.last_seq("evidence.understood"), bench)


_reading: dict[Path, Readers] = {}


def _readers(knowledge: Knowledge, processes: int | None) -> Readers:
    if processes is not None:
        return Readers(knowledge.settings, processes)
    return _reading.setdefault(knowledge.settings.home.resolve(), Readers(knowledge.settings))


def _needs_person(payload: dict[str, Any]) -> bool:
    return waits_for_person(EvidenceView.model_validate(payload["view"]))

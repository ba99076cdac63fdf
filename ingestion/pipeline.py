"""The journey of evidence, on a page: a file is received, each item is understood, fused, and written down.

`receive` puts every record of a file into the ledger, in batches, each one transaction: new, duplicate or quarantined.
`understand_waiting` takes what waits there, reads it, decides which incident it belongs to, writes that down and brings the
graph up to date. Each step can be repeated: a crash anywhere loses nothing and writes nothing twice, because ids are digests of
content, "received" and "understood" are two marks in the ledger, and the graph is built from the ledger.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from graph.knowledge import Knowledge
from graph.projection import JUDGEMENT_KINDS, waits_for_person
from ingestion.bench import Bench
from ingestion.one_text import dossier_of_text as dossier_of_text
from ingestion.receiving import Progress, files_of, found, receive_file, summed
from models.domain import EvidenceView, Model, Receipt
from models.errors import BadInput, NotFound, Stale


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
    knowledge: Knowledge, *, batch: int = 200, progress: Callable[[UnderstoodCount], None] | None = None
) -> UnderstoodCount:
    """Read everything that waits, oldest first, until nothing does. Refused when another process is doing so.

    Fusion sees all open incidents from the graph once, then keeps them in mind; only one worker at a time, so what it keeps
    in mind is what the ledger says.
    """
    began, count = time.monotonic(), UnderstoodCount()
    with knowledge.ledger.sole_worker():
        knowledge.catch_up()
        bench: Bench | None = None
        while waiting := knowledge.ledger.waiting(batch):
            bench = bench or Bench(knowledge)
            bench.follow()
            read = [bench.understood(evidence) for evidence in waiting]
            items = [(evidence.id, payload) for evidence, payload in zip(waiting, read, strict=True)]
            try:
                knowledge.ledger.understood(items, expect_none=(sorted(JUDGEMENT_KINDS), bench.position))
            except Stale:
                # Someone judged while this batch was read: what is in mind now holds what was never written.
                bench = None
                knowledge.catch_up()
                continue
            knowledge.catch_up()
            count = UnderstoodCount(
                understood=count.understood + len(read),
                opened=count.opened + sum(1 for payload in read if payload["match"]["opens"]),
                fused=count.fused + sum(1 for payload in read if payload["match"]["incident"]),
                waiting_for_person=count.waiting_for_person + sum(1 for payload in read if _needs_person(payload)),
                seconds=time.monotonic() - began,
            )
            if progress:
                progress(count)
    return count.model_copy(update={"seconds": time.monotonic() - began})


def _needs_person(payload: dict[str, Any]) -> bool:
    return waits_for_person(EvidenceView.model_validate(payload["view"]))

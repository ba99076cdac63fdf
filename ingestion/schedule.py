"""When evidence comes in: one job per source, reading what lies in its inbox `var/inbox/<source>/`.

A file is read once it has been still for two seconds and does not end in `.part` or `.tmp`. After the ledger has it, it moves
to `done/<date>/`; a file that cannot be read moves to `failed/<date>/` beside a `.reason.txt`. The watermark in the ledger, moved in
the transaction that received the file's last records, tells after a crash whether a file still lying there has been received.
Jobs live in code and in memory only; a late run is made up for once, and a slow or broken source delays no other.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from graph.knowledge import Knowledge
from ingestion.pipeline import understand_waiting
from ingestion.receiving import mark_of, receive_file
from ingestion.source import SIDECAR, SourceModule, is_part_of_another, parts_of, sources
from models.domain import BEIJING, Receipt
from models.errors import AnlanError, BadInput, Refused

log = logging.getLogger(__name__)

STILL_SECONDS = 2.0
"""How long a file must not have changed before it counts as complete."""
DESK_SECONDS = 5
"""The duty desk's inbox is looked at this often: a person is waiting at the screen."""
UNDERSTAND_SECONDS = 15
"""Understanding looks for work this often, besides right after something was received."""

_UNFINISHED = (".part", ".tmp", ".crdownload")
_APART = {"done", "failed"}


@contextmanager
def scheduled(knowledge: Knowledge) -> Iterator[BackgroundScheduler]:
    """Every source read on its schedule, and what they bring understood, while inside. Leaving waits for the runs under way."""
    modules = sources()
    jobs = BackgroundScheduler(
        timezone=BEIJING,
        executors={"default": ThreadPoolExecutor(len(modules) + 1)},
        # The library's own grace of one second would skip late runs in silence.
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
    )

    def understand() -> None:
        try:
            understand_waiting(knowledge)
        except Refused as error:
            log.info("understanding is busy elsewhere: %s", error)

    def read(module: SourceModule) -> None:
        if any(receipt.new for receipt in read_inbox(knowledge, module)):
            jobs.modify_job("understand", next_run_time=datetime.now(BEIJING))

    now = datetime.now(BEIJING)
    jobs.add_job(understand, "interval", seconds=UNDERSTAND_SECONDS, id="understand", next_run_time=now)
    for name, module in modules.items():
        inbox(knowledge, name)
        seconds = DESK_SECONDS if module.source.kind == "desk" else module.source.every_minutes * 60
        jobs.add_job(read, "interval", args=[module], seconds=seconds, jitter=min(10, seconds // 10), id=name, next_run_time=now)
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.shutdown(wait=True)


def inbox(knowledge: Knowledge, source_name: str) -> Path:
    """The folder a source's files are left in; made if missing."""
    return knowledge.settings.folder("inbox", source_name)


def read_inbox(knowledge: Knowledge, module: SourceModule) -> list[Receipt]:
    """Receive every complete file of a source's inbox, in name order, and clear it away. One receipt per file received.

    A file that cannot be read is set aside with its reason and the next is read. When something we depend on does not answer,
    everything stays where it is for the next run.
    """
    box = inbox(knowledge, module.source.name)
    receipts = []
    for file in _complete(box):
        try:
            if knowledge.ledger.watermark(module.source.name) != mark_of(file):
                receipts.append(receive_file(knowledge, module, file))
        except BadInput as error:
            log.warning("%s", error)
            _moved(box, file, "failed", reason=str(error))
            continue
        except AnlanError as error:
            if not error.retry:
                raise
            log.warning("%s is left for the next run: %s", file.name, error)
            break
        except FileNotFoundError:
            log.info("%s was taken away before it was read", file.name)
            continue
        _moved(box, file, "done")
    return receipts


def _complete(box: Path) -> list[Path]:
    """Files that are whole: nobody is writing them or one of the files that belong to them."""
    now = time.time()
    files = [path for path in sorted(box.rglob("*")) if path.is_file() and path.relative_to(box).parts[0] not in _APART]
    files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(box).parts)]
    whole = []
    for file in files:
        if file.name.endswith((*_UNFINISHED, SIDECAR)) or is_part_of_another(file):
            continue
        try:
            if all(now - part.stat().st_mtime >= STILL_SECONDS for part in parts_of(file)):
                whole.append(file)
        except FileNotFoundError:
            continue
    return whole


def _moved(box: Path, file: Path, where: str, *, reason: str = "") -> None:
    """Clear a file away with all that belongs to it, never over another; the file itself last, so that a crash here repeats the move."""
    folder = box / where / datetime.now(BEIJING).strftime("%Y-%m-%d") / file.relative_to(box).parent
    folder.mkdir(parents=True, exist_ok=True)
    stamp = ""
    while (folder / (stamp + file.name)).exists():
        stamp = f"{datetime.now(BEIJING):%H%M%S}-{random.randrange(10**6):06d}-"  # noqa: S311 — only a name that is free
    if reason:
        (folder / f"{stamp}{file.name}.reason.txt").write_text(reason + "\n", "utf-8")
    for part in parts_of(file):
        part.rename(folder / (stamp + part.name))

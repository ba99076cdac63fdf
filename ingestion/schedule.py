"""When evidence comes in: one job per channel, that is per source's inbox `var/inbox/<source>/` and per address of `sources.yml`.

A file is read once it has been still for two seconds and does not end in `.part` or `.tmp`. After the ledger has it, it moves
to `done/<date>/`; a file that cannot be read moves to `failed/<date>/` beside a `.reason.txt`. The watermark in the ledger, moved in
the transaction that received the file's or page's last records, tells after a crash or a day's stop where to go on.
Jobs live in code and in memory only; a late run is made up for once. Every channel has a thread and time limits of its own, so a slow or
broken one delays no other; after failures it pauses longer each time, up to half an hour, which the ledger's runs tell after a restart too.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from graph import listening
from graph.knowledge import Knowledge
from graph.retention import erase_due
from ingestion.pipeline import understand_waiting
from ingestion.quarantine import retry_asked
from ingestion.receiving import ask_address, mark_of, receive_file, record_run
from ingestion.second_look import look_again
from ingestion.source import SIDECAR, SourceModule, folder_channel, is_part_of_another, parts_of, sources
from ingestion.source_addresses import Address, addresses
from models.domain import BEIJING, Channel, Receipt, Source
from models.errors import AnlanError, BadInput, Refused
from models.language import LanguageModel
from models.settings import Settings

log = logging.getLogger(__name__)

STILL_SECONDS = 2.0
"""How long a file must not have changed before it counts as complete."""
UNDERSTAND_SECONDS = 15
"""Understanding looks for work this often, besides right after something was received."""
ASKED_SECONDS = 3
"""Quarantined records that someone asked to be read again are looked for this often."""
SECOND_LOOK_SECONDS = 20
"""A language model, where there is one, looks this often for waiting messages the rules were unsure of."""
WATCH_SECONDS = 60
"""The length of the queue is written to the log this often while something waits, and empty looks are remembered at most this often."""
LATE_SECONDS = 120
"""When the oldest piece has waited this long, understanding has fallen behind."""

ANCHOR_SECONDS = 600
"""What was written since the last anchor is anchored this often."""
RETAIN_SECONDS = 86_400
"""Originals past their time are looked for this often."""
CLOCK_SECONDS, CLOCK_SLACK = 5.0, 2.0
"""The clock is looked at this often, and has been set back when it lost more than this against the one that only runs forward."""

_UNFINISHED = (".part", ".tmp", ".crdownload")
_APART = {"done", "failed"}


def channels(settings: Settings) -> list[tuple[Source, list[Channel]]]:
    """Every source with its channels: its folder, then its addresses. BrokenDefinition when `sources.yml` is wrong."""
    modules = sources()
    asked = addresses(settings, modules)
    return [
        (
            module.source,
            [
                folder_channel(module.source, settings.home / "inbox" / name),
                *(address.channel(module.source) for address in asked if address.source == name),
            ],
        )
        for name, module in modules.items()
    ]


@contextmanager
def scheduled(knowledge: Knowledge) -> Iterator[BackgroundScheduler]:
    """Every channel read on its schedule, and what they bring understood, while inside. Leaving waits for the runs under way."""
    modules, declared = sources(), channels(knowledge.settings)
    asked = {address.stream: address for address in addresses(knowledge.settings, modules)}
    listening.declare(knowledge.ledger, declared)
    everything = [(source, channel) for source, own in declared for channel in own]
    jobs = BackgroundScheduler(
        timezone=BEIJING,
        executors={"default": ThreadPoolExecutor(len(everything) + 4)},
        # The library's own grace of one second would skip late runs in silence.
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
    )

    def understand() -> None:
        try:
            understand_waiting(knowledge)
        except Refused as error:
            log.info("understanding is busy elsewhere: %s", error)

    def soon() -> None:
        jobs.modify_job("understand", next_run_time=datetime.now(BEIJING))

    def ask_again() -> None:
        if retry_asked(knowledge):
            soon()

    model, leaving = LanguageModel(knowledge.settings), threading.Event()

    def second_look() -> None:
        look_again(knowledge, model, cancelled=leaving)

    now = datetime.now(BEIJING)
    every: list[tuple[str, Callable[[], None], int]] = [
        ("understand", understand, UNDERSTAND_SECONDS),
        ("quarantine", ask_again, ASKED_SECONDS),
        ("queue", lambda: tell_queue(knowledge), WATCH_SECONDS),
        ("anchor", knowledge.ledger.anchor, ANCHOR_SECONDS),
    ]
    if knowledge.settings.keep_days:
        every.append(("retain", lambda: retain(knowledge), RETAIN_SECONDS))
    if model.state.name != "absent":
        every.append(("second-look", second_look, SECOND_LOOK_SECONDS))
    for name, work, seconds in every:
        jobs.add_job(work, "interval", seconds=seconds, id=name, next_run_time=now)
    for source, channel in everything:
        run = _folder_run(knowledge, modules[source.name], soon) if channel.kind == "folder" else None
        run = run or _address_run(knowledge, modules[source.name], asked[channel.name], soon)
        state = listening.channel_state(knowledge.ledger, source, channel, datetime.now(UTC))
        # One that kept failing before the stop goes on pausing; all others catch up at once.
        first = max(now, state.next_run_at.astimezone(BEIJING)) if state.failures and state.next_run_at else now
        seconds = channel.every_seconds
        jobs.add_job(run, "interval", seconds=seconds, jitter=min(10, seconds // 10), id=channel.name, next_run_time=first)
    jobs.add_listener(_failed(knowledge, jobs, {channel.name: (source, channel) for source, channel in everything}), EVENT_JOB_ERROR)
    jobs.start()
    clock = threading.Thread(target=watch_clock, args=(knowledge, jobs, leaving), name="clock")
    clock.start()
    try:
        yield jobs
    finally:
        leaving.set()
        clock.join()
        jobs.shutdown(wait=True)


def _folder_run(knowledge: Knowledge, module: SourceModule, soon: Callable[[], None]) -> Callable[[], None]:
    remembered = 0.0

    def run() -> None:
        nonlocal remembered
        receipts = read_inbox(knowledge, module)
        if any(receipt.new for receipt in receipts):
            soon()
        elif time.monotonic() - remembered > WATCH_SECONDS or not remembered:
            knowledge.ledger.looked_at(module.source.name)
            remembered = time.monotonic()

    return run


def _address_run(knowledge: Knowledge, module: SourceModule, address: Address, soon: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            if ask_address(knowledge, module, address).new:
                soon()
        except AnlanError:
            # What came before the failure is received.
            soon()
            raise

    return run


def _failed(
    knowledge: Knowledge, jobs: BackgroundScheduler, known: dict[str, tuple[Source, Channel]]
) -> Callable[[JobExecutionEvent], None]:
    """After a failed run of an address: write it down if nobody has, and pause before the next."""

    def failed(event: JobExecutionEvent) -> None:
        source, channel = known.get(event.job_id, (None, None))
        if source is None or channel is None or channel.kind == "folder":
            return
        if isinstance(event.exception, AnlanError):
            log.warning("%s: %s", channel.name, event.exception)
        else:
            words = f"程序出错（{type(event.exception).__name__}），请把日志交给维护人员；稍后会自动再试。"
            record_run(knowledge, source.name, Receipt(source=source.name), event.scheduled_run_time, words, channel=channel.name)
        state = listening.channel_state(knowledge.ledger, source, channel, datetime.now(UTC))
        wait = listening.pause(timedelta(seconds=channel.every_seconds), state.failures)
        later = datetime.now(BEIJING) + wait * random.uniform(1, 1.1)  # noqa: S311 — only so that not all come back at once
        jobs.modify_job(channel.name, next_run_time=later)

    return failed


def watch_clock(knowledge: Knowledge, jobs: BackgroundScheduler, leaving: threading.Event, wall: Callable[[], float] = time.time) -> None:
    """Until `leaving`: when the clock was set back, run everything now, or nothing would be read until the clock is there again.

    That it happened is written to the ledger. Entries keep the time the clock showed; their order is their number.
    """
    offset = wall() - time.monotonic()
    while not leaving.wait(CLOCK_SECONDS):
        now = wall() - time.monotonic()
        if now < offset - CLOCK_SLACK:
            log.warning("时钟被回拨 %.0f 秒：所有读取立即重排；先后以台账编号为准。", offset - now)
            jobs.wakeup()
            for job in jobs.get_jobs():
                jobs.modify_job(job.id, next_run_time=datetime.now(BEIJING))
            try:
                knowledge.ledger.record("clock.set_back", "system", {"seconds": round(offset - now, 3)}, by="system")
            except AnlanError as error:
                log.warning("%s", error)
        offset = now


def retain(knowledge: Knowledge) -> None:
    """Erase the originals whose time is over, as ANLAN_KEEP_DAYS says."""
    erased = erase_due(knowledge, knowledge.settings.keep_days, by="system")
    if erased:
        log.info("保存期满，删除原文 %d 条", erased)


def tell_queue(knowledge: Knowledge) -> None:
    """Write to the log how much waits and for how long; a warning once understanding has fallen behind."""
    queue = knowledge.ledger.queue()
    if queue.oldest_at is None:
        return
    age = (datetime.now(UTC) - queue.oldest_at).total_seconds()
    words = "待理解 %d 条（其中急件 %d 条先读），最早一条已等 %.0f 秒"
    log.log(logging.WARNING if age > LATE_SECONDS else logging.INFO, words, queue.waiting, queue.urgent, age)


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
            # A date in the future is a clock set back, or another machine's: such a file is no younger for it.
            if all(abs(now - part.stat().st_mtime) >= STILL_SECONDS for part in parts_of(file)):
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

"""What a surge costs from file to graph: rates, ages, growth and memory, measured on a desk of its own that is thrown away afterwards.

The backlog is received first, then understood while fifty more arrive every second, as on a night when the calls do not stop.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from graph.knowledge import Knowledge, open_knowledge
from ingestion.pipeline import UnderstoodCount, understand_waiting
from ingestion.receiving import found, goes_first, receive_file
from ingestion.surge_stream import varied
from models.domain import BEIJING, Evidence
from models.settings import Settings

MARKS = (1_000, 10_000, 100_000)
"""Messages at which the cost of one is told."""
FILE = 1_000
"""Messages in one file."""
STEADY = 50
"""Messages that arrive every second while the backlog is understood."""
_TICKS = os.sysconf("SC_CLK_TCK")
_told_at = 0.0


def surge(path: Path | None = None, messages: int = 100_000) -> dict[str, Any]:
    """Figures of one surge of so many messages; Ctrl-C ends it early with what was seen. `path` is a data folder, else invented messages.

    Rates are messages a second of wall time on this machine as loaded as `load` says. `cpu_ms` is processor time a message, in this process
    (fusing, ledger), in those that read, and in the graph engine. `reckoned_on_two_quiet_cores` follows from it and was not measured.
    Ages are seconds from received to understood of what arrived during the surge.
    """
    with tempfile.TemporaryDirectory(prefix="anlan-surge-") as folder:
        settings = Settings(home=Path(folder) / "home", ledger_url="", graph_uri="", graph_heap="1g")
        with open_knowledge(settings) as knowledge:
            return _measured(knowledge, Path(folder), varied(path, messages + 3_600 * STEADY), messages)


def _measured(knowledge: Knowledge, folder: Path, stream: Iterator[dict[str, Any]], messages: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"machine": _machine(), "messages": messages}
    received = _Course()
    try:
        for file, source, count in _files(folder, islice(stream, messages)):
            receive_file(knowledge, found(source), file, stream=file.name, mark=file.name)
            file.unlink()
            received.add(count)
            _tell(f"received {received.done}")
    except KeyboardInterrupt:
        _tell("interrupted: understanding what was received")
    figures["receive"] = received.figures()
    understood, arrivals = _Course(), _Arrivals(knowledge, stream)
    arrivals.start()
    try:
        while understood.done < received.done or arrivals.is_alive():
            before = understood.done

            def progress(count: UnderstoodCount, before: int = before) -> None:
                understood.add(before + count.understood - understood.done)
                _tell(f"understood {understood.done}, waiting {arrivals.waiting[-1] if arrivals.waiting else '-'}")
                if understood.done >= received.done:
                    arrivals.enough.set()

            understand_waiting(knowledge, progress=progress)
            if understood.done == before:
                time.sleep(0.2)
    except KeyboardInterrupt:
        _tell("interrupted")
    finally:
        arrivals.enough.set()
        arrivals.join()
    figures["understand"] = understood.figures()
    figures["arrivals"] = arrivals.figures()
    spent = figures["understand"].get("cpu_ms")
    if spent:
        together, alone = sum(spent.values()), spent["here"]
        figures["reckoned_on_two_quiet_cores"] = {"understood_per_second": round(min(2_000 / together, 1_000 / alone))}
    memory = {name: round(sum(sizes)) for name, sizes in _memory().items()}
    figures["memory_mb"] = {**memory, "together": sum(memory.values())}
    figures["machine_after"] = _machine()
    return figures


def _files(folder: Path, rows: Iterator[dict[str, Any]]) -> Iterator[tuple[Path, str, int]]:
    number = 0
    while part := list(islice(rows, FILE)):
        lines: defaultdict[str, list[str]] = defaultdict(list)
        for row in part:
            lines[row.pop("source")].append(json.dumps(row, ensure_ascii=False) + "\n")
        for source, own in lines.items():
            number += 1
            file = folder / f"{source}-{number}.jsonl"
            file.write_text("".join(own), "utf-8")
            yield file, source, len(own)


@dataclass
class _Course:
    """How one stage went on: messages done, wall seconds and processor seconds by process after every step."""

    done: int = 0
    steps: list[tuple[int, float, dict[str, float]]] = field(default_factory=lambda: [(0, time.monotonic(), _processor())])

    def add(self, count: int) -> None:
        self.done += count
        self.steps.append((self.done, time.monotonic(), _processor()))

    def figures(self) -> dict[str, Any]:
        (_, began, _), (done, ended, _) = self.steps[0], self.steps[-1]
        if not done:
            return {"messages": 0}
        marks = [mark for mark in MARKS if mark < done] + [done]
        return {
            "messages": done,
            "seconds": round(ended - began, 1),
            "per_second": round(done / (ended - began), 1),
            "cpu_ms": self._cost(0, done),
            "cpu_ms_of_the_thousand_before": {mark: self._cost(mark - 1_000, mark) for mark in marks},
        }

    def _cost(self, after: int, until: int) -> dict[str, float]:
        first = max((step for step in self.steps if step[0] <= max(0, after)), key=lambda step: step[0])
        last = min((step for step in self.steps if step[0] >= until), key=lambda step: step[0])
        count = max(1, last[0] - first[0])
        return {name: round((last[2][name] - first[2].get(name, 0.0)) * 1000 / count, 3) for name in last[2]}


class _Arrivals(threading.Thread):
    """Fifty messages a second, received while others are understood; watches the queue as the pages do."""

    def __init__(self, knowledge: Knowledge, stream: Iterator[dict[str, Any]]) -> None:
        super().__init__(name="arrivals", daemon=True)
        self._knowledge, self._stream = knowledge, stream
        self.enough = threading.Event()
        self.waiting: list[int] = []
        self._oldest: list[float] = []
        self._late: list[float] = []
        self._urgent: dict[str, bool] = {}

    def run(self) -> None:
        due = time.monotonic()
        while not self.enough.is_set():
            now = datetime.now(BEIJING)
            items: dict[str, list[Evidence]] = defaultdict(list)
            for row in islice(self._stream, STEADY):
                text = str(row.get("text") or row.get("abstract") or row.get("body") or row.get("title"))
                one = Evidence.of(received_at=now, source=row["source"], external_id="now-" + row["id"], text=text, sent_at=now)
                items[row["source"]].append(one)
            for name, own in items.items():
                source = found(name).source
                urgent = {one.id for one in own if goes_first(one, source)}
                self._urgent |= {one.id: one.id in urgent for one in own}
                self._knowledge.ledger.receive(source, own, urgent=urgent)
            queue = self._knowledge.ledger.queue()
            self.waiting.append(queue.waiting)
            self._oldest.append((datetime.now(UTC) - queue.oldest_at).total_seconds() if queue.oldest_at else 0.0)
            due += 1
            self._late.append(max(0.0, time.monotonic() - due))
            self.enough.wait(max(0.0, due - time.monotonic()))

    def figures(self) -> dict[str, Any]:
        """Ages of what arrived, urgent and not, and what the queue said meanwhile."""
        at: dict[str, datetime] = {}
        ages: dict[bool, list[float]] = {True: [], False: []}
        for entry in self._knowledge.ledger.entries(kinds=["evidence.received", "evidence.understood"]):
            if entry.subject in self._urgent:
                if entry.kind == "evidence.received":
                    at[entry.subject] = entry.at
                else:
                    ages[self._urgent[entry.subject]].append((entry.at - at[entry.subject]).total_seconds())
        return {
            "arrived": len(self._urgent),
            "arrived_late_by_s_p95": _share(self._late, 0.95),
            "urgent": {"understood": len(ages[True]), "age_s_p50": _share(ages[True], 0.5), "age_s_p95": _share(ages[True], 0.95)},
            "others": {"understood": len(ages[False]), "age_s_p50": _share(ages[False], 0.5), "age_s_p95": _share(ages[False], 0.95)},
            "queue_seen": {"looks": len(self.waiting), "longest": max(self.waiting, default=0), "oldest_s": _share(self._oldest, 1.0)},
        }


def _share(values: Sequence[float], share: float) -> float | None:
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 1) if values else None


def _processes() -> dict[str, list[int]]:
    """Ids of this process, of those that read, and of the graph engine."""
    parents: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(entry / "stat")):
            parents[int(stat.rpartition(")")[2].split()[1])].append(int(entry.name))
    found: dict[str, list[int]] = {"here": [os.getpid()], "readers": [], "engine": []}
    below = list(parents[os.getpid()])
    while below:
        process = below.pop()
        below += parents[process]
        found["engine" if "graph.engine" in _read(Path(f"/proc/{process}/cmdline")) else "readers"].append(process)
    return found


def _processor() -> dict[str, float]:
    """Processor seconds so far, by kind of process."""
    spent = {}
    for name, processes in _processes().items():
        fields = [stat.rpartition(")")[2].split() for one in processes if (stat := _read(Path(f"/proc/{one}/stat")))]
        spent[name] = sum(int(each[11]) + int(each[12]) for each in fields) / _TICKS
    return spent


def _memory() -> dict[str, list[float]]:
    """Largest resident size so far of each process, in MB, by kind."""
    peaks: dict[str, list[float]] = {}
    for name, processes in _processes().items():
        lines = [line for one in processes for line in _read(Path(f"/proc/{one}/status")).splitlines() if line.startswith("VmHWM")]
        peaks[name] = [int(line.split()[1]) / 1024 for line in lines]
    return peaks


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""  # it ended meanwhile


def _machine() -> dict[str, Any]:
    return {"cores": len(os.sched_getaffinity(0)), "load": [round(each, 1) for each in os.getloadavg()]}


def _tell(words: str) -> None:
    """How far it is: over itself on a screen, a line every ten seconds elsewhere."""
    global _told_at
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{words}    ")
    elif time.monotonic() - _told_at >= 10:
        _told_at = time.monotonic()
        sys.stderr.write(f"{words}\n")
    sys.stderr.flush()

"""Kills a real `anlan ingest` with SIGKILL at random moments, starts it again, and counts what is in the record and the graph."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from graph.knowledge import open_knowledge
from graph.ledger import Ledger
from models.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
_WHERE = ("秦淮区石榴巷", "鼓楼区银杏里", "江宁区竹影路", "玄武区枫林街", "建邺区云帆路")
_WHAT = ("积水没过膝盖", "有人被困电梯", "起火冒浓烟，1人受伤", "井盖丢了", "路灯不亮", "燃气味很重")


@dataclass(frozen=True)
class Outcome:
    """What was found after all kills and one undisturbed run."""

    kills: int
    after_kill: tuple[tuple[int, int], ...]
    """Messages received and messages understood, as the record stood after each kill: shows what the kills interrupted."""
    received: int
    understood_entries: int
    distinct_understood: int
    in_graph: int
    is_chain_whole: bool
    is_rebuild_equal: bool
    seconds: float

    @property
    def mid_work(self) -> int:
        """Kills that left something received and not understood."""
        return sum(received > understood for received, understood in self.after_kill)


def killed_often(folder: Path, *, messages: int, kills: int, seed: int) -> Outcome:
    """Ingest `messages` invented calls from a growing file, killing the process `kills` times; deterministic in content, not in timing.

    Each run finds some new calls in the file. Most kills come a moment after that run's first write, the others anywhere from its start.
    """
    dice, began = random.Random(seed), time.monotonic()
    home, path = folder / "var", folder / "calls.csv"
    rows = [f"{n},2026/7/18 {n % 24:02d}:{n % 60:02d}:00,{dice.choice(_WHERE)}{n}号{dice.choice(_WHAT)}" for n in range(messages)]
    after: list[tuple[int, int]] = []
    # Half of the work is kept for kills during understanding; about 250 calls are understood in a second.
    longest = max(0.5, messages / kills / 100)
    while len(after) < kills:
        grown = rows[: messages * (len(after) + 1) // kills]
        path.write_text("工单编号,来电时间,诉求内容\n" + "\n".join(grown) + "\n", encoding="utf-8")
        in_work = dice.random() < 0.75
        if _killed(home, path, dice.uniform(0, longest) if in_work else dice.uniform(0.3, 8), in_work=in_work):
            after.append(_standing(home))
        else:
            # It was done before it could be hit: hit the next one sooner.
            longest = max(0.1, longest * 0.8)
    assert not _killed(home, path, None, in_work=False)
    return _counted(home, after, time.monotonic() - began)


def _killed(home: Path, path: Path, wait: float | None, *, in_work: bool) -> bool:
    """Run to the end (false), or until killed `wait` seconds after the start, or after the first write of this run (true)."""
    environment = {**os.environ, "ANLAN_HOME": str(home), "ANLAN_GRAPH_HEAP": "512m"}
    command = [sys.executable, "-m", "anlan", "ingest", str(path), "--source", "hotline"]
    log, before = home / "ledger.db-wal", time.time()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 300
        while in_work and process.poll() is None and not (log.exists() and log.stat().st_size and log.stat().st_mtime > before):
            assert time.monotonic() < end, "the process wrote nothing in five minutes"
            time.sleep(0.01)
        try:
            _, said = process.communicate(timeout=300 if wait is None else wait)
        except subprocess.TimeoutExpired:
            assert wait is not None, "the undisturbed run did not end in five minutes"
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
    assert process.returncode == 0, said
    return False


def _standing(home: Path) -> tuple[int, int]:
    if not (home / "ledger.db").exists():
        return 0, 0
    ledger = Ledger(Settings(home=home).ledger_address)
    try:
        counts = ledger.counts()
        received = sum(counts["evidence"].values())
        return received, received - int(counts["waiting"])
    finally:
        ledger.close()


def _counted(home: Path, after: list[tuple[int, int]], seconds: float) -> Outcome:
    with open_knowledge(Settings(home=home, graph_heap="512m")) as knowledge:
        received = Counter(entry.subject for entry in knowledge.ledger.entries(kinds=["evidence.received"]))
        understood = Counter(entry.subject for entry in knowledge.ledger.entries(kinds=["evidence.understood"]))
        graph = {view.id for view in knowledge.store.evidence(limit=len(received) + 10)}
        assert max(received.values()) == 1, "received twice"
        assert graph == set(received), "the graph holds other messages than the ledger"
        before = knowledge.store.digest()
        chain = knowledge.ledger.verify().ok
        in_graph = knowledge.store.counts()["Evidence"]
        knowledge.rebuild()
        return Outcome(
            kills=len(after),
            after_kill=tuple(after),
            received=len(received),
            understood_entries=sum(understood.values()),
            distinct_understood=len(understood),
            in_graph=in_graph,
            is_chain_whole=chain,
            is_rebuild_equal=before == knowledge.store.digest(),
            seconds=seconds,
        )

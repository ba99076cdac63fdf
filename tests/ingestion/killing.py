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
from models.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
_WHERE = ("秦淮区石榴巷", "鼓楼区银杏里", "江宁区竹影路", "玄武区枫林街", "建邺区云帆路")
_WHAT = ("积水没过膝盖", "有人被困电梯", "起火冒浓烟，1人受伤", "井盖丢了", "路灯不亮", "燃气味很重")


@dataclass(frozen=True)
class Outcome:
    """What was found after all kills and one undisturbed run."""

    kills: int
    at: tuple[float, ...]
    """Seconds into its run at which each process was killed."""
    received: int
    understood_entries: int
    distinct_understood: int
    in_graph: int
    is_chain_whole: bool
    is_rebuild_equal: bool
    seconds: float


def killed_often(folder: Path, *, messages: int, kills: int, seed: int) -> Outcome:
    """Ingest `messages` invented calls, killing the process and all its children `kills` times; deterministic in content, not in timing."""
    dice, began = random.Random(seed), time.monotonic()
    home, path = folder / "var", folder / "calls.csv"
    rows = [f"{n},2026/7/18 {n % 24:02d}:{n % 60:02d}:00,{dice.choice(_WHERE)}{n}号{dice.choice(_WHAT)}" for n in range(messages)]
    path.write_text("工单编号,来电时间,诉求内容\n" + "\n".join(rows) + "\n", encoding="utf-8")
    # What an undisturbed run of the rest may take is not known beforehand: the longest wait grows until kills land inside the work.
    killed: list[float] = []
    longest = 6.0
    while len(killed) < kills:
        wait = dice.uniform(0.5, longest)
        if (lasted := _run(home, path, wait)) is None:
            if _waiting(home) == 0 and len(killed) < kills:
                # It finished before it was hit; give it new work that it has not seen.
                rows.append(f"{len(rows)},2026/7/18 12:00:00,{dice.choice(_WHERE)}{len(rows)}号{dice.choice(_WHAT)}")
                path.write_text("工单编号,来电时间,诉求内容\n" + "\n".join(rows) + "\n", encoding="utf-8")
            longest = max(1.0, longest * 0.8)
            continue
        killed.append(round(lasted, 2))
    assert _run(home, path, None) is None
    return _counted(home, killed, time.monotonic() - began)


def _run(home: Path, path: Path, wait: float | None) -> float | None:
    """Run to the end (null), or be killed after `wait` seconds (how long it lasted)."""
    environment = {**os.environ, "ANLAN_HOME": str(home), "ANLAN_GRAPH_HEAP": "512m"}
    command = [sys.executable, "-m", "anlan", "ingest", str(path), "--source", "hotline"]
    began = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            _, said = process.communicate(timeout=wait if wait is not None else 300)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return time.monotonic() - began
    assert process.returncode == 0, said
    return None


def _waiting(home: Path) -> int:
    with open_knowledge(Settings(home=home, graph_heap="512m")) as knowledge:
        return int(knowledge.ledger.counts()["waiting"])


def _counted(home: Path, killed: list[float], seconds: float) -> Outcome:
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
            kills=len(killed),
            at=tuple(killed),
            received=len(received),
            understood_entries=sum(understood.values()),
            distinct_understood=len(understood),
            in_graph=in_graph,
            is_chain_whole=chain,
            is_rebuild_equal=before == knowledge.store.digest(),
            seconds=seconds,
        )

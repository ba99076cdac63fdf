"""What a person at the terminal sees when something is full, taken or broken: one line in Chinese, exit status 1, no traceback."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from graph.ledger import Ledger
from models.errors import Unreachable, storage_trouble
from models.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


def said(home: Settings, *words: str, **more: str) -> tuple[int, str]:
    environment = {**os.environ, "ANLAN_HOME": str(home.home), "ANLAN_GRAPH_HEAP": "512m", **more}
    done = subprocess.run([sys.executable, "-m", "anlan", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_taken_port_is_named_before_anything_is_started(home: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, words = said(home, "up", ANLAN_PORT=str(port))
    assert status == 1
    assert f"端口 {port} 已被另一个程序占用" in words
    assert not (home.home / "graph").exists()


def test_a_broken_record_is_located_without_opening_anything_else(home: Settings, ledger: Ledger) -> None:
    for number in range(4):
        ledger.record("source.run", "hotline", {"n": number}, by="system")
    ledger.close()
    with sqlite3.connect(home.home / "ledger.db") as db:
        db.execute("DROP TRIGGER entry_no_update")
        db.execute("UPDATE entry SET payload = '{\"n\":9' WHERE seq = 3")
    db.close()
    status, words = said(home, "audit", "verify")
    assert status == 1
    assert "第 3 条起不可信（changed）" in words
    assert not (home.home / "graph").exists()
    (home.home / "ledger.db").write_text("不是数据库" * 2000)
    status, words = said(home, "people", "list")
    assert status == 1
    assert "anlan restore" in words


def test_a_restore_over_a_desk_is_refused_in_a_line(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    assert said(home, "backup", str(tmp_path / "desk.tar"))[0] == 0
    status, words = said(home, "restore", str(tmp_path / "desk.tar"))
    assert status == 1
    assert "已有内容" in words


@pytest.mark.parametrize(("number", "words"), [(28, "磁盘已满"), (30, "只读"), (13, "写权限"), (5, "anlan restore")])
def test_a_disk_in_trouble_has_words(number: int, words: str) -> None:
    assert words in str(storage_trouble(OSError(number, os.strerror(number), "/data/x")))


def test_another_failure_of_the_system_stays_what_it_is() -> None:
    assert storage_trouble(OSError(2, "no such file")) is None


def test_a_full_disk_is_named_by_the_ledger_and_costs_nothing(home: Settings, ledger: Ledger) -> None:
    """SQLite's own limit on pages says what a full disk says."""
    ledger.record("source.run", "hotline", {}, by="system")
    with ledger._engine.connect() as db:
        db.exec_driver_sql("PRAGMA max_page_count = 1")
    before = ledger.last_seq()
    with pytest.raises(Unreachable, match="磁盘已满"):
        ledger.record("source.run", "hotline", {"words": "满" * 2_000_000}, by="system")
    with ledger._engine.connect() as db:
        db.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert ledger.record("source.run", "hotline", {}, by="system").seq > before
    assert ledger.verify().ok

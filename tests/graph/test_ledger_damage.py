"""A thousand ways to damage a record, each found and located: a byte, a row, an order, an end, a whole chain written anew."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from invented import call, reading, shelter

from graph import anchors
from graph.anchors import Anchor, Anchors
from graph.ledger import GENESIS, Ledger, Verification, _chained, _json, _sha256
from models.domain import Person, Quarantined, Source
from models.errors import Damaged

NOT_COVERED = {
    ("progress", "urgent"),
    ("account", "password_hash"),
    ("account", "failures"),
    ("account", "locked_until"),
    ("account", "code_secret"),
    ("account", "code_step"),
}
"""Columns of rows that belong to the chain and are held against nothing: the order of waiting, and what the chain must not hold."""


@dataclass(frozen=True)
class Whole:
    """A record with everything in it, closed, and what its entries are about."""

    folder: Path
    length: int
    about: dict[str, set[int]]
    """Subject or key -> numbers of the entries about it."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    hotline = Source(name="hotline", title="热线", kind="hotline", publisher="市", owner="值班长", reliability="C", every_minutes=5)
    book = Ledger(f"sqlite:///{folder}/ledger.db", folder / "anchors")
    for name, role in (("duty1", "duty"), ("signer1", "signer")):
        book.add_person(Person(name=name, display_name="钱值班", role=role, districts=("320105",)), "hash", "admin1")
    book.change_person("duty1", by="admin1", role="officer")
    bad = [Quarantined(source="hotline", reason="没有正文", where="a.csv:3", raw=f"坏行{n}", digest=f"{n:064d}") for n in range(3)]
    calls = [call(n, f"第{n}个电话：\ud83d 起火" if n == 4 else "") for n in range(14)]
    for start in range(0, 14, 5):
        book.receive(hotline, calls[start : start + 5], quarantined=bad[: start // 5], features=[shelter(start)], urgent={calls[0].id})
        book.understood([reading(one) for one in calls[start : start + 4]])
    book.erase(calls[2].id, by="auditor1", reason="当事人要求删除")
    book.erase(calls[13].id, by="auditor1", reason="当事人要求删除")
    book.receive(hotline, [call(90)], settles=(bad[0].digest, "duty1"))
    for n in range(4):
        book.record("report.signed", f"re-{n}", {"理由": "已核实", "n": n}, by="signer1")
    assert book.verify().ok
    about: dict[str, set[int]] = {}
    for entry in book.entries():
        for key in (entry.subject, "qu-" + entry.subject, f"{entry.subject}-{_sha256(_json(entry.payload))[:32]}"):
            about.setdefault(key, set()).add(entry.seq)
    length = book.last_seq()
    book.close()
    return Whole(folder, length, about)


class Trial:
    """One copy of the record, open for harm."""

    def __init__(self, whole: Whole, folder: Path, seed: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole.folder, folder)
        self.whole, self.folder, self.dice = whole, folder, random.Random(seed)
        self.db = sqlite3.connect(folder / "ledger.db", isolation_level=None)
        for trigger in ("entry_no_update", "entry_no_delete", "entry_in_order"):
            self.db.execute(f"DROP TRIGGER {trigger}")

    def found(self, book: Ledger) -> Verification:
        self.db.close()
        # The same engine, which has its statements ready, on the new file.
        book._engine.dispose()
        return book.verify()

    def flip(self) -> set[int | None]:
        """One byte of one value of one row; the numbers it may be located at."""
        while True:
            table = self.dice.choice(["entry"] * 5 + ["archive"] * 2 + ["progress", "head", "account"])
            columns = [row[1] for row in self.db.execute(f"PRAGMA table_info({table})")]
            column = self.dice.choice(columns)
            if (table, column) in NOT_COVERED:
                continue
            rows = self.db.execute(f"SELECT rowid, typeof({column}), CAST({column} AS BLOB) FROM {table}").fetchall()
            rowid, kind, value = self.dice.choice(rows)
            if not value:
                continue
            before = self.db.execute(f"SELECT {columns[0]} FROM {table} WHERE rowid = ?", (rowid,)).fetchone()[0]
            if kind == "integer":
                changed: int | bytes = int(value) ^ (1 << self.dice.randrange(16))
                if column in ("seq",) and table == "entry" and 1 <= int(changed) <= self.whole.length:
                    continue  # taken by another row: the database itself refuses it
                self.db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, rowid))
            else:
                data = bytearray(value)
                data[self.dice.randrange(len(data))] ^= self.dice.randrange(1, 256)
                try:
                    self.db.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE rowid = ?", (bytes(data), rowid))
                except sqlite3.IntegrityError:
                    continue
            if table == "entry":
                return {int(before)}
            if table == "head":
                return {self.whole.length, self.whole.length + 1}
            if table == "account":
                return {*self.whole.about[before], None}
            return set(self.whole.about[before])

    def delete(self) -> set[int | None]:
        gone = self.dice.randint(1, self.whole.length)
        self.db.execute("DELETE FROM entry WHERE seq = ?", (gone,))
        return {gone}

    def swap(self) -> set[int | None]:
        first, second = sorted(self.dice.sample(range(1, self.whole.length + 1), 2))
        for change in ((first, -1), (second, first), (-1, second)):
            self.db.execute("UPDATE entry SET seq = ? WHERE seq = ?", change[::-1])
        return {first}

    def cut(self) -> set[int | None]:
        """The end cut off; half the time with everything inside the database made to agree."""
        left = self.dice.randint(0, self.whole.length - 1)
        self.db.execute("DELETE FROM entry WHERE seq > ?", (left,))
        if self.dice.random() < 0.5:
            self.agree(left)
        return {left + 1}

    def agree(self, left: int) -> None:
        self.db.execute("DELETE FROM archive WHERE key IN (SELECT key FROM progress WHERE received_seq > ?)", (left,))
        self.db.execute("DELETE FROM progress WHERE received_seq > ?", (left,))
        self.db.execute("UPDATE progress SET understood_seq = NULL WHERE understood_seq > ?", (left,))
        self.db.execute("DELETE FROM head")
        self.db.execute("INSERT INTO head SELECT 1, seq, hash FROM entry WHERE seq = ?", (left,))

    def rewrite(self) -> set[int | None]:
        """An entry changed and every hash from there on computed anew, the end included: nothing inside says so."""
        first = self.dice.randint(1, self.whole.length)
        self.db.execute("UPDATE entry SET at = '2026-01-01T00:00:00.000000+00:00' WHERE seq = ?", (first,))
        prev = self.db.execute("SELECT hash FROM entry WHERE seq = ?", (first - 1,)).fetchone()
        last = prev[0] if prev else GENESIS
        for row in self.db.execute(
            "SELECT seq, at, kind, subject, by_, payload FROM entry WHERE seq >= ? ORDER BY seq", (first,)
        ).fetchall():
            own = _chained(*row, last)
            self.db.execute("UPDATE entry SET prev = ?, hash = ? WHERE seq = ?", (last, own, row[0]))
            last = own
        self.db.execute("UPDATE head SET hash = ?", (last,))
        known = [anchor.seq for anchor in Anchors(self.folder / "anchors").read()]
        return set(range(max([seq for seq in known if seq < first], default=0) + 1, first + 1))


HARMS = ("flip", "flip", "flip", "flip", "flip", "delete", "swap", "cut", "rewrite")


@pytest.mark.parametrize("trials", [200, pytest.param(1_000, marks=pytest.mark.long)])
def test_each_of_many_kinds_of_damage_is_found_and_located(trials: int, whole: Whole, tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    with quick(tmp_path) as folder:
        shutil.copytree(whole.folder, folder)
        with contextlib.closing(Ledger(f"sqlite:///{folder}/ledger.db", folder / "anchors")) as book:
            for seed in range(trials):
                seen[harmed(Trial(whole, folder, seed), seed, book)] += 1
    print(dict(sorted(seen.items())))
    assert sum(seen.values()) == trials
    assert seen["swap: swapped"] > trials // 10
    assert seen["rewrite: rewritten"] > trials // 10
    assert {"flip: changed", "flip: body", "flip: marks", "flip: head", "flip: account", "delete: missing", "cut: truncated"} <= set(seen)


@contextlib.contextmanager
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a thousand copies need no disk."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="anlan-", dir=shared if os.access(shared, os.W_OK) else tmp_path) as folder:
        yield Path(folder) / "copy"


def harmed(trial: Trial, seed: int, book: Ledger) -> str:
    """What was done and what it was found to be."""
    harm = HARMS[seed % len(HARMS)]
    where = getattr(trial, harm)()
    found = trial.found(book)
    assert not found.ok, (seed, harm)
    assert found.first_broken in where, (seed, harm, where, found)
    assert found.damage
    assert found.reason
    return f"{harm}: {found.damage}"


def contents(path: Path) -> list[object]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        covered = {
            table: [row[1] for row in db.execute(f"PRAGMA table_info({table})") if (table, row[1]) not in NOT_COVERED] for table in tables
        }
        return [db.execute(f"SELECT {', '.join(covered[t])} FROM {t} ORDER BY 1").fetchall() for t in ("entry", "archive", "progress")]


def test_a_flipped_byte_anywhere_in_the_file_is_found_unless_nothing_was_changed_by_it(whole: Whole, tmp_path: Path) -> None:
    plain = (whole.folder / "ledger.db").read_bytes()
    before, harmless = contents(whole.folder / "ledger.db"), 0
    for seed in range(60):
        dice, copy = random.Random(seed), tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(whole.folder, copy)
        data = bytearray(plain)
        data[dice.randrange(len(data))] ^= dice.randrange(1, 256)
        (copy / "ledger.db").write_bytes(data)
        try:
            with contextlib.closing(Ledger(f"sqlite:///{copy}/ledger.db", copy / "anchors")) as book:
                is_found = not book.verify().ok
        except Damaged:
            is_found = True
        if not is_found:
            assert contents(copy / "ledger.db") == before, seed
            harmless += 1
    assert harmless < 55


def test_a_broken_page_is_said_in_words_and_names_the_way_back(whole: Whole, tmp_path: Path) -> None:
    shutil.copytree(whole.folder, tmp_path / "copy")
    path = tmp_path / "copy" / "ledger.db"
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    path.write_bytes(data)
    book = Ledger(f"sqlite:///{path}")
    for read in (book.people, book.last_seq, lambda: book.record("source.run", "hotline", {}, by="system")):
        with pytest.raises(Damaged, match=r"anlan restore"):
            read()
    assert book.verify().damage == "unreadable"
    book.close()
    path.write_text("这不是数据库" * 1000)
    with pytest.raises(Damaged, match=r"anlan restore"):
        Ledger(f"sqlite:///{path}")


# -- anchors


@pytest.fixture
def anchored(tmp_path: Path) -> Iterator[Ledger]:
    book = Ledger(f"sqlite:///{tmp_path}/ledger.db", tmp_path / "else" / "where")
    yield book
    book.close()


def written(tmp_path: Path) -> list[int]:
    return [anchor.seq for anchor in Anchors(tmp_path / "else" / "where").read()]


def test_a_signature_is_anchored_at_once_and_the_rest_at_intervals_and_at_the_end(
    anchored: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anchored.record("source.run", "hotline", {}, by="system")
    anchored.record("source.run", "hotline", {}, by="system")
    assert written(tmp_path) == [1]
    anchored.record("report.signed", "re-1", {}, by="signer1")
    assert written(tmp_path) == [1, 3]
    monkeypatch.setattr(anchors, "EVERY_ENTRIES", 2)
    for _ in range(3):
        anchored.record("source.run", "hotline", {}, by="system")
    assert written(tmp_path) == [1, 3, 5]
    anchored.close()
    assert written(tmp_path) == [1, 3, 5, 6]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "else" / "where").iterdir()} == {0o600}


def test_a_torn_last_line_is_passed_over_and_the_next_anchor_stands_on_its_own(anchored: Ledger, tmp_path: Path) -> None:
    anchored.record("report.signed", "re-1", {}, by="signer1")
    path = tmp_path / "else" / "where" / anchors.FILE
    path.write_bytes(path.read_bytes() + b'{"seq":2,"ha')
    assert written(tmp_path) == [1]
    anchored.record("report.signed", "re-2", {}, by="signer1")
    assert written(tmp_path) == [1, 2]
    assert anchored.verify().ok


def test_a_changed_anchor_is_reported(anchored: Ledger, tmp_path: Path) -> None:
    for number in range(3):
        anchored.record("report.signed", f"re-{number}", {}, by="signer1")
    path = tmp_path / "else" / "where" / anchors.FILE
    good = path.read_text()
    path.write_text(good.replace('"seq":2', '"seq":x'))
    assert (anchored.verify().ok, anchored.verify().damage) == (False, "anchor")
    path.write_text(good.replace('"seq":2', '"seq":9'))
    assert (anchored.verify().ok, anchored.verify().damage) == (False, "truncated")


def test_a_disk_for_anchors_that_is_gone_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "anchors").write_text("a file where the folder should be")
    book = Ledger(f"sqlite:///{tmp_path}/ledger.db", tmp_path / "anchors")
    assert book.record("report.signed", "re-1", {}, by="signer1").seq == 1
    assert "锚点没有写入" in caplog.text
    book.close()


def test_after_a_restore_the_anchors_of_what_was_lost_no_longer_speak(tmp_path: Path) -> None:
    kept = Anchors(tmp_path)
    for seq in (1, 5, 9):
        kept.follow(Anchor(seq, f"{seq:064d}", "2026-07-18T00:00:00+00:00"), at_once=True)
    kept.restored(Anchor(5, f"{5:064d}", "2026-07-19T00:00:00+00:00", restored=True))
    assert [anchor.seq for anchor in kept.read()] == [1, 5, 5]
    # A process that goes on after a restore starts counting anew.
    again = Anchors(tmp_path)
    again.follow(Anchor(6, f"{6:064d}", "2026-07-19T00:00:00+00:00"), at_once=True)
    assert [anchor.seq for anchor in again.read()] == [1, 5, 5, 6]


# -- the clock


def test_a_clock_set_back_is_no_damage_but_is_told_and_the_numbers_keep_the_order(anchored: Ledger) -> None:
    for hour in (9, 11, 10, 12):
        anchored.record("source.run", "hotline", {}, by="system", at=datetime(2026, 7, 18, hour, tzinfo=UTC))
    found = anchored.verify()
    assert (found.ok, found.clock_back) == (True, (1, 3))
    assert [entry.at.hour for entry in anchored.entries()] == [9, 11, 10, 12]

"""A backup taken while others write comes back whole; anything else is refused and leaves nothing behind."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from invented import call, reading

from graph import backup
from graph.anchors import Anchors
from graph.ledger import Ledger
from models.domain import Person, Source
from models.errors import AnlanError, BadInput, Damaged, Refused
from models.settings import Settings
from tests.conftest import fresh_database

WRITER = """
import sys
from pathlib import Path
from models.settings import Settings
from graph.ledger import Ledger
from models.domain import Evidence, Source
from datetime import UTC, datetime
settings = Settings(home=Path(sys.argv[1]), ledger_url=sys.argv[2])
book = Ledger.at(settings)
hotline = Source(name='hotline', title='热线', kind='hotline', publisher='市', owner='值班长', reliability='C', every_minutes=5)
n = 0
while True:
    now = datetime.now(UTC)
    batch = [Evidence.of(source='hotline', text=f'并发第{n}-{m}个电话', sent_at=now, received_at=now) for m in range(20)]
    book.receive(hotline, batch)
    book.understood([(one.id, {}) for one in batch])
    n += 1
    print(book.last_seq(), flush=True)
"""


@pytest.fixture
def desk(home: Settings, ledger: Ledger, hotline: Source) -> Settings:
    """A small desk: accounts, calls, files, and things that do not belong into a backup."""
    ledger.add_person(Person(name="duty1", display_name="钱值班", role="duty"), "hash", "admin1")
    ledger.receive(hotline, [call(1), call(2)])
    ledger.understood([reading(call(1))])
    for name in (
        "reports/re-1.docx",
        "gazetteer/own.yml",
        "inbox/hotline/a.csv",
        "sources.yml",
        "graph/databases/x",
        "graph/start.lock",
        "logs/a",
    ):
        (home.home / name).parent.mkdir(parents=True, exist_ok=True)
        (home.home / name).write_text(name)
    return home


def elsewhere(desk: Settings, name: str = "again", **more: object) -> Settings:
    return Settings(home=desk.home.parent / name, **more)  # type: ignore[arg-type]


def archive_of(desk: Settings, ledger: Ledger) -> Path:
    target = desk.home.parent / "desk.tar"
    backup.back_up(desk, ledger, target)
    return target


def test_a_backup_comes_back_with_the_record_the_accounts_and_the_files(desk: Settings, ledger: Ledger) -> None:
    archive = archive_of(desk, ledger)
    new = elsewhere(desk)
    manifest = backup.restore(new, archive)
    book = Ledger.at(new)
    assert [entry.hash for entry in book.entries()] == [entry.hash for entry in ledger.entries()]
    assert book.person("duty1").role == "duty"
    assert [item.id for item in book.waiting(5)] == [call(2).id]
    found = book.verify()
    assert (found.ok, found.entries) == (True, manifest.entries)
    kept = {path.relative_to(new.home).as_posix() for path in new.home.rglob("*") if path.is_file()} - {"anchors/anchors.jsonl"}
    assert {name for name in kept if not name.startswith("ledger.db")} == {
        "reports/re-1.docx", "gazetteer/own.yml", "inbox/hotline/a.csv", "sources.yml",
    }  # fmt: skip
    assert {path.stat().st_mode & 0o077 for path in (archive, new.home, *filter(Path.is_file, new.home.rglob("*")))} == {0}
    assert [path.name for path in desk.home.parent.iterdir() if path.name.startswith(".")] == []
    book.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_backup_under_load_restores_to_a_chain_that_holds(database: str, home: Settings, request: pytest.FixtureRequest) -> None:
    url = "" if database == "sqlite" else fresh_database(request.getfixturevalue("postgres"))
    settings = Settings(home=home.home, ledger_url=url)
    book = Ledger.at(settings)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(home.home), url], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        made = []
        for number in range(3):
            made.append(backup.back_up(settings, book, home.home.parent / f"{number}.tar"))
            time.sleep(0.1)
        during = book.last_seq()
        writer.kill()
    assert 0 < made[0].entries < made[1].entries < made[2].entries < during + 1
    for number, manifest in enumerate(made):
        new = Settings(home=home.home.parent / f"home{number}")
        backup.restore(new, home.home.parent / f"{number}.tar")
        again = Ledger.at(new)
        assert (again.verify().ok, again.last_seq()) == (True, manifest.entries)
        again.close()
    if url:
        book.close()
        back = Settings(home=home.home.parent / "back", ledger_url=fresh_database(request.getfixturevalue("postgres")))
        backup.restore(back, home.home.parent / "2.tar")
        again = Ledger.at(back)
        assert (again.verify().ok, again.last_seq()) == (True, made[2].entries)
        with pytest.raises(Refused, match="已有记录"):
            again.fill_from(home.home.parent / "home0" / "ledger.db")
        again.close()
    book.close()


def test_neither_a_backup_nor_a_restore_writes_over_anything(desk: Settings, ledger: Ledger) -> None:
    archive = archive_of(desk, ledger)
    with pytest.raises(Refused, match="已存在"):
        backup.back_up(desk, ledger, archive)
    with pytest.raises(Refused, match="已有内容"):
        backup.restore(desk, archive)


def test_what_was_restored_is_shorter_than_its_anchors_and_says_why(desk: Settings, ledger: Ledger) -> None:
    outside = desk.home.parent / "outside"
    anchored = Ledger(desk.ledger_address, outside)
    archive = archive_of(desk, anchored)
    anchored.record("report.signed", "re-1", {}, by="signer1")
    anchored.close()
    new = elsewhere(desk, anchors=outside)
    backup.restore(new, archive)
    book = Ledger.at(new)
    assert book.verify().ok
    assert Anchors(outside).read()[-1].restored
    book.record("report.signed", "re-2", {}, by="signer1")
    assert book.verify().ok
    book.close()


def rewritten(source: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]], dict], None]) -> Path:
    """The archive taken apart, changed, and put together again with the manifest as changed."""
    with tarfile.open(source) as archive:
        members = [(head, archive.extractfile(head).read()) for head in archive]  # type: ignore[union-attr]
    manifest = json.loads(members[0][1])
    change(members, manifest)
    members[0] = (members[0][0], json.dumps(manifest).encode())
    target = source.with_name("changed.tar")
    with tarfile.open(target, "w") as archive:
        for head, data in members:
            head.size = len(data) if head.isfile() else 0
            archive.addfile(head, io.BytesIO(data))
    return target


def named(members: list, manifest: dict, name: str) -> None:
    members[-1][0].name = manifest["members"][-1]["name"] = name


def linked(members: list, manifest: dict) -> None:
    members[-1][0].type, members[-1][0].linkname = tarfile.SYMTYPE, "/etc/passwd"


def with_a_broken_chain(members: list, manifest: dict) -> None:
    path = Path("/tmp") / f"anlan-broken-{time.monotonic_ns()}.db"
    path.write_bytes(members[1][1])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP TRIGGER entry_no_update")
        db.execute("UPDATE entry SET by_ = 'nobody' WHERE seq = 2")
    data = path.read_bytes()
    path.unlink()
    members[1] = (members[1][0], data)
    import hashlib

    manifest["members"][0] |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


CHANGES: dict[str, tuple[Callable[[list, dict], None], type[AnlanError], str]] = {
    "foreign": (lambda m, f: f.update(format="other"), BadInput, "不是安澜的备份"),
    "newer": (lambda m, f: f.update(version=2), BadInput, "升级"),
    "of another city": (lambda m, f: f.update(city="110100"), Refused, "110100"),
    "with a digest that is not its file's": (lambda m, f: f["members"][0].update(sha256="0" * 64), Damaged, "摘要"),
    "with a file less": (lambda m, f: m.pop(), Damaged, "与清单不符"),
    "with a file more": (lambda m, f: f["members"].pop(), Damaged, "清单之外"),
    "without a ledger": (lambda m, f: f.update(members=f["members"][1:]), Damaged, "清单"),
    "that climbs out": (lambda m, f: named(m, f, "../out.txt"), BadInput, "不安全"),
    "that climbs out later": (lambda m, f: named(m, f, "a/../../out.txt"), BadInput, "不安全"),
    "that names the root": (lambda m, f: named(m, f, "/tmp/out.txt"), BadInput, "不安全"),
    "that holds a link": (linked, Damaged, "与清单不符"),
    "whose end is another": (lambda m, f: f.update(hash="0" * 64), Damaged, "末尾"),
    "whose chain does not hold": (with_a_broken_chain, Damaged, "台账不完整"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_archive_is_refused_and_leaves_nothing(what: str, desk: Settings, ledger: Ledger) -> None:
    change, error, words = CHANGES[what]
    archive = rewritten(archive_of(desk, ledger), change)
    before = sorted(path for path in desk.home.parent.rglob("*"))
    with pytest.raises(error, match=words):
        backup.restore(elsewhere(desk), archive)
    assert sorted(path for path in desk.home.parent.rglob("*")) == before


def test_a_cut_or_flipped_archive_is_refused(desk: Settings, ledger: Ledger) -> None:
    archive = archive_of(desk, ledger)
    data = archive.read_bytes()
    for number, broken in enumerate((data[: len(data) // 2], b"", b"PK\x03\x04" + data[4:], data[:5000] + b"\x00\xff" + data[5002:])):
        path = desk.home.parent / f"broken{number}.tar"
        path.write_bytes(broken)
        with pytest.raises((Damaged, BadInput)):
            backup.restore(elsewhere(desk), path)
    assert not elsewhere(desk).home.exists()

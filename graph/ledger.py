"""The record: every item received, every reading of it and every decision, in the order they happened, for ever.

The ledger is an append-only, hash-chained table in SQL: one SQLite file by default, PostgreSQL by URL. The graph is built from
it and can be thrown away. Two things live beside the chain because they must be changeable: the archive of unmasked bodies,
which the law may order us to erase, and the accounts. The chain holds only digests of what the archive holds.

One long module on purpose: whoever asks "can an entry change after the fact?" should have to read exactly one file.
Times are stored as UTC text of fixed width, so that both databases sort and hash the same characters.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from graph.anchors import Anchor, Anchors
from models.domain import BEIJING, Entry, Evidence, Feature, Person, Quarantined, Receipt, Role, Source
from models.domain import digest as canonical_digest
from models.errors import BadInput, Damaged, NotFound, Refused, Stale, Unreachable
from models.settings import Settings

GENESIS = "0" * 64
"""What the first entry names as the entry before it."""

_KIND = re.compile(r"[a-z]+\.[a-z_]+")
_PAGE = 500
_KEYS_PER_QUERY = 900
"""SQLite's oldest supported builds allow 999 parameters a statement."""
_MEND = "请停止写入，运行 anlan audit verify 找到首个损坏处，再用 anlan restore 把最近的备份恢复到一个新的 ANLAN_HOME。"
_BROKEN = ("malformed", "not a database", "Could not decode", "invalid page in block", "could not read block")
"""How SQLite and PostgreSQL say that a page or a value of the file is not what was written."""
_CHAIN_LOCK = 7_012_004_931
_WORKER_LOCK = 7_012_004_932
_SCHEMA_LOCK = 7_012_004_933
_IMPORTER_LOCK = 7_012_004_934

_meta = sa.MetaData()

_entry = sa.Table(
    "entry",
    _meta,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("by_", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("prev", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Index("entry_by_subject", "subject", "seq"),
    sa.Index("entry_by_kind", "kind", "seq"),
)

_archive = sa.Table(
    "archive",
    _meta,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=True),
)
"""Unmasked bodies as JSON; the body is null once erased."""

_progress = sa.Table(
    "progress",
    _meta,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
    sa.Column("received_seq", sa.BigInteger, nullable=False),
    sa.Column("understood_seq", sa.BigInteger, nullable=True),
    sa.Column("urgent", sa.Integer, nullable=False, server_default="0"),
)
"""Two marks for everything ever received: the entry that received it, and the entry that understood it (or needs none).

`urgent` is 1 for what should be understood before the rest: it cries for help, or a person or an authority sent it.
"""

sa.Index(
    "progress_waiting_urgent",
    _progress.c.urgent,
    _progress.c.moment,
    _progress.c.key,
    sqlite_where=_progress.c.understood_seq.is_(None),
    postgresql_where=_progress.c.understood_seq.is_(None),
)
sa.Index("progress_by_source", _progress.c.source)

_watermark = sa.Table(
    "watermark",
    _meta,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

_polled = sa.Table(
    "polled",
    _meta,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
)
"""When a source was last looked at, whether or not it had anything: too often and too empty for the chain."""

_head = sa.Table(
    "head",
    _meta,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
"""Where the chain ends, so that a chain with its end cut off does not pass for a whole one."""

_account = sa.Table(
    "account",
    _meta,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("district", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("locked_until", sa.Text, nullable=False),
    sa.Column("must_change", sa.Integer, nullable=False, server_default="0"),
    sa.Column("is_external", sa.Integer, nullable=False, server_default="0"),
    sa.Column("code_secret", sa.Text, nullable=False, server_default=""),
    sa.Column("code_step", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("signing_key", sa.Text, nullable=False, server_default=""),
)
"""`district` holds division codes with commas between; `code_secret` a TOTP secret sealed under the password; `code_step` the last code used;
`signing_key` the private key of a signer, sealed."""

_SQLITE_TRIGGERS = (
    "CREATE TRIGGER IF NOT EXISTS entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    # INSERT OR REPLACE deletes without firing the delete trigger; the next free number is the only one that may be written.
    "CREATE TRIGGER IF NOT EXISTS entry_in_order BEFORE INSERT ON entry"
    " WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entry)"
    " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
)

_POSTGRES_TRIGGERS = (
    "CREATE OR REPLACE FUNCTION entry_append_only() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$",
    "CREATE OR REPLACE TRIGGER entry_no_change BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION entry_append_only()",
    "CREATE OR REPLACE TRIGGER entry_no_truncate BEFORE TRUNCATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION entry_append_only()",
)


@dataclass(frozen=True)
class Verification:
    """Whether the record is whole, and if not, where it first breaks."""

    ok: bool
    """True when every entry, the end of the chain and every archived body are as written."""
    entries: int
    """Entries read."""
    first_broken: int | None = None
    """Number of the first entry that is wrong; null when only the end or the archive is."""
    reason: str = ""
    """Chinese sentence: what is wrong there."""
    damage: str = ""
    """Kind of damage: changed, missing, swapped, truncated, rewritten, unreadable, body, marks, head, orphan, account or anchor."""
    anchors: int = 0
    """Anchors outside the database that were compared."""
    clock_back: tuple[int, int] | None = None
    """No damage: how often an entry is dated more than a second before the one it follows, and the first such; null for never."""


@dataclass(frozen=True)
class Queue:
    """What is received and not yet understood."""

    waiting: int
    """Pieces waiting."""
    urgent: int
    """Those of them that go first."""
    oldest_at: datetime | None
    """When the one that has waited longest was received; null when nothing waits."""


@dataclass(frozen=True)
class Held:
    """One quarantined record that has not been settled."""

    digest: str
    """Its id: SHA-256 of the whole raw record."""
    source: str
    """Name of the source."""
    reason: str
    """Why it could not be read, as of the last try."""
    where: str
    """File and row, or address, it came from."""
    at: datetime
    """When it was received."""
    tries: int
    """How often it was tried again."""
    is_asked: bool
    """Whether someone has asked for another try that has not been made yet."""


class Ledger:
    """The one record of this city's desk. Safe to share between threads and to open from several processes."""

    def __init__(self, url: str, anchors: Path | None = None) -> None:
        """Open the record at an SQLAlchemy URL (`sqlite:///file` or `postgresql+psycopg://…`), making it if it is not there.

        `anchors` is the folder that says from outside where the chain stood; without it nothing is anchored. Raises BadInput for
        another database, Unreachable when the server or file cannot be opened, Damaged when the file is no whole database.
        """
        self._anchors = None if anchors is None else Anchors(anchors)
        try:
            address = sa.make_url(url)
        except sa.exc.ArgumentError as error:
            raise BadInput(f"ANLAN_LEDGER_URL 不是数据库地址：{error}。请写成 sqlite:///文件 或 postgresql+psycopg://…") from error
        self._is_sqlite = address.get_backend_name() == "sqlite"
        if not self._is_sqlite and address.get_backend_name() != "postgresql":
            raise BadInput(f"台账不能放在 {address.get_backend_name()} 里：请用 sqlite:///文件 或 postgresql+psycopg://…")
        if self._is_sqlite and not address.database:
            raise BadInput("台账必须是文件，不能在内存里：请写 sqlite:///路径/ledger.db")
        self._place = address.render_as_string(hide_password=True)
        self._path = Path(str(address.database)) if self._is_sqlite else None
        if self._path is not None:
            _private_file(self._path)
        self._engine = sa.create_engine(address, pool_pre_ping=not self._is_sqlite)
        if self._is_sqlite:
            sa.event.listen(self._engine, "connect", _sqlite_connected)
            sa.event.listen(self._engine, "begin", _sqlite_begun)
        self._write_engine = self._engine.execution_options(anlan_writes=True)
        self._prepare()

    @classmethod
    def at(cls, settings: Settings) -> Ledger:
        """The record of the desk these settings describe, with its anchors."""
        return cls(settings.ledger_address, settings.anchors_folder)

    def close(self) -> None:
        """Anchor what was written last and let go of the database connections."""
        self.anchor()
        self._engine.dispose()

    def anchor(self) -> None:
        """Write an anchor if entries were written since the last one."""
        if self._anchors is not None:
            self._anchors.finish()

    # -- receiving -----------------------------------------------------------------------------------------------------------

    def receive(
        self,
        source: Source,
        evidence: Iterable[Evidence],
        *,
        quarantined: Iterable[Quarantined] = (),
        features: Iterable[Feature] = (),
        watermark: str | None = None,
        stream: str | None = None,
        urgent: Collection[str] = (),
        settles: tuple[str, str] | None = None,
        at: datetime | None = None,
    ) -> Receipt:
        """Take in one batch for good: when this returns, everything in it survives a power cut, once.

        One transaction per call, so the caller sends at most about a thousand items at a time. What was received before, under
        the same id, is counted as duplicate; a surveyed body only with the same content, because a new survey of it is news. A quarantined record is counted every time it is met and kept once. `watermark` says how
        far `stream` (the source itself, if not named) has been read; `urgent` holds the ids to be understood first. `settles` names a
        quarantined record these items were read from, and who asked for it; Refused when it was settled before.
        """
        moment = _text(at or datetime.now(UTC))
        items, bad, bodies = list(evidence), list(quarantined), list(features)
        rows: dict[str, _Received] = {}
        for item in items:
            if item.id not in rows:
                rows[item.id] = _received_evidence(item)
        for body in bodies:
            row = _received_feature(source.name, body, moment)
            rows.setdefault(row.key, row)
        offered = len(rows)
        for record in bad:
            rows.setdefault("qu-" + record.digest, _received_quarantine(record, moment))
        with self._writing() as db:
            seen = _known(db, list(rows))
            fresh = [row for key, row in rows.items() if key not in seen]
            self._receive_rows(db, source.name, fresh, moment, urgent)
            if settles is not None:
                _settle(db, *settles, list(rows), moment)
            if watermark is not None:
                _upsert(db, _watermark, {"source": stream or source.name, "value": json.dumps(watermark)}, "source")
        new = offered - sum(1 for key in seen if not key.startswith("qu-"))
        read = len(items) + len(bodies) + len(bad)
        return Receipt(source=source.name, read=read, new=new, duplicate=len(items) + len(bodies) - new, quarantined=len(bad))

    def _receive_rows(self, db: sa.Connection, source: str, fresh: list[_Received], moment: str, urgent: Collection[str]) -> None:
        if not fresh:
            return
        seqs = [row["seq"] for row in _append(db, [(row.kind, row.subject, row.payload, "system", moment) for row in fresh])]
        archived = [{"key": row.key, "source": source, "body": row.body} for row in fresh if row.body is not None]
        if archived:
            db.execute(sa.insert(_archive), archived)
        marks = [
            {
                "key": row.key,
                "source": source,
                "moment": row.moment,
                "received_seq": seq,
                "understood_seq": None if row.waits else seq,
                "urgent": int(row.key in urgent),
            }
            for row, seq in zip(fresh, seqs, strict=True)
        ]
        db.execute(sa.insert(_progress), marks)

    def watermark(self, stream: str) -> str | None:
        """How far a source, or one of its addresses, has been read, as it last said; null before its first run."""
        with self._reading() as db:
            value = db.execute(sa.select(_watermark.c.value).where(_watermark.c.source == stream)).scalar()
        return None if value is None else str(json.loads(value))

    def looked_at(self, name: str, at: datetime | None = None) -> None:
        """Remember that a source's folder or address was looked at. Not in the chain: nothing happened."""
        with self._writing() as db:
            _upsert(db, _polled, {"name": name, "at": _text(at or datetime.now(UTC))}, "name")

    def last_looks(self) -> dict[str, datetime]:
        """When each folder or address was last looked at."""
        with self._reading() as db:
            return {row.name: datetime.fromisoformat(row.at) for row in db.execute(sa.select(_polled))}

    # -- quarantine ----------------------------------------------------------------------------------------------------------

    def held(self, source: str | None = None, *, limit: int = 1_000) -> list[Held]:
        """Quarantined records not settled yet, newest first."""
        own, later = _entry.alias("own"), _entry.alias("later")

        def of(*kinds: str) -> sa.Select[Any]:
            return sa.select(later.c.seq).where(later.c.subject == own.c.subject, later.c.kind.in_(kinds))

        query = (
            sa.select(
                own,
                sa.select(_archive.c.source).where(_archive.c.key == sa.literal("qu-") + own.c.subject).scalar_subquery().label("origin"),
            )
            .where(own.c.kind == "evidence.quarantined", ~of("quarantine.settled").exists())
            .order_by(own.c.seq.desc())
        )
        found: list[Held] = []
        with self._reading() as db:
            for row in db.execute(query):
                if source is not None and row.origin != source:
                    continue
                found.append(_held(db, row))
                if len(found) >= limit:
                    break
        return found

    def held_counts(self) -> dict[str, int]:
        """How many quarantined records of each source are not settled."""
        later = _entry.alias("later")
        settled = sa.select(later.c.seq).where(later.c.subject == sa.func.substr(_progress.c.key, 4), later.c.kind == "quarantine.settled")
        query = (
            sa.select(_progress.c.source, sa.func.count())
            .where(_progress.c.key.like("qu-%"), ~settled.exists())
            .group_by(_progress.c.source)
        )
        with self._reading() as db:
            return {str(name): int(count) for name, count in db.execute(query)}

    def held_record(self, digest: str) -> Quarantined:
        """One quarantined record with what was kept of it, unmasked, to be read again. NotFound when unknown or erased."""
        with self._reading() as db:
            body = db.execute(sa.select(_archive.c.body).where(_archive.c.key == "qu-" + digest)).scalar()
        if body is None:
            raise NotFound(f"隔离区没有编号为 {digest} 的记录，或其原文已依规删除；anlan sources quarantine 可列出。")
        return Quarantined.model_validate(json.loads(body))

    def asked_again(self) -> list[tuple[str, str]]:
        """Quarantined records someone has asked to be read again, with who asked, where that has not been done since."""
        later = _entry.alias("later")
        done = sa.select(later.c.seq).where(
            later.c.subject == _entry.c.subject, later.c.kind.in_(("quarantine.settled", "quarantine.tried")), later.c.seq > _entry.c.seq
        )
        query = sa.select(_entry.c.subject, _entry.c.by_).where(_entry.c.kind == "quarantine.asked", ~done.exists()).order_by(_entry.c.seq)
        with self._reading() as db:
            return list({str(row.subject): str(row.by_) for row in db.execute(query)}.items())

    # -- recording -----------------------------------------------------------------------------------------------------------

    def record(
        self,
        kind: str,
        subject: str,
        payload: dict[str, Any],
        *,
        by: str,
        at: datetime | None = None,
        expect_last: int | None = None,
        expect_none: tuple[Sequence[str], int] | None = None,
    ) -> Entry:
        """Write down one thing that happened.

        `expect_last` is the number of the newest entry about this subject that the caller had read (0 for none); when a newer one
        exists, nothing is written and Stale names who wrote it. `expect_none` is kinds and a number: when an entry of one of these
        kinds was written after that number, nothing is written either.
        """
        if not _KIND.fullmatch(kind):
            raise ValueError(f"not a ledger kind: {kind!r}")
        with self._writing() as db:
            if expect_last is not None:
                _refuse_if_stale(db, subject, expect_last)
            _refuse_if_any(db, expect_none)
            return _entry_of(_append(db, [(kind, subject, _json(payload), by, _text(at or datetime.now(UTC)))])[0])

    def waiting(self, limit: int, *, beyond: Collection[str] = ()) -> list[Evidence]:
        """Messages and warnings received and not yet understood, unmasked: three urgent ones for one of the rest, each oldest first.

        A quarter of every batch is kept for the rest, so that nothing waits for ever; they come back in the order of time (sent, else
        received), as fusion wants them. When all fit, that is simply everything, oldest first.
        `beyond` are those the caller has in hand already: they are passed over.
        """
        with self._reading() as db:
            urgent, rest = (_waiting_rows(db, mark, limit, beyond) for mark in (1, 0))
        share = max(limit - max(limit // 4, 1), limit - len(rest))
        chosen = urgent[:share]
        chosen += rest[: limit - len(chosen)]
        return [_evidence(row.body) for row in sorted(chosen, key=lambda row: (row.moment, row.key))]

    def queue(self) -> Queue:
        """How much waits to be understood, and since when. Reads what waits, not what was ever received."""
        query = sa.select(_progress.c.urgent, sa.func.count(), sa.func.min(_progress.c.received_seq)).where(
            _progress.c.understood_seq.is_(None)
        )
        with self._reading() as db:
            rows = db.execute(query.group_by(_progress.c.urgent)).all()
            first = min((int(row[2]) for row in rows), default=None)
            at = None if first is None else db.execute(sa.select(_entry.c.at).where(_entry.c.seq == first)).scalar_one()
        waiting = {int(row[0]): int(row[1]) for row in rows}
        return Queue(sum(waiting.values()), waiting.get(1, 0), None if at is None else datetime.fromisoformat(at))

    def understood(
        self, items: Sequence[tuple[str, dict[str, Any]]], *, by: str = "system", expect_none: tuple[Sequence[str], int] | None = None
    ) -> dict[str, int]:
        """Write down what pieces of evidence say, and mark them understood, in one transaction; the entry's number for each piece.

        An item marked before is left alone, so that a worker repeating a batch after a crash repeats nothing in the record.
        `expect_none` as in `record`: Stale, and nothing written, when someone judged meanwhile.
        """
        if not items:
            return {}
        moment = _text(datetime.now(UTC))
        payloads = {key: _json(payload) for key, payload in items}
        with self._writing() as db:
            _refuse_if_any(db, expect_none)
            found: dict[str, int | None] = {}
            for keys in _chunks(sorted(payloads)):
                query = sa.select(_progress.c.key, _progress.c.understood_seq).where(_progress.c.key.in_(keys))
                found.update((row.key, row.understood_seq) for row in db.execute(query))
            for key in payloads:
                if key not in found:
                    raise NotFound(f"台账没有收到过证据 {key}：须先接收再理解。")
            fresh = [key for key in payloads if found[key] is None]
            if not fresh:
                return {}
            rows = _append(db, [("evidence.understood", key, payloads[key], by, moment) for key in fresh])
            mark = sa.update(_progress).where(_progress.c.key == sa.bindparam("k")).values(understood_seq=sa.bindparam("s"))
            numbers = {str(row["subject"]): int(row["seq"]) for row in rows}
            db.execute(mark, [{"k": key, "s": seq} for key, seq in numbers.items()])
            return numbers

    def sole_worker(self) -> AbstractContextManager[None]:
        """Hold the only place at the understanding bench; Refused when another process holds it. Freed when the holder dies."""
        return self._sole("worker", _WORKER_LOCK, "另一个进程正在理解来件：已接收的都在台账里，由它继续处理；也可等它结束后再运行。")

    def sole_importer(self) -> AbstractContextManager[None]:
        """Hold the only place at the library's shelf; Refused when another process imports or removes. Freed when the holder dies."""
        return self._sole("importer", _IMPORTER_LOCK, "另一个进程正在导入或移除文件：为免版本错乱，请等它结束后再运行；已导入的不会重复。")

    @contextmanager
    def _sole(self, name: str, number: int, busy: str) -> Iterator[None]:
        if self._path is not None:
            handle = os.open(f"{self._path}.{name}", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise Refused(busy) from error
                yield
            finally:
                os.close(handle)
            return
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            if not db.execute(sa.select(sa.func.pg_try_advisory_lock(number))).scalar():
                raise Refused(busy)
            try:
                yield
            finally:
                db.execute(sa.select(sa.func.pg_advisory_unlock(number)))

    # -- reading back --------------------------------------------------------------------------------------------------------

    def entries(
        self,
        after: int = 0,
        *,
        kinds: Sequence[str] | None = None,
        subject: str | None = None,
        subjects: Collection[str] | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Entry]:
        """Entries numbered above `after`, in order (or backwards), read a page at a time so that the whole record can be streamed.

        `subjects` asks for those about any of a page's worth of things, in one query.
        """
        seq = _entry.c.seq
        query = sa.select(_entry).where(seq > after).order_by(seq.desc() if newest_first else seq)
        if kinds is not None:
            query = query.where(_entry.c.kind.in_(list(kinds)))
        if subject is not None:
            query = query.where(_entry.c.subject == subject)
        if subjects is not None:
            query = query.where(_entry.c.subject.in_(list(subjects)))
        left, mark = limit, None
        while left is None or left > 0:
            page = query if mark is None else query.where(seq < mark if newest_first else seq > mark)
            size = _PAGE if left is None else min(_PAGE, left)
            with self._reading() as db:
                rows = db.execute(page.limit(size)).all()
            for row in rows:
                yield _entry_of(row)
            if len(rows) < size:
                return
            mark = rows[-1].seq
            left = None if left is None else left - len(rows)

    def lines(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[dict[str, Any]]:
        """Entries as they are stored, payload as text, so that each hash can be computed anew from its line: seq, at, kind, subject, by,
        payload, prev, hash. From the first entry dated `since` or later to the last dated `until` or before, without gaps.
        """
        first = sa.select(sa.func.min(_entry.c.seq)).where(_entry.c.at >= _text(since)) if since else None
        last = sa.select(sa.func.max(_entry.c.seq)).where(_entry.c.at <= _text(until)) if until else None
        with self._reading() as db:
            low = 1 if first is None else db.execute(first).scalar()
            high = db.execute(sa.select(sa.func.max(_entry.c.seq)) if last is None else last).scalar()
        while low is not None and high is not None and low <= high:
            query = sa.select(_entry).where(_entry.c.seq >= low, _entry.c.seq <= high).order_by(_entry.c.seq).limit(_PAGE)
            with self._reading() as db:
                rows = db.execute(query).mappings().all()
            for row in rows:
                yield {"by" if name == "by_" else name: value for name, value in row.items()}
            low = int(rows[-1]["seq"]) + 1

    def last_seq(self, kind: str | None = None) -> int:
        """Number of the newest entry (of a kind, if given); 0 when nothing is recorded."""
        query = sa.select(sa.func.coalesce(sa.func.max(_entry.c.seq), 0))
        with self._reading() as db:
            return int(db.execute(query if kind is None else query.where(_entry.c.kind == kind)).scalar_one())

    def body(self, evidence_id: str, *, by: str, reason: str) -> Evidence:
        """One item unmasked. The reading itself is recorded, with its reason, before anything is shown.

        Raises Refused without a reason, NotFound when the item is unknown or its body was erased.
        """
        if not reason.strip():
            raise Refused("查看未脱敏原文须写明理由，请补充理由后再查看。")
        with self._writing() as db:
            row = db.execute(sa.select(_archive.c.body).where(_archive.c.key == evidence_id)).first()
            if row is None or evidence_id.startswith("qu-"):
                raise NotFound(f"没有编号为 {evidence_id} 的证据。")
            _append(db, [("audit.read", evidence_id, _json({"reason": reason}), by, _text(datetime.now(UTC)))])
        if row.body is None:
            raise NotFound(f"{evidence_id} 的原文已依规删除，台账中的 evidence.erased 条目写有理由。")
        return _evidence(row.body)

    def erase(self, evidence_id: str, *, by: str, reason: str) -> Entry:
        """Erase one unmasked body for good, as a person may by law demand; that it was erased, and why, stays on record."""
        if not reason.strip():
            raise Refused("删除原文须写明理由，请补充理由后再办理。")
        with self._writing() as db:
            done = db.execute(sa.update(_archive).where(_archive.c.key == evidence_id).values(body=None))
            if done.rowcount == 0:
                raise NotFound(f"没有编号为 {evidence_id} 的证据。")
            entry = _entry_of(_append(db, [("evidence.erased", evidence_id, _json({"reason": reason}), by, _text(datetime.now(UTC)))])[0])
            unread = sa.and_(_progress.c.key == evidence_id, _progress.c.understood_seq.is_(None))
            db.execute(sa.update(_progress).where(unread).values(understood_seq=entry.seq))
        self._forget()
        return entry

    def bodies_before(self, moment: datetime) -> list[str]:
        """Keys of bodies received before `moment` that are done with: understood, or, if they were quarantined, settled. Oldest first."""
        about = _entry.alias("about")
        settled = sa.select(about.c.seq).where(about.c.subject == _entry.c.subject, about.c.kind == "quarantine.settled").exists()
        query = (
            sa.select(_archive.c.key)
            .join(_progress, _progress.c.key == _archive.c.key)
            .join(_entry, _entry.c.seq == _progress.c.received_seq)
            .where(_archive.c.body.is_not(None), _progress.c.understood_seq.is_not(None), _entry.c.at < _text(moment))
            .where(sa.or_(_entry.c.kind != "evidence.quarantined", settled))
            .order_by(_entry.c.seq)
        )
        with self._reading() as db:
            return [str(key) for key in db.execute(query).scalars()]

    def erase_all(self, keys: Sequence[str], *, by: str, reason: str) -> int:
        """Erase these bodies under one reason, an entry for each; returns how many there still were. In transactions of a page each."""
        if not reason.strip():
            raise Refused("删除原文须写明理由，请补充理由后再办理。")
        done = 0
        for start in range(0, len(keys), _PAGE):
            with self._writing() as db:
                there = sa.select(_archive.c.key).where(_archive.c.key.in_(keys[start : start + _PAGE]), _archive.c.body.is_not(None))
                some = list(db.execute(there.order_by(_archive.c.key)).scalars())
                if some:
                    db.execute(sa.update(_archive).where(_archive.c.key.in_(some)).values(body=None))
                    moment = _text(datetime.now(UTC))
                    _append(db, [("evidence.erased", key, _json({"reason": reason}), by, moment) for key in some])
                done += len(some)
        self._forget()
        return done

    def _forget(self) -> None:
        """The write-ahead log still holds what was erased; empty it. What another process is reading just now goes at the next time."""
        if self._is_sqlite:
            with self._translated(), self._engine.connect() as db:
                raw = db.connection.driver_connection
                assert raw is not None
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # -- copying -------------------------------------------------------------------------------------------------------------

    def copy_to(self, path: Path) -> tuple[int, str]:
        """Write the whole record as of one moment into a new SQLite file, while others go on writing; its length and last hash."""
        _private_file(path)
        if self._is_sqlite:
            with self._translated(), self._engine.connect() as db, closing(sqlite3.connect(path)) as target:
                raw = db.connection.driver_connection
                assert raw is not None
                try:
                    raw.backup(target)
                    target.execute("PRAGMA journal_mode=DELETE")
                except sqlite3.Error as error:
                    raise Unreachable(self._trouble(str(error))) from error
        else:
            copy = Ledger(f"sqlite:///{path}")
            with self._reading() as db, copy._writing() as into:
                _copy_rows(db, into)
            with closing(sqlite3.connect(path)) as target:
                copy.close()
                target.execute("PRAGMA journal_mode=DELETE")
        with closing(sqlite3.connect(path)) as target:
            row = target.execute("SELECT seq, hash FROM head").fetchone() or (0, GENESIS)
            return int(row[0]), str(row[1])

    def fill_from(self, path: Path) -> None:
        """Take in the whole record kept in a SQLite file by `copy_to`. Refused when anything is recorded here."""
        if self.last_seq() or self.people():
            raise Refused(f"台账 {self._place} 里已有记录，不会覆盖：请把 ANLAN_LEDGER_URL 指向一个空的数据库。")
        copy = Ledger(f"sqlite:///{path}")
        with copy._reading() as db, self._writing() as into:
            _copy_rows(db, into)
        copy.close()

    def counts(self) -> dict[str, Any]:
        """How much there is: entries, evidence (by source), waiting, oldest_waiting_at (aware datetime or null), quarantined."""
        is_evidence = _progress.c.key.like("ev-%")
        with self._reading() as db:
            by_source = db.execute(
                sa.select(_progress.c.source, sa.func.count()).where(is_evidence).group_by(_progress.c.source).order_by(_progress.c.source)
            ).all()
            unread = sa.select(sa.func.count(), sa.func.min(_progress.c.moment)).where(_progress.c.understood_seq.is_(None))
            waiting, oldest = db.execute(unread).one()
            quarantined = db.execute(sa.select(sa.func.count()).where(_progress.c.key.like("qu-%"))).scalar_one()
            features = db.execute(
                sa.select(sa.func.count(_entry.c.subject.distinct())).where(_entry.c.kind == "feature.received")
            ).scalar_one()
            entries = db.execute(sa.select(sa.func.coalesce(sa.func.max(_entry.c.seq), 0))).scalar_one()
        evidence = {str(name): int(count) for name, count in by_source}
        return {
            "entries": int(entries),
            "evidence": evidence,
            "features": int(features),
            "waiting": int(waiting),
            "oldest_waiting_at": None if oldest is None else datetime.fromisoformat(oldest),
            "quarantined": int(quarantined),
        }

    # -- checking ------------------------------------------------------------------------------------------------------------

    def verify(self) -> Verification:
        """Recompute the whole chain and hold against it what lies beside it: bodies, marks, accounts, and the anchors outside.

        Names the first broken entry and its kind of damage. Not held against anything: watermarks and looks (a wrong one means reading
        a source again), the count of failed sign-ins, how urgent a waiting piece is, and password hashes, which the chain must not hold.
        """
        try:
            anchors = [] if self._anchors is None else self._anchors.read()
        except Damaged as error:
            return Verification(False, 0, None, str(error), "anchor")
        with self._reading() as db:
            inspection = _Inspection(db, self._is_sqlite, anchors)
            try:
                found = inspection.first_damage()
                if found is None and self._is_sqlite:
                    # Bytes of the file that no row shows: indexes, free pages, the structure of the tree.
                    said = str(db.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
                    found = None if said == "ok" else _Damage(None, "unreadable", f"数据库文件的结构损坏（{said}）：{_MEND}")
            except (sa.exc.DatabaseError, UnicodeDecodeError) as error:
                place = inspection.read + 1
                found = _Damage(place, "unreadable", f"第 {place} 条无法读出，数据库文件可能已损坏：{error.__class__.__name__}")
        back = inspection.clock_back
        if found is None:
            return Verification(True, inspection.read, anchors=len(anchors), clock_back=back)
        return Verification(False, inspection.read, found.seq, found.reason, found.damage, len(anchors), back)

    # -- people --------------------------------------------------------------------------------------------------------------

    def people(self) -> list[Person]:
        """All accounts, by name."""
        with self._reading() as db:
            return [_person(row) for row in db.execute(sa.select(_account).order_by(_account.c.name))]

    def person(self, name: str) -> Person:
        """One account; NotFound when there is none of that name."""
        with self._reading() as db:
            row = db.execute(sa.select(_account).where(_account.c.name == name)).first()
        if row is None:
            raise NotFound(f"没有名为 {name} 的账号；anlan people list 可列出账号。")
        return _person(row)

    def add_person(self, person: Person, password_hash: str, by: str) -> Entry:
        """Open an account; Refused when the name is taken. The hash stays out of the chain."""
        with self._writing() as db:
            if db.execute(sa.select(_account.c.name).where(_account.c.name == person.name)).first():
                raise Refused(f"已有名为 {person.name} 的账号，请换一个名字。")
            own = {"name": person.name, "display_name": person.display_name, "role": person.role, "district": ",".join(person.districts)}
            marks = {"must_change": int(person.must_change), "is_external": int(person.is_external)}
            db.execute(sa.insert(_account), {**own, **marks, "password_hash": password_hash, "failures": 0, "locked_until": ""})
            lines = [("person.added", person.name, _json(person.model_dump(mode="json")), by, _text(datetime.now(UTC)))]
            return _entry_of(_append(db, lines)[0])

    def change_person(
        self,
        name: str,
        *,
        by: str,
        display_name: str | None = None,
        role: Role | None = None,
        districts: Sequence[str] | None = None,
        password_hash: str | None = None,
        must_change: bool = False,
        code_secret: str | None = None,
    ) -> Person:
        """Change an account, and record what changed (never a hash or a secret); a new password also ends a lock-out and the signing key.

        `must_change` goes with a new password. `code_secret` is the sealed secret of a changing code, empty to do without one.
        """
        named = None if districts is None else ",".join(districts)
        wanted = {"display_name": display_name, "role": role, "district": named}
        values: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
        payload = {**values, "password": password_hash is not None}
        if password_hash is not None:
            values |= {
                "password_hash": password_hash,
                "failures": 0,
                "locked_until": "",
                "must_change": int(must_change),
                "signing_key": "",
            }
            payload["must_change"] = must_change
        if code_secret is not None:
            values["code_secret"] = code_secret
            payload["code"] = bool(code_secret)
        if not values:
            return self.person(name)
        with self._writing() as db:
            if db.execute(sa.update(_account).where(_account.c.name == name).values(**values)).rowcount == 0:
                raise NotFound(f"没有名为 {name} 的账号；anlan people list 可列出账号。")
            _append(db, [("person.changed", name, _json(payload), by, _text(datetime.now(UTC)))])
        return self.person(name)

    def password_hash(self, name: str) -> str:
        """The stored argon2 hash of an account; NotFound when there is none of that name."""
        with self._reading() as db:
            value = db.execute(sa.select(_account.c.password_hash).where(_account.c.name == name)).scalar()
        if value is None:
            raise NotFound(f"没有名为 {name} 的账号；anlan people list 可列出账号。")
        return str(value)

    def code_secret(self, name: str) -> str:
        """The sealed secret of an account's changing code; empty when it has none or there is no such account."""
        with self._reading() as db:
            return str(db.execute(sa.select(_account.c.code_secret).where(_account.c.name == name)).scalar() or "")

    def signing_key(self, name: str) -> str:
        """The sealed private key of a signer; empty when there is none."""
        with self._reading() as db:
            return str(db.execute(sa.select(_account.c.signing_key).where(_account.c.name == name)).scalar() or "")

    def keep_signing_key(self, name: str, sealed: str, public: dict[str, Any]) -> Entry:
        """Give an account a signing key: the sealed private one beside the chain, the public one in it for ever. NotFound without the account."""
        with self._writing() as db:
            if db.execute(sa.update(_account).where(_account.c.name == name).values(signing_key=sealed)).rowcount == 0:
                raise NotFound(f"没有名为 {name} 的账号；anlan people list 可列出账号。")
            return _entry_of(_append(db, [("person.key", name, _json(public), name, _text(datetime.now(UTC)))])[0])

    def spend_code(self, name: str, step: int) -> bool:
        """Use up the code of one time step, and all before it; false when it was used before. Of two at once one wins."""
        with self._writing() as db:
            unused = sa.and_(_account.c.name == name, _account.c.code_step < step)
            return db.execute(sa.update(_account).where(unused).values(code_step=step)).rowcount == 1

    def locked_until(self, name: str) -> datetime | None:
        """Until when an account is locked out after too many wrong passwords; null when it is not or does not exist."""
        with self._reading() as db:
            value = db.execute(sa.select(_account.c.locked_until).where(_account.c.name == name)).scalar()
        return datetime.fromisoformat(value) if value else None

    def sign_in_failed(self, name: str, reason: str, *, allowed: int, lock: timedelta, at: datetime) -> None:
        """Count one wrong password, lock the account once `allowed` is reached, and record the refusal."""
        with self._writing() as db:
            count = sa.select(_account.c.failures).where(_account.c.name == name)
            failures = int(db.execute(count).scalar() or 0) + 1
            until = _text(at + lock) if failures >= allowed else ""
            kept = {"failures": 0 if until else failures, "locked_until": until}
            db.execute(sa.update(_account).where(_account.c.name == name).values(**kept))
            payload = {"action": "sign_in", "reason": reason, "locked_until": until or None}
            _append(db, [("person.refused", name, _json(payload), name, _text(at))])

    def refused(self, name: str, action: str, reason: str, *, subject: str = "", at: datetime | None = None) -> Entry:
        """Record that a person was not allowed to do something."""
        payload = {"action": action, "reason": reason, "subject": subject}
        return self.record("person.refused", name, payload, by=name, at=at)

    def signed_in(self, name: str, *, at: datetime, password_hash: str | None = None) -> Entry:
        """Record a successful sign-in, forget earlier failures, and keep a strengthened hash if one is given."""
        values: dict[str, Any] = {"failures": 0, "locked_until": ""}
        if password_hash is not None:
            values["password_hash"] = password_hash
        with self._writing() as db:
            db.execute(sa.update(_account).where(_account.c.name == name).values(**values))
            return _entry_of(_append(db, [("person.signed_in", name, "{}", name, _text(at))])[0])

    def clear_failures(self, name: str) -> None:
        """Forget an account's earlier wrong passwords, after a right one."""
        with self._writing() as db:
            db.execute(sa.update(_account).where(_account.c.name == name).values(failures=0, locked_until=""))

    # -- connections ---------------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        with self._translated(), self._write_engine.begin() as db:
            if not self._is_sqlite:
                db.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
            _meta.create_all(db)
            _brought_up_to_date(db)
            for statement in _SQLITE_TRIGGERS if self._is_sqlite else _POSTGRES_TRIGGERS:
                db.execute(sa.text(statement))

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._translated(), self._write_engine.begin() as db:
            if not self._is_sqlite:
                # One writer at a time, or two of them would both follow the same entry; freed with the transaction.
                db.execute(sa.select(sa.func.pg_advisory_xact_lock(_CHAIN_LOCK)))
            db.info.pop("newest", None)
            yield db
            newest = db.info.pop("newest", None)
        if newest is not None and self._anchors is not None:
            anchor, at_once = newest
            self._anchors.follow(anchor, at_once=at_once)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._translated(), self._engine.connect() as db:
            if not self._is_sqlite:
                db = db.execution_options(isolation_level="REPEATABLE READ")
            yield db

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DatabaseError as error:
            if any(words in str(error.orig) for words in _BROKEN):
                raise Damaged(f"台账 {self._place} 已损坏（{_first_line(error)}）：{_MEND}") from error
            if isinstance(error, sa.exc.OperationalError):
                raise Unreachable(self._trouble(_first_line(error))) from error
            raise  # a constraint or a trigger that stops a write is a defect and stays one
        except UnicodeDecodeError as error:
            raise Damaged(f"台账 {self._place} 已损坏（有内容不是文字）：{_MEND}") from error

    def _trouble(self, words: str) -> str:
        if self._path is None:
            return f"台账 {self._place} 没有响应（{words}）。请检查 PostgreSQL 是否运行以及 ANLAN_LEDGER_URL，然后再试。"
        free = shutil.disk_usage(self._path.parent).free // 1_000_000 if self._path.parent.exists() else 0
        if "full" in words:
            return (
                f"台账所在磁盘已满（{self._path.parent}，剩余 {free} MB）：这一批没有写入，先前确认过的都在。请腾出空间；程序随后自行继续。"
            )
        if "readonly" in words or "read-only" in words:
            return f"台账 {self._path} 所在磁盘只读或不可写：没有写入任何内容。请恢复写权限或重新挂载；程序随后自行继续。"
        return f"台账 {self._place} 没有响应（{words}）。请检查磁盘空间（剩余 {free} MB）和文件写权限，然后再试。"


@dataclass(frozen=True)
class _Received:
    """One row to be taken in: its key, its entry, its archived body if any, and whether it waits to be understood."""

    key: str
    kind: str
    subject: str
    payload: str
    body: str | None
    moment: str
    waits: bool


def _received_evidence(item: Evidence) -> _Received:
    body = _json(item.model_dump(mode="json"))
    payload = {
        "source": item.source,
        "kind": item.kind,
        "external_id": item.external_id,
        "sent_at": None if item.sent_at is None else _text(item.sent_at),
        "received_at": _text(item.received_at),
        "lon": item.lon,
        "lat": item.lat,
        "mode": item.mode,
        "body": _sha256(body),
    }
    moment = _text(item.sent_at or item.received_at)
    return _Received(item.id, "evidence.received", item.id, _json(payload), body, moment, item.kind in ("message", "warning"))


def _key_of(kind: str, subject: str, payload: str) -> str:
    """Under which key what an entry received has its body and its marks: a surveyed body is news again when its content is."""
    return f"{subject}-{_sha256(payload)[:32]}" if kind == "feature.received" else _BODY_OF[kind] + subject


def _received_feature(source: str, feature: Feature, moment: str) -> _Received:
    payload = {"source": source, "feature": feature.model_dump(mode="json")}
    content = _json(payload)
    return _Received(_key_of("feature.received", feature.id, content), "feature.received", feature.id, content, None, moment, False)


def _received_quarantine(record: Quarantined, moment: str) -> _Received:
    body = _json(record.model_dump(mode="json"))
    payload = {"source": record.source, "reason": record.reason, "where": record.where, "body": _sha256(body)}
    return _Received("qu-" + record.digest, "evidence.quarantined", record.digest, _json(payload), body, moment, False)


_ADDED_TO_ACCOUNT = {
    "must_change": "ALTER TABLE account ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0",
    "is_external": "ALTER TABLE account ADD COLUMN is_external INTEGER NOT NULL DEFAULT 0",
    "code_secret": "ALTER TABLE account ADD COLUMN code_secret TEXT NOT NULL DEFAULT ''",
    "code_step": "ALTER TABLE account ADD COLUMN code_step BIGINT NOT NULL DEFAULT 0",
    "signing_key": "ALTER TABLE account ADD COLUMN signing_key TEXT NOT NULL DEFAULT ''",
}
"""Columns that accounts of an earlier version lack."""


def _brought_up_to_date(db: sa.Connection) -> None:
    """A record made by an earlier version has no urgency beside its marks, and knows less of its accounts."""
    known = {column["name"] for column in sa.inspect(db).get_columns("account")}
    for name, statement in _ADDED_TO_ACCOUNT.items():
        if name not in known:
            db.execute(sa.text(statement))
    if "urgent" not in {column["name"] for column in sa.inspect(db).get_columns("progress")}:
        db.execute(sa.text("ALTER TABLE progress ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0"))
        db.execute(sa.text("DROP INDEX IF EXISTS progress_waiting"))
        for index in _progress.indexes:
            index.create(db, checkfirst=True)


def _copy_rows(db: sa.Connection, into: sa.Connection) -> None:
    for table in _meta.sorted_tables:
        query = sa.select(table).order_by(*table.primary_key.columns)
        for some in db.execution_options(stream_results=True, yield_per=_PAGE).execute(query).mappings().partitions():
            into.execute(sa.insert(table), [dict(row) for row in some])


def _waiting_rows(db: sa.Connection, urgent: int, limit: int, beyond: Collection[str]) -> list[sa.Row[Any]]:
    query = (
        sa.select(_archive.c.body, _progress.c.moment, _progress.c.key)
        .join(_progress, _progress.c.key == _archive.c.key)
        .where(_progress.c.understood_seq.is_(None), _progress.c.urgent == urgent, _archive.c.body.is_not(None))
        .order_by(_progress.c.moment, _progress.c.key)
        .limit(limit + len(beyond))
    )
    rows: list[sa.Row[Any]] = list(db.execute(query))
    return [row for row in rows if row.key not in beyond][:limit]


def _settle(db: sa.Connection, digest: str, by: str, ids: list[str], moment: str) -> None:
    """Write down that a quarantined record was read after all; once."""
    about = sa.select(_entry.c.kind).where(_entry.c.subject == digest, _entry.c.kind.in_(("evidence.quarantined", "quarantine.settled")))
    kinds = set(db.execute(about).scalars())
    if "evidence.quarantined" not in kinds:
        raise NotFound(f"隔离区没有编号为 {digest} 的记录；anlan sources quarantine 可列出。")
    if "quarantine.settled" in kinds:
        raise Refused(f"{digest} 已经处理过，没有再次接收。")
    _append(db, [("quarantine.settled", digest, _json({"items": ids}), by, moment)])


def _held(db: sa.Connection, row: sa.Row[Any]) -> Held:
    about = sa.select(_entry).where(_entry.c.subject == row.subject, _entry.c.kind.in_(("quarantine.tried", "quarantine.asked")))
    later = [_entry_of(one) for one in db.execute(about.order_by(_entry.c.seq))]
    tried, payload = [one for one in later if one.kind == "quarantine.tried"], json.loads(row.payload)
    return Held(
        digest=row.subject,
        source=str(row.origin),
        reason=str(tried[-1].payload["reason"] if tried else payload["reason"]),
        where=str(payload["where"]),
        at=datetime.fromisoformat(row.at),
        tries=len(tried),
        is_asked=bool(later) and later[-1].kind == "quarantine.asked",
    )


def _append(db: sa.Connection, lines: Sequence[tuple[str, str, str, str, str]]) -> list[dict[str, Any]]:
    """Chain (kind, subject, payload JSON, by, at) behind the newest entry; the rows as written. Only inside the write lock."""
    last = db.execute(sa.select(_entry.c.seq, _entry.c.hash).order_by(_entry.c.seq.desc()).limit(1)).first()
    seq, prev = (0, GENESIS) if last is None else (int(last.seq), str(last.hash))
    rows: list[dict[str, Any]] = []
    for kind, subject, payload, by, at in lines:
        seq += 1
        subject, by = _clean(subject), _clean(by)
        own = _chained(seq, at, kind, subject, by, payload, prev)
        rows.append({"seq": seq, "at": at, "kind": kind, "subject": subject, "by_": by, "payload": payload, "prev": prev, "hash": own})
        prev = own
    db.execute(sa.insert(_entry), rows)
    _upsert(db, _head, {"id": 1, "seq": seq, "hash": prev}, "id")
    db.info["newest"] = Anchor(seq, prev, rows[-1]["at"]), any(row["kind"].endswith(".signed") for row in rows)
    return rows


def _chained(seq: Any, at: Any, kind: Any, subject: Any, by: Any, payload: Any, prev: Any) -> str:
    """The hash of one entry; the payload goes in as its stored JSON text, so not one character of it can change unseen."""
    return canonical_digest({"seq": seq, "at": at, "kind": kind, "subject": subject, "by": by, "payload": payload, "prev": prev})


@dataclass(frozen=True)
class _Damage:
    seq: int | None
    damage: str
    reason: str


_BODY_OF = {"evidence.received": "", "evidence.quarantined": "qu-"}
_FAR = 20_000
"""How far from its place a moved entry is looked for."""


class _Inspection:
    """One walk along the whole chain. `read` entries were found good so far."""

    def __init__(self, db: sa.Connection, is_sqlite: bool, anchors: Sequence[Anchor]) -> None:
        self._db, self._is_sqlite = db, is_sqlite
        self._anchors: dict[int, set[str]] = {}
        for anchor in anchors:
            self._anchors.setdefault(anchor.seq, set()).add(anchor.hash)
        self._anchored = 0
        self._prev, self._at = GENESIS, ""
        self._received = self._settled = 0
        self._gone: dict[str, int] = {}
        self._erased: dict[str, int] = {}
        self._marked: dict[int, list[tuple[str, int]]] = {}
        self._people: dict[str, tuple[int, dict[str, Any]]] = {}
        self.read = 0
        self.clock_back: tuple[int, int] | None = None

    def first_damage(self) -> _Damage | None:
        for rows in self._pages():
            wrong, good = None, []
            for row in rows:
                wrong = self._wrong_row(row)
                if wrong:
                    break
                good.append(row)
            beside = [one for one in (self._wrong_beside(good), wrong) if one]
            if beside:
                return min(beside, key=lambda one: one.seq or 0)
        return self._wrong_end()

    def _pages(self) -> Iterator[list[tuple[Any, ...]]]:
        # As bytes on SQLite: a flipped byte can make text undecodable, and reading it as text would fail for the page, not the entry.
        columns = [self._bytes(_entry.c[name]) for name in ("at", "kind", "subject", "by_", "payload", "prev", "hash")]
        mark = None
        while True:
            query = sa.select(_entry.c.seq, *columns).order_by(_entry.c.seq).limit(_PAGE)
            rows = self._db.execute(query if mark is None else query.where(_entry.c.seq > mark)).all()
            if rows:
                yield [(row[0], *(_decoded(value) for value in row[1:])) for row in rows]
                mark = rows[-1][0]
            if len(rows) < _PAGE:
                return

    def _bytes(self, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        return sa.cast(column, sa.LargeBinary).label(column.name) if self._is_sqlite else column

    def _wrong_row(self, row: tuple[Any, ...]) -> _Damage | None:
        place = self.read + 1
        seq, at, *_, prev, own_hash = row
        if None in row:
            return _Damage(place, "changed", f"第 {place} 条有内容不是有效文字：条目被改动")
        if seq != place:
            if seq < place:
                own = _number_of(row, place)
                return _Damage(own or place, "changed", f"第 {own or place} 条的编号被改成 {seq}")
            return _Damage(place, "missing", f"第 {place} 条缺失：应为第 {place} 条，却读到第 {seq} 条")
        if _chained(*row[:-1]) != own_hash:
            own = _number_of(row, place)
            if own is not None:
                return _Damage(place, "swapped", f"第 {place} 条的位置上是原来的第 {own} 条：条目被调换")
            return _Damage(place, "changed", f"第 {place} 条的内容与其哈希不符：条目被改动")
        if prev != self._prev:
            first = max(1, place - 1)
            return _Damage(first, "rewritten", f"第 {place} 条记下的前一条哈希与第 {place - 1} 条不符：第 {first} 条被重新计算过哈希")
        if own_hash not in self._anchors.get(place, {own_hash}) or len(self._anchors.get(place, ())) > 1:
            first = self._anchored + 1
            return _Damage(first, "rewritten", f"第 {first} 条至第 {place} 条之间被改写并重算了哈希：第 {place} 条与库外锚点不符")
        if place in self._anchors:
            self._anchored = place
        if self._at and at < self._at and (datetime.fromisoformat(self._at) - datetime.fromisoformat(at)).total_seconds() > 1:
            times, first_time = self.clock_back or (0, place)
            self.clock_back = times + 1, first_time
        self.read, self._prev, self._at = place, own_hash, at
        return None

    def _wrong_beside(self, rows: list[tuple[Any, ...]]) -> _Damage | None:
        """What is wrong with what lies beside the chain for these entries: the first of them whose body or marks are not as written."""
        received: dict[str, tuple[int, str, dict[str, Any], str]] = {}
        for seq, at, kind, subject, _by, payload, *_ in rows:
            if kind in _BODY_OF or kind == "feature.received":
                received[_key_of(kind, subject, payload)] = seq, kind, json.loads(payload), at
            elif kind == "evidence.erased":
                self._erased[subject] = seq
            elif kind in ("person.added", "person.changed"):
                known = {} if kind == "person.added" else self._people.get(subject, (0, {}))[1]
                self._people[subject] = seq, known | json.loads(payload)
        bodies, marks = self._archived(list(received)), self._marks(list(received))
        self._received += len(received)
        found: list[_Damage] = []
        for key, (seq, kind, payload, at) in received.items():
            if kind in _BODY_OF:
                source, body = bodies.get(key, (None, None))
                if source is None:
                    # An erased one keeps its row.
                    found.append(_Damage(seq, "body", f"第 {seq} 条接收的原文 {key} 已不在档案中，且没有删除记录"))
                elif body is None:
                    self._gone[key] = seq
                elif _sha256(body) != payload["body"]:
                    found.append(_Damage(seq, "body", f"档案中 {key} 的原文与第 {seq} 条记下的摘要不符：原文被改动"))
                if source not in (None, payload["source"]):
                    found.append(_Damage(seq, "body", f"档案中 {key} 的来源与第 {seq} 条记下的不符：被改动"))
            mark = marks.get(key)
            waits = kind == "evidence.received" and payload["kind"] in ("message", "warning")
            moment = (payload["sent_at"] or payload["received_at"]) if kind == "evidence.received" else at
            understood = None if mark is None else mark[3]
            if mark is None or mark[:3] != (payload["source"], moment, seq) or (not waits and understood != seq):
                found.append(_Damage(seq, "marks", f"第 {seq} 条接收的 {key} 的处理标记被改动或缺失"))
            elif understood is not None:
                self._settled += 1
                if understood != seq:
                    self._marked.setdefault(understood, []).append((key, seq))
        for row in rows:
            # An erasure of what was understood before, or was never there to wait, moves no mark.
            if row[2] in ("evidence.understood", "evidence.erased"):
                marked = dict(self._marked.pop(row[0], []))
                if marked.pop(row[3], None) is None and row[2] == "evidence.understood":
                    found.append(_Damage(row[0], "marks", f"第 {row[0]} 条理解的 {row[3]} 的处理标记被改动或缺失"))
                found += [_Damage(seq, "marks", f"第 {seq} 条接收的 {key} 的处理标记被改动") for key, seq in marked.items()]
        return min(found, key=lambda one: one.seq or 0) if found else None

    def _archived(self, keys: list[str]) -> dict[str, tuple[str, str | None]]:
        found: dict[str, tuple[str, str | None]] = {}
        for some in _chunks(keys):
            query = sa.select(_archive.c.key, self._bytes(_archive.c.source), self._bytes(_archive.c.body), _archive.c.body.is_(None))
            for key, source, body, is_gone in self._db.execute(query.where(_archive.c.key.in_(some))):
                # Bytes that are no text any more are no body that was written, and not an erased one.
                found[key] = _decoded(source) or "", None if is_gone else _decoded(body) or ""
        return found

    def _marks(self, keys: list[str]) -> dict[str, tuple[str, str, int, int | None]]:
        found = {}
        columns = self._bytes(_progress.c.source), self._bytes(_progress.c.moment), _progress.c.received_seq, _progress.c.understood_seq
        for some in _chunks(keys):
            for key, source, moment, received, understood in self._db.execute(
                sa.select(_progress.c.key, *columns).where(_progress.c.key.in_(some))
            ):
                found[key] = _decoded(source) or "", _decoded(moment) or "", received, understood
        return found

    def _wrong_end(self) -> _Damage | None:
        read, db = self.read, self._db
        head = db.execute(sa.select(_head.c.seq, self._bytes(_head.c.hash)).where(_head.c.id == 1)).first()
        highest = sa.select(sa.func.max(_progress.c.received_seq), sa.func.max(_progress.c.understood_seq))
        numbers = [*db.execute(highest).one(), None if head is None else head.seq]
        beside = max((value for value in numbers if isinstance(value, int)), default=0)
        anchored = max(self._anchors, default=0)
        if max(beside, anchored) > read:
            who = "库外锚点记到" if anchored > read else "其他记录引用到"
            return _Damage(read + 1, "truncated", f"账本在第 {read} 条之后被截断：{who}第 {max(beside, anchored)} 条")
        if read and (head is None or head.seq != read or _decoded(head.hash) != self._prev):
            return _Damage(read, "head", f"账本末尾（第 {read} 条）与链头记录不一致：有条目被绕过程序写入，或链头被改动")
        gone = [(seq, key) for key, seq in self._gone.items() if key not in self._erased]
        found = [_Damage(seq, "body", f"第 {seq} 条接收的原文 {key} 已不在档案中，且没有删除记录") for seq, key in gone]
        marked = [one for some in self._marked.values() for one in some]
        found += [_Damage(seq, "marks", f"第 {seq} 条接收的 {key} 被标为已理解，却没有理解记录") for key, seq in marked]
        for keys in _chunks(list(self._erased)):
            back = sa.select(_archive.c.key).where(_archive.c.key.in_(keys), _archive.c.body.is_not(None))
            for key in db.execute(back).scalars():
                found.append(_Damage(self._erased[key], "body", f"第 {self._erased[key]} 条删除的原文 {key} 又出现在档案中"))
        if found:
            return min(found, key=lambda one: one.seq or 0)
        return self._wrong_orphan() or self._wrong_account()

    def _wrong_orphan(self) -> _Damage | None:
        known = sa.select(sa.func.count(), sa.func.count(_progress.c.understood_seq)).select_from(_progress)
        if tuple(self._db.execute(known).one()) != (self._received, self._settled):
            return _Damage(None, "orphan", "处理标记比接收记录多：有标记没有接收记录")
        orphan = (
            sa.select(self._bytes(_archive.c.key))
            .outerjoin(_progress, _progress.c.key == _archive.c.key)
            .where(_progress.c.key.is_(None))
            .limit(1)
        )
        row = self._db.execute(orphan).first()
        return None if row is None else _Damage(None, "orphan", f"档案中的 {_decoded(row[0])} 没有接收记录")

    def _wrong_account(self) -> _Damage | None:
        columns = {column.name: self._bytes(column) for column in _account.columns if column.name not in ("password_hash", "failures")}
        seen = set()
        for row in self._db.execute(sa.select(*columns.values())).mappings():
            account = {name: _decoded(row[name]) for name in columns}
            name = str(account["name"])
            seq, written = self._people.get(name, (None, {}))
            seen.add(name)
            if seq is None:
                return _Damage(None, "account", f"账号 {name} 没有开户记录：有账号被绕过程序写入")
            # The payload of a change also says things that are no column; those are not compared.
            said = {"district": ",".join(written.get("districts", ())), **written}
            told = {field: str(int(value)) if isinstance(value, bool) else value for field, value in said.items() if field in account}
            if any(account[field] != value for field, value in told.items() if isinstance(value, str)):
                return _Damage(seq, "account", f"账号 {name} 的姓名、角色、辖区或标记与第 {seq} 条记下的不符：账号被绕过程序改动")
        lost = [(seq, name) for name, (seq, _) in self._people.items() if name not in seen]
        return _Damage(min(lost)[0], "account", f"第 {min(lost)[0]} 条所记的账号 {min(lost)[1]} 不见了") if lost else None


def _number_of(row: tuple[Any, ...], near: int) -> int | None:
    """The number under which an entry was written, if its other contents are as written; looked for near its place."""
    for number in range(max(1, near - _FAR), near + _FAR):
        if number != row[0] and _chained(number, *row[1:-1]) == row[-1]:
            return number
    return None


def _known(db: sa.Connection, keys: list[str]) -> set[str]:
    seen: set[str] = set()
    for chunk in _chunks(keys):
        seen.update(db.execute(sa.select(_progress.c.key).where(_progress.c.key.in_(chunk))).scalars())
    return seen


def _refuse_if_stale(db: sa.Connection, subject: str, expect_last: int) -> None:
    query = sa.select(_entry.c.seq, _entry.c.by_, _entry.c.at).where(_entry.c.subject == subject).order_by(_entry.c.seq.desc()).limit(1)
    newest = db.execute(query).first()
    if newest is not None and int(newest.seq) != expect_last:
        when = datetime.fromisoformat(newest.at).astimezone(BEIJING).strftime("%H:%M:%S")
        raise Stale(f"{subject} was changed by {newest.by_} at {when} since you read it. Read it again before deciding.")


def _refuse_if_any(db: sa.Connection, expect_none: tuple[Sequence[str], int] | None) -> None:
    if expect_none is None:
        return
    kinds, after = expect_none
    query = sa.select(_entry.c.seq).where(_entry.c.kind.in_(list(kinds)), _entry.c.seq > after).limit(1)
    if db.execute(query).first() is not None:
        raise Stale("读取之后又有新的信息或人工判断写入：没有写入任何内容，请重新读取后再试。")


def _upsert(db: sa.Connection, table: sa.Table, row: dict[str, Any], key: str) -> None:
    make = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    rest = {name: value for name, value in row.items() if name != key}
    db.execute(make(table).values(**row).on_conflict_do_update(index_elements=[table.c[key]], set_=rest))


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        yield keys[start : start + _KEYS_PER_QUERY]


def _entry_of(row: Any) -> Entry:
    values = row if isinstance(row, dict) else row._mapping
    try:
        return _read_entry(values)
    except ValueError as error:
        raise Damaged(f"台账第 {values['seq']} 条读不出：{_MEND}") from error


def _read_entry(values: Any) -> Entry:
    return Entry(
        seq=values["seq"],
        at=datetime.fromisoformat(values["at"]),
        kind=values["kind"],
        subject=values["subject"],
        by=values["by_"],
        payload=json.loads(values["payload"]),
        prev=values["prev"],
        hash=values["hash"],
    )


def _person(row: sa.Row[Any]) -> Person:
    return Person(
        name=row.name,
        display_name=row.display_name,
        role=row.role,
        districts=tuple(code for code in row.district.split(",") if code),
        must_change=bool(row.must_change),
        has_code=bool(row.code_secret),
        is_external=bool(row.is_external),
    )


def _evidence(body: str) -> Evidence:
    # Not model_validate_json: its parser refuses the lone surrogates that broken phone exports really contain.
    try:
        return Evidence.model_validate(json.loads(body))
    except ValueError as error:
        raise Damaged(f"档案中有一条原文读不出：{_MEND}") from error


def _json(value: Any) -> str:
    """Canonical JSON text that any database can store: readable Chinese, or pure ASCII where the text is not valid Unicode."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text


def _clean(text: str) -> str:
    """A key that any database can store; keys are ours, but a subject may be typed by a person."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode("utf-8")


def _decoded(value: Any) -> str | None:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return None if value is None else str(value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _first_line(error: sa.exc.DatabaseError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else error.__class__.__name__


def _private_file(path: Path) -> None:
    """Make the file before SQLite does, so that it and its write-ahead log are readable by this user only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise Unreachable(f"台账文件 {path} 打不开：{error.strerror}。请检查 ANLAN_HOME 及其权限。") from error


def _sqlite_connected(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling is switched off so that writers can say BEGIN IMMEDIATE (see _sqlite_begun).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=60000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "secure_delete=ON",
    ):
        cursor.execute("PRAGMA " + pragma)
    cursor.close()


def _sqlite_begun(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later would fail at the write when someone else wrote in between.
    writes = connection.get_execution_options().get("anlan_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

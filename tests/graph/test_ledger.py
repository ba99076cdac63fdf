"""The record keeps everything once, in order, and shows any change to it."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from invented import EVENING, call, reading, shelter

from graph.ledger import GENESIS, Ledger
from models.domain import Person, Quarantined, Source
from models.errors import BadInput, NotFound, Refused, Stale, Unreachable
from models.settings import Settings
from tests.conftest import fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
def book(request: pytest.FixtureRequest, home: Settings) -> Iterator[Ledger]:
    """An empty ledger on each database."""
    url = home.ledger_address if request.param == "sqlite" else fresh_database(request.getfixturevalue("postgres"))
    opened = Ledger(url)
    yield opened
    opened.close()


def bad_row(text: str = "坏行") -> Quarantined:
    return Quarantined(source="hotline", reason="没有正文", where="a.csv:3", raw=text, digest="d" * 60 + f"{len(text):04d}")


# -- receiving


def test_what_is_received_is_counted_new_duplicate_or_quarantined_and_adds_up(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1)])
    receipt = book.receive(hotline, [call(1), call(2), call(2), call(3)], quarantined=[bad_row()], features=[shelter()])
    assert (receipt.read, receipt.new, receipt.duplicate, receipt.quarantined) == (6, 3, 2, 1)


def test_the_same_batch_twice_adds_no_entry(book: Ledger, hotline: Source) -> None:
    batch = {"quarantined": [bad_row()], "features": [shelter()]}
    book.receive(hotline, [call(1), call(2)], **batch)
    before = book.last_seq()
    receipt = book.receive(hotline, [call(1), call(2)], **batch)
    assert book.last_seq() == before == 4
    assert receipt.new == 0


def test_the_watermark_moves_with_the_batch(book: Ledger, hotline: Source) -> None:
    assert book.watermark("hotline") is None
    book.receive(hotline, [call(1)], watermark="第1页\x00")
    book.receive(hotline, [], watermark="第2页\x00")
    assert book.watermark("hotline") == "第2页\x00"


def test_a_batch_that_fails_leaves_nothing_and_does_not_move_the_watermark(book: Ledger, hotline: Source) -> None:
    def broken_stream() -> Iterator[object]:
        yield call(1)
        raise OSError("the share went away")

    with pytest.raises(OSError, match="share"):
        book.receive(hotline, broken_stream(), watermark="1")
    assert (book.last_seq(), book.watermark("hotline")) == (0, None)


def test_the_chain_holds_no_words_of_a_message(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1, "我是李四，电话13800000000", place_hint="李四家")])
    (entry,) = book.entries()
    assert "李四" not in str(entry.payload)
    assert set(entry.payload) == {"source", "kind", "external_id", "sent_at", "received_at", "lon", "lat", "mode", "body"}


def test_broken_unicode_and_nul_characters_are_kept_as_they_came(book: Ledger, hotline: Source) -> None:
    item = call(1, "起火\ud83d了\x00快来")
    book.receive(hotline, [item], quarantined=[bad_row("\ud800\x00")])
    assert book.body(item.id, by="officer1", reason="回访") == item
    assert book.verify().ok


def test_more_keys_than_one_statement_allows_are_still_deduplicated(book: Ledger, hotline: Source) -> None:
    many = [call(number) for number in range(2000)]
    book.receive(hotline, many)
    assert book.receive(hotline, many).duplicate == 2000


# -- the chain


def test_entries_are_numbered_without_gaps_and_chained_from_the_first(book: Ledger) -> None:
    made = [book.record("incident.closed", f"in-{n}", {"n": n}, by="duty1") for n in range(5)]
    assert [entry.seq for entry in made] == [1, 2, 3, 4, 5]
    assert made[0].prev == GENESIS
    assert [entry.prev for entry in made[1:]] == [entry.hash for entry in made[:-1]]
    assert list(book.entries()) == made


def test_entries_are_streamed_in_pages_forwards_and_backwards(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(number) for number in range(1203)])
    assert [entry.seq for entry in book.entries()] == list(range(1, 1204))
    assert [entry.seq for entry in book.entries(newest_first=True, limit=700)] == list(range(1203, 503, -1))
    assert [entry.seq for entry in book.entries(1200)] == [1201, 1202, 1203]


def test_entries_can_be_asked_by_kind_and_subject(book: Ledger) -> None:
    book.record("report.drafted", "re-1", {}, by="duty1")
    book.record("report.submitted", "re-1", {}, by="duty1")
    book.record("report.drafted", "re-2", {}, by="duty1")
    assert [entry.seq for entry in book.entries(kinds=["report.drafted"], subject="re-1")] == [1]
    assert [entry.seq for entry in book.entries(kinds=["report.drafted"])] == [1, 3]


@pytest.mark.parametrize("statement", ["UPDATE entry SET by_ = 'nobody'", "DELETE FROM entry", "TRUNCATE entry"])
def test_the_database_itself_refuses_to_change_an_entry(book: Ledger, statement: str) -> None:
    book.record("source.run", "hotline", {}, by="system")
    if book._is_sqlite and statement.startswith("TRUNCATE"):
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), book._write_engine.begin() as db:
        db.execute(sa.text(statement))


def test_an_entry_cannot_be_replaced_in_sqlite(ledger: Ledger, home: Settings) -> None:
    ledger.record("source.run", "hotline", {}, by="system")
    with sqlite3.connect(home.home / "ledger.db") as db, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute("INSERT OR REPLACE INTO entry SELECT seq, at, kind, 'other', by_, payload, prev, hash FROM entry")


def test_a_decision_on_something_changed_meanwhile_is_refused_and_names_who_changed_it(book: Ledger) -> None:
    read = book.record("report.drafted", "re-1", {}, by="duty1").seq
    book.record("report.edited", "re-1", {}, by="duty2", expect_last=read)
    with pytest.raises(Stale, match="duty2"):
        book.record("report.signed", "re-1", {}, by="signer1", expect_last=read)
    assert book.last_seq() == 2


def test_expecting_nothing_holds_only_for_the_first_entry_of_a_subject(book: Ledger) -> None:
    book.record("report.drafted", "re-1", {}, by="duty1", expect_last=0)
    with pytest.raises(Stale):
        book.record("report.drafted", "re-1", {}, by="duty1", expect_last=0)


def test_two_processes_writing_at_once_make_one_gapless_chain(ledger: Ledger, home: Settings) -> None:
    code = (
        "import sys; from graph.ledger import Ledger; book = Ledger(sys.argv[1])\n"
        "for n in range(60): book.record('source.run', sys.argv[2], {'n': n}, by='system')"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, home.ledger_address, name]) for name in ("social", "hotline")]
    assert [run.wait(timeout=60) for run in runs] == [0, 0]
    assert ledger.last_seq() == 120
    assert ledger.verify().ok


# -- verifying


def test_an_untouched_ledger_verifies(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(number) for number in range(30)], quarantined=[bad_row()], features=[shelter()])
    book.understood([reading(call(0))])
    found = book.verify()
    assert (found.ok, found.entries, found.first_broken, found.reason) == (True, 33, None, "")


def test_an_empty_ledger_verifies(book: Ledger) -> None:
    assert book.verify().ok


COLUMNS = ("at", "kind", "subject", "by_", "payload", "prev", "hash")


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, 8), column=st.sampled_from(COLUMNS), position=st.integers(0, 1000), change=st.integers(1, 255))
def test_one_changed_byte_anywhere_in_an_entry_is_found_where_it_is(
    tmp_path_factory: pytest.TempPathFactory, seq: int, column: str, position: int, change: int
) -> None:
    path = tmp_path_factory.mktemp("flip") / "ledger.db"
    book = Ledger(f"sqlite:///{path}")
    for number in range(8):
        book.record("incident.closed", f"in-{number}", {"理由": "火已扑灭", "n": number}, by="duty1")
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER entry_no_update")
        (value,) = db.execute(f"SELECT CAST({column} AS BLOB) FROM entry WHERE seq = ?", (seq,)).fetchone()
        flipped = bytearray(value)
        flipped[position % len(flipped)] ^= change
        db.execute(f"UPDATE entry SET {column} = CAST(? AS TEXT) WHERE seq = ?", (bytes(flipped), seq))
    db.close()
    found = book.verify()
    book.close()
    assert (found.ok, found.first_broken) == (False, seq)
    assert str(seq) in found.reason


def tampered(book: Ledger, *statements: str) -> None:
    with book._write_engine.begin() as db:
        if book._is_sqlite:
            for trigger in ("entry_no_update", "entry_no_delete", "entry_in_order"):
                db.execute(sa.text(f"DROP TRIGGER IF EXISTS {trigger}"))
        else:
            db.execute(sa.text("ALTER TABLE entry DISABLE TRIGGER ALL"))
        for statement in statements:
            db.execute(sa.text(statement))


def test_a_missing_entry_is_located(book: Ledger) -> None:
    for number in range(6):
        book.record("source.run", "hotline", {"n": number}, by="system")
    tampered(book, "DELETE FROM entry WHERE seq = 4")
    assert (book.verify().ok, book.verify().first_broken) == (False, 4)


def test_a_cut_off_end_is_noticed(book: Ledger) -> None:
    for number in range(6):
        book.record("source.run", "hotline", {"n": number}, by="system")
    tampered(book, "DELETE FROM entry WHERE seq > 4")
    assert (book.verify().ok, book.verify().first_broken) == (False, 5)


def test_a_cut_off_end_is_noticed_by_what_was_received_even_when_the_head_was_moved_back(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1), call(2)])
    tampered(book, "DELETE FROM entry WHERE seq = 2", "UPDATE head SET seq = 1, hash = (SELECT hash FROM entry WHERE seq = 1)")
    assert (book.verify().ok, book.verify().first_broken) == (False, 2)


def test_an_archived_message_that_was_changed_is_noticed(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1), call(2)])
    tampered(book, f"UPDATE archive SET body = replace(body, '起火', '冒烟') WHERE key = '{call(2).id}'")
    found = book.verify()
    assert (found.ok, found.first_broken) == (False, 2)
    assert "原文" in found.reason


def test_an_archived_message_that_vanished_is_noticed(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1)])
    tampered(book, "DELETE FROM archive")
    assert not book.verify().ok


def test_an_erased_message_is_no_breach_but_its_words_are_gone(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1)])
    book.erase(call(1).id, by="auditor1", reason="当事人要求删除")
    assert book.verify().ok
    with pytest.raises(NotFound, match=r"evidence\.erased"):
        book.body(call(1).id, by="auditor1", reason="复核")
    assert book.waiting(10) == []
    assert book.counts()["waiting"] == 0


# -- understanding


def test_what_waits_comes_oldest_first_by_the_time_it_was_sent(book: Ledger, hotline: Source) -> None:
    undated = call(50, "没有时间的来信", sent_at=None)
    book.receive(hotline, [call(3), undated, call(1), call(2)])
    assert [item.id for item in book.waiting(10)] == [call(1).id, call(2).id, call(3).id, undated.id]
    assert len(book.waiting(2)) == 2


def test_features_and_surveyed_evidence_do_not_wait_to_be_understood(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1, kind="feature"), call(2, kind="warning")], features=[shelter()])
    assert [item.id for item in book.waiting(10)] == [call(2, kind="warning").id]


def test_understanding_twice_is_written_once(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1), call(2)])
    first = book.understood([reading(call(1))])
    again = book.understood([reading(call(1)), reading(call(2))])
    assert (list(first), list(again)) == ([call(1).id], [call(2).id])
    assert book.waiting(10) == []


def test_understanding_what_was_never_received_is_refused_whole(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1)])
    with pytest.raises(NotFound):
        book.understood([reading(call(1)), reading(call(9))])
    assert len(book.waiting(10)) == 1


def test_only_one_worker_understands_at_a_time(book: Ledger) -> None:
    with book.sole_worker(), pytest.raises(Refused, match="另一个进程"), book.sole_worker():
        pass
    with book.sole_worker():
        pass


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_killed_worker_leaves_its_place_free(database: str, home: Settings, request: pytest.FixtureRequest) -> None:
    url = home.ledger_address if database == "sqlite" else fresh_database(request.getfixturevalue("postgres"))
    ledger = Ledger(url)
    code = (
        "import sys, time; from graph.ledger import Ledger\nwith Ledger(sys.argv[1]).sole_worker(): print('in', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        with pytest.raises(Refused), ledger.sole_worker():
            pass
        worker.kill()
        worker.wait()
    # PostgreSQL sees the connection close a moment later.
    for _ in range(50):
        with contextlib.suppress(Refused), ledger.sole_worker():
            break
        time.sleep(0.1)
    else:
        pytest.fail("the place was not free five seconds after its holder was killed")
    ledger.close()


# -- reading unmasked, counting


def test_reading_an_unmasked_message_is_itself_recorded_with_the_reason(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1)])
    assert book.body(call(1).id, by="officer1", reason="回访被困人员") == call(1)
    *_, last = book.entries()
    assert (last.kind, last.subject, last.by, last.payload) == ("audit.read", call(1).id, "officer1", {"reason": "回访被困人员"})


def test_reading_an_unmasked_message_without_a_reason_is_refused(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1)])
    with pytest.raises(Refused, match="理由"):
        book.body(call(1).id, by="officer1", reason="  ")


def test_counts_say_what_came_in_and_what_waits(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1), call(2)], quarantined=[bad_row()], features=[shelter()])
    book.understood([reading(call(1))])
    found = book.counts()
    assert (found["entries"], found["evidence"], found["features"]) == (5, {"hotline": 2}, 1)
    assert (found["waiting"], found["quarantined"]) == (1, 1)
    assert found["oldest_waiting_at"] == EVENING + timedelta(minutes=2)


# -- opening


def test_an_account_cannot_be_added_twice(book: Ledger) -> None:
    duty = Person(name="duty1", display_name="钱值班", role="duty")
    book.add_person(duty, "hash", "admin1")
    with pytest.raises(Refused, match="已有"):
        book.add_person(duty, "hash", "admin1")
    assert (book.people(), book.person("duty1")) == ([duty], duty)


def test_an_account_change_is_recorded_without_the_hash(book: Ledger) -> None:
    book.add_person(Person(name="duty1", display_name="钱值班", role="duty"), "old", "admin1")
    changed = book.change_person("duty1", by="admin1", role="signer", password_hash="secret-hash")
    assert (changed.role, book.password_hash("duty1")) == ("signer", "secret-hash")
    assert not any("secret-hash" in str(entry.payload) for entry in book.entries())


def test_the_ledger_file_is_readable_by_its_owner_only(ledger: Ledger, home: Settings) -> None:
    ledger.record("source.run", "hotline", {}, by="system")
    assert {path.stat().st_mode & 0o777 for path in home.home.glob("ledger.db*")} == {0o600}


def test_every_commit_is_synced_to_disk(ledger: Ledger) -> None:
    with ledger._reading() as db:
        modes = [db.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert modes == ["wal", 2]


@pytest.mark.parametrize("url", ["mysql://localhost/x", "nonsense", "sqlite://"])
def test_an_address_that_cannot_hold_a_ledger_is_refused_in_words(url: str) -> None:
    with pytest.raises(BadInput, match="sqlite:///"):
        Ledger(url)


def test_a_database_that_does_not_answer_is_named_with_advice_and_without_the_password() -> None:
    with pytest.raises(Unreachable, match="ANLAN_LEDGER_URL") as caught:
        Ledger("postgresql+psycopg://desk:hunter2hunter2@127.0.0.1:1/desk")
    assert "hunter2" not in str(caught.value)


def test_a_ledger_closed_and_opened_again_goes_on_where_it_was(home: Settings) -> None:
    first = Ledger(home.ledger_address)
    first.record("source.run", "hotline", {}, by="system", at=datetime(2026, 7, 1, tzinfo=UTC))
    first.close()
    second = Ledger(home.ledger_address)
    assert second.record("source.run", "hotline", {}, by="system").seq == 2
    assert second.verify().ok
    second.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    with pytest.raises(Unreachable, match="ANLAN_HOME"):
        Ledger(f"sqlite:///{tmp_path}/var/ledger.db")


# -- urgent first, quarantine, the queue


def waiting_ids(book: Ledger, limit: int) -> list[str]:
    return [item.external_id for item in book.waiting(limit)]


def test_urgent_items_come_first_and_the_rest_never_starve(book: Ledger, hotline: Source) -> None:
    calls = [call(number) for number in range(12)]
    urgent = {item.id for item in calls[6:]}
    book.receive(hotline, calls, urgent=urgent)
    batch = book.waiting(4)
    assert sum(item.id in urgent for item in batch) == 3
    assert len(batch) == 4
    moments = [item.sent_at or item.received_at for item in batch]
    assert moments == sorted(moments)
    assert {item.id for item in book.waiting(100)} == {item.id for item in calls}


def test_a_batch_is_filled_when_one_kind_runs_out(book: Ledger, hotline: Source) -> None:
    calls = [call(number) for number in range(8)]
    book.receive(hotline, calls, urgent={calls[7].id})
    assert len(book.waiting(6)) == 6
    assert calls[7].id in {item.id for item in book.waiting(6)}
    book.receive(hotline, [], urgent=())
    only = [call(number) for number in range(100, 108)]
    book.understood([(item.id, {}) for item in calls])
    book.receive(hotline, only, urgent={item.id for item in only})
    assert len(book.waiting(6)) == 6


def test_the_queue_says_how_much_waits_and_since_when(book: Ledger, hotline: Source) -> None:
    assert book.queue().oldest_at is None
    early = datetime(2026, 7, 18, 12, 0, tzinfo=UTC)
    book.receive(hotline, [call(1)], at=early)
    book.receive(hotline, [call(2)], urgent={call(2).id}, at=early + timedelta(minutes=9))
    queue = book.queue()
    assert (queue.waiting, queue.urgent, queue.oldest_at) == (2, 1, early)


def test_a_record_of_an_earlier_version_gains_the_urgency_and_loses_nothing(tmp_path: Path, hotline: Source) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    old = Ledger(url)
    old.receive(hotline, [call(1)])
    old.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as db:
        db.execute("DROP INDEX progress_waiting_urgent")
        db.execute("ALTER TABLE progress DROP COLUMN urgent")
        db.execute("CREATE INDEX progress_waiting ON progress (moment, key) WHERE understood_seq IS NULL")
    again = Ledger(url)
    assert len(again.waiting(5)) == 1
    again.receive(hotline, [call(2)], urgent={call(2).id})
    assert again.queue().urgent == 1
    again.close()


def test_a_quarantined_record_is_settled_once_and_with_what_it_became(book: Ledger, hotline: Source) -> None:
    bad = bad_row()
    book.receive(hotline, [], quarantined=[bad])
    assert [one.digest for one in book.held()] == [bad.digest]
    assert book.held_counts() == {"hotline": 1}
    book.receive(hotline, [call(1)], settles=(bad.digest, "zhang"))
    assert (book.held(), book.held_counts()) == ([], {})
    with pytest.raises(Refused, match="已经处理"):
        book.receive(hotline, [call(2)], settles=(bad.digest, "zhang"))
    assert sum(book.counts()["evidence"].values()) == 1
    assert book.verify().ok


def test_what_was_asked_for_is_due_until_it_was_tried(book: Ledger, hotline: Source) -> None:
    bad = bad_row()
    book.receive(hotline, [], quarantined=[bad])
    book.record("quarantine.asked", bad.digest, {}, by="zhang")
    assert book.asked_again() == [(bad.digest, "zhang")]
    assert book.held()[0].is_asked
    book.record("quarantine.tried", bad.digest, {"reason": "还是没有正文"}, by="zhang")
    assert book.asked_again() == []
    [held] = book.held("hotline")
    assert (held.reason, held.tries, held.is_asked) == ("还是没有正文", 1, False)
    assert book.held("social") == []


def test_each_address_of_a_source_has_a_watermark_of_its_own(book: Ledger, hotline: Source) -> None:
    book.receive(hotline, [call(1)], watermark="a", stream="hotline/甲")
    book.receive(hotline, [call(2)], watermark="b", stream="hotline/乙")
    assert (book.watermark("hotline/甲"), book.watermark("hotline/乙"), book.watermark("hotline")) == ("a", "b", None)

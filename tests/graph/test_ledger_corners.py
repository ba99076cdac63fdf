"""The corners of the record: what it refuses, what it then has not written, and how it says that its file or its disk is at fault."""

from __future__ import annotations

import contextlib
import resource
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from invented import call, reading, shelter

from graph.ledger import GENESIS, Ledger, _chained
from models.domain import Person, Quarantined, Source
from models.errors import Damaged, NotFound, Refused, Stale, Unreachable
from models.settings import Settings

BAD = Quarantined(source="hotline", reason="没有正文", where="a.csv:3", raw="坏行，李四", digest="d" * 64)
AT = datetime(2026, 7, 18, 12, 0, tzinfo=UTC)


def tampered(ledger: Ledger, *statements: str, **values: object) -> None:
    with ledger._write_engine.begin() as db:
        for trigger in ("entry_no_update", "entry_no_delete", "entry_in_order"):
            db.execute(sa.text(f"DROP TRIGGER IF EXISTS {trigger}"))
        for statement in statements:
            db.execute(sa.text(statement), values)


def written(ledger: Ledger, number: int) -> None:
    for n in range(number):
        ledger.record("source.run", "hotline", {"n": n}, by="system", at=AT + timedelta(minutes=n))


# -- what is refused leaves nothing behind


def test_a_kind_that_is_none_is_a_defect_and_no_entry(ledger: Ledger) -> None:
    for kind in ("signed", "Report.signed", "report.", "report.signed "):
        with pytest.raises(ValueError, match="not a ledger kind"):
            ledger.record(kind, "re-1", {}, by="duty1")
    assert ledger.last_seq() == 0


def test_understanding_nothing_or_again_writes_nothing(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [call(1)])
    assert ledger.understood([]) == {}
    ledger.understood([reading(call(1))])
    assert ledger.understood([reading(call(1))]) == {}
    assert ledger.last_seq() == 2


def test_a_batch_read_before_someone_judged_is_not_written(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [call(1)])
    read = ledger.last_seq()
    ledger.record("incident.closed", "in-1", {}, by="officer1")
    with pytest.raises(Stale, match="没有写入任何内容"):
        ledger.understood([reading(call(1))], expect_none=(["incident.closed"], read))
    with pytest.raises(Stale, match="没有写入任何内容"):
        ledger.record("incident.merged", "in-2", {}, by="duty1", expect_none=(["incident.merged", "incident.closed"], read))
    assert (ledger.last_seq(), len(ledger.waiting(9))) == (2, 1)
    ledger.understood([reading(call(1))], expect_none=(["incident.closed"], read + 1))
    assert ledger.waiting(9) == []


def test_entries_about_any_of_several_things_come_in_one_order(ledger: Ledger) -> None:
    for subject in ("re-1", "re-2", "re-3", "re-1"):
        ledger.record("report.drafted", subject, {}, by="duty1")
    assert [entry.seq for entry in ledger.entries(subjects={"re-1", "re-3"})] == [1, 3, 4]
    assert [entry.seq for entry in ledger.entries(subjects={"re-1", "re-3"}, newest_first=True, limit=2)] == [4, 3]
    assert list(ledger.entries(subjects=set())) == []


def test_the_unmasked_is_opened_only_by_its_own_number(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [], quarantined=[BAD])
    for id in ("ev-none", "qu-" + BAD.digest):
        with pytest.raises(NotFound, match=id):
            ledger.body(id, by="officer1", reason="核对")
    assert list(ledger.entries(kinds=["audit.read"])) == []


def test_nothing_is_erased_without_a_reason_or_without_being_there(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [call(1)])
    with pytest.raises(Refused, match="理由"):
        ledger.erase(call(1).id, by="auditor1", reason=" ")
    with pytest.raises(Refused, match="理由"):
        ledger.erase_all([call(1).id], by="auditor1", reason="")
    with pytest.raises(NotFound, match="ev-none"):
        ledger.erase("ev-none", by="auditor1", reason="当事人要求")
    assert ledger.last_seq() == 1
    assert ledger.body(call(1).id, by="officer1", reason="核对") == call(1)


def test_what_is_erased_already_is_not_erased_again(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [call(1), call(2)])
    keys = [call(1).id, call(2).id]
    assert ledger.erase_all(keys, by="auditor1", reason="保存期限已满") == 2
    assert ledger.erase_all(keys, by="auditor1", reason="保存期限已满") == 0
    assert ledger.last_seq() == 4


def test_what_an_unknown_quarantined_record_became_is_not_received(ledger: Ledger, hotline: Source) -> None:
    with pytest.raises(NotFound, match="隔离区没有"):
        ledger.receive(hotline, [call(1)], settles=("e" * 64, "duty1"))
    assert (ledger.last_seq(), ledger.waiting(9)) == (0, [])


def test_a_quarantined_record_is_read_again_as_it_came_until_it_is_erased(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [], quarantined=[BAD])
    assert ledger.held_record(BAD.digest) == BAD
    with pytest.raises(NotFound, match="anlan sources quarantine"):
        ledger.held_record("e" * 64)
    ledger.erase("qu-" + BAD.digest, by="auditor1", reason="当事人要求")
    with pytest.raises(NotFound, match="已依规删除"):
        ledger.held_record(BAD.digest)


def test_of_many_quarantined_records_the_newest_are_listed(ledger: Ledger, hotline: Source) -> None:
    many = [BAD.model_copy(update={"digest": f"{n:064d}"}) for n in range(5)]
    ledger.receive(hotline, [], quarantined=many)
    assert [one.digest for one in ledger.held(limit=2)] == [many[4].digest, many[3].digest]


def test_a_look_at_a_source_is_remembered_beside_the_chain(ledger: Ledger) -> None:
    assert ledger.last_looks() == {}
    ledger.looked_at("hotline", AT)
    ledger.looked_at("hotline", AT + timedelta(minutes=5))
    ledger.looked_at("social")
    looks = ledger.last_looks()
    assert looks["hotline"] == AT + timedelta(minutes=5)
    assert datetime.now(UTC) - looks["social"] < timedelta(minutes=1)
    assert ledger.last_seq() == 0


# -- accounts


def test_an_account_that_is_not_there_is_named_and_nothing_is_written(ledger: Ledger) -> None:
    for act in (
        lambda: ledger.change_person("nobody", by="admin1", role="duty"),
        lambda: ledger.password_hash("nobody"),
        lambda: ledger.keep_signing_key("nobody", "sealed", {"public": "…"}),
    ):
        with pytest.raises(NotFound, match="没有名为 nobody 的账号"):
            act()
    assert ledger.last_seq() == 0


def test_a_change_of_nothing_is_no_entry(ledger: Ledger) -> None:
    duty = Person(name="duty1", display_name="钱值班", role="duty")
    ledger.add_person(duty, "hash", "admin1")
    assert ledger.change_person("duty1", by="admin1") == duty
    assert ledger.last_seq() == 1


def test_a_strengthened_hash_replaces_the_old_one_and_stays_out_of_the_chain(ledger: Ledger) -> None:
    ledger.add_person(Person(name="duty1", display_name="钱值班", role="duty"), "weak-hash", "admin1")
    ledger.signed_in("duty1", at=AT)
    assert ledger.password_hash("duty1") == "weak-hash"
    ledger.signed_in("duty1", at=AT, password_hash="strong-hash")
    assert ledger.password_hash("duty1") == "strong-hash"
    assert "hash" not in "".join(str(line["payload"]) for line in ledger.lines())


def test_districts_are_kept_one_by_one(ledger: Ledger) -> None:
    duty = Person(name="duty1", display_name="钱值班", role="duty", districts=("320105", "320116"))
    ledger.add_person(duty, "hash", "admin1")
    assert (ledger.person("duty1"), ledger.people()) == (duty, [duty])
    assert ledger.change_person("duty1", by="admin1", districts=("320104", "320106")).districts == ("320104", "320106")
    assert ledger.verify().ok


def test_a_code_is_spent_once_and_with_it_all_before(ledger: Ledger) -> None:
    ledger.add_person(Person(name="duty1", display_name="钱值班", role="duty"), "hash", "admin1")
    assert [ledger.spend_code("duty1", step) for step in (5, 5, 4, 6, 6)] == [True, False, False, True, False]
    assert not ledger.spend_code("nobody", 9)


def test_wrong_passwords_are_counted_and_lock_for_a_time_that_is_told(ledger: Ledger) -> None:
    ledger.add_person(Person(name="duty1", display_name="钱值班", role="duty"), "hash", "admin1")
    for _ in range(3):
        ledger.sign_in_failed("duty1", "密码不对", allowed=3, lock=timedelta(minutes=15), at=AT)
    told = [entry.payload for entry in ledger.entries(kinds=["person.refused"])]
    until = AT + timedelta(minutes=15)
    assert [one["locked_until"] and datetime.fromisoformat(one["locked_until"]) for one in told] == [None, None, until]
    assert {(one["action"], one["reason"]) for one in told} == {("sign_in", "密码不对")}
    assert ledger.locked_until("duty1") == until
    ledger.sign_in_failed("duty1", "密码不对", allowed=3, lock=timedelta(minutes=15), at=AT)
    assert ledger.locked_until("duty1") is None, "counted from one again"
    ledger.sign_in_failed("duty1", "密码不对", allowed=3, lock=timedelta(minutes=15), at=AT)
    ledger.clear_failures("duty1")
    ledger.sign_in_failed("duty1", "密码不对", allowed=3, lock=timedelta(minutes=15), at=AT)
    assert ledger.locked_until("duty1") is None


def test_a_new_password_ends_the_key_the_lock_and_the_count(ledger: Ledger) -> None:
    ledger.add_person(Person(name="signer1", display_name="李签发", role="signer"), "hash", "admin1")
    ledger.keep_signing_key("signer1", "sealed", {"fingerprint": "f"})
    ledger.sign_in_failed("signer1", "密码不对", allowed=1, lock=timedelta(minutes=15), at=AT)
    assert ledger.signing_key("signer1") == "sealed"
    changed = ledger.change_person("signer1", by="admin1", password_hash="other", must_change=True)
    assert (ledger.signing_key("signer1"), ledger.locked_until("signer1"), changed.must_change) == ("", None, True)
    assert "other" not in "".join(str(line["payload"]) for line in ledger.lines())
    assert "sealed" not in "".join(str(line["payload"]) for line in ledger.lines())
    assert ledger.verify().ok


# -- damage the others do not come by


@pytest.mark.parametrize("column", ["at", "kind", "subject", "by_", "payload"])
def test_every_part_of_an_entry_is_in_its_hash(ledger: Ledger, column: str) -> None:
    written(ledger, 3)
    other = {"at": "2026-07-18T12:00:00.000000+00:00", "kind": "source.ran", "subject": "other", "by_": "nobody", "payload": '{"n":7}'}
    tampered(ledger, f"UPDATE entry SET {column} = :v WHERE seq = 2", v=other[column])
    found = ledger.verify()
    assert (found.ok, found.entries, found.first_broken, found.damage) == (False, 1, 2, "changed")


def test_a_message_marked_understood_without_a_reading_is_noticed(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [call(1), call(2)])
    written(ledger, 1)
    tampered(ledger, "UPDATE progress SET understood_seq = 3 WHERE key = :k", k=call(2).id)
    found = ledger.verify()
    assert (found.first_broken, found.damage) == (2, "marks")
    assert "没有理解记录" in found.reason


def test_a_reading_whose_message_still_waits_is_noticed(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [call(1)])
    ledger.understood([reading(call(1))])
    tampered(ledger, "UPDATE progress SET understood_seq = NULL")
    found = ledger.verify()
    assert (found.first_broken, found.damage) == (2, "marks")


def test_the_places_files_and_copies_are_for_their_owner_only(ledger: Ledger, home: Settings, tmp_path: Path) -> None:
    with ledger.sole_worker(), ledger.sole_importer():
        modes = {path.name: path.stat().st_mode & 0o777 for path in home.home.iterdir()}
    assert {name for name in modes if name.endswith((".worker", ".importer"))} == {"ledger.db.worker", "ledger.db.importer"}
    ledger.copy_to(tmp_path / "copy.db")
    assert {*modes.values(), (tmp_path / "copy.db").stat().st_mode & 0o777} == {0o600}


def test_an_entry_numbered_before_the_first_is_named_by_its_own_number(ledger: Ledger) -> None:
    written(ledger, 4)
    tampered(ledger, "UPDATE entry SET seq = -5 WHERE seq = 3")
    found = ledger.verify()
    assert (found.first_broken, found.damage) == (3, "changed")
    assert "编号被改成 -5" in found.reason
    tampered(ledger, "UPDATE entry SET by_ = 'nobody' WHERE seq = -5")
    assert ledger.verify().first_broken == 1, "nothing tells any more which it was"


@pytest.mark.parametrize(("changed", "named"), [(3, 3), (1, 1)])
def test_an_entry_given_a_new_hash_is_located_by_the_one_that_follows_it(ledger: Ledger, changed: int, named: int) -> None:
    written(ledger, 4)
    row = next(line for line in ledger.lines() if line["seq"] == changed)
    own = _chained(changed, row["at"], row["kind"], row["subject"], "nobody", row["payload"], row["prev"])
    tampered(ledger, f"UPDATE entry SET by_ = 'nobody', hash = '{own}' WHERE seq = {changed}")
    found = ledger.verify()
    assert (found.entries, found.first_broken, found.damage) == (changed, named, "rewritten")


def test_a_first_entry_that_follows_another_is_no_first(ledger: Ledger) -> None:
    written(ledger, 1)
    (row,) = ledger.lines()
    own = _chained(1, row["at"], row["kind"], row["subject"], row["by"], row["payload"], "1" * 64)
    assert row["prev"] == GENESIS
    tampered(ledger, f"UPDATE entry SET prev = '{'1' * 64}', hash = '{own}'", f"UPDATE head SET hash = '{own}'")
    assert (ledger.verify().first_broken, ledger.verify().damage) == (1, "rewritten")


def test_an_erased_body_that_is_back_is_named_by_its_erasure(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [call(1), call(2)])
    with ledger._reading() as db:
        body = db.execute(sa.text("SELECT body FROM archive WHERE key = :k"), {"k": call(2).id}).scalar_one()
    ledger.understood([reading(call(2))])
    erasure = ledger.erase(call(2).id, by="auditor1", reason="当事人要求")
    assert ledger.verify().ok
    tampered(ledger, "UPDATE archive SET body = :b WHERE key = :k", b=body, k=call(2).id)
    found = ledger.verify()
    assert (found.first_broken, found.damage) == (erasure.seq, "body")
    assert "又出现在档案中" in found.reason


def test_marks_without_a_receipt_are_noticed(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [call(1)])
    tampered(
        ledger,
        "INSERT INTO progress (key, source, moment, received_seq, understood_seq, urgent)"
        " SELECT 'ev-smuggled', source, moment, 1, 1, 0 FROM progress",
    )
    assert (ledger.verify().first_broken, ledger.verify().damage) == (None, "orphan")


def test_a_body_without_a_receipt_is_noticed(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [call(1)], features=[shelter()])
    tampered(ledger, "INSERT INTO archive (key, source, body) VALUES ('ev-smuggled', 'hotline', '{}')")
    found = ledger.verify()
    assert (found.first_broken, found.damage) == (None, "orphan")
    assert "ev-smuggled" in found.reason


def test_an_entry_or_a_body_that_cannot_be_read_is_said_with_the_way_back(ledger: Ledger, hotline: Source) -> None:
    ledger.receive(hotline, [call(1), call(2)])
    tampered(ledger, "UPDATE entry SET payload = '{' WHERE seq = 2", "UPDATE archive SET body = '{'")
    with pytest.raises(Damaged, match=r"第 2 条读不出.*anlan restore"):
        list(ledger.entries())
    with pytest.raises(Damaged, match=r"原文读不出.*anlan restore"):
        ledger.waiting(9)


def test_a_file_whose_own_words_are_no_text_is_damaged_and_not_a_crash(home: Settings, ledger: Ledger) -> None:
    written(ledger, 1)
    ledger.close()
    path = home.home / "ledger.db"
    data = path.read_bytes()
    assert b"entry_by_subject" in data
    path.write_bytes(data.replace(b"INDEX entry_by_subject", b"INDE\xff entry_by_subject"))
    with pytest.raises(Damaged, match=r"anlan restore"):
        Ledger(home.ledger_address)


# -- the disk


@contextlib.contextmanager
def at_connecting(ledger: Ledger, pragma: str) -> Iterator[None]:
    """Every connection opened meanwhile is limited so by SQLite itself."""

    def limited(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    sa.event.listen(ledger._engine, "connect", limited)
    ledger._engine.dispose()
    yield
    sa.event.remove(ledger._engine, "connect", limited)
    ledger._engine.dispose()


def test_a_full_disk_is_said_and_the_work_goes_on_once_there_is_room(ledger: Ledger) -> None:
    written(ledger, 1)
    with at_connecting(ledger, "max_page_count = 1"), pytest.raises(Unreachable, match=r"磁盘已满.*剩余 \d+ MB.*没有写入"):
        ledger.record("source.run", "hotline", {"long": "长" * 100_000}, by="system")
    assert ledger.last_seq() == 1
    written(ledger, 1)
    assert ledger.verify().ok


def test_a_disk_that_became_read_only_is_said(ledger: Ledger) -> None:
    written(ledger, 1)
    with at_connecting(ledger, "query_only = ON"), pytest.raises(Unreachable, match=r"只读或不可写.*没有写入任何内容"):
        written(ledger, 1)
    assert ledger.last_seq() == 1


def test_a_ledger_that_another_program_holds_is_said_with_what_to_check(home: Settings, ledger: Ledger) -> None:
    written(ledger, 1)
    with (
        contextlib.closing(sqlite3.connect(home.home / "ledger.db", isolation_level=None)) as other,
        at_connecting(ledger, "busy_timeout = 1"),
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unreachable, match=r"没有响应（database is locked）.*剩余 \d+ MB.*写权限"):
            written(ledger, 1)
    assert ledger.last_seq() == 1


def test_what_a_trigger_stops_is_a_defect_and_stays_one(ledger: Ledger) -> None:
    written(ledger, 1)
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), ledger._writing() as db:
        db.execute(sa.text("UPDATE entry SET by_ = 'nobody'"))


def test_a_copy_that_does_not_fit_on_its_disk_is_said(ledger: Ledger, tmp_path: Path) -> None:
    written(ledger, 200)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(Unreachable, match="台账"):
            ledger.copy_to(tmp_path / "copy.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ledger.copy_to(tmp_path / "again.db")[0] == 200

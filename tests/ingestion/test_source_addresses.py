"""Addresses of `sources.yml`: real servers, real databases, real kills; only what was listed is asked, and nothing secret is repeated."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from graph.knowledge import Knowledge
from graph.ledger import Ledger
from graph.listening import LONGEST_PAUSE, channel_state, pause, states
from ingestion import database, fetch
from ingestion.fetch import Request
from ingestion.receiving import ask_address
from ingestion.schedule import channels, scheduled
from ingestion.source import sources
from ingestion.source_addresses import Address, addresses
from models.domain import Receipt
from models.errors import AnlanError, BrokenDefinition, Refused, Unreachable
from models.settings import Settings
from tests.ingestion.serving import Asked, Reply, calls, serving

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = ("127.0.0.0/8",)
BY_NEXT = {"parameter": "since", "next": "data.next"}


@pytest.fixture
def desk(home: Settings, ledger: Ledger) -> Knowledge:
    """The record without a graph: receiving needs none."""
    return Knowledge(home, ledger, None)  # type: ignore[arg-type]


def address(**entry: Any) -> Address:
    return Address.model_validate({"name": "城市", "source": "hotline", "networks": LOOPBACK} | entry)


def ask(desk: Knowledge, one: Address) -> Receipt:
    return ask_address(desk, sources()[one.source], one)


def received(ledger: Ledger) -> list[str]:
    return [entry.payload["external_id"] for entry in ledger.entries(kinds=["evidence.received"])]


def listed(home: Settings, text: str) -> None:
    (home.folder() / "sources.yml").write_text(text, "utf-8")


def until(is_true: Any, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_true():
            return True
        time.sleep(0.05)
    return False


# --- HTTP -------------------------------------------------------------------------------------------------------------------------


def test_pages_are_read_on_from_the_cursor_and_the_next_look_asks_for_the_rest(desk: Knowledge):
    with serving(calls(25, 10)) as service:
        one = address(http=service.url + "/orders", items="data.list", cursor=BY_NEXT)
        assert ask(desk, one).new == 25
        assert [asked.query.get("since") for asked in service.asked] == [None, "10", "20", "25"]
    with serving(calls(31, 10)) as service:
        one = address(http=service.url + "/orders", items="data.list", cursor=BY_NEXT)
        assert ask(desk, one).new == 6
        assert service.asked[0].query["since"] == "25"
    assert Counter(received(desk.ledger)) == Counter(str(n) for n in range(31))


def test_a_field_of_the_last_record_can_be_the_cursor(desk: Knowledge):
    rows = [{"id": n, "text": f"第{n}号路口积水"} for n in range(1, 8)]

    def reply(asked: Asked) -> Reply:
        after = [row for row in rows if row["id"] > int(asked.query.get("after", "0"))][:3]  # type: ignore[operator]
        return 200, {}, json.dumps(after).encode()

    with serving(reply) as service:
        one = address(http=service.url, cursor={"parameter": "after", "field": "id"})
        assert ask(desk, one).new == 7
        assert ask(desk, one).read == 0


def test_a_failure_between_pages_keeps_what_came_and_goes_on_from_there(desk: Knowledge):
    broken = True

    def reply(asked: Asked) -> Reply:
        if broken and asked.query.get("since") == "20":
            return 500, {}, b""
        return calls(25, 10)(asked)

    with serving(reply) as service:
        one = address(http=service.url + "/orders", items="data.list", cursor=BY_NEXT)
        with pytest.raises(Unreachable):
            ask(desk, one)
        assert len(received(desk.ledger)) == 20
        broken = False
        assert ask(desk, one).new == 5
    assert len(set(received(desk.ledger))) == len(received(desk.ledger)) == 25


def asks_alone(home: Path, one: Address) -> None:
    """What a process of its own does: open the record, ask, receive."""
    settings = Settings(home=home)
    ask(Knowledge(settings, Ledger(settings.ledger_address), None), one)  # type: ignore[arg-type]


def test_a_process_killed_between_and_within_pages_neither_skips_nor_repeats(home: Settings):
    slow = calls(400, 20)

    def reply(asked: Asked) -> Reply:
        time.sleep(0.02)
        return slow(asked)

    with serving(reply) as service:
        one = address(http=service.url, items="data.list", cursor=BY_NEXT)
        for pages in (2, 3, 4):
            before = len(service.asked)
            process = multiprocessing.get_context("fork").Process(target=asks_alone, args=(home.home, one))
            process.start()
            assert until(lambda enough=before + pages: len(service.asked) >= enough, 60)
            process.kill()
            process.join()
        assert 0 < int(service.asked[-1].query.get("since", "0")) < 400, "killed while there was more"
        asks_alone(home.home, one)
    ledger = Ledger(home.ledger_address)
    assert Counter(received(ledger)) == Counter(str(n) for n in range(400))
    assert ledger.verify().ok
    ledger.close()


def test_what_has_not_changed_is_not_sent_again_and_is_not_in_the_chain(desk: Knowledge):
    def reply(asked: Asked) -> Reply:
        if asked.headers.get("If-None-Match") == '"7"':
            return 304, {}, b""
        return 200, {"ETag": '"7"', "Last-Modified": "Sat, 18 Jul 2026 12:00:00 GMT"}, b'[{"id": "1", "text": "\\u6df9\\u4e86"}]'

    with serving(reply) as service:
        one = address(source="social", http=service.url)
        assert (ask(desk, one).new, ask(desk, one).read) == (1, 0)
        assert service.asked[1].headers["If-Modified-Since"] == "Sat, 18 Jul 2026 12:00:00 GMT"
    assert len(list(desk.ledger.entries(kinds=["source.run"]))) == 1
    assert "social/城市" in desk.ledger.last_looks()


def test_a_record_that_cannot_be_read_is_set_aside_and_the_page_is_received(desk: Knowledge):
    with serving(lambda _: (200, {}, b'{"rows": [{"id": "1", "text": "\\u6df9\\u4e86"}, {"id": "2"}, 7]}')) as service:
        receipt = ask(desk, address(http=service.url, items="rows"))
    assert (receipt.new, receipt.quarantined) == (1, 2)


def test_secrets_come_from_the_environment_and_are_nowhere_afterwards(desk: Knowledge, monkeypatch, caplog):
    monkeypatch.setenv("CITY_TOKEN", "s3cr3t-token")
    monkeypatch.setenv("CITY_KEY", "s3cr3t-key")
    with serving(lambda _: (500, {}, b"")) as service:
        one = address(http=service.url + "/x", headers={"Authorization": "CITY_TOKEN"}, secret_parameters={"appkey": "CITY_KEY"})
        with pytest.raises(Unreachable) as failure:
            ask(desk, one)
        assert service.asked[0].headers["Authorization"] == "s3cr3t-token"
        assert service.asked[0].query["appkey"] == "s3cr3t-key"
    kept = "".join(json.dumps(entry.payload) for entry in desk.ledger.entries())
    assert "s3cr3t" not in str(failure.value) + caplog.text + kept + repr(one)
    monkeypatch.delenv("CITY_TOKEN")
    with pytest.raises(Refused, match="CITY_TOKEN 没有设置"):
        ask(desk, one)


# --- what is never asked ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "10.0.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"],
)
def test_inner_addresses_are_refused_unless_listed(host):
    with pytest.raises((Refused, Unreachable)) as failure:
        fetch.fetch(Request(f"http://{host}:9/x"))
    assert isinstance(failure.value, Refused), failure.value


def test_a_name_that_points_inside_is_refused_and_one_that_changes_its_mind_gains_nothing(monkeypatch):
    asked: list[str] = []

    def resolves(host: str, port: int, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with serving(lambda one: (200, {}, json.dumps(one.headers).encode())) as service:
        port = service.url.rpartition(":")[2]
        monkeypatch.setattr(fetch.socket, "getaddrinfo", resolves)
        with pytest.raises(Refused, match=r"127\.0\.0\.1"):
            fetch.fetch(Request(f"http://city.example:{port}/"))
        assert service.asked == []
        answer = fetch.fetch(Request(f"http://city.example:{port}/", networks=address(http="http://x.example").allowed))
        assert json.loads(answer.body)["Host"] == f"city.example:{port}"
    assert asked.count("city.example") == 2, "resolved once each time, and connected to what was checked"


def test_redirects_are_not_followed_and_sizes_and_times_are_limited():
    def reply(asked: Asked) -> Reply:
        if asked.path == "/away":
            return 302, {"Location": "http://169.254.169.254/latest"}, b""
        return 200, {"Content-Type": "text/plain"}, b"x" * 5000

    with serving(reply) as service:
        networks = address(http=service.url).allowed
        with pytest.raises(Refused, match="没有跟随"):
            fetch.fetch(Request(service.url + "/away", networks=networks))
        with pytest.raises(Refused, match="超过"):
            fetch.fetch(Request(service.url, networks=networks), max_bytes=1000)
        with pytest.raises(Unreachable, match="太慢"):
            fetch.fetch(Request(service.url, networks=networks), total_seconds=0)
    with pytest.raises(Unreachable):
        fetch.fetch(Request(service.url, networks=networks))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x.example/", "http://", "http://user:word@x.example/", "gopher://x.example"])
def test_other_schemes_and_written_passwords_are_refused(url):
    with pytest.raises(Refused) as failure:
        fetch.checked_url(url)
    assert "word" not in str(failure.value)


# --- sources.yml ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "a: [1]", "- a", "a: {http: 'https://x.example', source: nobody}", "a: {http: 'https://x.example', sql: X, source: hotline}",
    "a: {source: hotline}", "a: {sql: X, source: hotline}", "a: {http: 'ftp://x.example', source: hotline}", "hotline: {http: 'https://x', colour: red}",
    "a: {http: 'https://x', source: hotline, networks: [everywhere]}", "a: {http: 'https://x', source: hotline, cursor: {parameter: p}}", "'a/b': {http: 'https://x', source: hotline}", "{",
])  # fmt: skip
def test_a_wrong_entry_stops_the_start_and_names_itself(home: Settings, text):
    listed(home, text)
    with pytest.raises(BrokenDefinition, match=r"sources\.yml"):
        addresses(home, sources())


def test_a_secret_written_into_the_file_by_mistake_is_not_repeated(home: Settings):
    listed(home, "hotline: {http: 'https://user:pass-w0rd@x.example/', headers: [tok-en]}")
    with pytest.raises(BrokenDefinition) as failure:
        addresses(home, sources())
    assert "pass-w0rd" not in str(failure.value)
    assert "tok-en" not in str(failure.value)


def test_without_the_file_nothing_is_asked(home: Settings):
    assert addresses(home, sources()) == []
    assert {channel.kind for _, own in channels(home) for channel in own} == {"folder"}


# --- SQL --------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def city(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """The call centre's own database, with a table of work orders."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'city.db'}"
    else:
        url = request.getfixturevalue("postgres").replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url)
    with engine.begin() as db:
        db.execute(sa.text("DROP TABLE IF EXISTS work_orders"))
        db.execute(sa.text("CREATE TABLE work_orders (gdbh INTEGER PRIMARY KEY, gdnr TEXT, ldsj TIMESTAMP, gengxin TIMESTAMP)"))
    monkeypatch.setenv("CITY_DATABASE", url)
    monkeypatch.setattr(database, "PAGE", 40)
    yield engine
    engine.dispose()


BEGIN = datetime(2026, 7, 18, 20, 0)


def orders(engine: sa.Engine, numbers: range, *, updated: datetime | None = BEGIN, step: float = 1) -> None:
    insert = sa.text("INSERT INTO work_orders VALUES (:n, :words, :at, :updated)")
    at = [updated + timedelta(seconds=step * n) if updated else None for n in numbers]
    rows = [
        {"n": n, "words": f"第{n}号路口积水", "at": BEGIN.isoformat(" "), "updated": a.isoformat(" ") if a else None}
        for n, a in zip(numbers, at, strict=True)
    ]
    with engine.begin() as db:
        db.execute(insert, rows)


def table(**cursor: Any) -> Address:
    rename = {"gdbh": "工单编号", "gdnr": "诉求内容", "ldsj": "来电时间"}
    return address(sql="CITY_DATABASE", table="work_orders", columns=("gdbh", "gdnr", "ldsj"), cursor=cursor, rename=rename)


@pytest.mark.parametrize("cursor", [{"column": "gdbh"}, {"column": "gengxin"}, {"column": "gengxin", "key": "gdbh"}])
def test_a_table_is_read_whole_once_and_then_only_what_is_new(desk: Knowledge, city: sa.Engine, cursor):
    orders(city, range(100), step=0.2 if "key" in cursor else 1)
    assert ask(desk, table(**cursor)).new == 100
    orders(city, range(100, 130))
    assert ask(desk, table(**cursor)).new == 30
    assert ask(desk, table(**cursor)).new == 0
    assert Counter(received(desk.ledger)) == Counter(str(n) for n in range(130))
    [first] = [item for item in desk.ledger.waiting(200) if item.external_id == "7"]
    assert (first.text, first.sent_at) == ("第7号路口积水", BEGIN.replace(tzinfo=UTC) - timedelta(hours=8))


def test_rows_committed_late_and_rows_without_a_time_are_not_lost(desk: Knowledge, city: sa.Engine):
    orders(city, range(10))
    ask(desk, table(column="gengxin"))
    orders(city, range(10, 12), updated=BEGIN - timedelta(seconds=60))
    orders(city, range(12, 14), updated=None)
    assert ask(desk, table(column="gengxin")).new == 4


def test_many_rows_of_one_moment_need_a_key_and_are_not_passed_over(desk: Knowledge, city: sa.Engine):
    orders(city, range(90), step=0)
    with pytest.raises(Refused, match="key"):
        ask(desk, table(column="gengxin"))
    assert ask(desk, table(column="gengxin", key="gdbh")).new + len(received(desk.ledger)) >= 90
    assert len(set(received(desk.ledger))) == 90


def test_a_failure_between_pages_of_a_table_goes_on_from_there(desk: Knowledge, city: sa.Engine, monkeypatch):
    orders(city, range(100), step=20)
    real, seen = desk.ledger.receive, []

    def dies(*args: Any, **kwargs: Any) -> Receipt:
        if len(seen) == 1:
            raise KeyboardInterrupt
        seen.append(1)
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(desk.ledger, "receive", dies)
        with pytest.raises(KeyboardInterrupt):
            ask(desk, table(column="gengxin"))
    assert len(received(desk.ledger)) == 40
    receipt = ask(desk, table(column="gengxin"))
    assert (receipt.new, receipt.duplicate < 40) == (60, True)


def test_the_other_systems_database_cannot_be_written_to(city: sa.Engine, monkeypatch):
    engine = database._engine(os.environ["CITY_DATABASE"])
    with engine.connect() as db, pytest.raises(sa.exc.DBAPIError):
        db.execute(sa.text("INSERT INTO work_orders VALUES (1, 'x', NULL, NULL)"))
    engine.dispose()


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"table": "nothing"}, Refused),
        ({"cursor": {"column": "nothing"}}, Refused),
        ({"table": "work_orders; DROP TABLE work_orders"}, Refused),
    ],
)
def test_a_wrong_table_or_column_says_so(desk: Knowledge, city: sa.Engine, entry, kind):
    orders(city, range(3))
    with pytest.raises(kind):
        ask(
            desk,
            table(column="gdbh").model_copy(
                update={
                    "cursor": address(sql="X", table="t", cursor=entry.get("cursor", {"column": "gdbh"})).cursor,
                    "table": entry.get("table", "work_orders"),
                }
            ),
        )
    assert ask(desk, table(column="gdbh")).new == 3


@pytest.mark.parametrize(
    "url", ["postgresql://user:pass-w0rd@127.0.0.1:9/x", "sqlite:////nowhere/at/all.db", "nonsense", "mysql://user:pass-w0rd@127.0.0.1/x"]
)
def test_a_database_that_does_not_answer_is_an_error_without_its_password(desk: Knowledge, monkeypatch, url):
    monkeypatch.setenv("CITY_DATABASE", url)
    with pytest.raises(AnlanError) as failure:
        ask(desk, table(column="gdbh"))
    kept = "".join(json.dumps(entry.payload) for entry in desk.ledger.entries())
    assert "pass-w0rd" not in str(failure.value) + kept


# --- how each is doing ------------------------------------------------------------------------------------------------------------


def test_pauses_grow_after_failures_up_to_a_cap_and_never_below_the_usual_time():
    minute = timedelta(minutes=1)
    grown = [pause(minute, failures) for failures in range(12)]
    assert grown == sorted(grown)
    assert grown[0] == minute
    assert grown[-1] == LONGEST_PAUSE
    assert pause(timedelta(hours=6), 50) == timedelta(hours=6)


def test_failures_are_counted_from_the_ledger_and_one_good_look_clears_them(desk: Knowledge):
    broken = True
    with serving(lambda asked: (500, {}, b"") if broken else (200, {}, b"[]")) as service:
        one = address(http=service.url)
        source = sources()["hotline"].source
        for _ in range(3):
            with pytest.raises(Unreachable):
                ask(desk, one)
        again = Ledger(desk.settings.ledger_address)
        state = channel_state(again, source, one.channel(source), datetime.now(UTC))
        again.close()
        assert (state.failures, state.lag_seconds) == (3, None)
        assert "应答 500" in state.error
        assert state.next_run_at is not None
        assert state.last_run_at is not None
        assert state.next_run_at - state.last_run_at == timedelta(minutes=2)
        broken = False
        ask(desk, one)
    state = channel_state(desk.ledger, source, one.channel(source), datetime.now(UTC))
    assert (state.failures, state.error) == (0, "")
    assert state.lag_seconds is not None


def test_too_few_and_too_many_are_flagged_and_unread_columns_are_named(desk: Knowledge):
    from graph.listening import declare

    modules = sources()
    calm = modules["hotline"].source.model_copy(update={"expected_daily": (5, 9)})
    now = datetime.now(UTC)
    [state] = states(desk.ledger, [(calm, ())], now)
    assert state.expectation == "too_early"
    declare(desk.ledger, [(calm, ())])
    [state] = states(desk.ledger, [(calm, ())], now + timedelta(hours=25))
    assert state.expectation == "below"
    rows = [{"id": str(n), "text": "淹了", "mystery": "x"} for n in range(12)]
    with serving(lambda _: (200, {}, json.dumps(rows).encode())) as service:
        ask(desk, address(http=service.url))
    [state] = states(desk.ledger, [(calm, ())])
    assert (state.expectation, state.new, state.unread_fields) == ("above", 12, ("mystery",))
    [later] = states(desk.ledger, [(calm, ())], now + timedelta(hours=26))
    assert later.new == 0


def test_on_the_schedule_a_slow_and_a_broken_address_delay_no_other_and_a_restart_goes_on_pausing(knowledge: Knowledge):
    def reply(asked: Asked) -> Reply:
        if asked.path == "/slow":
            time.sleep(3)
            return 200, {}, b"[]"
        if asked.path == "/broken":
            return 500, {}, b""
        return calls(5, 5)(asked)

    with serving(reply) as service:
        entries = {
            "慢": {"source": "social", "http": service.url + "/slow"},
            "坏": {"source": "hotline", "http": service.url + "/broken"},
            "好": {"source": "hotline", "http": service.url + "/good", "items": "data.list", "cursor": BY_NEXT},
        }
        listed(knowledge.settings, json.dumps({name: entry | {"networks": list(LOOPBACK)} for name, entry in entries.items()}))

        def runs() -> Counter[str]:
            return Counter(run.payload["channel"] for run in knowledge.ledger.entries(kinds=["source.run"]))

        began = time.monotonic()
        with scheduled(knowledge) as jobs:
            assert until(lambda: runs()["hotline/好"] and runs()["hotline/坏"])
            assert time.monotonic() - began < 3, "neither waited for the slow one"
            assert until(lambda: "hotline/坏" in {job.id for job in jobs.get_jobs()} and runs()["hotline/坏"] == 1)
            assert until(lambda: knowledge.store.counts()["Evidence"] == 5)
        broken = sum(asked.path == "/broken" for asked in service.asked)
        with scheduled(knowledge) as jobs:
            due = {job.id: job.next_run_time for job in jobs.get_jobs()}
            assert due["hotline/坏"] > datetime.now(UTC) + timedelta(seconds=15)
            assert until(lambda: sum(asked.path == "/good" for asked in service.asked) >= 3)
        assert sum(asked.path == "/broken" for asked in service.asked) == broken == 1
    assert Counter(received(knowledge.ledger)) == Counter(str(n) for n in range(5))


def test_sqlite_files_are_opened_for_reading_only(tmp_path: Path):
    path = tmp_path / "city 1.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (id INTEGER, text TEXT)")
        db.execute("INSERT INTO t VALUES (1, '淹了')")
        db.commit()
    [(rows, state)] = database.table_pages(database.Table(f"sqlite:///{path}", "城市", "t", (), "id", "", 0), {})
    assert (rows, state["cursor"]["value"]) == ([{"id": 1, "text": "淹了"}], "1")

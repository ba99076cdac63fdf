"""The embedded engine is there while someone needs it, survives being killed, and does not outlive its users."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import neo4j
import pytest
from pydantic import SecretStr

from graph import engine
from graph.engine import Address, Keeper, running
from graph.knowledge import open_knowledge
from models.errors import Unreachable
from models.settings import Settings


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Settings]:
    found = Settings(home=tmp_path / "var", graph_heap="256m")
    yield found
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
        if engine._alive(tmp_path / "var" / "graph"):
            os.kill(engine_pid(found), signal.SIGKILL)


def engine_pid(desk: Settings) -> int:
    return int((desk.home / "graph" / "engine.lock").read_text())


def is_running(desk: Settings) -> bool:
    return engine._alive(desk.home / "graph")


def eventually(happens: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not happens() and time.monotonic() < deadline:
        time.sleep(0.1)
    return happens()


def count_one_more(address: Address) -> int:
    with neo4j.GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:
        query = "MERGE (n:Visit {id: 'x'}) SET n.times = coalesce(n.times, 0) + 1 RETURN n.times AS times"
        return int(driver.execute_query(query, database_=address.database).records[0]["times"])


def test_two_users_share_one_engine_and_the_last_one_out_stops_it(desk: Settings) -> None:
    with running(desk) as first:
        pid = engine_pid(desk)
        with running(desk) as second:
            assert (second.uri, engine_pid(desk)) == (first.uri, pid)
        assert is_running(desk)
        assert count_one_more(first) == 1
    assert not is_running(desk)
    assert not (desk.home / "graph" / "address.json").exists()


def test_a_killed_engine_is_started_again_with_what_it_held(desk: Settings) -> None:
    with running(desk) as address:
        count_one_more(address)
        os.kill(engine_pid(desk), signal.SIGKILL)
        assert eventually(lambda: not is_running(desk), 10)
        with running(desk) as again:
            assert count_one_more(again) == 2


def test_a_stuck_engine_is_replaced(desk: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(desk) as address:
        count_one_more(address)
        stuck = engine_pid(desk)
        answers = iter([False])
        accepts = engine._accepts
        monkeypatch.setattr(engine, "_accepts", lambda uri: next(answers, None) is None and accepts(uri))
        with running(desk) as again:
            assert engine_pid(desk) != stuck
            assert count_one_more(again) == 2


def test_an_engine_whose_user_was_killed_leaves_by_itself_and_keeps_its_data(desk: Settings) -> None:
    code = (
        "import sys, time; from pathlib import Path; from graph.engine import running; from models.settings import Settings\n"
        "with running(Settings(home=Path(sys.argv[1]), graph_heap='256m')) as address: print(address.password, flush=True); time.sleep(120)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(desk.home)], stdout=subprocess.PIPE) as user:
        assert user.stdout is not None
        user.stdout.readline()
        with running(desk) as address:
            count_one_more(address)
        assert is_running(desk)
        user.kill()
        user.wait()
    killed = time.monotonic()
    assert eventually(lambda: not is_running(desk), 20)
    assert time.monotonic() - killed > 5
    with running(desk) as again:
        assert count_one_more(again) == 2


def test_the_password_is_new_at_every_start_and_the_old_one_is_refused(desk: Settings) -> None:
    with running(desk) as before:
        pass
    with running(desk) as after:
        assert before.password != after.password
        with neo4j.GraphDatabase.driver(after.uri, auth=(after.user, before.password)) as driver, pytest.raises(neo4j.exceptions.AuthError):
            driver.verify_connectivity()


def test_the_password_is_in_no_argument_no_environment_and_no_log(desk: Settings) -> None:
    with running(desk) as address:
        secret = address.password.encode()
        process = Path("/proc") / str(engine_pid(desk))
        seen = [process / "cmdline", process / "environ", *(desk.home / "graph").glob("*.log*"), *(desk.home / "graph" / "log").iterdir()]
        assert [path for path in seen if secret in path.read_bytes()] == []
        assert secret.decode() not in repr(address)


def test_the_address_file_is_for_its_owner_only(desk: Settings) -> None:
    with running(desk) as address:
        path = desk.home / "graph" / "address.json"
        assert path.stat().st_mode & 0o777 == 0o600
        assert json.loads(path.read_text())["uri"] == address.uri


def test_the_engine_listens_on_loopback_only_and_outside_our_terminal(desk: Settings) -> None:
    with running(desk):
        pid = engine_pid(desk)
        assert os.getsid(pid) == pid != os.getsid(0)
        sockets = {link for fd in Path(f"/proc/{pid}/fd").iterdir() for link in [_socket(fd)] if link}
        lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]]
        listening = [line[1].split(":")[0] for line in lines if line[3] == "0A" and line[9] in sockets]
        assert len(listening) == 2
        assert set(listening) <= {"0100007F", "0000000000000000FFFF00000100007F"}


def _socket(fd: Path) -> str:
    try:
        target = str(fd.readlink())
    except FileNotFoundError:
        return ""
    return target.removeprefix("socket:[").removesuffix("]") if target.startswith("socket:[") else ""


def test_nothing_the_engine_says_reaches_our_own_output(desk: Settings) -> None:
    code = (
        "import sys; from pathlib import Path; from graph.engine import running; from models.settings import Settings\n"
        "with running(Settings(home=Path(sys.argv[1]), graph_heap='256m')): print('{}')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(desk.home)], capture_output=True, timeout=90, check=True)
    assert (done.stdout, done.stderr) == (b"{}\n", b"")
    assert (desk.home / "graph" / "engine.log").stat().st_size > 0


def test_an_engine_that_cannot_start_is_reported_with_its_last_words_and_its_log(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"engine\.log"), running(Settings(home=tmp_path, graph_heap="nonsense")):
        pass
    assert not engine._alive(tmp_path / "graph")


def test_with_a_server_named_nothing_is_started_here(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, graph_uri="neo4j://graph.city:7687", graph_password=SecretStr("x"), graph_database="city")
    with running(settings) as address:
        assert (address.uri, address.embedded, address.database) == ("neo4j://graph.city:7687", False, "city")
    assert not (tmp_path / "graph").exists()


def test_a_killed_engine_is_found_again_by_those_who_are_using_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "var", graph_heap="512m")
    with open_knowledge(settings) as known:
        before = known.store.digest()
        os.kill(int((tmp_path / "var" / "graph" / "engine.lock").read_text()), signal.SIGKILL)
        while Keeper(tmp_path / "var" / "graph", "512m").lost(known.store._address) is False:
            time.sleep(0.01)
        assert known.store.digest() == before
        # Its files broken beyond reading: thrown away, and built again from the ledger.
        assert known.store.discard()
        assert known.store.counts()["Provision"] == 0
        known.rebuild()
        assert known.store.digest() == before

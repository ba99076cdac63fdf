"""The graph engine on this machine: started when someone needs it, shared while anyone does, gone when the last one leaves.

The default engine is ArcadeDB in a child process that answers the official `neo4j` driver on loopback, on ports and with a
password that are new at every start. With `ANLAN_GRAPH_URI` set, a real Neo4j is used and nothing is started here.

What keeps this right is three files under `home/graph`, held with `flock`, which the kernel lets go of even after a SIGKILL:
`start.lock` (exclusive: only one process at a time decides to start or stop), `users.lock` (shared by everyone inside; whoever
can take it alone knows that nobody is), and `engine.lock` (held by the engine itself for as long as it lives).
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from models.errors import Unreachable
from models.settings import Settings

DATABASE = "anlan"
"""Name of the database inside the embedded engine."""

START_SECONDS = 90
"""How long a start may take before it is called failed; two to five seconds is usual."""

STOP_SECONDS = 20
"""How long the engine may take to close its files before it is killed; its own log makes that safe."""

ORPHAN_SECONDS = 10
"""How long the engine lives on when nobody holds the users' lock, that is, when its users were killed."""

READER = "reader"
"""A second user of the embedded engine, who may read records and nothing else. The engine ignores a session's READ mode, but it
keeps to what a user may do, so questions typed by people are asked as this one."""

READ_SECONDS = 10
"""How long the embedded engine works on one question of the reader; it looks at the clock between rows only."""

_STARTS = 3
_LOG_BYTES = 10_000_000


@dataclass(frozen=True)
class Address:
    """Where the graph answers, and how to be let in."""

    uri: str
    """Bolt address."""
    user: str
    """User name."""
    password: str
    """Password; of the embedded engine, good for this start only."""
    database: str
    """Database name."""
    embedded: bool
    """Whether it is our own child process."""
    http: str | None = None
    """Address of the embedded engine's HTTP commands; null on Neo4j."""
    reader_password: str = ""
    """Password of `READER` on the embedded engine; empty on Neo4j, where a READ session cannot write."""

    def __repr__(self) -> str:
        # A traceback or a log line must not carry the password.
        return f"Address({self.uri!r}, database={self.database!r}, embedded={self.embedded})"


@dataclass(frozen=True)
class Keeper:
    """What a process inside `running` needs to find the engine again when it dies under everybody."""

    folder: Path
    """Where the engine keeps its files."""
    heap: str
    """Its largest heap."""

    def lost(self, known: Address) -> bool:
        """Whether the engine known by this address is gone or another has taken its place. Costs microseconds."""
        now = _read_address(self.folder) if _alive(self.folder) else None
        return now is None or now.uri != known.uri

    def discard(self) -> None:
        """Throw away what the engine keeps: all of it can be built again from the ledger. The engine ends with it."""
        with _deciding(self.folder):
            _stop(self.folder)
            shutil.rmtree(self.folder / "databases", ignore_errors=True)

    def end(self, known: Address) -> None:
        """End the engine known by this address, whatever it is doing; nothing when another has taken its place."""
        with _deciding(self.folder):
            if not self.lost(known):
                _stop(self.folder)

    def renewed(self) -> Address:
        """The engine that answers now, started if need be. Raises Unreachable."""
        with _deciding(self.folder):
            return _answering(self.folder) or _start(self.folder, self.heap)


def keeper(settings: Settings) -> Keeper | None:
    """How to find the embedded engine of this desk again; null with a Neo4j, which others keep."""
    return None if settings.graph_uri else Keeper(settings.folder("graph").resolve(), settings.graph_heap)


@contextmanager
def running(settings: Settings) -> Iterator[Address]:
    """The graph, answering, for as long as the block lasts.

    Raises Unreachable when the embedded engine cannot be started; the sentence names the log to read.
    """
    if settings.graph_uri:
        password = settings.graph_password.get_secret_value()
        yield Address(settings.graph_uri, settings.graph_user, password, settings.graph_database, embedded=False)
        return
    folder = settings.folder("graph").resolve()
    with (folder / "users.lock").open("ab") as users:
        with _deciding(folder):
            fcntl.flock(users, fcntl.LOCK_SH)
            address = _answering(folder) or _start(folder, settings.graph_heap)
        try:
            yield address
        finally:
            with _deciding(folder):
                fcntl.flock(users, fcntl.LOCK_UN)
                if _surely_nobody_inside(users):
                    _stop(folder)


@contextmanager
def _deciding(folder: Path) -> Iterator[None]:
    """While the block lasts, nobody else starts or stops the engine of this folder."""
    with (folder / "start.lock").open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _nobody_inside(users: IO[bytes]) -> bool:
    """Whether no process holds the users' lock at this moment. Does not keep it."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(users, fcntl.LOCK_UN)
    return True


def _surely_nobody_inside(users: IO[bytes]) -> bool:
    # The engine's own look at the lock lasts microseconds and must not be taken for a user.
    for _ in range(3):
        if _nobody_inside(users):
            return True
        time.sleep(0.02)
    return False


def _alive(folder: Path) -> bool:
    with (folder / "engine.lock").open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _answering(folder: Path) -> Address | None:
    """The address of the engine that runs; null when none does. One that lives but does not answer is stopped."""
    if not _alive(folder):
        return None
    address = _read_address(folder)
    if address is not None and _accepts(address.uri):
        return address
    _stop(folder)
    return None


def _read_address(folder: Path) -> Address | None:
    try:
        known = json.loads((folder / "address.json").read_text(encoding="utf-8"))
        return Address(**{name: known[name] for name in Address.__dataclass_fields__})
    except (FileNotFoundError, json.JSONDecodeError, KeyError):
        return None


def _accepts(uri: str) -> bool:
    host, port = uri.removeprefix("bolt://").split(":")
    try:
        with socket.create_connection((host, int(port)), timeout=3):
            return True
    except OSError:
        return False


def _start(folder: Path, heap: str) -> Address:
    """Start the engine and wait until it answers; a port taken by someone else in the meantime means another try."""
    for _ in range(_STARTS):
        (folder / "address.json").unlink(missing_ok=True)
        child = _spawn(folder, heap)
        address = _wait(folder, child)
        if address is not None:
            return address
    log = folder / "engine.log"
    raise Unreachable(f"内嵌图引擎没有启动，最后的输出是 {_last_line(log)!r}。请查看 {log} 后再试。")


def _spawn(folder: Path, heap: str) -> subprocess.Popen[bytes]:
    log = folder / "engine.log"
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(folder / "engine.log.1")
    project = str(Path(__file__).resolve().parents[1])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (project, os.environ.get("PYTHONPATH")))), "PYTHONUNBUFFERED": "1"}
    env["ARCADEDB_JVM_ERROR_FILE"] = str(folder / "jvm_crash_%p.log")
    with log.open("ab") as out:
        os.fchmod(out.fileno(), 0o600)
        child = subprocess.Popen(
            [sys.executable, "-m", "graph.engine", str(folder)],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            cwd=folder,
            env=env,
            start_new_session=True,  # Ctrl-C in the terminal is for us; we stop the engine when we are done with it.
        )
    _children[child.pid] = child
    order = json.dumps({"password": secrets.token_urlsafe(32), "heap": heap}) + "\n"
    assert child.stdin is not None
    # Through the pipe: arguments and environment can be read by others on the machine. An engine that died at once is seen later.
    with suppress(BrokenPipeError), child.stdin as pipe:
        pipe.write(order.encode("ascii"))
    return child


def _wait(folder: Path, child: subprocess.Popen[bytes]) -> Address | None:
    """The engine's address once it is ready; null when it gave up, so that the caller may try again."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        address = _read_address(folder)
        if address is not None:
            return address
        if child.poll() is not None:
            return None
        time.sleep(0.05)
    _stop(folder)
    return None


def _stop(folder: Path) -> None:
    """End the engine, gently if it lets us, and only return when its files are free. Under the start lock."""
    (folder / "address.json").unlink(missing_ok=True)
    for sign, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        deadline = time.monotonic() + patience
        if _alive(folder):
            pid = int((folder / "engine.lock").read_text(encoding="ascii") or 0)
            with suppress(ProcessLookupError):
                if pid > 0:
                    os.kill(pid, sign)
        while _alive(folder) and time.monotonic() < deadline:
            time.sleep(0.02)
        if not _alive(folder):
            break
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:300] if lines else "(nothing)"


def main(folder: Path) -> None:
    """Be the engine: hold `engine.lock`, serve until told to stop or until nobody has been inside for a while."""
    os.umask(0o077)
    with (folder / "engine.lock").open("r+b" if (folder / "engine.lock").exists() else "w+b") as own:
        _take(own)
        own.truncate(0)
        own.write(str(os.getpid()).encode("ascii"))
        own.flush()
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        order = json.loads(sys.stdin.readline())
        server = None
        try:
            server = _serve(folder, order["password"], order["heap"])
        finally:
            if server is None:
                # As below: a start that failed half-way would live on without the lock, and hold the database against every later one.
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)
        with _until_unused(folder, stop):
            server.stop()
            (folder / "address.json").unlink(missing_ok=True)
            sys.stdout.flush()
            # Not sys.exit: the virtual machine's own threads may keep a Python exit waiting, and every file is closed by now.
            os._exit(0)


def _take(own: IO[bytes]) -> None:
    # Someone's look at whether an engine lives lasts microseconds and must not be taken for one.
    for _ in range(50):
        with suppress(BlockingIOError):
            return fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(0.02)
    fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _serve(folder: Path, password: str, heap: str) -> Any:
    from arcadedb_embedded.server import ArcadeDBServer

    # The engine keeps the first password it ever saw in this file and would ignore the new one.
    (folder / "config" / "server-users.jsonl").unlink(missing_ok=True)
    # Replaced before the engine reads it: what the reader may do must not depend on what stood there.
    _write_privately(folder / "config" / "server-groups.json", json.dumps(_GROUPS))
    bolt, http = _free_ports(2)
    config = {
        "mode": "development",  # The other mode hides what was wrong with a query; only we, with the password, can ask.
        "host": "127.0.0.1",
        "http_port": http,
        "bolt_port": bolt,
        "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
    }
    # -Xrs leaves SIGTERM to Python, which stops the server in order.
    server = ArcadeDBServer(str(folder), password, config, {"heap_size": heap, "jvm_args": ["-Xrs"]})
    server.start()
    server.create_database(DATABASE)
    place = f"bolt://127.0.0.1:{bolt}", "root", password, DATABASE
    address = Address(*place, embedded=True, http=f"http://127.0.0.1:{http}", reader_password=secrets.token_urlsafe(32))
    _let_reader_in(address)
    _write_privately(folder / "address.json", json.dumps(asdict(address)))
    return server


def _let_reader_in(address: Address) -> None:
    user = {"name": READER, "password": address.reader_password, "databases": {DATABASE: [READER]}}
    order = json.dumps({"command": "create user " + json.dumps(user)}).encode("ascii")
    who = base64.b64encode(f"{address.user}:{address.password}".encode("ascii")).decode("ascii")
    headers = {"Authorization": f"Basic {who}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address.http}/api/v1/server", order, headers)  # noqa: S310 (our own child, on loopback)
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310


def _free_ports(count: int) -> list[int]:
    """Ports nobody uses at this moment; all held at once, so that they differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()


def _write_privately(path: Path, text: str) -> None:
    """All of it or nothing of it, readable by this user only."""
    draft = path.with_suffix(".new")
    path.parent.mkdir(exist_ok=True)
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    draft.replace(path)


@contextmanager
def _until_unused(folder: Path, stop: threading.Event) -> Iterator[None]:
    """Wait for the order to stop, or for ten seconds without users; then nobody can enter while the block runs."""
    unused_since: float | None = None
    with (folder / "users.lock").open("ab") as users, (folder / "start.lock").open("ab") as start:
        while not stop.wait(1.0):
            if not _nobody_inside(users):
                unused_since = None
                continue
            unused_since = unused_since or time.monotonic()
            if time.monotonic() - unused_since < ORPHAN_SECONDS:
                continue
            try:
                fcntl.flock(start, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            break
        yield


def _group(access: list[str], records: list[str], read_seconds: int = 0) -> dict[str, Any]:
    limit = read_seconds * 1000 or -1
    return {"access": access, "types": {"*": {"access": records}}, "resultSetLimit": -1, "readTimeout": limit}


_GROUPS = {
    "version": 2,
    "databases": {
        "*": {
            "groups": {
                "admin": _group(
                    ["updateSecurity", "updateSchema", "updateDatabaseSettings"],
                    ["createRecord", "readRecord", "updateRecord", "deleteRecord"],
                ),
                READER: _group([], ["readRecord"], READ_SECONDS),
                "*": _group([], []),
            }
        }
    },
}
"""Who may do what in the embedded engine, as its `server-groups.json` says it."""

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Engines this process started, kept so that they can be reaped."""

if __name__ == "__main__":
    main(Path(sys.argv[1]))

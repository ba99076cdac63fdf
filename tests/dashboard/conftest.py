"""One filled home for each file: the engine takes seconds to start, and what one file signs must not meet the next."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import reading
from graph.knowledge import Knowledge
from tests.dashboard.evening import Evening, fill

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
SECONDS = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("desk")
    before = os.environ.get("ANLAN_HOME")
    os.environ["ANLAN_HOME"] = str(folder)
    yield folder
    reading._opened.clear()
    if before is None:
        del os.environ["ANLAN_HOME"]
    else:
        os.environ["ANLAN_HOME"] = before


@pytest.fixture(scope="module")
def known(home: Path) -> Knowledge:
    """The very knowledge the pages use."""
    return reading.knowledge()


@pytest.fixture(scope="module")
def evening(known: Knowledge) -> Evening:
    return fill(known)


@pytest.fixture
def app(evening: Evening) -> Callable[..., AppTest]:
    """The whole application as it starts; signed in when a name is given."""

    def start(account: str | None = None, **state: object) -> AppTest:
        test = AppTest.from_file(str(APP), default_timeout=SECONDS)
        return _prepared(test, account, state).run()

    return start


@pytest.fixture
def view(evening: Evening) -> Callable[..., AppTest]:
    """One page by itself, as one person sees it."""

    def start(name: str, account: str, **state: object) -> AppTest:
        test = AppTest.from_string(f"from dashboard.views import {name}\n{name}.page()\n", default_timeout=SECONDS)
        return _prepared(test, account, state).run()

    return start


def _prepared(test: AppTest, account: str | None, state: dict[str, object]) -> AppTest:
    if account:
        test.session_state["account"] = account
    for key, value in state.items():
        test.session_state[key] = value
    return test


def words(test: AppTest) -> str:
    """Everything a page says, as one string."""
    parts = [str(getattr(element, "body", "")) or str(element.proto) for element in test.main]
    return "\n".join([*parts, *(str(block) for block in test.get("html"))])

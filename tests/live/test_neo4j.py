"""The same tests that hold on the embedded engine hold on a real Neo4j."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from graph.evaluate import statutes
from graph.store import Store
from tests.live.neo4j_server import CACHE, VERSION, missing, neo4j_server

STATUTES = Path(__file__).resolve().parents[2] / "../shared/data/stard_lecoqa_statute_retrieval"
"""Lay questions and their statutes: read here, never shipped."""

ROOT = Path(__file__).resolve().parents[2]

LEAST = 200
"""Tests that touch a graph in `tests/graph` when this was written; fewer would mean that they are not chosen any more."""


@pytest.mark.live
def test_what_holds_on_the_embedded_engine_holds_on_neo4j() -> None:
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    env = {**os.environ, "ANLAN_TEST_GRAPH": "neo4j", **({"ANLAN_CACHE": CACHE} if CACHE else {})}
    order = [sys.executable, "-m", "pytest", "tests/graph", "-p", "no:cacheprovider", "-rs"]
    done = subprocess.run(order, cwd=ROOT, env=env, capture_output=True, text=True, timeout=1800, check=False)
    said = done.stdout.strip().splitlines()
    print(f"Neo4j {VERSION}: {said[-1]}")
    if re.search(r"could not be fetched", done.stdout):
        pytest.skip(next(line for line in said if "could not be fetched" in line))
    assert done.returncode == 0, done.stdout[-6000:]
    passed = re.search(r"(\d+) passed", said[-1])
    assert passed
    assert int(passed[1]) >= LEAST


@pytest.mark.live
def test_lay_questions_find_their_articles_by_neo4js_own_full_text(tmp_path: Path) -> None:
    if not STATUTES.is_dir():
        pytest.skip(f"the development data {STATUTES} are not on this machine")
    with neo4j_server(tmp_path / "neo4j") as address:
        store = Store(address)
        try:
            store.prepare()
            figures = statutes(STATUTES, home=tmp_path / "search", server=store)
        finally:
            store.close()
    print(f"Neo4j {VERSION}: {figures}")
    assert figures["recall@10"] >= 0.67

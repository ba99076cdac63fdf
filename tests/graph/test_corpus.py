"""The whole development corpus: articles, versions, citations, plans and cases, counted."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from graph.articles import parse
from graph.citations import Shelf, linked, references, repeals
from graph.evaluate import articles
from graph.texts import read
from models.domain import Document, Provision

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
LAWS = DATA / "laws_emergency_cn"

pytestmark = pytest.mark.skipif(not LAWS.is_dir(), reason="the development corpus is not on this machine")

TODAY = date(2026, 11, 21)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def laws() -> dict[str, tuple[Document, tuple[Provision, ...]]]:
    return {row["file"]: parse(read((LAWS / row["file"]).read_bytes(), row["file"]), row["file"]) for row in lines(LAWS / "manifest.jsonl")}


@pytest.fixture(scope="module")
def shelf(laws: dict[str, tuple[Document, tuple[Provision, ...]]]) -> dict[str, Document]:
    documents = {d.id: d for d, _ in laws.values()}
    return {d.id: d for d in linked(list(documents.values()), {d.id: repeals(d, p) for d, p in laws.values()})}


@pytest.fixture(scope="module")
def figures() -> dict:
    return articles(LAWS, on=TODAY)


def test_the_articles_of_the_laws_are_all_found(figures: dict) -> None:
    # The one file left over: a line of its history begins with the number of an article of a decree it names.
    assert figures["files"] == 471
    assert figures["files_exact"] >= 0.995, figures["not_exact"]


def test_every_pair_of_versions_is_linked(figures: dict) -> None:
    assert figures["pairs_linked"] == figures["pairs"] == 25


def test_citations_of_what_is_loaded_are_resolved(figures: dict) -> None:
    assert figures["citations"] > 3000
    assert figures["citations_resolved"] >= 0.95


def test_no_citation_is_resolved_to_an_older_version_of_a_pair(
    laws: dict[str, tuple[Document, tuple[Provision, ...]]], shelf: dict[str, Document]
) -> None:
    books = Shelf(shelf.values(), [p for _, items in laws.values() for p in items])
    old = {laws[file][0].id for row in lines(LAWS / "version_pairs.jsonl") for file in row["superseded"]}
    targets = [books.resolve(r, d, TODAY).target for d, items in laws.values() for r in references(d, items) if r.kind == "external"]
    assert not [t for t in targets if t and (t in old or t.rsplit("-", 1)[0] in old)]


def test_plans_and_reports_are_cut_into_points() -> None:
    folder = DATA / "emergency_plans_reports_cn/docs"
    for path in sorted(folder.glob("*.md")):
        document, provisions = parse(read(path.read_bytes(), path.name), path.name)
        assert len(provisions) >= 5, path.name
        assert document.title
        assert max(len(p.text) for p in provisions) <= 12_000, path.name


def test_the_case_tables_give_twenty_four_cases() -> None:
    path = DATA / "disaster_cases_24_docs/应急案例.docx"
    _, provisions = parse(read(path.read_bytes(), path.name), path.name)
    assert len({p.heading.split(" / ")[0] for p in provisions}) == 24

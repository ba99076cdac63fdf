"""How well the search does on the development questions; each bench loads what it needs into a folder and returns its figures."""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from graph.articles import parse
from graph.ask import ask
from graph.citations import linked, references, repeals
from graph.dense import Embedder
from graph.facts import facts
from graph.search import Index, Result
from graph.shelf import short_name
from graph.store import Store
from graph.texts import read
from models.domain import Document, Fact, Imported, Provision, Reference
from models.errors import BadInput

DATA = Path("/work/shared/data")
"""Where the development data lie, unless told otherwise."""
STATUTES, PLANS, LAWS = "stard_lecoqa_statute_retrieval", "emergency_plans_reports_cn", "laws_emergency_cn"

FILLED_TOGETHER = 50
"""Documents written into a server's graph in one transaction."""

Loaded = tuple[list[Document], list[Provision], list[Reference], list[Fact]]


def load(paths: Iterable[Path]) -> Loaded:
    """Documents, provisions, references and facts of the files; one that cannot be read is left out."""
    documents: list[Document] = []
    provisions: list[Provision] = []
    cited: list[Reference] = []
    said: list[Fact] = []
    repealed: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    for path in paths:
        data = path.read_bytes()
        try:
            document, articles = parse(read(data, path.name), hashlib.sha256(data).hexdigest())
        except BadInput:
            continue
        if document.id in seen:
            continue
        seen.add(document.id)
        documents.append(document)
        provisions += articles
        cited += references(document, articles)
        said += facts(document, articles)
        repealed[document.id] = repeals(document, articles)
    return linked(documents, repealed), provisions, cited, said


def _fill(server: Store, loaded: Loaded) -> None:
    documents, provisions, cited, said = loaded
    texts, references, facts = defaultdict(list), defaultdict(list), defaultdict(list)
    owner = {}
    for provision in provisions:
        texts[provision.document].append(provision)
        owner[provision.id] = provision.document
    for reference in cited:
        references[owner[reference.provision]].append(reference)
    for fact in said:
        facts[fact.document].append(fact)
    for start in range(0, len(documents), FILLED_TOGETHER):
        server.load_imported(
            Imported(document=each, provisions=tuple(texts[each.id]), references=tuple(references[each.id]), facts=tuple(facts[each.id]))
            for each in documents[start : start + FILLED_TOGETHER]
        )
    server.await_indexes()


def files(*folders: Path) -> list[Path]:
    """The markdown files of the folders, sorted."""
    return [path for folder in folders for path in sorted(folder.rglob("*.md"))]


def index(
    home: Path,
    loaded: Loaded,
    embedder: Embedder | None = None,
    progress: Callable[[int], None] | None = None,
    server: Store | None = None,
) -> Index:
    """The search over what was loaded, kept under `home`, with vectors when there is an embedder; from a Neo4j's indexes with a server.

    The server's graph is filled with what was loaded, so it has to be an empty one made for the purpose.
    """
    if server:
        _fill(server, loaded)
    built = Index(home, embedder=embedder, server=server)
    built.update(*loaded)
    if embedder:
        built.embed(loaded[1], progress)
    return built


def statutes(
    path: Path = DATA / STATUTES,
    *,
    home: Path,
    beside: Sequence[Path] = (),
    embedder: Embedder | None = None,
    server: Store | None = None,
) -> dict[str, Any]:
    """Recall@10 of the gold articles of the lay questions, `laws_md/` loaded, `beside` further folders as distractors."""
    built = index(home, load(files(path / "laws_md", *beside)), embedder, server=server)
    questions = _lines(path / "queries_dev.jsonl")
    shares, waits, refused = [], [], 0
    for row in questions:
        gold = {short_name(name) for name in row["gold_articles"]}
        results, wait = _timed(built, row["question"], 10)
        waits.append(wait)
        shares.append(len(gold & {short_name(found.document + found.article) for found in results}) / len(gold))
        refused += ask(built, row["question"]).refused
    return {"questions": len(questions), "recall@10": round(sum(shares) / len(shares), 4),
            "refused_answerable": round(refused / len(questions), 4), **_latency(waits)}  # fmt: skip


def plans(path: Path = DATA / PLANS, *, home: Path, beside: Sequence[Path] = (DATA / LAWS,)) -> dict[str, Any]:
    """File recall of the plans, with the laws as distractors, and refusals in and out of domain."""
    built = index(home, load(files(path / "docs", *beside)))
    first = fifth = total = wrongly = rightly = outside = 0
    waits = []
    for row in _lines(path / "queries_dev.jsonl"):
        refused = ask(built, row["query"]).refused
        if row["expect_refusal"]:
            outside += 1
            rightly += refused
            continue
        begun = time.perf_counter()
        names = [found.file for found in built.documents(row["query"], 5)]
        waits.append(time.perf_counter() - begun)
        gold = set(row["gold_files"])
        total += 1
        first += bool(gold & set(names[:1]))
        fifth += bool(gold & set(names))
        wrongly += refused
    return {"questions": total, "recall@1": round(first / total, 4), "recall@5": round(fifth / total, 4), "out_of_domain": outside,
            "refused_out_of_domain": round(rightly / max(outside, 1), 4), "refused_answerable": round(wrongly / total, 4), **_latency(waits)}  # fmt: skip


def outside(path: Path, built: Index) -> dict[str, Any]:
    """Refusals of questions no such library answers, each list of the YAML file by its name; those answered are named."""
    found: dict[str, Any] = {}
    for name, questions in yaml.safe_load(path.read_text("utf-8")).items():
        answered = [question for question in questions if not ask(built, question).refused]
        found[name] = {"asked": len(questions), "refused": len(questions) - len(answered), "answered": answered}
    return found


def versions(path: Path = DATA / LAWS, *, home: Path) -> dict[str, Any]:
    """The version pairs asked by title and subject: superseded texts found today, and old texts found on an old date."""
    loaded = load(files(path))
    built = index(home, loaded)
    by_file = {document.file: document for document in loaded[0]}
    old_today = old_found = asked = asked_old = 0
    for row in _lines(path / "version_pairs.jsonl"):
        superseded = {Path(name).name for name in row["superseded"]}
        newest = by_file[Path(row["in_force"]).name]
        subjects = [p for p in loaded[1] if p.document == newest.id][:5]
        for question in [f"{row['title']}的规定", *(f"{row['title']} {p.text[:40]}" for p in subjects)]:
            asked += 1
            old_today += any(found.file in superseded for found in built.search(question, 20))
            old_today += bool(superseded & _cited(built, question))
            for name in superseded:
                old = by_file[name]
                begins, ends = built.shelf.span(old.id)
                day = (ends - timedelta(days=1)) if ends else begins or date.min
                asked_old += 1
                results = [found.file for found in built.search(question, 20, day)]
                old_found += name in results and newest.file not in results
    return {"asked": asked, "superseded_today": old_today, "asked_as_of": asked_old, "old_version_as_of": old_found}


def _cited(built: Index, question: str) -> set[str]:
    """Files the answer quotes from."""
    provisions = sorted({citation.id for citation in ask(built, question).citations})
    return {built.shelf.held[piece.document].document.file for piece in built.candidates.of(provisions)}


def _timed(built: Index, question: str, k: int) -> tuple[list[Result], float]:
    begun = time.perf_counter()
    return built.search(question, k), time.perf_counter() - begun


def _latency(waits: Sequence[float]) -> dict[str, float]:
    row = sorted(waits)
    return {"p50_ms": round(1000 * row[len(row) // 2], 1), "p95_ms": round(1000 * row[int(len(row) * 0.95)], 1)}


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]

"""How well the library reads and finds, printed as figures: evaluations, kept apart from tests. Nothing here is needed to run the desk.

Each function takes the path of labelled data, loads what it needs into a folder and returns a plain dict of figures: shares are
fractions between 0 and 1, times milliseconds, counts are named as such.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from graph.articles import parse
from graph.ask import ask
from graph.citations import Shelf, linked, references, repeals
from graph.dense import Embedder, SmallEmbedder
from graph.facts import facts
from graph.library import starter
from graph.search import Index, Result
from graph.shelf import short_name
from graph.texts import read
from models.domain import BEIJING, Document, Fact, Provision, Reference
from models.errors import BadInput

LAWS = "laws_emergency_cn"
"""Folder of laws that are loaded beside the plans as distractors, where it stands beside theirs."""

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


def files(*folders: Path) -> list[Path]:
    """The markdown files of the folders, sorted."""
    return [path for folder in folders for path in sorted(folder.rglob("*.md"))]


def index(home: Path, loaded: Loaded, embedder: Embedder | None = None, progress: Callable[[int], None] | None = None) -> Index:
    """The search over what was loaded, kept under `home`, with vectors when there is an embedder."""
    built = Index(home, embedder=embedder)
    built.update(*loaded)
    if embedder:
        built.embed(loaded[1], progress)
    return built


def articles(path: Path, *, on: date | None = None) -> dict[str, Any]:
    """The laws of a folder as parsed, against its `manifest.jsonl` (articles present) and `version_pairs.jsonl`.

    - files_exact: files whose articles parsed are the articles present; the others are named with both counts
    - citations_resolved: of the citations whose document is loaded, those that reach it and the article they name, on the day (today)
    - pairs_linked: pairs of versions where the newer supersedes the older and the older ends on the newer's first day
    """
    rows = _lines(path / "manifest.jsonl")
    parsed = {}
    for row in rows:
        data = (path / row["file"]).read_bytes()
        parsed[row["file"]] = parse(read(data, row["file"]), hashlib.sha256(data).hexdigest())
    counts = {file: sum(item.article.endswith("条") for item in items) for file, (_, items) in parsed.items()}
    wrong = [
        {"file": row["file"], "present": row["articles"], "parsed": counts[row["file"]]}
        for row in rows
        if counts[row["file"]] != row["articles"]
    ]
    held = {document.id: document for document, _ in parsed.values()}
    shelf = {d.id: d for d in linked(list(held.values()), {d.id: repeals(d, items) for d, items in parsed.values()})}
    books = Shelf(shelf.values(), [item for _, items in parsed.values() for item in items])
    cited = [(r, shelf[d.id]) for d, items in parsed.values() for r in references(d, items) if books.holds(r, d)]
    resolved = sum(books.resolve(reference, citing, on or datetime.now(BEIJING).date()).resolved for reference, citing in cited)
    pairs = [
        (shelf[parsed[row["in_force"]][0].id], shelf[parsed[old][0].id])
        for row in _lines(path / "version_pairs.jsonl")
        for old in row["superseded"]
    ]
    joined = sum(old.id in new.supersedes and old.repealed == new.in_force for new, old in pairs)
    return {"files": len(rows), "files_exact": round(1 - len(wrong) / len(rows), 4), "not_exact": wrong,
            "articles_present": sum(row["articles"] for row in rows), "articles_parsed": sum(counts.values()),
            "citations": len(cited), "citations_resolved": round(resolved / max(len(cited), 1), 4),
            "pairs": len(pairs), "pairs_linked": joined}  # fmt: skip


def statutes(path: Path, *, home: Path, beside: Sequence[Path] = (), embedder: Embedder | None = None) -> dict[str, Any]:
    """Recall@10 of the gold articles of the lay questions, `laws_md/` loaded, `beside` further folders as distractors."""
    built = index(home, load(files(path / "laws_md", *beside)), embedder)
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


def plans(path: Path, *, home: Path) -> dict[str, Any]:
    """File recall of the plans, with the laws beside their folder as distractors, and refusals in and out of domain."""
    loaded = load(files(path / "docs", path.parent / LAWS))
    built = index(home, loaded)
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
    return {"documents": len(loaded[0]), "questions": total, "recall@1": round(first / total, 4), "recall@5": round(fifth / total, 4), "out_of_domain": outside,
            "refused_out_of_domain": round(rightly / max(outside, 1), 4), "refused_answerable": round(wrongly / total, 4), **_latency(waits)}  # fmt: skip


def outside(path: Path, built: Index) -> dict[str, Any]:
    """Refusals of questions no such library answers, each list of the YAML file by its name; those answered are named."""
    found: dict[str, Any] = {}
    for name, questions in yaml.safe_load(path.read_text("utf-8")).items():
        answered = [question for question in questions if not ask(built, question).refused]
        found[name] = {"asked": len(questions), "refused": len(questions) - len(answered), "answered": answered}
    return found


def shipped(home: Path) -> Index:
    """The search over the library that ships with the product."""
    library = starter()
    return index(home, (list(library.documents), list(library.provisions), [], []))


def versions(path: Path, *, home: Path) -> dict[str, Any]:
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
    if not path.is_file():
        raise BadInput(f"找不到评测数据 {path}，请用 --path 给出数据所在的文件夹。")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _run(name: str, evaluation: Callable[[Path, Path], dict[str, Any]]) -> Callable[[Path | None], dict[str, Any]]:
    def run(path: Path | None) -> dict[str, Any]:
        if path is None:
            raise BadInput(f"评测 {name} 需要数据，请用 --path 给出。")
        with tempfile.TemporaryDirectory(prefix="anlan-bench-") as home:
            return evaluation(path, Path(home))

    return run


BENCHMARKS = {
    name: _run(name, evaluation)
    for name, evaluation in {
        "articles": lambda path, home: articles(path),
        "statutes": lambda path, home: statutes(path, home=home),
        "statutes-dense": lambda path, home: statutes(path, home=home, embedder=SmallEmbedder()),
        "plans": lambda path, home: plans(path, home=home),
        "versions": lambda path, home: versions(path, home=home),
        "outside": lambda path, home: outside(path, shipped(home)),
    }.items()
}
"""Evaluations by the name `anlan bench` knows them by; each takes the path given, or null."""

"""How well triage, requests, folding of copies and credibility do on labelled files, as figures for `anlan bench`.

Every function takes a JSON-lines file and returns a plain dict. Scores are fractions between 0 and 1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import combinations
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from ingestion import triage, triage_training
from ingestion.extract import understand
from ingestion.heard import Heard
from ingestion.likeness import Wordings
from ingestion.places import gazetteer
from ingestion.reading import view_of, what_it_says
from ingestion.sources import social
from models.domain import BEIJING, Evidence
from models.errors import BadInput


def categories(path: Path) -> dict[str, Any]:
    """Five-fold figures of hotline categories, near-identical messages kept together and not, the baseline on the same cuts, and speed."""
    history = triage_training.history([path])
    model = triage_training.train(history)
    spent = []
    for one in history[:500]:
        began = perf_counter()
        model.suggest(one.title, one.text)
        spent.append((perf_counter() - began) * 1000)
    return {
        "grouped": triage_training.cross_validated(history, "category"),
        "plain_folds": triage_training.cross_validated(history, "category", grouped=False),
        "threshold": model.heads[0].threshold,
        "features": len(model.weights),
        "topic_words": len(triage.topics()[2]),
        "ms_p50": round(quantiles(spent, n=20)[9], 3),
        "ms_p95": round(quantiles(spent, n=20)[18], 3),
    }


SAYS = {"求救": "求救", "求助": "求救", "提供帮助": "帮助"}
"""Our request types in the three words of the labelled posts; every other is 其他."""


def requests(path: Path) -> dict[str, Any]:
    """Who needs, who offers, who tells: macro-F1 over the labelled posts, and how well urgency puts need before the rest (AUC). Rules alone."""
    wanted: list[str] = []
    given: list[str] = []
    urgent: list[float] = []
    spent: list[float] = []
    for row in _rows(path):
        if row.get("label_class_human"):
            began = perf_counter()
            said = understand(row["text"])
            spent.append((perf_counter() - began) * 1000)
            wanted.append(row["label_class_human"][:2])
            given.append(SAYS.get(said.request_type, "其他"))
            urgent.append(said.urgency)
    each = f1_score(wanted, given, average=None, labels=["求救", "帮助", "其他"])
    told = [i for i, label in enumerate(wanted) if label in ("求救", "其他")]
    return {
        "posts": len(wanted),
        "macro_f1": round(float(f1_score(wanted, given, average="macro")), 3),
        **{name: round(float(value), 3) for name, value in zip(("f1_need", "f1_offer", "f1_other"), each, strict=True)},
        "accuracy": round(sum(a == b for a, b in zip(wanted, given, strict=True)) / len(wanted), 3),
        "urgency_auc": round(float(roc_auc_score([wanted[i] == "求救" for i in told], [urgent[i] for i in told])), 3),
        "understand_ms_p50": round(quantiles(spent, n=20)[9], 2),
        "by": "rules",
    }


def duplicates(path: Path) -> dict[str, Any]:
    """Folding of copies against the given clusters: pairwise F1 by the words alone, and with what fusion also asks of a copy
    (mode, spot, denial); cost of one message when few and when 100,000 are known."""
    rows = list(_rows(path))
    gold = {row["id"]: row["near_dup_cluster"] for row in rows}
    alone = _folded((row["id"], row["text"], "", "") for row in rows)
    known = [(row["id"], row["text"], *_group(row["id"], row["text"])) for row in rows]
    return {"posts": len(rows), **_pairwise(alone, gold), **{f"fused_{k}": v for k, v in _pairwise(_folded(known), gold).items()}} | _cost()


def _folded(messages: Iterable[tuple[str, str, str, str]]) -> dict[str, str]:
    wordings, first_of = Wordings(), {}
    for id, text, group, spot in messages:
        first = wordings.first_like(text, group, spot)
        if first is None:
            wordings.remember(id, text, group, spot)
        first_of[id] = first or id
    return first_of


def _group(id: str, text: str) -> tuple[str, str]:
    """What fusion asks of a copy beside the words: its group and its spot."""
    evidence = Evidence.of(received_at=datetime(2026, 7, 1, tzinfo=BEIJING), source=social.SOURCE.name, external_id=id, text=text)
    said, quoted = what_it_says(evidence, gazetteer("南京市"), "南京市")
    heard = Heard.of(view_of(evidence, social.SOURCE, said), said, quoted)
    return heard.group, heard.spot


def _pairwise(ours: dict[str, str], gold: dict[str, str]) -> dict[str, Any]:
    mine, theirs = _pairs(ours), _pairs(gold)
    both = len(mine & theirs)
    return {
        "pair_f1": round(2 * both / max(1, len(mine) + len(theirs)), 3),
        "pair_precision": round(both / max(1, len(mine)), 3),
        "pair_recall": round(both / max(1, len(theirs)), 3),
    }


def _pairs(cluster_of: dict[str, str]) -> set[tuple[str, str]]:
    members: dict[str, list[str]] = {}
    for id, cluster in sorted(cluster_of.items()):
        members.setdefault(cluster, []).append(id)
    return {pair for ids in members.values() for pair in combinations(ids, 2)}


def _cost(most: int = 100_000) -> dict[str, float]:
    """Milliseconds a message takes among 1,000 and among `most` invented ones of one kind, each its own."""
    chance = Random(20260718)  # noqa: S311
    words = "水路桥车人楼电店门口涨淹停堵塌漏急快来请帮老小区村街道东西南北里面外头现在还有没多少都很已经正在地下库"
    wordings, spent, marks = Wordings(), 0.0, {}
    began = perf_counter()
    for number in range(1, most + 1):
        text = "虚构区" + "".join(chance.choices(words, k=50)) + "请求支援尽快派人"
        if wordings.first_like(text, "") is None:
            wordings.remember(str(number), text, "")
        if number in (1_000, most - 1_000, most):
            marks[number], spent = perf_counter() - began - spent, perf_counter() - began
    return {"ms_at_1000": round(marks[1_000], 3), f"ms_at_{most}": round(marks[most], 3)}


def credibility(path: Path) -> dict[str, Any]:
    """How well the score puts what is true before what was refuted (AUC): the rules that ship, and models trained by five folds on this
    file, which do not ship. With what the trained model relies on most."""
    rows = list(_rows(path))
    true = np.array([row["label_rumour"] == 0 for row in rows])
    said = [understand(row["text"]).credibility for row in rows]
    texts = [row["text"] for row in rows]
    cuts = StratifiedKFold(5, shuffle=True, random_state=0)
    vectors = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True, min_df=3), LogisticRegression(C=5, max_iter=300)
    )
    trained = cross_val_predict(vectors, texts, true, cv=cuts, method="predict_proba")[:, 1]
    names = sorted({reason for one in said for reason in one.reasons})
    marks = np.array([[reason in one.reasons for reason in names] for one in said], dtype=float)
    weighed = cross_val_predict(LogisticRegression(), marks, true, cv=cuts, method="predict_proba")[:, 1]
    vectors.fit(texts, true)
    grams, weights = vectors[0].get_feature_names_out(), vectors[1].coef_[0]
    order = np.argsort(weights)
    return {
        "posts": len(rows),
        "refuted": int((~true).sum()),
        "auc_rules": round(float(roc_auc_score(true, [one.score for one in said])), 3),
        "auc_reasons_weighed": round(float(roc_auc_score(true, weighed)), 3),
        "auc_trained_words": round(float(roc_auc_score(true, trained)), 3),
        "speaks_for": [str(grams[i]) for i in order[::-1] if len(grams[i].strip()) == 2][:12],
        "speaks_against": [str(grams[i]) for i in order if len(grams[i].strip()) == 2][:12],
        "reasons": {
            reason: f"{int(marks[:, i].sum())} 条，属实 {true[marks[:, i] > 0].mean():.2f}"
            for i, reason in enumerate(names)
            if marks[:, i].any()
        },
    }


def _needing(path: Path | None, name: str) -> Path:
    if path is None:
        raise BadInput(f"评测 {name} 需要数据：请用 --path 给出 JSON Lines 文件。")
    return path


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise BadInput(f"找不到评测数据 {path}；请给出 JSON Lines 文件。")
    with path.open(encoding="utf-8") as stream:
        yield from (json.loads(line) for line in stream if line.strip())


BENCHMARKS: dict[str, Callable[[Path | None], dict[str, Any]]] = {
    "triage": lambda path: categories(_needing(path, "triage")),
    "requests": lambda path: requests(_needing(path, "requests")),
    "duplicates": lambda path: duplicates(_needing(path, "duplicates")),
    "credibility": lambda path: credibility(_needing(path, "credibility")),
}

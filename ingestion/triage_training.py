"""Learns category and department from a city's labelled history, and measures itself on messages it did not learn from.

Near-identical messages never lie on both sides of a cut between learning and measuring. The confidence below which the model abstains
is chosen by such cuts inside the learning half alone, so that the measured accuracy is that of messages nobody has seen.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.svm import LinearSVC

from graph.knowledge import Knowledge
from graph.triage import as_triaged, corrections
from ingestion.files import Line, lines
from ingestion.likeness import Wordings
from ingestion.privacy import mask
from ingestion.sources.hotline import TEXT, TITLE
from ingestion.tables import Row, table
from ingestion.triage import BLOCKS, VIEWS, Head, Triage, seen, verdict, views_asked
from models.domain import BEIJING, EvidenceView, Quarantined, TriageField
from models.errors import BadInput

CATEGORY = ("类别", "分类", "一级标签", "一级分类", "诉求类别", "诉求分类", "问题分类", "category", "label_l1", "label")
DEPARTMENT = ("部门", "承办单位", "责任部门", "主办单位", "承办部门", "责任单位", "处理部门", "department")
FOLDS = 5
REPEATS = 2
"""Times the learning half is cut anew to choose the confidence; what is found counts so often, as does the one more mistake."""
FEWEST = 10
"""Messages a label needs to be learned at all."""
MOST = 20_000
"""Messages learned from; of a longer history, every so manieth, newest and oldest alike."""
MOST_FEATURES = 30_000
"""Most runs of characters of one block, the commonest. One that a single message holds is left out: it may be a name."""
RIGHT = 0.95
"""Accuracy wanted of what the model does not abstain on."""
NEVER = 1.01
_SEED = 20260718


@dataclass(frozen=True)
class Labelled:
    """One message of the history, masked."""

    title: str
    text: str
    labels: dict[TriageField, str]


def history(paths: Iterable[Path]) -> list[Labelled]:
    """The labelled messages of CSV, TSV, XLSX, XLS or JSON-lines files. BadInput when a file has no text or no label column."""
    found: list[Labelled] = []
    for path in paths:
        before = len(found)
        for row in _rows(path):
            labels: dict[TriageField, str] = {}
            for field, names in (("category", CATEGORY), ("department", DEPARTMENT)):
                if value := row.pop(*names).strip()[:100]:
                    labels[field] = value  # type: ignore[index]
            title, text = row.pop(*TITLE), row.pop(*TEXT)
            if labels and (title or text):
                found.append(Labelled(mask(title[:500]), mask(text[:5000]), labels))
        if len(found) == before:
            raise BadInput(
                f"{path}：没有读到带标注的留言，请确认有正文列（如 {TEXT[0]}）和类别列（如 {CATEGORY[0]}）或部门列（如 {DEPARTMENT[0]}）。"
            )
    return found


def _rows(path: Path) -> Iterator[Row]:
    if path.suffix.lower() not in (".jsonl", ".ndjson", ".json"):
        known = (*TITLE, *TEXT, *CATEGORY, *DEPARTMENT)
        yield from (row for row in table(path, "triage", known) if not isinstance(row, Quarantined))
        return
    for line in lines(path):
        try:
            item = json.loads(line.text) if isinstance(line, Line) and line.text.strip() else None
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path} 第 {line.number} 行不是 JSON 对象，请检查这一行。") from error
        if isinstance(item, dict):
            yield Row(((str(key), str(value)) for key, value in item.items() if isinstance(value, str | int | float)), path.name)


def train(history: Sequence[Labelled], *, now: datetime | None = None) -> Triage:
    """A model of one history. BadInput when fewer than two labels of any field have enough messages."""
    history = history[:: -(-len(history) // MOST)] if len(history) > MOST else history
    field_of: tuple[TriageField, ...] = ("category", "department")
    shapes = _Shapes([seen(one.title, one.text)[0] for one in history])
    groups = alike(history)
    everything = np.arange(len(history))
    features, rarity = shapes.learn(everything)
    matrices = shapes.weighted(everything, features, rarity)
    heads: list[Head] = []
    weights: list[np.ndarray] = []
    biases: list[np.ndarray] = []
    left_out: dict[str, int] = {}
    for field in field_of:
        wanted = np.array([one.labels.get(field, "") for one in history], dtype=object)
        counts = Counter(label for label in wanted.tolist() if label)
        labels = tuple(sorted(label for label, count in counts.items() if count >= FEWEST))
        left_out |= {label: count for label, count in counts.items() if count < FEWEST}
        if len(labels) < 2:
            continue
        rows = np.flatnonzero(np.isin(wanted, labels))
        shares, right = _unseen_shares(shapes, rows, wanted, labels, groups)
        slope, shift = _calibrated(shares, right)
        least = _least_share(shares, right)
        threshold = 1 / (1 + np.exp(-(slope * least + shift))) if least <= 1 else NEVER
        head_weights, head_bias = _views([matrix[rows] for matrix in matrices], wanted[rows], labels)
        first = sum(one.shape[1] for one in weights)
        heads.append(Head(field, labels, first, round(float(threshold), 4), slope, shift))
        weights.append(head_weights)
        biases.append(head_bias)
    if not heads:
        raise BadInput(f"标注不足：至少要有两个类别（或部门）各有 {FEWEST} 条留言，才能训练。")
    all_weights, all_biases = np.hstack(weights).astype(np.float32), np.concatenate(biases).astype(np.float32)
    facts = {
        "trained_at": (now or datetime.now(BEIJING)).isoformat(timespec="seconds"),
        "messages": len(history),
        "labels": {head.field: len(head.labels) for head in heads},
        "too_few": left_out,
        "digest": hashlib.sha256(all_weights.tobytes()).hexdigest()[:12],
    }
    tables = {
        block: {name: (int(row), float(rare)) for name, row, rare in zip(names, rows_of, rarity[rows_of], strict=True)}
        for block, names, rows_of in features
    }
    return Triage(tables, all_weights, all_biases, tuple(heads), facts)


Learned = list[tuple[str, list[str], np.ndarray]]
"""Block, the names of its features, and their rows in the weights."""


class _Shapes:
    """The features of every message as sparse counts, so that each cut learns only its own vocabulary and rarity."""

    def __init__(self, messages: Sequence[dict[str, dict[str, float]]]) -> None:
        self._blocks: dict[str, tuple[list[str], csr_matrix]] = {}
        for block in BLOCKS:
            column: dict[str, int] = {}
            at, where, value = [0], [], []
            for message in messages:
                for name, strength in message[block].items():
                    where.append(column.setdefault(name, len(column)))
                    value.append(strength)
                at.append(len(where))
            shape = (len(messages), max(1, len(column)))
            self._blocks[block] = (list(column), csr_matrix((value, where, at), shape=shape, dtype=np.float32))

    def learn(self, rows: np.ndarray) -> tuple[list[tuple[str, list[str], np.ndarray]], np.ndarray]:
        """Features that at least two of these messages hold, and the weight of their rarity."""
        learned: list[tuple[str, list[str], np.ndarray]] = []
        rarity: list[np.ndarray] = []
        row = 0
        for block, (names, counts) in self._blocks.items():
            held = np.asarray((counts[rows] > 0).sum(axis=0)).ravel()
            kept = np.flatnonzero(held >= 2)
            kept = np.sort(kept[np.argsort(-held[kept], kind="stable")][:MOST_FEATURES])
            plain = block.endswith("topics")
            rarity.append(np.ones(len(kept)) if plain else np.log((len(rows) + 1) / (held[kept] + 1)) + 1)
            learned.append((block, [names[i] for i in kept], np.arange(row, row + len(kept))))
            row += len(kept)
        return learned, np.concatenate(rarity)

    def weighted(self, rows: np.ndarray, learned: Learned, rarity: np.ndarray) -> list[csr_matrix]:
        """Each block of these messages, weighted and every message brought to length one."""
        matrices = []
        for block, names, places in learned:
            all_names, counts = self._blocks[block]
            index = {name: i for i, name in enumerate(all_names)}
            matrix = counts[rows][:, [index[name] for name in names]] @ diags(rarity[places])
            length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
            matrices.append(csr_matrix(diags(1 / np.maximum(length, 1e-9)) @ matrix))
        return matrices


def _views(blocks: Sequence[csr_matrix], wanted: np.ndarray, labels: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Weights (features × views·labels) and bias of the four linear views."""
    wide = [block.shape[1] for block in blocks]
    starts = np.concatenate([[0], np.cumsum(wide)])
    weights = np.zeros((starts[-1], len(VIEWS) * len(labels)), dtype=np.float32)
    bias = np.zeros(len(VIEWS) * len(labels), dtype=np.float32)
    for number, view in enumerate(VIEWS):
        taken = [BLOCKS.index(name) for name in view]
        model = LinearSVC(C=0.5, class_weight="balanced", random_state=_SEED).fit(hstack([blocks[i] for i in taken]).tocsr(), wanted)
        coefficients, intercept = model.coef_, model.intercept_
        if len(labels) == 2:
            coefficients, intercept = np.vstack([-coefficients, coefficients]), np.concatenate([-intercept, intercept])
        rows = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in taken])
        columns = slice(number * len(labels), (number + 1) * len(labels))
        weights[rows, columns] = coefficients.T
        bias[columns] = intercept
    return weights, bias


def _unseen_shares(
    shapes: _Shapes, rows: np.ndarray, wanted: np.ndarray, labels: Sequence[str], groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each message, judged by models that did not learn it: share of the least convinced view, and whether the verdict was right."""
    found: list[tuple[float, bool]] = []
    for repeat in range(REPEATS):
        cuts = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=_SEED + repeat)
        for learn, test in cuts.split(rows, wanted[rows], groups[rows]):
            learned, rarity = shapes.learn(rows[learn])
            present = tuple(sorted(set(wanted[rows[learn]])))
            weights, bias = _views(shapes.weighted(rows[learn], learned, rarity), wanted[rows[learn]], present)
            blocks = shapes.weighted(rows[test], learned, rarity)
            filled = [block.getnnz(axis=1) > 0 for block in blocks]
            columns = (hstack(blocks).tocsr() @ weights + bias).reshape(len(test), len(VIEWS), len(present))
            for number, (i, message) in enumerate(zip(test, columns, strict=True)):
                asked = views_asked([name for name, full in zip(BLOCKS, filled, strict=True) if full[number]])
                best, share = verdict(message, asked)
                found.append((share, present[best] == wanted[rows[i]]))
    return np.array([share for share, _ in found]), np.array([right for _, right in found])


def _calibrated(shares: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Slope and shift that turn that share into the chance of being right."""
    if right.all() or not right.any():
        return 0.0, 4.0 if right.all() else -4.0
    model = LogisticRegression(C=100).fit(shares.reshape(-1, 1), right)
    return max(0.0, float(model.coef_[0, 0])), float(model.intercept_[0])


def _least_share(shares: np.ndarray, right: np.ndarray) -> float:
    """The smallest share from which on RIGHT of the verdicts hold, even if one more were wrong; above 1 when there is none."""
    order = np.argsort(-shares, kind="stable")
    taken = np.arange(1, len(order) + 1)
    holds = (np.cumsum(right[order]) - REPEATS) / taken >= RIGHT
    return float(shares[order][np.flatnonzero(holds).max()]) if holds.any() else 2.0


def alike(history: Sequence[Labelled]) -> np.ndarray:
    """A number for each message; near-identical ones share it."""
    wordings, number = Wordings(), np.arange(len(history))
    for i, one in enumerate(history):
        whole = f"{one.title}\n{one.text}"
        first = wordings.first_like(whole, "")
        if first is None:
            wordings.remember(str(i), whole, "")
        else:
            number[i] = int(first)
    return number


def cross_validated(history: Sequence[Labelled], field: TriageField, *, grouped: bool = True) -> dict[str, Any]:
    """Five-fold figures of one field: macro-F1, accuracy, and of what it does not abstain on; and of the plain baseline on the same cuts."""
    usable = [one for one in history if one.labels.get(field)]
    wanted = np.array([one.labels[field] for one in usable], dtype=object)
    copies = alike(usable)
    cut = (StratifiedGroupKFold if grouped else StratifiedKFold)(FOLDS, shuffle=True, random_state=_SEED)
    ours, plain, sure = wanted.copy(), wanted.copy(), np.zeros(len(usable), dtype=bool)
    texts = [f"{one.title}\n{one.text}" for one in usable]
    for learn, test in cut.split(texts, wanted, copies if grouped else None):
        model = train([usable[i] for i in learn])
        for i in test:
            said = next((one for one in model.suggest(usable[i].title, usable[i].text) if one.field == field), None)
            ours[i] = said.label if said else ""
            sure[i] = said is not None and not said.abstained
        plain[test] = _baseline([texts[i] for i in learn], wanted[learn], [texts[i] for i in test])
    right = ours == wanted
    return {
        "messages": len(usable),
        "labels": len(set(wanted.tolist())),
        "near_identical": int(len(usable) - len(set(copies.tolist()))),
        "macro_f1": round(float(f1_score(wanted, ours, average="macro")), 3),
        "accuracy": round(float(right.mean()), 3),
        "baseline_macro_f1": round(float(f1_score(wanted, plain, average="macro")), 3),
        "sure_accuracy": round(float(right[sure].mean()), 3) if sure.any() else None,
        "sure_messages": int(sure.sum()),
        "abstained_share": round(float(1 - sure.mean()), 3),
    }


def _baseline(texts: Sequence[str], wanted: np.ndarray, unseen: Sequence[str]) -> np.ndarray:
    """TF-IDF of runs of one to three characters of the whole text, and logistic regression."""
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=500).fit(vectors.fit_transform(texts), wanted)
    return np.asarray(model.predict(vectors.transform(unseen)), dtype=object)


def corrected(knowledge: Knowledge) -> list[Labelled]:
    """The messages whose category or department a person confirmed or corrected here, in their masked words."""
    subjects = dict.fromkeys(entry.subject for entry in corrections(knowledge.ledger))
    views = as_triaged(knowledge.ledger, (knowledge.store.evidence_one(subject) for subject in subjects))
    return [_of_view(view) for view in views]


def _of_view(view: EvidenceView) -> Labelled:
    labels: dict[TriageField, str] = {}
    if view.category:
        labels["category"] = view.category
    if view.department:
        labels["department"] = view.department
    return Labelled(view.title, view.text, labels)

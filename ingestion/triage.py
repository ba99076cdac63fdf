"""Which category a call belongs to and who answers for it, as the city's own labelled history says: a proposal, never a decision.

A model is learned from that history (`ingestion/triage_training.py`) and lies as one file under `ANLAN_HOME/triage`. Without it there is
no category and no department. Below the confidence that training found to be right nineteen times out of twenty, it abstains.

What the model sees of a message: runs of one and two characters and everyday words by topic (`words/topics.yml`), of title and text apart.
Four linear views (title, text, both, topics alone) are asked and their shares averaged; the confidence is that of the least convinced.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from models.domain import Suggestion, TriageField, Understanding
from models.errors import BadInput

FILE = "model.npz"
"""Name of the model's file in `ANLAN_HOME/triage`."""
LARGEST = 64 << 20
"""Bytes a model may take unpacked."""
READ = 500
"""Characters of a text that are looked at: who writes more says first what it is about."""
BLOCKS = ("title", "text", "title_topics", "text_topics")
"""The four kinds of features, in the order in which they stand in the model."""
VIEWS: tuple[tuple[str, ...], ...] = (("title", "title_topics"), ("text", "text_topics"), BLOCKS, ("title_topics", "text_topics"))
"""What each of the four linear views sees."""
SHARPNESS = 3.0
"""Turns distances from the separating planes into shares."""
WORDS_SHOWN = 5
FORMAT = 1

_NUMBER = re.compile(r"\d+")
_BLANK = re.compile(r"\s+")


@cache
def topics() -> tuple[tuple[str, ...], re.Pattern[str], dict[str, tuple[int, ...]]]:
    """Names of the topics, one pattern of all their words, longest first, and the topics each word speaks of."""
    shipped = yaml.safe_load((Path(__file__).parent / "words" / "topics.yml").read_text("utf-8"))
    meaning: dict[str, list[int]] = {}
    for number, words in enumerate(shipped.values()):
        for word in words:
            meaning.setdefault(word, []).append(number)
    pattern = re.compile("|".join(map(re.escape, sorted(meaning, key=lambda word: (-len(word), word)))))
    return tuple(shipped), pattern, {word: tuple(numbers) for word, numbers in meaning.items()}


def seen(title: str, text: str) -> tuple[dict[str, dict[str, float]], list[str]]:
    """The features of a message, block by block: name to strength before any weighting; and its words of a topic, in order.

    Numbers all look alike: 0.
    """
    pattern = topics()[1]
    title, text = (_BLANK.sub(" ", _NUMBER.sub("0", words[:READ])) for words in (title, text))
    in_title, in_text = pattern.findall(title), pattern.findall(text)
    blocks = {"title": _runs(title), "text": _runs(text), "title_topics": _topics(in_title), "text_topics": _topics(in_text)}
    return blocks, list(dict.fromkeys([*in_title, *in_text]))


def _runs(words: str) -> dict[str, float]:
    counts = Counter(words)
    counts.update(map("".join, pairwise(words)))
    return {run: 1.0 if count == 1 else 1 + math.log(count) for run, count in counts.items() if run != " "}


def _topics(words: Sequence[str]) -> dict[str, float]:
    names, _, meaning = topics()
    counts = Counter(number for word in words for number in meaning[word])
    return {names[number]: math.log1p(count) for number, count in counts.items()}


@dataclass(frozen=True)
class Head:
    """What is proposed: one field with its labels."""

    field: TriageField
    labels: tuple[str, ...]
    first: int
    """Column of its first weight; the views follow each other, each with one column a label."""
    threshold: float
    """Least calibrated confidence at which it does not abstain; above 1, it always does."""
    slope: float
    shift: float
    """Calibration: confidence = 1 / (1 + exp(-(slope × share of the least convinced view + shift)))."""


@dataclass(frozen=True)
class Triage:
    """A trained model in memory."""

    features: dict[str, dict[str, tuple[int, float]]]
    """Block, then feature, then its row in the weights and how much its rarity counts."""
    weights: np.ndarray
    """float32, features × (views × labels, head after head)."""
    bias: np.ndarray
    """float32, one for each column of the weights."""
    heads: tuple[Head, ...]
    facts: dict[str, Any]
    """When and from how much it was learned, and how well it did; nothing of any message."""

    @cached_property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Block and name of each feature, by its row."""
        return tuple((block, name) for block in BLOCKS for name in self.features[block])

    def suggest(self, title: str, text: str, *, least: float | None = None) -> tuple[Suggestion, ...]:
        """A proposal for each field. `least` replaces the confidence below which training would have it abstain."""
        found, said = seen(title, text)
        rows, strengths, blocks = self._weighted(found)
        if not len(rows):
            return ()
        columns = strengths @ self.weights[rows] + self.bias
        return tuple(self._suggestion(head, columns, blocks, rows, strengths, said, least) for head in self.heads)

    def _weighted(self, blocks: dict[str, dict[str, float]]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Rows of the features the model knows, their strengths, and the blocks they are of."""
        rows: list[int] = []
        strengths: list[float] = []
        used: list[str] = []
        for block, found in blocks.items():
            known = self.features[block]
            pairs = [(known[name][0], strength * known[name][1]) for name, strength in found.items() if name in known]
            length = math.sqrt(sum(value * value for _, value in pairs)) or 1.0
            rows += [row for row, _ in pairs]
            used += [block] if pairs else []
            strengths += [value / length for _, value in pairs]
        return np.array(rows, dtype=np.intp), np.array(strengths, dtype=np.float32), used

    def _suggestion(
        self,
        head: Head,
        columns: np.ndarray,
        blocks: Collection[str],
        rows: np.ndarray,
        strengths: np.ndarray,
        said: Sequence[str],
        least: float | None,
    ) -> Suggestion:
        many = len(head.labels)
        best, least_share = verdict(columns[head.first : head.first + len(VIEWS) * many].reshape(len(VIEWS), many), views_asked(blocks))
        confidence = 1 / (1 + math.exp(-(head.slope * least_share + head.shift)))
        column = head.first + 2 * many  # the view that sees everything
        mine = self.weights[rows, column : column + many]
        return Suggestion(
            field=head.field,
            label=head.labels[best],
            confidence=round(confidence, 3),
            abstained=confidence < (head.threshold if least is None else least),
            words=self._words(rows, strengths * (mine[:, best] - mine.mean(axis=1)), said),
            model=self.facts["digest"],
        )

    def _words(self, rows: np.ndarray, weighed: np.ndarray, said: Sequence[str]) -> tuple[str, ...]:
        """The words of the message that spoke most for the label, the heaviest first: words of a topic, and runs of two characters."""
        heaviest = [i for i in np.argsort(-weighed)[: 6 * WORDS_SHOWN].tolist() if weighed[i] > 0]
        names, _, meaning = topics()
        found: list[str] = []
        for i in heaviest:
            block, name = self.names[rows[i]]
            words = [word for word in said if any(names[n] == name for n in meaning[word])] if block.endswith("topics") else [name]
            found += [word for word in words if len(word) > 1 and word.isalpha() and not any(word in longer for longer in found)]
            if len(found) >= WORDS_SHOWN:
                break
        return tuple(found[:WORDS_SHOWN])


def views_asked(blocks: Collection[str]) -> list[int]:
    """Which views have anything to see in a message with features in these blocks; one without a title is not judged by it."""
    return [number for number, view in enumerate(VIEWS) if any(block in blocks for block in view)] or [2]


def verdict(columns: np.ndarray, asked: Sequence[int]) -> tuple[int, float]:
    """Best label by the averaged shares of the views asked, and the share of the view least convinced of it (0–1).

    `columns`: distances, views × labels.
    """
    columns = columns[asked]
    shares = np.exp(SHARPNESS * (columns - columns.max(axis=1, keepdims=True)))
    shares /= shares.sum(axis=1, keepdims=True)
    best = int(shares.mean(axis=0).argmax())
    return best, float(shares[:, best].min())


def suggested(said: Understanding, title: str, triage: Triage | None, least: float | None) -> Understanding:
    """The understanding with what the model proposes; unchanged without a model. Reads the masked text, as training did."""
    if triage is None:
        return said
    proposals = triage.suggest(title, said.masked_text, least=least)
    sure = {one.field: one.label for one in proposals if not one.abstained}
    return said.model_copy(
        update={"suggestions": proposals, "category": sure.get("category"), "department": sure.get("department")},
    )


def save(triage: Triage, path: Path) -> None:
    """Write a model as plain arrays and JSON (.npz without pickles); a reader never sees half a file."""
    names = "\n".join(f"{block}\t{name}" for block in BLOCKS for name in triage.features[block])
    rarity = [rare for block in BLOCKS for _, rare in triage.features[block].values()]
    heads = [vars(head) for head in triage.heads]
    about = json.dumps({"format": FORMAT, "heads": heads, "facts": triage.facts}, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".writing.npz")
    np.savez_compressed(
        draft,
        about=np.frombuffer(about.encode(), dtype=np.uint8),
        names=np.frombuffer(names.encode(), dtype=np.uint8),
        rarity=np.array(rarity, dtype=np.float32),
        weights=triage.weights.astype(np.float16),
        bias=triage.bias.astype(np.float32),
    )
    draft.chmod(0o600)
    draft.replace(path)


def load(path: Path) -> Triage | None:
    """The model in a file; None when there is no file. BadInput when it is not one of ours: it is data, and nothing in it is run."""
    if not path.is_file():
        return None
    try:
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > LARGEST:
                raise BadInput(f"{path}：分类模型超过 {LARGEST >> 20} MB，请重新运行 anlan triage train。")
        with np.load(path, allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes().decode("utf-8"))
            names = [tuple(line.split("\t", 1)) for line in arrays["names"].tobytes().decode("utf-8").split("\n")]
            rarity, weights, bias = arrays["rarity"], arrays["weights"].astype(np.float32), arrays["bias"]
        heads = tuple(Head(**{**head, "labels": tuple(head["labels"])}) for head in about["heads"])
        wide = sum(len(VIEWS) * len(head.labels) for head in heads)
        if about["format"] != FORMAT or weights.shape != (len(names), wide) or bias.shape != (wide,) or rarity.shape != (len(names),):
            raise ValueError("shapes do not fit")
        if not (np.isfinite(weights).all() and np.isfinite(bias).all() and np.isfinite(rarity).all()):
            raise ValueError("weights are not finite")
        features: dict[str, dict[str, tuple[int, float]]] = {block: {} for block in BLOCKS}
        for row, (name, rare) in enumerate(zip(names, rarity.tolist(), strict=True)):
            features[name[0]][name[1]] = (row, rare)
        return Triage(features, weights, bias, heads, dict(about["facts"]))
    except (ValueError, KeyError, IndexError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise BadInput(f"{path}：不是可用的分类模型（{type(error).__name__}），请重新运行 anlan triage train。") from error


def of_city(home: Path) -> Triage | None:
    """The model this city trained, read again when its file changed; None when it has none."""
    path = home / "triage" / FILE
    return _kept(path, path.stat().st_mtime_ns) if path.is_file() else None


@cache
def _kept(path: Path, _changed: int) -> Triage | None:
    return load(path)


def labels_of(triage: Triage, field: TriageField) -> Sequence[str]:
    """Every label the model knows for a field."""
    return next((head.labels for head in triage.heads if head.field == field), ())

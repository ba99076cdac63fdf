"""Nearly the same words: finds the first message that a repost, a retyped ticket or a second call repeats.

Each text becomes a set of character triples; MinHash bands put likely twins into the same bucket, so finding one costs the
same at ten messages and at ten thousand. A twin is only a twin if its figures agree: "被困3人" and "被困5人" are two messages.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

BANDS, ROWS = 12, 2
"""Twelve bands of two: a pair that shares seven tenths of its triples is missed about once in 3,000."""
ALIKE = 0.72
"""Jaccard share of common triples from which two texts count as the same words."""
SHORT = 8
"""Texts of fewer characters must be equal: a few common words are no evidence of copying."""
REMEMBERED = 50_000
"""Most texts kept; past it the oldest is forgotten."""

_REPOST = re.compile(
    r"(?:转发微博|轉發微博|repost|RT)?\s*//\s*@[^:：\s]{1,30}[:：]|^转发微博\s*|@[\w\-]{1,30}|#[^#\s]{1,30}#|\[[^\[\]]{1,8}\]",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"(?:电话|手机|联系)?[:：]?[\d＊*xX]{7,}")
_NOISE = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\d+|[一二两三四五六七八九十百千]+(?=[人名个位死伤])")
_DIVISION = re.compile(r"[\u4e00-\u9fff]{2}(?=(?<![小社园地厂校])区|县|街道|镇)")
_PRIME = np.uint64((1 << 61) - 1)
_SALT = np.random.default_rng(20260718)
_FACTORS = _SALT.integers(1, 1 << 28, size=(BANDS * ROWS, 1), dtype=np.uint64) | np.uint64(1)
_OFFSETS = _SALT.integers(0, 1 << 60, size=(BANDS * ROWS, 1), dtype=np.uint64)


def plain(text: str) -> str:
    """The words alone: without repost marks, handles, tags, contact numbers and punctuation."""
    return _NOISE.sub("", _CONTACT.sub("", _REPOST.sub("", text))).lower()


def triples(words: str) -> frozenset[str]:
    """All runs of three characters."""
    return frozenset(words[i : i + 3] for i in range(max(1, len(words) - 2)))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard share of common triples, 0–1."""
    return len(one & other) / len(one | other) if one and other else 0.0


@dataclass(frozen=True, slots=True)
class Wording:
    """One remembered text."""

    id: str
    group: str
    """Texts of different groups (mode, place, denial or not) are never twins."""
    words: str
    numbers: tuple[str, ...]
    divisions: frozenset[str]
    """Districts and streets it names; where two texts name different ones they speak of different places."""
    triples: frozenset[str]


@dataclass
class Wordings:
    """The texts heard so far, searchable by likeness."""

    _kept: dict[str, Wording] = field(default_factory=dict)
    _buckets: dict[tuple[str, int, bytes], dict[str, None]] = field(default_factory=dict)

    def first_like(self, text: str, group: str) -> str | None:
        """Id of the earliest remembered text with nearly the same words and the same numbers, or None."""
        wording = _wording("", group, text)
        if not wording.words:
            return None
        best: tuple[float, str] | None = None
        for known_id in self._neighbours(wording):
            known = self._kept[known_id]
            elsewhere = (
                known.divisions and wording.divisions and not (known.divisions <= wording.divisions or wording.divisions <= known.divisions)
            )
            if known.numbers != wording.numbers or elsewhere:
                continue
            alike = 1.0 if known.words == wording.words else similarity(known.triples, wording.triples)
            if (
                alike >= ALIKE
                and (min(len(known.words), len(wording.words)) >= SHORT or alike == 1.0)
                and (best is None or alike > best[0])
            ):
                best = (alike, known_id)
        return best[1] if best else None

    def remember(self, id: str, text: str, group: str) -> None:
        """Keep a text that repeats nothing, so that later ones can be compared with it."""
        wording = _wording(id, group, text)
        if not wording.words or id in self._kept:
            return
        self._kept[id] = wording
        for key in _keys(wording):
            self._buckets.setdefault(key, {})[id] = None
        if len(self._kept) > REMEMBERED:
            self._forget(next(iter(self._kept)))

    def forget(self, id: str) -> None:
        """Let go of a text: what it said is over, and the same words from now on are news."""
        if id in self._kept:
            self._forget(id)

    def _neighbours(self, wording: Wording) -> Iterator[str]:
        seen: dict[str, None] = {}
        for key in _keys(wording):
            seen |= self._buckets.get(key, {})
        yield from seen

    def _forget(self, id: str) -> None:
        for key in _keys(self._kept.pop(id)):
            bucket = self._buckets[key]
            del bucket[id]
            if not bucket:
                del self._buckets[key]


def _wording(id: str, group: str, text: str) -> Wording:
    words = plain(text)
    return Wording(
        id, group, words, tuple(_NUMBER.findall(words)), frozenset(_DIVISION.findall(words)), triples(words) if words else frozenset()
    )


def _keys(wording: Wording) -> Iterator[tuple[str, int, bytes]]:
    """Bucket of each band: equal when the smallest hashes of the band are equal."""
    hashes = np.fromiter((zlib.crc32(one.encode()) for one in wording.triples), dtype=np.uint64, count=len(wording.triples))
    signature = ((hashes * _FACTORS + _OFFSETS) % _PRIME).min(axis=1)
    for band in range(BANDS):
        yield wording.group, band, signature[band * ROWS : (band + 1) * ROWS].tobytes()

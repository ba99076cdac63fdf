"""Nearly the same words: finds the first message that a repost, a retyped ticket or a second call repeats.

Each text becomes a set of character triples; MinHash bands put likely twins into the same bucket, and only the few texts that share
most buckets are compared, so finding one costs the same at ten messages and at a hundred thousand. A twin is only a twin if its figures
agree: "被困3人" and "被困5人" are two messages, and so are calls from building 3 and building 5. A long text that is passed on is cut,
introduced and dated anew; there the clock, the telephone number and the hand that passed it on may differ, people and houses may not.
Where a text is about (its spot) is read from its words, and in a cut or introduced copy from other words: spots of long texts are
two only when neither text speaks of the other's.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

BANDS, ROWS = 24, 3
"""Twenty-four bands of three: a pair that shares half of its triples is missed once in 25, one that shares seven tenths once in 20,000."""
ALIKE = 0.72
"""Jaccard share of common triples from which two short texts count as the same words."""
LONG = 50
"""From so many characters on a text is told from others by its story, and passed on with changes."""
PASSED_ON = 0.5
"""Jaccard share of common triples from which two long texts count as the same words."""
HELD = 0.8
"""Share of the shorter long text that the longer one holds, from which one counts as a cut of the other."""
COMPARED = 24
"""Most texts compared with a new one: those that share most buckets with it."""
PER_BUCKET = 64
"""Newest texts of a bucket that are looked at."""
SHORT = 8
"""Texts of fewer characters must be equal: a few common words are no evidence of copying."""
REMEMBERED = 50_000
"""Most wordings kept; past it the oldest text is forgotten with all of its own."""
WORDINGS_EACH = 8
"""Most further wordings kept of one text."""

_REPOST = re.compile(
    r"(?:转发微博|轉發微博|repost|RT)?\s*//\s*@[^:：\s]{1,30}[:：]|^转发微博\s*|@[\w\-]{1,30}|#[^#\s]{1,30}#|\[[^\[\]]{1,8}\]",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"(?:电话|手机|联系)?[:：]?[\d＊*xX]{7,}")
_MARKED, _DIGITS = re.compile(r"[@#\[]|转发微博"), re.compile(r"[\d＊*xX]{7}")
"""What every repost mark and every contact number holds: looked for first, because most texts hold none."""
_NOISE = re.compile(r"[\W_]+")
_COUNTED = re.compile(
    r"(\d+|[一二两三四五六七八九十百千]+)(?:[多余来几]|左右)?(?:[名位个]?(?:[人户死伤]|群众|老人|学生|孩子)|[栋幢座]|号[路线楼门桥库车机井厂院店]|单元|楼|室|层)"
)
_NUMBER = re.compile(r"\d+|[一二两三四五六七八九十百千]+(?=[人名个位死伤])")
_DIVISION = re.compile(r"[\u4e00-\u9fff]{2}(?=(?<![小社园地厂校])区|县|街道|镇)")
_SALT = np.random.default_rng(20260718)
_FACTORS = _SALT.integers(1, 1 << 63, size=(BANDS * ROWS, 1), dtype=np.uint64) | np.uint64(1)
_OFFSETS = _SALT.integers(0, 1 << 63, size=(BANDS * ROWS, 1), dtype=np.uint64)
_ROW_FACTORS = _SALT.integers(1, 1 << 63, size=ROWS, dtype=np.uint64) | np.uint64(1)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_BAND_NUMBERS = np.arange(BANDS, dtype=np.uint64) << np.uint64(32)
_HIGH, _MIDDLE, _HIGHEST = np.uint64(32), np.uint64(21), np.uint64(42)

Triples = npt.NDArray[np.uint64]
"""The different runs of three characters of a text, ascending: eight bytes each, where a set of words took a hundred."""


def plain(text: str) -> str:
    """The words alone: without repost marks, handles, tags, contact numbers and punctuation."""
    if _MARKED.search(text):
        text = _REPOST.sub("", text)
    if _DIGITS.search(text):
        text = _CONTACT.sub("", text)
    return _NOISE.sub("", text).lower()


def triples(words: str) -> Triples:
    """All runs of three characters, each once and in order, packed into numbers of 63 bits; fewer than three characters are one run."""
    points = np.frombuffer(words.ljust(3, "\0").encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    runs = (points[:-2] << _HIGHEST) | (points[1:-1] << _MIDDLE) | points[2:]
    runs.sort()
    return runs[np.concatenate(([True], runs[1:] != runs[:-1]))]


@lru_cache(maxsize=4)
def told(text: str) -> Triples:
    """The runs of a text's words alone; one message is compared with many."""
    return triples(plain(text))


def similarity(one: Triples, other: Triples) -> float:
    """Jaccard share of common triples, 0–1."""
    common = _common(one, other)
    return common / (len(one) + len(other) - common)


def _common(one: Triples, other: Triples) -> int:
    both = np.concatenate((one, other))
    both.sort(kind="stable")
    return int(np.count_nonzero(both[1:] == both[:-1]))


@dataclass(frozen=True, slots=True)
class Wording:
    """One remembered text."""

    group: str
    """Texts of different groups (mode, denial or not) are never twins."""
    spot: str
    """Where it is about, as its reader understood; empty when not known."""
    words: str
    numbers: tuple[str, ...]
    counted: frozenset[str]
    """Numbers of people and of houses, floors and doors, with their words."""
    divisions: frozenset[str]
    """Districts and streets it names; where two texts name different ones they speak of different places."""
    triples: Triples
    buckets: tuple[int, ...]
    """One for each band: equal in two texts of one group when the smallest hashes of the band are equal."""
    elsewhere: tuple[int, ...]
    """Buckets a twin on the other side of `LONG` lies in."""


@dataclass
class Wordings:
    """The texts heard so far, searchable by likeness."""

    _kept: dict[str, Wording] = field(default_factory=dict)
    _buckets: dict[int, list[str]] = field(default_factory=dict)
    """Bucket, then its newest texts, oldest first."""
    _retold: dict[str, dict[str, None]] = field(default_factory=dict)
    """First text, then the keys of its later wordings: a copy of a copy is a copy of the first."""
    _first: dict[str, str] = field(default_factory=dict)

    def first_like(self, text: str, group: str, spot: str = "") -> str | None:
        """Id of the earliest remembered text with nearly the same words, or None. The new wording is kept beside the first."""
        wording = _wording(group, spot, text)
        if not wording.words:
            return None
        best: tuple[float, str] | None = None
        for key in self._neighbours(wording):
            alike = _sameness(self._kept[key], wording)
            first = self._first.get(key, key)
            if alike > (best[0] if best else 0.0) and _agrees(self._kept[first], wording):
                best = (alike, first)
        if best is None:
            return None
        if best[0] < 1.0:
            self._retell(best[1], wording)
        return best[1]

    def remember(self, id: str, text: str, group: str, spot: str = "") -> None:
        """Keep a text that repeats nothing, so that later ones can be compared with it."""
        wording = _wording(group, spot, text)
        if wording.words and id not in self._kept:
            self._keep(id, wording)
            while len(self._kept) > REMEMBERED:
                oldest = next(iter(self._kept))
                self.forget(self._first.get(oldest, oldest))

    def forget(self, id: str) -> None:
        """Let go of a text and all its wordings: the same words from now on are news."""
        for key in (*self._retold.pop(id, ()), id):
            self._first.pop(key, None)
            if key in self._kept:
                self._drop(key)

    def _retell(self, first: str, wording: Wording) -> None:
        known = self._retold.setdefault(first, {})
        if len(known) < WORDINGS_EACH:
            key = f"{first}\0{len(known)}"
            known[key] = None
            self._first[key] = first
            self._keep(key, wording)

    def _keep(self, key: str, wording: Wording) -> None:
        self._kept[key] = wording
        for name in wording.buckets:
            bucket = self._buckets.setdefault(name, [])
            bucket.append(key)
            if len(bucket) > PER_BUCKET:
                del bucket[0]

    def _neighbours(self, wording: Wording) -> list[str]:
        shared: Counter[str] = Counter()
        for name in (*wording.buckets, *wording.elsewhere):
            shared.update(reversed(self._buckets.get(name, ())))
        return [id for id, _ in shared.most_common(COMPARED)]

    def _drop(self, key: str) -> None:
        for name in self._kept.pop(key).buckets:
            bucket = self._buckets.get(name, [])
            if key in bucket:
                bucket.remove(key)
            if not bucket:
                self._buckets.pop(name, None)


def _sameness(one: Wording, other: Wording) -> float:
    """How alike two texts are when they count as the same words, else 0."""
    if one.group != other.group:
        return 0.0
    if one.words == other.words:
        return 1.0
    shorter = min(len(one.words), len(other.words))
    if shorter < SHORT or not _agrees(one, other):
        return 0.0
    common = _common(one.triples, other.triples)
    alike = common / (len(one.triples) + len(other.triples) - common)
    if shorter < LONG:
        return alike if alike >= ALIKE and one.numbers == other.numbers else 0.0
    held = common / min(len(one.triples), len(other.triples))
    return alike if alike >= PASSED_ON or held >= HELD else 0.0


def _agrees(one: Wording, other: Wording) -> bool:
    """Whether neither contradicts the other in places and counts: what a copy leaves out or adds is no contradiction."""
    pairs = ((one.divisions, other.divisions), (one.counted, other.counted))
    return _one_spot(one, other) and all(mine <= theirs or theirs <= mine for mine, theirs in pairs)


def _one_spot(one: Wording, other: Wording) -> bool:
    """Whether two texts may be about one spot. In few words the spot is what tells one call from the next."""
    if one.spot == other.spot:
        return True
    if min(len(one.words), len(other.words)) < LONG:
        return False
    return not one.spot or not other.spot or _speaks_of(one, other.spot) or _speaks_of(other, one.spot)


def _speaks_of(wording: Wording, spot: str) -> bool:
    return plain(spot).removesuffix("下穿") in wording.words.replace("的", "")


@lru_cache(maxsize=4)
def _wording(group: str, spot: str, text: str) -> Wording:
    words = plain(text)
    marks = triples(words)
    # Many say the same few words, each of another spot, and would crowd one another out of a bucket; long texts need not agree on theirs.
    long, near = len(words) >= LONG, ALIKE * LONG <= len(words) <= LONG / ALIKE
    bands = _bands_of(marks) if words else None
    buckets = [] if bands is None else [_buckets_of(bands, salt) for salt in ([group, f"{group}|{spot}"] if spot else [group])]
    if not long:
        buckets.reverse()
    return Wording(
        group,
        spot,
        words,
        tuple(_NUMBER.findall(words)),
        frozenset(m[0] for m in _COUNTED.finditer(words)),
        frozenset(_DIVISION.findall(words)),
        marks,
        buckets[0] if buckets else (),
        buckets[1] if near and len(buckets) > 1 else (),
    )


def _bands_of(marks: Triples) -> Triples:
    """One number for each band of smallest hashes."""
    # Multiply-shift: the product must run over its 64 bits, or every row would order the triples alike and all bands be one.
    hashes = (marks * _SPREAD) >> _HIGH
    signature = ((hashes * _FACTORS + _OFFSETS) >> _HIGH).min(axis=1).reshape(BANDS, ROWS)
    bands: Triples = (signature * _ROW_FACTORS).sum(axis=1, dtype=np.uint64)
    return bands


def _buckets_of(bands: Triples, group: str) -> tuple[int, ...]:
    place = np.uint64(zlib.crc32(group.encode("utf-8", "replace"))) + _BAND_NUMBERS
    return tuple((bands ^ (place * _SPREAD)).tolist())

"""Candidates from Neo4j's own full-text index, for libraries too large for one folder.

The server counts every passage that holds any word asked for, and sorts afterwards; so what a question costs is how often its words
occur, all together. Here the words are divided: rare ones choose the passages, common ones only help to order them. How rare a word
is, is known from a sample beside the graph, because asking the server once per word would cost more than the search.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from graph.lexical import Lexical, Passage

SAMPLE = 200_000
"""Passages the sample may hold: a library of this size or less is known whole."""
MOST = 150
"""Candidates fetched for one question. Recall does not change between 50 and 300, and each one is a read from the server's disk."""
READ = 1_000_000
"""How many occurrences one question may make the server read, as estimated from the sample; about 20 ns each.

A quarter of a city's library. On the lay questions, with this share of their library, recall is what it is without a bound (0.681); with
a twentieth it was 0.628.
"""
PLENTY = 2_000
"""Where rare words choose fewer passages than this, common words that stand together choose further ones."""
TOGETHER = 20_000
"""Common words are asked for together, as many as it takes until no more passages than this hold them all."""
HELPERS = 8
"""Common words that help to order what the others chose."""
WHEN_ALL_IS_OLD = 5
"""How many times as much is asked for where most of the best is no longer in force."""
FEW = 10
"""Fewer results than this, and all words are asked for after all: a slow answer is better than none."""


class Server(Protocol):
    """What the graph answers about the words of its provisions; `Store` does on Neo4j."""

    def sizes(self) -> tuple[int, int]:
        """How many documents and how many provisions there are."""
        ...

    def full_text(self, words: str, limit: int) -> list[Passage]:
        """Passages of the `limit` best provisions for a Lucene query over their text and what is `around` it."""
        ...

    def passages(self, provisions: Collection[str]) -> list[Passage]:
        """The passages of these provisions."""
        ...

    def articles(self, documents: Collection[str], articles: Collection[str]) -> list[Passage]:
        """The passages of these articles of these documents."""
        ...

    def keep_vectors(self, vectors: Mapping[str, Sequence[float]]) -> None:
        """Keep a vector of meaning per provision."""
        ...

    def nearest(self, vector: Sequence[float], limit: int) -> list[tuple[str, float]]:
        """Provisions nearest in meaning, with how near."""
        ...


@dataclass(frozen=True, slots=True)
class Word:
    """One thing asked for."""

    words: str
    """As Lucene reads it."""
    share: float
    """Estimated part of all passages that hold it, 0 … 1."""
    is_in_text: bool
    """Whether it is looked for in the text itself, not in what stands around it."""


class FullText:
    """Candidates of a `Server`."""

    def __init__(self, server: Server, sample: Lexical) -> None:
        self.server, self.sample = server, sample
        self.documents, self.provisions = server.sizes()

    def find(self, terms: Mapping[str, float], titles: Mapping[str, float], limit: int, without: Collection[str]) -> list[Passage]:
        """Up to `limit` passages, and no more than `MOST`, none from the documents in `without`."""
        asked = self._words(terms, titles)
        if not asked:
            return []
        limit, gone = min(limit, MOST), frozenset(without)
        found: list[Passage] = []
        for query in dict.fromkeys((chosen(asked, self.provisions), everything(asked))):
            found = self._living(query, limit, gone)
            if len(found) >= FEW:
                break
        return found[:limit]

    def _living(self, query: str, limit: int, gone: Collection[str]) -> list[Passage]:
        # What is not in force is left out afterwards, so more is asked for where much of the library is old.
        more = round(limit / max(1 - len(gone) / max(self.documents, 1), 0.1))
        for asked in (more, WHEN_ALL_IS_OLD * more):
            rows = self.server.full_text(query, asked)
            found = [passage for passage in rows if passage.document not in gone]
            if 2 * len(found) >= limit or len({passage.provision for passage in rows}) < asked:
                break
        return found

    def of(self, provisions: Collection[str]) -> list[Passage]:
        """The passages of these provisions."""
        return self.server.passages(provisions) if provisions else []

    def articles(self, documents: Collection[str], articles: Collection[str]) -> list[Passage]:
        """The passages of these articles of these documents."""
        return self.server.articles(documents, articles) if documents and articles else []

    def frequency(self, term: str) -> int:
        """In how many passages of the sample the term occurs."""
        return self.sample.frequency(term)

    def size(self) -> int:
        """How many passages the sample has."""
        return self.sample.size()

    def _words(self, terms: Mapping[str, float], titles: Mapping[str, float]) -> list[Word]:
        # Grams hold letters and digits only, so nothing of a question can act as Lucene syntax. The server's index knows pairs only.
        size = self.sample.size() + 1
        text = [
            Word(f'text:"{term}"^{weight:.1f}', (self.sample.frequency(term) + 0.5) / size, is_in_text=True)
            for term, weight in terms.items()
            if len(term) > 1 and weight > 0
        ]
        around = [
            Word(f'around:"{term}"^{weight:.1f}', (self.sample.title_frequency(term) + 0.5) / size, is_in_text=False)
            for term, weight in titles.items()
            if len(term) > 1 and weight > 0
        ]
        return text + around


def everything(asked: Sequence[Word]) -> str:
    """A query for whatever holds any of the words."""
    return " ".join(word.words for word in asked)


def chosen(asked: Sequence[Word], size: int) -> str:
    """A query that a library of `size` provisions answers quickly: any of the rare words, or common ones together, and some more to order by."""
    if sum(word.share for word in asked) * size <= READ:
        return everything(asked)
    rarest = sorted(asked, key=lambda word: (word.share, word.words))
    rare: list[Word] = []
    read = 0.0
    for word in rarest:
        if read + word.share * size > READ:
            break
        rare.append(word)
        read += word.share * size
    together: list[Word] = []
    if read < PLENTY:
        hold_all = float(size)
        for word in rarest:
            if word.is_in_text and word not in rare and hold_all > TOGETHER:
                together.append(word)
                hold_all *= word.share
    must = [word.words for word in rare]
    if together:
        must.append("(" + " ".join(f"+{word.words}" for word in together) + ")")
    # A helper is looked up in every passage chosen, so there are fewer of them where many are.
    helpers = min(HELPERS, int(READ / max(read, 1.0)) - 1)
    helping = [word.words for word in rarest if word not in rare and word not in together][:helpers]
    return " ".join([f"+({' '.join(must)})", *helping])

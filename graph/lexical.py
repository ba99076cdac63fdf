"""Where candidates for an answer come from: a full-text index of its own beside the embedded graph. Neo4j's is in `full_text.py`.

The index is tantivy's: on disk, read by mapping, updated document by document. It holds passages: a provision, or a stretch of
a long one, so that a ninety-page report cannot win by its length. Any source that gives passages and how often a term occurs
will do for the ranking in `graph/ranking.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import tantivy

from graph.intents import within
from graph.words import grams, plain
from models.domain import Provision

LONGEST_PASSAGE = 600
"""Characters of one passage; a longer provision is cut at the end of a sentence."""
SENTENCE_END = re.compile(r"(?<=[。；！？\n])")


@dataclass(frozen=True, slots=True)
class Passage:
    """A provision or a stretch of a long one, as searched."""

    provision: str
    """Id of the provision."""
    document: str
    """Id of its document."""
    article: str
    """As cited."""
    heading: str
    """What it stands under."""
    text: str
    """Its words as written."""
    plain: str
    """Its words, heading and topics as searched."""
    in_force: str
    """First day in force, ISO date; empty when it is the document's."""
    repealed: str
    """First day no longer in force, ISO date; empty when it is the document's."""
    says: str = ""
    """What its facts say and where: `kind@start-end` in characters of its text, blanks between; empty where no facts are known."""
    unverified: str = ""
    """`yes` where nobody has seen the wording; it may be shown, marked, and is never quoted as law."""


class Candidates(Protocol):
    """Passages that share words with a question, found fast and ranked roughly."""

    def find(self, terms: Mapping[str, float], titles: Mapping[str, float], limit: int, without: Collection[str]) -> list[Passage]:
        """Up to `limit` passages for weighted terms, title terms weighing in, none from the documents in `without`."""
        ...

    def of(self, provisions: Collection[str]) -> list[Passage]:
        """The passages of these provisions."""
        ...

    def articles(self, documents: Collection[str], articles: Collection[str]) -> list[Passage]:
        """The passages of these articles of these documents."""
        ...

    def frequency(self, term: str) -> int:
        """In how many passages the term occurs."""
        ...

    def size(self) -> int:
        """How many passages there are."""
        ...


def passages(provisions: Iterable[Provision], says: Mapping[str, str] = MappingProxyType({})) -> Iterator[Passage]:
    """The searchable passages of provisions; `says` is what the facts of each provision say, as `graph/intents.py` writes it."""
    for provision in provisions:
        around = plain(" ".join([provision.heading.replace(" / ", " "), *provision.topics]))
        known = says.get(provision.id, "")
        begins = 0
        for text in stretches(provision.text):
            yield Passage(
                provision=provision.id,
                document=provision.document,
                article=provision.article,
                heading=provision.heading,
                text=text,
                plain=f"{around}\n{plain(text)}",
                in_force=provision.in_force.isoformat() if provision.in_force else "",
                repealed=provision.repealed.isoformat() if provision.repealed else "",
                says=within(known, begins, begins + len(text)),
                unverified="" if provision.verified else "yes",
            )
            begins += len(text)


def stretches(text: str, longest: int = LONGEST_PASSAGE) -> list[str]:
    """Text cut at sentence ends into stretches of at most `longest` characters; a sentence longer than that is cut hard."""
    if len(text) <= longest:
        return [text]
    found = [""]
    for sentence in SENTENCE_END.split(text):
        for start in range(0, len(sentence), longest):
            piece = sentence[start : start + longest]
            if found[-1] and len(found[-1]) + len(piece) > longest:
                found.append("")
            found[-1] += piece
    return found


class Lexical:
    """The full-text index in one folder. One process writes at a time; any number read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        fields = tantivy.SchemaBuilder()
        fields.add_text_field("document", stored=False, tokenizer_name="raw", index_option="basic")
        fields.add_text_field("provision", stored=False, tokenizer_name="raw", index_option="basic")
        fields.add_text_field("cite", stored=False, tokenizer_name="raw", index_option="basic")
        fields.add_text_field("body", stored=False, tokenizer_name="gram", index_option="freq")
        fields.add_text_field("title", stored=False, tokenizer_name="gram", index_option="freq")
        fields.add_text_field("passage", stored=True, tokenizer_name="raw", index_option="basic")
        self.schema = fields.build()
        self.index = tantivy.Index(self.schema, path=str(folder))
        self.index.register_tokenizer("gram", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        self.index.reload()
        self.seen = self.index.searcher()

    def update(self, changed: Iterable[tuple[str, str, Sequence[Passage]]], removed: Collection[str] = ()) -> None:
        """Replace the passages of each (document id, title) and drop those of the removed documents, all at once or not at all."""
        writer = self.index.writer(heap_size=64_000_000, num_threads=1)
        for document in removed:
            writer.delete_documents_by_term("document", document)
        for document, title, pieces in changed:
            writer.delete_documents_by_term("document", document)
            title_terms = " ".join(grams(plain(title)))
            for piece in pieces:
                entry = tantivy.Document()
                entry.add_text("document", document)
                entry.add_text("provision", piece.provision)
                entry.add_text("cite", f"{document}|{piece.article}")
                entry.add_text("body", " ".join(grams(piece.plain)))
                entry.add_text("title", title_terms)
                entry.add_text("passage", json.dumps([getattr(piece, name) for name in Passage.__slots__], ensure_ascii=False))
                writer.add_document(entry)
        writer.commit()
        writer.wait_merging_threads()
        self.reload()

    def reload(self) -> None:
        """See what another process has written."""
        self.index.reload()
        self.seen = self.index.searcher()

    def find(self, terms: Mapping[str, float], titles: Mapping[str, float], limit: int, without: Collection[str]) -> list[Passage]:
        """Up to `limit` passages for weighted terms, title terms weighing in, none from the documents in `without`."""
        parts = [(tantivy.Occur.Should, self._term("body", term, weight)) for term, weight in terms.items()]
        parts += [(tantivy.Occur.Should, self._term("title", term, weight)) for term, weight in titles.items()]
        if not parts:
            return []
        query = tantivy.Query.boolean_query(parts)
        if without:
            dead = tantivy.Query.term_set_query(self.schema, "document", list(without))
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.MustNot, dead)])
        return self._read(query, limit)

    def of(self, provisions: Collection[str]) -> list[Passage]:
        """The passages of these provisions."""
        if not provisions:
            return []
        return self._read(tantivy.Query.term_set_query(self.schema, "provision", list(provisions)), 20 * len(provisions))

    def frequency(self, term: str) -> int:
        """In how many passages the term occurs."""
        return int(self.seen.doc_freq("body", term))

    def title_frequency(self, term: str) -> int:
        """How many passages stand under a title with the term."""
        return int(self.seen.doc_freq("title", term))

    def size(self) -> int:
        """How many passages there are."""
        return int(self.seen.num_docs)

    def articles(self, documents: Collection[str], articles: Collection[str]) -> list[Passage]:
        """The passages of these articles of these documents."""
        names = [f"{document}|{article}" for document in documents for article in articles]
        return self._read(tantivy.Query.term_set_query(self.schema, "cite", names), 200) if names else []

    def _read(self, query: tantivy.Query, limit: int) -> list[Passage]:
        hits = self.seen.search(query, limit, count=False).hits
        return [Passage(*json.loads(self.seen.doc(address)["passage"][0])) for _, address in hits]

    def _term(self, field: str, term: str, weight: float) -> Any:
        return tantivy.Query.boost_query(tantivy.Query.term_query(self.schema, field, term, "freq"), weight)

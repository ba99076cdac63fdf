"""Where candidates for an answer come from: a full-text index of its own beside the embedded graph, or Neo4j's.

The index is tantivy's: on disk, read by mapping, updated document by document. It holds passages: a provision, or a stretch of
a long one, so that a ninety-page report cannot win by its length. Any source that gives passages and how often a term occurs
will do for the ranking in `graph/ranking.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import tantivy

from graph.words import grams, plain
from models.domain import Document, Fact, Provision

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


def passages(
    document: Document, provisions: Iterable[Provision], facts: Mapping[str, Sequence[Fact]] = MappingProxyType({})
) -> Iterator[Passage]:
    """The searchable passages of one document's provisions; `facts` are those of each provision."""
    for provision in provisions:
        around = plain(" ".join([provision.heading.replace(" / ", " "), *provision.topics]))
        known = facts.get(provision.id, ())
        begins = 0
        for text in stretches(provision.text):
            yield Passage(
                provision=provision.id,
                document=document.id,
                article=provision.article,
                heading=provision.heading,
                text=text,
                plain=f"{around}\n{plain(text)}",
                in_force=provision.in_force.isoformat() if provision.in_force else "",
                repealed=provision.repealed.isoformat() if provision.repealed else "",
                says=marks(known, begins, begins + len(text)),
                unverified="" if provision.verified else "yes",
            )
            begins += len(text)


def marks(facts: Iterable[Fact], begins: int, ends: int) -> str:
    """The facts that lie in this stretch of a provision, as `Passage.says` writes them."""
    found = []
    for fact in facts:
        if fact.start < ends and fact.end > begins:
            kinds: list[str] = [fact.kind]
            if fact.recipient:
                kinds.append(f"{fact.kind}_to")
            if fact.kind == "duty" and fact.unit:
                kinds.append("duty_when")
            found += [f"{kind}@{max(fact.start - begins, 0)}-{min(fact.end, ends) - begins}" for kind in kinds]
    return " ".join(dict.fromkeys(found))


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


class FullText:
    """Candidates from a server's own full-text index, for libraries too large for one folder.

    `read(words, limit)` is the store's query, and returns rows of the fields of `Passage`. Frequencies are those of a local
    sample, because asking the server once per term would cost more than the search.
    """

    def __init__(self, read: Callable[[str, int], Iterable[Mapping[str, str]]], sample: Candidates) -> None:
        self.read = read
        self.sample = sample

    def find(self, terms: Mapping[str, float], titles: Mapping[str, float], limit: int, without: Collection[str]) -> list[Passage]:
        """Up to `limit` passages for weighted terms, none from the documents in `without`."""
        # Grams hold letters and digits only, so nothing of the question can act as Lucene syntax.
        words = " ".join(f'"{term}"^{weight:.1f}' for term, weight in terms.items() if len(term) > 1 and weight > 0)
        if not words:
            return []
        rows = self.read(words, limit + 10 * min(len(without), 20))
        found = [Passage(**{name: str(row.get(name) or "") for name in Passage.__slots__}) for row in rows]
        return [passage for passage in found if passage.document not in without][:limit]

    def of(self, provisions: Collection[str]) -> list[Passage]:
        """The passages of these provisions, from the sample."""
        return self.sample.of(provisions)

    def articles(self, documents: Collection[str], articles: Collection[str]) -> list[Passage]:
        """The passages of these articles of these documents, from the sample."""
        return self.sample.articles(documents, articles)

    def frequency(self, term: str) -> int:
        """In how many passages of the sample the term occurs."""
        return self.sample.frequency(term)

    def size(self) -> int:
        """How many passages the sample has."""
        return self.sample.size()

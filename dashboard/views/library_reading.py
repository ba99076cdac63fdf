"""What the library pages read: the search of this process, and answers kept until the library changes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from dashboard.reading import home, position, reading
from graph.citations import Shelf
from graph.importing import Expiring, StaleReference, expiring, stale_references
from graph.knowledge import Knowledge
from graph.library_index import newest, references_of, up_to_date
from graph.search import Index
from graph.store import Citation, Neighbourhood
from models.domain import Document, Fact, Provision, Reference

PICTURED = 24
"""Most relations drawn in one picture."""


@dataclass(frozen=True)
class Article:
    """One provision with all that is shown beside it."""

    provision: Provision
    document: Document
    versions: tuple[Document, ...]
    """Versions of the same law, oldest first, this one among them."""
    facts: tuple[Fact, ...]
    cites: tuple[Citation, ...]
    """What it cites, in the versions of the day asked."""
    cited_by: tuple[tuple[Reference, Provision], ...]
    titles: dict[str, str]
    """Titles of the documents that cite it, by id."""


@st.cache_resource(show_spinner=False, max_entries=4)
def _at(home: str, projected: int) -> int:
    return reading(newest)


def at() -> int:
    """Position of the newest change to the library: the same number, the same answers."""
    return _at(home(), position())


@st.cache_resource(show_spinner=False, max_entries=2)
def _index(home: str, at: int, store: int) -> Index:
    return reading(lambda k: up_to_date(k, at))


def index() -> Index:
    """The search of this process; opened at first use and again when the library has changed, or the connection it asks through."""
    return _index(home(), at(), reading(lambda k: id(k.store)))


@st.cache_resource(show_spinner=False, max_entries=2)
def _counts(home: str, at: int) -> dict[str, int]:
    return reading(lambda k: k.store.counts())


def counts() -> dict[str, int]:
    """How many documents, provisions and facts the graph holds, by label."""
    return _counts(home(), at())


@st.cache_resource(show_spinner=False, max_entries=32)
def _contents(home: str, at: int, document: str) -> tuple[Provision, ...]:
    return tuple(reading(lambda k: k.store.provisions_of(document)))


def contents(document: str) -> tuple[Provision, ...]:
    """The provisions of a document in their order."""
    return _contents(home(), at(), document)


@st.cache_resource(show_spinner=False, max_entries=64)
def _article(home: str, at: int, id: str, day: date) -> Article:
    def read(k: Knowledge) -> Article:
        provision = k.store.provision(id)
        document = k.store.document(provision.document)
        cited_by = tuple(k.store.citations_in(id))
        others = {citing.document for _, citing in cited_by}
        return Article(
            provision=provision,
            document=document,
            versions=tuple(k.store.versions(document.id)),
            facts=tuple(sorted(k.store.facts(provision=id), key=lambda fact: (fact.start, fact.id))),
            cites=tuple(k.store.citations_out(id, day)),
            cited_by=cited_by,
            titles={other: k.store.document(other).title for other in others},
        )

    return reading(read)


def article(id: str, day: date) -> Article:
    """One provision as it is read on a day. Raises `NotFound`."""
    return _article(home(), at(), id, day)


@st.cache_resource(show_spinner=False, max_entries=64)
def _provisions(home: str, at: int, ids: tuple[str, ...]) -> dict[str, Provision]:
    return {provision.id: provision for provision in reading(lambda k: k.store.provisions(ids))}


def provisions(ids: tuple[str, ...]) -> dict[str, Provision]:
    """These provisions by id; one that is gone is left out."""
    return _provisions(home(), at(), ids) if ids else {}


def verified(ids: tuple[str, ...]) -> frozenset[str]:
    """Those of these provisions whose wording was seen in a source text."""
    return frozenset(id for id, provision in provisions(ids).items() if provision.verified)


@st.cache_resource(show_spinner=False, max_entries=64)
def _around(home: str, at: int, id: str) -> Neighbourhood:
    return reading(lambda k: k.store.neighbourhood(id, 1, PICTURED))


def around(id: str) -> Neighbourhood:
    """What stands one step around a provision, as much as a picture can show."""
    return _around(home(), at(), id)


@st.cache_resource(show_spinner=False, max_entries=8)
def _ending(home: str, at: int, day: date, days: int) -> tuple[Expiring, ...]:
    within = timedelta(days=days)
    return tuple(expiring(reading(lambda k: k.store.expiring(day, day + within)), day, within))


def ending(day: date, days: int) -> tuple[Expiring, ...]:
    """Documents that expire, must be reviewed or are repealed within so many days, and those overdue."""
    return _ending(home(), at(), day, days)


@st.cache_resource(show_spinner=False, max_entries=2)
def _stale(home: str, at: int, day: date) -> tuple[StaleReference, ...]:
    def read(k: Knowledge) -> tuple[StaleReference, ...]:
        documents = {document.id: document for document in k.store.every_document()}
        owner = {provision.id: provision.document for provision in k.store.every_provision()}
        cited: dict[str, list[Reference]] = defaultdict(list)
        for reference in references_of(k.store, owner):
            if reference.kind == "external":
                cited[owner[reference.provision]].append(reference)
        shelf = Shelf(documents.values(), ())
        return tuple(stale_references([(documents[name], items) for name, items in sorted(cited.items())], shelf, day))

    return reading(read)


def stale(day: date) -> tuple[StaleReference, ...]:
    """Citations of texts no longer law on the day. Reads every citation in the library, so only when a person asks for it."""
    return _stale(home(), at(), day)


def article_in(document: str, article: str) -> str | None:
    """Id of the provision so numbered in a document, else of its first; null for a document without text."""
    provisions = contents(document)
    same = next((provision.id for provision in provisions if provision.article == article), None)
    return same or (provisions[0].id if provisions else None)

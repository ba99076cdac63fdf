"""The search over the library, kept in step with the graph: built whole once, afterwards only what the ledger says has changed.

The command line and the library page open it the same way.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path

from graph.knowledge import Knowledge
from graph.search import Index
from graph.store import Store
from graph.words import ANALYSIS
from models.domain import Document, Provision, Reference
from models.errors import NotFound

KINDS = ("library.added", "library.removed")
"""Ledger entries that change the library."""

DOCUMENTS_TOGETHER = 2_000
"""Documents indexed in one go: what has to fit in memory at once."""

REFERENCES_TOGETHER = 2_000
"""Provisions whose citations are asked for in one question."""

FACTS_OF_ONE = 100_000
"""Most facts of one document; the longest code of law gives a few thousand."""


@dataclass(frozen=True)
class Place:
    """How far the search follows the ledger."""

    seq: int
    """Newest library entry that is in it."""
    hash: str
    """That entry's hash: another ledger under the same folder is noticed."""
    starter: str
    """Digest of the shipped library that is in it."""
    analysis: str
    """How words were cut; another way means another index."""


def newest(knowledge: Knowledge) -> int:
    """Position of the newest change to the library that the graph holds; 0 while there is only the shipped one."""
    projected = knowledge.store.projected()
    return next((entry.seq for entry in knowledge.ledger.entries(kinds=KINDS, newest_first=True) if entry.seq <= projected), 0)


def up_to_date(knowledge: Knowledge, at: int) -> Index:
    """The search holding every change up to `at`; one process brings it there, the others wait and find it done."""
    folder = knowledge.settings.folder("library")
    with (folder / "index.lock").open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        index = Index(folder, home=knowledge.settings.city_name)
        wanted, reached = _place(knowledge, at), _read(folder / "place.json")
        if (
            reached
            and (reached.starter, reached.analysis) == (wanted.starter, wanted.analysis)
            and reached == _place(knowledge, reached.seq)
        ):
            if reached.seq >= at:
                return index
            _follow(knowledge, index, reached.seq, at)
        else:
            _build(knowledge.store, index)
        draft = folder / "place.new"
        draft.write_text(json.dumps(asdict(wanted)), encoding="utf-8")
        draft.replace(folder / "place.json")
        return index


def references_of(store: Store, provisions: Iterable[str]) -> Iterator[Reference]:
    """What these provisions cite, asked for in bearable pieces."""
    ids = list(provisions)
    for start in range(0, len(ids), REFERENCES_TOGETHER):
        yield from store.references_of(ids[start : start + REFERENCES_TOGETHER])


def _follow(knowledge: Knowledge, index: Index, after: int, until: int) -> None:
    entries = takewhile(lambda entry: entry.seq <= until, knowledge.ledger.entries(after, kinds=KINDS))
    changed, gone = [], []
    for subject in dict.fromkeys(entry.subject for entry in entries):
        try:
            changed.append(knowledge.store.document(subject))
        except NotFound:
            gone.append(subject)
    _put(knowledge.store, index, changed)
    index.remove(gone)


def _build(store: Store, index: Index) -> None:
    documents = list(store.every_document())
    for start in range(0, len(documents), DOCUMENTS_TOGETHER):
        _put(store, index, documents[start : start + DOCUMENTS_TOGETHER])
    index.remove(set(index.shelf.held) - {document.id for document in documents})


def _put(store: Store, index: Index, documents: Sequence[Document]) -> None:
    provisions: list[Provision] = [provision for document in documents for provision in store.provisions_of(document.id)]
    facts = [fact for document in documents for fact in store.facts(document=document.id, limit=FACTS_OF_ONE)]
    index.update(documents, provisions, references_of(store, [provision.id for provision in provisions]), facts, whole=False)


def _place(knowledge: Knowledge, seq: int) -> Place:
    entry = next(iter(knowledge.ledger.entries(seq - 1, limit=1)), None) if seq else None
    return Place(seq, entry.hash if entry and entry.seq == seq else "", knowledge.store.library_digest(), str(ANALYSIS))


def _read(path: Path) -> Place | None:
    try:
        return Place(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        # Without a readable place the whole is built again, which is never wrong.
        return None

"""Bringing documents onto the shelf: what a file becomes, what of a folder is new, what went stale.

The ledger keeps every text ever imported: `library.added` with the whole reading, again when the text or its place among its versions
changes, and `library.removed`. A run that was cut off is begun again and does only what is left. A file that cannot be read is told
with its reason and stops nothing else.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from graph.articles import parse
from graph.citations import Shelf, linked, references, repeals
from graph.facts import facts
from graph.people import allow
from graph.texts import MOST_BYTES, read
from models.domain import Document, Imported, Person, Reference, digest
from models.errors import BadInput, NotFound

if TYPE_CHECKING:
    from graph.knowledge import Knowledge

SUFFIXES = frozenset({".md", ".markdown", ".txt", ".docx", ".xlsx", ".xls", ".htm", ".html", ".pdf"})
"""Files a folder is searched for; a file named by itself is tried whatever it is called."""
NOT_DOCUMENTS = frozenset({"readme", "provenance", "license", "licence", "changelog"})
"""Files that stand beside documents and are none."""
BATCH = 200
"""Documents read before they are recorded together: what a run that is cut off may have to read again."""

Progress = Callable[[int, int, str], None]
"""Called with how many files are done, of how many, and the name of the one at hand."""


# -- reading ------------------------------------------------------------------------------------------------------------------


def imported(data: bytes, name: str) -> Imported:
    """Everything these bytes bring into the library, as a file of this name. Raises BadInput."""
    document, provisions = parse(read(data, name), hashlib.sha256(data).hexdigest())
    if not provisions:
        raise BadInput(f"{name}：分不出条、项或段落，请核对是不是法规、预案或案例的正文。")
    return Imported(
        document=document, provisions=provisions, references=references(document, provisions), facts=facts(document, provisions)
    )  # fmt: skip


def read_document(path: Path) -> Imported:
    """Everything this file brings into the library. Raises BadInput naming the file and what to do."""
    return imported(_bytes(path), path.name)


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise BadInput(f"{path}：没有这个文件，请核对路径。")
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{path}：超过单个文件的上限 {MOST_BYTES // 2**20} MiB，请拆分，或只保存其中的文字。")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}：打不开（{error.strerror}），请核对权限。") from error


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The documents among these files and in these folders, in the order of their names, each once. Raises BadInput for a path that is not there."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = (p for p in sorted(path.rglob("*")) if p.is_file() and not p.is_symlink() and p.suffix.lower() in SUFFIXES)
            found |= dict.fromkeys(p for p in inside if not p.name.startswith((".", "~$")) and p.stem.lower() not in NOT_DOCUMENTS)
        elif path.is_file():
            found[path] = None
        else:
            raise BadInput(f"{path}：没有这个文件或文件夹，请核对路径。")
    return list(found)


# -- what is held, what is new ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """A document the ledger says is on the shelf."""

    document: Document
    repeals: tuple[str, ...] = ()
    """Titles it repeals by name."""
    texts: str = ""
    """Digest of its articles: the same law filed twice is one document."""


@dataclass(frozen=True)
class Planned:
    """What importing one file would do."""

    path: Path
    action: Literal["new", "changed", "same", "unreadable"]
    sha256: str = ""
    reading: Imported | None = None
    replaces: str = ""
    """Id of the document whose text this one takes the place of."""
    reason: str = ""
    """Why it cannot be read, or what it is the same as."""


def held(knowledge: Knowledge) -> dict[str, Held]:
    """What is on the shelf by the ledger, by document id."""
    shelf: dict[str, Held] = {}
    for entry in knowledge.ledger.entries(kinds=("library.added", "library.removed")):
        if entry.kind == "library.removed":
            shelf.pop(entry.subject, None)
        else:
            shelf[entry.subject] = holding(Imported.model_validate(entry.payload))
    return shelf


def holding(reading: Imported) -> Held:
    """What of a reading is needed to compare it with others."""
    return Held(reading.document, repeals(reading.document, reading.provisions), _texts(reading))


def _texts(reading: Imported) -> str:
    return digest([[p.article, p.text] for p in reading.provisions])


def plan_of(paths: Iterable[Path], shelf: Mapping[str, Held] | None = None, progress: Progress | None = None) -> Iterator[Planned]:
    """What importing these files and folders would do to the shelf, one file at a time."""
    known = dict(shelf or {})
    by_sha = {item.document.sha256: id for id, item in known.items()}
    files = files_in(paths)
    for done, path in enumerate(files):
        if progress:
            progress(done, len(files), path.name)
        planned = _planned(path, known, by_sha)
        if planned.reading and planned.action in {"new", "changed"}:
            known.pop(planned.replaces, None)
            known[planned.reading.document.id] = holding(planned.reading)
            by_sha[planned.sha256] = planned.reading.document.id
        yield planned
    if progress:
        progress(len(files), len(files), "")


def _planned(path: Path, known: Mapping[str, Held], by_sha: Mapping[str, str]) -> Planned:
    try:
        data = _bytes(path)
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in by_sha:
            return Planned(path, "same", sha256, reason=by_sha[sha256])
        reading = imported(data, path.name)
    except BadInput as error:
        return Planned(path, "unreadable", reason=str(error))
    document = reading.document
    before = known.get(document.id)
    if before and before.texts == _texts(reading):
        return Planned(path, "same", sha256, reason=document.id)
    if before:
        return Planned(path, "changed", sha256, reading, replaces=document.id)
    # Without a date the id comes from the text, so an edited file is known by its name and its title.
    old = next((id for id, item in known.items() if _edited(item.document, document)), "")
    return Planned(path, "changed" if old else "new", sha256, reading, replaces=old)


def _edited(old: Document, new: Document) -> bool:
    return old.file == new.file and old.lineage == new.lineage and old.version_date == new.version_date


# -- adding and removing ------------------------------------------------------------------------------------------------------


@dataclass
class ImportCount:
    """What an import did; the first four add up to the files read."""

    new: int = 0
    changed: int = 0
    same: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    """File and reason."""
    relinked: int = 0
    """Documents already there whose versions or repeal were corrected by what came."""
    provisions: int = 0
    references: int = 0
    facts: int = 0
    seconds: float = 0.0


def add(knowledge: Knowledge, paths: Iterable[Path], progress: Progress | None = None, *, by: Person | str) -> ImportCount:
    """Import these files and folders; may be cut off and run again, and does nothing for what is there already.

    A changed file takes the place of its old text; the ledger keeps both. What the new documents supersede or repeal is written on
    the older ones, which are recorded again. Raises BadInput only for a path that does not exist, and Refused while another process
    imports or removes: each reads what is there before it writes, and two at once would not see each other's versions. NotAllowed to a
    person without the permission `manage_library`; a mere name is whoever runs the program on the files of the desk.
    """
    name = _permitted(knowledge, by)
    with knowledge.ledger.sole_importer():
        return _add(knowledge, paths, progress, by=name)


def _add(knowledge: Knowledge, paths: Iterable[Path], progress: Progress | None, *, by: str) -> ImportCount:
    begun = time.monotonic()
    count = ImportCount()
    shelf = held(knowledge)
    before = {id: item.document for id, item in shelf.items()}
    fresh: dict[str, Imported] = {}
    for planned in plan_of(paths, shelf, progress):
        if planned.action == "unreadable":
            count.unreadable.append((str(planned.path), planned.reason))
        elif planned.reading is None:
            count.same += 1
        else:
            id = planned.reading.document.id
            if planned.replaces and planned.replaces != id:
                shelf.pop(planned.replaces, None)
                fresh.pop(planned.replaces, None)
                if before.pop(planned.replaces, None):
                    knowledge.ledger.record("library.removed", planned.replaces, {"replaced_by": id}, by=by)
            shelf[id] = holding(planned.reading)
            fresh[id] = planned.reading
            count.new += planned.action == "new"
            count.changed += planned.action == "changed"
        if len(fresh) >= BATCH:
            before = _record(knowledge, shelf, before, fresh, count, by=by)
            fresh = {}
    _record(knowledge, shelf, before, fresh, count, by=by)
    count.seconds = time.monotonic() - begun
    return count


def _record(
    knowledge: Knowledge,
    shelf: Mapping[str, Held],
    before: Mapping[str, Document],
    fresh: Mapping[str, Imported],
    count: ImportCount,
    *,
    by: str,
) -> dict[str, Document]:
    """Write down what is fresh and whose standing among its versions changed; returns the documents as they now stand."""
    documents = relinked(shelf)
    for id, document in documents.items():
        reading = fresh.get(id)
        if reading is None and document == before.get(id):
            continue
        if reading is None:
            reading = reading_of(knowledge, id)
            count.relinked += 1
        else:
            count.provisions += len(reading.provisions)
            count.references += len(reading.references)
            count.facts += len(reading.facts)
        knowledge.ledger.record("library.added", id, dated(reading, document).model_dump(mode="json"), by=by)
    knowledge.catch_up()
    return documents


def relinked(shelf: Mapping[str, Held]) -> dict[str, Document]:
    """Every document with what it supersedes and when it ceased to be law, worked out anew from what is on the shelf."""
    bare = [
        item.document.model_copy(
            update={"supersedes": (), "repealed": None, "note": re.sub("本文本未注明日期；另有[^。]*。", "", item.document.note)}
        )
        for _, item in sorted(shelf.items())
    ]
    return {d.id: d for d in linked(bare, {id: item.repeals for id, item in shelf.items()})}


def dated(reading: Imported, document: Document) -> Imported:
    """The reading with this state of its document, whose dates its articles take over."""
    provisions = tuple(p.model_copy(update={"in_force": document.in_force, "repealed": document.repealed}) for p in reading.provisions)
    return reading.model_copy(update={"document": document, "provisions": provisions})


def reading_of(knowledge: Knowledge, id: str) -> Imported:
    """The newest reading of a document in the ledger. Raises NotFound."""
    for entry in knowledge.ledger.entries(kinds=("library.added", "library.removed"), subject=id, newest_first=True, limit=1):
        if entry.kind == "library.added":
            return Imported.model_validate(entry.payload)
    raise NotFound(f"没有编号为 {id} 的导入文件，请用 anlan library list 查看现有文件。")


def remove(knowledge: Knowledge, id: str, *, by: Person | str, reason: str = "") -> None:
    """Take a document off the shelf with everything it brought; older versions it had ended are law again. Raises NotFound, and as `add` does."""
    name = _permitted(knowledge, by, id)
    with knowledge.ledger.sole_importer():
        reading_of(knowledge, id)
        shelf = held(knowledge)
        before = {key: item.document for key, item in shelf.items() if key != id}
        del shelf[id]
        knowledge.ledger.record("library.removed", id, {"reason": reason}, by=name)
        _record(knowledge, shelf, before, {}, ImportCount(), by=name)


def _permitted(knowledge: Knowledge, by: Person | str, subject: str = "") -> str:
    if isinstance(by, str):
        return by
    allow(knowledge.ledger, by, "manage_library", subject=subject)
    return by.name


# -- going stale --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expiring:
    """A document that needs a person's attention by a day."""

    document: Document
    day: date
    what: Literal["expires", "review", "repealed"]
    """Its validity ends, its own review is due, or a later document ends it."""


def expiring(documents: Iterable[Document], on: date, within: timedelta) -> list[Expiring]:
    """Documents whose validity or review ends by `on + within`, or ended before and nobody replaced them; the most urgent first.

    A repeal is told only while it is still to come: a law repealed long ago is history, not a task.
    """
    until = on + within
    found = []
    for document in documents:
        if document.repealed and document.repealed <= on:
            continue
        if document.repealed and document.repealed <= until:
            found.append(Expiring(document, document.repealed, "repealed"))
        if document.expires and document.expires <= until:
            found.append(Expiring(document, document.expires, "expires"))
        if document.review_by and document.review_by <= until:
            found.append(Expiring(document, document.review_by, "review"))
    return sorted(found, key=lambda e: (e.day, e.document.id, e.what))


@dataclass(frozen=True)
class StaleReference:
    """A citation of a text that is no longer law."""

    reference: Reference
    citing: Document
    cited: Document
    """The version it meant when it was written."""
    current: Document | None
    """The version in force on the day; null when there is none."""
    reason: str
    """Chinese sentence."""


def stale_references(cited: Iterable[tuple[Document, Sequence[Reference]]], shelf: Shelf, on: date) -> list[StaleReference]:
    """What these documents cite that was superseded or repealed since they were written.

    What a document meant is the version in force on its own day, or the one whose year it names; a document of unknown day is only
    told about laws that are wholly gone.
    """
    found = []
    for document, items in cited:
        if document.repealed and document.repealed <= on:
            continue
        made = document.version_date or document.issued or document.in_force
        for reference in items:
            versions = shelf.versions(reference.title, document.region) if reference.kind == "external" else []
            if not versions:
                continue
            year = re.search(r"[（(〔]((?:19|20)\d{2})", reference.title + reference.quote[len(reference.title) :])
            named = next((v for v in reversed(versions) if year and v.version_date and v.version_date.year == int(year[1])), None)
            meant = named or (shelf.in_force(reference.title, made, document.region) if made else None) or versions[-1]
            now = shelf.in_force(reference.title, on, document.region)
            now = None if now is None or (now.repealed and now.repealed <= on) else now
            if meant.repealed is None or meant.repealed > on or (now and now.id == meant.id):
                continue
            reason = f"《{meant.title}》已于{meant.repealed.isoformat()}起不再有效"
            reason += f"，现行的是{(now.version_date or now.in_force or on).isoformat()}的文本" if now else "，库中没有替代它的文本"
            found.append(
                StaleReference(
                    reference, document, meant, now, reason + "，条文序号可能已变，请核对。" if reference.article else reason + "。"
                )
            )
    return found

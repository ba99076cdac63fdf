"""Bringing documents in and taking them off the shelf. Only whoever may manage the library; the domain asks again at every press."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

import streamlit as st

from dashboard import look, session
from dashboard.reading import reading
from dashboard.session import answering
from dashboard.views import library_reading as shelf
from dashboard.views.library_marks import level_chip, span
from dashboard.words import t
from graph import importing
from graph.importing import ImportCount, Progress
from models.domain import Document
from models.errors import BadInput
from models.settings import Settings

MOST_MEGABYTES, MOST_FILES = 20, 200
"""Largest file, and most files, taken through the browser at once; larger ones go through the command line."""

LONGEST_NAME = 180
"""Bytes of a file name that are kept; file systems take 255."""

FORBIDDEN = frozenset('/\\:*?"<>|')
"""Characters no file name keeps here."""

LISTED = 100
"""Most documents offered for removal at once."""


class Upload(Protocol):
    """A file as the browser sends it."""

    name: str

    def getvalue(self) -> bytes:
        """All of it."""


@dataclass(frozen=True)
class BroughtIn:
    """What an import did, and by name what it could not read."""

    count: ImportCount
    failed: tuple[tuple[str, str], ...]
    """File and reason."""


def bench() -> None:
    """Files in, what came of them, and the shelf to take from."""
    left, right = st.columns([1, 1], gap="large")
    with left, answering():
        _files()
    with right, answering():
        _removal()


def _files() -> None:
    look.show(f"<h3>{look.escaped(t('library_import.title'))}</h3>")
    turn = st.session_state.setdefault("library_upload", 0)
    kinds = sorted(suffix.removeprefix(".") for suffix in importing.SUFFIXES)
    uploads = st.file_uploader(
        t("library_import.files"),
        kinds,
        accept_multiple_files=True,
        key=f"library_files_{turn}",
        max_upload_size=MOST_MEGABYTES,
    )
    limits = t("library_import.limits", megabytes=MOST_MEGABYTES, files=MOST_FILES)
    look.show(f'<div class="anlan-dim">{look.escaped(t("library_import.note"))}{look.escaped(limits)}</div>')
    if st.button(t("library_import.go"), icon=":material/library_add:", type="primary", key="library-import", disabled=not uploads):
        bar = st.progress(0.0, t("library_import.reading"))

        def progress(done: int, of: int, name: str) -> None:
            bar.progress(done / of if of else 1.0, t("library_import.progress", done=done, of=of))

        done = bring_in(uploads, progress)
        st.session_state["library_brought_in"] = done
        st.session_state["library_upload"] = turn + 1
        st.rerun()
    told = st.session_state.get("library_brought_in")
    if told:
        _result(told)


def bring_in(uploads: Sequence[Upload], progress: Progress | None = None) -> BroughtIn:
    """Import these files as the person signed in. Raises `NotAllowed`, recorded, and `BadInput` for too many files."""
    session.allowed("manage_library")
    who = session.here()
    if len(uploads) > MOST_FILES:
        raise BadInput(t("library_import.too_many", files=MOST_FILES))
    with tempfile.TemporaryDirectory(dir=Settings().folder("library"), prefix="incoming-") as folder:
        refused, paths = [], []
        for number, upload in enumerate(uploads):
            name, data = safe_name(upload.name), upload.getvalue()
            if PurePath(name).suffix.lower() not in importing.SUFFIXES:
                refused.append((name, t("library_import.wrong_kind")))
            elif len(data) > MOST_MEGABYTES * 2**20:
                refused.append((name, t("library_import.too_large", megabytes=MOST_MEGABYTES)))
            else:
                # A folder each: two files of one name are two files.
                path = Path(folder, str(number), name)
                path.parent.mkdir()
                path.write_bytes(data)
                paths.append(path)
        count = reading(lambda k: importing.add(k, paths, progress, by=who))
    unread = [(Path(name).name, reason.replace(f"{Path(name).parent}/", "")) for name, reason in count.unreadable]
    return BroughtIn(count, (*refused, *unread))


def safe_name(name: str) -> str:
    """A file name from a stranger, without folders, invisible characters or anything a file system or a page would take amiss."""
    last = PurePath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    kept = "".join(character for character in last if character.isprintable() and character not in FORBIDDEN).strip(" .")
    stem, suffix = PurePath(kept).stem, PurePath(kept).suffix[:16]
    room = LONGEST_NAME - len(suffix.encode())
    return (stem.encode()[:room].decode("utf-8", "ignore").strip(" .") or "document") + suffix


def _result(told: BroughtIn) -> None:
    count = told.count
    if count.new or count.changed:
        words = t("library_import.done", new=count.new, changed=count.changed, seconds=f"{count.seconds:.1f}")
        look.notice(words, "good")
    else:
        look.show(f'<div class="anlan-calm" role="status">{look.escaped(t("library_import.nothing_new"))}</div>')
    figures = (
        ("new", count.new), ("changed", count.changed), ("same", count.same), ("failed", len(told.failed)), ("relinked", count.relinked),
        ("provisions", count.provisions), ("references", count.references), ("facts", count.facts),
    )  # fmt: skip
    heads = [t("library_import.what"), t("library_import.count")]
    look.show(
        look.table(
            heads, [(look.escaped(t(f"library_import.counted.{name}")), f"<span class='anlan-num'>{n}</span>") for name, n in figures]
        )
    )
    if told.failed:
        look.show(f"<b>{look.escaped(t('library_import.failed'))}</b>")
        rows = [(look.escaped(name), look.escaped(" ".join(reason.split()))) for name, reason in told.failed]
        look.show(look.table([t("library_import.file"), t("library_import.reason")], rows))


def _removal() -> None:
    look.show(f"<h3>{look.escaped(t('library_import.shelf'))}</h3>")
    held = [item.document for item in shelf.index().shelf.held.values() if item.document.sha256]
    if not held:
        look.show(f'<div class="anlan-empty">{look.escaped(t("library_import.empty"))}</div>')
        return
    wanted = st.text_input(t("library_import.find"), key="library_remove_find").strip()
    found = sorted((d for d in held if wanted in d.title or wanted in d.file), key=lambda d: (d.title, str(d.version_date), d.id))
    if not found:
        look.show(f'<div class="anlan-empty">{look.escaped(t("library_import.not_found"))}</div>')
        return
    look.show(f'<div class="anlan-dim">{look.escaped(t("library_import.held", count=len(held), shown=min(len(found), LISTED)))}</div>')
    by_id = {document.id: document for document in found[:LISTED]}
    chosen = st.selectbox(
        t("library_import.which"),
        list(by_id),
        index=None,
        format_func=lambda id: _named(by_id[id]) if id in by_id else id,
        key="library_remove_which",
        placeholder=t("library_import.choose"),
    )
    if chosen:
        _remove_one(by_id[chosen])


def _remove_one(document: Document) -> None:
    begins, ends = shelf.index().shelf.span(document.id)
    words = t("library_import.takes", provisions=len(shelf.contents(document.id)))
    look.show(
        f'<div class="anlan-calm"><b>{look.escaped(document.title)}</b><div class="anlan-row-line">{level_chip(document)}'
        f'<span class="anlan-num">{look.escaped(span(begins, ends))}</span> <span class="anlan-dim">{look.escaped(document.file)}</span></div>'
        f"{look.escaped(words)}</div>"
    )
    with st.form("library_remove_form", border=False):
        reason = st.text_input(t("library_import.remove_reason"), key="library_remove_reason", max_chars=200)
        if st.form_submit_button(t("library_import.remove"), icon=":material/delete:"):
            with answering():
                take_off(document.id, reason)
                session.tell(t("library_import.removed"))
                st.rerun()


def take_off(document: str, reason: str) -> None:
    """Remove a document as the person signed in. Raises `NotAllowed`, recorded, `BadInput` without a reason, `NotFound`."""
    session.allowed("manage_library")
    who = session.here()
    if not reason.strip():
        raise BadInput(t("library_import.no_reason"))
    reading(lambda k: importing.remove(k, document, by=who, reason=reason.strip()))


def _named(document: Document) -> str:
    return " · ".join(part for part in (document.title, str(document.version_date or ""), document.file) if part)

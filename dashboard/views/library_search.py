"""Searching: provisions in force on the day, the best first, each with the reasons it stands where it stands."""

from __future__ import annotations

import time
from datetime import date

import streamlit as st

from dashboard import look
from dashboard.views import library_reading as shelf
from dashboard.views.library_article import open_article, opened
from dashboard.views.library_marks import level_chip, origin_chips, plainly, span, standing_chip
from dashboard.words import t
from graph.search import Result

FOUND = 10
"""Results shown at first, and added with every press."""

MOST = 50
"""Most results shown."""

LONGEST_QUESTION = 600
"""Characters of a question that are read."""

SHORT = 180
"""Characters of a provision shown in the list."""


def bench(day: date) -> None:
    """The box, then what was found, or what there is to be found."""
    question = box("library_query", t("library_search.label"), t("library_search.hint"), t("library_search.go"))
    if not question:
        start()
        return
    count = st.session_state.get("library_found", FOUND)
    with st.spinner(t("library_page.opening")):
        index = shelf.index()
    begun = time.perf_counter()
    found = index.search(question, count, day)
    took = (time.perf_counter() - begun) * 1000
    if not found:
        look.show(f'<div class="anlan-empty">{look.escaped(t("library_search.nothing", day=day.isoformat()))}</div>')
        return
    look.show(f'<div class="anlan-dim">{look.escaped(t("library_search.found", count=len(found), milliseconds=f"{took:.0f}"))}</div>')
    seen = shelf.verified(tuple(result.id for result in found))
    for number, result in enumerate(found):
        card(result, number, day, verified=result.id in seen)
    if len(found) == count < MOST:
        st.button(t("library_search.more"), key="library-more", on_click=_more, args=(count,), width="stretch")


def box(key: str, label: str, hint: str, go: str) -> str:
    """A field that is answered on Enter; what was asked stays while other pages are looked at."""
    with st.form(f"{key}_form", border=False):
        words, press = st.columns([8, 2], vertical_alignment="bottom")
        typed = words.text_input(label, st.session_state.get(key, ""), max_chars=LONGEST_QUESTION, placeholder=hint, key=f"{key}_typed")
        if press.form_submit_button(go, icon=":material/search:", type="primary", width="stretch"):
            st.session_state[key] = typed.strip()
            st.session_state["library_found"] = FOUND
    return str(st.session_state.get(key, ""))


def start() -> None:
    """What the library holds, before anything is asked."""
    held = shelf.counts()
    words = t("library_search.holds", documents=held.get("Document", 0), provisions=held.get("Provision", 0), facts=held.get("Fact", 0))
    look.show(f'<div class="anlan-empty">{look.escaped(words)}<br>{look.escaped(t("library_search.how"))}</div>')


def card(result: Result, number: int, day: date, *, verified: bool) -> None:
    """One result: its name opens it; badges, words and reasons below."""
    document = shelf.index().shelf.held[result.document_id].document
    is_open = opened() == result.id
    name = t("library_article.title", title=result.document, article=result.article)
    st.button(
        plainly(name),
        key=f"library-open-found-{number}",
        type="tertiary",
        icon=":material/article:" if is_open else None,
        on_click=open_article,
        args=(result.id,),
    )
    words = result.text if len(result.text) <= SHORT else f"{result.text[:SHORT]}…"
    reasons = t("common.semicolon").join(result.why)
    quote = "anlan-quote" if verified else "anlan-quote anlan-quote-unverified"
    look.show(
        f'<div class="anlan-row-line">{standing_chip(result.begins, result.ends, day)}{level_chip(document)}{origin_chips(document, verified=verified)}'
        f'<span class="anlan-dim">{look.escaped(span(result.begins, result.ends))} · {look.escaped(t("library_search.score", score=f"{result.score:.2f}"))}</span></div>'
        f'<div class="{quote}">{look.escaped(words)}</div>'
        f'<div class="anlan-row-line anlan-dim">{look.escaped(t("library_search.why", reasons=reasons))}</div>'
    )


def _more(count: int) -> None:
    st.session_state["library_found"] = min(count + FOUND, MOST)

"""Asking: an answer made of quotations, each of which opens where it stands; or, calmly, that the library does not say."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard import look
from dashboard.views import library_reading as shelf
from dashboard.views.library_article import open_article
from dashboard.views.library_marks import plainly
from dashboard.views.library_search import box
from dashboard.words import now, t
from graph.ask import ask


def bench(day: date) -> None:
    """The question, then the answer or the refusal."""
    question = box("library_question", t("library_ask.label"), t("library_ask.hint"), t("library_ask.go"))
    if not question:
        look.show(f'<div class="anlan-empty">{look.escaped(t("library_ask.how"))}</div>')
        return
    with st.spinner(t("library_page.opening")):
        answer = ask(shelf.index(), question, None if day == now().date() else day)
    if answer.refused:
        look.show(
            f'<div class="anlan-calm" role="status"><b>{look.escaped(t("library_ask.refused"))}</b><br>{look.escaped(answer.reason)}<br>'
            f'<span class="anlan-dim">{look.escaped(t("library_ask.refused_why"))}</span></div>'
        )
        return
    look.show(f'<div class="anlan-row-line">{look.origin_label("rules")}<span class="anlan-dim">{look.escaped(answer.reason)}</span></div>')
    seen = shelf.verified(tuple(citation.id for citation in answer.citations))
    for number, citation in enumerate(answer.citations):
        quote = "anlan-quote" if citation.id in seen else "anlan-quote anlan-quote-unverified"
        look.show(f'<div class="{quote}">{look.escaped(citation.quote)}</div>')
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            name = t("library_article.title", title=citation.document, article=citation.article)
            st.button(
                plainly(name),
                key=f"library-open-answer-{number}",
                type="tertiary",
                icon=":material/format_quote:",
                on_click=open_article,
                args=(citation.id,),
                width="content",
            )
            if citation.id not in seen:
                look.show(look.chip(t("common.unverified"), "unverified"), width="content")

"""What goes stale: documents near the end of their validity or review, and citations of texts that are no longer law."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard import look
from dashboard.views import library_reading as shelf
from dashboard.views.library_article import open_article, open_document
from dashboard.views.library_marks import level_chip, plainly
from dashboard.words import t

WITHIN = (30, 90, 180, 365, 1095)
"""Days ahead one can look."""

PAGE = 20
"""Lines on one page."""


def bench(day: date) -> None:
    """Both lists; the second only when asked for, because it reads every citation there is."""
    _ending(day)
    _stale(day)


def _ending(day: date) -> None:
    look.show(f"<h3>{look.escaped(t('library_expiring.title'))}</h3>")
    days = st.segmented_control(
        t("library_expiring.within"),
        WITHIN,
        default=180,
        required=True,
        format_func=lambda n: t("library_expiring.days", days=n),
        key="library_within",
    )
    found = shelf.ending(day, int(days or 180))
    if not found:
        look.show(f'<div class="anlan-empty">{look.escaped(t("library_expiring.none"))}</div>')
    for number, each in enumerate(found[: PAGE * 5]):
        left = (each.day - day).days
        when = t("library_expiring.left", days=left) if left >= 0 else t("library_expiring.overdue", days=-left)
        st.button(
            plainly(t("library_article.whole", title=each.document.title)),
            key=f"library-open-ending-{number}",
            type="tertiary",
            on_click=open_document,
            args=(each.document.id,),
        )
        look.show(
            f'<div class="anlan-row-line">{look.chip(when, "over" if left < 0 else "soon" if left <= WITHIN[0] else "plain")}'
            f"{look.chip(t(f'library_expiring.what.{each.what}'))}{level_chip(each.document)}<span class='anlan-num'>{each.day.isoformat()}</span> "
            f'<span class="anlan-dim">{look.escaped(each.document.issuer)}</span></div>'
        )


def _stale(day: date) -> None:
    look.show(f"<h3>{look.escaped(t('library_expiring.stale'))}</h3>")
    look.show(f'<div class="anlan-dim">{look.escaped(t("library_expiring.stale_note"))}</div>')
    if st.button(t("library_expiring.check"), icon=":material/rule:", key="library-stale"):
        st.session_state["library_stale_asked"] = True
    if not st.session_state.get("library_stale_asked"):
        return
    with st.spinner(t("library_expiring.checking")):
        found = shelf.stale(day)
    if not found:
        look.show(f'<div class="anlan-empty">{look.escaped(t("library_expiring.all_current"))}</div>')
        return
    pages = -(-len(found) // PAGE)
    look.show(f'<div class="anlan-dim">{look.escaped(t("library_expiring.found", count=len(found)))}</div>')
    page = int(st.number_input(t("common.page", pages=pages), 1, pages, key="library_stale_page")) if pages > 1 else 1
    shown = found[(page - 1) * PAGE : page * PAGE]
    citing = shelf.provisions(tuple(dict.fromkeys(each.reference.provision for each in shown)))
    for number, each in enumerate(shown):
        provision = citing.get(each.reference.provision)
        name = t("library_article.title", title=each.citing.title, article=provision.article if provision else "")
        st.button(
            plainly(name), key=f"library-open-stale-{number}", type="tertiary", on_click=open_article, args=(each.reference.provision,)
        )
        look.show(
            f'<div class="anlan-quote">{look.escaped(each.reference.quote)}</div><div class="anlan-row-line anlan-dim">{look.escaped(each.reason)}</div>'
        )

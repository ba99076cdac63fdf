"""法规库: what the law says, on which day, since when, and what cites what; for everyone to read, for the planner to keep."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from dashboard import look, session
from dashboard.session import answering
from dashboard.views import library_article, library_ask, library_console, library_expiring, library_import, library_search
from dashboard.words import now, t
from graph import console

STYLE = look.STYLE.with_name("library.css")

FIRST_DAY = date(1949, 10, 1)
"""Earliest day one can ask about."""

READ_BESIDE = {"search": library_search.bench, "ask": library_ask.bench, "expiring": library_expiring.bench}
"""Benches beside which an article can lie open."""


def page() -> None:
    """The benches this person may use; only the one in use is drawn."""
    st.html(STYLE)
    session.allowed("view")
    who = session.here()
    parts = [*READ_BESIDE]
    if session.may(who, "manage_library"):
        parts.append("import")
    if any(session.may(who, action) for action in console.ASKERS):
        parts.append("console")
    part, day = _top(parts)
    with answering():
        if part == "import":
            library_import.bench()
        elif part == "console":
            library_console.bench()
        else:
            _beside(part, day)


def _top(parts: list[str]) -> tuple[str, date]:
    today = now().date()
    if st.session_state.get("library_part") not in parts:
        st.session_state["library_part"] = parts[0]
    left, middle, right = st.columns([7, 3, 2], vertical_alignment="bottom")
    with left:
        part = st.segmented_control(
            t("library_page.title"),
            parts,
            format_func=lambda p: t(f"library_page.{p}"),
            required=True,
            key="library_part",
            label_visibility="collapsed",
        )
    if part not in READ_BESIDE:
        return str(part), today
    st.session_state.setdefault("library_day", st.session_state.get("library_day_kept", today))
    with middle:
        picked = st.date_input(
            t("library_page.day"),
            min_value=FIRST_DAY,
            max_value=today + timedelta(days=3650),
            format="YYYY-MM-DD",
            key="library_day",
            help=t("library_page.day_help"),
        )
    day = picked if isinstance(picked, date) else today
    st.session_state["library_day_kept"] = day
    with right:
        st.button(t("library_page.today"), key="library-today", disabled=day == today, on_click=_to_today, width="stretch")
    if day != today:
        look.show(f'<div class="anlan-calm" role="status">{look.escaped(t("library_page.other_day", day=day.isoformat()))}</div>')
    return str(part or parts[0]), day


def _to_today() -> None:
    st.session_state["library_day"] = now().date()


def _beside(part: str, day: date) -> None:
    opened = library_article.opened()
    session.shows("article", opened)
    if opened is None:
        READ_BESIDE[part](day)
        return
    left, right = st.columns([5, 7], gap="medium")
    with left, answering():
        READ_BESIDE[part](day)
    with right, answering():
        library_article.reader(opened, day)

"""态势: the map, the list beside it, and the incident someone opened."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import look, maps, session
from dashboard.reading import Row, evidence, features, overview, position
from dashboard.session import answering
from dashboard.views import incident
from dashboard.words import grades, now, t

PAGE = 12
"""Incidents on one page of the list."""

MAP_HEIGHT = 610


def page() -> None:
    """What is happening, how bad, what is uncertain, what is due."""
    with answering():
        drawn = position()
        rows = ordered(overview(session.mode()))
        chosen = next((row for row in rows if row.incident.id == session.selected()), None)
        counts(drawn)
        left, right = st.columns([11, 12] if chosen else [13, 10])
        with right:
            if chosen:
                incident.panel(chosen)
            else:
                live_list()
        with left:
            draw_map(rows, chosen)


@st.fragment(run_every="5s")
def counts(drawn: int) -> None:
    """The counts, every five seconds. The whole page is drawn anew only when the graph has moved past `drawn`."""
    with answering():
        if position() != drawn:
            session.by_itself()
        summary(overview(session.mode()))


@st.fragment(run_every="10s")
def live_list() -> None:
    """The list; its clocks run by themselves."""
    with answering():
        incident_list(ordered(overview(session.mode())))


def ordered(rows: Sequence[Row]) -> list[Row]:
    """Most serious first; then the one whose duty is due first; signed and closed ones last."""

    def place(row: Row) -> tuple[bool, int, bool, float]:
        due = row.earliest.due_at.timestamp() if row.earliest else float("inf")
        return row.incident.status == "closed", look.severity(row).rank, row.is_reported, due

    return sorted(rows, key=place)


def summary(rows: Sequence[Row]) -> None:
    """Counts on one line. People are never added up across incidents: two incidents may share them."""
    open_rows = [row for row in rows if row.incident.status == "open"]
    overdue = sum(1 for row in open_rows if row.earliest and not row.is_reported and row.earliest.due_at < now())
    parts = [
        look.chip(t("situation.open", count=len(open_rows)), "grade"),
        look.chip(t("situation.with_casualties", count=sum(1 for row in open_rows if row.has_casualties))),
        look.chip(t("situation.overdue", count=overdue), "over" if overdue else "plain"),
        look.chip(t("situation.reported", count=sum(1 for row in rows if row.is_reported)), "good"),
    ]
    look.show(
        f'<div class="anlan-top">{"".join(parts)}<span class="anlan-dim">{look.escaped(t("situation.as_of"))} {now():%H:%M:%S}</span></div>'
    )


def draw_map(rows: Sequence[Row], chosen: Row | None) -> None:
    """The map with its legend. A click opens an incident; evidence can be hidden."""
    views = evidence(session.mode()) if st.session_state.get("with_evidence", True) else ()
    surveyed, focus = features(), chosen.incident.id if chosen else None
    spots = maps.positions(rows, surveyed)
    layers = [maps.evidence_layer(views), maps.incident_layer(rows, spots, focus)]
    clicked = maps.show_map(maps.base_map(surveyed, rows), layers, spots, height=MAP_HEIGHT, focus=focus)
    if clicked and clicked != st.session_state.get("clicked"):
        st.session_state["clicked"] = clicked
        session.select(clicked.incident)
        st.rerun()
    bar, box = st.columns([5, 1.4], vertical_alignment="center")
    with bar:
        legend(len(rows) - len(spots))
    with box:
        st.toggle(t("map.evidence"), value=True, key="with_evidence")


def legend(unplaced: int) -> None:
    """What the shapes mean, and how many incidents have no coordinates."""
    words = [*(t(f"grade.{grade}") for grade in grades()[: look.WITH_CASUALTIES]), t("severity.casualties"), t("severity.none")]
    shapes = [look.Severity(rank, *shape) for rank, shape in enumerate(look.SHAPES)]
    items = [f"<span>{look.symbol(shape, size=14)} {look.escaped(word)}</span>" for shape, word in zip(shapes, words, strict=True)]
    if unplaced:
        items.append(look.chip(t("map.unplaced", count=unplaced), "warn"))
    look.show(f'<div class="anlan-legend">{"".join(items)}</div>')


def incident_list(rows: Sequence[Row]) -> None:
    """The incidents, twelve at a time."""
    if not rows:
        look.show(f'<div class="anlan-empty">{look.escaped(t("situation.empty"))}</div>')
        return
    pages = (len(rows) - 1) // PAGE + 1
    number = min(int(st.session_state.get("list_page", 1)), pages)
    with st.container(height=MAP_HEIGHT + 40 if len(rows) > 6 else "content", border=False):
        for row in rows[(number - 1) * PAGE : number * PAGE]:
            words, button = st.columns([9, 1.6], vertical_alignment="center", gap="small")
            with words:
                look.show(look.row_markup(row))
            with button:
                if st.button(t("situation.open_one"), key=f"open-{row.incident.id}", width="stretch"):
                    session.select(row.incident.id)
                    st.rerun()
    if pages > 1:
        st.number_input(t("common.page", pages=pages), 1, pages, key="list_page")

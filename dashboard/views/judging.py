"""What belongs together: links to other incidents, and people's judgements, made here with a confirmation and undone here."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import look, session
from dashboard.reading import Row, dossier, knowledge, overview
from dashboard.session import answering
from dashboard.words import clock, known, t
from graph import judgements
from models.domain import Dossier, EvidenceView, Judgement

NEW, NONE = "new", "none"
"""Where evidence may go besides an incident that is there."""


def bench() -> None:
    """On the duty desk: choose an incident, then judge."""
    rows = [row for row in overview(session.mode()) if row.incident.status != "merged"]
    if not rows:
        look.show(f'<div class="anlan-empty">{look.escaped(t("situation.empty"))}</div>')
        return
    titles = {row.incident.id: _title(row) for row in rows}
    chosen = st.selectbox(t("judging.which"), list(titles), format_func=titles.__getitem__, key="judging_incident")
    row = next(row for row in rows if row.incident.id == chosen)
    with answering():
        panel(row, dossier(row.incident.id))


def panel(row: Row, known_now: Dossier) -> None:
    """Links, what people decided so far, and what can be decided."""
    links(known_now)
    history(known_now)
    who = session.here()
    if not session.may(who, "judge"):
        return
    others = {one.incident.id: _title(one) for one in overview(session.mode()) if one.incident.id != row.incident.id}
    merging(row, others)
    moving(row, known_now, others)
    closing(row)


def links(known_now: Dossier) -> None:
    """What led to it and what it led to."""
    titles = {one.id: one.title for one in known_now.linked}
    look.show(f"<b>{look.escaped(t('judging.links'))}</b>")
    if not known_now.links:
        look.show(f'<div class="anlan-dim">{look.escaped(t("judging.no_links"))}</div>')
    for link in known_now.links:
        is_cause = link.effect == known_now.incident.id
        other = link.cause if is_cause else link.effect
        words, button = st.columns([8, 2], vertical_alignment="center")
        with words:
            way = look.chip(t("judging.cause" if is_cause else "judging.effect"), "info")
            look.show(
                f"{way}<b>{look.escaped(titles[other])}</b> <span class='anlan-dim'>{look.escaped(t('common.semicolon').join(link.reasons))}</span>"
            )
        with button:
            if st.button(t("queue.open"), key=f"link-{known_now.incident.id}-{link.cause}-{link.effect}", width="stretch"):
                session.select(other)
                session.go("situation")


def history(known_now: Dossier) -> None:
    """Judgements about this incident, each with its undo."""
    look.show(f"<b>{look.escaped(t('judging.history'))}</b>")
    if not known_now.judgements:
        look.show(f'<div class="anlan-dim">{look.escaped(t("judging.no_history"))}</div>')
    for one in reversed(known_now.judgements):
        words, button = st.columns([8, 2], vertical_alignment="center")
        with words:
            gone = look.chip(t("judging.is_undone"), "warn") if one.undone else ""
            look.show(
                f"{look.chip(known('judged', one.verdict))}{gone}{look.escaped(clock(one.at))} {look.escaped(one.officer_name)} "
                f"<span class='anlan-dim'>{look.escaped(one.reason)}</span>"
            )
        with button:
            can = one.verdict != "undo" and not one.undone and session.may(session.here(), "judge")
            if can and st.button(t("judging.undo"), key=f"undo-{known_now.incident.id}-{one.id}", width="stretch", icon=":material/undo:"):
                _do(lambda one=one: judgements.undo(knowledge(), one.id, session.here(), t("queue.reason.undo")))  # type: ignore[misc]


def merging(row: Row, others: dict[str, str]) -> None:
    """This incident is another one."""
    if not others:
        return
    with st.expander(t("judging.merge")):
        id = row.incident.id
        into = st.selectbox(t("judging.into"), list(others), format_func=others.__getitem__, key=f"merge-into-{id}")
        reason = st.text_input(t("judging.reason"), key=f"merge-why-{id}")
        summary = t("judging.merge_summary", count=row.incident.evidence_count, title=row.incident.title, into=others[into])
        _confirmed(
            f"merge-{id}", t("judging.merge"), summary, reason, lambda: judgements.merge(knowledge(), id, into, session.here(), reason),
            then=into,
        )  # fmt: skip


def moving(row: Row, known_now: Dossier, others: dict[str, str]) -> None:
    """Some of its evidence is about something else."""
    with st.expander(t("judging.move")):
        id = row.incident.id
        told = {view.id: _short(view) for view in known_now.evidence}
        chosen = st.multiselect(t("judging.evidence"), list(told), format_func=told.__getitem__, key=f"move-what-{id}")
        places = {NEW: t("judging.new"), NONE: t("judging.none"), **others}
        into = st.selectbox(t("judging.into"), list(places), format_func=places.__getitem__, key=f"move-into-{id}")
        reason = st.text_input(t("judging.reason"), key=f"move-why-{id}")
        summary = t("judging.move_summary", count=len(chosen), title=row.incident.title, into=places[into])

        def judge() -> Judgement:
            if into == NEW:
                return judgements.split(knowledge(), id, chosen, session.here(), reason)
            return judgements.move(knowledge(), chosen, None if into == NONE else into, session.here(), reason)

        _confirmed(f"move-{id}", t("judging.move_do"), summary, reason if chosen else "", judge)


def closing(row: Row) -> None:
    """It is over."""
    if row.incident.status != "open":
        return
    with st.expander(t("judging.close")):
        id = row.incident.id
        reason = st.text_input(t("judging.reason"), key=f"close-why-{id}")
        summary = t("judging.close_summary", title=row.incident.title)
        _confirmed(f"close-{id}", t("judging.close"), summary, reason, lambda: judgements.close(knowledge(), id, session.here(), reason))


def _confirmed(key: str, label: str, summary: str, reason: str, judge: Callable[[], Judgement], *, then: str | None = None) -> None:
    """A button that first says what will happen, and a second one that does it."""
    if st.button(label, key=f"ask-{key}", disabled=not reason.strip(), help=None if reason.strip() else t("judging.need_reason")):
        st.session_state["judging_asked"] = (key, summary)
    if st.session_state.get("judging_asked") != (key, summary):
        return
    st.warning(session.plain(summary), icon=":material/help:")
    with st.container(horizontal=True):
        if st.button(t("judging.confirm"), key=f"do-{key}", type="primary"):
            _do(judge, then=then)
        if st.button(t("judging.cancel"), key=f"cancel-{key}"):
            st.session_state.pop("judging_asked", None)
            st.rerun()


def _do(judge: Callable[[], Judgement], *, then: str | None = None) -> None:
    with answering():
        judge()
        st.session_state.pop("judging_asked", None)
        if then is not None and session.selected() is not None:
            session.select(then)
        session.tell(t("judging.done"))
        st.rerun()


def _title(row: Row) -> str:
    return f"{row.incident.title} · {clock(row.incident.started_at)} · {row.incident.id[3:9]}"


def _short(view: EvidenceView) -> str:
    return f"{clock(view.sent_at or view.received_at)} {view.source_title} {view.text[:36]} · {view.id[3:9]}"

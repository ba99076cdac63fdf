"""The evidence queue: what a person must look at, the most urgent and the longest waiting first. Everything is masked."""

from __future__ import annotations

import streamlit as st

from dashboard import look, session
from dashboard.reading import WAITING_LIMIT, Row, evidence, overview, position, reading
from dashboard.session import answering
from dashboard.sources import evidence_head
from dashboard.words import hazard_name, known, now, t
from models.domain import EvidenceView

PAGE = 15
"""Pieces of evidence on one page."""

HALF_LIFE_HOURS = 2.0
"""An item gains as much by waiting this long as by being half as urgent again: what waits must not starve."""


def weight(view: EvidenceView) -> float:
    """Place in the queue: urgency, raised by the hours it has waited, so that nothing calm waits for ever."""
    hours = (now() - view.received_at).total_seconds() / 3600
    return view.urgency + min(0.5, 0.25 * hours / HALF_LIFE_HOURS)


def bench() -> None:
    """Filters above, then the list, which follows the ledger by itself."""
    left, middle, right = st.columns([3, 3, 5], vertical_alignment="bottom")
    with left:
        st.segmented_control(
            t("queue.which"),
            ("waiting", "all"),
            format_func=lambda w: t(f"queue.{w}"),
            default="waiting",
            required=True,
            key="queue_which",
            label_visibility="collapsed",
        )
    with middle:
        st.text_input(t("queue.search"), key="queue_search", placeholder=t("queue.search"), label_visibility="collapsed")
    with right:
        look.show(f'<div class="anlan-dim">{look.escaped(t("queue.note"))}</div>')
    live()


@st.fragment(run_every="5s")
def live() -> None:
    """The queue itself."""
    with answering():
        waiting = st.session_state.get("queue_which", "waiting") == "waiting"
        views = evidence(session.mode(), waiting_for_person=waiting)
        counts = reading(lambda k: k.ledger.counts())
        words = str(st.session_state.get("queue_search", "")).strip()
        found = sorted((v for v in views if words in v.text or words in v.place or words in v.title), key=lambda v: (-weight(v), v.id))
        titles = {row.incident.id: row for row in overview(session.mode())}
        not_read = look.chip(t("queue.not_understood", count=counts["waiting"]), "warn") if counts["waiting"] else ""
        aside = look.chip(t("queue.quarantined", count=counts["quarantined"]), "warn") if counts["quarantined"] else ""
        more = look.chip(t("queue.more", count=WAITING_LIMIT), "warn") if len(views) >= WAITING_LIMIT else ""
        look.show(f'<div class="anlan-top">{look.chip(t("queue.count", count=len(found)), "grade")}{not_read}{aside}{more}</div>')
        if not found:
            look.show(f'<div class="anlan-empty">{look.escaped(t("queue.empty"))}</div>')
            return
        pages = (len(found) - 1) // PAGE + 1
        number = min(int(st.session_state.get("queue_page", 1)), pages)
        for view in found[(number - 1) * PAGE : number * PAGE]:
            item(view, titles.get(view.incident or ""))
        if pages > 1:
            st.number_input(t("common.page", pages=pages), 1, pages, key="queue_page", width=160)


def item(view: EvidenceView, row: Row | None) -> None:
    """One piece of evidence: who, when, what, how urgent, how far to believe it, and where it went."""
    words, actions = st.columns([11, 2], vertical_alignment="center")
    urgent = "over" if view.urgency >= 0.8 else "soon" if view.urgency >= 0.5 else "plain"
    belief = t("common.semicolon").join(view.credibility_reasons)
    went = look.chip(t("queue.fused", title=row.incident.title), "good") if row else look.chip(t("queue.unfused"), "warn")
    title = f"<b>{look.escaped(view.title)}</b> " if view.title else ""
    why = t("common.semicolon").join(view.match_reasons)
    with words:
        look.show(
            f'<div class="anlan-evidence">{evidence_head(view)} {look.chip(t("queue.urgency", value=f"{view.urgency:.1f}"), urgent)}'
            f"{look.chip(t('queue.credibility', value=f'{view.credibility:.1f}'))}{look.chip(hazard_name(view.hazard))}{look.chip(known('request', view.request_type))}"
            f"{look.chip(view.place) if view.place else ''}{went}<br>{title}{look.escaped(view.text)}"
            f'<div class="anlan-dim" style="font-size:.88em">{look.escaped(belief)}{" · " + look.escaped(why) if why else ""}</div></div>'
        )
    with actions:
        if row and st.button(t("queue.open"), key=f"queue-open-{view.id}", width="stretch"):
            session.select(row.incident.id)
            session.go("situation")
        if session.may(session.here(), "read_unmasked"):
            unmasked(view)


def unmasked(view: EvidenceView) -> None:
    """The words as received, for someone who needs them and says why. Each reading is an entry in the ledger."""
    with st.popover(t("queue.unmasked"), key=f"unmasked-{view.id}", width="stretch"):
        reason = st.text_input(t("queue.unmasked_reason"), key=f"unmasked-reason-{view.id}")
        if st.button(t("queue.unmasked_read"), key=f"unmasked-read-{view.id}", disabled=not reason.strip()):
            with answering():
                who = session.here()
                session.allowed("read_unmasked")
                body = reading(lambda k: k.ledger.body(view.id, by=who.name, reason=reason.strip()))
                look.show(f'<div class="anlan-evidence">{look.escaped(body.title)}<br>{look.escaped(body.text)}</div>')
                position()

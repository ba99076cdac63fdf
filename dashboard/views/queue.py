"""The evidence queue: what a person must look at, and why each stands where it stands. Everything is masked.

The list is taken once and keeps still while someone reads: what is settled stays in its place and says where it went, what is new is
counted above, and the list is taken again when the person asks. A page reads `LINE` pieces, however long the queue is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard import look, session
from dashboard.reading import Row, knowledge, overview, position, reading, seen
from dashboard.session import answering
from dashboard.sources import evidence_head
from dashboard.words import ago, hazard_name, known, t
from graph import judgements, scope, second_readings
from graph.projection import HOURS_OF_URGENCY, LIFE, waits_for_person
from graph.triage import as_triaged, correct
from models.domain import EvidenceView, Judgement, Mode, SecondReading

LINE = 60
"""Pieces of evidence taken at a time."""
PAGE = 15
"""Pieces of evidence on one page."""
SEARCHED = 1_000
"""Newest pieces looked through when someone types words."""


@dataclass(frozen=True)
class Taken:
    """The list as it was taken."""

    asked: tuple[Mode, str, str]
    """Mode, which, and the words looked for."""
    seq: int
    """How far the graph was."""
    ids: tuple[str, ...]


def bench() -> None:
    """Filters above, what is new, then the list, which keeps still."""
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
        look.show(f'<div class="anlan-dim">{look.escaped(t("queue.note", hours=f"{HOURS_OF_URGENCY:g}"))}</div>')
    with answering():
        list_ = _taken()
        news(list_)
        _listed(list_)


def _taken() -> Taken:
    asked = (session.mode(), str(st.session_state.get("queue_which", "waiting")), str(st.session_state.get("queue_search", "")).strip())
    kept = st.session_state.get("queue_taken")
    if isinstance(kept, Taken) and kept.asked == asked:
        return kept
    mode, which, words = asked
    seq = position()
    limit = SEARCHED if words or session.here().districts else LINE
    views = seen(reading(lambda k: k.store.evidence(limit, mode=mode, waiting_for_person=which == "waiting")))
    found = [view.id for view in views if words in view.text or words in view.place or words in view.title]
    fresh = Taken(asked, seq, tuple(found[:LINE]))
    st.session_state["queue_taken"] = fresh
    st.session_state["queue_at"] = fresh.ids[0] if fresh.ids else None
    st.session_state["queue_page"] = 1
    return fresh


def take_again() -> None:
    """Let the list be taken anew when the page is next drawn."""
    st.session_state.pop("queue_taken", None)


@st.fragment(run_every="5s")
def news(list_: Taken) -> None:
    """How much waits, and what came since the list was taken; the list itself does not move."""
    with answering():
        mode = list_.asked[0]
        waiting = reading(lambda k: k.store.waiting_for_person(mode))
        fresh, urgency = reading(lambda k: k.store.waiting_since(list_.seq, mode))
        counts = reading(lambda k: k.ledger.counts())
        not_read = look.chip(t("queue.not_understood", count=counts["waiting"]), "warn") if counts["waiting"] else ""
        aside = look.chip(t("queue.quarantined", count=counts["quarantined"]), "warn") if counts["quarantined"] else ""
        new = look.chip(t("queue.new", count=fresh), "over" if urgency >= LIFE else "soon") if fresh else ""
        more = look.chip(t("queue.more", count=LINE)) if waiting > LINE else ""
        words, button = st.columns([9, 2], vertical_alignment="center")
        with words:
            look.show(f'<div class="anlan-top">{look.chip(t("queue.count", count=waiting), "grade")}{new}{not_read}{aside}{more}</div>')
        with button:
            if st.button(t("queue.again"), key="queue-again", shortcut="N", width="stretch", icon=":material/refresh:"):
                take_again()
                st.rerun()


def _listed(list_: Taken) -> None:
    views = seen(reading(lambda k: k.store.evidence_named(list_.ids)))
    if not views:
        look.show(f'<div class="anlan-empty">{look.escaped(t("queue.empty"))}</div>')
        return
    rows = {row.incident.id: row for row in overview(list_.asked[0])}
    judges = list_.asked[1] == "waiting" and session.may(session.here(), "judge")
    pages = (len(views) - 1) // PAGE + 1
    number = min(int(st.session_state.get("queue_page", 1)), pages)
    shown = list(reading(lambda k: list(as_triaged(k.ledger, views[(number - 1) * PAGE : number * PAGE]))))
    hints = reading(lambda k: second_readings.readings(k.ledger, [view.id for view in shown]))
    at = st.session_state.get("queue_at")
    current = next((view for view in shown if view.id == at), shown[0])
    if judges:
        steps(shown, current)
    for place, view in enumerate(shown, (number - 1) * PAGE + 1):
        item(view, rows, hints.get(view.id), place=place, is_current=judges and view.id == current.id)
        if judges and view.id == current.id and waits_for_person(view):
            triage(view, rows, shown)
    if pages > 1:
        st.number_input(t("common.page", pages=pages), 1, pages, key="queue_page", width=160)


def steps(shown: list[EvidenceView], current: EvidenceView) -> None:
    """Up, down, and take back the last judgement."""
    ids = [view.id for view in shown]
    here = ids.index(current.id)
    with st.container(horizontal=True):
        st.button(t("queue.next"), key="queue-next", shortcut="J", on_click=_at, args=(ids[min(here + 1, len(ids) - 1)],))
        st.button(t("queue.previous"), key="queue-previous", shortcut="K", on_click=_at, args=(ids[max(here - 1, 0)],))
        last = st.session_state.get("queue_last")
        if last and st.button(t("queue.undo"), key="queue-undo", shortcut="U", icon=":material/undo:"):
            with answering():
                judgements.undo(knowledge(), last, session.here(), t("queue.reason.undo"))
                st.session_state["queue_last"] = None
                session.tell(t("judging.undone"))
                st.rerun()


def _at(id: str) -> None:
    st.session_state["queue_at"] = id


def triage(view: EvidenceView, rows: dict[str, Row], shown: list[EvidenceView]) -> None:
    """What can be done with the piece at hand, each by one key; every press is an entry in the ledger and can be undone."""
    who, proposed = session.here(), rows.get(view.proposed or "")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if proposed and st.button(t("queue.accept"), key="queue-accept", shortcut="A", type="primary", help=proposed.incident.title):
            _judged(view, shown, lambda: judgements.move(knowledge(), [view.id], proposed.incident.id, who, t("queue.reason.accept")))
        if proposed and st.button(t("queue.refuse"), key="queue-refuse", shortcut="R"):
            _judged(view, shown, lambda: judgements.refuse(knowledge(), view.id, who, t("queue.reason.refuse")))
        if st.button(t("queue.aside"), key="queue-aside", shortcut="X"):
            _judged(view, shown, lambda: judgements.move(knowledge(), [view.id], None, who, t("queue.reason.aside")))
        file_under(view)
        others = [row for row in rows.values() if row.incident.status == "open"]
        if others:
            with st.popover(t("queue.into")):
                titles = {row.incident.id: row.incident.title for row in others}
                into = st.selectbox(t("queue.into"), list(titles), format_func=titles.__getitem__, key=f"into-{view.id}")
                if st.button(t("judging.confirm"), key=f"into-do-{view.id}", type="primary"):
                    _judged(view, shown, lambda: judgements.move(knowledge(), [view.id], into, who, t("queue.reason.into")))


def _judged(view: EvidenceView, shown: list[EvidenceView], judge: Callable[[], Judgement]) -> None:
    with answering():
        done = judge()
        st.session_state["queue_last"] = done.id
        ids = [one.id for one in shown]
        if done.verdict != "refuse":
            st.session_state["queue_at"] = ids[min(ids.index(view.id) + 1, len(ids) - 1)]
        session.tell(t("judging.done"))
        st.rerun()


def why_here(view: EvidenceView) -> str:
    """Why it stands where it stands, in words."""
    waited = ago(view.sent_at or view.received_at)
    if view.urgency >= LIFE:
        return t("queue.why.life", waited=waited)
    return t("queue.why.rest", hours=f"{view.urgency * HOURS_OF_URGENCY:.1f}", waited=waited)


def item(view: EvidenceView, rows: dict[str, Row], hint: SecondReading | None, *, place: int, is_current: bool) -> None:
    """One piece of evidence: who, when, what, how urgent, how far to believe it, and where it went or might go."""
    words, actions = st.columns([11, 2], vertical_alignment="center")
    row, proposed = rows.get(view.incident or ""), rows.get(view.proposed or "")
    urgent = "over" if view.urgency >= LIFE else "soon" if view.urgency >= 0.5 else "plain"
    lines = [t("common.semicolon").join(view.credibility_reasons), t("common.semicolon").join(view.urgency_reasons), filed(view)]
    if row:
        went = look.chip(t("queue.fused", title=row.incident.title), "good")
    elif view.placed_by:
        went = look.chip(t("queue.set_aside"), "good")
    elif proposed:
        went = look.chip(t("queue.proposed", title=proposed.incident.title, score=f"{view.match_score or 0:.2f}"), "soon")
    else:
        went = look.chip(t("queue.unfused"), "warn")
    title = f"<b>{look.escaped(view.title)}</b> " if view.title else ""
    lines.append(t("common.semicolon").join(view.match_reasons))
    if waits_for_person(view):
        lines.insert(0, why_here(view))
    said = " · ".join(look.escaped(line) for line in lines if line)
    mark = "box-shadow:inset 4px 0 0 #56b4e9;" if is_current else ""
    with words:
        look.show(
            f'<div class="anlan-evidence" style="{mark}"><b class="anlan-num">{place}</b> {evidence_head(view)} '
            f"{look.chip(t('queue.urgency', value=f'{view.urgency:.1f}'), urgent)}"
            f"{look.chip(t('queue.credibility', value=f'{view.credibility:.1f}'))}{look.chip(hazard_name(view.hazard))}"
            f"{look.chip(known('request', view.request_type))}{look.chip(view.place) if view.place else ''}{went}<br>{title}"
            f'{look.escaped(view.text)}<div class="anlan-dim" style="font-size:.88em">{said}</div>{read_by_model(hint)}</div>'
        )
    with actions:
        if row and st.button(t("queue.open"), key=f"queue-open-{view.id}", width="stretch"):
            session.select(row.incident.id)
            session.go("situation")
        if session.may(session.here(), "read_unmasked"):
            unmasked(view)


def filed(view: EvidenceView) -> str:
    """Category and department: who said so, or how sure the city's own model is and which words spoke for it."""
    if view.triaged_by:
        return t("queue.filed", by=view.triaged_by, labels=" / ".join(label for label in (view.category, view.department) if label))
    told = [
        t(
            "queue.hint" if one.abstained else "queue.suggested",
            label=one.label,
            confidence=f"{one.confidence:.0%}",
            words=t("common.comma").join(one.words[:4]),
        )
        for one in view.suggestions
    ]
    return t("common.semicolon").join(told)


def file_under(view: EvidenceView) -> None:
    """Confirm or correct category and department; the person's word outranks any model and is learned from."""
    with st.popover(t("queue.file"), icon=":material/label:"):
        category = st.text_input(t("queue.category"), view.category or "", key=f"category-{view.id}", max_chars=100)
        department = st.text_input(t("queue.department"), view.department or "", key=f"department-{view.id}", max_chars=100)
        if st.button(t("judging.confirm"), key=f"file-{view.id}", type="primary"):
            with answering():
                correct(knowledge(), view.id, session.here(), category=category, department=department)
                session.tell(t("judging.done"))
                st.rerun()


def read_by_model(hint: SecondReading | None) -> str:
    """What a language model read in it, labelled as such and as no more than a hint; HTML, empty without one."""
    if hint is None:
        return ""
    parts = [hazard_name(hint.hazard) if hint.hazard else "", known("request", hint.request_type)]
    parts += [f"“{words}”" for words in (hint.place, hint.time, *(impact.quote for impact in hint.impacts)) if words]
    said = t("queue.read_by_model", said=" · ".join(part for part in parts if part))
    return f'<div class="anlan-row-line">{look.origin_label(hint.model)}<span class="anlan-dim">{look.escaped(said)}</span></div>'


def unmasked(view: EvidenceView) -> None:
    """The words as received, for someone who needs them and says why. Each reading is an entry in the ledger."""
    with st.popover(t("queue.unmasked"), key=f"unmasked-{view.id}", width="stretch"):
        reason = st.text_input(t("queue.unmasked_reason"), key=f"unmasked-reason-{view.id}")
        if st.button(t("queue.unmasked_read"), key=f"unmasked-read-{view.id}", disabled=not reason.strip()):
            with answering():
                who = session.here()
                body = reading(lambda k: scope.read_unmasked(k, who, view.id, reason.strip()))
                look.show(f'<div class="anlan-evidence">{look.escaped(body.title)}<br>{look.escaped(body.text)}</div>')
                position()

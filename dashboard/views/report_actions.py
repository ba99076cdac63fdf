"""What can be done with a report from anywhere: draft it, open it, take the file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime

import streamlit as st

from dashboard import look, session
from dashboard.reading import Row, knowledge, reading, troubles
from dashboard.session import answering
from dashboard.words import clock, known, t, when
from graph import scope
from models.domain import BEIJING, Dossier, ReportState, digest
from reports import render, signoff
from reports.subject import day_id
from reports.types import types_for

MIME: dict[render.Format, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "json": "application/json",
    "cap": "application/xml",
}

STANDING = {
    "draft": "plain", "submitted": "soon", "returned": "warn", "signed": "good", "void": "over", "withdrawn": "over", "superseded": "over",
}  # fmt: skip
"""How loud each standing is."""


def draft_buttons(row: Row) -> None:
    """Every report that can be drafted about this incident now, by rules, the usual next one loudest; the finished draft opens on the duty desk."""
    if not session.may(session.here(), "draft"):
        return
    with st.container(horizontal=True, gap="small"):
        for number, kind in enumerate(types_for(row.incident, row.reports)):
            key = f"draft-{row.incident.id}" + (f"-{kind.name}" if number else "")
            if st.button(
                t(f"report.draft.{kind.name}"), icon=":material/edit_document:", type="secondary" if number else "primary", key=key
            ):
                _draft(row.incident.id, kind.name)


def day_button() -> None:
    """Draft the report of one day, today or an earlier one, for the mode the desk is in; it tells of the whole city."""
    who = session.here()
    if not session.may(who, "draft") or who.districts:
        return
    today = datetime.now(BEIJING).date()
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        on = st.date_input(t("report.day"), today, max_value=today, key="day-of-report", width=180)
        if st.button(t("report.draft.daily"), icon=":material/calendar_today:", key="draft-day") and isinstance(on, date):
            _draft(day_id(on, session.mode()), "daily")


def _draft(subject: str, kind: str) -> None:
    started, who = time.perf_counter(), session.here()
    reading(lambda k: scope.demand(k, who, subject))
    with st.status(t("report.drafting"), expanded=False):
        state = signoff.write_draft(knowledge(), subject, who, report_type=kind)
    open_draft(state.report.id)
    session.tell(t("report.drafted", stage=known("stage", state.report.stage), seconds=f"{time.perf_counter() - started:.1f}"))
    session.go("duty")


def open_draft(report: str) -> None:
    """Make this the report on the duty desk."""
    st.session_state["draft_wanted"] = report
    st.session_state["desk_part"] = "drafts"


def choose(states: Sequence[ReportState], slot: str, label: str) -> ReportState:
    """Let a person pick one report; the choice survives the report changing its standing. `slot` names where the choice is kept."""
    by_id = {state.report.id: state for state in states}
    labels = {id: option(state) for id, state in by_id.items()}
    # A select box keeps showing the words it was drawn with, so new words need a new box.
    key = f"{slot}-{digest(labels)[:12]}"
    wanted = st.session_state.pop(f"{slot}_wanted", None) or (st.session_state.get(slot) if key not in st.session_state else None)
    if wanted in by_id:
        st.session_state[key] = wanted
    chosen = st.selectbox(label, list(by_id), format_func=labels.__getitem__, key=key, label_visibility="collapsed")
    st.session_state[slot] = chosen
    session.shows("report", chosen)
    return by_id[chosen]


def option(state: ReportState) -> str:
    """One report in a list to choose from. Its id's beginning keeps two alike apart: the browser answers with the words."""
    mark = f"[{t('mode.exercise')}] " if state.report.mode == "exercise" else ""
    version = t("report.version", version=state.report.version)
    return f"{mark}{state.report.title} · {version} · {known('report_status', state.status)} · {clock(state.report.created_at)} · {state.report.id[3:9]}"


def standing_chip(state: ReportState) -> str:
    """Where a report stands, as loud as it must be."""
    return look.chip(known("report_status", state.status), STANDING[state.status])


def headline(state: ReportState) -> str:
    """Title, stage, version, standing and author on one line, as HTML."""
    report = state.report
    return (
        f"{look.mode_chip(report.mode)}<b>{look.escaped(report.title)}</b> {look.chip(known('stage', report.stage))}"
        f"{look.chip(t('report.version', version=report.version))}{standing_chip(state)}{look.origin_label(report.origin)}"
        f'<span class="anlan-dim">{look.escaped(report.drafted_by)} · {look.escaped(when(report.created_at))}</span>'
    )


def line(state: ReportState) -> None:
    """One report in a list, with its decisions."""
    decided = "".join(
        f'<div class="anlan-row-line anlan-dim">{look.escaped(clock(d.at))} {look.escaped(d.officer_name)} {look.escaped(known("verdict", d.verdict))} '
        f"{look.escaped(t('report.version', version=d.version))} {look.escaped(d.reason)}</div>"
        for d in state.decisions
    )
    look.show(f'<div class="anlan-row-line">{headline(state)}</div>{decided}')


def standing_notice(state: ReportState) -> None:
    """Say loudly when a report does not hold, and when a file made of it is not what was made."""
    if state.status in ("void", "withdrawn", "returned"):
        reason = next((d.reason for d in reversed(state.decisions) if d.reason), "")
        look.notice(t(f"report.notice.{state.status}", reason=reason), "void")
    for trouble in troubles(state.report.id):
        look.notice(trouble, "changed")


def changed_notice(state: ReportState, known_now: Dossier) -> None:
    """Say loudly when people have since decided otherwise about what belongs to the incident."""
    for told in signoff.judged_since(state, known_now):
        look.notice(t("report.judged_since", told=told), "changed")


def download(state: signoff.State, *, key: str, form: render.Format = "docx") -> None:
    """Make the file of a report or plan, then hand it over; each making is in the ledger."""
    kind = "signed" if state.status == "signed" else "draft"
    paper = state.paper
    slot = f"made-{paper.id}-{paper.version}-{state.status}-{form}"
    made = st.session_state.get(slot)
    if made is None:
        if st.button(t(f"report.make.{kind}", form=form), icon=":material/description:", key=f"make-{key}"):
            with answering(), st.spinner(t("report.making")):
                path = render.render(knowledge(), paper.id, None, session.here(), form=form)
                st.session_state[slot] = (path.name, path.read_bytes())
                st.rerun()
        return
    name, content = made
    st.download_button(
        t(f"report.take.{kind}", form=form),
        content,
        file_name=name,
        mime=MIME[form],
        icon=":material/download:",
        key=f"take-{key}",
        on_click="ignore",
    )

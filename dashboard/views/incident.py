"""One incident opened: figures with their conflicts, who said what, why it was fused, what is due by which clause, reports."""

from __future__ import annotations

import streamlit as st

from dashboard import look, session
from dashboard.reading import Row, dossier
from dashboard.session import answering
from dashboard.sources import basis_chip, confirmed_chip, conflicts_markup, evidence_markup, statement_quotes
from dashboard.views import judging, report_actions
from dashboard.words import clock, hazard_name, impact_name, known, t, when
from models.domain import Dossier, EvidenceView

HEIGHT = 520
"""Pixels of the scrolling part."""

TIMELINE_PAGE = 30
"""Pieces of evidence on one page of the timeline."""


def panel(row: Row) -> None:
    """The opened incident beside the map."""
    head(row)
    kinds = ("figures", "timeline", "judging", "deadlines", "reports")
    with answering():
        known_now = dossier(row.incident.id)
        tabs = st.tabs([t(f"incident.tab.{kind}") for kind in kinds])
        parts = (figures, timeline, judging.panel, deadlines, reports)
        for tab, part in zip(tabs, parts, strict=True):
            with tab, st.container(height=HEIGHT, border=False):
                part(row, known_now)


def head(row: Row) -> None:
    """Title, mode, grade and times, the way back, and the button that drafts."""
    if row.incident.mode == "exercise":
        look.notice(t("mode.banner"), "exercise")
    title, back = st.columns([8, 2], vertical_alignment="center")
    with title:
        shape = look.severity(row)
        look.show(
            f'<div class="anlan-row-head">{look.symbol(shape, size=24, exercise=row.incident.mode == "exercise")}'
            f"<b style='font-size:1.2em'>{look.escaped(row.incident.title)}</b>{look.mode_chip(row.incident.mode)}</div>"
        )
    with back:
        if st.button(t("incident.back"), icon=":material/arrow_back:", key="back", width="stretch"):
            session.select(None)
            st.rerun()
    facts(row)
    with answering():
        report_actions.draft_button(row)


@st.fragment(run_every="10s")
def facts(row: Row) -> None:
    """Grade, kind, standing, time left, when and where; the time left runs by itself."""
    chips = [
        look.chip(look.severity_word(row), "grade"),
        look.chip(hazard_name(row.incident.hazard)),
        look.chip(known("event_type", row.incident.event_type)),
        look.chip(known("incident_status", row.incident.status)),
        look.first_duty(row),
    ]
    assumed = look.chip(t("incident.assumed"), "unverified") if row.incident.started_at_assumed else ""
    place = f"{row.incident.place.name} ({known('precision', row.incident.place.precision)})"
    look.show(
        f'<div class="anlan-row-line">{"".join(chips)}</div><div class="anlan-row-line anlan-dim">'
        f"{look.escaped(t('incident.started'))} {look.escaped(clock(row.incident.started_at))} {assumed}· "
        f"{look.escaped(t('incident.first_heard'))} {look.escaped(when(row.incident.first_evidence_at))} · {look.escaped(place)}</div>"
    )


def figures(row: Row, known_now: Dossier) -> None:
    """Low, best and high of every figure, its rule and what contradicts it."""
    if not known_now.impacts:
        look.show(f'<div class="anlan-empty">{look.escaped(t("figures.none"))}</div>')
    for impact in known_now.impacts:
        look.show(
            f'<div><b>{look.escaped(impact_name(impact.type))}</b> <span class="anlan-num" style="font-size:1.15em">'
            f"{look.escaped(look.spread(impact))}</span> {confirmed_chip(impact)}{basis_chip(impact)}"
            f'<span class="anlan-dim">{look.escaped(when(impact.as_of))}</span><br>'
            f'<span class="anlan-dim">{look.escaped(impact.rule)}</span></div>{conflicts_markup(impact)}'
        )
    if row.grading:
        grading(row)


def grading(row: Row) -> None:
    """The grade with its arithmetic and clause."""
    worked = row.grading
    if worked is None:
        return
    level = known("grade", worked.level) if worked.level else t("severity.none")
    worse = look.chip(t("grading.if_missing_dead", level=known("grade", worked.if_missing_dead)), "warn") if worked.if_missing_dead else ""
    doubt = "" if worked.verified else look.chip(t("common.unverified"), "unverified")
    reasons = "<br>".join(look.escaped(reason) for reason in (*worked.reasons, *worked.near_boundary))
    look.show(
        f'<div class="anlan-evidence"><b>{look.escaped(t("grading.title"))}: {look.escaped(level)}</b> {worse}{doubt}<br>{reasons}<br>'
        f'<span class="anlan-dim">{look.escaped(worked.clause)} · {look.escaped(worked.reference)}</span></div>'
    )


def timeline(row: Row, known_now: Dossier) -> None:
    """Who said what, oldest first, quoted words marked; why each was fused."""
    views = known_now.evidence
    pages = max(1, (len(views) - 1) // TIMELINE_PAGE + 1)
    number = int(st.number_input(t("common.page", pages=pages), 1, pages, key=f"timeline-{row.incident.id}")) if pages > 1 else 1
    shown = views[(number - 1) * TIMELINE_PAGE : number * TIMELINE_PAGE]
    look.show("".join(_told(view, known_now) for view in shown))


def _told(view: EvidenceView, known_now: Dossier) -> str:
    reasons = t("common.semicolon").join(view.match_reasons)
    score = f"{view.match_score:.2f}" if view.match_score is not None else "–"
    twin = look.chip(t("evidence.duplicate")) if view.duplicate_of else ""
    why = f'<div class="anlan-dim" style="margin:0 0 .6rem .8rem;font-size:.88em">{twin}{look.escaped(t("evidence.why", score=score))} {look.escaped(reasons)}</div>'
    return evidence_markup(view, statement_quotes(known_now.statements, view.id)) + why


def deadlines(row: Row, known_now: Dossier) -> None:
    """Every duty to report: by when, to whom, by which clause, and whether that clause was seen."""
    if not row.deadlines:
        look.show(f'<div class="anlan-empty">{look.escaped(t("deadline.none"))}</div>')
        return
    cells = [
        (
            look.due_chip(due) + f"<br><span class='anlan-num'>{look.escaped(clock(due.due_at))}</span>",
            f"{look.escaped(due.reporter)} → {look.escaped(due.recipient)}<br><span class='anlan-dim'>{look.escaped(due.regime)} · "
            f"{look.escaped(due.starts_from)} {look.escaped(clock(due.starts_at))}</span>",
            f"{look.escaped(due.clause)}<br><span class='anlan-dim'>{look.escaped(due.reference)}</span>",
        )
        for due in row.deadlines
    ]
    look.show(look.table([t("deadline.due"), t("deadline.duty"), t("deadline.clause")], cells))


def reports(row: Row, known_now: Dossier) -> None:
    """Reports already made about it and where each stands."""
    if not known_now.reports:
        look.show(f'<div class="anlan-empty">{look.escaped(t("report.none"))}</div>')
    for state in known_now.reports:
        report_actions.line(state)
        report_actions.changed_notice(state, known_now)

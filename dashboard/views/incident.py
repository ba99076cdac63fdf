"""One incident opened: figures with their conflicts, who said what, why it was fused, what is due by which clause, reports."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import look, session
from dashboard.reading import Row, behind, dossier, told
from dashboard.session import answering
from dashboard.sources import basis_chip, confirmed_chip, conflicts_markup, evidence_markup, law_markup, statement_quotes
from dashboard.views import judging, report_actions, tasks
from dashboard.words import clock, hazard_name, impact_name, known, t, when
from models.domain import EvidenceView, Impact, Statement
from reports.plans import Plan, compared, plans_of
from reports.plans import grading as worked_out

HEIGHT = 520
"""Pixels of the scrolling part."""

MOST_CASES = 6
"""Similar cases shown, the newest."""

MOST_ACTIONS = 30
"""Tasks of a plan shown."""

SOURCES_SHOWN = 20
"""Statements shown behind one figure."""

TIMELINE_PAGE = 30
"""Pieces of evidence on one page of the timeline."""


def panel(row: Row) -> None:
    """The opened incident beside the map. Only the part someone looks at is read."""
    head(row)
    parts = {"figures": figures, "timeline": timeline, "judging": _judging, "deadlines": deadlines, "plan": plan, "reports": reports}
    labels = {t(f"incident.tab.{kind}"): part for kind, part in parts.items()}
    with answering():
        tabs = st.tabs(list(labels), key=f"tabs-{row.incident.id}", on_change="rerun")
        for tab, part in zip(tabs, labels.values(), strict=True):
            if tab.open:
                with tab, st.container(height=HEIGHT, border=False):
                    part(row)


def _judging(row: Row) -> None:
    judging.panel(row, dossier(row.incident.id))


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
        report_actions.draft_buttons(row)


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


def figures(row: Row) -> None:
    """Low, best and high of every figure, its rule and what contradicts it; one press and the words behind it."""
    if not row.impacts:
        look.show(f'<div class="anlan-empty">{look.escaped(t("figures.none"))}</div>')
    for impact in row.impacts:
        words, button = st.columns([7, 2], vertical_alignment="top")
        with words:
            look.show(
                f'<div><b>{look.escaped(impact_name(impact.type))}</b> <span class="anlan-num" style="font-size:1.15em">'
                f"{look.escaped(look.spread(impact))}</span> {confirmed_chip(impact)}{basis_chip(impact)}"
                f'<span class="anlan-dim">{look.escaped(when(impact.as_of))}</span><br>'
                f'<span class="anlan-dim">{look.escaped(impact.rule)}</span></div>{conflicts_markup(impact)}'
            )
        with button:
            opened = st.popover(
                t("source.open", count=len(impact.statements)), key=f"why-{impact.id}", on_change="rerun", type="tertiary", width="stretch"
            )
            if opened.open:
                with opened:
                    sources(impact)
    if row.grading:
        grading(row)


def sources(impact: Impact) -> None:
    """The words behind one figure, marked in the evidence they stand in, the newest first."""
    found = behind(impact)
    look.show("".join(evidence_markup(view, [statement.quote]) for statement, view in found[:SOURCES_SHOWN]))
    if len(impact.statements) > SOURCES_SHOWN:
        look.show(f'<div class="anlan-dim">{look.escaped(t("figures.more", count=len(impact.statements) - SOURCES_SHOWN))}</div>')


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


def timeline(row: Row) -> None:
    """Who said what, newest first, quoted words marked; why each was fused."""
    pages = max(1, (row.incident.evidence_count - 1) // TIMELINE_PAGE + 1)
    number = int(st.number_input(t("common.page", pages=pages), 1, pages, key=f"timeline-{row.incident.id}")) if pages > 1 else 1
    views, statements = told(row.incident.id, number - 1, TIMELINE_PAGE)
    look.show("".join(_told(view, statements) for view in views))


def _told(view: EvidenceView, statements: Sequence[Statement]) -> str:
    reasons = t("common.semicolon").join(view.match_reasons)
    score = f"{view.match_score:.2f}" if view.match_score is not None else "–"
    twin = look.chip(t("evidence.duplicate")) if view.duplicate_of else ""
    why = f'<div class="anlan-dim" style="margin:0 0 .6rem .8rem;font-size:.88em">{twin}{look.escaped(t("evidence.why", score=score))} {look.escaped(reasons)}</div>'
    return evidence_markup(view, statement_quotes(statements, view.id)) + why


def deadlines(row: Row) -> None:
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


def plan(row: Row) -> None:
    """What this city's plans say comes next, each with its article, and similar cases with what they taught. Read out by code, never by a model."""
    known_now = dossier(row.incident.id)
    found = plans_of(known_now)
    if not found:
        look.show(f'<div class="anlan-empty">{look.escaped(t("plan.none"))}</div>')
    figures = {impact.type: impact.best for impact in known_now.impacts if impact.basis == "reported" and impact.best is not None}
    for one in found:
        _plan(row, one, figures)
    look.show(f"<h4>{look.escaped(t('plan.cases'))}</h4>")
    cases = [
        law_markup(f"{case.name} {case.date:%Y-%m-%d} {case.place}", case.lessons[:3], case.reference, verified=case.verified)
        for case in known_now.cases[:MOST_CASES]
    ]
    look.show("".join(cases) or f'<div class="anlan-empty">{look.escaped(t("plan.no_cases"))}</div>')


def _plan(row: Row, one: Plan, figures: dict[str, float]) -> None:
    result = compared(one, figures)
    worked = worked_out(one, result)
    if worked is not None:
        said = t("plan.reached", level=result.level) if result.level else t("plan.not_reached")
        judged = t("plan.unread", count=len(result.unread)) if result.unread else ""
        starts = (
            [t("plan.starts", who=fact.text) + f" {one.cited(fact)}" for fact in one.of("starts_level", result.level)]
            if result.level
            else []
        )
        look.show(law_markup(worked.clause, [said, *worked.reasons, judged, *starts], worked.reference, verified=worked.verified))
    actions = (one.actions(result.level) if result.level else []) or one.actions(None)
    if actions:
        look.show(f"<b>{look.escaped(t('plan.actions'))}</b>")
        tasks.panel(row.incident, [(fact, one.cited(fact)) for fact in actions[:MOST_ACTIONS]])
    if len(actions) > MOST_ACTIONS:
        look.show(f'<div class="anlan-dim">{look.escaped(t("plan.more", count=len(actions) - MOST_ACTIONS))}</div>')


def reports(row: Row) -> None:
    """Reports already made about it and where each stands."""
    known_now = dossier(row.incident.id)
    if not known_now.reports:
        look.show(f'<div class="anlan-empty">{look.escaped(t("report.none"))}</div>')
    for state in known_now.reports:
        report_actions.line(state)
        report_actions.changed_notice(state, known_now)

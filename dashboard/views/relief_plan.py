"""One relief plan on the screen: every coefficient opens its source, what is not verified says so, and the decision binds to what is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import look, session
from dashboard.reading import knowledge, reading
from dashboard.session import answering
from dashboard.views import report_actions
from dashboard.views.draft import finding_markup
from dashboard.views.signoff import decision, history
from dashboard.words import clock, figure, known, now, t
from models.domain import Need
from models.relief import GROUPS, PlanState
from reports import relief, relief_paper, signoff

TABS = ("basis", "needs", "stock", "allocation", "gap", "exposure", "checks", "supply", "decisions")


def shown(state: PlanState) -> None:
    """Headline and standing, what can be done, then the plan in tabs."""
    plan = state.plan
    if plan.mode == "exercise":
        look.notice(t("mode.banner"), "exercise")
    look.show(
        f'<div class="anlan-row-line">{look.mode_chip(plan.mode)}<b>{look.escaped(plan.title)}</b> '
        f"{look.chip(t('report.version', version=plan.version))}{look.chip(known('report_status', state.status), report_actions.STANDING.get(state.status, 'over'))}"
        f'{look.origin_label(plan.origin)}<span class="anlan-dim">{look.escaped(plan.drafted_by)} · {look.escaped(clock(plan.created_at))}</span></div>'
        f'<div class="anlan-digest anlan-dim">{look.escaped(t("report.digest"))} {plan.content_digest()}</div>'
    )
    for line in plan.changes:
        look.show(f'<div class="anlan-evidence">{look.escaped(t("relief.changed"))} {look.escaped(line)}</div>')
    actions(state)
    parts: tuple[Callable[[PlanState], None], ...]
    parts = (basis, needs, stock, allocation, gap, exposure, checks, supply, partial(history, known_now=None))
    for tab, part in zip(st.tabs([t(f"relief.tab.{name}") for name in TABS]), parts, strict=True):
        with tab:
            part(state)


def actions(state: PlanState) -> None:
    """Submit, sign, return, withdraw, and the files."""
    plan, who = state.plan, session.here()
    with st.container(horizontal=True):
        for form in ("docx", "xlsx", "pdf"):
            report_actions.download(state, key=f"relief-{form}", form=form)
        if (
            state.status in signoff.FROM["submit"]
            and session.may(who, "submit")
            and st.button(t("relief.submit"), type="primary", icon=":material/send:", key="relief-submit")
        ):
            with answering():
                signoff.submit(knowledge(), plan.id, version=plan.version, digest=plan.content_digest(), by=who)
                session.tell(t("relief.submitted"))
                st.rerun()
    if session.may(who, "sign"):
        decision(state, who)


def basis(state: PlanState) -> None:
    """Each population by itself, the chosen one marked."""
    rows = [tuple(look.escaped(cell) for cell in row) for row in relief_paper.basis_rows(state.plan)]
    look.show(look.table([t(f"relief.head.{name}") for name in ("basis", "people", "origin", "why")], rows))
    look.show(f'<div class="anlan-dim">{look.escaped(state.plan.basis_why)}</div>')
    for line in (*state.plan.placing, *state.plan.assumptions):
        look.show(f'<div class="anlan-evidence">{look.escaped(line)}</div>')


def needs(state: PlanState) -> None:
    """Each need with its arithmetic; the button opens where its coefficient stands."""
    for number, need in enumerate(state.plan.needs):
        words, button = st.columns([8, 2], vertical_alignment="center")
        with words:
            look.show(_need(need))
        with button, st.popover(t("relief.source"), icon=":material/menu_book:", key=f"relief-source-{number}"):
            look.show(source_markup(need))


def _need(need: Need) -> str:
    doubt = "" if need.verified else look.chip(t("relief.unverified"), "unverified")
    return (
        f'<div><b>{look.escaped(need.item)}</b> <span class="anlan-num">{look.escaped(relief_paper.need_words(need))}</span> {doubt}'
        f'<br><span class="anlan-dim">{look.escaped(need.arithmetic)}</span></div>'
    )


def source_markup(need: Need) -> str:
    """Where one coefficient stands, and whether anyone saw it there."""
    seen = look.chip(t("relief.verified"), "good") if need.verified else look.chip(t("relief.unverified"), "unverified")
    lines = (need.standard, need.clause, need.per, need.source)
    return f'<div class="anlan-evidence">{seen}<br>' + "<br>".join(look.escaped(line) for line in lines if line) + "</div>"


def stock(state: PlanState) -> None:
    """The lots of the items needed as they were free, and what the lists do not tell."""
    rows = [
        (
            look.escaped(lot.depot_name),
            look.escaped(lot.item),
            f"{figure(lot.quantity)} {look.escaped(lot.unit)}",
            lot.expires_on.isoformat() if lot.expires_on else "–",
        )
        for lot in state.plan.stock
    ]
    heads = [t(f"relief.head.{name}") for name in ("depot", "item", "free", "expires")]
    look.show(look.table(heads, rows) if rows else f'<div class="anlan-empty">{look.escaped(t("relief.no_stock"))}</div>')
    for line in (*state.plan.matched, *state.plan.stock_gaps):
        look.show(f'<div class="anlan-evidence">{look.chip(t("relief.check_this"), "warn")}{look.escaped(line)}</div>')


def allocation(state: PlanState) -> None:
    """What goes from where to where."""
    _table(state, relief_paper.sent_rows(state.plan), ("number", "depot", "item", "quantity", "site", "arrives"), "relief.no_allocation")


def gap(state: PlanState) -> None:
    """What is missing by place and item, why, and the request for it."""
    _table(state, relief_paper.gap_rows(state.plan), ("number", "site", "item", "missing", "why"), "relief.no_gap")
    if state.plan.request:
        body = "".join(f"<p>{look.escaped(line)}</p>" for line in state.plan.request)
        look.show(
            f'<div class="anlan-paper"><h4>{look.escaped(t("relief.request"))}</h4>{look.escaped(state.plan.recipients[0])}{body}</div>'
        )


def _table(state: PlanState, rows: list[tuple[str, ...]], heads: tuple[str, ...], empty: str) -> None:
    cells = [tuple(look.escaped(cell) for cell in row) for row in rows]
    look.show(
        look.table([t(f"relief.head.{name}") for name in heads], cells)
        if cells
        else f'<div class="anlan-empty">{look.escaped(t(empty))}</div>'
    )


def exposure(state: PlanState) -> None:
    """Who stands in the footprint by street, with the survey's date and gaps."""
    for line in relief_paper.exposure_lines(state.plan):
        look.show(f'<div class="anlan-evidence">{look.escaped(line)}</div>')
    found = state.plan.exposure
    if found is None:
        return
    groups = [group for group in GROUPS if group in found.people]
    rows = [
        (
            look.escaped(one.name),
            f"{one.share:.0%}",
            *(look.escaped(relief_paper.spread(one.people[group], estimated=True)) if group in one.people else "–" for group in groups),
        )
        for one in found.streets
    ]
    look.show(look.table([t("relief.head.street"), t("relief.head.share"), *(t(f"relief.group.{group}") for group in groups)], rows))
    with st.expander(t("relief.arithmetic")):
        look.show("".join(f"<div>{look.escaped(line)}</div>" for line in found.arithmetic))


def checks(state: PlanState) -> None:
    """What code that is not the solver says of the answer, and what checking the plan found."""
    for line in state.plan.solved.checks:
        look.show(f'<div class="anlan-evidence">{look.escaped(line)}</div>')
    look.show("".join(finding_markup(finding) for finding in state.findings))


def supply(state: PlanState) -> None:
    """What was delivered and used, how long it lasts, and the place to write down more."""
    plan = state.plan
    rows = [
        (
            look.escaped(one.item),
            look.escaped(one.arithmetic),
            "–" if one.best is None else look.escaped(f"{figure(one.low)}–{figure(one.best)}–{figure(one.high)}"),
        )
        for one in reading(lambda k: relief.supplies(k, plan, now()))
    ]
    look.show(look.table([t("relief.head.item"), t("relief.arithmetic"), t("relief.head.days_left")], rows))
    if not plan.solved.allocations or not session.may(session.here(), "ingest") or state.status not in ("signed", "superseded"):
        return
    lines = [f"{row[0]} {row[1]} → {row[4]} {row[2]} {row[3]}" for row in relief_paper.sent_rows(plan)]
    with st.form("relief-deliver"):
        line = st.selectbox(
            t("relief.line"), range(1, len(lines) + 1), format_func=lambda number: session.plain(lines[number - 1]), key="relief-line"
        )
        kind = st.segmented_control(
            t("relief.moved"),
            ("delivered", "consumed", "returned"),
            format_func=lambda one: t(f"relief.kinds.{one}"),
            default="delivered",
            required=True,
        )
        quantity = st.number_input(t("relief.quantity"), min_value=0.0, key="relief-quantity")
        if st.form_submit_button(t("relief.record")):
            with answering():
                relief.record_delivery(knowledge(), plan.id, int(line or 1), quantity, session.here(), kind=str(kind))
                session.tell(t("relief.recorded"))
                st.rerun()

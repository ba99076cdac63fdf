"""签发: read exactly what will go out, with every figure's source; then sign with the password, or return with a reason."""

from __future__ import annotations

import streamlit as st

from dashboard import look, session
from dashboard.paper import differences, paper, parts_of
from dashboard.reading import dossier, knowledge, plans_waiting, reports
from dashboard.session import answering
from dashboard.sources import citations_popover
from dashboard.views import report_actions
from dashboard.views.draft import finding_markup
from dashboard.words import clock, known, t
from models.domain import Dossier, Person, ReportState
from reports import signoff


def page() -> None:
    """The reports that wait, then those already decided."""
    if plans := plans_waiting(session.mode()):
        names = t("common.comma").join(state.plan.title for state in plans)
        look.show(f'<div class="anlan-row-line">{look.chip(t("relief.waiting", count=len(plans)), "soon")}{look.escaped(names)}</div>')
        if st.button(t("relief.to_plans"), icon=":material/inventory_2:", key="to-plans"):
            session.select(plans[0].plan.incident)
            session.go("relief")
    states = [*reports(session.mode(), "submitted"), *reports(session.mode(), "signed", "void", "withdrawn", "returned")]
    if not states:
        look.show(f'<div class="anlan-empty">{look.escaped(t("signoff.empty"))}</div>')
        return
    waiting = sum(1 for state in states if state.status == "submitted")
    look.show(f'<div class="anlan-top">{look.chip(t("signoff.waiting", count=waiting), "soon" if waiting else "plain")}</div>')
    state = report_actions.choose(states, "signing", t("signoff.which"))
    with answering():
        reading_desk(state, dossier(state.report.incident))


def reading_desk(state: ReportState, known_now: Dossier) -> None:
    """Left the paper, right what it rests on and the decision."""
    if state.report.mode == "exercise":
        look.notice(t("mode.banner"), "exercise")
    report_actions.standing_notice(state)
    report_actions.changed_notice(state, known_now)
    left, right = st.columns([11, 9])
    with left:
        look.show(f'<div class="anlan-row-line">{report_actions.headline(state)}</div>')
        look.show(paper(state.report))
        look.show(f'<div class="anlan-digest anlan-dim">{look.escaped(t("report.digest"))} {state.report.content_digest()}</div>')
    with right:
        decision(state, session.here())
        names = ("sources", "differences", "findings", "decisions")
        parts = (sources_of, changes, findings, history)
        for tab, part in zip(st.tabs([t(f"signoff.tab.{name}") for name in names]), parts, strict=True):
            with tab, st.container(height=460, border=False):
                part(state, known_now)


def decision(state: signoff.State, who: Person) -> None:
    """Sign, return or withdraw a report or plan. The digest sent along is the one of what is shown, so nothing else can be signed."""
    report = state.paper
    if state.status == "submitted":
        if who.is_external:
            st.button(
                t("signoff.login_again"),
                key="login-again",
                icon=":material/key:",
                on_click=session.login_again,
                args=(who, report.content_digest()),
            )
        with st.form("decision", border=True):
            look.show(
                f'<div class="anlan-row-line">{look.escaped(t("signoff.binding", version=report.version, digest=report.content_digest()[:16]))}</div>'
            )
            password, code = credential(who)
            reason = st.text_input(t("signoff.reason"), key="sign_reason")
            sign, back = st.columns(2)
            signed = sign.form_submit_button(t("signoff.sign"), type="primary", icon=":material/draw:", width="stretch")
            returned = back.form_submit_button(t("signoff.return"), icon=":material/undo:", width="stretch")
        with answering():
            if signed:
                decide_signed(state, who, password, code)
            elif returned:
                signoff.return_(
                    knowledge(), report.id, version=report.version, digest=report.content_digest(), by=who, reason=reason.strip()
                )
                session.tell(t("signoff.returned"))
                st.rerun()
        return
    if isinstance(state, ReportState):
        with st.container(horizontal=True):
            report_actions.download(state, key=f"sign-{report.id}")
    if state.status == "signed" and session.may(who, "withdraw"):
        with st.popover(t("signoff.withdraw"), icon=":material/undo:"):
            reason = st.text_input(t("signoff.reason"), key="withdraw_reason")
            if st.button(t("signoff.withdraw"), key="withdraw", type="primary"):
                with answering():
                    signoff.withdraw(
                        knowledge(), report.id, version=report.version, digest=report.content_digest(), by=who, reason=reason.strip()
                    )
                    session.tell(t("signoff.withdrawn"))
                    st.rerun()


def credential(who: Person) -> tuple[str, str]:
    """The fields in which a local account gives its credential again: password, and code where it has one."""
    if who.is_external:
        return "", ""
    password = st.text_input(t("signoff.password"), type="password", key="sign_password", autocomplete="current-password")
    code = st.text_input(t("sign_in.code"), key="sign_code", autocomplete="one-time-code", max_chars=10) if who.has_code else ""
    return password, code


def decide_signed(state: signoff.State, who: Person, password: str, code: str) -> None:
    """Ask for the credential once more, for exactly this text: a screen left open must not be able to sign."""
    report = state.paper
    session.confirm(who, report.content_digest(), password, code)
    signoff.sign(knowledge(), report.id, version=report.version, digest=report.content_digest(), by=who)
    session.tell(t("signoff.signed"))
    st.rerun()


def sources_of(state: ReportState, known_now: Dossier) -> None:
    """Every sentence with the button that opens what it rests on."""
    for part in parts_of(state.report):
        if part.heading:
            look.show(f'<div class="anlan-dim">{look.escaped(part.heading)}</div>')
        for claim in part.claims:
            words, button = st.columns([8, 3], vertical_alignment="center")
            with words:
                look.show(f'<div class="anlan-evidence">{look.escaped(claim.text)}</div>')
            with button:
                citations_popover(claim, known_now, state.report, key=f"sign-cite-{state.report.id}-{state.report.version}-{claim.id}")


def changes(state: ReportState, known_now: Dossier) -> None:
    """What people changed in the machine's text."""
    found = differences(state.report.claims)
    look.show(found or f'<div class="anlan-empty">{look.escaped(t("signoff.unchanged"))}</div>')


def findings(state: ReportState, known_now: Dossier) -> None:
    """Everything checking found, with the sentence it concerns."""
    sentences = {claim.id: claim.text for claim in state.report.claims}
    told = "".join(
        finding_markup(finding)
        + f'<div class="anlan-dim" style="margin-left:1rem">{look.escaped(sentences.get(finding.claim or "", ""))}</div>'
        for finding in state.findings
    )
    look.show(told or f'<div class="anlan-empty">{look.escaped(t("signoff.no_findings"))}</div>')


def history(state: signoff.State, known_now: Dossier | None) -> None:
    """Every decision on it, oldest first."""
    rows = [
        (
            look.escaped(clock(d.at)),
            look.escaped(f"{d.officer_name} ({t('role.' + d.role)})"),
            look.escaped(known("verdict", d.verdict)),
            f"{d.version} · <span class='anlan-digest'>{look.escaped(d.digest[:12])}</span>",
            look.escaped(d.reason),
        )
        for d in state.decisions
    ]
    heads = [t("audit.at"), t("audit.by"), t("signoff.verdict"), t("signoff.bound"), t("signoff.reason")]
    look.show(look.table(heads, rows) if rows else f'<div class="anlan-empty">{look.escaped(t("signoff.no_decisions"))}</div>')

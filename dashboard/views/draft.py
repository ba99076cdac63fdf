"""The draft on the table: every sentence with its sources and findings beside it, edited, saved, sent for signature."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import look, session
from dashboard.paper import differences, parts_of
from dashboard.reading import dossier, knowledge, reports
from dashboard.session import answering
from dashboard.sources import citations_popover
from dashboard.views import report_actions, wording
from dashboard.words import clock, known, t
from models.domain import Claim, Dossier, Finding, ReportState
from reports import signoff

EDITABLE = ("draft", "returned", "submitted", "signed", "void")
"""Standings in which a sentence may be changed. Changing a signed report voids the signature, and the page says so."""


ONE_LINE = 48
"""Characters that fit into a field of one line; a longer sentence gets a field that grows."""


def bench() -> None:
    """Choose a report, then work on it."""
    states = reports(session.mode())
    with answering():
        report_actions.day_button()
    if not states:
        look.show(f'<div class="anlan-empty">{look.escaped(t("draft.empty"))}</div>')
        return
    state = report_actions.choose(states, "draft", t("draft.which"))
    with answering():
        table(state, dossier(state.report.incident))


def table(state: ReportState, known_now: Dossier) -> None:
    """The head, the sentences, and what can be done."""
    report = state.report
    if report.mode == "exercise":
        look.notice(t("mode.banner"), "exercise")
    report_actions.standing_notice(state)
    look.show(f'<div class="anlan-row-line">{report_actions.headline(state)}</div>')
    look.show(f'<div class="anlan-dim">{look.escaped(t("draft.as_of", at=clock(report.data_as_of)))}</div>')
    newer = sum(1 for view in known_now.evidence if (view.sent_at or view.received_at) > report.data_as_of)
    if newer:
        look.show(look.chip(t("draft.newer", count=newer), "warn"))
    report_actions.changed_notice(state, known_now)
    findings_of_whole(state.findings)
    wording.panel(state, known_now)
    if changed := differences(report.claims):
        with st.expander(t("draft.compare"), icon=":material/difference:"):
            look.show(changed)
    typed = sentences(state, known_now)
    actions(state, {claim.id: typed[claim.id] for claim in report.claims if typed[claim.id].strip() != claim.text})


def findings_of_whole(findings: tuple[Finding, ...]) -> None:
    """What checking found about the whole report."""
    whole = [finding for finding in findings if finding.claim is None]
    if whole:
        look.show("".join(finding_markup(finding) for finding in whole))


def finding_markup(finding: Finding) -> str:
    """One finding: how serious, and what would mend it."""
    return (
        f'<div class="anlan-row-line">{look.chip(t(f"finding.{finding.severity}"), finding.severity)}{look.escaped(finding.message)}</div>'
    )


def sentences(state: ReportState, known_now: Dossier) -> dict[str, str]:
    """Every sentence in a field of its own; what stands in each field now, by claim id."""
    typed: dict[str, str] = {}
    for part in parts_of(state.report):
        if part.heading:
            look.show(f"<h3 style='margin:.5rem 0 0'>{look.escaped(part.heading)}</h3>")
        for claim in part.claims:
            typed[claim.id] = sentence(state, claim, known_now)
    return typed


def sentence(state: ReportState, claim: Claim, known_now: Dossier) -> str:
    """One sentence, its sources and its findings. The text in the field."""
    key = f"{state.report.id}-{state.report.version}-{claim.id}"
    words, beside = st.columns([7, 3], gap="small")
    with words:
        label, locked = t("draft.sentence", id=claim.id), state.status not in EDITABLE or not session.may(session.here(), "edit")
        if len(claim.text) <= ONE_LINE:
            text = st.text_input(label, claim.text, key=f"claim-{key}", disabled=locked, label_visibility="collapsed")
        else:
            text = st.text_area(label, claim.text, key=f"claim-{key}", height="content", disabled=locked, label_visibility="collapsed")
    with beside:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            kind = look.chip(known("claim_kind", claim.kind), "warn" if claim.kind in ("estimate", "missing") else "plain")
            changed = look.chip(t("draft.changed"), "info") if claim.machine_text not in (None, claim.text) else ""
            look.show(f"<span>{kind}{changed}</span>", width="content")
            if claim.citations:
                citations_popover(claim, known_now, state.report, key=f"cite-{key}")
        own = [finding for finding in state.findings if finding.claim == claim.id]
        if own:
            look.show("".join(finding_markup(finding) for finding in own))
    return text


def actions(state: ReportState, changes: Mapping[str, str]) -> None:
    """Save, send for signature, withdraw, take the file."""
    who = session.here()
    report = state.report
    if changes:
        st.warning(
            t("draft.unsaved_signed" if state.status in ("signed", "submitted") else "draft.unsaved", count=len(changes)),
            icon=":material/edit:",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("draft.save"), icon=":material/save:", disabled=not changes, key="draft-save"):
            with answering():
                saved = signoff.edit(knowledge(), report.id, report.version, changes, who)
                session.tell(t("draft.saved", version=saved.report.version))
                st.rerun()
        blocked = any(finding.severity == "block" for finding in state.findings)
        sendable = state.status in ("draft", "returned", "void") and session.may(who, "submit")
        if st.button(
            t("draft.submit"),
            icon=":material/send:",
            type="primary",
            disabled=bool(changes) or blocked or not sendable,
            key="draft-submit",
            help=t("draft.blocked") if blocked else t("draft.save_first") if changes else None,
        ):
            with answering():
                signoff.submit(knowledge(), report.id, version=report.version, digest=report.content_digest(), by=who)
                session.tell(t("draft.submitted"))
                st.rerun()
        report_actions.download(state, key=f"draft-{report.id}")
        look.show(f'<span class="anlan-digest anlan-dim">{look.escaped(t("report.digest"))} {report.content_digest()[:16]}…</span>')

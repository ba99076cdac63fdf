"""Every citation opens its source: the words, who said them, when; or the article; or the arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from dashboard import look
from dashboard.words import figure, impact_name, known, t, when
from models.domain import Claim, Dossier, EvidenceView, Impact, Report, Statement
from reports.types import report_type


def evidence_head(view: EvidenceView) -> str:
    """Who said it and when, how reliable, and whether it is an exercise."""
    return (
        f"{look.mode_chip(view.mode)}{look.chip(view.source_title)}{look.chip(t('evidence.reliability', code=view.reliability))}"
        f'<span class="anlan-dim">{look.escaped(when(view.sent_at or view.received_at))}</span>'
    )


def evidence_markup(view: EvidenceView, quotes: Iterable[str]) -> str:
    """One piece of evidence, masked, with the quoted words marked."""
    title = f"<b>{look.marked(view.title, quotes)}</b><br>" if view.title else ""
    return f'<div class="anlan-evidence">{evidence_head(view)}<br>{title}{look.marked(view.text, quotes)}</div>'


def statement_quotes(statements: Iterable[Statement], evidence: str) -> list[str]:
    """The words of one piece of evidence that statements quote."""
    return [statement.quote for statement in statements if statement.evidence == evidence]


def citation_markup(citation: str, dossier: Dossier, report: Report | None = None) -> str:
    """What stands behind one citation id, as HTML. An id this dossier does not hold is said to be missing, never hidden."""
    for view in dossier.evidence:
        if view.id == citation:
            return evidence_markup(view, statement_quotes(dossier.statements, view.id))
    for statement in dossier.statements:
        if statement.id == citation:
            return _statement(statement, dossier)
    for impact in dossier.impacts:
        if impact.id == citation:
            return impact_markup(impact, dossier)
    if citation == dossier.incident.id:
        heard = f"{t('incident.first_heard')} {when(dossier.incident.first_evidence_at)}"
        return f'<div class="anlan-evidence"><b>{look.escaped(dossier.incident.title)}</b><br>{look.escaped(heard)}</div>'
    for incident in dossier.incidents:
        if citation == incident.id:
            return f'<div class="anlan-evidence"><b>{look.escaped(incident.title)}</b><br>{look.escaped(when(incident.first_evidence_at))}</div>'
    for state in dossier.reports:
        if citation == state.report.id:
            return f'<div class="anlan-evidence"><b>{look.escaped(state.report.title)}</b><br>{look.escaped(when(state.report.created_at))}</div>'
    unknown = f'<div class="anlan-evidence">{look.chip(t("source.unknown"), "warn")} {look.escaped(citation)}</div>'
    return _library(citation, dossier) or _rule(citation, report) or unknown


def _statement(statement: Statement, dossier: Dossier) -> str:
    view = next((view for view in dossier.evidence if view.id == statement.evidence), None)
    if view is None:
        return f'<div class="anlan-evidence">{look.escaped(statement.quote)}</div>'
    return evidence_markup(view, [statement.quote])


def impact_markup(impact: Impact, dossier: Dossier) -> str:
    """One figure with the rule that chose it, the words behind it and every figure that was not chosen."""
    told = [_statement(s, dossier) for s in dossier.statements if s.id in impact.statements]
    return (
        f'<div><b>{look.escaped(impact_name(impact.type))}</b> <span class="anlan-num">{look.escaped(look.spread(impact))}</span> '
        f"{confirmed_chip(impact)}{basis_chip(impact)}<br><span class='anlan-dim'>{look.escaped(impact.rule)}</span></div>"
        + "".join(told)
        + conflicts_markup(impact)
    )


def confirmed_chip(impact: Impact) -> str:
    """Confirmed by a reliable source, or still to be checked."""
    return look.chip(t("figures.confirmed"), "good") if impact.confirmed else look.chip(t("figures.unconfirmed"), "warn")


def basis_chip(impact: Impact) -> str:
    """An estimate says so; a counted figure needs no word."""
    return look.chip(t("figures.estimated"), "warn") if impact.basis == "estimated" else ""


def conflicts_markup(impact: Impact) -> str:
    """Figures that differ, each with who said it, when, and in which words."""
    if not impact.conflicts:
        return ""
    told = "".join(
        f"<div class='anlan-evidence'>{look.chip(t('figures.conflict'), 'warn')}<b class='anlan-num'>{figure(c.value)} {look.escaped(impact.unit)}</b> "
        f"{look.escaped(c.source_title)} <span class='anlan-dim'>{look.escaped(when(c.at))}</span> · <mark>{look.escaped(c.quote)}</mark></div>"
        for c in impact.conflicts
    )
    return told


def _library(citation: str, dossier: Dossier) -> str:
    titles = {document.id: document.title for document in dossier.documents}
    for provision in dossier.provisions:
        if provision.id == citation:
            title = f"{titles.get(provision.document, provision.document)} {provision.article}"
            return law_markup(title, [provision.text], provision.source, verified=provision.verified)
    for fact in dossier.facts:
        if fact.id == citation:
            return law_markup(titles.get(fact.document, fact.document), [fact.quote], fact.provision, verified=True)
    for case in dossier.cases:
        if case.id == citation:
            title = f"{case.name} {case.date:%Y-%m-%d} {case.place}"
            return law_markup(title, [case.cause], case.reference, verified=case.verified)
    return ""


def _rule(citation: str, report: Report | None) -> str:
    if report is None:
        return ""
    for grading in report.gradings:
        if grading.scheme == citation:
            lines = [*grading.reasons, *grading.near_boundary]
            return law_markup(grading.clause, lines, grading.reference, verified=grading.verified, local=grading.local)
    for deadline in report.deadlines:
        if deadline.id == citation:
            lines = [f"{deadline.reporter} → {deadline.recipient} {when(deadline.due_at)}"]
            return law_markup(deadline.clause, lines, deadline.reference, verified=deadline.verified)
    for clause in report_type(report.type).clauses:
        if clause.id == citation:
            return law_markup(clause.cited(), [clause.says], clause.reference, verified=True)
    return ""


def law_markup(title: str, lines: Iterable[str], reference: str, *, verified: bool, local: bool = True) -> str:
    """A clause: its name, what it says, where it was read; loud when it was not seen or belongs to another place."""
    doubt = "" if verified else look.chip(t("common.unverified"), "unverified")
    other = "" if local else look.chip(t("common.not_local"), "warn")
    said = "<br>".join(look.escaped(line) for line in lines)
    return (
        f'<div class="anlan-evidence"><b>{look.escaped(title)}</b> {doubt}{other}<br>{said}<br>'
        f'<span class="anlan-dim">{look.escaped(reference)}</span></div>'
    )


def citations_popover(claim: Claim, dossier: Dossier, report: Report, key: str) -> None:
    """A button with the number of sources; pressed, it shows each of them."""
    if not claim.citations:
        look.show(look.chip(known("claim_kind", claim.kind)))
        return
    with st.popover(t("source.open", count=len(claim.citations)), key=key):
        look.show("".join(citation_markup(citation, dossier, report) for citation in claim.citations))

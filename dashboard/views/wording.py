"""The model's wording beside the rules': what it made of each narrative section, what checking refused, and taking it over section by section."""

from __future__ import annotations

import time

import streamlit as st

from dashboard import look, model, session
from dashboard.reading import knowledge
from dashboard.session import answering
from dashboard.sources import citations_popover
from dashboard.words import t
from models.domain import Dossier, Offer, ReportState
from reports import model_draft
from reports.page import RETOLD


def panel(state: ReportState, known_now: Dossier) -> None:
    """Everything about the model for one report. Nothing at all where no model is set and none ever wrote."""
    made = model_draft.offers(knowledge(), state.report.id)
    job = model.desk().jobs.get(state.report.id)
    if model.desk().model.state.name == "absent" and not made:
        return
    with st.expander(t("model.panel"), icon=":material/compare:", expanded=bool(made) or job is not None):
        if job is not None and job.ended is None:
            _running(state.report.id)
            return
        if job is not None and job.trouble:
            look.show(
                f'<div class="anlan-row-line">{look.chip(t("model.no_offer"), "warn")}{look.escaped(t("model.broken") if job.trouble == "broken" else job.trouble)}</div>'
            )
        _ask(state, model_draft.sections_of(state.report), first=not made)
        if made:
            _beside(state, made[0], known_now)
        _times()


@st.fragment(run_every="1s")
def _running(report: str) -> None:
    """How far it is, and a way to stop it; the page is drawn anew when it ends."""
    job = model.desk().jobs.get(report)
    if job is None or job.ended is not None:
        session.by_itself()
    seconds = time.monotonic() - job.started
    words = t("model.running", seconds=f"{seconds:.0f}", thinking=job.thinking, written=job.written)
    look.show(f'<div class="anlan-row-line" role="status">{look.escaped(words)}</div>')
    if st.button(t("model.cancel"), icon=":material/stop_circle:", key=f"ai-cancel-{report}", disabled=job.cancelled.is_set()):
        job.cancelled.set()


def _ask(state: ReportState, sections: tuple[object, ...], *, first: bool) -> None:
    """Ask for all narrative sections."""
    who = session.here()
    if not sections or not session.may(who, "draft") or not model.usable():
        return
    if st.button(t("model.ask" if first else "model.ask_again"), icon=":material/auto_awesome:", key=f"ai-ask-{state.report.id}"):
        model.desk().start(state.report.id, state.report.version, who)
        st.rerun()


def _beside(state: ReportState, offer: Offer, known_now: Dossier) -> None:
    """Each section by rules on the left, by the model on the right."""
    who = session.here()
    look.show(
        f'<div class="anlan-row-line">{look.origin_label(offer.model)}'
        f'<span class="anlan-dim">{look.escaped(t("model.offer_note", kept=len(offer.claims), dropped=len(offer.dropped)))}</span></div>'
    )
    if not offer.in_time:
        look.show(look.chip(t("model.unfinished"), "soon"))
    if offer.version != state.report.version:
        look.show(look.chip(t("model.older", version=offer.version), "soon"))
    for section in model_draft.sections_of(state.report):
        written = [claim for claim in offer.claims if claim.section == section.key]
        refused = [item for item in offer.dropped if item.section == section.key]
        look.show(f"<b>{look.escaped(section.name)}</b>")
        ours, theirs = st.columns(2, gap="small")
        with ours:
            now = [claim for claim in state.report.claims if claim.section == section.key and RETOLD in claim.id]
            look.show(
                "".join(f'<div class="anlan-evidence">{look.escaped(claim.text)}</div>' for claim in now) or look.escaped(t("model.none"))
            )
        with theirs:
            for claim in written:
                look.show(f'<div class="anlan-evidence">{look.escaped(claim.text)}</div>')
                citations_popover(claim, known_now, state.report, key=f"ai-cite-{state.report.id}-{claim.id}")
            if not written:
                look.show(f'<div class="anlan-dim">{look.escaped(t("model.nothing_passed"))}</div>')
            look.show(
                "".join(
                    f'<div class="anlan-row-line">{look.chip(t("model.refused"), "warn")}{look.escaped(item.reason)}</div>'
                    for item in refused
                )
            )
            with st.container(horizontal=True):
                taken = any(claim in state.report.claims for claim in written)
                if session.may(who, "edit") and st.button(
                    t("model.taken" if taken else "model.take"),
                    key=f"ai-take-{state.report.id}-{section.key}",
                    disabled=taken or not written,
                ):
                    with answering():
                        saved = model_draft.take(knowledge(), state.report.id, state.report.version, offer, [section.key], who)
                        session.tell(t("draft.saved", version=saved.report.version))
                        st.rerun()
                if (
                    session.may(who, "draft")
                    and model.usable()
                    and st.button(t("model.section_again"), key=f"ai-again-{state.report.id}-{section.key}")
                ):
                    model.desk().start(state.report.id, state.report.version, who, only=[section.key])
                    st.rerun()


def _times() -> None:
    """Median and 95th percentile of each stage of the newest drafts, in seconds."""
    taken = model_draft.stage_times(knowledge())
    rows = [
        (look.escaped(t(f"timing.{name}")), f"{median:.2f}", f"{most:.2f}", str(count))
        for name, (median, most, count) in taken.items()
        if name in ("rules.total", "model.first_token", "model.answer", "model.check", "model.total")
    ]
    if rows:
        look.show(look.table((t("timing.name"), "p50 s", "p95 s", t("timing.count")), rows))

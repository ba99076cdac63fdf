"""审计: does the chain hold, what was done, by whom, and what was refused."""

from __future__ import annotations

import json
from itertools import islice

import streamlit as st

from dashboard import look, session
from dashboard.reading import reading, reports, troubles
from dashboard.session import answering
from dashboard.words import clock, known, now, t
from models.domain import Entry

PAGE = 25
"""Entries on one page."""

SHORT, LONGEST = 110, 6_000
"""Characters of an entry's details shown at once, and when opened."""

KINDS = (
    "evidence.received",
    "evidence.quarantined",
    "evidence.understood",
    "evidence.erased",
    "feature.received",
    "library.added",
    "library.removed",
    "source.run",
    "source.declared",
    "quarantine.asked",
    "quarantine.tried",
    "quarantine.settled",
    "report.drafted",
    "report.edited",
    "report.submitted",
    "report.signed",
    "report.returned",
    "report.withdrawn",
    "report.rendered",
    "brief.rendered",
    "relief.drafted",
    "relief.edited",
    "relief.submitted",
    "relief.signed",
    "relief.returned",
    "relief.withdrawn",
    "relief.rendered",
    "relief.delivered",
    "stock.counted",
    "person.added",
    "person.changed",
    "report.offered",
    "report.offer_failed",
    "ai.paused",
    "ai.resumed",
    "person.signed_in",
    "person.refused",
    "person.asked",
    "person.confirmed",
    "person.acted",
    "audit.read",
    "clock.set_back",
)
"""Kinds one can ask for; an entry of any other kind is in the list of all."""


def page() -> None:
    """The chain, the files, then the entries."""
    session.allowed("audit")
    with answering():
        chain()
    with answering():
        files()
    with answering():
        entries()


def chain() -> None:
    """Recompute the whole chain at the press of a button."""
    last = reading(lambda k: k.ledger.last_seq())
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("audit.verify"), icon=":material/link:", type="primary", key="verify"):
            with st.spinner(t("audit.verifying")):
                st.session_state["verification"] = (reading(lambda k: k.ledger.verify()), now())
        look.show(f'<span class="anlan-dim">{look.escaped(t("audit.length", count=last))}</span>')
    done = st.session_state.get("verification")
    if done:
        found, at = done
        if found.ok:
            look.notice(t("audit.holds", count=found.entries, at=f"{at:%H:%M:%S}"), "good")
        else:
            look.notice(t("audit.broken", first=found.first_broken or "—", reason=found.reason), "changed")


def files() -> None:
    """Files of reports that are no longer what was made, and reports changed after signing."""
    found = [(state, trouble) for state in (*reports("actual"), *reports("exercise")) for trouble in troubles(state.report.id)]
    for state, trouble in found:
        look.notice(f"{state.report.title}{t('common.colon')}{trouble}", "changed")
    if not found:
        look.show(f'<div class="anlan-dim">{look.escaped(t("audit.files_good"))}</div>')


def entries() -> None:
    """The ledger page by page, of one kind or all, or only what was refused."""
    left, right = st.columns([4, 2], vertical_alignment="bottom")
    kind = left.selectbox(
        t("audit.kind"), ("all", "refused", *KINDS), format_func=lambda k: known("entry_kind", k.replace(".", "_")), key="audit_kind"
    )
    kinds = None if kind == "all" else ("person.refused",) if kind == "refused" else (kind,)
    number = int(right.number_input(t("audit.page"), 1, 100_000, key="audit_page"))
    window = reading(
        lambda k: list(islice(k.ledger.entries(kinds=kinds, limit=number * PAGE + 1, newest_first=True), (number - 1) * PAGE, None))
    )
    if not window:
        look.show(f'<div class="anlan-empty">{look.escaped(t("audit.empty"))}</div>')
        return
    heads = [t("audit.seq"), t("audit.at"), t("audit.what"), t("audit.by"), t("audit.subject"), t("audit.payload"), t("audit.hash")]
    look.show(look.table(heads, [line(entry) for entry in window[:PAGE]]))
    if len(window) > PAGE:
        look.show(f'<div class="anlan-dim">{look.escaped(t("audit.more"))}</div>')


def line(entry: Entry) -> tuple[str, ...]:
    """One entry as a table row."""
    payload = json.dumps(entry.payload, ensure_ascii=False)
    return (
        f"<span class='anlan-num'>{entry.seq}</span>",
        f"<span class='anlan-num'>{look.escaped(clock(entry.at))}</span>",
        look.chip(known("entry_kind", entry.kind.replace(".", "_")), "over" if entry.kind == "person.refused" else "plain"),
        f"<span class='anlan-line'>{look.escaped(entry.by)}</span>",
        f"<span class='anlan-digest anlan-line'>{look.escaped(entry.subject[:20])}</span>",
        look.escaped(payload) if len(payload) <= SHORT else folded(payload),
        f"<span class='anlan-digest anlan-line'>{look.escaped(entry.hash[:10])}</span>",
    )


def folded(payload: str) -> str:
    """A long payload, opened with a press."""
    rest = look.escaped(payload[:LONGEST]) + ("…" if len(payload) > LONGEST else "")
    return f"<details><summary class='anlan-dim'>{look.escaped(payload[:SHORT])}…</summary><div class='anlan-digest'>{rest}</div></details>"

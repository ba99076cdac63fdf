"""值班台: what came in, what belongs together, what was said on the telephone, and the draft on the table."""

from __future__ import annotations

import streamlit as st

from dashboard import look, session
from dashboard.reading import overview
from dashboard.session import answering
from dashboard.views import draft, entry, judging, queue
from dashboard.words import now, t

SOON = 30 * 60
"""Seconds before a deadline from which it is loud."""

NAMED = 4
"""Late incidents named; the rest are counted."""


def page() -> None:
    """Four benches; only the one in use is drawn, so that typing stays quick."""
    who = session.here()
    benches = {"queue": queue.bench, "judging": judging.bench, "entry": entry.bench, "drafts": draft.bench}
    if not session.may(who, "judge"):
        del benches["judging"]
    if not session.may(who, "draft"):
        benches = {name: bench for name, bench in benches.items() if name in ("queue", "judging")}
    wanted = st.session_state.pop("desk_part", None)
    if wanted in benches:
        st.session_state["bench"] = wanted
    st.session_state.setdefault("bench", "queue")
    chosen = st.segmented_control(
        t("page.duty"),
        list(benches),
        format_func=lambda bench: t(f"duty.{bench}"),
        required=True,
        key="bench",
        label_visibility="collapsed",
    )
    with answering():
        late()
    with answering():
        benches[chosen or "queue"]()


@st.fragment(run_every="10s")
def late() -> None:
    """Every first report that is overdue or soon will be, on top of whatever is being done; a press opens the incident, where it is drafted."""
    due = [
        (row.earliest, row) for row in overview(session.mode()) if row.earliest and row.incident.status == "open" and not row.is_reported
    ]
    pressing = sorted(
        (pair for pair in due if (pair[0].due_at - now()).total_seconds() < SOON), key=lambda pair: (pair[0].due_at, pair[1].incident.id)
    )
    if not pressing:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="late"):
        look.show(f'<span role="status">{look.chip(t("duty.late", count=len(pressing)), "over")}</span>', width="content")
        for deadline, row in pressing[:NAMED]:
            waiting = t("duty.in_hand") if any(state.status == "submitted" for state in row.reports) else ""
            look.show(look.due_chip(deadline) + (look.chip(waiting, "soon") if waiting else ""), width="content")
            if st.button(session.plain(row.incident.title), key=f"late-{row.incident.id}", type="tertiary"):
                session.select(row.incident.id)
                session.go("situation")

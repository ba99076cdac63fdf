"""值班台: what came in, what belongs together, what was said on the telephone, and the draft on the table."""

from __future__ import annotations

import streamlit as st

from dashboard import session
from dashboard.session import answering
from dashboard.views import draft, entry, judging, queue
from dashboard.words import t


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
        benches[chosen or "queue"]()

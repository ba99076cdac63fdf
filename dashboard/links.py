"""Addresses that open one thing: `?incident=`, `?report=`, `?article=`, and `?mode=exercise`. What lies open stands in the address bar, to be copied.

An address opens only what the person may see; a refusal is said on the page and is in the ledger. It is followed once: afterwards whoever
reads moves about freely, and opening the same address again opens the same thing again.
"""

from __future__ import annotations

import streamlit as st

from dashboard import session
from dashboard.reading import reading
from dashboard.views import library_article, report_actions
from graph import scope
from graph.knowledge import Knowledge
from models.domain import Incident, Person, ReportState
from reports import signoff


def keep() -> None:
    """Remember what the address asks for while someone still has to sign in."""
    asked = session.address()
    if asked:
        st.session_state["link_kept"] = asked


def follow(who: Person) -> None:
    """Open what the address asks for, on the page where this person works with it. Raises NotFound and NotAllowed."""
    asked = st.session_state.pop("link_kept", None) or session.address()
    if asked.get("incident") in st.session_state.get("incidents_shown", ()):
        # The page put it there itself; the browser may still say so when it is somewhere else already.
        asked = {kind: id for kind, id in asked.items() if kind != "incident"}
    if not asked or asked == st.session_state.get("address_followed"):
        return
    st.session_state["address_followed"] = asked
    if asked.get("mode") in ("actual", "exercise"):
        st.session_state["mode"] = asked["mode"]
    if "report" in asked:
        _report(who, asked["report"])
    elif "article" in asked:
        library_article.open_article(asked["article"])
        st.session_state["library_part"] = "search"
        session.go("library", {"article": asked["article"]})
    elif "incident" in asked:
        _incident(who, asked["incident"])


def _incident(who: Person, id: str) -> None:
    """Open an incident in its own mode; one that was found to be another opens that one."""

    def read(k: Knowledge) -> Incident:
        scope.demand(k, who, id)
        found = k.store.incident(id)
        if found.merged_into is None:
            return found
        scope.demand(k, who, found.merged_into)
        return k.store.incident(found.merged_into)

    incident = reading(read)
    st.session_state["mode"] = incident.mode
    session.select(incident.id)
    session.go("situation", {"incident": incident.id})


def _report(who: Person, id: str) -> None:
    def read(k: Knowledge) -> ReportState:
        scope.demand(k, who, id)
        return signoff.report_state(k, id)

    state = reading(read)
    st.session_state["mode"] = state.report.mode
    if session.may(who, "sign") and state.status != "draft":
        st.session_state["signing_wanted"] = id
        session.go("signoff", {"report": id})
    elif session.may(who, "draft"):
        report_actions.open_draft(id)
        session.go("duty", {"report": id})
    else:
        session.select(state.report.incident)
        session.go("situation")

"""一页简报: what is going on, on one A4 page to print. The same page as `anlan brief`; unsigned, and it says so."""

from __future__ import annotations

import streamlit as st

from dashboard import look, session
from dashboard.reading import knowledge, reading
from dashboard.session import answering
from dashboard.words import now, t
from reports import brief
from reports.pdf import is_available

MIME: dict[brief.FormatOfBrief, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "html": "text/html",
}


def button() -> None:
    """Choose a form, make the page as this person sees the city now, take it. Making it is in the ledger."""
    who, mode = session.here(), session.mode()
    with st.popover(t("brief.open"), icon=":material/print:", key="brief"), answering():
        look.show(f'<div class="anlan-dim">{look.escaped(t("brief.note"))}</div>')
        forms = [form for form in MIME if form != "pdf" or is_available()]
        form = st.segmented_control(t("brief.form"), forms, default=forms[0], required=True, key="brief-form")
        if st.button(t("brief.make"), key="brief-make", type="primary"):
            with st.spinner(t("report.making")):
                found = reading(lambda k: brief.brief_of(k, who, mode, now()))
                path = brief.write(knowledge(), found, who, form)
            st.session_state["brief-made"] = (path.name, path.read_bytes(), MIME[form])
        if made := st.session_state.get("brief-made"):
            name, content, mime = made
            st.download_button(
                t("brief.take", name=name),
                content,
                file_name=name,
                mime=mime,
                key="brief-take",
                icon=":material/download:",
                on_click="ignore",
            )

"""Sign-in: local accounts, one form, the language beside it."""

from __future__ import annotations

import streamlit as st

from dashboard import look, session
from dashboard.reading import reading, warm
from dashboard.session import answering
from dashboard.words import LANGUAGES, language, t
from models.settings import Settings


def page() -> None:
    """Ask who is there. A failed attempt says why and is in the ledger."""
    _, middle, _ = st.columns([3, 3, 3])
    with middle:
        look.show(
            f'<div style="margin-top:12vh"><h2 style="font-size:1.6rem!important">{look.escaped(t("app.title"))}</h2>'
            f'<div class="anlan-dim">{look.escaped(Settings().bureau)} · {look.escaped(t("app.subtitle"))}</div></div>'
        )
        language_switch("language_at_door")
        with st.form("sign-in", border=True):
            name = st.text_input(t("sign_in.account"), key="sign_in_name", autocomplete="username")
            password = st.text_input(t("sign_in.password"), type="password", key="sign_in_password", autocomplete="current-password")
            pressed = st.form_submit_button(t("sign_in.enter"), type="primary", width="stretch")
        if pressed:
            with answering():
                session.enter(name.strip(), password)
                st.rerun()
        with answering():
            warm()
            if not reading(lambda k: k.ledger.people()):
                st.info(t("sign_in.nobody"))
        look.show(f'<div class="anlan-dim">{look.escaped(t("sign_in.note"))}</div>')


def language_switch(key: str) -> None:
    """Chinese or English, kept for this session."""
    st.segmented_control(
        t("app.language"),
        LANGUAGES,
        format_func=lambda code: t(f"app.{code}"),
        default=language(),
        required=True,
        key=key,
        label_visibility="collapsed",
        on_change=_switch,
        args=(key,),
    )


def _switch(key: str) -> None:
    st.session_state["language"] = st.session_state.get(key) or language()

"""Sign-in: local accounts, one form, the language beside it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import look, session
from dashboard.reading import reading, warm
from dashboard.session import answering
from dashboard.words import LANGUAGES, language, t
from graph import people
from models.errors import BadInput, MustChange, NeedsCode
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
        if st.session_state.get("session_over"):
            st.info(t("sign_in.over"), icon=":material/timer_off:")
        with answering():
            _outside()
        wanted = st.session_state.get("sign_in_wanted")
        with st.form("sign-in", border=True):
            name = st.text_input(t("sign_in.account"), key="sign_in_name", autocomplete="username")
            password = st.text_input(t("sign_in.password"), type="password", key="sign_in_password", autocomplete="current-password")
            code = st.text_input(t("sign_in.code"), key="sign_in_code", autocomplete="one-time-code", max_chars=10) if wanted else ""
            fresh = _new_password("sign_in") if wanted == "change" else None
            pressed = st.form_submit_button(t("sign_in.enter"), type="primary", width="stretch")
        if pressed:
            with answering():
                _enter(name.strip(), password, code, fresh)
        if wanted:
            st.info(t(f"sign_in.wanted.{wanted}"), icon=":material/password:")
        with answering():
            warm()
            if not reading(lambda k: k.ledger.people()):
                st.info(t("sign_in.nobody"))
        look.show(f'<div class="anlan-dim">{look.escaped(t("sign_in.note"))}</div>')


def _outside() -> None:
    """The way in through the identity provider, where there is one."""
    if session.provider() is None:
        return
    if refusal := st.session_state.get("no_entry"):
        st.error(session.plain(refusal), icon=":material/block:")
        st.button(t("sign_in.outside_leave"), key="outside-leave", on_click=session.sign_out, width="stretch")
    st.button(t("sign_in.outside"), key="outside", icon=":material/key:", type="primary", width="stretch", on_click=st.login)


def _enter(name: str, password: str, code: str, fresh: tuple[str, str] | None) -> None:
    """Sign in, after changing an initial password where that is what is asked."""
    if fresh is not None:
        password = same(*fresh, lambda new: reading(lambda k: people.change_own_password(k.ledger, name, password, new, code)))
        st.session_state["sign_in_wanted"] = None
    try:
        session.enter(name, password, "" if fresh else code)
    except (NeedsCode, MustChange) as asked:
        st.session_state["sign_in_wanted"] = "code" if isinstance(asked, NeedsCode) else "change"
    st.rerun()


def _new_password(key: str) -> tuple[str, str]:
    first = st.text_input(t("account.new"), type="password", key=f"{key}_new", autocomplete="new-password")
    return first, st.text_input(t("account.again"), type="password", key=f"{key}_again", autocomplete="new-password")


def same(first: str, again: str, change: Callable[[str], object]) -> str:
    """Change to a new password typed the same twice, and return it. Raises BadInput when the two differ."""
    if first != again:
        raise BadInput(t("account.differ"))
    change(first)
    return first


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

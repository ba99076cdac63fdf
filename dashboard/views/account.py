"""我的账号: what one may see, one's own password, and the changing code beside it."""

from __future__ import annotations

import io

import segno
import streamlit as st

from dashboard import look, session
from dashboard.reading import reading
from dashboard.session import answering
from dashboard.views.sign_in import same
from dashboard.words import t
from graph import people, second_factor
from models.domain import Person


def page() -> None:
    """Who this is, then what can be changed."""
    who = session.here()
    limits = t("account.limits", codes=t("common.comma").join(who.districts)) if who.districts else t("account.whole")
    look.show(f'<div class="anlan-top"><b>{look.escaped(who.display_name)}</b>{look.chip(t("role." + who.role))}</div>')
    look.show(f'<div class="anlan-dim">{look.escaped(who.name)} · {look.escaped(limits)}</div>')
    if who.is_external:
        st.info(t("account.outside"))
        return
    left, right = st.columns(2)
    with left, answering():
        password(who)
    with right, answering():
        code(who)


def password(who: Person) -> None:
    """Change one's own password, with the old one."""
    with st.form("own-password", border=True, clear_on_submit=True):
        look.show(f"<b>{look.escaped(t('account.password'))}</b>")
        old = st.text_input(t("account.old"), type="password", key="own_old", autocomplete="current-password")
        first = st.text_input(t("account.new"), type="password", key="own_new", autocomplete="new-password")
        again = st.text_input(t("account.again"), type="password", key="own_again", autocomplete="new-password")
        typed = st.text_input(t("sign_in.code"), key="own_code", max_chars=10) if who.has_code else ""
        if not st.form_submit_button(t("account.password"), type="primary"):
            return
    same(first, again, lambda new: reading(lambda k: people.change_own_password(k.ledger, who.name, old, new, typed)))
    session.tell(t("account.changed"))
    st.rerun()


def code(who: Person) -> None:
    """Set up the changing code, or do without it again."""
    secret = st.session_state.get("code_secret")
    look.show(f"<b>{look.escaped(t('account.code'))}</b>")
    st.caption(t("account.code_on") if who.has_code else t("account.code_off"))
    if who.has_code:
        _drop(who)
    elif secret:
        _enrol(who, secret)
    elif st.button(t("account.start"), key="code-start", icon=":material/smartphone:"):
        st.session_state["code_secret"] = second_factor.new_secret()
        st.rerun()
    st.caption(t("account.lost"))


def _enrol(who: Person, secret: str) -> None:
    address = second_factor.uri(secret, who.name)
    st.caption(t("account.scan"))
    st.image(picture(address), width=220)
    st.code(address, language=None, wrap_lines=True)
    with st.form("enrol", border=False):
        known = st.text_input(t("sign_in.password"), type="password", key="enrol_password", autocomplete="current-password")
        typed = st.text_input(t("sign_in.code"), key="enrol_code", max_chars=10, autocomplete="one-time-code")
        pressed = st.form_submit_button(t("account.enrol"), type="primary")
    if st.button(t("account.cancel"), key="code-cancel"):
        del st.session_state["code_secret"]
        st.rerun()
    if pressed:
        reading(lambda k: people.enrol_code(k.ledger, who.name, known, secret, typed))
        del st.session_state["code_secret"]
        session.tell(t("account.enrolled"))
        st.rerun()


def _drop(who: Person) -> None:
    with st.form("drop-code", border=False):
        known = st.text_input(t("sign_in.password"), type="password", key="drop_password", autocomplete="current-password")
        typed = st.text_input(t("sign_in.code"), key="drop_code", max_chars=10, autocomplete="one-time-code")
        pressed = st.form_submit_button(t("account.drop"))
    if pressed:
        reading(lambda k: people.drop_own_code(k.ledger, who.name, known, typed))
        session.tell(t("account.dropped"))
        st.rerun()


def picture(address: str) -> bytes:
    """The address as a QR code, PNG, dark on white with its quiet margin, made here and never left as a file."""
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="png", scale=5, border=4)
    return out.getvalue()

"""The entry: sign in first, then the pages this person's role may see.

Run through `dashboard.serve.command`; opened any other way it works too, but may ask the internet for things.
"""

from __future__ import annotations

import streamlit as st

from dashboard import look, model, session
from dashboard.reading import reports
from dashboard.session import answering
from dashboard.views import audit, duty, library, sign_in, signoff, situation, sources
from dashboard.views.sign_in import language_switch
from dashboard.words import now, t
from models.domain import Person
from models.settings import current


def main() -> None:
    """Draw the page this person asked for."""
    st.set_page_config(page_title=t("app.title"), page_icon=str(look.ICON), layout="wide", initial_sidebar_state="collapsed")
    look.style()
    with answering():
        who = session.person()
        if who is None:
            st.navigation([st.Page(sign_in.page, title=t("sign_in.title"), icon=":material/login:")], position="hidden").run()
            return
        situation.linked()
        shown = pages(who)
        st.session_state["pages"] = {page.url_path or "situation": page for page in shown}
        page = st.navigation(shown, position="top")
        top_line(who)
        session.told()
        page.run()


def pages(who: Person) -> list[st.Page]:
    """The pages of a role, in the order of the work. Pages are a convenience; rights are checked in the domain."""
    shown = [st.Page(situation.page, title=t("page.situation"), icon=":material/map:", url_path="situation", default=True)]
    if session.may(who, "draft") or session.may(who, "read_unmasked"):
        shown.append(st.Page(duty.page, title=t("page.duty"), icon=":material/support_agent:", url_path="duty"))
    if session.may(who, "sign"):
        shown.append(st.Page(signoff.page, title=t("page.signoff"), icon=":material/draw:", url_path="signoff"))
    shown.append(st.Page(library.page, title=t("library_page.title"), icon=":material/menu_book:", url_path="library"))
    if session.may(who, "ingest"):
        shown.append(st.Page(sources.page, title=t("page.sources"), icon=":material/sensors:", url_path="sources"))
    if session.may(who, "audit"):
        shown.append(st.Page(audit.page, title=t("page.audit"), icon=":material/verified:", url_path="audit"))
    return shown


def top_line(who: Person) -> None:
    """Whose desk this is, what is looked at, who looks, in which language."""
    left, middle, right = st.columns([6, 4, 4], vertical_alignment="center")
    with left:
        wall_clock()
    with middle, st.container(horizontal=True, horizontal_alignment="right"):
        st.segmented_control(
            t("mode.label"),
            ("actual", "exercise"),
            format_func=lambda mode: t(f"mode.{mode}"),
            default=session.mode(),
            required=True,
            key="mode",
            label_visibility="collapsed",
            on_change=session.select,
            args=(None,),
        )
        language_switch("language_inside")
    with right, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        look.show(f'<div class="anlan-top">{look.escaped(who.display_name)}{look.chip(t("role." + who.role))}{_waiting(who)}</div>')
        model.control(who)
        st.button(t("sign_in.leave"), icon=":material/logout:", key="leave", type="tertiary", on_click=session.leave)
    if session.mode() == "exercise":
        look.notice(t("mode.banner"), "exercise")


@st.fragment(run_every="10s")
def wall_clock() -> None:
    """Whose desk this is and what time it is; it keeps going while nothing else happens."""
    look.show(
        f'<div class="anlan-top"><b>{look.escaped(current().bureau)}</b>{model.chip()}'
        f'<span class="anlan-num">{now():%m-%d %H:%M}</span><span class="anlan-dim">{look.escaped(t("time.beijing"))}</span></div>'
    )


def _waiting(who: Person) -> str:
    if not session.may(who, "sign"):
        return ""
    count = len(reports(session.mode(), "submitted"))
    return look.chip(t("signoff.waiting", count=count), "soon") if count else ""


if __name__ == "__main__":
    main()

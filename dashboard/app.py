"""The entry: sign in first, then the pages this person's role may see.

Run through `dashboard.serve.command`; opened any other way it works too, but may ask the internet for things.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import guide, links, look, mend, model, session  # noqa: F401  (mend works by being imported)
from dashboard.reading import plans_waiting, reports
from dashboard.session import answering
from dashboard.views import account, audit, briefing, duty, library, relief, sign_in, signoff, situation, sources, wall
from dashboard.views.sign_in import language_switch
from dashboard.words import now, t
from models.domain import Person
from models.settings import current


@dataclass(frozen=True)
class Sheet:
    """One page of the application."""

    draw: Callable[[], None]
    title: str
    icon: str
    needs: tuple[str, ...]
    """Permissions of which one opens it; the domain is asked each time it is drawn, whatever the navigation shows."""


SHEETS = {
    "situation": Sheet(situation.page, "page.situation", ":material/map:", ("view",)),
    "duty": Sheet(duty.page, "page.duty", ":material/support_agent:", ("draft", "read_unmasked", "judge")),
    "signoff": Sheet(signoff.page, "page.signoff", ":material/draw:", ("sign",)),
    "relief": Sheet(relief.page, "page.relief", ":material/inventory_2:", ("view",)),
    "library": Sheet(library.page, "library_page.title", ":material/menu_book:", ("view",)),
    "sources": Sheet(sources.page, "page.sources", ":material/sensors:", ("ingest",)),
    "audit": Sheet(audit.page, "page.audit", ":material/verified:", ("audit",)),
    "wall": Sheet(wall.page, "page.wall", ":material/tv:", ("view",)),
    "account": Sheet(account.page, "page.account", ":material/person:", ("view",)),
}
"""Every page, in the order of the work, by its address."""


def main() -> None:
    """Draw the page this person asked for."""
    st.set_page_config(page_title=t("app.title"), page_icon=str(look.ICON), layout="wide", initial_sidebar_state="collapsed")
    look.style()
    with answering():
        who = session.person()
        if who is None:
            links.keep()
            at_the_door().run()
            return
        session.did()
        shown = pages(who)
        page = st.navigation(list(shown.values()), position="top")
        st.session_state["pages"] = {name: one for name, one in shown.items() if _opens(who, name)}
        if page.url_path != "wall":
            with answering():
                links.follow(who)
            here = page.url_path or "situation"
            top_line(who, here)
            guide.tour(who, here)
        session.told()
        page.run()


def at_the_door() -> StreamlitPage:
    """Sign-in at every address, so that whoever came by a link is there after signing in."""
    title, icon = t("sign_in.title"), ":material/login:"
    doors = [st.Page(sign_in.page, title=title, icon=icon, url_path=name, default=name == "situation") for name in SHEETS]
    return st.navigation(doors, position="hidden")


def pages(who: Person) -> dict[str, StreamlitPage]:
    """Every page by its address; those this person may not open are not shown, and refuse, on record, whoever types their address."""
    return {
        name: st.Page(
            partial(draw, name),
            title=t(sheet.title),
            icon=sheet.icon,
            url_path=name,
            default=name == "situation",
            visibility="visible" if _opens(who, name) else "hidden",
        )
        for name, sheet in SHEETS.items()
    }


def draw(name: str) -> None:
    """One page, if the domain permits it."""
    with answering():
        session.allowed(*SHEETS[name].needs)
        SHEETS[name].draw()


def _opens(who: Person, name: str) -> bool:
    return any(session.may(who, action) for action in SHEETS[name].needs)


def top_line(who: Person, page: str) -> None:
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
        if page == "situation":
            briefing.button()
    with right, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        look.show(f'<div class="anlan-top">{look.escaped(who.display_name)}{look.chip(t("role." + who.role))}{_waiting(who)}</div>')
        model.control(who)
        guide.help_of(page)
        st.button(t("sign_in.leave"), icon=":material/logout:", key="leave", type="tertiary", on_click=session.sign_out)
    if session.mode() == "exercise":
        look.notice(t("mode.banner"), "exercise")


@st.fragment(run_every="10s")
def wall_clock() -> None:
    """Whose desk this is and what time it is; it keeps going while nothing else happens, and ends a session nobody sits at."""
    if session.person() is None:
        session.by_itself()
    look.show(
        f'<div class="anlan-top"><b>{look.escaped(current().bureau)}</b>{model.chip()}'
        f'<span class="anlan-num">{now():%m-%d %H:%M}</span><span class="anlan-dim">{look.escaped(t("time.beijing"))}</span></div>'
    )


def _waiting(who: Person) -> str:
    if not session.may(who, "sign"):
        return ""
    count = len(reports(session.mode(), "submitted")) + len(plans_waiting(session.mode()))
    return look.chip(t("signoff.waiting", count=count), "soon") if count else ""


if __name__ == "__main__":
    main()

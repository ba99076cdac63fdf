"""Help on each page, and a short tour of the sample that goes with the work: what to do here, and where to go next.

The tour is offered only where the sample is played (`anlan demo`), to each account until it is put away; putting it away is remembered in a
file under the home folder, because it is a habit of one desk and nothing anyone need ever prove.
"""

from __future__ import annotations

import streamlit as st

from dashboard import look, session
from dashboard.reading import home, reading
from dashboard.words import t
from models.domain import Person
from models.settings import Settings

STEPS = (
    ("situation", "read"),
    ("situation", "open"),
    ("duty", "queue"),
    ("duty", "draft"),
    ("signoff", "sign"),
    ("relief", "plan"),
    ("library", "ask"),
    ("sources", "health"),
    ("audit", "verify"),
    ("wall", "wall"),
    ("account", "leave"),
)
"""Page and step, in the order of the work; each account sees those of its own pages."""


def help_of(page: str) -> None:
    """A short help for the page that is open, its keys, and the tour again."""
    with st.popover(t("help.open"), icon=":material/help:", key="help"):
        look.show("".join(f"<p>{look.escaped(line)}</p>" for line in t(f"help.{page}").split("\n")))
        look.show(f'<div class="anlan-dim">{look.escaped(t("help.always"))}</div>')
        if _is_sample(home()) and st.button(t("tour.again"), icon=":material/tour:", key="tour-again"):
            st.session_state["tour"] = 0
            st.rerun()


def tour(who: Person, page: str) -> None:
    """The strip with the present step, on top of the page; nothing where it was put away or this is no sample."""
    at = st.session_state.get("tour")
    if at is None:
        at = st.session_state["tour"] = 0 if _is_sample(home()) and who.name not in _put_away() else -1
    steps = [step for step in STEPS if step[0] in st.session_state.get("pages", {})]
    if not 0 <= at < len(steps):
        return
    at = st.session_state["tour"] = _following(steps, at, page)
    where, name = steps[at]
    with st.container(horizontal=True, vertical_alignment="center", key="tour-strip"):
        there = "" if where == page else look.chip(t("tour.on_page", page=t(f"tour.page.{where}")), "info")
        look.show(
            f'<div class="anlan-guide" role="note">{look.chip(t("tour.step", number=at + 1, count=len(steps)), "info")}{there}'
            f"{look.escaped(t(f'tour.{name}'))}</div>"
        )
        if st.button(t("tour.next"), key="tour-next", icon=":material/arrow_forward:"):
            st.session_state["tour"] = at + 1
            if at + 1 == len(steps):
                _put_away(who.name)
                st.rerun()
            session.go(steps[at + 1][0])
        if st.button(t("tour.stop"), key="tour-stop", type="tertiary"):
            st.session_state["tour"] = -1
            _put_away(who.name)
            st.rerun()


def _following(steps: list[tuple[str, str]], at: int, page: str) -> int:
    """The step of what is being done: people run ahead of a tour, and it follows them."""
    drafting = st.session_state.get("desk_part") or st.session_state.get("bench")
    wanted = {"situation": "open" if session.selected() else None, "duty": "draft" if drafting == "drafts" else None}.get(page)
    if steps[at][0] == page and wanted in (None, steps[at][1]):
        return at
    return next((n for n, (where, name) in enumerate(steps) if where == page and wanted in (None, name)), at)


@st.cache_resource(show_spinner=False, max_entries=2)
def _is_sample(home: str) -> bool:
    return any(reading(lambda k: list(k.ledger.entries(kinds=["demo.started"], limit=1))))


def _put_away(name: str = "") -> set[str]:
    """The accounts that have put the tour away; with a name, after adding it."""
    path = Settings().folder("desk") / "tour-put-away.txt"
    names = set(path.read_text("utf-8").split("\n")) if path.exists() else set()
    if name and name not in names:
        names.add(name)
        path.write_text("\n".join(sorted(names)), "utf-8")
    return names

"""Who sits here, what they look at, and how a refusal reaches them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard.reading import reading
from dashboard.words import t
from graph import people
from models.domain import Mode, Person
from models.errors import AnlanError, NotAllowed, NotFound, Refused, Unreachable, storage_trouble


def person() -> Person | None:
    """The person signed in, read afresh from the ledger, so that a changed role counts at once; null before sign-in."""
    name = st.session_state.get("account")
    if name is None:
        return None
    try:
        return reading(lambda k: k.ledger.person(name))
    except NotFound:
        leave()
        return None


def here() -> Person:
    """The person signed in; raises `NotAllowed` when nobody is."""
    found = person()
    if found is None:
        raise NotAllowed(t("sign_in.first"))
    return found


def may(who: Person, action: str) -> bool:
    """Whether a button is worth showing. The domain checks again when it is pressed."""
    return people.may(who, action)


def allowed(action: str) -> None:
    """Ask the domain; raises `NotAllowed`, and the refusal is in the ledger."""
    who = here()
    reading(lambda k: people.allow(k.ledger, who, action))


def enter(name: str, password: str) -> None:
    """Sign in. Raises `NotAllowed` with the reason."""
    found = reading(lambda k: people.sign_in(k.ledger, name, password))
    st.session_state["account"] = found.name


def leave() -> None:
    """Sign out and forget everything typed here, but not the language."""
    language = st.session_state.get("language")
    st.session_state.clear()
    if language:
        st.session_state["language"] = language


def mode() -> Mode:
    """What is on the screen: the actual, or an exercise. Never both."""
    return "exercise" if st.session_state.get("mode") == "exercise" else "actual"


def selected() -> str | None:
    """Id of the incident this person has opened."""
    chosen = st.session_state.get("incident")
    return str(chosen) if chosen else None


def select(incident: str | None) -> None:
    """Open an incident, or close the one that is open."""
    st.session_state["incident"] = incident


def go(page: str) -> None:
    """Turn to another page of this person's, by its short name; stay when this person has no such page."""
    found = st.session_state.get("pages", {}).get(page)
    if found is None:
        st.rerun()
    st.switch_page(found)


def tell(words: str) -> None:
    """A line to be shown after the page is drawn anew."""
    st.session_state["told"] = words


def told() -> None:
    """Show that line, once."""
    words = st.session_state.pop("told", None)
    if words:
        st.toast(words, icon=":material/check:")


def sentence(error: AnlanError) -> str:
    """The error's own sentence, as `plain` words."""
    return plain(str(error))


def plain(words: str) -> str:
    """Words with nothing in them that the page would take for a picture or a link to fetch."""
    return words.replace("[", "\\[").replace("`", "'")


@contextmanager
def answering() -> Iterator[None]:
    """Show a foreseen failure as its own sentence where it happened; anything else is a defect and stays one."""
    try:
        yield
    except Unreachable as error:
        st.error(t("error.unreachable", error=sentence(error)), icon=":material/cloud_off:")
        st.button(t("error.retry"), key=f"retry-{abs(hash(str(error)))}")
    except Refused as error:
        st.error(sentence(error), icon=":material/block:")
    except AnlanError as error:
        st.error(sentence(error), icon=":material/error:")
    except OSError as error:
        words = storage_trouble(error)
        if words is None:
            raise
        st.error(plain(words), icon=":material/hard_drive:")

"""Who sits here, what they look at, and how a refusal reaches them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st

from dashboard.reading import home, reading, watcher
from dashboard.words import t
from graph import oidc, people
from models.domain import Mode, Person
from models.errors import AnlanError, NotAllowed, Refused, Unreachable, storage_trouble
from models.settings import current


class Logins:
    """Logins at the identity provider that this process has let in: when each was last used, and which have ended."""

    def __init__(self) -> None:
        self.active: dict[str, datetime] = {}
        self.ended: set[str] = set()


@st.cache_resource(show_spinner=False)
def _logins(home: str) -> Logins:
    return Logins()


def provider() -> oidc.Provider | None:
    """The bureau's identity provider; null when none is set."""
    path = current().oidc_file
    return None if path is None else _provider(str(path), path.stat().st_mtime_ns if path.exists() else 0)


@st.cache_resource(show_spinner=False, max_entries=2)
def _provider(path: str, changed: int) -> oidc.Provider:
    return oidc.load(Path(path))


def claims() -> dict[str, Any]:
    """What the identity provider said of whoever sits here; empty when it said nothing, or none is set."""
    return dict(st.user.to_dict()) if provider() is not None and st.user.is_logged_in else {}


def person() -> Person | None:
    """The person signed in, read afresh from the ledger, so that a changed role counts at once; null before sign-in and once the session is over."""
    if st.session_state.get("account") is None:
        _arrive()
    if st.session_state.get("account") is None:
        return None
    found = watcher()
    if found is None or found.must_change or _is_over(found):
        leave()
        if found is not None:
            st.session_state["session_over"] = True
        return None
    return found


def did() -> None:
    """Someone is doing something here: the idle time begins anew. A page that draws itself again does not count, see `by_itself`."""
    if st.session_state.pop("by_itself", False):
        return
    moment = datetime.now(UTC)
    st.session_state["active_at"] = moment
    if login := st.session_state.get("login"):
        _logins(home()).active[login] = moment


def by_itself() -> NoReturn:
    """Draw the page again without anyone having done anything."""
    st.session_state["by_itself"] = True
    st.rerun()


def _limits() -> tuple[timedelta, timedelta]:
    settings = current()
    return timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)


def _is_over(found: Person) -> bool:
    now, (idle, longest) = datetime.now(UTC), _limits()
    began = st.session_state.setdefault("began_at", now)
    active = st.session_state.setdefault("active_at", now)
    if not found.is_external:
        return people.session_over(began, active, now, idle=idle, longest=longest)
    login = st.session_state.get("login")
    known = _logins(home())
    active = known.active.get(str(login), active)
    return login is None or login in known.ended or people.session_over(began, active, now, idle=idle, longest=longest) or _token_over(now)


def _token_over(now: datetime) -> bool:
    """Whether the provider's own token has ended, where the file says that a session ends with it."""
    served = provider()
    end = oidc.expires_at(claims())
    return served is not None and served.anlan.end_with_token and (end is None or end <= now)


def _arrive() -> None:
    """Let in whoever the identity provider vouches for, unless that login is over. The cookie outlives it: it is believed only within our limits."""
    said, served = claims(), provider()
    if served is None or not said:
        return
    now, (idle, longest) = datetime.now(UTC), _limits()
    began = oidc.login_at(said)
    login = f"{said.get('sub')} {said.get('iat')}"
    known = _logins(home())
    active = known.active.get(login, began)
    if began is None or active is None or login in known.ended or _token_over(now):
        return
    if people.session_over(began, active, now, idle=idle, longest=longest):
        st.session_state["session_over"] = True
        return
    try:
        found = oidc.person_of(said, served)
    except NotAllowed as refusal:
        told, name = str(refusal), people.EXTERNAL + str(said.get("sub"))[: oidc.LONGEST_NAME]
        if st.session_state.get("no_entry") is None:
            reading(lambda k: k.ledger.refused(name, "sign_in", told))
        st.session_state["no_entry"] = told
        return
    if login not in known.active:
        reading(lambda k: people.arrive(k.ledger, found, at=now))
    known.active[login] = now
    st.session_state.update({"account": found.name, "login": login, "began_at": began, "active_at": now})


def here() -> Person:
    """The person signed in; raises `NotAllowed` when nobody is."""
    found = person()
    if found is None:
        raise NotAllowed(t("sign_in.first"))
    return found


def may(who: Person, action: str) -> bool:
    """Whether a button is worth showing. The domain checks again when it is pressed."""
    return people.may(who, action)


def allowed(*actions: str) -> None:
    """Ask the domain whether one of these is permitted; raises `NotAllowed`, and the refusal is in the ledger."""
    who = here()
    reading(lambda k: people.allow_any(k.ledger, who, actions))


def enter(name: str, password: str, code: str = "") -> None:
    """Sign in. Raises `NotAllowed` with the reason; `NeedsCode` and `MustChange` say what is still wanted."""
    found = reading(lambda k: people.sign_in(k.ledger, name, password, code))
    moment = datetime.now(UTC)
    st.session_state.pop("session_over", None)
    st.session_state.update({"account": found.name, "began_at": moment, "active_at": moment})


def confirm(who: Person, about: str, password: str, code: str) -> None:
    """The credential given again for one thing: the password and code typed, or a fresh login. Raises `NotAllowed`."""
    login = oidc.login_at(claims()) if who.is_external else None
    reading(lambda k: people.confirm(k.ledger, who.name, password, code, about=about, login_at=login, key_file=k.settings.signing_key_file))


def login_again(who: Person, about: str) -> None:
    """Send someone to the identity provider once more, to give the credential for one thing."""
    reading(lambda k: people.ask_again(k.ledger, who, about))
    st.login()


def leave() -> None:
    """Sign out and forget everything typed here, but not the language."""
    kept = {key: st.session_state[key] for key in ("language",) if key in st.session_state}
    if login := st.session_state.get("login"):
        _logins(home()).ended.add(str(login))
    st.session_state.clear()
    st.session_state.update(kept)


def sign_out() -> None:
    """Sign out because the person said so; whoever came from the identity provider is signed out there, too."""
    outside = bool(claims())
    leave()
    if outside:
        st.logout()


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


def go(page: str, address: dict[str, str] | None = None) -> None:
    """Turn to another page of this person's, by its short name; stay when this person has no such page. `address` is what then stands behind the ?."""
    found = st.session_state.get("pages", {}).get(page)
    if found is None:
        st.rerun()
    st.switch_page(found, query_params=address)


ADDRESSED = ("incident", "report", "article", "mode")
"""What an address can open, see `dashboard.links`."""


def address() -> dict[str, str]:
    """What the address bar asks for, by kind."""
    return {kind: st.query_params[kind] for kind in ADDRESSED if kind in st.query_params}


def shows(kind: str, id: str | None) -> None:
    """Put what lies open into the address bar, to be copied; null takes it out."""
    if kind == "incident" and id:
        st.session_state.setdefault("incidents_shown", set()).add(id)
    if st.query_params.get(kind) == id:
        return
    if id is None:
        st.query_params.pop(kind, None)
    else:
        st.query_params[kind] = id
    st.session_state["address_followed"] = address()


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

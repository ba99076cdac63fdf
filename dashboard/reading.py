"""What the pages read: one knowledge per process, and answers kept only as long as the ledger has not grown.

The screen never sees unmasked text through here. Answers are shared between everyone who looks; types are frozen, so that is safe.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import streamlit as st

from dashboard.board import Board, Share
from graph import scope
from graph.knowledge import PROJECTED_KINDS, Knowledge, open_knowledge
from models.domain import (
    TOLD,
    Deadline,
    Dossier,
    Entry,
    EvidenceView,
    Feature,
    Grading,
    Impact,
    Incident,
    Mode,
    Person,
    ReportState,
    Statement,
)
from models.errors import NotFound, Unreachable
from models.relief import PlanState
from models.rules import deadlines, earliest, grade_accident
from models.settings import Settings, current
from reports.relief import plans_of_incident
from reports.render import rendered_intact
from reports.subject import dossier_of

Answer = TypeVar("Answer")

FEATURE_LIMIT = 20_000
"""Most surveyed bodies drawn on one map."""

DRAWN_LIMIT = 2_000
"""Most pieces of evidence drawn on one map."""

CASUALTIES = ("dead", "missing", "trapped", "seriously_injured", "injured")
"""Impact types that put an incident before others of the same grade."""

PATIENCE = timedelta(seconds=5)
"""How long another process may take to bring its own entries into the graph before this one does it."""


@dataclass(frozen=True)
class Opened:
    """The knowledge this process holds open, and what closes it."""

    knowledge: Knowledge
    stack: ExitStack


def _close(opened: Opened) -> None:
    opened.stack.close()


@st.cache_resource(show_spinner=False, on_release=_close)
def _opened(home: str, ledger: str, graph: str) -> Opened:
    stack = ExitStack()
    opened = Opened(stack.enter_context(open_knowledge(Settings())), stack)
    atexit.register(stack.close)
    return opened


def home() -> str:
    """The folder of this city's state; part of the key of every kept answer."""
    return str(current().home.resolve())


def knowledge() -> Knowledge:
    """The one knowledge of this process, opened at first use and held until it ends. Raises `Unreachable` when the engine is down."""
    settings = current()
    return _opened(home(), settings.ledger_address, settings.graph_uri).knowledge


def reading(read: Callable[[Knowledge], Answer]) -> Answer:
    """Answer of one read, tried once more, because an engine may die under us: the store then finds the one that was started anew."""
    try:
        return read(knowledge())
    except Unreachable:
        return read(knowledge())


LOOKED_AT = timedelta(seconds=0.5)
"""How long a position is good for every session: twenty open pages ask no more often than one. What this process writes counts at once."""


@dataclass
class Look:
    """When the position was last read, how much this process had written then, and what it was."""

    at: float = -1e9
    written: int = -1
    seq: int = 0


@st.cache_resource(show_spinner=False, max_entries=2)
def _look(home: str) -> Look:
    return Look()


def position() -> int:
    """How far the graph follows the ledger: the same number, the same answers. Entries a killed process left out are brought in here."""
    last = _look(home())
    if time.monotonic() - last.at < LOOKED_AT.total_seconds() and last.written == knowledge().store.written:
        return last.seq

    def read(k: Knowledge) -> int:
        missing = next(iter(k.ledger.entries(after=k.store.projected(), kinds=PROJECTED_KINDS, limit=1)), None)
        if missing is not None and datetime.now(UTC) - missing.at > PATIENCE:
            k.catch_up()
        last.written = k.store.written
        return k.store.projected()

    found = reading(read)
    last.at, last.seq = time.monotonic(), found
    return found


@dataclass(frozen=True)
class Row:
    """One incident as the list shows it."""

    incident: Incident
    impacts: tuple[Impact, ...]
    grading: Grading | None
    """Accident grade from confirmed and unconfirmed figures; null for a natural disaster, which has none."""
    deadlines: tuple[Deadline, ...]
    reports: tuple[ReportState, ...]

    @property
    def level(self) -> str | None:
        """Accident grade, or null while no figure gives one."""
        return self.grading.level if self.grading else None

    @property
    def earliest(self) -> Deadline | None:
        """The duty that is due first, of those a source supports: the same one that the wall and the brief count down to."""
        return earliest(self.deadlines)

    @property
    def is_confirmed(self) -> bool:
        """A reliable source stands behind at least one figure."""
        return any(impact.confirmed for impact in self.impacts)

    @property
    def has_casualties(self) -> bool:
        """Someone is said to be dead, missing, trapped or hurt."""
        return any(impact.type in CASUALTIES and (impact.best or impact.high or 0) > 0 for impact in self.impacts)

    @property
    def is_reported(self) -> bool:
        """A signed report went out, so the first duties are met."""
        return any(state.status == "signed" and state.report.stage in TOLD for state in self.reports)


def grading_of(incident: Incident, impacts: Sequence[Impact]) -> Grading | None:
    """Accident grade of an incident under 国务院令493号, for accidents and incidents whose nature is not settled."""
    if incident.event_type not in ("production_accident", "undetermined"):
        return None
    best: Mapping[str, float | None] = {impact.type: impact.best for impact in impacts if impact.basis == "reported"}
    return grade_accident(
        best.get("dead"),
        best.get("seriously_injured"),
        best.get("direct_loss"),
        missing=best.get("missing") or 0,
        on=incident.started_at.date(),
    )


def _row(incident: Incident, impacts: Sequence[Impact], reports: Sequence[ReportState]) -> Row:
    return Row(incident, tuple(impacts), grading_of(incident, impacts), tuple(deadlines(incident, impacts)), tuple(reports))


@st.cache_resource(show_spinner=False, max_entries=2)
def _board(home: str) -> Board:
    return Board(_row)


def share() -> Share | None:
    """What this person sees of the picture all sessions share, at the newest position of the graph; null when nobody is signed in."""
    who = watcher()
    if who is None:
        return None
    board, now = _board(home()), position()
    return reading(lambda k: board.follow(k.store, now)).share(who)


def warm() -> None:
    """Begin to read the picture, in the background, while someone still types a password; a failure is met again, and told, by the page."""
    found, address = _board(home()), knowledge()
    if found.picture.seq == 0 and not found.warming:
        found.warming = True
        threading.Thread(target=_follow, args=(found, address), name="anlan-board", daemon=True).start()


def _follow(found: Board, k: Knowledge) -> None:
    with suppress(Unreachable):
        found.follow(k.store, k.store.projected())


def watcher() -> Person | None:
    """The person signed in, read afresh from the ledger, so that a changed role or district counts at once; null before sign-in."""
    name = st.session_state.get("account")
    if name is None:
        return None
    try:
        return reading(lambda k: k.ledger.person(str(name)))
    except NotFound:
        return None


def overview(mode: Mode) -> tuple[Row, ...]:
    """Every incident of one mode that this person sees with what the list shows, in no particular order."""
    found = share()
    return () if found is None else found.shown(mode)


@st.cache_resource(show_spinner=False, max_entries=16, ttl=600)
def _dossier(home: str, seq: int, incident: str) -> Dossier:
    return reading(lambda k: dossier_of(k, incident))


def dossier(incident: str) -> Dossier:
    """Everything known about one incident, or one day, that this person sees. Raises `NotFound`, and `NotAllowed` for what lies elsewhere."""
    found, who = _dossier(home(), position(), incident), watcher()
    if who is None:
        return found
    reading(lambda k: scope.demand(k, who, incident))
    return scope.narrowed(who, found)


@st.cache_resource(show_spinner=False, max_entries=4, ttl=600)
def _evidence(home: str, seq: int, mode: Mode, limit: int) -> tuple[EvidenceView, ...]:
    return tuple(reading(lambda k: k.store.evidence(limit, mode=mode)))


def evidence(mode: Mode, *, limit: int = DRAWN_LIMIT) -> tuple[EvidenceView, ...]:
    """Masked evidence of one mode that is understood and this person sees, of the newest `limit` pieces."""
    return seen(_evidence(home(), position(), mode, limit))


def seen(views: Sequence[EvidenceView]) -> tuple[EvidenceView, ...]:
    """Those of them this person sees."""
    who = watcher()
    return tuple(views) if who is None else tuple(reading(lambda k: scope.visible_evidence(k, who, views)))


@st.cache_resource(show_spinner=False, max_entries=2, ttl=3600)
def _features(home: str, newest: int) -> tuple[Feature, ...]:
    return tuple(reading(lambda k: k.store.features(limit=FEATURE_LIMIT)))


def surveyed() -> int:
    """Position of the newest surveyed body in the ledger: the survey layers are redrawn only when it moves."""
    newest = next(iter(newest_entries(("feature.received",), 1)), None)
    return newest.seq if newest else 0


def behind(impact: Impact) -> tuple[tuple[Statement, EvidenceView], ...]:
    """The words behind one figure, and the evidence they stand in, the newest first; at most a hundred. Raises `NotAllowed` for what lies elsewhere."""

    def read(k: Knowledge) -> list[tuple[Statement, EvidenceView]]:
        _demand(k, impact.incident)
        return k.store.behind(impact.id)

    found = reading(read)
    shown = {view.id for view in seen([view for _, view in found])}
    return tuple((statement, view) for statement, view in found if view.id in shown)


def told(incident: str, page: int, size: int) -> tuple[tuple[EvidenceView, ...], tuple[Statement, ...]]:
    """One page of an incident's evidence, newest first, and what it says. Raises `NotAllowed` for what lies elsewhere."""

    def read(k: Knowledge) -> tuple[tuple[EvidenceView, ...], tuple[Statement, ...]]:
        _demand(k, incident)
        views = k.store.evidence(size, page * size, incident=incident)
        return tuple(views), tuple(k.store.statements_of([view.id for view in views]))

    return reading(read)


def _demand(k: Knowledge, subject: str) -> None:
    who = watcher()
    if who is not None:
        scope.demand(k, who, subject)


def named(ids: Sequence[str]) -> tuple[EvidenceView, ...]:
    """These pieces of evidence, masked, of which this person sees some."""
    return seen(reading(lambda k: k.store.evidence_named(ids))) if ids else ()


def features() -> tuple[Feature, ...]:
    """Surveyed bodies: divisions, roads, rivers, shelters, depots and the rest."""
    return _features(home(), surveyed())


def newest_entries(kinds: Sequence[str] | None, limit: int, *, subject: str | None = None) -> tuple[Entry, ...]:
    """Newest ledger entries of these kinds, newest first."""
    return tuple(reading(lambda k: list(k.ledger.entries(kinds=kinds, subject=subject, limit=limit, newest_first=True))))


def reports(mode: Mode, *statuses: str) -> tuple[ReportState, ...]:
    """Reports of one mode in one of these standings that this person sees, newest version first; every standing when none is named."""
    found = share()
    every = () if found is None else found.reports
    chosen = [state for state in every if state.report.mode == mode and (not statuses or state.status in statuses)]
    return tuple(sorted(chosen, key=lambda state: state.report.created_at, reverse=True))


def plans_waiting(mode: Mode) -> tuple[PlanState, ...]:
    """Relief plans of one mode that wait to be signed, newest first."""
    states = reading(plans_of_incident)
    return tuple(state for state in states if state.plan.mode == mode and state.status == "submitted")


def troubles(report: str) -> tuple[str, ...]:
    """What is wrong with what went out under a report, in sentences; looked at afresh every time, because files change without telling."""
    return tuple(reading(lambda k: rendered_intact(k, report)))

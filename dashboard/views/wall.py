"""The wall: the first hour on a screen nobody touches. Counts, the gravest incidents, what is due first; large, and drawn anew by itself.

It shows the same `Brief` that is printed on one page. What is old says so: when the graph cannot be read the last picture stays with the time
it dates from, when nothing new has come in that is said, and when the page itself is no longer drawn the style sheet covers it, because
then nothing else can. `?mode=exercise` in its address shows the exercise; there is nothing to press.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from dashboard import look, session
from dashboard.reading import home, newest_entries, position, reading
from dashboard.words import ago, clock, countdown, hazard_name, known, now, span, t
from models.domain import Mode, Person
from models.errors import AnlanError
from reports.brief import Brief, Line, brief_of

STYLE = look.STYLE.with_name("wall.css")

SHOWN = 5
"""Incidents on the wall: what can be read from the back of the room."""

FIGURES = 4
"""Figures of one incident on the wall."""

QUIET = timedelta(minutes=30)
"""Nothing new for so long is worth saying."""

UNREAD = timedelta(minutes=2)
"""A message may wait so long to be understood before the wall says that the picture lags."""


def page() -> None:
    """The whole page; everything on it is drawn by `screen`."""
    st.html(STYLE)
    st.session_state.setdefault("mode", session.address().get("mode", "actual"))
    session.allowed("view")
    screen()


@st.fragment(run_every="5s")
def screen() -> None:
    """The picture, every five seconds, and what is wrong with it."""
    who = session.person()
    if who is None:
        session.by_itself()
    mode, trouble = session.mode(), ""
    try:
        st.session_state["wall_last"] = picture(who, mode)
        doubts = stale()
    except AnlanError as error:
        trouble, doubts = str(error), []
    last: Brief | None = st.session_state.get("wall_last")
    if trouble:
        at = clock(last.at) if last else "–"
        doubts = [t("wall.unreachable", at=at, error=trouble)]
    look.show(drawn(last, mode, doubts))


def picture(who: Person, mode: Mode) -> Brief:
    """The brief as this person sees it; the same while the graph has not moved, for a minute at most."""
    return _picture(home(), position(), mode, who.districts, who)


@st.cache_resource(show_spinner=False, max_entries=8, ttl=60)
def _picture(home: str, seq: int, mode: Mode, districts: tuple[str, ...], _who: Person) -> Brief:
    return reading(lambda k: brief_of(k, _who, mode, now(), most=SHOWN))


def stale() -> list[str]:
    """What makes the picture older than it looks."""
    said = []
    queue = reading(lambda k: k.ledger.queue())
    if queue.oldest_at and now() - queue.oldest_at > UNREAD:
        said.append(t("wall.lags", count=queue.waiting, span=span(now() - queue.oldest_at)))
    newest = next(iter(newest_entries(("evidence.received",), 1)), None)
    if newest is None:
        said.append(t("wall.nothing"))
    elif now() - newest.at > QUIET:
        said.append(t("wall.quiet", span=span(now() - newest.at)))
    return said


def drawn(brief: Brief | None, mode: Mode, doubts: list[str]) -> str:
    """The wall as HTML. The seconds change it each time, which is what keeps the cover of a dead page away."""
    moment = now()
    top = (
        f'<div class="wall-top"><b>{look.escaped(brief.issuer if brief else "")}</b><span>{look.escaped(t("wall.title"))}</span>'
        f'<span class="wall-clock">{moment:%H:%M:%S}</span><span class="wall-dim">{moment:%Y-%m-%d} {look.escaped(t("time.beijing"))}</span></div>'
    )
    banner = f'<div class="wall-banner" role="status">{look.escaped(t("mode.banner"))}</div>' if mode == "exercise" else ""
    warned = "".join(f'<div class="wall-stale" role="status">⚠ {look.escaped(words)}</div>' for words in doubts)
    body = "" if brief is None else _counts(brief, moment) + _list(brief, moment) + _foot(brief)
    frozen = f'<div class="wall-frozen">{look.escaped(t("wall.frozen", at=f"{moment:%H:%M:%S}"))}</div>'
    drill = " wall-exercise" if mode == "exercise" else ""
    return f'<div class="wall{drill}">{top}{banner}{warned}{body}{frozen}</div>'


def _counts(brief: Brief, moment: datetime) -> str:
    late = sum(line.is_late(moment) for line in brief.lines)
    tiles = (
        ("open", brief.open, ""),
        ("harmed", brief.harmed, ""),
        ("late", late, " wall-late" if late else ""),
        ("told", brief.told, ""),
        ("waiting", brief.waiting, ""),
    )
    return (
        '<div class="wall-counts">'
        + "".join(
            f'<div class="wall-tile{loud}"><b>{count}</b><span>{look.escaped(t(f"wall.count.{name}"))}</span></div>'
            for name, count, loud in tiles
        )
        + "</div>"
    )


def _list(brief: Brief, moment: datetime) -> str:
    if not brief.lines:
        return f'<div class="wall-empty">{look.escaped(t("situation.empty"))}</div>'
    return '<div class="wall-list">' + "".join(_row(line, moment) for line in brief.lines[:SHOWN]) + "</div>"


def _row(line: Line, moment: datetime) -> str:
    incident, drill = line.incident, line.incident.mode == "exercise"
    shape = look.symbol(look.Severity(line.rank, *look.SHAPES[line.rank]), size=52, exercise=drill)
    grade = (
        known("grade", line.grade) if line.grade else t("severity.casualties") if line.rank == look.WITH_CASUALTIES else t("severity.none")
    )
    figures = t("common.semicolon").join(line.figures[:FIGURES]) or t("figures.none")
    if len(line.figures) > FIGURES:
        figures += t("common.semicolon") + t("wall.more_figures", count=len(line.figures) - FIGURES)
    facts = f"{grade} · {hazard_name(incident.hazard)} · {clock(incident.first_evidence_at)} · {ago(incident.first_evidence_at)}"
    return (
        f'<div class="wall-row{" wall-row-late" if line.is_late(moment) else ""}">{shape}'
        f'<div><div class="wall-name">{look.escaped(incident.title)}{look.mode_chip(incident.mode)}</div>'
        f'<div class="wall-dim">{look.escaped(facts)}</div><div class="wall-figures">{look.escaped(figures)}</div></div>{_duty(line, moment)}</div>'
    )


def _duty(line: Line, moment: datetime) -> str:
    told = f'<span class="wall-told">{look.escaped(t("report.signed_out"))}</span>' if line.is_told else ""
    if line.due is None:
        return f'<div class="wall-due">{told or look.escaped(t("deadline.none"))}</div>'
    minutes = (line.due.due_at - moment).total_seconds() / 60
    loud = " wall-late" if minutes < 0 else " wall-soon" if minutes < 30 else ""
    doubt = look.chip(t("common.unverified"), "unverified") if not line.due.verified else ""
    return (
        f'<div class="wall-due">{told}<b class="{loud.strip()}">{look.escaped(countdown(line.due.due_at))}</b>'
        f"<span>{look.escaped(clock(line.due.due_at))} → {look.escaped(line.due.recipient)}</span>"
        f'<span class="wall-dim">{look.escaped(line.due.clause)}</span>{doubt}</div>'
    )


def _foot(brief: Brief) -> str:
    heard = t("wall.heard", at=clock(brief.heard), ago=ago(brief.heard)) if brief.heard else ""
    more = t("wall.unlisted", count=brief.unlisted) if brief.unlisted > 0 else ""
    parts = (t("wall.as_of", at=f"{brief.at:%H:%M:%S}"), heard, more, t("wall.note"))
    return f'<div class="wall-foot">{" · ".join(look.escaped(part) for part in parts if part)}</div>'

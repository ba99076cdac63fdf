"""态势: the map, the list beside it, what may be asked of the map, and the incident someone opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import streamlit as st

from dashboard import look, maps, session
from dashboard.board import Share, Wanted, squares
from dashboard.reading import Row, named, overview, position, share
from dashboard.session import answering
from dashboard.views import asking, incident
from dashboard.words import clock, grades, hazard_name, now, t
from models import tiles
from models.domain import BEIJING, Feature, Person
from models.settings import current

PAGE = 12
"""Incidents on one page of the list."""

MAP_HEIGHT = 590

LAYERS = ("evidence", "radius", "population", "river", "road", *maps.SITES)
"""What can be shown or hidden, in the order of the buttons."""

FIRST = ("evidence", "radius", "population", "river", "road", *maps.SHOWN_FIRST)
"""What is shown until someone says otherwise."""

STEPS = 144
"""Steps of the replay's slider."""

UNGRADED = "none"
"""The level of what has no grade."""


def page() -> None:
    """What is happening, how bad, what is uncertain, what is due."""
    with answering():
        drawn = position()
        every = overview(session.mode())
        counts(drawn)
        until = choose(every)
        rows = ordered(chosen(every, until), past=until is not None)
        opened = next((row for row in every if row.incident.id == session.selected()), None)
        session.shows("incident", session.selected())
        if session.selected() and opened is None:
            st.warning(t("situation.not_here"), icon=":material/search_off:")
        left, right = st.columns([11, 12] if opened else [13, 10])
        with right:
            if opened:
                if until is not None:
                    look.notice(t("replay.now"), "changed")
                incident.panel(opened)
            else:
                live_list(until)
        with left:
            draw_map(rows, opened, until)


@st.fragment(run_every="3s")
def counts(drawn: int) -> None:
    """The counts, every three seconds. The page is drawn anew, in place, only when the graph has moved past `drawn`."""
    with answering():
        if position() != drawn:
            session.by_itself()
        summary(overview(session.mode()))


@st.fragment(run_every="15s")
def live_list(until: datetime | None) -> None:
    """The list; its clocks run by themselves."""
    with answering():
        incident_list(ordered(chosen(overview(session.mode()), until), past=until is not None), past=until is not None)


def choose(rows: Sequence[Row]) -> datetime | None:
    """The filters, kept in the session; the moment to look back to, or null for now."""
    hazards = sorted({row.incident.hazard for row in rows})
    districts = sorted({row.incident.place.district for row in rows if row.incident.place.district})
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        for name, options, words in (
            ("hazard", hazards, hazard_name),
            ("district", districts, str),
            ("level", [*grades()[: look.WITH_CASUALTIES], UNGRADED], lambda grade: t(f"grade.{grade}") if grade != UNGRADED else t("severity.none")),
        ):  # fmt: skip
            key = f"filter_{name}"
            # A choice that nothing matches any more would be an option the box does not have.
            st.session_state[key] = [one for one in st.session_state.get(key, []) if one in options]
            st.multiselect(
                t(f"filter.{name}"),
                options,
                format_func=words,
                key=key,
                placeholder=t(f"filter.{name}"),
                label_visibility="collapsed",
                disabled=name == "level" and bool(st.session_state.get("replaying")),
            )
        replaying = st.toggle(t("replay.look_back"), key="replaying")
    if not replaying:
        for name in ("replay_end", "replay_moment"):
            st.session_state.pop(name, None)
    return _moment(rows) if replaying else None


def _moment(rows: Sequence[Row]) -> datetime | None:
    begins = min((row.incident.first_evidence_at for row in rows), default=None)
    if begins is None:
        return None
    # The end is kept while someone replays, so that the slider does not move under the hand.
    end: datetime = st.session_state.setdefault("replay_end", now().replace(second=0, microsecond=0))
    start = max(begins.astimezone(BEIJING), end - timedelta(days=7)).replace(tzinfo=None, second=0, microsecond=0)
    ends = end.replace(tzinfo=None)
    step = timedelta(minutes=max(1, int((ends - start).total_seconds() // 60 // STEPS)))
    if start >= ends:
        return None
    moment: datetime = st.slider(t("replay.moment"), start, ends, ends, step=step, format="MM-DD HH:mm", key="replay_moment")
    look.show(
        f'<div class="anlan-dim">{look.chip(t("replay.as_of", at=clock(moment.replace(tzinfo=BEIJING))), "warn")}{look.escaped(t("replay.note"))}</div>'
    )
    return moment.replace(tzinfo=BEIJING)


def chosen(rows: Sequence[Row], until: datetime | None) -> list[Row]:
    """The rows that pass the filters and were heard of by then. Levels are today's and narrow no replay."""
    hazards, districts, levels = (st.session_state.get(f"filter_{name}") or () for name in ("hazard", "district", "level"))
    return [
        row
        for row in rows
        if (not hazards or row.incident.hazard in hazards)
        and (not districts or row.incident.place.district in districts)
        and (until is not None or not levels or (row.level if row.level in grades()[: look.WITH_CASUALTIES] else UNGRADED) in levels)
        and (until is None or row.incident.first_evidence_at <= until)
    ]


def ordered(rows: Sequence[Row], *, past: bool = False) -> list[Row]:
    """What needs a person first: not yet reported before reported, the most serious, then the one whose duty is due first; closed ones last.

    In a replay, `past`, the newest first.
    """
    if past:
        return sorted(rows, key=lambda row: row.incident.first_evidence_at, reverse=True)

    def place(row: Row) -> tuple[bool, bool, int, float]:
        due = row.earliest.due_at.timestamp() if row.earliest else float("inf")
        return row.incident.status == "closed", row.is_reported, look.severity(row).rank, due

    return sorted(rows, key=place)


def summary(rows: Sequence[Row]) -> None:
    """Counts on one line. People are never added up across incidents: two incidents may share them."""
    open_rows = [row for row in rows if row.incident.status == "open"]
    overdue = sum(1 for row in open_rows if row.earliest and not row.is_reported and row.earliest.due_at < now())
    parts = [
        look.chip(t("situation.open", count=len(open_rows)), "grade"),
        look.chip(t("situation.with_casualties", count=sum(1 for row in open_rows if row.has_casualties))),
        look.chip(t("situation.overdue", count=overdue), "over" if overdue else "plain"),
        look.chip(t("situation.reported", count=sum(1 for row in rows if row.is_reported)), "good"),
    ]
    look.show(
        f'<div class="anlan-top">{"".join(parts)}<span class="anlan-dim">{look.escaped(t("situation.as_of"))} {now():%H:%M:%S}</span></div>'
    )


@st.fragment
def draw_map(rows: Sequence[Row], opened: Row | None, until: datetime | None) -> None:
    """The map with its layers and legend. A press opens an incident; an area drawn on it is asked about. Moving it redraws nothing else."""
    with answering():
        picture = share()
        if picture is None:
            return
        shown = st.session_state.setdefault("layers_shown", list(FIRST))
        snapped = blurred(session.here())
        divisions = picture.survey.outlines.get("population", [])
        spots = maps.positions(rows, divisions)
        corners = st.session_state.setdefault(f"corners-{session.mode()}", maps.frame(divisions, rows))
        window = maps.seen() or maps.window_of(corners)
        outlines = [shape for kind in maps.LINES for shape in picture.survey.outlines.get(kind, ())]
        ground = maps.base_map(outlines, rows, corners=corners, tiles=tiles.configured(current()), draws=True, kept=picture.survey.written)
        focus = opened.incident.id if opened else None
        sites, far = surveyed(picture, window, shown)
        drawn = [
            maps.outlines_shown([kind for kind in maps.LINES if kind in shown]),
            *sites,
            *(heard(picture, window, rows, until, snapped) if "evidence" in shown else ()),
            maps.incidents_drawn(rows, spots, focus, plain=until is not None, radii="radius" in shown),
        ]
        told = maps.show_map(ground, maps.layer(*drawn), spots, height=MAP_HEIGHT, focus=focus)
        st.pills(
            t("map.layers"),
            LAYERS,
            format_func=lambda one: t(f"map.layer.{one}"),
            selection_mode="multi",
            default=shown,
            key="layers",
            on_change=_layers_chosen,
            label_visibility="collapsed",
        )
        legend(len(rows) - len(spots), snapped, far)
        asking.panel(told.drawing, rows, until, picture, snapped)
        pressed = (told.incident, told.count)
        if told.incident and pressed != st.session_state.get("pressed"):
            st.session_state["pressed"] = pressed
            session.select(told.incident)
            st.rerun()


def blurred(who: Person) -> bool:
    """Whether single messages are shown to this person only as finely as a street: to everyone but those who judge what belongs together or may
    read the unmasked. An incident's own position is for all; it is what a report says.
    """
    return not (session.may(who, "judge") or session.may(who, "read_unmasked"))


def _layers_chosen() -> None:
    # Kept beside the buttons, which forget when the page turns to another and back.
    st.session_state["layers_shown"] = list(st.session_state.get("layers") or ())


def surveyed(picture: Share, window: maps.Window, shown: Sequence[str]) -> tuple[list[maps.Drawn], tuple[str, ...]]:
    """Surveyed places in the window, and the kinds of which there are too many to draw this far away."""
    found: list[tuple[str, list[Feature]]] = []
    far: list[tuple[str, list[Feature]]] = []
    for kind in maps.SITES:
        if kind in shown and (bodies := picture.survey.sites(kind, window.wider())):
            (found if len(bodies) <= maps.MOST_SITES else far).append((kind, bodies))
    drawn = [maps.sites_drawn(bodies) for _, bodies in found]
    return drawn, tuple(kind for kind, _ in far)


def heard(picture: Share, window: maps.Window, rows: Sequence[Row], until: datetime | None, snapped: bool) -> list[maps.Drawn]:
    """Evidence in the window: single pieces while they are few, else counted by the server."""
    narrowed = bool(st.session_state.get("filter_district") or (until is None and st.session_state.get("filter_level")))
    hazards = frozenset(st.session_state.get("filter_hazard") or ())
    about = frozenset(row.incident.id for row in rows) if narrowed else None
    lines = picture.lines(Wanted(session.mode(), window.wider(), until, hazards, about))
    lats, lons = picture.points.spots(lines, snapped=snapped)
    if len(lines) > maps.MOST_PIECES:
        return [maps.squares_drawn(squares(lats, lons, window.zoom), t("map.layer.evidence"), "evidence")]
    where = {picture.points.ids[line]: (float(lat), float(lon)) for line, lat, lon in zip(lines, lats, lons, strict=True)}
    views = named(sorted(where))
    return [maps.pieces_drawn(views, [where[view.id] for view in views])]


def legend(unplaced: int, snapped: bool, far: Sequence[str]) -> None:
    """What the shapes mean, how many incidents have no coordinates, and whether positions are blurred for this role."""
    words = [*(t(f"grade.{grade}") for grade in grades()[: look.WITH_CASUALTIES]), t("severity.casualties"), t("severity.none")]
    shapes = [look.Severity(rank, *shape) for rank, shape in enumerate(look.SHAPES)]
    items = [f"<span>{look.symbol(shape, size=14)} {look.escaped(word)}</span>" for shape, word in zip(shapes, words, strict=True)]
    items += [
        f'<span><span class="anlan-key-{one}"></span> {look.escaped(t(f"map.key.{one}"))}</span>' for one in ("dashed", "area", "warning")
    ]
    if snapped:
        items.append(look.chip(t("map.snapped")))
    if far:
        items.append(look.chip(t("map.nearer", kinds=t("common.comma").join(t(f"map.layer.{kind}") for kind in far))))
    if unplaced:
        items.append(look.chip(t("map.unplaced", count=unplaced), "warn"))
    look.show(f'<div class="anlan-legend">{"".join(items)}</div>')


def incident_list(rows: Sequence[Row], *, past: bool = False) -> None:
    """The incidents, twelve at a time."""
    if not rows:
        filtered = any(st.session_state.get(f"filter_{name}") for name in ("hazard", "district", "level"))
        look.show(f'<div class="anlan-empty">{look.escaped(t("situation.none_match" if filtered else "situation.empty"))}</div>')
        return
    pages = (len(rows) - 1) // PAGE + 1
    number = min(int(st.session_state.get("list_page", 1)), pages)
    with st.container(height=MAP_HEIGHT + 40 if len(rows) > 6 else "content", border=False):
        for row in rows[(number - 1) * PAGE : number * PAGE]:
            words, button = st.columns([9, 1.6], vertical_alignment="center", gap="small")
            with words:
                look.show(look.row_markup(row, past=past))
            with button:
                if st.button(t("situation.open_one"), key=f"open-{row.incident.id}", width="stretch"):
                    session.select(row.incident.id)
                    st.rerun()
    if pages > 1:
        st.number_input(t("common.page", pages=pages), 1, pages, key="list_page")

"""救助: who stands in the footprint, what they need, which depot sends it, what is missing; a proposal until a second person signs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import look, maps, session
from dashboard.reading import Row, evidence, features, home, knowledge, overview, position, reading
from dashboard.session import answering
from dashboard.views import relief_plan
from dashboard.words import known, t
from models import footprints, tiles
from models.errors import BadInput
from models.relief import BASES, Footprint, PlanState, Site
from models.settings import Settings, current
from models.standards import known_standards
from reports import relief

KINDS = ("circle", "drawn", "area", "warning", "file")
"""Ways to say where, as the control offers them; beside them that of the plan shown (`keep`), or none while there is no plan."""
FILES = ["gpkg", "geojson", "json", "zip", "asc", "tif", "tiff"]
MAP_HEIGHT = 520
NEW = ""


def page() -> None:
    """Pick an incident, say where it strikes, read the plan, decide."""
    with answering():
        rows = sorted(overview(session.mode()), key=lambda row: row.incident.updated_at, reverse=True)
        if not rows:
            look.show(f'<div class="anlan-empty">{look.escaped(t("relief.no_incident"))}</div>')
            return
        row = _incident(rows)
        states = reading(lambda k: relief.plans_of_incident(k, row.incident.id))
        state = _plan(states)
        left, right = st.columns([11, 9])
        with right:
            if session.may(session.here(), "draft"):
                ask(row, state)
        with left:
            draw(row, state)
        if state is None:
            look.show(f'<div class="anlan-empty">{look.escaped(t("relief.no_plan"))}</div>')
            return
        news(state)
        relief_plan.shown(state)


def _incident(rows: Sequence[Row]) -> Row:
    by_id = {row.incident.id: row for row in rows}
    wanted = session.selected()
    chosen = st.selectbox(
        t("relief.incident"),
        list(by_id),
        index=list(by_id).index(wanted) if wanted in by_id else 0,
        format_func=lambda id: session.plain(by_id[id].incident.title),
        key="relief-incident",
    )
    return by_id[chosen]


def _plan(states: Sequence[PlanState]) -> PlanState | None:
    if not states:
        return None
    by_id = {state.plan.id: state for state in states}
    labels = {
        id: f"{state.plan.title} · {t('report.version', version=state.plan.version)} · {known('report_status', state.status)} · {id[3:9]}"
        for id, state in by_id.items()
    }
    chosen = st.selectbox(t("relief.plan"), list(by_id), format_func=labels.__getitem__, key=f"relief-plan-{len(states)}")
    return by_id[chosen]


def draw(row: Row, state: PlanState | None) -> None:
    """The map with the footprint being drawn, or else the plan's own, and who stands in it; a click is a corner or the centre."""
    surveyed = features()
    corners: list[tuple[float, float]] = st.session_state.setdefault("relief-corners", [])
    ground = maps.base_map(maps.nearest(surveyed, row), [row], tiles=tiles.configured(current()))
    if state and state.plan.exposure:
        maps.exposed(ground, state.plan.exposure, surveyed)
    maps.corners(ground, corners)
    clicked = maps.clicked_spot(ground, key=f"relief-map-{row.incident.id}", height=MAP_HEIGHT)
    if clicked and clicked != st.session_state.get("relief-clicked"):
        st.session_state["relief-clicked"] = clicked
        if st.session_state.get(_key("kind", row, state)) == "drawn":
            corners.append(clicked)
        else:
            st.session_state["relief-centre"] = clicked  # the boxes are drawn already: they take it at the next run
        st.rerun()


def _key(field: str, row: Row, state: PlanState | None) -> str:
    """Name of a control of this incident and plan; another plan has controls of its own, so nothing of the last one is taken for this one's."""
    return f"relief-{field}-{row.incident.id}-{state.plan.id if state else ''}-{state.plan.version if state else 0}"


def ask(row: Row, state: PlanState | None) -> None:
    """Everything a plan is asked for with; one button makes a new proposal, the other the next version of the one shown."""
    plan = state.plan if state else None
    key = partial(_key, row=row, state=state)
    if st.session_state.get("relief-shown") != key(""):
        st.session_state.update({"relief-shown": key(""), "relief-corners": [], "relief-centre": None})
    kinds = (*KINDS, "keep" if plan and plan.exposure else "none")
    usual = "keep" if plan and plan.exposure else "circle" if row.incident.place.lon is not None else "area"
    # A control begins with its own value: one pushed at it from the session can be lost on the way when the map asks for another run.
    kind = st.segmented_control(
        t("relief.footprint"), kinds, default=usual, format_func=lambda one: t(f"relief.kind.{one}"), required=True, key=key("kind")
    )
    where = _where(str(kind), row, state)
    left, middle, right = st.columns(3)
    with left:
        basis = st.selectbox(
            t("relief.basis"),
            list(BASES),
            index=list(BASES).index(plan.basis if plan else "relocated"),
            format_func=lambda name: t(f"relief.bases.{name}"),
            key=key("basis"),
        )
    with middle:
        people = st.number_input(
            t("relief.people"), min_value=0, value=None, step=1, placeholder=t("relief.people_hint"), key=key("people")
        )
    with right:
        days = st.number_input(t("relief.days"), min_value=0.5, value=float(plan.days if plan else relief.DAYS), step=1.0, key=key("days"))
    shipped = known_standards(Settings().home / "standards")
    standard = st.selectbox(
        t("relief.standard"),
        list(shipped),
        index=list(shipped).index(plan.standard_name if plan and plan.standard_name in shipped else relief.STANDARD),
        format_func=lambda name: session.plain(shipped[name].title),
        key=key("standard"),
    )
    sites = _sites()
    asked: dict[str, Any] = {"basis": basis, "people": people, "days": days, "standard": standard, "sites": sites}
    with st.container(horizontal=True):
        new = st.button(t("relief.propose"), type="primary", icon=":material/inventory_2:", key="relief-propose")
        changeable = state is not None and state.status not in ("withdrawn", "superseded") and session.may(session.here(), "edit")
        again = changeable and st.button(t("relief.change"), icon=":material/edit:", key="relief-change")
    if new or again:
        with answering(), st.spinner(t("relief.working")):
            asked["footprint"] = _footprint(str(kind), where, state)
            if again and state is not None:
                relief.change(knowledge(), state.plan.id, state.plan.version, session.here(), **asked)
            else:
                signed = relief.standing_plan(knowledge(), row.incident.id)
                relief.propose(knowledge(), row.incident.id, session.here(), old=signed.plan if signed else None, **asked)
            st.session_state["relief-corners"] = []
            session.tell(t("relief.proposed"))
            st.rerun()


def _where(kind: str, row: Row, state: PlanState | None) -> Any:
    """The controls of one way to say where, and what they say."""
    if kind == "circle":
        spot = st.session_state.get("relief-centre") or (row.incident.place.lon, row.incident.place.lat)
        lon, lat, radius = st.columns(3)
        with lon:
            east = st.number_input(t("relief.lon"), value=spot[0], format="%.5f", key=_key(f"lon-{spot}", row, state))
        with lat:
            north = st.number_input(t("relief.lat"), value=spot[1], format="%.5f", key=_key(f"lat-{spot}", row, state))
        with radius:
            return (
                east,
                north,
                st.number_input(t("relief.radius"), min_value=1.0, value=1000.0, step=100.0, key=_key("radius", row, state)),
            )
    if kind == "drawn":
        corners = st.session_state.get("relief-corners", [])
        look.show(f'<div class="anlan-dim">{look.escaped(t("relief.click_corners", count=len(corners)))}</div>')
        if corners and st.button(t("relief.last_corner"), key="relief-undo"):
            corners.pop()
            st.rerun()
        return corners
    if kind == "area":
        names = sorted({feature.name for feature in features() if feature.kind == "population"})
        return st.multiselect(t("relief.divisions"), names, format_func=session.plain, key="relief-divisions")
    if kind == "warning":
        heard = {view.id: view for view in evidence(session.mode()) if view.source_kind == "warning"}
        return st.selectbox(
            t("relief.warning"),
            list(heard),
            format_func=lambda id: session.plain(heard[id].title or heard[id].text[:40]),
            index=None,
            key="relief-warning",
        )
    if kind == "file":
        return st.file_uploader(t("relief.file"), type=FILES, key="relief-file")
    return None


def _footprint(kind: str, where: Any, state: PlanState | None) -> Footprint | None:
    """The footprint those controls say; null when none is wanted. Raises `BadInput` with what to do."""
    who = session.here()
    if kind == "keep" and state is not None and state.plan.exposure is not None:
        return state.plan.exposure.footprint
    if kind == "circle":
        lon, lat, radius = where
        if lon is None or lat is None:
            raise BadInput(t("relief.no_centre"))
        return footprints.circle(lon, lat, [radius], origin=who.name)
    if kind == "drawn":
        ring = [list(corner) for corner in [*where, *where[:1]]]
        return footprints.drawn({"type": "Polygon", "coordinates": [ring]}, by=who.name)
    if kind == "area" and where:
        return footprints.area(where, features(), origin=who.name)
    if kind == "warning" and where:
        return relief.footprint_of_warning(knowledge(), where, who)
    if kind == "file" and where is not None:
        with tempfile.TemporaryDirectory(prefix="anlan-footprint-") as folder:
            path = Path(folder) / f"footprint{Path(where.name).suffix.lower()}"
            path.write_bytes(where.getvalue())
            return footprints.from_file(path)
    return None


def _sites() -> tuple[Site, ...] | None:
    """Shelters chosen by hand with their people; null to take the nearest."""
    shelters = {feature.name: feature for feature in features() if feature.kind == "shelter"}
    chosen = st.multiselect(
        t("relief.sites"), sorted(shelters), format_func=session.plain, placeholder=t("relief.sites_hint"), key="relief-sites"
    )
    given = []
    for name in chosen:
        number = st.number_input(
            t("relief.people_at", site=session.plain(name)), min_value=0, value=None, step=1, key=f"relief-at-{shelters[name].id}"
        )
        given.append(f"{name}={number}" if number is not None else name)
    return relief.named_sites(knowledge(), given) if given else None


def news(state: PlanState) -> None:
    """Say loudly what a plan made now would say otherwise, and offer the revised proposal."""
    told = _outdated(home(), position(), state.plan.id, state.plan.version, state.status, session.here().name)
    if not told:
        return
    look.notice(t("relief.outdated"), "changed")
    look.show("".join(f"<div>{look.escaped(line)}</div>" for line in told))
    if session.may(session.here(), "draft") and st.button(t("relief.revise"), type="primary", key="relief-revise"):
        with answering(), st.spinner(t("relief.working")):
            if state.status == "signed":
                relief.propose(knowledge(), state.plan.incident, session.here(), old=state.plan)
            else:
                relief.change(knowledge(), state.plan.id, state.plan.version, session.here())
            session.tell(t("relief.proposed"))
            st.rerun()


@st.cache_data(show_spinner=False, max_entries=16, ttl=600)
def _outdated(home: str, seq: int, plan: str, version: int, status: str, account: str) -> tuple[str, ...]:
    return reading(lambda k: relief.outdated(k, relief.plan_state(k, plan), k.ledger.person(account)))

"""An area drawn on the map, and what is inside: people and sites of the survey, incidents, evidence. Figures are estimates and say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import shapely
import streamlit as st

from dashboard import look, session
from dashboard.board import Wanted
from dashboard.reading import Row, board, reading
from dashboard.session import answering
from dashboard.words import figure, known, t
from models import footprints
from models.domain import digest
from models.errors import AnlanError
from models.exposure import exposure
from models.needs import rounded_people
from models.relief import Exposure, Footprint

MOST_SITES = 12
"""Sites inside named in the answer."""


def footprint_of(drawing: dict[str, Any], by: str) -> Footprint:
    """The drawn area. Raises BadInput for what is no area, or too large."""
    geometry = drawing.get("geometry") or {}
    radius = (drawing.get("properties") or {}).get("radius")
    if geometry.get("type") == "Point" and radius:
        lon, lat = geometry["coordinates"][:2]
        return footprints.circle(float(lon), float(lat), [float(radius)], origin=by)
    return footprints.drawn(geometry, by=by)


def panel(drawing: dict[str, Any] | None, rows: Sequence[Row], until: datetime | None) -> None:
    """What is inside the drawn area; nothing while none is drawn."""
    if drawing is None:
        return
    with answering(), st.container(border=True):
        footprint = footprint_of(drawing, session.here().name)
        ground = shapely.union_all([shapely.geometry.shape(band.geometry) for band in footprint.bands])
        shapely.prepare(ground)
        inside = [row for row in rows if _within(ground, row)]
        points = board().points
        west, south, east, north = ground.bounds
        lines = points.lines(Wanted(session.mode(), (west, south, east, north), until))
        count = int(np.count_nonzero(shapely.contains_xy(ground, points.column("lon")[lines], points.column("lat")[lines])))
        chips = [look.chip(t("asking.incidents", count=len(inside)), "grade"), look.chip(t("asking.evidence", count=count))]
        look.show(f"<div><b>{look.escaped(t('asking.title'))}</b> {''.join(chips)}</div>")
        for row in inside[:MOST_SITES]:
            look.show(f'<div class="anlan-row-line">{look.symbol(look.severity(row), size=14)} {look.escaped(row.incident.title)}</div>')
        _people(footprint)


def _within(ground: shapely.Geometry, row: Row) -> bool:
    place = row.incident.place
    return place.lon is not None and place.lat is not None and bool(shapely.contains_xy(ground, place.lon, place.lat))


def _people(footprint: Footprint) -> None:
    # Counting takes seconds where much was surveyed, so it is done once for an area and a survey.
    key, stands = digest(footprint.id), (footprint.id, board().survey.at)
    kept = st.session_state.get("asked_area")
    if kept is None or kept[0] != stands:
        with st.spinner(t("asking.counting")):
            try:
                around = reading(lambda k: k.store.features_around(*footprints.bounds(footprint)))
                found: Exposure | str = exposure(footprint, around)
            except AnlanError as error:
                found = session.sentence(error)
        kept = st.session_state["asked_area"] = (stands, found)
    found = kept[1]
    if isinstance(found, str):
        st.info(found, icon=":material/info:")
        return
    everyone = found.people.get("all")
    if everyone is not None:
        low, best, high = (
            figure(rounded_people(value)) if value is not None else "–" for value in (everyone.low, everyone.best, everyone.high)
        )
        look.show(
            f'<div>{look.escaped(t("asking.people"))} <b class="anlan-num">{low} – {best} – {high}</b> {look.chip(t("figures.estimated"), "warn")}</div>'
        )
    houses = sum(one.count for one in found.buildings)
    named = [f"{known('map.layer', site.kind)} {site.name}" for site in found.sites if site.inside][:MOST_SITES]
    look.show(
        f'<div class="anlan-row-line">{look.escaped(t("asking.buildings", count=houses))} · {look.escaped(t("common.comma").join(named) or t("asking.no_sites"))}</div>'
        f'<div class="anlan-dim">{look.escaped(t("common.semicolon").join(found.gaps))}</div>'
    )
    st.button(t("asking.again"), key=f"again-{key}", on_click=lambda: st.session_state.pop("asked_area", None))

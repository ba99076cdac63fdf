"""An area drawn on the map, and what is inside: people and sites of the survey, incidents, evidence. Figures are estimates and say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import shapely
import streamlit as st

from dashboard import look, session
from dashboard.board import SNAP, Share, Wanted
from dashboard.reading import Row, named, reading
from dashboard.session import answering
from dashboard.sources import evidence_markup
from dashboard.words import figure, known, t
from models import footprints
from models.domain import digest
from models.errors import AnlanError
from models.exposure import exposure
from models.needs import rounded_people
from models.relief import Exposure, Footprint

MOST_SITES = 12
"""Sites and incidents inside named in the answer."""

MOST_TOLD = 30
"""Pieces of evidence inside that can be read at once, the newest."""


def footprint_of(drawing: dict[str, Any], by: str) -> Footprint:
    """The drawn area. Raises BadInput for what is no area, or too large."""
    geometry = drawing.get("geometry") or {}
    radius = (drawing.get("properties") or {}).get("radius")
    if geometry.get("type") == "Point" and radius:
        lon, lat = geometry["coordinates"][:2]
        return footprints.circle(float(lon), float(lat), [float(radius)], origin=by)
    return footprints.drawn(geometry, by=by)


def panel(drawing: dict[str, Any] | None, rows: Sequence[Row], until: datetime | None, picture: Share, snapped: bool) -> None:
    """What is inside the drawn area, of what this person sees; nothing while none is drawn. Blurred positions are asked about as they are drawn, so that
    no small area tells where somebody is.
    """
    if drawing is None:
        return
    with answering(), st.container(border=True):
        footprint = footprint_of(drawing, session.here().name)
        ground = shapely.union_all([shapely.geometry.shape(band.geometry) for band in footprint.bands])
        shapely.prepare(ground)
        inside = [row for row in rows if _within(ground, row)]
        west, south, east, north = ground.bounds
        box = (west - SNAP, south - SNAP, east + SNAP, north + SNAP) if snapped else (west, south, east, north)
        lines = picture.lines(Wanted(session.mode(), box, until))
        lats, lons = picture.points.spots(lines, snapped=snapped)
        heard = lines[shapely.contains_xy(ground, lons, lats)]
        look.show(f"<div><b>{look.escaped(t('asking.title'))}</b> {look.chip(t('asking.incidents', count=len(inside)), 'grade')}</div>")
        for row in inside[:MOST_SITES]:
            if st.button(
                session.plain(row.incident.title), key=f"inside-{row.incident.id}", type="tertiary", icon=":material/open_in_new:"
            ):
                session.select(row.incident.id)
                st.rerun()
        if len(inside) > MOST_SITES:
            look.show(f'<div class="anlan-dim">{look.escaped(t("asking.more", count=len(inside) - MOST_SITES))}</div>')
        _evidence(picture, heard)
        _people(footprint, picture.survey.at)


def _within(ground: shapely.Geometry, row: Row) -> bool:
    place = row.incident.place
    return place.lon is not None and place.lat is not None and bool(shapely.contains_xy(ground, place.lon, place.lat))


def _evidence(picture: Share, lines: Any) -> None:
    opened = st.popover(t("asking.evidence", count=len(lines)), key="inside-evidence", on_change="rerun", disabled=not len(lines))
    if not opened.open:
        return
    newest = lines[np.argsort(-picture.points.column("received")[lines], kind="stable")][:MOST_TOLD]
    with opened:
        look.show("".join(evidence_markup(view, ()) for view in named([picture.points.ids[line] for line in newest])))
        if len(lines) > MOST_TOLD:
            look.show(f'<div class="anlan-dim">{look.escaped(t("asking.newest", count=MOST_TOLD))}</div>')


def _people(footprint: Footprint, survey: int) -> None:
    # Counting takes seconds where much was surveyed, so it is done once for an area and a survey.
    key, stands = digest(footprint.id), (footprint.id, survey)
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
        with st.popover(t("asking.arithmetic"), type="tertiary"):
            look.show("".join(f"<div>{look.escaped(line)}</div>" for line in found.arithmetic))
    houses = sum(one.count for one in found.buildings)
    named = [f"{known('map.layer', site.kind)} {site.name}" for site in found.sites if site.inside][:MOST_SITES]
    look.show(
        f'<div class="anlan-row-line">{look.escaped(t("asking.buildings", count=houses))} · {look.escaped(t("common.comma").join(named) or t("asking.no_sites"))}</div>'
        f'<div class="anlan-dim">{look.escaped(t("common.semicolon").join(found.gaps))}</div>'
    )
    st.button(t("asking.again"), key=f"again-{key}", on_click=lambda: st.session_state.pop("asked_area", None))

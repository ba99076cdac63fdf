"""The map: incidents by shape and colour, evidence in clusters, survey layers below, and no request leaves the machine.

Leaflet and the cluster plugin are served from our own static folder. Without tiles the survey is the base map: divisions,
roads and rivers. Every name and message reaches the browser as JSON and is put on the page as text, never as HTML, because
folium's own tooltips write their words into a script (`${…}` in a place name would run). And every word that comes from
outside goes through `foreign` first, because branca compiles what it is given as a template: `{{…}}` in a post would run here.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import folium
import shapely
from folium.plugins import FastMarkerCluster, MarkerCluster
from folium.utilities import JsCode
from streamlit_folium import st_folium

from dashboard.look import PLAIN, severity, severity_word
from dashboard.reading import Row
from dashboard.words import clock, figure, known, t
from models.domain import EvidenceView, Feature
from models.needs import rounded_people
from models.relief import Exposure

STATIC = "/app/static"

folium.Map.default_js = [("leaflet", f"{STATIC}/leaflet/leaflet.js")]
folium.Map.default_css = [("leaflet_css", f"{STATIC}/leaflet/leaflet.css"), ("anlan_map", f"{STATIC}/map.css")]
MarkerCluster.default_js = [("markerclusterjs", f"{STATIC}/markercluster/leaflet.markercluster.js")]
MarkerCluster.default_css = [
    ("markerclustercss", f"{STATIC}/markercluster/MarkerCluster.css"),
    ("markerclusterdefaultcss", f"{STATIC}/markercluster/MarkerCluster.Default.css"),
]
for _cluster in (FastMarkerCluster,):
    _cluster.default_js, _cluster.default_css = MarkerCluster.default_js, MarkerCluster.default_css

MAX_ZOOM = 18
"""Closest zoom. A map without tiles must be told, or the clusters fail."""

LINES: dict[str, dict[str, Any]] = {
    "population": {"color": "#5b7186", "weight": 1, "fillColor": "#1d2935", "fillOpacity": 0.55},
    "river": {"color": "#2f6d92", "weight": 2, "fillColor": "#1f4b66", "fillOpacity": 0.6},
    "road": {"color": "#7d6f57", "weight": 1.2, "opacity": 0.75, "fillOpacity": 0},
}
"""The base map, bottom first: divisions by population survey, rivers, roads."""

SHAPES = ("LineString", "MultiLineString", "Polygon", "MultiPolygon")
"""Geometries drawn in the base map."""

SITES = ("shelter", "depot", "underpass", "chemical_plant", "hospital", "school")
"""Surveyed places drawn as a letter each; the first four from the start, the others on request."""

SHOWN_FIRST = SITES[:4]

NAME_TIP = JsCode(
    "function(feature, layer) { var d = document.createElement('div'); d.textContent = feature.properties.name; "
    "if (d.textContent) { layer.bindTooltip(d, {sticky: true, className: 'anlan-tip'}); } }"
)

SITE_MARKER = """function (row) {
    var m = L.marker([row[0], row[1]], {icon: L.divIcon({className: 'anlan-site anlan-site-' + row[3], html: '', iconSize: [18, 18]})});
    m.on('add', function () { m.getElement().textContent = row[4]; });
    var d = document.createElement('div'); d.textContent = row[2];
    return m.bindTooltip(d, {className: 'anlan-tip'});
}"""

EVIDENCE_MARKER = """function (row) {
    var m = L.circleMarker([row[0], row[1]], {radius: 4, weight: 1, color: '#0f151b', fillColor: '#c9d6e2', fillOpacity: 0.9});
    var d = document.createElement('div'); var h = document.createElement('b'); h.textContent = row[2];
    var p = document.createElement('div'); p.textContent = row[3]; d.appendChild(h); d.appendChild(p);
    return m.bindTooltip(d, {className: 'anlan-tip anlan-tip-wide'});
}"""

INCIDENT_MARKER = """function (row) {
    var m = L.marker([row[0], row[1]], {zIndexOffset: 1000 - 50 * row[5], riseOnHover: true, keyboard: true, alt: row[2],
        icon: L.divIcon({className: 'anlan-incident' + row[6], html: row[4], iconSize: [30, 30], iconAnchor: [15, 30]})});
    var d = document.createElement('div'); var h = document.createElement('b'); h.textContent = row[2];
    var p = document.createElement('div'); p.textContent = row[3]; d.appendChild(h); d.appendChild(p);
    return m.bindTooltip(d, {className: 'anlan-tip', direction: 'top', offset: [0, -28]});
}"""


SEVERITIES = ("#f0e442", "#e69f00", "#d55e00", "#a8326b")
"""Fill of a footprint's bands, lightest first; a footprint with more bands repeats the last."""


@dataclass(frozen=True)
class Click:
    """One press on an incident's marker."""

    incident: str
    count: int
    """Presses so far; the same marker pressed twice is two clicks."""


NEVER_CLUSTER = {"disableClusteringAtZoom": 1, "spiderfyOnMaxZoom": False}


BRACES = {ord("{"): 0xFF5B, ord("}"): 0xFF5D}


def foreign(words: str) -> str:
    """Words of strangers with their braces made full-width, so that no template engine on the way to the browser obeys them."""
    return words.translate(BRACES)


def positions(rows: Iterable[Row], features: Sequence[Feature]) -> dict[str, tuple[float, float]]:
    """Where each incident is drawn, latitude and longitude; incidents on one spot stand in a small ring around it.

    An incident that strikes a whole area and has no spot of its own stands in the middle of the surveyed divisions, and its words say so.
    """
    middle = middle_of(features)
    spots: dict[tuple[float, float], list[str]] = {}
    for row in sorted(rows, key=lambda r: r.incident.id):
        place = row.incident.place
        if place.lat is not None and place.lon is not None:
            spots.setdefault((round(place.lat, 4), round(place.lon, 4)), []).append(row.incident.id)
        elif row.incident.scope == "area" and middle:
            spots.setdefault(middle, []).append(row.incident.id)
    drawn: dict[str, tuple[float, float]] = {}
    for (lat, lon), ids in spots.items():
        for index, incident in enumerate(ids):
            angle = 2 * math.pi * index / len(ids)
            radius = 0.004 if len(ids) > 1 else 0.0
            drawn[incident] = (round(lat + radius * math.sin(angle), 6), round(lon + radius * math.cos(angle), 6))
    return drawn


def middle_of(features: Sequence[Feature]) -> tuple[float, float] | None:
    """The middle of the surveyed divisions, the median of each coordinate; null without a survey."""
    divisions = [f for f in features if f.kind == "population"]
    if not divisions:
        return None
    return round(median(f.lat for f in divisions), 4), round(median(f.lon for f in divisions), 4)


def base_map(features: Sequence[Feature], rows: Sequence[Row]) -> folium.Map:
    """The map below everything that changes: divisions, rivers, roads and surveyed places."""
    ground = folium.Map(location=[32.04, 118.78], zoom_start=11, tiles=None, maxZoom=MAX_ZOOM, minZoom=7, prefer_canvas=True)
    for kind, style in LINES.items():
        drawn = [_shape(f) for f in features if f.kind == kind and f.geometry.get("type") in SHAPES]
        if drawn:
            folium.GeoJson(
                {"type": "FeatureCollection", "features": drawn},
                name=html.escape(t(f"map.layer.{kind}")),
                style_function=lambda _, style=style: style,
                on_each_feature=NAME_TIP,
                smooth_factor=1.0,
            ).add_to(ground)
    for kind in SITES:
        points = [
            [f.lat, f.lon, foreign(f"{t(f'map.layer.{kind}')} · {f.name}"), kind, t(f"map.letter.{kind}")]
            for f in features
            if f.kind == kind
        ]
        if points:
            name = html.escape(t(f"map.layer.{kind}"))
            clustered(points, SITE_MARKER, name=name, show=kind in SHOWN_FIRST, disableClusteringAtZoom=11).add_to(ground)
    folium.LayerControl(collapsed=True).add_to(ground)
    ground.fit_bounds(frame(features, rows))
    return ground


def clustered(points: list[list[Any]], marker: str, **options: Any) -> FastMarkerCluster:
    """Points drawn by the browser itself; `marker` is the script that makes one of a row."""
    return FastMarkerCluster(points, callback=marker, **options)  # type: ignore[no-untyped-call]


def _shape(feature: Feature) -> dict[str, Any]:
    outline = {"type": feature.geometry["type"], "coordinates": feature.geometry["coordinates"]}
    return {"type": "Feature", "geometry": outline, "properties": {"name": foreign(feature.name)}}


def frame(features: Sequence[Feature], rows: Sequence[Row]) -> list[list[float]]:
    """South-west and north-east corner of what is worth seeing: the incidents, else the survey, else the city.

    Rounded outwards to a twentieth of a degree, so that the map stays where a person moved it while incidents come in.
    """
    spots = list(positions(rows, features).values()) or [(f.lat, f.lon) for f in features] or [(31.95, 118.65), (32.15, 118.95)]
    south, west = (math.floor((min(spot[axis] for spot in spots) - 0.01) * 20) / 20 for axis in (0, 1))
    north, east = (math.ceil((max(spot[axis] for spot in spots) + 0.01) * 20) / 20 for axis in (0, 1))
    return [[south, west], [north, east]]


def exposed(ground: folium.Map, found: Exposure, features: Sequence[Feature]) -> None:
    """A footprint by severity, and the divisions it touches with how many people stand in it; the map moves to it."""
    shapes = {(feature.name, feature.adcode): feature.geometry for feature in features if feature.kind == "population"}
    streets = [
        _outlined(
            shapes[one.name, one.adcode], f"{one.name} · {t('relief.people_inside', count=figure(rounded_people(one.people['all'].best)))}"
        )
        for one in found.streets
        if (one.name, one.adcode) in shapes and "all" in one.people
    ]
    bands = [_outlined(band.geometry, band.label, severity=band.severity) for band in found.footprint.bands]
    for drawn, style in ((streets, {"color": "#56b4e9", "weight": 1, "fillOpacity": 0.12}), (bands, None)):
        if drawn:
            folium.GeoJson(
                {"type": "FeatureCollection", "features": drawn},
                style_function=lambda shape, style=style: style or _band_style(shape),
                on_each_feature=NAME_TIP,
                control=False,
            ).add_to(ground)
    west, south, east, north = shapely.union_all([shapely.geometry.shape(band.geometry) for band in found.footprint.bands]).bounds
    ground.fit_bounds([[south - 0.01, west - 0.01], [north + 0.01, east + 0.01]])


def _outlined(geometry: Mapping[str, Any], words: str, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": dict(geometry), "properties": {"name": foreign(words), **properties}}


def _band_style(shape: Mapping[str, Any]) -> dict[str, Any]:
    colour = SEVERITIES[min(int(shape["properties"]["severity"]), len(SEVERITIES) - 1)]
    return {"color": colour, "weight": 2, "fillColor": colour, "fillOpacity": 0.35}


def corners(ground: folium.Map, spots: Sequence[tuple[float, float]]) -> None:
    """The corners (longitude, latitude) a person has clicked so far, joined in their order."""
    if not spots:
        return
    line = [[lat, lon] for lon, lat in spots]
    folium.PolyLine([*line, *line[:1]], color="#ffffff", weight=2, dash_array="4 4").add_to(ground)  # type: ignore[no-untyped-call]
    for spot in line:
        folium.CircleMarker(spot, radius=4, color="#ffffff", fill=True).add_to(ground)


def clicked_spot(ground: folium.Map, *, key: str, height: int) -> tuple[float, float] | None:
    """Draw the map; longitude and latitude of the newest click anywhere on it, or null."""
    told = st_folium(ground, key=key, height=height, use_container_width=True, returned_objects=["last_clicked"])
    clicked = (told or {}).get("last_clicked")
    return (round(clicked["lng"], 6), round(clicked["lat"], 6)) if clicked else None


def incident_layer(rows: Sequence[Row], spots: Mapping[str, tuple[float, float]], selected: str | None) -> folium.FeatureGroup:
    """Incidents that have coordinates, the most serious on top."""
    group = folium.FeatureGroup(name="incidents")
    points = [[*spots[row.incident.id], *_incident_words(row, selected)] for row in rows if row.incident.id in spots]
    clustered(points, INCIDENT_MARKER, **NEVER_CLUSTER).add_to(group)
    return group


def _incident_words(row: Row, selected: str | None) -> list[object]:
    shape = severity(row)
    exercise = row.incident.mode == "exercise"
    paint = 'fill="#1a1026" stroke-dasharray="4 2"' if exercise else f'fill="{shape.colour}"'
    edge = shape.colour if exercise else "#0b0f13"
    drawn = f'<svg width="26" height="26" viewBox="-2 -2 28 28" {paint} stroke="{edge}" stroke-width="2">{shape.path}</svg>'
    place = row.incident.place
    where = t("map.whole_area") if place.lat is None else known("precision", place.precision)
    told = [severity_word(row), clock(row.incident.first_evidence_at), where]
    title = f"{t('mode.exercise')} · {row.incident.title}" if exercise else row.incident.title
    classes = (
        (" anlan-incident-exercise" if exercise else "")
        + (" anlan-incident-area" if row.incident.scope == "area" else "")
        + (" anlan-incident-selected" if row.incident.id == selected else "")
    )
    return [foreign(title), " · ".join(told), drawn, min(shape.rank, PLAIN), classes]


def evidence_layer(views: Iterable[EvidenceView]) -> folium.FeatureGroup:
    """Evidence in clusters; ten thousand points are drawn in under a second."""
    group = folium.FeatureGroup(name="evidence")
    points = [
        [
            view.lat,
            view.lon,
            foreign(f"{view.source_title} {clock(view.sent_at or view.received_at)}"),
            foreign((view.title or view.text)[:90]),
        ]
        for view in views
        if view.lat is not None and view.lon is not None
    ]
    clustered(points, EVIDENCE_MARKER, maxClusterRadius=36, showCoverageOnHover=False).add_to(group)
    return group


def show_map(
    ground: folium.Map, layers: list[folium.FeatureGroup], spots: Mapping[str, tuple[float, float]], *, height: int, focus: str | None
) -> Click | None:
    """Draw the map; the newest click on an incident, or null."""
    told = st_folium(
        ground,
        key="situation-map",
        height=height,
        use_container_width=True,
        returned_objects=["last_object_clicked", "last_object_clicked_count"],
        feature_group_to_add=layers,
        center=spots.get(focus) if focus else None,
        zoom=14 if focus in spots else None,
    )
    clicked = (told or {}).get("last_object_clicked")
    if not clicked:
        return None
    spot = (round(clicked["lat"], 6), round(clicked["lng"], 6))
    found = next((incident for incident, drawn in spots.items() if drawn == spot), None)
    return Click(found, int(told.get("last_object_clicked_count") or 0)) if found else None

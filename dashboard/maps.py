"""The map: incidents by shape and colour, evidence counted by the server, survey outlines below, and no request leaves the machine.

Leaflet and everything beside it come from our own static folder; what is drawn is drawn by `static/map.js`. Without tiles the survey is
the base map: divisions, roads and rivers. The map is made once per window and only its layers are sent again, so that it stays where a
person moved it. Every name and message reaches the browser as JSON and is put on the page as text, never as HTML. And every word that
comes from outside goes through `foreign` first, because branca compiles what it is given as a template: `{{…}}` in a post would run here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import folium
import shapely
import streamlit as st
from folium.plugins import Draw, FastMarkerCluster
from folium.template import Template
from streamlit_folium import st_folium

from dashboard import look
from dashboard.board import MOST_SHAPES, Box, Square, drawable
from dashboard.look import PLAIN, severity, severity_word
from dashboard.reading import Row
from dashboard.words import clock, figure, known, t
from models.domain import EvidenceView, Feature
from models.needs import rounded_people
from models.relief import Exposure
from models.tiles import Tiles

STATIC = "/app/static"

folium.Map.default_js = [("leaflet", f"{STATIC}/leaflet/leaflet.js"), ("anlan_map", f"{STATIC}/map.js")]
folium.Map.default_css = [("leaflet_css", f"{STATIC}/leaflet/leaflet.css"), ("anlan_map", f"{STATIC}/map.css")]
Draw.default_js = [("leaflet_draw", f"{STATIC}/draw/leaflet.draw.js")]
Draw.default_css = [("leaflet_draw", f"{STATIC}/draw/leaflet.draw.css")]

MAX_ZOOM = 18
"""Closest zoom."""

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

MOST_SITES = 250
"""Most surveyed places of one kind drawn one by one; more are counted in squares."""

MOST_PIECES = 150
"""Most pieces of evidence drawn one by one; more are counted in squares."""

CITY = [[31.95, 118.65], [32.15, 118.95]]
"""South-west and north-east corner shown while there is nothing to show."""

STREET_METRES = 1000.0
"""What `Place.precision` means by "street"."""


SEVERITIES = ("#f0e442", "#e69f00", "#d55e00", "#a8326b")
"""Fill of a footprint's bands, lightest first; a footprint with more bands repeats the last."""


@dataclass(frozen=True)
class Window:
    """What a person sees of the map."""

    box: Box
    zoom: int

    def wider(self) -> Box:
        """The box and a third of itself around it, so that a small move shows no empty edge."""
        west, south, east, north = self.box
        aside, up = (east - west) / 3, (north - south) / 3
        return (west - aside, south - up, east + aside, north + up)


@dataclass(frozen=True)
class Told:
    """What the map reports back."""

    incident: str | None
    """The incident last pressed."""
    count: int
    """Presses so far; the same marker pressed twice is two."""
    window: Window | None
    """Null before the map has been drawn."""
    drawing: dict[str, Any] | None
    """GeoJSON feature a person drew last, a circle as a point with `radius` in metres; null when there is none."""


BRACES = {ord("{"): 0xFF5B, ord("}"): 0xFF5D}


def foreign(words: str) -> str:
    """Words of strangers with their braces made full-width, so that no template engine on the way to the browser obeys them."""
    return words.translate(BRACES)


class Written(str):
    """JSON that may stand in a script."""


def written(value: Any) -> str:
    """A value as JSON that may stand in a script: what could end it, or begin another, is written as its number. What is `Written` stays."""
    if isinstance(value, Written):
        return value
    text = json.dumps(value, ensure_ascii=True, separators=(", ", ": "))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027")


class Drawn(folium.MacroElement):
    """One call of a function in `static/map.js`, with what it draws as JSON on one line."""

    _template = Template(
        "{% macro script(this, kwargs) %}\n"
        "var {{ this.get_name() }} = anlan.{{ this.what }}({{ this.given }});\n"
        "{{ this.get_name() }}.addTo({{ this._parent.get_name() }});\n{% endmacro %}"
    )

    def __init__(self, what: str, /, **given: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "drawn"
        self.what = what
        self.given = "{" + ", ".join(f'"{name}": {written(value)}' for name, value in given.items()) + "}"

    def render(self, **kwargs: Any) -> str:
        """Nothing: streamlit-folium asks for the script itself, and the page around it would compile every word as a template, three times."""
        return ""


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


def base_map(
    features: Sequence[Feature], rows: Sequence[Row], *, corners: list[list[float]] | None = None, tiles: Tiles | None = None, draws: bool = False,
    kept: dict[str, str] | None = None,
) -> folium.Map:  # fmt: skip
    """The map below everything that changes: tiles if there are any, divisions, rivers, roads, and the surveyed places among `features`.

    `corners` is what it shows at first; without it, what `frame` finds worth seeing. `draws` gives it the tools to draw an area; without
    them it has switches of its own for what is shown. `kept` holds the outlines of these features as text for the next time.
    """
    ground = folium.Map(location=[32.04, 118.78], zoom_start=11, tiles=None, maxZoom=MAX_ZOOM, minZoom=7, prefer_canvas=True)
    if tiles:
        options = {"maxZoom": MAX_ZOOM, "maxNativeZoom": tiles.deepest, "className": "anlan-tiles", "subdomains": tiles.subdomains}
        Drawn("tiles", url=tiles.url, shifted=tiles.shifted, options=options).add_to(ground)
    for kind, style in LINES.items():
        outlines = (kept or {}).get(kind)
        if outlines is None:
            found_here = [[foreign(f.name), f.geometry] for f in features if f.kind == kind and f.geometry.get("type") in SHAPES]
            outlines = written(found_here) if found_here else ""
            if kept is not None:
                kept[kind] = outlines
        if outlines:
            look_of = {**style, "fillOpacity": 0.0} if tiles else style
            Drawn("outlines", kind=kind, style=look_of, rows=Written(outlines)).add_to(ground)
    for kind in SITES:
        if found := [f for f in features if f.kind == kind]:
            Drawn("sites", kind=kind, rows=_sites(found), hidden=kind not in SHOWN_FIRST).add_to(ground)
    if not draws:
        Drawn("switches", rows=[[kind, t(f"map.layer.{kind}")] for kind in (*LINES, *SITES)]).add_to(ground)
    else:
        Drawn("words", **{name: t(f"map.draw.{name}") for name in DRAWING}).add_to(ground)
        shape = {"shapeOptions": {"color": "#ffffff", "weight": 2, "dashArray": "4 4", "fillOpacity": 0.05}}
        tools = {"polyline": False, "marker": False, "circlemarker": False, "polygon": shape, "rectangle": shape, "circle": shape}
        tools_of = Draw(show_geometry_on_click=False, draw_options=tools, edit_options={"edit": False})  # type: ignore[no-untyped-call]
        tools_of.add_to(ground)
    Drawn("fit", corners=corners or frame(features, rows)).add_to(ground)
    return ground


DRAWING = (
    "polygon", "rectangle", "circle", "actions", "finish", "undo", "start", "cont", "end", "drag", "radius", "release", "save", "cancel",
    "clear", "edit", "remove",
)  # fmt: skip
"""What the drawing tools say."""


def _sites(features: Iterable[Feature]) -> list[list[Any]]:
    return [[f.lat, f.lon, foreign(f"{t(f'map.layer.{f.kind}')} · {f.name}"), f.kind, t(f"map.letter.{f.kind}")] for f in features]


def frame(features: Sequence[Feature], rows: Sequence[Row]) -> list[list[float]]:
    """South-west and north-east corner of what is worth seeing: the incidents, else the survey, else the city.

    Rounded outwards to a twentieth of a degree, so that two people who look at about the same time see the same.
    """
    spots = list(positions(rows, features).values()) or [(f.lat, f.lon) for f in features]
    if not spots:
        return CITY
    south, west = (math.floor((min(spot[axis] for spot in spots) - 0.01) * 20) / 20 for axis in (0, 1))
    north, east = (math.ceil((max(spot[axis] for spot in spots) + 0.01) * 20) / 20 for axis in (0, 1))
    return [[south, west], [north, east]]


def nearest(features: Sequence[Feature], row: Row) -> list[Feature]:
    """Of surveyed bodies what a map about one incident draws: of each kind the nearest ones, the outlines among them coarse."""
    place = row.incident.place
    lat, lon = (place.lat, place.lon) if place.lat is not None and place.lon is not None else middle_of(features) or (0.0, 0.0)
    found: list[Feature] = []
    for kind in (*LINES, *SITES):
        of_kind = [feature for feature in features if feature.kind == kind]
        of_kind.sort(key=lambda one: ((one.lat - lat) ** 2 + ((one.lon - lon) * 0.85) ** 2, one.id))
        found += drawable(of_kind[:MOST_SHAPES]) if kind in LINES else of_kind[:MOST_SITES]
    return found


def window_of(corners: list[list[float]]) -> Window:
    """The window a map of ordinary size has when these corners are fitted into it."""
    (south, west), (north, east) = corners
    zoom = math.floor(math.log2(360 * 600 / 256 / max(east - west, (north - south) * 1.2, 0.001)))
    return Window((west, south, east, north), max(7, min(zoom, MAX_ZOOM)))


def layer(*drawn: Drawn) -> folium.FeatureGroup:
    """What is sent again when it changes, while the map below stays."""
    group = folium.FeatureGroup(name="now")
    for each in drawn:
        each.add_to(group)
    return group


def incidents_drawn(
    rows: Sequence[Row], spots: Mapping[str, tuple[float, float]], selected: str | None, *, plain: bool, radii: bool
) -> Drawn:
    """Incidents that have coordinates, the most serious on top. `plain` leaves severity out, as in a replay, because it is today's."""
    drawn = [[*spots[row.incident.id], *_incident(row, selected, plain, radii)] for row in rows if row.incident.id in spots]
    return Drawn("incidents", shapes=[path for _, path in look.SHAPES], colours=[colour for colour, _ in look.SHAPES], rows=drawn)


def _incident(row: Row, selected: str | None, plain: bool, radii: bool) -> list[Any]:
    incident, place = row.incident, row.incident.place
    where = t("map.whole_area") if place.lat is None else known("precision", place.precision)
    doubt = "" if row.is_confirmed or plain else t("figures.unconfirmed")
    told = [part for part in ("" if plain else severity_word(row), doubt, clock(incident.first_evidence_at), where) if part]
    title = f"{t('mode.exercise')} · {incident.title}" if incident.mode == "exercise" else incident.title
    classes = (
        (" anlan-incident-exercise" if incident.mode == "exercise" else "")
        + (" anlan-incident-area" if incident.scope == "area" or place.precision in ("district", "city") else "")
        + (" anlan-incident-selected" if incident.id == selected else "")
    )
    rank = PLAIN if plain else min(severity(row).rank, PLAIN)
    return [
        foreign(title),
        foreign(" · ".join(told)),
        rank,
        classes,
        round(metres(row)) if radii else 0,
        int(not row.is_confirmed),
    ]


def metres(row: Row) -> float:
    """How far from its mark an incident may be; 0 when nobody said. The centre of a district or city has no radius: its mark says what it is."""
    place = row.incident.place
    if place.lat is None:
        return 0.0
    return place.within_m or (STREET_METRES if place.precision == "street" else 0.0)


def squares_drawn(squares: Iterable[Square], what: str, kind: str) -> Drawn:
    """Things counted together."""
    return Drawn("squares", what=what, kind=kind, rows=[[square.lat, square.lon, square.count] for square in squares])


def pieces_drawn(views: Sequence[EvidenceView], spots: Sequence[tuple[float, float]]) -> Drawn:
    """Single pieces of evidence, masked, each at its spot (latitude, longitude)."""
    return Drawn(
        "pieces",
        rows=[
            [
                *spot,
                foreign(f"{view.source_title} {clock(view.sent_at or view.received_at)}"),
                foreign((view.title or view.text)[:90]),
                int(view.source_kind == "warning"),
            ]
            for view, spot in zip(views, spots, strict=True)
        ],
    )


def sites_drawn(features: Sequence[Feature]) -> Drawn:
    """Surveyed places, a letter each."""
    return Drawn("sites", rows=_sites(features))


def outlines_shown(kinds: Collection[str]) -> Drawn:
    """Which outlines of the base map are to be seen."""
    return Drawn("showing", kinds=sorted(kinds))


def exposed(ground: folium.Map, found: Exposure, features: Sequence[Feature]) -> None:
    """A footprint by severity, and the divisions it touches with how many people stand in it; the map moves to it."""
    shapes = {(feature.name, feature.adcode): feature.geometry for feature in features if feature.kind == "population"}
    streets = [
        [
            foreign(f"{one.name} · {t('relief.people_inside', count=figure(rounded_people(one.people['all'].best)))}"),
            shapes[one.name, one.adcode],
        ]
        for one in found.streets
        if (one.name, one.adcode) in shapes and "all" in one.people
    ]
    if streets:
        Drawn("outlines", style={"color": "#56b4e9", "weight": 1, "fillOpacity": 0.12}, rows=streets).add_to(ground)
    for band in found.footprint.bands:
        colour = SEVERITIES[min(band.severity, len(SEVERITIES) - 1)]
        style = {"color": colour, "weight": 2, "fillColor": colour, "fillOpacity": 0.35}
        Drawn("outlines", style=style, rows=[[foreign(band.label), band.geometry]]).add_to(ground)
    west, south, east, north = shapely.union_all([shapely.geometry.shape(band.geometry) for band in found.footprint.bands]).bounds
    Drawn("fit", corners=[[south - 0.01, west - 0.01], [north + 0.01, east + 0.01]]).add_to(ground)


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


MAP = "situation-map"
"""Where the session keeps what the map last reported."""


def seen() -> Window | None:
    """The part of the map in sight; null before it was drawn."""
    return _told(st.session_state.get(MAP) or {}, {}).window


def show_map(
    ground: folium.Map, drawn: folium.FeatureGroup, spots: Mapping[str, tuple[float, float]], *, height: int, focus: str | None
) -> Told:
    """Draw the map, and say what a person did on it. `focus` is moved to once, when it is new."""
    answer = st_folium(
        ground,
        key=MAP,
        height=height,
        use_container_width=True,
        returned_objects=["last_object_clicked", "last_object_clicked_count", "bounds", "zoom", "all_drawings"],
        feature_group_to_add=drawn,
        center=spots.get(focus) if focus else None,
        zoom=14 if focus in spots else None,
    )
    return _told(answer or {}, spots)


def _told(answer: Mapping[str, Any], spots: Mapping[str, tuple[float, float]]) -> Told:
    pressed = answer.get("last_object_clicked")
    spot = (round(pressed["lat"], 6), round(pressed["lng"], 6)) if pressed else None
    found = next((incident for incident, drawn in spots.items() if drawn == spot), None) if spot else None
    bounds, zoom, drawings = answer.get("bounds") or {}, answer.get("zoom"), answer.get("all_drawings")
    low, high = bounds.get("_southWest") or {}, bounds.get("_northEast") or {}
    sides = [low.get("lng"), low.get("lat"), high.get("lng"), high.get("lat")]
    numbers = [float(side) for side in sides if isinstance(side, int | float) and math.isfinite(side)]
    is_drawn = len(numbers) == 4 and isinstance(zoom, int | float) and numbers[0] < numbers[2] and numbers[1] < numbers[3]
    window = Window((numbers[0], numbers[1], numbers[2], numbers[3]), max(1, min(int(zoom or 0), MAX_ZOOM))) if is_drawn else None
    return Told(found, int(answer.get("last_object_clicked_count") or 0), window, drawings[-1] if drawings else None)


def ordinary(spots: Sequence[tuple[float, float]], *, clustered: bool) -> str:
    """The page that folium makes of points (latitude, longitude) in its ordinary ways, to measure ours against: a marker for each, or
    `FastMarkerCluster`. It opens as a file and asks for local files alone.
    """
    ground = folium.Map(location=[32.04, 118.78], zoom_start=10, tiles=None, maxZoom=MAX_ZOOM, prefer_canvas=True)
    if clustered:
        row = "function (row) { return L.circleMarker([row[0], row[1]]); }"
        FastMarkerCluster([list(spot) for spot in spots], callback=row).add_to(ground)  # type: ignore[no-untyped-call]
    else:
        for spot in spots:
            folium.CircleMarker(spot, radius=4).add_to(ground)
    ground.get_root().render()
    page: str = ground.get_root().render()
    static = Path(__file__).with_name("static")
    page = re.sub(r"<(script|link)[^>]*https?://[^>]*>(</script>)?", "", page).replace(STATIC, static.as_uri())
    cluster = (static / "markercluster" / "leaflet.markercluster.js").as_uri()
    return page.replace("</head>", f'<script src="{cluster}"></script></head>', 1)

"""Where things are drawn, and that a map asks nobody outside for anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from streamlit_folium import generate_leaflet_string

from dashboard import maps
from dashboard.reading import Row
from models.domain import EvidenceView, Feature, Incident, Place
from tests.dashboard.evening import HOSTILE

NOON = datetime(2026, 7, 18, 4, 0, tzinfo=UTC)


def row(id: str, *, lon: float | None = 118.8, lat: float | None = 32.0, scope: str = "site", title: str = "某处积水") -> Row:
    incident = Incident(
        id=id, title=title, hazard="flood", event_type="natural_disaster", mode="actual", scope=scope, place=Place(name="某处", lon=lon, lat=lat),
        started_at=NOON, first_evidence_at=NOON, updated_at=NOON,
    )  # fmt: skip
    return Row(incident, (), None, (), ())


def division(lon: float, lat: float) -> Feature:
    shape = {"type": "Polygon", "coordinates": [[[lon, lat], [lon + 0.01, lat], [lon, lat + 0.01], [lon, lat]]]}
    return Feature(id=f"fe-{lon}", kind="population", name=HOSTILE, geometry=shape, lon=lon, lat=lat)


def test_two_incidents_on_one_spot_can_both_be_pressed() -> None:
    drawn = maps.positions([row("in-a"), row("in-b")], [])
    assert len(set(drawn.values())) == 2


def test_a_site_without_coordinates_is_not_put_anywhere() -> None:
    assert maps.positions([row("in-a", lon=None, lat=None)], [division(118.7, 32.0)]) == {}


def test_an_area_without_coordinates_stands_in_the_middle_of_the_survey() -> None:
    survey = [division(118.7, 32.0), division(118.8, 32.1), division(119.2, 32.2)]
    assert maps.positions([row("in-a", lon=None, lat=None, scope="area")], survey) == {"in-a": (32.1, 118.8)}


def test_the_frame_holds_every_incident() -> None:
    (south, west), (north, east) = maps.frame([], [row("in-a"), row("in-b", lon=118.62, lat=32.31)])
    assert south < 32.0 < 32.31 < north
    assert west < 118.62 < 118.8 < east


def test_the_map_asks_for_local_files_only() -> None:
    asked = [url for cls in (maps.folium.Map, maps.MarkerCluster, maps.FastMarkerCluster) for _, url in (*cls.default_js, *cls.default_css)]
    assert [url for url in asked if not url.startswith("/app/static/")] == []


def test_every_file_a_map_asks_for_is_there() -> None:
    folder = maps.__file__.replace("maps.py", "static")
    asked = [url for cls in (maps.folium.Map, maps.FastMarkerCluster) for _, url in (*cls.default_js, *cls.default_css)]
    missing = [url for url in asked if not (__import__("pathlib").Path(folder) / url.removeprefix("/app/static/")).is_file()]
    assert missing == []


@pytest.mark.parametrize("layer", ["base", "evidence", "incident"])
def test_hostile_words_never_enter_the_script_as_code(layer: str) -> None:
    ground = maps.base_map([division(118.7, 32.0)], [])
    if layer == "evidence":
        view = EvidenceView(
            id="ev-1", source="s", source_title=HOSTILE, source_kind="social", reliability="E", text=HOSTILE, sent_at=NOON, received_at=NOON,
            lon=118.7, lat=32.0,
        )  # fmt: skip
        maps.evidence_layer([view]).add_to(ground)
    if layer == "incident":
        rows = [row("in-a", title=HOSTILE)]
        maps.incident_layer(rows, maps.positions(rows, []), None).add_to(ground)
    ground.get_root().render()
    script = generate_leaflet_string(ground)
    assert "window.__owned" in script
    assert "<script>" not in script
    assert "onerror=\"" not in script
    for line in script.splitlines():
        if "__owned" in line and "`" in line:
            start = line.index("__owned")
            assert line[:start].count('"') % 2 == 1 or json.dumps(HOSTILE)[1:-1][:5] in line

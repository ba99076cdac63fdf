"""Where things are drawn, and that a map asks nobody outside for anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit_folium import generate_leaflet_string

from dashboard import maps
from dashboard.reading import Row
from models.domain import EvidenceView, Feature, Incident, Place

NOON = datetime(2026, 7, 18, 4, 0, tzinfo=UTC)


def row(id: str, *, lon: float | None = 118.8, lat: float | None = 32.0, scope: str = "site", title: str = "某处积水") -> Row:
    incident = Incident(
        id=id, title=title, hazard="flood", event_type="natural_disaster", mode="actual", scope=scope, place=Place(name="某处", lon=lon, lat=lat),
        started_at=NOON, first_evidence_at=NOON, updated_at=NOON,
    )  # fmt: skip
    return Row(incident, (), None, (), ())


def division(lon: float, lat: float, name: str = "某街道") -> Feature:
    shape = {"type": "Polygon", "coordinates": [[[lon, lat], [lon + 0.01, lat], [lon, lat + 0.01], [lon, lat]]]}
    return Feature(id=f"fe-{lon}", kind="population", name=name, geometry=shape, lon=lon, lat=lat)


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
    asked = [url for cls in (maps.folium.Map, maps.Draw) for _, url in (*cls.default_js, *cls.default_css)]
    assert [url for url in asked if not url.startswith("/app/static/")] == []


def test_every_file_a_map_asks_for_is_there() -> None:
    folder = Path(maps.__file__).with_name("static")
    asked = [url for cls in (maps.folium.Map, maps.Draw) for _, url in (*cls.default_js, *cls.default_css)]
    assert [url for url in asked if not (folder / url.removeprefix("/app/static/")).is_file()] == []


TEMPLATE = "{{ 7 * 191 }}{% for x in ().__class__.__mro__ %}x{% endfor %}{# gone #}"


def script_of(layer: str, words: str) -> str:
    """What the browser is given when these words stand where this layer shows words, after every rendering on the way."""
    site = Feature(id="fe-s", kind="shelter", name=words, geometry={"type": "Point", "coordinates": [118.8, 32.0]}, lon=118.8, lat=32.0)
    survey = {"division": [division(118.7, 32.0, words)], "site": [site]}.get(layer, [])
    ground = maps.base_map(survey, [])
    if layer == "evidence":
        view = EvidenceView(
            id="ev-1",
            source="s",
            source_title="热线",
            source_kind="social",
            reliability="E",
            text=words,
            sent_at=NOON,
            received_at=NOON,
            lon=118.7,
            lat=32.0,
        )
        maps.layer(maps.pieces_drawn([view], [(32.0, 118.7)])).add_to(ground)
    if layer == "incident":
        rows = [row("in-a", title=words)]
        drawn = maps.incidents_drawn(rows, maps.positions(rows, []), None, plain=False, radii=True)
        maps.layer(drawn).add_to(ground)
    page: str = ground.get_root().render()
    return page + generate_leaflet_string(ground)


LAYERS = ["division", "site", "evidence", "incident"]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_template_in_strange_words_is_not_obeyed(layer: str) -> None:
    script = script_of(layer, TEMPLATE)
    assert "1337" not in script
    assert r"\uff5b\uff5b 7 * 191 \uff5d\uff5d" in script


@pytest.mark.parametrize("layer", LAYERS)
def test_markup_in_strange_words_stays_inside_its_string(layer: str) -> None:
    script = script_of(layer, "</script><script>window.owned=1</script><img src=x onerror=window.owned=2>")
    assert "window.owned" in script
    assert "<script>window.owned" not in script
    assert "<img src=x" not in script


@pytest.mark.parametrize("layer", LAYERS)
def test_strange_words_never_stand_in_a_template_string_of_the_browser(layer: str) -> None:
    script = script_of(layer, "`${window.owned=3}`")
    lines = [line for line in script.splitlines() if "window.owned" in line]
    assert lines
    assert all(line[: line.index("`")].count('"') % 2 == 1 for line in lines)

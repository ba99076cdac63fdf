"""A person limited to districts sees nothing of another on the shared picture: list, filters, map, squares, areas asked about, replay, addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit_folium import generate_leaflet_string

from dashboard import maps, reading
from dashboard.board import Board, Wanted, snap
from dashboard.views import asking
from graph import people, scope, tasks
from graph.knowledge import Knowledge
from models.domain import BEIJING, Evidence, EvidenceView, Impact, Incident, Person, Place, Role, Statement
from models.errors import NotAllowed
from tests.dashboard.conftest import APP, words
from tests.dashboard.evening import HOTLINE, PASSWORD, Evening

Start = Callable[..., AppTest]

LUHE, LON, LAT = "320116", 118.8405, 32.3410
HEARD = 7
"""Messages about the incident in Luhe; two more there belong to none."""

AREA = {
    "type": "Feature",
    "properties": {},
    "geometry": {
        "type": "Polygon",
        "coordinates": [
            [
                [LON - 0.03, LAT - 0.03],
                [LON + 0.03, LAT - 0.03],
                [LON + 0.03, LAT + 0.03],
                [LON - 0.03, LAT + 0.03],
                [LON - 0.03, LAT - 0.03],
            ]
        ],
    },
}


@pytest.fixture(scope="module")
def luhe(known: Knowledge, evening: Evening) -> Incident:
    """An incident in Luhe with messages about it, one figure, and two messages nearby that belong to none."""
    at = datetime.now(BEIJING).replace(microsecond=0) - timedelta(minutes=10)
    place = Place(name="六合区某粮库", adcode=LUHE, district="六合区", lon=LON, lat=LAT, precision="point")
    found = Incident(
        id="in-" + "6" * 32, title="六合区粮库坍塌", hazard="building_collapse", event_type="production_accident", mode="actual", place=place,
        started_at=at, first_evidence_at=at, updated_at=at, evidence_count=HEARD,
    )  # fmt: skip
    items, told = [], []
    for number in range(HEARD + 2):
        about = found if number < HEARD else None
        text = f"粮库塌了，第{number}条，2人受伤"
        item = Evidence.of(received_at=at, source=HOTLINE.name, text=text, sent_at=at)
        view = EvidenceView(
            id=item.id, source=HOTLINE.name, source_title=HOTLINE.title, source_kind=HOTLINE.kind, reliability="C", text=text, sent_at=at,
            received_at=at, lon=LON + number / 10_000, lat=LAT, adcode=None if about else LUHE, incident=about.id if about else None,
            hazard="building_collapse",
        )  # fmt: skip
        payload: dict[str, Any] = {
            "view": view.model_dump(mode="json"),
            "statements": [],
            "incident": found.model_dump(mode="json"),
            "impacts": [],
        }
        if number == HEARD + 1:
            said = Statement.of(evidence=item.id, property="impact.injured", low=2, best=2, high=2, unit="人", quote="2人受伤", holds_at=at)
            impact = Impact(
                id="im-" + "6" * 32, incident=found.id, type="injured", low=2, best=2, high=2, unit="人", basis="reported", statements=(said.id,),
                rule="最新", as_of=at,
            )  # fmt: skip
            payload |= {"statements": [said.model_dump(mode="json")], "impacts": [impact.model_dump(mode="json")]}
        items.append(item)
        told.append((item.id, payload))
    known.ledger.receive(HOTLINE, items, at=at)
    known.ledger.understood(told)
    known.catch_up()
    return found


@pytest.fixture(scope="module")
def limited(known: Knowledge, evening: Evening) -> Person:
    return opened(known, "jianye", "officer", ("320105",))


@pytest.fixture(scope="module")
def whole(known: Knowledge, evening: Evening) -> Person:
    return opened(known, "whole", "officer")


def opened(known: Knowledge, name: str, role: Role, districts: tuple[str, ...] = ()) -> Person:
    person = Person(name=name, display_name=name, role=role, districts=districts)
    people.add(known.ledger, person, PASSWORD, by="system")
    return person


class Map:
    """What is sent to the browser instead of being drawn, and what a person draws there."""

    def __init__(self) -> None:
        self.script = ""
        self.drawing: dict[str, Any] | None = None

    def show(self, ground: Any, drawn: Any, spots: Any, *, height: int, focus: str | None) -> maps.Told:
        page: str = ground.get_root().render()
        drawn.add_to(ground)
        self.script = page + generate_leaflet_string(ground)
        return maps.Told(None, 0, None, self.drawing)

    def counted(self) -> int:
        """Evidence in squares."""
        (rows,) = re.findall(r'anlan\.squares\((\{"what": "[^"]*", "kind": "evidence".*?\})\);', self.script)
        return sum(row[2] for row in json.loads(rows)["rows"])


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Map:
    found = Map()
    monkeypatch.setattr(maps, "show_map", found.show)
    monkeypatch.setattr(maps, "seen", lambda: maps.Window((118.0, 31.0, 120.0, 33.0), 9))
    return found


def heard(test: AppTest) -> list[str]:
    """What the button says that opens the messages inside a drawn area."""
    labels = [node.proto.popover.label for node in test.main if node.type == "popover"]
    return [label for label in labels if label.startswith("信息 ")]


def everything(test: AppTest) -> str:
    boxes = [*test.multiselect, *test.selectbox]
    return words(test) + "".join(option for box in boxes for option in box.options) + "".join(button.label for button in test.button)


def test_the_share_is_what_the_rule_says(known: Knowledge, luhe: Incident, limited: Person, whole: Person) -> None:
    picture = Board(reading._row).follow(known.store, known.store.projected())
    views = known.store.evidence(1000, mode="actual")
    for person in (limited, whole):
        share = picture.share(person)
        seen = {share.points.ids[line] for line in share.lines(Wanted("actual"))}
        assert seen == {view.id for view in scope.visible_evidence(known, person, views)}
        assert set(share.rows) == {one.id for one in scope.visible(person, known.store.incidents())}
    assert len(picture.share(whole).lines(Wanted("actual"))) - len(picture.share(limited).lines(Wanted("actual"))) == HEARD + 2


def test_list_filters_and_counts_hold_only_what_is_seen(view: Start, luhe: Incident, limited: Person, whole: Person, ground: Map) -> None:
    shown, other = view("situation", whole.name), view("situation", limited.name)
    assert "粮库" in everything(shown)
    assert "六合" in "".join(shown.multiselect(key="filter_district").options)
    assert "粮库" not in everything(other)
    assert "六合" not in everything(other)
    assert len(shown.multiselect(key="filter_hazard").options) == len(other.multiselect(key="filter_hazard").options) + 1
    assert "处置中 3 起" in words(shown)
    assert "处置中 2 起" in words(other)


def test_the_map_carries_nothing_of_another_district(view: Start, luhe: Incident, limited: Person, whole: Person, ground: Map) -> None:
    name, spot = json.dumps("粮库")[1:-1], "32.341"
    view("situation", whole.name)
    assert name in ground.script
    assert spot in ground.script
    view("situation", limited.name)
    assert json.dumps("建邺区下穿")[1:-1] in ground.script
    assert name not in ground.script
    assert spot not in ground.script


def test_squares_count_only_what_is_seen(
    view: Start, luhe: Incident, limited: Person, whole: Person, ground: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maps, "MOST_PIECES", 0)
    view("situation", whole.name)
    every = ground.counted()
    view("situation", limited.name)
    assert ground.counted() == every - HEARD - 2


def test_a_replay_shows_no_other_district(view: Start, luhe: Incident, limited: Person, whole: Person, ground: Map) -> None:
    assert "粮库" in everything(view("situation", whole.name, replaying=True))
    test = view("situation", limited.name, replaying=True)
    assert "截至" in words(test)
    assert "粮库" not in everything(test)
    assert json.dumps("粮库")[1:-1] not in ground.script


def test_an_area_drawn_over_another_district_answers_nothing_of_it(
    view: Start, luhe: Incident, limited: Person, whole: Person, ground: Map
) -> None:
    ground.drawing = AREA
    test = view("situation", whole.name)
    assert "事件 1 起" in words(test)
    assert heard(test) == [f"信息 {HEARD + 2} 条"]
    test = view("situation", limited.name)
    assert "事件 0 起" in words(test)
    assert heard(test) == ["信息 0 条"]
    assert "粮库" not in everything(test)


def test_who_sees_blurred_positions_asks_about_blurred_positions(known: Knowledge, luhe: Incident, view: Start, ground: Map) -> None:
    signer = opened(known, "signer", "signer")
    around = 0.0003
    corner = [[LON - around, LAT - around], [LON + around, LAT - around], [LON + around, LAT + around], [LON - around, LAT + around]]
    ground.drawing = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[*corner, corner[0]]]}}
    test = view("situation", signer.name)
    assert abs(float(snap(LON)) - LON) > around
    assert heard(test) == ["信息 0 条"]
    assert heard(view("situation", "zhang")) != ["信息 0 条"], "duty staff sees where messages come from"
    points = known.store.evidence(HEARD, incident=luhe.id)
    assert str(points[0].lat) in ground.script


def test_an_address_of_another_district_opens_nothing_and_is_on_record(
    known: Knowledge, luhe: Incident, limited: Person, whole: Person, ground: Map
) -> None:
    for person, expected in ((whole, luhe.id), (limited, None)):
        test = AppTest.from_file(str(APP), default_timeout=60)
        test.session_state["account"] = person.name
        test.query_params["incident"] = luhe.id
        test.run()
        assert not test.exception
        assert (test.session_state["incident"] if "incident" in test.session_state else None) == expected  # noqa: SIM401
        assert ("粮库" in everything(test)) == (person is whole)
        assert len(test.error) == (0 if person is whole else 1)
    (refused,) = known.ledger.entries(kinds=["person.refused"], subject=limited.name)
    assert refused.payload["subject"] == luhe.id


def test_an_incident_put_into_the_session_by_hand_opens_nothing(view: Start, luhe: Incident, limited: Person, ground: Map) -> None:
    test = view("situation", limited.name, incident=luhe.id)
    assert "粮库" not in everything(test)
    assert len(test.warning) == 1


@pytest.mark.parametrize("call", ["told('in-6666', 0, 9)", "behind(impact)", "dossier('in-6666')"])
def test_what_stands_behind_a_figure_of_another_district_is_refused_on_record(known: Knowledge, luhe: Incident, call: str) -> None:
    person = opened(known, f"reader-{known.ledger.last_seq()}", "duty", ("320105",))
    impact = known.store.impacts([luhe.id])[luhe.id][0]
    code = f"from models.domain import Impact\nimpact = Impact.model_validate_json({impact.model_dump_json()!r})\n"
    test = AppTest.from_string(
        f"import streamlit as st\nfrom dashboard.reading import behind, dossier, told\nfrom dashboard.session import answering\n{code}"
        f"with answering():\n    st.write(str({call.replace('in-6666', luhe.id)}))\n"
    )
    test.session_state["account"] = person.name
    test.run()
    assert len(test.error) == 1
    assert "粮库" not in words(test)
    assert [entry.payload["subject"] for entry in known.ledger.entries(kinds=["person.refused"], subject=person.name)] == [luhe.id]


def test_a_task_of_another_district_is_refused_on_record(known: Knowledge, luhe: Incident, limited: Person) -> None:
    with pytest.raises(NotAllowed):
        tasks.assign(known, luhe.id, "fa-1", limited, "消防", None)
    assert tasks.standing(known.ledger, luhe.id) == {}


def test_districts_taken_away_count_at_once(known: Knowledge, luhe: Incident, view: Start, ground: Map) -> None:
    name = opened(known, "moved", "officer").name
    test = view("situation", name)
    assert "粮库" in everything(test)
    people.change(known.ledger, name, "system", districts=("320105",))
    test.run()
    assert "粮库" not in everything(test)


def test_an_area_is_asked_about_by_its_true_shape() -> None:
    footprint = asking.footprint_of({"geometry": {"type": "Point", "coordinates": [118.8, 32.0]}, "properties": {"radius": 500.0}}, "wang")
    assert footprint.kind == "circle"
    west, _, east, _ = (
        np.asarray(footprint.bands[0].geometry["coordinates"][0]).min(axis=0).tolist()
        + np.asarray(footprint.bands[0].geometry["coordinates"][0]).max(axis=0).tolist()
    )
    assert east - west == pytest.approx(1000 / (111_320 * 0.848), rel=0.02)

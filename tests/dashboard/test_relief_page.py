"""The relief page on the invented evening: footprint, plan, sources, signature, files, deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from docx import Document
from streamlit.testing.v1 import AppTest

from graph.knowledge import Knowledge
from models.domain import Feature
from reports import relief, signoff
from tests.dashboard.conftest import words
from tests.dashboard.evening import PASSWORD, PEOPLE, Evening

Start = Callable[..., AppTest]
SIGNER = next(person for person in PEOPLE if person.name == "li")


def press(test: AppTest, key: str) -> AppTest:
    return next(one for one in test.button if one.key == key).click().run()


def field(test: AppTest, name: str, kind: str = "number_input") -> Any:
    """The control of this name, whichever incident and plan it is of."""
    return next(one for one in getattr(test, kind) if one.key.startswith(f"relief-{name}-"))


def saying_where(test: AppTest, kind: str) -> AppTest:
    """The page with one way to say where, whatever plan is shown."""
    next(one for one in test.get("button_group") if one.key.startswith("relief-kind-")).set_value(kind)
    return test.run()


def circling(test: AppTest) -> AppTest:
    return saying_where(test, "circle")


@pytest.fixture
def proposed(view: Start, evening: Evening, known: Knowledge) -> Iterator[str]:
    """A plan for 100 typed people in a circle around the flood, as an officer makes it on the page; its goods are given back afterwards."""
    test = circling(view("relief", "zhang", incident=evening.flood))
    field(test, "people").set_value(100)
    field(test, "standard", "selectbox").set_value("planning")
    field(test, "radius").set_value(1500.0)
    press(test, "relief-propose")
    assert not test.error, [one.value for one in test.error]
    made = relief.plans_of_incident(known, evening.flood)[0].plan
    yield made.id
    made = relief.plan_state(known, made.id).plan
    signoff.withdraw(known, made.id, version=made.version, digest=made.content_digest(), by=SIGNER, reason="下一个测试")


def test_without_a_plan_the_page_says_so_and_offers_one(view: Start, evening: Evening) -> None:
    test = view("relief", "zhang", incident=evening.fire)
    assert "还没有救助计划" in words(test)
    assert [one.key for one in test.button if one.key == "relief-propose"]


def test_who_may_not_draft_is_offered_nothing(view: Start, evening: Evening) -> None:
    test = view("relief", "wang", incident=evening.fire)
    assert not [one.key for one in test.button if one.key in ("relief-propose", "relief-submit")]


def test_from_footprint_to_signed_paper_with_the_gap(view: Start, known: Knowledge, evening: Evening, proposed: str) -> None:
    drawn = view("relief", "zhang", incident=evening.flood)
    text = words(drawn)
    assert "100人×1张×一次=100张" in text
    assert "系数未核实" in text
    assert "折叠床40张" in text, "the gap is in the request"
    press(drawn, "relief-submit")
    signer = view("relief", "li", incident=evening.flood)
    next(one for one in signer.text_input if one.key == "sign_password").set_value(PASSWORD)
    next(one for one in signer.button if one.label == "签发").click().run()
    assert relief.plan_state(known, proposed).status == "signed"
    press(signer, "make-relief-docx")
    press(signer, "make-relief-xlsx")
    made = {str(entry.payload["path"]): entry.payload for entry in known.ledger.entries(subject=proposed, kinds=["relief.rendered"])}
    assert [payload["signed"] for payload in made.values()] == [True, True]
    paper = Document(next(path for path in made if path.endswith(".docx")))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    assert any("40张" in cell for cell in cells)
    assert any("100人×1张" in cell for cell in cells)


def test_each_coefficient_opens_its_source(view: Start, evening: Evening, known: Knowledge, proposed: str) -> None:
    from dashboard.views.relief_plan import source_markup

    plan = relief.plan_state(known, proposed).plan
    page = words(view("relief", "zhang", incident=evening.flood))
    for need in plan.needs:
        assert need.source
        shown = source_markup(need)
        assert need.clause.split("；")[0] in shown
        assert ("系数未核实" in shown) != need.verified
        assert shown in page


def test_goods_of_a_signed_plan_are_recorded(view: Start, known: Knowledge, evening: Evening, proposed: str) -> None:
    press(view("relief", "zhang", incident=evening.flood), "relief-submit")
    signer = view("relief", "li", incident=evening.flood)
    next(one for one in signer.text_input if one.key == "sign_password").set_value(PASSWORD)
    next(one for one in signer.button if one.label == "签发").click().run()
    desk = view("relief", "zhang", incident=evening.flood)
    desk.number_input(key="relief-quantity").set_value(1.0)
    next(one for one in desk.button if one.label == "记录").click().run()
    assert not desk.error
    assert list(known.ledger.entries(subject=proposed, kinds=["relief.delivered"]))


def test_another_incident_takes_nothing_over_from_the_last(view: Start, evening: Evening, known: Knowledge) -> None:
    test = circling(view("relief", "zhang", incident=evening.flood))
    before = field(test, "lon").value
    circling(test.selectbox(key="relief-incident").set_value(evening.fire).run())
    place = known.store.incident(evening.fire).place
    assert (field(test, "lon").value, field(test, "lat").value) == (place.lon, place.lat)
    assert field(test, "lon").value != before


def test_the_next_version_keeps_the_footprint_and_the_standard(view: Start, evening: Evening, known: Knowledge, proposed: str) -> None:
    old = relief.plan_state(known, proposed).plan
    test = view("relief", "zhang", incident=evening.flood)
    field(test, "days").set_value(5.0)
    press(test, "relief-change")
    new = relief.plan_state(known, proposed).plan
    assert (new.version, new.days, new.standard_name, new.people) == (2, 5, "planning", 100)
    assert new.exposure is not None
    assert old.exposure is not None
    assert new.exposure.footprint == old.exposure.footprint


def test_a_click_on_the_map_moves_the_centre(view: Start, evening: Evening) -> None:
    test = view("relief", "zhang", incident=evening.fire)
    test.session_state["relief-centre"] = (118.7, 32.1)
    test.run()
    assert (field(test, "lon").value, field(test, "lat").value) == (118.7, 32.1)


def test_a_circle_off_the_survey_is_a_clear_message(view: Start, evening: Evening) -> None:
    test = circling(view("relief", "zhang", incident=evening.flood))
    field(test, "lon").set_value(10.0)
    field(test, "lat").set_value(10.0)
    press(test, "relief-propose")
    assert len(test.error) == 1
    assert "范围" in test.error[0].value or "人" in test.error[0].value


def test_a_drawn_area_needs_three_corners(view: Start, evening: Evening) -> None:
    test = view("relief", "zhang", incident=evening.flood)
    test.session_state["relief-corners"] = [(118.73, 32.0)]
    saying_where(test, "drawn")
    press(test, "relief-propose")
    assert len(test.error) == 1


def test_the_signer_is_told_that_a_plan_waits(view: Start, evening: Evening, proposed: str) -> None:
    press(view("relief", "zhang", incident=evening.flood), "relief-submit")
    assert "待签发救助计划" in words(view("signoff", "li"))


def test_a_hostile_name_stays_words(known: Knowledge) -> None:
    from dashboard import maps

    ground = maps.base_map(
        [Feature(id="fe-x", kind="shelter", name="{{1+1}}<script>", geometry={"type": "Point", "coordinates": [1, 1]}, lon=1, lat=1)], []
    )
    assert "{{1+1}}" not in ground.get_root().render()

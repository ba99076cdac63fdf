"""At the door and on one's own page: initial passwords, changing codes, sessions that end, districts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from streamlit.testing.v1 import AppTest

from dashboard.views.account import picture
from graph import people
from graph.knowledge import Knowledge
from models.domain import Evidence, EvidenceView, Incident, Person, Place
from tests.dashboard.conftest import words
from tests.dashboard.evening import HOTLINE, PASSWORD, Evening
from tests.dashboard.test_pages import button

Start = Callable[..., AppTest]
OWN = "自己想的四个词 13579"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def opened(known: Knowledge, name: str, *, initial: bool = False, districts: tuple[str, ...] = ()) -> str:
    person = Person(name=f"{name}-{known.ledger.last_seq()}", display_name=name, role="duty", districts=districts)
    people.add(known.ledger, person, PASSWORD, by="system", initial=initial)
    return person.name


def typed(test: AppTest, **values: str) -> AppTest:
    for key, value in values.items():
        test.text_input(key=key).set_value(value)
    return test


def test_an_initial_password_leads_to_choosing_ones_own(app: Start, known: Knowledge) -> None:
    name = opened(known, "新人", initial=True)
    test = typed(app(), sign_in_name=name, sign_in_password=PASSWORD)
    button(test, "登录").click().run()
    assert "account" not in test.session_state
    typed(test, sign_in_new=OWN, sign_in_again=OWN + "x")
    button(test, "登录").click().run()
    assert len(test.error) == 1
    typed(test, sign_in_again=OWN)
    button(test, "登录").click().run()
    assert test.session_state["account"] == name
    assert not known.ledger.person(name).must_change


def test_a_code_is_set_up_on_ones_own_page_and_asked_for_at_the_door(view: Start, app: Start, known: Knowledge) -> None:
    name = opened(known, "老李")
    test = view("account", name)
    button(test, "启用动态码").click().run()
    secret = test.session_state["code_secret"]
    assert f"secret={secret}" in test.code[0].value
    earlier = pyotp.TOTP(secret).at(datetime.now(UTC) - timedelta(seconds=30))
    typed(test, enrol_password=PASSWORD, enrol_code=earlier)
    button(test, "确认启用").click().run()
    assert known.ledger.person(name).has_code
    assert "code_secret" not in test.session_state
    door = typed(app(), sign_in_name=name, sign_in_password=PASSWORD)
    button(door, "登录").click().run()
    assert "account" not in door.session_state
    typed(door, sign_in_code=pyotp.TOTP(secret).now())
    button(door, "登录").click().run()
    assert door.session_state["account"] == name


def test_the_picture_is_made_here_and_is_a_png() -> None:
    assert picture("otpauth://totp/Anlan:x?secret=ABC").startswith(b"\x89PNG")


@pytest.mark.parametrize(("key", "ago"), [("active_at", timedelta(minutes=61)), ("began_at", timedelta(hours=12, seconds=1))])
def test_a_session_left_alone_or_too_long_is_over(app: Start, key: str, ago: timedelta) -> None:
    test = app("zhang", **{key: datetime.now(UTC) - ago})
    assert "account" not in test.session_state
    assert "会话已结束，请重新登录。" in [one.value for one in test.info]
    assert "火灾" not in words(test)


def test_a_page_that_draws_itself_again_is_nobody_s_doing(app: Start) -> None:
    then = datetime.now(UTC) - timedelta(minutes=50)
    test = app("zhang", active_at=then, by_itself=True)
    assert test.session_state["active_at"] == then
    test.run()
    assert test.session_state["active_at"] > then


def test_a_reset_password_ends_the_session(app: Start, known: Knowledge) -> None:
    name = opened(known, "小赵")
    test = app(name)
    assert "account" in test.session_state
    people.change_password(known.ledger, name, OWN, "system", initial=True)
    test.run()
    assert "account" not in test.session_state


@pytest.fixture(scope="module")
def elsewhere(known: Knowledge, evening: Evening) -> Incident:
    """One more incident, known to lie in Luhe."""
    at = datetime.now(UTC).replace(microsecond=0)
    place = Place(name="六合区某处", adcode="320116", district="六合区", lon=118.84, lat=32.34, precision="point")
    found = Incident(
        id="in-" + "6" * 32, title="六合区粮库冒烟", hazard="fire", event_type="production_accident", mode="actual", place=place, started_at=at,
        first_evidence_at=at, updated_at=at,
    )  # fmt: skip
    item = Evidence.of(received_at=at, source=HOTLINE.name, text="粮库冒烟了", sent_at=at)
    view = EvidenceView(
        id=item.id, source=HOTLINE.name, source_title=HOTLINE.title, source_kind=HOTLINE.kind, reliability="C", text="粮库冒烟了", sent_at=at,
        received_at=at, lon=118.84, lat=32.34, adcode="320116", incident=found.id, hazard="fire",
    )  # fmt: skip
    known.ledger.receive(HOTLINE, [item], at=at)
    payload = {
        "view": view.model_dump(mode="json"), "understanding": None, "statements": [], "match": None,
        "incident": found.model_dump(mode="json"), "impacts": [],
    }  # fmt: skip
    known.ledger.understood([(item.id, payload)])
    known.catch_up()
    return found


def test_a_limited_account_sees_its_districts_and_what_lies_nowhere_known(view: Start, known: Knowledge, elsewhere: Incident) -> None:
    whole, limited = opened(known, "全市"), opened(known, "建邺", districts=("320105",))
    assert "六合区粮库冒烟" in words(view("situation", whole))
    shown = words(view("situation", limited))
    assert "六合区粮库冒烟" not in shown
    assert "建邺区下穿通道积水" in shown
    queue = words(view("duty", limited, bench="queue", queue_which="all"))
    assert "粮库冒烟了" not in queue
    assert "粮库冒烟了" in words(view("duty", whole, bench="queue", queue_which="all"))


def test_a_limited_account_that_names_another_district_s_incident_gets_no_dossier(
    known: Knowledge, elsewhere: Incident, evening: Evening
) -> None:
    limited = opened(known, "建邺", districts=("320105",))
    test = AppTest.from_string(
        f"import streamlit as st\nfrom dashboard.reading import dossier\nfrom dashboard.session import answering\n"
        f"with answering():\n    st.write(dossier({elsewhere.id!r}).incident.title)\n"
    )
    test.session_state["account"] = limited
    test.run()
    assert len(test.error) == 1
    assert "粮库" not in words(test)
    (refusal,) = known.ledger.entries(kinds=["person.refused"], subject=limited)
    assert refusal.payload["subject"] == elsewhere.id

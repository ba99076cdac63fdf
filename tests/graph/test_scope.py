"""Who sees which districts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import judgements, people, scope
from graph import triage as filing
from graph.knowledge import Knowledge
from models.domain import Dossier, Evidence, EvidenceView, Incident, Link, Person, Place, Source
from models.errors import NotAllowed, NotFound, Refused
from reports.signoff import write_draft, write_plan
from tests.reports.invented_relief import taking

AT = datetime(2026, 7, 18, 12, 0, tzinfo=UTC)
HOTLINE = Source(name="hotline", title="热线", kind="hotline", publisher="市", owner="值班处", reliability="C", every_minutes=5)
JIANYE, LUHE = "320105", "320116"


def person(*districts: str, role: str = "duty") -> Person:
    return Person.model_validate({"name": "x", "display_name": "某", "role": role, "districts": districts})


@pytest.mark.parametrize(
    ("limits", "adcode", "is_seen"),
    [
        ((), LUHE, True),
        ((JIANYE,), JIANYE, True),
        ((JIANYE,), LUHE, False),
        ((JIANYE, LUHE), LUHE, True),
        ((JIANYE,), "320105005", True),
        ((JIANYE,), "320116002", False),
        ((JIANYE,), None, True),
        ((JIANYE,), "", True),
        ((JIANYE,), "320100", True),
        ((JIANYE,), "320000", True),
        (("320100",), LUHE, True),
        (("320100",), "320205", False),
        (("320000",), "320205", True),
        (("320000",), "330106", False),
    ],
)
def test_what_is_known_to_lie_elsewhere_is_out_of_sight_and_nothing_else(
    limits: tuple[str, ...], adcode: str | None, is_seen: bool
) -> None:
    assert scope.sees(person(*limits), adcode) is is_seen


@given(st.lists(st.integers(110101, 659999).map(str), max_size=4), st.integers(110101, 659999).map(str))
def test_more_districts_never_hide_anything(limits: list[str], adcode: str) -> None:
    fewer = limits[:-1]
    if fewer and scope.sees(person(*fewer), adcode):
        assert scope.sees(person(*limits), adcode)


def incident(id: str, adcode: str | None) -> Incident:
    place = Place(name="某处", adcode=adcode)
    return Incident(
        id=id, title=id, hazard="fire", event_type="production_accident", mode="actual", place=place, started_at=AT, first_evidence_at=AT, updated_at=AT
    )  # fmt: skip


@pytest.fixture
def city(knowledge: Knowledge) -> dict[str, str]:
    """One incident in each of two districts and one nowhere known, a message in each, and one message without an incident in Luhe."""
    ids = {}
    told = []
    items = []
    for name, adcode, about in (("jianye", JIANYE, True), ("luhe", LUHE, True), ("nowhere", None, True), ("loose", LUHE, False)):
        found = incident(f"in-{name}", adcode) if about else None
        item = Evidence.of(received_at=AT, source="hotline", text=f"{name}的来电，电话13900000000", sent_at=AT)
        view = EvidenceView(
            id=item.id, source="hotline", source_title="热线", source_kind="hotline", reliability="C", text=name, sent_at=AT, received_at=AT,
            adcode=adcode, incident=found.id if found else None,
        )  # fmt: skip
        told.append(item)
        items.append(
            (
                item.id,
                {
                    "view": view.model_dump(mode="json"),
                    "understanding": None,
                    "statements": [],
                    "match": None,
                    "incident": found.model_dump(mode="json") if found else None,
                    "impacts": [],
                },
            )
        )
        ids[name] = item.id
    knowledge.ledger.receive(HOTLINE, told, at=AT)
    knowledge.ledger.understood(items)
    knowledge.catch_up()
    return ids


def refusals(knowledge: Knowledge) -> list[str]:
    return [entry.payload["subject"] for entry in knowledge.ledger.entries(kinds=["person.refused"])]


def test_lists_and_evidence_hold_only_what_is_seen(knowledge: Knowledge, city: dict[str, str]) -> None:
    limited = person(JIANYE)
    assert {one.id for one in scope.visible(limited, knowledge.store.incidents())} == {"in-jianye", "in-nowhere"}
    views = knowledge.store.evidence(100)
    assert {view.text for view in scope.visible_evidence(knowledge, limited, views)} == {"jianye", "nowhere"}
    assert len(scope.visible_evidence(knowledge, person(), views)) == 4


def test_every_act_on_what_is_not_seen_is_refused_and_recorded(knowledge: Knowledge, city: dict[str, str]) -> None:
    limited = person(JIANYE, role="officer")
    acts = [
        ("in-luhe", lambda: judgements.close(knowledge, "in-luhe", limited, "结束")),
        ("in-luhe", lambda: judgements.merge(knowledge, "in-jianye", "in-luhe", limited, "同一起")),
        (city["luhe"], lambda: judgements.move(knowledge, [city["luhe"]], "in-jianye", limited, "应属建邺")),
        (city["loose"], lambda: filing.correct(knowledge, city["loose"], limited, category="消防")),
        (city["loose"], lambda: scope.read_unmasked(knowledge, limited, city["loose"], "回访")),
        ("day-2026-07-18", lambda: scope.demand(knowledge, limited, "day-2026-07-18")),
    ]
    for subject, act in acts:
        with pytest.raises(NotAllowed):
            act()
        assert refusals(knowledge)[-1] == subject
    assert knowledge.store.incident("in-luhe").status == "open"
    assert not list(knowledge.ledger.entries(kinds=["audit.read"]))


def test_a_judgement_on_what_is_not_seen_is_out_of_sight_and_each_refusal_is_recorded(knowledge: Knowledge, city: dict[str, str]) -> None:
    limited, whole = person(JIANYE, role="officer"), person(role="officer")
    seen = judgements.close(knowledge, "in-jianye", whole, "结束")
    closed = judgements.close(knowledge, "in-luhe", whole, "结束")
    moved = judgements.move(knowledge, [city["nowhere"]], "in-luhe", whole, "同一地点")
    scope.demand(knowledge, limited, seen.id)
    assert refusals(knowledge) == []
    for hidden in (closed, moved):
        with pytest.raises(NotAllowed, match=f"{hidden.id} 不在账号 x 的管辖区划（{JIANYE}）内"):
            scope.demand(knowledge, limited, seen.id, hidden.id)
        assert refusals(knowledge)[-1] == hidden.id
    with pytest.raises(NotAllowed):
        judgements.undo(knowledge, closed.id, limited, "再看")
    assert knowledge.store.incident("in-luhe").status == "closed"
    scope.demand(knowledge, whole, closed.id)
    assert len(refusals(knowledge)) == 3


def test_a_plan_is_seen_by_the_incident_it_is_for(knowledge: Knowledge, city: dict[str, str]) -> None:
    limited, whole = person(JIANYE), person()
    for id in ("jianye", "luhe"):
        write_plan(knowledge, taking(1, of="x/水", id=id, incident=f"in-{id}"), (), whole)
    scope.demand(knowledge, limited, "rl-jianye")
    scope.demand(knowledge, whole, "rl-luhe")
    assert refusals(knowledge) == []
    with pytest.raises(NotAllowed, match="rl-luhe 不在"):
        scope.demand(knowledge, limited, "rl-luhe")
    assert refusals(knowledge) == ["rl-luhe"]


def test_what_lies_in_no_district_is_passed_over_and_not_recorded(knowledge: Knowledge, city: dict[str, str]) -> None:
    scope.demand(knowledge, person(JIANYE), "", "library-law", "ju-none", "ev-none", "rp-none", "rl-none")
    assert refusals(knowledge) == []


def test_reports_are_listed_by_the_incident_they_are_about_and_a_days_report_only_to_who_sees_the_city(
    knowledge: Knowledge, city: dict[str, str]
) -> None:
    whole = person()
    states = [write_draft(knowledge, about, whole) for about in ("in-jianye", "in-luhe", "in-nowhere", "day-2026-07-18")]
    limited = person(JIANYE)
    assert scope.visible_reports(knowledge, whole, states) == states
    assert scope.visible_reports(knowledge, limited, iter(states)) == [states[0], states[2]]
    for hidden in (states[1], states[3]):
        with pytest.raises(NotAllowed):
            scope.demand(knowledge, limited, hidden.report.id)
        assert refusals(knowledge)[-1] == hidden.report.id
    scope.demand(knowledge, limited, states[0].report.id, states[2].report.id)
    assert len(refusals(knowledge)) == 2


def test_what_is_seen_can_be_acted_on(knowledge: Knowledge, city: dict[str, str]) -> None:
    limited = person(JIANYE, role="officer")
    judgements.close(knowledge, "in-jianye", limited, "结束")
    judgements.close(knowledge, "in-nowhere", limited, "结束")
    assert refusals(knowledge) == []


def test_what_does_not_exist_is_not_found_and_not_out_of_sight(knowledge: Knowledge, city: dict[str, str]) -> None:
    with pytest.raises(NotFound):
        judgements.close(knowledge, "in-none", person(JIANYE), "结束")


def test_a_dossier_names_no_linked_incident_that_is_not_seen() -> None:
    here, there = incident("in-jianye", JIANYE), incident("in-luhe", LUHE)
    dossier = Dossier(incident=here, links=(Link(cause=there.id, effect=here.id, reasons=("暴雨",)),), linked=(there,))
    assert scope.narrowed(person(JIANYE), dossier).linked == ()
    assert scope.narrowed(person(JIANYE), dossier).links == ()
    assert scope.narrowed(person(), dossier) == dossier


@pytest.mark.parametrize("role", list(people.PERMISSIONS))
def test_the_unmasked_is_read_only_by_who_may_with_a_reason_and_on_record(knowledge: Knowledge, city: dict[str, str], role: str) -> None:
    who = person(role=role)
    if not people.may(who, "read_unmasked"):
        with pytest.raises(NotAllowed):
            scope.read_unmasked(knowledge, who, city["luhe"], "回访")
        assert list(knowledge.ledger.entries(kinds=["audit.read"])) == []
        return
    with pytest.raises(Refused):
        scope.read_unmasked(knowledge, who, city["luhe"], " ")
    assert "13900000000" in scope.read_unmasked(knowledge, who, city["luhe"], "回访").text
    (read,) = knowledge.ledger.entries(kinds=["audit.read"])
    assert (read.by, read.subject, read.payload["reason"]) == (who.name, city["luhe"], "回访")

"""The graph holds what the ledger says, once, and answers what the control room asks. On the real engine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from invented import EVENING, call, decision, impact, incident, reading, report, shelter, trapped, view
from invented_law import law

from graph.engine import Address
from graph.knowledge import PROJECTED_KINDS
from graph.ledger import Ledger
from graph.store import LABELS, RELATIONS, Store
from models.domain import Case, Document, Entry, Evidence, Judgement, Link, Provision, Source
from models.errors import NotFound, Unreachable


def reader(ledger: Ledger, limit: int = 2000) -> Any:
    return lambda after: list(ledger.entries(after, kinds=PROJECTED_KINDS, limit=limit))


def tell(ledger: Ledger, store: Store, hotline: Source, *items: tuple[str, dict[str, Any]], evidence: Sequence[Evidence]) -> None:
    ledger.receive(hotline, evidence)
    ledger.understood(items)
    store.project(reader(ledger))


def document(id: str = "L1", **more: Any) -> Document:
    known = {"title": "生产安全条例", "issuer": "省人大", "level": "regulation", "in_force": date(2020, 1, 1), "reference": "公报"}
    return Document(**{"id": id, **known, **more})


def provision(id: str = "L1-9", topics: tuple[str, ...] = ("report_clock", "production_accident"), **more: Any) -> Provision:
    known = {"document": "L1", "article": "第九条", "text": "一小时内报告。", "topics": topics, "source": "公报", "verified": True}
    return Provision(**{"id": id, **known, **more})


def case(id: str = "c-1", hazard: str = "fire") -> Case:
    figures = {"deaths": 15, "missing": 0, "injured": 44, "direct_loss_wan_yuan": None}
    words = {"place": "某市", "type": "火灾", "grade": "重大", "cause": "电动自行车", "reference": "调查报告", "verified": True}
    return Case(id=id, name="某小区火灾", date=date(2024, 2, 23), hazard=hazard, **figures, **words)


# -- evidence, statements, incidents


def test_what_was_understood_can_be_read_back(ledger: Ledger, store: Store, hotline: Source) -> None:
    item, fire = call(1), incident()
    said = trapped(item, 2)
    one = reading(item, about=fire, statements=[said], impacts=[impact([said])], hazard="fire")
    tell(ledger, store, hotline, one, evidence=[item])
    assert store.incident("in-fire") == fire
    assert store.evidence_one(item.id).model_dump(mode="json") == one[1]["view"]
    assert store.statements_of([item.id]) == [said]
    assert store.impacts(["in-fire", "in-other"]) == {"in-fire": [impact([said])], "in-other": []}


def test_an_unknown_id_is_not_found(store: Store) -> None:
    for ask in (store.incident, store.report, store.evidence_one, store.dossier):
        with pytest.raises(NotFound, match="nothing-7"):
            ask("nothing-7")


def test_the_last_state_of_an_incident_wins(ledger: Ledger, store: Store, hotline: Source) -> None:
    first, second = call(1), call(2)
    later = incident(title="集庆门大街火灾，两人被困", evidence_count=2)
    tell(ledger, store, hotline, reading(first, about=incident()), reading(second, about=later), evidence=[first, second])
    assert store.incident("in-fire") == later
    assert store.counts()["Incident"] == 1


def test_a_figure_that_is_no_longer_believed_disappears(ledger: Ledger, store: Store, hotline: Source) -> None:
    first, second = call(1), call(2)
    said, corrected = trapped(first, 2), trapped(second, 3)
    old = [impact([said]), impact([said], id="im-dead", type="dead")]
    tell(ledger, store, hotline, reading(first, about=incident(), statements=[said], impacts=old), evidence=[first])
    new = reading(second, about=incident(), statements=[corrected], impacts=[impact([corrected])])
    tell(ledger, store, hotline, new, evidence=[second])
    assert store.impacts(["in-fire"]) == {"in-fire": [impact([corrected])]}
    assert store.counts()["Impact"] == 1


@pytest.mark.parametrize("step", [1, 2000])
def test_evidence_that_waited_joins_the_incident_a_later_message_opened(ledger: Ledger, store: Store, hotline: Source, step: int) -> None:
    early, late = call(1), call(2)
    joined = view(early, incident="in-fire", hazard="fire", match_reasons=("事件立起后补归入",))
    id, payload = reading(late, about=incident())
    ledger.receive(hotline, [early, late])
    ledger.understood([reading(early, hazard="fire"), (id, {**payload, "also": [joined.model_dump(mode="json")]})])
    store.project(reader(ledger, step))
    assert [each.id for each in store.dossier("in-fire").evidence] == [early.id, late.id]
    assert (store.evidence_one(early.id), store.waiting_for_person()) == (joined, 0)


def test_evidence_moved_to_another_incident_leaves_the_first(ledger: Ledger, store: Store, hotline: Source) -> None:
    first, second = call(1), call(2)
    tell(ledger, store, hotline, reading(first, about=incident()), evidence=[first])
    id, payload = reading(second, about=incident("in-other"))
    moved = view(first, incident="in-other").model_dump(mode="json")
    tell(ledger, store, hotline, (id, {**payload, "also": [moved]}), evidence=[second])
    assert (len(store.dossier("in-fire").evidence), len(store.dossier("in-other").evidence)) == (0, 2)


def test_projecting_the_same_entries_again_changes_nothing(ledger: Ledger, store: Store, hotline: Source) -> None:
    item = call(1)
    said = trapped(item, 2)
    tell(ledger, store, hotline, reading(item, about=incident(), statements=[said], impacts=[impact([said])]), evidence=[item])
    before = store.digest()
    with store._session() as session:
        session.run("MATCH (p:Projection {id: 'ledger'}) SET p.seq = 0").consume()
    assert store.project(reader(ledger)) == 1
    assert store.digest() == before


def test_actual_and_exercise_are_listed_apart(ledger: Ledger, store: Store, hotline: Source) -> None:
    real, drill = call(1), call(2)
    there = incident("in-drill", mode="exercise")
    tell(ledger, store, hotline, reading(real, about=incident()), reading(drill, about=there, mode="exercise"), evidence=[real, drill])
    assert [each.id for each in store.incidents(mode="exercise")] == ["in-drill"]
    assert [each.id for each in store.incidents(mode="actual", status="open")] == ["in-fire"]
    assert len(store.incidents()) == 2


def test_a_closed_incident_is_listed_as_closed(ledger: Ledger, store: Store, hotline: Source) -> None:
    tell(ledger, store, hotline, reading(call(1), about=incident()), evidence=[call(1)])
    ledger.record("incident.closed", "in-fire", {"incidents": [incident(status="closed").model_dump(mode="json")]}, by="officer1")
    store.project(reader(ledger))
    assert ([each.id for each in store.incidents(status="closed")], store.incidents(status="open")) == (["in-fire"], [])


def test_words_that_are_not_valid_unicode_do_not_stop_the_graph(ledger: Ledger, store: Store, hotline: Source) -> None:
    item = call(1, "起火\ud83d了\x00")
    tell(ledger, store, hotline, reading(item), evidence=[item])
    assert store.evidence_one(item.id).text == "起火?了\x00"


# -- the queue


def test_the_queue_is_most_urgent_first_then_longest_waiting_and_leaves_out_what_is_settled(
    ledger: Ledger, store: Store, hotline: Source
) -> None:
    items = [call(number) for number in range(7)]
    readings = [
        reading(items[0], hazard="fire", urgency=0.4),
        reading(items[1], hazard="fire", urgency=0.9),
        reading(items[2], hazard="fire", urgency=0.4),
        reading(items[3], about=incident(), hazard="fire", urgency=1.0),
        reading(items[4], hazard="fire", urgency=1.0, duplicate_of=items[1].id),
        reading(items[5], urgency=0.2),
        reading(items[6], urgency=0.8),
    ]
    tell(ledger, store, hotline, *readings, evidence=items)
    queue = [each.id for each in store.evidence(10, waiting_for_person=True)]
    assert queue == [items[1].id, items[6].id, items[0].id, items[2].id]
    assert store.waiting_for_person() == 4
    assert [each.id for each in store.evidence(2, 1, waiting_for_person=True)] == queue[1:3]


def test_evidence_is_listed_newest_first_by_page_source_time_and_incident(ledger: Ledger, store: Store, hotline: Source) -> None:
    items = [call(number) for number in range(5)]
    readings = [reading(item, about=incident() if number % 2 else None) for number, item in enumerate(items)]
    tell(ledger, store, hotline, *readings, evidence=items)
    newest_first = [item.id for item in reversed(items)]
    assert [each.id for each in store.evidence(10)] == newest_first
    assert [each.id for each in store.evidence(2, 2)] == newest_first[2:4]
    assert [each.id for each in store.evidence(10, incident="in-fire")] == [items[3].id, items[1].id]
    assert [each.id for each in store.evidence(10, since=EVENING + timedelta(minutes=3))] == newest_first[:2]
    assert store.evidence(10, source="social") == []


def test_the_newest_texts_of_each_incident_are_at_hand_for_comparison(ledger: Ledger, store: Store, hotline: Source) -> None:
    items = [call(number) for number in range(4)]
    tell(ledger, store, hotline, *(reading(item, about=incident()) for item in items), evidence=items)
    found = store.incident_evidence_texts(["in-fire", "in-none"], 2)
    assert {id: [each.id for each in views] for id, views in found.items()} == {"in-fire": [items[3].id, items[2].id], "in-none": []}


# -- surroundings


def test_features_are_found_by_kind_and_box(ledger: Ledger, store: Store, hotline: Source) -> None:
    bodies = [shelter(1), shelter(2), shelter(3, id="fe-school", kind="school")]
    ledger.receive(hotline, [], features=bodies)
    store.project(reader(ledger))
    assert store.features() == sorted(bodies, key=lambda body: body.id)
    assert store.features(["shelter"]) == bodies[:2]
    assert store.features(["shelter", "school"], bbox=(118.765, 32.0, 118.79, 32.1)) == [shelter(2), bodies[2]]
    assert len(store.features(limit=1)) == 1


def test_a_source_shows_how_its_last_run_went(ledger: Ledger, store: Store, hotline: Source) -> None:
    run = {"receipt": {"source": "hotline", "read": 3}, "started_at": "2026-07-12T11:30:00+00:00", "finished_at": None, "error": None}
    ledger.record("source.run", "hotline", run, by="system")
    tell(ledger, store, hotline, reading(call(1)), evidence=[call(1)])
    assert [(each["name"], each["title"], each["run"]) for each in store.sources()] == [("hotline", "12345热线", run)]


# -- reports


def file(ledger: Ledger, store: Store, kind: str, payload: dict[str, Any]) -> str:
    ledger.record(f"report.{kind}", "re-1", payload, by="someone")
    store.project(reader(ledger))
    return store.report("re-1").status


def written(version: int, **more: Any) -> dict[str, Any]:
    return {"report": report(version, **more).model_dump(mode="json"), "findings": []}


def test_a_report_goes_from_draft_over_submitted_to_signed(ledger: Ledger, store: Store) -> None:
    assert file(ledger, store, "drafted", written(1)) == "draft"
    assert file(ledger, store, "submitted", decision("submit", report(1))) == "submitted"
    assert file(ledger, store, "signed", decision("sign", report(1))) == "signed"
    assert [each.verdict for each in store.report("re-1").decisions] == ["submit", "sign"]
    assert [each.report.id for each in store.reports(status="signed", incident="in-fire")] == ["re-1"]


def test_an_edit_after_signing_voids_the_signature_and_what_was_signed_is_kept(ledger: Ledger, store: Store) -> None:
    file(ledger, store, "drafted", written(1))
    file(ledger, store, "signed", decision("sign", report(1)))
    assert file(ledger, store, "edited", written(2, text="集庆门大街车棚起火，无人伤亡。")) == "void"
    assert store.report("re-1").report.version == 2
    assert store.signed_report("re-1") == report(1)


@pytest.mark.parametrize(("step", "verdict"), [("submitted", "submit"), ("returned", "return")])
def test_an_edit_before_signing_makes_it_a_draft_again(ledger: Ledger, store: Store, step: str, verdict: str) -> None:
    file(ledger, store, "drafted", written(1))
    file(ledger, store, step, decision(verdict, report(1)))
    assert file(ledger, store, "edited", written(2)) == "draft"
    assert store.signed_report("re-1") is None


def test_a_void_report_can_be_submitted_and_signed_anew(ledger: Ledger, store: Store) -> None:
    file(ledger, store, "drafted", written(1))
    file(ledger, store, "signed", decision("sign", report(1)))
    file(ledger, store, "edited", written(2))
    assert file(ledger, store, "edited", written(3)) == "void"
    assert file(ledger, store, "submitted", decision("submit", report(3))) == "submitted"
    assert file(ledger, store, "signed", decision("sign", report(3))) == "signed"
    assert store.signed_report("re-1") == report(3)


def test_a_decision_on_another_version_signs_nothing(ledger: Ledger, store: Store) -> None:
    file(ledger, store, "drafted", written(1))
    file(ledger, store, "edited", written(2))
    assert file(ledger, store, "signed", decision("sign", report(1))) == "draft"
    assert store.signed_report("re-1") is None


def test_a_report_is_bound_to_what_its_newest_version_cites(ledger: Ledger, store: Store, hotline: Source) -> None:
    first, second = call(1), call(2)
    tell(ledger, store, hotline, reading(first, about=incident()), reading(second), evidence=[first, second])
    file(ledger, store, "drafted", written(1, cites=(first.id,)))
    file(ledger, store, "edited", written(2, cites=(second.id, "R493-9")))
    rows = store._ask("MATCH (:Report)-[:CITES]->(e:Evidence) RETURN e.id AS id")
    assert [row["id"] for row in rows] == [second.id]


# -- library


def test_the_library_is_replaced_whole(store: Store) -> None:
    store.load_library([document(), document("L2")], [provision(), provision("L2-1", document="L2")], [case()], "one")
    store.load_library([document()], [provision(topics=("report_clock",))], [], "two")
    assert ([each.id for each in store.documents()], [each.id for each in store.provisions()], store.cases()) == (["L1"], ["L1-9"], [])
    assert (store.library_digest(), store.counts()["Topic"], store.counts()["Hazard"]) == ("two", 1, 0)


def test_provisions_are_asked_by_id_topic_and_day(store: Store) -> None:
    old = provision("L1-8", ("relief",), repealed=date(2022, 1, 1))
    store.load_library([document()], [provision(), old], [])
    assert [each.id for each in store.provisions(topics=["report_clock", "production_accident"])] == ["L1-9"]
    assert [each.id for each in store.provisions(as_of=date(2021, 12, 31))] == ["L1-8", "L1-9"]
    assert [each.id for each in store.provisions(as_of=date(2022, 1, 1))] == ["L1-9"]
    assert store.provisions(as_of=date(2019, 12, 31)) == []
    assert [each.id for each in store.provisions(ids=["L1-8", "L7-7"])] == ["L1-8"]


def test_cases_are_asked_by_hazard(store: Store) -> None:
    store.load_library([], [], [case(), case("c-2", "flood")])
    assert ([each.id for each in store.cases("flood")], len(store.cases())) == (["c-2"], 2)


# -- the dossier


def test_a_dossier_holds_everything_about_one_incident_and_nothing_of_another(ledger: Ledger, store: Store, hotline: Source) -> None:
    mine, other = call(1), call(2)
    said, elsewhere = trapped(mine, 2), trapped(other, 5)
    store.load_library([document()], [provision()], [case(), case("c-2", "flood")])
    readings = [
        reading(mine, about=incident(), statements=[said], impacts=[impact([said])]),
        reading(other, about=incident("in-x", hazard="flood"), statements=[elsewhere], impacts=[impact([elsewhere], "im-x", "in-x")]),
    ]
    tell(ledger, store, hotline, *readings, evidence=[mine, other])
    file(ledger, store, "drafted", written(1, cites=(said.id,)))
    found = store.dossier("in-fire")
    assert found.incident == incident()
    assert (found.impacts, found.statements) == ((impact([said]),), (said,))
    assert [each.id for each in found.evidence] == [mine.id]
    assert [each.id for each in (*found.provisions, *found.documents, *found.cases)] == ["L1-9", "L1", "c-1"]
    assert [state.report for state in found.reports] == [report(1, cites=(said.id,))]


@pytest.mark.parametrize(
    ("applies", "article"),
    [
        (True, provision()),
        (True, provision(topics=("report_clock",))),
        (True, provision(topics=("fire", "response"))),
        (False, provision(topics=("report_clock", "natural_disaster"))),
        (False, provision(topics=("report_clock", "flood"))),
        (False, provision(topics=("other_place",))),
        (False, provision(verified=False)),
        (False, provision(repealed=date(2026, 7, 12))),
        (True, provision(repealed=date(2026, 7, 13))),
        (False, provision(in_force=date(2026, 7, 13))),
    ],
)
def test_a_dossier_cites_only_what_is_verified_in_force_and_concerns_it(
    ledger: Ledger, store: Store, hotline: Source, applies: bool, article: Provision
) -> None:
    store.load_library([document()], [article], [])
    tell(ledger, store, hotline, reading(call(1), about=incident()), evidence=[call(1)])
    assert bool(store.dossier("in-fire").provisions) is applies


def test_law_is_that_of_the_day_in_nanjing_not_in_greenwich(ledger: Ledger, store: Store, hotline: Source) -> None:
    store.load_library([document()], [provision(in_force=date(2026, 7, 13))], [])
    after_midnight = incident(started_at=EVENING + timedelta(hours=5))
    tell(ledger, store, hotline, reading(call(1), about=after_midnight), evidence=[call(1)])
    assert store.dossier("in-fire").provisions
    assert not store.dossier("in-fire", as_of=date(2026, 7, 12)).provisions


def test_while_its_nature_is_undetermined_both_regimes_apply(ledger: Ledger, store: Store, hotline: Source) -> None:
    articles = [provision("L1-1", ("natural_disaster",)), provision("L1-2", ("production_accident",))]
    store.load_library([document()], articles, [])
    tell(ledger, store, hotline, reading(call(1), about=incident(event_type="undetermined")), evidence=[call(1)])
    assert [each.id for each in store.dossier("in-fire").provisions] == ["L1-1", "L1-2"]


# -- the whole


def busy_evening(ledger: Ledger, hotline: Source) -> None:
    items = [call(number) for number in range(12)]
    ledger.receive(hotline, items, features=[shelter(1)])
    for number, item in enumerate(items):
        where = incident(f"in-{number % 3}", title=f"第{number}报")
        said = trapped(item, number)
        figures = [impact([said], f"im-{number % 3}-{number % 2}", where.id)]
        ledger.understood([reading(item, about=where, statements=[said], impacts=figures)])
    for kind, payload in (
        ("drafted", written(1, cites=(items[0].id, "L1-9"), about="in-0")),
        ("signed", decision("sign", report(1, about="in-0", cites=(items[0].id, "L1-9")))),
        ("edited", written(2, cites=(items[3].id,), about="in-0")),
    ):
        ledger.record(f"report.{kind}", "re-1", payload, by="someone")
    ledger.record("incident.merged", "ju-1", merged("in-1", "in-0", items[1].id), by="duty1")


def merged(gone: str, stays: str, evidence: str) -> dict[str, Any]:
    """The payload of a merge, with one piece of evidence moved and a link made."""
    said = Judgement(
        id="ju-1", verdict="merge", incidents=(gone, stays), evidence=(evidence,), target=stays, officer="duty1", officer_name="王值班",
        role="duty", reason="同一处", at=EVENING,
    )  # fmt: skip
    link = Link(cause="in-2", effect=stays, reasons=("相距约10米",))
    return {
        "judgements": [said.model_dump(mode="json")],
        "incidents": [incident(gone, status="merged", merged_into=stays).model_dump(mode="json"), incident(stays).model_dump(mode="json")],
        "impacts": {gone: []},
        "links": [link.model_dump(mode="json")],
    }


def test_a_graph_cleared_and_projected_again_is_the_same_whatever_the_steps(ledger: Ledger, store: Store, hotline: Source) -> None:
    busy_evening(ledger, hotline)
    digests = set()
    for step in (1, 4, 2000):
        store.clear()
        store.load_library([document()], [provision()], [case()], "one")
        assert store.project(reader(ledger, step)) == 17
        digests.add(store.digest())
    assert len(digests) == 1


def test_loading_the_same_library_again_does_not_change_what_reports_cite(ledger: Ledger, store: Store, hotline: Source) -> None:
    store.load_library([document()], [provision()], [case()], "one")
    busy_evening(ledger, hotline)
    ledger.record("report.edited", "re-1", written(3, cites=("L1-9",), about="in-0"), by="someone")
    store.project(reader(ledger))
    before = store.digest()
    store.load_library([document()], [provision()], [case()], "one")
    assert store.digest() == before


def test_the_digest_sees_one_changed_character(ledger: Ledger, store: Store, hotline: Source) -> None:
    tell(ledger, store, hotline, reading(call(1), about=incident()), evidence=[call(1)])
    before = store.digest()
    with store._session() as session:
        session.run("MATCH (n:Incident) SET n.json = replace(n.json, '车棚', '车库')").consume()
    assert store.digest() != before


def test_clearing_leaves_nothing(ledger: Ledger, store: Store, hotline: Source) -> None:
    tell(ledger, store, hotline, reading(call(1), about=incident()), evidence=[call(1)])
    store.clear()
    assert (set(store.counts().values()), store.projected()) == ({0}, 0)


def test_four_projectors_at_once_write_everything_once(ledger: Ledger, store: Store, hotline: Source, address: Address) -> None:
    busy_evening(ledger, hotline)
    store.project(reader(ledger))
    wanted = store.digest()
    store.clear()
    others = [Store(address) for _ in range(4)]
    failures: list[BaseException] = []

    def work(one: Store) -> None:
        try:
            one.project(reader(ledger, 3))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in others:
        one.close()
    assert failures == []
    assert (store.digest(), store.projected()) == (wanted, ledger.last_seq())


def test_an_entry_that_cannot_be_projected_leaves_the_graph_as_it_was(ledger: Ledger, store: Store, hotline: Source) -> None:
    tell(ledger, store, hotline, reading(call(1), about=incident()), evidence=[call(1)])
    before, place = store.digest(), store.projected()
    ledger.record("report.signed", "re-9", decision("sign", report(1)), by="signer1")
    with pytest.raises(ValueError, match="never drafted"):
        store.project(reader(ledger))
    assert (store.digest(), store.projected()) == (before, place)


def test_every_label_and_relation_is_really_written(ledger: Ledger, store: Store, hotline: Source) -> None:
    rich = provision("L1-10", cites=("L1-9",), supersedes=("L1-9",))
    store.load_library([document()], [provision(), rich], [case()], "one")
    busy_evening(ledger, hotline)
    double = call(20)
    ledger.receive(hotline, [double])
    ledger.understood([reading(double, duplicate_of=call(1).id)])
    cites = (call(1).id, trapped(call(1), 1).id, "L1-9")
    ledger.record("report.edited", "re-1", written(3, cites=cites, about="in-0"), by="someone")
    for version in (2014, 2021):
        ledger.record("library.added", f"lib-{version}", law(version), by="planner1")
    store.project(reader(ledger))
    rows = store._ask("MATCH (a)-[x]->(b) RETURN DISTINCT labels(a)[0] AS a, type(x) AS x, labels(b)[0] AS b")
    assert {(row["a"], row["x"], row["b"]) for row in rows} == set(RELATIONS)
    assert {label for label, count in store.counts().items() if count} == set(LABELS)


def test_an_id_that_looks_like_a_query_is_only_an_id(store: Store) -> None:
    with pytest.raises(NotFound):
        store.incident("x'}) DETACH DELETE n //")


def test_a_graph_that_does_not_answer_says_what_to_do(address: Address) -> None:
    nowhere = Store(Address("bolt://127.0.0.1:1", "neo4j", "x", "neo4j", embedded=False))
    with pytest.raises(Unreachable, match="ANLAN_GRAPH_URI"):
        nowhere.check()
    nowhere.close()
    stranger = Store(Address(address.uri, address.user, "wrong", address.database, embedded=False))
    with pytest.raises(Unreachable, match="ANLAN_GRAPH_PASSWORD"):
        stranger.check()
    stranger.close()


def test_an_entry_of_a_kind_the_graph_does_not_hold_is_passed_over(store: Store) -> None:
    entry = Entry(seq=1, at=EVENING, kind="person.signed_in", subject="duty1", by="duty1", payload={}, prev="0" * 64, hash="1" * 64)
    store.project(lambda after: [entry] if after < 1 else [])
    assert (store.projected(), set(store.counts().values())) == (1, {0})

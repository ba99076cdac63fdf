"""What was imported is in the graph as the ledger says it, whatever came first, and answers a planner. On the real engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from invented import call, incident, reading, report
from invented_law import law, ordinance
from invented_law import reading as read_law

from graph.engine import Address
from graph.knowledge import PROJECTED_KINDS
from graph.ledger import Ledger
from graph.store import Store
from models.domain import Document, Provision, Source
from models.errors import NotFound

TODAY = date(2026, 7, 12)


def project(ledger: Ledger, store: Store, step: int = 2000) -> None:
    store.project(lambda after: list(ledger.entries(after, kinds=PROJECTED_KINDS, limit=step)))


def add(ledger: Ledger, payload: dict[str, Any]) -> None:
    ledger.record("library.added", payload["document"]["id"], payload, by="planner1")


@pytest.fixture
def two_versions(ledger: Ledger, store: Store) -> Store:
    add(ledger, law(2021))
    add(ledger, law(2014, repealed=date(2021, 6, 1)))
    add(ledger, ordinance().model_dump(mode="json"))
    project(ledger, store)
    return store


def test_a_document_is_read_back_with_its_articles_in_order(two_versions: Store) -> None:
    wanted = read_law(2021)
    assert two_versions.document("lib-2021") == wanted.document
    assert tuple(two_versions.provisions_of("lib-2021")) == wanted.provisions
    with pytest.raises(NotFound, match="anlan library list"):
        two_versions.document("lib-1990")


def test_versions_of_a_law_are_known_the_oldest_first(two_versions: Store) -> None:
    assert [each.id for each in two_versions.versions("lib-2021")] == ["lib-2014", "lib-2021"]
    assert [each.id for each in two_versions.versions("lib-flood")] == ["lib-flood"]


def test_a_newer_version_read_first_still_supersedes_the_older(two_versions: Store) -> None:
    rows = two_versions._ask("MATCH (a:Document)-[:SUPERSEDES]->(b:Document) RETURN a.id AS a, b.id AS b")
    assert rows == [{"a": "lib-2021", "b": "lib-2014"}]


def test_a_provision_shows_what_it_cites_in_the_order_of_its_words(two_versions: Store) -> None:
    found = two_versions.citations_out("lib-2021-2", TODAY)
    shown = [
        (c.reference.quote, c.provision.id if c.provision else None, c.document.id if c.document else None) for c in found if c.reference
    ]
    assert shown == [
        ("本法第一条", "lib-2021-1", "lib-2021"),
        ("《防汛条例》第三条", "lib-flood-3", "lib-flood"),
        ("本法", None, "lib-2021"),
    ]


def test_a_citation_of_another_law_means_the_version_of_the_day(ledger: Ledger, two_versions: Store) -> None:
    add(ledger, ordinance("lib-flood-new", 2024).model_dump(mode="json"))
    project(ledger, two_versions)
    meant = {day.year: two_versions.citations_out("lib-2021-2", day)[1].provision for day in (date(2022, 1, 1), TODAY)}
    assert {year: provision.id for year, provision in meant.items() if provision} == {2022: "lib-flood-3", 2026: "lib-flood-new-3"}


def test_a_citation_of_what_is_not_in_the_library_is_kept_as_written(ledger: Ledger, store: Store) -> None:
    add(ledger, law(2021))
    project(ledger, store)
    missing = store.citations_out("lib-2021-2", TODAY)[1]
    assert missing.reference
    assert (missing.reference.article, missing.reference.resolved, missing.provision, missing.document) == ("第三条", False, None, None)


def test_a_provision_shows_who_cites_it_from_its_own_law_and_from_others(two_versions: Store) -> None:
    assert [(r.quote, p.id) for r, p in two_versions.citations_in("lib-2021-1")] == [("本法第一条", "lib-2021-2")]
    citing = [(r.quote, p.id) for r, p in two_versions.citations_in("lib-flood-3")]
    assert citing == [("《防汛条例》第三条", "lib-2014-2"), ("《防汛条例》第三条", "lib-2021-2")]


def test_references_come_back_as_they_were_imported(two_versions: Store) -> None:
    wanted = {each.id: each.model_copy(update={"resolved": each.target is not None}) for each in read_law(2021).references}
    assert {each.id: each for each in two_versions.references_of(["lib-2021-1", "lib-2021-2"])} == wanted


def test_facts_are_found_by_article_document_kind_and_subject(two_versions: Store) -> None:
    duty, limit = read_law(2021).facts
    assert two_versions.facts(provision="lib-2021-3") == [duty, limit]
    assert two_versions.facts(document="lib-2021", kind="time_limit") == [limit]
    assert [each.document for each in two_versions.facts(subject="值班人员")] == ["lib-2014", "lib-2021"]


def test_what_needs_attention_is_overdue_or_due_soon_and_still_law(two_versions: Store) -> None:
    assert [each.id for each in two_versions.expiring(TODAY, date(2026, 8, 1))] == ["lib-2021"]
    assert [each.id for each in two_versions.expiring(date(2021, 5, 1), date(2021, 6, 1))] == ["lib-2014"]
    assert two_versions.expiring(date(2022, 1, 1), date(2022, 2, 1)) == []


def test_the_picture_around_an_article_holds_two_steps_and_no_more_than_asked_for(two_versions: Store) -> None:
    near = two_versions.neighbourhood("lib-2021-2")
    assert {node.label for node in near.nodes.values()} == {"Provision", "Document", "Law"}
    assert ("lib-2021-2", "CITES", "lib-2021-1") in near.relations
    assert "lib-2014" not in near.nodes
    far = two_versions.neighbourhood("lib-2021-2", hops=2)
    assert {"lib-2014", "lib-2021-3"} <= set(far.nodes)
    assert len(two_versions.neighbourhood("lib-2021-2", hops=2, limit=3).relations) == 3


def test_the_whole_library_is_read_in_pages(two_versions: Store) -> None:
    assert [each.id for each in two_versions.every_provision(page=2)] == sorted(
        [f"lib-{year}-{n}" for year in (2014, 2021) for n in (1, 2, 3)] + ["lib-flood-3"]
    )
    assert [each.id for each in two_versions.every_document(page=1)] == ["lib-2014", "lib-2021", "lib-flood"]


def test_removing_a_document_takes_everything_it_brought(ledger: Ledger, store: Store) -> None:
    add(ledger, ordinance().model_dump(mode="json"))
    project(ledger, store)
    before = store.digest()
    add(ledger, law(2021))
    project(ledger, store)
    assert store.digest() != before
    ledger.record("library.removed", "lib-2021", {"reason": "错了"}, by="planner1")
    project(ledger, store)
    assert store.digest() == before


def test_a_changed_document_loses_what_it_no_longer_says(ledger: Ledger, store: Store) -> None:
    add(ledger, law(2021))
    project(ledger, store)
    add(ledger, law(2021, articles=1, words="和防洪"))
    project(ledger, store)
    assert [each.text for each in store.provisions_of("lib-2021")] == ["为了江河安全和防洪，制定本法。"]
    assert (store.counts()["Fact"], store.counts()["Law"]) == (0, 1)


def test_the_shipped_library_and_the_imported_one_do_not_touch_each_other(ledger: Ledger, two_versions: Store) -> None:
    imported = two_versions.digest()
    rules = Document(
        id="L1", title="汛期值班规定", issuer="市政府", level="rule", region="南京市", in_force=date(2020, 1, 1), reference="公报"
    )
    article = Provision(
        id="L1-1", document="L1", article="第一条", text="二十四小时值班。", topics=("flood",), source="公报", verified=True
    )
    two_versions.load_library([rules], [article], [], "one")
    assert len(two_versions.documents()) == 4
    two_versions.load_library([], [], [], "two")
    assert two_versions.digest() == imported


def test_the_steps_in_which_the_ledger_is_read_make_no_difference(ledger: Ledger, store: Store, hotline: Source) -> None:
    ledger.receive(hotline, [call(1)])
    add(ledger, law(2021))
    ledger.understood([reading(call(1), about=incident())])
    written = report(1, cites=("lib-2021-1", "lib-2021-3"), about="in-fire")
    ledger.record("report.drafted", "re-1", {"report": written.model_dump(mode="json")}, by="duty1")
    add(ledger, law(2014))
    add(ledger, law(2021, articles=2, words="改"))
    add(ledger, law(2021, articles=3))
    ledger.record("library.removed", "lib-2014", {}, by="planner1")
    add(ledger, law(2014, repealed=date(2021, 6, 1)))
    add(ledger, ordinance().model_dump(mode="json"))
    found = set()
    for step in (1, 2, 3, 2000):
        store.clear()
        project(ledger, store, step)
        found.add(store.digest())
    assert len(found) == 1
    cited = store._ask("MATCH (:Report)-[:CITES]->(p:Provision) RETURN p.id AS id ORDER BY id")
    assert [row["id"] for row in cited] == ["lib-2021-1"]


def test_neo4j_finds_words_meanings_and_places_with_its_own_indexes(two_versions: Store, address: Address) -> None:
    if address.embedded:
        pytest.skip("the embedded engine leaves these to the index beside it")
    two_versions.await_indexes()
    found = two_versions.full_text('text:"江河"^2.0 text:"安全"', 10)
    assert {piece.provision for piece in found} == {"lib-2014-1", "lib-2021-1", "lib-flood-3"}
    assert found[0].text == "为了江河安全，制定本法。"
    two_versions.keep_vectors({"lib-2021-1": [1.0, 0.0], "lib-2021-3": [0.0, 1.0]})
    two_versions.await_indexes()
    assert [id for id, _ in two_versions.nearest([0.1, 0.9], 2)] == ["lib-2021-3", "lib-2021-1"]
    assert two_versions.digest() == digest_without_vectors(two_versions)


def digest_without_vectors(store: Store) -> str:
    with store._session() as session:
        session.run("MATCH (p:Provision) REMOVE p.vector").consume()
    return store.digest()

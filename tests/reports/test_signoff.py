"""Two people, one text: who may do what to a report, and what voids it. Real ledger, real graph engine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graph.knowledge import Knowledge
from models.domain import Person, ReportState
from models.errors import NotAllowed, NotFound, Refused, Stale
from reports.signoff import edit, record_of, return_, submit, withdraw, write_draft
from tests.reports.invented import at, fire, take_in
from tests.signing import sign

LEAD = "lead.1"


@pytest.fixture
def draft(knowledge: Knowledge, people: dict[str, Person]) -> ReportState:
    take_in(knowledge, fire())
    return write_draft(knowledge, "in-1", people["duty"], at=at(20, 30))


def read(state: ReportState) -> dict[str, object]:
    """What a person who has just read it passes on."""
    return {"version": state.report.version, "digest": state.report.content_digest()}


def submitted(knowledge: Knowledge, state: ReportState, by: Person) -> ReportState:
    return submit(knowledge, state.report.id, **read(state), by=by)  # type: ignore[arg-type]


def signed(knowledge: Knowledge, state: ReportState, people: dict[str, Person]) -> ReportState:
    state = submitted(knowledge, state, people["duty"])
    return sign(knowledge, state.report.id, **read(state), by=people["signer"])  # type: ignore[arg-type]


def refusals(knowledge: Knowledge) -> list[str]:
    return [entry.payload["reason"] for entry in knowledge.ledger.entries(kinds=["person.refused"])]


def test_a_draft_is_complete_and_blocks_nothing(draft: ReportState) -> None:
    assert draft.status == "draft"
    assert [finding for finding in draft.findings if finding.severity == "block"] == []


def test_a_second_person_signs_what_was_submitted(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    state = signed(knowledge, draft, people)
    assert state.status == "signed"
    assert state.decisions[-1].digest == draft.report.content_digest()


def test_the_graph_and_the_ledger_agree_on_every_step(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    for state in (draft, submitted(knowledge, draft, people["duty"])):
        assert knowledge.store.report(draft.report.id).report == state.report
    state = sign(knowledge, draft.report.id, **read(draft), by=people["signer"])  # type: ignore[arg-type]
    assert knowledge.store.report(draft.report.id) == state


def test_nothing_is_signed_that_was_not_submitted(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    with pytest.raises(Refused, match="待签发"):
        sign(knowledge, draft.report.id, **read(draft), by=people["signer"])  # type: ignore[arg-type]


def test_duty_staff_may_not_sign_and_the_refusal_is_on_record(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    submitted(knowledge, draft, people["duty"])
    with pytest.raises(NotAllowed):
        sign(knowledge, draft.report.id, **read(draft), by=people["duty"])  # type: ignore[arg-type]
    assert len(refusals(knowledge)) == 1


def test_whoever_drafted_may_not_sign_even_after_a_change_of_role(
    knowledge: Knowledge, people: dict[str, Person], draft: ReportState
) -> None:
    submitted(knowledge, draft, people["duty"])
    promoted = people["duty"].model_copy(update={"role": "signer"})
    with pytest.raises(NotAllowed, match="不能自己签发"):
        sign(knowledge, draft.report.id, **read(draft), by=promoted)  # type: ignore[arg-type]
    assert "不能自己签发" in refusals(knowledge)[0]


def test_an_editor_may_not_sign_either(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    other = Person(name="duty2", display_name="值班乙", role="duty")
    state = edit(knowledge, draft.report.id, 1, {"unit.1": "事故发生单位：待核。"}, other)
    state = submitted(knowledge, state, people["duty"])
    with pytest.raises(NotAllowed, match="不能自己签发"):
        sign(knowledge, draft.report.id, **read(state), by=other.model_copy(update={"role": "signer"}))  # type: ignore[arg-type]


def test_signing_another_text_than_the_newest_names_who_changed_it(
    knowledge: Knowledge, people: dict[str, Person], draft: ReportState
) -> None:
    other = Person(name="duty2", display_name="值班乙", role="duty")
    submitted(knowledge, edit(knowledge, draft.report.id, 1, {"unit.1": "事故发生单位：待核。"}, other), people["duty"])
    with pytest.raises(Stale, match="duty2"):
        sign(knowledge, draft.report.id, **read(draft), by=people["signer"])  # type: ignore[arg-type]


def test_the_right_version_with_another_digest_is_refused(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    submitted(knowledge, draft, people["duty"])
    with pytest.raises(Stale):
        sign(knowledge, draft.report.id, version=1, digest="0" * 64, by=people["signer"])


def test_an_edit_after_signing_voids_the_signature(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    state = edit(knowledge, signed(knowledge, draft, people).report.id, 1, {"unit.1": "事故发生单位：待核。"}, people["duty"])
    assert state.status == "void"
    assert knowledge.store.report(draft.report.id).status == "void"


def test_a_void_report_can_be_signed_again(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    state = edit(knowledge, signed(knowledge, draft, people).report.id, 1, {"unit.1": "事故发生单位：待核。"}, people["duty"])
    assert signed(knowledge, state, people).status == "signed"


def test_an_edit_keeps_the_machines_sentence(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    once = edit(knowledge, draft.report.id, 1, {LEAD: "2026年7月18日20时14分接报，晴川苑发生火灾。"}, people["duty"])
    twice = edit(knowledge, draft.report.id, 2, {LEAD: "晴川苑发生火灾。"}, people["duty"])
    assert once.report.claims[0].machine_text == draft.report.claims[0].text
    assert twice.report.claims[0].machine_text == draft.report.claims[0].text


def test_every_edit_stays_on_record(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    for version, text in enumerate(("甲处发生火灾。", "乙处发生火灾。"), 1):
        edit(knowledge, draft.report.id, version, {LEAD: text}, people["duty"])
    texts = [entry.payload["report"]["claims"][0]["text"] for entry in knowledge.ledger.entries(subject=draft.report.id)]
    assert texts == [draft.report.claims[0].text, "甲处发生火灾。", "乙处发生火灾。"]


def test_an_edit_of_an_older_version_is_refused(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    edit(knowledge, draft.report.id, 1, {LEAD: "晴川苑发生火灾。"}, people["duty"])
    with pytest.raises(Stale, match="第2版"):
        edit(knowledge, draft.report.id, 1, {LEAD: "发生火灾。"}, people["duty"])


def test_an_invented_figure_stops_signing(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    state = edit(knowledge, draft.report.id, 1, {"lead.2": "截至2026年7月18日20时25分，死亡1人、受伤5人。"}, people["duty"])
    state = submitted(knowledge, state, people["duty"])
    with pytest.raises(Refused, match="法定问题"):
        sign(knowledge, draft.report.id, **read(state), by=people["signer"])  # type: ignore[arg-type]


def test_a_gap_filled_from_the_dossier_becomes_a_cited_fact(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    gap = next(claim for claim in draft.report.claims if claim.text.startswith("现场情况暂无"))
    state = edit(knowledge, draft.report.id, 1, {gap.id: "现场“消防已到场扑救”。"}, people["duty"])
    filled = next(claim for claim in state.report.claims if claim.id == gap.id)
    assert filled.kind == "fact"
    assert filled.citations
    assert [finding for finding in state.findings if finding.severity == "block"] == []


@pytest.mark.parametrize("decide", [return_, withdraw])
def test_sending_back_needs_a_reason(knowledge: Knowledge, people: dict[str, Person], draft: ReportState, decide: object) -> None:
    submitted(knowledge, draft, people["duty"])
    with pytest.raises(Refused, match="理由"):
        decide(knowledge, draft.report.id, **read(draft), by=people["signer"])  # type: ignore[operator]


def test_a_returned_report_can_be_submitted_again(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    submitted(knowledge, draft, people["duty"])
    state = return_(knowledge, draft.report.id, **read(draft), by=people["signer"], reason="补充地点")  # type: ignore[arg-type]
    assert state.status == "returned"
    assert submitted(knowledge, state, people["duty"]).status == "submitted"


def test_a_withdrawn_report_is_not_changed_any_more(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    withdraw(knowledge, draft.report.id, **read(draft), by=people["signer"], reason="误报")  # type: ignore[arg-type]
    with pytest.raises(Refused, match="已撤回"):
        edit(knowledge, draft.report.id, 1, {LEAD: "发生火灾。"}, people["duty"])


def test_of_two_decisions_on_one_reading_only_the_first_stands(
    knowledge: Knowledge, people: dict[str, Person], draft: ReportState, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(knowledge, draft, people["duty"])
    before = record_of(knowledge, draft.report.id)
    return_(knowledge, draft.report.id, **read(draft), by=people["signer"], reason="补充地点")  # type: ignore[arg-type]
    readings = iter([before])
    # The second signer looked before the first decided, and decides after.
    monkeypatch.setattr("reports.signoff.record_of", lambda k, id: next(readings, None) or record_of(k, id))
    with pytest.raises(Stale):
        sign(knowledge, draft.report.id, **read(draft), by=people["signer"])  # type: ignore[arg-type]
    assert record_of(knowledge, draft.report.id).state.status == "returned"


def test_an_unknown_report_or_sentence_is_named(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    with pytest.raises(NotFound, match="rp-none"):
        submit(knowledge, "rp-none", version=1, digest="", by=people["duty"])
    with pytest.raises(NotFound, match=r"lead\.77"):
        edit(knowledge, draft.report.id, 1, {"lead.77": "发生火灾。"}, people["duty"])


def test_a_second_draft_follows_the_first(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    second = write_draft(knowledge, "in-1", people["duty"], at=at(20, 30) + timedelta(minutes=10))
    assert second.report.supersedes == draft.report.id
    assert second.report.number == 2

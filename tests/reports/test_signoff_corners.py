"""The corners of the only door: what another test of it does not come by. Real ledger, real graph engine."""

from __future__ import annotations

from typing import Any

import pytest

from graph import people as accounts
from graph.knowledge import Knowledge
from models.domain import Judgement, Person, ReportState
from models.errors import NotAllowed, Refused, Stale
from reports import signoff
from reports.render import render
from reports.signoff import edit, judged_since, record_of, replace_claims, signature_of, submit, write_draft, write_plan
from tests.reports.invented import at, drafted, fire, take_in
from tests.reports.invented_relief import depot, signed, surveyed_in, taking
from tests.signing import PASSWORD, sign


@pytest.fixture
def draft(knowledge: Knowledge, people: dict[str, Person]) -> ReportState:
    take_in(knowledge, fire())
    return write_draft(knowledge, "in-1", people["duty"], at=at(20, 30))


def out(knowledge: Knowledge, state: ReportState, people: dict[str, Person]) -> ReportState:
    read = {"version": state.report.version, "digest": state.report.content_digest()}
    submit(knowledge, state.report.id, **read, by=people["duty"])  # type: ignore[arg-type]
    found: ReportState = sign(knowledge, state.report.id, **read, by=people["signer"])  # type: ignore[arg-type]
    return found


def test_nothing_is_signed_without_the_credential_for_exactly_this_text(
    knowledge: Knowledge, people: dict[str, Person], draft: ReportState
) -> None:
    read = {"version": 1, "digest": draft.report.content_digest()}
    submit(knowledge, draft.report.id, **read, by=people["duty"])  # type: ignore[arg-type]
    with pytest.raises(NotAllowed, match="再次验证身份"):
        signoff.sign(knowledge, draft.report.id, **read, by=people["signer"])  # type: ignore[arg-type]
    accounts.confirm(knowledge.ledger, "signer1", PASSWORD, about="f" * 64)
    with pytest.raises(NotAllowed, match="再次验证身份"):
        signoff.sign(knowledge, draft.report.id, **read, by=people["signer"])  # type: ignore[arg-type]
    assert record_of(knowledge, draft.report.id).state.status == "submitted"


def test_whoever_only_says_that_he_is_a_signer_has_no_key_to_sign_with(
    knowledge: Knowledge, people: dict[str, Person], draft: ReportState
) -> None:
    read = {"version": 1, "digest": draft.report.content_digest()}
    submit(knowledge, draft.report.id, **read, by=people["duty"])  # type: ignore[arg-type]
    pretender = people["officer"].model_copy(update={"role": "signer"})
    with pytest.raises(NotAllowed, match="没有签名密钥"):
        sign(knowledge, draft.report.id, **read, by=pretender)  # type: ignore[arg-type]
    assert record_of(knowledge, draft.report.id).state.status == "submitted"


def test_a_signed_decision_names_its_key_and_the_paper_shows_it(
    knowledge: Knowledge, people: dict[str, Person], draft: ReportState
) -> None:
    from docx import Document

    decision = out(knowledge, draft, people).decisions[-1]
    assert len(decision.key) == 16
    words = "\n".join(one.text for one in Document(str(render(knowledge, draft.report.id, None, people["signer"]))).paragraphs)
    assert f"签名公钥{decision.key}" in words


def test_a_signature_on_another_version_or_text_does_not_stand(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    state = out(knowledge, draft, people)
    last = state.decisions[-1]
    assert signature_of(state) == last
    for other in ({"version": 2}, {"digest": "0" * 64}, {"verdict": "submit"}):
        assert signature_of(state.model_copy(update={"decisions": (last.model_copy(update=other),)})) is None
    for status in ("draft", "submitted", "returned", "void", "withdrawn"):
        assert signature_of(state.model_copy(update={"status": status})) is None


def test_a_follow_up_that_another_has_overtaken_is_not_signed(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    out(knowledge, draft, people)
    older, newer = (write_draft(knowledge, "in-1", people["duty"], report_type="followup") for _ in range(2))
    assert older.report.stage == "续报"
    out(knowledge, newer, people)
    with pytest.raises(Refused, match="起草后又签发了"):
        out(knowledge, older, people)
    assert record_of(knowledge, older.report.id).state.status == "submitted"


def test_what_was_judged_after_the_draft_is_told_in_order_and_what_was_undone_is_not() -> None:
    state = ReportState(report=drafted(fire()), status="draft")

    def judged(verdict: str, hour: int, **more: Any) -> Judgement:
        known = {"id": f"ju-{verdict}-{hour}", "verdict": verdict, "incidents": ("in-1",), "officer": "officer1", "officer_name": "王指挥"}
        return Judgement.model_validate({**known, "role": "officer", "reason": f"{hour}时所判", "at": at(hour, 5), **more})

    dossier = fire(
        judgements=(
            judged("undo", 23, undoes="ju-move-22"), judged("close", 21), judged("merge", 19), judged("move", 22, undone=True), judged("undo", 20),
        )
    )  # fmt: skip
    assert judged_since(state, dossier) == [
        "王指挥于07月18日21:05结束了事件：21时所判",
        "王指挥于07月18日23:05撤销了先前的判断：23时所判",
    ]


def test_a_plan_is_not_edited_as_a_report(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    write_plan(knowledge, taking(1, of="x/水", id="a"), (), people["duty"])
    with pytest.raises(Refused, match="是救助计划，不是报告"):
        edit(knowledge, "rl-a", 1, {}, people["duty"])


def test_an_edit_that_changes_nothing_is_no_version(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    first = draft.report.claims[0]
    assert edit(knowledge, draft.report.id, 1, {first.id: f" {first.text} "}, people["duty"]) == draft


def test_sentences_taken_over_are_a_version_that_names_their_origin(
    knowledge: Knowledge, people: dict[str, Person], draft: ReportState
) -> None:
    out(knowledge, draft, people)
    state = replace_claims(knowledge, draft.report.id, 1, draft.report.claims[:-1], people["duty"], origin="某模型")
    assert (state.status, state.report.version, state.report.origin) == ("void", 2, "某模型")
    assert state.report.claims == draft.report.claims[:-1]


def test_a_fact_taken_out_becomes_a_gap(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    fact = next(one for one in draft.report.claims if one.kind == "fact")
    state = edit(knowledge, draft.report.id, 1, {fact.id: "现场情况暂无、待核。"}, people["duty"])
    assert next(one for one in state.report.claims if one.id == fact.id).kind == "missing"


def test_of_two_who_write_at_once_the_second_is_told_and_a_print_meanwhile_stops_nobody(
    knowledge: Knowledge, people: dict[str, Person], draft: ReportState
) -> None:
    made = taking(1, of="x/水", id="a")
    write_plan(knowledge, made, (), people["duty"])
    read = record_of(knowledge, "rl-a")
    render(knowledge, "rl-a", None, people["duty"], form="json")
    second = made.model_copy(update={"version": 2, "days": 5})
    assert write_plan(knowledge, second, (), people["duty"], read).plan == second
    with pytest.raises(Stale, match="duty1"):
        write_plan(knowledge, made.model_copy(update={"version": 2, "days": 7}), (), people["duty"], read)
    assert record_of(knowledge, "rl-a").state.paper == second


def test_what_may_not_be_done_now_is_said_with_where_it_stands_and_where_it_must(
    knowledge: Knowledge, people: dict[str, Person], draft: ReportState
) -> None:
    id, read = draft.report.id, {"version": 1, "digest": draft.report.content_digest()}

    def told(act: Any, by: str, **more: Any) -> str:
        with pytest.raises(Refused) as refusal:
            act(knowledge, id, **read, by=people[by], **more)
        (*_, last) = knowledge.ledger.entries(kinds=["person.refused"])
        assert (last.payload["reason"], last.payload["subject"]) == (str(refusal.value), id)
        return f"{last.payload['action']}：{refusal.value}"

    assert told(sign, "signer") == f"签发：报告 {id} 现为“草稿”，不能签发；须先处于：待签发"
    submit(knowledge, id, **read, by=people["duty"])  # type: ignore[arg-type]
    assert told(submit, "duty") == f"送签：报告 {id} 现为“待签发”，不能送签；须先处于：草稿、已退回、签发后被修改，签发失效"
    signoff.return_(knowledge, id, **read, by=people["signer"], reason="补充地点")  # type: ignore[arg-type]
    assert told(signoff.return_, "signer", reason="再退") == f"退回：报告 {id} 现为“已退回”，不能退回；须先处于：待签发"
    out(knowledge, draft, people)
    assert told(sign, "signer") == f"签发：报告 {id} 现为“已签发”，不能签发；须先处于：待签发"
    signoff.withdraw(knowledge, id, **read, by=people["signer"], reason="误报")  # type: ignore[arg-type]
    told_last = told(signoff.withdraw, "signer", reason="再撤")
    assert told_last == f"撤回：报告 {id} 现为“已撤回”，不能撤回；须先处于：草稿、待签发、已退回、已签发、签发后被修改，签发失效"
    kinds = [entry.kind for entry in knowledge.ledger.entries(subject=id)]
    assert kinds == ["report.drafted", *(f"report.{end}" for end in ("submitted", "returned", "submitted", "signed", "withdrawn"))]
    state = record_of(knowledge, id).state
    assert [one.verdict for one in state.decisions] == ["submit", "return", "submit", "sign", "withdraw"]
    assert [one.reason for one in state.decisions] == ["", "补充地点", "", "", "误报"]


def test_a_draft_says_when_it_was_made_and_how_long_each_stage_took(knowledge: Knowledge, draft: ReportState) -> None:
    assert draft.report.created_at == at(20, 30)
    (entry,) = knowledge.ledger.entries(kinds=["report.drafted"])
    seconds = entry.payload["seconds"]
    assert sorted(seconds) == ["dossier", "draft", "total", "verify"]
    assert seconds["total"] == pytest.approx(seconds["dossier"] + seconds["draft"] + seconds["verify"], abs=0.001)


@pytest.mark.parametrize("role", ["signer", "auditor", "officer"])
def test_who_may_not_write_changes_nothing(knowledge: Knowledge, people: dict[str, Person], draft: ReportState, role: str) -> None:
    for act in (
        lambda by: write_draft(knowledge, "in-1", by),
        lambda by: edit(knowledge, draft.report.id, 1, {draft.report.claims[0].id: "发生火灾。"}, by),
        lambda by: replace_claims(knowledge, draft.report.id, 1, draft.report.claims[:-1], by, origin="某模型"),
        lambda by: submit(knowledge, draft.report.id, version=1, digest=draft.report.content_digest(), by=by),
    ):
        with pytest.raises(NotAllowed):
            act(people[role])
    elsewhere = people["duty"].model_copy(update={"districts": ("320118",)})
    for act in (
        lambda by: write_draft(knowledge, "in-1", by),
        lambda by: edit(knowledge, draft.report.id, 1, {draft.report.claims[0].id: "发生火灾。"}, by),
        lambda by: replace_claims(knowledge, draft.report.id, 1, draft.report.claims[:-1], by, origin="某模型"),
        lambda by: submit(knowledge, draft.report.id, version=1, digest=draft.report.content_digest(), by=by),
        lambda by: write_plan(knowledge, taking(1, of="x/水", id="a"), (), by),
    ):
        with pytest.raises(NotAllowed, match="管辖区划"):
            act(elsewhere)
    known = record_of(knowledge, draft.report.id)
    assert (known.state, known.writers) == (draft, ("duty1",))
    assert len(list(knowledge.ledger.entries(kinds=["report.drafted", "relief.drafted"]))) == 1


def test_a_new_version_is_its_writers_and_of_its_own_moment(knowledge: Knowledge, people: dict[str, Person], draft: ReportState) -> None:
    other = people["duty"].model_copy(update={"name": "duty2"})
    edited = edit(knowledge, draft.report.id, 1, {draft.report.claims[0].id: "晴川苑发生火灾。"}, other)
    assert (edited.report.drafted_by, edited.report.version) == ("duty2", 2)
    assert edited.report.created_at > draft.report.created_at
    assert edited.report.claims[0].machine_text == draft.report.claims[0].text
    taken = replace_claims(knowledge, draft.report.id, 2, draft.report.claims, people["duty"], origin="某模型")
    assert (taken.report.drafted_by, taken.report.version) == ("duty1", 3)
    assert taken.report.created_at > edited.report.created_at
    known = record_of(knowledge, draft.report.id)
    assert (known.writers, known.edited_by) == (("duty1", "duty2"), "duty1")


def test_a_plan_that_another_replaced_is_not_changed_and_says_so(knowledge: Knowledge, people: dict[str, Person]) -> None:
    take_in(knowledge, fire())
    surveyed_in(knowledge, depot())
    lot = f"{depot().id}/饮用水"
    first = signed(knowledge, taking(60, of=lot, id="a"), people)
    signed(knowledge, taking(90, of=lot, id="b", revises="rl-a"), people)
    known = record_of(knowledge, "rl-a")
    assert known.state.status == "superseded"
    assert record_of(knowledge, "rl-b").state.status == "signed"
    with pytest.raises(Refused, match="救助计划 rl-a 已被新计划替代，不能再改；请重新起草"):
        signoff.may_change(knowledge, known, 1, people["duty"])
    with pytest.raises(Refused, match="现为“已被新计划替代”"):
        signoff.withdraw(knowledge, "rl-a", version=1, digest=first.plan.content_digest(), by=people["signer"], reason="误报")


def test_goods_that_another_plan_has_taken_are_not_signed_away_again(knowledge: Knowledge, people: dict[str, Person]) -> None:
    take_in(knowledge, fire())
    surveyed_in(knowledge, depot())
    lot = f"{depot().id}/饮用水"
    signed(knowledge, taking(60, of=lot, id="a"), people)
    with pytest.raises(Refused, match="不能签发"):
        signed(knowledge, taking(41, of=lot, id="b"), people)
    assert record_of(knowledge, "rl-b").state.status == "submitted"
    assert "不能签发" in [entry.payload["reason"] for entry in knowledge.ledger.entries(kinds=["person.refused"])][-1]
    assert signed(knowledge, taking(40, of=lot, id="c"), people).status == "signed"


def test_who_may_not_write_proposes_no_plan(knowledge: Knowledge, people: dict[str, Person]) -> None:
    with pytest.raises(NotAllowed):
        write_plan(knowledge, taking(1, of="x/水", id="a"), (), people["signer"])

"""What a citation lends to a sentence, kind by kind: figures, times, words. And what a person's own sentence is found to rest on."""

from __future__ import annotations

from typing import Any

import pytest

from models.domain import Claim, Conflict, Fact, Report, ReportState
from reports.ground import Ground, Shelf, cite
from reports.wording import arabic, mentions
from tests.reports.invented import at, believed, drafted, fire, heard, said
from tests.reports.test_daily import daily, two_incidents


def ground(dossier: Any, *citations: str, text: str = "。", report: Report | None = None, **more: Any) -> Ground:
    known = {"id": "other.9", "section": "other", "text": text, "citations": citations, "kind": "fact"}
    return Ground(Claim.model_validate({**known, **more}), Shelf(report or drafted(fire()), dossier))


def holds_time(found: Ground, words: str) -> bool:
    (mention,) = mentions(arabic(words))
    return found.holds_time(mention)


def test_nothing_is_lent_by_what_is_not_cited() -> None:
    found = ground(fire())
    assert (found.values, dict(found.typed), found.moments, found.statements) == (set(), {}, [], [])
    assert not found.holds_number(2, 2)
    assert not holds_time(found, "20时14分")


def test_an_incident_lends_its_times_and_the_draft_s_and_its_place() -> None:
    when = {"started_at": at(19, 1), "first_evidence_at": at(19, 2), "updated_at": at(19, 3)}
    burning = fire().incident.model_copy(update=when)
    report = drafted(fire()).model_copy(update={"data_as_of": at(19, 4)})
    found = ground(fire(incident=burning), "in-1", report=report)
    assert [holds_time(found, f"19时{minute}分") for minute in range(6)] == [False, True, True, True, True, False]
    assert all(found.holds_quote(words) for words in ("晴川苑", "建邺区", "南湖街道", "电动自行车火灾"))


def test_evidence_lends_its_two_times_and_its_words() -> None:
    call = heard(1, "东门在烧", 20, 14, place="晴川苑东门").model_copy(update={"received_at": at(20, 16)})
    found = ground(fire(evidence=(call,)), call.id)
    assert [holds_time(found, f"20时{minute}分") for minute in (14, 15, 16)] == [True, False, True]
    assert found.holds_quote("东门在烧")
    assert found.holds_quote("晴川苑东门")
    undated = call.model_copy(update={"sent_at": None})
    assert ground(fire(evidence=(undated,)), call.id).moments == [at(20, 16)]


def test_a_statement_lends_its_figures_its_words_and_the_time_it_holds() -> None:
    call = heard(1, "18时有3到5个人困在7号楼", 20, 14)
    some = said(call, "impact.trapped", "3到5个人困在7号楼", low=3, best=4, high=5, holds_at=at(18, 0), unit="人")
    found = ground(fire(evidence=(call,), statements=(some,)), some.id)
    assert found.values == {3, 4, 5, 7}
    assert dict(found.typed) == {"trapped": {3, 4, 5}}
    assert holds_time(found, "18时0分")
    assert holds_time(found, "20时14分")
    assert found.holds_quote("困在7号楼")
    assert not found.holds_quote("困在8号楼")
    place = said(call, "place", "7号楼", value="晴川苑7号楼")
    found = ground(fire(evidence=(call,), statements=(place,)), place.id)
    assert (found.values, dict(found.typed)) == ({7}, {})
    assert found.holds_quote("晴川苑7号楼")


@pytest.mark.parametrize(("prop", "reliability"), [("rumour", "E"), ("retraction", "C")])
def test_what_is_set_aside_lends_no_figure_of_harm(prop: str, reliability: str) -> None:
    post = heard(3, "听说死了20人，更正", 20, 25, reliability=reliability)
    twenty, doubt = said(post, "impact.dead", "死了20人", 20), said(post, prop, "听说死了20人")
    found = ground(fire(evidence=(post,), statements=(twenty, doubt)), twenty.id)
    assert (found.values, dict(found.typed)) == (set(), {})
    assert found.statements == [twenty]


def test_of_an_office_s_denial_only_its_own_zero_stands() -> None:
    office = heard(2, "网传死亡20人不实，没有人员死亡", 20, 30, reliability="A")
    denial, twenty = said(office, "retraction", "网传死亡20人不实"), said(office, "impact.dead", "死亡20人", 20)
    none = said(office, "impact.dead", "没有人员死亡", 0)
    dossier = fire(evidence=(office,), statements=(denial, twenty, none))
    assert ground(dossier, twenty.id).values == set()
    assert dict(ground(dossier, none.id).typed) == {"dead": {0}}


def test_an_impact_lends_the_believed_figure_and_those_beside_it_with_their_times_and_words() -> None:
    found = ground(fire(), "im-dead")
    assert found.values == {2, 3}, "the rumour's twenty is none"
    assert dict(found.typed) == {"dead": {2, 3}}
    assert found.holds_quote("死了3个人")
    assert not found.holds_quote("烧死了20人")
    assert [holds_time(found, words) for words in ("20时20分", "20时14分", "20时25分")] == [True, True, False]


def test_only_an_estimate_lends_its_bounds() -> None:
    call = heard(1, "晴川苑着火", 20, 14)
    vague = said(call, "trigger", "晴川苑着火")
    known = {"best": 1200, "low": 800, "high": 1600, "rule": "按普查人口推算"}
    for basis, values in (("estimated", {800, 1200, 1600}), ("reported", {1200})):
        worked_out = believed("affected", vague, basis=basis, **known)
        assert ground(fire(evidence=(call,), statements=(vague,), impacts=(worked_out,)), worked_out.id).values == values
    open_ended = believed("affected", vague, basis="estimated", **known | {"high": None})
    assert ground(fire(evidence=(call,), statements=(vague,), impacts=(open_ended,)), open_ended.id).values == {800, 1200}


def test_a_fact_of_a_plan_lends_its_words_and_its_figures() -> None:
    fact = Fact(
        id="f-1", provision="p-1", document="d-1", kind="action", subject="市消防救援支队", text="30分钟内报告现场情况",
        quote="市消防救援支队负责灭火和搜救，30分钟内报告现场情况", start=0, end=26,
    )  # fmt: skip
    found = ground(fire(facts=(fact,)), fact.id)
    assert found.values == {30}
    assert found.phrases == ["30分钟内报告现场情况"]
    assert all(found.holds_quote(words) for words in ("市消防救援支队", "负责灭火和搜救"))
    assert ground(fire(facts=(fact.model_copy(update={"kind": "duty"}),)), fact.id).phrases == []
    assert found.unknown == []


def test_an_earlier_report_lends_its_figures_and_the_change_since() -> None:
    before = drafted(fire())
    state = ReportState(report=before, status="signed")
    call = heard(9, "死亡7人", 21, 0, reliability="A")
    seven = said(call, "impact.dead", "死亡7人", 7)
    later = fire(impacts=(believed("dead", seven),), statements=(seven,), evidence=(call,), reports=(state,))
    report = before.model_copy(update={"id": "rp-new"})
    assert ground(later, before.id, report=report).values == {2, 5}
    assert ground(later, before.id, "im-dead", report=report).values == {2, 5, 7}
    changed = fire(impacts=(believed("dead", seven, best=9),), statements=(seven,), evidence=(call,), reports=(state,))
    assert ground(changed, before.id, "im-dead", report=report).values == {2, 5, 9, 7}, "two dead then, nine now: seven more"
    assert ground(later, before.id, report=before).unknown == [before.id], "no report rests on itself"


def test_a_day_counts_the_incidents_a_sentence_cites_by_hazard_standing_and_report() -> None:
    third = two_incidents().incidents[0].model_copy(update={"id": "in-3", "status": "closed"})
    dossier = two_incidents(incidents=(*two_incidents().incidents, third))
    report = daily(dossier)
    assert ground(dossier, "in-1", report=report).values == {1, 0}
    assert ground(dossier, "in-1", "in-2", "in-3", report=report).values == {3, 2, 1, 0}, "3 in all, 2 fires, 1 closed, 0 reported"
    assert ground(dossier, dossier.incident.id, "in-1", report=report).values == {1, 0}, "the day itself is none"
    told = drafted(fire())
    for status, stage, values in (
        ("signed", "初报", {4, 3, 1}), ("submitted", "初报", {4, 3, 1, 0}), ("signed", "启动响应建议", {4, 3, 1, 0}),
    ):  # fmt: skip
        fourth = third.model_copy(update={"id": "in-4", "status": "open"})
        state = ReportState(report=told.model_copy(update={"stage": stage}), status=status)
        four = two_incidents(incidents=(*dossier.incidents, fourth), reports=(state,))
        assert ground(four, "in-1", "in-2", "in-3", "in-4", report=report).values == values


def test_the_queue_s_count_is_the_machine_s_until_someone_touches_it() -> None:
    dossier = two_incidents()
    report = daily(dossier)
    waiting = {"text": "有4条信息等待人工处置。", "section": "waiting"}
    assert ground(dossier, report=report, **waiting).values == {4, 0}
    assert ground(dossier, report=report, **waiting).moments == [report.created_at]
    assert ground(dossier, report=report, **waiting, machine_text="有3条信息等待人工处置。").values == {0}
    assert ground(dossier, report=report, **waiting | {"section": "overview"}).values == {0}


def test_names_of_one_character_are_no_names() -> None:
    dossier = fire(evidence=(heard(1, "着火", 20, 14, title="某"),))
    names = Shelf(drafted(fire()), dossier).names
    assert "某" not in names
    assert {"晴川苑", "建邺区", "南湖街道", "南京市", "南京市应急管理局", "火灾"} <= set(names)
    assert list(names) == sorted(names, key=len, reverse=True)


def test_a_figure_is_held_as_written_or_multiplied_out() -> None:
    call = heard(1, "很多", 20, 14)
    many = said(call, "impact.affected", "很多", 12000)
    found = ground(fire(evidence=(call,), statements=(many,)), many.id)
    assert found.holds_number(1.2, 12000)
    assert found.holds_number(12000, 12000)
    assert not found.holds_number(1.2, 1.2)
    assert not found.holds_number(12001, 12001)


# -- what a person's own sentence rests on


def test_a_persons_sentence_rests_on_the_figures_it_names_with_their_kind_and_the_words_it_quotes() -> None:
    dossier = fire()
    by_quote = {one.quote: one for one in dossier.statements}
    dead = ("im-dead", by_quote["死亡2人"].id)
    assert cite("死亡2人。", dossier) == (*dead, "ev-2")
    assert cite("死亡3人。", dossier)[:2] == dead, "a figure beside the believed one"
    assert cite("死亡4人。", dossier) == ()
    assert cite("死亡20人。", dossier) == (), "the rumour's"
    assert cite("共2人。", dossier) == (), "no kind of harm named"
    assert cite("现场有死亡。", dossier) == ()
    assert cite("烧死了20人", dossier) == (), "a rumour's words are no ground"
    assert cite("消防已到场扑救", dossier) == (by_quote["消防已到场扑救"].id, "ev-2")
    assert cite("在晴川苑。", dossier) == ("in-1",)
    assert cite("20时许。", dossier) == ("in-1",)


@pytest.mark.parametrize(("quote", "is_ground"), [("着火了", False), ("着火了啊", True)])
def test_three_characters_are_no_quotation(quote: str, is_ground: bool) -> None:
    call = heard(1, quote, 20, 14)
    words = said(call, "trigger", quote)
    assert cite(f"来电称{quote}。", fire(evidence=(call,), statements=(words,), impacts=())) == ((words.id, "ev-1") if is_ground else ())


def test_a_conflict_that_is_hearsay_is_no_ground() -> None:
    two = next(one for one in fire().statements if one.quote == "死亡2人")
    hearsay = Conflict(statement="st-x", value=8, source_title="社交媒体", at=at(20, 25), quote="死亡8人（传言，未证实）")
    assert cite("死亡8人。", fire(impacts=(believed("dead", two, conflicts=(hearsay,)),))) == ()

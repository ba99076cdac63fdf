"""The checks word by word: every kind of harm, every way to write a level, drill and reality, law by its document's dates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from models.domain import Claim, Document, Dossier, Finding, Grading, Provision, Report
from reports.ground import Shelf
from reports.verify import check_claim, verify
from reports.wording import EXERCISE_LINE, MODEL_LABEL, RULES_LABEL
from tests.reports.invented import believed, drafted, fire, flood, heard, incident, reworded, said
from tests.reports.test_daily import daily, two_incidents


def sentence(text: str, *citations: str, kind: str = "fact") -> Claim:
    return Claim.model_validate({"id": "other.9", "section": "other", "text": text, "citations": citations, "kind": kind})


def told(claim: Claim, dossier: Dossier, report: Report | None = None) -> set[tuple[str, str]]:
    """What is found about one sentence: severity and code."""
    return {(one.severity, one.code) for one in check_claim(claim, Shelf(report or drafted(fire()), dossier))}


def levels(text: str, report: Report) -> set[tuple[str, str]]:
    """What is found about a level; its numeral as a figure is another check."""
    return told(sentence(text, "response.own"), fire(), report) - {("block", "number")}


def found(report: Report, dossier: Dossier, code: str) -> list[Finding]:
    return [one for one in verify(report, dossier) if one.code == code]


WORDS = {
    "dead": "死亡 遇难 身亡 丧生", "missing": "失踪 失联 下落不明", "injured": "受伤 轻伤", "seriously_injured": "重伤", "trapped": "被困",
    "rescued": "获救 救出", "evacuated": "避险转移", "relocated_central": "集中安置", "relocated_dispersed": "分散安置 投亲靠友",
    "relocated": "转移安置", "urgent_aid": "紧急生活救助", "affected": "受灾", "homes_collapsed": "倒塌房屋 房屋倒塌",
    "direct_loss": "直接经济损失",
}  # fmt: skip


@pytest.mark.parametrize(("type_", "word"), [(type_, word) for type_, words in WORDS.items() for word in words.split()])
def test_a_figure_stands_only_beside_the_harm_it_was_given_for(type_: str, word: str) -> None:
    unit = {"homes_collapsed": "间", "direct_loss": "万元"}.get(type_, "人")
    call = heard(1, "有5，也有7", 20, 14)
    five, seven = said(call, f"impact.{type_}", "有5", 5), said(call, "impact.crops_hectares", "有7", 7)
    dossier = fire(evidence=(call,), statements=(five, seven), impacts=())
    for text in (f"{word}5{unit}。", f"{word}：5{unit}。", f"{word}约5{unit}。"):
        assert told(sentence(text, five.id, seven.id), dossier) == set()
    assert told(sentence(f"{word}7{unit}。", five.id, seven.id), dossier) == {("block", "figure_kind")}
    if unit != "万元":
        assert told(sentence(f"5{unit}{word}。", five.id, seven.id), dossier) == set()
        assert told(sentence(f"7{unit}{word}。", five.id, seven.id), dossier) == {("block", "figure_kind")}


@pytest.mark.parametrize(
    ("type_", "count", "text", "codes"),
    [
        ("affected", 12000, "受灾1.2万人。", set()),
        ("affected", 12000, "受灾12,000人。", set()),
        ("affected", 12000, "受灾1.3万人。", {"figure_kind", "number"}),
        ("affected", 1.2, "受灾1.2万人。", set()),
        ("affected", 12000, "受灾1.2人。", {"figure_kind", "number"}),
        ("direct_loss", 300_000_000, "直接经济损失3亿元。", set()),
        ("direct_loss", 30_000, "直接经济损失3亿元。", {"figure_kind", "number"}),
    ],
)
def test_ten_thousands_are_multiplied_out(type_: str, count: float, text: str, codes: set[str]) -> None:
    call = heard(1, "很多", 20, 14)
    said_so = said(call, f"impact.{type_}", "很多", count)
    dossier = fire(evidence=(call,), statements=(said_so,), impacts=())
    assert {code for _, code in told(sentence(text, said_so.id), dossier)} == codes


def test_one_callers_figure_does_not_stand_for_the_incident_whatever_is_cited() -> None:
    dossier = fire()
    three = next(one for one in dossier.statements if one.quote == "死了3个人")
    two = next(one for one in dossier.statements if one.quote == "死亡2人")
    assert ("block", "not_chosen") in told(sentence("死亡3人。", three.id), dossier)
    assert told(sentence("死亡3人，另称死亡2人。", three.id, two.id), dossier) == set()


@pytest.mark.parametrize("written", ["二", "Ⅱ", "II", "2"])
@pytest.mark.parametrize("given", ["二级", "Ⅱ级", "II级", "2级"])
def test_a_level_is_the_same_however_it_is_written(written: str, given: str) -> None:
    grading = Grading(scheme="response.own", level=given, reasons=(), clause="某预案", reference="虚构", verified=True)
    report = drafted(fire())
    for local, codes in ((True, set()), (False, {("block", "response_level")})):
        own = report.model_copy(update={"gradings": (grading.model_copy(update={"local": local}),)})
        assert levels(f"已启动{written}级应急响应。", own) == codes
    other = report.model_copy(update={"gradings": (grading.model_copy(update={"level": "四级"}),)})
    assert levels(f"已启动{written}级应急响应。", other) == {("block", "response_level")}


@pytest.mark.parametrize(
    ("level", "written"), [("一级", "Ⅰ I 1 一"), ("三级", "Ⅲ III 3 三"), ("四级", "Ⅳ IV 4 四"), ("Ⅳ级", "四"), ("Ⅲ级", "3"), ("I级", "一")]
)
def test_every_level_can_be_written_in_every_way(level: str, written: str) -> None:
    grading = Grading(scheme="response.own", level=level, reasons=(), clause="某预案", reference="虚构", verified=True)
    report = drafted(fire()).model_copy(update={"gradings": (grading,)})
    for one in written.split():
        assert levels(f"已启动{one}级响应。", report) == set()
    assert levels("已启动二级响应。", report) == {("block", "response_level")}


def test_a_grade_is_that_of_the_known_or_of_the_missing_dead_and_no_other() -> None:
    grading = Grading(
        scheme="accident", level="一般事故", if_missing_dead="较大事故", reasons=(), clause="某条例", reference="虚构", verified=True
    )
    report = drafted(fire()).model_copy(update={"gradings": (grading,)})
    for name in ("一般事故", "较大事故", "较大生产安全事故"):
        assert told(sentence(f"初判为{name}。", grading.scheme), fire(), report) == set()
    for name in ("重大事故", "特别重大事故"):
        assert told(sentence(f"初判为{name}。", grading.scheme), fire(), report) == {("block", "grade")}


def test_fixed_wording_is_passed_over_only_while_it_is_that() -> None:
    for text in (RULES_LABEL, MODEL_LABEL, EXERCISE_LINE):
        assert told(sentence(text, kind="fixed"), fire()) == set()
    assert ("block", "number") in told(sentence("死亡9人。", kind="fixed"), fire())
    assert ("block", "citation") in told(sentence(RULES_LABEL), fire())


def test_what_blocks_comes_first_then_warnings_then_news() -> None:
    report = reworded(reworded(drafted(fire()), "course.3", "起火原因为充电。"), "lead.1", "2025年7月18日发生火灾。")
    dossier = fire(evidence=(*fire().evidence, heard(4, "火灭了", 20, 50)))
    severities = [one.severity for one in verify(report, dossier)]
    assert severities == sorted(severities, key=["block", "warn", "info"].index)
    assert set(severities) == {"block", "warn", "info"}


# -- drill and reality


def drill(**more: Any) -> Dossier:
    evidence = tuple(one.model_copy(update={"mode": "exercise"}) for one in fire().evidence)
    return fire(**{"incident": incident(mode="exercise"), "evidence": evidence, **more})


def test_a_drills_report_is_clean_and_says_that_it_is_one() -> None:
    report = drafted(drill())
    assert found(report, drill(), "mode") == []
    bare = report.model_copy(update={"claims": tuple(one for one in report.claims if one.text != EXERCISE_LINE)})
    assert [one.message for one in found(bare, drill(), "mode")] == ["演练报告缺少演练说明句；请恢复首段原文"]
    untitled = report.model_copy(update={"title": report.title.replace("【演练】", "")})
    assert [one.severity for one in found(untitled, drill(), "mode")] == ["block"]


def test_a_message_of_the_other_mode_is_not_cited_unless_it_repeats_one() -> None:
    report, mixed = drafted(fire()), list(fire().evidence)
    mixed[0] = mixed[0].model_copy(update={"mode": "exercise"})
    citing = report.model_copy(update={"claims": (*report.claims, sentence("来电称着火。", "ev-1"))})
    (block,) = found(citing, fire(evidence=tuple(mixed)), "mode")
    assert (block.severity, block.message) == ("block", "引用了1条演练信息；请删去相应语句")
    mixed[0] = mixed[0].model_copy(update={"duplicate_of": "ev-2"})
    assert found(citing, fire(evidence=tuple(mixed)), "mode") == []
    drilled = drafted(drill())
    citing = drilled.model_copy(update={"claims": (*drilled.claims, sentence("来电称着火。", "ev-1"))})
    evidence = (drill().evidence[0].model_copy(update={"mode": "actual"}), *drill().evidence[1:])
    assert "引用了1条实际信息；请删去相应语句" in [one.message for one in found(citing, drill(evidence=evidence), "mode")]


# -- gaps, conflicts, indicators


def test_a_gap_reworded_without_a_source_or_a_mark_warns() -> None:
    report = drafted(fire())
    gap = next(one for one in report.claims if one.kind == "missing")
    assert found(report, fire(), "gap_unmarked") == []
    (warning,) = found(reworded(report, gap.id, "现场情况良好。"), fire(), "gap_unmarked")
    assert (warning.severity, warning.claim) == ("warn", gap.id)


def test_a_hidden_conflict_is_named_at_the_first_sentence_about_it() -> None:
    report = drafted(fire())
    assert found(report, fire(), "conflict_hidden") == []
    about = [one for one in report.claims if "im-dead" in one.citations and one.kind in ("fact", "missing")]
    assert len(about) > 1
    for one in about:
        report = reworded(report, one.id, "死亡：2人（南湖街道办事处20时20分）。")
    (warning,) = found(report, fire(), "conflict_hidden")
    assert (warning.severity, warning.claim) == ("warn", about[0].id)
    assert "（3人）" in warning.message, "the caller's; the rumour's twenty is none to be shown"


def test_indicators_are_checked_of_each_natural_disaster_by_itself_and_named_on_a_day() -> None:
    office = heard(1, "受灾5人，避险转移9人", 19, 41, reliability="B")
    five, nine = said(office, "impact.affected", "受灾5人", 5), said(office, "impact.evacuated", "避险转移9人", 9)
    impacts = (believed("affected", five), believed("evacuated", nine))
    one = flood(evidence=(office,), statements=(five, nine), impacts=impacts)
    told_alone = {issue.message for issue in found(drafted(one), one, "indicator_logic")}
    assert told_alone
    assert all(message.startswith("受灾人口（A01007）5人") for message in told_alone)
    estimated = flood(evidence=(office,), statements=(five, nine), impacts=(impacts[0], believed("evacuated", nine, basis="estimated")))
    assert found(drafted(estimated), estimated, "indicator_logic") == []
    accident = fire(evidence=(office,), statements=(five, nine), impacts=impacts)
    assert found(drafted(accident), accident, "indicator_logic") == []
    other = two_incidents()
    wet = tuple(believed(type_, by, id=f"im-2-{type_}", incident="in-2") for type_, by in (("affected", five), ("evacuated", nine)))
    both = two_incidents(
        impacts=(*other.impacts, *wet), statements=(*other.statements, five, nine), evidence=(*other.evidence[:-1], other.evidence[-1])
    )
    messages = {issue.message for issue in found(daily(both), both, "indicator_logic")}
    assert {message.removeprefix("秦淮区绮云路下穿通道积水：") for message in messages} >= told_alone
    assert all(message.startswith("秦淮区绮云路下穿通道积水：") for message in messages)


def test_a_rumour_may_be_told_as_one_or_left_as_a_gap() -> None:
    dossier = fire()
    rumour = next(one for one in dossier.statements if one.quote == "烧死了20人")
    for claim in (sentence("网传伤亡，未采信。", rumour.id), sentence("伤亡待核。", rumour.id, kind="missing")):
        assert told(claim, dossier) == set()
    assert told(sentence("有伤亡。", rumour.id), dossier) == {("block", "rumour")}


# -- law and names


@pytest.mark.parametrize(
    ("own", "documents", "codes"),
    [
        ({}, {"in_force": date(2026, 7, 18)}, set()),
        ({}, {"in_force": date(2026, 7, 19)}, {"article_not_in_force"}),
        ({}, {"repealed": date(2026, 7, 18)}, {"article_not_in_force"}),
        ({}, {"repealed": date(2026, 7, 19)}, set()),
        ({"in_force": date(2020, 1, 1)}, {"in_force": date(2026, 7, 19)}, set()),
        ({"in_force": date(2026, 7, 19)}, {"in_force": date(2020, 1, 1)}, {"article_not_in_force"}),
        ({"repealed": date(2026, 7, 18)}, {"repealed": date(2027, 1, 1)}, {"article_not_in_force"}),
        ({"repealed": date(2027, 1, 1)}, {"repealed": date(2026, 7, 18)}, set()),
    ],
)
def test_an_articles_own_dates_go_before_those_of_its_document(own: dict[str, date], documents: dict[str, date], codes: set[str]) -> None:
    document = Document.model_validate(
        {"id": "D", "title": "某某办法", "issuer": "国务院", "level": "regulation", "reference": "测试", **documents}
    )
    article = Provision.model_validate(
        {"id": "D-5", "document": "D", "article": "第五条", "text": "应当报告。", "source": "测试", "verified": True, **own}
    )
    dossier = fire(provisions=(article,), documents=(document,))
    assert {code for _, code in told(sentence("按《某某办法》第五条报告。", "D-5", kind="rule"), dossier)} == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("现场在玄武区。", {("block", "place")}),
        ("现场在丹凤大厦。", {("warn", "place")}),
        ("现场在丹凤路。", {("warn", "place")}),
        ("已送协和医院。", {("warn", "body")}),
        ("玄武公安局到场。", {("warn", "body")}),
        ("现场在建邺区南湖街道。", set()),
        ("设警戒区，转移全市群众，道路通畅，送有关医院。", set()),
    ],
)
def test_a_name_nobody_gave_is_found_by_its_kind(text: str, codes: set[tuple[str, str]]) -> None:
    assert told(sentence(text, "in-1"), fire()) == codes


def test_a_statement_that_a_sentence_does_not_rest_on_is_named() -> None:
    (block,) = check_claim(sentence("现场正常。", "st-none", "st-other"), Shelf(drafted(fire()), fire()))
    assert (block.severity, block.code, block.claim) == ("block", "citation", "other.9")
    assert "st-none、st-other" in block.message
    for kind in ("fact", "estimate", "rule"):
        assert ("block", "citation") in told(sentence("现场正常。", kind=kind), fire())
    assert told(sentence("现场待核。", kind="missing"), fire()) == set()

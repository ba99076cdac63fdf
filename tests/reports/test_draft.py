"""What rules write from a dossier: complete, exact, and open about what is not known."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain import Dossier, Report
from models.errors import BadInput, BrokenDefinition, NotFound
from reports.types import ReportType, check, report_type, report_types
from reports.verify import verify
from reports.wording import CAUSE_PENDING, beijing
from tests.reports.invented import at, believed, drafted, fire, flood, heard, incident, said, text_of


def test_an_accident_report_answers_all_six_contents_of_article_12() -> None:
    report = drafted(fire())
    required = [section for section in report_type("accident_initial").sections if section.required]
    assert len(required) == 6
    assert all(text_of(report, section.key) for section in required)


def test_a_disaster_report_gives_or_marks_every_minimum_field() -> None:
    report = drafted(flood())
    assert report.type == "disaster_initial"
    assert "灾害种类：洪涝灾害" in text_of(report, "hazard")
    assert "2026年7月18日19时40分" in text_of(report, "occurred")
    for key in ("affected", "dead_missing", "relocated", "urgent_aid"):
        assert "暂无，待核" in text_of(report, key)


def test_nothing_known_still_makes_a_report() -> None:
    dossier = fire(statements=(), impacts=())
    report = drafted(dossier)
    assert "人员伤亡情况暂无，待核" in text_of(report, "lead")
    assert not [finding for finding in verify(report, dossier) if finding.severity == "block"]


def test_nobody_told_us_is_refused() -> None:
    with pytest.raises(BadInput, match="没有任何信息来源"):
        drafted(fire(evidence=(), statements=(), impacts=()))


def test_conflicting_figures_stand_side_by_side_with_the_rule_that_chose() -> None:
    text = text_of(drafted(fire()), "casualties")
    assert "12345热线称3人（20时14分），南湖街道办事处称2人（20时20分），本报采用2人：南湖街道办事处20时20分的说法" in text


def test_an_unconfirmed_figure_says_so() -> None:
    assert "被困3人（待核）" in text_of(drafted(flood()), "lead")


def test_a_rumour_is_not_repeated() -> None:
    report = drafted(fire())
    assert "20人" not in text_of(report)
    assert "未采信" in text_of(report, "other")


def test_a_figure_only_a_rumour_gives_is_not_there() -> None:
    post = heard(3, "听说烧死了20人", 20, 25, reliability="E")
    twenty = said(post, "impact.dead", "烧死了20人", 20)
    call = heard(1, "晴川苑着火", 20, 14)
    dossier = fire(evidence=(call, post), statements=(twenty, said(post, "rumour", "听说烧死了20人")), impacts=(believed("dead", twenty),))
    assert "死亡：暂无，待核。" in text_of(drafted(dossier), "casualties")


def test_the_cause_stays_open_whatever_is_said() -> None:
    text = text_of(drafted(fire()), "course")
    assert "初步反映：“疑似充电引发”，未经调查认定" in text
    assert CAUSE_PENDING in text


def test_an_estimate_is_labelled_and_never_in_the_lead() -> None:
    call = heard(1, "晴川苑着火", 20, 14)
    vague = said(call, "trigger", "晴川苑着火")
    worked_out = believed("affected", vague, basis="estimated", best=1200, low=800, high=1600, rule="按普查人口推算")
    report = drafted(fire(evidence=(call,), statements=(vague,), impacts=(worked_out,)))
    assert "1200" not in text_of(report, "lead")
    [sentence] = [claim for claim in report.claims if "1200" in claim.text]
    assert sentence.kind == "estimate"
    assert sentence.text.startswith("【估计值，非统计数】")


def test_grade_by_the_dead_and_by_the_missing_stand_side_by_side() -> None:
    office = heard(2, "死亡2人，失联1人", 20, 20, reliability="B")
    dead, lost = said(office, "impact.dead", "死亡2人", 2), said(office, "impact.missing", "失联1人", 1)
    dossier = fire(evidence=(office,), statements=(dead, lost), impacts=(believed("dead", dead, confirmed=True), believed("missing", lost)))
    text = text_of(drafted(dossier), "other")
    assert "按已核死亡人数2人，为一般事故；如失踪（失联）1人全部死亡，为较大事故" in text
    assert "接近等级界线" in text


def test_the_province_is_told_when_the_missing_alone_could_make_it_larger() -> None:
    office = heard(2, "死亡2人，失联1人", 20, 20, reliability="B")
    dead, lost = said(office, "impact.dead", "死亡2人", 2), said(office, "impact.missing", "失联1人", 1)
    small = drafted(fire(evidence=(office,), statements=(dead,), impacts=(believed("dead", dead),)))
    large = drafted(fire(evidence=(office,), statements=(dead, lost), impacts=(believed("dead", dead), believed("missing", lost))))
    assert "江苏省应急管理厅" not in small.recipients
    assert "江苏省应急管理厅" in large.recipients


def test_an_undetermined_event_runs_both_clocks() -> None:
    report = drafted(fire(incident=incident(event_type="undetermined")))
    assert report.type == "accident_initial"
    assert "性质待认定" in report.title
    assert "两类报告时限同时计算" in text_of(report, "other")
    assert {deadline.regime for deadline in report.deadlines} >= {"生产安全事故", "自然灾害"}


def test_no_response_level_of_another_city_is_suggested() -> None:
    report = drafted(flood())
    assert not re.search(r"[一二三四ⅠⅡⅢⅣ]级", text_of(report))
    assert "启动条件未录入" in text_of(report, "other")
    assert all(grading.local for grading in report.gradings)


def test_every_fact_cites_something_in_the_dossier() -> None:
    dossier = fire()
    report = drafted(dossier)
    known = {dossier.incident.id, *(one.id for group in (dossier.evidence, dossier.statements, dossier.impacts) for one in group)}
    assert all(set(claim.citations) <= known and claim.citations for claim in report.claims if claim.kind == "fact")


def test_a_clean_draft_has_nothing_that_blocks() -> None:
    for dossier in (fire(), flood(), fire(incident=incident(event_type="undetermined"))):
        assert [finding for finding in verify(drafted(dossier), dossier) if finding.severity == "block"] == []


def test_the_same_dossier_and_moment_give_the_same_report() -> None:
    assert drafted(fire()).content_digest() == drafted(fire()).content_digest()


def test_an_exercise_is_marked_in_its_title_and_first_sentence() -> None:
    plain = fire()
    evidence = tuple(one.model_copy(update={"mode": "exercise"}) for one in plain.evidence)
    report = drafted(fire(incident=incident(mode="exercise"), evidence=evidence))
    assert report.title.startswith("【演练】关于")
    assert "演练材料" in report.claims[0].text


def test_a_saying_is_printed_once_and_without_greeting_or_number() -> None:
    call = heard(1, "你好，晴川苑3栋楼下冒浓烟，楼道进不去，联系魏＊＊＊＊＊＊＊＊＊＊＊＊＊", 20, 14)
    statements = tuple(said(call, prop, call.text) for prop in ("scene", "trigger", "cause"))
    text = text_of(drafted(fire(evidence=(call,), statements=statements, impacts=())))
    assert text.count("楼道进不去") == 1
    assert "“晴川苑3栋楼下冒浓烟，楼道进不去”" in text


def test_what_a_citizen_asks_for_is_no_measure_taken() -> None:
    call = heard(1, "晴川苑楼下着火，要求安排消防车过来", 20, 14)
    report = drafted(fire(evidence=(call,), statements=(said(call, "measure", call.text),), impacts=()))
    assert text_of(report, "measures") == "已采取措施的具体情况暂无，待核。"


def test_nobody_hurt_is_told_as_what_was_said_not_as_a_finding() -> None:
    call = heard(1, "晴川苑着火，没有人员伤亡", 20, 14)
    none = said(call, "impact.dead", "没有人员伤亡", 0)
    text = text_of(drafted(fire(evidence=(call,), statements=(none,), impacts=(believed("dead", none),))), "lead")
    assert "据反映无死亡人员（待核）" in text


def test_a_time_only_callers_gave_is_marked_unchecked() -> None:
    call = heard(1, "绮云路19点40淹了", 19, 41)
    told = said(call, "occurred_at", "19点40")
    assert "2026年7月18日19时40分（待核），" in text_of(drafted(flood(evidence=(call,), statements=(told,), impacts=())), "lead")


def test_times_are_written_as_24_hour_beijing_time() -> None:
    assert beijing(datetime(2026, 7, 18, 12, 4, tzinfo=UTC)) == "2026年7月18日20时04分"


def test_an_unknown_type_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="accident_initial"):
        report_type("weekly")


def test_a_broken_type_stops_the_start() -> None:
    with pytest.raises(BrokenDefinition, match=r"weekly\.py"):
        check("weekly", object())
    with pytest.raises(BrokenDefinition, match="文件名"):
        check("weekly", report_types()["accident_initial"])


def test_a_required_element_without_its_clause_is_a_broken_type() -> None:
    whole = report_types()["disaster_initial"]
    bare = whole.sections[1].__class__("hazard", "灾害种类", "灾害种类", "", True)
    broken = ReportType(**{**whole.__dict__, "sections": (whole.sections[0], bare)})
    with pytest.raises(BrokenDefinition, match="依据条款"):
        check("disaster_initial", broken)


COUNTS = st.one_of(st.none(), st.integers(0, 400))
WORDS = st.text(alphabet="着火烟人伤了3七十二栋楼0９,，", min_size=1, max_size=14)


@st.composite
def dossiers(draw: st.DrawFn) -> Dossier:
    """Any few messages with any figures and words, chosen or in conflict."""
    evidence = tuple(
        heard(number, draw(WORDS), draw(st.integers(14, 23)), draw(st.integers(0, 59)), reliability=draw(st.sampled_from("ABCDE")))
        for number in range(1, draw(st.integers(2, 4)) + 1)
    )
    statements, impacts = [], []
    for type_ in ("dead", "missing", "injured", "affected", "direct_loss"):
        given_ = [said(one, f"impact.{type_}", f"{type_}{count}", count) for one in evidence if (count := draw(COUNTS)) is not None]
        statements += given_
        if given_:
            others = [
                {"statement": one.id, "value": one.best, "source_title": "12345热线", "at": at(21, 5), "quote": one.quote} for one in given_[1:]
            ]
            impacts.append(believed(type_, given_[0], conflicts=others, basis=draw(st.sampled_from(["reported", "estimated"]))))
    for prop in ("trigger", "scene", "measure", "cause", "unit", "rumour"):
        statements += [said(one, prop, one.text) for one in evidence if draw(st.booleans())]
    event = draw(st.sampled_from(["production_accident", "natural_disaster", "undetermined"]))
    return fire(incident=incident(event_type=event, started_at_assumed=draw(st.booleans())), evidence=evidence, statements=tuple(statements), impacts=tuple(impacts))


@settings(max_examples=60, deadline=None)
@given(dossiers())
def test_no_digits_are_written_that_the_dossier_and_the_rules_do_not_hold(dossier: Dossier) -> None:
    report = drafted(dossier)
    assert _digits(report) <= _held(dossier, report)
    assert [finding for finding in verify(report, dossier) if finding.severity == "block"] == []


def _digits(report: Report) -> set[str]:
    return set(re.findall(r"\d+", report.title + text_of(report)))


def _held(dossier: Dossier, report: Report) -> set[str]:
    """An oracle of its own: digits of values and quotes, parts of times, and of the clauses printed."""
    numbers = {str(int(one.best)) for one in dossier.statements if one.best is not None}
    numbers |= {f"{one.best:.2f}".rstrip("0").rstrip(".") for one in dossier.impacts if one.best is not None}
    moments = [dossier.incident.started_at, dossier.incident.first_evidence_at, *(one.sent_at for one in dossier.evidence if one.sent_at)]
    moments += [conflict.at for impact in dossier.impacts for conflict in impact.conflicts if conflict.at]
    moments += [moment for deadline in report.deadlines for moment in (deadline.due_at,)]
    words = [one.quote for one in dossier.statements] + [one.source_title for one in dossier.evidence] + [dossier.incident.title]
    words += [beijing(moment) for moment in moments]
    words += [one.clause for one in (*report.deadlines, *report.gradings)] + [word for one in report.gradings for word in one.near_boundary]
    words += [clause.article for clause in report_type(report.type).clauses]
    return numbers | {digits for text in words for digits in re.findall(r"\d+", text)}

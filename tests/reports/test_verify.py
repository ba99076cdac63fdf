"""Every figure, time, name and article of a sentence must stand in what it cites, whoever wrote it."""

from __future__ import annotations

from datetime import date

import pytest

from models.domain import Case, Claim, Document, Dossier, Provision, Report
from reports.ground import cite
from reports.verify import verify
from reports.wording import arabic, mentions, numbers
from tests.reports.invented import at, believed, drafted, fire, flood, heard, incident, reworded, said


def codes(report: Report, dossier: Dossier, severity: str = "block") -> set[str]:
    return {finding.code for finding in verify(report, dossier) if finding.severity == severity}


def after(claim: str, text: str) -> set[str]:
    """What blocks the fire's report once that sentence says `text`."""
    return codes(reworded(drafted(fire()), claim, text), fire())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2025年7月18日20时14分接报，南京市建邺区南湖街道晴川苑发生火灾。", "time"),
        ("2026年7月18日21时14分接报，南京市建邺区南湖街道晴川苑发生火灾。", "time"),
        ("二〇二五年七月十八日20时14分接报，南京市建邺区南湖街道晴川苑发生火灾。", "time"),
        ("2026年7月18日20时14分接报，南京市玄武区南湖街道晴川苑发生火灾。", "place"),
        ("2026年7月18日20时14分接报，南京市建邺区南湖街道晴川苑发生火灾，过火面积40平方米。", "number"),
        ("2026年7月18日20时14分接报，晴川苑发生火灾，十二户受影响。", "number"),
        ("2026年7月18日20时14分接报，晴川苑发生火灾，现场有人说“快跑啊大家”。", "quote"),
        ("2026年7月18日20时14分接报，晴川苑发生火灾，依据《消防法》第四十四条处置。", "article"),
        ("2026年7月18日20时14分接报，晴川苑发生火灾，已启动三级应急响应。", "response_level"),
        ("2026年7月18日20时14分接报，晴川苑发生较大事故。", "grade"),
        ("2026年7月18日20时14分接报，晴川苑发生火灾，伤亡待核实后再报。", "delay"),
    ],
)
def test_what_nobody_gave_blocks(text: str, code: str) -> None:
    assert code in after("lead.1", text)


def test_the_untouched_sentence_does_not_block() -> None:
    assert after("lead.1", "2026年7月18日20时14分接报，南京市建邺区南湖街道晴川苑发生火灾，事发时间待核。") == set()


def test_figures_swapped_between_dead_and_injured_block() -> None:
    assert "figure_kind" in after("lead.2", "截至2026年7月18日20时25分，死亡5人、受伤2人。")


def test_another_callers_figure_alone_blocks() -> None:
    assert "not_chosen" in after("casualties.1", "死亡：3人（12345热线20时14分）。") | after(
        "casualties.2", "死亡3人（12345热线20时14分）。"
    )


def test_chinese_numerals_are_checked_as_figures() -> None:
    assert "figure_kind" in after("lead.2", "截至2026年7月18日20时25分，死亡九人、受伤五人。")
    assert after("lead.2", "截至2026年7月18日20时25分，死亡二人、受伤五人。") == set()


def test_a_rumours_figure_cannot_be_cited() -> None:
    dossier = fire()
    rumour = next(one for one in dossier.statements if one.quote == "烧死了20人")
    report = drafted(dossier)
    claim = Claim(id="casualties.9", section="casualties", text="死亡20人。", citations=(rumour.id,), kind="fact")
    assert "rumour" in codes(report.model_copy(update={"claims": (*report.claims, claim)}), dossier)


def test_an_emptied_required_section_blocks() -> None:
    assert "missing_section" in after("unit.1", "")


def test_a_required_element_marked_as_a_gap_does_not_block() -> None:
    assert after("unit.1", "事故发生单位：待核。") == set()


def test_a_fact_without_a_source_blocks() -> None:
    report = drafted(fire())
    bare = report.claims[0].model_copy(update={"citations": ()})
    assert "citation" in codes(report.model_copy(update={"claims": (bare, *report.claims[1:])}), fire())


def test_a_source_of_another_incident_blocks() -> None:
    report = drafted(fire())
    strange = report.claims[0].model_copy(update={"citations": ("st-elsewhere",)})
    assert "citation" in codes(report.model_copy(update={"claims": (strange, *report.claims[1:])}), fire())


def _with_law(**more: object) -> tuple[Report, Dossier]:
    document = Document(id="D", title="某某办法", issuer="国务院", level="regulation", reference="测试")
    provision = Provision.model_validate(
        {"id": "D-5", "document": "D", "article": "第五条", "text": "应当报告。", "source": "测试", "verified": True, **more}
    )
    dossier = fire(provisions=(provision,), documents=(document,))
    report = drafted(dossier)
    claim = Claim(id="other.9", section="other", text="按《某某办法》第五条报告。", citations=("D-5",), kind="rule")
    return report.model_copy(update={"claims": (*report.claims, claim)}), dossier


def test_an_article_in_force_may_be_cited() -> None:
    report, dossier = _with_law(in_force="2020-01-01")
    assert codes(report, dossier) == set()


def test_an_article_repealed_before_the_day_blocks() -> None:
    report, dossier = _with_law(in_force="2020-01-01", repealed="2026-07-18")
    assert "article_not_in_force" in codes(report, dossier)


def test_an_article_nobody_has_seen_blocks() -> None:
    report, dossier = _with_law(verified=False)
    assert "article_unseen" in codes(report, dossier)


def test_an_article_of_the_right_law_with_another_number_blocks() -> None:
    report, dossier = _with_law(in_force="2020-01-01")
    assert "article" in codes(reworded(report, "other.9", "按《某某办法》第六条报告。"), dossier)


def test_the_statistics_system_is_not_law_after_it_expires() -> None:
    late = at(19, 40).replace(year=2027, month=5)
    dossier = flood(incident=flood().incident.model_copy(update={"started_at": late}))
    assert "article_not_in_force" in codes(drafted(dossier), dossier)


def test_an_estimate_written_as_a_count_blocks() -> None:
    call = heard(1, "晴川苑着火", 20, 14)
    vague = said(call, "trigger", "晴川苑着火")
    worked_out = believed("affected", vague, basis="estimated", best=1200, low=800, high=1600, rule="按普查人口推算")
    dossier = fire(evidence=(call,), statements=(vague,), impacts=(worked_out,))
    report = drafted(dossier)
    [sentence] = [claim for claim in report.claims if claim.kind == "estimate"]
    assert codes(report, dossier) == set()
    assert "estimate_unlabelled" in codes(reworded(report, sentence.id, "受灾人口1200人。"), dossier)


def test_drill_and_reality_do_not_mix() -> None:
    report = drafted(fire())
    assert "mode" in codes(report.model_copy(update={"mode": "exercise"}), fire())
    assert "mode" in codes(report, fire(incident=incident(mode="exercise")))


def test_a_conflict_taken_out_warns() -> None:
    assert "conflict_hidden" in codes(reworded(drafted(fire()), "casualties.2", "死亡：2人（南湖街道办事处20时20分）。"), fire(), "warn")


@pytest.mark.parametrize(
    ("text", "code"),
    [("是否封闭道路，请批示。", "request"), ("今早起火，已扑灭。", "relative_time"), ("起火原因**待补充**。", "leftover")],
)
def test_wording_that_does_not_belong_into_a_report_warns_unless_a_caller_said_it(text: str, code: str) -> None:
    assert code in codes(reworded(drafted(fire()), "course.3", text), fire(), "warn")
    call = heard(1, text, 20, 14)
    dossier = fire(evidence=(call, *fire().evidence[1:]))
    claim = Claim(id="other.9", section="other", text=f"来电称“{text}”", citations=(call.id,), kind="fact")
    report = drafted(fire())
    quoted = report.model_copy(update={"claims": (*report.claims, claim)})
    assert not [one for one in verify(quoted, dossier) if one.claim == claim.id]


def test_a_statement_whose_message_is_not_at_hand_gives_its_figure_and_no_time() -> None:
    whole = fire()
    dossier = fire(evidence=tuple(one for one in whole.evidence if one.id != "ev-2"))
    five = next(one for one in whole.statements if one.quote == "受伤5人")
    report = drafted(whole)

    def said_so(text: str) -> set[str]:
        claim = Claim(id="other.9", section="other", text=text, citations=(five.id,), kind="fact")
        return codes(report.model_copy(update={"claims": (claim,)}), dossier) & {"number", "figure_kind", "time"}

    assert said_so("受伤5人。") == set()
    assert said_so("2026年7月18日20时20分，受伤5人。") == {"time"}


def test_a_past_case_is_told_in_its_own_words_and_on_its_own_day() -> None:
    case = Case(
        id="case-1", name="某市“5·12”自建房火灾", date=date(2021, 5, 12), place="晴州市柳河区", hazard="fire", type="火灾", deaths=4, missing=None,
        injured=None, direct_loss_wan_yuan=None, grade="较大事故", cause="3辆电动自行车在楼道内充电", lessons=("楼道内不得停放电动自行车",),
        reference="虚构", verified=True,
    )  # fmt: skip
    dossier = fire(cases=(case,))
    report = drafted(dossier)

    def told(text: str) -> set[str]:
        claim = Claim(id="other.9", section="other", text=text, citations=(case.id,), kind="fact")
        return codes(report.model_copy(update={"claims": (*report.claims, claim)}), dossier)

    assert told("2021年5月12日晴州市柳河区火灾，原因是3辆电动自行车在楼道内充电，楼道内不得停放电动自行车。") == set()
    assert told("2021年5月13日晴州市柳河区火灾。") == {"time"}
    assert told("2021年5月12日晴州市柳河区火灾，9辆电动自行车在楼道内充电。") == {"number"}


def test_a_cause_written_as_found_warns() -> None:
    assert "cause_fixed" in codes(reworded(drafted(fire()), "course.3", "起火原因为充电。"), fire(), "warn")


def test_a_grade_boundary_warns() -> None:
    assert "near_boundary" in codes(drafted(fire()), fire(), "warn")


def test_indicators_that_contradict_each_other_warn() -> None:
    office = heard(1, "受灾5人，紧急转移安置9人", 19, 41, reliability="B")
    five, nine = said(office, "impact.affected", "受灾5人", 5), said(office, "impact.relocated", "紧急转移安置9人", 9)
    dossier = flood(evidence=(office,), statements=(five, nine), impacts=(believed("affected", five), believed("relocated", nine)))
    assert "indicator_logic" in codes(drafted(dossier), dossier, "warn")


def test_news_after_the_draft_informs_and_does_not_block() -> None:
    report = drafted(fire())
    later = fire(evidence=(*fire().evidence, heard(4, "火灭了", 20, 50)))
    assert "newer" in codes(report, later, "info")
    assert codes(report, later) == set()


def test_a_persons_sentence_is_cited_from_the_dossier() -> None:
    dossier = fire()
    dead = next(one for one in dossier.impacts if one.type == "dead")
    assert dead.id in cite("经核，死亡2人。", dossier)
    assert cite("情况稳定。", dossier) == ()


def test_times_and_figures_are_told_apart() -> None:
    text = arabic("20时14分接报，30日内补报，二小时内报告，３人受伤，第十二条")
    assert [(mention.hour, mention.minute) for mention in mentions(text)] == [(20, 14)]
    assert {number.plain for number in numbers(text)} == {20, 14, 30, 2, 3}

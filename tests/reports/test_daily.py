"""值班日报: every incident of the day in its own paragraph, nothing added up, drills apart, and a figure of one incident is no ground for another."""

from __future__ import annotations

from typing import Any

import pytest

from graph.knowledge import Knowledge
from models.domain import Dossier, Person, Report
from models.errors import BadInput, NotFound
from reports.draft import draft
from reports.ground import cite
from reports.render import render
from reports.signoff import submit, write_draft
from reports.subject import day_id, dossier_of, part, stand_in
from reports.types.daily import SECTIONS
from reports.verify import verify
from tests.reports.invented import SETTINGS, at, believed, fire, flood, heard, reworded, said, take_in, text_of
from tests.signing import sign

DAY = "day-2026-07-18"


def two_incidents(**more: Any) -> Dossier:
    """The fire with two dead (a caller says three) and the flood with three trapped, on one day, and a warning."""
    burning, wet = fire(), flood()
    other = wet.incident.model_copy(update={"id": "in-2"})
    call = wet.evidence[0].model_copy(update={"id": "ev-9", "incident": "in-2"})
    three = said(call, "impact.trapped", "3个人困在车里", 3)
    drowned = said(call, "impact.dead", "1个人没了", 1)
    warning = heard(7, "市气象台发布暴雨红色预警", 18, 30, title="预警信息", reliability="A", source_kind="warning")
    known = {
        "incident": stand_in(DAY, SETTINGS),
        "incidents": (burning.incident, other),
        "evidence": (warning, *(item.model_copy(update={"incident": "in-1"}) for item in burning.evidence), call),
        "statements": (*burning.statements, three, drowned),
        "impacts": (
            *burning.impacts,
            believed("trapped", three, id="im-2-trapped", incident="in-2"),
            believed("dead", drowned, id="im-2-dead", incident="in-2"),
        ),
        "waiting": 4,
    }
    return Dossier.model_validate({**known, **more})


def daily(dossier: Dossier, hour: int = 23) -> Report:
    return draft(dossier, by="duty1", at=at(hour, 0), settings=SETTINGS)


def blocks(report: Report, dossier: Dossier) -> set[str]:
    return {finding.code for finding in verify(report, dossier) if finding.severity == "block"}


def paragraph(report: Report, words: str) -> Any:
    return next(claim for claim in report.claims if claim.section == "incidents" and words in claim.text)


def test_the_day_is_whole_and_clean() -> None:
    dossier = two_incidents()
    report = daily(dossier)
    assert report.stage == "日报"
    assert report.title == "关于2026年7月18日值班情况的日报"
    assert {claim.section for claim in report.claims} >= {section.key for section in SECTIONS if section.required}
    assert "2起：" in text_of(report, "overview")
    assert "火灾1起" in text_of(report, "overview")
    assert "有4条信息等待人工处置" in text_of(report, "waiting")
    assert "“市气象台发布暴雨红色预警”" in text_of(report, "warnings")
    assert verify(report, dossier) == []


def test_each_incident_has_its_own_figures_and_none_are_added_up() -> None:
    report = daily(two_incidents())
    assert "死亡2人（12345热线另称3人）" in paragraph(report, "晴川苑").text
    assert "20" not in paragraph(report, "晴川苑").text.replace("2026", "").replace("20时", ""), "the rumour's figure"
    assert "死亡1人（待核）、被困3人（待核）" in paragraph(report, "绮云路").text
    assert "死亡3人、" not in text_of(report)
    assert "没有相加" in text_of(report, "overview")


def test_another_incidents_figure_is_no_ground() -> None:
    dossier = two_incidents()
    report = daily(dossier)
    wet = paragraph(report, "绮云路")
    assert blocks(reworded(report, wet.id, wet.text.replace("死亡1人", "死亡2人")), dossier) >= {"figure_kind"}
    assert blocks(reworded(report, wet.id, wet.text.replace("秦淮区", "建邺区")), dossier) == {"place"}
    assert "im-dead" not in cite("绮云路死亡2人", dossier, wet.citations)
    assert "im-dead" in cite("晴川苑死亡2人", dossier, paragraph(report, "晴川苑").citations)


def test_a_believed_figure_that_is_swapped_for_another_callers_blocks() -> None:
    dossier = two_incidents()
    report = daily(dossier)
    burning = paragraph(report, "晴川苑")
    changed = burning.text.replace("死亡2人（12345热线另称3人）", "死亡3人")
    assert "not_chosen" in blocks(reworded(report, burning.id, changed), dossier)


@pytest.mark.parametrize(("old", "new"), [("事件2起", "事件3起"), ("火灾1起", "火灾4起")])
def test_a_count_of_incidents_that_is_wrong_blocks(old: str, new: str) -> None:
    dossier = two_incidents()
    report = daily(dossier)
    claim = next(claim for claim in report.claims if old in claim.text)
    assert "number" in blocks(reworded(report, claim.id, claim.text.replace(old, new)), dossier)


def test_the_queue_may_move_on_without_blocking_what_was_counted() -> None:
    report = daily(two_incidents())
    assert blocks(report, two_incidents(waiting=1)) == set()
    touched = next(claim for claim in report.claims if claim.section == "waiting")
    claims = tuple(
        claim.model_copy(update={"text": claim.text.replace("4条", "5条"), "machine_text": claim.text}) if claim is touched else claim
        for claim in report.claims
    )
    assert "number" in blocks(report.model_copy(update={"claims": claims}), two_incidents())


def test_the_next_duty_of_each_incident_is_kept_under_its_own_id() -> None:
    report = daily(two_incidents())
    assert len(report.deadlines) == 2
    assert len({due.id for due in report.deadlines}) == 2
    assert "已过时限" in paragraph(report, "绮云路").text


def test_a_quiet_day_is_reported_as_quiet_and_gaps_are_marked() -> None:
    dossier = Dossier(incident=stand_in(DAY, SETTINGS))
    report = daily(dossier)
    assert "没有在处置的突发事件" in text_of(report, "overview")
    assert "值班交接事项：暂无，待核" in text_of(report, "handover")
    assert verify(report, dossier) == []


def test_a_day_and_an_incident_are_not_confused() -> None:
    with pytest.raises(BadInput, match="日报以一天为对象"):
        draft(fire(), report_type="daily", by="duty1", at=at(23, 0), settings=SETTINGS)
    with pytest.raises(BadInput, match="日报以一天为对象"):
        draft(two_incidents(), report_type="followup", by="duty1", at=at(23, 0), settings=SETTINGS)
    for wrong in ("day-2026-13-01", "day-", "day-2026-07-18-real"):
        with pytest.raises(BadInput, match="不是值班日的编号"):
            stand_in(wrong, SETTINGS)


def test_the_logic_of_the_indicators_is_checked_incident_by_incident() -> None:
    dossier = two_incidents()
    wet = dossier.incidents[1]
    lost = said(dossier.evidence[-1], "impact.affected", "影响0人", 0)
    impacts = (*dossier.impacts, believed("affected", lost, id="im-2-affected", incident="in-2"))
    findings = verify(daily(dossier), dossier.model_copy(update={"impacts": impacts, "statements": (*dossier.statements, lost)}))
    logic = [finding.message for finding in findings if finding.code == "indicator_logic"]
    assert logic
    assert all(message.startswith(wet.title) for message in logic)


def test_the_graph_gives_the_day_with_drills_apart(knowledge: Knowledge, people: dict[str, Person], tmp_path: Any) -> None:
    take_in(knowledge, fire())
    drill = flood()
    drill = drill.model_copy(
        update={
            "incident": drill.incident.model_copy(update={"id": "in-drill", "mode": "exercise"}),
            "evidence": tuple(item.model_copy(update={"mode": "exercise", "text": "【演练】" + item.text}) for item in drill.evidence),
            "impacts": tuple(item.model_copy(update={"id": "im-drill", "incident": "in-drill"}) for item in drill.impacts),
        }
    )
    take_in(knowledge, drill)
    found = dossier_of(knowledge, DAY)
    assert [one.id for one in found.incidents] == ["in-1"]
    assert len(found.evidence) == 3
    assert part(found, found.incidents[0]).impacts == found.impacts
    assert [one.id for one in dossier_of(knowledge, day_id(at(1, 0).date(), "exercise")).incidents] == ["in-drill"]
    assert dossier_of(knowledge, "day-2026-07-17").incidents == (), "first heard of the day after"
    state = write_draft(knowledge, DAY, people["duty"])
    digest = state.report.content_digest()
    submit(knowledge, state.report.id, version=1, digest=digest, by=people["duty"])
    assert sign(knowledge, state.report.id, version=1, digest=digest, by=people["signer"]).status == "signed"
    assert render(knowledge, state.report.id, tmp_path / "day.docx", people["signer"]).read_bytes().startswith(b"PK")
    again = dossier_of(knowledge, DAY)
    assert [one.report.stage for one in again.reports] == ["日报"]
    with pytest.raises(NotFound):
        dossier_of(knowledge, "in-none")

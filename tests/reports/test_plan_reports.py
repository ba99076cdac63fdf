"""启动响应建议 and 工作通知: levels and tasks only from this city's own plan, each with its article; without one, nothing is suggested."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.knowledge import Knowledge
from models.domain import Dossier, Person, Report
from models.errors import NotAllowed
from reports.draft import draft
from reports.plans import compared, plans_of
from reports.signoff import submit, write_draft
from reports.subject import dossier_of
from reports.types import types_for
from reports.verify import verify
from tests.reports.invented import SETTINGS, at, fire, flood, reworded, take_in, text_of
from tests.reports.invented_plan import PLAN, shelve
from tests.signing import sign


def made(dossier: Dossier, kind: str) -> Report:
    return draft(dossier, report_type=kind, by="duty1", at=at(20, 30), settings=SETTINGS)


def blocks(report: Report, dossier: Dossier) -> set[str]:
    return {finding.code for finding in verify(report, dossier) if finding.severity == "block"}


@pytest.fixture
def planned(knowledge: Knowledge, tmp_path: Path) -> Dossier:
    """The fire with two dead, in a city whose invented plan is in the library."""
    shelve(knowledge, tmp_path)
    take_in(knowledge, fire())
    return dossier_of(knowledge, "in-1")


@pytest.mark.parametrize("dossier", [fire(), flood()], ids=["fire", "flood"])
def test_without_a_plan_of_this_city_no_level_and_a_list_of_what_to_look_up(dossier: Dossier) -> None:
    report = made(dossier, "response_advice")
    assert report.stage == "建议"
    assert not [item for item in report.gradings if item.level]
    assert "南京市的响应启动条件未录入系统" in text_of(report, "conditions")
    assert "不提出响应级别" in text_of(report, "advice")
    assert len([claim for claim in report.claims if claim.section == "check"]) >= 4
    assert not any(level in text_of(report) for level in ("一级", "二级", "三级", "四级"))
    assert blocks(report, dossier) == set()


def test_without_a_plan_the_notice_leaves_the_tasks_to_a_person() -> None:
    report = made(fire(), "work_notice")
    assert report.title.startswith("关于做好") and report.title.endswith("的通知")  # noqa: PT018 (one thing: the title's form)
    assert "各部门任务待核" in text_of(report, "tasks")
    assert report.recipients == ("各有关部门和单位",)
    assert blocks(report, fire()) == set()


def test_the_level_comes_from_the_citys_plan_by_arithmetic_with_its_article(planned: Dossier) -> None:
    report = made(planned, "response_advice")
    advice = text_of(report, "advice")
    assert "建议研判启动四级响应" in advice
    assert "市消防安全委员会办公室主任（《南京市测试用火灾应急预案（虚构）》4.2.2）" in advice
    assert "死亡2人，条件为“死亡2人以上、10人以下”（《南京市测试用火灾应急预案（虚构）》4.2.1）" in text_of(report, "conditions")
    assert [item.level for item in report.gradings if item.scheme.startswith("plan.")] == ["四级"]
    assert verify(report, planned) == []


@pytest.mark.parametrize("level", ["一级", "Ⅲ级", "3级"])
def test_another_level_than_the_arithmetic_gives_cannot_be_signed(planned: Dossier, level: str) -> None:
    report = made(planned, "response_advice")
    claim = next(claim for claim in report.claims if "建议研判启动四级响应" in claim.text)
    assert "response_level" in blocks(reworded(report, claim.id, claim.text.replace("四级", level)), planned)


def test_tasks_are_the_plans_words_department_by_department_with_their_time_and_article(planned: Dossier) -> None:
    report = made(planned, "work_notice")
    tasks = [claim.text for claim in report.claims if claim.section == "tasks"]
    assert "市消防救援支队：负责灭火和搜救，30分钟内报告现场情况（《南京市测试用火灾应急预案（虚构）》4.2.3）。" in tasks
    assert any(text.startswith("市卫生健康委员会：组织伤员救治，1小时内") for text in tasks)
    assert report.recipients == ("市消防救援支队", "市卫生健康委员会"), "the bureau does not order itself about"
    assert blocks(report, planned) == set()


def test_a_task_with_another_time_than_the_plans_blocks(planned: Dossier) -> None:
    report = made(planned, "work_notice")
    claim = next(claim for claim in report.claims if "30分钟" in claim.text)
    assert "number" in blocks(reworded(report, claim.id, claim.text.replace("30分钟", "10分钟")), planned)


def test_another_places_plan_another_hazards_and_one_out_of_force_say_nothing(knowledge: Knowledge, tmp_path: Path) -> None:
    shelve(knowledge, tmp_path, text=PLAN.replace("南京市", "苏州市"), name="苏州市测试用火灾应急预案.md")
    shelve(knowledge, tmp_path, text=PLAN.replace("火灾", "地震"), name="南京市测试用地震应急预案.md")
    shelve(knowledge, tmp_path, text=PLAN.replace("测试用", "将来的").replace("2024年", "2030年"), name="南京市将来的火灾应急预案.md")
    take_in(knowledge, fire())
    dossier = dossier_of(knowledge, "in-1")
    assert dossier.facts == ()
    assert "未录入系统" in text_of(made(dossier, "response_advice"), "conditions")


def test_facts_come_with_their_articles_and_unread_conditions_are_kept(planned: Dossier) -> None:
    (plan,) = plans_of(planned)
    assert {fact.provision for fact in planned.facts} <= {provision.id for provision in planned.provisions}
    assert compared(plan, {"dead": 10.0}).level == "一级"
    assert compared(plan, {"dead": 1.0}).level is None


def test_a_level_leaves_only_as_a_report_that_two_people_signed(planned: Dossier, knowledge: Knowledge, people: dict[str, Person]) -> None:
    state = write_draft(knowledge, "in-1", people["duty"], report_type="response_advice")
    digest = state.report.content_digest()
    submit(knowledge, state.report.id, version=1, digest=digest, by=people["duty"])
    with pytest.raises(NotAllowed):
        sign(knowledge, state.report.id, version=1, digest=digest, by=people["duty"])
    assert sign(knowledge, state.report.id, version=1, digest=digest, by=people["signer"]).status == "signed"
    assert [kind.name for kind in types_for(planned.incident, dossier_of(knowledge, "in-1").reports)] == [
        "accident_initial", "response_advice", "work_notice",
    ], "advice that went out is no initial report"  # fmt: skip

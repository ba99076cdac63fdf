"""Facts are taken out only where the wording is plain, and quote the words they come from."""

from __future__ import annotations

import pytest

from graph.articles import parse
from graph.facts import facts
from graph.texts import read
from models.domain import Fact, digest
from tests.graph.shelf_files import LAW, PLAN, paragraph, table, word


def told(text: str | bytes = LAW, name: str = "法.md") -> list[Fact]:
    document, provisions = parse(read(text.encode() if isinstance(text, str) else text, name), "2" * 64)
    return list(facts(document, provisions))


def of(kind: str, text: str | bytes = LAW, name: str = "法.md") -> list[Fact]:
    return [f for f in told(text, name) if f.kind == kind]


def one_article(words: str) -> str:
    return f"# 灯塔法\n\n<!-- INFO END -->\n\n第一条　{words}\n\n第二条　完。"


@pytest.mark.parametrize(("text", "name"), [(LAW, "法.md"), (PLAN, "云湖市雪灾应急预案.md")])
def test_every_fact_quotes_its_article_word_for_word(text: str, name: str) -> None:
    document, provisions = parse(read(text.encode(), name), "2" * 64)
    words = {p.id: p.text for p in provisions}
    found = facts(document, provisions)
    assert len(found) > 3
    for fact in found:
        assert words[fact.provision][fact.start : fact.end] == fact.quote


def test_facts_are_the_same_every_time() -> None:
    assert digest(told()) == digest(told())


def test_a_term_is_defined() -> None:
    assert [(f.subject, f.text) for f in of("term")] == [("灯塔", "设在海岸上指引航船的发光设施")]


@pytest.mark.parametrize(
    ("words", "who", "recipient", "number", "unit"),
    [
        ("值守人员发现熄灭的，应当立即向值守单位报告。", "值守人员", "值守单位", 0, "立即"),
        ("值守单位接到报告后，应当于1小时内向县级人民政府海事部门报告。", "值守单位", "县级人民政府海事部门", 1, "小时"),
        ("任何单位和个人不得遮挡灯光。", "任何单位和个人", "", None, ""),
        ("灯塔熄灭后，值守单位应当在三个工作日内修复。", "值守单位", "", 3, "工作日"),
    ],
)
def test_who_must_do_what_by_when_to_whom(words: str, who: str, recipient: str, number: float | None, unit: str) -> None:
    duty = of("duty", one_article(words))[0]
    assert (duty.subject, duty.recipient, duty.number, duty.unit) == (who, recipient, number, unit)


@pytest.mark.parametrize("words", ["灯光应当明亮。", "有下列情形之一的，应当熄灯。", "对违反规定的，应当从重。", "建设灯塔应当节约。"])
def test_a_sentence_without_an_actor_gives_no_duty(words: str) -> None:
    assert of("duty", one_article(words)) == []


def test_a_fine_is_not_a_threshold() -> None:
    assert [(f.number, f.unit) for f in of("penalty")] == [(50000, "元")]
    assert of("threshold") == []


def test_a_threshold_has_its_number_and_what_is_counted() -> None:
    found = of("threshold", one_article("重大事故，是指造成死亡10人以上，或者直接经济损失5000万元以上的事故。"))
    assert [(f.subject, f.number, f.unit) for f in found] == [("死亡", 10, "人"), ("直接经济损失", 5000, "万元")]


def test_the_levels_of_a_plan_have_triggers_and_someone_who_starts_them() -> None:
    name = "云湖市雪灾应急预案.md"
    assert [(f.subject, f.number, f.unit) for f in of("trigger", PLAN, name)] == [("一级响应", 30, "人"), ("一级响应", 95.5, "%")]
    assert [(f.subject, f.text) for f in of("starts_level", PLAN, name)] == [("一级响应", "市长")]


def test_a_plan_tells_what_each_department_does() -> None:
    assert [f.subject for f in of("action", PLAN, "云湖市雪灾应急预案.md")] == ["市应急管理局", "市交通运输局"]


def test_a_case_tells_its_losses() -> None:
    data = word(paragraph("案例一：灯塔倒塌") + table(("影响", "造成死亡2人，直接经济损失约1.5亿元"), ("挑战", "夜间无光，救援困难")))
    assert [(f.subject, f.number, f.unit) for f in of("loss", data, "案例.docx")] == [("死亡", 2, "人"), ("直接经济损失", 1.5, "亿元")]
    assert len(of("lesson", data, "案例.docx")) == 1


def test_a_report_names_the_provision_that_was_breached() -> None:
    report = "# 灯塔倒塌事故调查报告\n\n# 一、经过\n\n值守单位无人在岗，违反《灯塔法》第三条规定。"
    assert [f.subject for f in of("breach", report, "灯塔倒塌事故调查报告.md")] == ["《灯塔法》第三条规定"]

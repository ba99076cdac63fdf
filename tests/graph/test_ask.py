from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from graph.ask import ask
from graph.facts import facts
from graph.library import starter
from graph.search import Index
from tests.graph.invented_library import document, library


@pytest.fixture
def index(tmp_path: Path) -> Index:
    made = Index(tmp_path)
    made.update(*library())
    return made


def test_every_quotation_stands_in_the_provision_it_names(index: Index) -> None:
    texts = {provision.id: provision.text for provision in library()[1]}
    answer = ask(index, "港口发生事故后多久要向市港务局报告")
    assert not answer.refused
    assert answer.citations
    assert all(citation.quote in texts[citation.id] for citation in answer.citations)


def test_a_question_about_time_is_answered_by_the_sentence_with_the_time(index: Index) -> None:
    assert "三十分钟内" in ask(index, "港口发生事故后多久要向市港务局报告").citations[0].quote


def test_every_line_of_the_answer_names_its_article(index: Index) -> None:
    answer = ask(index, "港口迟报事故罚款多少")
    assert all(line.startswith("《海滨市港口事故管理办法》第") for line in answer.answer.splitlines() if "港务局" in line)
    assert "第三条" in answer.answer


@pytest.mark.parametrize("question", ["怎样烤面包", "怎么学会下围棋", "推荐一部电影", "how to cook rice", "", "   ", "？？？"])
def test_what_is_not_ours_is_refused_with_a_reason(index: Index, question: str) -> None:
    answer = ask(index, question)
    assert answer.refused
    assert answer.reason
    assert answer.answer == ""
    assert answer.citations == ()


def test_a_law_that_is_not_in_the_library_is_refused_by_name(index: Index) -> None:
    answer = ask(index, "《月球港口法》对事故报告有什么规定")
    assert answer.refused
    assert "月球港口法" in answer.reason


def test_a_subject_the_library_does_not_hold_is_refused(index: Index) -> None:
    assert ask(index, "遗嘱继承的顺序如何确定").refused


def test_the_answer_of_today_never_quotes_the_superseded_version(index: Index) -> None:
    answer = ask(index, "蓝河水位达到多少米时组织居民转移")
    assert {citation.id for citation in answer.citations} == {"flood-new-1"}


def test_the_answer_as_of_an_old_date_quotes_the_old_version(index: Index) -> None:
    answer = ask(index, "蓝河水位达到多少米时组织居民转移", date(2010, 1, 1))
    assert {citation.id for citation in answer.citations} == {"flood-old-1"}
    assert "2010-01-01" in answer.reason


def test_nothing_is_answered_from_an_empty_library(tmp_path: Path) -> None:
    assert ask(Index(tmp_path / "empty"), "事故多久上报").refused


def test_a_named_article_is_quoted_itself(index: Index) -> None:
    assert ask(index, "工钱支付法第二条").citations[0].id == "wages-2"


def test_an_article_that_does_not_exist_is_refused_by_name(index: Index) -> None:
    answer = ask(index, "工钱支付法第九十九条怎么规定劳动报酬")
    assert answer.refused
    assert "第九十九条" in answer.reason


def test_every_part_of_a_question_is_answered(tmp_path: Path) -> None:
    made, provisions = document(
        "tower",
        "灯塔管理办法",
        [
            ("第一条", "", "灯塔熄灭的，值守员应当报告，报告时间不得迟于熄灭后三十分钟内。"),
            ("第二条", "", "灯塔熄灭的，值守员应当向海滨市航务局报告。"),
            ("第三条", "", "灯塔熄灭的，船只应当停航。"),
        ],
    )
    index = Index(tmp_path)
    index.update([made], provisions, facts=facts(made, provisions))
    quoted = {citation.article for citation in ask(index, "灯塔熄灭后多久要报告，向谁报？").citations}
    assert {"第一条", "第二条"} <= quoted


def test_what_nobody_has_seen_is_never_quoted(tmp_path: Path) -> None:
    made, provisions = document("dam", "水坝安全规定", [("第一条", "", "水坝事故应当在一小时内报告。")])
    index = Index(tmp_path)
    index.update([made], [provisions[0].model_copy(update={"verified": False})])
    assert ask(index, "水坝事故应当在多久报告").citations == ()


def test_our_advice_is_not_quoted_as_the_article_and_a_summary_is_marked(tmp_path: Path) -> None:
    made, provisions = document(
        "dam", "水坝安全规定", [("第一条", "", "水坝事故应当在一小时内报告。〔提示〕水坝事故报告请打值班电话。")], own_words=True
    )
    index = Index(tmp_path)
    index.update([made], provisions)
    answer = ask(index, "水坝事故多久报告")
    assert answer.citations[0].own_words
    assert "非原文" in answer.answer
    assert "值班电话" not in answer.answer


OUTSIDE = yaml.safe_load((Path(__file__).parent / "outside.yml").read_text("utf-8"))


@pytest.mark.parametrize("question", [question for questions in OUTSIDE.values() for question in questions])
def test_questions_no_library_of_law_answers_are_refused_by_the_library_that_ships(shipped: Index, question: str) -> None:
    assert ask(shipped, question).refused


@pytest.mark.parametrize(
    "question",
    [
        "事故发生后多久必须上报，向谁报？",
        "瞒报事故罚多少",
        "突发事件分为几级",
        "谁负责统一领导突发事件应对",
        "自然灾害救助四级响应什么条件启动",
        "一般事故怎么划分",
        "受灾人员的临时救助由谁负责",
        "汛期由谁指挥",
        "个人信息泄露了怎么处理",
        "燃气泄漏事故怎么报告",
    ],
)
def test_questions_of_the_desk_are_answered_by_the_library_that_ships(shipped: Index, question: str) -> None:
    assert ask(shipped, question).citations


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Index:
    made, library = Index(tmp_path_factory.mktemp("shipped")), starter()
    made.update(library.documents, library.provisions)
    return made


def test_another_places_rule_is_told_as_such_and_never_quoted_for_a_place_named(tmp_path: Path) -> None:
    made, provisions = document(
        "plan", "苏州市雪灾应急预案", [("5.2", "", "雪灾二级响应由分管副市长决定启动。")], region="苏州市", level="plan"
    )
    index = Index(tmp_path, home="南京市")
    index.update([made], provisions, facts=facts(made, provisions))
    answer = ask(index, "雪灾二级响应由谁启动")
    assert answer.citations
    assert "《苏州市雪灾应急预案》是其他地区的规定" in answer.reason
    assert ask(index, "南京市雪灾二级响应由谁启动").refused

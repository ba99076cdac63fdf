from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from graph.ask import ask
from graph.search import Index
from tests.graph.invented_library import library


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

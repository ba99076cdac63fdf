"""A text becomes articles that can be cited by their usual names, and a document that knows its dates."""

from __future__ import annotations

from datetime import date

import pytest

from graph.articles import parse
from graph.metadata import lineage
from graph.numerals import amount, chinese, number
from graph.texts import read
from models.domain import Document, Provision
from tests.graph.shelf_files import LAW, OLD_LAW, PLAN, paragraph, table, word


def parsed(text: str | bytes, name: str = "法.md") -> tuple[Document, dict[str, Provision]]:
    data = text.encode() if isinstance(text, str) else text
    document, provisions = parse(read(data, name), "0" * 64)
    return document, {p.article: p for p in provisions}


def test_every_article_is_found_and_nothing_else_is_one() -> None:
    _, articles = parsed(LAW)
    assert list(articles) == ["第一条", "第二条", "第三条", "第三条之一", "第四条", "第五条", "第六条", "附表"]


def test_an_article_number_in_running_text_at_the_start_of_a_line_stays_in_its_article() -> None:
    _, articles = parsed(LAW)
    assert "第十二条" not in articles
    assert "第十二条的规定" in articles["第五条"].text


def test_paragraphs_and_items_have_their_usual_cites_and_places() -> None:
    third = parsed(LAW)[1]["第三条"]
    cites = {part.cite: part for part in third.parts}
    assert list(cites) == ["第三条第一款", "第三条第一款第（一）项", "第三条第一款第（二）项", "第三条第一款第（三）项", "第三条第二款"]
    for part in third.parts:
        assert third.text[part.start : part.end] == part.text
    assert "每夜检查" in cites["第三条第一款"].text


def test_an_article_stands_under_its_chapter() -> None:
    articles = parsed(LAW)[1]
    assert articles["第四条"].heading == "第三章 法律责任"


def test_articles_may_lack_numbers_or_come_in_any_order_when_their_numbers_stand_apart() -> None:
    _, articles = parsed("# 灯塔办法\n\n<!-- INFO END -->\n\n第九条　甲。\n\n第二条　乙。\n\n第一百零一条　丙。")
    assert list(articles) == ["第九条", "第二条", "第一百零一条"]


def test_text_without_spaces_after_the_number_counts_on() -> None:
    body = "灯塔管理办法\n（2020年5月1日云湖市人民政府公布）\n第一条为了安全，制定本办法。\n第二条违反本办法\n第一条规定的，改正。\n第三条自公布之日起施行。"
    document, articles = parsed(body, "灯塔管理办法.txt")
    assert list(articles) == ["第一条", "第二条", "第三条"]
    assert document.in_force == date(2020, 5, 1)


def test_history_and_closing_article_give_the_dates() -> None:
    document, _ = parsed(LAW)
    assert (document.version_date, document.in_force) == (date(2022, 5, 6), date(2022, 9, 1))
    assert document.issuer == "全国人民代表大会常务委员会"
    assert (document.level, document.region) == ("law", "中国")


def test_an_amendment_later_than_the_closing_article_counts_with_a_note() -> None:
    amended = OLD_LAW.replace("<!-- INFO END", "2015年7月1日 第十二届全国人民代表大会常务委员会第十五次会议修正\n\n<!-- INFO END")
    document, _ = parsed(amended)
    assert document.in_force == date(2015, 7, 1)
    assert "2010-06-01" in document.note


def test_versions_of_one_law_share_a_lineage_and_not_an_id() -> None:
    new, old = parsed(LAW)[0], parsed(OLD_LAW)[0]
    assert new.lineage == old.lineage == "灯塔安全法"
    assert new.id != old.id


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("中华人民共和国灯塔法", "灯塔法（2022年修订）", True),
        ("云湖省实施《中华人民共和国灯塔法》办法", "云湖省实施〈灯塔法〉办法", True),
        ("灯塔法", "灯塔法实施条例", False),
        ("灯塔管理暂行办法", "灯塔管理办法", False),
    ],
)
def test_lineage_drops_versions_and_nothing_more(one: str, other: str, equal: bool) -> None:
    assert (lineage(one) == lineage(other)) is equal


def test_a_title_that_is_also_a_countys_name_is_not_its_region() -> None:
    document, _ = parsed(LAW.replace("灯塔安全法", "资源灯塔税法"))
    assert document.region == "中国"


def test_a_plan_is_cut_at_its_points_and_its_contents_are_not_read_twice() -> None:
    document, points = parsed(PLAN, "云湖市雪灾应急预案.md")
    assert list(points) == ["1.1", "2.1.1", "2.1.2", "2.1.3"]
    assert points["2.1.1"].heading == "2 应急响应 / 2.1 一级响应 / 2.1.1 启动条件"
    assert document.level == "plan"
    assert [p.cite for p in points["2.1.1"].parts] == ["2.1.1（1）", "2.1.1（2）"]


def test_a_table_of_cases_gives_each_field_of_each_case() -> None:
    data = word(
        paragraph("案例一：灯塔倒塌")
        + table(("影响", "死亡2人"), ("挑战", "夜间无光"))
        + paragraph("案例二：海堤溃口")
        + table(("影响", "受灾300人"))
    )
    document, fields = parsed(data, "应急案例.docx")
    assert list(fields) == ["案例一·影响", "案例一·挑战", "案例二·影响"]
    assert document.level == "case_table"
    assert fields["案例二·影响"].heading == "案例二：海堤溃口 / 影响"


def test_annexes_after_the_last_article_are_not_articles() -> None:
    _, articles = parsed(LAW)
    assert articles["第六条"].text == "本法自2022年9月1日起施行。"


@pytest.mark.parametrize("value", [1, 10, 11, 20, 99, 100, 101, 110, 111, 999, 1005, 1260])
def test_numbers_survive_being_written_in_characters(value: int) -> None:
    assert number(chinese(value)) == value


@pytest.mark.parametrize(
    ("words", "value"), [("五千", 5000), ("1.5", 1.5), ("3,000", 3000), ("10万", 100000), ("二〇〇七", 2007), ("一百二十", 120)]
)
def test_amounts_are_read(words: str, value: float) -> None:
    assert amount(words) == value

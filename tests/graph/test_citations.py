"""Citations are found where they stand and mean the law in force on the day asked."""

from __future__ import annotations

from datetime import date

import pytest

from graph.articles import parse
from graph.citations import Shelf, find, linked, references, repeals
from graph.texts import read
from models.domain import Document, Provision
from tests.graph.shelf_files import LAW, OLD_LAW, PLAN

ARTICLES = [f"第{n}条" for n in "一二三四五六七八九"]


def found(text: str, article: str = "第五条") -> list[tuple[str, str, str]]:
    return [(f.kind, f.title, f.cite) for f in find(text, title="灯塔法", article=article, articles=ARTICLES)]


def parsed(text: str, name: str = "法.md") -> tuple[Document, tuple[Provision, ...]]:
    return parse(read(text.encode(), name), "1" * 64)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("违反本法第三条第二款规定的", [("internal", "灯塔法", "第三条第二款")]),
        (
            "本法第三条、第四条和第六条第（二）项",
            [("internal", "灯塔法", "第三条"), ("internal", "灯塔法", "第四条"), ("internal", "灯塔法", "第六条第（二）项")],
        ),
        ("依照《海堤法》第五条的规定", [("external", "海堤法", "第五条")]),
        ("依照《云湖市实施〈海堤法〉办法》办理", [("external", "云湖市实施〈海堤法〉办法", "")]),
        ("依照刑法第一百三十四条追究", [("external", "刑法", "第一百三十四条")]),
        ("依照前条规定", [("internal", "灯塔法", "第四条")]),
        ("有前款行为的", [("internal", "灯塔法", "第五条")]),
        ("本条例所称灯塔", []),
        ("依法处理，采取下列方法", []),
        ("取得《灯塔值守许可证》的", []),
    ],
)
def test_what_is_cited(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert found(text) == expected


def test_a_range_cites_every_article_in_it() -> None:
    assert [cite for _, _, cite in found("本法第二条至第五条规定的")] == ["第二条", "第三条", "第四条", "第五条"]


def test_the_paragraph_before_is_counted() -> None:
    assert found("甲。\n乙。\n违反前款的")[0][2] == "第五条第二款"


def test_a_short_name_the_law_gives_another_is_understood() -> None:
    document, provisions = parsed(
        LAW.replace("值守人员不得离岗。", "《中华人民共和国海堤法》（以下简称海堤法）适用。有海堤法第七条情形的，离岗。")
    )
    assert ("中华人民共和国海堤法", "第七条") in {(r.title, r.article) for r in references(document, provisions)}


def test_internal_citations_lead_to_the_article_and_quote_the_words() -> None:
    document, provisions = parsed(LAW)
    by_id = {p.id: p for p in provisions}
    cited = [r for r in references(document, provisions) if r.kind == "internal"]
    assert cited
    for reference in cited:
        assert by_id[reference.provision].text[reference.start : reference.end] == reference.quote
    own = next(r for r in cited if r.quote.startswith("本法第三条"))
    assert by_id[own.target or ""].article == "第三条"


def shelf() -> tuple[Shelf, Document, Document, Document, list]:
    (new, new_articles), (old, old_articles), (plan, points) = parsed(LAW), parsed(OLD_LAW), parsed(PLAN, "云湖市雪灾应急预案.md")
    documents = {d.id: d for d in linked([new, old, plan], {})}
    return (
        Shelf(documents.values(), [*new_articles, *old_articles, *points]),
        documents[new.id],
        documents[old.id],
        documents[plan.id],
        list(references(plan, points)),
    )


def test_versions_are_chained_and_the_older_one_ends_when_the_newer_begins() -> None:
    _, new, old, _, _ = shelf()
    assert new.supersedes == (old.id,)
    assert old.repealed == new.in_force == date(2022, 9, 1)


@pytest.mark.parametrize(
    ("on", "newer"), [(date(2024, 1, 1), True), (date(2022, 9, 1), True), (date(2022, 8, 31), False), (date(2012, 1, 1), False)]
)
def test_a_citation_means_the_version_in_force_on_the_day(on: date, newer: bool) -> None:
    books, new, old, plan, cited = shelf()
    law = next(r for r in cited if r.title.endswith("灯塔安全法"))
    assert books.resolve(law, plan, on).target == (new.id if newer else old.id)


def test_a_law_that_is_not_in_the_library_stays_unresolved() -> None:
    books, _, _, plan, cited = shelf()
    unknown = cited[0].model_copy(update={"title": "海堤法"})
    assert not books.holds(unknown, plan)
    assert not books.resolve(unknown, plan, date(2024, 1, 1)).resolved


def test_what_a_closing_article_repeals_by_name_ceases_to_be_law() -> None:
    text = LAW.replace("施行。\n\n附表", "施行。《中华人民共和国航标暂行条例》同时废止。\n\n附表")
    other = OLD_LAW.replace("灯塔安全法", "航标暂行条例")
    (law, provisions), (aid, _) = parsed(text), parsed(other)
    assert repeals(law, provisions) == ("中华人民共和国航标暂行条例",)
    after = {d.id: d for d in linked([law, aid], {law.id: repeals(law, provisions)})}
    assert after[aid.id].repealed == date(2022, 9, 1)
    assert aid.id in after[law.id].supersedes


def test_a_version_without_a_date_is_not_put_in_order_by_guess() -> None:
    undated = "# 灯塔安全法\n\n<!-- INFO END -->\n\n第一条　甲。\n\n第二条　乙。"
    (law, _), (copy, _) = parsed(LAW), parsed(undated)
    after = {d.id: d for d in linked([law, copy], {})}
    assert after[copy.id].repealed is None
    assert "未注明日期" in after[copy.id].note

"""The library page on an invented law in two versions: found, read, asked, followed, imported, removed, refused."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.reading import knowledge
from dashboard.views import library_console, library_import, library_reading
from dashboard.views.library_marks import Mark, plainly, standing, text_markup
from dashboard.views.library_picture import drawing
from graph import importing, library_index, people
from graph.knowledge import Knowledge
from graph.store import Neighbour, Neighbourhood
from models.domain import Person, Provision
from models.errors import BadInput, NotAllowed
from tests.dashboard.conftest import words
from tests.dashboard.evening import PASSWORD, Evening
from tests.graph.shelf_files import LAW, OLD_LAW

Start = Callable[..., AppTest]

DYKE = """# 中华人民共和国海堤法

2019年4月2日 第十三届全国人民代表大会常务委员会第九次会议通过

<!-- INFO END -->

第一条 为了保障海堤安全，制定本法。

第二条 海堤管理单位应当依照《中华人民共和国灯塔安全法》第二条的规定报告。

第三条 本法自2019年7月1日起施行。
"""

TRAP = """# 中华人民共和国浮标法![p](http://outside.invalid/p.png)

2020年4月2日 第十三届全国人民代表大会常务委员会第九次会议通过

<!-- INFO END -->

第一条 浮标<script>window.ownedByText=9</script>应当发光。<img src=x onerror="window.ownedByText=9">

第二条 本法自2020年7月1日起施行。
"""


@dataclass(frozen=True)
class Shelved:
    """Ids of what was imported."""

    old: str
    new: str
    dyke: str
    trap: str


def shelve(known: Knowledge, folder: Path) -> Shelved:
    """Import the invented laws and open the planner's account."""
    files = {"灯塔安全法(2010-03-01).md": OLD_LAW, "灯塔安全法(2022-05-06).md": LAW, "海堤法(2019-04-02).md": DYKE, "浮标法.md": TRAP}
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    importing.add(known, [folder], by="chen")
    people.add(known.ledger, Person(name="chen", display_name="陈预案", role="planner"), PASSWORD, by="system")
    by_file = {item.document.file: id for id, item in importing.held(known).items()}
    return Shelved(*(by_file[name] for name in files))


@pytest.fixture(scope="module")
def shelved(known: Knowledge, evening: Evening, tmp_path_factory: pytest.TempPathFactory) -> Shelved:
    return shelve(known, tmp_path_factory.mktemp("laws"))


@pytest.fixture
def library(shelved: Shelved, view: Start) -> Start:
    def start(account: str = "wang", **state: object) -> AppTest:
        return view("library", account, **state)

    return start


def button(test: AppTest, label: str) -> object:
    return next(one for one in test.button if one.label == label)


def labels(test: AppTest) -> list[str]:
    return [one.label for one in test.button]


def searched(library: Start, question: str, **state: object) -> AppTest:
    return library(library_query=question, **state)


# -- search -------------------------------------------------------------------------------------------------------------------


def test_before_a_question_the_page_says_what_the_library_holds(library: Start) -> None:
    assert "库中现有文件" in words(library())


def test_a_typed_question_is_answered_on_enter(library: Start) -> None:
    test = library()
    next(one for one in test.text_input if one.key == "library_query_typed").set_value("发现灯塔熄灭多久报告")
    button(test, "检索").click().run()
    assert "《中华人民共和国灯塔安全法》第三条" in labels(test)


def test_a_result_says_why_and_since_when(library: Start) -> None:
    shown = words(searched(library, "发现灯塔熄灭多久报告"))
    assert "排序理由" in shown
    assert "2022-09-01 起施行" in shown


def test_today_the_superseded_version_is_not_found(library: Start, shelved: Shelved) -> None:
    shown = words(searched(library, "灯塔安全法 值守单位应当在一小时内报告"))
    assert "2022-09-01 起施行" in shown
    assert "2010-06-01" not in shown


def test_as_of_an_old_day_the_old_version_is_found_and_the_page_says_so(library: Start) -> None:
    shown = words(searched(library, "灯塔安全法 值守单位多久报告", library_day=date(2015, 5, 1)))
    assert "值守单位应当在一小时内报告" in shown
    assert "以下按 2015-05-01 有效的条文显示" in shown


def test_nothing_found_is_said_calmly(library: Start) -> None:
    test = searched(library, "qqqqzzzz")
    assert "没有找到" in words(test)
    assert not test.error


def test_every_role_may_read(library: Start, known: Knowledge) -> None:
    for account in ("zhang", "li", "wang", "zhao", "root", "chen"):
        assert not library(account).error


def test_nobody_reads_before_signing_in(shelved: Shelved) -> None:
    test = AppTest.from_string("from dashboard.views import library\nlibrary.page()\n", default_timeout=60).run()
    assert test.exception


# -- the article --------------------------------------------------------------------------------------------------------------


def test_pressing_a_result_opens_its_article_with_its_items(library: Start) -> None:
    test = searched(library, "发现灯塔熄灭多久报告")
    button(test, "《中华人民共和国灯塔安全法》第三条").click().run()
    shown = words(test)
    assert "第一款第（二）项" in shown
    assert "时限" in shown
    assert "30 分钟" in shown


def test_the_words_of_a_fact_are_marked_when_asked(library: Start, shelved: Shelved) -> None:
    test = library(library_open=f"{shelved.new}-3")
    next(one for one in test.button if one.key == f"library-mark-{shelved.new}-3-f1").click().run()
    assert '<mark class="anlan-mark-chosen">在三十分钟内向县级以上人民政府海事部门报告</mark>' in words(test)


def test_a_citation_opens_the_version_of_the_day(library: Start, shelved: Shelved) -> None:
    for day, version in ((date(2020, 1, 1), shelved.old), (date(2024, 1, 1), shelved.new)):
        test = library(library_open=f"{shelved.dyke}-2", library_day=day)
        button(test, "《中华人民共和国灯塔安全法》第二条").click().run()
        assert test.session_state["library_open"] == f"{version}-2"


def test_an_article_says_who_cites_it_and_one_can_go_there_and_back(library: Start, shelved: Shelved) -> None:
    test = library(library_open=f"{shelved.new}-2")
    button(test, "《中华人民共和国海堤法》第二条").click().run()
    assert test.session_state["library_open"] == f"{shelved.dyke}-2"
    button(test, "后退").click().run()
    assert test.session_state["library_open"] == f"{shelved.new}-2"


def test_the_versions_say_which_was_in_force_when(library: Start, shelved: Shelved) -> None:
    shown = words(library(library_open=f"{shelved.new}-2"))
    assert "2010-06-01 起施行，2022-09-01 起失效" in shown
    assert "取代 2010-03-01 文本" in shown


def test_the_same_article_of_another_version_is_one_press_away(library: Start, shelved: Shelved) -> None:
    test = library(library_open=f"{shelved.new}-2")
    button(test, "看同一条").click().run()
    assert test.session_state["library_open"] == f"{shelved.old}-2"
    assert "不是有效的法律" in words(test)


def test_an_article_taken_away_meanwhile_says_so(library: Start) -> None:
    test = library(library_open="lib-gone-1")
    assert "已不在库中" in words(test)
    assert not test.exception


def test_an_unverified_article_is_never_shown_as_law(library: Start, known: Knowledge) -> None:
    unsure = next(provision.id for provision in known.store.provisions() if not provision.verified)
    shown = words(library(library_open=unsure))
    assert "anlan-law-unverified" in shown
    assert "不得作为依据引用" in shown


def test_a_verified_article_has_no_such_warning(library: Start, shelved: Shelved) -> None:
    assert "不得作为依据引用" not in words(library(library_open=f"{shelved.new}-3"))


def test_hostile_text_reaches_the_page_as_words(library: Start, shelved: Shelved) -> None:
    test = searched(library, "浮标应当发光", library_open=f"{shelved.trap}-1")
    shown = words(test)
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "<img" not in shown
    assert not [label for label in labels(test) if "![p](http" in label]


def test_a_label_loses_nothing_but_its_markdown() -> None:
    assert plainly("《法》![p](http://x)_a_`b` $c$") == r"《法》\!\[p\]\(http\://x\)\_a\_\`b\` \$c\$"


def test_the_picture_shows_who_cites_the_article(library: Start, shelved: Shelved) -> None:
    test = library(library_open=f"{shelved.new}-2")
    assert [one.label for one in test.button if (one.key or "").startswith("library-open-near") and "海堤法 第二条" in one.label]


def test_the_day_asked_about_is_kept_while_another_bench_is_used(library: Start) -> None:
    test = library("chen", library_day=date(2015, 5, 1))
    part = test.segmented_control[0]
    part.set_value("import").run()
    test.segmented_control[0].set_value("search").run()
    assert test.date_input[0].value == date(2015, 5, 1)


# -- ask ----------------------------------------------------------------------------------------------------------------------


def test_an_answer_is_quoted_and_its_source_opens(library: Start) -> None:
    test = library(library_part="ask", library_question="灯塔熄灭后应当在多长时间内报告？")
    assert "三十分钟内" in words(test)
    next(one for one in test.button if one.key == "library-open-answer-0").click().run()
    assert test.session_state["library_open"]


def test_what_the_library_does_not_say_is_refused_with_a_reason(library: Start) -> None:
    test = library(library_part="ask", library_question="番茄炒蛋放多少盐")
    assert "库中没有可以作答的条文" in words(test)
    assert not test.error


# -- stale --------------------------------------------------------------------------------------------------------------------


def test_a_law_about_to_end_is_listed(library: Start) -> None:
    assert "将废止" in words(library(library_part="expiring", library_day=date(2022, 7, 1)))


def test_a_citation_of_a_superseded_text_is_found_when_asked(library: Start) -> None:
    test = library(library_part="expiring")
    assert "不再有效" not in words(test)
    button(test, "开始核对").click().run()
    assert "已于2022-09-01起不再有效" in words(test)
    assert "《中华人民共和国海堤法》第二条" in labels(test)


# -- import and removal -------------------------------------------------------------------------------------------------------


def upload(name: str, text: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, getvalue=lambda: text.encode("utf-8"))


def signed_in(name: str) -> None:
    st.session_state["account"] = name


def test_only_the_planner_is_offered_to_import(library: Start) -> None:
    def offered(account: str) -> list[str]:
        return list(library(account).segmented_control[0].options)

    assert "导入与移除" in offered("chen")
    assert "导入与移除" not in offered("zhang")


def test_an_import_counts_what_it_did_and_names_what_it_could_not_read(shelved: Shelved) -> None:
    signed_in("chen")
    told = library_import.bring_in([upload("灯塔安全法(2022-05-06).md", LAW), upload("坏.pdf", "%PDF-nothing"), upload("x.exe", "MZ")])
    assert (told.count.new, told.count.same) == (0, 1)
    assert [name for name, _ in told.failed] == ["x.exe", "坏.pdf"]
    assert not [reason for _, reason in told.failed if "incoming-" in reason]


def test_an_import_by_anyone_else_is_refused_and_recorded(shelved: Shelved, known: Knowledge) -> None:
    signed_in("zhang")
    before = sum(1 for _ in known.ledger.entries(kinds=["person.refused"]))
    with pytest.raises(NotAllowed):
        library_import.bring_in([upload("a.md", LAW)])
    assert sum(1 for _ in known.ledger.entries(kinds=["person.refused"])) == before + 1


def test_a_removed_law_is_found_no_more_and_its_predecessor_is_law_again(library: Start, known: Knowledge) -> None:
    signed_in("chen")
    text = "# 中华人民共和国航标灯法\n\n{day} 通过\n\n<!-- INFO END -->\n\n第一条 航标灯应当{words}。\n\n第二条 本法自{begins}起施行。\n"
    for day, begins, what in (("2011年1月1日", "2011年2月1日", "每夜点亮"), ("2021年1月1日", "2021年2月1日", "昼夜点亮")):
        library_import.bring_in([upload(f"航标灯法{day}.md", text.format(day=day, begins=begins, words=what))])
    assert "昼夜点亮" in words(searched(library, "航标灯应当何时点亮"))
    newer = next(id for id, item in importing.held(known).items() if item.document.file == "航标灯法2021年1月1日.md")
    library_import.take_off(newer, "试验")
    shown = words(searched(library, "航标灯应当何时点亮"))
    assert "每夜点亮" in shown
    assert "昼夜点亮" not in shown
    assert next(known.ledger.entries(kinds=["library.removed"], subject=newer)).payload["reason"] == "试验"


def test_nothing_is_removed_without_a_reason(shelved: Shelved, known: Knowledge) -> None:
    signed_in("chen")
    with pytest.raises(BadInput):
        library_import.take_off(shelved.dyke, " ")
    assert known.store.document(shelved.dyke)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.md", "passwd.md"),
        ("C:\\temp\\法.docx", "法.docx"),
        ("法\u202egpj.md", "法gpj.md"),
        ("a\x00b\n.md", "ab.md"),
        ("<img src=x>.md", "img src=x.md"),
        ("...", "document"),
        ("法" * 300 + ".md", "法" * 59 + ".md"),
    ],
)
def test_a_hostile_file_name_becomes_a_plain_one(given: str, kept: str) -> None:
    assert library_import.safe_name(given) == kept


# -- the console --------------------------------------------------------------------------------------------------------------


def test_only_planner_auditor_and_administrator_have_the_console(library: Start) -> None:
    having = {
        account
        for account in ("zhang", "li", "wang", "zhao", "root", "chen")
        if "图查询" in list(library(account).segmented_control[0].options)
    }
    assert having == {"zhao", "root", "chen"}


def test_a_question_without_the_right_is_refused_by_the_domain(shelved: Shelved) -> None:
    signed_in("zhang")
    with pytest.raises(NotAllowed):
        library_console.answer("MATCH (n) RETURN n", "")


@pytest.mark.parametrize("name", list(library_console.examples()))
def test_every_saved_statement_is_answered(name: str, shelved: Shelved) -> None:
    signed_in("chen")
    table = library_console.answer(library_console.examples()[name], f'{{"id": "{shelved.dyke}"}}')
    assert table.rows


def test_a_statement_that_writes_is_refused_in_one_sentence(library: Start, known: Knowledge) -> None:
    before = known.store.digest()
    test = library("chen", library_part="console", library_cypher_kept="MATCH (n)\nDETACH DELETE n")
    button(test, "执行").click().run()
    assert 'role="alert">控制台只能查询' in words(test)
    assert known.store.digest() == before


def test_an_answer_is_a_table(library: Start) -> None:
    test = library("chen", library_part="console")
    button(test, "执行").click().run()
    assert "中华人民共和国灯塔安全法" in words(test)


def test_parameters_that_are_no_object_are_refused(shelved: Shelved) -> None:
    signed_in("chen")
    with pytest.raises(BadInput):
        library_console.answer("RETURN 1", "[1]")


# -- what the pages are made of -----------------------------------------------------------------------------------------------


def test_the_index_follows_the_ledger_without_being_built_again(
    shelved: Shelved, known: Knowledge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library_index.up_to_date(known, library_index.newest(known))

    def never(*_: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr(library_index, "_build", never)
    (tmp_path / "新.md").write_text(DYKE.replace("海堤", "护岸"), "utf-8")
    importing.add(known, [tmp_path], by="chen")
    index = library_index.up_to_date(known, library_index.newest(known))
    assert index.search("护岸管理单位应当报告")[0].document == "中华人民共和国护岸法"


def test_a_place_of_another_ledger_is_not_believed(shelved: Shelved, known: Knowledge) -> None:
    at = library_index.newest(known)
    library_index.up_to_date(known, at)
    path = known.settings.folder("library") / "place.json"
    path.write_text(path.read_text("utf-8").replace('"hash": "', '"hash": "0'), "utf-8")
    before = path.read_text("utf-8")
    assert library_index.up_to_date(known, at).search("灯塔值守单位报告")
    assert path.read_text("utf-8") != before


def test_the_index_is_opened_once_while_nothing_changes(shelved: Shelved) -> None:
    assert knowledge() is knowledge()
    assert library_reading.index() is library_reading.index()


def test_overlapping_marks_keep_every_character() -> None:
    provision = Provision(id="p", document="d", article="第一条", text="甲乙丙丁", source="", verified=True)
    shown = text_markup(provision, [Mark(0, 3, "fact"), Mark(1, 4, "cite")])
    assert "".join(ET.fromstring(shown).itertext()) == "甲乙丙丁"


@pytest.mark.parametrize(
    ("begins", "ends", "found"),
    [
        (None, None, "undated"),
        (date(2020, 1, 1), None, "current"),
        (date(2020, 1, 1), date(2021, 1, 1), "ended"),
        (date(2030, 1, 1), None, "coming"),
    ],
)
def test_the_standing_of_a_text_on_a_day(begins: date | None, ends: date | None, found: str) -> None:
    assert standing(begins, ends, date(2021, 1, 1)) == found


def test_a_picture_is_well_formed_whatever_the_names_and_the_same_every_time() -> None:
    nodes = {id: Neighbour(id, "Provision", "<&\"'\x00]]>长名字" * 4) for id in ("a", "b", "c")}
    around = Neighbourhood(nodes, [("b", "CITES", "a"), ("a", "CITES", "c")])
    svg = drawing(around, "a", str, str)
    assert len(ET.fromstring(svg).findall("{http://www.w3.org/2000/svg}rect")) == 3
    assert svg == drawing(around, "a", str, str)

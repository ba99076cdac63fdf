"""The library as people see it: found, opened, pictured, asked, imported; nothing leaves the machine, hostile words stay words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graph.knowledge import open_knowledge
from models.settings import Settings
from tests.browser.conftest import Desk, Seat
from tests.dashboard.test_library_page import DYKE, Shelved, shelve

pytestmark = pytest.mark.browser

LIBRARY = {"zh": "法规库", "en": "Library"}
PARTS = {
    "zh": {"search": "检索", "ask": "问答", "expiring": "到期与失效", "import": "导入与移除", "console": "图查询"},
    "en": {"search": "Search", "ask": "Ask", "expiring": "Expiring and stale", "import": "Import and remove", "console": "Graph console"},
}


@pytest.fixture(scope="module")
def shelved(desk: Desk, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Shelved:
    with open_knowledge(settings) as knowledge:
        return shelve(knowledge, tmp_path_factory.mktemp("laws"))


@pytest.fixture
def seat(browser: object, desk: Desk, shots: Path, shelved: Shelved) -> Iterator[Callable[[str, str], Seat]]:
    taken: list[Seat] = []

    def sit(name: str, language: str) -> Seat:
        taken.append(Seat(browser, desk, shots, language))
        taken[-1].sign_in(name)
        taken[-1].turn_to(LIBRARY[language])
        taken[-1].page.locator(".st-key-library_part").wait_for(timeout=60_000)
        return taken[-1]

    yield sit
    for one in taken:
        one.context.close()


def search(here: Seat, words: str) -> None:
    field = here.page.locator(".st-key-library_query_typed input")
    field.wait_for(timeout=60_000)
    field.fill(words)
    field.press("Enter")
    here.page.locator("[class*=st-key-library-open-found]").first.wait_for(timeout=60_000)
    here.settled()


def turn(here: Seat, part: str) -> None:
    here.page.locator(".st-key-library_part").get_by_text(PARTS[here.language][part], exact=True).click()
    here.settled()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_question_is_answered_by_keyboard_and_its_article_opens(seat: Callable[[str, str], Seat], language: str) -> None:
    here = seat("chen", language)
    here.picture("library-start")
    search(here, "发现灯塔熄灭多久报告")
    here.picture("library-found")
    found = here.page.locator("[class*=st-key-library-open-found] button").first
    found.focus()
    found.press("Enter")
    here.page.locator(".anlan-law").wait_for(timeout=30_000)
    here.settled()
    here.page.locator("[class*=st-key-library-mark] button").nth(1).click()
    here.page.locator(".anlan-mark-chosen").wait_for(timeout=30_000)
    here.settled()
    here.picture("library-article")
    assert here.page.locator("[data-testid=stException]").count() == 0


def test_the_picture_is_drawn_and_the_versions_tell_their_days(seat: Callable[[str, str], Seat]) -> None:
    here = seat("zhang", "zh")
    search(here, "灯塔安全法第二条")
    here.page.get_by_role("button", name="《中华人民共和国灯塔安全法》第二条").first.click()
    here.page.locator(".anlan-law").wait_for(timeout=30_000)
    for tab, name in (("引用", "citations"), ("版本", "versions"), ("关系图", "picture")):
        here.page.get_by_role("tab", name=tab).click()
        here.settled()
        here.picture(f"library-{name}")
    drawn = here.page.locator("[data-testid=stImage] img, [data-testid=stImageContainer] img").first
    assert drawn.evaluate("image => image.naturalWidth") > 300


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_bench_is_drawn(seat: Callable[[str, str], Seat], language: str) -> None:
    here = seat("chen", language)
    for part in PARTS[language]:
        turn(here, part)
        here.picture(f"library-bench-{part}")
        assert here.page.locator("[data-testid=stException]").count() == 0


def test_an_answer_a_refusal_and_the_stale(seat: Callable[[str, str], Seat]) -> None:
    here = seat("chen", "zh")
    turn(here, "ask")
    field = here.page.locator(".st-key-library_question_typed input")
    field.fill("灯塔熄灭后应当在多长时间内报告？")
    field.press("Enter")
    here.page.locator("[class*=st-key-library-open-answer]").first.wait_for(timeout=30_000)
    here.page.locator("[class*=st-key-library-open-answer] button").first.click()
    here.page.locator(".anlan-law").wait_for(timeout=30_000)
    here.settled()
    here.picture("library-answer")
    field.fill("番茄炒蛋放多少盐")
    field.press("Enter")
    here.page.locator(".anlan-calm").first.wait_for(timeout=30_000)
    here.settled()
    here.picture("library-refusal")
    turn(here, "expiring")
    here.page.get_by_role("button", name="开始核对").click()
    here.page.locator("[class*=st-key-library-open-stale]").first.wait_for(timeout=60_000)
    here.settled()
    here.picture("library-stale")


def test_a_file_is_imported_and_removed_again(seat: Callable[[str, str], Seat]) -> None:
    here = seat("chen", "zh")
    turn(here, "import")
    name = "防波堤法<img src=x onerror=window.ownedByText=8>![p](http://outside.invalid/a.png).md"
    law = {"name": name, "mimeType": "text/markdown", "buffer": DYKE.replace("海堤", "防波堤").encode()}
    broken = {"name": "坏![p](http://outside.invalid/b.png).pdf", "mimeType": "application/pdf", "buffer": b"%PDF-nothing"}
    here.page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files([law, broken])
    here.settled()
    here.page.locator(".st-key-library-import button").click()
    here.page.locator(".anlan-notice-good").wait_for(timeout=60_000)
    here.settled()
    here.picture("library-imported")
    here.page.get_by_label("要移除的文件").click()
    here.page.get_by_role("option").filter(has_text="防波堤").click()
    here.page.get_by_label("移除原因").fill("试验")
    here.settled()
    here.picture("library-removing")
    here.page.get_by_role("button", name="移除", exact=True).click()
    here.page.get_by_text("已移除").first.wait_for(timeout=60_000)
    here.picture("library-removed")


def test_the_console_answers_and_refuses(seat: Callable[[str, str], Seat]) -> None:
    here = seat("chen", "zh")
    turn(here, "console")
    here.page.get_by_role("button", name="执行").click()
    here.page.locator(".anlan-table").first.wait_for(timeout=30_000)
    here.settled()
    here.picture("library-console")
    field = here.page.locator(".st-key-library_cypher textarea")
    field.fill("MATCH (n) DETACH DELETE n // ![p](http://outside.invalid/c.png)")
    field.press("Control+Enter")
    here.page.locator(".anlan-calm[role=alert]").wait_for(timeout=30_000)
    here.settled()
    here.picture("library-console-refused")


def test_hostile_law_runs_nowhere_and_fetches_nothing(seat: Callable[[str, str], Seat], desk: Desk) -> None:
    here = seat("zhang", "zh")
    search(here, "浮标应当发光")
    here.page.locator("[class*=st-key-library-open-found] button").first.click()
    here.page.locator(".anlan-law").wait_for(timeout=30_000)
    here.page.get_by_role("tab", name="关系图").click()
    here.settled()
    here.picture("library-hostile")
    assert [frame.evaluate("window.ownedByText") for frame in here.page.frames] == [None] * len(here.page.frames)
    assert "<script>" in here.page.locator(".anlan-law").inner_text()


def test_nothing_left_the_machine_and_nothing_complained(desk: Desk) -> None:
    """Last on purpose: it looks back on everything above."""
    assert desk.outside == []
    assert desk.complaints == []

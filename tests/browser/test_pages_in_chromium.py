"""The pages as people see them: nothing leaves the machine, the map shows the incidents, hostile words stay words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Desk, Seat
from tests.dashboard.evening import PASSWORD

pytestmark = pytest.mark.browser

PAGES = {
    "zh": {"situation": "态势", "duty": "值班台", "signoff": "签发", "audit": "审计"},
    "en": {"situation": "Situation", "duty": "Duty desk", "signoff": "Sign-off", "audit": "Audit"},
}
BENCHES = {"zh": ("信息队列", "来电录入", "报告起草"), "en": ("Evidence queue", "Enter a call", "Reports")}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_map_shows_both_actual_incidents(seat: Callable[[str, str], Seat], language: str) -> None:
    here = seat("zhang", language)
    here.map.locator(".anlan-incident").first.wait_for(timeout=60_000)
    here.settled()
    here.picture("situation")
    assert here.map.locator(".anlan-incident").count() == 2
    assert here.map.locator(".anlan-site").count() >= 5


def test_pressing_a_marker_opens_its_incident(seat: Callable[[str, str], Seat]) -> None:
    here = seat("zhang", "zh")
    here.map.locator(".anlan-incident").first.click(timeout=60_000)
    here.page.get_by_role("tab", name="信息时间线").click(timeout=30_000)
    here.settled()
    here.picture("incident")
    assert here.page.locator("mark").first.is_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_exercise_fills_the_screen_with_its_name(seat: Callable[[str, str], Seat], language: str) -> None:
    here = seat("wang", language)
    here.settled()
    here.page.get_by_text({"zh": "演练", "en": "EXERCISE"}[language], exact=True).first.click()
    here.map.locator(".anlan-incident-exercise").first.wait_for(timeout=60_000)
    here.settled()
    here.picture("exercise")
    assert here.page.locator(".anlan-notice-exercise").is_visible()
    assert here.map.locator(".anlan-incident").count() == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_bench_and_page_is_drawn(seat: Callable[[str, str], Seat], language: str) -> None:
    names = PAGES[language]
    here = seat("zhang", language)
    here.turn_to(names["duty"])
    for number, bench in enumerate(BENCHES[language]):
        here.page.get_by_text(bench, exact=True).click()
        here.settled()
        here.picture(f"duty-{number}")
        assert here.page.locator("[data-testid=stException]").count() == 0
    for account, page in (("li", "signoff"), ("zhao", "audit")):
        other = seat(account, language)
        other.turn_to(names[page])
        other.picture(page)
        assert other.page.locator("[data-testid=stException]").count() == 0


def test_a_report_goes_from_the_button_to_the_signature(seat: Callable[[str, str], Seat]) -> None:
    here = seat("zhang", "zh")
    here.map.locator(".anlan-incident").first.click(timeout=60_000)
    here.page.get_by_role("button", name="起草初报").click(timeout=30_000)
    here.page.get_by_role("button", name="送签").wait_for(timeout=30_000)
    here.settled()
    here.picture("draft")
    here.page.get_by_role("button", name="送签").click()
    here.page.get_by_text("待签发").first.wait_for(timeout=30_000)
    signer = seat("li", "zh")
    signer.turn_to("签发")
    signer.page.locator("input[type=password]").fill(PASSWORD)
    signer.picture("signoff-reading")
    signer.page.locator("[data-testid=stFormSubmitButton] button").first.click()
    signer.page.get_by_role("button", name="生成签发文件").click(timeout=30_000)
    with signer.page.expect_download(timeout=30_000) as taken:
        signer.page.get_by_role("button", name="下载签发 docx").click(timeout=30_000)
    signer.picture("signed")
    assert Path(taken.value.path()).read_bytes()[:2] == b"PK"


def test_hostile_words_run_nowhere(seat: Callable[[str, str], Seat]) -> None:
    here = seat("zhang", "zh")
    here.map.locator(".anlan-incident").first.wait_for(timeout=60_000)
    here.settled()  # the map draws its marks once more when it knows what it shows
    here.map.locator(".leaflet-interactive").last.hover(force=True)
    here.turn_to("值班台")
    here.page.get_by_text("全部", exact=True).click()
    here.page.get_by_text("救命<script>").first.wait_for(timeout=30_000)
    assert [frame.evaluate("window.__owned") for frame in here.page.frames] == [None] * len(here.page.frames)


def test_nothing_left_the_machine_and_nothing_complained(desk: Desk) -> None:
    """Last on purpose: it looks back on everything above."""
    assert desk.outside == []
    assert desk.complaints == []

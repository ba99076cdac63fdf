"""Judging as people do it: triage by keyboard on a list that keeps still, a merge confirmed and undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Desk, Seat

pytestmark = pytest.mark.browser


@pytest.fixture
def seat(browser: object, desk: Desk, shots: Path) -> Iterator[Callable[[], Seat]]:
    taken: list[Seat] = []

    def sit() -> Seat:
        taken.append(Seat(browser, desk, shots, "zh"))
        taken[-1].sign_in("zhang")
        taken[-1].turn_to("值班台")
        return taken[-1]

    yield sit
    for one in taken:
        one.context.close()


def test_triage_by_keyboard_and_back(seat: Callable[[], Seat]) -> None:
    here = seat()
    here.page.locator(".st-key-queue-aside").wait_for(timeout=60_000)
    here.settled()
    here.picture("triage")
    here.page.keyboard.press("x")
    here.page.get_by_text("人工判定无关").first.wait_for(timeout=30_000)
    here.settled()
    here.picture("triage-aside")
    here.page.keyboard.press("u")
    here.page.get_by_text("人工判定无关").first.wait_for(state="detached", timeout=30_000)
    assert here.page.locator("[data-testid=stException]").count() == 0


def test_a_merge_is_confirmed_and_undone(seat: Callable[[], Seat]) -> None:
    here = seat()
    here.page.get_by_text("合并与拆分", exact=True).click()
    here.page.get_by_text("把这起并入另一起").first.click()
    here.page.locator("[class*=st-key-merge-why] input").fill("现场确认是一处")
    here.page.keyboard.press("Tab")
    here.settled()
    here.page.locator("[class*=st-key-ask-merge] button").click()
    here.page.locator("[class*=st-key-do-merge] button").wait_for(timeout=30_000)
    here.settled()
    here.picture("merge-asked")
    here.page.locator("[class*=st-key-do-merge] button").click()
    undo = here.page.locator("[class*=st-key-undo-in] button").first
    undo.wait_for(timeout=30_000)
    here.settled()
    here.picture("merged")
    undo.click()
    here.page.get_by_text("已撤销").first.wait_for(timeout=30_000)
    here.settled()
    here.picture("merge-undone")
    assert here.page.locator("[data-testid=stException]").count() == 0


def test_nothing_left_the_machine_and_nothing_complained(desk: Desk) -> None:
    """Last on purpose: it looks back on everything above."""
    assert desk.outside == []
    assert desk.complaints == []

"""The situation page while things change: what is new appears by itself, and what someone was doing is left alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from graph.knowledge import open_knowledge
from ingestion.coordinates import wgs84_to_gcj02
from models.domain import BEIJING
from models.settings import Settings
from tests.browser.conftest import Desk, Seat
from tests.dashboard.evening import SOCIAL, _Story

pytestmark = pytest.mark.browser

PATIENCE = 5.0
"""Seconds within which a change must be seen."""


@pytest.fixture
def seat(browser: object, desk: Desk, shots: object) -> Iterator[Callable[[str], Seat]]:
    taken: list[Seat] = []

    def sit(name: str) -> Seat:
        taken.append(Seat(browser, desk, shots, "zh"))  # type: ignore[arg-type]
        taken[-1].sign_in(name)
        return taken[-1]

    yield sit
    for one in taken:
        one.context.close()


def frame(here: Seat) -> object:
    return next(one for one in here.page.frames if "folium" in one.url)


def test_a_change_appears_within_seconds_and_a_half_written_edit_is_untouched(
    seat: Callable[[str], Seat], desk: Desk, settings: Settings
) -> None:
    here = seat("wang")
    here.map.locator(".anlan-incident").first.wait_for(timeout=60_000)
    here.page.get_by_role("button", name="查看").first.click()
    here.page.get_by_role("tab", name="关联与人工判断").click(timeout=30_000)
    here.page.get_by_text("结束这起事件").first.click()
    written = here.page.get_by_label("理由（必填，记入台账）").last
    written.wait_for(timeout=30_000)
    here.settled()
    written.press_sequentially("写到一半")
    frame(here).evaluate("map.setView([32.1, 118.9], 13)")
    here.page.wait_for_timeout(1500)
    here.settled()
    here.picture("before")
    open_before = here.page.get_by_text("处置中 2 起").count()
    with open_knowledge(settings) as knowledge:
        story = _Story(knowledge, datetime.now(BEIJING).replace(microsecond=0))
        incident = story.incident("新来的积水", "flood", "natural_disaster", "浦口区", 118.62, 32.06, minutes_ago=2)
        story.says(incident, SOCIAL, "新来的积水，越来越深", 2, {})
        story.tell()
        knowledge.catch_up()
        began = time.monotonic()
        here.page.get_by_text("处置中 3 起").wait_for(timeout=30_000)
        took = time.monotonic() - began
    here.settled()
    here.picture("live")
    assert open_before == 1
    assert here.map.locator(".anlan-incident").count() == 3
    assert here.page.get_by_label("理由（必填，记入台账）").last.input_value() == "写到一半"
    assert here.page.get_by_role("tab", name="关联与人工判断").get_attribute("aria-selected") == "true"
    assert frame(here).evaluate("[map.getZoom(), Math.round(map.getCenter().lat * 100)]") == [13, 3210]
    assert took <= PATIENCE


def test_an_address_opens_its_incident(seat: Callable[[str], Seat], desk: Desk) -> None:
    here = seat("wang")
    here.page.goto(f"{desk.url}/?incident={desk.evening.fire}")
    here.page.locator("input[type=password]").wait_for(timeout=60_000)
    here.sign_in_here("wang")
    here.page.get_by_role("button", name="返回列表").wait_for(timeout=60_000)
    assert here.page.get_by_text("秦淮区居民楼电动自行车火灾").first.is_visible()


def test_tiles_in_gcj02_are_moved_by_the_formula_the_sources_use(seat: Callable[[str], Seat]) -> None:
    here = seat("wang")
    here.map.locator(".anlan-incident").first.wait_for(timeout=60_000)
    for lat, lon in ((32.04, 118.78), (31.2, 119.2), (39.9, 116.4), (51.5, 0.1)):
        east, north = wgs84_to_gcj02(lon, lat)
        assert frame(here).evaluate(f"anlan.gcj({lat}, {lon})") == pytest.approx([float(north), float(east)], abs=2e-8)


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768), (390, 844)])
def test_the_page_fits_the_wall_the_laptop_and_the_hand(seat: Callable[[str], Seat], width: int, height: int) -> None:
    here = seat("wang")
    here.page.set_viewport_size({"width": width, "height": height})
    here.map.locator(".anlan-incident").first.wait_for(timeout=60_000)
    here.settled()
    here.picture(f"situation-{width}")
    assert here.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

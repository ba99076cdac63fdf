"""How the situation page bears a city's worth of evidence: measured in Chromium, beside plain folium markers and `FastMarkerCluster`.

Everything is invented and put into a real ledger and a real engine. The answer holds seconds, bytes and megabytes as seen on this machine,
with its load, and the graph queries each step of the page asked. A city that was filled in a folder of one's own is used again.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from unittest.mock import patch

from dashboard import maps, serve
from dashboard.many import window
from dashboard.words import catalogue
from graph.invented_city import EVENT, FEATURES, INCIDENTS, NAME, PASSWORD, SEATS, City, seat_district
from graph.knowledge import open_knowledge
from graph.store import Store
from models.errors import NotFound
from models.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
STEPS = (2_000, 20_000, 100_000)
"""Pieces of evidence at which everything is measured, up to the number asked for."""
TURNS = 3
"""How often each step is repeated; the median and the slowest are told."""
SESSIONS = 4
"""Windows opened one after the other and left open; the first finds a server that has read nothing yet."""
PATIENCE = 90.0
"""Seconds after which a comparison is said not to have finished."""
EVERY = 5.0
"""Seconds between the acts of one of many sessions."""
SETTLING = 15.0
"""Seconds between the last window's sign-in and its first act."""
ACTS = 8
"""What each of many sessions does: open an incident, go back, and again."""
WORDS = catalogue("zh")


def dashboard(path: Path | None = None, *, messages: int = STEPS[-1]) -> dict[str, Any]:
    """Measure at 2,000, 20,000 and 100,000 pieces of evidence, up to `messages`. `path` is a folder that keeps the filled cities for the next time.

    NotFound without Chromium and playwright.
    """
    if not CHROMIUM.exists():
        raise NotFound(WORDS["measure.no_browser"].format(path=CHROMIUM))
    figures: dict[str, Any] = {"incidents": INCIDENTS, "survey_features": FEATURES}
    with tempfile.TemporaryDirectory() as folder:
        for pieces in sorted({step for step in (*STEPS, messages) if step <= messages}):
            home = (path or Path(folder)) / str(pieces)
            for name, value in at(home, pieces, Path(folder)).items():
                figures[f"{pieces}.{name}"] = value
    return figures


def at(home: Path, pieces: int, scratch: Path) -> dict[str, Any]:
    """Everything at one number of pieces."""
    settings = Settings(home=home, port=_port(), tiles="", model_url="", graph_heap="2g")
    with open_knowledge(settings) as known:
        city, kept = City(known), home / "spots.json"
        begun = time.perf_counter()
        if not kept.exists():
            city.found()
            city.grow(pieces)
            kept.write_text(json.dumps(city.spots), "ascii")
        figures: dict[str, Any] = {"filling_s": round(time.perf_counter() - begun, 1)}
        spots = [(lat, lon) for lat, lon in json.loads(kept.read_text("ascii"))]
        figures |= asked(home)
        with served(settings) as process:
            figures |= measured(settings, process, city)
            figures |= asyncio.run(together(serve.address(settings)))
        figures |= compared(spots, scratch)
        figures["load_average"] = round(os.getloadavg()[0], 1)
    return figures


def asked(home: Path) -> dict[str, Any]:
    """What each step of the page asks the graph: number of queries and rows, and each query's first line with its rows and milliseconds."""
    from streamlit.testing.v1 import AppTest

    from dashboard import reading

    told: list[str] = []
    ask = Store._ask

    def counted(self: Store, query: Any, **values: Any) -> list[dict[str, Any]]:
        begun = time.perf_counter()
        rows = ask(self, query, **values)
        told.append(f"{len(rows)} rows, {(time.perf_counter() - begun) * 1000:.0f} ms: {' '.join(query.split())[:110]}")
        return rows

    figures: dict[str, Any] = {}
    with patch.dict(os.environ, {"ANLAN_HOME": str(home)}), patch.object(Store, "_ask", counted):
        page = AppTest.from_string("from dashboard.views import situation\nsituation.page()\n", default_timeout=600)
        page.session_state["account"] = NAME
        reading.knowledge()
        for step in ("first_page_of_the_process", "page", "filter", "open_incident"):
            if step == "filter":
                page.multiselect(key="filter_hazard").set_value(["fire"])
            if step == "open_incident":
                page.session_state["incident"] = next(iter(reading._board(reading.home()).picture.rows))
            told.clear()
            begun = time.perf_counter()
            page.run()
            figures[f"server.{step}_s"] = round(time.perf_counter() - begun, 2)
            figures[f"queries.{step}"] = list(told)
        reading._opened.clear()
        reading._board.clear()
    return figures


@contextmanager
def served(settings: Settings) -> Iterator[int]:
    """The dashboard as it is started for people; the number of its process."""
    process = subprocess.Popen(
        serve.command(settings), env=serve.environment(settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{serve.address(settings)}/_stcore/health", timeout=2).read()  # noqa: S310 — our own address
                break
            except OSError:
                time.sleep(0.3)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def measured(settings: Settings, process: int, city: City) -> dict[str, Any]:
    """What one person waits for, how soon a change shows while he is writing, and what a session costs."""
    found: dict[str, Any] = {}
    with chromium() as browser:
        maps_at, filters, opens = [], [], []
        for turn in range(SESSIONS):
            context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
            page = context.new_page()
            maps_at.append(_signed_in(page, settings))
            if turn == 0:
                found["first_map_after_start_s"] = round(maps_at.pop(), 2)
                for _ in range(TURNS):
                    filters += _filtered(page)
                    opens.append(_opened(page))
                found["browser_heap_mb"] = round(page.evaluate("performance.memory.usedJSHeapSize") / 1e6, 1)
                found["browser_map_heap_mb"] = round(_frame(page).evaluate("performance.memory.usedJSHeapSize") / 1e6, 1)
                before = _resident(process)
                found["server_mb_one_session"] = round(before)
        found |= _told("first_map", maps_at) | _told("filter", filters) | _told("open_incident", opens)
        found["server_mb"] = round(_resident(process))
        found["server_mb_a_session"] = round((_resident(process) - before) / (SESSIONS - 1), 1)
        found |= _changed(page, city)
    return found


def _signed_in(page: Any, settings: Settings) -> float:
    page.goto(serve.address(settings), timeout=120_000)
    page.locator("input[type=password]").wait_for(timeout=120_000)
    page.locator("input[type=text]").first.fill(NAME)
    page.locator("input[type=password]").fill(PASSWORD)
    page.wait_for_timeout(1500)  # nobody types faster
    begun = time.perf_counter()
    page.locator("button[kind=primaryFormSubmit]").click()
    page.frame_locator("iframe[title*=folium]").locator(".anlan-incident").first.wait_for(timeout=120_000)
    took = time.perf_counter() - begun
    page.wait_for_timeout(1500)
    return took


def _filtered(page: Any) -> list[float]:
    """Seconds from choosing a hazard until the map shows fewer incidents, and from taking it back until it shows all."""
    marks = page.frame_locator("iframe[title*=folium]").locator(".anlan-incident")
    every, box = marks.count(), page.locator("[data-testid=stMultiSelect]").first
    box.click()
    option = page.locator("[role=option]").nth(1)  # the first one means all
    option.wait_for()
    begun = time.perf_counter()
    option.click()
    _until(lambda: marks.count() < every)
    narrowed = time.perf_counter() - begun
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    box.click()
    begun = time.perf_counter()
    page.keyboard.press("Backspace")
    _until(lambda: marks.count() == every)
    took = time.perf_counter() - begun
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    return [narrowed, took]


def _opened(page: Any) -> float:
    button = page.get_by_role("button", name=WORDS["situation.open_one"]).first
    button.wait_for(timeout=30_000)
    begun = time.perf_counter()
    button.click()
    page.get_by_role("tab").first.wait_for(timeout=60_000)
    page.locator(".anlan-num + .anlan-chip").first.wait_for(timeout=60_000)
    took = time.perf_counter() - begun
    page.get_by_role("button", name=WORDS["incident.back"]).click()
    page.get_by_role("button", name=WORDS["situation.open_one"]).first.wait_for(timeout=60_000)
    page.wait_for_timeout(600)
    return took


def _changed(page: Any, city: City) -> dict[str, Any]:
    """Seconds from when the graph has one more incident until an open page says so, and whether what someone was writing there is untouched."""
    page.get_by_role("button", name=WORDS["situation.open_one"]).first.click()
    page.get_by_role("tab", name=WORDS["incident.tab.judging"]).click(timeout=30_000)
    page.get_by_text(WORDS["judging.close"]).first.click()
    writing = page.get_by_label(WORDS["judging.reason"]).last
    writing.wait_for(timeout=30_000)
    page.wait_for_timeout(3000)
    written = WORDS["judging.need_reason"][:6]
    writing.press_sequentially(written)
    count = page.locator(".anlan-grade").first
    before = count.text_content()
    city.happen()
    begun = time.perf_counter()
    _until(lambda: count.text_content() != before)
    took = time.perf_counter() - begun
    page.wait_for_timeout(3000)
    return {"change_seen_s": round(took, 2), "half_written_untouched": writing.input_value() == written}


async def together(address: str) -> dict[str, Any]:
    """Many officers at once, each limited to one district and acting every five seconds: how long an act takes, and whether anyone sees another's.

    They are windows without a browser: see `dashboard.many`.
    """
    took: list[float] = []
    read: list[int] = []
    foreign: list[str] = []
    await asyncio.gather(*(_acting(address, seat, took, read, foreign) for seat in range(SEATS)))
    ranked = quantiles(took, n=20)
    return {
        "together.sessions": SEATS,
        "together.acts": len(took),
        "together.act_p50_s": round(median(took), 2),
        "together.act_p95_s": round(ranked[18], 2),
        "together.act_slowest_s": round(max(took), 2),
        "together.titles_read": sum(read),
        "together.saw_another_district": len(foreign),
    }


async def _acting(address: str, seat: int, took: list[float], read: list[int], foreign: list[str]) -> None:
    own, opening, back = seat_district(seat), WORDS["situation.open_one"], WORDS["incident.back"]
    named = re.compile(f".{{0,12}}{EVENT}")
    async with window(address) as page:
        await asyncio.sleep(EVERY * seat / SEATS)
        await page.sign_in(f"seat-{seat}", PASSWORD, opening)
        await asyncio.sleep(SETTLING)
        for act in range(ACTS):
            begun = time.perf_counter()
            await page.press(opening if act % 2 == 0 else back, then=back if act % 2 == 0 else opening)
            took.append(time.perf_counter() - begun)
            titles = named.findall(page.words())
            read.append(len(titles))
            foreign += [words for words in titles if own not in words]
            await asyncio.sleep(max(0.0, EVERY - (time.perf_counter() - begun)))


def _frame(page: Any) -> Any:
    return next(frame for frame in page.frames if "folium" in frame.url)


def _until(true: Callable[[], bool]) -> None:
    end = time.perf_counter() + 30
    while not true() and time.perf_counter() < end:
        time.sleep(0.05)


def compared(spots: list[tuple[float, float]], folder: Path) -> dict[str, Any]:
    """The same points the ordinary two ways: seconds to make the page and to draw it, its size, and the browser's memory."""
    from playwright.sync_api import TimeoutError as TooLong

    found: dict[str, Any] = {}
    with chromium() as browser:
        for name in ("fast_marker_cluster", "plain_markers"):
            begun = time.perf_counter()
            file = folder / f"{name}.html"
            file.write_text(maps.ordinary(spots, clustered=name == "fast_marker_cluster"), "utf-8")
            found[f"{name}.made_s"] = round(time.perf_counter() - begun, 2)
            found[f"{name}.mb"] = round(file.stat().st_size / 1e6, 2)
            page = browser.new_page()
            begun = time.perf_counter()
            try:
                page.goto(file.as_uri(), wait_until="load", timeout=PATIENCE * 1000)
                page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
                found[f"{name}.drawn_s"] = round(time.perf_counter() - begun, 2)
                found[f"{name}.heap_mb"] = round(page.evaluate("performance.memory.usedJSHeapSize") / 1e6, 1)
            except TooLong:
                found[f"{name}.drawn_s"] = None
            page.close()
    return found


def _told(name: str, seconds: list[float]) -> dict[str, float]:
    return {f"{name}_s": round(median(seconds), 2), f"{name}_slowest_s": round(max(seconds), 2)}


def _resident(process: int) -> float:
    """Megabytes a process holds in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

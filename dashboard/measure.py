"""How the situation page bears a city's worth of evidence: measured in Chromium, beside plain folium markers and `FastMarkerCluster`.

Everything is invented and put into a real ledger and a real engine in a folder that is thrown away. The answer holds seconds, bytes and
megabytes as seen on this machine, with its load, and the graph queries each step of the page asked.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from dashboard import maps, serve
from dashboard.words import catalogue
from graph.invented_city import FEATURES, INCIDENTS, NAME, PASSWORD, City
from graph.knowledge import open_knowledge
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
SESSIONS = 3
"""Windows opened one after the other and left open; the first finds a server that has read nothing yet."""
PATIENCE = 90.0
"""Seconds after which a comparison is said not to have finished."""


def dashboard(path: Path | None = None, *, messages: int = STEPS[-1]) -> dict[str, Any]:
    """Measure at 2,000, 20,000 and 100,000 pieces of evidence, up to `messages`. NotFound without Chromium and playwright."""
    if not CHROMIUM.exists():
        raise NotFound(catalogue("zh")["measure.no_browser"].format(path=CHROMIUM))
    figures: dict[str, Any] = {"incidents": INCIDENTS, "survey_features": FEATURES}
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=path or Path(folder) / "home", port=_port(), tiles="", model_url="")
        with open_knowledge(settings) as known:
            city = City(known)
            for pieces in sorted({step for step in (*STEPS, messages) if step <= messages}):
                begun = time.perf_counter()
                city.grow(pieces)
                figures[f"{pieces}.filling_s"] = round(time.perf_counter() - begun, 1)
                found = measured(settings)
                figures |= {f"{pieces}.{name}": value for name, value in found.items()}
                figures |= {f"{pieces}.{name}": value for name, value in compared(city.spots, Path(folder)).items()}
                figures[f"{pieces}.load_average"] = round(os.getloadavg()[0], 1)
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


def measured(settings: Settings) -> dict[str, Any]:
    """What one person waits for, and what a session costs."""
    found: dict[str, Any] = {}
    with served(settings) as process, chromium() as browser:
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
        found |= _told("first_map", maps_at) | _told("filter", filters) | _told("open_incident", opens)
        found["server_mb"] = round(_resident(process))
        found["server_mb_a_session"] = round((_resident(process) - before) / (SESSIONS - 1), 1)
    return found


def _signed_in(page: Any, settings: Settings) -> float:
    page.goto(serve.address(settings))
    page.locator("input[type=password]").wait_for(timeout=120_000)
    page.locator("input[type=text]").first.fill(NAME)
    page.locator("input[type=password]").fill(PASSWORD)
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
    button = page.get_by_role("button", name=catalogue("zh")["situation.open_one"]).first
    button.wait_for(timeout=30_000)
    begun = time.perf_counter()
    button.click()
    page.get_by_role("tab").first.wait_for(timeout=60_000)
    page.locator(".anlan-num + .anlan-chip").first.wait_for(timeout=60_000)
    took = time.perf_counter() - begun
    page.get_by_role("button", name=catalogue("zh")["incident.back"]).click()
    page.get_by_role("button", name=catalogue("zh")["situation.open_one"]).first.wait_for(timeout=60_000)
    page.wait_for_timeout(600)
    return took


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

"""The real server on a filled home, and a real Chromium in front of it that counts every request leaving the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dashboard.serve import address, command, environment
from graph.knowledge import open_knowledge
from models.settings import Settings
from tests.dashboard.evening import PASSWORD, Evening, fill

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
INSIDE = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "about:")


@dataclass
class Desk:
    """A running dashboard: where it is, what it holds, and everything that went wrong in the browser."""

    url: str
    evening: Evening
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Settings(home=tmp_path_factory.mktemp("browser"), port=port)


@pytest.fixture(scope="session")
def desk(settings: Settings) -> Iterator[Desk]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: install it to see the pages as people do")
    with open_knowledge(settings) as knowledge:
        evening = fill(knowledge)
        server = subprocess.Popen(command(settings), env=environment(settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(address(settings))
            yield Desk(address(settings), evening)
        finally:
            server.terminate()
            server.wait(20)


def _wait(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).read()
            return
        except OSError:
            time.sleep(0.3)
    raise TimeoutError(f"the dashboard did not answer at {url} within a minute")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """The one Chromium of the session: Playwright can be started once."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: install it to see the pages as people do")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures go: `SHOTS` (ANLAN_… never reaches a test), or a folder that is thrown away."""
    folder = Path(os.environ.get("SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def probed(message: object) -> bool:
    """Opened at a page's own address, Streamlit looks for its server under that page first, and the browser notes the 404."""
    return "404" in message.text and "/_stcore/" in str(message.location)  # type: ignore[attr-defined]


class Seat:
    """One person in front of one browser window."""

    def __init__(
        self, browser: object, desk: Desk, shots: Path, language: str, *, size: tuple[int, int] = (1440, 900), scheme: str = "dark"
    ) -> None:
        viewport = {"width": size[0], "height": size[1]}
        self.context = browser.new_context(viewport=viewport, locale="zh-CN", color_scheme=scheme)  # type: ignore[attr-defined]
        self.context.on("request", lambda r: None if r.url.startswith(INSIDE) else desk.outside.append(r.url))
        self.page = self.context.new_page()
        self.page.on("websocket", lambda w: None if w.url.startswith(INSIDE) else desk.outside.append(w.url))
        self.page.on("console", lambda m: desk.complaints.append(f"{m.text} {m.location}") if m.type == "error" and not probed(m) else None)
        self.page.on("pageerror", lambda e: desk.complaints.append(str(e)))
        self.desk, self.shots, self.language = desk, shots, language

    def settled(self) -> None:
        self.page.wait_for_timeout(400)
        self.page.locator("[data-testid=stStatusWidget]").wait_for(state="detached", timeout=30_000)
        self.page.wait_for_function("!document.querySelector('[data-stale=true]')", timeout=30_000)
        self.page.wait_for_timeout(300)

    def sign_in(self, name: str, address: str = "", password: str = PASSWORD) -> None:
        self.page.goto(self.desk.url + address)
        self.page.locator("input[type=password]").wait_for(timeout=60_000)
        if self.language == "en":
            self.page.get_by_text("English").click()
            self.page.get_by_label("Account", exact=True).wait_for()
            self.settled()
        self.sign_in_here(name, password)

    def sign_in_here(self, name: str, password: str = PASSWORD) -> None:
        """Fill in the form at the door, wherever the address leads."""
        self.page.locator("input[type=text]").first.fill(name)
        self.page.locator("input[type=password]").fill(password)
        self.page.locator("button[kind=primaryFormSubmit]").click()
        self.page.locator("input[type=password]").wait_for(state="detached", timeout=60_000)
        self.page.locator(".anlan-top, .wall").first.wait_for(timeout=60_000)

    def turn_to(self, link: str) -> None:
        # A press while the page is still drawing itself can be lost; a person presses again.
        self.settled()
        self.unfold()
        pressed = self.page.get_by_role("link", name=link, exact=True)
        pressed.click()
        self.settled()
        if pressed.count() and pressed.first.get_attribute("aria-current") != "page":
            pressed.first.click()
            self.settled()
        folds = self.page.get_by_test_id("stSidebarCollapseButton").get_by_role("button")
        if folds.is_visible():
            folds.click()
            self.page.wait_for_timeout(400)

    def unfold(self) -> None:
        """On a small screen the pages stand in a drawer."""
        drawer = self.page.get_by_test_id("stExpandSidebarButton")
        if drawer.is_visible():
            drawer.click()
            self.page.wait_for_timeout(400)

    def picture(self, name: str) -> None:
        self.page.screenshot(path=str(self.shots / f"{self.language}-{name}.png"))

    @property
    def map(self) -> object:
        return self.page.frame_locator("iframe[title*=folium]")


@pytest.fixture
def seat(browser: object, desk: Desk, shots: Path) -> Iterator[Callable[[str, str], Seat]]:
    taken: list[Seat] = []

    def sit(name: str, language: str) -> Seat:
        taken.append(Seat(browser, desk, shots, language))
        taken[-1].sign_in(name)
        return taken[-1]

    yield sit
    for one in taken:
        one.context.close()

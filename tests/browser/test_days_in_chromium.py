"""Each role's day, from login to log-out: every page it has, what it comes for, no page wider than the screen, nothing that keeps anyone out (axe-core).

Every role sits at one of the three screens, and every screen is used in both languages.
"""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.app import SHEETS
from dashboard.words import catalogue
from tests.browser.conftest import Desk, Seat
from tests.dashboard.evening import PASSWORD

pytestmark = pytest.mark.browser

AXE = "axe-core@4.14.1"
SCREENS = {"wall": (1920, 1080), "laptop": (1366, 768), "telephone": (390, 844)}
DAYS = (
    ("wang", "officer", "wall", "zh", "dark"),
    ("zhang", "duty", "laptop", "zh", "dark"),
    ("li", "signer", "telephone", "zh", "light"),
    ("qian", "planner", "wall", "en", "light"),
    ("sun", "guardian", "laptop", "en", "dark"),
    ("zhao", "auditor", "telephone", "en", "dark"),
    ("root", "admin", "laptop", "zh", "light"),
)

STREAMLITS = {"aria-dialog-name": 'data-testid="stToast"'}
"""Violations that are Streamlit's own: axe's rule, and what of the page it is about. DECISIONS.md says which and why."""

RUN = """async () => (await axe.run(document, {resultTypes: ['violations'], iframes: false})).violations
  .filter(v => ['serious', 'critical'].includes(v.impact))
  .flatMap(v => v.nodes.map(n => [v.id, n.html.slice(0, 240), (n.any[0] || n.all[0] || n.none[0] || {message: ''}).message]))"""


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script, fetched once with npm; it is for tests and no part of the product."""
    folder = Path.home() / ".cache" / "anlan" / "axe-core-4.14.1"
    script = folder / "package" / "axe.min.js"
    if not script.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["npm", "pack", AXE, "--silent"], cwd=folder, check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"axe-core cannot be fetched with npm: {error}")
        with tarfile.open(next(folder.glob("*.tgz"))) as packed:
            packed.extract("package/axe.min.js", folder, filter="data")
    return script.read_text("utf-8")


@pytest.fixture
def sit(browser: object, desk: Desk, shots: Path) -> Iterator[Callable[..., Seat]]:
    taken: list[Seat] = []

    def at(language: str, screen: str, scheme: str = "dark") -> Seat:
        taken.append(Seat(browser, desk, shots, language, size=SCREENS[screen], scheme=scheme))
        return taken[-1]

    yield at
    for one in taken:
        one.context.close()


def barriers(here: Seat, axe: str) -> list[tuple[str, str, str]]:
    """What would keep someone out of this page, serious or critical, and is ours."""
    here.page.evaluate(axe)
    return [(rule, html, why) for rule, html, why in here.page.evaluate(RUN) if not (rule in STREAMLITS and STREAMLITS[rule] in html)]


AUDITED: set[tuple[str, str]] = set()
"""Pages axe has gone through, in the dark or the light; the frame of the map is another document and not among them."""


def is_sound(here: Seat, axe: str, role: str, page: str, scheme: str = "dark") -> list[object]:
    """Everything wrong with the page as it stands."""
    name = f"{role}-{page}"
    here.settled()
    here.picture(name)
    wrong: list[object] = [] if (page, scheme) in AUDITED else list(barriers(here, axe))
    AUDITED.add((page, scheme))
    wide = here.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wide > 1:
        wrong.append(f"{wide} pixels wider than the screen")
    if here.page.locator("[data-testid=stException]").count():
        wrong.append(here.page.locator("[data-testid=stException]").first.inner_text())
    return [(name, one) for one in wrong]


@pytest.mark.parametrize(("name", "role", "screen", "language", "scheme"), DAYS, ids=[day[1] for day in DAYS])
def test_a_day_from_login_to_log_out(
    sit: Callable[..., Seat], axe: str, name: str, role: str, screen: str, language: str, scheme: str
) -> None:
    here, words = sit(language, screen, scheme), catalogue(language)
    here.sign_in(name)
    here.settled()
    wrong = is_sound(here, axe, role, "situation", scheme)
    here.unfold()
    links = here.page.locator("[data-testid=stTopNavLink], [data-testid=stSidebarNavLink]")
    titles = {words[sheet.title]: page for page, sheet in SHEETS.items()}
    links.first.wait_for(timeout=30_000)
    pages = [titles[link.inner_text().strip().split("\n")[-1]] for link in links.all()]  # the icon's name stands before
    here.page.keyboard.press("Escape")
    assert {"situation", "library", "wall", "account"} <= set(pages)
    for page in pages:
        if page in ("situation", "wall"):
            continue
        here.turn_to(words[SHEETS[page].title])
        wrong += is_sound(here, axe, role, page, scheme)
    WORK.get(role, lambda here, words: None)(here, words)
    wrong += is_sound(here, axe, role, f"done-{role}", scheme)
    here.page.get_by_role("button", name=words["sign_in.leave"]).click()
    here.page.locator("input[autocomplete=username]").wait_for(timeout=30_000)
    wrong += is_sound(here, axe, role, "left", scheme)
    assert not wrong, "\n".join(str(one) for one in wrong)


def _draft(here: Seat, words: dict[str, str]) -> None:
    here.turn_to(words["page.situation"])
    here.page.get_by_role("button", name=words["situation.open_one"], exact=True).first.click()
    here.page.get_by_role("button", name=words["report.draft.accident_initial"]).first.click(timeout=30_000)
    here.page.get_by_role("button", name=words["draft.submit"]).wait_for(timeout=60_000)
    here.settled()
    here.picture("draft")
    here.page.get_by_role("button", name=words["draft.submit"]).click()
    here.page.get_by_text(words["report_status.submitted"]).first.wait_for(timeout=30_000)


def _sign(here: Seat, words: dict[str, str]) -> None:
    here.turn_to(words["page.signoff"])
    here.page.locator("input[type=password]").fill(PASSWORD)
    here.page.get_by_test_id("stFormSubmitButton").first.get_by_role("button").click()
    here.page.get_by_role("button", name=words["report.make.signed"].format(form="docx")).wait_for(timeout=60_000)
    here.settled()


def _pause(here: Seat, words: dict[str, str]) -> None:
    for act in ("pause", "resume"):
        here.page.get_by_role("button", name=words["model.guardian"]).click()
        here.page.get_by_label(words["model.reason"]).fill("例行检查")
        here.page.keyboard.press("Tab")
        here.page.locator(f".st-key-ai-{act} button:enabled").click(timeout=30_000)
        here.page.get_by_text(words[f"model.{act}d"]).first.wait_for(timeout=30_000)
        here.page.keyboard.press("Escape")
        here.settled()


def _verify(here: Seat, words: dict[str, str]) -> None:
    here.turn_to(words["page.audit"])
    here.page.get_by_role("button", name=words["audit.verify"]).click()
    here.page.get_by_text(words["audit.files_good"]).wait_for(timeout=60_000)


def _brief(here: Seat, words: dict[str, str]) -> None:
    here.turn_to(words["page.situation"])
    here.page.get_by_role("button", name=words["brief.open"]).click()
    here.page.get_by_role("button", name=words["brief.make"], exact=True).click()
    with here.page.expect_download(timeout=60_000) as taken:
        here.page.locator(".st-key-brief-take button").click(timeout=60_000)
    assert Path(taken.value.path()).read_bytes()[:2] == b"PK"
    here.page.keyboard.press("Escape")


WORK: dict[str, Callable[[Seat, dict[str, str]], None]] = {
    "officer": _brief,
    "duty": _draft,
    "signer": _sign,
    "guardian": _pause,
    "auditor": _verify,
}
"""What each role comes for; the planner's and the administrator's own pages have tests of their own."""


@pytest.mark.parametrize(("language", "mode"), [("zh", "actual"), ("en", "exercise")])
def test_the_wall_stands_at_its_own_address(sit: Callable[..., Seat], axe: str, language: str, mode: str) -> None:
    here = sit(language, "wall")
    here.sign_in("wang", f"/wall?mode={mode}")
    here.page.locator(".wall-row").first.wait_for(timeout=60_000)
    here.settled()
    assert is_sound(here, axe, "wall", mode) == []
    assert here.page.locator(".wall-row").count() == (2 if mode == "actual" else 1)
    assert here.page.locator(".wall-banner").count() == (mode == "exercise")
    assert here.page.locator("button:visible").count() == 0
    assert here.page.evaluate("document.querySelector('.stMain').scrollHeight") <= 1080
    before = here.page.locator(".wall-clock").inner_text()
    here.page.wait_for_function("old => document.querySelector('.wall-clock').innerText !== old", arg=before, timeout=15_000)
    assert not here.page.locator(".wall-frozen").is_visible()
    here.page.evaluate("document.querySelector('.wall-frozen').getAnimations()[0].finish()")
    assert here.page.locator(".wall-frozen").is_visible()


def test_an_address_opens_its_report_after_signing_in(sit: Callable[..., Seat]) -> None:
    first = sit("zh", "laptop")
    first.sign_in("zhang")
    first.turn_to("值班台")
    first.page.get_by_text("报告起草", exact=True).click()
    first.page.wait_for_url("**/duty?report=*", timeout=30_000)
    address = first.page.url.removeprefix(first.desk.url)
    again = sit("zh", "laptop")
    again.sign_in("zhang", address)
    again.page.get_by_role("button", name="送签").wait_for(timeout=60_000)
    assert again.page.url.removeprefix(again.desk.url) == address
    signer = sit("zh", "laptop")
    signer.sign_in("li", address)
    signer.page.wait_for_url("**/signoff?report=*", timeout=60_000)


def test_nothing_left_the_machine_and_nothing_complained(desk: Desk) -> None:
    """Last on purpose: it looks back on everything above."""
    assert desk.outside == []
    assert desk.complaints == []

"""What the README's first screen promises, done in Chromium on the sample itself: the accounts it prints, the pages' own words, a signed file."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from docx import Document

from dashboard.serve import address, command, environment
from dashboard.words import catalogue
from models.settings import Settings
from reports import relief
from tests.browser.conftest import CHROMIUM, Desk, Seat, _wait

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
WORDS = catalogue("zh")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, dict[str, str], Path]]:
    """The demonstration as `make run` leaves it: the dashboard over it, the passwords it printed, its home."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: install it to see the pages as people do")
    home = tmp_path_factory.mktemp("sample")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings = Settings(home=home, port=probe.getsockname()[1])
    run = [sys.executable, str(ROOT / "anlan.py"), "demo", "--headless"]
    subprocess.run(run, env={**os.environ, "ANLAN_HOME": str(home)}, check=True, capture_output=True, timeout=300)
    server = subprocess.Popen(command(settings), env=environment(settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(address(settings))
        passwords = json.loads((home / "demo" / "accounts.json").read_text("utf-8"))
        yield Desk(address(settings), SimpleNamespace()), passwords, home  # type: ignore[arg-type]
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def sit(shown: tuple[Desk, dict[str, str], Path], browser: object, shots: Path) -> Iterator[Callable[[str], Seat]]:
    desk, passwords, _ = shown
    taken: list[Seat] = []

    def at(name: str) -> Seat:
        taken.append(Seat(browser, desk, shots, "zh", size=(1366, 900)))
        taken[-1].sign_in(name, password=passwords[name])
        return taken[-1]

    yield at
    for one in taken:
        one.context.close()
    assert not desk.outside
    assert not desk.complaints


def signed(here: Seat, password: str) -> None:
    """Sign what is shown, with the credential again."""
    here.page.locator("input[type=password]").fill(password)
    here.page.get_by_test_id("stFormSubmitButton").first.get_by_role("button").click()


def words_of(path: Path) -> str:
    paper = Document(str(path))
    return "\n".join(
        [*(p.text for p in paper.paragraphs), *(cell.text for table in paper.tables for row in table.rows for cell in row.cells)]
    )


def test_a_newcomer_gets_to_a_signed_report_by_what_the_pages_say(
    sit: Callable[[str], Seat], shown: tuple[Desk, dict[str, str], Path]
) -> None:
    _, passwords, home = shown
    before = set((home / "reports").rglob("*.docx"))
    desk = sit("duty")
    desk.settled()
    desk.picture("sample-situation")
    # The first incident beside which no report stands signed, as the README says.
    opens = desk.page.get_by_role("button", name=WORDS["situation.open_one"], exact=True)
    for number in range(opens.count()):
        opens.nth(number).click()
        desk.settled()
        button = desk.page.get_by_role("button", name=WORDS["report.draft.accident_initial"], exact=True)
        if button.count():
            break
        desk.page.get_by_role("button", name=WORDS["incident.back"]).first.click()
        desk.settled()
    button.first.click(timeout=30_000)
    desk.page.get_by_role("button", name=WORDS["draft.submit"]).wait_for(timeout=60_000)
    desk.settled()
    desk.picture("sample-draft")
    desk.page.get_by_role("button", name=WORDS["draft.submit"]).click()
    desk.page.get_by_text(WORDS["report_status.submitted"]).first.wait_for(timeout=30_000)
    desk.page.get_by_role("button", name=WORDS["sign_in.leave"]).click()
    desk.page.locator("input[autocomplete=username]").wait_for(timeout=30_000)
    signer = sit("signer")
    signer.turn_to(WORDS["page.signoff"])
    signer.picture("sample-signoff")
    signed(signer, passwords["signer"])
    make = signer.page.get_by_role("button", name=WORDS["report.make.signed"].format(form="docx"))
    make.wait_for(timeout=60_000)
    make.click()
    with signer.page.expect_download(timeout=60_000) as download:
        signer.page.get_by_role("button", name=WORDS["report.take.signed"].format(form="docx")).click(timeout=60_000)
    assert "签发" in words_of(Path(download.value.path()))
    assert set((home / "reports").rglob("*.docx")) - before


def test_relief_from_the_footprint_to_a_signed_paper_with_the_gap(
    sit: Callable[[str], Seat], shown: tuple[Desk, dict[str, str], Path]
) -> None:
    _, passwords, _ = shown
    desk = sit("duty")
    desk.page.locator(".anlan-row", has_text="澜岸路").first.wait_for(timeout=30_000)
    desk.settled()
    desk.page.get_by_role("button", name=WORDS["situation.open_one"], exact=True).nth(2).click()
    desk.page.get_by_role("button", name=WORDS["incident.back"]).wait_for(timeout=30_000)
    desk.turn_to(WORDS["page.relief"])
    assert desk.page.get_by_label(WORDS["relief.days"]).input_value() == f"{relief.DAYS:.2f}"
    radius = desk.page.get_by_label(WORDS["relief.radius"])
    radius.fill("3000")
    radius.press("Tab")
    desk.settled()
    propose = desk.page.locator(".st-key-relief-propose button")
    propose.click()
    # Nobody has said how many are to be sheltered, and that number is not taken from another population: the page says so.
    desk.page.get_by_text("各口径不能互相代替").wait_for(timeout=60_000)
    people = desk.page.get_by_label(WORDS["relief.people"], exact=True)
    people.fill("2000")
    people.press("Tab")
    desk.settled()
    propose.click()
    desk.page.get_by_role("tab", name=WORDS["relief.tab.needs"]).wait_for(timeout=60_000)
    desk.settled()
    desk.picture("sample-relief")
    for tab in ("needs", "stock", "allocation", "gap", "exposure", "checks"):
        desk.page.get_by_role("tab", name=WORDS[f"relief.tab.{tab}"]).click()
        desk.settled()
        desk.picture(f"sample-relief-{tab}")
        # The invented depots hold some of what the standard asks for, and not all of it.
        for empty in ("relief.no_stock", "relief.no_allocation", "relief.no_gap"):
            assert not desk.page.get_by_text(WORDS[empty]).locator("visible=true").count()
    desk.page.get_by_role("tab", name=WORDS["relief.tab.needs"]).click()
    sources = desk.page.locator("[class*=st-key-relief-source-] button")
    assert sources.count()
    sources.first.click()
    desk.page.locator("[data-testid=stPopoverBody]").first.wait_for(timeout=10_000)
    desk.picture("sample-relief-source")
    desk.page.keyboard.press("Escape")
    desk.page.locator(".st-key-relief-submit button").click()
    desk.page.get_by_text(WORDS["report_status.submitted"]).first.wait_for(timeout=30_000)
    signer = sit("signer")
    signer.turn_to(WORDS["page.signoff"])
    signer.page.get_by_role("button", name=WORDS["relief.to_plans"]).click()
    signer.settled()
    signer.picture("sample-relief-sign")
    signed(signer, passwords["signer"])
    make = signer.page.locator(".st-key-make-relief-docx button")
    make.wait_for(timeout=60_000)
    signer.page.get_by_text(WORDS["report_status.signed"]).first.wait_for(timeout=60_000)
    make.click()
    with signer.page.expect_download(timeout=60_000) as download:
        signer.page.get_by_role("button", name=WORDS["report.take.signed"].format(form="docx")).click(timeout=60_000)
    paper = words_of(Path(download.value.path()))
    assert "签发" in paper
    assert "缺" in paper

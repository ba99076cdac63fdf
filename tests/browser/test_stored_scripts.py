"""62 texts that try to run, through every source and every name, on every page in Chromium: none runs, none makes a link or a picture of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from graph import importing, people
from graph.knowledge import Knowledge, open_knowledge
from ingestion.pipeline import receive, understand_waiting
from models.domain import BEIJING, Person
from models.settings import Settings
from reports.signoff import submit, write_draft
from tests.browser.conftest import Desk, Seat
from tests.browser.payloads import COUNT, payload
from tests.dashboard.evening import HOTLINE, PASSWORD, _Story

pytestmark = pytest.mark.long

OFFSETS = {"hotline": 0, "social": 100, "survey": 200, "warning": 300, "desk": 400, "library": 500, "incident": 600, "person": 700}
TOGETHER = 6
"""Payloads in one message."""
SAID = {"hotline": "建邺区着火了", "social": "秦淮区积水", "warning": "暴雨红色预警", "desk": "鼓楼区树倒了"}
"""What the messages of a source say beside the payloads, to find them in the queue."""
RAN = "window.__hit === undefined ? [] : window.__hit"
HARMFUL = "a[href^='javascript:' i], img[src='x'], img[onerror], svg[onload], [onmouseover], iframe[srcdoc*='__hit'], object, embed, base, meta[http-equiv='refresh']"


def together(source: str) -> list[str]:
    """All payloads of a source, a few to a message."""
    all_of = [payload(number, OFFSETS[source]) for number in range(COUNT)]
    return [" ".join(all_of[at : at + TOGETHER]) for at in range(0, COUNT, TOGETHER)]


def plant(knowledge: Knowledge, folder: Path) -> None:
    """Put the payloads in through every source, into names of people, incidents and documents, and into a report that waits for its signature."""
    now = datetime.now(BEIJING).replace(microsecond=0)
    written = now.strftime("%Y-%m-%d %H:%M:%S")
    book = openpyxl.Workbook()
    book.active.append(["工单编号", "标题", "内容", "地址", "来电时间", "来电人"])
    for number, words in enumerate(together("hotline")):
        book.active.append([f"w{number}{words[:60]}", words, f"{SAID['hotline']}，快来救人 {words}", words, written, words])
    book.save(folder / "calls.xlsx")
    posts = [
        {
            "id": f"p{number}",
            "title": words,
            "text": f"{SAID['social']}，有人被困 {words}",
            "user": words,
            "time": written,
            "address": words,
            "link": words,
        }
        for number, words in enumerate(together("social"))
    ]
    lines = [json.dumps(post, ensure_ascii=False) for post in posts] + [f"{{broken {words}" for words in together("social")[:3]]
    (folder / "posts.jsonl").write_text("\n".join(lines), "utf-8")
    places = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [118.7 + number % 8 * 0.02, 31.98 + number // 8 * 0.02]},
            "properties": {"name": payload(number, OFFSETS["survey"]), "kind": "school", "address": payload(number, OFFSETS["survey"]), "id": f"school-{number:08d}"},
        }
        for number in range(COUNT)
    ]  # fmt: skip
    (folder / "school.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": places}, ensure_ascii=False), "utf-8")
    alerts = [
        {"id": f"a{number}", "headline": words, "description": f"{SAID['warning']} {words}", "senderName": words, "issuedTime": now.astimezone(UTC).isoformat(), "areaName": words, "severity": words}
        for number, words in enumerate(together("warning"))
    ]  # fmt: skip
    (folder / "alerts.json").write_text(json.dumps(alerts, ensure_ascii=False), "utf-8")
    for source, name in (("hotline", "calls.xlsx"), ("social", "posts.jsonl"), ("survey", "school.geojson"), ("warning", "alerts.json")):
        receive(knowledge, source, folder / name)
    for number, words in enumerate(together("desk")):
        said = {"text": f"{SAID['desk']} {words}", "title": words, "taken_by": words, "place_hint": words, "sent_at": written}
        (folder / f"desk{number}.json").write_text(json.dumps(said, ensure_ascii=False), "utf-8")
        receive(knowledge, "desk", folder / f"desk{number}.json")
    understand_waiting(knowledge)
    story = _Story(knowledge, now)
    hostile = [
        story.incident(
            payload(number, OFFSETS["incident"]), "fire", "production_accident", f"建邺区{payload(number, OFFSETS['incident'])}",
            118.65 + number % 8 * 0.03, 31.9 + number // 8 * 0.03, minutes_ago=30,
        )
        for number in range(COUNT)
    ]  # fmt: skip
    for number, incident in enumerate(hostile):
        words = payload(number, OFFSETS["incident"])
        story.says(incident, HOTLINE, f"起火，1人被困 {words}", 25 - number % 20, {"trapped": 1})
    story.tell()
    knowledge.catch_up()
    laws = folder / "laws"
    laws.mkdir()
    articles = "\n\n".join(f"第{number + 1}条 {payload(number, OFFSETS['library'])} 应当防汛。" for number in range(COUNT))
    (laws / "防汛<img src=x onerror=top.__hit=[500]>条例(2022-05-06).md").write_text(
        f"# 防汛{payload(0, OFFSETS['library'])}条例\n\n{articles}\n", "utf-8"
    )
    importing.add(knowledge, [laws], by="system")
    for number, (name, role) in enumerate(
        (("evil-duty", "duty"), ("evil-sign", "signer"), ("evil-audit", "auditor"), ("evil-admin", "admin"))
    ):
        shown = payload(number, OFFSETS["person"]) + payload(number + 13, OFFSETS["person"])
        people.add(knowledge.ledger, Person(name=name, display_name=shown, role=role), PASSWORD, by="system")
    author = next(one for one in knowledge.ledger.people() if one.name == "evil-duty")
    for incident in hostile[:3]:
        state = write_draft(knowledge, incident, author, at=datetime.now(UTC) + timedelta(seconds=1))
        submit(knowledge, state.report.id, version=state.report.version, digest=state.report.content_digest(), by=author)


class Watched:
    """A seat whose pages are looked through for anything that ran."""

    def __init__(self, seat: Seat) -> None:
        self.seat, self.seen, self.dialogs = seat, set[str](), list[str]()
        seat.page.on("dialog", lambda one: (self.dialogs.append(one.message), one.dismiss()))

    def look(self) -> None:
        """Stir up everything on the page, and see that nothing ran and nothing of the payloads became an element."""
        self.seat.settled()
        for frame in self.seat.page.frames:
            frame.evaluate(
                "document.querySelectorAll('.leaflet-interactive, .leaflet-marker-icon, .anlan-site').forEach("
                "e => ['mouseover', 'mousemove', 'mouseout'].forEach(k => e.dispatchEvent(new MouseEvent(k, {bubbles: true}))))"
            )
        self.seat.page.wait_for_timeout(300)
        for frame in self.seat.page.frames:
            self.seen |= set(re.findall(r"X(\d{3})X", frame.evaluate("document.documentElement.textContent")))
            assert frame.evaluate(RAN) == []
            assert frame.evaluate(f"[...document.querySelectorAll({json.dumps(HARMFUL)})].map(e => e.outerHTML.slice(0, 200))") == []
        assert self.dialogs == []


@pytest.fixture(scope="module")
def planted(desk: Desk, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_knowledge(settings) as knowledge:
        plant(knowledge, tmp_path_factory.mktemp("payloads"))


@pytest.fixture
def watch(browser: object, desk: Desk, shots: Path, planted: None) -> Iterator[Callable[[str], Watched]]:
    taken: list[Seat] = []

    def sit(name: str) -> Watched:
        taken.append(Seat(browser, desk, shots, "zh"))
        taken[-1].sign_in(name)
        return Watched(taken[-1])

    yield sit
    for one in taken:
        one.context.close()


def test_no_stored_script_runs_on_any_page(watch: Callable[[str], Watched], desk: Desk) -> None:
    duty = watch("evil-duty")
    page = duty.seat.page
    duty.seat.map.locator(".anlan-incident").first.wait_for(timeout=90_000)
    duty.look()
    duty.seat.picture("scripts-map")
    duty.seat.map.locator(".anlan-incident").first.click(timeout=60_000, force=True)
    duty.look()
    for tab in page.get_by_role("tab").all():
        tab.click()
        duty.look()
    duty.seat.turn_to("值班台")
    page.get_by_text("全部", exact=True).click()
    duty.look()
    for words in SAID.values():
        search = page.locator(".st-key-queue_search input")
        search.fill(words)
        search.press("Enter")
        duty.look()
        following = page.locator(".st-key-queue-next button")
        for _ in range(5):
            if following.count() and following.is_enabled():
                following.click()
                duty.look()
    search.fill("")
    search.press("Enter")
    for bench in ("来电录入", "报告起草"):
        page.get_by_text(bench, exact=True).click()
        duty.look()
    duty.seat.turn_to("法规库")
    field = page.locator(".st-key-library_query_typed input")
    field.wait_for(timeout=60_000)
    field.fill("应当防汛")
    field.press("Enter")
    page.locator("[class*=st-key-library-open-found] button").first.click(timeout=60_000)
    duty.look()
    for tab in page.get_by_role("tab").all():
        tab.click()
        duty.look()
    duty.seat.picture("scripts-library")
    seen = set(duty.seen)
    for account, pages in (("evil-sign", ("签发",)), ("evil-audit", ("审计",)), ("evil-admin", ("数据源", "审计"))):
        other = watch(account)
        for name in pages:
            link = other.seat.page.get_by_role("link", name=name, exact=True)
            if link.count():
                other.seat.turn_to(name)
            other.look()
            other.seat.picture(f"scripts-{account}-{len(other.seen)}")
        seen |= other.seen
    by_source = {name: sum(start <= int(one) < start + 100 for one in seen) for name, start in OFFSETS.items()}
    print(by_source, len(seen))
    assert len({int(one) % 100 for one in seen}) >= 50, "too few payloads came to be shown: this would prove little"
    # A warning that no incident bears is on no page; its words are shown where an incident quotes it.
    assert all(count for name, count in by_source.items() if name != "warning"), by_source
    assert desk.outside == []

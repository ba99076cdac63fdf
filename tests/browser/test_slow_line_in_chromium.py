"""A line so slow that the browser asks for parts of a page the server has left. Long: on a busy machine it failed once after all was mended,
and why is not known yet.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Seat

pytestmark = pytest.mark.long


def test_a_timer_of_the_page_just_left_does_not_wipe_the_new_one(seat: Callable[[str, str], Seat]) -> None:
    """The browser asks for the clock of the old page after the server has turned to the new one: what a slow line does now and then."""
    here = seat("zhang", "zh")
    held: list[str | bytes] = []
    lines: list[object] = []
    holds = False

    def told(message: str | bytes) -> None:
        held.append(message) if holds else lines[-1][0].send(message)  # type: ignore[index]

    def between(page_end: object) -> None:
        server_end = page_end.connect_to_server()  # type: ignore[attr-defined]
        lines.append((page_end, server_end))
        server_end.on_message(told)

    here.page.route_web_socket("**/_stcore/stream", between)
    here.sign_in("zhang")
    here.map.locator(".anlan-incident").first.wait_for(timeout=60_000)
    here.page.get_by_role("button", name="查看").first.click()  # what nothing was reported of comes first
    button = here.page.get_by_role("button", name="起草初报")
    button.wait_for(timeout=30_000)
    here.settled()
    holds = True
    button.click()
    here.page.wait_for_timeout(13_000)
    assert held
    while held:  # what comes meanwhile waits its turn behind
        lines[-1][0].send(held.pop(0))  # type: ignore[index]
    holds = False
    here.page.get_by_role("button", name="送签").wait_for(timeout=30_000)
    here.page.wait_for_timeout(12_000)
    here.picture("after-a-slow-line")
    assert here.page.get_by_role("button", name="送签").is_visible()
    assert here.desk.complaints == []

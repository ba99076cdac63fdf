"""Signing in through a real OIDC provider on this machine, as people do it: in, role, limits, out, expired, refused, and signing on a fresh login."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.serve import address, command, environment
from graph import people
from graph.knowledge import Knowledge, open_knowledge
from models.domain import Person
from models.settings import Settings
from reports import signoff
from tests.browser.conftest import INSIDE, _wait
from tests.dashboard.evening import Evening, fill

pytestmark = pytest.mark.browser

FILE = """
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "a long secret invented for this test only"
client_id = "anlan"
client_secret = "not secret here"
server_metadata_url = "http://localhost:{provider}/.well-known/openid-configuration"
client_kwargs = {{ prompt = "login", scope = "openid profile" }}

[anlan]
roles = {{ desk = "duty", pen = "signer", watch = "officer" }}
districts = {{ jianye = "320105" }}
"""
PEOPLE = {
    "d1": {"name": "周值班", "groups": ["desk", "everyone"]},
    "s1": {"name": "吴签发", "groups": ["pen"]},
    "w1": {"name": "郑指挥", "groups": ["watch", "jianye"]},
    "n1": {"name": "外人", "groups": ["everyone"]},
    "t1": {"name": "两可", "groups": ["desk", "pen"]},
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Door:
    """A dashboard that knows the provider, and what is behind it."""

    def __init__(self, settings: Settings, knowledge: Knowledge, evening: Evening, browser: object) -> None:
        self.settings, self.knowledge, self.evening, self.browser = settings, knowledge, evening, browser
        self.outside: list[str] = []

    def visitor(self) -> Visitor:
        context = self.browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")  # type: ignore[attr-defined]
        theirs = "http://localhost"  # the provider's own pages ask for a style sheet from outside; ours may not
        context.on(
            "request",
            lambda r: None if r.url.startswith((*INSIDE, theirs)) or r.frame.url.startswith(theirs) else self.outside.append(r.url),
        )
        context.route("https://**", lambda route: route.abort())
        return Visitor(context.new_page(), address(self.settings))

    def entries(self, kind: str, subject: str) -> list[dict[str, object]]:
        return [entry.payload for entry in self.knowledge.ledger.entries(kinds=[kind], subject=subject)]


class Visitor:
    def __init__(self, page: object, url: str) -> None:
        self.page, self.url = page, url

    def arrive(self, subject: str) -> None:
        """Open the dashboard and go through the provider as this subject."""
        self.page.goto(self.url)  # type: ignore[attr-defined]
        self.page.get_by_role("button", name="统一身份认证登录").click(timeout=60_000)  # type: ignore[attr-defined]
        self.say_who(subject)

    def say_who(self, subject: str) -> None:
        self.page.wait_for_url("**/oauth2/authorize**", timeout=30_000)  # type: ignore[attr-defined]
        assert "prompt=login" in self.page.url  # type: ignore[attr-defined]
        self.page.locator(f"button[name=sub][value={subject}]").click()  # type: ignore[attr-defined]

    def sees(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for(timeout=60_000)  # type: ignore[attr-defined]

    def at_the_door(self) -> None:
        self.page.get_by_role("button", name="统一身份认证登录").wait_for(timeout=60_000)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def provider() -> Iterator[int]:
    mock = pytest.importorskip("oidc_provider_mock", reason="oidc-provider-mock is not installed")
    users = [mock.User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]
    with mock.run_server_in_thread(user_claims=users) as server:
        yield server.server_port


@pytest.fixture(scope="module")
def door(provider: int, browser: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("oidc")
    settings = prepared(home, provider, idle=60)
    with open_knowledge(settings) as knowledge:
        evening = fill(knowledge)
        with running(settings):
            yield Door(settings, knowledge, evening, browser)


def prepared(home: Path, provider: int, *, idle: float) -> Settings:
    port, path = free_port(), home / "oidc.toml"
    path.write_text(FILE.format(port=port, provider=provider), encoding="utf-8")
    path.chmod(0o600)
    return Settings(home=home / "var", port=port, oidc_file=path, session_idle_minutes=idle)


class running:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __enter__(self) -> None:
        self.server = subprocess.Popen(
            command(self.settings), env=environment(self.settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _wait(address(self.settings))

    def __exit__(self, *_: object) -> None:
        self.server.terminate()
        self.server.wait(20)


def test_a_login_gives_the_role_of_its_group_and_an_account_on_record(door: Door) -> None:
    visitor = door.visitor()
    visitor.arrive("d1")
    visitor.sees("周值班")
    visitor.sees("值班台")
    assert door.knowledge.ledger.person("oidc:d1") == Person(name="oidc:d1", display_name="周值班", role="duty", is_external=True)
    assert len(door.entries("person.added", "oidc:d1")) == 1
    assert len(door.entries("person.signed_in", "oidc:d1")) == 1
    visitor.page.reload()  # type: ignore[attr-defined]
    visitor.sees("周值班")
    assert len(door.entries("person.signed_in", "oidc:d1")) == 1
    assert door.outside == []


def test_a_page_of_another_role_is_refused_by_its_address_and_recorded(door: Door) -> None:
    visitor = door.visitor()
    visitor.arrive("d1")
    visitor.sees("周值班")
    visitor.page.goto(visitor.url + "/audit")  # type: ignore[attr-defined]
    visitor.sees("may not audit")
    assert {"action": "audit", "reason": "role duty", "subject": ""} in door.entries("person.refused", "oidc:d1")


@pytest.mark.parametrize(("subject", "told"), [("n1", "没有对应本系统的角色"), ("t1", "对应多个角色")])
def test_groups_that_mean_no_role_or_two_let_nobody_in(door: Door, subject: str, told: str) -> None:
    visitor = door.visitor()
    visitor.arrive(subject)
    visitor.sees(told)
    assert visitor.page.get_by_text("态势").count() == 0  # type: ignore[attr-defined]
    assert [person.name for person in door.knowledge.ledger.people() if person.name == f"oidc:{subject}"] == []
    assert len(door.entries("person.refused", f"oidc:{subject}")) == 1


def test_a_group_of_a_district_limits_the_account(door: Door) -> None:
    visitor = door.visitor()
    visitor.arrive("w1")
    visitor.sees("郑指挥")
    assert door.knowledge.ledger.person("oidc:w1").districts == ("320105",)


def test_after_signing_out_the_old_cookie_opens_nothing(door: Door) -> None:
    visitor = door.visitor()
    visitor.arrive("d1")
    visitor.sees("周值班")
    page = visitor.page
    kept = page.context.cookies()  # type: ignore[attr-defined]
    page.get_by_role("button", name="退出").click()  # type: ignore[attr-defined]
    page.wait_for_url("**/oauth2/end_session**", timeout=30_000)  # type: ignore[attr-defined]
    page.goto(visitor.url)  # type: ignore[attr-defined]
    visitor.at_the_door()
    page.context.add_cookies(kept)  # type: ignore[attr-defined]
    page.goto(visitor.url)  # type: ignore[attr-defined]
    visitor.at_the_door()


def test_signing_asks_for_a_fresh_login_for_exactly_that_text(door: Door) -> None:
    duty = Person(name="zhang", display_name="张值班", role="duty")
    report = signoff.write_draft(door.knowledge, door.evening.fire, duty).report
    signoff.submit(door.knowledge, report.id, version=1, digest=report.content_digest(), by=duty)
    visitor = door.visitor()
    visitor.arrive("s1")
    visitor.sees("吴签发")
    page = visitor.page
    page.goto(visitor.url + "/signoff")  # type: ignore[attr-defined]
    sign = page.get_by_test_id("stFormSubmitButton").filter(has_text="签发").first  # type: ignore[attr-defined]
    sign.get_by_role("button").click(timeout=60_000)
    visitor.sees("须经统一身份认证重新登录一次")
    assert door.knowledge.store.report(report.id).status == "submitted"
    time.sleep(1.1)  # the provider counts whole seconds
    page.get_by_role("button", name="签发前重新登录一次").click()  # type: ignore[attr-defined]
    visitor.say_who("s1")
    visitor.sees("吴签发")
    page.goto(visitor.url + "/signoff")  # type: ignore[attr-defined]
    sign.get_by_role("button").click(timeout=60_000)
    until = time.monotonic() + 30
    while door.knowledge.store.report(report.id).status != "signed" and time.monotonic() < until:
        page.wait_for_timeout(300)  # type: ignore[attr-defined]
    state = door.knowledge.store.report(report.id)
    assert (state.status, state.decisions[-1].officer, state.decisions[-1].digest) == ("signed", "oidc:s1", report.content_digest())
    assert [one["about"] for one in door.entries("person.confirmed", "oidc:s1")] == [report.content_digest()]


def test_a_session_nobody_sits_at_ends_by_itself_and_its_cookie_with_it(
    provider: int, browser: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = prepared(tmp_path_factory.mktemp("idle"), provider, idle=0.2)
    with open_knowledge(settings) as knowledge:
        evening = fill(knowledge)
        with running(settings):
            door = Door(settings, knowledge, evening, browser)
            visitor = door.visitor()
            visitor.arrive("d1")
            visitor.sees("周值班")
            visitor.sees("会话已结束")
            visitor.page.goto(visitor.url)  # type: ignore[attr-defined]
            visitor.at_the_door()
            assert visitor.page.get_by_text("周值班").count() == 0  # type: ignore[attr-defined]
            visitor.page.get_by_role("button", name="统一身份认证登录").click()  # type: ignore[attr-defined]
            visitor.say_who("d1")
            visitor.sees("周值班")
            assert people.may(knowledge.ledger.person("oidc:d1"), "draft")

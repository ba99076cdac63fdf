"""Each page on a small real ledger and graph: what it shows, what it lets happen, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.views import entry
from dashboard.words import now
from graph import listening
from graph.knowledge import Knowledge
from models.domain import Channel, Person, Quarantined, Source
from models.errors import BadInput
from models.settings import Settings
from reports import signoff
from tests.dashboard.conftest import words
from tests.dashboard.evening import HOSTILE, PASSWORD, PEOPLE, Evening
from tests.signing import sign

Start = Callable[..., AppTest]
BY_NAME = {person.name: person for person in PEOPLE}


@pytest.fixture
def drafted(known: Knowledge, evening: Evening) -> str:
    """A fresh draft about the fire."""
    return signoff.write_draft(known, evening.fire, BY_NAME["zhang"]).report.id


def submitted(known: Knowledge, report: str, by: Person) -> None:
    state = known.store.report(report)
    signoff.submit(known, report, version=state.report.version, digest=state.report.content_digest(), by=by)


def button(test: AppTest, label: str) -> object:
    return next(one for one in test.button if one.label == label)


def test_nobody_sees_anything_before_signing_in(app: Start) -> None:
    test = app()
    assert [one.label for one in test.text_input] == ["账号", "密码"]
    assert "火灾" not in words(test)


def test_a_wrong_password_says_so_and_opens_nothing(app: Start) -> None:
    test = app()
    test.text_input[0].set_value("zhang")
    test.text_input[1].set_value("not the password")
    button(test, "登录").click().run()
    assert len(test.error) == 1
    assert "account" not in test.session_state


def test_the_right_password_opens_the_situation(app: Start) -> None:
    test = app()
    test.text_input[0].set_value("zhang")
    test.text_input[1].set_value(PASSWORD)
    button(test, "登录").click().run()
    assert "秦淮区居民楼电动自行车火灾" in words(test)


def test_the_language_changes_every_word_of_the_frame(app: Start) -> None:
    test = app("zhang", language="en")
    assert "Beijing time" in words(test)
    assert "北京时间" not in words(test)


def test_the_situation_lists_actual_incidents_only(view: Start) -> None:
    shown = words(view("situation", "wang"))
    assert "建邺区下穿通道积水" in shown
    assert "六合区化工企业泄漏演练" not in shown


def test_an_exercise_is_shown_alone_and_marked(view: Start) -> None:
    shown = words(view("situation", "wang", mode="exercise"))
    assert "六合区化工企业泄漏演练" in shown
    assert "anlan-row-exercise" in shown
    assert "秦淮区居民楼" not in shown


def tab(incident: str, title: str) -> dict[str, str]:
    """The state of a page whose incident was opened at one part; the others are not read."""
    return {f"tabs-{incident}": title}


def test_an_opened_incident_shows_the_figure_the_rule_and_the_figure_not_chosen(view: Start, evening: Evening) -> None:
    shown = words(view("situation", "wang", incident=evening.fire))
    assert "取街道办报告的最新数字" in shown
    assert "说法不一" in shown
    assert "3人" in shown


def test_a_quote_is_marked_in_its_evidence(view: Start, evening: Evening) -> None:
    assert "<mark>3人死亡</mark>" in words(view("situation", "wang", incident=evening.fire, **tab(evening.fire, "信息时间线")))


def test_an_officer_has_no_button_to_draft(view: Start, evening: Evening) -> None:
    assert "起草初报" not in [one.label for one in view("situation", "wang", incident=evening.fire).button]


def test_pressing_draft_makes_a_report(view: Start, evening: Evening, known: Knowledge) -> None:
    before = len(known.store.reports(incident=evening.flood))
    button(view("situation", "zhang", incident=evening.flood), "起草初报").click().run()
    assert len(known.store.reports(incident=evening.flood)) == before + 1


def test_the_queue_puts_the_most_urgent_first(view: Start) -> None:
    shown = words(view("duty", "zhang", bench="queue", queue_which="all"))
    assert shown.index("救命") < shown.index("路口红绿灯坏了")


def test_a_hostile_message_reaches_the_page_as_words(view: Start) -> None:
    shown = words(view("duty", "zhang", bench="queue", queue_which="all"))
    assert "&lt;script&gt;window.__owned=1" in shown
    assert "<script>" not in shown
    assert "<img" not in shown
    assert HOSTILE not in shown


def test_every_sentence_of_a_draft_stands_in_a_field(view: Start, drafted: str, known: Knowledge) -> None:
    test = view("duty", "zhang", bench="drafts", draft=drafted)
    fields = {one.value for one in (*test.text_input, *test.text_area)}
    assert {claim.text for claim in known.store.report(drafted).report.claims} <= fields


def test_an_edit_is_saved_as_a_new_version_and_keeps_the_machines_words(view: Start, drafted: str, known: Knowledge) -> None:
    test = view("duty", "zhang", bench="drafts", draft=drafted)
    field = next(one for one in test.text_input if one.key and one.key.startswith(f"claim-{drafted}"))
    old = field.value
    field.set_value(f"{old[:-1]}，请关注。").run()
    button(test, "保存为新版本").click().run()
    report = known.store.report(drafted).report
    assert report.version == 2
    assert [claim.machine_text for claim in report.claims if claim.text.endswith("，请关注。")] == [old]


def test_a_draft_cannot_be_sent_while_words_are_unsaved(view: Start, drafted: str) -> None:
    test = view("duty", "zhang", bench="drafts", draft=drafted)
    field = next(one for one in test.text_input if one.key and one.key.startswith(f"claim-{drafted}"))
    field.set_value(f"{field.value}。").run()
    assert button(test, "送签").disabled


def test_the_signer_reads_every_sentence_and_the_digest(view: Start, drafted: str, known: Knowledge) -> None:
    submitted(known, drafted, BY_NAME["zhang"])
    shown = words(view("signoff", "li", signing=drafted))
    report = known.store.report(drafted).report
    assert report.content_digest() in shown
    assert all(claim.text in shown for claim in report.claims if "<" not in claim.text and '"' not in claim.text)


def test_signing_needs_the_password_again(view: Start, drafted: str, known: Knowledge) -> None:
    submitted(known, drafted, BY_NAME["zhang"])
    test = view("signoff", "li", signing=drafted)
    next(one for one in test.text_input if one.key == "sign_password").set_value("somebody else's")
    button(test, "签发").click().run()
    assert known.store.report(drafted).status == "submitted"
    assert len(test.error) == 1


def test_signing_binds_to_the_digest_that_was_read(view: Start, drafted: str, known: Knowledge) -> None:
    submitted(known, drafted, BY_NAME["zhang"])
    test = view("signoff", "li", signing=drafted)
    next(one for one in test.text_input if one.key == "sign_password").set_value(PASSWORD)
    button(test, "签发").click().run()
    state = known.store.report(drafted)
    assert (state.status, state.decisions[-1].digest) == ("signed", state.report.content_digest())


def test_returning_without_a_reason_is_refused(view: Start, drafted: str, known: Knowledge) -> None:
    submitted(known, drafted, BY_NAME["zhang"])
    test = view("signoff", "li", signing=drafted)
    button(test, "退回").click().run()
    assert known.store.report(drafted).status == "submitted"
    assert len(test.error) == 1


def test_an_edit_after_signing_is_shouted_on_the_audit_page(view: Start, drafted: str, known: Knowledge) -> None:
    submitted(known, drafted, BY_NAME["zhang"])
    state = known.store.report(drafted)
    sign(known, drafted, version=1, digest=state.report.content_digest(), by=BY_NAME["li"])
    first = state.report.claims[0]
    signoff.edit(known, drafted, 1, {first.id: f"{first.text}改"}, BY_NAME["zhang"])
    assert "签发已失效" in words(view("audit", "zhao"))


def test_the_audit_page_verifies_the_chain(view: Start) -> None:
    test = view("audit", "zhao")
    button(test, "校验记录链").click().run()
    assert "记录链完整" in words(test)


def test_a_duty_officer_has_no_audit_page(view: Start, known: Knowledge) -> None:
    before = sum(1 for _ in known.ledger.entries(kinds=["person.refused"]))
    test = view("audit", "zhang")
    assert test.exception or test.error
    assert sum(1 for _ in known.ledger.entries(kinds=["person.refused"])) == before + 1


def test_a_typed_call_is_one_whole_file_in_the_inbox(evening: Evening) -> None:
    path = entry.leave_in_inbox(text="下关有人被困", title="", sent_at=now(), place_hint="鼓楼区", mode="actual", taken_by="zhang")
    assert path.parent == Settings().home / "inbox" / "desk"
    held = json.loads(path.read_text(encoding="utf-8"))
    assert set(held) == {"text", "title", "sent_at", "place_hint", "mode", "taken_by"}
    assert list(path.parent.glob("*.part")) == []


def test_an_empty_call_is_refused(evening: Evening) -> None:
    with pytest.raises(BadInput):
        entry.leave_in_inbox(text="  ", title="", sent_at=now(), place_hint="", mode="actual", taken_by="zhang")


def test_the_form_leaves_what_was_typed_in_the_inbox(view: Start) -> None:
    test = view("duty", "zhang", bench="entry")
    next(one for one in test.text_area if one.key == "entry_text").set_value("电梯里困了两个人")
    before = entry.waiting_files()
    button(test, "保存到收件箱").click().run()
    assert entry.waiting_files() == before + 1


def test_the_sources_page_shows_what_is_heard_and_a_press_asks_for_another_reading(view: Start, known: Knowledge, hotline: Source) -> None:
    listening.declare(known.ledger, [(hotline, [Channel(name="hotline", kind="folder", place="/收件箱/hotline", every_seconds=60)])])
    known.ledger.looked_at("hotline")
    bad = Quarantined(source="hotline", reason="没有<b>正文</b>", where="a.csv 第3行", raw="坏行", digest="e" * 64)
    known.ledger.receive(hotline, [], quarantined=[bad])
    test = view("sources", "zhang")
    assert not test.exception
    shown = words(test)
    assert "/收件箱/hotline" in shown
    assert "没有&lt;b&gt;正文" in shown
    assert "<b>正文" not in shown
    next(one for one in test.button if one.key == f"retry-{bad.digest}").click().run()
    assert not test.exception
    assert (bad.digest, "zhang") in known.ledger.asked_again()
    assert "已安排重读" in [one.label for one in test.button]


def test_a_signer_has_no_sources_page(view: Start, known: Knowledge) -> None:
    test = view("sources", "li")
    assert test.exception or test.error


def test_every_kind_of_report_that_applies_has_its_button(view: Start, evening: Evening, known: Knowledge) -> None:
    def offered(name: str, **state: object) -> set[str]:
        return {one.key for one in view(name, "zhang", **state).button if one.key and one.key.startswith("draft-")}

    fire = f"draft-{evening.fire}"
    told = any(state.status == "signed" for state in known.store.reports(incident=evening.fire))
    expected = {fire, f"{fire}-response_advice", f"{fire}-work_notice"} | ({f"{fire}-final"} if told else set())
    assert offered("situation", incident=evening.fire) == expected
    assert "draft-day" in offered("duty", bench="drafts")


def test_the_day_is_drafted_on_the_duty_desk(view: Start, evening: Evening, known: Knowledge) -> None:
    test = view("duty", "zhang", bench="drafts")
    test.button(key="draft-day").click().run()
    assert not test.exception
    days = [state for state in known.store.reports() if state.report.stage == "日报"]
    assert days
    assert "居民楼电动自行车火灾" in "".join(claim.text for claim in days[0].report.claims)


def test_advice_is_drafted_from_the_incident_and_gives_no_level(view: Start, evening: Evening, known: Knowledge) -> None:
    test = view("situation", "zhang", incident=evening.fire)
    test.button(key=f"draft-{evening.fire}-response_advice").click().run()
    advice = next(state for state in known.store.reports(incident=evening.fire) if state.report.stage == "建议")
    assert not [item for item in advice.report.gradings if item.level and item.scheme.startswith("plan.")]
    assert "未录入系统" in "".join(claim.text for claim in advice.report.claims)


def test_the_incident_page_says_that_no_plan_of_this_city_is_loaded_and_shows_similar_cases(view: Start, evening: Evening) -> None:
    shown = words(view("situation", "wang", incident=evening.fire, **tab(evening.fire, "预案与案例")))
    assert "库中没有本市适用于本事件的现行预案" in shown
    assert "明尚西苑" in shown


def test_a_replay_shows_no_figure_grade_or_deadline_of_today(view: Start, evening: Evening) -> None:
    shown = words(view("situation", "wang", replaying=True))
    assert "秦淮区居民楼电动自行车火灾" in shown
    assert "死亡 2" in words(view("situation", "wang"))
    for of_today in ("死亡 2", "涉及车辆 3", "anlan-row anlan-sev-3"):
        assert of_today not in shown
    assert "以下是现在所知" in words(view("situation", "wang", replaying=True, incident=evening.fire))

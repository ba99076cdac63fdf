"""Who may do what, and what happens at the door."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from graph import people
from graph.ledger import Ledger
from models.domain import Person
from models.errors import NotAllowed, Refused
from models.settings import Settings

NOON = datetime(2026, 7, 12, 4, 0, tzinfo=UTC)
PASSWORD = "紫金山下四个词 2026"
DUTY = Person(name="duty1", display_name="钱值班", role="duty")


@pytest.fixture
def desk(ledger: Ledger) -> Ledger:
    people.add(ledger, DUTY, PASSWORD, "admin1")
    return ledger


def fail(ledger: Ledger, times: int, at: datetime = NOON) -> None:
    for _ in range(times):
        with pytest.raises(NotAllowed):
            people.sign_in(ledger, "duty1", "a wrong password", at=at)


def test_the_right_password_lets_its_person_in_and_is_recorded(desk: Ledger) -> None:
    assert people.sign_in(desk, "duty1", PASSWORD, at=NOON) == DUTY
    *_, last = desk.entries()
    assert (last.kind, last.subject, last.at) == ("person.signed_in", "duty1", NOON)


def test_a_password_is_never_written_anywhere_as_it_is(desk: Ledger, home: Settings) -> None:
    people.sign_in(desk, "duty1", PASSWORD, at=NOON)
    assert desk.password_hash("duty1").startswith("$argon2id$")
    assert not any(PASSWORD.encode() in path.read_bytes() for path in home.home.glob("ledger.db*"))


def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(desk: Ledger) -> None:
    answers = []
    for name in ("duty1", "nobody"):
        with pytest.raises(NotAllowed) as caught:
            people.sign_in(desk, name, "a wrong password", at=NOON)
        answers.append(str(caught.value))
    assert answers[0] == answers[1]


def test_a_wrong_name_takes_about_as_long_as_a_wrong_password(desk: Ledger) -> None:
    def seconds(name: str) -> float:
        begun = time.process_time()
        with pytest.raises(NotAllowed):
            people.sign_in(desk, name, "a wrong password", at=NOON)
        return time.process_time() - begun

    seconds("nobody")
    assert seconds("nobody") > 0.3 * seconds("duty1")


def test_what_was_typed_as_an_unknown_name_stays_out_of_the_record(desk: Ledger) -> None:
    with pytest.raises(NotAllowed):
        people.sign_in(desk, "my-secret-password", "", at=NOON)
    *_, last = desk.entries()
    assert (last.kind, "my-secret" in str(last)) == ("person.refused", False)


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(desk: Ledger) -> None:
    fail(desk, 5)
    with pytest.raises(NotAllowed, match="锁定至 12:15"):
        people.sign_in(desk, "duty1", PASSWORD, at=NOON + timedelta(minutes=14))


def test_four_wrong_passwords_do_not_lock_and_a_right_one_forgets_them(desk: Ledger) -> None:
    fail(desk, 4)
    people.sign_in(desk, "duty1", PASSWORD, at=NOON)
    fail(desk, 4)
    assert people.sign_in(desk, "duty1", PASSWORD, at=NOON) == DUTY


def test_the_lock_ends_after_a_quarter_of_an_hour(desk: Ledger) -> None:
    fail(desk, 5)
    assert people.sign_in(desk, "duty1", PASSWORD, at=NOON + timedelta(minutes=15)) == DUTY


def test_the_lock_outlives_a_restart(desk: Ledger, home: Settings) -> None:
    fail(desk, 5)
    desk.close()
    reopened = Ledger(home.ledger_address)
    with pytest.raises(NotAllowed, match="锁定"):
        people.sign_in(reopened, "duty1", PASSWORD, at=NOON + timedelta(minutes=1))
    reopened.close()


def test_a_new_password_ends_the_lock(desk: Ledger) -> None:
    fail(desk, 5)
    people.change_password(desk, "duty1", "另一句四个词的话 7", "admin1")
    assert people.sign_in(desk, "duty1", "另一句四个词的话 7", at=NOON) == DUTY


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "duty1duty1", ""])
def test_an_easy_password_is_refused(ledger: Ledger, password: str) -> None:
    with pytest.raises(Refused):
        people.add(ledger, DUTY, password, "admin1")
    assert ledger.people() == []


def test_every_refused_action_is_on_record_with_who_and_what(desk: Ledger) -> None:
    with pytest.raises(NotAllowed, match=r"钱值班.*signer"):
        people.allow(desk, DUTY, "sign", subject="re-1")
    *_, last = desk.entries()
    assert (last.kind, last.subject, last.payload["action"], last.payload["subject"]) == ("person.refused", "duty1", "sign", "re-1")


def test_a_permitted_action_leaves_no_entry(desk: Ledger) -> None:
    before = desk.last_seq()
    people.allow(desk, DUTY, "draft")
    assert desk.last_seq() == before


def test_nobody_may_both_draft_and_sign() -> None:
    assert not [role for role, actions in people.PERMISSIONS.items() if {"draft", "sign"} <= actions]


def test_only_the_guardian_may_pause_ai() -> None:
    assert [role for role, actions in people.PERMISSIONS.items() if "pause_ai" in actions] == ["guardian"]


def test_an_action_nobody_defined_is_a_defect_not_a_refusal() -> None:
    with pytest.raises(ValueError, match="fly"):
        people.may(DUTY, "fly")

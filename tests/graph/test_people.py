"""Who may do what, and what happens at the door."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from graph import people, second_factor
from graph.ledger import Ledger
from models.domain import Person, Role
from models.errors import MustChange, NeedsCode, NotAllowed, Refused
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


ADMIN = Person(name="admin1", display_name="管理员", role="admin")
OWN = "自己想的四个词 2026"


def refused(ledger: Ledger) -> list[tuple[str, str]]:
    return [(entry.payload["action"], entry.payload["reason"]) for entry in ledger.entries(kinds=["person.refused"])]


def test_a_password_someone_else_set_opens_nothing_until_it_is_changed(ledger: Ledger) -> None:
    people.add(ledger, DUTY, PASSWORD, ADMIN, initial=True)
    for opened in (people.sign_in, people.confirm):
        with pytest.raises(MustChange):
            opened(ledger, "duty1", PASSWORD)
    assert refused(ledger) == [("sign_in", "initial password")] * 2
    with pytest.raises(Refused):
        people.change_own_password(ledger, "duty1", PASSWORD, PASSWORD)
    people.change_own_password(ledger, "duty1", PASSWORD, OWN)
    assert people.sign_in(ledger, "duty1", OWN) == DUTY
    people.change_password(ledger, "duty1", PASSWORD, ADMIN, initial=True)
    with pytest.raises(MustChange):
        people.sign_in(ledger, "duty1", PASSWORD)


def test_ones_own_password_is_changed_only_with_the_old_one_and_guessing_locks(desk: Ledger) -> None:
    for _ in range(people.FAILURES_ALLOWED):
        with pytest.raises(NotAllowed):
            people.change_own_password(desk, "duty1", "a wrong password", OWN, at=NOON)
    with pytest.raises(NotAllowed, match="锁定"):
        people.change_own_password(desk, "duty1", PASSWORD, OWN, at=NOON)


@pytest.mark.parametrize("role", [role for role in people.PERMISSIONS if role != "admin"])
def test_only_an_administrator_manages_accounts(desk: Ledger, role: Role) -> None:
    by = Person(name="someone", display_name="某人", role=role)
    acts: list[Callable[[], object]] = [
        lambda: people.add(desk, Person(name="new", display_name="新", role="duty"), PASSWORD, by),
        lambda: people.change_password(desk, "duty1", OWN, by),
        lambda: people.change(desk, "duty1", by, role="admin"),
        lambda: people.drop_code(desk, "duty1", by),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()
    assert refused(desk) == [("manage_people", f"role {role}")] * len(acts)
    assert people.sign_in(desk, "duty1", PASSWORD).role == "duty"


def test_an_older_record_gets_what_accounts_have_since_learned(home: Settings) -> None:
    first = Ledger(home.ledger_address)
    people.add(first, DUTY, PASSWORD, "system")
    first.close()
    with closing(sqlite3.connect(home.home / "ledger.db")) as db:
        for column in ("must_change", "is_external", "code_secret", "code_step"):
            db.execute(f"ALTER TABLE account DROP COLUMN {column}")
    again = Ledger(home.ledger_address)
    assert people.sign_in(again, "duty1", PASSWORD) == DUTY
    again.close()


# -- the changing code


@pytest.fixture
def secret(desk: Ledger) -> str:
    made = second_factor.new_secret()
    people.enrol_code(desk, "duty1", PASSWORD, made, code(made), at=NOON)
    return made


def code(secret: str, at: datetime = NOON) -> str:
    return pyotp.TOTP(secret).at(at)


def later(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_with_a_code_the_password_alone_opens_nothing(desk: Ledger, secret: str) -> None:
    with pytest.raises(NeedsCode):
        people.sign_in(desk, "duty1", PASSWORD, at=later(60))
    with pytest.raises(NotAllowed):
        people.sign_in(desk, "duty1", "a wrong password", code(secret, later(60)), at=later(60))
    assert people.sign_in(desk, "duty1", PASSWORD, code(secret, later(60)), at=later(60)).has_code


def test_a_code_works_once_and_never_an_older_one_after_it(desk: Ledger, secret: str) -> None:
    people.sign_in(desk, "duty1", PASSWORD, code(secret, later(60)), at=later(60))
    for at in (60, 30):
        with pytest.raises(NotAllowed, match="用过"):
            people.confirm(desk, "duty1", PASSWORD, code(secret, later(at)), about="x", at=later(60))
    people.confirm(desk, "duty1", PASSWORD, code(secret, later(90)), about="x", at=later(90))


def test_of_two_at_once_with_one_code_one_gets_in(desk: Ledger, secret: str) -> None:
    def attempt(_: int) -> bool:
        try:
            people.sign_in(desk, "duty1", PASSWORD, code(secret, later(60)), at=later(60))
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_a_code_from_another_time_is_refused_and_guessing_locks(desk: Ledger, secret: str) -> None:
    for _ in range(people.FAILURES_ALLOWED):
        with pytest.raises(NotAllowed):
            people.sign_in(desk, "duty1", PASSWORD, code(secret, later(3600)), at=later(60))
    with pytest.raises(NotAllowed, match="锁定"):
        people.sign_in(desk, "duty1", PASSWORD, code(secret, later(60)), at=later(60))


def test_the_secret_is_nowhere_in_clear_and_opens_only_with_the_password(desk: Ledger, secret: str, home: Settings) -> None:
    assert not any(secret.encode() in path.read_bytes() for path in home.home.glob("ledger.db*"))
    assert second_factor.unseal(desk.code_secret("duty1"), PASSWORD) == secret
    assert second_factor.unseal(desk.code_secret("duty1"), OWN) is None


def test_the_code_outlives_a_change_of_password_and_a_reset_takes_it_away(desk: Ledger, secret: str) -> None:
    people.change_own_password(desk, "duty1", PASSWORD, OWN, code(secret, later(60)), at=later(60))
    assert people.sign_in(desk, "duty1", OWN, code(secret, later(90)), at=later(90)).has_code
    people.change_password(desk, "duty1", PASSWORD, ADMIN)
    assert not people.sign_in(desk, "duty1", PASSWORD).has_code


def test_an_administrator_helps_whoever_lost_the_telephone(desk: Ledger, secret: str) -> None:
    people.drop_code(desk, "duty1", ADMIN)
    assert people.sign_in(desk, "duty1", PASSWORD) == DUTY
    with pytest.raises(NotAllowed):
        people.enrol_code(desk, "duty1", "a wrong password", secret, code(secret, later(60)), at=later(60))


# -- the credential again


def test_a_confirmation_stands_for_one_act_about_one_thing_for_two_minutes(desk: Ledger) -> None:
    with pytest.raises(NotAllowed):
        people.demand_confirmation(desk, DUTY, "digest-1", at=NOON)
    people.confirm(desk, "duty1", PASSWORD, about="digest-1", at=NOON)
    with pytest.raises(NotAllowed):
        people.demand_confirmation(desk, DUTY, "digest-2", at=later(1))
    with pytest.raises(NotAllowed):
        people.demand_confirmation(desk, DUTY, "digest-1", at=NOON + people.CONFIRMED + timedelta(seconds=1))
    people.demand_confirmation(desk, DUTY, "digest-1", at=later(1))
    with pytest.raises(NotAllowed):
        people.demand_confirmation(desk, DUTY, "digest-1", at=later(2))
    assert ("confirm", "no fresh credential") in refused(desk)


def test_signing_in_is_no_confirmation(desk: Ledger) -> None:
    people.sign_in(desk, "duty1", PASSWORD, at=NOON)
    with pytest.raises(NotAllowed):
        people.demand_confirmation(desk, DUTY, "digest-1", at=NOON)


OUTSIDER = Person(name="oidc:77", display_name="周签发", role="signer", is_external=True)


def test_a_provider_s_account_confirms_by_a_login_that_followed_the_request(ledger: Ledger) -> None:
    people.arrive(ledger, OUTSIDER, at=datetime.now(UTC))
    before = datetime.now(UTC) - timedelta(seconds=2)
    asked = people.ask_again(ledger, OUTSIDER, "digest-1").at
    for about, login in (("digest-1", None), ("digest-1", before), ("digest-2", asked)):
        with pytest.raises(NotAllowed):
            people.confirm(ledger, "oidc:77", about=about, login_at=login)
    with pytest.raises(NotAllowed):
        people.confirm(ledger, "oidc:77", about="digest-1", login_at=asked, at=asked + people.FRESH_LOGIN + timedelta(seconds=1))
    people.confirm(ledger, "oidc:77", about="digest-1", login_at=asked)
    people.demand_confirmation(ledger, OUTSIDER, "digest-1")
    with pytest.raises(NotAllowed):
        people.confirm(ledger, "oidc:77", about="digest-1", login_at=asked)


def test_no_password_opens_a_provider_s_account_and_no_local_one_takes_its_name(ledger: Ledger) -> None:
    people.arrive(ledger, OUTSIDER, at=NOON)
    for password in ("", PASSWORD):
        with pytest.raises(NotAllowed):
            people.sign_in(ledger, "oidc:77", password)
    with pytest.raises(Refused):
        people.add(ledger, Person(name="oidc:78", display_name="冒名", role="admin"), PASSWORD, "system")
    with pytest.raises(Refused):
        people.change_password(ledger, "oidc:77", PASSWORD, "system")


def test_a_provider_s_account_follows_its_groups(ledger: Ledger) -> None:
    people.arrive(ledger, OUTSIDER, at=NOON)
    moved = OUTSIDER.model_copy(update={"role": "duty", "districts": ("320105",)})
    assert people.arrive(ledger, moved, at=NOON) == moved
    assert [entry.kind for entry in ledger.entries()] == ["person.added", "person.signed_in", "person.changed", "person.signed_in"]


@pytest.mark.parametrize(("role", "districts"), [("auditor", ("320105",)), ("duty", ("3201",)), ("duty", ("建邺区",))])
def test_limits_are_division_codes_and_only_for_roles_that_can_be_limited(ledger: Ledger, role: Role, districts: tuple[str, ...]) -> None:
    with pytest.raises(Refused):
        people.add(ledger, Person(name="x1", display_name="某", role=role, districts=districts), PASSWORD, "system")

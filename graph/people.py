"""Who may do what: local accounts, sign-in, and the permissions of each role.

The rights of a role are data here and are checked where things happen, never only on a page. Passwords are kept as argon2id
hashes. Five wrong passwords lock an account for a quarter of an hour; the count is in the database, so starting again does not
reset it. Every refusal is written to the ledger, because who tried and failed is part of the record.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from graph.ledger import Ledger
from models.domain import BEIJING, Entry, Person, Role
from models.errors import NotAllowed, NotFound, Refused

PERMISSIONS: dict[Role, frozenset[str]] = {
    "officer": frozenset({"view", "read_unmasked", "judge"}),
    "duty": frozenset({"view", "draft", "edit", "submit", "ingest", "judge"}),
    "planner": frozenset({"view", "manage_library"}),
    "signer": frozenset({"view", "sign", "return", "withdraw"}),
    "guardian": frozenset({"view", "pause_ai"}),
    "auditor": frozenset({"view", "audit", "read_unmasked"}),
    "admin": frozenset({"view", "manage_people", "ingest"}),
}
"""What each role may do. Drafting and signing are in no role together: a report needs two people."""

ACTIONS = frozenset().union(*PERMISSIONS.values())
"""Everything that can be permitted."""

FAILURES_ALLOWED = 5
"""Wrong passwords in a row before the account is locked."""

LOCK = timedelta(minutes=15)
"""How long it stays locked."""

SHORTEST_PASSWORD = 10
"""Characters."""

_hasher = PasswordHasher()
_WRONG = "账号或口令不对。连续输错五次，账号锁定 15 分钟。"


def add(ledger: Ledger, person: Person, password: str, by: str) -> Entry:
    """Open an account. Refused when the name is taken or the password is too easy."""
    _refuse_easy(person.name, password)
    if not person.name.strip() or person.name != person.name.strip():
        raise Refused("账号名不能为空，前后不能有空格。")
    return ledger.add_person(person, _hasher.hash(password), by)


def change_password(ledger: Ledger, name: str, password: str, by: str) -> Person:
    """Give an account a new password, which also ends a lock-out."""
    _refuse_easy(name, password)
    return ledger.change_person(name, by=by, password_hash=_hasher.hash(password))


def sign_in(ledger: Ledger, name: str, password: str, *, at: datetime | None = None) -> Person:
    """The person behind a name and password.

    Raises NotAllowed for a wrong name, a wrong password or a locked account; the answer to the first two is the same, and takes
    as long, so that nobody learns which accounts exist.
    """
    now = at or datetime.now(UTC)
    try:
        stored, person = ledger.password_hash(name), ledger.person(name)
    except NotFound:
        stored, person = _nobodys_hash(), None
    right = _matches(stored, password)
    until = ledger.locked_until(name)
    if until is not None and now < until:
        ledger.refused(name, "sign_in", "locked", at=now)
        raise NotAllowed(f"口令多次输错，账号已锁定至 {until.astimezone(BEIJING):%H:%M}。请等待，或联系管理员。")
    if person is None:
        # Not under the name as typed: people type their password into the wrong box, and the ledger is for ever.
        ledger.refused("(unknown)", "sign_in", "unknown name", at=now)
        raise NotAllowed(_WRONG)
    if not right:
        ledger.sign_in_failed(name, "wrong password", allowed=FAILURES_ALLOWED, lock=LOCK, at=now)
        raise NotAllowed(_WRONG)
    stronger = _hasher.hash(password) if _hasher.check_needs_rehash(stored) else None
    ledger.signed_in(name, at=now, password_hash=stronger)
    return person


def may(person: Person, action: str) -> bool:
    """Whether this person's role permits the action. Asking leaves no trace: for showing or hiding a button."""
    if action not in ACTIONS:
        raise ValueError(f"no such action: {action!r}")
    return action in PERMISSIONS[person.role]


def allow(ledger: Ledger, person: Person, action: str, *, subject: str = "") -> None:
    """Let this person do the action, or record the refusal and raise NotAllowed.

    `subject` is the id of what it would have been done to, for the record.
    """
    if may(person, action):
        return
    ledger.refused(person.name, action, f"role {person.role}", subject=subject)
    able = "、".join(sorted(role for role, actions in PERMISSIONS.items() if action in actions))
    raise NotAllowed(f"{person.display_name} ({person.role}) may not {action.replace('_', ' ')}. That needs the role {able}.")


def _refuse_easy(name: str, password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise Refused(f"口令至少 {SHORTEST_PASSWORD} 个字符；用一句话作口令既长又好记。")
    if len(set(password)) < 4 or password.casefold() in (name.casefold(), name.casefold() * 2):
        raise Refused("口令太容易被猜到：不能与账号名相同，也不能只是同一字符重复。")


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password.encode("utf-8", "surrogatepass"))
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    # Verified when the name is unknown, so that an unknown name takes as long to refuse as a known one.
    return _hasher.hash("no account has this password")

"""Who may do what: accounts, sign-in, the credential asked for again, and the permissions of each role.

The rights of a role are data here and are checked where things happen, never only on a page. Passwords are kept as argon2id
hashes; a password someone else has set opens nothing until its owner has changed it. Five wrong passwords or codes lock an account for
a quarter of an hour; the count is in the database, so starting again does not reset it. Every refusal is written to the ledger, because
who tried and failed is part of the record.

Where `by` is a name and not a person, it is whoever set this machine up: someone who can run the program on the files of the desk needs
no right in it. A person acting in his own name is checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from graph import second_factor, signatures
from graph.ledger import Ledger
from models.domain import BEIJING, Entry, Person, Role
from models.errors import BadInput, MustChange, NeedsCode, NotAllowed, NotFound, Refused, Stale

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

EXTERNAL = "oidc:"
"""How the names of accounts begin for which the identity provider vouches; no local account may be called so."""

CONFIRMED = timedelta(minutes=2)
"""How long a credential given again stands for one act."""

FRESH_LOGIN = timedelta(minutes=5)
"""How old a login at the identity provider may be to count as the credential given again."""

LIMITABLE: frozenset[Role] = frozenset({"officer", "duty", "signer"})
"""Roles that can be limited to districts. The others see the whole record, the whole library or every account by their very task."""

_hasher = PasswordHasher()
_DIGEST = re.compile("[0-9a-f]{64}")
_WRONG = "账号、口令或动态码不对。连续输错五次，账号锁定 15 分钟。"


# -- accounts -------------------------------------------------------------------------------------------------------------------


def add(ledger: Ledger, person: Person, password: str, by: Person | str, *, initial: bool = False) -> Entry:
    """Open an account. Refused when the name is taken or the password is too easy.

    `initial` says that someone else than its owner chose the password: it must then be changed at the first sign-in.
    """
    _managing(ledger, by, person.name)
    _refuse_easy(person.name, password)
    if not person.name.strip() or person.name != person.name.strip():
        raise Refused("账号名不能为空，前后不能有空格。")
    if person.name.startswith(EXTERNAL):
        raise Refused(f"以 {EXTERNAL} 开头的账号名只用于统一身份认证的账号，请换一个名字。")
    _refuse_limits(person.role, person.districts)
    own = person.model_copy(update={"must_change": initial, "has_code": False, "is_external": False})
    return ledger.add_person(own, _hasher.hash(password), _name(by))


def change_password(ledger: Ledger, name: str, password: str, by: Person | str, *, initial: bool = False) -> Person:
    """Give an account a new password without the old one, which also ends a lock-out and takes away its changing code (TOTP) and signing key."""
    _managing(ledger, by, name)
    _refuse_external(ledger.person(name), "口令")
    _refuse_easy(name, password)
    return ledger.change_person(name, by=_name(by), password_hash=_hasher.hash(password), must_change=initial, code_secret="")


def change_own_password(ledger: Ledger, name: str, old: str, new: str, code: str = "", *, at: datetime | None = None) -> Person:
    """Change one's own password, with the old one. The changing code, if any, stays; a signing key is made anew. NotAllowed as for `sign_in`."""
    now = at or datetime.now(UTC)
    person = _checked(ledger, name, old, code, now)
    _refuse_easy(name, new)
    if new == old:
        raise Refused("新口令不能与原口令相同。")
    sealed = ledger.code_secret(name)
    secret = second_factor.unseal(sealed, old) if sealed else None
    again = second_factor.seal(secret, new) if secret else None
    return ledger.change_person(name, by=person.name, password_hash=_hasher.hash(new), code_secret=again)


def change(
    ledger: Ledger,
    name: str,
    by: Person | str,
    *,
    role: Role | None = None,
    districts: Sequence[str] | None = None,
    display_name: str | None = None,
) -> Person:
    """Change what an account is; it counts from the next thing its owner does. An identity provider's account gets its role at login."""
    _managing(ledger, by, name)
    known = ledger.person(name)
    if role is not None or districts is not None:
        _refuse_external(known, "角色和区划")
        _refuse_limits(role or known.role, known.districts if districts is None else districts)
    return ledger.change_person(name, by=_name(by), role=role, districts=districts, display_name=display_name)


def enrol_code(ledger: Ledger, name: str, password: str, secret: str, code: str, *, at: datetime | None = None) -> Person:
    """Ask for a changing code from now on. `code` proves that the telephone has the secret; the password is what it is sealed under."""
    now = at or datetime.now(UTC)
    person = ledger.person(name)
    _refuse_external(person, "动态码")
    if person.has_code:
        raise Refused("已启用动态码；换手机请先停用，再重新启用。")
    _checked(ledger, name, password, "", now)
    step = second_factor.step(secret, code, now)
    if step is None:
        raise Refused("动态码不对：请确认手机时间准确，等下一个码再试。")
    ledger.spend_code(name, step)
    return ledger.change_person(name, by=name, code_secret=second_factor.seal(secret, password))


def drop_own_code(ledger: Ledger, name: str, password: str, code: str, *, at: datetime | None = None) -> Person:
    """Do without the changing code again; asks for both."""
    _checked(ledger, name, password, code, at or datetime.now(UTC))
    return ledger.change_person(name, by=name, code_secret="")


def drop_code(ledger: Ledger, name: str, by: Person | str) -> Person:
    """Take the changing code off someone's account whose telephone is lost; an administrator's act."""
    _managing(ledger, by, name)
    ledger.person(name)
    return ledger.change_person(name, by=_name(by), code_secret="")


# -- at the door ----------------------------------------------------------------------------------------------------------------


def sign_in(ledger: Ledger, name: str, password: str, code: str = "", *, at: datetime | None = None) -> Person:
    """The person behind a name, a password and, where the account has one, a changing code.

    Raises NotAllowed for a wrong name, a wrong password, a wrong or used code, or a locked account; the answer to the first two is the
    same, and takes as long, so that nobody learns which accounts exist. Raises NeedsCode and MustChange once the password was right.
    """
    now = at or datetime.now(UTC)
    person = _checked(ledger, name, password, code, now)
    _refuse_initial(ledger, person, now)
    ledger.signed_in(name, at=now, password_hash=_stronger(ledger, name, password))
    return person


def arrive(ledger: Ledger, person: Person, *, at: datetime) -> Person:
    """Let in someone for whom the identity provider vouches; the account is made at the first login and follows the provider's groups."""
    if not (person.is_external and person.name.startswith(EXTERNAL)):
        raise ValueError("only an identity provider's account arrives")
    try:
        known = ledger.person(person.name)
    except NotFound:
        ledger.add_person(person, "", "oidc")
        known = person
    if (known.role, known.districts, known.display_name) != (person.role, person.districts, person.display_name):
        known = ledger.change_person(person.name, by="oidc", role=person.role, districts=person.districts, display_name=person.display_name)
    ledger.signed_in(person.name, at=at)
    return known


def session_over(began: datetime, active: datetime, now: datetime, *, idle: timedelta, longest: timedelta) -> bool:
    """Whether a session has lasted too long, or nobody has done anything in it for too long. A clock set back ends nothing early."""
    return now - began >= longest or now - active >= idle


def ask_again(ledger: Ledger, person: Person, about: str) -> Entry:
    """Note that someone the identity provider vouches for is sent there again, to give the credential for one act."""
    return ledger.record("person.asked", person.name, {"about": about}, by=person.name)


def confirm(
    ledger: Ledger,
    name: str,
    password: str = "",
    code: str = "",
    *,
    about: str = "",
    login_at: datetime | None = None,
    key_file: Path | None = None,
    at: datetime | None = None,
) -> Person:
    """The credential asked for again, for one act: the password, with the code where the account has one, or a fresh login.

    `about` is what it is for, such as the digest of the text to be signed. `login_at` is when the identity provider last saw the person
    give a credential; it must have followed `ask_again` about the same thing. Raises as `sign_in`. What was confirmed is in the ledger,
    with the signature of whoever may sign: the password is at hand only now. It counts for nothing until a decision carries it. `key_file`
    seals the keys of accounts an identity provider vouches for.
    """
    now = at or datetime.now(UTC)
    person = _known(ledger, name)
    if person is not None and person.is_external:
        _refuse_stale_login(ledger, person, about, login_at, now)
    else:
        person = _checked(ledger, name, password, code, now)
        _refuse_initial(ledger, person, now)
        ledger.clear_failures(name)
    payload: dict[str, str] = {"about": about}
    if may(person, "sign") and _DIGEST.fullmatch(about):
        payload |= asdict(_signed(ledger, person, password, about, key_file))
    ledger.record("person.confirmed", name, payload, by=name, at=now)
    return person


def _signed(ledger: Ledger, person: Person, password: str, about: str, key_file: Path | None) -> signatures.Signed:
    if not person.is_external:
        return signatures.sign(ledger, person.name, password, about)
    if key_file is None:
        raise Refused(f"{person.name} 由统一身份认证登录，签发须在看板上办理。")
    return signatures.sign(ledger, person.name, signatures.file_secret(key_file), about, sealed_by="file")


def demand_confirmation(ledger: Ledger, person: Person, about: str, *, at: datetime | None = None) -> signatures.Signed | None:
    """Refuse an act for which the credential was not given again within `CONFIRMED`; one confirmation stands for one act.

    The newest `person.confirmed` of this person must be about the same thing; that it is used is recorded as `person.acted`. Hands back
    the signature made with it, null when the account may not sign.
    """
    now = at or datetime.now(UTC)
    last = next((entry.seq for entry in ledger.entries(subject=person.name, newest_first=True, limit=1)), 0)
    newest = next(iter(ledger.entries(kinds=("person.confirmed", "person.acted"), subject=person.name, newest_first=True, limit=1)), None)
    stands = newest is not None and newest.kind == "person.confirmed" and newest.payload["about"] == about
    if newest is None or not stands or not timedelta(0) <= now - newest.at <= CONFIRMED:
        ledger.refused(person.name, "confirm", "no fresh credential", subject=about, at=now)
        raise NotAllowed("签发前须再次验证身份：请重新输入口令（启用动态码的还须动态码），或经统一身份认证重新登录。")
    try:
        ledger.record("person.acted", person.name, {"about": about}, by=person.name, at=now, expect_last=last)
    except Stale:
        # Something else was written about this person meanwhile; what it was is looked at anew.
        return demand_confirmation(ledger, person, about, at=at)
    said = newest.payload
    return signatures.Signed(said["key"], said["signature"]) if "signature" in said else None


# -- rights ---------------------------------------------------------------------------------------------------------------------


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


def allow_any(ledger: Ledger, person: Person, actions: Sequence[str], *, subject: str = "") -> None:
    """Let this person go on whose role permits at least one of these actions; otherwise as `allow`."""
    if not any(may(person, action) for action in actions):
        allow(ledger, person, actions[0], subject=subject)


# -- inside ---------------------------------------------------------------------------------------------------------------------


def _name(by: Person | str) -> str:
    return by.name if isinstance(by, Person) else by


def _managing(ledger: Ledger, by: Person | str, name: str) -> None:
    if isinstance(by, Person):
        allow(ledger, by, "manage_people", subject=name)


def _known(ledger: Ledger, name: str) -> Person | None:
    try:
        return ledger.person(name)
    except NotFound:
        return None


def _checked(ledger: Ledger, name: str, password: str, code: str, now: datetime) -> Person:
    """The person whose name, password and code these are; every failure is recorded and counted."""
    person = _known(ledger, name)
    stored = ledger.password_hash(name) if person is not None and not person.is_external else _nobodys_hash()
    right = _matches(stored, password)
    until = ledger.locked_until(name)
    if until is not None and now < until:
        ledger.refused(name, "sign_in", "locked", at=now)
        raise NotAllowed(f"口令多次输错，账号已锁定至 {until.astimezone(BEIJING):%H:%M}。请等待，或联系管理员。")
    if person is None or person.is_external:
        # Not under the name as typed: people type their password into the wrong box, and the ledger is for ever.
        ledger.refused("(unknown)", "sign_in", "unknown name", at=now)
        raise NotAllowed(_WRONG)
    if not right:
        ledger.sign_in_failed(name, "wrong password", allowed=FAILURES_ALLOWED, lock=LOCK, at=now)
        raise NotAllowed(_WRONG)
    if person.has_code:
        _check_code(ledger, name, password, code, now)
    return person


def _check_code(ledger: Ledger, name: str, password: str, code: str, now: datetime) -> None:
    if not code.strip():
        ledger.refused(name, "sign_in", "no code", at=now)
        raise NeedsCode("该账号启用了动态码：请输入手机上的六位动态码。")
    secret = second_factor.unseal(ledger.code_secret(name), password)
    step = second_factor.step(secret, code, now) if secret else None
    if step is None:
        ledger.sign_in_failed(name, "wrong code", allowed=FAILURES_ALLOWED, lock=LOCK, at=now)
        raise NotAllowed(_WRONG)
    if not ledger.spend_code(name, step):
        ledger.sign_in_failed(name, "used code", allowed=FAILURES_ALLOWED, lock=LOCK, at=now)
        raise NotAllowed("这个动态码已经用过：请等手机上出现下一个再试。")


def _stronger(ledger: Ledger, name: str, password: str) -> str | None:
    return _hasher.hash(password) if _hasher.check_needs_rehash(ledger.password_hash(name)) else None


def _refuse_initial(ledger: Ledger, person: Person, now: datetime) -> None:
    if person.must_change:
        ledger.refused(person.name, "sign_in", "initial password", at=now)
        raise MustChange(
            f"{person.name} 的口令是他人设置的初始口令：请先改成自己的（看板登录页，或 anlan people password {person.name}）。"
        )


def _refuse_stale_login(ledger: Ledger, person: Person, about: str, login_at: datetime | None, now: datetime) -> None:
    """A login stands for one act: it must have followed the newest request for it, lately, and not have been used."""
    newest = next(iter(ledger.entries(kinds=("person.asked", "person.confirmed"), subject=person.name, newest_first=True, limit=1)), None)
    asked = newest is not None and newest.kind == "person.asked" and newest.payload["about"] == about
    # The provider counts whole seconds.
    if newest is None or not asked or login_at is None or login_at < newest.at.replace(microsecond=0) or now - login_at > FRESH_LOGIN:
        ledger.refused(person.name, "confirm", "no fresh login", subject=about, at=now)
        raise NotAllowed("签发前须经统一身份认证重新登录一次，且在五分钟之内签发。")


def _refuse_external(person: Person, what: str) -> None:
    if person.is_external:
        raise Refused(f"{person.name} 的{what}由统一身份认证管理，请在那里办理。")


def _refuse_limits(role: Role, districts: Sequence[str]) -> None:
    if wrong := [code for code in districts if not (len(code) == 6 and code.isascii() and code.isdigit())]:
        raise BadInput(f"区划代码应为六位数字（GB/T 2260）：{'、'.join(wrong)}")
    if districts and role not in LIMITABLE:
        raise Refused(f"{role} 的职责及于全市，不能限于区县；只有 {'、'.join(sorted(LIMITABLE))} 可以。")


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

"""Signatures under decisions: made with the credential, checked from the ledger alone. Real keys, real ledger."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from graph import people, second_factor, signatures
from graph.ledger import Ledger
from models.domain import Decision, Person, digest
from models.errors import NotAllowed, Refused
from tests.signing import PASSWORD, open_account

SIGNER = Person(name="signer1", display_name="李签发", role="signer")
TEXT = {"id": "re-1", "version": 1, "title": "某报告"}
ABOUT = digest(TEXT)


@pytest.fixture
def desk(ledger: Ledger) -> Ledger:
    """A ledger with a signer and one text, written by duty1."""
    open_account(ledger, SIGNER)
    ledger.record("report.drafted", "re-1", {"report": TEXT}, by="duty1")
    return ledger


def credential(ledger: Ledger, about: str = ABOUT, password: str = PASSWORD) -> signatures.Signed:
    people.confirm(ledger, "signer1", password, about=about)
    found = people.demand_confirmation(ledger, SIGNER, about)
    assert found is not None
    return found


def decided(ledger: Ledger, made: signatures.Signed, **other: Any) -> None:
    """A decision to sign as `reports.signoff` records it, with something in it altered."""
    content = {
        "subject": "re-1", "version": 1, "digest": ABOUT, "verdict": "sign", "officer": "signer1", "officer_name": "李签发", "role": "signer",
        "at": "2026-07-18T20:30:00+08:00", "key": made.key, "signature": made.signature, **other,
    }  # fmt: skip
    decision = Decision.model_validate({"id": "de-1", **content})
    ledger.record("report.signed", "re-1", {"decision": decision.model_dump(mode="json")}, by=str(other.get("by_", "signer1")))


def test_a_signature_holds_and_is_counted(desk: Ledger) -> None:
    decided(desk, credential(desk))
    assert signatures.check(desk) == signatures.Checked(True, 1, 0)


def test_two_signatures_are_by_one_key_until_the_password_changes(desk: Ledger) -> None:
    first, second = credential(desk), credential(desk)
    people.change_own_password(desk, "signer1", PASSWORD, "另外想的四个词 2027")
    third = credential(desk, password="另外想的四个词 2027")
    people.change_password(desk, "signer1", PASSWORD, "root")
    fourth = credential(desk)
    assert first.key == second.key
    assert len({first.key, third.key, fourth.key}) == 3
    keys = [entry.payload["fingerprint"] for entry in desk.entries(kinds=["person.key"])]
    assert keys == [first.key, third.key, fourth.key]
    decided(desk, first)
    decided(desk, fourth)
    assert signatures.check(desk) == signatures.Checked(True, 2, 0)


OTHER = "f" * 64


@pytest.mark.parametrize(
    ("altered", "told"),
    [
        ({"signature": ""}, "签名与摘要和 signer1 的公钥不符"),
        ({"signature": "A" * 88}, "签名与摘要和 signer1 的公钥不符"),
        ({"signature": "no base64"}, "签名与摘要和 signer1 的公钥不符"),
        ({"digest": OTHER}, "不是当时最新一版的摘要"),
        ({"key": "0" * 16}, "没有指纹为 0000000000000000 的公钥"),
        ({"key": ""}, "没有指纹为 （空） 的公钥"),
        ({"officer": "signer2"}, "决定与条目的对象或经办人不符"),
        ({"subject": "re-2"}, "决定与条目的对象或经办人不符"),
        ({"verdict": "submit"}, "决定与条目的对象或经办人不符"),
    ],
)
def test_the_first_wrong_signature_is_named(desk: Ledger, altered: dict[str, str], told: str) -> None:
    made = credential(desk)
    decided(desk, made)
    last = desk.last_seq()
    decided(desk, made, **altered)
    decided(desk, made, signature="")
    found = signatures.check(desk)
    assert (found.ok, found.signatures, found.first_wrong) == (False, 1, last + 1)
    assert told in found.reason


def test_a_signature_over_an_older_text_or_by_its_writer_is_wrong(desk: Ledger) -> None:
    made = credential(desk)
    desk.record("report.edited", "re-1", {"report": TEXT | {"version": 2}}, by="duty1")
    decided(desk, made)
    assert "最新一版" in signatures.check(desk).reason


def test_a_writer_s_own_signature_is_wrong(desk: Ledger) -> None:
    made = credential(desk)
    desk.record("report.edited", "re-1", {"report": TEXT}, by="signer1")
    decided(desk, made)
    assert "起草或修改过" in signatures.check(desk).reason


def test_someone_else_s_key_is_not_the_signer_s(desk: Ledger) -> None:
    other = Person(name="signer2", display_name="周签发", role="signer")
    open_account(desk, other)
    made = credential(desk)
    people.confirm(desk, "signer2", PASSWORD, about=ABOUT)
    theirs = people.demand_confirmation(desk, other, ABOUT)
    assert theirs is not None
    decided(desk, theirs)
    assert made.key != theirs.key
    assert f"没有指纹为 {theirs.key} 的公钥" in signatures.check(desk).reason


def test_a_public_key_that_is_not_its_fingerprint_is_wrong(desk: Ledger) -> None:
    made = credential(desk)
    desk.record("person.key", "signer1", {"fingerprint": made.key, "public": "AAAA"}, by="signer1")
    decided(desk, made)
    assert "公钥" in signatures.check(desk).reason


def test_decisions_from_before_there_were_keys_are_counted_apart_and_later_ones_are_wrong(desk: Ledger) -> None:
    decided(desk, signatures.Signed("", ""))
    assert signatures.check(desk) == signatures.Checked(True, 0, 1)
    decided(desk, credential(desk))
    assert signatures.check(desk) == signatures.Checked(True, 1, 1)
    decided(desk, signatures.Signed("", ""))
    assert not signatures.check(desk).ok


def test_a_text_altered_in_the_file_breaks_its_signature_even_without_the_chain(desk: Ledger, home: Any) -> None:
    decided(desk, credential(desk))
    desk.close()
    with sqlite3.connect(home.home / "ledger.db") as db:
        db.execute("DROP TRIGGER entry_no_update")
        payload = json.dumps({"report": TEXT | {"title": "改过的报告"}})
        db.execute("UPDATE entry SET payload = ? WHERE kind = 'report.drafted'", (payload,))
    found = signatures.check(desk)
    assert not found.ok
    assert "最新一版" in found.reason


def test_the_private_key_lies_sealed_and_never_in_the_ledger(desk: Ledger) -> None:
    credential(desk)
    private = second_factor.unseal(desk.signing_key("signer1"), PASSWORD)
    assert private
    assert second_factor.unseal(desk.signing_key("signer1"), "not the password") is None
    assert not [entry for entry in desk.entries() if private in json.dumps(entry.payload)]


def test_who_may_not_sign_gets_no_key_and_no_signature(desk: Ledger) -> None:
    duty = Person(name="duty1", display_name="王值班", role="duty")
    open_account(desk, duty)
    people.confirm(desk, "duty1", PASSWORD, about=ABOUT)
    assert people.demand_confirmation(desk, duty, ABOUT) is None
    assert desk.signing_key("duty1") == ""
    assert not list(desk.entries(kinds=["person.key"]))


def test_one_confirmation_stands_for_one_signature_whatever_others_do(desk: Ledger) -> None:
    other = Person(name="signer2", display_name="周签发", role="signer")
    open_account(desk, other)
    people.confirm(desk, "signer1", PASSWORD, about=ABOUT)
    people.confirm(desk, "signer2", PASSWORD, about=ABOUT)
    assert people.demand_confirmation(desk, other, ABOUT)
    assert people.demand_confirmation(desk, SIGNER, ABOUT), "another's act uses up nothing of mine"
    with pytest.raises(NotAllowed):
        people.demand_confirmation(desk, SIGNER, ABOUT)


def test_whoever_an_identity_provider_vouches_for_signs_with_the_desk_s_file(ledger: Ledger, tmp_path: Path) -> None:
    outsider = Person(name="oidc:77", display_name="周签发", role="signer", is_external=True)
    ledger.add_person(outsider, "", "oidc")
    file = tmp_path / "var" / "signing.key"

    def signed() -> signatures.Signed:
        asked = people.ask_again(ledger, outsider, ABOUT).at
        people.confirm(ledger, "oidc:77", about=ABOUT, login_at=asked, key_file=file)
        found = people.demand_confirmation(ledger, outsider, ABOUT)
        assert found is not None
        return found

    first, second = signed(), signed()
    assert first == second, "the same key, and Ed25519 is deterministic"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.unlink()
    assert signed().key != first.key, "a lost file ends the key"
    assert {entry.payload["sealed_by"] for entry in ledger.entries(kinds=["person.key"])} == {"file"}
    file.chmod(0o644)
    with pytest.raises(Refused, match="chmod 600"):
        signed()
    asked = people.ask_again(ledger, outsider, ABOUT).at
    with pytest.raises(Refused, match="看板"):
        people.confirm(ledger, "oidc:77", about=ABOUT, login_at=asked)


PLAN = {"id": "rl-1", "version": 1, "title": "某计划"}


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("signed", ["newest", "older", "own"])
def test_a_plan_s_signature_is_checked_like_a_report_s(desk: Ledger, edited: bool, signed: str) -> None:
    desk.record("relief.drafted", "rl-1", {"plan": PLAN}, by="signer1" if signed == "own" else "duty1")
    newest = PLAN | {"version": 2} if edited else PLAN
    if edited:
        desk.record("relief.edited", "rl-1", {"plan": newest}, by="duty1")
    about = digest(PLAN | {"version": 0}) if signed == "older" else digest(newest)
    made = credential(desk, about)
    content = {
        "subject": "rl-1", "version": 1, "digest": about, "verdict": "sign", "officer": "signer1", "officer_name": "李签发", "role": "signer",
        "at": "2026-07-18T20:30:00+08:00", "key": made.key, "signature": made.signature,
    }  # fmt: skip
    decision = Decision.model_validate({"id": "de-1", **content})
    entry = desk.record("relief.signed", "rl-1", {"decision": decision.model_dump(mode="json")}, by="signer1")
    found = signatures.check(desk)
    if signed == "newest":
        assert found == signatures.Checked(True, 1, 0)
    else:
        assert (found.ok, found.first_wrong) == (False, entry.seq)


def test_a_key_is_named_by_sixteen_digits_and_says_what_seals_it(desk: Ledger) -> None:
    made = credential(desk)
    (entry,) = desk.entries(kinds=["person.key"])
    assert (entry.payload["fingerprint"], entry.payload["sealed_by"], len(made.key)) == (made.key, "password", 16)
    assert signatures.holds(b"short", ABOUT, made.signature) is False
    assert signatures.Checked(True, 0, 0).reason == ""


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601])
def test_a_key_file_that_anyone_else_may_touch_opens_nothing(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "deep" / "var" / "signing.key"
    secret = signatures.file_secret(file)
    assert len(secret) == 44, "32 bytes in base64"
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert signatures.file_secret(file) == secret
    file.chmod(mode)
    with pytest.raises(Refused, match="chmod 600"):
        signatures.file_secret(file)

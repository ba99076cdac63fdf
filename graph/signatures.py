"""The signature under a decision: Ed25519 over the digest that was read, made at the moment the signer gives his credential again.

The private key is kept only sealed (under the owner's password, or under the desk's key file where an identity provider vouches for the
owner); the public key is in the ledger for ever, so that anyone with the ledger alone can check every signature. A changed password ends a
key; the next signature makes a new one, and what the old one signed still holds by the old public key.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from graph import second_factor
from graph.ledger import Ledger
from models.domain import Decision, Entry, digest
from models.errors import Refused

KEY = "person.key"
"""Kind of the entry that holds a public key: `fingerprint`, `public` (base64) and `sealed_by`, password or file."""
WRITTEN = {"report.drafted": "report", "report.edited": "report", "relief.drafted": "plan", "relief.edited": "plan"}
"""Kinds of entry that hold a text to be signed -> where in the payload."""
SIGNED = ("report.signed", "relief.signed")

_FILE_BYTES = 32


@dataclass(frozen=True)
class Signed:
    """A signature and the key it was made with."""

    key: str
    """Fingerprint of the public key."""
    signature: str
    """Ed25519 over the ASCII characters of the digest, base64."""


@dataclass(frozen=True)
class Checked:
    """Whether every signature in the ledger holds."""

    ok: bool
    """True when none is wrong."""
    signatures: int
    """Signatures that were checked."""
    unsigned: int
    """Decisions to sign from before there were keys: older than the first `person.key` entry."""
    first_wrong: int | None = None
    """Number of the first entry whose signature does not hold."""
    reason: str = ""
    """Chinese sentence: what is wrong there."""


def sign(ledger: Ledger, name: str, secret: str, about: str, *, sealed_by: str = "password") -> Signed:
    """Sign a digest with this person's key, opened by `secret`; a key is made where there is none that it opens."""
    sealed = ledger.signing_key(name)
    opened = second_factor.unseal(sealed, secret) if sealed else None
    if opened is None:
        opened = _new_key(ledger, name, secret, sealed_by)
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(opened))
    public = private.public_key().public_bytes_raw()
    return Signed(fingerprint(public), base64.b64encode(private.sign(about.encode("ascii"))).decode())


def _new_key(ledger: Ledger, name: str, secret: str, sealed_by: str) -> str:
    private = Ed25519PrivateKey.generate()
    public, opened = private.public_key().public_bytes_raw(), base64.b64encode(private.private_bytes_raw()).decode()
    payload = {"fingerprint": fingerprint(public), "public": base64.b64encode(public).decode(), "sealed_by": sealed_by}
    ledger.keep_signing_key(name, second_factor.seal(opened, secret), payload)
    return opened


def fingerprint(public: bytes) -> str:
    """How a public key is named: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def holds(public: bytes, about: str, signature: str) -> bool:
    """Whether this key signed this digest."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature), about.encode("ascii"))
    except (InvalidSignature, ValueError):
        return False
    return True


def file_secret(path: Path) -> str:
    """What seals the keys of those for whom an identity provider vouches: the content of the desk's key file (mode 0600, made when missing).

    Whoever can read that file and the database can sign as them; Refused while others than its owner can.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Refused(f"签名密钥文件 {path} 可被其他用户读取，不能签发；请改为 600 权限（chmod 600）。") from None
    else:
        with os.fdopen(handle, "wb") as new:
            new.write(base64.b64encode(os.urandom(_FILE_BYTES)))
    return path.read_text("ascii")


def check(ledger: Ledger) -> Checked:
    """Check every signature with what the ledger itself holds; the first wrong one is named.

    A signature holds when its key was the signer's by then, it is over the digest of the newest text of that paper, and the signer wrote none of it.
    """
    keys: dict[tuple[str, str], bytes] = {}
    newest: dict[str, str] = {}
    writers: dict[str, set[str]] = {}
    checked = unsigned = 0
    for entry in ledger.entries(kinds=[KEY, *WRITTEN, *SIGNED]):
        if entry.kind == KEY:
            keys[entry.subject, str(entry.payload["fingerprint"])] = base64.b64decode(entry.payload["public"])
        elif entry.kind in WRITTEN:
            newest[entry.subject] = digest(entry.payload[WRITTEN[entry.kind]])
            writers.setdefault(entry.subject, set()).add(entry.by)
        else:
            decision = Decision.model_validate(entry.payload["decision"])
            if not keys and not decision.signature:
                unsigned += 1
                continue
            if reason := _wrong(entry, decision, keys, newest, writers):
                return Checked(False, checked, unsigned, entry.seq, f"第 {entry.seq} 条的签名不成立：{reason}")
            checked += 1
    return Checked(True, checked, unsigned)


def _wrong(
    entry: Entry, decision: Decision, keys: dict[tuple[str, str], bytes], newest: dict[str, str], writers: dict[str, set[str]]
) -> str:
    if (decision.verdict, decision.subject, decision.officer) != ("sign", entry.subject, entry.by):
        return "决定与条目的对象或经办人不符"
    if decision.digest != newest.get(entry.subject):
        return "所签摘要不是当时最新一版的摘要"
    if entry.by in writers[entry.subject]:
        return f"{entry.by} 起草或修改过所签内容"
    public = keys.get((entry.by, decision.key))
    if public is None or fingerprint(public) != decision.key:
        return f"{entry.by} 当时没有指纹为 {decision.key or '（空）'} 的公钥"
    if not holds(public, decision.digest, decision.signature):
        return f"签名与摘要和 {entry.by} 的公钥不符"
    return ""

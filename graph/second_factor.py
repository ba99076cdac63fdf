"""The changing code (TOTP, RFC 6238) beside the password: six digits, new every half minute, from an app on a telephone.

The secret is kept only sealed under a key made from the owner's password, so a copy of the database gives nobody the codes, there is no
key file to guard or to lose, and a password that is reset takes the secret with it.
"""

from __future__ import annotations

import base64
import os
import unicodedata
from datetime import datetime

import pyotp
from argon2.low_level import Type, hash_secret_raw
from cryptography.fernet import Fernet, InvalidToken

ISSUER = "Anlan"
SECONDS = 30
DRIFT = 1
"""Time steps a telephone's clock may be off, either way."""

_SALT = 16
COST = {"time_cost": 3, "memory_cost": 65536, "parallelism": 4}
"""What deriving one sealing key costs (argon2id; memory in KiB). What is sealed at one cost cannot be opened at another."""


def new_secret() -> str:
    """A fresh random secret, base32."""
    return pyotp.random_base32()


def uri(secret: str, name: str) -> str:
    """What an app scans or is given: the `otpauth://` address."""
    return pyotp.TOTP(secret, interval=SECONDS).provisioning_uri(name=name, issuer_name=ISSUER)


def step(secret: str, code: str, at: datetime) -> int | None:
    """The time step whose code this is, within `DRIFT` of now; null when it is none of them."""
    typed = "".join(unicodedata.normalize("NFKC", code).split())
    totp = pyotp.TOTP(secret, interval=SECONDS)
    now = totp.timecode(at)
    matching = [each for each in range(now - DRIFT, now + DRIFT + 1) if pyotp.utils.strings_equal(typed, totp.generate_otp(each))]
    return matching[-1] if matching else None


def seal(secret: str, password: str) -> str:
    """The secret as it may be stored."""
    salt = os.urandom(_SALT)
    return base64.urlsafe_b64encode(salt).decode() + "." + Fernet(_key(password, salt)).encrypt(secret.encode()).decode()


def unseal(sealed: str, password: str) -> str | None:
    """The secret again; null when the password is not the one it was sealed under."""
    salt, _, token = sealed.partition(".")
    try:
        return Fernet(_key(password, base64.urlsafe_b64decode(salt))).decrypt(token.encode()).decode()
    except InvalidToken:
        return None


def _key(password: str, salt: bytes) -> bytes:
    # A salt of its own: this key says nothing about the stored hash of the password, nor that about this key.
    raw = hash_secret_raw(password.encode("utf-8", "surrogatepass"), salt, **COST, hash_len=32, type=Type.ID)
    return base64.urlsafe_b64encode(raw)

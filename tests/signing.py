"""Signing as the page does: the credential given again for exactly that text, then the signature. Real hashes and keys, cheaply derived."""

from __future__ import annotations

from typing import Any

from argon2 import PasswordHasher

from graph import people, second_factor
from graph.knowledge import Knowledge
from graph.ledger import Ledger
from models.domain import Person
from models.errors import NotFound
from reports import signoff

PASSWORD = "anlan-测试-2468"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

# Slow on purpose where it guards something; here it guards nothing and there are thousands.
second_factor.COST.update(time_cost=1, memory_cost=8, parallelism=1)


def open_account(ledger: Ledger, person: Person) -> None:
    """An account with `PASSWORD`, where there is none of that name."""
    try:
        ledger.person(person.name)
    except NotFound:
        ledger.add_person(person, HASH, "test")


def sign(knowledge: Knowledge, id: str, *, version: int, digest: str, by: Person, reason: str = "", password: str = PASSWORD) -> Any:
    """The credential, then the signature."""
    open_account(knowledge.ledger, by)
    people.confirm(knowledge.ledger, by.name, password, about=digest)
    return signoff.sign(knowledge, id, version=version, digest=digest, by=by, reason=reason)

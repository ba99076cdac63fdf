"""What a language model read in messages that wait for a person: entries beside the evidence, shown as hints, projected nowhere."""

from __future__ import annotations

from collections.abc import Collection

from graph.ledger import Ledger
from models.domain import SecondReading

READ, FAILED = "evidence.second_read", "evidence.second_read_failed"


def readings(ledger: Ledger, ids: Collection[str]) -> dict[str, SecondReading]:
    """The newest reading of each of these pieces of evidence, in one query."""
    return {entry.subject: SecondReading.model_validate(entry.payload["reading"]) for entry in ledger.entries(kinds=(READ,), subjects=ids)}


def tried(ledger: Ledger, ids: Collection[str]) -> set[str]:
    """Those of these that a model has read, or could not read; none is asked about twice."""
    return {entry.subject for entry in ledger.entries(kinds=(READ, FAILED), subjects=ids)}

"""How long unmasked originals are kept. Only bodies go; their entries, digests and masked readings stay, and the chain stays whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from graph.knowledge import Knowledge
from models.errors import Refused

LEAST_DAYS = 30
"""Nothing younger is erased by age: what is being worked on must stay readable to those who answer for it."""

_ALL = 1_000_000


@dataclass(frozen=True)
class Due:
    """What a rule of age would erase."""

    keys: tuple[str, ...]
    """Bodies to be erased, oldest first."""
    kept_open: int
    """Bodies old enough that stay, because their incident is still open."""


def due(knowledge: Knowledge, days: int, now: datetime | None = None) -> Due:
    """Bodies older than `days` that nothing needs any more: understood or settled, and of no open incident. Refused below 30 days."""
    if days < LEAST_DAYS:
        raise Refused(f"原文至少保存 {LEAST_DAYS} 天：请给出不小于 {LEAST_DAYS} 的天数。")
    old = knowledge.ledger.bodies_before((now or datetime.now(UTC)) - timedelta(days=days))
    open_ones = [incident.id for incident in knowledge.store.incidents(status="open")] if old else []
    needed = {view.id for views in knowledge.store.incident_evidence_texts(open_ones, _ALL).values() for view in views}
    keys = tuple(key for key in old if key not in needed)
    return Due(keys, len(old) - len(keys))


def erase_due(knowledge: Knowledge, days: int, *, by: str, reason: str = "", now: datetime | None = None) -> int:
    """Erase what is due, an entry for each; returns how many. Refused as in `due`."""
    return knowledge.ledger.erase_all(due(knowledge, days, now).keys, by=by, reason=reason or f"保存期限 {days} 天已满")

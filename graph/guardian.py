"""The guardian (监护人) of the AI: one act stops it everywhere at once, one act lets it go on, and the ledger holds both with the reason.

Work goes on by rules while it is stopped. The standing is read from the ledger each time, so every process sees it.
"""

from __future__ import annotations

from graph.ledger import Ledger
from graph.people import allow
from models.domain import Entry, Person
from models.errors import Refused

PAUSED, RESUMED = "ai.paused", "ai.resumed"
AI = "language-model"
"""Subject of the entries: the one language model, whatever it is asked for."""


def pause_of(ledger: Ledger) -> Entry | None:
    """The entry by which the model stands paused, with `by`, `at` and `payload["reason"]`; null while it may be asked."""
    newest = next(iter(ledger.entries(kinds=(PAUSED, RESUMED), subject=AI, newest_first=True, limit=1)), None)
    return newest if newest is not None and newest.kind == PAUSED else None


def pause(ledger: Ledger, by: Person, reason: str) -> Entry:
    """Stop asking the model, from now on and everywhere. Refused without a reason, NotAllowed to anyone but a guardian."""
    return _change(ledger, PAUSED, by, reason, "停用")


def resume(ledger: Ledger, by: Person, reason: str) -> Entry:
    """Let it be asked again. Refused without a reason, NotAllowed to anyone but a guardian."""
    return _change(ledger, RESUMED, by, reason, "恢复")


def _change(ledger: Ledger, kind: str, by: Person, reason: str, act: str) -> Entry:
    allow(ledger, by, "pause_ai", subject=AI)
    if not reason.strip():
        raise Refused(f"{act}人工智能须写明理由，请补充。")
    if (pause_of(ledger) is not None) == (kind == PAUSED):
        raise Refused(f"人工智能已是{act}状态，无需重复操作。")
    return ledger.record(kind, AI, {"reason": reason.strip()}, by=by.name)

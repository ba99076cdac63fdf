"""The guardian (监护人) of the AI: one act stops it everywhere at once, one act lets it go on, and the ledger holds both with the reason.

Each use of a model can be stopped by itself, or all of them together. Work goes on by rules while it is stopped. The standing is read from
the ledger each time, so every process sees it.
"""

from __future__ import annotations

from graph.ledger import Ledger
from graph.people import allow
from models.domain import AiUse, Entry, Person
from models.errors import Refused

PAUSED, RESUMED = "ai.paused", "ai.resumed"
AI = "language-model"
"""Subject of the entries about every use together; those about one use have the use behind a slash."""

USES: dict[AiUse, str] = {"drafting": "报告叙述起草", "second_reading": "来件复读", "triage": "分类与部门建议"}
"""What a model is used for: retelling a report's narrative, a second look at unsure messages, category and department by the city's trained model."""


def pause_of(ledger: Ledger, use: AiUse | None = None) -> Entry | None:
    """The entry by which a use stands paused, by itself or with all, with `by`, `at` and `payload["reason"]`; null while it may go on.

    Without `use`, the entry by which all of them are.
    """
    for subject in [AI, *([f"{AI}/{use}"] if use else [])]:
        newest = next(iter(ledger.entries(kinds=(PAUSED, RESUMED), subject=subject, newest_first=True, limit=1)), None)
        if newest is not None and newest.kind == PAUSED:
            return newest
    return None


def pause(ledger: Ledger, by: Person, reason: str, use: AiUse | None = None) -> Entry:
    """Stop one use, or all, from now on and everywhere. Refused without a reason, NotAllowed to anyone but a guardian."""
    return _change(ledger, PAUSED, by, reason, "停用", use)


def resume(ledger: Ledger, by: Person, reason: str, use: AiUse | None = None) -> Entry:
    """Let one use go on again, or all that were not stopped by themselves. Refused without a reason, NotAllowed to anyone but a guardian."""
    return _change(ledger, RESUMED, by, reason, "恢复", use)


def _change(ledger: Ledger, kind: str, by: Person, reason: str, act: str, use: AiUse | None) -> Entry:
    subject, name = (f"{AI}/{use}", f"人工智能的{USES[use]}") if use else (AI, "人工智能")
    allow(ledger, by, "pause_ai", subject=subject)
    if not reason.strip():
        raise Refused(f"{act}{name}须写明理由，请补充。")
    newest = next(iter(ledger.entries(kinds=(PAUSED, RESUMED), subject=subject, newest_first=True, limit=1)), None)
    if (newest is not None and newest.kind == PAUSED) == (kind == PAUSED):
        raise Refused(f"{name}已是{act}状态，无需重复操作。")
    return ledger.record(kind, subject, {"reason": reason.strip()}, by=by.name)

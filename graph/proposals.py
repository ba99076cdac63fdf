"""What the machine may only suggest, who makes it real, and where. A rule as data: how many of a kind one act may decide on.

What goes out, or moves goods, is decided one at a time: the credential is given again for one digest. What only sorts the desk's own
papers, and can be undone, may be decided for several at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.errors import Refused

Kind = Literal["report", "relief_plan", "response_level", "dispatch", "incident_match", "merge", "library_fact"]


@dataclass(frozen=True)
class Rule:
    """How one kind of suggestion becomes real."""

    decided: str
    """The function that records the decision, `room/file.py:function`."""
    right: str
    """What whoever decides must be permitted (`graph.people.PERMISSIONS`)."""
    entry: str
    """Kind of the ledger entry that is the decision."""
    together: int
    """How many one act may decide on; 1 is never in a batch."""


RULES: dict[Kind, Rule] = {
    "report": Rule("reports/signoff.py:sign", "sign", "report.signed", 1),
    "relief_plan": Rule("reports/signoff.py:sign", "sign", "relief.signed", 1),
    # 启动响应建议 is a type of report: the level and the plan's activation leave as one.
    "response_level": Rule("reports/signoff.py:sign", "sign", "report.signed", 1),
    "dispatch": Rule("graph/triage.py:correct", "judge", "evidence.triaged", 1),
    "incident_match": Rule("graph/judgements.py:move", "judge", "evidence.moved", 200),
    "merge": Rule("graph/judgements.py:merge", "judge", "incident.merged", 1),
    # No model proposes facts of the library today; what is read from a document by rules counts once a planner imports it.
    "library_fact": Rule("graph/importing.py:add", "manage_library", "library.added", 1),
}


def demand_together(kind: Kind, count: int) -> None:
    """Refuse to decide on so many at once."""
    most = RULES[kind].together
    if count > most:
        raise Refused(f"一次最多决定 {most} 项，现为 {count} 项；请分批办理。" if most > 1 else "此类建议须逐项决定，不能批量办理。")

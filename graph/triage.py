"""What a person says a message's category and department are. It is an entry in the ledger, outranks every model, and can be learned from.

Proposals lie in the view of the evidence; corrections lie beside it, in the ledger alone, so that no later reading or moving of the
evidence can undo them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graph.knowledge import Knowledge
from graph.ledger import Ledger
from graph.people import allow
from graph.scope import demand
from models.domain import Entry, EvidenceView, Person
from models.errors import BadInput

KIND = "evidence.triaged"
LONGEST = 100


def correct(knowledge: Knowledge, evidence: str, person: Person, *, category: str = "", department: str = "") -> EvidenceView:
    """Record what a person confirms or corrects, and return the evidence as it now reads.

    Empty leaves a field as it was. NotFound for unknown evidence, NotAllowed for a role that may not judge, BadInput when nothing is said.
    """
    category, department = category.strip(), department.strip()
    if not (category or department):
        raise BadInput("没有给出类别或部门：请至少填写一项。")
    if max(len(category), len(department)) > LONGEST:
        raise BadInput(f"类别或部门名称过长：请不超过 {LONGEST} 个字。")
    allow(knowledge.ledger, person, "judge", subject=evidence)
    demand(knowledge, person, evidence)
    view = knowledge.store.evidence_one(evidence)
    proposed = [one.model_dump(mode="json") for one in view.suggestions]
    payload = {"category": category, "department": department, "proposed": proposed}
    knowledge.record(KIND, view.id, payload, by=person.name)
    return next(iter(as_triaged(knowledge.ledger, [view])))


def as_triaged(ledger: Ledger, views: Iterable[EvidenceView]) -> Iterator[EvidenceView]:
    """The views with what people said in place of what was proposed; `triaged_by` names who said it last. One query for all of them."""
    shown = list(views)
    said: dict[str, dict[str, str]] = {}
    for entry in ledger.entries(kinds=[KIND], subjects=[view.id for view in shown]):
        own = said.setdefault(entry.subject, {})
        own |= {field: str(entry.payload[field]) for field in ("category", "department") if entry.payload[field]}
        own["triaged_by"] = entry.by
    for view in shown:
        yield view.model_copy(update=said[view.id]) if view.id in said else view


def corrections(ledger: Ledger) -> Iterator[Entry]:
    """Every correction, oldest first."""
    return ledger.entries(kinds=[KIND])

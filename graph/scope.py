"""Who sees which districts: a person may be limited to divisions, and then lists, dossiers, drafting, the queue and the map hold only those.

One rule decides, `sees`. What is known to lie in another division is out of sight; what lies nowhere in particular (no division known, or
a whole city or province) is seen by everyone, because an incident nobody sees is worse than one too many see. A day's report tells of
the whole city and is for those who see all of it. Every refusal is in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from graph.people import allow
from models.domain import Dossier, Evidence, EvidenceView, Incident, Person, ReportState
from models.errors import NotAllowed, NotFound

if TYPE_CHECKING:
    from graph.knowledge import Knowledge


def sees(person: Person, adcode: str | None) -> bool:
    """Whether this person sees what lies in a division: six digits, a longer code for a part of one, null where it is not known."""
    if not person.districts or not adcode or adcode[:6].endswith("00"):
        return True
    return any(_within(adcode, limit) for limit in person.districts)


def _within(adcode: str, limit: str) -> bool:
    return adcode.startswith(limit.removesuffix("00").removesuffix("00") if limit.endswith("00") else limit)


def visible(person: Person, incidents: Iterable[Incident]) -> list[Incident]:
    """Those of them this person sees."""
    return [incident for incident in incidents if sees(person, incident.place.adcode)]


def visible_evidence(knowledge: Knowledge, person: Person, views: Iterable[EvidenceView]) -> list[EvidenceView]:
    """Those of them this person sees: by their incident where they have one, else by their own place."""
    if not person.districts:
        return list(views)
    hidden = {incident.id for incident in knowledge.store.incidents() if not sees(person, incident.place.adcode)}
    return [view for view in views if (view.incident not in hidden if view.incident else sees(person, view.adcode))]


def visible_reports(knowledge: Knowledge, person: Person, states: Iterable[ReportState]) -> list[ReportState]:
    """Those of them this person sees."""
    if not person.districts:
        return list(states)
    seen = {incident.id for incident in visible(person, knowledge.store.incidents())}
    return [state for state in states if state.report.incident in seen]


def narrowed(person: Person, dossier: Dossier) -> Dossier:
    """A dossier without the linked incidents this person does not see."""
    linked = tuple(visible(person, dossier.linked))
    gone = {one.id for one in dossier.linked} - {one.id for one in linked}
    links = tuple(link for link in dossier.links if not {link.cause, link.effect} & gone)
    return dossier.model_copy(update={"linked": linked, "links": links})


def demand(knowledge: Knowledge, person: Person, *subjects: str) -> None:
    """Refuse what this person does not see, and record it. Subjects are ids of incidents, days, reports, relief plans or evidence; others are passed over.

    Raises NotAllowed. What does not exist is left to whoever looks for it.
    """
    if not person.districts:
        return
    for subject in subjects:
        if not _sees_subject(knowledge, person, subject):
            knowledge.ledger.refused(person.name, "view", f"outside {','.join(person.districts)}", subject=subject)
            raise NotAllowed(f"{subject} 不在账号 {person.name} 的管辖区划（{'、'.join(person.districts)}）内。")


def _sees_subject(knowledge: Knowledge, person: Person, subject: str) -> bool:
    store = knowledge.store
    if subject.startswith("day-"):
        return False
    try:
        if subject.startswith("rp-"):
            return _sees_subject(knowledge, person, store.report(subject).report.incident)
        if subject.startswith("rl-"):
            drafted = knowledge.ledger.entries(kinds=["relief.drafted"], subject=subject, limit=1)
            return all(_sees_subject(knowledge, person, entry.payload["plan"]["incident"]) for entry in drafted)
        if subject.startswith("ev-"):
            return bool(visible_evidence(knowledge, person, [store.evidence_one(subject)]))
        if subject.startswith("in-"):
            return sees(person, store.incident(subject).place.adcode)
        if subject.startswith("ju-"):
            judgement = store.judgement(subject)
            return all(_sees_subject(knowledge, person, one) for one in (*judgement.incidents, *judgement.evidence))
    except NotFound:
        return True
    return True


def read_unmasked(knowledge: Knowledge, person: Person, evidence_id: str, reason: str) -> Evidence:
    """One item as it was received, personal data and all. The only door to it: right and district are checked, the reason is recorded first.

    Raises NotAllowed without the right, Refused without a reason, NotFound when it is unknown or erased.
    """
    allow(knowledge.ledger, person, "read_unmasked", subject=evidence_id)
    demand(knowledge, person, evidence_id)
    return knowledge.ledger.body(evidence_id, by=person.name, reason=reason)

"""People decide what belongs together: merge, split, move, refuse, close, and undo any of these.

A judgement is one ledger entry that holds who, when and why, the state it leaves and the state it found, so that it can be undone. It is
written only when nothing else has moved evidence since the state was read; otherwise it is worked out again. From then on fusion, in
whatever process, follows it: evidence a person placed is never matched again, and incidents told apart are never joined by a score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from graph.knowledge import Knowledge
from graph.people import allow
from graph.projection import JUDGEMENT_KINDS
from graph.proposals import demand_together
from graph.scope import demand
from models.believe import believe, spoken_at
from models.cascades import links_of
from models.divisions import by_code
from models.domain import BEIJING, EvidenceView, Incident, Judgement, Link, Person, Place, Statement, Verdict, digest
from models.errors import NotFound, Refused, Stale
from models.hazards import hazards

KINDS: dict[Verdict, str] = {
    "merge": "incident.merged",
    "split": "incident.split",
    "move": "evidence.moved",
    "refuse": "evidence.refused",
    "close": "incident.closed",
    "undo": "judgement.undone",
}
"""Verdict and the kind of ledger entry that records it."""

MOVING_KINDS = ("evidence.understood", *sorted(JUDGEMENT_KINDS))
"""Kinds of entry that put evidence into incidents: a judgement holds for the state before any newer one."""

TRIES = 30
"""How often a judgement is worked out again while evidence keeps coming in, before the person is asked to try again."""


@dataclass
class _Outcome:
    """What a judgement leaves behind, and what it found."""

    judgement: Judgement
    views: list[EvidenceView] = field(default_factory=list)
    """Evidence as it is after."""
    incidents: list[Incident] = field(default_factory=list)
    """Incidents after, before their counts and times are worked out anew."""
    found_views: list[EvidenceView] = field(default_factory=list)
    found_incidents: list[Incident] = field(default_factory=list)
    links: tuple[Link, ...] = ()
    undone: Judgement | None = None


def merge(knowledge: Knowledge, absorbed: str, survivor: str, by: Person, reason: str) -> Judgement:
    """The first incident is found to be the second; its evidence, and what comes in about it later, goes there.

    Refused for one incident, for an exercise and an actual one, and for one that is merged already. NotAllowed without the permission
    `judge`, NotFound for an unknown incident, Stale when evidence kept moving.
    """
    _permitted(knowledge, by, reason, absorbed, survivor)

    def work(at: datetime) -> _Outcome:
        gone, stays = _standing(knowledge, absorbed), _standing(knowledge, survivor)
        if gone.id == stays.id:
            raise Refused("两个编号是同一起事件，不需要合并。")
        _same_mode(gone.mode, stays.mode)
        judgement = _judgement("merge", by, reason, at, incidents=(gone.id, stays.id), target=stays.id)
        carried = [_carried(view, stays.id) for view in _views(knowledge, gone.id)]
        before = knowledge.store.merged_here(gone.id)
        merged = [one.model_copy(update={"status": "merged", "merged_into": stays.id}) for one in (gone, *before)]
        return _Outcome(judgement, carried, [*merged, stays], _views(knowledge, gone.id), [gone, *before, stays])

    return _write(knowledge, work)


def split(knowledge: Knowledge, incident: str, evidence: Iterable[str], by: Person, reason: str, *, title: str = "") -> Judgement:
    """This evidence is about another incident, which is opened for it; the two are told apart for good. Near-duplicates go along.

    Refused when nothing or everything would leave, or evidence is not of this incident.
    """
    wanted = list(dict.fromkeys(evidence))
    _permitted(knowledge, by, reason, incident, *wanted)

    def work(at: datetime) -> _Outcome:
        origin = _standing(knowledge, incident)
        views = _with_twins(knowledge, wanted, origin.id)
        if strange := [view.id for view in views if view.incident != origin.id]:
            raise Refused(f"{'、'.join(strange)} 不在这起事件里，不能从中拆出。")
        if not views or len(views) == len(_views(knowledge, origin.id)):
            raise Refused("拆分须选出一部分信息，并给原事件留下至少一条（内容几乎相同的信息会一起拆出）。")
        new = _opened(origin, views, title, at)
        judgement = _judgement(
            "split", by, reason, at, incidents=(origin.id, new.id), evidence=[view.id for view in views], target=new.id, apart=True
        )
        others = [one for one in knowledge.store.incidents(mode=origin.mode, status="open") if one.id != origin.id]
        placed = [_placed(view, new.id, by, reason, at) for view in views]
        return _Outcome(judgement, placed, [origin, new], views, [origin], links_of(new, others, hazards()))

    return _write(knowledge, work)


def move(knowledge: Knowledge, evidence: Iterable[str], target: str | None, by: Person, reason: str) -> Judgement:
    """This evidence belongs to that incident, or, without one, to none and waits no longer. Near-duplicates beside it go along.

    Refused when it would mix an exercise with what is actual, or moves nothing.
    """
    wanted = list(dict.fromkeys(evidence))
    _permitted(knowledge, by, reason, target or "", *wanted)
    demand_together("incident_match", len(wanted))

    def work(at: datetime) -> _Outcome:
        into = _standing(knowledge, target) if target else None
        views = _with_twins(knowledge, wanted, None)
        if not views or all(view.incident == (into.id if into else None) and view.placed_by for view in views):
            raise Refused("这些信息已经由人工归在那里，没有需要移动的。")
        for view in views if into else ():
            _same_mode(view.mode, into.mode if into else view.mode)
        left = dict.fromkeys(view.incident for view in views if view.incident and view.incident != (into.id if into else None))
        origins = [knowledge.store.incident(id) for id in left]
        touched = [*origins, *([into] if into else [])]
        judgement = _judgement(
            "move", by, reason, at, incidents=[one.id for one in touched], evidence=[v.id for v in views], target=into.id if into else None
        )
        placed = [_placed(view, into.id if into else None, by, reason, at) for view in views]
        return _Outcome(judgement, placed, touched, views, touched)

    return _write(knowledge, work)


def refuse(knowledge: Knowledge, evidence: str, by: Person, reason: str) -> Judgement:
    """This evidence is not about the incident that was proposed for it: never proposed or joined again. It keeps waiting for a person."""
    _permitted(knowledge, by, reason, evidence)

    def work(at: datetime) -> _Outcome:
        view = knowledge.store.evidence_one(evidence)
        if view.proposed is None or view.incident is not None:
            raise Refused("这条信息没有待定的归并提议。")
        proposed = _root(knowledge, view.proposed)
        judgement = _judgement("refuse", by, reason, at, incidents=(proposed.id,), evidence=(view.id,))
        words = f"{_signed(by, at)}判定不属于“{proposed.title}”：{reason}"
        after = view.model_copy(update={"proposed": None, "match_score": 0.0, "match_reasons": (words,)})
        return _Outcome(judgement, [after], [], [view], [])

    return _write(knowledge, work)


def close(knowledge: Knowledge, incident: str, by: Person, reason: str, *, at: datetime | None = None) -> Judgement:
    """The incident is over, since `at` or now. What is said after that is about another incident; undoing opens it again."""
    ended = at
    _permitted(knowledge, by, reason, incident)

    def work(at: datetime) -> _Outcome:
        one = _standing(knowledge, incident)
        if one.status == "closed":
            raise Refused("这起事件已经结束。")
        judgement = _judgement("close", by, reason, at, incidents=(one.id,))
        return _Outcome(judgement, [], [one.model_copy(update={"status": "closed", "closed_at": ended or at})], [], [one])

    return _write(knowledge, work)


def undo(knowledge: Knowledge, judgement: str, by: Person, reason: str) -> Judgement:
    """That judgement no longer holds: evidence goes back to where it was. Undoing a merge also says that the two are not the same.

    Refused when a later judgement about the same incidents or evidence still holds: that one is undone first. Evidence that fusion has
    put into the incidents since stays where it is.
    """
    _permitted(knowledge, by, reason, judgement)

    def work(at: datetime) -> _Outcome:
        old = knowledge.store.judgement(judgement)
        if old.verdict == "undo" or old.undone:
            raise Refused("这个判断已经撤销，或本身就是一次撤销；需要时请重新作出判断。")
        later = [
            one for one in knowledge.store.judged_since(old.incidents, old.evidence, old.at) if one.verdict != "undo" and not one.undone
        ]
        if later:
            last = later[-1]
            raise Refused(f"{_signed_by(last)}还有更晚的判断 {last.id} 涉及同一事件或信息，请先撤销那一个。")
        return _undone(knowledge, old, by, reason, at)

    return _write(knowledge, work)


def _undone(knowledge: Knowledge, old: Judgement, by: Person, reason: str, at: datetime) -> _Outcome:
    entry = next(knowledge.ledger.entries(subject=old.id, limit=1))
    before = {view.id: view for view in map(EvidenceView.model_validate, entry.payload["found"]["evidence"])}
    now = {view.id: view for view in knowledge.store.evidence_named(before)}
    after = {view.id: view for view in map(EvidenceView.model_validate, entry.payload["evidence"])}
    # Only where it still is as the judgement left it: a proposal that was refused may have opened an incident since.
    back = [before[id] for id in before if id in now and now[id].incident == after[id].incident]
    found = [Incident.model_validate(content) for content in entry.payload["found"]["incidents"]]
    incidents = [_reverted(knowledge.store.incident(one.id), one) for one in found]
    if old.verdict == "split":
        origin, new = old.incidents
        since = [view for view in _views(knowledge, new) if view.id not in before]
        back += [_carried(view, origin) for view in since]
        incidents.append(knowledge.store.incident(new).model_copy(update={"status": "merged", "merged_into": origin}))
    judgement = _judgement(
        "undo", by, reason, at, incidents=old.incidents, evidence=old.evidence, target=None, apart=old.verdict == "merge"
    ).model_copy(update={"undoes": old.id})
    current = [view for view in now.values() if view.id in {one.id for one in back}]
    return _Outcome(judgement, back, incidents, current, found, undone=old.model_copy(update={"undone": True}))


def _reverted(now: Incident, before: Incident) -> Incident:
    """The incident with the standing it had before; its times, count and figures are worked out anew afterwards."""
    kept = ("status", "closed_at", "merged_into")
    return now.model_copy(update={name: getattr(before, name) for name in kept})


# -- writing it down ------------------------------------------------------------------------------------------------------------


def _write(knowledge: Knowledge, work: Callable[[datetime], _Outcome]) -> Judgement:
    """Work the judgement out on the newest state and record it, again and again while evidence moves in between."""
    for _ in range(TRIES):
        knowledge.catch_up()
        place = knowledge.store.projected()
        outcome = work(datetime.now(UTC))
        judgement = outcome.judgement
        try:
            knowledge.record(
                KINDS[judgement.verdict], judgement.id, _payload(knowledge, outcome), by=judgement.officer, at=judgement.at,
                expect_none=(MOVING_KINDS, place),
            )  # fmt: skip
        except Stale:
            continue
        return judgement
    raise Stale("信息正在不断归入，这次判断没有写入；请再试一次。")


def _payload(knowledge: Knowledge, outcome: _Outcome) -> dict[str, Any]:
    moved = {view.id: view for view in outcome.views}
    incidents, impacts = [], {}
    for incident in outcome.incidents:
        views = [view for view in _views(knowledge, incident.id) if view.id not in moved]
        views += [view for view in moved.values() if view.incident == incident.id]
        counted = _counted(incident, views)
        incidents.append(counted)
        said = knowledge.store.statements_of([view.id for view in views]) if views else []
        impacts[incident.id] = [_plain(one) for one in _believed(counted, said, views)]
    judgements = [outcome.judgement, *([outcome.undone] if outcome.undone else [])]
    return {
        "judgements": [_plain(one) for one in judgements],
        "incidents": [_plain(one) for one in incidents],
        "impacts": impacts,
        "evidence": [_plain(one) for one in outcome.views],
        "links": [_plain(one) for one in outcome.links],
        "found": {
            "incidents": [_plain(one) for one in outcome.found_incidents],
            "evidence": [_plain(one) for one in outcome.found_views],
        },
    }


def _believed(incident: Incident, said: Sequence[Statement], views: Sequence[EvidenceView]) -> Sequence[Any]:
    return believe(incident.id, said, {view.id: view for view in views}, area=incident.scope == "area")


def _counted(incident: Incident, views: Sequence[EvidenceView]) -> Incident:
    """The incident with its count and times as its evidence now gives them."""
    heard = [spoken_at(view) for view in views]
    changes: dict[str, Any] = {"evidence_count": len(views)}
    if heard:
        changes |= {"first_evidence_at": min(heard), "updated_at": max(heard)}
        if incident.started_at_assumed:
            changes["started_at"] = min(heard)
    return incident.model_copy(update=changes)


def _judgement(
    verdict: Verdict,
    by: Person,
    reason: str,
    at: datetime,
    *,
    incidents: Iterable[str],
    evidence: Iterable[str] = (),
    target: str | None = None,
    apart: bool = False,
) -> Judgement:
    concerned, placed = tuple(incidents), tuple(evidence)
    return Judgement(
        id="ju-" + digest([verdict, concerned, placed, by.name, at])[:32],
        verdict=verdict,
        incidents=concerned,
        evidence=placed,
        target=target,
        apart=apart,
        officer=by.name,
        officer_name=by.display_name,
        role=by.role,
        reason=reason.strip(),
        at=at,
    )


# -- reading what stands --------------------------------------------------------------------------------------------------------


def _permitted(knowledge: Knowledge, by: Person, reason: str, *subjects: str) -> None:
    allow(knowledge.ledger, by, "judge", subject=subjects[0])
    demand(knowledge, by, *subjects)
    if not reason.strip():
        raise Refused("人工判断须写明理由，请补充一句。")


def _standing(knowledge: Knowledge, incident: str) -> Incident:
    """An incident that can still be judged."""
    found = knowledge.store.incident(incident)
    if found.merged_into is not None:
        raise Refused(f"“{found.title}”已并入 {found.merged_into}，请对那一起作判断，或先撤销合并。")
    return found


def _root(knowledge: Knowledge, incident: str) -> Incident:
    found = knowledge.store.incident(incident)
    while found.merged_into is not None:
        found = knowledge.store.incident(found.merged_into)
    return found


def _views(knowledge: Knowledge, incident: str) -> list[EvidenceView]:
    return knowledge.store.evidence(1_000_000, incident=incident)


def _with_twins(knowledge: Knowledge, evidence: Sequence[str], incident: str | None) -> list[EvidenceView]:
    """These pieces and, beside each, its near-duplicates that only the machine has placed."""
    asked = knowledge.store.evidence_named(evidence)
    if missing := set(evidence) - {view.id for view in asked}:
        raise NotFound(f"没有编号为 {'、'.join(sorted(missing))} 的证据，或尚未理解。")
    firsts = dict.fromkeys(view.duplicate_of or view.id for view in asked)
    alike = [*knowledge.store.evidence_named(firsts), *knowledge.store.twins(firsts)]
    homes = {view.incident for view in asked}
    found = {view.id: view for view in asked}
    for view in alike:
        if view.placed_by is None and view.incident in homes and (incident is None or view.incident == incident):
            found.setdefault(view.id, view)
    return list(found.values())


def _carried(view: EvidenceView, incident: str) -> EvidenceView:
    """Evidence that goes along with its incident: who placed it, and why, stays as it was."""
    return view.model_copy(update={"incident": incident})


def _placed(view: EvidenceView, incident: str | None, by: Person, reason: str, at: datetime) -> EvidenceView:
    words = f"{_signed(by, at)}{'归入' if incident else '判定不属于任何事件'}：{reason}"
    changes = {"incident": incident, "match_score": 1.0, "match_reasons": (words,), "proposed": None, "placed_by": by.name}
    return view.model_copy(update=changes)


def _signed(by: Person, at: datetime) -> str:
    return f"{by.display_name}于{at.astimezone(BEIJING):%m月%d日%H:%M}"


def _signed_by(judgement: Judgement) -> str:
    return f"{judgement.officer_name}于{judgement.at.astimezone(BEIJING):%m月%d日%H:%M}"


def _same_mode(one: str, other: str) -> None:
    if one != other:
        raise Refused("演练与实际不能混在一起：一边是演练，一边是实际。")


def _opened(origin: Incident, views: Sequence[EvidenceView], title: str, at: datetime) -> Incident:
    """The incident split off: its hazard is what most of its evidence speaks of, its place that of its first piece."""
    spoken = Counter(view.hazard for view in views if view.hazard in hazards())
    hazard = hazards()[spoken.most_common(1)[0][0] or origin.hazard] if spoken else hazards()[origin.hazard]
    first = min(views, key=lambda view: (spoken_at(view), view.id))
    place = _place(first, origin)
    began = spoken_at(first)
    return Incident(
        id="in-" + digest([origin.mode, hazard.code, sorted(view.id for view in views), at])[:32],
        title=title.strip()
        or f"{place.name if place.district and place.district in place.name else (place.district or '') + place.name}{hazard.name}",
        hazard=hazard.code,
        event_type=hazard.event_type,
        mode=origin.mode,
        place=place,
        started_at=began,
        started_at_assumed=True,
        first_evidence_at=began,
        updated_at=began,
        evidence_count=len(views),
    )


def _place(view: EvidenceView, origin: Incident) -> Place:
    """Where the piece is about: the division its own words name, else its incident's."""
    if not view.place or view.place == origin.place.name:
        return origin.place
    fine = view.lon is not None and view.lat is not None and (round(view.lon, 2), round(view.lat, 2)) != (view.lon, view.lat)
    city = (origin.place.adcode or "")[:4]
    named = [one for one in _districts(city) if one[1] in view.text or one[1] in view.place]
    code, district = named[0] if len(named) == 1 else (origin.place.adcode, origin.place.district) if not named else (None, None)
    return Place(name=view.place, adcode=code, district=district, lon=view.lon, lat=view.lat, precision="point" if fine else "unknown")


def _districts(city: str) -> list[tuple[str, str]]:
    if not city:
        return []
    return [(code, one.name) for code, one in by_code().items() if code.startswith(city) and one.level == 3]


def _plain(model: Any) -> Any:
    return model.model_dump(mode="json")


def told_apart(judgements: Iterable[Judgement]) -> set[frozenset[str]]:
    """Pairs of incidents that a person said are not the same, and no later judgement joined."""
    pairs: set[frozenset[str]] = set()
    for one in judgements:
        if one.undone or len(one.incidents) != 2:
            continue
        pair = frozenset(one.incidents)
        pairs = pairs | {pair} if one.apart else pairs - {pair} if one.verdict == "merge" else pairs
    return pairs


def refused(judgements: Iterable[Judgement]) -> set[tuple[str, str]]:
    """(evidence, incident) that a person said do not belong together."""
    return {
        (id, incident)
        for one in judgements
        if one.verdict == "refuse" and not one.undone
        for id in one.evidence
        for incident in one.incidents
    }

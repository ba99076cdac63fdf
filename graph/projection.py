"""What each ledger entry means for the graph: entries in, nodes and relations out, and nothing is asked or written here.

Later entries win over earlier ones about the same thing, within a run as between runs, so that projecting the ledger in one go
or entry by entry ends in the same graph. Payloads were validated when they were recorded; one that does not fit the types any
more is a defect and stops the projection, because a graph with a hole in it would be believed.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from graph.intents import marks
from graph.metadata import lineage
from graph.numerals import NUMERAL, chinese
from graph.words import plain
from models.domain import (
    Case,
    Decision,
    Document,
    Entry,
    EvidenceView,
    Fact,
    Feature,
    Finding,
    Impact,
    Imported,
    Incident,
    Judgement,
    Link,
    Model,
    Provision,
    Reference,
    Report,
    ReportState,
    Statement,
)

NO_END = "9999-12-31"
"""Last day of what is in force until further notice."""

URGENT = 0.5
"""From this urgency on, a person looks even at a message that names no hazard."""

LIFE = 0.8
"""From this urgency on life is at stake: such evidence stands at the head of the queue, the longest waiting first."""
HOURS_OF_URGENCY = 8.0
"""Further back, full urgency counts as much as having waited so many hours: nothing calm waits for ever."""


@dataclass
class Changes:
    """Nodes and relations to write, each once, in their last state."""

    seq: int = 0
    """Ledger entry being read: kept as `changed` on what people watch, so that a page can ask for what is new."""
    nodes: defaultdict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    """Label, then id, then properties."""
    relations: defaultdict[tuple[str, str, str], set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """(label, relation, label), then pairs of ids."""
    incident_of: dict[str, str | None] = field(default_factory=dict)
    """Evidence, and the incident it is about; null while it is about none."""
    moved: set[str] = field(default_factory=set)
    """Evidence read before whose incident changed: what it was about before must be let go."""
    links: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """(cause, effect) incidents, and the reasons for the link between them."""
    merged_into: dict[str, str | None] = field(default_factory=dict)
    """Incident, and the one a person found it to be; null for every other, and again once that is undone."""
    impacts_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Incident, and all the impacts it now has: others are dropped."""
    statements_behind: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Impact, and all the statements now behind it: others let go."""
    cited_by: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Report, and everything its newest version cites."""
    texts: dict[str, Stays] = field(default_factory=dict)
    """Imported document, and what it now consists of: the rest of its older text is dropped. Nothing, for one taken off the shelf."""
    citations: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """Label of what is cited, then citing words with their place: one provision may cite another twice."""


@dataclass(frozen=True)
class Stays:
    """What of an imported document is in its newest text."""

    provisions: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    on_shelf: bool = False


@dataclass(frozen=True)
class KnownReport:
    """A report as the graph has it before these entries."""

    state: ReportState
    """Newest version, findings, decisions and standing."""
    signed: str | None
    """JSON of the version last signed; null when none was."""


def reports_touched(entries: Iterable[Entry]) -> list[str]:
    """Ids of the reports these entries concern, sorted."""
    return sorted({entry.subject for entry in entries if entry.kind in _REPORT_KINDS})


def runs(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries in order, in runs that end in the same graph whether written one by one or together.

    Relations are written after nodes, so a run must not take a document off the shelf, or replace its text twice, while what cites it
    is written in the same run.
    """
    run: list[Entry] = []
    subjects: set[str] = set()
    for entry in entries:
        is_library = entry.kind in LIBRARY_KINDS
        if run and (is_library != (run[-1].kind in LIBRARY_KINDS) or (is_library and entry.subject in subjects)):
            yield run
            run, subjects = [], set()
        run.append(entry)
        subjects.add(entry.subject)
    if run:
        yield run


def changes(entries: Iterable[Entry], known: Mapping[str, KnownReport]) -> Changes:
    """What to write so that the graph contains these entries too; `known` holds the reports they touch, as they stand."""
    out, reports = Changes(), dict(known)
    last: dict[str, int] = {}
    for entry in entries:
        out.seq = entry.seq
        if entry.kind in _REPORT_KINDS:
            reports[entry.subject] = report_after(reports.get(entry.subject), entry)
            last[entry.subject] = entry.seq
        elif entry.kind in _PLAIN_KINDS:
            _PLAIN_KINDS[entry.kind](out, entry)
    for id in sorted(reports):
        _report(out, reports[id])
        out.nodes["Report"][id]["changed"] = last[id]
    return out


def report_after(known: KnownReport | None, entry: Entry) -> KnownReport:
    """A report's standing after one entry: an edit voids a signature, and a decision counts only for the version it read."""
    if entry.kind in ("report.drafted", "report.edited"):
        report = Report.model_validate(entry.payload["report"])
        findings = tuple(Finding.model_validate(each) for each in entry.payload.get("findings", ()))
        if known is None:
            return KnownReport(ReportState(report=report, findings=findings, status="draft"), None)
        standing = "void" if known.state.status in ("signed", "void") else "draft"
        state = ReportState(report=report, findings=findings, decisions=known.state.decisions, status=standing)
        return KnownReport(state, known.signed)
    if known is None:
        raise ValueError(f"ledger entry {entry.seq}: {entry.kind} of a report that was never drafted: {entry.subject}")
    decision = Decision.model_validate(entry.payload["decision"])
    update: dict[str, Any] = {"decisions": (*known.state.decisions, decision)}
    if decision.version != known.state.report.version:
        return KnownReport(known.state.model_copy(update=update), known.signed)
    update["status"] = _REPORT_KINDS[entry.kind]
    signed = as_json(known.state.report) if entry.kind == "report.signed" else known.signed
    return KnownReport(known.state.model_copy(update=update), signed)


def waits_for_person(view: EvidenceView) -> bool:
    """Whether duty staff must look: it may be about an incident or a life, and neither fusion nor a person has placed it."""
    return _is_unplaced(view) and view.duplicate_of is None and (view.hazard is not None or view.urgency >= URGENT)


def _is_unplaced(view: EvidenceView) -> bool:
    return view.incident is None and view.placed_by is None


def turn(view: EvidenceView) -> str:
    """Its place in the queue, as text that sorts: mode, life at stake before the rest, then urgency and age together."""
    at = view.sent_at or view.received_at
    if view.urgency >= LIFE:
        return f"{view.mode}|0|{instant(at)}"
    return f"{view.mode}|1|{instant(at - timedelta(hours=HOURS_OF_URGENCY * view.urgency))}"


def library(documents: Iterable[Document], provisions: Iterable[Provision], cases: Iterable[Case]) -> Changes:
    """The library as nodes and relations; a provision without dates of its own has its document's."""
    out = Changes()
    shelf = {document.id: document for document in documents}
    for document in shelf.values():
        _document(out, document)
    for provision in provisions:
        _provision(out, provision, shelf.get(provision.document))
    for case in cases:
        out.nodes["Case"][case.id] = {"json": as_json(case), "hazard": case.hazard, "day": case.date.isoformat()}
        if case.hazard is not None:
            out.nodes["Hazard"][case.hazard] = {}
            out.relations["Case", "OF_KIND", "Hazard"].add((case.id, case.hazard))
    return out


def instant(moment: datetime) -> str:
    """A moment as UTC text of fixed width, which sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def as_json(model: Model) -> str:
    """A domain object whole, as text every engine can store: what is not valid Unicode becomes a question mark."""
    return _storable(json.dumps(model.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":")))


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _understood(out: Changes, entry: Entry) -> None:
    view = EvidenceView.model_validate(entry.payload["view"])
    _evidence(out, view)
    out.nodes["Evidence"][view.id]["seq"] = entry.seq
    # Earlier messages that waited and belong to the incident this one opened.
    for content in entry.payload.get("also", ()):
        earlier = EvidenceView.model_validate(content)
        _evidence(out, earlier)
        out.moved.add(earlier.id)
    for content in entry.payload.get("statements", ()):
        statement = Statement.model_validate(content)
        out.nodes["Statement"][statement.id] = {"json": as_json(statement), "property": statement.property}
        out.relations["Statement", "QUOTES", "Evidence"].add((statement.id, statement.evidence))
    if entry.payload.get("incident") is not None:
        incident = Incident.model_validate(entry.payload["incident"])
        _incident(out, incident)
        _impacts(out, incident.id, [Impact.model_validate(content) for content in entry.payload.get("impacts", ())])
    for content in entry.payload.get("links", ()):
        link = Link.model_validate(content)
        out.links[link.cause, link.effect] = link.reasons


def _judged(out: Changes, entry: Entry) -> None:
    """A person's judgement comes with the state it leaves: incidents, their impacts, and where the evidence now belongs."""
    for content in entry.payload.get("incidents", ()):
        incident = Incident.model_validate(content)
        _incident(out, incident)
    for id, impacts in entry.payload.get("impacts", {}).items():
        _impacts(out, id, [Impact.model_validate(each) for each in impacts])
    for content in entry.payload.get("evidence", ()):
        view = EvidenceView.model_validate(content)
        _evidence(out, view)
        out.moved.add(view.id)
    for content in entry.payload.get("links", ()):
        link = Link.model_validate(content)
        out.links[link.cause, link.effect] = link.reasons
    for content in entry.payload.get("judgements", ()):
        judgement = Judgement.model_validate(content)
        out.nodes["Judgement"][judgement.id] = {
            "json": as_json(judgement),
            "verdict": judgement.verdict,
            "at": instant(judgement.at),
            "undone": judgement.undone,
        }
        out.relations["Judgement", "CONCERNS", "Incident"].update((judgement.id, id) for id in judgement.incidents)
        out.relations["Judgement", "PLACES", "Evidence"].update((judgement.id, id) for id in judgement.evidence)


def _evidence(out: Changes, view: EvidenceView) -> None:
    out.nodes["Source"][view.source] = {
        **out.nodes["Source"].get(view.source, {}),
        "title": _storable(view.source_title),
        "kind": view.source_kind,
        "reliability": view.reliability,
    }
    waits = waits_for_person(view)
    out.nodes["Evidence"][view.id] = {
        **out.nodes["Evidence"].get(view.id, {}),
        "json": as_json(view),
        "source": view.source,
        "at": instant(view.sent_at or view.received_at),
        "urgency": view.urgency,
        "waits": waits,
        "turn": turn(view) if waits else None,
        "hazard": view.hazard,
        "mode": view.mode,
        "lon": view.lon,
        "lat": view.lat,
        "received": instant(view.received_at),
        "adcode": view.adcode,
        "incident": view.incident,
        "changed": out.seq,
    }
    out.relations["Evidence", "FROM", "Source"].add((view.id, view.source))
    out.incident_of[view.id] = view.incident
    if view.duplicate_of is not None:
        out.relations["Evidence", "DUPLICATE_OF", "Evidence"].add((view.id, view.duplicate_of))


def _incident(out: Changes, incident: Incident) -> None:
    out.nodes["Hazard"][incident.hazard] = {}
    out.nodes["Incident"][incident.id] = {
        "json": as_json(incident),
        "mode": incident.mode,
        "status": incident.status,
        "hazard": incident.hazard,
        "updated": instant(incident.updated_at),
        "lon": incident.place.lon,
        "lat": incident.place.lat,
        "changed": out.seq,
    }
    out.relations["Incident", "OF_KIND", "Hazard"].add((incident.id, incident.hazard))
    out.merged_into[incident.id] = incident.merged_into


def _impacts(out: Changes, incident: str, impacts: list[Impact]) -> None:
    # The list is the whole belief about the incident: a figure no statement supports any more must not survive beside it.
    for old in set(out.impacts_of.get(incident, ())) - {impact.id for impact in impacts}:
        out.nodes["Impact"].pop(old, None)
        out.statements_behind.pop(old, None)
    out.impacts_of[incident] = tuple(sorted(impact.id for impact in impacts))
    out.nodes["Incident"][incident] = {**out.nodes["Incident"].get(incident, {}), "changed": out.seq}
    for impact in impacts:
        out.nodes["Impact"][impact.id] = {"json": as_json(impact), "type": impact.type, "incident": incident}
        out.statements_behind[impact.id] = tuple(sorted(set(impact.statements)))


def _feature(out: Changes, entry: Entry) -> None:
    feature = Feature.model_validate(entry.payload["feature"])
    out.nodes["Feature"][feature.id] = {
        "json": as_json(feature),
        "kind": feature.kind,
        "lon": feature.lon,
        "lat": feature.lat,
        "changed": entry.seq,
    }


def _source_run(out: Changes, entry: Entry) -> None:
    run = _storable(json.dumps(entry.payload, ensure_ascii=False, sort_keys=True))
    out.nodes["Source"][entry.subject] = {**out.nodes["Source"].get(entry.subject, {}), "run": run}


def _report(out: Changes, known: KnownReport) -> None:
    state = known.state
    report = state.report
    out.nodes["Report"][report.id] = {
        "json": as_json(state),
        "signed": known.signed,
        "incident": report.incident,
        "status": state.status,
        "created": instant(report.created_at),
    }
    out.relations["Report", "DESCRIBES", "Incident"].add((report.id, report.incident))
    cited = tuple(sorted({id for claim in report.claims for id in claim.citations}))
    out.cited_by[report.id] = cited
    for label in ("Evidence", "Statement", "Provision"):
        # Citations are ids without a kind; the query finds those of this label and passes over the rest.
        out.relations["Report", "CITES", label].update((report.id, id) for id in cited)
    for decision in state.decisions:
        out.nodes["Decision"][decision.id] = {"json": as_json(decision), "verdict": decision.verdict, "officer": decision.officer}
        out.relations["Decision", "ON", "Report"].add((decision.id, report.id))


def _library_added(out: Changes, entry: Entry) -> None:
    read = Imported.model_validate(entry.payload)
    document = read.document
    imported(out, read)
    out.texts[document.id] = Stays(tuple(sorted(p.id for p in read.provisions)), tuple(sorted(f.id for f in read.facts)), on_shelf=True)


def _library_removed(out: Changes, entry: Entry) -> None:
    out.texts[entry.subject] = Stays()


def imported(out: Changes, read: Imported) -> None:
    """One imported document as nodes and relations."""
    document = read.document
    _document(out, document, imported=True)
    said: dict[str, list[Fact]] = defaultdict(list)
    for fact in read.facts:
        said[fact.provision].append(fact)
    for provision in read.provisions:
        _provision(out, provision, document, marks(said[provision.id]))
        out.nodes["Provision"][provision.id]["imported"] = True
    for reference in read.references:
        _reference(out, reference, document)
    for fact in read.facts:
        _fact(out, fact)


def _document(out: Changes, document: Document, *, imported: bool | None = None) -> None:
    law = document.lineage or lineage(document.title, document.region)
    out.nodes["Document"][document.id] = {
        "json": as_json(document),
        "title": _storable(document.title),
        "level": document.level,
        "region": _storable(document.region),
        "begins": _day(document.in_force or document.version_date or document.issued, ""),
        "ends": _day(document.repealed, NO_END),
        "expires": _day(document.expires, NO_END),
        "review_by": _day(document.review_by, NO_END),
        "replaces": sorted(document.supersedes) or None,
        "imported": imported,
    }
    out.nodes["Law"][_storable(law)] = {}
    out.relations["Document", "VERSION_OF", "Law"].add((document.id, _storable(law)))


def _reference(out: Changes, reference: Reference, document: Document) -> None:
    """What is cited within the document is a provision or the document; another is cited by its title, whatever version that is.

    Which version is meant depends on the day and on what is on the shelf when someone asks, so the relation ends at the law, under the
    title as it stands and, where a local document cites a local one by its short title, under that place's.
    """
    found = re.match(_ARTICLE, reference.article)
    where = {
        "id": reference.id,
        "a": reference.provision,
        "quote": _storable(reference.quote),
        "start": reference.start,
        "end": reference.end,
        "kind": reference.kind,
        "title": _storable(reference.title),
        "article": _storable(reference.article),
        "at": _in_characters(found[0]) if found else "",
        "rank": 0,
    }
    if reference.kind == "internal":
        label = "Provision" if reference.target and reference.target != document.id else "Document"
        out.citations[label].append({**where, "b": reference.target if label == "Provision" else document.id})
        return
    title = re.sub(r"[（(](?:以下|下)简?称.*$", "", reference.title)
    for rank, law in enumerate(dict.fromkeys((_storable(lineage(title)), _storable(lineage(title, document.region))))):
        out.nodes["Law"][law] = {}
        out.citations["Law"].append({**where, "b": law, "rank": rank})


def _in_characters(article: str) -> str:
    digits = re.match(r"第(\d+)条(.*)", article)
    return f"第{chinese(int(digits[1]))}条{digits[2]}" if digits else article


def _fact(out: Changes, fact: Fact) -> None:
    out.nodes["Fact"][fact.id] = {
        "json": as_json(fact),
        "kind": fact.kind,
        "subject": _storable(fact.subject),
        "document": fact.document,
        "number": fact.number,
        "unit": _storable(fact.unit),
    }
    out.relations["Fact", "STATED_IN", "Provision"].add((fact.id, fact.provision))


def _provision(out: Changes, provision: Provision, document: Document | None, says: str = "") -> None:
    begins, ends = provision.in_force, provision.repealed
    if document is not None:
        begins, ends = begins or document.in_force or document.issued, ends or document.repealed
    out.nodes["Provision"][provision.id] = {
        "json": as_json(provision),
        "verified": provision.verified,
        "begins": _day(begins, ""),
        "ends": _day(ends, NO_END),
        "document": provision.document,
        "article": _storable(provision.article),
        "place": provision.order,
        "text": _storable(provision.text),
        "around": _storable(plain(" ".join([document.title if document else "", provision.heading, *provision.topics]))),
        "says": says or None,
    }
    out.relations["Provision", "PART_OF", "Document"].add((provision.id, provision.document))
    for topic in provision.topics:
        out.nodes["Topic"][topic] = {}
        out.relations["Provision", "ON_TOPIC", "Topic"].add((provision.id, topic))
    out.relations["Provision", "CITES", "Provision"].update((provision.id, other) for other in provision.cites)
    out.relations["Provision", "SUPERSEDES", "Provision"].update((provision.id, other) for other in provision.supersedes)


def _day(day: date | None, otherwise: str) -> str:
    return otherwise if day is None else day.isoformat()


_REPORT_KINDS = {
    "report.drafted": "draft",
    "report.edited": "draft",
    "report.submitted": "submitted",
    "report.returned": "returned",
    "report.signed": "signed",
    "report.withdrawn": "withdrawn",
}
_PLAIN_KINDS: dict[str, Callable[[Changes, Entry], None]] = {
    "evidence.understood": _understood,
    "feature.received": _feature,
    "source.run": _source_run,
    "evidence.moved": _judged,
    "evidence.refused": _judged,
    "incident.closed": _judged,
    "incident.merged": _judged,
    "incident.split": _judged,
    "judgement.undone": _judged,
    "library.added": _library_added,
    "library.removed": _library_removed,
}
JUDGEMENT_KINDS = frozenset(kind for kind, meaning in _PLAIN_KINDS.items() if meaning is _judged)
"""Kinds of entry in which a person decides what belongs together."""
LIBRARY_KINDS = frozenset({"library.added", "library.removed"})
"""Kinds of entry that bring whole documents, or take them away."""

_ARTICLE = re.compile(rf"第(?:{NUMERAL}|\d{{1,4}})条(?:之{NUMERAL})?")

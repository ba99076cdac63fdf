"""What is known, in the graph: every Cypher query of the project is in this file and nowhere else.

The graph is a projection of the ledger. Each node keeps its domain object whole, as JSON, beside the few properties that are
searched or sorted by; relations say how one thing is known from another. Only the newest state is kept here, history is in the
ledger, and clearing the graph and projecting again gives the same content (`digest`).

Plain Cypher 5: the same text runs on the embedded engine and on Neo4j 5.26. Labels, relations and property names are written out
here; whatever comes from outside goes in as a parameter. Batches are sorted by key, or two writers could wait for each other.
Times are kept as UTC text of fixed width and days as ISO text, so that they sort as they should on both engines.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import neo4j
from neo4j.exceptions import AuthError, ConstraintError, ServiceUnavailable, SessionExpired, TransientError

from graph.engine import Address
from graph.projection import Changes, KnownReport, changes, instant, library, reports_touched
from models.domain import (
    BEIJING,
    Case,
    Document,
    Dossier,
    Entry,
    EvidenceView,
    Feature,
    Impact,
    Incident,
    Model,
    Provision,
    Report,
    ReportState,
    Statement,
)
from models.errors import NotFound, Unreachable

Read = Callable[[int], list[Entry]]
Rows = list[dict[str, Any]]
Kind = TypeVar("Kind", bound=Model)
Result = TypeVar("Result")

RETRY_SECONDS = 20.0
"""How long a transaction that collided with another, or met a cluster changing its leader, is tried again before the caller hears."""

_COLLISIONS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds to wait before each further try when two writers make the same node."""

EVENT_TYPES = frozenset({"natural_disaster", "production_accident"})
"""Topics of the library that say to which kind of event a provision applies."""
GENERAL_TOPICS = frozenset({"report_clock", "grading", "response", "sign_off", "relief", "privacy", "ai", "other_place"})
"""Topics of the library that are neither an event type nor a hazard; see `graph/library.py`."""

# -- writing ------------------------------------------------------------------------------------------------------------------

_TAKE_PLACE = """
MERGE (p:Projection {id: 'ledger'}) SET p.taken = coalesce(p.taken, 0) + 1 RETURN coalesce(p.seq, 0) AS seq
"""
_KEEP_PLACE = "MATCH (p:Projection {id: 'ledger'}) SET p.seq = $seq"

LABELS = (
    "Source",
    "Hazard",
    "Incident",
    "Evidence",
    "Statement",
    "Impact",
    "Feature",
    "Report",
    "Decision",
    "Document",
    "Topic",
    "Provision",
    "Case",
)
"""Every label of known content. Queries below that say LABEL are made for each of these, and for nothing else."""

RELATIONS = (
    ("Incident", "OF_KIND", "Hazard"),
    ("Evidence", "FROM", "Source"),
    ("Evidence", "ABOUT", "Incident"),
    ("Evidence", "DUPLICATE_OF", "Evidence"),
    ("Statement", "QUOTES", "Evidence"),
    ("Impact", "OF", "Incident"),
    ("Impact", "SUPPORTED_BY", "Statement"),
    ("Report", "DESCRIBES", "Incident"),
    ("Report", "CITES", "Evidence"),
    ("Report", "CITES", "Statement"),
    ("Report", "CITES", "Provision"),
    ("Decision", "ON", "Report"),
    ("Provision", "PART_OF", "Document"),
    ("Provision", "ON_TOPIC", "Topic"),
    ("Provision", "CITES", "Provision"),
    ("Provision", "SUPERSEDES", "Provision"),
    ("Case", "OF_KIND", "Hazard"),
)
"""Every relation: from what, how, to what."""


def _for_each_label(query: str) -> dict[str, str]:
    return {label: query.replace("LABEL", label) for label in LABELS}


_WRITE_NODES = _for_each_label("UNWIND $rows AS r MERGE (n:LABEL {id: r.id}) SET n += r.properties")
_WRITE_RELATIONS = {
    (start, relation, end): "UNWIND $rows AS r MATCH (a:START {id: r.a}) MATCH (b:END {id: r.b}) MERGE (a)-[:RELATION]->(b)".replace(
        "START", start
    )
    .replace("RELATION", relation)
    .replace("END", end)
    for start, relation, end in RELATIONS
}
# A row's own node is matched first, by its id: written the other way round, the embedded engine walks all nodes for every row.
_DROP_OLD_IMPACTS = "UNWIND $rows AS r MATCH (i:Incident {id: r.id})<-[:OF]-(m:Impact) WHERE NOT m.id IN r.keep DETACH DELETE m"
_DROP_OLD_ABOUT = "UNWIND $rows AS r MATCH (e:Evidence {id: r.id})-[x:ABOUT]->(i:Incident) WHERE NOT i.id IN r.keep DELETE x"
_DROP_OLD_SUPPORT = "UNWIND $rows AS r MATCH (m:Impact {id: r.id})-[x:SUPPORTED_BY]->(s:Statement) WHERE NOT s.id IN r.keep DELETE x"
_DROP_OLD_CITATIONS = "UNWIND $rows AS r MATCH (n:Report {id: r.id})-[x:CITES]->(c) WHERE NOT c.id IN r.keep DELETE x"
_REPORT_STATES = "MATCH (n:Report) WHERE n.id IN $ids RETURN n.id AS id, n.json AS json, n.signed AS signed"

_DROP_OLD_LIBRARY = (
    "MATCH (n:Provision) WHERE NOT n.id IN $provisions DETACH DELETE n",
    "MATCH (n:Topic) WHERE NOT n.id IN $topics DETACH DELETE n",
    "MATCH (n:Document) WHERE NOT n.id IN $documents DETACH DELETE n",
    "MATCH (n:Case) WHERE NOT n.id IN $cases DETACH DELETE n",
    "MATCH (:Provision)-[x:PART_OF|ON_TOPIC|CITES|SUPERSEDES]->() DELETE x",
    "MATCH (:Case)-[x:OF_KIND]->() DELETE x",
)
"""What stays keeps its node, because reports cite it; what it says about others is written anew."""
_DROP_UNUSED_HAZARDS = "MATCH (h:Hazard) WHERE NOT (h)<-[:OF_KIND]-() DELETE h"
_LIBRARY_LABELS = {"provisions": "Provision", "topics": "Topic", "documents": "Document", "cases": "Case"}
_KEEP_LIBRARY_DIGEST = "MERGE (p:Projection {id: 'library'}) SET p.digest = $digest"
_CLEARING = "MERGE (p:Projection {id: 'clearing'}) SET p.begun = true"
_CLEAR = "MATCH (n) WHERE n.begun IS NULL WITH n LIMIT 5000 DETACH DELETE n RETURN count(*) AS gone"
_CLEARED = "MATCH (p:Projection {id: 'clearing'}) DELETE p"

# -- reading ------------------------------------------------------------------------------------------------------------------

_PROJECTED = "MATCH (p:Projection {id: 'ledger'}) RETURN coalesce(p.seq, 0) AS seq"
_HALF_CLEARED = "MATCH (p:Projection {id: 'clearing'}) RETURN p.begun AS begun"
_LIBRARY_DIGEST = "MATCH (p:Projection {id: 'library'}) RETURN p.digest AS digest"

_INCIDENT = "MATCH (n:Incident {id: $id}) RETURN n.json AS json"
_INCIDENTS = """
MATCH (n:Incident) WHERE ($mode IS NULL OR n.mode = $mode) AND ($status IS NULL OR n.status = $status)
RETURN n.json AS json ORDER BY n.updated DESC, n.id
"""
_IMPACTS = "UNWIND $ids AS id MATCH (i:Incident {id: id})<-[:OF]-(m:Impact) RETURN id, m.json AS json ORDER BY id, m.type, m.id"
_TEXTS = """
UNWIND $ids AS id MATCH (i:Incident {id: id})
CALL { WITH i MATCH (i)<-[:ABOUT]-(e:Evidence) RETURN e ORDER BY e.at DESC, e.id LIMIT $limit }
RETURN id, e.json AS json, e.at AS at ORDER BY id, at DESC, e.id
"""

_ABOUT_INCIDENT = """
MATCH (n:Incident {id: $id}) RETURN 'incident' AS part, n.json AS json, '' AS place
UNION ALL
MATCH (:Incident {id: $id})<-[:OF]-(m:Impact) RETURN 'impact' AS part, m.json AS json, m.type + m.id AS place
UNION ALL
MATCH (:Incident {id: $id})<-[:ABOUT]-(e:Evidence) RETURN 'evidence' AS part, e.json AS json, e.at + e.id AS place
UNION ALL
MATCH (:Incident {id: $id})<-[:ABOUT]-(e:Evidence)<-[:QUOTES]-(s:Statement) RETURN 'statement' AS part, s.json AS json, e.at + s.id AS place
UNION ALL
MATCH (:Incident {id: $id})<-[:DESCRIBES]-(r:Report) RETURN 'report' AS part, r.json AS json, r.created + r.id AS place
"""
_APPLICABLE = """
MATCH (t:Topic)<-[:ON_TOPIC]-(p:Provision) WHERE t.id IN $topics AND p.verified = true AND p.begins <= $day AND p.ends > $day
RETURN DISTINCT 'provision' AS part, p.json AS json, p.id AS place
UNION ALL
MATCH (t:Topic)<-[:ON_TOPIC]-(p:Provision)-[:PART_OF]->(d:Document)
WHERE t.id IN $topics AND p.verified = true AND p.begins <= $day AND p.ends > $day
RETURN DISTINCT 'document' AS part, d.json AS json, d.id AS place
UNION ALL
MATCH (:Hazard {id: $hazard})<-[:OF_KIND]-(c:Case) RETURN 'case' AS part, c.json AS json, c.day + c.id AS place
"""

_EVIDENCE_ONE = "MATCH (n:Evidence {id: $id}) RETURN n.json AS json"
_QUEUE = """
MATCH (e:Evidence) WHERE e.waits = true AND ($source IS NULL OR e.source = $source) AND ($since IS NULL OR e.at >= $since)
RETURN e.json AS json ORDER BY e.urgency DESC, e.at, e.id SKIP $offset LIMIT $limit
"""
_OF_INCIDENT = """
MATCH (:Incident {id: $incident})<-[:ABOUT]-(e:Evidence)
WHERE ($source IS NULL OR e.source = $source) AND ($since IS NULL OR e.at >= $since)
RETURN e.json AS json ORDER BY e.at DESC, e.id SKIP $offset LIMIT $limit
"""
_NEWEST = """
MATCH (e:Evidence) WHERE e.at >= $since AND ($source IS NULL OR e.source = $source)
RETURN e.json AS json ORDER BY e.at DESC, e.id SKIP $offset LIMIT $limit
"""
_QUEUE_LENGTH = "MATCH (e:Evidence) WHERE e.waits = true RETURN count(e) AS count"
_STATEMENTS = """
UNWIND $ids AS id MATCH (e:Evidence {id: id})<-[:QUOTES]-(s:Statement) RETURN s.json AS json ORDER BY id, s.id
"""
_FEATURES = """
MATCH (n:Feature) WHERE n.kind IN $kinds AND n.lon >= $west AND n.lon <= $east AND n.lat >= $south AND n.lat <= $north
RETURN n.json AS json ORDER BY n.id LIMIT $limit
"""
_ALL_FEATURES = """
MATCH (n:Feature) WHERE n.lon >= $west AND n.lon <= $east AND n.lat >= $south AND n.lat <= $north
RETURN n.json AS json ORDER BY n.id LIMIT $limit
"""

_REPORT = "MATCH (n:Report {id: $id}) RETURN n.json AS json, n.signed AS signed"
_REPORTS = """
MATCH (n:Report) WHERE ($incident IS NULL OR n.incident = $incident) AND ($status IS NULL OR n.status = $status)
RETURN n.json AS json ORDER BY n.created DESC, n.id
"""
_SOURCES = "MATCH (n:Source) RETURN n.id AS name, n.title AS title, n.kind AS kind, n.reliability AS reliability, n.run AS run ORDER BY n.id"

_DOCUMENTS = "MATCH (n:Document) RETURN n.json AS json ORDER BY n.id"
_PROVISIONS = """
MATCH (n:Provision) WHERE ($ids IS NULL OR n.id IN $ids) AND ($day IS NULL OR (n.begins <= $day AND n.ends > $day))
RETURN n.json AS json ORDER BY n.id
"""
_PROVISIONS_ON = """
MATCH (t:Topic)<-[:ON_TOPIC]-(n:Provision) WHERE t.id IN $topics AND ($ids IS NULL OR n.id IN $ids)
AND ($day IS NULL OR (n.begins <= $day AND n.ends > $day))
RETURN DISTINCT n.json AS json, n.id AS id ORDER BY id
"""
_CASES = "MATCH (n:Case) WHERE $hazard IS NULL OR n.hazard = $hazard RETURN n.json AS json ORDER BY n.day DESC, n.id"

_COUNT = _for_each_label("MATCH (n:LABEL) RETURN count(n) AS count")
_ALL_NODES = _for_each_label("MATCH (n:LABEL) RETURN n.id AS id, properties(n) AS properties")
_ALL_RELATIONS = "MATCH (a)-[x]->(b) RETURN labels(a)[0] AS from, a.id AS a, type(x) AS relation, labels(b)[0] AS to, b.id AS b"


class Store:
    """The graph as the rest of Anlan sees it: questions of the control room in, domain objects out.

    Safe to share between threads. Every method raises Unreachable, with what to do, when the engine does not answer.
    """

    def __init__(self, address: Address) -> None:
        """Prepare to talk to the graph at this address; nothing is sent yet."""
        self._address = address
        with self._answered():
            self._driver = neo4j.GraphDatabase.driver(
                address.uri,
                auth=(address.user, address.password),
                max_transaction_retry_time=RETRY_SECONDS,
                connection_timeout=10,
                telemetry_disabled=True,
            )

    def close(self) -> None:
        """Let go of the connections."""
        self._driver.close()

    def check(self) -> None:
        """Make sure the graph answers and lets us in, without the patience that a running desk has for a short outage."""
        with self._answered():
            self._driver.verify_connectivity()

    def prepare(self) -> None:
        """Make the constraints and indexes that are missing. Without the constraints a repeated write could make a second node."""
        text = (Path(__file__).parent / "schema.cypher").read_text(encoding="utf-8")
        lines = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
        with self._session() as session:
            for statement in lines.split(";"):
                if statement.strip():
                    session.run(statement.strip()).consume()

    # -- projecting ------------------------------------------------------------------------------------------------------------

    def project(self, read: Read) -> int:
        """Write into the graph what the ledger says and the graph does not yet; returns how many entries were new to it.

        `read(seq)` gives the next entries after `seq`, oldest first, as many as one transaction should hold (at most 2,000), or
        none. Whoever comes second waits for, or collides with, whoever came first, and then finds nothing left to do.
        """
        total = 0
        while True:
            place = self.projected()
            found = place, read(place)
            if not found[1]:
                return total
            total += self._change(partial(_project, read=read, found=found))

    def projected(self) -> int:
        """Number of the newest ledger entry the graph contains; 0 for an empty graph."""
        rows = self._ask(_PROJECTED)
        return int(rows[0]["seq"]) if rows else 0

    def clear(self) -> None:
        """Empty the graph; constraints and indexes stay. The ledger can fill it again."""
        self._change(lambda tx: _rows(tx, _CLEARING))
        while self._change(lambda tx: _rows(tx, _CLEAR))[0]["gone"]:
            pass
        self._change(lambda tx: _rows(tx, _CLEARED))

    def is_half_cleared(self) -> bool:
        """Whether clearing was cut short; what is left then is not to be believed, nor built upon."""
        return bool(self._ask(_HALF_CLEARED))

    def load_library(self, documents: Sequence[Document], provisions: Sequence[Provision], cases: Sequence[Case], digest: str = "") -> None:
        """Put this library in place of the one before, in one transaction."""
        self._change(lambda tx: _load_library(tx, documents, provisions, cases, digest))

    def library_digest(self) -> str:
        """Digest given with the library now loaded; empty when none is."""
        rows = self._ask(_LIBRARY_DIGEST)
        return str(rows[0]["digest"] or "") if rows else ""

    # -- incidents -------------------------------------------------------------------------------------------------------------

    def incidents(self, *, mode: str | None = None, status: str | None = None) -> list[Incident]:
        """All incidents, the one changed last first."""
        return self._all(Incident, _INCIDENTS, mode=mode, status=status)

    def incident(self, id: str) -> Incident:
        """One incident; NotFound when there is none of that id."""
        found = self._all(Incident, _INCIDENT, id=id)
        if not found:
            raise NotFound(f"No incident is known under {id}. `anlan incidents` lists them.")
        return found[0]

    def impacts(self, incident_ids: Iterable[str]) -> dict[str, list[Impact]]:
        """What we believe about each of these incidents; an incident without figures has an empty list."""
        found: dict[str, list[Impact]] = {id: [] for id in incident_ids}
        for row in self._ask(_IMPACTS, ids=list(found)):
            found[row["id"]].append(Impact.model_validate_json(row["json"]))
        return found

    def dossier(self, incident_id: str, as_of: date | None = None) -> Dossier:
        """Everything a report about one incident may cite, in one read: two queries in one transaction.

        Provisions are those in force on `as_of` (by default the day the incident began, Beijing time), seen in a source text, that
        concern its hazard, its event type, or reporting and signing in general. NotFound when there is no such incident.
        """
        with self._session() as session:
            return session.execute_read(_dossier, incident_id, as_of)

    def incident_evidence_texts(self, incident_ids: Iterable[str], limit_each: int) -> dict[str, list[EvidenceView]]:
        """The newest evidence of each incident, newest first, for comparing with what comes in."""
        found: dict[str, list[EvidenceView]] = {id: [] for id in incident_ids}
        for row in self._ask(_TEXTS, ids=list(found), limit=limit_each):
            found[row["id"]].append(EvidenceView.model_validate_json(row["json"]))
        return found

    # -- evidence --------------------------------------------------------------------------------------------------------------

    def evidence(
        self,
        limit: int = 100,
        offset: int = 0,
        *,
        waiting_for_person: bool = False,
        incident: str | None = None,
        source: str | None = None,
        since: datetime | None = None,
    ) -> list[EvidenceView]:
        """Masked evidence, newest first; what waits for a person comes most urgent first, then longest waiting first."""
        begins = None if since is None else instant(since)
        page = {"limit": limit, "offset": offset, "source": source}
        if waiting_for_person:
            return self._all(EvidenceView, _QUEUE, since=begins, **page)
        if incident is not None:
            return self._all(EvidenceView, _OF_INCIDENT, incident=incident, since=begins, **page)
        return self._all(EvidenceView, _NEWEST, since=begins or "", **page)

    def waiting_for_person(self) -> int:
        """How many pieces of evidence wait for a person to look at them."""
        return int(self._ask(_QUEUE_LENGTH)[0]["count"])

    def evidence_one(self, id: str) -> EvidenceView:
        """One piece of evidence, masked; NotFound when it is unknown or not yet understood."""
        found = self._all(EvidenceView, _EVIDENCE_ONE, id=id)
        if not found:
            raise NotFound(f"No understood evidence is known under {id}.")
        return found[0]

    def statements_of(self, evidence_ids: Iterable[str]) -> list[Statement]:
        """What these pieces of evidence say."""
        return self._all(Statement, _STATEMENTS, ids=list(evidence_ids))

    # -- surroundings ----------------------------------------------------------------------------------------------------------

    def features(
        self, kinds: Sequence[str] | None = None, bbox: tuple[float, float, float, float] | None = None, limit: int = 20000
    ) -> list[Feature]:
        """Surveyed bodies and resources of these kinds within west, south, east, north (degrees, WGS 84)."""
        west, south, east, north = bbox or (-180.0, -90.0, 180.0, 90.0)
        box = {"west": west, "south": south, "east": east, "north": north, "limit": limit}
        if kinds is None:
            return self._all(Feature, _ALL_FEATURES, **box)
        return self._all(Feature, _FEATURES, kinds=list(kinds), **box)

    def sources(self) -> list[dict[str, Any]]:
        """Sources heard of, each with name, title, kind, reliability and `run`: the payload of its last `source.run`, or null."""
        return [{**row, "run": json.loads(row["run"]) if row["run"] else None} for row in self._ask(_SOURCES)]

    # -- reports ---------------------------------------------------------------------------------------------------------------

    def reports(self, *, incident: str | None = None, status: str | None = None) -> list[ReportState]:
        """Reports in their newest version, newest first."""
        return self._all(ReportState, _REPORTS, incident=incident, status=status)

    def report(self, id: str) -> ReportState:
        """One report in its newest version; NotFound when there is none of that id."""
        found = self._all(ReportState, _REPORT, id=id)
        if not found:
            raise NotFound(f"No report is known under {id}.")
        return found[0]

    def signed_report(self, id: str) -> Report | None:
        """The version last signed, exactly as signed, even if it was edited or withdrawn since; null when none ever was."""
        rows = self._ask(_REPORT, id=id)
        return Report.model_validate_json(rows[0]["signed"]) if rows and rows[0]["signed"] else None

    # -- library ---------------------------------------------------------------------------------------------------------------

    def documents(self) -> list[Document]:
        """Laws, regulations, plans and standards in the library."""
        return self._all(Document, _DOCUMENTS)

    def provisions(
        self, ids: Iterable[str] | None = None, topics: Iterable[str] | None = None, as_of: date | None = None
    ) -> list[Provision]:
        """Provisions with one of these ids, on one of these topics, in force on that day; all of them when nothing is asked."""
        asked = {"ids": None if ids is None else list(ids), "day": None if as_of is None else as_of.isoformat()}
        if topics is None:
            return self._all(Provision, _PROVISIONS, **asked)
        return self._all(Provision, _PROVISIONS_ON, topics=list(topics), **asked)

    def cases(self, hazard: str | None = None) -> list[Case]:
        """Past incidents, newest first."""
        return self._all(Case, _CASES, hazard=hazard)

    # -- the whole -------------------------------------------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """How many nodes of each label there are."""
        with self._session() as session:
            return session.execute_read(lambda tx: {label: int(_rows(tx, query)[0]["count"]) for label, query in _COUNT.items()})

    def digest(self) -> str:
        """One number for the whole content, the same for the same content in whatever order the engine returns it.

        The SHA-256 of every node and every relation, added up modulo 2²⁵⁶, so that nothing has to be held or sorted.
        """
        total = 0
        with self._session() as session:
            for label, query in _ALL_NODES.items():
                for row in session.run(query):
                    total += _number([label, row["id"], row["properties"]])
            for row in session.run(_ALL_RELATIONS):
                total += _number([row["from"], row["a"], row["relation"], row["to"], row["b"]])
        return f"{total % 2**256:064x}"

    # -- asking ----------------------------------------------------------------------------------------------------------------

    def _ask(self, query: str, **parameters: Any) -> Rows:
        with self._session() as session:
            return session.execute_read(lambda tx: _rows(tx, query, **parameters))

    def _all(self, kind: type[Kind], query: str, **parameters: Any) -> list[Kind]:
        return [kind.model_validate_json(row["json"]) for row in self._ask(query, **parameters)]

    def _change(self, work: Callable[[neo4j.ManagedTransaction], Result]) -> Result:
        """One write transaction, tried again when it collides with another; so `work` may run more than once."""
        with self._session() as session:
            for patience in _COLLISIONS:
                try:
                    return session.execute_write(work)
                except ConstraintError:
                    # Two transactions made the same node at once: the embedded engine calls that a broken constraint, not a
                    # conflict, and the driver would give up. The second try finds the node.
                    time.sleep(patience)
            return session.execute_write(work)

    @contextmanager
    def _session(self) -> Iterator[neo4j.Session]:
        with self._answered(), self._driver.session(database=self._address.database) as session:
            yield session

    @contextmanager
    def _answered(self) -> Iterator[None]:
        where = "embedded graph engine" if self._address.embedded else f"graph at {self._address.uri}"
        try:
            yield
        except AuthError as error:
            raise Unreachable(f"The {where} refused the password. Check ANLAN_GRAPH_USER and ANLAN_GRAPH_PASSWORD.") from error
        except (ServiceUnavailable, SessionExpired, TransientError) as error:
            advice = "Run the command again; it starts a new engine" if self._address.embedded else "Check that it runs and ANLAN_GRAPH_URI"
            raise Unreachable(f"The {where} did not answer ({error.__class__.__name__}). {advice}.") from error


def _rows(tx: neo4j.ManagedTransaction, query: str, **parameters: Any) -> Rows:
    return tx.run(query, parameters).data()


def _project(tx: neo4j.ManagedTransaction, read: Read, found: tuple[int, list[Entry]]) -> int:
    # Writing to the place first makes this transaction the only one projecting: a second one waits for it or collides and retries.
    place = int(_rows(tx, _TAKE_PLACE)[0]["seq"])
    entries = found[1] if place == found[0] else read(place)
    if not entries:
        return 0
    touched = reports_touched(entries)
    known = _rows(tx, _REPORT_STATES, ids=touched) if touched else []
    reports = {row["id"]: KnownReport(ReportState.model_validate_json(row["json"]), row["signed"]) for row in known}
    _write(tx, changes(entries, reports))
    _rows(tx, _KEEP_PLACE, seq=entries[-1].seq)
    return len(entries)


def _write(tx: neo4j.ManagedTransaction, out: Changes) -> None:
    _each(tx, _DROP_OLD_IMPACTS, [{"id": id, "keep": list(keep)} for id, keep in sorted(out.impacts_of.items())])
    for label in LABELS:
        _each(tx, _WRITE_NODES[label], [{"id": id, "properties": rest} for id, rest in sorted(out.nodes.get(label, {}).items())])
    joined = {evidence: [incident] if incident else [] for evidence, incident in out.incident_of.items()}
    _each(tx, _DROP_OLD_ABOUT, [{"id": id, "keep": joined[id]} for id in sorted(out.moved)])
    _each(tx, _DROP_OLD_SUPPORT, [{"id": id, "keep": list(keep)} for id, keep in sorted(out.statements_behind.items())])
    _each(tx, _DROP_OLD_CITATIONS, [{"id": id, "keep": list(keep)} for id, keep in sorted(out.cited_by.items())])
    relations = dict(out.relations)
    relations["Evidence", "ABOUT", "Incident"] = {(evidence, id) for evidence, incidents in joined.items() for id in incidents}
    relations["Impact", "OF", "Incident"] = {(impact, incident) for incident, keep in out.impacts_of.items() for impact in keep}
    relations["Impact", "SUPPORTED_BY", "Statement"] = {(id, statement) for id, keep in out.statements_behind.items() for statement in keep}
    for triple in RELATIONS:
        _each(tx, _WRITE_RELATIONS[triple], [{"a": a, "b": b} for a, b in sorted(relations.get(triple, ()))])


def _each(tx: neo4j.ManagedTransaction, query: str, rows: Rows) -> None:
    if rows:
        tx.run(query, rows=rows).consume()


def _load_library(
    tx: neo4j.ManagedTransaction, documents: Sequence[Document], provisions: Sequence[Provision], cases: Sequence[Case], digest: str
) -> None:
    out = library(documents, provisions, cases)
    keep = {name: sorted(out.nodes[label]) for name, label in _LIBRARY_LABELS.items()}
    for query in _DROP_OLD_LIBRARY:
        tx.run(query, keep).consume()
    _write(tx, out)
    tx.run(_DROP_UNUSED_HAZARDS).consume()
    tx.run(_KEEP_LIBRARY_DIGEST, digest=digest).consume()


def _dossier(tx: neo4j.ManagedTransaction, incident_id: str, as_of: date | None) -> Dossier:
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for row in sorted(_rows(tx, _ABOUT_INCIDENT, id=incident_id), key=_place):
        parts[row["part"]].append(row["json"])
    if not parts["incident"]:
        raise NotFound(f"No incident is known under {incident_id}. `anlan incidents` lists them.")
    incident = Incident.model_validate_json(parts["incident"][0])
    day = as_of or incident.started_at.astimezone(BEIJING).date()
    topics = _topics(incident)
    asked = {"topics": sorted(topics | GENERAL_TOPICS), "day": day.isoformat(), "hazard": incident.hazard}
    for row in sorted(_rows(tx, _APPLICABLE, **asked), key=_place):
        parts[row["part"]].append(row["json"])
    provisions = [each for each in _read_all(Provision, parts["provision"]) if _applies(each, topics)]
    shelf = {provision.document for provision in provisions}
    return Dossier(
        incident=incident,
        impacts=_read_all(Impact, parts["impact"]),
        statements=_read_all(Statement, parts["statement"]),
        evidence=_read_all(EvidenceView, parts["evidence"]),
        provisions=tuple(provisions),
        documents=tuple(each for each in _read_all(Document, parts["document"]) if each.id in shelf),
        cases=_read_all(Case, parts["case"]),
        reports=_read_all(ReportState, parts["report"]),
    )


def _place(row: Mapping[str, Any]) -> str:
    return str(row["place"])


def _read_all(kind: type[Kind], texts: Iterable[str]) -> tuple[Kind, ...]:
    return tuple(kind.model_validate_json(text) for text in texts)


def _topics(incident: Incident) -> set[str]:
    # While the nature of an event is not determined both regimes run, and so do both sets of provisions.
    event_types = EVENT_TYPES if incident.event_type == "undetermined" else {incident.event_type}
    return {incident.hazard, *event_types}


def _applies(provision: Provision, topics: set[str]) -> bool:
    """Whether a provision concerns this hazard and kind of event; one that names neither concerns all of them."""
    named = {topic for topic in provision.topics if topic.isascii()} - GENERAL_TOPICS
    hazards, event_types = named - EVENT_TYPES, named & EVENT_TYPES
    return "other_place" not in provision.topics and (not hazards or bool(hazards & topics)) and (not event_types or bool(event_types & topics))


def _number(content: list[Any]) -> int:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest())

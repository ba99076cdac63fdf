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
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_args

import neo4j
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConstraintError,
    DatabaseError,
    Forbidden,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from graph.citations import Shelf
from graph.engine import READER, Address, Keeper
from graph.lexical import Passage, passages
from graph.projection import Changes, KnownReport, changes, imported, instant, library, reports_touched, runs
from models.domain import (
    BEIJING,
    Case,
    Document,
    Dossier,
    Entry,
    EvidenceView,
    Fact,
    Feature,
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
from models.errors import BadInput, Damaged, NotFound, Refused, Unreachable
from models.hazards import hazards

log = logging.getLogger(__name__)

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
    "Judgement",
    "Feature",
    "Report",
    "Decision",
    "Law",
    "Document",
    "Topic",
    "Provision",
    "Fact",
    "Case",
)
"""Every label of known content. Queries below that say LABEL are made for each of these, and for nothing else."""

RELATIONS = (
    ("Incident", "OF_KIND", "Hazard"),
    ("Incident", "MERGED_INTO", "Incident"),
    ("Incident", "LEADS_TO", "Incident"),
    ("Judgement", "CONCERNS", "Incident"),
    ("Judgement", "PLACES", "Evidence"),
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
    ("Provision", "CITES", "Document"),
    ("Provision", "CITES", "Law"),
    ("Provision", "SUPERSEDES", "Provision"),
    ("Document", "VERSION_OF", "Law"),
    ("Document", "SUPERSEDES", "Document"),
    ("Fact", "STATED_IN", "Provision"),
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
_DROP_OLD_MERGED = "UNWIND $rows AS r MATCH (i:Incident {id: r.id})-[x:MERGED_INTO]->(o:Incident) WHERE NOT o.id IN r.keep DELETE x"
_WRITE_LINKS = """
UNWIND $rows AS r MATCH (a:Incident {id: r.a}) MATCH (b:Incident {id: r.b}) MERGE (a)-[x:LEADS_TO]->(b) SET x.reasons = r.reasons
"""
_TOUCHED = (
    "UNWIND $ids AS id MATCH (d:Document {id: id})-[:VERSION_OF]->(l:Law) RETURN DISTINCT l.id AS id",
    "UNWIND $ids AS id MATCH (d:Document {id: id})<-[:PART_OF]-(p:Provision)-[:CITES]->(l:Law) RETURN DISTINCT l.id AS id",
)
"""Laws that documents name; those nobody names any more go when the documents change."""
_DROP_OLD_TEXTS = (
    "UNWIND $rows AS r MATCH (d:Document {id: r.id})<-[:PART_OF]-(p:Provision)<-[:STATED_IN]-(f:Fact) "
    "WHERE NOT f.id IN r.facts DETACH DELETE f",
    "UNWIND $rows AS r MATCH (d:Document {id: r.id})<-[:PART_OF]-(p:Provision) WHERE NOT p.id IN r.provisions DETACH DELETE p",
    "UNWIND $rows AS r MATCH (d:Document {id: r.id})<-[:PART_OF]-(p:Provision)-[x:CITES|ON_TOPIC|SUPERSEDES]->() DELETE x",
    "UNWIND $rows AS r MATCH (d:Document {id: r.id})-[x:SUPERSEDES|VERSION_OF]->() DELETE x",
    "UNWIND $rows AS r MATCH (d:Document {id: r.id}) WHERE NOT r.on_shelf DETACH DELETE d",
)
"""What is still in the newest text keeps its node, because reports cite it; what it says about others is written anew."""
_DROP_UNNAMED_LAWS = "UNWIND $ids AS id MATCH (l:Law {id: id}) WHERE NOT (l)<--() DELETE l"
_DROP_ALL_UNNAMED_LAWS = "MATCH (l:Law) WHERE NOT (l)<--() DELETE l"
_DROP_EMPTY_TOPICS = "MATCH (t:Topic) WHERE NOT (t)<--() DELETE t"
_WRITE_CITATIONS = {
    label: """
UNWIND $rows AS r MATCH (a:Provision {id: r.a}) MATCH (b:LABEL {id: r.b}) MERGE (a)-[x:CITES {id: r.id}]->(b)
SET x.quote = r.quote, x.start = r.start, x.end = r.end, x.kind = r.kind, x.title = r.title, x.article = r.article, x.at = r.at, x.rank = r.rank
""".replace("LABEL", label)
    for label in ("Provision", "Document", "Law")
}
# Whichever of the two came first: a newer version is often read before the one it replaces.
_LINK_VERSIONS = """
MATCH (a:Document) WHERE a.replaces IS NOT NULL AND (a.id IN $ids OR any(old IN a.replaces WHERE old IN $ids))
UNWIND a.replaces AS old MATCH (b:Document {id: old}) MERGE (a)-[:SUPERSEDES]->(b)
"""
_LINK_ALL_VERSIONS = """
MATCH (a:Document) WHERE a.replaces IS NOT NULL UNWIND a.replaces AS old MATCH (b:Document {id: old}) MERGE (a)-[:SUPERSEDES]->(b)
"""
_PLACE_FEATURES = """
UNWIND $rows AS r MATCH (n:Feature {id: r.id}) SET n.point = point({longitude: r.properties.lon, latitude: r.properties.lat})
"""
_REPORT_STATES = "MATCH (n:Report) WHERE n.id IN $ids RETURN n.id AS id, n.json AS json, n.signed AS signed"

_DROP_OLD_LIBRARY = (
    "MATCH (n:Provision) WHERE n.imported IS NULL AND NOT n.id IN $provisions DETACH DELETE n",
    "MATCH (n:Document) WHERE n.imported IS NULL AND NOT n.id IN $documents DETACH DELETE n",
    "MATCH (n:Case) WHERE NOT n.id IN $cases DETACH DELETE n",
    "MATCH (n:Provision)-[x:PART_OF|ON_TOPIC|CITES|SUPERSEDES]->() WHERE n.imported IS NULL DELETE x",
    "MATCH (n:Document)-[x:VERSION_OF|SUPERSEDES]->() WHERE n.imported IS NULL DELETE x",
    "MATCH (:Case)-[x:OF_KIND]->() DELETE x",
)
"""The shipped library only; what was imported has its entries in the ledger."""
_DROP_UNUSED_HAZARDS = "MATCH (h:Hazard) WHERE NOT (h)<-[:OF_KIND]-() DELETE h"
_LIBRARY_LABELS = {"provisions": "Provision", "documents": "Document", "cases": "Case"}
_KEEP_LIBRARY_DIGEST = "MERGE (p:Projection {id: 'library'}) SET p.digest = $digest"
_CLEARING = "MERGE (p:Projection {id: 'clearing'}) SET p.begun = true"
_CLEAR = "MATCH (n) WHERE n.begun IS NULL WITH n LIMIT 5000 DETACH DELETE n RETURN count(*) AS gone"
_CLEARED = "MATCH (p:Projection {id: 'clearing'}) DELETE p"

# -- reading ------------------------------------------------------------------------------------------------------------------

_OLDER = "MATCH (e:Evidence) WITH e LIMIT 1 RETURN e.changed IS NULL AS older"
_PROJECTED = "MATCH (p:Projection {id: 'ledger'}) RETURN coalesce(p.seq, 0) AS seq"
_HALF_CLEARED = "MATCH (p:Projection {id: 'clearing'}) RETURN p.begun AS begun"
_LIBRARY_DIGEST = "MATCH (p:Projection {id: 'library'}) RETURN p.digest AS digest"

_INCIDENT = "MATCH (n:Incident {id: $id}) RETURN n.json AS json"
_INCIDENTS = """
MATCH (n:Incident) WHERE ($mode IS NULL OR n.mode = $mode) AND (n.status = $status OR ($status IS NULL AND n.status <> 'merged'))
RETURN n.json AS json ORDER BY n.updated DESC, n.id
"""
_IMPACTS = "UNWIND $ids AS id MATCH (i:Incident {id: id})<-[:OF]-(m:Impact) RETURN id, m.json AS json ORDER BY id, m.type, m.id"
_TEXTS = """
UNWIND $ids AS id MATCH (i:Incident {id: id})
CALL (i) { MATCH (i)<-[:ABOUT]-(e:Evidence) RETURN e ORDER BY e.at DESC, e.id LIMIT $limit }
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
UNION ALL
MATCH (:Incident {id: $id})<-[:CONCERNS]-(j:Judgement) RETURN 'judgement' AS part, j.json AS json, j.at + j.id AS place
UNION ALL
MATCH (:Incident {id: $id})<-[:MERGED_INTO]-(o:Incident)<-[:CONCERNS]-(j:Judgement)
RETURN 'judgement' AS part, j.json AS json, j.at + j.id AS place
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
UNION ALL
MATCH (d:Document {region: $city})<-[:PART_OF]-(p:Provision)<-[:STATED_IN]-(f:Fact) WHERE PLAN
RETURN DISTINCT 'fact' AS part, f.json AS json, f.id AS place
UNION ALL
MATCH (d:Document {region: $city})<-[:PART_OF]-(p:Provision)<-[:STATED_IN]-(f:Fact) WHERE PLAN
RETURN DISTINCT 'plan_provision' AS part, p.json AS json, p.id AS place
UNION ALL
MATCH (d:Document {region: $city})<-[:PART_OF]-(p:Provision)<-[:STATED_IN]-(f:Fact) WHERE PLAN
RETURN DISTINCT 'plan' AS part, d.json AS json, d.id AS place
""".replace("PLAN", "d.level = 'plan' AND p.verified = true AND p.begins <= $day AND p.ends > $day AND f.kind IN $plan_facts")

PLAN_FACTS = ("action", "applies_to", "level", "starts_level", "trigger")
"""Kinds of fact of a plan that a dossier holds."""

_OF_DAY = """
MATCH (n:Incident) WHERE n.mode = $mode AND n.status <> 'merged' AND (n.status = 'open' OR n.updated >= $start) RETURN n.json AS json ORDER BY n.id
"""
_ABOUT_DAY = """
UNWIND $ids AS id MATCH (:Incident {id: id})<-[:OF]-(m:Impact) RETURN 'impact' AS part, m.json AS json, id + m.type + m.id AS place
UNION ALL
UNWIND $ids AS id MATCH (:Incident {id: id})<-[:ABOUT]-(e:Evidence) RETURN 'evidence' AS part, e.json AS json, e.at + e.id AS place
UNION ALL
UNWIND $ids AS id MATCH (:Incident {id: id})<-[:ABOUT]-(e:Evidence)<-[:QUOTES]-(s:Statement)
RETURN 'statement' AS part, s.json AS json, e.at + s.id AS place
UNION ALL
MATCH (r:Report) WHERE r.incident IN $ids OR r.incident = $day RETURN 'report' AS part, r.json AS json, r.created + r.id AS place
UNION ALL
MATCH (:Source)<-[:FROM]-(e:Evidence) WHERE e.source IN $warnings AND e.at >= $start AND e.at < $end AND e.mode = $mode
RETURN 'warning' AS part, e.json AS json, e.at + e.id AS place
"""
_WARNING_SOURCES = "MATCH (n:Source) WHERE n.kind = 'warning' RETURN n.id AS id ORDER BY n.id"
_WAITING_OF = "MATCH (e:Evidence) WHERE e.waits = true AND e.mode = $mode RETURN count(e) AS count"

# Links of an incident that was merged count for the one it was found to be; the relations stay where they were written.
_LINKS = (
    "MATCH (i:Incident {id: $id})-[x:LEADS_TO]->(o:Incident) RETURN 'effect' AS side, x.reasons AS reasons, o.json AS json ORDER BY o.id",
    "MATCH (i:Incident {id: $id})<-[x:LEADS_TO]-(o:Incident) RETURN 'cause' AS side, x.reasons AS reasons, o.json AS json ORDER BY o.id",
)
_MERGED_HERE = "MATCH (:Incident {id: $id})<-[:MERGED_INTO]-(n:Incident) RETURN n.json AS json ORDER BY n.id"
_JUDGEMENTS = "MATCH (n:Judgement) WHERE $verdict IS NULL OR n.verdict = $verdict RETURN n.json AS json ORDER BY n.at, n.id"
_JUDGEMENT = "MATCH (n:Judgement {id: $id}) RETURN n.json AS json"
_JUDGED_SINCE = (
    "UNWIND $incidents AS id MATCH (:Incident {id: id})<-[:CONCERNS]-(n:Judgement) WHERE n.at > $since RETURN n.json AS json, n.at AS at",
    "UNWIND $evidence AS id MATCH (:Evidence {id: id})<-[:PLACES]-(n:Judgement) WHERE n.at > $since RETURN n.json AS json, n.at AS at",
)
_TWINS = "UNWIND $ids AS id MATCH (:Evidence {id: id})<-[:DUPLICATE_OF]-(n:Evidence) RETURN n.json AS json ORDER BY n.id"

_EVIDENCE_ONE = "MATCH (n:Evidence {id: $id}) RETURN n.json AS json"
_QUEUE = """
MATCH (e:Evidence) WHERE e.turn >= $begins AND e.turn < $ends AND ($source IS NULL OR e.source = $source)
AND ($since IS NULL OR e.at >= $since)
RETURN e.json AS json ORDER BY e.turn, e.id SKIP $offset LIMIT $limit
"""
_OF_INCIDENT = """
MATCH (:Incident {id: $incident})<-[:ABOUT]-(e:Evidence)
WHERE ($source IS NULL OR e.source = $source) AND ($since IS NULL OR e.at >= $since) AND ($mode IS NULL OR e.mode = $mode)
RETURN e.json AS json ORDER BY e.at DESC, e.id SKIP $offset LIMIT $limit
"""
_NEWEST = """
MATCH (e:Evidence) WHERE e.at >= $since AND ($source IS NULL OR e.source = $source) AND ($mode IS NULL OR e.mode = $mode)
RETURN e.json AS json ORDER BY e.at DESC, e.id SKIP $offset LIMIT $limit
"""
_QUEUE_LENGTH = "MATCH (e:Evidence) WHERE e.waits = true RETURN count(e) AS count"
_QUEUE_LENGTH_OF = "MATCH (e:Evidence) WHERE e.turn >= $begins AND e.turn < $ends RETURN count(e) AS count"
_QUEUED_SINCE = """
MATCH (e:Evidence) WHERE e.seq > $seq AND e.waits = true AND e.mode = $mode RETURN count(e) AS count, max(e.urgency) AS urgency
"""
_NAMED = "UNWIND $ids AS id MATCH (e:Evidence {id: id}) RETURN e.json AS json"
_STATEMENTS = """
UNWIND $ids AS id MATCH (e:Evidence {id: id})<-[:QUOTES]-(s:Statement) RETURN s.json AS json ORDER BY id, s.id
"""
_MOST_AROUND = 300_000
"""Surveyed bodies handed out at once."""
_FEATURES = """
MATCH (n:Feature) WHERE n.kind IN $kinds AND n.lon >= $west AND n.lon <= $east AND n.lat >= $south AND n.lat <= $north
RETURN n.json AS json ORDER BY n.id LIMIT $limit
"""
_ALL_FEATURES = """
MATCH (n:Feature) WHERE n.lon >= $west AND n.lon <= $east AND n.lat >= $south AND n.lat <= $north
RETURN n.json AS json ORDER BY n.id LIMIT $limit
"""

_FEATURES_WITHIN = """
MATCH (n:Feature)
WHERE point.withinBBox(n.point, point({longitude: $west, latitude: $south}), point({longitude: $east, latitude: $north}))
AND ($kinds IS NULL OR n.kind IN $kinds) RETURN n.json AS json ORDER BY n.id LIMIT $limit
"""

# What a page asks again and again: what was written by these ledger entries. An index finds each of a list of numbers at once; for a range of
# them the embedded engine walks the whole index, two seconds at a hundred thousand. So a longer gap reads everything, in one go.
_POINTS = """
MATCH (e:Evidence) WHERE e.changed IN $seqs
RETURN e.mode AS mode, e.hazard AS hazard, e.adcode AS adcode, e.incident AS incident, [e.id] AS ids, [e.lon] AS lons, [e.lat] AS lats,
[e.received] AS received
"""
_ALL_POINTS = """
MATCH (e:Evidence) WITH e.mode AS mode, e.hazard AS hazard, e.adcode AS adcode, e.incident AS incident, collect(e.id) AS ids,
collect(coalesce(e.lon, $nowhere)) AS lons, collect(coalesce(e.lat, $nowhere)) AS lats, collect(e.received) AS received
RETURN mode, hazard, adcode, incident, ids, lons, lats, received
"""
_CHANGED_INCIDENTS = "MATCH (n:Incident) WHERE n.changed IN $seqs RETURN n.json AS json"
_ALL_INCIDENTS = "MATCH (n:Incident) RETURN n.json AS json"
_CHANGED_REPORTS = "MATCH (n:Report) WHERE n.changed IN $seqs RETURN n.json AS json"
_ALL_REPORTS = "MATCH (n:Report) RETURN n.json AS json"
_CHANGED_FEATURES = "MATCH (n:Feature) WHERE n.changed IN $seqs AND n.kind <> 'building' RETURN n.json AS json"
_SURVEYED = "MATCH (n:Feature) WHERE n.kind <> 'building' RETURN n.json AS json"
_BEHIND = """
MATCH (m:Impact {id: $id})-[:SUPPORTED_BY]->(s:Statement)-[:QUOTES]->(e:Evidence)
RETURN s.json AS statement, e.json AS evidence ORDER BY e.at DESC, s.id LIMIT $limit
"""
FEW_ENTRIES = 5_000
"""Ledger entries of which what they wrote is looked up one by one; of more, everything is read."""
NOWHERE = 999.0
"""Degrees that stand for no position, because the graph's lists hold no nulls."""

_REPORT = "MATCH (n:Report {id: $id}) RETURN n.json AS json, n.signed AS signed"
_REPORTS = """
MATCH (n:Report) WHERE ($incident IS NULL OR n.incident = $incident) AND ($status IS NULL OR n.status = $status)
RETURN n.json AS json ORDER BY n.created DESC, n.id
"""
_SOURCES = (
    "MATCH (n:Source) RETURN n.id AS name, n.title AS title, n.kind AS kind, n.reliability AS reliability, n.run AS run ORDER BY n.id"
)

_DOCUMENTS = "MATCH (n:Document) RETURN n.json AS json ORDER BY n.id"
_PROVISIONS = """
MATCH (n:Provision) WHERE $day IS NULL OR (n.begins <= $day AND n.ends > $day) RETURN n.json AS json ORDER BY n.id
"""
_PROVISIONS_NAMED = """
UNWIND $ids AS id MATCH (n:Provision {id: id}) WHERE $day IS NULL OR (n.begins <= $day AND n.ends > $day)
RETURN DISTINCT n.json AS json, n.id AS id ORDER BY id
"""
_PROVISIONS_ON = """
MATCH (t:Topic)<-[:ON_TOPIC]-(n:Provision) WHERE t.id IN $topics AND ($ids IS NULL OR n.id IN $ids)
AND ($day IS NULL OR (n.begins <= $day AND n.ends > $day))
RETURN DISTINCT n.json AS json, n.id AS id ORDER BY id
"""
_DOCUMENT = "MATCH (n:Document {id: $id}) RETURN n.json AS json"
_PROVISION = "MATCH (n:Provision {id: $id}) RETURN n.json AS json"
_PROVISIONS_OF = "MATCH (:Document {id: $id})<-[:PART_OF]-(n:Provision) RETURN n.json AS json ORDER BY n.place, n.id"
_VERSIONS = """
MATCH (:Document {id: $id})-[:VERSION_OF]->(l:Law) MATCH (l)<-[:VERSION_OF]-(n:Document) RETURN n.json AS json ORDER BY n.begins, n.id
"""
_EXPIRING = """
MATCH (n:Document) WHERE n.ends > $today AND (n.expires <= $until OR n.review_by <= $until OR n.ends <= $until)
RETURN n.json AS json ORDER BY n.id
"""
_FACTS = """
MATCH (n:Fact) WHERE ($document IS NULL OR n.document = $document) AND ($kind IS NULL OR n.kind = $kind)
AND ($subject IS NULL OR n.subject = $subject) RETURN n.json AS json ORDER BY n.id LIMIT $limit
"""
_FACTS_OF_DOCUMENT = """
MATCH (:Document {id: $document})<-[:PART_OF]-(:Provision)<-[:STATED_IN]-(n:Fact)
WHERE ($kind IS NULL OR n.kind = $kind) AND ($subject IS NULL OR n.subject = $subject) RETURN n.json AS json ORDER BY n.id LIMIT $limit
"""
_FACTS_OF = "MATCH (:Provision {id: $id})<-[:STATED_IN]-(n:Fact) RETURN n.json AS json ORDER BY n.id"

_CITED = """
MATCH (a:Provision {id: $id})-[x:CITES]->(b) WHERE x.id IS NOT NULL
RETURN properties(x) AS words, a.id AS provision, labels(b)[0] AS label, b.id AS id ORDER BY x.start, x.id, x.rank
"""
_VERSIONS_OF_LAWS = (
    "UNWIND $laws AS law MATCH (:Law {id: law})<-[:VERSION_OF]-(d:Document) RETURN law, d.id AS id, d.json AS json ORDER BY law, id"
)
_ARTICLES_OF = """
UNWIND $ids AS id MATCH (d:Document {id: id})<-[:PART_OF]-(p:Provision) RETURN d.id AS document, p.article AS article, p.id AS provision
"""
_CITING = """
MATCH (:Provision {id: $id})<-[x:CITES]-(a:Provision) WHERE x.id IS NOT NULL
RETURN properties(x) AS words, a.id AS provision, 'Provision' AS label, a.json AS json
UNION ALL
MATCH (p:Provision {id: $id})-[:PART_OF]->(:Document)-[:VERSION_OF]->(:Law)<-[x:CITES]-(a:Provision) WHERE x.at = p.article
RETURN properties(x) AS words, a.id AS provision, 'Law' AS label, a.json AS json
"""
_STARTER_CITES = "MATCH (:Provision {id: $id})-[x:CITES]->(b:Provision) WHERE x.id IS NULL RETURN b.json AS json ORDER BY b.id"

_AROUND = {
    label: """
MATCH (a:LABEL {id: $id})-[x]-(b) RETURN labels(a)[0] AS a_label, a.id AS a, a.json AS a_json, type(x) AS relation,
startNode(x).id AS source, labels(b)[0] AS b_label, b.id AS b, b.json AS b_json ORDER BY relation, b LIMIT $limit
""".replace("LABEL", label)
    for label in ("Provision", "Document", "Law", "Fact", "Case", "Topic")
}

_NEXT_DOCUMENTS = "MATCH (n:Document) WHERE n.id > $after RETURN n.id AS id, n.json AS json ORDER BY n.id LIMIT $limit"
_NEXT_PROVISIONS = "MATCH (n:Provision) WHERE n.id > $after RETURN n.id AS id, n.json AS json ORDER BY n.id LIMIT $limit"
_REFERENCES_OF = """
UNWIND $ids AS id MATCH (a:Provision {id: id})-[x:CITES]->(b) WHERE x.id IS NOT NULL
RETURN properties(x) AS words, id AS provision, labels(b)[0] AS label, b.id AS id
"""

_FULL_TEXT = """
CALL db.index.fulltext.queryNodes('provision_words', $words, {limit: $limit}) YIELD node RETURN node.json AS json, node.says AS says
"""
_PASSAGES = "UNWIND $ids AS id MATCH (n:Provision {id: id}) RETURN n.json AS json, n.says AS says"
_PASSAGES_OF_ARTICLES = """
UNWIND $documents AS id MATCH (:Document {id: id})<-[:PART_OF]-(n:Provision) WHERE n.article IN $articles
RETURN n.json AS json, n.says AS says LIMIT $limit
"""
_DROP_WORDS_INDEX = "DROP INDEX provision_words IF EXISTS"
_MEANING_INDEX = """
CREATE VECTOR INDEX provision_meaning IF NOT EXISTS FOR (n:Provision) ON (n.vector) OPTIONS $options
"""
_KEEP_VECTORS = "UNWIND $rows AS r MATCH (n:Provision {id: r.id}) CALL db.create.setNodeVectorProperty(n, 'vector', r.vector)"
_NEAREST = """
CALL db.index.vector.queryNodes('provision_meaning', $limit, $vector) YIELD node, score RETURN node.id AS id, score ORDER BY score DESC, id
"""
_AWAIT_INDEXES = "CALL db.awaitIndexes($seconds)"

_CASES = "MATCH (n:Case) WHERE $hazard IS NULL OR n.hazard = $hazard RETURN n.json AS json ORDER BY n.day DESC, n.id"

_COUNT = _for_each_label("MATCH (n:LABEL) RETURN count(n) AS count")
_ALL_NODES = _for_each_label("MATCH (n:LABEL) RETURN n.id AS id, properties(n) AS properties")
_ALL_RELATIONS = """
MATCH (a)-[x]->(b)
RETURN labels(a)[0] AS from, a.id AS a, type(x) AS relation, labels(b)[0] AS to, b.id AS b, properties(x) AS properties
"""
_NOT_CONTENT = frozenset({"point", "vector"})
"""Properties that an index needs and other properties, or a model, already say."""

ARTICLES_READ = 200
"""Most provisions read where a question names articles."""

WRITTEN_TOGETHER = 10_000
"""Rows sent in one statement."""


@dataclass(frozen=True)
class Citation:
    """One thing a provision cites."""

    reference: Reference | None
    """The citing words and what they mean on the day asked; null where the shipped library only names the provision."""
    provision: Provision | None
    """The article cited; null when a whole document is, or the article is not in the library."""
    document: Document | None
    """The document cited, in the version of that day; null when it is not in the library."""


@dataclass(frozen=True)
class Neighbour:
    """One thing in a picture of the graph."""

    id: str
    label: str
    """What it is: Document, Provision, Law, Fact, Case, Topic, Hazard, Report."""
    title: str
    """A few words for the picture."""


@dataclass(frozen=True)
class Neighbourhood:
    """Part of the graph, small enough to draw."""

    nodes: dict[str, Neighbour]
    relations: list[tuple[str, str, str]]
    """From which id, how, to which."""


@dataclass(frozen=True)
class Table:
    """The answer to a question in Cypher."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    """Plain values: text, numbers, lists, and mappings with `_labels` or `_type` for nodes and relations."""
    is_cut: bool
    """Whether there were more rows than asked for."""
    seconds: float
    """How long it took."""


class Store:
    """The graph as the rest of Anlan sees it: questions of the control room in, domain objects out.

    Safe to share between threads. Every method raises Unreachable, with what to do, when the engine does not answer.
    """

    def __init__(self, address: Address, keeper: Keeper | None = None) -> None:
        """Prepare to talk to the graph at this address; nothing is sent yet. With a `keeper` an engine that died is found again."""
        self._keeper = keeper
        self._renewing = threading.Lock()
        self._left: list[neo4j.Driver] = []
        self._connect(address)

    def _connect(self, address: Address) -> None:
        self._address = address
        self.written = 0
        """How many ledger entries this object has put into the graph."""
        # Neo4j says of every property nobody has used yet that it may be misspelt; the embedded engine does not know how to be told.
        quiet: dict[str, Any] = {} if address.embedded else {"notifications_min_severity": "OFF"}
        with self._answered():
            self._driver = neo4j.GraphDatabase.driver(
                address.uri,
                **quiet,
                auth=(address.user, address.password),
                max_transaction_retry_time=RETRY_SECONDS,
                connection_timeout=10,
                telemetry_disabled=True,
            )

    def close(self) -> None:
        """Let go of the connections."""
        for driver in (*self._left, self._driver):
            driver.close()

    def find_engine(self) -> None:
        """Before each use: when the embedded engine was killed, or someone else has started it anew, go to where it is now."""
        if self._keeper is None or not self._keeper.lost(self._address):
            return
        with self._renewing:
            if self._keeper.lost(self._address):
                log.warning("内嵌图引擎不在了：正在重新启动，图谱随后由台账补齐。")
                # Someone may be using the old connections: they fail by themselves, and are closed with the rest.
                self._left.append(self._driver)
                self._connect(self._keeper.renewed())

    def discard(self) -> bool:
        """Throw the embedded engine's files away and start it empty; false with a Neo4j, whose files are not ours."""
        if self._keeper is None:
            return False
        self._keeper.discard()
        self.find_engine()
        self.prepare()
        return True

    def end_engine(self) -> None:
        """End the embedded engine because it no longer listens; the next use starts it anew. Nothing with a Neo4j, which ends a slow question itself."""
        if self._keeper is not None:
            log.warning("内嵌图引擎停不下一条查询：结束它，下一次使用时重新启动。")
            self._keeper.end(self._address)

    def check(self) -> None:
        """Make sure the graph answers and lets us in, without the patience that a running desk has for a short outage."""
        with self._answered():
            self._driver.verify_connectivity()

    def prepare(self) -> None:
        """Make the constraints and indexes that are missing. Without the constraints a repeated write could make a second node."""
        with self._session() as session:
            # The embedded engine has no full-text and no point index in Cypher; the search keeps its own words beside the graph.
            for name in ("schema.cypher",) if self._address.embedded else ("schema.cypher", "schema_neo4j.cypher"):
                text = (Path(__file__).parent / name).read_text(encoding="utf-8")
                lines = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
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
            done = self._change(partial(_project, read=read, found=found, places=not self._address.embedded))
            total, self.written = total + done, self.written + done

    def projected(self) -> int:
        """Number of the newest ledger entry the graph contains; 0 for an empty graph."""
        rows = self._ask(_PROJECTED)
        return int(rows[0]["seq"]) if rows else 0

    def clear(self) -> None:
        """Empty the graph; constraints and indexes stay. The ledger can fill it again."""
        self.written += 1
        self._change(lambda tx: _rows(tx, _CLEARING))
        while self._change(lambda tx: _rows(tx, _CLEAR))[0]["gone"]:
            pass
        self._change(lambda tx: _rows(tx, _CLEARED))

    def is_older(self) -> bool:
        """Whether a version filled this graph that did not write down which entry changed what; it must be filled again."""
        return any(row["older"] for row in self._ask(_OLDER))

    def is_half_cleared(self) -> bool:
        """Whether clearing was cut short; what is left then is not to be believed, nor built upon."""
        return bool(self._ask(_HALF_CLEARED))

    def load_library(self, documents: Sequence[Document], provisions: Sequence[Provision], cases: Sequence[Case], digest: str = "") -> None:
        """Put this shipped library in place of the one before, in one transaction; what was imported stays."""
        self._change(lambda tx: _load_library(tx, documents, provisions, cases, digest))

    def library_digest(self) -> str:
        """Digest given with the library now loaded; empty when none is."""
        rows = self._ask(_LIBRARY_DIGEST)
        return str(rows[0]["digest"] or "") if rows else ""

    # -- incidents -------------------------------------------------------------------------------------------------------------

    def incidents(self, *, mode: str | None = None, status: str | None = None) -> list[Incident]:
        """All incidents, the one changed last first. Those a person found to be another are listed only with status `merged`."""
        return self._all(Incident, _INCIDENTS, mode=mode, status=status)

    def incident(self, id: str) -> Incident:
        """One incident; NotFound when there is none of that id."""
        found = self._all(Incident, _INCIDENT, id=id)
        if not found:
            raise NotFound(f"没有编号为 {id} 的事件；anlan incidents 可列出事件。")
        return found[0]

    def impacts(self, incident_ids: Iterable[str]) -> dict[str, list[Impact]]:
        """What we believe about each of these incidents; an incident without figures has an empty list."""
        found: dict[str, list[Impact]] = {id: [] for id in incident_ids}
        for row in self._ask(_IMPACTS, ids=list(found)):
            found[row["id"]].append(Impact.model_validate_json(row["json"]))
        return found

    def dossier(self, incident_id: str, as_of: date | None = None, *, city: str = "") -> Dossier:
        """Everything a report about one incident may cite, in one read: two queries in one transaction.

        Provisions are those in force on `as_of` (by default the day the incident began, Beijing time), seen in a source text, that
        concern its hazard, its event type, or reporting and signing in general. Facts are those of plans of `city` (its name) alone, and
        the articles and documents they stand in come with them. NotFound when there is no such incident.
        """
        with self._session() as session:
            return session.execute_read(_dossier, incident_id, as_of, city)

    def day(self, stand_in: Incident) -> Dossier:
        """Everything a report about one day may cite, in one transaction: of every incident of the stand-in's mode that is open or was changed
        since the day began and was first heard of before it ended, whole; the warnings received on it; how many messages wait for a person.

        The day is that of `stand_in.started_at`, Beijing time. An incident closed after the day and not changed on it is not found.
        """
        with self._session() as session:
            return session.execute_read(_day, stand_in)

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
        mode: str | None = None,
    ) -> list[EvidenceView]:
        """Masked evidence, newest first; what waits for a person in the order of `projection.turn`: life at stake first."""
        begins = None if since is None else instant(since)
        page = {"limit": limit, "offset": offset, "source": source}
        if waiting_for_person:
            return self._all(EvidenceView, _QUEUE, since=begins, **page, **_line(mode))
        if incident is not None:
            return self._all(EvidenceView, _OF_INCIDENT, incident=incident, since=begins, mode=mode, **page)
        return self._all(EvidenceView, _NEWEST, since=begins or "", mode=mode, **page)

    def waiting_for_person(self, mode: str | None = None) -> int:
        """How many pieces of evidence wait for a person to look at them."""
        rows = self._ask(_QUEUE_LENGTH) if mode is None else self._ask(_QUEUE_LENGTH_OF, **_line(mode))
        return int(rows[0]["count"])

    def waiting_since(self, seq: int, mode: str) -> tuple[int, float]:
        """How many pieces that wait were understood after that ledger entry, and how urgent the most urgent of them is."""
        row = self._ask(_QUEUED_SINCE, seq=seq, mode=mode)[0]
        return int(row["count"]), float(row["urgency"] or 0)

    def evidence_named(self, ids: Iterable[str]) -> list[EvidenceView]:
        """These pieces of evidence, masked, in the order asked for; one that is unknown is left out."""
        wanted = list(ids)
        found = {view.id: view for view in self._all(EvidenceView, _NAMED, ids=wanted)}
        return [found[id] for id in wanted if id in found]

    def twins(self, evidence_ids: Iterable[str]) -> list[EvidenceView]:
        """The near-duplicates of these pieces of evidence."""
        return self._all(EvidenceView, _TWINS, ids=list(evidence_ids))

    # -- judgements ------------------------------------------------------------------------------------------------------------

    def judgements(self, verdict: str | None = None) -> list[Judgement]:
        """What people decided about what belongs together, oldest first, undone ones included."""
        return self._all(Judgement, _JUDGEMENTS, verdict=verdict)

    def judgement(self, id: str) -> Judgement:
        """One judgement; NotFound when there is none of that id."""
        found = self._all(Judgement, _JUDGEMENT, id=id)
        if not found:
            raise NotFound(f"没有编号为 {id} 的人工判断；anlan incident ID 可列出一起事件的人工判断。")
        return found[0]

    def judged_since(self, incidents: Iterable[str], evidence: Iterable[str], since: datetime) -> list[Judgement]:
        """Judgements after a moment that concern one of these incidents or pieces of evidence, oldest first, each once."""
        asked = {"incidents": list(incidents), "evidence": list(evidence), "since": instant(since)}
        rows = [row for query in _JUDGED_SINCE for row in self._ask(query, **asked)]
        found = {judgement.id: judgement for judgement in (Judgement.model_validate_json(row["json"]) for row in rows)}
        return sorted(found.values(), key=lambda judgement: (judgement.at, judgement.id))

    def merged_here(self, incident_id: str) -> list[Incident]:
        """The incidents that a person found to be this one."""
        return self._all(Incident, _MERGED_HERE, id=incident_id)

    def links(self, incident_id: str) -> tuple[tuple[Link, ...], tuple[Incident, ...]]:
        """What led to an incident and what it led to, those of the incidents merged into it included, and the other ends."""
        with self._session() as session:
            return session.execute_read(_links, incident_id)

    def evidence_one(self, id: str) -> EvidenceView:
        """One piece of evidence, masked; NotFound when it is unknown or not yet understood."""
        found = self._all(EvidenceView, _EVIDENCE_ONE, id=id)
        if not found:
            raise NotFound(f"没有编号为 {id} 的证据，或尚未理解。")
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
        if bbox is not None and not self._address.embedded:
            return self._all(Feature, _FEATURES_WITHIN, kinds=None if kinds is None else list(kinds), **box)
        if kinds is None:
            return self._all(Feature, _ALL_FEATURES, **box)
        return self._all(Feature, _FEATURES, kinds=list(kinds), **box)

    def features_around(self, west: float, south: float, east: float, north: float) -> list[Feature]:
        """Every surveyed body that may reach into this box (degrees, WGS 84): all divisions and roads, however long, and whatever else has
        its middle within about five kilometres. Refused when there are more than can be counted at once, since a part would be believed.
        """
        long = self.features(["population", "road"], limit=_MOST_AROUND)
        rest = [kind for kind in get_args(Feature.model_fields["kind"].annotation) if kind not in ("population", "road", "river")]
        box = (max(-180.0, west - 0.06), max(-90.0, south - 0.05), min(180.0, east + 0.06), min(90.0, north + 0.05))
        near = self.features(rest, box, limit=_MOST_AROUND)
        if max(len(long), len(near)) >= _MOST_AROUND:
            raise Refused(f"影响范围周围的普查对象超过 {_MOST_AROUND} 个，一次算不完，请缩小范围。")
        return long + near

    def sources(self) -> list[dict[str, Any]]:
        """Sources heard of, each with name, title, kind, reliability and `run`: the payload of its last `source.run`, or null."""
        return [{**row, "run": json.loads(row["run"]) if row["run"] else None} for row in self._ask(_SOURCES)]

    # -- what a page watches ---------------------------------------------------------------------------------------------------

    def points(self, after: int, upto: int) -> Iterator[dict[str, Any]]:
        """Where evidence is and what it is about, of that written by ledger entries after `after` up to `upto`, or, from the start or over a long
        gap, of all: id, lon, lat (WGS 84), received (UTC text), mode, hazard, division (adcode) and incident, in no particular order.
        """
        seqs = _few(after, upto)
        groups = self._ask(_ALL_POINTS, nowhere=NOWHERE) if seqs is None else self._ask(_POINTS, seqs=seqs)
        for group in groups:
            about = {name: group[name] for name in ("mode", "hazard", "adcode", "incident")}
            for id, lon, lat, received in zip(group["ids"], group["lons"], group["lats"], group["received"], strict=True):
                somewhere = lon not in (None, NOWHERE) and lat not in (None, NOWHERE)
                yield {"id": id, "lon": lon if somewhere else None, "lat": lat if somewhere else None, "received": received, **about}

    def incidents_changed(self, after: int, upto: int) -> list[Incident]:
        """Incidents written by these ledger entries, as for `points`; merged ones included."""
        seqs = _few(after, upto)
        return self._all(Incident, _ALL_INCIDENTS) if seqs is None else self._all(Incident, _CHANGED_INCIDENTS, seqs=seqs)

    def reports_changed(self, after: int, upto: int) -> list[ReportState]:
        """Reports written by these ledger entries, as for `points`."""
        seqs = _few(after, upto)
        return self._all(ReportState, _ALL_REPORTS) if seqs is None else self._all(ReportState, _CHANGED_REPORTS, seqs=seqs)

    def features_changed(self, after: int, upto: int) -> list[Feature]:
        """Surveyed bodies that are no buildings, of those written by these ledger entries, as for `points`."""
        seqs = _few(after, upto)
        return self._all(Feature, _SURVEYED) if seqs is None else self._all(Feature, _CHANGED_FEATURES, seqs=seqs)

    def behind(self, impact: str, limit: int = 100) -> list[tuple[Statement, EvidenceView]]:
        """The statements behind one figure, each with the evidence it quotes, the newest first."""
        rows = self._ask(_BEHIND, id=impact, limit=limit)
        return [(Statement.model_validate_json(row["statement"]), EvidenceView.model_validate_json(row["evidence"])) for row in rows]

    # -- reports ---------------------------------------------------------------------------------------------------------------

    def reports(self, *, incident: str | None = None, status: str | None = None) -> list[ReportState]:
        """Reports in their newest version, newest first."""
        return self._all(ReportState, _REPORTS, incident=incident, status=status)

    def report(self, id: str) -> ReportState:
        """One report in its newest version; NotFound when there is none of that id."""
        found = self._all(ReportState, _REPORT, id=id)
        if not found:
            raise NotFound(f"没有编号为 {id} 的报告。")
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
            return self._all(Provision, _PROVISIONS if ids is None else _PROVISIONS_NAMED, **asked)
        return self._all(Provision, _PROVISIONS_ON, topics=list(topics), **asked)

    def cases(self, hazard: str | None = None) -> list[Case]:
        """Past incidents, newest first."""
        return self._all(Case, _CASES, hazard=hazard)

    def document(self, id: str) -> Document:
        """One document; NotFound when there is none of that id."""
        found = self._all(Document, _DOCUMENT, id=id)
        if not found:
            raise NotFound(f"没有编号为 {id} 的文件；anlan library list 可列出文件。")
        return found[0]

    def provisions_of(self, document: str) -> list[Provision]:
        """A document's provisions in the order they stand in it."""
        return self._all(Provision, _PROVISIONS_OF, id=document)

    def versions(self, document: str) -> list[Document]:
        """All versions of the law this document is a version of, itself among them, the oldest first."""
        return self._all(Document, _VERSIONS, id=document)

    def expiring(self, today: date, until: date) -> list[Document]:
        """Documents in force that expire, are due for review, or will be repealed by `until`; overdue ones among them."""
        return self._all(Document, _EXPIRING, today=today.isoformat(), until=until.isoformat())

    def provision(self, id: str) -> Provision:
        """One provision; NotFound when there is none of that id."""
        found = self._all(Provision, _PROVISION, id=id)
        if not found:
            raise NotFound(f"没有编号为 {id} 的条文。")
        return found[0]

    def facts(
        self,
        *,
        provision: str | None = None,
        document: str | None = None,
        kind: str | None = None,
        subject: str | None = None,
        limit: int = 1000,
    ) -> list[Fact]:
        """What articles say, taken out by rules or a model: of one provision or document, of one kind, about one subject."""
        if provision is not None:
            return self._all(Fact, _FACTS_OF, id=provision)
        asked = {"document": document, "kind": kind, "subject": subject, "limit": limit}
        return self._all(Fact, _FACTS if document is None else _FACTS_OF_DOCUMENT, **asked)

    def citations_out(self, provision: str, on: date) -> list[Citation]:
        """What a provision cites, each resolved to the version in force on that day, in the order of the text."""
        rows = self._ask(_CITED, id=provision)
        citing = self.document(self.provision(provision).document)
        laws = sorted({row["id"] for row in rows if row["label"] == "Law"})
        versions = self._ask(_VERSIONS_OF_LAWS, laws=laws) if laws else []
        documents = [Document.model_validate_json(row["json"]) for row in versions]
        keys = self._ask(_ARTICLES_OF, ids=sorted({row["id"] for row in versions})) if versions else []
        shelf = Shelf(documents, [(row["document"], row["article"], row["provision"]) for row in keys])
        found = {reference.id: shelf.resolve(reference, citing, on) for reference in _references(rows)}
        targets = sorted({each.target for each in found.values() if each.target})
        texts = {each.id: each for each in self.provisions(targets)} if targets else {}
        shown = {each.id: each for each in [*documents, citing]}
        for other in {each.document for each in texts.values()} - set(shown):
            shown[other] = self.document(other)
        known = []
        for reference in found.values():
            text = texts.get(reference.target or "")
            whole = citing.id if reference.kind == "internal" else reference.target or ""
            known.append(Citation(reference, text, shown.get(text.document if text else whole)))
        return known + [Citation(None, each, self.document(each.document)) for each in self._all(Provision, _STARTER_CITES, id=provision)]

    def citations_in(self, provision: str) -> list[tuple[Reference, Provision]]:
        """Which provisions cite this one, with the citing words; those that cite its law name no version, so all versions are cited."""
        rows = self._ask(_CITING, id=provision)
        citing = {row["provision"]: Provision.model_validate_json(row["json"]) for row in rows}
        return sorted(((reference, citing[reference.provision]) for reference in _references(rows)), key=lambda pair: pair[0].id)

    def neighbourhood(self, id: str, hops: int = 1, limit: int = 60) -> Neighbourhood:
        """What stands around a document, provision, law, fact or case, up to two steps away, for a picture of at most `limit` relations."""
        nodes: dict[str, Neighbour] = {}
        relations: dict[tuple[str, str, str], None] = {}
        edge = [id]
        for _ in range(min(max(hops, 1), 2)):
            reached: dict[str, None] = {}
            for start in edge:
                for query in _AROUND.values():
                    for row in self._ask(query, id=start, limit=limit) if len(relations) < limit else []:
                        for side in ("a", "b"):
                            nodes[row[side]] = _neighbour(row[side], row[f"{side}_label"], row[f"{side}_json"])
                        other = row["b"] if row["source"] == row["a"] else row["a"]
                        if len(relations) < limit:
                            relations[row["source"], row["relation"], other] = None
                            reached[row["b"]] = None
            edge = list(reached)
        kept = {name for source, _, target in relations for name in (source, target)}
        return Neighbourhood({name: node for name, node in nodes.items() if name in kept}, list(relations))

    def every_document(self, page: int = 5000) -> Iterator[Document]:
        """All documents, a page at a time, for building an index."""
        for row in self._pages(_NEXT_DOCUMENTS, page):
            yield Document.model_validate_json(row["json"])

    def every_provision(self, page: int = 5000) -> Iterator[Provision]:
        """All provisions in the order of their ids, a page at a time, for building an index."""
        for row in self._pages(_NEXT_PROVISIONS, page):
            yield Provision.model_validate_json(row["json"])

    def references_of(self, provisions: Iterable[str]) -> list[Reference]:
        """What these provisions cite, as written; which version another law's title means is not decided here."""
        return _references(self._ask(_REFERENCES_OF, ids=list(provisions)))

    def _pages(self, query: str, page: int) -> Iterator[dict[str, Any]]:
        after = ""
        while rows := self._ask(query, after=after, limit=page):
            yield from rows
            after = rows[-1]["id"]

    def load_imported(self, readings: Iterable[Imported]) -> int:
        """Write these documents as if nothing of them were there yet; for an empty graph and a measured load, not for daily imports.

        Returns how many nodes were sent. The caller gives as many readings at a time as one transaction should hold.
        """
        out = Changes()
        for reading in readings:
            imported(out, reading)
        self._change(lambda tx: _write_known(tx, out))
        return sum(len(nodes) for nodes in out.nodes.values())

    def link_versions(self) -> None:
        """Say of every document what it supersedes; after `load_imported`, which leaves that to the end."""
        self._change(lambda tx: _rows(tx, _LINK_ALL_VERSIONS))

    # -- Neo4j's own indexes ---------------------------------------------------------------------------------------------------

    @property
    def has_full_text(self) -> bool:
        """Whether the graph has an index of words itself; the embedded engine leaves that to the search beside it."""
        return not self._address.embedded

    def await_indexes(self, seconds: int = 300) -> None:
        """Wait until Neo4j's indexes hold everything written so far. Nothing to wait for on the embedded engine."""
        if not self._address.embedded:
            self._ask("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
            self._ask(_AWAIT_INDEXES, seconds=seconds)

    def sizes(self) -> tuple[int, int]:
        """How many documents and how many provisions there are."""
        counts = self.counts()
        return counts["Document"], counts["Provision"]

    def full_text(self, words: str, limit: int) -> list[Passage]:
        """Passages of the `limit` best provisions for a Lucene query over their `text` and what is `around` it, the best first. Neo4j only."""
        return self._passages(_FULL_TEXT, words=words, limit=limit)

    def passages(self, provisions: Collection[str]) -> list[Passage]:
        """The passages of these provisions."""
        return self._passages(_PASSAGES, ids=sorted(set(provisions)))

    def articles(self, documents: Collection[str], articles: Collection[str]) -> list[Passage]:
        """The passages of these articles of these documents."""
        return self._passages(_PASSAGES_OF_ARTICLES, documents=sorted(set(documents)), articles=sorted(set(articles)), limit=ARTICLES_READ)

    def _passages(self, query: str, **asked: Any) -> list[Passage]:
        rows = [(Provision.model_validate_json(row["json"]), row["says"] or "") for row in self._ask(query, **asked)]
        return list(passages((provision for provision, _ in rows), {provision.id: says for provision, says in rows}))

    def load_without_words(self) -> None:
        """Give up Neo4j's index of words before a whole library is written; `prepare` makes it again, faster than it would grow."""
        with self._session() as session:
            session.run(_DROP_WORDS_INDEX).consume()

    def keep_vectors(self, vectors: Mapping[str, Sequence[float]]) -> None:
        """Keep a vector of meaning per provision, in Neo4j's own index; all of one length. Neo4j only."""
        if not vectors:
            return
        length = len(next(iter(vectors.values())))
        options = {"indexConfig": {"vector.dimensions": length, "vector.similarity_function": "cosine"}}
        with self._session() as session:
            session.run(_MEANING_INDEX, options=options).consume()
        rows = [{"id": id, "vector": list(vector)} for id, vector in sorted(vectors.items())]
        self._change(lambda tx: _each(tx, _KEEP_VECTORS, rows))

    def nearest(self, vector: Sequence[float], limit: int) -> list[tuple[str, float]]:
        """Provisions nearest in meaning, with how near, 0–1. Neo4j only."""
        return [(row["id"], row["score"]) for row in self._ask(_NEAREST, vector=list(vector), limit=limit)]

    # -- questions typed by people ---------------------------------------------------------------------------------------------

    def read_only(self, cypher: str, parameters: Mapping[str, Any], rows: int, seconds: float) -> Table:
        """Answer a question typed by a person; see `graph/console.py`, which looks at the words first. Changes nothing, whatever it says.

        On the embedded engine it is asked as a user who may read records only; on Neo4j in a READ session, which refuses writes, and
        after the server itself has said that the statement only reads. On both, what was begun is rolled back.
        Raises BadInput with the engine's own words when the statement is wrong, Refused when it would write or takes too long.
        """
        begun = time.monotonic()
        with self._answered(), self._reader() as driver:  # noqa: SIM117 (the inner line would not fit)
            with driver.session(database=self._address.database, default_access_mode=neo4j.READ_ACCESS, fetch_size=100) as session:
                try:
                    if not self._address.embedded:
                        _only_reads(session, cypher, parameters, seconds)
                    with session.begin_transaction(timeout=seconds) as tx:
                        result = tx.run(cypher, dict(parameters))
                        columns = tuple(result.keys())
                        found = [tuple(_plain(value) for value in record.values()) for record in result.fetch(rows + 1)]
                        tx.rollback()
                except (Forbidden, ClientError, DatabaseError) as error:
                    raise _told(error, seconds) from error
        return Table(columns, found[:rows], len(found) > rows, time.monotonic() - begun)

    @contextmanager
    def _reader(self) -> Iterator[neo4j.Driver]:
        if not self._address.embedded:
            yield self._driver
            return
        who = (READER, self._address.reader_password)
        # One connection, given up with the question: nothing of a stranger's session is left for the next one.
        with neo4j.GraphDatabase.driver(self._address.uri, auth=who, connection_timeout=10, telemetry_disabled=True) as driver:
            yield driver

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
                    total += _number(
                        [label, row["id"], {name: value for name, value in row["properties"].items() if name not in _NOT_CONTENT}]
                    )
            for row in session.run(_ALL_RELATIONS):
                total += _number([row["from"], row["a"], row["relation"], row["to"], row["b"], row["properties"]])
        return f"{total % 2**256:064x}"

    # -- asking ----------------------------------------------------------------------------------------------------------------

    def _ask(self, query: str, /, **parameters: Any) -> Rows:
        # Sent in one go with its transaction's beginning: a third of the time of a session's managed transaction.
        self.find_engine()
        with self._answered():
            answer = self._driver.execute_query(query, parameters, routing_="r", database_=self._address.database)
        return [record.data() for record in answer.records]

    def _all(self, kind: type[Kind], query: str, /, **parameters: Any) -> list[Kind]:
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
        self.find_engine()
        with self._answered(), self._driver.session(database=self._address.database) as session:
            yield session

    @contextmanager
    def _answered(self) -> Iterator[None]:
        where = "内嵌图引擎" if self._address.embedded else f"图数据库 {self._address.uri} "
        try:
            yield
        except AuthError as error:
            raise Unreachable(f"{where}拒绝了口令：请检查 ANLAN_GRAPH_USER 和 ANLAN_GRAPH_PASSWORD。") from error
        except (ServiceUnavailable, SessionExpired, TransientError) as error:
            advice = "它会自行重新启动，请稍后再试" if self._address.embedded else "请检查它是否在运行以及 ANLAN_GRAPH_URI"
            raise Unreachable(f"{where}没有响应（{error.__class__.__name__}）。{advice}。") from error
        except DatabaseError as error:
            if "No space left" in str(error) or "disk" in str(error).lower():
                raise Unreachable(f"{where}所在磁盘已满：台账照常，图谱暂停跟进。请腾出空间；随后自行补齐。") from error
            raise Damaged(f"{where}出错（{str(error.message)[:120]}）：请运行 anlan graph rebuild，图谱由台账重建，不丢数据。") from error


def _rows(tx: neo4j.ManagedTransaction, query: str, **parameters: Any) -> Rows:
    return tx.run(query, parameters).data()


def _references(rows: Iterable[Mapping[str, Any]]) -> list[Reference]:
    """Citing words as the relations hold them, each once."""
    found: dict[str, Reference] = {}
    for row in rows:
        words = {name: row["words"][name] for name in ("id", "quote", "start", "end", "kind", "title", "article")}
        target = row.get("id") if row["label"] == "Provision" else None
        found.setdefault(words["id"], Reference(**words, provision=row["provision"], target=target, resolved=target is not None))
    return list(found.values())


def _neighbour(id: str, label: str, text: str | None) -> Neighbour:
    known = json.loads(text) if text else {}
    if label == "Provision":
        return Neighbour(id, label, f"{known['article']} {known['text'][:20]}")
    if label == "Fact":
        return Neighbour(id, label, f"{known['subject']}：{known['text'][:20]}")
    return Neighbour(id, label, str(known.get("title") or known.get("name") or id))


def _only_reads(session: neo4j.Session, cypher: str, parameters: Mapping[str, Any], seconds: float) -> None:
    with session.begin_transaction(timeout=seconds) as tx:
        # The words were looked at before: on some engines explaining a change of the schema makes it.
        kind = tx.run("EXPLAIN " + cypher, dict(parameters)).consume().query_type
        tx.rollback()
    if kind != "r":
        raise Refused("控制台只能查询：这条语句会改动图。请只用 MATCH、WHERE、WITH、RETURN 等读的语句。")


def _told(error: Exception, seconds: float) -> Exception:
    code, words = str(getattr(error, "code", "")), str(getattr(error, "message", "") or error)
    if isinstance(error, Forbidden) or "AccessMode" in code:
        return Refused("控制台只能查询：这条语句会改动图，引擎已拒绝。")
    if "TimedOut" in code or "Terminated" in code:
        return Refused(f"查询超过 {seconds:g} 秒，已停止。请缩小范围，例如先按编号或标题匹配，或加 LIMIT。")
    return BadInput(f"引擎看不懂这条语句：{words[:400]}")


def _plain(value: Any) -> Any:
    """A value of the driver as text, numbers, lists and mappings."""
    if isinstance(value, neo4j.graph.Node):
        return {"_labels": sorted(value.labels), **{name: _plain(each) for name, each in value.items()}}
    if isinstance(value, neo4j.graph.Relationship):
        return {"_type": value.type, **{name: _plain(each) for name, each in value.items()}}
    if isinstance(value, neo4j.graph.Path):
        return [_plain(each) for pair in zip(value.nodes, value.relationships, strict=False) for each in pair] + [_plain(value.nodes[-1])]
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _few(after: int, upto: int) -> list[int] | None:
    """The numbers after `after` up to `upto`; null from the start, or where they are too many to be looked up."""
    return list(range(after + 1, upto + 1)) if after and upto - after <= FEW_ENTRIES else None


def _project(tx: neo4j.ManagedTransaction, read: Read, found: tuple[int, list[Entry]], places: bool) -> int:
    # Writing to the place first makes this transaction the only one projecting: a second one waits for it or collides and retries.
    place = int(_rows(tx, _TAKE_PLACE)[0]["seq"])
    entries = found[1] if place == found[0] else read(place)
    if not entries:
        return 0
    for run in runs(entries):
        touched = reports_touched(run)
        known = _rows(tx, _REPORT_STATES, ids=touched) if touched else []
        reports = {row["id"]: KnownReport(ReportState.model_validate_json(row["json"]), row["signed"]) for row in known}
        _write(tx, changes(run, reports), places=places)
    _rows(tx, _KEEP_PLACE, seq=entries[-1].seq)
    return len(entries)


def _write(tx: neo4j.ManagedTransaction, out: Changes, *, places: bool = False) -> None:
    texts = sorted(out.texts)
    laws = sorted({row["id"] for query in _TOUCHED for row in _rows(tx, query, ids=texts)}) if texts else []
    for query in _DROP_OLD_TEXTS:
        rows = [
            {"id": id, "provisions": list(stays.provisions), "facts": list(stays.facts), "on_shelf": stays.on_shelf}
            for id, stays in sorted(out.texts.items())
        ]
        _each(tx, query, rows)
    _write_known(tx, out)
    if places:
        _each(tx, _PLACE_FEATURES, [{"id": id, "properties": rest} for id, rest in sorted(out.nodes.get("Feature", {}).items())])
    if "Document" in out.nodes:
        tx.run(_LINK_VERSIONS, ids=sorted(out.nodes["Document"])).consume()
    if laws:
        tx.run(_DROP_UNNAMED_LAWS, ids=laws).consume()
        tx.run(_DROP_EMPTY_TOPICS).consume()


def _write_known(tx: neo4j.ManagedTransaction, out: Changes) -> None:
    _each(tx, _DROP_OLD_IMPACTS, [{"id": id, "keep": list(keep)} for id, keep in sorted(out.impacts_of.items())])
    for label in LABELS:
        _each(tx, _WRITE_NODES[label], [{"id": id, "properties": rest} for id, rest in sorted(out.nodes.get(label, {}).items())])
    joined = {evidence: [incident] if incident else [] for evidence, incident in out.incident_of.items()}
    _each(tx, _DROP_OLD_ABOUT, [{"id": id, "keep": joined[id]} for id in sorted(out.moved)])
    _each(tx, _DROP_OLD_MERGED, [{"id": id, "keep": [into] if into else []} for id, into in sorted(out.merged_into.items())])
    _each(tx, _DROP_OLD_SUPPORT, [{"id": id, "keep": list(keep)} for id, keep in sorted(out.statements_behind.items())])
    _each(tx, _DROP_OLD_CITATIONS, [{"id": id, "keep": list(keep)} for id, keep in sorted(out.cited_by.items())])
    relations = dict(out.relations)
    relations["Incident", "MERGED_INTO", "Incident"] = {(id, into) for id, into in out.merged_into.items() if into}
    relations["Evidence", "ABOUT", "Incident"] = {(evidence, id) for evidence, incidents in joined.items() for id in incidents}
    relations["Impact", "OF", "Incident"] = {(impact, incident) for incident, keep in out.impacts_of.items() for impact in keep}
    relations["Impact", "SUPPORTED_BY", "Statement"] = {(id, statement) for id, keep in out.statements_behind.items() for statement in keep}
    for triple in RELATIONS:
        _each(tx, _WRITE_RELATIONS[triple], [{"a": a, "b": b} for a, b in sorted(relations.get(triple, ()))])
    _each(tx, _WRITE_LINKS, [{"a": a, "b": b, "reasons": list(reasons)} for (a, b), reasons in sorted(out.links.items())])
    for label, citations in out.citations.items():
        _each(tx, _WRITE_CITATIONS[label], sorted(citations, key=lambda row: (row["a"], row["id"], row["rank"])))


def _each(tx: neo4j.ManagedTransaction | neo4j.Session, query: str, rows: Rows) -> None:
    for start in range(0, len(rows), WRITTEN_TOGETHER):
        tx.run(query, rows=rows[start : start + WRITTEN_TOGETHER]).consume()


def _load_library(
    tx: neo4j.ManagedTransaction, documents: Sequence[Document], provisions: Sequence[Provision], cases: Sequence[Case], digest: str
) -> None:
    out = library(documents, provisions, cases)
    keep = {name: sorted(out.nodes[label]) for name, label in _LIBRARY_LABELS.items()}
    for query in _DROP_OLD_LIBRARY:
        tx.run(query, keep).consume()
    _write(tx, out)
    for query in (_DROP_UNUSED_HAZARDS, _DROP_ALL_UNNAMED_LAWS, _DROP_EMPTY_TOPICS):
        tx.run(query).consume()
    tx.run(_KEEP_LIBRARY_DIGEST, digest=digest).consume()


def _dossier(tx: neo4j.ManagedTransaction, incident_id: str, as_of: date | None, city: str) -> Dossier:
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for row in sorted(_rows(tx, _ABOUT_INCIDENT, id=incident_id), key=_place):
        parts[row["part"]].append(row["json"])
    if not parts["incident"]:
        raise NotFound(f"没有编号为 {incident_id} 的事件；anlan incidents 可列出事件。")
    incident = Incident.model_validate_json(parts["incident"][0])
    day = as_of or incident.started_at.astimezone(BEIJING).date()
    topics = _topics(incident)
    asked = {
        "topics": sorted(topics | GENERAL_TOPICS),
        "day": day.isoformat(),
        "hazard": incident.hazard,
        "city": city,
        "plan_facts": list(PLAN_FACTS),
    }
    for row in sorted(_rows(tx, _APPLICABLE, **asked), key=_place):
        parts[row["part"]].append(row["json"])
    provisions = [each for each in _read_all(Provision, parts["provision"]) if _applies(each, topics)]
    shelf = {provision.document for provision in provisions}
    links, others = _links(tx, incident_id)
    facts, articles, plans = _plans(incident, parts)
    return Dossier(
        incident=incident,
        impacts=_read_all(Impact, parts["impact"]),
        statements=_read_all(Statement, parts["statement"]),
        evidence=_read_all(EvidenceView, parts["evidence"]),
        provisions=tuple({each.id: each for each in (*provisions, *articles)}.values()),
        documents=tuple(
            {each.id: each for each in (*_read_all(Document, parts["document"]), *plans) if each.id in shelf or each in plans}.values()
        ),
        cases=_read_all(Case, parts["case"]),
        facts=facts,
        reports=_read_all(ReportState, parts["report"]),
        links=links,
        linked=others,
        judgements=_read_all(Judgement, dict.fromkeys(parts["judgement"])),
    )


def _links(tx: neo4j.ManagedTransaction, incident_id: str) -> tuple[tuple[Link, ...], tuple[Incident, ...]]:
    """Links of an incident and of those merged into it, under the incidents that stand today."""
    mine = [incident_id, *(Incident.model_validate_json(row["json"]).id for row in _rows(tx, _MERGED_HERE, id=incident_id))]
    links: dict[tuple[str, str], Link] = {}
    others: dict[str, Incident] = {}
    for row in (row for id in mine for query in _LINKS for row in _rows(tx, query, id=id)):
        other = Incident.model_validate_json(row["json"])
        while other.merged_into is not None:
            other = Incident.model_validate_json(_rows(tx, _INCIDENT, id=other.merged_into)[0]["json"])
        if other.id in mine:
            continue
        cause, effect = (incident_id, other.id) if row["side"] == "effect" else (other.id, incident_id)
        links.setdefault((cause, effect), Link(cause=cause, effect=effect, reasons=tuple(row["reasons"])))
        others[other.id] = other
    return tuple(links.values()), tuple(others.values())


def _line(mode: str | None) -> dict[str, str]:
    """The stretch of the queue that one mode, or all, stands in."""
    return {"begins": mode or "", "ends": f"{mode}~" if mode else "~"}


def _plans(incident: Incident, parts: Mapping[str, Sequence[str]]) -> tuple[tuple[Fact, ...], list[Provision], list[Document]]:
    """What the plans that concern this incident say, the articles it stands in, and the plans."""
    facts = _read_all(Fact, parts.get("fact", ()))
    scope: defaultdict[str, set[str]] = defaultdict(set)
    for fact in facts:
        if fact.kind == "applies_to":
            scope[fact.document].add(fact.subject)
    plans = [each for each in _read_all(Document, parts.get("plan", ())) if _is_for(each, scope[each.id], incident)]
    chosen = {plan.id for plan in plans}
    articles = [each for each in _read_all(Provision, parts.get("plan_provision", ())) if each.document in chosen]
    place = {each.id: (each.document, each.order) for each in articles}
    kept = (fact for fact in facts if fact.document in chosen and fact.kind != "applies_to")
    return tuple(sorted(kept, key=lambda fact: (*place[fact.provision], fact.start, fact.id))), articles, plans


def _is_for(plan: Document, scope: set[str], incident: Incident) -> bool:
    """Whether a plan is for such an event: for the hazards it names, or, naming none, for the kind of event its title names."""
    if "总体" in plan.title:
        return True
    if named := scope & set(hazards()):
        return incident.hazard in named
    if "自然灾害" in plan.title:
        return incident.event_type in ("natural_disaster", "undetermined")
    return ("生产安全" in plan.title or "安全生产" in plan.title) and incident.event_type in ("production_accident", "undetermined")


def _day(tx: neo4j.ManagedTransaction, stand_in: Incident) -> Dossier:
    start = stand_in.started_at
    end = start + timedelta(days=1)
    span = {"mode": stand_in.mode, "start": instant(start), "end": instant(end)}
    found = [Incident.model_validate_json(row["json"]) for row in _rows(tx, _OF_DAY, mode=stand_in.mode, start=span["start"])]
    incidents = sorted((each for each in found if each.first_evidence_at < end), key=lambda each: (each.first_evidence_at, each.id))
    warnings = [row["id"] for row in _rows(tx, _WARNING_SOURCES)]
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for row in sorted(_rows(tx, _ABOUT_DAY, ids=[each.id for each in incidents], day=stand_in.id, warnings=warnings, **span), key=_place):
        parts[row["part"]].append(row["json"])
    return Dossier(
        incident=stand_in,
        incidents=tuple(incidents),
        impacts=_read_all(Impact, parts["impact"]),
        statements=_read_all(Statement, parts["statement"]),
        evidence=tuple({each.id: each for each in _read_all(EvidenceView, [*parts["evidence"], *parts["warning"]])}.values()),
        reports=_read_all(ReportState, parts["report"]),
        waiting=int(_rows(tx, _WAITING_OF, mode=stand_in.mode)[0]["count"]),
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
    return (
        "other_place" not in provision.topics
        and (not hazards or bool(hazards & topics))
        and (not event_types or bool(event_types & topics))
    )


def _number(content: list[Any]) -> int:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest())

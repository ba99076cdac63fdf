"""Small invented evidence, readings and reports that look like an evening in Nanjing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from models.domain import (
    Claim,
    Decision,
    Evidence,
    EvidenceView,
    Feature,
    Impact,
    Incident,
    Match,
    Person,
    Place,
    Report,
    Statement,
    digest,
)

EVENING = datetime(2026, 7, 12, 11, 30, tzinfo=UTC)
"""19:30 in Nanjing."""


def call(number: int = 1, text: str = "", **more: Any) -> Evidence:
    sent = EVENING + timedelta(minutes=number)
    words = text or f"第{number}个电话：集庆门大街一处车棚起火，有人被困。"
    return Evidence.of(source="hotline", text=words, sent_at=more.pop("sent_at", sent), received_at=EVENING + timedelta(hours=2), **more)


def shelter(number: int = 1, **more: Any) -> Feature:
    place = {"lon": 118.75 + number / 100, "lat": 32.03}
    shape = {"type": "Point", "coordinates": [place["lon"], place["lat"]]}
    return Feature(**{"id": f"fe-{number}", "kind": "shelter", "name": f"第{number}避难场所", "geometry": shape, **place, **more})


def incident(id: str = "in-fire", **more: Any) -> Incident:
    known = {
        "id": id,
        "title": "集庆门大街车棚火灾",
        "hazard": "fire",
        "event_type": "production_accident",
        "mode": "actual",
        "place": Place(name="集庆门大街", lon=118.75, lat=32.03),
        "started_at": EVENING,
        "first_evidence_at": EVENING,
        "updated_at": EVENING,
    }
    return Incident(**{**known, **more})


def view(evidence: Evidence, **more: Any) -> EvidenceView:
    known = {
        "id": evidence.id,
        "source": evidence.source,
        "source_title": "12345热线",
        "source_kind": "hotline",
        "reliability": "C",
        "text": evidence.text,
        "sent_at": evidence.sent_at,
        "received_at": evidence.received_at,
    }
    return EvidenceView(**{**known, **more})


def trapped(evidence: Evidence, number: float) -> Statement:
    return Statement.of(evidence=evidence.id, property="impact.trapped", low=number, best=number, high=number, unit="人", quote="有人被困")


def impact(statements: Sequence[Statement], id: str = "im-trapped", about: str = "in-fire", **more: Any) -> Impact:
    known = {
        "id": id,
        "incident": about,
        "type": "trapped",
        "low": 1,
        "best": statements[-1].best,
        "high": 3,
        "unit": "人",
        "basis": "reported",
        "statements": tuple(each.id for each in statements),
        "rule": "取最新说法",
        "as_of": EVENING,
    }
    return Impact(**{**known, **more})


def reading(
    evidence: Evidence,
    *,
    about: Incident | None = None,
    statements: Sequence[Statement] = (),
    impacts: Sequence[Impact] = (),
    **seen: Any,
) -> tuple[str, dict[str, Any]]:
    """One item for `Ledger.understood`."""
    id = None if about is None else about.id
    match = Match(incident=id, score=0.8 if id else 0.1, reasons=("相距近",))
    return evidence.id, {
        "view": view(evidence, incident=id, **seen).model_dump(mode="json"),
        "understanding": None,
        "statements": [each.model_dump(mode="json") for each in statements],
        "match": match.model_dump(mode="json"),
        "incident": None if about is None else about.model_dump(mode="json"),
        "impacts": [each.model_dump(mode="json") for each in impacts],
    }


def report(version: int = 1, *, cites: tuple[str, ...] = (), text: str = "集庆门大街车棚起火。", about: str = "in-fire") -> Report:
    claim = Claim(id="c1", section="summary", text=text, citations=cites, kind="fact")
    return Report(
        id="re-1",
        version=version,
        type="accident_initial",
        incident=about,
        mode="actual",
        stage="初报",
        title="集庆门大街车棚火灾初报",
        issuer="南京市应急管理局",
        recipients=("市委值班室",),
        claims=(claim,),
        data_as_of=EVENING,
        created_at=EVENING,
        drafted_by="duty1",
    )


def decision(verdict: str, of: Report, officer: Person | None = None) -> dict[str, Any]:
    """The payload of a decision on exactly this version of a report."""
    who = officer or Person(name="signer1", display_name="赵签发", role="signer")
    content = {
        "subject": of.id,
        "version": of.version,
        "digest": of.content_digest(),
        "verdict": verdict,
        "officer": who.name,
        "officer_name": who.display_name,
        "role": who.role,
        "at": EVENING,
    }
    return {"decision": Decision(id="de-" + digest(content)[:32], **content).model_dump(mode="json")}

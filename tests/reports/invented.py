"""An invented fire and an invented flood as dossiers, small enough to read, with a conflict, a rumour and gaps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from graph.knowledge import Knowledge
from models.domain import BEIJING, Conflict, Dossier, Evidence, EvidenceView, Impact, Incident, Match, Place, Report, Source, Statement
from models.settings import Settings
from reports.draft import draft

SETTINGS = Settings()


def at(hour: int, minute: int) -> datetime:
    """A moment of the evening of 18 July 2026 in Nanjing."""
    return datetime(2026, 7, 18, hour, minute, tzinfo=BEIJING)


def heard(number: int, text: str, hour: int, minute: int, *, title: str = "12345热线", reliability: str = "C", **more: Any) -> EvidenceView:
    """One masked piece of evidence; written and received the same minute."""
    return EvidenceView.model_validate(
        {
            "id": f"ev-{number}",
            "source": title,
            "source_title": title,
            "source_kind": "hotline",
            "reliability": reliability,
            "text": text,
            "sent_at": at(hour, minute),
            "received_at": at(hour, minute),
            **more,
        }
    )


def said(evidence: EvidenceView, prop: str, quote: str, count: float | None = None, **more: Any) -> Statement:
    """One statement quoting that evidence; `count` makes it a figure."""
    figure = {} if count is None else {"low": count, "best": count, "high": count, "unit": "人"}
    return Statement.of(evidence=evidence.id, property=prop, quote=quote, **{**figure, **more})


def believed(type_: str, statement: Statement, **more: Any) -> Impact:
    """The belief that rests on one statement."""
    known = {
        "id": f"im-{type_}",
        "incident": "in-1",
        "type": type_,
        "low": statement.best,
        "best": statement.best,
        "high": statement.best,
        "unit": statement.unit or "人",
        "basis": "reported",
        "statements": (statement.id,),
        "rule": "唯一来源",
        "as_of": at(20, 20),
    }
    return Impact.model_validate({**known, **more})


def incident(**more: Any) -> Incident:
    """An electric-bicycle fire whose time nobody gave."""
    known = {
        "id": "in-1",
        "title": "建邺区晴川苑电动自行车火灾",
        "hazard": "fire",
        "event_type": "production_accident",
        "mode": "actual",
        "place": Place(name="晴川苑", adcode="320105", district="建邺区", street="南湖街道", precision="point"),
        "started_at": at(20, 14),
        "started_at_assumed": True,
        "first_evidence_at": at(20, 14),
        "updated_at": at(20, 25),
        "evidence_count": 3,
    }
    return Incident.model_validate({**known, **more})


def fire(**more: Any) -> Dossier:
    """Three dead say the callers, two says the street office (chosen); a rumour says twenty."""
    call = heard(1, "南湖街道晴川苑楼下电动车烧起来了，死了3个人，快来", 20, 14)
    office = heard(2, "晴川苑火灾，死亡2人，受伤5人，消防已到场扑救，疑似充电引发", 20, 20, title="南湖街道办事处", reliability="B")
    post = heard(3, "听说晴川苑烧死了20人", 20, 25, title="社交媒体", reliability="E")
    three = said(call, "impact.dead", "死了3个人", 3)
    two = said(office, "impact.dead", "死亡2人", 2)
    five = said(office, "impact.injured", "受伤5人", 5)
    twenty = said(post, "impact.dead", "烧死了20人", 20)
    others = (
        said(call, "trigger", "电动车烧起来了"),
        said(office, "measure", "消防已到场扑救"),
        said(office, "cause", "疑似充电引发"),
        said(post, "rumour", "听说晴川苑烧死了20人"),
    )
    conflicts = (
        Conflict(statement=three.id, value=3, source_title="12345热线", at=at(20, 14), quote="死了3个人"),
        Conflict(statement=twenty.id, value=20, source_title="社交媒体", at=at(20, 25), quote="烧死了20人（传言，未证实）"),
    )
    known = {
        "incident": incident(),
        "evidence": (call, office, post),
        "statements": (three, two, five, twenty, *others),
        "impacts": (
            believed("dead", two, low=2, high=3, conflicts=conflicts, rule="采用南湖街道办事处20:20的说法（权威来源优先）；另有2种不同说法，列出不相加", confirmed=True),
            believed("injured", five, confirmed=True),
        ),
    }
    return Dossier.model_validate({**known, **more})


def flood(**more: Any) -> Dossier:
    """A flooded underpass with three trapped by a single caller, and nothing else known."""
    call = heard(1, "绮云路下穿通道淹了，有3个人困在车里", 19, 41)
    three = said(call, "impact.trapped", "3个人困在车里", 3)
    known = {
        "incident": incident(
            title="秦淮区绮云路下穿通道积水",
            hazard="flood",
            event_type="natural_disaster",
            place=Place(name="绮云路下穿通道", adcode="320104", district="秦淮区", precision="point"),
            started_at=at(19, 40),
            started_at_assumed=False,
            first_evidence_at=at(19, 41),
            updated_at=at(19, 41),
        ),
        "evidence": (call,),
        "statements": (three, said(call, "trigger", "下穿通道淹了")),
        "impacts": (believed("trapped", three, as_of=at(19, 41)),),
    }
    return Dossier.model_validate({**known, **more})


def drafted(dossier: Dossier, **more: Any) -> Report:
    """The rule-made report at half past eight."""
    return draft(dossier, by="duty1", at=at(20, 30), settings=SETTINGS, **more)


def reworded(report: Report, claim: str, text: str) -> Report:
    """The same report with one sentence changed, as an edit would leave it."""
    claims = tuple(one.model_copy(update={"text": text}) if one.id == claim else one for one in report.claims)
    return report.model_copy(update={"claims": claims})


def text_of(report: Report, section: str = "") -> str:
    """All sentences, or those of one section."""
    return "".join(claim.text for claim in report.claims if not section or claim.section == section)


def take_in(knowledge: Knowledge, dossier: Dossier) -> Dossier:
    """Put a dossier into a real ledger and graph as ingestion would; returns what the graph then holds."""
    ids = {}
    for seen in dossier.evidence:
        received = Evidence.of(source=seen.source, text=seen.text, sent_at=seen.sent_at, received_at=seen.received_at)
        ids[seen.id] = received
    renamed = {old: new.id for old, new in ids.items()}
    body = dossier.model_dump_json()
    for old, new in renamed.items():
        body = body.replace(f'"{old}"', f'"{new}"')
    dossier = Dossier.model_validate_json(body)
    items = []
    for seen in dossier.evidence:
        payload = {
            "view": seen.model_copy(update={"incident": dossier.incident.id}).model_dump(mode="json"),
            "understanding": None,
            "statements": [one.model_dump(mode="json") for one in dossier.statements if one.evidence == seen.id],
            "match": Match(incident=dossier.incident.id, score=0.9, reasons=("同一地点",)).model_dump(mode="json"),
            "incident": dossier.incident.model_dump(mode="json"),
            "impacts": [one.model_dump(mode="json") for one in dossier.impacts],
        }
        items.append((seen.id, payload))
    for number, seen in enumerate(dossier.evidence):
        source = _source(seen)
        knowledge.ledger.receive(source, [list(ids.values())[number]])
    knowledge.ledger.understood(items)
    knowledge.catch_up()
    return knowledge.store.dossier(dossier.incident.id)


def _source(seen: EvidenceView) -> Source:
    return Source(name=seen.source, title=seen.source_title, kind="hotline", publisher="市政务热线", owner="值班长", reliability=seen.reliability, every_minutes=5)

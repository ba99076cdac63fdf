"""A small invented evening, put through the real ledger and graph by the payloads the pipeline writes.

Everything in it is made up; district names are real. `HOSTILE` is a message written by someone who wants to run code on the duty desk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from graph import people
from graph.knowledge import Knowledge
from models.domain import (
    BEIJING,
    Conflict,
    Credibility,
    Evidence,
    EvidenceView,
    Feature,
    Impact,
    Incident,
    Match,
    Person,
    Place,
    Source,
    Statement,
    Understanding,
    digest,
)

PASSWORD = "anlan-测试-2468"

HOSTILE = "救命<script>window.__owned=1</script><img src=x onerror=\"window.__owned=2\">`${window.__owned=3}`{{'a'}}</script><script>window.__owned=4</script>"

PEOPLE = (
    Person(name="zhang", display_name="张值班", role="duty"),
    Person(name="li", display_name="李签发", role="signer"),
    Person(name="wang", display_name="王指挥", role="officer"),
    Person(name="zhao", display_name="赵审计", role="auditor"),
    Person(name="root", display_name="管理员", role="admin"),
    Person(name="qian", display_name="钱预案", role="planner"),
    Person(name="sun", display_name="孙监护", role="guardian"),
)

HOTLINE = Source(
    name="hotline", title="12345热线", kind="hotline", publisher="市政务热线", owner="值班处", reliability="C", every_minutes=5
)
SOCIAL = Source(name="social", title="社交媒体", kind="social", publisher="公开平台", owner="值班处", reliability="E", every_minutes=5)
STREET = Source(name="street", title="街道办报告", kind="desk", publisher="街道办", owner="值班处", reliability="B", every_minutes=5)
SURVEY = Source(name="survey", title="承灾体普查", kind="survey", publisher="普查办", owner="风险处", reliability="A", every_minutes=1440)


STOCK = '{"折叠床": {"quantity": 60, "unit": "张"}, "帐篷": {"quantity": 100, "unit": "顶"}}'
"""What the depot's list says."""


@dataclass(frozen=True)
class Evening:
    """Ids of what was put in."""

    flood: str
    fire: str
    drill: str
    hostile: str
    waiting: int


def fill(knowledge: Knowledge, *, at: datetime | None = None) -> Evening:
    """Put the evening in and bring the graph along."""
    at = at or datetime.now(BEIJING).replace(microsecond=0)
    for person in PEOPLE:
        people.add(knowledge.ledger, person, PASSWORD, by="system")
    knowledge.ledger.receive(SURVEY, [], features=list(_features()), at=at)
    story = _Story(knowledge, at)
    flood = story.incident("下穿通道积水", "flood", "natural_disaster", "建邺区", 118.7312, 32.0045, minutes_ago=50)
    fire = story.incident("居民楼电动自行车火灾", "fire", "production_accident", "秦淮区", 118.7982, 32.0227, minutes_ago=35)
    drill = story.incident(
        "化工企业泄漏演练", "hazmat_leak", "production_accident", "六合区", 118.8405, 32.3410, minutes_ago=20, mode="exercise"
    )
    story.says(flood, HOTLINE, "应天大街下穿通道积水约60厘米，3辆车熄火被困，有2人被困车内", 48, {"trapped": 2, "vehicles": 3})
    story.says(flood, SOCIAL, "下穿通道水好深，有人站在车顶上求救！", 45, {})
    story.says(fire, HOTLINE, "电动车在楼道里烧起来了，造成3人死亡，楼上还有1人失联", 33, {"dead": 3, "missing": 1})
    story.says(fire, STREET, "经初步核实，火灾造成2人死亡、5人受伤，1人失联，明火已扑灭", 18, {"dead": 2, "injured": 5, "missing": 1})
    story.says(drill, STREET, "【演练】模拟氯气泄漏，模拟1人受伤", 19, {"injured": 1})
    waiting = [story.says(None, SOCIAL, f"第{n}条：路口红绿灯坏了，麻烦修一下", 40 - n, {}) for n in range(20)]
    hostile = story.says(None, SOCIAL, HOSTILE, 12, {}, urgency=0.95, spot=(118.76, 32.05))
    story.says(fire, SOCIAL, f"现场视频{HOSTILE}", 11, {})
    story.tell()
    knowledge.catch_up()
    return Evening(flood, fire, drill, hostile, len(waiting) + 1)


class _Story:
    """Messages and incidents being put together, then told to the ledger in one go."""

    def __init__(self, knowledge: Knowledge, at: datetime) -> None:
        self.knowledge, self.at = knowledge, at
        self.incidents: dict[str, Incident] = {}
        self.impacts: dict[str, dict[str, Impact]] = {}
        self.evidence: list[tuple[Source, Evidence]] = []
        self.items: list[tuple[str, dict[str, Any]]] = []

    def incident(
        self, what: str, hazard: str, event_type: Any, district: str, lon: float, lat: float, *, minutes_ago: int, mode: Any = "actual"
    ) -> str:
        id = "in-" + digest([what, hazard, mode])[:32]
        heard = self.at - timedelta(minutes=minutes_ago)
        place = Place(name=f"{district}某处", district=district, lon=lon, lat=lat, precision="point")
        self.incidents[id] = Incident(
            id=id, title=f"{district}{what}", hazard=hazard, event_type=event_type, mode=mode, place=place, started_at=heard,
            first_evidence_at=heard, updated_at=heard,
        )  # fmt: skip
        self.impacts[id] = {}
        return id

    def says(
        self,
        incident: str | None,
        source: Source,
        text: str,
        minutes_ago: int,
        figures: dict[str, float],
        *,
        urgency: float = 0.3,
        spot: Any = None,
    ) -> str:
        sent = self.at - timedelta(minutes=minutes_ago)
        item = Evidence.of(received_at=sent + timedelta(seconds=20), source=source.name, text=text, sent_at=sent)
        self.evidence.append((source, item))
        about = self.incidents.get(incident or "")
        mode = about.mode if about else "actual"
        statements = [self._statement(item, kind, value) for kind, value in figures.items()]
        reasons = ("距离120米", "时间相差3分钟", "同为该灾种") if about else ("没有灾种，不归入任何事件",)
        view = EvidenceView(
            id=item.id, source=source.name, source_title=source.title, source_kind=source.kind, reliability=source.reliability, text=text,
            sent_at=sent, received_at=item.received_at, lon=about.place.lon if about else (spot or (None, None))[0],
            lat=about.place.lat if about else (spot or (None, None))[1], place=about.place.name if about else "", hazard=about.hazard if about else None,
            urgency=0.9 if figures else urgency, credibility=0.6, credibility_reasons=("写明了地点",), mode=mode, incident=incident,
            match_score=0.82 if about else None, match_reasons=reasons,
        )  # fmt: skip
        if about:
            self._believe(about.id, source, statements)
            self.incidents[about.id] = about.model_copy(
                update={"evidence_count": sum(1 for _, p in self.items if p["match"]["incident"] == about.id) + 1}
            )
        understanding = Understanding(
            id=item.id, hazard=view.hazard, request_type="其他", urgency=view.urgency, credibility=Credibility(score=0.6), occurred_at=None, trigger=None,
            masked_text=text, mode=mode,
        )  # fmt: skip
        payload = {
            "view": view,
            "understanding": understanding,
            "statements": statements,
            "match": Match(incident=incident, score=0.82 if about else 0.1, reasons=reasons),
            "incident": self.incidents[about.id] if about else None,
            "impacts": list(self.impacts[about.id].values()) if about else [],
        }
        self.items.append((item.id, {key: _plain(value) for key, value in payload.items()}))
        return item.id

    def _statement(self, item: Evidence, kind: str, value: float) -> Statement:
        unit = "辆" if kind == "vehicles" else "人"
        quote = next(
            f"{value}{unit}{word}" for word in ("死亡", "受伤", "失联", "被困", "熄火", "车熄火", "") if f"{value}{unit}{word}" in item.text
        )
        return Statement.of(
            evidence=item.id, property=f"impact.{kind}", low=value, best=value, high=value, unit=unit, quote=quote, holds_at=item.sent_at
        )

    def _believe(self, incident: str, source: Source, statements: list[Statement]) -> None:
        for statement in statements:
            kind = statement.property.removeprefix("impact.")
            old = self.impacts[incident].get(kind)
            conflicts: tuple[Conflict, ...] = ()
            if old and old.best is not None and old.best != statement.best:
                before = Conflict(
                    statement=old.statements[0], value=old.best, source_title="12345热线", at=old.as_of, quote=f"{old.best:.0f}{old.unit}"
                )
                conflicts = (before,)
            self.impacts[incident][kind] = Impact(
                id="im-" + digest([incident, kind])[:32], incident=incident, type=kind, low=statement.low, best=statement.best, high=statement.high,
                unit=statement.unit, basis="reported", statements=(statement.id,), conflicts=conflicts, rule=f"取{source.title}的最新数字",
                confirmed=source.reliability in "AB", as_of=statement.holds_at,
            )  # fmt: skip

    def tell(self) -> None:
        for source in (HOTLINE, SOCIAL, STREET):
            self.knowledge.ledger.receive(source, [item for owner, item in self.evidence if owner is source], at=self.at)
        self.knowledge.ledger.understood(self.items)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [part.model_dump(mode="json") for part in value]
    return value.model_dump(mode="json") if value is not None else None


def _features() -> list[Feature]:
    boxes = [
        ("建邺区某街道", 118.70, 31.98),
        ("秦淮区某街道", 118.77, 32.00),
        ("鼓楼区某街道", 118.74, 32.06),
        ("玄武区某街道", 118.81, 32.06),
    ]
    found = [
        _feature(
            "population",
            name,
            lon + 0.035,
            lat + 0.03,
            {"type": "Polygon", "coordinates": [_box(lon, lat, 0.068, 0.058)]},
            people=40_000.0,
            elderly=8_000.0,
        )
        for name, lon, lat in boxes
    ]
    river = [[118.66, 31.98], [118.70, 32.05], [118.74, 32.12], [118.82, 32.17]]
    found.append(_feature("river", "某江段", 118.70, 32.05, {"type": "LineString", "coordinates": river}))
    found.append(
        _feature(
            "road", "某大街", 118.75, 32.03, {"type": "LineString", "coordinates": [[118.70, 32.01], [118.76, 32.035], [118.84, 32.05]]}
        )
    )
    for kind, name, lon, lat in (
        ("shelter", "某小学避难场所", 118.781, 32.041), ("shelter", "某公园避难场所", 118.735, 32.07), ("depot", "市级救灾物资库", 118.72, 32.02),
        ("underpass", "应天大街下穿通道", 118.7312, 32.0075), ("chemical_plant", "某化工厂<b onmouseover=alert(1)>", 118.83, 32.11),
        ("hospital", "某医院", 118.79, 32.05), ("school", "某中学", 118.76, 32.02),
    ):  # fmt: skip
        held = {"shelter": {"capacity": 800.0}, "depot": {"stock": STOCK}}.get(kind, {})
        found.append(_feature(kind, name, lon, lat, {"type": "Point", "coordinates": [lon, lat]}, **held))
    return found


def _box(lon: float, lat: float, width: float, height: float) -> list[list[float]]:
    return [[lon, lat], [lon + width, lat], [lon + width, lat + height], [lon, lat + height], [lon, lat]]


def _feature(kind: Any, name: str, lon: float, lat: float, geometry: dict[str, Any], **properties: Any) -> Feature:
    id = "fe-" + digest([kind, name, lon, lat])[:32]
    return Feature(id=id, kind=kind, name=name, geometry=geometry, lon=lon, lat=lat, properties=properties)

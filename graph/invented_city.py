"""An invented city on a bad night, as large as asked: incidents, surveyed bodies, and evidence by the thousand, in a real ledger and graph.

For measuring what people wait for. Everything is made up; the same numbers are the same city.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any

from graph import people
from graph.knowledge import Knowledge
from models.domain import BEIJING, Evidence, EvidenceView, Feature, Impact, Incident, Person, Place, Source, Statement, digest

NAME, PASSWORD = "zhihui", "量一量-看板-2468"
"""An officer who sees the whole city; the other accounts have the same password."""

SEATS = 20
"""Officers `seat-0`, `seat-1`, … who each see one district."""

INCIDENTS, FEATURES = 500, 20_000

EVENT = "虚构事件"
"""What every incident is called, after its district and before its number."""

DISTRICTS = {
    "玄武区": "320102", "秦淮区": "320104", "建邺区": "320105", "鼓楼区": "320106", "浦口区": "320111", "栖霞区": "320113",
    "雨花台区": "320114", "江宁区": "320115", "六合区": "320116", "溧水区": "320117", "高淳区": "320118",
}  # fmt: skip
HAZARDS = (("flood", "natural_disaster"), ("fire", "production_accident"), ("hazmat_leak", "production_accident"))
HOTLINE = Source(name="hotline", title="虚构热线", kind="hotline", publisher="虚构", owner="虚构", reliability="C", every_minutes=5)
SURVEY = Source(name="survey", title="虚构普查", kind="survey", publisher="虚构", owner="虚构", reliability="A", every_minutes=1440)


def seat_district(number: int) -> str:
    """The district of the incident, or the officer, of this number."""
    return tuple(DISTRICTS)[number % len(DISTRICTS)]


class City:
    """An invented city in a real ledger and graph: `found` it and let it `grow`, or open it again and let something `happen`."""

    def __init__(self, known: Knowledge) -> None:
        self.known, self.chance = known, Random(20260718)  # noqa: S311 — variation, no secret
        self.begun = datetime.now(BEIJING).replace(microsecond=0) - timedelta(hours=20)
        self.spots: list[tuple[float, float]] = []
        self.incidents: dict[int, Incident] = {}
        self.counts: Counter[int] = Counter()
        # A few incidents have most of the evidence, as on a real night.
        self.weights = [1 / (rank + 3) for rank in range(INCIDENTS)]

    def found(self) -> None:
        """People, surveyed bodies and the incidents that will be heard of."""
        known = self.known
        people.add(known.ledger, Person(name=NAME, display_name="测量员", role="officer"), PASSWORD, by="system")
        for number in range(SEATS):
            limited = (DISTRICTS[seat_district(number)],)
            person = Person(name=f"seat-{number}", display_name=f"席位{number}", role="officer", districts=limited)
            people.add(known.ledger, person, PASSWORD, by="system")
        bodies = [self._body(number) for number in range(FEATURES)]
        for start in range(0, FEATURES, 1000):
            known.ledger.receive(SURVEY, [], features=bodies[start : start + 1000])
        self.incidents = {number: self._incident(number) for number in range(INCIDENTS)}

    def grow(self, pieces: int) -> None:
        """Add evidence until there are so many pieces, and bring the graph along."""
        while len(self.spots) < pieces:
            many = min(1000, pieces - len(self.spots))
            told = [self._piece(len(self.spots) + number) for number in range(many)]
            self.known.ledger.receive(HOTLINE, [item for item, _ in told])
            self.known.ledger.understood([(item.id, payload) for item, payload in told])
            self.spots += [(payload["view"]["lat"], payload["view"]["lon"]) for _, payload in told]
        self.known.catch_up()

    def happen(self) -> None:
        """One more incident, with one message about it: what an open page must show by itself."""
        number = 1_000_000 + self.known.ledger.last_seq()
        self.incidents[number] = self._incident(number)
        item, payload = self._piece(number, which=number)
        self.known.ledger.receive(HOTLINE, [item])
        self.known.ledger.understood([(item.id, payload)])
        self.known.catch_up()

    def _spot(self, near: Place | None = None) -> tuple[float, float]:
        if near is not None and near.lon is not None and near.lat is not None:
            return round(near.lon + self.chance.gauss(0, 0.006), 6), round(near.lat + self.chance.gauss(0, 0.006), 6)
        return round(self.chance.uniform(118.45, 119.1), 6), round(self.chance.uniform(31.75, 32.3), 6)

    def _body(self, number: int) -> Feature:
        lon, lat = self._spot()
        kind: Any = (
            "building"
            if number % 2
            else ("population", "road", "shelter", "school", "hospital", "underpass", "river", "depot")[number // 2 % 8]
        )
        if kind in ("population", "building"):
            side = 0.01 if kind == "population" else 0.0002
            ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]
            shape: dict[str, Any] = {"type": "Polygon", "coordinates": [ring]}
        elif kind in ("road", "river"):
            line = [[lon, lat]]
            for _ in range(30):
                line.append(
                    [round(line[-1][0] + self.chance.uniform(-0.002, 0.004), 6), round(line[-1][1] + self.chance.uniform(-0.002, 0.003), 6)]
                )
            shape = {"type": "LineString", "coordinates": line}
        else:
            shape = {"type": "Point", "coordinates": [lon, lat]}
        properties: dict[str, str | float | None] = {"population": 900.0} if kind == "population" else {}
        return Feature(
            id=f"fe-{digest(number)[:32]}", kind=kind, name=f"虚构{number}", geometry=shape, lon=lon, lat=lat, properties=properties
        )

    def _incident(self, number: int) -> Incident:
        lon, lat = self._spot()
        hazard, event = HAZARDS[number % 3]
        district = seat_district(number)
        heard = self.begun + timedelta(minutes=number % 1_000)
        place = Place(
            name=f"{district}虚构路{number}",
            district=district,
            adcode=DISTRICTS[district],
            lon=lon,
            lat=lat,
            precision=("point", "street")[number % 2],
        )
        return Incident(
            id=f"in-{digest(['measure', number])[:32]}", title=f"{district}{EVENT}{number}", hazard=hazard, event_type=event, mode="actual",
            place=place, started_at=heard, first_evidence_at=heard, updated_at=heard,
        )  # fmt: skip

    def _piece(self, number: int, which: int | None = None) -> tuple[Evidence, dict[str, Any]]:
        certain = which is not None or number < INCIDENTS
        which = number if which is None and number < INCIDENTS else which
        if which is None:
            which = self.chance.choices(range(INCIDENTS), self.weights)[0]
        about = self.incidents[which] if certain or self.chance.random() < 0.8 else None
        sent = self.begun + timedelta(seconds=0.7 * (number % 100_000))
        hurt = 1 + number % 5
        text = f"虚构来电{number}：有{hurt}人受伤，请快来。" if number % 4 == 0 else f"虚构来电{number}：路面积水，车过不去。"
        item = Evidence.of(received_at=sent, source=HOTLINE.name, text=text, sent_at=sent)
        lon, lat = self._spot(about.place) if about else self._spot()
        view = EvidenceView(
            id=item.id, source=HOTLINE.name, source_title=HOTLINE.title, source_kind="hotline", reliability="C", text=text, sent_at=sent,
            received_at=sent, lon=lon, lat=lat, hazard=about.hazard if about else None, incident=about.id if about else None,
            match_score=0.8 if about else None, match_reasons=("虚构",),
        )  # fmt: skip
        payload: dict[str, Any] = {"view": view.model_dump(mode="json"), "statements": []}
        if about is not None:
            self.counts[which] += 1
            if number % 4 == 0:
                said = Statement.of(
                    evidence=item.id,
                    property="impact.injured",
                    low=hurt,
                    best=hurt,
                    high=hurt,
                    unit="人",
                    quote=f"{hurt}人受伤",
                    holds_at=sent,
                )
                payload["statements"] = [said.model_dump(mode="json")]
                impact = Impact(
                    id=f"im-{digest([about.id])[:32]}", incident=about.id, type="injured", low=1, best=hurt, high=5, unit="人",
                    basis="reported", statements=(said.id,), rule="虚构", as_of=sent, confirmed=bool(which % 2),
                )  # fmt: skip
                payload["impacts"] = [impact.model_dump(mode="json")]
            if number % 4 == 0 or certain:
                now = about.model_copy(update={"evidence_count": self.counts[which], "updated_at": sent})
                payload["incident"] = now.model_dump(mode="json")
        return item, payload

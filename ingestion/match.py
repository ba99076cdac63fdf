"""Same incident? A readable list of weighted features, each saying in words what speaks for or against.

A feature answers from -1 (against) to 1 (for), or nothing when it cannot know. Unknown features do not count; a veto ends it.
The reasons go to the duty officer as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import asin, cos, radians, sin, sqrt

from ingestion.believe import spoken_at
from ingestion.likeness import plain, similarity, triples
from models.domain import EvidenceView, Incident, Place, Statement, Understanding
from models.hazards import Hazard

ACCEPT = 0.60
"""From here a message is fused."""
WEAK = 0.35
"""From here the best candidate is shown to a person; nothing is fused."""

_UNDERPASS = re.compile(r"(?:的)?(?:下穿(?:式)?(?:通道|隧道|立交|地道)?|隧道|涵洞|桥洞|桥底|地道|地下通道)(?:内|里|口|处|附近)*$")
_DETAIL = re.compile(r"(?:第?[\d一二三四五六七八九十]+\s*(?:幢|栋|号楼|座|单元|室|层|楼|号)).*$")
_AROUND = re.compile(r"(?:内|里面?|附近|门口|旁边?|对面|周边|一带|路口|这边|那边)+$")
_DIVISION = re.compile(r"^(?:江苏省)?(?:[\u4e00-\u9fff]{2,3}市)?(?:[\u4e00-\u9fff]{2,3}[区县](?!块|域))?(?:[\u4e00-\u9fff]{2,6}(?:街道|镇|乡)(?!办))?")


def place_key(name: str, *divisions: str | None) -> str:
    """A place's name reduced to what tells it from another: without divisions, house numbers and the many words for an underpass."""
    key = re.sub(r"[\s“”\"'（）()《》【】·,，。]", "", name)
    for division in divisions:
        if division:
            key = key.replace(division, "")
    key = _DIVISION.sub("", key) or key
    key = _AROUND.sub("", _DETAIL.sub("", key)) or key
    if _UNDERPASS.search(key) and len(_UNDERPASS.sub("", key)) >= 2:
        return _UNDERPASS.sub("", key) + "下穿"
    return key.removesuffix("小区") if len(key) > 4 else key


def is_spot(place: Place) -> bool:
    """Whether the name is finer than a street or district, so that two reports of it mean the same ground."""
    rest = re.sub(r"\s", "", place.name)
    for division in (place.district, place.street):
        rest = rest.replace(division, "") if division else rest
    rest = _DIVISION.sub("", rest)
    if re.search(r"(?:区|县|市|街道|镇|乡|省)$", rest) and not rest.endswith(("小区", "社区", "园区", "厂区", "校区")):
        return False
    return len(_AROUND.sub("", rest)) >= 2 and (place.precision != "city")


def metres(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Great-circle distance between two WGS 84 points."""
    a = sin(radians(other_lat - lat) / 2) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(radians(other_lon - lon) / 2) ** 2
    return 12_742_000 * asin(sqrt(a))


@dataclass(frozen=True)
class Heard:
    """One message as fusion sees it."""

    view: EvidenceView
    understanding: Understanding | None
    statements: tuple[Statement, ...]
    place: Place | None
    """The event's own place; None when the message names none."""
    spot: str
    """Key of the named spot; empty when the place is no finer than a street."""
    at: datetime

    @classmethod
    def of(cls, view: EvidenceView, understanding: Understanding | None, statements: Sequence[Statement]) -> Heard:
        """Read the event's place from the understanding, else from the view alone (after a restart)."""
        places = understanding.places if understanding else ()
        place = next((one for one in places if is_spot(one)), places[0] if places else None)
        if place is not None and place.district is None:
            # "绮云路隧道 ... 秦淮区": the district may be named apart from the spot.
            known = next((one for one in places if one.district), None)
            place = place.model_copy(update={"district": known.district, "adcode": place.adcode or known.adcode}) if known else place
        if place is None and (view.place or view.lon is not None):
            precision = "point" if view.lon is not None else "unknown"
            place = Place(name=view.place or "坐标点", lon=view.lon, lat=view.lat, precision=precision)
        if place is not None and place.lon is None and view.lon is not None:
            place = place.model_copy(update={"lon": view.lon, "lat": view.lat, "precision": "point"})
        spot = place_key(place.name, place.district, place.street) if place and is_spot(place) and place.name != "坐标点" else ""
        return cls(view, understanding, tuple(statements), place, spot, spoken_at(view))

    @property
    def adcode(self) -> str:
        """County-level division code, or empty."""
        code = (self.place.adcode or "") if self.place else ""
        return code if not code.endswith("00") else ""

    @property
    def is_point(self) -> bool:
        """Whether the coordinates stand for a spot rather than for the middle of a division."""
        return self.place is not None and self.place.lon is not None and self.place.precision == "point"


@dataclass
class Open:
    """One open incident in memory, with what matching needs to know of it."""

    incident: Incident
    spots: dict[str, None]
    """Keys of the spots its messages named, in order."""
    views: dict[str, EvidenceView] = field(default_factory=dict)
    texts: list[frozenset[str]] = field(default_factory=list)
    """Triples of the first few messages that repeat nothing."""
    latest: datetime | None = None

    @property
    def adcode(self) -> str:
        """County-level division code, or empty."""
        code = self.incident.place.adcode or ""
        return code if not code.endswith("00") else ""


@dataclass(frozen=True)
class Verdict:
    """How well one message fits one incident."""

    score: float
    reasons: tuple[str, ...]
    located: bool
    """Whether a named spot or a distance, not only a district, speaks for it."""


class Against(Exception):
    """A feature that rules the incident out, with its reason."""


Said = tuple[float, str] | None
"""A feature's answer: from -1 against to 1 for, and the reason; None when it cannot know."""
Feature = Callable[[Heard, Open, Mapping[str, Hazard]], Said]


def kind_of_danger(heard: Heard, known: Open, hazards: Mapping[str, Hazard]) -> Said:
    """Same hazard, or one that commonly follows from the other."""
    mine, its = heard.view.hazard, known.incident.hazard
    if mine is None:
        return None
    if mine == its:
        return 1.0, f"同为{hazards[its].name}"
    if mine in hazards[its].secondary or its in hazards[mine].secondary:
        return 0.6, f"{hazards[mine].name}与{hazards[its].name}常为次生关系"
    raise Against(f"灾种不同：{hazards[mine].name}与{hazards[its].name}")


def district(heard: Heard, known: Open, hazards: Mapping[str, Hazard]) -> Said:
    """The same county-level division, or another one."""
    if not heard.adcode or not known.adcode:
        return None
    if heard.adcode == known.adcode:
        return 0.3, f"同在{known.incident.place.district or known.adcode}"
    apart = _apart(heard, known)
    if apart is not None and apart <= hazards[known.incident.hazard].fusion.distance_m:
        return None  # two sides of a district boundary
    mine = heard.place.district if heard.place else None
    raise Against(f"行政区不同：{mine or heard.adcode}与{known.incident.place.district or known.adcode}")


def named_place(heard: Heard, known: Open, hazards: Mapping[str, Hazard]) -> Said:
    """The same named spot, or another one."""
    if not heard.spot or not known.spots:
        return None
    if heard.spot in known.spots:
        return 1.0, f"地点相同：{heard.place.name if heard.place else heard.spot}"
    if any(heard.spot in spot or spot in heard.spot for spot in known.spots if min(len(spot), len(heard.spot)) >= 3):
        return 0.7, f"地点名称相近：{heard.spot}与{next(iter(known.spots))}"
    return -0.4, f"地点名称不同：{heard.spot}与{next(iter(known.spots))}"


def distance(heard: Heard, known: Open, hazards: Mapping[str, Hazard]) -> Said:
    """Metres between the two points against the reach of the hazard; silent when either is only the middle of a division."""
    apart = _apart(heard, known)
    if apart is None:
        return None
    reach = hazards[known.incident.hazard].fusion.distance_m
    if apart <= reach:
        return 1 - 0.5 * apart / reach, f"相距约{apart:.0f}米（该灾种并案距离{reach:.0f}米）"
    if apart <= 2 * reach:
        return -0.5, f"相距约{apart:.0f}米，超出并案距离{reach:.0f}米"
    raise Against(f"相距约{apart:.0f}米，远超并案距离{reach:.0f}米")


def moment(heard: Heard, known: Open, hazards: Mapping[str, Hazard]) -> Said:
    """Hours between the message and the incident's time span against the hazard's."""
    span = hazards[known.incident.hazard].fusion.hours
    start, end = known.incident.started_at, known.latest or known.incident.updated_at
    gap = max((start - heard.at).total_seconds(), (heard.at - end).total_seconds(), 0) / 3600
    if gap > span:
        raise Against(f"时间相隔{gap:.1f}小时，超出并案时限{span:g}小时")
    return 1 - 0.5 * gap / span, "时间接近" if gap < 1 else f"时间相隔{gap:.1f}小时"


def wording(heard: Heard, known: Open, hazards: Mapping[str, Hazard]) -> Said:
    """How alike the words are; different words say nothing."""
    if not known.texts:
        return None
    mine = triples(plain(heard.view.text))
    alike = max(similarity(mine, theirs) for theirs in known.texts)
    return (min(1.0, 2 * alike), "描述相似") if alike >= 0.25 else None


def _apart(heard: Heard, known: Open) -> float | None:
    place = known.incident.place
    if not heard.is_point or heard.place is None or place.precision != "point":
        return None
    if heard.place.lon is None or heard.place.lat is None or place.lon is None or place.lat is None:
        return None
    return metres(heard.place.lon, heard.place.lat, place.lon, place.lat)


FEATURES: tuple[tuple[float, Feature], ...] = (
    (0.20, kind_of_danger),
    (0.40, named_place),
    (0.30, distance),
    (0.15, district),
    (0.10, moment),
    (0.05, wording),
)
"""Weights of the features. Where it is weighs most: two fires in one evening are common, two in one stairwell are not."""


def compare(heard: Heard, known: Open, hazards: Mapping[str, Hazard]) -> Verdict:
    """How well a message fits an incident, 0–1, with every reason. Without a spot or a distance it never reaches `ACCEPT`."""
    total = weight = 0.0
    reasons, located = [], False
    try:
        for share, feature in FEATURES:
            said = feature(heard, known, hazards)
            if said is None:
                continue
            value, reason = said
            total, weight = total + share * value, weight + share
            located = located or (feature in (named_place, distance) and value > 0)
            reasons.append(reason)
    except Against as veto:
        return Verdict(0.0, (str(veto),), False)
    score = max(0.0, min(1.0, total / weight)) if weight else 0.0
    if not located:
        score = min(score, ACCEPT - 0.01)
    return Verdict(round(score, 4), tuple(reasons), located)

"""Same incident? A readable list of weighted features, each saying in words what speaks for or against.

A feature answers from -1 (against) to 1 (for), or nothing when it cannot know. Unknown features do not count; a veto ends it.
The reasons go to the duty officer as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ingestion.heard import Heard
from ingestion.likeness import Triples, similarity, told
from models.cascades import metres
from models.domain import EvidenceView, Incident, Place
from models.hazards import Hazard

ACCEPT = 0.60
"""From here a message is fused."""
WEAK = 0.35
"""From here the best candidate is shown to a person; nothing is fused."""


@dataclass
class Open:
    """One open incident in memory, with what matching needs to know of it."""

    incident: Incident
    spots: dict[str, None]
    """Keys of the spots its messages named, in order."""
    views: dict[str, EvidenceView] = field(default_factory=dict)
    texts: list[Triples] = field(default_factory=list)
    """Triples of the first few messages that repeat nothing."""
    latest: datetime | None = None
    found_to_be: list[Incident] = field(default_factory=list)
    """Incidents that a person found to be this one: their places and hazards are its own."""

    @property
    def adcode(self) -> str:
        """County-level division code, or empty."""
        return county(self.incident.place)

    @property
    def all(self) -> tuple[Incident, ...]:
        """The incident and those found to be it."""
        return (self.incident, *self.found_to_be)

    def was_over(self, at: datetime) -> bool:
        """Whether a person had closed it by then."""
        return self.incident.closed_at is not None and at > self.incident.closed_at


def county(place: Place) -> str:
    """County-level division code of a place, or empty."""
    code = place.adcode or ""
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
    """Same hazard, or one that commonly follows from the other and is not managed by itself."""
    mine, its = heard.view.hazard, known.incident.hazard
    if mine is None:
        return None
    if mine in {one.hazard for one in known.all}:
        return 1.0, f"同为{hazards[mine].name}"
    related = mine in hazards[its].secondary or its in hazards[mine].secondary
    if related and not (hazards[mine].stands_alone or hazards[its].stands_alone):
        return 0.6, f"{hazards[mine].name}与{hazards[its].name}常为次生关系"
    raise Against(f"灾种不同：{hazards[mine].name}与{hazards[its].name}")


def district(heard: Heard, known: Open, hazards: Mapping[str, Hazard]) -> Said:
    """The same county-level division, or another one; a street of another city is never ours, whatever its name."""
    its_place = known.incident.place
    if heard.place and (
        heard.place.outside != its_place.outside or (heard.place.city and its_place.city and heard.place.city != its_place.city)
    ):
        where = [place.city or ("外地" if place.outside else "本市") for place in (heard.place, its_place)]
        raise Against(f"城市不同：{where[0]}与{where[1]}")
    its = {code: one.place.district for one in known.all if (code := county(one.place))}
    if not heard.adcode or not its:
        return None
    if heard.adcode in its:
        return 0.3, f"同在{its[heard.adcode] or heard.adcode}"
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
    if known.was_over(heard.at):
        raise Against(f"“{known.incident.title}”已结束，说的是结束之后的事")
    start, end = known.incident.started_at, known.latest or known.incident.updated_at
    gap = max((start - heard.at).total_seconds(), (heard.at - end).total_seconds(), 0) / 3600
    if gap > span:
        raise Against(f"时间相隔{gap:.1f}小时，超出并案时限{span:g}小时")
    return 1 - 0.5 * gap / span, "时间接近" if gap < 1 else f"时间相隔{gap:.1f}小时"


def wording(heard: Heard, known: Open, hazards: Mapping[str, Hazard]) -> Said:
    """How alike the words are; different words say nothing."""
    if not known.texts:
        return None
    mine = told(heard.view.text)
    alike = max(similarity(mine, theirs) for theirs in known.texts)
    return (min(1.0, 2 * alike), "描述相似") if alike >= 0.25 else None


def _apart(heard: Heard, known: Open) -> float | None:
    mine = heard.place
    if not heard.is_point or mine is None or mine.lon is None or mine.lat is None:
        return None
    points = [one.place for one in known.all if one.place.precision == "point"]
    return min(
        (metres(mine.lon, mine.lat, place.lon, place.lat) for place in points if place.lon is not None and place.lat is not None),
        default=None,
    )


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

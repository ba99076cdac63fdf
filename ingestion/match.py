"""Same incident? A readable list of weighted features, each saying in words what speaks for or against.

A feature answers from -1 (against) to 1 (for), or nothing when it cannot know. Unknown features do not count; a veto ends it.
The reasons go to the duty officer as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ingestion.heard import Heard, metres
from ingestion.likeness import plain, similarity, triples
from models.domain import EvidenceView, Incident
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
    """The same county-level division, or another one; a street of another city is never ours, whatever its name."""
    its = known.incident.place
    if heard.place and (heard.place.outside != its.outside or (heard.place.city and its.city and heard.place.city != its.city)):
        where = [place.city or ("外地" if place.outside else "本市") for place in (heard.place, its)]
        raise Against(f"城市不同：{where[0]}与{where[1]}")
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

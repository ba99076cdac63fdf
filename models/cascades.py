"""Which incident led to which: a cloudburst to standing water, that to a power cut, that to people trapped in a lift.

A link says "may have led to" and gives its reasons; it changes no figure and moves no evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from math import asin, cos, radians, sin, sqrt

from models.domain import Incident, Link, Place
from models.hazards import Hazard

EARLIER = timedelta(hours=1)
"""A cause may be heard of so much later than what it led to: the lift rings before anyone reports the power cut."""
NAME_SHARED = 4
"""Characters of a place name that must stand in the other for the two to be the same ground."""


def metres(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Great-circle distance between two WGS 84 points."""
    a = sin(radians(other_lat - lat) / 2) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(radians(other_lon - lon) / 2) ** 2
    return 12_742_000 * asin(sqrt(a))


def links_of(incident: Incident, others: Iterable[Incident], hazards: Mapping[str, Hazard]) -> tuple[Link, ...]:
    """Every link between one incident and the others, in either direction, in the order of the others."""
    found = (link for other in others for link in (linked(other, incident, hazards), linked(incident, other, hazards)))
    return tuple(link for link in found if link is not None)


def linked(cause: Incident, effect: Incident, hazards: Mapping[str, Hazard]) -> Link | None:
    """Whether one incident may have led to the other, with the reasons; None when hazard, place or time speaks against it."""
    if cause.id == effect.id or cause.mode != effect.mode or cause.hazard not in hazards or effect.hazard not in hazards:
        return None
    first, second = hazards[cause.hazard], hazards[effect.hazard]
    within = cause.scope == "area" and effect.scope == "site" and cause.hazard == effect.hazard
    if not within and second.code not in first.secondary:
        return None
    span = timedelta(hours=first.fusion.hours)
    if not (cause.started_at - EARLIER <= effect.started_at <= max(cause.updated_at, cause.started_at) + span):
        return None
    where = _where(cause, effect, first)
    if not where:
        return None
    kind = f"发生在“{cause.title}”影响范围内，可能为其次生险情" if within else f"{first.name}常引发{second.name}"
    hours = abs((effect.started_at - cause.started_at).total_seconds()) / 3600
    return Link(cause=cause.id, effect=effect.id, reasons=(kind, where, "时间接近" if hours < 1 else f"时间相隔{hours:.1f}小时"))


def _where(cause: Incident, effect: Incident, hazard: Hazard) -> str:
    """What puts the two at one place, in words; empty when nothing does."""
    if cause.scope == "area":
        return f"位于{cause.place.name}" if _covers(cause.place, effect.place) else ""
    if effect.scope == "area":
        return ""
    one, other = cause.place, effect.place
    if one.adcode and other.adcode and one.adcode != other.adcode:
        return ""
    apart = _apart(one, other)
    if apart is not None:
        return f"相距约{apart:.0f}米" if apart <= hazard.fusion.distance_m else ""
    short, long = sorted((_bare(one), _bare(other)), key=len)
    return f"同在{short}" if len(short) >= NAME_SHARED and short in long else ""


def _covers(region: Place, place: Place) -> bool:
    code, mine = region.adcode or "", place.adcode or ""
    return bool(code) and (mine[:4] == code[:4] if code.endswith("00") else mine == code)


def _apart(one: Place, other: Place) -> float | None:
    if one.precision != "point" or other.precision != "point":
        return None
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return None
    return metres(one.lon, one.lat, other.lon, other.lat)


def _bare(place: Place) -> str:
    name = place.name
    for division in (place.district, place.street):
        name = name.replace(division, "") if division else name
    return name

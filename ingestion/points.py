"""One point in time: what its words say, and where that lies on the calendar.

A point is a chain of steps from large to small (去年 → 三月 → 下旬; 今天 → 下午 → 三点), each of which narrows the days of the one before.
What stands above the first step is left out by the words: `Said.scale` tells which period it must be found in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from ingestion import almanac
from ingestion.almanac import Days
from ingestion.clock import PARTS, Clock, on_24_hours
from models.domain import BEIJING

Scale = Literal["", "year", "month", "week", "day"]
Toward = Literal["past", "base", "future"]
Step = Callable[[Days], Days | None]

SECOND = timedelta(seconds=1)
_OUT: dict[Scale, tuple[str, ...]] = {
    "": (),
    "year": ("year",),
    "month": ("year", "month"),
    "week": ("year", "month", "day"),
    "day": ("year", "month", "day"),
}


@dataclass(frozen=True)
class Now:
    """The message's own time: a moment, or as much of one as is known (a day, a year)."""

    first: datetime
    last: datetime


@dataclass(frozen=True)
class Said:
    """The words of a point, taken apart."""

    at: int
    end: int = 0
    root: Days | None = None
    """The period the words give in full, such as a year with four digits."""
    scale: Scale = "day"
    """The period the words leave out; empty when there is a root."""
    offset: int = 0
    told: bool = False
    """Whether the words place that period themselves (去年, 上周), so that it is not moved towards past or future."""
    beside: bool = False
    """Whether that period is the one named before in the text (次日, 同月)."""
    steps: tuple[Step, ...] = ()
    part: str = ""
    clock: Clock | None = None
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Point:
    """A point on the calendar, both ends included; both null when it cannot be resolved."""

    said: Said
    days: Days | None = None
    first: datetime | None = None
    last: datetime | None = None
    assumed: tuple[str, ...] = ()


def resolve(said: Said, now: Now | None, near: Days | None, toward: Toward) -> Point:
    """Put the words on the calendar: beside `near`, the days named just before in a range, else in the period of `now`."""
    today = now.first.date() if now else None
    anchor = near[0] if near and (said.beside or not said.told) else today
    free = said.scale and not said.told and not near
    tries = {"base": (0,), "past": (0, -1), "future": (0, 1)}[toward] if free else (0,)
    best = Point(said)
    for move in tries:
        try:
            point = _placed(said, anchor, said.offset + move)
        except (OverflowError, ValueError):
            continue  # outside the calendar
        if point.first is None or point.last is None:
            continue
        best = point
        if not now or toward == "base":
            break
        begun = point.first <= now.last if toward == "past" else (point.first if said.clock else point.last) >= now.first
        if begun:
            break
    return best


def _placed(said: Said, anchor: date | None, offset: int) -> Point:
    days = said.root or _period(said.scale, anchor, offset)
    for step in said.steps:
        days = step(days) if days else None
    if not days:
        return Point(said)
    first, last = midnight(days[0]), midnight(days[1] + almanac.DAY) - SECOND
    assumed = said.assumed + (_OUT[said.scale] if not said.root else ())
    if said.clock:
        hour = on_24_hours(said.clock.hour, said.part) if said.part else said.clock.hour
        first += timedelta(hours=hour, minutes=said.clock.minute, seconds=said.clock.second)
        last = first + timedelta(seconds=said.clock.seconds - 1)
        assumed += ("half-day",) if said.clock.spoken and not said.part else ()
    elif said.part:
        begin, end = PARTS[said.part]
        first, last = first + timedelta(hours=begin), midnight(days[1]) + timedelta(hours=end) - SECOND
        assumed += ("extent",)
    return Point(said, days, first, last, tuple(dict.fromkeys(assumed)))


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BEIJING)


def _period(scale: Scale, anchor: date | None, offset: int) -> Days | None:
    if anchor is None:
        return None
    if scale == "year":
        return almanac.year(anchor.year + offset)
    if scale == "month":
        return almanac.month_from(anchor, offset)
    if scale == "week":
        return almanac.week_of(anchor, offset)
    return almanac.one(anchor + offset * almanac.DAY)

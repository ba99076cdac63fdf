"""Invented incidents and impacts for the rules' tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from models.domain import BEIJING, Impact, Incident, Place, digest

STARTED = datetime(2026, 7, 1, 20, 0, tzinfo=BEIJING)
HEARD_AFTER = timedelta(minutes=30)


def incident(
    event_type: str = "natural_disaster", hazard: str = "flood", *, started: datetime = STARTED, adcode: str = "320104"
) -> Incident:
    """An incident in 秦淮区 that started at eight in the evening and was heard of half an hour later."""
    return Incident(
        id="in-invented",
        title="秦淮区某处",
        hazard=hazard,
        event_type=event_type,
        mode="actual",
        place=Place(name="秦淮区", adcode=adcode),
        started_at=started,
        started_at_assumed=False,
        first_evidence_at=started + HEARD_AFTER,
        updated_at=started + HEARD_AFTER,
    )


def impact(kind: str, best: float | None, *, low: float | None = None, high: float | None = None, basis: str = "reported") -> Impact:
    """One impact; the figure is exact unless `low` or `high` say otherwise."""
    return Impact(
        id="im-" + digest(kind)[:8],
        incident="in-invented",
        type=kind,
        low=best if low is None else low,
        best=best,
        high=best if high is None else high,
        unit="人",
        basis=basis,
        statements=(),
        rule="按街道办最新报告",
        as_of=None,
    )


def impacts(figures: Mapping[str, Any]) -> list[Impact]:
    """Exact impacts from a mapping of type to figure."""
    return [impact(kind, value) for kind, value in figures.items()]

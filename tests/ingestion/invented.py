"""Small invented evidence for the fusion tests: one call in one line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from models.domain import BEIJING, Credibility, EvidenceView, Place, Quantity, Statement, Trigger, Understanding

EVENING = datetime(2026, 7, 18, 19, 0, tzinfo=BEIJING)
RELIABILITY = {"hotline": "C", "social": "D", "warning": "A", "desk": "B"}


def minutes(number: float) -> datetime:
    """So many minutes after seven in the evening."""
    return EVENING + timedelta(minutes=number)


def underpass(name: str = "绮云路下穿通道", district: str = "秦淮区", adcode: str = "320104", lon: float = 118.8012, lat: float = 31.9935) -> Place:
    return Place(quote=name, name=name, adcode=adcode, district=district, lon=lon, lat=lat, precision="point")


def call(
    number: int,
    text: str,
    *,
    place: Place | None = None,
    hazard: str | None = "flood",
    source: str = "hotline",
    at: float | None = None,
    credibility: float = 0.6,
    figures: dict[str, float | None] | None = None,
    rumour: bool = False,
    retracts: bool = False,
    **more: Any,
) -> tuple[EvidenceView, Understanding, list[Statement]]:
    """One message as the pipeline hands it to fusion."""
    sent = minutes(number if at is None else at)
    mode = more.get("mode", "actual")
    view = EvidenceView(
        id=f"ev-{number:04d}", source=source, source_title={"hotline": "12345热线", "social": "社交媒体"}.get(source, source), source_kind=source,
        reliability=RELIABILITY[source], title=more.get("title", ""), text=text, sent_at=sent, received_at=sent, lon=place.lon if place else None,
        lat=place.lat if place else None, place=place.name if place else "", hazard=hazard, credibility=credibility, mode=mode,
    )  # fmt: skip
    quantities = tuple(
        Quantity(type=name, value=value, low=value if value is not None else 1, high=value, unit="人", quote=text[:4])
        for name, value in (figures or {}).items()
    )
    understanding = Understanding(
        id=view.id, hazard=hazard, request_type=more.get("request_type", "求救"), urgency=0.8, credibility=Credibility(score=credibility),
        occurred_at=None, places=(place,) if place else (), trigger=Trigger(quote=text[:4]), impacts=quantities, masked_text=text, mode=mode,
        retracts=retracts,
    )  # fmt: skip
    said = [
        Statement.of(evidence=view.id, property=f"impact.{q.type}", low=q.low, best=q.value, high=q.high, unit=q.unit, quote=q.quote, holds_at=sent)
        for q in quantities
    ]
    said += [Statement.of(evidence=view.id, property="rumour", quote=text[:4])] if rumour else []
    said += [Statement.of(evidence=view.id, property="retraction", quote=text[:4])] if retracts else []
    return view, understanding, said

"""What a report is about: one incident, or one day with every incident open or changed on it. Actual and exercise never share a day.

A day has an id like an incident's: `day-2026-07-18`, and `day-2026-07-18-exercise` for the drills of that day. It is the civil day, Beijing time.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from models.domain import BEIJING, Dossier, Incident, Mode, Place
from models.errors import BadInput
from models.settings import Settings
from reports.wording import day

if TYPE_CHECKING:
    from graph.knowledge import Knowledge

_DAY = re.compile(r"day-(\d{4}-\d{2}-\d{2})(-exercise)?")


def day_id(on: date, mode: Mode) -> str:
    """The id under which a day's report is kept."""
    return f"day-{on.isoformat()}" + ("-exercise" if mode == "exercise" else "")


def is_day(id: str) -> bool:
    """Whether an id means a day and not an incident."""
    return id.startswith("day-")


def dossier_of(knowledge: Knowledge, id: str) -> Dossier:
    """Everything a report about this incident or day may cite. NotFound for an unknown incident, BadInput for a day that is none."""
    if is_day(id):
        return knowledge.store.day(stand_in(id, knowledge.settings))
    return knowledge.store.dossier(id, city=knowledge.settings.city_name)


def stand_in(id: str, settings: Settings) -> Incident:
    """The day as the incident a dossier needs: the whole city, from midnight."""
    found = _DAY.fullmatch(id)
    try:
        on = date.fromisoformat(found[1]) if found else None
    except ValueError:
        on = None
    if found is None or on is None:
        raise BadInput(f"“{id}”不是值班日的编号；应如 day-2026-07-18，演练为 day-2026-07-18-exercise。")
    began = datetime.combine(on, time(), BEIJING)
    return Incident(
        id=id,
        title=f"{day(on)}值班情况",
        hazard="",
        event_type="other",
        mode="exercise" if found[2] else "actual",
        scope="area",
        place=Place(name=settings.city_name, adcode=settings.city_code, precision="city"),
        started_at=began,
        started_at_assumed=False,
        first_evidence_at=began,
        updated_at=began,
        evidence_count=0,
    )


def part(dossier: Dossier, incident: Incident) -> Dossier:
    """What a day's dossier holds about one of its incidents."""
    evidence = tuple(item for item in dossier.evidence if item.incident == incident.id)
    heard = {item.id for item in evidence}
    return Dossier(
        incident=incident,
        impacts=tuple(item for item in dossier.impacts if item.incident == incident.id),
        statements=tuple(item for item in dossier.statements if item.evidence in heard),
        evidence=evidence,
        reports=tuple(state for state in dossier.reports if state.report.incident == incident.id),
    )

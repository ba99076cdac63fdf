"""A dossier of one text alone, through the same reading and fusion as everything else, and kept nowhere.

For whoever wants to see what a report would say about a message that has not been received: nothing is written, no store is asked.
"""

from __future__ import annotations

from datetime import datetime

from graph.library import starter
from graph.store import EVENT_TYPES, GENERAL_TOPICS
from ingestion.fuse import Fuser
from ingestion.places import gazetteer
from ingestion.reading import view_of, what_it_says
from ingestion.sources import desk
from models.believe import believe
from models.domain import BEIJING, Dossier, Evidence, EvidenceView, Incident, Place, Provision, Understanding, digest
from models.errors import Refused
from models.hazards import hazards
from models.settings import Settings


def dossier_of_text(text: str, sent_at: datetime | None, received_at: datetime, settings: Settings) -> Dossier:
    """What a report about this text alone may cite. Refused when the text is empty or names no danger we know.

    Without `sent_at` nothing is assumed about the dates it leaves open. A text too thin to open an incident by itself at the desk does
    so here: it is the only one there is, and a person asked for it.
    """
    if not text.strip():
        raise Refused("文本为空，没有可起草的内容。")
    city, library = settings.city_name, starter()
    evidence = Evidence.of(received_at=received_at, source=desk.SOURCE.name, text=text, sent_at=sent_at)
    said, quoted = what_it_says(evidence, gazetteer(city, settings.home), city, assume_received=False)
    if said.hazard is None:
        raise Refused("这段文字没有说明发生了哪类险情，无法起草；请补充发生了什么、在哪里、伤亡情况。")
    fused = Fuser(city=Place(name=city, adcode=settings.city_code, precision="city")).place(
        view_of(evidence, desk.SOURCE, said), said, quoted
    )
    incident, view, impacts = fused.incident, fused.view, fused.impacts
    if incident is None:
        incident = _opened(view, said, city)
        view = view.model_copy(update={"incident": incident.id})
        impacts = believe(incident.id, quoted, {view.id: view})
    provisions = tuple(each for each in library.provisions if _applies(each, incident))
    shelf = {each.document for each in provisions}
    return Dossier(
        incident=incident,
        impacts=tuple(impacts),
        statements=tuple(quoted),
        evidence=(view,),
        provisions=provisions,
        documents=tuple(each for each in library.documents if each.id in shelf),
        cases=tuple(each for each in library.cases if each.hazard == incident.hazard),
    )


def _opened(view: EvidenceView, said: Understanding, city: str) -> Incident:
    hazard = hazards()[said.hazard or ""]
    place = said.places[0] if said.places else Place(name=city, precision="city")
    when = view.sent_at or view.received_at
    start = said.occurred_at.start if said.occurred_at else None
    return Incident(
        id="in-" + digest([view.mode, hazard.code, view.id])[:32],
        title=f"{place.name}{hazard.name}",
        hazard=hazard.code,
        event_type=hazard.event_type,
        mode=view.mode,
        place=place,
        started_at=start or when,
        started_at_assumed=start is None,
        first_evidence_at=when,
        updated_at=when,
    )


def _applies(provision: Provision, incident: Incident) -> bool:
    """Whether a provision was in force on the day, was seen in a source text, and concerns this hazard and kind of event."""
    day = incident.started_at.astimezone(BEIJING).date()
    in_force = (provision.in_force is None or provision.in_force <= day) and (provision.repealed is None or day < provision.repealed)
    regimes = EVENT_TYPES if incident.event_type == "undetermined" else {incident.event_type}
    named = {topic for topic in provision.topics if topic.isascii()}
    kinds, types = named - EVENT_TYPES - GENERAL_TOPICS, named & EVENT_TYPES
    concerns = (not kinds or incident.hazard in kinds) and (not types or bool(types & regimes)) and bool(named)
    return provision.verified and in_force and concerns and "other_place" not in named

"""What one piece of evidence says, in the masked form that may leave the archive.

The rules that read a text are pure: text in, understanding out. If they trip over a text nobody foresaw, nothing wrong has been
written, so that one text goes to a person with the reason and the others go on; the defect is logged for whoever mends it.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Mapping, Sequence

from ingestion.extract import statements, understand
from ingestion.places import Gazetteer
from ingestion.privacy import MASK, mask, mask_place
from ingestion.triage import Triage, suggested
from models.domain import Credibility, Evidence, EvidenceView, Place, Source, Statement, Understanding

log = logging.getLogger(__name__)

READ_CHARACTERS = 20_000
"""Characters of a text the rules read; the whole text stays in the archive."""

UNREAD = "程序未能读懂这一条，请人工阅读原文"
CUT = f"原文超过 {READ_CHARACTERS} 字，只读了开头部分，请人工核对其余内容"

_NUMBER_AT_END = re.compile(r"[\w\-+@. ]{1,40}$", re.ASCII)

_DEFECTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a defect in pure reading rules can raise. Nothing else is caught: a full disk or a lost database must stop the worker."""


def what_it_says(
    evidence: Evidence,
    gazetteer: Gazetteer,
    city: str,
    *,
    assume_received: bool = True,
    triage: Triage | None = None,
    confidence: float | None = None,
) -> tuple[Understanding, list[Statement]]:
    """Understanding and statements of one item, quoting masked words only. Never fails on a text, however odd.

    Words such as 昨晚8点 are read from the moment it was sent, else from when it was received, unless `assume_received` is false: then
    they stay unresolved. With `triage`, the city's trained model, category and department are proposed from the confidence given on.
    """
    when = evidence.sent_at or (evidence.received_at if assume_received else None)
    text = _opening(evidence.text)
    try:
        said = understand(text, id=evidence.id, title=evidence.title, time=when, city=city, names=gazetteer)
        if evidence.place_hint and not any(place.adcode for place in said.places):
            said = said.model_copy(update={"places": tuple(_located(said.places, evidence.place_hint, gazetteer))})
        shown = suggested(_masked(said, text, evidence.title), mask(evidence.title[:READ_CHARACTERS]), triage, confidence)
        quoted = statements(shown, evidence.id, shown.masked_text, when)
    except _DEFECTS as error:
        # Only where it broke: the message of an error may quote the text, and a log holds no personal data.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("the rules cannot read %s (%s); it waits for a person\n%s", evidence.id, type(error).__name__, where)
        return unreadable(evidence.id, text), []
    if len(evidence.text) > READ_CHARACTERS:
        doubt = shown.credibility.model_copy(update={"reasons": (*shown.credibility.reasons, CUT)})
        shown = shown.model_copy(update={"credibility": doubt})
    return shown, quoted


def _opening(text: str) -> str:
    """The part of a text that is read. A number cut in half would not be recognised as one to mask, so none is left at the end."""
    return text if len(text) <= READ_CHARACTERS else _NUMBER_AT_END.sub("", text[:READ_CHARACTERS])


def unreadable(evidence_id: str, text: str) -> Understanding:
    """What stands in for an understanding when there is none: nothing said, but as urgent as can be until someone has looked."""
    try:
        shown = mask(text)
    except _DEFECTS:
        # Better a blank line than a telephone number nobody could recognise as one.
        shown = MASK * len(text)
    doubt = Credibility(score=0.5, reasons=(UNREAD,))
    return Understanding(
        id=evidence_id, hazard=None, request_type="其他", urgency=1, credibility=doubt, occurred_at=None, trigger=None, masked_text=shown
    )


def is_unreadable(said: Understanding) -> bool:
    """Whether the rules gave up on this text and a person must read it."""
    return UNREAD in said.credibility.reasons


def view_of(evidence: Evidence, source: Source, said: Understanding) -> EvidenceView:
    """The evidence as everyone may see it: masked, with its place as the source or the text gives it."""
    place = said.places[0] if said.places else None
    given = evidence.lon is not None and evidence.lat is not None
    return EvidenceView(
        id=evidence.id,
        source=evidence.source,
        source_title=source.title,
        source_kind=source.kind,
        reliability=source.reliability,
        title=mask(evidence.title[:READ_CHARACTERS]),
        text=said.masked_text,
        sent_at=evidence.sent_at,
        received_at=evidence.received_at,
        lon=evidence.lon if given else place.lon if place else None,
        lat=evidence.lat if given else place.lat if place else None,
        place=mask_place(place.name if place else evidence.place_hint),
        adcode=place.adcode if place else None,
        hazard=said.hazard,
        request_type=said.request_type,
        category=said.category,
        department=said.department,
        suggestions=said.suggestions,
        urgency=said.urgency,
        urgency_reasons=said.urgency_reasons,
        credibility=said.credibility.score,
        credibility_reasons=said.credibility.reasons,
        mode="exercise" if "exercise" in (evidence.mode, said.mode) else "actual",
    )


def _located(named: Sequence[Place], hint: str, gazetteer: Gazetteer) -> list[Place]:
    """Places of a text that does not say in which division they lie, completed by what the source gives outside the text.

    A hint that is only a division fills in what the text leaves open; a finer one is the event's place. A hint quotes nothing: its
    words are not the sender's.
    """
    hinted = [place.model_copy(update={"quote": ""}) for place in gazetteer.address(hint[:200])]
    if not hinted:
        return list(named) or [Place(name=mask_place(hint[:200]))]
    first = hinted[0]
    if named and first.precision in ("district", "city"):
        division = first.model_dump(include={"adcode", "district", "street", "city", "outside"})
        return [place.model_copy(update=division) for place in named]
    return [*hinted, *named]


def _masked(said: Understanding, text: str, title: str) -> Understanding:
    """The understanding with every quote replaced by the same stretch of the masked text."""
    hidden: Mapping[str, str] = {text: said.masked_text, title: mask(title)}

    def shown(quote: str) -> str:
        if any(quote in masked for masked in hidden.values()):
            return quote
        for whole, masked in hidden.items():
            if quote and (at := whole.find(quote)) >= 0 and len(masked) == len(whole):
                return masked[at : at + len(quote)]
        return mask(quote)

    places = tuple(place.model_copy(update={"quote": shown(place.quote), "name": shown(place.name)}) for place in said.places)
    impacts = tuple(quantity.model_copy(update={"quote": shown(quantity.quote)}) for quantity in said.impacts)
    trigger = said.trigger.model_copy(update={"quote": shown(said.trigger.quote)}) if said.trigger else None
    occurred = said.occurred_at.model_copy(update={"quote": shown(said.occurred_at.quote)}) if said.occurred_at else None
    return said.model_copy(update={"places": places, "impacts": impacts, "trigger": trigger, "occurred_at": occurred})

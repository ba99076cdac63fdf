"""The understanding worker's bench: what one item of evidence says and where it belongs, as the ledger keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from graph.knowledge import Knowledge
from graph.projection import JUDGEMENT_KINDS
from ingestion.fuse import Fused, Fuser
from ingestion.readers import Read, read
from ingestion.reading import UNREAD, is_unreadable
from models.domain import Evidence, EvidenceView, Incident, Match, Model, Place

WAITING_KEPT = 5_000
"""Evidence waiting for a person that fusion keeps in mind, the most urgent first."""
CLOSED_KEPT = timedelta(hours=48)
"""How long after its end an incident is kept in mind."""
KEPT = timedelta(hours=1)
"""How long a bench stays in mind between rounds."""
_ALL = 1_000_000


class Bench:
    """The understanding worker's bench: the sources, the gazetteer, and every open incident in mind."""

    def __init__(self, knowledge: Knowledge) -> None:
        city = knowledge.settings
        self._knowledge = knowledge
        self._made_at = datetime.now(UTC)
        self.position = knowledge.store.projected()
        """Number of the ledger entry up to which every judgement of a person is followed."""
        store = knowledge.store
        incidents = [*store.incidents(status="open"), *store.incidents(status="merged"), *_just_closed(store.incidents(status="closed"))]
        place = Place(name=city.city_name, adcode=city.city_code, precision="city")
        self._fuser = Fuser(city=place)
        aside = [id for one in store.judgements("move") if one.target is None and not one.undone for id in one.evidence]
        loose = [*store.evidence(WAITING_KEPT, waiting_for_person=True), *store.evidence_named(aside[-WAITING_KEPT:])]
        self._take_in(incidents, [view for view in loose if view.incident is None])

    def is_old(self) -> bool:
        """Whether it is time to read the open incidents afresh: what closed long ago, and what waited long, is to be let go."""
        return datetime.now(UTC) - self._made_at > KEPT

    def follow(self) -> None:
        """Take in what people judged since, in whatever process: they may have merged or split what is in mind here."""
        judged = list(self._knowledge.ledger.entries(self.position, kinds=sorted(JUDGEMENT_KINDS)))
        if not judged:
            return
        self._knowledge.catch_up()
        store = self._knowledge.store
        touched = dict.fromkeys(content["id"] for entry in judged for content in entry.payload.get("incidents", ()))
        moved = dict.fromkeys(content["id"] for entry in judged for content in entry.payload.get("evidence", ()))
        loose = [view for view in store.evidence_named(moved) if view.incident is None]
        self._take_in([store.incident(id) for id in touched], loose)
        self.position = judged[-1].seq

    def _take_in(self, incidents: Sequence[Incident], loose: Sequence[EvidenceView]) -> None:
        store = self._knowledge.store
        # Every piece, not the newest few: a figure is believed only together with the message that gave it.
        told = store.incident_evidence_texts([one.id for one in incidents if one.status != "merged"], _ALL)
        known = [view.id for views in told.values() for view in views] + [view.id for view in loose]
        self._fuser.follow(incidents, told, store.statements_of(known), loose=loose, judgements=store.judgements())

    def understood(self, evidence: Evidence, has_read: Read | None = None) -> dict[str, Any]:
        """What one item says and where it belongs, as the ledger keeps it: no unmasked word. Read here unless someone has."""
        one = has_read or read(self._knowledge.settings, [evidence])[0]
        said, quoted, view = one.said, one.quoted, one.view
        if is_unreadable(said):
            match = Match(incident=None, score=0, reasons=(UNREAD,))
            fused = Fused(view.model_copy(update={"match_score": 0.0, "match_reasons": match.reasons}), match, None, [], None)
        else:
            fused = self._fuser.place(view, said, quoted)
        payload: dict[str, Model | Iterable[Model] | None] = {
            "view": fused.view,
            "understanding": said,
            "statements": quoted,
            "match": fused.match,
            "incident": fused.incident,
            "impacts": fused.impacts,
            "links": fused.links,
            "also": [earlier for earlier, _ in fused.also],
        }
        return {name: _plain(value) for name, value in payload.items()}


def _just_closed(closed: Iterable[Incident]) -> list[Incident]:
    """Those closed so lately that a late message may still be about them, or the same may happen there again."""
    since = datetime.now(UTC) - CLOSED_KEPT
    return [one for one in closed if one.closed_at is not None and one.closed_at >= since]


def _plain(value: Model | Iterable[Model] | None) -> Any:
    if value is None or isinstance(value, Model):
        return value.model_dump(mode="json") if value else None
    return [one.model_dump(mode="json") for one in value]

"""The understanding worker's bench: what one item of evidence says and where it belongs, as the ledger keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graph.knowledge import Knowledge
from ingestion.fuse import Fused, Fuser
from ingestion.places import gazetteer
from ingestion.reading import UNREAD, is_unreadable, view_of, what_it_says
from ingestion.source import sources
from models.domain import Evidence, Match, Model, Place
from models.errors import NotFound

WAITING_KEPT = 5_000
"""Evidence waiting for a person that fusion keeps in mind, the most urgent first."""
_ALL = 1_000_000


class Bench:
    """The understanding worker's bench: the sources, the gazetteer, and every open incident in mind."""

    def __init__(self, knowledge: Knowledge) -> None:
        city = knowledge.settings
        store = knowledge.store
        incidents = store.incidents(status="open")
        # Every piece, not the newest few: a figure is believed only together with the message that gave it.
        told = store.incident_evidence_texts([incident.id for incident in incidents], _ALL)
        waiting = store.evidence(WAITING_KEPT, waiting_for_person=True)
        known = [view.id for views in told.values() for view in views] + [view.id for view in waiting]
        place = Place(name=city.city_name, adcode=city.city_code, precision="city")
        self._fuser = Fuser(incidents, told, store.statements_of(known), waiting=waiting, city=place)
        self._sources = {name: module.source for name, module in sources().items()}
        self._gazetteer = gazetteer(city.city_name, city.home)
        self._city = city.city_name

    def understood(self, evidence: Evidence) -> dict[str, Any]:
        """What one item says and where it belongs, as the ledger keeps it: no unmasked word."""
        if evidence.source not in self._sources:
            raise NotFound(
                f"证据 {evidence.id} 来自来源 {evidence.source}，但程序中已没有这个来源，请恢复 ingestion/sources/{evidence.source}.py。"
            )
        said, quoted = what_it_says(evidence, self._gazetteer, self._city)
        view = view_of(evidence, self._sources[evidence.source], said)
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
            "also": [earlier for earlier, _ in fused.also],
        }
        return {name: _plain(value) for name, value in payload.items()}


def _plain(value: Model | Iterable[Model] | None) -> Any:
    if value is None or isinstance(value, Model):
        return value.model_dump(mode="json") if value else None
    return [one.model_dump(mode="json") for one in value]

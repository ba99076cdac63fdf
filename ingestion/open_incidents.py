"""The open incidents in memory, indexed by named spot, by neighbourhood and by district.

So finding the few an incoming message may belong to costs the same whatever the evening has brought. Beliefs about figures are
kept per incident and worked out anew only for the kinds of harm a new message touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil, cos, floor, radians

from ingestion.heard import Heard, place_key, started
from ingestion.likeness import told
from ingestion.match import Open, county
from models.believe import CREDIBLE, believe, worth_keeping
from models.domain import EvidenceView, Impact, Incident, Match, Mode, Place, Statement
from models.hazards import Hazard

COMPARED_TEXTS = 6
"""First distinct texts of an incident that new words are compared with."""
PRUNED_AT = 64
"""Figures of one kind in one incident from which what is only repeated is let go."""
_CELL = 0.05
"""Degrees of the search grid, about 5 km."""


class OpenIncidents:
    """What fusion knows of the incidents being managed."""

    def __init__(self, hazards: Mapping[str, Hazard]) -> None:
        self._hazards = hazards
        self._open: dict[str, Open] = {}
        self._statements: dict[str, dict[str, list[Statement]]] = {}
        self._impacts: dict[str, dict[str, Impact]] = {}
        # Dictionaries stand in for ordered sets: the order of opening decides ties, so that the same evening gives the same answer.
        self._by_spot: dict[tuple[Mode, str], dict[str, None]] = {}
        self._by_cell: dict[tuple[Mode, int, int], dict[str, None]] = {}
        self._by_district: dict[tuple[Mode, str], dict[str, None]] = {}
        self._areas: dict[Mode, dict[str, None]] = {"actual": {}, "exercise": {}}

    def __contains__(self, incident_id: object) -> bool:
        return incident_id in self._open

    def __getitem__(self, incident_id: str) -> Open:
        return self._open[incident_id]

    def beliefs(self, incident_id: str) -> list[Impact]:
        """What is believed about each kind of harm, as of now."""
        return list(self._impacts.get(incident_id, {}).values())

    def areas(self, mode: Mode) -> Iterator[Open]:
        """Incidents of whole areas, oldest first."""
        yield from (self._open[one] for one in self._areas[mode])

    def hazards_at(self, heard: Heard) -> list[Hazard]:
        """Hazards of the open incidents at the very spot a message names."""
        known = [self._open[one] for one in self._by_spot.get((heard.view.mode, heard.spot), {})] if heard.spot else []
        return [self._hazards[one.incident.hazard] for one in known if not one.was_over(heard.at)]

    def over_at(self, heard: Heard) -> list[Incident]:
        """Incidents at the very spot a message names that a person had closed before it was said."""
        known = [self._open[one] for one in self._by_spot.get((heard.view.mode, heard.spot), {})] if heard.spot else []
        return [one.incident for one in known if one.was_over(heard.at)]

    def managed(self, mode: Mode) -> Iterator[Incident]:
        """Every incident of one mode that is not over."""
        yield from (one.incident for one in self._open.values() if one.incident.mode == mode and one.incident.status == "open")

    def near(self, heard: Heard) -> Iterator[Open]:
        """Site incidents that share the message's spot, its neighbourhood or, when it names no spot, its district."""
        mode = heard.view.mode
        found: dict[str, None] = dict(self._by_spot.get((mode, heard.spot), {})) if heard.spot else {}
        if heard.is_point and heard.place is not None and heard.place.lon is not None and heard.place.lat is not None:
            x, y = floor(heard.place.lon / _CELL), floor(heard.place.lat / _CELL)
            reach = max((one.fusion.distance_m for one in self._hazards.values() if not one.fusion.area), default=1000.0)
            across = min(3, ceil(2 * reach / (_CELL * 111_000 * cos(radians(heard.place.lat)))))
            for dx in range(-across, across + 1):
                for dy in range(-across, across + 1):
                    found |= {one: None for one in self._by_cell.get((mode, x + dx, y + dy), {}) if self._within_reach(one, heard.place)}
        if heard.adcode and not heard.spot:
            found |= self._by_district.get((mode, heard.adcode), {})
        yield from (self._open[one] for one in found)

    def _within_reach(self, incident_id: str, place: Place) -> bool:
        """A cheap first look: whether latitude alone already rules the incident out."""
        known = self._open[incident_id]
        apart = min(abs((one.place.lat or 0) - (place.lat or 0)) for one in known.all) * 111_000
        return apart <= 2 * self._hazards[known.incident.hazard].fusion.distance_m

    def begin(self, incident: Incident, spot: str) -> Open:
        """Take an incident into the indexes; `spot` is the key of its place, empty for an area."""
        known = Open(incident=incident, spots={})
        self._open[incident.id] = known
        if incident.scope == "area":
            self._areas[incident.mode][incident.id] = None
            return known
        if spot:
            self._know_spot(known, spot)
        if known.adcode:
            self._by_district.setdefault((incident.mode, known.adcode), {})[incident.id] = None
        self._know_cell(known, incident.place)
        return known

    def also(self, incident_id: str, merged: Incident) -> None:
        """Let an incident be found under the place of another that a person found to be it."""
        known, place = self._open[incident_id], merged.place
        known.found_to_be.append(merged)
        if known.incident.scope == "area" or merged.scope == "area":
            return
        spot = place_key(place.name, place.district, place.street)
        if spot:
            self._know_spot(known, spot)
        if code := county(place):
            self._by_district.setdefault((known.incident.mode, code), {})[incident_id] = None
        self._know_cell(known, place)

    def forget(self, incident_id: str) -> None:
        """Let go of an incident, to take it up again as a person's judgement left it."""
        if self._open.pop(incident_id, None) is None:
            return
        self._statements.pop(incident_id, None)
        self._impacts.pop(incident_id, None)
        for index in (self._by_spot, self._by_cell, self._by_district, self._areas):
            for members in index.values():
                members.pop(incident_id, None)

    def add(self, heard: Heard, incident_id: str, match: Match) -> EvidenceView:
        """Put a message into an incident: its words, spot, statements and times; returns its view with the match filled in."""
        known = self._open[incident_id]
        view = heard.view.model_copy(update={"incident": incident_id, "match_score": match.score, "match_reasons": match.reasons})
        self._remember(known, view, heard)
        known.incident = _changed(known.incident, heard)
        if known.incident.scope == "site" and known.incident.place.precision == "point":
            self._know_cell(known, known.incident.place)
        self._hold(incident_id, heard.statements)
        return view

    def take_up(self, incident: Incident, views: Sequence[EvidenceView], spoken: Mapping[str, Sequence[Statement]]) -> list[Heard]:
        """Rebuild one incident from the graph as it stood; returns its messages as heard."""
        place = incident.place
        known = self.begin(incident, place_key(place.name, place.district, place.street) if incident.scope == "site" else "")
        told = [Heard.of(view, None, spoken.get(view.id, ())) for view in views]
        for heard in told:
            self._remember(known, heard.view, heard)
        self._hold(incident.id, [one for heard in told for one in heard.statements])
        return told

    def _remember(self, known: Open, view: EvidenceView, heard: Heard) -> None:
        known.views[view.id] = view
        known.latest = max(known.latest or heard.at, heard.at)
        if view.duplicate_of is None and len(known.texts) < COMPARED_TEXTS:
            known.texts.append(told(view.text))

    def _hold(self, incident_id: str, statements: Iterable[Statement]) -> None:
        """Keep statements by kind and work out anew what they touch; a retraction or rumour touches every figure."""
        kept = self._statements.setdefault(incident_id, {})
        touched: set[str] = set()
        known = self._open[incident_id]
        for one in statements:
            if not one.property.startswith("impact.") and one.property not in ("retraction", "rumour"):
                continue
            kept.setdefault(one.property, []).append(one)
            touched.add(one.property)
        odd = {one.evidence for name in ("retraction", "rumour") for one in kept.get(name, ())}
        for name in touched:
            if len(kept[name]) > PRUNED_AT and name.startswith("impact."):
                # What takes back, and what is hearsay, is read as a whole message: nothing of it is let go.
                plain_ones = worth_keeping((one for one in kept[name] if one.evidence not in odd), known.views)
                kept[name] = [*(one for one in kept[name] if one.evidence in odd), *plain_ones]
        if touched & {"retraction", "rumour"}:
            touched |= {name for name in kept if name.startswith("impact.")}
        kinds = {name for name in touched if name.startswith("impact.")}
        if not kinds:
            return
        # A denial that gives any figure takes back only what it names, so every figure of a denying message must be in view.
        denying = {one.evidence for one in kept.get("retraction", ())}
        told = [
            one
            for name, many in kept.items()
            for one in many
            if name in kinds or name in ("retraction", "rumour") or one.evidence in denying
        ]
        believed = believe(incident_id, told, known.views, area=known.incident.scope == "area")
        beliefs = {name: impact for name, impact in self._impacts.get(incident_id, {}).items() if f"impact.{name}" not in kinds}
        self._impacts[incident_id] = beliefs | {impact.type: impact for impact in believed if f"impact.{impact.type}" in kinds}

    def _know_spot(self, known: Open, spot: str) -> None:
        known.spots[spot] = None
        self._by_spot.setdefault((known.incident.mode, spot), {})[known.incident.id] = None

    def _know_cell(self, known: Open, place: Place) -> None:
        if place.precision == "point" and place.lon is not None and place.lat is not None:
            cell = (known.incident.mode, floor(place.lon / _CELL), floor(place.lat / _CELL))
            self._by_cell.setdefault(cell, {})[known.incident.id] = None


def _changed(old: Incident, heard: Heard) -> Incident:
    """The incident's times, count and place after one more message."""
    changes: dict[str, object] = {
        "updated_at": max(old.updated_at, heard.at),
        "first_evidence_at": min(old.first_evidence_at, heard.at),
        "evidence_count": old.evidence_count + 1,
    }
    start, assumed = started(heard)
    says_when = not assumed and heard.view.credibility >= CREDIBLE and old.scope == "site" and start <= old.first_evidence_at
    if old.started_at_assumed and says_when:
        changes |= {"started_at": start, "started_at_assumed": False}
    elif old.started_at_assumed:
        changes["started_at"] = min(old.started_at, heard.at)
    if old.scope == "site" and old.place.precision != "point" and heard.is_point and heard.place is not None:
        changes["place"] = old.place.model_copy(update={"lon": heard.place.lon, "lat": heard.place.lat, "precision": "point"})
    return old.model_copy(update=changes)

"""Same incident? Which figure? Fuses understood messages into incidents, every answer with its reasons.

How a message finds its place, in order:

1. An exercise (演练) only ever meets exercises.
2. The words are nearly those of an earlier message: it goes where that one went and corroborates nothing.
3. A warning of an authority opens or joins the one incident of its whole area.
4. The best open incident fits well enough (`match.FEATURES`): it joins.
5. It is credible, says what happened and where, and people are in danger or the hazard is grave: it opens an incident at once.
6. It is mild, and an area incident of the hazard covers it: it joins that one; three independent ones at one spot open their own.
7. Otherwise it waits for a person, and is looked at again when an incident opens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, cos, floor, radians

from ingestion.believe import CREDIBLE, believe
from ingestion.likeness import Wordings, plain, triples
from ingestion.match import ACCEPT, WEAK, Heard, Open, Verdict, compare, place_key
from models.domain import EvidenceView, Impact, Incident, Match, Mode, Place, Statement, Understanding, digest
from models.hazards import Hazard, hazards

INDEPENDENT_VOICES = 3
"""Mild reports of one spot by so many independent messages make it an incident of its own."""
WAITING_HOURS = 6
"""A message older than this is no longer pulled into an incident that opens later."""
COMPARED_TEXTS = 6
"""First distinct texts of an incident that new words are compared with."""
_CELL = 0.05
"""Degrees of the search grid, about 5 km."""

_HARM = {"dead", "missing", "injured", "seriously_injured", "trapped", "homes_collapsed"}
_GRAVE_SPOT = re.compile(r"下穿$|隧道|涵洞|桥洞|地铁")
"""Water in a place people cannot climb out of is a danger to life before anyone says so."""
_LESSER_WARNING = re.compile(r"[蓝黄]色")
_WATER = re.compile(r"水|淹|泡|漫")
_AFTERMATH = re.compile(r"救出|获救|脱险|脱困|扑灭|灭了|送医|救护车|救援|消防|受困|伤亡")
_SMALL_TALK = {"咨询", "建议", "投诉", "提供帮助"}


@dataclass(frozen=True)
class Fused:
    """Where one message went and what changed with it."""

    view: EvidenceView
    """The message's view with incident, score, reasons and duplicate filled in."""
    match: Match
    incident: Incident | None
    impacts: list[Impact]
    duplicate_of: str | None
    also: tuple[tuple[EvidenceView, Match], ...] = ()
    """Earlier messages that waited and now belong to the incident this one opened; their views are filled in too."""


class Fuser:
    """Open incidents in memory, indexed so that placing a message costs the same whatever the evening has brought."""

    def __init__(
        self,
        incidents: Iterable[Incident] = (),
        evidence: Mapping[str, Sequence[EvidenceView]] | None = None,
        statements: Iterable[Statement] = (),
        *,
        waiting: Iterable[EvidenceView] = (),
        city: Place | None = None,
    ) -> None:
        """Take up what the graph holds: open incidents, their evidence by incident id, its statements, and evidence that waits."""
        self._hazards: Mapping[str, Hazard] = hazards()
        self._city = city or Place(name="南京市", adcode="320100", lon=118.79, lat=32.06, precision="city")
        self._open: dict[str, Open] = {}
        self._statements: dict[str, dict[str, list[Statement]]] = {}
        self._impacts: dict[str, dict[str, Impact]] = {}
        self._by_spot: dict[tuple[Mode, str], dict[str, None]] = {}
        self._by_cell: dict[tuple[Mode, int, int], dict[str, None]] = {}
        self._by_district: dict[tuple[Mode, str], dict[str, None]] = {}
        self._areas: dict[Mode, dict[str, None]] = {"actual": {}, "exercise": {}}
        self._waiting: dict[tuple[Mode, str], dict[str, Heard]] = {}
        self._mild: dict[tuple[Mode, str, str], dict[str, Heard]] = {}
        self._wordings = Wordings()
        self._placed: dict[str, str | None] = {}
        self._take_up(incidents, evidence or {}, statements, waiting)

    def place(self, view: EvidenceView, understanding: Understanding, statements: Sequence[Statement]) -> Fused:
        """Decide which incident a message belongs to. Deterministic: the same messages in the same order give the same ids."""
        if understanding.mode == "exercise":
            view = view.model_copy(update={"mode": "exercise"})
        heard = Heard.of(view, understanding, statements)
        group = f"{view.mode}|{heard.spot}|{heard.adcode}|{understanding.retracts}"
        twin = self._wordings.first_like(view.text, group)
        if twin is None:
            self._wordings.remember(view.id, view.text, group)
        heard = Heard.of(view.model_copy(update={"duplicate_of": twin}), understanding, statements)
        fused = self._decide(heard)
        self._placed[view.id] = fused.match.incident
        return fused

    def _decide(self, heard: Heard) -> Fused:
        """The seven steps of the module's first page, in order."""
        if heard.view.source_kind == "warning":
            return self._place_warning(heard)
        heard = self._presumed(heard)
        view = heard.view
        twin_incident = self._placed.get(view.duplicate_of or "")
        if twin_incident in self._open:
            reason = "与先前一条内容几乎相同，随之归并，不另作佐证"
            return self._join(heard, twin_incident, Match(incident=twin_incident, score=0.95, reasons=(reason,)))
        obstacle = self._not_about_an_event(heard)
        if obstacle:
            return self._wait(heard, 0.0, (obstacle,), keep=False)
        best, verdict = self._best(heard)
        if best is not None and verdict.score >= ACCEPT:
            return self._join(heard, best.incident.id, Match(incident=best.incident.id, score=verdict.score, reasons=verdict.reasons))
        return self._open_or_area(heard, best, verdict)

    def _open_or_area(self, heard: Heard, best: Open | None, verdict: Verdict) -> Fused:
        """No open incident fits: open one, join the area's, or wait."""
        hindrance = self._may_not_open(heard)
        grave = self._is_grave(heard)
        area = self._area_for(heard)
        if not hindrance and grave:
            return self._open_site(heard, grave, area)
        voices = self._mild_voices(heard) if not hindrance else {}
        if len(voices) >= INDEPENDENT_VOICES:
            return self._open_site(heard, f"同一地点已有{len(voices)}条相互独立的报告", area)
        if area is not None and not (grave and not heard.spot and self._endangers_people(heard)):
            reasons: tuple[str, ...] = (f"轻微或零散险情，位于“{area.incident.title}”范围内，归入区域事件",)
            return self._join(heard, area.incident.id, Match(incident=area.incident.id, score=0.6, reasons=reasons))
        reasons = ((f"最接近的事件是“{best.incident.title}”（{verdict.score:.2f}，未达{ACCEPT:.2f}）", *verdict.reasons) if best else ()) + (
            (hindrance,) if hindrance else ("险情较轻且只有单一来源，暂不立为事件",)
        )
        return self._wait(heard, verdict.score if best else 0.0, reasons)

    # What a message is

    def _presumed(self, heard: Heard) -> Heard:
        """People in danger where water gathers, in words no hazard knows: taken for a flood rather than left unseen."""
        water = _WATER.search(heard.view.text) and _GRAVE_SPOT.search(heard.spot)
        if heard.view.hazard is None and water and self._endangers_people(heard):
            return replace(heard, view=heard.view.model_copy(update={"hazard": "flood"}))
        return heard

    def _warned_hazard(self, view: EvidenceView) -> str | None:
        """The hazard a warning is about: the one whose words, weak ones included, its headline holds at greatest length."""
        headline = view.title or view.text[:60]
        found = [(len(word), code) for code, hazard in self._hazards.items() for word in (hazard.name, *hazard.words) if word in headline]
        return max(found, key=lambda one: (one[0], one[1]))[1] if found else view.hazard if not view.title else None

    def _not_about_an_event(self, heard: Heard) -> str:
        """Why a message cannot concern an incident at all; empty when it can."""
        view, understood = heard.view, heard.understanding
        spoken = [one for one in heard.statements if one.property.startswith("impact.") or one.property in ("rumour", "retraction")]
        if view.hazard is None:
            return "" if self._speaks_of_known(heard, bool(spoken)) or self._endangers_people(heard) else "未识别出灾害或险情"
        if view.hazard not in self._hazards:
            return f"灾种“{view.hazard}”没有定义"
        if understood is None:
            return ""
        happened = understood.occurred_at.end or understood.occurred_at.start if understood.occurred_at else None
        if happened and heard.at - happened > timedelta(hours=max(24.0, self._hazards[view.hazard].fusion.hours)):
            return "说的是过去的事，不是当前险情"
        if understood.trigger is None and not spoken:
            return "提到灾害但没有说发生了什么"
        if understood.request_type in _SMALL_TALK and not spoken and not (heard.spot and self._by_spot.get((view.mode, heard.spot))):
            return f"属于{understood.request_type}，未报告险情" if understood.request_type != "投诉" or understood.trigger is None else ""
        return ""

    def _speaks_of_known(self, heard: Heard, spoken: bool) -> bool:
        """Whether a message that names no hazard speaks of an incident at the very spot: harm, rescue, or a word of its hazard."""
        known = self._by_spot.get((heard.view.mode, heard.spot), {}) if heard.spot else {}
        words = {word for one in known for word in self._hazards[self._open[one].incident.hazard].words}
        return bool(known) and (spoken or bool(_AFTERMATH.search(heard.view.text)) or any(word in heard.view.text for word in words))

    def _may_not_open(self, heard: Heard) -> str:
        """Why a message may not open an incident by itself; empty when it may."""
        understood = heard.understanding
        if heard.view.hazard is None or understood is None or (understood.trigger is None and not self._endangers_people(heard)):
            return "没有明确说发生了什么，不能单独立为事件"
        if understood.retracts:
            return "内容是撤回或辟谣，不能据此立为事件"
        if any(one.property == "rumour" for one in heard.statements):
            return "属于网传、听说，不能据此立为事件"
        if heard.view.credibility < CREDIBLE:
            return f"可信度{heard.view.credibility:.2f}过低，不能据此立为事件"
        if heard.place is None or not (heard.spot or heard.is_point or (heard.adcode and self._endangers_people(heard))):
            danger = "有人员危险但地点不明，请立即人工核实" if self._endangers_people(heard) else "地点不明确"
            return danger
        return ""

    def _endangers_people(self, heard: Heard) -> bool:
        return any(one.property.removeprefix("impact.") in _HARM and (one.best is None or one.best > 0) for one in heard.statements)

    def _is_grave(self, heard: Heard) -> str:
        """What makes one single message enough to open an incident; empty when it is mild."""
        hazard = self._hazards.get(heard.view.hazard or "")
        if hazard is None:
            return ""
        if self._endangers_people(heard):
            return "有人被困、伤亡或失联，一条即立为事件"
        if not hazard.fusion.area:
            return f"{hazard.name}属严重险情，一条可信报告即立为事件"
        return "下穿通道、隧道等处积水危及生命，一条可信报告即立为事件" if _GRAVE_SPOT.search(heard.spot) else ""

    def _mild_voices(self, heard: Heard) -> dict[str, Heard]:
        """Independent mild reports of this spot in this district so far, this one included."""
        if not heard.spot or not heard.adcode or heard.view.duplicate_of:
            return {}
        voices = self._mild.setdefault((heard.view.mode, heard.adcode, heard.spot), {})
        for old in [one for one, other in voices.items() if heard.at - other.at > timedelta(hours=WAITING_HOURS)]:
            del voices[old]
        voices[heard.view.id] = heard
        return voices

    # Which incident

    def _best(self, heard: Heard) -> tuple[Open | None, Verdict]:
        """The best-fitting site incident among those that share a spot, a neighbourhood or a district."""
        best: Open | None = None
        verdict = Verdict(0.0, (), False)
        fitting = 0
        for known in self._candidates(heard):
            found = compare(heard, known, self._hazards)
            fitting += found.score >= WEAK
            if found.score > verdict.score:
                best, verdict = known, found
        if best is not None and not verdict.located and fitting == 1 and self._may_be_lone(heard, best):
            reasons = (*verdict.reasons, "所在区内同类事件仅此一起，且未说明其他地点")
            return best, Verdict(ACCEPT, reasons, True)
        return best, verdict

    def _may_be_lone(self, heard: Heard, known: Open) -> bool:
        """Whether a message that names only the district surely means the one incident of that hazard there."""
        site = not self._hazards[known.incident.hazard].fusion.area or self._endangers_people(heard)
        return site and not heard.spot and not heard.is_point and heard.view.hazard == known.incident.hazard and heard.adcode == known.adcode != ""

    def _candidates(self, heard: Heard) -> Iterator[Open]:
        mode = heard.view.mode
        found: dict[str, None] = dict(self._by_spot.get((mode, heard.spot), {})) if heard.spot else {}
        if heard.is_point and heard.place is not None and heard.place.lon is not None and heard.place.lat is not None:
            x, y = floor(heard.place.lon / _CELL), floor(heard.place.lat / _CELL)
            reach = max((one.fusion.distance_m for one in self._hazards.values() if not one.fusion.area), default=1000.0)
            across = min(3, ceil(2 * reach / (_CELL * 111_000 * cos(radians(heard.place.lat)))))
            for dx in range(-across, across + 1):
                for dy in range(-across, across + 1):
                    found |= self._by_cell.get((mode, x + dx, y + dy), {})
        if heard.adcode and not heard.spot:
            found |= self._by_district.get((mode, heard.adcode), {})
        yield from (self._open[one] for one in found)

    def _area_for(self, heard: Heard) -> Open | None:
        """The area incident that covers a message: same or consequent hazard, same region, still running."""
        hazard = heard.view.hazard
        if hazard is None:
            return None
        for one in self._areas[heard.view.mode]:
            known = self._open[one]
            its = known.incident.hazard
            related = hazard == its or hazard in self._hazards[its].secondary
            mild = self._hazards[hazard].fusion.area or hazard == its
            if related and mild and self._covers(known, heard) and self._is_running(known, heard):
                return known
        return None

    def _covers(self, known: Open, heard: Heard) -> bool:
        region, mine = known.incident.place.adcode or "", heard.place.adcode if heard.place and heard.place.adcode else ""
        if region.endswith("00"):
            # A local desk's message without a district is about this city unless it names another.
            return not mine or mine[:4] == region[:4]
        return mine == region

    def _is_running(self, known: Open, heard: Heard) -> bool:
        span = timedelta(hours=self._hazards[known.incident.hazard].fusion.hours)
        return known.incident.started_at - span <= heard.at <= (known.latest or known.incident.updated_at) + span

    # What becomes of it

    def _place_warning(self, heard: Heard) -> Fused:
        """A warning joins the area incident of its hazard and region; a blue or yellow one does not open it."""
        hazard = self._warned_hazard(heard.view)
        if hazard is None:
            return self._wait(heard, 0.0, ("预警的灾种不在本系统定义之内",), keep=False)
        region = self._region(heard)
        heard = replace(heard, view=heard.view.model_copy(update={"hazard": hazard}), place=region, spot="")
        area = self._area_for(heard)
        if area is not None:
            reasons = (f"同一区域的{self._hazards[hazard].name}预警，更新区域事件",)
            return self._join(heard, area.incident.id, Match(incident=area.incident.id, score=0.9, reasons=reasons))
        if _LESSER_WARNING.search(heard.view.title or heard.view.text):
            return self._wait(heard, 0.0, ("蓝色、黄色预警不单独立为区域事件",))
        words = re.search(r"(暴雨|洪水|台风|内涝|山洪|地质灾害|强对流|暴雪|雷暴大风|大风)", heard.view.title + heard.view.text)
        title = f"{region.name}{words[1] if words else self._hazards[hazard].name}"
        return self._open_incident(heard, region, title, "area", ("权威部门预警，立为区域事件",))

    def _region(self, heard: Heard) -> Place:
        """The region a warning is for: the one division it names in its title or place, else the desk's whole city."""
        named = [one for one in (heard.understanding.places if heard.understanding else ()) if one.adcode]
        where = heard.view.title or heard.view.place
        for one in named:
            if one.precision == "district" and one.name in where:
                return one
        return self._city

    def _open_site(self, heard: Heard, why: str, area: Open | None) -> Fused:
        assert heard.place is not None, "a message without a place never opens an incident"
        reasons = [why] + ([f"发生在“{area.incident.title}”影响范围内，可能为其次生险情"] if area else [])
        place = heard.place
        head = place.district or ""
        name = "" if place.name in (head, "坐标点") else place.name.removeprefix(head)
        what = self._what_happened(heard)
        return self._open_incident(heard, place, f"{head}{name}{what}", "site", tuple(reasons))

    def _what_happened(self, heard: Heard) -> str:
        """The event in a title's words: water where it stands, else the hazard's name."""
        hazard = self._hazards[heard.view.hazard or ""]
        if hazard.code == "flood" and (_GRAVE_SPOT.search(heard.spot) or re.search(r"积水|内涝|进水|倒灌", heard.view.text)):
            return "积水"
        return hazard.name

    def _open_incident(self, heard: Heard, place: Place, title: str, scope: str, reasons: tuple[str, ...]) -> Fused:
        view = heard.view
        hazard = self._hazards[view.hazard or ""]
        start, assumed = self._start(heard)
        incident = Incident(
            id="in-" + digest([view.mode, hazard.code, view.id])[:32],
            title=title,
            hazard=hazard.code,
            event_type=hazard.event_type,
            mode=view.mode,
            scope="area" if scope == "area" else "site",
            place=place,
            started_at=start,
            started_at_assumed=assumed,
            first_evidence_at=heard.at,
            updated_at=heard.at,
            evidence_count=0,
        )
        self._index(incident, heard.spot)
        opened = self._join(heard, incident.id, Match(incident=incident.id, score=1.0, reasons=reasons, opens=True))
        also = self._pull_in(incident.id)
        if not also:
            return opened
        return Fused(opened.view, opened.match, self._open[incident.id].incident, self._beliefs(incident.id), opened.duplicate_of, tuple(also))

    def _start(self, heard: Heard) -> tuple[datetime, bool]:
        """When it happened, if the message says a moment within the day before it was said; else when it was said."""
        span = heard.understanding.occurred_at if heard.understanding else None
        if span and span.start and timedelta(0) <= heard.at - span.start <= timedelta(hours=24):
            return span.start, False
        return heard.at, True

    def _pull_in(self, incident_id: str) -> list[tuple[EvidenceView, Match]]:
        """Look again at what waits near a new incident; what fits joins it."""
        known = self._open[incident_id]
        mode, is_area = known.incident.mode, known.incident.scope == "area"
        keys = [(mode, "")] if is_area else [(mode, spot) for spot in known.spots] + [(mode, "")]
        if is_area:
            keys = [key for key in self._waiting if key[0] == mode]
        moved = []
        for key in keys:
            for heard in list(self._waiting.get(key, {}).values()):
                match = self._belated(heard, known, is_area)
                if match:
                    del self._waiting[key][heard.view.id]
                    moved.append((self._add(heard, incident_id, match), match))
                    self._placed[heard.view.id] = incident_id
        return moved

    def _belated(self, heard: Heard, known: Open, is_area: bool) -> Match | None:
        """Whether a message that waited fits an incident that opened after it."""
        if abs(heard.at - known.incident.started_at) > timedelta(hours=WAITING_HOURS):
            return None
        if is_area:
            if self._area_for(heard) is not known or (self._endangers_people(heard) and not heard.spot):
                return None
            return Match(incident=known.incident.id, score=0.6, reasons=("先到的零散报告，区域事件立起后补归入",))
        verdict = compare(heard, known, self._hazards)
        if verdict.score < ACCEPT:
            return None
        return Match(incident=known.incident.id, score=verdict.score, reasons=(*verdict.reasons, "事件立起后补归入"))

    def _join(self, heard: Heard, incident_id: str, match: Match) -> Fused:
        view = self._add(heard, incident_id, match)
        return Fused(view, match, self._open[incident_id].incident, self._beliefs(incident_id), view.duplicate_of)

    def _wait(self, heard: Heard, score: float, reasons: tuple[str, ...], *, keep: bool = True) -> Fused:
        """Leave a message to a person; a proposal with its reasons, never a silent drop."""
        match = Match(incident=None, score=score, reasons=reasons)
        view = heard.view.model_copy(update={"match_score": score, "match_reasons": reasons})
        if keep:
            self._waiting.setdefault((view.mode, heard.spot), {})[view.id] = heard
        return Fused(view, match, None, [], view.duplicate_of)

    def _add(self, heard: Heard, incident_id: str, match: Match) -> EvidenceView:
        """Put a message into an incident: its words, spot, statements and times."""
        known = self._open[incident_id]
        view = heard.view.model_copy(update={"incident": incident_id, "match_score": match.score, "match_reasons": match.reasons})
        known.views[view.id] = view
        known.latest = max(known.latest or heard.at, heard.at)
        if view.duplicate_of is None and len(known.texts) < COMPARED_TEXTS:
            known.texts.append(triples(plain(view.text)))
        if heard.spot and known.incident.scope == "site" and (match.opens or any("地点" in one for one in match.reasons)):
            self._know_spot(known, heard.spot)
        self._update(known, heard, counted=1)
        self._hold(incident_id, heard.statements)
        return view

    def _update(self, known: Open, heard: Heard, *, counted: int) -> None:
        """The incident's times, count and place after one more message."""
        old = known.incident
        changes: dict[str, object] = {
            "updated_at": max(old.updated_at, heard.at),
            "first_evidence_at": min(old.first_evidence_at, heard.at),
            "evidence_count": old.evidence_count + counted,
        }
        start, assumed = self._start(heard)
        if old.started_at_assumed and not assumed and heard.view.credibility >= CREDIBLE and old.scope == "site" and start <= old.first_evidence_at:
            changes |= {"started_at": start, "started_at_assumed": False}
        elif old.started_at_assumed:
            changes["started_at"] = min(old.started_at, heard.at)
        if old.scope == "site" and old.place.precision != "point" and heard.is_point and heard.place is not None:
            changes["place"] = old.place.model_copy(update={"lon": heard.place.lon, "lat": heard.place.lat, "precision": "point"})
        known.incident = old.model_copy(update=changes)
        if "place" in changes:
            self._know_cell(known)

    def _hold(self, incident_id: str, statements: Iterable[Statement]) -> None:
        """Keep statements by kind and work out anew what they touch; a retraction touches everything."""
        kept = self._statements.setdefault(incident_id, {})
        touched: set[str] = set()
        for one in statements:
            kept.setdefault(one.property, []).append(one)
            touched.add(one.property)
        if touched & {"retraction", "rumour"}:
            touched |= {name for name in kept if name.startswith("impact.")}
        kinds = [name for name in touched if name.startswith("impact.")]
        if not kinds:
            return
        known = self._open[incident_id]
        told = [one for name in (*kinds, "retraction", "rumour") for one in kept.get(name, ())]
        # A denial that names no figure takes back everything, so every figure of a denying message must be in view.
        denying = {one.evidence for one in kept.get("retraction", ())}
        if denying:
            told += [one for name, many in kept.items() if name.startswith("impact.") and name not in kinds for one in many if one.evidence in denying]
        beliefs = self._impacts.setdefault(incident_id, {})
        for impact in believe(incident_id, told, known.views, area=known.incident.scope == "area"):
            if f"impact.{impact.type}" in kinds:
                beliefs[impact.type] = impact

    def _beliefs(self, incident_id: str) -> list[Impact]:
        return list(self._impacts.get(incident_id, {}).values())

    # Memory

    def _take_up(
        self,
        incidents: Iterable[Incident],
        evidence: Mapping[str, Sequence[EvidenceView]],
        statements: Iterable[Statement],
        waiting: Iterable[EvidenceView],
    ) -> None:
        """Rebuild the memory from the graph: what an earlier run of this process knew."""
        spoken: dict[str, list[Statement]] = {}
        for one in statements:
            spoken.setdefault(one.evidence, []).append(one)
        for incident in incidents:
            if incident.status != "open":
                continue
            place = incident.place
            self._index(incident, place_key(place.name, place.district, place.street) if incident.scope == "site" else "")
            known = self._open[incident.id]
            for view in evidence.get(incident.id, ()):
                known.views[view.id] = view
                heard = Heard.of(view, None, spoken.get(view.id, ()))
                known.latest = max(known.latest or heard.at, heard.at)
                if view.duplicate_of is None:
                    self._wordings.remember(view.id, view.text, f"{view.mode}|{heard.spot}|{heard.adcode}|False")
                    if len(known.texts) < COMPARED_TEXTS:
                        known.texts.append(triples(plain(view.text)))
                if heard.spot and incident.scope == "site":
                    self._know_spot(known, heard.spot)
                self._placed[view.id] = incident.id
            self._hold(incident.id, [one for view in known.views for one in spoken.get(view, ())])
        for view in waiting:
            if view.hazard in self._hazards:
                heard = Heard.of(view, None, spoken.get(view.id, ()))
                self._waiting.setdefault((view.mode, heard.spot), {})[view.id] = heard

    def _index(self, incident: Incident, spot: str) -> None:
        known = Open(incident=incident, spots={})
        self._open[incident.id] = known
        if incident.scope == "area":
            self._areas[incident.mode][incident.id] = None
            return
        if spot:
            self._know_spot(known, spot)
        if known.adcode:
            self._by_district.setdefault((incident.mode, known.adcode), {})[incident.id] = None
        self._know_cell(known)

    def _know_spot(self, known: Open, spot: str) -> None:
        known.spots[spot] = None
        self._by_spot.setdefault((known.incident.mode, spot), {})[known.incident.id] = None

    def _know_cell(self, known: Open) -> None:
        place = known.incident.place
        if place.precision == "point" and place.lon is not None and place.lat is not None:
            cell = (known.incident.mode, floor(place.lon / _CELL), floor(place.lat / _CELL))
            self._by_cell.setdefault(cell, {})[known.incident.id] = None

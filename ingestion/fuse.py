"""Same incident? Which figure? Fuses understood messages into incidents, every answer with its reasons.

How a message finds its place, in order:

1. An exercise (演练) only ever meets exercises.
2. The words are nearly those of an earlier message: it goes where that one went and corroborates nothing.
3. A warning of an authority opens or joins the one incident of its whole area.
   A person's judgement is followed before any score: what repeats a piece someone placed goes where they put it, an incident that
   was merged is its survivor, and what fits two incidents that someone told apart waits for a person.
4. The best open incident fits well enough (`match.FEATURES`): it joins.
5. It is credible, says what happened and where, and people are in danger or the hazard is grave: it opens an incident at once.
6. It is mild, and an area incident of the hazard covers it: it joins that one; three independent ones at one spot open their own.
7. Otherwise it waits for a person, with the nearest incident as a proposal, and is looked at again when an incident opens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from graph.judgements import refused, told_apart
from ingestion.heard import GRAVE_SPOT, Heard, gravity, may_not_open, not_about_an_event, presumed, started
from ingestion.likeness import Wordings
from ingestion.match import ACCEPT, WEAK, Open, Verdict, compare
from ingestion.open_incidents import OpenIncidents
from models.cascades import links_of
from models.domain import EvidenceView, Impact, Incident, Judgement, Link, Match, Mode, Place, Statement, Understanding, digest
from models.hazards import Hazard, hazards

TOO_CLOSE = 0.05
"""Two incidents that a person told apart are both possible when their scores differ by less."""
LIFE = 0.8
"""From this urgency on a person sees a message even where it repeats one that a person set aside."""
REPEATED_HOURS = 24
"""The same words so much later are a new message, not a repetition."""
INDEPENDENT_VOICES = 3
"""Mild reports of one spot by so many independent messages make it an incident of its own."""
WAITING_HOURS = 6
"""A message older than this is no longer pulled into an incident that opens later."""

_LESSER_WARNING = re.compile(r"[蓝黄]色")
_CALLED_OFF = re.compile(r"取消预警|取消.{0,20}预警|解除.{0,20}(?:预警|警报)|预警.{0,4}解除")
MODES: tuple[Mode, ...] = ("actual", "exercise")
Scope = Literal["site", "area"]
_WARNED_OF = re.compile(r"暴雨|洪水|台风|内涝|山洪|地质灾害|强对流|暴雪|雷暴大风|大风")


@dataclass(frozen=True)
class Fused:
    """Where one message went and what changed with it."""

    view: EvidenceView
    """The message's view with incident, score, reasons and duplicate filled in."""
    match: Match
    incident: Incident | None
    impacts: list[Impact]
    duplicate_of: str | None
    links: tuple[Link, ...] = ()
    """What led to the incident it opened, and what that may have led to."""
    also: tuple[tuple[EvidenceView, Match], ...] = ()
    """Earlier messages that waited and now belong to the incident this one opened; their views are filled in too."""


class Fuser:
    """Decides, message by message, what belongs together. Holds the open incidents and what still waits."""

    def __init__(
        self,
        incidents: Iterable[Incident] = (),
        evidence: Mapping[str, Sequence[EvidenceView]] | None = None,
        statements: Iterable[Statement] = (),
        *,
        loose: Iterable[EvidenceView] = (),
        judgements: Iterable[Judgement] = (),
        city: Place | None = None,
    ) -> None:
        """Take up what the graph holds.

        Incidents open, closed and merged; their evidence by incident id; the statements of all evidence; evidence that is in no
        incident, waiting for a person or set aside by one; and every judgement, oldest first.
        """
        self._hazards: Mapping[str, Hazard] = hazards()
        self._city = city or Place(name="南京市", adcode="320100", lon=118.79, lat=32.06, precision="city")
        self._known = OpenIncidents(self._hazards)
        self._merged: dict[str, Incident] = {}
        self._waiting: dict[tuple[Mode, str], dict[str, Heard]] = {}
        self._mild: dict[tuple[Mode, str, str], dict[str, Heard]] = {}
        self._wordings = Wordings()
        self._said: dict[str, datetime] = {}
        self._placed: dict[str, str] = {}
        self._set_aside: set[str] = set()
        self._apart: set[frozenset[str]] = set()
        self._refused: set[tuple[str, str]] = set()
        self.follow(incidents, evidence or {}, statements, loose=loose, judgements=judgements)

    def follow(
        self,
        incidents: Iterable[Incident],
        evidence: Mapping[str, Sequence[EvidenceView]],
        statements: Iterable[Statement],
        *,
        loose: Iterable[EvidenceView] = (),
        judgements: Iterable[Judgement] = (),
    ) -> None:
        """Take these incidents and this evidence as the graph now has them, whatever was in mind; `judgements` are all there are."""
        self._mind(list(judgements))
        spoken: dict[str, list[Statement]] = {}
        for one in statements:
            spoken.setdefault(one.evidence, []).append(one)
        changed = list(incidents)
        for incident in changed:
            self._known.forget(incident.id)
            self._merged.pop(incident.id, None)
        for incident in changed:
            if incident.merged_into is not None:
                self._merged[incident.id] = incident
            elif incident.hazard in self._hazards:
                taken = self._known.take_up(incident, evidence.get(incident.id, ()), spoken)
                self._stop_waiting(heard.view.id for heard in taken)
                for heard in taken:
                    self._placed[heard.view.id] = incident.id
                    self._remember_words(heard)
        taken_up = {incident.id for incident in changed}
        for merged in self._merged.values():
            root = self._root(merged.id)
            if root in self._known and (root in taken_up or merged.id in taken_up):
                self._known.also(root, merged)
        free = list(loose)
        self._stop_waiting(view.id for view in free)
        for view in free:
            heard = Heard.of(view, None, spoken.get(view.id, ()))
            self._placed.pop(view.id, None)
            self._remember_words(heard)
            if view.id not in self._set_aside and view.hazard in self._hazards:
                self._waiting.setdefault((view.mode, _where(heard)), {})[view.id] = heard

    def _mind(self, judgements: Sequence[Judgement]) -> None:
        """What people said that outranks any score."""
        self._apart, self._refused = told_apart(judgements), refused(judgements)
        self._set_aside = set()
        for one in judgements:
            if one.verdict == "move" and not one.undone:
                self._set_aside = self._set_aside - set(one.evidence) if one.target else self._set_aside | set(one.evidence)

    def _stop_waiting(self, evidence: Iterable[str]) -> None:
        gone = set(evidence)
        for waiting in (*self._waiting.values(), *self._mild.values()):
            for id in gone & waiting.keys():
                del waiting[id]

    def _root(self, incident_id: str) -> str:
        """The incident that this one was found to be, or itself."""
        while incident_id in self._merged:
            incident_id = self._merged[incident_id].merged_into or ""
        return incident_id

    @property
    def open_count(self) -> int:
        """How many incidents are being managed."""
        return sum(1 for mode in MODES for _ in self._known.managed(mode))

    def place(self, view: EvidenceView, understanding: Understanding, statements: Sequence[Statement]) -> Fused:
        """Decide which incident a message belongs to. Deterministic: the same messages in the same order give the same ids."""
        if understanding.mode == "exercise":
            view = view.model_copy(update={"mode": "exercise"})
        heard = Heard.of(view, understanding, statements)
        heard = replace(heard, view=heard.view.model_copy(update={"duplicate_of": self._repeated(heard)}))
        self._remember_words(heard)
        fused = self._decide(heard)
        if fused.match.incident is not None:
            self._placed[view.id] = fused.match.incident
        return fused

    def _repeated(self, heard: Heard) -> str | None:
        """The earlier message this one repeats. The same words a day later, or about what was over by then, are news."""
        first = self._wordings.first_like(heard.view.text, heard.group, heard.spot)
        while first is not None:
            home = self._placed.get(first)
            is_over = home is not None and home in self._known and self._known[home].was_over(heard.at)
            if not is_over and abs(heard.at - self._said[first]) <= timedelta(hours=REPEATED_HOURS):
                return first
            self._wordings.forget(first)
            first = self._wordings.first_like(heard.view.text, heard.group, heard.spot)
        return None

    def _remember_words(self, heard: Heard) -> None:
        if heard.view.duplicate_of is None:
            self._said[heard.view.id] = heard.at
            self._wordings.remember(heard.view.id, heard.view.text, heard.group, heard.spot)

    def _decide(self, heard: Heard) -> Fused:
        """The steps of the module's first page, in order."""
        if heard.view.source_kind == "warning":
            return self._place_warning(heard)
        known_here = self._known.hazards_at(heard)
        heard = presumed(heard, known_here)
        first = heard.view.duplicate_of or ""
        home = self._placed.get(first)
        if home is not None and home in self._known:
            return self._join(heard, home, 0.95, ("与先前一条内容几乎相同，随之归并，不另作佐证",))
        if first in self._set_aside:
            return self._wait_aside(heard)
        if any(first == id for id, _ in self._refused):
            return self._wait(heard, 0.0, ("与一条人工拒绝过归并提议的内容几乎相同，请一并处理",), keep=False)
        obstacle = not_about_an_event(heard, known_here, self._hazards)
        if obstacle:
            return self._wait(heard, 0.0, (obstacle,), keep=False)
        best, verdict, rival = self._best(heard)
        if best is not None and rival is not None:
            told = f"人工已判定“{best.incident.title}”与“{rival.incident.title}”不是同一起，这条与两起都相近，请人工选择"
            return self._wait(heard, verdict.score, (told, *verdict.reasons), proposed=best)
        if best is not None and verdict.score >= ACCEPT:
            return self._join(heard, best.incident.id, verdict.score, verdict.reasons)
        return self._open_or_area(heard, best, verdict)

    def _open_or_area(self, heard: Heard, best: Open | None, verdict: Verdict) -> Fused:
        """No open incident fits: open one, join the area's, or wait."""
        hindrance, grave, area = may_not_open(heard), gravity(heard, self._hazards), self._area_for(heard)
        if not hindrance and grave:
            return self._open_site(heard, grave, area, near=best if verdict.score >= WEAK else None)
        voices = {} if hindrance else self._mild_voices(heard)
        if len(voices) >= INDEPENDENT_VOICES:
            return self._open_site(heard, f"同一地点已有{len(voices)}条相互独立的报告", area)
        if area is not None and (heard.spot or not heard.endangers_people):
            return self._join(heard, area.incident.id, 0.6, (f"轻微或零散险情，位于“{area.incident.title}”范围内，归入区域事件",))
        nearest = (f"最接近的事件是“{best.incident.title}”（{verdict.score:.2f}，未达{ACCEPT:.2f}）", *verdict.reasons) if best else ()
        why = (*nearest, hindrance or "险情较轻且只有单一来源，暂不立为事件")
        return self._wait(heard, verdict.score if best else 0.0, why, proposed=best if verdict.score >= WEAK else None)

    # --- which incident -----------------------------------------------------------------------------------------------------------

    def _best(self, heard: Heard) -> tuple[Open | None, Verdict, Open | None]:
        """The best-fitting site incident, and one as near that a person told apart from it, if there is one.

        A message that names only a district fits the one incident of its kind there.
        """
        scored: list[tuple[Open, Verdict]] = []
        for known in self._known.near(heard):
            if not self._is_refused(heard, known):
                scored.append((known, compare(heard, known, self._hazards)))
        if not scored:
            return None, Verdict(0.0, (), False), None
        best, verdict = max(scored, key=lambda pair: pair[1].score)
        if verdict.score <= 0.0:
            return None, Verdict(0.0, (), False), None
        if not verdict.located and sum(1 for _, each in scored if each.score >= WEAK) == 1 and self._may_be_lone(heard, best):
            verdict = Verdict(ACCEPT, (*verdict.reasons, "所在区内同类事件仅此一起，且未说明其他地点"), True)
        return best, verdict, self._rival(best, verdict, scored)

    def _is_refused(self, heard: Heard, known: Open) -> bool:
        """Whether a person said that this message, or the one it repeats, is not about that incident."""
        mine = [heard.view.id, *([heard.view.duplicate_of] if heard.view.duplicate_of else [])]
        return any((id, one.id) in self._refused for id in mine for one in known.all)

    def _rival(self, best: Open, verdict: Verdict, scored: Sequence[tuple[Open, Verdict]]) -> Open | None:
        if verdict.score < ACCEPT or not self._apart:
            return None
        mine = {one.id for one in best.all}
        for other, found in scored:
            told = any(frozenset((a, b.id)) in self._apart for a in mine for b in other.all) if other is not best else False
            if told and verdict.score - found.score < TOO_CLOSE:
                return other
        return None

    def _may_be_lone(self, heard: Heard, known: Open) -> bool:
        """Whether "着火了，在鼓楼区" can only mean the one fire there; scattered water never does."""
        grave = not self._hazards[known.incident.hazard].fusion.area or heard.endangers_people
        unplaced = not heard.spot and not heard.is_point
        return grave and unplaced and heard.view.hazard == known.incident.hazard and heard.adcode == known.adcode != ""

    def _area_for(self, heard: Heard) -> Open | None:
        """The area incident that covers a message: same or consequent hazard, same region, still running."""
        hazard = heard.view.hazard
        for known in self._known.areas(heard.view.mode) if hazard in self._hazards else ():
            its = self._hazards[known.incident.hazard]
            related = hazard == its.code or (hazard in its.secondary and self._hazards[hazard].fusion.area)
            if related and _covers(known, heard) and _is_running(known, heard, its) and not self._is_refused(heard, known):
                return known
        return None

    def _mild_voices(self, heard: Heard) -> dict[str, Heard]:
        """Independent mild reports of this spot in this district so far, this one included."""
        if not heard.spot or not heard.adcode or heard.view.duplicate_of:
            return {}
        voices = self._mild.setdefault((heard.view.mode, heard.adcode, heard.spot), {})
        for old in [one for one, other in voices.items() if heard.at - other.at > timedelta(hours=WAITING_HOURS)]:
            del voices[old]
        voices[heard.view.id] = heard
        return voices

    # --- what becomes of it -------------------------------------------------------------------------------------------------------

    def _join(self, heard: Heard, incident_id: str, score: float, reasons: tuple[str, ...], *, opens: bool = False) -> Fused:
        match = Match(incident=incident_id, score=score, reasons=reasons, opens=opens)
        view = self._known.add(heard, incident_id, match)
        return Fused(view, match, self._known[incident_id].incident, self._known.beliefs(incident_id), view.duplicate_of)

    def _wait(self, heard: Heard, score: float, reasons: tuple[str, ...], *, keep: bool = True, proposed: Open | None = None) -> Fused:
        """Leave a message to a person; a proposal with its reasons, never a silent drop."""
        near = proposed.incident.id if proposed else None
        view = heard.view.model_copy(update={"match_score": score, "match_reasons": reasons, "proposed": near})
        if keep:
            self._waiting.setdefault((view.mode, _where(heard)), {})[view.id] = heard
        return Fused(view, Match(incident=None, score=score, reasons=reasons), None, [], view.duplicate_of)

    def _wait_aside(self, heard: Heard) -> Fused:
        """What repeats a message that a person set aside goes the same way, unless life is at stake: then a person looks again."""
        why = "与人工判定不属于任何事件的一条内容几乎相同"
        if heard.view.urgency < LIFE:
            return self._wait(heard, 0.0, (f"{why}，随之处理",), keep=False)
        heard = replace(heard, view=heard.view.model_copy(update={"duplicate_of": None}))
        return self._wait(heard, 0.0, (f"{why}，但说有人遇险，请再看一次",))

    def _open_site(self, heard: Heard, why: str, area: Open | None, near: Open | None = None) -> Fused:
        """Open an incident at a spot, named for the place and what happened there."""
        place = heard.place or self._city
        district = place.district or ""
        name = "" if place.name in (district, "坐标点") else place.name.removeprefix("南京市").removeprefix(district)
        reasons: tuple[str, ...] = (why,)
        if area:
            reasons = (*reasons, f"发生在“{area.incident.title}”影响范围内，可能为其次生险情")
        if near:
            reasons = (*reasons, f"与“{near.incident.title}”相近但未达并案标准，如系同一起请人工合并")
        return self._open_incident(heard, place, f"{district}{name}{self._what_happened(heard)}", "site", reasons)

    def _what_happened(self, heard: Heard) -> str:
        """The event in a title's words: water where it stands, else the hazard's name."""
        hazard = self._hazards[heard.view.hazard or ""]
        stands = GRAVE_SPOT.search(heard.spot) or re.search(r"积水|内涝|进水|倒灌", heard.view.text)
        return "积水" if hazard.code == "flood" and stands else hazard.name

    def _open_incident(self, heard: Heard, place: Place, title: str, scope: Scope, reasons: tuple[str, ...]) -> Fused:
        view, hazard = heard.view, self._hazards[heard.view.hazard or ""]
        start, assumed = started(heard)
        incident = Incident(
            id="in-" + digest([view.mode, hazard.code, view.id])[:32],
            title=title,
            hazard=hazard.code,
            event_type=hazard.event_type,
            mode=view.mode,
            scope=scope,
            place=place,
            started_at=start,
            started_at_assumed=assumed,
            first_evidence_at=heard.at,
            updated_at=heard.at,
            evidence_count=0,
        )
        links = (*self._again(heard, incident), *links_of(incident, self._known.managed(view.mode), self._hazards))
        self._known.begin(incident, heard.spot)
        opened = self._join(heard, incident.id, 1.0, reasons, opens=True)
        also = tuple(self._pull_in(self._known[incident.id]))
        return replace(opened, incident=self._known[incident.id].incident, impacts=self._known.beliefs(incident.id), links=links, also=also)

    def _again(self, heard: Heard, incident: Incident) -> Iterator[Link]:
        """Links to incidents of the same danger at the very spot that a person had closed."""
        for over in self._known.over_at(heard):
            span = timedelta(hours=self._hazards[incident.hazard].fusion.hours)
            if over.hazard == incident.hazard and over.closed_at is not None and heard.at - over.closed_at <= span:
                yield Link(cause=over.id, effect=incident.id, reasons=(f"同一地点的“{over.title}”已结束，可能是再次发生（如复燃）",))

    def _pull_in(self, known: Open) -> list[tuple[EvidenceView, Match]]:
        """Look again at what waits near a new incident; what fits joins it."""
        mode, moved = known.incident.mode, []
        keys = (
            [key for key in self._waiting if key[0] == mode]
            if known.incident.scope == "area"
            else [(mode, spot) for spot in (*known.spots, "")]
        )
        for key in keys:
            for heard in list(self._waiting.get(key, {}).values()):
                if abs(heard.at - known.incident.started_at) > timedelta(hours=WAITING_HOURS):
                    continue
                match = self._belated(heard, known)
                if match:
                    del self._waiting[key][heard.view.id]
                    self._placed[heard.view.id] = known.incident.id
                    heard = replace(heard, view=heard.view.model_copy(update={"proposed": None}))
                    moved.append((self._known.add(heard, known.incident.id, match), match))
        return moved

    def _belated(self, heard: Heard, known: Open) -> Match | None:
        """Whether a message that waited fits an incident that opened after it."""
        if self._is_refused(heard, known):
            return None
        if known.incident.scope == "area":
            if self._area_for(heard) is not known or (heard.endangers_people and not heard.spot):
                return None
            return Match(incident=known.incident.id, score=0.6, reasons=("先到的零散报告，区域事件立起后补归入",))
        verdict = compare(heard, known, self._hazards)
        if verdict.score < ACCEPT:
            return None
        return Match(incident=known.incident.id, score=verdict.score, reasons=(*verdict.reasons, "事件立起后补归入"))

    # --- warnings -----------------------------------------------------------------------------------------------------------------

    def _place_warning(self, heard: Heard) -> Fused:
        """A warning joins the area incident of its hazard and region, or opens it; a blue or yellow one does not open it."""
        hazard = self._warned_hazard(heard.view)
        if hazard is None:
            return self._wait(heard, 0.0, ("预警的灾种不在本系统定义之内",), keep=False)
        region = self._region(heard)
        heard = replace(heard.meaning(hazard), place=region, spot="")
        area = self._area_for(heard)
        if area is not None:
            return self._join(heard, area.incident.id, 0.9, (f"同一区域的{self._hazards[hazard].name}预警，更新区域事件",))
        headline = heard.view.title or heard.view.text
        if _CALLED_OFF.search(headline):
            return self._wait(heard, 0.0, ("预警已取消或解除，不立为区域事件",))
        if _LESSER_WARNING.search(headline):
            return self._wait(heard, 0.0, ("蓝色、黄色预警不单独立为区域事件",))
        words = _WARNED_OF.search(headline)
        title = f"{region.name}{words[0] if words else self._hazards[hazard].name}"
        return self._open_incident(heard, region, title, "area", ("权威部门预警，立为区域事件",))

    def _warned_hazard(self, view: EvidenceView) -> str | None:
        """The hazard a warning is about: the one whose words, weak ones included, its headline holds at greatest length."""
        headline = view.title or view.text[:60]
        found = [(len(word), code) for code, hazard in self._hazards.items() for word in (hazard.name, *hazard.words) if word in headline]
        if found:
            return max(found)[1]
        return None if view.title else view.hazard

    def _region(self, heard: Heard) -> Place:
        """The region a warning is for: the one division its headline names, else the desk's whole city."""
        headline = heard.view.title or heard.view.place
        named = heard.understanding.places if heard.understanding else ()
        return next((one for one in named if one.adcode and one.precision == "district" and one.name in headline), self._city)


def _covers(known: Open, heard: Heard) -> bool:
    """Whether the message is about the area's region. One that names no division is about this desk's own city."""
    region, mine = known.incident.place.adcode or "", (heard.place.adcode if heard.place else "") or ""
    if region.endswith("00"):
        return not mine or mine[:4] == region[:4]
    return mine == region


def _is_running(known: Open, heard: Heard, hazard: Hazard) -> bool:
    span = timedelta(hours=hazard.fusion.hours)
    if known.was_over(heard.at):
        return False
    return known.incident.started_at - span <= heard.at <= (known.latest or known.incident.updated_at) + span


def _where(heard: Heard) -> str:
    """Under which key a message waits: its spot, nothing for a bare point, and a mark where only an area incident could take it in."""
    return heard.spot or ("" if heard.is_point else "?")

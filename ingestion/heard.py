"""One message as fusion sees it: where it is about, whether people are in danger, and whether it may open an incident at all.

Every "no" comes with its reason in words for the duty officer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from models.believe import CREDIBLE, spoken_at
from models.domain import EvidenceView, Place, Statement, Understanding
from models.hazards import Hazard

_UNDERPASS = re.compile(r"(?:的)?(?:下穿(?:式)?(?:通道|隧道|立交|地道)?|隧道|涵洞|桥洞|桥底|地道|地下通道)(?:内|里|口|处|附近)*$")
_DETAIL = re.compile(r"(?:第?[\d一二三四五六七八九十]+\s*(?:幢|栋|号楼|座|单元|室|层|楼|号)).*$")
_AROUND = re.compile(r"(?:内|里面?|附近|门口|旁边?|对面|周边|一带|路口|这边|那边)+$")
_ANY_GROUND = re.compile(
    r"(?:模拟|演练|整个|附近|周边|旁边|这边|那边|一带|路面|路上|道路|马路|街上|路边|小区|地铁口|地铁站|路口|门口|地下车库|车库|家里|店铺|楼道|工地)+"
)
"""Words that name no ground of their own: every street has a 路口."""
_DIVISION = re.compile(
    r"^(?:江苏省)?(?:[\u4e00-\u9fff]{2,3}市)?(?:[\u4e00-\u9fff]{2,3}[区县](?!块|域))?(?:[\u4e00-\u9fff]{2,6}(?:街道|镇|乡)(?!办))?"
)


def place_key(name: str, *divisions: str | None) -> str:
    """A place's name reduced to what tells it from another: without divisions, house numbers and the many words for an underpass."""
    key = re.sub(r"[\s“”\"'（）()《》【】·,，。]", "", name)
    for division in divisions:
        if division:
            key = key.replace(division, "")
    key = _DIVISION.sub("", key) or key
    key = _AROUND.sub("", _DETAIL.sub("", key)) or key
    key = key.replace("的", "") or key
    if _UNDERPASS.search(key) and len(_UNDERPASS.sub("", key)) >= 2:
        return _UNDERPASS.sub("", key) + "下穿"
    return key.removesuffix("小区") if len(key) > 4 else key


def is_spot(place: Place) -> bool:
    """Whether the name is finer than a street or district, so that two reports of it mean the same ground."""
    rest = re.sub(r"\s", "", place.name)
    for division in (place.district, place.street):
        rest = rest.replace(division, "") if division else rest
    rest = _DIVISION.sub("", rest)
    if re.search(r"(?:区|县|市|街道|镇|乡|省)$", rest) and not rest.endswith(("小区", "社区", "园区", "厂区", "校区")):
        return False
    return len(_ANY_GROUND.sub("", _DETAIL.sub("", rest))) >= 2 and place.precision != "city"


@dataclass(frozen=True)
class Heard:
    """One message as fusion sees it."""

    view: EvidenceView
    understanding: Understanding | None
    statements: tuple[Statement, ...]
    place: Place | None
    """The event's own place; None when the message names none."""
    spot: str
    """Key of the named spot; empty when the place is no finer than a street."""
    at: datetime

    @classmethod
    def of(cls, view: EvidenceView, understanding: Understanding | None, statements: Sequence[Statement]) -> Heard:
        """Read the event's place from the understanding, else from the view alone (after a restart)."""
        places = understanding.places if understanding else ()
        place = next((one for one in places if is_spot(one)), places[0] if places else None)
        if place is not None and place.district is None:
            # "绮云路隧道 ... 秦淮区": the district may be named apart from the spot.
            known = next((one for one in places if one.district), None)
            place = place.model_copy(update={"district": known.district, "adcode": place.adcode or known.adcode}) if known else place
        if place is None and (view.place or view.lon is not None):
            # The gazetteer gives centres of divisions to a hundredth of a degree; anything finer is a spot.
            fine = view.lon is not None and view.lat is not None and (round(view.lon, 2), round(view.lat, 2)) != (view.lon, view.lat)
            place = Place(name=view.place or "坐标点", lon=view.lon, lat=view.lat, precision="point" if fine else "unknown")
        if place is not None and place.lon is None and view.lon is not None:
            place = place.model_copy(update={"lon": view.lon, "lat": view.lat, "precision": "point"})
        spot = place_key(place.name, place.district, place.street) if place and is_spot(place) and place.name != "坐标点" else ""
        if place is not None and spot and places and place.name != places[0].name:
            # The street office is named first, the underpass it speaks of second: the map and the list show the underpass.
            from_text = (view.lon, view.lat) in ((places[0].lon, places[0].lat), (None, None))
            where = {"lon": place.lon, "lat": place.lat} if from_text else {}
            view = view.model_copy(update={"place": place.name, **where})
        return cls(view, understanding, tuple(statements), place, spot, spoken_at(view))

    @property
    def adcode(self) -> str:
        """County-level division code, or empty."""
        code = (self.place.adcode or "") if self.place else ""
        return code if not code.endswith("00") else ""

    @property
    def endangers_people(self) -> bool:
        """Whether it says that people are dead, hurt, missing or trapped; "无人员伤亡" does not."""
        return any(one.property.removeprefix("impact.") in HARM and (one.best is None or one.best > 0) for one in self.statements)

    @property
    def says_more(self) -> bool:
        """Whether it gives any figure, passes on a rumour or takes something back."""
        return any(one.property.startswith("impact.") or one.property in ("rumour", "retraction") for one in self.statements)

    def meaning(self, hazard: str) -> Heard:
        """The same message, taken to be about that hazard."""
        return replace(self, view=self.view.model_copy(update={"hazard": hazard}))

    @property
    def group(self) -> str:
        """Messages of different groups are never duplicates, however alike their words."""
        return f"{self.view.mode}|{any(one.property == 'retraction' for one in self.statements)}"

    @property
    def is_point(self) -> bool:
        """Whether the coordinates stand for a spot rather than for the middle of a division."""
        return self.place is not None and self.place.lon is not None and self.place.precision == "point"


HARM = {"dead", "missing", "injured", "seriously_injured", "trapped", "homes_collapsed"}
"""Kinds of harm that make one single message enough."""
GRAVE_SPOT = re.compile(r"下穿$|隧道|涵洞|桥洞|地铁")
"""Water in a place people cannot climb out of is a danger to life before anyone says so."""
_WATER = re.compile(r"水|淹|泡|漫")
_AFTERMATH = re.compile(r"救出|获救|脱险|脱困|扑灭|灭了|送医|救护车|救援|消防|受困|伤亡")
_SMALL_TALK = {"咨询", "建议", "投诉", "提供帮助"}
_DAY = timedelta(hours=24)


@cache
def root_of(hazard: Hazard) -> re.Pattern[str]:
    """The characters most of a hazard's own words share (火, 水, 泄漏): at the very spot of a known fire, "火很大" is about it."""
    counts = Counter(character for word in hazard.triggers.strong for character in sorted(set(word)))
    most = max(counts.values())
    return re.compile("|".join(character for character, count in counts.items() if count == most))


def presumed(heard: Heard, known_here: Sequence[Hazard]) -> Heard:
    """The message with the hazard it most likely means, where its own words name none or another.

    At the very spot of an open incident a word of that incident's hazard decides: "漏了什么，闻了呕吐" beside a leaking tank is the leak, not
    food poisoning. People in danger where water gathers are taken for a flood rather than left unseen.
    """
    hazard = heard.view.hazard
    fitting = [one for one in known_here if one.code == hazard or hazard in one.secondary]
    if hazard is not None and known_here and not fitting:
        meant = next((one for one in known_here if root_of(one).search(heard.view.text)), None)
        return heard.meaning(meant.code) if meant else heard
    if hazard is None and heard.endangers_people and _WATER.search(heard.view.text) and GRAVE_SPOT.search(heard.spot):
        return heard.meaning("flood")
    return heard


def not_about_an_event(heard: Heard, known_here: Sequence[Hazard], hazards: Mapping[str, Hazard]) -> str:
    """Why a message cannot concern an incident at all; empty when it can. `known_here`: hazards of open incidents at its very spot."""
    view, understood = heard.view, heard.understanding
    if view.hazard is None:
        return "" if heard.endangers_people or _speaks_of(heard, known_here) else "未识别出灾害或险情"
    if view.hazard not in hazards:
        return f"灾种“{view.hazard}”没有定义"
    if understood is None:
        return ""
    happened = (understood.occurred_at.end or understood.occurred_at.start) if understood.occurred_at else None
    if happened and heard.at - happened > max(_DAY, timedelta(hours=hazards[view.hazard].fusion.hours)):
        return "说的是过去的事，不是当前险情"
    if understood.trigger is None and not heard.says_more:
        return "提到灾害但没有说发生了什么"
    idle = understood.request_type in _SMALL_TALK and not (understood.request_type == "投诉" and understood.trigger)
    if idle and not heard.says_more and not known_here:
        return f"属于{understood.request_type}，未报告险情"
    return ""


def _speaks_of(heard: Heard, known_here: Sequence[Hazard]) -> bool:
    """Whether a message that names no hazard speaks of an incident at the very spot: harm, rescue, or a word of its hazard."""
    idle = heard.understanding is not None and heard.understanding.request_type in _SMALL_TALK
    text = heard.view.text
    named = any(word in text for hazard in known_here for word in hazard.words)
    hinted = not idle and any(root_of(hazard).search(text) for hazard in known_here)
    return bool(known_here) and (heard.says_more or named or hinted or bool(_AFTERMATH.search(text)))


def may_not_open(heard: Heard) -> str:
    """Why a message may not open an incident by itself; empty when it may."""
    understood = heard.understanding
    if heard.view.hazard is None or understood is None or (understood.trigger is None and not heard.endangers_people):
        return "没有明确说发生了什么，不能单独立为事件"
    if understood.retracts:
        return "内容是撤回或辟谣，不能据此立为事件"
    if any(one.property == "rumour" for one in heard.statements):
        return "属于网传、听说，不能据此立为事件"
    if heard.view.credibility < CREDIBLE:
        return f"可信度{heard.view.credibility:.2f}过低，不能据此立为事件"
    if not (heard.spot or heard.is_point or (heard.adcode and heard.endangers_people)):
        return "有人员危险但地点不明，请立即人工核实" if heard.endangers_people else "地点不明确"
    return ""


def gravity(heard: Heard, hazards: Mapping[str, Hazard]) -> str:
    """What makes one single message enough to open an incident; empty when it is mild."""
    hazard = hazards.get(heard.view.hazard or "")
    if hazard is None:
        return ""
    if heard.endangers_people:
        return "有人被困、伤亡或失联，一条即立为事件"
    if not hazard.fusion.area:
        return f"{hazard.name}属严重险情，一条可信报告即立为事件"
    return "下穿通道、隧道等处积水危及生命，一条可信报告即立为事件" if GRAVE_SPOT.search(heard.spot) else ""


def started(heard: Heard) -> tuple[datetime, bool]:
    """When it happened, if the message says a moment within the day before it was said; else when it was said, as an assumption."""
    span = heard.understanding.occurred_at if heard.understanding else None
    if span and span.start and timedelta(0) <= heard.at - span.start <= _DAY:
        return span.start, False
    return heard.at, True

"""The blank page a report type writes on: what the dossier holds, what the rules say, and the one way to put a sentence down.

What is taken back or judged a rumour stays out of reach here, so no report type can state it by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property

from models.divisions import former, short_name
from models.domain import BEIJING, IMPACT_TYPES, Claim, Conflict, Deadline, Dossier, EvidenceView, Grading, Impact, Report, Statement
from models.hazards import hazard
from models.rules import deadlines, grade_accident, response_levels
from models.settings import Settings
from reports.plans import Plan, compared, grading, plans_of
from reports.subject import is_day
from reports.types import Clause, ReportType
from reports.wording import UNCHECKED, beijing, day, figure

PROVINCES = {
    "13": "河北省",
    "14": "山西省",
    "15": "内蒙古自治区",
    "21": "辽宁省",
    "22": "吉林省",
    "23": "黑龙江省",
    "32": "江苏省",
    "33": "浙江省",
    "34": "安徽省",
    "35": "福建省",
    "36": "江西省",
    "37": "山东省",
    "41": "河南省",
    "42": "湖北省",
    "43": "湖南省",
    "44": "广东省",
    "45": "广西壮族自治区",
    "46": "海南省",
    "51": "四川省",
    "52": "贵州省",
    "53": "云南省",
    "54": "西藏自治区",
    "61": "陕西省",
    "62": "甘肃省",
    "63": "青海省",
    "64": "宁夏回族自治区",
    "65": "新疆维吾尔自治区",
}
"""First two digits of a division code (GB/T 2260) and the province above a city; 直辖市 have none."""

RETOLD = ".said."
"""In the id of a claim that repeats what was said: the only ones a model's sentences may take the place of."""

TRUSTED = ("A", "B")
"""Reliabilities whose word counts as checked."""

AN_HOUR = timedelta(hours=1)
"""Widest interval that still tells the hour."""

WELL_FOUNDED = 0.7
"""Credibility from which a message counts as well founded, as in fusion."""

OFFICE = re.compile(
    r"(?:办事处|街道|社区|居委会|村委会|派出所|消防|公安|交警|管委会|应急|医院|水务|城管)[^，。：；]{0,10}(?:来电|报告|续报|通报)"
)
"""A message in which an office speaks, whoever passed it on."""

HEARSAY = "（传言，未证实）"
"""How fusion marks a differing figure that only a rumour gives."""


def set_aside(dossier: Dossier) -> frozenset[str]:
    """Evidence nobody may be quoted from: rumours, messages that take something back, and messages of the other mode (drill or real).

    An authority that denies a rumour is believed; what it denies is not repeated from others.
    """
    reliability = {item.id: item.reliability for item in dossier.evidence}
    doubted = {
        statement.evidence
        for statement in dossier.statements
        if statement.property in ("rumour", "retraction") and reliability.get(statement.evidence) not in TRUSTED
    }
    return frozenset(doubted | {item.id for item in dossier.evidence if item.mode != dossier.incident.mode})


def believable(conflict: Conflict, dossier: Dossier) -> bool:
    """Whether a differing figure may be shown in a report: hearsay is kept in the graph and stays out of what is sent up."""
    source = next((item.evidence for item in dossier.statements if item.id == conflict.statement), None)
    return source not in set_aside(dossier) and not conflict.quote.endswith(HEARSAY)


class Page:
    """One report being written about one dossier at one moment. Sentences are numbered within their section in the order they are said."""

    def __init__(self, dossier: Dossier, kind: ReportType, settings: Settings, at: datetime) -> None:
        self.dossier, self.kind, self.settings, self.at = dossier, kind, settings, at
        self.incident = dossier.incident
        self.on = self.incident.started_at.astimezone(BEIJING).date()
        self.evidence = {item.id: item for item in dossier.evidence}
        self.claims: list[Claim] = []
        self.printed: set[str] = set()
        """Sayings already quoted, so that none is read twice."""
        self.since: datetime | None = None
        """When set, only sayings heard after this moment count as said."""
        self.followed: Report | None = None
        """The report this one follows, for a type that follows one; null otherwise."""
        self.noted: list[Deadline] = []
        """Duties a day's report speaks of, each under an id of its own, because incidents share clocks."""
        self._clauses = {clause.id: clause for clause in kind.clauses}

    def say(self, section: str, text: str, citations: Iterable[str] = (), kind: str = "fact", *, retold: bool = False) -> None:
        """Put one sentence down with what it rests on. A fact without a citation is a defect and stops here.

        `retold` marks a sentence that only repeats what was said, which a model may tell better; its id says so.
        """
        cited = tuple(dict.fromkeys(citation for citation in citations if citation))
        if not cited and kind not in ("missing", "fixed"):
            raise ValueError(f"sentence without a source: {text}")
        number = 1 + sum(1 for claim in self.claims if claim.section == section)
        self.claims.append(
            Claim.model_validate(
                {"id": f"{section}{RETOLD if retold else '.'}{number}", "section": section, "text": text, "citations": cited, "kind": kind}
            )
        )

    def clause(self, id: str) -> Clause:
        """A clause of this report type, by rule id."""
        return self._clauses[id]

    def law(self, id: str) -> tuple[str, ...]:
        """Ids to cite for a clause of this type: its own, and the library's article where the dossier holds it."""
        clause = self._clauses[id]
        documents = {document.id for document in self.dossier.documents if document.title == clause.document}
        held = [
            item.id for item in self.dossier.provisions if item.document in documents and item.article == clause.article and item.verified
        ]
        return (id, *held)

    @cached_property
    def set_aside(self) -> frozenset[str]:
        """Evidence nobody may be quoted from."""
        return set_aside(self.dossier)

    @cached_property
    def rumours(self) -> tuple[Statement, ...]:
        """What was said to be a rumour, or denied by an authority."""
        return tuple(
            item
            for item in self.dossier.statements
            if (source := self.evidence.get(item.evidence)) is not None
            and source.mode == self.incident.mode
            and (item.property == "rumour" or (item.property == "retraction" and source.reliability in TRUSTED))
        )

    def heard(self, item: EvidenceView | Statement) -> datetime:
        """The moment a statement or a piece of evidence dates from: when it was written, else when it reached us."""
        source = self.evidence[item.evidence] if isinstance(item, Statement) else item
        return source.sent_at or source.received_at

    def said(self, prop: str) -> list[Statement]:
        """Usable statements of one property, oldest first, each wording once; copies of another message are left out."""
        usable = [
            item
            for item in self.dossier.statements
            if item.property == prop
            and item.quote
            and item.evidence in self.evidence
            and item.evidence not in self.set_aside
            and (self.since is None or self.heard(item) > self.since)
        ]
        seen: dict[str, Statement] = {}
        for item in sorted(usable, key=lambda one: (self.evidence[one.evidence].duplicate_of is not None, self.heard(one), one.id)):
            seen.setdefault("".join(item.quote.split()), item)
        return sorted(seen.values(), key=lambda one: (self.heard(one), one.id))

    @cached_property
    def counted(self) -> dict[str, Impact]:
        """What was counted by someone who is believed, by impact type, in the order of `IMPACT_TYPES`."""
        return self._impacts("reported")

    @cached_property
    def estimated(self) -> dict[str, Impact]:
        """What was worked out rather than counted; never printed as a count."""
        return self._impacts("estimated")

    def _impacts(self, basis: str) -> dict[str, Impact]:
        stated = {item.id: item for item in self.dossier.statements}
        believed = {}
        for impact in self.dossier.impacts:
            behind = [stated[one].evidence for one in impact.statements if one in stated]
            if impact.basis == basis and impact.type in IMPACT_TYPES and not (behind and set(behind) <= self.set_aside):
                believed[impact.type] = impact
        return {type_: believed[type_] for type_ in IMPACT_TYPES if type_ in believed}

    def weight(self, item: Statement) -> int:
        """How far a saying may stand for what happened: 0 an authority, 1 an office calling the hotline, 2 a well-founded message, 3 the rest."""
        source = self.evidence[item.evidence]
        if source.reliability in TRUSTED:
            return 0
        if OFFICE.search(source.text):
            return 1
        return 2 if source.credibility >= WELL_FOUNDED else 3

    def behind(self, impact: Impact) -> tuple[str, datetime | None, tuple[str, ...]]:
        """Who gave the chosen figure, when, and the ids to cite."""
        stated = {item.id: item for item in self.dossier.statements}
        # The first statement is the one whose figure was chosen; the rest say the same.
        known = [stated[one] for one in impact.statements if one in stated and stated[one].evidence in self.evidence]
        usable = [item for item in known if item.evidence not in self.set_aside] or known
        if not usable:
            return "", impact.as_of, (impact.id, *impact.statements)
        first = usable[0]
        return self.evidence[first.evidence].source_title, self.heard(first), (impact.id, first.id, *(item.id for item in usable))

    def amount(self, impact: Impact) -> str:
        """死亡3人（待核）: the name, the figure a report may print, and whether anyone reliable gave it."""
        name, _ = IMPACT_TYPES[impact.type]
        assert impact.best is not None
        return f"{name}{figure(impact.best)}{impact.unit}{'' if impact.confirmed else UNCHECKED}"

    @cached_property
    def place(self) -> str:
        """City, district, street and spot, each once; empty when not even the district is known."""
        spot = self.incident.place
        if spot.precision == "unknown" and not spot.district and not spot.name:
            return ""
        # A spot nobody could find on the map may lie anywhere: the city is named when it is known to be ours.
        ours = (spot.adcode or "")[:4] == self.settings.city_code[:4]
        if spot.precision in ("city", "unknown") and not any(item.place for item in self.dossier.evidence):
            return ""  # nobody named a place: the incident lies in the city only because the desk does
        parts = [part for part in (self.settings.city_name if ours else "", self._district_as_said(), spot.street or "") if part]
        name = spot.name
        for part in parts:
            name = name.removeprefix(part)
        parts = [part for part in parts if part not in name]
        return "".join(dict.fromkeys([*parts, name]))

    def _district_as_said(self) -> str:
        """The district; by its former name where that is what was said and nobody said the present one."""
        district, texts = self.incident.place.district or "", [item.title + item.text for item in self.dossier.evidence]
        if not district or any(short_name(district) in text for text in texts):
            return district
        old = (one.name for one in former() if self.incident.place.adcode in one.successors and any(one.name in text for text in texts))
        return next(old, district)

    @cached_property
    def hour_known(self) -> bool:
        """Whether anyone gave the time of the event to the hour; 8月25日晚 gives the day alone."""
        spans = [item.value.split("/") for item in self.dossier.statements if item.property == "occurred_at" and "/" in item.value]
        moments = [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in spans]
        widths = [end - start for start, end in moments if start == self.incident.started_at]
        return not widths or min(widths) <= AN_HOUR

    @property
    def started(self) -> str:
        """When it happened, no finer than anyone said it."""
        return beijing(self.incident.started_at) if self.hour_known else day(self.on)

    @cached_property
    def own_government(self) -> str:
        """The government this bureau belongs to."""
        return f"{self.settings.city_name}人民政府"

    @cached_property
    def province(self) -> str:
        """The bureau one level up; empty where no province lies above the city."""
        above = PROVINCES.get(self.settings.city_code[:2], "")
        return f"{above}应急管理厅" if above else ""

    @cached_property
    def as_of(self) -> datetime:
        """The latest moment anything in the dossier dates from: what the report's figures are 截至. Now, for a day on which nothing came in."""
        return max((self.heard(item) for item in self.dossier.evidence), default=self.at)

    @cached_property
    def hazard(self) -> str:
        """Chinese name of the hazard."""
        return hazard(self.incident.hazard).name

    @cached_property
    def grading(self) -> Grading:
        """Accident grade by the counted figures alone; missing persons are shown beside, never added in."""
        known = {type_: impact.best for type_, impact in self.counted.items() if impact.best is not None}
        return grade_accident(
            known.get("dead"), known.get("seriously_injured"), known.get("direct_loss"), missing=known.get("missing") or 0, on=self.on
        )

    @cached_property
    def local_levels(self) -> tuple[Grading, ...]:
        """Response levels by this city's own thresholds: those that ship and those of its plans in the library. Other places' plans never speak here."""
        shipped = (item for item in response_levels(self.figures, self.on) if item.local and item.verified)
        read = (grading(plan, compared(plan, self.figures)) for plan in self.plans)
        return (*shipped, *(item for item in read if item is not None))

    @cached_property
    def figures(self) -> dict[str, float]:
        """Counted figures by impact type; what is only vaguely known is left out."""
        return {type_: impact.best for type_, impact in self.counted.items() if impact.best is not None}

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """This city's plans for such an event in force on the day."""
        return plans_of(self.dossier)

    @cached_property
    def clocks(self) -> tuple[Deadline, ...]:
        """Duties to report, earliest first; for a day, those its report speaks of."""
        if is_day(self.incident.id):
            return tuple(self.noted)
        return tuple(deadlines(self.incident, tuple(self.dossier.impacts), level="市"))

"""Law and plans as data: what one rule file may say.

Every figure carries its source, clause, dates in force and whether it was seen in a source text, in the manner of OpenFisca parameters:
asking for a date gives the law of that date.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from models.domain import IMPACT_TYPES, EventType, Model

Evidence = Literal["text_mirror", "ocr_full_text", "secondary_or_excerpt", "repo_seen", "unverified"]
Level = Literal["现场", "单位", "村", "乡镇", "县", "市", "省", "国家"]
LEVELS: tuple[Level, ...] = ("现场", "单位", "村", "乡镇", "县", "市", "省", "国家")
Mark = Literal["occurred", "received", "county_form", "city_form", "last_report", "stable", "ordered"]
"""Moments a clock can start at: it happened; this desk was told; the form of the level below came; the last report went out; the disaster
settled (灾情稳定); the ministry ordered a verification."""
Range = tuple[float, float | None]
"""From (included, 以上) to (excluded, 以下); null is open."""


class RuleSource(Model):
    """One law, regulation, plan or standard that figures are quoted from, with its dates."""

    title: str
    """Title without 书名号."""
    number: str = ""
    """Document number."""
    in_force: date | None
    """First day in force; null when the date was not seen."""
    in_force_exact: bool = True
    """False when only the year was seen and the first day of it stands in."""
    repealed: date | None = None
    """First day no longer in force."""
    reference: str
    """Where the text was read."""
    note: str = ""
    """What a reader must know about this copy."""

    def holds_on(self, day: date) -> bool:
        """Whether it was in force on that civil day; an unseen date never excludes it, and `dated` says that it was not seen."""
        return (self.in_force is None or self.in_force <= day) and (self.repealed is None or day < self.repealed)

    @property
    def dated(self) -> str:
        """Reference with what is unsure about the date, as printed beside a deadline or grade."""
        if self.in_force is None:
            return f"{self.reference}（施行日期未见）"
        return self.reference if self.in_force_exact else f"{self.reference}（施行日未见，按{self.in_force.year}年起计）"


class Cited(Model):
    """Ground of every parameter: where it stands and whether anyone has seen it there."""

    source: str
    """Key of the source in the same file."""
    clause: str
    """Clause as cited."""
    verified: bool
    """Whether the figure was seen in a source text."""
    evidence: Evidence
    """How it was seen."""
    note: str = ""
    """What a reader must know."""

    @model_validator(mode="after")
    def _memory_is_not_evidence(self) -> Self:
        if self.verified and self.evidence == "unverified":
            raise ValueError("verified 为 true 而 evidence 为 unverified，二者矛盾")
        return self


class GradeBand(Cited):
    """One grade of production accidents. Any one criterion reaches it."""

    grade: str
    """Name of the grade."""
    rank: int = Field(ge=1, le=4)
    """1 the gravest."""
    reaches: Level
    """Highest level the accident is reported up to (493 art. 10)."""
    deaths: Range
    """人."""
    serious_injuries: Range
    """人, including 急性工业中毒."""
    direct_loss_wan_yuan: Range
    """万元."""


class AccidentGrades(Model):
    """`kind: accident_grades`."""

    kind: Literal["accident_grades"]
    id: str
    """Scheme id used in gradings."""
    sources: dict[str, RuleSource]
    near: dict[Literal["deaths", "serious_injuries", "direct_loss_wan_yuan"], float]
    """This project's own margin for the near-boundary warning; no law."""
    bands: tuple[GradeBand, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _bands_touch(self) -> Self:
        for criterion in ("deaths", "serious_injuries", "direct_loss_wan_yuan"):
            edge: float | None = None
            for band in sorted(self.bands, key=lambda band: band.rank):
                low, high = getattr(band, criterion)
                if high != edge:
                    raise ValueError(f"{band.grade} 的 {criterion} 上限 {high} 与更高一级的下限 {edge} 不相接")
                edge = low
        return self


class ResponseLevel(Cited):
    """One response level of one plan. Any one criterion reaches it; null means the plan's number is absent or unreadable."""

    level: str
    rank: int = Field(ge=1, le=4)
    deaths: Range | None = None
    people: Range | None = None
    """紧急转移安置, 需紧急生活救助; combined as the plan says."""
    rooms: Range | None = None
    """倒塌和严重损坏房屋, 间."""
    households: Range | None = None
    """倒塌和严重损坏房屋, 户."""
    drought_aid: Range | None = None
    """干旱需救助人口, 人."""
    drought_share: Range | None = None
    """干旱需救助人口占当地农牧业人口, %."""


class ResponsePlan(Model):
    """One plan's response thresholds, with the place it is for."""

    id: str
    plan: str
    """Name shown to people."""
    source: str
    region: str
    """Place the plan is for."""
    adcode: str
    """Division code of that place, GB/T 2260; 000000 is the whole country."""
    death_basis: Literal["dead", "dead_and_missing", "dead_or_possible"]
    """Whether the missing count with the dead."""
    death_words: str
    """The plan's own words for it."""
    people_basis: Literal["sum", "either"] = "either"
    """`sum` where the plan says 和, `either` where it says 或."""
    complete: bool
    """Whether all four levels are loaded."""
    missing_reason: str = ""
    """Why levels are not loaded."""
    levels: tuple[ResponseLevel, ...] = ()

    @model_validator(mode="after")
    def _gaps_are_explained(self) -> Self:
        if not self.complete and not self.missing_reason:
            raise ValueError("complete 为 false 时须写明 missing_reason")
        return self


class ResponseThresholds(Model):
    """`kind: response_thresholds`."""

    kind: Literal["response_thresholds"]
    sources: dict[str, RuleSource]
    plans: tuple[ResponsePlan, ...]


class Condition(Model):
    """When a clock runs. Any one machine-readable line suffices; `judged` is what only a person can decide."""

    dead_missing_or_trapped_at_least: int | None = None
    """Dead plus missing, or trapped alone, reach this many people."""
    any_casualty: bool = False
    """Someone is dead, missing or injured."""
    grade_at_least: str | None = None
    """Accident grade reached."""
    grade_at_most: str | None = None
    """Accident grade not exceeded, or not yet known."""
    significant_hazard_event: bool = False
    """较大涉险事故 by the figures known."""
    judged: str = ""
    """Words of the clause that need a person's judgement."""

    @property
    def by_figures(self) -> bool:
        """Whether any part of it can be read off figures."""
        return bool(
            self.dead_missing_or_trapped_at_least
            or self.any_casualty
            or self.grade_at_least
            or self.grade_at_most
            or self.significant_hazard_event
        )


class Clock(Cited):
    """One duty to report within a time."""

    id: str
    stage: Literal["initial", "follow_up", "final_check", "supplement", "answer", "investigation"]
    """初报, 续报, 核报, 补报, 核实反馈, 调查. Only `initial` counts as a deadline of the initial report."""
    regime: Literal["accident", "natural", "general", "flood", "drought", "public_health"]
    levels: tuple[Level, ...] = Field(min_length=1)
    """Levels of administration the duty lies on."""
    reporter: str
    recipient: str
    """To whom; `{next}` stands for the next level up."""
    up_to_grade: bool = False
    """True where the accident's grade decides how far up it goes (493 art. 10)."""
    trigger: str
    """What sets it off, in the clause's sense."""
    when: Condition | None = None
    """Null: it always runs."""
    event_types: tuple[EventType, ...] = ()
    """Only these natures of event; empty for what the regime implies."""
    hazards: tuple[str, ...] = ()
    """Only these hazards; empty for all."""
    except_hazards: tuple[str, ...] = ()
    """Not these hazards."""
    applies_in: tuple[str, ...] | None = None
    """Division code prefixes; null for the whole country; empty for an example that applies nowhere here."""
    minutes: int | None = Field(default=None, ge=0)
    """Minutes allowed; 0 is 立即; null when the clause counts otherwise and `due` says how."""
    due: str = ""
    """How the clause counts when not in minutes."""
    starts: Mark
    starts_words: str
    """Start of the clock in the clause's words."""

    @model_validator(mode="after")
    def _says_when_it_is_due(self) -> Self:
        if self.minutes is None and not self.due:
            raise ValueError(f"{self.id}：minutes 与 due 至少写一项")
        return self


class Clocks(Model):
    """`kind: clocks`."""

    kind: Literal["clocks"]
    sources: dict[str, RuleSource]
    clocks: tuple[Clock, ...]


class SignificantHazardEvent(Cited):
    """`kind: significant_hazard_event` (较大涉险事故)."""

    kind: Literal["significant_hazard_event"]
    id: str
    name: str
    sources: dict[str, RuleSource]
    endangered_at_least: int
    """涉险, 人."""
    trapped_or_missing_at_least: int
    """被困或者下落不明, 人."""
    evacuated_at_least: int
    """紧急疏散, 人."""
    judged: tuple[str, ...]
    """Further cases a person must judge."""


CHECK = re.compile(r"(A\d{5})(>=|==)(A\d{5}(?:\+A\d{5})*)")


class Indicator(Cited):
    """One indicator of the disaster-statistics quick report (表 A01)."""

    code: str = Field(pattern=r"^A01\d{3}$")
    name: str
    part: bool = False
    """True for a 其中 item of the indicator before it."""
    unit: str | None
    """Unit of measure; null for a name."""
    definition: str = ""
    """What counts, in our words."""
    stock_and_total: bool = False
    """True where both the present figure (实时值) and the running total (累计值) are kept; the total is not the sum of reports."""
    impact: str | None = None
    """Impact type that feeds it."""

    @model_validator(mode="after")
    def _impact_is_known(self) -> Self:
        if self.impact is not None and self.impact not in IMPACT_TYPES:
            raise ValueError(f"{self.code}：影响类型 {self.impact} 不在 IMPACT_TYPES 中")
        return self


class IndicatorCheck(Cited):
    """One logical relation the form prescribes between indicators."""

    id: str
    expr: str

    @model_validator(mode="after")
    def _is_a_relation(self) -> Self:
        if not CHECK.fullmatch(self.expr):
            raise ValueError(f"{self.id}：{self.expr} 不是 A01007>=A01008 或 A01013==A01014+A01015 的形式")
        return self

    @property
    def parts(self) -> tuple[str, str, tuple[str, ...]]:
        """Left code, relation, right codes."""
        left, relation, right = CHECK.fullmatch(self.expr).groups()  # type: ignore[union-attr]
        return left, relation, tuple(right.split("+"))


class Indicators(Model):
    """`kind: indicators`."""

    kind: Literal["indicators"]
    sources: dict[str, RuleSource]
    cite: dict[str, Any]
    """Source, clause, verified and evidence shared by every line of the table."""
    indicators: tuple[Indicator, ...]
    checks: tuple[IndicatorCheck, ...]

    @model_validator(mode="before")
    @classmethod
    def _share_the_citation(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("cite"), dict):
            shared = data["cite"]
            return data | {
                name: [shared | line if isinstance(line, dict) else line for line in data.get(name) or ()]
                for name in ("indicators", "checks")
            }
        return data

    @model_validator(mode="after")
    def _checks_name_indicators(self) -> Self:
        known = {indicator.code for indicator in self.indicators}
        for check in self.checks:
            left, _, right = check.parts
            if unknown := {left, *right} - known:
                raise ValueError(f"{check.id} 引用了表中没有的指标 {'、'.join(sorted(unknown))}")
        return self

"""The clocks that run once something has happened: who must report to whom, by when, under which clause.

Three regimes run side by side: production accident (493), natural disaster (statistics system, relief regulation) and general duty
information. Which apply follows from the incident's nature; while that is undetermined, the accident and the disaster clock both run. All
times are aware; the law in force is that of the civil day (UTC+8) on which the incident started.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from models.domain import BEIJING, Deadline, EventType, Grading, Impact, Incident
from models.errors import BadInput
from models.grades import grade_accident, significant_hazard_event
from models.parameters import LEVELS, Clock, Condition, Level, Mark
from models.rulebook import rulebook

REGIMES: dict[str, tuple[str, frozenset[EventType]]] = {
    "accident": ("生产安全事故", frozenset({"production_accident", "undetermined"})),
    "natural": ("自然灾害", frozenset({"natural_disaster", "undetermined"})),
    "general": ("突发事件信息", frozenset({"natural_disaster", "production_accident", "undetermined", "other"})),
    "flood": ("洪涝险情灾情", frozenset({"natural_disaster", "undetermined"})),
    "drought": ("干旱灾害", frozenset({"natural_disaster", "undetermined"})),
    "public_health": ("突发公共卫生事件", frozenset({"other"})),
}
"""Name shown to people, and the natures of event for which the regime runs."""

_LEVEL_NAMES: dict[Level, str] = {
    "现场": "现场",
    "单位": "单位",
    "村": "村（社区）",
    "乡镇": "乡（镇、街道）",
    "县": "县级",
    "市": "设区的市级",
    "省": "省级",
    "国家": "国务院",
}
_DESK: Level = "市"
"""The level this desk works at: only its own moment of receipt is known to us."""


class _Figures:
    """What an incident's impacts say, never more: unknown stays unknown, and an open upper end is not infinity."""

    def __init__(self, impacts: Sequence[Impact]) -> None:
        self._impacts = {impact.type: impact for impact in impacts}

    def believed(self, kind: str) -> float | None:
        """The figure a report may print, else the least the statements allow."""
        impact = self._impacts.get(kind)
        if impact is None:
            return None
        return impact.best if impact.best is not None else impact.low

    def at_most(self, kind: str) -> float | None:
        """The most the statements allow; the believed figure when the upper end is open."""
        impact = self._impacts.get(kind)
        believed = self.believed(kind)
        return believed if impact is None or impact.high is None else max(impact.high, believed or 0)

    def estimated(self, *kinds: str) -> bool:
        return any(kind in self._impacts and self._impacts[kind].basis == "estimated" for kind in kinds)

    def grading(self) -> Grading:
        return grade_accident(
            self.believed("dead"), self.believed("seriously_injured"), self.believed("direct_loss"), self.believed("missing") or 0
        )


def clocks() -> list[Clock]:
    """Every clock that ships, follow-ups and other places' examples included."""
    return list(rulebook().clocks)


def deadlines(
    incident: Incident, impacts: Sequence[Impact], *, level: Level = "市", marks: Mapping[Mark, datetime] | None = None
) -> list[Deadline]:
    """Duties to make the initial report (初报) at one level of administration, soonest first, verified before unverified on a tie.

    `marks` gives moments that are known better than the incident tells (`county_form`: when the county's form came). Without them 发生 is
    `incident.started_at` and 接报 is `incident.first_evidence_at`. A duty that only a person can judge carries `if_judged`. Follow-up
    duties are in `followups`. Raises `BadInput` for an unknown level.
    """
    return _run(incident, impacts, level, marks or {}, initial=True)


def followups(
    incident: Incident, impacts: Sequence[Impact], *, level: Level = "市", marks: Mapping[Mark, datetime] | None = None
) -> list[Deadline]:
    """Duties after the initial report (续报, 核报, 补报, 核实反馈, 调查), soonest first.

    A clock whose start is not in `marks` is left out: `last_report` (else the moment of receipt stands in), `stable` (灾情稳定),
    `county_form`, `city_form`, `ordered` (ministry's order to verify).
    """
    return _run(incident, impacts, level, marks or {}, initial=False)


def earliest(due: Sequence[Deadline]) -> Deadline | None:
    """The duty to act on first: the soonest that a source text supports and that applies without further judgement; None without one."""
    binding = [one for one in due if one.verified and not one.if_judged]
    return min(binding, key=_soonest, default=None)


def _soonest(one: Deadline) -> tuple[datetime, bool, str]:
    return one.due_at, not one.verified, one.id


def _run(incident: Incident, impacts: Sequence[Impact], level: Level, marks: Mapping[Mark, datetime], *, initial: bool) -> list[Deadline]:
    if level not in LEVELS:
        raise BadInput(f"层级 {level} 不认识，应为：{'、'.join(LEVELS)}。")
    figures = _Figures(impacts)
    grading = figures.grading()
    found = []
    for clock in rulebook().clocks:
        if (clock.stage == "initial") != initial or level not in clock.levels or clock.minutes is None or not _concerns(clock, incident):
            continue
        reason, judged = _runs(clock.when, figures, grading)
        started = _start(clock, incident, level, marks)
        if reason is None or started is None:
            continue
        found.append(_deadline(clock, level, grading, (started[0], f"{started[1]}{reason}"), judged))
    return sorted(found, key=_soonest)


def _concerns(clock: Clock, incident: Incident) -> bool:
    """Nature, hazard, place and date, before any figure is looked at."""
    natures = clock.event_types or REGIMES[clock.regime][1]
    adcode = incident.place.adcode or ""
    return (
        incident.event_type in natures
        and (not clock.hazards or incident.hazard in clock.hazards)
        and incident.hazard not in clock.except_hazards
        and (clock.applies_in is None or any(adcode.startswith(prefix) for prefix in clock.applies_in))
        and rulebook().sources[clock.source].holds_on(incident.started_at.astimezone(BEIJING).date())
    )


def _runs(when: Condition | None, figures: _Figures, grading: Grading) -> tuple[str | None, str]:
    """Why the clock runs (None: it does not) and what a person must still judge."""
    if when is None:
        return "", ""
    for reason in (_by_count(when, figures), _by_grade(when, grading), _by_hazard_event(when, figures)):
        if reason is not None:
            return reason, ""
    if when.any_casualty and any((figures.believed(kind) or 0) > 0 for kind in ("dead", "missing", "injured", "seriously_injured")):
        return "；有人员伤亡", ""
    return (f"；须判断：{when.judged}", when.judged) if when.judged else (None, "")


def _by_count(when: Condition, figures: _Figures) -> str | None:
    least = when.dead_missing_or_trapped_at_least
    if least is None:
        return None
    for read, remark in ((figures.believed, ""), (figures.at_most, "（按上限计，待核）")):
        lost, trapped = (read("dead") or 0) + (read("missing") or 0), read("trapped") or 0
        if lost >= least or trapped >= least:
            name, value, kinds = ("死亡失踪", lost, ("dead", "missing")) if lost >= least else ("遇险被困", trapped, ("trapped",))
            estimate = "（为估计数，待核）" if figures.estimated(*kinds) else ""
            return f"；{name}{value:g}人，达到{least}人{remark}{estimate}"
    return None


def _by_grade(when: Condition, grading: Grading) -> str | None:
    ranks = {band.grade: band.rank for band in rulebook().grades.bands}
    if when.grade_at_most is not None:
        return "" if grading.level is None or ranks[grading.level] >= ranks[when.grade_at_most] else None
    if when.grade_at_least is None:
        return None
    for grade, remark in ((grading.level, ""), (grading.if_missing_dead, "（如下落不明人员均死亡）")):
        if grade is not None and ranks[grade] <= ranks[when.grade_at_least]:
            return f"；{grade}{remark}"
    return None


def _by_hazard_event(when: Condition, figures: _Figures) -> str | None:
    if not when.significant_hazard_event:
        return None
    event = significant_hazard_event(
        trapped=figures.believed("trapped"), missing=figures.believed("missing"), evacuated=figures.believed("evacuated")
    )
    return f"；{event.level}：{event.reasons[0].rstrip('。')}" if event.level else None


def _start(clock: Clock, incident: Incident, level: Level, marks: Mapping[Mark, datetime]) -> tuple[datetime, str] | None:
    if clock.starts in marks:
        return marks[clock.starts], clock.starts_words
    if clock.starts == "occurred":
        return incident.started_at, clock.starts_words + ("（时间未见，以最早一条信息的时间代替）" if incident.started_at_assumed else "")
    if clock.starts == "received":
        return incident.first_evidence_at, clock.starts_words + ("" if level == _DESK else "（以本局首次接报时间代替）")
    if clock.stage == "initial" or clock.starts == "last_report":
        return incident.first_evidence_at, f"{clock.starts_words}（以本局首次接报时间代替）"
    return None


def _recipient(clock: Clock, level: Level, grading: Grading) -> str:
    if not clock.up_to_grade:
        return clock.recipient
    above = LEVELS[min(LEVELS.index(level) + 1, len(LEVELS) - 1)]
    plain = clock.recipient.replace("{next}", _LEVEL_NAMES[above])
    reaches = {band.grade: band.reaches for band in rulebook().grades.bands}
    # The gravest grade still possible decides how far up it must go, so nobody is told too late.
    grade = grading.if_missing_dead or grading.level
    if grade is None:
        return f"{plain}（等级未定）"
    top = reaches[grade]
    if LEVELS.index(top) <= LEVELS.index(level):
        return f"本级人民政府（{grade}逐级上报至{_LEVEL_NAMES[top]}为止）"
    return f"{plain}（{grade}逐级上报至{_LEVEL_NAMES[top]}有关部门）"


def _deadline(clock: Clock, level: Level, grading: Grading, started: tuple[datetime, str], judged: str) -> Deadline:
    return Deadline(
        id=clock.id,
        regime=REGIMES[clock.regime][0],
        reporter=clock.reporter,
        recipient=_recipient(clock, level, grading),
        starts_at=started[0],
        starts_from=started[1],
        due_at=started[0] + timedelta(minutes=clock.minutes or 0),
        clause=clock.clause,
        reference=rulebook().sources[clock.source].dated,
        verified=clock.verified,
        if_judged=judged,
    )

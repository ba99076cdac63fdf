"""Relief-response levels of every plan that ships: which threshold known figures reach, and whose threshold it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from models.domain import Grading
from models.grades import figure, interval, plain, reaches
from models.parameters import ResponseLevel, ResponsePlan, RuleSource
from models.rulebook import rulebook
from models.triggers import known_parts

NANJING = "320100"
"""Thresholds count as local only when their plan is for this city."""

_PLAN_WORDS = {
    "deaths": ("死亡", "人"),
    "people": ("紧急转移安置、需紧急生活救助", "人"),
    "rooms": ("倒塌和严重损坏房屋", "间"),
    "households": ("倒塌和严重损坏房屋", "户"),
    "drought_aid": ("因旱需生活救助", "人"),
    "drought_share": ("因旱需救助人口占农牧业人口", "%"),
}


def response_levels(impacts: Mapping[str, float], on: date) -> list[Grading]:
    """What each plan in force on that civil day would suggest, from cumulative figures by impact type.

    Read are the impact types `dead`, `missing`, `relocated` (or, where it is not known, its parts), `urgent_aid`, `homes_collapsed` (间) and, where a caller has them, also
    `homes_severely_damaged` (间), `households_collapsed_or_severely_damaged` (户), `drought_aid` (人), `drought_share` (%). `homes_damaged`
    is not read: it does not say how badly. An absent figure is unknown, and sums are then lower bounds. Nanjing's own numbers were not
    found, so Nanjing always appears first with level None until they are loaded; every other plan is `local=False`. Raises `BadInput` for
    a negative figure.
    """
    figures = {name: value for name, value in impacts.items() if figure(name, value) is not None}
    book = rulebook()
    found = [_plan_level(plan, figures, on, book.sources[plan.source]) for plan in book.plans if book.sources[plan.source].holds_on(on)]
    if not any(grading.local for grading in found):
        found.append(_no_local_plan(on))
    return sorted(found, key=lambda grading: not grading.local)


def _no_local_plan(on: date) -> Grading:
    return Grading(
        scheme="response.nanjing",
        level=None,
        reasons=(f"{on.isoformat()} 当日有效的南京市自然灾害救助应急预案未载入。",),
        clause="南京市自然灾害救助应急预案",
        reference="未载入",
        verified=False,
    )


def _plan_figures(plan: ResponsePlan, figures: Mapping[str, float]) -> dict[str, tuple[float, str]]:
    """Figures in the plan's own terms, each with how it was put together."""

    def combined(names: tuple[str, ...], *, highest: bool = False) -> tuple[float, str] | None:
        used = [parts for name in names if (parts := known_parts(name, figures))]
        if not used:
            return None
        known, whole = [sum(parts.values()) for parts in used], all(name in figures for name in names)
        of_parts = any(parts.keys() - set(names) for parts in used)
        partial = "（部分数字未知，为至少数）" if of_parts or not (whole or highest) else ""
        return (max(known) if highest else sum(known)), partial

    deaths = combined(("dead", "missing") if plan.death_basis == "dead_and_missing" else ("dead",))
    read = {
        "deaths": deaths,
        "people": combined(("relocated", "urgent_aid"), highest=plan.people_basis == "either"),
        "rooms": combined(("homes_collapsed", "homes_severely_damaged")),
        "households": combined(("households_collapsed_or_severely_damaged",)),
        "drought_aid": combined(("drought_aid",)),
        "drought_share": combined(("drought_share",)),
    }
    return {name: figure for name, figure in read.items() if figure is not None}


def _reached(plan: ResponsePlan, figures: Mapping[str, tuple[float, str]]) -> tuple[ResponseLevel | None, list[str]]:
    """The gravest loaded level that a figure reaches, with the reasons.

    A figure past the gravest loaded level of a half-loaded plan gives none: the level above it is simply not known here.
    """
    for level in sorted(plan.levels, key=lambda level: level.rank):
        reasons = []
        for criterion, (value, remark) in figures.items():
            bounds = getattr(level, criterion)
            if bounds is None or not reaches(value, bounds):
                continue
            name, unit = _PLAN_WORDS[criterion]
            name = plan.death_words if criterion == "deaths" else name
            said = f"{name}{plain(value)}{unit}{remark}"
            if bounds[1] is not None and value >= bounds[1]:
                return None, [f"{said}，已超过已载入的最高一级{level.level}的上限（{plain(bounds[1])}{unit}）。"]
            reasons.append(f"{said}，达到{level.level}响应条件（{interval(bounds, unit)}）。")
        if reasons:
            return level, reasons
    return None, []


def _whose(plan: ResponsePlan) -> str:
    if plan.adcode == "000000":
        return f"《{plan.plan}》是国家级响应的条件，按一省（区、市）的数字启动，不是南京市级响应。"
    if NANJING.startswith(plan.adcode.rstrip("0")):
        return f"《{plan.plan}》是{plan.region}级响应的条件，不是南京市级响应。"
    return f"《{plan.plan}》是{plan.region}的规定，不是南京市的，仅供参照。"


def _plan_level(plan: ResponsePlan, impacts: Mapping[str, float], on: date, source: RuleSource) -> Grading:
    local = plan.adcode == NANJING
    figures = _plan_figures(plan, impacts)
    level, reasons = _reached(plan, figures)
    remarks = [] if local else [_whose(plan)]
    cited = level or (max(plan.levels, key=lambda one: one.rank) if plan.levels else None)
    if not plan.levels:
        remarks.append(f"{plan.missing_reason}，不给出级别。")
    elif not figures:
        remarks.append("相关数字均未知，不按零计，不给出级别。")
    elif level is None and not reasons:
        remarks.append("已知数字未达到已载入的任何一级。")
    if plan.levels and not plan.complete:
        remarks.append(f"{plan.missing_reason}，其余级别未载入。")
    if cited is not None and not cited.verified:
        remarks.append("该级数字未核实，不得作为启动依据。")
    worse = None
    if plan.death_basis != "dead_and_missing" and impacts.get("missing") and plan.levels:
        lost = dict(impacts) | {"dead": impacts.get("dead", 0) + impacts["missing"]}
        supposed, _ = _reached(plan, _plan_figures(plan, lost))
        worse = supposed.level if supposed is not None and supposed != level else None
    return Grading(
        scheme=plan.id,
        level=level.level if level else None,
        if_missing_dead=worse,
        reasons=(*reasons, *remarks),
        clause=f"{plan.plan} {cited.clause}" if cited else plan.plan,
        reference=source.dated,
        verified=cited.verified if cited else False,
        local=local,
    )

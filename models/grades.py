"""Accident grades (国务院令第493号 art. 3) and 较大涉险事故: arithmetic on known figures, with the arithmetic shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

from models.domain import Grading
from models.errors import BadInput
from models.parameters import AccidentGrades, GradeBand, Range, RuleSource
from models.rulebook import rulebook

_ACCIDENT_WORDS = {"deaths": ("死亡", "人"), "serious_injuries": ("重伤", "人"), "direct_loss_wan_yuan": ("直接经济损失", "万元")}


def grade_accident(
    deaths: float | None,
    serious_injuries: float | None,
    direct_loss_wan_yuan: float | None,
    missing: float | None = 0,
    on: date | None = None,
) -> Grading:
    """Which grade a production accident has reached, by what is known (国务院令第493号 art. 3; 以上 included, 以下 excluded; highest wins).

    Deaths, serious injuries (with acute industrial poisoning) and missing in people, direct loss in 万元; None is unknown. `on` is the
    civil date of the accident; the grades must be in force that day. The grade rests on confirmed deaths; `if_missing_dead` stands beside
    it, because no clause counts the missing. Raises `BadInput` for a negative or non-finite figure.
    """
    rules = rulebook().grades
    top = min(rules.bands, key=lambda band: band.rank)
    source = rules.sources[top.source]
    figures = {
        "deaths": figure("死亡人数", deaths),
        "serious_injuries": figure("重伤人数", serious_injuries),
        "direct_loss_wan_yuan": figure("直接经济损失", direct_loss_wan_yuan),
    }
    lost = figure("下落不明人数", missing)
    if on is not None and not source.holds_on(on):
        return _ungraded(rules, source, f"{on.isoformat()} 当日《{source.title}》未施行，不作定级。")
    known = {criterion: value for criterion, value in figures.items() if value is not None}
    band = _band(rules, known)
    if_dead = _band(rules, known | {"deaths": (known.get("deaths") or 0) + lost}) if lost else None
    worse = if_dead.grade if if_dead is not None and (band is None or if_dead.rank < band.rank) else None
    unknown = [_ACCIDENT_WORDS[criterion][0] for criterion in figures if criterion not in known]
    if band is None:
        return _ungraded(rules, source, "死亡、重伤、直接经济损失均未知，不按零计，暂不定级。", if_missing_dead=worse)
    reasons = [
        _met(criterion, known[criterion], getattr(band, criterion), band.grade)
        for criterion in known
        if reaches(known[criterion], getattr(band, criterion))
    ]
    if unknown:
        reasons.append(f"{'、'.join(unknown)}未知，不按零计；等级可能更高。")
    if missing is None:
        reasons.append("下落不明人数未知。")
    elif lost:
        reasons.append(
            f"下落不明{plain(lost)}人单列，定级只计已确认死亡；" + (f"如全部死亡则为{worse}。" if worse else "如全部死亡等级不变。")
        )
    if not any(known.values()):
        reasons.append("已知数字均为零：是否构成生产安全事故由人工认定。")
    return Grading(
        scheme=rules.id,
        level=band.grade,
        if_missing_dead=worse,
        reasons=tuple(reasons),
        near_boundary=_near(rules, known, lost or 0, band),
        clause=band.clause,
        reference=source.dated,
        verified=band.verified,
    )


def figure(name: str, value: float | None) -> float | None:
    if value is not None and (not math.isfinite(value) or value < 0):
        raise BadInput(f"{name}为 {value}，应为不小于零的数；未知请留空，不要填负数。")
    return value


def _ungraded(rules: AccidentGrades, source: RuleSource, reason: str, *, if_missing_dead: str | None = None) -> Grading:
    first = rules.bands[0]
    return Grading(
        scheme=rules.id,
        level=None,
        if_missing_dead=if_missing_dead,
        reasons=(reason,),
        clause=first.clause,
        reference=source.dated,
        verified=first.verified,
    )


def reaches(value: float, bounds: Range) -> bool:
    return value >= bounds[0]


def _band(rules: AccidentGrades, known: Mapping[str, float]) -> GradeBand | None:
    for band in sorted(rules.bands, key=lambda band: band.rank):
        if any(reaches(value, getattr(band, criterion)) for criterion, value in known.items()):
            return band
    return None


def _met(criterion: str, value: float, bounds: Range, grade: str) -> str:
    name, unit = _ACCIDENT_WORDS[criterion]
    return f"{name}{plain(value)}{unit}，符合{grade}标准（{interval(bounds, unit)}）。"


def _near(rules: AccidentGrades, known: Mapping[str, float], missing: float, band: GradeBand) -> tuple[str, ...]:
    """Figures whose small change would change the grade. A warning to check the count, never a hint at a better one."""
    warnings = []
    bands = sorted(rules.bands, key=lambda one: one.rank)
    counted = [(criterion, value, "") for criterion, value in known.items()]
    if missing and "deaths" in known:
        counted.append(("deaths", known["deaths"] + missing, "（含下落不明）"))
    for criterion, value, remark in counted:
        name, unit = _ACCIDENT_WORDS[criterion]
        margin = rules.near[criterion]  # type: ignore[index]
        for higher in bands:
            edge = getattr(higher, criterion)[0]
            if higher.rank < band.rank and 0 < edge - value <= margin:
                warnings.append(
                    f"{name}{remark}{plain(value)}{unit}，距{higher.grade}界线（{plain(edge)}{unit}）差{plain(edge - value)}{unit}：请复核来源，据实填报。"
                )
        edge = getattr(band, criterion)[0]
        others = {other: figure for other, figure in known.items() if other != criterion}
        # Nothing ranks below the lowest grade, so its own edge of zero is never warned about.
        alone = not remark and reaches(value, getattr(band, criterion)) and (_band(rules, others) or bands[-1]).rank > band.rank
        # The margin below the edge is exclusive: 30 deaths are one step above 29, 31 are not.
        if alone and value - edge < margin:
            warnings.append(
                f"{name}{plain(value)}{unit}，刚达到{band.grade}界线（{plain(edge)}{unit}），且仅此一项达到：请复核来源，据实填报。"
            )
    return tuple(warnings)


def significant_hazard_event(
    *, endangered: float | None = None, trapped: float | None = None, missing: float | None = None, evacuated: float | None = None
) -> Grading:
    """Whether known figures alone make it a 较大涉险事故 (安监总局令第21号 art. 26). Figures in people; None is unknown.

    The cases of pollution and of important sites need a person's judgement; they are listed in the reasons when the figures do not decide.
    """
    rule = rulebook().hazard_event
    cut_off = (trapped or 0) + (missing or 0) if trapped is not None or missing is not None else None
    figures = [
        ("涉险", endangered, rule.endangered_at_least),
        ("被困或者下落不明", cut_off, rule.trapped_or_missing_at_least),
        ("紧急疏散", evacuated, rule.evacuated_at_least),
    ]
    met = tuple(f"{name}{plain(value)}人，达到{least}人以上。" for name, value, least in figures if value is not None and value >= least)
    open_cases = tuple(f"须人工判断：{case}。" for case in rule.judged)
    return Grading(
        scheme=rule.id,
        level=rule.name if met else None,
        reasons=met or ("已知人数未达到任何一项数字标准。", *open_cases),
        clause=rule.clause,
        reference=rule.sources[rule.source].dated,
        verified=rule.verified,
    )


def plain(value: float) -> str:
    """A figure as people write it: no trailing zeros, no exponent."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def interval(bounds: Range, unit: str) -> str:
    """An interval in the words of the regulations: 3人以上、10人以下."""
    low, high = bounds
    if high is None:
        return f"{plain(low)}{unit}以上"
    return f"{plain(high)}{unit}以下" if low == 0 else f"{plain(low)}{unit}以上、{plain(high)}{unit}以下"

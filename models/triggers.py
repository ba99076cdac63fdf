"""What a plan's own triggers say about known figures. A trigger is read only where its wording leaves no doubt; the rest is left to a person.

A level that is not there is better than a wrong one: conditions joined by 且, areas smaller than the event, shares and forecasts are not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.domain import IMPACT_PARTS, Fact
from models.grades import plain

LEVELS = ("一级", "二级", "三级", "四级", "五级")
"""Response levels, the gravest first."""

_SUM, _EITHER = "sum", "either"
_SUBJECTS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (r"死亡(?:人口|人数)?(?:和|及|与|、|或者?)?(?:失踪|失联)|死亡[（(]含失踪[）)]", ("dead", "missing"), _SUM),
    (r"死亡", ("dead",), _SUM),
    (r"紧急转移安置(?:人口)?(?:和|与|及)需紧急(?:生活)?救助", ("relocated", "urgent_aid"), _SUM),
    (r"紧急转移安置(?:人口)?(?:或者?|、)需紧急(?:生活)?救助", ("relocated", "urgent_aid"), _EITHER),
    (r"紧急转移安置", ("relocated",), _SUM),
    (r"需紧急(?:生活)?救助", ("urgent_aid",), _SUM),
    (r"倒塌(?:(?:和|或|、)严重损坏)?(?:房屋|住房)|房屋倒塌", ("homes_collapsed",), _SUM),
    (r"重伤", ("seriously_injured",), _SUM),
    (r"受伤", ("injured",), _SUM),
    (r"被困", ("trapped",), _SUM),
    (r"受灾", ("affected",), _SUM),
    (r"直接经济损失", ("direct_loss",), _SUM),
)
"""Words of a plan, the impact types they mean, and whether these are added or the larger one counts. Where 、 leaves it open, the larger one."""

_FIGURE = r"(?P<{0}>\d+(?:\.\d+)?)\s*(?P<{0}_unit>万人|人|万户|户|万间|间|万元|亿元)"
_TRIGGER = re.compile(
    r"(?:(?:本市|全市|市)(?:行政区域|辖区)?(?:内|范围内)?(?:发生[一-龥]{2,8}[，,])?|一次(?:性)?(?:灾害|事故)?(?:过程)?|造成|导致|因灾|因[一-龥]{2,6}|累计|[，,])*"
    rf"(?P<what>{'|'.join(words for words, _, _ in _SUBJECTS)})(?:人口|人数|人员)?(?:达到|达|超过|为|共)?\s*"
    rf"{_FIGURE.format('low')}(?:[（(]含[^）)]*[）)])?(?:及)?以上(?:[、，至]?\s*{_FIGURE.format('high')}(?:[（(]不?含[^）)]*[）)])?以下)?"
)
_FACTOR = {"万人": 1e4, "万户": 1e4, "万间": 1e4, "亿元": 1e4}
"""Into 人, 户, 间 and 万元."""


@dataclass(frozen=True)
class Reached:
    """One trigger that known figures reach."""

    fact: Fact
    reason: str
    """Which figure met which threshold."""
    types: tuple[str, ...]
    """Impact types it was worked out from."""
    past: bool
    """Whether the figure lies at or above the trigger's upper end, so that a graver level must be looked at."""


@dataclass(frozen=True)
class Compared:
    """One plan's triggers against known figures."""

    level: str | None
    """The gravest level reached, such as 四级; null when none is, or when a figure lies past the gravest level whose triggers are known."""
    reached: tuple[Reached, ...]
    """The triggers of that level that are reached, or those a figure lies past."""
    unread: tuple[Fact, ...]
    """Triggers only a person can judge."""


def compare(triggers: Sequence[Fact], figures: Mapping[str, float]) -> Compared:
    """The level a plan's triggers give for figures by impact type (人, 间, 万元). An absent figure is unknown, never zero; 以上 includes the number.

    A sum with an unknown part is a lower bound and counts as such.
    """
    unread = tuple(fact for fact in triggers if _read(fact) is None)
    for level in LEVELS:
        met = [found for fact in triggers if fact.subject.startswith(level) and (found := _reached(fact, figures)) is not None]
        if met:
            past = [one for one in met if one.past]
            return Compared(None, tuple(past), unread) if past else Compared(level, tuple(met), unread)
    return Compared(None, (), unread)


def known_parts(type_: str, figures: Mapping[str, float]) -> dict[str, float]:
    """What is known of one impact type: its own figure, or else those of its parts, which are at least that much of it."""
    if type_ in figures:
        return {type_: figures[type_]}
    return {part: figures[part] for part in IMPACT_PARTS.get(type_, ()) if part in figures}


def _read(fact: Fact) -> re.Match[str] | None:
    return _TRIGGER.fullmatch(re.sub(r"[\s;；。，,或者]+$", "", fact.text.strip()))


def _reached(fact: Fact, figures: Mapping[str, float]) -> Reached | None:
    found = _read(fact)
    if found is None:
        return None
    types, way = next((types, way) for words, types, way in _SUBJECTS if re.fullmatch(words, found["what"]))
    used = [parts for type_ in types if (parts := known_parts(type_, figures))]
    if not used:
        return None
    known = [sum(parts.values()) for parts in used]
    value = max(known) if way == _EITHER else sum(known)
    low = float(found["low"]) * _FACTOR.get(found["low_unit"], 1)
    if value < low:
        return None
    high = float(found["high"]) * _FACTOR.get(found["high_unit"], 1) if found["high"] else None
    unit = found["low_unit"].removeprefix("万") if found["low_unit"] not in ("万元", "亿元") else "万元"
    of_parts = any(parts.keys() & {part for type_ in types for part in IMPACT_PARTS.get(type_, ())} for parts in used)
    partial = "（部分数字未知，为至少数）" if (way == _SUM and len(known) < len(types)) or of_parts else ""
    reason = f"{found['what']}{plain(value)}{unit}{partial}，条件为“{fact.quote.rstrip('；;。')}”"
    return Reached(fact, reason, tuple(type_ for parts in used for type_ in parts), high is not None and value >= high)

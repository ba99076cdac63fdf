"""The 64 indicators of disaster-statistics table A01 and the 33 relations the form prescribes between them."""

from __future__ import annotations

from collections.abc import Mapping

from models.domain import Model
from models.errors import BadInput
from models.parameters import Indicator, IndicatorCheck
from models.rulebook import rulebook

__all__ = ["Indicator", "IndicatorCheck", "IndicatorIssue", "check_indicators", "checks", "indicators"]

ROUNDING = 0.005
"""Figures that differ by less are equal: losses carry two decimals of 万元 and are added as floats."""


class IndicatorIssue(Model):
    """One prescribed relation that the figures break."""

    check: str
    """Id of the relation."""
    expr: str
    """The relation."""
    message: str
    """Chinese sentence with both figures."""
    left: float
    """Figure on the left."""
    right: float
    """Figure, or sum, on the right."""
    codes: tuple[str, ...]
    """Indicators concerned, left first."""
    clause: str
    """Where the relation is prescribed."""
    verified: bool
    """Whether it was seen in a source text."""


def indicators() -> list[Indicator]:
    """All indicators of table A01 in the order of the form, with unit and definition."""
    return list(rulebook().indicators)


def checks() -> list[IndicatorCheck]:
    """All relations the form prescribes."""
    return list(rulebook().checks)


def check_indicators(values: Mapping[str, float | None]) -> list[IndicatorIssue]:
    """Relations broken by the figures given, keyed by indicator code; only those whose every figure is present, since a missing one is
    not zero.

    Raises `BadInput` for a code that is not in table A01.
    """
    book = {indicator.code: indicator for indicator in rulebook().indicators}
    if unknown := sorted(set(values) - set(book)):
        raise BadInput(f"指标代码 {'、'.join(unknown)} 不在表A01中，请核对（A01001 至 A01064）。")
    known = {code: value for code, value in values.items() if value is not None}
    issues = []
    for check in rulebook().checks:
        left, relation, right = check.parts
        if left not in known or any(code not in known for code in right):
            continue
        total = sum(known[code] for code in right)
        difference = known[left] - total
        if (difference >= -ROUNDING) if relation == ">=" else (abs(difference) <= ROUNDING):
            continue
        issues.append(
            IndicatorIssue(
                check=check.id,
                expr=check.expr,
                message=_sentence(book[left], known[left], relation, [book[code] for code in right], total),
                left=known[left],
                right=total,
                codes=(left, *right),
                clause=check.clause,
                verified=check.verified,
            )
        )
    return issues


def _sentence(left: Indicator, value: float, relation: str, right: list[Indicator], total: float) -> str:
    def figure(number: float, unit: str | None) -> str:
        return f"{number:.2f}".rstrip("0").rstrip(".") + (unit or "")

    names = "、".join(f"{one.name}（{one.code}）" for one in right) + ("之和" if len(right) > 1 else "")
    wrong, rule = ("小于", "前者应不小于后者") if relation == ">=" else ("不等于", "二者应相等")
    return f"{left.name}（{left.code}）{figure(value, left.unit)}{wrong}{names}{figure(total, right[0].unit)}，{rule}，请核对。"

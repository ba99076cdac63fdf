"""How much of what a number of people needs for a number of days, under a named relief standard: people × amount × periods, written out.

Periods are counted exactly, never rounded: an amount per week for ten days is 10/7 of it, a month is 30 days, and what is given `once` is
not multiplied by days. Only the result is rounded, up to whole packing units, and the unrounded figure is kept beside it. Amounts are
multiplied as exact fractions, so that 0.05 × 1,000 people is 50 and never 51.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from fractions import Fraction
from pathlib import Path

from models.domain import Need
from models.errors import BadInput
from models.relief import GROUPS, Group
from models.standards import EVERY_WORDS, PERIOD_DAYS, Standard, StandardItem, load_standard, source_of, standards, with_unit

__all__ = [
    "EVERY_WORDS",
    "PERIOD_DAYS",
    "Standard",
    "StandardItem",
    "exactly",
    "load_standard",
    "needs",
    "rounded_people",
    "source_of",
    "standards",
    "with_unit",
]

MOST_PEOPLE = 100_000_000
MOST_DAYS = 3_660


def needs(
    people: int,
    days: float,
    standard: Standard | str | Path,
    *,
    conditions: Collection[str] = (),
    groups: Mapping[Group, int] | None = None,
) -> list[Need]:
    """What `people` need for `days` days under one standard, item by item in the standard's order.

    `conditions` picks alternatives the standard offers (初期, 寒冷). `groups` says how many of the people are children, elderly and so on: an item
    for a group whose number is not given comes with `exact` and `quantity` null and says so, never as 0. An item that is part of another says so
    in `part_of` and must not be added to it. Raises `BadInput` for impossible people or days and for a group larger than all people,
    `NotFound`/`BrokenDefinition` for the standard.
    """
    _count_of_people(people, "人数")
    if not math.isfinite(days) or not 0 < days <= MOST_DAYS:
        raise BadInput(f"天数为 {days}，应大于0、不超过{MOST_DAYS}。")
    given: dict[Group, int] = dict(groups or {})
    if unknown := sorted(set(given) - set(GROUPS)):
        raise BadInput(f"人群 {'、'.join(unknown)} 不认识，应为 {'、'.join(GROUPS)} 之一。")
    for group, number in given.items():
        _count_of_people(number, GROUPS[group])
        if number > people:
            raise BadInput(f"{GROUPS[group]}{number}人，多于总人数{people}人，请核对。")
    if given.get("all", people) != people:
        raise BadInput(f"{GROUPS['all']}写作{given['all']}人，与人数{people}不一致，请核对。")
    chosen = standard if isinstance(standard, Standard) else load_standard(standard)
    return [_need(item, given | {"all": people}, days, chosen) for item in chosen.chosen(conditions)]


def rounded_people(people: float) -> int:
    """People as shown where the figure is an estimate: upward to 10 below 1,000, to 100 below 100,000, to 1,000 from there, as InaSAFE does.

    For display only; every calculation keeps the exact figure. Raises `BadInput` for a negative number or none.
    """
    if not math.isfinite(people) or people < 0:
        raise BadInput(f"人数为 {people}，应为不小于0的数。")
    step = 10 if people < 1_000 else 100 if people < 100_000 else 1_000
    return math.ceil(Fraction(people) / step) * step


def exactly(number: float) -> Fraction:
    """The fraction a decimal number is written as: 0.05 is 1/20, not the nearest binary number."""
    return Fraction(str(number))


def _count_of_people(number: int, what: str) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MOST_PEOPLE:
        raise BadInput(f"{what}为 {number}，应为0至{MOST_PEOPLE}的整数。")


def _need(item: StandardItem, groups: Mapping[Group, int], days: float, standard: Standard) -> Need:
    people = groups.get(item.whom)
    length, pack = exactly(days), exactly(item.pack)
    periods = Fraction(1) if item.every == "once" else length / PERIOD_DAYS[item.every]

    def times(amount: float) -> Fraction | None:
        return None if people is None else Fraction(people, item.household_size or 1) * exactly(amount) * periods

    exact, least = times(item.amount), times(item.range[0]) if item.range else None
    quantity = None if exact is None else math.ceil(exact / pack) * pack
    doubts = (
        ([] if item.verified else ["系数未核实"])
        + ([item.contradiction] if item.contradiction else [])
        + ([item.note] if item.note else [])
    )
    return Need(
        item=item.item,
        exact=None if exact is None else float(exact),
        quantity=None if quantity is None else float(quantity),
        unit=item.unit,
        per=item.per_words() + ("，已含在上项内，不另计" if item.part_of else ""),
        standard=standard.title,
        clause=item.clause + (f"；{'；'.join(doubts)}" if doubts else ""),
        verified=item.verified,
        arithmetic=_arithmetic(item, people, days, exact, quantity),
        standard_name=standard.name,
        ref=item.ref,
        source=source_of(standard, item),
        pack=item.pack,
        whom=item.whom,
        people=people,
        days=days,
        every=item.every,
        least=None if least is None else float(least),
        part_of=item.part_of,
        priority=item.priority,
        within_minutes=item.within_minutes,
    )


def _arithmetic(item: StandardItem, people: int | None, days: float, exact: Fraction | None, quantity: Fraction | None) -> str:
    whose = "" if item.whom == "all" else GROUPS[item.whom]
    if people is None or exact is None or quantity is None:
        return f"{whose}人数不详，无法计算，请补填；不能按0计"
    whom = f"{whose}{people}人" + (f"÷{item.household_size}人" if item.household_size else "")
    often = "一次" if item.every == "once" else f"({days:g}天÷{PERIOD_DAYS[item.every]}天)"
    rounding = "" if quantity == exact else f"，向上取整为{_written(quantity)}"
    return f"{whom}×{with_unit(f'{item.amount:g}', item.unit)}×{often}={with_unit(_written(exact), item.unit)}{rounding}"


def _written(value: Fraction) -> str:
    """A figure with at most four decimals, marked 约 when that loses something."""
    rounded = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return rounded if Fraction(rounded) == value else f"约{rounded}"

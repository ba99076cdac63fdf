"""How much of what a number of people needs for a number of days, under a named relief standard: people × amount × periods, written out.

Periods are counted exactly, never rounded: an amount per week for ten days is 10/7 of it, a month is 30 days, and what is given `once` is
not multiplied by days. Only the result is rounded, up to whole packing units, and the unrounded figure is kept beside it. Amounts are
multiplied as exact fractions, so that 0.05 × 1,000 people is 50 and never 51.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from fractions import Fraction
from pathlib import Path

from models.domain import Need
from models.errors import BadInput
from models.standards import EVERY_WORDS, PERIOD_DAYS, Standard, StandardItem, load_standard, standards

__all__ = ["EVERY_WORDS", "PERIOD_DAYS", "Standard", "StandardItem", "load_standard", "needs", "standards"]

MOST_PEOPLE = 100_000_000
MOST_DAYS = 3_660


def needs(people: int, days: float, standard: Standard | str | Path, *, conditions: Collection[str] = ()) -> list[Need]:
    """What `people` need for `days` days under one standard, item by item in the standard's order.

    `conditions` picks alternatives the standard offers (初期, 寒冷). An item that is part of another says so in `per` and must not be added
    to it. Raises `BadInput` for a negative number of people or no days, `NotFound`/`BrokenDefinition` for the standard.
    """
    if isinstance(people, bool) or not isinstance(people, int) or not 0 <= people <= MOST_PEOPLE:
        raise BadInput(f"人数为 {people}，应为0至{MOST_PEOPLE}的整数。")
    if not math.isfinite(days) or not 0 < days <= MOST_DAYS:
        raise BadInput(f"天数为 {days}，应大于0、不超过{MOST_DAYS}。")
    chosen = standard if isinstance(standard, Standard) else load_standard(standard)
    return [_need(item, people, days, chosen) for item in chosen.chosen(conditions)]


def _need(item: StandardItem, people: int, days: float, standard: Standard) -> Need:
    length, amount = Fraction(str(days)), Fraction(str(item.amount))
    heads = Fraction(people, item.household_size or 1)
    periods = Fraction(1) if item.every == "once" else length / PERIOD_DAYS[item.every]
    exact, pack = heads * amount * periods, Fraction(str(item.pack))
    quantity = math.ceil(exact / pack) * pack
    whom = f"{people}人" + (f"÷{item.household_size}人" if item.household_size else "")
    often = "一次" if item.every == "once" else f"({days:g}天÷{PERIOD_DAYS[item.every]}天)"
    rounding = "" if quantity == exact else f"，向上取整为{float(quantity):g}" if float(quantity) < 1e6 else f"，向上取整为{int(quantity)}"
    doubts = (
        ([] if item.verified else ["系数未核实"])
        + ([item.contradiction] if item.contradiction else [])
        + ([item.note] if item.note else [])
    )
    return Need(
        item=item.item,
        exact=float(exact),
        quantity=float(quantity),
        unit=item.unit,
        per=item.per_words() + ("，已含在上项内，不另计" if item.part_of else ""),
        standard=standard.title,
        clause=item.clause + (f"；{'；'.join(doubts)}" if doubts else ""),
        verified=item.verified,
        arithmetic=f"{whom}×{item.amount:g}{item.unit}×{often}={_written(exact)}{item.unit}{rounding}",
    )


def _written(value: Fraction) -> str:
    """A figure with at most four decimals, marked 约 when that loses something."""
    rounded = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return rounded if Fraction(rounded) == value else f"约{rounded}"

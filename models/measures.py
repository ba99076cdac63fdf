"""Units of relief goods that convert into each other by a fixed factor, and nothing else.

Kilogram, tonne, gram and 斤; litre, millilitre and cubic metre. A box (箱) has no size of its own: it converts only through the pack of a
lot, which is the business of whoever holds the lot.
"""

from __future__ import annotations

_FACTORS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("千克", "公斤", "kg", "KG", "Kg"), ("千克", 1.0)),
    **dict.fromkeys(("吨", "t"), ("千克", 1000.0)),
    **dict.fromkeys(("克", "g"), ("千克", 0.001)),
    **dict.fromkeys(("斤", "市斤"), ("千克", 0.5)),
    **dict.fromkeys(("升", "公升", "L", "l"), ("升", 1.0)),
    **dict.fromkeys(("毫升", "ml", "mL", "ML"), ("升", 0.001)),
    **dict.fromkeys(("立方米", "m³", "m3"), ("升", 1000.0)),
}
"""Unit -> its family and how many of the family's unit it is."""


def factor(unit: str, into: str) -> float | None:
    """How many `into` one `unit` is; None when no fixed factor is known. The same word converts to itself, known or not."""
    if unit == into:
        return 1.0
    one, other = _FACTORS.get(unit), _FACTORS.get(into)
    if one is None or other is None or one[0] != other[0]:
        return None
    # Exact where a person would expect it: 0.001 ÷ 1000 and 1000 ÷ 0.5 come out as short decimals.
    return float(f"{one[1] / other[1]:.12g}")

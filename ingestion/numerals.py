"""Chinese and Arabic numbers as people write them, read exactly.

`halved` makes a text easy to match without moving anything: one character in, one character out, so every offset found
in the result is an offset into the original.
"""

from __future__ import annotations

import re

_FULL = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, ord("〇"): ord("零"), ord("○"): ord("零"), ord("・"): ord("·")}
_FULL |= {ord(c): ord(c) for c in "，；！？"}

_IS_FULL = re.compile(f"[{''.join(map(chr, sorted(c for c, half in _FULL.items() if c != half)))}]")

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_BIG = {"万": 10_000, "亿": 100_000_000}

NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?[十百千万亿]?万?|[零一二两三四五六七八九十百千万亿]+"
"""Pattern of one number in a halved text."""

TEXTS_KEPT = 8192
"""Masked texts of which a process keeps what it found in them, and nothing else of them: most of what comes in a surge repeats what came."""


def halved(text: str) -> str:
    """The text with full-width digits, letters, colons and brackets made half-width; same length, Chinese commas kept."""
    # Most characters stay, so looking for those that do not is six times as fast as translating every one.
    return _IS_FULL.sub(_half, text)


def _half(found: re.Match[str]) -> str:
    return chr(_FULL[ord(found[0])])


def number(words: str) -> float | None:
    """Value of a number written as 15, 1,234, 1.8万, 一千二百 or 二〇二四; null when it is not one number."""
    words = halved(words).replace(",", "")
    if len(words) > 15:
        return None
    head = words.rstrip("十百千万亿")
    if head and head.replace(".", "", 1).isdigit():
        value = float(head)
        for unit in words[len(head) :]:
            value *= _UNITS.get(unit) or _BIG[unit]
        return round(value, 6)
    if not words or any(c not in _DIGITS and c not in _UNITS and c not in _BIG for c in words):
        return None
    if all(c in _DIGITS for c in words):
        # 二〇二四 and 一二三: digits read one after another. 二三 (two or three) is a range and is not read as 23.
        return float("".join(str(_DIGITS[c]) for c in words)) if len(words) != 2 or "零" in words else None
    return _spoken(words)


def _spoken(words: str) -> float | None:
    total = section = digit = 0
    for at, c in enumerate(words):
        if c in _DIGITS:
            if digit and words[at - 1] != "零":
                return None
            digit = _DIGITS[c]
        elif c in _UNITS:
            section += (digit or 1) * _UNITS[c]
            digit = 0
        else:
            counted = section + digit or (0 if total else 1)
            total = (total + counted) * _BIG[c] if c == "亿" else total + counted * _BIG[c]
            section = digit = 0
    return float(total + section + digit)


def spread(value: float) -> float:
    """How far 余/多 reaches above a round number: one less than its last counted unit (30 → 9, 120 → 9, 1,800 → 99)."""
    if value != int(value) or value < 10:
        return 0
    step = 1
    while int(value) % (step * 10) == 0:
        step *= 10
    return float(step - 1)

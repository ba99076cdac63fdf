"""Numbers as laws write them: 第一百二十条, 五千元, 二〇〇七年, 24小时."""

from __future__ import annotations

import re

_DIGITS = (
    {digit: value for value, digit in enumerate("零一二三四五六七八九")}
    | {"〇": 0, "○": 0, "Ｏ": 0, "两": 2}
    | {str(n): n for n in range(10)}
)
_UNITS = {"十": 10, "百": 100, "千": 1_000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
ROMAN = {"Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}
"""Levels of response as plans write them."""

NUMERAL = r"[零〇○一二三四五六七八九十百千两]+"
"""A Chinese whole number below ten thousand."""
AMOUNT = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[零〇一二三四五六七八九十百千两]+)(?:[万亿](?![元吨人]))?"
"""A number in digits or characters, with 万 or 亿 where that is not part of the unit."""


def number(words: str) -> int:
    """Whole number of a Chinese or Arabic numeral below ten thousand; characters without units are read digit by digit (二〇〇七)."""
    if words.isdecimal():
        return int(words)
    if len(words) > 1 and not any(character in _UNITS for character in words):
        return int("".join(str(_DIGITS[character]) for character in words))
    total = digit = 0
    for character in words:
        if character in _UNITS:
            total += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            digit = _DIGITS[character]
    return total + digit


def amount(words: str) -> float:
    """Number of a figure such as 1.5, 3,000, 五千 or 10万."""
    words = words.replace(",", "")
    factor = 1
    while words and words[-1] in _LARGE:
        factor *= _LARGE[words[-1]]
        words = words[:-1]
    return (float(words) if re.fullmatch(r"\d+(?:\.\d+)?", words) else number(words)) * factor


def chinese(value: int) -> str:
    """Whole number from 1 to 9,999 as articles are numbered: 12 is 十二, 120 is 一百二十."""
    if value > 9_999:
        return str(value)
    digits = "零一二三四五六七八九"
    words, gap = "", False
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            words += ("零" if gap and words else "") + digits[digit] + sign
        gap = not digit
    return re.sub("^一十", "十", words)

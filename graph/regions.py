"""Whose rules a question asks for: the whole country's, those of a place it names, or those of the desk's own place.

A rule of one place holds nowhere else, so it must not stand before the rule that holds everywhere, unless the question names that
place or a place in it. Names go by the list of divisions: 鼓楼区, which four cities have, is none of them until the desk's own
city or the library says which.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

from graph.words import plain
from models.divisions import Division, by_code, by_name, short_name, within

WHOLE_COUNTRY = frozenset({"中国", "全国", ""})
"""Regions of documents that hold everywhere."""
NATIONAL = re.compile(r"全国|我国|国家(?=[^，。？]{0,16}(?:预案|规划|响应|启动|方案))|国务院")
"""Wording that asks for the country's own documents; 国家 alone stands in too many terms of law."""
OURS = re.compile(r"[本我][市省区县]|(?<![\u4e00-\u9fff])[全]?市(?=应急|政府|安委|防指|减灾|消防)")
"""Wording of who speaks from the desk's own place."""
SHORTEST = 3
"""Characters of a full name; 城区 and 郊区 are names of divisions too."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a question looks."""

    national: bool
    """It asks for the country's documents."""
    places: frozenset[str]
    """Names of the regions it asks for, as documents bear them."""
    above: frozenset[str]
    """Names of the regions these lie in, whose documents hold there too."""
    home: frozenset[str]
    """The desk's own region and those it lies in; documents of these are never another place's."""

    def suits(self, region: str) -> int:
        """1 for a document of the region asked for, -1 for one that does not hold there, 0 where nothing is said against it."""
        if region in WHOLE_COUNTRY:
            return 0
        if region in self.places:
            return 1
        if self.places:
            return 0 if region in self.above else -1
        return 0 if region in self.home and not self.national else -1


def asked(question: str, regions: Collection[str] = (), home: str = "") -> Asked:
    """Where the question looks, for a library with documents of these regions and a desk in `home` (a division's name, or empty)."""
    words = plain(question)
    known = {short: region for region in regions for short in (region, short_name(region)) if region not in WHOLE_COUNTRY}
    around = _around(home)
    found: set[str] = set()
    for name in _pattern(frozenset(known)).findall(words):
        if name in known:
            found.add(known[name])
        else:
            found.update(division.name for division in _meant(name, home))
    if home and OURS.search(words):
        found.add(home)
    above = {division.name for name in found for one in _meant(name, home) for division in within(one)} - found
    return Asked(NATIONAL.search(words) is not None, frozenset(found), frozenset(above), frozenset(around))


def _meant(name: str, home: str) -> tuple[Division, ...]:
    """The one division of this name; of several the one in the desk's own place, or else none."""
    here = by_name().get(name, ())
    if len(here) > 1 and home:
        own = [division for division in by_name().get(home, ()) if division.name == home]
        here = tuple(division for division in here if any(one.contains(division) for one in own))
    return here if len(here) == 1 else ()


def _around(home: str) -> set[str]:
    return {division.name for one in by_name().get(home, ()) if one.name == home for division in within(one)} | ({home} if home else set())


@cache
def _pattern(known: frozenset[str]) -> re.Pattern[str]:
    full: Iterable[str] = (name for division in by_code().values() if len(name := division.name) >= SHORTEST)
    provinces = (short_name(division.name) for division in by_code().values() if division.level == 1)
    names = sorted({*known, *full, *provinces}, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, names)))

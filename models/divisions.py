"""Administrative divisions down to county level: which names exist, how many places bear one, and what lies in what.

`divisions.tsv` holds code and name (GB/T 2260), `former.tsv` the names that were abolished since 2000 and what became of them. A code's
first two digits are the province, the first four the city.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_PEOPLES = (
    "土家|苗|藏|羌|彝|白|傣|景颇|傈僳|壮|布依|侗|朝鲜|哈尼|蒙古|哈萨克|柯尔克孜|回|满|瑶|黎|佤|拉祜|畲|水|仡佬|纳西|土|达斡尔|毛南|仫佬|锡伯|塔吉克|"
    "普米|怒|鄂温克|鄂伦春|裕固|保安|东乡|撒拉|独龙|布朗|各"
)
_ALONE = "蒙古|哈萨克|柯尔克孜|塔吉克|锡伯"
"""Peoples that stand in a division's name without 族."""
_SUFFIX = re.compile(
    rf"(?:特别行政区|(?:维吾尔|壮族|回族)?自治区|省|市|地区|盟|(?:(?:(?:{_PEOPLES})族)*|{_ALONE})自治[州县旗]|林区|特区|新区|矿区|区|县|旗)$"
)

Level = int
"""1 province, 2 city, 3 county."""


@dataclass(frozen=True)
class Division:
    """One division."""

    code: str
    """Six digits."""
    name: str
    """Full name."""

    @property
    def level(self) -> Level:
        """1 province (also the four municipalities), 2 city, 3 county."""
        return 1 if self.code.endswith("0000") else 2 if self.code.endswith("00") else 3

    def contains(self, other: Division) -> bool:
        """Whether the other lies within this one, or is it."""
        digits = 2 * self.level
        return other.code[:digits] == self.code[:digits]


@dataclass(frozen=True)
class Former:
    """A division that is no more."""

    name: str
    code: str
    """Its code while it was one."""
    successors: tuple[str, ...]
    """Codes of the divisions its ground belongs to now; several when it was split, none when that was not found out."""
    year: int | None
    """Year of the change; null where it was not checked."""


@cache
def former() -> tuple[Former, ...]:
    """Every former division, county level and above."""
    rows = (line.split("\t") for line in (_FOLDER / "former.tsv").read_text("utf-8").splitlines() if line and not line.startswith("#"))
    return tuple(Former(name, code, tuple(filter(None, codes.split(","))), int(year) if year else None) for name, code, codes, year in rows)


@cache
def by_code() -> Mapping[str, Division]:
    """Every division under its code."""
    rows = (line.split("\t") for line in (_FOLDER / "divisions.tsv").read_text("utf-8").splitlines() if line and not line.startswith("#"))
    return {code: Division(code, name) for code, name in rows}


@cache
def by_name() -> Mapping[str, tuple[Division, ...]]:
    """Full names and, where at least two characters are left, names without 省, 市, 区, 县: all the places that bear each."""
    names: dict[str, list[Division]] = {}
    for division in by_code().values():
        names.setdefault(division.name, []).append(division)
        short = short_name(division.name)
        if short != division.name:
            names.setdefault(short, []).append(division)
    return {name: tuple(found) for name, found in names.items()}


def short_name(name: str) -> str:
    """Name without its kind (南京 for 南京市, 内蒙古 for 内蒙古自治区); unchanged where a single character would be left."""
    short = _SUFFIX.sub("", name)
    return short if len(short) >= 2 else name


def within(division: Division) -> tuple[Division, ...]:
    """The divisions it lies in, the province first, and itself."""
    codes = [division.code[:2] + "0000", division.code[:4] + "00", division.code][: division.level]
    return tuple(by_code()[code] for code in codes if code in by_code())

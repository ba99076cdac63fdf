"""The names a desk knows: read from the national list and from gazetteer files, checked before anything is used.

A gazetteer file is YAML with `places:` (what a city adds) or with `city:` and `divisions:` (a city's own districts and streets). Coordinates
are WGS 84; a place without sure coordinates has none. `within_m` says how far off they may be, in metres.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from ingestion.numerals import halved
from models.divisions import by_code, by_name, former, short_name
from models.domain import Model
from models.errors import BrokenDefinition

Level = Literal["province", "city", "district", "street", "spot"]
FINENESS: dict[Level, int] = {"province": 0, "city": 1, "district": 2, "street": 3, "spot": 4}

LARGEST = 5_000_000
"""Bytes of one gazetteer file that are read; a city's 20,000 places are some 3 MB."""
POINT = 200.0
"""Metres within which coordinates count as the spot itself; anything vaguer is never used to measure a distance."""

_Name = Annotated[str, Field(min_length=2, max_length=40, pattern=r"^\S+$")]
_Code = Annotated[str, Field(pattern=r"^\d{6}$")]
_Lon = Annotated[float, Field(ge=-180, le=180)]
_Lat = Annotated[float, Field(ge=-90, le=90)]


@dataclass(frozen=True)
class Entry:
    """One meaning of a name."""

    name: str
    level: Level
    adcode: str
    """Division code; for a road or river that crosses districts, the city's."""
    district: str | None = None
    street: str | None = None
    lon: float | None = None
    lat: float | None = None
    within_m: float | None = None
    kind: str = ""


class SpotRow(Model):
    """One place of a city's file."""

    name: _Name
    aliases: tuple[_Name, ...] = ()
    kind: Annotated[str, Field(min_length=1)]
    """What it is: road, underpass, residential, landmark, metro …; for readers of the file."""
    adcode: _Code
    """District it lies in; the city's code where it crosses districts or that is not sure."""
    street: str = ""
    """Township-level division; empty when unknown."""
    lon: _Lon | None = None
    lat: _Lat | None = None
    within_m: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Metres within which the coordinates are right; missing means they are the spot itself."""

    @model_validator(mode="after")
    def _whole(self) -> SpotRow:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("lon 与 lat 须同时给出，或都不写")
        if self.within_m is not None and self.lon is None:
            raise ValueError("没有坐标就不要写 within_m")
        if self.adcode not in by_code():
            raise ValueError(f"区划代码 {self.adcode} 不在全国区划表中")
        return self


class StreetRow(Model):
    """One street, town or township."""

    name: _Name
    code: Annotated[str, Field(pattern=r"^\d{9}$")]
    lon: _Lon | None = None
    lat: _Lat | None = None


class DistrictRow(Model):
    """One district with its streets; coordinates are its rough centre."""

    name: _Name
    adcode: _Code
    aliases: tuple[_Name, ...] = ()
    lon: _Lon | None = None
    lat: _Lat | None = None
    streets: tuple[StreetRow, ...] = ()


class CityRow(Model):
    """The city itself."""

    name: _Name
    adcode: _Code
    aliases: tuple[_Name, ...] = ()
    lon: _Lon | None = None
    lat: _Lat | None = None


class GazetteerFile(Model):
    """One file."""

    city: CityRow | None = None
    divisions: tuple[DistrictRow, ...] = ()
    places: tuple[SpotRow, ...] | None = None

    @model_validator(mode="after")
    def _has_something(self) -> GazetteerFile:
        if self.places is None and not (self.city and self.divisions):
            raise ValueError("须有 places，或有 city 与 divisions")
        return self


class Names:
    """Every name with its meanings. A name with several meanings stays ambiguous here; the text decides, or nobody does."""

    def __init__(self, city: str, folders: Iterable[Path]) -> None:
        self.entries: dict[str, list[Entry]] = {}
        self.upper: dict[str, Entry] = {}
        """The division itself, by code."""
        self.short_counties: dict[str, list[Entry]] = {}
        """Counties by their short name, which means them only behind their city or province (温州永嘉, 北京朝阳)."""
        self._read_country()
        self.city_code = next((e.adcode for e in self.entries.get(city, []) if e.level == "city"), "")
        self._city = city
        for folder in folders:
            for path in sorted(folder.glob("*.yml")):
                self._read_file(path)
        lengths: dict[str, set[int]] = {}
        for name in self.entries:
            lengths.setdefault(name[:2], set()).add(len(name))
        self._lengths = {start: sorted(sizes, reverse=True) for start, sizes in lengths.items()}
        self.begins = self._lengths.keys()
        """The first two characters of every name."""

    def longest_at(self, plain: str, at: int) -> str | None:
        """The longest known name that starts here."""
        sizes = self._lengths.get(plain[at : at + 2])
        return next((name for size in sizes if (name := plain[at : at + size]) in self.entries), None) if sizes else None

    def city_of(self, code: str) -> Entry | None:
        """The city a code lies in; null for a province and for counties directly under one."""
        city = self.upper.get(code[:4] + "00") if not code.endswith("0000") else None
        city = city or self.upper.get(code[:2] + "0000")
        return city if city and city.level == "city" and "直辖" not in city.name else None

    def _read_country(self) -> None:
        for code, division in by_code().items():
            level: Level = "province" if code.endswith("0000") else "city" if code.endswith("00") else "district"
            if level == "province" and division.name in ("北京市", "上海市", "天津市", "重庆市"):
                level = "city"
            entry = Entry(division.name, level, code, division.name if level == "district" else None)
            for alias in _shorter(division.name, level):
                self._add(alias, entry)
            self.upper.setdefault(code, entry)
            if level == "district":
                self.short_counties.setdefault(short_name(division.name), []).append(entry)
        for old in former():
            # Where the name lives on in the same city it means what it means now.
            if not any(d.name == old.name and d.code[:4] == old.code[:4] for d in by_name().get(old.name, ())):
                for code in old.successors:
                    self._add(old.name, self.upper[code])

    def _read_file(self, path: Path) -> None:
        try:
            if path.stat().st_size > LARGEST:
                raise BrokenDefinition(f"{path}：地名文件超过 {LARGEST // 1_000_000} MB，请拆成几个文件。")
            data = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader, the C one where there is one
            file = GazetteerFile.model_validate(data)
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise BrokenDefinition(f"{path}：地名文件不是有效的 UTF-8 YAML（{error}）；请改正或移走该文件。") from error
        except ValidationError as error:
            raise BrokenDefinition(f"{path}：地名文件有误，请改正或移走该文件：\n{_told(error, data)}") from error
        except OSError as error:
            raise BrokenDefinition(f"{path}：地名文件读不了（{error.strerror}），请检查权限。") from error
        if file.city:
            self._read_city(file.city, file.divisions)
        for row in file.places or ():
            known = self.upper[row.adcode]
            entry = Entry(
                row.name, "spot", row.adcode, known.name if known.level == "district" else None, row.street or None, row.lon, row.lat, row.within_m, row.kind
            )  # fmt: skip
            for name in (row.name, *row.aliases):
                self._add(name, entry)

    def _read_city(self, city: CityRow, divisions: Iterable[DistrictRow]) -> None:
        self._replace(Entry(city.name, "city", city.adcode, lon=city.lon, lat=city.lat), city.aliases)
        home = city.name == self._city
        for row in divisions:
            entry = Entry(row.name, "district", row.adcode, row.name, None, row.lon, row.lat)
            self._replace(entry, [*row.aliases, *([row.name[:-1]] if home and len(row.name) > 2 else [])])
            for street in row.streets:
                self._add(street.name, Entry(street.name, "street", row.adcode, row.name, street.name, street.lon, street.lat))

    def _replace(self, entry: Entry, aliases: Iterable[str]) -> None:
        """A city's own file knows a division better than the national list: same code, with a centre."""
        self.upper[entry.adcode] = entry
        for name in (entry.name, *aliases, *_shorter(entry.name, entry.level)):
            kept = [e for e in self.entries.get(name, []) if e.adcode != entry.adcode]
            self.entries[name] = [*kept, entry]

    def _add(self, name: str, entry: Entry) -> None:
        known = self.entries.setdefault(halved(name), [])
        if entry not in known:
            known.append(entry)


def _shorter(name: str, level: Level) -> list[str]:
    """Names people use: 江苏 for 江苏省, 南京 for 南京市; a county keeps its last character, or 和平 would be a place everywhere."""
    if level == "district":
        return [name]
    short = re.sub(r"(?:壮族|回族|维吾尔)?自治区$|特别行政区$|省$|市$|地区$|盟$", "", name)
    short = re.sub(r"(?:[\u4e00-\u9fff]{1,3}族)+自治州$", "", short) if short.endswith("自治州") else short
    return [name, short] if 2 <= len(short) < len(name) else [name]


def _told(error: ValidationError, data: object) -> str:
    """The first few faults, each with its row and name, in words."""
    lines = []
    for fault in error.errors()[:5]:
        where, row = [str(step) for step in fault["loc"]], data
        if len(fault["loc"]) >= 2 and isinstance(data, dict) and isinstance(fault["loc"][1], int):
            row = data.get(fault["loc"][0])
            row = row[fault["loc"][1]] if isinstance(row, list) else None
            name = row.get("name") if isinstance(row, dict) else None
            where = [f"{fault['loc'][0]} 第 {fault['loc'][1] + 1} 条" + (f"（{name}）" if name else ""), *where[2:]]
        lines.append(f"  {'·'.join(where) or '文件'}：{_SAID.get(fault['type'], fault['msg'].removeprefix('Value error, '))}")
    return "\n".join(lines)


_SAID = {
    "missing": "缺这一项",
    "extra_forbidden": "没有这一项",
    "string_type": "须是文字（代码请加引号）",
    "string_too_short": "太短，至少两个字",
    "string_too_long": "太长",
    "string_pattern_mismatch": "格式不对",
    "model_type": "须是列出各项的条目",
    "less_than_equal": "超出范围",
    "greater_than_equal": "超出范围",
    "greater_than": "须大于零",
    "float_parsing": "须是数字",
    "float_type": "须是数字",
}

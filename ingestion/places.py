"""Where: names in a text, resolved as far as the text allows and never further.

The gazetteer is every `*.yml` under `ingestion/gazetteer` (a city's divisions, or `places:` a city adds in a new file)
and the national list of county-level divisions (`models/divisions.tsv`). Coordinates are WGS 84. A name that several cities share
(鼓楼区) belongs to the home city only when the text names no other city; otherwise its code stays null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from ingestion.numerals import halved
from models.divisions import by_code
from models.domain import Place
from models.errors import BrokenDefinition

FOLDER = Path(__file__).parent / "gazetteer"

Level = Literal["province", "city", "district", "street", "spot"]
_FINENESS: dict[Level, int] = {"province": 0, "city": 1, "district": 2, "street": 3, "spot": 4}

_NOT_A_CITY = re.compile(
    r"[东西南北中]?(?:[路街巷门陵桥寺湖河山江里弄湾]|大道|大街|大桥|大厦|公园|医院|酒店|宾馆|新村|花园|银行|日报|晚报|网|饭店|车牌|籍|人(?!民)|话|菜)"
)
"""中山路, 北京东路, 秦淮河: a city's short name inside the name of something else."""

SUFFIX = (
    r"(?:交叉路?口|路口|交界处|路段|立交桥?|下穿(?:通道|隧道|桥)?|隧道|涵洞|桥洞|高架|大桥|桥|大道|大街|路|街|巷|弄|高速公路|高速|国道|省道|小区|新村|花园|家园|公寓|苑|大厦|广场|"
    r"公司|工厂|厂区|厂房|厂|工业园区?|开发区|园区|产业园|仓库|车间|工地|加油站|医院|卫生院|大学|学院|中学|小学|学校|幼儿园|地铁站|火车站|车站|站|市场|商场|商城|超市|酒店|宾馆|饭店|餐馆|酒楼|"
    r"饭馆|食堂|KTV|网吧|酒吧|养老院|敬老院|福利院|社区|村委会|村|镇|乡|街道|水库|码头|矿区|煤矿|矿|农场|林场|景区|公园|\d+号楼?|\d+栋|\d+幢|\d+单元|\d+楼|[一二三四五六七八九十]+楼|服务区|收费站|海域|山区|山坡|城区|市区|民居|民房|住宅楼?|居民楼|宿舍楼?|商铺|店铺|门面|楼道|地下室|地下车库|停车场|车棚)"
)
_TAIL = re.compile(
    rf"[ ]?(?:[^\W_在发有被因是的，。：]{{0,14}}?{SUFFIX}){{1,4}}(?:附近|门口|旁边|旁|东侧|西侧|南侧|北侧|内(?!涝)|里)?(?:\d+米处)?"
)
_LOOSE = re.compile(
    rf"(?:^|(?<=[在于到从往，。、：:；！!？\s】#\"“(]))(?:[^\W\d_在于到从往的有是我你他这那和]{{2,9}}?{SUFFIX})(?:(?:与|和)[^\W\d_在的]{{1,6}}?(?:路|街|大道)(?:交叉口|路口|交界处)?)?(?:[^\W_在发有被因是的]{{0,8}}?{SUFFIX}){{0,3}}(?:附近|门口|旁边|旁|内|里)?"
)
_ANYWHERE = re.compile(
    r".{0,3}(?:外面|旁边|刚刚?|一楼|附近|路过|这个|那个|整个|一条|门口).{0,4}|.{0,2}(?:小区|医院|学校|公司|工厂|公园|路口)(?:门口|附近|里|内|旁边?)?"
)
_CUE = re.compile(rf"{SUFFIX}|[省市区县州旗]|[盟岛港湾山河湖家内处上中]$|附近|沿岸|海岸|[东西南北中]部|首都|境内|两地|地区")


@dataclass(frozen=True)
class Entry:
    """One named place of the gazetteer."""

    name: str
    level: Level
    adcode: str
    district: str | None = None
    street: str | None = None
    lon: float | None = None
    lat: float | None = None
    own: bool = False
    """Belongs to the home city's own files, not to the national list."""


@dataclass(frozen=True)
class Found:
    """A place with where it stands in the text."""

    place: Place
    at: int
    end: int


@dataclass(frozen=True)
class _Hit:
    at: int
    end: int
    entries: tuple[Entry, ...]

    @property
    def level(self) -> int:
        return _FINENESS[self.entries[0].level]


class Gazetteer:
    """The names one desk knows: its own city in detail, the rest of the country to county level."""

    def __init__(self, city: str = "南京市", folder: Path = FOLDER) -> None:
        self.city = city
        self._entries: dict[str, list[Entry]] = {}
        self._names: dict[str, list[str]] = {}
        self._upper: dict[str, Entry] = {}
        self._read_country()
        self.city_code = next((e.adcode for e in self._entries.get(city, []) if e.level == "city"), "")
        for path in sorted(folder.glob("*.yml")):
            self._read_file(path)
        for name in self._entries:
            self._names.setdefault(name[:2], []).append(name)
        for names in self._names.values():
            names.sort(key=len, reverse=True)

    def find(self, text: str) -> list[Place]:
        """Every place the text names, in reading order; neighbouring names (…市…区…街道…小区) are one place."""
        return [found.place for found in self.found(text)]

    def found(self, text: str) -> list[Found]:
        """As `find`, with positions."""
        plain = halved(text)
        hits = self._hits(plain)
        out: list[Found] = []
        for chain in _chains(hits):
            at, end = chain[0].at, chain[-1].end
            tail = _TAIL.match(plain, end)
            if tail and not any(h.at < tail.end() and end <= h.at for h in hits if h not in chain):
                end = tail.end()
            out.append(Found(self._place(text[at:end], chain, hits), at, end))
        for m in _LOOSE.finditer(plain):
            if not any(m.start() < f.end and f.at < m.end() for f in out) and not _ANYWHERE.fullmatch(m[0]):
                out.append(Found(Place(quote=text[m.start() : m.end()], name=text[m.start() : m.end()]), m.start(), m.end()))
        return sorted(out, key=lambda f: f.at)

    def resolve(self, text: str, at: int, end: int) -> Place:
        """The place that the words from `at` to `end` name, read with the rest of the text."""
        plain = halved(text)
        hits = self._hits(plain)
        inside = [h for h in hits if at <= h.at and h.end <= end]
        return self._place(text[at:end], inside, hits)

    def named_spans(self, text: str) -> list[tuple[int, int]]:
        """Where known names stand, so that no other word is read across them (昆明|火车站 holds no 明火)."""
        return [(h.at, h.end) for h in self._hits(halved(text))]

    def names_a_place(self, words: str) -> bool:
        """Whether the words hold a known name or a word such as 路, 小区, 厂."""
        plain = halved(words)
        return bool(_CUE.search(plain)) or bool(self._hits(plain))

    def _hits(self, plain: str) -> list[_Hit]:
        hits: list[_Hit] = []
        at = 0
        while at < len(plain) - 1:
            name = next((n for n in self._names.get(plain[at : at + 2], ()) if plain.startswith(n, at)), None)
            if name and self._stands_alone(name, plain, at + len(name)):
                hits.append(_Hit(at, at + len(name), tuple(self._entries[name])))
                at += len(name)
            else:
                at += 1
        return hits

    def _stands_alone(self, name: str, plain: str, end: int) -> bool:
        short = name[-1] not in "省市区县州旗盟道镇乡村" and self._entries[name][0].level != "spot"
        if not short or any(plain.startswith(n, end) for n in self._names.get(plain[end : end + 2], ())):
            return True  # 江宁 before 东山街道: the next name vouches for it
        return not _NOT_A_CITY.match(plain, end)

    def _place(self, quote: str, chain: Iterable[_Hit], hits: list[_Hit]) -> Place:
        chain = list(chain)
        best: Entry | None = None
        ambiguous = False
        for hit in chain:
            entry = self._choose(hit, chain, hits)
            ambiguous = ambiguous or entry is None
            if entry and (best is None or (_FINENESS[entry.level] >= _FINENESS[best.level] and _within(entry, best))):
                best = entry
        if best is None or (ambiguous and _FINENESS[best.level] < 2):
            return Place(quote=quote, name=quote)
        return self._written(quote, best, whole=bool(chain) and len(quote) == chain[-1].end - chain[0].at)

    def _written(self, quote: str, entry: Entry, *, whole: bool) -> Place:
        district, lon, lat = entry.district, entry.lon, entry.lat
        precision: Literal["point", "street", "district", "city", "unknown"] = "unknown"
        if lon is not None:
            precision = {"spot": "point", "street": "street", "district": "district", "city": "city", "province": "unknown"}[entry.level]  # type: ignore[assignment]
        elif district and (centre := self._upper.get(entry.adcode)):
            lon, lat, precision = centre.lon, centre.lat, "district" if centre.lon is not None else "unknown"
        name = entry.name if whole or entry.level == "spot" else quote
        return Place(
            quote=quote, name=name, adcode=entry.adcode, district=district, street=entry.street, lon=lon, lat=lat, precision=precision
        )  # fmt: skip

    def _choose(self, hit: _Hit, chain: list[_Hit], hits: list[_Hit]) -> Entry | None:
        """The one division a name means here, or null while the text leaves two open."""
        if len({e.adcode for e in hit.entries}) == 1:
            return hit.entries[0]
        for others in ([h for h in chain if h.end <= hit.at], [h for h in hits if h is not hit]):
            upper = [e for h in others if h.level <= 1 for e in h.entries]
            cities = [e for e in upper if e.level == "city"] or upper
            fitting = [c for c in hit.entries if any(_within(c, e) for e in cities)]
            if len(fitting) == 1:
                return fitting[0]
            if cities:
                return None
        home = [c for c in hit.entries if self.city_code and c.adcode[:4] == self.city_code[:4]]
        return home[0] if len(home) == 1 else None

    def _read_country(self) -> None:
        for code, division in by_code().items():
            name = division.name
            level: Level = "province" if code.endswith("0000") else "city" if code.endswith("00") else "district"
            if level == "province" and name in ("北京市", "上海市", "天津市", "重庆市"):
                level = "city"
            if level == "district" and code[2:4] == "90":
                level = "district"
            entry = Entry(name, level, code, name if level == "district" else None)
            for alias in _shorter(name, level):
                self._add(alias, entry)
            self._upper.setdefault(code, entry)

    def _read_file(self, path: Path) -> None:
        try:
            data = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader, the C one where there is one
        except yaml.YAMLError as error:
            raise BrokenDefinition(f"{path}: 地名文件不是有效的 YAML（{error}）；请改正或移走该文件。") from error
        if not isinstance(data, dict) or not ({"places"} & data.keys() or {"city", "divisions"} <= data.keys()):
            raise BrokenDefinition(f"{path}: 地名文件须有 places，或有 city 与 divisions；请对照 nanjing.yml 改正。")
        try:
            if "divisions" in data:
                self._read_city(data)
            for row in data.get("places") or ():
                self._read_spot(row)
        except (KeyError, TypeError, ValueError) as error:
            raise BrokenDefinition(f"{path}: 地名条目缺项或有误（{error!r}）；每条须有 name、kind、adcode、lon、lat。") from error

    def _read_city(self, data: dict[str, Any]) -> None:
        city = data["city"]
        self._replace(Entry(city["name"], "city", city["adcode"], lon=city.get("lon"), lat=city.get("lat"), own=True), city["aliases"])
        home = city["name"] == self.city
        for row in data["divisions"]:
            name = row["name"]
            entry = Entry(name, "district", row["adcode"], name, None, row.get("lon"), row.get("lat"), own=True)
            self._replace(entry, [*row["aliases"], *([name[:-1]] if home and len(name) > 2 else [])])
            for street in row["streets"]:
                self._add(
                    street["name"],
                    Entry(street["name"], "street", row["adcode"], name, street["name"], street.get("lon"), street.get("lat"), True),
                )

    def _read_spot(self, row: dict[str, Any]) -> None:
        if not row["kind"]:
            raise ValueError(f"{row['name']} 的 kind 是空的")
        adcode = str(row["adcode"])
        known = self._upper.get(adcode)
        lon, lat = float(row["lon"]), float(row["lat"])
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise ValueError(f"{row['name']} 的坐标超出范围")
        entry = Entry(row["name"], "spot", adcode, known.name if known else None, row.get("street") or None, lon, lat, True)
        for name in (row["name"], *(row.get("aliases") or ())):
            if len(name) < 2:
                raise ValueError(f"名称 {name!r} 太短")
            self._add(name, entry)

    def _replace(self, entry: Entry, aliases: Iterable[str]) -> None:
        """Our own file knows a division better than the national list: same code, with a centre."""
        self._upper[entry.adcode] = entry
        for name in (entry.name, *aliases, *_shorter(entry.name, entry.level)):
            kept = [e for e in self._entries.get(name, []) if e.adcode != entry.adcode]
            self._entries[name] = [*kept, entry]

    def _add(self, name: str, entry: Entry) -> None:
        self._entries.setdefault(name, []).append(entry)


@lru_cache(maxsize=4)
def gazetteer(city: str) -> Gazetteer:
    """The gazetteer of a home city, read once per process (some 20 ms)."""
    return Gazetteer(city)


def _shorter(name: str, level: Level) -> list[str]:
    """Names people use: 江苏 for 江苏省, 南京 for 南京市; a county keeps its last character, or 和平 would be a place everywhere."""
    if level == "district":
        return [name]
    short = re.sub(r"(?:壮族|回族|维吾尔)?自治区$|特别行政区$|省$|市$|地区$|盟$", "", name)
    short = re.sub(r"(?:[\u4e00-\u9fff]{1,3}族)+自治州$", "", short) if short.endswith("自治州") else short
    return [name, short] if 2 <= len(short) < len(name) else [name]


def _within(inner: Entry, outer: Entry) -> bool:
    if outer.level == "province" or outer.adcode.endswith("0000"):
        return inner.adcode[:2] == outer.adcode[:2]
    if outer.level == "city":
        return inner.adcode[:4] == outer.adcode[:4]
    return inner.adcode == outer.adcode


def _chains(hits: list[_Hit]) -> list[list[_Hit]]:
    """Neighbouring names from coarse to fine; 南京市 合肥市 side by side are two places."""
    chains: list[list[_Hit]] = []
    for hit in hits:
        last = chains[-1][-1] if chains else None
        if last and hit.at == last.end and hit.level > last.level:
            chains[-1].append(hit)
        else:
            chains.append([hit])
    return chains

"""Where: names in a text, resolved as far as the text allows and never further.

Names come from `placenames.py`: the national list with its former names, the shipped `ingestion/gazetteer/*.yml`, and the city's own
`ANLAN_HOME/gazetteer/*.yml`. Coordinates are WGS 84. A name that several cities share (鼓楼区, 中山路) belongs to the home city only
when the text names no other city; a place elsewhere says so (`Place.outside`), and what stays open stays null. Every quote is a
substring of the text. Time is linear in the length of the text.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from operator import add
from pathlib import Path
from typing import Literal, TypedDict

from ingestion.addresses import NOT_AFTER_SHORT, take_apart
from ingestion.numerals import TEXTS_KEPT, halved
from ingestion.placenames import FINENESS, POINT, Entry, Names
from models.divisions import short_name
from models.domain import Place
from models.errors import BrokenDefinition

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "gazetteer"
READINGS = 32
"""Texts read last that are kept with their names: one message is asked about again and again, in whole and in parts."""

_NOT_A_CITY = re.compile(
    r"[东西南北中]?(?:[路街巷门陵桥寺湖河山江里弄湾]|大道|大街|大桥|大厦|公园|医院|酒店|宾馆|新村|花园|银行|日报|晚报|网|饭店|车牌|籍|人(?!民)|话|菜)"
)
"""中山路, 北京东路, 秦淮河: a city's short name inside the name of something else."""

SUFFIX = (
    r"(?:交叉路?口|路口|交界处|路段|立交桥?|下穿(?:通道|隧道|桥)?|隧道|涵洞|桥洞|高架|大桥|桥|大道|大街|路|街(?!道)|巷|弄|高速公路|高速|国道|省道|小区|新村|花园|家园|公寓|苑|大厦|广场|"
    r"公司|工厂|厂区|厂房|厂|工业园区?|开发区|园区|产业园|仓库|车间|工地|加油站|医院|卫生院|大学|学院|中学|小学|学校|幼儿园|地铁站|火车站|车站|站|市场|商场|商城|超市|酒店|宾馆|饭店|餐馆|酒楼|"
    r"饭馆|食堂|KTV|网吧|酒吧|养老院|敬老院|福利院|社区|村委会|村|镇|乡|街道|水库|码头|矿区|煤矿|矿|农场|林场|景区|公园|\d+号楼?|\d+栋|\d+幢|\d+单元|\d+组|\d+楼|[一二三四五六七八九十]+楼|服务区|收费站|海域|山区|山坡|城区|市区|民居|民房|住宅楼?|居民楼|宿舍楼?|商铺|店铺|门面|楼道|地下室|地下车库|停车场|车棚)"
)
_LEADS = "投诉|举报|反映|咨询|建议|希望|请求|关于|加快|治理|导致|造成|致使|涉及|包括|住在|家住|发现|离|以前|为什么|什么时候|强烈谴责|状告|因为|由于|距离"
"""What often stands right before a place without being part of its name."""
_WATERS = r"(?:河道|内河|河(?![南北东西马流水道内岸边])|湖(?![南北])|大堤|堤|水闸|泵站|大坝)"
"""Waters and what holds them: on their own only where a name leads up to them."""
_TAIL = re.compile(
    rf"[ ]?(?:[^\W_在发有被因是的，。：]{{0,14}}?{SUFFIX}){{1,4}}(?:附近|门口|旁边|旁|东侧|西侧|南侧|北侧|内(?!涝)|里)?(?:\d+米处)?"
)
_LOOSE = re.compile(
    rf"(?:^|(?<=[在于到从往，。、：:；！!？\s】#\"“(]))(?:{_LEADS}){{0,2}}(?P<place>(?:[^\W\d_在于到从往的有是我你他她这那和了问把被对则而您请]{{2,9}}?(?:{SUFFIX}|{_WATERS}))(?:(?:与|和)[^\W\d_在的]{{1,6}}?(?:路|街|大道)(?:交叉口|路口|交界处)?)?(?:[^\W_在发有被因是的]{{0,8}}?{SUFFIX}){{0,3}}(?:附近|门口|旁边|旁|内|里)?)"
)
_ANYWHERE = re.compile(
    r".{0,3}(?:外面|旁边|刚刚?|一楼|附近|路过|这个|那个|整个|一条|门口).{0,4}|.{0,2}(?:小区|医院|学校|公司|工厂|公园|路口)(?:门口|附近|里|内|旁边?)?|.{0,4}(?:农村|马路|修路|十字路口|公共道路)|(?:周边|全体|损害|承包|城中)村"
)
_CUE = re.compile(rf"{SUFFIX}|[省市区县州旗]|[盟岛港湾山河湖家内处上中]$|附近|沿岸|海岸|[东西南北中]部|首都|境内|两地|地区")
_LINES = frozenset(["road", "expressway", "river", "lake", "island"])
"""Kinds whose name alone is no spot: 中山路12号 keeps its number in the name."""
_VAGUE = re.compile(r"(?:附近|门口|旁边?|[东西南北]侧|内|里)*")
_CROSS = re.compile(
    r"[ ]?(?:(?:与|和|跟|同)[^\W\d_在的与和]{1,7}?(?:大道|大街|高架|路|街|巷)(?:的)?(?:交叉路?口|[十丁]字路口|路口|交界处?|交[汇会]处?|口)?"
    r"|[、/\-—][^\W\d_在的]{1,7}?(?:大道|大街|高架|路|街|巷)(?:的)?(?:交叉路?口|[十丁]字路口|路口|交界处?|交[汇会]处?))"
)
_MARK = re.compile(
    r"[ ]?(?:[往向至由]?[\u4e00-\u9fff]{1,6}?(?:方向|[往向至][\u4e00-\u9fff]{1,4}方向))?[ ]?"
    r"(?:[Kk]\d{1,4}(?:\+\d{1,4})?(?:\.\d{1,3})?|\d{1,4}(?:\.\d{1,3})?(?:公里|千米|km|KM))(?:[+加]\d{1,3}米)?(?:处|附近|路段)?"
)
_EXIT = re.compile(r"[ ]?(?:[A-Z]?\d{1,2}[A-Z]?|[A-Z]|[一二三四五六七八九十]{1,2}|[东南西北]{1,2})号?(?:出入口|出口|入口|口)(?!子)")
_ROUTE = re.compile(
    r"(?:(?<![A-Za-z\d])[GSXgsx]\d{1,4}(?![A-Za-z\d])(?:[\u4e00-\u9fff]{0,6}?(?:高速公路|高速|国道|省道|县道))?|(?<!\d)\d{3}(?:国道|省道|县道))"
    r"(?:[\u4e00-\u9fff]{2,4}?段)?"
)
_NAMED_WAY = re.compile(r"[^\W\d_在到从往向至由的是有去走经,，]{2,4}?高速(?:公路)?")
_DIGIT, _HIGHWAY, _LINE = re.compile(r"\d"), re.compile("高速"), re.compile("号线")
"""What every road and line of the three kinds holds: looked for first, because most texts hold none."""
_STRETCH = re.compile(r"[\u4e00-\u9fff]{2,4}段")
_DIRECTION = re.compile(r"(?:[往向至][\u4e00-\u9fff]{1,6}?)?方向")
_METRO = re.compile(r"(?:地铁|轻轨)?(?:[Ss]?\d{1,2}|[一二三四五六七八九十]{1,2})号线(?:[\u4e00-\u9fff·]{1,10}?站)?")
_SENTENCE_ENDS = re.compile(r"[。！？!?\n；;]")


_NO_CITY = re.compile(
    r"(?:光|风|采光|影响|遮挡)[、和及]?日照|日照(?:时[间长]|[、和及]?采光|充足|不足|标准|[权强])|(?:健康|身体)安康|白银(?:价|期货|首饰)"
)
"""Cities' names that are plain words here."""


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
        return FINENESS[self.entries[0].level]


class _Whereabouts(TypedDict):
    city: str | None
    outside: bool


class Gazetteer:
    """The names one desk knows: its own city in detail, the rest of the country to county level."""

    def __init__(self, city: str = "南京市", folder: Path = FOLDER, own: Path | None = None) -> None:
        self.city = city
        self._names = Names(city, [folder, own] if own else [folder])
        self.city_code = self._names.city_code
        # Without a city it reads texts for names before they are masked: few of those are kept.
        self._read = lru_cache(maxsize=TEXTS_KEPT if city else READINGS)(self._reading)

    def find(self, text: str) -> list[Place]:
        """Every place the text names, in reading order; neighbouring names (…市…区…街道…小区) are one place."""
        return [found.place for found in self.found(text)]

    def found(self, text: str) -> list[Found]:
        """As `find`, with positions."""
        plain = halved(text)
        reading = self._read(plain)
        out = [Found(self._place(text, at, end, reading), at, end) for at, end in reading.named]
        out += [Found(Place(quote=text[at:end], name=text[at:end]), at, end) for at, end in reading.unnamed]
        return sorted(out, key=lambda f: f.at)

    def found_spans(self, text: str) -> list[tuple[int, int]]:
        """Where `found` finds places, without asking which they are."""
        reading = self._read(halved(text))
        return sorted([*reading.named, *reading.unnamed])

    def address(self, text: str) -> list[Place]:
        """The places of an address field: as `find`, and where that knows no district, the address taken apart (广西防城港东兴…)."""
        places = self.find(text)
        taken = take_apart(text)
        if any(p.adcode or p.outside for p in places) or taken.adcode is None or taken.adcode.endswith("00"):
            return places
        whole = self._written(text, self._names.upper[taken.adcode], text)
        return [whole, *(p for p in places if p.district)]

    def resolve(self, text: str, at: int, end: int) -> Place:
        """The place that the words from `at` to `end` name, read with the rest of the text."""
        reading = self._read(halved(text))
        return self._place(text, at, end, reading)

    def named_spans(self, text: str) -> list[tuple[int, int]]:
        """Where known names stand, so that no other word is read across them (昆明|火车站 holds no 明火)."""
        return [(h.at, h.end) for h in self._read(halved(text)).hits]

    def names_a_place(self, words: str) -> bool:
        """Whether the words hold a known name or a word such as 路, 小区, 厂."""
        plain = halved(words)
        return bool(_CUE.search(plain)) or bool(self._read(plain).hits)

    def _reading(self, plain: str) -> _Reading:
        return _Reading(plain, self._hits(plain))

    def _hits(self, plain: str) -> list[_Hit]:
        hits: list[_Hit] = []
        begins, done = self._names.begins, 0
        for start, pair in enumerate(map(add, plain, plain[1:])):
            if start < done or (pair not in begins and not (hits and start == done)):
                continue
            name = self._names.longest_at(plain, start)
            before = hits[-1] if hits and done == start else None
            county = self._county_behind(before, plain) if before and not (name and self._finer(name, before)) else None
            if county:
                hits.append(county)  # 北京朝阳 is the district, though 朝阳 alone is a city
            elif name and self._stands_alone(name, plain, start + len(name), before):
                hits.append(_Hit(start, start + len(name), tuple(self._names.entries[name])))
            else:
                continue
            done = hits[-1].end
        return hits

    def _finer(self, name: str, before: _Hit) -> bool:
        return any(FINENESS[e.level] > before.level for e in self._names.entries[name])

    def _county_behind(self, before: _Hit, plain: str) -> _Hit | None:
        """A county's short name right behind its city or province."""
        if before.level > FINENESS["city"]:
            return None
        for end in range(before.end + 4, before.end + 1, -1):
            counties = self._names.short_counties.get(plain[before.end : end], ())
            fitting = tuple(c for c in counties if any(_within(c, upper) for upper in before.entries))
            if fitting and not NOT_AFTER_SHORT.match(plain, end):
                return _Hit(before.end, end, fitting)
        return None

    def _stands_alone(self, name: str, plain: str, end: int, before: _Hit | None) -> bool:
        if name in _PLAIN_WORDS:
            return before is not None and before.entries[0].level == "city"  # 大同市城区, but 城区多处积水 names none
        if _NO_CITY.search(plain, max(0, end - len(name) - 3), end + 4):
            return False
        if plain.startswith(("方向", "往", "向", "至"), end) and _DIRECTION.match(plain, end):
            return False  # 沪宁高速南京往上海方向 says which carriageway, not which city
        short = name[-1] not in "省市区县州旗盟道镇乡村" and self._names.entries[name][0].level != "spot"
        if not short or self._names.longest_at(plain, end):
            return True  # 江宁 before 东山街道: the next name vouches for it
        return not _NOT_A_CITY.match(plain, end)

    def _place(self, text: str, at: int, end: int, reading: _Reading) -> Place:
        quote, chain = text[at:end], reading.inside(at, end)
        best: Entry | None = None
        chosen: list[Entry] = []
        open_to: list[Entry] = []
        for hit in chain:
            entry = self._choose(hit, chain, reading)
            if entry is None:
                # A street of ours in a text about another city tells nothing; a shared division leaves two open.
                open_to = list(hit.entries) if FINENESS[hit.entries[0].level] <= FINENESS["district"] else open_to
                continue
            chosen.append(entry)
            if best is None or (FINENESS[entry.level] >= FINENESS[best.level] and _within(entry, best)):
                best = entry
        if best is None or (open_to and FINENESS[best.level] < FINENESS["district"]):
            fitting = [e for e in open_to if best is None or _within(e, best)] or ([best] if best else open_to)
            return Place(quote=quote, name=quote, **self._whereabouts(fitting))
        street = next((e.street for e in chosen if e.level == "street" and e.adcode == best.adcode), None)
        best = replace(best, street=street) if street and not best.street else best
        rest, more = text[chain[-1].end : end], end - at > chain[-1].end - chain[0].at
        if best.name not in {e.name for e in chain[-1].entries} or (more and (best.level != "spot" or best.kind in _LINES)):
            return self._written(quote, best, quote)
        # 柳汀小区3栋 is 柳汀新村, whose point is known; 夫子庙附近 is 夫子庙; but 江北新区甲子小区 is more than 江北新区.
        known = best.kind == "metro" or _is_point(best)
        return self._written(quote, best, best.name + ("" if known or _VAGUE.fullmatch(rest) else rest))

    def _written(self, quote: str, entry: Entry, name: str) -> Place:
        lon, lat, within_m = entry.lon, entry.lat, entry.within_m
        precision: Literal["point", "street", "district", "city", "unknown"] = "unknown"
        if lon is not None:
            if entry.level == "spot":
                precision = "point" if _is_point(entry) else "street"
            elif entry.level != "province":
                precision = entry.level
        elif entry.district and (centre := self._names.upper.get(entry.adcode)):
            lon, lat, precision = centre.lon, centre.lat, "district" if centre.lon is not None else "unknown"
        where = self._whereabouts([entry])
        if where["outside"] and (town := where["city"]) and not self._says_where(name, entry.adcode):
            name = town + name  # a place elsewhere says so wherever it is shown
        # A road through several districts lies in none of them for certain.
        adcode = None if entry.level == "spot" and entry.adcode.endswith("00") else entry.adcode
        return Place(
            quote=quote, name=name, adcode=adcode, district=entry.district, street=entry.street,
            lon=lon, lat=lat, precision=precision, within_m=within_m, **where,
        )  # fmt: skip

    def _says_where(self, name: str, code: str) -> bool:
        """Whether a name holds the city of a place elsewhere, or its province where that is another one."""
        above = [self._names.upper.get(code[:4] + "00")]
        if code[:2] != self.city_code[:2]:
            above.append(self._names.upper.get(code[:2] + "0000"))
        return any(short_name(e.name) in name for e in above if e)

    def _whereabouts(self, entries: list[Entry]) -> _Whereabouts:
        """City, and whether it is not the desk's own, where all these meanings agree."""
        codes = {e.adcode for e in entries}
        towns = {e.name for code in codes if (e := self._names.city_of(code))}
        outside = bool(codes) and bool(self.city_code) and not any(_may_meet(code, self.city_code) for code in codes)
        return {"city": towns.pop() if len(towns) == 1 and all(map(self._names.city_of, codes)) else None, "outside": outside}

    def _choose(self, hit: _Hit, chain: list[_Hit], reading: _Reading) -> Entry | None:
        """The one meaning a name has here, or null while the text leaves two open."""
        local = hit.entries[0].level in ("street", "spot")
        if len({e.adcode for e in hit.entries}) == 1 and not local:
            return hit.entries[0]
        for upper in (_coarsest(chain, hit), reading.city_before(hit), reading.cities(hit)):
            if upper:
                fitting = {e.adcode: e for e in hit.entries for u in upper if _within(e, u)}
                if len(fitting) == 1:
                    return next(iter(fitting.values()))
                return None
        home = [e for e in hit.entries if self.city_code and _may_meet(e.adcode, self.city_code) and not e.adcode.endswith("0000")]
        return home[0] if len({e.adcode for e in home}) == 1 else None


class _Reading:
    """One text with its names, indexed so that each question about it is quick."""

    def __init__(self, plain: str, hits: list[_Hit]) -> None:
        self.plain, self.hits = plain, hits
        self._starts = [h.at for h in hits]
        self._above = [
            h for h in hits if h.entries[0].level in ("province", "city") or (h.entries[0].level == "district" and len(h.entries) == 1)
        ]
        self._above_starts = [h.at for h in self._above]
        self._all = tuple({e.adcode: e for h in self._above if h.entries[0].level == "city" for e in h.entries}.values()) or tuple(
            {e.adcode: e for h in self._above if h.entries[0].level == "province" for e in h.entries}.values()
        )

    @cached_property
    def named(self) -> list[tuple[int, int]]:
        """Stretches that hold a known name or a numbered road, none across another."""
        out: list[tuple[int, int]] = []
        for at, end in sorted([*self.spans(), *_routes(self.plain)], key=lambda s: (s[0], -s[1])):
            if not out or at >= out[-1][1]:
                out.append((at, end))
        return out

    @cached_property
    def unnamed(self) -> list[tuple[int, int]]:
        """Stretches that hold no known name and read like a place: in front of 路口, 小区, 厂."""
        out: list[tuple[int, int]] = []
        for m in _LOOSE.finditer(self.plain):
            at = m.start("place")
            if not _meets(self.named, at, m.end()) and not _ANYWHERE.fullmatch(m["place"]):
                mark = _MARK.match(self.plain, m.end())
                out.append((at, mark.end() if mark else m.end()))
        return out

    def inside(self, at: int, end: int) -> list[_Hit]:
        """Names wholly within a stretch."""
        first, last = bisect_left(self._starts, at), bisect_left(self._starts, end)
        return [h for h in self.hits[first:last] if h.end <= end]

    def city_before(self, hit: _Hit) -> tuple[Entry, ...]:
        """The city or district named last before it in the same sentence."""
        i = bisect_left(self._above_starts, hit.at) - 1
        if i < 0 or self._above[i].entries[0].level == "province":
            return ()
        before = self._above[i]
        return () if _SENTENCE_ENDS.search(self.plain, before.end, hit.at) else before.entries

    def cities(self, hit: _Hit) -> tuple[Entry, ...]:
        """Every city the text names, else every province."""
        return self._all

    def spans(self) -> list[tuple[int, int]]:
        """Stretches that name one place each: neighbouring names with what completes them (a crossing, a house number, a kilometre)."""
        out: list[tuple[int, int]] = []
        for chain in _chains(self.hits):
            at, end = chain[0].at, chain[-1].end
            if out and at < out[-1][1]:
                continue  # the second road of a crossing
            out.append((at, self._completed(end, chain[-1])))
        return out

    def _completed(self, end: int, last: _Hit) -> int:
        if last.level == FINENESS["spot"] and not self._starts_between(end, end + 1) and (cross := _CROSS.match(self.plain, end)):
            return cross.end()
        for pattern in (_MARK, _EXIT) if last.level == FINENESS["spot"] else ():
            if m := pattern.match(self.plain, end):
                end = m.end()
        tail = _TAIL.match(self.plain, end)
        if tail and not self._starts_between(end, tail.end()):
            end = tail.end()
            if cross := _CROSS.match(self.plain, end):
                end = cross.end()
        return end

    def _starts_between(self, at: int, end: int) -> bool:
        i = bisect_left(self._starts, at)
        return i < len(self._starts) and self._starts[i] < end


_PLAIN_WORDS = frozenset(["城区", "郊区", "矿区", "东区", "西区", "市辖区"])
"""Names of districts that are plain words elsewhere."""


def _routes(plain: str) -> list[tuple[int, int]]:
    """G42沪蓉高速 K120+300, 地铁2号线马群站3号口: numbered roads and lines, which no list needs to know."""
    out = []
    for pattern, rest, sign in ((_ROUTE, _MARK, _DIGIT), (_NAMED_WAY, _MARK, _HIGHWAY), (_METRO, _EXIT, _LINE)):
        for m in pattern.finditer(plain) if sign.search(plain) else ():
            more = rest.match(plain, m.end()) or _STRETCH.match(plain, m.end())
            if more or pattern is not _NAMED_WAY:
                out.append((m.start(), more.end() if more else m.end()))
    return out


def _meets(spans: list[tuple[int, int]], at: int, end: int) -> bool:
    """Whether a stretch overlaps one of the sorted, disjoint spans."""
    i = bisect_left(spans, (end, end))
    return i > 0 and spans[i - 1][1] > at


def _coarsest(chain: list[_Hit], hit: _Hit) -> tuple[Entry, ...]:
    """The city, district or province that leads up to this name."""
    above = [h for h in chain if h.end <= hit.at and h.level < hit.level and h.level <= FINENESS["district"]]
    return max(above, key=lambda h: h.level).entries if above else ()


def _is_point(entry: Entry) -> bool:
    return entry.level == "spot" and entry.lon is not None and (entry.within_m is None or entry.within_m <= POINT)


def _within(inner: Entry, outer: Entry) -> bool:
    return _lies_in(inner.adcode, outer.adcode)


def _lies_in(code: str, outer: str) -> bool:
    digits = 2 if outer.endswith("0000") else 4 if outer.endswith("00") else 6
    return code[:digits] == outer[:digits]


def _may_meet(code: str, other: str) -> bool:
    """Whether one of two divisions lies in the other."""
    return _lies_in(code, other) or _lies_in(other, code)


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


_loaded: dict[tuple[str, Path | None], tuple[tuple[tuple[str, int, int], ...], Gazetteer]] = {}


def gazetteer(city: str, home: Path | None = None) -> Gazetteer:
    """The gazetteer of a city, read once per process (some 0.2 s), with the files of `home`/gazetteer where `home` is given.

    Those are read again as soon as one of them changes. A broken one stops the first reading (BrokenDefinition); later, the names read
    last stay in use and the fault is logged, so that a slip of the pen stops nobody's calls.
    """
    own = home / "gazetteer" if home else None
    files = sorted(own.glob("*.yml")) if own else []
    stamp = tuple((path.name, (seen := path.stat()).st_mtime_ns, seen.st_size) for path in files)
    known = _loaded.get((city, own))
    if known and known[0] == stamp:
        return known[1]
    try:
        fresh = Gazetteer(city, own=own)
    except BrokenDefinition as error:
        if known is None:
            raise
        log.error("the city's gazetteer cannot be read, the names read last stay in use: %s", error)
        fresh = known[1]
    _loaded[city, own] = (stamp, fresh)
    return fresh

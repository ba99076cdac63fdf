"""An address taken apart: province, city, county, town, village, and what is left.

Pure functions over the national list (`models/divisions.py`), former names included. Offline and linear in the length of the text, of
which `LONGEST` characters are read. A county name that several cities share stays open unless the address or the caller says which city.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ingestion.numerals import halved
from models.divisions import Division, Level, by_code, by_name, former, short_name

LONGEST = 500
"""Characters of an address that are read."""

_BETWEEN = re.compile(
    r"(?:市辖区|其[它他]区|null|[\s_\-—－,，.。·|/\\()（）:：;；、\"“”]|中国(?![\u4e00-\u9fff]{2,6}(?:银行|移动|电信|联通))|中华人民共和国){0,20}"
)
_NOT_AFTER_FULL = re.compile(r"场(?![\u4e00-\u9fff]{1,4}(?:镇|乡|街道|村))|大道|高速")
"""义乌|市场, 鄞县|大道: a division's name inside the name of something else."""
NOT_AFTER_SHORT = re.compile(
    r"[\u4e00-\u9fff]?(?:路(?!桥)|街(?!道)|巷|弄|线)|[东西南北中]?(?:大道|大街|大桥|大厦|高速|新村|新区|花园|花苑|公寓|小区|广场|国道)|世纪大道|"
    r"(?:经济|技术|高新|中心|工业)+(?:开发区|产业区|园?区)|[一二三四五六七八九十\d]+区|(?:国际)?机场|国际花园|[镇乡村社街站]|公司|银行"
)
_SHAPED = re.compile(
    r"[\u4e00-\u9fff]{2,3}[县区](?![\u4e00-\u9fff]?(?:路|街(?!道)|大道|[东西南北]门)|域|块)|[\u4e00-\u9fff]{2}市(?![场区]|[\u4e00-\u9fff]?(?:路|街(?!道)|大道))"
)
"""What looks like a county after its city, though no list knows it (a slip of the pen, a zone)."""
_NO_COUNTY = re.compile(
    r"(?:[东西南北中老新]|经济|开发|高新|技术|工业|园|小|社|校|厂|库|景|度假|保税|物流|科技|软件|旅游|街|山|大市)[县区市]$|[路街号弄村镇乡]"
)
_TOWN = re.compile(r"[\u4e00-\u9fff]{1,6}?(?:街道办事处|街道|镇|乡|苏木)(?!政府|[路街号上])")
_VILLAGE = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:村委会|居委会|村民委员会|居民委员会|社区|村|嘎查)(?![路街口])")
_LEAD_OF_A_LATER_ONE = re.compile(r"(?:街道|[镇乡市省\s_\-,，])$")


@dataclass(frozen=True)
class Part:
    """One element as it stands in the text."""

    quote: str
    at: int
    end: int
    level: Level
    candidates: tuple[Division, ...]
    """The present divisions it may mean; none for a name no list knows."""
    renamed: bool = False
    """A former name."""


@dataclass(frozen=True)
class Address:
    """What an address says. Names are the present ones; null where the text leaves them open."""

    province: str | None
    city: str | None
    """Prefecture-level name, or the municipality; null for counties directly under a province."""
    county: str | None
    """The county's name. Also given when several places bear it; `adcode` is then null."""
    town: str | None
    village: str | None
    detail: str
    """What follows the divisions, unchanged."""
    adcode: str | None
    """Code of the finest division that is certain."""
    county_quote: str
    """The county as the text writes it; empty when it names none."""

    @property
    def full(self) -> str:
        """Province, city, county and the rest in one line; a municipality is written once."""
        names = [self.province, self.city if self.city != self.province else None, self.county]
        return "".join(name for name in names if name) + self.detail


def take_apart(text: str, *, home: str = "", renew: bool = True) -> Address:
    """The elements of an address. `home` is the code of the city to assume when a name is shared and no city is named.

    `renew` gives merged or renamed divisions under their present name; without it such a name stays as written (a county that became a
    district under the same name, 新津县, is given as it is now in either case). Never raises.
    """
    text = text[:LONGEST]
    plain = halved(text)
    parts = _parts(plain)
    last = parts[-1].end if parts else 0
    chosen = _agreed(parts, home)
    county = next((p for p in parts if p.level == 3), None)
    county_quote = text[county.at : county.end] if county else ""
    detail = text[last:].strip(" _-,，")
    codes = by_code()
    province = city = name = adcode = None
    if chosen:
        adcode = chosen.code
        province = codes[chosen.code[:2] + "0000"].name
        upper = codes.get(chosen.code[:4] + "00")
        # Counties directly under a province have no city: the list's 省直辖行政区划 is none.
        city = upper.name if upper and chosen.level > 1 and "直辖" not in upper.name else province if province[-1] == "市" else None
        name = chosen.name if chosen.level == 3 else None
    if county and name is None:
        name = county.candidates[0].name if county.candidates and len({d.name for d in county.candidates}) == 1 else county_quote
    if not renew:
        province, city, name = (_as_written(word, parts, level) for level, word in ((1, province), (2, city), (3, name)))
    town, village = _below(detail)
    return Address(province, city, name, town, village, detail, adcode, county_quote)


def county_of(text: str) -> str:
    """The county element as the address writes it; empty when it names none."""
    return take_apart(text).county_quote


def _parts(plain: str) -> list[Part]:
    """The divisions at the head of the address, coarse to fine; else a county named later on with what vouches for it."""
    parts: list[Part] = []
    at = 0
    for _ in range(8):
        between = _BETWEEN.match(plain, at)
        start = between.end() if between else at
        part = _at(plain, start, parts)
        if part is None:
            break
        if parts and part.level <= parts[-1].level:
            if parts[-1].level == 3 and not _written_out(part, parts[-1]):
                break
            parts = [p for p in parts if p.level < part.level]  # 浙江省金华市浙江省金华市…: said twice
        parts.append(part)
        at = part.end
    if not any(p.level == 3 for p in parts):
        later = _later(plain, at, parts)
        if later:
            parts.append(later)
    return parts


def _written_out(part: Part, short: Part) -> bool:
    """义乌义乌市: the short name only leads to the full one."""
    same = {d.code for d in part.candidates} & {d.code for d in short.candidates}
    return bool(same) and short_name(short.quote) == short.quote != part.quote


def _at(plain: str, at: int, parts: list[Part]) -> Part | None:
    names, longest = _names()
    upper = parts[-1] if parts else None
    for size in range(min(longest, len(plain) - at), 1, -1):
        word = plain[at : at + size]
        if word not in names:
            continue
        part = _accepted(plain, at, at + size, word, upper)
        if part:
            return part
    if (upper and upper.level == 2) or (upper and upper.level == 1 and upper.quote[-1:] in "省市"):
        m = _SHAPED.match(plain, at)
        if m and not (upper.level == 1 and m[0][-1] == "市") and not _NO_COUNTY.search(m[0]) and not _holds_a_city(m[0], upper):
            return Part(m[0], m.start(), m.end(), 3, ())
    return None


def _holds_a_city(word: str, upper: Part) -> bool:
    return any(word.startswith(short_name(d.name)) for d in upper.candidates)


def _accepted(plain: str, at: int, end: int, word: str, upper: Part | None) -> Part | None:
    """The word as a part, when it fits what stands before and after it."""
    known = _names()[0][word]
    full = [(d, old) for d, written, old in known if written == word]
    if full and not _NOT_AFTER_FULL.match(plain, end):
        fitting = _fitting(full, upper) or full
        level = _finer(fitting, upper)
        if len(short_name(word)) == len(word) and word in _VAGUE and not (upper and upper.level == 2):
            return None
        chosen = [(d, old) for d, old in fitting if d.level == level]
        return Part(word, at, end, level, tuple(dict.fromkeys(d for d, _ in chosen)), all(old for _, old in chosen))
    if full and len(word) <= 3 and not upper:
        return None
    if word in _VAGUE or NOT_AFTER_SHORT.match(plain, end):
        return None
    if plain[end : end + 1] in tuple("县区市") and not _NOT_AFTER_FULL.match(plain, end + 1) and _county_like(known, upper):
        end += 1  # 石柱县 for 石柱土家族自治县, 兰溪县 for what is a city now
    short = [(d, old) for d, written, old in known if written != word]
    again = upper is not None and word in (upper.quote, short_name(upper.quote))
    fitting = _fitting([(d, old) for d, old in short if upper is None or d.level >= upper.level + (not again)], upper)
    fitting = [(d, old) for d, old in fitting if not old] or fitting
    if not fitting:
        return None
    level = min(d.level for d, _ in fitting)
    chosen = [(d, old) for d, old in fitting if d.level == level]
    if upper is None and level == 3 and len({d.code for d, _ in chosen}) > 1:
        return None
    return Part(plain[at:end], at, end, level, tuple(dict.fromkeys(d for d, _ in chosen)), all(old for _, old in chosen))


def _county_like(known: tuple[tuple[Division, str, bool], ...], upper: Part | None) -> bool:
    return bool(_fitting([(d, old) for d, _, old in known if d.level == 3], upper))


def _finer(fitting: list[tuple[Division, bool]], upper: Part | None) -> Level:
    levels = sorted({d.level for d, _ in fitting})
    return next((level for level in levels if upper is None or level > upper.level), levels[-1])


def _fitting(known: list[tuple[Division, bool]], upper: Part | None) -> list[tuple[Division, bool]]:
    """Those that lie in what stands before; a former one, or one under a former city (柳州地区忻城县), may lie elsewhere in the province."""
    if upper is None or not upper.candidates:
        return known
    within = [(d, old) for d, old in known if any(u.contains(d) for u in upper.candidates)]
    return within or [(d, old) for d, old in known if (old or upper.renamed) and any(d.code[:2] == u.code[:2] for u in upper.candidates)]


def _later(plain: str, at: int, parts: list[Part]) -> Part | None:
    """A county after something else: right behind its own city or province, or behind a town (中大槐树街道槐荫区)."""
    names, longest = _names()
    for start in range(at + 1, len(plain) - 1):
        for size in range(min(longest, len(plain) - start), 2, -1):
            word = plain[start : start + size]
            known = [(d, old) for d, written, old in names.get(word, ()) if written == word and d.level == 3]
            if not known or word in _VAGUE or _NOT_AFTER_FULL.match(plain, start + size):
                continue
            before = plain[max(0, start - 8) : start]
            if not _LEAD_OF_A_LATER_ONE.search(before) and not any(_named_in(before, d) for d, _ in known):
                continue
            fitting = [d for d, _ in _fitting(known, parts[-1] if parts else None)]
            if fitting:
                return Part(word, start, start + size, 3, tuple(dict.fromkeys(fitting)), all(old for _, old in known))
    return None


def _named_in(before: str, division: Division) -> bool:
    upper = by_code().get(division.code[:4] + "00")
    return upper is not None and (before.endswith(upper.name) or before.endswith(short_name(upper.name)))


def _agreed(parts: list[Part], home: str) -> Division | None:
    """The finest division all parts agree on; null while two are open."""
    agreed: Division | None = None
    for part in parts:
        fitting = [d for d in part.candidates if agreed is None or agreed.contains(d) or (part.renamed and agreed.code[:2] == d.code[:2])]
        fitting = fitting or (list(part.candidates) if any(p.renamed for p in parts if p.level < part.level) else [])
        if len(fitting) > 1 and agreed is None and home:
            fitting = [d for d in fitting if d.code[:4] == home[:4]] or fitting
        agreed = fitting[0] if len(fitting) == 1 else _shared(fitting) or agreed
    return agreed


def _shared(divisions: list[Division]) -> Division | None:
    """The city that all of them lie in, if there is one: 江干区 was split, but both parts are in 杭州市."""
    codes = {d.code[:4] + "00" for d in divisions}
    return by_code().get(codes.pop()) if len(codes) == 1 else None


def _as_written(name: str | None, parts: list[Part], level: Level) -> str | None:
    old = next((p for p in parts if p.level == level and p.renamed), None)
    return old.quote if name and old and short_name(old.quote) != short_name(name) else name


def _below(detail: str) -> tuple[str | None, str | None]:
    town = _TOWN.match(detail)
    if not town:
        return None, None
    village = _VILLAGE.match(detail, town.end())
    return town[0], village[0] if village else None


_VAGUE = frozenset(["城区", "郊区", "矿区", "东区", "西区", "南区", "北区", "市区", "市辖区", "中区", "新区", "开发区"])
"""Names that are as often plain words; divisions only right behind their city."""


@cache
def _names() -> tuple[dict[str, tuple[tuple[Division, str, bool], ...]], int]:
    """Every name, full, short or former: the divisions it may mean, the full name it stands for, and whether that is a former one."""
    found: dict[str, list[tuple[Division, str, bool]]] = {}
    for name, divisions in by_name().items():
        found.setdefault(name, []).extend((d, d.name, False) for d in divisions)
    codes = by_code()
    for old in former():
        for code in old.successors:
            for name in {old.name, short_name(old.name)}:
                known = found.setdefault(name, [])
                if not any(d.code == code for d, _, _ in known):
                    known.append((codes[code], old.name, True))
    for name, code in (("内蒙", "150000"), ("广西省", "450000"), ("西藏省", "540000"), ("宁夏省", "640000"), ("新疆省", "650000")):
        found.setdefault(name, []).append((codes[code], name, False))
    for division in codes.values():
        if division.level == 2 and division.name.endswith("自治州"):
            found.setdefault(short_name(division.name) + "州", []).append((division, short_name(division.name) + "州", False))
    return {name: tuple(rows) for name, rows in found.items()}, max(map(len, found))

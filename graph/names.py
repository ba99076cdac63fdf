"""Same or different: whether two names mean one body, one document, one place or one figure.

A wrong merge puts another city's law into a report, so a name is taken apart (whose place, what office, which number) and every
part must agree; what a name leaves open is not filled in, and the answer is then `unsure`. `within` is the place the document speaks
from: there 市应急局 is that city's, and 鼓楼区, which four cities have, is that city's too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from graph.numerals import AMOUNT, amount
from models.divisions import Division, by_name
from models.divisions import within as lies_in

Verdict = Literal["same", "different", "unsure"]
Kind = Literal["number", "figure", "document", "body", "place"]


@dataclass(frozen=True)
class Comparison:
    """What we think of two names, and why, in Chinese sentences a person can check."""

    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """The place a name speaks of."""

    candidates: tuple[Division, ...] = ()
    """Divisions the words may mean; several where the name is borne by several."""
    national: bool = False
    """The whole country."""
    area: str = ""
    """A zone that is no division (江北新区), or a street or village below the county."""
    relative: str = ""
    """省, 市, 区 or 县 without a name, and no place to speak from."""

    @property
    def known(self) -> bool:
        """Whether the words name a place at all."""
        return bool(self.candidates or self.national or self.area)


@dataclass(frozen=True)
class Name:
    """A name taken apart."""

    text: str
    kind: Kind
    region: Region = field(default_factory=Region)
    core: str = ""
    """What is left without the place: the office, the subject of the document, what is counted."""
    mark: str = ""
    """Version of a document (2024年修订, 试行) or unit of a figure."""
    value: tuple[float, ...] = ()
    """Year and number of a document, or the figure."""


_DOCUMENT_NUMBER = re.compile(r"^(.*?)[〔\[［(（【]((?:19|20)\d{2})[〕\]］)）】]\s*第?\s*(\d+)\s*号$")
_ORDER = re.compile(rf"^(.*?)令?\s*(?:第|（第)\s*({AMOUNT})\s*号令?$")
_FIGURE = re.compile(
    rf"^(\D*?)[约近超过达共]*({AMOUNT})\s*(名|余?人|户|间|万?元|亿元|公顷|亩|处|起|艘|辆|头|毫米|米|公里|万人|级|小时|日|天|吨|%|％)$"
)
_DOCUMENT_ENDS = r"(?:法|条例|办法|规定|细则|规则|规程|准则|决定|决议|意见|通知|公告|通告|预案|方案|规划|计划|制度|标准|规范|指南|指引|手册|纲要|解释|批复|报告|公报|通则|章程|条约|公约|导则)"
_VERSION = re.compile(
    r"[（(〔]((?:(?:19|20)\d{2}年?(?:版|修订版?|修正|修改|第[一二三四五六七八九]次修[订正])?(?:[\d月日-]*)?(?:公布|施行|通过)?)|(?:19|20)\d{2}[-.]\d{1,2}[-.]\d{1,2}|修订版?|修正|最新修订|第[一二三四五六七八九]版)[）)〕]$"
)
_TRIAL = re.compile(r"[（(〔](试行|暂行|草案|征求意见稿|送审稿|试用)[）)〕]$")
_AREA = re.compile(
    r"[\u4e00-\u9fff]{2,8}?(?:新区|开发区|高新区|经开区|高新技术产业开发区|工业园区?|保税区|度假区|产业园区?|合作区|示范区)|"
    r"[^和与及管局委府厅农城]{2,5}?(?:街道|镇(?!江)|(?<!城)乡(?!村)|(?<!农)(?<!乡)村|社区)"
)
_NATIONAL = re.compile(
    r"国家(?!能源局|电网|税务|统计局|档案局|矿山|林|粮食|信访|消防|海洋|铁路|邮政|文物|药品|移民|自然灾害综合|发展|卫生|市场|知识|医疗|疾)|全国(?!人民代表)|中国(?!气象局|地震局|红十字|民用|人民)|我国"
)
_NATIONAL_BODY = re.compile(
    r"国务院|全国人民代表大会|全国人大|中共中央|中央|最高人民|"
    r"(?:外交|国防|教育|科学技术|科技|工业和信息化|公安|国家安全|民政|司法|财政|人力资源和?社会保障|自然资源|生态环境|住房和?城乡建设|交通运输|水利|农业农村|商务|"
    r"文化和旅游|应急管理|应急|卫生|交通|建设|劳动|农业|铁道|能源|环境保护|国土资源)部$|国家[\u4e00-\u9fff]{1,10}(?:局|委员会|署|总局)|中国(?:气象|地震)局"
)

_EXPANSIONS: tuple[tuple[str, str], ...] = (
    (r"^应急(?=[局厅部办]$)", "应急管理"),
    (r"^安监(?=局|厅)", "安全生产监督管理"),
    (r"^(?:发改|发展改革)委", "发展和改革委员会"),
    (r"^卫健委", "卫生健康委员会"),
    (r"^住建(?=[局厅部委])", "住房和城乡建设"),
    (r"^(?:自规|自然资源规划)局", "自然资源和规划局"),
    (r"^市场?监管?(?=局$)", "市场监督管理"),
    (r"^市监(?=局$)", "市场监督管理"),
    (r"^(?:交运|交通)(?=局$)", "交通运输"),
    (r"^(?:环保)(?=局$)", "环境保护"),
    (r"^(?:人社)(?=[局厅部])", "人力资源和社会保障"),
    (r"^工信(?=[局厅部])", "工业和信息化"),
    (r"^(?:文旅)(?=[局厅部])", "文化和旅游"),
    (r"^(?:城管)局", "城市管理局"),
    (r"^(?:粮储)局", "粮食和物资储备局"),
    (r"^消防(?=[支总大]队|局)", "消防救援"),
    (r"^(?:防汛抗旱|防)指(?:挥部)?", "防汛抗旱指挥部"),
    (r"^安(?:全生产)?委(?:员)?会?办(?:公室)?$", "安全生产委员会办公室"),
    (r"^安委会?$", "安全生产委员会"),
    (r"^减灾(?:委|办)$", "减灾委员会"),
    (r"^防(?:灾)?减(?:灾)?救(?:灾)?委(?:员会)?", "防灾减灾救灾委员会"),
    (r"^应急委(?:员会)?$", "应急委员会"),
    (r"^人大常委会", "人民代表大会常务委员会"),
    (r"^人大$", "人民代表大会"),
    (r"^政府办(?:公室)?$", "人民政府办公室"),
    (r"^政府办公厅$", "人民政府办公厅"),
    (r"^政府$", "人民政府"),
    (r"^国资委", "国有资产监督管理委员会"),
    (r"^农委$", "农业委员会"),
    (r"^公安(?=分局$)", "公安"),
    (r"^教委$", "教育委员会"),
)
"""Abbreviations of offices, in general use across the country; what is not here is not expanded, and then two names are unsure."""


def same(first: str, second: str, *, within: str = "") -> Comparison:
    """Whether the two names mean one thing, for a document that speaks from `within` (a division's name; empty when unknown)."""
    home = _home(within)
    one, other = read(first, within=home), read(second, within=home)
    if one.kind != other.kind:
        pair = {one.kind, other.kind}
        if pair == {"number", "document"}:
            return Comparison("unsure", ("一个是文号，一个是文件名，单凭名称不能对应",))
        return Comparison("different", (f"不是同一类名称：{_KINDS[one.kind]}与{_KINDS[other.kind]}",))
    return {"number": _numbers, "figure": _figures, "document": _documents, "body": _bodies, "place": _places}[one.kind](one, other)


_KINDS = {"number": "文号", "figure": "数字", "document": "文件", "body": "机构", "place": "地名"}


def read(text: str, *, within: Division | None = None) -> Name:
    """A name taken apart."""
    words = re.sub(r"\s+", "", text).strip("《》〈〉“”\"'")
    if found := _DOCUMENT_NUMBER.match(words):
        return Name(text, "number", core=found[1], value=(float(found[2]), float(found[3])))
    if "令" in words and (found := _ORDER.match(words)):
        return Name(text, "number", core=_plain_title(found[1]).rstrip("令"), value=(amount(found[2]),))
    if found := _FIGURE.match(words):
        unit = found[3].removeprefix("余").replace("％", "%").replace("名", "人")
        factor = {"万": 10_000.0, "亿": 100_000_000.0}.get(unit[0], 1.0)
        return Name(text, "figure", core=found[1], mark=unit.lstrip("万亿"), value=(round(amount(found[2]) * factor, 6),))
    mark = ""
    while version := (_VERSION.search(words) or _TRIAL.search(words)):
        mark, words = version[1] + mark, words[: version.start()]
    if re.search(_DOCUMENT_ENDS + "$", words):
        region, core = _region(_plain_title(words), within)
        return Name(text, "document", region, core, mark)
    region, core = _region(words, within)
    if not core and region.known:
        return Name(text, "place", region, region.area)
    return Name(text, "body", region, _expanded(core))


def region_of(text: str, *, within: str = "") -> Region:
    """The place a title or a body's name begins with."""
    return _region(_plain_title(re.sub(r"\s+", "", text)), _home(within))[0]


# -- taking apart -------------------------------------------------------------------------------------------------------------


def _plain_title(words: str) -> str:
    return words.replace("中华人民共和国", "")


@cache
def _home(within: str) -> Division | None:
    if not within:
        return None
    region, _ = _region(within, None)
    return region.candidates[0] if len(region.candidates) == 1 else None


def _region(words: str, home: Division | None) -> tuple[Region, str]:
    """The place at the beginning, as long as names go on, and the words after it."""
    if found := _NATIONAL.match(words):
        return Region(national=True), words[found.end() :]
    if _NATIONAL_BODY.match(words):
        return Region(national=True), words
    candidates: tuple[Division, ...] = ()
    rest = words
    while hit := _leading(rest, candidates):
        candidates, rest = hit
    relative = re.match(r"(?:本|全)?([省市区县])(?!场|政(?!府|协)|容|民|监)", rest)
    if not candidates and relative and rest[relative.end() :]:
        level = {"省": 1, "市": 2, "区": 3, "县": 3}[relative[1]]
        here = [d for d in (lies_in(home) if home else ()) if d.level == level or (level == 2 and d.level == 1 and d.name.endswith("市"))]
        rest = rest[relative.end() :]
        return (Region(candidates=(here[-1],)) if here else Region(relative=relative[1])), rest
    area = _AREA.match(rest)
    if area and not re.match(r"[\u4e00-\u9fff]{0,6}(?:应急|管理|人民)", area[0]):
        rest = rest[area.end() :]
        if not candidates and home:
            candidates = (home,)
        return Region(candidates=candidates, area=area[0]), re.sub(r"^(?:管理)?委员会(?=.)|^管委会(?=.)", "", rest)
    if len(candidates) > 1 and home:
        candidates = tuple(d for d in candidates if home.contains(d)) or candidates
    return Region(candidates=candidates), rest


def _leading(words: str, above: tuple[Division, ...]) -> tuple[tuple[Division, ...], str] | None:
    names = by_name()
    for length in range(min(len(words), 14), 1, -1):
        found = names.get(words[:length])
        if not found:
            continue
        full = any(d.name == words[:length] for d in found)
        # 江西 in 江西路, 海南 in 海南省: a short name counts only before an office, a document's subject, or a division.
        if not full and re.match(r"[路街桥巷湖河江]|[省市区县州盟](?!场|政|委)|新区|开发区|高新|经开|经济", words[length:]):
            continue
        below = tuple(d for d in found if not above or any(a.contains(d) and a != d for a in above))
        if full:
            below = tuple(d for d in below if d.name == words[:length]) or below
        if below:
            return below, words[length:]
    return None


def _expanded(core: str) -> str:
    for pattern, whole in _EXPANSIONS:
        found = re.match(pattern, core)
        if found and found[0] and not core.startswith(whole):
            return whole + core[found.end() :]
    return core


# -- comparing ----------------------------------------------------------------------------------------------------------------


def _numbers(one: Name, other: Name) -> Comparison:
    if one.value != other.value:
        return Comparison("different", (f"年份或序号不同：{one.text}，{other.text}",))
    if one.core == other.core:
        return Comparison("same", ("发文字号的代字、年份、序号都相同",))
    if not one.core or not other.core:
        return Comparison("unsure", ("年份和序号相同，但一处没有发文机关代字",))
    return Comparison("different", (f"发文机关代字不同：{one.core}，{other.core}",))


def _figures(one: Name, other: Name) -> Comparison:
    if one.core != other.core:
        verdict: Verdict = "unsure" if not one.core or not other.core else "different"
        return Comparison(verdict, (f"所指不同：{one.core or '未说明'}，{other.core or '未说明'}",))
    if (one.value, one.mark) == (other.value, other.mark):
        return Comparison("same", ("所指、数值、单位都相同",))
    return Comparison("different", (f"数值不同：{one.value[0]:g}{one.mark}，{other.value[0]:g}{other.mark}",))


def _documents(one: Name, other: Name) -> Comparison:
    where, why = _same_region(one.region, other.region)
    if where == "different":
        return Comparison("different", why)
    if one.core != other.core:
        return Comparison("different", (f"名称不同：{one.core}，{other.core}",))
    if one.mark != other.mark:
        if one.mark and other.mark:
            return Comparison("different", (f"同一文件的不同文本：{one.mark}，{other.mark}",))
        return Comparison("unsure", (f"一处注明“{one.mark or other.mark}”，另一处没有",))
    if where == "unsure" and (one.region.known or other.region.known):
        return Comparison("unsure", why)
    return Comparison("same", ("名称相同", *why))


def _bodies(one: Name, other: Name) -> Comparison:
    where, why = _same_region(one.region, other.region)
    if where == "different":
        return Comparison("different", why)
    if one.core != other.core:
        if _may_shorten(one.core, other.core):
            return Comparison("unsure", (f"可能是简称，但没有把握：{one.core}，{other.core}",))
        return Comparison("different", (f"机构不同：{one.core}，{other.core}",))
    if where == "unsure":
        return Comparison("unsure", why)
    return Comparison("same", (*why, f"机构都是{one.core}"))


def _places(one: Name, other: Name) -> Comparison:
    verdict, why = _same_region(one.region, other.region)
    return Comparison(verdict, why)


def _same_region(one: Region, other: Region) -> tuple[Verdict, tuple[str, ...]]:
    if one.national or other.national:
        if one.national and other.national:
            return "same", ("都是国家一级",)
        known = other if one.national else one
        return ("different", ("一个是国家一级，一个是地方",)) if known.known or known.relative else ("unsure", ("一处没有说明是哪里的",))
    if one.area != other.area:
        # An area lies inside a division, so with one on a side only, the other names the division's own body.
        if one.area and other.area and (one.area in other.area or other.area in one.area):
            return "unsure", (f"可能是同一区域的两种叫法：{one.area}，{other.area}",)
        return "different", (f"地区不同：{_called(one)}，{_called(other)}",)
    if not one.candidates or not other.candidates:
        if one.area:
            return "unsure", (f"{one.area}：一处没有说明属于哪个市",)
        return "unsure", ("没有说明是哪里的",)
    common = [d for d in one.candidates if d in other.candidates]
    if not common:
        return "different", (f"地区不同：{_called(one)}，{_called(other)}",)
    if len(one.candidates) == len(other.candidates) == 1:
        return "same", (f"都在{_path(common[0])}",)
    several = "、".join(_path(d) for d in common)
    return "unsure", (f"同名地区不止一个：{several}",)


def _called(region: Region) -> str:
    places = "或".join(_path(d) for d in region.candidates)
    return (places + region.area) or region.relative or "未说明"


def _path(division: Division) -> str:
    return "".join(d.name for d in lies_in(division))


def _may_shorten(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if not short or short[-1] != long[-1]:
        return False
    position = 0
    for character in long:
        position += position < len(short) and character == short[position]
    return position == len(short)

"""Casualties and losses, each with the words that say so.

A figure is read as low–best–high people or things (units in `models.domain.IMPACT_TYPES`; money in 万元, depth in 厘米):

- 三十余人, 50多人: best 30 and 50, at least that, at most one less than the next counted unit (39, 59).
- 至少5人, 超过5人, 上百人: at least that, open above.  · 近百人: best 100, at most 100.  · 约70人: best 70, both ends open.
- 数十人, 十几人, 两三人, 有人被困, 伤亡不明: no best value; low and high only where the words fix them.
- 无人员伤亡: dead and injured are 0; with 暂无/尚无 the upper end stays open, because it says only "so far".

Figures are never added up. Hypotheticals, questions, denials, thresholds in a rule (3人以上死亡的事故) and other events
(去年…, a sentence about another year) give nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from re import Match

from ingestion.numerals import NUMBER, TEXTS_KEPT, halved, number, spread
from models.domain import IMPACT_TYPES, Quantity

_HAN = r"[\u4e00-\u9fff]"
_PEOPLE = r"(?:名|人|位|口|个人|余名|个(?=孩|小|老|大|学|工|男|女|人))"
_HINT = r"(?P<hint>(?:至少|最少|不少于|不低于|超过|突破|超|逾|多达|高达|近|将近|约有|约|大约|大概|上(?=[百千万])|不足|不到|少于|已有|共有|共|有|达到|达|已)*)"
_VALUE = rf"(?P<n>[十几二三四五六七八九两数好]{{0,3}}几十?|[数几好][十百千万]+|若干|数|多|{NUMBER})(?P<more>[多余几来]?)"
_COUNT = rf"{_HINT}{_VALUE}(?P<above>人以上|名以上)?"
# Whose harm it is: Han only, and no word that starts another action (三人被送医后两人死亡 is about two).
_WHO = rf"(?:(?!{NUMBER}[人名位])(?!死亡|遇难|受伤|失踪|失联|被困)[^\W\d_赶救往赴把将对给帮说称看等，。；、]){{0,9}}?"
_HOW = r"(?:当场|不幸|经?抢救无效|经救治无效|送医不治|被?送医后?|不治|全部|均|都|已经?|先后|陆续|相继|不同程度|分别|因伤势过重|因|被|在[^，。；]{1,6}中|确认|疑似|受|为|遭|严重)*"

_VERBS = {
    "dead": r"死亡|遇难|身亡|丧生|罹难|丧命|殉职|牺牲|遇害|毙命|溺亡|死于|打死|炸死|烧死|砸死|被害|战死|去世|殒命|亡(?![羊命])|死(?![者机角刑等撑守扛磕党循胡贵沉盯路水活板])",
    "seriously_injured": r"重伤|受重伤|伤势严重|伤势较重|伤势危重|伤情较重|生命垂危|危重|病危",
    "injured": (
        r"受伤|负伤|轻伤|轻微伤|烧伤|烫伤|砸伤|摔伤|灼伤|炸伤|咬伤|划伤|擦伤|骨折|挂彩|(?:疑似)?(?:食物|煤气|一氧化碳|氯气|气体)?中毒|伤(?![势情者员害心残口])"
    ),
    "missing": r"失踪|失联|下落不明|失去联系|失去联络",
    "trapped": r"被困|受困|被埋|被压|困在|被卡|滞留",
    "rescued": r"获救|(?:全部|全都|均|都|全)(?:被|给)?(?:救|营救|解救)(?:出来?|下来?)|被(?:成功|陆续|全部|安全)?(?:救|解救|营救|搜救)出?|脱险|脱困",
    "relocated_central": r"(?:紧急转移)?集中(?:转移)?安置(?!点)",
    "relocated_dispersed": r"(?:紧急转移)?分散(?:转移)?安置(?!点)|(?:分散)?投亲靠友|投靠亲友",
    "relocated": r"(?:紧急)?转移安置|(?:得到|妥善)?安置",
    "evacuated": r"(?:紧急)?(?:疏散|撤离|避险转移|避险|转移)",
    "affected": r"受灾|受影响",
    "urgent_aid": r"需紧急生活救助",
}
_KINDS = tuple(_VERBS)
_WAYS = {
    "relocated_central": re.compile(r"集中(?:转移)?安置"),
    "relocated_dispersed": re.compile(r"分散(?:转移)?安置|投亲靠友|投靠亲友"),
}
_AND_THE_OTHER = re.compile(r"(?:或者?|和|与|及|、)(?:集中安置|分散安置|投亲靠友|投靠亲友)(?!\D{0,4}\d)")
_ALREADY_PLACED = re.compile(r"(?:安置|投亲靠友|投靠亲友)(?:群众|人员|人口|居民|村民)?(?:了|约|共|为)?$")
"""集中安置2000人和分散安置3000人: the first figure belongs to the verb before it, not to the one behind."""
_AFTER = "|".join(f"(?P<{k}>{v})" for k, v in _VERBS.items())
_BEFORE = {
    "dead": r"死亡|遇难|身亡|丧生|致死|造成死|死",
    "seriously_injured": r"重伤(?!的)",
    "injured": r"受伤|轻伤|轻微伤|伤|中毒",
    "missing": r"失踪|失联|下落不明",
    "trapped": r"被困|受困|困住|困[了着]|被埋|埋[了着住]|压[了着住]",
    "rescued": r"(?:成功)?(?:救出|营救出?|解救出?|搜救出|抢救出|疏导救出)|获救|脱险",
    "relocated_central": r"集中(?:转移)?安置(?!点)",
    "relocated_dispersed": r"分散(?:转移)?安置(?!点)|投亲靠友|投靠亲友",
    "relocated": r"(?:紧急)?转移安置|安置(?!点)",
    "evacuated": r"(?:紧急)?(?:疏散|撤离|避险转移|转移避险|转移)",
    "affected": r"受灾(?:人口)?",
    "urgent_aid": r"需紧急生活救助(?:人口)?",
}
_FIRST = "|".join(f"(?P<{k}>{v})" for k, v in _BEFORE.items())
_LINK = r"(?:人数|人口|人员|群众|居民|村民|乘客|工人|学生|师生|职工|员工|被困人员|受灾群众|老人)*(?:[从由]\d+人)?(?:已经?|的|上升|增加|更正|修正|应该?为|应该?是|实为|升|增|至|到|达到|达|为|共|有|约|了|:|约为)*"

_PERSON_FIRST = re.compile(rf"{_COUNT}{_PEOPLE}?(?<=[名人位个口])(?P<who>{_WHO}){_HOW}(?:{_AFTER})")
_HARM_FIRST = re.compile(rf"(?<![无未])(?:{_FIRST}){_LINK}{_COUNT}(?:名|人|位|个)")
_HARM_AFTER, _HARM_BEFORE = re.compile("|".join(_VERBS.values())), re.compile("|".join(_BEFORE.values()))
"""The verbs alone: looked for first, because most texts tell of no harm."""
_SHORT = re.compile(
    r"(?<![\d.])(?P<a>\d{1,5}|[一二两三四五六七八九十百]{1,4})(?:人)?死(?:亡)?(?P<b>\d{1,5}|[一二两三四五六七八九十百]{1,4})(?:人)?(?P<heavy>重)?伤"
    r"(?:(?P<c>\d{1,5}|[一二两三四五六七八九十百]{1,4})(?:人)?(?:失踪|失联))?"
)
_NOBODY = re.compile(
    r"(?P<neg>暂时?无|尚无|暂时?没有|暂未|尚未|还没有|目前没有|目前无|未造成|没有造成|未发生|未出现|未有|没有|(?<!有)没(?=人(?:员)?(?:受伤|死|伤亡|被困|遇难|失踪|失联)|造成|发生|出现|接到)|无|未)(?:任何|接到|收到|发现|造成|发生|出现|人|有|1|一)*"
    r"(?:人员|人|旅客|乘客|群众|居民|学生|名|例)*(?P<what>伤亡|死伤|死亡|遇难|受伤|被困|失踪|失联)"
)
_ALL_OUT = re.compile(
    r"(?P<who>(?:(?:被困|受困|里面|车上|车里|楼里|屋里|所有|全部)的?)*(?:人员|群众|居民|住户|乘客|工人|学生|员工|几个人|(?<![老女男工病客路别众本有家])人|大家|他们))?(?:现在|目前|刚刚|刚才|总算|终于|已经|已)*"
    r"(?:全部|全都|全员|悉数|均|都|全)(?:已经|已|被|给|安全|成功|顺利|陆续|平安|消防员?|救援人员|营救|解救|抢)*"
    r"(?P<out>救出来?|救下来?|救了?出来|获救|脱险|脱困|(?:跑|逃|撤|走|爬|转移|疏散|接)?出来|安全撤离)了?"
)
"""Everyone is out and no number is given: nobody is trapped any more."""
_PART = re.compile(rf"(?:(?:{NUMBER})[名位个口余多]*|[楼层边户幢栋元家们室号](?:里|上)?的?)(?:群众|居民|工人|乘客|学生)?$")
"""被困5人已全部救出 says how many; 二楼的人都出来了 speaks of some of them."""
_NOT_OUT = re.compile(
    r"(?:没有?|未|不|别|快|要|得|争取|力争|确保|等|希望|能|是否|直到|直至|才|让|把|请|求|尽快|如果|一定)[^，。；！？\n]{0,8}$"
)
_STILL_IN = re.compile(
    rf"(?:还|仍)(?:有|剩)[^，。；！？\n]{{0,4}}(?:人|老|孩|(?:{NUMBER}))|(?:还|仍)[^，。；！？\n]{{0,8}}(?:被困|困在|没出来|没有出来|没救出|未救出|在里面|在楼|在屋|在车)|(?:{NUMBER})[名位个]?人?(?:还|仍)?(?:被困|没出来)"
)
_DANGER = re.compile(r"救|困|火|烟|淹|塌|漏|爆|险|伤|灾")
_UNKNOWN = re.compile(
    r"(?P<cas>(?:人员)?伤亡(?:情况|人数|数字)?(?:尚|暂|目前|还)?(?:不明|不详|不清楚|未知|待核|待查|正在核实|有待核实|正在统计))"
    r"|(?P<who>有人员?|有群众|有居民|有学生|有老人|有小孩|有孩子|多人|数人|多名[\u4e00-\u9fff]{0,4}?|多位[\u4e00-\u9fff]{0,4}?|一些人|大量人员|不少人)"
    rf"(?:还|仍|正|已经?|当场|不幸|在[^，。；]{{1,8}})*(?:{_AFTER})"
)
_LOSS = re.compile(
    rf"(?:(?:直接)?经济损失|财产损失|损失)(?:初步)?(?:估计|估算|预计)?(?:金额|总额)?(?:已|达到|达|为|共计|合计|超过|逾|近|约|:|人民币|高)*{_COUNT}(?P<unit>万|亿)?(?P<more2>[多余]?)(?:美|港|欧|日)?元"
)
_HOMES = re.compile(
    rf"{_COUNT}(?P<unit>间|户|栋|幢|座)[^，。；\d]{{0,6}}?(?:房屋|住房|民房|房|平房|农房|店铺)?(?:被|遭|发生|部分|全部|严重|不同程度)*(?:(?P<fallen>倒塌|垮塌|坍塌)|(?P<hurt>受损|损坏|损毁|烧毁|被毁|进水))"
)
_BEFORE_A_COUNT = "造成导致共计有约另又已的等和及内里处近超余损毁塌"
"""Characters a count of buildings may follow; behind any other the number is a building's own: 花园3幢."""
_HOMES_FIRST = re.compile(rf"(?:(?P<fallen>倒塌|垮塌)|(?P<hurt>损坏|受损|烧毁|损毁))(?:房屋|民房|住房|农房)*(?:\d+户)?{_COUNT}(?P<unit>间)")
_HOMES_LED = re.compile(rf"(?:房屋|民房|住房|农房)(?:(?P<fallen>倒塌|垮塌)|(?P<hurt>受损|损坏|烧毁|损毁))(?:\d+户)?{_COUNT}(?P<unit>间)")
_CROPS = re.compile(rf"农作物(?:受灾|受损)(?:面积)?(?:达|约|:|共)*{_COUNT}(?P<unit>公顷|万亩|亩)")
_CARS = re.compile(
    rf"{_COUNT}(?:辆|台)(?:[^，。；\d]{{0,8}}?)(?:车|轿车|客车|货车)?(?:连环|发生)*(?:相撞|追尾|碰撞|被淹|泡水|熄火|受损|被困|烧毁|过火|起火)|(?P<n2>\d{{1,3}}|[一二两三四五六七八九十]{{1,3}})车(?:连环)?(?:相撞|追尾|碰撞)"
)
_DEPTH = re.compile(
    rf"(?:积水|水深|水位|淹水|水)(?:[^，。；\d零一二两三四五六七八九十半]{{0,6}}?)(?P<dhint>近|约|大约|大概|超过|至少|逾)?(?P<n>半|{NUMBER})(?P<more>[多余]?)(?P<unit>厘米|公分|cm|CM|米(?!外|远|长|宽|处)|m(?![a-z²]))(?P<tail>多|左右|半|深)?"
)
_DEPTH_BODY = re.compile(
    r"(?:积水|水深|水位|水)(?:[^，。；]{0,4}?)(?:没过|漫过|淹过|及|齐|到|过)(?:了|人的?|成年人的?)?(?:脚踝|小腿|膝盖?|大腿|腰|胸口?|脖子|头顶?|车轮|车窗|车门)"
)

_CLAUSE_STOP = re.compile(r"[，。；！？!?;\n]")
_SENTENCE_STOP = re.compile(r"[。！？!?\n]")
_SUPPOSED = re.compile(
    r"如果|假如|假设|倘若|要是|若(?!干)|万一|一旦|防止|避免|以防|预防|谨防|严防|杜绝|减少|以免|可能(?:会)?(?:造成|导致|有)|容易(?:造成|导致)|将会|会(?:造成|导致)|"
    r"要死人|出人命|模拟|预计|或将|是否|有没有|有无|确保|力争|最大可?载|核载|限载|可容纳|能容纳|怕|担心|差点|险些"
)
_ELSEWHERE = re.compile(
    r"去年|前年|上个?月|上周|往年|历年|近年|近几年|历史上|曾经?(?=发生|造成|有|导致|引发|于|在)|\d{1,2}年前|[一二两三四五六七八九十几]+年前|每年|年均|今年以来|"
    r"以来|今年上半年|上半年|全年|同比|案例|历史|当年|那年|上一次|上次|前不久|无独有偶"
)
_DENIED = re.compile(r"不实|失实|谣言|谣传|误报|误传|虚构|编造|捏造|不属实|并非事实|与事实不符|子虚乌有|假消息|辟谣")
_WRONG = re.compile(rf"{_DENIED.pattern}|有误|不准确|说错|报错|弄错|搞错|(?:是|都是)(?:假的|瞎说|胡说)")
"""Words that deny what was alleged before; by themselves they may speak of an address."""
_ALLEGED = re.compile(
    r"网传|据传|传言|传闻|谣传|误传|疯传|有人说|群里(?:说|传|都在传)|所谓|(?:此前|之前|早前|先前|刚才)[^，。；！？\n]{0,12}(?:报道|报告|报|说|称|传|通报|消息)|(?:网上|网络上?|网友)[^，。；！？\n]{0,6}(?:流传|传播|说|称)"
)
_IN_FACT = re.compile(
    r"经(?:现场|初步)?(?:核实|查|核查|调查|确认|了解)|实际|事实上|实为|实有|应为|应当?是|更正[为:]|准确(?:数字|情况)|截至|目前|情况是|其实"
)
"""What follows is the denier's own word."""
_ALLEGED_OR_DENIED = re.compile(f"{_ALLEGED.pattern}|{_WRONG.pattern}")
_NOT_SO = re.compile(
    r"(?:没有|并无|并未|不存在|并没有|不是|并非|不会|从未|未|没)(?:造成|出现|发生|导致|发现|接到|有|过|所谓的?|什么|所说的?|网传的?|“)*$"
)
_RULE = re.compile(r"条例|规定|办法|预案|标准|等级|响应|属于|是指|构成|判处|处以")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)年")
_ONE_OF_A_LIST = re.compile(rf"(?:{NUMBER})[名位]{_HAN}{{0,6}}[和及与]$")
"""3名男子和2名女子死亡: two is not the figure, and figures are never added up, so neither is given."""
_EXTREMELY = re.compile(r"[吓笑烦恨急气愁臭吵丑坑爱堵难羡慕美香甜苦酸疼痛痒困忙穷土挤晒馋]$")
_MAY_BE_EXTREMELY = re.compile(r"[热冷冻饿累渴呛熏闷憋]$")
"""Cold and hunger do kill; with 死了 and nobody to suffer it, they are a figure of speech."""
_ABOUT_TO = re.compile(r"(?:要|快要?|会|得|想|该|半|找|去|作|装|等|不|差点|险些)$")
_RISES_FROM = re.compile(r"(?:从|由)[^，。；]{0,8}$")


@dataclass(frozen=True)
class Found:
    """A quantity with where it stands in the text."""

    quantity: Quantity
    at: int
    end: int


def find_impacts(text: str, *, year: int | None = None, apart: Callable[[int], bool] | None = None) -> list[Found]:
    """Every casualty and loss figure of the event itself, in reading order.

    `year` is the year of the event where known: a sentence naming only other years is about another event.
    `apart` says of a position whether it lies in a sentence about some other event.
    """
    plain = halved(text)
    found: list[Found] = []
    taken: list[tuple[int, int, str]] = []
    for kinds, at, end, reading in _candidates(plain):
        if _is_not_this_event(plain, at, end, year) or (apart and apart(at)):
            continue
        for kind, (low, best, high), unit in _readings(kinds, reading):
            if any(at < e and s < end and k == kind for s, e, k in taken):
                continue
            taken.append((at, end, kind))
            found.append(Found(Quantity(type=kind, value=best, low=low, high=high, unit=unit, quote=text[at:end]), at, end))
    return sorted(found, key=lambda f: (f.at, _KINDS.index(f.quantity.type) if f.quantity.type in _KINDS else 99))


_Span = tuple[float | None, float | None, float | None]
_Candidate = tuple[tuple[str, ...], int, int, dict[str, tuple[_Span, str]]]


def _readings(kinds: tuple[str, ...], reading: dict[str, tuple[_Span, str]]) -> list[tuple[str, _Span, str]]:
    return [(kind, *reading[kind]) for kind in kinds]


@lru_cache(maxsize=TEXTS_KEPT)
def _candidates(plain: str) -> tuple[_Candidate, ...]:
    out: list[_Candidate] = []
    for m in _SHORT.finditer(plain):
        pairs = [("dead", m["a"]), ("seriously_injured" if m["heavy"] else "injured", m["b"]), ("missing", m["c"])]
        spans: dict[str, tuple[_Span, str]] = {
            kind: ((v, v, v), "人") for kind, words in pairs if words and (v := number(words)) is not None
        }
        out.append((tuple(spans), m.start(), m.end(), spans))
    for m in _NOBODY.finditer(plain):
        out.append(_nobody(m))
    out += _all_out(plain)
    for pattern, harm in ((_PERSON_FIRST, _HARM_AFTER), (_HARM_FIRST, _HARM_BEFORE)):
        for m in pattern.finditer(plain) if harm.search(plain) else ():
            one = _people(m, plain)
            if one:
                out.append(one)
    for m in _UNKNOWN.finditer(plain):
        out.append(_unknown(m))
    for m in _LOSS.finditer(plain):
        out += _loss(m)
    for pattern in (_HOMES, _HOMES_FIRST, _HOMES_LED):
        for m in pattern.finditer(plain):
            if not _names_a_building(m, plain):
                out += _counted(m, "homes_collapsed" if m["fallen"] else "homes_damaged", m["unit"])
    for m in _CROPS.finditer(plain):
        out += _counted(m, "crops_hectares", "公顷", {"公顷": 1, "亩": 1 / 15, "万亩": 10_000 / 15}[m["unit"]])
    for m in _CARS.finditer(plain):
        out += _counted(m, "vehicles", "辆")
    return (*out, *_depths(plain))


def _names_a_building(m: Match[str], plain: str) -> bool:
    """花园3幢倒塌 is building no. 3, and 3栋倒塌 may be; 3栋居民楼倒塌 and 造成3栋倒塌 are counts. A wrong number is worse than a missing one."""
    if m["unit"] not in "栋幢座" or m["hint"]:
        return False
    before = plain[max(0, m.start() - 1) : m.start()]
    if re.fullmatch(_HAN, before) and before not in _BEFORE_A_COUNT:
        return True
    counted = re.search("房|楼", plain[m.end("unit") : m.end()])
    return counted is None and not re.search(rf"{_HAN}$", before)


def _people(m: Match[str], plain: str) -> _Candidate | None:
    kind = next(k for k in _KINDS if m[k])
    if kind == "dead" and _only_a_manner_of_speaking(m, plain):
        return None
    if m["above"] or _ONE_OF_A_LIST.search(plain, max(0, m.start() - 16), m.start()):
        return None
    if kind == "relocated" and "转移" not in m[kind] and "安置" not in m[kind]:
        kind = "evacuated"
    if kind.startswith("relocated"):
        if "who" in m.groupdict() and _ALREADY_PLACED.search(plain, max(0, m.start() - 16), m.start()):
            return None
        kind = _which_relocated(kind, m, plain)
    reach = _reach(m["hint"], m["n"], m["more"])
    if reach is None or (
        _RISES_FROM.search(plain[max(0, m.start() - 10) : m.start()]) and re.match(r"[人名位]?(?:升|增|上升)", plain[m.end("n") :])
    ):
        return None
    at = m.start() + (len(m["hint"]) - len(m["hint"].lstrip("已共有"))) if m["hint"] and m.start("hint") == m.start() else m.start()
    return (kind,), at, m.end(), {kind: (reach, IMPACT_TYPES[kind][1])}


def _which_relocated(kind: str, m: Match[str], plain: str) -> str:
    """集中 or 分散 also where the way stands apart from the verb (在集中安置点安置600人); both ways for one figure give the whole."""
    before = re.split(r"[，。；！？!?;\n（）()\d人名]", plain[max(0, m.start(kind) - 16) : m.end(kind)])[-1]
    after = _AND_THE_OTHER.match(plain, m.end(kind))
    ways = {name for name, words in _WAYS.items() if words.search(before) or words.search(after[0] if after else "")}
    return ways.pop() if len(ways) == 1 else "relocated"


def _only_a_manner_of_speaking(m: Match[str], plain: str) -> bool:
    """吓死了, 热死了, 要死人了: 死 says how much or how near, not that somebody died. 被冻死 and 冻死2人 are literal."""
    at = m.start("dead")
    if plain[at] != "死" or plain.startswith("死亡", at):
        return False
    if _EXTREMELY.search(plain, max(0, at - 4), at) or _ABOUT_TO.search(plain, max(0, at - 4), at):
        return True
    return (
        bool(_MAY_BE_EXTREMELY.search(plain, max(0, at - 1), at))
        and plain.startswith("死了", at)
        and "被" not in plain[max(0, at - 4) : at]
    )


def _nobody(m: Match[str]) -> _Candidate:
    so_far = m["neg"][0] in "暂尚还目" or re.search("发现|接到|收到", m[0]) or "报告" in m.string[m.end() : m.end() + 3]
    zero: _Span = (0.0, 0.0, None if so_far else 0.0)
    kinds = {
        "伤亡": ("dead", "injured"), "死伤": ("dead", "injured"), "死亡": ("dead",), "遇难": ("dead",), "受伤": ("injured",),
        "被困": ("trapped",), "失踪": ("missing",), "失联": ("missing",),
    }[m["what"]]  # fmt: skip
    return kinds, m.start(), m.end(), dict.fromkeys(kinds, (zero, "人"))


def _all_out(plain: str) -> list[_Candidate]:
    """人都救出来了: nobody trapped, some rescued and nobody says how many. A trapped person named afterwards undoes it."""
    out: list[_Candidate] = []
    left_behind = max((m.start() for m in _STILL_IN.finditer(plain)), default=-1)
    for m in _ALL_OUT.finditer(plain):
        rescue = re.search("救|困|脱险", m[0])
        if _PART.search(plain, max(0, m.start() - 10), m.start()) or _NOT_OUT.search(plain, max(0, m.start() - 10), m.start()):
            continue
        if not rescue and not (m["who"] and _DANGER.search(plain)):
            continue  # 菜都出来了, and people strolling out after the rain
        if m.end() <= left_behind or re.match(r"之?前|[^。！？]{0,8}(?:才能?|再)", plain[m.end() :]):
            continue
        reading: dict[str, tuple[_Span, str]] = {"trapped": ((0.0, 0.0, 0.0), "人")}
        if "救" in m["out"]:
            reading["rescued"] = ((None, None, None), "人")
        out.append((tuple(reading), m.start(), m.end(), reading))
    return out


def _unknown(m: Match[str]) -> _Candidate:
    if m["cas"]:
        return ("dead", "injured"), m.start(), m.end(), {"dead": ((None, None, None), "人"), "injured": ((None, None, None), "人")}
    kind = next(k for k in _KINDS if m[k])
    low = 2.0 if m["who"][0] in "多数" else 1.0
    return (kind,), m.start(), m.end(), {kind: ((low, None, None), "人")}


def _reach(hint: str, words: str, more: str) -> _Span | None:
    """Low, best, high of a figure with the words around it; null when it is no figure."""
    value = number(words)
    if value is None:
        return _loose(words)
    if value == 0:
        return (0.0, 0.0, 0.0)
    if re.search(r"不足|不到|少于", hint):
        return (None, None, value)
    if more in ("多", "余", "几"):
        if words in ("十", "几十") and more == "几":
            return (11.0, None, 19.0)
        return (value, value, value + spread(value) if spread(value) else None)
    if more == "来":
        return (None, value, None)
    if re.search(r"近$|将近", hint):
        return (None, value, value)
    if re.search(r"约|大概", hint):
        return (None, value, None)
    if re.search(r"至少|最少|不少于|不低于|超|突破|逾", hint) or (hint.endswith("上") and value >= 100):
        return (value, value, None)
    return (value, value, value)


def _loose(words: str) -> _Span | None:
    ranges = {"数": (2.0, 9.0), "几": (2.0, 9.0), "若干": (2.0, None), "多": (2.0, None), "好几": (2.0, 9.0), "十几": (11.0, 19.0)}
    if words in ranges:
        low, high = ranges[words]
        return (low, None, high)
    if words[0] in "数几好" and words[-1] in "十百千万":
        unit = number(words[-1]) or 1
        return (2 * unit, None, 10 * unit - 1)
    pair = re.fullmatch(r"([一二两三四五六七八九])([二三四五六七八九])(十|百)?", words)
    if pair:
        scale = number(pair[3]) or 1 if pair[3] else 1
        low, high = (number(pair[1]) or 0) * scale, (number(pair[2]) or 0) * scale
        return (low, None, high) if low < high else None
    return None


def _counted(m: Match[str], kind: str, unit: str, scale: float = 1) -> list[_Candidate]:
    words = m["n"] or m.groupdict().get("n2") or ""
    reach = _reach(m["hint"] or "", words, m["more"] or "")
    if reach is None:
        return []
    low, best, high = (None if v is None else round(v * scale, 2) for v in reach)
    return [((kind,), m.start(), m.end(), {kind: ((low, best, high), unit)})]


def _loss(m: Match[str]) -> list[_Candidate]:
    if m[0].endswith(("美元", "港元", "欧元", "日元")):
        return []
    words = m["n"] + (m["unit"] or "")
    lead = re.search(r"超过|逾|近|约", m[0][: m.start("n") - m.start()])
    reach = _reach((lead[0] if lead else "") + (m["hint"] or ""), words, m["more"] or m["more2"] or "")
    if reach is None:
        return []
    low, best, high = (None if v is None else round(v / 10_000, 4) for v in reach)
    return [(("direct_loss",), m.start(), m.end(), {"direct_loss": ((low, best, high), "万元")})]


def _depths(plain: str) -> list[_Candidate]:
    out: list[_Candidate] = []
    for m in _DEPTH.finditer(plain):
        value = 0.5 if m["n"] == "半" else number(m["n"])
        if value is None:
            continue
        scale = 100 if m["unit"] in ("米", "m") else 1
        extra = 0.5 if m["tail"] == "半" and scale == 100 else 0
        depth = round((value + extra) * scale, 1)
        more = m["more"] or (m["tail"] == "多" and "多")
        hint = m["dhint"] or ""
        loose = hint in ("约", "大约", "大概") or m["tail"] == "左右"
        low = None if loose or hint == "近" else depth
        high = None if loose or more or hint in ("超过", "至少", "逾") else depth
        if depth <= 2000:
            out.append((("water_depth",), m.start(), m.end(), {"water_depth": ((low, depth, high), "厘米")}))
    for m in _DEPTH_BODY.finditer(plain):
        out.append((("water_depth",), m.start(), m.end(), {"water_depth": ((None, None, None), "厘米")}))
    return out


def _is_not_this_event(plain: str, at: int, end: int, year: int | None) -> bool:
    clause_at = max((m.end() for m in _CLAUSE_STOP.finditer(plain, max(0, at - 80), at)), default=max(0, at - 80))
    stop = _CLAUSE_STOP.search(plain, end)
    clause_end = stop.end() if stop else len(plain)
    if _SUPPOSED.search(plain, clause_at, end) or re.search(r"吗|么[？?]|[？?]", plain[end:clause_end]):
        return True
    sentence_at = max((m.end() for m in _SENTENCE_STOP.finditer(plain, max(0, at - 200), at)), default=max(0, at - 200))
    full_stop = _SENTENCE_STOP.search(plain, end)
    sentence_end = full_stop.end() if full_stop else len(plain)
    if _is_denied(plain, at, end, clause_at, sentence_at, sentence_end):
        return True
    if _RULE.search(plain, sentence_at, sentence_end) and re.search(r"以上|以下|级", plain[clause_at:sentence_end]):
        return True
    past = _ELSEWHERE.search(plain, sentence_at, at)
    if past:
        return True
    years = {int(y) for y in _YEAR.findall(plain, sentence_at, at)}
    return bool(years) and year is not None and year not in years


def _is_denied(plain: str, at: int, end: int, clause_at: int, sentence_at: int, sentence_end: int) -> bool:
    """Whether the figure is repeated only to be denied. 无人死亡 is the denial itself, and 实际1人死亡 the denier's own figure."""
    if _NOT_SO.search(plain, clause_at, at):
        return True
    alleged = _ALLEGED.search(plain, sentence_at, at)
    denied = _WRONG if alleged else _DENIED
    own_word = any(_IN_FACT.search(plain, m.end(), at) for m in _ALLEGED_OR_DENIED.finditer(plain, sentence_at, at))
    if denied.search(plain, sentence_at, sentence_end):
        if own_word and not denied.search(plain, end, sentence_end):
            return False
        return not (re.match(r"[无未没暂尚]|全部|均|都|被困人", plain[at:end]) and not _ALLEGED.search(plain, clause_at, at))
    # 网传死亡30人。经核实，该信息不实: the denial follows in a sentence of its own.
    return bool(alleged) and not own_word and bool(_WRONG.search(plain, sentence_end))

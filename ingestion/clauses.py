"""The clauses of a message a report may quote: what the scene is like, what has been done, why it happened.

A clause runs from one punctuation mark to the next and can be read by itself: at most 60 characters, without greeting, name or
number of the caller. It is always an unbroken stretch of the masked text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ingestion.numerals import TEXTS_KEPT, halved
from ingestion.privacy import MASK

LONGEST = 60
"""Characters of one quoted clause."""
READABLE = 6
"""Characters from which a clause tells something by itself; a shorter one is read together with its neighbour."""
SHORTEST = 4
"""Characters below which even a clause that stands alone is not quoted."""
EACH = 3
"""Most clauses of one kind quoted from one message."""

_STOP = re.compile(
    r"[。！!？?；;\n，…]+|(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])|(?<!\d),|,(?!\d)|(?<!\d):|:(?!\d)|[【】]|#[^#\n]{1,30}#|\[[^\]\n]{1,8}\]|@[^\s:，。]{1,20}"
)
_ENDS = frozenset("。！!？?；;\n")
_GREETING = re.compile(
    r"(?:喂+|你好|您好|同志|师傅|领导|12345|热线|吗|吧|啊|呀|哎|唉|嗯|急+|救命|快点|赶紧的|(?:麻烦|请)?(?:快点?|赶紧)?(?:帮忙|帮我?)?记一下|听得到(?:伐|吗)?|"
    r"我(?:想|要|来)?(?:反映|报告|举报|说)(?:一?个|一下)?(?:事情?|情况|问题)?|我(?:打|拨)\d+占线才打的?你们?的?|我是路过的|刚刚路过|家人们|乖乖隆地咚|我靠|求扩散|有没有人管管|现场:|[\s、,~～!]|那个(?=，|$)|谢谢)+"
)
_CONTACT = re.compile(rf"{MASK}|联系(?:人|电话|方式|我)|(?:手机|电话)(?:号码?)?[:：是]?\s*$|我(?:叫|姓|的名字)|微信|姓名|加我")
_ASKS = re.compile(r"[？?]|吗$|么$|呢$|是不是|有没有|能不能|可不可以|什么时候|怎么|为什么|为何|多久|是否|到底")
_WISHES = re.compile(
    r"请|希望|建议|要求|需要|急需|赶紧|赶快|快来|快派|尽快|应该|盼|求|麻烦|能否|最好|如果|万一|一旦|要是|防止|避免|以防|必须"
)
_TOLD_ON = re.compile(r"听说|据说|网传|据传|听邻居|听人|有人说|群里|传言")
_UNDONE = re.compile(r"没(?!收)|未(?!来)|不(?!断|间断|停|同|少)|无(?!人机|线)|迟迟|还在路上|联系不上|打不通|占线|堵在|被堵|被挡|被拦")

_SCENE = re.compile(
    r"火势|火光|火[很好太]大|大火|浓烟|黑烟|白烟|烟雾|烟味|冒烟|全是烟|烟(?:很|太|好)大|烟已?经?进|明火|白雾|水还在|水位|积水|水势|水深|水流|水漫|水已经?|水都|没过|漫过|漫上|倒灌|灌水|灌满|淹|泡在|齐腰|过膝|窨井盖|气味|异味|味道|刺鼻|呛|睁不开|"
    r"道路(?:中断|受阻)|无法通行|进不[去来]|出不[去来]|过不[去来]|下不[去来]|走不了|交通中断|拥堵|堵(?:在|死|了|住)|被堵|停电|断水|断网|路灯都?灭|垮塌|倒塌|坍塌|塌|倾斜|裂缝|开裂|余震|震感|晃动|还在(?:下|烧|涨|漏)|雨(?:很|越)|"
    r"被困(?!\d)|困在|车顶|熄火|抛锚|侧翻|横在|过火面积|爆炸声|响声|警报|喊救命|从窗户|掉落|倒了|压在|冲走|有人站|受损|烧(?:毁|光|着|起来)|蔓延|扩散|飘"
)
_ACTOR = r"(?:消防(?!车?通道|栓|设施|隐患|演练)|救援|救护|民警|公安|警方|交警|特警|武警|医护|医院|医生|120|119|110|应急|街道|社区|居委会|村委会|镇政府|区政府|政府|电力|供电|燃气公司|燃气集团|水务|排水|环保|市政|城管|部门|指挥部|志愿者|物业|企业|厂方|单位|工作人员|专家|抢险|冲锋舟|挖机|泵车)"
_ACT = (
    r"(?:赶到|赶赴|赶来|到场|到达|到了|来了|抵达|出动|调集|派出|增援|扑救|扑灭|灭火|处置|救出|救援|营救|解救|搜救|搜寻|疏散|撤离|封闭|封路|封控|封堵|封锁|管制|管控|断电|断气|停电|停气|抽排|抽水|强排|排水|抢修|抢险|转移|安置|启动|堵漏|关阀|停泵|警戒|"
    r"监测|检测|送医|送往|送到|救治|巡查|值守|设置|拉起|劝导|疏导|清运|清理|架设|调度|协调|联系|核实|排查|组织|开展|实施)"
)
_SOMEONE_ACTS = re.compile(rf"{_ACTOR}[^。！？\n]{{0,24}}?{_ACT}")
_DONE = re.compile(
    r"(?:已经?|正在?|全部|累计|紧急|继续|完成)[^。！？\n]{0,8}?(?:扑灭|扑救|处置|救出|救援|营救|搜救|疏散|撤离|封闭|封路|封控|封堵|管制|断电|断气|抽排|强排|抽水|抢修|转移|安置|启动.{0,8}响应|堵漏|关阀|停泵|警戒|监测|送医|送往|救治|联系消防)|"
    r"^(?:累计|共|已|并)*(?:疏散|转移|安置|撤离|救出)[^，。]{0,8}\d+(?:余|多)?[人名户]|(?:道路|隧道|通道|路段|现场|桥)[^，。]{0,4}(?:封闭|封控|管制)"
)
_CAUSE = re.compile(
    r"原因|起因|诱因|引发的?|引起的?|因为|由于|系因|所致|导致|短路|操作不当|违规|充电[^，。]{0,4}(?:烧|着|起火|引|爆)|[是因]为?[^，。]{1,12}(?:烧|漏|撞|炸|塌)的$|挖断|老化|自燃"
)
_HINGE = re.compile(r"^(?:由于|因为?|系|是)|(?:由于|因为)$")


@dataclass(frozen=True)
class Clause:
    """One stretch of the text between punctuation marks, without greeting."""

    at: int
    end: int
    text: str
    sentence: int
    """Number of its sentence; only clauses of one sentence are read together."""
    full: str
    """The words with their greeting, to tell a wish from a fact."""
    asked: bool
    """Whether it is asked rather than told."""
    private: bool
    """Whether it gives the caller's name or number."""


@lru_cache(maxsize=TEXTS_KEPT)
def clauses(text: str) -> tuple[Clause, ...]:
    """Every clause of a masked text, in reading order; greetings stand outside."""
    plain = halved(text)
    if len(plain) != len(text):
        plain = text
    found: list[Clause] = []
    at = sentence = 0
    for stop in [*_STOP.finditer(plain), None]:
        end = stop.start() if stop else len(plain)
        begin = at
        greeting = _GREETING.match(plain, begin, end)
        if greeting:
            begin = greeting.end()
        while begin < end and plain[begin] in " \t、.-—":
            begin += 1
        last = end
        while last > begin and plain[last - 1] in " \t、":
            last -= 1
        if begin < last:
            words = plain[begin:last]
            asked = bool(_ASKS.search(words)) or bool(stop and stop[0][0] in "？?")
            found.append(Clause(begin, last, text[begin:last], sentence, plain[at:end], asked, bool(_CONTACT.search(words))))
        if stop:
            sentence += stop[0][0] in _ENDS
            at = stop.end()
    return tuple(found)


def sayings(text: str) -> Iterator[tuple[Literal["cause", "measure", "scene"], str]]:
    """Clauses about cause, measures and the scene, at most `EACH` of each; one clause tells one thing."""
    every = clauses(text)
    counts = {"cause": 0, "measure": 0, "scene": 0}
    tells = [_tells(one) for one in every]
    used: set[int] = set()
    for number, prop in enumerate(tells):
        if prop is None or number in used or counts[prop] >= EACH:
            continue
        first, last = _stretch(every, number, used | {other for other, kind in enumerate(tells) if kind not in (None, prop)})
        whole = text[every[first].at : every[last].end]
        alone = SHORTEST if prop != "measure" or _SOMEONE_ACTS.search(halved(whole)) else READABLE
        if not alone <= len(whole) <= LONGEST:
            continue
        used.update(range(first, last + 1))
        counts[prop] += 1
        yield prop, whole


def around(text: str, at: int, end: int) -> str:
    """The readable clause around some words, such as the trigger; the words themselves when nothing around them can be quoted."""
    every = clauses(text)
    for number, one in enumerate(every):
        if one.at <= at < one.end and not one.private:
            first, last = _stretch(every, number, set())
            whole = text[every[first].at : every[last].end]
            if len(whole) <= LONGEST:
                return whole
            # An endless clause is cut to what stands just before and behind the words.
            return text[max(one.at, end - LONGEST // 2) : min(one.end, at + LONGEST // 2)]
    return text[at:end]


def _tells(one: Clause) -> Literal["cause", "measure", "scene"] | None:
    words = halved(one.text)
    if one.private or one.asked or _TOLD_ON.search(words):
        return None
    wished = bool(_WISHES.search(one.full))
    if not wished and not _UNDONE.search(words) and (_SOMEONE_ACTS.search(words) or _DONE.search(words)):
        return "measure" if not re.search(r"原因|起因", words) else "cause"
    if _CAUSE.search(words) and not wished:
        return "cause"
    return "scene" if _SCENE.search(words) and not wished else None


def _stretch(every: Sequence[Clause], number: int, used: set[int]) -> tuple[int, int]:
    """First and last clause to quote: a clause too short to tell anything is read with its neighbours in the sentence."""
    one = every[number]
    first = last = number
    because = bool(_HINGE.search(one.text)) and len(one.text) < 10

    def free(other: int) -> bool:
        if not 0 <= other < len(every) or other in used:
            return False
        near = every[other]
        span = max(near.end, every[last].end) - min(near.at, every[first].at)
        return (
            near.sentence == one.sentence
            and not near.private
            and not near.asked
            and not _WISHES.search(near.full)
            and not near.full.startswith("快")
            and span <= LONGEST
        )

    while every[last].end - every[first].at < READABLE or (because and first == last):
        sides = [last + 1, first - 1] if because or first == 0 else [first - 1, last + 1]
        side = next((other for other in sides if free(other)), None)
        if side is None:
            break
        first, last = min(first, side), max(last, side)
    return first, last

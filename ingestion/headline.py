"""The event a text is about: which trigger, which time and which place belong together.

A report opens with its event. The event's own time stands in the sentence of the trigger; a dateline (…9月22日电), the time
somebody said it (记者9日从…获悉), 截至 … and vague words come last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingestion.places import SUFFIX, Gazetteer
from ingestion.times import Mention

_STOP = re.compile(r"[。！？!?\n]")
_DATELINE_AFTER = re.compile(
    r"\s*(?:[)）]?(?:专?电|讯|信息|消息|报道|综合|最新|版|刊|发布)|[^，。；]{0,4}(?:获悉|透露|宣布|通报|介绍|表示|发布|称|说|证实|从[^，。]{2,30}(?:获悉|了解|证实)))"
)
_SAID_BEFORE = re.compile(r"(?:记者|昨天从|发稿|报道|发布时间|来源|更新)[^，。；]{0,6}$")
_FOLLOW_UP_AFTER = re.compile(
    r"[^。；]{0,12}(?:扑灭|赶到|赶赴|抵达|接到|接报|恢复|出院|解除|刑拘|判决|召开|发稿|仍|救出|获救|公布|结束|赶往|抢救|勘查|发现时|逃逸)"
)
_HAPPENS = (
    r"(?:连续|先后|相继|再次|又|突然|突|共|曾|均|都|还|也|就|正|已经?)*(?:发生|突发|爆发|起火|着火|失火|燃起|冒起|冒出|冒着|燃烧|感到|感觉|均感|有(?:强烈|明显|较强|震感)|传来|遭遇|遭到|遭|出现|爆炸|泄漏|泄露|倒塌|坍塌|塌方|塌陷|"
    r"滑坡|积水|被淹|进水|内涝|被困|相撞|追尾|侧翻|翻车|坠|撞|闻到|内涝|灌水|灌满|水涨|看海|火很大|冒(?:浓|黑|白)?烟|漏了|有(?:一股|刺鼻|浓烟|明火|人)|\d+(?:\.\d+)?级|(?:陆续|先后|共)有|[二两三四五六七八九十几数多百\d]+(?:多|余)?(?:辆|车|名|人|位|幢|栋|户)|因|被|一(?:辆|名|人|位|家三口))"
)
_PREDICATE = re.compile(_HAPPENS)
_STATED = re.compile(r"发生(?:在|于)(?P<where>[^，。；！？\n]{2,40}?)(?:的|，|；|、造成|、导致|$)")
_DATELINE = re.compile(r"^[^。\n]{0,30}?(?:电|讯|信息|消息|报道)[:：]?\s*(?:[(（][^)）]{0,40}[)）])?[:：]?\s*")
_TOLD = re.compile(
    r"^.{0,40}(?:接报|获悉|了解到|证实|报警称|来电称|反映称?|通报|报道称|消息称|[^名]称|来电[^，。]{0,6}[:：]|(?:续报|报告|来电)[:：])[，,:：]?"
)
_NOWHERE = re.compile(
    r"(?:我们?家?|刚刚?|外面|路上?|路面|家里?|楼[上下道]|[一二三四五六七八九十\d]+楼|门口|小区|现场|车[内里上]|厂里|村里|旁边|附近|里面|地上|到处|市区|城区|当地|街上|这里|那里|一家三口|内涝|的|在)+"
)
"""Words that fit anywhere and name no place."""
_WEATHER = re.compile(
    r"(?:这?(?:特大|大)?暴雨|雨水|洪水|污水|大水|泥水|水|又|都|全|还|已|就|一棵.{0,6}|有车|有人|整个|好像|几个.{0,4}|那个)$"
)
_IN = re.compile(r"(?:在(?!建)|位于|途[经径]|行[至经驶到]+至?)(?P<where>[^，。；]{2,50})$")
_LEAD_IN = re.compile(
    r"^[，,、\s:：)）”\"\]】!！]*(?:据[^，。]{2,20}?(?:测定|消息|通报|报道|介绍)?[，,])?(?:在|位于|于|从|的|是|许|左右|前后|起|间|时分|我(?:在|家)?|我们|有市民|网友|记者|此前|之前|刚才|刚刚|网传|据传|传言?|误传|有人说|群里说|听说|据说|听讲|求救|救命|紧急|快来|就在|现在|目前)*[，,、\s:：!！]*"
)
_ROLE = re.compile(r"(?:记者|本报|通讯员|获悉|了解到|报警|市民|网友|群众|消息)")


_RECENTLY = ("日前", "近日", "近期", "不久前", "前不久")


@dataclass(frozen=True)
class Spot:
    """A stretch of text."""

    at: int
    end: int


def sentence_at(text: str, at: int) -> Spot:
    """The sentence around a position."""
    start = 0
    for m in _STOP.finditer(text):
        if m.end() <= at:
            start = m.end()
        else:
            return Spot(start, m.start())
    return Spot(start, len(text))


def event_time(text: str, times: list[Mention], triggers: list[Spot]) -> Mention | None:
    """The time at which the event itself happened, or null when the text gives none."""
    best: tuple[float, Mention] | None = None
    for order, mention in enumerate(times):
        if mention.kind == "frame" or (mention.kind == "vague" and mention.span.quote not in _RECENTLY):
            continue  # 今年以来 frames, 目前 and 此前 tell when somebody writes: neither is when it happened
        score = _time_score(text, mention, triggers) - 0.25 * order
        if best is None or score > best[0]:
            best = (score, mention)
    return best[1] if best and best[0] > -3.0 else None


def _time_score(text: str, mention: Mention, triggers: list[Spot]) -> float:
    score = 0.35 * min(mention.exact, 4)
    after, before = text[mention.end : mention.end + 40], text[max(0, mention.at - 12) : mention.at]
    if _DATELINE_AFTER.match(after) or (re.match(r"\s*[(（]?[^，。]{0,3}(?:记者|通讯员)", after) and not mention.exact >= 3):
        score -= 4
    if _SAID_BEFORE.search(before):
        score -= 2
    if mention.kind == "as_of":
        score -= 1.8
    elif mention.kind == "vague":
        score -= 2.2
    if _FOLLOW_UP_AFTER.match(after):
        score -= 1
    sentence = sentence_at(text, mention.at)
    near = [t for t in triggers if sentence.at <= t.at < sentence.end]
    if near:
        gap = min((t.at - mention.end if t.at >= mention.end else 25 + mention.at - t.end) for t in near)
        score += 2.2 - min(gap, 80) / 60
    score -= min(mention.at, 600) / 300
    return score


def event_place(text: str, plain: str, when: Mention | None, triggers: list[Spot], names: Gazetteer) -> Spot | None:
    """The words that name where the event happened: after its time, before what happened."""
    dateline = _DATELINE.match(plain)
    opening = dateline.end() if dateline else 0
    for trigger in triggers[:4]:
        sentence = sentence_at(plain, trigger.at)
        sentence = Spot(min(trigger.at, max(sentence.at, opening)), sentence.end)
        spot = _stated(plain, sentence, names) or _before_predicate(plain, sentence, when, trigger, names)
        if spot:
            return spot
    if when:
        sentence = sentence_at(plain, when.at)
        return _before_predicate(plain, sentence, when, Spot(sentence.end, sentence.end), names)
    return None


def _stated(plain: str, sentence: Spot, names: Gazetteer) -> Spot | None:
    """发生在 … 的, 位于 … 的: the text says itself that this is the place."""
    m = _STATED.search(plain, sentence.at, sentence.end)
    if m and names.names_a_place(m["where"]):
        return Spot(m.start("where"), m.end("where"))
    return None


def _before_predicate(plain: str, sentence: Spot, when: Mention | None, trigger: Spot, names: Gazetteer) -> Spot | None:
    start = sentence.at
    if when and sentence.at <= when.at and when.end <= trigger.at:
        start = when.end
    best: Spot | None = None
    at = start
    for piece in re.split(r"(?<=[，,；;])", plain[start : max(trigger.end, start)]):
        begin = at
        at += len(piece)
        spot = _phrase(plain, begin, trigger.at if begin < trigger.at < at else at, names)
        if spot:
            best = spot
            if _PREDICATE.search(piece, 2):
                break
    if best is None and when and start == when.end:
        return _before_predicate(plain, Spot(sentence.at, when.at), None, Spot(when.at, when.at), names)
    return best


def _phrase(plain: str, begin: int, end: int, names: Gazetteer) -> Spot | None:
    lead = _LEAD_IN.match(plain[begin:end])
    begin += lead.end() if lead else 0
    told = _TOLD.match(plain[begin:end])
    begin += told.end() if told else 0
    if plain[begin : begin + 1] in ("受", "因"):
        return None
    piece = plain[begin:end].rstrip("，,；; ")
    predicate = next((m for m in _PREDICATE.finditer(piece) if m.start() >= 2), None)
    head = piece[: predicate.start()] if predicate else piece
    inside = _IN.search(head)
    if inside:
        begin, head = begin + inside.start("where"), inside["where"]
    if "(" in head and ")" not in head:
        head = head[: head.index("(")]
    head = re.sub(r"(?:模拟|假想|疑似|突然|现场)$", "", head)
    head = re.sub(r"(?:的(?:时候)?|时|上空|[一二三两几数]+[个家名辆条起])$", "", head)
    head = _WEATHER.sub("", re.split(r"[#@\[\]【】]", head)[0])
    first = next(iter(names.named_spans(head)), None)
    if first and 0 < first[0] <= 14 and "中国" not in head[: first[0]] and not re.search(SUFFIX, head[: first[0]]):
        begin, head = begin + first[0], head[first[0] :]  # 啊啊啊建邺区…: what stands before the division is not part of the place
    if not 2 <= len(head) <= 60 or _NOWHERE.fullmatch(head) or _ROLE.search(head) or not names.names_a_place(head) or "＊" in head:
        return None
    return Spot(begin, begin + len(head))

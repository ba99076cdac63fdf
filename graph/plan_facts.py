"""What plans, reports and cases say: levels, what triggers them, who starts them, who does what; causes, losses, lessons, breaches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graph.numerals import AMOUNT, ROMAN, amount
from models.domain import Document, Fact, Provision

LEVELS = ("一级", "二级", "三级", "四级", "五级")
_LEVEL = re.compile(r"(?<![第\d])(Ⅰ|Ⅱ|Ⅲ|Ⅳ|IV|I{1,3}|[一二三四])\s*级\s*(?=(?:应急)?响应|、|和|或|四|五|三个|[（(]|$)")
_RESPONSE = re.compile(r"(Ⅰ|Ⅱ|Ⅲ|Ⅳ|IV|I{1,3}|[一二三四])\s*级\s*[\u4e00-\u9fff]{0,8}?(?:应急)?响应")
_GRADES = re.compile(r"响应[^。；]{0,30}(?:分为|设定为|划分为|由高到低)[^。；]{0,60}(?:Ⅳ|IV|四)\s*级")
_STARTS = re.compile(
    r"(?:由|经|报)?([\u4e00-\u9fff（）]{2,30}?(?:长|主任|副主任|指挥|委员会?|指挥部|人民政府|政府|办公室|总指挥|局|厅|部|减灾委|领导))(?:负责|批准|同意|研究|会商|，|后|签发|宣布)*(?:决定|批准)?(?:后)?(?:，)?(?:决定)?(?:启动|进入)(?:[\u4e00-\u9fff]{0,10}?)"
    r"(Ⅰ|Ⅱ|Ⅲ|Ⅳ|IV|I{1,3}|[一二三四])\s*级"
)
_ACTOR = re.compile(
    r"^((?:(?:省|市|县|区|国家|全国|各级|受灾|灾区|相关|有关|事发地?)?[\u4e00-\u9fff（）]{1,16}?(?:厅|局|委|部|办|办公室|委员会|中心|指挥部|支队|总队|部队|政府|公司|红十字会|气象台|部门|单位|工作组|小组|组)[、和及]?){1,12})"
    r"(?:[：:，]|(?=负责|组织|协调|指导|加强|做好|及时|根据|按照|会同|派出|统筹|视情|启动|牵头|承担|开展|配合|提供|保障|支持|密切|要|应|立即|主要|参与|密切|调拨|向|落实|实施|发布|指挥))"
)
_MEASURES = re.compile(r"响应措施|处置措施|应急处置|先期处置|应急响应|职责|任务|分工|措施|行动|预警响应|救助准备|保障")
_QUANTITY = re.compile(
    rf"(因灾死亡失踪|死亡失踪|因灾死亡|死亡|遇难|失踪|失联|受伤|重伤|受灾|紧急转移安置|转移安置|转移|紧急避险|倒塌房屋|倒塌|损坏房屋|严重损坏|农作物受灾面积|直接经济损失|经济损失)[^，。；、\d]{{0,10}}?(?:约|近|达|超|共|为|计)*\s*({AMOUNT})\s*(?:多|余)?\s*(人次|万人次|万人|人|名|户|万户|间|万间|亿元|万元|元|公顷|千公顷|亩|万亩)"
)
_BREACH = re.compile(
    r"违反(?:了)?[^。；《]{0,20}(《[^》]{2,60}》(?:[（(][^）)]{1,30}[）)])?(?:第[一二三四五六七八九十百零\d]+条(?:第[一二三四五六七八九十]+款)?[^，。；]{0,40})?)"
)
_CAUSE = re.compile(r"(?:直接原因|间接原因|主要原因|根本原因|成因|诱因)(?:是|为|：|:)([^。；]{4,200})")
_SECTIONS = (
    ("cause", re.compile(r"原因|成因|诱因|致灾机理")),
    ("lesson", re.compile(r"教训|经验|启示|挑战|整改|防范措施|改进建议|存在的?(?:主要)?问题")),
)


def of_provision(document: Document, provision: Provision) -> Iterator[Fact]:
    """Facts of a plan, report or case; none for laws."""
    if document.level in {"plan", "rule", "regulation", "statistics"} and re.search("预案|响应", document.title + provision.heading):
        yield from _plan(provision)
    if document.level in {"report", "case_table", "other", "plan"}:
        yield from _case(document, provision)


def normal_level(words: str) -> str:
    """Ⅱ, II or 二 as 二级."""
    return LEVELS[ROMAN[words] - 1] if words in ROMAN else f"{words}级"


def level_of(heading: str) -> str:
    """二级 of the nearest heading that names a response level; empty when none does."""
    return next((normal_level(found[1]) for part in reversed(heading.split(" / ")) if (found := _RESPONSE.search(part))), "")


def _plan(provision: Provision) -> Iterator[Fact]:
    from graph.facts import fact, sentences

    headings = provision.heading
    level = level_of(headings)
    triggering = bool(level) and bool(re.search("启动条件|启动标准|响应条件", headings.split(" / ")[-1]))
    for sentence in sentences(provision.text):
        words = sentence.words
        named = _RESPONSE.search(words)
        if _GRADES.search(words):
            for found in _LEVEL.finditer(words):
                yield fact(provision, "level", normal_level(found[1]) + "响应", words, sentence)
        for found in _STARTS.finditer(words):
            who = re.sub(r"^.*(?:由|经|报|，|提请)(?=[^由经报，]{2,})", "", found[1])
            if re.match("达到|符合|根据|分析|认定|视情", who):
                continue
            yield fact(provision, "starts_level", normal_level(found[2]) + "响应", who, sentence)
        if re.search("(?:下列|以下)(?:情况|情形|条件)(?:之一)?", words) and re.search("启动|响应", words) and named:
            level, triggering = normal_level(named[1]), True
            continue
        if (
            triggering
            and level
            and (_threshold(words) or re.match(r"(?:发生|出现|预计|造成|死亡|紧急|倒塌|.{2,40}发布|.{2,12}以上)", words))
            and not re.search("启动.{0,12}响应", words)
        ):
            number, unit = _threshold(words) or (None, "")
            yield fact(provision, "trigger", level + "响应", words, sentence, number=number, unit=unit)
    yield from _actions(provision)


def _threshold(words: str) -> tuple[float, str] | None:
    found = re.search(
        rf"({AMOUNT})\s*(人|万人|户|万户|间|万间|%|％|毫米|级|亿元|万元|小时)(?:（[^）]*）|\([^)]*\))?\s*(?:以上|及以上)", words
    )
    return (amount(found[1]), found[2].replace("％", "%")) if found else None


def _actions(provision: Provision) -> Iterator[Fact]:
    from graph.facts import fact, sentences

    if not _MEASURES.search(provision.heading):
        return
    for sentence in sentences(provision.text):
        found = _ACTOR.match(sentence.words)
        rest = sentence.words[found.end() :] if found else ""
        if not found or len(rest) < 6:
            continue
        for body in re.split("、|[和及](?=省|市|县|区|国家|各级|有关|相关|受灾|灾区)", found[1]):
            if len(body) >= 3 and not re.match(r".*由|(?:并|视情|对|当|在|与|及时|组织|协调|指导|做好|启动|负责)", body):
                yield fact(provision, "action", body, rest, sentence)


def _case(document: Document, provision: Provision) -> Iterator[Fact]:
    from graph.facts import fact, sentences

    label = provision.heading.split(" / ")[-1]
    is_case = document.level == "case_table" or bool(re.search("调查报告|案例|典型", document.title))
    for sentence in sentences(provision.text):
        words = sentence.words
        for found in _BREACH.finditer(words):
            yield fact(provision, "breach", found[1], words, sentence)
        if not is_case:
            continue
        for found in _QUANTITY.finditer(words):
            if found[1].startswith("倒塌") and found[3].endswith(("人", "人次", "名")):
                continue
            if not re.search("以上|以下|不足|目标|控制在", words[found.end() : found.end() + 3]):
                factor = 10_000 if found[3].startswith("万") and found[3] != "万元" else 1
                yield fact(
                    provision,
                    "loss",
                    found[1],
                    found[0],
                    sentence,
                    number=amount(found[2]) * factor,
                    unit=found[3].removeprefix("万") if factor > 1 else found[3],
                )
        if found_cause := _CAUSE.search(words):
            yield fact(provision, "cause", provision.heading.split(" / ")[0], found_cause[1], sentence)
        for kind, heading in _SECTIONS:
            if heading.search(label) and len(words) > 8:
                yield fact(provision, kind, provision.heading.split(" / ")[0], words, sentence)

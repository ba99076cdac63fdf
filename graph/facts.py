"""What articles say, taken out by rules with the words it was taken from: terms, duties, limits, thresholds, penalties, scope.

A rule speaks only where the wording leaves no doubt about who and what; what it does not find is still in the text and in the search.
`plan_facts.py` does the same for plans, reports and cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graph import plan_facts
from graph.numerals import AMOUNT, amount
from models.domain import Document, Fact, Provision
from models.hazards import hazards

SELF = r"(?:本|此)(?:法|条例|规定|办法|细则|规则|规程|预案|方案|决定|制度|标准|解释|意见|规范)"

LONGEST_SENTENCE = 1_200
"""Characters; what is longer is no sentence but a table or noise, and no rule is tried on it."""

_SENTENCE = re.compile(r"[^。；\n]+[。；]?")
_DEFINED = (
    re.compile(
        rf"^(?:{SELF}|本章|本节|本条|前款)?(?:所|中所)称(?:的)?[“\"]?([^，。；“”]{{2,30}}?)[”\"]?，?(?:是|系)?指(?!导|挥|定|派|令|标|引|出|示|明)[：:]?(.{{4,}})$"
    ),
    re.compile(
        r"^(?:[（(][一二三四五六七八九十\d]+[）)]|\d+[.．、])?\s*[“\"]?([\u4e00-\u9fffA-Za-z（）()、“”·]{2,30}?)[”\"]?(?:[（(][^）)]{0,20}[）)])?[：:，,]?\s*(?:是|系|，)指(?!导|挥|定|派|令|标|引|出|示|明)[：:]?(.{6,})$"
    ),
)
_TERM_ENTRY = re.compile(r"^([\u4e00-\u9fff（）·]{2,20})\s+([A-Za-z][A-Za-z ,;\-()/]{3,60}?)\s*([\u4e00-\u9fff].{6,})$", re.DOTALL)
_MODAL = re.compile(
    r"应当|必须|不得|严禁|(?<!解除)禁止(?!性|令|标|燃放区|区)|(?<![相适反对])应(?=立即|及时|在|于|当|向|按|组织|迅速|根据|做好|加强|建立)"
)
_BODY = re.compile(
    r"(?:人民政府|政府|部门|机构|单位|企业|人员|负责人|[局厅部委办队站所院校]|委员会|委员|指挥部|机关|个人|公民|组织|法人|经营者|业主|[^其或使]者|人|公司|中心|办公室|成员|团体|"
    r"协会|联合会|红十字会|银行|学校|医院|媒体|军队|武装|社区|集团|集体|户|方|当事人|船舶|船长|机长|机动车|驾驶人|主管|工会|会议|组|厂|矿|煤矿|场所|商店|经营单位)(?:[（(][^）)]{1,30}[）)])?$"
)
_CONDITION = re.compile(r"(?:后|时|的|前|内|外|中|期间|情况下|之日起|以上|以下|为止|需要|规定|要求|过程中)$")
_NO_ACTOR = re.compile(
    r"^(?:并|也|均|都|同时|还|且|但|但是|其中|对|在|从|为|依法|依照|根据|按照|由|经|除|未经|凡|如|因|向|以|将|把|任何时候|确需|需要|应|可以|必要时)|有下列|情形之一|的规定$|规定的(?!.*(?:单位|部门|机构|人员|人)$)"
)
_UNIT = r"(?:个)?(?:工作日|小时|分钟|周|日|天|个月|月|年|季度)"
_LIMIT = re.compile(
    rf"({AMOUNT}|半)\s*({_UNIT})(?:之)?(?:以)?内|不(?:得)?(?:超过|迟于|晚于)\s*({AMOUNT})\s*({_UNIT})|每隔?\s*({AMOUNT})?\s*({_UNIT})[^，。；]{{0,6}}(?:报告|续报|报送|上报|更新|会商|演练|修订|评估|检查|一次)"
)
_RECIPIENT = re.compile(
    r"(?:向|报告?给?|报请|告知|通知|送交|移送|报送)((?:(?!社会|其|的|并|和(?:社会))[\u4e00-\u9fff、（）]){2,40}?)(?:报告|通报|备案|申请|报送|上报|反映|提出|提交|说明|举报|批准|审批|报备|申报|公布|发布)"
)
_MEASURE = r"(?:万?人次?|名|万?户|万?间|亿元|万元|公顷|千公顷|万?亩|毫米|厘米|米|公里|千米|千瓦|吨|千克|公斤|立方米|平方米|伏|千伏|艘|辆|%|％|摄氏度|℃)"
_THRESHOLD = re.compile(
    rf"({AMOUNT})\s*({_MEASURE})(?:（含[^）]*）|\(含[^)]*\))?\s*(以上|及以上|以下|以内)(?:(?:、|，|至)?\s*({AMOUNT})\s*({_MEASURE})(?:（[^）]*）)?(?:以下|以内))?"
)
_COUNTED = re.compile(r"^(?:一次|是指|指|造成|可能|预计|已经?|如果?|当|且|并|及|和|者|的|每)*([\u4e00-\u9fff（）]{2,30})$")
_FINE = re.compile(
    rf"(?:处以?|处罚款|罚款|并处|可以处|可处)[^，。；、]{{0,24}}?(?:({AMOUNT})\s*(元|万元|倍|日)以上)?\s*({AMOUNT})\s*(元|万元|亿元|倍|日|%|百分之)(?:以上|以下|以内)[^，。；]{{0,6}}?(罚款|拘留|的?罚款)"
)
_ORDER_OF = re.compile(r"由[^，。；]{2,40}?(?:责令|给予|处|依法|没收|予以|吊销)|责令|给予|处以?|没收|并处|吊销|予以|构成|依法|追究")
_SCOPE = re.compile(rf"{SELF}适用于(.{{4,200}})|(.{{4,200}}?)(?:，|均|都)?适用{SELF}|(?:适用范围)")


@dataclass(frozen=True)
class Sentence:
    """One sentence and where it begins in the provision's text."""

    words: str
    start: int


def sentences(text: str) -> Iterator[Sentence]:
    """Sentences and items, without the number an item begins with."""
    for found in _SENTENCE.finditer(text):
        lead = re.match(r"\s*(?:[（(][一二三四五六七八九十\d]{1,3}[）)]|[一二三四五六七八九十]{1,3}、|\d{1,2}[.．、](?!\d))?\s*", found[0])
        skip = lead.end() if lead else 0
        if found[0][skip:] and len(found[0]) <= LONGEST_SENTENCE:
            yield Sentence(found[0][skip:], found.start() + skip)


def facts(document: Document, provisions: Iterable[Provision]) -> tuple[Fact, ...]:
    """Everything the rules find, in the order of the text; equal input gives equal ids."""
    result: list[Fact] = []
    for provision in provisions:
        found = [*_of_provision(provision), *plan_facts.of_provision(document, provision), *_scope(document, provision)]
        found.sort(key=lambda f: (f.start, f.kind, f.end))
        result += [fact.model_copy(update={"id": f"{provision.id}-f{n}"}) for n, fact in enumerate(_distinct(found))]
    return tuple(result)


def _distinct(found: Iterable[Fact]) -> Iterator[Fact]:
    seen = set()
    for fact in found:
        key = (fact.kind, fact.subject, fact.start, fact.number, fact.unit)
        if key not in seen:
            seen.add(key)
            yield fact


def _of_provision(provision: Provision) -> Iterator[Fact]:
    if "|" in provision.text and provision.text.count("|") > 12:
        return
    heading = provision.heading
    if re.search("术语", heading) and (entry := _TERM_ENTRY.match(provision.text)):
        yield fact(provision, "term", entry[1], entry[3].split("\n")[0], Sentence(entry[0].split("\n")[0], 0))
    behaviour = ""
    for sentence in sentences(provision.text):
        words = sentence.words
        yield from _terms(provision, sentence)
        fines = list(_fines(provision, sentence, behaviour))
        yield from fines
        duty = None if fines or re.search("法律责任|罚则", heading) else _duty(provision, sentence)
        if duty:
            yield duty
        if not fines:
            yield from _limits(provision, sentence, duty)
            yield from _thresholds(provision, sentence)
        if re.search("有下列(?:行为|情形|情况)之一", words):
            behaviour = words


def fact(provision: Provision, kind: str, subject: str, text: str, sentence: Sentence, **more: object) -> Fact:
    """One fact of the provision, quoting the sentence; `facts` gives it its id."""
    return Fact.model_validate(
        {
            "id": "", "provision": provision.id, "document": provision.document, "kind": kind, "subject": subject.strip(" ，：:“”\""), "text": text.strip(" 。；"),
            "quote": sentence.words, "start": sentence.start, "end": sentence.start + len(sentence.words), **more,
        }
    )  # fmt: skip


# -- the single rules ---------------------------------------------------------------------------------------------------------


def _terms(provision: Provision, sentence: Sentence) -> Iterator[Fact]:
    for pattern in _DEFINED:
        found = pattern.match(sentence.words)
        if found and not re.search(r"^(?:以下简称|主要|就|不|也|其|这|均|应当)|应当|不得|的是$", found[1]) and found[1].count("、") < 3:
            yield fact(provision, "term", found[1], found[2], sentence)
            return


def _duty(provision: Provision, sentence: Sentence) -> Fact | None:
    words = sentence.words
    modal = _MODAL.search(words)
    if not modal:
        return None
    who = _actor(words[: modal.start()])
    if who is None and modal[0] in {"禁止", "严禁"} and re.match(r"(?:任何|一切)?(?:单位|个人|组织)", words[modal.end() :]):
        who = "任何单位和个人"
    if who is None:
        return None
    what = words[modal.start() :]
    more: dict[str, object] = {}
    if found := _RECIPIENT.search(what):
        more["recipient"] = re.sub("(?:书面|如实|及时|直接|逐级|立即)+$", "", found[1])
    if limit := _limit(what):
        more["number"], more["unit"] = limit
    elif re.match(r"(?:应当?|必须)(?:立即|迅速|马上)", what):
        more["number"], more["unit"] = 0.0, "立即"
    return fact(provision, "duty", who, what, sentence, **more)


def _actor(before: str) -> str | None:
    """Who the duty lies on: the clause before the modal, or before that the one that a condition interrupts."""
    clauses = [clause.strip() for clause in re.split("[，：:]", before)]
    for clause in reversed(clauses):
        words = re.sub(r"^(?:其中|同时|因此|但是?|并且?|此外|期间)", "", clause)
        interrupted = (
            re.match(r"(.{2,40}?)(?:接到|收到|发现|获悉|知悉|在|对|依照|按照|根据|因|经|从事|进行|应急|违反|未)", words) if words else None
        )
        if words and len(words) <= 60 and _BODY.search(words) and not _NO_ACTOR.search(words) and not _CONDITION.search(words):
            return words
        if interrupted and _BODY.search(interrupted[1]) and not _NO_ACTOR.search(interrupted[1]):
            return interrupted[1]
        if words and not _CONDITION.search(words) and not re.match(r"(?:并|也|均|都|同时|还|依法|及时|一般|原则上)", words):
            return None
    return None


def _limit(words: str) -> tuple[float, str] | None:
    found = _LIMIT.search(words)
    if not found:
        return None
    figure = found[1] or found[3] or found[5] or "1"
    unit = (found[2] or found[4] or found[6]).removeprefix("个") if found[2] != "个月" else "月"
    return (0.5 if figure == "半" else amount(figure)), {"月": "个月", "天": "日"}.get(unit, unit)


def _limits(provision: Provision, sentence: Sentence, duty: Fact | None) -> Iterator[Fact]:
    for found in _LIMIT.finditer(sentence.words):
        limit = _limit(found[0])
        if limit is None or (found[5] is None and found[6] in {"年", "日", "天"} and not found[0].startswith("每")):
            continue
        start = max(sentence.words.rfind(mark, 0, found.start()) for mark in "，：:") + 1
        # 三年内， says nothing alone: what must be done within it follows.
        end = min([at for mark in "，。；" if (at := sentence.words.find(mark, found.end() + 2)) >= 0], default=len(sentence.words))
        clause = Sentence(sentence.words[start:end], sentence.start + start)
        # 24小时内将有暴雨 is a forecast, not a time by which someone must act.
        if re.match("(?:将|可能|受|降|预计|已|有|仍|连续|累计|出现|发生)", sentence.words[found.end() :]):
            continue
        yield fact(
            provision,
            "time_limit",
            duty.subject if duty else "",
            clause.words,
            clause,
            number=limit[0],
            unit=limit[1],
            recipient=duty.recipient if duty else "",
        )


def _thresholds(provision: Provision, sentence: Sentence) -> Iterator[Fact]:
    for found in _THRESHOLD.finditer(sentence.words):
        before = sentence.words[: found.start()]
        start = max(before.rfind(mark) for mark in "，。；：:、或") + 1
        counted = _COUNTED.search(re.sub(r"(?:超过|达到|达|为|在|造成|约|低于|不足|高于|大于|以上|其中|，)+$", "", before[start:]))
        if not counted or re.search(r"^(?:由|经|对|按|处|有|满|不满|提前|至少|年龄|保存)|[由处]$", counted[1]):
            continue
        clause = Sentence(sentence.words[start : found.end()], sentence.start + start)
        unit = found[2].replace("％", "%").replace("名", "人")
        yield fact(provision, "threshold", counted[1], found[0], clause, number=amount(found[1]), unit=unit)


def _fines(provision: Provision, sentence: Sentence, behaviour: str) -> Iterator[Fact]:
    for found in _FINE.finditer(sentence.words):
        before = sentence.words[: found.start()]
        order = _ORDER_OF.search(before)
        whose = before[: order.start()] if order else before
        whose = re.sub(r"^(?:违反本[^，]{1,12}规定，)", "", whose).removesuffix("可以").strip("，") or behaviour.split("，")[0]
        upper, unit = amount(found[3]), found[4]
        measure = found[5].lstrip("的")
        yield fact(
            provision, "penalty", whose[:80] or measure, found[0], sentence,
            number=upper * (10_000 if unit == "万元" else 100_000_000 if unit == "亿元" else 1), unit="元" if unit in {"万元", "亿元"} else unit,
        )  # fmt: skip


def _scope(document: Document, provision: Provision) -> Iterator[Fact]:
    """To what it applies, in its own words, and each hazard named there or in the title."""
    for sentence in sentences(provision.text):
        found = _SCOPE.search(sentence.words)
        scoped = found and (found[1] or found[2])
        if "不适用" in sentence.words:
            continue
        if not scoped and not (re.search("适用范围$", provision.heading) and "适用" in sentence.words):
            continue
        words = (scoped or sentence.words).strip("，。；")
        yield fact(provision, "applies_to", "适用范围", words, sentence)
        for code, hazard in hazards().items():
            if any(
                name in words or name in document.title
                for name in (hazard.name, hazard.name.removesuffix("灾害"), hazard.name.removesuffix("事故"))
                if len(name) > 1
            ):
                yield fact(provision, "applies_to", code, hazard.name, sentence)
        return

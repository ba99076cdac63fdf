"""What a question asks for: a time, someone to tell, whose duty, a penalty, a meaning, when a level starts, a figure.

A question may ask several at once (多久必须上报，向谁报). What an article says of that sort is known from its facts (`graph/facts.py`);
where a text came without facts its wording must do, and counts for half.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from graph.words import plain
from models.domain import Fact

NUMBER = r"[\d一二三四五六七八九十百两半]+"
SENTENCE = re.compile(r"[^。！？\n]+[。！？]?")
PART = re.compile(r"[^；;]+[；;]?")
ITEM = re.compile(r"\s*(?:[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、])")
LONGEST_WHOLE, LONGEST_LIST = 220, 320
"""Characters; a longer sentence is read by its parts between semicolons, a longer list without the words that lead to it."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One sort of thing a question can ask for."""

    name: str
    """What is shown as the reason, Chinese."""
    asks: re.Pattern[str]
    """Wording of the question."""
    kinds: frozenset[str]
    """Kinds of facts that answer it, as `marks` writes them."""
    says: re.Pattern[str]
    """Wording of an answer, where there are no facts."""


def _intent(name: str, asks: str, kinds: str, says: str) -> Intent:
    return Intent(name, re.compile(asks), frozenset(kinds.split()), re.compile(says))


INTENTS = (
    _intent(
        "时限",
        r"多久|多长时间|多少个?(?:小时|分钟|天|日|月|工作日|年)|几个?(?:小时|分钟|天|日|月|工作日|年)|期限|时限|什么时候|何时|时间要求|最迟|最晚",
        "time_limit duty_when",
        rf"{NUMBER}个?(?:分钟|小时|日|天|工作日|月|年)(?:之?内)?",
    ),
    _intent(
        "报送对象",
        r"[向给跟找]谁|[向给找]哪[些个级]?|[报告]给(?:谁|哪|什么)|向(?:什么|何)|谁(?:报告|申请|举报|投诉|备案)|去哪里?(?:报|申请|投诉|举报|备案)|哪[个些]?(?:部门|机关|单位|机构)(?:报告|上报|申请|举报|投诉|备案)",
        "duty_to time_limit_to",
        r"向[^，。；]{2,40}?(?:报告|通报|备案|申请|报送|上报|反映|提出|举报|投诉)|报(?:送|告)?(?:至|给)?[^，。；]{2,30}(?:部门|机关|政府|委员会|局|指挥部)",
    ),
    _intent(
        "责任主体",
        r"(?<![向给跟找])谁(?!的)|由哪|哪[个些级]?(?:部门|单位|机关|机构|政府)|归哪|什么(?:部门|机关|单位|机构)|职责",
        "duty action starts_level",
        r"由[^，。；]{2,30}(?:组织|批准|承担|统一|提出)|负责|决定|主管",
    ),
    _intent(
        "罚则",
        r"罚|处分|拘留|判几年|判多久|判刑|坐牢|什么后果|法律责任|追究|追责",
        "penalty",
        r"罚款|处分|拘留|有期徒刑|拘役|责令|吊销|追究",
    ),
    _intent(
        "定义",
        r"什么是|何谓|是什么意思|什么意思|的定义|什么叫|指(?:的是)?什么|是指|的?含义|怎么?定义|如何定义|算不算",
        "term",
        r"(?:所称|是指|系指|称为)",
    ),
    _intent(
        "启动条件",
        r"启动|几级|哪一?级|什么(?:情况|条件|情形)|哪些(?:情况|条件|情形)|(?:的|启动|适用)条件|怎么?(?:划|分)分?等?级|如何分级",
        "trigger starts_level level threshold",
        r"启动|下列(?:情形|情况|条件)之一|以上的?[，。；、]|分为",
    ),
    _intent("适用范围", r"适用(?:于|范围|对象)|适用(?:什么|哪些)|(?:什么|哪些)[^，。]{0,8}适用", "applies_to", r"适用(?:于|本)|适用范围"),
    _intent(
        "措施",
        r"(?:采取|有|做|包括)(?:什么|哪些)[^，。]{0,8}(?:措施|行动|工作)|(?:应急|响应|处置)措施|(?:怎么|怎样|如何)(?:处置|应对|应急|响应|救援)",
        "action",
        r"措施|组织|转移|疏散|关闭|停止|启动|加强",
    ),
    _intent(
        "数额",
        r"多少(?!个?(?:小时|分钟|天|日|月|工作日|年))|几(?!个?(?:小时|分钟|天|日|月|工作日|年|级))|标准|比例|限额|上限|下限",
        "threshold penalty",
        rf"{NUMBER}(?:%|％|人|万|元|米|倍|毫米|公里)|百分之",
    ),
)
"""All sorts, in the order in which an answer names them."""


def intents(question: str) -> tuple[Intent, ...]:
    """What the question asks for; empty when it asks for nothing in particular."""
    asked = plain(question[:600])
    return tuple(intent for intent in INTENTS if intent.asks.search(asked))


@dataclass(frozen=True, slots=True)
class Saying:
    """One sentence of a text and what it is known to say."""

    words: str
    """The sentence as written; a list that is not too long stands with the words that lead to it."""
    kinds: frozenset[str]
    """Kinds of the facts that lie in it."""

    def answers(self, intent: Intent) -> float:
        """1 where a fact and the wording answer, less where only one of them does, otherwise 0."""
        worded = intent.says.search(self.words) is not None
        if self.kinds & intent.kinds:
            return 1.0 if worded else 0.75
        return 0.5 if worded else 0.0


def sayings(text: str, says: str = "") -> list[Saying]:
    """The sentences of a text, long ones by their parts, each with the kinds of facts in it; `says` as in `Passage.says`."""
    facts = list(_marked(says))
    return [
        Saying(text[start:end], frozenset(kind for kind, begins, ends in facts if begins < end and ends > start))
        for start, end in _with_lists(text, _spans(text))
    ]


def marks(facts: Iterable[Fact]) -> str:
    """What these facts of one provision say and where, as `kind@start-end` in characters of its text, blanks between."""
    found = []
    for fact in facts:
        kinds: list[str] = [fact.kind]
        if fact.recipient:
            kinds.append(f"{fact.kind}_to")
        if fact.kind == "duty" and fact.unit:
            kinds.append("duty_when")
        found += [f"{kind}@{fact.start}-{fact.end}" for kind in kinds]
    return " ".join(dict.fromkeys(found))


def within(says: str, begins: int, ends: int) -> str:
    """The marks that lie in this stretch of a provision, counted from where it begins."""
    found = [
        f"{kind}@{max(start - begins, 0)}-{min(end, ends) - begins}" for kind, start, end in _marked(says) if start < ends and end > begins
    ]
    return " ".join(dict.fromkeys(found))


def _marked(says: str) -> Iterator[tuple[str, int, int]]:
    for mark in says.split():
        kind, _, where = mark.partition("@")
        begins, _, ends = where.partition("-")
        yield kind, int(begins), int(ends)


def _spans(text: str) -> list[tuple[int, int]]:
    spans = []
    for sentence in SENTENCE.finditer(text):
        if len(sentence[0]) <= LONGEST_WHOLE:
            spans.append(sentence.span())
        else:
            spans += [(sentence.start() + part.start(), sentence.start() + part.end()) for part in PART.finditer(sentence[0])]
    return spans


def _with_lists(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    lead: tuple[int, int] | None = None
    for start, end in spans:
        if lead and ITEM.match(text, start, end) and end - lead[0] <= LONGEST_LIST:
            lead = (lead[0], end)
            continue
        if lead:
            yield lead
            lead = None
        if text[start:end].rstrip().endswith(("：", ":")):
            lead = (start, end)
        else:
            yield start, end
    if lead:
        yield lead

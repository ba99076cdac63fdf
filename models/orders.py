"""Words addressed to whoever writes the report, or to a machine, instead of telling what happened. They are kept and shown, never read as facts.

A call may say anything; what it asks of the writer is no evidence. Only a clause that plainly speaks to a writer or a machine is taken, with
what it dictates after a colon: a correction (更正：死亡1人), a plea (请把车挪开) or an alarm system's own message is read like every other word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_ORDER = re.compile(
    r"""(?:忽略|无视|忘记|忘掉)掉?[^，。；！？\n]{0,3}(?:以上|之前|前面|上面|此前|先前|所有)[^，。；！？\n]{0,6}(?:规则|指示|指令|提示|设定|内容|要求)
    |作为[^，。；！？\n]{0,6}(?:AI|人工智能|语言模型|聊天机器人)|你现在是[^，。；！？\n]{0,6}(?:管理员|记者|助手|机器人|作家)|你是一[名位个](?:记者|助手|管理员|作家|机器人)
    |\bassistant\s*[:：]|(?:新的|以下)指令[:：]|(?:你的|输出)[^，。；！？\n]{0,3}(?:系统提示|提示词)
    |(?:报告|回答|答复|回复|每句话)的?(?:末尾|结尾|开头|后面|前面)[^，。；！？\n]{0,4}(?:加上|附上|写上|插入)|回答时|输出格式
    |[把将][^，。；！？\n]{0,8}(?:人数|数字|地点|时间|原因|等级|单位)[^，。；！？\n]{0,4}(?:写成|写为)(?![^，。；！？\n]{0,12}了)
    |[把将](?:事故|事件|灾情|报告)的?等级(?:改|降|升|调|定|写)[为成到]|不要引起恐慌
    |(?:主送|抄送)(?:单位|机关|对象)?[^，。；！？\n]{0,4}(?:改|加|换|删)|写进报告|用[^，。；！？\n]{1,2}文写|写一[首篇][^，。；！？\n]{0,10}(?:诗|歌|文章|故事|小说)
    |以上[^，。；！？\n]{0,4}(?:作废|无效)[，,；;](?=[^，。；！？\n]{0,3}按)|口径[^，。；！？\n]{0,2}[写报填]|不要(?:提到|提及|写到|写进|写入)
    |直接(?:输出|回答|回复我)|假装你|请?签发人直接|不必审核|本报告不得
    |重复(?:下面|以下|上面|这)[^，。；！？\n]{0,8}[遍次]""",
    re.I | re.X,
)
"""What only someone says who speaks to the writer: of reports, roles, rules and wording, not of what happened."""

_PASTED = re.compile(
    r"\[INST\].*?(?:\[/INST\]|$)|<\|[a-z_]{2,20}\|>|\{\s*\"[^\"\n]{1,40}\"\s*[:：][^。\n]*[}\]]|(?:&#x?[0-9a-f]{1,6};){4,}", re.S | re.I
)
"""A model's own markup, a piece of JSON, or words written as numbers: nobody tells a fire that way."""

_OVERRIDDEN = re.compile("[\u202d\u202e][^\u202c\n]*\u202c?")
"""Words made to be seen in another order than they stand in."""

_UNSEEN = frozenset(["Cf", "Cc", "Cs", "Co", "Cn", "Mn", "Me"])
"""Kinds of signs that take no room of their own: zero-width and bidirectional marks, variation selectors, stacked accents."""

_ALIKE = dict(zip("аеорсухіјѕԁһАВЕКМНОРСТХІЈЅαορνικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeopcyxijsdhABEKMHOPCTXIJSaopvikABEZHIKMNOPTYX", strict=True))
"""Cyrillic and Greek letters that look like Latin ones."""

_ODD = re.compile("[^ -~\n\t一-龥，。！？；：、（）＊“”《》【】…—]")
"""What may look like something else; the signs our readers are written for are not."""

_SPREAD = re.compile(r"(?<!\S)(?:\S[ \t\u3000]){4,}")
"""Words with a blank after every character."""

_STOP = re.compile(r"[，,。；;！!？?\n]")
_SENTENCE_END = re.compile(r"[。！!？?\n]")
_HAN = re.compile(r"[一-龥]")

LEFT_AT_LEAST = 4
"""Chinese characters that must be left; a message that is nothing but orders is read like any other, so that none is lost."""

TOLD = "含有写给起草人或系统的要求：原文保留，这部分未作为情况读取"


@lru_cache(maxsize=8192)
def without_orders(text: str) -> str:
    """`text` at the same length, with clauses addressed to the writer replaced by full stops, so that every offset still holds."""
    left = _left(text)
    return left if left == text or len(_HAN.findall(left)) >= LEFT_AT_LEAST else text


def gives_order(text: str) -> bool:
    """Whether some clause of it speaks to a writer or a machine."""
    return _left(text) != text


def told(text: str) -> str:
    """What a language model may be shown of a message: without the clauses addressed to a writer, and without signs nobody sees; empty when nothing is left.

    Offsets do not hold. Unlike `without_orders`, a message that is nothing but orders is not shown at all: people see it, a model gains nothing by it.
    """
    left = _left(text, to_sentence_end=True)
    if left != text and len(_HAN.findall(left)) < LEFT_AT_LEAST:
        return ""
    seen, _ = _seen(left)
    return re.sub("。{2,}", "。", seen).lstrip("。")


def _left(text: str, *, to_sentence_end: bool = False) -> str:
    text = _OVERRIDDEN.sub(lambda found: "。" * len(found[0]), text)
    seen, places = _seen(text)
    spans = [found.span() for found in _PASTED.finditer(seen)]
    spans += [_clause(seen, found, to_sentence_end=to_sentence_end) for found in _ORDER.finditer(seen)]
    left = text
    for first, end in spans:
        if first < end:
            at, to = places[first], places[end - 1] + 1
            left = left[:at] + re.sub(r"[^\n]", "。", left[at:to]) + left[to:]
    return left


def _seen(text: str) -> tuple[str, Sequence[int]]:
    """The text as a reader sees it (no invisible signs, full-width and look-alike letters as plain ones), and where each character stood."""
    spread = {at for run in _SPREAD.finditer(text) for at in range(*run.span()) if text[at] in " \t\u3000"}
    if not spread and not _ODD.search(text):
        return text, range(len(text))
    seen, places = [], []
    for at, letter in enumerate(text):
        if at in spread:
            continue
        if _ODD.match(letter):
            if unicodedata.category(letter) in _UNSEEN:
                continue
            plain = unicodedata.normalize("NFKC", letter)
            letter = _ALIKE.get(letter) or (plain if len(plain) == 1 else letter)
        seen.append(letter)
        places.append(at)
    return "".join(seen), places


def _clause(text: str, found: re.Match[str], *, to_sentence_end: bool) -> tuple[int, int]:
    """The clause around an order; to the end of the sentence when it dictates something after a colon, or when so asked."""
    before = [stop.end() for stop in _STOP.finditer(text, 0, found.start())]
    at = before[-1] if before else 0
    stop = _STOP.search(text, found.end())
    end = stop.start() if stop else len(text)
    if to_sentence_end or re.search(r"[:：“]", text[found.end() - 1 : end]):
        last = _SENTENCE_END.search(text, end)
        end = last.start() if last else len(text)
    return at, end

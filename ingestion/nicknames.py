"""Names without a surname and a given name: 小平, 阿宝, 婧婧, 舟哥, 尼萌萌; and the surname in 王先生. Reads what `persons` has cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from ingestion.called import NO_SURNAME, SHORT_TITLE, TITLE
from ingestion.name_words import HAN, Word, segmenter, surnames, weights
from ingestion.surnames import DOUBLE, NOT_NAMES


@dataclass(frozen=True)
class Person:
    """A name at `at`:`end`; its first `shown` characters are a surname and may be read."""

    at: int
    end: int
    shown: int = 0


_ELDER = frozenset("哥姐叔爷嫂妹弟姨婶")
SAME = frozenset(
    "妈妈爸爸哥哥姐姐弟弟妹妹爷爷奶奶公公婆婆叔叔伯伯舅舅姑姑姨姨婶婶宝宝娃娃太太星星常常天天慢慢渐渐偏偏刚刚仅仅往往每每明明悄悄默默静静轻轻白白万万千千人人个个家家年年月月日日夜夜时时处处事事样样种种多多大大小小早早久久高高好好乖乖谢谢拜拜想想看看听听说说试试等等问问谈谈走走坐坐尝尝猩猩蝈蝈饽饽饺饺汤汤水水花花草草树树点点圈圈块块条条片片滴滴层层重重深深远远满满暖暖甜甜红红绿绿黄黄蓝蓝黑黑胖胖瘦瘦长长短短快快急急忙忙统统通通纷纷频频连连稍稍微微淡淡浓浓牢牢紧紧死死活活凉凉热热冷冷亲亲抱抱么么嘻嘻哈哈呵呵嘿嘿呜呜嗯嗯啊啊哦哦噢噢呀呀哇哇啦啦嘟嘟汪汪喵喵咩咩噜噜啧啧嘘嘘滚滚熊熊冉冉翩翩堂堂洋洋茫茫苍苍莽莽皑皑沉沉隐隐郁郁斤斤津津区区泛泛彬彬孜孜"
)
BESIDE = frozenset("、和与及跟&/")
"""What joins names."""
_TENS = frozenset("一二三四五六七八九十百千万")
_ADDRESS = frozenset("省市区县镇乡村路街道号栋幢楼室厦园")
_ROLE = re.compile(
    r"(?:助教|教练|主帅|前锋|后卫|中场|门将|球星|球员|主演|歌手|演员|艺人|偶像|主持人|导演|编剧|作家|画家|诗人|选手|记者|队长|队友|女友|男友|老婆|老公|闺蜜|外号|昵称|名叫|我叫|饰演|扮演|主播|女神|男神)$"
)
_BROTHER = re.compile(
    r"(?:(?<![\u4e00-\u9fff])|(?<=[找问跟和给叫是说见])|(?<=[，。！～]))(?P<who>(?![大二三四五六七八九表小帅堂的鹦空学师老妹姑姨])[\u4e00-\u9fff])(?P<kin>[哥姐])(?![哥姐特伦们夫])"
)
_FAMILIAR = re.compile(
    r"(?<![\u4e00-\u9fff大小老阿])(?:[小老阿大])(?P<who>[\u4e00-\u9fff])(?=$|[^\u4e00-\u9fff]|说|在|的|和|家|被|是|也|给|跟|打|来|去|你|我|他|她)|(?<=[和跟给找叫问是让对被])[小老阿](?P<then>[\u4e00-\u9fff])(?=$|[^\u4e00-\u9fff]|说|在|的|和|家)"
)
_LETTERED = re.compile(r"(?<![A-Za-z])[小老阿][A-Z](?![A-Za-z0-9\-市区县])")
"""小V, 老K."""
_NO_FAMILIAR = frozenset(
    [
        "小康",
        "大王",
        "小麦",
        "小米",
        "大马",
        "小马",
        "大方",
        "小方",
        "大白",
        "小白",
        "大金",
        "大江",
        "小江",
        "大洪",
        "大牛",
        "老牛",
        "小牛",
        "大石",
        "小石",
        "大雷",
        "大海",
        "小龙",
        "大龙",
        "小雪",
        "大雪",
        "小寒",
        "大寒",
        "小满",
        "小暑",
        "大暑",
    ]
)
_PET = re.compile(r"(?P<who>[\u4e00-\u9fff])[子儿仔宝](?=$|[^\u4e00-\u9fff]|小|是|说|在|和|的|，)")
_TRIPLE = re.compile(r"[\u4e00-\u9fff](?P<twice>[\u4e00-\u9fff])(?P=twice)(?![\u4e00-\u9fff]?(?P=twice))")
_FOND = frozenset("宝猫萌妞妹囡丫贝萱婷菲莉娜雯倩琪佳晴雪芳兰美妮娃豆圆多乐果糖朵蕾")
_LAUGHS = frozenset("哈呵嘿嘻耶啊呀哇")
_FAN = re.compile(
    r"(?<![\u4e00-\u9fff])(?P<who>(?![这那亲各位好大小]?(?:位|各|亲|童|的))[\u4e00-\u9fff]{2,4})(?=童鞋|大侠|先森|欧巴|sama|桑$)"
)
_LITTLE = re.compile(r"(?<![\u4e00-\u9fff])(?P<who>小[\u4e00-\u9fff]{2})(?=[你我您]|和小|晚上|同学|童鞋)")
_LITTLE_THINGS = re.compile(r"[车区雨时学孩店厂路桥河沟院房船狗猫鸟树伙妹姑朋编心说型商超贩吃组长]")


class Reading(Protocol):
    """A text cut into words, as far as nicknames need it."""

    plain: str
    words: list[Word]
    begin: set[int]
    stop: set[int]

    def word_at(self, at: int) -> Word: ...
    def context(self, at: int, end: int) -> float: ...
    def is_place(self, at: int, end: int) -> bool: ...


def titled(reading: Reading) -> Iterator[Person]:
    """The surname in 王先生, 何爷爷, 李总: in a small street it says who."""
    plain, known = reading.plain, segmenter().has_word
    for m in surnames().finditer(plain):
        at = m.start()
        end = at + (2 if plain[at : at + 2] in DOUBLE else 1)
        if end == at + 1 and (plain[at] in NO_SURNAME or weights()["surname"].get(plain[at], -9) < 1):
            continue
        before = plain[at - 1 : at]
        if HAN.match(before) and (known(plain[at - 1 : end]) or before in _TENS):
            continue
        if title := TITLE.match(plain, end):
            whole = plain[at : title.end()]
            ends = title.end() in reading.stop or reading.word_at(end).at != end or not known(reading.word_at(end).text)
            if ends and (not known(whole) or reading.word_at(at).tag.startswith("nr")):
                yield Person(at, end)
        elif (
            plain[end : end + 1] in SHORT_TITLE
            and plain[end : end + 1]
            and at in reading.begin
            and end + 1 in reading.stop
            and not known(plain[at : end + 1])
            and weights()["surname"].get(plain[at], 4) >= 3
            and not reading.is_place(at, end + 1)
        ):
            yield Person(at, end)


def nicknames(reading: Reading) -> Iterator[tuple[float, Person]]:
    """What a name is made of, without a surname."""
    given = weights()["given"]
    plain, known = reading.plain, segmenter().has_word
    for word in reading.words:
        text = word.text
        if (
            not 2 <= len(text) <= 3
            or not _may_be_one(text, word.tag)
            or plain[word.at - 1 : word.at] in _ADDRESS
            or reading.is_place(word.at, word.end)
        ):
            continue
        likely = [given.get(c, 1) for c in text]
        named, doubled = word.tag.startswith("nr"), len(text) == 2 and text[0] == text[1]
        familiar = len(text) == 2 and text[0] in "小大老阿" and not known(text) and likely[1] >= 0
        if familiar and not _LITTLE_THINGS.search(text[1:]):
            yield 0.3, Person(word.at, word.end)
            continue
        if not named and not doubled and (known(text) or (likely[0] < 0 and not _ROLE.search(plain, max(0, word.at - 4), word.at))):
            continue
        if len(text) > 2 and sum(weights()["foreign"].get(c, 0) for c in text) > sum(likely):
            continue
        if (
            not known(text)
            and min(likely) >= -1
            and _ROLE.search(plain, max(0, word.at - 4), word.at)
            and not reading.is_place(word.at, word.end)
        ):
            yield 0.3, Person(word.at, word.end)
            continue
        around = reading.context(word.at, word.end)
        if span := _span(word, likely, named, doubled, around):
            yield 0.3, Person(*span)
        elif not known(text) and min(likely) >= 0 and sum(likely) >= 2 * len(text):
            yield -1.0, Person(word.at, word.end)
    yield from _patterns(reading)


@lru_cache(maxsize=65_536)
def _may_be_one(text: str, tag: str) -> bool:
    """Whether a word can be a nickname at all, wherever it stands."""
    if not 2 <= len(text) <= 3 or not HAN.fullmatch(text) or text in NOT_NAMES or text[-1] in "姓河湖江溪岭岛" or TITLE.match(text):
        return False
    return tag.startswith("nr") or (len(text) == 2 and text[0] == text[1]) or not segmenter().has_word(text)


def _span(word: Word, likely: list[int], named: bool, doubled: bool, around: float) -> tuple[int, int] | None:
    """Where in this word a nickname lies; none where it is no nickname."""
    text, at, end = word.text, word.at, word.end
    known = segmenter().has_word(text)
    if doubled:
        return (at, end) if text[0] not in SAME and (likely[0] >= 1 or around >= 2) else None
    if (
        named
        and text[0] in "小阿"
        and (not known or min(likely[1:]) >= 2)
        and not (len(text) == 2 and _LITTLE_THINGS.search(text[1]))
        and text not in _NO_FAMILIAR
    ):
        return at, end
    if not known and len(text) == 2 and text[1] in _ELDER:
        return (at, end - 1) if text[0] not in weights()["surname"] else None
    if not known and len(text) == 2 and likely[0] >= 3 and text[1] in "子儿仔宝君":
        return at, end
    if not known and len(text) == 3 and min(likely[1:]) >= 2 and sum(likely[1:]) >= 5 and weights()["surname"].get(text[0], -9) < 0:
        return at + 1, end  # 系嘉欣: the word before was taken along
    if (
        not known
        and len(text) == 3
        and named
        and around >= 2
        and min(likely[1:]) >= 1
        and sum(likely[1:]) >= 3
        and text[0] not in weights()["surname"]
    ):
        return at + 1, end  # 看思聪老公: what follows says that it is someone
    enough = sum(likely) >= 3 * len(likely) - around
    if named and ((enough and min(likely) >= (3 if known else 1)) or (known and len(text) == 3 and min(likely) >= 1 and sum(likely) >= 5)):
        return at, end
    return (at, end) if not known and enough and min(likely) >= 2 and around >= (1 if sum(likely) >= 5 else 2) else None


def _patterns(reading: Reading) -> Iterator[tuple[float, Person]]:
    plain, known, given = reading.plain, segmenter().has_word, weights()["given"]
    for m in _BROTHER.finditer(plain):
        at = m.start("who")
        if not known(m["who"] + m["kin"]) and given.get(m["who"], 1) >= 1 and not known(plain[max(0, at - 1) : at + 1]):
            yield 0.3, Person(at, m.end("who"))
    for m in _FAMILIAR.finditer(plain):
        at, end = m.span()
        who = m["who"] or m["then"]
        likely = max(weights()["surname"].get(who, -9) - 1, given.get(who, 1) if not known(m[0]) else -9)
        if (
            likely >= 2
            and m[0] not in NOT_NAMES
            and m[0] not in _NO_FAMILIAR
            and not reading.is_place(at, end)
            and not _LITTLE_THINGS.search(who)
        ):
            yield 0.3, Person(at, end)
    for m in _PET.finditer(plain):
        at = m.start()
        if (
            given.get(m["who"], 1) >= 4
            and not known(m[0])
            and not known(plain[max(0, at - 1) : at + 1])
            and not reading.is_place(at, m.end())
        ):
            yield 0.3, Person(at, m.end())
    for m in _TRIPLE.finditer(plain):
        at, end = m.span()
        whole = m[0]
        if known(whole) or m["twice"] in _LAUGHS or whole[0] == whole[1] or plain[end : end + 1] in "地的":
            continue
        if m["twice"] in _FOND and not known(plain[max(0, at - 1) : at + 1]) and given.get(whole[0], 1) >= 1:
            yield 0.3, Person(at, end)
    for m in _FAN.finditer(plain):
        yield 0.3, Person(*m.span("who"))
    for m in _LETTERED.finditer(plain):
        yield 0.3, Person(*m.span())
    for m in _LITTLE.finditer(plain):
        at, end = m.span("who")
        last = reading.word_at(end - 1)
        if (
            at in reading.begin
            and last.end == end
            and last.tag[:1] in ("n", "b", "a")
            and not known(m["who"])
            and not _LITTLE_THINGS.search(m["who"])
        ):
            yield 0.2, Person(at, end)

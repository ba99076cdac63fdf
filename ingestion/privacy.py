"""Personal data masked in place: every character hidden becomes ＊, so the text keeps its length and every offset.

Hidden: mobile and landline numbers, service numbers (400), identity cards, bank cards and other long digit runs, licence
plates (province and letter stay), e-mail addresses, WeChat and QQ ids, and given names of people (the surname stays:
李＊＊), nicknames, @accounts, and the surname before a title (＊先生, ＊书记: in a small street it says who). Kept: years, amounts, document numbers such as 〔2025〕27号, division codes, places, titles.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress

from ingestion.numerals import halved
from ingestion.persons import persons
from ingestion.surnames import DOUBLE, NOT_NAMES, SINGLE

MASK = "＊"

_SPOKEN = str.maketrans(
    "零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖洞两拐勾Oo⓪①②③④⑤⑥⑦⑧⑨", "01234567891" + "123456789" + "0279" + "00" + "0123456789"
)
_S = r"[\s\-–—_.·,，/()\u200b-\u200f\u2060\ufeff\ufe0f\u20e3]{0,3}"
_MOBILE = re.compile(rf"(?<!\d)(?:\+?0{{0,2}}86{_S})?1{_S}[3-9](?:{_S}\d){{9}}(?!\d)")
_DIGITS = re.compile(r"\d+")
_RUN_ON = re.compile(r"(?<![\d.])1[3-9]\d{10,}(?!\d|[元万亿])")
"""A mobile number with the next item's number glued on (…8385 2.)."""
_LANDLINE = re.compile(r"(?<!\d)\(?0(?:10|2\d|[3-9]\d{2})\)?[\s\-–—_]{0,2}\d{3,4}[\s\-]?\d{4}(?:[\s\-–—转]{1,2}\d{1,6})?(?!\d)")
_SERVICE = re.compile(r"(?<!\d)[48]00[\s\-–—]?\d{3,4}[\s\-–—]?\d{3,4}(?!\d)")
_CUED_LINE = re.compile(
    r"(?:电话|热线|座机|号码|联系方式|手机|传真|[Tt][Ee][Ll]|微信同号)[^\d，。；\n]{0,8}?(?P<hide>\d{3,4}[\s\-–—]?\d{4}(?!\d))"
)
_ID = re.compile(rf"(?<!\d)[1-9]\d{{5}}{_S}(?:19|20)\d{{2}}{_S}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]){_S}\d{{3}}[\dXx](?![\dA-Za-z])")
_LONG = re.compile(r"(?<![\d.])\d(?:[ \-]?\d){12,}[Xx]?")
_TEN = re.compile(r"(?<![\d.])\d{10,12}(?!\d|\.\d|[元万亿年])")
_DATED = re.compile(
    r"(?<!\d)(?:(?:19|20)\d{2}-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])(?!\d)|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?(?!\d))"
)
"""2021-07-20 2021-07-21 and 20210720193000: dates and time stamps are no account number, however many stand in a row."""
_DIVISION = re.compile(
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82)\d{10}|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{2,4}"
)
_MAIL = re.compile(r"[A-Za-z0-9](?:[\w.+\-]{0,63})@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,5}", re.A)
_CHAT = re.compile(
    r"(?:微信|威信|薇信|[Vv]信|加[Vv]|[Vv][Xx]|[Ww][Xx]|[Ww]e[Cc]hat|QQ|qq|扣扣|企鹅|抖音号)(?:同?号码?|号|群|ID|id|是|为|[:\s])*(?P<hide>[A-Za-z][\w\-]{4,19}|\d{5,12})",
    re.A,
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-Za-z][·•.\-\s]?(?P<hide>(?=[A-Za-z]{0,3}\d)[A-HJ-NP-Za-hj-np-z0-9]{4,5}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳×*])(?![A-Za-z0-9])"
)
_PASSPORT = re.compile(r"(?:护照|通行证|回乡证|台胞证)[^\d，。；\n]{0,6}?(?P<hide>[A-Za-z]{1,2}\d{7,9})(?!\d)")

_NEVER_GIVEN = frozenset(
    "了的是在有被着到这那些没不吗呢吧火困住倒塌淹漏烟伤死起出来去上下里内外楼层房车路门窗口处个几两多少已正就都也还又很把让给向跟从对你我他她它们什么怎"
)
"""Characters hardly ever found in a given name: 居民楼起火 begins with a cue and a surname, and names nobody."""
_TITLES = frozenset(
    [
        "先生",
        "女士",
        "老师",
        "师傅",
        "阿姨",
        "大姐",
        "大哥",
        "大伯",
        "大妈",
        "大爷",
        "小姐",
        "太太",
        "主任",
        "书记",
        "队长",
        "经理",
        "校长",
        "医生",
        "同志",
        "表示",
        "报警",
        "统计",
        "时间",
        "小时",
        "公斤",
        "开始",
        "发布",
    ]
)
_GIVEN = r"[\u4e00-\u9fff]"
_NAME = rf"(?:(?:{'|'.join(DOUBLE)})|[{SINGLE}])"
_AFTER_NAME = r"(?=$|[^\u4e00-\u9fff]|在|被|的|说|和|与|及|是|于|从|电话|手机|先生|女士|同志|介绍|表示|告诉|称|住|家)"
_CUE = r"(?:我叫|名叫|名字叫|姓名|本人|联系人|求救人|求助人|被困人|被救助人|报警人|报案人|负责人|当事人|经办人|驾驶员|驾驶人|司机|机主|户主|房主|车主|业主|死者|伤者|患者|家属|联系|电话|收件人|受害人|失踪者|失联人|走失人|寻找|站长|队长|志愿者|居民|村民|市民|目击者|老板|书记|主任|局长|市长|县长|区长|镇长|所长|院长|校长|处长|科长|部长|会长|经理|董事长|总经理|医生|教授|专家|学生|男子|女子|工人|老人|民警|消防员|战士)"
_CUED_NAME = re.compile(rf"{_CUE}[】\])]?[\s:：是为叫【(]{{0,3}}(?P<sur>{_NAME})(?P<given>{_GIVEN}{{1,2}}?){_AFTER_NAME}")
_TITLED = re.compile(
    rf"(?<![\u4e00-\u9fff])(?P<sur>{_NAME})(?P<given>{_GIVEN}{{1,2}})(?=先生|女士|同志|师傅|阿姨|大爷|大妈|大叔|小姐|太太|老师|医生|警官|经理|主任|队长|书记)"
)
_BY_PHONE = re.compile(
    rf"(?<![\u4e00-\u9fff])(?P<sur>{_NAME})(?P<given>{_GIVEN}{{1,2}})(?=[\s:：,，(（【/]{{0,4}}(?:电话|手机|联系电话|手机号)?[\s:：]{{0,3}}(?:1[3-9]\d|0\d{{2,3}}[\-–—])(?:[\s\-]?\d){{4}})"
)
_PHONE_THEN = re.compile(
    rf"(?<=\d\d\d\d)[\s(（,，:：]{{0,3}}(?P<sur>(?![万米公周时边余元区路楼包和方]){_NAME})(?P<given>{_GIVEN}{{1,2}})(?=$|[^\u4e00-\u9fff]|先生|女士)"
)
_SAYS = re.compile(
    rf"(?<![\u4e00-\u9fff])(?P<sur>{_NAME})(?P<given>{_GIVEN}{{1,2}}?)(?=说[，:：,“]|表示[，:：,]|介绍[，:：,说]|告诉|透露[，:：,]|回忆|坦言|[(（](?:男|女|化名))"
)
_BYLINE = re.compile(
    r"(?:记者|通讯员|实习生|摄影|摄|文/|图/|编辑|责编|作者|党博|报道员)[\s:：]{0,2}(?P<names>[\u4e00-\u9fff、 ·]{2,24}?)(?=[)）\]】]|摄|报道|发自|$|[，。;；]|文|图)"
)
_PARENS = re.compile(r"[(（](?P<names>[\u4e00-\u9fff、 ]{2,12})[)）]")


_SHORTEST_NUMBER = 9
"""Digits of the shortest number that is hidden on its own, a service number: a text with fewer holds none."""
_PASSES = 6
"""Hiding one name can uncover the next (the words are cut anew); after so many passes nothing new has been seen in any text."""


_MASKED_KEPT = 16_384
_masked: dict[bytes, str] = {}
"""Digest of a text, and the text masked: what is repeated is not read again for names, and no unmasked text is kept."""


def mask(text: str) -> str:
    """The text with personal data hidden; same length, character for character. `mask(mask(x)) == mask(x)`."""
    key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    known = _masked.get(key)
    if known is None:
        known = _settled(text, bare=True)
        with suppress(StopIteration, RuntimeError, KeyError):  # another thread may be letting go of the same one
            while len(_masked) >= _MASKED_KEPT:
                del _masked[next(iter(_masked))]
        _masked[key] = known
    return known


def mask_place(words: str) -> str:
    """As `mask` for words known to be a place: numbers and announced names are hidden, 张家湾 and 王顺友路 are not taken for people."""
    return _settled(words, bare=False)


def _settled(text: str, *, bare: bool) -> str:
    for _ in range(_PASSES):
        masked = _once(text, bare=bare)
        if masked == text:
            break
        text = masked
    return text


def _once(text: str, *, bare: bool) -> str:
    plain = halved(text)
    if len(plain) != len(text):
        plain = text
    spans = list(_spans(plain, bare=bare))
    if not spans:
        return text
    shown = list(text)
    for at, end in spans:
        for i in range(at, end):
            if text[i].isalnum():
                shown[i] = MASK
    return "".join(shown)


def _spans(plain: str, *, bare: bool) -> Iterator[tuple[int, int]]:
    digits = _digits(plain)
    if digits >= _SHORTEST_NUMBER:
        yield from _numbers(plain)
    spoken = plain.translate(_SPOKEN)
    if spoken != plain and _digits(spoken) >= _SHORTEST_NUMBER:
        yield from _spoken_numbers(plain, spoken)
    if "@" in plain:
        for m in _MAIL.finditer(plain):
            yield m.span()
    for pattern in (_CHAT, _PLATE, _CUED_LINE, _PASSPORT):
        for m in pattern.finditer(plain):
            yield m.span("hide")
    names: dict[str, int] = {}
    # A number that says whose it is has at least four digits.
    for pattern in (_CUED_NAME, _TITLED, *((_BY_PHONE, _PHONE_THEN) if digits >= 4 else ()), _SAYS):
        for m in pattern.finditer(plain):
            if not _is_word(m["sur"] + m["given"]):
                yield m.span("given")
                names[m["sur"] + m["given"]] = len(m["sur"])
    yield from _bylines(plain)
    if bare:
        for person in persons(plain):
            yield person.at + person.shown, person.end
            names[plain[person.at : person.end]] = person.shown
    # Who is hidden once is hidden throughout; two characters may be a word elsewhere (高峰, 安静).
    for name, shown in names.items():
        if len(name) > 2 and plain.count(name) > 1:
            for m in re.finditer(re.escape(name), plain):
                yield m.start() + shown, m.end()


def _digits(plain: str) -> int:
    return sum(map(len, _DIGITS.findall(plain)))


def _numbers(plain: str) -> Iterator[tuple[int, int]]:
    for pattern in (_MOBILE, _LANDLINE, _SERVICE, _ID):
        for m in pattern.finditer(plain):
            yield m.span()
    for m in _LONG.finditer(_DATED.sub(lambda date: "年" * len(date[0]), plain)):
        yield m.span()
    for m in _RUN_ON.finditer(plain):
        if not re.search(r"代码|编码|区划", plain[max(0, m.start() - 12) : m.start()]):
            yield m.span()
    for m in _TEN.finditer(plain):
        # Twelve-digit division codes and time stamps look like account numbers; they are not personal.
        if not _DIVISION.fullmatch(m[0]):
            yield m.span()


def _spoken_numbers(plain: str, spoken: str) -> Iterator[tuple[int, int]]:
    """一三八零零零零… and mixtures: only where the run as written holds Chinese digits."""
    for pattern in (_MOBILE, _LANDLINE, _ID, _LONG):
        for m in pattern.finditer(spoken):
            if plain[m.start() : m.end()] != m[0]:
                yield m.span()


def _bylines(plain: str) -> Iterator[tuple[int, int]]:
    for pattern in (_BYLINE, _PARENS):
        for m in pattern.finditer(plain):
            at = m.start("names")
            people = _people(m["names"])
            if people is None and pattern is _BYLINE:
                people = _people(m["names"][:3]) or _people(m["names"][:2])
            for start, end in people or []:
                yield at + start, at + end


def _people(names: str) -> list[tuple[int, int]] | None:
    """Spans of the given names when the words are nothing but a list of names, else null."""
    spans: list[tuple[int, int]] = []
    at = 0
    for chunk in re.split(r"([、 ·]|通讯员|实习生|记者)", names):
        if chunk and not re.fullmatch(r"[、 ·]|通讯员|实习生|记者", chunk):
            inner = _cut(chunk)
            if inner is None:
                return None
            spans += [(at + s, at + e) for s, e in inner]
        at += len(chunk)
    return spans


def _cut(run: str) -> list[tuple[int, int]] | None:
    """Cut a run of names written without separators into surnames and given names; shortest list of three-character names first."""
    if not run:
        return []
    for surname in (2, 1):
        known = run[:surname] in DOUBLE if surname == 2 else run[:1] in SINGLE
        if not known:
            continue
        for given in (2, 1):
            whole = run[: surname + given]
            if len(whole) < surname + given or _is_word(whole):
                continue
            rest = _cut(run[surname + given :])
            if rest is not None:
                step = surname + given
                return [(surname, step), *((s + step, e + step) for s, e in rest)]
    return None


def _is_word(words: str) -> bool:
    if any(c in _NEVER_GIVEN for c in words[1:]):
        return True
    return (
        words in NOT_NAMES
        or words[:2] in NOT_NAMES
        or words[1:] in _TITLES
        or words[-1] in "某区县市镇乡村街路桥厂局院校店所部队站组报网社台线员"
    )

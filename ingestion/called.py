"""How people are called besides their full Chinese names: ＊先生, 东哥, @somebody, Jack, Selina Ren. Patterns on a halved text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ingestion.places import gazetteer

LATIN_WORDS = Path(__file__).parent / "latin_words.txt"

TITLE = re.compile(
    r"(?:先生|女士|小姐|老师|师傅|阿姨|大爷|大妈|大伯|大叔|大姐|大哥|大嫂|大娘|爷爷|奶奶|叔叔|伯伯|姐姐|哥哥|院长|校长|主任|经理|局长|处长|所长|队长|书记|市长|县长|区长|镇长|科长|厂长|站长|会长|部长|省长|医生|大夫|护士|警官|法官|掌门|太太|夫人|同学|先森|家长|老板|教授|律师|总裁|董事|同志|导演|教练|主席|总理|总统|粉丝|大家|大侠|太守|公子|姑娘|道长|大师|将军|团长|连长|排长|班长|政委|司令|参谋|记者|博士|院士|工程师|设计师|妈妈|爸爸|妈(?!妈)|爸(?!爸))"
)
SHORT_TITLE = "总董叔婶姨哥姐嫂爷导队"
NO_SURNAME = frozenset(
    "向于时全那原应区党公国前后现任当位同各每和及与但万多对来去从请问找被把让给但信初都相干元主是以之能要会到方商母车路项宗"
)
"""Surnames that stand before a title as other words far more often: 原书记, 向老师, 区长."""

HANDLE = re.compile(r"@[ ]?(?P<who>[\w\-·丶]{2,20})(?=$|[\s:：,，。@/\]】)）、!！?？;；#\[(（~～…“”\"'|+<>《》【→])")
RUN_ON_HANDLE = re.compile(r"@(?P<who>[\w\-·丶]{2,40})")
_OFFICIAL = re.compile(
    r"发布|消防|公安|交警|警方|日报|晚报|早报|晨报|商报|都市报|新闻|气象|天气|电视|广播|卫视|视频|政府|政务|政法|应急|地震|红十字|救援|救助|互助|基金|医院|铁路|电力|电网|客服|官方|微博|在线|头条|大学|学校|超话|中国|中心|委员会|办公室|检察|法院|集团|公司|银行|物业|社区|街道|超市|地铁|公交|航空|机场|移动|联通|电信|传媒|媒体|频道|协会|联盟|网$|台$|局$|委$|报$|队$|厅$|院$"
)

_ROLE = (
    r"(?:叫做?|名(?:字)?是|昵称|选手|外教|外籍[^\w]?|制片人|导演|演员|主演|教练|总裁|先生|女士|主持人|歌手|艺人|模特|队员|球员|球星|同学|老师|作者|作家|记者|编辑|男友|女友|闺蜜|"
    r"哥哥|姐姐|弟弟|妹妹|偶像|成员|队长|经纪人|设计师|创始人|总监|主席|经理|玩家|朋友|老公|老婆|大神|天后|天王|DJ|MC)"
)
_THEN = (
    r"(?:先生|女士|小姐|老师|同学|教授|导演|哥(?!伦)|姐|说(?!明)|表示|认为|称|告诉|透露|坦言|回忆|指出|介绍|笑|主演|执导|饰|扮演|演唱|击败|战胜|"
    r"的(?:老公|老婆|粉丝|妈|爸|男友|女友|生日|新歌|演唱会|歌|妻子|丈夫|儿子|女儿|手下|队友))"
)
_LATIN_NAME = re.compile(
    rf"(?P<role>{_ROLE}[“\"(（【:：]?)?(?<![A-Za-z0-9@/._#&\-])(?P<who>[A-Za-z][A-Za-z']{{1,14}}(?:[ ·.\-][ ]?[A-Z][A-Za-z'\-]{{0,14}}){{0,3}})(?![A-Za-z0-9/_@]|[ ,.][ ]?[a-z]|\.[a-z])(?P<says>[)）]?[”\" ]?{_THEN})?"
)
_PLAIN = re.compile(r"[A-Z][a-z]{2,11}")
_LATIN = re.compile("[A-Za-z]")
_OF_A_THING = re.compile(
    r"[”\"》 ]?[\u4e00-\u9fff]{0,3}(?:店|商场|广场|大厦|酒店|中心|公寓|小区|花园|国际|公司|集团|牌|手机|汽车|软件|系统|游戏|咖啡|超市|茶|餐厅|酒吧|会所|楼|馆|系列|版|平台|服务|网|杯|赛|战队|俱乐部|世界|号|岛|镇|市|州|城|语|文件|格式|技术|引擎|公开|协议)|[》(（]"
)
_LATIN_BEFORE = re.compile(r"(?<![A-Za-z0-9])(?P<who>[A-Za-z][A-Za-z0-9_'\-. ]{1,28})[（(]$")
_LATIN_AFTER = re.compile(r"[（(](?P<who>[A-Za-z][A-Za-z_'\-.·, ]{1,40})[）)]")
_LATIN_NEXT = re.compile(r"(?:、|和|与|及)(?P<who>[A-Z][A-Za-z0-9_'\-.]{1,20})(?![A-Za-z0-9])")
_ENGLISH = re.compile(r"[A-Za-z][ ,.'!?]{1,2}$")


@cache
def _latin_words() -> dict[str, frozenset[str]]:
    """`given`: given names in use beside Chinese ones; `none`: words that are no name."""
    found: dict[str, set[str]] = {"given": set(), "none": set()}
    for line in LATIN_WORDS.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, words = line.split("\t")
            found[kind].update(words.split())
    return {kind: frozenset(words) for kind, words in found.items()}


def handles(plain: str) -> Iterator[tuple[int, int]]:
    """@somebody, but not @南京发布: an office is no person, and a place in a name is worth keeping."""
    for m in HANDLE.finditer(plain):
        if not _OFFICIAL.search(m["who"]):
            yield from _beside_places(plain, *m.span("who"))


def _beside_places(plain: str, at: int, end: int) -> Iterator[tuple[int, int]]:
    """What is left of an account's name without the places in it."""
    left = at
    for start, stop in sorted(gazetteer("").named_spans(plain[at:end])):
        if left < at + start:
            yield left, at + start
        left = max(left, at + stop)
    if left < end:
        yield left, end


def run_on_handles(plain: str, stops: set[int]) -> Iterator[tuple[int, int]]:
    """@somebody with the text glued on: the first word or two of what follows, three characters or more."""
    for m in RUN_ON_HANDLE.finditer(plain):
        at, end = m.span("who")
        if (
            HANDLE.match(plain, m.start())
            or _OFFICIAL.search(m["who"][:8])
            or (plain[m.start() - 1 : m.start()].isalnum() and plain[at].isascii())
        ):
            continue
        cut = next((i for i in range(at + 3, min(end, at + 6)) if i in stops), min(end, at + 3))
        yield from _beside_places(plain, at, cut)


def glossed(plain: str, names: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The Latin beside names already found: Sky（李晓峰）, 贝克汉姆(David Beckham), Moon、 beside Sky."""
    for at, end in names:
        if plain[end : end + 1] in ("）", ")") and (m := _LATIN_BEFORE.search(plain, max(0, at - 32), at)):
            yield m.span("who")
        if ((m := _LATIN_AFTER.match(plain, end)) and (m["who"].lower() not in _latin_words()["none"])) or (
            plain[at].isascii() and (m := _LATIN_NEXT.match(plain, end)) and m["who"].lower() not in _latin_words()["none"]
        ):
            yield m.span("who")


def _is_name_like(plain: str, m: re.Match[str]) -> bool:
    """One capitalised word in a Chinese sentence, of no shop, make or work."""
    at, end = m.span("who")
    beside = plain[max(0, at - 1) : at] + plain[end : end + 1]
    chinese = any("\u4e00" <= c <= "\u9fff" for c in beside)
    return (
        chinese
        and bool(_PLAIN.fullmatch(m["who"]))
        and not _OF_A_THING.match(plain, end)
        and plain[max(0, at - 1) : at] not in set("《(（#.")
    )


def latin_names(plain: str) -> Iterator[tuple[int, int]]:
    """Capitalised words among Chinese that are a common given name, two or more of them, or beside a role or a verb of saying.

    All capitals (LED, GPS) and technical words, makes and words of English sentences are none.
    """
    for m in _LATIN_NAME.finditer(plain) if _LATIN.search(plain) else ():
        who = m["who"]
        words = [w for w in re.split(r"[ ·.\-]+", who) if w]
        if any(w.lower() in _latin_words()["none"] for w in words) or _ENGLISH.search(plain, max(0, m.start("who") - 3), m.start("who")):
            continue
        spoken = bool(m["role"] or m["says"])
        capital = who[0].isupper() and not (who.isupper() and len(who) > 1)
        if capital and len(words) == 1:
            # Selina, AngelaBaby, but not the beginning of a longer word.
            stem = re.match(r"[A-Z][a-z']+", who)
            if spoken or _is_name_like(plain, m) or (stem and stem[0].lower() in _latin_words()["given"]):
                yield m.span("who")
        elif (
            (who.isupper() and len(who) > 3 and len(words) == 1 and who.lower() in _latin_words()["given"])
            or (capital and (len([w for w in words if len(w) > 1]) > 1 or words[0].lower() in _latin_words()["given"]))
            or (spoken and m["role"] and who.lower() in _latin_words()["given"])
        ):
            yield m.span("who")

"""Where a text names a person without saying so: 张建国, 小平, 婧婧, 丹尼斯·霍珀, @somebody. Rules on segmented words.

Words come from jieba's dictionary and its model for unknown words (`rjieba`, loaded at the first call, some 0.3 s and 40 MB). How likely
characters make a name stands in `name_characters.txt`. Place names look like names of people; a candidate that runs into a word for a
place, or lies in the list of divisions, is none: a masked place loses a call.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

from ingestion.called import SHORT_TITLE, TITLE, glossed, handles, latin_names, run_on_handles
from ingestion.name_words import HAN, Word, cut, segmenter, surnames, weights
from ingestion.nicknames import BESIDE, SAME, Person, nicknames, titled
from ingestion.places import gazetteer
from ingestion.surnames import DOUBLE, NOT_NAMES, TRADITIONAL
from models.divisions import by_code

_NO = -99.0
_WEAK = -3.0
"""How far below its threshold a name may lie that stands beside a name."""
_NEARLY = -1.0
"""How far below its threshold a name may lie that is said more than once."""
_MOST_CONTEXT = 4.5
_LEAN, _LEAN_ELSEWHERE = 1.5, 2.5
"""In favour of hiding, and more so where no word for an address stands near."""
IN_A_PLACE = 8.0
"""How far above its threshold a name inside the words for a place must lie."""


_PLACE = re.compile(
    r"(?:[东西南北中新老大小上下前后一二三四五六七八九十]{0,2})(?:[路街巷弄村庄屯镇乡区县市桥河江湖岛山岭坡沟湾塘坝庙寺宫塔园苑府城楼厦厂矿场馆院校港渡堡寨营坊阁轩线段湖泊]"
    r"|大道|大街|大厦|大桥|大酒店|酒店|宾馆|公司|集团|超市|饭店|药房|诊所|小学|中学|大学|医院|幼儿园|社区|小区|新村|花园|家园|广场|商场|学校|工地|隧道|立交|高速|地铁|站(?!长)|水库|码头|国道|省道|公寓|街道|胡同|自然|地区|家(?:村|庄|沟|湾|坡|台))"
)
"""What follows a name that is part of a place."""
_NATION = re.compile(r"人|地区|政府|国家|[前现]?总统|首都|时间|[军队州岛籍]|当地|境内|[南北东西中]部")
_ABROAD = re.compile(
    "阿富汗|阿尔巴尼亚|阿尔及利亚|阿根廷|阿塞拜疆|埃及|埃塞俄比亚|爱沙尼亚|爱尔兰|安哥拉|澳大利亚|巴基斯坦|巴拉圭|巴勒斯坦|巴林|巴拿马|巴西|白俄罗斯|保加利亚|玻利维亚|波兰|丹麦|厄瓜多尔|菲律宾|芬兰|哥伦比亚"
    "|哥斯达黎加|格鲁吉亚|古巴|哈萨克斯坦|海地|荷兰|洪都拉斯|吉布提|吉尔吉斯斯坦|几内亚|加拿大|加纳|柬埔寨|喀麦隆|卡塔尔|科威特|克罗地亚|肯尼亚|拉脱维亚|老挝|黎巴嫩|利比里亚|利比亚|立陶宛|卢森堡|卢旺达|罗马尼亚"
    "|马达加斯加|马来西亚|马里|马其顿|毛里求斯|毛里塔尼亚|孟加拉|秘鲁|缅甸|摩尔多瓦|摩洛哥|莫桑比克|墨西哥|纳米比亚|尼泊尔|尼加拉瓜|尼日尔|尼日利亚|挪威|葡萄牙|瑞典|瑞士|萨尔瓦多|塞尔维亚|塞内加尔|塞浦路斯"
    "|沙特阿拉伯|斯里兰卡|斯洛伐克|斯洛文尼亚|苏丹|索马里|塔吉克斯坦|坦桑尼亚|突尼斯|土耳其|土库曼斯坦|危地马拉|委内瑞拉|乌干达|乌克兰|乌拉圭|乌兹别克斯坦|西班牙|希腊|新加坡|匈牙利|叙利亚|牙买加|亚美尼亚|也门"
    "|伊拉克|伊朗|以色列|意大利|印度尼西亚|约旦|越南|赞比亚|智利|莫斯科|巴格达|夏威夷"
)
_MAKES = re.compile(
    "苏宁|国美|欧尚|麦德龙|家乐福|沃尔玛|迪卡侬|大润发|华润|金鹰|万达|华联|苏果|永辉|盒马|宜家|美凯龙|奥莱|肯德基|麦当劳|必胜客|星巴克|瑞幸|海底捞|华莱士|德克士|屈臣氏|罗森|全家便利"
    "|雷诺|丰田|本田|尼桑|兰博基尼|法拉利|玛莎拉蒂|保时捷|特斯拉|比亚迪|奔驰|宝马|奥迪|雷克萨斯|凯迪拉克|雪佛兰|别克|福特|路虎|沃尔沃|雪铁龙|斯柯达|马自达|三菱|铃木摩托|吉利|奇瑞|长安|哈弗|蔚来|理想汽车|小鹏汽车"
)
"""Shops are where people are, and cars what they sit in."""
_REGION = re.compile(
    r"[\u4e00-\u9fff]{0,8}?(?:[邦州市县镇港湾省]|地区|[东西南北中]部|两地|高原|附近|[”\"]?(?:市场|酒吧|酒店|广场|商场|大厦))"
)
_DATELINE = re.compile(r"[\d０-９]{1,2}月[\d０-９]{1,2}日[电讯]")
_CAPITAL = re.compile(r"(?:首都|首府|城市|港口|小镇|古城|前往|抵达|飞往|位于|来自|毗邻|驻)$")
_NUMBERED = re.compile(r".*[一二三四五六七八九十][环栋幢组楼号]|.*[东西南北中]部")
_SITE = re.compile(
    r"\d{1,4}(?![\d岁人日时分月年级米:：.])|[工农]业区|开发区|产业园|科技|服饰|机械|电子|塑料|印刷|物联|快运|重工|金属|制品|实业|贸易|餐饮|造纸|名苑|名都|名府|创意园|专卖|家电|精品|电器|工艺|水暖|国际|眼科|置业|办事处|轿车|总站|号|粉丝|超话"
)
"""What follows the name of a firm, a house or a make."""
_PLACE_END = frozenset("邑居墅祠岛路街巷弄村庄屯镇乡区县市州桥沟湾坡庙寺岗营塘坝寨堡苑厦厂府线段城楼园站口场洼堤垱垸洲圩埠店铺")
_ADDRESSED = re.compile("[省市区县镇乡村路街道号栋幢楼室厦园庄桥站河江湖山岛]")
_FACILITY = re.compile(
    r"[^\W\d_在到去从的是和与往被把向于说来回进出了获赢夺率A-Za-z]{0,4}(?:博物馆|酒店|度假|艺术村|美术馆|影城|剧院|大厦|广场|公园|景区|公寓|花园|半岛|群岛|岛|码头|海滩|机场|温泉|瀑布|遗址|古镇|古城|[东西南北中]部|以[东西南北])"
)
"""A house or a sight not far after: 盖蒂博物馆, 万龙滑雪酒店."""
_CUT_FACILITY = re.compile("博物馆|艺术馆|美术馆|大剧院|购物中心|步行街|度假村|风景区|开发区|高新区|体育馆|体育场|火车站|汽车站")
_CALLED = frozenset("叫者员长生师")
_AT = frozenset("在于从往到至距赴")
_ADDRESS = frozenset("省市区县镇乡村路街道号栋幢楼室厦园")
_WATER_END = frozenset("江河湖海山岭岛泉溪峰林")
_BEFORE = re.compile(
    r"(?:叫做?|名叫|姓名|联系|寻找|感谢|认识|采访|[员长师生民人者手商家客迷友夫妻子女儿父母爸妈哥姐弟妹婆公伴司机记总裁理任席授士星演导帅锋卫将模]|书记|专家|总裁|教练|助教|偶像|女神|男神|歌手|主持|主演|执导|饰演|扮演|出演|同事|老公|老婆|男友|女友|恭喜|祝贺|致敬|支持|@|//|教授|回复|作者|市民|网友|同学|[\"“'《【\[(（、和与跟及同给对向找被让])[:：\s]?$"
)
_AFTER = re.compile(
    r"[\s]?(?:说|称|表示|认为|介绍|告诉|指出|透露|坦言|回忆|诉称|提到|笑着|强调|解释|回答|谈到|谈及|接受|执导|主演|饰演|饰|扮演|出演|参演|演唱|担任|出任|当选|生日快乐|童鞋|同学|先生|女士|小姐|老师|同志|师傅|阿姨|大爷|大妈|大哥|大姐|医生|教授|警官|律师|姐姐|哥哥|欧巴|老公|老婆|夫人|夫妇|夫妻|一家|家人|等人|二人|两人|三人|本人|编剧|所(?:写|著|作|说)|的?《|的(?:妻|丈|父|母|儿|女|家|老|朋|同|尸|遗|电|手|姐|妹|哥|弟|粉丝|歌|新歌|作品|微博|专辑|演唱会|经纪|助理|生日|婚礼|画|诗|博客|文章|小说|散文|书法|传记|自传|故居|遗孀|同事|徒弟)|[(（](?:男|女|化名|饰)|[:：、》】\])）]|和|与|及|vs|VS)"
)
_EDGE = re.compile(r"$|[^\u4e00-\u9fff]")
_LAUGH = re.compile(r"[哈呵嘿嘻耶啊呀哇喔哦噢]{2}")
_DOT = re.compile(r"[·•‧∙・.\-]")
_ALSO_GIVEN = frozenset(
    [
        "和平",
        "建华",
        "永康",
        "安康",
        "朝阳",
        "海林",
        "金秀",
        "长乐",
        "永安",
        "武平",
        "振兴",
        "向阳",
        "东兴",
        "宝山",
        "文成",
        "昌平",
        "建平",
        "新华",
    ]
)
"""Counties that are given names or words of every day as well."""
_ISLAND = re.compile(r"[\u4e00-\u9fff]{1,5}?[岛市州省国港城镇湾宫]")


@cache
def _counties() -> frozenset[str]:
    """Counties as people call them, without 县 or 市: 卫辉, 巩义."""
    names = [d.name for d in by_code().values()]
    return frozenset(n[:-1] for n in names if n[-1] in "县市区旗" and len(n) in (3, 4) and n[:-1] not in _ALSO_GIVEN)


def persons(text: str) -> list[Person]:
    """Names of people in a halved text, in order, none across another. Same text, same answer."""
    if not HAN.search(text):
        return [Person(*span) for span in handles(text)]
    plain = text.translate(TRADITIONAL)
    found = [Person(*span) for span in handles(plain)]
    taken = {i for person in found for i in range(person.at, person.end)}
    found += [Person(*span) for span in latin_names(plain) if taken.isdisjoint(range(*span))]
    taken = {i for person in found for i in range(person.at, person.end)}
    reading = _Reading(plain)
    found += [Person(*span) for span in run_on_handles(plain, reading.stop) if taken.isdisjoint(range(*span))]
    taken = {i for person in found for i in range(person.at, person.end)}
    found += [person for person in reading.names() if taken.isdisjoint(range(person.at, person.end))]
    taken = {i for person in found for i in range(person.at, person.end)}
    found += [Person(*span) for span in glossed(plain, [(p.at, p.end) for p in found]) if taken.isdisjoint(range(*span))]
    return sorted(found, key=lambda p: p.at)


@lru_cache(maxsize=65_536)
def _by_itself(name: str, shown: int) -> tuple[int, float] | None:
    """What a candidate is worth wherever it stands: how likely its characters are, and how much more it needs for them; null for no name."""
    given, odds = name[shown:], weights()
    surname = 4 if shown == 2 else odds["surname"].get(name[0], -9)
    each = [odds["given"].get(c, 1) for c in given]
    likely = surname + sum(each)
    if likely < 0 or min(each) <= -3 or name in NOT_NAMES or name[:2] in NOT_NAMES:
        return None
    more = 0.0
    if len(given) == 2 and given[0] == given[1] and given[0] not in SAME:
        more -= 2.5
    if len(given) == 1 and given == name[0]:
        more += 3
    if given[-1] in _WATER_END:
        more += 4
    if surname < 0:
        more += 2
    return likely, more


@lru_cache(maxsize=65_536)
def _transliterates(text: str, tag: str, inside: bool) -> bool:
    """Whether a word may begin, or go on with (`inside`), a transliterated name."""
    if len(text) > 6 or not HAN.fullmatch(text):
        return inside and bool(_DOT.fullmatch(text))
    odds = [weights()["foreign"].get(c, 0) for c in text]
    known = segmenter().has_word(text)
    if tag in ("nrt", "nrfg"):
        return min(odds) >= 0 or (known and len(text) > 2 and sum(odds) >= 2 * len(text))
    if tag in ("ns", "nz") or (known and len(text) > 1 and tag != "nr") or (not inside and text in NOT_NAMES):
        return False
    least = 2 if inside or (len(text) > 2 and sum(odds) >= 3 * len(text)) else 3
    return min(odds) >= least


class _Reading:
    """One text cut into words, and the names found in it."""

    def __init__(self, plain: str) -> None:
        self.plain = plain
        self.words = cut(plain)
        self.starts = [w.at for w in self.words]
        self.begin, self.stop = set(self.starts), {w.end for w in self.words}
        self._divisions: dict[int, tuple[int, int]] | None = None
        self._places: dict[int, int] = {}
        self.abroad: set[int] = set()

    def names(self) -> list[Person]:
        scored = sorted([*self._chinese(), *self._foreign(), *nicknames(self)], key=lambda s: (-s[0], s[1].at))
        taken: set[int] = set()
        found: list[Person] = []

        def take(score: float, person: Person) -> bool:
            span = range(person.at, person.end)
            if not taken.isdisjoint(span) or self._in_a_division(person):
                return False
            if score < IN_A_PLACE and not self.abroad.isdisjoint(span) and not person.shown:
                return False
            if score < IN_A_PLACE and self._places.get(person.at, -1) == self._places.get(person.end - 1, -2):
                return False
            taken.update(span)
            found.append(person)
            return True

        for score, person in scored:
            if score > 0:
                take(score, person)
        self._siblings(scored, found, take)
        for person in titled(self):
            take(IN_A_PLACE, person)
        return found

    def _siblings(self, scored: list[tuple[float, Person]], found: list[Person], take: Callable[[float, Person], bool]) -> None:
        """What is almost a name is one beside a name (周觅和锦荣), where the text gives the name elsewhere, and where it says it again."""
        ends, begins = {p.end for p in found}, {p.at for p in found}
        known = {self.plain[p.at : p.end] for p in found} | {
            self.plain[p.at + p.shown : p.end] for p in found if p.end - p.at - p.shown > 1
        }
        weak = [(score, person) for score, person in scored if score <= 0]
        for again in (True, True, False):
            for score, person in weak:
                at, end = person.at, person.end
                beside = (self.plain[at - 1 : at] in BESIDE and at - 1 in ends) or (
                    self.plain[end : end + 1] in BESIDE and end + 1 in begins
                )
                if (beside or self.plain[at:end] in known or (score >= _NEARLY and self._is_said_again(at, end))) and take(score, person):
                    ends.add(end)
                    begins.add(at)
            if not again:
                break

    def _is_said_again(self, at: int, end: int) -> bool:
        """Whether a word that only the model takes for a name comes more than once: people are spoken of again, odd cuts are not."""
        word = self.word_at(at)
        new = (word.at, word.end) == (at, end) and word.tag.startswith("nr") and not segmenter().has_word(word.text)
        return new and self.plain.count(word.text) > 1

    def word_at(self, at: int) -> Word:
        return self.words[bisect_right(self.starts, at) - 1]

    def _find_divisions(self) -> None:
        if self._divisions is None:
            spans = [
                *gazetteer("").named_spans(self.plain),
                *(m.span() for known in (_ABROAD, _MAKES) for m in known.finditer(self.plain) if self._whole(*m.span())),
            ]
            self._divisions = {i: (at, end) for at, end in spans for i in range(at, end)}
            self._places = {i: at for at, end in gazetteer("").found_spans(self.plain) for i in range(at, end)}

    def _whole(self, at: int, end: int) -> bool:
        """马里 is no country in 马里奥."""
        return not (self.word_at(at).at == at and self.word_at(at).end > end and segmenter().has_word(self.word_at(at).text))

    def _in_a_division(self, person: Person) -> bool:
        """Whether the name runs into one of the country's divisions. 朝阳 lies in 尹朝阳, and is no town there; it is one in 但朝阳."""
        self._find_divisions()
        assert self._divisions is not None
        own = person.shown and weights()["surname"].get(self.plain[person.at], 4) >= 3
        if not own and self.plain[person.at + 1 : person.end] in _counties():
            return True
        if self.plain[person.at : person.at + 2] in _counties() or self.plain[person.at : person.end] in _counties():
            return True
        met = {self._divisions[i] for i in range(person.at, person.end) if i in self._divisions}
        return any(not (own and person.at < at and end == person.end and not _ABROAD.match(self.plain, at)) for at, end in met)

    def _chinese(self) -> Iterator[tuple[float, Person]]:
        plain = self.plain
        for m in surnames().finditer(plain):
            at = m.start()
            shown = 2 if plain[at : at + 2] in DOUBLE else 1
            for given in (2, 1):
                end = at + shown + given
                if end <= len(plain) and HAN.fullmatch(plain, at, end) and (score := self._score(at, shown, end)) > _WEAK:
                    yield score, Person(at, end, shown)

    def _score(self, at: int, shown: int, end: int) -> float:
        """How far above its threshold a surname with a given name lies; negative for no name."""
        plain, name = self.plain, self.plain[at:end]
        alone = _by_itself(name, shown)
        if alone is None:
            return _NO
        likely, more = alone
        needed = self._needed(at, shown, end)
        if needed is None:
            return _NO
        given = name[shown:]
        needed += more
        if plain[at - 1 : at] in _ADDRESS:
            needed += 2.5
        score = likely - needed + self._lean(at, end, given)
        if score + _MOST_CONTEXT <= _WEAK:
            return _NO
        score += self.context(at, end)
        return _NO if score <= _WEAK or self._is_other(at, end, given, likely) else score

    def _is_other(self, at: int, end: int, given: str, likely: int) -> bool:
        """Whether a likely name is none: a part of a place, a word, a cry, a transliterated name."""
        plain, name = self.plain, self.plain[at:end]
        if len(name) > 2 and sum(weights()["foreign"].get(c, 0) for c in name) > likely and plain[at - 1 : at] not in _CALLED:
            return True  # 阿萨姆: left to the rule for transliterated names
        if given in SHORT_TITLE and len(name) == 2:
            return True  # 李总: the surname alone is the name
        if "某" in given or given == "姓" or _NUMBERED.fullmatch(name) or _LAUGH.search(name) or TITLE.match(given):
            return True
        if given[-1] in "河湖" and not _BEFORE.search(plain[max(0, at - 5) : at]):
            return True
        return self.is_place(at, end)

    def _lean(self, at: int, end: int, given: str) -> float:
        addressed = _ADDRESSED.search(self.plain, max(0, at - 8), end + 8)
        if addressed or (len(given) > 1 and segmenter().has_word(given)):
            return _LEAN
        return _LEAN_ELSEWHERE

    def _needed(self, at: int, shown: int, end: int) -> float | None:
        """The score a candidate needs, by how it lies among the words: the less the words agree with it, the more."""
        first, last = self.word_at(at), self.word_at(end - 1)
        name, two = self.plain[at:end], end - at - shown == 2
        if first is last and (first.at, first.end) == (at, end):
            person = first.tag.startswith("nr") or first.tag == "x"
            if not segmenter().has_word(name):
                return (2.5 if two else 3.5) if person else (4 if two else 6)
            odds = weights()
            foreign = sum(odds["foreign"].get(c, 0) for c in name) > sum(odds["given"].get(c, 1) for c in name)
            if first.tag == "nrfg":
                return 3
            if foreign and two:
                return None
            if not person:
                # 林熙蕾 stands in the dictionary as the name of something, and every character of it is one of a name.
                likely = odds["surname"].get(name[0], -9) >= 3 and min(odds["given"].get(c, 1) for c in name[shown:]) >= 2
                return 4 if two and likely and first.tag in ("nt", "nz") else None
            return 3.5 if two else 7.5
        if at not in self.begin:
            if not two or end not in self.stop:
                # 前费|穆所写: one given name, where the words are the model's own and what follows says that it is one.
                return (
                    7.5
                    if not two and at + 1 == first.end and not segmenter().has_word(first.text) and _AFTER.match(self.plain, end)
                    else None
                )
            return 8 if first.tag.startswith("nr") else None if segmenter().has_word(last.text) else 9
        if end not in self.stop:
            unknown = not segmenter().has_word(last.text)
            if two:
                return 7 if unknown else 9
            # 朱琦已预备 may be cut 朱琦已: the character left over is none of a name.
            return 6 if unknown and first is last and weights()["given"].get(self.plain[end], 1) <= -2 else None
        cut = first.end - at
        if not two:
            return 7 if first.end == at + shown else None
        if cut == shown and last.at == first.end:
            return 4.5 if last.tag[:2] in ("n", "nr", "nz", "ns", "t", "x", "zg", "a", "b") else 6.0
        if cut == shown + 1:
            return (3.5 if first.tag.startswith("nr") or first.tag == "x" else 6) + 2 * (
                last.tag in ("p", "d", "u", "uj", "c", "f", "m", "q")
            )
        return 4.0

    def context(self, at: int, end: int) -> float:
        plain = self.plain
        before, after = plain[max(0, at - 5) : at], plain[end : end + 5]
        score = 0.0
        if at == 0 or not HAN.match(before[-1:]):
            score += 1
        if _BEFORE.search(before):
            score += 1.5
        if _AFTER.match(after):
            score += 2
        elif _EDGE.match(after):
            score += 1
        return score

    def is_place(self, at: int, end: int) -> bool:
        plain = self.plain
        doubled = end - at == 3 and plain[end - 2] == plain[end - 1]
        if not doubled and plain[end - 1] in _PLACE_END:
            return True
        if end - at == 3 and plain[at + 1] == "家" and weights()["given"].get(plain[end - 1], 1) < 2:
            return True  # 陈家角, 戴家头
        return bool(
            _PLACE.match(plain, end) or _SITE.match(plain, end) or _FACILITY.match(plain, end) or _CUT_FACILITY.match(plain, end - 1)
        )

    def _foreign(self) -> Iterator[tuple[float, Person]]:
        """丹尼斯·霍珀, 约翰森: runs of words made of characters that transliterate. Their places look alike, so what stands around decides.

        What is a place once (首都马德里, 在马德里) is one throughout the text.
        """
        runs = list(self._runs())
        abroad = [(at, end) for at, end, _ in runs if self._is_foreign_place(at, end)]
        self.abroad = {i for at, end in abroad for i in range(at, end)}
        places = {self.plain[at:end] for at, end in abroad}
        for at, end, nrt in runs:
            run = self.plain[at:end]
            likely = sum(weights()["foreign"].get(c, 0) for c in run) / len(run)
            if not 2 <= len(run) <= 16 or likely < 2:
                continue
            if _DOT.search(run):
                if not self.is_place(at, end) and not _NATION.match(self.plain, end) and self.plain[at - 1 : at] not in _ADDRESS:
                    yield 20.0, Person(at, end)
            elif run not in places and run not in NOT_NAMES:
                around = self.context(at, end) + (len(run) > 3) + (len(run) > 2 and likely >= 3) + nrt
                yield (0.5 if around >= 1 else -1.0), Person(at, end)

    def _runs(self) -> Iterator[tuple[int, int, bool]]:
        """Where words that transliterate stand together, and whether the dictionary knows one of them for a name."""
        words, done, odds = self.words, 0, weights()["foreign"]
        for first, word in enumerate(words):
            if odds.get(word.text[0], 0) < 2 and word.tag not in ("nrt", "nrfg"):
                continue  # as nearly every word: it begins no name
            if first < done or not _transliterates(word.text, word.tag, False):
                continue
            done = first + 1
            while done < len(words) and _transliterates(words[done].text, words[done].tag, True):
                done += 1
            stop = done
            while stop > first and not HAN.fullmatch(words[stop - 1].text):
                stop -= 1
            if stop > first:
                yield word.at, words[stop - 1].end, any(w.tag == "nrt" for w in words[first:stop])

    def _is_foreign_place(self, at: int, end: int) -> bool:
        plain = self.plain
        glossed = plain[end : end + 1].islower() and plain[end].isascii()  # 希拉波里斯hierapolis
        return bool(
            glossed
            or plain[end - 1] in "人河湖江溪岭岛山"
            or self.is_place(at, end)
            or _NATION.match(plain, end)
            or _REGION.match(plain, end)
            or _DATELINE.match(plain, end)
            or _CAPITAL.search(plain, max(0, at - 4), at)
            or plain[at - 1 : at] in _ADDRESS | _AT
            or self._beside_a_place(at, end)
        )

    def _beside_a_place(self, at: int, end: int) -> bool:
        """库拉玛蒂、可可亚岛; 卡尔巴拉和巴格达: the neighbour in a list is a place, so this is one."""
        self._find_divisions()
        plain, spots = self.plain, self._divisions or {}
        if plain[end : end + 1] in BESIDE and (end + 1 in spots or _ISLAND.match(plain, end + 1)):
            return True
        return plain[at - 1 : at] in BESIDE and (at - 2 in spots or plain[at - 2 : at - 1] in _PLACE_END | _WATER_END)

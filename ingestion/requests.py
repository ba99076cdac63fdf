"""Who wants what: does the sender need, offer, or only pass the word on?

In a disaster the same words serve all three: "需要棉被" asks, "需要棉被的请联系我" gives, "物资已满足需要" tells. So phrases that look for a
giver are read as need, phrases that look for a taker as offer, and where a message holds both, the one it begins with counts.
Hashtags and handles are no part of what is said: every post of a flood bears the tag 求助.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from ingestion.numerals import TEXTS_KEPT

RequestType = Literal["求救", "求助", "提供帮助", "举报", "投诉", "咨询", "建议", "其他"]

_TAGS = re.compile(r"#[^#\n]{1,30}#|//@[^:：\s]{1,30}[:：]|@[\w*\-]{1,30}|\[[^\[\]]{1,8}\]")
_DISASTER = re.compile(
    r"救援|救灾|受灾|灾[区民情]|物资|志愿者|安置点|汛|暴雨|洪[水涝]|决堤|溃坝|泄洪|台风|地震|被淹|淹了|进水|冲锋舟|皮划艇|疏散|转移群众"
)
"""Only in a disaster are 需要车 and 缺药 a call for help; in a letter to the mayor they are a topic."""

_GOODS = (
    r"(?:志愿者|人员|人手|青壮年|医[生护]|护士|司机|物[资品]|食[物品]|吃的|喝的|盒饭|热饭|饭菜?|馒头|泡?面|奶粉|水(?!位)|药|被[褥子]|棉被|垫子|衣|鞋|"
    r"艇|舟|船|车|泵|沙袋|袋子|石子|绳|铲|锨|帐篷|发电机|电源|设备|机械|挖掘机|工具|装备|救援|支援|增援|帮[助忙]|转移|住处?|床)"
)
_SAVE = re.compile(
    r"救命|求救|急救|快来救|来救|救救|救一下|(?<!成功)(?<!全部)(?:被困|受困)(?!人员(?:已|均|全部))|出不来|出不去|困在|快淹|淹到(?:脖子|胸口|二楼|腰)|水[^，。]{0,4}到(?:了)?(?:脖子|胸口|腰)|"
    r"失联|失去联系|联系不上|喘不过气|呼吸困难|晕倒|昏迷|(?:急需|需要|请求|等待|紧急)(?:紧急|专业|被)?(?:救援(?!物资|队|用)|营救|救助|转移|冲锋舟|皮划艇)|命悬|快不行|要生了|透析|断氧|没有?被救|🆘|SOS"
)
_CRY = re.compile(r"救命|求救|快来救|救救|出不来|被困[^，。]{0,12}(?:人|老人|孩子)|水[^，。]{0,4}到(?:了)?(?:脖子|胸口|腰)")
"""Words that no offer of help outweighs."""
_HELP = re.compile(
    r"求助|急需|需要(?:帮助|物资|帮忙|食物|水|药|抽水|发电机|帐篷|奶粉)|请(?:求)?(?:帮忙|帮助|支援|派人|尽快(?:派|来|处理|抢修))|寻人|寻找|没有(?:水|电|吃的|食物)|"
    r"没水没电|停水停电|断水断电|缺(?:水|粮|药|物资)|求(?:支援|物资|转发|扩散|帮)|快来人|快派人|赶紧派"
)
_WANTED = re.compile(
    rf"急[需缺求盼]|紧缺|奇缺|急用|告急|物资[^，。]{{0,4}}缺|求求|无家可归|没(?:有|通)(?:吃|喝|水|电|通水)|没[有人]人?[^，。]{{0,3}}(?:来救|装|管)|"
    rf"(?:还|仍|现|最|就|都)?缺(?!人吗)(?:少|乏|的是|的就是)?[^，。!！?？\s]{{0,6}}{_GOODS}|缺人(?!吗)|"
    rf"需(?:要|求)?(?!要?的)(?!要?[^，。!！?？]{{0,10}}[吗嘛么])[^，。!！?？的]{{0,12}}{_GOODS}(?!的)|求{_GOODS}"
)
_SEEKS_GIVER = re.compile(
    r"(?:如果?|若|哪里|谁|希望|盼|恳请|呼吁|望|求)[^，。!！]{0,4}有[^，。!！]{0,14}(?:的|人士|朋友|队伍?|单位|车|船)|有(?:能力|能提供|能联系|条件|捐献|意向|捐赠)[^，。!！]{0,12}(?:的|人士|者|到)|"
    r"(?:好心|爱心|善心|热心)(?:人士?|企业|市民)|能提供的|可以捐赠的|有可以捐赠|(?:前来|快来|过来|来|去)帮忙|能来的|快来吧|招募|招人|义务卸|(?:请|盼|求|得到|伸出)[^，。!！]{0,8}(?:援助|帮助|援手|支援)"
)
_SEEKS_TAKER = re.compile(
    rf"(?:可以?|愿意?|能够?|我们?有|免费|无偿)[^，。；!！]{{0,10}}(?:提供|支援|接送|收留|住宿|借(?:住|宿)|入住|帮忙|捐|志愿|运|拉|送|容纳|安置|休息)|免费(?:提供|入住|住宿|充电|接)|"
    rf"提供(?:住宿|热水|食宿|充电|物资|帮助|避难|临时|吃饭|现做|保障)|志愿服务(?:报名|可)|捐[赠献出款][^，。]{{0,12}}(?:万元|款|元|件|箱|份|：|:)|捐助|救援队[^，。；]{{0,8}}(?:可|待命|出发|集结)|"
    rf"(?:还能|能|可|可以)(?:安置|容纳|接收)|腾出|驰援|无偿|义诊|有需要(?:的)?[^，。!！]{{0,12}}(?:可|请|联系|直接|去|到)|需要的?(?:请|可)?联系|欢迎(?:来|大家|附近)|"
    rf"(?:还)?(?:需要|缺|要)[^，。!！]{{0,8}}[吗嘛么]|(?:哪里|哪个|哪儿|谁|给谁)[^，。!！]{{0,10}}(?:需要|联系|留|就去)|有没有[^，。]{{0,14}}(?:志愿者|救援的?)|找不到接[受收]|(?:有|接收了?|收到)(?:大量|大批)?物资|"
    rf"{_GOODS}[^，。]{{0,8}}\d+份|在线(?:免费)?(?:答疑|咨询|问诊)|有困难[，,]?找|想去[^，。]{{0,8}}(?:帮|救|志愿)|安置点\s*$"
)
_TOLD = re.compile(
    r"不(?:再|用|需要?|要再?)[^，。!！]{0,6}(?:物资|捐|救援|送|来了)|(?:暂时)?不需要|不缺|(?:已经?|都)(?:满足|足够|够了|饱和|解除|脱险|安全)|(?:没|未|没有)决堤|谣言|辟谣|物资都堆|"
    r"^\s*【[^】]{6,60}】|(?:紧急)?(?:通知|提醒)[:：⚠️\s]|相互转告|注意安全|绕道|(?:微博视频|记者|日报|网页链接)|感[恩谢][^，。]{0,12}(?:国家|社会|各界|大家)|认领|致敬|平台"
)
"""What is told to everyone: news, notices, thanks, and that nothing more is wanted."""

_REPORT_ABUSE = re.compile(
    r"举报|违法|违规|偷排|非法|私自|超载|无证|违建|瞒报|偷偷|私拉|违章|占用(?:消防|应急|生命)通道|堵塞(?:消防|疏散)通道|飞线充电"
)
_COMPLAIN = re.compile(
    r"投诉|不满|扰民|噪音|噪声|态度(?:恶劣|差)|推诿|不作为|拖了|一直(?:没|不|未)|多次反映|反映(?:多次|了|过)|迟迟|至今(?:没|未)|太慢|没人管|无人(?:管|处理)|收费(?:不合理|过高)|乱收费|不给|拖欠|维权|退款|质量问题|油烟|垃圾(?:没|不|成堆|堆)|停车难|乱停"
)
_ASK = re.compile(
    r"咨询|请问|想问|询问|想了解|了解一下|怎么(?:办理|申请|办|走|报名)|如何(?:办理|申请|报名|领取|处理)|什么时候|是否(?:可以|有|需要|会)|能不能|可不可以|哪里(?:可以|能)|多少钱|有没有规定|[吗呢么][？?]"
)
_SUGGEST = re.compile(r"建议|希望(?:政府|有关|相关|能|尽快|可以|在|增设)|能否(?:增设|加装|设置|考虑|改)|应该(?:增设|加装|设置)|提议|呼吁")


def cries_for_life(text: str) -> bool:
    """Whether the words are those of someone in danger. A quick look that only decides what is read first."""
    return bool(_SAVE.search(text))


@lru_cache(maxsize=TEXTS_KEPT)
def said(text: str) -> str:
    """The text without hashtags, handles and little pictures; the text itself when nothing else is in it."""
    rest = _TAGS.sub(" ", text)
    return rest if rest.strip() else text


def request_type(text: str, *, at_scene: bool, over: bool) -> RequestType:
    """What the sender wants. `at_scene`: tells of a danger first-hand. `over`: says that the danger has passed. Life comes first."""
    words = said(text)
    disaster = bool(_DISASTER.search(text))
    offer = _SEEKS_TAKER.search(_SEEKS_GIVER.sub(lambda m: "　" * len(m[0]), words) if disaster else words)
    save, wanted = (None, None) if over else (_SAVE.search(words), _HELP.search(words))
    if disaster and not over:
        found = [m for m in (wanted, _WANTED.search(words), _SEEKS_GIVER.search(words)) if m]
        wanted = min(found, key=lambda m: m.start(), default=None)
    if save and (not offer or _CRY.search(words) or save.start() < offer.start()):
        return "求救"
    if disaster and _TOLD.search(words) and not wanted:
        return "提供帮助" if offer else "其他"
    if offer and not (wanted and wanted.start() < offer.start()):
        return "提供帮助"
    if wanted:
        return "求助"
    for pattern, answer in ((_REPORT_ABUSE, "举报"), (_SUGGEST, "建议"), (_COMPLAIN, "投诉"), (_ASK, "咨询")):
        if pattern.search(words):
            return answer  # type: ignore[return-value]
    return "求助" if at_scene and not over else "其他"


def asks_for_help(text: str) -> bool:
    """Whether it holds a cry for rescue or a call for help, whoever utters it."""
    words = said(text)
    return bool(_SAVE.search(words) or _HELP.search(words))

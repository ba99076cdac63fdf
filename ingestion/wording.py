"""What the wording of a message gives away: what is wanted, how urgent, how credible, drill or denial.

Every judgement is a list of readable patterns; credibility returns its reasons in Chinese for the duty officer.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ingestion import requests
from ingestion.numerals import TEXTS_KEPT
from ingestion.requests import RequestType
from models.domain import Certainty, Credibility, Mode, Quantity

_DRILL = re.compile(
    r"演练|演习|应急拉练|拉动训练|(?:实战|防汛|消防|疏散|桌面)拉练|模拟(?:事故|火灾|险情|被困|灾情|伤员|发生)|此为测试|测试信息"
)
_NOT_A_DRILL = re.compile(
    r"(?:不是|并非|绝非|非|不属于|没有在|不算)(?:一次|一场)?(?:在)?(?:演练|演习)|(?:按|按照|照|根据|参照|依照|像)[^，。；]{0,8}(?:演练|演习)(?:的|要求|方案|时|流程|那样)|"
    r"(?:之前|以前|上次|上周|去年|平时|以往|前几天|刚刚结束的?|曾|多次|定期|经常|从没|没有|未|加强|缺少|缺乏|建议|希望|应该|多|每年|每月)[^，。；]{0,10}(?:演练|演习)|(?:演练|演习)(?:过|不到位|太少|流于形式)"
)
_RETRACTS = re.compile(
    r"(?:此前|之前|早前|刚才|先前|上一条|前面)[^。！？\n]{0,15}(?:有误|不实|不准确|说错|报错|弄错|搞错|是误会)|误报|谎报|虚惊|辟谣|谣言|不实(?:信息|消息|传言|言论)?|失实|不属实|与事实不符|子虚乌有|纯属(?:虚构|编造|捏造)|系(?:编造|捏造|杜撰)|更正|撤回|作废|"
    r"(?:并未|并没有|没有|未|不曾)(?:真的)?发生(?!(?:人员)?伤|次生|死|意外|大)[^，。；]{0,8}(?:事故|火灾|爆炸|泄漏|险情|地震|坍塌|塌方)|(?:经核实|经查|经核查)[^。]{0,20}(?:不属实|不实|没有|并无|未发现|并未)|并非(?:火灾|事故|爆炸|地震)|系(?:误传|谣传|误会)"
)
_HEARSAY = re.compile(
    r"听说|据说|听人说|有人说|别人说|网传|群里(?:说|看到|都在传|有人)|朋友圈|转发|转自|传言|疯传|好像|似乎|据传|不知(?:道)?真假|求证实|是不是真的|真的假的|//@|RT\s*@|小道消息|据网友"
)
_FIRST_HAND = re.compile(
    r"我家|我在|我们(?:家|在|这|小区|楼|单元|厂|车间|村)|我(?:亲眼|看到|看见|听到|闻到|被困|就在|正在|刚刚?|住|所在)|亲眼|本人(?:在|现|就|被)|我的?(?:车|房|店|孩子|父母|老公|老婆|妈妈|爸爸|母亲|父亲)|我(?:爸|妈|奶奶|爷爷)|楼下|隔壁|现场(?:看到|是|有|目前)"
)
_HERE = re.compile(
    r"我们?家|我们?(?:正)?在|我们?(?:小区|楼|单元|厂|车间|村|这)|我就在|这里|这边|这儿|现在|此刻|楼下|楼上|隔壁|对面|眼前|现场"
)
_OFFICIAL = re.compile(
    r"(?:应急管理局|消防|公安|交警|气象台|气象局|地震台网|街道办|指挥部|派出所|卫健委|卫生局|医院)[^，。；]{0,12}(?:通报|发布|消息|测定|核实|证实|获悉|了解到|通知)|官方通报|情况通报|据.{0,12}(?:测定|通报)"
)
_OFFICE = r"(?:街道办事处|街道办|街道|镇政府|区政府|市政府|管委会|社区(?:居委会)?|居委会|村委会|派出所|消防(?:救援)?(?:总队|支队|大队|中队|站|局)|公安(?:分?局|厅)|交警(?:支队|大队|中队)|警方|应急管理(?:局|厅|部)|水务局|气象(?:局|台)|卫健委|网信办|指挥部|人民政府|宣传部)"
_OFFICE_CALLS = re.compile(
    rf"(?:^|[。！!？?\n；，,：:】\s])(?:今日?|现|据|接|我)?(?P<who>[^，。：:！!？?\n；]{{0,16}}?{_OFFICE}(?:值班员|工作人员|值班室)?)(?:现场)?(?:来电)?[^，。：:没未不]{{0,4}}(?:来电|报告|续报|上报|报称|核报|反馈)(?!给|了?(?:没|吗))"
)
_TO_THE_OFFICE = re.compile(r"向|给|打|找|请|叫|问|联系|通知|听说|据说|网传|市民|群众|居民|网友|我")
_CHECKED = re.compile(r"经(?:现场|实地)(?:核实|核查|查看|勘查|确认)")
_NOTICE = re.compile(r"【[^】]{0,20}(?:辟谣|通报|通告|公告|声明|澄清|提示|核查)[^】]{0,6}】|^\s*(?:情况通报|警情通报|辟谣)")
_AUTHORITY = re.compile(
    rf"{_OFFICE}|网警|(?:平安|消防|交警|应急)[\u4e00-\u9fff]{{2}}|[\u4e00-\u9fff]{{2}}(?:发布|公安|警方|消防|应急|网警)"
)
_ANNOUNCES = re.compile(
    rf"(?:^|[。！!？?\n；：:】])(?P<who>[^，。：:！!？?\n；]{{0,16}}?{_OFFICE})[^，。：:！!？?\n]{{0,6}}(?:辟谣|通报|声明|澄清|发布(?:消息|通报|公告)?[:：，])"
)
_PASSED_ON = re.compile(r"转发|转自|//@|RT\s*@|听说|据说|听人说|有人说|群里|朋友圈|求证实|真的假的|不知(?:道)?真假|是不是真的")
_BOAST = re.compile(
    r"死了(?:好多|很多|几百|上千|几千|无数)|全(?:都)?死|瞒报|不让报|快转|速转|疯转|震惊|删帖|真相|内部消息|扩散出去|哈哈|开个玩笑|逗你|骗你|23333|吹牛"
)
_NAMED_MEDIA = re.compile(
    r"(?:新华社|新华网|人民日报|人民网|央视|中新社|中新网|中国日报|本报讯|(?:据|由|来源[:：]?|[（(《@])[^，。；)）》]{0,8}(?:日报|晚报|早报|晨报|商报|都市报|时报|新闻网|电视台|广播电台|客户端|新闻)(?:报道|讯|消息)?)|记者[\u4e00-\u9fff]{2,3}[）)、 ]"
)
_SPREAD = re.compile(
    r"(?:请|求|帮|紧急|大家|扩散|火速|快|速|都|疯狂|爱心|动动手)[^，。；!！]{0,6}(?:转发|转起|扩散|转告|传播|转一下|转给|转转)|转(?:发)?(?:起来|出去|给|让更多)|(?:转|扩)[!！]{1,}|广而告之|告诉(?:身边|家人|朋友|更多)|(?:别|不要)再?(?:去|吃|买|喝)了?[!！]"
)
_SENSATION = re.compile(
    r"惊[!！曝人爆]|震惊|触目惊心|毛骨悚然|令人发指|太(?:可怕|恐怖|吓人|残忍)|好(?:可怕|恐怖)|惨[!！无绝]|畜生|禽兽|丧尽天良|人神共愤|天理难容|血[淋腥]|活活|千万(?:别|不要|小心|注意)|[!！]{3,}|良心|封锁消息|曝光|黑幕|真相"
)
_NAMELESS = re.compile(
    r"(?:某|有)(?:网友|人|男子|女子|专家|官员)(?:称|说|爆料|透露|发帖)|内部(?:人士|消息|员工)|知情(?:人士|人)|朋友的(?:朋友|同事|妈妈|爸爸|亲戚)|(?:同事|朋友|亲戚|同学)的?(?:说|告诉|亲眼)|专家(?:称|说|提醒|警告)|据传|爆料"
)
_DETAIL = re.compile(r"\d+号|\d+栋|\d+幢|单元|\d+楼|路口|交叉口")

_ACUTE = re.compile(
    r"火[很好太]大|灌满|灌水|灌进|水都到|水已经到|火势|浓烟|明火|爆炸|倒塌|坍塌|泄漏|泄露|冲走|溺水|触电|刺鼻|塌陷|决堤|漫堤|溃口|管涌|车被淹|还在(?:烧|涨|漏|上涨)|越来越(?:大|深|高)|快速上涨|不断上涨|救护车|120|119|马上|立刻|火速|紧急|危急|十万火急"
)
_RUSH = re.compile(r"快来人?|快派|赶紧|急急急|求扩散|喊救命|消防|呛|刺鼻|头晕|恶心|嗓子疼|冒浓烟|被困|受伤|送医|泄漏")
_FRAIL = re.compile(r"老人|孩子|小孩|孕妇|婴儿|儿童|残疾|病人|学生|奶奶|爷爷")
_WATER_HIGH = re.compile(
    r"(?:水|淹)[^，。；!！]{0,8}(?:到|没过|漫过|超过|淹到|及)(?:了)?(?:胸|脖|腰|头顶|床|[一二三]楼|窗)|水深[^，。；]{0,4}(?:[一二两三四五]|[1-9](?:\.\d)?)\s*(?:米|m)|(?:水|水位)[^，。；]{0,6}(?:快速|急速|不断|一直|还在|持续)(?:上?涨|上升)"
)
_MEDICAL = re.compile(
    r"透析|断氧|吸氧|心脏病|脑梗|昏迷|大出血|要生了|临产|羊水|没有?呼吸|呼吸困难|高烧|胰岛素|快不行|性命|生命危险|断药|重病|骨折"
)
_CUT_OFF = re.compile(
    r"(?:断|停|没|没有|无|缺)(?:水|电|粮|吃的|食物|饮用水)|(?:没|未)(?:吃|进食|喝水)|(?:被困|困了|等了|饿了)[^，。；]{0,8}(?:天|夜|小时)|一天一夜|两天|三天|孤岛"
)
_BATTERY = re.compile(
    r"(?:手机|电话)[^，。；]{0,8}(?:没电|快没电|没信号|打不通|关机)|电量|最后[^，。]{0,3}电|信号(?:微弱|不好|中断)|联系不上|失联|失去联系"
)
_NO_TIME = re.compile(r"十万火急|万分紧急|非常紧急|情况紧急|情况危急|时间就是生命|急急急|来不及|撑不住|坚持不住|[!！‼❗]{3,}|🆘")
_OVER = re.compile(
    r"(?:已经?|被|全部|均|成功|安全)(?:[^，。；]{0,4})(?:扑灭|获救|救出|解决|恢复|得到控制|退去|处置完毕|脱险|转移完|过期|解除)|已扑灭|已获救|已救出|已安全|已解决|(?:虚惊|误报)"
)

_DOUBT = re.compile(r"疑似|好像|似乎|可能|也许|大概|或许|估计|据称|不确定|应该是|怀疑|初步判断|疑为|恐")
_UNSURE = re.compile(r"不明|不详|未知|不清楚|待核|待查")


@lru_cache(maxsize=TEXTS_KEPT)
def mode(text: str) -> Mode:
    """Exercise when the text says of itself that it is a drill; 这不是演练 and 请按演练要求 are actual."""
    if not _DRILL.search(text):
        return "actual"
    rest = _NOT_A_DRILL.sub("", text)
    if _NOT_A_DRILL.search(text) and re.search(r"(?:不是|并非|绝非|非)(?:一次|一场)?(?:在)?(?:演练|演习)", text):
        return "actual"
    return "exercise" if _DRILL.search(rest) else "actual"


@lru_cache(maxsize=TEXTS_KEPT)
def retracts(text: str) -> bool:
    """Whether the text takes back or denies an earlier report."""
    return bool(_RETRACTS.search(text))


@lru_cache(maxsize=TEXTS_KEPT)
def request_type(text: str, *, hazard: str | None, over: bool | None = None) -> RequestType:
    """What the sender wants. Life first: a cry for rescue outranks whatever else the text holds."""
    done = is_over(text) if over is None else over
    return requests.request_type(text, at_scene=bool(hazard and _FIRST_HAND.search(text)), over=done)


@lru_cache(maxsize=TEXTS_KEPT)
def is_office(text: str) -> bool:
    """Whether an office speaks of what it has seen to: a street office or police station that rings up, or 经现场核实."""
    calls = _OFFICE_CALLS.search(text)
    return bool(calls and not _TO_THE_OFFICE.search(calls["who"])) or (bool(_CHECKED.search(text)) and not _PASSED_ON.search(text))


@lru_cache(maxsize=TEXTS_KEPT)
def is_notice(text: str) -> bool:
    """Whether a named authority addresses the public (【辟谣】, 【情况通报】). It names a rumour to deny it, and repeats none."""
    if _PASSED_ON.search(text):
        return False
    if _NOTICE.search(text) and _AUTHORITY.search(text):
        return True
    announces = _ANNOUNCES.search(text)
    return bool(announces and not _TO_THE_OFFICE.search(announces["who"]))


@lru_cache(maxsize=TEXTS_KEPT)
def is_over(text: str) -> bool:
    """Whether the text says that the danger has passed."""
    return bool(_OVER.search(text))


def urgency(
    text: str, request: RequestType, hazard: str | None, impacts: tuple[Quantity, ...], drill: Mode
) -> tuple[float, tuple[str, ...]]:
    """How soon a person must look, 0–1, and why: what is wanted, then acute words, then people in danger."""
    base = {"求救": 0.75, "求助": 0.45, "举报": 0.3, "投诉": 0.15, "提供帮助": 0.2, "建议": 0.1, "咨询": 0.1, "其他": 0.1}
    words = requests.said(text)
    in_need = request in ("求救", "求助")
    harmed = {q.type for q in impacts if q.value is None or q.value > 0}
    many = any(q.type in ("trapped", "missing") and (q.low or 0) >= 10 for q in impacts)
    steps: list[tuple[bool, float, str]] = [
        (hazard is not None, 0.15, "正在发生灾害或险情"),
        (hazard is not None and bool(_ACUTE.search(words)), 0.15, "险情紧迫或仍在发展"),
        (bool(harmed & {"trapped", "missing"}), 0.15, "有人被困或失联"),
        (bool(harmed & {"dead", "seriously_injured", "injured"}), 0.15, "有人伤亡"),
        (in_need and bool(_FRAIL.search(words)), 0.05, "涉及老人、儿童、孕产妇或病人"),
        (in_need and bool(_WATER_HIGH.search(words)), 0.1, "水位危及人身"),
        (in_need and bool(_MEDICAL.search(words)), 0.1, "伤病危急"),
        (in_need and many, 0.05, "受困人数多"),
        (in_need and bool(_CUT_OFF.search(words)), 0.05, "断水断粮或已被困多时"),
        (in_need and bool(_BATTERY.search(words)), 0.05, "手机电量或信号将断"),
        (in_need and bool(_NO_TIME.search(words)), 0.05, "措辞十分急迫"),
    ]
    score = base[request] + sum(step for holds, step, _ in steps if holds)
    reasons = [f"诉求为{request}", *(why for holds, _, why in steps if holds)]
    if is_over(text) or retracts(text):
        score *= 0.4
        reasons.append("已处置、已解除或属更正")
    if drill == "exercise":
        score = min(score, 0.1)
        reasons.append("演练信息")
    return round(min(1.0, score), 2), tuple(reasons)


def credibility(text: str, *, has_place: bool, has_time: bool, has_event: bool, impacts: tuple[Quantity, ...], drill: Mode) -> Credibility:
    """How far to believe one message before anyone has checked; each step comes with its reason."""
    score, reasons = 0.5, []
    office, notice, first_hand = is_office(text), is_notice(text), bool(_FIRST_HAND.search(text))
    steps: list[tuple[bool, float, str]] = [
        (office, 0.35, "单位来电报告或经现场核实"),
        (notice and not office, 0.3, "具名部门对外通报或辟谣"),
        (not office and not notice and bool(_OFFICIAL.search(text)), 0.2, "引用部门通报或测定"),
        (first_hand, 0.2, "自述在现场或亲见"),
        (bool(_DETAIL.search(text)) and has_place, 0.1, "地点具体到门牌或路口"),
        (has_time and has_place, 0.05, "时间地点齐全"),
        (not has_place and has_event, -0.1, "没有可核对的地点"),
        (not office and is_hearsay(text), -0.25, "转述或听说，非亲见"),
        (bool(_BOAST.search(text)), -0.2, "用语夸张、煽动转发或戏谑"),
        (not office and not notice and bool(_NAMED_MEDIA.search(text)), 0.1, "注明媒体来源"),
        (not first_hand and not notice and bool(_SPREAD.search(text)), -0.1, "号召转发扩散，且非亲历"),
        (not first_hand and bool(_SENSATION.search(text)), -0.1, "措辞惊悚、煽情"),
        (not notice and bool(_NAMELESS.search(text)), -0.1, "只称某人、内部人士等，来源无名可核"),
        (any(q.type in ("dead", "missing") and (q.low or 0) >= 30 for q in impacts), -0.15, "伤亡数字异常大，须核实"),
        (retracts(text), 0.0, "文中更正或否认先前的说法"),
        (drill == "exercise", 0.0, "文中自称演练"),
    ]
    for applies, step, reason in steps:
        if applies:
            score += step
            reasons.append(reason)
    return Credibility(score=round(min(0.95, max(0.05, score)), 2), reasons=tuple(reasons))


def is_acute(text: str) -> bool:
    """Whether the wording is that of something going on now: a cry for help or words of danger."""
    return requests.asks_for_help(text) or bool(_ACUTE.search(text) or _RUSH.search(text))


def is_here_and_now(lead: str) -> bool:
    """Whether words that lead up to something place it where the sender is, or right now: 我家, 我在, 这里, 现在."""
    return bool(_HERE.search(lead))


@lru_cache(maxsize=TEXTS_KEPT)
def is_hearsay(text: str) -> bool:
    """Whether the sender passes on what others said. An authority that names a rumour to deny it does not."""
    told = _HEARSAY.search(text)
    if told and told[0] in ("好像", "似乎") and is_office(text):
        told = _PASSED_ON.search(text)  # an office that is not sure yet is still no rumour
    return bool(told) and not is_notice(text)


def certainty(sentence: str, text: str, *, denies: bool = True) -> Certainty:
    """How sure the speaker is: seen → observed, plainly said → likely, 疑似 or hearsay → possible, denied → unlikely.

    A figure kept from a sentence that denies another one (`denies` false) is the speaker's own word.
    """
    if _UNSURE.search(sentence):
        return "unknown"
    if denies and retracts(sentence):
        return "unlikely"
    if _DOUBT.search(sentence) or is_hearsay(text):
        return "possible"
    return "observed" if _FIRST_HAND.search(text) else "likely"

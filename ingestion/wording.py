"""What the wording of a message gives away: what is wanted, how urgent, how credible, drill or denial.

Every judgement is a list of readable patterns; credibility returns its reasons in Chinese for the duty officer.
"""

from __future__ import annotations

import re
from typing import Literal

from models.domain import Certainty, Credibility, Mode, Quantity

RequestType = Literal["求救", "求助", "提供帮助", "举报", "投诉", "咨询", "建议", "其他"]

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
_DETAIL = re.compile(r"\d+号|\d+栋|\d+幢|单元|\d+楼|路口|交叉口")

_SAVE = re.compile(
    r"救命|求救|急救|快来救|来救|救救|(?<!成功)(?<!全部)被困(?!人员(?:已|均|全部))|出不来|出不去|困在|快淹|淹到(?:脖子|胸口|二楼|腰)|失联|喘不过气|呼吸困难|晕倒|昏迷|(?:急需|需要|请求|紧急)(?:紧急)?(?:救援|营救|救助|转移|冲锋舟|皮划艇)|命悬|快不行|要生了|透析|断氧"
)
_HELP = re.compile(
    r"求助|急需|需要(?:帮助|物资|帮忙|食物|水|药|抽水|发电机|帐篷|奶粉)|请(?:求)?(?:帮忙|帮助|支援|派人|尽快(?:派|来|处理|抢修))|寻人|寻找|联系不上|没有(?:水|电|吃的|食物)|断水断电|缺(?:水|粮|药|物资)|求(?:支援|物资|转发|扩散|帮)|快来人|快派人|赶紧派"
)
_OFFER = re.compile(
    r"(?:可以?|愿意?|能够?|我们?有|免费|无偿)[^，。；]{0,10}(?:提供|支援|接送|收留|住宿|借(?:住|宿)|救援队|入住|帮忙|捐|志愿)|免费(?:提供|入住|住宿|充电|接)|提供(?:住宿|热水|食宿|充电|物资|帮助|避难|临时)|志愿(?:者|服务)(?:招募|报名|可)|捐赠|捐款|救援队[^，。；]{0,8}(?:可|待命|出发|集结)|有需要(?:的)?(?:可|请|联系)|欢迎(?:来|大家|附近)"
)
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
_ACUTE = re.compile(
    r"火[很好太]大|灌满|灌水|灌进|水都到|水已经到|火势|浓烟|明火|爆炸|倒塌|坍塌|泄漏|泄露|冲走|溺水|触电|刺鼻|塌陷|决堤|漫堤|溃口|管涌|车被淹|还在(?:烧|涨|漏|上涨)|越来越(?:大|深|高)|快速上涨|不断上涨|救护车|120|119|马上|立刻|火速|紧急|危急|十万火急"
)
_RUSH = re.compile(r"快来人?|快派|赶紧|急急急|求扩散|喊救命|消防|呛|刺鼻|头晕|恶心|嗓子疼|冒浓烟|被困|受伤|送医|泄漏")
_FRAIL = re.compile(r"老人|孩子|小孩|孕妇|婴儿|儿童|残疾|病人|学生|奶奶|爷爷")
_OVER = re.compile(
    r"(?:已经?|被|全部|均|成功|安全)(?:[^，。；]{0,4})(?:扑灭|获救|救出|解决|恢复|得到控制|退去|处置完毕|脱险|转移完|过期|解除)|已扑灭|已获救|已救出|已安全|已解决|(?:虚惊|误报)"
)

_DOUBT = re.compile(r"疑似|好像|似乎|可能|也许|大概|或许|估计|据称|不确定|应该是|怀疑|初步判断|疑为|恐")
_UNSURE = re.compile(r"不明|不详|未知|不清楚|待核|待查")


def mode(text: str) -> Mode:
    """Exercise when the text says of itself that it is a drill; 这不是演练 and 请按演练要求 are actual."""
    rest = _NOT_A_DRILL.sub("", text)
    if _NOT_A_DRILL.search(text) and re.search(r"(?:不是|并非|绝非|非)(?:一次|一场)?(?:在)?(?:演练|演习)", text):
        return "actual"
    return "exercise" if _DRILL.search(rest) else "actual"


def retracts(text: str) -> bool:
    """Whether the text takes back or denies an earlier report."""
    return bool(_RETRACTS.search(text))


def cries_for_life(text: str) -> bool:
    """Whether the words are those of someone in danger. A quick look that only decides what is read first."""
    return bool(_SAVE.search(text))


def request_type(text: str, *, hazard: str | None, over: bool | None = None) -> RequestType:
    """What the sender wants. Life first: a cry for rescue outranks whatever else the text holds."""
    done = is_over(text) if over is None else over
    if _OFFER.search(text) and not re.search(r"救命|求救|快来救|救救|出不来", text):
        return "提供帮助"
    if _SAVE.search(text) and not done:
        return "求救"
    if _HELP.search(text) and not done:
        return "求助"
    for pattern, answer in ((_REPORT_ABUSE, "举报"), (_SUGGEST, "建议"), (_COMPLAIN, "投诉"), (_ASK, "咨询")):
        if pattern.search(text):
            return answer  # type: ignore[return-value]
    return "求助" if hazard and not done and _FIRST_HAND.search(text) else "其他"


def is_office(text: str) -> bool:
    """Whether an office speaks of what it has seen to: a street office or police station that rings up, or 经现场核实."""
    calls = _OFFICE_CALLS.search(text)
    return bool(calls and not _TO_THE_OFFICE.search(calls["who"])) or (bool(_CHECKED.search(text)) and not _PASSED_ON.search(text))


def is_notice(text: str) -> bool:
    """Whether a named authority addresses the public (【辟谣】, 【情况通报】). It names a rumour to deny it, and repeats none."""
    if _PASSED_ON.search(text):
        return False
    if _NOTICE.search(text) and _AUTHORITY.search(text):
        return True
    announces = _ANNOUNCES.search(text)
    return bool(announces and not _TO_THE_OFFICE.search(announces["who"]))


def is_over(text: str) -> bool:
    """Whether the text says that the danger has passed."""
    return bool(_OVER.search(text))


def urgency(text: str, request: RequestType, hazard: str | None, impacts: tuple[Quantity, ...], drill: Mode) -> float:
    """How soon a person must look, 0–1: what is wanted, then acute words, then people in danger."""
    score = {"求救": 0.75, "求助": 0.45, "举报": 0.3, "投诉": 0.15, "提供帮助": 0.2, "建议": 0.1, "咨询": 0.1, "其他": 0.1}[request]
    if hazard:
        score += 0.15
        if _ACUTE.search(text):
            score += 0.15
    harmed = {q.type for q in impacts if q.value is None or q.value > 0}
    if harmed & {"trapped", "missing"}:
        score += 0.15
    if harmed & {"dead", "seriously_injured", "injured"}:
        score += 0.15
    if request in ("求救", "求助") and _FRAIL.search(text):
        score += 0.05
    if is_over(text) or retracts(text):
        score *= 0.4
    if drill == "exercise":
        score = min(score, 0.1)
    return round(min(1.0, score), 2)


def credibility(text: str, *, has_place: bool, has_time: bool, has_event: bool, impacts: tuple[Quantity, ...], drill: Mode) -> Credibility:
    """How far to believe one message before anyone has checked; each step comes with its reason."""
    score, reasons = 0.5, []
    office, notice = is_office(text), is_notice(text)
    steps: list[tuple[bool, float, str]] = [
        (office, 0.35, "单位来电报告或经现场核实"),
        (notice and not office, 0.3, "具名部门对外通报或辟谣"),
        (not office and not notice and bool(_OFFICIAL.search(text)), 0.2, "引用部门通报或测定"),
        (bool(_FIRST_HAND.search(text)), 0.2, "自述在现场或亲见"),
        (bool(_DETAIL.search(text)) and has_place, 0.1, "地点具体到门牌或路口"),
        (has_time and has_place, 0.05, "时间地点齐全"),
        (not has_place and has_event, -0.1, "没有可核对的地点"),
        (not office and is_hearsay(text), -0.25, "转述或听说，非亲见"),
        (bool(_BOAST.search(text)), -0.2, "用语夸张、煽动转发或戏谑"),
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
    return bool(_SAVE.search(text) or _ACUTE.search(text) or _HELP.search(text) or _RUSH.search(text))


def is_here_and_now(lead: str) -> bool:
    """Whether words that lead up to something place it where the sender is, or right now: 我家, 我在, 这里, 现在."""
    return bool(_HERE.search(lead))


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

"""Checks a report against what it cites: the machine's sentences and a person's edits alike.

A finding blocks signing only where law forbids the sentence to go out: a figure, time or district nobody gave, an article not in force,
drill and reality mixed, a required element neither given nor marked, a report held back until verified. All else warns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from models.domain import IMPACT_TYPES, Claim, Dossier, Finding, Report
from models.rules import check_indicators, indicators
from reports.ground import Ground, Shelf
from reports.page import believable
from reports.types import Clause, report_type
from reports.wording import EXERCISE_LINE, EXERCISE_MARK, GAP_MARKS, MODEL_LABEL, RULES_LABEL, arabic, day, figure, mentions, numbers

Severity = Literal["block", "warn", "info"]

FIXED = frozenset({EXERCISE_LINE, RULES_LABEL, MODEL_LABEL})
"""Fixed wording; a fixed claim that says anything else is checked like any other."""

_NAMED = {
    "seriously_injured": "重伤",
    "dead": "死亡|遇难|身亡|丧生",
    "missing": "失踪|失联|下落不明",
    "injured": "受伤|轻伤",
    "trapped": "被困",
    "rescued": "获救|救出",
    "evacuated": "避险转移",
    "relocated_central": "集中安置",
    "relocated_dispersed": "分散安置|投亲靠友",
    "relocated": "转移安置",
    "urgent_aid": "紧急生活救助",
    "affected": "受灾",
    "homes_collapsed": "倒塌房屋|房屋倒塌",
    "direct_loss": "直接经济损失",
}
_TYPED = {
    type_: re.compile(
        rf"(?:{words})(?:（[^）\d]*）)?(?:人员|人数|人口|数)?(?:约|共|共计|为|达|至|增至|升至|[：:、]|\s)*(?P<after>\d[\d,.]*)(?=\s*[人名位间户万亿元])"
        rf"|(?P<before>\d[\d,.]*)\s*(?:余|多)?[人名位间户](?:已|均|当场|不幸|被)?(?:{words})"
    )
    for type_, words in _NAMED.items()
}
_QUOTE = re.compile(r"“([^”]*)”")
_ARTICLE = re.compile(r"第[〇零一二三四五六七八九十百千\d]+条(?:第[一二三四五六七八九十\d]+款)?(?:第?（[一二三四五六七八九十\d]+）项?)?")
_DOCUMENT = re.compile(r"《([^》]+)》")
_GRADE = re.compile(r"(特别重大|重大|较大|一般)(?:生产安全)?事故")
_LEVEL = re.compile(r"(?<![任每])(?:[一二三四1-4]|[ⅠⅡⅢⅣ]|IV|I{1,3})级(?:[一-龥]{0,6})响应")
_RANK = dict(zip("ⅠⅡⅢⅣ1234", "一二三四一二三四", strict=True)) | {"I": "一", "II": "二", "III": "三", "IV": "四"}
_DIVISION = re.compile(r"([一-龥]{2})(自治区|省|市|区|县|镇|乡|街道)")
_SPOT = re.compile(r"([一-龥]{2})(社区|村|大道|路|街|巷|隧道|大桥|小区|花园|广场|大厦)")
_BODY = re.compile(
    r"([一-龥]{2})(公安局|消防救援[支大]队|消防救援[局站]|应急管理[局厅]|办事处|派出所|医院|公司|集团|管委会|人民政府|气象局|水务局|检察院)"
)
_GENERIC = re.compile(
    r"(?:[地灾市城郊社小园厂库景校辖该全本各山林片片街]|警戒|核心|安置|危险|影响|作业|重点|居民|住宅)区$|(?:[全本该各城]|的)市$|(?:[道公铁线电马沿网一出退通管短]|思)路$"
    r"|[全各该本](?:省|县|镇|乡|村|社区)$|[临沿上]街$|(?:本|该|有关|各|所属|辖区|当地|涉事|事故)(?:公司|医院|派出所|街道|社区|小区|集团|人民政府|办事处)$"
)
_PARTICLES = "在于至由到从向经和与及为往的、"
_DELAY = re.compile(
    r"(?:核实|查明|确认|核查|身份确认|性质认定|原因查明)(?:清楚|无误|完毕|属实)?(?:以)?后(?:再|方可|才能?|另行)?(?:予以)?(?:上报|报告|报送|报)(?!时)|暂不上?报|暂缓上?报|不予上报"
)
_CAUSE = re.compile(r"(?:原因(?:为|是|系)|系因|系由)(?!.{0,12}(?:待查|初步|疑似))")
_RELATIVE = re.compile(r"今[天日晨早晚]|昨[天日晚]|明[天日]|近日|日前|刚刚|目前为止")
_LEFTOVER = re.compile(r"\*\*|^#+ |```|TODO|待补充|XXX|××|\[ ?\]")
_REQUEST = re.compile(r"请批[示复]|妥否|当否")


def verify(report: Report, dossier: Dossier) -> list[Finding]:
    """Everything wrong with `report` as far as `dossier` shows, block first. An empty list is a clean report."""
    shelf = Shelf(report, dossier)
    found = [*_whole(report, dossier), *_sections(report), *_conflicts(report, dossier), *_logic(report, dossier)]
    for claim in report.claims:
        found += check_claim(claim, shelf)
    order = {"block": 0, "warn": 1, "info": 2}
    return sorted(found, key=lambda finding: order[finding.severity])


def check_claim(claim: Claim, shelf: Shelf) -> list[Finding]:
    """Everything wrong with one sentence as far as what it cites shows."""
    return [] if claim.kind == "fixed" and claim.text in FIXED else list(_claim(claim, Ground(claim, shelf)))


def _find(claim: Claim | None, severity: Severity, code: str, message: str) -> Finding:
    return Finding(claim=claim.id if claim else None, severity=severity, code=code, message=message)


def _whole(report: Report, dossier: Dossier) -> Iterator[Finding]:
    """Mode, freshness and what the rules say about the figures as a whole."""
    exercise = report.mode == "exercise"
    if report.mode != dossier.incident.mode or exercise != report.title.startswith(EXERCISE_MARK):
        yield _find(None, "block", "mode", f"演练与实际混淆：报告、事件和标题的“{EXERCISE_MARK}”标记不一致；请按事件性质重新起草")
    if exercise and not any(claim.text == EXERCISE_LINE for claim in report.claims):
        yield _find(None, "block", "mode", "演练报告缺少演练说明句；请恢复首段原文")
    cited = {citation for claim in report.claims for citation in claim.citations}
    if mixed := [item for item in dossier.evidence if item.id in cited and item.mode != report.mode and not item.duplicate_of]:
        yield _find(None, "block", "mode", f"引用了{len(mixed)}条{'实际' if exercise else '演练'}信息；请删去相应语句")
    newer = [item for item in dossier.evidence if (item.sent_at or item.received_at) > report.data_as_of]
    if newer:
        yield _find(None, "info", "newer", f"起草后又有{len(newer)}条信息；不影响先行报出，情况变化请续报")
    for grading in report.gradings:
        for warning in grading.near_boundary:
            yield _find(None, "warn", "near_boundary", f"接近等级界线：{warning}等级不作为调整数字的理由")


def _sections(report: Report) -> Iterator[Finding]:
    """Every element law asks for is there, or openly marked as not known yet."""
    for section in report_type(report.type).sections:
        held = [claim for claim in report.claims if claim.section == section.key and claim.text.strip()]
        if section.required and not held:
            message = f"缺少法定内容“{section.name}”（{section.clause}）；不掌握时请写明暂无或待核"
            yield _find(None, "block", "missing_section", message)
        for claim in held:
            if claim.kind == "missing" and not any(mark in claim.text for mark in GAP_MARKS):
                yield _find(claim, "warn", "gap_unmarked", "原为待核内容，改后既无来源也未写明暂无或待核；请补来源或恢复标记")


def _conflicts(report: Report, dossier: Dossier) -> Iterator[Finding]:
    """Figures that disagree are shown; the believed figure is the one printed."""
    for impact in dossier.impacts:
        about = [claim for claim in report.claims if impact.id in claim.citations and claim.kind in ("fact", "missing")]
        found = numbers(_without_times(arabic(" ".join(claim.text for claim in about))))
        shown = {value for number in found for value in (number.plain, number.whole)}
        hidden = {item.value for item in impact.conflicts if item.value != impact.best and believable(item, dossier)} - shown
        if about and hidden:
            values = "、".join(figure(value) for value in sorted(hidden))
            yield _find(
                about[0],
                "warn",
                "conflict_hidden",
                f"{IMPACT_TYPES[impact.type][0]}另有说法（{values}{impact.unit}）未在文中列明；请并列写出",
            )


def _without_times(text: str) -> str:
    for mention in mentions(text):
        text = text[: mention.start] + "　" * (mention.end - mention.start) + text[mention.end :]
    return text


def _logic(report: Report, dossier: Dossier) -> Iterator[Finding]:
    """Logic checks of the disaster indicators, on the counted figures."""
    codes = {one.impact: one.code for one in indicators() if one.impact}
    for incident in dossier.incidents or (dossier.incident,):
        if incident.event_type == "production_accident":
            continue
        given = {
            codes[item.type]: item.best
            for item in dossier.impacts
            if item.incident == incident.id and item.basis == "reported" and item.type in codes and item.best is not None
        }
        of = f"{incident.title}：" if dossier.incidents else ""
        for issue in check_indicators(given):
            yield _find(None, "warn", "indicator_logic", of + issue.message)


def _claim(claim: Claim, ground: Ground) -> Iterator[Finding]:
    """All checks of one sentence."""
    if ground.unknown:
        yield _find(claim, "block", "citation", f"引用的来源不在本事件材料中：{'、'.join(ground.unknown)}；请重新选择来源")
    if claim.kind in ("fact", "estimate", "rule") and not claim.citations:
        yield _find(claim, "block", "citation", "本句没有任何来源；请补录信息后引用，或写明待核")
    yield from _law(claim, ground)
    yield from _words(claim)
    yield from _estimate(claim, ground)
    doubted = [item for item in ground.statements if item.evidence in ground.shelf.set_aside]
    if claim.kind != "missing" and doubted and "未采信" not in claim.text:
        yield _find(claim, "block", "rumour", "引用了传言、已撤回的说法或演练信息，不能作为事实；请删去")
    rest = claim.text
    for quote in _QUOTE.findall(claim.text):
        if not ground.holds_quote(quote):
            yield _find(claim, "block", "quote", f"引号内“{quote}”与来源原话不符；请按原话引用")
        rest = rest.replace(f"“{quote}”", "“”")
    for phrase in sorted({*ground.phrases, *ground.shelf.names}, key=len, reverse=True):
        if any(letter.isdigit() or letter in "《条款级" for letter in phrase):
            rest = rest.replace(phrase, "　")
    yield from _articles(claim, rest)
    yield from _grades(claim, ground, rest)
    yield from _figures(claim, ground, rest)
    yield from _names(claim, ground, rest)


def _law(claim: Claim, ground: Ground) -> Iterator[Finding]:
    """A clause is cited only while it is in force on the day of the incident, and only when someone has seen its text."""
    on = ground.shelf.on
    for item in ground.law:
        if isinstance(item, Clause):
            if not item.stands_on(on):
                yield _find(claim, "block", "article_not_in_force", f"{item.cited()}在{day(on)}不具效力；请改引当日有效的规定")
        else:
            document = ground.shelf.titles.get(item.document)
            start = item.in_force or (document.in_force if document else None)
            end = item.repealed or (document.repealed if document else None)
            if (start and on < start) or (end and end <= on):
                yield _find(claim, "block", "article_not_in_force", f"{item.article}在{day(on)}不具效力；请改引当日有效的规定")
            if not item.verified:
                yield _find(claim, "block", "article_unseen", f"{item.article}的原文未经核对，不能作为依据；请删去或核对原文")


def _articles(claim: Claim, rest: str) -> Iterator[Finding]:
    for found in _ARTICLE.findall(rest):
        yield _find(claim, "block", "article", f"“{found}”没有对应的依据条款；请引用条款库中的条文或删去")
    for found in _DOCUMENT.findall(rest):
        yield _find(claim, "block", "document", f"《{found}》不在本句引用的依据中；请引用条款库中的文件或删去")


def _grades(claim: Claim, ground: Ground, rest: str) -> Iterator[Finding]:
    given = {level for item in ground.gradings for level in (item.level, item.if_missing_dead) if level}
    for found in _GRADE.finditer(rest):
        if f"{found[1]}事故" not in given:
            yield _find(claim, "block", "grade", f"等级“{found[0]}”与规则计算结果不符；等级由已核数字计算，不能手工改写")
    worked_out = {_rank(item.level) for item in ground.gradings if item.local and item.level}
    for found in _LEVEL.finditer(rest):
        if _rank(found[0]) not in worked_out:
            yield _find(claim, "block", "response_level", f"响应级别“{found[0]}”没有本市预案依据，或与规则计算结果不符；不得写明")


def _rank(level: str) -> str:
    """The number of a level, however it is written: Ⅱ级, II级, 2级 and 二级 are one."""
    found = re.match(r"IV|I{1,3}|[ⅠⅡⅢⅣ一二三四1-4]", level)
    return _RANK.get(found[0], found[0]) if found else level


def _estimate(claim: Claim, ground: Ground) -> Iterator[Finding]:
    if any(impact.basis == "estimated" for impact in ground.impacts) and "估计" not in claim.text:
        yield _find(claim, "block", "estimate_unlabelled", "估计数未标明“估计”，易被当作统计数；请恢复标注")


def _figures(claim: Claim, ground: Ground, rest: str) -> Iterator[Finding]:
    """Each time, each figure of a kind of harm, each other figure."""
    text = arabic(rest)
    for mention in mentions(text):
        if not ground.holds_time(mention):
            yield _find(claim, "block", "time", f"时间“{text[mention.start : mention.end]}”在本句来源中找不到依据；请核对或删去")
    text = _without_times(text)
    yield from _harm(claim, ground, text)
    for number in numbers(text):
        if not ground.holds_number(number.plain, number.whole):
            yield _find(claim, "block", "number", f"数字“{number.text}”在本句来源中找不到依据；请核对，确有新情况请先补录信息")


def _harm(claim: Claim, ground: Ground, text: str) -> Iterator[Finding]:
    """死亡2人 must be a figure given for the dead, and the believed one must be there too: of the impacts the sentence cites, else of the incident."""
    together = re.sub(r"死亡(?:人口)?[、和及或]?(?:失踪|失联)", "两项合计", text)
    # A day has several figures of one kind, and a sentence speaks only for the incident whose figures it cites.
    believed = (
        {} if ground.shelf.dossier.incidents else {one.type: [one] for one in ground.shelf.dossier.impacts if one.basis == "reported"}
    )
    for type_ in {impact.type for impact in ground.impacts if impact.basis == "reported"}:
        believed[type_] = [impact for impact in ground.impacts if impact.type == type_ and impact.basis == "reported"]
    given_in_text = {number.plain for number in numbers(text)} | {number.whole for number in numbers(text)}
    for type_, pattern in _TYPED.items():
        for found in pattern.finditer(together):
            value = float((found["after"] or found["before"]).replace(",", "").rstrip("."))
            tail = together[found.end() : found.end() + 1] if found["after"] else ""
            ways = {value, value * {"万": 1e4, "亿": 1e8}.get(tail, 1)}
            name = IMPACT_TYPES[type_][0]
            if not ways & ground.typed[type_]:
                yield _find(claim, "block", "figure_kind", f"“{found[0]}”：本句来源没有给出这一{name}数字；请核对")
            elif best := [one.best for one in believed.get(type_, ()) if one.best is not None and one.best not in given_in_text]:
                yield _find(claim, "block", "not_chosen", f"“{found[0]}”不是当前采用的{name}数字（{figure(best[0])}）；请并列写出或改回")


def _names(claim: Claim, ground: Ground, rest: str) -> Iterator[Finding]:
    """A division, a street or a body must be named in what is cited, or be part of the incident's own place."""
    known = "　".join(ground.words)
    kinds: tuple[tuple[re.Pattern[str], Severity, str, str], ...] = (
        (_DIVISION, "block", "place", "行政区划"),
        (_SPOT, "warn", "place", "地点"),
        (_BODY, "warn", "body", "单位"),
    )
    for pattern, severity, code, what in kinds:
        for found in pattern.finditer(rest):
            token = found[0].lstrip(_PARTICLES) if found[0][0] in _PARTICLES else found[0]
            if _GENERIC.search(found[0]) or token in known or token == found[2]:
                continue
            yield _find(claim, severity, code, f"{what}“…{token}”在本句来源中找不到依据；请核对")


def _words(claim: Claim) -> Iterator[Finding]:
    """Wording law or office practice forbids. What a caller says inside quotation marks is his own."""
    text = _QUOTE.sub("“”", claim.text)
    if found := _DELAY.search(text):
        yield _find(claim, "block", "delay", f"“{found[0]}”属先核后报；《自然灾害情况统计调查制度》要求先报后核，请改为“待核”")
    if found := _CAUSE.search(text):
        yield _find(claim, "warn", "cause_fixed", f"“{found[0]}”把原因写成定论；调查认定前请写初步或待查")
    if found := _RELATIVE.search(text):
        yield _find(claim, "warn", "relative_time", f"“{found[0]}”不是确切时间；请写年月日时分")
    if found := _LEFTOVER.search(text):
        yield _find(claim, "warn", "leftover", f"“{found[0]}”是占位或标记残留；请删去")
    if found := _REQUEST.search(text):
        yield _find(claim, "warn", "request", f"“{found[0]}”：报告不得夹带请示事项；请另文请示")

"""生产安全事故初报: the six contents of 国务院令第493号 art. 12, in its order.

Also the form for an event whose nature is open (性质待认定事件，涉及事故因素), so that neither clock waits for the finding.
"""

from __future__ import annotations

from datetime import date

from models.domain import IMPACT_TYPES, Grading
from reports.page import TRUSTED, Page
from reports.sentences import cause, count, due, estimates, label, lead, place_and_time, quoted, rumours
from reports.types import LEAD, Clause, ReportType, Section
from reports.wording import UNCHECKED, beijing, figure, pith

ORDER_493 = "生产安全事故报告和调查处理条例"
SURVEY = "自然灾害情况统计调查制度"
PAST_THE_CITY = ("较大事故", "重大事故", "特别重大事故")
"""Grades reported past the city: to the province and beyond (493号令 art. 10)."""

CLAUSES = (
    Clause(
        "report.493-10",
        ORDER_493,
        "第十条",
        "一般事故报至设区的市，较大报至省，重大、特别重大报至国务院部门；同时报本级政府，并通知公安、人社、工会和检察院",
        date(2007, 6, 1),
        None,
        "LawRefBook/Laws@2f4c5c2 行政法规/生产安全事故报告和调查处理条例(2007-04-09).md",
    ),
    Clause(
        "report.493-12",
        ORDER_493,
        "第十二条",
        "报告事故应当包括的六项内容",
        date(2007, 6, 1),
        None,
        "LawRefBook/Laws@2f4c5c2 行政法规/生产安全事故报告和调查处理条例(2007-04-09).md",
    ),
    Clause(
        "report.493-13",
        ORDER_493,
        "第十三条",
        "出现新情况及时补报；三十日内（道路交通、火灾七日内）伤亡人数变化及时补报",
        date(2007, 6, 1),
        None,
        "LawRefBook/Laws@2f4c5c2 行政法规/生产安全事故报告和调查处理条例(2007-04-09).md",
    ),
    Clause(
        "report.stat-nature",
        SURVEY,
        "一（六）1",
        "性质不明的死亡失踪先按性质待认定事件（涉及事故因素）报告，不得以性质未定为由迟报",
        date(2024, 1, 1),
        date(2027, 4, 1),
        "公开的扫描识别件；施行日未见，按2024年起计，有效期至2027年3月",
    ),
)

SECTIONS = (
    LEAD,
    Section("unit", "事故发生单位概况", "事故发生单位概况", "国务院令第493号第十二条（一）", True),
    Section(
        "scene",
        "事故发生的时间、地点以及事故现场情况",
        "事故发生的时间、地点以及现场情况",
        "国务院令第493号第十二条（二）",
        True,
        retell="现场现在是什么样：水深、火势、烟气、被困位置、道路和设施状况",
    ),
    Section(
        "course",
        "事故的简要经过",
        "事故的简要经过",
        "国务院令第493号第十二条（三）",
        True,
        retell="事情的经过：按时间先后，发生了什么，后来怎样",
    ),
    Section(
        "casualties",
        "伤亡人数（包括下落不明的人数）和初步估计的直接经济损失",
        "伤亡人数和初步估计的直接经济损失",
        "国务院令第493号第十二条（四）",
        True,
        True,
    ),
    Section(
        "measures",
        "已经采取的措施",
        "已经采取的措施",
        "国务院令第493号第十二条（五）",
        True,
        retell="已经采取的措施：谁派出了多少力量、做了什么、做到哪一步",
    ),
    Section("other", "其他应当报告的情况", "其他应当报告的情况", "国务院令第493号第十二条（六）", True, True),
)


def subject(page: Page) -> str:
    """The incident's name and what the event counts as so far."""
    name = page.incident.title
    if page.incident.event_type == "production_accident":
        return name if name.endswith("事故") else f"{name}事故"
    return f"{name}（性质待认定，涉及事故因素）"


def recipients(page: Page) -> tuple[str, ...]:
    """493号令 art. 10: own government always; the province from 较大 up, also when only the missing make it so or the nature is open."""
    higher = {page.grading.level, page.grading.if_missing_dead} & set(PAST_THE_CITY)
    above = page.province if higher or page.incident.event_type != "production_accident" else ""
    city = page.settings.city_name
    told = (f"{city}{body}" for body in ("公安局", "人力资源和社会保障局", "总工会", "人民检察院"))
    return tuple(body for body in (page.own_government, above, *told) if body)


def gradings(page: Page) -> tuple[Grading, ...]:
    """The accident grade, and levels of this city's own plan where they are loaded."""
    return (page.grading, *page.local_levels)


def write(page: Page) -> None:
    """All six contents. Exactly what nobody has told us yet is marked 暂无/待核."""
    lead(page, event=f"{page.hazard}{'' if page.incident.event_type == 'production_accident' else '，性质待认定（涉及事故因素）'}")
    unit(page)
    place_and_time(page, "scene")
    quoted(page, "measures", ("measure",), gap="已采取措施的具体情况", weightiest=2)
    quoted(page, "scene", ("scene",), gap="现场情况", most=2, newest=True)
    quoted(page, "course", ("scene", "trigger"), gap="事故经过")
    cause(page, "course")
    for type_ in ("dead", "missing", "injured"):
        count(page, "casualties", type_, name={"missing": "失踪（下落不明）"}.get(type_, ""))
    for type_ in page.counted:
        if type_ not in ("dead", "missing", "injured", "direct_loss"):
            count(page, "casualties", type_)
    count(page, "casualties", "direct_loss", name="初步估计的直接经济损失")
    estimates(page, "casualties")
    nature(page)
    grade(page)
    told_to(page)
    due(page, "other")
    rumours(page, "other")
    label(page, "other")


def unit(page: Page) -> None:
    """The unit as named; what it is and does is a gap until someone says so."""
    named = sorted(page.said("unit"), key=lambda item: (page.weight(item), -len(item.quote), item.id))[:1]
    for item in named:
        source = page.evidence[item.evidence]
        page.say(
            "unit",
            f"据{source.source_title}反映，涉及单位为“{pith(item.quote)}”{'' if source.reliability in TRUSTED else UNCHECKED}。",
            [item.id, source.id],
        )
    page.say("unit", "单位性质、规模等概况暂无，待核。" if named else "事故发生单位名称、概况暂无，待核。", kind="missing")


def nature(page: Page) -> None:
    """An open nature is said aloud, and that both clocks run."""
    if page.incident.event_type != "production_accident":
        page.say(
            "other",
            f"事件性质待认定（涉及事故因素），按{page.clause('report.stat-nature').cited()}先行报告，生产安全事故和自然灾害两类报告时限同时计算。",
            page.law("report.stat-nature"),
            "rule",
        )


def grade(page: Page) -> None:
    """Grade by the dead counted, and beside it the grade if all missing are dead. Arithmetic; nobody chooses it here."""
    found, dead, missing = page.grading, page.counted.get("dead"), page.counted.get("missing")
    basis = [impact.id for type_ in ("dead", "missing", "seriously_injured", "direct_loss") if (impact := page.counted.get(type_))]
    supposed = "如认定为生产安全事故，" if page.incident.event_type != "production_accident" else ""
    if (
        found.level is None
        or not basis
        or not any(impact.best for type_ in ("dead", "missing", "seriously_injured", "direct_loss") if (impact := page.counted.get(type_)))
    ):
        page.say("other", "事故等级：待核，尚无死亡、重伤和直接经济损失数字。", [found.scheme], "missing")
        return
    by = "按现有数字"
    if dead and dead.best is not None:
        by = f"按{'已核' if dead.confirmed else '待核'}死亡人数{figure(dead.best)}人"
    text = f"事故等级：{supposed}{by}，为{found.level}"
    if found.if_missing_dead and missing and missing.best:
        text += f"；如{IMPACT_TYPES['missing'][0]}{figure(missing.best)}人全部死亡，为{found.if_missing_dead}"
    page.say("other", f"{text}（{found.clause}）。", [found.scheme, *basis], "rule")
    if found.near_boundary:
        page.say(
            "other",
            f"数字接近等级界线（{'；'.join(warning.partition('：')[0] for warning in found.near_boundary)}），以核实结果为准。",
            [found.scheme, *basis],
            "rule",
        )


def told_to(page: Page) -> None:
    """Whom art. 10 says must be told, and that changes follow."""
    page.say(
        "other",
        f"依据{page.clause('report.493-10').cited()}，本报报送有关机关，并通知公安、人力资源社会保障、工会、检察机关。",
        page.law("report.493-10"),
        "rule",
    )
    page.say(
        "other",
        f"以上为截至{beijing(page.as_of)}掌握的情况，新情况按{page.clause('report.493-13').cited()}及时补报。",
        [page.incident.id, *page.law("report.493-13")],
        "rule",
    )


TYPE = ReportType(
    "accident_initial",
    "生产安全事故初报",
    "初报",
    ("production_accident", "undetermined", "other"),
    SECTIONS,
    CLAUSES,
    subject,
    recipients,
    gradings,
    write,
)

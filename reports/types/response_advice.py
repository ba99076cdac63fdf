"""启动响应建议: what the figures reach by this city's own plan, who may start that level, and what a person must still judge.

It suggests; only the body the plan names decides. While no plan of this city is in the library it gives no level and says what to look up.
"""

from __future__ import annotations

from models.domain import Grading
from reports.page import Page
from reports.plans import Plan, cites, compared
from reports.sentences import count, label, lead, rumours
from reports.types import LEAD, ReportType, Section
from reports.types.disaster_initial import event

RULE = "预案启动条件（响应级别由规则计算，由有权机关决定）"

SECTIONS = (
    LEAD,
    Section("figures", "目前掌握的数字", "目前掌握的数字", RULE, True, True),
    Section("conditions", "与启动条件对照", "与启动条件对照", RULE, True, True),
    Section("advice", "建议", "建议", RULE, True, True),
    Section("check", "须人工核实的事项", "须人工核实的事项", RULE, True, True),
    Section("other", "其他情况", "其他情况", "", False, True),
)

FIGURES = (
    "dead",
    "missing",
    "trapped",
    "rescued",
    "seriously_injured",
    "injured",
    "evacuated",
    "relocated",
    "relocated_central",
    "relocated_dispersed",
    "urgent_aid",
    "affected",
    "homes_collapsed",
    "direct_loss",
)
MOST_QUOTED = 12
"""Conditions that only a person can judge are quoted up to this many a plan."""


def subject(page: Page) -> str:
    """The incident, and that this is about starting a response."""
    return f"{page.incident.title}{'启动' if level_of(page) else '研判启动'}应急响应"


def recipients(page: Page) -> tuple[str, ...]:
    """The government this bureau belongs to: never a leader in person (条例 art. 15)."""
    return (page.own_government,)


def gradings(page: Page) -> tuple[Grading, ...]:
    """Levels of this city's own plans."""
    return page.local_levels


def level_of(page: Page) -> bool:
    """Whether any plan of this city gives a level."""
    return any(item.level for item in page.local_levels)


def write(page: Page) -> None:
    """Figures, the arithmetic, the advice, and what is left to a person."""
    lead(page, event=what(page))
    for type_ in FIGURES:
        if type_ in page.counted:
            count(page, "figures", type_)
    if not page.counted:
        page.say("figures", "人员伤亡和损失数字暂无，待核。", kind="missing")
    for item in page.local_levels:
        if not item.scheme.startswith("plan."):
            shipped(page, item)
    for plan in page.plans:
        by_plan(page, plan)
    if not page.local_levels:
        not_loaded(page)
    else:
        advised(page)
        page.say(
            "check",
            "上述数字中待核的部分，以及预案中系统不能计算的条件，须由值班人员核实；是否启动由有权机关决定。",
            [page.incident.id],
            "rule",
        )
    rumours(page, "other")
    label(page, "other")


def what(page: Page) -> str:
    """火灾 or 洪涝灾害."""
    return event(page) if page.incident.event_type == "natural_disaster" else page.hazard


def shipped(page: Page, item: Grading) -> None:
    """A level by thresholds that come with the rules."""
    said = f"达到{item.level}响应启动条件" if item.level else "现有数字未达到启动条件"
    page.say("conditions", f"按{item.clause}，{said}。", [item.scheme], "rule")


def by_plan(page: Page, plan: Plan) -> None:
    """The arithmetic on one plan's triggers, and the conditions that are no arithmetic."""
    triggers = plan.of("trigger")
    title = f"《{plan.document.title}》"
    if not triggers:
        page.say(
            "conditions",
            f"{title}在库中没有可读出的启动条件，待核。",
            [one.id for one in plan.articles.values() if one.document == plan.document.id][:1],
            "missing",
        )
        return
    found = compared(plan, page.figures)
    scheme = f"plan.{plan.document.id}"
    for one in found.reached:
        behind = [id for type_ in one.types for id in page.behind(page.counted[type_])[2]]
        words = f"达到{found.level}响应启动条件" if found.level else "已超过库中所读到的最高条件，级别待核"
        page.say(
            "conditions",
            f"{one.reason}（{plan.cited(one.fact)}），{words}。",
            [scheme, *cites([one.fact]), *behind],
            "rule" if found.level else "missing",
        )
    if not found.reached:
        page.say(
            "conditions", f"现有数字未达到{title}中可由系统计算的启动条件，数字变化时须重新对照。", [scheme, *cites(triggers[:1])], "rule"
        )
    for fact in found.unread[:MOST_QUOTED]:
        page.say("check", f"{plan.cited(fact)}的条件“{fact.quote.rstrip('；;。')}”须人工判断，待核。", cites([fact]), "missing")
    if plan.document.in_force is None:
        page.say("check", f"{title}的施行日期在库中未见，是否现行有效待核。", cites(triggers[:1]), "missing")


def advised(page: Page) -> None:
    """The gravest level of each plan and who starts it by the plan's own words."""
    for plan in page.plans:
        found = compared(plan, page.figures)
        if not found.level:
            continue
        starts = plan.of("starts_level", found.level)
        reached = [one.fact for one in found.reached]
        scheme = f"plan.{plan.document.id}"
        page.say("advice", f"建议研判启动{found.level}响应。", [scheme, *cites(reached)], "rule")
        for fact in starts[:2]:
            page.say("advice", f"该级响应的启动决定：{fact.text}（{plan.cited(fact)}）。", [scheme, *cites([fact])], "rule")
        if not starts:
            page.say("advice", "由谁决定启动该级响应：库中预案条文未读出，待核。", cites(reached), "missing")
    for item in page.local_levels:
        if item.level and not item.scheme.startswith("plan."):
            page.say("advice", f"建议研判启动{item.level}响应。", [item.scheme], "rule")
    if not level_of(page):
        page.say("advice", "现有数字不足以提出响应级别，级别待核；情况变化时重新研判。", [page.incident.id], "missing")


def not_loaded(page: Page) -> None:
    """No level, no other place's numbers; what a person must look up."""
    city = page.settings.city_name
    page.say("conditions", f"{city}的响应启动条件未录入系统，无法对照，待核。外地预案不作为{city}的依据。", [page.incident.id], "missing")
    page.say("advice", "不提出响应级别，级别待核。请依本市现行预案人工研判。", [page.incident.id], "missing")
    for words in (
        f"{city}适用于{what(page)}的现行预案文本及其文号、施行日期：待核。",
        "各级响应的启动条件，以及本报所列数字达到哪一条：待核。",
        "各级响应由谁决定启动、由谁宣布：待核。",
        "预案规定的敏感地区、敏感时间等可调整启动条件的情形：待核。",
    ):
        page.say("check", words, kind="missing")


TYPE = ReportType("response_advice", "启动响应建议", "建议", (), SECTIONS, (), subject, recipients, gradings, write)

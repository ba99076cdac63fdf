"""工作通知: who does what, taken from this city's own plan department by department, each with its article. The plan's words, not ours.

A draft for the bureau's signature. It starts no response level; where no plan is in the library it leaves the tasks to a person.
"""

from __future__ import annotations

from models.domain import Fact, Grading
from reports.page import Page
from reports.plans import Plan, cites, compared
from reports.sentences import count, label, lead, rumours
from reports.types import LEAD, ReportType, Section
from reports.types.response_advice import FIGURES, what

RULE = "预案中的部门任务（以预案原文为准）"

SECTIONS = (
    LEAD,
    Section("situation", "基本情况", "基本情况", RULE, True, True),
    Section("tasks", "工作任务", "工作任务", RULE, True, True),
    Section("reporting", "信息报送", "信息报送", RULE, True, True),
    Section("other", "其他事项", "其他事项", "", False, True),
)

EVERYONE = "各有关部门和单位"
MOST_TASKS = 40
"""Tasks listed; the rest is in the plan, and the notice says so."""


def subject(page: Page) -> str:
    """What is to be done well."""
    return f"做好{page.incident.title}应急处置工作"


def recipients(page: Page) -> tuple[str, ...]:
    """The departments the plan gives something to do, in its order."""
    listed = (fact.subject for _, _, facts in tasks_of(page) for fact in facts[:MOST_TASKS])
    return tuple(dict.fromkeys(body for body in listed if not page.settings.bureau.endswith(body))) or (EVERYONE,)


def gradings(page: Page) -> tuple[Grading, ...]:
    """Levels of this city's own plans."""
    return page.local_levels


def tasks_of(page: Page) -> list[tuple[Plan, str | None, list[Fact]]]:
    """For each plan the level its triggers give, and the actions of that level; without either, what is done whatever the level."""
    found = []
    for plan in page.plans:
        level = compared(plan, page.figures).level
        actions = plan.actions(level) if level else []
        if not actions:
            level, actions = None, plan.actions(None)
        if actions:
            found.append((plan, level, actions))
    return found


def write(page: Page) -> None:
    """The situation in figures, the tasks, how to report back."""
    lead(page, event=what(page))
    for type_ in FIGURES:
        if type_ in page.counted:
            count(page, "situation", type_)
    if not page.counted:
        page.say("situation", "人员伤亡和损失数字暂无，待核。", kind="missing")
    found = tasks_of(page)
    for plan, level, facts in found:
        tasks(page, plan, level, facts)
    if not found:
        loaded = "现有数字未达到库中本市预案的启动条件，预案也没有不以响应级别为条件的部门任务"
        why = loaded if page.plans else f"{page.settings.city_name}适用于本事件的预案未录入系统"
        page.say("tasks", f"{why}，各部门任务待核，请依本市现行预案填写。", [page.incident.id], "missing")
    page.say(
        "reporting",
        "各有关部门和单位掌握的新情况和处置进展，请及时报送本局；不掌握的写明待核，不因核实而迟报。",
        [page.incident.id],
        "rule",
    )
    page.say("other", "本通知不代替启动应急响应的决定，响应级别以有权机关决定为准。", [page.incident.id], "rule")
    rumours(page, "other")
    label(page, "other")


def tasks(page: Page, plan: Plan, level: str | None, facts: list[Fact]) -> None:
    """One line a task: the department, the plan's own words with the time they give, the article."""
    reached = [one.fact for one in compared(plan, page.figures).reached] if level else []
    title = f"《{plan.document.title}》"
    if level:
        text = f"现有数字达到{title}{level}响应启动条件，以下任务摘自该级响应措施；是否启动由有权机关决定。"
        page.say("tasks", text, [f"plan.{plan.document.id}", *cites(reached)], "rule")
    else:
        page.say("tasks", f"以下任务摘自{title}，不以响应级别为条件。", cites(facts[:1]), "rule")
    for fact in facts[:MOST_TASKS]:
        page.say("tasks", f"{fact.subject}：{fact.text}（{plan.cited(fact)}）。", cites([fact]), "rule")
    if len(facts) > MOST_TASKS:
        page.say("tasks", f"其余任务见{title}。", cites(facts[:1]), "rule")


TYPE = ReportType("work_notice", "工作通知", "通知", (), SECTIONS, (), subject, recipients, gradings, write, upward=False)

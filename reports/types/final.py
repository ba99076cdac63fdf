"""终报: the whole from beginning to end once the situation is stable: result, final figures with every change on the way, what was done, what is still open."""

from __future__ import annotations

from reports.page import Page
from reports.progress import base_of, tell_changes
from reports.sentences import cause, count, estimates, label, place_and_time, quoted, rumours
from reports.types import LEAD, ReportType, Section, followup
from reports.wording import beijing

PRACTICE = "值班信息终报惯例（次级来源）"

SECTIONS = (
    LEAD,
    Section("result", "处置结果", "处置结果", PRACTICE, True, True),
    Section("figures", "最终数字", "人员伤亡和损失", PRACTICE, True, True),
    Section("changes", "与上报相比的变化", "与上报相比的变化", PRACTICE, True, True),
    Section("course", "事件经过", "事件经过", "", False, retell="事件从发生到结束的经过：按时间先后"),
    Section("measures", "处置措施", "处置措施", PRACTICE, True, retell="采取过的措施：谁派出了多少力量、做了什么、结果如何"),
    Section("recovery", "善后和恢复", "善后和恢复", "", False),
    Section("other", "其他情况", "其他情况", "", False, True),
)


def write(page: Page) -> None:
    """Nothing is called final that is not: an open incident, a figure still unchecked and an open cause are said to be so."""
    base = base_of(page)
    followup.opening(page, f"现就{page.incident.title}报告最终情况，接{beijing(base.data_as_of)}{base.stage}。")
    place_and_time(page, "result")
    if page.incident.status == "open":
        page.say("result", "系统中该事件尚未结束处置，处置结果待核。", [page.incident.id], "missing")
    else:
        page.say("result", f"该事件已结束处置，最后一条信息为{beijing(page.as_of)}。", [page.incident.id])
    for type_ in ("dead", "missing", "injured"):
        count(page, "figures", type_)
    for type_ in page.counted:
        if type_ not in ("dead", "missing", "injured"):
            count(page, "figures", type_)
    if open_figures := [impact for impact in page.counted.values() if not impact.confirmed and impact.best is not None]:
        page.say("figures", f"上述数字中有{len(open_figures)}项尚待核定。", [impact.id for impact in open_figures], "missing")
    tell_changes(page, "changes", base)
    estimates(page, "figures")
    quoted(page, "measures", ("measure",), gap="处置措施", weightiest=2, most=5)
    quoted(page, "course", ("scene", "trigger"), gap="事件经过", most=5)
    page.say("recovery", "善后和恢复情况暂无，待核。", kind="missing")
    followup.grade_change(page)
    rumours(page, "other")
    cause(page, "other")
    label(page, "other")


TYPE = ReportType("final", "终报", "终报", (), SECTIONS, followup.CLAUSES, followup.subject, followup.recipients, followup.gradings, write)

"""续报: what changed since the report before, figure by figure, and what was done since. It does not tell the beginning again.

Form from general duty practice (续报一、续报二; no repeat of the opening), read in secondary sources; the duty itself is 493号令 art. 13 and
自然灾害救助条例 art. 17, held by the clocks in `models/rules`.
"""

from __future__ import annotations

from datetime import date

from models.domain import Grading
from reports.page import Page
from reports.progress import base_of, tell_changes
from reports.sentences import LEAD_TYPES, cause, count, due, estimates, label, quoted, rumours
from reports.types import LEAD, Clause, ReportType, Section, accident_initial, disaster_initial
from reports.wording import EXERCISE_LINE, beijing, clock

CLAUSES = (
    next(clause for clause in accident_initial.CLAUSES if clause.id == "report.493-13"),
    Clause(
        "report.rr-17",
        "自然灾害救助条例",
        "第十七条",
        "灾情稳定前，灾害救助责任部门每日逐级上报人员伤亡、财产损失和救助工作动态",
        date(2010, 9, 1),
        None,
        "LawRefBook/Laws 行政法规/自然灾害救助条例(2019-03-02).md",
    ),
)

PRACTICE = "值班信息续报惯例（次级来源）"

SECTIONS = (
    LEAD,
    Section("changes", "与上报相比的变化", "与上报相比的变化", PRACTICE, True, True),
    Section("figures", "目前总体情况", "目前总体情况", PRACTICE, True, True),
    Section("course", "新的情况", "新的情况", "", False, retell="上次报告之后新出现的情况：按时间先后，发生了什么，发展到哪一步"),
    Section(
        "measures", "新采取的措施", "新采取的措施", "", False, retell="上次报告之后新采取的措施：谁派出了多少力量、做了什么、做到哪一步"
    ),
    Section("other", "其他情况", "其他情况", "", False, True),
)

COUNTED = (*LEAD_TYPES, "urgent_aid", "affected")


def subject(page: Page) -> str:
    """As the report it follows named it."""
    return _initial(page).subject(page)


def recipients(page: Page) -> tuple[str, ...]:
    """Whoever must be told of such an event at the grade it now has, and everybody the report before went to."""
    return tuple(dict.fromkeys((*_initial(page).recipients(page), *base_of(page).recipients)))


def gradings(page: Page) -> tuple[Grading, ...]:
    """As the initial report of such an event."""
    return _initial(page).gradings(page)


def _initial(page: Page) -> ReportType:
    return disaster_initial.TYPE if page.incident.event_type == "natural_disaster" else accident_initial.TYPE


def write(page: Page) -> None:
    """What it follows, the changes, all figures as they stand, then only what was said since."""
    base = base_of(page)
    opening(page, f"现就{page.incident.title}续报如下，接{beijing(base.data_as_of)}{base.stage}。")
    tell_changes(page, "changes", base)
    for type_ in [*(one for one in COUNTED if one in page.counted), *(one for one in page.counted if one not in COUNTED)]:
        count(page, "figures", type_)
    if not page.counted:
        page.say("figures", "人员伤亡和损失数字暂无，待核。", kind="missing")
    estimates(page, "figures")
    page.since = base.data_as_of
    quoted(page, "measures", ("measure",), gap="新采取措施的情况", weightiest=2)
    quoted(page, "course", ("scene", "trigger"), gap="新的情况", most=4, newest=True)
    page.since = None
    grade_change(page)
    due(page, "other")
    rumours(page, "other")
    cause(page, "other")
    page.say("other", f"以上为截至{beijing(page.as_of)}掌握的情况，{_duty(page)}", [page.incident.id, *_duty_ids(page)], "rule")
    label(page, "other")


def opening(page: Page, text: str) -> None:
    """The first sentence: what this follows. In an exercise that it is one comes before."""
    if page.incident.mode == "exercise":
        page.say("lead", EXERCISE_LINE, kind="fixed")
    base = base_of(page)
    page.followed = base
    page.say("lead", text, [page.incident.id, base.id])
    page.say("lead", f"本报数字截至{clock(page.as_of, page.at)}。", [page.incident.id])


def grade_change(page: Page) -> None:
    """The grade only where an accident has one; `accident_initial` says how."""
    if page.incident.event_type != "natural_disaster":
        accident_initial.grade(page)


def _duty(page: Page) -> str:
    article = page.clause(_duty_clause(page)).cited()
    return f"依据{article}，有新情况继续报告。"


def _duty_clause(page: Page) -> str:
    return "report.rr-17" if page.incident.event_type == "natural_disaster" else "report.493-13"


def _duty_ids(page: Page) -> tuple[str, ...]:
    return page.law(_duty_clause(page))


TYPE = ReportType("followup", "续报", "续报", (), SECTIONS, CLAUSES, subject, recipients, gradings, write)

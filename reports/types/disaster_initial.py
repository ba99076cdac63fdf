"""自然灾害初报: the minimum fields of 自然灾害情况统计调查制度 一（六）1（1), then the short text it asks for."""

from __future__ import annotations

from datetime import date

from models.domain import Grading
from reports.page import Page
from reports.sentences import cause, count, due, estimates, label, lead, place_and_time, quoted, rumours
from reports.types import LEAD, Clause, ReportType, Section
from reports.wording import beijing

SURVEY = "自然灾害情况统计调查制度"
MINIMUM = f"《{SURVEY}》一（六）1（1）"

CLAUSES = (
    Clause(
        "report.stat-initial",
        SURVEY,
        "一（六）1（1）初报指标",
        "初报至少报灾害种类、发生时间、受灾人口、死亡失踪、紧急转移安置和需紧急生活救助人口",
        date(2024, 1, 1),
        date(2027, 4, 1),
        "公开的扫描识别件；施行日未见，按2024年起计，有效期至2027年3月",
    ),
)

SECTIONS = (
    LEAD,
    Section("hazard", "灾害种类", "灾害种类和发生时间", MINIMUM, True),
    Section("occurred", "发生时间", "", MINIMUM, True),
    Section("affected", "受灾人口", "人员受灾和伤亡情况", MINIMUM, True, True),
    Section("dead_missing", "因灾死亡失踪人口", "", MINIMUM, True, True),
    Section("hurt", "受伤和被困人员", "", "", False, True),
    Section("relocated", "紧急转移安置人口", "转移安置和救助需求", MINIMUM, True, True),
    Section("urgent_aid", "需紧急生活救助人口", "", MINIMUM, True, True),
    Section("course", "灾害过程和背景", "灾害过程和背景", "", False, retell="灾害的过程：按时间先后，哪里出现了什么情况，雨情水情怎样"),
    Section("losses", "损失情况", "房屋和其他损失", "", False, True),
    Section("measures", "救灾措施和需求", "已采取的救灾措施", "", False, retell="已经采取的措施：谁派出了多少力量、做了什么、做到哪一步"),
    Section("other", "其他情况", "其他情况", "", False, True),
)


def event(page: Page) -> str:
    """洪涝灾害, 地震灾害: the hazard's name as the statistics use it."""
    return page.hazard if page.hazard.endswith("灾害") else f"{page.hazard}灾害"


def subject(page: Page) -> str:
    """The incident's name as a disaster."""
    name = page.incident.title
    return name if name.endswith(("灾害", "灾情")) else f"{name}灾情"


def recipients(page: Page) -> tuple[str, ...]:
    """City to province in every case (统计调查制度); own government at once (自然灾害救助条例 art. 16)."""
    return tuple(body for body in (page.own_government, page.province) if body)


def gradings(page: Page) -> tuple[Grading, ...]:
    """A disaster has no grade of its own here; only levels of this city's own plan."""
    return page.local_levels


def write(page: Page) -> None:
    """The six minimum fields first, each given or marked, then course, losses and measures."""
    lead(page, event=event(page))
    page.say("hazard", f"灾害种类：{event(page)}。", [page.incident.id, *(item.id for item in page.said("trigger")[:1])])
    place_and_time(page, "occurred")
    count(page, "affected", "affected")
    count(page, "dead_missing", "dead", name="因灾死亡人口")
    count(page, "dead_missing", "missing", name="因灾失踪人口")
    for type_ in ("seriously_injured", "injured", "trapped", "rescued"):
        if type_ in page.counted:
            count(page, "hurt", type_)
    count(page, "relocated", "relocated", name="紧急转移安置人口")
    for part in ("relocated_central", "relocated_dispersed"):
        if part in page.counted:
            count(page, "relocated", part)
    if "evacuated" in page.counted:
        count(page, "relocated", "evacuated", name="紧急避险转移人口")
    count(page, "urgent_aid", "urgent_aid", name="需紧急生活救助人口")
    quoted(page, "measures", ("measure",), gap="已采取救灾措施的具体情况", weightiest=2)
    quoted(page, "course", ("scene", "trigger"), gap="灾害过程和气象、水文等背景情况", most=4)
    cause(page, "course")
    losses = [type_ for type_ in ("homes_collapsed", "homes_damaged", "crops_hectares", "vehicles", "water_depth") if type_ in page.counted]
    for type_ in losses:
        count(page, "losses", type_)
    count(page, "losses", "direct_loss")
    estimates(page, "losses")
    response(page)
    due(page, "other")
    rumours(page, "other")
    page.say(
        "other",
        f"以上为截至{beijing(page.as_of)}掌握的情况，依据{page.clause('report.stat-initial').cited()}填报，未报数字核定后续报。",
        [page.incident.id, *page.law("report.stat-initial")],
        "rule",
    )
    label(page, "other")


def response(page: Page) -> None:
    """Only this city's own thresholds may speak; while they are not loaded the report says so and nothing more."""
    reached = [item for item in page.local_levels if item.level]
    for item in reached:
        page.say(
            "other", f"救助应急响应：按{item.clause}，现有数字达到{item.level}启动条件，是否启动由有权机关决定。", [item.scheme], "rule"
        )
    if not page.local_levels:
        text = f"救助应急响应级别：待核（{page.settings.city_name}启动条件未录入系统，请依本市预案研判）。"
        page.say("other", text, [page.incident.id], "missing")


TYPE = ReportType(
    "disaster_initial", "自然灾害初报", "初报", ("natural_disaster",), SECTIONS, CLAUSES, subject, recipients, gradings, write
)

"""值班日报: one day of the desk, every incident open or changed on it. Figures stand incident by incident and are never added up.

No official layout for it was found; the sections are general duty practice and wait for the bureau's own form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from models.domain import IMPACT_TYPES, TOLD, Deadline, Grading, Incident, ReportState
from models.hazards import hazards
from models.rules import deadlines, earliest, followups
from reports.page import Page, believable
from reports.progress import name, went_out
from reports.sentences import label
from reports.subject import part
from reports.types import LEAD, ReportType, Section
from reports.wording import EXERCISE_LINE, beijing, clock, day, figure, pith

PRACTICE = "值班日报惯例（未见规定版式，待本局确定）"

LONGEST_WARNING = 60
"""Characters of a warning that are quoted."""

SECTIONS = (
    LEAD,
    Section("overview", "总体情况", "总体情况", PRACTICE, True, True),
    Section("incidents", "突发事件情况", "突发事件情况", PRACTICE, True, True),
    Section("warnings", "预警信息", "预警信息", PRACTICE, True, True),
    Section("waiting", "待处置信息", "待处置信息", PRACTICE, True, True),
    Section("handover", "值班交接和次日关注", "值班交接和次日关注", PRACTICE, True, True),
    Section("other", "其他情况", "其他情况", "", False, True),
)


def subject(page: Page) -> str:
    """2026年7月18日值班情况."""
    return page.incident.title


def recipients(page: Page) -> tuple[str, ...]:
    """The government this bureau belongs to."""
    return (page.own_government,)


def gradings(page: Page) -> tuple[Grading, ...]:
    """None: a day has no grade."""
    return ()


def write(page: Page) -> None:
    """Counts, then one paragraph for each incident, then what waits and what goes on."""
    if page.incident.mode == "exercise":
        page.say("lead", EXERCISE_LINE, kind="fixed")
    page.say("lead", f"现将{page.incident.title}报告如下，所列情况截至{beijing(page.as_of)}。", [page.incident.id])
    overview(page)
    pages = [Page(part(page.dossier, incident), page.kind, page.settings, page.at) for incident in page.dossier.incidents]
    for one in pages:
        paragraph(page, one)
    if not pages:
        page.say("incidents", f"系统未收到{day(page.on)}的突发事件信息。", [page.incident.id])
    warnings(page)
    waiting(page)
    handover(page, pages)
    label(page, "other")


def overview(page: Page) -> None:
    """How many incidents of each hazard, how many still open, how many reported."""
    found = page.dossier.incidents
    ids = [page.incident.id, *(one.id for one in found)]
    if not found:
        page.say("overview", f"系统中{day(page.on)}没有在处置的突发事件，也没有新接报的突发事件。", ids)
        return
    kinds = "、".join(f"{hazards()[code].name}{count}起" for code, count in Counter(one.hazard for one in found).most_common())
    page.say("overview", f"当日在处置或有新情况的突发事件{len(found)}起：{kinds}。", ids)
    states = [("处置中", sum(one.status == "open" for one in found)), ("已结束", sum(one.status == "closed" for one in found))]
    page.say("overview", f"按状态：{_counts(states)}。", ids)
    told = {state.report.incident for state in page.dossier.reports if went_out(state) and state.report.stage in TOLD}
    reported = sum(one.id in told for one in found)
    page.say("overview", f"按报告：{_counts([('已签发报告', reported), ('尚无已签发报告', len(found) - reported)])}。", ids)
    page.say("overview", "人员和损失数字按事件分列，不同事件、不同来源的数字没有相加。", ids, "rule")


def _counts(pairs: Iterable[tuple[str, int]]) -> str:
    return "、".join(f"{words}{count}起" for words, count in pairs if count)


def paragraph(page: Page, one: Page) -> None:
    """One incident in one paragraph: what, when, where, figures, whether it was reported, what is due next."""
    incident = one.incident
    heard = f"{clock(incident.first_evidence_at, page.incident.started_at)}接报"
    began = clock(incident.started_at, page.incident.started_at)
    when = f"{heard}，事发时间待核" if incident.started_at_assumed else f"{began}发生，{heard}"
    where = f"地点{one.place}" if one.place else "地点待核"
    known = [impact for impact in one.counted.values() if impact.best is not None]
    figures = "、".join(told_figure(one, type_) for type_ in one.counted if one.counted[type_].best is not None) or "人员伤亡情况暂无，待核"
    vague = "、".join(name(type_) for type_, impact in one.counted.items() if impact.best is None)
    figures += f"；{vague}有反映但数目未定，待核" if vague else ""
    told = [state for state in one.dossier.reports if state.report.stage in TOLD]
    standing = standing_of(told, page.incident.started_at)
    due = next_duty(one, told)
    ids = [incident.id, *(id for impact in known for id in one.behind(impact)[2])]
    ids += [item.statement for impact in known for item in impact.conflicts if believable(item, one.dossier)]
    ids += [state.report.id for state in told]
    state = "处置中" if incident.status == "open" else "已结束处置"
    text = f"{incident.title}：{when}，{where}；{figures}；{state}，{standing}"
    if due:
        noted = due.model_copy(update={"id": f"{incident.id}/{due.id}"})
        page.noted.append(noted)
        ids.append(noted.id)
        past = "，已过时限" if due.due_at < page.at else ""
        text += f"；下一时限：{clock(due.due_at, page.incident.started_at)}前（{due.recipient}，{due.clause}）{past}"
    page.say("incidents", f"{text}。", ids)


def told_figure(one: Page, type_: str) -> str:
    """死亡2人（待核；12345热线另称3人）: the believed figure, and beside it what others say."""
    impact = one.counted[type_]
    assert impact.best is not None
    others: dict[str, set[float]] = {}
    for item in impact.conflicts:
        if item.value != impact.best and believable(item, one.dossier):
            others.setdefault(item.source_title or "另有来源", set()).add(item.value)
    also = [f"{who}另称{'、'.join(figure(value) for value in sorted(values))}{impact.unit}" for who, values in sorted(others.items())]
    remarks = "；".join([*([] if impact.confirmed else ["待核"]), *also])
    return f"{IMPACT_TYPES[type_][0]}{figure(impact.best)}{impact.unit}{f'（{remarks}）' if remarks else ''}"


def standing_of(told: list[ReportState], beside: datetime) -> str:
    """What went out about it, and what is on the table; times as seen from the day of `beside`."""
    signed = [state for state in told if went_out(state)]
    if signed:
        last = max(signed, key=lambda state: state.decisions[-1].at)
        return f"{last.report.stage}已于{clock(last.decisions[-1].at, beside)}签发"
    return f"{told[-1].report.stage}尚未签发" if told else "尚未起草报告"


def next_duty(one: Page, told: list[ReportState]) -> Deadline | None:
    """The duty that is due first: of the first report, or, once that is out, the next one still to come."""
    impacts = tuple(one.dossier.impacts)
    signed = [state for state in told if went_out(state)]
    if one.incident.status == "closed":
        return None
    if not signed:
        return earliest(deadlines(one.incident, impacts))
    last = max(state.decisions[-1].at for state in signed)
    due = followups(one.incident, impacts, marks={"last_report": last})
    return earliest([item for item in due if item.due_at > last])


def warnings(page: Page) -> None:
    """Each warning received on the day in its own words. Whether one still holds is not known here, and said so."""
    found = sorted((item for item in page.dossier.evidence if item.source_kind == "warning"), key=page.heard)
    usable = [item for item in found if item.duplicate_of is None and item.mode == page.incident.mode]
    for item in usable:
        words = item.title or pith(item.text)
        words = words if len(words) <= LONGEST_WARNING else words[:LONGEST_WARNING]
        text = f"{clock(page.heard(item), page.incident.started_at)}，{item.source_title}：“{words}”，现在是否仍然有效待核。"
        page.say("warnings", text, [item.id])
    if not usable:
        page.say("warnings", "系统当日未收到预警信息，有无预警待核。", [page.incident.id], "missing")


def waiting(page: Page) -> None:
    """How many messages nobody has taken in yet, as it stood when this was drafted."""
    count = page.dossier.waiting
    if count:
        page.say("waiting", f"截至{beijing(page.at)}，有{count}条信息等待人工处置。", [page.incident.id], "rule")
    else:
        page.say("waiting", f"截至{beijing(page.at)}，没有等待人工处置的信息。", [page.incident.id], "rule")


def handover(page: Page, pages: list[Page]) -> None:
    """What goes on is named; what the shift itself must add is marked."""
    going: list[Incident] = [one.incident for one in pages if one.incident.status == "open"]
    if going:
        page.say("handover", f"继续跟踪：{'；'.join(one.title for one in going)}。", [one.id for one in going], "rule")
    page.say("handover", "值班交接事项：暂无，待核。", kind="missing")
    page.say("handover", "次日关注：暂无，待核。", kind="missing")


TYPE = ReportType("daily", "值班日报", "日报", (), SECTIONS, (), subject, recipients, gradings, write)

"""The initial report, by rules, from one dossier: complete the moment the button is pressed, and never waiting for anyone."""

from __future__ import annotations

from datetime import datetime

from models.domain import Dossier, Report, digest
from models.errors import BadInput
from models.settings import Settings
from reports.page import Page
from reports.progress import went_out
from reports.subject import is_day
from reports.types import report_type as type_named
from reports.types import type_for
from reports.wording import EXERCISE_MARK


def ordinal(number: int) -> str:
    """一, 二 … 十, 十一 …, 九十九: as a 续报 is numbered."""
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return (digits[tens] if tens > 1 else "") + ("十" if tens else "") + (digits[ones] if ones or not tens else "")


def draft(dossier: Dossier, *, report_type: str | None = None, by: str, at: datetime, settings: Settings) -> Report:
    """The report as rules write it, dated `at`, asked for by account `by`. Figures are the believed ones of the dossier and nothing else.

    Raises NotFound for an unknown type and BadInput for an incident without evidence: a report nobody told us about has no ground. A day on which
    nothing came in is reported as such.
    """
    about_day = is_day(dossier.incident.id)
    if not dossier.evidence and not about_day:
        raise BadInput(f"事件 {dossier.incident.id} 没有任何信息来源，不能起草报告；请先接收或归并信息")
    incident = dossier.incident
    kind = type_named(report_type or "daily") if about_day or report_type else type_for(incident.event_type)
    if (kind.stage == "日报") != about_day:
        raise BadInput(f"{kind.title}不能用于 {incident.id}：日报以一天为对象（如 day-2026-07-18），其余报告以一起事件为对象。")
    page = Page(dossier, kind, settings, at)
    kind.write(page)
    order = [section.key for section in kind.sections]
    earlier = [state.report for state in dossier.reports if state.report.stage == kind.stage]
    number = 1 + (
        sum(went_out(state) for state in dossier.reports if state.report.stage == kind.stage) if kind.stage == "续报" else len(earlier)
    )
    mark = EXERCISE_MARK if incident.mode == "exercise" else ""
    return Report(
        id="rp-" + digest([incident.id, kind.name, len(earlier), by, at])[:32],
        type=kind.name,
        incident=incident.id,
        mode=incident.mode,
        stage=kind.stage,
        number=number,
        title=f"{mark}关于{kind.subject(page)}的{kind.stage}{ordinal(number) if kind.stage == '续报' else ''}",
        issuer=settings.bureau,
        recipients=kind.recipients(page),
        claims=tuple(sorted(page.claims, key=lambda claim: order.index(claim.section))),
        gradings=kind.gradings(page),
        deadlines=page.clocks,
        data_as_of=page.as_of,
        created_at=at,
        drafted_by=by,
        supersedes=page.followed.id if page.followed else earlier[-1].id if earlier else None,
    )

"""The initial report, by rules, from one dossier: complete the moment the button is pressed, and never waiting for anyone."""

from __future__ import annotations

from datetime import datetime

from models.domain import Dossier, Report, digest
from models.errors import BadInput
from models.settings import Settings
from reports.page import Page
from reports.types import report_type as type_named
from reports.types import type_for
from reports.wording import EXERCISE_MARK


def draft(dossier: Dossier, *, report_type: str | None = None, by: str, at: datetime, settings: Settings) -> Report:
    """The report as rules write it, dated `at`, asked for by account `by`. Figures are the believed ones of the dossier and nothing else.

    Raises NotFound for an unknown type and BadInput for a dossier without evidence: a report nobody told us about has no ground.
    """
    if not dossier.evidence:
        raise BadInput(f"事件 {dossier.incident.id} 没有任何信息来源，不能起草报告；请先接收或归并信息")
    incident = dossier.incident
    kind = type_named(report_type) if report_type else type_for(incident.event_type)
    page = Page(dossier, kind, settings, at)
    kind.write(page)
    order = [section.key for section in kind.sections]
    earlier = [state.report for state in dossier.reports if state.report.stage == kind.stage]
    mark = EXERCISE_MARK if incident.mode == "exercise" else ""
    return Report(
        id="rp-" + digest([incident.id, kind.name, len(earlier), by, at])[:32],
        type=kind.name,
        incident=incident.id,
        mode=incident.mode,
        stage=kind.stage,
        number=len(earlier) + 1,
        title=f"{mark}关于{kind.subject(page)}的{kind.stage}",
        issuer=settings.bureau,
        recipients=kind.recipients(page),
        claims=tuple(sorted(page.claims, key=lambda claim: order.index(claim.section))),
        gradings=kind.gradings(page),
        deadlines=page.clocks,
        data_as_of=page.as_of,
        created_at=at,
        drafted_by=by,
        supersedes=earlier[-1].id if earlier else None,
    )

"""What changed since the report before, figure by figure, read from the text that was signed: what went out is what people acted on.

A figure is never dropped in silence: one that was reported and is no longer believed is named as such, and one that did not change is not told as new.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from models.domain import IMPACT_TYPES, Report, ReportState
from models.errors import Refused
from reports.page import Page
from reports.wording import UNCHECKED, arabic, clock, figure

NAMES = {
    "dead": ("死亡", "因灾死亡人口"),
    "missing": ("失踪（失联）", "失踪（下落不明）", "因灾失踪人口"),
    "relocated": ("紧急转移安置", "紧急转移安置人口"),
    "evacuated": ("紧急避险转移", "紧急避险转移人口"),
    "urgent_aid": ("需紧急生活救助", "需紧急生活救助人口"),
    "direct_loss": ("直接经济损失", "初步估计的直接经济损失"),
}
"""How reports name a figure, where it is not only the name of its type."""

_FIGURE = {
    type_: re.compile(rf"^(?:{'|'.join(re.escape(one) for one in NAMES.get(type_, (name,)))})(?:人数)?：(?P<value>\d[\d.]*){unit}")
    for type_, (name, unit) in IMPACT_TYPES.items()
}
_OPEN = {
    type_: re.compile(rf"^(?:{'|'.join(re.escape(one) for one in NAMES.get(type_, (name,)))})(?:人数)?：(?:暂无|有反映)")
    for type_, (name, _) in IMPACT_TYPES.items()
}


@dataclass(frozen=True)
class Change:
    """One figure then and now. `before` and `now` are null while a figure was, or is, not known."""

    type: str
    before: float | None
    now: float | None
    reported: bool
    """Whether the report before spoke of it at all, if only as not known."""

    @property
    def changed(self) -> bool:
        """Whether there is something to tell."""
        return self.before != self.now


def base_of(page: Page) -> Report:
    """The report this one follows: the newest that stands signed. Refused when none does, since nothing went out yet."""
    signed = [state for state in page.dossier.reports if went_out(state) and state.report.stage in ("初报", "续报")]
    if not signed:
        raise Refused("本事件还没有已签发的报告，不能起草续报或终报；请先签发初报。")
    return max(signed, key=lambda state: state.decisions[-1].at).report


def went_out(state: ReportState) -> bool:
    """Whether this report stands signed."""
    return state.status == "signed" and bool(state.decisions)


def figures_in(report: Report) -> dict[str, float | None]:
    """The figures a report gave, by impact type: null where it said that there is none yet. Sentences a person reworded are read alike."""
    given: dict[str, float | None] = {}
    for claim in report.claims:
        if claim.kind not in ("fact", "missing", "rule"):
            continue
        text = arabic(claim.text)
        for type_ in IMPACT_TYPES:
            if found := _FIGURE[type_].match(text):
                given[type_] = float(found["value"].rstrip("."))
            elif _OPEN[type_].match(text):
                given.setdefault(type_, None)
    return given


def changes(page: Page, base: Report) -> list[Change]:
    """Every figure of the report before and of the dossier now, in the order of `IMPACT_TYPES`."""
    before = figures_in(base)
    now = {type_: impact.best for type_, impact in page.counted.items()}
    return [Change(type_, before.get(type_), now.get(type_), type_ in before) for type_ in IMPACT_TYPES if type_ in before or type_ in now]


def tell_changes(page: Page, section: str, base: Report) -> None:
    """One sentence for each figure that changed, then one that names those that did not."""
    found = changes(page, base)
    last = f"上报（{clock(base.data_as_of, page.at)}）"
    for change in found:
        if change.changed:
            _tell(page, section, change, last, base)
    same = [change for change in found if not change.changed and change.now is not None]
    if same:
        ids = [one for change in same for one in page.behind(page.counted[change.type])[2]]
        told = "、".join(f"{name(change.type)}{figure(change.now or 0)}{IMPACT_TYPES[change.type][1]}" for change in same)
        page.say(section, f"与上报一致：{told}。", [page.incident.id, base.id, *ids])
    if not any(change.changed for change in found):
        page.say(section, f"截至{clock(page.as_of, page.at)}，各项数字与上报相比无变化。", [page.incident.id, base.id])


def name(type_: str) -> str:
    """The figure's name, without its explanation in brackets."""
    return IMPACT_TYPES[type_][0].partition("（")[0]


def _tell(page: Page, section: str, change: Change, last: str, base: Report) -> None:
    """One change in words, citing what stands behind the new figure."""
    unit = IMPACT_TYPES[change.type][1]
    if change.now is None:
        page.say(
            section, f"{name(change.type)}：{last}为{figure(change.before or 0)}{unit}，原说法已更正或撤回，现待核。", [base.id], "missing"
        )
        return
    impact = page.counted[change.type]
    title, at, ids = page.behind(impact)
    by = f"（{title}{clock(at, page.incident.started_at) if at else ''}）" if title else ""
    checked = "" if impact.confirmed else UNCHECKED
    now = f"{figure(change.now)}{unit}"
    if change.before is None:
        was = f"{last}为待核，" if change.reported else f"{last}未列，"
        page.say(section, f"{name(change.type)}：{was}现为{now}{checked}{by}。", [page.incident.id, base.id, *ids])
        return
    way, much = ("增加", change.now - change.before) if change.now > change.before else ("减少", change.before - change.now)
    text = f"{name(change.type)}：由{last}{figure(change.before)}{unit}变为{now}，{way}{figure(much)}{unit}{checked}{by}。"
    page.say(section, text, [page.incident.id, base.id, *ids])

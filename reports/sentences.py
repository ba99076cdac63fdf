"""Sentences every initial report shares. Each says only what its citations hold; what is not known is said to be not known.

先报后核: nothing here waits for a figure, a name or a cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from models.domain import IMPACT_TYPES, Conflict, Impact, Statement
from reports.page import TRUSTED, Page, believable
from reports.wording import CAUSE_PENDING, ESTIMATE_MARK, EXERCISE_LINE, RULES_LABEL, UNCHECKED, because, beijing, clock, figure

QUOTED_AT_MOST = 6
"""Most sayings quoted in one section: a report is read at three in the morning."""

LEAD_TYPES = ("dead", "missing", "seriously_injured", "injured", "trapped", "rescued", "evacuated", "relocated")
"""Figures that belong in the first paragraph when known."""


def lead(page: Page, *, event: str) -> None:
    """When, where, what; casualties; who told us. `event` is what happened, such as 火灾 or 洪涝灾害."""
    incident = page.incident
    if incident.mode == "exercise":
        page.say("lead", EXERCISE_LINE, kind="fixed")
    opening = [item.id for prop in ("occurred_at", "place", "trigger") for item in page.said(prop)[:1]]
    heard = [item for item in page.dossier.evidence if item.id not in page.set_aside]
    first = min(heard, key=lambda item: (page.heard(item), item.id), default=None)
    where = f"{page.place}发生{event}" if page.place else f"发生{event}，地点待核"
    text = f"{beijing(incident.first_evidence_at)}接报，{where}，事发时间待核。" if incident.started_at_assumed else f"{beijing(incident.started_at)}，{where}。"
    page.say("lead", text, [incident.id, *opening, first.id if first else ""])
    known = [page.counted[type_] for type_ in LEAD_TYPES if type_ in page.counted and page.counted[type_].best is not None]
    if known:
        ids = [one for impact in known for one in page.behind(impact)[2]]
        text = f"截至{beijing(page.as_of)}，{'、'.join(page.amount(impact) for impact in known)}。"
        page.say("lead", text, [incident.id, *ids])
    else:
        page.say("lead", "人员伤亡情况暂无，待核。", [incident.id], "missing")
    sources: dict[str, str] = {}
    for item in sorted(heard, key=lambda one: (page.heard(one), one.id)):
        sources.setdefault(item.source_title, item.id)
    if sources:
        told = "、".join(f"{title}（{clock(page.heard(page.evidence[id]), incident.started_at)}）" for title, id in list(sources.items())[:4])
        page.say("lead", f"信息来源：{told}。", sources.values())


def place_and_time(page: Page, section: str) -> None:
    """The moment and the spot, with how they are known."""
    incident = page.incident
    told = page.said("occurred_at")
    if incident.started_at_assumed:
        page.say(section, f"发生时间：待核，最早信息为{beijing(incident.first_evidence_at)}接报。", [incident.id], "missing")
    else:
        by = f"（{page.evidence[told[0].evidence].source_title}称“{told[0].quote}”）" if told else ""
        page.say(section, f"发生时间：{beijing(incident.started_at)}{by}。", [incident.id, *(item.id for item in told[:1])])
    if page.place:
        vague = "，具体位置待核" if incident.place.precision in ("district", "city", "unknown") else ""
        page.say(section, f"发生地点：{page.place}{vague}。", [incident.id, *(item.id for item in page.said("place")[:3])])
    else:
        page.say(section, "发生地点：待核。", [incident.id], "missing")


def quoted(page: Page, section: str, props: Sequence[str], *, gap: str, leave: Iterable[str] = ()) -> tuple[str, ...]:
    """Sayings in order of time, each in its own words; returns the ids quoted. `gap` is written when there are none."""
    left = set(leave)
    found = [item for prop in props for item in page.said(prop) if item.id not in left]
    chosen = _telling(page, found)
    if not chosen:
        page.say(section, f"{gap}暂无，待核。", kind="missing")
    for item in chosen:
        source = page.evidence[item.evidence]
        unchecked = "" if source.reliability in TRUSTED else UNCHECKED
        text = f"{clock(page.heard(item), page.incident.started_at)}，{source.source_title}反映：“{item.quote}”{unchecked}。"
        page.say(section, text, [item.id, source.id])
    return tuple(item.id for item in chosen)


def _telling(page: Page, found: Sequence[Statement]) -> list[Statement]:
    """The first saying and the most reliable others, at most `QUOTED_AT_MOST`, none holding another's words."""
    order = sorted(found, key=lambda item: (page.heard(item), item.id))
    ranked = order[:1] + sorted(order[1:], key=lambda item: (page.evidence[item.evidence].reliability, page.heard(item), item.id))
    chosen: list[Statement] = []
    for item in ranked:
        if len(chosen) < QUOTED_AT_MOST and not any(item.quote in other.quote or other.quote in item.quote for other in chosen):
            chosen.append(item)
    return sorted(chosen, key=lambda item: (page.heard(item), item.id))


def count(page: Page, section: str, type_: str, *, name: str = "") -> None:
    """One figure with who gave it and, when others disagree, every other figure and the rule that chose."""
    impact = page.counted.get(type_)
    name = name or IMPACT_TYPES[type_][0]
    if impact is None or (impact.best is None and not impact.statements):
        page.say(section, f"{name}：暂无，待核。", kind="missing")
        return
    title, at, ids = page.behind(impact)
    by = f"{title}{clock(at, page.incident.started_at)}" if title and at else title
    if impact.best is None:
        told = _differing(page, impact)
        seen = f"，{'，'.join(_said(page, item.source_title, item.value, impact.unit, item.at) for item in told)}" if told else ""
        page.say(section, f"{name}：有反映但数目未定，待核{seen or (f'（{by}）' if by else '')}。", [*ids, *(item.statement for item in told)], "missing")
        return
    remarks = "；".join(part for part in ("" if impact.confirmed else "待核", by) if part)
    page.say(section, f"{name}：{figure(impact.best)}{impact.unit}{f'（{remarks}）' if remarks else ''}。", ids)
    disagreement(page, section, impact, name)


def disagreement(page: Page, section: str, impact: Impact, name: str) -> None:
    """Figures that differ are shown side by side with the rule that picked one; they are never averaged or added up."""
    others = _differing(page, impact)
    if not others or impact.best is None:
        return
    title, at, ids = page.behind(impact)
    lines = [_said(page, item.source_title, item.value, impact.unit, item.at) for item in others]
    lines.append(_said(page, title, impact.best, impact.unit, at))
    why = "；".join(because(impact.rule))
    of = name if impact.unit != "人" or name.endswith(("人口", "人数")) else f"{name}人数"
    text = f"{of}各方说法不一：{'，'.join(lines)}，本报采用{figure(impact.best)}{impact.unit}{f'：{why}' if why else ''}。"
    page.say(section, text, [*ids, *(item.statement for item in others)])


def _differing(page: Page, impact: Impact) -> list[Conflict]:
    """Other figures someone believable gave, each source and figure once, oldest first."""
    differing = {(item.source_title, item.value): item for item in impact.conflicts if item.value != impact.best and believable(item, page.dossier)}
    return sorted(differing.values(), key=lambda item: (item.at is None, item.at, item.statement))


def _said(page: Page, who: str, value: float, unit: str, when: datetime | None) -> str:
    return f"{who or '来源不明'}称{figure(value)}{unit}{f'（{clock(when, page.incident.started_at)}）' if when else ''}"


def estimates(page: Page, section: str, types: Sequence[str] = ()) -> None:
    """Worked-out figures, each opening with the label that it is not a count."""
    for type_, impact in page.estimated.items():
        if impact.best is None or (types and type_ not in types):
            continue
        span = "" if impact.low is None or impact.high is None else f"（区间{figure(impact.low)}至{figure(impact.high)}{impact.unit}）"
        how = "".join(f"，{part}" for part in because(impact.rule))
        text = f"{ESTIMATE_MARK}{IMPACT_TYPES[type_][0]}估计约{figure(impact.best)}{impact.unit}{span}{how}。"
        page.say(section, text, [impact.id, *impact.statements], "estimate")


def cause(page: Page, section: str) -> None:
    """Never a finding: what is said of the cause is quoted as first words, and the cause stays open."""
    for item in page.said("cause")[:2]:
        source = page.evidence[item.evidence]
        page.say(section, f"关于原因，{source.source_title}初步反映：“{item.quote}”，未经调查认定。", [item.id, source.id])
    page.say(section, CAUSE_PENDING, kind="missing")


def rumours(page: Page, section: str) -> None:
    """That there is a rumour is told without repeating it; an authority's denial may be quoted."""
    denials = [item for item in page.rumours if item.evidence in page.evidence and page.evidence[item.evidence].reliability in TRUSTED]
    others = [item for item in page.rumours if item not in denials and item.evidence in page.evidence]
    for item in denials[:2]:
        source = page.evidence[item.evidence]
        page.say(section, f"网传信息已由{source.source_title}澄清：“{item.quote}”。", [item.id, source.id])
    if others:
        page.say(section, "另有未经证实的传言，本报未采信。", [one for item in others for one in (item.id, item.evidence)])


def due(page: Page, section: str) -> None:
    """The earliest duty to report of each regime, with its clause. A clause nobody has seen is not printed as law."""
    shown: set[str] = set()
    for item in page.clocks:
        if item.verified and not item.if_judged and item.regime not in shown:
            shown.add(item.regime)
            at_once = item.due_at <= item.starts_at
            by = "立即" if at_once else f"{beijing(item.due_at)}前"
            page.say(section, f"报送时限（{item.regime}）：{by}报{item.recipient}（{item.clause}）。", [item.id], "rule")


def label(page: Page, section: str) -> None:
    """The visible line that a machine helped, and that a person must sign."""
    page.say(section, RULES_LABEL, kind="fixed")

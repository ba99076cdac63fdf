"""Sentences every initial report shares. Each says only what its citations hold; what is not known is said to be not known.

先报后核: nothing here waits for a figure, a name or a cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.domain import IMPACT_TYPES, Impact, Statement
from reports.page import TRUSTED, Page
from reports.wording import CAUSE_PENDING, ESTIMATE_MARK, EXERCISE_LINE, RULES_LABEL, UNCHECKED, beijing, clock, figure

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
    first = min(page.dossier.evidence, key=lambda item: (page.heard(item), item.id), default=None)
    when = (
        f"{beijing(incident.first_evidence_at)}首次接报（事发时间待核）"
        if incident.started_at_assumed
        else f"{beijing(incident.started_at)}"
    )
    where = page.place or "具体地点待核，"
    page.say("lead", f"{when}，{where}发生{event}。", [incident.id, *opening, first.id if first else ""])
    known = [page.counted[type_] for type_ in LEAD_TYPES if type_ in page.counted and page.counted[type_].best is not None]
    if known:
        ids = [one for impact in known for one in page.behind(impact)[2]]
        text = f"截至{beijing(page.as_of)}，{'、'.join(page.amount(impact) for impact in known)}。"
        page.say("lead", text, [incident.id, *ids])
    else:
        page.say("lead", "人员伤亡情况暂无，待核。", [incident.id], "missing")
    sources: dict[str, str] = {}
    for item in sorted(page.dossier.evidence, key=lambda one: (page.heard(one), one.id)):
        if item.id not in page.set_aside:
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
    if impact is None:
        page.say(section, f"{name}：暂无，待核。", kind="missing")
        return
    title, at, ids = page.behind(impact)
    by = f"{title}{clock(at, page.incident.started_at)}" if title and at else title
    if impact.best is None:
        page.say(section, f"{name}：有反映但数目不明，待核{f'（{by}）' if by else ''}。", ids, "missing")
        return
    text = f"{name}：{figure(impact.best)}{impact.unit}{'' if impact.confirmed else UNCHECKED}"
    page.say(section, f"{text}，来源：{by}。" if by else f"{text}。", ids)
    disagreement(page, section, impact, name)


def disagreement(page: Page, section: str, impact: Impact, name: str) -> None:
    """Figures that differ are shown side by side with the rule that picked one; they are never averaged or added up."""
    others = {(item.source_title, item.value): item for item in impact.conflicts if item.value != impact.best}
    if not others or impact.best is None:
        return
    title, at, ids = page.behind(impact)

    def said(who: str, value: float, when: object) -> str:
        return f"{who or '来源不明'}称{figure(value)}{impact.unit}{f'（{when}）' if when else ''}"

    beside = page.incident.started_at
    lines = [said(item.source_title, item.value, clock(item.at, beside) if item.at else "") for item in others.values()]
    lines.append(said(title, impact.best, clock(at, beside) if at else ""))
    rule = impact.rule.strip().rstrip("。")
    text = f"{name}各方说法不一：{'，'.join(lines)}，采用{figure(impact.best)}{impact.unit}{f'（{rule}）' if rule else ''}。"
    page.say(section, text, [*ids, *(item.statement for item in others.values())])


def estimates(page: Page, section: str, types: Sequence[str] = ()) -> None:
    """Worked-out figures, each opening with the label that it is not a count."""
    for type_, impact in page.estimated.items():
        if impact.best is None or (types and type_ not in types):
            continue
        span = "" if impact.low is None or impact.high is None else f"（区间{figure(impact.low)}至{figure(impact.high)}{impact.unit}）"
        how = f"，{impact.rule.strip().rstrip('。')}" if impact.rule else ""
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
    others = [item for item in page.rumours if item not in denials]
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
            by = "立即" if at_once else f"于{beijing(item.due_at)}前"
            page.say(section, f"报送时限（{item.regime}）：{item.reporter}应{by}报{item.recipient}（{item.clause}）。", [item.id], "rule")


def label(page: Page, section: str) -> None:
    """The visible line that a machine helped, and that a person must sign."""
    page.say(section, RULES_LABEL, kind="fixed")

"""Sentences every initial report shares. Each says only what its citations hold; what is not known is said to be not known.

先报后核: nothing here waits for a figure, a name or a cause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from rapidfuzz import fuzz

from models.domain import IMPACT_PARTS, IMPACT_TYPES, Conflict, Impact, Statement
from reports.page import TRUSTED, Page, believable
from reports.wording import CAUSE_PENDING, ESTIMATE_MARK, EXERCISE_LINE, RULES_LABEL, UNCHECKED, because, beijing, clock, figure, pith

SENTENCE = 6
"""Characters from which a saying tells something by itself; a report is read at three in the morning."""

ALIKE = 60
"""Likeness in per cent from which two sayings tell the same (rapidfuzz partial ratio)."""

OPEN_CAUSE = re.compile(r"原因.{0,8}(?:调查|不明|不详|待查|核查)")
"""Words that only say the cause is being looked for."""

LEAD_TYPES = (
    "dead",
    "missing",
    "seriously_injured",
    "injured",
    "trapped",
    "rescued",
    "evacuated",
    "relocated",
    "relocated_central",
    "relocated_dispersed",
)
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
    text = f"{page.started}{unsure(page)}，{where}。"
    if incident.started_at_assumed:
        text = f"{beijing(incident.first_evidence_at)}接报，{where}，事发时间待核。"
    page.say("lead", text, [incident.id, *opening, first.id if first else ""])
    known = [page.counted[type_] for type_ in LEAD_TYPES if type_ in page.counted and page.counted[type_].best is not None]
    whole = {impact.type for impact in known}
    known = [impact for impact in known if not any(impact.type in parts and name in whole for name, parts in IMPACT_PARTS.items())]
    if known:
        ids = [one for impact in known for one in page.behind(impact)[2]]
        page.say("lead", f"截至{beijing(page.as_of)}，{_figures(page, known)}。", [incident.id, *ids])
    else:
        page.say("lead", "人员伤亡情况暂无，待核。", [incident.id], "missing")
    sources: dict[str, str] = {}
    for item in sorted(heard, key=lambda one: (page.heard(one), one.id)):
        sources.setdefault(item.source_title, item.id)
    if sources:
        told = "、".join(
            f"{title}（{clock(page.heard(page.evidence[id]), incident.started_at)}）" for title, id in list(sources.items())[:4]
        )
        page.say("lead", f"信息来源：{told}。", sources.values())


def _figures(page: Page, known: Sequence[Impact]) -> str:
    """死亡1人、受伤2人（待核）；据反映无被困人员: what was counted, then what was denied."""
    some = [page.amount(impact) for impact in known if impact.best]
    none = [impact for impact in known if impact.best == 0]
    names = "、".join(IMPACT_TYPES[impact.type][0] for impact in none)
    denied = f"据反映无{names}人员{'' if all(impact.confirmed for impact in none) else UNCHECKED}" if none else ""
    return "；".join(part for part in ("、".join(some), denied) if part)


def unsure(page: Page) -> str:
    """（待核） behind the time of the event unless someone reliable gave it."""
    return "" if any(page.evidence[item.evidence].reliability in TRUSTED for item in page.said("occurred_at")) else UNCHECKED


def place_and_time(page: Page, section: str) -> None:
    """The moment and the spot, with how they are known."""
    incident = page.incident
    if incident.started_at_assumed:
        page.say(section, f"发生时间：待核，最早信息为{beijing(incident.first_evidence_at)}接报。", [incident.id], "missing")
    else:
        page.say(
            section,
            f"发生时间：{page.started}{unsure(page)}{'' if page.hour_known else '，具体时刻待核'}。",
            [incident.id, *(item.id for item in page.said("occurred_at")[:1])],
        )
    if not page.place:
        page.say(section, "发生地点：待核。", [incident.id], "missing")
        return
    told = [incident.id, *(item.id for item in page.said("place")[:1])]
    if incident.scope == "area":
        page.say(section, f"影响范围：{page.place}，具体范围待核。", told)
    else:
        vague = "，具体位置待核" if incident.place.precision in ("district", "city", "unknown") else ""
        page.say(section, f"发生地点：{page.place}{vague}。", told)


def quoted(page: Page, section: str, props: Sequence[str], *, gap: str, most: int = 3, weightiest: int = 3, newest: bool = False) -> None:
    """Up to `most` sayings not printed yet, in order of time and in their own words; `gap` is marked when there are none.

    Only sayings of at most that `weight` are taken; among them the weightiest, then the newest or the earliest.
    """
    found = [item for prop in props for item in page.said(prop) if page.weight(item) <= weightiest]
    chosen = _telling(page, found, most, newest=newest)
    if not chosen:
        page.say(section, f"{gap}暂无，待核。", kind="missing", retold=True)
    for item in chosen:
        source = page.evidence[item.evidence]
        page.printed.add(item.quote)
        unchecked = "" if source.reliability in TRUSTED else UNCHECKED
        text = f"{clock(page.heard(item), page.incident.started_at)}，{source.source_title}：“{pith(item.quote)}”{unchecked}。"
        page.say(section, text, [item.id, source.id], retold=True)


def _telling(page: Page, found: Sequence[Statement], most: int, *, newest: bool) -> list[Statement]:
    """The sayings worth reading: whole sentences before single words, the weightiest first, none holding words already printed."""
    fresh = [item for item in found if not any(item.quote in words or words in item.quote for words in page.printed)]
    long = [item for item in fresh if len(pith(item.quote)) >= SENTENCE] or fresh[:1]

    def rank(item: Statement) -> tuple[int, float, str]:
        moment = page.heard(item).timestamp()
        return page.weight(item), -moment if newest else moment, item.id

    chosen: list[Statement] = []
    for item in sorted(long, key=rank):
        if len(chosen) < most and not any(fuzz.partial_ratio(pith(item.quote), pith(other.quote)) > ALIKE for other in chosen):
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
        seen = f"，{'，'.join(_differs(page, item, impact.unit) for item in told)}" if told else ""
        page.say(
            section,
            f"{name}：有反映但数目未定，待核{seen or (f'（{by}）' if by else '')}。",
            [*ids, *(item.statement for item in told)],
            "missing",
        )
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
    lines = [_differs(page, item, impact.unit) for item in others]
    lines.append(_said(page, title, impact.best, impact.unit, at))
    why = "；".join(because(impact.rule))
    who = "各方" if len({item.source_title for item in others} | {title}) > 1 else "先后"
    of = name if impact.unit != "人" or name.endswith(("人口", "人数")) else f"{name}人数"
    text = f"{of}{who}说法不一：{'，'.join(lines)}，本报采用{figure(impact.best)}{impact.unit}{f'：{why}' if why else ''}。"
    page.say(section, text, [*ids, *(item.statement for item in others)])


def _differing(page: Page, impact: Impact) -> list[Conflict]:
    """Other figures someone believable gave, each source and figure once, oldest first."""
    differing = {
        (item.source_title, item.value): item for item in impact.conflicts if item.value != impact.best and believable(item, page.dossier)
    }
    return sorted(differing.values(), key=lambda item: (item.at is None, item.at, item.statement))


def _differs(page: Page, item: Conflict, unit: str) -> str:
    """A differing figure; 数百人 has none and stands in its own words."""
    stated = next((one for one in page.dossier.statements if one.id == item.statement), None)
    if stated is None or stated.best is not None:
        return _said(page, item.source_title, item.value, unit, item.at)
    return f"{item.source_title or '来源不明'}称“{stated.quote}”{f'（{clock(item.at, page.incident.started_at)}）' if item.at else ''}"


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
    told = [item for item in page.said("cause") if item.quote not in page.printed and not OPEN_CAUSE.search(item.quote)]
    for item in sorted(told, key=lambda one: (page.weight(one), page.heard(one), one.id))[:1]:
        source = page.evidence[item.evidence]
        page.printed.add(item.quote)
        page.say(section, f"关于原因，{source.source_title}初步反映：“{pith(item.quote)}”，未经调查认定。", [item.id, source.id])
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

"""How many people a relief plan is for: the six populations of the disaster statistics, each reported, typed, estimated or unknown, never mixed.

For one population a report's figure comes before an officer's, and that before an estimate; only a figure typed after the report was made
comes before it. Whatever is not taken stays beside what is (`Basis.others`). No population is ever worked out from another, with one exception that
is a definition: 集中 and 分散 of one and the same report make up 安置. An estimate needs a share from the planning assumptions; without one it is null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from models.assumptions import Assumptions, Share, load_assumptions
from models.domain import Conflict, EvidenceView, Impact, Statement
from models.errors import BadInput
from models.relief import BASES, GROUPS, Basis, BasisKey, Exposure, Figure, Group

Counting = Literal["current", "cumulative", "unstated"]
COUNTING_WORDS: dict[Counting, str] = {"current": "实时", "cumulative": "累计", "unstated": "未说明实时或累计"}
DEFAULT: BasisKey = "relocated"
_CUMULATIVE = re.compile(r"累计|总共|先后|共计|历次|截至目前已")
_CURRENT = re.compile(r"现有|现仍|仍有|尚有|目前仍|目前有|实时|现集中|现分散|现安置|在册|目前(?:集中|分散|安置|转移安置)")
_CLAUSE = re.compile(r"[，。；！？!?;\n]")
_DEPTH = re.compile(r"水深(?:约)?(?P<from>\d+(?:\.\d+)?)\s*(?:[–—~至-]\s*\d+(?:\.\d+)?\s*)?(?P<unit>米|厘米)(?P<tail>以下|以内)?")


def bases(
    impacts: Sequence[Impact],
    exposure: Exposure | None = None,
    typed: Mapping[BasisKey, int] | None = None,
    *,
    typed_at: datetime | None = None,
    statements: Iterable[Statement] = (),
    evidence: Iterable[EvidenceView] = (),
    assumptions: Assumptions | None = None,
) -> tuple[Basis, ...]:
    """The six populations in the order of `BASES`, one `Basis` each, with every other figure for it in `others`.

    `statements` and `evidence` of the incident let it read 实时 or 累计 off the words. `typed_at` is when an officer typed: a figure typed after the
    time of the report comes first, with the report's beside it; without it a report always does. Raises `BadInput` for a negative typed number.
    """
    said = {one.id: one for one in statements}
    texts = {one.id: one.text for one in evidence}
    by_type = {(impact.type, impact.basis): impact for impact in impacts}
    reported = {key: _reported(key, impact, said, texts) for key in BASES if (impact := by_type.get((key, "reported"))) is not None}
    if "relocated" not in reported and (whole := _both_parts(reported, said)) is not None:
        reported["relocated"] = whole
    believed = assumptions or load_assumptions()
    found = []
    for key in BASES:
        candidates = [reported[key]] if key in reported else []
        if typed is not None and key in typed:
            candidates.append(_typed(key, typed[key], typed_at))
        if (modelled := by_type.get((key, "estimated"))) is not None:
            candidates.append(_modelled(key, modelled))
        if exposure is not None:
            candidates.append(_at_least_its_parts(_estimated(key, exposure, believed), reported))
        found.append(_first(key, candidates))
    return tuple(found)


def chosen_basis(found: Sequence[Basis], hazard: str | None = None, wanted: BasisKey | None = None) -> tuple[Basis, str]:
    """The population the plan is for, and why in words. It is 紧急转移安置 for every hazard unless an officer wants another.

    It is returned also when its number is not known: another population never takes its place by itself.
    """
    by_key = {one.key: one for one in found}
    key = wanted or DEFAULT
    if key not in by_key:
        raise BadInput(f"口径 {key} 不认识，应为 {'、'.join(BASES)} 之一。")
    basis = by_key[key]
    why = (
        f"由工作人员选定：{BASES[key]}"
        if wanted
        else f"默认口径：{BASES[key]}，即不能在现有住房居住、需政府转移安置并给予临时生活救助的人（《自然灾害情况统计调查制度》）"
    )
    if basis.people is None:
        known = "、".join(BASES[one.key] for one in found if one.people is not None)
        why += f"；人数未报告也无法估算，请填写，或改选口径（现有数字：{known or '无'}）。各口径不能互相代替"
    elif basis.origin == "estimated":
        why += "；数字为估算，未经核实"
    elif basis.counting == "cumulative":
        why += "；所用为累计数，可能多于现在需要救助的人数"
    return basis, why + "。"


def groups_of(people: int, exposure: Exposure) -> tuple[dict[Group, int], str]:
    """How many of `people` are children, elderly and so on, if they are made up as the people in the footprint are; and that assumption in words.

    Rounded to whole people, upward. A group the survey does not give is absent.
    """
    everybody = exposure.people.get("all")
    if everybody is None or not everybody.best:
        return {}, "调查没有范围内总人口，无法推算各人群人数。"
    groups: dict[Group, int] = {
        group: min(people, -int(-people * figure.best // everybody.best)) for group, figure in exposure.people.items() if group != "all"
    }
    missing = [name for group, name in GROUPS.items() if group != "all" and group not in groups]
    lacking = f"；调查未给出{'、'.join(missing)}，不能按0计" if missing else ""
    return groups, f"估算（未核实）：假定其中各人群的比例与影响范围内总人口相同{lacking}。"


def _first(key: BasisKey, candidates: Sequence[Basis]) -> Basis:
    """The figure that counts among those known, the others beside it."""
    known = [one for one in candidates if one.people is not None]
    if not known:
        first = candidates[0] if candidates else Basis(key=key, people=None, origin="unknown", why="没有报告数字，也没有可供估算的影响范围")
        return first.model_copy(update={"others": (*first.others, *candidates[1:])})
    taken, why = known[0], ""
    officer = next((one for one in known if one.origin == "typed"), None)
    if taken.origin == "reported" and officer is not None:
        if taken.as_of and officer.as_of and officer.as_of > taken.as_of:
            taken, why = officer, "；填写晚于报告，先于报告数字"
        else:
            why = "；报告数字先于工作人员填写的数字"
    others = (*taken.others, *(one for one in candidates if one is not taken))
    return taken.model_copy(update={"why": taken.why + why, "others": others})


def _reported(key: BasisKey, impact: Impact, said: Mapping[str, Statement], texts: Mapping[str, str]) -> Basis:
    """What the evidence says: the believed figure, and each other figure beside it. Of one report's running total and its present number, relief
    goes by the present one."""
    chosen = next((said[one] for one in impact.statements if one in said), None)
    others = [_other(key, conflict, said.get(conflict.statement), texts) for conflict in impact.conflicts]
    figure, doubt = _figure(impact.low, impact.best, impact.high)
    counting = _counting(chosen, texts) if chosen else "unstated"
    why = "；".join(
        part for part in (impact.rule.rstrip("。"), doubt, "" if impact.confirmed else "待核", COUNTING_WORDS[counting]) if part
    )
    believed = Basis(
        key=key,
        people=figure,
        counting=counting,
        origin="reported",
        citations=(impact.id, *impact.statements),
        why=why,
        as_of=impact.as_of,
    )
    present = next(
        (
            other
            for other in others
            if chosen and counting == "cumulative" and other.counting == "current" and said[other.citations[0]].evidence == chosen.evidence
        ),
        None,
    )
    if present is None:
        return believed.model_copy(update={"others": tuple(others)})
    now = {"why": "同一份报告既有累计数也有实时数，救助按实时数", "as_of": impact.as_of, "citations": (impact.id, *present.citations)}
    return present.model_copy(update=now | {"others": (believed, *(one for one in others if one is not present))})


def _other(key: BasisKey, conflict: Conflict, one: Statement | None, texts: Mapping[str, str]) -> Basis:
    """A figure that differs from the believed one."""
    figure = _figure(one.low, one.best, one.high)[0] if one else Figure(low=conflict.value, best=conflict.value, high=conflict.value)
    return Basis(
        key=key,
        people=figure,
        counting=_counting(one, texts) if one else "unstated",
        origin="reported",
        citations=(conflict.statement,),
        why=f"另有说法（{conflict.source_title}），未采用",
        as_of=conflict.at,
    )


def _figure(low: float | None, best: float | None, high: float | None) -> tuple[Figure | None, str]:
    """Low, best, high of a report; null where it gives no number. An end left open stands at the best figure, and is named."""
    if best is None:
        span = f"{low:g}以上" if low is not None and high is None else f"{low:g}至{high:g}" if low is not None and high is not None else ""
        return None, f"报告没有确数{f'，只说{span}人' if span else ''}"
    open_ends = [name for name, end in (("下限", low), ("上限", high)) if end is None]
    figure = Figure(low=best if low is None else min(low, best), best=best, high=best if high is None else max(high, best))
    return figure, f"{'、'.join(open_ends)}报告未说明" if open_ends else ""


def _counting(one: Statement, texts: Mapping[str, str]) -> Counting:
    """实时 or 累计, by the words of the clause the figure stands in; a clause that says both, or none, says neither."""
    text = texts.get(one.evidence, "")
    at = text.find(one.quote)
    if at < 0:
        clause = one.quote
    else:
        start = max((stop.end() for stop in _CLAUSE.finditer(text, 0, at)), default=0)
        clause = text[start : at + len(one.quote)]
    cumulative, current = bool(_CUMULATIVE.search(clause)), bool(_CURRENT.search(clause))
    if cumulative == current:
        return "unstated"
    return "cumulative" if cumulative else "current"


def _both_parts(reported: Mapping[BasisKey, Basis], said: Mapping[str, Statement]) -> Basis | None:
    """集中 and 分散 as one and the same report gives them, counted alike, make up 安置 by definition."""
    central, dispersed = reported.get("relocated_central"), reported.get("relocated_dispersed")
    if central is None or dispersed is None or central.people is None or dispersed.people is None or central.counting != dispersed.counting:
        return None
    sources = [{said[one].evidence for one in part.citations if one in said} for part in (central, dispersed)]
    if not sources[0] & sources[1]:
        return None
    a, b = central.people, dispersed.people
    return Basis(
        key="relocated",
        people=Figure(low=a.low + b.low, best=a.best + b.best, high=a.high + b.high),
        counting=central.counting,
        origin="reported",
        citations=(*central.citations, *dispersed.citations),
        why=f"同一份报告的集中安置{a.best:g}人与分散安置{b.best:g}人之和；{COUNTING_WORDS[central.counting]}",
        as_of=max((one.as_of for one in (central, dispersed) if one.as_of), default=None),
    )


def _typed(key: BasisKey, people: int, at: datetime | None) -> Basis:
    if isinstance(people, bool) or not isinstance(people, int) or people < 0:
        raise BadInput(f"{BASES[key]}填写为 {people}，应为不小于0的整数。")
    return Basis(key=key, people=Figure(low=people, best=people, high=people), origin="typed", why="工作人员填写", as_of=at)


def _modelled(key: BasisKey, impact: Impact) -> Basis:
    figure, doubt = _figure(impact.low, impact.best, impact.high)
    why = "；".join(part for part in ("估算", impact.rule, doubt) if part)
    return Basis(key=key, people=figure, origin="estimated", assumption=f"估算（未核实）：{impact.rule}", citations=(impact.id,), why=why)


def _estimated(key: BasisKey, exposure: Exposure, assumptions: Assumptions) -> Basis:
    """People in the footprint × share, by depth where the assumptions go by depth; null where they say nothing."""
    everybody = exposure.people.get("all")
    shares = [one for one in assumptions.population if one.basis == key and exposure.footprint.kind in one.footprint]
    citations = (exposure.footprint.id,)
    unknown = Basis(key=key, people=None, origin="unknown", citations=citations)
    if everybody is None:
        return unknown.model_copy(update={"why": "调查没有影响范围内的总人口，不估算"})
    if not shares:
        return unknown.model_copy(update={"why": "没有由影响范围估算这一口径的参数，不估算；请以报告为准或填写"})
    parts = _parts(exposure, everybody, shares)
    if parts is None:
        return unknown.model_copy(update={"why": "影响范围各部分的水深或人口不明，不估算；请以报告为准或填写"})
    totals = [sum(getattr(people, end) * share.share[i] for people, share in parts) for i, end in enumerate(("low", "best", "high"))]
    used = list(dict.fromkeys(share.assumption + ("" if share.verified else "（未核实）") for people, share in parts if people.high))
    words = f"估算，不是报告数字：{'；'.join(used) or shares[0].assumption}；范围内人口据承灾体调查，覆盖范围面积的{exposure.covered:.0%}"
    return Basis(
        key=key,
        people=Figure(low=totals[0], best=totals[1], high=totals[2]),
        origin="estimated",
        assumption=words,
        citations=citations,
        why="没有报告数字，按影响范围内人口估算",
    )


def _parts(exposure: Exposure, everybody: Figure, shares: Sequence[Share]) -> list[tuple[Figure, Share]] | None:
    """The people of each band with the share that holds for it; null when a band's depth or the people in it are not known."""
    whole = [one for one in shares if one.depth_from is None]
    if whole:
        return [(everybody, whole[0])]
    by_severity: dict[int, float] = {}
    for street in exposure.streets:
        for severity, people in street.by_severity.items():
            by_severity[severity] = by_severity.get(severity, 0) + people
    bands = {band.severity: _depth(band.label) for band in exposure.footprint.bands}
    if len(bands) == 1:
        by_severity = {next(iter(bands)): everybody.best}
    counted = sum(by_severity.values())
    if not everybody.best or abs(counted - everybody.best) > max(1, everybody.best / 1_000):
        return None if everybody.high else [(everybody, shares[0])]
    parts = []
    for severity, people in sorted(by_severity.items()):
        depth = bands.get(severity)
        fitting = [one for one in shares if depth is not None and one.depth_from is not None and one.depth_from <= depth]
        if not fitting:
            return None
        part = people / everybody.best
        figure = Figure(low=min(people, everybody.low * part), best=people, high=max(people, everybody.high * part))
        parts.append((figure, max(fitting, key=lambda one: one.depth_from or 0)))
    return parts


def _depth(label: str) -> float | None:
    """Metres from which a band's label counts (水深0.5米以上, 水深0.5–1米); 0 for 以下; null when it names no depth."""
    found = _DEPTH.search(label)
    if found is None:
        return None
    return 0.0 if found["tail"] else float(found["from"]) / (100 if found["unit"] == "厘米" else 1)


def _at_least_its_parts(estimate: Basis, reported: Mapping[BasisKey, Basis]) -> Basis:
    """An estimate of 安置 is never below what is reported of 集中 or 分散."""
    if estimate.key != "relocated" or estimate.people is None:
        return estimate
    people, parts = estimate.people, [reported[key].people for key in ("relocated_central", "relocated_dispersed") if key in reported]
    floor = max((part.best for part in parts if part is not None), default=0.0)
    if floor <= people.low:
        return estimate
    figure = Figure(low=floor, best=max(people.best, floor), high=max(people.high, floor))
    return estimate.model_copy(update={"people": figure, "assumption": f"{estimate.assumption}；不低于已报告的集中或分散安置{floor:g}人"})

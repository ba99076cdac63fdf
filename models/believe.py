"""Which figure? What we believe about each kind of harm, chosen among what was said, with everything else left visible.

Figures of different callers are never added up: two callers may see the same people. One figure is chosen by a rule that is
printed beside it; every other figure stays as a conflict with its words, its source and its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from models.domain import BEIJING, IMPACT_TYPES, Conflict, EvidenceView, Impact, Statement, digest

CREDIBLE = 0.35
"""Below this a figure is hearsay: shown, never chosen."""
WELL_FOUNDED = 0.7
"""From here a message speaks with the weight of an office or an eyewitness with details."""
KEPT_EACH = 4
"""Of so many messages that say the same figure with the same weight, the newest are enough to choose among and to show."""
SHOWN_SUPPORT = 12
"""Most statements named behind a figure; the best are kept."""
SHOWN_CONFLICTS = 12
"""Most differing figures shown per kind of harm; the newest are kept."""

_TIER = {"A": 2, "B": 2, "C": 1, "D": 0, "E": 0, "F": 0}
_OFFICE = re.compile(
    r"(?:街道办事处|街道办|镇政府|区政府|社区居委会|应急管理局|消防救援(?:支队|大队|站)|公安分局|派出所|指挥部|12[02]|卫健委)[^，。；]{0,6}(?:来电|报告|续报|通报|反馈|核实|回复)"
)
"""An office named as the one who reports; a citizen who merely mentions an office does not match."""
_ALL_OUT = re.compile(r"[^。！？!?；]{0,20}?(?<!未)(?<!没)(?<!没有)(?:全部|均|都)[^。，；]{0,4}(?:救出|获救|脱险|脱困)")
_ALL_FOUND = re.compile(
    r"[^，。！？!?；]{0,6}?(?<!未)(?<!没)(?<!没有)(?:找到|联系上|取得联系|恢复联系)(?![^，。；]{0,3}(?:[\d一二三四五六七八九十两几]|部分|其中))"
)
"""The words that go on after "失联1人": found. "失联3人已找到2人" does not match."""
_CORRECTED_TO = re.compile(r"(?:更正为|订正为|修正为|改正为|应为|应当为|应该是|实为|实际为|实际是|核实为|确认为)[^，。；！？!?]{0,6}$")
"""Words right before a figure that say it replaces an earlier one."""
_DENIED = re.compile(r"^[^，。；！？!?]{0,10}(?:不实|不属实|有误|谣言|虚假)")
_OF_HEARSAY = re.compile(r"网传|传言|谣言|谣传|辟谣|网上流传|不实信息")
_OWN_MISTAKE = re.compile(
    r"(?:此前|先前|之前|前期|早前|刚才|上一?[条次])[^。；]{0,8}(?:报道|报告|通报|说的?|反映|数据|信息)?[^。；]{0,6}(?:有误|错误|错了|不准)"
)
"""A message that denies what is going round and owns up to no mistake takes back hearsay, not what its source reported."""
_NOBODY_LEFT = {"low": 0.0, "best": 0.0, "high": 0.0}
_CASUALTIES = {"dead", "missing", "injured", "seriously_injured"}
_HARM = _CASUALTIES | {"trapped"}
_PER_SPOT = "各处情况不一，多点数字不合并也不相加，仅列范围，待核"


@dataclass(frozen=True)
class Figure:
    """One statement about people or things together with who said it and when it holds."""

    statement: Statement
    view: EvidenceView
    at: datetime
    is_corrected: bool = False
    """Whether a later message of the same source gives another figure in its place."""

    @property
    def may_be_chosen(self) -> bool:
        """Whether it may be the figure of a report; every other is shown beside it."""
        return not self.is_hearsay and not self.is_corrected

    @property
    def is_correction(self) -> bool:
        """Whether its own words put it in the place of an earlier figure: "更正为2人受伤", not "网传9人受伤不实"."""
        before, found, after = self.view.text.partition(self.statement.quote)
        replaces = _CORRECTED_TO.search(before) or _CORRECTED_TO.search(
            self.statement.quote.rstrip("0123456789一二两三四五六七八九十百千余多名人")
        )
        return bool(found and replaces and self.statement.best and not self.is_hearsay and not _DENIED.match(after))

    @property
    def tier(self) -> int:
        """2 an authority (A/B), 1 the hotline (C), 0 social media and below."""
        return _TIER[self.view.reliability]

    @property
    def is_hearsay(self) -> bool:
        """Whether it may be shown but never chosen: a rumour, an unlikely remark, or too little to believe it."""
        return self.view.credibility < CREDIBLE or self.statement.certainty == "unlikely"

    @property
    def is_official(self) -> bool:
        """Whether an office on the spot is speaking through the source, as a street office ringing the hotline does."""
        return self.tier == 2 or (self.tier == 1 and _names_office(self.view.text))

    @property
    def rank(self) -> tuple[int, bool, bool, datetime, str]:
        """Reliability of the source, an office before a citizen, well founded before not, then the newest; the id breaks ties."""
        # An office's newest word stands even if it is short: its earlier, more detailed one is no reason to keep people trapped.
        return self.tier, self.is_official, self.is_official or self.view.credibility >= WELL_FOUNDED, self.at, self.statement.id


@lru_cache(maxsize=8192)
def _names_office(text: str) -> bool:
    return bool(_OFFICE.search(text))


def worth_keeping(statements: Iterable[Statement], evidence: Mapping[str, EvidenceView]) -> list[Statement]:
    """Statements about one kind of harm without those that newer ones say again with the same weight, in their order.

    What thousands of callers repeat costs no more than what a few say: `believe` chooses and shows the same figures with the rest.
    """
    given = [(one, evidence[one.evidence]) for one in statements]
    newest = sorted(given, key=lambda pair: (spoken_at(pair[1]), pair[0].id), reverse=True)
    taken: dict[tuple[object, ...], int] = {}
    kept: set[str] = set()
    for one, view in newest:
        figure = Figure(one, view, spoken_at(view))
        same = (one.low, one.best, one.high, view.source, figure.rank[:3], figure.is_hearsay)
        taken[same] = taken.get(same, 0) + 1
        if taken[same] <= KEPT_EACH:
            kept.add(one.id)
    return [one for one, _ in given if one.id in kept]


def spoken_at(view: EvidenceView) -> datetime:
    """When it was said, or when we received it if the source gives no time."""
    return view.sent_at or view.received_at


def believe(incident_id: str, statements: Iterable[Statement], evidence: Mapping[str, EvidenceView], *, area: bool = False) -> list[Impact]:
    """What we believe about each kind of harm in one incident, ordered as `IMPACT_TYPES`.

    `evidence` maps evidence id to its masked view and must hold every piece the statements quote. For an incident of a whole
    area only an authority (A/B) may give one figure; callers each see one spot of it.
    """
    kept = list(statements)
    rumoured = {one.evidence for one in kept if one.property == "rumour"}
    by_type: dict[str, list[Figure]] = {}
    for one in kept:
        kind, _, impact_type = one.property.partition(".")
        if kind == "impact" and impact_type in IMPACT_TYPES:
            view = evidence[one.evidence]
            said = one.model_copy(update={"certainty": "unlikely"}) if one.evidence in rumoured else one
            said = said.model_copy(update=_NOBODY_LEFT) if _none_left(impact_type, one, view) else said
            by_type.setdefault(impact_type, []).append(Figure(said, view, spoken_at(view)))
    withdrawals = _withdrawals(by_type, kept, evidence)
    impacts = []
    for impact_type in IMPACT_TYPES:
        standing, withdrawn = _standing(impact_type, by_type.get(impact_type, ()), withdrawals)
        if standing:
            impacts.append(_impact(incident_id, impact_type, standing, withdrawn, area))
    return impacts


@dataclass(frozen=True)
class Withdrawal:
    """A message that takes something back or denies it."""

    view: EvidenceView
    denies: frozenset[str]
    """Kinds of harm whose figure it repeats in order to deny it."""
    says_figures: bool
    """Whether it gives any figure; one that gives none takes back all harm its source spoke of."""

    @property
    def is_of_hearsay(self) -> bool:
        """Whether it denies what is going round, and not what its own source said."""
        return bool(_OF_HEARSAY.search(self.view.text)) and not _OWN_MISTAKE.search(self.view.text)

    def concerns(self, impact_type: str, figure: Figure) -> bool:
        """Whether an older figure of the same source is what it takes back."""
        if figure.view.source != self.view.source or figure.view.id == self.view.id or figure.at > spoken_at(self.view):
            return False
        takes_all = not self.says_figures and not self.is_of_hearsay
        return impact_type in self.denies or (impact_type in _HARM and (takes_all or figure.is_hearsay))


def _none_left(impact_type: str, one: Statement, view: EvidenceView) -> bool:
    """Whether the words go on to say that everyone counted is out or found: "被困5人已全部救出" leaves nobody trapped."""
    goes_on = {"trapped": _ALL_OUT, "missing": _ALL_FOUND}.get(impact_type)
    _, found, after = view.text.partition(one.quote)
    return bool(goes_on and one.best and found and goes_on.match(after))


def _withdrawals(
    by_type: Mapping[str, Sequence[Figure]], statements: Sequence[Statement], evidence: Mapping[str, EvidenceView]
) -> list[Withdrawal]:
    """Messages that take something back or deny it, oldest first."""
    found = []
    for one in sorted({one.evidence for one in statements if one.property == "retraction"}):
        said = {name: [f.statement.best for f in figures if f.view.id == one] for name, figures in by_type.items()}
        replaced = {name for name, figures in by_type.items() if any(f.view.id == one and f.is_correction for f in figures)}
        denies = frozenset(name for name, values in said.items() if name in _HARM - replaced and any(value != 0 for value in values))
        found.append(Withdrawal(evidence[one], denies, any(said.values())))
    return sorted(found, key=lambda back: (spoken_at(back.view), back.view.id))


def _standing(impact_type: str, figures: Sequence[Figure], withdrawals: Sequence[Withdrawal]) -> tuple[list[Figure], int]:
    """The figures nobody has taken back, and how many were."""
    taking_back = {back.view.id for back in withdrawals}
    # A denial repeats the figure it denies; of harm, only its zero and what it expressly puts in place of another are its own word.
    standing = [
        one for one in figures if one.view.id not in taking_back or one.statement.best == 0 or impact_type not in _HARM or one.is_correction
    ]
    for new in [one for one in standing if one.view.id in taking_back and one.is_correction]:
        standing = [replace(one, is_corrected=one.is_corrected or _is_replaced(one, new, standing)) for one in standing]
    before = len(standing)
    for back in withdrawals:
        older = [one for one in standing if back.concerns(impact_type, one)]
        voices = {one.view.duplicate_of or one.view.id for one in older if not one.is_hearsay}
        # One caller cannot take back what others also reported; an office, or the only voice, can.
        closed = {one.statement.id for one in older if one.is_hearsay or len(voices) <= 1 or back.view.credibility >= WELL_FOUNDED}
        standing = [one for one in standing if one.statement.id not in closed]
    return standing, before - len(standing)


def _is_replaced(old: Figure, new: Figure, figures: Sequence[Figure]) -> bool:
    """Whether a correction stands in the place of an older figure: of the same source, from no lesser voice, and not of several."""
    if old.view.source != new.view.source or old.view.id == new.view.id or old.at > new.at or old.rank[:2] > new.rank[:2]:
        return False
    same = {one.view.duplicate_of or one.view.id for one in figures if one.statement.best == old.statement.best and not one.is_hearsay}
    return new.is_official or len(same) <= 1


def _impact(incident_id: str, impact_type: str, figures: Sequence[Figure], withdrawn: int, area: bool) -> Impact:
    """One belief: the chosen figure, the range the words allow, and what differs from it."""
    ordered = sorted(figures, key=lambda one: one.rank, reverse=True)
    exact = [one for one in ordered if one.statement.best is not None and one.may_be_chosen]
    if area:
        exact = [one for one in exact if one.tier == 2]
    chosen = _revised_zero(impact_type, exact)
    low, high, behind = _range(chosen, ordered)
    conflicts = _conflicts(chosen, ordered)
    return Impact(
        id="im-" + digest([incident_id, impact_type])[:32],
        incident=incident_id,
        type=impact_type,
        low=low,
        best=chosen.statement.best if chosen else None,
        high=high,
        unit=IMPACT_TYPES[impact_type][1],
        basis="reported",
        statements=tuple(one.statement.id for one in behind),
        conflicts=conflicts,
        rule=_rule(impact_type, chosen, conflicts, withdrawn, area, all(one.is_hearsay for one in ordered)),
        confirmed=chosen is not None and chosen.tier == 2,
        as_of=(chosen.statement.holds_at or chosen.at) if chosen else max(one.at for one in ordered),
    )


def _revised_zero(impact_type: str, exact: Sequence[Figure]) -> Figure | None:
    """The best-ranked figure, unless it is an early "no casualties" that a later credible message contradicts."""
    if not exact:
        return None
    first = exact[0]
    if first.statement.best == 0 and impact_type in _CASUALTIES:
        later = [one for one in exact if one.statement.best and one.at > first.at and one.tier >= first.tier - 1 and one.tier >= 1]
        return later[0] if later else first
    return first


def _range(chosen: Figure | None, ordered: Sequence[Figure]) -> tuple[float | None, float | None, list[Figure]]:
    """Least and most the believed words allow, widened by newer vague ones, and the figures behind the choice."""
    credible = [one for one in ordered if one.may_be_chosen]
    if chosen is None:
        lows = [one.statement.low for one in credible if one.statement.low is not None]
        highs = [one.statement.high for one in credible]
        known = [value for value in highs if value is not None]
        return (min(lows) if lows else None), (max(known) if known and len(known) == len(highs) else None), credible[:SHOWN_CONFLICTS]
    same = [one for one in credible if one.statement.best == chosen.statement.best and one.tier >= chosen.tier]
    vague = [one for one in credible if one.statement.best is None and one.rank[:2] >= chosen.rank[:2] and one.at > chosen.at]
    low, high = chosen.statement.low, chosen.statement.high
    for one in vague:
        if one.statement.low is not None and low is not None:
            low = min(low, one.statement.low)
        high = None if one.statement.high is None or high is None else max(high, one.statement.high)
    return low, high, [chosen, *(one for one in same if one is not chosen)][:SHOWN_SUPPORT]


def _conflicts(chosen: Figure | None, ordered: Sequence[Figure]) -> tuple[Conflict, ...]:
    """Every figure that differs from the chosen one: the newest of each value and source, at most `SHOWN_CONFLICTS`."""
    seen: set[tuple[float, str]] = set()
    conflicts = []
    for one in sorted(ordered, key=lambda figure: (figure.at, figure.statement.id), reverse=True):
        value = one.statement.best if one.statement.best is not None else one.statement.low
        if value is None or (chosen is not None and value == chosen.statement.best) or (value, one.view.source) in seen:
            continue
        if one.statement.best is None and chosen is not None and (chosen.statement.best or 0) >= value > 0:
            continue  # "有人受伤" does not contradict two.
        seen.add((value, one.view.source))
        words = one.statement.quote + ("（传言，未证实）" if one.is_hearsay else "（已被更正）" if one.is_corrected else "")
        conflicts.append(Conflict(statement=one.statement.id, value=value, source_title=one.view.source_title, at=one.at, quote=words))
    return tuple(conflicts[:SHOWN_CONFLICTS])


def _rule(impact_type: str, chosen: Figure | None, conflicts: Sequence[Conflict], withdrawn: int, area: bool, only_hearsay: bool) -> str:
    """The choice in one Chinese sentence."""
    name = IMPACT_TYPES[impact_type][0]
    many = f"{withdrawn}条" if withdrawn < KEPT_EACH else "多条"
    taken_back = f"；另有{many}说法已被撤回或辟谣，不再计入" if withdrawn else ""
    if chosen is None:
        if only_hearsay:
            return f"{name}只有未经证实的传言，不采用，待核{taken_back}"
        return (f"{name}：{_PER_SPOT}" if area else f"有人提到{name}但没有具体数字，待核") + taken_back
    when = chosen.at.astimezone(BEIJING).strftime("%H:%M")
    why = {2: "权威来源优先", 1: "属地单位报告优先于市民来电" if chosen.is_official else "热线来电优先于社交媒体", 0: "仅有社交媒体说法"}[
        chosen.tier
    ]
    others = f"；另有{len(conflicts)}种不同说法，列出不相加" if conflicts else ""
    state = "" if chosen.tier == 2 else "，待核"
    return f"采用{chosen.view.source_title}{when}的说法（{why}，同级取内容可靠且最新的一条）{others}{taken_back}{state}"

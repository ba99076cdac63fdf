"""What a message says, by rules: hazard, trigger, time, place, harm, and what its sender wants.

Pure functions, no I/O after the first call (which reads the gazetteer and the hazards, once per process), no clock: the
same text and the same message time give the same answer anywhere. Everything is read from the masked text, so no quote
holds personal data, and every quote is a substring of the input as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from time import perf_counter

from ingestion import wording
from ingestion.clauses import around, sayings
from ingestion.headline import Spot, event_place, event_time, sentence_at
from ingestion.numerals import halved
from ingestion.places import Gazetteer, gazetteer
from ingestion.privacy import MASK, mask
from ingestion.quantities import find_impacts
from ingestion.times import Mention, mentions
from models import orders
from models.domain import Place, Quantity, Statement, TimeSpan, Trigger, Understanding
from models.hazards import hazards
from models.orders import without_orders

LONGEST = 20_000
"""Characters read of one text; the rest is kept in the archive, masked, and not searched."""

SHORT = 150
"""Characters of a message sent from the spot; a longer one is a letter, and its weak words are its topic."""

_HAPPENED = re.compile(r"(?:发生|突发|爆发|遭遇|遭|引发|引起|导致|造成|出现|酿成|是一?[起次场])[^，。；]{0,10}$")
_EVENT = re.compile(
    r"(?:恐怖|暴力|自杀式?|炸弹|人体炸弹|汽车炸弹)*(?:恐怖袭击|袭击事件|袭击|踩踏|触电|溺水|触礁|沉船|坠机|坠落|停电|矿难|透水|冒顶|劫持|疫情|中毒)|(?:重大|特大|较大|安全|生产|突发|意外)*(?:事故|事件|险情|灾情)"
)
_HARM = ("dead", "injured", "seriously_injured", "missing", "trapped")
_EVERYONE = re.compile(r"^(?:被困|受困|已|全|悉数|均|都)")
_GROUNDS = frozenset(["下穿", "涵洞", "化工厂", "化工园", "消防车", "救护车", "交警"])
"""Weak words that name where, or who came, and not what happened."""
_ATE = re.compile(r"吃|喝|食堂|饭|菜|餐|食物|食品|外卖|聚餐|饮用|奶|蛋糕|宴|酒席")
_SMELL = re.compile(r"气味|味道|异味|怪味|刺鼻|呛|泄漏|泄露|毒气|气体|闻")
_UNIT = re.compile(
    r"(?:(?<=^)|(?<=[，。；、在于：:\s]))(?!听说|据说|网传|我们|一)[\u4e00-\u9fffA-Za-z]{2,24}?(?:有限责任公司|有限公司|集团|公司|工厂|化工厂|医院|学校|中学|小学|幼儿园|商场|超市|酒店|养老院|敬老院|工地)"
)
_AGENCY = re.compile(
    r"(?:街道)?(?:办事处|派出所|消防|政府|应急|公安|区委|市委|县委|交警|警方|气象|发布|地震局|卫生局|宣传部|[^，。]{0,4}(?:局|委|办)(?:[^\u4e00-\u9fff]|通报|消息|获悉|称|来电))"
)
_SENTENCE = re.compile(r"[^。！？!?\n；;]+[。！？!?；;]?")


@dataclass(frozen=True)
class _Signal:
    """One trigger word in the text."""

    code: str
    at: int
    end: int
    strong: bool
    weight: float


@cache
def _hazard_words() -> tuple[re.Pattern[str], dict[str, list[tuple[str, bool]]], re.Pattern[str]]:
    """Every trigger word as one pattern, longest first; which hazards it speaks of; and the phrases that mean something else."""
    meaning: dict[str, list[tuple[str, bool]]] = {}
    for code, hazard in hazards().items():
        for word in hazard.words:
            meaning.setdefault(word, []).append((code, word in hazard.triggers.strong))
    words = re.compile("|".join(map(re.escape, sorted(meaning, key=lambda w: (-len(w), w)))))
    others = sorted({phrase for hazard in hazards().values() for phrase in hazard.not_words}, key=lambda w: (-len(w), w))
    return words, meaning, re.compile("|".join(map(re.escape, others)) or r"(?!)")


def understand(
    text: str, *, id: str = "", title: str = "", time: datetime | None = None, city: str = "南京市", names: Gazetteer | None = None
) -> Understanding:
    """What one text says. `time` is the message's own time (aware); without it, times that need it stay unresolved.

    `names` is the gazetteer to read with; without it, the shipped one of `city`. The title helps to tell hazard, drill, request and credibility; quotes come from the text alone.
    """
    began = perf_counter()
    if time is not None and time.tzinfo is None:
        raise ValueError("the message's time must carry its zone")
    masked = mask(text)
    body = without_orders(masked[:LONGEST])
    has_orders = body != masked[:LONGEST]
    plain = halved(body)
    head = without_orders(mask(title[:500]))
    everything = f"{head}\n{body}" if head else body
    names = names or gazetteer(city)
    signals = list(_signals(plain, names))
    head_signals = list(_signals(halved(head), names))
    code = _main_hazard(signals, plain) or _main_hazard(head_signals, head)
    triggers = _triggers(plain, signals, code)
    times = mentions(body, time)
    times = [m for m in times if MASK not in m.span.quote]
    when = event_time(plain, times, triggers) if times else None
    drill = wording.mode(everything)
    impacts = _impacts(body, times, when)
    places = _places(body, plain, when, triggers, names, head)
    if code is None and (weak := _one_weak_word(plain, signals, head_signals, everything, places, impacts)):
        code = weak.code
        triggers = [Spot(s.at, s.end) for s in signals if s.code == code] or triggers
    request = wording.request_type(everything, hazard=code)
    if code and request in ("咨询", "投诉", "建议") and _is_long_past(plain, triggers, when, time):
        code = None  # a question about last year's flood is no flood
    trigger = Trigger(quote=body[triggers[0].at : triggers[0].end]) if triggers else None
    urgency, why_urgent = wording.urgency(everything, request, code, impacts, drill)
    credible = wording.credibility(
        everything, has_place=bool(places), has_time=when is not None, has_event=bool(code), impacts=impacts, drill=drill
    )
    if has_orders:
        credible = credible.model_copy(update={"reasons": (*credible.reasons, orders.TOLD)})
    return Understanding(
        id=id,
        hazard=code,
        request_type=request,
        urgency=urgency,
        urgency_reasons=why_urgent,
        credibility=credible,
        occurred_at=when.span if when else None,
        places=places,
        trigger=trigger,
        impacts=impacts,
        masked_text=masked,
        mode=drill,
        retracts=wording.retracts(everything),
        ms=round((perf_counter() - began) * 1000, 2),
    )


def _one_weak_word(
    plain: str,
    signals: list[_Signal],
    head_signals: list[_Signal],
    everything: str,
    places: tuple[Place, ...],
    impacts: tuple[Quantity, ...],
) -> _Signal | None:
    """The one weak word (浓烟, 刺鼻) that is enough: beside a place or harm and urgent wording, or told in few words from the spot."""
    harm = any(q.type in _HARM for q in impacts)
    hurt = any(q.type in _HARM and q.value != 0 for q in impacts)
    if (places or harm) and wording.is_acute(everything):
        return next(iter(signals or head_signals), None)
    if places and hurt and (told := [s for s in signals if not any(plain[s.at : s.end] in p.quote for p in places)]):
        return told[0]  # 下穿 in the name of the place says nothing of water
    if len(plain) > SHORT or wording.request_type(everything, hazard=None) in ("咨询", "投诉", "建议", "举报", "提供帮助"):
        return None
    return next(
        (
            s
            for s in signals
            if wording.is_here_and_now(plain[max(sentence_at(plain, s.at).at, s.at - 20) : s.at]) and not _in_a_hashtag(plain, s.at)
        ),
        None,
    )


def _in_a_hashtag(plain: str, at: int) -> bool:
    return plain.count("#", 0, at) % 2 == 1


def _is_long_past(plain: str, triggers: list[Spot], when: Mention | None, time: datetime | None) -> bool:
    """Whether the event spoken of lies more than 60 days before the message."""
    if when and time and when.span.end and when.span.end < time - timedelta(days=60):
        return True
    return bool(triggers) and bool(re.search(r"去年|前年|往年|历年", plain[sentence_at(plain, triggers[0].at).at : triggers[0].at]))


def _signals(plain: str, names: Gazetteer) -> Iterator[_Signal]:
    words, meaning, others = _hazard_words()
    breathed = bool(_SMELL.search(plain)) and not _ATE.search(plain)
    covered = [m.span() for m in others.finditer(plain)]
    named = names.named_spans(plain)
    lead = sentence_at(plain, 0).end + 60
    for m in words.finditer(plain):
        if any(s <= m.start() and m.end() <= e for s, e in covered):
            continue
        across = [(s, e) for s, e in named if s < m.end() and m.start() < e]
        if across and not (m.start() >= across[0][0] and m.end() <= across[0][1] and not any(strong for _, strong in meaning[m[0]])):
            continue  # 昆明|火车站 holds no 明火; 下穿 inside an underpass's own name still hints
        happened = bool(_HAPPENED.search(plain, max(0, m.start() - 14), m.start()))
        for code, strong in meaning[m[0]]:
            weight = (2.0 if strong else 0.7) * (1.6 if m.start() < lead else 1) * (1.5 if happened else 1)
            if code == "food_poisoning" and breathed and not strong:
                code = "hazmat_leak"  # sick from what they breathed, not from what they ate
            yield _Signal(code, m.start(), m.end(), strong, weight)


def _main_hazard(signals: list[_Signal], plain: str) -> str | None:
    """The hazard the text is chiefly about: one strong word is enough, weak ones only together with another."""
    score: dict[str, float] = {}
    seen: dict[str, set[str]] = {}
    for s in signals:
        word = plain[s.at : s.end]
        if word not in seen.setdefault(s.code, set()):
            seen[s.code].add(word)
            score[s.code] = score.get(s.code, 0) + s.weight
        else:
            score[s.code] += 0.2 * s.weight
    strong = {s.code for s in signals if s.strong}
    fit = {c: v for c, v in score.items() if c in strong or len(seen[c]) >= 2}
    return max(fit, key=lambda c: (fit[c], -min(s.at for s in signals if s.code == c))) if fit else None


def _triggers(plain: str, signals: list[_Signal], code: str | None) -> list[Spot]:
    """Words that say what happened: of the main hazard, said to have happened first; else general words such as 事故."""
    own = [s for s in signals if s.code == code and (s.strong or not any(o.strong and o.code == code for o in signals))]
    # 下穿隧道灌水了: what happened is the water, not the underpass.
    own = [s for s in own if plain[s.at : s.end] not in _GROUNDS] or own
    spots = [Spot(s.at, s.end) for s in own]
    if not spots:
        spots = [Spot(m.start(), m.end()) for m in _EVENT.finditer(plain)]
        return spots[:6]
    lead = sentence_at(plain, spots[0].at).end
    said = [s for s in spots if s.at < lead + 200 and _HAPPENED.search(plain, max(0, s.at - 14), s.at)]
    if said:
        # 发生轿车与摩托车相撞的交通事故: the noun that ends the clause names the event.
        clause = re.compile(r"[^，。；！？\n]*").match(plain, said[0].end)
        said = [s for s in spots if clause and said[0].at <= s.at < clause.end()][-1:] or said
    return [*said[:1], *[s for s in spots if s not in said[:1]]][:6]


def _impacts(body: str, times: list[Mention], when: Mention | None) -> tuple[Quantity, ...]:
    """Figures of this event: a sentence dated long before the event, or in another year, is about another one."""
    start = when.span.start if when else None
    old = [m for m in times if start and m.span.start and m.span.start < start - timedelta(days=60)]

    def apart(at: int) -> bool:
        if not old:
            return False
        sentence = sentence_at(body, at)
        return any(sentence.at <= m.at < at for m in old)

    seen: dict[tuple[str, float | None], Quantity] = {}
    for found in find_impacts(body, year=start.year if start else None, apart=apart):
        quantity = found.quantity
        if MASK not in quantity.quote:
            seen.setdefault((quantity.type, quantity.value), quantity)
    known = {q.type for q in seen.values() if q.value is not None}
    # 有人受伤 beside 3人受伤 says nothing more.
    return tuple(q for q in seen.values() if q.value is not None or q.low is None or q.type not in known or q.type == "water_depth")


def _places(body: str, plain: str, when: Mention | None, triggers: list[Spot], names: Gazetteer, head: str) -> tuple[Place, ...]:
    """The event's own place first, then every other place named; the title's place, unquoted, when the text names none."""
    places: list[Place] = []
    spot = event_place(body, plain, when, triggers, names)
    if spot and MASK not in body[spot.at : spot.end]:
        places.append(names.resolve(body, spot.at, spot.end))
    others = [f for f in names.found(body) if MASK not in f.place.quote]
    # 长芦街道办事处来电: who calls is not where it happened.
    others.sort(key=lambda f: bool(_AGENCY.match(plain, f.end)) or f.place.quote.endswith("办事处"))
    for place in (f.place for f in others):
        if not any(place.quote in p.quote for p in places):
            places.append(place)
    if places and places[0].adcode is None:
        places[0] = _in_the_only_division(places)
    if not places and head:
        places = [p.model_copy(update={"quote": ""}) for p in names.find(head) if MASK not in p.quote]
    return tuple(places[:12])


def _in_the_only_division(places: list[Place]) -> Place:
    """听橹新村门口 … 在秦淮区五老村街道: an unknown spot lies in the one division the text names, if it names just one."""
    first = places[0]
    known = [p for p in places[1:] if p.district]
    if len({p.adcode for p in known}) != 1 or (first.city and first.city != known[0].city):
        return first
    best = max(known, key=lambda p: (p.precision == "street", bool(p.street)))
    centre = {"lon": best.lon, "lat": best.lat, "precision": best.precision} if best.precision in ("street", "district") else {}
    return first.model_copy(
        update={
            "adcode": best.adcode,
            "district": best.district,
            "street": best.street,
            "city": best.city,
            "outside": best.outside,
            **centre,
        }
    )


def statements(understanding: Understanding, evidence_id: str, masked_text: str, sent_at: datetime | None) -> list[Statement]:
    """What the text says, one statement each, quoting `masked_text`. One figure per kind of harm: the headline one.

    Several figures of one kind in one text are parts and totals; the largest of the first sentence that has any is the
    total. They are never added up.
    """
    text = without_orders(masked_text[:LONGEST])
    out: list[Statement] = []

    def say(prop: str, quote: str, *, held: datetime | None = None, **values: object) -> None:
        quote = quote.strip()
        if quote and quote in masked_text:
            certain = wording.certainty(_around(text, quote), text, denies=not prop.startswith("impact."))
            out.append(
                Statement.of(evidence=evidence_id, property=prop, quote=quote, certainty=certain, holds_at=held or sent_at, **values)
            )

    when = understanding.occurred_at
    if when:
        say("occurred_at", when.quote, value=_interval(when), held=when.start)
    for place in understanding.places[:1]:
        say("place", place.quote, value=place.name)
    if understanding.trigger:
        word = understanding.trigger.quote
        at = text.find(word)
        say("trigger", word, value=around(text, at, at + len(word)) if at >= 0 else word)
    for quantity in _headline_figures(understanding.impacts, text):
        say(f"impact.{quantity.type}", quantity.quote, low=quantity.low, best=quantity.value, high=quantity.high, unit=quantity.unit)
    for prop, quote in sayings(text):
        if not (understanding.trigger and quote == understanding.trigger.quote):
            say(prop, quote, value=quote)
    unit = _UNIT.search(text)
    if unit:
        say("unit", unit[0], value=unit[0])
    if understanding.retracts:
        say("retraction", _first_sentence(text, wording.retracts), value="更正或否认先前说法")
    if wording.is_hearsay(text):
        say("rumour", _first_sentence(text, wording.is_hearsay), value="转述，未经证实")
    return list({s.id: s for s in out}.values())


def _interval(when: TimeSpan) -> str:
    return f"{when.start.isoformat()}/{when.end.isoformat()}" if when.start and when.end else ""


def _headline_figures(impacts: tuple[Quantity, ...], text: str) -> list[Quantity]:
    chosen: list[Quantity] = []
    for kind in dict.fromkeys(q.type for q in impacts):
        own = [q for q in impacts if q.type == kind]
        sentence = sentence_at(text, text.find(own[0].quote))
        near = [q for q in own if sentence.at <= text.find(q.quote) < sentence.end] or own[:1]
        if kind == "trapped" and own[-1].value == 0 and _EVERYONE.search(own[-1].quote):
            near = own[-1:]  # 3人被困。20时许全部救出: nobody is trapped now
        chosen.append(max(near, key=lambda q: -1.0 if q.value is None else q.value))
    return chosen


def _around(text: str, quote: str) -> str:
    spot = sentence_at(text, max(0, text.find(quote)))
    return text[spot.at : spot.end]


def _first_sentence(text: str, holds: object) -> str:
    for m in _SENTENCE.finditer(text):
        if callable(holds) and holds(m[0]):
            return m[0].strip()
    return ""

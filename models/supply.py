"""Relief over time: how many days the supplies at hand last, and what differs between one calculation and the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from models.domain import BEIJING, Model, Need
from models.errors import BadInput
from models.relief import BASES, Basis, Delivery, Demand, Figure

DAY_SECONDS = 86_400


class Supply(Model):
    """How long one item lasts, at one site or at all of them together."""

    item: str
    """Item."""
    unit: str
    """Unit of all quantities."""
    booked: float
    """Delivered less consumed and returned, as recorded; negative where the records do not add up."""
    at_hand: Figure
    """What is still there at the time asked for: booked, less what people are reckoned to have used since the last record of it."""
    daily: Figure
    """Used in a day by the standard."""
    low: float | None
    """Least days it lasts; null when nothing is used."""
    best: float | None
    """Days it lasts."""
    high: float | None
    """Most days."""
    arithmetic: str
    """How, in one line."""
    notes: tuple[str, ...] = ()
    """Records left out or in contradiction, in sentences."""


def days_left(
    deliveries: Sequence[Delivery], needs: Sequence[Need], people: Figure, at: datetime, *, site: str | None = None
) -> tuple[Supply, ...]:
    """Days of supply left at `at` (aware), item by item of the needs that recur; what is given once has no days.

    `needs` are those of the people counted at `people.best` (of `site` where one is given: then only its records count). What was used since the
    last recorded consumption, or else since each delivery, is reckoned by the standard: most people for `low`, fewest for `high`. A record in
    another unit than the need is left out and named, since nobody says how the two convert. Records later than `at` are not counted.
    """
    if at.tzinfo is None:
        raise BadInput("时间没有时区，请给出带时区的时间。")
    records = [one for one in deliveries if one.at <= at and (site is None or one.site == site)]
    return tuple(
        _supply(need, [one for one in records if one.item == need.item], people, at)
        for need in needs
        if need.every != "once" and need.exact is not None and not need.part_of
    )


def _supply(need: Need, records: Sequence[Delivery], people: Figure, at: datetime) -> Supply:
    counted = [one for one in records if one.unit == need.unit]
    notes = tuple(
        f"{one.at.astimezone(BEIJING):%m-%d %H:%M}的记录为{one.quantity:g}{one.unit}，与{need.unit}不能换算，未计入。"
        for one in records
        if one.unit != need.unit
    )
    sign = {"delivered": 1, "consumed": -1, "returned": -1}
    booked = sum(sign[one.kind] * one.quantity for one in counted)
    if booked < 0:
        notes += (f"记录的消耗和退回多于送达{-booked:g}{need.unit}，请核对；按0计。",)
    best = (need.exact or 0) / need.days
    scale = (people.low / people.best, people.high / people.best) if people.best else (1, 1)
    daily = Figure(low=best * scale[0], best=best, high=best * scale[1])
    used_up = [max(0.0, booked - _used_since(counted, rate, at)) if booked > 0 else 0.0 for rate in (daily.high, daily.best, daily.low)]
    at_hand = Figure(low=used_up[0], best=used_up[1], high=used_up[2])

    def days(quantity: float, rate: float) -> float | None:
        return quantity / rate if rate else None

    lasts = days(at_hand.low, daily.high), days(at_hand.best, daily.best), days(at_hand.high, daily.low)
    words = f"账面{booked:g}{need.unit}，按标准推算已用后现有{_span(at_hand)}{need.unit}÷每天{_span(daily)}{need.unit}"
    words += f"=可用{_days(lasts[0])}–{_days(lasts[1])}–{_days(lasts[2])}天（低–中–高）" if best else "，没有人使用，不计天数"
    return Supply(
        item=need.item,
        unit=need.unit,
        booked=booked,
        at_hand=at_hand,
        daily=daily,
        low=lasts[0],
        best=lasts[1],
        high=lasts[2],
        arithmetic=words,
        notes=notes,
    )


def _used_since(records: Sequence[Delivery], rate: float, at: datetime) -> float:
    """Used by the standard since the last recorded consumption, or since the first delivery where none was recorded; never more than was there.

    Walked delivery by delivery: what lay empty between two deliveries used nothing.
    """
    last = max((one.at for one in records if one.kind == "consumed"), default=None)
    sign = {"delivered": 1, "consumed": -1, "returned": -1}
    if last is not None:
        level, moment = max(0.0, sum(sign[one.kind] * one.quantity for one in records if one.at <= last)), last
        later = sorted((one for one in records if one.at > last), key=lambda one: one.at)
    else:
        level, moment, later = 0.0, at, sorted(records, key=lambda one: one.at)
    used = 0.0
    for one in [*later, None]:
        until = one.at if one is not None else at
        gone = min(level, rate * max(0.0, (until - moment).total_seconds()) / DAY_SECONDS)
        used, level, moment = used + gone, level - gone, until
        if one is not None:
            level = max(0.0, level + sign[one.kind] * one.quantity)
    return used


def _span(figure: Figure) -> str:
    if figure.low == figure.high:
        return f"{figure.best:.6g}"
    return f"{figure.low:.6g}–{figure.best:.6g}–{figure.high:.6g}"


def _days(value: float | None) -> str:
    return "不限" if value is None else f"{value:.1f}"


class Calculation(Model):
    """One calculation as a plan holds it: for whom, what they need, and where."""

    basis: Basis
    """Population it is for."""
    needs: tuple[Need, ...]
    """What all of them need."""
    demands: tuple[Demand, ...] = ()
    """What each site needs."""


class Difference(Model):
    """One figure that differs between two calculations. Null is unknown, or not there."""

    kind: str
    """basis, people, need or demand."""
    what: str
    """Population or item."""
    site: str = ""
    """Id of the site; empty for all of them."""
    before: float | None
    """Figure of the old calculation."""
    after: float | None
    """Figure of the new one."""
    unit: str
    """Unit of both."""
    words: str
    """In one sentence."""


def changed(old: Calculation, new: Calculation) -> tuple[Difference, ...]:
    """What differs, figure by figure: population, people (low, best, high), each need, each site's part. Equal figures are left out."""
    found = []
    if old.basis.key != new.basis.key:
        words = f"口径由{BASES[old.basis.key]}改为{BASES[new.basis.key]}，人数不可直接比较。"
        found.append(Difference(kind="basis", what=BASES[new.basis.key], before=None, after=None, unit="", words=words))
    for end, name in (("best", "人数"), ("low", "人数低值"), ("high", "人数高值")):
        before, after = (None if one.basis.people is None else getattr(one.basis.people, end) for one in (old, new))
        if before != after:
            found.append(_difference("people", f"{BASES[new.basis.key]}{name}", "", "", before, after, "人"))
    if old.basis.origin != new.basis.origin:
        words = f"数字来源由{ORIGINS[old.basis.origin]}改为{ORIGINS[new.basis.origin]}。"
        found.append(Difference(kind="basis", what=BASES[new.basis.key], before=None, after=None, unit="", words=words))
    needed: list[Mapping[tuple[str, str, str], Need]] = [{(n.standard_name, n.ref, n.unit): n for n in one.needs} for one in (old, new)]
    for key in dict.fromkeys([*needed[0], *needed[1]]):
        was, now = needed[0].get(key), needed[1].get(key)
        name = (now or was).item  # type: ignore[union-attr]
        if (was.quantity if was else None) != (now.quantity if now else None) or (was is None) != (now is None):
            found.append(_difference("need", name, "", "", was.quantity if was else None, now.quantity if now else None, key[2]))
    wanted: list[Mapping[tuple[str, str, str], Demand]] = [{(d.id, d.item, d.unit): d for d in one.demands} for one in (old, new)]
    for key in dict.fromkeys([*wanted[0], *wanted[1]]):
        had, has = wanted[0].get(key), wanted[1].get(key)
        if (had.quantity if had else None) != (has.quantity if has else None):
            one = has or had
            assert one is not None
            found.append(
                _difference(
                    "demand", one.item, one.site, one.site_name, had.quantity if had else None, has.quantity if has else None, one.unit
                )
            )
    return tuple(found)


ORIGINS = {"reported": "报告", "estimated": "估算", "typed": "人工填写", "unknown": "不详"}


def _difference(kind: str, what: str, site: str, site_name: str, before: float | None, after: float | None, unit: str) -> Difference:
    where = f"{site_name}：" if site_name else ""

    def figure(value: float | None) -> str:
        return "无" if value is None else f"{value:.10g}{unit}"

    delta = f"（{after - before:+.10g}{unit}）" if before is not None and after is not None else ""
    return Difference(
        kind=kind,
        what=what,
        site=site,
        before=before,
        after=after,
        unit=unit,
        words=f"{where}{what}由{figure(before)}改为{figure(after)}{delta}。",
    )

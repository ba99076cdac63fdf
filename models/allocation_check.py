"""The check of a plan: every constraint recomputed line by line from the input, and each part's optimality proven or its gap bounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta

import numpy as np

from models.allocation_mixed import COUPLED, prices
from models.allocation_problem import DAY, EPS, Floats, Ints, Part, Problem
from models.allocation_proof import Exchanges, most_served, served
from models.measures import factor
from models.relief import Allocation, Demand, Shortfall, Stock, Substitute, Travel, Vehicle
from models.shortfalls import amount

LOOSE = 1e-6
"""Relative difference of figures that counts as equal."""


def feasibility(
    stocks: Sequence[Stock],
    demands: Sequence[Demand],
    travel: Sequence[Travel],
    lines: Sequence[Allocation],
    vehicles: Sequence[Vehicle],
    substitutes: Sequence[Substitute],
    closed: Collection[str | tuple[str, str]],
    today: date,
    missing: Sequence[Shortfall] | None = None,
) -> list[str]:
    """What breaks a constraint, in sentences; empty when nothing does. `missing`, when given, must be what the lines leave open."""
    lots, wanted, shut = {lot.id: lot for lot in stocks}, {d.id: d for d in demands}, set(closed)
    drive: dict[tuple[str, str], float] = {}
    for way in travel:
        if not {way.depot, way.site, (way.depot, way.site)} & shut:
            drive[way.depot, way.site] = min(drive.get((way.depot, way.site), np.inf), way.minutes)
    wrong, gone, loaded, brought = [], defaultdict(float), defaultdict(float), defaultdict(float)  # type: ignore[var-annotated]
    for line in lines:
        lot, demand = lots.get(line.stock), wanted.get(line.demand)
        if lot is None or demand is None or lot.depot != line.depot or demand.site != line.site or lot.item != line.item:
            wrong.append(f"{line.depot_name}运往{line.site_name}的“{line.item}”与库存或需求对不上。")
            continue
        what = f"{lot.depot_name}运往{demand.site_name}的“{lot.item}”"
        packs = line.quantity / lot.pack
        if abs(packs - round(packs)) > LOOSE or round(packs) < 1:
            wrong.append(f"{what}{amount(line.quantity)}{lot.unit}不是整包装（每包{amount(lot.pack)}{lot.unit}）。")
        counts = _counts(lot, demand, line, substitutes)
        if counts is None:
            wrong.append(f"{what}不能充抵“{demand.item}”（{lot.unit}与{demand.unit}，或无替代依据）。")
        elif abs(counts * packs - line.serves) > LOOSE * max(1.0, line.serves):
            wrong.append(f"{what}应计{amount(counts * packs)}{demand.unit}，方案写{amount(line.serves)}{demand.unit}。")
        way_minutes = drive.get((lot.depot, demand.site))
        if way_minutes is None or not np.isfinite(way_minutes):
            wrong.append(f"{what}没有可通行的道路。")
        else:
            minutes = lot.loading_minutes + way_minutes
            if abs(minutes - line.minutes) > LOOSE * max(1.0, minutes):
                wrong.append(f"{what}应需{amount(minutes)}分钟，方案写{amount(line.minutes)}分钟。")
            if demand.within_minutes is not None and minutes > demand.within_minutes + LOOSE:
                wrong.append(f"{what}要{amount(minutes)}分钟，超过时限{amount(demand.within_minutes)}分钟。")
            if lot.expires_on is not None and today + timedelta(days=int(minutes // DAY)) > lot.expires_on:
                wrong.append(f"{what}到达时已过有效期{lot.expires_on:%Y-%m-%d}。")
        gone[lot.id] += line.quantity
        loaded[lot.depot] += packs
        brought[demand.id] += line.serves
    for lot_id, quantity in gone.items():
        if quantity > lots[lot_id].quantity + LOOSE * max(1.0, quantity):
            held = lots[lot_id]
            wrong.append(f"{held.depot_name}的“{held.item}”只有{amount(held.quantity)}{held.unit}，方案调出{amount(quantity)}{held.unit}。")
    carried: dict[str, float] = defaultdict(float)
    for vehicle in vehicles:
        carried[vehicle.depot] += vehicle.count * vehicle.capacity
    for depot, room in carried.items():
        if loaded[depot] > room + LOOSE:
            wrong.append(f"库{depot}的车辆一趟装{amount(room)}包，方案调出{amount(loaded[depot])}包。")
    if missing is not None:
        wrong += _open_left(demands, brought, missing)
    return wrong


def _open_left(demands: Sequence[Demand], brought: dict[str, float], missing: Sequence[Shortfall]) -> list[str]:
    told = {one.demand: one.quantity for one in missing}
    wrong = []
    for demand in demands:
        left = max(0.0, demand.quantity - brought.get(demand.id, 0.0))
        if abs(left - told.pop(demand.id, 0.0)) > LOOSE * max(1.0, demand.quantity):
            wrong.append(f"{demand.site_name}的“{demand.item}”应缺{amount(left)}{demand.unit}，与所列缺口不符。")
    return wrong + [f"缺口所指的需求{one}不存在。" for one in told]


def _counts(lot: Stock, demand: Demand, line: Allocation, substitutes: Sequence[Substitute]) -> float | None:
    """What one pack counts for in the demand's unit, in the way the line claims; None when it may not stand for the item."""

    def content(unit: str) -> float | None:
        if unit == "箱" and lot.unit != "箱" and lot.pack != 1:
            return 1.0
        size = factor(lot.unit, unit)
        return None if size is None else lot.pack * size

    if lot.item == demand.item:
        return content(demand.unit) if not line.substitute else None
    for rule in substitutes:
        if (rule.item, rule.instead_of, rule.standard) == (lot.item, demand.item, line.substitute):
            size, into = content(rule.unit), factor(rule.for_unit, demand.unit)
            if size is not None and into is not None:
                return size * rule.factor * into
    return None


def check_parts(problem: Problem, plans: Sequence[Ints], known: Sequence[Exchanges | None]) -> tuple[float, tuple[str, ...]]:
    """The relative gap that is left unproven, and a sentence for each thing shown."""
    sentences, proven, rounds, gap = [], 0, 0, 0.0
    minimum, wanted, got, got_minimum = 0.0, 0.0, 0.0, 0.0
    for part, sent, exchange in zip(problem.parts, plans, known, strict=True):
        items = "、".join(sorted({d.item for d in part.demands}))
        has = served(part, sent)
        wanted, got = wanted + float((part.weight * part.quantity).sum()), got + float((part.weight * has).sum())
        minimum += float((part.weight * part.minimum).sum())
        got_minimum += float((part.weight * np.minimum(has, part.minimum)).sum())
        if exchange is not None and not exchange.improves:
            proven, rounds = proven + 1, max(rounds, exchange.rounds)
            continue
        of_minimum, of_all = _bounds(part, sent)
        here = max(of_minimum[1], of_all[1])
        gap = max(gap, here)
        if exchange is not None:
            what = "得到的数量或先后" if exchange.improves == "service" else "运送时间"
            sentences.append(f"不是最优：“{items}”还能以一次调换改善{what}。")
        sentences.append(
            f"“{items}”：最低需求满足{of_minimum[0]:.2%}，任何方案的上限比它多不过{of_minimum[1]:.2%}；"
            f"全部需求满足{of_all[0]:.2%}，上限多不过{of_all[1]:.2%}（上限由对偶价格独立算得）。"
        )
        sentences += _simple_exchange(part, sent)
    if proven:
        sentences.insert(
            0,
            f"最优性：{proven}组物资以整数运算逐一查遍全部调换（至多{rounds}轮），没有一次能让位次在前者多得、让缺口变小或省时。",
        )
    if wanted:
        met = f"最低需求按物资平均满足{got_minimum / minimum:.1%}，" if minimum else ""
        sentences.insert(0, f"{met}全部需求按物资平均满足{got / wanted:.1%}。")
    if problem.unlimited:
        sentences.append("部分库未给出车辆，按车辆不受限计算。")
    return gap, tuple(sentences)


def _bounds(part: Part, sent: Ints) -> tuple[tuple[float, float], tuple[float, float]]:
    """For the minimum and for all: the share served, and by how much of it any plan could at most serve more."""
    found = []
    for cap in (part.minimum, part.quantity):
        has = float((part.weight * np.minimum(served(part, sent), cap)).sum())
        whole = float((part.weight * cap).sum())
        limit = min([whole, *(most_served(part, cap, *one) for one in _prices(part, sent, cap))])
        more = max(0.0, (limit - has) / limit) if limit > 0 else 0.0
        found.append((has / whole if whole else 1.0, more if more > LOOSE else 0.0))
    return found[0], found[1]


def _prices(part: Part, sent: Ints, cap: Floats) -> list[tuple[Floats, Floats]]:
    """Prices worth trying: nothing where something is left and full worth where nothing is; and the solver's, in a small part."""
    left = part.packs > sent.sum(1)
    worth = np.where(part.open, part.value * part.weight[None, :], 0).max(1, initial=0)
    nothing = np.zeros(len(part.room))
    tried = [(np.where(left, 0.0, worth), nothing)]
    if part.open.sum() <= COUPLED:
        tried.append(prices(part, cap, 5.0))
    return tried


def _simple_exchange(part: Part, sent: Ints) -> list[str]:
    """Of a part that is not uniform: whether a lot serves somebody beyond the minimum while it could serve a minimum that is not met."""
    has = (sent * part.value).sum(0)
    short = has < part.minimum - EPS * np.maximum(part.minimum, 1)
    for n in range(len(part.lots)):
        beyond = (sent[n] > 0) & (has - part.value[n] >= part.minimum - EPS)
        if beyond.any() and (short & part.open[n]).any():
            d, e = int(np.flatnonzero(short & part.open[n])[0]), int(np.flatnonzero(beyond)[0])
            return [
                f"不是最优：{part.demands[d].site_name}的最低需求未满足，而{part.lots[n][0].depot_name}的“{part.lots[n][0].item}”"
                f"给了{part.demands[e].site_name}最低需求以外的部分。"
            ]
    return ["逐对核对：没有一批物资在他处最低需求未满足时用于最低需求以外。"]

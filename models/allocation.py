"""Which depot sends what to whom, and what is missing: a stated mathematical model, solved with HiGHS, checked by code that is not HiGHS.

**Sets.** Lots l (one item in one depot; only whole packs leave), demands d (one item at one site), depots. A pack of lot l may go to demand
d when it is the item wanted or a substitute that a standard allows, its unit converts, it is good on the day it arrives, a road is open,
and loading plus driving takes at most `within_minutes`.

**Variables.** x[l,d] ≥ 0, whole: packs of l sent to d. What d has is s[d] = Σ_l c[l,d]·x[l,d], c being what one pack counts for.

**Constraints.** Σ_d x[l,d] ≤ whole packs of l. Σ over a depot's lots ≤ what its vehicles carry in one trip each, where vehicles are given;
a depot for which none are given is not limited. Nobody gets a pack more than fills the demand.

**Goals**, one strictly before the next:

1. The minimum of all before more for anybody, by priority 1, 2, … 9; within a priority the smallest shares first: packs are ranked by the
   share of the minimum their demand had before them, in thousandths (max–min fairness), then by how much they bring.
2. The rest, by priority: least unmet.
3. Least time: the sum over packs of loading and driving, in tenths of a minute, plus one tenth of handling, so that nothing is moved for
   nothing; between lots of one depot the earliest expiry first.

Amounts of different items are made comparable, where items compete for vehicles or substitutes, by dividing by all that is wanted of the item.

**Method.** Items that share neither vehicles nor substitutes are separate parts. In a part where all packs a demand may get count alike,
packs flow as in a network: the matrix is totally unimodular, basic solutions are whole, and what can be served is a polymatroid, so that
only the order of ranks matters and not how far apart their weights are; one linear program with descending weights answers goals 1 to 3, and
the ranks of the minimum are refined where they bind (thousandths at last). Arcs enter when their reduced cost is negative, all being priced
each time: nothing is left out for good. Other parts are solved stage by stage in integers, the minimum in tenths, or, when large, relaxed and
rounded, with the distance to the proven bound stated.

**Check.** `check` recomputes every constraint from the plan, and proves optimality without the solver (`allocation_proof`).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError

from models.allocation_check import check_parts, feasibility
from models.allocation_mixed import filled, mixed
from models.allocation_problem import Ints, Ladder, Part, build, whole_packs
from models.allocation_proof import NEVER, RANK, Exchanges, exchanges
from models.allocation_solver import Found, network
from models.domain import BEIJING
from models.errors import BadInput
from models.relief import Allocation, Demand, Solved, Stock, Substitute, Travel, Vehicle
from models.shortfalls import shortfalls

__all__ = ["allocate", "check", "stock_lot"]

Closed = Collection[str | tuple[str, str]]


def stock_lot(fields: Mapping[str, Any]) -> Stock:
    """One lot from the fields of `Stock`, as a table or form gives them. Raises `BadInput` naming depot, item and what is wrong."""
    where = f"{fields.get('depot_name') or fields.get('depot') or '未注明的库'}的“{fields.get('item') or '未注明的物资'}”"
    value = fields.get("quantity")
    if value is None or value == "":
        raise BadInput(f"{where}：缺库存数量，请补正；确为没有的请填0。")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadInput(f"{where}：库存数量“{value}”不是数，请改正。") from None
    if not np.isfinite(number):
        raise BadInput(f"{where}：库存数量“{value}”不是有限的数，请改正。")
    if number < 0:
        raise BadInput(f"{where}：库存数量为{number:g}，不能是负数，请核对。")
    try:
        return Stock.model_validate({**fields, "quantity": number})
    except ValidationError as error:
        wrong = "、".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]}))
        raise BadInput(f"{where}：{wrong or '内容'}缺失或不合规，请改正。") from None


def allocate(
    stocks: Iterable[Stock],
    demands: Iterable[Demand],
    travel: Iterable[Travel],
    *,
    vehicles: Iterable[Vehicle] = (),
    substitutes: Iterable[Substitute] = (),
    closed: Closed = (),
    reserved: Mapping[str, float] | None = None,
    today: date | None = None,
    time_limit: float = 60.0,
) -> Solved:
    """The plan, what is missing and why, and what was checked. The same input in any order gives the same plan.

    `closed`: ids of depots or sites, or (depot, site) pairs, that cannot be used. `reserved`: lot to what is promised elsewhere in the lot's
    unit, not contained in its quantity; it only explains shortfalls. `today`: the day the lorries leave, Beijing date. `time_limit`: seconds
    for the solver. Raises `BadInput` for figures that cannot be and units that do not convert; a demand that cannot be met is a shortfall.
    """
    stocks, demands, travel, vehicles, substitutes = list(stocks), list(demands), list(travel), list(vehicles), list(substitutes)
    today = today or datetime.now(BEIJING).date()
    problem = build(stocks, demands, travel, vehicles, substitutes, closed, reserved or {}, today)
    until = time.monotonic() + time_limit
    lines, missing, found, plans, known = [], [], [], [], []
    for left, part in zip(range(len(problem.parts), 0, -1), problem.parts, strict=True):
        limit = (until - time.monotonic()) / (1 if part.uniform else left)
        one, exchange = _solve(part, limit)
        found.append(one)
        plans.append(one.sent)
        known.append(exchange)
        lines += _lines(part, one.sent)
        missing += shortfalls(part, one.sent, exchange or _plain(part, one.sent), problem.reserved)
    lines.sort(key=lambda line: (line.demand, line.stock))
    missing.sort(key=lambda one: one.demand)
    wrong = feasibility(stocks, demands, travel, lines, vehicles, substitutes, closed, today)
    gap, sentences = check_parts(problem, plans, known)
    status: Literal["optimal", "within_gap", "time_limit"] = "optimal"
    if any(one.status == "time_limit" for one in found):
        status = "time_limit"
    elif any(one.status == "within_gap" for one in found) or any(e is not None and e.improves for e in known):
        status = "within_gap"
    return Solved(
        allocations=tuple(lines),
        shortfalls=tuple(missing),
        status=status,
        gap=gap,
        variables=sum(one.variables for one in found),
        constraints=sum(one.constraints for one in found),
        seconds=sum(one.seconds for one in found),
        checks=(*_told(lines, demands, wrong), *sentences),
        feasible=not wrong,
    )


def check(
    stocks: Iterable[Stock],
    demands: Iterable[Demand],
    travel: Iterable[Travel],
    solved: Solved,
    *,
    vehicles: Iterable[Vehicle] = (),
    substitutes: Iterable[Substitute] = (),
    closed: Closed = (),
    reserved: Mapping[str, float] | None = None,
    today: date | None = None,
) -> tuple[bool, tuple[str, ...]]:
    """Whether every constraint holds in a plan, and sentences with figures: what breaks, what is proven, what could be better.

    Nothing is taken from the solver: constraints are recomputed line by line, optimality by exchanges or by a bound that holds for any prices.
    """
    stocks, demands, travel, vehicles, substitutes = list(stocks), list(demands), list(travel), list(vehicles), list(substitutes)
    today = today or datetime.now(BEIJING).date()
    problem = build(stocks, demands, travel, vehicles, substitutes, closed, reserved or {}, today)
    wrong = feasibility(stocks, demands, travel, solved.allocations, vehicles, substitutes, closed, today, solved.shortfalls)
    told = _told(solved.allocations, demands, wrong)
    if wrong:
        return False, told
    plans = [_table(part, solved.allocations) for part in problem.parts]
    known = [exchanges(part, Ladder(part), plan) if part.uniform else None for part, plan in zip(problem.parts, plans, strict=True)]
    return True, (*told, *check_parts(problem, plans, known)[1])


def _solve(part: Part, limit: float) -> tuple[Found, Exchanges | None]:
    """A part's plan, and its exchanges when it is uniform and the solver finished."""
    if not part.uniform:
        return mixed(part, limit), None
    ladder = Ladder(part)
    found = network(part, ladder, limit)
    if found.status != "optimal":
        found.sent = filled(part, part.open, found.sent, time.monotonic() + 5)
    return found, exchanges(part, ladder, found.sent)


def _plain(part: Part, sent: Ints) -> Exchanges:
    """What is to be had without any exchange: what lies there and fits into a vehicle."""
    used = sent.sum(1)
    loaded = np.bincount(part.depot, used, len(part.room)) if len(part.lots) else np.zeros(len(part.room))
    depot = np.where(loaded < part.room, 0, NEVER)
    lot = np.where(used < part.packs, depot[part.depot], NEVER) if len(part.lots) else np.zeros(0, dtype=np.int64)
    return Exchanges("", lot, depot, np.full(len(part.demands), RANK), part.cost, 0)


def _lines(part: Part, sent: Ints) -> list[Allocation]:
    """The lots of each group dealt out, earliest expiry to the nearest demand first."""
    lines = []
    for n, group in enumerate(part.lots):
        waiting = [(lot, whole_packs(lot)) for lot in group][::-1]
        targets = np.flatnonzero(sent[n])
        for d in targets[np.argsort(part.minutes[n, targets], kind="stable")]:
            demand, packs, rule = part.demands[d], int(sent[n, d]), part.instead.get((n, int(d)))
            while packs:
                lot, here = waiting.pop()
                taken = min(packs, here)
                if taken < here:
                    waiting.append((lot, here - taken))
                packs -= taken
                if not taken:
                    continue
                lines.append(
                    Allocation(
                        stock=lot.id, depot=lot.depot, depot_name=lot.depot_name, demand=demand.id, site=demand.site,
                        site_name=demand.site_name, item=lot.item, quantity=taken * lot.pack, unit=lot.unit,
                        serves=float(taken * part.value[n, d] * part.into[d]), substitute=rule.standard if rule else "",
                        minutes=float(part.minutes[n, d]),
                    )
                )  # fmt: skip
    return lines


def _table(part: Part, lines: Sequence[Allocation]) -> Ints:
    """(L, D) packs, from a plan's lines."""
    lots = {lot.id: (n, lot.pack) for n, group in enumerate(part.lots) for lot in group}
    demands = {demand.id: d for d, demand in enumerate(part.demands)}
    sent = np.zeros((len(part.lots), len(part.demands)), dtype=np.int64)
    for line in lines:
        if line.demand in demands:
            n, pack = lots[line.stock]
            sent[n, demands[line.demand]] += round(line.quantity / pack)
    return sent


def _told(lines: Sequence[Allocation], demands: Sequence[Demand], wrong: Sequence[str]) -> tuple[str, ...]:
    if wrong:
        return tuple(f"不可行：{one}" for one in wrong)
    return (f"逐行复核{len(lines)}条调拨、{len(demands)}项需求：库存、整包装、单位、时限、道路、有效期、车辆均不突破。",)

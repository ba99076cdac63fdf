"""Parts whose packs do not all count alike: integers by HiGHS when the part is small, else the uniform relaxation rounded to whole packs.

The stages are those of the stated model, one after another, with the minimum in tenths. In a large part of one item the packs are first
thought opened down to their greatest common measure; that problem is uniform and solved exactly; its plan is rounded down to whole packs
and what is left goes pack by pack to whoever ranks first.
"""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import replace
from typing import Literal

import highspy
import numpy as np

from models.allocation_problem import EPS, UNLIMITED, Flags, Floats, Ints, Ladder, Part
from models.allocation_solver import Found, linear, network, quiet

SMALL, COUPLED = 300, 2_000
"""Arcs up to which integers are used: where one item can be relaxed and rounded, and where items compete."""
SPARE_SECONDS = 5.0
"""For dealing out by rank what a solver out of time has left."""
TENTHS = 10
GRAIN = 1e-6
"""Packs are measured against each other in millionths of a unit."""


def mixed(part: Part, limit: float) -> Found:
    """Whole packs of a part that is not uniform."""
    open_ = part.open & (part.packs > 0)[:, None] & (part.quantity > 0)[None, :]
    single = len({d.item for d in part.demands}) == 1 and not part.instead and bool((part.room == UNLIMITED)[part.depot].all())
    until = time.monotonic() + limit
    if open_.sum() <= (SMALL if single else COUPLED):
        found = _by_stages(part, open_, limit)
        return found if found.status == "optimal" else replace(found, sent=filled(part, open_, found.sent, until + SPARE_SECONDS))
    if single:
        relaxed, grain = opened(part)
        found = network(relaxed, Ladder(relaxed), limit)
        per_pack = np.maximum(np.rint(np.where(open_, part.value, 0).max(1) / grain), 1).astype(np.int64)
        sent = np.minimum(found.sent // per_pack[:, None], part.packs[:, None])
        status: Literal["within_gap", "time_limit"] = "within_gap" if found.status == "optimal" else "time_limit"
        return replace(found, sent=filled(part, open_, sent, until + SPARE_SECONDS), status=status)
    plan = filled(part, open_, np.zeros(open_.shape, dtype=np.int64), until + SPARE_SECONDS)
    return Found(plan, "within_gap" if time.monotonic() < until else "time_limit", int(open_.sum()), sum(open_.shape), 0.0)


def opened(part: Part) -> tuple[Part, float]:
    """The part of one item as if packs could be opened down to their greatest common measure, and that measure."""
    content = np.where(part.open, part.value, 0).max(1, initial=0)
    whole = [round(c / GRAIN) for c in content if c > 0]
    grain = math.gcd(*whole) * GRAIN if whole else 1.0
    per_pack = np.rint(content / grain).astype(np.int64)
    return replace(part, packs=part.packs * per_pack, value=np.where(part.value > 0, grain, 0.0)), grain


def filled(part: Part, open_: Flags, sent: Ints, until: float) -> Ints:
    """A plan with what is left added: pack by pack to the demand that ranks first, from its nearest lot. Stops at `until` (monotonic)."""
    sent = sent.copy()
    left = part.packs - sent.sum(1)
    room = part.room.copy()
    np.subtract.at(room, part.depot, sent.sum(1))
    had = (sent * part.value).sum(0)
    cost = np.where(open_, part.cost, np.iinfo(np.int64).max)
    order = np.argsort(cost, axis=0, kind="stable")

    def rank(d: int) -> tuple[int, int, float, int]:
        short = had[d] < part.minimum[d] - EPS
        share = had[d] / part.minimum[d] if short else had[d] / part.quantity[d]
        return (0 if short else 1, part.demands[d].priority, share, d)

    waiting = [rank(int(d)) for d in np.flatnonzero(had < part.quantity - EPS)]
    heapq.heapify(waiting)
    while waiting and time.monotonic() < until:
        d = heapq.heappop(waiting)[3]
        for n in order[:, d]:
            if not open_[n, d]:
                break
            if left[n] > 0 and room[part.depot[n]] > 0:
                sent[n, d] += 1
                left[n] -= 1
                room[part.depot[n]] -= 1
                had[d] += part.value[n, d]
                if had[d] < part.quantity[d] - EPS * max(1.0, part.quantity[d]):
                    heapq.heappush(waiting, rank(d))
                break
    return sent


def prices(part: Part, cap: Floats, limit: float) -> tuple[Floats, Floats]:
    """Prices of a pack of each lot (L,) and of a place in each depot's vehicles, for `most_served`: any would do, the solver's are the best.

    From the linear relaxation with `cap` (D,) as the most that counts of each demand; zeros when the solver does not finish in time.
    """
    lot, demand = np.nonzero(part.open)
    size, lots = len(part.demands), len(part.lots)
    limited = np.flatnonzero(part.room < UNLIMITED)
    row_of_depot = np.full(len(part.room), -1, dtype=np.int64)
    row_of_depot[limited] = lots + np.arange(len(limited))
    first = lots + len(limited)
    rows = np.stack([lot, row_of_depot[part.depot[lot]] if lots else lot, first + demand], 1)
    values = np.stack([np.ones(len(lot)), np.ones(len(lot)), part.value[lot, demand]], 1)
    held = rows >= 0
    solver = quiet(limit)
    solver.passModel(
        linear(
            np.concatenate([np.zeros(len(lot)), -part.weight]),
            np.concatenate([np.full(len(lot), highspy.kHighsInf), cap]),
            np.concatenate([np.full(first, -highspy.kHighsInf), np.zeros(size)]),
            np.concatenate([part.packs, part.room[limited], np.full(size, highspy.kHighsInf)]).astype(float),
            np.concatenate([[0], np.cumsum(held.sum(1)), held.sum() + 1 + np.arange(size)]),
            np.concatenate([rows[held], first + np.arange(size)]),
            np.concatenate([values[held], np.full(size, -1.0)]),
        )
    )
    solver.run()
    found = -np.array(solver.getSolution().row_dual) if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal else np.zeros(first)
    by_depot = np.zeros(len(part.room))
    by_depot[limited] = found[lots:first]
    return found[:lots], by_depot


def _by_stages(part: Part, open_: Flags, limit: float) -> Found:
    """Each stage a model in integers, the stages before it held at their best."""
    until, (lot, demand) = time.monotonic() + limit, np.nonzero(open_)
    arcs, size = len(lot), len(part.demands)
    limited = np.flatnonzero(part.room < UNLIMITED)
    row_of_depot = np.full(len(part.room), -1, dtype=np.int64)
    row_of_depot[limited] = len(part.lots) + np.arange(len(limited))
    first = len(part.lots) + len(limited)
    rows = np.stack([lot, row_of_depot[part.depot[lot]], first + demand], 1) if arcs else np.zeros((0, 3), dtype=np.int64)
    values = np.stack([np.ones(arcs), np.ones(arcs), part.value[lot, demand]], 1)
    held = rows >= 0
    # Steps of demand d: TENTHS of its minimum, then the rest, in units.
    steps = np.tile(np.arange(size), TENTHS + 1)
    width = np.concatenate([np.tile(part.minimum / TENTHS, TENTHS), part.quantity - part.minimum])
    tenth = np.repeat(np.arange(TENTHS + 1), size)
    start = np.concatenate([[0], np.cumsum(held.sum(1)), held.sum() + 1 + np.arange(len(steps))])
    most = np.minimum(part.packs[lot], np.ceil(part.quantity[demand] / part.value[lot, demand] - EPS)) if arcs else np.zeros(0)
    columns = arcs + len(steps)
    ups = np.concatenate([part.packs, part.room[limited]]).astype(float)
    solver = quiet(limit)
    for option in ("mip_rel_gap", "mip_abs_gap"):
        solver.setOptionValue(option, 1e-9)
    solver.passModel(
        linear(
            np.zeros(columns),
            np.concatenate([most, width]),
            np.concatenate([np.full(first, -highspy.kHighsInf), np.zeros(size)]),
            np.concatenate([ups, np.full(size, highspy.kHighsInf)]),
            start,
            np.concatenate([rows[held], first + steps]),
            np.concatenate([values[held], np.full(len(steps), -1.0)]),
            np.arange(columns) < arcs,
        )
    )
    seconds, best, status = 0.0, np.zeros((len(part.lots), size), dtype=np.int64), "optimal"
    worth = np.concatenate([np.zeros(arcs), part.weight[steps]])

    def run(cost: Floats) -> bool:
        nonlocal seconds, status
        solver.changeColsCost(columns, np.arange(columns, dtype=np.int32), cost)
        solver.setOptionValue("time_limit", max(until - time.monotonic(), 0.05) + solver.getRunTime())
        begun = time.monotonic()
        solver.run()
        seconds += time.monotonic() - begun
        proven = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        status = status if proven else "time_limit"
        if solver.getInfo().primal_solution_status != 2:
            return False
        best[lot, demand] = np.rint(np.array(solver.getSolution().col_value)[:arcs]).astype(np.int64)
        return proven

    def hold(chosen: Flags) -> bool:
        """Best of the chosen steps, held from now on; whether they are all filled."""
        if not run(np.where(chosen, -worth, 0.0)):
            return False
        found = np.array(solver.getSolution().col_value)
        reached, all_of_it = float(found[chosen] @ worth[chosen]), float(np.concatenate([most, width])[chosen] @ worth[chosen])
        where = np.flatnonzero(chosen).astype(np.int32)
        solver.addRow(reached - 1e-8, highspy.kHighsInf, len(where), where, worth[chosen])
        return reached >= all_of_it - 1e-9

    priority = np.concatenate([np.zeros(arcs), np.array([d.priority for d in part.demands])[steps]])
    tenth = np.concatenate([np.full(arcs, -1), tenth])
    classes = sorted({d.priority for d in part.demands})
    for one in classes:
        mine = (priority == one) & (np.concatenate([most, width]) > 0)
        for level in range(TENTHS):
            if not np.any(mine & (tenth == level)):
                break
            hold(mine & (tenth == level))
    for one in classes:
        mine = (priority == one) & (tenth == TENTHS) & (np.concatenate([most, width]) > 0)
        if mine.any():
            hold(mine)
    run(np.concatenate([part.cost[lot, demand] / 1000.0, np.zeros(len(steps))]))
    return Found(best, status, columns, solver.getNumRow(), seconds)  # type: ignore[arg-type]

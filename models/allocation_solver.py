"""HiGHS at work on one part of an allocation: the network model with its columns fetched as they are needed, and the model in integers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

import highspy
import numpy as np

from models.allocation_problem import LEVELS, UNLIMITED, Flags, Floats, Ints, Ladder, Part

NEAREST = 5
"""Lots per demand in the first restricted model; the others enter when their reduced cost says that they might help."""
STEPS = 10
"""Into how many a range of shares is cut in one pass."""
TOLERANCE = 1e-6
PRIMAL = 4
"""HiGHS's number for the primal simplex method."""


@dataclass
class Found:
    """What the solver says of one part."""

    sent: Ints
    """(L, D) packs."""
    status: Literal["optimal", "within_gap", "time_limit"]
    variables: int
    constraints: int
    seconds: float
    """Inside HiGHS."""


def quiet(limit: float) -> highspy.Highs:
    """A solver that prints nothing, uses one thread (the same input, the same answer) and stops after `limit` seconds."""
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("time_limit", max(limit, 0.01))
    return solver


def linear(
    cost: Floats, upper: Floats, row_lower: Floats, row_upper: Floats, start: Ints, index: Ints, value: Floats, whole: Flags | None = None
) -> highspy.HighsLp:
    """A model by columns, handed over as arrays: minimise cost·x, 0 ≤ x ≤ upper, row bounds; `whole` marks integers."""
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), len(row_lower)
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, np.zeros(len(cost)), upper
    model.row_lower_, model.row_upper_ = row_lower, row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = start.astype(np.int32), index.astype(np.int32), value
    if whole is not None:
        model.integrality_ = [highspy.HighsVarType.kInteger if one else highspy.HighsVarType.kContinuous for one in whole]
    return model


class Network:
    """One uniform part as a transport problem in whole packs.

    Rows: a lot's packs, a depot's vehicles (where limited), a demand's balance (packs that come = packs in its steps). Columns: packs of a
    lot to a demand, and the steps of each demand. All coefficients are ±1 and all bounds whole, so that a basic solution is whole.
    """

    def __init__(self, part: Part, ladder: Ladder) -> None:
        self.part, self.ladder = part, ladder
        self.open, self.cost = part.open, part.cost
        self.open &= (part.packs > 0)[:, None] & (ladder.most > 0)[None, :]
        self.limited = np.flatnonzero(part.room < UNLIMITED)
        self.vehicle_row = np.full(len(part.room), -1, dtype=np.int64)
        self.vehicle_row[self.limited] = len(part.lots) + np.arange(len(self.limited))
        self.first_demand_row = len(part.lots) + len(self.limited)
        self.columns, self.seconds = 0, 0.0
        self.last: tuple[Floats, Ints, Ints, float] | None = None
        """The steps of the pass solved last, as given to `solve`."""
        self.basis: tuple[list[highspy.HighsBasisStatus], list[highspy.HighsBasisStatus]] | None = None
        """How the arcs and the rows stood when last solved."""
        held = self.cost[self.open]
        self.spread, self.dearest = (float(held.max() - held.min()), float(held.max())) if held.size else (0.0, 0.0)
        # The cheapest lots of each demand first.
        rank = np.where(self.open, self.cost, np.iinfo(np.int64).max)
        nearest = np.argpartition(rank, NEAREST, axis=0)[:NEAREST] if len(rank) > NEAREST else np.argsort(rank, axis=0, kind="stable")
        chosen = np.zeros_like(self.open)
        np.put_along_axis(chosen, nearest, True, axis=0)
        self.lot, self.demand = np.nonzero(chosen & self.open)

    def entries(self, lot: Ints, demand: Ints) -> tuple[Ints, Ints]:
        """Start and row index of the columns of some arcs; all their coefficients are 1."""
        rows = np.stack([lot, self.vehicle_row[self.part.depot[lot]], self.first_demand_row + demand], 1)
        held = rows >= 0
        return np.concatenate([[0], np.cumsum(held.sum(1))]), rows[held]

    def model(self, worth: Floats, width: Ints, demand: Ints, scale: float) -> highspy.HighsLp:
        """The linear program over the arcs now held; the steps come first, so that arcs can be added behind them."""
        arcs, steps = len(self.lot), len(worth)
        start, index = self.entries(self.lot, self.demand)
        ups = np.concatenate([self.part.packs, self.part.room[self.limited]]).astype(float)
        balance = np.zeros(len(self.part.demands))
        return linear(
            np.concatenate([-scale * worth, self.cost[self.lot, self.demand]]),
            np.concatenate([width.astype(float), np.full(arcs, highspy.kHighsInf)]),
            np.concatenate([np.full(len(ups), -highspy.kHighsInf), balance]),
            np.concatenate([ups, balance]),
            np.concatenate([np.arange(steps), steps + start]),
            np.concatenate([self.first_demand_row + demand, index]),
            np.concatenate([np.full(steps, -1.0), np.ones(len(index))]),
        )

    def solve(self, worth: Floats, width: Ints, demand: Ints, scale: float, limit: float) -> tuple[Ints, Floats] | None:
        """Packs per arc (as `self.lot`, `self.demand` then stand) and the price of each demand in units of `scale`; None out of time.

        `worth`, `width` and `demand` describe the steps: what a pack in it is worth, how many it takes, whose it is.
        """
        if limit <= 0:
            return None
        part, steps, self.last = self.part, len(worth), (worth, width, demand, scale)
        solver = quiet(limit)
        solver.setOptionValue("presolve", "off")
        solver.passModel(self.model(worth, width, demand, scale))
        if self.basis:
            solver.setBasis(self._start(width, demand, len(self.lot)))
            solver.setOptionValue("simplex_strategy", PRIMAL)
        while True:
            begun = time.monotonic()
            solver.run()
            self.seconds += time.monotonic() - begun
            if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                return None
            answer = solver.getSolution()
            price = np.array(answer.row_dual)
            by_lot = price[: len(part.lots)] + np.where(
                self.vehicle_row[part.depot] >= 0, price[np.maximum(self.vehicle_row[part.depot], 0)], 0.0
            )
            by_demand = price[self.first_demand_row :]
            reduced = np.where(self.open, self.cost - by_lot[:, None] - by_demand[None, :], 0.0)
            reduced[self.lot, self.demand] = 0
            lot, new = _most_promising(reduced)
            if not len(lot):
                self.columns = max(self.columns, steps + len(self.lot))
                sent = np.array(answer.col_value)[steps:]
                basis = solver.getBasis()
                self.basis = basis.col_status[steps:], basis.row_status
                self.had = np.bincount(self.demand, np.rint(sent), len(part.demands))
                assert np.all(np.abs(sent - np.rint(sent)) < 1e-5), "a basic solution of the network is whole"
                return np.rint(sent).astype(np.int64), by_demand / scale
            begins, rows = self.entries(lot, new)
            free = np.full(len(lot), highspy.kHighsInf)
            solver.addCols(
                len(lot), self.cost[lot, new].astype(float), np.zeros(len(lot)), free, len(rows), begins[:-1].astype(np.int32),
                rows.astype(np.int32), np.ones(len(rows)),
            )  # fmt: skip
            solver.setOptionValue("simplex_strategy", PRIMAL)  # the point reached stays feasible when columns are added
            self.lot, self.demand = np.concatenate([self.lot, lot]), np.concatenate([self.demand, new])

    def _start(self, width: Ints, demand: Ints, arcs: int) -> highspy.HighsBasis:
        """The point last reached, as a basis for finer steps: of each demand the steps it fills at their bound, the one it is in basic."""
        assert self.basis
        order = np.argsort(demand, kind="stable")
        total = np.cumsum(width[order])
        ends = total - np.concatenate([[0], total])[np.searchsorted(demand[order], demand[order])]
        full = np.empty(len(width), dtype=np.int64)
        had = self.had[demand[order]]
        full[order] = np.where(ends <= had, 2, np.where(ends - width[order] < had, 1, 0))
        names = [highspy.HighsBasisStatus.kLower, highspy.HighsBasisStatus.kBasic, highspy.HighsBasisStatus.kUpper]
        basis = highspy.HighsBasis()
        basis.col_status = [names[one] for one in full] + self.basis[0][:arcs]
        basis.row_status = self.basis[1]
        basis.alien, basis.valid = True, True
        return basis


def _most_promising(reduced: Floats) -> tuple[Ints, Ints]:
    """Arcs of negative reduced cost: for each demand and for each lot the two best."""
    chosen = np.zeros(reduced.shape, dtype=bool)
    for axis in (0, 1):
        left = reduced.copy()
        for _ in range(2 if reduced.size else 0):
            best = np.expand_dims(left.argmin(axis), axis)
            np.put_along_axis(chosen, best, True, axis=axis)
            np.put_along_axis(left, best, 0.0, axis=axis)
    lot, demand = np.nonzero(chosen & (reduced < -1e-4))
    return lot, demand


def network(part: Part, ladder: Ladder, limit: float, model: Network | None = None) -> Found:
    """Whole packs of a uniform part: passes over ever finer steps of the minimum until no step that is only partly had can be cut further."""
    model, size = model or Network(part, ladder), len(part.demands)
    if not model.open.any():
        return Found(np.zeros((len(part.lots), size), dtype=np.int64), "optimal", 0, 0, 0.0)
    until = time.monotonic() + limit
    sure, low = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    asked, undecided = ladder.whole + ladder.split, np.ones(size, dtype=bool)
    width_of_step, steps, sent, status = LEVELS, 1, np.zeros(0, dtype=np.int64), "optimal"
    while True:
        last = width_of_step == 1
        # Columns of steps: what is sure; ranges of shares; the pack across the minimum; the rest; the last, partly needed pack.
        edges = np.stack([np.maximum(ladder.below(low + k * width_of_step), sure) for k in range(steps + 1)])
        ranges = np.where(undecided, np.diff(edges, axis=0), 0)
        complete = edges[-1] >= ladder.whole
        beyond = np.where(undecided, complete, sure >= asked)
        cross = np.where(undecided & complete & (ladder.split > 0) & (sure < asked), 1, 0)
        rest = np.where(beyond, np.maximum(ladder.most - asked - 1, 0), 0)
        final = np.where(beyond & (ladder.most > asked), 1, 0)
        counts = np.stack([np.where(undecided, np.minimum(sure, asked), sure), *ranges, cross, rest, final])
        number = np.stack([np.ones(size, dtype=np.int64), *(edges[:-1] + 1), asked, asked + 1, ladder.most])
        step, demand = np.nonzero(counts)
        keys = ladder.keys(demand, number[step, demand])
        keys[step == 0] = np.array([-1, 0, 0, 0, 0])
        if not last:
            coarse = (step > 0) & (keys[:, 0] == 0)
            keys[coarse, 2] //= width_of_step
            keys[coarse, 3:] = 0
        unique, place = np.unique(keys, axis=0, return_inverse=True)
        worth = (len(unique) - place.ravel()).astype(float)
        scale = 2 * (min(len(part.lots), size) * model.spread + model.dearest) + 1
        answer = model.solve(worth, counts[step, demand], demand, scale, until - time.monotonic())
        if answer is None:
            status = "time_limit"
            break
        sent, price = answer
        in_minimum = (step >= 1) & (step <= steps + 1)
        tied = in_minimum & (np.abs(worth - price[demand]) < 0.5 + TOLERANCE)
        had = in_minimum & (worth > price[demand] + 0.5)
        if last or not tied.any():
            break
        sure = sure + np.bincount(demand[had], counts[step, demand][had], size).astype(np.int64)
        undecided = np.zeros(size, dtype=bool)
        undecided[demand[tied]] = True
        low[demand[tied]] = keys[tied, 2] * width_of_step
        width_of_step, steps = width_of_step // STEPS, STEPS
    table = np.zeros((len(part.lots), size), dtype=np.int64)
    if status == "optimal":
        table[model.lot, model.demand] = sent
    return Found(table, status, model.columns, model.first_demand_row + size, model.seconds)  # type: ignore[arg-type]

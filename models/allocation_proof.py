"""Proofs about a plan by code that is not the solver: whole-number arithmetic in numpy on the plan itself.

For a uniform part a plan is optimal when no exchange improves it (the theorem of negative cycles for flows of convex cost). An exchange
brings one pack more to a demand, or takes one away, and passes packs on along lots and demands in between. All exchanges are searched at
once: `exchanges` computes the cheapest way to come by one more pack at every lot and every demand, in exact 64-bit integers in which one
step of rank outweighs any sum of minutes. For a part that is not uniform only a bound is proven: prices for lots and vehicles, however
found, bound from above what any plan can serve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.allocation_problem import UNLIMITED, Floats, Ints, Ladder, Part

RANK = 10**12
"""One step of rank; the minutes along any exchange stay below."""
NEVER = 2**61
"""Dearer than anything."""


@dataclass
class Exchanges:
    """Cheapest ways to come by one more pack."""

    improves: str
    """Empty when the plan is optimal; else what an exchange would better: service or time."""
    lot: Ints
    """(L,) Cost of one more pack at each lot; `NEVER` when none can be had."""
    depot: Ints
    """(depots,) Cost of one more place in the vehicles of each depot."""
    gain: Ints
    """(D,) What the next pack is worth to each demand; 0 when it needs none."""
    cost: Ints
    """(L, D) Cost of moving a pack."""
    rounds: int
    """Rounds until nothing changed."""


def exchanges(part: Part, ladder: Ladder, sent: Ints) -> Exchanges:
    """All exchanges of a feasible plan `sent` (L, D) of a uniform part."""
    open_, cost = part.open, part.cost
    used, had = sent.sum(1), sent.sum(0)
    gain, loss = _worth(ladder, had)
    loaded = np.bincount(part.depot, used, len(part.room)).astype(np.int64) if len(part.lots) else np.zeros(len(part.room), dtype=np.int64)
    depot = np.where(loaded < part.room, 0, NEVER)
    spare, moving = used < part.packs, sent > 0
    lot = np.where(spare, depot[part.depot], NEVER) if len(part.lots) else np.zeros(0, dtype=np.int64)
    demand = np.where(had > 0, loss, NEVER)
    wants = had < ladder.most
    improves, rounds = ("service" if np.any(had > ladder.most) else ""), 0
    while not improves:
        rounds += 1
        before = (lot.copy(), demand.copy(), depot.copy())
        if len(part.lots):
            came = np.where(open_ & (lot < NEVER)[:, None], lot[:, None] + cost, NEVER)
            demand = np.minimum(demand, came.min(0))
            back = np.where(moving & (demand < NEVER)[None, :], demand[None, :] - cost, NEVER)
            lot = np.minimum(lot, back.min(1, initial=NEVER))
            np.minimum.at(depot, part.depot[used > 0], lot[used > 0])
            lot = np.where(spare, np.minimum(lot, depot[part.depot]), lot)
        better = wants & (demand < gain)
        if better.any():
            improves = "service" if np.any((gain - demand)[better] > RANK // 2) else "time"
        elif np.any(lot[used > 0] < 0) or rounds > len(part.lots) + len(part.room) + 2:
            improves = "time"  # a circle that costs less than nothing
        elif all(np.array_equal(a, b) for a, b in zip(before, (lot, demand, depot), strict=True)):
            break
    return Exchanges(improves, lot, depot, np.where(wants, gain, 0), cost, rounds)


def _worth(ladder: Ladder, had: Ints) -> tuple[Ints, Ints]:
    """(D,), (D,) What the next pack of each demand is worth, and what the last one it has."""
    everyone = np.arange(len(had))
    more, some = np.flatnonzero(had < ladder.most), np.flatnonzero((had > 0) & (had <= ladder.most))
    keys = np.concatenate([ladder.keys(everyone[more], had[more] + 1), ladder.keys(everyone[some], had[some])])
    _, place = np.unique(keys, axis=0, return_inverse=True)
    worth = (place.max(initial=0) + 1 - place.ravel()) * RANK
    gain, loss = np.zeros(len(had), dtype=np.int64), np.zeros(len(had), dtype=np.int64)
    gain[more], loss[some] = worth[: len(more)], worth[len(more) :]
    return gain, loss


def most_served(part: Part, cap: Floats, lot_price: Floats, depot_price: Floats) -> float:
    """No plan serves more than this of all demands, each up to `cap` (D,) and counted by `weight`, whatever the prices.

    Weak duality: with prices λ ≥ 0 of a pack of each lot, μ ≥ 0 of a place in a depot's vehicles and p ≤ weight of a unit at each demand
    such that no pack is worth more where it goes than where it lies, the total is at most Σ λ·packs + Σ μ·room + Σ (weight − p)·cap.
    Every λ and μ makes a true bound; p is computed here as the highest that fits.
    """
    lot_price, depot_price = np.clip(lot_price, 0, None), np.clip(depot_price, 0, None)
    depot_price = np.where(part.room < UNLIMITED, depot_price, 0)
    price = part.weight.copy()
    if len(part.lots):
        per_unit = (lot_price + depot_price[part.depot])[:, None] / np.where(part.open, part.value, 1)
        price = np.minimum(price, np.where(part.open, per_unit, np.inf).min(0))
    limited = part.room < UNLIMITED
    return float(lot_price @ part.packs + depot_price[limited] @ part.room[limited] + (part.weight - price) @ cap)


def served(part: Part, sent: Ints) -> Floats:
    """(D,) What a plan brings each demand, in units of the part, at most what it wants."""
    return np.asarray(np.minimum((sent * part.value).sum(0), part.quantity))

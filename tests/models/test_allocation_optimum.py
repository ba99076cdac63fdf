"""Small allocations against every plan there is: enumerated, ranked by the stated goals in fractions, by code that shares nothing with ours."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date
from fractions import Fraction
from itertools import product
from math import ceil, floor

import pytest

from models.allocation import allocate, check
from models.relief import Demand, Solved, Stock, Substitute, Travel, Vehicle

TODAY = date(2026, 6, 1)


class Case:
    """A generated instance. `kind`: plain, vehicles, mixed, substitute."""

    def __init__(self, seed: int, kind: str) -> None:
        dice = random.Random(f"{kind}{seed}")
        pack = dice.choice([1, 2, 5])
        items = ["水", "茶"] if kind == "substitute" else ["水", "米"] if kind == "vehicles" else ["水"]
        depots, sites = dice.randint(1, 3), dice.randint(1, 3)
        if len(items) > 1:
            depots, sites = min(depots, 2), min(sites, 2)
        self.stocks, self.demands, self.travel = [], [], []
        for a in range(depots):
            for item in items:
                size = dice.choice([2, 3, 5]) if kind == "mixed" else pack
                self.stocks.append(
                    Stock(
                        id=f"{a}{item}", depot=f"d{a}", depot_name=f"库{a}", item=item, quantity=size * dice.randint(0, 3) + dice.choice([0, 0.5]),
                        unit="箱", pack=size, lon=0, lat=0, loading_minutes=dice.choice([0, 10]),
                        expires_on=dice.choice([None, None, date(2026, 5, 31), date(2026, 7, 1)]),
                    )
                )  # fmt: skip
        for b in range(sites):
            for item in items:
                quantity = dice.randint(0, 3 * pack)
                self.demands.append(
                    Demand(
                        id=f"{b}{item}", site=f"s{b}", site_name=f"点{b}", item=item, unit="箱", quantity=quantity,
                        minimum=dice.randint(0, quantity), priority=dice.choice([1, 1, 2]), lon=0, lat=0,
                        within_minutes=dice.choice([None, None, 30]),
                    )
                )  # fmt: skip
        for a, b in product(range(depots), range(sites)):
            if dice.random() < 0.85:
                self.travel.append(Travel(depot=f"d{a}", site=f"s{b}", minutes=dice.randint(1, 40), metres=1, by="straight"))
        self.closed = [("d0", "s0")] if dice.random() < 0.1 else []
        self.vehicles = [Vehicle(depot="d0", count=dice.randint(0, 2), capacity=1)] if kind == "vehicles" else []
        self.rules = []
        if kind == "substitute":
            factor = dice.choice([0.5, 2, 1])
            self.rules = [Substitute(item="茶", unit="箱", instead_of="水", for_unit="箱", factor=factor, standard="某标准第1条")]
        self.tenths = kind in ("mixed", "substitute")

    def solve(self) -> Solved:
        return allocate(
            self.stocks, self.demands, self.travel, vehicles=self.vehicles, substitutes=self.rules, closed=self.closed, today=TODAY
        )

    def check(self, solved: Solved) -> tuple[bool, tuple[str, ...]]:
        return check(
            self.stocks, self.demands, self.travel, solved, vehicles=self.vehicles, substitutes=self.rules, closed=self.closed, today=TODAY
        )

    def worth(self, lot: Stock, demand: Demand) -> Fraction:
        """What one pack counts for, 0 when it may not go there."""
        way = next((t for t in self.travel if (t.depot, t.site) == (lot.depot, demand.site)), None)
        if way is None or (lot.depot, demand.site) in self.closed or (lot.expires_on and lot.expires_on < TODAY):
            return Fraction(0)
        if demand.within_minutes and lot.loading_minutes + way.minutes > demand.within_minutes:
            return Fraction(0)
        if lot.item == demand.item:
            return Fraction(lot.pack)
        return Fraction(lot.pack) * sum(Fraction(r.factor) for r in self.rules if (r.item, r.instead_of) == (lot.item, demand.item))

    def cost(self, lot: Stock, demand: Demand) -> Fraction:
        way = next(t for t in self.travel if (t.depot, t.site) == (lot.depot, demand.site))
        return Fraction(lot.loading_minutes + way.minutes) + Fraction(1, 10)

    def goals(self, has: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
        """Goals 1 and 2 of what each demand has: larger is better, in turn."""
        total: dict[str, Fraction] = defaultdict(Fraction)
        for demand in self.demands:
            total[demand.item] += Fraction(demand.quantity)
        found: list[Fraction] = []
        for priority, level in product((1, 2), range(10 if self.tenths else 0)):
            found.append(
                sum(
                    (
                        min(max(s - Fraction(d.minimum) * level / 10, Fraction(0)), Fraction(d.minimum) / 10) / total[d.item]
                        for s, d in zip(has, self.demands, strict=True)
                        if d.priority == priority and d.quantity
                    ),
                    Fraction(0),
                )
            )
        if self.tenths:
            for priority in (1, 2):
                rest = [
                    min(max(s - Fraction(d.minimum), Fraction(0)), Fraction(d.quantity) - Fraction(d.minimum)) / total[d.item]
                    for s, d in zip(has, self.demands, strict=True)
                    if d.priority == priority and d.quantity
                ]
                found.append(sum(rest, Fraction(0)))
        return tuple(found)

    def packs(self, has: tuple[Fraction, ...]) -> list[tuple[object, ...]]:
        """Goals 1 and 2 where all packs are alike: the rank of every pack that is had, best first."""
        total: dict[str, Fraction] = defaultdict(Fraction)
        for demand in self.demands:
            total[demand.item] += Fraction(demand.quantity)
        ranks = []
        for s, d in zip(has, self.demands, strict=True):
            size = Fraction(next(lot.pack for lot in self.stocks if lot.item == d.item))
            for number in range(min(ceil(s / size), ceil(Fraction(d.quantity) / size))):
                before, after = number * size, min((number + 1) * size, Fraction(d.quantity))
                need = max(Fraction(0), min(after, Fraction(d.minimum)) - before)
                rest = after - before - need
                level = floor(1000 * before / Fraction(d.minimum)) if need else 0
                ranks.append((0 if need else 1, d.priority, level, -need / total[d.item], -rest / total[d.item]))
        return sorted(ranks)

    def every(self) -> dict[tuple[Fraction, ...], Fraction]:
        """All that the demands could have, with the least cost of having it."""
        states: dict[tuple[tuple[Fraction, ...], tuple[int, ...]], Fraction] = {
            (tuple(Fraction(0) for _ in self.demands), tuple(int(v.count * v.capacity) for v in self.vehicles)): Fraction(0)
        }
        for lot in self.stocks:
            worth = [self.worth(lot, d) for d in self.demands]
            packs = floor(Fraction(lot.quantity) / Fraction(lot.pack))
            ways = [
                w
                for w in product(
                    *(range(min(packs, ceil(Fraction(d.quantity) / c)) + 1 if c else 1) for d, c in zip(self.demands, worth, strict=True))
                )
                if sum(w) <= packs
            ]
            after: dict[tuple[tuple[Fraction, ...], tuple[int, ...]], Fraction] = {}
            for ((has, room), paid), way in product(states.items(), ways):
                left = tuple(r - sum(way) if v.depot == lot.depot else r for r, v in zip(room, self.vehicles, strict=True))
                if any(one < 0 for one in left):
                    continue
                state = (
                    tuple(min(Fraction(d.quantity), s + n * c) for s, n, c, d in zip(has, way, worth, self.demands, strict=True)),
                    left,
                )
                cost = paid + sum((n * self.cost(lot, d) for n, d in zip(way, self.demands, strict=True) if n), Fraction(0))
                if cost < after.get(state, cost + 1):
                    after[state] = cost
            states = after
        best: dict[tuple[Fraction, ...], Fraction] = {}
        for (has, _), cost in states.items():
            best[has] = min(cost, best.get(has, cost))
        return best

    def reached(self, solved: Solved) -> tuple[tuple[Fraction, ...], Fraction]:
        """What a plan gives each demand, from its lines, and its cost."""
        lots, wanted = {s.id: s for s in self.stocks}, {d.id: d for d in self.demands}
        has: dict[str, Fraction] = defaultdict(Fraction)
        cost = Fraction(0)
        for line in solved.allocations:
            packs = Fraction(line.quantity) / Fraction(lots[line.stock].pack)
            assert packs.denominator == 1
            worth = self.worth(lots[line.stock], wanted[line.demand])
            assert worth > 0
            assert float(packs * worth) == pytest.approx(line.serves)
            has[line.demand] += packs * worth
            cost += packs * self.cost(lots[line.stock], wanted[line.demand])
        return tuple(min(has[d.id], Fraction(d.quantity)) for d in self.demands), cost


def ranked(case: Case, has: tuple[Fraction, ...]) -> tuple[object, ...]:
    """Sorts the best first."""
    if case.tenths:
        return tuple(-one for one in case.goals(has))
    # A pack more of the same ranks is better: a list that goes on sorts before one that ends.
    return (*case.packs(has), (9,))


@pytest.mark.parametrize(("kind", "number"), [("plain", 90), ("vehicles", 45), ("mixed", 35), ("substitute", 35)])
def test_the_plan_is_as_good_as_the_best_of_all_plans(kind: str, number: int) -> None:
    short = 0
    for seed in range(number):
        case = Case(seed, kind)
        solved = case.solve()
        assert solved.status == "optimal", seed
        assert solved.feasible, (seed, solved.checks)
        every = case.every()
        order = {has: (ranked(case, has), cost) for has, cost in every.items()}
        best = min(order, key=order.__getitem__)
        has, cost = case.reached(solved)
        assert ranked(case, has) == ranked(case, best), (seed, has, best)
        assert cost == every[best], (seed, cost, every[best])
        if not case.tenths:
            assert solved.gap == 0, seed
        feasible, told = case.check(solved)
        assert feasible, (seed, told)
        assert not [one for one in told if one.startswith("不是最优")], (seed, told)
        missing = {one.demand: one.quantity for one in solved.shortfalls}
        assert missing == pytest.approx(
            {d.id: float(Fraction(d.quantity) - s) for s, d in zip(has, case.demands, strict=True) if s < Fraction(d.quantity)}
        ), seed
        short += bool(missing)
    assert short > number // 4


def test_the_smallest_share_of_the_minimum_is_as_large_as_it_can_be() -> None:
    seen = 0
    for seed in range(120):
        case = Case(seed, "plain")
        first = [n for n, d in enumerate(case.demands) if d.priority == 1 and d.minimum]
        if not first:
            continue

        def smallest(has: tuple[Fraction, ...], first: list[int] = first, case: Case = case) -> Fraction:
            return min(min(Fraction(1), has[n] / Fraction(case.demands[n].minimum)) for n in first)

        has, _ = case.reached(case.solve())
        assert smallest(has) == max(smallest(one) for one in case.every()), seed
        seen += 0 < smallest(has) < 1
    assert seen > 3

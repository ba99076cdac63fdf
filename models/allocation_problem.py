"""Stock, demand and travel as arrays: read, refused when wrong, brought to one unit, and cut into parts that do not touch each other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from models.errors import BadInput
from models.measures import factor
from models.relief import Demand, Stock, Substitute, Travel, Vehicle

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

DAY = 24 * 60
EPS = 1e-9
UNLIMITED = 10**12
"""Packs; more than any depot holds."""
LEVELS = 1000
"""Shares of a minimum are told apart by thousandths."""
FARTHEST = 10 * 366 * DAY
"""Minutes; more is a mistake in the data."""


@dataclass
class Part:
    """Lots and demands that can touch each other: L lots of equal worth, D demands, in the order of their ids."""

    lots: list[tuple[Stock, ...]]
    """Lots of one depot, item, unit, pack and loading time that may go to the same places, earliest expiry first."""
    packs: Ints
    """(L,) Whole packs that may leave."""
    depot: Ints
    """(L,) Index of the depot in `room`."""
    room: Ints
    """Packs the vehicles of each depot carry; `UNLIMITED` where none were given."""
    demands: list[Demand]
    """D demands."""
    quantity: Floats
    """(D,) Wanted, in the unit of the item's first demand."""
    minimum: Floats
    """(D,) Of it the minimum."""
    into: Floats
    """(D,) What one of those units is in the demand's own unit."""
    weight: Floats
    """(D,) One over all that is wanted of the item: makes items of different units comparable."""
    value: Floats
    """(L, D) What one pack counts for; 0 where the lot is no answer to the demand."""
    minutes: Floats
    """(L, D) Loading and driving; infinite without an open road."""
    fresh: Flags
    """(L, D) Still good on arrival."""
    instead: dict[tuple[int, int], Substitute] = field(default_factory=dict)
    """(lot, demand) -> what allows the substitute."""

    @property
    def late(self) -> Flags:
        """(L, D) Arrives after the demand's time."""
        limit = np.array([d.within_minutes or math.inf for d in self.demands])
        return np.isfinite(self.minutes) & (self.minutes > limit + EPS)

    @property
    def open(self) -> Flags:
        """(L, D) May be sent: right item, good, a road, in time."""
        return (self.value > 0) & self.fresh & np.isfinite(self.minutes) & ~self.late

    @property
    def cost(self) -> Ints:
        """(L, D) Cost of one pack: 1,000 for each tenth of a minute and for the handling, plus the lot's place in the order of expiry."""
        place = np.zeros(len(self.lots), dtype=np.int64)
        seen: dict[tuple[int, str], int] = defaultdict(int)
        for number in sorted(range(len(self.lots)), key=lambda n: _expiry(self.lots[n][0])):
            key = (int(self.depot[number]), self.lots[number][0].item)
            place[number], seen[key] = min(seen[key], 999), seen[key] + 1
        tenths = np.rint(np.where(np.isfinite(self.minutes), self.minutes, 0) * 10).astype(np.int64)
        return np.asarray((tenths + 1) * 1000 + place[:, None])

    @property
    def uniform(self) -> bool:
        """Whether every pack a demand may get counts alike, so that packs flow as in a network and whole packs cost nothing extra."""
        may = self.open
        most = np.where(may, self.value, 0).max(0, initial=0)
        least = np.where(may, self.value, np.inf).min(0, initial=np.inf)
        return bool(np.all((most == 0) | (most - least <= EPS * most)))


@dataclass
class Problem:
    """All parts, and what explains a shortfall."""

    parts: list[Part]
    today: date
    reserved: dict[str, float]
    """Lot -> promised elsewhere, in the lot's unit."""
    unlimited: bool
    """Vehicles were given, but not for every depot with stock."""


def _expiry(lot: Stock) -> tuple[date, str]:
    return (lot.expires_on or date.max, lot.id)


def build(
    stocks: Iterable[Stock],
    demands: Iterable[Demand],
    travel: Iterable[Travel],
    vehicles: Iterable[Vehicle],
    substitutes: Iterable[Substitute],
    closed: Collection[str | tuple[str, str]],
    reserved: Mapping[str, float],
    today: date,
) -> Problem:
    """The problem, the same whatever the order of the input. Raises `BadInput` for figures that cannot be and units that do not convert."""
    lots, wanted = sorted(stocks, key=lambda s: s.id), sorted(demands, key=lambda d: d.id)
    _refuse(lots, wanted, reserved)
    allowed = sorted(set(substitutes), key=lambda s: (s.instead_of, s.item, s.unit, s.standard))
    depots = {name: n for n, name in enumerate(sorted({lot.depot for lot in lots}))}
    sites = {name: n for n, name in enumerate(sorted({d.site for d in wanted}))}
    minutes = _minutes(travel, depots, sites, closed)
    room = np.full(len(depots), UNLIMITED, dtype=np.int64)
    for vehicle in vehicles:
        if vehicle.depot in depots:
            before = 0 if room[depots[vehicle.depot]] == UNLIMITED else room[depots[vehicle.depot]]
            room[depots[vehicle.depot]] = min(before + int(vehicle.count * vehicle.capacity + EPS), UNLIMITED - 1)
    parts = [
        _part(some_lots, some_demands, allowed, depots, sites, minutes, room, today)
        for some_lots, some_demands in _apart(lots, wanted, allowed, {name for name, n in depots.items() if room[n] < UNLIMITED})
    ]
    return Problem(parts, today, dict(reserved), bool((room < UNLIMITED).any() and (room == UNLIMITED).any()))


def _refuse(lots: Sequence[Stock], demands: Sequence[Demand], reserved: Mapping[str, float]) -> None:
    for kind, ids in (("库存批次", [lot.id for lot in lots]), ("需求", [d.id for d in demands])):
        twice = {one for one, two in pairwise(ids) if one == two}
        if twice:
            raise BadInput(f"{kind}编号重复：{min(twice)}，请为每条记录编不同的号。")
    for lot in lots:
        _figure(lot.quantity, f"{lot.depot_name}的“{lot.item}”：库存数量", zero=True)
        _figure(lot.pack, f"{lot.depot_name}的“{lot.item}”：包装规格")
        _figure(lot.loading_minutes, f"{lot.depot_name}的“{lot.item}”：装车时间", zero=True)
    for demand in demands:
        where = f"{demand.site_name}的“{demand.item}”"
        _figure(demand.quantity, f"{where}：需求数量", zero=True)
        _figure(demand.minimum, f"{where}：最低数量", zero=True)
        if demand.within_minutes is not None:
            _figure(demand.within_minutes, f"{where}：送达时限")
        if demand.minimum > demand.quantity:
            raise BadInput(f"{where}：最低数量{demand.minimum:g}大于需求数量{demand.quantity:g}，请核对。")
    for lot_id, amount in reserved.items():
        _figure(amount, f"批次{lot_id}：已预留数量", zero=True)


def _figure(value: float, what: str, *, zero: bool = False) -> None:
    if value is None or not math.isfinite(value):
        raise BadInput(f"{what}缺失或不是有限的数（{value}），请补正。")
    if value < 0 or (value == 0 and not zero):
        raise BadInput(f"{what}为{value:g}，应{'不小于' if zero else '大于'}0，请核对。")
    if value > UNLIMITED:
        raise BadInput(f"{what}为{value:g}，大得不可信，请核对。")


def _minutes(
    travel: Iterable[Travel], depots: Mapping[str, int], sites: Mapping[str, int], closed: Collection[str | tuple[str, str]]
) -> Floats:
    """(depots, sites) Fastest open drive; infinite where there is none."""
    found = np.full((len(depots), len(sites)), np.inf)
    shut = set(closed)
    for way in travel:
        row, column = depots.get(way.depot), sites.get(way.site)
        if row is None or column is None or way.depot in shut or way.site in shut or (way.depot, way.site) in shut:
            continue
        if not way.minutes >= 0 or (math.isfinite(way.minutes) and way.minutes > FARTHEST):
            raise BadInput(f"{way.depot}到{way.site}的行车时间为{way.minutes}分钟，不可信，请核对。")
        found[row, column] = min(found[row, column], way.minutes)
    return found


def _apart(
    lots: Sequence[Stock], demands: Sequence[Demand], substitutes: Sequence[Substitute], limited: Collection[str]
) -> list[tuple[list[Stock], list[Demand]]]:
    """Lots and demands by groups of items that nothing ties together."""
    items = {name: n for n, name in enumerate(sorted({d.item for d in demands} | {lot.item for lot in lots}))}
    ties = [(items[s.item], items[s.instead_of]) for s in substitutes if s.item in items and s.instead_of in items]
    asked = {d.item for d in demands}
    useful = asked | {s.item for s in substitutes if s.instead_of in asked}
    first: dict[str, int] = {}
    for lot in lots:
        if lot.depot in limited and lot.item in useful:
            ties.append((first.setdefault(lot.depot, items[lot.item]), items[lot.item]))
    ones = np.ones(len(ties))
    graph = coo_array((ones, ([a for a, _ in ties], [b for _, b in ties])), shape=(len(items), len(items)))
    _, group = connected_components(graph, directed=False) if items else (0, np.zeros(0, dtype=int))
    by_group: dict[int, tuple[list[Stock], list[Demand]]] = defaultdict(lambda: ([], []))
    for demand in demands:
        by_group[int(group[items[demand.item]])][1].append(demand)
    for lot in lots:
        if int(group[items[lot.item]]) in by_group and lot.item in useful:
            by_group[int(group[items[lot.item]])][0].append(lot)
    return [by_group[key] for key in sorted(by_group)]


def _part(
    lots: list[Stock],
    demands: list[Demand],
    substitutes: Sequence[Substitute],
    depots: Mapping[str, int],
    sites: Mapping[str, int],
    minutes: Floats,
    room: Ints,
    today: date,
) -> Part:
    place = np.array([sites[d.site] for d in demands], dtype=np.int64)
    drives = minutes[:, place] if len(depots) else np.zeros((0, len(demands)))
    reach = [drives[depots[lot.depot]] for lot in lots]
    days = max(
        (int((r[np.isfinite(r)].max(initial=0) + lot.loading_minutes) // DAY) for lot, r in zip(lots, reach, strict=True)), default=0
    )
    last = today + timedelta(days=days)
    grouped: dict[tuple[str, str, str, float, float, str], list[Stock]] = defaultdict(list)
    for lot in lots:
        expiry = "" if lot.expires_on is None or lot.expires_on >= last else lot.expires_on.isoformat()
        grouped[lot.depot, lot.item, lot.unit, lot.pack, lot.loading_minutes, expiry].append(lot)
    groups = [tuple(sorted(grouped[key], key=_expiry)) for key in sorted(grouped)]

    unit: dict[str, str] = {}
    into = np.ones(len(demands))
    for n, demand in enumerate(demands):
        base = unit.setdefault(demand.item, demand.unit)
        size = factor(base, demand.unit)
        if size is None:
            raise BadInput(f"“{demand.item}”的需求既以{base}计又以{demand.unit}计，两者不能换算，请统一单位。")
        into[n] = size
    quantity = np.array([d.quantity for d in demands]) / into
    total: dict[str, float] = defaultdict(float)
    for demand, amount in zip(demands, quantity, strict=True):
        total[demand.item] += float(amount)
    weight = np.array([1 / total[d.item] if total[d.item] else 1.0 for d in demands])

    shape = (len(groups), len(demands))
    value, good, arrives = np.zeros(shape), np.ones(shape, dtype=bool), np.full(shape, np.inf)
    instead: dict[tuple[int, int], Substitute] = {}
    by_item: dict[str, Ints] = {item: np.flatnonzero([d.item == item for d in demands]) for item in unit}
    for n, group in enumerate(groups):
        lot = group[0]
        arrives[n] = drives[depots[lot.depot]] + lot.loading_minutes
        if lot.item in unit:
            value[n, by_item[lot.item]] = _content(lot, unit[lot.item])
        for rule in substitutes:
            if rule.item == lot.item and rule.instead_of in unit and rule.instead_of != lot.item:
                counts = _content(lot, rule.unit) * rule.factor * _known(rule.for_unit, unit[rule.instead_of], rule.instead_of)
                value[n, by_item[rule.instead_of]] = counts
                instead |= {(n, int(d)): rule for d in by_item[rule.instead_of]}
        if lot.expires_on is not None and (lot.expires_on < last):
            arrival = np.where(np.isfinite(arrives[n]), arrives[n], 0) // DAY
            good[n] = arrival <= (lot.expires_on - today).days
    return Part(
        lots=groups,
        packs=np.array([sum(whole_packs(lot) for lot in group) for group in groups], dtype=np.int64),
        depot=np.array([depots[group[0].depot] for group in groups], dtype=np.int64),
        room=room,
        demands=demands,
        quantity=quantity,
        minimum=np.array([d.minimum for d in demands]) / into,
        into=into,
        weight=weight,
        value=value,
        minutes=arrives,
        fresh=good,
        instead=instead,
    )


def whole_packs(lot: Stock) -> int:
    """Packing units that can leave unopened."""
    return math.floor(lot.quantity / lot.pack + EPS)


def _content(lot: Stock, unit: str) -> float:
    """What one pack of a lot holds, in `unit`. A box is a pack, if the lot says how large its packs are."""
    if unit == "箱" and lot.unit != "箱" and lot.pack != 1:
        return 1.0
    size = factor(lot.unit, unit)
    if size is None:
        raise BadInput(f"{lot.depot_name}的“{lot.item}”以{lot.unit}计，需求以{unit}计，两者不能换算，请统一单位或注明每箱数量。")
    return float(f"{lot.pack * size:.12g}")


def _known(unit: str, into: str, item: str) -> float:
    size = factor(unit, into)
    if size is None:
        raise BadInput(f"替代“{item}”的规定以{unit}计，需求以{into}计，两者不能换算，请统一单位。")
    return size


class Ladder:
    """The packs each demand may get, one after another, and how each ranks among all others. For uniform parts."""

    def __init__(self, part: Part) -> None:
        """Takes what one pack counts for from the lots that may be sent, else from those that might if something were mended."""
        self.part = part
        may = np.where(part.open, part.value, 0).max(0, initial=0)
        self.size = np.where(may > 0, may, part.value.max(0, initial=0))
        """(D,) What one pack counts for; 0 when there is no such item anywhere."""
        size = np.where(self.size > 0, self.size, 1)
        self.most = np.where(self.size > 0, np.ceil(part.quantity / size - EPS), 0).astype(np.int64)
        """(D,) Packs that fill the demand."""
        self.whole = np.where(self.size > 0, np.floor(part.minimum / size + EPS), 0).astype(np.int64)
        """(D,) Packs that lie in the minimum entirely."""
        left = part.minimum - self.whole * size
        self.split = ((left > EPS * size) & (self.size > 0)).astype(np.int64)
        """(D,) 1 when one pack more completes the minimum."""
        self.left = np.where(self.split > 0, left, 0)
        self.priority = np.array([d.priority for d in part.demands], dtype=np.int64)

    def below(self, level: Ints) -> Ints:
        """(D,) Packs whose share before them lies below `level` thousandths of the minimum; only those entirely in the minimum."""
        size = np.where(self.size > 0, self.size, 1)
        return np.asarray(np.clip(np.ceil(level * self.part.minimum / (LEVELS * size) - EPS), 0, self.whole), dtype=np.int64)

    def keys(self, demand: Ints, number: Ints) -> Ints:
        """(n, 5) Rank of pack `number` (from 1) of each demand, smaller first: minimum or rest, priority, thousandth of the minimum
        had before, and how much of the minimum and of the rest it brings."""
        size, minimum = self.size[demand], self.part.minimum[demand]
        before = (number - 1) * size
        in_minimum = number <= (self.whole + self.split)[demand]
        of_minimum = np.where(number <= self.whole[demand], size, np.where(in_minimum, self.left[demand], 0))
        of_rest = np.clip(np.minimum(size, self.part.quantity[demand] - before) - of_minimum, 0, None)
        level = np.where(in_minimum, np.floor(LEVELS * before / np.where(minimum > 0, minimum, 1) + EPS), 0)
        amounts = np.rint(np.stack([of_minimum, of_rest], 1) * self.part.weight[demand][:, None] * 1e12)
        head = np.stack([~in_minimum, self.priority[demand], level], 1)
        return np.concatenate([head, -amounts], 1).astype(np.int64)

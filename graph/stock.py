"""What lies in the depots and is free to promise: surveyed or counted, less what signed plans hold and what has left, plus what came back.

Nothing here is kept beside the record: the balance is worked out from the depots of the survey and the ledger entries of `KINDS` alone.
Whoever promises stock passes `position` back to the ledger, which writes nothing when one of these entries came in since, so two officers
can never promise the same goods. An exercise is played on the same depots and never touches the balance of the actual.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from graph.knowledge import Knowledge
from graph.people import allow
from models.domain import BEIJING, Feature, Mode, Person
from models.errors import BadInput, NotFound, Refused
from models.relief import Delivery, Stock, StockCount, StockTaken, Vehicle

KINDS = ("relief.signed", "relief.edited", "relief.withdrawn", "relief.delivered", "stock.counted")
"""Kinds of ledger entry that change what is free."""

LONGEST_LIST = 200_000
"""Characters of one depot's stock list."""

ROUNDING = 1e-6
"""Quantities closer than this are the same."""


def stock_of(knowledge: Knowledge, mode: Mode = "actual", *, releasing: str | None = None) -> StockTaken:
    """Every lot with what is free of it now. `releasing` names a plan whose goods count as free, because another is to take its place."""
    position = knowledge.ledger.last_seq()
    depots = knowledge.store.features(["depot"])
    lots, gaps = surveyed(depots)
    carried = vehicles(depots, gaps)
    balance = _Balance({lot.id: lot.quantity for lot in lots})
    for entry in knowledge.ledger.entries(kinds=KINDS):
        if entry.seq <= position:
            balance.take(entry.kind, entry.subject, entry.payload, mode)
    promised, holders = balance.promised(releasing)
    free = []
    for lot in lots:
        left = balance.there[lot.id] - promised.get(lot.id, 0.0)
        if left < -ROUNDING:
            gaps.append(
                f"{lot.depot_name}的{lot.item}现存{balance.there[lot.id]:g}{lot.unit}，少于已签发计划占用的{promised.get(lot.id, 0.0):g}{lot.unit}，按0计，请核对库存"
            )
        free.append(lot.model_copy(update={"quantity": max(round(left, 6), 0.0)}))
    return StockTaken(lots=tuple(free), vehicles=carried, promised=promised, holders=holders, gaps=tuple(gaps), position=position)


def short_of(wanted: Mapping[str, float], taken: StockTaken) -> str:
    """Which lot does not hold what a plan takes, how much is left and who holds the rest; empty when all of it is there."""
    by_id = {lot.id: lot for lot in taken.lots}
    for id, quantity in sorted(wanted.items()):
        lot = by_id.get(id)
        if lot is None:
            return f"批次 {id} 已不在库存清单中，请重新生成计划"
        if quantity > lot.quantity + ROUNDING:
            held = taken.holders.get(id, ())
            because = f"；{'；'.join(held)}" if held else "；清点或出库后库存已减少"
            return f"{lot.depot_name}的{lot.item}只剩{lot.quantity:g}{lot.unit}可用，本计划要调出{quantity:g}{lot.unit}{because}。请重新生成计划"
    return ""


def count(knowledge: Knowledge, lot: str, quantity: float, by: Person, *, note: str = "") -> StockCount:
    """Write down what was counted of one lot; it takes the place of the surveyed figure. NotFound for an unknown lot, BadInput below 0."""
    allow(knowledge.ledger, by, "ingest", subject=lot)
    known = {one.id: one for one in surveyed(knowledge.store.features(["depot"]))[0]}
    if lot not in known:
        raise NotFound(f"库存清单中没有批次 {lot}；anlan relief stock 可列出")
    if not math.isfinite(quantity) or quantity < 0:
        raise BadInput(f"清点数为 {quantity}，应为不小于0的数")
    counted = StockCount(stock=lot, quantity=quantity, at=datetime.now(UTC), by=by.name, note=note)
    knowledge.ledger.record("stock.counted", lot, counted.model_dump(mode="json"), by=by.name)
    return counted


def deliveries(knowledge: Knowledge, plan: str) -> list[Delivery]:
    """What was sent, used up and sent back under one plan, oldest first."""
    return [
        Delivery.model_validate(entry.payload["delivery"]) for entry in knowledge.ledger.entries(kinds=["relief.delivered"], subject=plan)
    ]


def on_hand(moved: Iterable[Delivery]) -> dict[tuple[str, str, str], float]:
    """(site, item, unit) to what is there: delivered, less used up and sent back."""
    there: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for one in moved:
        there[one.site, one.item, one.unit] += one.quantity if one.kind == "delivered" else -one.quantity
    return dict(there)


class _Balance:
    """What is there and who holds it, entry by entry."""

    def __init__(self, there: dict[str, float]) -> None:
        self.there = there
        self.held: dict[str, dict[str, Any]] = {}
        """Plan that stands signed, and its entry's payload."""
        self.sent: defaultdict[tuple[str, str], float] = defaultdict(float)
        """(plan, lot) to what left under it."""

    def take(self, kind: str, subject: str, payload: Mapping[str, Any], mode: Mode) -> None:
        if kind == "stock.counted":
            self.there[subject] = float(payload["quantity"])
        elif kind == "relief.signed":
            if payload["mode"] == mode:
                self.held[subject] = dict(payload)
                self.held.pop(payload.get("supersedes") or "", None)
        elif kind == "relief.delivered":
            if payload["mode"] == mode:
                self._move(Delivery.model_validate(payload["delivery"]))
        else:
            self.held.pop(subject, None)

    def _move(self, moved: Delivery) -> None:
        if moved.kind == "delivered":
            self.there[moved.stock] = self.there.get(moved.stock, 0.0) - moved.quantity
            self.sent[moved.plan, moved.stock] += moved.quantity
        elif moved.kind == "returned":
            self.there[moved.stock] = self.there.get(moved.stock, 0.0) + moved.quantity

    def promised(self, releasing: str | None) -> tuple[dict[str, float], dict[str, tuple[str, ...]]]:
        total: defaultdict[str, float] = defaultdict(float)
        words: defaultdict[str, list[str]] = defaultdict(list)
        for plan, payload in self.held.items():
            if plan == releasing:
                continue
            decision = payload["decision"]
            when = datetime.fromisoformat(decision["at"]).astimezone(BEIJING).strftime("%m月%d日%H:%M:%S")
            for lot, quantity in payload["reserves"].items():
                rest = max(float(quantity) - self.sent[plan, lot], 0.0)
                if rest > 0:
                    total[lot] += rest
                    words[lot].append(f"{decision['officer_name']}于{when}签发的《{payload['title']}》（{plan[:11]}）占用{rest:g}")
        return dict(total), {lot: tuple(said) for lot, said in words.items()}


def surveyed(depots: Iterable[Feature]) -> tuple[list[Stock], list[str]]:
    """The lots of the depots as surveyed, and what of their lists cannot be used, in sentences."""
    lots: list[Stock] = []
    gaps: list[str] = []
    for depot in sorted(depots, key=lambda one: one.id):
        for item, number, values in _listed(depot, gaps):
            try:
                lots.append(_lot(depot, item, number, values))
            except BadInput as wrong:
                gaps.append(f"{depot.name}的{item[:40]}：{wrong}，没有计入")
    twice = (
        {lot.id for lot in lots if sum(1 for other in lots if other.id == lot.id) > 1}
        if len({lot.id for lot in lots}) < len(lots)
        else set()
    )
    for id in sorted(twice):
        gaps.append(f"批次 {id} 在库存清单中出现不止一次，只计第一次")
    return list({lot.id: lot for lot in reversed(lots)}.values())[::-1], gaps


def vehicles(depots: Iterable[Feature], gaps: list[str]) -> tuple[Vehicle, ...]:
    """The vehicles of depots that list them: `vehicles` is JSON, [{"count": 3, "capacity": 200}], capacity in packing units.

    A list that cannot be read is told in `gaps`, and its depot is not limited.
    """
    found: list[Vehicle] = []
    for depot in sorted(depots, key=lambda one: one.id):
        raw = depot.properties.get("vehicles")
        if raw in (None, ""):
            continue
        try:
            if not isinstance(raw, str) or len(raw) > LONGEST_LIST:
                raise ValueError("不是文本或太长")
            listed = json.loads(raw)
            if not isinstance(listed, list):
                raise ValueError("应为 [{count, capacity}]")
            found += [
                Vehicle(depot=depot.id, count=int(_number(one["count"], "车辆数")), capacity=_number(one["capacity"], "装载量", above=True))
                for one in listed
            ]
        except (ValueError, KeyError, TypeError, RecursionError, BadInput) as error:
            gaps.append(f"{depot.name}的车辆清单读不出（{str(error)[:60]}），未按车辆限制，请在普查数据中改正")
    return tuple(found)


def _listed(depot: Feature, gaps: list[str]) -> Iterator[tuple[str, int, Any]]:
    raw = depot.properties.get("stock")
    if raw in (None, ""):
        gaps.append(f"{depot.name}没有库存清单")
        return
    try:
        if not isinstance(raw, str) or len(raw) > LONGEST_LIST:
            raise ValueError("不是文本或太长")
        listed = json.loads(raw)
        if not isinstance(listed, dict):
            raise ValueError("应为“物资: {quantity, unit}”")
    except (ValueError, RecursionError) as error:
        gaps.append(f"{depot.name}的库存清单读不出（{str(error)[:60]}），没有计入，请在普查数据中改正")
        return
    for item, values in listed.items():
        batches = values if isinstance(values, list) else [values]
        for number, batch in enumerate(batches, 1):
            yield str(item), number if len(batches) > 1 else 0, batch


def _lot(depot: Feature, item: str, number: int, values: Any) -> Stock:
    if not isinstance(values, dict):
        raise BadInput("应写明 quantity 和 unit")
    name, unit = item.strip(), values.get("unit")
    if not name or len(name) > 100:
        raise BadInput("物资名称为空或过长")
    if not isinstance(unit, str) or not unit.strip() or len(unit) > 20:
        raise BadInput("没有写明计量单位")
    expires = _day(values.get("expires_on"))
    batch = values.get("batch") or (expires.isoformat() if expires else number or "")
    loading = values.get("loading_minutes", depot.properties.get("loading_minutes") or 0)
    return Stock(
        id=f"{depot.id}/{name}" + (f"/{batch}" if number else ""),
        depot=depot.id,
        depot_name=depot.name,
        item=name,
        quantity=_number(values.get("quantity"), "数量"),
        unit=unit.strip(),
        pack=_number(values.get("pack", 1), "包装规格", above=True),
        category=str(values.get("category") or "")[:40],
        expires_on=expires,
        lon=depot.lon,
        lat=depot.lat,
        loading_minutes=_number(loading, "装车分钟数"),
    )


def _number(value: Any, what: str, *, above: bool = False) -> float:
    if value is None:
        raise BadInput(f"没有{what}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadInput(f"{what}“{str(value)[:20]}”不是数") from None
    if isinstance(value, bool) or not math.isfinite(number) or number < 0 or (above and number == 0):
        raise BadInput(f"{what}为 {str(value)[:20]}，应为{'大于' if above else '不小于'}0的数")
    return number


def _day(value: Any) -> date | None:
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise BadInput(f"有效期“{str(value)[:20]}”不是日期") from None


def deliver(knowledge: Knowledge, moved: Delivery, mode: Mode, reserved: Mapping[str, float], by: Person, last: int) -> None:
    """Write down goods that left, came back or were used up. Refused when a lot or a site does not hold them.

    `reserved` is what the signed plan takes of each lot, `last` the newest entry about the plan that was read: Stale when it changed since.
    """
    before = deliveries(knowledge, moved.plan)
    if moved.kind == "consumed":
        there = on_hand(before).get((moved.site, moved.item, moved.unit), 0.0)
        if moved.quantity > there + ROUNDING:
            raise Refused(
                f"{moved.site_name}的{moved.item}记录在册的只有{max(there, 0):g}{moved.unit}，不能记用去{moved.quantity:g}{moved.unit}；请核对"
            )
    else:
        net = sum(
            one.quantity * (1 if one.kind == "delivered" else -1) for one in before if one.stock == moved.stock and one.kind != "consumed"
        )
        most = reserved.get(moved.stock, 0.0) - sum(one.quantity for one in before if one.stock == moved.stock and one.kind == "delivered")
        if moved.kind == "delivered" and moved.quantity > most + ROUNDING:
            raise Refused(f"本计划从该批次还可发出{max(most, 0):g}{moved.unit}，不能发出{moved.quantity:g}{moved.unit}；多发须另行签发计划")
        if moved.kind == "returned" and moved.quantity > net + ROUNDING:
            raise Refused(f"从该批次发出未退的只有{max(net, 0):g}{moved.unit}，不能退回{moved.quantity:g}{moved.unit}；请核对")
    payload = {"delivery": moved.model_dump(mode="json"), "mode": mode}
    knowledge.ledger.record("relief.delivered", moved.plan, payload, by=by.name, expect_last=last)

"""Allocation: what a plan must never do, what it says of what is missing, and that the check sees what the solver would hide."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from models.allocation import allocate, check, stock_lot
from models.allocation_bench import invented
from models.errors import BadInput
from models.measures import factor
from models.relief import Demand, Shortfall, Solved, Stock, Substitute, Travel, Vehicle

TODAY = date(2026, 6, 1)


def lot(depot: str = "甲", quantity: float = 100, *, item: str = "帐篷", unit: str = "顶", batch: str = "", **more: Any) -> Stock:
    return Stock(
        id=f"{depot}{item}{batch}", depot=depot, depot_name=f"{depot}库", item=item, quantity=quantity, unit=unit, lon=0, lat=0, **more
    )


def want(site: str = "一", quantity: float = 50, *, item: str = "帐篷", unit: str = "顶", **more: Any) -> Demand:
    return Demand(id=f"{site}{item}", site=site, site_name=f"{site}点", item=item, unit=unit, quantity=quantity, lon=0, lat=0, **more)


def ways(**minutes: float) -> list[Travel]:
    """甲一=10 means ten minutes from 甲 to 一."""
    return [Travel(depot=pair[0], site=pair[1], minutes=m, metres=m * 500, by="straight") for pair, m in minutes.items()]


def sent(solved: Solved) -> dict[tuple[str, str], float]:
    return {(line.depot, line.site): line.quantity for line in solved.allocations}


def plan(stocks: list[Stock], demands: list[Demand], travel: list[Travel], **more: Any) -> Solved:
    solved = allocate(stocks, demands, travel, today=TODAY, **more)
    assert solved.feasible, solved.checks
    feasible, told = check(stocks, demands, travel, solved, today=TODAY, **more)
    assert feasible, told
    assert not [one for one in told if one.startswith("不是最优")], told
    return solved


def test_the_minimum_of_all_comes_before_more_for_some() -> None:
    demands = [want("一", 90, minimum=40), want("二", 90, minimum=40), want("三", 90, minimum=40, priority=9)]
    got = sent(plan([lot(quantity=130)], demands, ways(甲一=5, 甲二=50, 甲三=90)))
    assert got["甲", "三"] == 40
    assert got["甲", "一"] == 50, "of equal rank the nearer gets what is left"
    assert got["甲", "二"] == 40


def test_a_scarce_minimum_is_shared_by_share_and_by_priority() -> None:
    demands = [want("一", 100, minimum=100), want("二", 200, minimum=200)]
    assert sent(plan([lot(quantity=150)], demands, ways(甲一=5, 甲二=50))) == {("甲", "一"): 50, ("甲", "二"): 100}
    first = [want("一", 100, minimum=100, priority=2), want("二", 200, minimum=200, priority=1)]
    assert sent(plan([lot(quantity=150)], first, ways(甲一=5, 甲二=50))) == {("甲", "二"): 150}


def test_a_load_is_split_and_the_nearest_goes_first() -> None:
    got = sent(plan([lot("甲", 30), lot("乙", 40)], [want(quantity=50)], ways(甲一=10, 乙一=20)))
    assert got == {("甲", "一"): 30, ("乙", "一"): 20}


def test_only_whole_packs_leave() -> None:
    solved = plan([lot(quantity=47, pack=10)], [want(quantity=45)], ways(甲一=10))
    assert sent(solved) == {("甲", "一"): 40}
    (missing,) = solved.shortfalls
    assert (missing.quantity, missing.why) == (5, "packing")
    assert sent(plan([lot(quantity=47, pack=1)], [want(quantity=45)], ways(甲一=10))) == {("甲", "一"): 45}
    assert sent(plan([lot(quantity=100, pack=20)], [want(quantity=45)], ways(甲一=10))) == {("甲", "一"): 60}, "a begun pack goes"


def test_loading_counts_towards_the_time() -> None:
    demand = [want(within_minutes=60)]
    assert plan([lot(loading_minutes=20)], demand, ways(甲一=40)).allocations[0].minutes == 60
    (missing,) = plan([lot(loading_minutes=21)], demand, ways(甲一=40)).shortfalls
    assert missing.why == "too_late"
    assert "61分钟，超过时限60分钟" in missing.words


def test_goods_past_their_date_or_past_it_on_arrival_stay() -> None:
    old = lot("甲", expires_on=date(2026, 5, 31))
    (missing,) = plan([old], [want()], ways(甲一=10)).shortfalls
    assert (missing.why, missing.quantity) == ("expired", 50)
    last_day = lot("甲", expires_on=TODAY)
    assert not plan([last_day], [want()], ways(甲一=10)).shortfalls
    assert plan([last_day], [want()], ways(甲一=1500)).shortfalls[0].why == "expired"


def test_of_one_depot_the_earliest_expiry_leaves_first() -> None:
    lots = [lot(batch=str(n), quantity=30, expires_on=day) for n, day in enumerate([None, date(2027, 1, 1), date(2026, 7, 1)])]
    solved = plan(lots, [want("一", 20), want("二", 20)], ways(甲一=10, 甲二=20))
    assert {line.stock: line.quantity for line in solved.allocations if line.site == "一"} == {"甲帐篷2": 20}
    assert {line.stock: line.quantity for line in solved.allocations if line.site == "二"} == {"甲帐篷2": 10, "甲帐篷1": 10}


def test_vehicles_limit_what_leaves_across_items() -> None:
    stocks, demands = [lot(), lot(item="棉被", unit="床")], [want(), want(item="棉被", unit="床", minimum=30)]
    solved = plan(stocks, demands, ways(甲一=10), vehicles=[Vehicle(depot="甲", count=4, capacity=10)])
    assert sum(line.quantity for line in solved.allocations) == 40
    assert next(line.quantity for line in solved.allocations if line.item == "棉被") >= 30
    assert {one.why for one in solved.shortfalls} == {"vehicles"}
    assert not plan(stocks, demands, ways(甲一=10), vehicles=[Vehicle(depot="甲", count=10, capacity=10)]).shortfalls


def test_a_substitute_stands_in_with_its_factor_and_its_reason() -> None:
    rule = Substitute(item="毛毯", unit="条", instead_of="棉被", for_unit="床", factor=0.5, standard="某标准第3条：两条毛毯抵一床棉被")
    stocks = [lot(item="棉被", unit="床", quantity=10), lot(item="毛毯", unit="条", quantity=30)]
    demand = [want(item="棉被", unit="床", quantity=20)]
    solved = plan(stocks, demand, ways(甲一=10), substitutes=[rule])
    (blankets,) = [line for line in solved.allocations if line.item == "毛毯"]
    assert (blankets.quantity, blankets.serves, blankets.substitute) == (20, 10, rule.standard)
    assert not solved.shortfalls
    assert plan(stocks, demand, ways(甲一=10)).shortfalls[0].quantity == 10


def test_units_convert_by_known_factors_only() -> None:
    water = plan([lot(item="水", unit="吨", quantity=2)], [want(item="水", unit="公斤", quantity=1500)], ways(甲一=10))
    assert (water.allocations[0].quantity, water.allocations[0].serves) == (2, 2000)
    assert factor("立方米", "毫升") == 1_000_000
    assert factor("毫升", "立方米") == 0.000001
    boxed = plan([lot(item="水", unit="瓶", quantity=100, pack=24)], [want(item="水", unit="箱", quantity=3)], ways(甲一=10))
    assert (boxed.allocations[0].quantity, boxed.allocations[0].serves) == (72, 3)
    for unit, other in (("箱", "瓶"), ("升", "千克"), ("顶", "床")):
        with pytest.raises(BadInput, match=rf"以{unit}计.*以{other}计") as refused:
            allocate([lot(item="水", unit=unit)], [want(item="水", unit=other)], ways(甲一=10))
        assert "不能换算" in str(refused.value)
    with pytest.raises(BadInput, match="瓶"):
        allocate([lot(item="水", unit="瓶")], [want(item="水", unit="箱")], ways(甲一=10))
    with pytest.raises(BadInput, match=r"升.*床"):
        allocate([], [want("一", item="水", unit="升"), want("二", item="水", unit="床")], [])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"quantity": -3}, "不能是负数"),
        ({"quantity": "nan"}, "不是有限的数"),
        ({"quantity": float("inf")}, "不是有限的数"),
        ({"quantity": None}, "缺库存数量"),
        ({"quantity": "许多"}, "不是数"),
        ({"pack": 0}, "pack"),
        ({"unit": None}, "unit"),
    ],
)
def test_a_wrong_stock_is_refused_with_the_reason(fields: Mapping[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        stock_lot({**lot().model_dump(), **fields})
    assert "甲库的“帐篷”" in str(refused.value)
    assert stock_lot({**lot().model_dump(), "quantity": "12"}).quantity == 12


@pytest.mark.parametrize(
    ("stock", "demand", "said"),
    [
        ({"quantity": float("nan")}, {}, "库存数量缺失或不是有限的数"),
        ({"quantity": -1.0}, {}, "不小于0"),
        ({"pack": 0.0}, {}, "大于0"),
        ({"loading_minutes": float("inf")}, {}, "装车时间"),
        ({}, {"quantity": float("inf")}, "需求数量"),
        ({}, {"minimum": 51.0}, "大于需求数量"),
    ],
)
def test_figures_that_cannot_be_are_refused_even_past_the_types(stock: dict[str, Any], demand: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        allocate([lot().model_copy(update=stock)], [want().model_copy(update=demand)], ways(甲一=10))


def test_an_id_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="编号重复"):
        allocate([lot(), lot()], [want()], ways(甲一=10))


def test_nothing_wanted_nothing_there_no_road_is_no_failure() -> None:
    assert not plan([lot()], [], []).allocations
    assert not plan([lot()], [want(quantity=0)], ways(甲一=10)).shortfalls
    for stocks, travel, closed, why in (
        ([], [], [], "no_stock"),
        ([lot(quantity=0)], ways(甲一=10), [], "no_stock"),
        ([lot()], [], [], "no_road"),
        ([lot()], ways(甲一=10), ["甲"], "no_road"),
        ([lot()], ways(甲一=10), ["一"], "no_road"),
        ([lot()], ways(甲一=10), [("甲", "一")], "no_road"),
        ([lot(quantity=20)], ways(甲一=10), [], "not_enough"),
    ):
        (missing,) = plan(stocks, [want(minimum=30)], travel, closed=closed).shortfalls
        assert missing.why == why
        assert missing.words.startswith(f"还差{missing.quantity:.0f}顶（其中最低需求{missing.of_minimum:.0f}顶）：")


def test_what_is_promised_elsewhere_is_named() -> None:
    (missing,) = plan([lot(quantity=0)], [want()], ways(甲一=10), reserved={"甲帐篷": 80}).shortfalls
    assert missing.why == "reserved"
    assert "甲库等处有80顶已被其他方案预留" in missing.words


def test_what_is_held_by_those_who_rank_after_is_seen_through_the_exchange() -> None:
    """一 waits for a depot that is too far and already given away to 二, who ranks after: more time would mend it."""
    demands = [want("一", 50, priority=1, within_minutes=30), want("二", 50, priority=2)]
    assert plan([lot(quantity=50)], demands, ways(甲一=60, 甲二=10)).shortfalls[0].why == "too_late"
    swapped = [want("一", 50, priority=2, within_minutes=30), want("二", 50, priority=1)]
    assert plan([lot(quantity=50)], swapped, ways(甲一=60, 甲二=10)).shortfalls[0].why == "not_enough"


def instance(seed: int) -> dict[str, Any]:
    dice = random.Random(seed)
    stocks = [
        lot(
            a, dice.choice([0, 7, 20, 33]), pack=5, loading_minutes=dice.choice([0, 15]),
            expires_on=dice.choice([None, None, date(2026, 5, 1), date(2026, 9, 1)]),
        )
        for a in "甲乙丙"
    ]  # fmt: skip
    demands = []
    for b in "一二三四":
        quantity = dice.randint(1, 30)
        limit = dice.choice([None, 30, 60])
        demands.append(want(b, quantity, minimum=dice.randint(0, quantity), priority=dice.randint(1, 3), within_minutes=limit))
    travel = [way for a in "甲乙丙" for b in "一二三四" if dice.random() < 0.7 for way in ways(**{a + b: dice.randint(5, 80)})]
    vehicles = [Vehicle(depot=a, count=dice.randint(0, 3), capacity=1) for a in "甲乙" if dice.random() < 0.5]
    reserved = {f"{a}帐篷": 40.0 for a in "甲乙丙" if dice.random() < 0.3}
    return {"stocks": stocks, "demands": demands, "travel": travel, "vehicles": vehicles, "reserved": reserved}


def mended(case: dict[str, Any], demand: str, why: str) -> dict[str, Any]:
    """The instance without the named reason."""
    now = dict(case)
    site = demand[0]
    if why == "too_late":
        now["demands"] = [d.model_copy(update={"within_minutes": None}) if d.id == demand else d for d in case["demands"]]
    elif why == "no_road":
        known = {(t.depot, t.site) for t in case["travel"]}
        now["travel"] = case["travel"] + [way for a in "甲乙丙" if (a, site) not in known for way in ways(**{a + site: 1})]
    elif why == "vehicles":
        now["vehicles"] = []
    elif why == "packing":
        now["stocks"] = [s.model_copy(update={"quantity": s.quantity + 5}) for s in case["stocks"]]
    elif why == "expired":
        now["stocks"] = [s.model_copy(update={"expires_on": None}) for s in case["stocks"]]
    elif why == "reserved":
        now["stocks"] = [s.model_copy(update={"quantity": s.quantity + case["reserved"].get(s.id, 0)}) for s in case["stocks"]]
        now["reserved"] = {}
    else:
        now["stocks"] = [*case["stocks"], lot("丁", 500)]
        now["travel"] = case["travel"] + ways(**{"丁" + b: 1 for b in "一二三四"})
    return now


def test_taking_away_the_named_reason_mends_at_least_part() -> None:
    seen: dict[str, int] = {}
    passed_on = 0
    for seed in range(70):
        case = instance(seed)
        before = plan(**case).shortfalls
        for missing in before:
            after = allocate(**mended(case, missing.demand, missing.why), today=TODAY)
            left = {one.demand: one.quantity for one in after.shortfalls}
            if left.get(missing.demand, 0) >= missing.quantity:  # what was freed went to one that ranks before
                passed_on += 1
                assert sum(left.values()) < sum(one.quantity for one in before), (seed, missing)
            seen[missing.why] = seen.get(missing.why, 0) + 1
    assert passed_on < sum(seen.values()) / 20
    assert set(seen) >= {"too_late", "no_road", "vehicles", "not_enough", "reserved", "packing"}, seen


def test_the_same_input_in_any_order_gives_the_same_plan() -> None:
    for seed in range(10):
        case = instance(seed)
        first = allocate(**case, today=TODAY)
        for again in range(3):
            dice = random.Random(again)
            turned = {
                key: dict(reversed(value.items())) if isinstance(value, dict) else dice.sample(value, len(value))
                for key, value in case.items()
            }
            assert allocate(**turned, today=TODAY).model_copy(update={"seconds": first.seconds}) == first


def test_large_mixed_packs_are_whole_within_a_stated_gap() -> None:
    case = invented(8, 120, 1, 2, mixed=True, within=None)
    solved = allocate(*case, today=TODAY)
    assert solved.feasible, solved.checks
    assert solved.status == "within_gap"
    assert 0 <= solved.gap < 0.05
    assert any("上限由对偶价格独立算得" in one for one in solved.checks)


def test_a_solver_without_time_still_leaves_a_plan() -> None:
    case = invented(20, 200, 1, 2, within=None)
    solved = allocate(*case, today=TODAY, time_limit=0.0)
    assert solved.feasible, solved.checks
    assert solved.status == "time_limit"
    assert solved.allocations


WRONG = {
    "over stock": ("方案调出", lambda s: s.model_copy(update={"quantity": s.quantity + 60, "serves": s.serves + 60})),
    "half a pack": ("不是整包装", lambda s: s.model_copy(update={"quantity": s.quantity - 3, "serves": s.serves - 3})),
    "counted double": ("应计", lambda s: s.model_copy(update={"serves": s.serves * 2})),
    "faster than the road": ("应需", lambda s: s.model_copy(update={"minutes": s.minutes / 2})),
    "another item": ("对不上", lambda s: s.model_copy(update={"item": "棉被"})),
    "a substitute nobody allows": ("无替代依据", lambda s: s.model_copy(update={"substitute": "某标准"})),
    "a lot that is not there": ("对不上", lambda s: s.model_copy(update={"stock": "别处"})),
}


@pytest.mark.parametrize("kind", WRONG)
def test_the_check_sees_a_wrong_line(kind: str) -> None:
    case = ([lot("甲", 60, pack=10), lot("乙", 60, pack=10)], [want("一", 50), want("二", 60)], ways(甲一=10, 乙一=30, 甲二=20, 乙二=25))
    solved = plan(*case)
    said, break_ = WRONG[kind]
    wrong = solved.model_copy(update={"allocations": (break_(solved.allocations[0]), *solved.allocations[1:])})
    feasible, told = check(*case, wrong, today=TODAY)
    assert not feasible
    assert any(said in one for one in told), told


def test_the_check_sees_time_road_expiry_vehicles_and_false_shortfalls() -> None:
    case = ([lot(expires_on=date(2026, 6, 10))], [want("一", 50)], ways(甲一=40))
    solved = plan(*case)
    late = [want("一", 50, within_minutes=30)]
    assert "超过时限30分钟" in check(case[0], late, case[2], solved, today=TODAY)[1][0]
    assert "没有可通行的道路" in check(*case, solved, today=TODAY, closed=["甲"])[1][0]
    assert "已过有效期" in check(*case, solved, today=date(2026, 6, 11))[1][0]
    assert "车辆" in check(*case, solved, today=TODAY, vehicles=[Vehicle(depot="甲", count=1, capacity=49)])[1][0]
    silent = allocate([lot(quantity=20)], case[1], case[2], today=TODAY).model_copy(update={"shortfalls": ()})
    assert "不符" in check([lot(quantity=20)], case[1], case[2], silent, today=TODAY)[1][0]


def test_the_check_sees_a_plan_that_could_be_better() -> None:
    """A plan made for other ranks, roads or stock is feasible here, and not the best."""
    stocks, travel = [lot("甲", 60), lot("乙", 60)], ways(甲一=10, 乙一=30, 甲二=20, 乙二=90)
    demands = [want("一", 80, minimum=60), want("二", 80, minimum=60)]

    def told(*made_for: Any, of: list[Stock] = stocks) -> str:
        made, minutes = allocate(*made_for, today=TODAY), {(t.depot, t.site): t.minutes for t in travel}
        lines = tuple(line.model_copy(update={"minutes": minutes[line.depot, line.site]}) for line in made.allocations)
        brought = {d.id: sum(line.serves for line in lines if line.demand == d.id) for d in demands}
        missing = tuple(
            Shortfall(
                demand=d.id, site=d.site, site_name=d.site_name, item=d.item, unit=d.unit, quantity=d.quantity - brought[d.id],
                why="not_enough", words="",
            )
            for d in demands
            if brought[d.id] < d.quantity
        )  # fmt: skip
        plan_ = made.model_copy(update={"allocations": lines, "shortfalls": missing})
        feasible, sentences = check(of, demands, travel, plan_, today=TODAY)
        assert feasible, sentences
        return "\n".join(sentences)

    assert "不是最优" not in told(stocks, demands, travel)
    slower = ways(甲一=10, 乙一=90, 甲二=90, 乙二=10)
    assert "改善运送时间" in told(stocks, demands, slower)
    assert "改善得到的数量或先后" in told([lot("甲", 60), lot("乙", 10)], demands, travel)
    greedy = [want("一", 80, minimum=80), want("二", 80)]
    assert "改善得到的数量或先后" in told(stocks, greedy, travel)
    odd = [lot("甲", 60, pack=3), lot("乙", 60, pack=4)]
    assert "不是最优" in told(odd, [want("一", 80, minimum=80), want("二", 80, priority=9)], travel, of=odd)


def test_fifty_depots_and_a_thousand_sites_are_proven_optimal() -> None:
    case = invented(50, 1000, 1, 3)
    solved = allocate(*case, today=TODAY)
    assert (solved.status, solved.gap, solved.feasible) == ("optimal", 0, True)
    assert any("查遍全部调换" in one for one in solved.checks)
    assert solved.variables < 50_000, "not every arc was needed"

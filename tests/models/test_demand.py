"""Needs spread over shelters: the parts sum to the whole, in whole packs, and the most urgent first."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.demand import demands, left_out, placed, priority_words, shared_out
from models.domain import Need
from models.errors import BadInput
from models.needs import needs
from models.relief import Demand, Group, Site
from models.standards import Standard, StandardItem


def site(name: str, people: int | None = None, capacity: float | None = None, *, is_open: bool = True, **groups: int) -> Site:
    return Site(id=name, name=name, people=people, capacity=capacity, is_open=is_open, groups=groups, lon=118.8, lat=32.0)


def standard(*items: dict[str, object]) -> Standard:
    """An invented standard; each item says only what differs from one bottle of water a day."""
    ordinary = {"item": "饮用水", "amount": 1, "unit": "瓶", "per": "person", "every": "day", "clause": "一", "verified": True}
    made = [StandardItem.model_validate(ordinary | {"key": str(i), "evidence": "text_mirror"} | item) for i, item in enumerate(items)]
    return Standard(name="invented", title="虚构", kind="local_norm", publisher="本局", reference="无", items=tuple(made))


def by_site(found: Sequence[Demand]) -> dict[str, float]:
    return {one.site: one.quantity for one in found}


def test_typed_people_stand_and_the_rest_goes_by_capacity() -> None:
    sites = [site("甲", people=100), site("乙", capacity=200), site("丙", capacity=100), site("丁", capacity=900, is_open=False)]
    at, steps = placed(400, sites)
    assert at == {"甲": 100, "乙": 200, "丙": 100, "丁": 0}
    assert any("容量" in step and "乙" in step for step in steps)


def test_more_people_than_capacity_are_placed_and_said() -> None:
    at, steps = placed(500, [site("甲", capacity=100), site("乙", capacity=300)])
    assert at == {"甲": 125, "乙": 375}
    assert any("超出100人" in step for step in steps)


def test_a_site_nobody_knows_anything_about_is_named() -> None:
    at, steps = placed(10, [site("甲", capacity=100), site("乙")])
    assert at == {"甲": 10, "乙": 0}
    assert any("乙" in step and "未分摊" in step for step in steps)


@pytest.mark.parametrize(
    ("people", "sites", "words"),
    [
        (10, [site("甲", people=11)], "多于"),
        (10, [site("甲", people=9)], "1人没有去处"),
        (10, [], "没有去处"),
        (10, [site("甲", capacity=5, is_open=False)], "没有去处"),
        (10, [site("甲", people=5), site("甲", people=5)], "重复"),
    ],
)
def test_people_who_cannot_be_placed_are_refused_with_the_reason(people: int, sites: list[Site], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        placed(people, sites)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**7), st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any))
def test_sharing_out_preserves_the_sum_and_stays_within_one_of_the_exact_share(total: int, weights: list[int]) -> None:
    parts = shared_out(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


def test_sharing_out_by_largest_remainder() -> None:
    assert shared_out(10, [1, 1, 1]) == [4, 3, 3]
    assert shared_out(7, [50, 30, 20]) == [4, 2, 1]
    assert shared_out(3, [0, 5]) == [0, 3]
    with pytest.raises(BadInput):
        shared_out(1, [0, 0])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 5_000), min_size=1, max_size=12).filter(any),
    st.sampled_from([0.5, 1.0, 3.0, 7.0, 10.0]),
    st.sampled_from([0.1, 1, 12, 24, 25.5]),
    st.sampled_from(["day", "week", "once"]),
)
def test_site_quantities_sum_exactly_to_the_need_in_whole_packs(people: list[int], days: float, pack: float, every: str) -> None:
    sites = [site(str(i), people=number) for i, number in enumerate(people)]
    found = needs(sum(people), days, standard({"pack": pack, "every": every, "amount": 2.8}))
    made = demands(found, sites, sum(people))
    size = Fraction(str(pack))
    assert sum(Fraction(str(one.quantity)) for one in made) == Fraction(str(found[0].quantity))
    assert all((Fraction(str(one.quantity)) / size).denominator == 1 for one in made)
    assert all((Fraction(str(one.minimum)) / size).denominator == 1 and 0 < one.minimum <= one.quantity for one in made)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 100_000), st.integers(0, 1_000), st.sampled_from(["sphere", "bnpb", "planning"]))
def test_more_people_never_need_less(people: int, more: int, name: str) -> None:
    for fewer, all_of_them in zip(needs(people, 3, name), needs(people + more, 3, name), strict=True):
        assert fewer.exact is not None
        assert fewer.quantity is not None
        assert all_of_them.exact is not None
        assert all_of_them.quantity is not None
        assert fewer.exact <= all_of_them.exact
        assert fewer.exact <= fewer.quantity <= all_of_them.quantity


def test_the_minimum_is_the_first_day_rounded_up_at_each_site() -> None:
    found = demands(needs(150, 7, standard({"pack": 24})), [site("甲", people=100), site("乙", people=50)], 150)
    # 1050 bottles are 44 packs: 29.33 and 14.67 → 29 and 15; a day is 100 and 50 bottles → 5 and 3 packs.
    assert {one.site: (one.quantity, one.minimum) for one in found} == {"甲": (29 * 24, 5 * 24), "乙": (15 * 24, 3 * 24)}


def test_the_minimum_is_no_more_than_the_time_planned_for() -> None:
    (one,) = demands(needs(100, 0.5, standard({})), [site("甲", people=100)], 100)
    assert (one.quantity, one.minimum) == (50, 50)


def test_what_a_standard_allows_at_least_is_the_minimum_of_what_is_given_once() -> None:
    found = demands(needs(100, 7, standard({"item": "棉被", "every": "once", "amount": 2, "range": [1, 2]})), [site("甲", people=100)], 100)
    assert [(one.quantity, one.minimum) for one in found] == [(200, 100)]


def test_what_is_given_once_counts_in_full() -> None:
    (one,) = demands(needs(100, 7, standard({"item": "棉被", "every": "once"})), [site("甲", people=100)], 100)
    assert one.minimum == 100


def test_priority_and_time_go_by_class_and_group_and_the_standard_comes_first() -> None:
    items = standard(
        {"item": "饮用水"},
        {"item": "食品"},
        {"item": "食品（幼儿）", "for": "children"},
        {"item": "蜡烛"},
        {"item": "储水容器"},
        {"item": "手电", "priority": 2, "within_minutes": 90},
    )
    found = demands(needs(10, 1, items, groups={"children": 2}), [site("甲", people=10, children=2)], 10)
    assert {one.item: (one.priority, one.within_minutes) for one in found} == {
        "饮用水": (1, 480),
        "食品": (2, 480),
        "食品（幼儿）": (1, 480),
        "蜡烛": (5, None),
        "储水容器": (5, None),
        "手电": (2, 90),
    }
    county = demands(needs(10, 1, items), [site("甲", people=10)], 10, level="县")
    assert {one.within_minutes for one in county if one.item == "饮用水"} == {360}


def test_the_words_for_a_priority_say_that_it_is_an_assumption_and_where_the_time_comes_from() -> None:
    (need,) = needs(10, 1, standard({}))
    words = priority_words(need)
    assert "未核实" in words.split("；")[0]
    assert "RN-25" in words


@pytest.mark.parametrize(("given_", "expected"), [({"甲": 1, "乙": 3}, {"甲": 1, "乙": 3}), ({"甲": 1}, {"甲": 2, "乙": 2})])
def test_items_of_a_group_go_where_the_group_is_if_every_site_says_so(given_: dict[str, int], expected: dict[str, int]) -> None:
    sites = [site(name, people=50, **({"children": given_[name]} if name in given_ else {})) for name in ("甲", "乙")]
    groups: dict[Group, int] = {"children": 4}
    found = demands(needs(100, 1, standard({"item": "奶粉", "for": "children"}), groups=groups), sites, 100)
    assert by_site(found) == expected


def test_a_group_of_unknown_size_area_energy_and_parts_of_another_item_are_left_out_and_named() -> None:
    items = standard(
        {"item": "奶粉", "for": "children"},
        {"item": "面积", "unit": "平方米", "every": "once"},
        {"key": "water"},
        {"item": "其中饮水", "part_of": "water"},
    )
    found = needs(10, 1, items)
    assert [one.item for one in demands(found, [site("甲", people=10)], 10)] == ["饮用水"]
    words = left_out(found)
    assert [word.split("：")[0] for word in words] == ["奶粉", "面积", "其中饮水"]
    assert "不能按0计" in words[0]


def test_a_demand_keeps_its_id_when_people_change() -> None:
    def ids(people: int) -> list[str]:
        return [one.id for one in demands(needs(people, 3, "bnpb"), [site("甲", people=people)], people)]

    assert ids(100) == ids(200)
    assert len(set(ids(100))) == len(ids(100))


def test_nobody_wants_nothing() -> None:
    assert demands(needs(0, 3, "bnpb"), [site("甲", people=0)], 0) == ()


def test_demands_do_not_depend_on_float_noise() -> None:
    found: list[Need] = needs(3, 1, standard({"amount": 0.1, "pack": 0.1}))
    assert found[0].quantity == 0.3
    totals: dict[str, Fraction] = defaultdict(Fraction)
    for one in demands(found, [site("甲", people=1), site("乙", people=2)], 3):
        totals[one.site] += Fraction(str(one.quantity))
    assert totals == {"甲": Fraction(1, 10), "乙": Fraction(2, 10)}
    assert math.isclose(float(sum(totals.values())), 0.3)

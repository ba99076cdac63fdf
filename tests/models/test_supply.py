"""Days of supply left, and what differs between two calculations."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.basis import bases
from models.demand import demands
from models.domain import BEIJING
from models.errors import BadInput
from models.needs import needs
from models.relief import Delivery, Figure, Site
from models.supply import Calculation, Supply, changed, days_left
from tests.models.invented import impact

START = datetime(2026, 7, 1, 8, 0, tzinfo=BEIJING)
WATER = "饮用水"


def record(quantity: float, days: float = 0, kind: str = "delivered", *, unit: str = "升", site: str = "甲", item: str = WATER) -> Delivery:
    return Delivery(
        plan="rl-1",
        site=site,
        site_name=site,
        item=item,
        quantity=quantity,
        unit=unit,
        kind=kind,
        at=START + timedelta(days=days),
        by="库管",
    )


def people(low: float, best: float, high: float) -> Figure:
    return Figure(low=low, best=best, high=high)


def water(records: list[Delivery], days: float = 0, figure: Figure | None = None, site: str | None = None) -> Supply:
    """A hundred people use 250 litres a day under BNPB (17.5 a week each)."""
    found = days_left(records, needs(100, 7, "bnpb"), figure or people(100, 100, 100), START + timedelta(days=days), site=site)
    return next(one for one in found if one.item == WATER)


def test_what_was_delivered_lasts_as_long_as_people_need_it() -> None:
    left = water([record(1000)])
    assert (left.low, left.best, left.high) == (4, 4, 4)
    assert "÷每天250升" in left.arithmetic


def test_more_or_fewer_people_make_it_last_shorter_or_longer() -> None:
    left = water([record(1000)], figure=people(50, 100, 200))
    assert (left.low, left.best, left.high) == (2, 4, 8)


def test_it_goes_down_by_the_standard_while_nobody_records_what_is_used() -> None:
    left = water([record(1000)], days=1, figure=people(50, 100, 200))
    assert (left.at_hand.low, left.at_hand.best, left.at_hand.high) == (500, 750, 875)
    assert (left.low, left.best, left.high) == (1, 3, 7)


def test_recorded_consumption_takes_the_place_of_the_standard() -> None:
    left = water([record(1000), record(100, days=2, kind="consumed")], days=2)
    assert (left.booked, left.at_hand.best, left.best) == (900, 900, 3.6)


def test_goods_that_came_back_are_gone() -> None:
    assert water([record(1000), record(500, kind="returned")]).best == 2


def test_days_without_anything_there_use_nothing_of_the_next_delivery() -> None:
    left = water([record(250), record(500, days=3)], days=3)
    assert left.at_hand.best == 500


def test_a_record_in_another_unit_is_left_out_and_named() -> None:
    left = water([record(1000), record(10, unit="箱")])
    assert left.best == 4
    assert any("10箱" in note and "不能换算" in note for note in left.notes)


def test_more_used_than_came_is_named_and_leaves_nothing() -> None:
    left = water([record(100), record(300, kind="consumed")])
    assert (left.booked, left.best) == (-200, 0)
    assert any("请核对" in note for note in left.notes)


def test_later_records_and_other_sites_do_not_count() -> None:
    records = [record(1000), record(1000, days=2), record(1000, site="乙")]
    assert water(records, site="甲").best == 4
    assert water(records).best == 8


def test_nothing_delivered_lasts_no_time_and_nobody_there_needs_no_days() -> None:
    assert water([]).best == 0
    nobody = days_left([record(1000)], needs(0, 7, "bnpb"), people(0, 0, 0), START)
    assert {one.best for one in nobody} == {None}


def test_what_is_given_once_has_no_days() -> None:
    assert "厕所" not in "".join(one.item for one in days_left([], needs(100, 7, "bnpb"), people(1, 1, 1), START))


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(BadInput, match="时区"):
        days_left([], needs(1, 1, "bnpb"), people(1, 1, 1), datetime(2026, 7, 1))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(1, 1e4), st.floats(0, 5), st.sampled_from(["delivered", "consumed", "returned"])), max_size=8),
    st.floats(5, 8),
    st.floats(0.1, 1),
    st.floats(1, 5),
)
def test_days_left_are_ordered_and_never_more_than_what_is_booked(
    records: list[tuple[float, float, str]], days: float, low: float, high: float
) -> None:
    left = water([record(quantity, at, kind) for quantity, at, kind in records], days, people(100 * low, 100, 100 * high))
    assert left.low is not None
    assert left.best is not None
    assert left.high is not None
    assert 0 <= left.low <= left.best <= left.high
    assert left.at_hand.high <= max(0.0, left.booked) + 1e-6


def calculation(number: int, *, typed: bool = False, name: str = "bnpb", sites: tuple[str, ...] = ("甲", "乙")) -> Calculation:
    found = bases([] if typed else [impact("relocated", number)], None, {"relocated": number} if typed else None)
    places = [Site(id=one, name=one, capacity=100, lon=118.8, lat=32.0) for one in sites]
    wanted = needs(number, 7, name)
    basis = next(one for one in found if one.key == "relocated")
    return Calculation(basis=basis, needs=tuple(wanted), demands=demands(wanted, places, number))


def test_a_calculation_does_not_differ_from_itself() -> None:
    assert changed(calculation(100), calculation(100)) == ()


def test_a_new_figure_changes_people_each_need_and_each_sites_part() -> None:
    found = changed(calculation(100), calculation(150))
    assert {(one.what, one.before, one.after) for one in found if one.kind == "people"} == {
        ("紧急转移安置人口人数", 100, 150),
        ("紧急转移安置人口人数低值", 100, 150),
        ("紧急转移安置人口人数高值", 100, 150),
    }
    rice = [one for one in found if one.what == "大米"]
    assert [(one.kind, one.site, one.before, one.after) for one in rice] == [
        ("need", "", 280, 420),
        ("demand", "甲", 140, 210),
        ("demand", "乙", 140, 210),
    ]
    assert rice[0].words == "大米由280公斤改为420公斤（+140公斤）。"
    assert sum(one.kind == "need" for one in found) == 5


def test_a_site_that_is_new_or_gone_is_told() -> None:
    found = changed(calculation(100, sites=("甲",)), calculation(100, sites=("乙",)))
    rice = {(one.site, one.before, one.after) for one in found if one.what == "大米"}
    assert rice == {("甲", 280, None), ("乙", None, 280)}


def test_another_standard_replaces_its_items() -> None:
    found = changed(calculation(100), calculation(100, name="planning"))
    assert ("大米", 280, None) in {(one.what, one.before, one.after) for one in found if one.kind == "need"}
    assert ("棉被", None, 100) in {(one.what, one.before, one.after) for one in found if one.kind == "need"}


def test_where_the_number_came_from_is_told() -> None:
    (only,) = changed(calculation(100, typed=True), calculation(100))
    assert "人工填写" in only.words
    assert "报告" in only.words

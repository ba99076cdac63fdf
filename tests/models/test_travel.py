"""Travel: straight lines by a stated speed, surveyed roads with joints and closures, and what cannot be reached."""

from __future__ import annotations

from typing import Any

import pytest

from models.domain import Feature
from models.errors import BadInput
from models.relief import Travel
from models.travel import assumed, travel_times

DEGREE = 111_195.08
"""Metres of a degree along the equator on the sphere used."""


def road(*points: tuple[float, float], kind: str = "LineString", **properties: Any) -> Feature:
    """Points in metres east and north of (0, 0), which on the equator is easy to reckon with."""
    line = [[x / DEGREE, y / DEGREE] for x, y in points]
    geometry = {"type": kind, "coordinates": line if kind == "LineString" else [line]}
    return Feature(id=f"{points}", kind="road", name="路", geometry=geometry, lon=0, lat=0, properties=properties)


def at(x: float, y: float) -> tuple[float, float]:
    return (x / DEGREE, y / DEGREE)


def one(*args: Any, **more: Any) -> Travel | None:
    found = travel_times(*args, **more)
    assert len(found) <= 1
    return found[0] if found else None


def test_a_straight_line_takes_its_detour_at_its_speed() -> None:
    way = one({"d": at(0, 0)}, {"s": at(6000, 8000)}, kmh=40, detour=1.5)
    assert way is not None
    assert (way.by, way.metres, way.minutes) == ("straight", pytest.approx(15_000, rel=1e-4), pytest.approx(22.5, rel=1e-4))
    assert "直线距离×1.5、时速40公里" in assumed(40, 1.5)


def test_a_road_is_followed_at_its_own_speed() -> None:
    roads = [road((0, 0), (6000, 0), speed=60), road((6000, 0), (6000, 3000), highway="residential")]
    way = one({"d": at(0, 0)}, {"s": at(6000, 3000)}, roads)
    assert way is not None
    assert (way.by, way.metres, way.minutes) == ("road", pytest.approx(9000, rel=1e-3), pytest.approx(6 + 9, rel=1e-3))


def test_the_faster_way_is_taken_and_its_own_length_told() -> None:
    roads = [road((0, 0), (2000, 0), speed=10), road((0, 0), (1000, 3000), (2000, 0), speed=100)]
    way = one({"d": at(0, 0)}, {"s": at(2000, 0)}, roads)
    assert way is not None
    assert way.metres == pytest.approx(2 * 10**0.5 * 1000, rel=1e-3)


def test_of_two_roads_between_the_same_joints_the_faster_counts_alone() -> None:
    roads = [road((0, 0), (2000, 0), speed=20), road((0, 0), (2000, 0), speed=60)]
    way = one({"d": at(0, 0)}, {"s": at(2000, 0)}, roads)
    assert way is not None
    assert way.minutes == pytest.approx(2, rel=1e-3)


def test_roads_meet_at_ends_and_not_where_they_merely_cross() -> None:
    through = road((-1000, 0), (1000, 0))
    near_miss = road((200, 3), (200, 2000))
    bridge = road((0, -2000), (0, 2000))
    assert one({"d": at(-1000, 0)}, {"s": at(200, 2000)}, [through, near_miss]) is not None
    assert one({"d": at(-1000, 0)}, {"s": at(0, 2000)}, [through, bridge]) is None
    assert one({"d": at(-1000, 0)}, {"s": at(1500, 2000)}, [through, road((200, 30), (1500, 2000))]) is None, "thirty metres are a gap"


def test_a_closure_sends_round_or_cuts_off() -> None:
    roads = [road((0, 0), (4000, 0)), road((0, 0), (0, 1000), (4000, 1000), (4000, 0), kind="MultiLineString")]
    ends = ({"d": at(0, 0)}, {"s": at(4000, 0)})
    direct, round_ = one(*ends, roads), one(*ends, roads, [(*at(2000, 0), 100.0)])
    assert direct is not None
    assert round_ is not None
    assert (direct.metres, round_.metres) == (pytest.approx(4000, rel=1e-3), pytest.approx(6000, rel=1e-3))
    wall = {"type": "LineString", "coordinates": [list(at(2000, -50)), list(at(2000, 1050))]}
    assert one(*ends, roads, [wall]) is None
    area = {"type": "Polygon", "coordinates": [[list(at(x, y)) for x, y in ((1900, -9), (2100, -9), (2100, 9), (1900, 9), (1900, -9))]]}
    assert one(*ends, roads, [area]) == round_


def test_whoever_stands_in_a_closure_or_far_from_roads_is_not_reached() -> None:
    roads = [road((0, 0), (4000, 0))]
    assert one({"d": at(0, 0)}, {"s": at(4000, 0)}, None, [(*at(4000, 0), 50.0)]) is None
    assert one({"d": at(0, 0)}, {"s": at(4000, 0)}, None, [(*at(0, 0), 50.0)]) is None
    assert one({"d": at(0, 0)}, {"s": at(4000, 3000)}, roads) is None
    assert one({"d": at(0, 0)}, {"s": at(4000, 1500)}, roads) is not None


def test_a_place_hangs_on_the_nearest_open_road() -> None:
    roads = [road((0, 0), (1000, 0)), road((0, 0), (0, 500), (1000, 500))]
    way = one({"d": at(0, 0)}, {"s": at(900, 100)}, roads, [(*at(900, 0), 90.0)])
    assert way is not None
    assert way.metres == pytest.approx(500 + 900 + 400 * 1.4, rel=1e-3)


def test_many_to_many_agrees_with_the_grid() -> None:
    """On a grid of streets the way is the sum of both differences."""
    grid = [road(*((x, y * 100) for x in range(0, 1001, 100))) for y in range(11)]
    grid += [road(*((x * 100, y) for y in range(0, 1001, 100))) for x in range(11)]
    depots = {f"d{n}": at(100 * n, 100 * (n % 3)) for n in range(6)}
    sites = {f"s{n}": at(100 * (10 - n), 1000 - 100 * (n % 4)) for n in range(8)}
    found = {(way.depot, way.site): way.metres for way in travel_times(depots, sites, grid)}
    assert found == pytest.approx(
        {
            (d, s): (abs(a[0] - b[0]) + abs(a[1] - b[1])) * DEGREE
            for d, a in depots.items()
            for s, b in sites.items()
        },
        abs=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"kmh": 0}, "车速"),
        ({"kmh": float("nan")}, "车速"),
        ({"detour": 0.5}, "绕行系数"),
        ({"closures": [(0, 0, -5)]}, "封闭范围"),
        ({"closures": [{"type": "Polygon", "coordinates": "x"}]}, "GeoJSON"),
        ({"sites": {"s": (float("nan"), 0.0)}}, "不是经纬度"),
    ],
)
def test_what_cannot_be_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        travel_times(**{"depots": {"d": (0.0, 0.0)}, "sites": {"s": (0.1, 0.1)}, **more})


def test_nobody_to_reach_is_no_failure() -> None:
    assert travel_times({}, {"s": (0, 0)}) == []
    assert travel_times({"d": (0, 0)}, {}) == []

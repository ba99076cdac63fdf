"""Exposure: everybody counted once, whatever the shapes, and what is not known is said and never 0."""

from __future__ import annotations

import json
import time
from datetime import date

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from models import footprints
from models.domain import Feature
from models.errors import BadInput
from models.exposure import exposure
from models.headcount import DENSEST
from models.relief import Band, Exposure, Footprint
from tests.models.surveyed import LAT, LON, STEP, body, over, square, town

TODAY = date(2026, 7, 18)
GEOD = pyproj.Geod(ellps="WGS84")


def people(footprint: Footprint, features: list[Feature]) -> float:
    return exposure(footprint, features, today=TODAY).people["all"].best


def said(found: Exposure) -> str:
    return "；".join(found.gaps)


# People


def test_a_division_wholly_inside_counts_exactly_and_a_partial_one_by_area() -> None:
    found = exposure(over(square(0, 0, 1.25, 1)), [town("a", 0, 0, 1_000), town("b", 1, 0, 2_000)], today=TODAY)
    whole, part = sorted(found.streets, key=lambda street: street.name)
    assert (whole.share, whole.people["all"].low, whole.people["all"].high) == (1, 1_000, 1_000)
    assert part.share == pytest.approx(0.25, abs=1e-4)
    assert found.people["all"].best == pytest.approx(1_500, abs=0.5)
    assert found.covered == pytest.approx(1, abs=1e-6)
    assert any("b：2,000 人 ×" in line for line in found.arithmetic)


def test_low_and_high_hold_wherever_people_live_in_a_division() -> None:
    """All of them crowded on one side, as densely as the assumption allows, at either end."""
    found = exposure(over(square(0, 0, 0.1, 1)), [town("a", 0, 0, 50_000)], today=TODAY)
    area = abs(GEOD.geometry_area_perimeter(square(0, 0))[0])
    fits = 0.1 * area * DENSEST / 1e6
    assert found.people["all"].high == pytest.approx(min(50_000, fits), rel=1e-3)
    assert found.people["all"].low == 0
    nearly_all = exposure(over(square(0.02, 0, 0.98, 1)), [town("a", 0, 0, 50_000)], today=TODAY).people["all"]
    assert nearly_all.low == pytest.approx(50_000 - 0.02 * area * DENSEST / 1e6, rel=1e-3)
    assert nearly_all.high == 50_000


@pytest.mark.parametrize(
    ("column", "group", "people"),
    [("children", "children", 120), ("0-14岁", "children", 120), ("65岁及以上人口（人）", "elderly", 120), ("独居", "alone", 120), ("残疾人", "disabled", 120),
     ("残疾人口（万人）", "disabled", 0.012), ("Over_65", "elderly", "120")],
)  # fmt: skip
def test_the_usual_columns_give_the_groups(column: str, group: str, people: float | str) -> None:
    found = exposure(over(square(0, 0)), [town("a", 0, 0, 1_000, **{column: people})], today=TODAY)
    assert found.people[group].best == pytest.approx(120)  # type: ignore[index]


@pytest.mark.parametrize("column", ["60岁及以上", "独居老人", "children_share", "女"])
def test_a_column_that_means_something_else_is_no_group(column: str) -> None:
    assert set(exposure(over(square(0, 0)), [town("a", 0, 0, 1_000, **{column: 120.0})], today=TODAY).people) == {"all"}


def test_a_group_that_was_not_surveyed_is_a_gap_and_never_nought() -> None:
    found = exposure(over(square(0, 0, 2)), [town("a", 0, 0, 1_000, 儿童=100.0), town("b", 1, 0, 500)], today=TODAY)
    assert set(found.people) == {"all", "children"}
    assert "普查没有可用的独居人数" in found.gaps
    # The other town's children may be anybody there.
    assert (found.people["children"].low, found.people["children"].best, found.people["children"].high) == (100, 100, 600)
    assert "b没有可用的儿童" in said(found)
    assert "children" not in next(street for street in found.streets if street.name == "b").people


@pytest.mark.parametrize("wrong", [-5.0, "不详", None, float("nan"), float("inf")])
def test_a_headcount_that_is_no_number_leaves_the_town_out_and_says_so(wrong: float | str | None) -> None:
    found = exposure(over(square(0, 0, 2)), [town("a", 0, 0, 1_000), town("b", 1, 0, wrong)], today=TODAY)
    assert found.people["all"].best == pytest.approx(1_000)
    assert "b没有人口数" in said(found)
    assert found.covered == pytest.approx(0.5, abs=1e-3)
    assert "只有 50.0% 的面积有人口数据" in said(found)


def test_a_group_larger_than_everybody_is_not_believed() -> None:
    found = exposure(over(square(0, 0)), [town("a", 0, 0, 100, 残疾人=200.0)], today=TODAY)
    assert "disabled" not in found.people
    assert "残疾人" in said(found)


def test_without_any_population_there_is_no_figure() -> None:
    found = exposure(over(square(0, 0)), [body("h", "hospital", shapely.Point(LON + 0.005, LAT + 0.005))], today=TODAY)
    assert (found.people, found.covered) == ({}, 0)
    assert "只有 0.0% 的面积有人口数据" in said(found)


def test_a_district_and_its_streets_in_one_survey_count_once() -> None:
    streets = [town(f"s{n}", n, 0, 1_000) for n in range(4)]
    district = town("district", 0, 0, 9_999, width=4)
    found = exposure(over(square(0, 0, 4)), [district, *streets], today=TODAY)
    assert found.people["all"].best == pytest.approx(4_000, rel=1e-6)
    assert "district与面积更小" in said(found)


def test_a_place_surveyed_twice_counts_its_newest_survey() -> None:
    old, new = town("a-old", 0, 0, 1_000, surveyed_on=date(2015, 1, 1)), town("z-new", 0, 0, 700, surveyed_on=date(2026, 1, 1))
    assert people(over(square(0, 0)), [old, new]) == pytest.approx(700)
    assert people(over(square(0, 0)), [old.model_copy(update={"id": "z"}), new.model_copy(update={"id": "a"})]) == pytest.approx(700)


def test_the_same_body_given_twice_counts_once() -> None:
    survey = [town("a", 0, 0), body("b", "building", square(0.1, 0.1, 0.1, 0.1)), body("s", "school", square(0.5, 0.5, 0.1, 0.1))]
    once, twice = (exposure(over(square(0, 0)), given, today=TODAY) for given in (survey, survey * 2))
    assert once == twice


cut = st.integers(min_value=5, max_value=195).map(lambda at: at / 100)
cells = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 100_000)), min_size=1, max_size=8
)


def surveyed(rows: list[tuple[int, int, int, int, int]]) -> list[Feature]:
    return [town(f"t{n}", x / 2, y / 2, people, width=w / 2, height=h / 2) for n, (x, y, w, h, people) in enumerate(rows)]


@settings(max_examples=15, deadline=None)
@given(cells, cut, st.booleans())
def test_a_footprint_cut_in_two_counts_the_same_people(rows: list[tuple[int, int, int, int, int]], at: float, upright: bool) -> None:
    survey = [*surveyed(rows), body("always", "school", square(0, 0, 3, 3))]
    pieces = (square(0, 0, at, 2), square(at, 0, 2 - at, 2)) if upright else (square(0, 0, 2, at), square(0, at, 2, 2 - at))
    whole = exposure(over(square(0, 0, 2, 2)), survey, today=TODAY).people
    parts = [exposure(over(piece), survey, today=TODAY).people for piece in pieces]
    assert sum(part["all"].best for part in parts if part) == pytest.approx(whole["all"].best if whole else 0, rel=1e-6, abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(cells, st.lists(st.tuples(cut, cut), min_size=2, max_size=4))
def test_bands_that_overlap_count_their_union(rows: list[tuple[int, int, int, int, int]], sizes: list[tuple[float, float]]) -> None:
    survey = [*surveyed(rows), body("always", "school", square(0, 0, 3, 3))]
    shapes = [square(0, 0, width, height) for width, height in sizes]
    bands = tuple(Band(label=str(n), severity=n, geometry=json.loads(shapely.to_geojson(shape))) for n, shape in enumerate(shapes))
    crossing = exposure(Footprint(id="fo", kind="drawn", title="t", origin="x", bands=bands), survey, today=TODAY)
    union = exposure(over(shapely.union_all(shapes)), survey, today=TODAY)
    assert (crossing.people["all"].best if crossing.people else 0) == pytest.approx(
        union.people["all"].best if union.people else 0, rel=1e-6, abs=1e-6
    )
    for street in crossing.streets:
        assert sum(street.by_severity.values()) == pytest.approx(street.people["all"].best, rel=1e-6, abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(cells, st.randoms(use_true_random=False))
def test_the_order_of_the_survey_changes_nothing(rows: list[tuple[int, int, int, int, int]], dice: object) -> None:
    survey = [
        *surveyed(rows),
        body("b", "building", square(0.1, 0.1, 0.2, 0.2), 层数=3.0),
        body("r", "road", shapely.LineString([(LON, LAT), (LON + 0.02, LAT + 0.01)])),
    ]
    mixed = list(survey)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert exposure(over(square(0.2, 0.3, 1.1, 0.9)), survey, today=TODAY) == exposure(over(square(0.2, 0.3, 1.1, 0.9)), mixed, today=TODAY)


@settings(max_examples=15, deadline=None)
@given(cells)
def test_nobody_is_counted_beyond_the_survey(rows: list[tuple[int, int, int, int, int]]) -> None:
    found = exposure(over(square(-1, -1, 6, 6)), surveyed(rows), today=TODAY).people["all"]
    assert found.low <= found.best <= found.high <= sum(row[4] for row in rows) * (1 + 1e-9)


# Buildings, roads, sites


def test_a_building_that_touches_counts_once_in_whatever_pieces_the_footprint_is() -> None:
    survey = [
        body("b1", "building", square(0.9, 0.4, 0.2, 0.2), 结构="砖混", 层数="6层", 建筑面积=1_200.0), body("b2", "building", square(0.2, 0.2, 0.1, 0.1), structure="砖混", floors=5.0),
        body("b3", "building", square(5, 5, 0.1, 0.1)), body("b4", "building", square(0.2, 0.2, 0.1, 0.1)), body("b5", "building", shapely.Point(LON + 0.001, LAT + 0.001)),
    ]  # fmt: skip
    bands = tuple(Band(label=str(n), severity=n, geometry=json.loads(shapely.to_geojson(square(n, 0)))) for n in (0, 1))
    found = exposure(Footprint(id="fo", kind="depth", title="t", origin="x", bands=bands), survey, today=TODAY)
    assert [(row.structure, row.storeys, row.count, row.floor_area) for row in found.buildings] == [
        ("砖混", "4–6层", 2, 1_200),
        ("未注明", "未注明", 1, None),
    ]
    assert "1 栋建筑的轮廓与另一栋完全相同" in said(found)
    assert "2 栋建筑没有建筑面积" in said(found)


@pytest.mark.parametrize(
    ("floors", "words"),
    [
        (1, "1层"),
        (2, "2–3层"),
        (3.0, "2–3层"),
        ("4", "4–6层"),
        (6, "4–6层"),
        (7, "7层及以上"),
        (0, "未注明"),
        ("平房", "未注明"),
        (None, "未注明"),
    ],
)
def test_storeys_fall_into_four_heights(floors: object, words: str) -> None:
    [row] = exposure(over(square(0, 0)), [body("b", "building", square(0.1, 0.1, 0.1, 0.1), floors=floors)], today=TODAY).buildings
    assert row.storeys == words


def test_a_road_is_measured_inside_and_along_a_seam_of_bands_once() -> None:
    seam = shapely.LineString([(LON + STEP, LAT - STEP), (LON + STEP, LAT + 2 * STEP)])
    bands = tuple(Band(label=str(n), severity=n, geometry=json.loads(shapely.to_geojson(square(n, 0)))) for n in (0, 1))
    found = exposure(Footprint(id="fo", kind="depth", title="t", origin="x", bands=bands), [body("r", "road", seam)], today=TODAY)
    [road] = found.sites
    assert road.amount == pytest.approx(GEOD.inv(LON, LAT, LON, LAT + STEP)[2], rel=1e-3)
    assert (road.inside, road.severity, road.metres) == (True, 1, 0)


def test_sites_inside_and_near_with_their_distance_and_what_they_hold() -> None:
    ring = footprints.circle(LON, LAT, [1_000, 400], origin="x")

    def away(metres: float) -> shapely.Point:
        lon, lat, _ = GEOD.fwd(LON, LAT, 90, metres)
        return shapely.Point(lon, lat)

    survey = [
        body("in", "school", away(300), people=860.0), body("rim", "hospital", away(900), 床位=120.0), body("near", "chemical_plant", away(1_300)),
        body("far", "depot", away(1_600)), body("u", "underpass", away(999)), body("shelter", "shelter", away(500), capacity="2,000"), body("x", "river", away(10)),
    ]  # fmt: skip
    found = {site.feature: site for site in exposure(ring, survey, today=TODAY).sites}
    assert set(found) == {"in", "rim", "near", "u", "shelter"}
    assert [(found[id].inside, found[id].severity, found[id].amount) for id in ("in", "rim", "shelter")] == [
        (True, 1, 860),
        (True, 0, 120),
        (True, 0, 2_000),
    ]
    assert (found["near"].inside, found["near"].severity) == (False, None)
    assert found["near"].metres == pytest.approx(300, abs=0.5)
    assert "far" in {site.feature for site in exposure(ring, survey, near_metres=700, today=TODAY).sites}
    assert "near" not in {site.feature for site in exposure(ring, survey, near_metres=0, today=TODAY).sites}


def test_the_age_of_the_survey_is_said() -> None:
    found = exposure(over(square(0, 0, 2)), [town("a", 0, 0, surveyed_on=date(2019, 1, 1)), town("b", 1, 0)], today=TODAY)
    assert found.surveyed == (date(2019, 1, 1), date(2025, 6, 1))
    assert "普查最早为 2019-01-01" in said(found)
    assert "没有普查日期" in said(exposure(over(square(0, 0)), [town("a", 0, 0, surveyed_on=None)], today=TODAY))


def test_a_footprint_outside_the_survey_and_an_empty_survey_are_refused() -> None:
    with pytest.raises(BadInput, match="普查范围之外"):
        exposure(over(square(50, 50)), [town("a", 0, 0)], today=TODAY)
    with pytest.raises(BadInput, match="没有普查数据"):
        exposure(over(square(0, 0)), [], today=TODAY)
    corner = body("l", "population", shapely.Polygon([(LON, LAT), (LON + 0.1, LAT), (LON, LAT + 0.1)]), people=100.0)
    with pytest.raises(BadInput, match="普查范围之外"):
        exposure(over(square(8, 8)), [corner], today=TODAY)
    with pytest.raises(BadInput, match="附近"):
        exposure(over(square(0, 0)), [town("a", 0, 0)], near_metres=float("nan"))


def test_a_city_is_counted_in_the_time_somebody_waits() -> None:
    """5,000 divisions, 13,000 buildings, 2,000 roads under an outline of 10,000 corners; the bound is wide for a loaded machine."""
    dice = np.random.default_rng(1)
    spots = dice.uniform(0, 34, (15_000, 2))
    survey = [town(f"t{x}-{y}", x / 2, y / 2, 100, width=0.5, height=0.5) for x in range(70) for y in range(70)]
    survey += [body(f"b{n}", "building", square(x, y, 0.02, 0.02), floors=3.0) for n, (x, y) in enumerate(spots[:13_000])]
    survey += [
        body(f"r{n}", "road", shapely.LineString([(LON + x * STEP, LAT + y * STEP), (LON + (x + 1) * STEP, LAT + y * STEP)]))
        for n, (x, y) in enumerate(spots[13_000:])
    ]
    turns = np.linspace(0, 2 * np.pi, 10_000, endpoint=False)
    reach = 0.12 + 0.02 * np.sin(40 * turns)
    outline = over(shapely.Polygon(np.column_stack((LON + 0.17 + reach * np.cos(turns), LAT + 0.17 + reach * np.sin(turns)))))
    began = time.process_time()
    found = exposure(outline, survey, today=TODAY)
    assert time.process_time() - began < 8
    assert found.people["all"].best == pytest.approx(
        100 * shapely.from_geojson(json.dumps(outline.bands[0].geometry)).area / 0.005**2, rel=2e-3
    )

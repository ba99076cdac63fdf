"""Footprints: what is read means what it says, and what cannot be read safely is refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from models import footprints, grids
from models.errors import BadInput, NotFound
from models.relief import Footprint
from tests.models.surveyed import LAT, LON, square, town

GEOD = pyproj.Geod(ellps="WGS84")


def shapes(footprint: Footprint) -> list[shapely.Geometry]:
    return [shapely.from_geojson(json.dumps(band.geometry)) for band in footprint.bands]


def same(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    return bool(one.symmetric_difference(other).area < 1e-12)


def metres2(shape: shapely.Geometry) -> float:
    return abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0])


def drawn(*points: tuple[float, float]) -> Footprint:
    return footprints.drawn({"type": "Polygon", "coordinates": [[*points, points[0]]]}, by="duty")


def layer(path: Path, frame_shapes: list[shapely.Geometry], crs: object = 4326, **columns: object) -> Path:
    geopandas.GeoDataFrame(columns, geometry=frame_shapes, crs=crs).to_file(path)
    return path


def raster(
    path: Path,
    values: list[list[float]],
    *,
    crs: str | None = "EPSG:4326",
    nodata: float | None = -9999,
    dtype: str = "float32",
    west: float = LON,
    north: float = LAT + 0.01,
    size: float = 0.002,
) -> Path:
    array = np.asarray(values, dtype=dtype)
    with rasterio.open(
        path, "w", driver="GTiff", width=array.shape[1], height=array.shape[0], count=1, dtype=dtype, crs=crs, nodata=nodata,
        transform=from_origin(west, north, size, size),
    ) as file:  # fmt: skip
        file.write(array, 1)
    return path


# Circles and drawings


@pytest.mark.parametrize("lat", [0.0, 32.0, 60.0, -45.0])
def test_a_circle_is_as_far_as_it_says_in_every_direction(lat: float) -> None:
    [ring] = shapes(footprints.circle(118.8, lat, [3_000], origin="x"))
    away = [GEOD.inv(118.8, lat, x, y)[2] for x, y in shapely.get_coordinates(ring)]
    assert max(away) == pytest.approx(3_000, abs=0.01)
    assert min(away) == pytest.approx(3_000, abs=0.01)


def test_several_radii_make_rings_that_do_not_overlap_the_innermost_severest() -> None:
    found = footprints.circle(LON, LAT, [1_000, 300, 500], origin="x")
    assert [(band.label, band.severity) for band in found.bands] == [("1000米内", 0), ("500米内", 1), ("300米内", 2)]
    rings = shapes(found)
    assert sum(map(metres2, rings)) == pytest.approx(np.pi * 1_000**2, rel=2e-4)
    assert rings[0].intersection(rings[1]).area == pytest.approx(0, abs=1e-15)


def test_the_id_is_of_the_content() -> None:
    assert footprints.circle(LON, LAT, [500], origin="x").id == footprints.circle(LON, LAT, [500], origin="x").id
    assert footprints.circle(LON, LAT, [500], origin="x").id != footprints.circle(LON, LAT, [501], origin="x").id


@pytest.mark.parametrize(
    ("lon", "lat", "radius", "words"),
    [(LON, LAT, 0, "半径"), (LON, LAT, -5, "半径"), (LON, LAT, float("nan"), "半径"), (LON, LAT, 1e7, "半径"), (200, LAT, 100, "圆心"),
     (float("nan"), LAT, 100, "圆心"), (179.999, LAT, 5_000, "180度"), (LON, 89.9, 5_000, "两极"), (LON, 84.99, 50_000, "两极")],
)  # fmt: skip
def test_a_circle_nobody_can_draw_is_refused(lon: float, lat: float, radius: float, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        footprints.circle(lon, lat, [radius], origin="x")


def test_features_and_collections_are_one_drawing() -> None:
    parts = [{"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(square(n, 0)))} for n in (0, 1)]
    [whole] = shapes(footprints.drawn({"type": "FeatureCollection", "features": parts}, by="duty"))
    assert same(whole, square(0, 0, 2))
    assert same(shapes(footprints.drawn(json.dumps(parts[0]), by="duty"))[0], square(0, 0))


def test_a_bow_tie_is_refused_with_the_place_where_it_crosses() -> None:
    with pytest.raises(BadInput, match=r"经度 118\.80500、纬度 32\.00500 处自相交"):
        drawn((118.80, 32.00), (118.81, 32.01), (118.81, 32.00), (118.80, 32.01))


def test_a_star_whose_inside_nobody_can_tell_is_refused() -> None:
    turns = np.deg2rad(np.arange(5) * 144 + 90)
    with pytest.raises(BadInput, match="自相交"):
        drawn(*zip(LON + 0.01 * np.cos(turns), LAT + 0.01 * np.sin(turns), strict=True))


def test_a_spike_and_a_ring_that_touches_itself_are_repaired() -> None:
    spiked = drawn((118.80, 32.00), (118.81, 32.00), (118.83, 32.00), (118.81, 32.00), (118.81, 32.01), (118.80, 32.01))
    assert shapes(spiked)[0].area == pytest.approx(1e-4)
    touching = [
        (118.80, 32.00),
        (118.82, 32.00),
        (118.82, 32.01),
        (118.81, 32.01),
        (118.81, 32.005),
        (118.80, 32.005),
        (118.81, 32.005),
        (118.80, 32.01),
    ]
    assert shapes(drawn(*touching))[0].is_valid


@pytest.mark.parametrize(
    ("points", "words"),
    [([(118.8, 32.0), (118.9, 32.0), (118.85, 32.0)], "没有面积"), ([(118.8, 32.0), (118.800001, 32.0), (118.8, 32.000001)], "没有面积"),
     ([(470_000.0, 3_540_000.0), (471_000.0, 3_540_000.0), (471_000.0, 3_541_000.0)], "超出经纬度"),
     ([(32.0, 118.8), (32.0, 118.9), (32.1, 118.9)], "超出经纬度"), ([(179.0, 10.0), (-179.0, 10.0), (-179.0, 11.0), (179.0, 11.0)], "180度"),
     ([(0.0, 80.0), (10.0, 80.0), (5.0, 88.0)], "两极"), ([(118.8, 32.0), (float("nan"), 32.0), (118.8, 32.1)], "GeoJSON 无法读取|不是数"),
     ([(118.8, 32.0), (float("inf"), 32.0), (118.8, 32.1)], "GeoJSON 无法读取|不是数")],
)  # fmt: skip
def test_a_drawing_that_is_no_ground_is_refused(points: list[tuple[float, float]], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        drawn(*points)


@pytest.mark.parametrize(
    "given",
    ["", "[]", "{}", "no json", '{"type": "Polygon"}', '{"type": "FeatureCollection", "features": []}', '{"type": "Polygon", "coordinates": []}',
     '{"type": "Point", "coordinates": [118.8, 32]}', '{"type": "LineString", "coordinates": [[118.8, 32], [118.9, 32]]}',
     '{"type": "Polygon", "coordinates": [[[118.8, 32], [118.9, 32]]]}', '{"type": "Feature", "geometry": null}', "[" * 100_000],
)  # fmt: skip
def test_what_is_no_geojson_polygon_is_refused(given: str) -> None:
    with pytest.raises(BadInput):
        footprints.drawn(given, by="duty")


def test_more_vertices_than_anyone_draws_are_refused() -> None:
    turns = np.linspace(0, 2 * np.pi, grids.MOST_VERTICES + 10, endpoint=False)
    with pytest.raises(BadInput, match="顶点"):
        drawn(*zip((LON + 0.01 * np.cos(turns)).tolist(), (LAT + 0.01 * np.sin(turns)).tolist(), strict=True))


# Warnings and names


def test_a_warning_counts_its_polygons_and_circles() -> None:
    ring = "32.0,118.8 32.0,118.81 32.01,118.81 32.01,118.8 32.0,118.8"
    areas = [{"areaDesc": "秦淮区", "polygon": ring, "circle": "32.2,118.8 1.5"}]
    found = footprints.warning({"area": json.dumps(areas)}, origin="ev-1", title="暴雨红色预警")
    [whole] = shapes(found)
    assert (found.kind, found.origin) == ("warning", "ev-1")
    assert metres2(whole) == pytest.approx(metres2(square(0, 0)) + np.pi * 1_500**2, rel=1e-3)


def test_a_warning_in_words_counts_the_divisions_it_names_and_says_so() -> None:
    towns = [town("a", 0, 0, name="红花街道"), town("b", 1, 0, name="双塘街道"), town("c", 2, 0, name="沙洲街道", adcode="320105")]
    found = footprints.warning({"area": json.dumps([{"areaDesc": "秦淮区"}])}, origin="ev-1", title="暴雨", features=towns)
    assert same(shapes(found)[0], square(0, 0, 2))
    assert "秦淮区" in found.assumption


@pytest.mark.parametrize(
    "area",
    [
        "",
        "{",
        "[]",
        "[1]",
        '[{"areaDesc": ""}]',
        '[{"polygon": "1,2 3"}]',
        '[{"polygon": "a b c d"}]',
        '[{"circle": "32,118 x"}]',
        '[{"circle": "32,118 -2"}]',
    ],
)
def test_a_warning_without_a_readable_area_is_refused(area: str) -> None:
    with pytest.raises(BadInput):
        footprints.warning({"area": area}, origin="ev-1", title="暴雨")


def test_named_areas_are_the_surveys_divisions() -> None:
    towns = [town("a", 0, 0, name="红花街道"), town("b", 1, 0, name="双塘街道"), town("c", 2, 0, name="双塘街道", adcode="320105")]
    assert same(shapes(footprints.area(["秦淮区"], towns, origin="x"))[0], square(0, 0, 2))
    assert same(shapes(footprints.area(["红花街道"], towns, origin="x"))[0], square(0, 0))
    assert same(shapes(footprints.area(["建邺区双塘街道"], towns, origin="x"))[0], square(2, 0))
    with pytest.raises(BadInput, match="几个区县都有"):
        footprints.area(["双塘街道"], towns, origin="x")
    with pytest.raises(NotFound, match="鼓楼区"):
        footprints.area(["鼓楼区"], towns, origin="x")


# Polygon files


@pytest.mark.parametrize("name", ["flood.gpkg", "flood.shp", "flood.geojson"])
def test_a_depth_column_makes_bands_and_the_deeper_takes_the_place(tmp_path: Path, name: str) -> None:
    path = layer(tmp_path / name, [square(0, 0, 2), square(1, 0), square(5, 0)], depth=[0.3, 1.5, 0.05])
    found = footprints.from_file(path)
    assert [(band.label, band.severity) for band in found.bands] == [("水深0.15–0.5米", 0), ("水深1–2米", 2)]
    assert [
        shape.equals_exact(wanted, 1e-9, normalize=True) for shape, wanted in zip(shapes(found), [square(0, 0), square(1, 0)], strict=True)
    ] == [True, True]
    assert "未经核实" in found.assumption


def test_levels_given_by_the_user_are_said_to_be(tmp_path: Path) -> None:
    found = footprints.from_file(layer(tmp_path / "f.gpkg", [square(0, 0)], 水深=[0.3]), levels=(0.3,))
    assert "使用者给定" in found.assumption
    assert found.bands[0].label == "水深0.3米及以上"


def test_water_of_unknown_depth_is_counted_as_the_lightest(tmp_path: Path) -> None:
    found = footprints.from_file(layer(tmp_path / "f.gpkg", [square(0, 0), square(2, 0)], depth=[1.2, None]))
    assert [band.severity for band in found.bands] == [0, 2]
    assert "1 个面没有水深值" in found.assumption


def test_intensity_polygons_nest_and_roman_numbers_are_read(tmp_path: Path) -> None:
    path = layer(tmp_path / "shake.geojson", [square(0, 0, 4, 4), square(1, 1, 2, 2), square(9, 9)], 烈度=["Ⅵ", "VIII度", "5"])
    found = footprints.from_file(path)
    assert (found.kind, [band.label for band in found.bands]) == ("intensity", ["烈度Ⅵ度", "烈度Ⅷ度"])
    assert [shape.area for shape in shapes(found)] == [pytest.approx(12e-4), pytest.approx(4e-4)]


def test_a_projected_layer_lands_where_it_should(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame({"depth": [1.0]}, geometry=[square(0, 0)], crs=4326).to_crs(4549)
    frame.to_file(tmp_path / "f.gpkg")
    assert shapes(footprints.from_file(tmp_path / "f.gpkg"))[0].symmetric_difference(square(0, 0)).area < 1e-10


def test_where_keeps_only_the_polygons_with_that_value(tmp_path: Path) -> None:
    path = layer(tmp_path / "f.gpkg", [square(0, 0), square(3, 0)], FLOODPRONE=["YES", "NO"])
    assert same(shapes(footprints.from_file(path, where="floodprone=yes"))[0], square(0, 0))
    with pytest.raises(BadInput, match="没有 FLOODPRONE=MAYBE"):
        footprints.from_file(path, where="FLOODPRONE=MAYBE")
    with pytest.raises(BadInput, match="没有 X 列"):
        footprints.from_file(path, where="X=1")
    with pytest.raises(BadInput, match="--column"):
        footprints.from_file(path, measure="depth")


def test_a_layer_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame({"depth": [1.0]}, geometry=[square(0, 0)], crs=4326)
    for name in ("a", "b"):
        frame.to_file(tmp_path / "f.gpkg", layer=name)
    with pytest.raises(BadInput, match=r"--layer.*a、b"):
        footprints.from_file(tmp_path / "f.gpkg")
    assert footprints.from_file(tmp_path / "f.gpkg", layer="b").bands


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_missing_coordinate_system_is_asked_for_and_an_unknown_one_refused(tmp_path: Path) -> None:
    path = layer(tmp_path / "f.shp", [square(0, 0)], None, depth=[1.0])
    with pytest.raises(BadInput, match=r"没有坐标系.*--crs EPSG:4490"):
        footprints.from_file(path)
    assert footprints.from_file(path, crs="EPSG:4490").bands
    with pytest.raises(BadInput, match="无法识别"):
        footprints.from_file(path, crs="EPSG:999999")
    with pytest.raises(BadInput, match="加偏"):
        footprints.from_file(path, crs="GCJ-02")
    unsaid = raster(tmp_path / "d.tif", [[1.0]], crs=None)
    with pytest.raises(BadInput, match=r"没有坐标系.*--crs"):
        footprints.from_file(unsaid)
    assert footprints.from_file(unsaid, crs="EPSG:4490").bands


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"PK\x03\x04rest",
        b"II*\x00broken",
        b"ncols x",
        b"SQLite format 3\x00 broken",
        b"\xff\xfe{",
        b'{"type": "Topology"}',
        b"<VRTDataset/>",
    ],
)
def test_a_file_that_is_none_of_them_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "f.gpkg"
    path.write_bytes(content)
    with pytest.raises(BadInput):
        footprints.from_file(path)
    with pytest.raises(BadInput):
        footprints.from_file(tmp_path / "not-there.gpkg")


def test_points_are_no_footprint_and_a_crossing_polygon_in_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="应是面"):
        footprints.from_file(layer(tmp_path / "p.gpkg", [shapely.Point(LON, LAT)], depth=[1.0]))
    bow = shapely.Polygon([(LON, LAT), (LON + 0.01, LAT + 0.01), (LON + 0.01, LAT), (LON, LAT + 0.01)])
    with pytest.raises(BadInput, match="自相交"):
        footprints.from_file(layer(tmp_path / "b.gpkg", [bow], depth=[1.0]))
    with pytest.raises(BadInput, match="为空"):
        footprints.from_file(layer(tmp_path / "dry.gpkg", [square(0, 0)], depth=[0.01]))


@pytest.mark.parametrize("levels", [(0.5, 0.2), (0.5, 0.5), (-1.0,), (float("nan"),), (0.0,)])
def test_levels_out_of_order_are_refused(tmp_path: Path, levels: tuple[float, ...]) -> None:
    with pytest.raises(BadInput, match="分级界限"):
        footprints.from_file(layer(tmp_path / "f.gpkg", [square(0, 0)], depth=[1.0]), levels=levels)


# Rasters


def test_cells_fall_into_the_band_of_their_depth_the_threshold_itself_included(tmp_path: Path) -> None:
    path = raster(tmp_path / "d.tif", [[0.1, 0.15, 0.7, -9999], [0.2, 2.0, float("nan"), -1.0]])
    found = footprints.from_file(path, levels=(0.15, 0.7, 2))
    cell = 0.002**2
    assert [round(shape.area / cell, 6) for shape in shapes(found)] == [2, 1, 1]
    assert "2 个像元没有数据" in found.assumption
    assert "水深" in found.assumption


def test_an_intensity_raster_is_rounded_to_degrees(tmp_path: Path) -> None:
    found = footprints.from_file(raster(tmp_path / "i.tif", [[5.4, 5.5, 6.49, 7.0]]), measure="intensity")
    assert [(band.label, round(shape.area / 0.002**2)) for band, shape in zip(found.bands, shapes(found), strict=True)] == [
        ("烈度Ⅵ度", 2),
        ("烈度Ⅶ度", 1),
    ]


def test_a_raster_without_water_or_data_or_ground_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="影响范围为空"):
        footprints.from_file(raster(tmp_path / "dry.tif", [[0.0, 0.01]]))
    with pytest.raises(BadInput, match="没有数据"):
        footprints.from_file(raster(tmp_path / "void.tif", [[-9999, float("nan")]]))
    monkeypatch.setattr(grids, "MOST_CELLS", 3)
    with pytest.raises(BadInput, match="像元"):
        footprints.from_file(raster(tmp_path / "big.tif", [[1.0, 1.0], [1.0, 1.0]]))


def test_a_raster_too_ragged_to_be_drawn_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "MOST_VERTICES", 100)
    chequered = (np.indices((20, 20)).sum(axis=0) % 2).tolist()
    with pytest.raises(BadInput, match="零碎"):
        footprints.from_file(raster(tmp_path / "c.tif", chequered))

"""How each source's files are read: real file formats, invented content."""

from __future__ import annotations

import codecs
import json
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas
import numpy as np
import pytest
from openpyxl import Workbook
from shapely import LineString, Point, Polygon

from ingestion.cells import moment
from ingestion.coordinates import gcj02_to_bd09, gcj02_to_wgs84, to_wgs84, wgs84_to_gcj02
from ingestion.source import SourceModule, sources, unread
from models.domain import BEIJING, Evidence, Feature, Quarantined
from models.errors import BadInput, BrokenDefinition

NOW = datetime(2026, 7, 18, 21, 0, tzinfo=BEIJING)
DATA = Path(__file__).resolve().parents[2] / "../shared/data"


def module(name: str) -> SourceModule:
    return sources()[name]


def evidence(name: str, path: Path) -> list[Evidence]:
    records = list(module(name).read(path, NOW))
    assert all(isinstance(record, Evidence) for record in records), records
    return records  # type: ignore[return-value]


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


# --- discovery --------------------------------------------------------------------------------------------------------------------


def test_every_shipped_source_is_found_by_its_file_name():
    assert set(sources()) >= {"hotline", "social", "survey", "warning", "desk"}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("import nothing_of_that_name", "cannot be loaded"),
        ("def read(path, received_at): ...", "needs `SOURCE`"),
        ("SOURCE = (", "cannot be loaded"),
    ],
)
def test_a_broken_source_stops_the_start(tmp_path, monkeypatch, body, complaint):
    package = tmp_path / f"sources_{abs(hash(body))}"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "radio.py").write_text(body)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BrokenDefinition, match=complaint):
        sources(package.name)
    sys.modules.pop(f"{package.name}.radio", None)


# --- hotline ----------------------------------------------------------------------------------------------------------------------

MESSY = "\ufeff 工单编号\t,来电 时间,ＩＤ,诉求内容 ,诉求地址,来电号码,点赞数,派单备注\n"


def test_columns_are_known_by_many_names_whatever_blanks_surround_them(tmp_path):
    row = 'A-1,2026/7/18 18:05:00,,"\n\t\t地下车库进水\n",紫云路8号,13800001111,4,已派\n'
    [call] = evidence("hotline", written(tmp_path / "calls.csv", MESSY + row))
    assert (call.external_id, call.text, call.place_hint) == ("A-1", "地下车库进水", "紫云路8号")
    assert call.sent_at == datetime(2026, 7, 18, 18, 5, tzinfo=BEIJING)


def test_the_callers_number_stays_among_the_fields_only(tmp_path):
    [call] = evidence("hotline", written(tmp_path / "calls.csv", MESSY + "A-1,2026/7/18,,水管爆了,,13800001111,,\n"))
    assert call.fields == {"来电号码": "13800001111"}
    assert "13800001111" not in call.text + call.title + call.place_hint


def test_a_column_nobody_reads_is_kept_and_named(tmp_path):
    calls = evidence("hotline", written(tmp_path / "calls.csv", MESSY + "A-1,2026/7/18,,水管爆了,,13800001111,,已派\n"))
    assert calls[0].fields["派单备注"] == "已派"
    assert unread(calls, module("hotline").kept) == {"派单备注"}


def test_votes_do_not_make_a_message_new(tmp_path):
    ids = {evidence("hotline", written(tmp_path / f"{n}.csv", MESSY + f"A-1,2026/7/18,,水管爆了,,,{n},\n"))[0].id for n in (3, 400)}
    assert len(ids) == 1


def test_an_impossible_date_costs_the_date_and_not_the_call(tmp_path):
    [call] = evidence("hotline", written(tmp_path / "calls.csv", MESSY + "A-1,2月30日,,三楼冒烟,,,,\n"))
    assert call.sent_at is None
    assert call.text == "三楼冒烟"
    assert "2月30日" in call.fields.values()


def test_empty_rows_are_no_records_and_a_row_without_words_is_quarantined(tmp_path):
    records = list(module("hotline").read(written(tmp_path / "calls.csv", MESSY + ",,,,,,,\n\nA-1,2026/7/18,,,,,,\n"), NOW))
    assert [type(record) for record in records] == [Quarantined]
    assert "A-1" in records[0].raw


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_chinese_arrives_whole_in_every_usual_encoding(tmp_path, encoding):
    [call] = evidence("hotline", written(tmp_path / "calls.csv", "编号,内容\n7,龘靐路塌方，堵车严重\n", encoding))
    assert call.text == "龘靐路塌方，堵车严重"


def test_one_damaged_byte_costs_one_line_of_a_utf8_file(tmp_path):
    path = written(tmp_path / "calls.csv", "编号,内容\n" + "".join(f"{n},第{n}号路口积水过膝，请派人处理\n" for n in range(50)))
    body = path.read_bytes()
    spot = body.index("第25号".encode()) + 1
    path.write_bytes(body[:spot] + b"\xff" + body[spot + 1 :])
    records = list(module("hotline").read(path, NOW))
    assert sum(isinstance(record, Evidence) for record in records) == 49
    assert sum(isinstance(record, Quarantined) for record in records) == 1


def test_a_quote_left_open_costs_its_own_line_and_not_the_calls_after_it(tmp_path):
    path = written(tmp_path / "calls.csv", '编号,内容\n1,"他说快来\n2,桥下积水\n3,"两行\n的话"\n4,路灯不亮\n')
    records = list(module("hotline").read(path, NOW))
    texts = [record.text for record in records if isinstance(record, Evidence)]
    assert "路灯不亮" in texts
    assert any("桥下积水" in getattr(record, "text", getattr(record, "raw", "")) for record in records)


def test_a_quote_open_at_the_end_of_the_file_costs_one_line(tmp_path):
    path = written(tmp_path / "calls.csv", '编号,内容\n1,"没有说完\n2,桥下积水\n3,路灯不亮\n')
    records = list(module("hotline").read(path, NOW))
    assert [record.text for record in records if isinstance(record, Evidence)] == ["桥下积水", "路灯不亮"]
    assert [record.raw for record in records if isinstance(record, Quarantined)] == ['1,"没有说完']


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_workbook_is_read_below_its_title_row_with_dates_and_whole_numbers(tmp_path):
    rows = [["七月来电汇总"], [], ["工单编号", "来电时间", "诉求内容"], [1001, datetime(2026, 7, 18, 18, 0), "树倒了"]]
    [call] = evidence("hotline", workbook(tmp_path / "calls.xlsx", rows))
    assert (call.external_id, call.sent_at) == ("1001", datetime(2026, 7, 18, 18, 0, tzinfo=BEIJING))


def test_a_workbook_is_known_by_its_content_and_not_by_its_name(tmp_path):
    path = workbook(tmp_path / "calls.xlsx", [["编号", "内容"], [1, "树倒了"]]).rename(tmp_path / "calls.csv")
    assert evidence("hotline", path)[0].text == "树倒了"


def test_a_table_without_known_headings_says_which_were_expected(tmp_path):
    with pytest.raises(BadInput, match="表头"):
        list(module("hotline").read(written(tmp_path / "x.csv", "甲,乙\n1,2\n"), NOW))


# --- moments ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2026/7/18 8:05:09", datetime(2026, 7, 18, 8, 5, 9, tzinfo=BEIJING)),
        ("2026-07-18T08:05:09+08:00", datetime(2026, 7, 18, 8, 5, 9, tzinfo=BEIJING)),
        ("2026-07-18T00:05Z", datetime(2026, 7, 18, 8, 5, tzinfo=BEIJING)),
        ("2026年7月18日 下午3时5分", datetime(2026, 7, 18, 15, 5, tzinfo=BEIJING)),
        ("2026.7.18", datetime(2026, 7, 18, tzinfo=BEIJING)),
        ("20260718080509", datetime(2026, 7, 18, 8, 5, 9, tzinfo=BEIJING)),
        ("1784333109", datetime(2026, 7, 18, 0, 5, 9, tzinfo=UTC)),
        ("1784333109000", datetime(2026, 7, 18, 0, 5, 9, tzinfo=UTC)),
        ("46221.5", datetime(2026, 7, 18, 12, 0, tzinfo=BEIJING)),
        ("２０２６／７／１８ ８：０５", datetime(2026, 7, 18, 8, 5, tzinfo=BEIJING)),
    ],
)
def test_a_moment_is_read_from_every_usual_way_of_writing_it(words, expected):
    assert moment(words) == expected


@pytest.mark.parametrize("words", ["2026-02-30", "2月30日", "2026/7/18 25:00", "昨天", "7/8/26", "", "99999999", "0000-00-00"])
def test_a_moment_that_cannot_be_is_not_guessed(words):
    assert moment(words) is None


# --- social -----------------------------------------------------------------------------------------------------------------------


def posts(path: Path, *rows: dict[str, object] | str) -> Path:
    return written(path, "\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows) + "\n")


def test_a_time_without_zone_is_beijing_time(tmp_path):
    [post] = evidence(
        "social", posts(tmp_path / "p.jsonl", {"id": "a", "time": "2026-07-18 18:13", "title": "起火", "abstract": "厂房起火"})
    )
    assert post.sent_at == datetime(2026, 7, 18, 10, 13, tzinfo=UTC)


def test_counters_and_other_peoples_labels_do_not_make_a_post_new(tmp_path):
    rows = [{"id": "a", "text": "水进地铁了", "likes": n, "reposts": n, "label_class_human": str(n), "pii_spans": [n]} for n in (1, 2)]
    first, second = evidence("social", posts(tmp_path / "p.jsonl", *rows))
    assert first.id == second.id


def test_geocoded_coordinates_are_baidus_and_others_are_taken_as_given(tmp_path):
    lon, lat = 118.7900, 32.0400
    baidu_lon, baidu_lat = (float(x) for x in gcj02_to_bd09(*wgs84_to_gcj02(lon, lat)))
    rows = [
        {"id": "a", "text": "淹了", "lng": baidu_lon, "lat": baidu_lat, "address_geocoded": "南京市"},
        {"id": "b", "text": "淹", "lng": lon, "lat": lat},
    ]
    for post in evidence("social", posts(tmp_path / "p.jsonl", *rows)):
        assert (post.lon, post.lat) == (pytest.approx(lon, abs=1e-6), pytest.approx(lat, abs=1e-6))


def test_a_sidecar_declares_the_coordinate_system_of_a_file(tmp_path):
    path = posts(tmp_path / "p.jsonl", {"id": "a", "text": "淹了", "lng": 118.79, "lat": 32.04})
    written(tmp_path / "p.jsonl.source.yml", "crs: GCJ02\n")
    [post] = evidence("social", path)
    assert (post.lon, post.lat) == tuple(pytest.approx(float(x), abs=1e-6) for x in gcj02_to_wgs84(118.79, 32.04))


@pytest.mark.parametrize(
    "bad", [{"lng": 0, "lat": 0}, {"lng": 700, "lat": 32}, {"lng": "东", "lat": 32}, {"lng": 118.7, "lat": 32.0, "crs": "某地方系"}]
)
def test_impossible_coordinates_are_dropped_and_their_words_kept(tmp_path, bad):
    [post] = evidence("social", posts(tmp_path / "p.jsonl", {"id": "a", "text": "淹了"} | bad))
    assert post.lon is None
    assert "lng" in post.fields


@pytest.mark.parametrize(
    "line", ["{", "[1]", '"x"', "[" * 100_000, '{"text": NaN}', '{"a":' * 100 + "1" + "}" * 100, '{"id": "a"}', '{"n": ' + "9" * 5000 + "}"]
)
def test_a_line_that_is_no_post_is_quarantined_and_the_next_is_read(tmp_path, line):
    bad, good = module("social").read(posts(tmp_path / "p.jsonl", line, {"id": "b", "text": "淹了"}), NOW)
    assert isinstance(bad, Quarantined)
    assert isinstance(good, Evidence)


def test_half_a_character_becomes_a_visible_gap(tmp_path):
    [post] = evidence("social", posts(tmp_path / "p.jsonl", '{"id": "a", "text": "救命\\ud83d\\u0000来人"}'))
    assert post.text == "救命\ufffd来人"


# --- warnings, desk ---------------------------------------------------------------------------------------------------------------

ALERTS = {
    "note": "两家服务的形状",
    "one": [{"id": "w1", "headline": "暴雨红色预警", "description": "有大暴雨", "issuedTime": "2026-07-18T09:48Z", "areaName": "南京市",
             "eventType": {"name": "暴雨", "code": "1003"}, "severity": "extreme"}],
    "two": [{"alertId": "w2", "title": "雷电黄色预警", "description": "有雷电", "pubtimestamp": 1784333109, "location": "南京市", "request_status": "ok"}],
}  # fmt: skip


def test_both_shapes_of_warnings_are_read_from_one_answer(tmp_path):
    rain, thunder = evidence("warning", written(tmp_path / "w.json", json.dumps(ALERTS)))
    assert (rain.kind, rain.external_id, rain.title, rain.place_hint) == ("warning", "w1", "暴雨红色预警", "南京市")
    assert rain.fields["eventType"] == "暴雨"
    assert rain.sent_at == datetime(2026, 7, 18, 9, 48, tzinfo=UTC)
    assert thunder.sent_at == datetime(2026, 7, 18, 0, 5, 9, tzinfo=UTC)


def test_a_warning_marked_as_exercise_is_one(tmp_path):
    [drill] = evidence("warning", written(tmp_path / "w.json", json.dumps([{"headline": "演练", "status": "Exercise"}])))
    assert drill.mode == "exercise"


@pytest.mark.parametrize("body", ["<html>", "{", '{"code": "404"}'])
def test_an_answer_without_warnings_is_refused(tmp_path, body):
    with pytest.raises(BadInput):
        list(module("warning").read(written(tmp_path / "w.json", body), NOW))


def test_a_call_typed_at_the_desk_keeps_who_took_it(tmp_path):
    said = {"text": "化工园有刺鼻气味", "sent_at": "2026-07-18 20:10", "lon": 118.79, "lat": 32.27, "mode": "exercise", "taken_by": "duty1"}
    [call] = evidence("desk", written(tmp_path / "c.json", json.dumps(said)))
    assert (call.mode, call.lon, call.fields) == ("exercise", 118.79, {"taken_by": "duty1"})


@pytest.mark.parametrize("said", [{"text": ""}, {"text": "有烟", "mode": "maybe"}, [], {"title": "无内容"}])
def test_a_desk_message_without_words_or_with_an_unknown_mode_is_quarantined(tmp_path, said):
    [record] = module("desk").read(written(tmp_path / "c.json", json.dumps(said)), NOW)
    assert isinstance(record, Quarantined)


# --- survey -----------------------------------------------------------------------------------------------------------------------


def features(path: Path) -> list[Feature]:
    records = list(module("survey").read(path, NOW))
    assert all(isinstance(record, Feature) for record in records), records
    return records  # type: ignore[return-value]


def layer(
    path: Path, layer_name: str = "schools", /, *, crs: object = "EPSG:4490", shape: object = Point(118.79, 32.04), **columns: object
) -> Path:
    frame = geopandas.GeoDataFrame({key: [value] for key, value in columns.items()} or {"name": ["青梅小学"]}, geometry=[shape], crs=crs)
    frame.to_file(path, layer=layer_name, engine="pyogrio") if path.suffix == ".gpkg" else frame.to_file(
        path, engine="pyogrio", encoding="GB18030"
    )
    return path


def test_a_layers_name_says_what_it_holds(tmp_path):
    path = layer(tmp_path / "s.gpkg", "学校", name="青梅小学", adcode="320104", id="s1", people=300)
    layer(path, "chemical_plants", name="某厂")
    found = {feature.kind: feature for feature in features(path)}
    assert set(found) == {"school", "chemical_plant"}
    assert (found["school"].name, found["school"].adcode, found["school"].properties) == (
        "青梅小学",
        "320104",
        {"people": 300.0, "id": "s1"},
    )


def test_a_kind_column_says_it_row_by_row(tmp_path):
    assert features(layer(tmp_path / "s.gpkg", "all", name="A", kind="shelter"))[0].kind == "shelter"


def test_an_unknown_layer_is_refused_until_the_sidecar_names_it(tmp_path):
    path = layer(tmp_path / "s.gpkg", "tmp1", name="西仓")
    with pytest.raises(BadInput, match="tmp1"):
        features(path)
    written(tmp_path / "s.gpkg.source.yml", "layers: {tmp1: depot}\nsurveyed_on: 2025-11-30\n")
    [depot] = features(path)
    assert (depot.kind, depot.surveyed_on) == ("depot", date(2025, 11, 30))


@pytest.mark.parametrize("crs", ["EPSG:4549", "EPSG:32650", "EPSG:3857"])
def test_a_projected_survey_lands_where_it_should(tmp_path, crs):
    x, y = geopandas.GeoSeries([Point(118.79, 32.04)], crs=4326).to_crs(crs).iloc[0].coords[0]
    [school] = features(layer(tmp_path / "s.gpkg", crs=crs, shape=Point(x, y)))
    assert (school.lon, school.lat) == (pytest.approx(118.79, abs=1e-5), pytest.approx(32.04, abs=1e-5))


def test_a_shapefile_with_no_crs_is_refused_and_the_sidecar_mends_it(tmp_path):
    path = layer(tmp_path / "schools.shp", crs=None)
    with pytest.raises(BadInput, match=r"prj.*source\.yml"):
        features(path)
    written(tmp_path / "schools.shp.source.yml", "crs: GCJ02\n")
    [school] = features(path)
    assert (school.lon, school.lat) == tuple(pytest.approx(float(x), abs=1e-6) for x in gcj02_to_wgs84(118.79, 32.04))


def test_a_zipped_gb18030_shapefile_keeps_its_chinese(tmp_path):
    layer(tmp_path / "schools.shp", name="青梅小学分校")
    with zipfile.ZipFile(tmp_path / "survey.zip", "w") as archive:
        for part in tmp_path.glob("schools.*"):
            if part.suffix != ".cpg":
                archive.write(part, f"普查/{part.name}")
    assert features(tmp_path / "survey.zip")[0].name == "青梅小学分校"


def test_a_broken_outline_is_repaired_and_a_missing_one_quarantined(tmp_path):
    bow_tie = Polygon([(118.7, 32.0), (118.8, 32.1), (118.8, 32.0), (118.7, 32.1)])
    frame = geopandas.GeoDataFrame({"name": ["甲", "乙"]}, geometry=[bow_tie, None], crs=4326)
    frame.to_file(tmp_path / "s.gpkg", layer="buildings")
    repaired, missing = module("survey").read(tmp_path / "s.gpkg", NOW)
    assert isinstance(repaired, Feature)
    assert repaired.geometry["type"] == "MultiPolygon"
    assert isinstance(missing, Quarantined)


def test_heights_are_dropped_and_a_line_has_a_point_on_it(tmp_path):
    [road] = features(layer(tmp_path / "s.gpkg", "roads", shape=LineString([(118.7, 32.0, 8), (118.8, 32.0, 9)])))
    assert all(len(point) == 2 for point in road.geometry["coordinates"])
    assert road.lat == 32.0


def test_a_file_that_only_pretends_to_be_geojson_is_not_opened(tmp_path):
    with pytest.raises(BadInput, match="不是 GeoPackage"):
        features(
            written(
                tmp_path / "s.geojson", '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'
            )
        )


def test_the_same_body_surveyed_twice_has_one_id(tmp_path):
    first, second = layer(tmp_path / "a.gpkg", name="甲", id="7"), layer(tmp_path / "b.gpkg", name="甲", id="7")
    assert features(first)[0].id == features(second)[0].id


# --- coordinates ------------------------------------------------------------------------------------------------------------------


def test_the_way_back_from_every_shifted_system_is_exact():
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(75, 133, 5000), rng.uniform(19, 52, 5000)
    gcj = wgs84_to_gcj02(lon, lat)
    for there, crs in ((gcj, "GCJ02"), (gcj02_to_bd09(*gcj), "BD09")):
        x, y = to_wgs84(*there, crs)
        assert max(np.abs(x - lon).max(), np.abs(y - lat).max()) < 1e-9


def test_the_shift_is_the_published_one():
    # The reference pair of the public eviltransform test-suite.
    assert wgs84_to_gcj02(121.5272106, 31.1774276) == (
        pytest.approx(121.531541859215, abs=1e-9),
        pytest.approx(31.17530398364597, abs=1e-9),
    )


def test_outside_china_nothing_is_shifted():
    assert gcj02_to_wgs84(-0.12, 51.5) == (-0.12, 51.5)


def test_a_marked_file_is_read_by_its_mark(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_bytes(codecs.BOM_UTF8 + '{"id": "a", "text": "淹了"}\n'.encode())
    assert evidence("social", path)[0].text == "淹了"

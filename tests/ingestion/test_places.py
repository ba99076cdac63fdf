"""Places are resolved as far as the text allows, and never further."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from ingestion.extract import understand
from ingestion.places import FOLDER, Gazetteer, gazetteer
from models.divisions import by_code
from models.domain import Place
from models.errors import BrokenDefinition


@pytest.fixture(scope="module")
def nanjing() -> Gazetteer:
    return Gazetteer("南京市")


def first(gazetteer: Gazetteer, text: str) -> Place:
    return gazetteer.find(text)[0]


def test_district_street_and_road_are_one_place(nanjing: Gazetteer) -> None:
    place = first(nanjing, "江宁区东山街道甲子路与乙丑路交叉口积水")
    assert (place.quote, place.adcode, place.street) == ("江宁区东山街道甲子路与乙丑路交叉口", "320115", "东山街道")


@pytest.mark.parametrize(
    ("text", "adcode"),
    [
        ("鼓楼区一小区起火", "320106"),
        ("徐州市鼓楼区一小区起火", "320302"),
        ("福州市今日大雨，鼓楼区多处积水", None),
        ("杭州的朋友说鼓楼区一小区起火", None),
        ("朝阳区起火", None),
        ("白下区", "320104"),
    ],
)
def test_a_shared_district_name_is_ours_only_when_no_other_city_is_named(nanjing: Gazetteer, text: str, adcode: str | None) -> None:
    place = next(p for p in nanjing.find(text) if "区" in p.quote)
    if text.startswith("福州"):
        adcode = "350102"  # the one city named has such a district
    assert place.adcode == adcode


def test_a_desk_elsewhere_reads_the_same_name_as_its_own() -> None:
    assert first(Gazetteer("福州市"), "鼓楼区一小区起火").adcode == "350102"


@pytest.mark.parametrize("text", ["北京东路12号", "中山路着火了", "上海路堵车"])
def test_a_road_named_after_a_city_is_not_that_city(nanjing: Gazetteer, text: str) -> None:
    assert first(nanjing, text).adcode is None


def test_a_district_stands_for_its_centre_and_says_so(nanjing: Gazetteer) -> None:
    place = first(nanjing, "溧水区白马镇")
    assert (place.precision, place.district) == ("district", "溧水区")
    assert place.lon is not None


def test_all_eleven_districts_and_their_streets_are_known(nanjing: Gazetteer) -> None:
    names = ["玄武区", "秦淮区", "建邺区", "鼓楼区", "浦口区", "栖霞区", "雨花台区", "江宁区", "六合区", "溧水区", "高淳区"]
    assert {str(first(nanjing, n).adcode)[:4] for n in names} == {"3201"}
    assert first(nanjing, "桠溪街道").district == "高淳区"


def test_a_city_adds_its_own_places_in_one_new_file(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "g")
    row = '{name: 试验下穿, aliases: [试验桥洞], kind: underpass, adcode: "320115", street: 东山街道, lon: 118.8, lat: 31.9}'
    (tmp_path / "g" / "mine.yml").write_text(f"places:\n  - {row}\n", "utf-8")
    place = first(Gazetteer("南京市", tmp_path / "g"), "试验桥洞被淹")
    assert (place.name, place.precision, place.district) == ("试验下穿", "point", "江宁区")


@pytest.mark.parametrize(
    "body",
    ["places: [{name: 无坐标}]", "nothing: 1", "places: [", 'places: [{name: 远方, kind: road, adcode: "320115", lon: 500, lat: 1}]'],
)
def test_a_broken_file_stops_the_start_and_is_named(tmp_path: Path, body: str) -> None:
    shutil.copytree(FOLDER, tmp_path / "g")
    (tmp_path / "g" / "broken.yml").write_text(body, "utf-8")
    with pytest.raises(BrokenDefinition, match=r"broken\.yml"):
        Gazetteer("南京市", tmp_path / "g")


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("快来，中山路与汉中路交叉口有人晕倒", "中山路与汉中路交叉口"),
        ("在甲子路和乙丑街路口积水", "甲子路和乙丑街路口"),
        ("梦都大街、江东中路路口堵车", "梦都大街、江东中路路口"),
        ("鼓楼区中山北路12号3单元着火", "鼓楼区中山北路12号3单元"),
        ("地铁2号线马群站3号口积水", "地铁2号线马群站3号口"),
        ("地铁99号线甲子站B2口积水", "地铁99号线甲子站B2口"),
        ("G42沪蓉高速往上海方向K120+300处两车追尾", "G42沪蓉高速往上海方向K120+300处"),
        ("沪宁高速南京往上海方向120公里处事故", "沪宁高速南京往上海方向120公里处"),
        ("X203县道塌方", "X203县道"),
        ("高淳区桠溪街道甲子村3组进水", "高淳区桠溪街道甲子村3组"),
        ("在甲子花园12栋有人被困", "甲子花园12栋"),
        ("双龙大道高架桥下积水", "双龙大道高架桥"),
    ],
)
def test_a_place_is_quoted_whole(nanjing: Gazetteer, text: str, quote: str) -> None:
    place = first(nanjing, text)
    assert place.quote == quote
    assert place.quote in text
    assert not place.outside  # 往上海方向 is the carriageway, not the city


@pytest.mark.parametrize(
    ("text", "adcode", "city", "outside"),
    [
        ("徐州市鼓楼区甲子路着火", "320302", "徐州市", True),
        ("杭州市中山路一商铺起火", "330100", "杭州市", True),
        ("浙江义乌市江东街道进水", "330782", "金华市", True),
        ("温州永嘉甲子镇火灾", "330324", "温州市", True),
        ("武汉长江二桥堵车", "420100", "武汉市", True),
        ("中山路着火", None, "南京市", False),
        ("夫子庙踩踏", "320104", "南京市", False),
        ("江苏鼓楼区起火", None, None, False),
        ("杭州市江干区甲子街道", None, "杭州市", True),
    ],
)
def test_a_place_says_its_city_and_whether_it_is_ours(
    nanjing: Gazetteer, text: str, adcode: str | None, city: str | None, outside: bool
) -> None:
    place = first(nanjing, text)
    assert (place.adcode, place.city, place.outside) == (adcode, city, outside)


def test_a_street_of_ours_is_not_ours_in_a_text_about_another_city(nanjing: Gazetteer) -> None:
    there = next(p for p in nanjing.find("我在杭州，中山路着火了") if p.quote == "中山路")
    assert (there.city, there.district) == (None, None)
    ours = next(p for p in nanjing.find("徐州市民来到南京，夫子庙踩踏") if p.quote == "夫子庙")
    assert ours.city == "南京市"


def test_a_division_elsewhere_is_shown_with_its_city(nanjing: Gazetteer) -> None:
    assert next(p.name for p in nanjing.find("福州市大雨，鼓楼区多处积水") if "区" in p.quote) == "福州市鼓楼区"
    assert first(nanjing, "鼓楼区积水").name == "鼓楼区"


def test_a_former_district_is_read_as_what_it_is_now_and_keeps_the_road(nanjing: Gazetteer) -> None:
    assert (first(nanjing, "白下区").name, first(nanjing, "白下区光华路").name) == ("秦淮区", "白下区光华路")
    assert first(nanjing, "闸北区着火").adcode == "310106"


@pytest.mark.parametrize("text", ["城区多处积水", "矿区停工", "这条路方向不对"])
def test_plain_words_are_no_divisions(nanjing: Gazetteer, text: str) -> None:
    assert not [p for p in nanjing.find(text) if p.adcode]


def test_an_address_field_is_resolved_by_its_divisions(nanjing: Gazetteer) -> None:
    place = nanjing.address("通辽市科尔沁甲子街98号")[0]
    assert (place.adcode, place.district, place.outside) == ("150502", "科尔沁区", True)
    assert nanjing.address("江宁东山街道甲子街1号")[0].street == "东山街道"


def test_rough_coordinates_say_so_and_are_never_points(nanjing: Gazetteer) -> None:
    place = first(nanjing, "夫子庙踩踏")
    assert (place.precision, place.within_m) == ("street", 1500)
    assert first(nanjing, "秦淮新河水位上涨").lon is None


def test_shipped_places_are_rough_and_lie_in_nanjing() -> None:
    rows = yaml.safe_load((FOLDER / "nanjing_places.yml").read_text("utf-8"))["places"]
    assert len(rows) > 500
    for row in rows:
        assert row["adcode"][:4] == "3201"
        assert row["adcode"] in by_code()
        if "lon" in row:
            assert (row["lon"], row["lat"]) == (round(row["lon"], 2), round(row["lat"], 2)), row
            assert row["within_m"] >= 1000, row
            assert 118.3 < row["lon"] < 119.3, row
            assert 31.2 < row["lat"] < 32.7, row


def _add(home: Path, body: str) -> None:
    (home / "gazetteer").mkdir(exist_ok=True)
    (home / "gazetteer" / "mine.yml").write_text(body, "utf-8")
    stamp = (home / "gazetteer" / "mine.yml").stat().st_mtime_ns + 1_000_000
    os.utime(home / "gazetteer" / "mine.yml", ns=(stamp, stamp))


def test_a_city_adds_places_while_the_desk_runs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert gazetteer("南京市", tmp_path) is gazetteer("南京市", tmp_path)
    assert first(gazetteer("南京市", tmp_path), "甲子桥洞被淹").district is None
    row = '{name: 甲子下穿, aliases: [甲子桥洞], kind: underpass, adcode: "320115", lon: 118.8, lat: 31.9, within_m: 30}'
    _add(tmp_path, f"places:\n  - {row}\n")
    names = gazetteer("南京市", tmp_path)
    place = understand("甲子桥洞被淹，有车被困", names=names).places[0]
    assert (place.name, place.district, place.precision, place.within_m) == ("甲子下穿", "江宁区", "point", 30)
    _add(tmp_path, "places: [")
    assert first(gazetteer("南京市", tmp_path), "甲子桥洞被淹").district == "江宁区"
    assert "mine.yml" in caplog.text
    assert first(gazetteer("南京市"), "甲子桥洞被淹").district is None


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ('{name: 甲子桥, kind: bridge, adcode: "999999"}', "不在全国区划表中"),
        ("{name: 甲子桥, kind: bridge, adcode: 320115}", "引号"),
        ('{name: 甲子桥, kind: bridge, adcode: "320115", lon: 118.8}', "lon 与 lat"),
        ('{name: 甲子桥, kind: bridge, adcode: "320115", colour: red}', "没有这一项"),
        ('{name: 桥, kind: bridge, adcode: "320115"}', "太短"),
        ('{name: 甲子桥, kind: bridge, adcode: "320115", lon: 118.8, lat: 95}', "超出范围"),
        ('{name: 甲子桥, adcode: "320115"}', "缺这一项"),
    ],
)
def test_a_fault_in_a_citys_file_is_told_with_its_row(tmp_path: Path, row: str, word: str) -> None:
    _add(tmp_path, f'places:\n  - {{name: 乙丑桥, kind: bridge, adcode: "320115"}}\n  - {row}\n')
    with pytest.raises(BrokenDefinition, match=word) as told:
        gazetteer("南京市", tmp_path)
    assert "mine.yml" in str(told.value)
    assert "places 第 2 条" in str(told.value)


HOSTILE = [
    "南京市",
    "鼓楼区",
    "中山路",
    "中山路与",
    "、中山路",
    "路",
    "在一二三四五六七路",
    "地铁1号线",
    "G42K1+",
    "（",
    "\ud800",
    "往上海方向",
    "江苏南京",
]


def calls(nanjing: Gazetteer, text: str) -> int:
    """How many functions are entered to read a text, those written in C included: the work done, however busy the machine."""
    count = 0

    def entered(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(entered)
    try:
        found = nanjing.found(text)
    finally:
        sys.setprofile(before)
    assert all(f.place.quote == text[f.at : f.end] for f in found)
    return count


@pytest.mark.parametrize("word", HOSTILE)
def test_work_grows_with_the_text_and_not_faster(nanjing: Gazetteer, word: str) -> None:
    assert calls(nanjing, (word * 10_000)[:10_000]) < 11 * calls(nanjing, (word * 1_000)[:1_000])


def test_a_message_is_read_with_little_work(nanjing: Gazetteer) -> None:
    text = "今天下午三点，江宁区东山街道甲子路与乙丑路交叉口积水约三十厘米，有两辆车被困，请尽快派人来看看，旁边小区的车库也进了水。"
    assert calls(nanjing, (text * 6)[:300]) < 10 * 300

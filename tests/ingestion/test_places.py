"""Places are resolved as far as the text allows, and never further."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ingestion.places import FOLDER, Gazetteer
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

"""An address is taken apart into present divisions; what it leaves open stays open."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from ingestion.addresses import county_of, take_apart
from ingestion.evaluate_places import addresses, locations
from models.divisions import by_code, former, short_name
from models.errors import BadInput

DATA = Path(__file__).resolve().parents[2] / "../shared/data"


@pytest.mark.parametrize(
    ("text", "province", "city", "county", "detail"),
    [
        ("江苏省南京市江宁区某某路8号", "江苏省", "南京市", "江宁区", "某某路8号"),
        ("江苏南京江宁某某路8号", "江苏省", "南京市", "江宁区", "某某路8号"),
        ("江苏省 南京市 江苏省南京市 江宁区_某某路8号", "江苏省", "南京市", "江宁区", "某某路8号"),
        ("重庆市渝中区甲子路", "重庆市", "重庆市", "渝中区", "甲子路"),
        ("湖北省仙桃市甲子路", "湖北省", None, "仙桃市", "甲子路"),
        ("吉林省吉林市甲子村", "吉林省", "吉林市", None, "甲子村"),
        ("海南藏族自治州", "青海省", "海南藏族自治州", None, ""),
        ("湖南省湘潭市湘潭县城甲社区", "湖南省", "湘潭市", "湘潭县", "城甲社区"),
        ("石柱县甲子镇", "重庆市", "重庆市", "石柱土家族自治县", "甲子镇"),
        ("中国广东省深圳市南山区甲子大厦", "广东省", "深圳市", "南山区", "甲子大厦"),
        ("", None, None, None, ""),
    ],
)
def test_divisions_from_coarse_to_fine(text: str, province: str | None, city: str | None, county: str | None, detail: str) -> None:
    seen = take_apart(text)
    assert (seen.province, seen.city, seen.county, seen.detail) == (province, city, county, detail)


def test_a_shared_name_stays_open_unless_a_city_is_known() -> None:
    seen = take_apart("鼓楼区甲子路")
    assert (seen.county, seen.county_quote, seen.city, seen.adcode) == ("鼓楼区", "鼓楼区", None, None)
    assert take_apart("江苏省鼓楼区甲子路").adcode == "320000"
    assert take_apart("鼓楼区甲子路", home="350100").adcode == "350102"
    assert take_apart("徐州市鼓楼区甲子路", home="320100").adcode == "320302"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("南京市白下区甲子路", "320104"),
        ("下关区甲子路", "320106"),
        ("江浦县甲子镇", "320111"),
        ("六合县甲子镇", "320116"),
        ("上海市闸北区甲子路", "310106"),
        ("杭州市下城区甲子路", "330105"),
        ("襄樊市甲子街", "420600"),
        ("柳州地区忻城县", "451321"),
        ("长治市城区甲子街", "140403"),
        ("大同市城区甲子街", "140200"),  # split between two: the city is all that is certain
        ("杭州市江干区甲子路", "330100"),
    ],
)
def test_former_names_lead_to_what_they_are_now(text: str, code: str) -> None:
    assert take_apart(text).adcode == code


def test_without_renewing_a_merged_county_keeps_its_name_and_a_raised_one_does_not() -> None:
    assert take_apart("南京市白下区甲子路", renew=False).county == "白下区"
    assert take_apart("成都市新津县甲子镇", renew=False).county == "新津区"


@pytest.mark.parametrize(
    ("text", "element"),
    [
        ("义乌市场甲子路3号", "义乌"),
        ("天童北路与鄞县大道交界", ""),
        ("余杭塘路764号", ""),
        ("杭州市绍兴路450号", ""),
        ("永康经济开发区甲子路", ""),
        ("萧山甲子汽配城", "萧山"),
        ("金华兰溪县甲子街", "兰溪县"),
        ("杭州市绍兴路450号杭州市西湖区甲子店", "西湖区"),
        ("某某街道海曙区甲子新村", "海曙区"),
    ],
)
def test_the_county_element_is_read_as_it_is_written(text: str, element: str) -> None:
    assert county_of(text) == element


def test_town_and_village_below_the_county() -> None:
    seen = take_apart("南京市高淳区桠溪街道甲子村12号")
    assert (seen.town, seen.village, seen.full) == ("桠溪街道", "甲子村", "江苏省南京市高淳区桠溪街道甲子村12号")


@pytest.mark.parametrize("text", ["南京市" * 9000, "县" * 9000, "\x00\ud800区", "鼓楼区" * 9000, "（" * 999, "江苏省" * 8 + "市区县"])
def test_hostile_addresses_are_read_at_once(text: str) -> None:
    assert take_apart(text).full is not None


def test_every_former_division_leads_to_a_present_one() -> None:
    codes = by_code()
    assert len(former()) > 350
    for old in former():
        assert all(code in codes for code in old.successors), old
        assert old.code[:2] in {code[:2] for code in codes}, old
        assert old.year is None or 2000 <= old.year <= 2026, old
    assert {(f.name, f.year) for f in former() if f.code in ("320103", "320107")} == {("白下区", 2013), ("下关区", 2013)}
    assert all(len(rows.split("、")) == 1 for rows in (f.name for f in former()))


def test_the_list_is_in_order_and_short_names_stay_two_characters_long() -> None:
    codes = list(by_code())
    assert len(codes) > 3300
    assert all(a < b for a, b in pairwise(codes))
    assert all(len(short_name(d.name)) >= 2 for d in by_code().values())
    assert short_name("巴音郭楞蒙古自治州") == "巴音郭楞"
    assert short_name("长白朝鲜族自治县") == "长白"


def test_a_missing_file_of_labelled_addresses_is_named() -> None:
    with pytest.raises(BadInput, match="找不到"):
        addresses(None)


@pytest.mark.skipif(not (DATA / "chinese_address_parsing/dev.jsonl").exists(), reason="the shared evaluation data is not on this machine")
def test_annotated_addresses() -> None:
    figures = addresses(DATA / "chinese_address_parsing/dev.jsonl")
    assert figures["district_accuracy"] >= 0.95
    assert figures["district_recall"] >= 0.95


@pytest.mark.skipif(
    not (DATA / "jionlp_time_location_cases/location_cases.jsonl").exists(), reason="the shared evaluation data is not on this machine"
)
def test_location_cases() -> None:
    assert locations(DATA / "jionlp_time_location_cases/location_cases.jsonl")["place"] >= 0.9

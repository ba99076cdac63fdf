"""Two names mean one thing only when every part of them agrees; what a name leaves open is unsure, never guessed."""

from __future__ import annotations

import pytest

from graph.names import read, same

THE_EIGHT = [
    ("南京市应急管理局", "南通市应急管理局", "", "different"),
    ("江宁区应急管理局", "江北新区应急管理局", "", "different"),
    ("宁政办发〔2025〕27号", "宁政办发〔2025〕37号", "", "different"),
    ("南京市自然灾害救助应急预案", "南通市自然灾害救助应急预案", "", "different"),
    ("国家自然灾害救助应急预案", "南京市自然灾害救助应急预案", "", "different"),
    ("因灾死亡3人", "因灾死亡8人", "", "different"),
    ("南京市应急管理局", "南京应急局", "", "same"),
    ("南京市应急管理局", "市应急局", "南京市", "same"),
]

BODIES = [
    ("江苏省应急管理厅", "南京市应急管理局", "", "different"),
    ("省应急厅", "江苏省应急管理厅", "南京市", "same"),
    ("市应急局", "南京市应急管理局", "", "unsure"),
    ("市应急局", "南京市应急管理局", "徐州市", "different"),
    ("区应急局", "江宁区应急管理局", "江宁区", "same"),
    ("江苏省南京市江宁区应急管理局", "江宁区应急局", "", "same"),
    ("南京市江北新区应急管理局", "江北新区应急管理局", "南京市", "same"),
    ("应急管理部", "南京市应急管理局", "", "different"),
    ("苏州市应急管理局", "宿州市应急管理局", "", "different"),
    ("南京市发改委", "南京市发展和改革委员会", "", "same"),
    ("玄武区住建局", "南京市玄武区住房和城乡建设局", "", "same"),
    ("南京市卫健委", "南京市卫生健康委员会", "", "same"),
    ("南京市防汛抗旱指挥部", "南京市防指", "", "same"),
    ("南京市消防支队", "南京市消防救援支队", "", "same"),
    ("市政府", "南京市人民政府", "南京市", "same"),
    ("南京市人民政府", "南京市人民政府办公室", "", "different"),
    ("吉林应急管理局", "吉林市应急管理局", "", "unsure"),
    ("朝阳区消防救援支队", "北京市朝阳区消防救援支队", "", "unsure"),
    ("海南省应急管理厅", "海南藏族自治州应急管理局", "", "different"),
    ("市场监管局", "市场监督管理局", "", "unsure"),
    ("南京市应急管理局", "南京市水务局", "", "different"),
]

DOCUMENTS = [
    ("苏政发[2024]5号", "苏政发〔2024〕5号", "", "same"),
    ("苏政发〔2024〕5号", "苏政办发〔2024〕5号", "", "different"),
    ("苏政发〔2024〕5号", "苏政发〔2023〕5号", "", "different"),
    ("国务院令第493号", "中华人民共和国国务院令第493号", "", "same"),
    ("国务院令第493号", "国务院令第708号", "", "different"),
    ("中华人民共和国消防法", "《消防法》", "", "same"),
    ("安全生产法（2014年修正）", "安全生产法（2021年修正）", "", "different"),
    ("安全生产法", "安全生产法（2021年修正）", "", "unsure"),
    ("江苏省消防条例", "上海市消防条例", "", "different"),
    ("国家突发事件总体应急预案", "国家自然灾害救助应急预案", "", "different"),
    ("南京市自然灾害救助应急预案（试行）", "南京市自然灾害救助应急预案", "", "unsure"),
    ("宁政办发〔2025〕27号", "南京市自然灾害救助应急预案", "", "unsure"),
]

FIGURES = [
    ("死亡三人", "死亡3人", "", "same"),
    ("受伤5人", "死亡5人", "", "different"),
    ("转移群众300人", "转移群众3000人", "", "different"),
    ("受灾1.2万人", "受灾12000人", "", "same"),
]


@pytest.mark.parametrize(("one", "other", "within", "verdict"), THE_EIGHT + BODIES + DOCUMENTS + FIGURES)
def test_same_or_different(one: str, other: str, within: str, verdict: str) -> None:
    found = same(one, other, within=within)
    assert found.verdict == verdict, found.reasons
    assert found.reasons


@pytest.mark.parametrize(("one", "other", "within", "verdict"), THE_EIGHT + BODIES + DOCUMENTS + FIGURES)
def test_the_order_of_two_names_does_not_matter(one: str, other: str, within: str, verdict: str) -> None:
    assert same(other, one, within=within).verdict == verdict


def test_four_cities_have_a_gulou_district() -> None:
    assert {d.code[:4] for d in read("鼓楼区应急管理局").region.candidates} == {"3201", "3203", "3501", "4102"}


@pytest.mark.parametrize(
    ("one", "other", "within", "verdict"),
    [
        ("鼓楼区应急管理局", "鼓楼区应急管理局", "", "unsure"),
        ("鼓楼区应急管理局", "南京市鼓楼区应急局", "南京市", "same"),
        ("鼓楼区应急管理局", "徐州市鼓楼区应急局", "南京市", "different"),
        ("南京市鼓楼区", "福州市鼓楼区", "", "different"),
        ("开封市鼓楼区人民政府", "徐州市鼓楼区政府", "", "different"),
    ],
)
def test_a_name_that_several_places_bear_is_never_merged_without_a_city(one: str, other: str, within: str, verdict: str) -> None:
    assert same(one, other, within=within).verdict == verdict


def test_a_figure_and_a_body_are_not_the_same_kind_of_thing() -> None:
    assert same("死亡3人", "南京市应急管理局").verdict == "different"

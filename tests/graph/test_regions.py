from __future__ import annotations

import pytest

from graph.regions import asked

LIBRARY = ("江苏省", "苏州市", "广东省", "深圳市", "中国")


@pytest.mark.parametrize(
    ("question", "region", "suits"),
    [
        ("事故后多久上报", "苏州市", -1),
        ("事故后多久上报", "江苏省", 0),
        ("事故后多久上报", "中国", 0),
        ("深圳的二级响应", "深圳市", 1),
        ("深圳的二级响应", "广东省", 0),
        ("深圳的二级响应", "苏州市", -1),
        ("南通市的二级响应", "苏州市", -1),
        ("本市的二级响应", "南京市", 1),
        ("国家自然灾害救助应急响应由谁启动", "江苏省", -1),
        ("国家赔偿找谁", "江苏省", 0),
        ("江西山区的滑坡", "深圳市", -1),
    ],
)
def test_a_rule_of_another_place_does_not_suit_and_that_of_the_desks_own_does(question: str, region: str, suits: int) -> None:
    assert asked(question, LIBRARY, "南京市").suits(region) == suits


def test_a_district_of_several_cities_is_that_of_the_desk_or_none() -> None:
    assert "南京市" in asked("鼓楼区的二级响应", LIBRARY, "南京市").above
    assert not asked("鼓楼区的二级响应", LIBRARY).places

"""The same street name in two cities is two places, and stays two incidents."""

from __future__ import annotations

import pytest

from tests.ingestion.playing import through_fusion


def _told(one: str, other: str) -> dict[int, str]:
    return through_fusion(
        [
            {"at": "2026-07-18 20:00", "from": "hotline", "text": f"{one}一居民楼三楼起火，火很大，有两人被困，快来"},
            {"at": "2026-07-18 20:03", "from": "hotline", "text": f"喂，119吗，{other}这里着火了，窗户往外冒黑烟，楼上还有两个人出不来"},
        ]
    ).home


@pytest.mark.parametrize(
    ("one", "other"),
    [("中山路", "杭州市中山路"), ("甲子路", "杭州市甲子路"), ("无锡市甲子路", "杭州市甲子路"), ("鼓楼区甲子路", "徐州市鼓楼区甲子路")],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_street_of_another_city_is_never_merged(one: str, other: str, turned: bool) -> None:
    home = _told(other, one) if turned else _told(one, other)
    assert home.get(1) is not None
    assert home.get(1) != home.get(2)


def test_the_same_street_of_one_city_is_merged() -> None:
    home = _told("鼓楼区甲子路8号", "南京市鼓楼区甲子路8号")
    assert home[1] == home[2]
    home = _told("中山路8号", "南京市中山路8号")
    assert home[1] == home[2]

"""Figures are read as low, best and high, quoted, and never invented or added up."""

from __future__ import annotations

import pytest

from ingestion.numerals import halved, number
from ingestion.quantities import find_impacts


def figures(text: str, **known: int) -> list[tuple[str, float | None, float | None, float | None]]:
    return [(f.quantity.type, f.quantity.low, f.quantity.value, f.quantity.high) for f in find_impacts(text, **known)]


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("15", 15),
        ("1,234", 1234),
        ("2.1万", 21000),
        ("一千二百", 1200),
        ("二〇二四", 2024),
        ("两", 2),
        ("十", 10),
        ("一百零五", 105),
        ("２１", 21),
    ],
)
def test_numbers_are_read_exactly(words: str, value: float) -> None:
    assert number(words) == value


def test_two_or_three_is_not_twenty_three() -> None:
    assert number("二三") is None


def test_halving_moves_nothing() -> None:
    text = "１２：３０（Ａ）　，。〇"
    assert len(halved(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("造成11人死亡、24人受伤", [("dead", 11, 11, 11), ("injured", 24, 24, 24)]),
        ("致1死3伤", [("dead", 1, 1, 1), ("injured", 3, 3, 3)]),
        ("三十余人受伤", [("injured", 30, 30, 39)]),
        ("至少5人遇难", [("dead", 5, 5, None)]),
        ("近百人被困", [("trapped", None, 100, 100)]),
        ("约70人受伤", [("injured", None, 70, None)]),
        ("数十人受伤", [("injured", 20, None, 99)]),
        ("有人被困", [("trapped", 1, None, None)]),
        ("伤亡情况不明", [("dead", None, None, None), ("injured", None, None, None)]),
        ("无人员伤亡", [("dead", 0, 0, 0), ("injured", 0, 0, 0)]),
        ("暂无人员被困", [("trapped", 0, 0, None)]),
        ("重伤５人、轻伤１６人", [("seriously_injured", 5, 5, 5), ("injured", 16, 16, 16)]),
        ("紧急转移安置群众2.1万人", [("relocated", 21000, 21000, 21000)]),
        ("疏散居民300余人", [("evacuated", 300, 300, 399)]),
        ("直接经济损失达1.2亿元", [("direct_loss", 12000, 12000, 12000)]),
        ("倒塌43户75间", [("homes_collapsed", 75, 75, 75)]),
        ("积水深约半米", [("water_depth", None, 50, None)]),
        ("水深及腰", [("water_depth", None, None, None)]),
        ("三车相撞", [("vehicles", 3, 3, 3)]),
        ("五人送医后两人死亡", [("dead", 2, 2, 2)]),
        ("20名消防员救出3人", [("rescued", 3, 3, 3)]),
        ("死亡人数从3人升至5人", [("dead", 5, 5, 5)]),
    ],
)
def test_a_figure_has_a_low_a_best_and_a_high(text: str, expected: list[tuple[str, float | None, float | None, float | None]]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "紧急转移安置5000人，其中集中安置2000人，分散安置3000人",
            {"relocated": 5000, "relocated_central": 2000, "relocated_dispersed": 3000},
        ),
        ("集中安置2000人和分散安置3000人", {"relocated_central": 2000, "relocated_dispersed": 3000}),
        ("集中安置2000人、其余3000人投亲靠友", {"relocated_central": 2000, "relocated_dispersed": 3000}),
        ("800人集中安置，700人分散安置", {"relocated_central": 800, "relocated_dispersed": 700}),
        ("采取投亲靠友方式安置500人", {"relocated_dispersed": 500}),
        ("3个集中安置点共安置600人", {"relocated_central": 600}),
        ("设集中安置点15个，安置900人", {"relocated": 900}),
        ("集中安置和分散安置5000人", {"relocated": 5000}),
        ("通过集中安置和投亲靠友等方式安置5000人", {"relocated": 5000}),
        ("5000人投亲靠友和集中安置", {"relocated": 5000}),
        ("妥善安置群众120人", {"relocated": 120}),
        ("启用集中安置点15个", {}),
    ],
)
def test_the_two_ways_of_taking_people_in_are_apart_and_never_the_whole_twice(text: str, expected: dict[str, float]) -> None:
    found = [(kind, best) for kind, _, best, _ in figures(text)]
    assert dict(found) == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    "text",
    [
        "如果有人死亡怎么办",
        "防止人员伤亡",
        "去年该厂爆炸造成3人死亡",
        "有没有人受伤？",
        "里面有人被困吗",
        "造成3人以上死亡的事故属于较大事故",
        "网传5人死亡系谣言",
        "3名男子和2名女子死亡",
        "这条路可能造成2人受伤",
    ],
)
def test_what_did_not_happen_here_gives_no_figure(text: str) -> None:
    assert figures(text) == []


def test_a_sentence_about_another_year_gives_no_figure() -> None:
    assert figures("2019年同一路口曾有2人死亡。", year=2026) == []


def test_quotes_are_the_words_as_written() -> None:
    text = "火灾造成１２名工人受伤"
    assert [f.quantity.quote for f in find_impacts(text)] == ["１２名工人受伤"]


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("被困人员已全部救出", "被困人员已全部救出"),
        ("都救出来了，大家放心", "都救出来了"),
        ("火灭了，人都出来了", "人都出来了"),
        ("里面的人全都获救了", "里面的人全都获救了"),
    ],
)
def test_everyone_out_leaves_nobody_trapped(text: str, quote: str) -> None:
    found = [f.quantity for f in find_impacts(text)]
    assert [(q.low, q.value, q.high, q.quote) for q in found if q.type == "trapped"] == [(0, 0, 0, quote)]
    assert [q.value for q in found if q.type == "rescued" and q.value is not None] == []


@pytest.mark.parametrize(
    "text",
    [
        "希望被困人员全部获救",
        "人都救出来了吗？",
        "里面的人还没都救出来",
        "被困人员全部救出后才能恢复通车",
        "二楼的人都出来了",
        "天晴了大家都出来了",
        "人都出来了，二楼还有老人没下来",
    ],
)
def test_not_everyone_out_says_nothing_of_the_trapped(text: str) -> None:
    assert [kind for kind, *_ in figures(text) if kind == "trapped"] == []


def test_everyone_of_a_counted_group_is_a_number_rescued() -> None:
    assert figures("那3个人都救出来了") == [("rescued", 3, 3, 3)]


def test_nobody_hurt_in_everyday_words() -> None:
    assert figures("没人受伤") == [("injured", 0, 0, 0)]


@pytest.mark.parametrize("text", ["要出人命了", "再不来要死人了", "吓死了一个人在家", "两个人热死了", "笑死我们三个人", "我们三个人快死了"])
def test_a_figure_of_speech_is_no_death(text: str) -> None:
    assert figures(text) == []


@pytest.mark.parametrize(("text", "value"), [("冻死3人", 3), ("2人被热死", 2), ("淹死了两个人", 2), ("再不来就要死人了，已有2人死亡", 2)])
def test_a_death_by_cold_heat_or_water_is_one(text: str, value: float) -> None:
    assert figures(text) == [("dead", value, value, value)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("网传死亡30人不实", []),
        ("网传死亡30人。经核实，该信息不实。", []),
        ("并没有30人死亡", []),
        ("网传死亡30人不实，无人员伤亡", [("dead", 0, 0, 0), ("injured", 0, 0, 0)]),
        ("此前说3人死亡有误，实际1人死亡", [("dead", 1, 1, 1)]),
        ("网传死亡30人。警方通报：该信息不实，实际1人死亡。", [("dead", 1, 1, 1)]),
        ("3人受伤，刚才地址报错了", [("injured", 3, 3, 3)]),
    ],
)
def test_a_denied_figure_is_none_and_the_denial_stands(text: str, expected: list[tuple[str, float, float, float]]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("text", "collapsed"),
    [
        ("金栀花园3幢发生坍塌", None),
        ("我们小区5栋倒塌了", None),
        ("7幢倒塌", None),
        ("造成3幢房屋倒塌", 3),
        ("3栋居民楼倒塌", 3),
        ("倒塌房屋3间", 3),
    ],
)
def test_the_number_of_a_building_is_no_count_of_buildings(text: str, collapsed: float | None) -> None:
    values = [found.quantity.value for found in find_impacts(text) if found.quantity.type == "homes_collapsed"]
    assert values == ([] if collapsed is None else [collapsed])


def test_a_corrected_figure_and_everyday_words_for_the_trapped_are_read() -> None:
    assert [(f.quantity.type, f.quantity.value) for f in find_impacts("更正：死亡人数应为2人")] == [("dead", 2)]
    assert [(f.quantity.type, f.quantity.value) for f in find_impacts("水里困了2个人，快来")] == [("trapped", 2)]

"""Figures are read as low, best and high, quoted, and never invented or added up."""

from __future__ import annotations

import pytest

from ingestion.numerals import halved, number
from ingestion.quantities import find_impacts


def figures(text: str, **known: int) -> list[tuple[str, float | None, float | None, float | None]]:
    return [(f.quantity.type, f.quantity.low, f.quantity.value, f.quantity.high) for f in find_impacts(text, **known)]


@pytest.mark.parametrize(
    ("words", "value"),
    [("15", 15), ("1,234", 1234), ("2.1万", 21000), ("一千二百", 1200), ("二〇二四", 2024), ("两", 2), ("十", 10), ("一百零五", 105), ("２１", 21)],
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

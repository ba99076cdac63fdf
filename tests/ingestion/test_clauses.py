"""What a report may quote: whole clauses, without greeting or contact, each under the right heading."""

from __future__ import annotations

from datetime import datetime

import pytest

from ingestion.clauses import LONGEST, around, clauses, sayings
from ingestion.extract import statements, understand
from models.domain import BEIJING

BASE = datetime(2026, 7, 20, 21, 30, tzinfo=BEIJING)
CALL = "喂12345吗，麻烦快点记一下，试验新村7幢着火了，消防车被堵在门口进不去，联系人冯秀兰 电话13800001234。"


def said(text: str) -> list[tuple[str, str, str]]:
    one = understand(text, time=BASE)
    return [(s.property, s.quote, s.value or "") for s in statements(one, "ev-1", one.masked_text, BASE)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("消防部门已赶到现场扑救，火势很大。", [("measure", "消防部门已赶到现场扑救"), ("scene", "火势很大")]),
        ("消防车被堵在门口进不去，快来人", [("scene", "消防车被堵在门口进不去")]),
        ("街道正在疏散居民，供电公司已断电", [("measure", "街道正在疏散居民"), ("measure", "供电公司已断电")]),
        ("救援还没到，水已经到胸口了", [("scene", "水已经到胸口了")]),
        ("请街道疏散居民", []),
        ("消防什么时候到？", []),
        ("起火原因正在调查", [("cause", "起火原因正在调查")]),
        ("由于短路，引发火灾", [("cause", "由于短路，引发火灾")]),
        ("听说火势很大", []),
        ("今天天气不错", []),
    ],
)
def test_a_clause_is_scene_measure_or_cause(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(sayings(text)) == expected


def test_no_clause_holds_a_greeting_or_a_contact() -> None:
    told = [value or quote for prop, quote, value in said(CALL) if prop in ("scene", "measure", "cause", "trigger")]
    assert told
    assert not [words for words in told if any(part in words for part in ("12345", "麻烦", "＊", "联系人", "电话"))]


def test_the_trigger_keeps_its_word_and_carries_the_clause_around_it() -> None:
    assert [(quote, value) for prop, quote, value in said(CALL) if prop == "trigger"] == [("着火", "试验新村7幢着火了")]


def test_the_clause_around_the_trigger_is_found_in_the_masked_text() -> None:
    masked = understand(CALL, time=BASE).masked_text
    assert all(value in masked for prop, _, value in said(CALL) if prop == "trigger")


def test_a_short_clause_is_read_with_its_neighbour_and_only_once() -> None:
    assert list(sayings("下穿通道积水深约1.6米，被困5人，消防救援力量已到场，正在救援。")) == [
        ("scene", "下穿通道积水深约1.6米"),
        ("measure", "消防救援力量已到场"),
    ]


def test_a_clock_and_a_grouped_number_do_not_end_a_clause() -> None:
    assert [one.text for one in clauses("20:50明火已扑灭，过火面积1,200平方米")] == ["20:50明火已扑灭", "过火面积1,200平方米"]


def test_no_quoted_clause_is_longer_than_a_line() -> None:
    endless = "消防已到场" * 30 + "着火了"
    assert list(sayings(endless)) == []
    assert len(around(endless, endless.find("着火"), endless.find("着火") + 2)) <= LONGEST

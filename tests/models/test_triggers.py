"""A plan's own triggers, read only where their wording leaves no doubt."""

from __future__ import annotations

import pytest

from models.domain import Fact
from models.triggers import compare


def trigger(level: str, text: str) -> Fact:
    return Fact(id=f"f-{level}-{text}", provision="p-1", document="d-1", kind="trigger", subject=f"{level}响应", text=text, quote=f"{text}；", start=0, end=len(text))  # fmt: skip


LADDER = [
    trigger("一级", "因灾死亡和失踪30人以上"),
    trigger("三级", "因灾死亡和失踪10人以上、30人以下"),
    trigger("四级", "因灾死亡和失踪3人以上10人以下"),
]


@pytest.mark.parametrize(("dead", "level"), [(2, None), (3, "四级"), (9, "四级"), (10, "三级"), (29, "三级"), (30, "一级"), (31, "一级")])
def test_above_includes_the_number_and_below_does_not(dead: int, level: str | None) -> None:
    assert compare(LADDER, {"dead": dead}).level == level


def test_a_figure_past_the_gravest_level_known_gives_none() -> None:
    found = compare(LADDER[1:], {"dead": 30})
    assert found.level is None
    assert found.reached[0].past


@pytest.mark.parametrize(
    ("text", "figures", "level"),
    [
        ("紧急转移安置和需紧急生活救助1万人以上", {"relocated": 6000, "urgent_aid": 4000}, "四级"),
        ("紧急转移安置或需紧急生活救助1万人以上", {"relocated": 6000, "urgent_aid": 4000}, None),
        ("紧急转移安置、需紧急生活救助1万人以上", {"relocated": 6000, "urgent_aid": 4000}, None),
        ("紧急转移安置或需紧急生活救助1万人以上", {"relocated": 10000}, "四级"),
        ("紧急转移安置1万人以上", {"relocated_central": 6000, "relocated_dispersed": 4000}, "四级"),
        ("紧急转移安置1万人以上", {"relocated_central": 10000}, "四级"),
        ("紧急转移安置1万人以上", {"relocated": 9000, "relocated_central": 6000, "relocated_dispersed": 4000}, None),
        ("因灾死亡3人（含）以上", {"dead": 3}, "四级"),
        ("死亡3人以上", {"missing": 9}, None),
        ("死亡失踪3人以上", {"missing": 3}, "四级"),
        ("本市行政区域内发生洪涝灾害，造成被困20人以上50人以下", {"trapped": 20}, "四级"),
        ("倒塌和严重损坏房屋300间以上", {"homes_collapsed": 300}, "四级"),
        ("直接经济损失1亿元以上", {"direct_loss": 10000}, "四级"),
        ("直接经济损失1亿元以上", {"direct_loss": 9999}, None),
    ],
)
def test_what_a_trigger_counts(text: str, figures: dict[str, float], level: str | None) -> None:
    found = compare([trigger("四级", text)], figures)
    assert found.level == level
    assert not found.unread


def test_parts_that_stand_for_the_whole_are_said_to_be_at_least_that_and_are_what_is_cited() -> None:
    (reached,) = compare([trigger("四级", "紧急转移安置1万人以上")], {"relocated_central": 12000}).reached
    assert "为至少数" in reached.reason
    assert reached.types == ("relocated_central",)


@pytest.mark.parametrize(
    "text",
    [
        "死亡3人以上且紧急转移安置1万人以上",
        "城区主要道路积水严重，影响较大",
        "在一个县（市、区）内死亡3人以上",
        "24小时降雨量100毫米以上",
        "受灾人口占总人口5%以上",
        "可能造成死亡3人以上",
        "死亡不足3人",
        "敏感地区、敏感时间死亡1人以上",
        "死亡 3 0 人以上",
    ],
)
def test_what_leaves_doubt_is_left_to_a_person(text: str) -> None:
    found = compare([trigger("四级", text)], {"dead": 50, "relocated": 90000, "affected": 9e6})
    assert found.level is None
    assert len(found.unread) == 1


def test_an_unknown_figure_is_never_zero_and_never_reached() -> None:
    assert compare(LADDER, {}).level is None


@pytest.mark.parametrize("level", ["一级", "二级", "三级", "四级", "五级"])
def test_every_level_can_be_reached(level: str) -> None:
    assert compare([trigger(level, "死亡3人以上；")], {"dead": 3}).level == level


@pytest.mark.parametrize(
    ("text", "figures", "reason"),
    [
        ("死亡3人以上", {"dead": 3}, "死亡3人"),
        ("重伤3人以上", {"seriously_injured": 3}, "重伤3人"),
        ("受伤3人以上", {"injured": 3}, "受伤3人"),
        ("被困3人以上", {"trapped": 3}, "被困3人"),
        ("受灾1万人以上", {"affected": 10000}, "受灾10000人"),
        ("需紧急生活救助1万人以上", {"urgent_aid": 10000}, "需紧急生活救助10000人"),
        ("紧急转移安置1万人以上", {"relocated": 10000}, "紧急转移安置10000人"),
        ("紧急转移安置或需紧急生活救助1万人以上", {"urgent_aid": 10000}, "紧急转移安置或需紧急生活救助10000人"),
        ("紧急转移安置和需紧急生活救助1万人以上", {"urgent_aid": 10000}, "紧急转移安置和需紧急生活救助10000人（部分数字未知，为至少数）"),
        ("紧急转移安置1万人以上", {"relocated_central": 10000}, "紧急转移安置10000人（部分数字未知，为至少数）"),
        ("死亡失踪3人以上", {"dead": 3}, "死亡失踪3人（部分数字未知，为至少数）"),
        ("死亡失踪3人以上", {"dead": 2, "missing": 1}, "死亡失踪3人"),
        ("倒塌房屋1万间以上", {"homes_collapsed": 10000}, "倒塌房屋10000间"),
        ("倒塌房屋1万户以上", {"homes_collapsed": 10000}, "倒塌房屋10000户"),
        ("直接经济损失500万元以上", {"direct_loss": 500}, "直接经济损失500万元"),
        ("直接经济损失1亿元以上", {"direct_loss": 10000}, "直接经济损失10000万元"),
    ],
)
def test_the_reason_names_what_was_counted_and_half_of_one_less_does_not_reach(text: str, figures: dict[str, float], reason: str) -> None:
    (reached,) = compare([trigger("四级", text)], figures).reached
    assert reached.reason == f"{reason}，条件为“{text}”"
    assert not reached.past
    first = next(iter(figures))
    assert compare([trigger("四级", text)], figures | {first: figures[first] - 0.5}).reached == ()


@pytest.mark.parametrize(
    ("text", "of", "end"),
    [
        ("受灾1万人以上2万人以下", "affected", 20000),
        ("倒塌房屋1万间以上、2万间以下", "homes_collapsed", 20000),
        ("直接经济损失1亿元以上2亿元以下", "direct_loss", 20000),
        ("死亡3人以上10人以下", "dead", 10),
    ],
)
def test_the_upper_end_is_past_and_half_of_one_less_is_not(text: str, of: str, end: float) -> None:
    assert compare([trigger("四级", text)], {of: end - 0.5}).level == "四级"
    found = compare([trigger("四级", text)], {of: end})
    assert (found.level, found.reached[0].past) == (None, True)

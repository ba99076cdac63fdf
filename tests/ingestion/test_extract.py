"""One text in, one understanding out; every quote is in the text."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.evaluate import cec, masking, overlap, quotes
from ingestion.extract import statements, understand
from models.domain import BEIJING, Understanding

BASE = datetime(2026, 7, 20, 21, 30, tzinfo=BEIJING)
DATA = Path(__file__).resolve().parents[2] / "../shared/data"
NEWS = (
    "江南社7月20日电（记者赵红林）记者20日从市里获悉，7月19日23时15分许，鼓楼区宝塔桥街道一居民楼发生火灾，造成2人死亡、5人受伤，其中1人伤势严重。"
    "消防部门已赶到现场扑救，起火原因正在调查。截至20日8时，疏散居民60余人。去年该楼曾有1人死亡。"
)


def seen(text: str, **more: str) -> Understanding:
    return understand(text, time=BASE, **more)


def test_the_headline_time_is_the_events_own_not_the_datelines() -> None:
    when = seen(NEWS).occurred_at
    assert when is not None
    assert when.quote == "7月19日23时15分许"


def test_the_events_own_place_comes_first() -> None:
    assert seen(NEWS).places[0].quote == "鼓楼区宝塔桥街道一居民楼"


def test_hazard_and_trigger_are_named() -> None:
    one = seen(NEWS)
    assert (one.hazard, one.trigger and one.trigger.quote) == ("fire", "火灾")


def test_harm_of_another_event_is_left_out() -> None:
    dead = [q.value for q in seen(NEWS).impacts if q.type == "dead"]
    assert dead == [2]


def test_the_byline_is_masked() -> None:
    assert "赵＊＊" in seen(NEWS).masked_text


@pytest.mark.parametrize(
    ("text", "request_type"),
    [
        ("我家被淹了，老人被困出不来，快来救人", "求救"),
        ("小区断水断电，急需饮用水", "求助"),
        ("我们可以免费提供住宿，有需要请联系", "提供帮助"),
        ("举报楼下商户违法存放液化气罐", "举报"),
        ("多次反映油烟扰民没人管，我要投诉", "投诉"),
        ("请问临时避难场所在哪里可以查到？", "咨询"),
        ("建议在下穿通道增设水位标尺", "建议"),
        ("今天天气不错", "其他"),
    ],
)
def test_what_the_sender_wants(text: str, request_type: str) -> None:
    assert seen(text).request_type == request_type


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("【演练】江宁区模拟氯气泄漏，3人中毒", "exercise"),
        ("本次防汛应急演练现在开始，某下穿通道被淹", "exercise"),
        ("这不是演练！我们楼着火了", "actual"),
        ("请按演练要求疏散，我们楼着火了", "actual"),
        ("上次演练过，这次真着火了", "actual"),
        ("我们楼着火了", "actual"),
    ],
)
def test_only_a_text_that_calls_itself_a_drill_is_a_drill(text: str, mode: str) -> None:
    assert seen(text).mode == mode


@pytest.mark.parametrize(
    ("text", "retracts"),
    [("此前报道有误，现场无人死亡", True), ("经核实系误报，并未发生火灾", True), ("虚惊一场", True), ("刚才发生火灾，幸未发生人员伤亡", False), ("发生火灾", False)],
)
def test_a_denial_is_told_from_an_event(text: str, retracts: bool) -> None:
    assert seen(text).retracts is retracts


def test_hearsay_is_believed_less_than_what_was_seen() -> None:
    heard = seen("听说江宁区东山街道那边厂子爆炸了，群里都在传").credibility
    saw = seen("我在江宁区东山街道，亲眼看到厂子爆炸了").credibility
    assert heard.score < 0.5 < saw.score
    assert heard.reasons


def test_a_cry_for_rescue_is_more_urgent_than_a_complaint() -> None:
    assert seen("我家着火了，孩子被困，快来救人").urgency > 0.8 > 0.3 > seen("楼下噪音扰民，我要投诉").urgency


@pytest.mark.parametrize("text", ["小区存在火灾隐患", "今天在昆明火车站接人", "信息泄露了怎么办"])
def test_a_word_inside_another_word_is_no_hazard(text: str) -> None:
    assert seen(text).hazard is None


def test_residents_are_not_taken_for_a_persons_name() -> None:
    assert seen("一居民楼起火，快来").hazard == "fire"


def test_the_title_helps_but_is_never_quoted() -> None:
    one = seen("现场烟很大，请尽快处理。", title="秦淮区某商铺着火")
    assert one.hazard == "fire"
    assert all(p.quote == "" for p in one.places)


def test_a_text_without_anything_says_nothing() -> None:
    one = seen("")
    assert (one.hazard, one.trigger, one.occurred_at, one.places, one.impacts) == (None, None, None, (), ())


def test_a_naive_message_time_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        understand("起火", time=datetime(2026, 7, 20))


def test_statements_quote_the_masked_text_and_give_one_figure_a_kind() -> None:
    one = seen(NEWS)
    said = statements(one, "ev-1", one.masked_text, BASE)
    assert all(s.quote in one.masked_text for s in said)
    assert [s.best for s in said if s.property == "impact.dead"] == [2]
    assert {"occurred_at", "place", "trigger", "cause", "measure", "impact.injured"} <= {s.property for s in said}
    assert len({s.id for s in said}) == len(said)


def test_a_rumour_and_a_retraction_are_statements_of_their_own() -> None:
    for text, prop in (("听说化工厂爆炸了", "rumour"), ("经核实，此前所说爆炸不属实", "retraction")):
        one = seen(text)
        assert prop in {s.property for s in statements(one, "ev-1", one.masked_text, BASE)}


def test_an_unsure_wording_lowers_certainty() -> None:
    one = seen("疑似有2人被困")
    assert [s.certainty for s in statements(one, "ev-1", one.masked_text, BASE) if s.property == "impact.trapped"] == ["possible"]


PIECES = ["昨晚8点", "2月30日", "鼓楼区", "东山街道", "发生火灾", "3人死亡", "无人员伤亡", "我叫王小明", "13800001234", "，", "。", "（", "）", "被困", "１２", "听说", "\n", "😀", "＊"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_every_quote_is_in_the_input_whatever_the_input(pieces: list[str]) -> None:
    text = "".join(pieces)
    one = seen(text)
    assert all(quote in text for quote in quotes(one))
    assert all(s.quote in one.masked_text for s in statements(one, "ev-1", one.masked_text, BASE))


def test_a_very_long_text_is_read_in_bounded_time() -> None:
    assert seen("积水" * 60_000).ms < 10_000


def test_overlap_is_one_for_equal_and_zero_for_nothing_in_common() -> None:
    assert overlap("昨晚８点", "昨晚8点") == 1
    assert overlap("昨晚", "") == 0
    assert overlap("昨晚8点", "昨晚") == pytest.approx(2 / 3)


@pytest.mark.skipif(not (DATA / "cec/cec_dev.jsonl").exists(), reason="the shared evaluation data is not on this machine")
def test_reading_the_news_corpus_stays_above_the_agreed_floor() -> None:
    figures = cec(DATA / "cec/cec_dev.jsonl")
    assert figures["quotes_not_in_text"] == 0
    assert figures["time_exact"] >= 0.5
    assert figures["time_overlap"] >= 0.75
    assert figures["place_overlap"] >= 0.65
    assert figures["casualty_recall"] >= 0.8


@pytest.mark.skipif(not (DATA / "henan_flood_weibo/posts_dev.jsonl").exists(), reason="the shared evaluation data is not on this machine")
def test_no_planted_number_survives_masking() -> None:
    survived = masking(DATA / "henan_flood_weibo/posts_dev.jsonl")["survived"]
    assert {kind: n for kind, n in survived.items() if kind != "NAME" and n} == {}


def test_a_question_about_last_years_flood_is_no_flood() -> None:
    assert seen("去年夏天我们巷子内涝的补偿款什么时候发？").hazard is None


def test_an_unknown_spot_lies_in_the_only_division_the_text_names() -> None:
    place = seen("试验新村门口积水，老人出不了门，在秦淮区五老村街道，快来人").places[0]
    assert (place.quote, place.adcode, place.street) == ("试验新村门口", "320104", "五老村街道")


def test_an_unknown_spot_between_two_divisions_stays_unknown() -> None:
    assert seen("试验新村门口积水，不知道算秦淮区还是建邺区").places[0].adcode is None


def test_who_calls_is_not_where_it_happened() -> None:
    assert seen("长芦街道办事处来电报告：试验化工有限公司发生氯气泄漏").places[0].quote == "试验化工有限公司"


def test_one_weak_word_is_enough_beside_a_place_and_urgent_wording() -> None:
    assert seen("江宁区东山街道甲子路有浓烟，快来人").hazard == "fire"
    assert seen("浓烟").hazard is None

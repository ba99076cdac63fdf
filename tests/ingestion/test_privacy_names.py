"""People named without a cue are hidden; places, figures and words that look like names are not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.evaluate_masking import masking, person_names
from ingestion.extract import statements, understand
from ingestion.privacy import MASK, mask, mask_place
from models.domain import BEIJING

DATA = Path(__file__).resolve().parents[2] / "../shared/data"

WORDS = [
    "王小明",
    "李建国",
    "在",
    "鼓楼区",
    "中山路",
    "被困",
    "3人",
    "电话",
    "13800001234",
    "@小陈同学 ",
    "婷婷",
    "，",
    "。",
    "先生",
    "说",
    "、",
    "和",
    "小李",
    "Jack",
    "马德里",
    "舟哥",
    "欧阳雪",
]


@pytest.mark.parametrize(
    ("text", "hidden", "kept"),
    [
        ("张建国和李秀英还在楼上", ["建国", "秀英"], ["张", "李", "楼上"]),
        ("我同学陈晓燕被困在中山路12号", ["晓燕"], ["中山路12号", "被困"]),
        ("欧阳雪梅受伤了，3人死亡", ["雪梅"], ["欧阳", "3人死亡"]),
        ("感谢@爱吃鱼的猫 转发，@南京发布 已回应", ["爱吃鱼的猫"], ["南京发布"]),
        ("外籍教师约翰·史密斯先生被困", ["约翰", "史密斯"], ["被困"]),
        ("張志強被困", ["志強"], ["被困"]),
        ("陈晓燕被困。请救救陈晓燕", ["晓燕"], ["请救救"]),
        ("王先生来电，欧阳老师和何爷爷被困", ["王", "欧阳", "何"], ["先生来电", "老师和", "爷爷被困"]),
        ("问一下李总，张书记在现场", ["李", "张"], ["总，", "书记在现场"]),
        ("老王家进水了，小陈说有人受伤", ["老王", "小陈"], ["家进水了", "有人受伤"]),
        ("舟哥说水退了", ["舟"], ["哥说水退了"]),
        ("同事Selina Ren和Jack被困", ["Selina", "Ren", "Jack"], ["同事", "被困"]),
        ("歌手Moonlit（陈晓燕）到场", ["Moonlit", "晓燕"], ["歌手", "到场"]),
        ("马里奥和卡特琳娜被困", ["马里奥", "卡特琳娜"], ["被困"]),
        ("小V和老K被困在楼上", ["小V", "老K"], ["被困在楼上"]),
        ("請問東哥在不在", ["東"], ["請問", "哥在不在"]),
        ("看思聪老公被困", ["思聪"], ["老公被困"]),
        ("转发林熙蕾第一次来", ["熙蕾"], ["林", "第一次来"]),
        ("@厦门阿鱼 求转发", ["阿鱼"], ["厦门", "求转发"]),
        ("感谢@爱吃鱼的猫这个消息非常及时请大家都来看一看并转告邻居", ["爱吃鱼"], ["感谢", "消息非常及时"]),
    ],
)
def test_a_bare_name_is_hidden_and_what_stands_around_it_is_not(text: str, hidden: list[str], kept: list[str]) -> None:
    shown = mask(text)
    assert len(shown) == len(text)
    assert not [word for word in hidden if word in shown]
    assert all(word in shown for word in kept)


@pytest.mark.parametrize(
    "text",
    [
        "卫辉、巩义、高新区多处积水",
        "张家港路与王府大街路口积水1米",
        "贾鲁河水位上涨，朱庄村进水",
        "强降雨、雷阵雨、洪水、山洪",
        "超强台风来了，强台风级，强台风登陆",
        "贾鲁河涨水，贾鲁河泄洪，附近贾鲁河",
        "银监会收申请书，申请书已交，凯乐国际停电，凯乐国际着火",
        "老A市小B区",
        "谢谢大家，妈妈和孩子都安全",
        "小雨转大雨，大雪，小区、老楼、大坝、小河",
        "苏宁易购、欧尚超市、麦德龙、兰博基尼",
        "克里斯河溢流，古里河、额尔古纳河、桑干河",
        "LED灯、GPS、APP、WiFi、SUV",
        "区长和原书记到场，向老师反映，镇江市长",
        "西班牙首都马德里中部发生爆炸，马德里3月17日电",
        "温泉小区5号楼3单元501室，2死3伤",
        "连霍高速K123处追尾",
        "白下区马群街道燕子矶",
        "2021-07-20 2021-07-21 20210720193000",
        "第一百二十三条，拨打110、119、120、12345",
    ],
)
def test_places_figures_and_common_words_are_no_names(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "number",
    ["幺三八 零零零零 幺二三四", "138OOOO1234", "①③⑧⓪⓪⓪⓪①②③④", "138\u200b0000\u200b1234", "(138)0000-1234", "138 - 0000 - 1234", "护照E12345678", "苏a12345"],
)  # fmt: skip
def test_numbers_in_disguise(number: str) -> None:
    assert MASK in mask(number)
    assert not [c for c in mask(number) if c.isdigit()]


def test_a_card_number_beside_a_date_is_hidden_and_the_date_is_not() -> None:
    assert mask("6222-0000-1234-5678 2021-07-20") == "＊＊＊＊-＊＊＊＊-＊＊＊＊-＊＊＊＊ 2021-07-20"


def test_a_place_keeps_its_name_but_not_a_number() -> None:
    assert mask_place("陈晓燕路") == "陈晓燕路"
    assert "0000" not in mask_place("陈晓燕路 13800001234")


@given(st.lists(st.sampled_from(WORDS), max_size=14).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert mask(once) == once
    assert len(once) == len(text)


def test_quotes_stand_in_the_masked_text() -> None:
    text = "陈晓燕说，李建国等3人被困在南京市鼓楼区中山路12号，王丽受伤，电话13800001234。"
    when = datetime(2026, 7, 18, 20, tzinfo=BEIJING)
    one = understand(text, time=when)
    assert "晓燕" not in one.masked_text
    said = statements(one, "ev-1", one.masked_text, when)
    assert said
    assert all(s.quote in one.masked_text for s in said)
    assert one.places[0].quote in one.masked_text


@pytest.mark.parametrize(("name", "least"), [("weibo_ner_golden_horse/train.jsonl", 0.85), ("cluener_dev/cluener_a.jsonl", 0.85)])
def test_recall_and_cost_on_labelled_names(name: str, least: float) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip("the shared evaluation data is not on this machine")
    figures = person_names(path)
    assert figures["recall"] >= least
    assert figures["share_of_other_characters_hidden"] - figures["of_it_account_names"] < 0.02
    places, all_places = map(int, figures["places_hit"].split("/"))
    assert places <= 0.06 * all_places
    assert figures["harm_words_hit"] <= 2


def test_no_planted_number_survives_and_hardly_a_place_is_lost() -> None:
    path = DATA / "henan_flood_weibo/posts_dev.jsonl"
    if not path.exists():
        pytest.skip("the shared evaluation data is not on this machine")
    figures = masking(path)
    assert not {kind: n for kind, n in figures["survived"].items() if kind != "NAME" and n}
    assert figures["harm_words_hit"] == 0
    assert figures["places_hit"] <= 0.002 * figures["places"]

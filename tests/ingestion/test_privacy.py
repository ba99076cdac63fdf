"""Personal data is hidden in place; everything else survives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import privacy
from ingestion.privacy import mask

HIDDEN = [
    ("电话138 0000 1234", "电话＊＊＊ ＊＊＊＊ ＊＊＊＊"),
    ("138-0000-1234", "＊＊＊-＊＊＊＊-＊＊＊＊"),
    ("手机：１３８００００１２３４", "手机：＊＊＊＊＊＊＊＊＊＊＊"),
    ("一三八零零零零一二三四", "＊＊＊＊＊＊＊＊＊＊＊"),
    ("138000012342.楼上", "＊＊＊＊＊＊＊＊＊＊＊＊.楼上"),
    ("025-83000000", "＊＊＊-＊＊＊＊＊＊＊＊"),
    ("400-800-1234", "＊＊＊-＊＊＊-＊＊＊＊"),
    ("身份证320106199001011234", "身份证" + "＊" * 18),
    ("32010619900101123X", "＊" * 18),
    ("卡号6222 0000 1234 5678 901", "卡号＊＊＊＊ ＊＊＊＊ ＊＊＊＊ ＊＊＊＊ ＊＊＊"),
    ("苏A12345", "苏A＊＊＊＊＊"),
    ("苏AD12345", "苏A＊＊＊＊＊＊"),
    ("a.b@test.com", "＊.＊@＊＊＊＊.＊＊＊"),
    ("QQ:12345678", "QQ:＊＊＊＊＊＊＊＊"),
    ("加我微信：abc_12345", "加我微信：＊＊＊_＊＊＊＊＊"),
    ("我叫王小明，住在三楼", "我叫王＊＊，住在三楼"),
    ("联系人：李红 地址不详", "联系人：李＊ 地址不详"),
    ("张建国先生说", "张＊＊先生说"),
    ("（赵红林）", "（赵＊＊）"),
    ("记者钱紫凌、冯国栋", "记者钱＊＊、冯＊＊"),
]


@pytest.mark.parametrize(("text", "masked"), HIDDEN)
def test_personal_data_is_hidden_in_place(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2026年7月20日20:15:00",
        "苏政发〔2025〕27号",
        "总投资123456789元",
        "区划代码320106，街道320106011001",
        "拨打12345热线",
        "转移1.8万人，2024年3月",
        "周围居民楼起火",
        "积水1米深，5时开始",
        "（北京时间）",
    ],
)
def test_figures_places_and_titles_survive(text: str) -> None:
    assert mask(text) == text


@given(st.text(max_size=200))
def test_masking_keeps_the_length_and_can_be_repeated(text: str) -> None:
    once = mask(text)
    assert len(once) == len(text)
    assert len(mask(once)) == len(text)


@given(st.text(alphabet="在联系，。 x", max_size=8), st.text(alphabet="在，。 x", max_size=8))
def test_a_mobile_number_never_survives_its_surroundings(before: str, after: str) -> None:
    assert "0000" not in mask(f"{before}13800001234{after}")


def test_of_an_unmasked_text_only_a_digest_is_kept_and_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy, "_masked", {})
    monkeypatch.setattr(privacy, "_MASKED_KEPT", 3)
    texts = [f"王小明在虚构路{number}号，电话1380000123{number}" for number in range(8)]
    shown = [mask(text) for text in texts]
    assert [mask(text) for text in texts] == shown
    assert len(privacy._masked) == 3
    assert all(isinstance(key, bytes) and len(key) == 16 for key in privacy._masked)
    assert set(privacy._masked.values()) <= set(shown)

"""Hazards: the files that ship, and what a broken one says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from models.errors import BrokenDefinition, NotFound
from models.hazards import HAZARDS, hazard, hazards, read_hazards
from models.needs import standards
from models.rules import clocks

ASKED_FOR = {
    "fire": "火灾",
    "explosion": "爆炸",
    "hazmat_leak": "危化品泄漏",
    "flood": "洪涝",
    "typhoon": "台风",
    "earthquake": "地震",
    "geological": "地质灾害",
    "traffic": "道路交通事故",
}


@pytest.mark.parametrize(("code", "name"), ASKED_FOR.items())
def test_each_hazard_asked_for_ships_under_its_name(code: str, name: str) -> None:
    assert hazard(code).name == name


def test_an_unknown_hazard_is_not_found_and_the_known_ones_are_named() -> None:
    with pytest.raises(NotFound, match=r"volcano.*flood"):
        hazard("volcano")


@pytest.mark.parametrize("code", ["flood", "typhoon", "earthquake", "geological"])
def test_a_natural_disaster_has_its_statistics_number(code: str) -> None:
    one = hazard(code)
    assert one.gb_category == "自然灾害"
    assert one.disaster_kind is not None


def test_the_statistics_numbers_are_those_of_the_reporting_form_and_not_of_the_coding_draft() -> None:
    numbers = {code: one.disaster_kind.number for code, one in hazards().items() if one.disaster_kind}
    assert numbers == {"flood": 1, "geological": 3, "typhoon": 4, "earthquake": 5}


def test_no_hazard_file_writes_a_numeric_code_of_the_classification_standard() -> None:
    assert all(
        set(yaml.safe_load(path.read_text(encoding="utf-8"))) <= set(hazard("fire").__class__.model_fields)
        for path in HAZARDS.glob("*.yml")
    )


def test_the_relief_standard_of_every_hazard_ships() -> None:
    assert {one.relief_standard for one in hazards().values()} <= set(standards())


def test_clocks_that_name_hazards_name_ones_that_ship_or_drought() -> None:
    named = {code for clock in clocks() for code in clock.hazards + clock.except_hazards}
    assert named <= set(hazards()) | {"drought"}


@pytest.mark.parametrize(("text", "code"), [("小区地库积水倒灌", "flood"), ("楼道电瓶车着火了", "fire"), ("槽罐车侧翻", "traffic")])
def test_everyday_words_are_among_the_strong_ones(text: str, code: str) -> None:
    assert any(word in text for word in hazard(code).triggers.strong)


@pytest.mark.parametrize(
    ("phrase", "code"),
    [("火灾隐患", "fire"), ("信息泄露", "hazmat_leak"), ("水深火热", "flood"), ("人设崩塌", "geological"), ("信息爆炸", "explosion")],
)
def test_a_phrase_that_means_something_else_is_taken_out(phrase: str, code: str) -> None:
    one = hazard(code)
    assert phrase in one.not_words


BASE = yaml.safe_load((HAZARDS / "gas_leak.yml").read_text(encoding="utf-8")) | {"secondary": []}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gb_category": "自然灾难"}, "gb_category"),
        ({"disaster_kind": {"number": 2, "name": "洪涝灾害"}}, "第2种是干旱灾害"),
        ({"impact_types": ["casualties"]}, "casualties"),
        ({"urgency": 1.5}, "urgency"),
        ({"code": "gas"}, "应与文件名 gas_leak 一致"),
        ({"secondary": ["volcano"]}, "volcano"),
        ({"not_words": ["风和日丽"]}, "不含任何触发词"),
        ({"triggers": {"strong": ["漏气"], "weak": ["漏气"]}}, "同时列在"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_broken_hazard_file_stops_the_start_and_names_file_and_place(tmp_path: Path, change: dict[str, object], words: str) -> None:
    (tmp_path / "gas_leak.yml").write_text(yaml.safe_dump(BASE | change, allow_unicode=True), encoding="utf-8")
    with pytest.raises(BrokenDefinition, match=words) as failure:
        read_hazards(tmp_path)
    assert "gas_leak.yml" in str(failure.value)


def test_a_new_hazard_is_one_new_file(tmp_path: Path) -> None:
    (tmp_path / "hail.yml").write_text(yaml.safe_dump(BASE | {"code": "hail", "name": "冰雹"}, allow_unicode=True), encoding="utf-8")
    assert read_hazards(tmp_path)["hail"].name == "冰雹"

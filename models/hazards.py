"""The kinds of danger this desk knows, one file each in `models/hazards`: names, words people use for it, how far and how long its
reports belong together.

Only the four top categories of GB/T 35561 are used; its numeric codes were not seen and are not written anywhere. A new hazard is one new
file; a broken one raises `BrokenDefinition` at start.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from models.definitions import read_definition
from models.domain import IMPACT_TYPES, EventType, Model
from models.errors import BrokenDefinition, NotFound

HAZARDS = Path(__file__).with_name("hazards")

DISASTER_KINDS = {
    1: "洪涝灾害", 2: "干旱灾害", 3: "地质灾害", 4: "台风灾害", 5: "地震灾害", 6: "风雹灾害", 7: "雪灾", 8: "低温冷冻灾害", 9: "沙尘暴灾害",
    10: "森林草原火灾", 11: "海洋灾害", 12: "生物灾害",
}  # fmt: skip
"""Disaster kinds as form D01011 of 自然灾害情况统计调查制度 (国统制〔2024〕82号) numbers them. The coding draft numbers them differently; never mix."""


class DisasterKind(Model):
    """Kind of natural disaster for the statistics forms."""

    number: int = Field(ge=1, le=12)
    """Number in form D01011."""
    name: str
    """Name in form D01011."""

    @model_validator(mode="after")
    def _number_and_name_agree(self) -> Self:
        if DISASTER_KINDS[self.number] != self.name:
            raise ValueError(f"D01011 第{self.number}种是{DISASTER_KINDS[self.number]}，不是{self.name}")
        return self


class Triggers(Model):
    """Words in citizens' messages that speak of this hazard."""

    strong: tuple[str, ...] = Field(min_length=1)
    """One of them is enough to say that it happened."""
    weak: tuple[str, ...] = ()
    """They fit this hazard but need a second sign (a place, harm, another word)."""


class Fusion(Model):
    """When two reports may be about the same incident."""

    distance_m: float = Field(gt=0)
    """Metres between two reports of one site."""
    hours: float = Field(gt=0)
    """Hours between two reports of one incident."""
    area: bool = False
    """Whether it can strike a whole area, such as a city under a cloudburst."""
    area_words: tuple[str, ...] = ()
    """Words that speak of the whole area rather than one spot."""


class Hazard(Model):
    """One kind of danger."""

    code: str = Field(pattern=r"^[a-z_]+$")
    """Stable code; the file's name."""
    name: str
    """Chinese name."""
    name_en: str
    """English name."""
    aliases: tuple[str, ...] = ()
    """Other names a report or plan may use."""
    gb_category: Literal["自然灾害", "事故灾难", "公共卫生事件", "社会安全事件"]
    """Top category of GB/T 35561."""
    disaster_kind: DisasterKind | None
    """Kind in the disaster statistics; null when it is no natural disaster."""
    event_type: EventType
    """Nature assumed until someone decides; it selects the clocks."""
    triggers: Triggers
    """Words that speak of it."""
    not_words: tuple[str, ...] = ()
    """Phrases that hold a trigger word and mean something else; they are taken out before looking."""
    impact_types: tuple[str, ...] = Field(min_length=1)
    """Harm it usually does, keys of `IMPACT_TYPES`."""
    fusion: Fusion
    """When reports belong together."""
    secondary: tuple[str, ...] = ()
    """Codes of hazards it may set off."""
    stands_alone: bool = False
    """Whether it is an incident of its own even at the very place of the hazard that set it off; the two are linked, not fused."""
    urgency: float = Field(ge=0, le=1)
    """Urgency of a message about it before anything else is known, 0–1."""
    relief_standard: str = "sphere"
    """Relief standard used for people it displaces, a name in `models/standards`."""

    @model_validator(mode="after")
    def _words_and_types_make_sense(self) -> Self:
        if unknown := set(self.impact_types) - set(IMPACT_TYPES):
            raise ValueError(f"影响类型 {'、'.join(sorted(unknown))} 不在 IMPACT_TYPES 中")
        if twice := set(self.triggers.strong) & set(self.triggers.weak):
            raise ValueError(f"{'、'.join(sorted(twice))} 同时列在 strong 与 weak 中")
        for phrase in self.not_words:
            if not any(word in phrase for word in self.words):
                raise ValueError(f"排除词“{phrase}”不含任何触发词，不会起作用")
        return self

    @property
    def words(self) -> tuple[str, ...]:
        """Every trigger word, strong ones first."""
        return self.triggers.strong + self.triggers.weak


_HAZARD: TypeAdapter[Hazard] = TypeAdapter(Hazard)


def read_hazards(folder: Path) -> dict[str, Hazard]:
    """All hazards of a folder by code, in the order of their codes. Raises `BrokenDefinition` naming the file."""
    found: dict[str, Hazard] = {}
    for path in sorted(folder.glob("*.yml")):
        one = read_definition(path, _HAZARD)
        if one.code != path.stem:
            raise BrokenDefinition(f"{path}：code 写作 {one.code}，应与文件名 {path.stem} 一致。")
        found[one.code] = one
    for one in found.values():
        if unknown := set(one.secondary) - set(found):
            raise BrokenDefinition(f"{folder / (one.code + '.yml')}：secondary 中的 {'、'.join(sorted(unknown))} 没有对应文件。")
    return found


@cache
def hazards() -> dict[str, Hazard]:
    """The hazards that ship with this version, read once."""
    return read_hazards(HAZARDS)


def hazard(code: str) -> Hazard:
    """One hazard. Raises `NotFound`."""
    try:
        return hazards()[code]
    except KeyError:
        raise NotFound(f"没有名为 {code} 的灾害种类，现有：{'、'.join(hazards())}。") from None

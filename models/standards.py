"""Relief standards: ours and the bureau's own, one YAML file each, and InaSAFE minimum-needs profiles, loaded as they are and checked against
their source."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator, model_validator

from models.definitions import read_definition
from models.domain import Model
from models.errors import BrokenDefinition, NotFound
from models.parameters import Evidence
from models.relief import GROUPS, Group

STANDARDS = Path(__file__).with_name("standards")

Every = Literal["day", "week", "month", "year", "once"]
PERIOD_DAYS: dict[Every, int] = {"day": 1, "week": 7, "month": 30, "year": 365}
"""Days in one period. A month is 30 days here and a year 365, whatever the calendar says."""
EVERY_WORDS: dict[Every, str] = {"day": "每天", "week": "每周", "month": "每月（30天）", "year": "每年（365天）", "once": "一次"}
EVIDENCE_WORDS: dict[Evidence, str] = {
    "text_mirror": "见于原文镜像",
    "ocr_full_text": "见于扫描件全文识别文本",
    "secondary_or_excerpt": "见于二手材料或摘录",
    "repo_seen": "见于公开代码库文件",
    "unverified": "未见原文",
}
_PROFILE_EVERY: dict[str, Every] = {
    "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year", "once": "once", "single": "once", "per event": "once",
    "harian": "day", "mingguan": "week", "bulanan": "month", "tahunan": "year", "sekali": "once",
}  # fmt: skip
"""How InaSAFE profiles write the frequency, English and Indonesian."""
_STANDARD_BYTES = 1_000_000


class StandIn(Model):
    """What a standard allows in an item's place."""

    item: str = Field(min_length=1)
    """Item that may be sent instead, in the words of the stock list."""
    unit: str
    """Its unit."""
    factor: float = Field(gt=0, allow_inf_nan=False)
    """How much of the item one unit of it counts for."""
    clause: str = Field(min_length=1)
    """Where the standard allows it; printed with every line that rests on it."""


class StandardItem(Model):
    """One item of a relief standard: how much, of what, per whom, how often."""

    key: str
    """What it provides; items with one key are alternatives to each other."""
    item: str
    """Name shown to people."""
    item_en: str = ""
    """English name."""
    known_as: tuple[str, ...] = ()
    """Names other files and stock lists give it: to check such a file against this standard, and to find what a depot has of it."""
    amount: float = Field(ge=0, allow_inf_nan=False)
    """Amount per person (or household) and period that is multiplied."""
    range: tuple[float, float] | None = None
    """Least and most the standard allows, where it gives a range."""
    unit: str
    """Unit, Chinese; empty for a count."""
    unit_en: tuple[str, ...] = ()
    """Units other files write for it."""
    per: Literal["person", "household"]
    """Per whom."""
    household_size: int | None = Field(default=None, ge=1)
    """People in one household, or sharing one piece."""
    whom: Group = Field(default="all", alias="for")
    """The people it is for; written `for:` in a file."""
    every: Every
    """How often."""
    pack: float = Field(default=1, gt=0, allow_inf_nan=False)
    """Size of one packing unit; quantities are rounded up to whole ones."""
    priority: int | None = Field(default=None, ge=1, le=9)
    """1 comes first … 9 last; null to go by the planning assumptions."""
    within_minutes: float | None = Field(default=None, gt=0)
    """Must arrive within; null to go by the planning assumptions."""
    when: str = ""
    """Condition under which it takes the place of the item with the same key: 初期, 寒冷; empty for the ordinary case."""
    part_of: str = ""
    """Key of the item this one is already counted in; not to be added to it."""
    substitutes: tuple[StandIn, ...] = ()
    """What may be sent instead."""
    clause: str
    """Clause or reference within the standard."""
    verified: bool
    """Whether the figure was seen in a source text."""
    evidence: Evidence
    """How it was seen."""
    note: str = ""
    """What a reader must know."""
    contradiction: str = ""
    """Why unit or frequency disagree with the source the file names; empty when they do not."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.per == "household") != (self.household_size is not None):
            raise ValueError("per 为 household 时须写 household_size，为 person 时不写")
        if self.range is not None and not self.range[0] <= self.amount <= self.range[1]:
            raise ValueError(f"amount {self.amount} 不在 range {self.range} 内")
        if self.verified and self.evidence == "unverified":
            raise ValueError("verified 为 true 而 evidence 为 unverified，二者矛盾")
        return self

    @property
    def ref(self) -> str:
        """What names this item alone within its standard: its key, and the condition of an alternative behind @."""
        return f"{self.key}@{self.when}" if self.when else self.key

    def per_words(self) -> str:
        """Per whom and how often, as people say it."""
        whom = (
            ("每人" if self.whom == "all" else f"每名{GROUPS[self.whom]}") if self.per == "person" else f"每户（{self.household_size}人）"
        )
        return whom + EVERY_WORDS[self.every]


class Standard(Model):
    """One relief standard or profile."""

    name: str
    """Short name, the one used on the command line."""
    title: str
    """Name shown to people."""
    kind: Literal["international_reference", "national_norm", "local_norm", "planning_assumption", "profile"]
    """What authority it has; only a norm binds."""
    publisher: str
    """Body that issued it."""
    year: int | None = None
    """Year issued."""
    reference: str
    """Where it was read."""
    provenance_words: tuple[str, ...] = ()
    """Lower-case words by which another file claims to rest on this standard."""
    items: tuple[StandardItem, ...] = Field(min_length=1)
    """Its items."""
    warnings: tuple[str, ...] = ()
    """What is wrong with the file, in sentences."""

    @model_validator(mode="after")
    def _alternatives_have_an_ordinary_case(self) -> Self:
        ordinary = [item.key for item in self.items if not item.when]
        for item in self.items:
            if ordinary.count(item.key) != 1:
                raise ValueError(f"{item.item}：键 {item.key} 应恰有一项不写 when")
            if self.kind != "profile" and item.amount == 0:
                raise ValueError(f"{item.item}：amount 应大于0")
            if item.part_of and item.part_of not in ordinary:
                raise ValueError(f"{item.item}：part_of 指向不存在的 {item.part_of}")
        return self

    def chosen(self, conditions: Collection[str]) -> tuple[StandardItem, ...]:
        """Items that hold under the conditions: an alternative whose condition is met replaces the ordinary item of its key."""
        replaced = {item.key: item for item in self.items if item.when and item.when in conditions}
        return tuple(replaced.get(item.key, item) for item in self.items if not item.when)


_STANDARD: TypeAdapter[Standard] = TypeAdapter(Standard)


@cache
def standards() -> dict[str, Standard]:
    """The relief standards that ship with this version, by name. Raises `BrokenDefinition`."""
    return read_standards(STANDARDS)


def read_standards(folder: Path) -> dict[str, Standard]:
    """All standards of a folder by name; none where there is no such folder. Raises `BrokenDefinition` naming the file."""
    found: dict[str, Standard] = {}
    for path in sorted(path for path in folder.glob("*") if path.suffix.lower() in (".yml", ".yaml")):
        one = _read_standard(path)
        if one.name != path.stem:
            raise BrokenDefinition(f"{path}：name 写作 {one.name}，应与文件名 {path.stem} 一致。")
        if one.name in found:
            raise BrokenDefinition(f"{path}：同一目录中已有名为 {one.name} 的标准，请改名。")
        found[one.name] = one
    return found


def known_standards(own: Path | None = None) -> dict[str, Standard]:
    """Shipped standards and the bureau's own in the folder `own` (`ANLAN_HOME/standards`), by name.

    Raises `BrokenDefinition` for a wrong file, and for one that bears the name of a shipped standard: which of the two was meant would not show.
    """
    ours = read_standards(own) if own is not None else {}
    if shadowed := sorted(set(ours) & set(standards())):
        raise BrokenDefinition(f"{own}：{'、'.join(shadowed)} 与随附标准同名，请给本局标准另取名称（文件名与 name 一并改）。")
    return standards() | ours


def load_standard(name_or_path: str | Path, own: Path | None = None) -> Standard:
    """A standard by name, shipped or in the folder `own`; or a file: one of ours (`.yml`) or an InaSAFE minimum-needs profile (`.json`),
    loaded as it is.

    Raises `NotFound` when there is neither, `BrokenDefinition` when the file is wrong.
    """
    known = known_standards(own)
    if isinstance(name_or_path, str) and name_or_path in known:
        return known[name_or_path]
    path = Path(name_or_path)
    if not path.is_file():
        raise NotFound(
            f"没有名为 {name_or_path} 的救助标准，也没有这个文件。现有：{'、'.join(known)}；也可给出 .yml 或 InaSAFE 的 .json 文件。"
        )
    return _read_profile(path) if path.suffix.lower() == ".json" else _read_standard(path)


def source_of(standard: Standard | str | Path, ref: StandardItem | str, own: Path | None = None) -> str:
    """Where a coefficient stands, in words for a page: coefficient, title, publisher, year, clause, reference, and whether it was seen there.

    `ref` is `StandardItem.ref` (`Need.ref`). Raises `NotFound` for an item the standard does not have.
    """
    whole = standard if isinstance(standard, Standard) else load_standard(standard, own)
    item = ref if isinstance(ref, StandardItem) else next((one for one in whole.items if one.ref == ref), None)
    if item is None:
        raise NotFound(f"{whole.title}中没有 {ref} 这一项。现有：{'、'.join(one.ref for one in whole.items)}。")
    parts = [
        f"{item.item}：{item.per_words()}{with_unit(f'{item.amount:g}', item.unit)}",
        f"标准给出的范围{item.range[0]:g}至{with_unit(f'{item.range[1]:g}', item.unit)}" if item.range else "",
        f"{whole.title}，{whole.publisher}" + (f"，{whole.year}年" if whole.year else ""),
        f"条款：{item.clause}",
        f"出处：{whole.reference}",
        f"{'已核实' if item.verified else '未核实'}（{EVIDENCE_WORDS[item.evidence]}）",
        item.note,
        item.contradiction.rstrip("。"),
    ]
    return "；".join(part for part in parts if part) + "。"


def with_unit(number: str, unit: str) -> str:
    """A figure with its unit; a unit that begins with a digit (100 litre bag) stands in brackets, or it would read as part of the figure."""
    return f"{number}（{unit}）" if unit[:1].isdigit() else f"{number}{unit}"


def _is_too_big(path: Path) -> bool:
    return path.stat().st_size > _STANDARD_BYTES


def _read_standard(path: Path) -> Standard:
    if _is_too_big(path):
        raise BrokenDefinition(f"{path}：文件超过1兆字节，不像一份救助标准，请核对。")
    return read_definition(path, _STANDARD)


class _ProfileResource(BaseModel):
    """One resource of an InaSAFE minimum-needs profile, in that file's own field names; its other fields are texts for its own screen."""

    name: str = Field(alias="Resource name", min_length=1)
    amount: float = Field(alias="Default", ge=0, allow_inf_nan=False)
    least: float | None = Field(alias="Minimum allowed", default=None, allow_inf_nan=False)
    most: float | None = Field(alias="Maximum allowed", default=None, allow_inf_nan=False)
    frequency: str = Field(alias="Frequency")
    abbreviation: str = Field(alias="Unit abbreviation", default="")
    units: str = Field(alias="Units", default="")

    @property
    def unit(self) -> str:
        """Its unit, short form where there is one."""
        return self.abbreviation or self.units

    @field_validator("frequency")
    @classmethod
    def _is_known(cls, value: str) -> str:
        word = value.strip().lower()
        if word not in _PROFILE_EVERY:
            raise ValueError(f"频次 {value} 不认识，应为 {'、'.join(_PROFILE_EVERY)} 之一")
        return word


class _Profile(BaseModel):
    """An InaSAFE minimum-needs profile."""

    profile: str = ""
    provenance: str = ""
    resources: tuple[_ProfileResource, ...] = Field(min_length=1)


def _read_profile(path: Path) -> Standard:
    if _is_too_big(path):
        raise BrokenDefinition(f"{path}：文件超过1兆字节，不像一份最低需求清单，请核对。")
    try:
        profile = _Profile.model_validate(json.loads(path.read_text(encoding="utf-8-sig")))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenDefinition(f"{path}：不是有效的 JSON（{error}）。") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "文件整体"
        raise BrokenDefinition(f"{path}：{place} 有误（{first['msg']}），应为 InaSAFE 最低需求清单的格式。") from error
    names = [resource.name for resource in profile.resources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BrokenDefinition(f"{path}：{'、'.join(twice)} 写了不止一次，请删去一处。")
    items = tuple(_profile_item(resource, profile.provenance) for resource in profile.resources)
    return Standard(
        name=path.stem,
        title=f"{profile.profile or path.stem}（InaSAFE 最低需求清单）",
        kind="profile",
        publisher="InaSAFE 文件",
        reference=f"{path.name}：{profile.provenance or '未写出处'}",
        items=items,
        warnings=tuple(item.contradiction for item in items if item.contradiction),
    )


def _profile_item(resource: _ProfileResource, provenance: str) -> StandardItem:
    known = _counterpart(resource, provenance)
    wrong = _contradiction(resource, known)
    every = _PROFILE_EVERY[resource.frequency]
    agrees = known is not None and not wrong and (known.amount, known.every) == (resource.amount, every)
    fits = not wrong and resource.least is not None and resource.most is not None and resource.least <= resource.amount <= resource.most
    note = (
        "文件所给数量为0"
        if not resource.amount
        else ""
        if agrees or wrong
        else "系数为文件所给，未能与已载标准核对"
        if known is None
        else f"已载标准为{known.per_words()}{known.amount:g}{known.unit}（{known.clause}）"
    )
    return StandardItem(
        key=resource.name,
        item=resource.name,
        item_en=resource.name,
        amount=resource.amount,
        range=(resource.least, resource.most) if fits and resource.least is not None and resource.most is not None else None,
        unit=resource.unit,
        per="person",
        every=every,
        clause=f"InaSAFE：{provenance or '未写出处'}",
        verified=known is not None and agrees and known.verified,
        evidence=known.evidence if known is not None and agrees else "unverified",
        note=note,
        contradiction=wrong,
    )


def _counterpart(resource: _ProfileResource, provenance: str) -> StandardItem | None:
    """The item of a shipped standard that the profile, by its own provenance, claims to give."""
    for standard in standards().values():
        if any(word in provenance.lower() for word in standard.provenance_words):
            for item in standard.items:
                if not item.when and resource.name.casefold() in (name.casefold() for name in item.known_as):
                    return item
    return None


def _contradiction(resource: _ProfileResource, known: StandardItem | None) -> str:
    """Where a profile disagrees with the standard it claims to follow, or with itself. The file is still multiplied as it stands."""
    every = _PROFILE_EVERY[resource.frequency]
    if known is not None and known.unit_en and resource.unit.casefold() not in known.unit_en:
        return f"{resource.name}：文件的单位是“{resource.unit}”，其所据标准为{known.unit}（{known.clause}）。"
    if known is not None and every != known.every:
        return (
            f"{resource.name}：文件写{EVERY_WORDS[every]}{with_unit(f'{resource.amount:g}', resource.unit)}，"
            f"其所据标准为{known.per_words()}{known.amount:g}{known.unit}（{known.clause}），频次不一致，请改正文件后再用。"
        )
    if (resource.least is not None and resource.amount < resource.least) or (resource.most is not None and resource.amount > resource.most):
        return f"{resource.name}：默认值{resource.amount:g}超出文件自己的允许范围（{resource.least}至{resource.most}）。"
    return ""

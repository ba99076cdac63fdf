"""How all of `models/rules/*.yml` become one checked rulebook.

A file says what it holds in `kind`. Thresholds and clocks may be spread over several files, so another city's plan is one new file.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter

from models.definitions import read_definition
from models.domain import Model
from models.errors import BrokenDefinition
from models.parameters import (
    AccidentGrades,
    Clock,
    Clocks,
    Indicator,
    IndicatorCheck,
    Indicators,
    ResponsePlan,
    ResponseThresholds,
    RuleSource,
    SignificantHazardEvent,
)

RULES = Path(__file__).with_name("rules")
T = TypeVar("T")

RuleFile = AccidentGrades | ResponseThresholds | Clocks | SignificantHazardEvent | Indicators
_RULE_FILE: TypeAdapter[RuleFile] = TypeAdapter(Annotated[RuleFile, Field(discriminator="kind")])


class Rulebook(Model):
    """Everything `models/rules/*.yml` say, checked."""

    sources: dict[str, RuleSource]
    grades: AccidentGrades
    plans: tuple[ResponsePlan, ...]
    clocks: tuple[Clock, ...]
    indicators: tuple[Indicator, ...]
    checks: tuple[IndicatorCheck, ...]
    hazard_event: SignificantHazardEvent


def _only(found: list[tuple[Path, RuleFile]], wanted: type[T], folder: Path) -> T:
    files = [(path, content) for path, content in found if isinstance(content, wanted)]
    if len(files) != 1:
        names = "、".join(path.name for path, _ in files) or "无"
        raise BrokenDefinition(f"{folder}：应恰有一个 {wanted.__name__} 文件，现有：{names}。")
    return files[0][1]


def _check_citations(path: Path, content: RuleFile) -> None:
    cited: Iterable[tuple[str, str]]
    if isinstance(content, AccidentGrades):
        cited = [(band.grade, band.source) for band in content.bands]
    elif isinstance(content, ResponseThresholds):
        cited = [(plan.id, plan.source) for plan in content.plans] + [
            (level.level, level.source) for plan in content.plans for level in plan.levels
        ]
    elif isinstance(content, Clocks):
        cited = [(clock.id, clock.source) for clock in content.clocks]
    elif isinstance(content, Indicators):
        cited = [(line.code, line.source) for line in content.indicators] + [(check.id, check.source) for check in content.checks]
    else:
        cited = [(content.id, content.source)]
    for name, source in cited:
        if source not in content.sources:
            raise BrokenDefinition(f"{path}：{name} 引用的来源 {source} 不在本文件 sources 中。")


def _check_unique(folder: Path, what: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise BrokenDefinition(f"{folder}：{what} {one} 定义了两次，请删去一处。")
        seen.add(one)


def read_rulebook(folder: Path) -> Rulebook:
    """All rule files of a folder. Raises `BrokenDefinition`."""
    found = [(path, read_definition(path, _RULE_FILE)) for path in sorted(folder.glob("*.yml"))]
    sources: dict[str, RuleSource] = {}
    for path, content in found:
        _check_citations(path, content)
        for key, source in content.sources.items():
            if sources.setdefault(key, source) != source:
                raise BrokenDefinition(f"{path}：来源 {key} 与另一文件中的写法不一致，请统一。")
    plans = tuple(plan for _, content in found if isinstance(content, ResponseThresholds) for plan in content.plans)
    clocks = tuple(clock for _, content in found if isinstance(content, Clocks) for clock in content.clocks)
    table = _only(found, Indicators, folder)
    _check_unique(folder, "预案", (plan.id for plan in plans))
    _check_unique(folder, "时限", (clock.id for clock in clocks))
    _check_unique(folder, "指标", (indicator.code for indicator in table.indicators))
    _check_unique(folder, "逻辑校验", (check.id for check in table.checks))
    return Rulebook(
        sources=sources,
        grades=_only(found, AccidentGrades, folder),
        plans=plans,
        clocks=clocks,
        indicators=table.indicators,
        checks=table.checks,
        hazard_event=_only(found, SignificantHazardEvent, folder),
    )


@cache
def rulebook() -> Rulebook:
    """The rules that ship with this version, read once."""
    return read_rulebook(RULES)

"""Report types, one file each, found by looking: a file with a `TYPE` and a `write` is a report type, nothing is registered anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from models.domain import EventType, Grading, Incident, ReportState, Stage
from models.errors import BrokenDefinition, NotFound

if TYPE_CHECKING:
    from reports.page import Page


@dataclass(frozen=True)
class Section:
    """One element the law asks for. Without a heading of its own it goes on under the one before."""

    key: str
    """Stable key, held by each claim."""
    name: str
    """What it is, as the clause names it."""
    heading: str
    """Heading without its number; empty to continue under the one before."""
    clause: str
    """Clause that asks for it."""
    required: bool
    """Whether it must be given or openly marked 暂无/待核."""
    by_line: bool = False
    """Whether each sentence starts a line of its own, as figures should."""
    retell: str = ""
    """What a model is asked to tell here from what was said, in Chinese; empty where only rules may write."""


@dataclass(frozen=True)
class Clause:
    """A clause the fixed wording of a report type rests on, citable by its id."""

    id: str
    """Rule id that claims cite."""
    document: str
    """Title without 书名号."""
    article: str
    """Article as usually cited."""
    says: str
    """What it requires, in our own words."""
    in_force: date
    """First day in force."""
    repealed: date | None
    """First day no longer in force; null while nothing ends it."""
    reference: str
    """Where the text was read, and how sure that is."""

    def stands_on(self, on: date) -> bool:
        """Whether it is law on that day."""
        return self.in_force <= on and (self.repealed is None or on < self.repealed)

    def cited(self) -> str:
        """As a sentence cites it."""
        return f"《{self.document}》{self.article}"


@dataclass(frozen=True)
class ReportType:
    """One kind of report: which events it is for, what law wants in it, and how rules write it."""

    name: str
    """File name."""
    title: str
    """Chinese name for lists and buttons."""
    stage: Stage
    """What it is for."""
    event_types: tuple[EventType, ...]
    """Events it is the first choice for."""
    sections: tuple[Section, ...]
    """In order of printing."""
    clauses: tuple[Clause, ...]
    """What its fixed wording rests on."""
    subject: Callable[[Page], str]
    """The words between 关于 and the stage in the title."""
    recipients: Callable[[Page], tuple[str, ...]]
    """Who must be told, the first as 主送, the rest as 抄送."""
    gradings: Callable[[Page], tuple[Grading, ...]]
    """Grades and levels this kind of report carries."""
    write: Callable[[Page], None]
    """Write every section; rules only."""
    upward: bool = True
    """Whether it goes up (上行文): the head names the signer, one body is told and the rest get copies. Otherwise all who are told are equal."""


LEAD = Section("lead", "导语", "", "", False)
"""The opening paragraph every type shares: when, where, what, casualties, source."""


@cache
def report_types() -> dict[str, ReportType]:
    """Every report type that ships. BrokenDefinition names the file that is wrong."""
    found: dict[str, ReportType] = {}
    for module in pkgutil.iter_modules(__path__):
        try:
            kind = importlib.import_module(f"{__name__}.{module.name}").TYPE
        except (ImportError, AttributeError, TypeError, ValueError, SyntaxError) as error:
            raise BrokenDefinition(f"报告类型文件 reports/types/{module.name}.py 无法读取：{error}；请修正或移走该文件") from error
        found[module.name] = check(module.name, kind)
    return found


def check(name: str, kind: object) -> ReportType:
    """The type itself when it is whole; BrokenDefinition with what to mend otherwise."""
    where = f"报告类型文件 reports/types/{name}.py"
    if not isinstance(kind, ReportType):
        raise BrokenDefinition(f"{where} 的 TYPE 不是 ReportType；请按同目录其他文件的样子书写")
    if kind.name != name:
        raise BrokenDefinition(f"{where} 的 name 是“{kind.name}”；应与文件名一致")
    keys = [section.key for section in kind.sections]
    if len(set(keys)) != len(keys) or not kind.sections or kind.sections[0].key != LEAD.key:
        raise BrokenDefinition(f"{where} 的 sections 有重复的 key，或第一节不是导语（LEAD）")
    if unfounded := [section.key for section in kind.sections if section.required and not section.clause]:
        raise BrokenDefinition(f"{where} 的必备内容没有写明依据条款：{'、'.join(unfounded)}")
    if not any(section.required for section in kind.sections):
        raise BrokenDefinition(f"{where} 没有任何必备内容；法定要素须标 required")
    return kind


def report_type(name: str) -> ReportType:
    """The type of that name; NotFound lists those that exist."""
    if name not in report_types():
        raise NotFound(f"没有名为“{name}”的报告类型；现有：{'、'.join(sorted(report_types()))}")
    return report_types()[name]


def types_for(incident: Incident, reports: Sequence[ReportState]) -> list[ReportType]:
    """What can be drafted about an incident now, the usual next one first: the initial report, or once one stands signed what follows it; then advice and orders."""
    told = any(state.status == "signed" and state.report.stage in ("初报", "续报") for state in reports)
    names = ["followup", "final"] if told else [type_for(incident.event_type).name]
    return [report_type(name) for name in (*names, "response_advice", "work_notice")]


def type_for(event_type: EventType) -> ReportType:
    """The initial report that fits an event. What is neither accident nor disaster is reported on the accident form as 性质待认定."""
    for kind in report_types().values():
        if event_type in kind.event_types:
            return kind
    raise NotFound(f"没有适用于事件类型“{event_type}”的报告类型；请在 reports/types 增加一个文件")

"""What this city's own plans say of an event: the level their triggers give, who starts it, and who then does what. Nothing of another place.

Levels are arithmetic in code on the plan's own words; each sentence names the article it was read in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graph.plan_facts import level_of
from models.domain import Document, Dossier, Fact, Grading, Provision
from models.triggers import Compared, compare

SCHEME = "plan."
"""Begins the scheme of a grading by a plan in the library; the plan's id follows."""


@dataclass(frozen=True)
class Plan:
    """One plan in force, as far as the library could read it."""

    document: Document
    facts: tuple[Fact, ...]
    articles: dict[str, Provision]

    def of(self, kind: str, level: str | None = None) -> list[Fact]:
        """Facts of one kind, for one level when it is given (四级), in the order of the text."""
        return [fact for fact in self.facts if fact.kind == kind and (level is None or fact.subject.startswith(level))]

    def cited(self, fact: Fact) -> str:
        """《…》4.3.1, where a fact stands."""
        return f"《{self.document.title}》{self.articles[fact.provision].article}"

    def actions(self, level: str | None) -> list[Fact]:
        """Who does what at that level; without a level, what is to be done whatever the level is."""
        return [fact for fact in self.of("action") if level_of(self.articles[fact.provision].heading) == (level or "")]


def plans_of(dossier: Dossier) -> tuple[Plan, ...]:
    """The plans a dossier holds facts of."""
    documents = {document.id: document for document in dossier.documents}
    articles = {provision.id: provision for provision in dossier.provisions}
    by_plan: dict[str, list[Fact]] = {}
    for fact in dossier.facts:
        if fact.document in documents and fact.provision in articles:
            by_plan.setdefault(fact.document, []).append(fact)
    return tuple(Plan(documents[id], tuple(facts), articles) for id, facts in by_plan.items())


def compared(plan: Plan, figures: dict[str, float]) -> Compared:
    """The plan's triggers against counted figures by impact type."""
    return compare(plan.of("trigger"), figures)


def grading(plan: Plan, found: Compared) -> Grading | None:
    """The level a plan gives, as every other level is shown; None for a plan without triggers."""
    triggers = plan.of("trigger")
    if not triggers:
        return None
    if found.level:
        reasons = (*(one.reason for one in found.reached), f"达到{found.level}响应条件")
    elif found.reached:
        reasons = (*(one.reason for one in found.reached), "已超过库中所读到的上限，不给出级别")
    else:
        reasons = ("已知数字未达到库中所读到的任何一级",)
    remarks = (f"另有{len(found.unread)}项条件须人工判断",) if found.unread else ()
    cited: Sequence[Fact] = [one.fact for one in found.reached] or triggers
    return Grading(
        scheme=f"{SCHEME}{plan.document.id}",
        level=found.level,
        reasons=(*reasons, *remarks),
        clause="、".join(dict.fromkeys(plan.cited(fact) for fact in cited)),
        reference=plan.document.reference,
        verified=True,
    )


def cites(facts: Iterable[Fact]) -> list[str]:
    """Ids to cite for facts: their own and those of the articles they stand in."""
    return [id for fact in facts for id in (fact.id, fact.provision)]

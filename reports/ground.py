"""The ground a sentence stands on: everything its citations hold, gathered so that each figure, time and name can be looked up in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time

from models.domain import (
    BEIJING,
    IMPACT_TYPES,
    TOLD,
    Case,
    Claim,
    Deadline,
    Dossier,
    EvidenceView,
    Fact,
    Grading,
    Impact,
    Incident,
    Provision,
    Report,
    Statement,
)
from models.hazards import hazards
from reports.page import believable, set_aside
from reports.progress import figures_in
from reports.subject import is_day
from reports.types import Clause, report_type
from reports.wording import Mention, arabic, because, mentions, numbers

WAITING = "waiting"
"""Section of a day's report that counts what nobody has taken in yet."""

QUOTE_AT_LEAST = 4
"""Characters a saying needs before its words in a sentence count as a quotation of it."""


class Shelf:
    """All that one report may cite, by id, and the names it may use anywhere."""

    def __init__(self, report: Report, dossier: Dossier) -> None:
        self.report, self.dossier = report, dossier
        self.set_aside = set_aside(dossier)
        self.on: date = dossier.incident.started_at.astimezone(BEIJING).date()
        kind = report_type(report.type)
        self.items: dict[str, object] = {dossier.incident.id: dossier.incident}
        for group in (
            dossier.impacts,
            dossier.statements,
            dossier.evidence,
            dossier.provisions,
            dossier.cases,
            dossier.incidents,
            dossier.facts,
            report.deadlines,
            kind.clauses,
        ):
            self.items |= {item.id: item for item in group}
        self.items |= {grading.scheme: grading for grading in report.gradings}
        self.items |= {state.report.id: state.report for state in dossier.reports if state.report.id != report.id}
        self.decided = {state.report.id: state.decisions for state in dossier.reports}
        self.taking_back = {item.evidence for item in dossier.statements if item.property == "retraction"}
        self.titles = {document.id: document for document in dossier.documents}
        self.names = tuple(sorted(_names(report, dossier), key=len, reverse=True))


def _names(report: Report, dossier: Dossier) -> set[str]:
    """Names any sentence may use: who reports to whom, where the incident is, what it is, who told us."""
    place = dossier.incident.place
    names = {report.issuer, *report.recipients, dossier.incident.title, place.name, place.district or "", place.street or ""}
    names |= {item.source_title for item in dossier.evidence} | {hazard.name for hazard in hazards().values()}
    names |= {name for name, _ in IMPACT_TYPES.values()}
    city = report.issuer.partition("应急管理")[0]
    names.add(city)
    return {name for name in names if len(name) > 1}


class Ground:
    """What the citations of one claim hold."""

    def __init__(self, claim: Claim, shelf: Shelf) -> None:
        self.shelf = shelf
        self.values: set[float] = set()
        self.typed: dict[str, set[float]] = defaultdict(set)
        self.moments: list[datetime] = []
        self.words: list[str] = []
        self.phrases: list[str] = []
        self.impacts: list[Impact] = []
        self.statements: list[Statement] = []
        self.law: list[Clause | Provision] = []
        self.gradings: list[Grading] = []
        self.unknown: list[str] = []
        self.incidents: list[Incident] = []
        self.before: dict[str, float] = {}
        """Figures of a cited earlier report, by impact type."""
        for citation in claim.citations:
            self._add(citation)
        changed = {
            abs(impact.best - self.before[impact.type]) for impact in self.impacts if impact.best is not None and impact.type in self.before
        }
        self.values |= changed | set(self.before.values())
        if is_day(shelf.report.incident):
            self._day(claim)
        self.words += [self.shelf.dossier.incident.title, *self.shelf.names]
        self._times = {mention[2:] for words in self.words for mention in mentions(arabic(words))}

    def _add(self, citation: str) -> None:
        item = self.shelf.items.get(citation)
        match item:
            case Incident():
                self.incidents.append(item)
                self.moments += [item.started_at, item.first_evidence_at, item.updated_at, self.shelf.report.data_as_of]
                self.words += [item.title, *(part for part in (item.place.name, item.place.district, item.place.street) if part)]
            case EvidenceView():
                self.moments += [moment for moment in (item.sent_at, item.received_at) if moment]
                self.words += [item.title, item.text, item.place]
            case Statement():
                self._statement(item)
            case Impact():
                self._impact(item)
            case Grading():
                self.gradings.append(item)
                self._phrases((item.clause, *item.reasons, *(warning.partition("：")[0] for warning in item.near_boundary)))
            case Deadline():
                self.moments += [item.starts_at, item.due_at]
                self._phrases((item.clause, item.regime, item.reporter, item.recipient))
            case Clause():
                self.law.append(item)
                self._phrases((item.cited(), item.article))
            case Provision():
                self._provision(item)
            case Report():
                self.moments += [item.data_as_of, item.created_at]
                self.before |= {type_: value for type_, value in figures_in(item).items() if value is not None}
                self.words.append(item.title)
                self.moments += [decision.at for decision in self.shelf.decided.get(item.id, ())]
            case Case():
                self._phrases((item.name, item.cause, *item.lessons))
                self.moments.append(datetime.combine(item.date, time(), BEIJING))
                self.words += [item.place, item.type]
            case Fact():
                self._phrases((item.text,) if item.kind == "action" else ())
                self.words += [item.subject, item.text, item.quote]
                self.values |= {number.plain for number in numbers(arabic(item.quote))}
            case _:
                self.unknown.append(citation)

    def _day(self, claim: Claim) -> None:
        """In the report of a day a sentence may count the incidents it cites: all of them, and those of each hazard, standing and report."""
        cited = [item for item in self.incidents if item.id != self.shelf.dossier.incident.id]
        self.values.add(len(cited))
        if claim.section == WAITING and claim.machine_text is None:
            # Counted when it was drafted; the queue moves on every minute, and nobody has touched the sentence since.
            self.values |= {number.plain for number in numbers(arabic(claim.text))}
            self.moments.append(self.shelf.report.created_at)
        for counted in (Counter(item.hazard for item in cited), Counter(item.status for item in cited)):
            self.values |= {float(count) for count in counted.values()}
        told = {state.report.incident for state in self.shelf.dossier.reports if state.status == "signed" and state.report.stage in TOLD}
        self.values |= {sum(item.id in told for item in cited), sum(item.id not in told for item in cited)}

    def _statement(self, item: Statement) -> None:
        self.statements.append(item)
        self.words += [item.quote, item.value]
        # A denial repeats the figure it denies; only its zero is its own word.
        denied = item.evidence in self.shelf.taking_back and item.best != 0
        if (item.evidence in self.shelf.set_aside or denied) and item.property.startswith("impact."):
            return
        given = {value for value in (item.low, item.best, item.high) if value is not None}
        self.values |= given | {number.plain for number in numbers(arabic(item.quote))}
        if item.property.startswith("impact."):
            self.typed[item.property.removeprefix("impact.")] |= given
        source = self.shelf.items.get(item.evidence)
        if isinstance(source, EvidenceView):
            self.moments += [moment for moment in (source.sent_at, source.received_at) if moment]
        self.moments += [item.holds_at] if item.holds_at else []

    def _impact(self, item: Impact) -> None:
        self.impacts.append(item)
        others = [conflict for conflict in item.conflicts if believable(conflict, self.shelf.dossier)]
        given = {conflict.value for conflict in others} | ({item.best} if item.best is not None else set())
        if item.basis == "estimated":
            given |= {value for value in (item.low, item.high) if value is not None}
        self.values |= given
        self.typed[item.type] |= given
        self.moments += [moment for moment in (item.as_of, *(conflict.at for conflict in others)) if moment]
        self.words += [conflict.quote for conflict in others]
        self._phrases(because(item.rule))

    def _provision(self, item: Provision) -> None:
        self.law.append(item)
        document = self.shelf.titles.get(item.document)
        named = (
            (f"《{document.title}》", f"《{document.title}》{item.article}", f"{document.number}{item.article}", document.title)
            if document
            else ()
        )
        self._phrases((*named, item.article))
        self.values |= {number.plain for number in numbers(arabic(item.text))}
        self.words.append(item.text)

    def _phrases(self, phrases: Iterable[str]) -> None:
        self.phrases += [phrase for phrase in phrases if len(phrase) > 1]

    def holds_quote(self, quote: str) -> bool:
        """Whether the very words stand in what is cited."""
        return any(quote in words for words in self.words)

    def holds_time(self, mention: Mention) -> bool:
        """Whether some cited moment agrees with every part given, or cited words give exactly these parts."""
        return any(mention.fits(moment) for moment in self.moments) or mention[2:] in self._times

    def holds_number(self, plain: float, whole: float) -> bool:
        """Whether a cited figure is this one, as written or with 万 and 亿 multiplied out."""
        return any(abs(value - number) < 1e-6 for value in self.values for number in (plain, whole))


def cite(text: str, dossier: Dossier, beside: Iterable[str] = ()) -> tuple[str, ...]:
    """Ids in the dossier a person's own sentence rests on: figures it names with their kind, and sayings it quotes. Nothing when it rests on none.

    In a day's dossier only what belongs to an incident cited already (`beside`) counts: another incident's figure is no ground for it.
    """
    meant = {item.id for item in dossier.incidents} & set(beside)
    others_evidence = {item.id for item in dossier.evidence if dossier.incidents and item.incident not in meant}
    plain, doubted = arabic(text), set_aside(dossier)
    figures = {value for number in numbers(plain) for value in (number.plain, number.whole)}
    found = [dossier.incident.id] if next(mentions(plain), None) or dossier.incident.place.name in text else []
    for impact in dossier.impacts:
        if dossier.incidents and impact.incident not in meant:
            continue
        named = IMPACT_TYPES[impact.type][0].partition("（")[0] in text if impact.type in IMPACT_TYPES else False
        others = [conflict for conflict in impact.conflicts if believable(conflict, dossier)]
        if named and figures & ({impact.best} | {conflict.value for conflict in others}):
            found += [impact.id, *impact.statements]
    for statement in dossier.statements:
        if statement.evidence not in doubted | others_evidence and len(statement.quote) >= QUOTE_AT_LEAST and statement.quote in text:
            found += [statement.id, statement.evidence]
    return tuple(dict.fromkeys(found))

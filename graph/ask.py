"""Answers made only of what the library says: the sentences that answer best, each with its article; or a refusal that says why.

No sentence is written here. Whoever reads an answer can find every word of it under the article named beside it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from graph.intents import Intent, intents, sayings
from graph.ranking import grades, weight
from graph.search import Index, Result
from graph.shelf import asked_articles
from graph.words import domain_share, plain, terms
from models.domain import Model

TITLE_MARKED = re.compile(r"《([^《》]{2,60})》")
ADVICE = "〔提示〕"
"""What follows it in our summaries is our advice, not what the article says."""

OURS, FOUND, OURS_HELPS = 0.08, 0.18, 0.5
"""A question of our field: at least this part of it in our words, and at least this much of it found, our words helping."""
PLAINLY_HELD = 1.25
"""A question without our words is answered only where the library says nearly all of it."""
LOOKED_AT, SENTENCES, SHORTEST, LONGEST = 8, 4, 6, 320
"""Provisions read, sentences quoted at most, fewest and most characters of one quotation."""
WORTH_ANSWERING = 0.25
"""A part of the question is answered by a sentence of at least this part of the best one's value."""
AROUND = 0.5
"""Weight of a word that stands in the title or heading of a sentence, not in itself."""
NOT_NATIONAL = 0.3
"""What of its value a sentence of one place keeps where the question speaks of the whole country."""
NO_GRADE, OTHER_GRADE = 0.5, 0.1
"""What of its value a sentence keeps that names no grade where the question does, and one that names only other grades."""
WORTH_QUOTING = 0.55
"""Further sentences are quoted down to this part of the best one's score."""


class Citation(Model):
    """One quotation with where it stands."""

    id: str
    """Id of the provision."""
    document: str
    """Title of the document."""
    article: str
    """As cited."""
    quote: str
    """The words, exactly as the library holds them."""
    own_words: bool = False
    """Whether they are our own summary and not the wording itself."""


class Answer(Model):
    """What the library says to a question, or that it does not."""

    refused: bool
    """Whether the library does not hold the answer."""
    reason: str
    """Why it was refused, or how the answer was made; Chinese."""
    answer: str
    """The quotations with their articles, one a line; empty when refused."""
    citations: tuple[Citation, ...] = ()
    """What the answer is made of."""


def ask(index: Index, question: str, as_of: date | None = None) -> Answer:
    """An answer of quotations in force on the day (today when None), or a refusal."""
    found = index.search(question, LOOKED_AT, as_of)
    reason = _why_not(index, question, found)
    if reason:
        return _refusal(reason)
    quoted = _best_sentences(index, question, found)
    if not quoted:
        return _refusal("找到的条文里没有一句与问题相符。请换一种说法，或说明是哪部法规、哪类事故。")
    lines = [f"{_named(citation)}：{citation.quote}" for citation in quoted]
    made = "由库中现行条文摘录，未作改写。" if as_of is None else f"由{as_of.isoformat()}有效的条文摘录，未作改写。"
    return Answer(refused=False, reason=made + _cautions(index, question, found, quoted), answer="\n".join(lines), citations=tuple(quoted))


def _cautions(index: Index, question: str, found: Sequence[Result], quoted: Sequence[Citation]) -> str:
    """What whoever relies on the answer must know: rules of another place, texts of unknown date, what fits better but nobody has seen."""
    where, cited = index.where(question), {citation.id for citation in quoted}
    results = [result for result in found if result.id in cited]
    documents = {result.document: index.shelf.held[result.document_id].document for result in results}
    elsewhere = [title for title, document in documents.items() if where.suits(document.region) < 0]
    undated = dict.fromkeys(result.document for result in results if result.begins is None)
    said = f"{_titles(elsewhere)}是其他地区的规定，只能参考。" if elsewhere else ""
    said += f"{_titles(undated)}未注明施行日期，不能确定当日是否有效。" if undated else ""
    if found[0].id not in cited and not found[0].verified:
        said += f"最相符的《{found[0].document}》{found[0].article}原文未核实，未予引用，请查原文。"
    return said


def _titles(titles: Iterable[str]) -> str:
    return "、".join(f"《{title}》" for title in titles)


def confidence(index: Index, question: str, found: Sequence[Result]) -> tuple[float, float, float]:
    """How much the question is ours, how much of it was found, and how plainly the library holds it; the refusal rests on these."""
    own = [term for term, (_, why) in terms(question).items() if not why and len(term) > 1]
    usual = index.candidates.size() * 0.001
    common = sum(index.candidates.frequency(term) >= max(usual, 2) for term in own) / max(len(own), 1)
    coverage = max((result.coverage for result in found), default=0.0)
    title = max(index.shelf.titles(own).values(), default=0.0)
    return domain_share(question), coverage + 0.5 * common, coverage + common + title


def _why_not(index: Index, question: str, found: Sequence[Result]) -> str:
    if not question.strip():
        return "没有问题。请写出要问的事。"
    if not found:
        return "库中没有与问题相符的现行条文。请先导入相关文件，或换一种说法。"
    missing = [title for title in TITLE_MARKED.findall(question) if not index.shelf.named(f"《{title}》")]
    if missing:
        return f"库中没有《{missing[0]}》。请先导入它。"
    named, articles = index.shelf.named(question), asked_articles(question)
    if named and articles and not any(result.document_id in named and result.article in articles for result in found):
        return f"库中的《{next(iter(named.values()))}》没有现行的{articles[0]}。请核对条号，或先导入全文。"
    if named and articles:
        return ""
    ours, found_part, plainly = confidence(index, question, found)
    if (ours >= OURS and found_part + OURS_HELPS * ours >= FOUND) or plainly >= PLAINLY_HELD:
        return ""
    if ours < OURS:
        return "这个问题不像是法规、预案或灾害事故方面的，库中没有答案。"
    return "库中与问题相符的内容太少，不足以作答。请换一种说法，或先导入相关文件。"


def _best_sentences(index: Index, question: str, found: Sequence[Result]) -> list[Citation]:
    wanted = intents(question)
    choices = _choices(index, question, found)
    if not choices:
        return []
    kept: list[Choice] = []
    most = max(choice.value for choice in choices)
    open_parts = {intent.name for intent in wanted}
    while open_parts and len(kept) < SENTENCES:
        # Each part of the question gets the sentence that answers most of what is still open.
        best = max(choices, key=lambda choice: (choice.answering(open_parts), -choice.place))
        if not best.answering(open_parts) or best.value < WORTH_ANSWERING * most:
            break
        kept.append(best)
        open_parts -= {name for name, answered in best.answers.items() if answered == max(best.answers.values())}
    for choice in choices:
        if len(kept) == SENTENCES or choice.total < WORTH_QUOTING * choices[0].total:
            break
        if not kept or not wanted or any(choice.answers.values()):
            kept.append(choice)
    quoted: list[Citation] = []
    for choice in kept:
        if all(choice.words not in other.quote for other in quoted):
            result = choice.result
            quoted.append(
                Citation(id=result.id, document=result.document, article=result.article, quote=choice.words, own_words=result.own_words)
            )
    return quoted


@dataclass(frozen=True, slots=True)
class Choice:
    """A sentence that may be quoted."""

    result: Result
    words: str
    place: int
    """Order of reading, for equal sentences."""
    value: float
    """How much of the question it holds, and how well its article ranks."""
    answers: Mapping[str, float]
    """Part of the question -> how surely this sentence answers it."""

    @property
    def total(self) -> float:
        """Its value, more where it says what was asked for."""
        return self.value * (1 + sum(self.answers.values()) / max(len(self.answers), 1))

    def answering(self, parts: Collection[str]) -> float:
        """Its value for these parts of the question."""
        return self.value * sum(self.answers[name] for name in parts)


def _choices(index: Index, question: str, found: Sequence[Result]) -> list[Choice]:
    asked, wanted = terms(question), intents(question)
    weights = weight(index.candidates, asked)
    best = found[0].score or 1.0
    named, articles = index.shelf.named(question), asked_articles(question)
    where, grade = index.where(question), grades(plain(question))
    choices: list[Choice] = []
    for result in found:
        if not result.verified:
            continue
        elsewhere = where.suits(index.shelf.held[result.document_id].document.region) < 0
        if where.places and elsewhere:
            # Whoever names a place is never answered with another's rule.
            continue
        around = plain(f"{result.document} {result.heading}")
        for saying in sayings(result.text.partition(ADVICE)[0], result.says):
            words = saying.words.strip()[:LONGEST]
            if len(words) < SHORTEST:
                continue
            text = plain(words)
            pairs = (term for term in asked if len(term) > 1)
            value = sum(weights[term] * (1.0 if term in text else AROUND if term in around else 0.0) for term in pairs) / (
                1 + len(text) / 150
            )
            value *= max(result.score / best, 0.1) ** 2
            if where.national and elsewhere:
                value *= NOT_NATIONAL
            if grade:
                held = grades(text) or grades(result.about)
                value *= 1.0 if held & grade else OTHER_GRADE if held else NO_GRADE
            if result.document_id in named and result.article in articles:
                value = 100.0 + value
            if value > 0:
                answers = {intent.name: max(saying.answers(intent), _headed(intent, result)) for intent in wanted}
                choices.append(Choice(result, words, len(choices), value, answers))
    return sorted(choices, key=lambda choice: (-choice.total, choice.place))


def _headed(intent: Intent, result: Result) -> float:
    """Half where a summary, too short to say so itself, stands under topics that answer."""
    return 0.5 if result.own_words and intent.says.search(result.about) else 0.0


def _named(citation: Citation) -> str:
    return f"《{citation.document}》{citation.article}" + ("（本库摘要，非原文）" if citation.own_words else "")


def _refusal(reason: str) -> Answer:
    return Answer(refused=True, reason=reason, answer="")

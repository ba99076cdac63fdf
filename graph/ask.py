"""Answers made only of what the library says: the sentences that answer best, each with its article; or a refusal that says why.

No sentence is written here. Whoever reads an answer can find every word of it under the article named beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from graph.lexical import SENTENCE_END
from graph.ranking import weight
from graph.search import Index, Result
from graph.shelf import asked_articles
from graph.words import Term, domain_share, plain, terms
from models.domain import Model

TITLE_MARKED = re.compile(r"《([^《》]{2,60})》")
ASKS_TIME = re.compile(r"多久|多长时间|几小时|几天|几日|几个月|期限|时限|什么时候|何时")
SAYS_TIME = re.compile(r"[\d一二三四五六七八九十百两]+个?(?:分钟|小时|日|天|工作日|月|年)")
ASKS_NUMBER = re.compile(r"多少|几")
SAYS_NUMBER = re.compile(r"[\d一二三四五六七八九十百千万]+")

OURS, FOUND = 0.08, 0.20
"""A question of our field: at least this part of it in our words, and at least this much of it found."""
PLAINLY_HELD = 1.25
"""A question without our words is answered only where the library says nearly all of it."""
LOOKED_AT, SENTENCES, LONGEST = 6, 4, 320
"""Provisions read, sentences quoted at most, characters of one quotation."""
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
    return Answer(refused=False, reason="由库中现行条文摘录，未作改写。" if as_of is None else f"由{as_of.isoformat()}有效的条文摘录，未作改写。",
                  answer="\n".join(lines), citations=tuple(quoted))  # fmt: skip


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
    if (ours >= OURS and found_part >= FOUND) or plainly >= PLAINLY_HELD:
        return ""
    if ours < OURS:
        return "这个问题不像是法规、预案或灾害事故方面的，库中没有答案。"
    return "库中与问题相符的内容太少，不足以作答。请换一种说法，或先导入相关文件。"


def _best_sentences(index: Index, question: str, found: Sequence[Result]) -> list[Citation]:
    asked = terms(question)
    weights = weight(index.candidates, asked)
    best = found[0].score or 1.0
    named, articles = index.shelf.named(question), asked_articles(question)
    scored = []
    for result in found:
        for place, sentence in enumerate(_sentences(result.text)):
            value = _fit(question, sentence, asked, weights) * max(result.score / best, 0.1)
            if result.document_id in named and result.article in articles:
                value = 100.0 + value
            if value > 0:
                scored.append((value, -place, result, sentence))
    scored.sort(key=lambda item: (-item[0], item[2].id, -item[1]))
    kept: list[Citation] = []
    for value, _, result, sentence in scored:
        if len(kept) == SENTENCES or value < WORTH_QUOTING * scored[0][0]:
            break
        if all(sentence not in other.quote for other in kept):
            kept.append(Citation(id=result.id, document=result.document, article=result.article, quote=sentence))
    return kept


def _fit(question: str, sentence: str, asked: Mapping[str, Term], weights: Mapping[str, float]) -> float:
    text = plain(sentence)
    value = sum(weights[term] for term in asked if len(term) > 1 and term in text)
    for asks, says in ((ASKS_TIME, SAYS_TIME), (ASKS_NUMBER, SAYS_NUMBER)):
        if asks.search(question) and says.search(sentence):
            value *= 1.4
    return value / (1 + len(text) / 150)


def _sentences(text: str) -> list[str]:
    found = []
    for sentence in SENTENCE_END.split(text):
        words = sentence.strip()
        if len(words) > 5:
            found.append(words[:LONGEST])
    return found or [text.strip()[:LONGEST]]


def _named(citation: Citation) -> str:
    return f"《{citation.document}》{citation.article}"


def _refusal(reason: str) -> Answer:
    return Answer(refused=True, reason=reason, answer="")

"""One ranking for all candidates, whichever index they came from, with its reasons.

BM25 over characters and pairs of characters side by side: characters forgive words the segmenters would cut differently, pairs
hold the phrase. Then what a lone passage does not show: the law most of the good passages come from, the title of its document,
what cites it and, where there is one, closeness of meaning. All weights were chosen on whole sets of questions.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graph.intents import Intent, sayings
from graph.lexical import Candidates, Passage
from graph.words import Term, plain

CHARACTER, PAIR = 1.3, 1.0
"""Weight of a matched character and of a matched pair."""
CHARACTER_K1, PAIR_K1, LENGTH = 1.2, 1.5, 0.9
"""BM25: how soon a repeated match stops to count, and how much long passages are held back."""
SAME_DOCUMENT, LOOKED_AT = 0.2, 80
"""Weight of the share of a document in the best passages, and how many passages that share is taken from."""
TOGETHER, HELD_TOGETHER = 10, 0.6
"""How many passages of a document are read together, and the weight of the part of the question they hold."""
INTENT, READ = 0.4, 60
"""Weight of the sentences that say what was asked for (a time, someone to tell, a penalty …), and how many of the best passages are read for it."""
COMMON = 0.05
"""A word in more than this part of all passages makes no title special."""
BETWEEN = re.compile(r"[和与及的、或（）()]|实施条例|条例|办法|细则|暂行|法$")
"""What joins the words of a title, and what every title ends with."""
GRADES = re.compile(r"[一二三四]级(?=应急响应|响应|预警|\W|启动|由)|[红橙黄蓝]色预警")
"""Grades of responses and warnings in plain text."""
TITLE = 0.5
"""Weight of the part of the question that stands in the document's title."""


@dataclass(slots=True)
class Ranked:
    """A passage, its score, the part of the question it covers and why it ranks."""

    passage: Passage
    score: float
    coverage: float
    matched: list[str]
    added: list[str]
    why: list[str] = field(default_factory=list)


def weight(candidates: Candidates, terms: Mapping[str, Term]) -> dict[str, float]:
    """How much each term tells: its rarity times its own weight; characters and pairs on one scale."""
    size = max(candidates.size(), 1)
    found = {}
    for term, (own, _) in terms.items():
        seen = min(candidates.frequency(term), size)
        rarity = math.log(1 + (size - seen + 0.5) / (seen + 0.5))
        found[term] = own * rarity * (CHARACTER if len(term) == 1 else PAIR)
    return found


def by_words(passages: Sequence[Passage], terms: Mapping[str, Term], weights: Mapping[str, float], usual_length: float) -> list[Ranked]:
    """BM25 of each passage, best first; `usual_length` is the mean length of a passage in characters."""
    whole = sum(value for term, value in weights.items() if not terms[term].why and len(term) > 1) or 1.0
    found = []
    for passage in passages:
        text = passage.plain
        stretch = 1 - LENGTH + LENGTH * len(text) / usual_length
        score = covered = 0.0
        matched, added = [], []
        for term, value in weights.items():
            # Counting in the text costs microseconds; keeping term vectors of every passage would cost memory.
            times = text.count(term)
            if not times:
                continue
            k1 = CHARACTER_K1 if len(term) == 1 else PAIR_K1
            score += value * times * (k1 + 1) / (times + k1 * stretch)
            if terms[term].why:
                added.append(terms[term].why)
            elif len(term) > 1:
                covered += value
                matched.append(term)
        found.append(Ranked(passage, score, covered / whole, matched, added))
    return sorted(found, key=lambda ranked: (-ranked.score, ranked.passage.provision))


def documents(ranked: Sequence[Ranked], weights: Mapping[str, float]) -> dict[str, float]:
    """Score of each document: its best passage, and how much of the question its best passages hold together."""
    best: dict[str, float] = {}
    held: dict[str, set[str]] = defaultdict(set)
    read: dict[str, int] = defaultdict(int)
    whole = sum(value for term, value in weights.items() if len(term) > 1) or 1.0
    for item in ranked:
        document = item.passage.document
        best.setdefault(document, item.score)
        read[document] += 1
        if read[document] <= TOGETHER:
            held[document].update(item.matched)
    return {document: score + HELD_TOGETHER * sum(weights[term] for term in held[document]) / whole for document, score in best.items()}


def with_documents(ranked: list[Ranked], titles: Mapping[str, float]) -> list[Ranked]:
    """Scores in 0 … about 1.5: words, the share of the same document among the best, and the title; best first."""
    if not ranked:
        return []
    best = ranked[0].score or 1.0
    top = ranked[:LOOKED_AT]
    whole = sum(item.score for item in top) or 1.0
    share: dict[str, float] = defaultdict(float)
    for item in top:
        share[item.passage.document] += item.score / whole
    for item in ranked:
        document = item.passage.document
        item.score = item.score / best + SAME_DOCUMENT * share[document] + TITLE * titles.get(document, 0.0)
    return sorted(ranked, key=lambda item: (-item.score, item.passage.provision))


def by_sentences(ranked: Sequence[Ranked], terms: Mapping[str, Term], weights: Mapping[str, float], wanted: Sequence[Intent]) -> None:
    """Adds what a lone passage does not show: whether a sentence that shares the question's words also says what was asked for."""
    if not wanted:
        return
    pairs = [(term, weights[term]) for term in terms if len(term) > 1]
    whole = sum(value for term, value in pairs if not terms[term].why) or 1.0
    for item in ranked[:READ]:
        answered = dict.fromkeys((intent.name for intent in wanted), 0.0)
        for saying in sayings(item.passage.text, item.passage.says):
            text = plain(saying.words)
            fit = min(1.0, sum(value for term, value in pairs if term in text) / whole)
            for intent in wanted:
                answered[intent.name] = max(answered[intent.name], fit * saying.answers(intent))
        item.score += INTENT * sum(answered.values()) / len(wanted)
        item.why += [f"写明{name}" for name, value in answered.items() if value > 0.25]


def grades(text: str) -> set[str]:
    """Grades of responses and warnings that plain text names: 二级, 红色预警."""
    return set(GRADES.findall(text))


def special(title: str, candidates: Candidates) -> list[tuple[str, float]]:
    """Each pair of characters of a title with how special it is: 0 where the library speaks of it everywhere.

    A pair that joins two words (业船 in 渔业船舶) is rare without meaning anything, so a character counts by the more common of its pairs.
    """
    size = max(candidates.size(), 1)
    found = []
    for word in BETWEEN.split(title):
        pairs = [word[at : at + 2] for at in range(len(word) - 1)]
        rarity = [max(0.0, math.log(COMMON * size / (candidates.frequency(pair) + 1))) for pair in pairs]
        for at in range(len(word)):
            beside = [place for place in (at - 1, at) if 0 <= place < len(pairs)]
            place = min(beside, key=lambda place: rarity[place], default=None)
            if place is not None and rarity[place]:
                found.append((pairs[place], rarity[place]))
    return found

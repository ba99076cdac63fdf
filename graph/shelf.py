"""What the search knows about documents: their names, which of them are in force on a day, and what cites what."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path, PurePath

from graph.words import ANALYSIS, grams, plain
from models.domain import Document, Fact, Provision, Reference

NAME_MARKS = re.compile(r"[《》〈〉<>“”\"'·\s]|\(\d{4}[-.\d年月日]*(?:修正|修订|公布)?\)")
NATION = "中华人民共和国"
CITED_ARTICLE = re.compile(r"第[〇零一二三四五六七八九十百千\d]{1,8}条(?:之[一二三四五六七八九十])?")
WITHIN_ARTICLE = re.compile(rf"({CITED_ARTICLE.pattern})(?:第[一二三四五六七八九十百]+款)?(?:第?[（(]?[一二三四五六七八九十]+[）)]?项)?")
DIGITS = "零一二三四五六七八九"
COMMON_TITLE_WORDS = re.compile(
    "中华人民共和国|最高人民法院|最高人民检察院|关于|审理|适用|案件|具体应用法律|若干|问题|印发|通知|规定|办公室|人民政府"
)
LAST_WORD = re.compile(r"(?:应急|总体)*(?:预案|规划|方案|制度|标准|规范|报告)$")
ADDED = 0.3
"""Weight in a title of what the law calls a word of the question."""
STEMMED, SHORTEST_STEM = frozenset({"plan", "standard", "statistics", "report"}), 6
"""Levels whose names people cut short, and characters that must be left; a law cut short (劳动合同) is a subject, not a name."""


@dataclass(frozen=True, slots=True)
class Held:
    """One document as the search holds it."""

    document: Document
    """The document."""
    digest: str
    """SHA-256 of what is searched of it; it is indexed again only when this changes."""
    cites: Mapping[str, tuple[str, ...]]
    """Provision -> ids of provisions it cites."""


def short_name(title: str) -> str:
    """A law's name as people say it: without 中华人民共和国, 书名号 and version marks."""
    return NAME_MARKS.sub("", plain(title)).removeprefix(NATION)


def chinese_number(number: int) -> str:
    """A number under 10,000 as an article is numbered: 12 -> 十二, 205 -> 二百零五."""
    written, zero = "", False
    for unit, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        figure = number // unit % 10
        if figure:
            written += ("零" if zero and written else "") + DIGITS[figure] + word
        zero = not figure if written else False
    return written.removeprefix("一") if 10 <= number < 20 else written or "零"


def asked_articles(question: str) -> list[str]:
    """Articles a question names, in Chinese numerals: 第12条 and 第十二条 are the same."""
    found = []
    for match in CITED_ARTICLE.findall(plain(question)):
        number = re.search(r"\d+", match)
        found.append(match.replace(number[0], chinese_number(int(number[0][:4]))) if number else match)
    return found


def article_of(cite: str) -> str:
    """The article a cite stands in: 第九条第一款 -> 第九条; a cite of several articles stays as it is."""
    found = WITHIN_ARTICLE.fullmatch(cite.strip())
    return found[1] if found else cite


def content_digest(document: Document, provisions: Sequence[Provision], facts: Iterable[Fact] = ()) -> str:
    """SHA-256 of everything of a document that is searched or shown."""
    parts = [str(ANALYSIS), document.model_dump_json()]
    parts += [f"{f.provision}|{f.kind}|{f.start}|{f.end}|{f.unit}|{f.recipient}" for f in facts]
    parts += [f"{p.id}|{p.article}|{p.heading}|{p.text}|{p.in_force}|{p.repealed}|{p.cites}|{p.topics}|{p.verified}" for p in provisions]
    return hashlib.sha256("\x1e".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class Shelf:
    """The documents, kept in one JSON file beside the full-text index."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held: dict[str, Held] = {}
        if path.exists():
            for row in json.loads(path.read_text("utf-8")):
                cites = {provision: tuple(targets) for provision, targets in row["cites"].items()}
                self.held[row["document"]["id"]] = Held(Document.model_validate(row["document"]), row["digest"], cites)
        self._derive()

    def put(self, held: Iterable[Held], removed: Iterable[str]) -> None:
        """Replace and remove documents, then keep the file whole or not at all."""
        for name in removed:
            self.held.pop(name, None)
        self.held |= {item.document.id: item for item in held}
        rows = [{"document": h.document.model_dump(mode="json"), "digest": h.digest, "cites": h.cites} for h in self.held.values()]
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
        draft.replace(self.path)
        self._derive()

    def span(self, document: str) -> tuple[date | None, date | None]:
        """First day in force and first day no longer in force, newer versions and repeals by other documents counted in."""
        return self.spans.get(document, (None, None))

    def dead(self, day: date) -> list[str]:
        """Ids of the documents not in force on the day."""
        return [name for name, span in self.spans.items() if not covers(span, day)]

    def same(self, document: str) -> str:
        """What all versions and copies of one law have in common."""
        return self.families.get(document, document)

    def undated(self, document: str) -> bool:
        """Whether the text bears no date while another version of the same law does."""
        return document in self.beside_dated

    def named(self, question: str) -> dict[str, str]:
        """Documents whose name stands in the question, with that name; 劳动合同法实施条例 does not name 劳动合同法."""
        asked = NAME_MARKS.sub("", plain(question))
        spans = [(asked.find(name), name) for name in self.names if len(name) > 1 and name in asked]
        found: dict[str, str] = {}
        for start, name in spans:
            inside = any(other != name and name in other and at <= start < at + len(other) for at, other in spans)
            if not inside:
                found |= dict.fromkeys(self.names[name], name)
        return found

    def stems_in(self, question: str) -> dict[str, str]:
        """Plans and the like whose name without its last word stands in the question, with that much of the name; the longest win."""
        asked = NAME_MARKS.sub("", plain(question))
        inside = [stem for stem in self.stems if stem in asked]
        whole = [stem for stem in inside if not any(stem != other and stem in other for other in inside)]
        return {document: stem for stem in whole for document in self.stems[stem]}

    def titles(self, question: Iterable[str], added: Iterable[str] = ()) -> dict[str, float]:
        """How much of the question's pairs of characters each title holds, rare ones weighing more, 0 … 1; more with `added` words for them."""
        asked = [term for term in question if len(term) > 1]
        rarity = {term: math.log(1 + (len(self.held) + 0.5) / (len(self.by_pair.get(term, ())) + 0.5)) for term in asked}
        whole = sum(value for term, value in rarity.items()) or 1.0
        found: dict[str, float] = defaultdict(float)
        for term in asked:
            for name in self.by_pair.get(term, ()):
                found[name] += rarity[term] / whole
        for term in added:
            for name in self.by_pair.get(term, ()):
                found[name] += ADDED * math.log(1 + (len(self.held) + 0.5) / (len(self.by_pair[term]) + 0.5)) / whole
        return {name: min(value, 1.0) for name, value in found.items()}

    def _derive(self) -> None:
        self.names: dict[str, list[str]] = defaultdict(list)
        self.stems: dict[str, list[str]] = defaultdict(list)
        self.by_pair: dict[str, set[str]] = defaultdict(set)
        self.cited_by: dict[str, list[str]] = defaultdict(list)
        self.cites: dict[str, tuple[str, ...]] = {}
        self.families: dict[str, str] = {}
        versions: dict[str, list[Document]] = defaultdict(list)
        for held in self.held.values():
            document = held.document
            self.names[short_name(document.title)].append(document.id)
            stem = LAST_WORD.sub("", short_name(document.title))
            if document.level in STEMMED and len(stem) >= SHORTEST_STEM:
                self.stems[stem].append(document.id)
            # A file is often named for its plan where its first line names the gazette that printed it.
            for term in grams(COMMON_TITLE_WORDS.sub(" ", plain(f"{document.title} {PurePath(document.file).stem}"))):
                if len(term) > 1:
                    self.by_pair[term].add(document.id)
            self.families[document.id] = short_name(document.lineage or document.title)
            if document.lineage:
                versions[document.lineage].append(document)
            self.cites |= held.cites
            for provision, targets in held.cites.items():
                for target in targets:
                    self.cited_by[target].append(provision)
        self.regions = {held.document.region for held in self.held.values()} - {"中国", "全国", ""}
        self.beside_dated = {
            version.id for family in versions.values() if any(map(_begins, family)) for version in family if not _begins(version)
        }
        self.spans = _spans([held.document for held in self.held.values()], versions.values())


def covers(span: tuple[date | None, date | None], day: date) -> bool:
    """Whether the day lies in the span."""
    return (span[0] is None or span[0] <= day) and (span[1] is None or day < span[1])


def cites(provisions: Iterable[Provision], references: Iterable[Reference]) -> dict[str, tuple[str, ...]]:
    """Provision -> ids it cites, as written in the library and as resolved from the text."""
    found: dict[str, list[str]] = defaultdict(list)
    for provision in provisions:
        found[provision.id] += provision.cites
    for reference in references:
        if reference.target and reference.article:
            found[reference.provision].append(reference.target)
    return {provision: tuple(dict.fromkeys(targets)) for provision, targets in found.items() if targets}


def _begins(document: Document) -> date | None:
    return document.in_force or document.version_date or document.issued


def _spans(documents: Sequence[Document], versions: Iterable[Sequence[Document]]) -> dict[str, tuple[date | None, date | None]]:
    ends: dict[str, list[date]] = defaultdict(list)
    for document in documents:
        if document.repealed:
            ends[document.id].append(document.repealed)
        if document.expires:
            ends[document.id].append(date.fromordinal(document.expires.toordinal() + 1))
        begins = _begins(document)
        for old in document.supersedes:
            if begins:
                ends[old].append(begins)
    for family in versions:
        # An undated text stays out of the chain: where it belongs is for a person to say, not to guess.
        row = sorted((version for version in family if _begins(version)), key=lambda version: (_begins(version) or date.min, version.id))
        for older, newer in pairwise(row):
            begins = _begins(newer)
            if begins and begins != _begins(older):
                ends[older.id].append(begins)
    return {document.id: (_begins(document), min(ends[document.id], default=None)) for document in documents}

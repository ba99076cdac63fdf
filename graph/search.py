"""Find the provisions that answer a question, in the words of the asker, as the law stood on a day, and say why each ranks.

Candidates come from the full-text index (`graph/lexical.py`), the ranking is one for all of them (`graph/ranking.py`), what is
in force and what cites what is known by the shelf (`graph/shelf.py`). Vectors (`graph/dense.py`) are an extra, never needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy

from graph.dense import Cache, Embedder
from graph.intents import intents
from graph.lexical import Candidates, Lexical, Passage, passages
from graph.ranking import Ranked, by_sentences, by_words, documents, grades, special, weight, with_documents
from graph.regions import WHOLE_COUNTRY, Asked, asked
from graph.shelf import COMMON_TITLE_WORDS, Held, Shelf, article_of, asked_articles, cites, content_digest, covers, short_name
from graph.words import Term, grams, plain, terms
from models.domain import BEIJING, Document, Fact, Model, Provision, Reference
from models.errors import Unreachable

LOOKED_AT = 300
USUAL_LENGTH = 250.0
"""Candidates ranked in full."""
TITLE_CANDIDATES = 0.5
"""Weight of title words while candidates are chosen."""
NAMED, ARTICLE_NAMED = 0.6, 1.0
"""What a document named in the question gains, and its article when that is named too."""
NEIGHBOURS_OF, NEIGHBOUR = 10, 0.08
"""How many of the best pass a part of their score to what they cite and what cites them, and which part."""
AUTHORITY = 0.1
"""What standing adds."""
STANDING = {"law": 1.0, "regulation": 0.8, "interpretation": 0.8, "rule": 0.6, "plan": 0.4, "standard": 0.4}
"""Levels by authority; what is not here adds nothing."""
LOCAL = 0.5
"""What of its standing a text of one place keeps where the question names no place."""
EQUAL = 0.8
"""A general law must hold this part of the words that a special one holds to go before it."""
SPECIAL, SPECIAL_AT_MOST = 0.1, 0.25
"""What a special word of a title costs that the question does not hold, by its rarity, and how much a title can cost."""
SPECIAL_LEVELS = frozenset({"law", "regulation", "rule"})
"""Levels whose titles say for whom they are made; the title of a plan names its place."""
PLACE = 0.2
"""What a document of the place the question names gains, and one of another place loses."""
STEM = 0.3
"""What a plan gains whose name without its last word stands in the question: 国家自然灾害救助应急响应 for the plan of that name."""
GRADE = 0.15
"""What a passage gains that names the grade asked for (二级响应, 红色预警), and one loses that names only other grades."""
ALIKE, ALIKE_SUMMARY = 0.6, 0.28
"""Part of the shorter text's pairs of characters that two copies of an article share, and that a summary shares with its article."""
UNDATED = 0.05
"""What a text of unknown date loses beside a dated one of the same law."""
MEANING = 0.8
"""Weight of closeness in meaning beside the words' 1."""
MEANING_CANDIDATES = 100
"""Provisions added to the candidates for their meaning alone."""


class Result(Model):
    """One provision found, with the words it says and the reasons it stands here."""

    id: str
    """Id of the provision."""
    document: str
    """Title of its document."""
    document_id: str
    """Id of its document."""
    article: str
    """As cited."""
    file: str
    """File it was imported from; empty for the shipped library."""
    heading: str = ""
    """What it stands under."""
    about: str = ""
    """Its heading and topics as searched."""
    text: str
    """Its words, or the best stretch of a long provision."""
    says: str = ""
    """What its facts say and where in `text`, as `Passage.says` writes it."""
    own_words: bool = False
    """Whether the text is our own summary and not the wording itself."""
    verified: bool = True
    """Whether somebody has seen the wording; what nobody has seen is never quoted as law."""
    in_force: bool
    """Whether it is in force today, whatever day was asked about."""
    begins: date | None
    """First day in force."""
    ends: date | None
    """First day no longer in force; null while in force."""
    score: float
    """Comparable within one answer only."""
    coverage: float
    """Part of the question's words, rare ones weighing more, that its text holds, 0 … 1."""
    why: tuple[str, ...]
    """Reasons, Chinese, strongest first."""


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update did, in documents."""

    indexed: int
    removed: int
    unchanged: int


@dataclass(slots=True)
class Vectors:
    """Provisions with their vectors."""

    ids: list[str]
    rows: numpy.ndarray[tuple[int, int], numpy.dtype[numpy.float32]]


class Index:
    """The search over one library, kept in a folder; opening it again costs a moment, updating only what changed."""

    def __init__(self, folder: Path, *, embedder: Embedder | None = None, candidates: Candidates | None = None, home: str = "") -> None:
        """`home` is the region the desk speaks from, such as 南京市: its rules are never another place's. Empty when it has none."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.embedder, self.home = folder, embedder, home
        self.lexical = Lexical(folder / "passages")
        self.candidates: Candidates = candidates or self.lexical
        self.shelf = Shelf(folder / "documents.json")
        self.vectors: Vectors | None = None
        self.special: dict[str, list[tuple[str, float]]] = {}

    def update(
        self,
        documents: Iterable[Document],
        provisions: Iterable[Provision],
        references: Iterable[Reference] = (),
        facts: Iterable[Fact] = (),
        *,
        whole: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Updated:
        """Make the search hold these documents as they are now; with `whole`, also drop what is not among them."""
        texts: dict[str, list[Provision]] = defaultdict(list)
        for provision in provisions:
            texts[provision.document].append(provision)
        owner = {provision.id: name for name, items in texts.items() for provision in items}
        citing: dict[str, list[Reference]] = defaultdict(list)
        for reference in references:
            citing[owner.get(reference.provision, "")].append(reference)
        said: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            said[fact.document].append(fact)
        wanted = {document.id: document for document in documents}
        changed, unchanged = [], 0
        for name, document in wanted.items():
            held = Held(document, content_digest(document, texts[name], said[name]), cites(texts[name], citing[name]))
            known = self.shelf.held.get(name)
            if known and known.digest == held.digest and known.cites == held.cites:
                unchanged += 1
            else:
                changed.append(held)
        removed = [name for name in self.shelf.held if whole and name not in wanted]
        self._write(changed, removed, texts, said, progress)
        return Updated(len(changed), len(removed), unchanged)

    def remove(self, documents: Iterable[str]) -> None:
        """Forget these documents."""
        self._write([], [name for name in documents if name in self.shelf.held], {}, {}, None)

    def embed(self, provisions: Iterable[Provision], progress: Callable[[int], None] | None = None) -> int:
        """Let closeness of meaning weigh in for these provisions; embeds what was never embedded. Returns how many are held."""
        if self.embedder is None:
            return 0
        items = [item for item in provisions if item.document in self.shelf.held]
        titled = [f"{self.shelf.held[item.document].document.title}{item.article}\n{item.text}" for item in items]
        rows = Cache(self.folder / "vectors.db", self.embedder).vectors(titled, progress)
        self.vectors = Vectors([item.id for item in items], rows)
        return len(items)

    def search(self, question: str, k: int = 10, as_of: date | None = None) -> list[Result]:
        """The `k` best provisions in force on the day (today when None), best first, one for each article of a law."""
        day = as_of or datetime.now(BEIJING).date()
        best: dict[tuple[str, str], list[Ranked]] = {}
        for item in self._ranked(question, day):
            passage = item.passage
            if passage.document not in self.shelf.held:
                continue
            key = (self.shelf.same(passage.document), article_of(passage.article))
            if key in best or len(best) < k:
                best.setdefault(key, []).append(item)
        return [self._folded(copies) for copies in best.values()]

    def documents(self, question: str, k: int = 5, as_of: date | None = None) -> list[Result]:
        """The `k` best documents, each shown by its best provision."""
        ranked = [
            item
            for item in self._ranked(question, as_of or datetime.now(BEIJING).date(), whole_documents=True)
            if item.passage.document in self.shelf.held
        ]
        asked = {term: kind for term, kind in terms(question).items() if not kind.why}
        scores = documents(ranked, weight(self.candidates, asked))
        shown: dict[str, Ranked] = {}
        for item in ranked:
            shown.setdefault(item.passage.document, item)
        best = sorted(shown, key=lambda name: (-scores[name], name))[:k]
        return [self._result(shown[name]).model_copy(update={"score": round(scores[name], 4)}) for name in best]

    def _ranked(self, question: str, day: date, *, whole_documents: bool = False) -> list[Ranked]:
        asked = terms(question)
        if not asked:
            return []
        own = [term for term, (_, why) in asked.items() if not why]
        titles = self.shelf.titles(own, (term for term, kind in asked.items() if kind.why))
        rough = {term: kind.weight for term, kind in asked.items()}
        dead = self.shelf.dead(day)
        near = self._near(question)
        pieces = self.candidates.find(rough, dict.fromkeys((t for t in own if len(t) > 1), TITLE_CANDIDATES), LOOKED_AT, dead)
        known = {piece.provision for piece in pieces}
        living = [name for name in self.shelf.named(question) if name not in dead]
        pieces += [piece for piece in self.candidates.articles(living, asked_articles(question)) if piece.provision not in known]
        if near:
            known = {piece.provision for piece in pieces}
            closest = sorted(near, key=lambda name: -near[name])[:MEANING_CANDIDATES]
            gone = set(dead)
            pieces += [piece for piece in self.candidates.of([name for name in closest if name not in known]) if piece.document not in gone]
        alive = [piece for piece in pieces if covers(_own_span(piece), day)]
        ranked = by_words(alive, asked, weight(self.candidates, asked), USUAL_LENGTH)
        _explain_words(ranked, asked)
        ranked = with_documents(ranked, titles)
        for item in ranked:
            if titles.get(item.passage.document, 0) > 0.2:
                item.why.append("标题相符")
            if self.shelf.undated(item.passage.document):
                item.score -= UNDATED
                item.why.append("本文本未注明日期，另有注明日期的文本")
        by_sentences(ranked, asked, weight(self.candidates, asked), intents(question))
        if not whole_documents:
            self._authority(ranked, question)
        self._places(ranked, question, whole_documents=whole_documents)
        self._grades(ranked, question)
        self._meaning(ranked, near)
        self._named(ranked, question)
        self._neighbours(ranked)
        return sorted(ranked, key=lambda item: (-item.score, item.passage.provision))

    def _near(self, question: str) -> Mapping[str, float]:
        """Provision -> closeness in meaning, 0 for an average one and 1 for the closest; empty without vectors."""
        if self.embedder is None or self.vectors is None or not len(self.vectors.ids):
            return {}
        try:
            asked = self.embedder.question(question[:600])
        except Unreachable:
            # Words alone still answer; the page shows that no reason names the meaning.
            return {}
        close = self.vectors.rows @ asked
        mean, best = float(close.mean()), float(close.max())
        scaled = (close - mean) / max(best - mean, 1e-6)
        return dict(zip(self.vectors.ids, scaled.tolist(), strict=True))

    def _meaning(self, ranked: list[Ranked], near: Mapping[str, float]) -> None:
        for item in ranked:
            closeness = near.get(item.passage.provision, 0.0)
            item.score += MEANING * closeness
            if closeness > 0.7:
                item.why.append("意思相近")

    def _authority(self, ranked: list[Ranked], question: str) -> None:
        """With an equal match a law goes before a rule, and the general law before one made for what the question does not mention."""
        asked = plain(question) + " ".join(term for term, kind in terms(question).items() if kind.why)
        unasked: list[float] = []
        for item in ranked:
            held = self.shelf.held.get(item.passage.document)
            words = self._special(held.document) if held else []
            # A word of the title makes the article special where the article itself speaks of it: 海上, but not 民法典.
            touched = any(pair in asked for pair, _ in words)
            unasked.append(0.0 if touched else sum(value for pair, value in words if pair in item.passage.plain))
            if held:
                local = held.document.region not in WHOLE_COUNTRY
                item.score += AUTHORITY * STANDING.get(held.document.level, 0.0) * (LOCAL if local else 1.0)
        general = max((item.coverage for item, special_words in zip(ranked, unasked, strict=True) if not special_words), default=0.0)
        for item, special_words in zip(ranked, unasked, strict=True):
            if general >= EQUAL * item.coverage:
                item.score -= min(SPECIAL * special_words, SPECIAL_AT_MOST)

    def _special(self, document: Document) -> list[tuple[str, float]]:
        if document.level not in SPECIAL_LEVELS:
            return []
        if document.id not in self.special:
            title = COMMON_TITLE_WORDS.sub("", document.title).removeprefix(document.region)
            self.special[document.id] = special(short_name(title), self.candidates)
        return self.special[document.id]

    def where(self, question: str) -> Asked:
        """Whose rules the question asks for."""
        return asked(question, self.shelf.regions, self.home)

    def _places(self, ranked: list[Ranked], question: str, *, whole_documents: bool) -> None:
        where = self.where(question)
        if whole_documents and not where.places and not where.national:
            # Who looks for a plan and names no place wants any place's plan; who asks for a rule wants one that holds.
            return
        for item in ranked:
            region = self.shelf.held[item.passage.document].document.region if item.passage.document in self.shelf.held else ""
            suits = where.suits(region)
            item.score += PLACE * suits
            if suits > 0:
                item.why.append(f"地区相符：{region}")
            elif suits < 0:
                item.why.append(f"{region}的规定，在其他地区不适用")

    def _grades(self, ranked: list[Ranked], question: str) -> None:
        wanted = grades(plain(question))
        if not wanted:
            return
        for item in ranked:
            held = grades(item.passage.plain)
            if held & wanted:
                item.score += GRADE
                item.why.append("级别相符：" + "、".join(sorted(held & wanted)))
            elif held:
                item.score -= GRADE

    def _named(self, ranked: list[Ranked], question: str) -> None:
        named, articles = self.shelf.named(question), asked_articles(question)
        stems = self.shelf.stems_in(question)
        for item in ranked:
            if item.passage.document in stems and item.passage.document not in named:
                item.score += STEM
                item.why.insert(0, f"问题说的是“{stems[item.passage.document]}”")
            name = named.get(item.passage.document)
            if name:
                item.score += NAMED
                item.why.insert(0, f"问题点名《{name}》")
                if item.passage.article in articles:
                    item.score += ARTICLE_NAMED
                    item.why.insert(0, f"问题点名{item.passage.article}")

    def _neighbours(self, ranked: list[Ranked]) -> None:
        ranked.sort(key=lambda item: (-item.score, item.passage.provision))
        here: dict[str, Ranked] = {}
        for item in reversed(ranked):
            here[item.passage.provision] = item
        for source in ranked[:NEIGHBOURS_OF]:
            name, gain = source.passage.provision, NEIGHBOUR * source.score
            for target, how in [(t, "引用") for t in self.shelf.cites.get(name, ())] + [
                (t, "被引用") for t in self.shelf.cited_by.get(name, ())
            ]:
                other = here.get(target)
                if other and other is not source:
                    other.score += gain
                    reason = "被" if how == "引用" else "引用了"
                    other.why.append(f"{reason}{self._cite(source.passage)}" + ("引用" if how == "引用" else ""))

    def _cite(self, passage: Passage) -> str:
        held = self.shelf.held.get(passage.document)
        return f"《{held.document.title}》{passage.article}" if held else passage.article

    def _folded(self, copies: Sequence[Ranked]) -> Result:
        """One result for all copies of an article: the wording before our summary, the dated text before the undated."""

        def standing(item: Ranked) -> tuple[bool, bool, int]:
            document = self.shelf.held[item.passage.document].document
            return document.own_words, self.shelf.undated(document.id) or not self.shelf.span(document.id)[0], copies.index(item)

        # An undated text may be of a version with other numbers: only what says the same can stand for what was found.
        best = copies[0]
        same = [item for item in copies if item.passage.provision == best.passage.provision or self._alike(best, item)]
        kept = min(same, key=standing)
        for document in {item.passage.document: self.shelf.held[item.passage.document].document for item in same}.values():
            if document.id != kept.passage.document:
                kept.why.append("库中另有本条的摘要" if document.own_words else "库中另有本条的相同文本")
        # The article stands where its best copy stood.
        kept.score, kept.coverage = copies[0].score, max(item.coverage for item in same)
        return self._result(kept)

    def _alike(self, one: Ranked, other: Ranked) -> bool:
        """Whether two texts of an article say the same: most of the pairs of characters of the shorter, fewer where one is a summary."""
        pairs = [{term for term in grams(item.passage.plain) if len(term) > 1} for item in (one, other)]
        summary = any(self.shelf.held[item.passage.document].document.own_words for item in (one, other))
        shorter = max(min(map(len, pairs)), 1)
        return len(pairs[0] & pairs[1]) / shorter >= (ALIKE_SUMMARY if summary else ALIKE)

    def _result(self, item: Ranked) -> Result:
        passage = item.passage
        document = self.shelf.held[passage.document].document
        begins, ends = self.shelf.span(passage.document)
        own_begin, own_end = _own_span(passage)
        begins, ends = own_begin or begins, min((day for day in (own_end, ends) if day), default=None)
        today = datetime.now(BEIJING).date()
        if passage.unverified:
            item.why.append("原文未核实")
        return Result(
            id=passage.provision,
            document=document.title,
            document_id=document.id,
            article=passage.article,
            file=document.file,
            heading=passage.heading,
            about=passage.plain.partition("\n")[0],
            text=passage.text,
            says=passage.says,
            own_words=document.own_words,
            verified=not passage.unverified,
            in_force=covers((begins, ends), today),
            begins=begins,
            ends=ends,
            score=round(item.score, 4),
            coverage=round(item.coverage, 4),
            why=tuple(dict.fromkeys(item.why)) or ("文字相近",),
        )

    def _write(
        self,
        changed: Sequence[Held],
        removed: Sequence[str],
        texts: Mapping[str, Sequence[Provision]],
        said: Mapping[str, Sequence[Fact]],
        progress: Callable[[int], None] | None,
    ) -> None:
        if not changed and not removed:
            return

        def pieces() -> Iterable[tuple[str, str, list[Passage]]]:
            for held in changed:
                facts: dict[str, list[Fact]] = defaultdict(list)
                for fact in said.get(held.document.id, ()):
                    facts[fact.provision].append(fact)
                yield held.document.id, held.document.title, list(passages(held.document, texts[held.document.id], facts))
                if progress:
                    progress(1)

        # The shelf second: if we stop between the two, the digests do not match and the document is indexed again.
        self.special.clear()
        self.lexical.update(pieces(), removed)
        self.shelf.put(changed, removed)


def _own_span(passage: Passage) -> tuple[date | None, date | None]:
    return _day(passage.in_force), _day(passage.repealed)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _explain_words(ranked: Sequence[Ranked], asked: Mapping[str, Term]) -> None:
    for item in ranked:
        words = _joined(item.matched)
        if words:
            item.why.append("含：" + "、".join(words[:6]))
        for reason in dict.fromkeys(item.added):
            item.why.append(f"日常说法：{reason}")


def _joined(pairs: Sequence[str]) -> list[str]:
    """Pairs of characters put together again where they overlap: 上报, 报时, 时限 -> 上报时限; longest first."""
    words: list[str] = []
    for pair in pairs:
        if words and words[-1][-1] == pair[0] and len(pair) == 2:
            words[-1] += pair[1]
        else:
            words.append(pair)
    return sorted(dict.fromkeys(words), key=len, reverse=True)

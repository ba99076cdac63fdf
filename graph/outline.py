"""Paragraphs as an outline: what is a heading, what is an article, what belongs to which, and where the annexes begin.

Laws count their articles, so an article is believed when its number follows; the same words at the start of a line in running
text (依照 … 第十二条的规定) are not one. Plans and reports count in points (4.2.1) or characters (一、 （二）); the table of contents
they begin with is not read twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from graph.numerals import NUMERAL, number
from graph.texts import Paragraph

LONGEST_HEADING = 60
"""Characters; a longer line is text, whatever number it begins with."""

LONGEST_ANNEX = 6_000
"""Characters after the last article that are still read as its annexes; more is another document."""

_ARTICLE = re.compile(rf"第({NUMERAL}|\d{{1,4}})条((?:之{NUMERAL})?)([\s\u3000]*)(.*)", re.DOTALL)
_RUNNING_ON = re.compile(
    r"的|第|规定|所|中(?!华|国|央|小)|至|、|，|。|；|和|或|与|及(?!时)|到|[-—～）)]|修改|增加|删去|作为|款|项|以外|之外|$"
)
_RUNNING_ON_SPACED = re.compile(r"的|规定[的，；。]|所[列称规]|第[零一二三四五六七八九十]+[款项]|[、，。；）)]|$")
_CHAPTER = re.compile(rf"第({NUMERAL}|\d{{1,2}})(分编|编|部分|章|节)[\s\u3000]*(.*)")
_CHARACTERS = re.compile(r"([一二三四五六七八九十]{1,3})、\s*(.*)", re.DOTALL)
_BRACKETED = re.compile(r"[（(]\s*([一二三四五六七八九十]{1,3})\s*[）)]\s*(.*)", re.DOTALL)
_POINTS = re.compile(
    r"(\d{1,2}(?:\s?[.．]\s?\d{1,2}){0,4})(?:[.．、]|\s|(?=[^\d\s.．、%％年月日时分元人万亿吨米个户间名处℃～~:：/-]))\s*(.*)", re.DOTALL
)
_ANNEX = re.compile(r"附\s*(?:件|录|表|图|注)\s*[一二三四五六七八九十\dA-Z]*\s*(?:[：:、.（(]|\s|$)|附[：:]|附$")
_LEADER = re.compile(r"(?:[.…·．]\s*){2,}\s*[-—]?\s*[\divxIVX]*\s*[-—]?$|…")
_CONTENTS = re.compile(r"目\s*[录次]$|CONTENTS$", re.IGNORECASE)
_BOOK = re.compile(r"^[^（(\d一二三四五六七八九十第].{4,40}(?:预案|办法|规定|条例|细则|通知|意见|决定|规划|公报)$")
"""Title of a further document in the same file."""
_RANK = {"编": 0, "分编": 1, "部分": 1, "章": 2, "节": 3}

Kind = Literal["article", "section", "annex", "preamble"]


@dataclass
class Section:
    """The smallest piece that is cited by a name of its own, with what it stands under."""

    cite: str
    headings: tuple[str, ...]
    kind: Kind
    paragraphs: list[Paragraph] = field(default_factory=list)


def sections(paragraphs: Sequence[Paragraph]) -> list[Section]:
    """The citable pieces in order. Pieces without words are left out, but their titles stay in the headings of what follows."""
    body = [p for p in paragraphs if not p.history]
    if _counts_articles(body):
        return list(_articles(body))
    return list(_outlined(_without_contents(body)))


# -- articles -----------------------------------------------------------------------------------------------------------------


def _counts_articles(body: Iterable[Paragraph]) -> bool:
    found = [match for p in body if not p.cells and (match := _ARTICLE.match(p.text)) and not _RUNNING_ON.match(match[4] or "$")]
    pointed = sum(1 for p in body if re.match(r"\d{1,2}\.\d{1,2}", p.text))
    return (len(found) >= 2 and len(found) * 2 > pointed) or (len(found) == 1 and pointed == 0 and bool(found[0][3]))


def article_starts(body: Sequence[Paragraph]) -> dict[int, tuple[str, str]]:
    """Position of every paragraph that begins an article, with its name (第十二条之一) and the words after it."""
    starts: dict[int, tuple[str, str]] = {}
    seen: set[tuple[int, int]] = set()
    last = (0, 0)
    for position, paragraph in enumerate(body):
        found = None if paragraph.cells else _ARTICLE.match(paragraph.text)
        if found is None:
            continue
        this = (number(found[1]), number(found[2][1:]) if found[2] else 0)
        words = found[4]
        spaced = bool(found[3]) or not words
        if words and (_RUNNING_ON_SPACED if spaced else _RUNNING_ON).match(words):
            continue
        if this == (1, 0):
            seen.clear()
        follows = this == (last[0] + 1, 0) or (this[0] == last[0] and this[1] == last[1] + 1) or this == (1, 0)
        # A file may hold only some of a law's articles, in any order; then only the space after the number tells one from running text.
        if follows or (spaced and this not in seen):
            starts[position] = (f"第{found[1]}条{found[2]}", words)
            seen.add(this)
            last = this
    return starts


def _articles(body: Sequence[Paragraph]) -> Iterator[Section]:
    starts = article_starts(body)
    last_start = max(starts, default=-1)
    chapters: dict[int, str] = {}
    free = ""
    current: Section | None = None
    preamble = Section("序言", (), "preamble")
    skip_to = 0
    for position, paragraph in enumerate(body):
        if position < skip_to:
            continue
        if current and position < last_start and _free_heading(paragraph) and (between := _another_document(body, starts, position)):
            # A gazette: a document without articles stands between two that count theirs.
            yield from _if_worded(current)
            yield from _outlined(_without_contents(body[position:between]))
            current, chapters, free, skip_to = None, {}, "", between
            continue
        if position in starts:
            yield from _if_worded(current)
            name, words = starts[position]
            headings = tuple(chapters[rank] for rank in sorted(chapters)) + ((free,) if free else ())
            current = Section(name, headings, "article", [Paragraph(words)] if words else [])
            if preamble.paragraphs:
                yield preamble
                preamble = Section("序言", (), "preamble")
            continue
        chapter = _chapter(paragraph)
        if chapter and position < last_start:
            rank, title = chapter
            chapters = {level: name for level, name in chapters.items() if level < rank} | {rank: title}
            free = ""
        elif position > last_start and current and current.kind == "article" and _begins_annex(paragraph):
            yield from _if_worded(current)
            if sum(len(p.text) for p in body[position:]) > LONGEST_ANNEX:
                # A gazette: further documents in one file, with an outline of their own.
                yield from _outlined(_without_contents(body[position:]))
                return
            current = Section(
                "附件" if not _ANNEX.match(paragraph.text) else _annex_name(paragraph.text),
                (paragraph.text[:LONGEST_HEADING],),
                "annex",
                [paragraph],
            )
        elif (
            position > last_start
            and current
            and current.kind == "annex"
            and _ANNEX.match(paragraph.text)
            and len(paragraph.text) <= LONGEST_HEADING
        ):
            yield current
            current = Section(_annex_name(paragraph.text), (paragraph.text,), "annex", [])
        elif current is None:
            if _is_prose(paragraph):
                preamble.paragraphs.append(paragraph)
        elif position < last_start and paragraph.heading and _free_heading(paragraph) and not _BRACKETED.match(paragraph.text):
            free = paragraph.text
            if _ANNEX.match(paragraph.text) or re.search(r"(?:法|条例|规定|办法|决定|细则)$", paragraph.text):
                chapters = {}
        elif _ARTICLE.match(paragraph.text) and current.paragraphs and not re.search(r"[。；：]$", current.paragraphs[-1].text):
            current.paragraphs[-1] = Paragraph(current.paragraphs[-1].text + paragraph.text)
        else:
            current.paragraphs.append(paragraph)
    yield from _if_worded(current)


def _another_document(body: Sequence[Paragraph], starts: dict[int, tuple[str, str]], position: int) -> int:
    """Where the document that this heading begins ends, when the next article counts from one again and much stands before it; else 0."""
    following = min((start for start in starts if start > position), default=0)
    if not following or starts[following][0] not in {"第一条", "第1条"}:
        return 0
    end = following
    while end > position + 1 and (_CHAPTER.match(body[end - 1].text) or _BOOK.search(body[end - 1].text)):
        end -= 1
    return end if sum(len(p.text) for p in body[position:end]) > LONGEST_ANNEX else 0


def _if_worded(section: Section | None) -> Iterator[Section]:
    if section and (section.paragraphs or section.kind == "article"):
        yield section


def _chapter(paragraph: Paragraph) -> tuple[int, str] | None:
    found = None if paragraph.cells else _CHAPTER.match(paragraph.text)
    if (
        found
        and len(paragraph.text) <= LONGEST_HEADING
        and not re.search(r"[。；，：]$", paragraph.text)
        and not re.match(r"的|规定|、|第", found[3])
    ):
        return _RANK[found[2]], _LEADER.sub("", f"第{found[1]}{found[2]} {found[3]}".strip()).strip()
    if paragraph.heading and (found := _CHARACTERS.match(paragraph.text)):
        return 3, paragraph.text
    if re.fullmatch(r"附\s*则|总\s*则|罚\s*则", paragraph.text):
        return 2, re.sub(r"\s", "", paragraph.text)
    return None


def _begins_annex(paragraph: Paragraph) -> bool:
    short = len(paragraph.text) <= LONGEST_HEADING
    return (
        bool(paragraph.cells)
        or (short and bool(_ANNEX.match(paragraph.text)))
        or (paragraph.heading > 0 and short and not _CHAPTER.match(paragraph.text))
    )


def _annex_name(words: str) -> str:
    found = re.match(r"附\s*(件|录|表|图|注)?\s*([一二三四五六七八九十\dA-Z]*)", words)
    return f"附{(found[1] if found else None) or '件'}{found[2] if found else ''}"


def _is_prose(paragraph: Paragraph) -> bool:
    words = paragraph.text
    return len(words) > 20 and words.endswith("。") and not words.startswith(("（", "(")) and not _CHAPTER.match(words)


# -- plans and reports --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Mark:
    """A heading's number: how it is written, how deep, and its title and run-in text."""

    style: str
    depth: int
    cite: str
    title: str
    words: str


def _outlined(body: Sequence[Paragraph]) -> Iterator[Section]:
    pointed = sum(1 for p in body if re.match(r"\d{1,2}\.\d{1,2}", p.text)) >= 3
    stack: list[_Mark] = []
    free = book = ""
    current = Section("", (), "section")
    unnamed = 0
    for paragraph in body:
        mark = None if paragraph.cells else _mark(paragraph, pointed)
        if mark is None and not _free_heading(paragraph):
            current.paragraphs.append(paragraph)
            continue
        if current.paragraphs:
            unnamed += not current.cite
            yield _named(current, unnamed)
        if mark is None:
            free = paragraph.text
            if stack and paragraph.heading and _BOOK.search(free):
                stack, book, free = [], free, ""
            elif _ANNEX.match(free):
                stack = []
        else:
            free = "" if mark.depth <= 2 else free
            stack = [*_under(stack, mark), mark]
        headings = ((book,) if book else ()) + tuple(f"{m.cite} {m.title}".strip() for m in stack) + ((free,) if free else ())
        current = Section(_cite(stack, free), headings, "section", [Paragraph(mark.words)] if mark and mark.words else [])
    if current.paragraphs:
        yield _named(current, unnamed + (not current.cite))


def _named(section: Section, unnamed: int) -> Section:
    section.cite = section.cite or f"第{unnamed}段"
    return section


def _mark(paragraph: Paragraph, pointed: bool) -> _Mark | None:
    words = paragraph.text
    chapter = _chapter(Paragraph(words)) if _CHAPTER.match(words) else None
    if chapter:
        number_, _, title = chapter[1].partition(" ")
        return _Mark(f"章{chapter[0]}", chapter[0] - 4, number_, title, "")
    found = _POINTS.match(words)
    if found and (pointed or paragraph.heading):
        cite = re.sub(r"\s", "", found[1]).replace("．", ".")
        depth = cite.count(".") + 1
        plausible = number(cite.split(".")[0]) <= 30 and (depth > 1 or paragraph.heading or len(words) <= 20)
        if plausible and (depth > 1 or (pointed and not re.search(r"[。；，：]$", words) and len(words) <= 30)):
            title, rest = _title(found[2], paragraph.heading)
            return _Mark("点", depth, cite, title, rest)
    if not pointed or paragraph.heading:
        if found := _CHARACTERS.match(words):
            title, rest = _title(found[2], paragraph.heading)
            return _Mark("一、", 1, found[1], title, rest)
        if found := _BRACKETED.match(words):
            title, rest = _title(found[2], paragraph.heading)
            return _Mark("（一）", 2, f"（{found[1]}）", title, rest)
    return None


def _title(words: str, heading: int) -> tuple[str, str]:
    """Title and run-in text: a short first sentence before more text is the title; a long line without one is all text."""
    words = _LEADER.sub("", words).strip()
    if len(words) <= LONGEST_HEADING and (heading or not re.search(r"[。；，]$", words)):
        return words.rstrip("。"), ""
    first = re.match(r"[^。；，：\n]{2,40}[。：]", words)
    return (first[0][:-1], words[first.end() :].strip()) if first and words[first.end() :].strip() else ("", words)


def _under(stack: list[_Mark], mark: _Mark) -> list[_Mark]:
    """What of the stack the new heading stands under: same style and depth or deeper goes; a new style goes below what is there."""
    for position, above in enumerate(stack):
        if above.style == mark.style and above.depth >= mark.depth:
            return stack[:position]
        if mark.style == "一、" and above.style in {"（一）"}:
            return stack[:position]
        if mark.style.startswith("章") and (above.depth >= mark.depth):
            return stack[:position]
    return stack


def _cite(stack: list[_Mark], free: str) -> str:
    if not stack:
        return f"“{free}”" if free else ""
    last = stack[-1]
    if last.style == "点":
        return last.cite
    return "".join(m.cite for m in stack if m.style == last.style or m.style != "点")


def _free_heading(paragraph: Paragraph) -> bool:
    words = paragraph.text
    if paragraph.cells or not words:
        return False
    short = len(words) <= LONGEST_HEADING and not re.search(r"[。；，：、]$", words)
    return short and (paragraph.heading > 0 or bool(_ANNEX.match(words)))


def _without_contents(body: Sequence[Paragraph]) -> list[Paragraph]:
    """The body without its table of contents: titles that come again, or end in dots and a page, between 目录 and the first prose."""
    kept: list[Paragraph] = []
    held: list[Paragraph] | None = None
    for paragraph in body:
        if _CONTENTS.match(paragraph.text.lstrip("# ")) and len(paragraph.text) < 12:
            held = []
        elif held is None:
            kept.append(paragraph)
        elif re.search(r"[。；]", paragraph.text) and len(paragraph.text) > 25 and not _LEADER.search(paragraph.text):
            kept += [*_first_titles(held), paragraph]
            held = None
        else:
            held.append(paragraph)
    kept += held or []
    seen: dict[str, int] = {}
    for position, paragraph in enumerate(kept):
        seen[_squeezed(paragraph.text)] = position
    return [p for n, p in enumerate(kept) if p.cells or not _listed(kept, n, seen)]


def _listed(kept: Sequence[Paragraph], position: int, seen: dict[str, int]) -> bool:
    """A title that has no text of its own here and comes again later, or one that ends in dots."""
    words = kept[position].text
    if len(words) > LONGEST_HEADING:
        return bool(re.search(r"(?:[.…．]\s*){4,}", words)) and not re.search("。", words)
    if _LEADER.search(words) and not re.search("[。；，]", words):
        return True
    numbered = bool(_POINTS.match(words) or _CHARACTERS.match(words) or _BRACKETED.match(words) or _CHAPTER.match(words))
    return numbered and seen[_squeezed(words)] > position and position < len(kept) * 0.3


def _first_titles(held: list[Paragraph]) -> list[Paragraph]:
    """Of the lines held back as contents, those that already belong to the text: from the last first title on."""
    for position in range(len(held) - 1, -1, -1):
        if re.match(r"(?:1(?:[.．、\s]|$)(?!\d)|1[^\d.．]|一、|第一[章部]|前\s*言|引\s*言|总\s*则)", held[position].text):
            return held[position:]
    tail = len(held)
    while tail and held[tail - 1].heading and not _LEADER.search(held[tail - 1].text):
        tail -= 1
    return held[tail:]


def _squeezed(words: str) -> str:
    return re.sub(r"[\s.…．·、\d]*$|\s", "", _LEADER.sub("", words))

"""A text as a document of the library and its citable provisions: 编, 章, 节 → 条 → 款 → 项, or the numbered points of a plan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from graph.metadata import described
from graph.numerals import chinese, number
from graph.outline import Section, sections
from graph.texts import Paragraph, Text
from models.domain import Document, Part, Provision, digest

LONGEST_PROVISION = 4_000
"""Characters; a longer point of a plan is cut between paragraphs, and the later pieces are cited as 续."""

_ITEM = re.compile(r"[（(]+\s*([一二三四五六七八九十]{1,3})\s*[）)]|([一二三四五六七八九十]{1,3})、")
_POINT = re.compile(r"[（(]\s*(\d{1,2})\s*[）)]|(\d{1,2})\s*[.．、](?!\d)|([①-⑳])")
_INLINE_ITEM = re.compile(r"(?<=[；。;:：])\s*(?=[（(]\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*[）)])")


def document_id(lineage: str, version_date: date | None, sha256: str) -> str:
    """The same for the same version of the same law, whoever imports it from whichever file."""
    return "lib-" + digest([lineage, version_date.isoformat() if version_date else sha256])[:20]


def parse(text: Text, sha256: str) -> tuple[Document, tuple[Provision, ...]]:
    """The document and its provisions in order; the texts are its own words."""
    table_of_cases = _cases(text)
    pieces = table_of_cases or sections(text.paragraphs)
    told = described(text, pieces)
    if table_of_cases:
        told["level"] = "plan" if "预案" in told["title"] else "case_table"
    id = document_id(told["lineage"], told["version_date"], sha256)
    document = Document(
        id=id, reference=f"导入文件：{text.name}", file=text.name, sha256=sha256, own_words=False,
        **told,
    )  # fmt: skip
    provisions: list[Provision] = []
    for section in pieces:
        for cite, paragraphs in _cut(section):
            provisions.append(_provision(document, len(provisions) + 1, cite, section, paragraphs))
    return document, tuple(provisions)


def _provision(document: Document, order: int, cite: str, section: Section, paragraphs: Sequence[Paragraph]) -> Provision:
    split = document.level in {"plan", "report", "other", "statistics"} and section.kind != "article"
    lines = [line for p in paragraphs for line in ([p.text] if p.cells or not split else _INLINE_ITEM.split(p.text)) if line]
    tables = {p.text for p in paragraphs if p.cells}
    text = "\n".join(lines)
    return Provision(
        id=f"{document.id}-{order}", document=document.id, article=cite, text=text, source=document.reference, verified=True,
        in_force=document.in_force, heading=" / ".join(section.headings), order=order, parts=tuple(_parts(cite, lines, tables, section.kind == "article")),
    )  # fmt: skip


def _cut(section: Section) -> list[tuple[str, list[Paragraph]]]:
    if section.kind == "article" or sum(len(p.text) for p in section.paragraphs) <= LONGEST_PROVISION:
        return [(section.cite, section.paragraphs)]
    pieces: list[list[Paragraph]] = [[]]
    for paragraph in section.paragraphs:
        if pieces[-1] and sum(len(p.text) for p in pieces[-1]) + len(paragraph.text) > LONGEST_PROVISION:
            pieces.append([])
        pieces[-1].append(paragraph)
    return [(section.cite + (f"（续{n}）" if n else ""), piece) for n, piece in enumerate(pieces)]


def _parts(cite: str, lines: Sequence[str], tables: set[str], article: bool) -> list[Part]:
    """款 and 项 with where they stand; a single 款 without 项 is the article itself and gets no part."""
    spans, start = [], 0
    for line in lines:
        spans.append((start, start + len(line), line))
        start += len(line) + 1
    kinds = [
        "table" if line in tables else "item" if _ITEM.match(line) and (article or n) else "point" if _POINT.match(line) else "paragraph"
        for n, line in enumerate(lines)
    ]
    several = kinds.count("paragraph") > 1
    if not several and not {"item", "point"} & set(kinds):
        return []
    parts: list[Part] = []
    paragraph = item = 0
    current = ""
    for (begin, end, line), kind in zip(spans, kinds, strict=True):
        if kind == "table":
            continue
        if kind == "paragraph":
            paragraph += 1
            item = 0
            current = f"{cite}第{chinese(paragraph) if article else paragraph}{'款' if article else '段'}" if several else cite
            # A 款 reaches over its 项.
            until = next(
                (spans[n - 1][1] for n in range(spans.index((begin, end, line)) + 1, len(spans)) if kinds[n] == "paragraph"), spans[-1][1]
            )
            if several:
                parts.append(Part(cite=current, text="\n".join(lines)[begin:until], start=begin, end=until))
        else:
            mark = (_ITEM if kind == "item" else _POINT).match(line)
            label = next((group for group in (mark.groups() if mark else ()) if group), "")
            above = current or cite
            if kind == "item":
                item = number(label)
                name = f"{above}第（{label}）项" if article else f"{above}（{label}）"
            else:
                name = f"{above}第（{chinese(item)}）项第{label}目" if item and article else f"{above}（{label}）"
            parts.append(Part(cite=name, text=line, start=begin, end=end))
    return parts


# -- tables of cases ----------------------------------------------------------------------------------------------------------


def _cases(text: Text) -> list[Section]:
    """Cases kept in tables: one table of label and text a case, under its title, or one row a case under a row of titles."""
    rows = [p for p in text.paragraphs if p.cells]
    if text.media not in {"docx", "xlsx", "html"} or len(rows) * 2 <= len(text.paragraphs):
        return []
    found: list[Section] = []
    title = ""
    header: tuple[str, ...] = ()
    for position, paragraph in enumerate(text.paragraphs):
        cells = [cell.strip() for cell in paragraph.cells]
        if not cells:
            title = paragraph.text
            header = ()
            continue
        begins = position == 0 or text.paragraphs[position - 1].table != paragraph.table
        if begins:
            header = tuple(cells) if len([c for c in cells if c]) > 2 and all(len(c) <= 20 for c in cells) else ()
            if header:
                continue
        if header:
            name = cells[0] or title
            for label, cell in zip(header[1:], cells[1:], strict=False):
                if cell:
                    found.append(_case_piece(name, label, cell))
        elif len(cells) >= 2 and cells[0] and len(cells[0]) <= 20:
            words = "\n".join(c for c in cells[1:] if c)
            if words:
                found.append(_case_piece(title or UNTITLED, re.sub(r"\s", "", cells[0]), words))
    return found


UNTITLED = "案例"
"""Name of a case whose table stands under no title."""


def _case_piece(name: str, label: str, words: str) -> Section:
    short = re.split(r"[:：]", name)[0] if re.match(r"案例[一二三四五六七八九十\d]+[:：]", name) else name
    return Section(f"{short}·{label}", (name, label), "section", [Paragraph(line.strip()) for line in words.split("\n") if line.strip()])

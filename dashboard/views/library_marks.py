"""How a provision looks: badges of its standing, its text in 款 and 项 with words marked, and names safe to put on a button."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from dashboard import look
from dashboard.words import known, t
from models.domain import Document, Part, Provision

ITEM = re.compile(
    r"^\s*(?:[\uff08(][\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\d]{1,4}[\uff09)]|\d{1,3}[.\uff0e\u3001])"
)
"""How a 项 begins: a Chinese or Arabic numeral in brackets, or one before a stop."""


class Mark(NamedTuple):
    """Words of a provision that stand out."""

    start: int
    end: int
    kind: str
    """`fact`, `cite` or `chosen`."""


def plainly(text: str) -> str:
    """Foreign words for a label, where Streamlit would read Markdown: nothing in them may become a picture to fetch or a link."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~:$&])", r"\\\1", " ".join(text.split()))


def standing(begins: date | None, ends: date | None, day: date) -> str:
    """`coming`, `ended`, `current`, or `undated` when no day is known."""
    if ends is not None and ends <= day:
        return "ended"
    if begins is not None and begins > day:
        return "coming"
    return "current" if begins is not None else "undated"


STANDING_CHIPS = {"current": "good", "ended": "over", "coming": "soon", "undated": "unverified"}


def standing_chip(begins: date | None, ends: date | None, day: date) -> str:
    """Whether it is law on the day, in a word and a frame."""
    found = standing(begins, ends, day)
    return look.chip(t(f"library_standing.{found}"), STANDING_CHIPS[found])


def span(begins: date | None, ends: date | None) -> str:
    """First and last day as people read them; nothing when neither is known."""
    if begins is None and ends is None:
        return ""
    first = begins.isoformat() if begins else t("library_standing.unknown_day")
    return t("library_standing.until", begins=first, ends=ends.isoformat()) if ends else t("library_standing.since", begins=first)


def origin_chips(document: Document, *, verified: bool) -> str:
    """Whose words these are, when they are not the law's own, and whether anyone saw them in a source."""
    own = look.chip(t("library_article.own_words"), "origin") if document.own_words else ""
    return own + ("" if verified else look.chip(t("common.unverified"), "unverified"))


def level_chip(document: Document) -> str:
    """Level of authority."""
    return look.chip(known("library_level", document.level), "grade")


def text_markup(provision: Provision, marks: Sequence[Mark]) -> str:
    """The text line by line, each 款 and 项 under its own cite; unverified text in a dashed frame."""
    lines, start = [], 0
    for line in provision.text.split("\n"):
        end = start + len(line)
        words = _marked(provision.text, start, end, marks)
        item = " anlan-law-item" if ITEM.match(line) else ""
        lines.append(
            f'<p class="anlan-law-line{item}"><span class="anlan-law-cite">{look.escaped(_cite(provision, start))}</span>{words}</p>'
        )
        start = end + 1
    return f'<div class="anlan-law{"" if provision.verified else " anlan-law-unverified"}">{"".join(lines)}</div>'


def _cite(provision: Provision, start: int) -> str:
    here = [part for part in provision.parts if part.start == start]
    smallest: Part | None = min(here, key=lambda part: part.end - part.start, default=None)
    return smallest.cite.removeprefix(provision.article) if smallest else ""


def _marked(text: str, start: int, end: int, marks: Sequence[Mark]) -> str:
    here = [mark for mark in marks if mark.start < end and mark.end > start]
    edges = sorted({start, end, *(max(mark.start, start) for mark in here), *(min(mark.end, end) for mark in here)})
    pieces = []
    for left, right in pairwise(edges):
        kinds = sorted({mark.kind for mark in here if mark.start <= left and mark.end >= right})
        words = look.escaped(text[left:right])
        pieces.append(f'<mark class="{" ".join(f"anlan-mark-{kind}" for kind in kinds)}">{words}</mark>' if kinds else words)
    return "".join(pieces)

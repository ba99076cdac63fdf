"""A picture of what stands around one article: what points at it on the left, what it points at on the right.

An SVG drawn as an image: the browser runs nothing in it and fetches nothing for it. The same graph gives the same picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dashboard.look import escaped
from graph.store import Neighbourhood

WIDTH, BOX, ROW, TALL = 960, 268, 46, 34
"""Pixels: the picture, a box, from one row to the next, a box's height."""

LONGEST = 15
"""Characters of a name that fit into a box."""

COLOURS = {
    "Provision": "#56b4e9",
    "Document": "#e69f00",
    "Law": "#cc79a7",
    "Fact": "#2f9e7b",
    "Topic": "#9db0c0",
    "Case": "#f0e442",
    "Report": "#d55e00",
    "Hazard": "#d55e00",
}
"""Frame of a box by what it is; the word in the box says the same."""

FONT = "'Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif"

Name = Callable[[str], str]


def drawing(around: Neighbourhood, centre: str, kind: Name, relation: Name) -> str:
    """The picture as SVG; `kind` and `relation` give the words for a label and for a relation."""
    coming = [(source, how) for source, how, target in around.relations if target == centre and source != centre]
    going = [(target, how) for source, how, target in around.relations if source == centre and target != centre]
    height = max(len(coming), len(going), 3) * ROW + 20
    middle = (WIDTH - BOX) // 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="{FONT}">'
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#9db0c0"/></marker></defs>'
    ]
    for column, others in ((0, coming), (WIDTH - BOX, going)):
        for top, (name, how) in zip(_rows(len(others), height), others, strict=True):
            parts += [_line(column, top, middle, height, relation(how)), _box(around, name, column, top, kind)]
    parts.append(_box(around, centre, middle, height // 2 - TALL // 2, kind, strong=True))
    return "".join([*parts, "</svg>"])


def _rows(count: int, height: int) -> Sequence[int]:
    first = (height - count * ROW) // 2 + (ROW - TALL) // 2
    return [first + n * ROW for n in range(count)]


def _line(column: int, top: int, middle: int, height: int, word: str) -> str:
    at_box, at_centre = (column + BOX, middle) if column == 0 else (column, middle + BOX)
    start, end = (
        ((at_box, top + TALL // 2), (at_centre, height // 2)) if column == 0 else ((at_centre, height // 2), (at_box, top + TALL // 2))
    )
    side, anchor = (at_box + 6, "start") if column == 0 else (at_box - 10, "end")
    return (
        f'<path d="M{start[0]} {start[1]}L{end[0]} {end[1]}" stroke="#5d7183" fill="none" marker-end="url(#a)"/>'
        f'<text x="{side}" y="{top + TALL // 2 - 5}" fill="#b8c6d2" font-size="12" text-anchor="{anchor}" paint-order="stroke" '
        f'stroke="#10161d" stroke-width="4">{escaped(word)}</text>'
    )


def _box(around: Neighbourhood, name: str, left: int, top: int, kind: Name, *, strong: bool = False) -> str:
    node = around.nodes[name]
    title = node.title if len(node.title) <= LONGEST else node.title[: LONGEST - 1] + "…"
    colour = COLOURS.get(node.label, "#9db0c0")
    return (
        f'<rect x="{left + 1}" y="{top}" width="{BOX - 2}" height="{TALL}" rx="4" fill="{"#26384a" if strong else "#17202a"}" stroke="{colour}" '
        f'stroke-width="{3 if strong else 1.5}"/><text x="{left + 10}" y="{top + 22}" font-size="14" fill="#dfe7ee">'
        f'<tspan fill="{colour}">{escaped(kind(node.label))}</tspan> {escaped(_drawable(title))}</text>'
    )


def _drawable(text: str) -> str:
    # A control character would make the whole picture unreadable as XML.
    return "".join(character if character.isprintable() else " " for character in text)

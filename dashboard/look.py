"""How things look: severity by shape and colour, exercise by colour, stripe and word, quotes marked in their text.

Everything here returns HTML in which every foreign word is escaped. Evidence is written by strangers; `escaped` is the only way
their words get in. Colours are the Okabe–Ito set (darkened for the light page), told apart by every kind of colour sight; the shape says the
same once more.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

from dashboard.reading import Row
from dashboard.words import ago, clock, countdown, figure, grades, hazard_name, impact_name, known, now, t
from models.domain import Deadline, Impact, Mode

STYLE = Path(__file__).with_name("static") / "anlan.css"
ICON = Path(__file__).with_name("static") / "icon.png"
"""A file of ours: Streamlit fetches its own page icons from the internet."""


@dataclass(frozen=True)
class Severity:
    """How serious, as drawn: the shape says what the colour says."""

    rank: int
    """0 most serious."""
    colour: str
    """Hex."""
    path: str
    """SVG shape in a box of 24 by 24."""


SHAPES: tuple[tuple[str, str], ...] = (
    ("#d55e00", '<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/>'),
    ("#e69f00", '<path d="M12 1l11 11-11 11L1 12z"/>'),
    ("#f0e442", '<path d="M12 2l11 20H1z"/>'),
    ("#56b4e9", '<path d="M3 3h18v18H3z"/>'),
    ("#cc79a7", '<path d="M12 2l10.5 7.6-4 12.4h-13l-4-12.4z"/>'),
    ("#aebac4", '<circle cx="12" cy="12" r="9"/>'),
)
"""Octagon, diamond, triangle, square for the four accident grades; pentagon for people harmed and no grade; circle for the rest."""

WITH_CASUALTIES, PLAIN = 4, 5


def severity(row: Row) -> Severity:
    """How serious an incident is drawn: by its accident grade, else by whether anyone is said to be harmed."""
    order = grades()
    ungraded = WITH_CASUALTIES if row.has_casualties else PLAIN
    rank = order.index(row.level) if row.level in order[:WITH_CASUALTIES] else ungraded
    return Severity(rank, *SHAPES[rank])


def severity_word(row: Row) -> str:
    """The same in words: the grade, or that there is none."""
    if row.level:
        return known("grade", row.level)
    return t("severity.casualties") if row.has_casualties else t("severity.none")


def escaped(text: object) -> str:
    """Foreign words made harmless in HTML."""
    return html.escape(str(text), quote=True)


def symbol(shape: Severity, *, size: int = 18, exercise: bool = False) -> str:
    """The severity shape, cut by the style sheet because the page's cleaning drops drawings; an exercise is hatched."""
    hatched = " anlan-shape-exercise" if exercise else ""
    look = f"width:{size}px;height:{size}px"
    return f'<span class="anlan-shape anlan-sev-{shape.rank} anlan-shape-{shape.rank}{hatched}" style="{look}" aria-hidden="true"></span>'


def style() -> None:
    """Bring in the style sheet, and say whether the page is dark or light, for what the browser draws outside it (lists, notes)."""
    st.html(STYLE)
    st.html(f"<style>:root {{ color-scheme: {theme()}; }}</style>")


def theme() -> Literal["light", "dark"]:
    """What this person's browser asks for or chose in the menu; dark until it has said."""
    return "light" if st.context.theme.type == "light" else "dark"


def show(markup: str, *, width: Literal["stretch", "content"] = "stretch") -> None:
    """Put HTML on the page; a second, independent cleaning happens in the browser."""
    st.html(markup, width=width)


def chip(words: str, kind: str = "plain") -> str:
    """A small label; `kind` is one of the style sheet's."""
    return f'<span class="anlan-chip anlan-{kind}">{escaped(words)}</span>'


def mode_chip(mode: Mode) -> str:
    """The word 演练 in its colour; nothing for the actual, which is the ordinary."""
    return chip(t("mode.exercise"), "exercise") if mode == "exercise" else ""


def due_chip(deadline: Deadline | None) -> str:
    """Time left on a duty; loud when overdue, dashed when its clause was not verified."""
    if deadline is None:
        return chip(t("deadline.none"))
    minutes = (deadline.due_at - now()).total_seconds() / 60
    kind = "over" if minutes < 0 else "soon" if minutes < 30 else "plain"
    return chip(countdown(deadline.due_at), kind) + ("" if deadline.verified else chip(t("common.unverified"), "unverified"))


def first_duty(row: Row) -> str:
    """The duty to watch: the earliest one, or, once a report is signed, the next that is not yet due. Being signed is not being sent."""
    if not row.is_reported:
        return due_chip(row.earliest)
    coming = [deadline for deadline in row.deadlines if deadline.due_at > now()]
    return chip(t("report.signed_out"), "good") + (due_chip(coming[0]) if coming else "")


def spread(impact: Impact) -> str:
    """A figure as low–best–high with its unit; one number when they agree."""
    if impact.best is None and impact.low is None and impact.high is None:
        return t("figures.unknown")
    if impact.low == impact.best == impact.high:
        return f"{figure(impact.best)} {impact.unit}"
    high = figure(impact.high) if impact.high is not None else t("figures.open")
    return f"{figure(impact.low)} – {figure(impact.best)} – {high} {impact.unit}"


def row_markup(row: Row, *, past: bool = False) -> str:
    """One incident in the list: shape, title, then grade, figures, first duty, standing and age on two dense lines.

    `past` leaves out everything that is so only now: what remains is that it had been heard of, and when.
    """
    incident = row.incident
    shape = severity(row)
    if past:
        return (
            f'<div class="anlan-row anlan-sev-{PLAIN}"><div class="anlan-row-head"><b>{escaped(incident.title)}</b>{mode_chip(incident.mode)}</div>'
            f'<div class="anlan-row-line anlan-dim">{chip(hazard_name(incident.hazard))}{escaped(clock(incident.first_evidence_at))}</div></div>'
        )
    harmed = " · ".join(
        f"{impact_name(i.type)} {figure(i.best if i.best is not None else i.high)}" for i in row.impacts if i.best or i.high
    )
    standing = chip(known("incident_status", incident.status))
    exercise = " anlan-row-exercise" if incident.mode == "exercise" else ""
    return (
        f'<div class="anlan-row anlan-sev-{shape.rank}{exercise}">'
        f'<div class="anlan-row-head">{symbol(shape, exercise=incident.mode == "exercise")}'
        f"<b>{escaped(incident.title)}</b>{mode_chip(incident.mode)}</div>"
        f'<div class="anlan-row-line">{chip(severity_word(row), "grade")}{chip(hazard_name(incident.hazard))}{standing}'
        f"{first_duty(row)}</div>"
        f'<div class="anlan-row-line anlan-dim">{escaped(clock(incident.first_evidence_at))} · {escaped(ago(incident.first_evidence_at))} · '
        f"{escaped(t('incident.evidence_count', count=incident.evidence_count))}{escaped(' · ' + harmed if harmed else '')}</div></div>"
    )


def marked(text: str, quotes: Iterable[str]) -> str:
    """Text with the quoted words marked; overlapping quotes are marked once."""
    spans: list[tuple[int, int]] = []
    for quote in sorted({q for q in quotes if q}, key=len, reverse=True):
        start = text.find(quote)
        if start >= 0 and not any(start < b and a < start + len(quote) for a, b in spans):
            spans.append((start, start + len(quote)))
    parts: list[str] = []
    end = 0
    for a, b in sorted(spans):
        parts += [escaped(text[end:a]), "<mark>", escaped(text[a:b]), "</mark>"]
        end = b
    return "".join([*parts, escaped(text[end:])])


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A dense table. Cells are HTML already: escape what is foreign before it comes here."""
    head = "".join(f"<th>{escaped(h)}</th>" for h in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in rows)
    return f'<table class="anlan-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def notice(words: str, kind: str) -> None:
    """A full-width line that cannot be overlooked: `exercise`, `void`, `changed` or `good`."""
    show(f'<div class="anlan-notice anlan-notice-{kind}" role="status">{escaped(words)}</div>')


def origin_label(origin: str) -> str:
    """Who wrote it, a rule set or a model; a model's text always says so."""
    return chip(t("origin.rules"), "origin") if origin == "rules" else chip(t("origin.model", model=origin), "ai")

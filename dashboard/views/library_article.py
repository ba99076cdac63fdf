"""One article opened: its words, what it says as facts, what it cites and what cites it, its versions, a picture of it all."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard import look
from dashboard.views import library_reading as shelf
from dashboard.views.library_marks import Mark, level_chip, origin_chips, plainly, span, standing, standing_chip, text_markup
from dashboard.views.library_picture import drawing
from dashboard.views.library_reading import Article
from dashboard.words import figure, known, t
from graph.shelf import short_name
from graph.store import Neighbour, Neighbourhood
from models.domain import Document, Fact, Provision
from models.errors import NotFound

TRAIL = 30
"""How many articles back one can go."""

PICTURED_TITLE = 8
"""Characters of a title in the picture, from its end, where laws differ."""

SHOWN = 60
"""Most citing articles listed at once."""


def opened() -> str | None:
    """Id of the article that lies open."""
    found = st.session_state.get("library_open")
    return str(found) if found else None


def open_article(id: str) -> None:
    """Lay an article open; the one before can be gone back to."""
    before = opened()
    if before and before != id:
        st.session_state["library_trail"] = [*st.session_state.get("library_trail", []), before][-TRAIL:]
    st.session_state["library_open"] = id
    st.session_state["library_fact"] = None


def open_document(document: str, article: str = "") -> None:
    """Lay a document open at this article, or at its beginning."""
    found = shelf.article_in(document, article)
    if found:
        open_article(found)


def _back() -> None:
    trail = st.session_state.get("library_trail", [])
    st.session_state["library_open"] = trail[-1] if trail else None
    st.session_state["library_trail"] = trail[:-1]
    st.session_state["library_fact"] = None


def _close() -> None:
    st.session_state["library_open"] = None
    st.session_state["library_trail"] = []


def _choose(fact: str | None) -> None:
    st.session_state["library_fact"] = fact


def reader(id: str, day: date) -> None:
    """The opened article. One that is no longer in the library says so and can be closed."""
    try:
        with st.spinner(t("library_page.reading")):
            found = shelf.article(id, day)
            provisions = shelf.contents(found.document.id)
    except NotFound:
        look.show(f'<div class="anlan-empty">{look.escaped(t("library_article.gone"))}</div>')
        st.button(t("library_article.close"), icon=":material/close:", key="library-close", on_click=_close)
        return
    _ways(id, [provision.id for provision in provisions])
    _head(found, day)
    _text(found)
    parts = ("facts", "citations", "versions", "picture")
    counts = {"facts": len(found.facts), "citations": len(found.cites) + len(found.cited_by), "versions": len(found.versions)}
    tabs = st.tabs([t(f"library_article.tab.{part}") + (f" {counts[part]}" if part in counts else "") for part in parts])
    with tabs[0]:
        _facts(found)
    with tabs[1]:
        _citations(found)
    with tabs[2]:
        _versions(found, day)
    with tabs[3]:
        _picture(found)


def _ways(id: str, siblings: list[str]) -> None:
    here = siblings.index(id) if id in siblings else 0
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        trail = st.session_state.get("library_trail", [])
        st.button(t("library_article.back"), icon=":material/arrow_back:", key="library-back", disabled=not trail, on_click=_back)
        st.button(
            t("library_article.previous"),
            icon=":material/chevron_left:",
            key="library-previous",
            disabled=here == 0,
            on_click=open_article,
            args=(siblings[max(here - 1, 0)],),
        )
        st.button(
            t("library_article.next"),
            icon=":material/chevron_right:",
            key="library-next",
            disabled=here >= len(siblings) - 1,
            on_click=open_article,
            args=(siblings[min(here + 1, len(siblings) - 1)],),
        )
        st.button(t("library_article.close"), icon=":material/close:", key="library-close", on_click=_close)


def _head(found: Article, day: date) -> None:
    document, provision = found.document, found.provision
    begins, ends = days(document, provision.in_force, provision.repealed)
    about = [document.number, document.issuer, document.region, provision.heading.replace(" / ", " · "), document.file]
    look.show(
        f'<div class="anlan-heading">{look.escaped(t("library_article.title", title=document.title, article=provision.article))}</div>'
        f'<div class="anlan-row-line">{standing_chip(begins, ends, day)}{level_chip(document)}'
        f"{origin_chips(document, verified=provision.verified)}<span class='anlan-num'>{look.escaped(span(begins, ends))}</span></div>"
        f'<div class="anlan-row-line anlan-dim">{look.escaped(" · ".join(part for part in about if part))}</div>'
    )
    if standing(begins, ends, day) == "ended":
        look.notice(t("library_article.ended", day=day.isoformat()), "changed")
    if not provision.verified:
        look.show(f'<div class="anlan-calm anlan-unverified">{look.escaped(t("library_article.not_law"))}</div>')
    if document.note:
        look.show(f'<div class="anlan-row-line anlan-dim">{look.escaped(document.note)}</div>')


def days(document: Document, begins: date | None, ends: date | None) -> tuple[date | None, date | None]:
    """First day in force and first day no longer, the article's own dates and what later documents ended counted in."""
    first, last = shelf.index().shelf.span(document.id)
    return begins or first or document.in_force, min((day for day in (ends, last, document.repealed) if day), default=None)


def _text(found: Article) -> None:
    chosen = st.session_state.get("library_fact")
    marks = [Mark(fact.start, fact.end, "chosen" if fact.id == chosen else "fact") for fact in found.facts]
    marks += [Mark(each.reference.start, each.reference.end, "cite") for each in found.cites if each.reference]
    look.show(text_markup(found.provision, marks))


def _facts(found: Article) -> None:
    if not found.facts:
        look.show(f'<div class="anlan-empty">{look.escaped(t("library_article.no_facts"))}</div>')
        return
    chosen = st.session_state.get("library_fact")
    for fact in found.facts:
        words, beside = st.columns([8, 2], vertical_alignment="center", gap="small")
        with words:
            look.show(_fact_markup(fact))
        with beside:
            is_chosen = fact.id == chosen
            st.button(
                t("library_article.unmark" if is_chosen else "library_article.mark"),
                icon=":material/ink_highlighter:",
                key=f"library-mark-{fact.id}",
                type="primary" if is_chosen else "secondary",
                on_click=_choose,
                args=(None if is_chosen else fact.id,),
                width="stretch",
            )


def _fact_markup(fact: Fact) -> str:
    number = look.chip(f"{figure(fact.number)} {fact.unit}", "grade") if fact.number is not None else ""
    recipient = look.chip(t("library_article.recipient", name=fact.recipient)) if fact.recipient else ""
    origin = "" if fact.origin == "rules" else look.origin_label(fact.origin)
    subject = f"<b>{look.escaped(fact.subject)}</b>{look.escaped(t('common.colon'))}" if fact.subject else ""
    return (
        f'<div class="anlan-row-line">{look.chip(known("library_kind", fact.kind), "info")}{number}{recipient}{origin}'
        f"{subject}{look.escaped(fact.text)}</div>"
    )


def _citations(found: Article) -> None:
    look.show(f"<b>{look.escaped(t('library_article.cites'))}</b>")
    if not found.cites:
        look.show(f'<div class="anlan-dim">{look.escaped(t("library_article.cites_nothing"))}</div>')
    for number, each in enumerate(found.cites):
        quote = each.reference.quote if each.reference else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if each.provision is not None and each.document is not None:
                label = t("library_article.title", title=each.document.title, article=each.provision.article)
                st.button(
                    plainly(label),
                    key=f"library-open-out-{number}",
                    type="tertiary",
                    on_click=open_article,
                    args=(each.provision.id,),
                    width="content",
                )
            elif each.document is not None:
                label = t("library_article.whole", title=each.document.title)
                st.button(
                    plainly(label),
                    key=f"library-open-out-{number}",
                    type="tertiary",
                    on_click=open_document,
                    args=(each.document.id,),
                    width="content",
                )
            else:
                look.show(look.chip(t("library_article.not_held"), "unverified"), width="content")
            if quote:
                look.show(f'<span class="anlan-dim">{look.escaped(t("library_article.words", quote=quote))}</span>', width="content")
    look.show(f"<b>{look.escaped(t('library_article.cited_by', count=len(found.cited_by)))}</b>")
    for number, (reference, citing) in enumerate(found.cited_by[:SHOWN]):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            label = t("library_article.title", title=found.titles.get(citing.document, citing.document), article=citing.article)
            st.button(
                plainly(label), key=f"library-open-in-{number}", type="tertiary", on_click=open_article, args=(citing.id,), width="content"
            )
            look.show(f'<span class="anlan-dim">{look.escaped(t("library_article.words", quote=reference.quote))}</span>', width="content")
    if len(found.cited_by) > SHOWN:
        look.show(f'<div class="anlan-dim">{look.escaped(t("library_article.more", count=len(found.cited_by) - SHOWN))}</div>')


def _versions(found: Article, day: date) -> None:
    for version in reversed(found.versions):
        begins, ends = days(version, None, None)
        here = version.id == found.document.id
        state = standing(begins, ends, day)
        replaced = [other.version_date or other.in_force for other in found.versions if other.id in version.supersedes]
        supersedes = t("library_article.supersedes", dates=t("common.comma").join(str(d) for d in replaced if d)) if any(replaced) else ""
        adopted = (
            t("library_article.adopted", day=version.version_date.isoformat())
            if version.version_date
            else t("library_standing.unknown_day")
        )
        words, beside = st.columns([8, 2], vertical_alignment="center", gap="small")
        with words:
            look.show(
                f'<div class="anlan-version anlan-version-{state}"><b>{look.escaped(adopted)}</b> {standing_chip(begins, ends, day)}'
                f"{origin_chips(version, verified=True)}{look.chip(t('library_article.this_one'), 'info') if here else ''}"
                f'<div class="anlan-row-line">{look.escaped(span(begins, ends))}</div>'
                f'<div class="anlan-row-line anlan-dim">{look.escaped(" · ".join(part for part in (version.title, version.file, supersedes) if part))}</div></div>'
            )
        with beside:
            if not here:
                st.button(
                    t("library_article.same_article"),
                    key=f"library-version-{version.id}",
                    on_click=open_document,
                    args=(version.id, found.provision.article),
                    width="stretch",
                )


def _picture(found: Article) -> None:
    id = found.provision.id
    around = _with_citations(found, shelf.around(id))
    if not around.relations:
        look.show(f'<div class="anlan-empty">{look.escaped(t("library_article.no_neighbours"))}</div>')
        return
    svg = drawing(around, id, lambda label: known("library_node", label), lambda how: known("library_relation", how))
    st.image(svg, caption=t("library_article.picture", count=len(around.nodes) - 1), width="stretch")
    neighbours = [node for node in around.nodes.values() if node.id != id and node.label in ("Provision", "Document")]
    with st.container(horizontal=True, gap="small"):
        for number, node in enumerate(neighbours):
            go = open_article if node.label == "Provision" else open_document
            label = f"{known('library_node', node.label)} {node.title}"
            st.button(plainly(label), key=f"library-open-near-{number}", type="tertiary", on_click=go, args=(node.id,), width="content")


def _with_citations(found: Article, around: Neighbourhood) -> Neighbourhood:
    """The graph around the article, where a citation ends at the article it means on the day instead of at the law's name."""
    here = found.provision
    held = {each.document.lineage for each in found.cites if each.document} - {""}
    kept = [(a, how, b) for a, how, b in around.relations if not (how == "CITES" and around.nodes[b].label == "Law" and b in held)]
    nodes = {name: around.nodes[name] for a, _, b in kept for name in (a, b)}
    nodes[here.id] = _pictured(found.document.title, here, here.id)
    for each in found.cites:
        if each.document and (each.provision is None or each.provision.id != here.id):
            target = each.provision.id if each.provision else each.document.id
            nodes[target] = _pictured(each.document.title, each.provision, target)
            kept.append((here.id, "CITES", target))
    for _, citing in found.cited_by:
        if citing.id != here.id:
            nodes[citing.id] = _pictured(found.titles.get(citing.document, ""), citing, citing.id)
            kept.append((citing.id, "CITES", here.id))
    relations = list(dict.fromkeys(kept))[: shelf.PICTURED]
    drawn = {name for a, _, b in relations for name in (a, b)}
    return Neighbourhood({name: node for name, node in nodes.items() if name in drawn}, relations)


def _pictured(title: str, provision: Provision | None, id: str) -> Neighbour:
    short = short_name(title)
    if len(short) > PICTURED_TITLE:
        short = f"…{short[-PICTURED_TITLE:]}"
    return Neighbour(id, "Provision", f"{short} {provision.article}") if provision else Neighbour(id, "Document", title)

"""Questions to the graph in Cypher: they read, whatever is typed, and answer in a table or in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st
import yaml

from dashboard import look, session
from dashboard.reading import reading
from dashboard.words import t
from graph import console
from graph.store import Table
from models.errors import BadInput, BrokenDefinition, Refused

EXAMPLES = Path(__file__).parents[1] / "text" / "library_cypher.yml"

SHORT, LONGEST = 160, 4_000
"""Characters of a cell shown at once, and when opened."""


def examples() -> dict[str, str]:
    """Saved statements by the name under which the catalogue describes them. Raises `BrokenDefinition`."""
    try:
        found = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BrokenDefinition(f"{EXAMPLES}: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(name, str) and isinstance(statement, str) for name, statement in found.items()):
        raise BrokenDefinition(f"{EXAMPLES}: names and statements expected")
    return {name: statement.strip() for name, statement in found.items()}


def bench() -> None:
    """A saved statement to begin with, the statement, its parameters, and the answer."""
    saved = examples()
    look.show(
        f'<div class="anlan-dim">{look.escaped(t("library_console.note", rows=console.MOST_ROWS, seconds=f"{console.MOST_SECONDS:g}"))}</div>'
    )
    st.session_state.setdefault("library_cypher", st.session_state.get("library_cypher_kept", saved["documents"]))
    st.selectbox(
        t("library_console.example"),
        list(saved),
        format_func=lambda name: t(f"library_console.saved.{name}"),
        key="library_example",
        on_change=_take,
        args=(saved,),
    )
    with st.form("library_cypher_form", border=False):
        cypher = st.text_area(t("library_console.statement"), key="library_cypher", height=130, max_chars=console.LONGEST)
        given = st.text_input(t("library_console.parameters"), key="library_parameters", placeholder='{"id": "…"}')
        asked = st.form_submit_button(
            t("library_console.go"), icon=":material/play_arrow:", type="primary", help=t("library_console.enter")
        )
    st.session_state["library_cypher_kept"] = cypher
    if not asked:
        return
    try:
        with st.spinner(t("library_console.asking")):
            table = answer(cypher, given)
    except Refused as error:
        # Not Streamlit's error box: the engine repeats what was typed, and that box would read it as Markdown.
        look.show(f'<div class="anlan-calm" role="alert">{look.escaped(" ".join(str(error).split()))}</div>')
        return
    _show(table)


def answer(cypher: str, given: str) -> Table:
    """What the graph says. Raises `NotAllowed`, and the refusal is in the ledger, for whoever may not ask; `Refused` for what is no question."""
    who = session.here()
    return reading(lambda k: console.ask_as(k, who, cypher, _parameters(given)))


def _take(saved: dict[str, str]) -> None:
    st.session_state["library_cypher"] = saved[st.session_state["library_example"]]


def _parameters(given: str) -> dict[str, Any]:
    if not given.strip():
        return {}
    try:
        found = json.loads(given)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadInput(t("library_console.bad_parameters")) from error
    if not isinstance(found, dict):
        raise BadInput(t("library_console.bad_parameters"))
    return found


def _show(table: Table) -> None:
    words = t("library_console.rows", count=len(table.rows), seconds=f"{table.seconds:.2f}")
    cut = look.chip(t("library_console.cut"), "warn") if table.is_cut else ""
    look.show(f'<div class="anlan-row-line">{cut}<span class="anlan-dim">{look.escaped(words)}</span></div>')
    if not table.rows:
        look.show(f'<div class="anlan-empty">{look.escaped(t("library_console.nothing"))}</div>')
        return
    look.show(f'<div class="anlan-wrap">{look.table(table.columns, [[_cell(value) for value in row] for row in table.rows])}</div>')


def _cell(value: Any) -> str:
    if value is None:
        return '<span class="anlan-dim">∅</span>'
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= SHORT:
        return look.escaped(text)
    return (
        f"<details><summary>{look.escaped(text[:SHORT])}…</summary><div class='anlan-digest'>{look.escaped(text[:LONGEST])}</div></details>"
    )

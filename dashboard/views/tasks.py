"""The tasks of a plan in one incident: assigned, ticked off, overdue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import streamlit as st

from dashboard import look, session
from dashboard.reading import reading
from dashboard.session import answering
from dashboard.words import clock, now, t
from graph import tasks
from graph.knowledge import Knowledge
from models.domain import Fact, Incident


def panel(incident: Incident, actions: Sequence[tuple[Fact, str]]) -> None:
    """Each task with its clause and standing; who may judge assigns it, ticks it off and opens it again."""
    standing = reading(lambda k: tasks.standing(k.ledger, incident.id))
    may = session.may(session.here(), "judge")
    for fact, clause in actions:
        task = standing.get(fact.id)
        words, buttons = st.columns([7, 3], vertical_alignment="center")
        with words:
            look.show(
                f'<div class="anlan-evidence">{_chip(task)}<b>{look.escaped(fact.subject)}</b> {look.escaped(fact.text)}<br>'
                f'<span class="anlan-dim">{look.escaped(clause)}</span></div>'
            )
        if may:
            with buttons, st.container(horizontal=True, gap="small"):
                _buttons(incident, fact, task)


def _chip(task: tasks.Task | None) -> str:
    if task is None or (task.standing == "reopened" and not task.who):
        return look.chip(t("tasks.open"))
    if task.standing == "done":
        return look.chip(t("tasks.was_done", who=task.by, at=clock(task.at)), "good")
    late = task.due is not None and task.due < now()
    return look.chip(t("tasks.by", who=task.who, due=clock(task.due)), "over" if late else "soon") + (
        look.chip(t("tasks.overdue"), "over") if late else ""
    )


def _buttons(incident: Incident, fact: Fact, task: tasks.Task | None) -> None:
    key = f"{incident.id}-{fact.id}"
    if task is not None and task.standing == "done":
        if st.button(t("tasks.reopen"), key=f"task-open-{key}", icon=":material/undo:"):
            _do(lambda k: tasks.reopen(k, incident.id, fact.id, session.here()))
        return
    with st.popover(t("tasks.assign"), key=f"task-who-{key}", type="tertiary"), st.form(f"task-form-{key}", border=False):
        who = st.text_input(t("tasks.who"), fact.subject, max_chars=tasks.LONGEST_NAME)
        minutes = st.number_input(t("tasks.minutes"), 5, 1440, 30, step=5)
        if st.form_submit_button(t("tasks.assign")):
            due = now() + timedelta(minutes=int(minutes))
            _do(lambda k: tasks.assign(k, incident.id, fact.id, session.here(), who, due))
    if st.button(t("tasks.done"), key=f"task-done-{key}", icon=":material/check:"):
        _do(lambda k: tasks.finish(k, incident.id, fact.id, session.here()))


def _do(change: Callable[[Knowledge], None]) -> None:
    with answering():
        reading(change)
        st.rerun()

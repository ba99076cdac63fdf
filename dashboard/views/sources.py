"""数据源: is every source heard, what is wrong with one, how much waits, and what could not be read."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from dashboard import look, session
from dashboard.reading import reading
from dashboard.session import answering
from dashboard.words import clock, lasting, now, t
from graph import listening
from graph.ledger import Held
from models.domain import ChannelState, SourceState

SHOWN = 50
"""Quarantined records on the page."""
FRESH = timedelta(minutes=2)
"""A look may be this late before the page says that no schedule is running."""


def page() -> None:
    """The queue, the sources, the quarantine; drawn afresh every ten seconds."""
    session.allowed("ingest")
    with answering():
        heard()
    with answering():
        quarantine()


@st.fragment(run_every="10s")
def heard() -> None:
    """How much waits, then one row a source."""
    queue = reading(lambda k: k.ledger.queue())
    age = (now() - queue.oldest_at).total_seconds() if queue.oldest_at else 0.0
    words = t("sources.queue", waiting=queue.waiting, urgent=queue.urgent)
    look.show(
        f'<div class="anlan-row-line">{look.chip(words, "soon" if age > 120 else "plain")}'
        f'<span class="anlan-num">{look.escaped(t("sources.oldest", span=lasting(age)) if queue.oldest_at else t("sources.none_waiting"))}</span></div>'
    )
    states = reading(lambda k: listening.states(k.ledger, listening.declared(k.ledger)))
    if not states:
        look.show(f'<div class="anlan-empty">{look.escaped(t("sources.never"))}</div>')
        return
    heads = [t(f"sources.{name}") for name in ("source", "channel", "last", "next", "lag", "count", "state")]
    look.show(look.table(heads, [line for state in states for line in lines(state)]))


def lines(state: SourceState) -> list[tuple[str, ...]]:
    """One source as table rows, one for each of its channels."""
    source = state.source
    who = (
        f"<b>{look.escaped(source.title)}</b> {look.chip(t('evidence.reliability', code=source.reliability))}<br>"
        f"<span class='anlan-dim'>{look.escaped(f'{source.publisher} · {source.owner} · {source.crs}')}</span>"
    )
    counts = t("sources.counts", new=state.new, duplicate=state.duplicate, quarantined=state.quarantined, held=state.held)
    expected = t("sources.expected", least=source.expected_daily[0], most=source.expected_daily[1])
    count = f"<span class='anlan-num'>{look.escaped(counts)}</span><br><span class='anlan-dim'>{look.escaped(expected)}</span>"
    marks = "" if state.expectation in ("within", "too_early") else look.chip(t(f"sources.{state.expectation}"), "over")
    if state.unread_fields:
        marks += look.chip(t("sources.unread", names=t("common.comma").join(state.unread_fields)), "warn")
    rows: list[tuple[str, ...]] = []
    for number, one in enumerate(state.channels):
        first = number == 0
        rows.append((who if first else "", *channel(one), count if first else "", health(one) + (marks if first else "")))
    return rows


def channel(one: ChannelState) -> tuple[str, str, str, str]:
    """Where it is read, when it was, when it will be, and how long it has been."""

    def at(moment: object) -> str:
        return f"<span class='anlan-num'>{look.escaped(moment)}</span>"

    every = t("sources.every", span=lasting(one.channel.every_seconds))
    return (
        f"<span class='anlan-line'>{look.escaped(one.channel.place)}</span><br><span class='anlan-dim'>{look.escaped(every)}</span>",
        at(clock(one.last_run_at) if one.last_run_at else "—"),
        at(clock(one.next_run_at) if one.next_run_at else "—"),
        at(lasting(one.lag_seconds) if one.lag_seconds is not None else "—"),
    )


def health(one: ChannelState) -> str:
    """What is wrong with a channel, if anything is."""
    if one.failures:
        return look.chip(t("sources.failing", count=one.failures), "over") + f"<br>{look.escaped(one.error)}"
    if one.error:
        return look.chip(t("sources.last_error"), "warn") + f"<br>{look.escaped(one.error)}"
    if one.next_run_at is None or one.next_run_at < now() - FRESH:
        return look.chip(t("sources.stopped"), "warn")
    return look.chip(t("sources.good"), "good")


def quarantine() -> None:
    """What could not be read, with the reason, and a button to have it read again."""
    held = reading(lambda k: k.ledger.held(limit=SHOWN + 1))
    look.show(f"<h3>{look.escaped(t('sources.quarantine'))}</h3>")
    if not held:
        look.show(f'<div class="anlan-empty">{look.escaped(t("sources.nothing_held"))}</div>')
    for one in held[:SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center"):
            look.show(
                f'<div class="anlan-evidence">{look.chip(one.source)}<span class="anlan-dim">{look.escaped(clock(one.at))} · {look.escaped(one.where)}'
                f"{look.escaped(t('sources.tries', count=one.tries)) if one.tries else ''}</span><br>{look.escaped(one.reason)}</div>"
            )
            words = t("sources.asked") if one.is_asked else t("sources.retry")
            st.button(words, key=f"retry-{one.digest}", disabled=one.is_asked, on_click=ask_again, args=(one,))
    if len(held) > SHOWN:
        look.show(f'<div class="anlan-dim">{look.escaped(t("sources.more", count=SHOWN))}</div>')


def ask_again(one: Held) -> None:
    """Ask the schedule to read a record again; it does so within seconds and writes down what came of it."""
    who = session.here()
    reading(lambda k: listening.ask_again(k.ledger, who, one.digest))
    session.tell(t("sources.told"))

"""How well each source is heard, computed from the ledger alone, so that it is the same after a restart and in every process.

The schedule declares at its start which sources and channels there are; pages and the command line read them here. A run that
brought something or failed is an entry `source.run`; an uneventful look is only remembered beside the chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Literal

from graph.ledger import Ledger
from graph.people import allow
from models.domain import Channel, ChannelState, Entry, Person, Source, SourceState

DAY = timedelta(hours=24)
LONGEST_PAUSE = timedelta(minutes=30)
"""However often a channel fails, it is tried again at least this often."""
FIRST_PAUSE = timedelta(seconds=30)
"""Pause after the first failure, doubled with each further one."""
_LOOKED_BACK = 50
"""Runs of a source read to count its failures in a row; by then the pause has long reached its cap."""

Declared = Sequence[tuple[Source, Sequence[Channel]]]


def declare(ledger: Ledger, declared: Declared) -> None:
    """Write down which sources and channels there are, where that has changed."""
    known = {entry.subject: entry.payload for entry in reversed(list(_declarations(ledger)))}
    for source, channels in declared:
        payload = {"source": source.model_dump(mode="json"), "channels": [channel.model_dump(mode="json") for channel in channels]}
        if known.get(source.name) != payload:
            ledger.record("source.declared", source.name, payload, by="system")


def declared(ledger: Ledger) -> list[tuple[Source, tuple[Channel, ...]]]:
    """The sources and channels as last declared, by name; empty before the schedule ever ran."""
    newest = {entry.subject: entry.payload for entry in reversed(list(_declarations(ledger)))}
    return [
        (Source.model_validate(payload["source"]), tuple(Channel.model_validate(channel) for channel in payload["channels"]))
        for _, payload in sorted(newest.items())
    ]


def _declarations(ledger: Ledger) -> Iterable[Entry]:
    return ledger.entries(kinds=["source.declared"], newest_first=True, limit=2_000)


def ask_again(ledger: Ledger, person: Person, digest: str) -> Entry:
    """Ask the schedule to read a quarantined record again; it does so within seconds and writes down what came of it."""
    allow(ledger, person, "ingest", subject=digest)
    return ledger.record("quarantine.asked", digest, {}, by=person.name)


def pause(every: timedelta, failures: int) -> timedelta:
    """How long to wait after a look: the usual time, or after failures in a row twice as long each time, up to the cap."""
    if failures == 0:
        return every
    doubled: timedelta = FIRST_PAUSE * (1 << min(failures - 1, 16))
    return max(every, min(doubled, LONGEST_PAUSE))


def channel_state(
    ledger: Ledger, source: Source, channel: Channel, now: datetime, looks: dict[str, datetime] | None = None
) -> ChannelState:
    """How one channel is doing: its last look, its failures in a row, when it is due."""
    runs = list(ledger.entries(kinds=["source.run"], subject=source.name, newest_first=True, limit=_LOOKED_BACK))
    return _state(channel, runs, ledger.last_looks(), now)


def _state(channel: Channel, runs: list[Entry], looks: dict[str, datetime], now: datetime) -> ChannelState:
    own = [run for run in runs if run.payload.get("channel", run.subject) == channel.name]
    looked = looks.get(channel.name)
    failed = list(takewhile(lambda run: run.payload["error"], own))
    # A folder's file that cannot be read is set aside and does not stop the folder.
    failures = len(failed) if channel.kind != "folder" and not (own and looked and looked > own[0].at) else 0
    last = max([at for at in (looked, own[0].at if own else None) if at is not None], default=None)
    good = [run.at for run in own if not run.payload["error"]] + ([looked] if looked else [])
    lag = (now - max(good)).total_seconds() if good else None
    due = None if last is None else last + pause(timedelta(seconds=channel.every_seconds), failures)
    error = str(own[0].payload["error"]) if own and own[0].payload["error"] and (failures or channel.kind == "folder") else ""
    return ChannelState(channel=channel, last_run_at=last, next_run_at=due, lag_seconds=lag, failures=failures, error=error)


def states(ledger: Ledger, known: Declared, now: datetime | None = None) -> list[SourceState]:
    """Every source with its channels, the counts of its last 24 hours, and whether that is within what is expected."""
    now = now or datetime.now(UTC)
    recent: dict[str, list[Entry]] = {}
    for run in takewhile(lambda entry: entry.at > now - DAY, ledger.entries(kinds=["source.run"], newest_first=True)):
        recent.setdefault(run.subject, []).append(run)
    looks, held = ledger.last_looks(), ledger.held_counts()
    since = {entry.subject: entry.at for entry in _declarations(ledger)}
    found = []
    for source, channels in known:
        receipts = [run.payload["receipt"] for run in recent.get(source.name, ())]
        new = sum(receipt["new"] for receipt in receipts)
        watched = source.name in since and now - since[source.name] >= DAY
        runs = list(ledger.entries(kinds=["source.run"], subject=source.name, newest_first=True, limit=_LOOKED_BACK))
        found.append(
            SourceState(
                source=source,
                channels=tuple(_state(channel, runs, looks, now) for channel in channels),
                new=new,
                duplicate=sum(receipt["duplicate"] for receipt in receipts),
                quarantined=sum(receipt["quarantined"] for receipt in receipts),
                held=held.get(source.name, 0),
                unread_fields=tuple(sorted({name for receipt in receipts for name in receipt["unread_fields"]})),
                expectation=_expectation(source, new, is_watched=watched),
            )
        )
    return found


def _expectation(source: Source, new: int, *, is_watched: bool) -> Literal["within", "below", "above", "too_early"]:
    least, most = source.expected_daily
    if new > most:
        return "above"
    return "within" if new >= least else "below" if is_watched else "too_early"

"""The language model as the pages see it: how it is, who has paused it, and the work it is doing for a report in the background.

A job belongs to the process, not to the page that started it: a page may be left and come back to. Nothing of a job is kept unless it ended well.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from dashboard import look, session
from dashboard.reading import knowledge, reading
from dashboard.session import answering
from dashboard.words import clock, t
from graph import guardian
from models.domain import AiUse, Entry, Offer, Person
from models.errors import AnlanError
from models.language import LanguageModel, ModelState
from models.settings import Settings
from reports import model_draft

PROBE_EVERY = 30.0
"""Seconds between two looks at the server."""

FORGET_AFTER = 600.0
"""Seconds a job that ended is remembered, so that whoever started it sees how it ended."""


@dataclass
class Job:
    """One question to the model, from its start to its end."""

    report: str
    version: int
    started: float = field(default_factory=time.monotonic)
    cancelled: threading.Event = field(default_factory=threading.Event)
    thinking: int = 0
    written: int = 0
    ended: float | None = None
    offer: Offer | None = None
    trouble: str = ""

    def told(self, thinking: int, written: int) -> None:
        """How far it has come, in characters."""
        self.thinking, self.written = thinking, written


class Desk:
    """The model of this process, its last state, and its jobs by report."""

    def __init__(self) -> None:
        self.model = LanguageModel(Settings())
        self.jobs: dict[str, Job] = {}
        self.lock = threading.Lock()
        self.left = threading.Event()
        if self.model.state.name != "absent":
            threading.Thread(target=self._watch, name="anlan-model-watch", daemon=True).start()

    def _watch(self) -> None:
        while not self.left.is_set():
            self.model.probe(seconds=20)
            self.left.wait(PROBE_EVERY)

    def start(self, report: str, version: int, by: Person, only: Sequence[str] = ()) -> Job:
        """Begin, or come back to what is already under way for this report."""
        with self.lock:
            now = time.monotonic()
            self.jobs = {id: job for id, job in self.jobs.items() if job.ended is None or now - job.ended < FORGET_AFTER}
            running = self.jobs.get(report)
            if running is not None and running.ended is None:
                return running
            job = self.jobs[report] = Job(report, version)
        threading.Thread(target=self._work, args=(job, by, tuple(only)), name="anlan-model-draft", daemon=True).start()
        return job

    def _work(self, job: Job, by: Person, only: tuple[str, ...]) -> None:
        try:
            job.offer = model_draft.offer(knowledge(), job.report, self.model, by, only=only, cancelled=job.cancelled, progress=job.told)
        except AnlanError as error:
            job.trouble = str(error)
        finally:
            if job.offer is None and not job.trouble:  # a defect must not leave the page waiting for ever; the rule-made draft stands
                job.trouble = "broken"
            job.ended = time.monotonic()


def _leave(desk: Desk) -> None:
    desk.left.set()


@st.cache_resource(show_spinner=False, on_release=_leave)
def _desk(address: str, name: str) -> Desk:
    return Desk()


def desk() -> Desk:
    """The one desk of this process for the server that is set."""
    settings = Settings()
    return _desk(settings.model_url, settings.model_name)


def paused(use: AiUse | None = None) -> Entry | None:
    """The entry by which a guardian has paused the model, for one use or for all; null while it may be asked."""
    return reading(lambda k: guardian.pause_of(k.ledger, use))


def usable() -> bool:
    """Whether asking the model to retell is worth a button."""
    return desk().model.state.name in ("ready", "slow", "unknown") and paused("drafting") is None


def chip() -> str:
    """How the model is, in a word or two, as HTML."""
    state, stopped = desk().model.state, paused()
    name = "paused" if stopped else state.name
    loud = {"ready": "ai", "slow": "soon", "down": "warn", "unconstrained": "warn", "paused": "warn"}.get(name, "origin")
    return look.chip(t(f"model.state.{name}"), loud)


def control(who: Person) -> None:
    """The guardian's switch, on every page of whoever may press it."""
    if not session.may(who, "pause_ai"):
        return
    with st.popover(t("model.guardian"), icon=":material/front_hand:"), answering():
        use = st.selectbox(
            t("model.use.label"), (None, *guardian.USES), format_func=lambda one: t(f"model.use.{one or 'all'}"), key="ai-use"
        )
        stopped = paused(use)
        look.show(_account(desk().model.state, stopped))
        reason = st.text_input(t("model.reason"), key="ai-reason", max_chars=200)
        # What was stopped with all the others goes on with them.
        if use and stopped and stopped.subject == guardian.AI:
            return
        act = "resume" if stopped else "pause"
        if st.button(t(f"model.{act}"), type="primary", key=f"ai-{act}", disabled=not reason.strip()):
            (guardian.resume if stopped else guardian.pause)(knowledge().ledger, who, reason, use)
            session.tell(t(f"model.{act}d"))
            st.rerun()


def _account(state: ModelState, stopped: Entry | None) -> str:
    """What is known of the model, in lines of HTML."""
    lines = [t(f"model.state.{state.name}"), state.model, state.detail]
    if state.at:
        lines.append(t("model.checked", at=clock(state.at)))
    if stopped:
        lines.append(t("model.paused_by", by=stopped.by, at=clock(stopped.at), reason=stopped.payload["reason"]))
    return "".join(f'<div class="anlan-row-line">{look.escaped(line)}</div>' for line in lines if line)

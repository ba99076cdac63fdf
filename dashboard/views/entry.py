"""A call typed in by hand. It becomes one file in the desk's inbox and goes the way every other message goes."""

from __future__ import annotations

import json
import os
import uuid
from datetime import date, datetime, time
from pathlib import Path

import streamlit as st

from dashboard import look, session
from dashboard.session import answering
from dashboard.words import now, t
from models.domain import BEIJING, Mode
from models.errors import BadInput
from models.settings import Settings

LONGEST = 5_000
"""Most characters of one call."""


def leave_in_inbox(*, text: str, title: str, sent_at: datetime, place_hint: str, mode: Mode, taken_by: str) -> Path:
    """Write one call where the desk source picks it up. The name changes only when the file is whole, so half a call is never read.

    Raises BadInput for an empty text and for a time in the future.
    """
    if not text.strip():
        raise BadInput(t("entry.error.empty"))
    if sent_at > now():
        raise BadInput(t("entry.error.future"))
    folder = Settings().folder("inbox", "desk")
    name = f"{now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}.json"
    content = {
        "text": text.strip(),
        "title": title.strip(),
        "sent_at": sent_at.isoformat(),
        "place_hint": place_hint.strip(),
        "mode": mode,
        "taken_by": taken_by,
    }
    part = folder / f"{name}.part"
    with part.open("x", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    return part.rename(folder / name)


def waiting_files() -> int:
    """Calls left in the inbox that no run of the desk source has taken yet."""
    return sum(1 for path in Settings().folder("inbox", "desk").glob("*.json"))


def bench() -> None:
    """The form, and how many calls still wait to be taken in."""
    with st.form("entry", clear_on_submit=False, border=True, enter_to_submit=False):
        text = st.text_area(t("entry.text"), key="entry_text", height=160, max_chars=LONGEST, placeholder=t("entry.text_hint"))
        first, second, third = st.columns([4, 4, 3])
        title = first.text_input(t("entry.title"), key="entry_title", max_chars=120)
        place = second.text_input(t("entry.place"), key="entry_place", max_chars=200)
        mode = third.segmented_control(
            t("mode.label"),
            ("actual", "exercise"),
            format_func=lambda m: t(f"mode.{m}"),
            default=session.mode(),
            required=True,
            key="entry_mode",
        )
        day = first.date_input(t("entry.day"), value=None, key="entry_day", format="YYYY-MM-DD")
        clock = second.time_input(t("entry.clock"), value=None, key="entry_clock", step=60)
        look.show(f'<div class="anlan-dim">{look.escaped(t("entry.time_note"))}</div>')
        pressed = st.form_submit_button(t("entry.save"), type="primary", icon=":material/save:")
    if pressed:
        with answering():
            session.allowed("draft")
            taken = leave_in_inbox(
                text=text,
                title=title,
                sent_at=moment(day, clock),
                place_hint=place,
                mode=mode or session.mode(),
                taken_by=session.here().name,
            )
            for key in ("entry_text", "entry_title", "entry_place"):
                st.session_state.pop(key, None)
            session.tell(t("entry.saved", name=taken.name))
            st.rerun()
    count = waiting_files()
    if count:
        st.info(t("entry.waiting", count=count), icon=":material/inbox:")


def moment(day: date | None, clock: time | None) -> datetime:
    """When the call came, in Beijing time; whatever was left empty is now."""
    current = now()
    if clock is None and day is None:
        return current
    return datetime.combine(day or current.date(), clock or current.time(), BEIJING).replace(microsecond=0)

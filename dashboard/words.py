"""Every word on the screen comes from one catalogue per language, `text/zh.yml` and `text/en.yml`.

What was said and what goes out stays in the language it was written in; only the frame around it changes language.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
import yaml

from models.domain import BEIJING, IMPACT_TYPES
from models.errors import BrokenDefinition
from models.hazards import hazards
from models.settings import current

FOLDER = Path(__file__).with_name("text")
LANGUAGES = ("zh", "en")


@cache
def catalogue(language: str) -> dict[str, str]:
    """The words of one language by dotted key. Raises `BrokenDefinition` when the file cannot be read or a leaf is no text."""
    path = FOLDER / f"{language}.yml"
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BrokenDefinition(f"{path}: cannot be read as YAML ({error}); mend the file") from error
    words: dict[str, str] = {}
    _flatten(tree, "", words, path)
    return words


def _flatten(tree: Any, prefix: str, words: dict[str, str], path: Path) -> None:
    if not isinstance(tree, dict):
        raise BrokenDefinition(f"{path}: {prefix or 'the file'} should hold keys and words")
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, str):
            words[name] = value
        else:
            _flatten(value, f"{name}.", words, path)


def language() -> str:
    """The language this person reads, `zh` or `en`."""
    if "language" not in st.session_state:
        st.session_state["language"] = current().language
    return str(st.session_state["language"])


def t(key: str, **values: object) -> str:
    """The words for `key` in this person's language. A key that is not in the catalogue is a defect and stops the page."""
    words = catalogue(language())
    if key not in words:
        raise BrokenDefinition(f"{FOLDER / language()}.yml: no words for {key!r}; add them in every language")
    return words[key].format(**values) if values else words[key]


@cache
def grades() -> tuple[str, ...]:
    """Accident grades as the rules name them, most serious first; the order on the screen."""
    return tuple(key.removeprefix("grade.") for key in catalogue("zh") if key.startswith("grade."))


def known(section: str, value: str) -> str:
    """Words for a value of data, such as a role or a grade; a value the catalogue does not know is shown as it is."""
    return catalogue(language()).get(f"{section}.{value}", value)


def lasting(seconds: float) -> str:
    """A length of time in its largest unit, two digits or so."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= size:
            return t(f"sources.span.{unit}", n=f"{seconds / size:.3g}")
    return t("sources.span.seconds", n=f"{max(seconds, 0):.0f}")


def hazard_name(code: str | None) -> str:
    """Name of a hazard: the definition's own in Chinese, its code in English, so that a new hazard needs no new word here."""
    if code is None:
        return t("common.no_hazard")
    hazard = hazards().get(code)
    return hazard.name if hazard and language() == "zh" else code.replace("_", " ")


def impact_name(kind: str) -> str:
    """Name of an impact type, by the same rule as a hazard's."""
    known_type = IMPACT_TYPES.get(kind)
    return known_type[0] if known_type and language() == "zh" else kind.replace("_", " ")


def now() -> datetime:
    """The time on the wall: Beijing."""
    return datetime.now(BEIJING)


def clock(at: datetime | None) -> str:
    """24-hour Beijing time, with the day when it is not today and the year when it is not this year."""
    if at is None:
        return t("common.no_time")
    local = at.astimezone(BEIJING)
    today = now()
    if local.date() == today.date():
        return local.strftime("%H:%M")
    return local.strftime("%m-%d %H:%M" if local.year == today.year else "%Y-%m-%d %H:%M")


def span(length: timedelta) -> str:
    """A length of time in its two largest units: days and hours, hours and minutes, or minutes."""
    minutes = int(abs(length).total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return t("time.days", days=days, hours=hours)
    return t("time.hours", hours=hours, minutes=rest) if hours else t("time.minutes", minutes=rest)


def ago(at: datetime | None) -> str:
    """How long ago, in words; a moment in the future says so."""
    if at is None:
        return ""
    passed = now() - at
    return t("time.ago", span=span(passed)) if passed >= timedelta(0) else t("time.ahead", span=span(passed))


def when(at: datetime | None) -> str:
    """Clock time and age together."""
    return clock(at) if at is None else f"{clock(at)} · {ago(at)}"


def countdown(due: datetime) -> str:
    """Time left until a duty is due, or how far it is overdue."""
    left = due - now()
    return t("time.left", span=span(left)) if left >= timedelta(0) else t("time.overdue", span=span(left))


def figure(value: float | None) -> str:
    """A number as people write it; a dash when it is not known."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0")

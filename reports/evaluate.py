"""How far drafts keep to what they were made from, printed as figures. Nothing here is needed to run the desk.

The look-up is not the one the checks use: every run of digits and every name of a division or a road in a sentence is searched in the source
text itself, whatever the sentence cites.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from models.divisions import by_code, short_name, within
from models.domain import BEIJING, Claim, Dossier, Report
from models.errors import BadInput, Refused
from models.language import LanguageModel, NoAnswer
from models.settings import Settings
from reports.draft import draft
from reports.model_draft import retell
from reports.verify import verify
from reports.wording import arabic, beijing, clock

RECEIVED = datetime(2026, 11, 17, 4, 47, tzinfo=BEIJING)
"""When every text is taken to have reached the desk: a moment no text names, so that an assumed date is seen at once."""

_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_TIME = re.compile(r"(?:(\d{4})年)?(?:(\d{1,2})月)?(?:(\d{1,2})[日号])?(?:(\d{1,2})[时点:：](?!间)(?:(\d{1,2})分?)?)?")
_NAMED = re.compile(r"(?P<where>[一-龥]{2}(?:街道|大道|(?<!道)路(?!交通)|街|镇|乡|村|社区|小区|大厦|广场|医院|公司|大桥|隧道))")
_NONE = re.compile(r"无|没|未|全部")
_HALF_DAY = 12

Loose = dict[str, list[str]]
"""Kind (`numbers`, `times`, `places`) -> what stands in sentences and not in the text."""


def not_in_text(sentences: Iterable[str], text: str, received: datetime = RECEIVED, own: Iterable[str] = ()) -> Loose:
    """Figures, times and places that stand in `sentences` and not in `text`; the desk's own time of receipt and names in `own` apart.

    15时 is held to stand in a text that says 3点 (下午3点), 21000 in one that says 2.1万, 0人 in one that says 无 or 没有, and a province or city
    in one that names a division of it.
    """
    source = _plain(text)
    own_words = "".join(own)
    digits = {found[0] for found in _DIGITS.finditer(source)}
    values = {float(one) for one in digits}
    counts = {float(found[0]) for found in _DIGITS.finditer(_without_times(source))}
    loose: Loose = {"numbers": [], "times": [], "places": []}
    divisions = {division.name for division in by_code().values() if len(division.name) > 2}
    named = {one.name for found in by_code().values() if len(found.name) > 2 and found.name in source for one in within(found)}
    for sentence in sentences:
        said = sentence
        for words in (beijing(received), clock(received, received), *own):
            said = said.replace(words, "□")
        said = _plain(said)
        for found in _TIME.finditer(said):
            if not found[0] or not any(found.groups()):
                continue
            year, month, day, hour, minute = (int(part) if part else None for part in found.groups())
            wrong = [part for part in (year, month, day) if part is not None and float(part) not in values]
            wrong += [hour] if hour is not None and not {float(hour), float(hour % _HALF_DAY), hour - _HALF_DAY} & values else []
            wrong += [minute] if minute and float(minute) not in values and not (minute == 30 and "半" in source) else []
            if wrong:
                loose["times"].append(f"{found[0]} ← {sentence}")
        for found in _DIGITS.finditer(_without_times(said)):
            value = float(found[0])
            if not {value, value / 1e4, value * 1e4, value / 1e8} & counts and not (value == 0 and _NONE.search(source)):
                loose["numbers"].append(f"{found[0]} ← {sentence}")
        for name in divisions:
            if name in said and name not in named and name not in source and short_name(name) not in source:
                loose["places"].append(f"{name} ← {sentence}")
        for found in _NAMED.finditer(said):
            if found["where"] not in source and found["where"] not in own_words:
                loose["places"].append(f"{found['where']} ← {sentence}")
    return loose


def _without_times(text: str) -> str:
    """3点 is no count of 3."""
    return _TIME.sub(lambda found: "□" if any(found.groups()) else found[0], text)


def _plain(text: str) -> str:
    return re.sub(r"两(?=[一-龥])", "2", arabic(re.sub(r"(?<=\d),(?=\d{3})", "", text)))


def drafts(
    path: Path | None, dossier_of: Callable[[str, datetime | None, datetime, Settings], Dossier], settings: Settings
) -> dict[str, Any]:
    """One draft per text of a JSON-lines file (`text`): what is not in the text, by rules, and with the model where one is set.

    With a model: `model_texts` asked about within `MODEL_SECONDS`, the sentences it wrote, how many of them
    hold something that is not in the text before checking, how many the checks refused, and what is loose after them.
    """
    if path is None or not path.is_file():
        raise BadInput("评测 drafts 需要数据：请用 --path 给出 JSON Lines 文件（每行有 text）。")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    model = LanguageModel(settings) if settings.model_url else None
    count = {"texts": len(rows), "drafts": 0, "no_hazard": 0, "blocked": 0, "sentences": 0}
    total: Loose = {"numbers": [], "times": [], "places": []}
    asked = Asked()
    for row in rows:
        try:
            dossier = dossier_of(row["text"], None, RECEIVED, settings)
        except Refused:
            count["no_hazard"] += 1
            continue
        report = draft(dossier, by="bench", at=RECEIVED, settings=settings)
        told = [claim.text for claim in report.claims if _of_the_event(claim)]
        count["drafts"] += 1
        count["sentences"] += len(told)
        count["blocked"] += any(finding.severity == "block" for finding in verify(report, dossier))
        for kind, found in not_in_text(told, row["text"], own=_own(dossier, settings)).items():
            total[kind] += found
        if model is not None and asked.seconds < MODEL_SECONDS:
            asked.ask(model, report, dossier, row["text"], settings)
    figures: dict[str, Any] = {**count, **{f"{kind}_not_in_text": len(found) for kind, found in total.items()}}
    figures["examples"] = {kind: found[:5] for kind, found in total.items() if found}
    return {**figures, **(asked.figures() if model is not None else {})}


MODEL_SECONDS = 900.0
"""Longest the model is asked in one run of `drafts`."""


class Asked:
    """What a model's wording came to over many texts."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.texts = self.answered = self.written = self.kept = self.refused = self.loose_before = 0
        self.after: Loose = {"numbers": [], "times": [], "places": []}

    def ask(self, model: LanguageModel, report: Report, dossier: Dossier, text: str, settings: Settings) -> None:
        """Ask about one text and look both at what was refused and at what passed."""
        began = time.monotonic()
        self.texts += 1
        own = _own(dossier, settings)
        try:
            made = retell(report, dossier, model, settings)
        except (NoAnswer, Refused):
            return
        finally:
            self.seconds += time.monotonic() - began
        self.answered += 1
        self.written += len(made.claims) + len(made.dropped)
        self.kept += len(made.claims)
        self.refused += len(made.dropped)
        self.loose_before += sum(any(not_in_text([one.text], text, own=own).values()) for one in made.dropped)
        for kind, found in not_in_text([claim.text for claim in made.claims], text, own=own).items():
            self.after[kind] += found
        self.loose_before += sum(any(not_in_text([claim.text], text, own=own).values()) for claim in made.claims)

    def figures(self) -> dict[str, Any]:
        """The counts, with `model_` before each name."""
        return {
            "model_texts": self.texts,
            "model_answered": self.answered,
            "model_sentences": self.written,
            "model_sentences_with_something_not_in_text": self.loose_before,
            "model_sentences_refused": self.refused,
            "model_sentences_kept": self.kept,
            **{f"model_{kind}_not_in_text_after": len(found) for kind, found in self.after.items()},
            "model_examples_after": {kind: found[:5] for kind, found in self.after.items() if found},
            "model_seconds": round(self.seconds, 1),
        }


def _of_the_event(claim: Claim) -> bool:
    """Whether a sentence tells of the event: what rules say of law, clocks and grades has figures of its own, from code."""
    return claim.kind in ("fact", "missing")


def _own(dossier: Dossier, settings: Settings) -> tuple[str, ...]:
    """Names that come from the desk and not from a text: who told us, and whose desk it is."""
    return (*{view.source_title for view in dossier.evidence}, settings.bureau, f"{settings.city_name}启动条件")


def speed(settings: Settings) -> dict[str, Any]:
    """State, first-token time and characters a second of the configured server, by an answer of a few sentences under a schema."""
    from pydantic import BaseModel, Field

    class Sentence(BaseModel):
        """A few sentences."""

        text: str = Field(max_length=120, min_length=60)

    model = LanguageModel(settings)
    state = model.probe()
    figures: dict[str, Any] = {"state": state.name, "model": state.model, "detail": state.detail, "one_token_seconds": state.seconds}
    if state.name not in ("ready", "slow"):
        return figures
    try:
        answer = model.ask("只输出 JSON。", "用一百字写南京的四季。", Sentence)
    except NoAnswer as trouble:
        return {**figures, "why": trouble.why, "detail": str(trouble)}
    writing = max(answer.seconds - answer.first_token, 1e-6)
    return {
        **figures,
        "first_token_seconds": round(answer.first_token, 3),
        "seconds": round(answer.seconds, 3),
        "characters_per_second": round((answer.characters + answer.thinking) / writing, 2),
        "pieces_per_second": round(answer.pieces / writing, 2),
    }

"""What masking hides and what it costs, printed as figures. Nothing here is needed to run the desk.

Each function takes the path of a labelled file (JSON lines with `text`) and returns a plain dict of figures.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from time import process_time
from typing import Any

from ingestion.called import TITLE, handles
from ingestion.places import gazetteer
from ingestion.privacy import MASK, mask
from models.errors import BadInput

NAMED = ("PER.NAM", "name")
"""The labels that count as names. PER.NOM (妈妈, 老板, 女人) are ordinary nouns: they single nobody out, and hiding them would be a loss."""
PLACES = ("LOC.NAM", "LOC.NOM", "GPE.NAM", "GPE.NOM", "address", "scene")
BODIES = ("ORG.NAM", "ORG.NOM", "government", "organization", "company")

_HARM = re.compile(
    r"(?:\d+|[一二两三四五六七八九十百千几数]+)[余多]?[名人位户](?!民路)|死亡|遇难|溺亡|身亡|受伤|重伤|轻伤|伤亡|失联|失踪|被困|受困|救援|求救"
)


def masking(path: Path) -> dict[str, Any]:
    """Planted phone numbers, ids and names (`pii_spans`) that survive, by kind (numbers must be 0), and what was hidden beside them.

    A span survives when any digit of it (for a name: any character after the first, 某 apart) is still readable. Beside the planted
    spans: the share of characters hidden, digits hidden, words for harm hidden (of all), and places our own gazetteer reads in the
    unmasked text that lose a character (of all).
    """
    survived: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    spent: list[float] = []
    for row in _rows(path):
        text = row["text"]
        began = process_time()
        hidden = mask(text)
        spent.append((process_time() - began) * 1000)
        if len(text) != len(hidden):
            raise BadInput(f"{path}: {row['id']} 脱敏后长度改变，偏移已失效；请检查 ingestion/privacy.py。")
        inside: set[int] = set()
        for start, end, kind in row["pii_spans"]:
            planted[kind] += 1
            left = hidden[start + 1 : end] if kind == "NAME" else hidden[start:end]
            readable = any(c != MASK and c != "某" and c.isalnum() for c in left) if kind == "NAME" else any(c.isdigit() for c in left)
            survived[kind] += readable
            inside.update(range(start, end))
        lost = {i for i, c in enumerate(hidden) if c == MASK != text[i]} - inside
        cost["characters"] += len(text) - len(inside)
        cost["hidden"] += len(lost)
        cost["digits_hidden"] += sum(text[i].isdigit() for i in lost)
        accounts = {i for at, end in handles(text) for i in range(at, end)}
        cost["hidden_in_account_names"] += len(lost & accounts)
        for name, spans in (
            ("harm_words", [m.span() for m in _HARM.finditer(text)]),
            ("places", [(found.at, found.end) for found in gazetteer("").found(text)]),
        ):
            for at, end in spans:
                if not inside & set(range(at, end)):
                    cost[name] += 1
                    cost[f"{name}_hit"] += bool(lost & set(range(at, end)))
    return {
        "planted": dict(planted),
        "survived": dict(survived),
        "share_of_other_characters_hidden": round(cost["hidden"] / max(1, cost["characters"]), 4),
        "of_it_account_names": round(cost["hidden_in_account_names"] / max(1, cost["characters"]), 4),
        "other_digits_hidden": cost["digits_hidden"],
        "harm_words": cost["harm_words"],
        "harm_words_hit": cost["harm_words_hit"],
        "places": cost["places"],
        "places_hit": cost["places_hit"],
        "cpu_ms_mean": round(mean(spent), 2) if spent else 0.0,
    }


def person_names(path: Path) -> dict[str, Any]:
    """Masking over labelled entities (`entities`: start, end, type).

    - recall: names (`NAMED`) with any character hidden. unreadable: names with every letter after the first hidden
    - by_form: names hidden, of all, that are a surname with a title (江小姐: by design left as it is), Latin letters, and other names
    - labels: for every label, entities with a character hidden, of all
    - share_of_other_characters_hidden: characters outside `NAMED` that are hidden; of_it_account_names: those in @accounts
    - places_hit, bodies_hit, harm_words_hit, other_digits_hidden: what a reader lost
    """
    labels: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    forms: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    count: Counter[str] = Counter()
    spent: list[float] = []
    for row in _rows(path):
        text = row["text"]
        began = process_time()
        hidden = mask(text)
        spent.append((process_time() - began) * 1000)
        lost = {i for i, c in enumerate(hidden) if c == MASK != text[i]}
        named: set[int] = set()
        for entity in row["entities"]:
            span = range(entity["start"], entity["end"])
            touched = bool(lost & set(span))
            labels[entity["type"]][0] += touched
            labels[entity["type"]][1] += 1
            if entity["type"] in NAMED:
                named.update(span)
                count["unreadable"] += all(i in lost or not text[i].isalnum() for i in span[1:] or span)
                forms[_form(text[entity["start"] : entity["end"]])][0] += touched
                forms[_form(text[entity["start"] : entity["end"]])][1] += 1
        lost -= named
        count["characters"] += len(text) - len(named)
        count["hidden"] += len(lost)
        count["accounts"] += len(lost & {i for at, end in handles(text) for i in range(at, end)})
        count["digits"] += sum(text[i].isdigit() for i in lost)
        count["harm"] += sum(bool(lost & set(range(*m.span()))) for m in _HARM.finditer(text))
    hit, total = (sum(labels[label][n] for label in NAMED if label in labels) for n in (0, 1))

    def of(kinds: tuple[str, ...]) -> str:
        return f"{sum(labels[k][0] for k in kinds if k in labels)}/{sum(labels[k][1] for k in kinds if k in labels)}"

    return {
        "named": total,
        "masked": hit,
        "recall": round(hit / total, 3) if total else 0.0,
        "unreadable": round(count["unreadable"] / total, 3) if total else 0.0,
        "by_form": {form: f"{a}/{b}" for form, (a, b) in sorted(forms.items())},
        "labels": {label: f"{a}/{b}" for label, (a, b) in sorted(labels.items())},
        "share_of_other_characters_hidden": round(count["hidden"] / max(1, count["characters"]), 4),
        "of_it_account_names": round(count["accounts"] / max(1, count["characters"]), 4),
        "places_hit": of(PLACES),
        "bodies_hit": of(BODIES),
        "harm_words_hit": count["harm"],
        "other_digits_hidden": count["digits"],
        "cpu_ms_mean": round(mean(spent), 2) if spent else 0.0,
    }


def _form(name: str) -> str:
    return "surname_and_title" if TITLE.match(name[1:]) else "latin" if re.search(r"[A-Za-z]", name) else "chinese"


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise BadInput(f"找不到评测数据 {path}；请给出 JSON Lines 文件。")
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)

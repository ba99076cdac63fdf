"""Everyday words and the terms the law uses for them, so that a caller's own words find the article.

A dictionary is a file in `graph/words/`: `words` is a list of `say` (what people say) and `law` (what the law says), `questions`
a list of what stands around a question and says nothing about the law, `domain` the words of our field, `outside` those of what is not ours. A new file is found by being there. Made from general
knowledge of the law; it is never fitted to a set of test questions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from models.errors import BrokenDefinition

HERE = Path(__file__).parent / "words"
"""Folder of the shipped dictionaries."""

RUN = re.compile(r"[㐀-鿿]+|[a-z0-9]+")
"""One stretch of Chinese characters, or one latin word or number, in plain text."""

BETWEEN_HAN = re.compile(r"(?<=[㐀-鿿0-9])[ \t\u3000]+(?=[㐀-鿿])|(?<=[㐀-鿿])[ \t\u3000]+(?=[0-9])")
ROMAN = re.compile(r"(?<![a-z])(iv|iii|ii|i|v)(?=\s*级)")
TURNED = re.compile(r"响应([一二三四])级")
TIER = re.compile(r"(?<=[省市县区乡])级(?!别)")
ANALYSIS = 4
"""Counts the forms text was ever reduced to; an index made with another number is made again."""
ROMAN_LEVELS = {"i": "一", "ii": "二", "iii": "三", "iv": "四", "v": "五"}
LONGEST_QUESTION = 600
"""Characters of a question that are read; the rest cannot make it clearer."""


class Dictionary(NamedTuple):
    """All dictionaries as one."""

    law: dict[str, tuple[str, ...]]
    """What people say -> what the law says."""
    questions: re.Pattern[str]
    """What stands around a question."""
    domain: re.Pattern[str]
    """Words of law, administration and emergencies, and the longer things people say for them."""
    outside: re.Pattern[str]
    """Words of what no such library answers."""


class Term(NamedTuple):
    """One thing to look for."""

    weight: float
    """1 for the question's own words, less for what the dictionary adds."""
    why: str
    """Empty for the question's own words, otherwise which everyday word brought it."""


def plain(text: str) -> str:
    """Text as the index sees it: one form for every character, lower case, Ⅳ级 = IV级 = 四级, 响应四级 = 四级响应, 省级 = 省, no blanks inside Chinese words."""
    text = unicodedata.normalize("NFKC", text).lower()
    text = BETWEEN_HAN.sub("", ROMAN.sub(lambda found: ROMAN_LEVELS[found.group(1)], text))
    return TIER.sub("", TURNED.sub(r"\1级响应", text))


def grams(text: str) -> list[str]:
    """Characters and pairs of neighbouring characters of plain text, and its latin words and numbers, in order."""
    found: list[str] = []
    for run in RUN.findall(text):
        if run[0] < "㐀":
            found.append(run)
            continue
        found.extend(run)
        found.extend(run[at : at + 2] for at in range(len(run) - 1))
    return found


@cache
def dictionary(folder: Path = HERE) -> Dictionary:
    """Every dictionary of the folder as one. Raises `BrokenDefinition` naming the file and the field."""
    law: dict[str, list[str]] = {}
    questions: list[str] = []
    domain: list[str] = []
    outside: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        raw = _mapping(path)
        questions += _strings(raw.get("questions", []), path, "questions")
        domain += _strings(raw.get("domain", []), path, "domain")
        outside += _strings(raw.get("outside", []), path, "outside")
        for number, entry in enumerate(raw.get("words", [])):
            if not isinstance(entry, dict) or set(entry) != {"say", "law"}:
                raise BrokenDefinition(f"{path}: words[{number}]: must hold exactly say and law")
            for said in _strings(entry["say"], path, f"words[{number}].say"):
                law.setdefault(plain(said), []).extend(_strings(entry["law"], path, f"words[{number}].law"))
    terms = {said: tuple(dict.fromkeys(map(plain, words))) for said, words in law.items()}
    # Short everyday words (公司, 孩子) stand in any question; only the longer ones speak of our field.
    longer = [word for word in terms if len(word) > 2]
    ours = {word for word in (*domain, *longer, *(term for words in terms.values() for term in words)) if len(word) > 1}
    return Dictionary(terms, _any(questions), _any(ours), _any(outside))


def domain_share(question: str, folder: Path = HERE) -> float:
    """Which part of the question's characters are words of our field, less those of what is not ours, question words left out, -1 … 1."""
    known = dictionary(folder)
    core = "".join(RUN.findall(known.questions.sub(" ", plain(question[:LONGEST_QUESTION]))))
    ours, outside = (sum(len(word) for word in pattern.findall(core)) for pattern in (known.domain, known.outside))
    return (ours - outside) / max(len(core), 1)


def _any(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted({plain(word) for word in words}, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def terms(question: str, *, added: float = 0.7, folder: Path = HERE) -> dict[str, Term]:
    """What to look for: the question's own characters and pairs without its question words, and what the law calls them."""
    known = dictionary(folder)
    asked = plain(question[:LONGEST_QUESTION])
    core = known.questions.sub(" ", asked)
    found = dict.fromkeys(grams(core) or grams(asked), Term(1.0, ""))
    for said, law in known.law.items():
        if said not in asked:
            continue
        for word in law:
            # Single characters of an added term would pull in every article that shares a common character with it.
            for gram in grams(word):
                if len(gram) > 1 and gram not in found:
                    found[gram] = Term(added, f"{said}→{word}")
    return found


def _mapping(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BrokenDefinition(f"{path}: not readable as UTF-8 YAML: {error}") from error
    if (
        not isinstance(raw, dict)
        or not raw
        or not set(raw) <= {"words", "questions", "domain", "outside"}
        or not isinstance(raw.get("words", []), list)
    ):
        raise BrokenDefinition(f"{path}: top level: must hold words, questions, domain or outside, each a list")
    return raw


def _strings(raw: object, path: Path, where: str) -> list[str]:
    if not isinstance(raw, list) or not all(isinstance(item, str) and item.strip() for item in raw):
        raise BrokenDefinition(f"{path}: {where}: must be a list of words")
    return raw

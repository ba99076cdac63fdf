"""What a text is cut into, and how likely characters make a name: `rjieba`'s words, and the odds in `name_characters.txt`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from ingestion.surnames import DOUBLE

CHARACTERS = Path(__file__).parent / "name_characters.txt"
HAN = re.compile(r"[\u4e00-\u9fff]+")
_BREAK = re.compile(r"(?<=[，。！？；：、“”（）《》【】…～!?;:,()\"*\n])")
"""Marks that are words of their own to the segmenter, so that what stands between two of them is cut the same wherever it stands."""
_STRETCHES = 4096
"""Stretches between marks whose words are kept: once a name in a text is hidden, the rest of it is read again, and people repeat each other."""


class Word(NamedTuple):
    text: str
    tag: str
    at: int
    end: int


_word: Callable[[tuple[str, str, int, int]], Word] = partial(tuple.__new__, Word)
"""Half the time of `Word(…)`: a text has hundreds of words."""


@cache
def weights() -> dict[str, dict[str, int]]:
    """Natural logarithms of how much likelier a character is in a `surname`, a `given` or a `foreign` name than elsewhere."""
    found: dict[str, dict[str, int]] = {"surname": {}, "given": {}, "foreign": {}}
    for line in CHARACTERS.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, weight, characters = line.split("\t")
            found[kind].update(dict.fromkeys(characters, int(weight)))
    return found


@cache
def surnames() -> re.Pattern[str]:
    return re.compile(f"[{''.join([*weights()['surname'], *(name[0] for name in DOUBLE)])}](?=[\u4e00-\u9fff])")


@cache
def segmenter():  # type: ignore[no-untyped-def]
    import rjieba

    return rjieba.Jieba()


def cut(plain: str) -> list[Word]:
    """The words of a text with their tags. A word the model made up of two names and what joins them (昆凌和锦荣) is cut there."""
    words: list[Word] = []
    at = 0
    for stretch in _BREAK.split(plain):
        for word, tag in _cut(stretch):
            end = at + len(word)
            words.append(_word((word, tag, at, end)))
            at = end
    return words


@lru_cache(maxsize=_STRETCHES)
def _cut(stretch: str) -> tuple[tuple[str, str], ...]:
    words: list[tuple[str, str]] = []
    for word, tag in segmenter().tag(stretch):
        if len(word) > 3 and not segmenter().has_word(word) and (joined := re.fullmatch(r"(\S{1,3})([和与及跟])(\S{1,3})", word)):
            words += [(part, tag) for part in joined.groups()]
        else:
            words.append((word, tag))
    return tuple(words)

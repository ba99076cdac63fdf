"""The catalogue is whole, and nothing on the screen comes from anywhere else."""

from __future__ import annotations

import ast
import re
import string
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard import words
from models.errors import BrokenDefinition

ROOM = Path(words.__file__).parent
CODE = sorted(ROOM.rglob("*.py"))
CHINESE = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")


def keys_asked_for(path: Path) -> set[str]:
    """Constant first arguments of `t(…)` in a file; a computed key counts by its constant beginning, ending in a dot."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t" and node.args:
            first = node.args[0]
            for part in [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]:
                if isinstance(part, ast.Constant):
                    found.add(str(part.value))
                elif isinstance(part, ast.JoinedStr) and isinstance(part.values[0], ast.Constant):
                    found.add(str(part.values[0].value))
    return found


def test_both_languages_have_the_same_keys() -> None:
    assert set(words.catalogue("zh")) == set(words.catalogue("en"))


def test_every_entry_has_the_same_blanks_in_both_languages() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    zh, en = words.catalogue("zh"), words.catalogue("en")
    assert {key for key in zh if blanks(zh[key]) != blanks(en[key])} == set()


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOM)))
def test_every_key_a_page_asks_for_exists(path: Path) -> None:
    have = words.catalogue("zh")
    missing = {key for key in keys_asked_for(path) if key not in have and not any(known.startswith(key) for known in have if key.endswith("."))}
    assert missing == set()


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOM)))
def test_no_page_holds_chinese_words_of_its_own(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    held = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in prose and CHINESE.search(n.value)]
    assert held == []


def test_an_unknown_key_stops_the_page() -> None:
    with pytest.raises(BrokenDefinition, match=r"zh\.yml.*no\.such\.key"):
        words.t("no.such.key")


def test_every_grade_of_the_rules_has_a_shape_and_a_word() -> None:
    from models.rules import grade_accident

    given = [grade_accident(deaths, 0, None).level for deaths in (30, 10, 3, 1)]
    assert list(words.grades()) == given


def test_a_countdown_says_left_before_and_overdue_after() -> None:
    assert words.countdown(words.now() + timedelta(minutes=18, seconds=30)) == "剩18分钟"
    assert words.countdown(words.now() - timedelta(hours=2, minutes=5, seconds=1)) == "超时2小时5分"


def test_a_time_of_another_day_shows_its_day() -> None:
    assert re.fullmatch(r"(\d{4}-)?\d\d-\d\d \d\d:\d\d", words.clock(words.now() - timedelta(days=3)))

"""No query is put together from words: every text sent to SQL or Cypher is a constant, and what varies goes in parameters."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("models", "graph", "ingestion", "reports", "dashboard")

QUERY = re.compile(
    r"\b(?:MATCH|MERGE|CREATE|SELECT|INSERT INTO|UPDATE|DELETE|DROP|ALTER|PRAGMA|UNWIND|DETACH|RETURN|WHERE|LOAD CSV|EXPLAIN|ATTACH)\b"
)
SENDERS = frozenset(
    {"run", "execute", "executemany", "executescript", "exec_driver_sql", "execute_query", "text", "_ask", "_all", "_rows", "_each"}
)

ALLOWED: dict[tuple[str, str], str] = {
    ("graph/ledger.py", "'PRAGMA ' + pragma"): "pragma is one of the constants two lines above it",
    ("graph/store.py", "'EXPLAIN ' + cypher"): "the console's question; EXPLAIN runs nothing, it says whether the question would write",
    ("graph/store.py", ".replace('LABEL', "): "labels cannot be parameters; they come from the store's own table of labels",
    ("graph/store.py", ".replace('START', "): "labels and relations cannot be parameters; they come from the store's own tables",
    ("graph/store.py", ".replace('PLAN', "): "a condition of the store's own, named once",
    ("graph/console.py", "控制台只能查询"): "a sentence for people, no query",
}  # fmt: skip
"""(file, words of the code) -> why it is safe. Anything else put together is a failure."""


def put_together(code: str) -> list[tuple[int, str]]:
    """Line and text of every query in this code that is joined from pieces."""
    found = []
    for node in ast.walk(ast.parse(code)):
        joined = _pieces(node)
        sent = isinstance(node, ast.Call) and node.args and _name(node.func) in SENDERS and _made(node.args[0])
        if any(QUERY.search(piece) for piece in joined) or sent:
            found.append((node.lineno, ast.unparse(node.args[0] if sent and isinstance(node, ast.Call) else node)))
    return found


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _made(node: ast.expr) -> bool:
    """Whether this expression is a text made here from other texts."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Call) and _name(node.func) in ("format", "replace", "join"))


def _pieces(node: ast.AST) -> list[str]:
    """The constant pieces of a text that is made from pieces."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.JoinedStr):
        parts = node.values
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "replace", "join"):
        parts = [node.func.value]
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def files() -> list[Path]:
    return [ROOT / "anlan.py", *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]


def test_no_query_is_put_together_from_words() -> None:
    wrong, used = [], set()
    for path in files():
        file = path.relative_to(ROOT).as_posix()
        for line, words in put_together(path.read_text("utf-8")):
            reasons = [key for key in ALLOWED if key[0] == file and key[1] in words]
            used.update(reasons)
            if not reasons:
                wrong.append(f"{file}:{line}: {words[:120]}")
    assert not wrong
    assert used == set(ALLOWED), "an exception that nothing needs any more"


@pytest.mark.parametrize(
    "code",
    [
        'tx.run(f"MATCH (n {{id: \'{id}\'}}) RETURN n")',
        'db.execute(sa.text("SELECT * FROM entry WHERE by_ = \'%s\'" % name))',
        'db.execute("SELECT " + columns)',
        'query = f"DELETE FROM {table}"',
        'tx.run("MATCH (n {name: \'NAME\'}) RETURN n".replace("NAME", name))',
        'session.run(start + end)',
        'sa.text(f"{words}")',
    ],
)  # fmt: skip
def test_a_query_put_together_is_found(code: str) -> None:
    assert put_together(code)


@pytest.mark.parametrize("code", ['tx.run("MATCH (n {id: $id}) RETURN n", id=id)', "tx.run(_QUERY, rows=rows)", 'print(f"{n} 条")'])
def test_a_constant_query_with_parameters_is_fine(code: str) -> None:
    assert not put_together(code)

"""Breaks the safety kernel on purpose, one small change at a time, and asks whether its own tests notice: `make mutants`.

The modules are those of `[tool.coverage.run]`. One run under coverage tells which tests come by which line; then every mutant gets a
forked process of its own that imports the changed module and runs those tests, the quickest first, until one fails. One graph engine
serves all of them. Nothing on disk is changed. Printed at the end: how many were noticed, and every one that was not.

Changed are comparisons, `and`/`or`/`not`, conditions, filters, arithmetic, numbers (one more, one less), truth values, strings (those that
are compared or are keys; words for people are left alone), returns, cases of a `match`, and statements that are left out. Left alone are
annotations, decorators, docstrings and f-strings.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import json
import os
import random
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[1]
SEEN = ROOT / "var" / "mutants"
"""What the last run found: `tests.json` (which tests come by which line) and `found.json` (what became of each mutant)."""

OTHER: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.And: (ast.Or,), ast.Or: (ast.And,), ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,), ast.BitOr: (ast.BitAnd,), ast.BitAnd: (ast.BitOr,),
}  # fmt: skip
"""Operator -> what is put in its place."""


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    file: str
    lines: range
    """Of the statement it lies in."""
    words: str
    """What was changed, for people; with `file` its name."""
    old: ast.AST
    new: ast.AST


def mutants(file: str) -> tuple[ast.Module, list[Mutant]]:
    """A module's tree and everything that can be changed in it, in the order of its lines."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    found: list[Mutant] = []
    for statement, node, parent, is_inside in _nodes(tree, tree, False):
        line = getattr(node, "lineno", statement.lineno)
        body = getattr(statement, "body", None)
        lines = range(statement.lineno, body[0].lineno if isinstance(body, list) else (statement.end_lineno or statement.lineno) + 1)
        for words, new in _changes(node, parent, is_inside):
            column = getattr(node, "col_offset", statement.col_offset)
            found.append(Mutant(file, lines, f"{line}:{column} {words}", node, new))
    return tree, sorted(found, key=lambda one: one.lines.start)


_UNCHANGED = {"annotation", "returns", "decorator_list", "type_comment"}


def _nodes(statement: Any, parent: ast.AST, is_inside: bool) -> Iterator[tuple[Any, ast.AST, ast.AST, bool]]:
    """Every node that may be changed: its statement, itself, what holds it, and whether that lies in a function."""
    for field, value in ast.iter_fields(parent):
        for node in value if isinstance(value, list) else [value]:
            if not isinstance(node, ast.AST) or field in _UNCHANGED or isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
                continue
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue  # a docstring
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
                continue
            if isinstance(node, ast.If | ast.Assign) and any(name in ast.unparse(node)[:20] for name in ("TYPE_CHECKING", "__all__")):
                continue
            own = node if isinstance(node, ast.stmt) else statement
            yield own, node, parent, is_inside
            yield from _nodes(own, node, is_inside or isinstance(node, ast.FunctionDef))


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _changes(node: Any, parent: ast.AST, is_inside: bool) -> Iterator[tuple[str, ast.AST]]:
    """What may stand in the place of a node, with words for it."""
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                for other in OTHER[type(op)]:
                    yield f"{type(op).__name__} -> {other.__name__}", _with(node, ops=[*ops[:at], other(), *ops[at + 1 :]])
        case ast.BinOp(op=op, left=left, right=right) if type(op) in OTHER:
            if not any(
                isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
                for side in (left, right)
            ):
                yield from ((f"{type(op).__name__} -> {other.__name__}", _with(node, op=other())) for other in OTHER[type(op)])
        case ast.BoolOp(op=op):
            yield from ((f"{type(op).__name__} -> {other.__name__}", _with(node, op=other())) for other in OTHER[type(op)])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not left out", operand
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            if not isinstance(test, ast.UnaryOp) and not (isinstance(test, ast.Compare) and len(test.ops) == 1):
                yield "condition turned round", _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=ifs):
            for at in range(len(ifs)):
                yield f"filter {at} left out", _with(node, ifs=[*ifs[:at], *ifs[at + 1 :]])
        case ast.Constant(value=bool() as value):
            yield f"{value} -> {not value}", ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield from ((f"{value} -> {value + step}", ast.Constant(value + step)) for step in (1, -1))
        case ast.Constant(value=str() as value):
            if not is_inside or value.isascii() or isinstance(parent, ast.Compare | ast.Dict):
                yield f"{value[:20]!r} changed", ast.Constant(f"XX{value}XX")
        case ast.Return(value=value) if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            yield "returns None", _with(node, value=ast.Constant(None))
        case ast.Match(cases=cases):
            yield from ((f"case {at} left out", _with(node, cases=[*cases[:at], *cases[at + 1 :]])) for at in range(len(cases)))
        case ast.AugAssign(op=op):
            yield from ((f"{type(op).__name__} -> {other.__name__}", _with(node, op=other())) for other in OTHER.get(type(op), ()))
            yield "statement left out", ast.Pass()
        case ast.Expr() | ast.Raise() | ast.Continue() | ast.Break():
            yield "statement left out", ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield "statement left out", ast.Pass()


class _Put(ast.NodeTransformer):
    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def visit(self, node: ast.AST) -> ast.AST:
        return self.mutant.new if node is self.mutant.old else self.generic_visit(node)


class _Changed(SourceFileLoader):
    """Imports one module as it was changed; stands first on `sys.meta_path`."""

    def __init__(self, file: str, code: CodeType) -> None:
        super().__init__(file.removesuffix(".py").replace("/", "."), str(ROOT / file))
        self.code = code

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        return self.code


class _Watch:
    """A pytest plugin: only these tests in this order; or tells coverage which test runs, and how long each took."""

    def __init__(self, wanted: Sequence[str] = ()) -> None:
        self.wanted = {id: at for at, id in enumerate(wanted)}
        self.seconds: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.wanted:
            items[:] = sorted((one for one in items if one.nodeid in self.wanted), key=lambda one: self.wanted[one.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if measured := coverage.Coverage.current():
            measured.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration


def _pytest(watch: _Watch, *files: str) -> int:
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *files], plugins=[watch]))


def _forked(work: Callable[[], int], *, seconds: int = 0) -> int:
    """Exit status of the work in a process of its own, silent; that of SIGALRM (negative) when it took longer."""
    child = os.fork()
    if not child:
        status = 70
        try:
            silent = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(silent, number)
            signal.alarm(seconds)
            status = work()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _look(kernel: list[str], files: list[str]) -> None:
    """Run the tests once, unchanged, and write down which come by which line, how long they take, and what they import."""

    def work() -> int:
        measured = coverage.Coverage(
            data_file=str(SEEN / "coverage"), config_file=False, branch=True, include=[str(ROOT / one) for one in kernel]
        )
        watch = _Watch()
        with measured.collect():
            status = _pytest(watch, *files)
        data = measured.get_data()
        by_line = {file: data.contexts_by_lineno(str(ROOT / file)) for file in kernel}
        others = [name for name, module in list(sys.modules.items()) if "site-packages" in str(getattr(module, "__file__", ""))]
        (SEEN / "tests.json").write_text(json.dumps({"lines": by_line, "seconds": watch.seconds, "imports": others}))
        return status

    SEEN.mkdir(parents=True, exist_ok=True)
    if status := _forked(work):
        sys.exit(f"the tests do not pass unchanged (status {status}): python -m pytest {' '.join(files)}")


def _tests(mutant: Mutant, known: dict[str, Any], most: float) -> list[str]:
    """The tests that come by a mutant's lines, quickest first, as many as take `most` seconds together; PostgreSQL's only when alone."""
    by_line: dict[str, list[str]] = known["lines"][mutant.file]
    own = {id for line in mutant.lines for id in by_line.get(str(line), ()) if id}
    own = own or {id for ids in by_line.values() for id in ids if id}
    own = {id for id in own if "postgresql" not in id} or own
    chosen, spent = [], 0.0
    for id in sorted(own, key=lambda id: (known["seconds"].get(id, 0), id)):
        spent += known["seconds"].get(id, 0)
        if chosen and spent > most:
            break
        chosen.append(id)
    return chosen


def _try(tree: ast.Module, mutant: Mutant, tests: list[str], known: dict[str, Any]) -> str:
    def work() -> int:
        code = compile(ast.fix_missing_locations(_Put(mutant).visit(tree)), str(ROOT / mutant.file), "exec")
        sys.meta_path.insert(0, _Changed(mutant.file, code))  # type: ignore[arg-type]
        return _pytest(_Watch(tests), *dict.fromkeys(id.partition("::")[0] for id in tests))

    if not tests:
        return "no test"
    status = _forked(work, seconds=60 + int(10 * sum(known["seconds"].get(id, 0) for id in tests)))
    return {0: "lives", 70: "is no program"}.get(status, "timed out" if status == -signal.SIGALRM else "killed")


def main() -> None:
    """Look, change, try, tell."""
    kernel: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["coverage"]["run"]["include"]
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("tests", nargs="+", help="files and folders of the kernel's tests")
    asked.add_argument("--module", action="append", choices=kernel, help="only these (default: all)")
    asked.add_argument("--sample", type=int, default=0, help="at most so many of each module, drawn at random (0: all)")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--seconds", type=float, default=15, help="tests of at most so many seconds for each mutant, quickest first")
    asked.add_argument("--reuse", action="store_true", help="do not look again which test comes by which line")
    asked.add_argument("--living", action="store_true", help="only those that lived the last time")
    wanted = asked.parse_args()
    os.chdir(ROOT)
    sys.dont_write_bytecode = True
    found: dict[str, dict[str, str]] = {}
    with suppress(FileNotFoundError):
        found = json.loads((SEEN / "found.json").read_text())
    with TemporaryDirectory(prefix="anlan-mutants-") as folder:
        from graph.engine import running
        from models.settings import Settings

        with running(Settings(home=Path(folder), graph_heap="512m")):
            os.environ["ANLAN_TEST_ENGINE"] = folder
            if not wanted.reuse:
                _look(kernel, wanted.tests)
            known = json.loads((SEEN / "tests.json").read_text())
            for name in [*known["imports"], "models.domain", "models.parameters"]:
                with suppress(Exception):
                    importlib.import_module(name)
            assert not {one.removesuffix(".py").replace("/", ".") for one in kernel} & set(sys.modules), "would not be changed"
            for file in wanted.module or kernel:
                before = found.get(file, {})
                tree, every = mutants(file)
                chosen = every if not wanted.sample else random.Random(wanted.seed).sample(every, min(wanted.sample, len(every)))
                if wanted.living:
                    chosen = [one for one in every if before.get(one.words) in ("lives", "no test")]
                began, now = time.monotonic(), {}
                for one in chosen:
                    now[one.words] = _try(tree, one, _tests(one, known, wanted.seconds), known)
                found[file] = {**before, **now} if wanted.living else now
                (SEEN / "found.json").write_text(json.dumps(found, ensure_ascii=False, indent=1))
                _tell(file, len(every), found[file], time.monotonic() - began)


def _tell(file: str, every: int, tried: dict[str, str], seconds: float) -> None:
    count = Counter(tried.values())
    counted = len(tried) - count["is no program"]
    noticed = count["killed"] + count["timed out"]
    print(f"{file}: {noticed} of {counted} noticed ({noticed / max(counted, 1):.1%}), of {every} possible; {seconds:.0f} s")
    for words, became in tried.items():
        if became in ("lives", "no test"):
            print(f"  {file}:{words} {became}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

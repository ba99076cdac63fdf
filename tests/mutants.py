"""Breaks the safety kernel on purpose, one small change at a time, and asks whether its own tests notice: `make mutants`.

The modules are those of `[tool.coverage.run]`. One run under coverage tells which tests come by which line; then all tests are collected
once, and every mutant gets a forked process of its own, in which the changed functions and tables take the place of the module's and those
tests run until one fails. One graph engine serves all of them. Nothing on disk is changed. Printed at the end: how many were noticed, and
every one that was not.

Changed are comparisons, `and`/`or`/`not`, conditions, filters, arithmetic, numbers (one more, one less), truth values, strings (those that
are compared or are keys; words for people are left alone), returns, cases of a `match`, and statements that are left out. Left alone are
annotations, decorators, docstrings and f-strings.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import inspect
import json
import os
import random
import re
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FunctionType, ModuleType
from typing import Any

import coverage
import pytest
import sqlalchemy as sa
from _pytest.runner import runtestprotocol

from graph.engine import running
from models.settings import Settings

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
    seen: Counter[str] = Counter()
    for statement, node, parent, is_inside in _nodes(tree, tree, False):
        line = getattr(node, "lineno", statement.lineno)
        body = getattr(statement, "body", None)
        lines = range(statement.lineno, body[0].lineno if isinstance(body, list) else (statement.end_lineno or statement.lineno) + 1)
        for words, new in _changes(node, parent, is_inside):
            column = getattr(node, "col_offset", statement.col_offset)
            words = f"{line}:{column} {words}"
            seen[words] += 1
            found.append(Mutant(file, lines, words if seen[words] == 1 else f"{words} ({seen[words]})", node, new))
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


class _Watch:
    """A pytest plugin that tells coverage which test runs, and notes how long each took."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if measured := coverage.Coverage.current():
            measured.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration


class _Break:
    """A pytest plugin that gives the collected tests to `work` instead of running them."""

    def __init__(self, work: Callable[[dict[str, pytest.Item]], None]) -> None:
        self.work = work

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.work({item.nodeid: item for item in session.items})
        return True


def _pytest(plugin: object, files: Iterable[str], folder: str) -> int:
    kept = ("-o", "tmp_path_retention_policy=failed", f"--basetemp={folder}/tmp")
    return int(pytest.main(["-x", "-q", "-s", "-p", "no:cacheprovider", *kept, *files], plugins=[plugin]))


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


def _look(kernel: list[str], files: list[str], folder: str, *, add: bool) -> None:
    """Run the tests once, unchanged, and write down, or add, which come by which line and how long they take."""

    def work() -> int:
        measured = coverage.Coverage(data_file=f"{folder}/coverage", config_file=False, include=[str(ROOT / one) for one in kernel])
        watch = _Watch()
        with measured.collect():
            status = _pytest(watch, files, folder)
        data = measured.get_data()
        by_line = {file: data.contexts_by_lineno(str(ROOT / file)) for file in kernel}
        seconds = dict(watch.seconds)
        if add:
            known = json.loads((SEEN / "tests.json").read_text())
            for file, lines in known["lines"].items():
                for line, ids in lines.items():
                    by_line[file][int(line)] = sorted({*ids, *by_line[file].get(int(line), ())})
            seconds = known["seconds"] | seconds
        (SEEN / "tests.json").write_text(json.dumps({"lines": by_line, "seconds": seconds}))
        return status

    SEEN.mkdir(parents=True, exist_ok=True)
    if status := _forked(work):
        sys.exit(f"the tests do not pass unchanged (status {status}): python -m pytest {' '.join(files)}")


def _tests(mutant: Mutant, known: dict[str, Any], most: float) -> list[str]:
    """The tests that come by a mutant's lines, the module's own first and then the quickest, as many as take `most` seconds together;
    PostgreSQL's only when no other does."""
    by_line: dict[str, list[str]] = known["lines"][mutant.file]
    own = {id for line in mutant.lines for id in by_line.get(str(line), ()) if id}
    name = f"/test_{Path(mutant.file).stem}"
    # What stands outside functions is run by the import alone, and some tests only read it.
    own = own or {id for ids in by_line.values() for id in ids if id} | {id for id in known["seconds"] if name in id}
    own = {id for id in own if "postgresql" not in id} or own
    chosen, spent = [], 0.0
    for id in sorted(own, key=lambda id: (name not in id, known["seconds"].get(id, 0), id)):
        spent += known["seconds"].get(id, 0)
        if chosen and spent > most:
            break
        chosen.append(id)
    return chosen


def _try(tree: ast.Module, mutant: Mutant, tests: list[pytest.Item], seconds: int) -> str:
    """What becomes of the tests with the mutant in place of what they test."""

    def work() -> int:
        module = importlib.import_module(mutant.file.removesuffix(".py").replace("/", "."))
        try:
            code = compile(ast.fix_missing_locations(_Put(mutant).visit(tree)), str(ROOT / mutant.file), "exec")
        except (SyntaxError, TypeError, ValueError):
            return 70
        changed = ModuleType(module.__name__)
        changed.__dict__.update({name: vars(module)[name] for name in ("__file__", "__package__", "__spec__")})
        exec(code, changed.__dict__)
        _transplant(vars(module), vars(changed), module.__name__)
        for test, following in zip_longest(tests, tests[1:]):
            if any(report.failed for report in runtestprotocol(test, log=False, nextitem=following)):
                return 1
        return 0

    if not tests:
        return "no test"
    status = _forked(work, seconds=seconds)
    return {0: "lives", 70: "is no program"}.get(status, "timed out" if status == -signal.SIGALRM else "killed")


def _transplant(old: Any, new: Mapping[str, Any], name: str) -> None:
    """Put the functions and the data of the changed module into the one that everybody has imported."""
    for key, value in list(new.items()):
        if isinstance(value, type) and value.__module__ == name:
            _transplant(vars(old[key]), vars(value), name)
        elif (function := _function(value)) is not None and function.__module__ == name:
            target = _function(old.get(key))
            if target is not None:
                target.__code__, target.__defaults__, target.__kwdefaults__ = (
                    function.__code__,
                    function.__defaults__,
                    function.__kwdefaults__,
                )
            if hasattr(old.get(key), "cache_clear") and name == "models.rulebook":
                old[key].cache_clear()
        elif isinstance(old, dict) and isinstance(value, DATA) and not key.startswith("__"):
            have = old.get(key)
            for module in [one for one in list(sys.modules.values()) if getattr(one, "__dict__", {}).get(key) is have]:
                setattr(module, key, value)  # whoever has imported it by name


DATA = (str, int, float, tuple, list, dict, set, frozenset, Path, re.Pattern, sa.MetaData, sa.Table)
"""What is put in place of a module's own."""


def _function(value: Any) -> FunctionType | None:
    """The function within a method, a property or a decorated function."""
    within = inspect.unwrap(getattr(value, "__func__", None) or getattr(value, "fget", None) or value)
    return within if isinstance(within, FunctionType) else None


def main() -> None:
    """Look, change, try, tell."""
    kernel: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["coverage"]["run"]["include"]
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("tests", nargs="*", help="files and folders of the kernel's tests")
    asked.add_argument("--module", action="append", choices=kernel, help="only these (default: all)")
    asked.add_argument("--sample", type=int, default=0, help="at most so many of each module, drawn at random (0: all)")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--seconds", type=float, default=15, help="tests of at most so many seconds for each mutant")
    asked.add_argument("--reuse", action="store_true", help="which test comes by which line is known; the tests named are added to it")
    asked.add_argument("--living", action="store_true", help="only those that lived the last time")
    wanted = asked.parse_args()
    os.chdir(ROOT)
    with TemporaryDirectory(prefix="anlan-mutants-") as folder, running(Settings(home=Path(folder), graph_heap="512m")):
        os.environ["ANLAN_TEST_ENGINE"] = folder
        if wanted.tests:
            _look(kernel, wanted.tests, folder, add=wanted.reuse)
        known = json.loads((SEEN / "tests.json").read_text())
        files = sorted({id.partition("::")[0] for id in known["seconds"]})
        _pytest(_Break(lambda items: _all(wanted, wanted.module or kernel, known, items)), files, folder)


def _all(wanted: argparse.Namespace, modules: list[str], known: dict[str, Any], items: dict[str, pytest.Item]) -> None:
    found: dict[str, dict[str, str]] = {}
    with suppress(FileNotFoundError):
        found = json.loads((SEEN / "found.json").read_text())
    for file in modules:
        before = found.get(file, {})
        tree, every = mutants(file)
        chosen = every if not wanted.sample else random.Random(wanted.seed).sample(every, min(wanted.sample, len(every)))
        if wanted.living:
            chosen = [one for one in every if before.get(one.words) in ("lives", "no test")]
        found[file] = dict(before) if wanted.living else {}
        began = time.monotonic()
        for one in chosen:
            ids = [id for id in _tests(one, known, wanted.seconds) if id in items]
            limit = 60 + int(10 * sum(known["seconds"].get(id, 0) for id in ids))
            found[file][one.words] = _try(tree, one, [items[id] for id in ids], limit)
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

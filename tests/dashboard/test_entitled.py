"""Every page and every command, for every role that is not entitled to it: refused, and in the audit.

Pages come from the application's own navigation and commands from the command line itself, so one that is new and stands in no table
here fails the test.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from argon2 import PasswordHasher
from streamlit.testing.v1 import AppTest
from typer.main import get_command
from typer.testing import CliRunner

import anlan
from dashboard.app import SHEETS
from graph import importing, listening, people, tasks
from graph.knowledge import Knowledge
from models.domain import Person, Role
from models.errors import MustChange, NotAllowed
from reports import signoff
from tests.dashboard.evening import PASSWORD, Evening

ROOT = Path(__file__).resolve().parents[2]
ROLES: tuple[Role, ...] = ("officer", "duty", "planner", "signer", "guardian", "auditor", "admin")
EVERYONE = frozenset(ROLES)

PAGES: dict[str, frozenset[str]] = {
    "situation": EVERYONE,
    "duty": frozenset({"officer", "duty", "auditor"}),
    "signoff": frozenset({"signer"}),
    "relief": EVERYONE,
    "library": EVERYONE,
    "sources": frozenset({"duty", "admin"}),
    "audit": frozenset({"auditor"}),
    "wall": EVERYONE,
    "account": EVERYONE,
}
"""Page -> the roles it opens for."""

FILE = "{file}"
COMMANDS: dict[str, tuple[frozenset[str], tuple[tuple[str, ...], ...]]] = {
    "sources retry": (frozenset({"duty", "admin"}), (("--all",),)),
    "triage correct": (frozenset({"officer", "duty"}), (("{evidence}", "--category", "消防"),)),
    "incidents": (EVERYONE, ()),
    "incident": (
        frozenset({"officer", "duty"}),
        tuple(
            (*words, "--reason", "试")
            for words in (
                ("merge", "{fire}", "{flood}"), ("split", "{fire}", "{evidence}"), ("move", "{evidence}", "{fire}"), ("refuse", "{evidence}"),
                ("close", "{fire}"), ("undo", "ju-none"),
            )
        ),
    ),
    "draft": (frozenset({"duty"}), (("{fire}",), ("day-2026-07-18",))),
    "report": (EVERYONE, ()),
    "brief": (EVERYONE, ()),
    "submit": (frozenset({"duty"}), (("{report}", "--digest", "{digest}"),)),
    "sign": (frozenset({"signer"}), (("{report}", "--digest", "{digest}"),)),
    "return": (frozenset({"signer"}), (("{report}", "--digest", "{digest}", "--reason", "试"),)),
    "withdraw": (frozenset({"signer"}), (("{report}", "--digest", "{digest}", "--reason", "试"),)),
    "relief plan": (frozenset({"duty"}), (("{fire}", "--circle", "118.78,32.05,800", "--propose"),)),
    "relief deliver": (frozenset({"duty", "admin"}), (("rl-none", "--line", "1", "--quantity", "1"),)),
    "relief stock": (frozenset({"duty", "admin"}), (("--lot", "lot-none", "--counted", "1"),)),
    "audit retain": (frozenset({"auditor"}), (("--older-than", "60", "--erase", "--reason", "试"),)),
    "model pause": (frozenset({"guardian"}), (("--reason", "试"),)),
    "model resume": (frozenset({"guardian"}), (("--reason", "试"),)),
    "people add": (frozenset({"admin"}), (("newcomer", "duty", "--password-file", FILE),)),
    "people reset": (frozenset({"admin"}), (("zhang", "--new-password-file", FILE), ("zhang", "--only-code"))),
    "people change": (frozenset({"admin"}), (("zhang", "--role", "admin"),)),
}  # fmt: skip
"""Command that acts for an account -> the roles entitled to it, and the words with which each other role tries it."""

OWN = {"people password", "people code"}
"""Commands that concern the account itself and ask for its password; every role may."""

OPERATOR = {
    "ingest", "sources", "sources ask", "sources quarantine", "understand", "mask", "triage train", "needs", "exposure", "library add", "library list",
    "library show", "library remove", "library expiring", "library search", "ask", "audit verify", "audit export", "graph rebuild",
    "model status", "serve-model", "people list", "bench", "up", "demo", "work",
    "backup", "restore",
}  # fmt: skip
"""Commands of whoever runs the machine: they act for no account. Who may start them decides the operating system, by the files' modes."""


def commands(group: click.Group | None = None, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with its words."""
    for name, command in (group or get_command(anlan.app)).commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            if getattr(command, "invoke_without_command", False):
                yield before + name, command
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name, command


def account(role: Role) -> Person:
    return Person(name=f"role-{role}", display_name=f"某{role}", role=role)


@pytest.fixture(scope="module")
def accounts(known: Knowledge, evening: Evening) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        # A hundred sign-ins: the hash is as cheap as it can be, everything else about signing in is as always.
        patch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        for role in ROLES:
            people.add(known.ledger, account(role), PASSWORD, by="system")
        yield


def refusals(known: Knowledge, name: str) -> int:
    return sum(1 for _ in known.ledger.entries(kinds=["person.refused"], subject=name))


def test_every_page_and_every_command_stands_in_a_table() -> None:
    assert set(SHEETS) == set(PAGES)
    found = dict(commands())
    assert set(found) == set(COMMANDS) | OWN | OPERATOR
    named = {name for name, command in found.items() if any("--as" in param.opts for param in command.params)}
    assert named == set(COMMANDS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_for_its_roles_and_refuses_the_others_on_record(known: Knowledge, accounts: None, page: str, role: Role) -> None:
    before = refusals(known, f"role-{role}")
    test = AppTest.from_string(f"from dashboard.app import draw\ndraw({page!r})\n", default_timeout=60)
    test.session_state["account"] = f"role-{role}"
    test.run()
    assert not test.exception
    if role in PAGES[page]:
        assert not test.error
        assert refusals(known, f"role-{role}") == before
    else:
        assert len(test.error) == 1
        assert len(test.main) == 1, "something is shown beside the refusal"
        assert refusals(known, f"role-{role}") == before + 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_refuses_every_role_not_entitled_on_record(
    known: Knowledge, evening: Evening, accounts: None, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entitled, attempts = COMMANDS[command]
    assert bool(attempts) == (entitled != EVERYONE)

    @contextmanager
    def the_same() -> Iterator[Knowledge]:
        yield known

    monkeypatch.setattr(anlan, "_knowledge", the_same)  # the knowledge that is open anyway: opening it anew takes a second each time
    file = tmp_path / "password"
    file.touch(0o600)
    file.write_text(PASSWORD, encoding="utf-8")
    file.chmod(0o600)
    report = signoff.write_draft(known, evening.fire, account("duty")).report
    words = {"file": str(file), "evidence": evening.hostile, "fire": evening.fire, "flood": evening.flood, "report": report.id}
    words["digest"] = report.content_digest()
    own = "--by-password-file" if command == "people add" else "--password-file"
    for role in sorted(EVERYONE - entitled):
        for attempt in attempts:
            name = f"role-{role}"
            before, last = refusals(known, name), known.ledger.last_seq()
            argv = [*command.split(), *(word.format(**words) for word in attempt), "--as", name, own, str(file)]
            result = CliRunner().invoke(anlan.app, argv)
            assert isinstance(result.exception, NotAllowed), (role, attempt, result.output, result.exception)
            assert refusals(known, name) == before + 1
            kinds = {entry.kind for entry in known.ledger.entries(after=last)}
            assert kinds <= {"person.signed_in", "person.confirmed", "person.refused"}, "something was written all the same"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_no_command_acts_for_an_account_without_its_password(
    known: Knowledge, evening: Evening, accounts: None, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def the_same() -> Iterator[Knowledge]:
        yield known

    monkeypatch.setattr(anlan, "_knowledge", the_same)
    entitled, attempts = COMMANDS[command]
    role = sorted(entitled)[0]
    words = {
        "file": str(tmp_path / "none"),
        "evidence": evening.hostile,
        "fire": evening.fire,
        "flood": evening.flood,
        "report": "re-1",
        "digest": "0",
    }
    looks = {"incidents": (), "brief": (), "report": (evening.fire, "--format", "json")}
    attempt = attempts[0] if attempts else looks[command]
    argv = [*command.split(), *(word.format(**words) for word in attempt), "--as", f"role-{role}"]
    last = known.ledger.last_seq()
    result = CliRunner().invoke(anlan.app, argv)
    assert result.exit_code != 0
    assert known.ledger.last_seq() == last


ACTS: dict[str, tuple[frozenset[str], Callable[[Knowledge, Person, Path], object]]] = {
    "import": (frozenset({"planner"}), lambda k, who, folder: importing.add(k, [folder], by=who)),
    "remove": (frozenset({"planner"}), lambda k, who, _: importing.remove(k, "none", by=who, reason="试")),
    "retry": (frozenset({"duty", "admin"}), lambda k, who, _: listening.ask_again(k.ledger, who, "f" * 64)),
    "assign": (frozenset({"officer", "duty"}), lambda k, who, _: tasks.assign(k, "in-none", "fa-1", who, "消防", None)),
    "finish": (frozenset({"officer", "duty"}), lambda k, who, _: tasks.finish(k, "in-none", "fa-1", who)),
    "reopen": (frozenset({"officer", "duty"}), lambda k, who, _: tasks.reopen(k, "in-none", "fa-1", who)),
}
"""What only pages offer -> the roles entitled to it, and the domain's own function."""


@pytest.mark.parametrize("act", ACTS)
def test_what_pages_offer_is_refused_by_the_domain_too(known: Knowledge, accounts: None, tmp_path: Path, act: str) -> None:
    entitled, do = ACTS[act]
    for role in sorted(EVERYONE - entitled):
        before = refusals(known, f"role-{role}")
        with pytest.raises(NotAllowed):
            do(known, account(role), tmp_path)
        assert refusals(known, f"role-{role}") == before + 1


WRITERS = {
    "graph/judgements.py": {"merge", "split", "move", "refuse", "close", "undo"},
    "graph/guardian.py": {"pause", "resume"},
    "graph/triage.py": {"correct"},
    "graph/tasks.py": {"assign", "finish", "reopen"},
    "graph/people.py": {"add", "change_password", "change", "drop_code"},
    "graph/listening.py": {"ask_again"},
    "graph/importing.py": {"add", "remove"},
    "graph/scope.py": {"read_unmasked"},
    "reports/signoff.py": {"write_draft", "edit", "replace_claims", "submit", "sign", "return_", "withdraw"},
    "reports/model_draft.py": {"offer", "take"},
}
"""Public functions that write in a person's name; each must come to the domain's question of right, itself or through what it calls."""

ASKS = {"allow", "allow_any"}


def asking(path: Path) -> set[str]:
    """Functions of a file that reach `allow`, themselves or through a function they call by its name."""
    tree = ast.parse(path.read_text("utf-8"))
    calls: dict[str, set[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            calls[node.name] = {one.func.id for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}
    found, known = set(ASKS | {"replace_claims"}), 0
    while len(found) != known:
        known = len(found)
        found |= {name for name, called in calls.items() if called & found}
    return found & set(calls)


@pytest.mark.parametrize("file", WRITERS)
def test_every_function_that_writes_in_a_person_s_name_asks_whether_that_is_allowed(file: str) -> None:
    assert WRITERS[file] <= asking(ROOT / file)


def test_the_unmasked_has_one_door() -> None:
    users = set()
    rooms = ("graph", "reports", "dashboard", "ingestion", "models")
    for path in [ROOT / "anlan.py", *(path for room in rooms for path in (ROOT / room).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ledger.body"):
                users.add(path.relative_to(ROOT).as_posix())
    assert users == {"graph/scope.py", "reports/relief.py"}, "warnings alone are read as received beside it"


def test_an_account_s_life_on_the_command_line(
    known: Knowledge, evening: Evening, accounts: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def the_same() -> Iterator[Knowledge]:
        yield known

    monkeypatch.setattr(anlan, "_knowledge", the_same)
    files = {}
    for name, text in (("admin", PASSWORD), ("first", "初始口令的四个词 2026"), ("own", "自己想的四个词 2027")):
        files[name] = tmp_path / name
        files[name].touch(0o600)
        files[name].write_text(text, encoding="utf-8")
        files[name].chmod(0o600)

    def run(*argv: str, password: str) -> tuple[int, BaseException | None, str]:
        monkeypatch.setenv("ANLAN_PASSWORD_FILE", str(files[password]))
        result = CliRunner().invoke(anlan.app, list(argv))
        return result.exit_code, result.exception, result.output

    added = ("people", "add", "fresh", "duty", "--districts", "320105", "--password-file", str(files["first"]), "--as", "role-admin")
    assert run(*added, password="admin")[0] == 0
    draft = ("draft", evening.fire, "--as", "fresh", "--json")
    assert isinstance(run(*draft, password="first")[1], MustChange)
    assert run("people", "password", "fresh", "--new-password-file", str(files["own"]), password="first")[0] == 0
    assert isinstance(run(*draft, password="first")[1], NotAllowed)
    assert run(*draft, password="own")[0] == 0
    assert isinstance(run("draft", "day-2026-07-18", "--as", "fresh", password="own")[1], NotAllowed)
    assert run("people", "change", "fresh", "--districts", "", "--as", "role-admin", password="admin")[0] == 0
    assert known.ledger.person("fresh").districts == ()
    assert run("people", "reset", "fresh", "--new-password-file", str(files["first"]), "--as", "role-admin", password="admin")[0] == 0
    assert isinstance(run(*draft, password="first")[1], MustChange)


def test_signing_on_the_command_line_gives_the_credential_for_that_text(
    known: Knowledge, evening: Evening, accounts: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def the_same() -> Iterator[Knowledge]:
        yield known

    monkeypatch.setattr(anlan, "_knowledge", the_same)
    file = tmp_path / "password"
    file.touch(0o600)
    file.write_text(PASSWORD, encoding="utf-8")
    report = signoff.write_draft(known, evening.flood, account("duty")).report
    digest = report.content_digest()
    signoff.submit(known, report.id, version=1, digest=digest, by=account("duty"))
    argv = ["sign", report.id, "--as", "role-signer", "--digest", digest, "--password-file", str(file), "--json"]
    assert CliRunner().invoke(anlan.app, argv).exit_code == 0
    confirmed = [entry.payload["about"] for entry in known.ledger.entries(kinds=["person.confirmed"], subject="role-signer")]
    assert confirmed[-1] == digest

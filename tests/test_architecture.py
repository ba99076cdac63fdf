"""The directions between the rooms, the one-door table, and what must stay in step."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {
    "models": set(),
    "graph": {"models"},
    "ingestion": {"graph", "models"},
    "reports": {"graph", "models"},
    "dashboard": {"reports", "graph", "models"},
}
"""Room -> the other rooms it may import. `anlan.py` may import all."""

DOORS = {
    "neo4j": {"graph/store.py", "graph/engine.py"},
    "arcadedb_embedded": {"graph/engine.py"},
    "openai": {"models/language.py"},
    "sqlalchemy": {"graph/ledger.py", "ingestion/database.py"},
    "urllib3": {"ingestion/fetch.py"},
    "feedparser": {"ingestion/feeds.py"},
    "psycopg": {"graph/ledger.py"},
    "apscheduler": {"ingestion/schedule.py"},
    "streamlit": {"dashboard/"},
    "folium": {"dashboard/maps.py"},
    "streamlit_folium": {"dashboard/maps.py"},
    "docx": {"reports/", "graph/library.py"},
    "rasterio": {"models/grids.py"},
    "argon2": {"graph/people.py", "graph/second_factor.py"},
    "pyotp": {"graph/second_factor.py"},
    "segno": {"dashboard/views/account.py"},
    "sklearn": {"ingestion/triage_training.py", "ingestion/evaluate_triage.py"},
}
"""Library -> the only places that may import it."""


@cache
def imports() -> dict[str, set[str]]:
    """Project file -> top-level names it imports, wherever the import stands."""
    found = {}
    for path in [ROOT / "anlan.py", *(p for room in MAY_IMPORT for p in (ROOT / room).rglob("*.py"))]:
        names = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
        found[path.relative_to(ROOT).as_posix()] = names
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_it_may_see(room: str) -> None:
    wrong = {
        file: names & (set(MAY_IMPORT) | {"anlan"}) - MAY_IMPORT[room] - {room}
        for file, names in imports().items()
        if file.startswith(room + "/")
    }
    assert wrong, f"no files found in {room}"
    assert not {file: names for file, names in wrong.items() if names}


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str) -> None:
    users = {file for file, names in imports().items() if library in names}
    assert not {
        file for file in users if not any(file == door or (door.endswith("/") and file.startswith(door)) for door in DOORS[library])
    }


def test_no_package_named_after_nothing() -> None:
    banned = {"utils", "helpers", "common", "manager", "service", "base", "misc"}
    assert not [file for file in imports() if Path(file).stem in banned]


def _names(specs: list[str]) -> dict[str, str]:
    parsed = {}
    for spec in specs:
        match = re.match(r"([A-Za-z0-9._-]+(?:\[[a-z,]+\])?)(.*)", spec.replace(" ", ""))
        assert match, spec
        parsed[match[1].lower().replace("_", "-")] = match[2]
    return parsed


def _pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_conda_environment_names_the_same_dependencies_as_pyproject() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    (pip,) = [entry["pip"] for entry in conda if isinstance(entry, dict)]
    assert _names(pip) == _names(_pyproject()["dependencies"])
    assert f"python{_pyproject()['requires-python']}" in [str(entry).replace(" ", "") for entry in conda]


DISTRIBUTION = {
    "argon2": "argon2-cffi",
    "yaml": "pyyaml",
    "docx": "python-docx",
    "python_calamine": "python-calamine",
    "dateutil": "python-dateutil",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "pydantic_core": "pydantic",
}
"""Import name -> distribution, where they differ by more than case and hyphens."""
NOT_IMPORTED = {"neo4j-rust-ext", "psycopg"}
"""Used by name only: the driver and SQLAlchemy load them."""


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    declared = {re.sub(r"\[.*\]", "", name) for name in _names(_pyproject()["dependencies"])}
    optional = {re.sub(r"\[.*\]", "", name) for specs in _pyproject()["optional-dependencies"].values() for name in _names(specs)}
    ours = {*MAY_IMPORT, "anlan"}
    used = {
        DISTRIBUTION.get(n, n.lower().replace("_", "-"))
        for names in imports().values()
        for n in names
        if n not in sys.stdlib_module_names | ours
    }
    assert not used - declared - optional
    assert not declared - used - NOT_IMPORTED


def test_lock_file_pins_every_dependency_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = set(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==", lock, re.M))
    wanted = {re.sub(r"\[.*\]", "", name) for name in _names(_pyproject()["dependencies"] + _pyproject()["optional-dependencies"]["dev"])}
    assert not wanted - pinned
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.M)[1:]
    assert not [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block]


def test_every_make_target_has_a_help_line() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.M)
    assert phony
    undocumented = [target for target in phony[1].split() if not re.search(rf"^{target}:.*## ", makefile, re.M)]
    assert not undocumented


def test_every_setting_and_command_is_documented_in_both_readmes() -> None:
    from typer.main import get_command

    import anlan
    from models.settings import Settings

    settings = {f"ANLAN_{name.upper()}" for name in Settings.model_fields}
    commands = {f"anlan {name}" for name in get_command(anlan.app).commands}  # type: ignore[attr-defined]
    for readme in ("README.md", "README.zh-CN.md"):
        text = (ROOT / readme).read_text("utf-8")
        assert not {word for word in settings | commands if word not in text}, readme


def test_no_address_outside_the_machine_in_what_runs() -> None:
    pattern = re.compile(r"cdn\.jsdelivr|unpkg\.com|cdnjs|code\.jquery|googleapis\.com|bootstrapcdn|tile\.openstreetmap")
    found = [path for path in imports() if pattern.search((ROOT / path).read_text("utf-8"))]
    assert not found


def test_no_broad_catch_hides_a_failure() -> None:
    pattern = re.compile(r"except\s*(\(?\s*(Base)?Exception\b|:)")
    assert not [path for path in imports() if pattern.search((ROOT / path).read_text("utf-8"))]

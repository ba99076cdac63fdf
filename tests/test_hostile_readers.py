"""Every reader of outside files against files made to hurt: refused in at most 5 s of the processor and 500 MB, each in a process of its own.

`make test` takes the quick ones, `make live` all, with 100 MB of JSON, bombs and a million columns. Seconds are the processor's: a busy machine is no fault of a reader.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile_files import CASES

ROOT = Path(__file__).resolve().parents[1]
SECONDS, MEGABYTES = 5.0, 500
HARMLESS = {("library", "columns.md")}
"""Read, as what it is: one long line of text."""
QUICK = (
    *(
        "laughs.xml",
        "outside.xml",
        "laughs16.xml",
        "laughs.xlsx",
        "laughs16.xlsx",
        "laughs.docx",
        "overlap.xlsx",
        "overlap.zip",
        "nested.zip",
    ),
    *(
        "columns.csv",
        "columns.html",
        "deep.json",
        "deep.geojson",
        "deep.docx",
        "deep.html",
        "polyglot.xlsx",
        "polyglot.docx",
        "polyglot.pdf",
    ),
    *("polyglot.csv", "polyglot.geojson", "climbing.zip", "climbing.docx", "vrt.geojson", "web.geojson"),
)


def wrong(names: tuple[str, ...], folder: Path) -> list[str]:
    """What was not refused, or too slowly, or in too much memory."""
    todo = []
    for name in names:
        readers, make = CASES[name]
        path = make(folder / name)
        todo += [(reader, str(path)) for reader in readers]
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile_readers"], cwd=ROOT, input=json.dumps(todo), capture_output=True, text=True, timeout=1200, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(todo)
    print(f"{len(answers)} readings, most {max(a[2]['cpu'] for a in answers)} s, {max(a[2]['peak'] for a in answers)} MB")
    found = []
    for reader, name, seen in answers:
        refused = seen["said"].startswith("refused: ") or seen["said"] == 'read: {"Quarantined": 1}' or (reader, name) in HARMLESS
        if not refused or seen["cpu"] > SECONDS or seen["peak"] > MEGABYTES:
            found.append(f"{reader} {name}: {seen}")
    return found


def test_quick_hostile_files_are_refused_in_little_time_and_memory(tmp_path: Path) -> None:
    assert not wrong(QUICK, tmp_path)
    assert not [path for path in (Path("/tmp/anlan-climbed"), tmp_path.parent / "anlan-climbed") if path.exists()]


@pytest.mark.long
def test_every_hostile_file_is_refused_in_little_time_and_memory(tmp_path: Path) -> None:
    assert not wrong(tuple(CASES), tmp_path)

"""An auditor checks an export with nothing but the lines of Python that both READMEs print."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from invented import call

import anlan
from graph.ledger import Ledger
from models.domain import BEIJING, Source
from models.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def program(readme: str) -> str:
    (found,) = re.findall(r"```python\n(import hashlib.*?)```", (ROOT / readme).read_text("utf-8"), re.S)
    return found


@pytest.fixture
def exported(home: Settings, ledger: Ledger, hotline: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("ANLAN_HOME", str(home.home))
    for day in (17, 18, 19):
        at = datetime(2026, 7, day, 9, tzinfo=BEIJING)
        ledger.receive(hotline, [call(day)], at=at)
        ledger.record("person.refused", "=cmd|' /C calc'!A0", {"action": "签\ud83d发"}, by="duty1", at=at)
    path = tmp_path / "export.jsonl"
    anlan.audit_export(path, "", "")
    return path


def checked(readme: str, path: Path) -> subprocess.CompletedProcess[str]:
    code = program(readme)
    assert len(code.splitlines()) <= 15
    return subprocess.run([sys.executable, "-I", "-c", code, str(path)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_printed_program_accepts_a_whole_export_and_names_the_first_broken_entry(readme: str, exported: Path, ledger: Ledger) -> None:
    good = checked(readme, exported)
    *_, last = ledger.entries()
    assert good.returncode == 0, good.stderr
    assert last.hash in good.stdout
    lines = exported.read_text().splitlines()
    changed = json.loads(lines[3])
    for broken in (
        [*lines[:3], json.dumps(changed | {"by": "signer1"}), *lines[4:]],
        [*lines[:3], *lines[4:]],
        [*lines[:3], lines[4], lines[3], *lines[5:]],
    ):
        exported.write_text("\n".join(broken) + "\n")
        bad = checked(readme, exported)
        assert bad.returncode == 1
        assert re.search(r"\b[45]\b", bad.stderr)


def test_days_cut_out_a_stretch_that_holds_by_itself(exported: Path) -> None:
    path = exported.with_name("days.jsonl")
    anlan.audit_export(path, "2026-07-18", "2026-07-18")
    assert [json.loads(line)["seq"] for line in path.read_text().splitlines()] == [3, 4]
    assert checked("README.md", path).returncode == 0
    anlan.audit_export(path, "2027-01-01", "")
    assert path.read_text() == ""

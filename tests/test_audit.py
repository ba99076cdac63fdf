"""The dependency audit never takes silence for health, and a bill of materials names every pinned package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit import LOCK, ROOT, audit, known_answers

SKIPPED = {"name": "pydantic", "skip_reason": "Dependency not found on PyPI and could not be audited"}
CLEAN = {"name": "pydantic", "version": "1", "vulns": []}
WEAK = {"name": "pydantic", "version": "1", "vulns": [{"id": "PYSEC-0000-1", "fix_versions": ["2"]}]}


@pytest.mark.parametrize("answer", [None, [], [SKIPPED]])
def test_no_answer_is_no_clean_bill(answer: list[dict[str, object]] | None) -> None:
    fine, words = audit(LOCK.read_text("utf-8"), known_answers([answer]))
    assert fine
    assert "NOT DONE" in words


def test_a_known_weakness_fails_and_says_what_mends_it() -> None:
    fine, words = audit(LOCK.read_text("utf-8"), known_answers([[CLEAN], [WEAK, SKIPPED]]))
    assert not fine
    assert "PYSEC-0000-1" in words
    assert "fixed in 2" in words


def test_what_was_not_audited_is_not_counted() -> None:
    fine, words = audit(LOCK.read_text("utf-8"), known_answers([[CLEAN], [CLEAN, SKIPPED]]))
    assert fine
    assert re.search(r"1 of \d{3} packages audited", words)


def test_the_bill_of_materials_names_every_pinned_package(tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx_py", reason="cyclonedx-bom is not installed (extra dev)")
    out = tmp_path / "sbom.json"
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--of", "JSON", "-o", str(out)]
    subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "requirements", str(LOCK), *options], check=True, capture_output=True, timeout=120
    )
    bill = json.loads(out.read_text("utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    pinned = re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)", LOCK.read_text("utf-8"), re.M)
    assert {(one["name"], one["version"]) for one in bill["components"]} >= {*pinned}
    assert all(part.get("externalReferences", [{}])[0].get("hashes") for part in bill["components"])

"""Asks the package index for known weaknesses of what the lock file pins: `python -m tests.audit`, part of `make check`.

pip-audit calls it clean when the index knows none of the packages, as a mirror without advisories does. So one package is asked about first:
where that brings no answer, it is said that nothing was audited, and the check goes on. A known weakness fails it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
LONGEST = 300
"""Seconds for all of it."""

Ask = Callable[[Path], list[dict[str, Any]] | None]


def asked(requirements: Path) -> list[dict[str, Any]] | None:
    """What pip-audit says of each package; null when it gave no answer at all."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "-r", str(requirements), "-f", "json"]
    try:
        done = subprocess.run([*command, "--progress-spinner", "off", "--timeout", "15"], capture_output=True, timeout=LONGEST, check=False)
        said: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        return None
    return said


def audit(lock: str, ask: Ask) -> tuple[bool, str]:
    """Whether nothing known speaks against the pinned packages, and the sentence to print."""
    blocks = [block for block in re.split(r"^(?=[a-z0-9])", lock, flags=re.M)[1:] if "==" in block]
    first = next(block for block in blocks if block.startswith("pydantic=="))
    with tempfile.TemporaryDirectory() as folder:
        for body, many in ((first, False), (lock, True)):
            file = Path(folder, "requirements.txt")
            file.write_text(body, "utf-8")
            found = ask(file)
            audited = [one for one in found or [] if "skip_reason" not in one]
            if not audited:
                return (
                    True,
                    f"dependency audit: NOT DONE, the advisory service gave no answer here; {len(blocks)} packages were not audited",
                )
            if many:
                break
    weak = [(one["name"], one["version"], vuln["id"], vuln.get("fix_versions", [])) for one in audited for vuln in one["vulns"]]
    told = "".join(f"\n  {name} {version}: {id}, fixed in {'、'.join(fixed) or 'no version yet'}" for name, version, id, fixed in weak)
    return not weak, f"dependency audit: {len(audited)} of {len(blocks)} packages audited, {len(weak)} known weaknesses{told}"


def known_answers(answers: Sequence[list[dict[str, Any]] | None]) -> Ask:
    """Answers given in turn, for the tests."""
    turns = iter(answers)
    return lambda _: next(turns)


if __name__ == "__main__":
    fine, words = audit(LOCK.read_text("utf-8"), asked)
    print(words)
    sys.exit(not fine)

"""Reads each hostile file in a forked child of its own and tells what came of it: `python -m tests.hostile_readers < list of [reader, path]`.

A reader is `ingest:NAME`, `library`, `footprint` or `grid`. Every child is killed after `LONGEST` seconds of the processor and given at most `MOST` bytes of address space.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

LONGEST = 12
MOST = 6 * 1024**3


def outcome(reader: str, path: Path) -> str:
    """`refused: …` with the sentence the person sees, or what was read."""
    from graph import importing
    from ingestion.source import sources
    from models import footprints
    from models.errors import AnlanError

    try:
        if reader == "library":
            read = importing.read_document(path)
            return f"read: {len(read.provisions)} provisions"
        if reader == "footprint":
            found = footprints.from_file(path, measure="depth", levels=(0.5,))
            return f"read: {len(found.zones)} zones"
        kinds = {}
        for record in sources()[reader.removeprefix("ingest:")].read(path, datetime.now(UTC)):
            kinds[type(record).__name__] = kinds.get(type(record).__name__, 0) + 1
    except AnlanError as error:
        return f"refused: {error}"
    return f"read: {json.dumps(kinds)}"


def measured(reader: str, path: str) -> dict[str, object]:
    """Outcome, seconds and megabytes by which memory grew, from a forked child."""
    back, front = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(back)
        resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST))
        resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
        try:
            said = outcome(reader, Path(path))
        except BaseException as error:
            said = f"crashed: {type(error).__name__}: {error}"
        os.write(front, said.encode("utf-8", "replace")[:2000])
        os._exit(0)
    os.close(front)
    with os.fdopen(back, "rb") as pipe:
        said = pipe.read().decode("utf-8", "replace")
    _, status, used = os.wait4(child, 0)
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024
    return {
        "said": said or f"killed: status {status}",
        "seconds": round(time.monotonic() - began, 2),
        "cpu": round(used.ru_utime + used.ru_stime, 2),
        "mb": round((used.ru_maxrss - before) / 1024),
        "peak": round(used.ru_maxrss / 1024),
    }


if __name__ == "__main__":
    from graph import importing as _importing  # noqa: F401 (loaded once, before the children)
    from ingestion.source import sources
    from models import footprints as _footprints  # noqa: F401

    sources()
    for reader, path in json.load(sys.stdin):
        print(json.dumps([reader, Path(path).name, measured(reader, path)], ensure_ascii=False), flush=True)

"""Load an invented library into a Neo4j of its own and print the figures.

    python -m tests.live.load_neo4j FOLDER [PER CENT of the city's library] [SECONDS] [HEAP] [PAGE CACHE]

FOLDER keeps the database: the same order again goes on where it stopped.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from graph.load_bench import CITY, library_load
from tests.live.neo4j_server import neo4j_server


def main(folder: Path, per_cent: float = 1.0, seconds: float = 600.0, heap: str = "2g", page_cache: str = "1g") -> None:
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    documents, points = (round(size * per_cent / 100) for size in CITY)
    with neo4j_server(folder, heap=heap, page_cache=page_cache) as address:
        pid = int((folder / "pid").read_text())
        load = library_load(
            address, documents, points, seconds=seconds, folder=folder / "data", pid=pid, whole=folder / "search", progress=_say
        )
        print(json.dumps({**load.figures, "whole": load.is_whole, "heap": heap, "page_cache": page_cache}), flush=True)


def _say(done: int, seconds: float) -> None:
    if done % 5000 == 0:
        print(f"{done} documents in {seconds:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *map(float, sys.argv[2:4]), *sys.argv[4:6])

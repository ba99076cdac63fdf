"""Where the chain stood and when, written outside the database, so that cutting off its end or writing all of it anew does not pass.

One file, `anchors.jsonl`, to which lines are only ever added, each synced to the disk before anything else happens. Put the folder
(`ANLAN_ANCHORS`) on another disk, or where this user may add and not change (`chattr +a`): whoever can rewrite both the database and
this file can still deceive, which is why the newest line is also worth sending elsewhere.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from models.errors import Damaged

log = logging.getLogger(__name__)

FILE = "anchors.jsonl"
TORN = b" torn"
"""Ends a line that a power cut left unfinished."""

EVERY_ENTRIES = 1_000
"""An anchor is written after at most this many entries,"""
EVERY_SECONDS = 600.0
"""and this long after the last one while entries come in; at every signature at once."""


@dataclass(frozen=True)
class Anchor:
    """One line of the file: how long the chain was at a moment, and how it ended."""

    seq: int
    """Number of the newest entry, which is also how many there were."""
    hash: str
    """Its hash."""
    at: str
    """When, UTC."""
    restored: bool = False
    """Whether a backup was put back then: anchors before this line with higher numbers speak of what that backup did not hold."""


class Anchors:
    """The anchors of one ledger in one folder. Safe to share between threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._newest: Anchor | None = None
        self._written = 0
        self._written_at: float | None = None

    def follow(self, newest: Anchor, *, at_once: bool) -> None:
        """Hear where the chain stands after a write, and anchor it when it is time."""
        with self._lock:
            if self._newest is None or newest.seq > self._newest.seq:
                self._newest = newest
            waited = self._written_at is None or time.monotonic() - self._written_at >= EVERY_SECONDS
            if at_once or waited or self._newest.seq - self._written >= EVERY_ENTRIES:
                self._write(self._newest)

    def finish(self) -> None:
        """Anchor what was written since the last anchor, if anything."""
        with self._lock:
            if self._newest is not None and self._newest.seq > self._written:
                self._write(self._newest)

    def restored(self, newest: Anchor) -> None:
        """Note that a backup ending here was put back. Raises OSError: a restored record without this note would count as cut off."""
        with self._lock:
            self._append(newest)

    def read(self) -> list[Anchor]:
        """Every anchor that still speaks of this chain, in the order written. A last line torn by a power cut is passed over.

        Raises Damaged, naming the line, when another line cannot be read.
        """
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        found: list[Anchor] = []
        for number, line in enumerate(lines):
            if not line or line.endswith(TORN):
                continue
            try:
                anchor = Anchor(**json.loads(line))
                if type(anchor.seq) is not int or type(anchor.hash) is not str or len(anchor.hash) != 64:
                    raise ValueError(line)
            except (ValueError, TypeError) as error:
                if number == len(lines) - 1:
                    continue
                raise Damaged(f"锚点文件 {self._path} 第 {number + 1} 行读不出：请用另存的副本核对，再运行 anlan audit verify。") from error
            if anchor.restored:
                found = [earlier for earlier in found if earlier.seq <= anchor.seq]
            found.append(anchor)
        return found

    def _write(self, anchor: Anchor) -> None:
        self._written, self._written_at = anchor.seq, time.monotonic()
        try:
            self._append(anchor)
        except OSError as error:
            # The entries themselves are safe; a full disk for anchors must not stop the desk.
            log.warning("锚点没有写入 %s：%s。台账照常，请检查该磁盘；下次到期时再写。", self._path, error.strerror)

    def _append(self, anchor: Anchor) -> None:
        is_new = not self._path.exists()
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(handle).st_size
            # A line torn by a power cut is ended and marked, not cut off: where only adding is allowed, cutting is not.
            end = b"" if size == 0 or os.pread(handle, 1, size - 1) == b"\n" else TORN + b"\n"
            os.write(handle, end + json.dumps(asdict(anchor), separators=(",", ":")).encode("ascii") + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        if is_new:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

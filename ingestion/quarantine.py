"""A quarantined record read again: what was kept of it, or what a person made of it, by today's reader.

Whatever comes of it is in the ledger: `quarantine.settled` in the same transaction as the items it became, or `quarantine.tried`
with the new reason. Nothing is lost, since the raw record stays in the archive; nothing is doubled, since an item's id is the digest of its content.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from graph.knowledge import Knowledge
from ingestion.feeds import is_xml
from ingestion.receiving import found, goes_first
from ingestion.source import Record
from models.domain import Evidence, Feature, Quarantined, Receipt
from models.errors import AnlanError, BadInput, Refused


def retry(knowledge: Knowledge, digest: str, *, by: str, text: str | None = None) -> Receipt:
    """Read one quarantined record again, in the words of `text` when a person has mended it.

    Refused, with the reason, when it still cannot be read or was settled before; it then stays where it is. NotFound when unknown.
    """
    record = knowledge.ledger.held_record(digest)
    module = found(record.source)
    try:
        if text is None and not _is_whole(record):
            raise BadInput("原文超过 64 KiB 或有无法解码的字节，隔离区没有全文；请从原文件改正后重新导入，或用 --text 给出改正后的内容。")
        items = [one for one in _read(module.read, record.raw if text is None else text) if not isinstance(one, Quarantined)]
    except BadInput as error:
        knowledge.ledger.record("quarantine.tried", digest, {"reason": str(error)}, by=by)
        raise Refused(f"{record.where}：仍然读不出：{error}") from error
    evidence = [one for one in items if isinstance(one, Evidence)]
    return knowledge.ledger.receive(
        module.source,
        evidence,
        features=[one for one in items if isinstance(one, Feature)],
        urgent={one.id for one in evidence if goes_first(one, module.source)},
        settles=(digest, by),
    )


def retry_asked(knowledge: Knowledge) -> int:
    """Read again whatever someone asked for on the page; returns how many records that settled."""
    settled = 0
    for digest, by in knowledge.ledger.asked_again():
        try:
            retry(knowledge, digest, by=by)
            settled += 1
        except Refused:
            continue
    return settled


def _is_whole(record: Quarantined) -> bool:
    return hashlib.sha256(record.raw.encode("utf-8", "surrogatepass")).hexdigest() == record.digest


def _read(read: Callable[[Path, datetime], Iterable[Record]], raw: str) -> list[Record]:
    """The records of one raw text. BadInput when it holds none, or one of them still is none."""
    start = raw.lstrip("\ufeff \t\r\n")[:1]
    suffix = ".xml" if is_xml(raw) else ".jsonl" if start == "{" and "\n" not in raw.strip() else ".json" if start in ("{", "[") else ".csv"
    with tempfile.TemporaryDirectory(prefix="anlan-retry-") as folder:
        path = Path(folder) / f"隔离记录{suffix}"
        path.write_bytes(raw.encode("utf-8", "surrogatepass"))
        try:
            records = list(read(path, datetime.now(UTC)))
        except AnlanError as error:
            raise BadInput(str(error).replace(str(path), "隔离记录")) from error
    bad = [record.reason for record in records if isinstance(record, Quarantined)]
    if bad or not records:
        raise BadInput("；".join(bad) or "其中没有记录，请核对内容。")
    return records

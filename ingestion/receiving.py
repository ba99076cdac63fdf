"""How a file gets into the record: which files, in what batches, with what counts, and that it happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from graph.knowledge import Knowledge
from ingestion.files import checked, file_digest
from ingestion.source import SIDECAR, Record, SourceModule, parts_of, sources, unread
from models.domain import Evidence, Feature, Quarantined, Receipt, digest
from models.errors import BadInput, NotFound

BATCH = 1_000
"""Records per ledger transaction."""
BATCH_CHARACTERS = 8_000_000
"""Characters per ledger transaction: a thousand records of a megabyte each would not fit in memory."""

Progress = Callable[[Receipt], None]
"""Called after every batch with the counts so far."""


def found(source_name: str) -> SourceModule:
    """The source of that name. NotFound with the names there are."""
    known = sources()
    if source_name not in known:
        raise NotFound(f"没有名为 {source_name} 的来源，可用的来源有：{'、'.join(known)}。")
    return known[source_name]


def files_of(module: SourceModule, path: Path) -> list[Path]:
    """The files to read: the file itself, or those of a folder (and its folders) with the endings the source looks for.

    BadInput for a folder that holds none: an empty run would look like a quiet evening.
    """
    if not path.is_dir():
        return [path]
    inside = [
        file for file in sorted(path.rglob("*")) if file.is_file() and not any(part[0] == "." for part in file.relative_to(path).parts)
    ]
    wanted = [file for file in inside if file.suffix.lower() in module.suffixes and not file.name.endswith((SIDECAR, ".reason.txt"))]
    if not wanted:
        raise BadInput(f"{path}：文件夹里没有来源 {module.source.name} 能读的文件（{'、'.join(module.suffixes)}），请检查路径。")
    return wanted


def receive_file(knowledge: Knowledge, module: SourceModule, file: Path, *, progress: Progress | None = None) -> Receipt:
    """Take in one file. The last batch moves the source's watermark to this file, in the same transaction."""
    started, total, columns = datetime.now(UTC), Receipt(source=module.source.name), set[str]()
    try:
        # Before reading: a file that grows meanwhile must not be taken for one that was read to its end.
        mark = mark_of(checked(file))
        for batch, last in _batches(module.read(file, started)):
            part = knowledge.ledger.receive(
                module.source,
                [record for record in batch if isinstance(record, Evidence)],
                quarantined=[record for record in batch if isinstance(record, Quarantined)],
                features=[record for record in batch if isinstance(record, Feature)],
                watermark=mark if last else None,
            )
            columns |= unread(batch, module.kept)
            total = summed(total, part).model_copy(update={"unread_fields": tuple(sorted(columns))})
            if progress:
                progress(total)
    except BadInput as error:
        _run_recorded(knowledge, file, total, started, str(error))
        raise
    _run_recorded(knowledge, file, total, started, "")
    return total


def mark_of(file: Path) -> str:
    """Name, size and digest of a file and all that belongs to it: the watermark that says it has been received to its end."""
    return f"{file.name}:{file.stat().st_size}:{digest([file_digest(part) for part in parts_of(file)])}"


def _batches(records: Iterable[Record]) -> Iterator[tuple[list[Record], bool]]:
    """Records in groups small enough for one transaction, each with whether it is the last; one empty group for none."""
    batch: list[Record] = []
    size = 0
    for record in records:
        if len(batch) == BATCH or size > BATCH_CHARACTERS:
            yield batch, False
            batch, size = [], 0
        batch.append(record)
        size += _characters(record)
    yield batch, True


def _characters(record: Record) -> int:
    if isinstance(record, Evidence):
        return len(record.text) + sum(map(len, record.fields.values()))
    return len(record.raw) if isinstance(record, Quarantined) else 40 * len(str(record.geometry.get("coordinates", "")))


def summed(one: Receipt, other: Receipt) -> Receipt:
    """Two runs of a source as one."""
    return Receipt(
        source=one.source,
        read=one.read + other.read,
        new=one.new + other.new,
        duplicate=one.duplicate + other.duplicate,
        quarantined=one.quarantined + other.quarantined,
        unread_fields=tuple(sorted({*one.unread_fields, *other.unread_fields})),
    )


def _run_recorded(knowledge: Knowledge, file: Path, receipt: Receipt, started: datetime, error: str) -> None:
    """Write the run down, and with it bring the graph up to what was received."""
    run = {"receipt": receipt.model_dump(mode="json"), "file": file.name, "started_at": started.isoformat()}
    knowledge.record(
        "source.run", receipt.source, run | {"finished_at": datetime.now(UTC).isoformat(), "error": error or None}, by="system"
    )

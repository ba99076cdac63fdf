"""How a file gets into the record: which files, in what batches, with what counts, and that it happened."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from graph.knowledge import Knowledge
from ingestion.files import checked, file_digest
from ingestion.reading import READ_CHARACTERS
from ingestion.requests import cries_for_life
from ingestion.source import SIDECAR, Record, SourceModule, parts_of, sources, unread
from ingestion.source_addresses import Address, pages
from models.domain import Evidence, Feature, Quarantined, Receipt, Source, digest
from models.errors import AnlanError, BadInput, NotFound

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


def receive_file(
    knowledge: Knowledge, module: SourceModule, file: Path, *, mark: str | None = None, stream: str = "", progress: Progress | None = None
) -> Receipt:
    """Take in one file. The last batch moves the watermark to its end, in the same transaction.

    The watermark is the file's own, and the run is written down; or, for a page of an address, `mark` of `stream`, and whoever
    asked writes down the run.
    """
    started, total, columns = datetime.now(UTC), Receipt(source=module.source.name), set[str]()
    try:
        # Before reading: a file that grows meanwhile must not be taken for one that was read to its end.
        reached = mark or mark_of(checked(file))
        for batch, last in _batches(module.read(file, started)):
            evidence = [record for record in batch if isinstance(record, Evidence)]
            part = knowledge.ledger.receive(
                module.source,
                evidence,
                quarantined=[record for record in batch if isinstance(record, Quarantined)],
                features=[record for record in batch if isinstance(record, Feature)],
                watermark=reached if last else None,
                stream=stream or None,
                urgent={item.id for item in evidence if goes_first(item, module.source)},
            )
            columns |= unread(batch, module.kept)
            total = summed(total, part).model_copy(update={"unread_fields": tuple(sorted(columns))})
            if progress:
                progress(total)
    except BadInput as error:
        if not stream:
            record_run(knowledge, module.source.name, total, started, str(error), file=file.name)
        raise
    if not stream:
        record_run(knowledge, module.source.name, total, started, "", file=file.name)
    return total


def goes_first(item: Evidence, source: Source) -> bool:
    """Whether an item is understood before the rest when much waits: a cry for help, or one from the desk or an authority's warning.

    A quick look at the words, no judgement: what it misses is read in its turn.
    """
    return source.kind == "desk" or source.name == "warning" or cries_for_life(item.title) or cries_for_life(item.text[:READ_CHARACTERS])


def ask_address(knowledge: Knowledge, module: SourceModule, address: Address) -> Receipt:
    """Ask one address for what we do not have, and receive it page by page, the watermark with each page.

    A run that brought something or failed is written down; a look that found nothing is only remembered. What was received
    before a failure stays; the next run goes on from there.
    """
    started, total, brought = datetime.now(UTC), Receipt(source=module.source.name), False
    try:
        with tempfile.TemporaryDirectory(prefix="anlan-page-") as folder:
            for page in pages(address, knowledge.ledger.watermark(address.stream), Path(folder)):
                part = receive_file(knowledge, module, page.file, mark=page.mark, stream=address.stream)
                brought = brought or bool(part.new)
                total = summed(total, part)
                page.file.unlink()
    except AnlanError as error:
        record_run(knowledge, module.source.name, total, started, str(error), channel=address.stream)
        raise
    if brought:
        record_run(knowledge, module.source.name, total, started, "", channel=address.stream)
    knowledge.ledger.looked_at(address.stream)
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


def record_run(
    knowledge: Knowledge, source: str, receipt: Receipt, started: datetime, error: str, *, channel: str = "", file: str = ""
) -> None:
    """Write a run down in the ledger alone: receiving never waits for the graph, which follows with the next understanding."""
    run = {"receipt": receipt.model_dump(mode="json"), "channel": channel or source, "file": file, "started_at": started.isoformat()}
    knowledge.ledger.record("source.run", source, run | {"finished_at": datetime.now(UTC).isoformat(), "error": error or None}, by="system")

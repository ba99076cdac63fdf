"""The journey of evidence, on a page: a file is received, each item is understood, fused, and written down.

`receive` puts every record of a file into the ledger, in batches, each one transaction: new, duplicate or quarantined.
`understand_waiting` takes what waits there, reads it, decides which incident it belongs to, writes that down and brings the
graph up to date. Each step can be repeated: a crash anywhere loses nothing and writes nothing twice, because ids are digests of
content, "received" and "understood" are two marks in the ledger, and the graph is built from the ledger.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graph.knowledge import Knowledge
from graph.projection import waits_for_person
from ingestion.files import checked, file_digest
from ingestion.fuse import Fused, Fuser
from ingestion.one_text import dossier_of_text as dossier_of_text
from ingestion.places import gazetteer
from ingestion.reading import UNREAD, is_unreadable, view_of, what_it_says
from ingestion.source import SIDECAR, Record, SourceModule, parts_of, sources, unread
from models.domain import Evidence, EvidenceView, Feature, Match, Model, Place, Quarantined, Receipt, digest
from models.errors import BadInput, NotFound, Refused

BATCH = 1_000
"""Records per ledger transaction."""
WAITING_KEPT = 5_000
"""Evidence waiting for a person that fusion keeps in mind, the most urgent first."""
BATCH_CHARACTERS = 8_000_000
"""Characters per ledger transaction: a thousand records of a megabyte each would not fit in memory."""
_ALL = 1_000_000

Progress = Callable[[str, int], None]
"""Called after every batch with what is going on, in Chinese, and how many records it has come to."""

PATIENCE = 60.0
"""Seconds `ingest` waits for another process that is understanding just now."""


class UnderstoodCount(Model):
    """What one round of understanding did."""

    understood: int = 0
    """Pieces of evidence read."""
    opened: int = 0
    """Incidents opened."""
    fused: int = 0
    """Pieces fused into an incident, the opening ones included."""
    waiting_for_person: int = 0
    """Pieces that could not be read by the rules and wait for a person."""
    seconds: float = 0
    """How long it took."""


# --- receive ----------------------------------------------------------------------------------------------------------------------


def receive(knowledge: Knowledge, source_name: str, path: Path, *, progress: Progress | None = None) -> Receipt:
    """Take in a file, or every file of a folder in name order. When this returns, all of it survives a power cut.

    In a folder, a file that cannot be read does not stop the others: they are received, then BadInput names the bad ones. Every run
    is written to the ledger as `source.run`, with its counts and its error. NotFound for an unknown source or path.
    """
    module = found(source_name)
    if not path.exists():
        raise NotFound(f"{path}：文件不存在，请检查路径。")
    total = Receipt(source=source_name)
    failures: list[BadInput] = []
    for file in files_of(module, path):
        try:
            total = _sum(total, receive_file(knowledge, module, file, progress=progress))
        except BadInput as error:
            failures.append(error)
    if len(failures) == 1 and path.is_file():
        raise failures[0]
    if failures:
        listed = "\n".join(f"  {error}" for error in failures)
        raise BadInput(
            f"{path}：{len(failures)} 个文件无法接收，其余已接收（新增 {total.new}，重复 {total.duplicate}）：\n{listed}"
        ) from failures[0]
    return total


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
    wanted = [file for file in inside if file.suffix.lower() in module.SUFFIXES and not file.name.endswith((SIDECAR, ".reason.txt"))]
    if not wanted:
        raise BadInput(f"{path}：文件夹里没有来源 {module.SOURCE.name} 能读的文件（{'、'.join(module.SUFFIXES)}），请检查路径。")
    return wanted


def receive_file(knowledge: Knowledge, module: SourceModule, file: Path, *, progress: Progress | None = None) -> Receipt:
    """Take in one file. The last batch moves the source's watermark to this file, in the same transaction."""
    started, total, columns = datetime.now(UTC), Receipt(source=module.SOURCE.name), set[str]()
    try:
        # Before reading: a file that grows meanwhile must not be taken for one that was read to its end.
        mark = mark_of(checked(file))
        for batch, last in _batches(module.read(file, started)):
            part = knowledge.ledger.receive(
                module.SOURCE,
                [record for record in batch if isinstance(record, Evidence)],
                quarantined=[record for record in batch if isinstance(record, Quarantined)],
                features=[record for record in batch if isinstance(record, Feature)],
                watermark=mark if last else None,
            )
            columns |= unread(batch, module.KEPT)
            total = _sum(total, part).model_copy(update={"unread_fields": tuple(sorted(columns))})
            if progress:
                progress(f"接收 {file.name}", total.read)
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


def _sum(one: Receipt, other: Receipt) -> Receipt:
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


# --- understand -------------------------------------------------------------------------------------------------------------------


def understand_waiting(knowledge: Knowledge, *, batch: int = 200, progress: Progress | None = None) -> UnderstoodCount:
    """Read everything that waits, oldest first, until nothing does. Refused when another process is doing so.

    Fusion sees all open incidents from the graph once, then keeps them in mind; only one worker at a time, so what it keeps
    in mind is what the ledger says.
    """
    began, count = time.monotonic(), UnderstoodCount()
    with knowledge.ledger.sole_worker():
        knowledge.catch_up()
        bench: _Bench | None = None
        while waiting := knowledge.ledger.waiting(batch):
            bench = bench or _Bench(knowledge)
            read = [bench.understood(evidence) for evidence in waiting]
            knowledge.ledger.understood([(evidence.id, payload) for evidence, payload in zip(waiting, read, strict=True)])
            knowledge.catch_up()
            count = UnderstoodCount(
                understood=count.understood + len(read),
                opened=count.opened + sum(1 for payload in read if payload["match"]["opens"]),
                fused=count.fused + sum(1 for payload in read if payload["match"]["incident"]),
                waiting_for_person=count.waiting_for_person + sum(1 for payload in read if _needs_person(payload)),
                seconds=time.monotonic() - began,
            )
            if progress:
                progress("理解", count.understood)
    return count.model_copy(update={"seconds": time.monotonic() - began})


def ingest(knowledge: Knowledge, source_name: str, path: Path, *, progress: Progress | None = None) -> tuple[Receipt, UnderstoodCount]:
    """Receive a file or folder, then understand all that waits. What was readable is understood even when a file was not.

    When another process (a running desk) is understanding, this waits up to a minute for its turn; Refused after that, with everything
    received and nothing lost.
    """
    try:
        receipt = receive(knowledge, source_name, path, progress=progress)
    except BadInput:
        _understand_patiently(knowledge, progress)
        raise
    return receipt, _understand_patiently(knowledge, progress)


def _understand_patiently(knowledge: Knowledge, progress: Progress | None) -> UnderstoodCount:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return understand_waiting(knowledge, progress=progress)
        except Refused:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


class _Bench:
    """The understanding worker's bench: the sources, the gazetteer, and every open incident in mind."""

    def __init__(self, knowledge: Knowledge) -> None:
        city = knowledge.settings
        store = knowledge.store
        incidents = store.incidents(status="open")
        # Every piece, not the newest few: a figure is believed only together with the message that gave it.
        told = store.incident_evidence_texts([incident.id for incident in incidents], _ALL)
        waiting = store.evidence(WAITING_KEPT, waiting_for_person=True)
        known = [view.id for views in told.values() for view in views] + [view.id for view in waiting]
        place = Place(name=city.city_name, adcode=city.city_code, precision="city")
        self._fuser = Fuser(incidents, told, store.statements_of(known), waiting=waiting, city=place)
        self._sources = {name: module.SOURCE for name, module in sources().items()}
        self._gazetteer = gazetteer(city.city_name)
        self._city = city.city_name

    def understood(self, evidence: Evidence) -> dict[str, Any]:
        """What one item says and where it belongs, as the ledger keeps it: no unmasked word."""
        if evidence.source not in self._sources:
            raise NotFound(
                f"证据 {evidence.id} 来自来源 {evidence.source}，但程序中已没有这个来源，请恢复 ingestion/sources/{evidence.source}.py。"
            )
        said, quoted = what_it_says(evidence, self._gazetteer, self._city)
        view = view_of(evidence, self._sources[evidence.source], said)
        if is_unreadable(said):
            match = Match(incident=None, score=0, reasons=(UNREAD,))
            fused = Fused(view.model_copy(update={"match_score": 0.0, "match_reasons": match.reasons}), match, None, [], None)
        else:
            fused = self._fuser.place(view, said, quoted)
        payload: dict[str, Model | Iterable[Model] | None] = {
            "view": fused.view,
            "understanding": said,
            "statements": quoted,
            "match": fused.match,
            "incident": fused.incident,
            "impacts": fused.impacts,
            "also": [earlier for earlier, _ in fused.also],
        }
        return {name: _plain(value) for name, value in payload.items()}


def _plain(value: Model | Iterable[Model] | None) -> Any:
    if value is None or isinstance(value, Model):
        return value.model_dump(mode="json") if value else None
    return [one.model_dump(mode="json") for one in value]


def _needs_person(payload: dict[str, Any]) -> bool:
    return waits_for_person(EvidenceView.model_validate(payload["view"]))

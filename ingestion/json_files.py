"""Files of JSON objects: JSON lines, one object a line, or one document with a list somewhere inside, as web services answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingestion.cells import json_object, json_value, objects_in
from ingestion.files import BadLine, document, head, lines, quarantined
from models.domain import Quarantined
from models.errors import BadInput, BadRecord

Item = tuple[dict[str, Any], str, str]
"""An object, the file and place it stands at, and its own JSON text."""


def looks_like_json(path: Path) -> bool:
    """Whether a file starts as a JSON object or list."""
    return head(path, 64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def json_items(path: Path, source: str, *wanted: str) -> Iterator[Item | Quarantined]:
    """Every object of a file in order. `wanted` are names that tell an item from the wrapping around it.

    A line that is no object goes to quarantine and the next is read. BadInput when a document is no JSON or holds no object at all
    where it should (an empty list is a quiet hour, not a fault).
    """
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        yield from _lines(path, source)
        return
    text = document(path)
    try:
        value = json_value(text)
    except BadRecord as error:
        if text.lstrip("\ufeff \t\r\n").startswith("{") and text.strip().count("\n"):
            yield from _lines(path, source)
            return
        raise BadInput(f"{path}：{error}") from error
    found = list(objects_in(value, *wanted))
    if not found and not _is_quiet(value):
        raise BadInput(f"{path}：没有找到记录（每条应是含 {'、'.join(wanted[:3])} 等字段的 JSON 对象），请检查接口返回内容。")
    for number, item in enumerate(found, 1):
        yield item, f"{path.name} 第{number}条", json.dumps(item, ensure_ascii=False, sort_keys=True)


def _is_quiet(value: Any) -> bool:
    """Whether a document says that there is nothing: it is empty, or a list somewhere in it is."""
    return value in ([], {}) or (isinstance(value, dict) and any(_is_quiet(inner) for inner in value.values()))


def _lines(path: Path, source: str) -> Iterator[Item | Quarantined]:
    for line in lines(path):
        where = f"{path.name} 第{line.number}行"
        if isinstance(line, BadLine):
            yield quarantined(source, line.reason, where, line.raw, line.digest)
        elif line.text.strip().removeprefix("\ufeff"):
            try:
                yield json_object(line.text.removeprefix("\ufeff")), where, line.text
            except BadRecord as error:
                yield quarantined(source, str(error), where, line.text)

"""Rows of the spreadsheets and CSV files that hotlines export, whatever hides behind the file name.

A file is read by its content: many ".xls" exports are really CSV, and many ".csv" are really xlsx. The heading row is looked for in the
first rows, because exports like to start with a title. Every cell arrives as text, dates as ISO 8601 without zone. Rows with
nothing in them are no records and are passed over; every other row comes out as a `Row` or as quarantine.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import python_calamine

from ingestion.files import MAX_ARCHIVE_BYTES, MAX_LINE, BadLine, Line, checked, checked_archive, head, lines, plain, quarantined
from ingestion.privacy import mask
from models.domain import Quarantined
from models.errors import BadInput

LONGEST_USUAL = 64
HEADING_ROWS = 20
"""Rows searched for the headings."""
MAX_COLUMNS = 1_000
MAX_CELLS = 40_000_000
"""Cells of the rectangle a workbook spans, filled or not: its reader holds the whole rectangle."""

_CELL_ADDRESS = re.compile(rb"""\sr=["']([A-Z]{0,3})(\d{1,7})["']""")

csv.field_size_limit(MAX_LINE)


@dataclass(frozen=True)
class BadRow:
    """One row that cannot be split into cells."""

    number: int
    reason: str
    raw: str
    digest: str | None = None


Cells = tuple[int, Sequence[str]]


_UNCOMPARED = re.compile(r"[\s\ufeff\u200b-\u200d\u00ad_:：*（）()]")


def heading(name: str) -> str:
    """A column's name as it is compared: full-width made half, blanks, BOM and zero-width signs gone, lower case."""
    return _usual(name) if len(name) <= LONGEST_USUAL else _compared(name)


def _compared(name: str) -> str:
    return _UNCOMPARED.sub("", unicodedata.normalize("NFKC", name)).lower()


_usual = lru_cache(maxsize=4096)(_compared)
"""Every row asks for the same names; names of monstrous length are not remembered."""


class Row:
    """One row of a table. `pop` takes a column by any name it is known by; `rest` is what nobody took."""

    def __init__(self, cells: Iterable[tuple[str, str]], where: str) -> None:
        self.where = where
        """File and row, for the person who must find it again."""
        self._cells: dict[str, tuple[str, str]] = {}
        for name, value in cells:
            key, again = heading(name), 2
            while key in self._cells:
                key, again = f"{heading(name)}#{again}", again + 1
            self._cells[key] = (name if again == 2 else f"{name}#{again - 1}", value)

    def peek(self, *names: str) -> str:
        """The first filled column of these names, left in the row."""
        return next((value for name in names if (value := self._cells.get(heading(name), ("", ""))[1])), "")

    def pop(self, *names: str) -> str:
        """The first filled column of these names, taken out of the row; "" when none is filled. Others that are filled stay."""
        for name in names:
            if self._cells.get(heading(name), ("", ""))[1]:
                return self._cells.pop(heading(name))[1]
        return ""

    def rest(self, ignore: Iterable[str] = ()) -> dict[str, str]:
        """Filled columns nobody took, under the names they came with, without those on the explicit ignore list."""
        ignored = {heading(name) for name in ignore}
        return {name: value for key, (name, value) in self._cells.items() if value and key.split("#")[0] not in ignored}


def table(path: Path, source: str, known: Iterable[str]) -> Iterator[Row | Quarantined]:
    """Rows of a CSV, TSV, XLSX or XLS file, found by their headings. BadInput when no heading row is recognised.

    `known` are the column names the source reads; a row holding at least two of them is the heading row.
    """
    wanted = {heading(name) for name in known}
    found = False
    for sheet, rows in _sheets(checked(path)):
        place = f"{path.name}[{sheet}]" if sheet else path.name
        names: list[str] | None = None
        seen: list[str] = []
        waiting: list[Cells | BadRow] = []
        for record in rows:
            if names is None:
                if isinstance(record, tuple) and len({heading(cell) for cell in record[1]} & wanted) >= 2:
                    names, found = _names(record[1]), True
                    for early in waiting:
                        if isinstance(early, BadRow):
                            yield _bad(source, place, early)
                    continue
                waiting.append(record)
                if isinstance(record, tuple):
                    seen = seen or [cell for cell in record[1] if cell]
                if len(waiting) >= HEADING_ROWS:
                    break
                continue
            if isinstance(record, BadRow):
                yield _bad(source, place, record)
            elif any(record[1]):
                yield _row(source, place, names, *record)
        if names is None and not found and not sheet:
            raise _headless(path, seen)
    if not found:
        raise _headless(path, [])


def _headless(path: Path, seen: Sequence[str]) -> BadInput:
    shown = f"（首行为：{'、'.join(mask(cell[:20]) for cell in seen[:8])}）" if seen else ""
    return BadInput(
        f"{path}：前 {HEADING_ROWS} 行没有找到能识别的表头{shown}，请确认表头含有内容列（如“留言详情”“诉求内容”）和时间列后再导入。"
    )


def _names(cells: Sequence[str]) -> list[str]:
    return [plain(cell.replace("\ufeff", "").strip()) or f"第{index}列" for index, cell in enumerate(cells, 1)]


def _bad(source: str, place: str, row: BadRow) -> Quarantined:
    return quarantined(source, row.reason, f"{place} 第{row.number}行", row.raw, row.digest)


def _row(source: str, place: str, names: Sequence[str], number: int, cells: Sequence[str]) -> Row | Quarantined:
    where = f"{place} 第{number}行"
    if max(map(len, cells), default=0) > MAX_LINE:
        return quarantined(source, f"单元格超过 {MAX_LINE} 个字符，请拆分后重新录入。", where, "\t".join(cells))
    if len(cells) > MAX_COLUMNS:
        return quarantined(source, f"这一行有 {len(cells)} 列，超过上限 {MAX_COLUMNS}，请检查分隔符。", where, "\t".join(cells))
    titles = [*names, *(f"第{index}列" for index in range(len(names) + 1, len(cells) + 1))]
    return Row(zip(titles, (plain(cell.strip()) for cell in cells), strict=False), where)


def _sheets(path: Path) -> Iterator[tuple[str, Iterator[Cells | BadRow]]]:
    start = head(path).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        yield from _workbook(path)
    elif start[:512].lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<style", b"<meta")):
        raise BadInput(f"{path}：内容是网页或 XML 表格，不是 Excel 工作簿，请用 Excel 打开后另存为 xlsx 或 csv 再导入。")
    else:
        yield "", _csv(path)


# --- workbooks --------------------------------------------------------------------------------------------------------------------


def _workbook(path: Path) -> Iterator[tuple[str, Iterator[Cells | BadRow]]]:
    checked(path, MAX_ARCHIVE_BYTES)
    if head(path, 2) == b"PK":
        corners = checked_archive(path, look=_CELL_ADDRESS)
        height = max((int(row) for _, row in corners), default=0)
        width = max((_column(letters) for letters, _ in corners), default=0)
        if height * width > MAX_CELLS:
            raise BadInput(f"{path}：工作表声称有 {height} 行 × {width} 列，超过上限，已拒绝；请删除多余的空行空列后另存。")
    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                first = (sheet.start or (0, 0))[0] + 1
                cells = ((first + index, [_text(cell) for cell in row]) for index, row in enumerate(sheet.iter_rows()))
                yield name, cells
    except python_calamine.CalamineError as error:
        raise BadInput(f"{path}：不是有效的 Excel 工作簿（{error}），请用 Excel 打开后另存为 xlsx 再导入。") from error


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(cell: Any) -> str:
    """A cell as text: whole numbers without a decimal point, dates in ISO 8601."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


# --- CSV --------------------------------------------------------------------------------------------------------------------------


class _Feed:
    """Hands lines to the CSV reader, remembers which ones make up the record at hand, and notices a quote left open."""

    def __init__(self, source: Iterator[Line | BadLine]) -> None:
        self.source = source
        self.waiting: deque[Line | BadLine] = deque()
        self.taken: list[Line] = []
        self.length = 0
        self.cut = False

    def peek(self) -> Line | BadLine | None:
        """The next line, left where it is; null at the end of the file."""
        if not self.waiting and (line := next(self.source, None)) is not None:
            self.waiting.append(line)
        return self.waiting[0] if self.waiting else None

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self.peek()
        if not isinstance(line, Line) or self.length + len(line.text) > MAX_LINE:
            self.cut = True
            raise StopIteration
        self.taken.append(line)
        self.length += len(line.text)
        self.waiting.popleft()
        return line.text + "\n"

    def begin(self) -> None:
        """Forget the record before: a new one starts with the next line."""
        self.taken, self.cut, self.length = [], False, 0

    def give_back(self) -> Line:
        """Return all but the first line of a record that went wrong, and that first line."""
        self.waiting.extendleft(reversed(self.taken[1:]))
        return self.taken[0]


def _csv(path: Path) -> Iterator[Cells | BadRow]:
    """Records of a delimited text file. A quote that is never closed costs its own line only, not the calls after it."""
    feed = _Feed(lines(path))
    delimiter = ""
    while (line := feed.peek()) is not None:
        if isinstance(line, BadLine) or not line.text.strip():
            feed.waiting.popleft()
            if isinstance(line, BadLine):
                yield BadRow(line.number, line.reason, line.raw, line.digest)
            continue
        delimiter = delimiter or max(",\t;", key=line.text.count)
        if (columns := line.text.count(delimiter)) > MAX_LINE // 16:
            # No cell is so short that a real row has so many: told before a million of them are made.
            feed.waiting.popleft()
            yield BadRow(line.number, f"这一行有 {columns + 1} 列，超过上限 {MAX_COLUMNS}，请检查分隔符。", line.text)
            continue
        feed.begin()
        try:
            cells = next(csv.reader(feed, delimiter=delimiter))
        except csv.Error:
            feed.cut = True
        if feed.cut:
            bad = feed.give_back()
            yield BadRow(bad.number, "引号没有成对，这一行无法分列，请补上引号后重新录入。", bad.text)
        else:
            yield line.number, cells

"""Reads a table of another system's database, read-only and on from where we were, a page of rows at a time.

The cursor column must grow with every new or changed row. Rows with the same value are told apart by a key column; without one, each
page begins again at the last value, so that none is passed over. Each run begins a little before the last row, because a row
may be committed after one that is newer. Rows without a cursor value are read every time. What is read twice is received once.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from models.errors import Refused, Unreachable

PAGE = 1_000
"""Rows of a page."""
SECONDS = 60
"""Longest time for one query (PostgreSQL) and for a locked file (SQLite)."""

_TIMES = (*(f"%Y-%m-%d{gap}%H:%M:%S{rest}" for gap in " T" for rest in ("", ".%f")), "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S")


@dataclass(frozen=True)
class Table:
    """A table and how it is read."""

    url: str
    """SQLAlchemy URL; secret."""
    name: str
    """The city's name for it, for messages."""
    table: str
    """Name, with its schema before a dot if it has one."""
    columns: tuple[str, ...]
    """Columns to read; all if empty."""
    cursor: str
    """Column that grows."""
    key: str
    """Column that tells rows with the same cursor apart; empty for none."""
    overlap: int
    """How far to begin before the last row: seconds for times, numbers for numbers."""


def table_pages(table: Table, state: dict[str, Any]) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any]]]:
    """Pages of rows, each with the state once it is received. Unreachable when the database does not answer, Refused when it answers no."""
    try:
        engine = _engine(table.url)
    except (sa.exc.ArgumentError, ImportError, ValueError):
        raise Refused(f"{table.name}：数据库地址无法使用；请检查环境变量里的地址和所需的驱动程序。") from None
    try:
        with engine.connect() as db:
            chosen, names = _chosen(db, table)
            undated = [dict(row._mapping) for row in db.execute(chosen.where(sa.column(table.cursor).is_(None)).limit(PAGE))]
            if undated:
                yield [_plain(row, names) for row in undated], state
            yield from _pages(db, table, chosen, names, state)
    except sa.exc.NoSuchTableError:
        raise Refused(f"{table.name}：数据库里没有表 {table.table}；请检查 sources.yml。") from None
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        # The driver's own words may repeat address and user.
        raise Unreachable(f"{table.name}：数据库没有正常应答（{type(error).__name__}）；稍后会自动再试。") from None
    except sa.exc.DBAPIError as error:
        raise Refused(f"{table.name}：数据库拒绝了查询（{type(error.orig).__name__}）；请检查 sources.yml 的表名、列名和权限。") from None
    finally:
        engine.dispose()


def _engine(url: str) -> sa.Engine:
    address = sa.make_url(url)
    backend = address.get_backend_name()
    if backend == "sqlite":
        file = f"file:{quote(str(address.database or ''))}?mode=ro"
        return sa.create_engine("sqlite://", poolclass=sa.NullPool, creator=lambda: sqlite3.connect(file, uri=True, timeout=SECONDS))
    if backend == "postgresql":
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        options = f"-c default_transaction_read_only=on -c statement_timeout={SECONDS * 1000}"
        return sa.create_engine(address, poolclass=sa.NullPool, connect_args={"connect_timeout": 10, "options": options})
    return sa.create_engine(address, poolclass=sa.NullPool)


def _chosen(db: sa.Connection, table: Table) -> tuple[sa.Select[Any], list[str]]:
    schema, _, name = table.table.rpartition(".")
    there = [str(column["name"]) for column in sa.inspect(db).get_columns(name, schema or None)]
    needed = [column for column in (table.cursor, table.key, *table.columns) if column]
    missing = [column for column in needed if column not in there]
    if missing:
        raise Refused(f"{table.name}：表 {table.table} 里没有列 {'、'.join(missing)}；请检查 sources.yml。")
    names = list(table.columns) or there
    # Without types: values come as the driver gives them, and go back to it the same.
    columns: list[sa.ColumnClause[Any]] = [sa.column(column) for column in dict.fromkeys([*names, *needed])]
    return sa.select(*columns).select_from(sa.table(name, schema=schema or None)), names


def _pages(
    db: sa.Connection, table: Table, chosen: sa.Select[Any], names: list[str], state: dict[str, Any]
) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any]]]:
    cursor: sa.ColumnClause[Any] = sa.column(table.cursor)
    key: sa.ColumnClause[Any] | None = sa.column(table.key) if table.key else None
    reached = state
    last, last_key = _earlier(_value(state.get("cursor")), table.overlap), None
    order = [cursor] if key is None else [cursor, key]
    while True:
        query = chosen.where(cursor.is_not(None)).order_by(*order).limit(PAGE)
        if last is not None and last_key is not None and key is not None:
            query = query.where(sa.or_(cursor > last, sa.and_(cursor == last, key > last_key)))
        elif last is not None:
            query = query.where(cursor >= last)
        rows = [dict(row._mapping) for row in db.execute(query)]
        if not rows:
            return
        newest = rows[-1][table.cursor]
        if key is None and len(rows) == PAGE and newest == rows[0][table.cursor]:
            raise Refused(f"{table.name}：游标列 {table.cursor} 有 {PAGE} 行以上取值相同，无法继续；请在 sources.yml 写明 key。")
        last, last_key = newest, rows[-1][table.key] if table.key else None
        known = _value(reached.get("cursor"))
        if known is None or newest > known:
            reached = {"cursor": _kept(newest)}
        yield [_plain(row, names) for row in rows], reached
        if len(rows) < PAGE:
            return


def _earlier(value: Any, overlap: int) -> Any:
    if isinstance(value, datetime):
        return value - timedelta(seconds=overlap)
    if isinstance(value, int | Decimal | float):
        return value - overlap
    for form in _TIMES:
        # A time kept as text goes back in the very form it came in, or the comparison would mean nothing.
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            if (moment := datetime.strptime(value, form)).strftime(form) == value:  # noqa: DTZ007 — without zone, as it came
                return (moment - timedelta(seconds=overlap)).strftime(form)
    return value


def _kept(value: Any) -> dict[str, str]:
    """A cursor value as the watermark keeps it: its kind and its words."""
    for kind, name in ((datetime, "datetime"), (date, "date"), (int, "int"), (float, "float"), (Decimal, "decimal")):
        if isinstance(value, kind):
            return {"kind": name, "value": value.isoformat() if isinstance(value, date) else repr(value) if name == "float" else str(value)}
    return {"kind": "text", "value": str(value)}


def _value(kept: dict[str, str] | None) -> Any:
    if not kept:
        return None
    read: dict[str, Callable[[str], Any]] = {
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "int": int,
        "float": float,
        "decimal": Decimal,
        "text": str,
    }
    return read[kept["kind"]](kept["value"])


def _plain(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A row as JSON can hold it; empty cells left out."""
    return {name: _cell(row[name]) for name in names if row[name] is not None}


def _cell(value: Any) -> Any:
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    return value.isoformat() if isinstance(value, date) else str(value)

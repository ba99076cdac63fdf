"""The addresses a city lets its sources be asked at: `sources.yml` under ANLAN_HOME, and how one is asked, page by page.

One entry each, under a name the city chooses. Secrets are never in the file: `headers`, `secret_parameters` and `sql` name environment
variables. Without the file nothing is asked, and no request leaves the machine.

    12345接口:
      source: hotline                     # one of `anlan sources`; the entry's own name if not given
      http: https://12345.example.gov.cn/api/orders
      every_minutes: 1                    # the source's own if not given
      headers: {Authorization: CITY_HOTLINE_TOKEN}
      secret_parameters: {appkey: CITY_HOTLINE_KEY}
      parameters: {size: "500"}
      networks: [10.20.0.0/16]            # needed when the host lies in a network that is not public
      items: data.list                    # where in the answer the records are
      cursor: {parameter: since, next: data.next}     # or {parameter: since_id, field: id}, of the last record
      rename: {gdnr: 诉求内容}            # the city's names for what the source knows by another
      crs: GCJ02
    12345库:
      source: hotline
      sql: CITY_HOTLINE_DATABASE          # holds an SQLAlchemy URL
      table: work_orders
      cursor: {column: updated_at, key: id}
"""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from ingestion.cells import json_value
from ingestion.database import Table, table_pages
from ingestion.feeds import is_xml
from ingestion.fetch import Network, Request, checked_url, fetch, shown
from ingestion.source import SIDECAR, crs_named
from models.domain import Channel, Model, Source
from models.errors import BadRecord, BrokenDefinition, Refused
from models.settings import Settings

FILE = "sources.yml"
MAX_PAGES = 200
"""Pages asked for in one run; what is left comes with the next."""


class Cursor(Model):
    """How an address or a table is read on from where we are."""

    parameter: str = ""
    """Name of the request's parameter that says from where (http)."""
    next: str = ""
    """Path in the answer to where to go on (http)."""
    field: str = ""
    """Field of the last record that says where to go on (http)."""
    start: str = ""
    """From where the very first time; everything if empty (http)."""
    column: str = ""
    """Column that grows with every new or changed row (sql)."""
    key: str = ""
    """Column that tells rows with the same value apart (sql)."""
    overlap: int = Field(default=300, ge=0)
    """How far before the last row to begin again, in seconds or numbers, for rows that were committed late (sql)."""


class Address(Model):
    """One entry of `sources.yml`."""

    name: str = Field(pattern=r"^[^/\s\x00-\x1f]{1,60}$")
    source: str
    http: str = ""
    sql: str = ""
    table: str = ""
    columns: tuple[str, ...] = ()
    every_minutes: int | None = Field(default=None, ge=1)
    headers: dict[str, str] = Field(default_factory=dict)
    parameters: dict[str, str] = Field(default_factory=dict)
    secret_parameters: dict[str, str] = Field(default_factory=dict)
    networks: tuple[str, ...] = ()
    items: str = ""
    cursor: Cursor | None = None
    rename: dict[str, str] = Field(default_factory=dict)
    crs: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Address:
        if bool(self.http) == bool(self.sql):
            raise ValueError("write either http or sql")
        if self.sql and not (self.table and self.cursor and self.cursor.column):
            raise ValueError("sql needs table and cursor: {column: …}")
        if self.http and self.cursor and not (self.cursor.parameter and bool(self.cursor.next) != bool(self.cursor.field)):
            raise ValueError("a cursor over http needs parameter and one of next, field")
        if self.http:
            checked_url(self.http)
        if self.crs and crs_named(self.crs) is None:
            raise ValueError(f"crs {self.crs} is not one of WGS84, CGCS2000, GCJ02, BD09")
        _ = self.allowed
        return self

    @property
    def stream(self) -> str:
        """The name under which the ledger keeps how far this address has been read."""
        return f"{self.source}/{self.name}"

    @property
    def allowed(self) -> tuple[Network, ...]:
        """Networks that are not public and where the host may lie."""
        return tuple(ipaddress.ip_network(network) for network in self.networks)

    def channel(self, source: Source) -> Channel:
        """The address as it may be shown."""
        place = shown(self.http) if self.http else f"${self.sql} {self.table}"
        every = 60 * (self.every_minutes or source.every_minutes)
        return Channel(name=self.stream, kind="http" if self.http else "sql", place=place, every_seconds=every)


def addresses(settings: Settings, known: Mapping[str, Any]) -> list[Address]:
    """The entries of the city's `sources.yml`; none when there is no file. BrokenDefinition, with the entry's name, when one is wrong."""
    path = settings.home / FILE
    if not path.is_file():
        return []
    try:
        content = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BrokenDefinition(f"{path}：不是有效的 YAML（{error}），请改正。") from error
    if not isinstance(content, dict):
        raise BrokenDefinition(f"{path}：应当是“名称: 设置”的列表，请改正。")
    found = []
    for name, entry in content.items():
        if not isinstance(entry, dict):
            raise BrokenDefinition(f"{path}：{name} 应当是若干设置，请改正。")
        try:
            address = Address.model_validate({"name": str(name), "source": str(name), **entry})
        except ValidationError as error:
            # Only what is wrong and where: a secret written into the file by mistake must not be repeated.
            wrong = "；".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}" for one in error.errors(include_input=False))
            raise BrokenDefinition(f"{path}：{name} 的设置不对（{wrong}），请改正。") from None
        except Refused as error:
            raise BrokenDefinition(f"{path}：{name}：{error}") from None
        if address.source not in known:
            raise BrokenDefinition(f"{path}：{name} 的 source 不是已有的来源，可用的有：{'、'.join(known)}。")
        found.append(address)
    return found


# --- asking -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """One answer, laid down as a file that the source can read, and how far that brings us."""

    file: Path
    """The records."""
    mark: str
    """The watermark once they are received."""


def pages(address: Address, mark: str | None, folder: Path) -> Iterator[Page]:
    """What an address has that we do not, page by page, each written into `folder`. The next page is asked for when the last is received.

    Refused or Unreachable when it cannot be asked; the pages before are whole.
    """
    state: dict[str, Any] = json.loads(mark) if mark else {}
    if address.sql:
        yield from _rows(address, state, folder)
        return
    if address.cursor is None:
        yield from _whole_answer(address, state, folder)
        return
    for number in range(MAX_PAGES):
        at = state.get("cursor") or address.cursor.start
        value = _json(address, fetch(_request(address, {address.cursor.parameter: at} if at else {})).body)
        records = _at(value, address.items)
        if not isinstance(records, list):
            raise Refused(f"{shown(address.http)} 的应答中 {address.items or '最外层'} 不是列表；请检查 sources.yml 的 items。")
        last = records[-1] if records else None
        following = _at(value, address.cursor.next) if address.cursor.next else _at(last, address.cursor.field)
        moves = following is not None and str(following) not in ("", str(at))
        if moves:
            state["cursor"] = str(following)
        if records:
            yield Page(_lines(address, folder, number, records), json.dumps(state))
        if not moves or not records:
            return


def _whole_answer(address: Address, state: dict[str, Any], folder: Path) -> Iterator[Page]:
    """An address that always answers with all it has: taken when it says that something changed, or does not say."""
    answer = fetch(_request(address, {}, state.get("etag", ""), state.get("modified", "")))
    if answer.is_unchanged or not answer.body.strip():
        return
    mark = json.dumps({"etag": answer.etag, "modified": answer.modified})
    if address.items or address.rename:
        records = _at(_json(address, answer.body), address.items)
        if not isinstance(records, list):
            raise Refused(f"{shown(address.http)} 的应答中 {address.items or '最外层'} 不是列表；请检查 sources.yml 的 items。")
        yield Page(_lines(address, folder, 0, records), mark)
        return
    start = answer.body[:64].decode("utf-8", "replace")
    suffix = ".xml" if is_xml(start) else ".json" if start.lstrip("\ufeff \t\r\n")[:1] in ("{", "[") else ".csv"
    yield Page(_laid_down(address, folder, f"{address.name}{suffix}", answer.body), mark)


def _rows(address: Address, state: dict[str, Any], folder: Path) -> Iterator[Page]:
    cursor = address.cursor or Cursor()
    table = Table(_secret(address.sql), address.name, address.table, address.columns, cursor.column, cursor.key, cursor.overlap)
    for number, (rows, reached) in enumerate(table_pages(table, state)):
        yield Page(_lines(address, folder, number, rows), json.dumps(reached))
        if number + 1 >= MAX_PAGES:
            return


def _request(address: Address, more: Mapping[str, str], etag: str = "", modified: str = "") -> Request:
    return Request(
        address.http,
        parameters={**address.parameters, **{name: _secret(variable) for name, variable in address.secret_parameters.items()}, **more},
        headers={name: _secret(variable) for name, variable in address.headers.items()},
        networks=address.allowed,
        etag=etag,
        modified=modified,
    )


def _secret(variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise Refused(f"环境变量 {variable} 没有设置；sources.yml 用到了它，请设置后重新启动。")
    return value


def _json(address: Address, body: bytes) -> Any:
    try:
        return json_value(body.decode("utf-8-sig"))
    except (BadRecord, UnicodeDecodeError):
        raise Refused(f"{shown(address.http)} 的应答不是有效的 JSON；请检查地址和权限。") from None


def _at(value: Any, path: str) -> Any:
    """What stands at a dotted path; null when nothing does."""
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _lines(address: Address, folder: Path, number: int, records: list[Any]) -> Path:
    renamed = [{address.rename.get(name, name): value for name, value in one.items()} if isinstance(one, dict) else one for one in records]
    body = "".join(json.dumps(one, ensure_ascii=True) + "\n" for one in renamed)
    return _laid_down(address, folder, f"{address.name}-{number + 1}.jsonl", body.encode())


def _laid_down(address: Address, folder: Path, name: str, body: bytes) -> Path:
    path = folder / name
    path.write_bytes(body)
    if address.crs:
        path.with_name(name + SIDECAR).write_text(f"crs: {address.crs}\n", "utf-8")
    return path

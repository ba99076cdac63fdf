"""A backup while the desk goes on, and putting it back: the ledger as of one moment, and the files that are not made from it.

An archive is a tar whose first member, `manifest.json`, names every other with its size and SHA-256. The graph, the search index and
the weights of models are not in it: the first two are built again from the ledger, the last are large and not ours. Restoring writes
nothing outside a new folder beside `ANLAN_HOME`, which takes that name only when every digest, the whole chain and its end agree.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pydantic import Field

from graph.anchors import Anchor, Anchors
from graph.ledger import Ledger
from models.domain import Model
from models.errors import BadInput, Damaged, Refused
from models.settings import Settings

FORMAT = "anlan-backup"
VERSION = 1
MANIFEST = "manifest.json"
LEDGER = "ledger.db"

_MANIFEST_BYTES = 50_000_000
_NOT_KEPT = {"graph", "library", "models", "anchors", "logs", "signing.key"}
"""Folders of the home that are built again, or belong to the machine; the key file would let whoever has the archive sign."""
_CHUNK = 1 << 20


class Member(Model):
    """One file of an archive."""

    name: str
    """Path below the home, with forward slashes."""
    size: int = Field(ge=0)
    """Bytes."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Digest of its bytes."""


class Manifest(Model):
    """What an archive holds."""

    format: str
    """Always `anlan-backup`."""
    version: int
    """Of this layout; a reader refuses a newer one."""
    made_at: datetime
    """When, UTC."""
    city: str
    """Division code of the desk it was made at."""
    entries: int = Field(ge=0)
    """Entries of the ledger in it."""
    hash: str
    """Hash of the last of them."""
    members: tuple[Member, ...]
    """Every file, the ledger first."""


def back_up(settings: Settings, ledger: Ledger, target: Path) -> Manifest:
    """Write an archive of the desk to a new file, readable by this user only, and read it back. Others may write meanwhile.

    The ledger is copied first, so every file it speaks of is there. Refused when the file exists.
    """
    if target.exists():
        raise Refused(f"{target} 已存在，备份不会覆盖它：请换一个文件名。")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    with tempfile.TemporaryDirectory(prefix=".anlan-backup-", dir=target.parent) as folder:
        copy = Path(folder) / LEDGER
        entries, last = ledger.copy_to(copy)
        files = [(LEDGER, copy), *_files(settings.home)]
        try:
            with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as out:
                manifest = _written(out, files, Path(folder), settings.city_code, entries, last)
                out.flush()
                os.fsync(out.fileno())
            with _opened(draft) as (_, read, members):
                for member, stream in members:
                    _checked(member, stream, None)
            assert read == manifest
            # link, unlike rename, never replaces what someone else put there meanwhile.
            os.link(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    return manifest


def _files(home: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(home.rglob("*")):
        inner = path.relative_to(home)
        if inner.parts[0] in _NOT_KEPT or inner.parts[0].startswith("ledger.db") or path.suffix in (".lock", ".part", ".tmp"):
            continue
        if path.is_file() and not path.is_symlink():
            yield inner.as_posix(), path


def _written(out: IO[bytes], files: list[tuple[str, Path]], folder: Path, city: str, entries: int, last: str) -> Manifest:
    """Each file is copied aside as it is digested: one that changes or goes meanwhile must not spoil the archive."""
    members, kept = [], []
    for number, (name, path) in enumerate(files):
        aside = path if path.parent == folder else folder / f"{number}"
        try:
            if aside is not path:
                shutil.copyfile(path, aside)
        except FileNotFoundError:
            continue  # an inbox file was read and cleared away: the ledger has it, or its new place does
        with aside.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        members.append(Member(name=name, size=aside.stat().st_size, sha256=found))
        kept.append(aside)
    manifest = Manifest(
        format=FORMAT, version=VERSION, made_at=datetime.now(UTC), city=city, entries=entries, hash=last, members=tuple(members)
    )
    text = manifest.model_dump_json().encode()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(_head(MANIFEST, len(text)), io.BytesIO(text))
        for member, aside in zip(members, kept, strict=True):
            with aside.open("rb") as stream:
                archive.addfile(_head(member.name, member.size), stream)
    return manifest


def _head(name: str, size: int) -> tarfile.TarInfo:
    head = tarfile.TarInfo(name)
    head.size, head.mode = size, 0o600
    return head


@contextmanager
def _opened(path: Path) -> Iterator[tuple[tarfile.TarFile, Manifest, Iterator[tuple[Member, IO[bytes]]]]]:
    """An archive's manifest and its files, in order, each checked against what the manifest allows before a byte of it is read."""
    try:
        with tarfile.open(path, "r:") as archive:
            manifest = _manifest(archive, path)
            yield archive, manifest, _members(archive, manifest, path)
    except (tarfile.TarError, EOFError, UnicodeDecodeError) as error:
        raise Damaged(f"备份 {path} 损坏或不是备份文件（{error}）：请换一份备份。") from error


def _manifest(archive: tarfile.TarFile, path: Path) -> Manifest:
    head = archive.next()
    if head is None or head.name != MANIFEST or not head.isfile() or head.size > _MANIFEST_BYTES:
        raise BadInput(f"{path} 不是安澜的备份：开头没有 {MANIFEST}。")
    stream = archive.extractfile(head)
    assert stream is not None
    try:
        said: Any = json.loads(stream.read())
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise BadInput(f"{path} 不是安澜的备份。")
        if not isinstance(said.get("version"), int) or said["version"] > VERSION:
            raise BadInput(f"备份 {path} 由更新的版本写成（格式 {said.get('version')}，本程序到 {VERSION}）：请先升级安澜再恢复。")
        manifest = Manifest.model_validate(said)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"备份 {path} 的清单读不出（{error.__class__.__name__}）：备份已损坏，请换一份。") from error
    names = [member.name for member in manifest.members]
    if not names or names[0] != LEDGER or len(set(names)) != len(names):
        raise Damaged(f"备份 {path} 的清单不完整或有重名：请换一份备份。")
    for name in names:
        parts = PurePosixPath(name).parts
        if name.startswith("/") or "\\" in name or "\x00" in name or not parts or ".." in parts or name != "/".join(parts):
            raise BadInput(f"备份 {path} 里有不安全的路径 {name!r}：拒绝恢复。")
    return manifest


def _members(archive: tarfile.TarFile, manifest: Manifest, path: Path) -> Iterator[tuple[Member, IO[bytes]]]:
    for member in manifest.members:
        head = archive.next()
        if head is None or head.name != member.name or not head.isfile() or head.size != member.size:
            raise Damaged(f"备份 {path} 与清单不符（应为 {member.name}）：备份已损坏，请换一份。")
        stream = archive.extractfile(head)
        assert stream is not None
        yield member, stream
    if archive.next() is not None:
        raise Damaged(f"备份 {path} 里有清单之外的文件：拒绝恢复。")


def _checked(member: Member, stream: IO[bytes], out: IO[bytes] | None) -> None:
    found = hashlib.sha256()
    while some := stream.read(_CHUNK):
        found.update(some)
        if out is not None:
            out.write(some)
    if found.hexdigest() != member.sha256:
        raise Damaged(f"备份中的 {member.name} 与清单的摘要不符：备份已损坏，请换一份。")


def restore(settings: Settings, source: Path) -> Manifest:
    """Put a backup back into a home that is missing or empty, and check all of it first; the graph is built when the desk is next opened.

    Refused when the home or the PostgreSQL ledger holds anything; BadInput for a foreign, newer or unsafe archive; Damaged for a broken
    one, or one whose chain does not hold. Nothing is left behind when it fails.
    """
    home = settings.home.resolve()
    if home.exists() and any(home.iterdir()):
        raise Refused(f"{home} 里已有内容，恢复不会覆盖它：请把 ANLAN_HOME 设为一个空的或不存在的文件夹。")
    if not source.is_file():
        raise BadInput(f"没有备份文件 {source}：请检查路径。")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{home.name}-restoring-", dir=home.parent) as folder:
        stage = Path(folder) / "home"
        stage.mkdir(mode=0o700)
        with _opened(source) as (_, manifest, members):
            if manifest.city != settings.city_code:
                raise Refused(
                    f"备份属于区划 {manifest.city}，本机设置是 {settings.city_code}：请核对，或把 ANLAN_CITY_CODE 设为 {manifest.city}。"
                )
            if shutil.disk_usage(home.parent).free < sum(member.size for member in manifest.members):
                raise Refused(f"{home.parent} 的剩余空间放不下这份备份：请腾出空间或换一个 ANLAN_HOME。")
            for member, stream in members:
                path = stage / member.name
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    _checked(member, stream, out)
                    out.flush()
                    os.fsync(out.fileno())
        _whole(stage / LEDGER, manifest, source)
        if settings.ledger_url:
            into = Ledger(settings.ledger_url)
            into.fill_from(stage / LEDGER)
            into.close()
            (stage / LEDGER).unlink()
        try:
            stage.rename(home)
        except OSError as error:
            raise Refused(f"{home} 不能由恢复的文件夹替换（{error.strerror}）：请把 ANLAN_HOME 设为其下的一个新文件夹。") from error
    Anchors(settings.anchors_folder).restored(Anchor(manifest.entries, manifest.hash, datetime.now(UTC).isoformat(), restored=True))
    return manifest


def _whole(path: Path, manifest: Manifest, source: Path) -> None:
    ledger = Ledger(f"sqlite:///{path}")
    try:
        found = ledger.verify()
        last = next(iter(ledger.entries(limit=1, newest_first=True)), None)
    finally:
        ledger.close()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    if not found.ok:
        raise Damaged(f"备份 {source} 里的台账不完整：{found.reason}。请换一份备份。")
    if found.entries != manifest.entries or (last is not None and last.hash != manifest.hash):
        raise Damaged(f"备份 {source} 里的台账与清单所记的末尾不符：请换一份备份。")

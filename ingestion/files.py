"""Opens files from outside so that none of them can hurt the desk: size, encoding, line length, archives.

Whole-file problems raise `BadInput` with a Chinese sentence (which file, what is wrong, what to do). A single overlong or
undecodable line is handed on as quarantine material and the lines after it go on: one bad record never costs the others.
Memory stays at a few megabytes however large the file, except where a format (JSON document, xlsx) must be held whole; those have
their own smaller limits.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from models.domain import Quarantined
from models.errors import BadInput

MAX_FILE_BYTES = 2 * 1024**3
"""Largest text file read, streamed."""
MAX_DOCUMENT_BYTES = 64 * 1024**2
"""Largest JSON document, which must be held whole."""
MAX_ARCHIVE_BYTES = 200 * 1024**2
"""Largest xlsx, xls or zip as stored."""
MAX_UNPACKED_BYTES = 512 * 1024**2
"""Most an archive may unpack to; a real export of 300,000 calls is about half of it."""
MAX_UNPACKED_RATIO = 200
"""Most a member above 16 MiB may have been compressed; spreadsheet XML stays under 40."""
MAX_MEMBERS = 5_000
MAX_DIRECTORY_BYTES = 2 * 1024**2
"""Largest table of contents of an archive; a million-entry one would fill memory before its count can be read."""
MAX_LINE = 1024 * 1024
"""Longest line or record, characters."""
KEPT_RAW = 64 * 1024
"""Characters of a bad record kept in quarantine."""

_CHUNK = 1024 * 1024
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile("[\udc80-\udcff]")
_ASCII = bytes(range(128))
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One line of a text file, without its line end."""

    number: int
    text: str


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be read: too long, or bytes that are no text in the file's encoding."""

    number: int
    reason: str
    raw: str
    digest: str


def checked(path: Path, limit: int = MAX_FILE_BYTES) -> Path:
    """The path, once it is known to be an ordinary, non-empty file of bearable size. BadInput otherwise."""
    try:
        if not path.is_file():
            raise BadInput(f"{path}：不是普通文件或不存在，请检查路径。")
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise BadInput(f"{path}：无法打开（{error.strerror}），请检查文件权限。") from error
    if size == 0:
        raise BadInput(f"{path}：文件为空，没有可接收的内容，请重新导出后再导入。")
    if size > limit:
        raise BadInput(f"{path}：文件有 {size / 1024**2:.0f} MB，超过上限 {limit / 1024**2:.0f} MB，请拆分后分批导入。")
    return path


def head(path: Path, size: int = 4096) -> bytes:
    """First bytes of a file: what it is, whatever its name says."""
    with path.open("rb") as stream:
        return stream.read(size)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def quarantined(source: str, reason: str, where: str, raw: str, digest: str | None = None) -> Quarantined:
    """A bad record kept with its reason: the first 64 KiB of it, and the digest of the whole."""
    whole = raw.encode("utf-8", "surrogatepass")
    return Quarantined(
        source=source,
        reason=reason,
        where=where,
        raw=plain(raw[:KEPT_RAW]),
        digest=digest or hashlib.sha256(whole).hexdigest(),
    )


def plain(text: str) -> str:
    """Text every database can hold: NUL dropped, undecoded bytes written as \\xNN, broken surrogate halves replaced by U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii() or not _SURROGATE.search(text):
        return text
    text = _ESCAPED.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# --- text -------------------------------------------------------------------------------------------------------------------------


def encoding_of(path: Path) -> str:
    """Encoding of a text file: by its mark (BOM), else UTF-8, else GB18030, judged over the whole file.

    One damaged byte must not turn a UTF-8 file into GB18030 gibberish, so UTF-8 holds while fewer than one in twenty
    of its non-ASCII bytes are wrong (real GB18030 read as UTF-8 is wrong nearly everywhere). BadInput when neither fits.
    """
    start = head(path)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if b"\x00" in start:
        return _unmarked_utf16(path, start)
    for name in ("utf-8", "gb18030"):
        wrong, foreign = _misfit(path, name)
        if wrong * 20 <= foreign:
            return name
    raise BadInput(f"{path}：无法识别文字编码（不是 UTF-8、UTF-16 或 GB18030），请另存为 UTF-8 后再导入。")


def _unmarked_utf16(path: Path, start: bytes) -> str:
    for name, newline in (("utf-16-le", b"\n\x00"), ("utf-16-be", b"\x00\n")):
        try:
            start[: len(start) // 2 * 2].decode(name)
        except UnicodeDecodeError:
            continue
        if newline in start:
            return name
    raise BadInput(f"{path}：这不是文本文件（含二进制内容），请确认文件格式后再导入。")


def _misfit(path: Path, encoding: str) -> tuple[int, int]:
    """How many bytes do not decode, and how many bytes are not ASCII."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    wrong = foreign = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            foreign += len(chunk.translate(None, _ASCII))
            text = decoder.decode(chunk)
            wrong += 0 if text.isascii() else len(_ESCAPED.findall(text))
        wrong += len(_ESCAPED.findall(decoder.decode(b"", True)))
    return wrong, foreign


def lines(path: Path) -> Iterator[Line | BadLine]:
    """Every line of a text file in order, numbered from 1; never more than one line of at most 1 MiB in memory."""
    checked(path)
    encoding = encoding_of(path)
    # UTF-16 has no escape for single wrong bytes; U+FFFD in a text says openly that something was unreadable there.
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    with path.open(encoding=encoding, errors=errors, newline="") as stream:
        number = 0
        while piece := stream.readline(MAX_LINE):
            number += 1
            if len(piece) == MAX_LINE and piece[-1] not in "\r\n":
                yield _overlong(number, piece, stream)
                continue
            text = piece.rstrip("\r\n")
            if not text.isascii() and _ESCAPED.search(text):
                raw = text.encode(encoding.removesuffix("-sig"), "surrogateescape")
                yield BadLine(
                    number, f"这一行含有 {encoding} 编码之外的字节，请核对原文后重新录入。", text, hashlib.sha256(raw).hexdigest()
                )
            else:
                yield Line(number, text)


def _overlong(number: int, piece: str, stream: io.TextIOWrapper) -> BadLine:
    """Reads past a line that is too long, keeping its beginning and the digest of all of it."""
    kept, whole, length = piece[:KEPT_RAW], hashlib.sha256(), 0
    while piece:
        body = piece.rstrip("\r\n")
        whole.update(body.encode("utf-8", "surrogateescape"))
        length += len(body)
        if piece[-1] in "\r\n":
            break
        piece = stream.readline(MAX_LINE)
    reason = f"这一行有 {length} 个字符，超过上限 {MAX_LINE}，只留存开头与摘要，请拆分后重新录入。"
    return BadLine(number, reason, kept, whole.hexdigest())


def document(path: Path) -> str:
    """The whole text of a small file, such as one JSON document. BadInput when it is too large or undecodable."""
    checked(path, MAX_DOCUMENT_BYTES)
    encoding = encoding_of(path)
    try:
        return path.read_text(encoding=encoding)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}：第 {error.start} 字节起不是有效的 {encoding} 文字，请另存为 UTF-8 后再导入。") from error


# --- archives ---------------------------------------------------------------------------------------------------------------------


def checked_archive(path: Path, look: re.Pattern[bytes] | None = None) -> set[tuple[bytes, ...]]:
    """Unpacks a zip (or xlsx) once into nothing, counting: refuses bombs, damaged archives and XML that declares entities.

    The directory is believed only when it accuses; what really comes out is counted too, because a directory can lie. Returns the
    distinct groups of `look` inside the XML members. BadInput otherwise.
    """
    checked(path, MAX_ARCHIVE_BYTES)
    found: set[tuple[bytes, ...]] = set()
    total = 0
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 66_000))
        end = stream.read()
    mark = end.rfind(b"PK\x05\x06")
    if b"PK\x06\x07" in end or (mark >= 0 and int.from_bytes(end[mark + 12 : mark + 16], "little") > MAX_DIRECTORY_BYTES):
        raise _bomb(path, "压缩包目录过大")
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as stream:
            members = archive.infolist()
            promised = sum(member.file_size for member in members)
            if sum(member.compress_size for member in members) > path.stat().st_size:
                raise _bomb(path, "压缩包内的文件相互重叠")
            if promised > MAX_UNPACKED_BYTES or len(members) > MAX_MEMBERS:
                raise _bomb(path, f"声称解压后有 {promised / 1024**2:.0f} MB、{len(members)} 个文件")
            for member in members:
                if member.flag_bits & 0x1:
                    raise BadInput(f"{path}：文件有密码保护，请取消密码后再导入。")
                out = 0
                tail = b""
                for block in _unpacked(stream, member):
                    out += len(block)
                    total += len(block)
                    if total > MAX_UNPACKED_BYTES or out > max(16 * 1024**2, MAX_UNPACKED_RATIO * member.compress_size):
                        raise _bomb(path, f"{member.filename} 解压后超过 {out / 1024**2:.0f} MB")
                    if member.filename.endswith((".xml", ".rels")):
                        window = tail + block
                        if _ENTITY.search(window):
                            raise BadInput(f"{path}：{member.filename} 声明了 XML 实体，可能是恶意文件，已拒绝，请用 Excel 重新另存。")
                        if look:
                            found.update(look.findall(window))
                        tail = window[-64:]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise BadInput(f"{path}：压缩包已损坏或格式不受支持（{error}），请重新导出后再导入。") from error
    return found


def _bomb(path: Path, what: str) -> BadInput:
    return BadInput(f"{path}：{what}，超出安全上限（疑似压缩炸弹），已拒绝，未写入任何内容；请确认来源后拆分导出。")


def _unpacked(stream: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a member really holds, in blocks, without trusting the size the directory gives for it."""
    stream.seek(member.header_offset)
    header = stream.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile(f"{member.filename} has no local header")
    stream.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), io.SEEK_CUR)
    left = member.compress_size
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError(f"compression method {member.compress_type}")
    inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0 and (packed := stream.read(min(left, 64 * 1024))):
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        while packed and not inflate.eof:
            if block := inflate.decompress(packed, _CHUNK):
                yield block
            packed = inflate.unconsumed_tail

"""A file of law, plan, report or cases as paragraphs: what stands in it, before anyone asks what it means.

Reads markdown, plain text (UTF-8, UTF-16 with mark, GB 18030), docx, xlsx and xls, HTML and PDF with a text layer. Everything is
read from bytes in memory; nothing in a file is run, fetched or expanded: no entities, no links, no macros, no images. What cannot be
read safely raises BadInput that names the file and says what to do.
"""

from __future__ import annotations

import io
import re
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from itertools import islice
from pathlib import PurePath
from xml.etree.ElementTree import Element, ParseError

import pypdfium2
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from python_calamine import CalamineError, CalamineWorkbook

from graph.ocr import clean, modern
from models.errors import BadInput

MOST_BYTES = 64 * 1024 * 1024
"""Largest file, as stored."""
MOST_UNPACKED = 128 * 1024 * 1024
"""Most bytes all members of a docx or xlsx may unpack to."""
MOST_MEMBERS = 20_000
"""Most members of a docx or xlsx."""
LONGEST_LINE = 6_000
"""Characters of one paragraph; a longer one is cut."""
MOST_PAGES = 3_000
"""Most pages of a PDF."""
MOST_CHARACTERS = 4_000_000
"""Most characters of text in one document; the longest code of law has 200,000."""
MOST_PARAGRAPHS = 200_000
"""Most paragraphs of one document."""
MOST_CELLS = 1_000_000
"""Most cells of a workbook."""
MOST_TAGS = 1_000_000
"""Most tags of a docx's text or of a web page, counted before anything is built from them."""
MOST_ON_A_PAGE = 20_000
"""Most characters on one page of a PDF; a full page of small print has a fifth of it."""
PAGE_SECONDS = 0.1
"""Most seconds of the processor a page of a PDF may take on average; a page of a statute takes a twentieth."""
LARGEST_STREAM = 128 * 1024 * 1024
"""Most bytes one stream of a PDF may unpack to; a page scanned at 600 dots per inch has a quarter of it."""
DEEPEST = 2_000
"""Deepest nesting of a docx's XML that is followed."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HISTORY_ENDS = "<!-- INFO END -->"
_BLOCKS = frozenset(re.findall(r"\w+", "p div br li tr table h1 h2 h3 h4 h5 h6 section article title ul ol blockquote pre dd dt"))
_UNREAD = frozenset(re.findall(r"\w+", "script style noscript template svg nav header footer form select button iframe object"))


@dataclass(frozen=True)
class Paragraph:
    """One paragraph, one heading or one row of a table."""

    text: str
    heading: int = 0
    """Level the file itself gives it as a heading, 1 highest; 0 where it gives none."""
    history: bool = False
    """Stands in the part that tells how the text came about."""
    cells: tuple[str, ...] = ()
    """Cells, when it is a row of a table; `text` has them joined."""
    table: int = 0
    """Number of the table in the file, from 1; 0 outside tables."""


@dataclass(frozen=True)
class Text:
    """What a file says, in reading order."""

    name: str
    """Name of the file without folders."""
    media: str
    """md, txt, docx, xlsx, html or pdf."""
    paragraphs: tuple[Paragraph, ...]
    noisy: bool = False
    """Came through character recognition or a page layout: headings are not reliable."""


def read(data: bytes, name: str) -> Text:
    """The paragraphs of the file of this name. Raises BadInput when it is too large, damaged, hostile, or of another kind."""
    name = PurePath(name.replace("\\", "/")).name
    if len(data) > MOST_BYTES:
        raise BadInput(f"{name}：有 {len(data) // 2**20} MiB，超过单个文件的上限 {MOST_BYTES // 2**20} MiB，请拆分，或只保存其中的文字。")
    media, reader = _reader(data, name)
    paragraphs = tuple(islice((piece for p in reader(data, name) if p.text for piece in _pieces(p)), MOST_PARAGRAPHS + 1))
    if len(paragraphs) > MOST_PARAGRAPHS:
        raise BadInput(f"{name}：超过 {MOST_PARAGRAPHS:,} 段，请按文件拆开后导入。")
    if not paragraphs:
        hint = "看来是扫描图片，请先做文字识别（OCR）。" if media == "pdf" else "请核对是不是要导入的文件。"
        raise BadInput(f"{name}：里面没有文字，{hint}")
    if sum(len(p.text) for p in paragraphs) > MOST_CHARACTERS:
        raise BadInput(f"{name}：超过 {MOST_CHARACTERS:,} 字，请按文件拆开后导入。")
    noisy = media == "pdf" or (media == "md" and not any(p.history for p in paragraphs) and _HISTORY_ENDS.encode() not in data)
    return Text(name, media, paragraphs, noisy)


def _pieces(paragraph: Paragraph) -> Iterator[Paragraph]:
    """A line longer than any real one in pieces, at the ends of sentences where it has them: no rule then meets it whole."""
    words = paragraph.text
    while len(words) > LONGEST_LINE and not paragraph.cells:
        end = words.rfind("。", 0, LONGEST_LINE) + 1 or LONGEST_LINE
        yield replace(paragraph, text=words[:end], cells=())
        words = words[end:]
    yield paragraph if words is paragraph.text else replace(paragraph, text=words, cells=())


def _reader(data: bytes, name: str) -> tuple[str, Callable[[bytes, str], Iterator[Paragraph]]]:
    suffix = PurePath(name).suffix.lower()
    if data.startswith(b"%PDF-"):
        return "pdf", _pdf
    if data.startswith(b"PK\x03\x04"):
        members = _safe_archive(data, name)
        if "word/document.xml" in members:
            return "docx", _docx
        if any(member.startswith("xl/") for member in members):
            return "xlsx", _workbook
        raise BadInput(f"{name}：是压缩包，不是 docx 或 xlsx，请解压后导入里面的文件。")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if suffix == ".xls":
            return "xlsx", _workbook
        raise BadInput(f"{name}：是旧版 Word 文件（.doc），请用 WPS 或 Word 打开，另存为 docx。")
    if suffix in {".htm", ".html", ".shtml", ".xhtml"} or re.match(rb"(?is)(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html)", data[:512]):
        return "html", _html
    if suffix in {".md", ".markdown"}:
        return "md", _markdown
    if suffix in {".txt", ".text", ""}:
        return "txt", _plain
    raise BadInput(f"{name}：不支持 {suffix} 文件，请导入 md、txt、docx、xlsx、xls、html 或 pdf。")


# -- plain text and markdown --------------------------------------------------------------------------------------------------


def decoded(data: bytes, name: str) -> str:
    """Text of bytes in UTF-8, UTF-16 with a byte order mark, or GB 18030. Raises BadInput when it is none of them."""
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    encodings = [encoding for mark, encoding in marks if data.startswith(mark)] or ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(text) > MOST_CHARACTERS + text.count(" "):  # layout is no text
            raise BadInput(f"{name}：超过 {MOST_CHARACTERS:,} 字，请按文件拆开后导入。")
        if "\0" not in text:
            return text
    raise BadInput(f"{name}：不是 UTF-8 或 GB 18030 编码的文字，请另存为 UTF-8 文本后再导入。")


def _lines(text: str) -> Iterator[str]:
    for line in re.split(r"\r\n|[\n\r\v\f\x85\u2028\u2029]", text):
        yield re.sub(r"[\u200b-\u200f\ufeff\u2060]", "", modern(line)).strip(" \t\u3000\xa0")


def _plain(data: bytes, name: str) -> Iterator[Paragraph]:
    for line in _lines(decoded(data, name)):
        yield Paragraph(line)


def _markdown(data: bytes, name: str) -> Iterator[Paragraph]:
    text = decoded(data, name)
    known_layout = _HISTORY_ENDS in text
    history = known_layout
    tables = 0
    for line in _lines(text):
        if line == _HISTORY_ENDS:
            history = False
        elif line.startswith("<") and "<table" in line:
            tables += 1
            for row in _html_rows(line):
                cells = tuple(clean(cell) for cell in row)
                yield Paragraph(" | ".join(cells).strip(" |"), cells=cells, table=tables)
        elif not re.match(r"!\[[^\]]*\]\([^)]*\)$|<!--.*-->$|-{3,}$|={3,}$", line):
            mark = re.match(r"(#{1,6})\s+", line)
            words = line[mark.end() :] if mark else re.sub(r"^[-*+]\s+(?=\S)", "", line)
            words = re.sub(r"\*\*|__(?=\S)", "", words).strip()
            yield Paragraph(words if known_layout else clean(words), heading=len(mark[1]) if mark else 0, history=history and not mark)


# -- HTML ---------------------------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """Collects the text of block elements; table rows keep their cells."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[Paragraph] = []
        self._words: list[str] = []
        self._cells: list[str] | None = None
        self._heading = 0
        self._skipping = 0
        self._tables = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self._skipping += 1
        elif tag == "table":
            self._tables += 1
        if tag in _BLOCKS and self._cells is None:
            self._flush()
        if tag == "tr":
            self._flush()
            self._cells = []
        elif re.fullmatch("h[1-6]", tag):
            self._heading = int(tag[1])

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._skipping = max(0, self._skipping - 1)
        elif tag in {"td", "th"} and self._cells is not None:
            self._cells.append(self._taken())
        elif tag in {"tr", "table"}:
            self._end_row()
        elif tag == "title":
            self._words.clear()
        elif tag in _BLOCKS and self._cells is None:
            self._flush()

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._words.append(data)

    def close(self) -> None:
        super().close()
        self._end_row()
        self._flush()

    def _taken(self) -> str:
        words = re.sub(r"\s+", " ", modern("".join(self._words))).strip(" \u3000\xa0")
        self._words.clear()
        return words

    def _end_row(self) -> None:
        if self._cells is not None:
            last = self._taken()
            cells = tuple([*self._cells, last] if last else self._cells)
            self._cells = None
            self.paragraphs.append(Paragraph(" | ".join(cells).strip(" |"), cells=cells, table=self._tables))

    def _flush(self) -> None:
        words = self._taken()
        if words:
            self.paragraphs.append(Paragraph(words, heading=self._heading))
        self._heading = 0


def _html(data: bytes, name: str) -> Iterator[Paragraph]:
    declared = re.search(rb"""(?i)<meta[^>]{0,200}charset\s*=\s*["']?\s*(gbk|gb2312|gb18030)""", data[:4096])
    try:
        text = data.decode("gb18030") if declared else decoded(data, name)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{name}：网页声明的编码 {declared[1].decode() if declared else ''} 与内容不符，请另存为 UTF-8 后再导入。"
        ) from error
    if text.count("<") > MOST_TAGS // 4:
        raise BadInput(f"{name}：网页的标签超过 {MOST_TAGS // 4:,} 个，请只保存其中的文字再导入。")
    page = _Page()
    page.feed(text)
    page.close()
    yield from page.paragraphs


def _html_rows(markup: str) -> Iterator[tuple[str, ...]]:
    page = _Page()
    page.feed(markup)
    page.close()
    yield from (p.cells or (p.text,) for p in page.paragraphs)


# -- docx, xlsx, pdf ----------------------------------------------------------------------------------------------------------


def _safe_archive(data: bytes, name: str) -> set[str]:
    """Names of the members, after unpacking every one into nothing: declared sizes may lie, what comes out does not."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise BadInput(f"{name}：压缩包内有 {len(members):,} 个部分，不像正常的办公文件，未打开；请只保存其中的文字再导入。")
            if sum(member.compress_size for member in members) > len(data):
                raise BadInput(f"{name}：压缩包内的文件相互重叠（疑似压缩炸弹），未打开；请只保存其中的文字再导入。")
            unpacked = 0
            for member in members:
                if member.flag_bits & 1:
                    raise BadInput(f"{name}：有密码保护，请去掉密码另存后再导入。")
                with archive.open(member) as stream:
                    while block := stream.read(1 << 18):
                        unpacked += len(block)
                        if unpacked > MOST_UNPACKED:
                            raise BadInput(f"{name}：解压后超过 {MOST_UNPACKED // 2**20} MiB，未打开；请只保存其中的文字再导入。")
            return {member.filename for member in members}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError) as error:
        raise BadInput(f"{name}：文件已损坏（{error}），请用 WPS 或 Word 打开，另存后再导入。") from error


def _docx(data: bytes, name: str) -> Iterator[Paragraph]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = _xml(archive.read("word/document.xml"), name)
        styles = _heading_styles(_xml(archive.read("word/styles.xml"), name)) if "word/styles.xml" in archive.namelist() else {}
    body = root.find(f"{_W}body")
    tables = 0
    for block in _blocks(body if body is not None else root):
        if block.tag == f"{_W}p":
            yield from _docx_paragraph(block, styles)
        elif block.tag == f"{_W}tbl":
            tables += 1
            for row in block.iter(f"{_W}tr"):
                cells = tuple(
                    "\n".join(filter(None, (_run_text(p) for p in cell.iter(f"{_W}p")))).strip() for cell in row.findall(f"{_W}tc")
                )
                yield Paragraph(" | ".join(cells).strip(" |"), cells=cells, table=tables)


def _blocks(body: Element) -> Iterator[Element]:
    """Paragraphs and tables in order, also those inside content controls."""
    waiting = [iter(body)]
    while waiting:
        if len(waiting) > DEEPEST:
            return
        block = next(waiting[-1], None)
        if block is None:
            waiting.pop()
        elif block.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml", f"{_W}ins", f"{_W}smartTag"}:
            waiting.append(iter(block))
        else:
            yield block


def _docx_paragraph(block: Element, styles: dict[str, int]) -> Iterator[Paragraph]:
    style = block.find(f"{_W}pPr/{_W}pStyle")
    outline = block.find(f"{_W}pPr/{_W}outlineLvl")
    level = styles.get(style.get(f"{_W}val", ""), 0) if style is not None else 0
    if outline is not None and outline.get(f"{_W}val", "").isdecimal():
        level = min(int(outline.get(f"{_W}val", "9")) + 1, 10) % 10
    for line in _run_text(block).split("\n"):
        yield Paragraph(line.strip(" \t\u3000\xa0"), heading=level)


def _run_text(block: Element) -> str:
    parts = []
    for node in block.iter():
        if node.tag == f"{_W}t":
            parts.append(node.text or "")
        elif node.tag == f"{_W}tab":
            parts.append(" ")
        elif node.tag in {f"{_W}br", f"{_W}cr"}:
            parts.append("\n")
    return modern("".join(parts)).replace("\xa0", " ").strip(" \t\u3000")


def _heading_styles(root: Element) -> dict[str, int]:
    levels = {}
    for style in root.iter(f"{_W}style"):
        title = style.find(f"{_W}name")
        found = re.fullmatch(r"(?i)(?:heading|标题)\s*(\d)", title.get(f"{_W}val", "")) if title is not None else None
        if found:
            levels[style.get(f"{_W}styleId", "")] = int(found[1])
    return levels


def _xml(data: bytes, name: str) -> Element:
    if data.count(b"<") > MOST_TAGS:
        raise BadInput(f"{name}：内部 XML 的标签超过 {MOST_TAGS:,} 个，请拆分，或只保存其中的文字。")
    try:
        root: Element = fromstring(data, forbid_dtd=True)
        return root
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise BadInput(f"{name}：内部 XML 已损坏或声明了实体，请用 WPS 或 Word 打开，另存后再导入。") from error


def _workbook(data: bytes, name: str) -> Iterator[Paragraph]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        seen = 0
        for number, sheet_name in enumerate(workbook.sheet_names, 1):
            sheet = workbook.get_sheet_by_name(sheet_name)
            seen += sheet.height * sheet.width
            if seen > MOST_CELLS:
                raise BadInput(f"{name}：超过 {MOST_CELLS:,} 个单元格，请把案例部分另存为单独的文件。")
            for row in sheet.to_python():
                cells = tuple(_cell(value) for value in row)
                if any(cells):
                    yield Paragraph(" | ".join(cells).strip(" |"), cells=cells, table=number)
    except (CalamineError, ValueError, OSError) as error:
        raise BadInput(f"{name}：工作簿已损坏（{error}），请用 WPS 或 Excel 打开，另存为 xlsx 后再导入。") from error


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return modern(str(value)).strip()


_STARTS_PARAGRAPH = re.compile(
    r"第[零〇一二三四五六七八九十百千\d]+[编章节条](?!第)|[（(][一二三四五六七八九十\d]{1,3}[）)]|[一二三四五六七八九十]{1,3}、|\d{1,2}(?:\.\d{1,2}){1,3}(?![\d年月日%])|\d{1,2}[．.、](?!\d)|附[件录表则]"
)


def _bearable_streams(data: bytes, name: str) -> None:
    """BadInput for a PDF one of whose packed parts unpacks to more than any page needs: the reader would hold all of it in memory."""
    for start in re.finditer(rb"stream\r?\n(?=[\x08\x18\x28\x38\x48\x58\x68\x78])", data):
        inflate, at, out = zlib.decompressobj(), start.end(), 0
        try:
            while not inflate.eof and at < len(data):
                packed = data[at : at + 65_536]
                at += len(packed)
                while packed and not inflate.eof:
                    out += len(inflate.decompress(packed, 1 << 20))
                    if out > LARGEST_STREAM:
                        raise BadInput(
                            f"{name}：PDF 内有一段解压后超过 {LARGEST_STREAM // 2**20} MiB（疑似压缩炸弹），未打开；请打印成新的 PDF 再导入。"
                        )
                    packed = inflate.unconsumed_tail
        except zlib.error:
            continue


def _pdf(data: bytes, name: str) -> Iterator[Paragraph]:
    _bearable_streams(data, name)
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise BadInput(f"{name}：PDF 已损坏或受保护（{error}），请打开后打印成新的 PDF 再导入。") from error
    try:
        if len(document) > MOST_PAGES:
            raise BadInput(f"{name}：有 {len(document):,} 页，超过上限 {MOST_PAGES:,} 页，请拆分。")
        lines: list[str] = []
        size = 0
        begun = time.process_time()
        for number, page in enumerate(document):
            if (spent := time.process_time() - begun) > 3.0 and spent > PAGE_SECONDS * number:
                raise BadInput(f"{name}：PDF 的页面异常复杂，读取过慢，未导入；请打印成新的 PDF 再导入。")
            words = page.get_textpage().get_text_range()
            size += len(words)
            if len(words) > MOST_ON_A_PAGE:
                raise BadInput(f"{name}：有一页超过 {MOST_ON_A_PAGE:,} 字，不像正常的文件，未导入；请只保存其中的文字再导入。")
            if size > MOST_CHARACTERS:
                raise BadInput(f"{name}：超过 {MOST_CHARACTERS:,} 字，请按文件拆开后导入。")
            lines += (clean(line) for line in _lines(words.replace("\ufffe", "")))
    except pypdfium2.PdfiumError as error:
        raise BadInput(f"{name}：PDF 有一页已损坏（{error}），请打开后打印成新的 PDF 再导入。") from error
    finally:
        document.close()
    yield from _rejoined([line for line in lines if line and not re.fullmatch(r"[-—–\s]*第?\s*\d{1,4}\s*页?[-—–\s]*", line)])


def _rejoined(lines: list[str]) -> Iterator[Paragraph]:
    """Paragraphs from the lines of a page layout: a line that does not begin one and follows a full line goes on with it."""
    longest = sorted(map(len, lines))[int(len(lines) * 0.9)] if lines else 0
    waiting, full = "", False
    for line in lines:
        if waiting and full and not _STARTS_PARAGRAPH.match(line):
            waiting += (" " if waiting[-1].isascii() and line[0].isascii() and waiting[-1].isalpha() and line[0].isalpha() else "") + line
        else:
            yield Paragraph(waiting)
            waiting = line
        # 0.85: a line shorter than that ended its paragraph; a sentence that ends exactly at the margin may join the next one.
        full = len(line) >= 0.85 * longest and not (line.endswith(("。", "；", "：")) and len(line) < longest)
    yield Paragraph(waiting)

"""Files made to hurt: each function writes one into a folder and returns its path. Invented, none larger than 110 MB on disk."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

LAUGHS = "<!DOCTYPE l [" + '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
OUTSIDE = '<!DOCTYPE l [<!ENTITY a9 SYSTEM "file:///etc/passwd">]>'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
CAP = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>1</identifier><note>{}</note></alert>'
MEGABYTE = 1024**2


def written(path: Path, *pieces: str | bytes, times: int = 1) -> Path:
    """A file of these pieces, the middle ones repeated."""
    with path.open("wb") as out:
        for at, piece in enumerate(pieces):
            body = piece.encode() if isinstance(piece, str) else piece
            count = times if 0 < at < len(pieces) - 1 else 1
            together = max(1, MEGABYTE // max(len(body), 1))
            for _ in range(count // together):
                out.write(body * together)
            out.write(body * (count % together))
    return path


def archive(path: Path, members: dict[str, bytes | int]) -> Path:
    """A zip; a number stands for that many megabytes of blanks."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for name, body in members.items():
            with made.open(zipfile.ZipInfo(name) if "\\" in name else name, "w", force_zip64=True) as member:
                for _ in range(body if isinstance(body, int) else 1):
                    member.write(b" " * MEGABYTE if isinstance(body, int) else body)
    return path


def workbook(path: Path, sheet: str | bytes, shared: str = "") -> Path:
    """The smallest workbook with this sheet."""
    body = sheet if isinstance(sheet, bytes) else sheet.encode()
    return archive(path, {
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>'.encode(),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'.encode(),
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{REL}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'.encode(),
        "xl/worksheets/sheet1.xml": body,
    } | ({"xl/sharedStrings.xml": shared.encode()} if shared else {}))  # fmt: skip


def document(path: Path, body: str | int) -> Path:
    """The smallest docx with this body."""
    if isinstance(body, int):
        return archive(path, {"word/document.xml": body})
    return archive(path, {"word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'.encode()})


def overlapping(path: Path, name: str) -> Path:
    """Many members that share one packed body: nothing in it is compressed much, all of it together is."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(b" " * (12 * MEGABYTE)) + packed.flush()
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(body), 12 * MEGABYTE, len(name), 0) + name.encode()
    rows = [
        struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(body), 1000, len(name), 0, 0, 0, 0, 0, 0)
        + name.encode()
        for _ in range(2000)
    ]
    directory = b"".join(rows)
    start = len(local) + len(body)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(rows), len(rows), len(directory), start, 0)
    path.write_bytes(local + body + directory + end)
    return path


def pdf(path: Path, content: bytes, pages: int = 1) -> Path:
    """A PDF whose pages all show one packed content."""
    packed = zlib.compress(content, 1)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b"4 0 R " * pages),
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 3 0 R>>",
    ]
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, 2)
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj%s endobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in places))
    out.write(b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start)
    path.write_bytes(out.getvalue())
    return path


TEN = "".join(f'{{"level{n}":' for n in range(9)) + '["x"]' + "}" * 9
COLUMNS = 1_000_000
GIF = b"GIF89a/*\x00\x00*/=1;alert(1)//"

Make = Callable[[Path], Path]

CASES: dict[str, tuple[tuple[str, ...], Make]] = {
    "laughs.xml": (("ingest:warning", "ingest:gdacs"), lambda p: written(p, LAUGHS + CAP.format("&a9;"))),
    "outside.xml": (("ingest:warning", "ingest:gdacs"), lambda p: written(p, OUTSIDE + CAP.format("&a9;"))),
    "laughs16.xml": (("ingest:warning",), lambda p: written(p, (LAUGHS + CAP.format("&a9;")).encode("utf-16"))),
    "laughs.xlsx": (("ingest:hotline", "library"), lambda p: workbook(p, f'{LAUGHS}<worksheet xmlns="{MAIN}"><sheetData><row><c t="inlineStr"><is><t>&a9;</t></is></c></row></sheetData></worksheet>')),
    "laughs16.xlsx": (("ingest:hotline", "library"), lambda p: workbook(p, f'<?xml version="1.0" encoding="UTF-16"?>{LAUGHS}<worksheet xmlns="{MAIN}"><sheetData><row><c t="inlineStr"><is><t>&a9;</t></is></c></row></sheetData></worksheet>'.encode("utf-16"))),
    "laughs.docx": (("library",), lambda p: archive(p, {"word/document.xml": f'{LAUGHS}<w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>&a9;</w:t></w:r></w:p></w:body></w:document>'.encode()})),
    "bomb.xlsx": (("ingest:hotline", "library"), lambda p: archive(p, {"xl/workbook.xml": 600})),
    "bomb.docx": (("library",), lambda p: document(p, 600)),
    "under.docx": (("library",), lambda p: document(p, "<w:p/>" * 40_000_000)),
    "texts.docx": (("library",), lambda p: document(p, "<w:p><w:r><w:t>第一条 x</w:t></w:r></w:p>" * 5_000_000)),
    "under.xlsx": (("library",), lambda p: workbook(p, f'<worksheet xmlns="{MAIN}"><sheetData>' + '<row><c t="inlineStr"><is><t>1</t></is></c></row>' * 4_000_000 + "</sheetData></worksheet>")),
    "bomb.zip": (("ingest:survey",), lambda p: archive(p, {"a.shp": 600, "a.dbf": 1, "a.shx": 1})),
    "overlap.xlsx": (("ingest:hotline", "library"), lambda p: overlapping(p, "xl/worksheets/sheet1.xml")),
    "overlap.zip": (("ingest:survey",), lambda p: overlapping(p, "a.shp")),
    "nested.zip": (("ingest:survey", "library"), lambda p: archive(p, {"a.zip": archive(p.with_suffix(".inner"), {"a.shp": 10}).read_bytes()})),
    "columns.csv": (("ingest:hotline",), lambda p: written(p, ",".join(f"c{n}" for n in range(COLUMNS)) + "\n", "," * (COLUMNS - 1) + "\n", "", times=3)),
    "narrow.csv": (("ingest:hotline",), lambda p: written(p, "编号,内容" + "," * COLUMNS + "\n", "1,水" + "," * COLUMNS + "\n", "", times=30)),
    "columns.html": (("library",), lambda p: written(p, "<table><tr>", "<td>x</td>", "</tr></table>", times=COLUMNS)),
    "columns.md": (("library",), lambda p: written(p, "|", "x|", "\n", times=COLUMNS)),
    "nested.json": (("ingest:warning", "ingest:social", "ingest:desk", "ingest:usgs"), lambda p: written(p, "[", TEN + ",", TEN + "]", times=100 * MEGABYTE // (len(TEN) + 1))),
    "nested60.json": (("ingest:warning", "ingest:desk", "ingest:usgs"), lambda p: written(p, "[", TEN + ",", TEN + "]", times=60 * MEGABYTE // (len(TEN) + 1))),
    "nested.jsonl": (("ingest:social",), lambda p: written(p, "[", TEN + ",", TEN + "]", times=100 * MEGABYTE // (len(TEN) + 1))),
    "nested.geojson": (("ingest:survey", "footprint"), lambda p: written(p, '{"type":"FeatureCollection","features":[', TEN + ",", TEN + "]}", times=100 * MEGABYTE // (len(TEN) + 1))),
    "nested60.geojson": (("ingest:survey", "footprint"), lambda p: written(p, '{"type":"FeatureCollection","features":[', TEN + ",", TEN + "]}", times=60 * MEGABYTE // (len(TEN) + 1))),
    "empties.json": (("ingest:warning", "ingest:desk", "ingest:usgs"), lambda p: written(p, "[[]", ",[]", "]", times=20 * MEGABYTE)),
    "empties.geojson": (("ingest:survey", "footprint"), lambda p: written(p, '{"type":"FeatureCollection","features":[{}', ",{}", "]}", times=20 * MEGABYTE)),
    "deep.json": (("ingest:warning", "ingest:social", "ingest:desk"), lambda p: written(p, "", "[", "", times=COLUMNS)),
    "deep.geojson": (("ingest:survey", "footprint"), lambda p: written(p, '{"type":"Feature","geometry":', "[", "", times=COLUMNS)),
    "deep.xml": (("ingest:warning",), lambda p: written(p, CAP.partition("{}")[0], "<a>", "", times=COLUMNS)),
    "deep.docx": (("library",), lambda p: document(p, "<w:p>" * 500_000 + "</w:p>" * 500_000)),
    "deep.html": (("library",), lambda p: written(p, "<html>", "<div>", "第一条", times=COLUMNS)),
    "long.txt": (("library",), lambda p: written(p, "", "第一条", "", times=6 * MEGABYTE)),
    "lines.md": (("library",), lambda p: written(p, "", "x\n", "", times=30 * MEGABYTE)),
    "flate.pdf": (("library",), lambda p: pdf(p, b" " * (600 * MEGABYTE))),
    "pages.pdf": (("library",), lambda p: pdf(p, b"BT /F1 1 Tf (x) Tj ET\n" * 50_000, pages=2_900)),
    "polyglot.xlsx": (("ingest:hotline", "library"), lambda p: written(p, GIF, workbook(p.with_suffix(".in"), f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>').read_bytes(), b"")),
    "polyglot.docx": (("library",), lambda p: written(p, b"%PDF-1.4\n", document(p.with_suffix(".in"), "<w:p><w:r><w:t>x</w:t></w:r></w:p>").read_bytes(), b"")),
    "polyglot.pdf": (("library",), lambda p: written(p, GIF, b"<script>alert(1)</script>", b"")),
    "polyglot.csv": (("ingest:hotline",), lambda p: written(p, b"MZ\x90\x00\x03", b"\x00" * 4096, b"")),
    "polyglot.geojson": (("ingest:survey", "footprint"), lambda p: written(p, GIF, b"{}", b"")),
    "climbing.zip": (("ingest:survey",), lambda p: archive(p, {f"{up}{name}": b"x" for up in ("../../../tmp/anlan-climbed/", "/tmp/anlan-climbed/", "..\\..\\anlan-climbed\\") for name in ("a.shp", "a.dbf", "a.shx")})),
    "climbing.docx": (("library",), lambda p: archive(p, {"../../tmp/anlan-climbed/x": b"x", "word/document.xml": b"<x/>"})),
    "vrt.geojson": (("ingest:survey", "footprint"), lambda p: written(p, '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>')),
    "web.geojson": (("ingest:survey", "footprint"), lambda p: written(p, '{"type":"Topology","service":"http://127.0.0.1:9/"}')),
}  # fmt: skip
"""File name -> the readers it is given to, and how it is made."""

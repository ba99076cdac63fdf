"""Files that would hurt the desk: each is refused or set aside with a clear sentence, quickly, in little memory, and nothing beside it is lost."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
import zipfile
import zlib
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from ingestion.files import KEPT_RAW, MAX_LINE, plain
from ingestion.source import sources
from models.domain import BEIJING, Evidence, Quarantined
from models.errors import BadInput

NOW = datetime(2026, 7, 18, 21, 0, tzinfo=BEIJING)
ROOT = Path(__file__).resolve().parents[2]


def read(name: str, path: Path) -> list[object]:
    return list(sources()[name].read(path, NOW))


@pytest.mark.parametrize(
    ("source", "name"),
    [("hotline", "a.csv"), ("hotline", "a.xlsx"), ("social", "a.jsonl"), ("survey", "a.gpkg"), ("warning", "a.json"), ("desk", "a.json")],
)
def test_an_empty_file_is_refused_by_name(tmp_path, source, name):
    (tmp_path / name).touch()
    with pytest.raises(BadInput, match=rf"{name}：文件为空"):
        read(source, tmp_path / name)


@pytest.mark.parametrize("source", ["hotline", "social", "survey", "warning", "desk"])
def test_random_bytes_are_refused_or_quarantined(tmp_path, source):
    noise = b"".join(zlib.compress(bytes([n, n + 1, n + 2])) for n in range(200)) + bytes(range(256)) * 20
    for name, body in (
        ("zeros", bytes(5000)),
        ("noise", noise),
        ("zip", b"PK\x03\x04" + noise),
        ("ole", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise),
    ):
        path = tmp_path / name
        path.write_bytes(body)
        try:
            records = read(source, path)
        except BadInput:
            continue
        assert records
        assert not any(isinstance(record, Evidence) for record in records)


_MEASURED = """
import json, resource, sys, time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from ingestion.source import sources
from models.errors import BadInput
module = sources()[sys.argv[1]]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began, kinds, said, raws = time.monotonic(), Counter(), "", []
try:
    for record in module.read(Path(sys.argv[2]), datetime.now(timezone.utc)):
        kinds[type(record).__name__] += 1
        raws += [[len(record.raw), record.digest, record.reason]] if hasattr(record, "raw") else []
except BadInput as error:
    said = str(error)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"kinds": kinds, "said": said, "raws": raws, "seconds": time.monotonic() - began, "mb": (after - before) / 1024}))
"""


def measured(source: str, path: Path) -> dict:
    """What reading the file does, how long it takes and by how many megabytes memory grows, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", _MEASURED, source, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("source", ["social", "hotline"])
def test_a_line_of_200_mb_costs_itself_only_and_hardly_any_memory(tmp_path, source):
    path = tmp_path / "big.jsonl"
    first, last = (
        ('{"id": "1", "text": "桥塌了"}', '{"id": "2", "text": "水退了"}') if source == "social" else ("编号,内容\n1,桥塌了", "2,水退了")
    )
    with path.open("w", encoding="utf-8") as stream:
        stream.write(first + "\n")
        for _ in range(200):
            stream.write("x" * 1024 * 1024)
        stream.write("\n" + last + "\n")
    seen = measured(source, path)
    path.unlink()
    assert seen["kinds"] == {"Evidence": 2, "Quarantined": 1}
    [[kept, _, reason]] = seen["raws"]
    assert kept == KEPT_RAW
    assert "209715200" in reason
    assert seen["mb"] < 60


def test_the_digest_of_a_long_line_is_that_of_the_whole_line(tmp_path):
    import hashlib

    line = "灾" * (MAX_LINE + 10)
    (tmp_path / "a.jsonl").write_text(line + "\n", encoding="utf-8")
    [record] = read("social", tmp_path / "a.jsonl")
    assert isinstance(record, Quarantined)
    assert record.digest == hashlib.sha256(line.encode()).hexdigest()


def bomb(path: Path, megabytes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=False) as member:
            for _ in range(megabytes):
                member.write(bytes(1024 * 1024))
    return path


def test_a_zip_bomb_named_xlsx_is_refused_at_once(tmp_path):
    seen = measured("hotline", bomb(tmp_path / "calls.xlsx", 600))
    assert "压缩炸弹" in seen["said"]
    assert seen["seconds"] < 5
    assert seen["mb"] < 60


def test_a_zip_bomb_whose_directory_lies_is_refused_while_unpacking(tmp_path):
    path = bomb(tmp_path / "calls.xlsx", 600)
    body = path.read_bytes()
    real = (600 * 1024 * 1024).to_bytes(4, "little")
    assert body.count(real) >= 1
    path.write_bytes(body.replace(real, (1000).to_bytes(4, "little")))
    seen = measured("hotline", path)
    assert "压缩炸弹" in seen["said"]
    assert seen["seconds"] < 5
    assert seen["mb"] < 60


def sheet(path: Path, xml: str) -> Path:
    """The smallest workbook Excel's reader accepts, with this sheet in it."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.xml", xml.replace("MAIN", main))
    return path


def test_a_workbook_that_declares_entities_is_refused(tmp_path):
    xml = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><worksheet xmlns="MAIN"><sheetData/></worksheet>'
    with pytest.raises(BadInput, match="实体"):
        read("hotline", sheet(tmp_path / "a.xlsx", xml))


def test_a_sheet_of_two_cells_far_apart_does_not_fill_memory(tmp_path):
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    xml = (
        f'<worksheet xmlns="MAIN"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>编号</t></is></c></row>{far}</sheetData></worksheet>'
    )
    seen = measured("hotline", sheet(tmp_path / "a.xlsx", xml))
    assert "行 × " in seen["said"]
    assert seen["mb"] < 60


def test_the_smallest_workbook_is_otherwise_fine(tmp_path):
    def cell(text: str) -> str:
        return f'<c t="inlineStr"><is><t>{text}</t></is></c>'

    rows = "".join(f"<row>{cell(one)}{cell(two)}</row>" for one, two in (("编号", "内容"), ("1", "树倒了")))
    [call] = read("hotline", sheet(tmp_path / "a.xlsx", f'<worksheet xmlns="MAIN"><sheetData>{rows}</sheetData></worksheet>'))
    assert isinstance(call, Evidence)
    assert call.text == "树倒了"


def test_a_damaged_workbook_is_refused(tmp_path):
    path = sheet(tmp_path / "a.xlsx", '<worksheet xmlns="MAIN"><sheetData>' + "<row/>" * 500)
    body = path.read_bytes()
    path.write_bytes(body[: len(body) // 2])
    with pytest.raises(BadInput):
        read("hotline", path)


def test_a_web_page_named_xls_says_how_to_mend_it(tmp_path):
    (tmp_path / "a.xls").write_text("<html><table><tr><td>编号</td></tr></table></html>")
    with pytest.raises(BadInput, match="另存为 xlsx"):
        read("hotline", tmp_path / "a.xls")


def test_a_record_that_never_ends_costs_its_first_line_only(tmp_path):
    rows = "".join(f"{n},第{n}号井盖丢失\n" for n in range(60_000))
    (tmp_path / "a.csv").write_text('编号,内容\n0,"没有说完\n' + rows, encoding="utf-8")
    began = time.monotonic()
    kinds = Counter(type(record).__name__ for record in read("hotline", tmp_path / "a.csv"))
    assert kinds == {"Quarantined": 1, "Evidence": 60_000}
    assert time.monotonic() - began < 30


def test_a_headless_file_does_not_show_telephone_numbers_in_its_complaint(tmp_path):
    (tmp_path / "a.csv").write_text("王小明,13800002222,水管爆了\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read("hotline", tmp_path / "a.csv")
    assert "13800002222" not in str(refused.value)


def test_what_is_kept_can_be_stored_anywhere():
    stored = plain("a\x00b\ud83d\udcffc")
    assert stored.encode("utf-8")
    assert "\x00" not in stored


def test_a_directory_or_a_pipe_is_not_read(tmp_path):
    with pytest.raises(BadInput, match="不是普通文件"):
        read("social", tmp_path)


def test_memory_is_measured_in_kilobytes_here():
    # Linux counts ru_maxrss in KiB; the bounds above would mean nothing elsewhere.
    assert sys.platform == "linux"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 1024

"""Files become paragraphs; hostile and damaged ones are refused with what to do."""

from __future__ import annotations

import io

import openpyxl
import pytest

from graph import texts
from graph.ocr import clean, modern
from graph.texts import read
from models.errors import BadInput
from tests.graph.shelf_files import LAW, packed, paragraph, pdf, table, word


def words(data: bytes, name: str) -> list[str]:
    return [p.text for p in read(data, name).paragraphs]


def test_the_history_of_a_law_is_told_from_its_text() -> None:
    history = [p.text for p in read(LAW.encode(), "法.md").paragraphs if p.history]
    assert len(history) == 2
    assert history[1].endswith("修订")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_plain_text_is_read_in_the_encodings_offices_use(encoding: str) -> None:
    assert words("第一条 测试。\n\n第二条 完。".encode(encoding), "法.txt") == ["第一条 测试。", "第二条 完。"]


def test_a_docx_keeps_the_order_of_paragraphs_and_tables() -> None:
    data = word(paragraph("案例一：灯塔倒塌", "0") + table(("影响", "死亡2人")) + paragraph("完"))
    found = read(data, "案例.docx").paragraphs
    assert [p.text for p in found] == ["案例一：灯塔倒塌", "影响 | 死亡2人", "完"]
    assert found[0].heading == 1
    assert found[1].cells == ("影响", "死亡2人")


def test_words_deleted_under_review_are_not_read() -> None:
    data = word("<w:p><w:r><w:t>现行</w:t></w:r><w:del><w:r><w:delText>旧文</w:delText></w:r></w:del></w:p>")
    assert words(data, "审阅.docx") == ["现行"]


def test_a_workbook_gives_its_rows() -> None:
    book = openpyxl.Workbook()
    book.active.append(["预案", "范围"])
    book.active.append(["雪灾预案", 3.0])
    stream = io.BytesIO()
    book.save(stream)
    assert words(stream.getvalue(), "预案.xlsx") == ["预案 | 范围", "雪灾预案 | 3"]


def test_html_is_read_without_scripts_and_with_its_declared_encoding() -> None:
    page = '<html><head><meta charset="gb2312"><title>站名</title><script>var a="坏"</script></head><body><h1>雪灾办法</h1><p>第一条&nbsp;测试。</p></body></html>'
    found = read(page.encode("gb18030"), "页.html").paragraphs
    assert [p.text for p in found] == ["雪灾办法", "第一条 测试。"]
    assert found[0].heading == 1


def test_lines_of_a_pdf_page_are_joined_to_paragraphs() -> None:
    first = "第一条 为了保障灯塔的安全，明确值守单位的责任，规范值守人员的行为，预防和减少灯塔事故"
    found = words(pdf([first, "的发生，制定本办法。", "第二条 本办法所称灯塔，是指海岸上的发光设施。"]), "办法.pdf")
    assert found == [first + "的发生，制定本办法。", "第二条 本办法所称灯塔，是指海岸上的发光设施。"]


def test_a_pdf_without_text_says_that_it_was_scanned() -> None:
    with pytest.raises(BadInput, match="扫描图片"):
        read(pdf([]), "扫描.pdf")


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"PK\x03\x04broken", "坏.docx", "已损坏"),
        (b"%PDF-1.4 broken", "坏.pdf", "已损坏"),
        (b"\xd0\xcf\x11\xe0old", "旧.doc", "另存为 docx"),
        (b"\xff\x00\x81 not text \x00", "坏.txt", "UTF-8"),
        (b"<html>", "空.html", "里面没有文字"),
        (b"", "空.txt", "里面没有文字"),
        (b"MZ\x90", "程序.exe", "不支持"),
        (packed({"a.txt": "x"}), "包.zip", "请解压"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(data: bytes, name: str, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        read(data, name)
    assert name in str(caught.value)


def test_a_docx_that_declares_entities_is_refused() -> None:
    bomb = '<!DOCTYPE w [<!ENTITY a "哈哈哈哈哈哈"><!ENTITY b "&a;&a;&a;">]>'
    with pytest.raises(BadInput, match="实体"):
        read(word(paragraph("&b;"), entity=bomb), "实体.docx")


def test_a_zip_bomb_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(BadInput, match="解压后超过"):
        read(packed({"word/document.xml": b" " * (3 << 20)}), "炸弹.docx")


def test_a_file_beyond_the_limit_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_BYTES", 1 << 20)
    with pytest.raises(BadInput, match="请拆分"):
        read(b"x" * (2 << 20), "大.txt")


@pytest.mark.parametrize(
    ("noisy", "printed"),
    [
        (r"达 $9 5 . 5 \%$ 以上", "达 95.5% 以上"),
        (r"面积 $3 \ \mathrm { k m } ^ { 2 }$", "面积 3km²"),
        (r"$\textcircled{2}$ 复核", "② 复核"),
        ("（ 1 ） 死亡 5 0 人", "（1）死亡 50 人"),
        ("2  1  3 响应措施", "2.1.3 响应措施"),
        ("坚持 统一 领导 ， 分级负责", "坚持统一领导，分级负责"),
        ("第一章 总 则", "第一章 总则"),
    ],
)
def test_recognition_noise_is_cleaned(noisy: str, printed: str) -> None:
    assert clean(noisy) == printed


def test_a_real_formula_stays_as_it_came() -> None:
    assert clean(r"按 $\frac { a } { b }$ 计算") == r"按 $\frac { a } { b }$ 计算"


def test_radicals_become_characters() -> None:
    assert modern("⼤地⻔⼈⺠") == "大地门人民"

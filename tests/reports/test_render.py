"""The docx measured against GB/T 9704—2012, and whether a file that went out still says what was signed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from graph.knowledge import Knowledge
from models.domain import Decision, Dossier, Person, ReportState
from models.errors import BadInput
from reports.layout import shaped
from reports.render import ai_label, all_intact, check, content_of, document_bytes, properties_of, render, rendered_intact
from reports.signoff import edit, submit, write_draft
from tests.reports.invented import at, drafted, fire, incident, take_in
from tests.signing import sign


def standing(dossier: Dossier, *, signed: bool) -> ReportState:
    report = drafted(dossier)
    decision = Decision(
        id="de-1",
        subject=report.id,
        version=1,
        digest=report.content_digest(),
        verdict="sign",
        officer="signer1",
        officer_name="李签发",
        role="signer",
        at=at(20, 41),
    )
    return ReportState(report=report, decisions=(decision,) if signed else (), status="signed" if signed else "draft")


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """A signed fire report, opened again."""
    path = tmp_path / "signed.docx"
    path.write_bytes(document_bytes(standing(fire(), signed=True), fire()))
    return Document(str(path))


def paragraph(document: Any, start: str) -> Any:
    return next(one for one in document.paragraphs if one.text.startswith(start))


def font(one: Any) -> tuple[str, float]:
    run = one.runs[0]
    return run._r.rPr.rFonts.get(qn("w:eastAsia")), run.font.size.pt


def test_the_page_is_a4_with_the_type_area_of_the_standard(made: Any) -> None:
    section = made.sections[0]
    sides = (section.page_width, section.page_height, section.top_margin, section.left_margin, section.right_margin, section.bottom_margin)
    assert [round(side / Mm(1)) for side in sides] == [210, 297, 37, 28, 26, 35]


def test_twenty_two_lines_fit_the_page(made: Any) -> None:
    pitch = made.styles["Normal"].paragraph_format.line_spacing
    assert 22 * pitch <= Mm(225) < 22.05 * pitch


def test_the_issuer_is_red_and_centred_35_mm_down(made: Any) -> None:
    mark = made.paragraphs[0]
    assert mark.text == "南京市应急管理局"
    assert mark.runs[0].font.color.rgb == RGBColor(255, 0, 0)
    assert mark.alignment == WD_ALIGN_PARAGRAPH.CENTER
    assert round(mark.paragraph_format.space_before / Mm(1)) == 35


def test_title_body_and_headings_have_their_fonts(made: Any) -> None:
    assert font(paragraph(made, "关于")) == ("方正小标宋简体", 22)
    assert font(paragraph(made, "2026年7月18日20时14分")) == ("仿宋_GB2312", 16)
    assert font(paragraph(made, "一、")) == ("黑体", 16)


def test_a_missing_font_has_its_substitute_in_the_font_table(made: Any) -> None:
    [part] = [rel.target_part for rel in made.part.rels.values() if rel.reltype.endswith("/fontTable")]
    assert '<w:font w:name="仿宋_GB2312"><w:altName w:val="仿宋"/>' in part.blob.decode()


def test_body_paragraphs_start_two_characters_in(made: Any) -> None:
    assert paragraph(made, "2026年7月18日20时14分").paragraph_format.first_line_indent == Pt(32)


def test_the_addressee_is_flush_left_and_ends_in_a_full_width_colon(made: Any) -> None:
    addressee = paragraph(made, "南京市人民政府")
    assert addressee.text.endswith("：")
    assert addressee.paragraph_format.first_line_indent is None


def test_headings_are_numbered_in_order(made: Any) -> None:
    heads = [one.text[:2] for one in made.paragraphs if one.text[1:2] == "、" and font(one)[0] == "黑体"]
    assert heads == ["一、", "二、", "三、", "四、", "五、", "六、"]


def test_the_date_is_that_of_signing_without_leading_zeros(made: Any) -> None:
    date = next(one for one in made.paragraphs if one.text == "2026年7月18日")
    assert date.paragraph_format.right_indent == Pt(64)
    assert date.alignment == WD_ALIGN_PARAGRAPH.RIGHT


def test_page_numbers_stand_right_on_odd_and_left_on_even_pages(made: Any) -> None:
    odd, even = made.sections[0].footer.paragraphs[0], made.sections[0].even_page_footer.paragraphs[0]
    assert (odd.alignment, even.alignment) == (WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.LEFT)
    assert font(odd) == ("宋体", 14)
    assert "PAGE" in odd._p.xml


def test_no_document_number_is_made_up(made: Any) -> None:
    assert not any("〔" in one.text for one in made.paragraphs)


def test_a_signed_copy_names_signer_time_and_digest_and_is_no_draft(made: Any) -> None:
    note = paragraph(made, "（李签发").text
    assert "2026年7月18日20时41分签发" in note
    assert drafted(fire()).content_digest()[:16] in note
    assert not made.sections[0].header.paragraphs[0].text


def test_the_annex_gives_each_figures_source_time_and_words(made: Any) -> None:
    rows = [[cell.text for cell in row.cells][1:] for row in made.tables[0].rows]
    assert ["死亡3人", "12345热线", "2026年7月18日20时14分", "死了3个人"] in rows
    assert not any("20人" in row[-1] for row in rows)


def test_the_imprint_lists_who_gets_a_copy(made: Any) -> None:
    assert "抄送：南京市公安局" in made.element.body.xml


def test_a_draft_says_so_on_odd_and_even_pages(tmp_path: Path) -> None:
    path = tmp_path / "draft.docx"
    path.write_bytes(document_bytes(standing(fire(), signed=False), fire()))
    section = Document(str(path)).sections[0]
    assert all("草稿" in one.paragraphs[0].text for one in (section.header, section.even_page_header))


def test_an_exercise_says_so_on_every_page_even_when_signed(tmp_path: Path) -> None:
    evidence = tuple(one.model_copy(update={"mode": "exercise"}) for one in fire().evidence)
    dossier = fire(incident=incident(mode="exercise"), evidence=evidence)
    path = tmp_path / "drill.docx"
    path.write_bytes(document_bytes(standing(dossier, signed=True), dossier))
    section = Document(str(path)).sections[0]
    assert all("【演练】" in one.paragraphs[0].text for one in (section.header, section.even_page_header))
    assert not any("草稿" in one.paragraphs[0].text for one in (section.header, section.even_page_header))


def test_the_hidden_label_holds_the_seven_keys_of_the_standard(tmp_path: Path) -> None:
    path = tmp_path / "signed.docx"
    path.write_bytes(document_bytes(standing(fire(), signed=True), fire()))
    label = json.loads(properties_of(path)["AIGC"])
    assert set(label) == {"Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2"}
    assert label["Label"] == "2"


def test_a_models_text_is_labelled_as_generated() -> None:
    assert json.loads(ai_label(drafted(fire()).model_copy(update={"origin": "deepseek"})))["Label"] == "1"


def test_the_same_report_gives_the_same_bytes() -> None:
    state = standing(fire(), signed=True)
    assert document_bytes(state, fire()) == document_bytes(state, fire())


def test_a_long_title_breaks_between_words() -> None:
    lines = shaped("关于江宁区某某街道某某路危险化学品泄漏事故的初报", ("危险化学品泄漏", "事故", "初报", "某某街道", "某某路"))
    assert len(lines) == 2
    assert lines[0] in ("关于江宁区某某街道某某路", "关于江宁区某某街道", "关于江宁区某某街道某某路危险化学品泄漏")


@pytest.fixture
def report_id(knowledge: Knowledge, people: dict[str, Person]) -> str:
    """A report signed by two people in a real ledger."""
    take_in(knowledge, fire())
    report = write_draft(knowledge, "in-1", people["duty"], at=at(20, 30)).report
    submit(knowledge, report.id, version=1, digest=report.content_digest(), by=people["duty"])
    sign(knowledge, report.id, version=1, digest=report.content_digest(), by=people["signer"])
    return report.id


def test_a_signed_file_left_alone_is_intact(knowledge: Knowledge, people: dict[str, Person], report_id: str) -> None:
    path = render(knowledge, report_id, None, people["signer"])
    assert all_intact(knowledge) == []
    assert check(knowledge, path) == []


def test_one_word_changed_in_the_file_is_seen(knowledge: Knowledge, people: dict[str, Person], report_id: str) -> None:
    path = render(knowledge, report_id, None, people["signer"])
    document = Document(str(path))
    paragraph(document, "死亡：2人").runs[0].text = "死亡：1人（南湖街道办事处20时20分）。"
    document.save(str(path))
    assert "文字在导出后被改动" in rendered_intact(knowledge, report_id)[0]
    assert "导出后被改动" in check(knowledge, path)[0]


def test_saving_again_without_a_change_is_told_apart(knowledge: Knowledge, people: dict[str, Person], report_id: str) -> None:
    path = render(knowledge, report_id, None, people["signer"])
    before = content_of(path)
    Document(str(path)).save(str(path))
    assert content_of(path) == before
    assert "文字未变" in rendered_intact(knowledge, report_id)[0]


def test_a_lost_file_is_reported(knowledge: Knowledge, people: dict[str, Person], report_id: str) -> None:
    render(knowledge, report_id, None, people["signer"]).unlink()
    assert "不见了" in rendered_intact(knowledge, report_id)[0]


def test_an_edit_after_signing_is_reported_and_the_next_copy_is_a_draft(
    knowledge: Knowledge, people: dict[str, Person], report_id: str
) -> None:
    signed = render(knowledge, report_id, None, people["signer"])
    edit(knowledge, report_id, 1, {"unit.1": "事故发生单位：待核。"}, people["duty"])
    assert "签发已失效" in all_intact(knowledge)[0]
    assert "不是报告" in check(knowledge, signed)[0]
    later = render(knowledge, report_id, None, people["duty"])
    assert "草稿" in Document(str(later)).sections[0].header.paragraphs[0].text


def test_a_number_the_bureau_gave_is_printed_and_a_malformed_one_refused(
    knowledge: Knowledge, people: dict[str, Person], report_id: str, tmp_path: Path
) -> None:
    path = render(knowledge, report_id, tmp_path / "numbered.docx", people["signer"], number="宁应急〔2026〕12号")
    assert any("宁应急〔2026〕12号" in one.text for one in Document(str(path)).paragraphs)
    with pytest.raises(BadInput, match="六角括号"):
        render(knowledge, report_id, tmp_path / "wrong.docx", people["signer"], number="宁应急[2026]第012号")


def test_a_file_that_is_no_docx_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.docx"
    path.write_bytes(b"hello")
    with pytest.raises(BadInput, match="不是可读的 docx"):
        content_of(path)


def test_nothing_in_the_package_points_outside(knowledge: Knowledge, people: dict[str, Person], report_id: str) -> None:
    path = render(knowledge, report_id, None, people["signer"])
    with zipfile.ZipFile(path) as package:
        assert not [name for name in package.namelist() if name.endswith(".rels") and b'TargetMode="External"' in package.read(name)]

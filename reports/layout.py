"""GB/T 9704—2012 on paper: page, fonts, red head, headings, signature block, annex, imprint and page numbers, drawn with python-docx.

Every measure names its clause. Fonts are named, never bundled; each has a fallback in the font table, so a machine without 方正小标宋 or 仿宋_GB2312
still lays the page out. The standard gives no line pitch: 22 lines on 225 mm make 28.95 pt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from lxml import etree

BODY, TITLE, BLACK, KAI, SONG = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312", "宋体"
FALLBACK = {BODY: "仿宋", TITLE: "宋体", KAI: "楷体", BLACK: "SimHei", SONG: "SimSun"}
"""Font named by office practice, and the one to take where it is not installed."""

NO_3, NO_2, NO_4, NO_5 = Pt(16), Pt(22), Pt(14), Pt(10.5)
"""三号, 二号, 四号 and 五号 in points."""

LINE = Pt(28.95)
"""22 lines on the 225 mm of the type area (5.2.3)."""

RED = RGBColor(0xFF, 0x00, 0x00)
WIDTH, HEIGHT, TOP, LEFT, RIGHT, BOTTOM = Mm(210), Mm(297), Mm(37), Mm(28), Mm(26), Mm(35)
"""A4; 天头 37 mm, 订口 28 mm, type area 156 × 225 mm (5.1, 5.2.1)."""


def blank_document() -> Docx:
    """An empty A4 document with the type area, grid, fonts and page numbers of the standard."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = WIDTH, HEIGHT
    section.top_margin, section.left_margin, section.right_margin, section.bottom_margin = TOP, LEFT, RIGHT, BOTTOM
    section.header_distance = Mm(20)
    # 7.5: the dash stands 7 mm under the type area, and the number line is about 5 mm high.
    section.footer_distance = Mm(35 - 7 - 5)
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(round(LINE.pt * 20)))
    normal = document.styles["Normal"]
    normal.font.size = NO_3
    _font_names(normal.element.get_or_add_rPr(), BODY)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    normal.paragraph_format.line_spacing = LINE
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    normal.paragraph_format.widow_control = False
    _font_table(document)
    document.settings.odd_and_even_pages_header_footer = True
    _page_number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _page_number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)
    return document


def _font_names(properties: Any, font: str) -> None:
    names = properties.get_or_add_rFonts()
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        names.set(qn(f"w:{script}"), font)
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        names.attrib.pop(qn(f"w:{theme}"), None)


def _font_table(document: Docx) -> None:
    """Name a substitute for each font, so that a missing one does not change the look at random."""
    part = next((rel.target_part for rel in document.part.rels.values() if rel.reltype.endswith("/fontTable")), None)
    if part is None:
        return
    tree = parse_xml(part.blob)
    for font, instead in FALLBACK.items():
        tree.append(parse_xml(f'<w:font {nsdecls("w")} w:name="{font}"><w:altName w:val="{instead}"/><w:charset w:val="86"/></w:font>'))
    part._blob = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)


def write(paragraph: Paragraph, text: str, *, font: str = BODY, size: Pt = NO_3, color: RGBColor | None = None) -> Run:
    """A run of text with its font for every script."""
    run = paragraph.add_run(text)
    run.font.size = size
    _font_names(run._r.get_or_add_rPr(), font)
    if color is not None:
        run.font.color.rgb = color
    return run


def body(document: Docx, text: str, *, font: str = BODY) -> Paragraph:
    """A paragraph of body text: two characters in, following lines flush (7.3.3)."""
    paragraph = document.add_paragraph()
    indent(paragraph, 2)
    write(paragraph, text, font=font)
    return paragraph


def indent(paragraph: Paragraph, chars: int, size: Pt = NO_3) -> None:
    """First line in by so many characters of that size."""
    paragraph.paragraph_format.first_line_indent = Pt(chars * size.pt)
    paragraph._p.get_or_add_pPr().get_or_add_ind().set(qn("w:firstLineChars"), str(chars * 100))


def heading(document: Docx, text: str) -> Paragraph:
    """一、 in 黑体, never at the foot of a page without text (7.3.3)."""
    paragraph = body(document, text, font=BLACK)
    paragraph.paragraph_format.keep_with_next = True
    return paragraph


def blank(document: Docx, lines: int = 1) -> None:
    """Empty lines of the grid."""
    for _ in range(lines):
        document.add_paragraph()


def red_head(document: Docx, issuer: str, number: str, signer: str) -> None:
    """发文机关标志 35 mm below the top of the type area, number and 签发人 two lines under it, and the red rule 4 mm below (7.2.4–7.2.7).

    Without a `signer` it is no 上行文: the number stands in the middle and nobody is named (7.2.5, 7.2.6).
    """
    mark = document.add_paragraph()
    mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
    size = min(48, int(430 / max(len(issuer), 1)))
    mark.paragraph_format.space_before = Mm(35)
    mark.paragraph_format.line_spacing = Pt(size * 1.25)
    write(mark, issuer, font=TITLE, size=Pt(size), color=RED)
    blank(document, 2)
    line = document.add_paragraph()
    # 上行文: number one character in on the left, 签发人 one character in on the right, on one line (7.2.5, 7.2.6).
    if signer:
        line.paragraph_format.left_indent = line.paragraph_format.right_indent = NO_3
        line.paragraph_format.tab_stops.add_tab_stop(Mm(156) - NO_3, WD_TAB_ALIGNMENT.RIGHT)
        write(line, f"{number}\t签发人：")
        write(line, signer, font=KAI)
    else:
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        write(line, number)
    rule = document.add_paragraph()
    rule.paragraph_format.line_spacing = Mm(4)
    _border(rule, "bottom", "FF0000", 12)


def _border(paragraph: Paragraph, side: str, color: str, eighths: int) -> None:
    edges = parse_xml(f'<w:pBdr {nsdecls("w")}><w:{side} w:val="single" w:sz="{eighths}" w:space="0" w:color="{color}"/></w:pBdr>')
    paragraph._p.get_or_add_pPr().insert_element_before(
        edges, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:snapToGrid", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def title(document: Docx, text: str, whole: Sequence[str] = ()) -> Paragraph:
    """2号小标宋, centred, two lines below the red rule (7.3.1). No line breaks inside one of the `whole` words."""
    blank(document, 2)
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(32)
    for number, line in enumerate(shaped(text, whole)):
        if number:
            paragraph.add_run().add_break()
        write(paragraph, line, font=TITLE, size=NO_2)
    return paragraph


def shaped(text: str, whole: Sequence[str] = (), most: int = 20) -> list[str]:
    """A long title in lines of about equal length (梯形或菱形), broken only where no word of `whole` is torn and no mark starts a line."""
    count = -(-len(text) // most)
    if count <= 1:
        return [text]
    torn = {at for word in whole for start in _starts(text, word) for at in range(start + 1, start + len(word))}
    free = [at for at in range(2, len(text) - 1) if at not in torn and text[at] not in "）】，、的" and text[at - 1] not in "（【"]
    ideal = len(text) / count
    first = min((at for at in free if at <= most), key=lambda at: abs(at - ideal), default=most)
    return [text[:first], *shaped(text[first:], whole, most)]


def _starts(text: str, word: str) -> list[int]:
    return [at for at in range(len(text)) if word and text.startswith(word, at)]


def signature(document: Docx, issuer: str, date: str) -> None:
    """署名 centred over the date, the date four characters from the right, room for the seal (7.3.5.1)."""
    for _ in range(2):
        document.add_paragraph().paragraph_format.keep_with_next = True
    name = document.add_paragraph()
    when = document.add_paragraph()
    date_width = sum(NO_3.pt / 2 if letter.isascii() else NO_3.pt for letter in date)
    over = NO_3.pt * 4 + (date_width - NO_3.pt * len(issuer)) / 2
    for paragraph, text, right in ((name, issuer, max(over, 0)), (when, date, NO_3.pt * 4)):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = Pt(right)
        write(paragraph, text)
    name.paragraph_format.keep_with_next = True


def annex_title(document: Docx, text: str, number: int | None = None) -> None:
    """附件 on a new page: 附件 in 黑体 flush on the first line, with its number when there are several, the title centred on the third (7.3.7)."""
    first = document.add_paragraph()
    first.paragraph_format.page_break_before = True
    write(first, f"附件{number or ''}", font=BLACK)
    blank(document)
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    write(paragraph, text, font=TITLE, size=NO_2)
    blank(document)


def table(document: Docx, head: tuple[str, ...], rows: list[tuple[str, ...]], widths_mm: tuple[float, ...]) -> Table:
    """A ruled table in 五号 as wide as the type area; its head repeats on every page."""
    made = document.add_table(rows=1, cols=len(head))
    made.style = "Table Grid"
    made.autofit = False
    for column, width in zip(made.columns, widths_mm, strict=True):
        column.width = Mm(width)
    for _ in rows:
        made.add_row()
    for number, texts in enumerate([head, *rows]):
        row = made.rows[number]
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, text, width in zip(row.cells, texts, widths_mm, strict=True):
            cell.width = Mm(width)
            cell.paragraphs[0].paragraph_format.line_spacing = Pt(16)
            _off_grid(cell.paragraphs[0])
            write(cell.paragraphs[0], text, font=BODY if number else BLACK, size=NO_5)
    made.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    return made  # type: ignore[no-any-return]


def imprint(document: Docx, copied: tuple[str, ...], issuer: str, printed: str) -> None:
    """版记: 抄送, 印发机关 and date in 4号 between rules of 0.35, 0.25 and 0.35 mm as wide as the type area, the last on its lower edge (7.4).

    A text box fixed to the page is the one thing that both Word and LibreOffice put at the foot of the last page, whatever stands above.
    """
    lines = [(f"抄送：{'，'.join(copied)}。", False)] if copied else []
    lines.append((f"{issuer}\t{printed}印发", True))
    pitch, chars = 20, int((Mm(156).pt - NO_4.pt * 5) // NO_4.pt)
    height = sum(pitch * (1 if tabbed else -(-(len(text) - 3) // chars)) for text, tabbed in lines) + 6
    made = document.add_table(rows=len(lines), cols=1)
    made.autofit = False
    rules = "".join(
        f'<w:{side} w:val="single" w:sz="{eighths}" w:space="0" w:color="000000"/>'
        for side, eighths in (("top", 8), ("bottom", 8), ("insideH", 6))
    )
    made._tbl.tblPr.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{rules}</w:tblBorders>"))
    made._tbl.tblPr.append(
        parse_xml(f'<w:tblCellMar {nsdecls("w")}><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar>')
    )
    made.columns[0].width = Mm(156)
    for row, (text, tabbed) in zip(made.rows, lines, strict=True):
        row.cells[0].width = Mm(156)
        paragraph = row.cells[0].paragraphs[0]
        paragraph.paragraph_format.line_spacing = Pt(pitch)
        # 左右各空一字，回行与冒号后的首字对齐 (7.4.2): three characters hang.
        paragraph.paragraph_format.left_indent = NO_4 if tabbed else Pt(NO_4.pt * 4)
        paragraph.paragraph_format.right_indent = NO_4
        if tabbed:
            paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(156) - NO_4, WD_TAB_ALIGNMENT.RIGHT)
        else:
            paragraph.paragraph_format.first_line_indent = Pt(-NO_4.pt * 3)
        _off_grid(paragraph)
        write(paragraph, text, size=NO_4)
    holder = document.add_paragraph()
    holder.paragraph_format.line_spacing = Pt(1)
    _off_grid(holder)
    box = parse_xml(_BOX.format(width=int(Mm(156)), height=int(Pt(height)), left=int(LEFT), top=int(HEIGHT - BOTTOM - Pt(height))))
    content = box.find(".//" + qn("w:txbxContent"))
    assert content is not None
    content.insert(0, made._tbl)
    holder.add_run()._r.append(box)


_BOX = """<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"
 xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
 xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
 xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><mc:Choice Requires="wps"><w:drawing>
<wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0" relativeHeight="2" behindDoc="0" locked="0" layoutInCell="1" allowOverlap="0">
<wp:simplePos x="0" y="0"/><wp:positionH relativeFrom="page"><wp:posOffset>{left}</wp:posOffset></wp:positionH>
<wp:positionV relativeFrom="page"><wp:posOffset>{top}</wp:posOffset></wp:positionV><wp:extent cx="{width}" cy="{height}"/>
<wp:wrapTopAndBottom/><wp:docPr id="1" name="imprint"/><a:graphic>
<a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp><wps:cNvSpPr txBox="1"/>
<wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:noFill/><a:ln><a:noFill/></a:ln></wps:spPr>
<wps:txbx><w:txbxContent><w:p><w:pPr><w:snapToGrid w:val="0"/><w:spacing w:line="20" w:lineRule="exact"/></w:pPr></w:p></w:txbxContent></wps:txbx>
<wps:bodyPr wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" anchor="b"><a:noAutofit/></wps:bodyPr></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice></mc:AlternateContent>"""
"""A text box at a fixed spot of the page, text at its foot. Word 2010 and later; English Metric Units."""


def _off_grid(paragraph: Paragraph) -> None:
    """Lines of this paragraph keep their own pitch instead of the page's 22 lines."""
    off = OxmlElement("w:snapToGrid")
    off.set(qn("w:val"), "0")
    paragraph._p.get_or_add_pPr().insert_element_before(off, "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:rPr")


def running_head(document: Docx, text: str) -> None:
    """Words on every page: 草稿, 【演练】."""
    section = document.sections[0]
    for header in (section.header, section.even_page_header):
        paragraph = header.paragraphs[0]
        paragraph.style = document.styles["Normal"]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        write(paragraph, text, font=BLACK, size=NO_4, color=RED)


def _page_number(paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
    """— 1 — in 4号宋体, one character in from the outer edge (7.5)."""
    paragraph.alignment = side
    paragraph.paragraph_format.line_spacing = NO_4
    edge = "right_indent" if side == WD_ALIGN_PARAGRAPH.RIGHT else "left_indent"
    setattr(paragraph.paragraph_format, edge, NO_4)
    write(paragraph, "— ", font=SONG, size=NO_4)
    run = write(paragraph, "", font=SONG, size=NO_4)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        if kind:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        else:
            element = OxmlElement("w:instrText")
            element.text = text
        run._r.append(element)
    write(paragraph, " —", font=SONG, size=NO_4)

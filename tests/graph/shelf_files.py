"""Invented documents, in every kind of file the library reads. Nothing here is a real text."""

from __future__ import annotations

import io
import zipfile

LAW = """# 中华人民共和国灯塔安全法

2010年3月1日 第十一届全国人民代表大会常务委员会第九十三次会议通过

2022年5月6日 第十三届全国人民代表大会常务委员会第九十四次会议修订

<!-- INFO END -->

## 第一章 总则

第一条 为了保障灯塔安全，制定本法。

第二条 本法所称灯塔，是指设在海岸上指引航船的发光设施。

本法适用于在中华人民共和国境内的灯塔的建造和使用。

## 第二章 值守

第三条 值守单位应当履行下列职责：

（一）每夜检查灯光；

（二）发现熄灭的，在三十分钟内向县级以上人民政府海事部门报告；

（三）保存记录。

值守人员不得离岗。

第三条之一 遇有台风的，依照《中华人民共和国海堤法》第五条第二款的规定办理。

## 第三章 法律责任

第四条 值守单位违反本法第三条第二款规定的，由海事部门责令改正，处一万元以上五万元以下的罚款。

第五条 对前款处罚不服的，依照前条
第十二条的规定不在此列。

第六条 本法自2022年9月1日起施行。

附表：

## 一、灯光等级表
"""
"""Invented law in the markdown layout of the national collections."""

OLD_LAW = """# 中华人民共和国灯塔安全法

2010年3月1日 第十一届全国人民代表大会常务委员会第九十三次会议通过

<!-- INFO END -->

第一条 为了保障灯塔安全，制定本法。

第二条 值守单位应当在一小时内报告。

第三条 本法自2010年6月1日起施行。
"""
"""The version before it."""

PLAN = """# 云湖市雪灾应急预案

# 目 录

# 1 总则

1 1 编制目的

# 2 应急响应

2 1 一级响应 ........ 4

# 1 总则

# 1  1 编制目的

为做好雪灾应对工作，依据《中华人民共和国灯塔安全法》，制定本预案。本预案每 3 年评估一次。

# 2 应急响应

# 2  1 一级响应

# 2  1  1 启动条件

一次过程出现下列情况之一的：

（1）死亡 3 0 人以上；（2）积雪覆盖面积 $9 5 . 5 \\%$ 以上。

# 2  1  2 启动程序

由市长决定启动一级响应。

# 2  1  3 响应措施

（1）市应急管理局组织转移受困群众。

（2）市交通运输局负责清除道路积雪，2 小时内向市减灾委报告。
"""
"""Invented plan with the noise of character recognition."""


def word(body: str, *, entity: str = "") -> bytes:
    """A docx of this WordprocessingML body."""
    schema = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    return packed(
        {"word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?>{entity}<w:document {schema}><w:body>{body}</w:body></w:document>'}
    )


def paragraph(words: str, style: str = "") -> str:
    """One paragraph of a docx."""
    return f'<w:p><w:pPr>{f"""<w:outlineLvl w:val="{style}"/>""" if style else ""}</w:pPr><w:r><w:t>{words}</w:t></w:r></w:p>'


def table(*rows: tuple[str, ...]) -> str:
    """A table of a docx."""
    return "<w:tbl>" + "".join("<w:tr>" + "".join(f"<w:tc>{paragraph(c)}</w:tc>" for c in row) + "</w:tr>" for row in rows) + "</w:tbl>"


def packed(members: dict[str, str | bytes]) -> bytes:
    """A zip of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def pdf(lines: list[str]) -> bytes:
    """A PDF of one page with these lines as a text layer (no font is embedded: only the layer is read)."""
    codes = sorted({ord(c) for line in lines for c in line})
    cmap = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
    for start in range(0, len(codes), 100):
        block = codes[start : start + 100]
        cmap += f"{len(block)} beginbfchar\n" + "".join(f"<{c:04X}> <{c:04X}>\n" for c in block) + "endbfchar\n"
    cmap += "endcmap end end"
    shown = "".join(f"<{''.join(f'{ord(c):04X}' for c in line)}> Tj 0 -20 Td\n" for line in lines)
    content = f"BT /F1 12 Tf 50 800 Td\n{shown}ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /Identity-H /DescendantFonts [6 0 R] /ToUnicode 7 0 R >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Song /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 1000 /FontDescriptor 8 0 R >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
        "<< /Type /FontDescriptor /FontName /Song /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{item}\nendobj\n".encode("latin-1")
    table_at = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode() + b"".join(f"{p:010d} 00000 n \n".encode() for p in places)
    return out + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{table_at}\n%%EOF".encode()

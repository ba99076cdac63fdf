"""A small invented library for the tests of search and ask."""

from __future__ import annotations

from datetime import date

from models.domain import Document, Provision

HARBOUR = [
    ("第一条", "总则", "为了管好港口，保护港口工作人员和过往船只，制定本办法。"),
    ("第二条", "报告", "港口发生事故的，现场人员应当立即报告值班室。值班室应当在三十分钟内向市港务局报告。"),
    ("第三条", "报告", "迟报、漏报事故的，由市港务局责令改正，处五千元罚款。"),
    ("第四条", "物资", "港口应当储备沙袋、抽水泵和救生衣，每年五月检查一次。"),
]
WAGES = [
    ("第一条", "总则", "用人单位应当按月向劳动者支付劳动报酬。"),
    ("第二条", "罚则", "用人单位不支付劳动报酬的，由海滨市劳动局责令限期支付。"),
]
OLD_FLOOD = [("第一条", "转移", "蓝河水位达到十二米时，镇政府组织低洼处居民转移到学校。")]
NEW_FLOOD = [("第一条", "转移", "蓝河水位达到十一米时，镇政府组织低洼处居民转移到体育馆。")]


def document(id: str, title: str, articles: list[tuple[str, str, str]], **more: object) -> tuple[Document, list[Provision]]:
    """One invented document with its articles."""
    made = Document.model_validate(
        {"id": id, "title": title, "issuer": "海滨市", "level": "rule", "reference": "编造", "file": f"{id}.md", "own_words": False, **more}
    )
    return made, [
        Provision(id=f"{id}-{n}", document=id, article=article, heading=heading, text=text, order=n, source="编造", verified=True)
        for n, (article, heading, text) in enumerate(articles, 1)
    ]


def library() -> tuple[list[Document], list[Provision]]:
    """The invented library: a harbour rule, a wage rule, and two versions of a flood rule."""
    parts = [
        document("harbour", "海滨市港口事故管理办法", HARBOUR, region="海滨市"),
        document("wages", "中华人民共和国工钱支付法", WAGES, lineage="工钱支付法", version_date=date(2010, 1, 1)),
        document("flood-old", "蓝河防洪规定", OLD_FLOOD, lineage="蓝河防洪规定", version_date=date(2001, 5, 1), in_force=date(2001, 6, 1)),
        document("flood-new", "蓝河防洪规定", NEW_FLOOD, lineage="蓝河防洪规定", version_date=date(2020, 5, 1), in_force=date(2020, 6, 1)),
    ]
    return [made for made, _ in parts], [provision for _, provisions in parts for provision in provisions]

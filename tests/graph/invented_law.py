"""One invented law in two versions, as the import reads it: payloads of `library.added`."""

from __future__ import annotations

from datetime import date
from typing import Any

from models.domain import Document, Fact, Imported, Part, Provision, Reference

TITLE = "中华人民共和国江河安全法"


def law(year: int = 2021, *, articles: int = 3, words: str = "", repealed: date | None = None) -> dict[str, Any]:
    """The version of that year: 第一条 … ; 第二条 cites 第一条, the law as a whole and another law; 第三条 has a duty."""
    return reading(year, articles=articles, words=words, repealed=repealed).model_dump(mode="json")


def reading(year: int = 2021, *, articles: int = 3, words: str = "", repealed: date | None = None) -> Imported:
    id, begins = f"lib-{year}", date(year, 6, 1)
    older = ("lib-2014",) if year == 2021 else ()
    document = Document(
        id=id,
        title=TITLE,
        issuer="全国人大常委会",
        level="law",
        issued=begins,
        in_force=begins,
        repealed=repealed,
        reference="江河.md",
        lineage="江河安全法",
        version_date=begins,
        supersedes=older,
        review_by=date(year + 5, 1, 1),
        file="江河.md",
        own_words=False,
    )
    texts = [
        f"为了江河安全{words}，制定本法。",
        "依照本法第一条和《防汛条例》第三条办理，适用本法。",
        "发生险情后，值班人员应当在一小时内报告。",
    ]
    provisions = tuple(
        Provision(
            id=f"{id}-{n}",
            document=id,
            article=f"第{'一二三'[n - 1]}条",
            text=texts[n - 1],
            in_force=begins,
            repealed=repealed,
            source="江河.md",
            verified=True,
            order=n,
            heading="第一章 总则",
            parts=(Part(cite=f"第{'一二三'[n - 1]}条第一款", text=texts[n - 1], start=0, end=len(texts[n - 1])),),
        )
        for n in range(1, articles + 1)
    )
    return Imported(
        document=document, provisions=provisions, references=references(id) if articles > 1 else (), facts=facts(id) if articles > 2 else ()
    )


def references(id: str) -> tuple[Reference, ...]:
    said = {"provision": f"{id}-2", "resolved": False}
    return (
        Reference(
            id=f"{id}-2-r0", quote="本法第一条", start=2, end=7, kind="internal", title=TITLE, article="第一条", target=f"{id}-1", **said
        ),
        Reference(
            id=f"{id}-2-r1", quote="《防汛条例》第三条", start=8, end=17, kind="external", title="防汛条例", article="第三条", **said
        ),
        Reference(id=f"{id}-2-r2", quote="本法", start=22, end=24, kind="internal", title=TITLE, article="", **said),
    )


def facts(id: str) -> tuple[Fact, ...]:
    quote = "值班人员应当在一小时内报告"
    said = {"provision": f"{id}-3", "document": id, "quote": quote, "start": 6, "end": 19}
    return (
        Fact(id=f"{id}-3-duty-0", kind="duty", subject="值班人员", text="报告", **said),
        Fact(id=f"{id}-3-time_limit-0", kind="time_limit", subject="报告", text="一小时内", number=1, unit="小时", **said),
    )


def ordinance(id: str = "lib-flood", year: int = 2005) -> Imported:
    """The other law, 防汛条例, whose 第三条 is cited."""
    begins = date(year, 7, 15)
    document = Document(
        id=id, title="防汛条例", issuer="国务院", level="regulation", in_force=begins, reference="防汛.md", lineage="防汛条例", version_date=begins,
        own_words=False,
    )  # fmt: skip
    article = Provision(
        id=f"{id}-3", document=id, article="第三条", text="防汛工作安全第一。", in_force=begins, source="防汛.md", verified=True, order=3
    )
    return Imported(document=document, provisions=(article,))

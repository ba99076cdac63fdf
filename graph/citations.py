"""Who cites whom: 本法第X条, 前款, 依照《…》第X条, each with the words it stands in, and what it means.

Within a document a citation is resolved when the document is read. Across documents it is resolved against what the library holds on
the day of asking, because the law cited is the law in force on that day, not the file that happened to be there first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from types import MappingProxyType

from graph.metadata import lineage
from graph.numerals import NUMERAL, chinese, number
from models.domain import Document, Provision, Reference

_ARTICLE = rf"第(?:{NUMERAL}|\d{{1,4}})条(?:之{NUMERAL})?"
_BELOW = rf"(?:第(?:{NUMERAL}|\d{{1,2}})款)?(?:第?[（(]?(?:{NUMERAL}|\d{{1,2}})[）)]?项)?"
_ONE = rf"{_ARTICLE}{_BELOW}"
_LIST = (
    rf"{_ONE}(?:(?:、|和|或者|或|及|以及|与|，(?=第))(?:{_ONE}|第{NUMERAL}款|第[（(]?{NUMERAL}[）)]?项)|(?:至|到|-|—){_ONE}(?:规定的)?)*"
)
_SELF = "(?:本|该|此)(?:法|条例|规定|办法|细则|规则|规程|预案|方案|决定|制度|标准|解释|意见)"
_TITLE = r"(?:《(?P<title>(?:[^《》\n]|《[^《》\n]{0,60}》){2,90})》|〈(?P<quoted>[^《》〈〉\n]{2,80})〉)"
_WORD = r"(?:(?!本|有关|法律|国家|违反|依照|规定|其他|等|和|的|者)[\u4e00-\u9fff])"
_LAW = r"(?<![依违方办非合执司用做手立算])法(?!律|规|院|人|制|定|治|庭|医|学)"
_NAMED = rf"(?P<bare>中华人民共和国{_WORD}{{1,24}}?(?:{_LAW}典?|条例)|(?<=依照|按照|根据|违反|适用|依据)(?:刑法|民法典|{_WORD}{{2,14}}?{_LAW})NICKNAMES)"
_CITATION = (
    rf"(?P<external>(?:{_TITLE}|{_NAMED})(?:[（(][^（）()]{{1,60}}[）)])?(?:的)?(?P<externally>{_LIST})?)"
    rf"|(?P<internal>{_SELF}(?P<internally>{_LIST}))"
    rf"|(?P<near>(?:前[一二两三四]?|本|上)(?:款|条|项)(?!例|目|件|理|文)(?:第(?:{NUMERAL})款)?(?:第[（(]?{NUMERAL}[）)]?项)?)"
    rf"|(?P<bare_article>(?<![》\u4e00-\u9fff第]){_LIST}|(?<=[照据反有按和、或犯由用守合以]){_LIST})"
)
_NICKNAME = re.compile(
    rf"{_TITLE}(?:[（(][^（）()]{{0,20}})?[（(，]以?下简?称[：:]?[《“\"]?([\u4e00-\u9fff]{{2,20}}?(?:法|条例|办法|规定))[》”\"]?[）)]"
)
_EACH = re.compile(_ONE)
_RANGE = re.compile(rf"({_ARTICLE}){_BELOW}(?:至|到|-|—)({_ARTICLE})")
_NOT_A_DOCUMENT = re.compile(
    r"(?:证|证书|证件|许可证|执照|书|表|单|登记簿|名录|目录|清单|公报|日报|通知书|合同|协议|年鉴|词典|报|杂志|学报|税率表|税目表|统计表)$"
)
_REPEALED = re.compile(r"(?:同时|即行|相应|一并)?废止|停止(?:执行|施行)|失效")


@dataclass(frozen=True)
class Found:
    """A citation in a text, before anyone knows what it means."""

    start: int
    end: int
    kind: str
    """internal or external."""
    title: str
    article: str
    """Article without 款 and 项, in characters; empty for the whole document."""
    cite: str
    """With 款 and 项, as usually written."""


@cache
def _pattern(nicknames: tuple[str, ...]) -> re.Pattern[str]:
    words = "".join(
        f"|(?<![\u4e00-\u9fff]){re.escape(n)}|(?<=[有照据反按和、或]){re.escape(n)}" for n in sorted(nicknames, key=len, reverse=True)
    )
    return re.compile(_CITATION.replace("NICKNAMES", words))


def find(
    text: str, *, title: str, article: str, articles: Sequence[str], nicknames: Mapping[str, str] = MappingProxyType({})
) -> list[Found]:
    """Citations in the text of one article.

    `articles` are the names of all articles of its document, in order; `nicknames` the short names it gives other laws (以下简称…).
    """
    found: list[Found] = []
    reach = ("", 0)
    for hit in _pattern(tuple(nicknames)).finditer(text):
        start, end = hit.span()
        if hit["external"]:
            name = hit["title"] or hit["quoted"] or nicknames.get(hit["bare"], hit["bare"])
            listed = hit["externally"] or ""
            if not listed and _NOT_A_DOCUMENT.search(re.sub(r"[（(].*$", "", name)):
                continue
            if _is_title_of_quotation(text, start, name) and not listed:
                continue
            found += _each("external", name, listed, text, start, end)
            reach = (name, end)
        elif hit["internal"]:
            found += _each("internal", title, hit["internally"], text, start, end)
            reach = (title, end)
        elif hit["near"]:
            if target := _near(hit["near"], article, articles, text[:start]):
                found.append(Found(start, end, "internal", title, *target))
        else:
            # 第五条 alone goes on with the law just cited in the same sentence; otherwise it is this document's own.
            carried = (
                reach[0]
                if reach[0] and not re.search("[。；\n]", text[reach[1] : start]) and re.fullmatch(r"[^。；]{0,12}", text[reach[1] : start])
                else ""
            )
            kind = "external" if carried and carried != title else "internal"
            if kind == "internal" and not articles:
                continue
            found += _each(kind, carried or title, hit["bare_article"], text, start, end)
    return found


def _is_title_of_quotation(text: str, start: int, name: str) -> bool:
    return bool(re.match(r"[\d\s]+$", name)) or not re.search(r"[\u4e00-\u9fff]{2}", name)


def _each(kind: str, title: str, listed: str, text: str, start: int, end: int) -> list[Found]:
    if not listed:
        return [Found(start, end, kind, title, "", "")]
    base = text.index(listed, start)
    result = []
    for between in _RANGE.finditer(listed):
        low, high = (_numbered(between[n]) for n in (1, 2))
        result += [
            Found(start, end, kind, title, f"第{chinese(n)}条", f"第{chinese(n)}条") for n in range(low[0] + 1, min(high[0], low[0] + 200))
        ]
    for position, one in enumerate(_EACH.finditer(listed)):
        name = re.match(_ARTICLE, one[0])
        own = _plain(name[0]) if name else ""
        result.append(
            Found(
                start if position == 0 else base + one.start(),
                base + one.end(),
                kind,
                title,
                own,
                own + one[0][len(name[0]) if name else 0 :],
            )
        )
    return sorted(result, key=lambda f: (f.start, f.end, _numbered(f.article)))


def _plain(article: str) -> str:
    """第12条 as 第十二条."""
    found = re.match(r"第(\d+)条(.*)", article)
    return f"第{chinese(int(found[1]))}条{found[2]}" if found else article


def _numbered(article: str) -> tuple[int, int]:
    found = re.match(rf"第({NUMERAL}|\d+)条(?:之({NUMERAL}))?", article)
    return (number(found[1]), number(found[2]) if found[2] else 0) if found else (0, 0)


def _near(words: str, article: str, articles: Sequence[str], before: str) -> tuple[str, str] | None:
    """Article meant by 前款, 本条第二款, 前条, 前两条, and the 款 where the words tell it; `before` is the article's text up to there."""
    found = re.match(r"(前|本|上)([一二两三四]?)(款|条|项)(.*)", words)
    if not found or article not in articles:
        return None
    back = 0 if found[1] == "本" else number(found[2]) if found[2] else 1
    if found[3] == "条":
        position = articles.index(article) - back
        return (articles[position], articles[position] + found[4]) if position >= 0 else None
    if found[3] == "款":
        paragraph = sum(1 for line in before.split("\n") if not re.match(r"[（(]?[一二三四五六七八九十\d]{1,3}[）)、.．]", line)) - back
        return article, article + (f"第{chinese(paragraph)}款" if paragraph >= 1 else "") + found[4]
    return article, article


def references(document: Document, provisions: Sequence[Provision]) -> tuple[Reference, ...]:
    """What the document's articles cite; internal ones resolved, external ones left to `Shelf.resolve`."""
    own = {p.article: p.id for p in provisions if re.match(_ARTICLE, p.article)}
    names = list(own)
    nicknames = {short: full for p in provisions for full, _, short in _NICKNAME.findall(p.text) if full and short != full}
    result = []
    for provision in provisions:
        for count, hit in enumerate(
            find(provision.text, title=document.title, article=provision.article, articles=names, nicknames=nicknames)
        ):
            target = own.get(hit.article) if hit.kind == "internal" else None
            result.append(
                Reference(
                    id=f"{provision.id}-r{count}", provision=provision.id, quote=provision.text[hit.start : hit.end], start=hit.start, end=hit.end,
                    kind="internal" if hit.kind == "internal" else "external", title=hit.title, article=hit.cite, target=target, resolved=target is not None,
                )
            )  # fmt: skip
    return tuple(result)


def repeals(document: Document, provisions: Sequence[Provision]) -> tuple[str, ...]:
    """Titles the document says it repeals (…同时废止)."""
    titles = []
    for provision in provisions[-12:]:
        for sentence in re.split("[。；\n]", provision.text):
            if _REPEALED.search(sentence) and re.search("自|同时|起", sentence):
                titles += re.findall(r"[《〈]([^《》]{2,80})[》〉]", sentence[: [m.end() for m in _REPEALED.finditer(sentence)][-1]])
    return tuple(dict.fromkeys(titles))


class Shelf:
    """Documents and articles by the names people cite them by, for a day."""

    def __init__(self, documents: Iterable[Document], provisions: Iterable[Provision | tuple[str, str, str]]) -> None:
        """`provisions` may be given as (document id, article, provision id) alone."""
        self._documents: dict[str, Document] = {}
        self._versions: dict[str, list[Document]] = {}
        for document in documents:
            self._documents[document.id] = document
            self._versions.setdefault(document.lineage or lineage(document.title, document.region), []).append(document)
        self._articles: dict[tuple[str, str], str] = {}
        for item in provisions:
            key = (item.document, item.article, item.id) if isinstance(item, Provision) else item
            self._articles.setdefault((key[0], _plain(key[1])), key[2])

    def versions(self, title: str, region: str = "中国") -> list[Document]:
        """All versions of the law of this title, oldest first; a citing document's region helps where the title names none."""
        words = re.sub(r"[（(](?:以下|下)简?称.*$", "", title)
        found = self._versions.get(lineage(words)) or self._versions.get(lineage(words, region)) or []
        return sorted(found, key=lambda d: d.version_date or d.in_force or date.min)

    def in_force(self, title: str, on: date, region: str = "中国") -> Document | None:
        """The version in force on the day; where none was, the newest that had begun, or else the first to begin."""
        versions = self.versions(title, region)
        valid = [d for d in versions if (d.in_force is None or d.in_force <= on) and (d.repealed is None or d.repealed > on)]
        begun = [d for d in versions if d.in_force is None or d.in_force <= on]
        for choice in (valid, begun, versions[:1]):
            if choice:
                return choice[-1]
        return None

    def resolve(self, reference: Reference, citing: Document, on: date) -> Reference:
        """The same reference with the document or article it means on that day."""
        if reference.kind == "internal":
            return reference
        document = self.in_force(reference.title, on, citing.region)
        if document is None:
            return reference.model_copy(update={"target": None, "resolved": False})
        article = re.match(_ARTICLE, reference.article)
        target = self._articles.get((document.id, _plain(article[0]))) if article else document.id
        return reference.model_copy(update={"target": target, "resolved": target is not None})

    def holds(self, reference: Reference, citing: Document) -> bool:
        """Whether the law cited is in the library at all, in any version."""
        return reference.kind == "internal" or bool(self.versions(reference.title, citing.region))


def linked(documents: Sequence[Document], repealed_titles: Mapping[str, Sequence[str]]) -> list[Document]:
    """The documents with versions of one lineage chained: what each supersedes and when the older ceased to be law.

    `repealed_titles` holds, per document id, the titles it repeals. A version of unknown date is never put in the chain's order by
    guess: it stays open, with a note that names the dated ones.
    """
    by_lineage: dict[str, list[Document]] = {}
    for document in documents:
        by_lineage.setdefault(document.lineage or document.id, []).append(document)
    changes: dict[str, dict[str, object]] = {d.id: {} for d in documents}
    for versions in by_lineage.values():
        dated = sorted(
            (d for d in versions if d.in_force or d.version_date), key=lambda d: (d.version_date or d.in_force or date.min, d.id)
        )
        for older, newer in pairwise(dated):
            begins = newer.in_force or newer.version_date
            changes[newer.id]["supersedes"] = tuple(dict.fromkeys([*newer.supersedes, older.id]))
            if older.repealed is None or (begins and begins < older.repealed):
                changes[older.id]["repealed"] = begins
        for undated in versions:
            if undated not in dated and dated and "另有" not in undated.note:
                changes[undated.id]["note"] = (
                    f"{undated.note}本文本未注明日期；另有{dated[-1].version_date or dated[-1].in_force}的文本，引用前请核对。".strip()
                )
    shelf = Shelf(documents, ())
    for document in documents:
        begins = document.in_force or document.version_date
        for title in repealed_titles.get(document.id, ()):
            for old in shelf.versions(title, document.region):
                is_older = begins is None or (old.in_force or old.version_date or date.min) < begins
                if old.id == document.id or not is_older:
                    continue
                supersedes = changes[document.id].get("supersedes", document.supersedes)
                assert isinstance(supersedes, tuple)
                changes[document.id]["supersedes"] = tuple(dict.fromkeys([*supersedes, old.id]))
                changes[old.id].setdefault("repealed", old.repealed or begins)
    return [document.model_copy(update=changes[document.id]) if changes[document.id] else document for document in documents]

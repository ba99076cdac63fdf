"""XML from outside, opened so that it cannot hurt: no document type, no entities, nothing fetched; and RSS or Atom items as plain posts.

Text is decoded first (UTF-8, UTF-16 or GB18030, as every other file), because the XML parser knows no Chinese encoding.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element, ParseError

import defusedxml
import defusedxml.ElementTree
import feedparser
import lxml.etree
import lxml.html

from ingestion.cells import moment
from models.domain import BEIJING
from models.errors import BadRecord

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NOT_FIELDS = frozenset({"id", "title", "summary", "content", "published", "updated", "created", "link", "author", "guidislink", "where"})


def is_xml(text: str) -> bool:
    """Whether a document looks like XML."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def xml_root(text: str) -> Element:
    """The root element of an XML document. BadRecord when it is not well-formed or declares a document type or entities."""
    plain = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1).lstrip()
    try:
        root: Element = defusedxml.ElementTree.fromstring(plain, forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise BadRecord(f"XML 声明了文档类型或实体（{type(error).__name__}），可能是恶意内容，已拒绝；请对方按标准重新生成。") from error
    except (ParseError, ValueError, RecursionError) as error:
        raise BadRecord(f"不是格式良好的 XML（{error}），请检查内容是否完整。") from error
    return root


def written(value: str) -> datetime | None:
    """When a feed says it was: ISO 8601, Chinese or RFC 822 dates; without a zone it is Beijing time. Null when it is none of these."""
    if stamp := moment(value):
        return stamp
    try:
        stamp = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=BEIJING)


def words_of(markup: str) -> str:
    """The words of a piece of HTML, without tags; a line for each paragraph."""
    if "<" not in markup:
        return markup.strip()
    try:
        tree = lxml.html.fragment_fromstring(re.sub(r"(?i)<(?:br|/p|/div|/li)\b[^>]*>", "\n", markup), create_parent="div")
    except (lxml.etree.ParserError, ValueError):
        return re.sub(r"<[^>]*>", "", markup).strip()
    return re.sub(r"\s*\n\s*", "\n", str(tree.text_content())).strip()


def feed_items(text: str) -> Iterator[dict[str, str | float]]:
    """Items of an RSS or Atom feed, each with `id`, `title`, `text`, `time`, `link`, `user`, and `lon`/`lat` (WGS 84) where given.

    Other plain values come under their own names, so that one nobody reads is noticed. BadRecord when it is no such feed.
    """
    xml_root(text)  # Refused before the library sees it: it reads around damage, and around entities.
    body = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1).lstrip()
    feed = feedparser.parse(io.BytesIO(body.encode("utf-8", "replace")), response_headers={"content-type": "text/xml; charset=utf-8"})
    if not feed.version:
        raise BadRecord("不是 RSS 或 Atom 订阅，请检查地址返回的内容。")
    for entry in feed.entries:
        parts = [words_of(str(part.get("value", ""))) for part in entry.get("content", ())] or [words_of(str(entry.get("summary", "")))]
        item: dict[str, str | float] = {
            "id": str(entry.get("id") or entry.get("link") or ""),
            "title": words_of(str(entry.get("title", ""))),
            "text": "\n".join(part for part in parts if part),
            "time": str(entry.get("published") or entry.get("updated") or entry.get("created") or ""),
            "link": str(entry.get("link", "")),
            "user": str(entry.get("author", "")),
        }
        where = entry.get("where") or {}
        if where.get("type") == "Point" and len(where.get("coordinates", ())) >= 2:
            item["lon"], item["lat"] = (float(value) for value in where["coordinates"][:2])
        item |= {name: value for name, value in entry.items() if isinstance(value, str) and name not in _NOT_FIELDS and value}
        yield item

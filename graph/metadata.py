"""What a document says about itself: title, number, issuer, level, place, and the dates that decide whether it is law today.

Dates come from the history lines, the lines around the title and the closing articles (自…起施行, 同时废止, 有效期至…). A file name in the
layout of the national law collections (`行政法规__…(2019-02-17).md`) is a catalogue's word and fills what the text leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from graph import names
from graph.numerals import NUMERAL, number
from graph.ocr import modern
from graph.outline import LONGEST_HEADING, Section
from graph.texts import Paragraph, Text

_YEAR = r"(?:(?:19|20)\d{2}|[一二][零〇○Oo0九一]{1}[零〇○一二三四五六七八九]{2})"
_DATE = re.compile(rf"({_YEAR})\s*年\s*(\d{{1,2}}|{NUMERAL})\s*月\s*(\d{{1,2}}|{NUMERAL})\s*日")
_SELF = r"(?:本|此|该)?(?:法|条例|规定|办法|细则|规则|规程|预案|方案|决定|制度|标准|解释|意见|通知|章程|规划|准则|规范|批复)"
_FROM = re.compile(
    rf"{_SELF}?(?:[^。；，]{{0,12}})自\s*({_DATE.pattern}|(?:公布|发布|印发|颁布|下发|通过)之日)\s*起?\s*(?:正式)?(?:施行|实施|执行|生效|起效)"
)
_HISTORY = re.compile(r"通过|修[正订改]|公布|发布|批准|施行|会议|印发")
_VALID_UNTIL = re.compile(rf"有效期(?:限)?(?:至|到|截至|截止到?)\s*({_DATE.pattern})")
_VALID_YEARS = re.compile(rf"有效期(?:限)?(?:为)?\s*(\d{{1,2}}|{NUMERAL})\s*年")
_REVIEW = re.compile(rf"(?:每|不超过)\s*(\d{{1,2}}|{NUMERAL})\s*年[^。；]{{0,14}}(?:评估|修订|复审|复核|修编)")
_ORDER_NUMBER = re.compile(
    r"(?:中华人民共和国)?[\u4e00-\u9fff、]{2,24}?令\s*第?\s*[〇零一二三四五六七八九十百\d]+\s*号|(?:中华人民共和国)?主席令第?[\d一二三四五六七八九十百]+号"
)
_NUMBER = re.compile(r"[\u4e00-\u9fff]{2,10}[〔\[［（(【]\s*((?:19|20)\d{2})\s*[〕\]］）)】]\s*(?:第\s*)?(\d{1,4})\s*号")
_STANDARD = re.compile(r"(?:GB|DB|YJ|AQ|MZ|SL|QX|DZ|XF|GA|JT|HJ)\s?\d{0,2}(?:/[TZ])?\s?\d+(?:\.\d+)?\s?[—-]\s?(?:\d{4}|X{4})")
_BODY = re.compile(
    r"([\u4e00-\u9fff]{2,16}?)第[一二三四五六七八九十]+届(人民代表大会(?:常务委员会)?)|第[一二三四五六七八九十]+届(全国人民代表大会(?:常务委员会)?)|"
    r"(国务院|中共中央、国务院|最高人民法院、最高人民检察院|最高人民法院|最高人民检察院)|([\u4e00-\u9fff]{2,14}(?:部|委员会|总局|局))(?:令|公布|发布)"
)
_TITLED = re.compile(
    r"(?:法|条例|办法|规定|细则|规则|规程|准则|决定|决议|意见|通知|公告|预案|方案|规划|计划|制度|标准|规范|指南|手册|纲要|解释|批复|报告|公报|公报汇编|汇编|简报|案例|案例选编|决算书|模版|模板)(?:（[^）]{1,12}）)?$"
)
_ISSUED_WITH = re.compile(r"(?:印发|转发|发布|公布)[《〈](.{4,60})[》〉](?:的?通知)?")

_ISSUES = re.compile(r"关于(?:印发|发布|转发)([^《》]{4,60}?)的通知$")

_SHELF = {"司法解释": "interpretation", "行政法规": "regulation", "部门规章": "rule", "地方政府规章": "rule"}
_LEVEL_WORDS = (
    (r"预案|行动方案|处置方案|救灾方案", "plan"),
    (r"报告$|公报|简报|决算|案例|汇编$", "report"),
    (r"统计(?:调查)?制度|统计报表制度", "statistics"),
    (r"规划|实施方案|工作方案|计划$", "plan"),
    (r"标准|规范|导则|规程|技术要求|GB|统计\s?第", "standard"),
)


@dataclass(frozen=True)
class _Told:
    """One line of a history."""

    day: date
    words: str


def described(text: Text, pieces: Sequence[Section]) -> dict[str, Any]:
    """The fields of the document that the text and its file name give; `lineage` and the dates among them."""
    head = _head(text, pieces)
    title = _title(text, head)
    told = _told(text, head)
    file_day = _file_day(text.name)
    adopted = max(
        [t.day for t in told if not re.match(r"起?(?:正式)?(?:施行|实施)", t.words)] + ([file_day] if file_day else []), default=None
    )
    region = names.region_of(title)
    level = _level(text, title, pieces)
    issuer = _issuer(told, head, title, region)
    place = _place(title, issuer, region)
    begins, note = _begins(told, pieces, adopted)
    expires, review = _validity(pieces, begins or adopted)
    return {
        "title": title,
        "number": _document_number(told, head, level),
        "issuer": issuer or "未载明",
        "level": level,
        "region": place,
        "issued": adopted,
        "in_force": begins or adopted,
        "version_date": adopted,
        "lineage": lineage(title, place),
        "expires": expires,
        "review_by": review,
        "note": note,
    }


def lineage(title: str, region: str = "中国") -> str:
    """The same for all versions of one law: no 中华人民共和国, no version marks; a title that names no place gets its region's."""
    words = re.sub(r"\s|中华人民共和国|[《》〈〉<>“”\"]", "", title)
    words = re.sub(r"[（(\[〔](?:(?:19|20)\d{2}[^）)\]〕]{0,14}|修订版?|修正|最新[^）)]{0,6})[）)\]〕]$", "", words)
    words = words.replace("(", "（").replace(")", "）")
    return words if region == "中国" or names.region_of(words).known else f"{region}:{words}"


def day(words: str) -> date | None:
    """The first full date in the words, in digits or characters; null when there is none or it does not exist."""
    found = _DATE.search(words)
    if not found:
        return None
    try:
        return date(number(re.sub("[Oo]", "〇", found[1])), number(found[2]), number(found[3]))
    except (ValueError, KeyError):
        return None


# -- title, number, issuer ----------------------------------------------------------------------------------------------------


def _head(text: Text, pieces: Sequence[Section]) -> list[Paragraph]:
    """The lines before the text proper begins."""
    first = next((p for s in pieces if s.kind in {"article", "section"} and s.paragraphs for p in s.paragraphs), None)
    head = []
    for paragraph in text.paragraphs[:60]:
        if pieces and pieces[0].kind == "article" and paragraph.text.startswith(pieces[0].cite):
            break
        if first is not None and paragraph.text == first.text and len(first.text) > LONGEST_HEADING:
            break
        head.append(paragraph)
    return head


def _title(text: Text, head: Sequence[Paragraph]) -> str:
    stem = re.sub(r"[（(](?:19|20)\d{2}-\d{2}-\d{2}[）)]$", "", PurePath(text.name).stem).split("__")[-1].strip()
    if text.media == "xlsx" or (text.media == "docx" and any(p.table for p in text.paragraphs[:4])):
        return stem
    if text.paragraphs and text.paragraphs[0].heading and not text.noisy:
        return _tidy(text.paragraphs[0].text)
    lines = [_tidy(p.text) for p in head if p.text and not p.cells and len(p.text) <= 90]
    squeezed = modern(re.sub(r"\s", "", stem))
    whole = next((line for line in lines if line == squeezed), None)
    notices = [line for line in lines[:25] if re.search(r"的?通知$", line) and (_ISSUED_WITH.search(line) or _ISSUES.search(line))]
    for notice in notices:
        found = _ISSUED_WITH.search(notice) or _ISSUES.search(notice)
        if found and _TITLED.search(found[1]):
            return _tidy(found[1])
    titled = [
        line
        for line in lines[:25]
        if _TITLED.search(line) and len(line) <= LONGEST_HEADING and not re.match(r"[\d一二三四五六七八九十（(第]", line)
    ]
    best = whole or max(titled, key=lambda line: (_likeness(line, squeezed), -lines.index(line)), default=None)
    return best or stem or text.name


def _tidy(words: str) -> str:
    return re.sub(r"\s+", "", words).strip("《》# ") if re.search(r"[\u4e00-\u9fff]", words) else words.strip()


def _likeness(line: str, stem: str) -> int:
    return sum(1 for pair in pairwise(stem) if "".join(pair) in line)


def _document_number(told: Sequence[_Told], head: Sequence[Paragraph], level: str) -> str:
    for line in [t.words for t in reversed(told)] + [p.text for p in head if len(p.text) <= 40 and not re.search("[《。]", p.text)]:
        if found := _ORDER_NUMBER.search(line):
            return re.sub(r"\s", "", found[0])
    for paragraph in head[:25]:
        if (found := _NUMBER.search(paragraph.text)) and len(paragraph.text) < 60:
            letters = re.split(r"[〔［【（(\[]", found[0])[0]
            return f"{letters}〔{found[1]}〕{found[2]}号"
        if level == "standard" and (found := _STANDARD.match(paragraph.text)):
            return found[0].strip()
    return ""


def _issuer(told: Sequence[_Told], head: Sequence[Paragraph], title: str, region: names.Region) -> str:
    lines = [t.words for t in told]
    for line in lines:
        if found := _BODY.search(line):
            body = (found[1] or "") + (found[2] or "") + (found[3] or "") + (found[4] or "") + (found[5] or "")
            return re.sub(r"^(?:经|中华人民共和国(?=国务院))|^.*?(?=全国人民代表大会)", "", body)
    words = [p.text for p in head[:30]]
    for line in words:
        found = re.match(
            r"(?:[#\s]*)([\u4e00-\u9fff]{2,20}?(?:人民政府办公[厅室]|人民政府|委员会|指挥部|国务院办公厅|国务院|应急管理[部厅局]|地震局|气象局))(?:办公室)?(?:关于|印发|转发|文件|$)",
            line,
        )
        if found and not re.search(r"各|，|。", found[1]):
            return found[1]
    for line in words[:12]:
        found = re.match(
            r"([\u4e00-\u9fff“”]{2,24}(?:部|厅|局|委员会|指挥部|领导小组办公室|人民政府|调查组|办公室))\s*(?:发\s*布|制定|二|20\d\d|$)",
            re.sub(r"(?<=[\u4e00-\u9fff])\s(?=[\u4e00-\u9fff])", "", line),
        )
        if found and len(found[1]) <= 26:
            return found[1]
    return ""


_NATIONAL_ISSUER = re.compile(r"国务院|全国人民代表大会|最高人民|中共中央|中华人民共和国|国家|中国")


def _place(title: str, issuer: str, region: names.Region) -> str:
    """Where it applies. 汶川 or 台湾 in a national law's title is its subject, not its region; so is 资源 in 资源税法."""
    if _NATIONAL_ISSUER.match(issuer):
        return "中国"
    if not region.known and issuer:
        region = names.region_of(issuer)
    if len(region.candidates) == 1:
        division = region.candidates[0]
        if division.level <= 2 or title.find(division.name) >= 0 or issuer.find(division.name) >= 0:
            return division.name
    return "中国"


def _level(text: Text, title: str, pieces: Sequence[Section]) -> str:
    shelf = text.name.split("__")[0] if "__" in text.name else ""
    if shelf in _SHELF:
        return _SHELF[shelf]
    if (
        text.media in {"xlsx", "docx"}
        and pieces
        and all(s.kind == "section" for s in pieces)
        and sum(p.table > 0 for p in text.paragraphs) * 2 > len(text.paragraphs)
    ):
        return "case_table"
    articles = any(s.kind == "article" for s in pieces)
    if re.search(r"法$|法典$|宪法", title) and not re.search(r"办法$|方法$", title):
        return "law"
    if articles and re.search(r"最高人民(?:法院|检察院)", title):
        return "interpretation"
    if articles and re.search(r"条例$|条例（[^）]*）$", title):
        return "regulation"
    if not articles and any(re.search(r"(?:国家|行业|地方)标准$", re.sub(r"\s", "", p.text)) for p in text.paragraphs[:12]):
        return "standard"
    for words, level in _LEVEL_WORDS:
        if re.search(words, title):
            return level
    if "地方性法规" in text.name:
        return "regulation"
    if re.search(r"办法|规定|细则|规则|决定", title):
        return "rule"
    return "other"


# -- dates --------------------------------------------------------------------------------------------------------------------


def _told(text: Text, head: Sequence[Paragraph]) -> list[_Told]:
    lines = [p.text for p in text.paragraphs if p.history]
    if not lines:
        year = next((int(found[1]) for p in head[:25] if len(p.text) < 60 and (found := _NUMBER.search(p.text))), None)
        # In running text dates are events; only a line of its own, or one in brackets under the title, tells when the document was made.
        lines = [
            p.text
            for p in head
            if (
                (re.match(r"[（(]", p.text) and _HISTORY.search(p.text))
                or (len(_DATE.sub("", p.text)) <= 24 and not re.search("[，。；]", p.text))
            )
            and (when := day(p.text))
            and (year is None or abs(when.year - year) <= 1)
        ]
    told = []
    for line in lines:
        dates = list(_DATE.finditer(line))
        for position, hit in enumerate(dates):
            moment = day(hit[0])
            if moment:
                end = dates[position + 1].start() if position + 1 < len(dates) else len(line)
                told.append(_Told(moment, line[hit.end() : end].strip(" ，、）)")))
    return told


def _file_day(name: str) -> date | None:
    found = re.search(r"[（(]((?:19|20)\d{2})-(\d{2})-(\d{2})[）)]", name)
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _begins(told: Sequence[_Told], pieces: Sequence[Section], adopted: date | None) -> tuple[date | None, str]:
    """First day of this wording. A closing article keeps the first version's day through later amendments; then the amendment counts."""
    closing = None
    for section in reversed(pieces):
        words = "\n".join(p.text for p in section.paragraphs)
        # A plan quotes other documents' dates; its own it gives as 本预案自….
        if (
            section.kind != "annex"
            and (found := _FROM.search(words))
            and (section.kind == "article" or re.search(rf"(?:本|此){_SELF[9:]}[^。；，]{{0,12}}自", words))
        ):
            closing = day(found[1]) or adopted
            break
    stated = [t.day for t in told if re.match(r"起?(?:正式)?(?:施行|实施)", t.words)]
    latest = max([*stated, *([closing] if closing else [])], default=None)
    if adopted is None or latest is None or latest >= adopted:
        return latest, ""
    return (
        adopted,
        f"文本所载施行日期（{latest.isoformat()}）早于最近一次修改，修改的施行日期未载于文本，暂以通过或公布之日（{adopted.isoformat()}）为准。",
    )


def _validity(pieces: Sequence[Section], begins: date | None) -> tuple[date | None, date | None]:
    """Last day valid and day of review, as the text itself says."""
    expires = review = None
    for section in pieces:
        words = "\n".join(p.text for p in section.paragraphs)
        # Only where the document speaks of itself; permits and certificates have validities, too.
        about_itself = len(words) < 400 or (section.headings and re.search("附则|预案管理|修订|评估|实施时间", section.headings[-1]))
        if not about_itself:
            continue
        if re.search(rf"{_SELF}[^。]{{0,40}}有效期", words) and not re.search(r"许可证|证书|资质|执照", words):
            if found := _VALID_UNTIL.search(words):
                expires = day(found[1])
            elif begins and (found := _VALID_YEARS.search(words)):
                expires = _years_after(begins, number(found[1])) - timedelta(days=1)
        for sentence in re.split("[。；\n]", words):
            itself = re.search(rf"(?:本|此){_SELF[9:]}", sentence) or (re.search("预案", sentence) and section.kind != "article")
            if begins and itself and (found := _REVIEW.search(sentence)):
                review = _years_after(begins, number(found[1]))
    return expires, review


def _years_after(start: date, years: int) -> date:
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)

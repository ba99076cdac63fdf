"""One page of what is going on, for the first hour: the figures a report would give, each with who said it, and what is due by when.

The same `Brief` is drawn on the wall and printed on one A4 page (docx, PDF, HTML). It is for orientation inside the bureau: it is not signed,
says so on its face, and is no way out of the building; what leaves is a report or the daily report, through sign-off. Figures stand incident
by incident, are never added up, and are worded by the code of the daily report.
"""

from __future__ import annotations

import hashlib
import html
import io
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Literal

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from graph import scope
from graph.knowledge import Knowledge
from graph.people import allow
from models.domain import TOLD, Deadline, Dossier, Incident, Mode, Person
from models.hazards import hazards
from reports import layout
from reports.page import Page
from reports.pdf import pdf
from reports.progress import went_out
from reports.subject import dossier_of
from reports.types import daily
from reports.wording import EXERCISE_LINE, EXERCISE_MARK, beijing, clock

GRADES = ("特别重大事故", "重大事故", "较大事故", "一般事故")
"""Accident grades, most serious first."""

HARMED = ("dead", "missing", "trapped", "seriously_injured", "injured")
"""Impact types that put an incident before others without a grade."""

NOT_SIGNED = "内部研判参考　未经签发　不得报送或转发"
"""On the face of every brief."""

MOST = 12
"""Most incidents opened for one brief; the page may hold fewer, and says how many it leaves out."""

LINES = 44
"""Lines of the table that fit on one A4 page under the head."""

COLUMNS = (("事件", 40.0), ("人员和损失（谁说的）", 62.0), ("报告", 32.0), ("下一时限", 40.0))
"""Heads of the table and their widths in millimetres."""

FormatOfBrief = Literal["docx", "pdf", "html"]


@dataclass(frozen=True)
class Line:
    """One incident of the brief."""

    incident: Incident
    rank: int
    """0 to 3 for the four accident grades, 4 for people harmed and no grade, 5 for the rest."""
    grade: str
    """Accident grade by the counted figures; empty where there is none."""
    place: str
    figures: tuple[str, ...]
    """Each counted figure in words, with who gave it and when, and what others say."""
    standing: str
    """What went out about it."""
    is_told: bool
    """Whether a report about it stands signed."""
    due: Deadline | None
    """The duty to watch: of the first report, or, once that is signed, the next one."""

    def is_late(self, at: datetime) -> bool:
        """Whether that duty was due before `at`."""
        return self.due is not None and self.due.due_at < at


@dataclass(frozen=True)
class Brief:
    """What is going on in one mode, as one person sees it, at one moment."""

    mode: Mode
    issuer: str
    at: datetime
    """When it was put together."""
    open: int
    closed: int
    harmed: int
    """Open incidents in which someone is said to be dead, missing, trapped or hurt. Incidents, never people."""
    told: int
    """Open incidents with a signed report."""
    waiting: int
    """Pieces of evidence a person has not looked at."""
    heard: datetime | None
    """When the newest evidence of the shown incidents was written; null where there is none."""
    lines: tuple[Line, ...]
    """Open incidents, most serious first, then by what is due."""

    @property
    def unlisted(self) -> int:
        """Open incidents that are not among the lines."""
        return self.open - len(self.lines)


def brief_of(knowledge: Knowledge, by: Person | None, mode: Mode, at: datetime, *, most: int = MOST) -> Brief:
    """Put it together for what this person sees (null: everything). `at` is aware. Reads `most` dossiers, however many incidents there are."""
    found = knowledge.store.incidents(mode=mode)
    found = found if by is None else scope.visible(by, found)
    going = [one for one in found if one.status == "open"]
    impacts = knowledge.store.impacts([one.id for one in going])
    told = {state.report.incident for state in knowledge.store.reports() if went_out(state) and state.report.stage in TOLD}
    bare = [Page(Dossier(incident=one, impacts=tuple(impacts[one.id])), daily.TYPE, knowledge.settings, at) for one in going]
    bare.sort(key=lambda page: (_rank(page), page.incident.id in told, _due(page), page.incident.id))
    pages = [Page(dossier_of(knowledge, page.incident.id), daily.TYPE, knowledge.settings, at) for page in bare[:most]]
    heard = [page.heard(item) for page in pages for item in page.dossier.evidence]
    return Brief(
        mode=mode,
        issuer=knowledge.settings.bureau,
        at=at,
        open=len(going),
        closed=sum(one.status == "closed" for one in found),
        harmed=sum(_is_harmed(page) for page in bare),
        told=sum(one.id in told for one in going),
        waiting=knowledge.store.waiting_for_person(mode),
        heard=max(heard, default=None),
        lines=tuple(_line(page) for page in pages),
    )


def _rank(page: Page) -> int:
    graded = page.incident.event_type in ("production_accident", "undetermined") and page.grading.level in GRADES
    return GRADES.index(str(page.grading.level)) if graded else 4 if _is_harmed(page) else 5


def _is_harmed(page: Page) -> bool:
    return any(impact.type in HARMED and (impact.best or impact.high or 0) > 0 for impact in page.dossier.impacts)


def _due(page: Page) -> float:
    due = daily.next_duty(page, [])
    return due.due_at.timestamp() if due else float("inf")


def _line(page: Page) -> Line:
    told = [state for state in page.dossier.reports if state.report.stage in TOLD]
    rank = _rank(page)
    return Line(
        incident=page.incident,
        rank=rank,
        grade=GRADES[rank] if rank < len(GRADES) else "",
        place=page.place,
        figures=tuple(_figure(page, type_) for type_ in page.counted if page.counted[type_].best is not None),
        standing=daily.standing_of(told, page.at),
        is_told=any(went_out(state) for state in told),
        due=daily.next_duty(page, told),
    )


def _figure(page: Page, type_: str) -> str:
    who, when, _ = page.behind(page.counted[type_])
    source = " ".join(part for part in (who, clock(when, page.at) if when else "") if part)
    return f"{daily.told_figure(page, type_)}（{source or '来源待核'}）"


# -- on paper ---------------------------------------------------------------------------------------------------------------------


def write(knowledge: Knowledge, brief: Brief, by: Person | str, form: FormatOfBrief = "docx", out: Path | None = None) -> Path:
    """Write it to `out` (default: `briefs/` under the home folder) and record that it was made. Refused for a PDF without LibreOffice."""
    if isinstance(by, Person):
        allow(knowledge.ledger, by, "view", subject="brief")
    data = page_html(brief).encode("utf-8") if form == "html" else docx_bytes(brief)
    data = pdf(data) if form == "pdf" else data
    path = out or knowledge.settings.folder("briefs") / f"{brief.mode}-{brief.at:%Y%m%d-%H%M%S}.{form}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    payload: dict[str, object] = {
        "mode": brief.mode,
        "at": brief.at.isoformat(),
        "incidents": [line.incident.id for line in fitting(brief)],
        "path": str(path.resolve()),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    knowledge.record("brief.rendered", f"brief-{brief.mode}", payload, by=by.name if isinstance(by, Person) else by)
    return path


def cells(brief: Brief, line: Line) -> tuple[str, str, str, str]:
    """One row of the table, a line break between what stands below one another."""
    incident = line.incident
    began = f"{clock(incident.started_at, brief.at)}{'（时间待核）' if incident.started_at_assumed else ''}"
    mark = EXERCISE_MARK if incident.mode == "exercise" else ""
    what = f"{mark}{incident.title}\n{hazards()[incident.hazard].name}·{line.grade or '未定级'}\n{began} {line.place or '地点待核'}"
    figures = "\n".join(line.figures) or "人员伤亡情况暂无，待核"
    return what, figures, line.standing, _duty(brief, line)


def _duty(brief: Brief, line: Line) -> str:
    if line.due is None:
        return "—"
    late = "【已超时限】" if line.is_late(brief.at) else ""
    doubt = "" if line.due.verified else "（条款未核实）"
    judged = f"（须先判断：{line.due.if_judged}）" if line.due.if_judged else ""
    return f"{late}{clock(line.due.due_at, brief.at)}前报{line.due.recipient}{judged}\n{line.due.clause}{doubt}"


def fitting(brief: Brief) -> tuple[Line, ...]:
    """As many lines, from the most serious on, as one page holds."""
    left, kept = LINES, []
    for line in brief.lines:
        left -= max(_height(text, width) for text, (_, width) in zip(cells(brief, line), COLUMNS, strict=True))
        if left < 0:
            break
        kept.append(line)
    return tuple(kept)


def _height(text: str, width_mm: float) -> int:
    """Lines a cell takes in 9 pt, which is 3.2 mm a Chinese character, within its margins."""
    room = (width_mm - 4) / 3.2
    return sum(max(1, ceil(sum(1 if unicodedata.east_asian_width(c) in "WFA" else 0.6 for c in part) / room)) for part in text.split("\n"))


def words(brief: Brief) -> tuple[str, ...]:
    """The sentences above and under the table."""
    left_out = brief.open - len(fitting(brief))
    late = sum(line.is_late(brief.at) for line in brief.lines)
    return (
        f"{brief.issuer}　{beijing(brief.at)}（北京时间）",
        f"在处置{brief.open}起，其中有人员伤亡、失联或被困反映的{brief.harmed}起，已有签发报告的{brief.told}起；已结束{brief.closed}起；待人工处置信息{brief.waiting}条。",
        f"本页所列事件中报告时限已过的{late}起。" if late else "本页所列事件没有已过的报告时限。",
        f"所列事件最新信息写于{beijing(brief.heard)}，其后情况本页没有反映。" if brief.heard else "系统没有在处置事件的信息。",
        f"另有{left_out}起在处置事件未列入本页。" if left_out > 0 else "在处置事件已全部列出。",
        "数字为系统收到的说法，括号内为说出者和时间，不同来源、不同事件的数字没有相加。",
    )


def head(brief: Brief) -> str:
    """What stands on the face of every page."""
    return f"{EXERCISE_MARK}　{NOT_SIGNED}" if brief.mode == "exercise" else NOT_SIGNED


def docx_bytes(brief: Brief) -> bytes:
    """One A4 page."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = layout.WIDTH, layout.HEIGHT
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin, section.bottom_margin = Mm(20), Mm(12)
    section.header_distance = Mm(10)
    layout.running_head(document, head(brief))
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    layout.write(title, "突发事件情况一页简报", font=layout.TITLE, size=Pt(18))
    above, below = words(brief)[:3], words(brief)[3:]
    for text in (*((EXERCISE_LINE,) if brief.mode == "exercise" else ()), *above):
        _small(document.add_paragraph(), text)
    rows: list[tuple[str, ...]] = [cells(brief, line) for line in fitting(brief)]
    if rows:
        made = layout.table(document, tuple(name for name, _ in COLUMNS), rows, tuple(width for _, width in COLUMNS))
        for row in made.rows:
            for cell in row.cells:
                cell.paragraphs[0].paragraph_format.line_spacing = Pt(12)
                for run in cell.paragraphs[0].runs:
                    run.font.size = Pt(9)
    for number, text in enumerate(below):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(0 if number else 8)
        _small(paragraph, text)
    document.core_properties.title = "突发事件情况一页简报（未经签发）"
    document.core_properties.author = brief.issuer
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _small(paragraph: Paragraph, text: str) -> None:
    paragraph.paragraph_format.space_after = Pt(2)
    layout.write(paragraph, text, size=Pt(10))


def page_html(brief: Brief) -> str:
    """The same page for a browser to print; nothing in it is fetched."""

    def cell(text: str) -> str:
        return "<td>" + "<br>".join(html.escape(part) for part in text.split("\n")) + "</td>"

    rows = "".join("<tr>" + "".join(cell(text) for text in cells(brief, line)) + "</tr>" for line in fitting(brief))
    heads = "".join(f'<th style="width:{width}mm">{html.escape(name)}</th>' for name, width in COLUMNS)
    above, below = ("".join(f"<p>{html.escape(text)}</p>" for text in part) for part in (words(brief)[:3], words(brief)[3:]))
    drill = f"<p><b>{html.escape(EXERCISE_LINE)}</b></p>" if brief.mode == "exercise" else ""
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>突发事件情况一页简报（未经签发）</title><style>'
        "@page{size:A4;margin:14mm 18mm}body{font:10pt/1.4 FangSong,STFangsong,'Noto Serif CJK SC',serif;color:#000;max-width:174mm;margin:0 auto}"
        "h1{font-size:18pt;text-align:center;margin:2mm 0}.head{color:#b00000;text-align:center;font-weight:700}p{margin:1mm 0}"
        "table{border-collapse:collapse;width:174mm;table-layout:fixed;font-size:9pt}td,th{border:1px solid #000;padding:1mm;vertical-align:top;"
        "text-align:left;overflow-wrap:anywhere}tr{break-inside:avoid}</style></head><body>"
        f'<div class="head">{html.escape(head(brief))}</div><h1>突发事件情况一页简报</h1>{drill}{above}{table}{below}</body></html>'
    )

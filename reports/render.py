"""A report or relief plan as a docx on the bureau's paper, and whether a file that went out still says what was signed.

Only the signed, unedited version comes out clean. Everything else says 草稿 on every page. The same version gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as Docx
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from lxml import etree

from graph.knowledge import Knowledge
from graph.people import allow
from graph.scope import demand
from models.domain import BEIJING, IMPACT_TYPES, Decision, Dossier, Person, Report, ReportState
from models.errors import BadInput, NotFound
from models.hazards import hazards
from models.relief import PlanState
from models.rules import indicators
from models.settings import Settings
from reports import layout
from reports.cap import cap
from reports.page import believable
from reports.pdf import pdf
from reports.relief_paper import workbook_bytes, write_document
from reports.signoff import NOUN, Paper, State, family, record_of, signature_of
from reports.subject import dossier_of
from reports.types import report_type
from reports.wording import DRAFT_HEAD, EXERCISE_MARK, beijing, day, figure

ANNEX = "数据来源清单"
ANNEX_WIDTHS = (12.0, 28.0, 24.0, 34.0, 58.0)
DAY_ANNEX_WIDTHS = (12.0, 50.0, 24.0, 34.0, 36.0)
"""Columns in millimetres; a day names the incident in the second."""

NUMBER = re.compile(r"[一-龥]+〔\d{4}〕[1-9]\d*号")
"""发文字号: year in 〔〕, no 第, no leading zero (7.2.5). The bureau gives it; we never make one up."""

WHOLE = (
    *("关于", "电动自行车", "事故", "灾情", "性质待认定", "涉及事故因素", "初报", "续报", "终报", "日报", "建议", "通知"),
    *("启动", "研判启动", "应急响应", "做好", "应急处置工作", "值班情况"),
)
"""Words a title is not broken in, besides the names of its place and hazard."""

PROPERTIES = ("AIGC", "AnlanReport", "AnlanVersion", "AnlanDigest", "AnlanStatus")
_ORDINALS = "一二三四五六七八九十"


Format = Literal["docx", "pdf", "json", "cap", "xlsx"]
"""What a paper can be written as. `cap` is XML and only for a signed report, `xlsx` only for a relief plan."""

SUFFIX: dict[Format, str] = {"docx": ".docx", "pdf": ".pdf", "json": ".json", "cap": ".cap.xml", "xlsx": ".xlsx"}


def render(knowledge: Knowledge, report_id: str, out: Path | None, by: Person, *, number: str = "", form: Format = "docx") -> Path:
    """Write the newest version to `out` (default: `reports/` under the home folder) and record the file's sha256.

    `number` is a 发文字号 the bureau has given; empty leaves the place free. BadInput when it is not in the standard's form. Refused for a PDF where
    LibreOffice is missing, and for a CAP message of what is not signed.
    """
    allow(knowledge.ledger, by, "view", subject=report_id)
    demand(knowledge, by, report_id)
    if number and not NUMBER.fullmatch(number):
        raise BadInput(f"发文字号“{number}”不合规范；应为“机关代字〔年份〕序号号”，如年份用六角括号、序号不加第、不补零")
    state = record_of(knowledge, report_id).state
    report = state.paper
    if isinstance(state, PlanState):
        data = _plan_written(state, form)
    else:
        data = _written(state, dossier_of(knowledge, report.incident), knowledge.settings, number, form)
    suffix = "" if state.status == "signed" else "-草稿"
    path = out or knowledge.settings.folder("reports") / f"{report.id}-v{report.version}{suffix}{SUFFIX[form]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    payload: dict[str, object] = {
        "version": report.version,
        "digest": report.content_digest(),
        "path": str(path.resolve()),
        "sha256": hashlib.sha256(data).hexdigest(),
        "signed": state.status == "signed",
    }
    if form == "docx":
        payload["content"] = content_of(path)
    knowledge.record(f"{family(report_id)}.rendered", report_id, payload, by=by.name)
    return path


def _plan_written(state: PlanState, form: Format) -> bytes:
    plan = state.plan
    if form == "cap":
        raise BadInput("救助计划不能写成 CAP 消息；请用 docx、xlsx、pdf 或 json")
    if form == "xlsx":
        return workbook_bytes(state, ai_label(plan))
    if form == "json":
        content = {
            **state.model_dump(mode="json"),
            "digest": plan.content_digest(),
            "signed": signature_of(state) is not None,
            "AIGC": json.loads(ai_label(plan)),
        }
        return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
    document = layout.blank_document()
    write_document(document, state)
    made = _packed(document, state)
    return pdf(made) if form == "pdf" else made


def _written(state: ReportState, dossier: Dossier, settings: Settings, number: str, form: Format) -> bytes:
    if form == "xlsx":
        raise BadInput("报告不能写成 xlsx；请用 docx、pdf、json 或 cap")
    if form == "cap":
        return cap(state, dossier, settings)
    if form == "json":
        return json_bytes(state, dossier)
    made = document_bytes(state, dossier, number=number)
    return pdf(made) if form == "pdf" else made


def json_bytes(state: ReportState, dossier: Dossier) -> bytes:
    """One report for another program: text, digest, decisions, standing, the moments a report of a disaster asks for, and table A01 where it applies.

    Moments are Beijing time with the offset. The 30-character code of the draft standard is left out: no text in force gives it.
    """
    report, incident = state.report, dossier.incident
    signed = signature_of(state)
    moments = {
        "occurred": None if incident.started_at_assumed else incident.started_at,
        "first_heard": incident.first_evidence_at,
        "data_as_of": report.data_as_of,
        "drafted": report.created_at,
        "signed": signed.at if signed else None,
    }
    figures = {impact.type: impact for impact in dossier.impacts if impact.basis == "reported" and not dossier.incidents}
    table = [
        {
            "code": one.code,
            "name": one.name,
            "unit": one.unit,
            "value": figures[one.impact].best,
            "confirmed": figures[one.impact].confirmed,
        }
        for one in indicators()
        if one.impact in figures and incident.event_type in ("natural_disaster", "undetermined")
    ]
    content = {
        **state.model_dump(mode="json"),
        "digest": report.content_digest(),
        "signed": signed is not None,
        "times": {name: moment.astimezone(BEIJING).isoformat() if moment else None for name, moment in moments.items()},
        "incident": incident.model_dump(mode="json"),
        "indicators_a01_now": table,
        "AIGC": json.loads(ai_label(report)),
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def document_bytes(state: ReportState, dossier: Dossier, *, number: str = "") -> bytes:
    """The docx of one report; equal report, equal bytes."""
    report = state.report
    signed = signature_of(state)
    document = layout.blank_document()
    place = dossier.incident.place
    danger = hazards().get(dossier.incident.hazard)
    whole = (place.name, place.district or "", place.street or "", *(danger.words if danger else ()), *WHOLE)
    upward = report_type(report.type).upward
    # What callers said goes up with the figures; departments that are told what to do need none of it.
    rows = annex(report, dossier) if upward else []
    head = [DRAFT_HEAD] if signed is None else []
    head += [f"{EXERCISE_MARK}演练材料　非实际情况"] if report.mode == "exercise" else []
    if head:
        layout.running_head(document, "　　".join(head))
    layout.red_head(document, report.issuer, number, (signed.officer_name if signed else "（未签发）") if upward else "")
    layout.title(document, report.title, whole)
    layout.blank(document)
    layout.write(document.add_paragraph(), f"{report.recipients[0] if upward else '、'.join(report.recipients)}：")
    _keep(_text(document, report))
    if rows:
        _keep(document.add_paragraph())
        _keep(layout.body(document, f"附件：{ANNEX}"))
    layout.signature(document, report.issuer, day(signed.at.astimezone(BEIJING).date()) if signed else "（未签发）")
    layout.body(document, _note(report, signed))
    if rows:
        layout.annex_title(document, ANNEX)
        layout.table(
            document, ("序号", "内容", "来源", "时间", "原话（已脱敏）"), rows, ANNEX_WIDTHS if not dossier.incidents else DAY_ANNEX_WIDTHS
        )
    printed = day((signed.at if signed else report.created_at).astimezone(BEIJING).date())
    layout.imprint(document, report.recipients[1:] if upward else (), report.issuer, printed)
    return _packed(document, state)


def _keep(paragraph: Paragraph) -> None:
    """The signature never stands alone on a page (7.3.5.5): what is before it goes along."""
    paragraph.paragraph_format.keep_with_next = True


def _text(document: Docx, report: Report) -> Paragraph:
    """Each section under its numbered heading, as one paragraph or one sentence to a line as its type says; returns the last paragraph."""
    headings = 0
    last = document.paragraphs[-1]
    for section in report_type(report.type).sections:
        texts = [claim.text for claim in report.claims if claim.section == section.key and claim.text.strip()]
        if section.heading:
            layout.heading(document, f"{_ORDINALS[headings]}、{section.heading}")
            headings += 1
        for text in texts if section.by_line else ["".join(texts)]:
            if text:
                last = layout.body(document, text)
    return last


def _note(report: Report, signed: Decision | None) -> str:
    """附注: who signed which text when, so that a printed page can be checked against the record."""
    which = f"编号{report.id[:15]}，第{report.version}版，摘要{report.content_digest()[:16]}"
    return f"（{signed.officer_name}{beijing(signed.at)}签发，签名公钥{signed.key or '无'}；{which}）" if signed else f"（未签发；{which}）"


def annex(report: Report, dossier: Dossier) -> list[tuple[str, ...]]:
    """One row for each statement behind a sentence: claim, what it gives, who, when, the masked words."""
    evidence = {item.id: item for item in dossier.evidence}
    order = [citation for claim in report.claims for citation in claim.citations]
    sections = {section.key: section.name for section in report_type(report.type).sections}
    hearsay = {item.statement for impact in dossier.impacts for item in impact.conflicts if not believable(item, dossier)}
    titles = {incident.id: incident.title for incident in dossier.incidents}
    rows = []
    for statement in dossier.statements:
        if statement.id not in order or statement.evidence not in evidence or statement.id in hearsay or statement.property == "rumour":
            continue
        used = [claim for claim in report.claims if statement.id in claim.citations]
        kind, _, type_ = statement.property.partition(".")
        if kind == "impact" and type_ in IMPACT_TYPES:
            value = statement.best if statement.best is not None else statement.low
            says = f"{IMPACT_TYPES[type_][0]}{figure(value) + statement.unit if value is not None else ''}"
        else:
            says = sections.get(used[-1].section, "")
        source = evidence[statement.evidence]
        says = f"{titles[source.incident]}：{says}" if source.incident in titles else says
        when = beijing(source.sent_at or source.received_at)
        rows.append((order.index(statement.id), (str(0), says, source.source_title, when, statement.quote)))
    rows.sort(key=lambda row: row[0])
    return [(str(number), *row[1:]) for number, (_, row) in enumerate(rows, 1)]


def ai_label(report: Paper) -> str:
    """The implicit label of GB 45438—2025 as JSON: `Label` 1 when a model wrote the text, 2 (可能) when rules did.

    Rules make no generated content, but a person may have pasted some into an edit, and a missing label would be read as an assurance.
    """
    producer, content = "Anlan", f"{report.id}-v{report.version}"
    return json.dumps(
        {
            "Label": "2" if report.origin == "rules" else "1",
            "ContentProducer": producer,
            "ProduceID": content,
            "ReservedCode1": "",
            "ContentPropagator": producer,
            "PropagateID": content,
            "ReservedCode2": "",
        }
    )


def _packed(document: Docx, state: State) -> bytes:
    """The package with its properties, every clock in it set to the report's own."""
    report = state.paper
    signed = signature_of(state)
    properties = document.core_properties
    properties.author, properties.title, properties.comments, properties.last_modified_by = report.issuer, report.title, "", report.issuer
    properties.created = properties.modified = (signed.at if signed else report.created_at).replace(tzinfo=None, microsecond=0)
    properties.revision = report.version
    values = (ai_label(report), report.id, str(report.version), report.content_digest(), "signed" if signed else "draft")
    fields = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" name="{name}"><vt:lpwstr>{escape(value)}</vt:lpwstr></property>'
        for number, (name, value) in enumerate(zip(PROPERTIES, values, strict=True), 2)
    )
    blob = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
        f'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{fields}</Properties>'
    ).encode()
    package = document.part.package
    package.relate_to(
        Part(PackURI("/docProps/custom.xml"), CONTENT_TYPE.OFC_CUSTOM_PROPERTIES, blob, package), RELATIONSHIP_TYPE.CUSTOM_PROPERTIES
    )
    loose = io.BytesIO()
    document.save(loose)
    fixed = io.BytesIO()
    with zipfile.ZipFile(loose) as read, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as write:
        for name in sorted(read.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            write.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), read.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def content_of(path: Path) -> str:
    """SHA-256 of every word in a docx, body and tables, heads and feet: saving it again in another program keeps it, changing a word does not."""
    try:
        document = Document(str(path))
    except (PackageNotFoundError, etree.XMLSyntaxError, KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise BadInput(f"{path} 不是可读的 docx 文件：{error}；请使用系统导出的文件") from error
    section = document.sections[0]
    parts = [document.element.body, section.header._element, section.even_page_header._element]
    lines = ["".join(Paragraph(one, document).text.split()) for part in parts for one in part.iter(qn("w:p"))]
    return hashlib.sha256("\n".join(line for line in lines if line).encode()).hexdigest()


def properties_of(path: Path) -> dict[str, str]:
    """The custom properties of a docx by name; empty when it has none."""
    try:
        with zipfile.ZipFile(path) as package:
            blob = package.read("docProps/custom.xml")
    except (KeyError, OSError, zipfile.BadZipFile):
        return {}
    root = etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True))
    return {one.get("name", ""): "".join(one.itertext()) for one in root}


def rendered_intact(knowledge: Knowledge, report_id: str) -> list[str]:
    """What is wrong, in Chinese sentences, with what went out under this report: files changed or gone, a signature on another text, an edit after it."""
    known = record_of(knowledge, report_id)
    report, wrong = known.state.paper, []
    named = f"{NOUN[family(report_id)]} {report_id}"
    for decision in known.state.decisions:
        if decision.verdict == "sign" and decision.version == report.version and decision.digest != report.content_digest():
            wrong.append(f"{named} 第{report.version}版的内容与{decision.officer_name}签发时的摘要不符")
    if known.state.status == "void":
        wrong.append(f"{named} 在签发后被 {known.edited_by} 于{beijing(known.edited_at)}改为第{report.version}版，签发已失效，须重新送签")
    try:
        if isinstance(report, Report) and knowledge.store.report(report_id).report.content_digest() != report.content_digest():
            wrong.append(f"图谱中的报告 {report_id} 与台账不一致；请运行 anlan graph rebuild")
    except NotFound:
        wrong.append(f"图谱中没有报告 {report_id}；请运行 anlan graph rebuild")
    files = {
        str(entry.payload["path"]): entry.payload
        for entry in knowledge.ledger.entries(subject=report_id, kinds=[f"{family(report_id)}.rendered"])
    }
    for name, payload in files.items():
        # A desk that was restored from a backup may lie elsewhere.
        path = Path(name) if Path(name).exists() else knowledge.settings.home / "reports" / Path(name).name
        wrong += [trouble] if (trouble := _file_trouble(path, payload)) else []
    return wrong


def _file_trouble(path: Path, payload: dict[str, object]) -> str:
    if not path.is_file():
        return f"已导出的文件 {path} 不见了；可重新导出"
    if hashlib.sha256(path.read_bytes()).hexdigest() == payload["sha256"]:
        return ""
    if "content" not in payload:
        return f"文件 {path} 在导出后被改动，与台账不符；不得使用，请重新导出"
    try:
        same = content_of(path) == payload["content"]
    except BadInput as unreadable:
        return str(unreadable)
    return f"文件 {path} 导出后被另存过，文字未变" if same else f"文件 {path} 的文字在导出后被改动，与台账不符；不得使用，请重新导出"


def check(knowledge: Knowledge, path: Path) -> list[str]:
    """Whether any docx, wherever it was found, is a report of ours that still holds; an empty list means it is signed and unchanged."""
    properties = properties_of(path)
    report_id = properties.get("AnlanReport", "")
    if not report_id:
        return [f"{path} 不是本系统导出的报告"]
    state = record_of(knowledge, report_id).state
    outputs = [entry.payload for entry in knowledge.ledger.entries(subject=report_id, kinds=[f"{family(report_id)}.rendered"])]
    content = content_of(path)
    held = [one for one in outputs if one.get("content") == content]
    if not held:
        return [f"{path} 的文字与台账中报告 {report_id} 的任何导出件都不一致：导出后被改动"]
    if not any(one.get("signed") and one["digest"] == state.paper.content_digest() for one in held) or state.status != "signed":
        return [f"{path} 不是报告 {report_id} 现行有效的签发件（现状：第{state.paper.version}版，{state.status}）"]
    return []


def all_intact(knowledge: Knowledge) -> list[str]:
    """`rendered_intact` for every report and plan ever drafted: what `anlan audit verify` and the dashboard show."""
    drafted = dict.fromkeys(entry.subject for entry in knowledge.ledger.entries(kinds=["report.drafted", "relief.drafted"]))
    return [trouble for report_id in drafted for trouble in rendered_intact(knowledge, report_id)]

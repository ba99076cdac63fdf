"""The only way out of the building: draft, edit, submit, and a second person who signs exactly what was read (条例 art. 22, 25).

What a report is at any moment follows from its ledger entries and nothing else. Each step names the newest entry it has seen, so of two
people acting at once one wins and the other is told who was first. Every refusal is written down too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from graph.knowledge import Knowledge
from graph.people import allow
from models.domain import BEIJING, Claim, Decision, Dossier, Entry, Finding, Person, Report, ReportState, digest
from models.errors import NotAllowed, NotFound, Refused, Stale
from reports.draft import draft
from reports.ground import cite
from reports.verify import verify
from reports.wording import GAP_MARKS

Verdict = Literal["submit", "sign", "return", "withdraw"]
Status = Literal["draft", "submitted", "returned", "signed", "void", "withdrawn"]

WRITTEN = ("report.drafted", "report.edited")
DECIDED: dict[Verdict, str] = {
    "submit": "report.submitted",
    "sign": "report.signed",
    "return": "report.returned",
    "withdraw": "report.withdrawn",
}
AFTER: dict[Verdict, Status] = {"submit": "submitted", "sign": "signed", "return": "returned", "withdraw": "withdrawn"}
"""Where a decision leaves a report."""

FROM: dict[Verdict, tuple[Status, ...]] = {
    "submit": ("draft", "returned", "void"),
    "sign": ("submitted",),
    "return": ("submitted",),
    "withdraw": ("draft", "submitted", "returned", "signed", "void"),
}
"""Where each decision may start from."""

STANDING: dict[Status, str] = {
    "draft": "草稿",
    "submitted": "待签发",
    "returned": "已退回",
    "signed": "已签发",
    "void": "签发后被修改，签发失效",
    "withdrawn": "已撤回",
}
ACT: dict[Verdict, str] = {"submit": "送签", "sign": "签发", "return": "退回", "withdraw": "撤回"}


JUDGED = {
    "merge": "合并了事件",
    "split": "拆分了事件",
    "move": "移动了信息",
    "refuse": "拒绝了归并提议",
    "close": "结束了事件",
    "undo": "撤销了先前的判断",
}
"""What a judgement did to an incident, in words."""


@dataclass(frozen=True)
class Record:
    """One report as its ledger entries tell it."""

    state: ReportState
    last: int
    """Number of the newest entry about it."""
    writers: tuple[str, ...]
    """Accounts that drafted or edited any version."""
    edited_by: str
    """Who wrote the newest version."""
    edited_at: datetime
    """When."""


def record_of(knowledge: Knowledge, report_id: str) -> Record:
    """A report's standing from the ledger, the record itself. NotFound when there is no such report."""
    entries = list(knowledge.ledger.entries(subject=report_id))
    written = [entry for entry in entries if entry.kind in WRITTEN]
    if not written:
        raise NotFound(f"没有编号为 {report_id} 的报告；请在报告列表中核对编号")
    newest = written[-1]
    report = Report.model_validate(newest.payload["report"])
    findings = tuple(Finding.model_validate(item) for item in newest.payload.get("findings", ()))
    status: Status = "draft"
    decisions = []
    for entry in entries:
        if entry.kind in WRITTEN:
            status = "void" if status in ("signed", "void") else "draft"
        elif entry.kind in DECIDED.values():
            decision = Decision.model_validate(entry.payload["decision"])
            decisions.append(decision)
            status = AFTER[decision.verdict]
    return Record(
        ReportState(report=report, findings=findings, decisions=tuple(decisions), status=status),
        entries[-1].seq,
        tuple(dict.fromkeys(entry.by for entry in written)),
        newest.by,
        newest.at,
    )


def judged_since(state: ReportState, dossier: Dossier) -> list[str]:
    """What people decided, after this version was written, about what belongs to its incident; undone judgements are left out.

    Like newer evidence it blocks nothing: it is shown beside the report.
    """
    since = [one for one in dossier.judgements if one.at > state.report.created_at and not one.undone and one.verdict != "undo"]
    undone = [one for one in dossier.judgements if one.verdict == "undo" and one.at > state.report.created_at]
    told = sorted([*since, *undone], key=lambda one: one.at)
    return [f"{one.officer_name}于{one.at.astimezone(BEIJING):%m月%d日%H:%M}{JUDGED[one.verdict]}：{one.reason}" for one in told]


def write_draft(
    knowledge: Knowledge, incident_id: str, by: Person, report_type: str | None = None, *, at: datetime | None = None
) -> ReportState:
    """A complete rule-made draft, checked and recorded. NotFound for an unknown incident, NotAllowed without the permission."""
    allow(knowledge.ledger, by, "draft", subject=incident_id)
    dossier = knowledge.store.dossier(incident_id)
    report = draft(dossier, report_type=report_type, by=by.name, at=at or datetime.now(UTC), settings=knowledge.settings)
    _write(knowledge, "report.drafted", report, tuple(verify(report, dossier)), by, None)
    return record_of(knowledge, report.id).state


def edit(knowledge: Knowledge, report_id: str, version: int, changes: Mapping[str, str], by: Person) -> ReportState:
    """A new version with some sentences changed by a person. The machine's sentence is kept beside; any signature is void from here on.

    `version` is the one the editor had read: Stale names who changed it since. Sentences are cited anew from the dossier and checked like any other.
    """
    allow(knowledge.ledger, by, "edit", subject=report_id)
    known = record_of(knowledge, report_id)
    report = known.state.report
    _current(knowledge, known, version, report.content_digest(), by, "修改")
    if known.state.status == "withdrawn":
        raise _refusal(knowledge, by, report_id, "修改", Refused(f"报告 {report_id} 已撤回，不能再改；请重新起草"))
    ids = {claim.id for claim in report.claims}
    if strange := [id for id in changes if id not in ids]:
        raise NotFound(f"报告 {report_id} 中没有语句 {'、'.join(strange)}；请刷新后再改")
    dossier = knowledge.store.dossier(report.incident)
    claims = tuple(
        _changed(claim, changes[claim.id].strip(), cite(changes[claim.id], dossier)) if claim.id in changes else claim
        for claim in report.claims
    )
    if claims == report.claims:
        return known.state
    moment = datetime.now(UTC)
    new = report.model_copy(update={"claims": claims, "version": report.version + 1, "drafted_by": by.name, "created_at": moment})
    _write(knowledge, "report.edited", new, tuple(verify(new, dossier)), by, known)
    return record_of(knowledge, report_id).state


def submit(knowledge: Knowledge, report_id: str, *, version: int, digest: str, by: Person, reason: str = "") -> ReportState:
    """Send a draft to be signed."""
    return _decide(knowledge, report_id, "submit", version, digest, by, reason)


def sign(knowledge: Knowledge, report_id: str, *, version: int, digest: str, by: Person, reason: str = "") -> ReportState:
    """Sign exactly the text whose digest was read. Refused to anyone who wrote any of it, and while a check blocks."""
    return _decide(knowledge, report_id, "sign", version, digest, by, reason)


def return_(knowledge: Knowledge, report_id: str, *, version: int, digest: str, by: Person, reason: str = "") -> ReportState:
    """Send it back to its drafter, saying why."""
    return _decide(knowledge, report_id, "return", version, digest, by, reason)


def withdraw(knowledge: Knowledge, report_id: str, *, version: int, digest: str, by: Person, reason: str = "") -> ReportState:
    """Take it back for good, saying why. What was written and signed stays on record."""
    return _decide(knowledge, report_id, "withdraw", version, digest, by, reason)


def _decide(knowledge: Knowledge, report_id: str, verdict: Verdict, version: int, read: str, by: Person, reason: str) -> ReportState:
    allow(knowledge.ledger, by, verdict, subject=report_id)
    known = record_of(knowledge, report_id)
    _current(knowledge, known, version, read, by, ACT[verdict])
    if refusal := _forbidden(known, verdict, by, reason.strip()):
        raise _refusal(knowledge, by, report_id, ACT[verdict], refusal)
    content = {
        "subject": report_id,
        "version": version,
        "digest": read,
        "verdict": verdict,
        "officer": by.name,
        "officer_name": by.display_name,
        "role": by.role,
        "reason": reason.strip(),
        "at": datetime.now(UTC),
    }
    decision = Decision.model_validate({"id": "de-" + digest(content)[:32], **content})
    _record(knowledge, DECIDED[verdict], report_id, {"decision": decision.model_dump(mode="json")}, by, known, ACT[verdict])
    return record_of(knowledge, report_id).state


def _forbidden(known: Record, verdict: Verdict, by: Person, reason: str) -> Refused | None:
    """Why this person may not decide this now; None when he may."""
    report, status = known.state.report, known.state.status
    if status not in FROM[verdict]:
        wanted = "、".join(STANDING[one] for one in FROM[verdict])
        return Refused(f"报告 {report.id} 现为“{STANDING[status]}”，不能{ACT[verdict]}；须先处于：{wanted}")
    if verdict == "sign" and by.name in known.writers:
        return NotAllowed(f"{by.display_name}起草或修改过报告 {report.id}，不能自己签发；请由另一名签发人签发")
    if verdict in ("return", "withdraw") and not reason:
        return Refused(f"{ACT[verdict]}报告 {report.id} 须写明理由；请补充理由")
    blocks = [finding for finding in known.state.findings if finding.severity == "block"]
    if verdict == "sign" and blocks:
        return Refused(f"报告 {report.id} 第{report.version}版有{len(blocks)}处法定问题未改，不能签发：{blocks[0].message}")
    return None


def _current(knowledge: Knowledge, known: Record, version: int, read: str, by: Person, act: str) -> None:
    """Refuse whoever read another text than the newest one, naming who changed it."""
    report = known.state.report
    if version == report.version and read == report.content_digest():
        return
    when = known.edited_at.astimezone(BEIJING).strftime("%H:%M:%S")
    told = f"报告 {report.id} 已由 {known.edited_by} 于 {when} 改为第{report.version}版，您读的不是这一版；请重新阅读后再{act}"
    raise _refusal(knowledge, by, report.id, act, Stale(told))


def _refusal(knowledge: Knowledge, by: Person, report_id: str, act: str, refusal: Refused) -> Refused:
    """Write the refusal down and hand it back to be raised."""
    knowledge.ledger.refused(by.name, act, str(refusal), subject=report_id)
    return refusal


def _changed(claim: Claim, text: str, cited: tuple[str, ...]) -> Claim:
    """The sentence as a person now words it, the machine's kept beside. A gap that is filled becomes a fact; a fact taken out becomes a gap."""
    if text == claim.text:
        return claim
    gap = any(mark in text for mark in GAP_MARKS) and not any(letter.isdigit() for letter in text)
    kind = claim.kind
    if kind == "missing" and not any(mark in text for mark in GAP_MARKS):
        kind = "fact"
    elif kind == "fact" and gap:
        kind = "missing"
    citations = tuple(dict.fromkeys((*claim.citations, *cited)))
    return claim.model_copy(update={"text": text, "kind": kind, "citations": citations, "machine_text": claim.machine_text or claim.text})


def _write(knowledge: Knowledge, kind: str, report: Report, findings: tuple[Finding, ...], by: Person, known: Record | None) -> None:
    payload: dict[str, Any] = {
        "report": report.model_dump(mode="json"),
        "findings": [finding.model_dump(mode="json") for finding in findings],
    }
    _record(knowledge, kind, report.id, payload, by, known, "写入")


def _record(knowledge: Knowledge, kind: str, report_id: str, payload: dict[str, Any], by: Person, known: Record | None, act: str) -> Entry:
    """Write it down unless the report changed since `known` was read. Someone printing it meanwhile changes nothing and is passed over."""
    try:
        return knowledge.record(kind, report_id, payload, by=by.name, expect_last=known.last if known else 0)
    except Stale as late:
        now = record_of(knowledge, report_id)
        if known is not None and now.state == known.state:
            return _record(knowledge, kind, report_id, payload, by, now, act)
        raise _refusal(knowledge, by, report_id, act, late) from late

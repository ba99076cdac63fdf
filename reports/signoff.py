"""The only way out of the building, for reports and relief plans: draft, edit, submit, and a second person who signs exactly what was read
(条例 art. 22, 25).

What a paper is at any moment follows from its ledger entries and nothing else. Each step names the newest entry it has seen, so of two
people acting at once one wins and the other is told who was first. Every refusal is written down too. Signing a relief plan also takes its
goods: the same entry reserves them, and the ledger refuses it when the stock changed since it was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Literal

from graph.knowledge import Knowledge
from graph.people import allow, demand_confirmation
from graph.scope import demand
from graph.stock import KINDS as STOCK_KINDS
from graph.stock import short_of, stock_of
from models.domain import BEIJING, Claim, Decision, Dossier, Entry, Finding, Person, Report, ReportState, digest
from models.errors import NotAllowed, NotFound, Refused, Stale
from models.relief import PlanState, ReliefPlan
from reports.draft import draft
from reports.ground import cite
from reports.progress import went_out
from reports.subject import dossier_of
from reports.verify import verify
from reports.wording import GAP_MARKS

Verdict = Literal["submit", "sign", "return", "withdraw"]
Status = Literal["draft", "submitted", "returned", "signed", "void", "withdrawn", "superseded"]
Paper = Report | ReliefPlan
State = ReportState | PlanState

STAGES = ("dossier", "draft", "verify")
"""Stages of a rule-made draft whose times are kept with it, in seconds."""

WRITTEN = ("drafted", "edited")
DECIDED: dict[Verdict, str] = {"submit": "submitted", "sign": "signed", "return": "returned", "withdraw": "withdrawn"}
"""Ends of the kinds of entry; before the point stands the family, `report` or `relief`."""

NOUN = {"report": "报告", "relief": "救助计划"}
PLAN_ID = "rl-"
"""How the id of a relief plan begins."""

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
    "superseded": "已被新计划替代",
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
    """One report or plan as its ledger entries tell it."""

    state: State
    last: int
    """Number of the newest entry about it."""
    writers: tuple[str, ...]
    """Accounts that drafted or edited any version."""
    edited_by: str
    """Who wrote the newest version."""
    edited_at: datetime
    """When."""


def signature_of(state: State) -> Decision | None:
    """The signature that stands: on this version, on this digest, with nothing after it."""
    if state.status != "signed":
        return None
    last = state.decisions[-1]
    return last if last.verdict == "sign" and last.version == state.paper.version and last.digest == state.paper.content_digest() else None


def family(id: str) -> Literal["report", "relief"]:
    """What an id means: a report or a relief plan. It begins the kinds of its ledger entries."""
    return "relief" if id.startswith(PLAN_ID) else "report"


def record_of(knowledge: Knowledge, id: str) -> Record:
    """The standing of a report or plan from the ledger, the record itself. NotFound when there is none of that id."""
    kind = family(id)
    entries = list(knowledge.ledger.entries(subject=id))
    own = [entry for entry in entries if entry.kind.startswith(kind + ".")]
    written = [entry for entry in own if entry.kind.removeprefix(kind + ".") in WRITTEN]
    if not written:
        raise NotFound(f"没有编号为 {id} 的{NOUN[kind]}；请在列表中核对编号")
    newest = written[-1]
    findings = tuple(Finding.model_validate(item) for item in newest.payload.get("findings", ()))
    status: Status = "draft"
    decisions = []
    for entry in own:
        if entry.kind.removeprefix(kind + ".") in WRITTEN:
            status = "void" if status in ("signed", "void") else "draft"
        elif "decision" in entry.payload:
            decision = Decision.model_validate(entry.payload["decision"])
            decisions.append(decision)
            status = AFTER[decision.verdict]
    state: State
    if kind == "relief":
        if status != "withdrawn" and any(
            entry.payload.get("supersedes") == id for entry in knowledge.ledger.entries(kinds=["relief.signed"], after=written[0].seq)
        ):
            status = "superseded"
        plan = ReliefPlan.model_validate(newest.payload["plan"])
        state = PlanState(plan=plan, findings=findings, decisions=tuple(decisions), status=status)
    else:
        report = Report.model_validate(newest.payload["report"])
        state = ReportState.model_validate({"report": report, "findings": findings, "decisions": tuple(decisions), "status": status})
    return Record(state, entries[-1].seq, tuple(dict.fromkeys(entry.by for entry in written)), newest.by, newest.at)


def report_of(known: Record) -> Report:
    """The report of a record; Refused when it is a relief plan, whose sentences nobody edits."""
    if isinstance(known.state, ReportState):
        return known.state.report
    raise Refused(f"{known.state.plan.id} 是救助计划，不是报告；请在救助页面修改")


def report_state(knowledge: Knowledge, id: str) -> ReportState:
    """The standing of a report; Refused for the id of a relief plan."""
    known = record_of(knowledge, id)
    report_of(known)
    assert isinstance(known.state, ReportState)
    return known.state


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
    demand(knowledge, by, incident_id)
    clock = [perf_counter()]
    dossier = dossier_of(knowledge, incident_id)
    clock.append(perf_counter())
    report = draft(dossier, report_type=report_type, by=by.name, at=at or datetime.now(UTC), settings=knowledge.settings)
    clock.append(perf_counter())
    findings = tuple(verify(report, dossier))
    clock.append(perf_counter())
    seconds = {name: round(end - start, 4) for name, start, end in zip(STAGES, clock, clock[1:], strict=False)}
    _write(knowledge, "report.drafted", report, findings, by, None, seconds=seconds | {"total": round(clock[-1] - clock[0], 4)})
    return report_state(knowledge, report.id)


def edit(knowledge: Knowledge, report_id: str, version: int, changes: Mapping[str, str], by: Person) -> ReportState:
    """A new version with some sentences changed by a person. The machine's sentence is kept beside; any signature is void from here on.

    `version` is the one the editor had read: Stale names who changed it since. Sentences are cited anew from the dossier and checked like any other.
    """
    allow(knowledge.ledger, by, "edit", subject=report_id)
    demand(knowledge, by, report_id)
    known = record_of(knowledge, report_id)
    report = report_of(known)
    may_change(knowledge, known, version, by)
    ids = {claim.id for claim in report.claims}
    if strange := [id for id in changes if id not in ids]:
        raise NotFound(f"报告 {report_id} 中没有语句 {'、'.join(strange)}；请刷新后再改")
    dossier = dossier_of(knowledge, report.incident)
    claims = tuple(
        _changed(claim, changes[claim.id].strip(), cite(changes[claim.id], dossier, claim.citations)) if claim.id in changes else claim
        for claim in report.claims
    )
    if claims == report.claims:
        return report_state(knowledge, report_id)
    moment = datetime.now(UTC)
    new = report.model_copy(update={"claims": claims, "version": report.version + 1, "drafted_by": by.name, "created_at": moment})
    _write(knowledge, "report.edited", new, tuple(verify(new, dossier)), by, known)
    return report_state(knowledge, report_id)


def replace_claims(
    knowledge: Knowledge, report_id: str, version: int, claims: tuple[Claim, ...], by: Person, *, origin: str
) -> ReportState:
    """A new version with other sentences, taken over by a person from a model's offer; any signature is void from here on."""
    allow(knowledge.ledger, by, "edit", subject=report_id)
    demand(knowledge, by, report_id)
    known = record_of(knowledge, report_id)
    report = report_of(known)
    may_change(knowledge, known, version, by)
    changed = {"claims": claims, "version": version + 1, "drafted_by": by.name, "created_at": datetime.now(UTC), "origin": origin}
    new = report.model_copy(update=changed)
    _write(knowledge, "report.edited", new, tuple(verify(new, dossier_of(knowledge, report.incident))), by, known)
    return report_state(knowledge, report_id)


def may_change(knowledge: Knowledge, known: Record, version: int, by: Person) -> None:
    """Refuse whoever read an older version, or would change what was taken back or replaced."""
    paper = known.state.paper
    _current(knowledge, known, version, paper.content_digest(), by, "修改")
    if known.state.status in ("withdrawn", "superseded"):
        told = f"{NOUN[family(paper.id)]} {paper.id} {STANDING[known.state.status]}，不能再改；请重新起草"
        raise _refusal(knowledge, by, paper.id, "修改", Refused(told))


def submit(knowledge: Knowledge, report_id: str, *, version: int, digest: str, by: Person, reason: str = "") -> State:
    """Send a draft to be signed."""
    return _decide(knowledge, report_id, "submit", version, digest, by, reason)


def sign(knowledge: Knowledge, report_id: str, *, version: int, digest: str, by: Person, reason: str = "") -> State:
    """Sign exactly the text whose digest was read. Refused to anyone who wrote any of it, and while a check blocks; NotAllowed without the
    credential given again for this digest (`people.confirm`), whose signature goes into the decision.

    A plan's goods are reserved in the same entry; Refused, naming lot, rest and holder, when they are no longer all there.
    """
    return _decide(knowledge, report_id, "sign", version, digest, by, reason)


def return_(knowledge: Knowledge, report_id: str, *, version: int, digest: str, by: Person, reason: str = "") -> State:
    """Send it back to its drafter, saying why."""
    return _decide(knowledge, report_id, "return", version, digest, by, reason)


def withdraw(knowledge: Knowledge, report_id: str, *, version: int, digest: str, by: Person, reason: str = "") -> State:
    """Take it back for good, saying why. What was written and signed stays on record."""
    return _decide(knowledge, report_id, "withdraw", version, digest, by, reason)


def _decide(knowledge: Knowledge, id: str, verdict: Verdict, version: int, read: str, by: Person, reason: str) -> State:
    allow(knowledge.ledger, by, verdict, subject=id)
    demand(knowledge, by, id)
    known = record_of(knowledge, id)
    paper = known.state.paper
    _current(knowledge, known, version, read, by, ACT[verdict])
    refusal = _forbidden(known, verdict, by, reason.strip())
    if verdict == "sign" and refusal is None and isinstance(paper, Report):
        refusal = _overtaken(knowledge, paper)
    if refusal:
        raise _refusal(knowledge, by, id, ACT[verdict], refusal)
    signed = demand_confirmation(knowledge.ledger, by, read) if verdict == "sign" else None
    if verdict == "sign" and signed is None:
        raise _refusal(knowledge, by, id, ACT[verdict], NotAllowed(f"账号 {by.name} 没有签名密钥，不能签发；请确认其角色为签发人"))
    content = {
        "subject": id,
        "version": version,
        "digest": read,
        "verdict": verdict,
        "officer": by.name,
        "officer_name": by.display_name,
        "role": by.role,
        "reason": reason.strip(),
        "at": datetime.now(UTC),
        "key": signed.key if signed else "",
        "signature": signed.signature if signed else "",
    }
    decision = Decision.model_validate({"id": "de-" + digest(content)[:32], **content})
    payload: dict[str, Any] = {"decision": decision.model_dump(mode="json")}
    unless: Callable[[], Expected] | None = None
    if verdict == "sign" and isinstance(paper, ReliefPlan):
        plan = paper
        payload |= {"reserves": plan.reserves(), "mode": plan.mode, "title": plan.title, "supersedes": plan.revises}

        def unless() -> Expected:
            return _stock_is_there(knowledge, plan, by)

    _record(knowledge, f"{family(id)}.{DECIDED[verdict]}", id, payload, by, known, ACT[verdict], unless)
    return record_of(knowledge, id).state


def _stock_is_there(knowledge: Knowledge, plan: ReliefPlan, by: Person) -> Expected:
    """The entries that must not have come in between looking at the stock and taking it; Refused when it does not suffice now."""
    taken = stock_of(knowledge, plan.mode, releasing=plan.revises)
    if short := short_of(plan.reserves(), taken):
        raise _refusal(knowledge, by, plan.id, ACT["sign"], Refused(f"不能签发：{short}"))
    return STOCK_KINDS, taken.position


def _forbidden(known: Record, verdict: Verdict, by: Person, reason: str) -> Refused | None:
    """Why this person may not decide this now; None when he may."""
    paper, status = known.state.paper, known.state.status
    named = f"{NOUN[family(paper.id)]} {paper.id}"
    if status not in FROM[verdict]:
        wanted = "、".join(STANDING[one] for one in FROM[verdict])
        return Refused(f"{named} 现为“{STANDING[status]}”，不能{ACT[verdict]}；须先处于：{wanted}")
    if verdict == "sign" and by.name in known.writers:
        return NotAllowed(f"{by.display_name}起草或修改过{named}，不能自己签发；请由另一名签发人签发")
    if verdict in ("return", "withdraw") and not reason:
        return Refused(f"{ACT[verdict]}{named} 须写明理由；请补充理由")
    blocks = [finding for finding in known.state.findings if finding.severity == "block"]
    if verdict == "sign" and blocks:
        return Refused(f"{named} 第{paper.version}版有{len(blocks)}处法定问题未改，不能签发：{blocks[0].message}")
    return None


def _overtaken(knowledge: Knowledge, report: Report) -> Refused | None:
    """A 续报 or 终报 tells the changes since one report; once another has gone out meanwhile it would tell them wrongly."""
    if report.stage not in ("续报", "终报"):
        return None
    out = [state for state in dossier_of(knowledge, report.incident).reports if went_out(state) and state.report.stage in ("初报", "续报")]
    newest = max(out, key=lambda state: state.decisions[-1].at, default=None)
    if newest is None or newest.report.id == report.supersedes:
        return None
    return Refused(f"起草后又签发了“{newest.report.title}”，本报所列变化已不是与最近一次报告相比；请重新起草")


def _current(knowledge: Knowledge, known: Record, version: int, read: str, by: Person, act: str) -> None:
    """Refuse whoever read another text than the newest one, naming who changed it."""
    paper = known.state.paper
    if version == paper.version and read == paper.content_digest():
        return
    when = known.edited_at.astimezone(BEIJING).strftime("%H:%M:%S")
    named = f"{NOUN[family(paper.id)]} {paper.id}"
    told = f"{named} 已由 {known.edited_by} 于 {when} 改为第{paper.version}版，您读的不是这一版；请重新阅读后再{act}"
    raise _refusal(knowledge, by, paper.id, act, Stale(told))


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


def _write(
    knowledge: Knowledge,
    kind: str,
    report: Report,
    findings: tuple[Finding, ...],
    by: Person,
    known: Record | None,
    *,
    seconds: Mapping[str, float] | None = None,
) -> None:
    payload: dict[str, Any] = {
        "report": report.model_dump(mode="json"),
        "findings": [finding.model_dump(mode="json") for finding in findings],
    }
    if seconds is not None:
        payload["seconds"] = dict(seconds)
    _record(knowledge, kind, report.id, payload, by, known, "写入")


Expected = tuple[Sequence[str], int]
"""Kinds of entry, and the number after which none of them may have been written."""


def _record(
    knowledge: Knowledge,
    kind: str,
    id: str,
    payload: dict[str, Any],
    by: Person,
    known: Record | None,
    act: str,
    unless: Callable[[], Expected] | None = None,
) -> Entry:
    """Write it down unless the paper changed since `known` was read. Someone printing it meanwhile changes nothing and is passed over.

    `unless` looks at the stock, refuses when it does not suffice, and is asked again when the stock changed before the entry was written.
    """
    expected = unless() if unless else None
    try:
        return knowledge.record(kind, id, payload, by=by.name, expect_last=known.last if known else 0, expect_none=expected)
    except Stale as late:
        now = record_of(knowledge, id)
        if known is not None and now.state == known.state:
            return _record(knowledge, kind, id, payload, by, now, act, unless)
        raise _refusal(knowledge, by, id, act, late) from late


def write_plan(knowledge: Knowledge, plan: ReliefPlan, findings: Sequence[Finding], by: Person, known: Record | None = None) -> PlanState:
    """Record a plan as a proposal: a new one, or the next version of the `known` one, whose signature it voids."""
    allow(knowledge.ledger, by, "edit" if known else "draft", subject=plan.id)
    demand(knowledge, by, plan.incident)
    payload = {"plan": plan.model_dump(mode="json"), "findings": [finding.model_dump(mode="json") for finding in findings]}
    _record(knowledge, "relief.edited" if known else "relief.drafted", plan.id, payload, by, known, "写入")
    state = record_of(knowledge, plan.id).state
    assert isinstance(state, PlanState)
    return state

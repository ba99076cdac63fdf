"""The command line: everything the dashboard does, scriptable.

`--json` prints JSON on stdout and nothing else; progress and warnings go to stderr. Exit status: 0 done, 1 refused or
failed with one clear line, 2 wrong usage. One function per command, which is why this module is long.
"""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
import json
import logging
import math
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console

from models.domain import BEIJING, IMPACT_TYPES, Dossier, Incident, Person, Report, ReportState, Role, SourceState
from models.errors import AnlanError, BadInput, NotAllowed, NotFound, Refused
from models.relief import Group
from models.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="安澜 Anlan: from first calls to a signed initial report.",
)
audit = typer.Typer(no_args_is_help=True, help="The ledger: does the chain hold, and what does it say.")
library = typer.Typer(no_args_is_help=True, help="The library: regulations, plans, standards and cases.")
graph_app = typer.Typer(no_args_is_help=True, help="The knowledge graph.")
people_app = typer.Typer(no_args_is_help=True, help="Accounts.")
model_app = typer.Typer(no_args_is_help=True, help="The language model: how it is, and its guardian's switch.")
sources_app = typer.Typer(help="The sources: how they are heard, what is in quarantine.")
app.add_typer(sources_app, name="sources")
app.add_typer(audit, name="audit")
app.add_typer(library, name="library")
app.add_typer(graph_app, name="graph")
app.add_typer(people_app, name="people")
app.add_typer(model_app, name="model")
triage_app = typer.Typer(no_args_is_help=True, help="Category and department, learned from the city's own labelled history.")
app.add_typer(triage_app, name="triage")

err = Console(stderr=True, highlight=False, soft_wrap=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
AsUser = Annotated[str, typer.Option("--as", help="Account in whose name this is done.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the ledger.")]
PasswordFile = Annotated[Path | None, typer.Option(help="File holding the account's password; otherwise it is asked for.")]
AsOf = Annotated[str, typer.Option("--as-of", help="Day whose law is asked for (YYYY-MM-DD); today if not given.")]
ReadDigest = Annotated[
    str,
    typer.Option(
        "--digest", help="Digest of the version that was read, as `anlan report` prints it. Without it the text is shown and asked about."
    ),
]


def _emit(value: Any) -> None:
    """Write one JSON value on a line of stdout."""
    plain = value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value
    sys.stdout.write(json.dumps(plain, ensure_ascii=False, default=str) + "\n")


def _beijing(when: datetime) -> str:
    return when.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


@contextlib.contextmanager
def _knowledge() -> Iterator[Any]:
    from graph.knowledge import open_knowledge

    with open_knowledge(Settings()) as knowledge:
        yield knowledge


def _person(knowledge: Any, name: str, password_file: Path | None) -> Person:
    """Sign in: a command acts in a named person's name only with that person's password."""
    from graph import people

    if password_file:
        password = password_file.read_text("utf-8").strip()
    elif sys.stdin.isatty():
        password = getpass.getpass(f"{name} 的口令 / password: ")
    else:
        raise Refused("没有终端可供输入口令：请用 --password-file 指定口令文件。")
    return people.sign_in(knowledge.ledger, name, password)


# ---------------------------------------------------------------- evidence in


@app.command()
def ingest(
    path: Path,
    source: Annotated[str, typer.Option("--source", help="Source the file comes from; `anlan sources` lists them.")],
    as_json: AsJson = False,
) -> None:
    """Receive and understand a file or folder; print what was received, new, duplicate and quarantined."""
    from ingestion import pipeline

    with _knowledge() as knowledge:
        receipt = pipeline.receive(knowledge, source, path, progress=_counting(lambda so_far: f"已接收 {so_far.read}"))
        try:
            understood = pipeline.understand_waiting(knowledge, progress=_counting(lambda so_far: f"已理解 {so_far.understood}"))
        except Refused as busy:
            # Everything is received and safe; the process that holds the lock understands it too.
            err.print(str(busy), markup=False)
            understood = pipeline.UnderstoodCount()
    if as_json:
        _emit({"receipt": receipt.model_dump(mode="json"), "understood": understood.model_dump(mode="json")})
        return
    print(
        f"读入 {receipt.read}：新增 {receipt.new}，重复 {receipt.duplicate}，隔离 {receipt.quarantined}；"
        f"已理解 {understood.understood}，新事件 {understood.opened}，归并 {understood.fused}，待人工 {understood.waiting_for_person}"
    )
    if receipt.unread_fields:
        err.print("没有被读取的列（已原样保存）：" + "、".join(receipt.unread_fields))


def _counting(words: Callable[[Any], str]) -> Callable[[Any], None] | None:
    """A line on stderr that counts, when someone is watching."""
    if not sys.stderr.isatty():
        return None

    def show(so_far: Any) -> None:
        sys.stderr.write(f"\r{words(so_far)}   ")
        sys.stderr.flush()

    return show


@sources_app.callback(invoke_without_command=True)
def sources(context: typer.Context, as_json: AsJson = False) -> None:
    """The sources: who answers for them, when they were and will be read, what came in 24 hours, what is wrong, and how much waits."""
    if context.invoked_subcommand:
        return
    from graph.ledger import Ledger
    from graph.listening import states
    from ingestion.schedule import channels

    settings = Settings()
    ledger, now = Ledger(settings.ledger_address), datetime.now(BEIJING)
    found, queue = states(ledger, channels(settings), now), ledger.queue()
    waited = (now - queue.oldest_at).total_seconds() if queue.oldest_at else 0
    if as_json:
        for state in found:
            _emit(state)
        _emit(
            {"queue": {"waiting": queue.waiting, "urgent": queue.urgent, "oldest_at": queue.oldest_at, "oldest_seconds": round(waited, 1)}}
        )
        return
    for state in found:
        _print_source(state, now)
    print(f"待理解 {queue.waiting} 条，其中急件 {queue.urgent} 条" + (f"，最早一条已等 {_span(waited)}" if queue.waiting else ""))


def _print_source(state: SourceState, now: datetime) -> None:
    source, least_most = state.source, f"{state.source.expected_daily[0]}–{state.source.expected_daily[1]}"
    doubt = {"below": f"，低于预期 {least_most}", "above": f"，高于预期 {least_most}"}.get(state.expectation, "")
    print(
        f"{source.name:<9} {source.title}（{source.publisher}；{source.owner}；可靠性 {source.reliability}；坐标 {source.crs}）\n"
        f"          近 24 小时新增 {state.new}，重复 {state.duplicate}，隔离 {state.quarantined}，待处理隔离 {state.held}{doubt}"
    )
    for one in state.channels:
        last = f"上次 {_beijing(one.last_run_at)}" if one.last_run_at else "还没有读过"
        due = f"，下次 {_beijing(one.next_run_at)}" if one.next_run_at else ""
        late = "（已过时，日程可能没有运行）" if one.next_run_at and one.next_run_at < now - timedelta(minutes=2) else ""
        lag = f"，距上次读完 {_span(one.lag_seconds)}" if one.lag_seconds is not None else ""
        wrong = (
            f"\n              连续失败 {one.failures} 次：{one.error}"
            if one.failures
            else f"\n              {one.error}"
            if one.error
            else ""
        )
        print(f"          {one.channel.place}  每 {_span(one.channel.every_seconds)}  {last}{due}{late}{lag}{wrong}")
    if state.unread_fields:
        print(f"          没有被读取的列：{'、'.join(state.unread_fields)}")


def _span(seconds: float) -> str:
    """A length of time in words, rounded."""
    for size, unit in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.0f} 秒"


@sources_app.command("ask")
def sources_ask(name: Annotated[str, typer.Argument(help="Entry of sources.yml.")], as_json: AsJson = False) -> None:
    """Ask one address of sources.yml now and receive what it has that we do not; understanding follows with `anlan up` or the next ingest."""
    from ingestion.receiving import ask_address
    from ingestion.source import sources as known
    from ingestion.source_addresses import addresses

    with _knowledge() as knowledge:
        modules = known()
        entries = {address.name: address for address in addresses(knowledge.settings, modules)}
        if name not in entries:
            raise NotFound(f"sources.yml 里没有 {name}；现有：{'、'.join(entries) or '（空）'}")
        receipt = ask_address(knowledge, modules[entries[name].source], entries[name])
    if as_json:
        _emit(receipt)
    else:
        print(f"读入 {receipt.read}：新增 {receipt.new}，重复 {receipt.duplicate}，隔离 {receipt.quarantined}")


@sources_app.command("quarantine")
def sources_quarantine(
    source: Annotated[str, typer.Option("--source", help="Only this source's.")] = "",
    show: Annotated[bool, typer.Option("--show", help="Also the kept record, masked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Records that could not be read and are not settled, newest first, with the reason."""
    from graph.ledger import Ledger
    from ingestion.privacy import mask as masked

    ledger = Ledger(Settings().ledger_address)
    for held in ledger.held(source or None):
        raw = masked(ledger.held_record(held.digest).raw[:2000]) if show else None
        if as_json:
            _emit(dataclasses.asdict(held) | ({"raw": raw} if show else {}))
        else:
            print(
                f"{held.digest[:16]}  {_beijing(held.at)}  {held.source}  {held.where}\n    {held.reason}"
                + (f"\n    {raw}" if show else "")
            )


@sources_app.command("retry")
def sources_retry(
    id: Annotated[str, typer.Argument(help="First characters of the record's id; nothing with --all.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every record that is not settled.")] = False,
    text: Annotated[Path | None, typer.Option("--text", help="The record as a person mended it (JSON or XML).")] = None,
    user: AsUser = "duty",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Read quarantined records again by today's reader. Exit status 1 when one still cannot be read; it then stays where it is."""
    from graph import people
    from ingestion.quarantine import retry

    if bool(id) == every or (text and every):
        raise typer.BadParameter("give one id, or --all")
    with _knowledge() as knowledge:
        person = _person(knowledge, user, password_file)
        people.allow(knowledge.ledger, person, "ingest")
        chosen = [held.digest for held in knowledge.ledger.held() if every or held.digest.startswith(id)]
        if not every and len(chosen) != 1:
            raise NotFound(f"{len(chosen)} 条隔离记录的编号以 {id} 开头，应当恰好一条；anlan sources quarantine 可列出。")
        failed = []
        for digest in chosen:
            try:
                receipt = retry(knowledge, digest, by=person.name, text=text.read_text("utf-8-sig") if text else None)
                _emit(receipt) if as_json else print(f"{digest[:16]}：新增 {receipt.new}，重复 {receipt.duplicate}")
            except Refused as error:
                failed.append(str(error))
    if failed:
        raise Refused("\n".join(failed))


@app.command()
def understand(
    file: Annotated[str, typer.Argument(help="JSON lines with id, text and optionally title, time, city; `-` is stdin.")] = "-",
    as_json: AsJson = True,
) -> None:
    """One JSON object a line in, what it says out. Stores nothing."""
    from ingestion import extract, privacy, triage
    from ingestion.places import gazetteer

    settings = Settings()
    model = triage.of_city(settings.home)
    for number, line in enumerate(_lines(file), 1):
        try:
            item = json.loads(line)
            text = item["text"]
            when = _moment(str(item.get("time") or ""))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{file} 第 {number} 行不是带 text 的 JSON 对象：{error}") from error
        title, city = str(item.get("title") or ""), str(item.get("city") or settings.city_name)
        said = extract.understand(
            str(text), id=str(item.get("id", "")), title=title, time=when, city=city, names=gazetteer(city, settings.home)
        )
        _emit(triage.suggested(said, privacy.mask(title), model, settings.triage_confidence))


def _lines(file: str) -> Iterator[str]:
    with contextlib.nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
        for raw in stream:
            try:
                line = raw.decode("utf-8-sig").strip()
            except UnicodeDecodeError as error:
                raise BadInput(f"{file} 不是 UTF-8 文本：{error}") from error
            if line:
                yield line


@app.command()
def mask(file: Annotated[str, typer.Argument(help="Text file; `-` is stdin.")] = "-") -> None:
    """Mask personal data in a text."""
    from ingestion import privacy

    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        sys.stdout.write(privacy.mask(data.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} 不是 UTF-8 文本：{error}") from error


@triage_app.command("train")
def triage_train(
    files: Annotated[list[Path], typer.Argument(help="CSV, XLSX or JSON lines with text and category or department columns.")],
    out: Annotated[
        Path | None, typer.Option(help="Where the model goes; without it, where understanding looks: ANLAN_HOME/triage.")
    ] = None,
    corrected: Annotated[bool, typer.Option(help="Learn from the messages officers corrected here, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Learn category and department from labelled history; what stays in the machine is weights of words, no message."""
    from ingestion import triage, triage_training

    history = triage_training.history(files)
    if corrected:
        with _knowledge() as knowledge:
            history += triage_training.corrected(knowledge)
    model = triage_training.train(history)
    target = out or Settings().folder("triage") / triage.FILE
    triage.save(model, target)
    heads = {head.field: {"labels": len(head.labels), "abstains_below": head.threshold} for head in model.heads}
    if as_json:
        _emit({"file": str(target), **model.facts, "heads": heads})
        return
    print(f"已从 {model.facts['messages']} 条留言学习，模型 {model.facts['digest']} 存于 {target}")
    for field, head in heads.items():
        print(f"  {'类别' if field == 'category' else '部门'} {head['labels']} 种；置信度低于 {head['abstains_below']:.2f} 时不作建议")
    for label, count in sorted(model.facts["too_few"].items()):
        err.print(f"  未学习“{label}”：只有 {count} 条，至少需要 {triage_training.FEWEST} 条", markup=False)


@triage_app.command("correct")
def triage_correct(
    evidence: str,
    as_user: AsUser,
    category: Annotated[str, typer.Option(help="Category as the officer says it is.")] = "",
    department: Annotated[str, typer.Option(help="Department as the officer says it is.")] = "",
    password_file: PasswordFile = None,
) -> None:
    """Confirm or correct a proposed category or department; it is recorded, outranks every model, and can be learned from."""
    from graph.triage import correct

    with _knowledge() as knowledge:
        person = _person(knowledge, as_user, password_file)
        view = correct(knowledge, evidence, person, category=category, department=department)
    print(f"已记录：{view.id} 类别 {view.category or '—'}，部门 {view.department or '—'}（{view.triaged_by}）")


# ---------------------------------------------------------------- incidents and reports


@app.command()
def incidents(as_json: AsJson = False) -> None:
    """The incidents, newest change first, with grade and earliest deadline."""
    from models import rules

    with _knowledge() as knowledge:
        found = knowledge.store.incidents()
        impacts = knowledge.store.impacts([i.id for i in found])
    for incident in found:
        due = rules.earliest(rules.deadlines(incident, impacts.get(incident.id, [])))
        if as_json:
            _emit(
                {
                    **incident.model_dump(mode="json"),
                    "impacts": [i.model_dump(mode="json") for i in impacts.get(incident.id, [])],
                    "earliest_deadline": due.model_dump(mode="json") if due else None,
                }
            )
        else:
            print(_line(incident, due))


def _line(incident: Incident, due: Any) -> str:
    mark = "【演练】" if incident.mode == "exercise" else ""
    deadline = f"  最早时限 {_beijing(due.due_at)}（{due.clause}）" if due else ""
    return f"{incident.id}  {mark}{incident.title}  {_beijing(incident.started_at)}  证据 {incident.evidence_count}{deadline}"


INCIDENT_VERBS = {
    "merge": "merge FROM INTO",
    "split": "split INCIDENT EVIDENCE…",
    "move": "move EVIDENCE… INCIDENT|none",
    "refuse": "refuse EVIDENCE",
    "close": "close INCIDENT",
    "undo": "undo JUDGEMENT",
}
"""What `anlan incident` can do besides showing one, and the words it wants."""


@app.command()
def incident(
    words: Annotated[
        list[str], typer.Argument(metavar="ID | VERB …", help="An incident id, or: " + "; ".join(INCIDENT_VERBS.values()) + ".")
    ],
    user: Annotated[str, typer.Option("--as", help="Account in whose name it is judged; not needed to look.")] = "",
    reason: Annotated[str, typer.Option(help="Why; required for every judgement.")] = "",
    title: Annotated[str, typer.Option(help="Title of the incident split off.")] = "",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """One incident whole; or a person's judgement about what belongs together, which outranks every score until it is undone."""
    if words[0] in INCIDENT_VERBS:
        _judge(words[0], words[1:], user, reason, title, password_file, as_json)
        return
    if len(words) > 1:
        raise typer.BadParameter(f"give one incident id, or one of {'、'.join(INCIDENT_VERBS)}")
    from reports.subject import dossier_of

    with _knowledge() as knowledge:
        dossier = dossier_of(knowledge, words[0])
    if as_json:
        _emit(dossier)
        return
    print(_line(dossier.incident, None))
    if dossier.incident.merged_into:
        print(f"  已并入 {dossier.incident.merged_into}")
    for impact in dossier.impacts:
        print(f"  {IMPACT_TYPES[impact.type][0]}：{impact.best if impact.best is not None else '待核'}{impact.unit}  {impact.rule}")
    titles = {one.id: one.title for one in dossier.linked}
    for link in dossier.links:
        way = f"引发 {titles[link.effect]}" if link.cause == dossier.incident.id else f"起因 {titles[link.cause]}"
        print(f"  关联：{way}（{'；'.join(link.reasons)}）")
    for one in dossier.judgements:
        print(
            f"  人工：{one.id} {_beijing(one.at)} {one.officer_name} {VERDICT_WORDS[one.verdict]}：{one.reason}{'（已撤销）' if one.undone else ''}"
        )
    for view in dossier.evidence:
        print(f"  {view.id} {_beijing(view.sent_at or view.received_at)} {view.source_title}：{view.text[:80]}")


VERDICT_WORDS = {"merge": "合并", "split": "拆分", "move": "移动", "refuse": "拒绝提议", "close": "结束", "undo": "撤销"}
"""What each judgement is called."""


def _judge(verb: str, words: list[str], user: str, reason: str, title: str, password_file: Path | None, as_json: bool) -> None:
    from graph import judgements

    wanted = {"merge": len(words) == 2, "split": len(words) >= 2, "move": len(words) >= 2}.get(verb, len(words) == 1)
    if not wanted or not user:
        raise typer.BadParameter(f"usage: anlan incident {INCIDENT_VERBS[verb]} --as USER --reason WHY")
    with _knowledge() as knowledge:
        by = _person(knowledge, user, password_file)
        if verb == "merge":
            judgement = judgements.merge(knowledge, words[0], words[1], by, reason)
        elif verb == "split":
            judgement = judgements.split(knowledge, words[0], words[1:], by, reason, title=title)
        elif verb == "move":
            judgement = judgements.move(knowledge, words[:-1], None if words[-1] == "none" else words[-1], by, reason)
        elif verb == "refuse":
            judgement = judgements.refuse(knowledge, words[0], by, reason)
        elif verb == "close":
            judgement = judgements.close(knowledge, words[0], by, reason)
        else:
            judgement = judgements.undo(knowledge, words[0], by, reason)
    if as_json:
        _emit(judgement)
    else:
        into = f"，归入 {judgement.target}" if judgement.target else ""
        print(f"已记录 {judgement.id}：{VERDICT_WORDS[verb]}{into}。撤销：anlan incident undo {judgement.id} --as {user} --reason …")


@app.command()
def draft(
    incident: Annotated[str, typer.Argument(help="Incident id, or a day for its 日报: day-2026-07-18, day-2026-07-18-exercise.")] = "",
    text: Annotated[Path | None, typer.Option("--text", help="Draft from this text alone; stores nothing.")] = None,
    type: Annotated[str | None, typer.Option("--type", help="Report type; otherwise chosen by the incident.")] = None,
    when: Annotated[
        str, typer.Option("--time", help="With --text: when it was written (ISO 8601); without it nothing about the date is assumed.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Also write a docx marked 草稿.")] = None,
    model: Annotated[
        bool, typer.Option("--model", help="Wait for the language model's wording too, and take over what passes every check.")
    ] = False,
    user: AsUser = "duty",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Draft a report with claims, citations, findings and the time each stage took. The draft by rules stands first, with or without a model."""
    from reports import render as rendering
    from reports import signoff
    from reports.subject import dossier_of

    if bool(incident) == bool(text):
        raise typer.BadParameter("give either an incident id or --text FILE")
    started = time.perf_counter()
    stages: dict[str, float] = {}
    told: dict[str, Any] = {}
    if model and text:
        raise typer.BadParameter("--model needs an incident: what a model wrote is recorded in the ledger")
    if text:
        state, dossier, stages = _draft_from_text(text, type, when)
        if out:
            out.write_bytes(rendering.document_bytes(state, dossier))
    else:
        with _knowledge() as knowledge:
            stages["open"] = time.perf_counter() - started
            person = _person(knowledge, user, password_file)
            began = time.perf_counter()
            state = signoff.write_draft(knowledge, incident, person, report_type=type)
            stages["draft_and_verify"] = time.perf_counter() - began
            if model:
                state, told = _model_wording(knowledge, state, person, stages)
            if out:
                out.write_bytes(rendering.document_bytes(state, dossier_of(knowledge, incident)))
    stages["total"] = time.perf_counter() - started
    if as_json:
        _emit(
            {
                **state.model_dump(mode="json"),
                "digest": state.report.content_digest(),
                "seconds": {k: round(v, 3) for k, v in stages.items()},
                **({"model": told} if model else {}),
            }
        )
    else:
        _print_report(state)


def _model_wording(knowledge: Any, state: ReportState, person: Person, stages: dict[str, float]) -> tuple[ReportState, dict[str, Any]]:
    """Ask the model for its wording and take over every section in which something passed. Without an answer the draft by rules stays."""
    from models.language import LanguageModel, NoAnswer
    from reports import model_draft

    began = time.perf_counter()
    try:
        made = model_draft.offer(knowledge, state.report.id, LanguageModel(knowledge.settings), person)
    except NoAnswer as trouble:
        err.print(f"模型稿未采用：{trouble} 保留规则稿。", markup=False)
        stages["model"] = time.perf_counter() - began
        return state, {"answered": False, "why": trouble.why, "reason": str(trouble)}
    stages |= {f"model_{stage}": seconds for stage, seconds in made.seconds.items()}
    sections = list(dict.fromkeys(claim.section for claim in made.claims))
    if sections:
        state = model_draft.take(knowledge, state.report.id, state.report.version, made, sections, person)
    stages["model"] = time.perf_counter() - began
    dropped = [item.model_dump(mode="json") for item in made.dropped]
    return state, {"answered": True, "model": made.model, "sections": sections, "kept": len(made.claims), "dropped": dropped}


def _draft_from_text(path: Path, report_type: str | None, when: str) -> tuple[ReportState, Dossier, dict[str, float]]:
    """A draft of one text through the same understanding, fusion, drafting and checking, without touching any store."""
    from ingestion.pipeline import dossier_of_text
    from reports.draft import draft as make_draft
    from reports.verify import verify

    now = datetime.now(BEIJING)
    began = time.perf_counter()
    try:
        content = (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} 不是 UTF-8 文本：{error}") from error
    dossier = dossier_of_text(content, _moment(when), now, Settings())
    read = time.perf_counter()
    report = make_draft(dossier, report_type=report_type, by="command-line", at=now, settings=Settings())
    drafted = time.perf_counter()
    findings = tuple(verify(report, dossier))
    done = time.perf_counter()
    stages = {"understand": read - began, "draft": drafted - read, "verify": done - drafted}
    return ReportState(report=report, findings=findings, status="draft"), dossier, stages


def _moment(text: str) -> datetime | None:
    """A moment given on the command line; one without a zone is Beijing time."""
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text} 不是 ISO 8601 时间，例如 2026-07-18T20:15") from error
    return when if when.tzinfo else when.replace(tzinfo=BEIJING)


def _print_report(state: ReportState) -> None:
    report = state.report
    print(f"{report.title}\n报告 {report.id}  第 {report.version} 版  {state.status}  摘要 {report.content_digest()}\n")
    for claim in report.claims:
        print(claim.text)
    for finding in state.findings:
        err.print(f"[{finding.severity}] {finding.message}")


@app.command()
def report(
    id: str,
    form: Annotated[
        str,
        typer.Option("--format", help="Write a file instead: docx, pdf (needs LibreOffice), json, or cap (CAP 1.2, signed reports only)."),
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; otherwise under reports/ in the home folder.")] = None,
    user: AsUser = "duty",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """One report: its text, checks, decisions, the digest a signature binds to and what people judged since; or, with --format, a file of it in a person's name."""
    from reports import render as rendering
    from reports import signoff
    from reports.subject import dossier_of

    if form and form not in rendering.SUFFIX:
        raise typer.BadParameter(f"--format is one of {', '.join(rendering.SUFFIX)}")
    if out and not form:
        raise typer.BadParameter("--out needs --format")
    with _knowledge() as knowledge:
        if form:
            person = _person(knowledge, user, password_file)
            path = rendering.render(knowledge, id, out, person, form=form)  # type: ignore[arg-type]
            _emit({"format": form, "file": str(path)}) if as_json else print(path)
            return
        state = knowledge.store.report(id)
        since = signoff.judged_since(state, dossier_of(knowledge, state.report.incident))
    if as_json:
        _emit({**state.model_dump(mode="json"), "digest": state.report.content_digest(), "judged_since": since})
    else:
        _print_report(state)
        for line in since:
            err.print(f"写成之后有人工判断：{line}", markup=False)


def _read_and_confirm(knowledge: Any, report_id: str, digest_read: str) -> Report:
    """The report exactly as it will go out; without `--digest` it is shown and the person must say yes."""
    state = knowledge.store.report(report_id)
    if digest_read:
        return state.report
    if not sys.stdin.isatty():
        raise Refused("请用 --digest 给出所阅读版本的摘要（anlan report 会打印），决定只对读过的内容有效。")
    _print_report(state)
    if not typer.confirm("以上即将作出决定的全部内容，确认？"):
        raise Refused("没有确认，什么也没有改变。")
    return state.report


def _decide(verb: str, report_id: str, user: str, password_file: Path | None, digest_read: str, reason: str, as_json: bool) -> None:
    from reports import signoff

    with _knowledge() as knowledge:
        person = _person(knowledge, user, password_file)
        read = _read_and_confirm(knowledge, report_id, digest_read)
        action = {"submit": signoff.submit, "sign": signoff.sign, "return": signoff.return_, "withdraw": signoff.withdraw}[verb]
        state = action(knowledge, report_id, version=read.version, digest=digest_read or read.content_digest(), by=person, reason=reason)
        path = None
        if verb == "sign":
            from reports import render as rendering

            path = rendering.render(knowledge, report_id, out=None, by=person)
    if as_json:
        _emit({"status": state.status, "digest": state.report.content_digest(), "docx": str(path) if path else None})
    else:
        print(f"{state.report.title}：{state.status}" + (f"\n{path}" if path else ""))


@app.command()
def submit(report: str, user: AsUser, password_file: PasswordFile = None, digest: ReadDigest = "", as_json: AsJson = False) -> None:
    """Send a draft for signature."""
    _decide("submit", report, user, password_file, digest, "", as_json)


@app.command()
def sign(report: str, user: AsUser, password_file: PasswordFile = None, digest: ReadDigest = "", as_json: AsJson = False) -> None:
    """Sign a submitted report as a second person, and write the docx."""
    _decide("sign", report, user, password_file, digest, "", as_json)


@app.command("return")
def return_(
    report: str,
    user: AsUser,
    reason: Annotated[str, typer.Option(help="Why; goes to the drafter.")],
    password_file: PasswordFile = None,
    digest: ReadDigest = "",
    as_json: AsJson = False,
) -> None:
    """Return a submitted report to its drafter with a reason."""
    _decide("return", report, user, password_file, digest, reason, as_json)


@app.command()
def withdraw(
    report: str,
    user: AsUser,
    reason: Annotated[str, typer.Option(help="Why it is taken back.")],
    password_file: PasswordFile = None,
    digest: ReadDigest = "",
    as_json: AsJson = False,
) -> None:
    """Withdraw a signed report with a reason; the record of it stays."""
    _decide("withdraw", report, user, password_file, digest, reason, as_json)


@app.command()
def needs(
    people: Annotated[int, typer.Option(min=0)],
    days: Annotated[float, typer.Option(min=0)],
    standard: Annotated[
        str,
        typer.Option(help="Name of a standard, shipped or in ANLAN_HOME/standards, or a file (ours or an InaSAFE profile)."),
    ] = "sphere",
    group: Annotated[
        list[str] | None, typer.Option(help="How many of them are children, elderly, alone or disabled: children=120; may be repeated.")
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option(help="A condition the standard has other amounts for: 寒冷; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What a number of people needs for a number of days, by a named standard."""
    from models import needs as relief

    loaded = relief.load_standard(standard, Settings().home / "standards")
    found = relief.needs(people, days, loaded, conditions=condition or (), groups=_groups(group or []))
    for warning in loaded.warnings:
        err.print(warning, style="yellow", markup=False)
    if as_json:
        _emit({"needs": [n.model_dump(mode="json") for n in found], "warnings": list(loaded.warnings)})
        return
    for need in found:
        quantity = "待补人数" if need.quantity is None else relief.with_unit(f"{need.quantity:.10g}", need.unit)
        print(f"{need.item}  {quantity}  （{need.arithmetic}；{need.standard} {need.clause}{'' if need.verified else '；未核实'}）")


def _groups(given: list[str]) -> dict[Group, int]:
    """`children=120` as written on the command line; the numbers are checked where they are used."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(dict[Group, int]).validate_python(dict(one.split("=", 1) for one in given))
    except (ValueError, ValidationError) as error:
        raise typer.BadParameter("--group is written children=120, with one of children, elderly, alone, disabled") from error


@app.command()
def exposure(
    footprint: Annotated[Path | None, typer.Option(help="File: GeoJSON, GeoPackage, Shapefile, ASC grid or GeoTIFF.")] = None,
    circle: Annotated[str, typer.Option(help="LON,LAT,RADIUS_M; several radii make bands.")] = "",
    area: Annotated[list[str] | None, typer.Option(help="District, street or town of the survey; repeatable.")] = None,
    layer: Annotated[str, typer.Option(help="Layer of a GeoPackage with several.")] = "",
    depth: Annotated[
        str, typer.Option(help="The numbers are metres of water; depths at which bands begin (0.15,0.5,1), or `default`.")
    ] = "",
    intensity: Annotated[str, typer.Option(help="The numbers are degrees of intensity at which bands begin (6,7,8), or `default`.")] = "",
    column: Annotated[str, typer.Option(help="Column that holds them.")] = "",
    where: Annotated[str, typer.Option(help="COLUMN=VALUE: only these polygons.")] = "",
    crs: Annotated[str, typer.Option(help="Coordinate system of a footprint file that declares none (EPSG:4490).")] = "",
    survey: Annotated[list[Path] | None, typer.Option(help="Survey files to use instead of the home's; repeatable.")] = None,
    population: Annotated[Path | None, typer.Option(help="Raster of people per cell, in place of the survey's divisions.")] = None,
    near: Annotated[float, typer.Option(help="Metres within which a site is near.")] = 500,
    as_json: AsJson = False,
) -> None:
    """People, buildings, roads and sites in a hazard's footprint, from the survey, counted once, with the arithmetic and the gaps."""
    from models import footprints, grids
    from models.exposure import exposure as exposed

    if sum(map(bool, (footprint, circle, area))) != 1 or (depth and intensity):
        raise typer.BadParameter("give one of --footprint, --circle, --area, and at most one of --depth, --intensity")
    numbers = _numbers("--depth/--intensity", levels) if (levels := depth or intensity) not in ("", "default") else ()
    bodies = _surveyed(survey) if survey else None
    with _knowledge() if bodies is None and not population else contextlib.nullcontext() as knowledge:
        if footprint:
            measure: Any = "depth" if depth else "intensity" if intensity else ""
            ground = footprints.from_file(footprint, layer=layer, measure=measure, column=column, levels=numbers, where=where, crs=crs)
        elif circle:
            lon, lat, *radii = (*_numbers("--circle", circle), math.nan, math.nan)[: max(3, circle.count(",") + 1)]
            ground = footprints.circle(lon, lat, radii, origin="command-line")
        else:
            named = bodies if bodies is not None else knowledge.store.features(["population"], limit=300_000) if knowledge else []
            ground = footprints.area(area or [], named, origin="command-line")
        around = bodies if bodies is not None else knowledge.store.features_around(*footprints.bounds(ground)) if knowledge else []
    found = exposed(ground, around, population=grids.read_grid(population) if population else None, near_metres=near)
    if as_json:
        _emit(found)
    else:
        _print_exposure(found)


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise BadInput(f"{option} 应为用逗号分开的数，现为“{text[:60]}”。") from error


def _surveyed(files: list[Path]) -> list[Any]:
    """The bodies in survey files; rows that cannot be read are told on stderr."""
    from ingestion.sources import survey
    from models.domain import Feature

    records = [record for file in files for record in survey.read(file, datetime.now(BEIJING))]
    bodies = [record for record in records if isinstance(record, Feature)]
    if len(bodies) < len(records):
        err.print(f"{len(records) - len(bodies)} 条普查记录无法读取，没有计入")
    return bodies


def _print_exposure(found: Any) -> None:
    from models.relief import GROUPS

    print(f"{found.footprint.title}（{'；'.join(band.label for band in found.footprint.bands)}）")
    if found.footprint.assumption:
        print(f"  假定：{found.footprint.assumption}")
    for group, figure in found.people.items():
        print(f"{GROUPS[group]}  {figure.best:,.0f}（{figure.low:,.0f}–{figure.high:,.0f}）")
    for line in found.arithmetic:
        print(f"  {line}")
    for row in found.buildings:
        print(f"建筑  {row.structure} {row.storeys}  {row.count} 栋" + (f"，{row.floor_area:,.0f} 平方米" if row.floor_area else ""))
    for site in found.sites:
        amount = "" if site.amount is None else f"，{site.amount:,.0f} 米在内" if site.kind == "road" else f"，{site.amount:,.0f}"
        print(f"{site.kind}  {site.name}  {'在内' if site.inside else f'相距 {site.metres:,.0f} 米'}{amount}")
    first, last = found.surveyed
    print(f"有人口数据的面积 {found.covered:.1%}；普查日期 {first or '未注明'} 至 {last or '未注明'}")
    for gap in found.gaps:
        print(f"  缺口：{gap}")


# ---------------------------------------------------------------- the library


@library.command("add")
def library_add(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders: markdown, docx, text, PDF with a text layer, HTML, xlsx.")],
    as_json: AsJson = False,
) -> None:
    """Import documents; what is already there unchanged is left alone, a changed one replaces its old text and keeps the history."""
    from graph import importing
    from graph.library_index import newest, up_to_date

    with _knowledge() as knowledge:
        count = importing.add(knowledge, paths, progress=_tally("已读入"), by="command-line")
        up_to_date(knowledge, newest(knowledge))
    if as_json:
        _emit(dataclasses.asdict(count))
    else:
        print(
            f"新增 {count.new}，更新 {count.changed}，未变 {count.same}，无法读取 {len(count.unreadable)}；条文 {count.provisions}，引用 {count.references}，要点 {count.facts}；{count.seconds:.1f} s"
        )
        for file, reason in count.unreadable:
            err.print(f"{file}：{reason}", markup=False)
    if count.unreadable and not (count.new or count.changed or count.same):
        raise typer.Exit(1)


def _tally(words: str) -> Callable[[int, int, str], None] | None:
    """So many of so many, on stderr, when someone is watching."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, of: int, _name: str) -> None:
        sys.stderr.write(f"\r{words} {done}/{of}   ")
        sys.stderr.flush()

    return show


@library.command("list")
def library_list(as_json: AsJson = False) -> None:
    """The documents, shipped and imported, with the days they are in force."""
    with _knowledge() as knowledge:
        for document in knowledge.store.every_document():
            if as_json:
                _emit(document)
            else:
                until = f"，废止 {document.repealed}" if document.repealed else ""
                print(f"{document.id}  《{document.title}》  施行 {document.in_force or '未见'}{until}")


@library.command("show")
def library_show(id: Annotated[str, typer.Argument(help="Document or provision id.")], as_json: AsJson = False) -> None:
    """One document with its articles and versions, or one article with what it cites and what cites it."""
    with _knowledge() as knowledge:
        store = knowledge.store
        try:
            document = store.document(id)
        except NotFound:
            provision = store.provision(id)
            shown: dict[str, Any] = {
                "provision": provision.model_dump(mode="json"),
                "document": store.document(provision.document).model_dump(mode="json"),
                "facts": [fact.model_dump(mode="json") for fact in store.facts(provision=id)],
                "cites": [reference.model_dump(mode="json") for reference in store.references_of([id])],
                "cited_by": [by.id for _, by in store.citations_in(id)],
            }
        else:
            shown = {
                "document": document.model_dump(mode="json"),
                "versions": [{"id": one.id, "in_force": one.in_force, "repealed": one.repealed} for one in store.versions(id)],
                "provisions": [one.model_dump(mode="json") for one in store.provisions_of(id)],
            }
    if as_json:
        _emit(shown)
        return
    print(
        f"《{shown['document']['title']}》  {shown['document']['number']}  施行 {shown['document']['in_force'] or '未见'}  废止 {shown['document']['repealed'] or '—'}"
    )
    for one in shown.get("provisions") or [shown["provision"]]:
        print(f"{one['article']}　{one['text']}")


@library.command("remove")
def library_remove(id: str, reason: Annotated[str, typer.Option(help="Why it is removed.")] = "") -> None:
    """Remove an imported document with everything it brought; the record that it was there stays."""
    from graph import importing
    from graph.library_index import newest, up_to_date

    with _knowledge() as knowledge:
        importing.remove(knowledge, id, by="command-line", reason=reason)
        up_to_date(knowledge, newest(knowledge))
    print(f"已移除 {id}")


@library.command("expiring")
def library_expiring(within: Annotated[int, typer.Option(help="Days to look ahead.", min=0)] = 180, as_json: AsJson = False) -> None:
    """Documents whose validity ends or whose review is due soon, and citations of versions no longer in force."""
    from graph import importing
    from graph.citations import Shelf

    today = datetime.now(BEIJING).date()
    with _knowledge() as knowledge:
        documents = list(knowledge.store.every_document())
        provisions = list(knowledge.store.every_provision())
        ending = importing.expiring(documents, today, timedelta(days=within))
        owner = {one.id: one.document for one in provisions}
        cited: dict[str, list[Any]] = {}
        for reference in knowledge.store.references_of(list(owner)):
            cited.setdefault(owner[reference.provision], []).append(reference)
        by_id = {one.id: one for one in documents}
        stale = importing.stale_references([(by_id[id], found) for id, found in cited.items()], Shelf(documents, provisions), today)
    if as_json:
        _emit(
            {
                "expiring": [{"id": one.document.id, "document": one.document.title, "day": one.day, "what": one.what} for one in ending],
                "stale": [
                    {"provision": one.reference.provision, "document": one.citing.title, "quote": one.reference.quote, "reason": one.reason}
                    for one in stale
                ],
            }
        )
        return
    words = {"expires": "有效期至", "review": "应评估修订于", "repealed": "废止于"}
    for one in ending:
        print(f"《{one.document.title}》{words[one.what]} {one.day}")
    for old in stale:
        print(f"《{old.citing.title}》{old.reference.quote}：{old.reason}")
    if not ending and not stale:
        print(f"{within} 天内没有到期的文件，也没有引用失效版本。")


@library.command("search")
def library_search(
    query: Annotated[str, typer.Argument(help="What to look for; `-` reads JSON lines with id, query and optionally as_of.")],
    k: Annotated[int, typer.Option("-k", min=1, max=100)] = 10,
    as_of: AsOf = "",
    as_json: AsJson = False,
) -> None:
    """Find provisions; each result says why it ranks. Without --as-of, only what is in force today."""
    with _library() as index:
        for id, question, day in _questions(query, as_of):
            found = index.search(question, k, day)
            if as_json or query == "-":
                _emit({**({"id": id} if query == "-" else {}), "results": [one.model_dump(mode="json") for one in found]})
                continue
            for one in found:
                print(
                    f"{one.score:6.3f}  《{one.document}》{one.article}{'' if one.in_force else '（现已失效）'}　{one.text[:90]}\n        {'；'.join(one.why)}"
                )
            if not found:
                print("没有找到；换一种说法，或用 anlan library add 导入有关文件。")


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="A question; `-` reads JSON lines with id, query and optionally as_of.")],
    as_of: AsOf = "",
    as_json: AsJson = False,
) -> None:
    """An answer made of cited provisions in force on the day, or a refusal."""
    from graph.ask import ask as answer_to

    with _library() as index:
        for id, asked, day in _questions(question, as_of):
            answer = answer_to(index, asked, day)
            if as_json or question == "-":
                _emit({**({"id": id} if question == "-" else {}), **answer.model_dump(mode="json")})
            else:
                print(answer.reason if answer.refused else f"{answer.answer}\n（{answer.reason}）")


@contextlib.contextmanager
def _library() -> Iterator[Any]:
    """The search over the library, brought up to date."""
    from graph.library_index import newest, up_to_date

    with _knowledge() as knowledge:
        yield up_to_date(knowledge, newest(knowledge))


def _questions(query: str, as_of: str) -> Iterator[tuple[str, str, date | None]]:
    """One question from the command line, or many from stdin, each with its id and the day it is asked for."""
    if query != "-":
        yield "", query, _day(as_of)
        return
    for number, line in enumerate(_lines("-"), 1):
        try:
            item = json.loads(line)
            asked = str(item["query"])
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"第 {number} 行不是带 query 的 JSON 对象：{error}") from error
        yield str(item.get("id", number)), asked, _day(str(item.get("as_of") or as_of))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(f"{text} 不是日期，例如 2024-11-01") from error


# ---------------------------------------------------------------- the record


@audit.command("verify")
def audit_verify(as_json: AsJson = False) -> None:
    """Does the chain hold, and are signed files what was signed. Exit status 1 when not."""
    from reports.render import all_intact

    with _knowledge() as knowledge:
        chain = knowledge.ledger.verify()
        changed = all_intact(knowledge)
    if as_json:
        _emit(
            {
                "ok": chain.ok and not changed,
                "entries": chain.entries,
                "first_broken": chain.first_broken,
                "reason": chain.reason,
                "files": changed,
            }
        )
    else:
        print(f"台账 {chain.entries} 条：" + ("完整" if chain.ok else f"第 {chain.first_broken} 条起不可信：{chain.reason}"))
        for line in changed:
            print(line)
    if not chain.ok or changed:
        raise typer.Exit(1)


@audit.command("export")
def audit_export(out: Annotated[Path | None, typer.Option("--out", help="File; otherwise stdout.")] = None) -> None:
    """Every entry of the ledger as JSON lines, without the archive of bodies."""
    from graph.ledger import Ledger

    ledger = Ledger(Settings().ledger_address)
    with out.open("w", encoding="utf-8") if out else contextlib.nullcontext(sys.stdout) as stream:
        for entry in ledger.entries():
            stream.write(entry.model_dump_json() + "\n")


@graph_app.command("rebuild")
def graph_rebuild() -> None:
    """Empty the graph and build it again from the ledger and the shipped library."""
    with _knowledge() as knowledge:
        knowledge.rebuild()
        print(f"已重建到第 {knowledge.store.projected()} 条；摘要 {knowledge.store.digest()}")


@model_app.command("status")
def model_status(as_json: AsJson = False) -> None:
    """Ask the language model's server for one token, prove that it keeps to a schema, and say whether its guardian has paused it."""
    from graph.guardian import pause_of
    from models.language import LanguageModel

    with _knowledge() as knowledge:
        state = LanguageModel(knowledge.settings).probe()
        stopped = pause_of(knowledge.ledger)
    paused = {"by": stopped.by, "at": stopped.at.isoformat(), "reason": stopped.payload["reason"]} if stopped else None
    if as_json:
        _emit({**state.model_dump(mode="json"), "paused": paused})
    else:
        print(f"{state.name}  {state.model}  {state.detail}" + (f"\n已由 {paused['by']} 停用：{paused['reason']}" if paused else ""))


@model_app.command("pause")
def model_pause(reason: Reason, user: AsUser = "guardian", password_file: PasswordFile = None) -> None:
    """Stop every use of the language model at once; a guardian's act. Work goes on by rules."""
    from graph.guardian import pause

    with _knowledge() as knowledge:
        pause(knowledge.ledger, _person(knowledge, user, password_file), reason)
    print("人工智能已停用，报告由规则起草。")


@model_app.command("resume")
def model_resume(reason: Reason, user: AsUser = "guardian", password_file: PasswordFile = None) -> None:
    """Let the language model be asked again; a guardian's act."""
    from graph.guardian import resume

    with _knowledge() as knowledge:
        resume(knowledge.ledger, _person(knowledge, user, password_file), reason)
    print("人工智能已恢复使用。")


@app.command("serve-model")
def serve_model(
    profile: Annotated[str, typer.Argument(help="Profile to start; without one they are listed.")] = "",
    only_print: Annotated[bool, typer.Option("--print", help="Print the exact command with its environment, start nothing.")] = False,
    port: Annotated[int, typer.Option(help="Loopback port of the server.", min=1, max=65535)] = 8000,
    as_json: AsJson = False,
) -> None:
    """Start vLLM for a hardware profile on loopback, without any request to the outside; Ctrl-C stops it. Without a profile: list them."""
    from models import serving
    from models.language import LanguageModel

    settings = Settings()
    if not profile:
        for each in serving.profiles().values():
            if as_json:
                _emit(each)
            else:
                print(f"{each.name:<28} {each.title}（{'实测过' if each.tried else '未在本项目实测'}）")
        return
    chosen = serving.profile(profile)
    python = settings.vllm_python or sys.executable
    if only_print:
        command = chosen.command(python, settings.models_folder, host=serving.HOST, port=port)
        if as_json:
            _emit({"command": command, "environment": {**serving.OFFLINE, **chosen.environment}, "settings": chosen.settings})
            return
        for note in (chosen.title, *chosen.before, chosen.reckoned, chosen.tried or "未在本项目实测。"):
            err.print(f"# {note}", markup=False)
        print(chosen.shell(python, settings.models_folder, host=serving.HOST, port=port))
        return
    serving.check(chosen, python, settings.models_folder, port)
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, signal.default_int_handler)
    for note in chosen.before:
        err.print(note, markup=False)
    log = settings.folder("logs") / f"{chosen.name}.log"
    err.print(f"正在启动 {chosen.title}，日志在 {log}（Ctrl-C 停止）", markup=False)
    try:
        with serving.server(
            chosen, python, settings.models_folder, port=port, log=log, waiting=_counting(lambda waited: f"已等待 {waited:.0f} 秒")
        ) as process:
            address = f"http://{serving.HOST}:{port}/v1"
            state = LanguageModel(settings.model_copy(update={"model_url": address, "model_name": ""})).probe()
            if state.name not in ("ready", "slow"):
                raise Refused(f"模型服务已启动，但不能使用：{state.detail}")
            print(f"模型服务已就绪：{state.model}  {state.name}  {state.detail}", flush=True)
            wanted = {"ANLAN_MODEL_URL": address, **chosen.settings}
            print("  ".join(f"{name}={value}" for name, value in wanted.items()), flush=True)
            process.wait()
            raise Refused(f"模型服务自行退出（状态 {process.returncode}），日志在 {log}。")
    except KeyboardInterrupt:
        err.print("模型服务已停止。")


@people_app.command("add")
def people_add(
    name: str,
    role: Role,
    display_name: Annotated[str, typer.Option(help="Name as printed in reports.")] = "",
    by: Annotated[str, typer.Option("--as", help="Administrator; not needed for the very first account.")] = "",
    password_file: PasswordFile = None,
    by_password_file: PasswordFile = None,
) -> None:
    """Add an account. The first one must be an administrator."""
    from graph import people

    with _knowledge() as knowledge:
        if knowledge.ledger.people():
            if not by:
                raise NotAllowed("已有账号：请用 --as 以管理员身份添加。")
            people.allow(knowledge.ledger, _person(knowledge, by, by_password_file), "manage_people")
        elif role != "admin":
            raise Refused("第一个账号必须是管理员（admin）。")
        password = password_file.read_text("utf-8").strip() if password_file else getpass.getpass(f"{name} 的新口令: ")
        people.add(knowledge.ledger, Person(name=name, display_name=display_name or name, role=role), password, by=by or "system")
        print(f"已添加 {name}（{role}）")


@people_app.command("list")
def people_list(as_json: AsJson = False) -> None:
    """The accounts and their roles."""
    from graph.ledger import Ledger

    for person in Ledger(Settings().ledger_address).people():
        if as_json:
            _emit(person)
        else:
            print(f"{person.name:<12} {person.role:<9} {person.display_name}")


@app.command()
def bench(
    name: str,
    path: Annotated[Path | None, typer.Option(help="Data, when the benchmark reads some.")] = None,
    messages: Annotated[int, typer.Option(min=1, help="How many messages a surge brings.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Print the figures of one evaluation or benchmark."""
    from dashboard import measure
    from graph import evaluate as library_evaluate
    from ingestion import evaluate
    from ingestion.one_text import dossier_of_text
    from models import allocation_bench
    from reports import evaluate as written

    # These two need both rooms, or the settings.
    both = {"drafts": lambda path: written.drafts(path, dossier_of_text, Settings()), "model": lambda _: written.speed(Settings())}
    known = {
        **evaluate.BENCHMARKS,
        **library_evaluate.BENCHMARKS,
        **allocation_bench.BENCHMARKS,
        **both,
        "surge": partial(evaluate.surge, messages=messages),
        "dashboard": partial(measure.dashboard, messages=messages),
    }
    if name not in known:
        raise NotFound(f"没有名为 {name} 的评测；现有：{'、'.join(known)}")
    figures = known[name](path)
    if as_json:
        _emit(figures)
    else:
        for key, value in figures.items():
            print(f"{key:<40} {value}")


# ---------------------------------------------------------------- the whole


@app.command()
def up() -> None:
    """Graph engine, schedule and dashboard together; Ctrl-C stops all cleanly."""
    from dashboard import serve
    from ingestion.places import gazetteer
    from ingestion.schedule import scheduled

    # What the schedule has to say, such as a queue that grows, belongs on this screen.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for chatty in ("apscheduler", "neo4j"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with _knowledge() as knowledge, scheduled(knowledge):
        settings = knowledge.settings
        gazetteer(settings.city_name, settings.home)  # a broken file of place names stops the start, not the first call
        # A service manager stops with SIGTERM, and a shell starts background jobs with SIGINT ignored: both mean Ctrl-C here.
        for stop in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop, signal.default_int_handler)
        process = subprocess.Popen(serve.command(settings), env=serve.environment(settings), start_new_session=True)
        print(f"安澜已启动：{serve.address(settings)}  （Ctrl-C 停止）", flush=True)
        try:
            process.wait()
            raise Refused(f"看板进程自行退出（状态 {process.returncode}）：端口 {settings.port} 可能已被占用，可用 ANLAN_PORT 换一个。")
        except KeyboardInterrupt:
            print("正在停止……", flush=True)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


DEMO_PEOPLE: tuple[tuple[str, str, Role], ...] = (
    ("duty", "值班员甲", "duty"),
    ("signer", "签发人乙", "signer"),
    ("officer", "指挥员丙", "officer"),
    ("planner", "预案员丁", "planner"),
    ("auditor", "审计员戊", "auditor"),
    ("admin", "管理员己", "admin"),
)
"""The accounts `anlan demo` makes; the names are posts, not people."""


def demo_incidents(found: list[Incident]) -> list[Incident]:
    """What the demo reports on: the newest production accident and the newest natural disaster of the sample."""
    actual = sorted((i for i in found if i.mode == "actual"), key=lambda i: (i.evidence_count, i.id), reverse=True)
    chosen = {}
    for candidate in actual:
        chosen.setdefault(candidate.event_type, candidate)
    return [chosen[kind] for kind in ("production_accident", "natural_disaster") if kind in chosen]


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Stop after the report, start no dashboard.")] = False,
    as_json: AsJson = False,
    evening: Annotated[str, typer.Option(help="Date on which the sample's evening is played; yesterday if not given.")] = "",
) -> None:
    """The main job on the shipped sample, start to finish: calls in, incidents found, a report signed; then the dashboard."""
    say = (lambda line: None) if as_json else (lambda line: print(line, flush=True))
    began = time.perf_counter()
    with _knowledge() as knowledge:
        if knowledge.ledger.last_seq() and not any(knowledge.ledger.entries(kinds=["demo.started"], limit=1)):
            raise Refused(f"{knowledge.settings.home} 里已有真实数据，演示不会混进去：请把 ANLAN_HOME 设为一个空文件夹。")
        say(f"[{time.perf_counter() - began:5.1f} s] 台账与图引擎就绪：{knowledge.settings.home}")
        result = _run_demo(knowledge, say, began, _moment(evening).date() if evening else None)
    if as_json:
        _emit(result)
    if not headless:
        up()


def _yesterday() -> date:
    """The sample's evening is played yesterday, so that what is due reads as it would on a real morning after."""
    return (datetime.now(BEIJING) - timedelta(days=1)).date()


def _demo_passwords(knowledge: Any) -> dict[str, str]:
    """Accounts for the sample with random passwords, kept in a file only this user can read."""
    from graph import people

    path = knowledge.settings.folder("demo") / "accounts.json"
    if path.exists():
        return dict(json.loads(path.read_text("utf-8")))
    passwords = {name: f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for name, _, _ in DEMO_PEOPLE}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump(passwords, stream, ensure_ascii=False, indent=1)
    known = {person.name for person in knowledge.ledger.people()}
    for name, title, role in DEMO_PEOPLE:
        if name not in known:
            people.add(knowledge.ledger, Person(name=name, display_name=title, role=role), passwords[name], by="demo")
    return passwords


def _run_demo(knowledge: Any, say: Callable[[str], None], began: float, evening: date | None) -> dict[str, Any]:
    from graph import people
    from ingestion import pipeline, sample
    from reports import render as rendering
    from reports import signoff

    def at() -> str:
        return f"[{time.perf_counter() - began:5.1f} s]"

    started = next(knowledge.ledger.entries(kinds=["demo.started"], limit=1), None)
    if started is None:
        started = knowledge.record(
            "demo.started", "demo", {"sample": sample.NAME, "evening": (evening or _yesterday()).isoformat()}, by="demo"
        )
    day = date.fromisoformat(started.payload["evening"])
    passwords = _demo_passwords(knowledge)
    first_evidence = time.perf_counter()
    receipts = []
    for source, path in sample.files(knowledge.settings.folder("demo") / "evening", day):
        receipt = pipeline.receive(knowledge, source, path)
        receipts.append(receipt)
        say(f"{at()} 接收 {path.name}：读入 {receipt.read}，新增 {receipt.new}，重复 {receipt.duplicate}，隔离 {receipt.quarantined}")
    understood = pipeline.understand_waiting(knowledge)
    found = knowledge.store.incidents()
    say(
        f"{at()} 理解并归并 {understood.understood} 条：{len([i for i in found if i.mode == 'actual'])} 起实际事件，{len([i for i in found if i.mode == 'exercise'])} 起演练，待人工 {understood.waiting_for_person} 条"
    )
    for item in found:
        say(
            f"          {'【演练】' if item.mode == 'exercise' else ''}{item.title}（证据 {item.evidence_count} 条，{_beijing(item.started_at)}）"
        )
    duty, signer = (people.sign_in(knowledge.ledger, name, passwords[name]) for name in ("duty", "signer"))
    signed, first_draft = [], None
    for item in demo_incidents(found):
        existing = [s for s in knowledge.store.reports(incident=item.id) if s.status == "signed" and s.report.stage == "初报"]
        if existing:
            state = existing[0]
        else:
            asked = time.perf_counter()
            state = signoff.write_draft(knowledge, item.id, duty)
            first_draft = first_draft or time.perf_counter() - first_evidence
            say(
                f"{at()} 起草《{state.report.title}》：{len(state.report.claims)} 句，核查意见 {len(state.findings)} 条，用时 {time.perf_counter() - asked:.2f} s"
            )
            digest = state.report.content_digest()
            state = signoff.submit(knowledge, state.report.id, version=state.report.version, digest=digest, by=duty)
            state = signoff.sign(knowledge, state.report.id, version=state.report.version, digest=digest, by=signer)
        path = rendering.render(knowledge, state.report.id, out=None, by=signer)
        signed.append(str(path))
        say(f"{at()} 已由 {signer.display_name} 签发：{path}")
    if first_draft is not None:
        say(f"          从第一条证据到规则稿：{first_draft:.1f} s")
    say(
        f"{at()} 演示账号的口令在 {knowledge.settings.folder('demo') / 'accounts.json'}："
        + "，".join(f"{k} / {v}" for k, v in passwords.items())
    )
    return {
        "received": [r.model_dump(mode="json") for r in receipts],
        "understood": understood.model_dump(mode="json"),
        "incidents": [i.model_dump(mode="json") for i in found],
        "signed": signed,
        "seconds_to_first_draft": first_draft,
        "seconds": time.perf_counter() - began,
    }


def main() -> None:
    """Run a command; a foreseen failure is one clear line and exit status 1."""
    try:
        app()
    except AnlanError as error:
        err.print(str(error), markup=False)
        raise SystemExit(1) from error
    except FileNotFoundError as error:
        err.print(f"找不到文件 {error.filename}", markup=False)
        raise SystemExit(1) from error
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()

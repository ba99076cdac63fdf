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
import logging.handlers
import math
import os
import secrets
import signal
import socket
import stat
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
from typer.core import TyperGroup

from models.domain import BEIJING, IMPACT_TYPES, Dossier, Incident, Person, Report, ReportState, Role, SourceState
from models.errors import AnlanError, BadInput, NeedsCode, NotAllowed, NotFound, Refused, storage_trouble
from models.relief import BASES, Footprint, Group, PlanState, ReliefPlan
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


class _PlanFirst(TyperGroup):
    """`anlan relief INCIDENT` is `anlan relief plan INCIDENT`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        return super().resolve_command(ctx, args if args and args[0] in self.commands else ["plan", *args])


relief_app = typer.Typer(cls=_PlanFirst, no_args_is_help=True, help="Relief: a plan for an incident, deliveries, and the stock.")
app.add_typer(relief_app, name="relief")

err = Console(stderr=True, highlight=False, soft_wrap=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
AsUser = Annotated[str, typer.Option("--as", help="Account in whose name this is done.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the ledger.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        help="File holding the account's password and, on a second line, its changing code if it has one; otherwise ANLAN_PASSWORD_FILE, else it is asked for."
    ),
]
Looking = Annotated[str, typer.Option("--as", help="Look as this account: only what it may see. Without it, as whoever runs this machine.")]
NewPasswordFile = Annotated[Path | None, typer.Option(help="File holding the new password; otherwise it is asked for.")]
AsOf = Annotated[str, typer.Option("--as-of", help="Day whose law is asked for (YYYY-MM-DD); today if not given.")]
ReadDigest = Annotated[
    str,
    typer.Option(
        "--digest", help="Digest of the version that was read, as `anlan report` prints it. Without it the text is shown and asked about."
    ),
]

FootprintFile = Annotated[Path | None, typer.Option("--footprint", help="File: GeoJSON, GeoPackage, Shapefile, ASC grid or GeoTIFF.")]
Circle = Annotated[str, typer.Option(help="LON,LAT,RADIUS_M; several radii make bands.")]
Area = Annotated[list[str] | None, typer.Option(help="District, street or town of the survey; repeatable.")]
Layer = Annotated[str, typer.Option(help="Layer of a GeoPackage with several.")]
Depth = Annotated[str, typer.Option(help="The numbers are metres of water; depths at which bands begin (0.15,0.5,1), or `default`.")]
Intensity = Annotated[str, typer.Option(help="The numbers are degrees of intensity at which bands begin (6,7,8), or `default`.")]
Column = Annotated[str, typer.Option(help="Column that holds them.")]
Where = Annotated[str, typer.Option(help="COLUMN=VALUE: only these polygons.")]
FileCrs = Annotated[str, typer.Option("--crs", help="Coordinate system of a footprint file that declares none (EPSG:4490).")]


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


def _secret(file: Path) -> list[str]:
    """The lines of a file with a password in it, that only its owner can read. Refused for any other file."""
    try:
        mode = file.stat().st_mode
        if stat.S_ISREG(mode) and mode & 0o077:
            raise Refused(f"{file}：口令文件可被其他用户读写（权限 {mode & 0o777:o}），未使用；请先运行 chmod 600 {file}。")
        return file.read_text("utf-8").strip().splitlines() or [""]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}：口令文件打不开，请检查路径和权限。") from error


def _credential(name: str, password_file: Path | None) -> tuple[str, str]:
    """Password and changing code (empty where none is given) of the account a command acts for."""
    if path := password_file or Settings().password_file:
        password, *rest = _secret(path)
        return password, rest[0] if rest else ""
    if sys.stdin.isatty():
        return getpass.getpass(f"{name} 的口令 / password: "), ""
    raise Refused("没有终端可供输入口令：请用 --password-file 或 ANLAN_PASSWORD_FILE 指定口令文件。")


def _with_code(check: Callable[[str], Person], code: str) -> Person:
    """What a check of the credential says, asked once more with the changing code where the account wants one and someone is there."""
    try:
        return check(code)
    except NeedsCode:
        if code or not sys.stdin.isatty():
            raise
        return check(getpass.getpass("手机上的动态码 / code: "))


def _person(knowledge: Any, name: str, password_file: Path | None, *subjects: str) -> Person:
    """Sign in: a command acts in a named person's name only with that person's password, and only on what that person sees."""
    from graph import people, scope

    password, code = _credential(name, password_file)
    person = _with_code(lambda typed: people.sign_in(knowledge.ledger, name, password, typed), code)
    scope.demand(knowledge, person, *subjects)
    return person


def _signer(knowledge: Any, name: str, password_file: Path | None, report: str, digest: str) -> Person:
    """As `_person`, for a signature: the credential given here counts for exactly this text."""
    from graph import people, scope

    password, code = _credential(name, password_file)
    person = _with_code(lambda typed: people.confirm(knowledge.ledger, name, password, typed, about=digest), code)
    scope.demand(knowledge, person, report)
    return person


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
    ledger, now = Ledger.at(settings), datetime.now(BEIJING)
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

    ledger = Ledger.at(Settings())
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
def incidents(user: Looking = "", password_file: PasswordFile = None, as_json: AsJson = False) -> None:
    """The incidents, newest change first, with grade and earliest deadline."""
    from graph import scope
    from models import rules

    with _knowledge() as knowledge:
        found = knowledge.store.incidents()
        if user:
            found = scope.visible(_person(knowledge, user, password_file), found)
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
    user: Annotated[str, typer.Option("--as", help="Account in whose name it is judged, or looked at; not needed to look.")] = "",
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
    from graph import scope
    from reports.subject import dossier_of

    with _knowledge() as knowledge:
        person = _person(knowledge, user, password_file, words[0]) if user else None
        dossier = dossier_of(knowledge, words[0])
        dossier = scope.narrowed(person, dossier) if person else dossier
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
            person = _person(knowledge, user, password_file, incident)
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
        typer.Option(
            "--format",
            help="Write a file instead: docx, pdf (needs LibreOffice), json, cap (CAP 1.2, signed reports only) or xlsx (relief plans only).",
        ),
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; otherwise under reports/ in the home folder.")] = None,
    user: Annotated[
        str, typer.Option("--as", help="Account in whose name a file is made (duty if not given), or the report looked at.")
    ] = "",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """One report or relief plan: its text, checks, decisions, the digest a signature binds to and what people judged since; or, with --format, a file of it in a person's name."""
    from reports import render as rendering
    from reports import signoff
    from reports.subject import dossier_of

    if form and form not in rendering.SUFFIX:
        raise typer.BadParameter(f"--format is one of {', '.join(rendering.SUFFIX)}")
    if out and not form:
        raise typer.BadParameter("--out needs --format")
    with _knowledge() as knowledge:
        if form:
            person = _person(knowledge, user or "duty", password_file, id)
            path = rendering.render(knowledge, id, out, person, form=form)  # type: ignore[arg-type]
            _emit({"format": form, "file": str(path)}) if as_json else print(path)
            return
        if user:
            _person(knowledge, user, password_file, id)
        state = signoff.record_of(knowledge, id).state
        if isinstance(state, PlanState):
            _emit(_relief_json(state, stored=True)) if as_json else _print_plan(state)
            return
        since = signoff.judged_since(state, dossier_of(knowledge, state.report.incident))
    if as_json:
        _emit({**state.model_dump(mode="json"), "digest": state.report.content_digest(), "judged_since": since})
    else:
        _print_report(state)
        for line in since:
            err.print(f"写成之后有人工判断：{line}", markup=False)


def _read_and_confirm(knowledge: Any, report_id: str, digest_read: str) -> Report | ReliefPlan:
    """The report or plan exactly as it will go out; without `--digest` it is shown and the person must say yes."""
    from reports import signoff

    state = signoff.record_of(knowledge, report_id).state
    if digest_read:
        return state.paper
    if not sys.stdin.isatty():
        raise Refused("请用 --digest 给出所阅读版本的摘要（anlan report 会打印），决定只对读过的内容有效。")
    _print_plan(state) if isinstance(state, PlanState) else _print_report(state)
    if not typer.confirm("以上即将作出决定的全部内容，确认？"):
        raise Refused("没有确认，什么也没有改变。")
    return state.paper


def _decide(verb: str, report_id: str, user: str, password_file: Path | None, digest_read: str, reason: str, as_json: bool) -> None:
    from reports import signoff

    with _knowledge() as knowledge:
        person = None if verb == "sign" else _person(knowledge, user, password_file, report_id)
        read = _read_and_confirm(knowledge, report_id, digest_read)
        person = person or _signer(knowledge, user, password_file, report_id, digest_read or read.content_digest())
        action = {"submit": signoff.submit, "sign": signoff.sign, "return": signoff.return_, "withdraw": signoff.withdraw}[verb]
        state = action(knowledge, report_id, version=read.version, digest=digest_read or read.content_digest(), by=person, reason=reason)
        path = None
        if verb == "sign":
            from reports import render as rendering

            path = rendering.render(knowledge, report_id, out=None, by=person)
    if as_json:
        _emit({"status": state.status, "digest": state.paper.content_digest(), "docx": str(path) if path else None})
    else:
        print(f"{state.paper.title}：{state.status}" + (f"\n{path}" if path else ""))


@app.command()
def brief(
    form: Annotated[str, typer.Option("--format", help="docx, pdf (needs LibreOffice) or html.")] = "docx",
    mode: Annotated[str, typer.Option(help="actual or exercise; never both on one page.")] = "actual",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; otherwise under briefs/ in the home folder.")] = None,
    user: Looking = "",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """What is going on, on one A4 page for orientation inside the bureau: never signed, and no way out of it."""
    from reports import brief as briefing

    if form not in ("docx", "pdf", "html"):
        raise typer.BadParameter("--format is one of docx, pdf, html")
    if mode not in ("actual", "exercise"):
        raise typer.BadParameter("--mode is actual or exercise")
    with _knowledge() as knowledge:
        person = _person(knowledge, user, password_file) if user else None
        found = briefing.brief_of(knowledge, person, mode, datetime.now(BEIJING))  # type: ignore[arg-type]
        path = briefing.write(knowledge, found, person or "command-line", form, out)  # type: ignore[arg-type]
    _emit(
        {"format": form, "file": str(path), "incidents": found.open, "unlisted": found.open - len(briefing.fitting(found))}
    ) if as_json else print(path)


@app.command()
def submit(report: str, user: AsUser, password_file: PasswordFile = None, digest: ReadDigest = "", as_json: AsJson = False) -> None:
    """Send a draft or relief plan for signature."""
    _decide("submit", report, user, password_file, digest, "", as_json)


@app.command()
def sign(report: str, user: AsUser, password_file: PasswordFile = None, digest: ReadDigest = "", as_json: AsJson = False) -> None:
    """Sign a submitted report or plan as a second person, and write the docx. A plan's goods are reserved."""
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


# ---------------------------------------------------------------- relief


@relief_app.command("plan")
def relief_plan(
    incident: Annotated[str, typer.Argument(help="Incident the plan is for.")],
    days: Annotated[float | None, typer.Option(help="Days planned for; 3 if not given.")] = None,
    standard: Annotated[
        str, typer.Option(help="Name of a relief standard, or a file (ours or an InaSAFE profile); sphere if not given.")
    ] = "",
    basis: Annotated[
        str, typer.Option(help="Population: affected, evacuated, relocated, relocated_central, relocated_dispersed, urgent_aid.")
    ] = "",
    people: Annotated[int | None, typer.Option(min=0, help="People of that population, typed; shown as typed.")] = None,
    footprint: FootprintFile = None,
    circle: Circle = "",
    area: Area = None,
    layer: Layer = "",
    depth: Depth = "",
    intensity: Intensity = "",
    column: Column = "",
    where: Where = "",
    crs: FileCrs = "",
    warning: Annotated[
        str, typer.Option(help="Footprint: the area of a received warning, by its evidence id; the reading is recorded.")
    ] = "",
    site: Annotated[list[str] | None, typer.Option(help="Where people are: NAME=PEOPLE of a surveyed shelter; may be repeated.")] = None,
    roads: Annotated[
        bool, typer.Option("--roads", help="Drive along the surveyed roads, closed inside the footprint; otherwise straight lines.")
    ] = False,
    revises: Annotated[str, typer.Option(help="Plan this one revises; the signed plan of the incident if there is one.")] = "",
    edit: Annotated[str, typer.Option(help="Plan to make the next version of, instead of a new plan.")] = "",
    propose: Annotated[bool, typer.Option("--propose", help="Record it as a proposal, to be submitted and signed; needs --as.")] = False,
    user: AsUser = "duty",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Who is exposed, what they need, which depot sends it, what is missing. Stores nothing unless --propose or --edit."""
    from reports import relief

    if warning and (footprint or circle or area):
        raise typer.BadParameter("give one of --footprint, --circle, --area, --warning")
    with _knowledge() as knowledge:
        # A warning's area is read unmasked, and what is stored needs a name: both in a person's name.
        person = (
            _person(knowledge, user, password_file) if propose or edit or warning else Person(name=user, display_name=user, role="duty")
        )
        asked: dict[str, Any] = {
            "footprint": relief.footprint_of_warning(knowledge, warning, person)
            if warning
            else _footprint(
                footprint,
                circle,
                area,
                layer,
                depth,
                intensity,
                column,
                where,
                crs,
                by=person.name,
                divisions=partial(knowledge.store.features, ["population"], limit=300_000),
            ),
            "basis": basis or None,
            "people": people,
            "days": days,
            "standard": standard or None,
            "sites": relief.named_sites(knowledge, site) if site else None,
            "by_road": roads,
        }
        if basis and basis not in BASES:
            raise typer.BadParameter(f"--basis is one of {', '.join(BASES)}")
        if edit:
            state = relief.change(knowledge, edit, relief.plan_state(knowledge, edit).plan.version, person, **asked)
        else:
            signed = relief.plan_state(knowledge, revises) if revises else relief.standing_plan(knowledge, incident)
            asked["old"] = signed.plan if signed else None
            if propose:
                state = relief.propose(knowledge, incident, person, **asked)
            else:
                plan, found = relief.work_out(knowledge, incident, person, **asked)
                state = PlanState(plan=plan, findings=found, status="draft")
    if as_json:
        _emit(_relief_json(state, stored=propose or bool(edit)))
    else:
        _print_plan(state)
        print(f"已记录为建议：{state.plan.id}" if propose or edit else "没有记录；加 --propose --as 账号 记录为建议。")


def _footprint(
    footprint: Path | None,
    circle: str,
    area: list[str] | None,
    layer: str,
    depth: str,
    intensity: str,
    column: str,
    where: str,
    crs: str,
    *,
    by: str,
    divisions: Callable[[], list[Any]],
) -> Footprint | None:
    """The footprint these options say; null when none of them does. `divisions` reads the survey's, for `--area`."""
    from models import footprints

    if sum(map(bool, (footprint, circle, area))) > 1 or (depth and intensity):
        raise typer.BadParameter("give one of --footprint, --circle, --area, and at most one of --depth, --intensity")
    numbers = _numbers("--depth/--intensity", levels) if (levels := depth or intensity) not in ("", "default") else ()
    if footprint:
        measure: Any = "depth" if depth else "intensity" if intensity else ""
        return footprints.from_file(footprint, layer=layer, measure=measure, column=column, levels=numbers, where=where, crs=crs)
    if circle:
        lon, lat, *radii = (*_numbers("--circle", circle), math.nan, math.nan)[: max(3, circle.count(",") + 1)]
        return footprints.circle(lon, lat, radii, origin=by)
    return footprints.area(area, divisions(), origin=by) if area else None


def _relief_json(state: PlanState, *, stored: bool) -> dict[str, Any]:
    """One plan: basis, needs, stock, gap, allocation first, as section 7 of the design names them; then the rest."""
    plan = state.plan
    whole = plan.model_dump(mode="json")
    solved = whole.pop("solved")
    return {
        "plan": plan.id if stored else None,
        "basis": {"chosen": plan.basis, "people": plan.people, "why": plan.basis_why, "all": whole["bases"]},
        "needs": whole["needs"],
        "stock": whole["stock"],
        "gap": solved.pop("shortfalls"),
        "allocation": solved.pop("allocations"),
        "solver": solved,
        "exposure": whole["exposure"],
        **{
            key: whole[key]
            for key in ("version", "incident", "mode", "title", "days", "standard", "sites", "placing", "demands", "request")
        },
        **{key: whole[key] for key in ("matched", "stock_gaps", "assumptions", "revises", "changes", "data_as_of", "created_at")},
        "findings": [one.model_dump(mode="json") for one in state.findings],
        "status": state.status if stored else None,
        "digest": plan.content_digest() if stored else None,
        "decisions": [one.model_dump(mode="json") for one in state.decisions],
    }


def _print_plan(state: PlanState) -> None:
    from reports import relief_paper as paper

    plan = state.plan
    print(f"{plan.title}\n救助计划 {plan.id}  第 {plan.version} 版  {state.status}  摘要 {plan.content_digest()}\n")
    for line in (*paper.exposure_lines(plan), plan.basis_why, f"{BASES[plan.basis]} {plan.people} 人，{plan.days:g} 天，{plan.standard}"):
        print(line)
    for name, head, rows in (
        ("口径", paper.BASIS_HEAD, paper.basis_rows(plan)),
        ("需求", paper.NEED_HEAD, paper.need_rows(plan)),
        ("调拨", paper.SENT_HEAD, paper.sent_rows(plan)),
        ("缺口", paper.GAP_HEAD, paper.gap_rows(plan)),
    ):
        print(f"\n{name}（{'｜'.join(head)}）")
        for row in rows or [("无",)]:
            print("  " + "｜".join(row))
    for line in (*plan.solved.checks, *plan.changes, *plan.assumptions):
        print(line)
    for paragraph in plan.request:
        print(paragraph)
    for finding in state.findings:
        err.print(f"[{finding.severity}] {finding.message}", markup=False)


@relief_app.command("deliver")
def relief_deliver(
    plan: str,
    line: Annotated[int, typer.Option(min=1, help="Allocation line of the plan, counted from 1.")],
    quantity: Annotated[float, typer.Option(help="How much, in the unit of the line.")],
    kind: Annotated[str, typer.Option(help="delivered, consumed or returned.")] = "delivered",
    note: str = "",
    user: AsUser = "duty",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Record goods of a signed plan that arrived, were used up or came back; print how many days the supplies last."""
    from reports import relief

    with _knowledge() as knowledge:
        person = _person(knowledge, user, password_file)
        moved = relief.record_delivery(knowledge, plan, line, quantity, person, kind=kind, note=note)
        left = relief.supplies(knowledge, relief.plan_state(knowledge, plan).plan, moved.at)
    if as_json:
        _emit({"delivery": moved.model_dump(mode="json"), "supplies": [one.model_dump(mode="json") for one in left]})
        return
    print(f"已记录：{moved.site_name} {moved.item} {moved.quantity:g}{moved.unit}（{moved.kind}）")
    for one in left:
        print(f"{one.item}：{one.arithmetic}")


@relief_app.command("stock")
def relief_stock(
    lot: Annotated[str, typer.Option(help="Lot that was counted.")] = "",
    counted: Annotated[float | None, typer.Option(help="What was counted of it; takes the place of the surveyed figure.")] = None,
    mode: Annotated[str, typer.Option(help="actual or exercise.")] = "actual",
    note: str = "",
    user: AsUser = "duty",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """The depots' lots with what is free of each; with --lot and --counted, write a count down."""
    from graph import stock

    if bool(lot) != (counted is not None):
        raise typer.BadParameter("--lot and --counted go together")
    if mode not in ("actual", "exercise"):
        raise typer.BadParameter("--mode is actual or exercise")
    with _knowledge() as knowledge:
        if lot and counted is not None:
            stock.count(knowledge, lot, counted, _person(knowledge, user, password_file), note=note)
        taken = stock.stock_of(knowledge, mode)  # type: ignore[arg-type]
    if as_json:
        _emit(taken)
        return
    for one in taken.lots:
        held = taken.promised.get(one.id, 0.0)
        print(f"{one.id}  {one.depot_name}  {one.item}  可用 {one.quantity:g}{one.unit}" + (f"，已占用 {held:g}{one.unit}" if held else ""))
    for gap in taken.gaps:
        err.print(gap, markup=False)


@app.command()
def exposure(
    footprint: FootprintFile = None,
    circle: Circle = "",
    area: Area = None,
    layer: Layer = "",
    depth: Depth = "",
    intensity: Intensity = "",
    column: Column = "",
    where: Where = "",
    crs: FileCrs = "",
    survey: Annotated[list[Path] | None, typer.Option(help="Survey files to use instead of the home's; repeatable.")] = None,
    population: Annotated[Path | None, typer.Option(help="Raster of people per cell, in place of the survey's divisions.")] = None,
    near: Annotated[float, typer.Option(help="Metres within which a site is near.")] = 500,
    as_json: AsJson = False,
) -> None:
    """People, buildings, roads and sites in a hazard's footprint, from the survey, counted once, with the arithmetic and the gaps."""
    from models import footprints, grids
    from models.exposure import exposure as exposed

    if not (footprint or circle or area):
        raise typer.BadParameter("give one of --footprint, --circle, --area")
    bodies = _surveyed(survey) if survey else None
    with _knowledge() if bodies is None and not population else contextlib.nullcontext() as knowledge:

        def divisions() -> list[Any]:
            return bodies if bodies is not None else knowledge.store.features(["population"], limit=300_000) if knowledge else []

        ground = _footprint(footprint, circle, area, layer, depth, intensity, column, where, crs, by="command-line", divisions=divisions)
        assert ground is not None
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
    """Does the chain hold against itself and its anchors, does every signature, and are signed files what was signed. Exit status 1 when not."""
    from graph import signatures
    from graph.ledger import Ledger
    from reports.render import all_intact

    ledger = Ledger.at(Settings())
    chain, changed = ledger.verify(), list[str]()
    # A broken entry may not even be readable.
    signed = signatures.check(ledger) if chain.ok else None
    if chain.ok:
        # Only then: what is opened from a broken record would be wrong, too.
        with _knowledge() as knowledge:
            changed = all_intact(knowledge)
    if as_json:
        ok = chain.ok and signed is not None and signed.ok and not changed
        _emit(dataclasses.asdict(chain) | {"ok": ok, "signatures": dataclasses.asdict(signed) if signed else None, "files": changed})
    else:
        where = f"第 {chain.first_broken} 条起不可信" if chain.first_broken else "不可信"
        print(
            f"台账 {chain.entries} 条，锚点 {chain.anchors} 个：" + ("完整" if chain.ok else f"{where}（{chain.damage}）：{chain.reason}")
        )
        if chain.clock_back:
            print(f"时钟曾回拨 {chain.clock_back[0]} 次，首次见第 {chain.clock_back[1]} 条：先后以编号为准")
        if signed:
            older = f"，另有 {signed.unsigned} 次签发早于启用签名" if signed.unsigned else ""
            print(f"签名 {signed.signatures} 个：" + ("全部成立" if signed.ok else signed.reason) + older)
        for line in changed:
            print(line)
    if not chain.ok or signed is None or not signed.ok or changed:
        raise typer.Exit(1)


@audit.command("export")
def audit_export(
    out: Annotated[Path | None, typer.Option("--out", help="File; otherwise stdout.")] = None,
    since: Annotated[str, typer.Option("--from", help="First day (YYYY-MM-DD, Beijing).")] = "",
    until: Annotated[str, typer.Option("--to", help="Last day (YYYY-MM-DD, Beijing).")] = "",
) -> None:
    """Entries of the ledger as JSON lines an auditor can verify alone (see README), without the archive of bodies."""
    from graph.ledger import Ledger

    first, last = _day(since), _day(until)
    begin = datetime(first.year, first.month, first.day, tzinfo=BEIJING) if first else None
    end = datetime(last.year, last.month, last.day, 23, 59, 59, 999_999, tzinfo=BEIJING) if last else None
    ledger = Ledger.at(Settings())
    with out.open("w", encoding="utf-8") if out else contextlib.nullcontext(sys.stdout) as stream:
        for line in ledger.lines(begin, end):
            # Escaped: broken characters of a message must survive the file.
            stream.write(json.dumps(line) + "\n")


@audit.command("retain")
def audit_retain(
    older_than: Annotated[int, typer.Option("--older-than", help="Days; at least 30. ANLAN_KEEP_DAYS if not given.", min=0)] = 0,
    erase: Annotated[bool, typer.Option("--erase", help="Erase them; without this they are only counted.")] = False,
    user: AsUser = "auditor",
    reason: Reason = "",
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Unmasked originals past their time: count them, or erase them. Ledger entries stay, and the chain stays whole."""
    from graph import people, retention

    with _knowledge() as knowledge:
        days = older_than or knowledge.settings.keep_days
        due = retention.due(knowledge, days)
        erased = 0
        if erase:
            person = _person(knowledge, user, password_file)
            people.allow(knowledge.ledger, person, "audit")
            erased = retention.erase_due(knowledge, days, by=person.name, reason=reason)
    if as_json:
        _emit({"days": days, "due": len(due.keys), "kept_open": due.kept_open, "erased": erased})
    else:
        print(
            f"超过 {days} 天的原文 {len(due.keys)} 条"
            + (f"，已删除 {erased} 条" if erase else "，尚未删除（加 --erase 执行）")
            + (f"；另有 {due.kept_open} 条属于未结事件，保留" if due.kept_open else "")
        )


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="New file; it holds unmasked originals, keep it as carefully as the ledger.")],
) -> None:
    """Write the ledger and the desk's files to one archive while the desk goes on, and read it back."""
    from graph.backup import back_up
    from graph.ledger import Ledger

    settings = Settings()
    made = back_up(settings, Ledger.at(settings), file)
    print(f"已备份到 {file}：台账 {made.entries} 条，文件 {len(made.members)} 个，末条哈希 {made.hash[:16]}；已读回核对")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="Archive made by `anlan backup`.")]) -> None:
    """Put a backup back into an empty ANLAN_HOME: every digest and the whole chain are checked first, then the graph is built again."""
    from graph import backup

    made = backup.restore(Settings(), file)
    with _knowledge() as knowledge:
        print(f"已恢复到 {made.made_at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S} 的状态：台账 {made.entries} 条，核对完整")
        print(f"图谱已由台账重建，摘要 {knowledge.store.digest()}")


@app.command()
def work(once: Annotated[bool, typer.Option("--once", help="Stop when nothing waits, instead of going on.")] = False) -> None:
    """Understand what waits, again and again, beside other such processes: one works, the others wait and take over when it is gone."""
    from ingestion.pipeline import work_on

    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, signal.default_int_handler)
    _log_to_screen()
    with _knowledge() as knowledge:
        print("就绪：等待来件（Ctrl-C 停止）", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            work_on(knowledge, once=once)


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


AiUseOption = Annotated[str, typer.Option("--use", help="drafting, second_reading or triage; all of them when not given.")]


def _ai_use(use: str) -> Any:
    from graph.guardian import USES

    if use and use not in USES:
        raise typer.BadParameter(f"--use is one of {', '.join(USES)}")
    return use or None


@model_app.command("pause")
def model_pause(reason: Reason, use: AiUseOption = "", user: AsUser = "guardian", password_file: PasswordFile = None) -> None:
    """Stop one use of a model, or every use, at once; a guardian's act. Work goes on by rules."""
    from graph.guardian import USES, pause

    one = _ai_use(use)
    with _knowledge() as knowledge:
        pause(knowledge.ledger, _person(knowledge, user, password_file), reason, one)
    print(f"人工智能的{USES[one]}已停用。" if one else "人工智能已停用，报告由规则起草。")


@model_app.command("resume")
def model_resume(reason: Reason, use: AiUseOption = "", user: AsUser = "guardian", password_file: PasswordFile = None) -> None:
    """Let one use of a model, or all, go on again; a guardian's act."""
    from graph.guardian import USES, resume

    one = _ai_use(use)
    with _knowledge() as knowledge:
        resume(knowledge.ledger, _person(knowledge, user, password_file), reason, one)
    print(f"人工智能的{USES[one]}已恢复使用。" if one else "人工智能已恢复使用。")


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
    districts: Annotated[
        str, typer.Option(help="Division codes (six digits) it is limited to, with commas; empty for the whole city.")
    ] = "",
    chosen: Annotated[
        bool, typer.Option("--chosen", help="Its owner chose the password; otherwise it must be changed at the first sign-in.")
    ] = False,
    password_file: NewPasswordFile = None,
    by_password_file: PasswordFile = None,
) -> None:
    """Add an account. The first one must be an administrator, who chooses the password."""
    from graph import people

    with _knowledge() as knowledge:
        admin: Person | None = None
        if any(not person.is_external for person in knowledge.ledger.people()):
            if not by:
                raise NotAllowed("已有账号：请用 --as 以管理员身份添加。")
            admin = _person(knowledge, by, by_password_file)
            people.allow(knowledge.ledger, admin, "manage_people", subject=name)
        elif role != "admin":
            raise Refused("第一个账号必须是管理员（admin）。")
        person = Person(name=name, display_name=display_name or name, role=role, districts=_codes(districts))
        initial = admin is not None and not chosen
        people.add(knowledge.ledger, person, _new_password(name, password_file), admin or "system", initial=initial)
        print(f"已添加 {name}（{role}）" + ("，其首次登录时须更改口令（看板，或 anlan people password）。" if initial else ""))


def _new_password(name: str, path: Path | None) -> str:
    return _secret(path)[0] if path else getpass.getpass(f"{name} 的新口令: ")


def _codes(typed: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in typed.replace("，", ",").split(",") if code.strip())


@people_app.command("list")
def people_list(as_json: AsJson = False) -> None:
    """The accounts and their roles."""
    from graph.ledger import Ledger

    for person in Ledger.at(Settings()).people():
        if as_json:
            _emit(person)
        else:
            marks = [
                "、".join(person.districts),
                "统一身份认证" if person.is_external else "",
                "动态码" if person.has_code else "",
                "须改口令" if person.must_change else "",
            ]
            print(f"{person.name:<12} {person.role:<9} {person.display_name}  {'  '.join(mark for mark in marks if mark)}".rstrip())


@people_app.command("password")
def people_password(name: str, password_file: PasswordFile = None, new_password_file: NewPasswordFile = None) -> None:
    """Change one's own password, with the old one; the only thing an initial password is good for."""
    from graph import people
    from graph.ledger import Ledger

    ledger = Ledger.at(Settings())
    password, code = _credential(name, password_file)
    fresh = _new_password(name, new_password_file)
    _with_code(lambda typed: people.change_own_password(ledger, name, password, fresh, typed), code)
    print(f"已更改 {name} 的口令。")


@people_app.command("reset")
def people_reset(
    name: str,
    user: AsUser,
    password_file: PasswordFile = None,
    new_password_file: NewPasswordFile = None,
    only_code: Annotated[bool, typer.Option("--only-code", help="Leave the password, only take the changing code off.")] = False,
) -> None:
    """Give an account a new initial password, which ends a lock-out and its changing code; an administrator's act."""
    from graph import people

    with _knowledge() as knowledge:
        admin = _person(knowledge, user, password_file)
        if only_code:
            people.drop_code(knowledge.ledger, name, admin)
        else:
            people.allow(knowledge.ledger, admin, "manage_people", subject=name)
            people.change_password(knowledge.ledger, name, _new_password(name, new_password_file), admin, initial=name != admin.name)
    print(f"已停用 {name} 的动态码。" if only_code else f"已重设 {name} 的口令，其下次登录时须改成自己的。")


@people_app.command("change")
def people_change(
    name: str,
    user: AsUser,
    role: Annotated[Role | None, typer.Option(help="New role.")] = None,
    districts: Annotated[str | None, typer.Option(help="Division codes it is limited to, with commas; empty for the whole city.")] = None,
    display_name: Annotated[str | None, typer.Option(help="New name as printed in reports.")] = None,
    password_file: PasswordFile = None,
) -> None:
    """Change an account's role, districts or printed name; an administrator's act."""
    from graph import people

    with _knowledge() as knowledge:
        admin = _person(knowledge, user, password_file)
        person = people.change(
            knowledge.ledger, name, admin, role=role, districts=None if districts is None else _codes(districts), display_name=display_name
        )
    print(f"{person.name}（{person.role}）{person.display_name} {'、'.join(person.districts) or '全市'}")


@people_app.command("code")
def people_code(
    name: str,
    off: Annotated[bool, typer.Option("--off", help="Do without it again.")] = False,
    password_file: PasswordFile = None,
) -> None:
    """Ask for a changing code (TOTP) beside one's own password from now on; shows what the telephone must be given."""
    from graph import people, second_factor
    from graph.ledger import Ledger

    ledger = Ledger.at(Settings())
    password, code = _credential(name, password_file)
    if off:
        _with_code(lambda typed: people.drop_own_code(ledger, name, password, typed), code)
        print("已停用动态码。")
        return
    people.sign_in(ledger, name, password, code)
    if not sys.stdin.isatty():
        raise Refused("启用动态码要现场输入手机上的码：请在终端里运行，或在看板“我的账号”页办理。")
    secret = second_factor.new_secret()
    print(f"请在手机验证器里添加：\n{second_factor.uri(secret, name)}")
    people.enrol_code(ledger, name, password, secret, getpass.getpass("手机上的动态码 / code: "))
    print("已启用动态码。")


def _bench_dashboard(path: Path | None, messages: int) -> dict[str, Any]:
    from dashboard import measure  # takes a second, and needs a browser: not for the other benchmarks

    return measure.dashboard(path, messages=messages)


@app.command()
def bench(
    name: str,
    path: Annotated[Path | None, typer.Option(help="Data, when the benchmark reads some.")] = None,
    messages: Annotated[int, typer.Option(min=1, help="How many messages a surge brings.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Print the figures of one evaluation or benchmark."""
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
        "dashboard": partial(_bench_dashboard, messages=messages),
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

    _log_to_screen()
    _refuse_taken_port(Settings().port)
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


def _refuse_taken_port(port: int) -> None:
    """Say so before anything is started when another program already listens on the dashboard's port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Refused(f"端口 {port} 已被另一个程序占用：请先停止它，或用 ANLAN_PORT 换一个端口。") from error


def _log_to_screen() -> None:
    """What the schedule has to say belongs on this screen, and in `ANLAN_HOME/logs` for 200 days."""
    folder = Settings().folder("logs")
    kept = logging.handlers.TimedRotatingFileHandler(
        folder / "anlan.log", when="midnight", backupCount=LOG_DAYS, encoding="utf-8", delay=True
    )
    os.umask(0o077)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=[logging.StreamHandler(), kept], force=True
    )
    for chatty in ("apscheduler", "neo4j"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


LOG_DAYS = 200
"""Days of operation logs kept: more than the six months the law asks for."""

DEMO_PEOPLE: tuple[tuple[str, str, Role], ...] = (
    ("duty", "值班员甲", "duty"),
    ("signer", "签发人乙", "signer"),
    ("officer", "指挥员丙", "officer"),
    ("planner", "预案员丁", "planner"),
    ("auditor", "审计员戊", "auditor"),
    ("guardian", "监护人庚", "guardian"),
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
            people.confirm(knowledge.ledger, "signer", passwords["signer"], about=digest)
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
    except OSError as error:
        words = storage_trouble(error)
        if words is None:
            raise
        err.print(words, markup=False)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()

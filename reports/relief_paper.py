"""A relief plan on the bureau's paper and as a workbook: basis, needs with their arithmetic and clause, allocation, gaps with why, and the request.

Only the signed version comes out clean. A coefficient nobody has seen in a source says 未核实 wherever it stands.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from docx.document import Document as Docx
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from models.domain import BEIJING, Need
from models.needs import rounded_people
from models.relief import BASES, GROUPS, Basis, Figure, PlanState, ReliefPlan
from reports import layout
from reports.relief import missing
from reports.signoff import signature_of
from reports.wording import DRAFT_HEAD, ESTIMATE_MARK, EXERCISE_LINE, RULES_LABEL, beijing, day, figure

UNVERIFIED = "未核实"
ORIGINS = {"reported": "报告", "estimated": "估计（未核实）", "typed": "人工填写", "unknown": "不详"}
COUNTINGS = {"current": "实时", "cumulative": "累计", "unstated": ""}

Rows = list[tuple[str, ...]]
BASIS_HEAD, BASIS_WIDTHS = ("口径", "人数", "来源", "说明"), (34.0, 28.0, 26.0, 68.0)
NEED_HEAD, NEED_WIDTHS = ("序号", "物资", "需求", "算式", "标准与条款", "核实"), (10.0, 26.0, 22.0, 42.0, 38.0, 18.0)
SENT_HEAD, SENT_WIDTHS = ("序号", "调出", "物资", "数量", "送往", "到达"), (10.0, 36.0, 30.0, 20.0, 36.0, 24.0)
GAP_HEAD, GAP_WIDTHS = ("序号", "地点", "物资", "缺口", "原因和办法"), (10.0, 34.0, 28.0, 24.0, 60.0)
STOCK_HEAD = ("批次", "仓库", "物资", "可用", "单位", "包装", "有效期", "类别", "装车（分钟）")


def basis_rows(plan: ReliefPlan) -> Rows:
    """Each population with its figure, where it comes from and why; other figures for the same one beside it."""
    return [
        (
            BASES[one.key] + ("（本计划采用）" if one.key == plan.basis else ""),
            people_words(one),
            ORIGINS[one.origin],
            "；".join(
                part for part in (one.why, one.assumption, *(f"另有{people_words(o)}（{ORIGINS[o.origin]}）" for o in one.others)) if part
            ),
        )
        for one in plan.bases
    ]


def people_words(basis: Basis) -> str:
    """A population's number: low–best–high where it is estimated and rounded upward, exact where it was counted; 不详 when nobody knows."""
    if basis.people is None:
        return "不详"
    words = spread(basis.people, estimated=basis.origin == "estimated") + "人"
    return words + (f"（{COUNTINGS[basis.counting]}）" if COUNTINGS[basis.counting] else "")


def spread(value: Figure, *, estimated: bool) -> str:
    """One number when the three agree, otherwise low–best–high."""

    def shown(number: float) -> str:
        return figure(rounded_people(number)) if estimated else figure(round(number, 2))

    return shown(value.best) if value.low == value.high else f"{shown(value.low)}–{shown(value.best)}–{shown(value.high)}"


def need_rows(plan: ReliefPlan) -> Rows:
    """Each need with its arithmetic, clause and whether the coefficient was seen in a source."""
    return [
        (
            str(number),
            need.item,
            need_words(need),
            need.arithmetic,
            f"{need.standard}：{need.clause}",
            "已核实" if need.verified else UNVERIFIED,
        )
        for number, need in enumerate(plan.needs, 1)
    ]


def need_words(need: Need) -> str:
    """How much, or that nobody knows."""
    return "不详" if need.quantity is None else f"{figure(round(need.quantity, 2))}{need.unit}"


def sent_rows(plan: ReliefPlan) -> Rows:
    """Each allocation line: from where, what, how much, to where, when."""
    return [
        (
            str(number),
            one.depot_name,
            one.item + (f"（代用：{one.substitute}）" if one.substitute else ""),
            f"{figure(round(one.quantity, 2))}{one.unit}",
            one.site_name,
            f"约{one.minutes:.0f}分钟",
        )
        for number, one in enumerate(plan.solved.allocations, 1)
    ]


def gap_rows(plan: ReliefPlan) -> Rows:
    """What is missing by place and item, why, and what would mend it; a missing part of the minimum is said."""
    return [
        (
            str(number),
            short.site_name,
            short.item,
            f"{figure(round(short.quantity, 2))}{short.unit}"
            + (f"，其中最低保障{figure(round(short.of_minimum, 2))}{short.unit}" if short.of_minimum else ""),
            short.words,
        )
        for number, short in enumerate(plan.solved.shortfalls, 1)
    ]


def exposure_lines(plan: ReliefPlan) -> list[str]:
    """Who stands in the footprint, with the survey's date and gaps."""
    found = plan.exposure
    if found is None:
        return ["没有给出影响范围，未核对受影响人口。"]
    groups = "，".join(f"{GROUPS[group]}{spread(number, estimated=True)}人" for group, number in found.people.items())
    dates = [day(one) for one in dict.fromkeys(found.surveyed) if one]
    sites = [site for site in found.sites if site.inside and site.kind not in ("shelter", "depot", "road", "building")]
    lines = [
        f"影响范围：{found.footprint.title}（依据：{found.footprint.origin}）。{found.footprint.assumption}",
        f"按普查（{'至'.join(dates) or '日期不详'}）估算，范围内{groups or '人口不详'}；各人群有重叠，不相加。范围内{found.covered:.0%}的面积有普查人口。",
    ]
    if found.buildings:
        lines.append(f"范围内建筑{sum(one.count for one in found.buildings)}栋。")
    if sites:
        lines.append("范围内有" + "、".join(site.name for site in sites[:20]) + (f"等{len(sites)}处" if len(sites) > 20 else "") + "。")
    return [*lines, *found.gaps]


def write_document(document: Docx, state: PlanState) -> None:
    """The whole plan in the layout of GB/T 9704: text, annexes, and the request upward as the last annex."""
    plan, signed = state.plan, signature_of(state)
    head = [DRAFT_HEAD] if signed is None else []
    head += ["【演练】演练材料　非实际情况"] if plan.mode == "exercise" else []
    if head:
        layout.running_head(document, "　　".join(head))
    layout.red_head(document, plan.issuer, "", "")
    # No line of the title breaks inside the incident's own name.
    layout.title(document, plan.title, (plan.title.partition("关于")[2].partition("救助物资")[0], "救助物资", "调配", "计划"))
    layout.blank(document)
    if plan.mode == "exercise":
        layout.body(document, EXERCISE_LINE)
    basis = next(one for one in plan.bases if one.key == plan.basis)
    short = missing(plan)
    _section(document, "一、影响范围", exposure_lines(plan))
    _section(
        document,
        "二、救助口径",
        [
            f"{plan.basis_why}本计划按{BASES[plan.basis]}{plan.people}人编制（{ORIGINS[basis.origin]}）。{_estimate(basis)}各口径数字见附件1。"
        ],
    )
    unverified = [need.item for need in plan.needs if not need.verified]
    _section(
        document,
        "三、物资需求",
        [
            f"按“{plan.standard}”测算{figure(plan.days)}天需求，共{len(plan.needs)}项，算式和条款见附件2。"
            + (f"其中{'、'.join(unverified)}的系数{UNVERIFIED}，须核定后使用。" if unverified else ""),
            *plan.placing,
        ],
    )
    _section(
        document,
        "四、库存调配",
        [
            f"调出{len(plan.solved.allocations)}批，见附件3。{''.join(_ended(line) for line in plan.solved.checks)}",
            *map(_ended, plan.matched),
        ],
    )
    gap = "；".join(f"{item}{figure(round(quantity, 2))}{unit}" for (item, unit), quantity in short.items())
    _section(
        document,
        "五、缺口",
        [f"仍缺：{gap}。各地点缺口、原因和办法见附件4，申请调拨代拟稿见附件5。" if short else "本市库存可以满足上述需求，没有缺口。"],
    )
    if plan.changes:
        _section(document, "六、与上一计划相比的变化", [_ended(line) for line in plan.changes])
    notes = [_ended(line) for line in (*plan.assumptions, *plan.stock_gaps)]
    if notes:
        _section(document, "七、说明" if plan.changes else "六、说明", notes)
    layout.body(document, RULES_LABEL)
    names = ["救助口径", "物资需求表", "调拨明细", "缺口表", "申请调拨（代拟稿）"][: 5 if short else 3]
    for number, name in enumerate(names, 1):
        layout.body(document, f"{'附件：' if number == 1 else '　　　'}{number}．{name}").paragraph_format.keep_with_next = True
    layout.signature(document, plan.issuer, day(signed.at.astimezone(BEIJING).date()) if signed else "（未签发）")
    which = f"编号{plan.id[:15]}，第{plan.version}版，摘要{plan.content_digest()[:16]}"
    layout.body(
        document,
        f"（{signed.officer_name}{beijing(signed.at)}签发，签名公钥{signed.key or '无'}；{which}）" if signed else f"（未签发；{which}）",
    )
    tables: list[tuple[Sequence[str], Rows, tuple[float, ...]]] = [
        (BASIS_HEAD, basis_rows(plan), BASIS_WIDTHS),
        (NEED_HEAD, need_rows(plan), NEED_WIDTHS),
        (SENT_HEAD, sent_rows(plan), SENT_WIDTHS),
        (GAP_HEAD, gap_rows(plan), GAP_WIDTHS),
    ]
    for number, (name, (heads, rows, widths)) in enumerate(zip(names, tables, strict=False), 1):
        layout.annex_title(document, name, number)
        layout.table(document, tuple(heads), rows, widths)
    if short:
        layout.annex_title(document, names[4], 5)
        layout.write(document.add_paragraph(), f"{plan.recipients[0]}：")
        for paragraph in plan.request:
            layout.body(document, paragraph)
        layout.body(document, "妥否，请批示。")
    printed = day((signed.at if signed else plan.created_at).astimezone(BEIJING).date())
    layout.imprint(document, (), plan.issuer, printed)


def _section(document: Docx, heading: str, lines: Iterable[str]) -> None:
    layout.heading(document, heading)
    for line in lines:
        layout.body(document, line)


def _estimate(basis: Basis) -> str:
    """An estimate says so with its range, before anyone takes it for a count."""
    if basis.origin != "estimated" or basis.people is None:
        return ""
    return f"{ESTIMATE_MARK}{spread(basis.people, estimated=True)}人（低–中–高）。"


def _ended(line: str) -> str:
    return line if line.endswith(("。", "！", "？")) else line + "。"


def workbook_bytes(state: PlanState, label: str) -> bytes:
    """The same tables as a workbook, figures as numbers. Nothing in it is a formula, whatever the words begin with. `label` is the AIGC label."""
    plan, signed = state.plan, signature_of(state)
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "概况"
    standing = f"{signed.officer_name}{beijing(signed.at)}签发" if signed else DRAFT_HEAD
    _sheet(
        first,
        (),
        [
            (standing,),
            (plan.title,),
            *([(EXERCISE_LINE,)] if plan.mode == "exercise" else []),
            (f"编号{plan.id}，第{plan.version}版，摘要{plan.content_digest()}",),
            (RULES_LABEL,),
            (f"{BASES[plan.basis]}{plan.people}人，{figure(plan.days)}天，{plan.standard}",),
            *[(line,) for line in (*exposure_lines(plan), *plan.placing, *plan.changes, *plan.assumptions, *plan.stock_gaps)],
        ],
        (100,),
    )
    _sheet(book.create_sheet("口径"), BASIS_HEAD, basis_rows(plan), (26, 24, 16, 80))
    _sheet(
        book.create_sheet("需求"),
        ("物资", "数量", "单位", "未取整", "算式", "标准", "条款", "核实"),
        [
            (
                need.item,
                need.quantity,
                need.unit,
                need.exact,
                need.arithmetic,
                need.standard,
                need.clause,
                "已核实" if need.verified else UNVERIFIED,
            )
            for need in plan.needs
        ],
        (24, 12, 8, 12, 50, 30, 40, 10),
    )
    _sheet(
        book.create_sheet("库存"),
        STOCK_HEAD,
        [
            (
                lot.id,
                lot.depot_name,
                lot.item,
                lot.quantity,
                lot.unit,
                lot.pack,
                lot.expires_on.isoformat() if lot.expires_on else "",
                lot.category,
                lot.loading_minutes,
            )
            for lot in plan.stock
        ],
        (30, 30, 24, 12, 8, 8, 12, 12, 12),
    )
    _sheet(
        book.create_sheet("调拨"),
        ("调出", "物资", "数量", "单位", "送往", "到达（分钟）", "代用依据"),
        [
            (one.depot_name, one.item, one.quantity, one.unit, one.site_name, round(one.minutes), one.substitute)
            for one in plan.solved.allocations
        ],
        (30, 24, 12, 8, 30, 12, 30),
    )
    _sheet(
        book.create_sheet("缺口"),
        ("地点", "物资", "缺口", "其中最低保障", "单位", "原因和办法"),
        [(one.site_name, one.item, one.quantity, one.of_minimum, one.unit, one.words) for one in plan.solved.shortfalls],
        (30, 24, 12, 14, 8, 80),
    )
    _sheet(book.create_sheet("复核"), (), [(line,) for line in (*plan.solved.checks, *plan.request)], (120,))
    for name, value in (
        ("AIGC", label),
        ("AnlanReport", plan.id),
        ("AnlanDigest", plan.content_digest()),
        ("AnlanStatus", "signed" if signed else "draft"),
    ):
        book.custom_doc_props.append(StringProperty(name=name, value=value))
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _sheet(sheet: object, heads: Sequence[str], rows: Iterable[Sequence[str | float | None]], widths: Sequence[int]) -> None:
    start = 1 if heads else 0
    for row, values in enumerate([heads, *rows] if heads else list(rows), 1):
        for column, value in enumerate(values, 1):
            cell = sheet.cell(row=row, column=column)  # type: ignore[attr-defined]
            if isinstance(value, str):
                cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:32_000]
                # Text, never a formula; the mark keeps it so when the sheet is saved again elsewhere.
                cell.data_type = "s"
                cell.quotePrefix = value[:1] in ("=", "+", "-", "@", "\t", "\r")
                cell.alignment = Alignment(wrap_text=True, vertical="top")
            else:
                cell.value = value
            if row <= start:
                cell.font = Font(bold=True)
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width  # type: ignore[attr-defined]
    if heads:
        sheet.freeze_panes = "A2"  # type: ignore[attr-defined]

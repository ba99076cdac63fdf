"""A relief plan worked out by code: footprint, exposure, basis population, needs, places, stock, allocation, what is missing and the request for it.

Nothing here decides. What is made is recorded as a proposal; a second person signs it through `reports.signoff`, and that takes the goods.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyproj
import shapely

from graph import scope
from graph.knowledge import Knowledge
from graph.people import allow
from graph.stock import deliver, deliveries, on_hand, stock_of
from models.allocation import allocate
from models.assumptions import load_assumptions
from models.basis import DEFAULT, bases, chosen_basis, groups_of
from models.demand import demands, left_out, placed
from models.domain import BEIJING, Dossier, Feature, Finding, Person, digest
from models.errors import BadInput, NotFound, Refused
from models.exposure import exposure
from models.footprints import bounds, warning
from models.measures import factor
from models.needs import needs, rounded_people
from models.relief import BASES, Basis, BasisKey, Delivery, Demand, Exposure, Footprint, PlanState, ReliefPlan, Site, Stock, Substitute
from models.standards import Standard, load_standard
from models.supply import Calculation, Supply, changed, days_left
from models.travel import travel_times
from reports.page import PROVINCES
from reports.signoff import PLAN_ID, Record, may_change, record_of, write_plan
from reports.subject import dossier_of
from reports.wording import EXERCISE_MARK, beijing, figure

DAYS = 3.0
"""Days planned for when nobody says."""
STANDARD = "sphere"
"""Relief standard when nobody names one."""
REACH = 20_000
"""Metres within which shelters are looked for."""
STRUCK = ("drawn", "depth", "circle", "intensity")
"""Kinds of footprint in which no shelter is opened; a warning or a named area may cover the whole city."""
LEAST = 0.005
"""Quantities below this are nothing: figures are shown with two decimals."""

OWN_PLACE = "place"
"""Id of the incident's own place where goods go when no shelter is known."""

_GEOD = pyproj.Geod(ellps="WGS84")
_BRACKETS = re.compile(r"[（(\[【].*?[)）\]】]")


def work_out(
    knowledge: Knowledge,
    incident: str,
    by: Person,
    *,
    footprint: Footprint | None = None,
    basis: BasisKey | None = None,
    people: int | None = None,
    days: float | None = None,
    standard: str | None = None,
    sites: Sequence[Site] | None = None,
    by_road: bool = False,
    old: ReliefPlan | None = None,
    same: bool = False,
    at: datetime | None = None,
) -> tuple[ReliefPlan, tuple[Finding, ...]]:
    """The plan as of now, with what its checks found; nothing is recorded.

    What is not said is taken from the `old` plan: with `same` this becomes its next version, otherwise a new plan that revises it. `people` is
    typed by an officer for the chosen basis. Raises `BadInput`, with what to do, when nobody can say how many people there are.
    """
    moment = at or datetime.now(UTC)
    dossier, own = dossier_of(knowledge, incident), knowledge.settings.home
    footprint = footprint or (old.exposure.footprint if old and old.exposure else None)
    struck = exposure(footprint, knowledge.store.features_around(*bounds(footprint))) if footprint else None
    typed, typed_at = ({basis or (old.basis if old else DEFAULT): people}, moment) if people is not None else _typed(old)
    found = _bases(knowledge, dossier, struck, typed, typed_at)
    chosen, why = chosen_basis(found, dossier.incident.hazard, basis or (old.basis if old and old.basis != DEFAULT else None))
    if chosen.people is None:
        raise BadInput(why)
    heads = math.ceil(chosen.people.best)
    length, name = days if days is not None else old.days if old else DAYS, standard or (old.standard_name if old else STANDARD)
    loaded = load_standard(name, own / "standards")
    groups, group_words = groups_of(heads, struck) if struck else ({}, "")
    wanted = needs(heads, length, loaded, groups=groups)
    where, site_words = _sites(sites or _kept(old, heads, struck), heads, dossier, struck, knowledge.store.features(["shelter"]))
    _, placing = placed(heads, where)
    asked = demands(wanted, where, heads, assumptions=load_assumptions(own / "assumptions.yml"))
    before = old.id if old and not same else old.revises if old else None
    asked, covered = _less_on_hand(asked, on_hand(deliveries(knowledge, before)) if before else {})
    taken = stock_of(knowledge, dossier.incident.mode, releasing=before)
    allowed = _substitutes(loaded)
    lots, names, odd = matched(asked, taken.lots, _aliases(loaded), allowed)
    called = {lot.depot: lot.depot_name for lot in lots}
    carried = tuple(one for one in taken.vehicles if one.depot in called)
    # Goods for the struck place itself must get in; otherwise nothing is fetched from or driven through the struck ground.
    inside = any(site.id == OWN_PLACE for site in where)
    closed = [band.geometry for band in footprint.bands] if footprint and footprint.kind in STRUCK and not inside else []
    roads = knowledge.store.features(["road"], limit=300_000) if by_road else None
    travel = travel_times({lot.depot: (lot.lon, lot.lat) for lot in lots}, {site.id: (site.lon, site.lat) for site in where}, roads, closed)
    today = moment.astimezone(BEIJING).date()
    solved = allocate(lots, asked, travel, vehicles=carried, substitutes=allowed, reserved=taken.promised, today=today)
    city, code = knowledge.settings.city_name, knowledge.settings.city_code
    mark = EXERCISE_MARK if dossier.incident.mode == "exercise" else ""
    content: dict[str, Any] = {
        "id": old.id if old and same else PLAN_ID + digest([incident, by.name, moment])[:32],
        "version": old.version + 1 if old and same else 1,
        "incident": incident,
        "mode": dossier.incident.mode,
        "title": f"{mark}关于{dossier.incident.title}救助物资调配的计划",
        "issuer": knowledge.settings.bureau,
        "recipients": (f"{PROVINCES[code[:2]]}应急管理厅",) if code[:2] in PROVINCES else (f"{city}人民政府",),
        "exposure": struck,
        "bases": found,
        "basis": chosen.key,
        "basis_why": why,
        "people": heads,
        "days": length,
        "standard": loaded.title,
        "standard_name": name,
        "sites": where,
        "placing": placing,
        "needs": tuple(wanted),
        "matched": names,
        "demands": asked,
        "stock": lots,
        "stock_gaps": (*taken.gaps, *odd),
        "solved": solved,
        "revises": before,
        "assumptions": tuple(
            words
            for words in (
                footprint.assumption if footprint else "",
                group_words,
                *site_words,
                *covered,
                *left_out(wanted),
                *loaded.warnings,
                *(one.words(called[one.depot]) for one in carried),
                "行车时间按普查道路推算，影响范围内路段视为不通"
                if by_road
                else "行车时间按直线距离和平均车速推算，未计途中道路中断；影响范围内的仓库不调出",
            )
            if words
        ),
        "data_as_of": max((item.sent_at or item.received_at for item in dossier.evidence), default=moment),
        "created_at": moment,
        "drafted_by": by.name,
    }
    plan = ReliefPlan.model_validate(content)
    plan = plan.model_copy(update={"request": request(plan, dossier), "changes": changes(old, plan) if old else ()})
    return plan, findings(plan)


def propose(knowledge: Knowledge, incident: str, by: Person, **asked: Any) -> PlanState:
    """Work a plan out and record it as a proposal. NotAllowed without the right to draft; `asked` as in `work_out`."""
    allow(knowledge.ledger, by, "draft", subject=incident)
    scope.demand(knowledge, by, incident)
    plan, found = work_out(knowledge, incident, by, **asked)
    return write_plan(knowledge, plan, found, by)


def change(knowledge: Knowledge, plan_id: str, version: int, by: Person, **asked: Any) -> PlanState:
    """The next version of a plan with another basis, other days, another standard or other people at the sites; any signature is void from here on.

    `version` is the one that was read: Stale names who changed it since.
    """
    allow(knowledge.ledger, by, "edit", subject=plan_id)
    scope.demand(knowledge, by, plan_id)
    known = plan_record(knowledge, plan_id)
    may_change(knowledge, known, version, by)
    plan, found = work_out(knowledge, _plan(known).incident, by, old=_plan(known), same=True, **asked)
    return write_plan(knowledge, plan, found, by, known)


def plan_record(knowledge: Knowledge, plan_id: str) -> Record:
    """A plan's record; NotFound when the id is no plan's."""
    if not plan_id.startswith(PLAN_ID):
        raise NotFound(f"{plan_id} 不是救助计划的编号，应以 {PLAN_ID} 开头")
    return record_of(knowledge, plan_id)


def plan_state(knowledge: Knowledge, plan_id: str) -> PlanState:
    """A plan with its standing."""
    state = plan_record(knowledge, plan_id).state
    assert isinstance(state, PlanState)
    return state


def plans_of_incident(knowledge: Knowledge, incident: str | None = None) -> list[PlanState]:
    """All plans, or those about one incident, newest first."""
    drafted = knowledge.ledger.entries(kinds=["relief.drafted"], newest_first=True)
    return [plan_state(knowledge, entry.subject) for entry in drafted if incident in (None, entry.payload["plan"]["incident"])]


def standing_plan(knowledge: Knowledge, incident: str) -> PlanState | None:
    """The plan that holds for an incident: the newest signed one; null when none is signed."""
    return next((state for state in plans_of_incident(knowledge, incident) if state.status == "signed"), None)


def outdated(knowledge: Knowledge, state: PlanState, by: Person) -> tuple[str, ...]:
    """What a plan made now would say otherwise, figure by figure; empty while nothing it rests on has changed."""
    if state.status in ("withdrawn", "superseded"):
        return ()
    plan = state.plan
    found = _bases(knowledge, dossier_of(knowledge, plan.incident), plan.exposure, *_typed(plan))
    new = next(one for one in found if one.key == plan.basis)
    if new.people is None or math.ceil(new.people.best) == plan.people:
        return ()
    try:
        fresh, _ = work_out(knowledge, plan.incident, by, old=plan, same=state.status != "signed")
    except BadInput as why_not:
        return (str(why_not),)
    return fresh.changes


def record_delivery(
    knowledge: Knowledge, plan_id: str, line: int, quantity: float, by: Person, *, kind: str = "delivered", note: str = ""
) -> Delivery:
    """Write down that goods of one allocation line (counted from 1) arrived, were used up or came back. Refused unless the plan is or was signed."""
    allow(knowledge.ledger, by, "ingest", subject=plan_id)
    scope.demand(knowledge, by, plan_id)
    known = plan_record(knowledge, plan_id)
    plan = _plan(known)
    if known.state.status not in ("signed", "superseded") and kind == "delivered":
        raise Refused(f"救助计划 {plan_id} 没有签发，不能发货；请先签发")
    if not 1 <= line <= len(plan.solved.allocations):
        raise NotFound(f"救助计划 {plan_id} 没有第{line}条调拨；共{len(plan.solved.allocations)}条")
    if not math.isfinite(quantity) or quantity <= 0:
        raise BadInput(f"数量为 {quantity}，应大于0")
    if kind not in ("delivered", "consumed", "returned"):
        raise BadInput(f"{kind} 应为 delivered、consumed 或 returned")
    if known.state.status == "superseded" and kind == "delivered":
        raise Refused(f"救助计划 {plan_id} 已被新计划替代，请按新计划发货")
    one = plan.solved.allocations[line - 1]
    moved = Delivery.model_validate(
        {
            "plan": plan_id, "stock": "" if kind == "consumed" else one.stock, "site": one.site, "site_name": one.site_name, "item": one.item,
            "quantity": quantity, "unit": one.unit, "kind": kind, "at": datetime.now(UTC), "by": by.name, "note": note[:200],
        }
    )  # fmt: skip
    deliver(knowledge, moved, plan.mode, plan.reserves(), by, known.last)
    return moved


def supplies(knowledge: Knowledge, plan: ReliefPlan, at: datetime) -> tuple[Supply, ...]:
    """What was booked and what is left of it at the sites of a plan, in goods and in days."""
    basis = next(one for one in plan.bases if one.key == plan.basis)
    assert basis.people is not None
    return days_left(deliveries(knowledge, plan.id), plan.needs, basis.people, at)


def footprint_of_warning(knowledge: Knowledge, evidence: str, by: Person) -> Footprint:
    """The area of a received warning, which holds nobody's personal data; reading it as received is recorded all the same.

    NotAllowed without the right to draft, NotFound for an unknown one, BadInput for evidence that is no warning.
    """
    allow(knowledge.ledger, by, "draft", subject=evidence)
    if knowledge.store.evidence_one(evidence).source_kind != "warning":
        raise BadInput(f"{evidence} 不是预警，不能取其区域；请给出预警的编号，或用 --footprint、--circle、--area。")
    scope.demand(knowledge, by, evidence)
    received = knowledge.ledger.body(evidence, by=by.name, reason="为救助计划读取预警区域")
    return warning(received.fields, origin=evidence, title=received.title or "预警区域", features=knowledge.store.features(["population"]))


def named_sites(knowledge: Knowledge, given: Iterable[str]) -> tuple[Site, ...]:
    """Sites from `NAME=PEOPLE` (or NAME, to be given a share by capacity), each a surveyed shelter. NotFound names what the survey has not."""
    shelters = {feature.name: feature for feature in knowledge.store.features(["shelter"])}
    found = []
    for words in given:
        name, _, number = words.partition("=")
        shelter = shelters.get(name.strip())
        if shelter is None:
            raise NotFound(f"普查中没有名为“{name.strip()}”的避难场所；现有：{'、'.join(sorted(shelters)[:20]) or '无'}")
        if number and not number.strip().isdecimal():
            raise BadInput(f"{words}：人数应为整数")
        found.append(
            Site(
                id=shelter.id,
                name=shelter.name,
                people=int(number) if number else None,
                capacity=_capacity(shelter),
                lon=shelter.lon,
                lat=shelter.lat,
            )
        )
    return tuple(found)


def _plan(known: Record) -> ReliefPlan:
    assert isinstance(known.state, PlanState)
    return known.state.plan


def _typed(old: ReliefPlan | None) -> tuple[dict[BasisKey, int], datetime | None]:
    """What an officer typed for an earlier version, and when: a report made since comes before it."""
    if old is None:
        return {}, None
    typed = [other for one in old.bases for other in (one, *one.others) if other.origin == "typed" and other.people is not None]
    return {one.key: int(one.people.best) for one in typed if one.people}, max((one.as_of for one in typed if one.as_of), default=None)


def _bases(
    knowledge: Knowledge, dossier: Dossier, struck: Exposure | None, typed: Mapping[BasisKey, int], typed_at: datetime | None
) -> tuple[Basis, ...]:
    believed = load_assumptions(knowledge.settings.home / "assumptions.yml")
    return bases(
        dossier.impacts, struck, typed, typed_at=typed_at, statements=dossier.statements, evidence=dossier.evidence, assumptions=believed
    )


def _sites(
    given: Sequence[Site] | None, people: int, dossier: Dossier, struck: Exposure | None, shelters: Iterable[Feature]
) -> tuple[tuple[Site, ...], list[str]]:
    """Where the people are: as typed, else the nearest shelters outside the struck ground that hold them all, else the incident's own place."""
    if given:
        return tuple(given), []
    place, words = dossier.incident.place, []
    centre = (place.lon, place.lat) if place.lon is not None and place.lat is not None else None
    unsafe: set[str] = set()
    if struck is not None:
        inside = [site for site in struck.sites if site.inside]
        if struck.footprint.kind in STRUCK:
            unsafe = {site.feature for site in inside if site.kind == "shelter"}
            if unsafe:
                names = "、".join(site.name for site in inside if site.feature in unsafe)
                words.append(f"{names}在影响范围内，未列为安置点")
        middle = shapely.union_all([shapely.geometry.shape(band.geometry) for band in struck.footprint.bands]).representative_point()
        centre = (middle.x, middle.y)
    if centre is None:
        raise BadInput("事件没有位置，也没有影响范围，不知道物资送到哪里：请画出范围或填写安置点。")
    near = []
    for shelter in (one for one in shelters if one.id not in unsafe):
        _, _, metres = _GEOD.inv(centre[0], centre[1], shelter.lon, shelter.lat)
        if metres <= REACH and (capacity := _capacity(shelter)):
            near.append(
                (
                    metres,
                    shelter.id,
                    Site(id=shelter.id, name=shelter.name, people=None, capacity=capacity, lon=shelter.lon, lat=shelter.lat),
                )
            )
    taken: list[Site] = []
    for _, _, site in sorted(near, key=lambda one: one[:2]):
        if taken and sum(one.capacity or 0 for one in taken) >= people:
            break
        taken.append(site)
    if taken:
        enough = sum(one.capacity or 0 for one in taken) >= people
        how = (
            f"安置点按由近及远取至容量够用，共{len(taken)}处"
            if enough
            else f"{REACH // 1000}千米内可用的安置点全部列入，共{len(taken)}处，容量仍不够"
        )
        words.append(f"{how}；实际开放情况请核对")
        return tuple(taken), words
    words.append("普查中附近没有可用的避难场所，物资送至事发地；请填写安置点")
    return (
        Site(id=OWN_PLACE, name=place.name or dossier.incident.title, people=people, capacity=None, lon=centre[0], lat=centre[1]),
    ), words


def _kept(old: ReliefPlan | None, people: int, struck: Exposure | None) -> tuple[Site, ...]:
    """The places of an earlier version, while the footprint is the same and they hold the people, or someone said how many are where."""
    if old is None or (struck.footprint if struck else None) != (old.exposure.footprint if old.exposure else None):
        return ()
    typed = any(site.people is not None and site.id != OWN_PLACE for site in old.sites)
    return old.sites if typed or sum(site.capacity or 0 for site in old.sites) >= people else ()


def _capacity(shelter: Feature) -> float | None:
    value = shelter.properties.get("capacity")
    return value if isinstance(value, float | int) and value > 0 and math.isfinite(value) else None


def bare(name: str) -> str:
    """An item's name without remarks in brackets, in one form: 帐篷（12平方米） and 帐篷 are called the same."""
    return unicodedata.normalize("NFKC", _BRACKETS.sub("", name)).strip().casefold()


def _aliases(standard: Standard) -> dict[str, tuple[str, ...]]:
    return {item.item: item.known_as for item in standard.items}


def _substitutes(standard: Standard) -> tuple[Substitute, ...]:
    return tuple(
        Substitute(
            item=one.item,
            unit=one.unit,
            instead_of=item.item,
            for_unit=item.unit,
            factor=one.factor,
            standard=f"{standard.title} {one.clause}",
        )
        for item in standard.items
        for one in item.substitutes
    )


def matched(
    wanted: Iterable[Demand], lots: Iterable[Stock], aliases: Mapping[str, Sequence[str]], substitutes: Sequence[Substitute] = ()
) -> tuple[tuple[Stock, ...], tuple[str, ...], tuple[str, ...]]:
    """The lots that answer a demand, under the name the demand has; how names were taken to be the same; and lots whose unit does not convert.

    A name is the same without brackets, or where the standard names it so itself; what the standard allows in a wanted item's place is taken
    under its own name. Nothing is guessed beyond that.
    """
    wanted = list(wanted)
    items = {demand.item for demand in wanted}
    stand_ins = {(bare(one.item), one.unit): one.item for one in substitutes if one.instead_of in items}
    called: dict[str, Demand] = {}
    for demand in wanted:
        for name in (demand.item, *aliases.get(demand.item, ())):
            called.setdefault(bare(name), demand)
    taken, names, odd = [], [], []
    for lot in lots:
        wish = called.get(bare(lot.item))
        if wish is None:
            if own := stand_ins.get((bare(lot.item), lot.unit)):
                taken.append(lot.model_copy(update={"item": own}))
            continue
        if factor(lot.unit, wish.unit) is None:
            odd.append(
                f"{lot.depot_name}的{lot.item}以“{lot.unit}”计，不能换算为“{wish.unit}”（{wish.item}），没有列入调拨，请核对后改库存单位"
            )
            continue
        if lot.item != wish.item:
            names.append(f"库存“{lot.item}”按标准项“{wish.item}”调拨，规格未核对")
        taken.append(lot.model_copy(update={"item": wish.item}))
    return tuple(taken), tuple(dict.fromkeys(names)), tuple(odd)


def _less_on_hand(wanted: Sequence[Demand], there: Mapping[tuple[str, str, str], float]) -> tuple[tuple[Demand, ...], list[str]]:
    """Demands less what an earlier plan already brought and nobody used up."""
    left, words = [], []
    for demand in wanted:
        have = sum(
            quantity * times
            for (site, item, unit), quantity in there.items()
            if site == demand.site and item == demand.item and (times := factor(unit, demand.unit)) is not None
        )
        if have > LEAST:
            words.append(f"{demand.site_name}现存{demand.item}{figure(have)}{demand.unit}（已送达未用），从需求中扣除")
            quantity = max(demand.quantity - have, 0.0)
            demand = demand.model_copy(update={"quantity": quantity, "minimum": min(max(demand.minimum - have, 0.0), quantity)})
        left.append(demand)
    return tuple(one for one in left if one.quantity > LEAST), words


def missing(plan: ReliefPlan) -> dict[tuple[str, str], float]:
    """(item, unit) to what is missing over all places."""
    total: dict[tuple[str, str], float] = {}
    for short in plan.solved.shortfalls:
        total[short.item, short.unit] = total.get((short.item, short.unit), 0.0) + short.quantity
    return total


def request(plan: ReliefPlan, dossier: Dossier) -> tuple[str, ...]:
    """申请调拨 for what is missing, paragraph by paragraph; empty when nothing is."""
    short = missing(plan)
    if not short:
        return ()
    basis = next(one for one in plan.bases if one.key == plan.basis)
    source = {"reported": "据报", "typed": "经工作人员填报", "estimated": "据测算（估计值，未核实）"}.get(basis.origin, "")
    heads = f"约{rounded_people(plan.people)}人" if basis.origin == "estimated" else f"{plan.people}人"
    return (
        f"因{dossier.incident.title}，截至{beijing(plan.data_as_of)}，{source}我市{BASES[plan.basis]}{heads}，"
        f"按“{plan.standard}”测算{figure(plan.days)}天救助物资需求，并核对本市库存（编制时未被占用的部分）。",
        f"本市库存经调配后仍缺：{'；'.join(f'{item}{figure(round(quantity, 2))}{unit}' for (item, unit), quantity in short.items())}。"
        "各安置点缺口及原因见附件。",
        "为保障受灾群众基本生活，恳请按上述缺口予以调拨支援，并告知可调数量、起运地点和预计到达时间。",
    )


def changes(old: ReliefPlan, new: ReliefPlan) -> tuple[str, ...]:
    """What changed between two plans, figure by figure."""
    words = [
        f"{what}：{before} → {after}"
        for what, before, after in (
            ("救助口径", BASES[old.basis], BASES[new.basis]),
            ("天数", figure(old.days), figure(new.days)),
            ("标准", old.standard, new.standard),
        )
        if before != after
    ]
    words += [one.words for one in changed(_calculation(old), _calculation(new))]
    was, is_ = missing(old), missing(new)
    for key in dict.fromkeys((*was, *is_)):
        before, after = round(was.get(key, 0.0), 2), round(is_.get(key, 0.0), 2)
        if before != after:
            words.append(f"缺口 {key[0]}：{figure(before)}{key[1]} → {figure(after)}{key[1]}")
    return tuple(dict.fromkeys(words))


def _calculation(plan: ReliefPlan) -> Calculation:
    return Calculation(basis=next(one for one in plan.bases if one.key == plan.basis), needs=plan.needs, demands=plan.demands)


def findings(plan: ReliefPlan) -> tuple[Finding, ...]:
    """What checking a plan found. Only an allocation that does not hold stops signing; the rest is shown."""
    basis = next(one for one in plan.bases if one.key == plan.basis)
    found: list[tuple[str, str, str]] = []
    if not plan.solved.feasible:
        found.append(("block", "relief_infeasible", f"调拨方案未通过复核：{'；'.join(plan.solved.checks)}"))
    if basis.origin == "estimated":
        found.append(("warn", "relief_estimate", f"{BASES[plan.basis]}{plan.people}人是估计值，未核实：{basis.assumption}"))
    if unverified := [need.item for need in plan.needs if not need.verified]:
        found.append(("warn", "relief_unverified", f"{'、'.join(unverified)}的系数未核实，签发前请核定"))
    if plan.exposure is None:
        found.append(("warn", "relief_no_footprint", "没有影响范围，没有核对受影响人口"))
    elif plan.exposure.covered < 0.999:
        found.append(("warn", "relief_coverage", f"影响范围只有{plan.exposure.covered:.0%}有普查人口，其余未计"))
    found += [("warn", "relief_names", words) for words in plan.matched]
    found += [("warn", "relief_stock", words) for words in plan.stock_gaps]
    if plan.solved.shortfalls:
        found.append(("info", "relief_gap", f"有{len(missing(plan))}种物资不足，见缺口表和申请调拨"))
    return tuple(
        Finding.model_validate({"claim": None, "severity": severity, "code": code, "message": message}) for severity, code, message in found
    )

"""What each shelter needs: the needs of all people spread over the places where they are, in whole packing units, so that the parts sum to the whole.

Spreading is by largest remainder: every place gets its share rounded down, and the packs left over go to the largest remainders, ties to the
earlier place. What everybody gets before anybody gets more (`Demand.minimum`) is rounded up at each place, never above what it gets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal

from models.assumptions import Assumptions, load_assumptions
from models.domain import Need, digest
from models.errors import BadInput
from models.needs import exactly
from models.relief import Demand, Group, Site

NOT_GOODS = frozenset({"平方米", "千卡", "kcal", "m2", "m²", "sq m", "sqm"})
"""Units of what cannot be loaded on a lorry: floor area and energy."""


def placed(people: int, sites: Sequence[Site]) -> tuple[dict[str, int], tuple[str, ...]]:
    """How many of `people` are at each site, by site id, and how that was worked out, in sentences.

    Typed numbers stand; the rest is spread over the open sites without one by capacity, largest remainder. Every person is placed exactly once.
    Raises `BadInput` when the typed numbers exceed the people, or nobody can say where the rest is.
    """
    if twice := sorted({site.id for site in sites if [one.id for one in sites].count(site.id) > 1}):
        raise BadInput(f"安置点 {'、'.join(twice)} 重复，请删去一处。")
    typed = {site.id: site.people for site in sites if site.people is not None}
    rest = people - sum(typed.values())
    if rest < 0:
        raise BadInput(f"各点填写的人数之和{sum(typed.values())}多于总人数{people}，请改各点人数或总人数。")
    steps = tuple(f"{site.name}：{site.people}人（填写）" for site in sites if site.people is not None)
    if not rest:
        return {site.id: typed.get(site.id, 0) for site in sites}, steps
    takers = [site for site in sites if site.people is None and site.is_open and site.capacity is not None]
    if not takers:
        raise BadInput(f"还有{rest}人没有去处：请填写各点人数，或给出开放的安置点及其容量。")
    capacity = sum(exactly(site.capacity or 0) for site in takers)
    shares = shared_out(rest, [exactly(site.capacity or 0) for site in takers])
    by_site = dict(zip((site.id for site in takers), shares, strict=True))
    steps += tuple(
        f"{site.name}：{rest}人×{site.capacity:g}÷{float(capacity):g}（按开放安置点的容量分摊）={by_site[site.id]}人" for site in takers
    )
    if rest > capacity:
        steps += (f"开放安置点共可容纳{float(capacity):g}人，超出{rest - math.floor(capacity)}人，请增开安置点或改为分散安置。",)
    unknown = [site.name for site in sites if site.people is None and site.is_open and site.capacity is None]
    if unknown:
        steps += (f"{'、'.join(unknown)}没有容量也没有填写人数，未分摊人员。",)
    return {site.id: typed.get(site.id, by_site.get(site.id, 0)) for site in sites}, steps


def shared_out(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """`total` whole things by weight, largest remainder, ties to the earlier one. Sums to `total`. Raises `BadInput` when all weights are 0."""
    everything = sum(weights, Fraction(0))
    if total and not everything:
        raise BadInput("没有可供分摊的人数或容量，请填写。")
    if not total:
        return [0] * len(weights)
    exact = [Fraction(weight) * total / everything for weight in weights]
    parts = [math.floor(one) for one in exact]
    by_remainder = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def demands(
    needs: Sequence[Need],
    sites: Sequence[Site],
    people: int,
    *,
    assumptions: Assumptions | None = None,
    level: Literal["县", "市", "省"] = "市",
) -> tuple[Demand, ...]:
    """What every site needs of every item, in whole packing units; over the sites each item sums exactly to its need.

    `people` are placed on the sites as `placed` does. Items for one group go by the people of that group where every site with people gives them,
    else by all people. Left out are items already counted in another, what is no goods, and what nobody knows the number for (`left_out` says
    which). Priority and time to arrive come from the standard where it gives them, else from the planning assumptions; `level` is the level of
    administration that sends the first batch. Raises `BadInput` as `placed` does.
    """
    believed = assumptions or load_assumptions()
    at, _ = placed(people, sites)
    found = []
    for need in needs:
        if _why_left_out(need) or not need.quantity:
            continue
        pack = exactly(need.pack)
        weights = _weights(need, sites, at)
        packs = shared_out(round(exactly(need.quantity) / pack), weights)
        first, everything = _first_part(need, believed), sum(weights)
        for site, weight, count in zip(sites, weights, packs, strict=True):
            if not count:
                continue
            least = math.ceil(first * weight / everything / pack)
            found.append(
                Demand(
                    id="de-" + digest([site.id, need.standard_name, need.ref])[:16],
                    site=site.id,
                    site_name=site.name,
                    item=need.item,
                    unit=need.unit,
                    quantity=float(count * pack),
                    minimum=float(min(count, least) * pack),
                    priority=_priority(need, believed),
                    within_minutes=_within(need, believed, level),
                    lon=site.lon,
                    lat=site.lat,
                )
            )
    return tuple(found)


def left_out(needs: Sequence[Need]) -> tuple[str, ...]:
    """Which needs become no demand, and why, in sentences."""
    return tuple(f"{need.item}：{why}。" for need in needs if (why := _why_left_out(need)))


def priority_words(need: Need, assumptions: Assumptions | None = None, level: Literal["县", "市", "省"] = "市") -> str:
    """Why an item comes when it does, in words, with whether that was seen in a source."""
    believed = assumptions or load_assumptions()
    kind = believed.class_of(need)
    priority = _priority(need, believed)
    by = "标准给出" if need.priority is not None else f"{believed.title}：{kind.name if kind else '其他物资'}"
    words = f"优先级{priority}（{by}）"
    within = _within(need, believed, level)
    if need.within_minutes is None and within is not None:
        seen = "" if believed.first_batch_verified else "，未核实"
        words += f"；{within:g}分钟内运抵（{believed.first_batch_clause}{seen}）"
    elif within is not None:
        words += f"；{within:g}分钟内运抵（标准给出）"
    return words


def _why_left_out(need: Need) -> str:
    if need.quantity is None:
        return need.arithmetic
    if need.part_of:
        return "已含在另一项内，不另行调拨"
    return "不是可以装运的物资，不列入调拨" if need.unit.strip().casefold() in NOT_GOODS else ""


def _weights(need: Need, sites: Sequence[Site], at: Mapping[str, int]) -> list[int]:
    group: Group = need.whom  # type: ignore[assignment]
    if group != "all":
        given = [site.groups.get(group, 0) for site in sites]
        if any(given) and all(group in site.groups for site in sites if at[site.id]):
            return given
    return [at[site.id] for site in sites]


def _first_part(need: Need, assumptions: Assumptions) -> Fraction:
    """What everybody gets first: of what is used up, the first hours; the least a standard allows where it gives one above 0."""
    exact = exactly(need.least or need.exact or 0)
    if need.every == "once":
        return exact
    kind = assumptions.class_of(need)
    days = exactly(kind.first_hours if kind else assumptions.other_first_hours) / 24
    return exact * min(Fraction(1), days / exactly(need.days))


def _priority(need: Need, assumptions: Assumptions) -> int:
    if need.priority is not None:
        return need.priority
    kind = assumptions.class_of(need)
    ordinary = kind.priority if kind else assumptions.other_priority
    return ordinary if need.whom == "all" else max(1, ordinary - assumptions.group_step)


def _within(need: Need, assumptions: Assumptions, level: Literal["县", "市", "省"]) -> float | None:
    if need.within_minutes is not None:
        return need.within_minutes
    kind = assumptions.class_of(need)
    return assumptions.first_batch_minutes.get(level) if kind and kind.first_batch else None

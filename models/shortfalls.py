"""Why a demand is not met, and what would mend it: read from the stock, the roads and the plan, by trying what one change would free.

A reason is named only when taking it away alone would free at least one pack for this demand, directly or by an exchange with demands that
rank after it; a demand that ranks before may then have the better claim to what this frees. Where no single thing would, there is not enough.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from models.allocation_problem import EPS, UNLIMITED, Floats, Ints, Part, whole_packs
from models.allocation_proof import NEVER, RANK, Exchanges
from models.relief import Shortfall

Why = Literal["no_stock", "not_enough", "too_late", "no_road", "vehicles", "packing", "expired", "reserved"]
MENDS_ALL = "向上级申请调拨、就近采购或征用可补"


def shortfalls(part: Part, sent: Ints, exchange: Exchanges, reserved: dict[str, float]) -> list[Shortfall]:
    """What each demand of a part lacks, in its own unit, with the binding reason."""
    brought = (sent * part.value).sum(0)
    held = np.array([[sum(reserved.get(lot.id, 0.0) // lot.pack for lot in group) for group in part.lots]]).reshape(-1)
    loose = np.array([sum(lot.quantity - whole_packs(lot) * lot.pack for lot in group) / group[0].pack for group in part.lots]).reshape(-1)
    found = []
    for d in np.flatnonzero(part.quantity - brought > EPS * np.maximum(part.quantity, 1)):
        demand, into = part.demands[d], part.into[d]
        missing = float((part.quantity[d] - brought[d]) * into)
        of_minimum = max(0.0, float((part.minimum[d] - brought[d]) * into))
        of_minimum = of_minimum if of_minimum > EPS * max(1.0, missing) else 0.0
        why, words = _reason(part, int(d), sent, exchange, held, loose, missing)
        lacking = f"还差{amount(missing)}{demand.unit}" + (f"（其中最低需求{amount(of_minimum)}{demand.unit}）" if of_minimum else "")
        found.append(
            Shortfall(
                demand=demand.id, site=demand.site, site_name=demand.site_name, item=demand.item, unit=demand.unit,
                quantity=missing, of_minimum=of_minimum, why=why, words=f"{lacking}：{words}",
            )
        )  # fmt: skip
    return found


def amount(value: float) -> str:
    """A figure for a sentence: whole where it is whole, else two decimals."""
    return f"{value:.0f}" if abs(value - round(value)) < 0.005 else f"{value:.2f}".rstrip("0")


def _reason(part: Part, d: int, sent: Ints, exchange: Exchanges, held: Floats, loose: Floats, missing: float) -> tuple[Why, str]:
    demand, into = part.demands[d], part.into[d]
    right = part.value[:, d] > 0
    if not right.any():
        return "no_stock", f"全市库存中没有“{demand.item}”；{MENDS_ALL}。"
    content = part.value[:, d] * into
    drive, fresh = part.minutes[:, d], part.fresh[:, d]
    limit = demand.within_minutes
    late = np.isfinite(drive) & (drive > (limit if limit is not None else np.inf) + EPS)
    open_ = right & fresh & np.isfinite(drive) & ~late
    room = exchange.depot[part.depot]
    spare = part.packs - sent.sum(1)
    can = exchange.lot < NEVER
    # By rank and not by minutes: taking from an equal would mend one and open another.
    gain = exchange.gain[d] - RANK // 2
    frees = can & (np.where(can, exchange.lot, 0) + exchange.cost[:, d] < gain)
    takes = (room < NEVER) & (np.where(room < NEVER, room, 0) + exchange.cost[:, d] < gain)

    def name(chosen: np.ndarray) -> str:
        return part.lots[int(np.flatnonzero(chosen)[np.argmin(drive[chosen])])][0].depot_name

    def total(packs: np.ndarray, chosen: np.ndarray) -> str:
        return f"{amount(float((packs * content)[chosen].sum()))}{demand.unit}"

    parked = open_ & (spare > 0) & (part.room[part.depot] < UNLIMITED) & ~frees
    if parked.any():
        return "vehicles", f"{name(parked)}等处尚有{total(spare, parked)}，但车辆已装满；增派车辆或分趟运送可补。"
    late_only = right & fresh & late & frees
    if late_only.any():
        fastest = float(drive[late_only].min())
        return "too_late", (
            f"能到的库存已分完，最近的有货库{name(late_only)}要{amount(fastest)}分钟，超过时限{amount(limit or 0)}分钟；"
            "放宽时限、提前装车或改由近处前送可补。"
        )
    cut_off = right & fresh & ~np.isfinite(drive) & frees
    if cut_off.any():
        return "no_road", f"{name(cut_off)}有货，但没有可通行的道路，或它就在受灾封闭的范围内；抢通道路或改用其他运输方式可补。"
    promised = open_ & (held > 0) & takes
    if promised.any():
        return "reserved", f"{name(promised)}等处有{total(held, promised)}已被其他方案预留；协调释放，或{MENDS_ALL}。"
    odd = open_ & (loose > EPS) & takes
    if odd.any() and (float((loose * content)[odd].sum()) >= missing - EPS or not (right & (part.packs > 0)).any()):
        return "packing", f"{name(odd)}等处所剩{total(loose, odd)}不足整包装；拆包发放可补，或{MENDS_ALL}。"
    usable = right & fresh & (part.packs > 0)
    gone = right & ~fresh & np.isfinite(drive) & ~late & (part.packs > 0) & takes
    if gone.any() and not usable.any():
        return "expired", f"{name(gone)}等处的{total(part.packs, gone)}到达时已过有效期，不得发放；更换批次，或{MENDS_ALL}。"
    also = f"（另有{total(part.packs, gone)}已过有效期，不计）" if gone.any() else ""
    if usable.any():
        where = "时限内能到的各库" if limit is not None else "能到的各库"
        return "not_enough", f"{where}此物已全部分配给位次在前或同等的需求{also}；{MENDS_ALL}。"
    return "no_stock", f"全市各库“{demand.item}”可用数量为零{also}；{MENDS_ALL}。"

"""How fast allocations are found, how large the models are, and what the bare solver needs for the same model in the same run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import highspy
import numpy as np

from models.allocation import allocate
from models.allocation_problem import Ladder, Part, build
from models.allocation_solver import Network, network
from models.relief import Demand, Stock, Travel
from models.travel import travel_times

TODAY = date(2026, 6, 1)
PACKS = (1, 1, 5, 10, 12, 24)


def invented(
    depots: int, sites: int, items: int, scarcity: float, *, within: float | None = 120, mixed: bool = False
) -> tuple[list[Stock], list[Demand], list[Travel]]:
    """Stock, demands and travel of an invented city of 57 km × 67 km; all stock together is 1/`scarcity` of what is wanted."""
    dice = np.random.default_rng(depots * sites * items)
    at = {f"d{n}": (float(x), float(y)) for n, (x, y) in enumerate(dice.random((depots, 2)) * 0.6 + [118.5, 31.8])}
    to = {f"s{n}": (float(x), float(y)) for n, (x, y) in enumerate(dice.random((sites, 2)) * 0.6 + [118.5, 31.8])}
    stocks, demands = [], []
    for i in range(items):
        wanted = dice.integers(20, 400, sites)
        least = (wanted * dice.uniform(0.2, 0.6, sites)).astype(int)
        priority = dice.integers(1, 4, sites)
        lies = dice.dirichlet(np.ones(depots)) * wanted.sum() / scarcity
        pack, days = PACKS[i % len(PACKS)], dice.integers(1, 700, depots)
        for n, (depot, (lon, lat)) in enumerate(at.items()):
            size = pack * int(dice.integers(1, 3)) if mixed else pack
            stocks.append(
                Stock(
                    id=f"{depot}-{i}", depot=depot, depot_name=f"{n}号库", item=f"物资{i}", quantity=int(lies[n]), unit="件", pack=size, lon=lon,
                    lat=lat, loading_minutes=20, expires_on=date.fromordinal(TODAY.toordinal() + int(days[n])),
                )
            )  # fmt: skip
        for n, (site, (lon, lat)) in enumerate(to.items()):
            demands.append(
                Demand(
                    id=f"{site}-{i}", site=site, site_name=f"{n}号点", item=f"物资{i}", unit="件", quantity=int(wanted[n]),
                    minimum=int(least[n]), priority=int(priority[n]), within_minutes=within, lon=lon, lat=lat,
                )
            )  # fmt: skip
    return stocks, demands, travel_times(at, to)


def bare(part: Part) -> tuple[float, float, int, int, bool]:
    """Of one part: seconds of our passes, seconds of HiGHS alone with its own settings on the last pass's model with every arc in it, that
    model's variables and constraints, and whether both reach the same value."""
    ladder = Ladder(part)
    begun = time.monotonic()
    ours = Network(part, ladder)
    found = network(part, ladder, 600, ours)
    own = time.monotonic() - begun
    assert ours.last is not None
    worth, width, demand, scale = ours.last
    ours.lot, ours.demand = np.nonzero(ours.open)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    model = ours.model(worth, width, demand, scale)
    begun = time.monotonic()
    solver.passModel(model)
    solver.run()
    alone = time.monotonic() - begun
    took = found.sent.sum(0)
    value = float((found.sent * ours.cost).sum())
    for d in np.flatnonzero(took):
        left = int(took[d])
        for n in np.flatnonzero(demand == d)[np.argsort(-worth[demand == d], kind="stable")]:
            here = min(left, int(width[n]))
            value, left = value - scale * worth[n] * here, left - here
    same = abs(value - solver.getInfo().objective_function_value) <= 1e-6 * max(1.0, abs(value))
    return own, alone, model.num_col_, model.num_row_, same


def allocation(path: Path | None = None) -> dict[str, Any]:
    """Seconds, model sizes and gaps for 50 × 1,000 × 10 at several scarcities and for 200 × 1,000 × 30; `path` is not used."""
    figures: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 1)}
    for label, size, scarcity, mixed in (
        ("50x1000x10", (50, 1000, 10), 0.9, False),
        ("50x1000x10_scarcity2", (50, 1000, 10), 2, False),
        ("50x1000x10_scarcity5", (50, 1000, 10), 5, False),
        ("50x1000x10_scarcity10", (50, 1000, 10), 10, False),
        ("50x1000x10_mixed_packs_scarcity2", (50, 1000, 10), 2, True),
        ("200x1000x30", (200, 1000, 30), 0.9, False),
    ):
        case = invented(*size, scarcity, mixed=mixed)
        begun, worked = time.monotonic(), time.process_time()
        solved = allocate(*case, today=TODAY)
        figures[f"{label}_seconds"] = round(time.monotonic() - begun, 2)
        figures[f"{label}_processor_seconds"] = round(time.process_time() - worked, 2)
        figures[f"{label}_solver_seconds"] = round(solved.seconds, 2)
        figures[f"{label}_variables"], figures[f"{label}_constraints"] = solved.variables, solved.constraints
        figures[f"{label}_status"], figures[f"{label}_gap"] = solved.status, round(solved.gap, 5)
        figures[f"{label}_feasible"] = solved.feasible
        if mixed:
            continue
        parts = build(*case, (), (), (), {}, TODAY).parts[:3]
        measured = [bare(part) for part in parts]
        own, alone = sum(one[0] for one in measured), sum(one[1] for one in measured)
        figures[f"{label}_bare_model_of_an_item"] = f"{measured[0][2]} × {measured[0][3]}"
        figures[f"{label}_3_items_ours_bare_seconds"] = f"{own:.2f} {alone:.2f}"
        figures[f"{label}_times_the_bare_solver"] = round(own / alone, 2)
        figures[f"{label}_same_value"] = all(one[4] for one in measured)
    figures["load_after"] = round(os.getloadavg()[0], 1)
    return figures


BENCHMARKS: dict[str, Callable[[Path | None], dict[str, Any]]] = {"allocation": allocation}

"""An invented depot and plans that take from it, small enough to count by hand."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from graph.knowledge import Knowledge
from models.domain import BEIJING, Feature, Person, Source, digest
from models.relief import Allocation, Basis, Figure, PlanState, ReliefPlan, Site, Solved
from reports.signoff import submit, write_plan
from tests.signing import sign

SURVEY = Source(name="survey", title="承灾体普查", kind="survey", publisher="普查办", owner="风险处", reliability="A", every_minutes=1440)
WATER = {"饮用水": {"quantity": 100, "unit": "升"}}


def depot(stock: Any = WATER, *, name: str = "某区物资库", lon: float = 118.79, **properties: Any) -> Feature:
    """A surveyed depot."""
    listed = stock if isinstance(stock, str) or stock is None else json.dumps(stock, ensure_ascii=False)
    return Feature(
        id="fe-" + digest([name, lon])[:16],
        kind="depot",
        name=name,
        geometry={"type": "Point", "coordinates": [lon, 32.03]},
        lon=lon,
        lat=32.03,
        properties={"stock": listed, **properties},
    )


def surveyed_in(knowledge: Knowledge, *features: Feature) -> None:
    """Put surveyed bodies into the record and the graph."""
    knowledge.ledger.receive(SURVEY, [], features=features)
    knowledge.catch_up()


def taking(quantity: float, *, of: str, id: str, **more: Any) -> ReliefPlan:
    """A plan that sends so much of one lot to one shelter."""
    line = Allocation(
        stock=of, depot=of.split("/")[0], depot_name="某区物资库", demand="de-1", site="fe-s", site_name="某避难场所", item="饮用水",
        quantity=quantity, unit="升", serves=quantity, minutes=20,
    )  # fmt: skip
    solved = Solved(
        allocations=(line,),
        shortfalls=(),
        status="optimal",
        gap=0,
        variables=1,
        constraints=2,
        seconds=0.01,
        checks=("核对通过。",),
        feasible=True,
    )
    moment = datetime(2026, 7, 18, 20, 30, tzinfo=BEIJING)
    known = {
        "id": f"rl-{id}", "incident": "in-1", "mode": "actual", "title": f"某处积水救助物资调配计划{id}", "issuer": "某市应急管理局",
        "recipients": ("某省应急管理厅",), "bases": (Basis(key="relocated", people=Figure(low=20, best=20, high=20), origin="reported"),),
        "basis": "relocated", "people": 20, "days": 3, "standard": "某标准", "standard_name": "sphere", "needs": (), "solved": solved,
        "sites": (Site(id="fe-s", name="某避难场所", people=20, capacity=None, lon=118.8, lat=32.0),),
        "data_as_of": moment, "created_at": moment, "drafted_by": "duty1",
    }  # fmt: skip
    return ReliefPlan.model_validate({**known, **more})


def read(state: PlanState) -> dict[str, Any]:
    """What a person who has just read a plan passes on."""
    return {"version": state.plan.version, "digest": state.plan.content_digest()}


def proposed(knowledge: Knowledge, plan: ReliefPlan, people: dict[str, Person]) -> PlanState:
    """The plan written down and sent to be signed."""
    state = write_plan(knowledge, plan, (), people["duty"])
    submit(knowledge, plan.id, **read(state), by=people["duty"])
    return state


def signed(knowledge: Knowledge, plan: ReliefPlan, people: dict[str, Person]) -> PlanState:
    """The plan signed by a second person."""
    state = proposed(knowledge, plan, people)
    found = sign(knowledge, plan.id, **read(state), by=people["signer"])
    assert isinstance(found, PlanState)
    return found

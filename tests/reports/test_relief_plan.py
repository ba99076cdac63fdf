"""A relief plan from footprint to paper on invented ground small enough to count by hand. Real ledger, real graph engine, real solver."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

from graph.knowledge import Knowledge
from graph.stock import stock_of
from models.domain import Dossier, Feature, Person, Place, digest
from models.errors import BadInput, NotAllowed, NotFound, Refused, Stale
from models.footprints import circle, drawn
from models.relief import Demand, PlanState, Site, Stock
from reports import relief, relief_paper, render
from reports.signoff import submit, withdraw
from tests.reports.invented import at, believed, flood, heard, said, take_in
from tests.reports.invented_relief import depot, read, surveyed_in
from tests.signing import sign

GOODS = {
    "折叠床": {"quantity": 30, "unit": "张"},
    "帐篷": {"quantity": 100, "unit": "顶"},
    "方便食品": {"quantity": 500, "unit": "箱"},
    "=HYPERLINK(1)": {"quantity": 5, "unit": "件"},
}


def spot(kind: str, name: str, lon: float, lat: float, **properties: Any) -> Feature:
    return Feature(
        id="fe-" + digest([kind, name])[:16], kind=kind, name=name, geometry={"type": "Point", "coordinates": [lon, lat]}, lon=lon, lat=lat, properties=properties
    )  # type: ignore[arg-type]  # fmt: skip


def square(lon: float, lat: float, size: float) -> dict[str, Any]:
    ring = [[lon, lat], [lon + size, lat], [lon + size, lat + size], [lon, lat + size], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


STREET = Feature(
    id="fe-street", kind="population", name="某街道", geometry=square(118.78, 32.0, 0.02), lon=118.79, lat=32.01, adcode="320104",
    properties={"people": 1000.0, "elderly": 200.0},
)  # fmt: skip
INSIDE = spot("shelter", "水中学校", 118.785, 32.005, capacity=500.0)
NEAR = spot("shelter", "高地体育馆", 118.81, 32.01, capacity=60.0)
FAR = spot("shelter", "远处公园", 118.85, 32.01, capacity=900.0)


def relocated(people: int = 100, *, hour: int = 19, minute: int = 50) -> Dossier:
    """The invented flood in which a street office says how many were relocated."""
    call = heard(1, f"红花街道办事处报告，已紧急转移安置{people}人", hour, minute, title="街道办报告", reliability="B")
    figure = said(call, "impact.relocated", f"紧急转移安置{people}人", people)
    place = Place(name="绮云路下穿通道", adcode="320104", district="秦淮区", precision="point", lon=118.79, lat=32.01)
    known = flood().incident.model_copy(update={"place": place})
    return flood(
        incident=known,
        evidence=(call,),
        statements=(figure,),
        impacts=(believed("relocated", figure, confirmed=True, as_of=at(hour, minute)),),
    )


@pytest.fixture
def desk(knowledge: Knowledge) -> Knowledge:
    surveyed_in(knowledge, depot(GOODS), STREET, INSIDE, NEAR, FAR)
    take_in(knowledge, relocated())
    return knowledge


@pytest.fixture
def state(desk: Knowledge, people: dict[str, Person]) -> PlanState:
    water = drawn(square(118.78, 32.0, 0.01), by="duty1")
    return relief.propose(desk, "in-1", people["duty"], footprint=water, standard="planning", days=3)


def signed(desk: Knowledge, state: PlanState, people: dict[str, Person]) -> None:
    submit(desk, state.plan.id, **read(state), by=people["duty"])
    sign(desk, state.plan.id, **read(state), by=people["signer"])


def test_the_reported_figure_is_the_basis_and_the_footprint_only_shows_who_is_exposed(state: PlanState) -> None:
    assert (state.status, state.plan.basis, state.plan.people) == ("draft", "relocated", 100)
    assert state.plan.exposure is not None
    assert state.plan.exposure.people["all"].best == pytest.approx(250, rel=0.01)
    assert next(one for one in state.plan.bases if one.key == "relocated").origin == "reported"


def test_shelters_in_the_water_are_not_used_and_the_nearest_that_hold_all_are(state: PlanState) -> None:
    assert [site.name for site in state.plan.sites] == ["高地体育馆", "远处公园"]
    assert any("水中学校在影响范围内" in line for line in state.plan.assumptions)


def test_each_item_is_allocated_or_missing_to_the_last_piece(state: PlanState) -> None:
    plan = state.plan
    assert plan.solved.feasible
    beds = [one for one in plan.solved.allocations if one.item == "折叠床"]
    assert sum(one.quantity for one in beds) == 30
    assert relief.missing(plan)["折叠床", "张"] == 70
    for need in plan.needs:
        sent = sum(one.serves for one in plan.solved.allocations if one.item == need.item)
        assert sent + relief.missing(plan).get((need.item, need.unit), 0) == need.quantity


def test_names_are_the_same_without_brackets_and_units_that_do_not_convert_are_told(state: PlanState) -> None:
    assert any(one.item.startswith("帐篷（") for one in state.plan.solved.allocations)
    assert any("规格未核对" in line for line in state.plan.matched)
    assert any("以“箱”计，不能换算为“餐”" in line for line in state.plan.stock_gaps)


def test_what_nobody_verified_is_said(state: PlanState) -> None:
    codes = {finding.code for finding in state.findings}
    assert {"relief_unverified", "relief_names", "relief_stock", "relief_gap"} <= codes
    assert not [finding for finding in state.findings if finding.severity == "block"]


def test_the_request_names_what_is_missing(state: PlanState) -> None:
    assert state.plan.recipients == ("江苏省应急管理厅",)
    assert "折叠床70张" in "".join(state.plan.request)
    assert "紧急转移安置人口100人" in state.plan.request[0]


def test_a_new_figure_proposes_a_revision_figure_by_figure(desk: Knowledge, state: PlanState, people: dict[str, Person]) -> None:
    signed(desk, state, people)
    assert relief.outdated(desk, relief.plan_state(desk, state.plan.id), people["duty"]) == ()
    take_in(desk, relocated(160, hour=20, minute=40))
    told = relief.outdated(desk, relief.plan_state(desk, state.plan.id), people["duty"])
    assert any("100" in line and "160" in line for line in told)
    assert any(line.startswith("缺口 折叠床：70张 → 130张") for line in told)
    new = relief.propose(desk, "in-1", people["duty"], old=state.plan)
    assert (new.plan.revises, new.plan.people, new.plan.changes) == (state.plan.id, 160, told)
    signed(desk, new, people)
    assert relief.plan_state(desk, state.plan.id).status == "superseded"
    assert next(lot for lot in stock_of(desk).lots if lot.item == "折叠床").quantity == 0


def test_what_was_brought_and_not_used_is_not_asked_for_again(desk: Knowledge, state: PlanState, people: dict[str, Person]) -> None:
    signed(desk, state, people)
    line = next(n for n, one in enumerate(state.plan.solved.allocations, 1) if one.item == "折叠床")
    moved = state.plan.solved.allocations[line - 1]
    relief.record_delivery(desk, state.plan.id, line, moved.quantity, people["duty"])
    again, _ = relief.work_out(desk, "in-1", people["duty"], old=state.plan)
    before = sum(one.quantity for one in state.plan.demands if one.item == "折叠床")
    assert sum(one.quantity for one in again.demands if one.item == "折叠床") == before - moved.quantity
    assert relief.missing(again)["折叠床", "张"] == 70


def test_an_edit_is_a_new_version_and_frees_the_goods(desk: Knowledge, state: PlanState, people: dict[str, Person]) -> None:
    signed(desk, state, people)
    again = relief.change(desk, state.plan.id, 1, people["duty"], days=7, sites=relief.named_sites(desk, ["高地体育馆=100"]))
    assert (again.status, again.plan.version, again.plan.id, again.plan.days) == ("void", 2, state.plan.id, 7)
    assert [site.people for site in again.plan.sites] == [100]
    assert next(lot for lot in stock_of(desk).lots if lot.item == "折叠床").quantity == 30
    with pytest.raises(Stale, match="第2版"):
        relief.change(desk, state.plan.id, 1, people["duty"], days=5)


def test_a_withdrawn_plan_is_not_changed(desk: Knowledge, state: PlanState, people: dict[str, Person]) -> None:
    withdraw(desk, state.plan.id, **read(state), by=people["signer"], reason="误报")
    with pytest.raises(Refused, match="已撤回"):
        relief.change(desk, state.plan.id, 1, people["duty"], days=5)


def test_typed_people_stand_until_a_later_report(desk: Knowledge, people: dict[str, Person]) -> None:
    typed, _ = relief.work_out(desk, "in-1", people["duty"], people=300, standard="planning", at=at(20, 0))
    assert (typed.people, next(one for one in typed.bases if one.key == "relocated").origin) == (300, "typed")
    take_in(desk, relocated(120, hour=20, minute=30))
    later, _ = relief.work_out(desk, "in-1", people["duty"], old=typed, at=at(20, 31))
    assert later.people == 120


def test_nobody_knows_how_many_is_said_and_not_guessed(desk: Knowledge, people: dict[str, Person]) -> None:
    with pytest.raises(BadInput, match="请填写"):
        relief.work_out(desk, "in-1", people["duty"], basis="urgent_aid")


def test_only_who_may_draft_proposes(desk: Knowledge, people: dict[str, Person]) -> None:
    with pytest.raises(NotAllowed):
        relief.propose(desk, "in-1", people["planner"])


def test_goods_of_a_proposal_do_not_leave(desk: Knowledge, state: PlanState, people: dict[str, Person]) -> None:
    with pytest.raises(Refused, match="没有签发"):
        relief.record_delivery(desk, state.plan.id, 1, 1, people["duty"])
    signed(desk, state, people)
    with pytest.raises(NotFound, match="没有第99条"):
        relief.record_delivery(desk, state.plan.id, 99, 1, people["duty"])


@pytest.mark.parametrize("days", [0.0, -1.0, float("nan")])
def test_days_that_cannot_be_are_refused(desk: Knowledge, people: dict[str, Person], days: float) -> None:
    with pytest.raises(BadInput, match="天数"):
        relief.work_out(desk, "in-1", people["duty"], days=days)


def test_a_draft_says_so_and_the_signed_paper_does_not(desk: Knowledge, state: PlanState, people: dict[str, Person], tmp_path: Any) -> None:
    draft = render.render(desk, state.plan.id, None, people["duty"])
    assert "草稿" in draft.name
    assert "未经签发" in Document(str(draft)).sections[0].header.paragraphs[0].text
    signed(desk, state, people)
    out = render.render(desk, state.plan.id, None, people["signer"])
    paper = Document(str(out))
    text = "\n".join(paragraph.text for paragraph in paper.paragraphs)
    cells = "\n".join(cell.text for table in paper.tables for row in table.rows for cell in row.cells)
    assert "未经签发" not in paper.sections[0].header.paragraphs[0].text
    assert "王signer" in text
    assert "申请调拨（代拟稿）" in text
    assert "未核实" in cells
    assert "70张" in text
    assert all(need.arithmetic in cells for need in state.plan.needs)
    assert render.properties_of(out)["AnlanStatus"] == "signed"
    assert '"Label": "2"' in render.properties_of(out)["AIGC"]
    assert render.check(desk, out) == []
    assert render.rendered_intact(desk, state.plan.id) == []


def test_a_workbook_has_figures_and_no_formula(desk: Knowledge, state: PlanState, people: dict[str, Person]) -> None:
    evil = state.model_copy(
        update={"plan": state.plan.model_copy(update={"title": '=HYPERLINK("http://x")', "assumptions": ("+1", "@a", "\x07响铃")})}
    )
    from reports.relief_paper import workbook_bytes

    book = load_workbook(io.BytesIO(workbook_bytes(evil, "{}")))
    assert "未经签发" in book["概况"]["A1"].value
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    beds = next(row for row in book["需求"].iter_rows(min_row=2) if row[0].value == "折叠床")
    assert beds[1].value == 100


def test_what_a_plan_cannot_be_written_as_is_refused(desk: Knowledge, state: PlanState, people: dict[str, Person]) -> None:
    with pytest.raises(BadInput, match="CAP"):
        render.render(desk, state.plan.id, None, people["duty"], form="cap")


def test_an_exercise_is_marked_everywhere(knowledge: Knowledge, people: dict[str, Person]) -> None:
    surveyed_in(knowledge, depot(GOODS), STREET, NEAR, FAR)
    known = relocated()
    take_in(knowledge, known.model_copy(update={"incident": known.incident.model_copy(update={"mode": "exercise"})}))
    state = relief.propose(knowledge, "in-1", people["duty"], standard="planning", footprint=circle(118.79, 32.01, [500], origin="duty1"))
    assert state.plan.title.startswith("【演练】")
    signed(knowledge, state, people)
    assert stock_of(knowledge).promised == {}
    paper = Document(str(render.render(knowledge, state.plan.id, None, people["signer"])))
    assert "演练材料" in paper.sections[0].header.paragraphs[0].text


def test_matching_guesses_nothing_beyond_the_name() -> None:
    wish = Demand(id="d", site="s", site_name="s", item="毯（被）", unit="床", quantity=1, lon=0, lat=0)
    lots = [
        Stock(id=name, depot="d", depot_name="d", item=name, quantity=1, unit="床", lon=0, lat=0)
        for name in ("毯", "毯(大)", "棉被", "毛毯")
    ]
    taken, _, odd = relief.matched([wish], lots, {"毯（被）": ("棉被",)})
    assert [lot.id for lot in taken] == ["毯", "毯(大)", "棉被"]
    assert odd == ()


def test_a_place_without_shelters_gets_its_goods_itself(knowledge: Knowledge, people: dict[str, Person]) -> None:
    surveyed_in(knowledge, depot(GOODS))
    known = relocated()
    take_in(knowledge, known)
    plan, _ = relief.work_out(knowledge, "in-1", people["duty"], standard="planning", at=at(20, 0) + timedelta(minutes=1))
    assert [(site.id, site.people) for site in plan.sites] == [("place", 100)]
    assert isinstance(plan.sites[0], Site)


OWN = """
name: own
title: 本局标准（示例）
kind: local_norm
publisher: 某市应急管理局
reference: 示例
items:
  - {key: bed, item: 折叠床, amount: 1, unit: 张, per: person, every: once, clause: 第三条, verified: true, evidence: text_mirror,
     substitutes: [{item: 防潮垫, unit: 块, factor: 0.5, clause: 第三条第二款}]}
"""


def test_what_a_standard_allows_instead_is_sent_under_its_own_name_with_the_clause(knowledge: Knowledge, people: dict[str, Person]) -> None:
    (knowledge.settings.home / "standards").mkdir(parents=True)
    (knowledge.settings.home / "standards" / "own.yml").write_text(OWN, encoding="utf-8")
    mats = {"折叠床": {"quantity": 30, "unit": "张"}, "防潮垫": {"quantity": 100, "unit": "块"}}
    surveyed_in(knowledge, depot(mats), STREET, NEAR, FAR)
    take_in(knowledge, relocated())
    plan, _ = relief.work_out(knowledge, "in-1", people["duty"], standard="own", days=1)
    sent = {item: sum(one.quantity for one in plan.solved.allocations if one.item == item) for item in ("折叠床", "防潮垫")}
    assert sent == {"折叠床": 30, "防潮垫": 100}
    assert relief.missing(plan) == {("折叠床", "张"): 20}
    assert any("防潮垫（代用：本局标准（示例） 第三条第二款）" in row[2] for row in relief_paper.sent_rows(plan))


def test_vehicles_of_a_depot_limit_what_it_sends_and_the_plan_says_so(knowledge: Knowledge, people: dict[str, Person]) -> None:
    surveyed_in(knowledge, depot(GOODS, vehicles='[{"count": 2, "capacity": 5}]'), STREET, NEAR, FAR)
    take_in(knowledge, relocated())
    plan, _ = relief.work_out(knowledge, "in-1", people["duty"], standard="planning", days=1)
    packs = {lot.id: lot.pack for lot in plan.stock}
    assert sum(one.quantity / packs[one.stock] for one in plan.solved.allocations) == 10
    assert any("有车2辆，每辆装5个包装单位" in line for line in plan.assumptions)
    assert any(short.why == "vehicles" for short in plan.solved.shortfalls)


@pytest.mark.parametrize("listed", ["[{}]", "3", '[{"count": -1, "capacity": 5}]', '[{"count": 1, "capacity": 0}]', "[" * 5000])
def test_vehicles_that_cannot_be_read_are_told_and_limit_nothing(knowledge: Knowledge, people: dict[str, Person], listed: str) -> None:
    surveyed_in(knowledge, depot(GOODS, vehicles=listed), STREET, NEAR, FAR)
    take_in(knowledge, relocated())
    plan, _ = relief.work_out(knowledge, "in-1", people["duty"], standard="planning", days=1)
    assert any("车辆清单读不出" in line for line in plan.stock_gaps)
    assert sum(one.quantity for one in plan.solved.allocations if one.item == "折叠床") == 30

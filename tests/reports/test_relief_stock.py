"""Stock is promised once: what depots hold, what signing takes, what gives it back, and two officers at the same moment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graph.engine import Address
from graph.knowledge import Knowledge
from graph.ledger import Ledger
from graph.stock import count, deliver, stock_of
from graph.store import Store
from models.domain import Person
from models.errors import BadInput, NotAllowed, Refused, Stale
from models.relief import Delivery, ReliefPlan
from models.settings import Settings
from reports.signoff import record_of, return_, submit, withdraw, write_plan
from tests.conftest import fresh_database
from tests.reports.invented_relief import depot, proposed, read, signed, surveyed_in, taking
from tests.signing import sign

LOT = f"{depot().id}/饮用水"


@pytest.fixture
def desk(knowledge: Knowledge) -> Knowledge:
    surveyed_in(knowledge, depot())
    return knowledge


def free(knowledge: Knowledge, mode: str = "actual") -> float:
    return next(lot.quantity for lot in stock_of(knowledge, mode).lots if lot.id == LOT)  # type: ignore[arg-type]


def moved(quantity: float, kind: str = "delivered", plan: str = "rl-a") -> Delivery:
    return Delivery.model_validate(
        {
            "plan": plan, "stock": "" if kind == "consumed" else LOT, "site": "fe-s", "site_name": "某避难场所", "item": "饮用水", "quantity": quantity,
            "unit": "升", "kind": kind, "at": datetime.now(UTC), "by": "duty1",
        }
    )  # fmt: skip


def move(desk: Knowledge, people: dict[str, Person], quantity: float, kind: str = "delivered", plan: str = "rl-a") -> None:
    known = record_of(desk, plan)
    assert isinstance(known.state.paper, ReliefPlan)
    deliver(desk, moved(quantity, kind, plan), "actual", known.state.paper.reserves(), people["duty"], known.last)


def test_signing_takes_and_a_proposal_does_not(desk: Knowledge, people: dict[str, Person]) -> None:
    proposed(desk, taking(60, of=LOT, id="a"), people)
    assert free(desk) == 100
    signed(desk, taking(60, of=LOT, id="b"), people)
    assert free(desk) == 40


def test_the_second_plan_is_told_which_lot_how_much_is_left_and_by_whom(desk: Knowledge, people: dict[str, Person]) -> None:
    state = proposed(desk, taking(60, of=LOT, id="b"), people)
    signed(desk, taking(60, of=LOT, id="a"), people)
    with pytest.raises(Refused, match=r"某区物资库的饮用水只剩40升可用，本计划要调出60升；王signer于.*占用60"):
        sign(desk, "rl-b", **read(state), by=people["signer"])
    assert record_of(desk, "rl-b").state.status == "submitted"
    assert "只剩40升" in next(iter(desk.ledger.entries(kinds=["person.refused"]))).payload["reason"]


def test_an_exercise_takes_nothing_of_the_actual(desk: Knowledge, people: dict[str, Person]) -> None:
    signed(desk, taking(60, of=LOT, id="a", mode="exercise"), people)
    assert (free(desk), free(desk, "exercise")) == (100, 40)


def test_withdrawing_gives_back_what_has_not_left(desk: Knowledge, people: dict[str, Person]) -> None:
    state = signed(desk, taking(60, of=LOT, id="a"), people)
    move(desk, people, 25)
    assert free(desk) == 40
    withdraw(desk, "rl-a", **read(state), by=people["signer"], reason="险情解除")
    assert free(desk) == 75


def test_changing_a_signed_plan_voids_it_and_gives_back(desk: Knowledge, people: dict[str, Person]) -> None:
    state = signed(desk, taking(60, of=LOT, id="a"), people)
    again = write_plan(desk, state.plan.model_copy(update={"version": 2, "days": 5}), (), people["duty"], record_of(desk, "rl-a"))
    assert (again.status, free(desk)) == ("void", 100)


def test_a_revision_takes_the_place_of_the_plan_it_revises(desk: Knowledge, people: dict[str, Person]) -> None:
    old = signed(desk, taking(60, of=LOT, id="a"), people)
    signed(desk, taking(90, of=LOT, id="b", revises="rl-a"), people)
    assert free(desk) == 10
    assert record_of(desk, "rl-a").state.status == "superseded"
    with pytest.raises(Refused, match="已被新计划替代"):
        withdraw(desk, "rl-a", **read(old), by=people["signer"], reason="误发")


def test_goods_that_come_back_are_free_again(desk: Knowledge, people: dict[str, Person]) -> None:
    signed(desk, taking(60, of=LOT, id="a"), people)
    move(desk, people, 60)
    move(desk, people, 20, "consumed")
    move(desk, people, 15, "returned")
    assert free(desk) == 55


@pytest.mark.parametrize(
    ("quantity", "kind", "told"), [(61, "delivered", "还可发出60升"), (1, "consumed", "只有0升"), (1, "returned", "只有0升")]
)
def test_what_is_not_there_cannot_move(desk: Knowledge, people: dict[str, Person], quantity: float, kind: str, told: str) -> None:
    signed(desk, taking(60, of=LOT, id="a"), people)
    with pytest.raises(Refused, match=told):
        move(desk, people, quantity, kind)


def test_of_two_deliveries_on_one_reading_the_second_is_stale(desk: Knowledge, people: dict[str, Person]) -> None:
    state = signed(desk, taking(60, of=LOT, id="a"), people)
    last = record_of(desk, "rl-a").last
    deliver(desk, moved(60), "actual", state.plan.reserves(), people["duty"], last)
    with pytest.raises((Stale, Refused)):
        deliver(desk, moved(60), "actual", state.plan.reserves(), people["duty"], last)


def test_a_count_takes_the_place_of_the_survey(desk: Knowledge, people: dict[str, Person]) -> None:
    signed(desk, taking(60, of=LOT, id="a"), people)
    count(desk, LOT, 80, people["duty"])
    assert free(desk) == 20


def test_a_count_below_what_is_promised_is_said_and_never_negative(desk: Knowledge, people: dict[str, Person]) -> None:
    signed(desk, taking(60, of=LOT, id="a"), people)
    count(desk, LOT, 50, people["duty"])
    assert free(desk) == 0
    assert "少于已签发计划占用的60升" in stock_of(desk).gaps[0]


def test_a_count_is_a_number_of_a_known_lot_by_who_may(desk: Knowledge, people: dict[str, Person]) -> None:
    with pytest.raises(BadInput, match="不小于0"):
        count(desk, LOT, -1, people["duty"])
    with pytest.raises(Refused, match="没有批次"):
        count(desk, "fe-x/水", 1, people["duty"])
    with pytest.raises(NotAllowed):
        count(desk, LOT, 1, people["planner"])


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ({"饮用水": {"quantity": -5, "unit": "升"}}, "不小于0"),
        ({"饮用水": {"unit": "升"}}, "没有数量"),
        ({"饮用水": {"quantity": "很多", "unit": "升"}}, "不是数"),
        ('{"饮用水": {"quantity": NaN, "unit": "升"}}', "不小于0"),
        ({"饮用水": {"quantity": 5}}, "没有写明计量单位"),
        ({"饮用水": {"quantity": 5, "unit": "升", "expires_on": "明年"}}, "不是日期"),
        ({"饮用水": 5}, "应写明 quantity 和 unit"),
        ("[" * 5000, "读不出"),
        ("[]", "读不出"),
        (None, "没有库存清单"),
    ],
)
def test_a_list_nobody_can_use_is_a_gap_and_not_a_crash(knowledge: Knowledge, listed: object, told: str) -> None:
    surveyed_in(knowledge, depot(listed))
    taken = stock_of(knowledge)
    assert taken.lots == ()
    assert told in taken.gaps[0]


def test_lots_have_packs_dates_categories_and_loading_times(knowledge: Knowledge) -> None:
    batch = {"quantity": "24", "unit": "升", "pack": 12, "expires_on": "2027-01-31", "category": "某类", "loading_minutes": 30}
    surveyed_in(knowledge, depot({"饮用水": [batch, {"quantity": 6, "unit": "升"}]}, loading_minutes=10.0))
    first, second = stock_of(knowledge).lots
    assert (first.quantity, first.pack, str(first.expires_on), first.category, first.loading_minutes) == (24, 12, "2027-01-31", "某类", 30)
    assert (second.pack, second.expires_on, second.loading_minutes) == (1, None, 10)
    assert first.id != second.id


def test_a_plan_follows_the_rules_of_reports(desk: Knowledge, people: dict[str, Person]) -> None:
    state = write_plan(desk, taking(60, of=LOT, id="a"), (), people["duty"])
    with pytest.raises(Refused, match="须先处于：待签发"):
        sign(desk, "rl-a", **read(state), by=people["signer"])
    submit(desk, "rl-a", **read(state), by=people["duty"])
    with pytest.raises(NotAllowed, match="不能自己签发"):
        sign(desk, "rl-a", **read(state), by=people["duty"].model_copy(update={"role": "signer"}))
    with pytest.raises(Stale, match="duty1"):
        sign(desk, "rl-a", version=1, digest="0" * 64, by=people["signer"])
    with pytest.raises(Refused, match="须写明理由"):
        return_(desk, "rl-a", **read(state), by=people["signer"])
    assert len(list(desk.ledger.entries(kinds=["person.refused"]))) == 4


# --- two officers, two processes ---------------------------------------------------------------------------------------------

OFFICER = """
import json, sys
from pathlib import Path
from graph.engine import Address
from graph.knowledge import Knowledge
from graph.ledger import Ledger
from graph.store import Store
from models.domain import Person
from models.errors import Refused
from models.settings import Settings
from tests.signing import open_account, sign
url, home, address, name = sys.argv[1:]
knowledge = Knowledge(Settings(home=Path(home)), Ledger(url), Store(Address(**json.loads(address))))
me = Person(name=name, display_name=name, role="signer")
open_account(knowledge.ledger, me)
for line in sys.stdin:
    plan, digest = line.split()
    try:
        sign(knowledge, plan, version=1, digest=digest, by=me)
        print("signed", flush=True)
    except Refused as refused:
        print(str(refused).replace("\\n", " "), flush=True)
"""

ROUNDS = 50


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, home: Settings, store: Store) -> Iterator[tuple[Knowledge, str]]:
    url = home.ledger_address if request.param == "sqlite" else fresh_database(request.getfixturevalue("postgres"))
    ledger = Ledger(url)
    yield Knowledge(home, ledger, store), url
    ledger.close()


def test_two_officers_never_promise_the_same_goods(shared: tuple[Knowledge, str], address: Address) -> None:
    """Fifty rounds of two processes; stock for one of them in four rounds of five, for both in the fifth."""
    knowledge, url = shared
    people = {role: Person(name=f"{role}1", display_name=role, role=role) for role in ("duty", "signer")}  # type: ignore[arg-type]
    surveyed_in(knowledge, depot())
    command = [sys.executable, "-c", OFFICER, url, str(knowledge.settings.home), json.dumps(asdict(address))]
    officers = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        for name in ("officer-a", "officer-b")
    ]
    try:
        for number in range(ROUNDS):
            enough = number % 5 == 4
            plans = [proposed(knowledge, taking(40 if enough else 60, of=LOT, id=f"{number}{side}"), people) for side in "ab"]
            for officer, state in zip(officers, plans, strict=True):
                assert officer.stdin
                officer.stdin.write(f"{state.plan.id} {state.plan.content_digest()}\n")
            for officer in officers:
                officer.stdin.flush()  # type: ignore[union-attr]
            answers = [officer.stdout.readline().strip() for officer in officers]  # type: ignore[union-attr]
            assert answers.count("signed") == (2 if enough else 1), answers
            if not enough:
                refused = next(answer for answer in answers if answer != "signed")
                assert "只剩40升可用" in refused
                assert "officer-" in refused
            taken = stock_of(knowledge)
            assert taken.lots[0].quantity == (20 if enough else 40)
            assert taken.gaps == ()
            for answer, state in zip(answers, plans, strict=True):
                if answer == "signed":
                    withdraw(knowledge, state.plan.id, **read(state), by=people["signer"], reason="下一轮")
        assert knowledge.ledger.verify().ok
    finally:
        for officer in officers:
            officer.stdin.close()  # type: ignore[union-attr]
            officer.wait(20)

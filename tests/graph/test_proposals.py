"""The rule of what the machine may only suggest, held against the code that decides; and the guardian's switches."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

from graph import guardian
from graph.guardian import pause, pause_of, resume
from graph.judgements import move
from graph.knowledge import Knowledge
from graph.ledger import Ledger
from graph.people import PERMISSIONS
from graph.proposals import RULES, Kind, demand_together
from models.domain import AiUse, Person
from models.errors import NotAllowed, Refused
from tests.dashboard.test_entitled import asking

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", RULES)
def test_every_kind_is_decided_by_a_function_that_asks_for_the_right(kind: Kind) -> None:
    one = RULES[kind]
    file, _, name = one.decided.partition(":")
    assert name in asking(ROOT / file)
    assert one.right in frozenset().union(*PERMISSIONS.values())
    assert one.entry.partition(".")[2] in (ROOT / file).read_text("utf-8")


def test_only_what_sorts_the_desks_own_papers_is_decided_on_for_several_at_once() -> None:
    assert {kind: one.together for kind, one in RULES.items() if one.together != 1} == {"incident_match": 200}


@pytest.mark.parametrize("kind", [kind for kind, one in RULES.items() if one.together == 1 and kind != "library_fact"])
def test_what_is_never_decided_in_a_batch_takes_one_thing_by_its_shape(kind: Kind) -> None:
    file, _, name = RULES[kind].decided.partition(":")
    function = getattr(import_module(file.removesuffix(".py").replace("/", ".")), name)
    taken = [one.annotation for one in inspect.signature(function).parameters.values()]
    assert not [words for words in taken if "Iterable" in str(words) or "Sequence" in str(words)]


def test_more_than_the_rule_allows_is_refused_by_the_domain(knowledge: Knowledge, people: dict[str, Person]) -> None:
    with pytest.raises(Refused, match="逐项决定"):
        demand_together("report", 2)
    demand_together("report", 1)
    most = RULES["incident_match"].together
    with pytest.raises(Refused, match=f"一次最多决定 {most} 项"):
        move(knowledge, [f"ev-{n}" for n in range(most + 1)], None, people["officer"], "无关")


def test_what_asks_a_model_asks_its_own_switch_first() -> None:
    """Each use is asked about by exactly one caller of its own, and no caller asks about something else."""
    asked = {}
    for room in ("graph", "ingestion", "reports"):
        for path in (ROOT / room).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "pause_of":
                    asked[path.name] = ast.literal_eval(node.args[1])
    assert asked == {"pipeline.py": "triage", "second_look.py": "second_reading", "model_draft.py": "drafting"}
    assert set(asked.values()) == set(guardian.USES)


@pytest.mark.parametrize("use", guardian.USES)
def test_one_use_is_paused_by_itself_and_all_together(ledger: Ledger, people: dict[str, Person], use: AiUse) -> None:
    others = [one for one in guardian.USES if one != use]
    pause(ledger, people["guardian"], "发现编造", use)
    assert pause_of(ledger, use)
    assert pause_of(ledger) is None
    assert not [one for one in others if pause_of(ledger, one)]
    with pytest.raises(Refused, match="已是停用状态"):
        pause(ledger, people["guardian"], "再停一次", use)
    pause(ledger, people["guardian"], "全停")
    assert all(pause_of(ledger, one) for one in guardian.USES)
    resume(ledger, people["guardian"], "查清")
    assert pause_of(ledger, use), "what was stopped by itself stays stopped"
    assert not [one for one in others if pause_of(ledger, one)]
    resume(ledger, people["guardian"], "查清", use)
    assert pause_of(ledger, use) is None
    with pytest.raises(Refused, match="须写明理由"):
        pause(ledger, people["guardian"], " ", use)
    with pytest.raises(NotAllowed):
        pause(ledger, people["signer"], "试", use)

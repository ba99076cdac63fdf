"""The worst model there is: random weights in a real vLLM. What is stored keeps to the schema, the rest falls back, and a server whose
constraint does not bind is found at the start."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import BaseModel

from models import serving
from models.language import Answer, LanguageModel, NoAnswer
from models.settings import Settings
from reports import model_draft
from reports.page import Page
from reports.types import report_type
from tests.live.vllm_server import models, python, standin, vllm
from tests.reports.invented import SETTINGS, drafted, fire

pytestmark = pytest.mark.model

DRAFTS = 200
AT_ONCE = 8
TINY = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
    "max_window_layers": 2, "layer_types": ["full_attention"] * 2,
}  # fmt: skip
"""A Qwen2 so small that its nonsense comes quickly."""
MARKED = """
import sys, transformers
words = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
words.add_tokens(["<think>", "</think>"])
words.save_pretrained(sys.argv[2])
"""
"""The parser of DeepSeek-R1 will not start without its two marks in the vocabulary."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a configuration and a tokenizer, and no weights at all."""
    real, folder = models() / "standin-1.5b", tmp_path_factory.mktemp("models")
    made = folder / "standin-1.5b"
    subprocess.run([python(), "-c", MARKED, real, made], check=True, timeout=300, env={**os.environ, **serving.OFFLINE})
    (made / "config.json").write_text(json.dumps(json.loads((real / "config.json").read_text("utf-8")) | TINY), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def random_server(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # White space is forbidden here alone: where a sane model writes none, this one writes nothing else until its tokens are spent.
    compact = {"backend": "guidance", "disable_any_whitespace": True}
    profile = standin(load_format="dummy", max_num_seqs=AT_ONCE, max_num_queued_reqs=4 * AT_ONCE, structured_outputs_config=compact)
    with vllm(profile, tmp_path_factory.mktemp("log"), tiny) as address:
        yield address


def test_of_200_drafts_every_answer_that_comes_through_keeps_to_the_schema(random_server: str) -> None:
    settings = Settings(model_url=random_server, model_tokens=1024, model_temperature=1.0)
    model, dossier = LanguageModel(settings), fire()
    assert model.probe().name in ("ready", "slow"), model.state
    report = drafted(dossier)
    page = Page(dossier, report_type(report.type), SETTINGS, report.created_at)
    sections = model_draft.sections_of(report)
    pieces = model_draft.material(page)
    shape = model_draft.shape_of(sections, pieces)
    asked = model_draft.question(page, sections, pieces)

    def one(number: int) -> Answer[BaseModel] | NoAnswer:
        try:
            return model.ask(f"{model_draft.INSTRUCTION}\n第{number}次", asked, shape, seconds=240)
        except NoAnswer as trouble:
            return trouble

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(one, range(DRAFTS)))
    answers = [one.value for one in outcomes if isinstance(one, Answer)]
    fallen = Counter(one.why for one in outcomes if isinstance(one, NoAnswer))
    cited = {cite for value in answers for section in value.model_dump().values() for sentence in section for cite in sentence["cites"]}
    shelf = model_draft.Shelf(report, dossier)
    kept = dropped = 0
    for value in answers:
        claims, refused = model_draft.checked(value, sections, pieces, page, shelf)
        kept, dropped = kept + len(claims), dropped + len(refused)
    print(
        f"random weights: {DRAFTS} asked, {len(answers)} keep to the schema, fell back: {dict(fallen)}; sentences kept {kept}, refused {dropped}"
    )
    assert len(answers) + fallen.total() == DRAFTS
    assert answers
    assert set(fallen) <= {"too_long", "nonsense", "late"}
    assert cited <= {piece.number for piece in pieces}
    assert all(shape.model_validate_json(value.model_dump_json()) == value for value in answers)
    assert kept == 0, "random words passed for a retelling"


def test_a_server_whose_constraint_does_not_bind_is_found_at_the_start(tiny: Path, tmp_path: Path) -> None:
    # With a reasoning parser the schema binds after the thinking, and a model that never ends thinking is never bound.
    profile = standin(load_format="dummy", reasoning_parser="deepseek_r1")
    with vllm(profile, tmp_path, tiny) as address:
        state = LanguageModel(Settings(model_url=address, model_tokens=64)).probe()
    print(f"a constraint that does not bind: {state.name}, {state.detail}")
    assert state.name == "unconstrained"

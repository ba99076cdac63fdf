"""Serving profiles: every file is whole, a wrong one stops with its name, and a server is started and ended cleanly or refused with a reason."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from models import serving
from models.errors import BrokenDefinition, NotFound, Refused, Unreachable

WANTED = ("deepseek-r1-8xh200", "deepseek-v3.1-8xh200", "deepseek-r1-2x8x80gb", "deepseek-v4.1-flash-8xh200", "r1-distill-qwen-32b",
          "r1-distill-qwen-14b", "r1-distill-qwen-7b", "r1-distill-qwen-32b-awq", "deepseek-r1-awq-8x80gb", "cpu-standin")  # fmt: skip


def test_every_hardware_the_desk_may_have_has_its_profile() -> None:
    assert set(WANTED) <= set(serving.profiles())


@pytest.mark.parametrize("profile", serving.profiles().values(), ids=lambda profile: profile.name)
def test_a_profile_bounds_what_it_must_and_fits_its_machine(profile: serving.Profile) -> None:
    given = profile.arguments
    assert given["structured-outputs-config"] == {"backend": "guidance"}
    assert {"max-model-len", "max-num-seqs", "max-num-queued-reqs", "enable-prefix-caching"} <= set(given)
    assert profile.tokens < int(str(given["max-model-len"]))
    cards = profile.hosts * profile.gpus_per_host
    assert int(str(given.get("tensor-parallel-size", 1))) * int(str(given.get("pipeline-parallel-size", 1))) == max(cards, 1)
    if profile.memory_per_gpu:
        usable = cards * profile.memory_per_gpu * float(str(given["gpu-memory-utilization"]))
        assert profile.weights_size < 0.95 * usable
    is_reasoning = "R1" in profile.weights
    assert ("reasoning-parser" in given) is (profile.name != "cpu-standin")
    assert not is_reasoning or (given["reasoning-parser"], profile.temperature) == ("deepseek_r1", 0.6)


def test_two_hosts_say_how_ray_is_started_on_both() -> None:
    two = serving.profile("deepseek-r1-2x8x80gb")
    assert two.arguments["distributed-executor-backend"] == "ray"
    assert any("ray start --head" in step for step in two.before)
    assert any("ray start --address" in step for step in two.before)


def test_the_printed_command_is_quoted_for_a_shell_and_offline() -> None:
    shell = serving.profile("cpu-standin").shell("/opt/v llm/python", Path("/data"), host="127.0.0.1", port=8000)
    assert shell.startswith("HF_HUB_OFFLINE=1 ")
    assert "VLLM_NO_USAGE_STATS=1" in shell
    assert "'/opt/v llm/python' -m vllm.entrypoints.openai.api_server --model /data/standin-1.5b" in shell
    assert """--structured-outputs-config '{"backend":"guidance"}'""" in shell


def wrong(folder: Path, before: str, after: str) -> Path:
    text = (serving.FOLDER / "cpu-standin.yml").read_text("utf-8")
    assert before in text
    (folder / "cpu-standin.yml").write_text(text.replace(before, after), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("name: cpu-standin", "name: other", "应与文件名相同"),
        ("arguments:", "arguments:\n  port: 1", "不能写 port"),
        ("enforce-eager: true", "enforce-eager: false", "enforce-eager 为 false"),
        ("weights: standin-1.5b", "weights: ../etc", "weights 有误"),
        ("hosts: 1", "hosts: 0", "hosts 有误"),
        ("tokens:", "surprise: 1\ntokens:", "surprise 有误"),
    ],
)
def test_a_wrong_profile_stops_with_file_and_field(tmp_path: Path, before: str, after: str, said: str) -> None:
    with pytest.raises(BrokenDefinition, match=r"cpu-standin\.yml") as stopped:
        serving.profiles(wrong(tmp_path, before, after))
    assert said in str(stopped.value)


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(NotFound, match="cpu-standin"):
        serving.profile("gpt-9")


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """An environment whose `vllm` is a small web server with a child, started by the interpreter `fake/python`; and a folder with weights."""
    module = tmp_path / "site/vllm/entrypoints/openai"
    module.mkdir(parents=True)
    for folder in (module, module.parent, module.parent.parent):
        (folder / "__init__.py").touch()
    (module / "api_server.py").write_text(
        "import http.server, os, pathlib, subprocess, sys\n"
        "if os.environ.get('FAIL'): sys.exit('no such device')\n"
        "assert os.environ['HF_HUB_OFFLINE'] == '1'\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(tmp_path / 'child')!r}).write_text(str(child.pid))\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self): self.send_response(200); self.end_headers()\n"
        "    def log_message(self, *words): pass\n"
        "http.server.HTTPServer(('127.0.0.1', int(sys.argv[sys.argv.index('--port') + 1])), Handler).serve_forever()\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path / "site"} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    weights = tmp_path / "models/standin-1.5b"
    weights.mkdir(parents=True)
    (weights / "config.json").write_text("{}")
    (weights / "model.safetensors").touch()
    return tmp_path


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_is_ended_with_its_children_whatever_happens_inside(fake: Path) -> None:
    profile, port = serving.profile("cpu-standin"), free_port()
    serving.check(profile, str(fake / "python"), fake / "models", port)
    child = 0

    def work() -> None:
        nonlocal child
        with serving.server(profile, str(fake / "python"), fake / "models", port=port, log=fake / "log", seconds=60):
            child = int((fake / "child").read_text())
            assert is_alive(child)
            with pytest.raises(Refused, match="已被占用"):
                serving.check(profile, str(fake / "python"), fake / "models", port)
            raise KeyError

    with pytest.raises(KeyError):
        work()
    serving.check(profile, str(fake / "python"), fake / "models", port)
    # A killed process is gone a moment after it was told to.
    deadline = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert child
    assert not is_alive(child)


def test_a_server_that_ends_by_itself_is_reported_with_its_last_words(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "FAIL", "1")
    with (
        pytest.raises(Unreachable, match="no such device"),
        serving.server(serving.profile("cpu-standin"), str(fake / "python"), fake / "models", port=free_port(), log=fake / "log"),
    ):
        pass


def test_what_is_missing_is_said_with_what_to_do(fake: Path) -> None:
    profile = serving.profile("cpu-standin")
    with pytest.raises(Refused, match="ANLAN_VLLM_PYTHON"):
        serving.check(profile, str(fake / "nothing"), fake / "models", free_port())
    with pytest.raises(Refused, match="没有 vLLM"):
        serving.check(profile, sys.executable, fake / "models", free_port())
    (fake / "models/standin-1.5b/model.safetensors").unlink()
    with pytest.raises(Refused, match=r"config\.json"):
        serving.check(profile, str(fake / "python"), fake / "models", free_port())

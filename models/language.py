"""The only door to the language model: any OpenAI-compatible server, made for vLLM. Nothing here knows what the question is about.

A question goes out with a schema (`response_format: json_schema`) and comes back as a checked value of that type or not at all: `NoAnswer` says
why. Time, size and retries are bounded here, so that whoever asks can go on by rules. Text that came from outside is put into a question through
`fenced`, as data. Behaviour of vLLM this rests on: https://docs.vllm.ai (structured outputs, reasoning outputs), tried on 0.32.
"""

from __future__ import annotations

import json
import queue
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ValidationError

from models.domain import Model
from models.errors import AnlanError, BrokenDefinition
from models.settings import Settings

if TYPE_CHECKING:
    from openai import OpenAI

Shape = TypeVar("Shape", bound=BaseModel)
Why = Literal["absent", "down", "late", "cut", "too_long", "nonsense", "refused", "unconstrained", "cancelled", "paused"]

LONGEST_ANSWER = 64_000
"""Characters of an answer, thinking apart; a report has a tenth of that."""

LONGEST_STREAM = 4_000_000
"""Bytes read from the server for one answer, thinking and envelopes included."""

SLOW = 5.0
"""Seconds for one token from which a server counts as slow."""

PROBE_SECONDS = 60.0
"""Longest wait of the check at the start; a reasoning model thinks before it says one word."""

SETTLED = 300.0
"""Seconds a check of the schema constraint is believed; a restarted server may have been given other arguments."""

ATTEMPTS = 3
"""Tries while nothing has come back yet; an answer that was begun is never asked for again."""


class _Word(BaseModel):
    """A word no model would choose by itself when asked for another one."""

    word: Literal["青铜七九"]


class NoAnswer(AnlanError):
    """The model gave nothing that may be used. `why` says what happened; the message is for the person at the desk."""

    retry = True

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why
        self.written = ""
        """What a server that was still writing when the time was up had written of its answer."""


class ModelState(Model):
    """How the model is, as the pages show it."""

    name: Literal["absent", "unknown", "ready", "slow", "down", "unconstrained"]
    """`absent` when no address is set, `unknown` before the first check, `unconstrained` when the server ignores schemas."""
    model: str = ""
    """Name the server gives it."""
    detail: str = ""
    """One Chinese sentence: what was found, and what to do."""
    seconds: float | None = None
    """Time of a one-token answer."""
    at: AwareDatetime | None = None
    """When it was checked."""


@dataclass(frozen=True)
class Answer(Generic[Shape]):
    """A checked answer, and what it cost."""

    value: Shape
    """What was asked for, of the type asked for."""
    model: str
    """Model that answered."""
    seconds: float
    """From the question to the end of the answer."""
    first_token: float
    """From the question to the first sign of life, thinking included."""
    thinking: int
    """Characters of thinking, which are counted and thrown away."""
    characters: int
    """Characters of the answer."""
    pieces: int
    """Pieces the server sent it in; vLLM sends one for each token."""


def fenced(data: Any) -> str:
    """`data` as JSON for a question: one value that its content cannot close, without characters a reader would not see.

    Control, format (zero-width, bidirectional) and private-use characters are taken out, compatibility forms are kept as they are.
    """
    return json.dumps(_visible(data), ensure_ascii=False)


def _visible(data: Any) -> Any:
    if isinstance(data, str):
        return "".join(letter for letter in data if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cn", "Cs"))
    if isinstance(data, Mapping):
        return {_visible(key): _visible(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_visible(value) for value in data]
    return data


class LanguageModel:
    """One server. Safe to share between threads; every question opens its own connection and closes it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._state = ModelState(
            name="unknown" if settings.model_url else "absent", detail="" if settings.model_url else "未配置语言模型，报告由规则起草。"
        )
        self._settled = float("-inf")
        self._lock = threading.Lock()

    @property
    def state(self) -> ModelState:
        """The last known state; never waits."""
        return self._state

    def probe(self, *, seconds: float = PROBE_SECONDS) -> ModelState:
        """Ask for one token and, when that was not done lately, for a word no model would say unless the schema binds. Never raises."""
        if self._state.name == "absent":
            return self._state
        with self._lock:
            try:
                self._probe(seconds)
            except NoAnswer as trouble:
                known: Literal["down", "unconstrained"] = "unconstrained" if trouble.why == "unconstrained" else "down"
                self._become(known, self._state.model, str(trouble), None)
            return self._state

    def _probe(self, seconds: float) -> None:
        began = time.monotonic()
        name = self._model_name()
        for _ in self._events(name, [{"role": "user", "content": "1"}], None, seconds, most=1):
            pass
        took = time.monotonic() - began
        if time.monotonic() - self._settled > SETTLED:
            self._settle(name, seconds)
        slow = took > SLOW
        self._become("slow" if slow else "ready", name, f"一个字用时{took:.1f}秒，应答缓慢。" if slow else "", took)

    def _settle(self, name: str, seconds: float, cancelled: threading.Event | None = None) -> None:
        """Prove that the schema binds: a server that ignores `response_format` says the other word, and is not used."""
        question = 'Answer with the JSON {"word": "apple"} and nothing else.'
        try:
            self._checked(name, [{"role": "user", "content": question}], _Word, seconds, cancelled, None)
        except NoAnswer as trouble:
            if trouble.why not in ("nonsense", "too_long"):
                raise
            self._settled = float("-inf")
            told = "模型服务不遵守输出格式（response_format 未生效），已停用；请检查 vLLM 版本和 structured outputs 设置。"
            raise NoAnswer("unconstrained", told) from trouble
        self._settled = time.monotonic()

    def ask(
        self,
        instruction: str,
        question: str,
        shape: type[Shape],
        *,
        seconds: float | None = None,
        cancelled: threading.Event | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Answer[Shape]:
        """One answer of type `shape`, or NoAnswer. Blocks at most `seconds` (default: the setting) whatever the server does.

        `progress` is called in this thread with the characters of thinking and of answer so far. A set `cancelled` ends the wait within a
        fifth of a second. Every string of `shape` needs a longest length and every list a largest size: BrokenDefinition otherwise.
        """
        if self._state.name == "absent":
            raise NoAnswer("absent", self._state.detail)
        budget = seconds if seconds is not None else self.settings.model_seconds
        deadline = time.monotonic() + budget
        name = self._model_name()
        self._make_sure(name, deadline, cancelled)
        messages = [{"role": "system", "content": instruction}, {"role": "user", "content": question}]
        alive = threading.Event()

        def told(thinking: int, written: int) -> None:
            alive.set()
            if progress:
                progress(thinking, written)

        try:
            answer = self._checked(name, messages, shape, max(deadline - time.monotonic(), 0.1), cancelled, told)
        except NoAnswer as trouble:
            if trouble.why in ("down", "late", "cut"):
                # A server that was still writing when the time was up is slow, not gone.
                self._become("slow" if trouble.why == "late" and alive.is_set() else "down", name, str(trouble), None)
            raise
        if self._state.name not in ("ready", "slow"):
            self._become("ready", name, "", None)
        return answer

    def _make_sure(self, name: str, deadline: float, cancelled: threading.Event | None) -> None:
        """See to it that the schema was proved to bind lately. The wait for another thread that is just proving it counts as well."""
        if time.monotonic() - self._settled <= SETTLED:
            return
        if not self._lock.acquire(timeout=max(deadline - time.monotonic(), 0.1)):
            raise NoAnswer("late", "模型服务仍在检查中，已停止等待。")
        try:
            if time.monotonic() - self._settled > SETTLED:
                self._settle(name, min(PROBE_SECONDS, max(deadline - time.monotonic(), 0.1)), cancelled)
        except NoAnswer as trouble:
            if trouble.why != "cancelled":
                self._become("unconstrained" if trouble.why == "unconstrained" else "down", name, str(trouble), None)
            raise
        finally:
            self._lock.release()

    def _checked(
        self,
        name: str,
        messages: list[dict[str, str]],
        shape: type[Shape],
        seconds: float,
        cancelled: threading.Event | None,
        progress: Callable[[int, int], None] | None,
    ) -> Answer[Shape]:
        schema = shape.model_json_schema()
        _bounded(schema, shape.__name__)
        format_ = {"type": "json_schema", "json_schema": {"name": shape.__name__, "schema": schema, "strict": True}}
        began, first = time.monotonic(), 0.0
        text, thinking, length, pieces, end = [], 0, 0, 0, ""
        try:
            for kind, piece in self._events(name, messages, format_, seconds, cancelled=cancelled):
                first = first or time.monotonic() - began
                pieces += kind != "end"
                if kind == "end":
                    end = piece
                elif kind == "thinking":
                    thinking += len(piece)
                else:
                    text.append(piece)
                    length += len(piece)
                    if length > LONGEST_ANSWER:
                        raise NoAnswer("too_long", f"模型回答超过{LONGEST_ANSWER}字仍未结束，已舍弃。")
                if progress:
                    progress(thinking, length)
        except NoAnswer as trouble:
            if trouble.why == "late":
                trouble.written = "".join(text).rpartition("</think>")[2]
            raise
        whole = "".join(text)
        # A server without a reasoning parser leaves the thinking in front of the answer.
        before, mark, after = whole.rpartition("</think>")
        if mark:
            whole, thinking = after, thinking + len(before)
        if end == "length":
            raise NoAnswer("too_long", "模型回答达到长度上限，没有写完，已舍弃。")
        try:
            value = shape.model_validate_json(whole.strip())
        except ValidationError as error:
            raise NoAnswer("nonsense", f"模型回答不符合要求的格式（{error.error_count()}处），已舍弃。") from error
        return Answer(value, name, time.monotonic() - began, first, thinking, len(whole), pieces)

    def _events(
        self,
        name: str,
        messages: list[dict[str, str]],
        format_: dict[str, Any] | None,
        seconds: float,
        *,
        most: int | None = None,
        cancelled: threading.Event | None = None,
    ) -> Iterator[tuple[str, str]]:
        """Pieces of one answer, (`thinking` | `text` | `end`, words). A thread reads; this one keeps the time, so a silent server cannot hold it."""
        deadline = time.monotonic() + seconds
        pieces: queue.SimpleQueue[tuple[str, str] | NoAnswer | None] = queue.SimpleQueue()
        client = self._client(seconds)
        ended = threading.Event()
        answering = self._tried(client, name, messages, format_, most, deadline, ended)
        threading.Thread(target=_read, args=(answering, pieces), name="anlan-model", daemon=True).start()
        try:
            while True:
                left = deadline - time.monotonic()
                if cancelled is not None and cancelled.is_set():
                    raise NoAnswer("cancelled", "已取消向模型提问。")
                if left <= 0:
                    raise NoAnswer("late", f"模型在{seconds:.0f}秒内没有答完，已停止等待。")
                try:
                    piece = pieces.get(timeout=min(left, 0.2))
                except queue.Empty:
                    continue
                if isinstance(piece, NoAnswer):
                    raise piece
                if piece is None:
                    return
                yield piece
        finally:
            ended.set()
            client.close()

    def _tried(
        self,
        client: OpenAI,
        name: str,
        messages: list[dict[str, str]],
        format_: dict[str, Any] | None,
        most: int | None,
        deadline: float,
        ended: threading.Event,
    ) -> Iterator[tuple[str, str]]:
        """Again only while nothing has come back and the trouble is one that passes: no connection, a full queue, a server starting."""
        import openai

        options: dict[str, Any] = {
            "max_tokens": most or self.settings.model_tokens,
            "temperature": self.settings.model_temperature,
        }
        if format_:
            options["response_format"] = format_
        for attempt in range(1, ATTEMPTS + 1):
            begun = False
            try:
                answering: Any = client.chat.completions.create(model=name, messages=messages, stream=True, **options)  # type: ignore[arg-type]
                with answering as stream:
                    for piece in _pieces(stream, ended):
                        begun = True
                        yield piece
                return
            except openai.APIStatusError as error:
                if error.status_code not in (408, 429, 502, 503, 504):
                    raise NoAnswer("refused", f"模型服务拒绝了请求（HTTP {error.status_code}）。") from error
                trouble = NoAnswer("down", f"模型服务暂不可用（HTTP {error.status_code}）。")
            except openai.APITimeoutError as error:
                raise NoAnswer("late", "模型服务没有按时应答。") from error
            except openai.APIConnectionError as error:
                if begun:
                    raise NoAnswer("cut", "模型回答中途断开，已舍弃。") from error
                trouble = NoAnswer("down", "连不上模型服务。")
            if begun or attempt == ATTEMPTS or ended.wait(0.5 * attempt) or time.monotonic() >= deadline:
                raise trouble
        raise AssertionError("unreachable")

    def _client(self, seconds: float) -> OpenAI:
        """A client that follows no redirect, takes no proxy from the environment, and reads no more than `LONGEST_STREAM`."""
        from openai import OpenAI, Timeout

        key = self.settings.model_key.get_secret_value() or "none"
        return OpenAI(
            base_url=self.settings.model_url,
            api_key=key,
            max_retries=0,
            timeout=Timeout(seconds, connect=min(seconds, 3.0)),
            http_client=_http(),
        )

    def _model_name(self) -> str:
        """The name set, or the first the server lists. NoAnswer when it cannot be asked."""
        if self.settings.model_name:
            return self.settings.model_name
        if self._state.model and self._state.name in ("ready", "slow"):
            return self._state.model
        client = self._client(3.0)
        try:
            listed = client.models.list().data
        except _protocol_errors() as error:
            trouble = NoAnswer("down", f"连不上模型服务（{type(error).__name__}）。")
            self._become("down", "", str(trouble), None)
            raise trouble from error
        finally:
            client.close()
        if not listed or not isinstance(getattr(listed[0], "id", None), str):
            self._become("down", "", "模型服务没有列出任何模型。", None)
            raise NoAnswer("down", "模型服务没有列出任何模型。")
        return listed[0].id[:200]

    def _become(self, name: Literal["ready", "slow", "down", "unconstrained"], model: str, detail: str, seconds: float | None) -> None:
        self._state = ModelState(name=name, model=model, detail=detail, seconds=seconds, at=datetime.now(UTC))


def _read(answering: Iterator[tuple[str, str]], pieces: queue.SimpleQueue[tuple[str, str] | NoAnswer | None]) -> None:
    """Read one answer in a thread of its own and leave its pieces in the queue, then null, or NoAnswer for what went wrong."""
    trouble: NoAnswer | None = NoAnswer("cut", "模型连接出错，没有得到完整回答。")
    try:
        for piece in answering:
            pieces.put(piece)
        trouble = None
    except NoAnswer as told:
        trouble = told
    except _protocol_errors() as error:
        trouble = NoAnswer("cut", f"模型连接出错（{type(error).__name__}），没有得到完整回答。")
    finally:  # whatever happens here, the waiting side is told
        pieces.put(trouble)


def _pieces(stream: Any, ended: threading.Event) -> Iterator[tuple[str, str]]:
    """The words of a stream. One that stops without saying that it is finished was cut off."""
    end = ""
    for chunk in stream:
        if ended.is_set():
            return
        for choice in chunk.choices or ():
            delta = choice.delta
            thought = getattr(delta, "reasoning", None) or getattr(delta, "reasoning_content", None)
            if isinstance(thought, str) and thought:
                yield "thinking", thought
            if isinstance(delta.content, str) and delta.content:
                yield "text", delta.content
            end = choice.finish_reason or end
    if not end:
        raise NoAnswer("cut", "模型回答中途断开，已舍弃。")
    yield "end", end


def _protocol_errors() -> tuple[type[Exception], ...]:
    """What the libraries raise on a server that is away or speaks nonsense, their own stumbling over it included."""
    import httpx2
    import openai

    known = (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError)
    return (*known, ValueError, TypeError, AttributeError, KeyError, OSError, RuntimeError)


def _http() -> Any:
    """An HTTP client whose answers end at `LONGEST_STREAM` bytes, counted before anything parses them."""
    import httpx2

    class Counted(httpx2.SyncByteStream):
        def __init__(self, inner: Any) -> None:
            self.inner, self.left = inner, LONGEST_STREAM

        def __iter__(self) -> Iterator[bytes]:
            for piece in self.inner:
                self.left -= len(piece)
                if self.left < 0:
                    raise NoAnswer("too_long", "模型回答过长，已舍弃。")
                yield piece

        def close(self) -> None:
            self.inner.close()

    class Limited(httpx2.HTTPTransport):
        def handle_request(self, request: Any) -> Any:
            response = super().handle_request(request)
            response.stream = Counted(response.stream)
            return response

    return httpx2.Client(transport=Limited(), follow_redirects=False, trust_env=False)


def _bounded(schema: Any, where: str) -> None:
    """Stop a schema that would let a model write without end: every string a longest length (or an enum), every list a largest size.

    Objects are closed here: without `additionalProperties: false` a model that knows no better invents fields until its tokens are spent.
    """
    if isinstance(schema, list):
        for part in schema:
            _bounded(part, where)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "string" and not {"maxLength", "enum", "const"} & set(schema):
        raise BrokenDefinition(f"{where}: a string without maxLength in the schema for the model")
    if schema.get("type") == "array" and "maxItems" not in schema:
        raise BrokenDefinition(f"{where}: a list without maxItems in the schema for the model")
    if "properties" in schema and schema.get("type") == "object":
        schema["additionalProperties"] = False
    for key, part in schema.items():
        if key not in ("enum", "const", "required"):
            _bounded(part, f"{where}.{key}")

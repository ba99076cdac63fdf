"""A server that speaks the OpenAI protocol and misbehaves as told: for what a healthy vLLM cannot be made to do.

`Server(how)` listens on loopback. `how` is a name below, or the words to stream as the answer; with `stalls` nothing comes after them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

FAULTS = ("refused", "hanging", "dripping", "cut", "invalid_json", "huge", "empty", "full", "broken_protocol", "no_models", "redirect")
"""Ways in which a server can fail a question."""

BOUND = json.dumps({"word": "青铜七九"}, ensure_ascii=False)


class Server:
    """One misbehaving server. `asked` holds the bodies of all questions; `answer` makes the words of each."""

    def __init__(
        self, how: str, answer: Callable[[dict[str, Any]], str] | None = None, *, binds: bool = True, stalls: bool = False
    ) -> None:
        self.how, self.answer, self.binds, self.stalls = how, answer, binds, stalls
        self.asked: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                listed = [] if outer.how == "no_models" else [{"id": "stand-in", "object": "model", "created": 1, "owned_by": "test"}]
                self._whole(200, json.dumps({"object": "list", "data": listed}).encode())

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append(body)
                try:
                    self._answer(body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def _answer(self, body: dict[str, Any]) -> None:
                format_ = body.get("response_format", {}).get("json_schema", {}).get("name")
                if format_ is None:
                    return self._stream(["1"])
                if format_ == "_Word":
                    return self._stream([BOUND if outer.binds else '{"word": "apple"}'])
                match outer.how:
                    case "hanging":
                        time.sleep(30)
                    case "dripping":
                        self._start()
                        for _ in range(300):
                            self._chunk(b": still here\n\n")
                            time.sleep(0.1)
                    case "endless":
                        self._start()
                        for _ in range(300):
                            self._chunk(_event("长"))
                            time.sleep(0.1)
                    case "cut":
                        self._start()
                        self._chunk(_event('{"sections"'))
                        self.connection.close()
                        self.close_connection = True
                    case "invalid_json":
                        self._stream(["这是一份", "报告：没有格式。"])
                    case "huge":
                        self._start()
                        for _ in range(1000):
                            self._chunk(_event("长" * 10_000))
                        self._chunk(b"data: [DONE]\n\n")
                        self._chunk(b"")
                    case "empty":
                        self._stream([])
                    case "full":
                        self._whole(503, b'{"error": "queue is full"}')
                    case "broken_protocol":
                        self._whole(200, b"\xff\xfe<html>not what you asked for</html>", "text/html")
                    case "redirect":
                        self.send_response(302)
                        self.send_header("Location", "http://127.0.0.1:9/v1/chat/completions")
                        self.send_header("Content-Length", "0")
                        self.end_headers()
                    case _:
                        words = outer.answer(body) if outer.answer else outer.how
                        if outer.stalls:
                            self._start()
                            self._chunk(_event(words))
                            time.sleep(30)
                        self._stream([words[at : at + 7] for at in range(0, len(words), 7)])

            def _whole(self, status: int, body: bytes, kind: str = "application/json") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _start(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()

            def _chunk(self, body: bytes) -> None:
                self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")
                self.wfile.flush()

            def _stream(self, pieces: list[str]) -> None:
                self._start()
                for piece in pieces:
                    self._chunk(_event(piece))
                self._chunk(_event(None, end="stop"))
                self._chunk(b"data: [DONE]\n\n")
                self._chunk(b"")

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.http.server_port}/v1"
        if how == "refused":
            self.http.server_close()
        else:
            threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.how != "refused":
            self.http.shutdown()
            self.http.server_close()


def _event(text: str | None, *, end: str | None = None) -> bytes:
    delta = {"content": text} if text is not None else {}
    chunk = {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "stand-in",
        "choices": [{"index": 0, "delta": delta, "finish_reason": end}],
    }
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy
import pytest

from graph.dense import Endpoint
from models.errors import BadRecord, NotFound, Unreachable


class Server(ThreadingHTTPServer):
    """An invented embeddings server that remembers what it was asked."""

    heard: list[tuple[str, dict[str, Any], str]]
    answer: Any = None
    status = 200


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.path, body, self.headers.get("Authorization", "")))
        rows = [{"index": n, "embedding": [float(len(text)), 1.0]} for n, text in enumerate(body["input"])]
        answer = {"data": rows[::-1]} if self.server.answer is None else self.server.answer
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.heard = []
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def endpoint(server: Server, key: str = "") -> Endpoint:
    return Endpoint(f"http://127.0.0.1:{server.server_port}/v1/", "sea", key, seconds=5)


def test_vectors_come_back_in_the_order_sent_and_of_unit_length(server: Server) -> None:
    rows = endpoint(server).passages(["灯", "灯塔熄灭"])
    assert numpy.allclose(numpy.linalg.norm(rows, axis=1), 1)
    assert rows[0][0] < rows[1][0]


def test_a_question_is_one_vector(server: Server) -> None:
    assert endpoint(server).question("灯塔").shape == (2,)


def test_the_request_is_in_openais_form_with_the_key(server: Server) -> None:
    endpoint(server, "secret").passages(["灯"])
    assert server.heard == [("/v1/embeddings", {"model": "sea", "input": ["灯"]}, "Bearer secret")]


def test_no_key_sends_no_authorization(server: Server) -> None:
    endpoint(server).passages(["灯"])
    assert server.heard[0][2] == ""


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        {"error": "x"},
        {"data": []},
        {"data": [{"index": 0, "embedding": "x"}]},
        {"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]},
        [],
    ],
)
def test_an_answer_in_another_form_is_named_with_the_address(server: Server, answer: Any) -> None:
    server.answer = answer
    with pytest.raises(BadRecord, match=r"127\.0\.0\.1"):
        endpoint(server).passages(["灯"])


@pytest.mark.parametrize("status", [401, 500])
def test_a_server_that_refuses_is_unreachable(server: Server, status: int) -> None:
    server.status = status
    with pytest.raises(Unreachable, match=str(status)):
        endpoint(server).passages(["灯"])


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="请核对地址"):
        Endpoint("http://127.0.0.1:1/v1", "sea", seconds=1).passages(["灯"])


def test_an_address_that_is_not_http_is_refused() -> None:
    with pytest.raises(NotFound, match="http"):
        Endpoint("file:///etc/passwd", "sea")

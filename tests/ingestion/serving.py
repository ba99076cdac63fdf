"""A real HTTP server on loopback for the tests, answering as a hotline's web service does: pages of calls, on from a cursor."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class Service:
    """Where it answers, and what it was asked so far."""

    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(reply: Callable[[Asked], Reply]) -> Iterator[Service]:
    """A server that answers every GET by `reply`, while inside."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = Asked(parts.path, dict(parse_qsl(parts.query)), dict(self.headers))
            service.asked.append(asked)
            status, headers, body = reply(asked)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = Service(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def calls(count: int, size: int) -> Callable[[Asked], Reply]:
    """`count` calls in pages of `size`, each page saying where the next begins."""

    def reply(asked: Asked) -> Reply:
        start = int(asked.query.get("since", "0"))
        rows = [{"工单编号": str(n), "诉求内容": f"第{n}号路口积水"} for n in range(start, min(start + size, count))]
        body = {"data": {"list": rows, "next": start + len(rows) if rows else None}}
        return 200, {"Content-Type": "application/json"}, json.dumps(body, ensure_ascii=False).encode()

    return reply

"""The shipped nginx configuration in front of a small server of our own: what a browser is told, and who is turned away."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).resolve().parents[2] / "dashboard" / "nginx.conf"
NAME = "anlan.example.gov.cn"
HEADERS = {
    "content-security-policy": "frame-ancestors 'self'",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

seen: list[dict[str, str]] = []


class Behind(BaseHTTPRequestHandler):
    """Stands where Anlan would."""

    def do_GET(self) -> None:
        seen.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.send_header("X-Powered-By", "something 1.2.3")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: object) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port nginx serves TLS on."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if not nginx or not shutil.which("openssl"):
        pytest.skip("nginx and openssl are not on this machine (Debian: nginx-light)")
    folder = tmp_path_factory.mktemp("nginx")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", f"/CN={NAME}", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    behind = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    plain, port = free_port(), free_port()
    text = CONFIGURATION.read_text("utf-8")
    for old, new in (
        ("/etc/anlan/tls", str(folder)),
        ("127.0.0.1:8501", f"127.0.0.1:{behind.server_port}"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/var/log/nginx/anlan.log", str(folder / "access.log")),
    ):
        assert old in text
        text = text.replace(old, new)
    whole = folder / "nginx.conf"
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\nhttp {{ {temporary}\n{text}\n}}\n",
        "utf-8",
    )
    checked = subprocess.run([nginx, "-t", "-c", str(whole)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    server = subprocess.Popen([nginx, "-c", str(whole)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(10)
        behind.shutdown()
        behind.server_close()


def ask(port: int, path: str = "/", *, name: str = NAME, **headers: str) -> tuple[int, dict[str, str]]:
    """Status and headers of one answer."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    here = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=10)
    try:
        here.request("GET", path, headers={"Host": name, **headers})
        answer = here.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}
    finally:
        here.close()


def test_every_answer_carries_the_headers_that_protect_its_reader(proxy: int) -> None:
    status, headers = ask(proxy)
    assert status == 200
    assert not {name for name, value in HEADERS.items() if value not in headers.get(name, "")}
    assert "x-powered-by" not in headers
    assert headers.get("server") in (None, "nginx")


def test_a_refusal_carries_them_too(proxy: int) -> None:
    status, headers = ask(proxy, Origin="https://elsewhere.example")
    assert status == 403
    assert not {name for name, value in HEADERS.items() if value not in headers.get(name, "")}


def test_another_sites_page_cannot_open_a_session(proxy: int) -> None:
    before = len(seen)
    assert ask(proxy, "/_stcore/stream", Origin="https://elsewhere.example", Upgrade="websocket", Connection="Upgrade")[0] == 403
    assert len(seen) == before, "it must not reach Anlan"
    assert ask(proxy, "/_stcore/stream", Origin=f"https://{NAME}", Upgrade="websocket", Connection="Upgrade")[0] == 200
    assert seen[-1]["upgrade"] == "websocket"


def test_anlan_sees_its_own_name_and_not_what_a_stranger_wrote(proxy: int) -> None:
    ask(proxy, **{"X-Forwarded-For": "10.0.0.1"})
    assert seen[-1]["host"].startswith("127.0.0.1:")
    assert seen[-1]["x-forwarded-for"] == "127.0.0.1"


def test_another_name_gets_no_answer(proxy: int) -> None:
    with pytest.raises((http.client.HTTPException, OSError)):
        ask(proxy, name="elsewhere.example")


def test_an_upload_above_the_limit_is_refused(proxy: int) -> None:
    assert ask(proxy, **{"Content-Length": str(30 * 1024**2)})[0] == 413

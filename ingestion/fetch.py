"""Asks one configured address over HTTP(S), so that neither the address nor its answer can do harm.

Only the host the city wrote down is asked, at an address that was checked and is then the very one connected to (a name that
resolves to something else a moment later gains nothing). Loopback, private and other special networks are refused unless the city listed
them. No redirect is followed, no proxy or cookie of the environment is used. Size and time are limited. Headers and
parameters from the environment never reach a log, an error or the ledger: an error names scheme, host and path only.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import urllib3

from models.errors import Refused, Unreachable

MAX_BYTES = 64 * 1024**2
"""Largest answer taken, unpacked."""
CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 10.0, 30.0, 120.0
"""Longest wait for a connection, for the next bytes, and for a whole answer."""

_CHUNK = 64 * 1024

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Answer:
    """What an address answered."""

    body: bytes
    """The content, unpacked; empty when nothing has changed."""
    is_unchanged: bool
    """The address said that it still is what we have (304)."""
    etag: str
    """Its mark for this content; empty when it gives none."""
    modified: str
    """When it says the content last changed, in its own words; empty when it does not."""
    content_type: str
    """What it says the content is, lower case."""


@dataclass(frozen=True)
class Request:
    """What is asked."""

    url: str
    """Address without secrets."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Added to the address; may be secret."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with it; may be secret."""
    networks: Sequence[Network] = ()
    """Networks that are not public and where this host may lie."""
    etag: str = ""
    """Mark of the content we have."""
    modified: str = ""
    """When the content we have last changed."""


def shown(url: str) -> str:
    """An address as it may be shown: scheme, host and path, no user, no parameters."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def checked_url(url: str) -> str:
    """The address, if it is one we ask. Refused for another scheme, a missing host, or a password written into it."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        raise Refused("地址无法识别，请写成 https://主机/路径。") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise Refused(f"{shown(url)}：只能是 http 或 https 地址，请改正 sources.yml。")
    if parts.username or parts.password:
        raise Refused(f"{shown(url)}：地址里不能写账号或口令，请用 headers 从环境变量取。")
    return url


def fetch(request: Request, *, total_seconds: float = TOTAL_SECONDS, max_bytes: int = MAX_BYTES) -> Answer:
    """Ask once. Refused when we must not ask or not take the answer, Unreachable when it does not come (worth another try later)."""
    parts = urlsplit(checked_url(request.url))
    place, host = shown(request.url), str(parts.hostname)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _allowed_address(host, port, request.networks, place)
    deadline = time.monotonic() + total_seconds
    query = "&".join(part for part in (parts.query, urlencode(request.parameters)) if part)
    target = (parts.path or "/") + (f"?{query}" if query else "")
    headers = {"User-Agent": "Anlan", "Accept-Encoding": "gzip", **request.headers, "Host": parts.netloc}
    if request.etag:
        headers["If-None-Match"] = request.etag
    if request.modified:
        headers["If-Modified-Since"] = request.modified
    pool = _pool(parts.scheme, address, host, port)
    try:
        answer = pool.urlopen("GET", target, headers=headers, redirect=False, retries=False, preload_content=False, assert_same_host=False)
        try:
            return _taken(answer, place, deadline, max_bytes)
        finally:
            answer.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        # Only the kind of failure: its words may hold the whole address with its parameters.
        raise Unreachable(f"{place} 没有正常应答（{type(error).__name__}）；稍后会自动再试。") from None
    finally:
        pool.close()


def _allowed_address(host: str, port: int, networks: Sequence[Network], place: str) -> str:
    """The address to connect to. Refused when any address of the name lies where we must not go."""
    try:
        found = {str(info[4][0]).partition("%")[0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise Unreachable(f"{place}：主机名无法解析；请检查 sources.yml 和网络，稍后会自动再试。") from None
    for text in sorted(found):
        address = ipaddress.ip_address(text)
        inner = _carried(address)
        if not (inner.is_global and not inner.is_multicast) and not any(
            one in network for network in networks for one in (address, inner) if one.version == network.version
        ):
            raise Refused(f"{place} 指向内部或特殊地址 {inner}，未访问；确实在内网的，请在 sources.yml 的 networks 中列出该网段。")
    return min(found, key=lambda text: (":" in text, text))


def _carried(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address an IPv6 one only carries, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _pool(scheme: str, address: str, host: str, port: int) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if scheme == "http":
        return urllib3.HTTPConnectionPool(address, port, timeout=timeout, maxsize=1)
    # Connected by address, but the certificate must be the host's.
    return urllib3.HTTPSConnectionPool(
        address, port, timeout=timeout, maxsize=1, cert_reqs="CERT_REQUIRED", server_hostname=host, assert_hostname=host
    )


def _taken(answer: urllib3.BaseHTTPResponse, place: str, deadline: float, max_bytes: int) -> Answer:
    etag, modified = answer.headers.get("ETag", "")[:500], answer.headers.get("Last-Modified", "")[:100]
    kind = answer.headers.get("Content-Type", "").lower()
    if answer.status == 304:
        return Answer(b"", True, etag, modified, kind)
    if 300 <= answer.status < 400:
        raise Refused(f"{place} 要求转到别的地址（{answer.status}），没有跟随；请在 sources.yml 中写最终地址。")
    if answer.status in (401, 403):
        raise Refused(f"{place} 拒绝访问（{answer.status}）；请检查 sources.yml 的 headers 所指的环境变量。")
    if answer.status != 200:
        raise Unreachable(f"{place} 应答 {answer.status}；稍后会自动再试。")
    body = bytearray()
    # Whatever has arrived, not a full chunk: a drip of bytes must still meet the deadline.
    while chunk := answer.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > max_bytes:
            raise Refused(f"{place} 的内容超过 {max_bytes / 1024**2:.0f} MB，未接收；请分页或缩小范围。")
        if time.monotonic() > deadline:
            raise Unreachable(f"{place} 太慢，未在限定时间内传完；稍后会自动再试。")
    return Answer(bytes(body), False, etag, modified, kind)

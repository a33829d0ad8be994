"""What stands before every page: the Host header, sizes, methods, and the headers that tell a browser what it may do.

A page on 127.0.0.1 can be reached by every web site that the same browser shows. A site that points its own name at 127.0.0.1 is
refused by its Host header; one that posts a form is refused by its Origin (see `forms`); scripts and styles come from /static alone.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "Guard", "Limits", "host_name", "own_names"]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with "no-referrer" browsers post forms with the Origin "null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""Headers of every answer."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Greatest sizes of a request.

    Attributes:
        path: Bytes of the path, as it was sent.
        query: Bytes of the query.
        headers: Bytes of all header names and values.
        body: Bytes of the body of a request without a file.
        upload: Bytes of the body of a submission's upload.
        body_s: Seconds that a body may take to arrive.
    """

    path: int = 1024
    query: int = 2048
    headers: int = 16_384
    body: int = 4096
    upload: int = 32 * 2**20
    body_s: float = 60.0


class Guard:
    """ASGI middleware that refuses what no page of ours would send.

    Args:
        app: What is guarded.
        hosts: Names that the server goes by, without port; "*" among them lets every IP address through too.
        limits: Sizes.
        uploads: Paths that take an upload.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], limits: Limits, uploads: Iterable[str] = ()) -> None:
        self._app, self._hosts, self._limits, self._uploads = app, frozenset(hosts), limits, frozenset(uploads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in there]
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await _answer(with_headers, *refusal)
            return
        limit = self._limits.upload if scope["path"] in self._uploads else self._limits.body
        await self._guarded(scope, receive, with_headers, limit)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        """Run the application on a body of at most `limit` bytes, which arrives in time."""
        from starlette.exceptions import HTTPException

        size, whole = 0, False
        end = asyncio.get_running_loop().time() + self._limits.body_s

        async def bounded() -> Message:
            nonlocal size, whole
            if whole:
                return await receive()  # only a disconnection is waited for
            try:
                async with asyncio.timeout_at(end):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "The request did not arrive in time.") from None
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if size > limit:
                raise HTTPException(413, f"The request is larger than {limit:,} bytes.")
            return message

        await self._app(scope, bounded, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason where a request is refused by its head alone."""
        limits, headers = self._limits, scope["headers"]
        hosts = [value for name, value in headers if name == b"host"]
        lengths = [value for name, value in headers if name == b"content-length"]
        if len(hosts) != 1 or not self._knows(hosts[0].decode("latin-1")):
            return 421, "This server does not go by that name. Open the address that `agentarena serve` printed."
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "Only GET, HEAD and POST are answered."
        if len(scope.get("raw_path") or scope["path"].encode()) > limits.path:
            return 414, "The path is too long."
        if len(scope["query_string"]) > limits.query:
            return 414, "The query is too long."
        if sum(len(name) + len(value) for name, value in headers) > limits.headers:
            return 431, "The headers are too large."
        limit = limits.upload if scope["path"] in self._uploads else limits.body
        if lengths and (not lengths[0].isdigit() or len(lengths[0]) > 15 or int(lengths[0]) > limit):
            return 413, f"The request is larger than {limit:,} bytes."
        if "\0" in scope["path"]:
            return 400, "The path is damaged."
        return None

    def _knows(self, host: str) -> bool:
        name = host_name(host)
        return name in self._hosts or ("*" in self._hosts and _is_address(name))


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets; "" where it is none.

    >>> host_name("LocalHost:8000"), host_name("[::1]:8000"), host_name("a@b")
    ('localhost', '::1', '')
    """
    if host.startswith("["):
        name, closed, port = host[1:].partition("]")
        port = port.removeprefix(":")
        return name.lower() if closed and _is_address(name) and (not port or port.isdecimal()) else ""
    name, _, port = host.partition(":")
    plain = name.isascii() and name.replace("-", "").replace(".", "").replace("_", "").isalnum()
    return name.lower() if plain and (not port or port.isdecimal()) else ""


def own_names(host: str) -> frozenset[str]:
    """Names that a server that listens at `host` goes by.

    A server that listens everywhere is also reached by its addresses: no web site can point a name of its own at it that way.

    >>> sorted(own_names("127.0.0.1"))
    ['127.0.0.1', '::1', 'localhost']
    """
    names = {"127.0.0.1", "localhost", "::1"}
    return frozenset(names | {"*", socket.gethostname().lower()} if host in ("0.0.0.0", "::", "") else names | {host.lower()})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _answer(send: Any, status: int, reason: str) -> None:
    body = reason.encode()
    head = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})

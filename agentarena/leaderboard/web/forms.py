"""Reading forms: multipart bodies, and whether a form was sent by a page of ours.

A form counts where its Origin is this server's, and its token is the one that belongs to the browser's cookie. Another site can make
a browser send the cookie, but can neither read it nor the page with the token.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from agentarena.core.errors import UsageError

__all__ = ["COOKIE", "Part", "Tokens", "multipart", "same_origin"]

COOKIE = "agentarena_form"
_MOST_PARTS = 8
_MOST_HEADERS = 2048


@dataclass(frozen=True)
class Part:
    """One field of a form: its bytes, and the name of the file that they are of, "" for a field that is typed."""

    data: bytes
    filename: str = ""

    @property
    def text(self) -> str:
        """Its bytes as text."""
        return self.data.decode("utf-8", "replace")


def multipart(content_type: str, body: bytes) -> dict[str, Part]:
    """The fields of a form by name (RFC 7578).

    Raises:
        UsageError: It is no such form, or has too many fields.

    >>> multipart("multipart/form-data; boundary=x", b'--x\\r\\nContent-Disposition: form-data; name="a"\\r\\n\\r\\nb\\r\\n--x--')["a"].text
    'b'
    """
    kind, _, rest = content_type.partition(";")
    parameters = _parameters(rest)
    boundary = parameters.get("boundary", "")
    if kind.strip().lower() != "multipart/form-data" or not 1 <= len(boundary) <= 70 or not boundary.isascii():
        raise UsageError("the form is not of the type multipart/form-data; send it from the page")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode(), _MOST_PARTS + 2)
    if len(pieces) > _MOST_PARTS + 2 or not pieces[-1].startswith(b"--"):
        raise UsageError("the form is damaged, or has too many fields; send it from the page")
    parts: dict[str, Part] = {}
    for piece in pieces[1:-1]:
        head, gap, data = piece.partition(b"\r\n\r\n")
        disposition = _disposition(head)
        if not gap or not disposition.get("name") or disposition["name"] in parts:
            raise UsageError("the form is damaged; send it from the page")
        parts[disposition["name"]] = Part(data, disposition.get("filename", ""))
    return parts


def _disposition(head: bytes) -> dict[str, str]:
    for line in head[:_MOST_HEADERS].decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return _parameters(value.partition(";")[2])
    return {}


def _parameters(text: str) -> dict[str, str]:
    """`name=value` and `name="value"`, separated by semicolons; a quoted value may hold one."""
    out: dict[str, str] = {}
    rest = text.strip()
    while rest and len(out) < _MOST_PARTS:
        name, _, rest = rest.partition("=")
        if rest.startswith('"'):
            value, _, rest = rest[1:].partition('"')
            rest = rest.partition(";")[2]
        else:
            value, _, rest = rest.partition(";")
        out[name.strip().lower()] = value.strip()
        rest = rest.strip()
    return out


class Tokens:
    """Tokens of forms, each of which belongs to one browser's cookie."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def new_cookie(self) -> str:
        """A cookie's value."""
        return secrets.token_urlsafe(24)

    def token(self, cookie: str) -> str:
        """The token that belongs to a cookie."""
        return hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()

    def valid(self, cookie: str, token: str) -> bool:
        """Whether a token belongs to a cookie."""
        return bool(cookie) and token.isascii() and hmac.compare_digest(token, self.token(cookie))


def same_origin(headers: Mapping[str, str], scheme: str) -> bool:
    """Whether a request comes from a page of this server, by its headers, their names in lower case.

    A browser names the page's origin in every form that it posts. Where it says more (Sec-Fetch-Site), that must agree.

    >>> same_origin({"host": "localhost:8000", "origin": "http://localhost:8000"}, "http")
    True
    >>> same_origin({"host": "localhost:8000", "origin": "http://evil.example"}, "http")
    False
    """
    origin = urlsplit(headers.get("origin", ""))
    site = headers.get("sec-fetch-site", "same-origin")
    return (
        site == "same-origin"
        and origin.scheme == scheme
        and bool(origin.netloc)
        and origin.netloc.lower() == headers.get("host", "").lower()
    )

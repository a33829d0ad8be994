"""Making the client of an OpenAI-compatible server: everything it may refuse is refused here, with the parameter and the remedy."""

from __future__ import annotations

import base64
import functools
import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra, UsageError

from .openai_answers import NoCompletion
from .openai_failures import redacted

__all__ = ["checked_key", "checked_url", "make_client", "secrets_of"]

_NO_KEY = "none"
_LONGEST_BODY = 16_000_000
"""Most bytes of one answer, which is kept whole."""
_LONGEST_STREAM = 64_000_000
"""Most bytes of one stream of events, which is read piece by piece."""
_ENVIRONMENT = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "OPENAI_CUSTOM_HEADERS")
"""What the client reads beside its arguments."""


def checked_url(base_url: Any) -> str | None:
    """Where the server is: `base_url`, else `OPENAI_BASE_URL`; `None` for OpenAI's own.

    Raises:
        BadOption: It is no address of a server.
    """
    name, url = ("base_url", base_url) if base_url is not None else ("OPENAI_BASE_URL", os.environ.get("OPENAI_BASE_URL") or None)
    if url is None:
        return None
    problem = _url_problem(url)
    if problem:
        got = shown(redacted(url)) if isinstance(url, str) else shown(url)
        raise BadOption(f"{name} {problem}, got {got}; write it like http://localhost:8000/v1")
    return str(url)


def _url_problem(url: Any) -> str:
    """What is wrong with an address; `""` for nothing."""
    if not isinstance(url, str):
        return "must be the address of a server"
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > 2000:
        return "must be an address without spaces and special characters"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "must have a number from 1 to 65535 for its port"
    if parts.scheme not in ("http", "https"):
        return "must begin with http:// or https://"
    if not parts.hostname:
        return "must name a host"
    return "must have a number from 1 to 65535 for its port" if port == 0 else ""


def checked_key(api_key: Any, url: str | None) -> str:
    """The key to send: `api_key`, else `OPENAI_API_KEY`; servers of one's own mostly take any.

    Raises:
        BadOption: OpenAI's own server needs one, or it cannot be sent. The message does not show it.
    """
    name = "api_key" if api_key is not None else "OPENAI_API_KEY"
    key = os.environ.get("OPENAI_API_KEY") if api_key is None else api_key
    if not key and url is None:
        raise BadOption("no key for OpenAI's server: set OPENAI_API_KEY, or name another server with base_url=http://host:port/v1")
    key = str(key) if isinstance(key, int) and not isinstance(key, bool) else key or _NO_KEY  # spec strings read digits as a number
    if not isinstance(key, str):
        raise BadOption(f"{name} must be a string, got a {type(key).__name__}")
    if not key.isascii() or not key.isprintable() or key != key.strip():
        raise BadOption(f"{name} has characters that cannot be sent: white space at its ends, a line break, or letters beyond ASCII")
    return key


def secrets_of(key: str, url: str | None) -> tuple[str, ...]:
    """What no message may show: the key, the login of the address, also as it is sent, and what its query says.

    >>> secrets_of("sk-1", "http://me:w%40rd@host/v1?code=abc")
    ('sk-1', 'w@rd', 'w%40rd', 'bWU6d0ByZA==', 'abc')
    """
    parts = urlsplit(url or "")
    user, password = parts.username or "", parts.password or ""
    sent = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode() if user or password else ""
    words = (key if key != _NO_KEY else "", unquote(password), password, sent, *(value for _, value in parse_qsl(parts.query)))
    return tuple(dict.fromkeys(filter(None, words)))


def make_client(name: str, url: str | None, key: str, timeout_s: float) -> Any:
    """The client (`openai.AsyncOpenAI`), which does not retry and reads no more than bounded bodies.

    Raises:
        MissingExtra: The package `openai` is not installed.
        UsageError: It cannot be made: a proxy, certificates, headers of the environment.
    """
    try:
        import openai
    except ModuleNotFoundError as error:
        raise MissingExtra("openai", "llm") from error
    try:
        http = openai.DefaultAsyncHttpxClient(timeout=timeout_s, event_hooks={"response": [_bounded]})
        address = None if url is None else urlsplit(url)
        return openai.AsyncOpenAI(
            base_url=None if address is None else urlunsplit(address._replace(query="", fragment="")),
            default_query=None if address is None else dict(parse_qsl(address.query, keep_blank_values=True)),
            api_key=key,
            max_retries=0,
            timeout=timeout_s,
            http_client=http,
            default_headers={"Accept-Encoding": "identity"},
        )
    except Exception as error:  # of the client, its HTTP library, and what these read from the environment
        variables = [variable for variable in _ENVIRONMENT if os.environ.get(variable) or os.environ.get(variable.lower())]
        description = redacted(f"{type(error).__name__}: {error}", secrets_of(key, url))
        remedy = (
            f"Correct or unset what it reads from the environment: {', '.join(variables)}" if variables else "Check base_url and api_key"
        )
        if isinstance(error, ImportError):
            remedy += "; or install the package (SOCKS proxies: pip install socksio)"
        raise UsageError(f"{name} cannot be reached: no client can be made ({description:.300}). {remedy}") from error


async def _bounded(response: Any) -> None:
    """Hook of the HTTP library: no body, of an error or a redirection either, is read beyond a bound, or unpacked."""
    packed = response.headers.get("content-encoding", "identity")
    if packed.strip().lower() not in ("", "identity"):
        raise NoCompletion(f"the answer is packed ({packed[:20]}), though none such was asked for")
    base = next(kind for kind in type(response.stream).__mro__ if kind.__name__ == "AsyncByteStream")
    events = response.headers.get("content-type", "").startswith("text/event-stream")
    response.stream = _bounded_stream(base)(response.stream, _LONGEST_STREAM if events else _LONGEST_BODY)


@functools.cache
def _bounded_stream(base: type) -> type:
    """A stream of bytes of the HTTP library's own kind that ends in an error where it is too long."""

    class Bounded(base):
        def __init__(self, stream: Any, limit: int) -> None:
            self._stream, self._limit = stream, limit

        async def __aiter__(self) -> Any:
            left = self._limit
            async for chunk in self._stream:
                left -= len(chunk)
                if left < 0:
                    raise NoCompletion(f"the answer has more than {self._limit} bytes")
                yield chunk

        async def aclose(self) -> None:
            await self._stream.aclose()

    return Bounded

"""Spec strings as text: their parts, and the name that records and tables give the agent. No secret is ever part of a name."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import quote, unquote_plus

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.limits import NAME

__all__ = ["NAMED", "checked_name", "kept", "masked", "parse", "public", "redacted", "secret"]

NAMED = "name"
"""The parameter of every spec string that says how records and tables name the agent."""

_SECRET = {"auth", "authorisation", "authorization", "bearer", "cookie", "pass", "pw", "pwd"}
_SECRET_ENDINGS = (
    "key",
    "keys",
    "token",
    "secret",
    "secrets",
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "credential",
    "credentials",
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LOGIN = re.compile(r"://[^/@\s]*@")
_PAIR = re.compile(r"(^|[?&;#])([\w.%-]+)=([^&;#]*)")
_LONG = 8
"""Characters of a secret that no other word contains by chance."""
_DECODINGS = 4
"""How many layers of percent-encoding are looked through for secrets: a spec in a spec has one layer more."""


def secret(parameter: str) -> bool:
    """Whether a parameter of this name holds a secret.

    >>> [name for name in ("api_key", "hfToken", "PASSWORD", "max_tokens", "keep_thinking") if secret(name)]
    ['api_key', 'hfToken', 'PASSWORD']
    """
    words = [word.lower() for word in _WORD.findall(parameter)]
    return any(word in _SECRET or word.endswith(_SECRET_ENDINGS) for word in words)


def redacted(text: str) -> str:
    """`text` with secrets written `***`: those of `key=value` pairs and of logins in addresses.

    >>> redacted("openai:m?api_key=abc&base_url=http://me:pw@host/v1?token=1")
    'openai:m?api_key=***&base_url=http://***@host/v1?token=***'
    """
    return _PAIR.sub(_hide, _LOGIN.sub("://***@", text))


def masked(text: str, secrets: Collection[str]) -> str:
    """`text` with these secrets written `***`; one of less than 8 characters only where it stands as a word.

    >>> masked("no such key: sk-12345678, or k", ["sk-12345678", "k"])
    'no such key: ***, or ***'
    """
    for one in sorted(filter(None, secrets), key=len, reverse=True):
        if len(one) >= _LONG:
            text = text.replace(one, "***")
        else:
            text = re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", "***", text)
    return text


def _hide(pair: re.Match[str]) -> str:
    start, name, value = pair.groups()
    return f"{start}{name}=***" if value and secret(name) else f"{start}{name}={redacted(value)}" if "?" in value else pair.group()


def parse(spec: str) -> tuple[str, dict[str, Any]]:
    """A spec string as a name and its parameters; values are read as Python literals where they are ones.

    >>> parse("ismcts?simulations=200&c=1.5")
    ('ismcts', {'simulations': 200, 'c': 1.5})
    >>> parse("hf:Qwen/Qwen3-0.6B?thinking=true")
    ('hf:Qwen/Qwen3-0.6B', {'thinking': True})

    Raises:
        BadOption: A parameter is not `name=value`, or is given twice. Messages show no values: they may be secret.
    """
    head, _, query = spec.strip().partition("?")
    parameters: dict[str, Any] = {}
    for number, item in enumerate(filter(None, query.split("&")), 1):
        key, equals, value = item.partition("=")
        if not equals or not key.isidentifier():
            raise BadOption(
                f"agent {_shown(head)}: its parameter {number} is not name=value; write 'name?first=1&second=2', and & within a value as %26"
            )
        if key in parameters:
            raise BadOption(f"agent {_shown(head)}: parameter {_shown(key)} is given twice; give it once")
        text = unquote_plus(value)
        parameters[key] = text if key == NAMED else _value(text)
    return head, parameters


def _shown(text: str) -> str:
    return shown(redacted(text), 200)


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def public(spec: str, leave_out: Collection[str] = ()) -> str:
    """A spec string in its own spelling, without secrets and without its `name`.

    Args:
        spec: The spec string.
        leave_out: Parameters to leave out too, e.g. those that say how an agent is reached and not how it plays.

    >>> public("openai:m?temperature=.5&api_key=abc&name=me")
    'openai:m?temperature=.5'
    """
    head, _, query = spec.strip().partition("?")
    items = [item for item in query.split("&") if item and not _dropped(item.partition("=")[0], leave_out)]
    return _without_secrets(head) + ("?" + "&".join(map(_without_secrets, items)) if items else "")


def kept(spec: str) -> str | None:
    """A spec string as files keep it: without secret parameters; `None` where it does not say the agent without its secrets.

    >>> kept("openai:m?base_url=http://h/v1&api_key=abc&name=me"), kept("openai:m?base_url=http://me:pw@h/v1")
    ('openai:m?base_url=http://h/v1&name=me', None)
    """
    head, _, query = spec.strip().partition("?")
    items = [item for item in query.split("&") if item and not secret(item.partition("=")[0])]
    text = head + ("?" + "&".join(items) if items else "")
    return text if all(_without_secrets(item) == item for item in (head, *items)) else None


def _dropped(key: str, leave_out: Collection[str]) -> bool:
    return key == NAMED or key in leave_out or secret(key)


def _without_secrets(item: str) -> str:
    """One part of a spec string, as it was written unless it holds a secret, however often encoded."""
    text = item
    for _ in range(_DECODINGS):
        if redacted(text) != text:
            return quote(redacted(text), safe=":/?=@*,;#[]()'\" ")
        text = unquote_plus(text)
    return item


def checked_name(name: Any) -> str:
    """A name that records, tables and terminals can show.

    Raises:
        BadOption: It is no text of 1 to `limits.NAME` printable characters.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > NAME or not name.isprintable():
        length = f" of {len(name)} characters" if isinstance(name, str) and len(name) > NAME else ""
        raise BadOption(
            f"an agent's name must be one line of 1 to {NAME} printable characters, got {shown(name, 60)}{length}; give it one: '?name=...'"
        )
    return name.strip()

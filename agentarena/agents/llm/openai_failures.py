"""Whose fault a failed request is: by status, by code, by exception. The table in docs/language-models.md says the same in words."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from agentarena.agents.spelling import masked
from agentarena.core.display import printable

from .openai_answers import NoCompletion

__all__ = ["Blame", "blame", "described", "is_filtered", "names", "redacted", "retry_after_s", "timed_out"]


class Blame(Enum):
    """Where a failure comes from, and so what may help."""

    REQUEST = "the request"
    """Refused as it is: no other attempt, and its own fault where the service answers others."""
    BUSY = "too many requests"
    """Tried again, without counting while others are answered."""
    SERVICE = "the service"
    """Tried again."""
    ACCESS = "key, credit or address"
    """Nothing but its user can help: the run ends at once."""


_ACCESS = frozenset({401, 402, 404, 405, 407, 410})
_BUSY = frozenset({429, 529})
_PASSING = frozenset({408, 409, 423, 425})
_ACCESS_CODES = frozenset(
    {"account_deactivated", "billing_hard_limit_reached", "billing_not_active", "insufficient_quota", "invalid_api_key", "model_not_found"}
)
_FILTERED = frozenset({"content_filter", "content_policy_violation", "moderation_blocked"})


def blame(error: Exception) -> Blame:
    """Where a failure comes from; whatever has no status is the service's: lost connections, time-outs, answers that are none."""
    status = _status(error)
    if _code(error) in _ACCESS_CODES or status in _ACCESS or (status is not None and 300 <= status < 400):
        return Blame.ACCESS
    if status in _BUSY:
        return Blame.BUSY
    if status is not None and 400 <= status < 500 and status not in _PASSING:
        return Blame.REQUEST
    return Blame.SERVICE


def is_filtered(error: Exception) -> bool:
    """Whether a filter of contents refused the prompt."""
    return _status(error) in (400, 403) and _code(error) in _FILTERED


def names(error: Exception, *words: str) -> bool:
    """Whether a server refused the request and its message has all these words."""
    text = str(error)[:2000].lower()
    return _status(error) in (400, 422, 500) and all(word in text for word in words)


def is_forbidden(error: Exception) -> bool:
    """Whether the status is 403, which may be meant for this prompt, or for all."""
    return _status(error) == 403


def timed_out(error: Exception) -> bool:
    """Whether no answer came in time."""
    return isinstance(error, TimeoutError) or type(error).__name__ == "APITimeoutError"


def retry_after_s(error: Exception) -> float | None:
    """Seconds that the server asks to wait, of at least 0; `None` where it does not say."""
    response = getattr(error, "response", None)
    header = response.headers.get("retry-after") if response is not None else None
    if header is None:
        return None
    try:
        wait_s = float(header) if len(header) <= 20 else _until(header)
    except ValueError:
        wait_s = _until(header)
    return max(wait_s, 0.0) if wait_s is not None and wait_s == wait_s else None


def _until(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date[:100]).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def described(error: Exception, secrets: tuple[str, ...] = ()) -> str:
    """A failure in one line, without secrets."""
    status = _status(error)
    description = str(error)[:2000].removeprefix(f"Error code: {status} - ")
    if (
        status is None and error.__cause__ is not None and not isinstance(error, NoCompletion)
    ):  # a lost connection: the reason is that of the HTTP library
        description = f"{description} {type(error.__cause__).__name__}: {str(error.__cause__)[:1000]}"
    words = printable(" ".join(redacted(description, secrets).split()), 200)
    if isinstance(error, NoCompletion):
        return words
    return f"{type(error).__name__} ({words})" if status is None else f"HTTP {status} ({words})"


_USER = re.compile(r"(?<=://)[^/@\s]{1,500}@")
_QUERY = re.compile(r"(?<=[?&])([^=&\s]{1,100})=[^&\s]{1,2000}")


def redacted(text: str, secrets: tuple[str, ...] = ()) -> str:
    """A text without these secrets, and without the user and the query of any address in it.

    >>> redacted("POST http://me:word@host/v1?key=abc refused sk-1234", ("sk-1234",))
    'POST http://***@host/v1?key=*** refused ***'
    """
    return _QUERY.sub(r"\1=***", _USER.sub("***@", masked(text, secrets)))


def _status(error: Exception) -> int | None:
    status: Any = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _code(error: Exception) -> str:
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else ""

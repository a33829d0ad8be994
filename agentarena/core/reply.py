"""A reply in words, and what it amounts to: an action, or the kind and the reason of what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from . import limits
from .actions import Action, Legal, violation
from .display import is_interrupt, printable, shown
from .faults import log_failure
from .game import Game
from .json_copy import json_copy
from .samples import TokenSample, count_ids, encode_samples, sample_errors
from .text import Unreadable

__all__ = ["Reply", "attempt_of", "checked_reply", "limited_reply", "outcome_of", "read_reply", "retry_reason", "usage_of"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in words, read by the game's text face; with what it cost.

    Attributes:
        text: The raw reply. More than `limits.REPLY` characters are no move, and are kept cut.
        thinking: Reasoning kept apart from the reply; private. Kept up to `limits.THINKING` characters.
        usage: Counts and prices to be summed in the ledger, e.g. `{"prompt_tokens": 812, "completion_tokens": 9}`: numbers
            from 0 to `limits.USAGE`.
        extra: Anything to keep with the record of this decision, JSON-ready; kept as JSON gives it back.
        finish: "stop"; "length" when it was cut short; "refusal" when a model or its provider would not answer. It names
            what went wrong with a reply that cannot be read, and changes nothing about one that can.
        samples: Every generation behind this reply, those that lost a vote and plans included; `()` of what is no token model.
    """

    text: str
    thinking: str = ""
    usage: Mapping[str, float] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    finish: Literal["stop", "length", "refusal"] = "stop"
    samples: tuple[TokenSample, ...] = ()


_ADVICE = {
    "unreadable": "Write your move exactly as the rules say, and only one.",
    "empty": "Reply with one move; an empty reply is no move.",
    "truncated": "Be brief: say your move first, before anything else.",
    "illegal": "Choose a move that the rules allow in this position.",
    "refused": "This is a game with invented stakes; declining to move loses it. Reply with one move.",
}
"""Outcome of a reply that was not accepted -> what to do about it."""


def read_reply(game: Game[Any], state: Any, seat: int, text: str) -> Action | Unreadable:
    """What the text face of a game reads in a reply; unreadable where it is too long, or where the face itself fails on it."""
    if len(text) > limits.REPLY:
        return Unreadable(f"the reply is longer than the {limits.REPLY} characters that are read; say it shorter")
    try:
        return game.text.read(state, seat, text)
    except Exception as error:
        return Unreadable(log_failure(f"the text face of {type(game).__name__}", error))


def outcome_of(game: Game[Any], state: Any, seat: int, legal: Legal, reply: Reply) -> tuple[Action, str, str]:
    """Action, outcome and reason of a reply: outcome "read" when the action is legal, else a key of the advice above."""
    action = read_reply(game, state, seat, reply.text)
    if isinstance(action, Unreadable):
        if reply.finish == "refusal":
            return None, "refused", "the reply was a refusal and names no move"
        if reply.finish == "length":
            return None, "truncated", "the reply was cut off at its greatest length before it named a move"
        return None, action.kind if action.kind in _ADVICE else "unreadable", printable(action.reason, limits.REASON)
    try:
        reason = violation(legal, action)
        if reason is None:
            return action, "read", ""
        # the list of legal moves stays out: whether it is shown is the agent's choice of view
        reason = f"{game.text.write(state, seat, action)} is not legal now" if isinstance(legal, tuple) else reason
    except Exception as error:
        return None, "unreadable", log_failure(f"the text face of {type(game).__name__}", error)
    return None, "illegal", printable(reason, limits.REASON)


def retry_reason(attempt: Mapping[str, Any]) -> str:
    """What a seat is told that is asked again, given its last attempt as records keep it."""
    outcome = attempt["outcome"]
    return f"Your last reply was not accepted ({outcome}): {attempt['reason']}. {_ADVICE[outcome]}"


# --- what an agent may have put into a reply --------------------------------------------------------------------------


def checked_reply(reply: Reply, *, with_samples: bool = False) -> Reply:
    """A reply in plain types and within the limits; text that is too long is cut to one character more than is read.

    Args:
        reply: The reply of an agent, who may have put anything into it.
        with_samples: Whether its samples are to be written down, and must be such that they can.

    Raises:
        ValueError: What is wrong with it.
    """
    text, thinking, finish, samples = reply.text, reply.thinking, reply.finish, reply.samples
    if not isinstance(text, str) or not isinstance(thinking, str):
        raise ValueError(f"a Reply needs text and thinking as strings, got {type(text).__name__} and {type(thinking).__name__}")
    if not isinstance(finish, str) or finish not in ("stop", "length", "refusal"):
        raise ValueError(f"Reply.finish must be 'stop', 'length' or 'refusal', got {shown(finish)}")
    usage = usage_of(reply.usage)
    if usage is None:
        raise ValueError(f"Reply.usage must map names to finite numbers from 0 to {limits.USAGE:g}")
    if type(samples) is not tuple or samples:
        _check_samples(samples, with_samples)
    try:
        extra = json_copy(reply.extra, limits.EXTRA)
    except ValueError as error:
        raise ValueError(f"Reply.extra must be JSON-ready: {error}") from None
    if not isinstance(extra, dict):
        raise ValueError(f"Reply.extra must be JSON-ready: it is {shown(reply.extra)}, expected a dict")
    exact = str.__str__(text)[: limits.REPLY + 1], str.__str__(thinking)[: limits.THINKING]
    return Reply(*exact, usage, extra, str.__str__(finish), samples)  # type: ignore[arg-type]  # one of the three


def usage_of(usage: Any) -> dict[str, float] | None:
    """Counts in plain types; `None` where they cannot be added up."""
    if not isinstance(usage, Mapping):
        return None
    numbers = {}
    for name, value in islice(usage.items(), limits.USAGE_NAMES + 1):
        if not isinstance(name, str) or len(name) > limits.NAME or isinstance(value, bool) or not isinstance(value, int | float):
            return None
        number = int.__pos__(value) if isinstance(value, int) else float.__pos__(value)
        if not 0 <= number <= limits.USAGE:
            return None
        numbers[str.__str__(name)] = number
    return numbers


def _check_samples(samples: Any, with_samples: bool) -> None:
    """Raise `ValueError` for samples that are none, or cannot be written down."""
    if not isinstance(samples, tuple) or not all(isinstance(one, TokenSample) for one in samples):
        raise ValueError("Reply.samples must be a tuple of TokenSample")
    try:
        count = count_ids(samples)
        problem = f"{count} ids, at most {limits.TOKENS} allowed" if count > limits.TOKENS else None
        if problem is None and with_samples:
            problem = sample_errors(encode_samples([{"step": 0, "seat": 0, "attempt": 0, "samples": samples}]))
    except Exception as error:  # fields of any type
        problem = type(error).__name__
    if problem is not None:
        raise ValueError(f"Reply.samples must hold token ids and finite log-probabilities: {problem}")


def limited_reply(reply: Reply, room: int, *, with_samples: bool = False) -> tuple[Reply, int]:
    """A reply as it is played and kept, and how much room it leaves.

    Thinking and remarks for which there is no room in the record are left out.

    Args:
        reply: The reply of an agent.
        room: What the replies of its seat may still take of the record, in characters of JSON.
        with_samples: See `checked_reply`.

    Raises:
        ValueError: What is wrong with it; or there is no room for the text either.
    """
    try:
        reply = checked_reply(reply, with_samples=with_samples)
    except BaseException as error:  # a subclass may do anything
        if is_interrupt(error) or (type(error) is ValueError and type(error.args[0]) is str):
            raise
        raise ValueError(log_failure("the check of replies", error)) from error
    room -= len(json.dumps(reply.text)) + len('""{}')
    if room < 0:
        raise ValueError("its replies take more of the record of this match than a seat may")
    if reply.thinking or reply.extra:
        rest = len(json.dumps(reply.thinking)) + len(json.dumps(reply.extra))
        if rest > room:
            return Reply(reply.text, "", reply.usage, {}, reply.finish, reply.samples), room
        room -= rest
    return reply, room


def attempt_of(reply: Reply, outcome: str, reason: str) -> dict[str, Any]:
    """A reply and what came of it, as records keep it."""
    entry = {"text": reply.text, "thinking": reply.thinking, "outcome": outcome, "reason": reason, "extra": reply.extra}
    return entry if reply.finish == "stop" else {**entry, "finish": reply.finish}

"""A reply in words, and what it amounts to: an action, or the kind and the reason of what is wrong with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .actions import Action, Legal, violation
from .game import Game
from .samples import TokenSample, encode_samples, sample_errors
from .text import Unreadable

__all__ = ["Reply", "is_countable", "outcome_of", "retry_reason", "schema_error"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in words, read by the game's text face; with what it cost.

    Attributes:
        text: The raw reply.
        thinking: Reasoning kept apart from the reply; private.
        usage: Counts and prices to be summed in the ledger, e.g. `{"prompt_tokens": 812, "completion_tokens": 9}`.
        extra: Anything to keep with the record of this decision, JSON-ready.
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


def outcome_of(game: Game[Any], state: Any, seat: int, legal: Legal, reply: Reply) -> tuple[Action, str, str]:
    """Action, outcome and reason of a reply: outcome "read" when the action is legal, else a key of the advice above."""
    action = game.text.read(state, seat, reply.text)
    if isinstance(action, Unreadable):
        if reply.finish == "refusal":
            return None, "refused", "the reply was a refusal and names no move"
        if reply.finish == "length":
            return None, "truncated", "the reply was cut off at its greatest length before it named a move"
        return None, str(action.kind), action.reason
    reason = violation(legal, action)
    if reason is None:
        return action, "read", ""
    # the list of legal moves stays out: whether it is shown is the agent's choice of view
    return None, "illegal", f"{game.text.write(state, seat, action)} is not legal now" if isinstance(legal, tuple) else reason


def retry_reason(attempt: Mapping[str, Any]) -> str:
    """What a seat is told that is asked again, given its last attempt as records keep it."""
    outcome = attempt["outcome"]
    return f"Your last reply was not accepted ({outcome}): {attempt['reason']}. {_ADVICE[outcome]}"


def is_countable(usage: Any) -> bool:
    """Whether it can be added up: names and finite numbers, no integer beyond those that floats reach."""
    numbers = usage.values() if isinstance(usage, Mapping) else [None]
    return all(isinstance(value, int | float) and abs(value) <= sys.float_info.max for value in numbers)


def schema_error(reply: Reply, *, with_samples: bool = False) -> str | None:
    """What is wrong with the fields of a reply; `None` when they are as they should be.

    Args:
        reply: The reply of an agent, who may have put anything into it.
        with_samples: Whether its samples are to be written down, and must be such that they can.
    """
    if not isinstance(reply.text, str) or not isinstance(reply.thinking, str):
        return f"a Reply needs text and thinking as strings, got {type(reply.text).__name__} and {type(reply.thinking).__name__}"
    if reply.finish not in ("stop", "length", "refusal"):
        return f"Reply.finish must be 'stop', 'length' or 'refusal', got {reply.finish!r:.100}"
    if not is_countable(reply.usage):
        return "Reply.usage must map names to finite numbers"
    if not isinstance(reply.samples, tuple) or not all(isinstance(one, TokenSample) for one in reply.samples):
        return "Reply.samples must be a tuple of TokenSample"
    if with_samples and reply.samples:
        try:
            problem = sample_errors(encode_samples([{"step": 0, "seat": 0, "attempt": 0, "samples": reply.samples}]))
        except Exception as error:  # fields of any type
            problem = f"{type(error).__name__}"
        if problem is not None:
            return f"Reply.samples must hold token ids and finite log-probabilities: {problem}"
    try:
        json.dumps(dict(reply.extra), allow_nan=False)
    except (TypeError, ValueError) as error:
        return f"Reply.extra must be JSON-ready: {error}"
    return None

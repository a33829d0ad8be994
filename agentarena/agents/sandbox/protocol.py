"""The protocol of sandboxed agents: one JSON object a line, one line of the agent for each line of the host (docs/protocol.md).

What comes from an agent is bounded in length and depth before it is looked at, and nothing of it is run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.core import limits, registry
from agentarena.core.actions import Box, Legal, Product, Spoken, Text, encode, violation
from agentarena.core.agent import Decision, View
from agentarena.core.display import shown
from agentarena.core.errors import AgentNonsense, AgentRaised, NotSupported
from agentarena.core.faults import error_message
from agentarena.core.json_copy import json_copy
from agentarena.core.reply import Reply

__all__ = ["VERSION", "Question", "question", "read_answer", "read_ready", "start", "to_action"]

VERSION = 1

_LARGEST_QUESTION = 64_000_000
"""Longest line to an agent, in bytes."""
_MEMORY = 100_000
"""Longest `memory` that an agent may hand over, in characters of JSON."""
_LONGEST_NUMBER = 80
"""Most digits of a whole number."""
_ANSWER = frozenset({"action", "error", "id", "memory", "reply", "thought"})


# --- to the agent ----------------------------------------------------------------------------------------------------------


def start(view: View) -> bytes:
    """The first line: what is played and where the agent sits. Nothing of the match itself, its number, seed or players."""
    game = view.game
    return _line(
        {
            "type": "start",
            "protocol": VERSION,
            "environment": registry.env_id_of(game),
            "options": _options(game.options),
            "seat": view.seat,
            "seats": game.info.seats,
            "rules": view.rules,
        }
    )


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(json_copy(options, limits.EXTRA))
    except ValueError:  # of another package's game
        return {name: shown(value, 200) for name, value in options.items()}


@dataclass(frozen=True, slots=True)
class Question:
    """What a seat is asked, worked out while its view can be looked at.

    Attributes:
        fields: The message, without what the conversation adds: number, memory, time.
        legal: The legal actions.
        spellings: How each listed action is written as a reply; `()` where they are not listed.
    """

    fields: dict[str, Any]
    legal: Legal
    spellings: tuple[str, ...]

    def line(self, number: int, memory: Any, answer_s: float) -> bytes:
        """The line to the agent.

        Raises:
            NotSupported: It is too long to be sent, or holds what JSON cannot.
        """
        return _line({"type": "question", "id": number, **self.fields, "memory": memory, "time_s": answer_s})


def question(view: View) -> Question:
    """What the seat is shown, as words and as numbers."""
    legal = view.legal
    spellings = tuple(map(view.write, legal)) if isinstance(legal, tuple) else ()
    fields = {
        "seat": view.seat,
        "text": view.text,
        "legal": list(spellings) if isinstance(legal, tuple) else described(legal),
        "observation": _plain(view.observation),
        "news": [{"kind": event.kind, "data": event.data, "audience": event.audience} for event in view.news],
    }
    if isinstance(legal, tuple):
        fields["actions"] = [encode(legal, action) for action in legal]
    if view.attempt:
        fields["retry_reason"] = view.retry_reason
    return Question(fields, legal, spellings)


def described(legal: Legal) -> dict[str, Any]:
    """Legal actions that are not listed, as `legal` of a question says them."""
    if isinstance(legal, tuple):
        return {"kind": "listed", "actions": [encode(legal, action) for action in legal]}
    if isinstance(legal, Box):
        return {"kind": "numbers", "shape": list(legal.shape), "low": _plain(legal.low), "high": _plain(legal.high)}
    if isinstance(legal, Text):
        return {"kind": "words", "max_chars": legal.max_chars, "suggestions": list(legal.suggestions)}
    if isinstance(legal, Product):
        parts = {name: described(part) for name, part in legal.parts.items()}
        every: dict[str, Any] = {"kind": "parts", "parts": parts if legal.named else list(parts.values())}
        if legal.allowed is not None:
            every["constraint"] = legal.reason
            if legal.listed is not None:
                every["allowed"] = [encode(legal, action) for action in legal.listed]
        return every
    return {"kind": type(legal).__name__}


def _plain(value: Any) -> Any:
    """Arrays as nested lists; numbers that are not finite, which JSON lacks, as null."""
    if isinstance(value, np.ndarray):
        return _plain(value.tolist()) if value.dtype.kind == "f" and not np.isfinite(value).all() else value.tolist()
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _line(message: Mapping[str, Any]) -> bytes:
    try:
        data = json.dumps(message, allow_nan=False, default=_plain).encode("utf-8", "replace") + b"\n"
    except (TypeError, ValueError) as error:
        raise NotSupported(f"a question cannot be written as JSON: {error_message(error)}") from None
    if len(data) > _LARGEST_QUESTION:
        raise NotSupported(f"a question takes {len(data)} bytes, at most {_LARGEST_QUESTION} can be sent")
    return data


# --- from the agent --------------------------------------------------------------------------------------------------------


def read_ready(line: bytes) -> None:
    """Take the answer to `start`.

    Raises:
        AgentNonsense: It is not `{"type": "ready"}`.
        AgentRaised: The agent says that it cannot start.
    """
    message = _object(line)
    _raise_error(message)
    if message.get("type") != "ready" or message.keys() - {"type", "protocol"}:
        raise AgentNonsense(f'its first line is {shown(message)}, expected {{"type": "ready"}}')
    if message.get("protocol", VERSION) != VERSION:
        raise AgentNonsense(f"it speaks protocol {shown(message['protocol'])}, expected {VERSION}")


def read_answer(line: bytes, number: int, question: Question) -> tuple[Decision, Any]:
    """The decision and the memory in an answer.

    Args:
        line: What came, without its end.
        number: Of the question.
        question: The question.

    Raises:
        AgentNonsense: It is no answer to this question.
        AgentRaised: The agent says that it failed.
    """
    message = _object(line)
    unknown = message.keys() - _ANSWER
    if unknown:
        raise AgentNonsense(f"its answer has the field {shown(min(unknown))}; known: {', '.join(sorted(_ANSWER))}")
    if type(message.get("id")) is not int or message["id"] != number:
        raise AgentNonsense(f"it answered the question {shown(message.get('id'))}, asked was {number}")
    _raise_error(message)
    if ("reply" in message) == ("action" in message):
        raise AgentNonsense('its answer needs either "reply" or "action"')
    thought = message.get("thought", "")
    if not isinstance(thought, str):
        raise AgentNonsense(f'"thought" is {shown(thought)}, expected a string')
    return _decision(message, thought, question), _bounded_memory(message.get("memory"))


def _decision(message: Mapping[str, Any], thought: str, question: Question) -> Decision:
    if "reply" in message:
        if not isinstance(message["reply"], str):
            raise AgentNonsense(f'"reply" is {shown(message["reply"])}, expected a string')
        return Reply(message["reply"], thinking=thought)
    action = to_action(question.legal, message["action"])
    if thought and type(action) in (int, str) and isinstance(question.legal, tuple) and action in question.legal:
        return Reply(question.spellings[question.legal.index(action)], thinking=thought)  # a bare action carries no thought
    return action


def _bounded_memory(memory: Any) -> Any:
    try:
        return json_copy(memory, _MEMORY)
    except ValueError as error:
        raise AgentNonsense(f'"memory": {error}') from None


def to_action(legal: Legal, data: Any) -> Any:
    """An action from JSON, in the types that games take; what is no action at all comes back as it is, to be refused as illegal.

    >>> to_action((0, 4), {"action": 4, "words": "mine"})
    Spoken(4, 'mine')
    >>> to_action(Box(-1, 1, (2,)), [0, 0.5])
    array([0. , 0.5])
    """
    if isinstance(legal, Box):
        array = np.asarray(data) if _is_numbers(data) else None
        return data if array is None or violation(legal, array) is not None else array.astype(np.float64)
    if isinstance(legal, Product):
        return _parts(legal, data)
    if isinstance(data, dict) and isinstance(legal, tuple):
        return _spoken(data)
    return data


def _is_numbers(data: Any) -> bool:
    """Whether it is a number, or lists of one shape of numbers."""
    if isinstance(data, list):
        return all(map(_is_numbers, data)) and len({_shape(one) for one in data}) <= 1
    return isinstance(data, int | float) and not isinstance(data, bool) and abs(data) < 1e300


def _shape(data: Any) -> tuple[int, ...]:
    return (len(data), *(_shape(data[0]) if data else ())) if isinstance(data, list) else ()


def _parts(legal: Product, data: Any) -> Any:
    if legal.named:
        if not isinstance(data, dict) or data.keys() != legal.parts.keys():
            return data
        return {name: to_action(part, data[name]) for name, part in legal.parts.items()}
    if not isinstance(data, list) or len(data) != len(legal.parts):
        return data
    return tuple(to_action(part, value) for part, value in zip(legal.parts.values(), data, strict=True))


def _spoken(data: dict[str, Any]) -> Any:
    """An action with words on it, as `core.actions.encode` writes one."""
    action, words, notes = data.get("action"), data.get("words", ""), data.get("notes", {})
    if data.keys() - {"action", "words", "notes"} or type(action) is not int or not isinstance(words, str) or not isinstance(notes, dict):
        return data
    return Spoken(action, words, notes)


def _raise_error(message: Mapping[str, Any]) -> None:
    if "error" in message:
        raise AgentRaised(f"it says: {shown(message['error'], limits.REASON)}")


def _object(line: bytes) -> dict[str, Any]:
    """One line as a JSON object.

    Raises:
        AgentNonsense: It is none, or holds what does not come back from JSON as it is.
    """
    try:
        text = line.decode("utf-8")
        message = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number, parse_int=_short_int)
        copy = json_copy(message, 8 * len(line) + 16)  # escapes and zeros may make it longer
        json.dumps(copy, ensure_ascii=False).encode("utf-8")  # no half of a pair of surrogates
    except (ValueError, RecursionError) as error:  # of bytes that are no UTF-8 too
        what = "is nested too deep" if isinstance(error, RecursionError) else f"is no JSON of this protocol: {error_message(error)}"
        raise AgentNonsense(f"its line of {len(line)} bytes {what}") from None
    if not isinstance(copy, dict):
        raise AgentNonsense(f"its line is {shown(copy)}, expected a JSON object")
    return copy


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands twice")
    return fields


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _short_int(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)

"""Runs a Python agent behind the protocol of docs/protocol.md, inside its sandbox.

Run as a script: `serve.py ROOT FOLDER module:attribute`, with the folder that holds this package as ROOT. It imports the standard
library alone, so an agent that needs nothing else starts in a few milliseconds. What the agent prints goes to standard error.
"""

from __future__ import annotations

import inspect
import json
import os
import pkgutil
import random
import sys
import traceback
from collections.abc import Callable
from functools import cached_property
from typing import IO, Any

__all__ = ["View"]


class View:
    """What a seat may know at one decision, in its sandbox; there is no state and no `imagine`.

    Attributes:
        environment: Id of the environment.
        options: Its options.
        seat: Who is to move.
        seats: How many there are.
        turn: How many decisions this seat has made in this match.
        rules: The rules in words.
        text: What is new and what the seat sees now, in words, with the legal moves.
        legal: The legal actions as a tuple, or the description of their set as a dict.
        spellings: How each listed action is written as a reply.
        news: What became known since the seat was last asked, as dicts of kind, data and audience.
        memory: The seat's own notebook in this match.
        retry_reason: Why the last reply to this question was not accepted; `""` when it is asked for the first time.
        time_s: Seconds for the answer.
    """

    def __init__(self, start: dict[str, Any], question: dict[str, Any], turn: int, memory: dict[str, Any]) -> None:
        self.environment, self.options = start["environment"], start["options"]
        self.seat, self.seats, self.turn = question["seat"], start["seats"], turn
        self.rules, self.text = start["rules"], question["text"]
        self.legal: Any = tuple(map(_hashable, question["actions"])) if "actions" in question else question["legal"]
        self.spellings = tuple(question["legal"]) if "actions" in question else ()
        self.news = tuple(question["news"])
        self.memory = memory
        self.retry_reason = question.get("retry_reason", "")
        self.time_s = question["time_s"]
        self._observation = question["observation"]

    @property
    def choices(self) -> tuple[Any, ...]:
        """The legal actions where they are listed; raises `TypeError` where they are a set."""
        if not isinstance(self.legal, tuple):
            raise TypeError(f"the actions of {self.environment} are not listed; view.legal describes them")
        return self.legal

    @cached_property
    def observation(self) -> Any:
        """What the seat sees, as numbers: arrays where numpy is installed, else nested lists."""
        try:
            import numpy as np
        except ImportError:
            return self._observation
        return _arrays(self._observation, np.asarray)

    @cached_property
    def rng(self) -> Any:
        """A generator of numpy, seeded by the system."""
        import numpy as np

        return np.random.default_rng()

    def sample(self) -> Any:
        """A random legal action, of those that are listed."""
        return random.choice(self.choices)

    def write(self, action: Any) -> str:
        """The reply that says a listed action."""
        return str(self.spellings[self.choices.index(action)])


def _hashable(action: Any) -> Any:
    return tuple(map(_hashable, action)) if isinstance(action, list) else action


def _arrays(value: Any, convert: Callable[[Any], Any]) -> Any:
    """Lists of numbers as arrays, below dicts and lists of unequal shape too."""
    if isinstance(value, dict):
        return {name: _arrays(part, convert) for name, part in value.items()}
    if isinstance(value, list):
        try:
            return convert(value)
        except ValueError:
            return [_arrays(part, convert) for part in value]
    return value


def _load(entry: str) -> Callable[[View], Any]:
    """The function from views to decisions that an entry point stands for."""
    target: Any = pkgutil.resolve_name(entry)
    if inspect.isclass(target):
        target = target()
    if not hasattr(target, "choose"):
        return (lambda view: target.act([view])[0]) if hasattr(target, "act") else _words(target)
    core = sys.modules.get("agentarena.core.agent")
    batches = core is not None and isinstance(target, core.Agent) and type(target).act is not core.Agent.act
    return (lambda view: target.act([view])[0]) if batches else target.choose


def _words(function: Callable[[View], Any]) -> Callable[[View], Any]:
    """A function whose strings are replies, not actions."""

    def decide(view: View) -> Any:
        decision = function(view)
        return {"reply": decision} if isinstance(decision, str) else decision

    return decide


def _fields(decision: Any) -> dict[str, Any]:
    """A decision as fields of an answer."""
    if isinstance(decision, dict) and len(decision) == 1 and isinstance(decision.get("reply"), str):
        return decision
    if hasattr(decision, "text") and hasattr(decision, "thinking"):
        return {"reply": decision.text, "thought": decision.thinking}
    return {"action": _json_ready(decision)}


def _json_ready(value: Any) -> Any:
    words = getattr(value, "words", None)
    if words is not None and isinstance(value, int):
        return {"action": int(value), "words": words, "notes": dict(getattr(value, "notes", {}))}
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_json_ready(part) for part in value]
    return {name: _json_ready(part) for name, part in value.items()} if isinstance(value, dict) else value


class _Wire:
    """The protocol's two ends, out of reach of prints and reads of the agent's code."""

    def __init__(self) -> None:
        self._source: IO[bytes] = os.fdopen(os.dup(0), "rb")
        self._sink: IO[bytes] = os.fdopen(os.dup(1), "wb")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        sys.stdin, sys.stdout = os.fdopen(0, encoding="utf-8", closefd=False), sys.stderr

    def receive(self) -> dict[str, Any] | None:
        """The next message; `None` when there will be no more."""
        line = self._source.readline()
        return json.loads(line) if line else None

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        self._sink.write(json.dumps(message, allow_nan=False).encode("ascii") + b"\n")
        self._sink.flush()


def _described(error: BaseException) -> str:
    traceback.print_exc()
    return f"{type(error).__name__}: {error}"[:1000]


def main() -> None:
    """Entry point; see the module."""
    root, folder, entry = sys.argv[1:4]
    wire = _Wire()
    sys.path.insert(0, folder)
    sys.path.append(root)
    sys.argv[:] = [""]
    start = wire.receive()
    if start is None:
        return
    try:
        decide = _load(entry)
    except BaseException as error:
        wire.send({"error": _described(error)})
        return
    wire.send({"type": "ready"})
    memory: dict[str, Any] = {}
    turn = 0
    while (question := wire.receive()) is not None:
        answer = {"id": question["id"]}
        try:
            answer.update(_fields(decide(View(start, question, turn, memory))))
            json.dumps(answer, allow_nan=False)
        except BaseException as error:
            answer = {"id": question["id"], "error": _described(error)}
        turn += not question.get("retry_reason")
        wire.send(answer)


if __name__ == "__main__":
    main()

"""A person at the terminal, who reads the game's text face and types moves."""

from __future__ import annotations

import sys
from typing import TextIO

from agentarena.core.actions import Action, violation
from agentarena.core.agent import Agent, View
from agentarena.core.errors import AgentFault
from agentarena.core.text import Choices, Pattern, Schema, Unreadable

__all__ = ["Human"]

_HELP = "(type a move; ? for the legal moves, rules for the rules, quit to give up)"
_SHOWN = 80


class Human(Agent):
    """A person at the terminal.

    They are shown the rules once a match, then what is new and what is seen, and asked until a legal move is typed.

    `?` lists the legal moves, `rules` repeats the rules, `quit` (or the end of the input) gives the match up.

    Args:
        source: Where lines are read from; the terminal by default.
        sink: Where text is written to; the terminal by default.
    """

    def __init__(self, source: TextIO | None = None, sink: TextIO | None = None) -> None:
        self._source, self._sink = source, sink

    def choose(self, view: View) -> Action:
        """The move the person types.

        Raises:
            AgentFault: They gave up.
        """
        if not view.memory.get("rules shown"):
            view.memory["rules shown"] = True
            self._say(view.rules)
        self._say(f"\n{view.text}\n{_HELP}")
        while True:
            line = self._line()
            word = line.lower()
            if word == "quit":
                raise AgentFault(f"seat {view.seat} gave up")
            if word == "?":
                self._say(_legal_moves(view))
            elif word == "rules":
                self._say(view.rules)
            else:
                action = view.read(line)
                problem = action.reason if isinstance(action, Unreadable) else violation(view.legal, action)
                if problem is None:
                    return action
                self._say(f"{problem}\n{_HELP}")

    def _line(self) -> str:
        self._say("> ", end="")
        line = (sys.stdin if self._source is None else self._source).readline()
        if not line:
            raise AgentFault("the input ended, which counts as giving up")
        return line.strip()

    def _say(self, text: str, end: str = "\n") -> None:
        sink = sys.stdout if self._sink is None else self._sink
        sink.write(text + end)
        sink.flush()


def _legal_moves(view: View) -> str:
    options = view.options
    if isinstance(options, Choices):
        replies = options.replies
        more = f", and {len(replies) - _SHOWN} more" if len(replies) > _SHOWN else ""
        return f"Legal: {', '.join(replies[:_SHOWN])}{more}"
    if isinstance(options, Schema):
        return f"A reply is JSON that fits {dict(options.schema)}"
    assert isinstance(options, Pattern)
    return f"A reply matches the regular expression {options.regex}"

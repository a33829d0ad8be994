"""A person at the terminal, who reads the game's text face and types moves.

What is typed is read as any reply is; where that names no move, it is read as people write: `1,1` for `(1,1)`, `QC` for
`discard QC`, `stock` for `take stock`, `3` for `seat 3`, and plain words are spoken where speaking is what is asked. Nothing is
guessed: words that fit two legal moves are asked again.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

import numpy as np

from agentarena.core.actions import Action, violation
from agentarena.core.agent import Agent, View
from agentarena.core.display import printable_lines, wrapped
from agentarena.core.errors import AgentFault
from agentarena.core.limits import REPLY
from agentarena.core.text import Choices, Unreadable

__all__ = ["Human", "listed_moves", "rules_for_people", "typed_action"]

_SHOWN = 80
_WIDEST = 100


class Human(Agent):
    """A person at the terminal.

    They are shown the rules once a match, then what is new and what is seen, and asked until a legal move is typed.

    `help` explains: the rules and legal moves; `rules` and `?` are its parts. `quit`, or the end of the input,
    gives the match up. Where a game has a move of such a name, the move counts.

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
            self._say(rules_for_people(view))
        speaks = _speaks(view)
        hint = f"({'plain words are spoken; ' if speaks else ''}help explains, quit gives up)"
        self._say(f"\n{view.text}\n{hint}")
        while True:
            line = self._line()
            word = line.lower()
            if not line:
                continue
            if word in _COMMANDS and not _is_move(view, line):
                if word == "quit":
                    raise AgentFault(f"seat {view.seat} gave up")
                self._say(_COMMANDS[word](view))
                continue
            action = _understood(view, line, speaks)
            if not isinstance(action, Unreadable):
                return action
            self._say(f"{action.reason}\n{hint}")

    def _line(self) -> str:
        self._say("> ", end="")
        source = sys.stdin if self._source is None else self._source
        raw = getattr(source, "buffer", None)  # a byte that is no UTF-8 becomes a character that no move has
        line = source.readline() if raw is None else raw.readline().decode("utf-8", "replace")
        if not line:
            raise AgentFault("the input ended, which counts as giving up")
        return line.strip()[:REPLY]

    def _say(self, text: str, end: str = "\n") -> None:
        sink = sys.stdout if self._sink is None else self._sink
        encoding = getattr(sink, "encoding", None) or "utf-8"
        text = printable_lines(text).encode(encoding, "replace").decode(encoding)
        sink.write((wrapped(text, min(shutil.get_terminal_size().columns, _WIDEST)) if sink.isatty() else text) + end)
        sink.flush()


# --- how people write moves ---------------------------------------------------------------------------------------------


def _speaks(view: View) -> bool:
    """Whether words alone are an answer to this question."""
    return not isinstance(view.read("<say>hello</say>"), Unreadable)


def _is_move(view: View, line: str) -> bool:
    action = view.read(line)
    return not isinstance(action, Unreadable) and isinstance(view.legal, tuple) and violation(view.legal, action) is None


def typed_action(view: View, line: str) -> Action | Unreadable:
    """The legal move that a line names, as people type moves, or why it names none."""
    return _understood(view, line, _speaks(view))


def _understood(view: View, line: str, speaks: bool) -> Action | Unreadable:
    illegal, unread = "", []
    for reply in _readings(view, line, speaks):
        action = view.read(reply)
        if isinstance(action, Unreadable):
            unread.append(action.reason)
            continue
        reason = violation(view.legal, action)
        if reason is None:
            return action
        illegal = illegal or (f"{view.write(action)} is not legal now. {_legal_moves(view)}" if isinstance(view.legal, tuple) else reason)
    named = _named(line, listed_moves(view) or ())
    if illegal:
        return Unreadable(illegal)
    if len(named) > 1 and not speaks:
        return Unreadable(f"that could be {' or '.join(named[:5])}{' or others' if len(named) > 5 else ''}; type more of it")
    return Unreadable(unread[-1] if speaks else unread[0])


def _readings(view: View, line: str, speaks: bool) -> Iterator[str]:
    """What a typed line may mean, as replies, the likeliest first."""
    yield line
    if "<" in line:
        return
    yield f"<answer>{line}</answer>"
    yield f"({line})"
    number = _SHORT_NUMBER.fullmatch(line)
    if number:
        yield f"{number[1] or 0}.{number[2]}"
    if speaks:
        yield f"<say>{line}</say>"
        return
    named = _named(line, listed_moves(view) or ())
    if len(named) == 1:
        yield named[0]
    if _SEAT.fullmatch(line):
        yield f"<answer>seat {line}</answer>"
        yield f"<answer>player {line}</answer>"


_SEAT = re.compile(r"\d{1,3}", re.ASCII)
"""A player as people name one where only players can be meant: `3` for `seat 3` or `player 3`."""
_SHORT_NUMBER = re.compile(r"(\d*)[.,](\d+)")
"""A number as people write it: `.5`, `0,5`."""


def listed_moves(view: View) -> Sequence[str] | None:
    """The legal moves as they are written; `None` where they are not listed."""
    options = view.options
    if isinstance(options, Choices):
        return options.replies
    return [view.write(action) for action in view.legal] if isinstance(view.legal, tuple) else None


def _named(line: str, moves: Sequence[str]) -> list[str]:
    """The moves whose words include the typed ones, in their order or else in any, with the fewest words beside them."""
    typed = _words(line)
    if not typed:
        return []
    split = {move: _words(move) for move in moves}
    named = [move for move, words in split.items() if _in_order(typed, words)]
    named = named or [move for move, words in split.items() if all(words.count(word) >= typed.count(word) for word in typed)]
    fewest = min((len(split[move]) for move in named), default=0)
    return [move for move in named if len(split[move]) == fewest]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _in_order(typed: Sequence[str], words: Sequence[str]) -> bool:
    rest = iter(words)
    return all(word in rest for word in typed)


# --- help ---------------------------------------------------------------------------------------------------------------


def rules_for_people(view: View) -> str:
    """The rules, with what they say of replies in the words of someone who types."""
    return _ANSWER_TAG.sub("", _REPLY_FORM.sub("Type one move and press Enter.", view.rules))


_REPLY_FORM = re.compile(r"Reply with exactly one (?:move|command)[^.]*\.")
_ANSWER_TAG = re.compile(r"</?answer>")


def _legal_moves(view: View) -> str:
    moves = listed_moves(view)
    if moves is None:
        return "For example: " + "; or: ".join(dict.fromkeys(_example(view, seed) for seed in range(3)))
    more = f", and {len(moves) - _SHOWN} more" if len(moves) > _SHOWN else ""
    return f"Legal: {', '.join(moves[:_SHOWN])}{more}"


_LONG_NUMBER = re.compile(r"\d+\.\d{3,}(?:e-?\d+)?")


def _example(view: View, seed: int) -> str:
    """A random legal move as a person would type it, its numbers short where they may be."""
    legal: Any = view.legal
    exact = view.write(legal.sample(np.random.default_rng(seed)))
    short = _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}", exact)
    action = view.read(short)
    return exact if isinstance(action, Unreadable) or violation(legal, action) else short


_COMMANDS: dict[str, Callable[[View], str]] = {
    "help": lambda view: f"{rules_for_people(view)}\n\n{_legal_moves(view)}",
    "rules": rules_for_people,
    "?": _legal_moves,
    "quit": lambda view: "",
}
"""What can be typed beside moves, and what it shows."""

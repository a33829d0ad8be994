"""Moves in words: how an action is written, how a reply is read, and the pattern of all replies that can be read.

Hours and rates are numbers, changes are written like `+10, 0, -20`. An action with parts is written like `work 37.5; satisfied yes`; parts at their
default value are left out, and an action with nothing else is `nothing`.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from agentarena.core.actions import Action, Box, Product
from agentarena.core.text import Options, Pattern, Unreadable, answer_in, quote
from agentarena.envs.economist.actions import DELTAS, NO_CHANGE, default_part, has_parts, legal, used_parts
from agentarena.envs.economist.options import EconomistOptions
from agentarena.envs.economist.state import DECREE, VOTE, WORK, State

__all__ = ["read", "reply_options", "write"]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_LONGEST = 40
"""Longest number that is read, in characters."""
_DIGITS = r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,20})?(?:e[+-]?[0-9]{1,2})?"
_WORDS = {"hours": "work", "ballot": "vote", "stand": "stand", "satisfied": "satisfied", "rates": "rates", "changes": "changes"}
_NAMES = {word: name for name, word in _WORDS.items()}

# --- writing ----------------------------------------------------------------------------------------------------


def write(options: EconomistOptions, state: State, seat: int, action: Action) -> str:
    """The reply that `read` reads as an action that is legal at a state."""
    if seat and has_parts(options):
        return _write_parts(options, state, action)
    if seat == 0 and options.deltas:
        return _write_changes(options, action)
    return ", ".join(repr(float(x)) for x in np.atleast_1d(np.asarray(action, np.float64)))


def _write_parts(options: EconomistOptions, state: State, action: dict[str, Any]) -> str:
    """The parts that count now and differ from their default."""
    used = used_parts(state.phase, options.bounded, action)
    items = []
    if "hours" in used and float(action["hours"]) != 0.0:
        items.append(f"work {float(action['hours'])!r}")
    if "satisfied" in used and action["satisfied"]:
        items.append("satisfied yes")
    if "ballot" in used and action["ballot"]:
        items.append(f"vote {int(action['ballot'])}")
    if "rates" in used and np.any(action["rates"]):
        items.append("rates " + ", ".join(repr(float(x)) for x in action["rates"]))
    if any(name.startswith("bracket_") and int(action[name]) != NO_CHANGE for name in used):
        items.append(f"changes {_write_changes(options, action)}")
    if "stand" in used and action["stand"]:
        items.append("stand yes")
    return "; ".join(items) or "nothing"


def _write_changes(options: EconomistOptions, action: dict[str, Any]) -> str:
    return ", ".join(f"{DELTAS[int(action[f'bracket_{j + 1}'])]:+d}".replace("+0", "0") for j in range(len(options.edges)))


# --- what can be replied ----------------------------------------------------------------------------------------


def reply_options(options: EconomistOptions, state: State, seat: int) -> Options:
    """Replies of a seat that is to move, for guided decoding."""
    allowed = legal(options, state, seat)
    count = len(options.edges)
    if isinstance(allowed, Box):
        return Pattern(_DIGITS if allowed.shape == () else rf"{_DIGITS}(?:, {_DIGITS}){{{count - 1}}}")
    if seat == 0:
        change = r"(?:-20|-10|0|\+10|\+20)"
        return Pattern(rf"{change}(?:, {change}){{{count - 1}}}")
    numbers = rf"(?:rates|changes) {_DIGITS}(?:, {_DIGITS}){{{count - 1}}}"
    moves = {
        WORK: rf"work {_DIGITS}(?:; satisfied (?:yes|no))?|satisfied (?:yes|no)" if options.bounded else rf"work {_DIGITS}",
        VOTE: r"vote [0-9]{1,5}",
        DECREE: numbers,
    }
    standing = rf"{numbers}(?:; stand (?:yes|no))?|stand (?:yes|no)(?:; {numbers})?"
    return Pattern(f"{moves.get(state.phase, standing)}|nothing")


# --- reading ----------------------------------------------------------------------------------------------------


def read(options: EconomistOptions, state: State, seat: int, reply: str) -> Action | Unreadable:
    """The action that a reply names, legal now or not, or why it names none."""
    answer = answer_in(reply)
    if isinstance(answer, Unreadable):
        return answer
    if seat == 0:
        return _read_changes(options, answer) if options.deltas else _read_numbers(answer, len(options.edges))
    return _read_parts(options, state, seat, answer) if has_parts(options) else _read_number(answer)


def _read_changes(options: EconomistOptions, words: str) -> dict[str, int] | Unreadable:
    values = _read_numbers(words, len(options.edges))
    if isinstance(values, Unreadable):
        return values
    if any(value not in DELTAS for value in values.tolist()):
        return Unreadable(f"{quote(words, 60)} holds a change other than -20, -10, 0, +10 and +20")
    return {f"bracket_{j + 1}": DELTAS.index(int(value)) for j, value in enumerate(values.tolist())}


def _read_parts(options: EconomistOptions, state: State, seat: int, answer: str) -> Action | Unreadable:
    """A move of several parts, "work 40; satisfied yes"; the first part that counts now may come without its word."""
    allowed = legal(options, state, seat)
    assert isinstance(allowed, Product)
    count = len(options.edges)
    action = {name: default_part(name, count) for name in allowed.parts}
    used = used_parts(state.phase, options.bounded, allowed.parts)
    if answer.strip().lower() == "nothing":
        return action
    names = set()
    for index, item in enumerate(answer.split(";")):
        word, _, rest = item.strip().partition(" ")
        name = _NAMES.get(word.lower())
        if name is None and index == 0 and state.phase in (WORK, VOTE, DECREE):
            first = {WORK: "hours", VOTE: "ballot"}.get(state.phase, "rates" if "rates" in allowed.parts else "changes")
            name, rest = first, item
        if name is None or name in names:
            return Unreadable(f"{quote(item, 60)} is no part of a move, or comes twice; parts: {', '.join(_part_words(used))}")
        names.add(name)
        part = _read_part(options, name, rest.strip(), used)
        if isinstance(part, Unreadable):
            return part
        action.update(part)
    return action


def _read_part(options: EconomistOptions, name: str, words: str, used: tuple[str, ...]) -> dict[str, Any] | Unreadable:
    if _WORDS[name] not in _part_words(used):
        return Unreadable(f"{_WORDS[name]!r} does not count now; parts: {', '.join(_part_words(used))}")
    if name == "changes":
        return _read_changes(options, words)
    if name in ("satisfied", "stand"):
        if words.lower() not in ("yes", "no"):
            return Unreadable(f"{quote(words, 60)} is neither yes nor no")
        return {name: int(words.lower() == "yes")}
    if name == "ballot":
        if not re.fullmatch(r"[0-9]{1,5}", words):
            return Unreadable(f"{quote(words, 60)} is no worker's number; 0 is for nobody")
        return {name: int(words)}
    value = _read_number(words) if name == "hours" else _read_numbers(words, len(options.edges))
    return value if isinstance(value, Unreadable) else {name: value}


def _part_words(used: tuple[str, ...]) -> list[str]:
    """The words that begin the parts in use."""
    words = [_WORDS.get(name, "changes") for name in used]
    return list(dict.fromkeys(words))


def _read_numbers(words: str, count: int) -> np.ndarray | Unreadable:
    """Numbers between commas or white space: exactly `count`, and nothing else. Shape (count,)."""
    short = words if len(words) <= 2 * count * _LONGEST else ""
    pieces = [piece.removesuffix("%") for piece in re.split(r"[,\s]+", short) if piece]
    if len(pieces) != count or not all(len(piece) <= _LONGEST and _NUMBER.fullmatch(piece) for piece in pieces):
        return Unreadable(f"{quote(words, 60)} is not {'one number' if count == 1 else f'{count} numbers'}")
    values = np.array([float(piece) for piece in pieces])
    if not np.isfinite(values).all():
        return Unreadable(f"{quote(words, 60)} holds a number without end")
    return values


def _read_number(words: str) -> np.ndarray | Unreadable:
    """One number, an array of no dimensions."""
    values = _read_numbers(words, 1)
    return values if isinstance(values, Unreadable) else np.asarray(values[0])

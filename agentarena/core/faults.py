"""Faults of agents: their kinds in records, their reasons in words, and the check of what an agent handed over as an action.

Nothing an agent hands over is trusted to behave: whatever goes wrong while it is looked at is that agent's fault, and is logged
once with its traceback, since it may be a bug of the game.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from . import limits
from .actions import MOST_JOINT, Action, Legal, Spoken, canonical, violation
from .display import class_name, is_a, is_interrupt, printable, shown
from .errors import AgentDied, AgentFault, AgentNonsense, AgentRaised, AgentTimeout, IllegalAction
from .json_copy import json_copy

__all__ = ["FAULTS", "checked_action", "error_message", "kind_of", "log_failure", "log_once"]

_KINDS: dict[type[AgentFault], str] = {
    AgentRaised: "raised",
    AgentTimeout: "timeout",
    AgentDied: "died",
    AgentNonsense: "nonsense",
    AgentFault: "resigned",
}
FAULTS = {kind: error for error, kind in _KINDS.items()}
"""Kind of a fault in a record -> the error it stands for."""


def kind_of(fault: AgentFault) -> str:
    """The kind of a fault, as records have it."""
    return next(kind for cls, kind in _KINDS.items() if is_a(fault, cls))


# --- in words ---------------------------------------------------------------------------------------------------------


def error_message(error: BaseException, limit: int = limits.REASON) -> str:
    """An exception on one line of bounded length, whatever its own methods do.

    >>> error_message(ZeroDivisionError("divided by nothing"))
    'ZeroDivisionError: divided by nothing'
    """
    try:
        message = str.__str__(str(error))
    except BaseException as second:
        if is_interrupt(second):
            raise
        message = "it has no message that can be shown"
    return printable(message if is_a(error, AgentFault) else f"{class_name(type(error))}: {message[: limit + 1]}", limit)


_MOST_LOGGED = 1000
_FRAMES = 20
_logged: set[Hashable] = set()


def log_once(log: logging.Logger, kind: Hashable, message: str, error: BaseException) -> None:
    """Log the first error of a kind with its traceback: records keep its message alone."""
    if kind in _logged or len(_logged) >= _MOST_LOGGED:
        return
    _logged.add(kind)
    try:
        trace = "".join(traceback.format_tb(error.__traceback__, limit=-_FRAMES))
    except BaseException as second:
        if is_interrupt(second):
            raise
        trace = ""
    lines = [printable(line, 300) for line in trace.splitlines()]
    log.warning("%s", "\n".join([f"{message} (logged once)", "Traceback (most recent call last):", *lines, error_message(error)]))


_log = logging.getLogger(__name__)


def log_failure(where: str, error: BaseException) -> str:
    """Log that something failed on what a seat handed over; returns the reason that the seat is given.

    Args:
        where: What failed, e.g. "the rules of KuhnPoker".
        error: How.
    """
    log_once(
        _log,
        (where, class_name(type(error))),
        f"{where} failed on what an agent handed over; it forfeits, but this may be a bug of the game",
        error,
    )
    return f"{where} cannot take it ({class_name(type(error))})"


# --- actions ----------------------------------------------------------------------------------------------------------

_PLAIN = frozenset({int, str, float, np.float64, np.float32, np.int64, np.int32, np.ndarray, Spoken})
"""Types whose values do not change while they are looked at."""
_DEEPEST = 8


def checked_action(legal: Legal, action: Action) -> tuple[Action, Any]:
    """An agent's action in its canonical form, and its JSON.

    Raises:
        IllegalAction: It is not legal, or is no value that can be looked at.
    """
    try:
        action = _exact(action)
        reason = violation(legal, action)
        if reason is None:
            taken, data = canonical(legal, action)
            if _is_plain(action) or violation(legal, taken) is None:
                return taken, data
            reason = f"{shown(action)} is another action each time it is looked at"
    except IllegalAction:
        raise
    except BaseException as error:
        if is_interrupt(error):
            raise
        reason = log_failure("the check of actions", error)
    raise IllegalAction(printable(reason, limits.REASON))


def _exact(action: Action) -> Action:
    """Subclasses of numbers and strings as what they are made of; words on an action within bounds.

    Raises:
        IllegalAction: It holds something that says it has a length and is no text, array, list, tuple or dict, such as a `range` of
            a billion numbers, of which numpy would make an array.
    """
    kind = type(action)
    if kind is not Spoken and (kind is bool or kind in _PLAIN):
        return action
    if isinstance(action, list | tuple | Mapping):
        _check_length(action, 0)
        return action
    if hasattr(action, "__len__") and not isinstance(action, str) and not hasattr(action, "__array__"):
        raise IllegalAction(f"{shown(action)} is no action")
    if isinstance(action, Spoken):
        return _spoken(action)
    if isinstance(action, int):
        return int.__pos__(action)
    return str.__str__(action) if isinstance(action, str) else action


def _check_length(values: Any, depth: int) -> None:
    if depth > _DEEPEST or len(values) > MOST_JOINT:
        raise IllegalAction(f"{shown(values)} is no action: it holds too much")
    for value in values.values() if isinstance(values, Mapping) else values:
        if isinstance(value, list | tuple | Mapping):
            _check_length(value, depth + 1)
        elif type(value) not in _PLAIN:
            _exact(value)


def _spoken(action: Spoken) -> Spoken:
    words, notes = action.words, action.notes
    if not isinstance(words, str):
        raise IllegalAction(f"its words are {shown(words)}, expected a string")
    if len(words) > limits.REPLY:
        raise IllegalAction(f"its words are {len(words)} characters long, at most {limits.REPLY} allowed")
    try:
        return Spoken(int.__pos__(action), str.__str__(words), json_copy(notes, limits.EXTRA) if notes else {})
    except ValueError as error:
        raise IllegalAction(f"its notes must be JSON-ready: {error}") from None


def _is_plain(action: Action) -> bool:
    if type(action) in _PLAIN:
        return True
    values = action.values() if type(action) is dict else action if type(action) is tuple else None
    return values is not None and all(type(value) in _PLAIN for value in values)

"""What parsed JSON must look like to be a record, a ledger entry or a tournament: damage is named instead of failing somewhere later.

A check takes a value and returns what is wrong with it, `None` when nothing is. A problem reads on from the name of the
value: " is 3, expected text", or ".agent is 3, expected text" for a part of it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import limits
from .display import shown
from .errors import suggest

__all__ = [
    "COST",
    "KINDS",
    "OUTCOMES",
    "Check",
    "either",
    "entries",
    "flag",
    "json_value",
    "mapping",
    "natural",
    "number",
    "one_of",
    "problem_of",
    "schema_errors",
    "structure",
    "text",
    "token_errors",
]

Check = Callable[[Any], str | None]

MOST = 2**63 - 1
"""Greatest whole number that counts or names something."""
MOST_TOKENS = 2**26
"""Most tokens that the prompts of a record may have together."""
DEPTH = 32
"""How deep JSON of any shape may be nested: options, actions, `extra`."""
OUTCOMES = ("read", "unreadable", "empty", "truncated", "illegal", "refused")
"""What may become of a reply."""
KINDS = ("raised", "timeout", "died", "nonsense", "resigned", *OUTCOMES[1:])
"""Kinds of faults."""


def problem_of(value: Any, check: Check) -> str | None:
    """What a check finds wrong with a whole, in words; `None` when nothing.

    >>> problem_of({"match": "x"}, structure({"match": natural}))
    "match is 'x', expected a whole number from 0 on"
    """
    problem = check(value)
    if problem is None:
        return None
    return f"it{problem}" if problem.startswith(" ") else problem.removeprefix(".")


def _expected(value: Any, what: str) -> str:
    return f" is {shown(value, 60)}, expected {what}"


def natural(value: Any) -> str | None:
    """A whole number that is not negative; no truth value."""
    if value.__class__ is int and 0 <= value <= MOST:
        return None
    return _expected(value, "a whole number from 0 on" if value.__class__ is not int or value < 0 else f"at most {MOST}")


def seed(value: Any) -> str | None:
    """A whole number of any size that is not negative."""
    return None if value.__class__ is int and value >= 0 else _expected(value, "a whole number from 0 on")


def flag(value: Any) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else _expected(value, "true or false")


def number(low: float = -math.inf, high: float = math.inf, *, above: bool = False) -> Check:
    """A finite number within bounds; without the lower bound itself where `above`."""

    def check(value: Any) -> str | None:
        if value.__class__ not in (int, float) or not abs(value) <= sys.float_info.max:
            return _expected(value, "a finite number")
        if low <= value <= high and not (above and value == low):
            return None
        return _expected(value, f"a number {'above' if above else 'from'} {low:g}{f' to {high:g}' if high < math.inf else ''}")

    return check


def text(limit: int | None = None) -> Check:
    """A string of at most so many characters."""

    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return _expected(value, "text")
        return None if limit is None or len(value) <= limit else f" is {len(value)} characters long, at most {limit} are allowed"

    return check


def one_of(*allowed: Any) -> Check:
    """One of a few values."""
    listed = ", ".join(map(repr, allowed))
    return lambda value: (
        None if any(value == one and value.__class__ is one.__class__ for one in allowed) else _expected(value, f"one of {listed}")
    )


def either(*checks: Check) -> Check:
    """What one of the checks accepts; the problem is the last one's."""

    def check(value: Any) -> str | None:
        problem = None
        for one in checks:
            problem = one(value)
            if problem is None:
                return None
        return problem

    return check


def entries(check: Check, least: int = 0) -> Check:
    """A list whose entries a check accepts."""

    def check_all(value: Any) -> str | None:
        if not isinstance(value, list):
            return _expected(value, "a list")
        if len(value) < least:
            return f" has {len(value)} entries, expected at least {least}"
        for index, entry in enumerate(value):
            problem = check(entry)
            if problem is not None:
                return f"[{index}]{problem}"
        return None

    return check_all


def structure(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these keys and no others."""
    known = {**required, **(optional or {})}

    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return _expected(value, "an object")
        missing = [key for key in required if key not in value]
        for key in value:
            if key not in known:
                return f" has the unknown key {shown(key)}.{suggest(key[: limits.NAME], missing or known)}".removesuffix(".")
        if missing:
            return f" lacks {missing[0]!r}"
        for key, item in value.items():
            problem = known[key](item)
            if problem is not None:
                return f".{key}{problem}"
        return None

    return check


def mapping(check: Check) -> Check:
    """An object with any keys, each of bounded length, whose values a check accepts."""

    def check_all(value: Any) -> str | None:
        if not isinstance(value, dict):
            return _expected(value, "an object")
        for key, item in value.items():
            problem = f" is longer than {limits.NAME} characters" if len(key) > limits.NAME else check(item)
            if problem is not None:
                return f"[{shown(key)}]{problem}"
        return None

    return check_all


def json_value(value: Any, depth: int = DEPTH) -> str | None:
    """JSON of any shape that is not nested too deeply, whose numbers are finite."""
    if value.__class__ is float:
        return None if math.isfinite(value) else " has a number that is too large"
    if not isinstance(value, dict | list):
        return None
    if depth == 0:
        return f" is nested more than {DEPTH} deep"
    for item in value.values() if isinstance(value, dict) else value:
        if item.__class__ not in _LEAVES:
            problem = json_value(item, depth - 1)
            if problem is not None:
                return problem
    return None


_LEAVES = frozenset({int, str, bool, type(None)})


# --- records ------------------------------------------------------------------------------------------------------------


def schema_errors(data: Mapping[str, Any]) -> str | None:
    """What is wrong with a record's data, in words; `None` when it has the right shape.

    Whether the moves are legal and the result follows from them is the business of `verify`.

    >>> schema_errors({"env": 3})
    "it lacks 'format'"
    """
    return problem_of(data, _RECORD) or _relations(data)


def _moves(value: Any) -> str | None:
    """The moves of a step: pairs of a seat and an action, in the order of the seats."""
    if not isinstance(value, list):
        return _expected(value, "a list")
    before = -1
    for index, move in enumerate(value):
        if not isinstance(move, list) or len(move) != 2 or move[0].__class__ is not int:
            return f"[{index}]{_expected(move, 'a seat and its action')}"
        seat, action = move
        if not before < seat <= MOST:
            return f"[{index}]{_expected(move, 'seats in increasing order')}"
        if action.__class__ is not int:
            problem = json_value(action)
            if problem is not None:
                return f"[{index}][1]{problem}"
        before = seat
    return None


def _relations(data: Mapping[str, Any]) -> str | None:
    """What of a record does not fit together: seats and steps that there are not."""
    seats, steps = len(data["seats"]), len(data["actions"])
    if isinstance(data["winner"], int) and data["winner"] >= seats:
        return f"winner is {data['winner']!r}, and there are {seats} seats"
    if data["steps"] != steps:
        return f"steps is {data['steps']}, and there are actions of {steps} steps"
    for step, moves in enumerate((*data["actions"], data["aborted"])):
        if moves and moves[-1][0] >= seats:
            return f"{f'actions[{step}]' if step < steps else 'aborted'} has a move of seat {moves[-1][0]}, and there are {seats} seats"
    for name in ("replies", "faults", "samples"):
        for index, entry in enumerate(data.get(name, ())):
            if entry["seat"] >= seats or entry["step"] > steps:
                return f"{name}[{index}] is about seat {entry['seat']} in step {entry['step']}; there are {seats} seats and {steps} steps"
    places = [(entry["step"], entry["seat"]) for entry in data["replies"]]
    if len(set(places)) < len(places):
        return "replies has two entries for one decision"
    return None


def token_errors(entries: Iterable[Mapping[str, Any]]) -> str | None:
    """Whether token samples without `sample_errors` stand for more tokens than are read: a prompt may repeat millions in a few bytes."""
    total, before = 0, dict[int, int]()
    for index, entry in enumerate(entries):
        for sample in entry["samples"]:
            if sample["shared"] > before.get(entry["seat"], 0):
                return f"samples[{index}] shares more tokens with the seat's sample before than that has"
            size = sample["shared"] + len(sample["prompt_ids"])
            before[entry["seat"]] = size + len(sample["token_ids"])
            total += size
    return None if total <= MOST_TOKENS else f"samples has prompts of {total} tokens together, at most {MOST_TOKENS} are read"


_PLACE: dict[str, Check] = {"step": natural, "seat": natural}
_SEAT: dict[str, Check] = {
    "agent": text(limits.NAME),
    "index": natural,
    "version": text(limits.NAME),
    "role": either(one_of(None), text(limits.NAME)),
    "team": either(one_of(None), text(limits.NAME)),
    "return": number(),
}
_ATTEMPT: dict[str, Check] = {
    "text": text(),
    "thinking": text(),
    "outcome": one_of(*OUTCOMES),
    "reason": text(),
    "extra": lambda value: json_value(value) if isinstance(value, dict) else _expected(value, "an object"),
}
_SAMPLE = structure(  # what its fields hold is the business of `sample_errors`
    dict.fromkeys(
        ("shared", "prompt_ids", "token_ids", "logprobs", "log_normalizers", "policy", "version", "finish", "temperature"),
        lambda value: None,
    ),
    {"allowed_ids": lambda value: None},
)
_FORCED = one_of("forfeit", "random", "pass")
_RECORD = structure(
    {
        "format": natural,
        "env": text(limits.NAME),
        "options": mapping(json_value),
        "package": text(limits.NAME),
        "seed": seed,
        "match": natural,
        "deal": natural,
        "policy": structure({"retries": natural, "then": _FORCED}),
        "seats": entries(structure(_SEAT), least=1),
        "actions": entries(_moves),
        "aborted": _moves,
        "replies": entries(
            structure({**_PLACE, "attempts": entries(structure(_ATTEMPT, {"finish": one_of("length", "refusal")}), least=1)})
        ),
        "faults": entries(structure({**_PLACE, "kind": one_of(*KINDS), "reason": text(limits.REASON), "then": _FORCED})),
        "winner": either(one_of(None), text(limits.NAME), natural),
        "outcome": one_of("won", "drawn", "ended", "truncated", "forfeited"),
        "turns": natural,
        "steps": natural,
    },
    {"samples": entries(structure({**_PLACE, "attempt": natural, "samples": entries(_SAMPLE)}))},
)

COST = structure(
    {
        "match": natural,
        "seat": natural,
        "agent": natural,
        "decisions": natural,
        "seconds": number(low=0.0),
        "usage": mapping(number()),
    }
)
"""An entry of a ledger."""

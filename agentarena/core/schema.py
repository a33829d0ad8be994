"""Whether parsed JSON has the shape of a record, so that a damaged line is named instead of failing somewhere later."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["schema_errors"]


def schema_errors(data: Mapping[str, Any]) -> str | None:
    """What is wrong with a record's data, in words; `None` when it has the right shape.

    Whether the moves are legal and the result follows from them is the business of `verify`.

    >>> schema_errors({"env": 3})
    "'env' is 3"
    """
    for name, fits in _FIELDS.items():
        if name not in data:
            return f"it lacks {name!r}"
        if not fits(data[name]):
            return f"{name!r} is {data[name]!r:.80}"
    if not _natural(data.get("openings", 0)):
        return f"'openings' is {data['openings']!r:.80}"
    seats = len(data["seats"])
    if isinstance(data["winner"], int) and not 0 <= data["winner"] < seats:
        return f"'winner' is {data['winner']!r}, and there are {seats} seats"
    return None


def _natural(value: Any) -> bool:
    return value.__class__ is int and value >= 0


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _name(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _number(value: Any) -> bool:
    return value.__class__ in (int, float) and math.isfinite(value)


def _object(**fields: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(key in value and fits(value[key]) for key, fits in fields.items())


def _all(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _move(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _natural(value[0])


_ATTEMPT = _object(text=_text, thinking=_text, outcome=_text, reason=_text, extra=_object())
_FIELDS: dict[str, Callable[[Any], bool]] = {
    "env": _text,
    "options": _object(),
    "package": _text,
    "seed": _natural,
    "match": _natural,
    "deal": _natural,
    "policy": _object(retries=_natural, then=lambda value: value in ("forfeit", "random", "pass")),
    "seats": _all(_object(agent=_text, index=_natural, version=_text, role=_name, team=_name, **{"return": _number})),
    "actions": _all(_all(_move)),
    "aborted": _all(_move),
    "replies": _all(_object(step=_natural, seat=_natural, attempts=_all(_ATTEMPT))),
    "faults": _all(
        _object(step=_natural, seat=_natural, kind=_text, reason=_text, then=lambda value: value in ("forfeit", "random", "pass"))
    ),
    "winner": lambda value: _name(value) or _natural(value),
    "outcome": lambda value: value in ("won", "drawn", "ended", "truncated", "forfeited"),
    "turns": _natural,
    "steps": _natural,
}

"""What an agent hands over as JSON: taken as a copy in plain types, bounded in size and depth, that comes back from a file as it is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

from .display import shown

__all__ = ["json_copy"]

_DEEPEST = 20
_MOST_BITS = 256
"""Integers beyond are no counts or ids, and Python refuses to write very long ones."""


def json_copy(value: Any, limit: int) -> Any:
    """A copy of `value` as JSON gives it back: dicts with keys that are strings, lists, strings, finite numbers, booleans and `None`.

    Tuples become lists, integers as keys strings.

    Args:
        value: Anything.
        limit: Greatest length as JSON, in characters.

    Raises:
        ValueError: It is no JSON, nested deeper than twenty levels, or longer.

    >>> json_copy({"moves": (1, 2), 3: None}, 100)
    {'moves': [1, 2], '3': None}
    """
    copier = _Copier(limit)
    copy = copier.copy(value, 0)
    if copier.room < limit and len(json.dumps(copy)) > limit:
        raise ValueError(f"longer than {limit} characters")
    return copy


class _Copier:
    """Copies values while there is room.

    Attributes:
        room: Characters left, at the least.
    """

    def __init__(self, limit: int) -> None:
        self._limit = self.room = limit

    def copy(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError(f"nested deeper than {_DEEPEST} levels")
        if value is None or value is True or value is False:
            self._take(4)
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int):
            self._take(1)
            if int.bit_length(value) > _MOST_BITS:
                raise ValueError(f"{shown(value)}, at most {_MOST_BITS} allowed")
            return int.__pos__(value)  # of a subclass the plain number, whatever its methods say
        if isinstance(value, float):
            self._take(1)
            if not math.isfinite(value):
                raise ValueError("a number is not finite")
            return float.__pos__(value)
        if isinstance(value, list | tuple):
            self._take(2 + len(value))
            return [self.copy(item, depth + 1) for item in islice(value, self._limit)]
        if isinstance(value, Mapping):
            self._take(2)
            return {self._key(key): self.copy(item, depth + 1) for key, item in islice(value.items(), self._limit)}
        raise ValueError(f"it holds {shown(value)}")

    def _key(self, key: Any) -> str:
        if isinstance(key, int) and not isinstance(key, bool):
            return str(self.copy(key, 0))
        if not isinstance(key, str):
            raise ValueError(f"a key is {shown(key)}, expected a string")
        return self._text(key)

    def _text(self, text: str) -> str:
        plain = str.__str__(text)
        self._take(len(plain) + 2)
        return plain

    def _take(self, count: int) -> None:
        self.room -= count
        if self.room < 0:
            raise ValueError(f"longer than {self._limit} characters")

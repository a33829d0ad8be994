"""JSON files too large to be read at once: the members of one array or object, one at a time, each with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from agentarena.core.errors import CorruptRecord

__all__ = ["MOST_RECORD", "records"]

MOST_RECORD = 4_000_000
"""Longest member that is read, in characters."""
_CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def records(path: Path) -> Iterator[tuple[int, str | None, Any]]:
    """Each member of the array or object that a file holds: the line on which it begins, its key in an object, its value.

    Raises:
        CorruptRecord: The file cannot be read, or is no JSON array or object; with the line and the character.
    """
    try:
        with path.open(encoding="utf-8", errors="strict") as file:
            yield from _Reader(path, file).members()
    except (OSError, UnicodeDecodeError) as error:
        raise CorruptRecord(f"{path} cannot be read: {error}") from error


class _Reader:
    """A window onto the file that moves on."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path, self._file = path, file
        self._text, self._at, self._line, self._passed, self._ended = "", 0, 1, 0, False

    def members(self) -> Iterator[tuple[int, str | None, Any]]:
        opening = self._next()
        if opening not in ("[", "{"):
            raise self._corrupt(f"expected an array or an object, got {opening!r}")
        self._at += 1
        closing = "]" if opening == "[" else "}"
        if self._next() == closing:
            return
        while True:
            self._next()
            line, key = self._line, None
            if opening == "{":
                key = self._value()
                if not isinstance(key, str) or self._next() != ":":
                    raise self._corrupt("expected a string and a colon")
                self._at += 1
                self._next()
            yield line, key, self._value()
            mark = self._next()
            self._at += 1
            if mark == closing:
                return
            if mark != ",":
                raise self._corrupt(f"expected ',' or '{closing}', got {mark!r}")

    def _next(self) -> str:
        """The next character that is no white space, without taking it; `""` at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._move(space.end() if space else self._at)
            if self._at < len(self._text) or not self._fill():
                return self._text[self._at : self._at + 1]

    def _value(self) -> Any:
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
                if end < len(self._text) or self._ended:  # a number at the end of the window may go on
                    self._move(end)
                    return value
            except (json.JSONDecodeError, RecursionError) as error:
                if self._ended or isinstance(error, RecursionError):
                    raise self._corrupt(f"no JSON: {str(error)[:100]}") from error
            if len(self._text) - self._at > MOST_RECORD:
                raise self._corrupt(f"no JSON value ends within {MOST_RECORD:,} characters")
            self._fill()

    def _fill(self) -> bool:
        """Read on; what is behind is let go of."""
        more = self._file.read(max(_CHUNK, len(self._text) - self._at))
        self._passed += self._at
        self._text, self._at = self._text[self._at :] + more, 0
        self._ended = not more
        return bool(more)

    def _move(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _corrupt(self, reason: str) -> CorruptRecord:
        return CorruptRecord(f"{self._path}, line {self._line}, character {self._passed + self._at + 1}: {reason}")

"""Values of agents, files and users in messages: bounded in length and time, one line, no control characters, never an exception."""

from __future__ import annotations

import reprlib
import textwrap
import threading
from typing import Any, TypeGuard, TypeVar

import numpy as np

__all__ = ["class_name", "is_a", "is_interrupt", "printable", "printable_lines", "shown", "wrapped"]

T = TypeVar("T")

_TYPE_NAME = type.__dict__["__name__"].__get__

_DIGITS_SHOWN = 256
"""Integers of more bits are described, not written out: writing out takes time that grows with the square of their length."""


def is_interrupt(error: BaseException) -> bool:
    """Whether it is Ctrl-C, which reaches the main thread alone, and nothing that foreign code raised."""
    return type(error) is KeyboardInterrupt and threading.current_thread() is threading.main_thread()


def is_a(value: Any, cls: type[T]) -> TypeGuard[T]:
    """`isinstance` by what an object was made as, whatever it says its class is."""
    return issubclass(type(value), cls)


def class_name(cls: type) -> str:
    """The name that a class was given, whatever its metaclass says."""
    return str(_TYPE_NAME(cls))


def shown(value: Any, limit: int = 100) -> str:
    """`repr(value)` for a message, cut at `limit` characters.

    An object whose `repr` is its own code is shown by its type alone, an integer of many digits by its size.

    >>> shown("x" * 500, 12), shown(10**5000), shown({"a": [1.5]})
    ("'xxx...xxxx'", 'an integer of 16610 bits', "{'a': [1.5]}")
    """
    try:
        text = _Bounded(limit).repr(value)
    except BaseException as error:  # a subclass of a built-in type may do anything
        if is_interrupt(error):
            raise
        text = f"a {class_name(type(value))} ({class_name(type(error))} in its repr)"
    return printable(text, limit)


def printable(text: str, limit: int = 1000) -> str:
    """`text` on one line, cut at `limit` characters, with what no terminal should receive written as escapes.

    >>> printable("a\\x1b[31mb\\nc")
    'a\\\\x1b[31mb\\\\nc'
    """
    clean = text[:limit] if text[:limit].isprintable() else "".join(map(_escaped, text[:limit]))
    return clean if len(clean) <= limit and len(text) <= limit else clean[: limit - 3] + "..."


def printable_lines(text: str) -> str:
    """`text` with its lines, and with what no terminal should receive written as escapes.

    >>> printable_lines("a\\tb\\n\\x1b[2Jc")
    'a   b\\n\\\\x1b[2Jc'
    """
    lines = text.replace("\r\n", "\n").expandtabs(4).split("\n")
    return "\n".join(line if line.isprintable() else "".join(map(_escaped, line)) for line in lines)


def wrapped(text: str, width: int, *, hanging: int = 0) -> str:
    """`text` with lines of at most `width` characters, broken between words; a word longer than that stays whole.

    Args:
        text: The text. The indentation of a line is kept in what follows of it.
        width: Of the terminal.
        hanging: Columns at the left that the rest of a broken line leaves free.

    >>> print(wrapped("  a line of words", 9))
      a line
      of
      words
    """
    lines = []
    for line in text.split("\n"):
        if len(line) <= width:
            lines.append(line)
            continue
        own = len(line) - len(line.lstrip(" "))
        indent = " " * min(max(own, hanging), width // 2)
        lines += textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(lines)


def _escaped(char: str) -> str:
    return char if char.isprintable() else repr(char)[1:-1]


class _Bounded(reprlib.Repr):
    """Like `repr`, looking at no more of a value than is shown."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = limit
        self.maxlevel, self.maxlist, self.maxtuple, self.maxdict, self.maxset, self.maxfrozenset = 3, 10, 10, 10, 10, 10

    def repr1(self, x: Any, level: int) -> str:
        name = class_name(type(x))
        method = getattr(self, f"repr_{name}", None) if type(x).__module__ == "builtins" else None
        return self.repr_instance(x, level) if method is None else str(method(x, level))

    def repr_int(self, x: int, level: int) -> str:
        return f"an integer of {x.bit_length()} bits" if x.bit_length() > _DIGITS_SHOWN else repr(x)

    def repr_bytes(self, x: bytes, level: int) -> str:
        return repr(x[: self.maxstring])

    def repr_instance(self, x: Any, level: int) -> str:
        if x is None or x is Ellipsis or isinstance(x, bool | np.bool_ | np.number) or type(x) in (float, complex):
            return repr(x)
        if type(x) is np.ndarray:
            return repr(x.tolist()) if x.size <= self.maxlist and x.dtype.kind in "biuf" else f"an array of shape {x.shape}, {x.dtype}"
        if isinstance(x, type):
            return f"the class {class_name(x)}"
        return f"an object of type {class_name(type(x))}"

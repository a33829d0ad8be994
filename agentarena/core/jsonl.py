"""JSON out of files that anybody may have written: plain files only, a line at a time, strict, bounded in memory.

Strict means that a value can be read in one way alone: UTF-8, no byte order mark, no key twice in an object, no NaN.
"""

from __future__ import annotations

import codecs
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from . import limits
from .display import printable, shown
from .errors import UsageError

__all__ = ["Line", "count_lines", "numbered_lines", "open_plain", "parse"]


class Line(NamedTuple):
    """A line of a file.

    Attributes:
        number: From 1.
        start: Where it begins in the file, in bytes.
        data: Its bytes without the line break; the beginning of them where it is `too_long`.
        whole: Whether a line break ends it. The last line of a run that was killed may lack it.
        too_long: Whether it is longer than any line that is read.
    """

    number: int
    start: int
    data: bytes
    whole: bool
    too_long: bool


def open_plain(path: str | os.PathLike[str]) -> BinaryIO:
    """A file opened for reading; it is never waited for, as a pipe would be.

    Raises:
        FileNotFoundError: There is none.
        UsageError: It is a folder, a pipe or a device.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return open(descriptor, "rb")
        os.close(descriptor)
    except ValueError as error:  # a NUL in the name
        raise UsageError(f"{shown(os.fspath(path))} cannot be the name of a file: {error}") from None
    except OSError as error:
        if Path(path).exists() and not Path(path).is_file():  # a socket, or a folder where those cannot be opened
            raise UsageError(_NOT_PLAIN.format(printable(str(path)))) from None
        raise error
    raise UsageError(_NOT_PLAIN.format(printable(str(path))))


_NOT_PLAIN = "{} is no plain file, so nothing is read from it; give the path of a file, e.g. runs/a.jsonl"


def numbered_lines(path: str | os.PathLike[str]) -> Iterator[Line]:
    """The lines of a file in order, one in memory at a time, and of one that is too long only its beginning."""
    with open_plain(path) as file:
        number = start = 0
        while data := file.readline(limits.LINE + 1):
            number += 1
            whole, size = data.endswith(b"\n"), len(data)
            too_long = not whole and size > limits.LINE
            yield Line(number, start, data[:100] if too_long else data.removesuffix(b"\n"), whole, too_long)
            while too_long and data and not data.endswith(b"\n"):
                data = file.readline(1 << 20)
                size += len(data)
            start += size


def count_lines(path: str | os.PathLike[str]) -> int:
    """How many lines a file has."""
    count, last = 0, b"\n"
    with open_plain(path) as file:
        while data := file.read(1 << 20):
            count, last = count + data.count(b"\n"), data[-1:]
    return count + (last != b"\n")


def parse(data: str | bytes) -> Any:
    """The value of one line of JSON.

    Raises:
        ValueError: It has none, or more than one reading; the message says what is wrong with "it".

    >>> parse('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    ValueError: it has the key 'a' twice in one object
    """
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"it is not UTF-8 (byte {error.start + 1})") from None
    if data.startswith(codecs.BOM_UTF8.decode()):
        raise ValueError("it begins with a byte order mark; save the file as UTF-8 without one")
    if not data.strip():
        raise ValueError("it is empty")
    if "\0" in data:
        raise ValueError("it holds NUL bytes, as a file may after a crash of its disk")
    if data.endswith("\r"):
        raise ValueError("it ends in a carriage return; lines end in a line feed alone (`sed -i 's/\\r$//' FILE` mends it)")
    try:
        return _DECODER.decode(data)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error})") from None
    except _Refused as error:
        raise ValueError(str(error)) from None
    except ValueError:  # Python's limit on the digits of an integer
        raise ValueError("it has an integer of too many digits") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


class _Refused(Exception):
    """A value that JSON can express and no file of ours has."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused(f"it has the key {shown(twice)} twice in one object")
    return data


def _constant(name: str) -> Any:
    raise _Refused(f"it has {name}, which is no number of JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)

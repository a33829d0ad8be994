"""Damage to record files: bytes and JSON values changed, removed, repeated, at random."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np

ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 7, 10**9, 2**63, 10**30, 10**400, 0.5, -0.0, 1e308, 5e-324),
    *("", "x", "\x00", "\ud800", "\x1b[2J", "random", "forfeit", "read", "a:b", "cProfile:run", "<answer>1</answer>", "1" * 500),
    *([], [0], [[]], [[0, 0]], [[0, {}]], [[1, [1]]], [[0, None]], {}, {"a": 1}, {"action": 0}, {"action": 1, "words": "hm"}),
    *({"action": None, "words": 5, "notes": 3}, [[[[[[]]]]]], [1.5, 2.5], [None] * 40),
]
RAW = [
    *(
        b"",
        b"\n",
        b"\r\n",
        b"\xef\xbb\xbf",
        b"\x00",
        b"\xff",
        b"NaN",
        b"Infinity",
        b"1e999",
        b"-",
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
    ),
    *(b"[" * 3000, b"9" * 5000, b'"a":1,', b"true", b"null", b" ", b"\\u", b"\\ud800", b"0"),
]


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """A record file with a few changes."""
    for _ in range(int(rng.integers(1, 4))):
        data = (_values if rng.random() < 0.7 else _lines if rng.random() < 0.3 else _bytes)(data, rng)
    return data


def _bytes(data: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(data) + 1))
    to = at + int(rng.integers(0, 20)) * int(rng.random() < 0.7)
    new = bytes([int(rng.integers(256))]) if rng.random() < 0.4 else RAW[int(rng.integers(len(RAW)))]
    return data[:at] + (data[at:to] * 2 if rng.random() < 0.1 else new) + data[to:]


def _lines(data: bytes, rng: np.random.Generator) -> bytes:
    lines = data.split(b"\n")
    at, to = (int(rng.integers(len(lines))) for _ in range(2))
    kind = int(rng.integers(4))
    if kind == 0:
        lines.insert(to, lines[at])
    elif kind == 1:
        lines.pop(at)
    elif kind == 2:
        lines[at], lines[to] = lines[to], lines[at]
    else:
        lines[at] = lines[at][: int(rng.integers(len(lines[at]) + 1))]
    return b"\n".join(lines)


def _values(data: bytes, rng: np.random.Generator) -> bytes:
    lines = data.split(b"\n")
    at = int(rng.integers(len(lines)))
    try:
        value = json.loads(lines[at])
    except (ValueError, RecursionError):
        return data
    places = list(_places(value))
    if not places:
        return data
    deep = places[int(rng.integers(len(places)))] if rng.random() < 0.6 else min(places, key=lambda place: len(place[1]) + rng.random())
    owner, _, key = deep
    kind = int(rng.integers(6))
    if kind == 0:
        del owner[key]
    elif kind == 1 and isinstance(owner, dict):
        owner[f"{key}{'s' * int(rng.integers(1, 3))}"] = owner.pop(key)
    elif kind == 2 and isinstance(owner, list):
        owner.insert(int(rng.integers(len(owner) + 1)), copy.deepcopy(owner[key]))
    elif kind == 3:
        other, _, there = places[int(rng.integers(len(places)))]
        owner[key], other[there] = copy.deepcopy(other[there]), copy.deepcopy(owner[key])
    elif kind == 4 and owner[key].__class__ in (int, float):
        owner[key] = owner[key] + (1, -1, 0.5, 10**18)[int(rng.integers(4))]
    else:
        owner[key] = ODD[int(rng.integers(len(ODD)))]
    try:
        lines[at] = json.dumps(value, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return data
    return b"\n".join(lines)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    """Owner, path and key of everything inside a JSON value."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, path, key
        yield from _places(value[key], (*path, key))

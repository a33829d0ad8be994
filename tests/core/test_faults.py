"""Nothing that an agent hands over as an action or an error does harm: it is legal, or an IllegalAction in few words."""

from __future__ import annotations

import enum
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from agentarena.core import faults, limits
from agentarena.core.actions import Box, Product, Spoken, Text
from agentarena.core.errors import AgentFault, IllegalAction
from agentarena.core.faults import checked_action, error_message, log_once

LEGALS = [
    (0, 1, 2),
    ("look", "go north"),
    Box(0, 1),
    Box(0, 1, (2,)),
    Text(10),
    Product({"n": Box(0, 1), "m": (0, 1)}),
    Product([(0, 1), (0, 1)], allowed=lambda action: action[0] != action[1]),
]


class EqualToAll(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__

    def __repr__(self) -> str:
        return "x" * 10**7


class SaysInt:
    """Claims to be an int, and is 99 when it is taken for one."""

    __class__ = int  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1

    def __index__(self) -> int:
        return 99

    __int__ = __index__


class Raises:
    def __getattribute__(self, name: str) -> Any:
        raise SystemError("no")


class Changes:
    """An array that is another one the second time."""

    def __init__(self) -> None:
        self.asked = 0

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        self.asked += 1
        return np.array(0.5 if self.asked < 2 else 99.0)


class Shout(str):
    def __str__(self) -> str:
        return "shout"


def endless() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


HOSTILE: list[Callable[[], Any]] = [
    lambda: 10**100_000, lambda: -(10**5000), lambda: EqualToAll(7), SaysInt, Raises, lambda: True, lambda: None, lambda: float("nan"),
    lambda: 1e999, lambda: np.float32("inf"), lambda: range(10**12), lambda: bytes(10), lambda: bytearray(10), lambda: deque([1]),
    lambda: {1}, endless, dict, lambda: {"n": endless(), "m": 0}, lambda: {"n": range(10**12), "m": 1}, lambda: [range(10**12)] * 2,
    Changes, lambda: (x for x in range(3)), object, lambda: np.array([[1], [2]]), lambda: np.array(None), lambda: [10**400, 1],
    lambda: Spoken(1, "x" * (limits.REPLY + 1)), lambda: Spoken(1, 5), lambda: Spoken(1, "a", {"x": 10**5000}),
    lambda: Spoken(1, "a", {"x": endless()}), lambda: np.longdouble("1e4000"), lambda: 1j, lambda: np.array(["a"]), lambda: AgentFault,
]  # fmt: skip


@pytest.mark.parametrize("make", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("legal", LEGALS, ids=lambda legal: type(legal).__name__)
@pytest.mark.filterwarnings("ignore:overflow")
def test_no_action_does_harm(legal: Any, make: Callable[[], Any]) -> None:
    hostile, start = make(), time.process_time()
    refused: IllegalAction | None = None
    try:
        action, data = checked_action(legal, hostile)
    except IllegalAction as error:
        refused = error
    if refused is None:  # numpy makes numbers of some of them: then what is played is legal, whatever it came from
        assert checked_action(legal, action)[1] == data
        assert hostile is not True or not isinstance(legal, tuple)
    else:
        assert len(str(refused)) <= limits.REASON
        assert str(refused).isprintable()
    assert time.process_time() - start < 0.5


def test_what_looks_like_an_int_is_played_as_what_it_is() -> None:
    class E(enum.IntEnum):
        ONE = 1

    for value in (1, np.int64(1), E.ONE, EqualToAll(1)):
        action, data = checked_action((0, 1, 2), value)
        assert (action, type(action), data, type(data)) == (1, int, 1, int)
    action, data = checked_action(("look", "shout"), Shout("look"))
    assert (action, type(action), data) == ("look", str, "look")
    action, data = checked_action(Text(10), Shout("look"))
    assert (action, type(action), data, type(data)) == ("look", str, "look", str)


def test_words_on_an_action_are_kept_as_json_gives_them_back() -> None:
    action, data = checked_action((0, 1), Spoken(1, Shout("hello"), {3: (1, 2)}))  # type: ignore[dict-item]
    assert data == {"action": 1, "words": "hello", "notes": {"3": [1, 2]}}
    assert (action.words, action.notes) == ("hello", {"3": [1, 2]})


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("never")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("x" * 10**7), "ValueError: xxx"),
        (ValueError(10**6000), "it has no message that can be shown"),
        (Mute("a"), "it has no message that can be shown"),
        (ValueError("a\x1b[31mb\nc"), r"ValueError: a\x1b[31mb\nc"),
        (ValueError("\ud800"), r"ValueError: \ud800"),
        (AgentFault("gave up"), "gave up"),
        (type("N" * 10**6, (Exception,), {})("a"), "NNN"),
    ],
    ids=range(7),
)
def test_an_exception_is_told_on_one_short_line(error: Exception, words: str) -> None:
    assert words in error_message(error)
    assert len(error_message(error)) <= limits.REASON
    assert error_message(error).isprintable()


def test_an_error_is_logged_once_with_a_bounded_traceback(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_logged", set())

    def sink(depth: int) -> None:
        if not depth:
            raise ValueError("\x1b[2J" + "x" * 10**6)
        sink(depth - 1)

    for _ in range(3):
        try:
            sink(500)
        except ValueError as error:
            log_once(logging.getLogger("agentarena.test"), "kind", "it failed", error)
    assert len(caplog.records) == 1
    assert "Traceback" in caplog.text
    assert "sink(depth - 1)" in caplog.text
    assert len(caplog.text) < 20_000
    assert "\x1b" not in caplog.text

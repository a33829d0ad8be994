"""What Node says to Python: replies as frozen values, checked before they are used.

A line to Node holds an id and a list of commands (`commands.py`), a line back the same id and as many replies. Whatever
Node says is data: sizes and ranges are checked here, and a reply that does not fit raises `EngineGarbage`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from agentarena.core.display import printable, shown

from .commands import ACTIONS
from .errors import EngineError, EngineGarbage, error_of_kind

__all__ = [
    "KINDS",
    "LONGEST_LINE",
    "PROTOCOL",
    "Hello",
    "Playout",
    "Side",
    "Update",
    "hello_of",
    "playout_of",
    "replies_of",
    "reply_value",
    "strings_of",
    "text_of",
    "update_of",
]

PROTOCOL = 1
KINDS = ("preview", "move", "switch", "wait", "over")
LONGEST_LINE = 256 * 2**20
"""Longest line that is read from Node, in bytes."""
_LONGEST_TEXT = 4 * 2**20
_MOST_LINES = 20_000


@dataclass(frozen=True)
class Side:
    """One side's part of an update.

    Attributes:
        kind: What is asked of it: `preview`, `move`, `switch`, `wait`, or `over`.
        again: Why its last choice was refused; `None` where it was not. What it reveals is in the view.
        slots: Legal actions of the left and the right slot, each by itself; empty where it waits.
        passes: How many slots must pass; `None` where that is free.
        pick: At team preview, how many members are brought; else 0.
        raw: Features, options and ids as they were sent.
        view: What the side knows, as plain data; empty where it is not wanted.
        lines: Lines of the side's own channel since the last update; empty where they are not wanted.
    """

    kind: str
    again: str | None
    slots: tuple[tuple[int, ...], tuple[int, ...]]
    passes: int | None
    pick: int
    raw: tuple[str, str, str] | None = field(repr=False)
    view: Mapping[str, Any] = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)

    @cached_property
    def features(self) -> np.ndarray:
        """Numbers of the position, shape (F,), float32, read-only; F is in `layout.json`. Empty where they are not wanted."""
        return self._array(0, "<f4")

    @cached_property
    def options(self) -> np.ndarray:
        """Numbers of each slot's moves and targets, shape (2, 16, K), float32, read-only."""
        flat = self._array(1, "<f4")
        return flat.reshape(2, 16, -1) if flat.size else flat.reshape(2, 16, 0)

    @cached_property
    def ids(self) -> np.ndarray:
        """Numbers of species, ability, item and four moves of the own six and of the foe's six, shape (12, 7), int16, 0 for unknown."""
        flat = self._array(2, "<i2")
        return flat.reshape(12, 7) if flat.size else np.zeros((12, 7), np.int16)

    def _array(self, index: int, dtype: str) -> np.ndarray:
        if self.raw is None:
            return np.zeros(0, dtype)
        try:
            return np.frombuffer(base64.b64decode(self.raw[index], validate=True), dtype)
        except (binascii.Error, ValueError) as error:
            raise EngineGarbage(f"the engine sent numbers that cannot be read: {error}") from None


@dataclass(frozen=True, slots=True)
class Update:
    """A battle after a command.

    Attributes:
        turn: The turn, from 1; 0 at team preview.
        over: Whether the battle is over.
        winner: 0 or 1; `None` while it lasts and for a draw.
        sides: Both sides.
    """

    turn: int
    over: bool
    winner: int | None
    sides: tuple[Side, Side]


@dataclass(frozen=True, slots=True)
class Hello:
    """What a process says of itself.

    Attributes:
        node: Version of Node.
        showdown: Version of the simulator's package.
        patched: Whether the event look-up is patched.
        formats: Names by id.
        layout: SHA-256 of `layout.json` as the process has it.
    """

    node: str
    showdown: str
    patched: bool
    formats: Mapping[str, str]
    layout: str


@dataclass(frozen=True, slots=True)
class Playout:
    """The end of a random playout.

    Attributes:
        over: Whether the battle is over.
        winner: 0 or 1; `None` for a draw and for a battle that is not over.
        left: Sum of the fractions of hit points that are left, of side 0 and 1.
        turn: The turn it ended at.
    """

    over: bool
    winner: int | None
    left: tuple[float, float]
    turn: int


def replies_of(line: bytes, number: int, count: int) -> list[Any]:
    """The replies of one line.

    Raises:
        EngineGarbage: It is not JSON, or answers something else.
    """
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise EngineGarbage(f"the engine wrote a line that is not JSON: {printable(line[:200].decode(errors='replace'), 200)}") from None
    if type(data) is not dict or data.get("id") != number or type(data.get("replies")) is not list or len(data["replies"]) != count:
        raise EngineGarbage(
            f"the engine answered with {printable(line[:200].decode(errors='replace'), 200)}; expected {count} replies with id {number}"
        )
    replies: list[Any] = data["replies"]
    return replies


def reply_value(reply: Any) -> Any:
    """What a reply says, or the error that it is; the error is returned, not raised.

    >>> reply_value({"ok": 1}), reply_value({"error": {"kind": "bad_team", "message": "no moves"}})
    (1, BadTeam('no moves'))
    """
    if type(reply) is dict and "ok" in reply:
        return reply["ok"]
    error = reply.get("error") if type(reply) is dict else None
    if type(error) is not dict or type(error.get("kind")) is not str or type(error.get("message")) is not str:
        return EngineGarbage(f"the engine answered with {shown(reply)}; expected ok or an error with kind and message")
    return error_of_kind(error["kind"][:40], printable(error["message"], 2000))


def update_of(value: Any) -> Update:
    """The update that Node sent.

    Raises:
        EngineGarbage: It is not one.
    """
    try:
        turn, over, winner, sides = value["turn"], value["over"], value["winner"], value["sides"]
        left, right = sides
        _expect(type(turn) is int and 0 <= turn <= 100_000 and type(over) is bool and winner in (0, 1, None), "turn, over or winner")
        return Update(turn, over, winner, (_side(left), _side(right)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _garbage("an update", value, error) from None


def _side(value: Any) -> Side:
    kind, again, passes, pick = value["kind"], value["again"], value["passes"], value["pick"]
    _expect(kind in KINDS, "kind")
    _expect(again is None or (type(again) is str and len(again) <= 2000), "again")
    _expect(passes is None or passes in (0, 1, 2), "passes")
    _expect(type(pick) is int and 0 <= pick <= 6, "pick")
    left, right = value["slots"]
    raw = None
    if value.get("features") is not None:
        raw = (value["features"], value["options"], value["ids"])
        _expect(all(type(one) is str and len(one) <= 2**20 for one in raw), "features, options or ids")
    view, lines = value.get("view") or {}, value.get("lines") or ()
    _expect(type(view) is dict, "view")
    _expect(not lines or (type(lines) is list and len(lines) <= _MOST_LINES and all(type(line) is str for line in lines)), "lines")
    return Side(kind, again, (_slot(left), _slot(right)), passes, pick, raw, view, tuple(lines))


def _slot(value: Any) -> tuple[int, ...]:
    _expect(type(value) is list and len(value) <= ACTIONS, "slots")
    _expect(all(type(action) is int and 0 <= action < ACTIONS for action in value), "slots")
    return tuple(value)


def hello_of(value: Any) -> Hello:
    """What a process says of itself.

    Raises:
        EngineGarbage: It is no hello, or of another protocol.
    """
    try:
        protocol, formats = value["protocol"], value["formats"]
        if protocol != PROTOCOL:
            raise EngineGarbage(f"the engine speaks protocol {shown(protocol)}; this version speaks {PROTOCOL}")
        texts = [value["node"], value["showdown"], value["layout"], *formats, *formats.values()]
        _expect(all(type(text) is str and len(text) <= 200 for text in texts) and len(formats) <= 2000, "a text")
        return Hello(value["node"], value["showdown"], bool(value["patched"]), dict(formats), value["layout"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, EngineError):
            raise
        raise _garbage("a hello", value, error) from None


def playout_of(value: Any) -> Playout:
    """The end of a playout.

    Raises:
        EngineGarbage: It is none.
    """
    try:
        left, right = map(float, value["left"])
        _expect(0.0 <= left <= 6.0 and 0.0 <= right <= 6.0 and value["winner"] in (0, 1, None), "left or winner")
        return Playout(bool(value["over"]), value["winner"], (left, right), int(value["turn"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _garbage("a playout", value, error) from None


def text_of(value: Any, name: str, longest: int = _LONGEST_TEXT) -> str:
    """The text of this name in a reply.

    Raises:
        EngineGarbage: There is none, or it is too long.
    """
    text = value.get(name) if type(value) is dict else None
    if type(text) is not str or len(text) > longest:
        raise _garbage(f"a text {name!r}", value, None)
    return text


def strings_of(value: Any, name: str, most: int = 100_000) -> list[str]:
    """The list of texts of this name in a reply.

    Raises:
        EngineGarbage: There is none, or it is too long.
    """
    texts = value.get(name) if type(value) is dict else None
    if type(texts) is not list or len(texts) > most or not all(type(text) is str for text in texts):
        raise _garbage(f"a list {name!r} of texts", value, None)
    return texts


def _expect(fits: bool, what: str) -> None:
    if not fits:
        raise ValueError(what)


def _garbage(what: str, value: Any, error: Exception | None) -> EngineGarbage:
    reason = f" ({type(error).__name__}: {printable(str(error), 100)})" if error is not None else ""
    return EngineGarbage(f"the engine answered with {shown(value, 200)}; expected {what}{reason}")

"""What a seat may do: a tuple of integers, or a bounded description that can refuse, sample and encode.

Discrete games list their legal actions as a plain tuple of ints. Real-valued, spoken and compound moves are
described by `Box`, `Text` and `Product`, which share one small interface, `ActionSet`.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

__all__ = ["Action", "ActionSet", "Box", "Legal", "Product", "Spoken", "Text", "decode", "encode", "sample", "violation"]

Action = Any
"""An int (discrete; `Spoken` where words ride on it), a float array (`Box`), a string (`Text`) or a dict of these (`Product`)."""


class ActionSet(ABC):
    """A set of actions too large to list."""

    @abstractmethod
    def violation(self, action: Action) -> str | None:
        """Why `action` is not in the set, in words an agent can act on; `None` when it is."""

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Action:
        """A random member."""

    @abstractmethod
    def space(self) -> gymnasium.Space[Any]:
        """The Gymnasium space that holds every member."""

    @abstractmethod
    def encode(self, action: Action) -> Any:
        """The action as JSON, exactly: `decode(encode(a))` equals `a`."""

    @abstractmethod
    def decode(self, data: Any) -> Action:
        """The inverse of `encode`."""


class Box(ActionSet):
    """Arrays of real numbers within bounds.

    Args:
        low: Least value, a number or an array that broadcasts to `shape`.
        high: Greatest value, likewise.
        shape: Shape of the action; `()` for a single number.
    """

    def __init__(self, low: Any, high: Any, shape: tuple[int, ...] = ()) -> None:
        self.shape = shape
        self.low = np.broadcast_to(np.asarray(low, np.float64), shape)
        self.high = np.broadcast_to(np.asarray(high, np.float64), shape)
        self._single = (float(self.low), float(self.high)) if shape == () else None

    def violation(self, action: Action) -> str | None:
        if self._single is not None and (isinstance(action, float | np.floating) or (isinstance(action, np.ndarray) and not action.shape)):
            with contextlib.suppress(TypeError, ValueError):  # one plain number within bounds, as in games of a thousand seats
                if self._single[0] <= float(action) <= self._single[1]:
                    return None
        try:
            given = np.asarray(action)
        except (TypeError, ValueError):
            given = np.asarray(None)
        if given.dtype.kind not in "fiu":  # numbers, not words or truth values that numpy could make numbers of
            return f"expected numbers of shape {self.shape}, got {action!r:.60}"
        value = given.astype(np.float64)
        if value.shape != self.shape:
            return f"expected shape {self.shape}, got {value.shape}"
        if not np.all(np.isfinite(value)):
            return "every number must be finite"
        # float32 actions of a Gymnasium Box may round one unit in the last place past a bound
        slack = 1e-6 * np.maximum(1.0, np.abs(self.high - self.low))
        if np.any(value < self.low - slack) or np.any(value > self.high + slack):
            return f"out of bounds: got {value.tolist()}, allowed {self.low.tolist()} to {self.high.tolist()}"
        return None

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(rng.uniform(self.low, self.high))

    def space(self) -> gymnasium.Space[Any]:
        return gymnasium.spaces.Box(self.low.astype(np.float32), self.high.astype(np.float32), dtype=np.float32)

    def encode(self, action: Action) -> Any:
        return np.asarray(action, np.float64).tolist()

    def decode(self, data: Any) -> np.ndarray:
        return np.asarray(data, np.float64)


class Text(ActionSet):
    """Free words of bounded length.

    Args:
        max_chars: Longest utterance accepted, in characters.
    """

    def __init__(self, max_chars: int) -> None:
        self.max_chars = max_chars

    def violation(self, action: Action) -> str | None:
        if not isinstance(action, str):
            return f"expected a string, got {type(action).__name__}"
        if len(action) > self.max_chars:
            return f"too long: {len(action)} characters, at most {self.max_chars} allowed"
        return None

    def sample(self, rng: np.random.Generator) -> str:
        return ""

    def space(self) -> gymnasium.Space[Any]:
        from .text import CHARSET

        return gymnasium.spaces.Text(self.max_chars, min_length=0, charset=CHARSET)

    def encode(self, action: Action) -> Any:
        return action

    def decode(self, data: Any) -> str:
        return str(data)


class Product(ActionSet):
    """A move of several named parts, each a tuple of ints or itself `ActionSet`, e.g. a target and an utterance."""

    def __init__(self, parts: Mapping[str, Legal]) -> None:
        self.parts = dict(parts)

    def violation(self, action: Action) -> str | None:
        if not isinstance(action, Mapping) or set(action) != set(self.parts):
            return f"expected the parts {sorted(self.parts)}, got {action!r:.200}"
        for name, part in self.parts.items():
            reason = violation(part, action[name])
            if reason:
                return f"{name}: {reason}"
        return None

    def sample(self, rng: np.random.Generator) -> dict[str, Action]:
        return {name: sample(part, rng) for name, part in self.parts.items()}

    def space(self) -> gymnasium.Space[Any]:
        return gymnasium.spaces.Dict(
            {
                name: part.space() if isinstance(part, ActionSet) else gymnasium.spaces.Discrete(max(part) + 1)
                for name, part in self.parts.items()
            }
        )

    def encode(self, action: Action) -> Any:
        return {name: encode(part, action[name]) for name, part in self.parts.items()}

    def decode(self, data: Any) -> dict[str, Action]:
        return {name: decode(part, data[name]) for name, part in self.parts.items()}


class Spoken(int):
    """A discrete action with words on it: in games where a seat may speak as it acts, an int for all who do not listen.

    It is equal to the bare int and legal exactly when that is, so masks, search and array players need not know of it.
    A game that hears words takes them from the action; `encode` keeps them in records.

    Attributes:
        words: What is said aloud, raw.
        notes: JSON-ready remarks that go with the action, e.g. privately stated beliefs; `{}` when there are none.

    >>> move = Spoken(3, "I trust Ann.")
    >>> move == 3, encode((1, 3), move)
    (True, {'action': 3, 'words': 'I trust Ann.'})
    """

    words: str
    notes: Mapping[str, Any]

    def __new__(cls, action: int, words: str = "", notes: Mapping[str, Any] | None = None) -> Spoken:
        made = super().__new__(cls, action)
        made.words, made.notes = words, dict(notes or {})
        return made

    def __reduce__(self) -> tuple[object, ...]:
        return (Spoken, (int(self), self.words, self.notes))

    def __repr__(self) -> str:
        return f"Spoken({int(self)}, {self.words!r}{f', {self.notes!r}' if self.notes else ''})"


Legal = tuple[int, ...] | ActionSet
"""The legal ints in increasing order, or a bounded description."""


def violation(legal: Legal, action: Action) -> str | None:
    """Why `action` is not legal, or `None` when it is. Integers of numpy count as ints; bools do not.

    >>> violation((0, 2), 1)
    'not legal now; legal: 0, 2'
    """
    if isinstance(legal, ActionSet):
        return legal.violation(action)
    if isinstance(action, bool | np.bool_) or not isinstance(action, int | np.integer):
        return f"expected an integer, got {action!r:.100}"
    if action in legal:
        return None
    shown = ", ".join(map(str, legal[:24])) + (", ..." if len(legal) > 24 else "")
    return f"not legal now; legal: {shown or 'nothing'}"


def sample(legal: Legal, rng: np.random.Generator) -> Action:
    """A uniformly random legal action."""
    if isinstance(legal, ActionSet):
        return legal.sample(rng)
    return legal[int(rng.integers(len(legal)))]


def encode(legal: Legal, action: Action) -> Any:
    """A legal action as JSON, exactly."""
    if isinstance(legal, ActionSet):
        return legal.encode(action)
    if isinstance(action, Spoken):
        return {"action": int(action), "words": action.words, **({"notes": dict(action.notes)} if action.notes else {})}
    return int(action)


def decode(legal: Legal, data: Any) -> Action:
    """The inverse of `encode`."""
    if isinstance(legal, ActionSet):
        return legal.decode(data)
    if isinstance(data, Mapping):
        return Spoken(int(data["action"]), str(data["words"]), data.get("notes"))
    return int(data)

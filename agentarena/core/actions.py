"""What a seat may do: a tuple of listed actions (ints or strings), or a set of actions too large to list.

Listed actions are a plain tuple: ints of a `Discrete` space, or strings, such as the admissible commands of a household.
Real-valued, spoken and compound actions are described by `Box`, `Text` and `Product`, which share one small interface,
`ActionSet`: contains, violation, sample, encode, decode, space.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from .charset import CHARSET
from .display import shown
from .errors import NotSupported

__all__ = [
    "MOST_JOINT",
    "Action",
    "ActionSet",
    "Box",
    "Legal",
    "Product",
    "Spoken",
    "Text",
    "canonical",
    "contains",
    "decode",
    "encode",
    "first_legal",
    "joint_mask",
    "sample",
    "violation",
]

Action = Any
"""An int (discrete; `Spoken` where words ride on it), a string (listed, or `Text`), a float array (`Box`), or for a
`Product` a tuple or dict of these."""

MOST_JOINT = 65_536
"""Most combinations of a `Product` that are listed."""
_MOST_TRIES = 10_000
"""Most draws of a constrained `Product` whose combinations cannot be listed."""


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

    def canonical(self, action: Action) -> tuple[Action, Any]:
        """A member as it comes back from a record, and its JSON."""
        data = self.encode(action)
        return self.decode(data), data

    def contains(self, action: Action) -> bool:
        """Whether `action` is in the set."""
        return self.violation(action) is None


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
            array = np.asarray(action)
        except (TypeError, ValueError, RuntimeError):
            array = np.asarray(None)
        if array.dtype.kind not in "fiu":  # numbers, not words or truth values that numpy could make numbers of
            return f"expected numbers of shape {self.shape}, got {shown(action)}"
        if array.shape != self.shape:  # before a copy is made of what may be broadcast to any size
            return f"expected shape {self.shape}, got {array.shape}"
        value = array.astype(np.float64)
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

    def canonical(self, action: Action) -> tuple[Action, Any]:
        array = np.array(action, np.float64)
        return array, array.tolist()


class Text(ActionSet):
    """Free words of bounded length.

    Args:
        max_chars: Longest utterance accepted, in characters.
        suggestions: Utterances worth trying, e.g. commands that are known to work; others are legal too.
    """

    def __init__(self, max_chars: int, suggestions: Sequence[str] = ()) -> None:
        self.max_chars = max_chars
        self.suggestions = tuple(suggestions)

    def violation(self, action: Action) -> str | None:
        if not isinstance(action, str):
            return f"expected a string, got {type(action).__name__}"
        if len(action) > self.max_chars:
            return f"too long: {len(action)} characters, at most {self.max_chars} allowed"
        return None

    def sample(self, rng: np.random.Generator) -> str:
        return self.suggestions[int(rng.integers(len(self.suggestions)))] if self.suggestions else ""

    def space(self) -> gymnasium.Space[Any]:
        return gymnasium.spaces.Text(self.max_chars, min_length=0, charset=CHARSET)

    def encode(self, action: Action) -> Any:
        return action

    def decode(self, data: Any) -> str:
        return str(data)


Parts = Mapping[str, "Legal"] | Sequence["Legal"]


class Product(ActionSet):
    """Actions of several parts, each listed or itself an `ActionSet`, whose combination may be constrained.

    Named parts (a mapping) make actions dicts, in a `Dict` space. Numbered parts (a sequence) make actions tuples, in a
    `MultiDiscrete` space where all parts are ints, else a `Tuple` space.

    Args:
        parts: The parts.
        allowed: Which combinations of legal parts are legal, e.g. that two slots do not switch to one creature; all by default.
        reason: What to say of a combination that is not.

    >>> two_slots = Product([(0, 1, 2), (0, 1, 2)], allowed=lambda action: action[0] != action[1])
    >>> len(two_slots.listed), two_slots.contains((1, 1)), two_slots.contains((1, 2))
    (6, False, True)
    """

    def __init__(self, parts: Parts, allowed: Callable[[Action], bool] | None = None, reason: str = "") -> None:
        self.named = isinstance(parts, Mapping)
        self.parts: dict[Any, Legal] = dict(parts) if isinstance(parts, Mapping) else dict(enumerate(parts))
        self.allowed = allowed
        self.reason = reason or "these parts are not allowed together"

    def join(self, values: Sequence[Action]) -> Action:
        """The action with these values of the parts, in order."""
        return dict(zip(self.parts, values, strict=True)) if self.named else tuple(values)

    def violation(self, action: Action) -> str | None:
        if self.named and (not isinstance(action, dict | Mapping) or set(action) != set(self.parts)):
            return f"expected the parts {sorted(self.parts)}, got {shown(action, 200)}"
        listed = action.shape != () if isinstance(action, np.ndarray) else isinstance(action, Sequence) and not isinstance(action, str)
        if not self.named and (not listed or len(action) != len(self.parts)):
            return f"expected {len(self.parts)} parts, got {shown(action, 200)}"
        for name, part in self.parts.items():
            if reason := violation(part, action[name]):
                return f"{name}: {reason}" if self.named else f"part {name}: {reason}"
        if self.allowed is not None and not self.allowed(action):
            return f"{self.reason}, got {shown(action, 200)}"
        return None

    @cached_property
    def listed(self) -> tuple[Action, ...] | None:
        """Every legal combination in lexicographic order; `None` where a part cannot be listed or there are too many."""
        options = [part if isinstance(part, tuple) else part.listed if isinstance(part, Product) else None for part in self.parts.values()]
        if any(option is None for option in options) or math.prod(len(option or ()) for option in options) > MOST_JOINT:
            return None
        actions = (self.join(values) for values in itertools.product(*(option or () for option in options)))
        return tuple(action for action in actions if self.allowed is None or self.allowed(action))

    def mask(self, sizes: tuple[int, ...]) -> np.ndarray:
        """Which combinations of numbered parts, all of them ints, are legal: int8 of shape `sizes`, the numbers of actions of the parts.

        Raises:
            NotSupported: The combinations cannot be listed.
        """
        if self.listed is None:
            raise NotSupported("the legal combinations are too many for a joint mask; sample from `view.legal`")
        mask = np.zeros(sizes, np.int8)
        mask[tuple(np.array(self.listed, np.intp).reshape(-1, len(sizes)).T)] = 1
        return mask

    def sample(self, rng: np.random.Generator) -> Action:
        """A random member; each part is drawn by itself, and the draw repeated until the combination is allowed, so that
        all allowed combinations of listed parts are equally likely.

        Raises:
            NotSupported: The constraint allows nothing, or so little that 10,000 draws did not meet it.
        """
        if self.allowed is None:
            return self.join([sample(part, rng) for part in self.parts.values()])
        if self.listed is not None:
            if not self.listed:
                raise NotSupported("the constraint of this Product allows no combination of its parts")
            return self.listed[int(rng.integers(len(self.listed)))]
        for _ in range(_MOST_TRIES):
            action = self.join([sample(part, rng) for part in self.parts.values()])
            if self.allowed(action):
                return action
        raise NotSupported(f"{_MOST_TRIES} draws met no combination that the constraint of this Product allows; list its parts")

    def space(self) -> gymnasium.Space[Any]:
        if self.named:
            return gymnasium.spaces.Dict({name: _space(part) for name, part in self.parts.items()})
        if all(isinstance(part, tuple) and part and isinstance(part[0], int) for part in self.parts.values()):
            return gymnasium.spaces.MultiDiscrete([max(part) + 1 for part in self.parts.values() if isinstance(part, tuple)])
        return gymnasium.spaces.Tuple([_space(part) for part in self.parts.values()])

    def encode(self, action: Action) -> Any:
        data = {name: encode(part, action[name]) for name, part in self.parts.items()}
        return data if self.named else list(data.values())

    def decode(self, data: Any) -> Action:
        return self.join([decode(part, data[name]) for name, part in self.parts.items()])

    def canonical(self, action: Action) -> tuple[Action, Any]:
        pairs = [canonical(part, action[name]) for name, part in self.parts.items()]
        values, data = [value for value, _ in pairs], [data for _, data in pairs]
        return self.join(values), dict(zip(self.parts, data, strict=True)) if self.named else data


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
        spoken = super().__new__(cls, action)
        spoken.words, spoken.notes = words, dict(notes or {})
        return spoken

    def __reduce__(self) -> tuple[object, ...]:
        return (Spoken, (int(self), self.words, self.notes))

    def __repr__(self) -> str:
        return f"Spoken({int(self)}, {self.words!r}{f', {self.notes!r}' if self.notes else ''})"


Legal = tuple[Any, ...] | ActionSet
"""The listed actions, ints in increasing order or strings, or a set."""


def violation(legal: Legal, action: Action) -> str | None:
    """Why `action` is not legal, or `None` when it is. Integers of numpy count as ints; bools do not.

    >>> violation((0, 2), 1)
    'not legal now; legal: 0, 2'
    >>> violation(("look", "go north"), "fly")
    "not legal now; legal: 'look', 'go north'"
    """
    if not isinstance(legal, tuple):  # several times as quick as asking whether it is an ActionSet, which is abstract
        return legal.violation(action)
    if legal and isinstance(legal[0], str):
        if not isinstance(action, str):
            return f"expected one of the listed strings, got {shown(action)}"
    elif isinstance(action, bool | np.bool_) or not isinstance(action, int | np.integer):
        return f"expected an integer, got {shown(action)}"
    if action in legal:
        return None
    return f"not legal now; legal: {', '.join(map(repr, legal[:24])) or 'nothing'}{', ...' if len(legal) > 24 else ''}"


def contains(legal: Legal, action: Action) -> bool:
    """Whether `action` is legal."""
    return violation(legal, action) is None


def sample(legal: Legal, rng: np.random.Generator) -> Action:
    """A random legal action, uniform among listed ones."""
    if not isinstance(legal, tuple):
        return legal.sample(rng)
    return legal[int(rng.integers(len(legal)))]


def first_legal(legal: Legal) -> Action:
    """The action of a seat that passes: the first listed one, the point of a box nearest zero, silence, or these by parts.

    >>> first_legal((2, 5))
    2
    """
    if isinstance(legal, tuple):
        return legal[0]
    if isinstance(legal, Box):
        return np.clip(0.0, legal.low, legal.high)
    if isinstance(legal, Text):
        return ""
    if isinstance(legal, Product):
        passing = legal.join([first_legal(part) for part in legal.parts.values()])
        if legal.contains(passing):
            return passing
        if legal.listed:
            return legal.listed[0]
    return legal.sample(np.random.default_rng(0))


def encode(legal: Legal, action: Action) -> Any:
    """A legal action as JSON, exactly."""
    if not isinstance(legal, tuple):
        return legal.encode(action)
    if isinstance(action, Spoken):
        return {"action": int(action), "words": action.words, **({"notes": dict(action.notes)} if action.notes else {})}
    return str(action) if isinstance(action, str) else int(action)


def decode(legal: Legal, data: Any) -> Action:
    """The inverse of `encode`."""
    if not isinstance(legal, tuple):
        return legal.decode(data)
    if isinstance(data, Mapping):
        return Spoken(int(data["action"]), str(data["words"]), data.get("notes"))
    return data if isinstance(data, str) else int(data)


def canonical(legal: Legal, action: Action) -> tuple[Action, Any]:
    """A legal action as it comes back from a record, and its JSON: `(decode(encode(a)), encode(a))`."""
    if not isinstance(legal, tuple):
        return legal.canonical(action)
    data = encode(legal, action)
    return decode(legal, data), data


def joint_mask(legal: Legal, sizes: tuple[int, ...]) -> np.ndarray:
    """Which combinations of a `MultiDiscrete` space are legal, where `legal` is a `Product` of ints; see `Product.mask`."""
    if not isinstance(legal, Product):
        raise NotSupported(f"a {type(legal).__name__} has no joint mask; sample from `view.legal`")
    return legal.mask(sizes)


def _space(part: Legal) -> gymnasium.Space[Any]:
    if isinstance(part, ActionSet):
        return part.space()
    if part and isinstance(part[0], str):
        return gymnasium.spaces.Text(max(map(len, part)), min_length=0, charset=CHARSET)
    return gymnasium.spaces.Discrete(int(max(part)) + 1)

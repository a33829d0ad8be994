"""Speed for small games, applied from outside: plain rules that remember their states, and array rules by look-up.

    @tabular
    @dataclass(frozen=True)
    class Nim(Game[State]): ...

`tabular` suits turn-taking games of few states in which only the start is random. The rules are written as if nothing were
remembered; the decorated class asks them once about each state. Axis letters: B matches, S seats, A actions, N nodes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property, lru_cache
from operator import attrgetter
from typing import Any, ClassVar, TypeVar, cast

import gymnasium
import numpy as np

from .actions import Action
from .batch import Batch
from .errors import NotSupported
from .game import Game
from .namespace import Arrays

__all__ = ["TableBatch", "Tokens", "tabular"]

G = TypeVar("G", bound=Game[Any])

_MAX_MEMORY = 1 << 17
_MAX_NODES = 500_000


def tabular(rules: type[G]) -> type[G]:
    """Class decorator of plain rules: each state is made once and remembers what the rules said about it.

    States are looked up by value, so `start`, `step`, `chance` and `resample` return one object for each position; it carries
    who is to move, the legal actions, the rewards, its successors and its observations, and `step` with a legal action seen
    before is one look-up. States made elsewhere, e.g. by hand or by unpickling, may be passed as well. Nothing but speed changes:
    the decorated class equals `cls.plain`, the class as it was written. Memory is bounded: beyond a number of states that only
    large options reach, everything is forgotten and remembered anew. Observations must be arrays.

    Games with `chance` also get `batch()`, array rules by look-up.
    """
    body: dict[str, Any] = {"__doc__": rules.__doc__, "__module__": rules.__module__, "__qualname__": rules.__qualname__, "plain": rules}
    if hasattr(rules, "resample"):
        body["resample"] = _resample
    if hasattr(rules, "chance"):
        body |= {"chance": _chance, "batch": _batch}
    return cast("type[G]", type(rules.__name__, (_Memoized, rules), body))


# --- remembered states ----------------------------------------------------------------------------------------------


class _Remembered:
    """A state with what the rules said about it; equal to the plain state of the same fields, and pickled as that."""

    __slots__ = ()

    state_type: ClassVar[Any]
    """The class of the state as its game wrote it."""

    field_values: ClassVar[Any]
    """Its fields of one state, for comparison."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, self.state_type):
            return NotImplemented
        return bool(self.field_values(self) == self.field_values(other))

    def __hash__(self) -> int:
        return int(self.state_type.__hash__(self))

    def __reduce__(self) -> tuple[object, ...]:
        return self.state_type, tuple(getattr(self, field.name) for field in fields(self.state_type))


_MEMORY = ("_seat", "_to_move", "_legal", "_rewards", "_successors", "_observations")
"""Slots of a remembered state: the seat to move (-1 when over), answers of the rules, successors by action, arrays by seat."""


@cache
def _remembered_type(state_type: Any) -> type:
    body = {
        "__slots__": _MEMORY,
        "__module__": state_type.__module__,
        "__qualname__": state_type.__qualname__,
        "state_type": state_type,
        "field_values": attrgetter(*(field.name for field in fields(state_type))),
    }
    return type(state_type.__name__, (_Remembered, state_type), body)


class _Memoized(Game[Any]):
    """The methods that `tabular` puts before those of the plain rules."""

    plain: ClassVar[type[Game[Any]]]

    @cached_property
    def _rules(self) -> Any:
        """The plain rules under the same options."""
        return self.plain(**self.options)

    @cached_property
    def _states(self) -> dict[Any, Any]:
        return {}

    @cached_property
    def _shared(self) -> dict[Any, Any]:
        return {}

    @cached_property
    def _only_start(self) -> Any:
        """The start of a game without chance, else `None`."""
        return None if self.info.chance else self._remember(self._rules.start(np.random.default_rng(0)))

    def _remember(self, state: Any) -> Any:
        """The remembered state that equals `state`."""
        states = self._states
        known = states.get(state)
        if known is None:
            if len(states) >= _MAX_MEMORY:
                states.clear()
            known = states[state] = self._copy(state)
        return known

    def _copy(self, state: Any) -> Any:
        rules = self._rules
        state_type: Any = state.state_type if isinstance(state, _Remembered) else type(state)
        copy = _remembered_type(state_type)(*(getattr(state, field.name) for field in fields(state)))
        to_move = rules.to_move(copy)
        seat = to_move[0] if to_move else -1
        legal = rules.legal(copy, seat) if to_move else ()
        share = self._shared.setdefault  # equal tuples are one object: fewer of them stay in the processor's caches
        memory: tuple[Any, ...] = (seat, share(to_move, to_move), share(legal, legal), rules.rewards(copy), {}, {})
        for name, value in zip(_MEMORY, memory, strict=True):
            object.__setattr__(copy, name, value)
        return copy

    def start(self, rng: np.random.Generator) -> Any:
        return self._only_start or self._remember(self._rules.start(rng))

    def to_move(self, state: Any) -> tuple[int, ...]:
        try:
            return state._to_move
        except AttributeError:
            return self._remember(state)._to_move

    def legal(self, state: Any, seat: int) -> tuple[int, ...]:
        try:
            return state._legal
        except AttributeError:
            return self._remember(state)._legal

    def step(self, state: Any, actions: Mapping[int, Action], rng: np.random.Generator) -> Any:
        if len(actions) == 1:
            try:
                action = actions[state._seat]
                if action.__class__ is int:  # True and 1.0 equal 1, but are not legal actions
                    return state._successors[action]
            except (AttributeError, KeyError):
                pass  # not remembered, or not in order: the rules decide
        known = self._remember(state)
        after = self._remember(self._rules.step(known, actions, rng))
        (action,) = actions.values()
        known._successors[int(action)] = after
        return after

    def rewards(self, state: Any) -> tuple[float, ...]:
        try:
            return state._rewards
        except AttributeError:
            return self._remember(state)._rewards

    def observe(self, state: Any, seat: int) -> Any:
        try:
            return state._observations[seat].copy()
        except (AttributeError, KeyError):
            observation = self._remember(state)._observations[seat] = self._rules.observe(state, seat)
            return observation.copy()


def _chance(self: Any, state: Any, actions: Mapping[int, Action] | None) -> tuple[tuple[float, Any], ...]:
    return tuple((probability, self._remember(outcome)) for probability, outcome in self._rules.chance(state, actions))


def _resample(self: Any, state: Any, seat: int, rng: np.random.Generator) -> Any:
    return self._remember(self._rules.resample(state, seat, rng))


def _batch(self: Any, xp: Any = np, device: Any = None) -> TableBatch:
    """Array rules by look-up, on numpy or torch; the tables are filled at the first call."""
    return _table(self) if xp is np and device is None else _table(self).moved(xp, device)


# --- array rules ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tokens:
    """B matches, each a token on a node of the table.

    Attributes:
        node: Shape (B,), int32, 0 to N - 1.
    """

    node: Any


class TableBatch(Batch[Tokens]):
    """Array rules of a turn-taking game with `chance`: its states numbered, one table each for successors, masks and rewards.

    Only the start may be random, and actions are a `Discrete` space. Every finished state has a twin that credits nothing, to
    which it and the twin itself lead under any action.

    Raises:
        NotSupported: The game has too many states under its options.
    """

    def __init__(self, game: Any) -> None:
        space = game.action_space(0)
        assert isinstance(space, gymnasium.spaces.Discrete)
        self.game, self._width = game, int(space.n)
        deals = game.chance(None, None)
        number: dict[Any, int] = {}
        for _, deal in deals:
            number.setdefault(deal, len(number))
        chances = np.cumsum([probability for probability, _ in deals])
        self._cdf = chances / chances[-1]
        self._deals = np.array([number[deal] for _, deal in deals], np.int32)
        self._states = list(number)
        edges = self._number_states(number)
        self._fill(np.array(edges, np.int64))

    def _number_states(self, number: dict[Any, int]) -> list[tuple[int, int, int]]:
        """Every state from the deals on, breadth first; the edges as (state, action, successor)."""
        game, states, rng = self.game, self._states, np.random.default_rng(0)
        edges: list[tuple[int, int, int]] = []
        for index, state in enumerate(states):  # grows while it is walked
            for seat in game.to_move(state):
                for action in game.legal(state, seat):
                    successor = game.step(state, {seat: action}, rng)
                    target = number.setdefault(successor, len(number))
                    if target == len(states):
                        states.append(successor)
                    edges.append((index, action, target))
            if len(number) > _MAX_NODES:
                raise NotSupported(
                    f"{type(game).__name__} has more than {_MAX_NODES:,} states under these options: too many for array rules"
                )
        return edges

    def _fill(self, edges: np.ndarray) -> None:
        states, game = self._states, self.game
        seats = np.array([(*game.to_move(state), -1)[0] for state in states])
        twins = np.flatnonzero(seats < 0)
        size = len(states)
        twin_of = np.arange(size)
        twin_of[twins] = size + np.arange(len(twins))
        self._original = np.concatenate([np.arange(size), twins])
        self._seat = seats[self._original]
        self._over = self._seat < 0
        self._next = np.repeat(twin_of[self._original].astype(np.int32)[:, None], self._width, axis=1)
        self._next[edges[:, 0], edges[:, 1]] = edges[:, 2]
        # rows of 1, 2, 4, 8, 16 or 32 bytes are copied several times as fast as others
        self._legal = np.zeros((len(self._original), 1 << (self._width - 1).bit_length()), np.int8)
        self._legal[edges[:, 0], edges[:, 1]] = 1
        self._rewards = np.array([game.rewards(state) for state in states], np.float64)[self._original]
        self._rewards[size:] = 0.0

    def moved(self, xp: Any, device: Any) -> TableBatch:
        """The same rules with their tables in another namespace or on another device."""
        twin = copy.copy(self)
        twin.arrays = Arrays(xp, device)
        for name in ("_deals", "_original", "_seat", "_over", "_next", "_legal", "_rewards", "_observations"):
            setattr(twin, name, twin.arrays.asarray(getattr(self, name)))
        return twin

    @cached_property
    def _observations(self) -> np.ndarray:
        """What each seat sees in each state, without the twins. Shape (N, S, ...)."""
        seats = range(self.game.info.seats)
        return np.stack([[self.game.observe(state, seat) for seat in seats] for state in self._states])

    def start(self, size: int, rng: np.random.Generator) -> Tokens:
        if len(self._deals) == 1:
            return Tokens(self.arrays.full(size, int(self._deals[0]), self.arrays.xp.int32))
        return Tokens(self.arrays.take(self._deals, self.arrays.asarray(self._cdf.searchsorted(rng.random(size), side="right"))))

    def over(self, state: Tokens) -> Any:
        return self.arrays.take(self._over, state.node)

    def to_move(self, state: Tokens) -> Any:
        return self.arrays.take(self._seat, state.node)

    def legal(self, state: Tokens) -> Any:
        return self.arrays.take(self._legal, state.node)[:, : self._width]

    def step(self, state: Tokens, actions: Any, rng: np.random.Generator) -> Tokens:
        # a finished match may come with any action at all
        choices = actions.clip(0, self._width - 1)
        return Tokens(self.arrays.take(self._next.ravel(), state.node * self._width + choices))

    def rewards(self, state: Tokens) -> Any:
        return self.arrays.take(self._rewards, state.node)

    def observe(self, state: Tokens, seats: Any) -> Any:
        return self._observations[self.arrays.take(self._original, state.node), seats]

    def observe_all(self, state: Tokens) -> Any:
        return self.arrays.take(self._observations, self.arrays.take(self._original, state.node))

    def unbatch(self, state: Tokens, index: int) -> Any:
        return self._states[int(self._original[int(state.node[index])])]


@lru_cache(maxsize=16)
def _table(game: Any) -> TableBatch:
    """Equal games share their tables, which take a moment to fill."""
    return TableBatch(game)

"""Small turn-taking games whose states can be listed: every state is made once, remembers its successors, and the
array rules are look-ups in tables filled by the scalar rules.

All randomness of such a game is in its start (a deal). Axis letters: B matches, S seats, A actions, N nodes.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import gymnasium
import numpy as np

from .actions import Action
from .batch import Batch
from .errors import NotSupported
from .game import Game

__all__ = ["Node", "TableBatch", "Tabular", "Tokens"]

_MOST_NODES = 500_000


@dataclass(frozen=True, slots=True)
class Node:
    """A state; games add what it consists of.

    Attributes:
        seat: The seat to move; -1 when the match is over.
        asked: The same as `to_move` says it.
        legal: Legal actions in increasing order; `()` when the match is over.
        rewards: What the last step credited.
        next: Successors made so far, by action: a cache, not part of the value.
    """

    seat: int
    asked: tuple[int, ...]
    legal: tuple[int, ...]
    rewards: tuple[float, ...]
    next: dict[int, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), tuple(getattr(self, f.name) for f in fields(self) if f.init)


N = TypeVar("N", bound=Node)


class Tabular(Game[N]):
    """The rules of such a game. A subclass defines `deals` and `play` in place of `step`, `to_move`, `legal` and `rewards`."""

    @abstractmethod
    def deals(self) -> tuple[tuple[float, N], ...]:
        """The starting states with their probabilities: the same objects at every call."""

    @abstractmethod
    def play(self, state: N, action: int) -> N:
        """The successor of a state by a legal action."""

    def to_move(self, state: N) -> tuple[int, ...]:
        return state.asked

    def legal(self, state: N, seat: int) -> tuple[int, ...]:
        return state.legal

    def rewards(self, state: N) -> tuple[float, ...]:
        return state.rewards

    def step(self, state: N, actions: Mapping[int, Action], rng: np.random.Generator) -> N:
        if len(actions) == 1:  # a successor that was made before; only a true int of the seat to move finds one
            action = actions.get(state.seat)
            if action.__class__ is int:
                made: N | None = state.next.get(action)
                if made is not None:
                    return made
        self.check(state, actions)
        return self.after(state, int(actions[state.seat]))

    def after(self, state: N, action: int) -> N:
        """The remembered successor by a legal action, made when it is first asked for."""
        made: N | None = state.next.get(action)
        if made is None:
            made = state.next[action] = self.play(state, action)
        return made

    def chance(self, state: N | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, N], ...]:
        """The deals, or the one successor of a step."""
        if state is None or actions is None:
            return self.deals()
        self.check(state, actions)
        return ((1.0, self.after(state, int(actions[state.seat]))),)

    def batch(self) -> TableBatch:
        """Array rules by look-up; the tables are filled at the first call."""
        return _table(self)


@dataclass(frozen=True, slots=True)
class Tokens:
    """B matches, each a token on a node of the table.

    Attributes:
        node: Shape (B,), int32, 0 to N - 1.
    """

    node: np.ndarray


class TableBatch(Batch[Tokens]):
    """Array rules of a `Tabular` game: its states numbered, and one table each for successors, masks and rewards.

    Every finished state has a twin that credits nothing, to which it and the twin itself lead under any action.
    """

    def __init__(self, game: Tabular[Any]) -> None:
        space = game.action_space(0)
        assert isinstance(space, gymnasium.spaces.Discrete)
        self.game, self._width = game, int(space.n)
        self._chances = np.array([p for p, _ in game.deals()])
        number: dict[Any, int] = {}
        for _, deal in game.deals():
            number.setdefault(deal, len(number))
        self._deals = np.array([number[deal] for _, deal in game.deals()], np.int32)
        self._states = list(number)
        edges: list[tuple[int, int, int]] = []
        for index, state in enumerate(self._states):  # grows while it is walked: breadth first
            for action in state.legal:
                made = game.after(state, action)
                target = number.setdefault(made, len(number))
                if target == len(self._states):
                    self._states.append(made)
                edges.append((index, action, target))
            if len(number) > _MOST_NODES:
                raise NotSupported(
                    f"{type(game).__name__} has more than {_MOST_NODES:,} states under these options: too many for array rules"
                )
        self._fill(np.array(edges, np.int64))

    def _fill(self, edges: np.ndarray) -> None:
        states = self._states
        over = np.array([not state.asked for state in states])
        twins = np.flatnonzero(over)
        size = len(states)
        twin_of = np.arange(size)
        twin_of[twins] = size + np.arange(len(twins))
        self._original = np.concatenate([np.arange(size), twins])
        self._over = over[self._original]
        self._seat = np.array([state.seat for state in states])[self._original]
        self._next = np.repeat(twin_of[self._original].astype(np.int32)[:, None], self._width, axis=1)
        self._next[edges[:, 0], edges[:, 1]] = edges[:, 2]
        # rows of 1, 2, 4, 8, 16 or 32 bytes are copied several times as fast as others
        self._legal = np.zeros((len(self._original), 1 << (self._width - 1).bit_length()), np.int8)
        self._legal[edges[:, 0], edges[:, 1]] = 1
        self._rewards = np.array([state.rewards for state in states], np.float64)[self._original]
        self._rewards[size:] = 0.0

    @cached_property
    def _observations(self) -> np.ndarray:
        seats = range(self.game.info.seats)
        return np.stack([[self.game.observe(state, seat) for seat in seats] for state in self._states])  # (N, S, ...), without twins

    def start(self, size: int, rng: np.random.Generator) -> Tokens:
        if len(self._deals) == 1:
            return Tokens(np.repeat(self._deals, size))
        return Tokens(rng.choice(self._deals, size, p=self._chances))

    def over(self, state: Tokens) -> np.ndarray:
        return self._over.take(state.node)

    def to_move(self, state: Tokens) -> np.ndarray:
        return self._seat.take(state.node)

    def legal(self, state: Tokens) -> np.ndarray:
        return self._legal.take(state.node, axis=0)[:, : self._width]

    def step(self, state: Tokens, actions: np.ndarray, rng: np.random.Generator) -> Tokens:
        # a finished match may come with any action at all
        chosen = np.minimum(np.maximum(actions, 0), self._width - 1)
        return Tokens(self._next.ravel().take(state.node * self._width + chosen))

    def rewards(self, state: Tokens) -> np.ndarray:
        return self._rewards.take(state.node, axis=0)

    def observe(self, state: Tokens, seats: np.ndarray | int) -> np.ndarray:
        return self._observations[self._original[state.node], seats]

    def unbatch(self, state: Tokens, index: int) -> Any:
        return self._states[self._original[state.node[index]]]


@lru_cache(maxsize=16)
def _table(game: Tabular[Any]) -> TableBatch:
    """Equal games share their tables, which take a moment to fill."""
    return TableBatch(game)

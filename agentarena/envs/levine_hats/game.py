"""Levine's hats: everybody names a black hat on their own head, having seen only the others' stacks.

Lionel Levine's puzzle: each of n players wears an infinite stack of fair black and white hats, sees all stacks but
their own, and all guess a position at the same moment; they win together exactly when every guess names a black hat.
Here the stacks have `height` hats, lowest first.

With `hats="circle"` the hats of a stack depend on each other: read as a ring, half of them stand together and are black. As the ring
grows this is a continuous game, in which naming a position names half of all stacks; its value is exactly 1/2 for any number of players.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option

from .text import HatsText

__all__ = ["LevineHats", "State"]

_LISTED_BITS = 18


@dataclass(frozen=True, slots=True)
class State:
    """A match.

    Attributes:
        stacks: Each seat's own stack, bit i set when the hat at position i is black; 0 to 2**height - 1.
        guesses: The positions named, one a seat; `()` before the guess.
    """

    stacks: tuple[int, ...]
    guesses: tuple[int, ...]


@dataclass(frozen=True)
class LevineHats(Game[State]):
    """The rules. One simultaneous guess; 1 to everybody when all name a black hat, else 0."""

    players: int = option(2, "Number of seats.", low=2, high=16)
    height: int = option(3, "Hats in a stack.", low=1, high=60)
    hats: str = option("coins", "Whether every hat is a coin toss, or the stack is a ring with a black half.", choices=("coins", "circle"))

    presets = {"tall": {"height": 30}, "circle": {"hats": "circle", "height": 60}}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hats == "circle" and self.height % 2:
            raise BadOption(f"LevineHats: a ring has a black half, so its height is even; got {self.height}")

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(
            seats=self.players,
            low=0.0,
            high=1.0,
            unit="win",
            sum="common",
            simultaneous=True,
            lockstep=True,
            hidden=True,
            chance=True,
            max_steps=1,
        )

    @cached_property
    def text(self) -> HatsText:
        return HatsText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(self.height)

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(0, 1, (self.players - 1, self.height), np.int8)

    @cached_property
    def _seats(self) -> tuple[int, ...]:
        return tuple(range(self.players))

    @cached_property
    def _positions(self) -> tuple[int, ...]:
        return tuple(range(self.height))

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Positions, 0 at the bottom; in words they count from 1."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """(players - 1, height) int8, 1 for black: the others' stacks, the next seat's first. The own stack never shows."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return State(tuple([self._drawn(rng) for _ in self._seats]), ())

    def _drawn(self, rng: np.random.Generator) -> int:
        """A stack."""
        return int(rng.integers(1 << self.height)) if self.hats == "coins" else self.ring(int(rng.integers(self.height)))

    def ring(self, first: int) -> int:
        """The stack of a ring whose black half goes up from the position `first`, round the top to the bottom."""
        half, whole = (1 << self.height // 2) - 1, (1 << self.height) - 1
        return (half << first | half >> self.height - first) & whole

    def to_move(self, state: State) -> tuple[int, ...]:
        return () if state.guesses else self._seats

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return self._positions

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        return State(state.stacks, tuple([int(actions[seat]) for seat in self._seats]))

    def rewards(self, state: State) -> tuple[float, ...]:
        won = bool(state.guesses) and all(stack >> guess & 1 for stack, guess in zip(state.stacks, state.guesses, strict=True))
        return (float(won),) * self.players

    def observe(self, state: State, seat: int) -> np.ndarray:
        others = [state.stacks[(seat + step) % self.players] for step in range(1, self.players)]
        return ((np.array(others, np.int64)[:, None] >> np.arange(self.height)) & 1).astype(np.int8)

    def news(self, state: State) -> tuple[Event, ...]:
        if not state.guesses:
            return ()
        stacks = [[stack >> i & 1 for i in range(self.height)] for stack in state.stacks]
        return (Event("reveal", {"guesses": list(state.guesses), "stacks": stacks}),)

    def information(self, state: State, seat: int) -> str:
        stacks = [stack if state.guesses or other != seat else "?" for other, stack in enumerate(state.stacks)]
        return f"{seat}:{','.join(map(str, stacks))}:{','.join(map(str, state.guesses))}"

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """The own stack drawn anew; after the guess everything is known and nothing changes."""
        if state.guesses:
            return state
        own = self._drawn(rng)
        return State((*state.stacks[:seat], own, *state.stacks[seat + 1 :]), ())

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """All stacks, equally likely; raises `NotSupported` when there are more than 2**18."""
        if state is not None and actions is not None:
            return ((1.0, self.step(state, actions, np.random.default_rng(0))),)
        count = (2 if self.hats == "coins" else self.height) ** (self.players * (self.height if self.hats == "coins" else 1))
        if count > 2**_LISTED_BITS:
            raise NotSupported(f"LevineHats: {count:.3g} deals are too many to list; allowed: up to 2**{_LISTED_BITS}")
        stacks = range(1 << self.height) if self.hats == "coins" else [self.ring(first) for first in range(self.height)]
        return tuple((1.0 / count, State(deal, ())) for deal in itertools.product(stacks, repeat=self.players))

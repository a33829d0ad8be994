"""Array rules: B matches of one game stepped at once, for games whose rules are array-shaped.

Axis letters: B matches, S seats, A actions, N parts of a continuous action.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

__all__ = ["Batch", "Bounds"]

T = TypeVar("T")


class Bounds(NamedTuple):
    """What the seats of a continuous game may do: real numbers from `low` to `high`, equal where a seat is not to move.

    Attributes:
        low: Shape (B, N) in turn-taking games, (B, S, N) in simultaneous ones.
        high: The same shape.
    """

    low: Any
    high: Any


class Batch(ABC, Generic[T]):
    """Array rules under one configuration. `T` is a frozen dataclass of arrays whose first axis is B.

    A finished match stays as it is: its actions are ignored and its rewards are 0 from the next step on.

    Arrays are numpy's, or those of the array namespace that the rules were made with (`HasBatch.batch(xp, device)`).
    """

    @abstractmethod
    def start(self, size: int, rng: np.random.Generator) -> T:
        """`size` fresh matches."""

    @abstractmethod
    def over(self, state: T) -> np.ndarray:
        """Which matches are finished, decided or truncated. Shape (B,), bool."""

    def truncated(self, state: T) -> np.ndarray:
        """Which matches the rules cut short (`Game.truncated`). Shape (B,), bool; by default none."""
        return np.zeros(len(self.over(state)), bool)

    @abstractmethod
    def to_move(self, state: T) -> np.ndarray:
        """Who is asked. Shape (B,) int, -1 where over, in turn-taking games; (B, S) bool in simultaneous ones."""

    @abstractmethod
    def legal(self, state: T) -> np.ndarray | Bounds:
        """Mask of the legal actions of the seat to move, int8, shape (B, A), or (B, S, A) in simultaneous games; or `Bounds`."""

    @abstractmethod
    def step(self, state: T, actions: np.ndarray, rng: np.random.Generator) -> T:
        """The states after `actions`, shape (B,) in turn-taking games and (B, S, ...) in simultaneous ones.

        Actions must be legal where a match goes on; this is not checked.
        """

    @abstractmethod
    def rewards(self, state: T) -> np.ndarray:
        """What the step that led here credited. Shape (B, S), float."""

    @abstractmethod
    def observe(self, state: T, seats: np.ndarray | int) -> np.ndarray | dict[str, np.ndarray]:
        """What one seat of each match sees; `seats` has shape (B,) or is one number for all. First axis B."""

    def observe_all(self, state: T) -> np.ndarray | dict[str, np.ndarray]:
        """What every seat sees. First axes (B, S); equal to `observe` seat by seat, which is what it does by default."""
        return _stacked([self.observe(state, seat) for seat in range(self.rewards(state).shape[1])])

    @abstractmethod
    def replace(self, state: T, where: np.ndarray, fresh: T) -> T:
        """`state` with the K matches in `where`, shape (B,) bool, taken in order from `fresh`, which holds K matches:
        how finished ones restart without a full fresh batch."""

    def unbatch(self, state: T, index: int) -> Any:
        """The scalar `Game`'s state of one match, for tests that compare the two rules."""
        raise NotImplementedError(f"{type(self).__name__} does not convert to scalar states")


def _stacked(observations: list[Any]) -> Any:
    """Observations of the seats side by side: leaves of shape (B, ...) become (B, S, ...)."""
    if isinstance(observations[0], dict):
        return {name: _stacked([observation[name] for observation in observations]) for name in observations[0]}
    return np.stack(observations, axis=1)

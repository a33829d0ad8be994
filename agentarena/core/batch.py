"""Array rules: B matches of one game stepped at once, for games whose rules are array-shaped.

Axis letters: B matches, S seats, A actions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import numpy as np

__all__ = ["Batch"]

T = TypeVar("T")


class Batch(ABC, Generic[T]):
    """Array rules under one configuration. `T` is a frozen dataclass of arrays whose first axis is B.

    A finished match stays as it is: its actions are ignored and its rewards are 0 from the next step on.
    """

    @abstractmethod
    def start(self, size: int, rng: np.random.Generator) -> T:
        """`size` fresh matches."""

    @abstractmethod
    def over(self, state: T) -> np.ndarray:
        """Which matches are finished. Shape (B,), bool."""

    @abstractmethod
    def to_move(self, state: T) -> np.ndarray:
        """Who is asked. Shape (B,) int, -1 where over, in turn-taking games; (B, S) bool in simultaneous ones."""

    @abstractmethod
    def legal(self, state: T) -> np.ndarray:
        """Mask of the legal actions of the seat to move. Shape (B, A), or (B, S, A) in simultaneous games; int8."""

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

    @abstractmethod
    def replace(self, state: T, where: np.ndarray, fresh: T) -> T:
        """`state` with the matches in `where`, shape (B,) bool, taken from `fresh`: how finished ones restart."""

    def unbatch(self, state: T, index: int) -> Any:
        """The scalar `Game`'s state of one match, for tests that compare the two rules."""
        raise NotImplementedError(f"{type(self).__name__} does not convert to scalar states")

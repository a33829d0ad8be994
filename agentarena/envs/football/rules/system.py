"""What a differential game with one-sided information consists of: motion and costs, differentiable, for any leading axes.

Everything else here (environments, trees, certificates) is written on this interface, so a new game is one more `System`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np

from agentarena.core.namespace import Arrays

__all__ = ["Motion", "System"]


class Motion(NamedTuple):
    """Where everybody is.

    Attributes:
        position: Shape (..., 2, N, D).
        velocity: Shape (..., 2, N, D).
        alive: Chance that a play of each type still goes on. Shape (..., I).
    """

    position: Any
    velocity: Any
    alive: Any


class System(ABC):
    """Motion and costs of a game in K steps. The informed side pays, the other is paid.

    Functions take arrays of numpy or torch of one namespace, with any leading axes, change none of them, and are differentiable.

    Attributes:
        types: I.
        players: N, of each side.
        dims: D.
        steps: K.
        dt: Length of a step.
    """

    types: int
    players: int
    dims: int
    steps: int
    dt: float

    def constant(self, a: Arrays, name: str, values: np.ndarray, dtype: Any) -> Any:
        """An array of the rules in a namespace, made when it is first needed there."""
        cache = self.__dict__.setdefault("_constants", {})
        key = (name, a.numpy, str(a.device), dtype)
        if key not in cache:
            cache[key] = a.asarray(values, dtype)
        return cache[key]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_constants"}

    @property
    @abstractmethod
    def start(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions and velocities at the start, each (2, N, D)."""

    @property
    @abstractmethod
    def bound(self) -> np.ndarray:
        """Greatest absolute control of each number, shape (2, N, D)."""

    @abstractmethod
    def advance(self, motion: Motion, control: Any) -> tuple[Motion, Any, Any]:
        """A step under controls (..., 2, N, D).

        Returns:
            The motion after the step; the cost that does not depend on the type, (...); and the cost of each type besides, (..., I),
            or `None` where there is none.
        """

    @abstractmethod
    def terminal(self, motion: Motion) -> Any:
        """What each type pays at the horizon, (..., I)."""

    @property
    @abstractmethod
    def reach(self) -> tuple[float, float]:
        """Bounds on the absolute value of any position and velocity."""

    @property
    @abstractmethod
    def costs(self) -> tuple[float, float]:
        """Bounds on the total cost, least and greatest, over all types and plays."""

    least_alive = 0.0
    """The match is over once the chance that the play goes on is below this for all types."""

    @abstractmethod
    def calls(self, side: int) -> tuple[str, ...]:
        """Named ways to play a step, in plain words, for a side."""

    @abstractmethod
    def called(self, call: str, side: int, motion: Motion, step: Any) -> Any:
        """The controls (..., N, D) that a call means now, within the bounds; `step` is an integer array of the leading axes."""

    @abstractmethod
    def type_name(self, number: int) -> str:
        """A type in plain words."""

    @abstractmethod
    def revealing(self, number: int) -> str:
        """The call of the informed side that fits a type best."""

    @property
    @abstractmethod
    def story(self) -> str:
        """What is played, in a sentence or two."""

    @abstractmethod
    def aim(self, side: int) -> str:
        """What a side wants, in a sentence or two."""

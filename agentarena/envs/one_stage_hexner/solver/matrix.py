"""A zero-sum matrix game in which the side that pays knows the type: values, gains from deviating, and when iterations stop.

Axis letters: I types, A actions of the informed side, B actions of the other.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption

__all__ = ["Learning", "OneSidedMatrix", "Profile", "Solution", "Stop", "iterate"]


@dataclass(frozen=True, eq=False)
class OneSidedMatrix:
    """What the informed side pays. A profile is a pair of strategies: `attack` (I, A), each row a distribution; `defence` (B,).

    Attributes:
        costs: Shape (I, A, B).
        prior: Chance of each type, (I,).
    """

    costs: np.ndarray
    prior: np.ndarray

    def __post_init__(self) -> None:
        costs, prior = self.costs, self.prior
        if costs.ndim != 3 or prior.shape != costs.shape[:1] or not np.isfinite(costs).all():
            raise BadOption(f"costs have shape {costs.shape} and the prior {prior.shape}; expected finite (I, A, B) and (I,)")
        if not (prior >= 0).all() or abs(prior.sum() - 1) > 1e-9:
            raise BadOption(f"the prior is {shown(prior.tolist())}; expected chances that add up to 1")

    def attack_costs(self, defence: np.ndarray) -> np.ndarray:
        """What each type pays for each action against a defence, (I, A)."""
        return np.asarray(self.costs @ defence)

    def defence_gains(self, attack: np.ndarray) -> np.ndarray:
        """What each action of the other side is paid against an attack, (B,)."""
        joint = self.prior[:, None] * attack
        return np.asarray(joint.ravel() @ self.costs.reshape(-1, self.costs.shape[2]))

    def value(self, attack: np.ndarray, defence: np.ndarray) -> float:
        """What the informed side pays on average."""
        return float(self.defence_gains(attack) @ defence)

    def gains(self, attack: np.ndarray, defence: np.ndarray) -> tuple[float, float]:
        """What each side gains if it alone switches to its best response, both >= 0 up to rounding. NashConv is their sum."""
        paid, best = self.defence_gains(attack), self.prior @ self.attack_costs(defence).min(1)
        value = float(paid @ defence)
        return value - float(best), float(paid.max()) - value


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solver over grids gives.

    Attributes:
        attack: Strategy of each type, (I, A).
        defence: Strategy of the other side, (B,).
        iterations: How many it took; 0 for a linear program.
        finished: Whether it came as near as it was told to.
    """

    attack: np.ndarray
    defence: np.ndarray
    iterations: int
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """When iterations stop: at the first of these.

    Attributes:
        improvement: What the informed side may still gain by switching to its best response, in the unit of costs.
        iterations: Most of them.
        seconds: Longest time on the clock; it is looked at when the improvement is.
        every: Iterations from one look at the improvement to the next.
    """

    improvement: float = 1e-3
    iterations: int = 100_000
    seconds: float = math.inf
    every: int = 10

    def __post_init__(self) -> None:
        if not self.improvement >= 0 or not self.seconds > 0 or min(self.iterations, self.every) < 1:
            raise BadOption(f"{self}: allowed: improvement from 0, seconds above 0, iterations and every from 1")


Profile = tuple[np.ndarray, np.ndarray]


class Learning(Protocol):
    """A method by iterations."""

    def step(self) -> None:
        """One iteration of both sides."""

    def profile(self) -> Profile:
        """The strategies that it stands for now."""


def iterate(matrix: OneSidedMatrix, learning: Learning, stop: Stop) -> Solution:
    """Iterate until it is time to stop."""
    begin = time.perf_counter()
    for t in range(1, stop.iterations + 1):
        learning.step()
        last = t == stop.iterations
        if not last and t % stop.every:
            continue
        attack, defence = learning.profile()
        finished = matrix.gains(attack, defence)[0] <= stop.improvement
        if finished or last or time.perf_counter() - begin > stop.seconds:
            break
    return Solution(attack, defence, t, finished)

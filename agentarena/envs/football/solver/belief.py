"""An exact program over beliefs: Hexner's game with any number of types, axes and players.

What the informed side's type adds to the cost of the game with a public type depends on the public belief p alone. With
`spread1[a](p)` and `spread2[a](p)` the variances of the sides' targets on axis a, and `d1[k, a]`, `d2[k, a]` what a side pays in step k for aiming at the mean
target (`linear_quadratic.shares`, differences), it obeys, backwards from W[K] = 0,

    split   W[k](p) = Vex [ sum over a of (d1[k, a] spread1[a] - d2[k, a] spread2[a]) + W[k + 1] ](p)
    sim     W[k](p) = Vex [ sum over a of  d1[k, a] spread1[a] + W[k + 1] ](p) - sum over a of d2[k, a] spread2[a](p)

`Vex` is the convex envelope: the informed side splits the belief. It is computed on a lattice of beliefs, exactly where the
envelope's corners are lattice points, as they are when a split reveals the type. Source: Cardaliaguet (2007) for the envelope;
the reduction to beliefs for linear-quadratic games is derived for this project.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agentarena.core.errors import BadOption
from agentarena.envs.football.rules.linear_quadratic import Discretization, shares
from agentarena.envs.football.rules.quadratic import QuadraticSystem
from agentarena.envs.football.state import ATTACK, DEFENCE

__all__ = ["BeliefProgram", "Split", "lattice", "spread"]

MOST_BELIEFS = 200_000
_FLAT = 1e-13
"""Values closer than this to the envelope lie on it."""


@dataclass(frozen=True, slots=True)
class Split:
    """How the informed side moves the public belief.

    Attributes:
        weights: Probability of each posterior, shape (J,).
        posteriors: The posteriors, shape (J, I). J is at most I.
    """

    weights: np.ndarray
    posteriors: np.ndarray


class BeliefProgram:
    """What hidden types are worth in a linear-quadratic game.

    Args:
        system: The game; controls must not be so large that its bounds cut them.
        discretization: Who sees what within a step.
        fineness: Beliefs are multiples of 1 / fineness.

    Attributes:
        beliefs: The lattice, shape (N, I).
        values: W at each step and belief, shape (steps + 1, N).
    """

    def __init__(self, system: QuadraticSystem, discretization: Discretization = "split", fineness: int = 400) -> None:
        self.system, self.fineness, steps = system, fineness, system.steps
        self.beliefs = lattice(system.types, fineness)
        price = system.scale * np.diff(shares(system.weights, steps, system.horizon), axis=0)
        informed, other = (spread(system, self.beliefs, side) @ price[:, side].reshape(steps, -1).T for side in (ATTACK, DEFENCE))
        self.values, self._unsplit = np.zeros((steps + 1, len(self.beliefs))), np.zeros((steps, len(self.beliefs)))
        answers = discretization == "split"
        for k in reversed(range(steps)):
            self._unsplit[k] = informed[:, k] + self.values[k + 1] - answers * other[:, k]
            self.values[k] = envelope(self.beliefs, self._unsplit[k]) - (not answers) * other[:, k]

    def value(self, p: Sequence[float], step: int = 0) -> float:
        """W at a belief; between lattice points that of the best mixture of them."""
        corners, weights = _carrier(self.beliefs, self.values[step], np.asarray(p, np.float64))
        return float(weights @ self.values[step][corners])

    def split(self, p: Sequence[float], step: int) -> Split:
        """The informed side's best split of belief `p` at `step`; one posterior, `p` itself, where it conceals."""
        belief = np.asarray(p, np.float64)
        corners, weights = _carrier(self.beliefs, self._unsplit[step], belief)
        nearest = int(np.argmin(np.abs(self.beliefs - belief).sum(1)))
        on_lattice = np.allclose(self.beliefs[nearest], belief)
        concealed = self._unsplit[step][nearest] <= weights @ self._unsplit[step][corners] + _FLAT
        near = np.abs(self.beliefs[corners] - belief).max() <= 1 / self.fineness
        return Split(np.ones(1), belief[None]) if (concealed if on_lattice else near) else Split(weights, self.beliefs[corners])


def spread(system: QuadraticSystem, beliefs: np.ndarray, side: int) -> np.ndarray:
    """Variance of a side's targets under each belief, (N, I) -> (N, players * dims)."""
    targets = system.targets[:, side].reshape(system.types, -1)
    return np.maximum(beliefs @ targets**2 - (beliefs @ targets) ** 2, 0.0)


def lattice(types: int, fineness: int) -> np.ndarray:
    """All beliefs over `types` types that are multiples of 1 / fineness, shape (N, types), in lexicographic order.

    Raises:
        BadOption: There would be too many.

    >>> len(lattice(3, 30))
    496
    """
    count = 1
    for i in range(1, types):
        count = count * (fineness + i) // i
    if types < 1 or fineness < 1 or count > MOST_BELIEFS:
        raise BadOption(
            f"{types} types in steps of 1/{fineness} are {count:,} beliefs; allowed: at least one type, at most {MOST_BELIEFS:,} beliefs"
        )
    bars = np.array(list(itertools.combinations(range(fineness + types - 1), types - 1)), np.int64).reshape(count, types - 1)
    edges = np.concatenate([np.full((count, 1), -1), bars, np.full((count, 1), fineness + types - 1)], axis=1)
    return (np.diff(edges, axis=1) - 1) / fineness


def envelope(beliefs: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The greatest convex function below `values`, at the same beliefs: (N, I) and (N,) -> (N,)."""
    if beliefs.shape[1] == 1:
        return values.copy()
    if beliefs.shape[1] == 2:
        corners = _lower_chain(beliefs[:, 0], values)
        return np.minimum(np.interp(beliefs[:, 0], beliefs[corners, 0], values[corners]), values)
    planes = _lower_planes(beliefs, values)
    if planes is None:
        return values.copy()
    result = np.full(len(values), -np.inf)
    for rows in np.array_split(planes, max(1, len(planes) * len(values) // 10_000_000)):
        result = np.maximum(result, (beliefs[:, :-1] @ rows[:, :-1].T + rows[:, -1]).max(1))
    return np.minimum(result, values)


def _lower_chain(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Indices of the lower convex hull of points sorted by x (Andrew's monotone chain)."""
    chain: list[int] = []
    for i in range(len(x)):
        while len(chain) > 1:
            a, b = chain[-2:]
            if (x[b] - x[a]) * (y[i] - y[a]) - (y[b] - y[a]) * (x[i] - x[a]) > 0:
                break
            chain.pop()
        chain.append(i)
    return np.array(chain)


def _lower_planes(beliefs: np.ndarray, values: np.ndarray) -> np.ndarray | None:
    """The planes z = g . p[:-1] + h of the lower hull, rows (g, h); `None` where all values lie in one plane."""
    from scipy.spatial import ConvexHull, QhullError

    scale = float(np.ptp(values)) or 1.0
    points = np.column_stack([beliefs[:, :-1], values / scale])
    try:
        equations = ConvexHull(points).equations
    except QhullError:
        return None
    lower = equations[equations[:, -2] < -1e-9]
    return -scale * np.column_stack([lower[:, :-2], lower[:, -1]]) / lower[:, -2:-1]


def _carrier(beliefs: np.ndarray, values: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lattice points, at most I, whose mixture is `p` at the least mean value, and their weights (a linear program)."""
    from scipy.optimize import linprog

    solution = linprog(values, A_eq=beliefs.T, b_eq=p, bounds=(0, None), method="highs-ds")
    if not solution.success:
        raise BadOption(f"{p.tolist()} is not a belief over {beliefs.shape[1]} types: {solution.message}")
    corners = np.flatnonzero(solution.x > 1e-12)
    return corners, solution.x[corners] / solution.x[corners].sum()

"""Nash equilibria of two-player general-sum tables: all supports where they are few, Lemke and Howson's paths where they are many."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.envs.matrix.solver import equilibria

__all__ = ["best_equilibrium", "lemke_howson"]

FEW = 6
"""Most policies a player whose supports are all tried."""
_LEVEL = 1e-9


def best_equilibrium(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the equilibria that are found, the one of greatest total payoff; of equal ones that of largest entropy, then the first.

    With at most `FEW` policies a player all pairs of equally large supports are tried; else, and where that finds none, the ends of
    Lemke and Howson's path from every label are compared. There may be equilibria that neither finds.

    Args:
        first: Shape (S_1, S_2), payoffs of player 1.
        second: Shape (S_1, S_2), payoffs of player 2.

    >>> [mixture.tolist() for mixture in best_equilibrium(np.array([[4.0, 0], [3, 3]]), np.array([[4.0, 3], [0, 3]]))]
    [[1.0, 0.0], [1.0, 0.0]]
    """
    pairs = equilibria(np.stack([first, second], axis=-1)) if max(first.shape) <= FEW else []
    pairs = pairs or [lemke_howson(first, second, label) for label in range(sum(first.shape))]
    spread = (np.ptp(first) + np.ptp(second)) or 1.0

    def merit(pair: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
        row, column = pair
        welfare = float(row @ (first + second) @ column) / spread
        return round(welfare / _LEVEL) * _LEVEL, round(_entropy(row) + _entropy(column), 9)

    return max(pairs, key=merit)


def _entropy(mixture: np.ndarray) -> float:
    played = mixture[mixture > 0]
    return -float(played @ np.log(played))


def lemke_howson(first: np.ndarray, second: np.ndarray, label: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The equilibrium at the end of the path that begins by dropping `label`, in exact fractions.

    Labels 0 to S_1 - 1 are policies of player 1, the next S_2 those of player 2. Ties are broken lexicographically, so that the path
    ends also in degenerate games.

    Raises:
        NotSupported: The path does not end within 100,000 steps.

    Reference: C. E. Lemke and J. T. Howson, Journal of the SIAM 12 (1964); the tableaux after B. von Stengel in "Algorithmic Game
    Theory" (2007), section 3.4; read second-hand.

    >>> [mixture.tolist() for mixture in lemke_howson(np.array([[3.0, 0], [0, 2]]), np.array([[2.0, 0], [0, 3]]), 0)]
    [[1.0, 0.0], [1.0, 0.0]]
    """
    rows, columns = first.shape
    # the first tableau bounds x (player 1) by player 2's payoffs, the second bounds y; payoffs are made positive
    tableaux = (
        _Tableau((second - second.min() + 1).T, range(rows, rows + columns), range(rows)),
        _Tableau(first - first.min() + 1, range(rows), range(rows, rows + columns)),
    )
    entering, side = label, 0 if label < rows else 1
    for _ in range(100_000):
        entering = tableaux[side].enter(entering)
        if entering == label:
            return tableaux[0].mixture(range(rows)), tableaux[1].mixture(range(rows, rows + columns))
        side = 1 - side
    raise NotSupported(f"no equilibrium of the table of shape {first.shape} within 100,000 steps of Lemke and Howson's path")


class _Tableau:
    """slack + payoffs @ strategy = 1, with variables named by label; `basis[r]` is the label of row r's basic variable."""

    def __init__(self, payoffs: np.ndarray, slacks: range, strategy: range) -> None:
        self.basis = list(slacks)
        self.is_slack = [True] * len(slacks)
        count = len(slacks)
        self.columns = {(label, True): place for place, label in enumerate(slacks)}
        self.columns.update({(label, False): count + place for place, label in enumerate(strategy)})
        self.table = [
            [Fraction(int(r == c)) for c in range(count)] + [Fraction(float(value)) for value in line] + [Fraction(1)]
            for r, line in enumerate(payoffs)
        ]
        self.slacks = count

    def enter(self, label: int) -> int:
        """Bring the variable of `label` that is not basic into the basis; the label of the one that leaves."""
        key = next((label, slack) for slack in (True, False) if (label, slack) in self.columns and not self._basic(label, slack))
        column = self.columns[key]
        candidates = [r for r, row in enumerate(self.table) if row[column] > 0]
        leaving = min(candidates, key=lambda r: [self.table[r][c] / self.table[r][column] for c in (-1, *range(self.slacks))])
        pivot = self.table[leaving][column]
        self.table[leaving] = [value / pivot for value in self.table[leaving]]
        for r, row in enumerate(self.table):
            if r != leaving and row[column]:
                factor = row[column]
                self.table[r] = [value - factor * other for value, other in zip(row, self.table[leaving], strict=True)]
        left = self.basis[leaving]
        self.basis[leaving], self.is_slack[leaving] = key
        return left

    def _basic(self, label: int, slack: bool) -> bool:
        return (label, slack) in zip(self.basis, self.is_slack, strict=True)

    def mixture(self, labels: range) -> np.ndarray:
        """The strategy at this corner, scaled to a distribution."""
        values = {label: row[-1] for label, slack, row in zip(self.basis, self.is_slack, self.table, strict=True) if not slack}
        total = sum(values.values())
        return np.array([float(values.get(label, Fraction(0)) / total) for label in labels])

"""Population methods on matrix games, where a best response is a row or a column: fictitious play and double oracle.

Axis letters: R rows, C columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import NotSupported, UsageError
from agentarena.evaluate.nash import ZeroSum, solve_zero_sum

__all__ = ["DoubleOracle", "double_oracle", "matrix_fictitious_play"]


class DoubleOracle(NamedTuple):
    """How double oracle ended.

    Attributes:
        solution: The equilibrium, in the whole game.
        iterations: Restricted games that were solved.
        rows: Rows of the last restricted game, in the order in which they came.
        columns: Its columns.
        gap: What the players could still gain in all.
    """

    solution: ZeroSum
    iterations: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    gap: float


def double_oracle(payoffs: npt.ArrayLike, *, tolerance: float = 1e-8, iterations: int = 100_000) -> DoubleOracle:
    """Solve a zero-sum game through ever larger parts of it: each player adds a best response to the part's equilibrium.

    It begins with row 0 and column 0 and ends when neither player gains more than `tolerance` (times the range of the payoffs), or when
    both best responses are in the part already.

    Args:
        payoffs: Shape (R, C), the row player's.
        tolerance: See above.
        iterations: Most restricted games.

    Raises:
        NotSupported: It did not end within `iterations`.

    Reference: H. B. McMahan, G. J. Gordon and A. Blum, "Planning in the presence of cost functions controlled by an adversary" (2003).

    >>> round(double_oracle([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]).solution.value, 9)
    0.0
    """
    table = np.asarray(payoffs, np.float64)
    if table.ndim != 2 or 0 in table.shape:
        raise UsageError(f"payoffs must be a matrix, got shape {table.shape}")
    rows, columns = [0], [0]
    for iteration in range(1, iterations + 1):
        value, own, other = solve_zero_sum(table[np.ix_(rows, columns)])
        row, column = np.zeros(len(table)), np.zeros(table.shape[1])
        row[rows], column[columns] = own, other
        against_column, against_row = table @ column, row @ table
        best_row, best_column = int(against_column.argmax()), int(against_row.argmin())
        gap = float(against_column[best_row] - against_row[best_column])
        new = best_row not in rows or best_column not in columns
        if gap <= tolerance * (np.ptp(table) or 1.0) or not new:
            return DoubleOracle(ZeroSum(value, row, column), iteration, tuple(rows), tuple(columns), gap)
        rows += [best_row] if best_row not in rows else []
        columns += [best_column] if best_column not in columns else []
    raise NotSupported(f"double oracle did not end within {iterations} iterations; allow more")


def matrix_fictitious_play(payoffs: npt.ArrayLike, checkpoints: Sequence[int]) -> dict[int, float]:
    """NashConv of the average play of simultaneous fictitious play (G. W. Brown, 1951), after each of some rounds.

    Both begin with their first action; each round both play the best response to the other's average so far, the lowest of equal ones.
    Averages are floats, as in the published figures: where two actions are level but for rounding, rounding chooses. With whole numbers
    rock-paper-scissors has .042 and .0134 after 1,000 and 10,000 rounds, not .028 and .008.

    Args:
        payoffs: Shape (R, C), zero-sum, the row player's.
        checkpoints: Rounds after which the figure is taken, from 1.

    >>> matrix_fictitious_play([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], [1, 10])
    {1: 2.0, 10: 0.4}
    """
    table = np.asarray(payoffs, np.float64)
    if table.ndim != 2 or 0 in table.shape or not checkpoints or min(checkpoints) < 1:
        raise UsageError(f"need a matrix and checkpoints from 1, got shape {table.shape} and {list(checkpoints)[:5]}")
    wanted, gaps = set(checkpoints), {}
    rows, columns = np.zeros(len(table)), np.zeros(table.shape[1])
    row = column = 0
    for t in range(1, max(wanted) + 1):
        rows[row] += 1
        columns[column] += 1
        against_column, against_row = table @ (columns / t), (rows / t) @ table
        if t in wanted:
            gaps[t] = float(against_column.max() - against_row.min())
        row, column = int(against_column.argmax()), int(against_row.argmin())
    return gaps

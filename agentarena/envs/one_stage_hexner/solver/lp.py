"""An exact equilibrium of a matrix game with one informed side, by linear programming (HiGHS)."""

from __future__ import annotations

import numpy as np

from agentarena.core.errors import ArenaError

from .matrix import OneSidedMatrix, Solution

__all__ = ["solve_lp"]


def solve_lp(matrix: OneSidedMatrix) -> Solution:
    """Both sides' equilibrium, exact up to the solver's tolerance (about 1e-9).

    With x[i, a] the chance that the type is i and it plays a, and v the value:

        minimise v  subject to  sum over i, a of x[i, a] cost[i, a, b] <= v for each b,  sum over a of x[i, a] = prior[i],  x >= 0

    The other side's strategy is the dual solution of the first rows. A type without a chance plays its best response to it.

    Raises:
        ArenaError: The program was not solved.

    >>> pennies = OneSidedMatrix(np.array([[[1.0, -1.0], [-1.0, 1.0]]]), np.ones(1))
    >>> solution = solve_lp(pennies)
    >>> solution.attack.round(6).tolist(), solution.defence.round(6).tolist()
    ([[0.5, 0.5]], [0.5, 0.5])
    """
    from scipy.optimize import linprog

    types, width, answers = matrix.costs.shape
    rows = matrix.costs.reshape(types * width, answers).T
    result = linprog(
        np.append(np.zeros(types * width), 1.0),
        A_ub=np.column_stack([rows, -np.ones(answers)]),
        b_ub=np.zeros(answers),
        A_eq=np.column_stack([np.repeat(np.eye(types), width, axis=1), np.zeros(types)]),
        b_eq=matrix.prior,
        bounds=[(0, None)] * (types * width) + [(None, None)],
        method="highs",
    )
    if result.status != 0:
        raise ArenaError(f"the linear program of {types} x {width} x {answers} costs was not solved: {result.message}")
    defence = np.maximum(-result.ineqlin.marginals, 0.0)
    defence /= defence.sum()
    joint = np.maximum(result.x[:-1], 0.0).reshape(types, width)
    best = np.eye(width)[matrix.attack_costs(defence).argmin(1)]
    total = joint.sum(1, keepdims=True)
    return Solution(np.where(total > 0, joint / np.where(total > 0, total, 1.0), best), defence, 0, True)

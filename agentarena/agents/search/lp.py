"""Exact equilibria of two-seat zero-sum games by linear programming over the sequence form."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from agentarena.core.errors import ArenaError, NotSupported
from agentarena.core.game import Game
from agentarena.core.registry import game as game_of

from .tabular import Solution
from .tree import MAX_HISTORIES, Side, tree_of

__all__ = ["solve_lp"]

_NASH_CONV = 1e-6
"""Most that a solution may leave to gain, in units of the range of returns that it comes to."""


def solve_lp(game: Game[Any] | str, *, max_histories: int = MAX_HISTORIES) -> Solution:
    """A Nash equilibrium of a two-seat zero-sum game, exact up to the solver's tolerance (about 1e-9).

    With realisation weights x of seat 0 (the product of its policy on the way to each slot), payoffs A of seat 0 and
    one price v a set of seat 1 (v[root] is the value of the game):

        maximise v[root]  subject to  E x = e,  x >= 0,
        and for each slot q of seat 1:  v[set of q] <= (x' A)[q] + sum of v over the sets right after q

    The equilibrium of seat 1 is the dual solution of the last rows. A set that its own seat never reaches gets a uniform row. Returns
    are shifted and scaled to [-1, 1] first, and what the solver gives is checked.

    Args:
        game: Rules or an environment's id.
        max_histories: Largest game that is built.

    Raises:
        NotSupported: Not two seats, not zero- or constant-sum, not listable (see `solve`), or with returns of too different sizes
            for the solver.

    Reference: D. Koller, N. Megiddo, B. von Stengel, STOC 1994.
    """
    from scipy.optimize import linprog
    from scipy.sparse import coo_array, hstack

    rules = game_of(game)
    if rules.info.seats != 2 or rules.info.sum not in ("zero", "constant"):
        raise NotSupported(f"solve_lp needs two seats and a zero sum; {type(rules).__name__} has {rules.info.seats}, {rules.info.sum}-sum")
    tree = tree_of(rules, max_histories).recalling()
    mine, other = tree.sides
    returns = tree.payoffs[:, 0] / tree.chance
    middle = returns.min() / 2 + returns.max() / 2
    scale = float(returns.max() - middle) or 1.0
    unit = tree.chance * ((returns - middle) / scale)
    scaled = dataclasses.replace(tree, payoffs=np.stack([unit, -unit], axis=1))
    payoffs = coo_array((unit, (tree.last[:, 1], tree.last[:, 0])), shape=(other.size, mine.size))
    flow, start = _flow(mine)
    prices = _flow(other)[0].T  # row q: +1 at the price of q's own set (the root's for slot 0), -1 at those right after q
    count = mine.size + prices.shape[1]
    objective = np.zeros(count)
    objective[mine.size] = -1.0
    result = linprog(
        objective,
        A_ub=hstack([-payoffs, prices]).tocsr(),
        b_ub=np.zeros(other.size),
        A_eq=hstack([flow, coo_array((flow.shape[0], prices.shape[1]))]).tocsr(),
        b_eq=start,
        bounds=[(0, None)] * mine.size + [(None, None)] * prices.shape[1],
        method="highs",
    )
    if result.status != 0:
        raise ArenaError(f"the linear program of {type(rules).__name__} was not solved: {result.message}")
    policies = [mine.normalised(np.maximum(result.x[: mine.size], 0.0)), other.normalised(np.maximum(-result.ineqlin.marginals, 0.0))]
    left, reached = (
        scaled.nash_conv(policies) * scale,
        scaled.others(-1, [side.reach(p) for side, p in zip(tree.sides, policies, strict=True)]) > 0,
    )
    if not left <= _NASH_CONV * np.ptp(returns[reached]) + 1e-12 * scale:
        raise NotSupported(
            f"{type(rules).__name__}: the solution found leaves {left:.3g} to gain; returns from {returns.min():g} to {returns.max():g} are "
            "of too different sizes for solve_lp. One round of a matrix is solved by agentarena.evaluate.solve_zero_sum"
        )
    tables = tuple(side.table(policy) for side, policy in zip(tree.sides, policies, strict=True))
    return Solution(tables, tuple(tree.returns(policies).tolist()), {0: left})


def _flow(side: Side) -> tuple[Any, np.ndarray]:
    """The rows of "a set's weights add up to the weight of its parent", the root's weight 1 first; and their right side."""
    from scipy.sparse import coo_array

    sets = np.arange(1, len(side.sets) + 1)
    parents = np.array([info_set.parent for info_set in side.sets], np.intp)
    rows = np.concatenate(([0], np.repeat(sets, side.counts), sets))
    columns = np.concatenate(([0], np.arange(1, side.size), parents))
    signs = np.concatenate((np.ones(side.size), -np.ones(len(sets))))
    right = np.zeros(len(sets) + 1)
    right[0] = 1.0
    return coo_array((signs, (rows, columns)), shape=(len(sets) + 1, side.size)), right

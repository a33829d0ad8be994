"""Equilibria of tables: two-player zero-sum games, and Nash averaging of a field of agents.

Tables of up to `EXACT_WORK` are solved in whole numbers, without rounding (`_matrix_game`); larger ones by HiGHS through scipy, and
what it gives is checked. The entropy step is Newton's method here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from agentarena.core.display import shown
from agentarena.core.errors import NotSupported, UsageError

from ._matrix_game import MatrixGameTableau

__all__ = ["NashAverage", "ZeroSum", "nash_average", "solve_zero_sum"]

EXACT_WORK = 64_000
"""Largest rows x columns x the fewer of them that is solved in whole numbers: 40 x 40 takes a few seconds. Where the payoffs span more
than 60 decades it is less."""
_SUPPORT = 1e-6
"""A strategy that no equilibrium plays more often than this is not part of one, where HiGHS decides (its tolerance is 1e-7)."""
_GAP = 1e-9
"""Most that a strategy from HiGHS may leave to gain, in units of the range of the payoffs that it plays for."""
_RESIDUAL = 1e-9
"""Most by which the distribution of largest entropy may miss a constraint, in units of the constraint's largest payoff."""


class ZeroSum(NamedTuple):
    """An equilibrium of a two-player zero-sum game.

    Attributes:
        value: What the row player gets.
        row: Shape (R,), the row player's strategy; adds up to 1.
        column: Shape (C,), the column player's.
    """

    value: float
    row: np.ndarray
    column: np.ndarray


class NashAverage(NamedTuple):
    """Result of `nash_average`.

    Attributes:
        distribution: Shape (P,): how much each agent belongs to the field that nobody beats; adds up to 1.
        skill: Shape (P,): result of each agent against that field, at most 0; 0 for its members.
        entropy: Of the distribution, in nats.
    """

    distribution: np.ndarray
    skill: np.ndarray
    entropy: float


def _finite(payoffs: npt.ArrayLike, square: bool = False) -> np.ndarray:
    """The payoffs as a finite matrix of floats."""
    kind = "square matrix" if square else "matrix"
    try:
        table = np.asarray(payoffs)
        if table.dtype.kind not in "biuf":
            raise ValueError(f"entries of type {table.dtype}")
        table = table.astype(np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError(f"payoffs must be a {kind} of numbers, got {shown(payoffs, 100)} ({error})") from None
    if table.ndim != 2 or 0 in table.shape or (square and table.shape[0] != table.shape[1]):
        raise UsageError(f"payoffs must be a {kind}, got shape {table.shape}")
    if not np.isfinite(table).all():
        place = tuple(map(int, np.argwhere(~np.isfinite(table))[0]))
        raise UsageError(f"payoffs must be finite, got {table[place]} at {place}")
    return table


def _is_small(table: np.ndarray) -> bool:
    """Whether whole numbers are quick; payoffs of very different sizes make long ones."""
    _, exponents = np.frexp(table[table != 0])
    bits = 53 + int(np.ptp(exponents)) if len(exponents) else 1
    return table.size * min(table.shape) * max(1.0, bits / 256) ** 1.5 <= EXACT_WORK


def _linprog(objective: np.ndarray, upper: np.ndarray, equal: np.ndarray, bounds: list[tuple[float | None, float | None]]) -> np.ndarray:
    """argmin objective x over upper x <= 0, equal x = 1 and bounds."""
    from scipy.optimize import linprog

    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    solution: Any = linprog(objective, upper, np.zeros(len(upper)), equal[None], np.ones(1), bounds, method="highs", options=tight)
    if not solution.success:
        raise NotSupported(f"the linear program was not solved: {solution.message}")
    return np.asarray(solution.x)


def solve_zero_sum(payoffs: npt.ArrayLike) -> ZeroSum:
    """What two perfect players get from a matrix game, and how they play it.

        value = max_row min_column row^T A column

    Where there are several equilibria this is one of them, at a corner; `nash_average` gives the middle one. Neither a constant
    added to all payoffs nor payoffs of very different sizes change the strategies: small games are solved without rounding.

    Args:
        payoffs: Shape (R, C), the row player's payoffs.

    Raises:
        UsageError: The payoffs are no finite matrix.
        NotSupported: A large game (see `EXACT_WORK`) with payoffs of too different sizes for the solver.

    Reference: J. von Neumann, Mathematische Annalen 100 (1928).

    >>> solution = solve_zero_sum([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    >>> abs(round(solution.value, 6)), solution.row.round(4).tolist()
    (0.0, [0.3333, 0.3333, 0.3333])
    """
    table = _finite(payoffs)
    if _is_small(table):
        tableau = MatrixGameTableau(table)
        return ZeroSum(float(tableau.value), np.array(tableau.row(), np.float64), np.array(tableau.column(), np.float64))
    middle = table.min() / 2 + table.max() / 2
    scale = float(table.max() - middle) or 1.0
    unit = (table - middle) / scale
    row, column = _maximin(unit), _maximin(-unit.T)
    gap = float((unit @ column).max() - (row @ unit).min())
    played = unit[np.ix_(row > 0, column > 0)]
    if not gap <= _GAP * np.ptp(played) + 1e-15:
        raise NotSupported(
            f"the game of shape {table.shape} was not solved: a player could still gain {gap * scale:.3g}; its payoffs, from "
            f"{table.min():g} to {table.max():g}, are of too different sizes for one of more than {EXACT_WORK} (rows x columns x the fewer)"
        )
    return ZeroSum(float(row @ unit @ column) * scale + middle, row, column)


def _maximin(table: np.ndarray) -> np.ndarray:
    rows, columns = table.shape
    upper = np.hstack([-table.T, np.ones((columns, 1))])  # value - (row^T A)_c <= 0
    bounds: list[tuple[float | None, float | None]] = [(0.0, None)] * rows + [(None, None)]
    strategy = _linprog(np.append(np.zeros(rows), -1.0), upper, np.append(np.ones(rows), 0.0), bounds)[:rows]
    strategy = np.where(strategy > 1e-12, strategy, 0.0)
    return np.asarray(strategy / strategy.sum())


def nash_average(payoffs: npt.ArrayLike) -> NashAverage:
    """How good each agent is against the field that matters, so that entering an agent twice, or many easy ones, changes nothing.

        p = argmax -sum_i p_i ln p_i  over  p >= 0, sum p = 1, A p <= 0;     skill = A p

    p is the symmetric equilibrium of largest entropy; it is unique. It may put most weight on an agent that no rating puts
    first: report it beside alpha-Rank and Bradley-Terry, not instead.

    Args:
        payoffs: A, shape (P, P), antisymmetric (to 1e-9 of each entry, and to rounding of the largest): A[i, j] is by how much
            i beats j, e.g. 2 w - 1 or ln(w / (1 - w)) of win shares w.

    Raises:
        UsageError: The table is not square, finite and antisymmetric.
        NotSupported: The solver did not converge.

    Reference: D. Balduzzi, K. Tuyls, J. Perolat and T. Graepel, "Re-evaluating evaluation", NeurIPS 2018.

    >>> average = nash_average([[0, 1, -1, -1], [-1, 0, 1, 1], [1, -1, 0, 0], [1, -1, 0, 0]])   # scissors entered twice
    >>> average.distribution.round(4).tolist()
    [0.3333, 0.3333, 0.1667, 0.1667]
    """
    table = _finite(payoffs, square=True)
    scale = float(np.abs(table).max())
    off = np.abs(table / 2 + table.T / 2)
    if (off > 1e-9 * np.abs(table / 2) + 4e-15 * scale).any():
        raise UsageError("payoffs must be antisymmetric (A = -A^T); turn win shares w into 2 w - 1")
    if scale == 0:
        return NashAverage(np.full(len(table), 1 / len(table)), np.zeros(len(table)), float(np.log(len(table))))
    table = table / 2 - table.T / 2
    support, only = _corners(table) if _is_small(table) else (_support(table / scale), None)
    distribution = np.zeros(len(table)) if only is None else only
    if only is None:
        distribution[support] = _most_even(table, support)
    skill = np.minimum(table @ distribution, 0.0)
    skill[support] = 0.0  # members are level with the field, up to rounding
    played = distribution[distribution > 0]
    return NashAverage(distribution, skill, abs(float((played * np.log(played)).sum())))


def _corners(table: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The strategies that some equilibrium plays, exactly; and the equilibrium itself, where there is but one."""
    tableau = MatrixGameTableau(table)
    first = tableau.column()
    support, unique = np.array([share > 0 for share in first]), True
    for strategy in range(len(table)):
        tableau.maximise(strategy)
        corner = tableau.column()
        unique &= corner[strategy] == first[strategy]
        support |= [share > 0 for share in corner]
    return np.flatnonzero(support), np.array(first, np.float64) if unique else None


def _support(table: np.ndarray) -> np.ndarray:
    """The same by linear programs: each strategy's largest share."""
    count = len(table)
    bounds: list[tuple[float | None, float | None]] = [(0.0, None)] * count
    support = np.zeros(count, bool)
    for strategy in range(count):
        if not support[strategy]:
            equilibrium = _linprog(-np.eye(count)[strategy], table, np.ones(count), bounds)
            support |= equilibrium > _SUPPORT
    return np.flatnonzero(support)


def _most_even(table: np.ndarray, support: np.ndarray) -> np.ndarray:
    """The distribution of largest entropy among the equilibria on `support`.

    Members of the support are level against every equilibrium; agents outside it must not win, which is an inequality.
    The dual is  min_y ln sum_i exp(-(B^T y)_i),  B the rows of those constraints, y >= 0 for the inequalities.
    """
    from scipy.optimize import minimize

    outside = np.setdiff1d(np.arange(len(table)), support)
    rows = np.vstack([table[np.ix_(support, support)], table[np.ix_(outside, support)]])
    largest = np.abs(rows).max(axis=1, keepdims=True)
    rows = rows / np.where(largest > 0, largest, 1.0)  # each constraint in its own unit
    equalities = len(support)

    def dual(y: np.ndarray) -> tuple[float, np.ndarray]:
        exponents = -(rows.T @ y)
        top = exponents.max()
        weights = np.exp(exponents - top)
        total = weights.sum()
        return float(top + np.log(total)), -(rows @ (weights / total))

    bounds = [(None, None)] * equalities + [(0.0, None)] * len(outside)
    rough = minimize(
        dual, np.zeros(len(rows)), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-10}
    )
    active = np.append(np.ones(equalities, bool), rough.x[equalities:] > 1e-6)
    distribution = _polish(rows[active], rough.x[active])
    if (won := float((rows[equalities:] @ distribution).max(initial=0.0))) > _RESIDUAL:
        raise NotSupported(
            f"the equilibrium of largest entropy was not reached (an agent outside it wins by {won:.1e} of its largest margin)"
        )
    return distribution


def _polish(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Newton's method on the dual with the active constraints as equalities. Returns the distribution."""
    for _ in range(100):
        exponents = -(rows.T @ y)
        p = np.exp(exponents - exponents.max())
        p /= p.sum()
        residual = rows @ p
        if np.abs(residual).max() < 1e-15:
            break
        hessian = (rows * p) @ rows.T - np.outer(residual, residual)
        step = np.linalg.pinv(hessian, rcond=1e-12, hermitian=True) @ residual
        y = y + step / max(1.0, np.abs(step).max() / 5)
        if np.abs(step).max() < 1e-14 * max(1.0, np.abs(y).max()):
            break
    if np.abs(rows @ p).max() > _RESIDUAL:
        raise NotSupported(
            f"the equilibrium of largest entropy was not reached (residual {np.abs(rows @ p).max():.1e}); are payoffs nearly tied?"
        )
    return np.asarray(p)

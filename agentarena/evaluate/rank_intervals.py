"""How far alpha-Rank can move within the errors of its payoffs: exact bounds, not resampled ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import UsageError

from ._stationary import Rates, stationary
from .arguments import finite_array, number

__all__ = ["alpharank_bounds"]

_STEPS = 100


def alpharank_bounds(low: npt.ArrayLike, high: npt.ArrayLike, *, epsilon: float = 0.01) -> np.ndarray:
    """The least and the largest share each strategy of one population can have, for payoffs anywhere in their intervals.

    At infinite alpha only the sign of each margin matters. Margins whose interval holds 0 may point either way; these
    bounds are over all 2^k ways, found in polynomial time. For strategy s let V(x) be the expected time to reach s from x:
    the share of s is 1 / E[time to return to s], and is largest when every uncertain margin favours the side of smaller
    V, smallest when it favours the larger. V and the signs are improved in turn until they agree (policy iteration).

    Args:
        low: Shape (S, S), lower ends of the margins M[r, s] - M[s, r].
        high: Shape (S, S), upper ends; `low = -high.T`. For simultaneous coverage c of all pairs, give each of the
            S (S-1) / 2 intervals coverage 1 - (1 - c) / number.
        epsilon: Weight of a switch that costs, as in `alpharank(..., alpha=inf, epsilon=...)`; > 0.

    Returns:
        Shape (S, 2), least and largest share. An interval that holds 0 counts as a win or a loss, never as a tie.

    Raises:
        UsageError: The ends do not fit, or `epsilon` is out of range.

    Reference: the problem is that of section 5 of M. Rowland et al., "Multiagent Evaluation under Incomplete
    Information" (NeurIPS 2019); the method was checked against all orientations of random tables.

    >>> sure = np.array([[0, 1.0], [-1, 0]])
    >>> alpharank_bounds(sure, sure).round(2).tolist()
    [[0.99, 0.99], [0.01, 0.01]]
    """
    lower, upper = finite_array("low", low), finite_array("high", high)
    if lower.ndim != 2 or lower.shape[0] != lower.shape[1] or lower.shape != upper.shape or len(lower) < 1:
        raise UsageError(f"low and high must be square tables of one shape, got {lower.shape} and {upper.shape}")
    if not np.all(lower <= upper) or not np.allclose(lower, -upper.T):
        raise UsageError("need low <= high and low = -high.T: the margin of r over s is minus that of s over r")
    if not 0 < number("epsilon", epsilon) < 0.5:
        raise UsageError(f"epsilon is {epsilon}; expected between 0 and 0.5")
    count = len(lower)
    uncertain = (lower <= 0) & (upper >= 0) & ~np.eye(count, dtype=bool)
    sure = np.where(lower > 0, 1.0, -1.0)
    return np.array([[_extreme(sure, uncertain, s, sign, epsilon) for sign in (-1.0, 1.0)] for s in range(count)])


def _extreme(sure: np.ndarray, uncertain: np.ndarray, target: int, sign: float, epsilon: float) -> float:
    """The largest (sign 1) or least (sign -1) share of one strategy."""
    favours = np.where(uncertain, 0.0, sure)  # favours[r, s] > 0: r beats s
    closer = np.zeros(len(sure))
    closer[target] = 1.0
    best = None
    for _ in range(_STEPS):
        # a strategy wins an uncertain margin if it is nearer (or, for the least share, farther); ties by number
        ahead = sign * (closer[:, None] - closer[None, :])
        ahead = np.where(ahead == 0, np.arange(len(sure))[None, :] - np.arange(len(sure))[:, None], ahead)
        choice = np.where(uncertain, np.sign(ahead), favours)
        share = _share(choice, target, epsilon)
        if best is not None and sign * (share - best) <= 1e-15:
            break
        best = share
        closer = -_hitting_times(choice, target, epsilon)
    assert best is not None
    return best


def _weights(choice: np.ndarray, epsilon: float) -> np.ndarray:
    """Weights of the switches from s to r. Shape (S, S), 0 on the diagonal."""
    weights = np.where(choice.T > 0, 1 - epsilon, epsilon)
    np.fill_diagonal(weights, 0.0)
    return weights


def _share(choice: np.ndarray, target: int, epsilon: float) -> float:
    count = len(choice)
    if count == 1:
        return 1.0
    weights = _weights(choice, epsilon)
    rows, columns = np.nonzero(weights)
    return float(stationary(Rates(count, rows, columns, np.log(weights[rows, columns])))[0][target])


def _hitting_times(choice: np.ndarray, target: int, epsilon: float) -> np.ndarray:
    """Expected time to reach the target from each strategy, in units of the chain's own scale. Shape (S,)."""
    weights = _weights(choice, epsilon)
    others = np.arange(len(choice)) != target
    part = weights[np.ix_(others, others)]
    times = np.zeros(len(choice))
    times[others] = np.linalg.solve(np.diag(weights[others].sum(1)) - part, np.ones(int(others.sum())))
    return times

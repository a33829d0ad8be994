"""The least and the largest share of each state of a response graph, over all ways to orient the edges that are not known.

At infinite alpha a population switches with weight 1 - epsilon where that pays and epsilon where it costs, so only the
orientation of each edge matters. Letters: n states; arrays of edges have shape (edges,).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from agentarena.core.errors import NotSupported, UsageError

from ._stationary import Rates, stationary
from .arguments import number

__all__ = ["MOST_STATES", "Edges", "orientation_bounds"]

MOST_STATES = 500
"""Largest number of states: each takes several dense solutions."""
_STEPS = 100


class Edges(NamedTuple):
    """A response graph in part known.

    Attributes:
        states: n.
        first: Number of one state of each edge.
        second: Number of the other.
        favours: 1 where `first` is known to be the better, -1 where `second` is, 0 where the edge is open.
    """

    states: int
    first: np.ndarray
    second: np.ndarray
    favours: np.ndarray


def orientation_bounds(edges: Edges, epsilon: float, targets: Iterable[int] | None = None) -> np.ndarray:
    """Bounds of the stationary share of each state over all 2^k orientations of the k open edges, in polynomial time.

        share(s) = 1 / E[time to return to s],     V(x) = E[time to reach s from x]

    The share of s is largest when every open edge favours the side of smaller V, least when it favours that of larger V. The
    orientation and V are improved in turn until the share stops moving (policy iteration). Both ends of an edge want the same
    orientation, so choosing edge by edge is choosing state by state, for which policy iteration is exact.

    Args:
        edges: The graph; two states have at most one edge.
        epsilon: Weight of a switch that costs, > 0 and < 1/2.
        targets: States to bound; all when left out.

    Returns:
        Shape (targets, 2), least and largest share.

    Raises:
        UsageError: `epsilon` is out of range.
        NotSupported: More than `MOST_STATES` states.

    Reference: the problem is that of section 5 of M. Rowland et al. (NeurIPS 2019), who pose it as a constrained stochastic
    shortest path; the tests check this method against all orientations of random games.

    >>> one = np.array([0])
    >>> orientation_bounds(Edges(2, one, one + 1, one), epsilon=0.01).round(2).tolist()
    [[0.01, 0.99], [0.01, 0.99]]
    """
    if not 0 < number("epsilon", epsilon) < 0.5:
        raise UsageError(f"epsilon is {epsilon}; expected between 0 and 0.5")
    if edges.states > MOST_STATES:
        raise NotSupported(f"bounds for {edges.states:,} states; at most {MOST_STATES}. Leave out strategies that are dominated")
    wanted = range(edges.states) if targets is None else targets
    return np.array([[_extreme(edges, state, sign, epsilon) for sign in (-1.0, 1.0)] for state in wanted]).reshape(-1, 2)


def _extreme(edges: Edges, target: int, sign: float, epsilon: float) -> float:
    """The largest (sign 1) or least (sign -1) share of one state."""
    times = np.ones(edges.states)
    times[target] = 0.0
    best: float | None = None
    for _ in range(_STEPS):
        # an open edge favours the nearer state (or, for the least share, the farther); ties by number
        gap = sign * (times[edges.second] - times[edges.first])
        favours = np.where(edges.favours != 0, edges.favours, np.where(gap != 0, np.sign(gap), np.sign(edges.second - edges.first)))
        share = _share(edges, favours, target, epsilon)
        if best is not None and sign * (share - best) <= 1e-15:
            return best
        best = share
        times = _hitting_times(edges, favours, target, epsilon)
    assert best is not None
    return best


def _weights(edges: Edges, favours: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """Weight of the switch from first to second, and of that from second to first."""
    return np.where(favours > 0, epsilon, 1 - epsilon), np.where(favours > 0, 1 - epsilon, epsilon)


def _share(edges: Edges, favours: np.ndarray, target: int, epsilon: float) -> float:
    if edges.states == 1:
        return 1.0
    forth, back = _weights(edges, favours, epsilon)
    rows = np.concatenate([edges.first, edges.second])
    columns = np.concatenate([edges.second, edges.first])
    return float(stationary(Rates(edges.states, rows, columns, np.log(np.concatenate([forth, back]))))[0][target])


def _hitting_times(edges: Edges, favours: np.ndarray, target: int, epsilon: float) -> np.ndarray:
    """Expected time to reach the target from each state, in units of the chain's own scale. Shape (n,).

    States are eliminated one by one as in GTH, which only adds, multiplies and divides positive numbers: every time is
    accurate however far apart they are, where a linear solver loses the small ones.
    """
    order = np.concatenate([[target], np.delete(np.arange(edges.states), target)])
    place = np.argsort(order)
    rates = np.zeros((edges.states, edges.states))
    forth, back = _weights(edges, favours, epsilon)
    rates[place[edges.first], place[edges.second]] = forth
    rates[place[edges.second], place[edges.first]] = back
    cost, out = np.ones(edges.states), np.ones(edges.states)
    for k in range(edges.states - 1, 0, -1):
        out[k] = rates[k, :k].sum()
        through = rates[:k, k] / out[k]
        cost[:k] += through * cost[k]
        rates[:k, :k] += through[:, None] * rates[k, :k]  # the diagonal, a wait in place, is never read
    times = np.zeros(edges.states)
    for k in range(1, edges.states):
        times[k] = (cost[k] + rates[k, :k] @ times[:k]) / out[k]
    return times[place]

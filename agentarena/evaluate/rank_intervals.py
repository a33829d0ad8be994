"""How far alpha-Rank can move within the errors of its payoffs: exact bounds, not resampled ones, and the ranks they allow.

Axis letters: K populations, n profiles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import UsageError

from .arguments import finite_array
from .orientations import Edges, orientation_bounds

__all__ = ["alpharank_bounds", "alpharank_ranks", "profile_edges"]


def alpharank_bounds(low: Any, high: Any, *, epsilon: float = 0.01) -> np.ndarray:
    """The least and the largest share each profile can have, for payoffs anywhere in their intervals.

    At infinite alpha only the sign of each switch's gain matters. Switches whose gain may have either sign are open; these
    bounds are over all 2^k ways to settle k open switches, found in polynomial time (`orientations.orientation_bounds`).

    One population: every way can come about, so the bounds are exact. Several populations: a way may set payoffs of one line
    (one population's strategies against the same others) in an order that their intervals forbid, where some of them overlap
    and others do not; the bounds then hold but may be wider than need be. They are exact where the open switches of each line
    join strategies whose intervals all overlap.

    Args:
        low: One population: shape (S, S), lower ends of the margins M[r, s] - M[s, r]. K populations: K arrays of shape
            (S_1, ..., S_K), lower ends of the payoffs of each population.
        high: Upper ends, alike; with one population `low = -high.T`. For simultaneous coverage c give each of the S (S-1) / 2
            margins coverage 1 - (1 - c) / number, or each of the K n payoffs.
        epsilon: Weight of a switch that costs, as in `alpharank(..., alpha=inf, epsilon=...)`; > 0.

    Returns:
        Shape (n, 2), least and largest share, profiles row-major; with one population a profile is a strategy. A switch whose
        gain may be 0 counts as one that pays or one that costs, never as a tie.

    Raises:
        UsageError: The ends do not fit, or `epsilon` is out of range.
        NotSupported: Too many profiles.

    Reference: the problem is that of section 5 of M. Rowland et al., "Multiagent Evaluation under Incomplete
    Information" (NeurIPS 2019); the method was checked against all orientations of random tables.

    >>> sure = np.array([[0, 1.0], [-1, 0]])
    >>> alpharank_bounds(sure, sure).round(2).tolist()
    [[0.99, 0.99], [0.01, 0.01]]
    >>> dilemma = np.array([[3, 0], [5, 1.0]])
    >>> low, high = [dilemma - 0.1, dilemma.T - 0.1], [dilemma + 0.1, dilemma.T + 0.1]
    >>> alpharank_bounds(low, high)[3].round(2).tolist()
    [0.98, 0.98]
    """
    if _several(low):
        return orientation_bounds(_edges_of_payoffs(low, high), epsilon)
    lower, upper = finite_array("low", low), finite_array("high", high)
    if lower.ndim != 2 or lower.shape[0] != lower.shape[1] or lower.shape != upper.shape or len(lower) < 1:
        raise UsageError(f"low and high must be square tables of one shape, got {lower.shape} and {upper.shape}")
    if not np.all(lower <= upper) or not np.allclose(lower, -upper.T):
        raise UsageError("need low <= high and low = -high.T: the margin of r over s is minus that of s over r")
    first, second = np.triu_indices(len(lower), 1)
    favours = np.where(lower[first, second] > 0, 1, np.where(upper[first, second] < 0, -1, 0))
    return orientation_bounds(Edges(len(lower), first, second, favours), epsilon)


def _several(tables: Any) -> bool:
    if isinstance(tables, np.ndarray):
        return tables.ndim > 2
    return isinstance(tables, Sequence) and len(tables) > 1 and np.ndim(tables[0]) >= 2


def _edges_of_payoffs(low: Any, high: Any) -> Edges:
    lower = [finite_array("low", table) for table in low]
    upper = [finite_array("high", table) for table in high]
    shape = lower[0].shape
    if len(shape) != len(lower) or any(table.shape != shape for table in (*lower, *upper)) or len(upper) != len(lower):
        raise UsageError(f"{len(lower)} populations need {len(lower)} tables of one shape with {len(lower)} axes in low and in high")
    if not all(np.all(a <= b) for a, b in zip(lower, upper, strict=True)):
        raise UsageError("need low <= high everywhere")
    first, second, population = profile_edges(shape)
    lows, highs = (np.stack([table.reshape(-1) for table in ends]) for ends in (lower, upper))
    favours = np.where(
        lows[population, first] > highs[population, second], 1, np.where(highs[population, first] < lows[population, second], -1, 0)
    )
    return Edges(math.prod(shape), first, second, favours)


def profile_edges(shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every pair of profiles that differ in one population: numbers of the two profiles (row-major), and the population.

    >>> [edge.tolist() for edge in profile_edges((2, 2))]
    [[0, 1, 0, 2], [2, 3, 1, 3], [0, 0, 1, 1]]
    """
    numbers = np.arange(math.prod(shape)).reshape(shape)
    first, second, population = [], [], []
    for axis, size in enumerate(shape):
        lines = np.moveaxis(numbers, axis, -1).reshape(-1, size)
        one, other = np.triu_indices(size, 1)
        first.append(lines[:, one].ravel())
        second.append(lines[:, other].ravel())
        population.append(np.full(len(lines) * len(one), axis))
    return np.concatenate(first), np.concatenate(second), np.concatenate(population)


def alpharank_ranks(bounds: npt.ArrayLike) -> np.ndarray:
    """The best and the worst rank that bounds of shares allow.

        best(s) = 1 + number of t with low(t) > high(s);     worst(s) = n - number of t with high(t) < low(s)

    Args:
        bounds: Shape (n, 2), of `alpharank_bounds`.

    Returns:
        Shape (n, 2), whole numbers from 1. Every ranking by shares within the bounds is within them.

    >>> alpharank_ranks([[0.6, 0.9], [0.05, 0.3], [0.05, 0.2]]).tolist()
    [[1, 1], [2, 3], [2, 3]]
    """
    ends = finite_array("bounds", bounds)
    if ends.ndim != 2 or ends.shape[1] != 2 or not np.all(ends[:, 0] <= ends[:, 1]):
        raise UsageError(f"bounds must have shape (n, 2) with low <= high, got shape {ends.shape}")
    above = ends[:, 0][None, :] > ends[:, 1][:, None]  # [s, t]: t is surely above s
    return np.stack([1 + above.sum(1), len(ends) - above.sum(0)], axis=1)

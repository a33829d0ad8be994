"""From evidence on pairs to what is decided: who is ahead of whom, and the best and worst rank of each agent, all at once.

Axis letter: P agents.
"""

from __future__ import annotations

import math

import numpy as np

from agentarena.core.errors import UsageError

from .arguments import check_level, finite_array
from .ratings import Ratings
from .stats import holm

__all__ = ["closure", "decide_pairs", "decide_top", "elo_ranks", "ranks_of"]


def decide_pairs(
    log_e: np.ndarray, level: float = 0.95, *, claims: np.ndarray | None = None, transitive: bool = True, stepwise: bool = True
) -> np.ndarray:
    """Which agents are surely ahead of which: all of it holds at once, at all times, with the level asked for.

        decide "i ahead of j" when  e_ij >= (number of claims - claims that follow from what is decided) / (1 - level),
        again and again until nothing is added

    This is Holm's method on e-values: while nothing wrong was decided, at most that many claims are wrong, and the chance that
    the e-value of any of them ever gets there is at most their number times (1 - level) / number (Ville's inequality).

    Args:
        log_e: Shape (P, P), natural logarithms, row ahead of column.
        level: Simultaneous coverage.
        claims: Shape (P, P), bool: the ordered pairs that may be decided; all when left out.
        stepwise: Whether claims that follow from what is decided leave the number; without it this is Bonferroni's method.
        transitive: Whether i ahead of j ahead of k puts i ahead of k: true of strengths, not of head-to-head results.

    Returns:
        Shape (P, P), bool. Where results contradict each other, it may say both of a pair.

    Raises:
        UsageError: The tables are not square, or the level is out of range.

    >>> decide_pairs(np.log([[1, 50, 1], [1, 1, 200], [1, 1, 1]]), 0.9).astype(int).tolist()
    [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    >>> decide_pairs(np.log([[1, 61, 1], [1, 1, 200], [1, 1, 1]]), 0.9).astype(int).tolist()
    [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    """
    check_level(level)
    size = len(log_e)
    allowed = ~np.eye(size, dtype=bool) if claims is None else np.asarray(claims, bool) & ~np.eye(size, dtype=bool)
    if log_e.shape != (size, size) or allowed.shape != log_e.shape:
        raise UsageError(f"log_e and claims must be square tables of one shape, got {log_e.shape} and {allowed.shape}")
    total = int(allowed.sum())
    ahead = np.zeros((size, size), bool)
    while True:
        left = max(total - (int((ahead & allowed).sum()) if stepwise else 0), 1)
        larger = ahead | (allowed & (log_e >= math.log(left / (1 - level))))
        larger = closure(larger) if transitive else larger
        if np.array_equal(larger, ahead):
            return ahead
        ahead = larger


def closure(ahead: np.ndarray) -> np.ndarray:
    """All that follows by transitivity; the diagonal is left out. Shape (P, P), bool.

    >>> closure(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], bool)).astype(int).tolist()
    [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    """
    out = ahead.copy()
    for middle in range(len(out)):
        out |= out[:, [middle]] & out[[middle], :]
    return out & ~np.eye(len(out), dtype=bool)


def decide_top(log_e: np.ndarray, level: float = 0.95) -> int | None:
    """The agent that is surely ahead of all others, or `None`.

        decide i when  min_j e_ij >= P / (1 - level)

    "i is not the best" is true of all agents but one, and says that i is behind some j, whose e_ij is then no larger than an
    e-value may be. So P claims share the error, not P (P - 1).

    Args:
        log_e: Shape (P, P), row ahead of column.
        level: Coverage of this one answer at all times.

    >>> decide_top(np.log([[1, 70, 90], [1, 1, 1], [1, 1, 1]]), 0.95)
    0
    """
    check_level(level)
    least = np.where(np.eye(len(log_e), dtype=bool), math.inf, log_e).min(1)
    best = int(np.argmax(least))
    return best if least[best] >= math.log(len(log_e) / (1 - level)) else None


def ranks_of(ahead: np.ndarray) -> np.ndarray:
    """The best and worst rank that decided pairs leave to each agent. Shape (P, 2), from 1.

    >>> ranks_of(np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0]], bool)).tolist()
    [[1, 1], [2, 3], [2, 3]]
    """
    return np.stack([1 + ahead.sum(0), len(ahead) - ahead.sum(1)], axis=1)


def elo_ranks(ratings: Ratings, deals: np.ndarray, level: float = 0.95) -> np.ndarray:
    """The best and worst rank of each agent by its Bradley-Terry rating, for one look at a number of deals fixed beforehand.

        t_ij = (elo_i - elo_j) / se of the gap,   df = least deals of the two - P,   decided where Holm's p < 1 - level

    For a schedule that looks at results, use `decide_pairs`. All ranks hold at once in at least `level` of tournaments; close to
    it only where all agents are equal, since a pair far apart is never decided the wrong way.

    Args:
        ratings: A fit by deals. Agents of different `groups` cannot be told apart by it, and are not.
        deals: Shape (P,), deals of each agent.
        level: Simultaneous coverage.

    Returns:
        Shape (P, 2).

    Raises:
        UsageError: Shapes do not fit, or the level is out of range.

    >>> from agentarena.evaluate.ratings import bradley_terry
    >>> elo_ranks(bradley_terry([[0, 90, 45], [10, 0, 10], [45, 90, 0]]), np.array([190, 200, 190])).tolist()
    [[1, 2], [3, 3], [1, 2]]
    """
    from scipy.special import stdtr

    check_level(level)
    counts = finite_array("deals", deals)
    size = len(ratings.elo)
    if counts.shape != (size,):
        raise UsageError(f"deals must have shape ({size},), got {counts.shape}")
    group = np.zeros(size, np.int64)
    for number, members in enumerate(ratings.groups):
        group[list(members)] = number
    first, second = np.triu_indices(size, 1)
    gaps, errors = np.array([ratings.gap(i, j) for i, j in zip(first.tolist(), second.tolist(), strict=True)]).T
    df = np.minimum(counts[first], counts[second]) - size
    usable = (group[first] == group[second]) & (df >= 1) & (errors > 1e-9)
    p = np.ones(len(first))
    p[usable] = 2 * stdtr(df[usable], -np.abs(gaps[usable]) / errors[usable])
    sure = holm(p) < 1 - level
    ahead = np.zeros((size, size), bool)
    ahead[first[sure & (gaps > 0)], second[sure & (gaps > 0)]] = True
    ahead[second[sure & (gaps < 0)], first[sure & (gaps < 0)]] = True
    return ranks_of(closure(ahead))

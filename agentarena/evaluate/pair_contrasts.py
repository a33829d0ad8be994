"""How far apart agents are, pair by pair, in mean return: with matches of one deal counted together, and corrected for the number of pairs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from agentarena.core.errors import UsageError
from agentarena.core.record import Record

from .match_table import MatchTable
from .stats import Interval, cohens_d, holm

__all__ = ["Contrast", "contrasts", "mean_gap"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two agents compared.

    Attributes:
        first: Name of the agent with the larger mean return.
        second: Name of the other.
        difference: Mean return of `first` minus that of `second`, in the game's unit.
        interval: Interval of the difference.
        t: Its size in standard errors.
        df: Degrees of freedom.
        p: Two-sided p value.
        p_holm: The same after Holm's correction for all pairs.
        d: Cohen's d over matches, for the size of the effect.
        deals: Deals behind it.
    """

    first: str
    second: str
    difference: float
    interval: Interval
    t: float
    df: float
    p: float
    p_holm: float
    d: float
    deals: int


def mean_gap(
    a: np.ndarray, deals_a: np.ndarray, b: np.ndarray, deals_b: np.ndarray, level: float = 0.95
) -> tuple[float, Interval, float, float, float, int]:
    """The difference of two means with its interval, t, degrees of freedom, p and number of deals.

    Values of one deal may be related, within an agent and between the two. Where both played each deal once this is
    the paired t test; where they share none it is close to Welch's.

        psi_g = sum_{i in a, deal g} (a_i - mean a) / n_a - sum_{i in b, deal g} (b_i - mean b) / n_b
        se^2 = G / (G-1) sum_g psi_g^2,   t = (mean a - mean b) / se,   df = G - 1

    Args:
        a: Shape (E,), values of one agent.
        deals_a: Shape (E,), the deal of each.
        b: Shape (E',), values of the other.
        deals_b: Shape (E',).
        level: Coverage.

    Returns:
        An infinite interval with fewer than two deals.

    Reference: the cluster-robust variance of a difference of means, Cochran, Sampling Techniques (1977), equation 9A.

    >>> difference, interval, t, df, p, deals = mean_gap(np.array([2.0, 3.0, 4.0]), np.arange(3), np.array([1.0, 1.0, 1.0]), np.arange(3))
    >>> difference, round(t, 4), df
    (2.0, 3.4641, 2.0)
    """
    from scipy.special import stdtr, stdtrit

    if len(a) == 0 or len(b) == 0:
        raise UsageError("an agent has no values to compare")
    difference = float(a.mean() - b.mean())
    labels, index = np.unique(np.concatenate([deals_a, deals_b]), return_inverse=True)
    count = len(labels)
    if count < 2:
        return difference, Interval(-math.inf, math.inf), 0.0, 0.0, 1.0, count
    psi = np.bincount(index, np.concatenate([(a - a.mean()) / len(a), -(b - b.mean()) / len(b)]), minlength=count)
    se = math.sqrt(count / (count - 1) * float(psi @ psi))
    df = float(count - 1)
    if se == 0:
        return (
            difference,
            Interval(difference, difference),
            math.copysign(math.inf, difference) if difference else 0.0,
            df,
            float(difference == 0),
            count,
        )
    half = float(stdtrit(df, 0.5 + level / 2)) * se
    t = difference / se
    return difference, Interval(difference - half, difference + half), t, df, float(2 * stdtr(df, -abs(t))), count


def contrasts(records: Iterable[Record], *, level: float = 0.95) -> tuple[Contrast, ...]:
    """Every pair of agents compared in mean return, larger differences in standard errors first.

    Args:
        records: Matches of one game.
        level: Coverage of the intervals, for each pair by itself.

    Raises:
        UsageError: There are no records, or they are of different games.
    """
    table = MatchTable.of(records)
    values = [table.returns_of(agent) for agent in range(len(table.agents))]
    pairs = []
    for i in range(len(values)):
        for j in range(i + 1, len(values)):
            one, other = (i, j) if values[i][0].mean() >= values[j][0].mean() else (j, i)
            difference, interval, t, df, p, deals = mean_gap(*values[one], *values[other], level)
            enough = min(len(values[one][0]), len(values[other][0])) > 1
            d = cohens_d(values[one][0], values[other][0]) if enough else math.nan
            pairs.append(Contrast(table.agents[one], table.agents[other], difference, interval, t, df, p, p, d, deals))
    corrected = holm([contrast.p for contrast in pairs])
    return tuple(
        sorted((replace(c, p_holm=float(q)) for c, q in zip(pairs, corrected, strict=True)), key=lambda c: (-c.t, c.first, c.second))
    )

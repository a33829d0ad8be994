"""Confidence intervals for counts and means, in closed form: for tables of results (`agentarena.play`) and evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from .errors import UsageError

__all__ = ["NO_INTERVAL", "Interval", "mean_interval", "t_quantile", "wilson"]


class Interval(NamedTuple):
    """The two ends of an interval; both nan where there is none.

    Attributes:
        low: Lower end.
        high: Upper end.
    """

    low: float
    high: float


NO_INTERVAL = Interval(math.nan, math.nan)
"""What stands where no interval can be had: too few values, or none that differ."""


def wilson(successes: float, trials: float, confidence: float = 0.95) -> Interval:
    """Interval for the probability of success: Wilson's score interval, which stays within [0, 1] and is never empty.

    The usual p +- z se has no width at 0 % and 100 %, where short runs often end; Wilson's does.

        centre = (p + z^2 / 2n) / (1 + z^2 / n)
        half   = z / (1 + z^2 / n) * sqrt(p (1 - p) / n + z^2 / 4n^2),      p = successes / n

    Args:
        successes: Number of successes, 0 to `trials`; a shared success may count as a fraction.
        trials: Number of independent trials, n; an effective number may be fractional.
        confidence: In (0, 1).

    Returns:
        (low, high); (0, 1) without trials.

    Raises:
        UsageError: Successes outside [0, trials], infinite trials, or a confidence outside (0, 1).

    Reference: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    >>> tuple(round(bound, 4) for bound in wilson(8, 10))
    (0.4902, 0.9433)
    """
    if not 0 <= successes <= trials < math.inf:
        raise UsageError(f"need 0 <= successes <= trials, both finite, got {successes} of {trials}")
    z = _z(confidence)
    if trials == 0:
        return Interval(0.0, 1.0)
    p = successes / trials
    scale = 1 + z * z / trials
    centre = (p + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    # rounding must not move the ends off 0 and 1
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Interval(low, high)


def mean_interval(
    values: Sequence[float] | np.ndarray[Any, Any],
    groups: Sequence[int] | np.ndarray[Any, Any] | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Interval for a mean: Student's t over independent values, or over groups of values that belong together.

    Matches of one deal share their luck, so they count as one group; treating them as independent would give an
    interval of the wrong width. With groups g = 1..G of summed deviations d_g = sum_(i in g) (x_i - mean):

        se = sqrt(G / (G - 1) * sum_g d_g^2) / n,      mean +- t(G - 1) se

    which is the textbook s / sqrt(n) when each value is its own group.

    Args:
        values: Shape (E,): one value a match.
        groups: Shape (E,): the group of each value; by default each is its own.
        confidence: In (0, 1).

    Returns:
        (low, high); `NO_INTERVAL` with fewer than two groups, or where all groups are equal: values that do not vary say
        nothing about how they would vary.

    Raises:
        UsageError: A value is not finite, groups of another shape, or a confidence outside (0, 1).

    Reference: the cluster-robust variance of an intercept with the factor G / (G - 1), as in Cameron and Miller, "A
    Practitioner's Guide to Cluster-Robust Inference", J. Human Resources 50 (2015).

    >>> tuple(round(bound, 2) for bound in mean_interval([1.0, 2.0, 3.0, 4.0]))
    (0.45, 4.55)
    """
    _check_confidence(confidence)
    x = np.asarray(values, np.float64)
    labels = np.arange(len(x)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if x.ndim != 1 or labels.shape != x.shape or not np.all(np.isfinite(x)):
        raise UsageError(f"need finite values of shape (E,) and a group for each, got shapes {x.shape} and {labels.shape}")
    count = int(labels.max()) + 1 if len(x) else 0
    if count < 2:
        return NO_INTERVAL
    mean = float(x.mean())
    sums = np.bincount(labels, weights=x - mean)
    se = math.sqrt(count / (count - 1) * float(sums @ sums)) / len(x)
    if se <= 1e-12 * float(np.abs(x).max()):  # rounding of equal values
        return NO_INTERVAL
    half = t_quantile((1 + confidence) / 2, count - 1) * se
    return Interval(mean - half, mean + half)


def t_quantile(p: float, df: int) -> float:
    """Quantile of Student's t distribution.

    Closed forms for 1 and 2 degrees of freedom, else the Cornish-Fisher expansion in 1/df of Abramowitz and Stegun,
    "Handbook of Mathematical Functions" (1964), 26.7.5; relative error below 0.2 % for 0.005 <= p <= 0.995.

    Args:
        p: Probability in (0, 1).
        df: Degrees of freedom, at least 1.

    >>> round(t_quantile(0.975, 10), 3)
    2.228
    """
    if not 0 < p < 1 or df < 1:
        raise ValueError(f"need 0 < p < 1 and df >= 1, got {p=}, {df=}")
    if df == 1:
        return math.tan(math.pi * (p - 0.5))
    if df == 2:
        return (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p)))
    z = NormalDist().inv_cdf(p)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / df**power for power, term in enumerate(terms))


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise UsageError(f"need 0 < confidence < 1, e.g. 0.95, got {confidence}")


def _z(confidence: float) -> float:
    _check_confidence(confidence)
    return NormalDist().inv_cdf((1 + confidence) / 2)

"""How sure a mean is when the deal is the unit: standard error, degrees of freedom, skewness, and the interval they give.

Matches of one deal share their luck, so a deal counts once, whatever is played on it. Deals played by the same agents in the
same seats are alike, and other deals are not: who sat at the table is the schedule's choice and no luck. So deals are
grouped by their seatings (strata) and only the spread within a group counts as error.

Axis letters: E matches, G deals, H strata.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agentarena.core.intervals import NO_INTERVAL, Interval

__all__ = ["FEWEST_DEALS", "FEWEST_FOR_MEANS", "Sample", "Uncertainty", "effective_deals", "t_interval", "t_quantile", "uncertainty"]

FEWEST_DEALS = 5
"""Deals below which no interval of a rating or of a pair's margin is printed, and nothing is said about how matches of a deal go together."""
FEWEST_FOR_MEANS = 15
"""Deals below which no interval of a mean return, or of a difference of two, is printed: with fewer, the mean of a weak player of
four for one pot is covered 80 to 84 % of the time by the best rule we measured. `benchmarks/coverage.py` has the figures."""
_STRATUM = 5
"""Seatings with fewer deals than this are taken together; their variance would have too few degrees of freedom."""


class Sample(NamedTuple):
    """Values of one agent. Arrays of shape (E,).

    Attributes:
        values: One a match.
        deals: Number of the deal of each.
        strata: What kind of deal it is (`MatchTable.strata`), equal for matches of one deal.
    """

    values: np.ndarray
    deals: np.ndarray
    strata: np.ndarray

    @classmethod
    def of(cls, values: npt.ArrayLike, deals: npt.ArrayLike) -> Sample:
        """A sample whose deals are all alike."""
        return cls(np.asarray(values, np.float64), np.asarray(deals), np.zeros(len(np.asarray(deals)), np.int64))


class Uncertainty(NamedTuple):
    """Of a mean, or of a difference of two.

    Attributes:
        se: Standard error; 0 where nothing varies.
        df: Degrees of freedom of the standard error; 0 where nothing varies.
        skew: Skewness of the mean itself, which falls as 1 / sqrt(deals).
        deals: Different deals behind it.
    """

    se: float
    df: float
    skew: float
    deals: int


def uncertainty(first: Sample, second: Sample | None = None) -> Uncertainty:
    """How sure the mean of `first` is, or the mean of `first` minus that of `second`.

        psi_g = sum_(i in first, deal g) (x_i - mean of its stratum) / n_first  -  the same of second
        v_h   = G_h / (G_h - 1) sum_(g in h) psi_g^2,     se^2 = sum_h v_h,     df = (sum v_h)^2 / sum v_h^2 / (G_h - 1)
        skew  = sum psi^3 / (sum psi^2)^(3/2) * sqrt(G (G-1)) / (G-2)

    One stratum and one match a deal is the textbook's s / sqrt(n) with n - 1; two samples that share no deal are Welch's test;
    two that share every deal are the paired test. Strata of fewer than five deals are pooled, apart for deals of the first,
    of the second and of both.

    Reference: B. L. Welch, Biometrika 34 (1947), and F. E. Satterthwaite, Biometrics Bulletin 2 (1946), for df; W. G. Cochran,
    Sampling Techniques (1977), chapters 5 and 9A, for strata and clusters.

    >>> mean = uncertainty(Sample.of([1, 2, 3, 4, 5], np.arange(5)))
    >>> round(mean.se, 4), round(mean.df, 4)
    (0.7071, 4.0)
    """
    samples = [first] if second is None else [first, second]
    labels, index = np.unique(np.concatenate([sample.deals for sample in samples]), return_inverse=True)
    parts = np.split(index, [len(first.values)])[: len(samples)]
    count = len(labels)
    kind, stratum = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for bit, (sample, part) in enumerate(zip(samples, parts, strict=True)):
        kind[np.unique(part)] += 1 + bit
        stratum[part] = sample.strata
    stratum = _pooled(4 * stratum + kind, kind)
    psi, largest = np.zeros(count), 0.0
    for sign, sample, part in zip((1.0, -1.0), samples, parts, strict=False):
        home = stratum[part]
        means = np.bincount(home, sample.values) / np.maximum(np.bincount(home), 1)
        psi += sign * np.bincount(part, sample.values - means[home], minlength=count) / len(sample.values)
        largest = max(largest, float(np.abs(sample.values).max()))
    sizes = np.bincount(stratum)
    parts_of_variance = sizes / np.maximum(sizes - 1, 1) * np.bincount(stratum, psi**2)
    variance = float(parts_of_variance.sum())
    if count < 2 or variance <= (1e-12 * largest) ** 2:  # rounding of equal values
        return Uncertainty(0.0, 0.0, 0.0, count)
    df = variance**2 / float((parts_of_variance**2 / np.maximum(sizes - 1, 1)).sum())
    skew = float((psi**3).sum()) / float((psi**2).sum()) ** 1.5 * math.sqrt(count * (count - 1)) / max(count - 2, 1)
    return Uncertainty(math.sqrt(variance), df, skew, count)


def _pooled(strata: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Strata numbered from 0, small ones pooled by kind; what is left of one deal goes to the largest stratum. Shape (G,)."""
    labels, index, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    pooled = np.where(sizes[index] >= _STRATUM, index, len(labels) + kinds)
    _, index, sizes = np.unique(pooled, return_inverse=True, return_counts=True)
    index = np.where(sizes[index] > 1, index, int(sizes.argmax()))
    return np.unique(index, return_inverse=True)[1]


def t_quantile(p: float, df: float) -> float:
    """Quantile of Student's t, for any degrees of freedom above 0."""
    from scipy.special import stdtrit

    return float(stdtrit(df, p))


def t_interval(estimate: float, error: Uncertainty, level: float, low: float = -math.inf, high: float = math.inf) -> Interval:
    """Student's t interval whose end on the side of the longer tail is farther away, cut to what is possible.

        low  = estimate - t(df) se (1 + max(0, -skew)),     high = estimate + t(df) se (1 + max(0, skew))

    The error of a t interval under skew is one-sided and of the size of the skewness of the mean (P. Hall, The Bootstrap and
    Edgeworth Expansion, 1992, section 2.6): that end alone is moved, by that share of its length, and the other is left. The
    factor itself is ours, chosen by the coverage that `benchmarks/coverage.py` prints.

    Returns:
        nan at both ends where nothing varies.
    """
    if error.df <= 0:
        return NO_INTERVAL
    half = t_quantile(0.5 + level / 2, error.df) * error.se
    return Interval(max(low, estimate - half * (1 + max(0.0, -error.skew))), min(high, estimate + half * (1 + max(0.0, error.skew))))


def effective_deals(deals: np.ndarray) -> float:
    """How many deals of equal size carry as much as these: n^2 / sum of squares of the matches a deal.

    >>> effective_deals(np.array([7, 7, 8, 8]))
    2.0
    """
    sizes = np.unique(deals, return_counts=True)[1]
    return float(sizes.sum() ** 2 / (sizes**2).sum())

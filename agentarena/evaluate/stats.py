"""Intervals, two-sample tests, effect sizes and corrections for many comparisons.

Conventions: levels are coverage (0.95, not 0.05) and tests are two-sided.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agentarena.core import intervals
from agentarena.core.errors import UsageError
from agentarena.core.intervals import NO_INTERVAL, Interval

from .arguments import check_level, finite_array, number, random_generator, whole_number

__all__ = [
    "Interval",
    "Welch",
    "benjamini_hochberg",
    "bonferroni",
    "bootstrap",
    "clopper_pearson",
    "cohens_d",
    "hedges_g",
    "holm",
    "welch",
    "wilson",
]


class Welch(NamedTuple):
    """Result of `welch`.

    Attributes:
        difference: mean(a) - mean(b), in the unit of the data.
        t: Welch's statistic.
        df: Welch-Satterthwaite degrees of freedom.
        p: Two-sided p value.
        interval: Interval of the difference.
    """

    difference: float
    t: float
    df: float
    p: float
    interval: Interval


def normal_quantile(probability: float) -> float:
    """The z with Phi(z) = probability."""
    from scipy.special import ndtri

    return float(ndtri(probability))


# --- proportions ----------------------------------------------------------------------------------------------------


def wilson(successes: float, trials: float, level: float = 0.95) -> Interval:
    """Wilson's score interval of a probability of success.

    Preferred to the textbook p +- z sqrt(pq/n), which is empty at 0 and n successes; narrower than Clopper-Pearson,
    with coverage close to `level` on average rather than at least `level` always.

        p = x/n;  centre = (p + z^2/2n) / (1 + z^2/n);  half = z sqrt(p(1-p)/n + z^2/4n^2) / (1 + z^2/n)

    Args:
        successes: x, between 0 and `trials`; may be fractional, e.g. a draw as half a win.
        trials: n, independent trials, > 0. With dependent ones (several matches on one deal) use `bootstrap`.
        level: Coverage.

    Raises:
        UsageError: A count or the level is out of range.

    Reference: E. B. Wilson, JASA 22 (1927).

    >>> low, high = wilson(7, 10)
    >>> f"{low:.4f} to {high:.4f}"
    '0.3968 to 0.8922'
    """
    _check_counts(successes, trials, level)
    return intervals.wilson(successes, trials, level)


def clopper_pearson(successes: float, trials: float, level: float = 0.95) -> Interval:
    """The interval of a probability of success whose coverage is never below `level`.

        low  = Beta quantile (1-level)/2 of (x, n-x+1);   high = Beta quantile (1+level)/2 of (x+1, n-x)

    Args:
        successes: x, between 0 and `trials`.
        trials: n > 0 independent trials.
        level: Coverage.

    Raises:
        UsageError: A count or the level is out of range.

    Reference: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934).

    >>> low, high = clopper_pearson(0, 10)
    >>> f"{low:.4f} to {high:.4f}"
    '0.0000 to 0.3085'
    """
    from scipy.special import betaincinv

    _check_counts(successes, trials, level)
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, trials - successes + 1, tail))
    high = 1.0 if successes == trials else float(betaincinv(successes + 1, trials - successes, 1 - tail))
    return Interval(low, high)


def _check_counts(successes: float, trials: float, level: float) -> None:
    check_level(level)
    if not number("successes", successes, least=0) <= number("trials", trials, above=0):
        raise UsageError(f"need 0 <= successes <= trials and trials > 0, got {successes} of {trials}")


# --- the bootstrap --------------------------------------------------------------------------------------------------


def bootstrap(
    values: npt.ArrayLike,
    statistic: Callable[[np.ndarray], float] | None = None,
    *,
    clusters: npt.ArrayLike | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    method: str = "percentile",
    rng: np.random.Generator | int = 0,
) -> Interval:
    """Interval of a statistic by resampling the observations.

    Matches on one deal share their luck, so they are not independent: name each value's deal in `clusters` and whole
    deals are resampled. The statistic is the mean unless another is given.

        percentile: quantiles (1-level)/2 and (1+level)/2 of the resampled statistic
        bca:        the same at Phi(z0 + (z0 + z) / (1 - a (z0 + z))), z0 the median bias, a the jackknife's skewness / 6

    Args:
        values: Shape (E,), one value an observation; or (E, ...) when `statistic` takes that.
        statistic: A function of resampled values; the mean when left out, which is faster.
        clusters: Shape (E,), which cluster each value belongs to; each its own when left out.
        level: Coverage.
        resamples: Number of resamples.
        method: "percentile" or "bca".
        rng: A generator or a seed; the same seed gives the same interval.

    Returns:
        nan at both ends when there is one cluster only or no resample differs: that is no certainty, but no information.

    Raises:
        UsageError: No values or some that are not finite, shapes that differ, or an argument out of range.

    Reference: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 14.

    >>> bootstrap([0.0, 1.0, 2.0, 3.0, 4.0], resamples=9).low >= 0
    True
    >>> bootstrap([1.0, 1.0, 1.0])
    Interval(low=nan, high=nan)
    """
    data = finite_array("values", values)
    check_level(level)
    resamples = whole_number("resamples", resamples, 1, 10**8)
    if data.ndim == 0 or len(data) == 0:
        raise UsageError(f"need at least one value, got shape {data.shape}")
    if method not in ("percentile", "bca"):
        raise UsageError(f"method is {method!r}; allowed: 'percentile', 'bca'")
    members = _members(clusters, len(data))
    generator = random_generator(rng)
    if statistic is None:
        if data.ndim != 1:
            raise UsageError(f"the mean needs values of shape (E,), got {data.shape}; pass a statistic")
        point, draws, jackknife = _bootstrap_mean(data, members, resamples, generator)
    else:
        point, draws, jackknife = _bootstrap_any(data, statistic, members, resamples, generator, method == "bca")
    if len(members) < 2 or np.ptp(draws) <= 1e-12 * np.abs(draws).max():  # rounding of equal values
        return NO_INTERVAL
    tail = (1 - level) / 2
    quantiles = np.array([tail, 1 - tail])
    if method == "bca":
        quantiles = _bca(point, draws, jackknife, quantiles)
    low, high = np.quantile(draws, quantiles)
    return Interval(float(low), float(high))


def _members(clusters: npt.ArrayLike | None, size: int) -> list[np.ndarray]:
    """The positions of each cluster's values, clusters in order of their label."""
    if clusters is None:
        return list(np.arange(size)[:, None])
    labels = np.asarray(clusters)
    if labels.shape != (size,):
        raise UsageError(f"clusters must have shape ({size},) like the values, got {labels.shape}")
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.split(np.argsort(inverse, kind="stable"), np.cumsum(counts)[:-1])


def _bootstrap_mean(
    data: np.ndarray, members: Sequence[np.ndarray], resamples: int, rng: np.random.Generator
) -> tuple[float, np.ndarray, np.ndarray]:
    sums = np.array([data[m].sum() for m in members])
    sizes = np.array([len(m) for m in members], np.float64)
    draws = np.empty(resamples)
    block = max(1, 4_000_000 // len(members))  # bounds memory
    for start in range(0, resamples, block):
        chosen = rng.integers(len(members), size=(min(block, resamples - start), len(members)))
        draws[start : start + block] = sums[chosen].sum(1) / sizes[chosen].sum(1)
    rest = sizes.sum() - sizes
    jackknife = (sums.sum() - sums) / np.where(rest > 0, rest, 1.0)
    return float(data.mean()), draws, jackknife


def _bootstrap_any(
    data: np.ndarray,
    statistic: Callable[[np.ndarray], float],
    members: Sequence[np.ndarray],
    resamples: int,
    rng: np.random.Generator,
    jackknifed: bool,
) -> tuple[float, np.ndarray, np.ndarray]:
    draws = np.empty(resamples)
    for index in range(resamples):
        chosen = rng.integers(len(members), size=len(members))
        draws[index] = statistic(data[np.concatenate([members[c] for c in chosen])])
    jackknife = np.zeros(len(members))
    if jackknifed and len(members) > 1:
        jackknife = np.array([statistic(np.delete(data, m, axis=0)) for m in members])
    return float(statistic(data)), draws, jackknife


def _bca(point: float, draws: np.ndarray, jackknife: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr, ndtri

    below = (np.count_nonzero(draws < point) + 0.5 * np.count_nonzero(draws == point)) / len(draws)
    bias = ndtri(np.clip(below, 0.5 / len(draws), 1 - 0.5 / len(draws)))
    centred = jackknife.mean() - jackknife
    spread = float((centred**2).sum())
    acceleration = float((centred**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    z = bias + ndtri(quantiles)
    return np.asarray(ndtr(bias + z / (1 - acceleration * z)))


# --- two samples ----------------------------------------------------------------------------------------------------


def _two(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    first, second = finite_array("a", a), finite_array("b", b)
    if first.ndim != 1 or second.ndim != 1 or len(first) < 2 or len(second) < 2:
        raise UsageError(f"need two samples of at least two values each, got shapes {first.shape} and {second.shape}")
    return first, second


def welch(a: npt.ArrayLike, b: npt.ArrayLike, level: float = 0.95) -> Welch:
    """Whether two samples come from distributions with one mean, without assuming one variance.

        t = (mean a - mean b) / sqrt(va + vb),  va = var(a)/na (ddof 1),  vb likewise
        df = (va + vb)^2 / (va^2/(na-1) + vb^2/(nb-1))

    Args:
        a: Shape (E,), independent values; with several matches a deal, pass one mean a deal.
        b: Shape (E',).
        level: Coverage of the interval of the difference.

    Returns:
        With two constant samples: t is 0 or infinite, p is 1 or 0, and there is no interval (nan).

    Raises:
        UsageError: A sample has fewer than two values, or one that is not finite.

    Reference: B. L. Welch, Biometrika 34 (1947).

    >>> round(welch([1, 2, 3, 4], [2, 3, 4, 5]).t, 4)
    -1.0954
    """
    from scipy.special import stdtr, stdtrit

    check_level(level)
    first, second = _two(a, b)
    difference = float(first.mean() - second.mean())
    va, vb = first.var(ddof=1) / len(first), second.var(ddof=1) / len(second)
    if va + vb == 0:
        t = math.copysign(math.inf, difference) if difference else 0.0
        return Welch(difference, t, float(len(first) + len(second) - 2), 0.0 if difference else 1.0, NO_INTERVAL)
    se = math.sqrt(va + vb)
    df = float((va + vb) ** 2 / (va**2 / (len(first) - 1) + vb**2 / (len(second) - 1)))
    half = float(stdtrit(df, 0.5 + level / 2)) * se
    t = difference / se
    return Welch(difference, t, df, float(2 * stdtr(df, -abs(t))), Interval(difference - half, difference + half))


def cohens_d(a: npt.ArrayLike, b: npt.ArrayLike, *, ddof: int = 1) -> float:
    """How far apart two samples are, in standard deviations.

        d = (mean a - mean b) / sd,   sd^2 = ((na-1) va + (nb-1) vb) / (na+nb-2)        ddof = 1
        d = (mean a - mean b) / sd,   sd^2 = (va + vb) / 2 with population variances    ddof = 0

    The second form is the one of the Dhumbal study (arXiv 2510.11736).

    Raises:
        UsageError: A sample has fewer than two values, or `ddof` is neither 0 nor 1.

    >>> round(cohens_d([1, 2, 3], [2, 3, 4]), 3)
    -1.0
    """
    first, second = _two(a, b)
    if ddof not in (0, 1):
        raise UsageError(f"ddof is {ddof}; allowed: 0, 1")
    if ddof == 1:
        weights = np.array([len(first) - 1, len(second) - 1], np.float64)
    else:
        weights = np.ones(2)
    variance = float(np.average([first.var(ddof=ddof), second.var(ddof=ddof)], weights=weights))
    difference = float(first.mean() - second.mean())
    if variance == 0:
        return math.copysign(math.inf, difference) if difference else 0.0
    return difference / math.sqrt(variance)


def hedges_g(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Cohen's d without its upward bias in small samples.

        g = d (1 - 3 / (4 df - 1)),   df = na + nb - 2

    Reference: L. V. Hedges, Journal of Educational Statistics 6 (1981), with its usual approximation of the factor.

    >>> round(hedges_g([1, 2, 3], [2, 3, 4]), 3)
    -0.8
    """
    first, second = _two(a, b)
    return cohens_d(first, second) * (1 - 3 / (4 * (len(first) + len(second) - 2) - 1))


# --- many comparisons -----------------------------------------------------------------------------------------------


def _p_values(p: npt.ArrayLike) -> np.ndarray:
    values = finite_array("p", p)
    if values.ndim != 1 or not np.all((values >= 0) & (values <= 1)):
        raise UsageError(f"expected a list of p values in [0, 1], got {values.tolist()!r:.200}")
    return values


def bonferroni(p: npt.ArrayLike) -> np.ndarray:
    """P values corrected for their number: min(1, m p). Shape (m,). Controls the chance of any false finding.

    >>> bonferroni([0.01, 0.04]).tolist()
    [0.02, 0.08]
    """
    values = _p_values(p)
    return np.minimum(1.0, values * len(values))


def holm(p: npt.ArrayLike) -> np.ndarray:
    """P values corrected step by step; as safe as Bonferroni and never larger. Shape (m,), in the order given.

        sorted p_(1) <= ... <= p_(m):   q_(i) = max_{j <= i} min(1, (m-j+1) p_(j))

    Reference: S. Holm, Scandinavian Journal of Statistics 6 (1979).

    >>> holm([0.01, 0.04]).tolist()
    [0.02, 0.04]
    """
    values = _p_values(p)
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(len(values), 0, -1)
    out = np.empty_like(values)
    out[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return out


def benjamini_hochberg(p: npt.ArrayLike) -> np.ndarray:
    """P values corrected for the share of false findings among the findings. Shape (m,), in the order given.

        sorted p_(1) <= ... <= p_(m):   q_(i) = min_{j >= i} min(1, m p_(j) / j)

    Reference: Y. Benjamini and Y. Hochberg, JRSS B 57 (1995).

    >>> benjamini_hochberg([0.01, 0.04]).tolist()
    [0.02, 0.04]
    """
    values = _p_values(p)
    order = np.argsort(values, kind="stable")[::-1]
    steps = values[order] * len(values) / np.arange(len(values), 0, -1)
    out = np.empty_like(values)
    out[order] = np.minimum(1.0, np.minimum.accumulate(steps))
    return out

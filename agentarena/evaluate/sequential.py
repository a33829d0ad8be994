"""Evidence that may be looked at after every match: e-values of a mean and of an estimate, and intervals that hold at all times at once.

An e-value of a hypothesis is a number whose expectation is at most 1 while the hypothesis is true, whenever one chooses to
look. By Ville's inequality the chance that it ever reaches 1/delta is at most delta, so one may stop as soon as it does. All
are given as natural logarithms: nothing overflows.

Axis letters: E observations.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import UsageError

from .arguments import check_level, finite_array, number
from .stats import Interval

__all__ = ["BETS", "betting_log_e", "confidence_sequence", "mixture_log_e", "normal_equivalent"]

BETS = np.array([0.05, 0.1, 0.2, 0.35, 0.55, 0.8, 1.1, 1.4, 1.7, 1.95])
"""Stakes of the bettors of `betting_log_e`, each with a tenth of the money."""


def betting_log_e(scores: npt.ArrayLike) -> float:
    """Evidence that the mean of some scores is above 1/2, without any assumption but that no score's expectation, given the ones before, is above it.

        e = mean over stakes b of  prod_i (1 + b (x_i - 1/2))

    A bettor stakes the share b of its money on each score being above 1/2 at even odds: while the mean is at most 1/2 it
    cannot expect to gain. The order of the scores does not matter. This is exact for any number of scores, also where all of
    them are 1 (an undefeated player), where an estimate with a standard error says nothing.

    Args:
        scores: Shape (E,), in [0, 1]; for matches that share a deal, the mean over the deal.

    Returns:
        ln e; 0 without scores.

    Raises:
        UsageError: A score is outside [0, 1].

    Reference: I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024),
    section 4, with a fixed mixture of stakes instead of one that is tuned.

    >>> round(math.exp(betting_log_e([1.0] * 12)), 1), betting_log_e([])
    (599.3, 0.0)
    """
    x = finite_array("scores", scores)
    if x.ndim != 1 or not np.all((x >= 0) & (x <= 1)):
        raise UsageError("scores must be a list of numbers in [0, 1]")
    if len(x) == 0:
        return 0.0
    return float(np.logaddexp.reduce(np.log1p(np.outer(BETS, x - 0.5)).sum(1)) - math.log(len(BETS)))


def normal_equivalent(t: npt.ArrayLike, df: npt.ArrayLike) -> np.ndarray:
    """The standard normal value as unusual as a value of Student's t: Phi^-1(T_df(t)). Any shape; no less than 1 degree of freedom.

    >>> normal_equivalent([-4.0, 4.0], 10).round(3).tolist()
    [-3.021, 3.021]
    """
    from scipy.special import ndtri, stdtr

    value = np.asarray(t, np.float64)
    tail = stdtr(np.maximum(np.asarray(df, np.float64), 1.0), -np.abs(value))
    return np.asarray(-np.sign(value) * ndtri(np.maximum(tail, 1e-300)))


def mixture_log_e(estimate: npt.ArrayLike, se: npt.ArrayLike, scale: float, df: npt.ArrayLike = math.inf) -> np.ndarray:
    """Evidence that the quantity behind an estimate is above 0, at any time, for an estimate that is close to normal.

        e = 2 sqrt(r / (I + r)) exp(z^2 w / 2) Phi(z sqrt w),    I = 1 / se^2,  r = 1 / scale^2,  w = I / (I + r)

    This is the likelihood ratio against 0 with the quantity drawn from the right half of a normal distribution of spread
    `scale`: one test for all sizes of the quantity. It holds at all times where the estimate's error is a sum of small
    contributions whose expectation, given the past, is 0, also when what is observed next depends on the past (a schedule that
    chooses). That is a limit: it says nothing about a handful of observations. z is therefore taken from Student's t.

    Args:
        estimate: Any shape.
        se: Its standard error, > 0.
        scale: Size of quantity to be found soonest, in the unit of the estimate; other sizes cost little more.
        df: Degrees of freedom of the standard error.

    Returns:
        ln e.

    Reference: H. Robbins, Annals of Mathematical Statistics 41 (1970), for the mixture; I. Waudby-Smith, D. Arbour, R. Sinha,
    E. H. Kennedy and A. Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences" (arXiv 2103.06476), for
    estimates. The use of Student's t is ours.

    >>> mixture_log_e([0.0, 30.0, 60.0], 10.0, scale=50.0).round(2).tolist()
    [-1.63, 3.39, 16.37]
    """
    from scipy.special import log_ndtr

    error = np.asarray(se, np.float64)
    information, prior = 1.0 / error**2, 1.0 / number("scale", scale, above=0) ** 2
    weight = information / (information + prior)
    z = normal_equivalent(np.asarray(estimate, np.float64) / error, df)
    return np.asarray(math.log(2) - 0.5 * np.log1p(information / prior) + 0.5 * z**2 * weight + log_ndtr(z * np.sqrt(weight)))


def confidence_sequence(estimate: float, se: float, level: float = 0.95, *, scale: float, df: float = math.inf) -> Interval:
    """An interval that may be looked at after every observation: the chance that it ever misses is at most 1 - level.

        estimate -+ t se,   t as unusual as z = sqrt((1 + r/I) (2 ln(1/(1-level)) + ln(1 + I/r))),   I = 1 / se^2,  r = 1 / scale^2

    It is about 1.5 times as wide as an interval for one look; see `mixture_log_e` for what it assumes.

    Args:
        estimate: At this time.
        se: Its standard error, > 0.
        level: Coverage over all times together.
        scale: Size of quantity to be told from 0 soonest, in the unit of the estimate.
        df: Degrees of freedom of the standard error.

    >>> low, high = confidence_sequence(0.0, 1.0, scale=10.0)
    >>> f"{low:.2f} to {high:.2f}"
    '-3.27 to 3.27'
    """
    from scipy.special import ndtr, stdtrit

    check_level(level)
    ratio = (number("se", se, above=0) * number("scale", scale, above=0) ** -1) ** 2  # r / I
    z = math.sqrt((1 + ratio) * (-2 * math.log(1 - level) + math.log1p(1 / ratio)))
    t = z if math.isinf(df) else -float(stdtrit(max(df, 1.0), ndtr(-z)))
    return Interval(estimate - t * se, estimate + t * se)

"""How many games are enough: fixed sample sizes and sequential tests.

Elo differences become expected scores by the logistic curve with scale 400; logarithms are natural.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import UsageError

from .arguments import check_level, finite_array, number
from .stats import Interval, normal_quantile

EXACT_GAMES = 1000
"""Where the approximation asks for no more games than this, they are counted exactly."""

__all__ = ["expected_score", "games_needed", "gsprt", "sprt_bounds", "sprt_games"]


def expected_score(elo: float) -> float:
    """The mean score of a player `elo` points stronger: 1 / (1 + 10^(-elo/400)).

    >>> round(expected_score(100), 4)
    0.6401
    """
    _check_finite(elo=elo)
    odds = 10.0 ** (-abs(elo) / 400.0)  # of the weaker side
    return 1.0 / (1.0 + odds) if elo >= 0 else odds / (1.0 + odds)


def _check_finite(**values: float) -> None:
    for name, value in values.items():
        number(name, value)


def games_needed(elo: float, *, power: float = 0.8, level: float = 0.95, draws: float = 0.0) -> int:
    """How many independent games it takes to tell a difference of `elo` points from none.

        n = (z_{(1+level)/2} + z_power)^2 var / (s - 1/2)^2,   s = expected_score(elo),   var = s (1-s) - draws/4

    This is the normal approximation, which promises too much where it asks for few games. Without draws, up to `EXACT_GAMES`
    of them are therefore counted exactly: the least n from which on the two-sided binomial test (each tail at most (1-level)/2
    when the players are equal) finds the difference with the power asked for.

    Args:
        elo: The difference to detect; not 0.
        power: Chance to detect it when it is there.
        level: 1 minus the chance to detect it when it is not (two-sided).
        draws: Share of games drawn; at most twice the weaker side's expected score. With draws the number is the approximation.

    Returns:
        Number of games, rounded up.

    Raises:
        UsageError: An argument is out of range.

    >>> games_needed(100), games_needed(10)
    (108, 9472)
    """
    check_level(level)
    _check_finite(elo=elo, power=power, draws=draws)
    s = expected_score(abs(elo))
    if s == 0.5 or not 0 < power < 1 or not 0 <= draws <= 2 * min(s, 1 - s):
        raise UsageError(f"need elo != 0, 0 < power < 1 and 0 <= draws <= {2 * min(s, 1 - s):.3f}, got {elo=}, {power=}, {draws=}")
    z = normal_quantile(0.5 + level / 2) + normal_quantile(power)
    games = math.ceil(z**2 * (s * (1 - s) - draws / 4) / (s - 0.5) ** 2)
    return games if draws > 0 or games > EXACT_GAMES else _exact_games(s, power, level, 2 * games + 200)


def _exact_games(score: float, power: float, level: float, most: int) -> int:
    """The least number of games, of `most`, from which on the binomial test finds `score` with `power`."""
    from scipy.stats import binom

    games = np.arange(1, most + 1)
    beyond = binom.isf((1 - level) / 2, games, 0.5)  # more wins than this are significant
    missed = np.flatnonzero(binom.sf(beyond, games, score) < power)
    return int(games[missed[-1]]) + 1 if len(missed) else 1


def sprt_bounds(alpha: float = 0.05, beta: float = 0.05) -> Interval:
    """Where a sequential test stops: at or below `low` the null holds, at or above `high` the alternative.

        low = ln(beta / (1 - alpha)),   high = ln((1 - beta) / alpha)

    Reference: A. Wald, Annals of Mathematical Statistics 16 (1945).

    >>> round(sprt_bounds().high, 6)
    2.944439
    """
    _check_finite(alpha=alpha, beta=beta)
    if not (0 < alpha < 1 and 0 < beta < 1 and alpha + beta < 1):
        raise UsageError(f"need error rates in (0, 1) that add up to less than 1, got {alpha=}, {beta=}")
    return Interval(math.log(beta / (1 - alpha)), math.log((1 - beta) / alpha))


def gsprt(scores: npt.ArrayLike, elo0: float, elo1: float) -> float:
    """The log-likelihood ratio of "stronger by elo1" against "stronger by elo0", to compare with `sprt_bounds`.

    Looking at a fixed-size test again and again finds differences that are not there; this ratio may be looked at
    after every game (or pair of games) and keeps its error rates.

        LLR = N (s1 - s0) (2 m - s0 - s1) / (2 v),   m, v the mean and population variance of the scores

    Args:
        scores: Shape (N,): one independent unit each, in [0, 1]. Pair games of one deal with the seats swapped and
            pass the pair's mean: that is the pentanomial form, which uses that luck cancels within a pair.
        elo0: Elo difference under the null.
        elo1: Elo difference under the alternative.

    Returns:
        0 with fewer than two units or no variance yet.

    Reference: the normal approximation used by fishtest, the testing framework of Stockfish.

    >>> gsprt([1, 0, 1, 1], 0, 50) > 0
    True
    """
    values = finite_array("scores", scores)
    if values.ndim != 1 or not np.all((values >= 0) & (values <= 1)):
        raise UsageError("scores must be a list of numbers in [0, 1]")
    variance = float(values.var()) if len(values) > 1 else 0.0
    if variance == 0:
        return 0.0
    s0, s1 = expected_score(elo0), expected_score(elo1)
    return len(values) * (s1 - s0) * (2 * float(values.mean()) - s0 - s1) / (2 * variance)


def sprt_games(
    elo0: float, elo1: float, *, true_elo: float | None = None, alpha: float = 0.05, beta: float = 0.05, draws: float = 0.0
) -> float:
    """How many games the sequential test `gsprt` takes on average.

    The log-likelihood ratio is taken as a Brownian motion of drift mu and variance v a game:

        var = (1 - draws)/4;   mu = (s1 - s0) (2 s - s0 - s1) / (2 var);   v = (s1 - s0)^2 / var;   h = -2 mu / v
        P(high) = (1 - e^(h low)) / (e^(h high) - e^(h low))
        E[n] = (low + (high - low) P(high)) / mu;   at mu = 0:  -low high / v

    Args:
        elo0: Elo difference under the null.
        elo1: Elo difference under the alternative.
        true_elo: The true difference; `elo1` when left out.
        alpha: Chance to accept the alternative when the null is true.
        beta: Chance to accept the null when the alternative is true.
        draws: Share of games drawn.

    Reference: A. Wald, Sequential Analysis (1947), sections 3.4 and 3.5. The last step overshoots the bound, which
    this leaves out: simulated tests take some 5 to 15 % longer at [0, 50] Elo.

    >>> round(sprt_games(0, 50))
    259
    """
    low, high = sprt_bounds(alpha, beta)
    s0, s1, s = (expected_score(elo) for elo in (elo0, elo1, elo1 if true_elo is None else true_elo))
    _check_finite(draws=draws)
    if s0 == s1 or not 0 <= draws < 1:
        raise UsageError(f"need elo0 != elo1 and 0 <= draws < 1, got {elo0=}, {elo1=}, {draws=}")
    variance = (1 - draws) / 4
    drift = (s1 - s0) * (2 * s - s0 - s1) / (2 * variance)
    spread = (s1 - s0) ** 2 / variance
    h = -2 * drift / spread
    if abs(h) < 1e-6:
        return -low * high / spread
    accept = -math.expm1(low * h) / (math.exp(high * h) - math.exp(low * h))
    return (low + (high - low) * accept) / drift

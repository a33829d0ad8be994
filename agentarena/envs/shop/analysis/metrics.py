"""WebShop's two figures of a run: the score and the success rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agentarena.core.errors import UsageError
from agentarena.core.intervals import wilson

__all__ = ["Figures", "figures"]

_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Figures:
    """Score and success rate of E visits.

    Attributes:
        score: 100 times the mean reward.
        score_error: Half the width of its 95 % interval.
        success: Percentage of visits with a reward of 1.
        success_low: Lower end of its 95 % interval.
        success_high: Upper end.
        visits: E.
    """

    score: float
    score_error: float
    success: float
    success_low: float
    success_high: float
    visits: int


def figures(rewards: Sequence[float]) -> Figures:
    """Score and success rate from the rewards of E visits, those without a purchase included as 0.

        score = 100 * mean(r)        success = 100 * mean(r == 1)

    Intervals: the normal one for the score, Wilson's for the success rate. Other papers may count a success otherwise; WebShop's is r = 1.

    Args:
        rewards: Shape (E,), each from 0 to 1.

    Raises:
        UsageError: There are none.

    >>> result = figures([1.0, 0.5, 0.0, 1.0])
    >>> result.score, result.success
    (62.5, 50.0)
    """
    count = len(rewards)
    if not count:
        raise UsageError("no rewards were given, so there is no score")
    mean = math.fsum(rewards) / count
    error = math.sqrt(math.fsum((reward - mean) ** 2 for reward in rewards) / max(1, count - 1) / count)
    wins = sum(reward >= 1.0 for reward in rewards)
    interval = wilson(wins, count)
    return Figures(100 * mean, 100 * _Z * error, 100 * wins / count, 100 * interval.low, 100 * interval.high, count)

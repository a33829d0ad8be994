"""Regret over repeated games and online decisions: external and dynamic regret, and two tests of whether the average falls.

    regret = external_regret(policies, losses)        # R(1), ..., R(T)
    trend_test(regret).p ; regression_test(regret).slope

Axis letters: T rounds, A actions, S seats.

Reference: Park, Liu, Ozdaglar, Zhang, "Do LLM agents have regret?" (arXiv 2403.16843); the body was read second-hand, so that the exact
form of its tests is ours, checked against closed sums.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import UsageError

__all__ = [
    "RegressionTest",
    "TrendTest",
    "critical_count",
    "dynamic_regret",
    "external_regret",
    "follow_the_leader",
    "hedge",
    "loss_variation",
    "regression_test",
    "repeated_losses",
    "trend_test",
]

_TOLERANCE = 1e-12
"""Smaller falls of the average regret are ties, so that rounding makes no trend."""


class TrendTest(NamedTuple):
    """Whether the average regret falls more often than not.

    Attributes:
        falls: Rounds after which the average is strictly smaller: s.
        p: Probability of that many falls or more when each round falls with probability 1/2.
        rounds: T.
    """

    falls: int
    p: float
    rounds: int


class RegressionTest(NamedTuple):
    """How fast the regret grows: R(t) ~ t ** slope.

    Attributes:
        slope: b0; below 1 the average regret vanishes.
        p: One-sided p-value of slope < 1 by the t distribution; 0 or 1 where the fit is exact.
        used: Rounds with positive regret, which alone have a logarithm.
    """

    slope: float
    p: float
    used: int


def _both(policies: npt.ArrayLike, losses: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    played, costs = np.asarray(policies, float), np.asarray(losses, float)
    if costs.ndim != 2 or played.shape != costs.shape or not costs.size:
        raise UsageError(f"policies and losses must have one shape (T, A) with T, A >= 1, got {played.shape} and {costs.shape}")
    if not np.isfinite(costs).all() or (played < -1e-9).any() or not np.allclose(played.sum(1), 1.0, atol=1e-6):
        raise UsageError("losses must be finite, and each row of policies must be a distribution over the actions")
    return played, costs


def external_regret(policies: npt.ArrayLike, losses: npt.ArrayLike) -> np.ndarray:
    """How much more was lost than by the best single action in hindsight, after each round.

        R(t) = sum_{s<=t} <pi_s, l_s> - min_a sum_{s<=t} l_s(a)

    Args:
        policies: The distribution played in each round; one-hot rows for actions that were drawn. Shape (T, A).
        losses: What each action would have lost. Shape (T, A).

    Returns:
        Shape (T,), in the unit of the losses; negative where the play beat every single action.

    >>> external_regret([[0.5, 0.5], [0.5, 0.5]], [[0, 1], [0, 1]]).tolist()
    [0.5, 1.0]
    """
    played, costs = _both(policies, losses)
    return np.cumsum((played * costs).sum(1)) - np.cumsum(costs, 0).min(1)


def dynamic_regret(policies: npt.ArrayLike, losses: npt.ArrayLike) -> np.ndarray:
    """How much more was lost than by the best action of every round, after each round. Arguments as in `external_regret`.

        D(t) = sum_{s<=t} <pi_s, l_s> - sum_{s<=t} min_a l_s(a)

    It can stay small only where the losses change little: see `loss_variation`.

    Returns:
        Shape (T,), never negative (up to rounding).

    >>> dynamic_regret([[0.5, 0.5], [0.5, 0.5]], [[0, 1], [1, 0]]).tolist()
    [0.5, 1.0]
    """
    played, costs = _both(policies, losses)
    return np.cumsum((played * costs).sum(1) - costs.min(1))


def loss_variation(losses: npt.ArrayLike) -> float:
    """How much the losses change: the sum over rounds of the largest change of one action's loss.

    >>> loss_variation([[0, 1], [1, 0], [1, 0]])
    1.0
    """
    costs = np.asarray(losses, float)
    if costs.ndim != 2:
        raise UsageError(f"losses must have shape (T, A), got {costs.shape}")
    return float(np.abs(np.diff(costs, axis=0)).max(1, initial=0.0).sum())


def trend_test(regret: npt.ArrayLike) -> TrendTest:
    """Tests whether the average regret R(t)/t falls: under no trend the number of falls is Bin(T - 1, 1/2).

        s = #{t < T : R(t)/t > R(t+1)/(t+1)},   p = P(S >= s)

    Ties, up to a relative 1e-12, are no falls.

    Args:
        regret: R(1), ..., R(T). Shape (T,), T >= 2.

    >>> trend_test([1.0, 1.5, 1.8])
    TrendTest(falls=2, p=0.25, rounds=3)
    """
    total = _series(regret, 2)
    average = total / np.arange(1, len(total) + 1)
    slack = _TOLERANCE * np.maximum(1.0, np.abs(average).max())
    falls = int((average[:-1] - average[1:] > slack).sum())
    return TrendTest(falls, _tail(falls, len(total) - 1), len(total))


def critical_count(rounds: int, level: float = 0.05) -> int:
    """The least number of falls that `trend_test` calls significant; `rounds` where none is.

    >>> [critical_count(rounds) for rounds in (25, 50, 100)]
    [17, 31, 59]
    """
    if rounds < 2 or not 0 < level < 1:
        raise UsageError(f"need rounds >= 2 and a level between 0 and 1, got {rounds=}, {level=}")
    return next((falls for falls in range(rounds) if _tail(falls, rounds - 1) <= level), rounds)


def _tail(least: int, trials: int) -> float:
    """P(S >= least), S ~ Bin(trials, 1/2), exactly."""
    return sum(math.comb(trials, count) for count in range(least, trials + 1)) / 2**trials


def regression_test(regret: npt.ArrayLike) -> RegressionTest:
    """Fits the growth of the regret, log R(t) = b0 log t + b1 by least squares, and tests b0 < 1.

    Rounds without positive regret have no logarithm and are left out; `used` says how many are left.

    Args:
        regret: R(1), ..., R(T). Shape (T,).

    Returns:
        With fewer than three rounds of positive regret the slope and p are NaN.

    >>> round(regression_test([t**0.5 for t in range(1, 20)]).slope, 6)
    0.5
    """
    total = _series(regret, 1)
    rounds = np.flatnonzero(total > _TOLERANCE)
    if len(rounds) < 3:
        return RegressionTest(math.nan, math.nan, len(rounds))
    x, y = np.log(rounds + 1.0), np.log(total[rounds])
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    rest = y - y.mean() - slope * centred
    error = math.sqrt(float(rest @ rest) / (len(x) - 2) / float(centred @ centred))
    if error <= 1e-10:
        return RegressionTest(slope, float(slope > 1.0 - 1e-9), len(rounds))
    from scipy.special import stdtr

    return RegressionTest(slope, float(stdtr(len(x) - 2, (slope - 1.0) / error)), len(rounds))


def _series(regret: npt.ArrayLike, least: int) -> np.ndarray:
    total = np.asarray(regret, float)
    if total.ndim != 1 or len(total) < least or not np.isfinite(total).all():
        raise UsageError(f"regret must be finite and of shape (T,), T >= {least}, got shape {total.shape}")
    return total


# --- learners to compare with -----------------------------------------------------------------------------------------------


def follow_the_leader(losses: npt.ArrayLike) -> np.ndarray:
    """The policies of follow-the-leader: each round the action that has lost least so far, all leaders alike. Shape (T, A).

    >>> follow_the_leader([[0, 1], [0, 1]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    before = _before(losses)
    leads = before <= before.min(1, keepdims=True) + _TOLERANCE
    policies: np.ndarray = leads / leads.sum(1, keepdims=True)
    return policies


def hedge(losses: npt.ArrayLike, eta: float | None = None) -> np.ndarray:
    """The policies of Hedge (exponential weights): pi_t(a) ~ exp(-eta * sum_{s<t} l_s(a)). Shape (T, A).

    Args:
        losses: Shape (T, A), within [0, 1] for the bound.
        eta: Step size; by default sqrt(8 ln A / T), under which R(T) <= sqrt(T ln A / 2).

    >>> hedge([[0, 1], [0, 1]], eta=1.0).round(3).tolist()
    [[0.5, 0.5], [0.731, 0.269]]
    """
    before = _before(losses)
    rounds, actions = before.shape
    step = math.sqrt(8 * math.log(actions) / rounds) if eta is None else eta
    weights = np.exp(-step * (before - before.min(1, keepdims=True)))
    policies: np.ndarray = weights / weights.sum(1, keepdims=True)
    return policies


def _before(losses: npt.ArrayLike) -> np.ndarray:
    """What each action has lost before each round. Shape (T, A)."""
    costs = np.asarray(losses, float)
    if costs.ndim != 2 or not costs.size:
        raise UsageError(f"losses must have shape (T, A), got {costs.shape}")
    before: np.ndarray = np.cumsum(costs, 0) - costs
    return before


def repeated_losses(payoffs: npt.ArrayLike, actions: npt.ArrayLike, seat: int, *, unit: bool = True) -> np.ndarray:
    """What each action of a seat would have lost in each round of a repeated game, the others' actions as they were.

    Args:
        payoffs: Payoffs of the one-round game, the seat last. Shape (A_0, ..., A_{S-1}, S).
        actions: What was played. Shape (T, S).
        seat: Whose losses.
        unit: Whether to rescale to [0, 1] by the seat's least and greatest payoff; else the loss is the negative payoff.

    Returns:
        Shape (T, A).

    >>> pennies = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]
    >>> repeated_losses(pennies, [[0, 0], [0, 1]], seat=0).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    table, played = np.asarray(payoffs, float), np.asarray(actions)
    seats = table.ndim - 1
    if seats < 1 or table.shape[-1] != seats or not 0 <= seat < seats or played.ndim != 2 or played.shape[1] != seats:
        raise UsageError(
            f"payoffs must have shape (A_0, ..., A_(S-1), S) and actions (T, S), got {table.shape} and {played.shape}, seat {seat}"
        )
    if played.dtype.kind not in "iu" or (played < 0).any() or (played >= np.array(table.shape[:-1])).any():
        raise UsageError("actions must be whole numbers of actions that the payoffs have")
    own = np.moveaxis(table[..., seat], seat, -1)
    others = tuple(played[:, other] for other in range(seats) if other != seat)
    gains = np.broadcast_to(own[others], (len(played), own.shape[-1])) if others else np.tile(own, (len(played), 1))
    spread = own.max() - own.min()
    return (own.max() - gains) / (spread or 1.0) if unit else -gains

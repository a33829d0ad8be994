"""What a worker likes and how long it then works: utilities, and the rational answer to any schedule in closed form.

Axis letters: N workers, K brackets, H hours on a grid; leading axes (...) are economies. Rates are fractions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agentarena.envs.economist.options import MOST_HOURS

from .taxes import bracket_totals, taxes

__all__ = [
    "Tastes",
    "calibrated_cost",
    "disutility",
    "grid_labour",
    "half_power",
    "interior_hours",
    "rational_labour",
    "utility",
]

REFERENCE_SKILL = 1000.0
"""Skill that works 40 hours without a tax under the calibrated cost of labour."""

_HALVINGS = 60


class Tastes(NamedTuple):
    """What workers like.

    Attributes:
        cost: c, weight of the disutility of labour.
        curvature: d > 1, its power.
        eta: Curvature of the utility of consumption; 0 for quasi-linear utility. A `consumption` of eta = 1 is the logarithm.
    """

    cost: float
    curvature: float
    eta: float = 0.0


def calibrated_cost(curvature: float, eta: float = 0.0, skill: float = REFERENCE_SKILL, hours: float = 40.0) -> float:
    """The cost of labour at which a worker of the reference skill works 40 hours when there is no tax and no rebate.

        c = skill^(1 - eta) / (d hours^(d - 1 + eta))

    Why: under the paper's c = 0.0005, skills of 175 dollars an hour and more work all 100 hours without a tax, which is
    nearly everybody of the income distribution that the paper uses, and a corner does not answer to taxes.

    >>> calibrated_cost(3.5)
    0.0282346219657891
    """
    return float(skill ** (1.0 - eta) / (curvature * hours ** (curvature - 1.0 + eta)))


def half_power(x: np.ndarray, exponent: float) -> np.ndarray:
    """x to a power, by products and one square root where twice the exponent is a small whole number. Shape of x, x >= 0."""
    twice = 2.0 * exponent
    if twice != int(twice) or not 2 <= twice <= 16:
        return np.asarray(x**exponent)
    out = x.copy()
    for _ in range(int(exponent) - 1):
        out *= x
    if int(twice) % 2:
        out *= np.sqrt(x)
    return out


def disutility(hours: np.ndarray, tastes: Tastes) -> np.ndarray:
    """What labour costs its worker: c l^d. Shape of `hours`.

    >>> disutility(np.array([40.0]), Tastes(0.0005, 3.5)).round(4).tolist()
    [202.3858]
    """
    out = half_power(np.asarray(hours, np.float64), tastes.curvature)
    out *= tastes.cost
    return out


def utility(disposable: np.ndarray, hours: np.ndarray, tastes: Tastes) -> np.ndarray:
    """Utility of an income after tax and rebate and of the labour behind it.

        quasi-linear (eta = 0):   u = C - c l^d
        CRRA:                     u = (C^(1 - eta) - 1) / (1 - eta) - c l^d,   C at least 1 dollar; ln C for eta = 1

    Args:
        disposable: C, dollars a year, shape (..., N).
        hours: l, hours a week, shape (..., N).
        tastes: The worker's.
    """
    labour = disutility(hours, tastes)
    if tastes.eta == 0.0:
        return np.subtract(disposable, labour, out=labour)
    consumed = np.maximum(disposable, 1.0)
    if tastes.eta == 1.0:
        return np.asarray(np.log(consumed) - labour)
    return np.asarray((consumed ** (1.0 - tastes.eta) - 1.0) / (1.0 - tastes.eta) - labour)


def interior_hours(skill: np.ndarray, net_share: np.ndarray | float, tastes: Tastes) -> np.ndarray:
    """Hours at which one more hour earns just what it costs, for quasi-linear utility, not yet bounded.

        l = (v k / (c d))^(1 / (d - 1)),   k the share of the next dollar that is kept

    >>> interior_hours(np.array([40.0]), 0.8, Tastes(0.0005, 3.5)).round(4).tolist()
    [50.681]
    """
    gain = np.maximum(skill * net_share, 0.0) / (tastes.cost * tastes.curvature)
    return np.asarray(gain ** (1.0 / (tastes.curvature - 1.0)))


def rational_labour(
    skill: np.ndarray,
    cutoffs: tuple[float, ...],
    rates: np.ndarray,
    tastes: Tastes,
    *,
    rebate: np.ndarray | float = 0.0,
    own_share: float = 0.0,
    most: float = MOST_HOURS,
) -> np.ndarray:
    """The hours that are best for each worker under a schedule, the rebate taken as given: exact, kinks and corners included.

    In each bracket the utility has one best point: where its slope is 0, or the bracket's nearer end (at a kink many
    workers bunch). The best of these K points and of idling is the answer for every schedule, also one whose rates fall somewhere.
    With quasi-linear utility each point is a closed form; with CRRA utility the slope falls steadily once a dollar is consumed and
    its zero is found by halving, to a relative 2^-60. Below a dollar CRRA utility does not rise with income, so that who cannot
    get far enough above it idles.

    Args:
        skill: v, at least 0, shape (..., N).
        cutoffs: K lower edges, the first 0.
        rates: Fractions, shape (K,) or (..., K).
        tastes: The workers'.
        rebate: What each expects to be given besides, shape (..., 1) or one number; matters for CRRA utility only.
        own_share: Share of its own tax that comes back to a worker and that it takes into account: 0, or 1 / N.
        most: Longest week.

    Returns:
        Hours, shape (..., N); of equally good ones (to 1e-12 of what is weighed against each other) the fewest.

    >>> rational_labour(np.array([40.0, 175.0]), (0.0,), np.array([0.0]), Tastes(0.0005, 3.5)).round(4).tolist()
    [55.4126, 100.0]
    """
    skill, rates = np.asarray(skill, np.float64), np.asarray(rates, np.float64)
    shape = np.broadcast_shapes(skill.shape, (*rates.shape[:-1], 1))
    totals = bracket_totals(cutoffs, rates)
    best = np.zeros(shape)
    best_value = utility(np.broadcast_to(np.asarray(rebate, np.float64), shape), best, tastes)
    for j, start in enumerate(cutoffs):
        rate, due = rates[..., j, None], totals[..., j, None]
        begin = _hours_to(start, skill)
        reached = begin <= most  # a bracket beyond the longest week has no points
        low = np.minimum(begin, most)
        high = np.minimum(_hours_to(cutoffs[j + 1], skill), most) if j + 1 < len(cutoffs) else np.full_like(low, most)
        net_share = 1.0 - rate * (1.0 - own_share)
        paid = (due - rate * start) * (1.0 - own_share)  # disposable income is v l k - paid + rebate, k the net share
        if tastes.eta == 0.0:
            hours = np.clip(interior_hours(skill, net_share, tastes), low, high)
        else:
            dollar = _hours_to(1.0 - rebate + paid, skill * net_share)
            reached = reached & (dollar <= high)
            hours = _halved(skill, net_share, rebate - paid, np.clip(dollar, low, high), high, tastes)
        value = utility(skill * hours * net_share - paid + rebate, hours, tastes)
        weighed = np.abs(value) + 2.0 * disutility(hours, tastes)  # at least the gain of labour and its cost
        better = reached & (value > best_value + 1e-12 * weighed)
        best, best_value = np.where(better, hours, best), np.where(better, value, best_value)
    return best


def _hours_to(income: np.ndarray | float, wage: np.ndarray) -> np.ndarray:
    """Hours until an income is reached: 0 where it is not positive, infinite where nothing is earned. Broadcast shape."""
    income, wage = np.broadcast_arrays(np.asarray(income, np.float64), wage)
    never = np.where(income > 0, np.inf, 0.0)
    return np.divide(np.maximum(income, 0.0), wage, out=never, where=wage > 0)


def _halved(
    skill: np.ndarray, net_share: np.ndarray, transfer: np.ndarray | float, low: np.ndarray, high: np.ndarray, tastes: Tastes
) -> np.ndarray:
    """Where the slope of CRRA utility, v k C^(-eta) - c d l^(d - 1) with C = v l k + transfer, is 0 between two ends."""
    low, high = np.broadcast_arrays(low + 0.0 * net_share, high + 0.0 * net_share)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        consumed = np.maximum(skill * middle * net_share + transfer, 1e-9)
        gain = skill * net_share * consumed**-tastes.eta
        rising = gain > tastes.cost * tastes.curvature * middle ** (tastes.curvature - 1.0)
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return (low + high) / 2


def grid_labour(
    skill: np.ndarray,
    cutoffs: tuple[float, ...],
    rates: np.ndarray,
    tastes: Tastes,
    hours: np.ndarray,
    *,
    rebate: np.ndarray | float = 0.0,
    own_share: float = 0.0,
) -> np.ndarray:
    """The best of some offered hours for each worker, the rebate taken as given; of equally good ones the fewest.

    Args:
        skill: Shape (..., N).
        cutoffs: K lower edges.
        rates: Shape (K,) or (..., K).
        tastes: The workers'.
        hours: What is offered, increasing. Shape (H,).
        rebate: What each expects to be given besides.
        own_share: Share of its own tax that a worker expects back.

    Returns:
        Shape (..., N).
    """
    shape = np.broadcast_shapes(np.shape(skill), (*np.shape(rates)[:-1], 1))
    best, best_value = np.zeros(shape), np.full(shape, -np.inf)
    for offered in hours:
        income = skill * float(offered)
        disposable = income - taxes(income, cutoffs, rates) * (1.0 - own_share) + rebate
        value = utility(disposable, np.full(shape, float(offered)), tastes)
        better = value > best_value
        best, best_value = np.where(better, float(offered), best), np.where(better, value, best_value)
    return best

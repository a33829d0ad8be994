"""Closed forms that tests and benchmarks compare the rules with. Rates are fractions.

Axis letters: N workers.
"""

from __future__ import annotations

import numpy as np

from agentarena.envs.economist.options import MOST_HOURS
from agentarena.envs.economist.rules.labour import Tastes

__all__ = ["arc_elasticity", "crra_hours", "elasticity", "linear_tax"]


def elasticity(tastes: Tastes) -> float:
    """How earnings answer to the share of a dollar that is kept, in percent for each percent, away from corners.

        quasi-linear: 1 / (d - 1);   CRRA without a rebate: (1 - eta) / (d - 1 + eta)

    >>> elasticity(Tastes(0.0005, 3.5)), round(elasticity(Tastes(0.0005, 3.5, 0.23)), 6)
    (0.4, 0.282051)
    """
    return (1.0 - tastes.eta) / (tastes.curvature - 1.0 + tastes.eta)


def crra_hours(skill: np.ndarray, tax: float, tastes: Tastes) -> np.ndarray:
    """Hours under CRRA utility, one rate and no rebate, in closed form; bounded by the week.

        l = ((v (1 - t))^(1 - eta) / (c d))^(1 / (d - 1 + eta))

    >>> crra_hours(np.array([40.0]), 0.2, Tastes(0.0005, 3.5, 0.23)).round(6).tolist()
    [27.189778]
    """
    gain = (np.asarray(skill) * (1.0 - tax)) ** (1.0 - tastes.eta) / (tastes.cost * tastes.curvature)
    return np.minimum(gain ** (1.0 / (tastes.curvature - 1.0 + tastes.eta)), MOST_HOURS)


def linear_tax(weight: float, elasticity: float) -> float:
    """Best single rate with a lump-sum rebate, for a constant elasticity and fixed welfare weights.

        tau = (1 - g) / (1 - g + e),   g = sum_i w_i z_i / (mean z sum_i w_i)

    >>> round(linear_tax(0.312714, 0.4), 5)
    0.63211
    """
    return (1.0 - weight) / (1.0 - weight + elasticity)


def arc_elasticity(low_tax: np.ndarray, high_tax: np.ndarray, net_low: float, net_high: float) -> np.ndarray:
    """Arc elasticity of labour between two rates, for each worker: relative change over the relative change of what is kept.

    Args:
        low_tax: Labour at the lower rate, shape (N,).
        high_tax: Labour at the higher rate, shape (N,).
        net_low: Share of a dollar kept at the lower rate.
        net_high: Share kept at the higher rate.

    Returns:
        Shape (N,); NaN for a worker that is idle at both.

    >>> arc_elasticity(np.array([11.0]), np.array([9.0]), 0.6, 0.4).tolist()
    [0.5]
    """
    mean = (np.asarray(low_tax) + high_tax) / 2
    change = np.divide(low_tax - high_tax, mean, out=np.full(np.shape(mean), np.nan), where=mean > 0)
    return np.round(change / ((net_low - net_high) / ((net_low + net_high) / 2)), 12)

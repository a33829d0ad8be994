"""Income tax by brackets. Incomes in dollars a year, marginal rates as fractions in [0, 1].

Axis letters: N workers, K brackets; leading axes (...) are economies.
"""

from __future__ import annotations

import numpy as np

__all__ = ["US_RATES", "bracket_of", "bracket_totals", "marginal_rates", "tax_due", "taxes"]

US_RATES = (0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37)
"""Rates of the federal income tax of 2024 in the brackets "us"."""


def taxes(income: np.ndarray, cutoffs: tuple[float, ...], rates: np.ndarray) -> np.ndarray:
    """Tax due on each income: every bracket's rate applies to the part of the income inside the bracket.

        T(z) = sum_j r_j clip(z - b_j, 0, b_(j+1) - b_j) = sum_j (r_j - r_(j-1)) max(z - b_j, 0),   r_(-1) = 0

    Args:
        income: z, shape (..., N), at least 0.
        cutoffs: b_j, lower edges of the brackets in increasing order, K of them, the first 0.
        rates: r_j, shape (K,) or (..., K).

    Returns:
        Shape (..., N), between 0 and z when rates lie in [0, 1].

    >>> from agentarena.envs.economist.options import CUTOFFS
    >>> taxes(np.array([50_000.0, 609_350.0]), CUTOFFS["us"], np.array(US_RATES)).tolist()
    [6053.0, 183647.25]
    """
    rates = np.asarray(rates, np.float64)
    due = income * rates[..., :1]
    part = np.empty(due.shape)
    for j in range(1, len(cutoffs)):
        np.subtract(income, cutoffs[j], out=part)
        np.maximum(part, 0.0, out=part)
        part *= rates[..., j, None] - rates[..., j - 1, None]
        due += part
    # sums of rounded parts may leave [0, z] by an ulp; nobody is taxed more than all or less than nothing
    np.minimum(due, income, out=due)
    return np.maximum(due, 0.0, out=due)


def tax_due(income: float, cutoffs: tuple[float, ...], rates: tuple[float, ...]) -> float:
    """Tax due on one income: equal to `taxes`, without arrays.

    >>> tax_due(50_000.0, (0.0, 11_600.0, 47_150.0), (0.10, 0.12, 0.22))
    6053.0
    """
    due = income * rates[0]
    for j in range(1, len(cutoffs)):
        due += max(income - cutoffs[j], 0.0) * (rates[j] - rates[j - 1])
    return max(min(due, income), 0.0)


def bracket_of(income: np.ndarray, cutoffs: tuple[float, ...]) -> np.ndarray:
    """Number of the bracket each income lies in; an income at an edge belongs to the bracket above. Shape of `income`.

    >>> bracket_of(np.array([0.0, 90_000.0, 1e9]), (0.0, 90_000.0, 159_100.0)).tolist()
    [0, 1, 2]
    """
    return np.asarray(np.searchsorted(np.asarray(cutoffs[1:]), income, side="right"))


def marginal_rates(income: np.ndarray, cutoffs: tuple[float, ...], rates: np.ndarray) -> np.ndarray:
    """Rate on the next dollar of each income. Incomes (..., N) and rates (K,): shape (..., N)."""
    return np.asarray(rates, np.float64)[bracket_of(income, cutoffs)]


def bracket_totals(cutoffs: tuple[float, ...], rates: np.ndarray) -> np.ndarray:
    """Tax due at each lower edge, T(b_j). Rates (..., K): shape (..., K).

    >>> bracket_totals((0.0, 100.0, 300.0), np.array([0.1, 0.2, 0.5])).tolist()
    [0.0, 10.0, 50.0]
    """
    rates = np.asarray(rates, np.float64)
    widths = np.diff(np.asarray(cutoffs, np.float64))
    out = np.zeros(rates.shape)
    out[..., 1:] = np.cumsum(rates[..., :-1] * widths, axis=-1)
    return out

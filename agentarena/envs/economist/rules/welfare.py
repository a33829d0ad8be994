"""Inequality, and what a planner may want: welfare functions by name.

Axis letters: N workers; leading axes (...) are economies.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from agentarena.envs.economist.options import OBJECTIVES

__all__ = ["equality", "gini", "lorenz", "swf"]


def gini(x: np.ndarray) -> np.ndarray:
    """Gini coefficient: half the mean difference between two people (drawn with replacement), as a share of the mean.

        G = sum_i (2 i - N - 1) x_(i) / (N sum x),   x_(1) <= ... <= x_(N)

    Args:
        x: Shape (..., N), at least 0.

    Returns:
        Shape (...), from 0 to 1 - 1/N; 0 where everything is 0.

    >>> float(gini(np.array([10.0, 20.0, 30.0, 40.0])))
    0.25
    """
    ordered = np.sort(np.asarray(x, np.float64), axis=-1)
    count = ordered.shape[-1]
    ranks = 2.0 * np.arange(1, count + 1) - count - 1
    total = ordered.sum(axis=-1)
    return np.divide((ordered * ranks).sum(axis=-1), count * total, out=np.zeros_like(total), where=total > 0)


def equality(x: np.ndarray) -> np.ndarray:
    """1 when all have the same, 0 when one has everything: one minus the Gini coefficient scaled by N / (N - 1). 1 for N = 1.

    >>> round(float(equality(np.array([10.0, 20.0, 30.0, 40.0]))), 6)
    0.666667
    """
    count = np.shape(x)[-1]
    return 1.0 - gini(x) * count / (count - 1) if count > 1 else np.ones(np.shape(x)[:-1])


def lorenz(x: np.ndarray) -> np.ndarray:
    """Share of the whole that the poorest 0, 1, ..., N people hold. Shape (N,) to (N + 1,), from 0 to 1.

    >>> lorenz(np.array([1.0, 3.0])).tolist()
    [0.0, 0.25, 1.0]
    """
    held = np.concatenate([[0.0], np.cumsum(np.sort(np.asarray(x, np.float64)))])
    return held / held[-1] if held[-1] > 0 else np.linspace(0.0, 1.0, len(held))


Figures = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Utilities, incomes before tax, incomes after tax and rebate, reference incomes; each (..., N)."""


def _weighted(utility: np.ndarray, income: np.ndarray) -> np.ndarray:
    weight = 1.0 / np.maximum(income, 1.0)
    return np.asarray((weight * utility).sum(axis=-1) / weight.sum(axis=-1))


def _isoelastic(utility: np.ndarray, aversion: float) -> np.ndarray:
    floored = np.maximum(utility, 1.0)
    if aversion == 1.0:
        return np.asarray(np.log(floored).sum(axis=-1))
    return np.asarray(((floored ** (1.0 - aversion) - 1.0) / (1.0 - aversion)).sum(axis=-1))


_FUNCTIONS: dict[str, Callable[[Figures, float], np.ndarray]] = {
    "inverse_income": lambda f, _: _weighted(f[0], f[1]),
    "reference_income": lambda f, _: _weighted(f[0], f[3]),
    "utilitarian": lambda f, _: f[0].sum(axis=-1),
    "isoelastic": lambda f, aversion: _isoelastic(f[0], aversion),
    "rawls": lambda f, _: f[0].min(axis=-1),
    "equality_productivity": lambda f, _: equality(np.maximum(f[2], 0.0)) * f[1].sum(axis=-1),
    "paper_raw": lambda f, _: (f[0] / np.maximum(f[1], 1.0)).sum(axis=-1),
}
"""Welfare functions by name; see `swf`."""
assert tuple(_FUNCTIONS) == OBJECTIVES


def swf(
    objective: str,
    utility: np.ndarray,
    income: np.ndarray,
    disposable: np.ndarray,
    *,
    reference: np.ndarray | None = None,
    aversion: float = 1.0,
) -> np.ndarray:
    """Social welfare.

        inverse_income          sum_i w_i u_i,  w_i = 1 / max(z_i, 1) divided by their sum       (AI Economist)
        reference_income        the same with the incomes that would be earned without a tax
        utilitarian             sum_i u_i
        isoelastic              sum_i (x_i^(1 - e) - 1) / (1 - e),  x_i = max(u_i, 1);  ln x_i for e = 1
        rawls                   min_i u_i
        equality_productivity   (1 - N / (N - 1) Gini of incomes after tax and rebate) sum_i z_i  (AI Economist)
        paper_raw               sum_i u_i / max(z_i, 1), neither normalised nor bounded           (LLM Economist)

    Beware of `paper_raw`: somebody who does not work at all has weight 1 where a median worker has 1 / 38,000, so that
    its rebate counts raw and the "best" planner taxes somebody out of work. `reference_income` cannot be moved so.

    Args:
        objective: One of `options.OBJECTIVES`.
        utility: u, shape (..., N).
        income: z, before tax. Shape (..., N).
        disposable: After tax and rebate. Shape (..., N).
        reference: Incomes without a tax, shape (..., N); `reference_income` needs them.
        aversion: e of "isoelastic".

    Returns:
        Shape (...).

    >>> z = np.array([10.0, 20.0, 30.0, 40.0])
    >>> round(float(swf("equality_productivity", z, z, z)), 4), float(swf("rawls", z, z, z))
    (66.6667, 10.0)
    """
    return np.asarray(_FUNCTIONS[objective]((utility, income, disposable, income if reference is None else reference), aversion))

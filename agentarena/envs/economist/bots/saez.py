"""Tax rates by Saez's formula, in the two forms in which papers on learned taxes code it.

    tau = (1 - G) / (1 - G + a e)

G is the mean welfare weight of people above an income (1 on average over everybody), a measures how thin the tail of
incomes is there, and e is the elasticity of incomes to the share of a dollar that is kept.

Axis letters: N people, K brackets, M bins.
"""

from __future__ import annotations

import numpy as np

from agentarena.envs.economist.rules.taxes import bracket_of

__all__ = [
    "CODED_ELASTICITIES",
    "estimate_elasticity",
    "saez_binned",
    "saez_coded",
    "saez_rate",
]

CODED_ELASTICITIES: dict[str, tuple[float, ...]] = {"us": (3.0,) * 7, "flat": (0.4,), "three": (0.18, 0.11, 0.57)}
"""Elasticities by bracket that the LLM Economist's code uses for its brackets."""

_THIN = 10.0
"""Tail parameter where nobody earns more."""


def saez_rate(weight: np.ndarray | float, tail: np.ndarray | float, elasticity: np.ndarray | float) -> np.ndarray:
    """Saez's rate, kept within [0, 1].

        tau = (1 - G) / (1 - G + a e)

    With G = 0 it is the rate that raises most. Where the denominator is 0 the rate is 0.

    Args:
        weight: G, mean welfare weight above.
        tail: a, at least 0.
        elasticity: e, at least 0.

    Reference: E. Saez, "Using elasticities to derive optimal income tax rates", Review of Economic Studies 68 (2001).

    >>> round(float(saez_rate(0.0, 2.0, 0.25)), 6)
    0.666667
    """
    gain = 1.0 - np.asarray(weight, np.float64)
    below = gain + np.asarray(tail) * np.asarray(elasticity)
    return np.clip(np.divide(gain, below, out=np.zeros(np.broadcast_shapes(gain.shape, np.shape(below))), where=below > 0), 0.0, 1.0)


def saez_coded(incomes: np.ndarray, cutoffs: tuple[float, ...], elasticities: tuple[float, ...], *, top: str = "mean") -> np.ndarray:
    """Saez rates as the LLM Economist's code computes them: one evaluation in each bracket, on a smoothed density.

    With weights g_i = (1 / x_i) / sum(1 / x), the density f by a Gaussian kernel (Scott's bandwidth) and z the middle of
    the bracket (in the top one see `top`):

        F = share(x <= z),   a = z f(z) / (1 - F),   G = sum(g_i | x_i >= z) / (1 - F)
        top bracket with anybody above z:  a = m / (m - b_top),  m = mean(x | x >= z)
        one bracket only, which is the top one too:  a = 1

    Beware: the code's incomes are those at 100 hours of work a week, whereas its brackets are for incomes as they are.

    Args:
        incomes: x, shape (N,), positive, at least two different ones.
        cutoffs: Lower edges of the K brackets.
        elasticities: One a bracket.
        top: Where the top bracket is looked at: "mean" of the incomes in it (later code; 1.5 times its edge when it is
            empty) or "release" (a tenth of the way to ten million; the code as released).

    Returns:
        Percent, rounded to two decimals as in the code. Shape (K,).

    Reference: arXiv 2507.15815, its released code.
    """
    from scipy.stats import gaussian_kde

    x = np.asarray(incomes, np.float64)
    weights = (1.0 / x) / (1.0 / x).sum()
    if len(cutoffs) == 1:
        z = _evaluation_income(x, cutoffs[0], top)
        above = 1.0 - (x <= z).mean()
        gain = weights[x >= z].sum() / above if above > 0 else 0.0
        return np.round(100.0 * saez_rate(np.array([gain]), 1.0, elasticities[0]), 2)
    density = gaussian_kde(x)
    rates = []
    for j, start in enumerate(cutoffs):
        last = j == len(cutoffs) - 1
        z = _evaluation_income(x, start, top) if last else (start + cutoffs[j + 1]) / 2
        above, richer = 1.0 - (x <= z).mean(), x[x >= z]
        tail = z * float(density(z)[0]) / above if above > 0 else _THIN
        if last and len(richer) and richer.mean() > start:
            tail = richer.mean() / (richer.mean() - start)
        gain = weights[x >= z].sum() / above if above > 0 else 0.0
        rates.append(float(saez_rate(gain, tail, elasticities[j])))
    return np.round(100.0 * np.array(rates), 2)


def _evaluation_income(x: np.ndarray, start: float, top: str) -> float:
    """Income at which the top bracket is evaluated."""
    if top == "release":
        return start + 0.1 * (1e7 - start)
    inside = x[x >= start]
    return float(inside.mean()) if len(inside) else 1.5 * start


def estimate_elasticity(incomes: np.ndarray, rates: np.ndarray, previous: float) -> float:
    """Elasticity of incomes to the share of a dollar that is kept, from observed pairs, smoothed over time.

        e_t = 0.02 max(slope of ln z on ln(1 - tau), 0) + 0.98 e_(t - 1)

    Pairs with z <= 0 or tau >= 1 are dropped; with fewer than ten left, or rates that hardly differ, the old value stays.

    Args:
        incomes: z, shape (P,): P observations.
        rates: tau, marginal rates as fractions. Shape (P,).
        previous: e_(t - 1).

    Reference: S. Zheng et al., "The AI Economist", Science Advances 8 (2022), as its code has it.

    >>> net_share = np.linspace(0.3, 0.9, 20)
    >>> round(estimate_elasticity(1000 * net_share**0.4, 1 - net_share, 0.5), 6)
    0.498
    """
    usable = (incomes > 0) & (rates < 1)
    z, net_share = incomes[usable], 1.0 - rates[usable]
    if len(z) < 10 or float(np.std(rates[usable])) < 1e-6:
        return previous
    x, y = np.log(net_share), np.log(z)
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return 0.02 * max(slope, 0.0) + 0.98 * previous


def saez_binned(incomes: np.ndarray, cutoffs: tuple[float, ...], elasticity: float, *, bins: int = 100) -> np.ndarray:
    """Saez rates as the AI Economist computes them: on equal bins of income up to the top edge, then averaged by bracket.

    With p_m the share of people in bin m, z_m its middle and P_m the share of those in bins up to m:

        above_m = 1 - P_m + p_m / 2,   a_m = z_m (p_m / width) / above_m
        G_m     = mean welfare weight of the incomes above the bin's middle, weights 1 / max(z, 1) with mean 1
        tau_m   = (1 - G_m) / (1 - G_m + a_m e);  bins without people are filled by interpolation

    The top bracket uses its own mean, a = m / (m - b), and takes the top bin's rate when it is empty. Where the original
    leaves a choice (half of a bin's weight counts as above its middle; a flat tax takes the mean over all bins up to the
    greatest income) it is ours.

    Args:
        incomes: z, shape (N,), at least 0.
        cutoffs: Lower edges of the K brackets.
        elasticity: e, one for all.
        bins: Number of bins.

    Returns:
        Fractions, shape (K,).

    Reference: S. Zheng et al., "The AI Economist", Science Advances 8 (2022), and its code, read in words.
    """
    z = np.asarray(incomes, np.float64)
    weights = 1.0 / np.maximum(z, 1.0)
    weights = weights / weights.mean()
    end = cutoffs[-1] if len(cutoffs) > 1 else float(max(z.max(), 1.0)) * (1 + 1e-9)
    edges = np.linspace(0.0, end, bins + 1)
    below = z < end
    inside = np.minimum((z[below] / end * bins).astype(np.int64), bins - 1)
    count, load = (np.bincount(inside, weights=w, minlength=bins)[:bins] / len(z) for w in (None, weights[below]))
    people, weight = 1.0 - np.cumsum(count) + count / 2, weights.sum() / len(z) - np.cumsum(load) + load / 2
    middles, width = (edges[:-1] + edges[1:]) / 2, end / bins
    filled = (count > 0) & (people > 1e-12)
    if not filled.any():
        return np.zeros(len(cutoffs))
    tail = middles[filled] * count[filled] / width / people[filled]
    rates = np.interp(middles, middles[filled], saez_rate(weight[filled] / people[filled], tail, elasticity))
    brackets = bracket_of(middles, cutoffs)
    out = np.array([rates[brackets == j].mean() if (brackets == j).any() else rates[-1] for j in range(len(cutoffs))])
    rich = z >= end
    if len(cutoffs) > 1 and rich.any():
        mean = float(z[rich].mean())
        out[-1] = float(saez_rate(weights[rich].mean(), mean / (mean - end), elasticity)) if mean > end else 0.0
    return out

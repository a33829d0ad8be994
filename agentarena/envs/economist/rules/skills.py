"""How much an hour of each worker's labour is worth: distributions of skill, as quantile functions.

A skill v is dollars of annual income for each weekly hour, so that a worker of 40 hours earns 40 v a year. SciPy is
imported when a GB2 quantile is first asked for.

Axis letters: N workers.
"""

from __future__ import annotations

import numpy as np

from agentarena.core.errors import BadOption
from agentarena.envs.economist.options import FULL_WEEK, GB2, HIGHEST, SKILL_PARAMETERS

__all__ = ["draw_skills", "gb2_cdf", "gb2_quantile", "mid_quantiles", "skill_quantile", "skill_share"]


def gb2_quantile(p: np.ndarray | float, parameters: tuple[float, ...] = GB2) -> np.ndarray:
    """Income below which a share p of people earn, under the generalised beta distribution of the second kind.

        X = mu y^(1/sigma),   y / (1 + y) = I^-1_(nu, tau)(p)        (I: regularised incomplete beta function)

    Args:
        p: Shares in [0, 1).
        parameters: (mu, sigma, nu, tau), as GAMLSS names them.

    Returns:
        Dollars a year, in the shape of p.

    Reference: arXiv 2507.15815 (its released code; parameters read there).

    >>> [round(float(x), 2) for x in gb2_quantile(np.array([0.1, 0.5, 0.9]))]
    [6850.62, 38101.53, 124508.87]
    """
    from scipy.special import betaincinv

    mu, sigma, nu, tau = parameters
    share = betaincinv(nu, tau, np.asarray(p, np.float64))
    return np.asarray(mu * (share / (1.0 - share)) ** (1.0 / sigma))


def gb2_cdf(income: np.ndarray | float, parameters: tuple[float, ...] = GB2) -> np.ndarray:
    """Share of people who earn at most `income` dollars a year; the inverse of `gb2_quantile`.

    >>> round(float(gb2_cdf(90_000.0)), 5)
    0.82164
    """
    from scipy.special import betainc

    mu, sigma, nu, tau = parameters
    y = (np.maximum(np.asarray(income, np.float64), 0.0) / mu) ** sigma
    return np.asarray(betainc(nu, tau, y / (1.0 + y)))


def skill_quantile(kind: str, p: np.ndarray, parameters: tuple[float, ...] = ()) -> np.ndarray:
    """Skill below which a share p of workers lie, at most `HIGHEST`.

    Args:
        kind: "gb2", "uniform", "lognormal" or "pareto".
        p: Shares in (0, 1).
        parameters: Of the distribution; `SKILL_PARAMETERS` when empty.

    >>> skill_quantile("uniform", np.array([0.5]), (0.0, 100.0)).tolist()
    [50.0]
    """
    values = parameters or SKILL_PARAMETERS[kind]
    if kind == "gb2":
        out = gb2_quantile(p, values) / FULL_WEEK
    elif kind == "uniform":
        out = values[0] + (values[1] - values[0]) * p
    elif kind == "lognormal":
        from scipy.special import ndtri

        out = np.exp(values[0] + values[1] * ndtri(p))
    elif kind == "pareto":
        out = values[0] * (1.0 - p) ** (-1.0 / values[1])
    else:
        raise BadOption(f"no quantiles of {kind!r}; allowed: gb2, uniform, lognormal, pareto")
    return np.minimum(out, HIGHEST)


def skill_share(kind: str, skill: np.ndarray, parameters: tuple[float, ...] = ()) -> np.ndarray:
    """Share of workers whose skill is below `skill`: the inverse of `skill_quantile`."""
    values = parameters or SKILL_PARAMETERS[kind]
    if kind == "gb2":
        return gb2_cdf(skill * FULL_WEEK, values)
    if kind == "uniform":
        return np.clip((skill - values[0]) / (values[1] - values[0]), 0.0, 1.0)
    with np.errstate(divide="ignore"):
        if kind == "lognormal":
            from scipy.special import ndtr

            return np.asarray(ndtr((np.log(skill) - values[0]) / values[1]))
        return np.clip(1.0 - (np.maximum(skill, values[0]) / values[0]) ** -values[1], 0.0, 1.0)


def mid_quantiles(workers: int) -> np.ndarray:
    """The middles of N equal slices of (0, 1): p_i = (i + 1/2) / N. Shape (N,).

    >>> mid_quantiles(4).tolist()
    [0.125, 0.375, 0.625, 0.875]
    """
    return (np.arange(workers) + 0.5) / workers


def draw_skills(kind: str, draw: str, workers: int, parameters: tuple[float, ...], rng: np.random.Generator) -> np.ndarray:
    """The skills of N workers, in seat order. Shape (N,), positive.

    "quantiles" takes the middle of each of N equal slices of the distribution, from the poorest worker to the richest:
    no luck at all. "stratified" draws one worker from each slice. "random" draws independently; beware that the GB2 fit
    has sigma nu = 1.008, so that the mean of 1 / income barely exists and averages over random draws settle slowly.
    """
    if kind == "given":
        return np.array(parameters, np.float64)
    if draw == "quantiles":
        return skill_quantile(kind, mid_quantiles(workers), parameters)
    u = rng.random(workers)
    if draw == "stratified":
        u = (np.arange(workers) + u) / workers
    return np.maximum(skill_quantile(kind, np.clip(u, 1e-9, 1.0 - 1e-12), parameters), 1e-6)

"""Searches for the best tax schedule against rational workers of the expected skills: a grid, coordinates, CMA-ES.

Rates are percent here, as in the game. Nothing in this module looks at a match: what is searched is the economy that
the rules describe.

Axis letters: M schedules, N workers, K brackets.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from .rules.economy import Economy, Result
from .rules.society import Society

__all__ = ["GRID_HOURS", "Search", "by_grid", "cma_es", "coordinate_search", "full_grid", "rational_response", "welfare_of"]

GRID_HOURS = np.arange(0.0, 101.0, 10.0)
"""The hours that the paper's prompt offers."""

Search = Callable[[np.ndarray], np.ndarray]
"""Welfare of M schedules: shape (M, K) in percent to (M,)."""

_SLAB = 4_000_000


def rational_response(society: Society, rates: np.ndarray, *, hours: np.ndarray | None = None, own_share: float = 0.0) -> Result:
    """The week that rational workers of the expected skills make of each schedule.

    Args:
        society: The options.
        rates: Percent, shape (K,) or (M, K).
        hours: Hours on offer; any up to 100 when left out.
        own_share: Share of its own tax that a worker expects back.
    """
    return society.economy.answer(society.expected_skills, np.asarray(rates, np.float64) / 100.0, hours=hours, own_share=own_share)


def welfare_of(society: Society, *, hours: np.ndarray | None = None, objective: str | None = None) -> Search:
    """The planner's objective (or another) as a function of schedules, in slabs that fit into memory."""
    economy: Economy = society.economy if objective is None else society.economy._replace(objective=objective)
    skills = society.expected_skills
    rows = max(1, _SLAB // (len(skills) * 8))

    def welfare(rates: np.ndarray) -> np.ndarray:
        slabs = [rates[first : first + rows] / 100.0 for first in range(0, len(rates), rows)]
        return np.concatenate([economy.answer(skills, slab, hours=hours).welfare for slab in slabs])

    return welfare


def full_grid(count: int, points: int = 11) -> np.ndarray:
    """Every schedule of K rates on an even grid from 0 to 100. Shape (points^K, K).

    >>> full_grid(2, 3).tolist()[:4]
    [[0.0, 0.0], [0.0, 50.0], [0.0, 100.0], [50.0, 0.0]]
    """
    return np.array(list(itertools.product(np.linspace(0.0, 100.0, points).tolist(), repeat=count)))


def by_grid(welfare: Search, count: int, points: int = 11, most: int = 200_000) -> np.ndarray:
    """The best schedule of a grid: of all of them where there are at most `most`, else by `coordinate_search`. Shape (K,)."""
    if points**count <= most:
        grid = full_grid(count, points)
        return np.asarray(grid[int(np.argmax(welfare(grid)))])
    return coordinate_search(welfare, count, points)


def coordinate_search(welfare: Search, count: int, points: int = 11, rounds: int = 20) -> np.ndarray:
    """The schedule that no change of one or of two neighbouring rates on the grid improves, from the best flat tax. Shape (K,)."""
    line = np.linspace(0.0, 100.0, points)
    flat = np.repeat(line[:, None], count, axis=1)
    best = flat[int(np.argmax(welfare(flat)))]
    best_welfare = float(welfare(best[None])[0])
    pairs = np.array(list(itertools.product(line.tolist(), repeat=2)))
    for _ in range(rounds):
        before = best_welfare
        for j in range(max(1, count - 1)):
            schedules = np.repeat(best[None], len(pairs), axis=0)
            schedules[:, j : j + 2] = pairs[:, : min(2, count)]
            values = welfare(schedules)
            if float(values.max()) > best_welfare:
                best, best_welfare = schedules[int(np.argmax(values))], float(values.max())
        if best_welfare == before:
            break
    return np.asarray(best)


def cma_es(
    welfare: Search, count: int, rng: np.random.Generator, *, evaluations: int = 2000, spread: float = 25.0, restarts: int = 2
) -> np.ndarray:
    """The best schedule found by CMA-ES: a normal distribution over schedules that learns where and in which shape to look.

    Each generation draws a population, moves its mean to the weighted mean of the better half, and adapts step size
    (cumulative path length) and covariance (rank one and rank mu). Draws beyond 0 and 100 are evaluated at the bound and
    penalised by the distance. The restarts begin at other points with twice the population.

    Args:
        welfare: What to make large.
        count: K.
        rng: Stream.
        evaluations: Schedules evaluated in each run.
        spread: First standard deviation, in percentage points.
        restarts: Runs after the first.

    Returns:
        The best schedule evaluated. Shape (K,).

    Reference: N. Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv 1604.00772, its equations and default constants.
    """
    best, best_welfare = np.full(count, 50.0), -np.inf
    for run in range(restarts + 1):
        mean = np.full(count, 50.0) if run == 0 else rng.uniform(0.0, 100.0, count)
        schedule, value = _one_run(welfare, mean, spread, (4 + int(3 * math.log(count))) * 2**run, evaluations, rng)
        if value > best_welfare:
            best, best_welfare = schedule, value
    return best


def _one_run(
    welfare: Search, mean: np.ndarray, sigma: float, size: int, evaluations: int, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """One run from a mean: the best schedule and its welfare. Names of constants as in the reference."""
    n, half = len(mean), size // 2
    raw = math.log(half + 0.5) - np.log(np.arange(1, half + 1))
    weights = raw / raw.sum()
    mu = 1.0 / float((weights**2).sum())
    c_path, d_path = (mu + 2) / (n + mu + 5), 0.0
    d_path = 1 + 2 * max(0.0, math.sqrt((mu - 1) / (n + 1)) - 1) + c_path
    c_cov, c_one = (4 + mu / n) / (n + 4 + 2 * mu / n), 2 / ((n + 1.3) ** 2 + mu)
    c_mu = min(1 - c_one, 2 * (mu - 2 + 1 / mu) / ((n + 2) ** 2 + mu))
    length = math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n))
    covariance, path, path_c = np.eye(n), np.zeros(n), np.zeros(n)
    best, best_welfare = np.clip(mean, 0, 100), -np.inf
    for generation in range(1, evaluations // size + 1):
        values, axes = np.linalg.eigh(covariance)
        scale = np.sqrt(np.maximum(values, 1e-20))
        steps = (rng.standard_normal((size, n)) * scale) @ axes.T
        drawn = mean + sigma * steps
        inside = np.clip(drawn, 0.0, 100.0)
        worth = welfare(inside)
        if float(worth.max()) > best_welfare:
            best, best_welfare = inside[int(np.argmax(worth))], float(worth.max())
        away = ((drawn - inside) ** 2).sum(axis=1)
        order = np.argsort(-(worth - away * (np.ptp(worth) + 1e-12) / 1e4), kind="stable")[:half]
        step = weights @ steps[order]
        mean = mean + sigma * step
        path = (1 - c_path) * path + math.sqrt(c_path * (2 - c_path) * mu) * (axes @ ((axes.T @ step) / scale))
        norm = float(np.linalg.norm(path))
        steady = norm / math.sqrt(1 - (1 - c_path) ** (2 * generation)) < (1.4 + 2 / (n + 1)) * length
        path_c = (1 - c_cov) * path_c + steady * math.sqrt(c_cov * (2 - c_cov) * mu) * step
        spread = (steps[order] * weights[:, None]).T @ steps[order]
        decay = 1 - c_one - c_mu + (0 if steady else c_one * c_cov * (2 - c_cov))
        covariance = decay * covariance + c_one * np.outer(path_c, path_c) + c_mu * spread
        covariance = (covariance + covariance.T) / 2
        sigma = float(np.clip(sigma * math.exp((c_path / d_path) * (norm / length - 1)), 1e-8, 200.0))
        if sigma * float(scale.max()) < 1e-6:
            break
    return np.asarray(best), best_welfare

"""Bounds of alpha-Rank under uncertain payoffs, several populations: against all orientations of random games. One population: `test_alpharank`."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agentarena.core.errors import NotSupported, UsageError
from agentarena.evaluate import alpharank, alpharank_bounds, alpharank_ranks
from agentarena.evaluate.orientations import MOST_STATES, Edges, _hitting_times, orientation_bounds
from agentarena.evaluate.rank_intervals import profile_edges

SHAPES = ((2, 2), (3, 3), (2, 2, 2), (3, 2, 2))


def every_share(edges: Edges, epsilon: float) -> np.ndarray:
    """Stationary distributions of all orientations of the open edges, by elimination on all chains at once. Shape (ways, n)."""
    unknown = np.flatnonzero(edges.favours == 0)
    ways = np.arange(2 ** len(unknown))[:, None] >> np.arange(len(unknown)) & 1
    favours = np.tile(edges.favours, (len(ways), 1))
    favours[:, unknown] = 2 * ways - 1
    rates = np.zeros((len(ways), edges.states, edges.states))
    rates[:, edges.first, edges.second] = np.where(favours > 0, epsilon, 1 - epsilon)
    rates[:, edges.second, edges.first] = np.where(favours > 0, 1 - epsilon, epsilon)
    out = np.ones((len(ways), edges.states))
    for k in range(edges.states - 1, 0, -1):
        out[:, k] = rates[:, k, :k].sum(1)
        rates[:, :k, :k] += rates[:, :k, k, None] * rates[:, k, None, :k] / out[:, k, None, None]
    pi = np.ones((len(ways), edges.states))
    for k in range(1, edges.states):
        pi[:, k] = (pi[:, :k] * rates[:, :k, k]).sum(1) / out[:, k]
    return pi / pi.sum(1, keepdims=True)


def random_edges(rng: np.random.Generator, shape: tuple[int, ...], uncertain: int) -> Edges:
    """The response graph of random payoffs with some edges open."""
    first, second, population = profile_edges(shape)
    payoffs = rng.uniform(-1, 1, (len(shape), math.prod(shape)))
    favours = np.sign(payoffs[population, first] - payoffs[population, second]).astype(np.int64)
    favours[rng.choice(len(first), min(uncertain, len(first)), replace=False)] = 0
    return Edges(math.prod(shape), first, second, favours)


def mismatches(games: int, uncertain: int) -> int:
    """Profiles whose bounds differ from the extremes over all orientations, of some random games."""
    wrong = 0
    for game in range(games):
        rng = np.random.default_rng(game)
        edges = random_edges(rng, SHAPES[game % len(SHAPES)], uncertain)
        epsilon = (0.1, 0.01, 1e-4)[game // len(SHAPES) % 3]
        shares = every_share(edges, epsilon)
        exact = np.stack([shares.min(0), shares.max(0)], 1)
        wrong += int((~np.isclose(orientation_bounds(edges, epsilon), exact, rtol=1e-9, atol=1e-15)).any(1).sum())
    return wrong


def test_bounds_are_those_of_all_orientations() -> None:
    assert mismatches(12, 7) == 0


@pytest.mark.slow
def test_bounds_are_those_of_all_orientations_of_sixty_games() -> None:
    assert mismatches(60, 9) == 0


def test_sure_payoffs_give_alpharank_itself() -> None:
    rng = np.random.default_rng(5)
    tables = [rng.uniform(size=(3, 2, 2)) for _ in range(3)]
    exact = alpharank(tables, alpha=math.inf, epsilon=0.01).distribution
    assert alpharank_bounds(tables, tables) == pytest.approx(np.stack([exact, exact], 1), abs=1e-12)
    assert alpharank_bounds(np.stack(tables), np.stack(tables)) == pytest.approx(np.stack([exact, exact], 1), abs=1e-12)


def test_bounds_hold_every_payoff_within() -> None:
    """Payoffs drawn within their intervals, overlapping or not, never leave the bounds."""
    rng = np.random.default_rng(8)
    tables = [rng.uniform(size=(3, 3)) for _ in range(2)]
    low, high = [t - 0.15 for t in tables], [t + 0.15 for t in tables]
    bounds = alpharank_bounds(low, high, epsilon=0.05)
    for _ in range(200):
        payoffs = [rng.uniform(a, b) for a, b in zip(low, high, strict=True)]
        shares = alpharank(payoffs, alpha=math.inf, epsilon=0.05).distribution
        assert np.all((bounds[:, 0] <= shares + 1e-12) & (shares <= bounds[:, 1] + 1e-12))
    assert np.all(bounds[:, 1] - bounds[:, 0] < 1)


def test_times_are_right_where_they_differ_by_many_orders() -> None:
    """A path of ten states that leads away from the target: the time from the neighbour is a sum of powers of (1-e)/e."""
    count, epsilon = 10, 1e-3
    first = np.arange(count - 1)
    edges = Edges(count, first, first + 1, np.full(count - 1, -1))
    times = _hitting_times(edges, edges.favours, 0, epsilon)
    odds = (1 - epsilon) / epsilon
    steps = [sum(odds**k for k in range(count - 1 - n)) / epsilon for n in range(count - 1)]
    assert times[1:] == pytest.approx(np.cumsum(steps), rel=1e-12)


def test_ranks_that_bounds_allow() -> None:
    assert alpharank_ranks([[0.5, 0.7], [0.1, 0.2], [0.15, 0.4]]).tolist() == [[1, 1], [2, 3], [2, 3]]
    assert alpharank_ranks([[0.0, 1.0]] * 3).tolist() == [[1, 3]] * 3
    for wrong in ([[0.5, 0.1]], [0.5, 0.1], [[0.5, math.nan]]):
        with pytest.raises(UsageError):
            alpharank_ranks(wrong)


def test_bad_input() -> None:
    table = np.zeros((2, 2))
    for low, high in (([table, table], [table]), ([table, table], [table, table - 1]), ([table, np.zeros((2, 3))], [table, table])):
        with pytest.raises(UsageError):
            alpharank_bounds(low, high)
    with pytest.raises(NotSupported, match=str(MOST_STATES)):
        alpharank_bounds([np.zeros((30, 30))] * 2, [np.zeros((30, 30))] * 2)

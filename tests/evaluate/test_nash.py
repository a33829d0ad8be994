"""Nash averaging and zero-sum games against published equilibria and a general-purpose optimiser."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.evaluate.nash import nash_average, solve_zero_sum

RPS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], float)
BIASED = np.array([[0, -25, 50], [25, 0, -5], [-50, 5, 0]], float)


def _cloned(table: np.ndarray, agent: int) -> np.ndarray:
    order = [*range(len(table)), agent]
    return table[np.ix_(order, order)]


@pytest.mark.parametrize(
    ("table", "distribution", "skill"),
    [
        (RPS, [1 / 3] * 3, [0, 0, 0]),
        (BIASED, [1 / 16, 10 / 16, 5 / 16], [0, 0, 0]),
        (_cloned(RPS, 2), [1 / 3, 1 / 3, 1 / 6, 1 / 6], [0] * 4),
        (np.pad(RPS, (0, 1)), [1 / 4] * 4, [0] * 4),  # an agent that draws with everybody
        ([[0, -1, -1], [1, 0, -1], [1, 1, 0]], [0, 0, 1], [-1, -1, 0]),
        (np.zeros((3, 3)), [1 / 3] * 3, [0, 0, 0]),
        ([[0.0]], [1.0], [0.0]),
    ],
)
def test_known_averages(table: object, distribution: list[float], skill: list[float]) -> None:
    result = nash_average(table)
    assert result.distribution == pytest.approx(distribution, abs=1e-12)
    assert result.skill == pytest.approx(skill, abs=1e-12)


def test_entropies() -> None:
    """Computed with an interior-point solver at tolerance 1e-13."""
    assert nash_average(BIASED).entropy == pytest.approx(0.8305236915, abs=5e-11)
    assert nash_average(_cloned(RPS, 2)).entropy == pytest.approx(1.3296613489, abs=5e-11)


def test_clones_share_and_change_nothing() -> None:
    noise = np.random.default_rng(0).normal(size=(7, 7))
    table = noise - noise.T
    plain = nash_average(table)
    agent = int(plain.distribution.argmax())
    cloned = nash_average(_cloned(table, agent))
    assert cloned.skill[:7] == pytest.approx(plain.skill, abs=1e-10)
    assert cloned.distribution[[agent, 7]] == pytest.approx([plain.distribution[agent] / 2] * 2, abs=1e-10)


@pytest.mark.parametrize("seed", range(6))
def test_largest_entropy_by_a_general_optimiser(seed: int) -> None:
    """Small integer tables with many ties, where outsiders' inequalities bind; SLSQP is the outside opinion."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    upper = np.triu(rng.integers(-2, 3, (5, 5)).astype(float), 1)
    table = upper - upper.T
    result = nash_average(table)
    assert result.skill.max() < 1e-12
    constraints = [{"type": "eq", "fun": lambda p: p.sum() - 1}, {"type": "ineq", "fun": lambda p: -table @ p}]
    best = max(
        -minimize(
            lambda p: float((p * np.log(np.maximum(p, 1e-300))).sum()), start, bounds=[(0, 1)] * 5, constraints=constraints, method="SLSQP"
        ).fun
        for start in rng.dirichlet(np.ones(5), 8)
    )
    assert result.entropy == pytest.approx(best, abs=1e-5)


def test_scale_does_not_matter() -> None:
    assert nash_average(BIASED * 1e6).distribution == pytest.approx(nash_average(BIASED).distribution, abs=1e-12)


def test_zero_sum_games() -> None:
    """Biased rock-paper-scissors, a game with a saddle point, and Colonel's 2 x 3 example with value 7/3 solved by hand."""
    solution = solve_zero_sum(BIASED)
    assert (solution.value, *solution.row) == pytest.approx((0, 1 / 16, 10 / 16, 5 / 16), abs=1e-9)
    assert solve_zero_sum([[3, 0], [5, 1]]).value == pytest.approx(1)
    # row mixes 1/3, 2/3: payoffs (7/3, 7/3, 8/3) against columns 0, 1, 2
    by_hand = solve_zero_sum([[5, 1, 4], [1, 3, 2]])
    assert by_hand.value == pytest.approx(7 / 3)
    assert by_hand.row == pytest.approx([1 / 3, 2 / 3])
    assert by_hand.column == pytest.approx([1 / 3, 2 / 3, 0], abs=1e-9)


def test_no_deviation_pays() -> None:
    table = np.random.default_rng(1).normal(size=(12, 20))
    value, row, column = solve_zero_sum(table)
    assert (row @ table).min() == pytest.approx(value, abs=1e-9)
    assert (table @ column).max() == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("bad", [[[0, 1], [1, 0]], [[0, 1]], [[0, float("inf")], [0, 0]]])
def test_bad_tables(bad: object) -> None:
    with pytest.raises(UsageError):
        nash_average(bad)


def test_bad_matrix() -> None:
    with pytest.raises(UsageError):
        solve_zero_sum([1, 2])

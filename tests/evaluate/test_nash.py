"""Nash averaging and zero-sum games against published equilibria and a general-purpose optimiser."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest

from agentarena.core.errors import NotSupported, UsageError
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


def _gain(table: np.ndarray, row: np.ndarray, column: np.ndarray) -> float:
    """What the players could gain in all by switching, worked out in fractions of whole numbers."""
    exact = [[Fraction(value) for value in line] for line in table.tolist()]
    x, y = ([Fraction(share) for share in side.tolist()] for side in (row, column))
    by_row = [sum((a * share for a, share in zip(line, y, strict=True)), Fraction()) / sum(y) for line in exact]
    by_column = [sum((line[c] * share for line, share in zip(exact, x, strict=True)), Fraction()) / sum(x) for c in range(len(y))]
    return float(max(by_row) - min(by_column))


WIDE = {
    "shifted up": RPS + 1e7,
    "shifted down": RPS - 1e12,
    "a row of -1e9": np.vstack([RPS, np.full(3, -1e9)]),
    "a column of 1e9": np.hstack([RPS, np.full((3, 1), 1e9)]),
    "a row of -1e300": np.vstack([RPS, np.full(3, -1e300)]),
    "one pair of 1e7": np.array([[0, 1e7, -1, 1], [-1e7, 0, 1, -1], [1, -1, 0, 2], [-1, 1, -2, 0]], float),
    "played once in a thousand million": np.array([[1e9, 0], [0, 1]], float),
    "tiny": RPS * 1e-300,
    "huge": RPS * 5e307,
    "a tiny game beside a large one": np.array([[1e-9, 0, 5], [0, 1e-9, 5], [-5, -5, 1e9]]),
}


@pytest.mark.parametrize("table", WIDE.values(), ids=WIDE)
def test_zero_sum_games_of_any_shift_and_scale(table: np.ndarray) -> None:
    """Nobody can gain more than the rounding of shares, in the unit of the payoffs that are played for."""
    solution = solve_zero_sum(table)
    at_stake = np.ptp(table[np.ix_(solution.row > 0, solution.column > 0)])
    assert _gain(table, solution.row, solution.column) <= 4 * np.finfo(float).eps * at_stake
    assert solution.row.sum() == pytest.approx(1, abs=1e-15)
    assert solution.column.sum() == pytest.approx(1, abs=1e-15)


def test_the_value_moves_with_a_shift_and_the_strategies_do_not() -> None:
    plain, shifted = solve_zero_sum(BIASED), solve_zero_sum(BIASED + 1e7)
    assert shifted.value == 1e7
    assert shifted.row.tolist() == plain.row.tolist() == [1 / 16, 10 / 16, 5 / 16]
    assert solve_zero_sum(np.full((2, 3), 5.5)).value == 5.5


def test_large_games_are_checked_and_refused_where_the_solver_fails() -> None:
    """60 x 60 is beyond exact arithmetic here. Shifts are taken off; a game within a game a thousand million times larger is refused."""
    table = np.random.default_rng(2).normal(size=(60, 60))
    plain, shifted = solve_zero_sum(table), solve_zero_sum(table + 1e7)
    assert shifted.value - 1e7 == pytest.approx(plain.value, abs=1e-7)
    assert _gain(table, plain.row, plain.column) < 1e-8
    assert _gain(table, shifted.row, shifted.column) < 1e-7
    hidden = table * 1e-12
    hidden[30:, :30], hidden[:30, 30:], hidden[30:, 30:] = -1.0, 1.0, 0.0
    with pytest.raises(NotSupported, match="could still gain"):
        solve_zero_sum(hidden)


@pytest.mark.parametrize("name", ["one pair of 1e7", "huge", "tiny"])
def test_nash_averages_of_any_scale(name: str) -> None:
    table = WIDE[name]
    result = nash_average(table)
    gains = [
        sum((Fraction(a) * Fraction(p) for a, p in zip(row, result.distribution.tolist(), strict=True)), Fraction())
        for row in table.tolist()
    ]
    members = np.flatnonzero(result.distribution)
    unit = np.abs(table[np.ix_(members, members)]).max(axis=1)
    assert max(float(gains[member]) / scale for member, scale in zip(members, unit, strict=True)) < 1e-15
    assert result.skill[members].tolist() == [0.0] * len(members)
    assert result.skill.max() <= 0


def test_one_pair_far_apart_leaves_the_others_alone() -> None:
    """An agent that loses to one by ten million and to the others by 1 is outside; the three in a circle share the field."""
    table = np.pad(RPS, (0, 1))
    table[:3, 3], table[3, :3] = [1e7, 1, 1], [-1e7, -1, -1]
    result = nash_average(table)
    assert result.distribution.tolist() == [1 / 3, 1 / 3, 1 / 3, 0]
    assert result.skill == pytest.approx([0, 0, 0, -(1e7 + 2) / 3], rel=1e-15)


@pytest.mark.parametrize("seed", range(4))
def test_large_fields_agree_with_exact_ones(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The road of large tables, taken by a small one."""
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.integers(-2, 3, (6, 6)).astype(float), 1)
    exact = nash_average(upper - upper.T)
    monkeypatch.setattr("agentarena.evaluate.nash.EXACT_WORK", 0)
    assert nash_average(upper - upper.T).distribution == pytest.approx(exact.distribution, abs=1e-9)


BAD = [1, [1, 2], [[]], [[0, float("nan")], [0, 0]], [[0, float("inf")], [0, 0]], [[1, 2], [3]], "abc", [["a"]], [[1j]], [[None]], None]


@pytest.mark.parametrize("bad", [*BAD, [[0, 1], [1, 0]], [[0, 1]], [[1.0]]], ids=str)
def test_bad_tables(bad: object) -> None:
    with pytest.raises(UsageError, match="payoffs must be"):
        nash_average(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_bad_matrices(bad: object) -> None:
    with pytest.raises(UsageError, match="payoffs must be"):
        solve_zero_sum(bad)  # type: ignore[arg-type]


def test_payoffs_of_all_sizes_take_no_minutes() -> None:
    """Whole numbers are taken in the largest unit they share, and no table takes exact arithmetic with numbers of thousands of digits."""
    rng = np.random.default_rng(0)
    huge = np.triu(rng.normal(size=(40, 40)) * 1e200, 1)
    spread = np.triu(rng.normal(size=(40, 40)) * 10.0 ** rng.integers(-300, 300, size=(40, 40)), 1)
    for table in (huge, spread):
        started = time.process_time()
        result = nash_average(table - table.T)
        assert time.process_time() - started < 15  # 35 s and more before
        assert ((table - table.T) / np.abs(table).max() @ result.distribution).max() < 1e-15

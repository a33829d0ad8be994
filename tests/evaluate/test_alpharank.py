"""alpha-Rank against OpenSpiel 2.0.2's figures, exact arithmetic, and its own slow twins.

Figures with ten decimals were computed with OpenSpiel where it gives an answer and with 60-digit elimination where it does
not (several recurrent classes, or overflow: most of the columns alpha >= 10).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from agentarena.core.errors import NotSupported, UsageError
from agentarena.evaluate import _stationary
from agentarena.evaluate.alpha_rank import alpharank, log_fixation
from agentarena.evaluate.rank_intervals import alpharank_bounds

INF = math.inf
RPS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], float)
BIASED = np.array([[0, -25, 50], [25, 0, -5], [-50, 5, 0]], float)
PENNIES = [np.array([[1, -1], [-1, 1.0]]), np.array([[-1, 1], [1, -1.0]])]
DILEMMA = np.array([[5, 0], [10, 1]], float)
SEXES = [np.array([[3, 0], [0, 2.0]]), np.array([[2, 0], [0, 3.0]])]
COORDINATION = [np.array([[2, 0], [0, 1.0]])] * 2
SHAPLEY = [np.eye(3), np.roll(np.eye(3), 1, axis=1)]
HAN = np.array([[0.875, 0.75, 0, 2.75, 0.75], [1, 1, -1, -1, -1], [0, 2, 0, 0, 0], [-2, 2, 0, 0, 0], [1, 2, 0, 0, 0]])


def _shapley(diagonal: float, off: float) -> list[float]:
    """Profiles where nobody scores get `diagonal`."""
    scores = SHAPLEY[0] + SHAPLEY[1]
    return np.where(scores > 0, off, diagonal).ravel().tolist()


@pytest.mark.parametrize("alpha", [0.1, 1, 10, 100, INF])
def test_games_without_a_best_strategy_are_level(alpha: float) -> None:
    assert alpharank(RPS, alpha=alpha).distribution == pytest.approx([1 / 3] * 3, abs=1e-14)
    assert alpharank([RPS, -RPS], alpha=alpha).distribution == pytest.approx([1 / 9] * 9, abs=1e-14)
    assert alpharank(PENNIES, alpha=alpha).distribution == pytest.approx([1 / 4] * 4, abs=1e-14)
    assert alpharank(RPS, alpha=alpha).recurrent_classes == ((0, 1, 2),)


_TABLE = [
    (BIASED, 0.1, [0.2805344511, 0.4408086731, 0.2786568758]),
    (BIASED, 1, [0.3333282887, 0.3333434225, 0.3333282887]),
    (BIASED, 10, [1 / 3] * 3),
    (BIASED, 100, [1 / 3] * 3),
    (BIASED / 50, 0.1, [0.2129555278, 0.6771471685, 0.1098973037]),
    (BIASED / 50, 1, [0.1916394530, 0.6682608809, 0.1400996661]),
    (BIASED / 50, 10, [0.3168146453, 0.3663850921, 0.3168002626]),
    (BIASED / 50, 100, [0.3333333331, 0.3333333338, 0.3333333331]),
    (
        [BIASED, -BIASED],
        0.1,
        [0.0971303116, 0.0957482107, 0.0897621830, 0.0957482107, 0.2233686592, 0.1287405723, 0.0897621830, 0.1287405723, 0.0509990973],
    ),
    ([BIASED, -BIASED], 1, [*[0.1109857710] * 4, 0.1117386601, 0.1113609430, 0.1109857710, 0.1113609430, 0.1106105989]),
    ([BIASED, -BIASED], 10, [1 / 9] * 9),
    ([BIASED, -BIASED], 100, [1 / 9] * 9),
    (DILEMMA, 0.1, [0, 1]),
    (DILEMMA, 100, [0, 1]),
    ([DILEMMA, DILEMMA.T], 0.1, [0, 0.0073373073, 0.0073373073, 0.9853253853]),
    ([DILEMMA, DILEMMA.T], 1, [0, 0, 0, 1]),
    ([DILEMMA, DILEMMA.T], 100, [0, 0, 0, 1]),
    (SEXES, 0.1, [0.4999860343, 2.7725e-5, 2.065e-7, 0.4999860343]),
    (SEXES, 1, [0.5, 0, 0, 0.5]),
    (SEXES, 100, [0.5, 0, 0, 0.5]),
    (COORDINATION, 0.1, [0.9924992009, 5.50357e-5, 5.50357e-5, 0.0073907277]),
    (COORDINATION, 1, [1, 0, 0, 0]),
    (COORDINATION, 100, [1, 0, 0, 0]),
    (SHAPLEY, 0.1, _shapley(0.0273629338, 0.1529851998)),
    (SHAPLEY, 1, _shapley(0.0050343299, 0.1641495017)),
    (SHAPLEY, 10, _shapley(0.0032363886, 0.1650484724)),
    (SHAPLEY, 100, _shapley(0.0032362460, 0.1650485437)),
]


@pytest.mark.parametrize(("payoffs", "alpha", "expected"), _TABLE)
def test_reference_table(payoffs: object, alpha: float, expected: list[float]) -> None:
    result = alpharank(payoffs, alpha=alpha)
    assert result.distribution == pytest.approx(expected, abs=6e-11)
    assert result.distribution.sum() == pytest.approx(1, abs=1e-14)


_MISTAKES = [
    (RPS, [1 / 3] * 3),
    (BIASED, [1 / 3] * 3),
    (DILEMMA, [0.01, 0.99]),
    ([DILEMMA, DILEMMA.T], [0.0001, 0.0099, 0.0099, 0.9801]),
    (SEXES, [0.495, 0.005, 0.005, 0.495]),
    (COORDINATION, [0.495, 0.005, 0.005, 0.495]),
    (SHAPLEY, _shapley(0.0487106017, 0.1423113658)),
    (PENNIES, [0.25] * 4),
]


@pytest.mark.parametrize(("payoffs", "expected"), _MISTAKES)
def test_openspiels_infinite_alpha(payoffs: object, expected: list[float]) -> None:
    """OpenSpiel's `use_inf_alpha=True` with its default inf_alpha_eps=0.01."""
    assert alpharank(payoffs, alpha=INF, epsilon=0.01).distribution == pytest.approx(expected, abs=6e-11)


def test_the_two_limits_differ_in_ties_and_in_weights() -> None:
    assert alpharank(SHAPLEY, alpha=INF, epsilon=0).distribution.reshape(3, 3)[0, 2] == pytest.approx(1 / 21)
    assert alpharank(SHAPLEY, alpha=INF).distribution.reshape(3, 3)[0, 2] == pytest.approx(1 / 309)  # ties at 1/50
    assert alpharank(COORDINATION, alpha=INF, epsilon=0).distribution == pytest.approx([0.5, 0, 0, 0.5])
    assert alpharank(COORDINATION, alpha=INF).distribution == pytest.approx([1, 0, 0, 0])


def test_global_selection_of_han_et_al() -> None:
    """Han, Pereira, Santos and Lenaerts (2013), the vector of OpenSpiel's own test; the local model differs."""
    result = alpharank(HAN, alpha=0.1, m=20, selection="global")
    assert result.distribution == pytest.approx([0.40966787, 0.07959841, 0.20506998, 0.08505983, 0.2206039], abs=6e-9)
    local = alpharank(HAN, alpha=0.1, m=20)
    assert local.distribution == pytest.approx([0.31397677, 0.02477313, 0.27479572, 0.07469292, 0.31176146], abs=6e-9)


def test_global_selection_is_the_sum_it_says() -> None:
    """The closed form against the double sum over mutants, and its limit against a large alpha."""
    m, alpha = 12, 0.7
    table = np.random.default_rng(1).normal(size=(3, 3))
    chain = np.zeros((3, 3))
    for s in range(3):
        for r in set(range(3)) - {s}:
            total, terms = 0.0, 1.0
            for p in range(1, m):
                mutant = ((p - 1) * table[r, r] + (m - p) * table[r, s]) / (m - 1)
                resident = (p * table[s, r] + (m - p - 1) * table[s, s]) / (m - 1)
                total += mutant - resident
                terms += math.exp(-alpha * total)
            chain[s, r] = 1 / terms
    assert alpharank(table, alpha=alpha, m=m, selection="global").distribution == pytest.approx(_eigen(chain), abs=1e-12)
    limit = alpharank(HAN, alpha=INF, m=20, selection="global").distribution
    assert alpharank(HAN, alpha=1e5, m=20, selection="global").distribution == pytest.approx(limit, abs=1e-6)


def _eigen(rates: np.ndarray) -> np.ndarray:
    """The slow twin: the eigenvector of the transition matrix."""
    chain = rates / rates.sum(1).max()
    chain += np.diag(1 - chain.sum(1))
    values, vectors = np.linalg.eig(chain.T)
    pi = np.real(vectors[:, np.argmax(values.real)])
    return pi / pi.sum()


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 2), (2, 2, 2, 2)])
def test_random_games_equal_the_eigenvector(shape: tuple[int, ...]) -> None:
    tables = np.random.default_rng(2).uniform(-1, 1, (len(shape), *shape))
    count, m, alpha = math.prod(shape), 6, 0.8
    rates = np.zeros((count, count))
    for number in range(count):
        here = np.unravel_index(number, shape)
        for k, size in enumerate(shape):
            for other in range(size):
                there = (*here[:k], other, *here[k + 1 :])
                u = alpha * (tables[k][there] - tables[k][here])
                if other != here[k]:
                    rates[number, np.ravel_multi_index(there, shape)] = 1 / sum(math.exp(-u * step) for step in range(m))
    result = alpharank(tables, alpha=alpha, m=m)
    assert result.distribution == pytest.approx(_eigen(rates), abs=1e-12)
    assert result.shape == shape


def test_elimination_is_exact() -> None:
    """Rational arithmetic on the model with mistakes of 1/1000, entry by entry to twelve digits."""
    shape, mistake = (3, 3), Fraction(1, 1000)
    tables = np.random.default_rng(3).integers(0, 5, (2, *shape))
    rates = [[Fraction(0)] * 9 for _ in range(9)]
    for number in range(9):
        row, column = divmod(number, 3)
        switches = [(3 * r + column, tables[0][r, column] - tables[0][row, column]) for r in range(3) if r != row]
        switches += [(3 * row + c, tables[1][row, c] - tables[1][row, column]) for c in range(3) if c != column]
        for there, gain in switches:
            rates[number][there] = Fraction(1, 2) if gain == 0 else (1 - mistake if gain > 0 else mistake)
    exact = _rational_stationary(rates)
    result = alpharank(list(tables), alpha=INF, epsilon=0.001).distribution
    assert [f / float(e) for f, e in zip(result, exact, strict=True)] == pytest.approx([1] * 9, abs=1e-12)


def _rational_stationary(rates: list[list[Fraction]]) -> list[Fraction]:
    n = len(rates)
    c = [list(row) for row in rates]
    out = [Fraction(0)] * n
    for k in range(n - 1, 0, -1):
        out[k] = sum(c[k][:k], Fraction(0))
        for i in range(k):
            for j in range(k):
                if i != j:
                    c[i][j] += c[i][k] * c[k][j] / out[k]
    pi = [Fraction(1)]
    for k in range(1, n):
        pi.append(sum((pi[i] * c[i][k] for i in range(k)), Fraction(0)) / out[k])
    return [p / sum(pi) for p in pi]


# --- the solvers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(20, 20), (5, 5, 5, 5), (2,) * 9])
@pytest.mark.parametrize("alpha", [1.0, 10.0, 100.0])
def test_sweeps_equal_elimination(shape: tuple[int, ...], alpha: float, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = np.random.default_rng(4).uniform(-1, 1, (len(shape), *shape))
    swept = alpharank(tables, alpha=alpha)
    monkeypatch.setattr(_stationary, "DENSE", 10_000)
    eliminated = alpharank(tables, alpha=alpha)
    assert eliminated.method == "gth"
    assert np.abs(swept.distribution - eliminated.distribution).sum() < 1e-12


def test_sweeps_are_used_on_large_tables() -> None:
    tables = np.random.default_rng(5).uniform(-1, 1, (3, 8, 8, 8))
    result = alpharank(tables, alpha=10.0)
    assert result.method == "gauss-seidel"
    assert result.distribution.sum() == pytest.approx(1)


def test_separate_parts_go_to_elimination(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two recurrent cycles, where sweeps would stop short: two populations, each cycle a block of a 2-player game."""
    cycle = [RPS + 2, -RPS + 2]
    tables = [np.kron(np.eye(2), table) + 0.01 * np.random.default_rng(7).uniform(size=(6, 6)) for table in cycle]
    slow = alpharank(tables, alpha=3.0)
    assert len(slow.recurrent_classes) == 2
    monkeypatch.setattr(_stationary, "DENSE", 5)
    again = alpharank(tables, alpha=3.0)
    assert again.method == "gth"
    assert again.distribution == pytest.approx(slow.distribution, rel=1e-10)
    monkeypatch.setattr(_stationary, "DENSE_LIMIT", 5)
    with pytest.raises(NotSupported, match="nearly separate"):
        alpharank(tables, alpha=3.0)
    with pytest.raises(NotSupported, match="recurrent classes"):
        alpharank(tables, alpha=INF)


@pytest.mark.parametrize("seed", range(12))
def test_the_limit_is_where_large_alpha_goes(seed: int) -> None:
    """Integer payoffs with ties and several recurrent classes; alpha = 2000 has converged to 1e-9."""
    rng = np.random.default_rng(seed)
    shape = [(3, 3), (2, 2, 2), (2, 3, 2)][seed % 3]
    tables = rng.integers(0, 4, (len(shape), *shape))
    limit = alpharank(tables, alpha=INF)
    assert alpharank(tables, alpha=2000.0).distribution == pytest.approx(limit.distribution, abs=1e-9)
    outside = np.setdiff1d(np.arange(limit.distribution.size), np.concatenate(limit.recurrent_classes))
    assert np.all(limit.distribution[outside] == 0)


@pytest.mark.parametrize("alpha", [1e3, 1e6, 1e12])
def test_no_alpha_overflows(alpha: float) -> None:
    result = alpharank([BIASED, -BIASED], alpha=alpha).distribution
    assert result == pytest.approx([1 / 9] * 9)
    assert alpharank(COORDINATION, alpha=alpha).distribution == pytest.approx([1, 0, 0, 0])


def test_small_gaps_between_large_payoffs_are_no_ties() -> None:
    """A gap of 5e-4 on payoffs near 100 (OpenSpiel's relative tolerance calls it a tie and ranks all profiles level)."""
    row = 100 + np.array([[5e-4, 0], [0, 5e-4]])
    result = alpharank([row, row], alpha=INF)
    assert result.recurrent_classes == ((0,), (3,))
    assert result.distribution == pytest.approx([0.5, 0, 0, 0.5])


def test_single_precision_payoffs_are_widened() -> None:
    narrow = (BIASED / 50).astype(np.float32)
    assert alpharank(narrow, alpha=100.0).distribution.dtype == np.float64
    assert alpharank(narrow, alpha=0.1).distribution == pytest.approx(alpharank(BIASED / 50, alpha=0.1).distribution, abs=1e-6)


def test_fixation_by_its_sum() -> None:
    for u in (-3.0, -1e-3, -1e-12, 0.0, 1e-12, 1e-3, 3.0):
        assert float(log_fixation(u, 7)) == pytest.approx(-math.log(sum(math.exp(-u * step) for step in range(7))), abs=1e-9)


# --- bounds under uncertain payoffs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("epsilon", [0.1, 1e-4])
def test_bounds_are_those_of_all_orientations(seed: int, epsilon: float) -> None:
    """Six strategies, eight uncertain margins: every way to settle them, one by one."""
    rng = np.random.default_rng(seed)
    count = 6
    noise = np.triu(rng.normal(size=(count, count)), 1)
    margins = noise - noise.T
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    open_pairs = [pairs[k] for k in rng.choice(len(pairs), 8, replace=False)]
    low, high = margins.copy(), margins.copy()
    for i, j in open_pairs:
        low[i, j] = low[j, i] = -3
        high[i, j] = high[j, i] = 3
    shares = []
    for way in range(2 ** len(open_pairs)):
        settled = margins.copy()
        for bit, (i, j) in enumerate(open_pairs):
            settled[i, j] = 1.0 if way >> bit & 1 else -1.0
            settled[j, i] = -settled[i, j]
        shares.append(alpharank(settled / 2, alpha=INF, epsilon=epsilon).distribution)
    exact = np.stack([np.min(shares, axis=0), np.max(shares, axis=0)], axis=1)
    assert alpharank_bounds(low, high, epsilon=epsilon) == pytest.approx(exact, abs=1e-12)


def test_bounds_of_bad_input() -> None:
    for low, high, epsilon in ((RPS, -RPS, 0.01), (RPS, RPS + 1, 0.01), (RPS, RPS, 0.0), (np.zeros((2, 3)), np.zeros((2, 3)), 0.1)):
        with pytest.raises(UsageError):
            alpharank_bounds(low, high, epsilon=epsilon)


# --- what it says ---------------------------------------------------------------------------------------------------


def test_ranking_profiles_and_marginals() -> None:
    result = alpharank(SEXES, alpha=0.1)
    assert result.ranking == (0, 3, 1, 2)
    assert result.profile(1) == (0, 1)
    assert [m.tolist() for m in result.marginals] == [
        pytest.approx([0.5000137593, 0.4999862407], abs=1e-9),
        pytest.approx([0.4999862408, 0.5000137593], abs=1e-9),
    ]
    assert result.recurrent_classes == ((0,), (3,))
    assert "alpha = 0.1" in result.model
    assert "limit" in alpharank(RPS, alpha=INF).model


def test_one_table_is_one_population() -> None:
    assert alpharank([BIASED], alpha=0.1).distribution == pytest.approx(alpharank(BIASED, alpha=0.1).distribution)
    assert alpharank(BIASED.tolist(), alpha=0.1).shape == (3,)
    assert alpharank(np.stack([BIASED, -BIASED]), alpha=0.1).shape == (3, 3)
    assert alpharank([[0.0]]).distribution.tolist() == [1.0]


def test_alpha_zero_is_uniform() -> None:
    assert alpharank(BIASED, alpha=0).distribution == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize(
    ("payoffs", "kwargs", "message"),
    [
        ([[0, 1, 2], [1, 0, 2]], {}, "square"),
        ([RPS, np.zeros((2, 3))], {}, "one shape"),
        (np.zeros((3, 2, 2)), {}, "3 axes"),
        ([[0, float("nan")], [0, 0]], {}, "finite"),
        ([["a", "b"], ["c", "d"]], {}, "numbers"),
        (RPS, {"alpha": -1}, "alpha"),
        (RPS, {"alpha": float("nan")}, "alpha"),
        (RPS, {"m": 1}, "m is"),
        (RPS, {"m": 2.5}, "m is"),
        (RPS, {"selection": "neutral"}, "selection"),
        (SEXES, {"selection": "global"}, "one population"),
        (RPS, {"epsilon": 0.01}, "epsilon"),
        (RPS, {"alpha": INF, "epsilon": 0.5}, "epsilon"),
        (np.zeros((2, 300, 300)), {"memory_gib": 1.0}, "GiB"),
        (np.zeros((0, 0)), {}, "no strategy"),
    ],
)
def test_bad_input(payoffs: object, kwargs: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        alpharank(payoffs, **kwargs)  # type: ignore[arg-type]

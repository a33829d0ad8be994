"""Generalization gaps: means and errors by hand, coverage, and the reasons for no interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evaluate.synthetic_records import make_record
from scipy import stats

from agentarena.core.errors import UsageError
from agentarena.core.record import Record
from agentarena.evaluate import generalization_gaps


def _matches(wins: list[int], seed: int = 0, **options: object) -> list[Record]:
    """Matches of "a" in seat 0 and "b" in seat 1, each on its own deal; a match is won by "a" where `wins` is 1."""
    return [
        make_record(["a", "b"], [1.0, -1.0] if won else [-1.0, 1.0], match=match, winner=0 if won else 1, seed=seed, options=dict(options))
        for match, won in enumerate(wins)
    ]


def test_means_errors_and_gap_by_hand() -> None:
    train = {"one": [1] * 15 + [0] * 5, "two": [1] * 20 + [0] * 10}
    others = {"three": [1] * 10 + [0] * 15}
    lists = [{name: _matches(wins, seed) for seed, (name, wins) in enumerate(group.items())} for group in (train, others)]
    rows = {row.agent: row for row in generalization_gaps(*lists)}
    row = rows["a"]
    assert (row.train.mean, row.held_out.mean) == (pytest.approx((0.75 + 2 / 3) / 2), pytest.approx(0.4))
    assert row.gap == pytest.approx(row.train.mean - 0.4)
    variances = [np.var(wins, ddof=1) / len(wins) for wins in (*train.values(), *others.values())]
    parts = np.array([variances[0] / 4, variances[1] / 4, variances[2]])
    df = parts.sum() ** 2 / (parts**2 / np.array([19, 29, 24])).sum()
    half = stats.t.ppf(0.975, df) * math.sqrt(parts.sum())
    # the interval is longer on the side of the skewness, never shorter than Student's
    assert row.gap_interval.low <= row.gap - half * (1 - 1e-9)
    assert row.gap_interval.high >= row.gap + half * (1 - 1e-9)
    assert row.gap_interval.high - row.gap_interval.low < 2.3 * half
    assert rows["b"].gap == pytest.approx(-row.gap)
    assert [(one.setting, one.held_out, one.matches) for one in row.settings] == [
        ("one", False, 20),
        ("two", False, 30),
        ("three", True, 25),
    ]
    assert (row.train.settings, row.train.matches, row.held_out.settings) == (2, 50, 1)


def test_relative_shares_are_one_for_equal_players_and_returns_are_in_the_games_unit() -> None:
    train, held_out = {"one": _matches([1, 0] * 10)}, {"two": _matches([0, 1] * 10, seed=1)}
    assert {row.train.mean for row in generalization_gaps(train, held_out, measure="relative_win_share")} == {1.0}
    assert {row.train.mean for row in generalization_gaps(train, held_out, measure="return")} == {0.0}


def test_coverage_of_the_gap() -> None:
    rng, covered = np.random.default_rng(3), 0
    for trial in range(150):
        train = {str(n): _matches(rng.binomial(1, p, 40).tolist(), 3 * trial + n) for n, p in enumerate((0.5, 0.7))}
        held_out = {"held": _matches(rng.binomial(1, 0.4, 40).tolist(), 3 * trial + 2)}
        row = next(row for row in generalization_gaps(train, held_out) if row.agent == "a")
        covered += row.gap_interval.low <= 0.2 <= row.gap_interval.high
    assert covered >= 135  # 95 % of 150 is 142.5; 135 has probability 0.002


def test_there_is_no_interval_without_enough_deals_or_spread() -> None:
    rows = generalization_gaps({"one": _matches([1, 0] * 3)}, {"two": _matches([1, 0] * 10, seed=1)})
    assert rows[0].reason == "one: 6 deals, intervals start at 15"
    assert math.isnan(rows[0].gap_interval.low)
    assert not math.isnan(rows[0].held_out.interval.low)
    rows = generalization_gaps({"one": _matches([1] * 20)}, {"two": _matches([1, 0] * 10, seed=1)})
    assert rows[0].reason == "one: all 20 deals gave the same result"


def test_lists_that_cannot_be_compared_are_refused() -> None:
    one, two = {"one": _matches([1, 0])}, {"two": _matches([1, 0])}
    with pytest.raises(UsageError, match=r"got 1 and 1, in both: \['one'\]"):
        generalization_gaps(one, one)
    with pytest.raises(UsageError, match="got 0 and 1"):
        generalization_gaps({}, two)
    with pytest.raises(UsageError, match="measure is 'elo'"):
        generalization_gaps(one, two, measure="elo")  # type: ignore[arg-type]
    others = {"two": [make_record(["c", "d"], [1.0, -1.0], winner=0)]}
    with pytest.raises(UsageError, match="no agent played under every setting"):
        generalization_gaps(one, others)
    nothing = {"two": [make_record(["a", "b"], [0.0, 0.0], outcome="ended")]}
    with pytest.raises(UsageError, match="nothing to win"):
        generalization_gaps(one, nothing)

"""Intervals against scipy, textbook values and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from agentarena.core.errors import UsageError
from agentarena.core.intervals import mean_interval, t_quantile, wilson


@pytest.mark.parametrize("df", [1, 1.5, 2, 2.7, 3, 4, 5, 7.25, 10, 30, 100, 999, 9_999, 10_000, 10**6, 10**9])
def test_quantiles_of_student_are_as_accurate_as_they_say(df):
    """scipy.stats.t as the outside opinion, over all that the docstring promises: relative error below 1e-9."""
    for tail in (1e-12, 1e-9, 1e-6, 1e-4, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.49):
        expected = float(stats.t.isf(tail, df))
        assert t_quantile(tail, df) == pytest.approx(-expected, rel=1e-9)
        assert t_quantile(1 - tail, df) == pytest.approx(float(stats.t.ppf(1 - tail, df)), rel=1e-9)
    assert t_quantile(0.5, df) == 0.0
    assert t_quantile(0.5 + 1e-7, df) == pytest.approx(1e-7 / stats.t.pdf(0, df), rel=1e-8)  # where scipy is off by a thousandth


def test_quantiles_of_student_in_the_tables():
    """Abramowitz and Stegun, table 26.10, at p = .995: df 3 and 4 among them."""
    printed = {1: 63.657, 2: 9.925, 3: 5.841, 4: 4.604, 5: 4.032, 10: 3.169, 30: 2.750, 120: 2.617}
    assert {df: round(t_quantile(0.995, df), 3) for df in printed} == printed


@pytest.mark.parametrize("wrong", [(0, 3), (1, 3), (1.5, 3), (math.nan, 3), (0.9, 0), (0.9, 0.5), (0.9, math.nan), (0.9, math.inf)])
def test_quantiles_of_student_need_a_probability_and_degrees_of_freedom(wrong):
    with pytest.raises(ValueError, match="need 0 < p < 1 and df >= 1"):
        t_quantile(*wrong)


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (0, 10), (3, 10), (10, 10), (520, 1000)])
def test_wilson_is_scipys(successes, trials):
    expected = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_without_trials_knows_nothing():
    assert wilson(0, 0) == (0.0, 1.0)
    for wrong in ((-1, 3), (4, 3), (float("nan"), 3)):
        with pytest.raises(ValueError, match="successes"):
            wilson(*wrong)
    with pytest.raises(ValueError, match="confidence"):
        wilson(1, 2, 1.0)


def test_a_mean_of_independent_values_is_scipys():
    x = np.random.default_rng(0).normal(3, 2, 25)
    expected = stats.t.interval(0.95, 24, loc=x.mean(), scale=stats.sem(x))
    assert mean_interval(x) == pytest.approx(expected, rel=1e-5)


def test_equal_groups_are_an_interval_of_their_means():
    x = np.random.default_rng(1).normal(size=(12, 4)) + np.arange(12)[:, None]
    grouped = mean_interval(x.ravel(), np.repeat(np.arange(12), 4))
    assert grouped == pytest.approx(mean_interval(x.mean(1)), rel=1e-12)


def test_grouped_intervals_cover_as_often_as_they_say():
    """95 % of 2000 intervals over 15 groups with a shared part; 4.5 standard errors allow 2.2 points."""
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(15), 3)
    hits = 0
    for _ in range(2000):
        x = rng.normal(size=15)[groups] + rng.normal(size=45)
        low, high = mean_interval(x, groups)
        hits += low <= 0 <= high
    assert abs(hits / 2000 - 0.95) < 4.5 * math.sqrt(0.95 * 0.05 / 2000)


@pytest.mark.parametrize(
    ("values", "groups"), [([], None), ([1.0], None), ([1.0, 2.0], [7, 7]), ([0.1] * 9, None), ([1.0, 3.0] * 4, np.arange(8) // 2)]
)
def test_values_that_do_not_vary_have_no_interval(values, groups):
    """One value, one group, equal values, groups of equal sum: nothing says how much they could vary."""
    assert all(math.isnan(end) for end in mean_interval(values, groups))


@pytest.mark.parametrize(
    "call",
    [
        lambda: mean_interval([1.0, 2.0], confidence=95),
        lambda: mean_interval([1.0, 2.0], confidence=float("nan")),
        lambda: mean_interval([1.0, float("nan")]),
        lambda: mean_interval([1.0, float("inf")]),
        lambda: mean_interval([1.0, 2.0], [1]),
        lambda: mean_interval([[1.0, 2.0]]),
        lambda: wilson(1, float("inf")),
        lambda: wilson(1, 2, 95),
    ],
)
def test_numbers_out_of_range_are_usage_errors(call):
    with pytest.raises(UsageError):
        call()


def test_no_degrees_of_freedom():
    with pytest.raises(ValueError, match="df"):
        t_quantile(0.9, 0)

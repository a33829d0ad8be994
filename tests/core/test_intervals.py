"""Intervals against scipy, textbook values and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from agentarena.core.errors import UsageError
from agentarena.core.intervals import mean_interval, t_quantile, wilson


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("df", [1, 2, 3, 4, 7, 30, 1000])
def test_quantiles_of_student(df, confidence):
    p = (1 + confidence) / 2
    assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=2e-2 if df == 3 and confidence > 0.98 else 4e-3)
    assert t_quantile(1 - p, df) == pytest.approx(-t_quantile(p, df))


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

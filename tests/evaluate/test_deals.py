"""How sure a mean over deals is: against the textbook's tests, by hand, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from agentarena.evaluate.deals import Sample, Uncertainty, effective_deals, t_interval, uncertainty


def test_one_stratum_is_the_textbook() -> None:
    x = np.random.default_rng(0).exponential(size=17)
    error = uncertainty(Sample.of(x, np.arange(17)))
    assert (error.se, error.df, error.deals) == pytest.approx((stats.sem(x), 16, 17))
    assert error.skew == pytest.approx(stats.skew(x, bias=False) / math.sqrt(17))


def test_deals_of_several_matches_count_once() -> None:
    """Four copies of each value, or a mean of four: the same."""
    x = np.random.default_rng(1).normal(size=12)
    once, copied = uncertainty(Sample.of(x, np.arange(12))), uncertainty(Sample.of(x.repeat(4), np.arange(12).repeat(4)))
    assert copied == pytest.approx(once)


def test_samples_without_a_common_deal_are_welchs_test() -> None:
    """5 deals against 50: the degrees of freedom are near those of the 5, not 54."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(0, 3, 5), rng.normal(size=50)
    error = uncertainty(Sample.of(a, np.arange(5)), Sample.of(b, 100 + np.arange(50)))
    welch = stats.ttest_ind(a, b, equal_var=False)
    assert (a.mean() - b.mean()) / error.se == pytest.approx(welch.statistic)
    assert error.df == pytest.approx(welch.df)
    assert error.df < 5


def test_samples_that_share_every_deal_are_the_paired_test() -> None:
    rng = np.random.default_rng(3)
    luck = rng.normal(size=20)
    a, b = luck + rng.normal(size=20), luck + rng.normal(size=20)
    error = uncertainty(Sample.of(a, np.arange(20)), Sample.of(b, np.arange(20)))
    assert (error.se, error.df) == pytest.approx((stats.sem(a - b), 19))


def test_who_was_met_is_no_luck() -> None:
    """Two opponents, ten deals each, results 10 apart: the standard error is that within the opponents."""
    x = np.random.default_rng(4).normal(size=20) + np.repeat([0.0, 10.0], 10)
    apart = uncertainty(Sample(x, np.arange(20), np.repeat([0, 1], 10)))
    halves = [x[:10].var(ddof=1) / 10, x[10:].var(ddof=1) / 10]
    assert apart.se == pytest.approx(math.sqrt(sum(halves)) / 2)
    assert apart.df == pytest.approx(sum(halves) ** 2 / sum(h**2 / 9 for h in halves))
    assert uncertainty(Sample.of(x, np.arange(20))).se > 3 * apart.se


def test_small_strata_are_pooled() -> None:
    """Ten opponents of two deals each are one stratum; one deal left over joins the largest."""
    x = np.random.default_rng(5).normal(size=20)
    assert uncertainty(Sample(x, np.arange(20), np.arange(20) // 2)) == pytest.approx(uncertainty(Sample.of(x, np.arange(20))))
    left_over = uncertainty(Sample(x, np.arange(20), np.array([0] * 10 + [1] * 9 + [2])))
    joined = uncertainty(Sample(x, np.arange(20), np.array([0] * 10 + [1] * 9 + [0])))
    assert left_over == pytest.approx(joined)


def test_equal_values_have_no_error_and_no_interval() -> None:
    error = uncertainty(Sample.of([0.1] * 12, np.arange(12)))
    assert error == Uncertainty(0.0, 0.0, 0.0, 12)
    assert all(math.isnan(end) for end in t_interval(0.1, error, 0.95))
    assert uncertainty(Sample.of([1.0, 2.0], [3, 3])).df == 0


def test_the_longer_end_is_on_the_side_of_the_long_tail() -> None:
    error = Uncertainty(1.0, 1e9, 0.5, 100)
    assert t_interval(0.0, error, 0.95) == pytest.approx((-1.959964, 1.5 * 1.959964), abs=1e-5)
    assert t_interval(0.0, error._replace(skew=-0.25), 0.95) == pytest.approx((-1.25 * 1.959964, 1.959964), abs=1e-5)
    assert t_interval(0.0, error, 0.95, -1.0, 1.0) == (-1.0, 1.0)


def test_effective_deals() -> None:
    assert effective_deals(np.arange(6)) == 6
    assert effective_deals(np.array([0, 0, 0, 1])) == pytest.approx(16 / 10)


@pytest.mark.parametrize(("draw", "mean"), [("normal", 0.0), ("exponential", 1.0), ("uniform", 0.5)])
def test_means_are_covered_from_ten_deals_on(draw: str, mean: float) -> None:
    """93 to 97.5 % of 4,000 intervals of ten independent deals; Student's t alone has 90 % of the exponential ones."""
    rng, runs = np.random.default_rng(6), 4000
    hits = 0
    for values in getattr(rng, draw)(size=(runs, 10)):
        low, high = t_interval(float(values.mean()), uncertainty(Sample.of(values, np.arange(10))), 0.95)
        hits += low <= mean <= high
    error = math.sqrt(0.95 * 0.05 / runs)
    assert 0.93 - 3 * error < hits / runs < 0.97 + 3 * error

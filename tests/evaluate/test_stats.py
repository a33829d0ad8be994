"""Intervals, tests and sample sizes against printed values, other packages' figures and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.evaluate import power, stats

# two small samples; t, df, p, interval and effect sizes are scipy.stats.ttest_ind(equal_var=False) and textbook formulas
A = [12.1, 14.3, 11.8, 13.5, 12.9, 15.0, 13.1]
B = [10.2, 11.1, 12.4, 9.8, 10.9, 11.7]
P = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205]  # the corrected values are those of statsmodels' multipletests


@pytest.mark.parametrize(
    ("successes", "trials", "wilson", "exact"),  # statsmodels' proportion_confint, methods "wilson" and "beta"
    [
        (0, 10, (0, 0.277533), (0, 0.308497)),
        (7, 10, (0.396778, 0.892209), (0.347547, 0.933260)),
        (55, 100, (0.452446, 0.643855), (0.447280, 0.649680)),
        (550, 1000, (0.519033, 0.580585), (0.518557, 0.581148)),
        (10, 10, (0.722467, 1), (0.691503, 1)),
    ],
)
def test_proportions(successes: int, trials: int, wilson: tuple[float, float], exact: tuple[float, float]) -> None:
    assert stats.wilson(successes, trials) == pytest.approx(wilson, abs=5e-7)
    assert stats.clopper_pearson(successes, trials) == pytest.approx(exact, abs=5e-7)


def test_clopper_pearson_covers_at_least_its_level() -> None:
    chances = np.linspace(0.02, 0.98, 25)
    intervals = [stats.clopper_pearson(x, 20) for x in range(21)]
    ways = np.array(
        [[np.prod(np.arange(20, 20 - x, -1) / np.arange(1, x + 1)) * c**x * (1 - c) ** (20 - x) for x in range(21)] for c in chances]
    )
    covered = np.array([[low <= c <= high for low, high in intervals] for c in chances])
    assert np.all((ways * covered).sum(1) >= 0.95)


def test_welch_and_effect_sizes() -> None:
    result = stats.welch(A, B)
    assert (result.t, result.df, result.p) == pytest.approx((3.833378, 10.998889, 0.00277864), abs=5e-7)
    assert result.interval == pytest.approx((0.947978, 3.504403), abs=5e-7)
    assert stats.cohens_d(A, B) == pytest.approx(2.101381, abs=5e-7)
    assert stats.hedges_g(A, B) == pytest.approx(1.954773, abs=5e-7)
    assert result.difference == pytest.approx(np.mean(A) - np.mean(B))


def test_population_form_of_cohens_d() -> None:
    pooled = np.sqrt((np.var(A) + np.var(B)) / 2)
    assert stats.cohens_d(A, B, ddof=0) == pytest.approx((np.mean(A) - np.mean(B)) / pooled)
    assert stats.cohens_d(A, B, ddof=0) > stats.cohens_d(A, B)


def test_constant_samples_have_no_spread() -> None:
    assert stats.welch([1, 1], [1, 1]).p == 1.0
    assert stats.welch([2, 2], [1, 1]).p == 0.0
    assert stats.cohens_d([2, 2], [1, 1]) == np.inf
    assert np.isnan(stats.welch([2, 2], [1, 1]).interval).all()
    assert np.isnan(stats.bootstrap([3.0, 3.0, 3.0])).all()
    assert np.isnan(stats.bootstrap([1.0, 2.0], clusters=[5, 5])).all()


def test_corrections() -> None:
    assert stats.bonferroni(P) == pytest.approx([0.008, 0.064, 0.312, 0.328, 0.336, 0.48, 0.592, 1])
    assert stats.holm(P) == pytest.approx([0.008, 0.056, *[0.234] * 6])
    assert stats.benjamini_hochberg(P) == pytest.approx([0.008, 0.032, 0.0672, 0.0672, 0.0672, 0.08, 0.084571, 0.205], abs=5e-7)


def test_corrections_keep_the_order_given() -> None:
    order = np.random.default_rng(0).permutation(len(P))
    for correct in (stats.bonferroni, stats.holm, stats.benjamini_hochberg):
        assert correct(np.array(P)[order]) == pytest.approx(correct(P)[order])


@pytest.mark.parametrize(
    ("elo", "eighty", "ninety_five"),
    [(5, 37_896, 62_741), (10, 9_472, 15_682), (20, 2_367, 3_918), (50, 377, 624), (100, 93, 153), (200, 22, 36)],
)
def test_games_needed(elo: float, eighty: int, ninety_five: int) -> None:
    assert power.games_needed(elo) == eighty
    assert power.games_needed(elo, power=0.95) == ninety_five
    assert power.games_needed(-elo) == eighty


def test_draws_halve_the_games_needed() -> None:
    assert power.games_needed(10, draws=0.5) == pytest.approx(power.games_needed(10) / 2, rel=2e-3)


def test_sequential_test_closed_forms() -> None:
    assert power.sprt_bounds() == pytest.approx((-2.944439, 2.944439), abs=5e-7)
    assert [round(power.sprt_games(0, 50, true_elo=elo)) for elo in (0, 50)] == [259, 259]
    middle = 400 * np.log10((power.expected_score(50) + 0.5) / (1.5 - power.expected_score(50)))
    assert round(power.sprt_games(0, 50, true_elo=middle)) == 424
    assert [round(power.sprt_games(0, 5, true_elo=elo)) for elo in (0, 5)] == [25_594, 25_594]


def test_sequential_test_by_simulation() -> None:
    """Error rates below 5 % plus four standard errors, and the mean length the closed form gives plus its overshoot."""
    rng, (low, high) = np.random.default_rng(1), power.sprt_bounds()
    s0, s1 = power.expected_score(0), power.expected_score(50)
    runs = 600
    for truth, wrong_high in ((s0, True), (s1, False)):
        wins = np.cumsum(rng.random((runs, 3000)) < truth, axis=1)
        games = np.arange(1, 3001)
        mean = wins / games
        ratio = games * (s1 - s0) * (2 * mean - s0 - s1) / (2 * np.maximum(mean * (1 - mean), 1e-9))
        ratio[:, :20] = 0.0
        ended = (ratio <= low) | (ratio >= high)
        assert ended.any(1).all()
        first = ended.argmax(1)
        up = ratio[np.arange(runs), first] > 0
        wrong = up.mean() if wrong_high else 1 - up.mean()
        assert wrong <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / runs)
        assert first.mean() == pytest.approx(259, rel=0.25)
        index = int(first[0])
        scores = np.diff(np.concatenate([[0], wins[0, : index + 1]]))
        assert power.gsprt(scores, 0, 50) == pytest.approx(ratio[0, index])


# --- the bootstrap --------------------------------------------------------------------------------------------------


def test_bootstrap_mean_is_near_the_normal_interval() -> None:
    values = np.random.default_rng(2).normal(3.0, 2.0, 400)
    half = 1.959964 * values.std() / 20
    for method in ("percentile", "bca"):
        low, high = stats.bootstrap(values, method=method, resamples=8000)
        # a quantile at 2.5 % of 8,000 draws has an error of sqrt(.025 .975 / 8000) / density = 0.0153 half-widths
        assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.07 * half)


def test_the_fast_mean_equals_the_plain_one() -> None:
    values, clusters = np.random.default_rng(3).normal(size=60), np.repeat(np.arange(20), 3)
    for kwargs in ({}, {"clusters": clusters}, {"method": "bca"}, {"clusters": clusters, "method": "bca"}):
        fast = stats.bootstrap(values, resamples=300, rng=5, **kwargs)
        slow = stats.bootstrap(values, np.mean, resamples=300, rng=5, **kwargs)
        assert fast == pytest.approx(slow)


def test_bca_equals_scipy() -> None:
    """scipy.stats.bootstrap is the outside implementation; both have resampling noise, so many resamples and a tolerance."""
    from scipy.stats import bootstrap

    values = np.random.default_rng(4).exponential(size=80)
    theirs = bootstrap((values,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(0)).confidence_interval
    ours = stats.bootstrap(values, method="bca", resamples=20_000)
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.01)
    percentile = stats.bootstrap(values, resamples=20_000)
    assert ours.high > percentile.high  # the correction moves with the skew


def test_clusters_widen_the_interval_when_luck_is_shared() -> None:
    rng = np.random.default_rng(5)
    deals = np.repeat(np.arange(100), 10)
    values = rng.normal(size=100)[deals] + 0.1 * rng.normal(size=1000)
    means = values.reshape(100, 10).mean(1)
    clustered = stats.bootstrap(values, clusters=deals, resamples=8000)
    assert clustered == pytest.approx(tuple(stats.bootstrap(means, resamples=8000)), abs=1e-12)
    naive = stats.bootstrap(values, resamples=8000)
    assert (clustered.high - clustered.low) / (naive.high - naive.low) == pytest.approx(
        means.std() * 10 / values.std() / np.sqrt(10), rel=0.05
    )


def test_coverage_of_the_clustered_bootstrap() -> None:
    rng, hits, runs = np.random.default_rng(6), 0, 300
    deals = np.repeat(np.arange(40), 4)
    for run in range(runs):
        values = rng.normal(size=40)[deals] + rng.normal(size=160)
        low, high = stats.bootstrap(values, clusters=deals, resamples=400, rng=run)
        hits += low <= 0 <= high
    assert hits / runs >= 0.94 - 4 * np.sqrt(0.06 * 0.94 / runs)


def test_same_seed_same_interval() -> None:
    values = np.random.default_rng(7).normal(size=30)
    assert stats.bootstrap(values, rng=1) == stats.bootstrap(values, rng=1) != stats.bootstrap(values, rng=2)


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.wilson(3, 2),
        lambda: stats.wilson(1, 0),
        lambda: stats.wilson(float("nan"), 4),
        lambda: stats.wilson(1, 2, level=95),
        lambda: stats.bootstrap([]),
        lambda: stats.bootstrap([1.0, 2.0], clusters=[0]),
        lambda: stats.bootstrap([1.0, 2.0], method="student"),
        lambda: stats.welch([1.0], [2.0, 3.0]),
        lambda: stats.cohens_d(A, B, ddof=2),
        lambda: stats.holm([0.5, 1.5]),
        lambda: power.games_needed(0),
        lambda: power.games_needed(400, draws=0.9),
        lambda: power.sprt_bounds(0.6, 0.6),
        lambda: power.sprt_games(5, 5),
        lambda: power.gsprt([2.0], 0, 5),
    ],
)
def test_bad_input(call: object) -> None:
    with pytest.raises(UsageError):
        call()  # type: ignore[operator]

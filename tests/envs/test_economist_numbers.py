"""Closed forms and verification numbers of the tax economy, from outside the code.

Unless a source is named, figures were computed independently for this project from the published formulas, to the digits printed here.
"""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.envs.economist import Economist
from agentarena.envs.economist.analysis.closed_forms import crra_hours, elasticity, linear_tax
from agentarena.envs.economist.bots.saez import saez_coded, saez_rate
from agentarena.envs.economist.options import CUTOFFS, GB2
from agentarena.envs.economist.rules.economy import Economy
from agentarena.envs.economist.rules.labour import (
    Tastes,
    calibrated_cost,
    disutility,
    grid_labour,
    half_power,
    rational_labour,
    utility,
)
from agentarena.envs.economist.rules.skills import draw_skills, gb2_cdf, gb2_quantile, mid_quantiles, skill_quantile, skill_share
from agentarena.envs.economist.rules.taxes import US_RATES, marginal_rates, taxes
from agentarena.envs.economist.rules.welfare import equality, gini, lorenz, swf
from agentarena.envs.economist.solver import GRID_HOURS, by_grid, cma_es, full_grid, rational_response, welfare_of

PAPER = Tastes(0.0005, 3.5)
FLAT = (0.0,)


def hours(skill: float, tax: float, tastes: Tastes = PAPER) -> float:
    return float(rational_labour(np.array([skill]), FLAT, np.array([tax]), tastes)[0])


# --- labour ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skill", "tax", "expected"),
    [
        (40, 0.0, 55.4126),
        (40, 0.2, 50.6810),
        (40, 0.5, 41.9949),
        (40, 0.8, 29.1086),
        (10, 0.0, 31.8262),
        (159.1, 0.0, 96.2616),
        (1.24, 0.0, 13.8087),
        (175, 0.0, 100.0),
    ],
)
def test_hours_under_one_rate(skill: float, tax: float, expected: float) -> None:
    assert round(hours(skill, tax), 4) == expected


def test_surplus_and_effort() -> None:
    worked = hours(40, 0.2)
    surplus = utility(np.array([40 * worked * 0.8]), np.array([worked]), PAPER)[0]
    assert round(float(surplus), 5) == 1158.42178
    assert float(surplus) == pytest.approx((1 - 1 / 3.5) * 40 * 0.8 * worked, rel=1e-12)  # (1 - 1/d) v (1 - t) l
    assert disutility(np.array([40.0, 60, 80, 100]), PAPER).round(4).tolist() == [202.3858, 836.5644, 2289.7336, 5000.0]


def test_calibrated_cost() -> None:
    assert calibrated_cost(3.5) == pytest.approx(0.0282346219657891, rel=1e-14)
    assert hours(1000, 0.0, Tastes(calibrated_cost(3.5), 3.5)) == pytest.approx(40, rel=1e-12)
    crra = Tastes(calibrated_cost(3.5, 0.23), 3.5, 0.23)
    assert crra_hours(np.array([1000.0]), 0.0, crra)[0] == pytest.approx(40, rel=1e-12)


@pytest.mark.parametrize(("skill", "tax", "expected"), [(40, 0.2, 27.189778), (40, 0.5, 23.814055), (100, 0.3, 33.906928)])
def test_crra_hours(skill: float, tax: float, expected: float) -> None:
    tastes = Tastes(0.0005, 3.5, 0.23)
    assert round(float(crra_hours(np.array([float(skill)]), tax, tastes)[0]), 6) == expected
    assert round(hours(skill, tax, tastes), 6) == expected  # by halving the slope


def test_crra_utility_and_elasticities() -> None:
    tastes = Tastes(0.0005, 3.5, 0.23)
    worked = crra_hours(np.array([40.0]), 0.2, tastes)
    assert round(float(utility(40 * worked * 0.8, worked, tastes)[0]), 6) == 184.508146
    assert round(elasticity(tastes), 6) == 0.282051
    assert elasticity(PAPER) == 0.4
    assert elasticity(Tastes(0.01, 2.0)) == 1.0
    # measured: earnings answer as the elasticity says
    for t in (PAPER, tastes):
        low, high = hours(40, 0.30, t), hours(40, 0.31, t)
        assert np.log(high / low) / np.log(0.69 / 0.70) == pytest.approx(elasticity(t), rel=1e-6)


def test_own_rebate_is_a_lower_rate() -> None:
    """Who counts the N-th part of its own tax works as under the rate t (1 - 1/N)."""
    counted = rational_labour(np.array([40.0]), FLAT, np.array([0.5]), PAPER, own_share=0.2)
    assert counted[0] == pytest.approx(hours(40, 0.4), rel=1e-12)


@pytest.mark.parametrize("eta", [0.0, 0.23, 1.0, 1.5])
def test_rational_labour_is_the_best_of_a_fine_grid(eta: float) -> None:
    """Any schedule, also falling rates and rates of 100 %, against the slow twin: the best of 2,001 hours."""
    rng = np.random.default_rng(1)
    skills = skill_quantile("gb2", mid_quantiles(9))
    grid = np.linspace(0, 100, 2_001)
    for tastes in (Tastes(calibrated_cost(3.5, eta), 3.5, eta), Tastes(calibrated_cost(2.0, eta), 2.0, eta)):
        for _ in range(3):
            rates = rng.choice([0.0, 0.1, 0.3, 0.5, 0.9, 1.0], 7)
            for rebate in (0.0, 20_000.0):
                exact = rational_labour(skills, CUTOFFS["us"], rates, tastes, rebate=rebate)
                slow = grid_labour(skills, CUTOFFS["us"], rates, tastes, grid, rebate=rebate)

                def welfare(worked: np.ndarray, rates: np.ndarray = rates, rebate: float = rebate, tastes: Tastes = tastes) -> np.ndarray:
                    income = skills * worked
                    return utility(income - taxes(income, CUTOFFS["us"], rates) + rebate, worked, tastes)

                a, b = welfare(exact), welfare(slow)
                assert np.all(a >= b - 1e-9 * np.maximum(1.0, np.abs(b)))  # never worse than any point of the grid
                assert np.all(a - b <= 5e-3 * np.maximum(1.0, np.abs(b)))


@pytest.mark.parametrize("eta", [0.23, 1.0, 2.0])
def test_nobody_works_for_less_than_idling_is_worth(eta: float) -> None:
    """CRRA utility counts a dollar at least, so who earns less than that for hours of work had better not; a fine grid from 0 on agrees."""
    tastes = Tastes(calibrated_cost(3.5, eta), 3.5, eta)
    skills = np.array([0.0, 1e-6, 0.01, 0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 1.0, 2.0, 5.0, 50.0])
    grid = np.concatenate([np.linspace(0, 100, 20_001)])
    for cutoffs, rates in (((0.0,), [0.5]), ((0.0,), [0.0]), ((0.0,), [1.0]), ((0.0, 0.8, 3.0), [0.0, 0.9, 0.2]), ((0.0, 2.0), [1.0, 0.1])):
        for rebate in (0.0, 0.3, 0.999, 1.0, 40.0):
            exact = rational_labour(skills, cutoffs, np.array(rates), tastes, rebate=rebate)
            slow = grid_labour(skills, cutoffs, np.array(rates), tastes, grid, rebate=rebate)
            income = np.array(
                [skills * worked - taxes(skills * worked, cutoffs, np.array(rates)) + rebate for worked in (exact, slow, 0 * slow)]
            )
            a, b, idle = (utility(consumed, worked, tastes) for consumed, worked in zip(income, (exact, slow, 0 * slow), strict=True))
            assert np.all(a >= np.maximum(b, idle) - 1e-12 * np.maximum(1.0, np.abs(b))), (cutoffs, rates, rebate)
            assert np.all(a - b <= 1e-3 * np.maximum(1.0, np.abs(b)))
            assert np.all(exact[(a == idle)] == 0.0)


def test_the_poor_worker_of_the_report_idles() -> None:
    """3.86 hours would be worth -.278; 0 hours 0."""
    tastes = Tastes(calibrated_cost(3.5, 0.23), 3.5, 0.23)
    assert rational_labour(np.array([0.5]), FLAT, np.array([0.5]), tastes).tolist() == [0.0]
    assert rational_labour(np.array([0.0]), CUTOFFS["us"], np.array([0.1] * 7), tastes).tolist() == [0.0]
    assert rational_labour(np.array([0.0]), FLAT, np.array([0.0]), PAPER).tolist() == [0.0]


def test_of_equally_good_hours_the_fewest_are_worked() -> None:
    """By hand, d = 2 and c = 12.5: 10 hours under the rate .75 and 30 under .25 from 20,000 on are both worth 1,250.

    v^2 k^2 / (4 c) = 20,000 k^2: 20,000 / 16 = 1,250, and 20,000 (9 / 16) - (.75 - .25) 20,000 = 1,250. The tie must hold when the
    last bits of the rates differ, and break where the difference is real.
    """
    tastes, cutoffs, skill = Tastes(12.5, 2.0), (0.0, 20_000.0), np.array([1000.0])

    def best(rate: float) -> float:
        return float(rational_labour(skill, cutoffs, np.array([0.75, rate]), tastes)[0])

    assert [best(0.25 + bits * 2.0**-54) for bits in range(-6, 7)] == [10.0] * 13
    assert best(0.25 - 1e-9) == pytest.approx(30.0)
    assert best(0.25 + 1e-9) == 10.0
    assert float(rational_labour(skill, (0.0,), np.array([1.0]), tastes)[0]) == 0.0  # nothing is kept
    assert float(grid_labour(skill, cutoffs, np.array([0.75, 0.25]), tastes, np.arange(101.0))[0]) == 10.0


def test_labour_of_many_economies_at_once_is_that_of_each() -> None:
    """The array form, with rates and rebates that differ between economies, against one call each."""
    rng = np.random.default_rng(4)
    skills, rates, rebates = rng.uniform(0, 3, (5, 4)), rng.uniform(0, 1, (5, 3)), rng.uniform(0, 2, (5, 1))
    for eta in (0.0, 0.23, 1.0):
        tastes = Tastes(calibrated_cost(3.5, eta), 3.5, eta)
        together = rational_labour(skills, (0.0, 1.0, 5.0), rates, tastes, rebate=rebates)
        for economy in range(5):
            alone = rational_labour(skills[economy], (0.0, 1.0, 5.0), rates[economy], tastes, rebate=float(rebates[economy, 0]))
            assert together[economy].tolist() == alone.tolist()


def test_workers_bunch_at_kinks() -> None:
    """With rates 0 and 90 % around 90,000 a worker that would earn a little more without the tax earns exactly 90,000."""
    tastes = Tastes(calibrated_cost(3.5), 3.5)
    skill = np.array([2000.0])
    assert 2000 * hours(2000, 0.0, tastes) > 90_000
    worked = rational_labour(skill, CUTOFFS["three"], np.array([0.0, 0.9, 0.9]), tastes)
    assert float(worked[0]) == 45.0


def test_half_powers() -> None:
    x = np.linspace(0, 100, 101)
    for exponent in (1.0, 1.5, 2.0, 3.5, 4.0, 2.3):
        assert np.allclose(half_power(x, exponent), x**exponent, rtol=1e-14)


# --- optimal linear taxes -------------------------------------------------------------------------------------------------

FIVE = np.array([10.0, 20, 40, 80, 160])


def test_linear_tax_against_a_grid() -> None:
    untaxed = FIVE * rational_labour(FIVE, FLAT, np.zeros(1), PAPER)
    assert untaxed.round(3).tolist() == [318.262, 839.898, 2216.505, 5849.392, 15436.639]
    weights = {"max-min": (np.array([1.0, 0, 0, 0, 0]), 0.0645282, 0.7004804), "1/v": (1 / FIVE, 0.3127140, 0.6321115)}
    economy = Economy(FLAT, PAPER)
    for w, g, tau in weights.values():
        mean = float((w * untaxed).sum() / untaxed.mean() / w.sum())
        assert round(mean, 7) == g
        assert round(linear_tax(mean, 0.4), 7) == tau
        rates = np.linspace(tau - 0.001, tau + 0.001, 2001)[:, None]
        welfare = economy.answer(FIVE, rates).utility @ w
        assert abs(float(rates[int(np.argmax(welfare)), 0]) - tau) <= 1.5e-6
    total = economy.answer(FIVE, np.linspace(0, 1, 101)[:, None]).utility.sum(axis=1)
    assert int(np.argmax(total)) == 0  # utilitarians tax nobody
    assert round(float(saez_rate(0.0, 1.0, 0.4)), 6) == 0.714286  # the Laffer rate


# --- incomes --------------------------------------------------------------------------------------------------------------


def test_gb2_quantiles() -> None:
    shares = np.array([0.01, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99])
    expected = [695.14, 6850.62, 17393.03, 38101.53, 72159.27, 124508.87, 175431.63, 361313.20]
    assert gb2_quantile(shares).round(2).tolist() == expected
    assert gb2_cdf(np.array(expected)) == pytest.approx(shares, abs=1e-6)


def test_gb2_moments() -> None:
    """Mean and deviation in closed form (Kleiber and Kotz 2003, eq. 6.11), and by the quantiles."""
    from scipy.special import gammaln

    mu, sigma, nu, tau = GB2

    def moment(k: float) -> float:
        logs = gammaln(nu + k / sigma) + gammaln(tau - k / sigma) - gammaln(nu) - gammaln(tau)
        return float(mu**k * np.exp(logs))

    assert round(moment(1), 2) == 59249.20
    assert round((moment(2) - moment(1) ** 2) ** 0.5, 1) == 104009.9
    assert round(moment(-1), 7) == 0.0018497
    assert round(sigma * tau, 6) == 2.364357
    assert round(sigma * nu, 4) == 1.0081
    many = gb2_quantile(mid_quantiles(1_000_000))
    assert many.mean() == pytest.approx(59249.20, rel=2e-4)
    assert float(gini(many)) == pytest.approx(0.530, abs=6e-4)


def test_gb2_brackets() -> None:
    below = gb2_cdf(np.array(CUTOFFS["us"][1:]))
    assert below.round(5).tolist() == [0.16873, 0.58496, 0.85206, 0.95873, 0.97556, 0.99703]
    assert np.diff([0, *below, 1]).round(4).tolist() == [0.1687, 0.4162, 0.2671, 0.1067, 0.0168, 0.0215, 0.0030]
    assert gb2_cdf(np.array([90_000.0, 159_100.0])).round(5).tolist() == [0.82164, 0.93867]


@pytest.mark.parametrize("kind", ["gb2", "uniform", "lognormal", "pareto"])
def test_distributions_invert(kind: str) -> None:
    shares = np.linspace(0.01, 0.99, 50)
    assert skill_share(kind, skill_quantile(kind, shares)) == pytest.approx(shares, abs=1e-9)
    rng = np.random.default_rng(5)
    drawn = draw_skills(kind, "random", 40_000, (), rng)
    for share in (0.1, 0.5, 0.9):  # 4.5 standard errors of a proportion
        mark = skill_quantile(kind, np.array([share]))[0]
        assert abs((drawn < mark).mean() - share) < 4.5 * (share * (1 - share) / 40_000) ** 0.5
    strata = np.sort(draw_skills(kind, "stratified", 100, (), rng))
    edges = skill_quantile(kind, np.linspace(0.01, 0.99, 99))
    assert np.all((strata[:-1] <= edges * (1 + 1e-12)) & (strata[1:] >= edges * (1 - 1e-12)))


# --- taxes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("income", "due"),
    [(50_000, 6053.00), (100_000, 17053.00), (159_100, 31226.50), (250_000, 57874.75), (609_350, 183647.25), (1_000_000, 328187.75)],
)
def test_us_taxes(income: float, due: float) -> None:
    assert float(taxes(np.array([float(income)]), CUTOFFS["us"], np.array(US_RATES))[0]) == pytest.approx(due, abs=1e-9)


def test_three_bracket_taxes() -> None:
    due = taxes(np.array([50e3, 90e3, 120e3, 200e3]), CUTOFFS["three"], np.array([0.2, 0.35, 0.5]))
    assert due.tolist() == pytest.approx([10000, 18000, 28500, 62635], abs=1e-9)


def test_taxes_by_the_other_form_and_continuity() -> None:
    """Sum over clipped parts, as the formula is usually written; continuous at edges, with the marginal rate as slope."""
    rng = np.random.default_rng(0)
    edges = np.array(CUTOFFS["us"])
    for _ in range(20):
        rates, income = rng.random(7), rng.uniform(0, 1e6, 50)
        widths = np.append(np.diff(edges), np.inf)
        parts = np.clip(income[:, None] - edges, 0, widths) @ rates
        assert taxes(income, CUTOFFS["us"], rates) == pytest.approx(parts, rel=1e-12)
        near = taxes(np.concatenate([edges, edges + 1e-6]), CUTOFFS["us"], rates)
        assert near[7:] - near[:7] == pytest.approx(np.full(7, 0.0), abs=2e-6)
        slope = (taxes(income + 0.5, CUTOFFS["us"], rates) - taxes(income, CUTOFFS["us"], rates)) / 0.5
        inside = np.abs(income[:, None] - edges).min(axis=1) > 1
        assert slope[inside] == pytest.approx(marginal_rates(income, CUTOFFS["us"], rates)[inside], abs=1e-6)


# --- Saez -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tail", "e", "weight", "expected"),
    [
        (1.5, 0.25, 0, 0.727273),
        (1.75, 0.25, 0, 0.695652),
        (2, 0.25, 0, 0.666667),
        (2, 0.5, 0, 0.5),
        (2.364357, 0.4, 0, 0.513943),
        (2, 0.4, 0.1, 0.529412),
        (2, 0.4, 0.25, 0.483871),
    ],
)
def test_saez_formula(tail: float, e: float, weight: float, expected: float) -> None:
    assert round(float(saez_rate(weight, tail, e)), 6) == expected


THREE, US = CUTOFFS["three"], CUTOFFS["us"]
QUARTERS = (0.18, 0.11, 0.57)


def test_saez_coded_on_five_incomes() -> None:
    incomes = np.array([10.0, 30, 60, 120, 300]) * 1000
    assert saez_coded(incomes, THREE, (0.4,) * 3).tolist() == [87.54, 57.72, 54.01]
    assert saez_coded(incomes, THREE, QUARTERS).tolist() == [93.98, 83.24, 45.17]
    assert saez_coded(incomes, FLAT, (0.4,)).tolist() == [67.20]


def test_where_nobody_earns_more_the_tail_is_ten() -> None:
    """The specification's "a = 10 if F = 1", with no weight above: 1 / (1 + 10 e), which is 20 % at .4, 47.62 % at .11, 14.93 % at .57."""
    poor = np.array([10.0, 20, 30, 40]) * 1000
    assert saez_coded(poor, THREE, (0.4,) * 3)[1:].tolist() == [20.0, 20.0]
    assert saez_coded(poor, THREE, QUARTERS)[1:].tolist() == [47.62, 14.93]
    assert saez_coded(poor, THREE, (0.4,) * 3, top="release")[1:].tolist() == [20.0, 20.0]
    alone = np.append(poor, 100_000.0)  # one in the second bracket, below its middle: nobody above that either
    assert saez_coded(alone, THREE, (0.4,) * 3)[1:].tolist() == [20.0, 20.0]
    assert saez_coded(poor, FLAT, (0.4,), top="release").tolist() == [71.43]  # one bracket: a = 1


def test_saez_coded_on_the_income_distribution() -> None:
    incomes = 2.5 * gb2_quantile(mid_quantiles(100))
    assert saez_coded(incomes, FLAT, (0.4,)).tolist() == [68.91]
    assert saez_coded(incomes, FLAT, (0.4,), top="release").tolist() == [70.96]
    assert saez_coded(incomes, THREE, QUARTERS).tolist() == [95.33, 88.69, 54.28]
    assert saez_coded(incomes, THREE, QUARTERS, top="release").tolist() == [95.33, 88.69, 59.86]
    assert saez_coded(incomes, THREE, (0.4,) * 3).tolist() == [90.18, 68.31, 62.85]
    assert saez_coded(incomes, US, (3.0,) * 7).tolist() == [90.68, 67.72, 37.84, 19.11, 13.87, 11.07, 14.01]
    assert saez_coded(incomes, US, (0.4,) * 7).tolist() == [98.65, 94.02, 82.03, 63.92, 54.70, 48.28, 54.98]


# --- inequality -----------------------------------------------------------------------------------------------------------


def test_gini_fixtures() -> None:
    x = np.array([10.0, 20, 30, 40])
    assert float(gini(x)) == 0.25
    assert round(1 - float(equality(x)), 6) == 0.333333  # the AI Economist's, scaled by N / (N - 1)
    assert round(float(swf("equality_productivity", x, x, x)), 4) == 66.6667
    assert float(gini(np.zeros(3))) == 0.0
    slow = np.abs(x[:, None] - x).sum() / (2 * len(x) ** 2 * x.mean())
    assert float(gini(x)) == pytest.approx(slow, rel=1e-15)
    held = lorenz(x)
    area = float(((held[:-1] + held[1:]) / 2).sum() / len(x))
    assert 1 - 2 * area == pytest.approx(0.25, rel=1e-12)


# --- fixture A: five workers, hours on a grid of ten -----------------------------------------------------------------------

A = Economist.build("fixture")


@pytest.mark.parametrize(
    ("rates", "worked", "rebate", "raw", "norm", "total"),
    [
        ((0, 0, 0), [20, 30, 40, 50, 80], 0.0, 3.661080, 12036.43, 389130.15),
        ((20, 20, 20), [20, 30, 40, 50, 70], 20400.0, 8.965111, 29439.77, 387403.55),
        ((12, 24, 35), [20, 30, 40, 50, 60], 19419.80, 9.002237, 29515.53, 371189.52),
    ],
)
def test_fixture_a(rates: tuple[float, ...], worked: list[int], rebate: float, raw: float, norm: float, total: float) -> None:
    result = rational_response(A, np.array(rates, float), hours=GRID_HOURS)
    assert result.hours.tolist() == worked
    assert float(result.rebate) == pytest.approx(rebate, abs=0.005)
    figures = (result.utility, result.income, result.disposable)
    assert round(float(swf("paper_raw", *figures)), 6) == raw
    assert round(float(swf("inverse_income", *figures)), 2) == norm
    assert round(float(swf("utilitarian", *figures)), 2) == total
    if not any(rates):
        assert result.utility.round(2).tolist() == [3989.85, 10824.52, 28571.43, 75043.88, 270700.47]


@pytest.mark.parametrize(
    ("objective", "best", "value"),
    [("paper_raw", [100, 100, 50], 183640.23), ("inverse_income", [80, 100, 50], 58303.93), ("utilitarian", [0, 0, 0], 389130.15)],
)
def test_fixture_a_best_of_1331(objective: str, best: list[float], value: float) -> None:
    schedules = full_grid(3)
    welfare = welfare_of(A, hours=GRID_HOURS, objective=objective)(schedules)
    assert len(schedules) == 1331
    assert round(float(welfare.max()), 2) == value
    assert schedules[int(np.argmax(welfare))].tolist() == best


def test_raw_welfare_is_gamed_by_idleness() -> None:
    """The raw objective prefers a schedule under which four of five workers do nothing, by a factor of ten thousand."""
    gamed = rational_response(A, np.array([100.0, 100, 50]), hours=GRID_HOURS)
    plain = rational_response(A, np.array([50.0, 50, 50]), hours=GRID_HOURS)
    assert gamed.hours.tolist() == [0, 0, 0, 0, 60]

    def value(name: str, result: object) -> float:
        return float(swf(name, result.utility, result.income, result.disposable))  # type: ignore[attr-defined]

    assert round(value("paper_raw", plain), 1) == 16.6
    assert value("paper_raw", gamed) / value("paper_raw", plain) > 10_000
    assert value("inverse_income", gamed) / value("inverse_income", plain) < 1.2  # nothing of the kind in the default objective
    assert value("utilitarian", gamed) < value("utilitarian", plain)


def test_searches_reach_the_brute_force_best() -> None:
    """Within 1 % of the best of all 1331 schedules, under the same hours on offer."""
    for objective in ("inverse_income", "utilitarian"):
        welfare = welfare_of(A, hours=GRID_HOURS, objective=objective)
        best = float(welfare(full_grid(3)).max())
        assert float(welfare(by_grid(welfare, 3)[None])[0]) == best
        result = cma_es(welfare, 3, np.random.default_rng(0), evaluations=600)
        assert float(welfare(result[None])[0]) >= 0.99 * best


# --- fixture B: a hundred workers, seven brackets --------------------------------------------------------------------------


def fixture_b(cost: float, rates: np.ndarray) -> dict[str, float]:
    game = Economist(population=100, brackets="us", cost=cost)
    result = rational_response(game, rates, hours=GRID_HOURS)
    return {
        "hours": float(result.hours.mean()),
        "income": float(result.income.mean()),
        "rebate": float(result.rebate),
        "raw": float(swf("paper_raw", result.utility, result.income, result.disposable)) / 100,
        "utility": float(result.utility.mean()),
        "gini": float(gini(result.income)),
        "after": float(gini(result.disposable)),
    }


SAEZ_04 = np.array([98.65, 94.02, 82.03, 63.92, 54.70, 48.28, 54.98])
FEDERAL = 100 * np.array(US_RATES)


@pytest.mark.parametrize(
    ("cost", "rates", "expected"),
    [
        (0.0005, np.zeros(7), {"hours": 97.20, "income": 144232.08, "raw": 0.9102, "gini": 0.5193}),
        (0.0005, FEDERAL, {"hours": 96.60, "rebate": 33243.95, "raw": 3.2075, "after": 0.3738}),
        (0.0005, np.full(7, 50.0), {"raw": 7.4367, "after": 0.2617}),
        (0.0005, SAEZ_04, {"raw": 998.49}),
        (0.0282346219657891, np.zeros(7), {"hours": 40.60, "income": 85472.89, "utility": 61519.38}),
        (0.0282346219657891, FEDERAL, {"hours": 37.10, "rebate": 16220.29, "after": 0.4833}),
        (0.0282346219657891, np.full(7, 50.0), {"hours": 30.70, "after": 0.3301}),
        (0.0282346219657891, SAEZ_04, {"hours": 14.10, "after": 0.2385}),
    ],
)
def test_fixture_b(cost: float, rates: np.ndarray, expected: dict[str, float]) -> None:
    result = fixture_b(cost, rates)
    for name, value in expected.items():
        digits = len(f"{value}".partition(".")[2])
        assert round(result[name], max(2, digits)) == pytest.approx(value, abs=1e-9), name

"""Planners of the tax economy: search against brute force, a table of baselines in every objective, the exploit of raw welfare.

python benchmarks/economist_planners.py            # everything
python benchmarks/economist_planners.py fixture    # one part: fixture, table, exploit, matches
"""

from __future__ import annotations

import argparse

import numpy as np

import agentarena as aa
from agentarena.core.intervals import mean_interval
from agentarena.envs.economist import Economist
from agentarena.envs.economist.bots.planners import us_rates
from agentarena.envs.economist.bots.saez import CODED_ELASTICITIES, saez_binned, saez_coded
from agentarena.envs.economist.options import CUTOFFS, OBJECTIVES
from agentarena.envs.economist.rules.welfare import gini, swf
from agentarena.envs.economist.solver import GRID_HOURS, by_grid, cma_es, full_grid, rational_response, welfare_of

US = CUTOFFS["us"]
_TOTALS = ("utilitarian", "isoelastic", "equality_productivity", "paper_raw")
"""Objectives that grow with the number of workers: given per capita."""


def fixture() -> None:
    """Rational workers and planners by search against all 1331 schedules of fixture A."""
    game = Economist.build("fixture")
    schedules = full_grid(3)
    print("Fixture A: five workers, hours in tens, rates in tens; best of 1331 schedules, and what searches find")
    for objective in ("inverse_income", "utilitarian", "rawls", "equality_productivity", "paper_raw"):
        welfare = welfare_of(game, hours=GRID_HOURS, objective=objective)
        values = welfare(schedules)
        best = float(values.max())
        result = [float(welfare(cma_es(welfare, 3, np.random.default_rng(seed), evaluations=600)[None])[0]) for seed in range(10)]
        print(
            f"  {objective:22s} {best:14,.2f} at {schedules[int(np.argmax(values))].tolist()}; grid search {float(welfare(by_grid(welfare, 3)[None])[0]) / best:.4f}, "
            f"CMA-ES of 3 x 600 schedules, least of 10 seeds {min(result) / best:.4f}, most {max(result) / best:.4f} of it"
        )


def _schedules(game: Economist) -> dict[str, np.ndarray]:
    count = len(game.edges)
    untaxed = rational_response(game, np.zeros(count)).income
    out = {f"flat {rate}": np.full(count, float(rate)) for rate in (0, 20, 50, 70)}
    out["US federal"] = us_rates(game.edges)
    out["Saez, coded, e = 3"] = saez_coded(100.0 * game.expected_skills, game.edges, CODED_ELASTICITIES["us"])
    out["Saez, coded, e = 0.4"] = saez_coded(100.0 * game.expected_skills, game.edges, (0.4,) * count)
    out["Saez, binned, e = 0.4"] = _settled(game, untaxed)
    for objective in ("inverse_income", "utilitarian", "isoelastic", "rawls", "equality_productivity"):
        welfare = welfare_of(game, objective=objective)
        grid = by_grid(welfare, count)
        evolved = cma_es(welfare, count, np.random.default_rng(0))
        both = welfare(np.stack([grid, evolved]))
        out[f"search for {objective}"] = (grid, evolved)[int(np.argmax(both))]
    return out


def _settled(game: Economist, incomes: np.ndarray) -> np.ndarray:
    """The binned formula on the incomes that its own rates lead to, after 50 rounds of half a step."""
    rates = np.full(len(game.edges), 50.0)
    for _ in range(50):
        rates = (rates + 100.0 * saez_binned(incomes, game.edges, 0.4)) / 2
        incomes = rational_response(game, rates).income
    return rates


def table() -> None:
    """Every baseline in every objective, 100 workers at the mid-quantiles of the income distribution, seven brackets."""
    game = Economist(population=100, brackets="us")
    names = list(OBJECTIVES)
    print("100 rational workers (GB2 mid-quantiles), seven brackets, dollars a year; totals per capita")
    print("| planner | " + " | ".join(names) + " | mean hours | mean income | Gini after | rates |")
    print("|---" * (len(names) + 5) + "|")
    reference = game.economy.untaxed(game.expected_skills)
    for name, rates in _schedules(game).items():
        result = rational_response(game, rates)
        cells = []
        for objective in names:
            value = float(swf(objective, result.utility, result.income, result.disposable, reference=reference)) / (
                game.population if objective in _TOTALS else 1
            )
            cells.append(f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}")
        listed = ", ".join(f"{rate:.0f}" for rate in rates)
        print(
            f"| {name} | {' | '.join(cells)} | {result.hours.mean():.1f} | {result.income.mean():,.0f} | {float(gini(result.disposable)):.3f} | {listed} |"
        )


def exploit() -> None:
    """Why the paper's raw welfare function is not the default."""
    game = Economist.build("fixture")
    print("Raw welfare sum u / max(z, 1) on fixture A, hours in tens")
    for rates in ((50.0, 50, 50), (100.0, 100, 50)):
        result = rational_response(game, np.array(rates), hours=GRID_HOURS)
        raw, norm, total = (
            float(swf(name, result.utility, result.income, result.disposable)) for name in ("paper_raw", "inverse_income", "utilitarian")
        )
        print(
            f"  {rates}: hours {result.hours.astype(int).tolist()}, raw {raw:,.2f}, normalised {norm:,.0f}, sum of utilities {total:,.0f}"
        )


def matches() -> None:
    """Whole matches: planners that learn from what they see, against rational and against learning workers."""
    options = {"population": 20, "brackets": "three", "years": 60, "weeks": 4}
    planners = ("us", "flat?rate=50", "saez", "saez_estimated?buffer=100", "bandit", "grid")
    print("Mean welfare of a week in the last ten of 60 tax years of 4 weeks, 20 workers, three brackets; 95 % interval over 3 matches")
    for workers in ("rational", "hill_climber"):
        for planner in planners:
            players = [f"economist/{planner}"] + [f"economist/{workers}"] * 20
            runs = aa.play("Economist-v0", players, matches=3, seed=1, rotate=False, **options)
            late = [_late(record) for record in runs.records]
            low, high = mean_interval(late)
            print(f"  {planner:28s} {workers:13s} {np.mean(late):10,.0f} ({low:,.0f} to {high:,.0f})", flush=True)


def _late(record: aa.play.Record) -> float:  # type: ignore[name-defined]
    from agentarena.core.replay import states

    *_, last = states(record)
    return float(np.mean([week.welfare for week in last.past if week.year >= 50]))


def main() -> None:
    parts = {"fixture": fixture, "table": table, "exploit": exploit, "matches": matches}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=tuple(parts))
    chosen = parser.parse_args().part
    for name, part in parts.items():
        if chosen in (None, name):
            part()


if __name__ == "__main__":
    main()

"""The defenders' strategy for any system: near the equilibrium's on Hexner's game, and a bound on the value everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.envs.football import Football, Hexner
from agentarena.envs.football.solver import exact_value
from agentarena.envs.football.solver.certificates import upper_bounds
from agentarena.envs.football.solver.dual import DualConfig, _simplex, lower_bound_of, solve_dual
from agentarena.envs.football.solver.equilibrium import Equilibrium
from agentarena.envs.football.solver.sweep import SweepConfig, reveal_sweep

torch = pytest.importorskip("torch")


def test_projection_on_the_simplex() -> None:
    """Against the definition: no point of the simplex is nearer."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(50, 3))
    nearest = _simplex(torch.as_tensor(points)).numpy()
    assert nearest.min() >= 0
    assert nearest.sum(-1) == pytest.approx(np.ones(50))
    others = rng.dirichlet(np.ones(3), size=2000)
    apart = ((points[:, None] - others) ** 2).sum(-1).min(-1)
    assert (((points - nearest) ** 2).sum(-1) <= apart + 1e-12).all()


@pytest.mark.slow
def test_bounds_of_both_sides_meet_at_the_closed_form() -> None:
    """Hexner's game of four steps: neither side's strategy knows the closed form, and both bounds come within 5e-3 of it."""
    game, exact = Hexner(steps=4, discretization="split"), exact_value(0.5, steps=4).value
    sweep = reveal_sweep(game.system, game.chances)
    upper = upper_bounds(sweep.tree(game.system, game.chances)).value
    config = DualConfig(iterations=400)
    lower = lower_bound_of(solve_dual(game.system, game.chances, sweep=sweep, config=config), game.chances, sweep=sweep, config=config)
    assert exact - 5e-3 < lower.value <= exact + 1e-6
    assert exact - 1e-6 <= upper < exact + 1e-6
    for p in (0.1, 0.25, 0.9):  # one strategy bounds the value at every prior: a supporting plane
        assert lower.dual @ (p, 1 - p) <= exact_value(p, steps=4).value + 1e-6


def test_a_few_iterations_raise_the_bound_and_stay_below_the_value() -> None:
    game, exact = Hexner(steps=3, discretization="split"), exact_value(0.5, steps=3).value
    sweep = reveal_sweep(game.system, game.chances, config=SweepConfig(responses=0, restarts=1))
    bounds = []
    for iterations in (1, 60):
        config = DualConfig(iterations=iterations, responses=60)
        strategy = solve_dual(game.system, game.chances, sweep=sweep, config=config)
        bounds.append(lower_bound_of(strategy, game.chances, sweep=sweep, config=config).value)
    assert bounds[0] + 0.1 < bounds[1] < exact + 1e-6


@pytest.mark.parametrize("kind", ["split", "sim"])
def test_the_best_attackers_pay_the_value_at_least(kind: str) -> None:
    """The equilibrium's attackers against the strategy: no strategy of the defenders takes more from them than the value."""
    game = Hexner(steps=3, discretization=kind)
    plan = Equilibrium(game.system, kind)
    sweep = reveal_sweep(game.system, game.chances, discretization=kind, config=SweepConfig(responses=0, restarts=1))
    config = DualConfig(iterations=5)
    strategy = solve_dual(game.system, game.chances, discretization=kind, sweep=sweep, config=config)
    attack = torch.as_tensor(sweep.controls[sweep.rows.index(sweep.best), :, :, 0])
    paid = float(strategy.costs(attack).diagonal().numpy() @ game.chances)
    assert paid <= plan.value(game.chances) + 1e-6


def test_football_has_a_bound_too() -> None:
    game = Football.build("conceal", steps=2)
    sweep = reveal_sweep(game.system, game.chances, config=SweepConfig(iterations=30, responses=10, starts=1, restarts=1))
    config = DualConfig(iterations=5, responses=10, noisy=2)
    strategy = solve_dual(game.system, game.chances, sweep=sweep, config=config)
    bound = lower_bound_of(strategy, game.chances, sweep=sweep, config=config)
    assert bound.value < sweep.best.upper
    assert bound.spread.shape == bound.dual.shape == (2,)

"""The sweep over revealing steps: exact on linear-quadratic games, and the preset of football in which concealing pays."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.envs.football import Football, Hexner, Hexner22
from agentarena.envs.football.solver.equilibrium import Equilibrium

pytest.importorskip("torch")
from agentarena.envs.football.solver.certificates import upper_bound, upper_bounds
from agentarena.envs.football.solver.sweep import SweepConfig, reveal_sweep


@pytest.mark.parametrize("kind", ["split", "sim"])
def test_rows_are_the_closed_form_with_simultaneous_steps_too(kind: str) -> None:
    """Four simultaneous steps are nearly indifferent between revealing at 1 and 2: trees end at the worse, -.5645; the sweep sees both."""
    game = Hexner(steps=4, discretization=kind)
    plan = Equilibrium(game.system, kind)
    exact = plan.base(game.chances) + plan.prices(game.chances)
    sweep = reveal_sweep(game.system, game.chances, discretization=kind)
    for row in sweep.rows:
        assert row.lower == pytest.approx(exact[row.step], abs=1e-6)
        assert row.upper == pytest.approx(exact[row.step], abs=1e-6)
    assert sweep.best.step == 2
    assert sweep.best.upper == pytest.approx({"split": -0.328857, "sim": -0.572162}[kind], abs=1e-6)
    assert sweep.pays > 0.1


def test_a_side_of_eleven_reveals_where_the_program_over_beliefs_says() -> None:
    game = Hexner22(steps=5, discretization="split")
    plan = Equilibrium(game.system)
    sweep = reveal_sweep(game.system, game.chances, config=SweepConfig(restarts=2, responses=100))
    assert sweep.best.step == plan.reveal_step
    assert sweep.best.upper == pytest.approx(plan.value(game.chances), abs=1e-4)


def test_where_concealing_does_not_pay_the_sweep_says_so() -> None:
    """Attackers whose controls cost more than the defenders' never gain by concealing: they never reveal."""
    game = Hexner(steps=4, discretization="split", r1=(0.05, 0.1), r2=(0.05, 0.025))
    sweep = reveal_sweep(game.system, game.chances, config=SweepConfig(restarts=2, responses=100))
    assert sweep.best.step == 4
    assert sweep.pays <= 1e-9


@pytest.mark.parametrize("kind", ["split", "sim"])
def test_a_row_as_a_tree_costs_the_same(kind: str) -> None:
    game = Hexner(steps=4, discretization=kind)
    sweep = reveal_sweep(game.system, game.chances, discretization=kind, config=SweepConfig(responses=0, restarts=1))
    tree = sweep.tree(game.system, game.chances, kind)
    assert tree.nodes == 2 + 2 * 2
    assert tree.value == pytest.approx(sweep.best.value, abs=1e-6)
    assert upper_bounds(tree, restarts=3, iterations=200).value == pytest.approx(upper_bound(tree), abs=1e-5)


def test_bounds_of_football_hold_its_value_between_them() -> None:
    game = Football.build("five", steps=2, discretization="split")
    sweep = reveal_sweep(game.system, game.chances, config=SweepConfig(iterations=40, responses=20, starts=1, restarts=2))
    for row in sweep.rows:
        assert row.lower <= row.value + 1e-9
        assert row.value <= row.upper + 1e-9


@pytest.mark.slow
def test_concealing_pays_in_football() -> None:
    """Preset `conceal`: what attackers pay at most who show the play at step 3 is below what they pay at least at 0 and at K."""
    game = Football.build("conceal")
    config = SweepConfig(iterations=400, rate=0.1, responses=150, starts=4, restarts=3)
    sweep = reveal_sweep(game.system, game.chances, config=config)
    assert 0 < sweep.best.step < game.steps
    assert sweep.pays > 0.2
    assert np.isfinite(sweep.controls).all()

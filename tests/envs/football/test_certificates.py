"""Trees, their bounds, and the strategy of the side that does not know: all meet at the closed form."""

from __future__ import annotations

import numpy as np
import pytest

import agentarena as aa
from agentarena.envs.football import Football, Hexner, Hexner22
from agentarena.envs.football.solver import exact_dual_value, exact_value
from agentarena.envs.football.solver.certificates import lower_bound, upper_bound
from agentarena.envs.football.solver.equilibrium import Equilibrium

pytest.importorskip("torch")
from agentarena.envs.football.solver.tree import TreeConfig, solve


@pytest.mark.parametrize("p", [0.5, 0.25])
def test_bounds_meet_at_the_value(p: float) -> None:
    game = Hexner(steps=4, discretization="split", prior=(p, 1 - p))
    exact = exact_value(p, steps=4).value
    tree = solve(game.system, game.chances)
    assert tree.value == pytest.approx(exact, abs=5e-4)
    assert tree.reveal_step == exact_value(p, steps=4).reveal_step
    assert upper_bound(tree) == pytest.approx(exact, abs=5e-4)
    assert upper_bound(tree) >= exact - 1e-9
    assert lower_bound(Equilibrium(game.system), game.chances) == pytest.approx(exact, abs=1e-9)


def test_the_bound_of_a_worse_tree_is_worse() -> None:
    system = Hexner(steps=4, discretization="split").system
    rough = solve(system, (0.5, 0.5), config=TreeConfig(iterations=40, merge_at=()))
    assert upper_bound(rough) > exact_value(0.5, steps=4).value + 1e-3


def test_the_tilt_is_the_dual_point_of_the_prior() -> None:
    """At half the difference of the dual numbers that `tilt` says, the dual value is attained at the prior."""
    system = Hexner(steps=10, discretization="split").system
    for p in (0.2, 0.5, 0.7):
        tilt = Equilibrium(system).tilt(np.array([p, 1 - p]))
        assert exact_dual_value((tilt, -tilt), steps=10).p == pytest.approx(p, abs=1e-9)


def test_nobody_gains_against_the_equilibrium() -> None:
    """Attackers who reveal at another step pay more than the value against the dual strategy, as they do against each other."""
    game = Hexner(steps=6, discretization="split")
    exact = exact_value(0.5, steps=6)
    returns = {}
    for step in range(7):
        records = aa.play(game, [f"hexner/reveal?step={step}", "hexner/equilibrium"], matches=20, seed=0).records
        returns[step] = -float(np.mean([record.returns[0] for record in records if record.seats[0].index == 0]))  # seats are swapped
    assert min(returns.values()) == pytest.approx(exact.value, abs=1e-9)
    assert returns[exact.reveal_step] == pytest.approx(exact.value, abs=1e-9)


def test_three_types_and_twenty_two_players() -> None:
    three = Hexner.build("three_types", steps=3, discretization="split")
    tree = solve(three.system, three.chances, config=TreeConfig(iterations=300))
    assert tree.value == pytest.approx(Equilibrium(three.system).value(three.chances), abs=5e-4)
    many = Hexner22(steps=3, discretization="split")
    tree = solve(many.system, many.chances, config=TreeConfig(iterations=300))
    assert tree.value == pytest.approx(Equilibrium(many.system).value(many.chances), abs=1e-3)


def test_a_tree_starts_warm_from_another() -> None:
    system = Hexner(steps=3, discretization="split").system
    tree = solve(system, (0.5, 0.5))
    again = solve(system, (0.5, 0.5), warm=tree, config=TreeConfig(iterations=5, merge_at=()))
    assert again.value == pytest.approx(exact_value(0.5, steps=3).value, abs=2e-2)


def test_football_is_solved_up_to_a_gap() -> None:
    """Five against five: the tree's cost is no more than its bound, and the bound is what the other side can take from it."""
    game = Football.build("five", steps=3, discretization="split")
    tree = solve(game.system, game.chances, config=TreeConfig(iterations=60))
    assert upper_bound(tree, iterations=30) >= tree.value - 1e-6

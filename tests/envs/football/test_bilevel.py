"""The bilevel solver: exact controls for the signals that there are, against values from the closed form and the program over beliefs."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core.errors import BadOption
from agentarena.envs.football import Football, Hexner, Hexner22
from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.solver import exact_value
from agentarena.envs.football.solver.bilevel import BilevelConfig, _Program, _softmax, solve_bilevel
from agentarena.envs.football.solver.equilibrium import Equilibrium


@pytest.mark.parametrize(("steps", "p", "value", "reveal_step"), [(4, 0.5, -0.328857, 2), (5, 0.5, -0.325077, 2), (10, 0.25, -0.288276, 5)])
def test_the_value_and_the_step_that_reveals(steps: int, p: float, value: float, reveal_step: int) -> None:
    """Values of the table of K steps; errors as small as rounding allows, where 1e-4 is what gradients on controls reach."""
    signals = solve_bilevel(Hexner(steps=steps).system, (p, 1 - p))
    assert signals.value == pytest.approx(value, abs=1e-6)
    assert signals.value == pytest.approx(exact_value(p, steps=steps).value, abs=1e-6)
    assert signals.reveal_step == reveal_step


@pytest.mark.slow
@pytest.mark.parametrize(
    "game", [Hexner(steps=4), Hexner(steps=10), Hexner.build("three_types", steps=5), Hexner22()], ids=["four", "ten", "types", "teams"]
)
def test_twenty_seeds_all_end_at_the_value(game: Hexner) -> None:
    exact = Equilibrium(game.system).value(game.chances)
    values = [solve_bilevel(game.system, game.chances, config=BilevelConfig(seed=seed)).value for seed in range(20)]
    assert max(abs(value - exact) for value in values) < 1e-4


def test_three_types_and_a_side_of_eleven() -> None:
    for game in (Hexner.build("three_types", steps=4), Hexner22(steps=5)):
        exact = Equilibrium(game.system).value(game.chances)
        assert solve_bilevel(game.system, game.chances).value == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("kind", ["split", "sim"])
def test_the_tree_with_controls_costs_the_same(kind: str) -> None:
    """What the beliefs cost by the formula is what the controls cost when they are played, also where the signals are not the best."""
    pytest.importorskip("torch")
    for game in (Hexner(steps=4), Hexner22(steps=3)):
        signals = solve_bilevel(game.system, game.chances, discretization=kind, config=BilevelConfig(iterations=40, settle_at=0.0))
        tree = signals.tree(merge_gap=0.0)
        assert tree.value == pytest.approx(signals.value, abs=1e-6)
        assert tree.nodes <= sum(game.system.types ** (k + 1) for k in range(game.steps))


def test_a_solved_tree_is_small_and_its_bound_is_the_value() -> None:
    pytest.importorskip("torch")
    from agentarena.envs.football.solver.certificates import upper_bound

    tree = solve_bilevel(Hexner(steps=10).system, (0.5, 0.5)).tree()
    assert tree.nodes == 5 + 2 * 5  # one path before the type is shown, two from then on
    assert upper_bound(tree) == pytest.approx(-0.330606111, abs=1e-6)


def test_the_rest_of_a_game_is_worth_what_the_closed_form_says() -> None:
    """From t = .25 with 15 of 20 steps left, at another motion."""
    system = Hexner(steps=20).system
    start = (-0.3, 0.1, 0.2, 0.4, 0.3, -0.1, -0.2, 0.1)
    state = np.asarray(start).reshape(2, 1, 4)
    motion = Motion(state[..., :2], state[..., 2:], np.ones(2))
    signals = solve_bilevel(system, (0.5, 0.5), motion=motion, steps=12, config=BilevelConfig(iterations=200))
    assert signals.value == pytest.approx(exact_value(0.5, steps=12, start=start, t=0.4).value, abs=5e-4)


@pytest.mark.parametrize("kind", ["split", "sim"])
def test_the_gradient_is_that_of_the_cost(kind: str) -> None:
    game = Hexner.build("three_types", steps=2)
    system, rng = game.system, np.random.default_rng(0)
    program = _Program(system, np.array([0.2, 0.3, 0.5]), Motion(*system.start, np.ones(3)), 2, kind)
    logits = [rng.normal(size=shape) for shape in ((1, 3, 3), (3, 3, 3))]

    def chances() -> list[np.ndarray]:
        return [_softmax(rows.reshape(-1, 3)).reshape(rows.shape) for rows in logits]

    slopes = program.gradient(chances())[1]
    for level, index in ((0, (0, 1, 2)), (1, (2, 0, 1))):
        costs = []
        for step in (1e-5, -2e-5):
            logits[level][index] += step
            costs.append(program.hidden(chances()))
        logits[level][index] += 1e-5
        assert slopes[level][index] == pytest.approx((costs[0] - costs[1]) / 2e-5, rel=1e-5, abs=1e-9)


def test_what_it_cannot_solve_is_refused() -> None:
    with pytest.raises(BadOption, match=r"For any system use tree\.solve"):
        solve_bilevel(Football().system, (0.5, 0.5))  # type: ignore[arg-type]
    with pytest.raises(BadOption, match="at most 100,000"):
        solve_bilevel(Hexner(steps=64).system, (0.5, 0.5))

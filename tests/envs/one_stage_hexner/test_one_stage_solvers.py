"""Solvers of the one-stage game against published values, each other, and their twins on the tree of the game."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core.errors import BadOption, UnknownName
from agentarena.envs.football.solver import exact_value
from agentarena.envs.one_stage_hexner import ATTACK, OneStageHexner
from agentarena.envs.one_stage_hexner.solver import (
    OneSidedMatrix,
    Solution,
    Stop,
    equilibrium,
    measure,
    solve_cfr_plus,
    solve_lp,
    solve_mmd,
)  # fmt: skip

LP = [
    (4, -0.877763, 1.0527),
    (6, -0.839619, 1.1438),
    (8, -0.911683, 0.3575),
    (12, -0.911766, 0.0671),
    pytest.param(24, -0.908411, 0.1424, marks=pytest.mark.slow),
]
"""Grid, value and distance of an independent linear program."""


def matrix_of(grid: int) -> OneSidedMatrix:
    stage = OneStageHexner(grid=grid).stage
    return OneSidedMatrix(stage.costs, stage.prior)


@pytest.mark.parametrize(("grid", "value", "distance"), LP)
def test_the_linear_program_gives_the_published_values(grid: int, value: float, distance: float) -> None:
    result = measure(OneStageHexner(grid=grid).stage, "lp")
    assert result.actions == grid**2
    assert result.value == pytest.approx(value, abs=6e-7)
    assert result.action_error == pytest.approx(distance, abs=6e-5)
    assert result.nash_conv == pytest.approx(0.0, abs=1e-9)


def test_each_type_plays_one_action() -> None:
    for grid in (4, 8, 12):
        assert (solve_lp(matrix_of(grid)).attack.max(1) > 1 - 1e-9).all()


@pytest.mark.parametrize("grid", [3, 4, 12])
def test_the_grid_has_a_best_action_whatever_the_other_side_does(grid: int) -> None:
    """Costs are sums of the sides' own, so that a minimum and a maximum give the value."""
    matrix = matrix_of(grid)
    parts = matrix.costs - matrix.costs[:, :1] - matrix.costs[:, :, :1] + matrix.costs[:, :1, :1]
    assert np.abs(parts).max() < 1e-12
    mean = np.einsum("i,iab->ab", matrix.prior, matrix.costs)
    answer = mean[0].argmax()
    pure = float(matrix.prior @ matrix.costs[:, :, answer].min(1))
    solution = solve_lp(matrix)
    assert matrix.value(solution.attack, solution.defence) == pytest.approx(pure, abs=1e-9)


def test_the_equilibrium_in_continuous_controls() -> None:
    atoms = equilibrium(OneStageHexner().stage)
    assert atoms.prototypes == pytest.approx(np.array([[5 / 6, 20 / 11], [5 / 6, -20 / 11]]), abs=1e-12)
    assert atoms.defence == pytest.approx(np.array([-5 / 6, 0.0]), abs=1e-12)
    for grid in (4, 12):
        result = measure(OneStageHexner(grid=grid).stage, "closed form")
        assert result.value == pytest.approx(-10 / 11, abs=1e-12)
        assert result.value == pytest.approx(exact_value(0.5, steps=1, discretization="sim").value, abs=1e-12)
        assert result.improvement <= 0.0
        assert result.action_error == 0.0


def test_bounds_cut_the_equilibrium() -> None:
    stage = OneStageHexner(grid=5, bound1=(0.5, 1.0), bound2=(0.25, 0.99)).stage
    atoms = equilibrium(stage)
    assert atoms.prototypes.tolist() == [[0.5, 1.0], [0.5, -1.0]]
    assert atoms.defence.tolist() == [-0.25, 0.0]
    assert measure(stage, "closed form").nash_conv == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_structured_solver_finds_it(seed: int) -> None:
    pytest.importorskip("torch")
    from agentarena.envs.football.solver.tree import TreeConfig
    from agentarena.envs.one_stage_hexner.solver import solve_structured

    stage = OneStageHexner().stage
    atoms, exact = solve_structured(stage, TreeConfig(seed=seed)), equilibrium(stage)
    assert atoms.chances @ atoms.prototypes == pytest.approx(exact.prototypes, abs=2e-3)
    assert atoms.defence == pytest.approx(exact.defence, abs=2e-3)
    assert len(atoms.prototypes) <= 2


@pytest.mark.slow
def test_more_starts_part_types_that_one_start_leaves_together() -> None:
    pytest.importorskip("torch")
    from agentarena.envs.football.solver.tree import TreeConfig
    from agentarena.envs.one_stage_hexner.solver import solve_structured

    targets = ((1.0, 0.0), (-0.5, 0.8660254), (-0.5, -0.8660254))
    bounds = {"bound1": (4.0, 4.0), "bound2": (4.0, 4.0)}
    stage = OneStageHexner(targets=targets, prior=(1.0, 1.0, 1.0), r1=(0.025, 0.025), r2=(0.1, 0.1), **bounds).stage
    atoms = solve_structured(stage, TreeConfig(seed=3), starts=2)
    assert atoms.chances @ atoms.prototypes == pytest.approx(equilibrium(stage).prototypes, abs=2e-3)


@pytest.mark.parametrize("starts", [0, True, 1.5])
def test_starts_are_counted(starts: int) -> None:
    from agentarena.envs.one_stage_hexner.solver import solve_structured

    with pytest.raises(BadOption, match="starts"):
        solve_structured(OneStageHexner().stage, starts=starts)


@pytest.mark.parametrize("solver", ["cfr+", "mmd"])
@pytest.mark.parametrize("grid", [3, 4, 6])
def test_iterations_stop_where_they_are_told_to(solver: str, grid: int) -> None:
    stage = OneStageHexner(grid=grid).stage
    result, exact = measure(stage, solver, Stop(improvement=1e-3)), measure(stage, "lp")
    assert result.finished
    assert result.improvement + 1e-12 >= 0
    assert result.improvement <= 1e-3
    assert result.improvement <= result.nash_conv
    assert result.value == pytest.approx(exact.value, abs=2e-3)
    capped = measure(stage, solver, Stop(improvement=0.0, iterations=7))
    assert (capped.iterations, capped.finished) == (7, False)
    assert measure(stage, solver, Stop(improvement=0.0, seconds=1e-6)).iterations == 10


@pytest.mark.parametrize("count", [1, 2, 25])
def test_cfr_plus_is_that_of_the_tree(count: int) -> None:
    from agentarena.agents.search.cfr import solve

    game = OneStageHexner(grid=3, prior=(0.3, 0.7))
    _same(game, solve(game, count, variant="plus"), solve_cfr_plus(_matrix(game), Stop(improvement=0.0, iterations=count)))


@pytest.mark.parametrize("count", [1, 2, 25])
def test_mirror_descent_is_that_of_the_tree(count: int) -> None:
    from agentarena.agents.search.mmd import solve_mmd as solve

    game = OneStageHexner(grid=3, prior=(0.3, 0.7))
    twin = solve(game, count, temperature=0.1, step_size=0.5)
    _same(game, twin, solve_mmd(_matrix(game), Stop(improvement=0.0, iterations=count), temperature=0.1, step=0.5))


def _matrix(game: OneStageHexner) -> OneSidedMatrix:
    return OneSidedMatrix(game.stage.costs, game.stage.prior)


def _same(game: OneStageHexner, twin, solution: Solution) -> None:
    for number, row in enumerate(solution.attack):
        assert list(twin.policies[ATTACK][f"0:{number}:"].values()) == pytest.approx(row.tolist(), abs=1e-9)
    assert list(twin.policies[1]["1:?:"].values()) == pytest.approx(solution.defence.tolist(), abs=1e-9)
    assert twin.values[1] == pytest.approx(_matrix(game).value(solution.attack, solution.defence), abs=1e-9)


def test_solvers_agree_where_the_equilibrium_is_mixed() -> None:
    """Costs of no structure: nobody has a best action, and the average of CFR+ nears the linear program's value."""
    rng = np.random.default_rng(3)
    matrix = OneSidedMatrix(rng.normal(size=(3, 5, 7)), np.array([0.2, 0.5, 0.3]))
    exact = solve_lp(matrix)
    assert max(matrix.gains(exact.attack, exact.defence)) < 1e-9
    value = matrix.value(exact.attack, exact.defence)
    average = solve_cfr_plus(matrix, Stop(improvement=1e-4))
    assert average.finished
    assert matrix.value(average.attack, average.defence) == pytest.approx(value, abs=1e-2)
    assert sum(matrix.gains(average.attack, average.defence)) < 1e-2


def test_a_type_without_a_chance_still_has_a_strategy() -> None:
    solution = solve_lp(OneSidedMatrix(np.arange(12.0).reshape(2, 3, 2), np.array([1.0, 0.0])))
    assert solution.attack.tolist() == [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "build",
    [
        lambda: OneSidedMatrix(np.zeros((2, 3)), np.ones(2) / 2),
        lambda: OneSidedMatrix(np.full((1, 1, 1), np.nan), np.ones(1)),
        lambda: OneSidedMatrix(np.zeros((2, 3, 3)), np.ones(2)),
        lambda: Stop(improvement=float("nan")),
        lambda: Stop(iterations=0),
        lambda: Stop(seconds=0.0),
        lambda: solve_mmd(OneSidedMatrix(np.zeros((1, 1, 1)), np.ones(1)), step=0.0),
        lambda: solve_mmd(OneSidedMatrix(np.zeros((1, 1, 1)), np.ones(1)), temperature=-1.0),
    ],
)
def test_bad_input_is_named(build) -> None:
    with pytest.raises(BadOption):
        build()


def test_an_unknown_solver_is_named() -> None:
    with pytest.raises(UnknownName, match="cfr"):
        measure(OneStageHexner().stage, "cfr")

"""The one-stage game is Hexner's game with one step on grids, and every tool for small games takes it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import agentarena as aa
from agentarena.core.errors import BadOption
from agentarena.core.text import Unreadable
from agentarena.envs.football import Hexner
from agentarena.envs.football.rules import transitions
from agentarena.envs.football.state import frozen
from agentarena.envs.one_stage_hexner import ATTACK, DEFENCE, OneStageHexner, State
from agentarena.envs.one_stage_hexner.rules import points
from agentarena.evaluate import expected_returns, nash_conv


@pytest.mark.parametrize("secret", [0, 1])
def test_returns_are_those_of_hexners_game_with_one_step(secret: int) -> None:
    from agentarena.core.namespace import Arrays

    game, field = OneStageHexner(grid=3), Hexner(steps=1)
    start = frozen(transitions.begin(field.system, Arrays(), field.chances, np.asarray(secret)))
    rng = np.random.default_rng(0)
    for pair in itertools.product(range(9), repeat=2):
        controls = {seat: game.stage.controls[seat, action] for seat, action in enumerate(pair)}
        expected = field.rewards(field.step(start, controls, rng))
        after = game.step(State(secret), dict(enumerate(pair)), rng)
        assert game.rewards(after) == pytest.approx(expected, abs=1e-12)
        assert sum(game.rewards(after)) == 0.0


def test_the_grid_has_both_ends_and_is_even() -> None:
    grid = points(np.array([0.99, 3.947]), 4)
    assert grid.shape == (16, 2)
    assert np.array_equal(grid, -grid[::-1])
    assert grid[-1].tolist() == [0.99, 3.947]
    assert sorted(set(grid[:, 0].round(9))) == [-0.99, -0.33, 0.33, 0.99]


def test_three_types_and_other_numbers_of_dimensions() -> None:
    plane = OneStageHexner(targets=((1.0, 0.0), (-0.5, 0.8), (-0.5, -0.8)), prior=(1.0, 2.0, 1.0))
    assert plane.stage.costs.shape == (3, 16, 16)
    assert [p for p, _ in plane.chance(None, None)] == [0.25, 0.5, 0.25]
    line = OneStageHexner(targets=((1.0,), (-1.0,)), r1=(0.025,), r2=(0.1,), start_at=(0.0,) * 4, bound1=(2.0,), bound2=(1.0,), grid=5)
    assert line.stage.controls[0, :, 0].tolist() == [-2.0, -1.0, 0.0, 1.0, 2.0]
    certain = OneStageHexner(prior=(1.0, 0.0))
    assert certain.chance(None, None) == ((1.0, State(0)),)


def test_a_defender_sees_the_same_whatever_the_type() -> None:
    game = OneStageHexner()
    seen = [
        (game.observe(State(number), DEFENCE).tobytes(), game.text.view(State(number), DEFENCE), game.information(State(number), DEFENCE))
        for number in (0, 1)
    ]
    assert seen[0] == seen[1]
    assert [game.observation.type_of(game.observe(State(number), ATTACK)) for number in (0, 1)] == [0, 1]
    assert game.observation.type_of(game.observe(State(1), DEFENCE)) is None
    assert game.information(State(0), ATTACK) != game.information(State(1), ATTACK)


@pytest.mark.parametrize("grid", [2, 4, 32])
def test_every_action_has_a_name_of_its_own(grid: int) -> None:
    game = OneStageHexner(grid=grid, bound1=(0.001, 1e6))
    for seat in (ATTACK, DEFENCE):
        names = game.text.options(State(0), seat).replies
        assert len(set(names)) == grid**2
        assert [game.text.read(State(0), seat, name) for name in names] == list(range(grid**2))


def test_moves_off_the_grid_are_not_guessed() -> None:
    game = OneStageHexner()
    assert game.text.read(State(0), ATTACK, "<answer>0.33, 1.3157</answer>") == 10
    for words in ("0.4, 1.316", "0.33", "0.33, 1.316, 0", "nan, 1", "1e999, 0", "0.33 1.316", "x, y", "5, 0", "1," * 5000):
        assert isinstance(game.text.read(State(0), ATTACK, f"<answer>{words}</answer>"), Unreadable), words
    assert "nearest is 0.33" in game.text.read(State(0), ATTACK, "0.4, 1.316").reason


def test_the_houses_solvers_take_it() -> None:
    """By linear programming over the tree the value is that of the arrays; the players' policies are evaluated exactly."""
    from agentarena.agents.search.lp import solve_lp

    game = OneStageHexner()
    assert solve_lp(game).values[ATTACK] == pytest.approx(0.877763, abs=6e-7)
    assert nash_conv(game, "onestagehexner/nash") == pytest.approx(0.0, abs=1e-9)
    assert expected_returns(game, "onestagehexner/nash")[ATTACK] == pytest.approx(0.877763, abs=6e-7)
    concealing = expected_returns(game, ["onestagehexner/conceal", "onestagehexner/nash"])[ATTACK]
    assert concealing < expected_returns(game, ["onestagehexner/nearest", "onestagehexner/nash"])[ATTACK] <= 0.877763


def test_players_play() -> None:
    runs = aa.play("OneStageHexner-v0", ["onestagehexner/nash", "mmd"], matches=40, seed=1)
    assert not any(record.faults for record in runs.records)
    assert aa.make("OneStageHexner-v0", view="text").possible_agents == ["player_0", "player_1"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"grid": 1}, "grid"),
        ({"grid": 33}, "grid"),
        ({"grid": 11, "targets": ((0.0,) * 3, (1.0,) * 3), "r1": (1.0,) * 3, "r2": (1.0,) * 3, "start_at": (0.0,) * 12, "bound1": (1.0,) * 3, "bound2": (1.0,) * 3}, "1,331 actions"),
        ({"bound1": (1.0,)}, "bound1"),
        ({"bound2": (0.0, 1.0)}, "bound2"),
        ({"bound2": (float("nan"), 1.0)}, "bound2"),
        ({"prior": (1.0,)}, "prior"),
        ({"targets": ((0.0, 1.0),)}, "targets"),
        ({"r1": (0.0, 1.0)}, "r1"),
    ],
)  # fmt: skip
def test_bad_options_are_named(options: dict, words: str) -> None:
    with pytest.raises(BadOption, match=words):
        OneStageHexner(**options)

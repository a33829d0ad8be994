"""Solving again at every step: plans, warm starts, and the players that do so."""

from __future__ import annotations

import numpy as np
import pytest

import agentarena as aa
from agentarena.core.errors import BadOption, NotSupported
from agentarena.envs.football import Football, Hexner
from agentarena.envs.football.solver import exact_value
from agentarena.envs.football.solver.bilevel import solve_bilevel
from agentarena.envs.football.solver.resolve import Budget, first_plan, mended, planned_answer, planned_move
from agentarena.envs.football.solver.tree import TreeConfig, solve

torch = pytest.importorskip("torch")


def mean_cost(game: Hexner, attack: str, defence: str) -> float:
    records = aa.play(game, [attack, defence], matches=16, seed=0).records
    return -float(np.mean([record.returns[0] for record in records if record.seats[0].index == 0]))  # seats are swapped


def test_what_is_left_of_a_tree_is_worth_what_is_left() -> None:
    game = Hexner(steps=4, discretization="split")
    plan = solve_bilevel(game.system, game.chances).tree()
    slot, control = planned_move(plan, 0, 0.5)
    left = plan.below(slot)
    assert len(left.levels) == 3
    assert left.prior == pytest.approx(game.chances, abs=1e-3)  # step 0 conceals
    both = np.stack([control, planned_answer(plan, control)[1]])
    paid = float(game.system.advance(plan.motion, both)[1])
    assert paid + float(left.cost().detach()) == pytest.approx(exact_value(0.5, steps=4).value, abs=1e-4)
    with pytest.raises(BadOption, match="leads nowhere"):
        plan.below(1 - slot)


def test_a_warm_start_saves_iterations() -> None:
    """Twenty iterations from what is left of a solved tree do what twenty from nothing do not."""
    game = Hexner(steps=4, discretization="split")
    plan = solve(game.system, game.chances)
    left = plan.below(int(plan.levels[0].slot[0]))
    exact = solve_bilevel(game.system, left.prior, motion=left.motion, steps=3).value
    few = TreeConfig(iterations=20, merge_at=())
    cold = solve(game.system, left.prior, motion=left.motion, steps=3, config=few).value
    gentle = TreeConfig(iterations=20, merge_at=(), rate=0.05, signal_rate=0.02)
    warm = solve(game.system, left.prior, motion=left.motion, warm=left, config=gentle).value
    assert abs(warm - exact) < 1e-3 < abs(cold - exact)


def test_a_plan_takes_the_time_it_may() -> None:
    game = Football.build("conceal")
    plan = first_plan(game.system, game.chances, budget=Budget(first=10_000, seconds=0.5))
    assert len(plan.history) < 5000
    assert len(mended(plan.below(int(plan.levels[0].slot[0])), plan.motion, game.chances, Budget(again=3)).history) == 3


def test_resolving_players_play_hexner_at_its_value() -> None:
    game, exact = Hexner(steps=4, discretization="split"), exact_value(0.5, steps=4).value
    assert mean_cost(game, "hexner/resolve", "hexner/equilibrium") == pytest.approx(exact, abs=1e-3)
    assert mean_cost(game, "hexner/equilibrium", "hexner/resolve") == pytest.approx(exact, abs=1e-3)
    assert mean_cost(Hexner(steps=3), "hexner/resolve", "hexner/resolve") == pytest.approx(
        exact_value(0.5, steps=3, discretization="sim").value, abs=0.05
    )


def test_football_players_resolve_within_a_budget() -> None:
    game = Football.build("conceal", steps=2, report=True)
    player = "football/resolve?first=5&again=2"
    for defence in (player, f"{player}&defence=dual"):
        record = aa.play(game, [player, defence], matches=1, seed=0).records[0]
        assert sum(record.returns) == pytest.approx(0.0, abs=1e-9)
        assert not record.faults


@pytest.mark.parametrize(
    ("env", "player", "words"),
    [
        ("Hexner-v0", "hexner/resolve?again=-1", "again is -1"),
        ("Hexner-v0", "hexner/resolve?seconds=1e9", "seconds is"),
        ("Hexner-v0", "hexner/resolve?defence=guess", "defence is 'guess'"),
    ],
)
def test_wrong_parameters_are_refused_before_the_first_match(env: str, player: str, words: str) -> None:
    with pytest.raises(BadOption, match=words):
        aa.play(env, [player, "random"], matches=1)


def test_games_that_it_cannot_play_are_refused() -> None:
    for game in (Hexner(steps=100), Hexner(mode="player"), aa.game("KuhnPoker-v0")):
        with pytest.raises(NotSupported):
            aa.play(game, ["hexner/resolve", "random"], matches=1)

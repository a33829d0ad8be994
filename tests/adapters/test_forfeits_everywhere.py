"""A forfeit pays the same rewards in every environment that it pays in `aa.play`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import pytest
from fixtures.games import Duel

import agentarena as aa
from agentarena.core.agent import Agent, View
from agentarena.core.game import Game


class Fails(Agent):
    """Gives up at its first decision."""

    name = "fails"

    def choose(self, view: View) -> int:
        return -7


def in_play(rules: str | Game[Any], loser: int) -> list[float]:
    agents: list[str | Agent] = ["random", "random"]
    agents[loser] = Fails()
    (record,) = aa.play(rules, agents, matches=1, rotate=False).records
    return list(record.returns)


def sums(paid: list[Mapping[str, float]]) -> list[float]:
    return [sum(rewards.get(f"player_{seat}", 0.0) for rewards in paid) for seat in (0, 1)]


@pytest.mark.parametrize("loser", [0, 1])
@pytest.mark.parametrize("rules", ["TicTacToe-v0", "KuhnPoker-v0", "LeducPoker-v0", Duel()], ids=str)
def test_rewards_add_up_to_the_returns_of_a_forfeited_match(rules: str | Game[Any], loser: int) -> None:
    expected = in_play(rules, loser)
    game = aa.game(rules) if isinstance(rules, str) else rules
    assert expected == [game.info.forfeit_return if seat == loser else game.info.high for seat in (0, 1)]

    env = aa.make(rules)
    env.reset(seed=0)
    paid = []
    while not any(env.terminations.values()):
        mask = env.last()[0]["action_mask"]
        env.step(10**6 if env.agent_selection == f"player_{loser}" else int(np.flatnonzero(mask)[0]))
        paid.append(dict(env.rewards))
    assert sums(paid) == expected

    parallel = aa.make_parallel(rules)
    observations, _ = parallel.reset(seed=0)
    paid = []
    while parallel.agents:
        legal = {agent: int(np.argmax(observations[agent]["action_mask"])) for agent in parallel.agents}
        observations, rewards, _, _, _ = parallel.step({**legal, f"player_{loser}": 10**6})
        paid.append(rewards)
    assert sums(paid) == expected


@pytest.mark.parametrize("seat", [0, 1])
@pytest.mark.parametrize("name", ["TicTacToe-v0", "LeducPoker-v0"])
def test_a_seat_is_paid_when_its_opponent_forfeits(name: str, seat: int) -> None:
    env = gymnasium.make(f"agentarena/{name}", opponents=[Fails()], seat=seat)
    if seat == 1:  # the opponent fails before this seat is ever asked: no match comes to it
        with pytest.raises(aa.core.errors.UsageError, match="forfeited 10 matches"):
            env.reset(seed=0)
        return
    _, info = env.reset(seed=0)
    _, reward, terminated, _, info = env.step(int(np.argmax(info["action_mask"])))
    high = aa.game(name).info.high
    assert terminated
    assert reward == high == info["returns"][seat]


@pytest.mark.parametrize("opponents", [None, "random", [Fails()]], ids=["self-play", "arrays", "tables"])
def test_many_matches_at_once_pay_the_same(opponents: Any) -> None:
    vec = aa.make_vec("TicTacToe-v0", 2, opponents=opponents, seed=0)
    vec.reset(seed=0)
    _, rewards, terminated, _, infos = vec.step(np.array([99, 4]))
    expected = [aa.game("TicTacToe-v0").info.forfeit_return, 1.0]
    assert infos["returns"][0].tolist() == expected
    assert terminated[0]
    assert rewards[0] == expected[0]
    if isinstance(opponents, list):
        assert infos["returns"][1].tolist() == expected[::-1]
        assert rewards[1] == 1.0

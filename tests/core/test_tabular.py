"""Games whose states are remembered, their tables, and players that are their policy."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from agentarena.core import tabular
from agentarena.core.actions import Box
from agentarena.core.agent import PolicyAgent, View
from agentarena.core.errors import NotSupported
from agentarena.envs.kuhn import KuhnPoker
from agentarena.envs.tictactoe import TicTacToe

RNG = np.random.default_rng(0)


def test_a_state_is_made_once():
    game = TicTacToe()
    start = game.start(RNG)
    one = game.step(game.step(game.step(start, {0: 0}, RNG), {1: 4}, RNG), {0: 8}, RNG)
    two = game.step(game.step(game.step(start, {0: 8}, RNG), {1: 4}, RNG), {0: 0}, RNG)
    assert one is game.step(game.step(game.step(start, {0: 0}, RNG), {1: 4}, RNG), {0: 8}, RNG)
    assert one.marks == two.marks  # other last moves, so other states
    assert one != two


def test_a_finished_match_of_a_table_rests():
    batch = TicTacToe().batch()
    state = batch.start(2, RNG)
    for cell in (0, 3, 1, 4, 2):
        state = batch.step(state, np.array([cell, cell]), RNG)
    assert batch.rewards(state).tolist() == [[1, -1]] * 2
    for actions in ([0, 8], [-7, 99]):
        state = batch.step(state, np.array(actions), RNG)
        assert batch.over(state).all()
        assert batch.rewards(state).tolist() == [[0, 0]] * 2
        assert batch.unbatch(state, 0).rewards == (1.0, -1.0)


def test_deals_of_a_table_have_their_chances():
    batch = KuhnPoker().batch()
    drawn = Counter(batch.unbatch(batch.start(1, rng), 0).cards for rng in [np.random.default_rng(seed) for seed in range(600)])
    assert len(drawn) == 6
    assert all(abs(count - 100) < 4.5 * np.sqrt(600 * 5 / 36) for count in drawn.values())


def test_too_many_states_for_a_table(monkeypatch):
    monkeypatch.setattr(tabular, "_MOST_NODES", 100)
    with pytest.raises(NotSupported, match="more than 100 states"):
        tabular.TableBatch(TicTacToe())


class Thirds(PolicyAgent):
    def policy(self, view):
        return {0: 1 / 3, 1: 2 / 3}


def test_a_policy_agent_draws_from_its_policy():
    game = KuhnPoker()
    state = game.start(RNG)
    drawn = Counter(Thirds().choose(View(game, state, 0, seed=seed)) for seed in range(3000))
    assert abs(drawn[1] - 2000) < 4 * np.sqrt(3000 * 2 / 9)
    with pytest.raises(NotImplementedError, match="must define policy"):
        PolicyAgent().choose(View(game, state, 0))


def test_choices_of_a_discrete_game():
    game = KuhnPoker()
    view = View(game, game.start(RNG), 0)
    assert view.choices == (0, 1)
    view.__dict__["legal"] = Box(0, 1)
    with pytest.raises(NotSupported, match="are not listed"):
        _ = view.choices

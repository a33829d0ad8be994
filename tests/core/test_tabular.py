"""Games whose states are remembered, their tables, and players that are their policy."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from agentarena.core import tabular
from agentarena.core.actions import Box
from agentarena.core.agent import PolicyAgent, View
from agentarena.core.errors import IllegalAction, MatchOver, NotSupported, OutOfTurn
from agentarena.envs.kuhn import KuhnPoker
from agentarena.envs.leduc import LeducPoker
from agentarena.envs.tictactoe import State, TicTacToe

RNG = np.random.default_rng(0)


def test_a_state_is_made_once():
    game = TicTacToe()
    start = game.start(RNG)
    one = game.step(game.step(game.step(start, {0: 0}, RNG), {1: 4}, RNG), {0: 8}, RNG)
    two = game.step(game.step(game.step(start, {0: 8}, RNG), {1: 4}, RNG), {0: 0}, RNG)
    assert one is game.step(game.step(game.step(start, {0: 0}, RNG), {1: 4}, RNG), {0: 8}, RNG)
    assert one.board == two.board  # other last moves, so other states
    assert one != two


def everything(game, state):
    """All that the rules say about a state."""
    seats = game.to_move(state)
    every = range(game.info.seats)
    views = [(game.observe(state, seat).tobytes(), game.information(state, seat), game.text.look(state, seat)) for seat in every]
    return seats, [game.legal(state, seat) for seat in seats], str(game.rewards(state)), views, game.news(state)


@pytest.mark.parametrize(
    ("cls", "options"),
    [(TicTacToe, {"draw": 0.1}), (KuhnPoker, {}), (KuhnPoker, {"players": 4}), (KuhnPoker, {"players": 7}), (LeducPoker, {})],
)
def test_the_remembering_game_is_the_plain_one(cls, options):
    game, plain = cls(**options), cls.plain(**options)
    for match in range(60):
        rngs = [np.random.default_rng(match) for _ in range(3)]
        state, twin = game.start(rngs[0]), plain.start(rngs[1])
        while True:
            assert state == twin
            assert twin == state
            assert hash(state) == hash(twin)
            assert everything(game, state) == everything(plain, twin) == everything(game, twin)
            if hasattr(plain, "resample"):
                redrawn = [rules.resample(state, 1, np.random.default_rng(match)) for rules in (game, plain)]
                assert redrawn[0] == redrawn[1]
            if not plain.to_move(twin):
                break
            (seat,) = plain.to_move(twin)
            actions = {seat: int(rngs[2].choice(plain.legal(twin, seat)))}
            assert game.chance(state, actions) == plain.chance(twin, actions)
            assert game.step(twin, actions, rngs[0]) is game.step(state, actions, rngs[0])
            state, twin = game.step(state, actions, rngs[0]), plain.step(twin, actions, rngs[1])


@pytest.mark.parametrize("actions", [{}, {0: 0, 1: 1}, {1: 0}, {0: True}, {0: 1.0}, {0: 9}, {0: [1]}])
def test_what_was_remembered_lets_no_bad_action_through(actions):
    game, plain = TicTacToe(), TicTacToe.plain()
    state = game.start(RNG)
    for cell in game.legal(state, 0):
        game.step(state, {0: cell}, RNG)
    reasons = []
    for rules in (game, plain):
        with pytest.raises((IllegalAction, OutOfTurn)) as error:
            rules.step(state, actions, RNG)
        reasons.append((error.type, str(error.value)))
    assert reasons[0] == reasons[1]


def test_a_finished_match_takes_no_action():
    game = TicTacToe()
    with pytest.raises(MatchOver):
        game.step(State("XXXOO....", 2), {1: 5}, RNG)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(tabular, "_MAX_MEMORY", 50)
    game, rng = KuhnPoker(players=4), np.random.default_rng(0)
    for _ in range(100):
        state = game.start(rng)
        while seats := game.to_move(state):
            state = game.step(state, {seats[0]: int(rng.integers(2))}, rng)
        assert len(game._states) <= 50
        assert game.rewards(state) == KuhnPoker.plain(players=4).rewards(state)


def test_observations_are_fresh():
    game = TicTacToe()
    state = game.start(RNG)
    game.observe(state, 0)[:] = 1
    assert not game.observe(state, 0).any()


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
        assert batch.game.rewards(batch.unbatch(state, 0)) == (1.0, -1.0)


def test_deals_of_a_table_have_their_chances():
    batch = KuhnPoker().batch()
    drawn = Counter(batch.unbatch(batch.start(1, rng), 0).cards for rng in [np.random.default_rng(seed) for seed in range(600)])
    assert len(drawn) == 6
    assert all(abs(count - 100) < 4.5 * np.sqrt(600 * 5 / 36) for count in drawn.values())


def test_too_many_states_for_a_table(monkeypatch):
    monkeypatch.setattr(tabular, "_MAX_NODES", 100)
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

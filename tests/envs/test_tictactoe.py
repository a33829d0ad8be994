"""Tic-tac-toe against its known counts, and its players against the truth."""

from __future__ import annotations

import pickle
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from fixtures.classic import compare_array_rules, play

from agentarena.agents.specs import agent
from agentarena.core import registry
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, OutOfTurn
from agentarena.envs.tictactoe import State, TicTacToe
from agentarena.envs.tictactoe.bots import value

GAME = TicTacToe()
RNG = np.random.default_rng(0)


def after(*cells: int, game: TicTacToe = GAME):
    state = game.start(RNG)
    for cell in cells:
        state = game.step(state, {game.to_move(state)[0]: cell}, RNG)
    return state


def children(state):
    """The successors of a position, cells in increasing order."""
    return [GAME.step(state, {seat: cell}, RNG) for seat in GAME.to_move(state) for cell in GAME.legal(state, seat)]


def reachable():
    """Every state that play can reach."""
    states, stack = set(), [GAME.start(RNG)]
    while stack:
        state = stack.pop()
        if state not in states:
            states.add(state)
            stack += children(state)
    return states


@cache
def endings(state):
    """Numbers of ways to end: (X wins, O wins, draws, moves in all of them)."""
    if not GAME.to_move(state):
        won = GAME.rewards(state)[0]
        return (int(won > 0), int(won < 0), int(won == 0), 0)
    x, o, draws, moves = map(sum, zip(*map(endings, children(state)), strict=True))
    return (x, o, draws, moves + x + o + draws)


@cache
def random_play(state):
    """Under uniform play: (chance X wins, O wins, draw, mean number of moves left)."""
    if not GAME.to_move(state):
        won = GAME.rewards(state)[0]
        return (Fraction(won > 0), Fraction(won < 0), Fraction(won == 0), Fraction(0))
    below = list(map(random_play, children(state)))
    x, o, draw, moves = (sum(column) / len(below) for column in zip(*below, strict=True))
    return (x, o, draw, moves + 1)


def test_numbers_of_games_by_enumeration():
    # 255,168 games: 131,184 won by X, 77,904 by O, 46,080 drawn (a long-known enumeration)
    assert endings(GAME.start(RNG))[:3] == (131184, 77904, 46080)


def test_number_of_positions():
    assert len({state.board for state in reachable()}) == 5478


def test_random_play_exactly():
    assert random_play(GAME.start(RNG)) == (Fraction(737, 1260), Fraction(121, 420), Fraction(8, 63), Fraction(3203, 420))


def test_first_moves_under_random_play():
    x_wins = {cell: float(random_play(after(cell))[0]) for cell in range(9)}
    assert x_wins[4] == pytest.approx(0.692857, abs=1e-6)
    assert all(x_wins[cell] == pytest.approx(0.607143, abs=1e-6) for cell in (0, 2, 6, 8))
    assert all(x_wins[cell] == pytest.approx(0.535714, abs=1e-6) for cell in (1, 3, 5, 7))


@pytest.mark.parametrize(
    ("seat", "best"), [(0, (Fraction(191, 192), 0, Fraction(1, 192))), (1, (Fraction(881, 945), Fraction(1, 135), Fraction(19, 315)))]
)
def test_best_response_to_random(seat, best):
    @cache
    def search(state):  # (value, win, loss, draw)
        if not GAME.to_move(state):
            won = GAME.rewards(state)[seat]
            return (Fraction(won), Fraction(won > 0), Fraction(won < 0), Fraction(won == 0))
        below = list(map(search, children(state)))
        if GAME.to_move(state) == (seat,):
            return max(below, key=lambda outcome: outcome[0])  # among equals the lowest cell
        return tuple(sum(column) / len(below) for column in zip(*below, strict=True))

    assert search(GAME.start(RNG))[1:] == best


def test_perfect_play_is_a_draw():
    assert value() == 0


@pytest.mark.parametrize("seat", [0, 1])
def test_the_perfect_player_never_loses_whatever_the_other_does(seat):
    perfect = agent("tictactoe/perfect")

    def worst(state):
        if not GAME.to_move(state):
            return GAME.rewards(state)[seat]
        (mover,) = GAME.to_move(state)
        moves = GAME.legal(state, mover)
        if mover == seat:
            moves = [cell for cell, chance in perfect.policy(View(GAME, state, seat)).items() if chance]
        return min(worst(GAME.step(state, {mover: cell}, RNG)) for cell in moves)

    assert worst(GAME.start(RNG)) == 0


def test_the_tactical_player_wins_and_blocks():
    tactical = agent("tictactoe/tactical")
    # X on 0 and 1 with 2 free; O on 3 and 4 with 5 free
    assert tactical.choose(View(GAME, after(0, 3, 1, 4), 0)) == 2
    assert tactical.choose(View(GAME, after(0, 3, 1), 1)) == 2
    assert tactical.choose(View(GAME, after(), 0)) == 4
    wins = sum(play(GAME, [tactical, agent("random")], match=m).returns[0] > 0 for m in range(100))
    assert wins > 80  # random as X wins 58 %; 80 of 100 lies 4.4 standard errors above


def test_observation_text_and_news():
    state = after(4, 0)
    np.testing.assert_array_equal(GAME.observe(state, 0)[:, :, 0], [[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(GAME.observe(state, 0)[:, :, 1], [[1, 0, 0], [0, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(GAME.observe(state, 1), GAME.observe(state, 0)[:, :, ::-1])
    assert GAME.text.look(state, 0) == "You are X. Board:\nO . .\n. X .\n. . ."
    assert [event.data for event in GAME.news(state)] == [{"seat": 1, "cell": 0}]
    assert GAME.text.tell(GAME.news(state)[0], 0) == "O marked (0,0)."
    assert GAME.text.look(after(0, 3, 1, 4, 2), 1).endswith("X has won.")


def test_bad_moves():
    state = after(4)
    for cell in (4, 9, -1, True, 1.0, "0", None):
        with pytest.raises(IllegalAction):
            GAME.step(state, {1: cell}, RNG)
    for actions in ({}, {0: 0}, {0: 0, 1: 0}):
        with pytest.raises(OutOfTurn):
            GAME.step(state, actions, RNG)
    with pytest.raises(MatchOver):
        GAME.step(after(0, 3, 1, 4, 2), {0: 5}, RNG)
    assert GAME.step(state, {1: np.int64(0)}, RNG) == after(4, 0)


def test_draws_are_worth_what_the_option_says():
    drawn = (0, 1, 2, 4, 3, 5, 7, 6, 8)
    mars = registry.game("TicTacToe-v0", preset="mars")
    assert GAME.rewards(after(*drawn)) == (0.0, 0.0)
    assert mars.rewards(after(*drawn, game=mars)) == (0.1, 0.1)
    with pytest.raises(BadOption):
        TicTacToe(draw=2.0)


def test_states_travel_without_their_memory():
    again = pickle.loads(pickle.dumps(after(4, 0)))
    assert type(again) is State
    assert again == after(4, 0)


@pytest.mark.parametrize("preset", [None, "mars"])
def test_array_rules_agree(preset):
    assert compare_array_rules(registry.game("TicTacToe-v0", preset=preset), size=200, seed=1) > 1000


def test_array_rules_reach_every_state_the_rules_reach():
    assert set(GAME.batch()._states) == reachable()

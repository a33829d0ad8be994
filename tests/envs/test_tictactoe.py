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
from agentarena.envs.tictactoe import TicTacToe
from agentarena.envs.tictactoe.bots import value

GAME = TicTacToe()
RNG = np.random.default_rng(0)


def after(*cells: int, game: TicTacToe = GAME):
    state = game.start(RNG)
    for cell in cells:
        state = game.step(state, {state.seat: cell}, RNG)
    return state


@cache
def endings(marks, last):
    """Numbers of ways to end: (X wins, O wins, draws, moves in all of them)."""
    state = GAME._positions.get((marks, last), GAME._start)
    if not state.asked:
        won = state.rewards[0]
        return (int(won > 0), int(won < 0), int(won == 0), 0)
    below = [endings(child.marks, child.last) for child in (GAME.after(state, cell) for cell in state.legal)]
    x, o, draws, moves = map(sum, zip(*below, strict=True))
    return (x, o, draws, moves + x + o + draws)


@cache
def random_play(marks):
    """Under uniform play: (chance X wins, O wins, draw, mean number of moves left)."""
    state = next(s for s in (GAME._positions.get((marks, last)) for last in range(-1, 9)) if s) if any(marks) else GAME._start
    if not state.asked:
        won = state.rewards[0]
        return (Fraction(won > 0), Fraction(won < 0), Fraction(won == 0), Fraction(0))
    below = [random_play(GAME.after(state, cell).marks) for cell in state.legal]
    x, o, draw, moves = (sum(column) / len(below) for column in zip(*below, strict=True))
    return (x, o, draw, moves + 1)


def test_numbers_of_games_by_enumeration():
    # 255,168 games: 131,184 won by X, 77,904 by O, 46,080 drawn (a long-known enumeration)
    assert endings((0, 0), -1)[:3] == (131184, 77904, 46080)


def test_number_of_positions():
    assert len({state.marks for state in set(GAME.batch()._states)}) == 5478


def test_random_play_exactly():
    assert random_play((0, 0)) == (Fraction(737, 1260), Fraction(121, 420), Fraction(8, 63), Fraction(3203, 420))


def test_first_moves_under_random_play():
    x_wins = {cell: float(random_play(GAME.after(GAME._start, cell).marks)[0]) for cell in range(9)}
    assert x_wins[4] == pytest.approx(0.692857, abs=1e-6)
    assert all(x_wins[cell] == pytest.approx(0.607143, abs=1e-6) for cell in (0, 2, 6, 8))
    assert all(x_wins[cell] == pytest.approx(0.535714, abs=1e-6) for cell in (1, 3, 5, 7))


@pytest.mark.parametrize(
    ("seat", "best"), [(0, (Fraction(191, 192), 0, Fraction(1, 192))), (1, (Fraction(881, 945), Fraction(1, 135), Fraction(19, 315)))]
)
def test_best_response_to_random(seat, best):
    @cache
    def search(marks):  # (value, win, loss, draw)
        state = next(s for s in (GAME._positions.get((marks, last)) for last in range(-1, 9)) if s) if any(marks) else GAME._start
        if not state.asked:
            won = state.rewards[seat]
            return (Fraction(won), Fraction(won > 0), Fraction(won < 0), Fraction(won == 0))
        below = [search(GAME.after(state, cell).marks) for cell in state.legal]
        if state.seat == seat:
            return max(below, key=lambda outcome: outcome[0])  # among equals the lowest cell
        return tuple(sum(column) / len(below) for column in zip(*below, strict=True))

    assert search((0, 0))[1:] == best


def test_perfect_play_is_a_draw():
    assert value(0, 0) == 0


@pytest.mark.parametrize("seat", [0, 1])
def test_the_perfect_player_never_loses_whatever_the_other_does(seat):
    perfect = agent("tictactoe/perfect")

    def worst(state):
        if not state.asked:
            return state.rewards[seat]
        moves = state.legal
        if state.seat == seat:
            moves = [cell for cell, chance in perfect.policy(View(GAME, state, seat)).items() if chance]
        return min(worst(GAME.after(state, cell)) for cell in moves)

    assert worst(GAME._start) == 0


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
    assert after(*drawn).rewards == (0.0, 0.0)
    assert after(*drawn, game=registry.game("TicTacToe-v0", preset="mars")).rewards == (0.1, 0.1)
    with pytest.raises(BadOption):
        TicTacToe(draw=2.0)


def test_states_travel_without_their_memory():
    state = after(4, 0)
    again = pickle.loads(pickle.dumps(state))
    assert again == state
    assert again.next == {}


@pytest.mark.parametrize("preset", [None, "mars"])
def test_array_rules_agree(preset):
    assert compare_array_rules(registry.game("TicTacToe-v0", preset=preset), size=200, seed=1) > 1000


def test_array_rules_reach_every_state_the_rules_reach():
    found, stack = set(), [GAME.start(RNG)]
    while stack:
        state = stack.pop()
        if state not in found:
            found.add(state)
            stack += [GAME.after(state, cell) for cell in state.legal]
    assert set(GAME.batch()._states) == found

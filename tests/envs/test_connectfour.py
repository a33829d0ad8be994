"""Connect Four: lines in all directions, both kinds of rules, and the statistics of random play."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from fixtures.classic import compare_array_rules, play

from agentarena.agents.specs import agent
from agentarena.core import registry
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, NotSupported, OutOfTurn
from agentarena.envs.connectfour import ConnectFour, State
from agentarena.envs.connectfour.batch import run_shifts

GAME = ConnectFour()
RNG = np.random.default_rng(0)


def after(*columns: int, game: ConnectFour = GAME):
    state = game.start(RNG)
    for column in columns:
        state = game.step(state, {game.to_move(state)[0]: column}, RNG)
    return state


def plain_winner(board: np.ndarray, connect: int) -> bool:
    """The slow twin: whether one seat's discs, shape (rows, columns), hold a line."""
    rows, columns = board.shape
    for r, c, (dr, dc) in itertools.product(range(rows), range(columns), ((0, 1), (1, 0), (1, 1), (1, -1))):
        line = [(r + i * dr, c + i * dc) for i in range(connect)]
        if all(0 <= y < rows and 0 <= x < columns and board[y, x] for y, x in line):
            return True
    return False


@pytest.mark.parametrize(
    ("columns", "returns"),
    [
        ((0, 1, 0, 1, 0, 1, 0), (1.0, -1.0)),  # up a column
        ((0, 0, 1, 1, 2, 2, 3), (1.0, -1.0)),  # along a row
        ((0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3), (1.0, -1.0)),  # rising diagonal
        ((6, 5, 5, 4, 4, 3, 4, 3, 3, 0, 3), (1.0, -1.0)),  # falling diagonal
        ((6, 0, 0, 1, 1, 2, 2, 3), (-1.0, 1.0)),  # the second seat along a row
    ],
)
def test_lines(columns, returns):
    before, state = after(*columns[:-1]), after(*columns)
    assert GAME.to_move(before)
    assert GAME.rewards(before) == (0.0, 0.0)
    assert GAME.to_move(state) == ()
    assert GAME.rewards(state) == returns


def test_three_and_the_edge_are_no_line():
    # three at the top of one column and the bottom of the next are not a line of four
    assert GAME.to_move(after(0, 0, 6, 0, 0, 6, 0, 5, 0, 5, 1)) == (1,)


@pytest.mark.parametrize(("rows", "columns", "connect"), [(6, 7, 4), (4, 5, 3), (1, 6, 2), (5, 1, 3), (12, 12, 5), (3, 3, 3), (9, 9, 2)])
def test_every_step_agrees_with_plain_rules(rows, columns, connect):
    game, rng = ConnectFour(rows=rows, columns=columns, connect=connect), np.random.default_rng(rows)
    for _ in range(600 // (rows * columns)):
        state, board, seat = game.start(rng), np.zeros((2, rows, columns), bool), 0
        while asked := game.to_move(state):
            assert asked == (seat,)
            assert game.legal(state, seat) == tuple(c for c in range(columns) if not board[:, 0, c].any())
            column = int(rng.choice(game.legal(state, seat)))
            board[seat, rows - 1 - board[:, :, column].sum(), column] = True
            state = game.step(state, {seat: column}, rng)
            np.testing.assert_array_equal(game.observe(state, 0), board.transpose(1, 2, 0))
            np.testing.assert_array_equal(game.observe(state, 1), board[::-1].transpose(1, 2, 0))
            won, full = plain_winner(board[seat], connect), bool(board.any(axis=0).all())
            assert (game.to_move(state) == ()) == (won or full)
            assert game.rewards(state)[seat] == (1.0 if won else 0.0)
            seat = 1 - seat


BOARDS = [(6, 7, 4), (4, 5, 3), (1, 6, 2), (5, 1, 3), (12, 12, 5), (3, 3, 3), (9, 9, 2)]


def everything(game, state):
    """All that the rules say about a position."""
    seats = game.to_move(state)
    words = [game.text.view(state, seat, game.news(state)) for seat in (0, 1)]
    observations = [game.observe(state, seat).tobytes() for seat in (0, 1)]
    keys = [game.information(state, seat) for seat in (0, 1)]
    return seats, [game.legal(state, seat) for seat in seats], game.rewards(state), state.board, state.last, words, observations, keys


@pytest.mark.parametrize(("rows", "columns", "connect"), BOARDS)
def test_integers_and_plain_rules_agree(rows, columns, connect):
    options, rng = {"rows": rows, "columns": columns, "connect": connect, "draw": 0.1}, np.random.default_rng(rows)
    plain, fast = ConnectFour.plain(**options), ConnectFour(**options)
    for _ in range(400 // (rows * columns) + 1):
        state, position = plain.start(rng), fast.start(rng)
        while True:
            assert everything(plain, state) == everything(fast, position) == everything(fast, state)
            if not plain.to_move(state):
                break
            (seat,) = plain.to_move(state)
            column = int(rng.choice(plain.legal(state, seat)))
            assert fast.step(state, {seat: column}, rng) == fast.step(position, {seat: column}, rng)
            state, position = plain.step(state, {seat: column}, rng), fast.step(position, {seat: column}, rng)


def test_states_written_by_hand():
    board = (".......",) * 4 + ("..O....", ".XXX.O.")
    assert GAME.legal(State(board, 5), 0) == (0, 1, 2, 3, 4, 5, 6)
    won = GAME.step(State(board, 5), {1: 0}, RNG)
    assert GAME.to_move(won) == (0,)
    assert GAME.to_move(GAME.step(won, {0: 4}, RNG)) == ()
    with pytest.raises(OutOfTurn):
        GAME.step(State(board, 5), {0: 4}, RNG)
    again = pickle.loads(pickle.dumps(won))
    assert again == won
    assert again.board == won.board


def test_array_rules_agree_with_the_plain_rules():
    plain = ConnectFour.plain(rows=4, columns=5, connect=3)
    assert compare_array_rules(plain, size=30, seed=1) > 100


@pytest.mark.parametrize(("rows", "columns", "connect"), [(6, 7, 4), (4, 5, 3), (7, 8, 5), (1, 6, 2), (5, 1, 3)])
def test_array_rules_agree(rows, columns, connect):
    assert compare_array_rules(ConnectFour(rows=rows, columns=columns, connect=connect, draw=0.1), size=60, seed=rows) > 100


def test_boards_too_large_for_array_rules():
    with pytest.raises(NotSupported, match="72"):
        ConnectFour(rows=8, columns=8).batch()


def random_games(matches: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Seat 0's return and the number of moves of random games by the array rules."""
    rng, batch = np.random.default_rng(seed), GAME.batch()
    state = batch.start(matches, rng)
    total = np.zeros(matches)
    for _ in range(42):
        mask = batch.legal(state)
        state = batch.step(state, (mask * rng.random(mask.shape, np.float32)).argmax(axis=1), rng)
        total += batch.rewards(state)[:, 0]
    return total, state.turn


def test_random_play_statistics():
    # 10^7 games elsewhere: first .555803 +- .00031 (95 %), second .441651, draw .002546, mean length 21.312
    n = 100_000
    total, turns = random_games(n, seed=7)
    for measured, expected in ((total > 0).mean(), 0.555803), ((total < 0).mean(), 0.441651), ((total == 0).mean(), 0.002546):
        error = np.sqrt(expected * (1 - expected) / n)
        assert abs(measured - expected) < 4 * error
    assert abs(turns.mean() - 21.312) < 4 * turns.std() / np.sqrt(n) + 0.0005


def test_tactical_player():
    tactical = agent("connectfour/tactical")
    assert tactical.choose(View(GAME, after(0, 1, 0, 1, 0, 1), 0)) == 0  # wins
    assert tactical.choose(View(GAME, after(0, 6, 0, 6, 0), 1)) == 0  # blocks
    wins = sum(play(GAME, [agent("random"), tactical], match=m).returns[1] > 0 for m in range(60))
    assert wins > 48  # random as second wins 44 %; 48 of 60 lies 5.6 standard errors above


def test_tactical_player_does_not_hand_over_the_cell_above():
    # X threatens the row at height 1 (columns 1, 2, 3 taken), its cells 0 and 4 stand on empty columns: O must not fill below
    state = after(1, 2, 2, 1, 3, 0, 0, 0, 3, 6, 6, 3, 6, 3)
    tactical = agent("connectfour/tactical")
    (seat,) = GAME.to_move(state)
    choices = {tactical.choose(View(GAME, state, seat, seed=seed)) for seed in range(20)}
    for column in choices:
        reply = GAME.step(state, {seat: column}, RNG)
        if column in GAME.legal(reply, 1 - seat):
            assert GAME.rewards(GAME.step(reply, {1 - seat: column}, RNG))[1 - seat] == 0


def test_bad_moves():
    full = after(0, 0, 0, 0, 0, 0)
    assert GAME.legal(full, 0) == (1, 2, 3, 4, 5, 6)
    for column in (0, 7, -1, True, 1.0, "1", None, [1]):
        with pytest.raises(IllegalAction):
            GAME.step(full, {0: column}, RNG)
    for actions in ({}, {1: 1}, {0: 1, 1: 1}):
        with pytest.raises(OutOfTurn):
            GAME.step(full, actions, RNG)
    over = after(0, 1, 0, 1, 0, 1, 0)
    for actions in ({}, {0: 2}, {1: 2}):
        with pytest.raises(MatchOver):
            GAME.step(over, actions, RNG)
    assert GAME.step(full, {0: np.int64(1)}, RNG) == GAME.step(full, {0: 1}, RNG)


def test_options():
    with pytest.raises(BadOption, match="longest line"):
        ConnectFour(rows=3, columns=3, connect=4)
    drawn = registry.game("ConnectFour-v0", preset="mars", rows=1, columns=4, connect=3)
    assert drawn.rewards(after(0, 1, 2, 3, game=drawn)) == (0.1, 0.1)
    again = pickle.loads(pickle.dumps(drawn))
    assert again == drawn
    assert again.rewards(after(0, 1, 2, 3, game=again)) == (0.1, 0.1)


def test_words():
    state = after(3, 3, 0)
    assert GAME.text.look(state, 1).splitlines()[-2:] == ["X . . X . . .", "0 1 2 3 4 5 6"]
    assert GAME.text.tell(GAME.news(state)[0], 1) == "X dropped a disc into column 0."
    assert GAME.text.look(after(0, 1, 0, 1, 0, 1, 0), 1).endswith("X has won.")


def test_run_shifts():
    for length in range(1, 13):
        for ones in range(1, 14):
            run = (1 << ones) - 1
            for shift in run_shifts(length):
                run &= run >> shift
            assert bool(run) == (ones >= length)

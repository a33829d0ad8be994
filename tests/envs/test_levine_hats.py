"""Levine's hats: exact optima, block strategies, and that nobody sees their own stack."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from fixtures.classic import mean_returns, play, sight

from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import IllegalAction, MatchOver, NotSupported, OutOfTurn
from agentarena.envs.levine_hats import LevineHats, State
from agentarena.envs.levine_hats.solver import (
    FIRST_ANSWERS,
    SECOND_ANSWERS,
    best_pair,
    best_reply,
    block_value,
    blocks,
    first_black,
    local_search,
    value,
)

GAME = LevineHats()
RNG = np.random.default_rng(0)


def exact(game: LevineHats, bots: list) -> Fraction:
    """Chance that two deterministic bots win, over all stacks."""
    won = 0
    deals = game.chance(None, None)
    for _, state in deals:
        guesses = {seat: bot.choose(View(game, state, seat)) for seat, bot in enumerate(bots)}
        won += game.rewards(game.step(state, guesses, RNG))[0] == 1.0
    return Fraction(won, len(deals))


@pytest.mark.parametrize(("height", "optimum"), [(1, Fraction(1, 4)), (2, Fraction(5, 16)), (3, Fraction(22, 64))])
def test_exact_optima(height, optimum):
    assert best_pair(height)[0] == optimum
    assert exact(LevineHats(height=height), [agent("levinehats/optimal")] * 2) == optimum


def test_the_search_tries_everything():
    # the slow twin at height 2: all 16 x 16 pairs
    every = [tuple(map(int, np.base_repr(n, 2).zfill(4))) for n in range(16)]
    assert max(value(a, b) for a in every for b in every) == Fraction(5, 16)
    for partner in every:
        assert value(best_reply(partner), partner) == max(value(a, partner) for a in every)


@pytest.mark.parametrize("height", [1, 2, 3, 4, 5, 6])
def test_first_black_closed_form(height):
    strategy = first_black(height)
    assert value(strategy, strategy) == Fraction(4**height - 1, 3 * 4**height)


def test_first_black_bot_plays_it():
    assert exact(GAME, [agent("levinehats/first_black")] * 2) == Fraction(21, 64)


def test_blocks_win_seven_twentieths():
    assert block_value(FIRST_ANSWERS, SECOND_ANSWERS) == Fraction(7, 20)


def test_blocks_with_stacks_of_finite_height():
    assert value(blocks(3, FIRST_ANSWERS), blocks(3, SECOND_ANSWERS)) == Fraction(22, 64)
    assert exact(GAME, [agent("levinehats/blocks")] * 2) == Fraction(22, 64)
    assert value(blocks(6, FIRST_ANSWERS), blocks(6, SECOND_ANSWERS)) == Fraction(1432, 4096)


@pytest.mark.parametrize(("height", "bound"), [(3, Fraction(22, 64)), (4, Fraction(89, 256)), (5, Fraction(358, 1024))])
def test_local_search_reaches_the_known_lower_bounds(height, bound):
    found, first, second = local_search(height, np.random.default_rng(0), 300)
    assert found == bound == value(first, second)


def test_blocks_on_tall_stacks_by_play():
    game = LevineHats(height=30)
    won = mean_returns(game, [agent("levinehats/blocks")] * 2, 2000)[:, 0]
    assert abs(won.mean() - 0.35) < 4 * np.sqrt(0.35 * 0.65 / 2000)


def test_guessing_without_looking_is_a_quarter():
    fixed = (0,) * 8
    assert value(fixed, fixed) == Fraction(1, 4)
    won = mean_returns(GAME, [agent("random")] * 2, 2000)[:, 0]
    assert abs(won.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 2000)


@pytest.mark.parametrize("players", [2, 3, 5])
def test_nobody_sees_their_own_stack(players):
    game = LevineHats(players=players, height=4)
    changed = 0
    for seed in range(50):
        state = game.start(np.random.default_rng(seed))
        for seat in range(players):
            other = game.resample(state, seat, np.random.default_rng(seed + 1))
            assert sight(game, other, seat) == sight(game, state, seat)
            assert all(other.stacks[s] == state.stacks[s] for s in range(players) if s != seat)
            changed += other != state
    assert changed > 20 * players


def test_everybody_wins_together_or_not_at_all():
    game = LevineHats(players=3, height=2)
    assert game.rewards(State((0b01, 0b10, 0b11), (0, 1, 0))) == (1.0, 1.0, 1.0)
    assert game.rewards(State((0b01, 0b10, 0b11), (0, 0, 0))) == (0.0, 0.0, 0.0)
    episode = play(game, [agent("levinehats/first_black")] * 3)
    assert episode.steps == 1
    assert game.winner(episode.state, tuple(episode.returns)) is None


def test_chance_lists_all_stacks():
    deals = LevineHats(height=2).chance(None, None)
    assert len({state for _, state in deals}) == 16
    assert sum(chance for chance, _ in deals) == 1.0
    with pytest.raises(NotSupported):
        LevineHats(height=30).chance(None, None)


def test_words():
    state = State((0b001, 0b110), ())
    assert GAME.text.look(state, 0) == "Player 1 wears, from the bottom: W B B.\nYou cannot see your own stack."
    assert GAME.text.name(0) == "1"
    assert GAME.text.read(state, 0, "<answer>3</answer>") == 2
    over = GAME.step(state, {0: 0, 1: 2}, RNG)
    assert "You wore B W W." in GAME.text.look(over, 0)
    assert "The team has won." in GAME.text.look(over, 0)
    assert GAME.text.tell(GAME.news(over)[0], 1) == "Guesses: player 0 named 1, you named 3."


def test_bad_moves_and_bots_that_do_not_fit():
    state = GAME.start(RNG)
    with pytest.raises(OutOfTurn):
        GAME.step(state, {0: 0}, RNG)
    for guess in (3, -1, True, "1"):
        with pytest.raises(IllegalAction):
            GAME.step(state, {0: 0, 1: guess}, RNG)
    with pytest.raises(MatchOver):
        GAME.step(GAME.step(state, {0: 0, 1: 0}, RNG), {0: 0, 1: 0}, RNG)
    with pytest.raises(NotSupported):
        agent("levinehats/blocks").choose(View(LevineHats(players=3), LevineHats(players=3).start(RNG), 0))
    with pytest.raises(NotSupported):
        agent("levinehats/optimal").choose(View(LevineHats(height=4), LevineHats(height=4).start(RNG), 0))

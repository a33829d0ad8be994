"""Figures of Hanabi from outside the code: random play as OpenSpiel plays it, the clairvoyant optimum, the bots' worth."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import BadOption
from agentarena.core.registry import game
from agentarena.core.rng import stream
from agentarena.envs.hanabi import Hanabi, MiniHanabi, SimpleHanabi, State
from agentarena.envs.hanabi.bots import Bold, decode
from agentarena.envs.hanabi.rules import orders
from agentarena.envs.hanabi.solver import best_score


def matches(rules: Hanabi, choose: Callable[[State, np.random.Generator], int], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores and numbers of moves of `count` matches."""
    scores, moves = [], []
    for i in range(count):
        rng = stream(5, i)
        state = rules.start(rng)
        while state.seat >= 0:
            state = rules.step(state, {state.seat: choose(state, rng)}, rng)
        scores.append(rules.score(state))
        moves.append(len(state.moves))
    return np.array(scores), np.array(moves)


def uniform(state: State, rng: np.random.Generator) -> int:
    return state.legal[int(rng.integers(len(state.legal)))]


# OpenSpiel's random play: mean score with the half width of its 95 % interval, share of zeros, mean number of moves.
# The published shares are rounded to three and two decimals; the numbers of matches behind them follow from the intervals.
OPENSPIEL = [
    ("MiniHanabi-v0", 1.441, 0.011, 0.106, 5.46),
    ("SimpleHanabi-v0", 1.578, 0.014, 0.094, 5.33),
    ("FullHanabi-v0", 1.23, 0.06, 0.61, None),
]


@pytest.mark.parametrize(("env_id", "mean", "half", "zeros", "length"), OPENSPIEL)
def test_random_play_scores_as_in_openspiel(env_id: str, mean: float, half: float, zeros: float, length: float | None) -> None:
    """Within 4 standard errors of the difference of both samples."""
    rules = game(env_id)
    assert isinstance(rules, Hanabi)
    count = 4000
    scores, moves = matches(rules, uniform, count)
    spread = float(scores.std())
    theirs = (1.96 * spread / half) ** 2  # matches behind the published interval
    assert abs(scores.mean() - mean) <= 4 * math.hypot(spread / math.sqrt(count), half / 1.96)
    share = float((scores == 0).mean())
    assert abs(share - zeros) <= 4 * math.sqrt(zeros * (1 - zeros) * (1 / count + 1 / theirs)) + 0.005
    if length is not None:
        assert abs(moves.mean() - length) <= 4 * moves.std() * math.sqrt(1 / count + 1 / theirs) + 0.005


def test_full_marks_are_as_rare_in_random_play_as_in_openspiel() -> None:
    scores, _ = matches(MiniHanabi(), uniform, 4000)
    assert abs((scores == 4).mean() - 0.003) <= 4 * math.sqrt(0.003 * 0.997 * (1 / 4000 + 1 / 20000)) + 0.0005


def test_players_who_see_everything_score_four_with_every_order_of_the_mini_deck() -> None:
    """The clairvoyant optimum of the specification; here over all 1120 orders, not a sample."""
    rules = MiniHanabi()
    decks = list(orders(rules.cards))
    assert len(decks) == 1120
    assert {best_score(rules, rules.deal(deck)) for deck in decks} == {4}
    assert rules.info.high == 4


def test_six_cards_of_the_simple_game_cannot_all_be_played() -> None:
    """Four is the clairvoyant optimum though the piles hold six: two draws and two last turns leave four plays."""
    rules = SimpleHanabi()
    assert {best_score(rules, rules.start(stream(3, i))) for i in range(150)} == {4}
    assert rules.info.high == 4


def test_a_plain_search_with_the_rules_finds_the_same_optimum() -> None:
    """Also where it is less than the bound, because a card that is needed lies too deep."""
    rules = Hanabi(colors=1, ranks=5, hand=4, tokens=1, lives=1)
    starts = [rules.start(stream(4, seed)) for seed in range(30)]
    best = [best_score(rules, state) for state in starts]
    assert min(best) < max(best) == rules.info.high == 4
    for score in (min(best), max(best)):
        assert plain_best(rules, starts[best.index(score)]) == score


def plain_best(rules: Hanabi, state: State) -> int:
    if state.seat < 0:
        return rules.score(state)
    rng = np.random.default_rng(0)
    return max(plain_best(rules, rules.step(state, {state.seat: action}, rng)) for action in state.legal)


@pytest.mark.parametrize(
    ("spec", "env_id", "least", "most"), [("hanabi/cautious", "MiniHanabi-v0", 2.6, 3.0), ("hanabi/bold", "FullHanabi-v0", 7.5, 8.3)]
)
def test_bots_beat_random_play_by_far(spec: str, env_id: str, least: float, most: float) -> None:
    rules, bot = game(env_id), agent(spec)
    assert isinstance(rules, Hanabi)
    scores, _ = matches(rules, lambda state, rng: bot.choose(View(rules, state, state.seat)), 200)
    assert least <= scores.mean() <= most


def test_a_cautious_player_never_loses_a_life() -> None:
    """It plays what is certain; with tokens to tell and cards to discard it is never forced to guess."""
    rules, bot = Hanabi(players=3), agent("hanabi/cautious")
    for seed in range(10):
        rng = stream(6, seed)
        state = rules.start(rng)
        while state.seat >= 0:
            state = rules.step(state, {state.seat: bot.choose(View(rules, state, state.seat))}, rng)
        assert state.lives == rules.lives


def test_the_observation_reads_back() -> None:
    rules = Hanabi(players=3, hand=4)
    for seed in range(5):
        rng = stream(8, seed)
        state = rules.start(rng)
        while state.seat >= 0:
            for seat in range(3):
                decoded = decode(rules, rules.observe(state, seat))
                assert decoded.piles == state.fireworks
                assert (decoded.tokens, decoded.lives, decoded.stock) == (state.tokens, state.lives, len(state.deck) - state.drawn)
                assert decoded.hands == tuple(tuple(state.deck[p] for p in state.hands[(seat + k) % 3]) for k in (1, 2))
                hidden = [state.deck[p] for p in (*state.hands[seat], *range(state.drawn, len(state.deck)))]
                assert decoded.unseen.tolist() == np.bincount(hidden, minlength=rules.kinds).tolist()
            state = rules.step(state, {state.seat: uniform(state, rng)}, rng)


def test_a_bold_player_wants_a_probability() -> None:
    with pytest.raises(BadOption, match="expected a probability"):
        Bold(chance=1.5)

"""Levine's hats with any number of players, and rings: values against plain enumeration, and exactly 1/2 on rings."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, NotSupported
from agentarena.envs.levine_hats import LevineHats
from agentarena.envs.levine_hats.solver import best_pair, team_reply, team_search, team_value, value

RNG = np.random.default_rng(0)


def exact(game: LevineHats, bots: list) -> Fraction:
    """Chance that deterministic bots win, over all deals."""
    deals = game.chance(None, None)
    won = 0
    for _, state in deals:
        guesses = {seat: bot.choose(View(game, state, seat)) for seat, bot in enumerate(bots)}
        won += game.rewards(game.step(state, guesses, RNG))[0] == 1.0
    return Fraction(won, len(deals))


def plain_value(strategies: list, height: int) -> Fraction:
    """The slow twin of `team_value`: every deal, one by one."""
    players, wins = len(strategies), 0
    for deal in itertools.product(range(1 << height), repeat=players):
        seen = [tuple(deal[(seat + step) % players] for step in range(1, players)) for seat in range(players)]
        wins += all(deal[seat] >> strategies[seat][seen[seat]] & 1 for seat in range(players))
    return Fraction(wins, (1 << height) ** players)


@pytest.mark.parametrize(("players", "height"), [(2, 3), (3, 2), (4, 2)])
def test_values_and_replies_beside_enumeration(players: int, height: int) -> None:
    strategies = [RNG.integers(0, height, (1 << height,) * (players - 1)) for _ in range(players)]
    assert team_value(strategies, height) == plain_value(strategies, height)
    for seat in range(players):
        better = [*strategies]
        better[seat] = team_reply(strategies, seat, height)
        for _ in range(5):
            other = [*strategies]
            other[seat] = RNG.integers(0, height, strategies[seat].shape)
            assert team_value(better, height) >= team_value(other, height)


def test_two_players_are_the_game_of_two() -> None:
    for height in (1, 2, 3):
        optimum, first, second = best_pair(height)
        assert team_value([np.array(first), np.array(second)], height) == optimum == value(first, second)
        assert team_search(2, height, np.random.default_rng(0), 100)[0] == optimum


@pytest.mark.parametrize(
    ("players", "bounds"),
    [(3, (Fraction(1, 8), Fraction(7, 32), Fraction(123, 512))), (4, (Fraction(1, 16), Fraction(33, 256)))],
)
def test_bounds_grow_with_height_and_fall_with_players(players: int, bounds: tuple[Fraction, ...]) -> None:
    """Strictly below the optimum of one player fewer, as the value of infinite stacks is."""
    reached = [team_search(players, height, np.random.default_rng(0), 100)[0] for height in range(1, len(bounds) + 1)]
    assert reached == list(bounds)
    fewer = [team_search(players - 1, height, np.random.default_rng(0), 100)[0] for height in range(1, len(bounds) + 1)]
    assert all(a < b for a, b in zip(reached, fewer, strict=True))


def test_the_team_plays_what_was_found() -> None:
    game = LevineHats(players=3, height=2)
    assert exact(game, [agent("levinehats/team?restarts=100")] * 3) >= Fraction(13, 64)
    with pytest.raises(NotSupported, match="up to 15"):
        agent("levinehats/team").choose(View(LevineHats(players=4, height=8), LevineHats(players=4, height=8).start(RNG), 0))


@pytest.mark.parametrize(("players", "height"), [(2, 2), (2, 12), (3, 6), (4, 6), (5, 4)])
def test_rings_are_won_half_of_the_time_by_any_number(players: int, height: int) -> None:
    game = LevineHats(players=players, height=height, hats="circle")
    assert exact(game, [agent("levinehats/circle")] * players) == Fraction(1, 2)


def test_no_guess_on_a_ring_is_better_than_a_coin() -> None:
    """So 1/2 is the most that anybody, and therefore a team, can reach."""
    game = LevineHats(height=6, hats="circle")
    stacks = [game.ring(first) for first in range(6)]
    assert [stack.bit_count() for stack in stacks] == [3] * 6
    assert [sum(stack >> position & 1 for stack in stacks) for position in range(6)] == [3] * 6
    assert game.ring(5) == 0b100011


def test_rings_are_even_and_told() -> None:
    with pytest.raises(BadOption, match="even"):
        LevineHats(height=3, hats="circle")
    assert "Read as a ring" in LevineHats(height=4, hats="circle").text.rules(0)
    assert agent("levinehats/blocks").cannot_play(LevineHats(height=4, hats="circle"))
    assert agent("levinehats/circle").cannot_play(LevineHats())

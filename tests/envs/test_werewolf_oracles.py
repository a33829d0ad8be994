"""Scripted policies whose win rates were worked out by hand: information flows as it should (specification section 3.5)."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction as F

import pytest

from agentarena.core.rng import stream
from agentarena.envs.werewolf import Werewolf
from agentarena.envs.werewolf.options import SEER, WOLF
from agentarena.envs.werewolf.state import NIGHT, VOTE


def uniform(seats):
    return {seat: 1 / len(seats) for seat in seats}


def believers(game, state, seat):
    """A vote when all trust the seer: a living wolf it found, else among those it has not cleared, else blind; wolves vote blind."""
    legal = game.legal(state, seat)
    seer = state.roles.index(SEER)
    results = [(entry.target, entry.value) for entry in state.log if entry.kind == "check" and state.alive >> entry.target & 1]
    if state.roles[seat] == WOLF or not results or not state.alive >> seer & 1:
        return uniform(legal)
    known_wolves = [target for target, wolf in results if wolf]
    cleared = {target for target, wolf in results if not wolf} | {seer}
    suspects = known_wolves or [target for target in legal if target not in cleared]
    return uniform([target for target in suspects if target in legal] or legal)


def test_a_truthful_seer_who_is_believed():
    """One wolf, seer, two villagers, random attack and test: 17/27, by listing every outcome of the environment."""
    game = Werewolf.build("mini4")

    def value(state):
        if not state.to_move:
            return float(state.winner == "village")
        policies = [believers(game, state, seat) if state.phase == VOTE else uniform(game.legal(state, seat)) for seat in state.to_move]
        return sum(
            math.prod(policy[move] for policy, move in zip(policies, moves, strict=True)) * probability * value(after)
            for moves in itertools.product(*policies)
            for probability, after in game.chance(state, dict(zip(state.to_move, moves, strict=True)))
        )

    assert sum(probability * value(state) for probability, state in game.chance(None, None)) == pytest.approx(17 / 27, abs=1e-12)


@pytest.mark.parametrize(("players", "wins"), [(7, F(89, 2500)), (8, F(389759, 3732480))])
def test_wolves_who_vote_as_one(players, wins):
    """Two wolves vote together for a random non-wolf, all others blindly, no doctor: 4.5 standard errors of 4,000 matches."""
    game = Werewolf.build(players=players, doctor=False, discussion="none", names="numbers")
    rng, matches, won = stream(3), 4000, 0
    for _ in range(matches):
        state = game.start(rng)
        while state.to_move:
            others = [seat for seat in range(players) if state.alive >> seat & 1 and not state.deal.wolves >> seat & 1]
            block = others[int(rng.integers(len(others)))]
            moves = {}
            for seat in state.to_move:
                legal = game.legal(state, seat)
                together = state.phase == VOTE and state.deal.wolves >> seat & 1
                moves[seat] = block if together else legal[int(rng.integers(len(legal)))]
            state = game.step(state, moves, rng)
        won += state.winner == "village"
    assert abs(won / matches - float(wins)) <= 4.5 * math.sqrt(float(wins * (1 - wins)) / matches)


@pytest.mark.parametrize("name", ["lspo7", "kaggle7", "textarena7"])
def test_a_village_that_knows_all_always_wins(name):
    """Every non-wolf votes for the lowest living wolf: 4 votes against 2, then 3 against 1."""
    game = Werewolf.build(name, discussion="none")
    for seed in range(150):
        rng = stream(seed)
        state = game.start(rng)
        while state.to_move:
            wolf = next(seat for seat in range(7) if state.alive >> seat & 1 and state.roles[seat] == WOLF)
            moves = {}
            for seat in state.to_move:
                legal = game.legal(state, seat)
                knows = state.phase == VOTE and state.roles[seat] != WOLF
                assert not (state.phase == NIGHT and state.roles[seat] == WOLF and any(state.roles[target] == WOLF for target in legal))
                moves[seat] = wolf if knows else legal[int(rng.integers(len(legal)))]
            state = game.step(state, moves, rng)
        assert state.winner == "village"

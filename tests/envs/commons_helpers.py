"""Steps of the commons from moves by seat, which the tests of its rules and words share."""

from __future__ import annotations

import numpy as np

from agentarena.envs.commons import Move

__all__ = ["NOTHING", "PLAIN", "RNG", "same", "step"]

RNG = np.random.default_rng(0)
NOTHING = Move()
PLAIN = {"sanction": "none", "voting": "none", "learning": "none", "reflection": False, "consumption": 0.0, "theta": 0.0}


def step(game, state, moves, seed=0):
    """One step from `Move`s by seat."""
    return game.step(state, {seat: game.action(state, move) for seat, move in moves.items()}, np.random.default_rng(seed))


def same(game, state, move=NOTHING):
    return step(game, state, dict.fromkeys(state.to_move, move))

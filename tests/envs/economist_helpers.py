"""Small economies and random play of them, which the tests of the tax economy share."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.actions import sample
from agentarena.core.game import Game
from agentarena.envs.economist import Economist, State
from agentarena.envs.economist.rules.taxes import taxes

__all__ = ["HOURS", "disposable", "play", "rng", "working"]

HOURS = (10.0, 40.0, 0.0, 100.0, 55.5)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def working(game: Economist, rates: Any = (30.0, 40.0, 50.0)) -> State:
    return game.step(game.start(rng()), {0: np.array(rates)}, rng())


def play(game: Game[Any], seed: int = 0) -> list[Any]:
    draw = rng(seed)
    state = game.start(draw)
    states = [state]
    while game.to_move(state):
        state = game.step(state, {seat: sample(game.legal(state, seat), draw) for seat in game.to_move(state)}, draw)
        states.append(state)
    return states


def disposable(game: Economist, state: State) -> np.ndarray:
    week = state.past[-1]
    return week.income - taxes(week.income, game.edges, np.array(week.rates) / 100) + week.rebate

"""How large a game is, before anything is built or played: for search that must refuse what it could never finish."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from agentarena.core.game import Chance, Game
from agentarena.core.rng import stream

__all__ = ["Size", "histories", "unlisted"]

_PROBES = 64
_MOST_STEPS = 5_000
"""Steps of all probes together."""


class Size(NamedTuple):
    """An estimate of a number, and a bound that the number surely exceeds."""

    mean: float
    least: float


@functools.lru_cache(maxsize=64)
def histories(game: Game[Any]) -> Size:
    """An estimate of the number of histories (nodes) of a game whose actions and chances are listed; the same at every call.

    The mean over random courses of 1 + b_1 + b_1 b_2 + ..., where b_d is how many successors there were at depth d. Its
    expectation is the number of histories (D. E. Knuth, "Estimating the efficiency of backtrack programs", 1975); that of
    its logarithm is at most the number's, so the bound is the mean logarithm less three standard errors.

    Raises:
        NotSupported: There are more chances than the game lists.
    """
    rng, steps = stream(0), 0
    starts = game.chance(None, None) if isinstance(game, Chance) else ((1.0, game.start(rng)),)
    found: list[float] = []
    while len(found) < _PROBES and (steps < _MOST_STEPS or not found):
        nodes = width = float(len(starts))
        state = starts[int(rng.integers(len(starts)))][1]
        while (seats := game.to_move(state)) and steps < _MOST_STEPS and width < 1e150:
            steps += 1
            listed = [game.legal(state, seat) for seat in seats]
            actions = {seat: legal[int(rng.integers(len(legal)))] for seat, legal in zip(seats, listed, strict=True)}  # type: ignore[arg-type, index]
            after = game.chance(state, actions) if isinstance(game, Chance) else ((1.0, game.step(state, actions, rng)),)
            width *= math.prod(map(len, listed)) * len(after)  # type: ignore[arg-type]
            nodes += width
            state = after[int(rng.integers(len(after)))][1]
        found.append(nodes)
    logs = np.log(found)
    return Size(float(np.mean(found)), float(np.exp(logs.mean() - 3.0 * logs.std() / math.sqrt(len(found)))))


def unlisted(game: Game[Any]) -> bool:
    """Whether some seat's actions are a set that is too large to list."""
    spaces = [game.action_space(seat) for seat in range(game.info.seats)]
    if all(isinstance(space, gymnasium.spaces.Discrete) for space in spaces):
        return False
    if not all(isinstance(space, gymnasium.spaces.Discrete | gymnasium.spaces.Text) for space in spaces):
        return True
    state = game.start(stream(0))
    return not all(isinstance(game.legal(state, seat), tuple) for seat in game.to_move(state))

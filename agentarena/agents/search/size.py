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
def histories(game: Game[Any], traverser: int | None = None) -> Size:
    """An estimate of the number of histories (nodes) of a game whose actions are listed; the same at every call.

    The mean over random courses of 1 + b_1 + b_1 b_2 + ..., where b_d is how many successors there were at depth d. Its
    expectation is the number of histories (D. E. Knuth, "Estimating the efficiency of backtrack programs", 1975); that of
    its logarithm is at most the number's, so the bound is the mean logarithm less three standard errors.

    Args:
        game: The rules; without `traverser` their chances must be listed as well.
        traverser: A seat, to count only what one traversal of external sampling visits: every action of this seat, and one
            of each other seat and of chance.

    Raises:
        NotSupported: There are more chances than the game lists.
    """
    rng, steps = stream(0), 0
    listed_chances = game if traverser is None and isinstance(game, Chance) else None
    starts = listed_chances.chance(None, None) if listed_chances else ((1.0, game.start(rng)),)
    counts: list[float] = []
    while len(counts) < _PROBES and (steps < _MOST_STEPS or not counts):
        nodes = width = float(len(starts))
        state = starts[int(rng.integers(len(starts)))][1] if traverser is None else game.start(rng)
        while (seats := game.to_move(state)) and steps < _MOST_STEPS and width < 1e150:
            steps += 1
            listed: list[Any] = [game.legal(state, seat) for seat in seats]
            actions = {seat: legal[int(rng.integers(len(legal)))] for seat, legal in zip(seats, listed, strict=True)}
            after = listed_chances.chance(state, actions) if listed_chances else ((1.0, game.step(state, actions, rng)),)
            branches = [len(legal) for seat, legal in zip(seats, listed, strict=True) if traverser in (None, seat)]
            width *= math.prod(branches) * len(after)
            nodes += width
            state = after[int(rng.integers(len(after)))][1]
        counts.append(nodes)
    logs = np.log(counts)
    return Size(float(np.mean(counts)), float(np.exp(logs.mean() - 3.0 * logs.std() / math.sqrt(len(counts)))))


def unlisted(game: Game[Any]) -> bool:
    """Whether some seat's actions are a set that is too large to list."""
    spaces = [game.action_space(seat) for seat in range(game.info.seats)]
    if all(isinstance(space, gymnasium.spaces.Discrete) for space in spaces):
        return False
    if not all(isinstance(space, gymnasium.spaces.Discrete | gymnasium.spaces.Text) for space in spaces):
        return True
    state = game.start(stream(0))
    return not all(isinstance(game.legal(state, seat), tuple) for seat in game.to_move(state))

"""Decisions of random play, for tests of agents that look at them."""

from __future__ import annotations

import agentarena as aa
from agentarena.core.agent import View
from agentarena.core.rng import stream

__all__ = ["decision_views"]


def decision_views(env: str = "ConnectFour-v0", count: int = 30) -> list[View]:
    """The first decisions of random matches, each with draws of its own; the same at every call."""
    game, rng, views = aa.game(env), stream(5, 0), list[View]()
    state = game.start(rng)
    while len(views) < count:
        moving = game.to_move(state)
        if not moving:
            state = game.start(rng)
            continue
        views.extend(View(game, state, seat, seed=3, match=len(views), turn=1) for seat in moving)
        legal = {seat: game.legal(state, seat) for seat in moving}
        state = game.step(state, {seat: legal[seat][rng.integers(len(legal[seat]))] for seat in moving}, rng)
    return views[:count]

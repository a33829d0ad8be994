"""Extensive-form fictitious play: every seat best-responds to the others' average policies, again and again.

Averages are taken over plans of play, not over probabilities at single decisions: a choice counts as much as the seat's
own way to it was played. In the sequence form that is the average of reaches.

Reference: J. Heinrich, M. Lanctot and D. Silver, "Fictitious self-play in extensive-form games" (ICML 2015), algorithm 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agentarena.core.game import Game
from agentarena.core.registry import game as game_of

from .tabular import Solution, TabularAgent, checked_count, once, solved, until
from .tree import MAX_HISTORIES, tree_of

__all__ = ["XFP", "solve_xfp"]


def solve_xfp(
    game: Game[Any] | str, iterations: int = 1000, *, checkpoints: Sequence[int] = (), max_histories: int = MAX_HISTORIES
) -> Solution:
    """The average of best responses, the uniform policy being the first: in two-seat zero-sum games it nears a Nash equilibrium.

        reach_t = (t * reach_{t-1} + reach of a best response to average_{t-1}) / (t + 1)     reach_0: uniform play
        average_t[I, a] ~ reach_t[I, a]

    All seats answer the averages of the iteration before. A best response takes the lowest of equally good actions.
    Arguments and errors as in `cfr.solve`.
    """
    checked_count("xfp: iterations", iterations)
    tree = tree_of(game_of(game), max_histories, True)
    reach = [side.reach(side.normalised(np.zeros(side.size))) for side in tree.sides]
    nash_convs = {}
    for t, stop in until(iterations, checkpoints):
        answers = [side.best(tree.gains(seat, reach))[1] for seat, side in enumerate(tree.sides)]
        reach = [(t * old + side.reach(new)) / (t + 1.0) for side, old, new in zip(tree.sides, reach, answers, strict=True)]
        if stop:
            nash_convs[t] = tree.nash_conv([side.normalised(plan) for side, plan in zip(tree.sides, reach, strict=True)])
    return solved(tree, [side.normalised(plan) for side, plan in zip(tree.sides, reach, strict=True)], nash_convs)


_solve_once = once(solve_xfp)


class XFP(TabularAgent):
    """Plays the average policy of extensive-form fictitious play in small games.

    Args:
        iterations: How often every seat best-responds.
    """

    def __init__(self, iterations: int = 1000) -> None:
        self.iterations = checked_count("xfp: iterations", iterations)

    def solve(self, game: Game[Any]) -> Solution:
        return _solve_once(game, self.iterations)

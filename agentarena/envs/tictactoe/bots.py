"""Reference players of tic-tac-toe."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from agentarena.core.agent import Agent, View

from .game import LINE_SETS

__all__ = ["BOTS", "Perfect", "Tactical", "value"]

_FULL = 0b111_111_111
_CELL_WORTH = (2, 1, 2, 1, 3, 1, 2, 1, 2)  # corner 2, edge 1, centre 3


def _sets(view: View) -> tuple[int, int]:
    """Own and the opponent's cells as bit sets."""
    cells = view.observation.reshape(9, 2)
    own, other = (int(column @ (1 << np.arange(9))) for column in cells.T.astype(np.int64))
    return own, other


def _completing(marks: int, free: int) -> Iterator[int]:
    """Free cells with which `marks` has a line."""
    return (cell for cell in range(9) if free >> cell & 1 and any((marks | 1 << cell) & line == line for line in LINE_SETS))


@cache
def value(own: int, other: int) -> int:
    """What perfect play gives the seat to move: 1 a win, 0 a draw, -1 a loss.

    >>> value(0, 0)
    0
    """
    if any(other & line == line for line in LINE_SETS):
        return -1
    free = _FULL & ~(own | other)
    return max((-value(other, own | 1 << cell) for cell in range(9) if free >> cell & 1), default=0)


class Tactical(Agent):
    """Wins when it can, else blocks when it must, else prefers the centre, then corners, then edges; ties at random."""

    def choose(self, view: View) -> int:
        own, other = _sets(view)
        free = _FULL & ~(own | other)
        for marks in (own, other):
            completing = list(_completing(marks, free))
            if completing:
                return completing[int(view.rng.integers(len(completing)))]
        best = max(_CELL_WORTH[cell] for cell in view.choices)
        cells = [cell for cell in view.choices if _CELL_WORTH[cell] == best]
        return cells[int(view.rng.integers(len(cells)))]


class Perfect(Agent):
    """Never loses: a uniformly random move among those with the best minimax value."""

    def policy(self, view: View) -> dict[int, float]:
        own, other = _sets(view)
        values = {cell: -value(other, own | 1 << cell) for cell in view.choices}
        best = [cell for cell in values if values[cell] == max(values.values())]
        return {cell: 1 / len(best) if cell in best else 0.0 for cell in values}

    def choose(self, view: View) -> int:
        best = [cell for cell, chance in self.policy(view).items() if chance]
        return best[int(view.rng.integers(len(best)))]


BOTS: dict[str, type[Agent]] = {
    "tictactoe/tactical": Tactical,
    "tictactoe/perfect": Perfect,
}
"""Names of the reference players -> class."""

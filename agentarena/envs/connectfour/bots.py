"""Reference players of Connect Four."""

from __future__ import annotations

import numpy as np

from agentarena.core.agent import Agent, View

__all__ = ["BOTS", "Tactical"]

_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


class Tactical(Agent):
    """Wins when it can, else blocks, else does not hand the opponent the cell above, else prefers the middle; ties at random."""

    def choose(self, view: View) -> int:
        board, connect = view.observation, view.game.options["connect"]
        heights = board.any(axis=2).sum(axis=0)
        rows = {column: board.shape[0] - 1 - int(heights[column]) for column in view.choices}
        for plane in (0, 1):
            completing = [c for c, row in rows.items() if _completes(board[:, :, plane], row, c, connect)]
            if completing:
                return completing[int(view.rng.integers(len(completing)))]
        safe = [c for c, row in rows.items() if row == 0 or not _completes(board[:, :, 1], row - 1, c, connect)]
        middle = (board.shape[1] - 1) / 2
        weights = np.array([1.0 / (1.0 + abs(column - middle)) for column in safe or view.choices])
        return int(view.rng.choice(safe or view.choices, p=weights / weights.sum()))


def _completes(discs: np.ndarray, row: int, column: int, connect: int) -> bool:
    """Whether a disc at (row, column) makes a line of `connect` with those in `discs`, shape (rows, columns)."""
    return any(
        1 + _reach(discs, row, column, down, right) + _reach(discs, row, column, -down, -right) >= connect for down, right in _DIRECTIONS
    )


def _reach(discs: np.ndarray, row: int, column: int, down: int, right: int) -> int:
    """How many discs follow one another from beside (row, column) in one direction."""
    count, r, c = 0, row + down, column + right
    while 0 <= r < discs.shape[0] and 0 <= c < discs.shape[1] and discs[r, c]:
        count, r, c = count + 1, r + down, c + right
    return count


BOTS: dict[str, type[Agent]] = {
    "connectfour/tactical": Tactical,
}
"""Names of the reference players -> class."""

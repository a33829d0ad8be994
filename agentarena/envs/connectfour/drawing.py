"""Connect Four as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.canvas import BLUE, PAPER, RED, YELLOW, Grid

__all__ = ["draw"]

_DISCS = {"X": RED, "O": YELLOW}


def draw(game: Any, state: Any, seats: tuple[int, ...]) -> np.ndarray:
    """The board: uint8 of shape (64 rows, 64 columns, 3). Seat 0's discs are red, seat 1's yellow."""
    grid = Grid(len(state.board), len(state.board[0]), BLUE)
    for row, discs in enumerate(state.board):
        for column, disc in enumerate(discs):
            grid.disc(row, column, _DISCS.get(disc, PAPER))
    return grid.pixels

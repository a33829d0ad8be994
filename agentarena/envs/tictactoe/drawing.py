"""Tic-tac-toe as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.canvas import BLUE, RED, Grid

__all__ = ["draw"]


def draw(game: Any, state: Any, seats: tuple[int, ...]) -> np.ndarray:
    """The board: uint8 of shape (288, 288, 3). X is red, O is blue."""
    grid = Grid(3, 3, cell=96)
    grid.lines()
    for cell, mark in enumerate(state.board):
        if mark == "X":
            grid.cross(*divmod(cell, 3), RED)
        elif mark == "O":
            grid.disc(*divmod(cell, 3), BLUE, radius=0.36, hole=0.24)
    return grid.pixels

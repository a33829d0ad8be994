"""Pictures of boards as arrays, for the drawings of games: a grid of square cells, discs and strokes in them."""

from __future__ import annotations

import numpy as np

__all__ = ["BLUE", "DARK", "PAPER", "RED", "YELLOW", "Grid"]

Colour = tuple[int, int, int]
PAPER: Colour = (250, 250, 250)
DARK: Colour = (60, 60, 60)
RED: Colour = (214, 58, 58)
BLUE: Colour = (42, 98, 186)
YELLOW: Colour = (240, 196, 40)


class Grid:
    """A picture of `rows` by `columns` cells.

    Attributes:
        pixels: uint8 of shape (rows * cell, columns * cell, 3).
    """

    def __init__(self, rows: int, columns: int, colour: Colour = PAPER, *, cell: int = 64) -> None:
        self.cell = cell
        self.pixels = np.empty((rows * cell, columns * cell, 3), np.uint8)
        self.pixels[:] = colour
        axis = (np.arange(cell) + 0.5) / cell - 0.5
        self._x, self._y = axis[None, :], axis[:, None]

    def disc(self, row: int, column: int, colour: Colour, *, radius: float = 0.4, hole: float = 0.0) -> None:
        """A disc in a cell; a ring where it has a hole. Radii as parts of the cell's side."""
        distance = np.hypot(self._x, self._y)
        self._fill(row, column, (distance <= radius) & (distance >= hole), colour)

    def cross(self, row: int, column: int, colour: Colour, *, radius: float = 0.34, width: float = 0.1) -> None:
        """Two strokes from corner to corner of a cell."""
        near = (np.abs(self._x - self._y) <= width) | (np.abs(self._x + self._y) <= width)
        self._fill(row, column, near & (np.maximum(np.abs(self._x), np.abs(self._y)) <= radius), colour)

    def lines(self, colour: Colour = DARK, *, width: int = 4) -> None:
        """The lines between the cells."""
        rows, columns = self.pixels.shape[:2]
        for at in range(self.cell, rows, self.cell):
            self.pixels[at - width // 2 : at + width // 2] = colour
        for at in range(self.cell, columns, self.cell):
            self.pixels[:, at - width // 2 : at + width // 2] = colour

    def _fill(self, row: int, column: int, where: np.ndarray, colour: Colour) -> None:
        top, left = row * self.cell, column * self.cell
        self.pixels[top : top + self.cell, left : left + self.cell][where] = colour

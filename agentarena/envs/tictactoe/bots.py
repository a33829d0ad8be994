"""Reference players of tic-tac-toe."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from agentarena.core.agent import Agent, View

from .game import LINES

__all__ = ["BOTS", "Perfect", "Tactical", "board_of", "value"]

_EMPTY_BOARD = "." * 9
_CELL_WORTH = (2, 1, 2, 1, 3, 1, 2, 1, 2)  # corner 2, edge 1, centre 3


def board_of(view: View) -> str:
    """The board as one character a cell: "m" for an own mark, "o" for the opponent's, "." while empty."""
    return "".join("m" if own else "o" if other else "." for own, other in view.observation.reshape(9, 2))


def _completing(board: str, mark: str) -> Iterator[int]:
    """Empty cells with which `mark` has a line."""
    return (cell for cell in range(9) if board[cell] == "." and _has_line(_after(board, cell, mark), mark))


def _after(board: str, cell: int, mark: str) -> str:
    return board[:cell] + mark + board[cell + 1 :]


def _has_line(board: str, mark: str) -> bool:
    return any(board[a] == board[b] == board[c] == mark for a, b, c in LINES)


@cache
def value(board: str = _EMPTY_BOARD) -> int:
    """What perfect play gives the seat to move, whose marks are "m" (the opponent's "o"): 1 a win, 0 a draw, -1 a loss.

    >>> value()
    0
    """
    if _has_line(board, "o"):
        return -1
    return max((-value(_turned(_after(board, cell, "m"))) for cell in range(9) if board[cell] == "."), default=0)


def _turned(board: str) -> str:
    """The board as the other seat sees it."""
    return board.translate(_SIDES)


_SIDES = str.maketrans("mo", "om")


class Tactical(Agent):
    """Wins when it can, else blocks when it must, else prefers the centre, then corners, then edges; ties at random."""

    def choose(self, view: View) -> int:
        board = board_of(view)
        for mark in "mo":
            completing = list(_completing(board, mark))
            if completing:
                return completing[int(view.rng.integers(len(completing)))]
        best = max(_CELL_WORTH[cell] for cell in view.choices)
        cells = [cell for cell in view.choices if _CELL_WORTH[cell] == best]
        return cells[int(view.rng.integers(len(cells)))]


class Perfect(Agent):
    """Never loses: a uniformly random move among those with the best minimax value."""

    def policy(self, view: View) -> dict[int, float]:
        board = board_of(view)
        values = {cell: -value(_turned(_after(board, cell, "m"))) for cell in view.choices}
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

"""Tic-tac-toe in words. A move is written as row and column, e.g. `<X(0,2)>`, as in MARS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentarena.core.events import Event
from agentarena.core.text import REPLY, ChoiceFace

if TYPE_CHECKING:
    from .game import State

__all__ = ["TicTacToeText"]

_MARKS = "XO"


class TicTacToeText(ChoiceFace["State"]):
    """Text face; both seats write their own mark in their moves' names, rows and columns count from 0."""

    def rules(self, seat: int) -> str:
        return (
            "You play tic-tac-toe on a 3 x 3 board. Players take turns to mark one empty cell; X moves first. "
            "Whoever has three marks in a row, a column or a diagonal wins; a full board without such a line is a draw.\n"
            f"You are {_MARKS[seat]}. A move names a cell as (row,column), both from 0 to 2 counted from the top left. "
            f"The centre is {self.name(4)}. {REPLY}"
        )

    def look(self, state: State, seat: int) -> str:
        cells = [next((mark for mark, marks in zip(_MARKS, state.marks, strict=True) if marks >> c & 1), ".") for c in range(9)]
        board = "\n".join(" ".join(cells[row : row + 3]) for row in (0, 3, 6))
        return f"You are {_MARKS[seat]}. Board:\n{board}" + ("" if state.asked else f"\n{self._result(state)}")

    def _result(self, state: State) -> str:
        if state.rewards[0] == state.rewards[1]:
            return "The game is a draw."
        return f"{_MARKS[0] if state.rewards[0] > 0 else _MARKS[1]} has won."

    def tell(self, event: Event, seat: int) -> str:
        who = "You" if event.data["seat"] == seat else _MARKS[event.data["seat"]]
        return f"{who} marked {self.name(event.data['cell'])}."

    def name(self, action: int) -> str:
        return f"({action // 3},{action % 3})"

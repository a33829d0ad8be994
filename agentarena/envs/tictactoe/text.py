"""Tic-tac-toe in words. A move is written as row and column, e.g. `(0,2)`."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, ChoiceFace

__all__ = ["TicTacToeText"]

_MARKS = "XO"


class TicTacToeText(ChoiceFace[Any]):
    """Text face; rows and columns count from 0 at the top left."""

    def rules(self, seat: int) -> str:
        return (
            "You play tic-tac-toe on a 3 x 3 board. Players take turns to mark one empty cell; X moves first. "
            "Whoever has three marks in a row, a column or a diagonal wins; a full board without such a line is a draw.\n"
            f"You are {_MARKS[seat]}. A move names a cell as (row,column), both from 0 to 2 counted from the top left. "
            f"The centre is {self.name(4)}. {REPLY}"
        )

    def look(self, state: Any, seat: int) -> str:
        rows = "\n".join(" ".join(state.board[start : start + 3]) for start in (0, 3, 6))
        board = f"You are {_MARKS[seat]}. Board:\n{rows}"
        return board if self.game.to_move(state) else f"{board}\n{self._result(state)}"

    def _result(self, state: Any) -> str:
        first, second = self.game.rewards(state)
        return "The game is a draw." if first == second else f"{_MARKS[int(second > first)]} has won."

    def tell(self, event: Event, seat: int) -> str:
        who = "You" if event.data["seat"] == seat else _MARKS[event.data["seat"]]
        return f"{who} marked {self.name(event.data['cell'])}."

    def name(self, action: int) -> str:
        return f"({action // 3},{action % 3})"

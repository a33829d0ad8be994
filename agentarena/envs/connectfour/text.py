"""Connect Four in words. A move is the number of a column."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, ChoiceFace

__all__ = ["ConnectFourText"]

_DISCS = "XO"


class ConnectFourText(ChoiceFace[Any]):
    """Text face; columns count from 0 at the left."""

    def rules(self, seat: int) -> str:
        game = self.game
        return (
            f"You play Connect Four on a board of {game.rows} rows and {game.columns} columns. Players take turns to drop one disc into a "
            "column that is not full; it falls to the lowest empty cell. X moves first. Whoever has "
            f"{game.connect} discs in an unbroken row, column or diagonal wins; a full board without such a line is a draw.\n"
            f"You are {_DISCS[seat]}. A move is the number of a column, from 0 at the left to {game.columns - 1} at the right. "
            f"{REPLY}"
        )

    def look(self, state: Any, seat: int) -> str:
        rows = "\n".join(map(" ".join, state.board))
        board = f"You are {_DISCS[seat]}. Board:\n{rows}\n{self._numbers}"
        return board if self.game.to_move(state) else f"{board}\n{self._result(state)}"

    @cached_property
    def _numbers(self) -> str:
        """The line below the board."""
        return " ".join(str(column % 10) for column in range(self.game.columns))

    def _result(self, state: Any) -> str:
        first, second = self.game.rewards(state)
        return "The game is a draw." if first == second else f"{_DISCS[int(second > first)]} has won."

    def tell(self, event: Event, seat: int) -> str:
        who = "You" if event.data["seat"] == seat else _DISCS[event.data["seat"]]
        return f"{who} dropped a disc into column {event.data['column']}."

    def name(self, action: int) -> str:
        return str(action)

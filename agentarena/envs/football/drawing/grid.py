"""The field in characters: roles of attackers in capitals, of defenders in small letters, each with a dot where it was a step ago."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.envs.football.rules.football import FootballSystem
from agentarena.envs.football.state import ATTACK, DEFENCE

from .facts import carriers, labels, types_drawn
from .field import Sheet, line_of_scrimmage, sheet

__all__ = ["grid"]

COLUMNS, ROWS = 78, 23
"""Characters of the field, without its edge."""
_SHORT = {
    "WRL": "WL",
    "WRR": "WR",
    "LDE": "LE",
    "LDT": "LT",
    "RDT": "RT",
    "RDE": "RE",
    "SLB": "SB",
    "MLB": "MB",
    "WLB": "WB",
    "CBL": "CL",
    "CBR": "CR",
}


class _Canvas:
    """Characters of a sheet of the field."""

    def __init__(self, own: Sheet) -> None:
        self.own = own
        self.cells = [[" "] * COLUMNS for _ in range(ROWS)]

    def cell(self, point: Any) -> tuple[int, int]:
        """Row and column of a point."""
        x, y = self.own.clipped(np.asarray(point))
        (left, low), (right, high) = self.own.low, self.own.high
        return round((high - y) / (high - low) * (ROWS - 1)), round((x - left) / (right - left) * (COLUMNS - 1))

    def put(self, point: Any, word: str, *, over: str = " .:|") -> None:
        """Write a word around a point, or as near to it in the row as there is room."""
        row, column = self.cell(point)
        first = min(max(0, column - (len(word) - 1) // 2), COLUMNS - len(word))
        for shift in (0, 1, -1, 2, -2, 3, -3, 4, -4):
            start = first + shift
            if 0 <= start <= COLUMNS - len(word) and all(cell in over for cell in self.cells[row][start : start + len(word)]):
                self.cells[row][start : start + len(word)] = word
                return
        self.cells[row][first] = "+"

    def column(self, x: float, character: str) -> None:
        """A line across the field."""
        if self.own.low[0] <= x <= self.own.high[0]:
            at = self.cell((x, 0.0))[1]
            for row in self.cells:
                row[at] = character


def grid(game: Any, state: Any, knows: int | None) -> str:
    """The field, and a line that explains it. `knows` is the type where it may be drawn."""
    system, canvas = game.system, _Canvas(sheet(game))
    football = isinstance(system, FootballSystem)
    if football:
        snap = line_of_scrimmage(system)
        for number in range(-20, 40):
            canvas.column(snap + number, "|" if number == 0 else ":")
    elif system.players == 1:
        for number in types_drawn(game, knows):
            canvas.put(system.targets[number, 0, 0], str(number + 1))
    before = np.asarray(state.position) - system.dt * np.asarray(state.velocity)
    if int(state.step):
        for point in before.reshape(-1, system.dims):
            canvas.put(point, ".")
    with_ball = carriers(game, knows)
    for side in (ATTACK, DEFENCE):
        for number, label in enumerate(labels(game, side)):
            canvas.put(state.position[side, number], _word(label, side, number, with_ball, football))
    edge = "+" + "-" * COLUMNS + "+"
    rows = "\n".join(f"|{''.join(row)}|" for row in canvas.cells)
    return f"{edge}\n{rows}\n{edge}\n{_legend(game, knows)}"


def _word(label: str, side: int, number: int, with_ball: tuple[int, ...], football: bool) -> str:
    if not football:
        return label if side == ATTACK or not label.isdigit() else chr(ord("a") + int(label) - 1)
    short = _SHORT.get(label, label)
    if side == DEFENCE:
        return short.lower()
    return short + "*" if number in with_ball else short


def _legend(game: Any, knows: int | None) -> str:
    if isinstance(game.system, FootballSystem):
        star = "has the ball" if len(carriers(game, knows)) == 1 else "may have the ball"
        return f"capitals attack, to the right; small letters defend; * {star};\n. a step ago; | line of scrimmage; : ten yards"
    if game.system.players == 1:
        return (
            f"A attacks, D defends; . a step ago; {'the digit is the target' if knows is not None else 'digits are the possible targets'}"
        )
    return "numbers attack, letters defend; . a step ago"

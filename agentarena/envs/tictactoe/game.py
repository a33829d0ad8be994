"""Tic-tac-toe: three in a row on a 3 x 3 board.

Cells are numbered row by row, 0 at the top left:

    0 1 2
    3 4 5
    6 7 8

A board is a pair of 9-bit sets, one a seat, bit c for cell c. There are only 5478 reachable boards, so each position
is made once and remembers its successors: after the first visit a step is one table look-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import gymnasium
import numpy as np

from agentarena.core.events import Event
from agentarena.core.game import GameInfo, option
from agentarena.core.tabular import Node, Tabular

from .text import TicTacToeText

__all__ = ["LINES", "LINE_SETS", "State", "TicTacToe"]

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
"""The eight winning lines, as cells."""

LINE_SETS = tuple(sum(1 << cell for cell in line) for line in LINES)
"""The same as bit sets."""

_FULL = 0b111_111_111
_CELLS = np.arange(9)


@dataclass(frozen=True, slots=True)
class State(Node):
    """A position.

    Attributes:
        marks: The cells of each seat as bit sets, 0 to 511 each.
        last: The cell just marked, 0 to 8; -1 at the start.
    """

    marks: tuple[int, int]
    last: int


@dataclass(frozen=True)
class TicTacToe(Tabular[State]):
    """The rules. Seat 0 marks X and moves first; a win is worth +1 and -1, a draw `draw` to both."""

    draw: float = option(0.0, "Return of both seats for a draw; 0.1 in MARS.", low=-1.0, high=1.0)

    presets = {"mars": {"draw": 0.1}}

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=2, low=-1.0, high=1.0, unit="win", sum="zero" if self.draw == 0 else "general", max_steps=9)

    @cached_property
    def text(self) -> TicTacToeText:
        return TicTacToeText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(9)

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(0, 1, (3, 3, 2), np.int8)

    @cached_property
    def _start(self) -> State:
        return State(0, (0,), tuple(range(9)), (0.0, 0.0), (0, 0), -1)

    @cached_property
    def _positions(self) -> dict[tuple[tuple[int, int], int], State]:
        return {}  # one object a position, so that different paths to it share what follows

    @cached_property
    def _seen(self) -> dict[tuple[int, int], np.ndarray]:
        return {}  # the planes of each pair of sets, own marks first

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Cells 0 to 8."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """(3, 3, 2) int8: plane 0 the seat's own marks, plane 1 the opponent's."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return self._start

    def deals(self) -> tuple[tuple[float, State], ...]:
        return ((1.0, self._start),)

    def play(self, state: State, action: int) -> State:
        seat = state.seat
        mine = state.marks[seat] | 1 << action
        marks = (mine, state.marks[1]) if seat == 0 else (state.marks[0], mine)
        known = self._positions.get((marks, action))
        if known is None:
            known = self._positions[marks, action] = self._position(marks, action, seat)
        return known

    def _position(self, marks: tuple[int, int], last: int, mover: int) -> State:
        if any(marks[mover] & line == line for line in LINE_SETS):
            return State(-1, (), (), (1.0, -1.0) if mover == 0 else (-1.0, 1.0), marks, last)
        taken = marks[0] | marks[1]
        if taken == _FULL:
            return State(-1, (), (), (self.draw, self.draw), marks, last)
        return State(1 - mover, (1 - mover,), tuple(c for c in range(9) if not taken >> c & 1), (0.0, 0.0), marks, last)

    def observe(self, state: State, seat: int) -> np.ndarray:
        sets = (state.marks[seat], state.marks[1 - seat])
        seen = self._seen.get(sets)
        if seen is None:
            seen = self._seen[sets] = ((np.array(sets)[None, :] >> _CELLS[:, None]) & 1).astype(np.int8).reshape(3, 3, 2)
        return seen.copy()

    def news(self, state: State) -> tuple[Event, ...]:
        if state.last < 0:
            return ()
        seat = int(bool(state.marks[1] >> state.last & 1))
        return (Event("mark", {"seat": seat, "cell": state.last}),)

    def information(self, state: State, seat: int) -> str:
        return f"{state.marks[0]}.{state.marks[1]}"

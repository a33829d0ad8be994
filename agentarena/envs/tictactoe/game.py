"""Tic-tac-toe: three in a row on a 3 x 3 board.

Cells are numbered row by row, 0 at the top left:

    0 1 2
    3 4 5
    6 7 8

A board is a pair of 9-bit sets, one a seat, bit c for cell c. There are only 5478 reachable boards, so each position
is made once and remembers its successors: after the first visit a step is one table look-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import gymnasium
import numpy as np

from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option
from agentarena.core.legal import Action

from .text import TicTacToeText

__all__ = ["LINES", "State", "TicTacToe"]

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
"""The eight winning lines, as cells."""

_LINE_SETS = tuple(sum(1 << cell for cell in line) for line in LINES)
_FULL = 0b111_111_111
_CELLS = np.arange(9)


@dataclass(frozen=True, slots=True)
class State:
    """A position.

    Attributes:
        marks: The cells of each seat as bit sets, 0 to 511 each.
        last: The cell just marked, 0 to 8; -1 at the start.
        seat: The seat to move; -1 when the match is over.
        asked: The same as `to_move` says it.
        legal: Empty cells in increasing order; `()` when the match is over.
        rewards: What the last step credited.
        next: Successors made so far, by cell: a cache, not part of the value.
    """

    marks: tuple[int, int]
    last: int
    seat: int
    asked: tuple[int, ...]
    legal: tuple[int, ...]
    rewards: tuple[float, float]
    next: dict[int, State] = field(default_factory=dict, compare=False, repr=False)

    def __reduce__(self) -> tuple[object, ...]:
        return (State, (self.marks, self.last, self.seat, self.asked, self.legal, self.rewards))


def _has_line(marks: int) -> bool:
    return any(marks & line == line for line in _LINE_SETS)


@dataclass(frozen=True)
class TicTacToe(Game[State]):
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
        return State((0, 0), -1, 0, (0,), tuple(range(9)), (0.0, 0.0))

    @cached_property
    def _positions(self) -> dict[tuple[tuple[int, int], int], State]:
        return {}  # one object a position, so that different paths to it share what follows

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Cells 0 to 8."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """(3, 3, 2) int8: plane 0 the seat's own marks, plane 1 the opponent's."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return self._start

    def to_move(self, state: State) -> tuple[int, ...]:
        return state.asked

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return state.legal

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        if len(actions) == 1:  # a successor that was made before; only a true int of the seat to move finds one
            cell = actions.get(state.seat)
            if cell.__class__ is int:
                made = state.next.get(cell)
                if made is not None:
                    return made
        self.check(state, actions)
        cell = int(actions[state.seat])
        made = self._mark(state, cell)
        made = self._positions.setdefault((made.marks, made.last), made)
        state.next[cell] = made
        return made

    def _mark(self, state: State, cell: int) -> State:
        seat = state.seat
        mine = state.marks[seat] | 1 << cell
        marks = (mine, state.marks[1]) if seat == 0 else (state.marks[0], mine)
        if _has_line(mine):
            return State(marks, cell, -1, (), (), (1.0, -1.0) if seat == 0 else (-1.0, 1.0))
        if marks[0] | marks[1] == _FULL:
            return State(marks, cell, -1, (), (), (self.draw, self.draw))
        return State(marks, cell, 1 - seat, (1 - seat,), tuple(c for c in state.legal if c != cell), (0.0, 0.0))

    def rewards(self, state: State) -> tuple[float, float]:
        return state.rewards

    def observe(self, state: State, seat: int) -> np.ndarray:
        sets = np.array((state.marks[seat], state.marks[1 - seat]))
        return ((sets[None, :] >> _CELLS[:, None]) & 1).astype(np.int8).reshape(3, 3, 2)

    def news(self, state: State) -> tuple[Event, ...]:
        if state.last < 0:
            return ()
        seat = int(bool(state.marks[1] >> state.last & 1))
        return (Event("mark", {"seat": seat, "cell": state.last}),)

    def information(self, state: State, seat: int) -> str:
        return f"{state.marks[0]}.{state.marks[1]}"

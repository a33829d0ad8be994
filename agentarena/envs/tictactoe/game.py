"""Tic-tac-toe: three in a row on a 3 x 3 board.

Cells are numbered row by row, 0 at the top left:

    0 1 2
    3 4 5
    6 7 8
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option
from agentarena.core.tabular import tabular

from .text import TicTacToeText

__all__ = ["EMPTY", "LINES", "MARKS", "State", "TicTacToe", "winning_mark"]

MARKS = "XO"
"""The mark of each seat."""
EMPTY = "."
LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
"""The eight winning lines, as cells."""


def winning_mark(board: str) -> str | None:
    """The mark that fills a line, `None` while there is no such line.

    >>> winning_mark("XXXOO....")
    'X'
    """
    for a, b, c in LINES:
        if board[a] == board[b] == board[c] != EMPTY:
            return board[a]
    return None


@dataclass(frozen=True, slots=True)
class State:
    """A position.

    Attributes:
        board: One character a cell, 9 in all: "X", "O" or "." while it is empty.
        last: The cell just marked, 0 to 8; -1 at the start.
    """

    board: str
    last: int


@tabular
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

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Cells 0 to 8."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """(3, 3, 2) int8: plane 0 the seat's own marks, plane 1 the opponent's."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return State(EMPTY * 9, -1)

    def to_move(self, state: State) -> tuple[int, ...]:
        if winning_mark(state.board) or EMPTY not in state.board:
            return ()
        return ((9 - state.board.count(EMPTY)) % 2,)

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return tuple(cell for cell, mark in enumerate(state.board) if mark == EMPTY)

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        ((seat, cell),) = actions.items()
        return State(state.board[:cell] + MARKS[seat] + state.board[cell + 1 :], int(cell))

    def rewards(self, state: State) -> tuple[float, float]:
        mark = winning_mark(state.board)
        if mark:
            return (1.0, -1.0) if mark == MARKS[0] else (-1.0, 1.0)
        return (0.0, 0.0) if EMPTY in state.board else (self.draw, self.draw)

    def observe(self, state: State, seat: int) -> np.ndarray:
        own, other = MARKS[seat], MARKS[1 - seat]
        return np.array([(mark == own, mark == other) for mark in state.board], np.int8).reshape(3, 3, 2)

    def news(self, state: State) -> tuple[Event, ...]:
        if state.last < 0:
            return ()
        return (Event("mark", {"seat": MARKS.index(state.board[state.last]), "cell": state.last}),)

    def information(self, state: State, seat: int) -> str:
        return state.board

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """Nothing is random: one outcome."""
        rng = np.random.default_rng(0)
        return ((1.0, self.start(rng) if state is None or actions is None else self.step(state, actions, rng)),)

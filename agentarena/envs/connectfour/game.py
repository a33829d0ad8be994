"""Connect Four: drop discs into columns; four of one's own in a row, a column or a diagonal win.

These are the plain rules. `twin.py` plays the same on integers, which is what the registered game does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.batch import Batch
from agentarena.core.errors import BadOption
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option

from .text import ConnectFourText
from .twin import on_bitboards

__all__ = ["ConnectFour", "State"]

DISCS = "XO"
"""The disc of each seat."""
EMPTY = "."
DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Along a row, a column and the two diagonals, as steps of (row, column)."""


@dataclass(frozen=True, slots=True)
class State:
    """A position.

    Attributes:
        board: One string a row, the top row first; a character is "X", "O" or "." while the cell is empty.
        last: Column of the last disc, 0 on the left; -1 at the start.
    """

    board: tuple[str, ...]
    last: int


@on_bitboards
@dataclass(frozen=True)
class ConnectFour(Game[State]):
    """The rules. Seat 0 (X) moves first; a win is worth +1 and -1, a full board `draw` to both."""

    rows: int = option(6, "Height of the board.", low=1, high=12)
    columns: int = option(7, "Width of the board.", low=1, high=12)
    connect: int = option(4, "Discs in a line that win.", low=2, high=12)
    draw: float = option(0.0, "Return of both seats for a draw; 0.1 in MARS.", low=-1.0, high=1.0)

    presets = {"mars": {"draw": 0.1}}

    def __post_init__(self) -> None:
        super().__post_init__()
        longest = max(self.rows, self.columns)
        if self.connect > longest:
            raise BadOption(f"ConnectFour: option 'connect' is {self.connect}; allowed: at most {longest}, the longest line")

    @cached_property
    def info(self) -> GameInfo:
        cells = self.rows * self.columns
        return GameInfo(seats=2, low=-1.0, high=1.0, unit="win", sum="zero" if self.draw == 0 else "general", max_steps=cells)

    @cached_property
    def text(self) -> ConnectFourText:
        return ConnectFourText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(self.columns)

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(0, 1, (self.rows, self.columns, 2), np.int8)

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Columns, 0 on the left."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """(rows, columns, 2) int8, top row first: plane 0 the seat's own discs, plane 1 the opponent's."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return State((EMPTY * self.columns,) * self.rows, -1)

    def _turn(self, state: State) -> int:
        """The seat whose turn it is, or would be, were the match not over."""
        return sum(row.count(DISCS[0]) - row.count(DISCS[1]) for row in state.board)

    def to_move(self, state: State) -> tuple[int, ...]:
        over = self._has_won(state) or EMPTY not in state.board[0]
        return () if over else (self._turn(state),)

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return tuple(column for column, disc in enumerate(state.board[0]) if disc == EMPTY)

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        ((seat, column),) = actions.items()
        board = list(state.board)
        row = max(row for row in range(self.rows) if board[row][column] == EMPTY)
        board[row] = board[row][:column] + DISCS[seat] + board[row][column + 1 :]
        return State(tuple(board), int(column))

    def _has_won(self, state: State) -> bool:
        """Whether the last disc, the highest of its column, is part of a line."""
        if state.last < 0:
            return False
        row = next(row for row in range(self.rows) if state.board[row][state.last] != EMPTY)
        near = range(1 - self.connect, self.connect)
        lines = ("".join(self._cell(state, row + i * down, state.last + i * right) for i in near) for down, right in DIRECTIONS)
        return any(state.board[row][state.last] * self.connect in line for line in lines)

    def _cell(self, state: State, row: int, column: int) -> str:
        """What is in a cell; there is nothing beyond the board."""
        return state.board[row][column] if 0 <= row < self.rows and 0 <= column < self.columns else EMPTY

    def rewards(self, state: State) -> tuple[float, float]:
        if self._has_won(state):
            return (1.0, -1.0) if self._turn(state) == 1 else (-1.0, 1.0)
        return (0.0, 0.0) if EMPTY in state.board[0] else (self.draw, self.draw)

    def observe(self, state: State, seat: int) -> np.ndarray:
        cells = np.frombuffer("".join(state.board).encode(), np.uint8).reshape(self.rows, self.columns)
        planes = np.frombuffer((DISCS[seat] + DISCS[1 - seat]).encode(), np.uint8)
        return (cells[:, :, None] == planes).view(np.int8)

    def news(self, state: State) -> tuple[Event, ...]:
        return () if state.last < 0 else (Event("drop", {"seat": 1 - self._turn(state), "column": state.last}),)

    def information(self, state: State, seat: int) -> str:
        return "/".join(state.board)

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """Nothing is random: one outcome."""
        rng = np.random.default_rng(0)
        return ((1.0, self.start(rng) if state is None or actions is None else self.step(state, actions, rng)),)

    def position(self, discs: tuple[int, int], last: int) -> State:
        """The state with these discs of seat 0 and of seat 1, bit `c * (rows + 1) + h` for height h of column c: for array rules."""
        marks = [{bit for bit in range(bits.bit_length()) if bits >> bit & 1} for bits in discs]
        cells = [[column * (self.rows + 1) + height for column in range(self.columns)] for height in range(self.rows)]
        rows = ["".join("X" if cell in marks[0] else "O" if cell in marks[1] else EMPTY for cell in row) for row in reversed(cells)]
        return State(tuple(rows), last)

    def batch(self, xp: Any = np, device: Any = None) -> Batch[Any]:
        """Array rules on 64-bit boards, on numpy or torch; raises `NotSupported` for boards that do not fit."""
        from .batch import ConnectFourBatch

        return ConnectFourBatch(self, xp, device)

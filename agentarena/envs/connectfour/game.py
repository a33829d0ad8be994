"""Connect Four: drop discs into columns; four of one's own in a row, a column or a diagonal win.

A seat's discs are one wide integer. Its lowest `columns * (rows + 1)` bits are the board, bit `c * (rows + 1) + h` for
the cell at height h of column c. Above them stands one small counter for each line of four cells, which counts the
seat's discs in it. To place a disc is therefore to add a constant of its cell, and a counter that has reached four
shows as a set bit of one fixed mask: a move costs one addition and one test, whatever the direction of the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.batch import Batch
from agentarena.core.errors import BadOption
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option

from .text import ConnectFourText

__all__ = ["ConnectFour", "State", "Tables", "make_tables"]

_ASKED = ((0,), (1,))
_new = tuple.__new__  # a third of the time of State(...)


class State(NamedTuple):
    """A position.

    Attributes:
        asked: The seat to move, as `to_move` says it; `()` when the match is over.
        legal: Columns that are not full, in increasing order; `()` when the match is over.
        own: Discs of the seat whose turn it is (or would be, were the match not over): board and counters.
        other: Discs of the seat that moved last.
        heights: Discs in each column, 4 bits a column, column 0 lowest; -1 when the match is over.
        turn: The seat whose turn it is, or would be: 0 or 1.
        last: Column of the last disc; -1 at the start.
    """

    asked: tuple[int, ...]
    legal: tuple[int, ...]
    own: int
    other: int
    heights: int
    turn: int
    last: int


@dataclass(frozen=True)
class Tables:
    """What a configuration's moves come down to.

    Attributes:
        columns: By column: where its 4 bits of `heights` begin, 1 in that place, and the constant to add for a disc at
            each height 0 to 15, 0 where there is no room.
        full: The bits of the counters that are set when a line is full.
        top: Height of the highest cell.
        empty: Discs of a seat at the start: no board, counters at their start.
    """

    columns: Mapping[int, tuple[int, int, tuple[int, ...]]]
    full: int
    top: int
    empty: int


@cache
def make_tables(rows: int, columns: int, connect: int) -> Tables:
    """The tables of a board; a counter is b bits wide, starts at 2**(b - 1) - connect and is full at 2**(b - 1)."""
    cells = {(c, h): 1 << c * (rows + 1) + h for c in range(columns) for h in range(rows)}
    width = (connect - 1).bit_length() + 1
    bit, full, empty = columns * (rows + 1), 0, 0
    for column, height in list(cells):
        for right, up in ((0, 1), (1, 0), (1, 1), (1, -1)):
            line = [(column + i * right, height + i * up) for i in range(connect)]
            if line[-1] in cells:
                for cell in line:
                    cells[cell] += 1 << bit
                full |= 1 << bit + width - 1
                empty |= (1 << width - 1) - connect << bit
                bit += width
    room = {c: tuple(cells.get((c, h), 0) for h in range(16)) for c in range(columns)}
    return Tables({c: (4 * c, 1 << 4 * c, room[c]) for c in range(columns)}, full, rows - 1, empty)


@dataclass(frozen=True)
class ConnectFour(Game[State]):
    """The rules. Seat 0 (X) moves first; a win is worth +1 and -1, a full board `draw` to both."""

    rows: int = option(6, "Height of the board.", low=1, high=12)
    columns: int = option(7, "Width of the board.", low=1, high=12)
    connect: int = option(4, "Discs in a line that win.", low=2, high=12)
    draw: float = option(0.0, "Return of both seats for a draw; 0.1 in MARS.", low=-1.0, high=1.0)

    presets = {"mars": {"draw": 0.1}}

    if TYPE_CHECKING:
        _tables: ClassVar[tuple[Mapping[int, tuple[int, int, tuple[int, ...]]], int, int]]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.connect > max(self.rows, self.columns):
            raise BadOption(
                f"ConnectFour: option 'connect' is {self.connect}; allowed: at most {max(self.rows, self.columns)}, the longest line"
            )
        tables = make_tables(self.rows, self.columns, self.connect)
        object.__setattr__(self, "_tables", (tables.columns, tables.full, tables.top))  # a plain attribute: `step` reads it

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        super().__setstate__(state)
        self.__post_init__()

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

    @cached_property
    def _start(self) -> State:
        empty = make_tables(self.rows, self.columns, self.connect).empty
        return State((0,), tuple(range(self.columns)), empty, empty, 0, 0, -1)

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Columns, 0 on the left."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """(rows, columns, 2) int8, top row first: plane 0 the seat's own discs, plane 1 the opponent's."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return self._start

    def to_move(self, state: State) -> tuple[int, ...]:
        return state.asked

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return state.legal

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        _, legal, own, other, heights, turn, _ = state
        columns, full, top = self._tables
        try:
            column = actions[turn]
            place, one, room = columns[column]
            height = heights >> place & 15
            disc = room[height]
        except (KeyError, TypeError):
            disc = 0  # `check` says what is wrong
        if not disc or column.__class__ is not int or len(actions) != 1:
            self.check(state, actions)
            column = int(actions[turn])
        own += disc
        if own & full:
            return _new(State, ((), (), other, own, -1, 1 - turn, column))
        if height == top:
            legal = tuple([c for c in legal if c != column])
            if not legal:
                return _new(State, ((), (), other, own, -1, 1 - turn, column))
        turn = 1 - turn
        return _new(State, (_ASKED[turn], legal, other, own, heights + one, turn, column))

    def rewards(self, state: State) -> tuple[float, float]:
        if state.asked:
            return (0.0, 0.0)
        if state.other & self._tables[1]:
            return (1.0, -1.0) if state.turn else (-1.0, 1.0)
        return (self.draw, self.draw)

    def discs(self, state: State, seat: int) -> int:
        """The board of one seat: bit `c * (rows + 1) + h` for a disc at height h of column c."""
        wide = state.own if state.turn == seat else state.other
        return wide & (1 << self.columns * (self.rows + 1)) - 1

    def observe(self, state: State, seat: int) -> np.ndarray:
        out = np.empty((self.rows, self.columns, 2), np.int8)
        size = self.columns * (self.rows + 1)
        for plane in (0, 1):
            data = np.frombuffer(self.discs(state, seat ^ plane).to_bytes(size // 8 + 1, "little"), np.uint8)
            cells = np.unpackbits(data, count=size, bitorder="little").reshape(self.columns, self.rows + 1)
            out[:, :, plane] = cells[:, self.rows - 1 :: -1].T if self.rows > 1 else cells[:, :1].T
        return out

    def news(self, state: State) -> tuple[Event, ...]:
        return () if state.last < 0 else (Event("drop", {"seat": 1 - state.turn, "column": state.last}),)

    def information(self, state: State, seat: int) -> str:
        return f"{self.discs(state, 0):x}.{self.discs(state, 1):x}"

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """Nothing is random: one outcome."""
        rng = np.random.default_rng(0)
        return ((1.0, self.start(rng) if state is None or actions is None else self.step(state, actions, rng)),)

    def position(self, discs: tuple[int, int], last: int) -> State:
        """The state with these discs of seat 0 and of seat 1, as `discs` gives them, the last of them in column `last`; -1 at the start."""
        tables = make_tables(self.rows, self.columns, self.connect)
        wide = [tables.empty + sum(cell for cell in self._cells if cell & board) for board in discs]
        column = (1 << self.rows) - 1
        counts = [((discs[0] | discs[1]) >> c * (self.rows + 1) & column).bit_count() for c in range(self.columns)]
        turn = sum(counts) % 2
        own, other = wide[turn], wide[1 - turn]
        legal = tuple(c for c, count in enumerate(counts) if count < self.rows)
        if other & tables.full or not legal:
            return State((), (), own, other, -1, turn, last)
        return State((turn,), legal, own, other, sum(count << 4 * c for c, count in enumerate(counts)), turn, last)

    @cached_property
    def _cells(self) -> tuple[int, ...]:
        """What a disc adds to its seat's integer, for each cell; its lowest bit is the cell's bit of the board."""
        tables = make_tables(self.rows, self.columns, self.connect)
        return tuple(cell for _, _, room in tables.columns.values() for cell in room if cell)

    def batch(self, xp: Any = np, device: Any = None) -> Batch[Any]:
        """Array rules on 64-bit boards, on numpy or torch; raises `NotSupported` for boards that do not fit."""
        from .batch import ConnectFourBatch

        return ConnectFourBatch(self, xp, device)

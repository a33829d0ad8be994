"""Connect Four: drop discs into columns; four of one's own in a row, a column or a diagonal win.

A seat's discs are one wide integer in which every line of the board (columns, then rows, then both kinds of diagonal)
is written out on its own, bottom to top or left to right, with an empty bit after each. A disc therefore sets up to
four bits, and "four in a line" is "four set bits side by side" whatever the direction:

    run = discs & discs >> 1;  won = run & run >> 2

The columns come first: the lowest `columns * (rows + 1)` bits are the board itself, bit `c * (rows + 1) + h` for the
cell at height h of column c.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import gymnasium
import numpy as np

from agentarena.core.errors import BadOption
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option
from agentarena.core.legal import Action

from .text import ConnectFourText

if TYPE_CHECKING:
    from .batch import ConnectFourBatch

__all__ = ["ConnectFour", "State", "run_shifts"]

_ASKED = ((0,), (1,))
_NOTHING = (0.0, 0.0)
_WON = ((1.0, -1.0), (-1.0, 1.0))
_new = tuple.__new__  # a third of the time of State(...)


class State(NamedTuple):
    """A position.

    Attributes:
        own: Discs of the seat whose turn it is (or would be, were the match not over), as a wide integer.
        other: Discs of the seat that moved last.
        heights: Discs in each column, 4 bits a column, column 0 lowest.
        legal: Columns that are not full, in increasing order; `()` when the match is over.
        turn: Discs on the board, 0 to rows * columns; seat 0 plays the even turns.
        last: Column of the last disc; -1 at the start.
        asked: The seat to move, as `to_move` says it; `()` when the match is over.
        rewards: What the last step credited.
    """

    own: int
    other: int
    heights: int
    legal: tuple[int, ...]
    turn: int
    last: int
    asked: tuple[int, ...]
    rewards: tuple[float, float]


def run_shifts(length: int) -> tuple[int, ...]:
    """The shifts by which `for s in shifts: x &= x >> s` leaves a bit exactly where `length` set bits stand in a row.

    >>> run_shifts(4), run_shifts(5)
    ((1, 2), (1, 2, 1))
    """
    shifts, have = [], 1
    while have < length:
        shifts.append(min(have, length - have))
        have += shifts[-1]
    return tuple(shifts)


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
        if self.connect > max(self.rows, self.columns):
            raise BadOption(f"ConnectFour: connect is {self.connect}, but the longest line of a {self.rows} x {self.columns} board is shorter")

    @cached_property
    def info(self) -> GameInfo:
        kind = "zero" if self.draw == 0 else "general"
        return GameInfo(seats=2, low=-1.0, high=1.0, unit="win", sum=kind, max_steps=self.rows * self.columns)

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
        return State(0, 0, 0, tuple(range(self.columns)), 0, -1, _ASKED[0], _NOTHING)

    @cached_property
    def bits(self) -> tuple[int, ...]:
        """The wide integer of one disc, by `16 * column + height`."""
        table, bit = [0] * (16 * self.columns), 0
        for line in self._lines():
            for column, height in line:
                table[16 * column + height] |= 1 << bit
                bit += 1
            bit += 1
        return tuple(table)

    def _lines(self) -> Iterator[list[tuple[int, int]]]:
        """Every column; then every other line in which `connect` discs have room. Cells are (column, height)."""
        rows, columns = range(self.rows), range(self.columns)
        yield from ([(c, h) for h in rows] for c in columns)
        others = [[(c, h) for c in columns] for h in rows]
        others += [[(c, c + d) for c in columns if c + d in rows] for d in range(-self.columns, self.rows)]
        others += [[(c, d - c) for c in columns if d - c in rows] for d in range(self.rows + self.columns)]
        yield from (line for line in others if len(line) >= self.connect)

    @cached_property
    def _tables(self) -> tuple[tuple[int, ...], tuple[int, ...], int, int]:
        return self.bits, run_shifts(self.connect), 2 * self.connect - 1, self.rows

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
        own, other, heights, legal, turn, _, _, _ = state
        column = actions.get(turn & 1) if len(actions) == 1 else None
        if column.__class__ is not int or column not in legal:
            self.check(state, actions)
            column = int(actions[turn & 1])
        bits, shifts, fastest, rows = self._tables
        height = heights >> 4 * column & 15
        own |= bits[16 * column + height]
        heights += 1 << 4 * column
        turn += 1
        if turn >= fastest:
            run = own
            for shift in shifts:
                run &= run >> shift
            if run:
                return _new(State, (other, own, heights, (), turn, column, (), _WON[turn + 1 & 1]))
        if height + 1 == rows:
            legal = tuple(c for c in legal if c != column)
            if not legal:
                return _new(State, (other, own, heights, (), turn, column, (), (self.draw, self.draw)))
        return _new(State, (other, own, heights, legal, turn, column, _ASKED[turn & 1], _NOTHING))

    def rewards(self, state: State) -> tuple[float, float]:
        return state.rewards

    def discs(self, state: State, seat: int) -> int:
        """The board of one seat: bit `c * (rows + 1) + h` for a disc at height h of column c."""
        wide = state.own if state.turn & 1 == seat else state.other
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
        return () if state.last < 0 else (Event("drop", {"seat": 1 - (state.turn & 1), "column": state.last}),)

    def information(self, state: State, seat: int) -> str:
        return f"{self.discs(state, 0):x}.{self.discs(state, 1):x}"

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """Nothing is random: one outcome."""
        rng = np.random.default_rng(0)
        return ((1.0, self.start(rng) if state is None or actions is None else self.step(state, actions, rng)),)

    def batch(self) -> ConnectFourBatch:
        """Array rules on 64-bit boards; raises `NotSupported` for boards that do not fit."""
        from .batch import ConnectFourBatch

        return ConnectFourBatch(self)

"""Connect Four on integers: the fast twin of the plain rules, put before them by the class decorator `on_bitboards`.

A seat's discs are one wide integer. Its lowest `columns * (rows + 1)` bits are the board, bit `c * (rows + 1) + h` for
the cell at height h of column c. Above them stands one small counter for each line of four cells, which counts the
seat's discs in it. To place a disc is therefore to add a constant of its cell, and a counter that has reached four
shows as a set bit of one fixed mask: a move costs one addition and one test, whatever the direction of the line.

A test plays both and compares them at every step.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, ClassVar, NamedTuple, TypeVar, cast

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.game import Game

__all__ = ["Position", "Tables", "make_tables", "on_bitboards"]

G = TypeVar("G", bound=Game[Any])

_SEATS = ((0,), (1,))
_new = tuple.__new__  # a third of the time of Position(...)


class Tables:
    """The constants of a board.

    Attributes:
        columns: By column: where its 4 bits of `heights` begin, 1 in that place, and the constant to add for a disc at
            each height 0 to 15, 0 where there is no room.
        full: The bits of the counters that are set when a line is full.
        top: Height of the highest cell.
        empty: Discs of a seat at the start: no board, counters at their start.
        cells: The bits of the board.
        column: The bits of the cells of column 0.
        firsts: By column: the bit of its lowest cell.
        stacks: By the bits of X in a column of h discs, bit h set above them: the column as text, top first.
    """

    __slots__ = ("cells", "column", "columns", "empty", "firsts", "full", "options", "stacks", "top")

    def __init__(self, rows: int, columns: int, connect: int) -> None:
        cells = {(c, h): 1 << c * (rows + 1) + h for c in range(columns) for h in range(rows)}
        width = (connect - 1).bit_length() + 1  # bits of a counter, which starts at 2**(width - 1) - connect
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
        self.options = (rows, columns, connect)
        self.columns: Mapping[int, tuple[int, int, tuple[int, ...]]] = {c: (4 * c, 1 << 4 * c, room[c]) for c in range(columns)}
        self.full, self.top, self.empty = full, rows - 1, empty
        self.cells, self.column = (1 << columns * (rows + 1)) - 1, (1 << rows) - 1
        self.firsts = range(0, columns * (rows + 1), rows + 1)
        self.stacks = tuple(_column_text(bits, rows) for bits in range(2 << rows))

    def __reduce__(self) -> tuple[object, ...]:
        return make_tables, self.options


def _column_text(bits: int, rows: int) -> str:
    discs = "".join("OX"[int(bit)] for bit in f"{bits:b}"[1:])
    return "." * (rows - len(discs)) + discs


@cache
def make_tables(rows: int, columns: int, connect: int) -> Tables:
    """The constants of a board, made once."""
    return Tables(rows, columns, connect)


class Position(NamedTuple):
    """A position; it has the `board` and the `last` of the plain state.

    Attributes:
        seats: The seat to move, as `to_move` says it; `()` when the match is over.
        legal: Columns that are not full, in increasing order; `()` when the match is over.
        own: Discs of the seat whose turn it is (or would be, were the match not over): board and counters.
        other: Discs of the seat that moved last.
        heights: Discs in each column, 4 bits a column, column 0 lowest; -1 when the match is over.
        turn: The seat whose turn it is, or would be: 0 or 1.
        last: Column of the last disc; -1 at the start.
        tables: The constants of the board.
    """

    seats: tuple[int, ...]
    legal: tuple[int, ...]
    own: int
    other: int
    heights: int
    turn: int
    last: int
    tables: Tables

    @property
    def board(self) -> tuple[str, ...]:
        """One string a row, the top row first."""
        _, _, own, other, _, turn, _, tables = self
        cells, column, stacks = tables.cells, tables.column, tables.stacks
        x, occupied = (other if turn else own) & cells, (own | other) & cells
        text = "".join([stacks[(occupied >> first & column) + 1 | x >> first & column] for first in tables.firsts])
        rows = tables.top + 1
        return tuple([text[row::rows] for row in range(rows)])


def on_bitboards(rules: type[G]) -> type[G]:
    """Class decorator of Connect Four's plain rules: the same game with `Position` as its state.

    Plain states may be passed as well. `cls.plain` is the class as it was written.
    """
    body = {"__doc__": rules.__doc__, "__module__": rules.__module__, "__qualname__": rules.__qualname__, "plain": rules}
    return cast("type[G]", type(rules.__name__, (_Bitboards, rules), body))


class _Bitboards(Game[Any]):
    """The methods that `on_bitboards` puts before those of the plain rules."""

    plain: ClassVar[type[Game[Any]]]
    rows: int
    columns: int
    connect: int
    draw: float

    @cached_property
    def _start(self) -> Position:
        return self.position((0, 0), -1)

    def start(self, rng: np.random.Generator) -> Position:
        return self._start

    def to_move(self, state: Any) -> tuple[int, ...]:
        try:
            return state.seats
        except AttributeError:
            return self._convert(state).seats

    def legal(self, state: Any, seat: int) -> tuple[int, ...]:
        try:
            return state.legal
        except AttributeError:
            return self._convert(state).legal

    def step(self, state: Any, actions: Mapping[int, Action], rng: np.random.Generator) -> Position:
        try:
            _, legal, own, other, heights, turn, _, tables = state
            column = actions[turn]
            place, one, discs = tables.columns[column]
            height = heights >> place & 15
            disc = discs[height]
        except (KeyError, TypeError):
            disc = 0
        if not disc or column.__class__ is not int or len(actions) != 1:
            return self._checked_step(self._convert(state), actions, rng)
        own += disc
        if own & tables.full:
            return _new(Position, ((), (), other, own, -1, 1 - turn, column, tables))
        if height == tables.top:
            legal = tuple([c for c in legal if c != column])
            if not legal:
                return _new(Position, ((), (), other, own, -1, 1 - turn, column, tables))
        turn = 1 - turn
        return _new(Position, (_SEATS[turn], legal, other, own, heights + one, turn, column, tables))

    def _checked_step(self, state: Position, actions: Mapping[int, Action], rng: np.random.Generator) -> Position:
        """A step that is not plainly in order: an error, an action that is an integer of another type, a plain state."""
        self.check(state, actions)
        return self.step(state, {seat: int(column) for seat, column in actions.items()}, rng)

    def _turn(self, state: Any) -> int:
        return self._convert(state).turn

    def rewards(self, state: Any) -> tuple[float, float]:
        position = self._convert(state)
        if position.seats:
            return (0.0, 0.0)
        if position.other & position.tables.full:
            return (1.0, -1.0) if position.turn else (-1.0, 1.0)
        return (self.draw, self.draw)

    def position(self, discs: tuple[int, int], last: int) -> Position:
        """The state with these discs of seat 0 and of seat 1, bit `c * (rows + 1) + h` for height h of column c."""
        tables = make_tables(self.rows, self.columns, self.connect)
        heights = [((discs[0] | discs[1]) >> c * (self.rows + 1) & (1 << self.rows) - 1).bit_count() for c in range(self.columns)]
        turn = sum(heights) % 2
        own, other = (tables.empty + self._sum_of_cells(bits) for bits in (discs[turn], discs[1 - turn]))
        legal = tuple(c for c, height in enumerate(heights) if height < self.rows)
        if other & tables.full or not legal:
            return Position((), (), own, other, -1, turn, last, tables)
        return Position((turn,), legal, own, other, sum(height << 4 * c for c, height in enumerate(heights)), turn, last, tables)

    def _sum_of_cells(self, bits: int) -> int:
        cells = (cell for _, _, room in make_tables(self.rows, self.columns, self.connect).columns.values() for cell in room)
        return sum(cell for cell in cells if cell & bits)

    def _convert(self, state: Any) -> Position:
        """A state of the plain rules as a position; a position as it is."""
        if state.__class__ is Position:
            return state
        high, rows = self.rows + 1, state.board[::-1]
        cells = [(rows[h][c], 1 << c * high + h) for c in range(self.columns) for h in range(self.rows)]
        x, o = (sum(bit for disc, bit in cells if disc == mark) for mark in "XO")
        return self.position((x, o), state.last)

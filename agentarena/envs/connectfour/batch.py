"""Connect Four on arrays: B boards of 64 bits stepped at once, on numpy or torch.

Bit `c * (rows + 1) + h` is the cell at height h of column c; the bit above each column stays empty, so that lines
cannot run from one column into the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from agentarena.core.batch import Batch
from agentarena.core.errors import NotSupported
from agentarena.core.namespace import Arrays

__all__ = ["Boards", "ConnectFourBatch", "Rules", "run_shifts"]

_GOING, _WON, _DRAWN, _PAST = range(4)


class Rules(Protocol):
    """What array rules need of the game: its options, and how it writes a position."""

    @property
    def rows(self) -> int: ...

    @property
    def columns(self) -> int: ...

    @property
    def connect(self) -> int: ...

    @property
    def draw(self) -> float: ...

    def position(self, discs: tuple[int, int], last: int) -> Any:
        """The state with these discs of seat 0 and seat 1, bits as above, the last of them in column `last`, -1 at the start."""
        ...


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


@dataclass(frozen=True, slots=True)
class Boards:
    """B matches.

    Attributes:
        own: Discs of the seat whose turn it is, or would be. Shape (B,), int64.
        other: Discs of the seat that moved last. Shape (B,), int64.
        turn: Discs on the board. Shape (B,), int16.
        last: Column of the last disc, -1 at the start. Shape (B,), int8.
        status: 0 under way, 1 just won by the last mover, 2 just drawn, 3 finished earlier. Shape (B,), int8.
    """

    own: Any
    other: Any
    turn: Any
    last: Any
    status: Any


class ConnectFourBatch(Batch[Boards]):
    """Array rules of one configuration."""

    def __init__(self, game: Rules, xp: Any = np, device: Any = None) -> None:
        high = game.rows + 1
        if high * game.columns > 64:
            raise NotSupported(f"array rules need (rows + 1) * columns <= 64; this board has {high * game.columns}. Use the scalar rules")
        self.game = game
        self.arrays = arrays = Arrays(xp, device)
        starts = [1 << high * column for column in range(game.columns)]
        self._bottom = arrays.asarray(starts, xp.int64)
        self._column = arrays.asarray([((1 << game.rows) - 1) * bit for bit in starts], xp.int64)
        self._top = arrays.asarray([bit << game.rows - 1 for bit in starts], xp.int64)[:, None]
        # by status and whose turn it would be
        draw = [game.draw] * 2
        self._rewards = arrays.asarray([[0, 0], [0, 0], [-1, 1], [1, -1], draw, draw, [0, 0], [0, 0]], xp.float64)
        # distance between neighbours along columns, rows and the two diagonals, times the shifts that find a run
        self._shifts = [[step * shift for shift in run_shifts(game.connect)] for step in (1, high, high - 1, high + 1)]
        rows = np.arange(game.rows)[::-1, None]
        self._cells = arrays.asarray(1 << (np.arange(game.columns)[None, :] * high + rows), xp.int64)[:, :, None, None]

    def start(self, size: int, rng: np.random.Generator) -> Boards:
        full, xp = self.arrays.full, self.arrays.xp
        empty = full(size, 0, xp.int64)
        return Boards(empty, empty, full(size, 0, xp.int16), full(size, -1, xp.int8), full(size, _GOING, xp.int8))

    def over(self, state: Boards) -> Any:
        return state.status != _GOING

    def to_move(self, state: Boards) -> Any:
        return self.arrays.xp.where(state.status == _GOING, state.turn & 1, -1)

    def legal(self, state: Boards) -> Any:
        free = ((state.own | state.other) & self._top) == 0  # (columns, B): long rows are quick
        return (free & (state.status == _GOING)).view(self.arrays.xp.int8).T

    def step(self, state: Boards, actions: Any, rng: np.random.Generator) -> Boards:
        arrays, where, int8 = self.arrays, self.arrays.xp.where, self.arrays.xp.int8
        going = state.status == _GOING
        columns = where(going, arrays.cast(actions, int8), 0)
        moved = state.own | (((state.own | state.other) + arrays.take(self._bottom, columns)) & arrays.take(self._column, columns))
        turn = state.turn + 1
        won = self._won(moved)
        drawn = (turn == self.game.rows * self.game.columns) & ~won
        status = _WON * won.view(int8) + _DRAWN * drawn.view(int8)
        return Boards(
            where(going, state.other, state.own),
            where(going, moved, state.other),
            where(going, turn, state.turn),
            where(going, columns, state.last),
            where(going, status, _PAST),
        )

    def _won(self, discs: Any) -> Any:
        lines = 0
        for shifts in self._shifts:
            run = discs
            for shift in shifts:
                run = run & (run >> shift)
            lines = run | lines
        return lines != 0

    def rewards(self, state: Boards) -> Any:
        """+1 to the last mover and -1 to the other where just won, the draw's value where just drawn, else 0. Shape (B, 2)."""
        return self.arrays.take(self._rewards, 2 * state.status + (state.turn & 1))

    def observe(self, state: Boards, seats: Any) -> Any:
        xp = self.arrays.xp
        mine = (state.turn & 1) == seats
        planes = xp.stack([xp.where(mine, state.own, state.other), xp.where(mine, state.other, state.own)], 0)
        cells = (planes[None, None] & self._cells) != 0  # (rows, columns, 2, B): long rows are quick
        return xp.moveaxis(cells.view(xp.int8), -1, 0)

    def unbatch(self, state: Boards, index: int) -> Any:
        """The scalar state; one that finished earlier comes back as it finished."""
        own, other = int(state.own[index]), int(state.other[index])
        discs = (other, own) if int(state.turn[index]) & 1 else (own, other)
        return self.game.position(discs, int(state.last[index]))

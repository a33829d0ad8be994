"""Connect Four on arrays: B boards of 64 bits stepped at once.

Bit `c * (rows + 1) + h` is the cell at height h of column c; the bit above each column stays empty, so that lines
cannot run from one column into the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.core.batch import Batch
from agentarena.core.errors import NotSupported

__all__ = ["Boards", "ConnectFourBatch", "run_shifts"]

_GOING, _WON, _DRAWN, _PAST = range(4)


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
        own: Discs of the seat whose turn it is, or would be. Shape (B,), uint64.
        other: Discs of the seat that moved last. Shape (B,), uint64.
        turn: Discs on the board. Shape (B,), int16.
        last: Column of the last disc, -1 at the start. Shape (B,), int8.
        status: 0 under way, 1 just won by the last mover, 2 just drawn, 3 finished earlier. Shape (B,), int8.
    """

    own: np.ndarray
    other: np.ndarray
    turn: np.ndarray
    last: np.ndarray
    status: np.ndarray


class ConnectFourBatch(Batch[Boards]):
    """Array rules of one configuration."""

    def __init__(self, game: Any) -> None:
        high = game.rows + 1
        if high * game.columns > 64:
            raise NotSupported(f"array rules need (rows + 1) * columns <= 64; this board has {high * game.columns}. Use the scalar rules")
        starts = [1 << high * column for column in range(game.columns)]
        self.game = game
        self._bottom = np.array(starts, np.uint64)
        self._column = np.array([((1 << game.rows) - 1) * bit for bit in starts], np.uint64)
        self._top = np.array([bit << game.rows - 1 for bit in starts], np.uint64)[:, None]
        # by status and whose turn it would be
        self._rewards = np.array([[0, 0], [0, 0], [-1, 1], [1, -1], [game.draw] * 2, [game.draw] * 2, [0, 0], [0, 0]], np.float64)
        # distance between neighbours along columns, rows and the two diagonals, times the shifts that find a run
        self._shifts = [[np.uint64(step * shift) for shift in run_shifts(game.connect)] for step in (1, high, high - 1, high + 1)]
        rows = np.arange(game.rows)[::-1, None]
        self._cells = (np.arange(game.columns)[None, :] * high + rows).astype(np.uint64)

    def start(self, size: int, rng: np.random.Generator) -> Boards:
        empty = np.zeros(size, np.uint64)
        return Boards(empty, empty, np.zeros(size, np.int16), np.full(size, -1, np.int8), np.zeros(size, np.int8))

    def over(self, state: Boards) -> np.ndarray:
        return state.status != _GOING

    def to_move(self, state: Boards) -> np.ndarray:
        return np.where(state.status == _GOING, state.turn & 1, -1)

    def legal(self, state: Boards) -> np.ndarray:
        free = ((state.own | state.other) & self._top) == 0  # (columns, B): long rows are quick
        return (free & (state.status == _GOING)).view(np.int8).T

    def step(self, state: Boards, actions: np.ndarray, rng: np.random.Generator) -> Boards:
        going = state.status == _GOING
        columns = np.where(going, actions, 0)
        moved = state.own | (((state.own | state.other) + self._bottom.take(columns)) & self._column.take(columns))
        turn = state.turn + 1
        won = self._won(moved)
        drawn = (turn == self.game.rows * self.game.columns) & ~won
        status = _WON * won.view(np.int8) + _DRAWN * drawn.view(np.int8)
        return Boards(
            np.where(going, state.other, state.own),
            np.where(going, moved, state.other),
            np.where(going, turn, state.turn),
            np.where(going, columns, state.last).astype(np.int8),
            np.where(going, status, np.int8(_PAST)),
        )

    def _won(self, discs: np.ndarray) -> np.ndarray:
        found = np.zeros_like(discs)
        for shifts in self._shifts:
            run = discs
            for shift in shifts:
                run = run & (run >> shift)
            found |= run
        return found != 0

    def rewards(self, state: Boards) -> np.ndarray:
        """+1 to the last mover and -1 to the other where just won, the draw's value where just drawn, else 0. Shape (B, 2)."""
        return self._rewards.take(2 * state.status + (state.turn & 1), axis=0)

    def observe(self, state: Boards, seats: np.ndarray | int) -> np.ndarray:
        mine = (state.turn & 1) == seats
        planes = np.stack([np.where(mine, state.own, state.other), np.where(mine, state.other, state.own)], axis=1)
        return ((planes[:, None, None, :] >> self._cells[None, :, :, None]) & np.uint64(1)).astype(np.int8)

    def replace(self, state: Boards, where: np.ndarray, fresh: Boards) -> Boards:
        columns = {}
        for name in ("own", "other", "turn", "last", "status"):
            columns[name] = getattr(state, name).copy()
            columns[name][where] = getattr(fresh, name)
        return Boards(**columns)

    def unbatch(self, state: Boards, index: int) -> Any:
        """The scalar state; one that finished earlier comes back as it finished."""
        own, other = int(state.own[index]), int(state.other[index])
        discs = (other, own) if int(state.turn[index]) & 1 else (own, other)
        return self.game.position(discs, int(state.last[index]))

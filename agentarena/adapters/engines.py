"""What `make_vec` runs on: array rules where the game has them, else one `Table` per match.

Axis letters: E matches, S seats, A actions. An engine plays for the seats that are not "own"; in self-play all are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.vector.utils import concatenate, create_empty_array

from agentarena.agents.arrays import PolicyTable
from agentarena.core.actions import Action
from agentarena.core.batch import Batch, BatchPolicy, Bounds, map_leaves
from agentarena.core.batch_match import BatchMatch
from agentarena.core.errors import UsageError

from .layout import Layout
from .table import Opponents, SkippedMatches, Table, fresh_seed

__all__ = ["ArrayEngine", "Engine", "TableEngine"]


class Engine(ABC):
    """E matches of one game.

    Attributes:
        to_move: Which seats are to move. Shape (E, S), bool; all False where a match has ended.
        observer: The seat that each match is shown to: the own seat, or in self-play the seat to move. Shape (E,), int.
        rewards: What `step` credited. Shape (E, S), float64.
        returns: Sum of the rewards of the match so far. Shape (E, S), float64.
        terminated: Matches that are decided. Shape (E,), bool.
        truncated: Matches that were cut short. Shape (E,), bool.
        forfeits: Seats that played illegally. Shape (E, S), bool.
    """

    def __init__(self, layout: Layout, size: int, own: Callable[[int], np.ndarray] | None, limit: int) -> None:
        self.layout, self.size, self.own, self.limit = layout, size, own, limit
        seats = layout.game.info.seats
        self.joint = own is None and layout.game.info.simultaneous
        self.to_move = np.zeros((size, seats), bool)
        self.observer = np.zeros(size, np.intp)
        self.rewards = np.zeros((size, seats))
        self.returns = np.zeros((size, seats))
        self.terminated = np.zeros(size, bool)
        self.truncated = np.zeros(size, bool)
        self.forfeits = np.zeros((size, seats), bool)

    @abstractmethod
    def begin(self, where: np.ndarray, rng: np.random.Generator) -> None:
        """New matches where `where`, shape (E,) bool, played up to the first decision of an own seat. Leaves `rewards` alone."""

    @abstractmethod
    def step(self, actions: Any, live: np.ndarray) -> None:
        """The own seats act in the matches of `live`, shape (E,) bool; the others credit nothing."""

    @abstractmethod
    def observe(self) -> Any:
        """The batched observation of `observer`, or of all seats in joint self-play."""

    def details(self) -> dict[str, np.ndarray]:
        """What `Layout.info` says of each match beside its mask, by name: arrays of shape (E,); nothing of games that say no more."""
        return {}

    @abstractmethod
    def rows(self, rows: Sequence[int]) -> list[Any]:
        """The observations of some matches, not batched."""

    @abstractmethod
    def state(self, row: int) -> Any:
        """The state of one match by the scalar rules."""

    def close(self) -> None:  # noqa: B027  # most engines hold nothing open
        """Let go of what is held open."""


class TableEngine(Engine):
    """Any game: one table a match; all questions for one agent are asked at once."""

    def __init__(
        self,
        layout: Layout,
        size: int,
        own: Callable[[int], np.ndarray] | None,
        limit: int,
        opponents: Opponents,
        spaces: tuple[Space[Any], Space[Any]],
    ) -> None:
        super().__init__(layout, size, own, limit)
        self._opponents = opponents
        self._single, self._seat_space = spaces
        self.tables: list[Table | None] = [None] * size

    def begin(self, where: np.ndarray, rng: np.random.Generator) -> None:
        game = self.layout.game
        missing = [int(row) for row in np.flatnonzero(where)]
        skipped = {row: SkippedMatches(game) for row in missing}
        while missing:  # matches that end before an own seat is to move are skipped
            for row in missing:
                own = tuple(range(game.info.seats)) if self.own is None else (int(self.own(1)[0]),)
                self._release(row)
                self.tables[row] = Table(game, fresh_seed(rng), 0, own, self.limit)
            fresh = [table for row in missing if (table := self.tables[row]) is not None]
            self._opponents.advance(fresh)
            ended = [(row, table) for row, table in zip(missing, fresh, strict=True) if not table.to_move]
            for row, table in ended:
                skipped[row].add(table)
            missing = [row for row, _ in ended]
        for row in np.flatnonzero(where).tolist():
            self._refresh(row)

    def step(self, actions: Any, live: np.ndarray) -> None:
        self.rewards = np.zeros_like(self.rewards)
        rows = [int(row) for row in np.flatnonzero(live)]
        chosen = list(actions)
        for row in rows:
            table = self._table(row)
            table.submit(self.layout, self._by_seat(table, chosen[row]))
        self._opponents.advance([self._table(row) for row in rows])
        for row in rows:
            self.rewards[row] = self._table(row).collect()
            self._refresh(row)

    def _by_seat(self, table: Table, action: Any) -> dict[int, Action]:
        if self.joint:
            return {seat: action[seat] for seat in table.to_move}
        return {table.own[0] if self.own is not None else table.to_move[0]: action}

    def _table(self, row: int) -> Table:
        table = self.tables[row]
        assert table is not None
        return table

    def _refresh(self, row: int) -> None:
        table = self._table(row)
        pending = table.to_move
        self.to_move[row] = False
        self.to_move[row, list(pending)] = True
        if self.own is not None:
            self.observer[row] = table.own[0]
        elif pending:
            self.observer[row] = pending[0]
        self.returns[row] = table.returns
        self.forfeits[row] = [seat in table.forfeits for seat in range(self.to_move.shape[1])]
        self.truncated[row] = table.episode.truncated
        self.terminated[row] = not pending and not table.episode.truncated

    def observe(self) -> Any:
        return concatenate(self._single, self.rows(range(self.size)), create_empty_array(self._single, self.size))

    def details(self) -> dict[str, np.ndarray]:
        layout = self.layout
        if self.joint or not (layout.has_diagnostics or layout.speaks):
            return {}
        infos = [layout.info(int(self.observer[row]), None, self._table(row).match) for row in range(self.size)]
        details: dict[str, np.ndarray] = {}
        for name in infos[0]:
            details[name] = np.empty(self.size, object)
            for row, info in enumerate(infos):  # one by one: an array must not take a list for an axis
                details[name][row] = info.get(name)
        return details

    def rows(self, rows: Sequence[int]) -> list[Any]:
        return [self._row(row) for row in rows]

    def state(self, row: int) -> Any:
        return self._table(row).episode.state

    def _row(self, row: int) -> Any:
        if not self.joint:
            return self._observation(row, int(self.observer[row]))
        seats = [self._observation(row, seat) for seat in range(self.to_move.shape[1])]
        return concatenate(self._seat_space, seats, create_empty_array(self._seat_space, len(seats)))

    def _observation(self, row: int, seat: int) -> Any:
        episode = self._table(row).episode
        mask = self.layout.mask(self._table(row).match, seat) if self.to_move[row, seat] else self.layout.no_mask(seat)
        return self.layout.observe(episode, seat, mask)

    def _release(self, row: int) -> None:
        table = self.tables[row]
        if table is not None:
            table.close()

    def close(self) -> None:
        for row in range(self.size):
            self._release(row)
        self._opponents.close()


class ArrayEngine(Engine):
    """Games with array rules, all matches in one step; policies play the seats that are not own.

    Args:
        layout: The game under the vector view.
        size: E.
        own: The own seats of so many fresh matches; `None` in self-play.
        limit: Steps after which a match is truncated.
        batch: The array rules, on numpy.
        opponents: One policy for each other seat, in the order of the seats.
    """

    def __init__(
        self,
        layout: Layout,
        size: int,
        own: Callable[[int], np.ndarray] | None,
        limit: int,
        batch: Batch[Any],
        opponents: Sequence[BatchPolicy] = (),
    ) -> None:
        super().__init__(layout, size, own, limit)
        self.match = BatchMatch(layout.game, batch, size, limit)
        self._policies = list({id(policy): policy for policy in opponents}.values())
        self._opponents = np.array([next(i for i, p in enumerate(self._policies) if p is policy) for policy in opponents], np.intp)
        self._holder = np.full(self.to_move.shape, -1)  # which policy holds which seat; -1 for the own one
        self._parts = layout.shapes[0] if all(layout.parts) else None  # of actions of several ints, how many there are of each
        self._carried = np.zeros_like(self.rewards)  # credited before an own seat's first decision, paid with it
        self._rows = np.arange(size)
        self._rng: np.random.Generator | None = None

    def begin(self, where: np.ndarray, rng: np.random.Generator) -> None:
        if self._rng is not rng:
            self._rng = rng
            self._table = PolicyTable(self.match, self._policies, [rng] * len(self._policies))
        match, missing = self.match, where.copy()
        while missing.any():  # matches that end before an own seat is to move are skipped
            match.begin(missing, rng)
            if self.own is not None:
                rows = np.flatnonzero(missing)
                self.observer[rows] = own = self.own(len(rows))
                self._hold(rows, own)
                self._carried[rows] = match.rewards[rows]
                self._advance(missing, self._carried)
            missing &= match.ended
        self._refresh()

    def _hold(self, rows: np.ndarray, own: np.ndarray) -> None:
        """The opponents sit around the own seats of fresh matches."""
        seats = np.arange(self.to_move.shape[1])
        number = seats - (seats > own[:, None])
        self._holder[rows] = np.where(seats == own[:, None], -1, self._opponents[np.minimum(number, len(self._opponents) - 1)])

    def step(self, actions: Any, live: np.ndarray) -> None:
        assert self._rng is not None
        self.match.step(self._moves(actions, live), live, self._rng)
        if self.own is None:
            self.rewards = self.match.rewards
        else:
            self.rewards = np.where(live[:, None], self._carried, 0.0) + self.match.rewards
            self._carried[live] = 0.0
            self._advance(live, self.rewards)
        self._refresh()

    def _moves(self, actions: Any, live: np.ndarray) -> np.ndarray:
        """What `Batch.step` takes: the own seats' actions beside those of their opponents in a round."""
        match = self.match
        own = self._own_moves(actions)
        if self.joint or not match.simultaneous:
            return own
        moves: np.ndarray = self._table.choose(np.where(live[:, None], self._holder, -1))
        if own.ndim == 2:
            moves[self._rows, self.observer, : own.shape[1]] = own
        else:
            moves[self._rows, self.observer] = own
        return moves

    def _own_moves(self, actions: Any) -> np.ndarray:
        """Actions of the own seats as integers, (E,) or (E, S), or as numbers, (E, N) or (E, S, N)."""
        if not isinstance(self.match.legal, Bounds):
            return np.asarray(actions) if self._parts is None else self._joined(actions, self._parts)
        batch, width = self.match.batch, self.match.legal.low.shape[-1]
        if not self.joint:
            return self._sized(batch.numbers(int(self.observer[0]), actions))
        moves = np.zeros((self.size, self.to_move.shape[1], width))
        for seat, part in enumerate(actions):
            numbers = self._sized(batch.numbers(seat, part))
            moves[:, seat, : numbers.shape[1]] = numbers
        return moves

    def _joined(self, actions: Any, sizes: tuple[int, ...]) -> np.ndarray:
        """Actions of several ints as the one number that the array rules have for each combination; -1 for what is none."""
        parts = np.stack([np.asarray(seat) for seat in actions], 1) if self.joint else np.asarray(actions)
        expected = (self.size, *self.to_move.shape[1:], len(sizes)) if self.joint else (self.size, len(sizes))
        if parts.shape != expected or parts.dtype.kind not in "iu":
            raise UsageError(f"actions have shape {parts.shape} and dtype {parts.dtype}; expected {expected} and whole numbers")
        inside = np.all((parts >= 0) & (parts < np.array(sizes)), axis=-1)
        numbers = np.ravel_multi_index(tuple(np.moveaxis(np.where(inside[..., None], parts, 0), -1, 0)), sizes)
        return np.where(inside, numbers, -1)

    def _sized(self, numbers: np.ndarray) -> np.ndarray:
        width = self.match.legal.low.shape[-1]
        if len(numbers) != self.size or numbers.shape[1] > width:
            raise UsageError(f"actions are numbers of shape {numbers.shape}; expected ({self.size}, at most {width})")
        return numbers

    def _advance(self, where: np.ndarray, gained: np.ndarray) -> None:
        """Opponents play on in the matches of `where` until the own seat is to move; adds what that credits to `gained`, (E, S)."""
        assert self._rng is not None
        match = self.match
        while True:
            waiting = where & ~match.ended & ~match.to_move[self._rows, self.observer]
            if not waiting.any():
                return
            match.step(self._table.choose(np.where(waiting[:, None], self._holder, -1)), waiting, self._rng)
            gained += match.rewards

    def _refresh(self) -> None:
        match = self.match
        self.to_move, self.returns, self.forfeits = match.to_move, match.returns, match.forfeits
        self.terminated, self.truncated = match.terminated, match.truncated
        if self.own is None and not match.simultaneous:
            self.observer = np.where(match.mover < 0, self.observer, match.mover)

    def observe(self) -> Any:
        match = self.match
        observation = match.batch.observe_all(match.state) if self.joint else match.batch.observe(match.state, self.observer)
        if isinstance(match.legal, Bounds):
            return observation
        if self.joint:
            mask, moving = match.legal, self.to_move
        else:
            mask = match.legal[self._rows, self.observer] if match.simultaneous else match.legal
            moving = self.to_move[self._rows, self.observer]
        if not moving.all():
            mask = np.where(moving[..., None], mask, 0)
        mask = mask.astype(np.int8, copy=True)
        if self._parts is None:
            return {"observation": observation, "action_mask": mask}
        joint, axes = mask.reshape(*mask.shape[:-1], *self._parts), range(-len(self._parts), 0)
        marginals = [joint.max(axis=tuple(other for other in axes if other != axis)) for axis in axes]
        return {"observation": observation, "action_mask": np.concatenate(marginals, -1), "joint_mask": joint}

    def rows(self, rows: Sequence[int]) -> list[Any]:
        everything = self.observe()
        return [map_leaves(partial(_row_of, row), everything) for row in rows]

    def state(self, row: int) -> Any:
        return self.match.batch.unbatch(self.match.state, row)


def _row_of(row: int, part: np.ndarray) -> np.ndarray:
    return np.asarray(part[row].copy())

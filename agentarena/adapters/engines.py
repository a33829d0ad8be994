"""What `make_vec` runs on: array rules where the game has them, else one `Table` per match.

Axis letters: E matches, S seats, A actions. An engine plays for the seats that are not "own"; in self-play all are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.vector.utils import concatenate, create_empty_array

from agentarena.core.actions import Action
from agentarena.core.batch import Batch

from .layout import Layout
from .table import Opponents, Table, fresh_seed

__all__ = ["ArrayEngine", "Engine", "TableEngine"]


class Engine(ABC):
    """E matches of one game.

    Attributes:
        asked: Which seats are asked now. Shape (E, S), bool; all False where a match is over.
        eyes: The seat that each match is shown to: the own seat, or in self-play the seat to move. Shape (E,), int.
        rewards: What `step` credited. Shape (E, S), float64.
        returns: Sum of the rewards of the match so far. Shape (E, S), float64.
        over: Matches that are decided. Shape (E,), bool.
        cut: Matches that were truncated. Shape (E,), bool.
        forfeits: Seats that played illegally. Shape (E, S), bool.
    """

    def __init__(self, layout: Layout, size: int, own: Callable[[], int] | None, limit: int) -> None:
        self.layout, self.size, self.own, self.limit = layout, size, own, limit
        seats = layout.game.info.seats
        self.joint = own is None and layout.game.info.simultaneous
        self.asked = np.zeros((size, seats), bool)
        self.eyes = np.zeros(size, np.intp)
        self.rewards = np.zeros((size, seats))
        self.returns = np.zeros((size, seats))
        self.over = np.zeros(size, bool)
        self.cut = np.zeros(size, bool)
        self.forfeits = np.zeros((size, seats), bool)

    @abstractmethod
    def begin(self, where: np.ndarray, rng: np.random.Generator) -> None:
        """New matches where `where`, shape (E,) bool, played up to the first decision of an own seat. Keeps `rewards`."""

    @abstractmethod
    def step(self, actions: Any, live: np.ndarray) -> None:
        """The own seats act in the matches of `live`, shape (E,) bool; the others credit nothing."""

    @abstractmethod
    def observe(self) -> Any:
        """The batched observation of `eyes`, or of all seats in joint self-play."""

    @abstractmethod
    def rows(self, rows: Sequence[int]) -> list[Any]:
        """The observations of some matches, not batched."""

    def close(self) -> None:  # noqa: B027  # most engines hold nothing open
        """Let go of what is held open."""


class TableEngine(Engine):
    """Any game: a list of tables; all questions for one agent are asked at once."""

    def __init__(
        self,
        layout: Layout,
        size: int,
        own: Callable[[], int] | None,
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
        while missing:  # matches that end before an own seat is asked are passed over
            for row in missing:
                own = tuple(range(game.info.seats)) if self.own is None else (self.own(),)
                self._release(row)
                self.tables[row] = Table(game, fresh_seed(rng), 0, own, self.limit)
            fresh = [table for row in missing if (table := self.tables[row]) is not None]
            self._opponents.advance(fresh)
            missing = [row for row, table in zip(missing, fresh, strict=True) if not table.asked]
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
            return {seat: action[seat] for seat in table.asked}
        return {table.own[0] if self.own is not None else table.asked[0]: action}

    def _table(self, row: int) -> Table:
        table = self.tables[row]
        assert table is not None
        return table

    def _refresh(self, row: int) -> None:
        table = self._table(row)
        asked = table.asked
        self.asked[row] = False
        self.asked[row, list(asked)] = True
        if self.own is not None:
            self.eyes[row] = table.own[0]
        elif asked:
            self.eyes[row] = asked[0]
        self.returns[row] = table.returns
        self.forfeits[row] = [seat in table.forfeits for seat in range(self.asked.shape[1])]
        self.cut[row] = table.episode.truncated
        self.over[row] = not asked and not table.episode.truncated

    def observe(self) -> Any:
        return concatenate(self._single, self.rows(range(self.size)), create_empty_array(self._single, self.size))

    def rows(self, rows: Sequence[int]) -> list[Any]:
        return [self._row(row) for row in rows]

    def _row(self, row: int) -> Any:
        if not self.joint:
            return self._seen(row, int(self.eyes[row]))
        seen = [self._seen(row, seat) for seat in range(self.asked.shape[1])]
        return concatenate(self._seat_space, seen, create_empty_array(self._seat_space, len(seen)))

    def _seen(self, row: int, seat: int) -> Any:
        episode = self._table(row).episode
        mask = self.layout.mask(self._table(row).match, seat) if self.asked[row, seat] else self.layout.no_mask(seat)
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
    """Games with array rules, all matches in one step; the seats that are not own play at random.

    Used for discrete actions and the vector view. Each match has K slots for actions: one a seat in simultaneous
    games, else a single one for the seat to move.
    """

    def __init__(self, layout: Layout, size: int, own: Callable[[], int] | None, limit: int, batch: Batch[Any]) -> None:
        super().__init__(layout, size, own, limit)
        self.batch = batch
        self.state: Any = None
        self._rng: np.random.Generator | None = None
        self._steps = np.zeros(size, np.int64)
        self._carried = np.zeros_like(self.rewards)  # credited before an own seat's first decision, paid with it
        self._decided = np.zeros(size, bool)
        self._rows = np.arange(size)
        self._simultaneous = layout.game.info.simultaneous

    def begin(self, where: np.ndarray, rng: np.random.Generator) -> None:
        self._rng = rng
        missing = where.copy()
        kept = self.rewards
        while missing.any():
            fresh = self.batch.start(self.size, rng)
            self.state = fresh if self.state is None or missing.all() else self.batch.replace(self.state, missing, fresh)
            self._steps[missing] = 0
            self.forfeits[missing] = False
            self.returns[missing] = 0.0
            if self.own is not None:
                self.eyes[missing] = [self.own() for _ in range(int(missing.sum()))]
            self.rewards = np.zeros_like(kept)
            self._look()
            if self.own is None:
                break
            self._others(missing)
            self._carried[missing] = self.rewards[missing]
            missing &= self.over | self.cut
        self.rewards = kept

    def step(self, actions: Any, live: np.ndarray) -> None:
        self.rewards = np.zeros_like(self.rewards)
        self._play(self._moves(np.asarray(actions)), live)
        if self.own is not None:
            self._others(live)
            self.rewards[live] += self._carried[live]
            self._carried[live] = 0.0

    def _moves(self, actions: np.ndarray) -> np.ndarray:
        """The own seats' actions by slot, those of the others at random. Shape (E, K)."""
        if self.joint:
            return actions
        if not self._simultaneous:
            return actions[:, None]
        moves = self._random_moves()
        moves[self._rows, self.eyes] = actions
        return moves

    def _random_moves(self) -> np.ndarray:
        """A uniformly random legal action for each slot. Shape (E, K)."""
        assert self._rng is not None
        keys = self._rng.random(self._masks.shape)
        best: np.ndarray = np.where(self._masks != 0, keys, -1.0).argmax(axis=-1)
        return best

    def _others(self, where: np.ndarray) -> None:
        """Random play until the own seat is asked or the match is over."""
        while True:
            waiting = where & ~self.over & ~self.cut & ~self.asked[self._rows, self.eyes]
            if not waiting.any():
                return
            self._play(self._random_moves(), waiting)

    def _play(self, moves: np.ndarray, live: np.ndarray) -> None:
        """One step of the game in the matches of `live`; illegal actions forfeit. `moves` has shape (E, K)."""
        batch, rng = self.batch, self._rng
        assert rng is not None
        inside = (moves >= 0) & (moves < self._masks.shape[-1])
        safe = np.where(inside, moves, 0)
        fine = inside & (np.take_along_axis(self._masks, safe[..., None], axis=-1)[..., 0] != 0)
        bad = self._slots & live[:, None] & ~fine
        if not fine.all():
            safe = np.where(fine, safe, self._masks.argmax(axis=-1))
        frozen = ~(live | self._decided)  # array rules leave decided matches alone
        if bad.any():
            frozen |= bad.any(axis=1)
        new = batch.step(self.state, safe if self._simultaneous else safe[:, 0], rng)
        gained = np.where((live & ~frozen)[:, None], batch.rewards(new), 0.0)
        self.state = batch.replace(new, frozen, self.state) if frozen.any() else new
        if bad.any():
            rows, slots = np.nonzero(bad)
            seats = slots if self._simultaneous else self._movers[rows]
            gained[rows, seats] = self.layout.game.info.forfeit_return - self.returns[rows, seats]
            self.forfeits[rows, seats] = True
        self.rewards += gained
        self.returns += gained
        self._steps += live
        self._look()

    def _look(self) -> None:
        """Who is asked, what they may do, and which matches have ended."""
        state, batch = self.state, self.batch
        self._decided = np.asarray(batch.over(state))
        self.over = self._decided | self.forfeits.any(axis=1)
        self.cut = ~self.over & (self._steps >= self.limit)
        going = ~(self.over | self.cut)
        legal, moving = np.asarray(batch.legal(state)), np.asarray(batch.to_move(state))
        if self._simultaneous:
            self.asked = self._slots = moving & going[:, None]
            self._masks = legal
            return
        self._movers = np.where(moving < 0, 0, moving)
        self._masks, self._slots = legal[:, None, :], going[:, None]
        self.asked = np.zeros(self.asked.shape, bool)
        self.asked[self._rows, self._movers] = going
        if self.own is None:
            self.eyes = np.where(moving < 0, self.eyes, moving).astype(np.intp)

    def observe(self) -> Any:
        shown = np.where(self._slots[..., None], self._masks, 0).astype(np.int8)
        if self.joint:
            seen = [self.batch.observe(self.state, seat) for seat in range(self.asked.shape[1])]
            return {"observation": _stack(seen), "action_mask": shown}
        slots = self.eyes if self._simultaneous else 0
        mask = shown[self._rows, slots]
        if self.own is not None and not self._simultaneous:
            mask = np.where(self.asked[self._rows, self.eyes][:, None], mask, 0).astype(np.int8)
        return {"observation": self.batch.observe(self.state, self.eyes), "action_mask": mask}

    def rows(self, rows: Sequence[int]) -> list[Any]:
        seen = self.observe()
        return [_pick(seen, row) for row in rows]


def _pick(seen: Any, row: int) -> Any:
    return {name: _pick(part, row) for name, part in seen.items()} if isinstance(seen, dict) else seen[row].copy()


def _stack(seen: Sequence[np.ndarray | dict[str, np.ndarray]]) -> Any:
    """Observations of the seats side by side: leaves of shape (E, ...) become (E, S, ...)."""
    first = seen[0]
    if isinstance(first, dict):
        return {name: _stack([part[name] for part in seen]) for name in first}
    return np.stack(seen, axis=1)  # type: ignore[arg-type]

"""B matches of array rules under way: who is to move, returns, forfeits, limits. What plays on arrays drives this object.

Axis letters: B matches, S seats, A actions, N numbers of a continuous action.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .batch import Batch, Bounds
from .forfeits import forfeit_returns, sides_of
from .game import Game

__all__ = ["BatchMatch"]


class BatchMatch:
    """B matches of one game. An action that is not legal forfeits, which ends the match; `forfeits` says what that costs and brings.

    `state` and `legal` live where the rules live; all other arrays are numpy's.

    Attributes:
        batch: The rules.
        state: The state of all matches.
        legal: What `batch.legal` says of it: a mask, or `Bounds`.
        to_move: Seats that are to move, all False where a match has ended. Shape (B, S), bool.
        mover: In turn-taking games the seat to move, -1 where a match has ended. Shape (B,), int.
        rewards: What the last `step` or `begin` credited. Shape (B, S), float64.
        returns: Sum of the rewards of each match so far. Shape (B, S), float64.
        steps: Steps of each match so far. Shape (B,), int.
        terminated: Matches that are decided. Shape (B,), bool.
        truncated: Matches that were cut short, by the limit of steps or by the rules. Shape (B,), bool.
        forfeits: Seats that played illegally. Shape (B, S), bool.

    Args:
        game: The game.
        batch: Its array rules.
        size: B.
        limit: Steps after which a match is truncated; `info.max_steps` by default.
    """

    def __init__(self, game: Game[Any], batch: Batch[Any], size: int, limit: int | None = None) -> None:
        self.game, self.batch, self.size = game, batch, size
        self.limit = game.info.max_steps if limit is None else limit
        self.simultaneous = game.info.simultaneous
        seats = game.info.seats
        self.state: Any = None
        self.legal: Any = None
        self.to_move = np.zeros((size, seats), bool)
        self.mover = np.full(size, -1, np.intp)
        self.rewards = np.zeros((size, seats))
        self.returns = np.zeros((size, seats))
        self.steps = np.zeros(size, np.int64)
        self.terminated = np.zeros(size, bool)
        self.truncated = np.zeros(size, bool)
        self.forfeits = np.zeros((size, seats), bool)
        self._forfeited = np.zeros(size, bool)
        self._decided = np.zeros(size, bool)  # by the rules; array rules leave such matches alone
        self._cut = np.zeros(size, bool)  # what the rules say of truncation and of who is to move, of all matches
        self._moving: np.ndarray = np.zeros(size, np.intp)
        self._rows = np.arange(size)

    @property
    def ended(self) -> np.ndarray:
        """Matches that are decided or cut short. Shape (B,), bool."""
        return self.terminated | self.truncated

    def begin(self, where: np.ndarray, rng: np.random.Generator) -> None:
        """Fresh matches where `where`, shape (B,) bool; the first call begins all."""
        count = int(where.sum())
        fresh = self.batch.start(count, rng)
        self.state = fresh if count == self.size else self.batch.replace(self.state, where, fresh)
        self.steps[where] = 0
        self.forfeits[where] = self._forfeited[where] = False
        self.rewards = self.rewards.copy()  # callers may hold the old array
        self.returns[where] = self.rewards[where] = self._credited(fresh)
        self._update(None if count == self.size else (np.flatnonzero(where), fresh))

    def step(self, actions: Any, live: np.ndarray, rng: np.random.Generator) -> None:
        """One step of the matches in `live`, shape (B,) bool, which must not have ended; `rewards` is 0 for all others.

        Args:
            actions: In the namespace of the rules, as `Batch.step` takes them; those of seats that are not to move are ignored.
            live: Which matches go on.
            rng: Chance.
        """
        batch = self.batch
        actions, illegal = self._checked(actions, live)
        going, partial = live, None
        if illegal is not None:
            self._forfeited |= (losing := illegal.any(axis=1))
            going = live & ~losing
        self.rewards = np.zeros_like(self.returns)
        undecided = ~self._decided
        if going[undecided].all() and 2 * undecided.sum() >= self.size:
            self.state = batch.step(self.state, actions, rng)
            self.rewards = self._credited(self.state)
        elif going.any():
            rows = np.flatnonzero(going)
            some = batch.step(batch.select(self.state, rows), actions[batch.arrays.asarray(rows)], rng)
            self.state = batch.replace(self.state, rows, some)
            self.rewards[rows] = self._credited(some)
            partial = (rows, some)
        if illegal is not None:
            self._pay_forfeits(illegal)
        self.returns += self.rewards
        self.steps += going
        self._update(partial)

    def _pay_forfeits(self, illegal: np.ndarray) -> None:
        """The rewards of the matches in which a seat played illegally, shape (B, S) bool, which have not been stepped."""
        rows = np.flatnonzero(illegal.any(axis=1))
        if type(self.game).team is Game.team:  # one seating of sides for all: those with the same forfeits at once
            sides = sides_of(self.game, None)
            groups = [(sides, rows[(illegal[rows] == failed).all(axis=1)]) for failed in np.unique(illegal[rows], axis=0)]
        else:
            groups = [(sides_of(self.game, self.batch.unbatch(self.state, row)), np.array([row])) for row in rows.tolist()]
        for sides, alike in groups:
            failed = np.flatnonzero(illegal[alike[0]]).tolist()
            self.rewards[alike] = forfeit_returns(self.game.info, sides, self.returns[alike], failed) - self.returns[alike]
        self.forfeits |= illegal

    def _credited(self, state: Any) -> np.ndarray:
        return self.batch.arrays.to_numpy(self.batch.rewards(state))

    def _update(self, partial: tuple[np.ndarray, Any] | None = None) -> None:
        """Who is to move, what they may do, and which matches have ended.

        Args:
            partial: Where only some matches have another state than at the last update: their rows, and those states.
        """
        batch, host = self.batch, self.batch.arrays.to_numpy
        rows, state = partial or (None, self.state)
        fresh: list[np.ndarray] = [host(batch.over(state)), host(batch.truncated(state)), host(batch.to_move(state))]
        legal = batch.legal(state)
        if rows is not None:
            fresh = [_written(old, rows, new) for old, new in zip((self._decided, self._cut, self._moving), fresh, strict=True)]
            legal = self._legal_with(rows, legal)
        self._decided, self._cut, self._moving = fresh
        self.legal = legal
        late = ~self._decided & (self.steps >= self.limit)
        self.truncated = ~self._forfeited & (late | (self._decided & self._cut))
        self.terminated = self._forfeited | (self._decided & ~self.truncated)
        ended, moving = self.ended, self._moving
        if self.simultaneous:
            self.to_move = moving & ~ended[:, None]
            return
        self.mover = np.where(ended, -1, moving)
        self.to_move = np.zeros_like(self.forfeits)
        self.to_move[self._rows, self.mover] = ~ended

    def _legal_with(self, rows: np.ndarray, fresh: Any) -> Any:
        """`legal` with what `fresh` says of some rows."""
        arrays = self.batch.arrays
        at = arrays.asarray(rows)
        merged = []
        for old, new in zip(self.legal, fresh, strict=True) if isinstance(fresh, Bounds) else ((self.legal, fresh),):
            merged.append(arrays.copy(old))
            merged[-1][at] = new
        return Bounds(*merged) if isinstance(fresh, Bounds) else merged[0]

    def _checked(self, actions: Any, live: np.ndarray) -> tuple[Any, np.ndarray | None]:
        """Actions that the rules can take, and which seats of live matches played illegally, (B, S) bool; `None` where nobody did."""
        actions, legal = (self._checked_numbers if isinstance(self.legal, Bounds) else self._checked_choices)(actions)
        if self.simultaneous:
            illegal = ~legal & self.to_move & live[:, None]
            return actions, illegal if illegal.any() else None
        losing = ~legal & live & (self.mover >= 0)
        return actions, self.to_move & losing[:, None] if losing.any() else None

    def _checked_choices(self, actions: Any) -> tuple[Any, np.ndarray]:
        """The integers, 0 in place of any that is not legal in a round or does not exist; and which were legal, shape (B,) or (B, S)."""
        arrays, masks = self.batch.arrays, self.legal
        inside = (actions >= 0) & (actions < masks.shape[-1])
        choices = arrays.xp.where(inside, actions, 0)
        rows = arrays.asarray(self._rows)
        if not self.simultaneous:
            return choices, arrays.to_numpy(inside & (masks[rows, choices] != 0))
        legal = inside & (masks[rows[:, None], arrays.asarray(np.arange(masks.shape[1]))[None, :], choices] != 0)
        return arrays.xp.where(legal, choices, 0), arrays.to_numpy(legal)

    def _checked_numbers(self, actions: Any) -> tuple[Any, np.ndarray]:
        """Numbers within bounds, the lowest in place of any other; and whose numbers were legal, as `Box` judges them, (B,) or (B, S)."""
        arrays, (low, high) = self.batch.arrays, self.legal
        width = actions.shape[-1]
        low, high = low[..., :width], high[..., :width]
        counts = high > low
        slack = 1e-6 * (high - low).clip(1.0)
        fine = (actions >= low - slack) & (actions <= high + slack)  # false for NaN
        return arrays.xp.where(counts & fine, actions, low), arrays.to_numpy((fine | ~counts).all(-1))


def _written(old: np.ndarray, rows: np.ndarray, new: np.ndarray) -> np.ndarray:
    out = old.copy()
    out[rows] = new
    return out

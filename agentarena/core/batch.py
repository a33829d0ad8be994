"""Array rules: B matches of one game stepped at once, for games whose rules are array-shaped; and players of them.

Axis letters: B matches, S seats, A actions, N numbers of a continuous action, R decisions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np

from .actions import Action
from .errors import NotSupported
from .namespace import Arrays

__all__ = ["Batch", "BatchPolicy", "Bounds", "HasBatchPolicy", "ListedBatch", "Outcomes", "map_leaves"]

T = TypeVar("T")


class Bounds(NamedTuple):
    """What the seats of a continuous game may do: real numbers from `low` to `high`.

    The two are equal where a number does not count: of a seat that is not to move, or beyond the numbers of a seat's action.

    Attributes:
        low: Shape (B, N) in turn-taking games, (B, S, N) in simultaneous ones.
        high: The same shape.
    """

    low: Any
    high: Any


class Batch(ABC, Generic[T]):
    """Array rules under one configuration. `T` is a frozen dataclass of arrays whose first axis is B.

    A finished match stays as it is: its actions are ignored and its rewards are 0 from the next step on.

    Attributes:
        arrays: The namespace of all arrays: numpy's, or the one that the rules were made with (`game.batch(xp, device)`).
    """

    arrays: Arrays = Arrays()

    @abstractmethod
    def start(self, size: int, rng: np.random.Generator) -> T:
        """`size` fresh matches."""

    @abstractmethod
    def over(self, state: T) -> Any:
        """Which matches are finished, decided or truncated. Shape (B,), bool."""

    def truncated(self, state: T) -> Any:
        """Which matches the rules cut short (`Game.truncated`). Shape (B,), bool; by default none."""
        return self.arrays.xp.zeros_like(self.over(state))

    @abstractmethod
    def to_move(self, state: T) -> Any:
        """Who is to move. Shape (B,) int, -1 where over, in turn-taking games; (B, S) bool in simultaneous ones."""

    @abstractmethod
    def legal(self, state: T) -> Any:
        """Mask of the legal actions of the seat to move, int8, shape (B, A), or (B, S, A) in simultaneous games; or `Bounds`."""

    @abstractmethod
    def step(self, state: T, actions: Any, rng: np.random.Generator) -> T:
        """The states after `actions`: shape (B,) or (B, N) in turn-taking games, (B, S) or (B, S, N) in simultaneous ones.

        Actions must be legal where a match goes on; this is not checked.
        """

    @abstractmethod
    def rewards(self, state: T) -> Any:
        """What the step that led here credited. Shape (B, S), float."""

    def winners(self, state: T, returns: Any) -> Any:
        """The seat that won each finished match, shape (B,) int, -1 for none: for games that say so themselves (`Game.winner`).

        By default `None`: `play_arrays` then asks the scalar rules match by match, or compares the returns where they would.

        Args:
            state: Finished matches without forfeits.
            returns: Their returns. Shape (B, S).
        """
        return None

    @abstractmethod
    def observe(self, state: T, seats: Any) -> Any:
        """What one seat of each match sees; `seats` has shape (B,) or is one number for all. First axis B.

        An array or a dict of arrays. Where the seats' observations differ in shape, `seats` must name seats of one shape.
        """

    def observe_all(self, state: T) -> Any:
        """What every seat sees. First axes (B, S); equal to `observe` seat by seat, which is what it does by default.

        Where the seats' observations differ in length, shorter ones end in zeros.
        """
        seats = range(self.rewards(state).shape[1])
        return _stacked(self.arrays.xp, [self.observe(state, seat) for seat in seats])

    def select(self, state: T, where: Any) -> T:
        """Some of the matches as a batch of their own; `where` is a mask of shape (B,) or an array of row numbers."""
        rows = self.arrays.asarray(where)
        return type(state)(**{f.name: getattr(state, f.name)[rows] for f in fields(state)})  # type: ignore[arg-type]  # a dataclass

    def replace(self, state: T, where: Any, fresh: T) -> T:
        """`state` with the K matches in `where` taken in order from `fresh`, which holds K matches: how finished ones restart.

        `where` is a mask of shape (B,) or an array of K row numbers.
        """
        rows = self.arrays.asarray(where)
        columns = {}
        for f in fields(state):  # type: ignore[arg-type]  # a dataclass
            columns[f.name] = column = self.arrays.copy(getattr(state, f.name))
            column[rows] = getattr(fresh, f.name)
        return type(state)(**columns)

    def unbatch(self, state: T, index: int) -> Any:
        """The scalar `Game`'s state of one match, for tests that compare the two rules."""
        raise NotImplementedError(f"{type(self).__name__} does not convert to scalar states")

    def numbers(self, seat: int, actions: Any) -> Any:
        """Actions of one seat in B matches, laid out as a batch of `Game.action_space(seat)`, as numbers of shape (B, N).

        For games with `Bounds`. By default arrays whose first axis is B; games whose actions have parts override it.
        """
        values = np.asarray(actions, np.float64)
        return values.reshape(len(values), -1)

    def scalar_action(self, state: T, index: int, seat: int, action: Any) -> Action:
        """The scalar `Game`'s action for what `step` takes for one seat of one match, `action`: an int, or shape (N,).

        By default the int; games with `Bounds` override it.
        """
        if np.ndim(action):
            raise NotSupported(f"{type(self).__name__} does not convert actions to those of the scalar rules")
        return int(action)


class Outcomes(NamedTuple):
    """Everything that can follow the actions of some matches.

    Attributes:
        parents: Which match each outcome follows. Shape (O,).
        chances: Its probability, given the actions. Shape (O,).
        state: The outcomes, as one batch.
    """

    parents: np.ndarray
    chances: np.ndarray
    state: Any


class ListedBatch(Batch[T]):
    """Array rules of a simultaneous game that also list their chances: for exact solvers, and for traversals in lockstep."""

    @abstractmethod
    def deals(self) -> tuple[np.ndarray, T]:
        """Every start with its probability, shape (D,)."""

    @abstractmethod
    def outcomes(self, state: T, actions: np.ndarray, most: int | None = None) -> Outcomes:
        """Everything that can follow these actions, shape (B, S); raises `NotSupported`, before it is worked out, if that is more than `most`."""

    @abstractmethod
    def observe_where(self, state: T, rows: np.ndarray, seats: np.ndarray) -> np.ndarray:
        """What seats see that are to move: seat `seats[i]` of match `rows[i]`. Shape (R, D)."""


class BatchPolicy(Protocol):
    """A player of array rules. It decides from what the seats see and keeps nothing between decisions.

    One that looks at no observations may say so by an attribute `needs_observations = False`; it is given `None` for them.

    >>> class First:
    ...     def act(self, observations, masks, rng):
    ...         return masks.argmax(-1)
    >>> First().act(None, np.array([[0, 1, 1], [1, 0, 0]], np.int8), np.random.default_rng(0)).tolist()
    [1, 0]
    """

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> Any:
        """One action for each of R decisions, which may be of any matches and of several seats with equal spaces.

        Args:
            observations: What the deciding seats see: an array or a dict of arrays with first axis R.
            masks: Legal actions, int8 of shape (R, A); or `Bounds` of shape (R, N).
            rng: The policy's own stream. Draws are made here, on the host, and moved to where the arrays live.

        Returns:
            Actions of shape (R,); or numbers of shape (R, n) with n <= N, the first n of each row.
        """
        ...


@runtime_checkable
class HasBatchPolicy(Protocol):
    """Agents that play on arrays, too. `make_vec` and `play_arrays` seat what `batch_policy` returns where such an agent is named."""

    def batch_policy(self, game: Any) -> BatchPolicy:
        """The agent as a player of this game's array rules, which decides as the agent does."""
        ...


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """`function` of every array of an observation: an array, or dicts of arrays."""
    return {name: map_leaves(function, part) for name, part in tree.items()} if isinstance(tree, dict) else function(tree)


def _stacked(xp: Any, observations: list[Any]) -> Any:
    """Observations of the seats side by side: leaves of shape (B, ...) become (B, S, ...)."""
    if isinstance(observations[0], dict):
        return {name: _stacked(xp, [observation[name] for observation in observations]) for name in observations[0]}
    return xp.stack(observations, 1)

"""What only some games can do: small protocols that tools ask for with `isinstance` or `require`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from .actions import Action
from .errors import NotSupported

if TYPE_CHECKING:
    from .batch import Batch, ListedBatch

__all__ = ["Anchors", "Chance", "Forks", "HasBatch", "HasResources", "Information", "Lockstep", "Resample", "Serializable", "require"]

S = TypeVar("S")
S_contra = TypeVar("S_contra", contravariant=True)


@runtime_checkable
class Information(Protocol[S_contra]):
    """Games with information-set keys: for CFR, exploitability, and grouping equal decisions."""

    def information(self, state: S_contra, seat: int) -> str:
        """A string that two states share exactly when `seat` cannot tell them apart (it remembers its own past)."""
        ...


@runtime_checkable
class Anchors(Protocol[S_contra]):
    """Games with a key of how things stand, whatever led there: estimators such as GiGPO compare turns that started alike."""

    def anchor(self, state: S_contra, seat: int) -> str:
        """A string that two states share when `seat` stands at the same point in them; unlike an information key it may recur."""
        ...


@runtime_checkable
class Resample(Protocol[S]):
    """Games in which what a seat cannot see can be redrawn: for ISMCTS and every honest search."""

    def resample(self, state: S, seat: int, rng: np.random.Generator) -> S:
        """A state that `seat` cannot tell from this one, drawn as likely as the rules make it.

        The result depends on what the seat knows and on `rng` alone, never on the hidden part of `state`: two
        states that the seat cannot tell apart give equal results for equal streams. (Sort what is unseen before
        shuffling it.)
        """
        ...


@runtime_checkable
class Chance(Protocol[S]):
    """Games whose randomness can be listed: for exact solvers."""

    def chance(self, state: S | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, S], ...]:
        """The distribution of `step(state, actions, rng)`, or of `start(rng)` when both are `None`.

        Probabilities are positive and add up to 1; equal states may be listed apart.
        """
        ...


@runtime_checkable
class Serializable(Protocol[S]):
    """Games whose states turn into bytes and back: for recovery and outside engines."""

    def pack(self, state: S) -> bytes:
        """The state as bytes; equal states give equal bytes."""
        ...

    def unpack(self, data: bytes) -> S:
        """The inverse of `pack`."""
        ...


@runtime_checkable
class HasResources(Protocol[S_contra]):
    """Games whose states hold something open, such as a process or a connection: for engines outside of Python.

    Whoever starts a match releases it: `Episode.close`, and with it the match, every adapter, runner and replay, on every
    way out. A state that `step` has spent needs no release.
    """

    def release(self, state: S_contra) -> None:
        """Let go of what a match's current state holds open. The match is over, or given up. May be called twice."""
        ...


@runtime_checkable
class Forks(Protocol[S]):
    """Games whose states are spent by `step` (`forkable=False`) and can be copied all the same: for search in outside engines.

    With `Resample` an agent may imagine such a game, too: `View.imagine` gives it a copy that it alone steps. Whoever forks,
    resamples or imagines a state of such a game releases it, or the last one stepped from it (`HasResources`).
    """

    def fork(self, state: S, rng: np.random.Generator | None = None) -> S:
        """A state of its own that goes on from `state`, which stays as it is. Privileged: it holds what is hidden.

        Args:
            state: The present state of a match.
            rng: Its chance from here on is redrawn from it; `None` for the chance that the match itself will meet.
        """
        ...


@runtime_checkable
class HasBatch(Protocol):
    """Games with array rules that step many matches at once.

    Two arguments are optional, for games that take them: `xp` and `device`, the array namespace (`core.namespace`), and
    `history=True` for states that keep their past where this costs time, so that `Batch.unbatch` gives scalar states whole.
    """

    def batch(self) -> Batch[Any]:
        """The array rules under this configuration."""
        ...


@runtime_checkable
class Lockstep(Protocol):
    """Games with array rules for solvers, under some options at least; seats need not play them (`HasBatch` says that they can)."""

    def lockstep(self) -> ListedBatch[Any]:
        """The array rules; raises `NotSupported` where they do not cover the options."""
        ...


def require(game: Any, capability: type, purpose: str) -> Any:
    """`game`, known to have `capability`.

    Raises:
        NotSupported: The game lacks it; the message names the method and the purpose.
    """
    if not isinstance(game, capability):
        methods = sorted(name for name in vars(capability) if not name.startswith("_"))
        raise NotSupported(f"{purpose} needs {type(game).__name__} to have {' and '.join(methods)}(), which it lacks")
    return game

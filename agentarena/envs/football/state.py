"""Where the players are and what has come of it. One dataclass for one match and, with a first axis B, for many.

Axis letters: B matches, N players a side, D dimensions, I types. Sides: 0 the informed one (attackers), 1 the other (defenders).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

__all__ = ["ATTACK", "DEFENCE", "Field", "Strategy", "frozen"]

ATTACK, DEFENCE = 0, 1


@dataclass(frozen=True, slots=True)
class Field:
    """A match, or B matches with a first axis more. Arrays of numpy or torch; those of a single match are read-only.

    Attributes:
        secret: The type that only the informed side knows. Shape (), int64.
        step: Steps taken. Shape (), int64.
        position: Shape (2, N, D).
        velocity: Shape (2, N, D).
        control: What both sides did last; while a split step is half done, the informed side's is of this step. Shape (2, N, D).
        announced: Whether the informed side of a split step has acted and the other has not. Shape (), bool.
        alive: Chance that a play of each type still goes on; 1 where nothing ends it early. Shape (I,).
        belief: The public belief: the posterior where it is posted, else the prior. Shape (I,).
        spent: Cost so far that does not depend on the type. Shape ().
        typed: Cost so far for each type, besides `spent`. Shape (I,).
        reward: Of the informed side, for the step that led here. Shape ().
        report: The defenders' last report of their belief; the prior before. Shape (I,).
        scores: Sums of the reports' log scores and Brier scores against the type. Shape (2,).
    """

    secret: Any
    step: Any
    position: Any
    velocity: Any
    control: Any
    announced: Any
    alive: Any
    belief: Any
    spent: Any
    typed: Any
    reward: Any
    report: Any
    scores: Any

    def row(self, index: int) -> Field:
        """One match of many, on the host."""
        return frozen(Field(**{f.name: np.array(_host(getattr(self, f.name)[index])) for f in fields(self)}))

    def batched(self) -> Field:
        """This match as a batch of one."""
        return Field(**{f.name: getattr(self, f.name)[None] for f in fields(self)})

    def but(self, **changes: Any) -> Field:
        """The match with some arrays replaced."""
        return replace(self, **changes)


class Strategy(NamedTuple):
    """How the informed side would act, whatever its type.

    Attributes:
        prototypes: Controls, (..., I, N, D).
        chances: Chance that type i plays prototype j, nonnegative; rows are normalized, all-zero ones uniform. (..., I, I).
    """

    prototypes: Any
    chances: Any


def frozen(field: Field) -> Field:
    """The match with read-only arrays of numpy, numbers among them."""
    return Field(**{f.name: _read_only(np.asarray(getattr(field, f.name))) for f in fields(field)})


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _host(array: Any) -> Any:
    return array if isinstance(array, np.ndarray | np.generic) else array.detach().cpu().numpy()

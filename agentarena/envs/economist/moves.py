"""What the seats may do: sets of moves, and from moves to numbers.

A worker names its weekly hours. Where workers also give an opinion or elect their government, a move has parts; those
that do not matter in the phase at hand accept anything of their kind and are recorded as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, ActionSet, Box, Legal, Product, violation

from .labour import MOST_HOURS
from .state import DECREE, PLATFORM, VOTE, WORK

__all__ = [
    "DELTAS",
    "NO_CHANGE",
    "default_move",
    "new_rates",
    "schedule_parts",
    "schedule_set",
    "used_parts",
    "worker_set",
    "worker_spaces",
]

DELTAS = (-20, -10, 0, 10, 20)
"""Changes of a rate, in percentage points, that a planner of deltas chooses from."""

NO_CHANGE = DELTAS.index(0)


class _Unused(ActionSet):
    """A choice that does not count now: any is accepted, none is recorded."""

    def __init__(self, choices: tuple[int, ...], default: int) -> None:
        self.choices, self.default = choices, default

    def violation(self, action: Action) -> str | None:
        return violation(self.choices, action)

    def sample(self, rng: np.random.Generator) -> int:
        return self.default

    def space(self) -> gymnasium.Space[Any]:
        return gymnasium.spaces.Discrete(max(self.choices) + 1)

    def encode(self, action: Action) -> Any:
        return self.default

    def decode(self, data: Any) -> int:
        return self.default


class _UnusedBox(Box):
    """Numbers that do not count now: any within bounds are accepted, zeros are recorded."""

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        return np.zeros(self.shape)

    def encode(self, action: Action) -> Any:
        return np.zeros(self.shape).tolist()


@lru_cache(maxsize=256)
def schedule_parts(count: int, delta: bool) -> dict[str, Legal]:
    """The parts of a move that set rates in K brackets: `rates`, or a choice of DELTAS each in `bracket_1`, `bracket_2`, ..."""
    if delta:
        return {f"bracket_{j + 1}": tuple(range(len(DELTAS))) for j in range(count)}
    return {"rates": Box(0.0, 100.0, (count,))}


@lru_cache(maxsize=256)
def schedule_set(count: int, delta: bool) -> ActionSet:
    """What a planner may decree."""
    parts = schedule_parts(count, delta)
    return Product(parts) if delta else parts["rates"]  # type: ignore[return-value]  # the one part is an Box


def used_parts(phase: str, opinions: bool, parts: Mapping[str, Legal]) -> tuple[str, ...]:
    """Names of the parts that count in a phase, in the order in which they are written."""
    schedule = tuple(name for name in parts if name == "rates" or name.startswith("bracket_"))
    return {
        WORK: ("hours", "satisfied") if opinions else ("hours",),
        VOTE: ("ballot",),
        DECREE: schedule,
        PLATFORM: ("stand", *schedule),
    }.get(phase, ())


def default_move(name: str, count: int) -> Any:
    """What a part says when it says nothing."""
    if name == "hours":
        return 0.0
    if name == "rates":
        return np.zeros(count)
    return NO_CHANGE if name.startswith("bracket_") else 0


@lru_cache(maxsize=256)
def _all_parts(workers: int, count: int, delta: bool, opinions: bool, government: str) -> dict[str, Legal]:
    parts: dict[str, Legal] = {"hours": Box(0.0, MOST_HOURS)}
    if opinions:
        parts["satisfied"] = (0, 1)
    if government != "planner":
        parts["ballot"] = tuple(range(workers + 1))
        parts.update(schedule_parts(count, delta))
    if government == "platforms":
        parts["stand"] = (0, 1)
    return parts


@lru_cache(maxsize=1024)
def worker_set(
    workers: int, count: int, delta: bool, opinions: bool, government: str, phase: str, standing: tuple[int, ...] | None = None
) -> ActionSet:
    """What a worker may do in a phase.

    Args:
        workers: N.
        count: K.
        delta: Whether rates are set by DELTAS.
        opinions: Whether workers say if they are satisfied.
        government: "planner", "election" or "platforms".
        phase: What is decided.
        standing: Seats that may be voted for; `None` for all workers.
    """
    parts = _all_parts(workers, count, delta, opinions, government)
    if len(parts) == 1:
        return parts["hours"]  # type: ignore[return-value]  # an Box
    used = used_parts(phase, opinions, parts)
    made: dict[str, Legal] = {}
    for name, part in parts.items():
        if name in used:
            made[name] = part if name != "ballot" or standing is None else (0, *standing)
        elif isinstance(part, Box):
            made[name] = _UnusedBox(part.low, part.high, part.shape)
        else:
            made[name] = _Unused(part, default_move(name, count))  # type: ignore[arg-type]  # a tuple of ints
    return Product(made)


def worker_spaces(workers: int, count: int, delta: bool, opinions: bool, government: str) -> gymnasium.Space[Any]:
    """The Gymnasium space of every move of a worker."""
    return worker_set(workers, count, delta, opinions, government, WORK).space()


def new_rates(old: tuple[float, ...], move: Action, delta: bool) -> tuple[float, ...]:
    """The rates after a decree, percent; deltas stop at 0 and at 100.

    >>> new_rates((10.0, 90.0), {"bracket_1": 0, "bracket_2": 4}, True)
    (0.0, 100.0)
    """
    if delta:
        return tuple(min(100.0, max(0.0, rate + DELTAS[int(move[f"bracket_{j + 1}"])])) for j, rate in enumerate(old))
    values = move["rates"] if isinstance(move, Mapping) else move
    return tuple(np.clip(np.asarray(values, np.float64), 0.0, 100.0).tolist())

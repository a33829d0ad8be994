"""Which moves there are: sets of actions, and from actions to rates.

A worker names its weekly hours. Where workers also give an opinion or elect their government, an action has parts; those
that do not matter in the phase at hand accept anything of their kind and are recorded as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, ActionSet, Box, Legal, Product, violation

from .options import MOST_HOURS, EconomistOptions
from .state import DECREE, PLATFORM, VOTE, WORK, State

__all__ = ["DELTAS", "NO_CHANGE", "default_part", "has_parts", "legal", "new_rates", "space", "used_parts"]

DELTAS = (-20, -10, 0, 10, 20)
"""Changes of a rate, in percentage points, that a planner of deltas chooses from."""

NO_CHANGE = DELTAS.index(0)


class _UnusedChoice(ActionSet):
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


def has_parts(options: EconomistOptions) -> bool:
    """Whether a worker's action has parts, and is not just a number of hours."""
    return options.bounded or options.government != "planner"


def legal(options: EconomistOptions, state: State, seat: int) -> ActionSet:
    """What a seat that is to move may do."""
    count = len(options.edges)
    if seat == 0:
        return _schedule(count, options.deltas)
    candidates = state.standing if state.phase == VOTE and options.government == "platforms" else None
    return _worker(options.population, count, options.deltas, options.bounded, options.government, state.phase, candidates)


def space(options: EconomistOptions, seat: int) -> gymnasium.Space[Any]:
    """The Gymnasium space of every action of a seat."""
    count = len(options.edges)
    if seat == 0:
        return _schedule(count, options.deltas).space()
    return _worker(options.population, count, options.deltas, options.bounded, options.government, WORK, None).space()


@lru_cache(maxsize=256)
def _schedule_parts(count: int, deltas: bool) -> dict[str, Legal]:
    """The parts of an action that sets rates in K brackets: `rates`, or a choice of DELTAS each in `bracket_1`, `bracket_2`, ..."""
    if deltas:
        return {f"bracket_{j + 1}": tuple(range(len(DELTAS))) for j in range(count)}
    return {"rates": Box(0.0, 100.0, (count,))}


@lru_cache(maxsize=256)
def _schedule(count: int, deltas: bool) -> ActionSet:
    """What a planner may decree."""
    return Product(_schedule_parts(count, deltas)) if deltas else Box(0.0, 100.0, (count,))


def used_parts(phase: str, opinions: bool, parts: Mapping[str, Legal]) -> tuple[str, ...]:
    """Names of the parts that count in a phase, in the order in which they are written."""
    schedule = tuple(name for name in parts if name == "rates" or name.startswith("bracket_"))
    return {
        WORK: ("hours", "satisfied") if opinions else ("hours",),
        VOTE: ("ballot",),
        DECREE: schedule,
        PLATFORM: ("stand", *schedule),
    }.get(phase, ())


def default_part(name: str, count: int) -> Any:
    """The value of a part that is left out; `count` is K."""
    if name == "hours":
        return 0.0
    if name == "rates":
        return np.zeros(count)
    return NO_CHANGE if name.startswith("bracket_") else 0


@lru_cache(maxsize=256)
def _worker_parts(workers: int, count: int, deltas: bool, opinions: bool, government: str) -> dict[str, Legal]:
    parts: dict[str, Legal] = {"hours": Box(0.0, MOST_HOURS)}
    if opinions:
        parts["satisfied"] = (0, 1)
    if government != "planner":
        parts["ballot"] = tuple(range(workers + 1))
        parts.update(_schedule_parts(count, deltas))
    if government == "platforms":
        parts["stand"] = (0, 1)
    return parts


@lru_cache(maxsize=1024)
def _worker(
    workers: int, count: int, deltas: bool, opinions: bool, government: str, phase: str, candidates: tuple[int, ...] | None
) -> ActionSet:
    """What a worker may do in a phase.

    Args:
        workers: N.
        count: K.
        deltas: Whether rates are set by DELTAS.
        opinions: Whether workers say if they are satisfied.
        government: "planner", "election" or "platforms".
        phase: What is decided.
        candidates: Seats that may be voted for; `None` for all workers.
    """
    if not opinions and government == "planner":
        return Box(0.0, MOST_HOURS)
    parts = _worker_parts(workers, count, deltas, opinions, government)
    used = used_parts(phase, opinions, parts)
    allowed: dict[str, Legal] = {}
    for name, part in parts.items():
        if name in used:
            allowed[name] = part if name != "ballot" or candidates is None else (0, *candidates)
        elif isinstance(part, Box):
            allowed[name] = _UnusedBox(part.low, part.high, part.shape)
        else:
            allowed[name] = _UnusedChoice(part, default_part(name, count))  # type: ignore[arg-type]  # a tuple of ints
    return Product(allowed)


def new_rates(old: tuple[float, ...], action: Action, deltas: bool) -> tuple[float, ...]:
    """The rates after a decree, percent; deltas stop at 0 and at 100.

    >>> new_rates((10.0, 90.0), {"bracket_1": 0, "bracket_2": 4}, True)
    (0.0, 100.0)
    """
    if deltas:
        return tuple(min(100.0, max(0.0, rate + DELTAS[int(action[f"bracket_{j + 1}"])])) for j, rate in enumerate(old))
    values = action["rates"] if isinstance(action, Mapping) else action
    return tuple(np.clip(np.asarray(values, np.float64), 0.0, 100.0).tolist())

"""The grids of controls and what they cost: Hexner's game of `agentarena.envs.football` with one step, both sides at once.

Axis letters: I types, A actions of the attacker, B actions of the defender, D dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.envs.football.options import HexnerOptions
from agentarena.envs.football.rules.quadratic import QuadraticSystem
from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.rules.systems import hexner

from .options import OneStageOptions
from .state import ATTACK, DEFENCE

__all__ = ["MOST_ACTIONS", "BoundedSystem", "Stage", "points"]

MOST_ACTIONS = 1024
"""Most actions of a side; the table of costs has its square for every type."""


@dataclass(frozen=True, eq=False, kw_only=True)
class BoundedSystem(QuadraticSystem):
    """Hexner's game with a bound for every side and dimension.

    Attributes:
        bounds: Greatest absolute controls, (2, 1, D).
    """

    bounds: np.ndarray

    @property
    def bound(self) -> np.ndarray:
        return self.bounds

    def aimed(self, target: Any, side: int, motion: Motion, step: Any) -> Any:
        """The best control (..., 1, D) of a side that aims at `target`: every dimension has a cost of its own, so it is cut alone."""
        return np.clip(super().aimed(target, side, motion, step), -self.bounds[side], self.bounds[side])


def points(bound: np.ndarray, grid: int) -> np.ndarray:
    """A grid from -bound to bound, both ends included, the last dimension fastest: (D,) -> (grid ** D, D).

    >>> points(np.array([1.0, 3.0]), 2).tolist()
    [[-1.0, -3.0], [-1.0, 3.0], [1.0, -3.0], [1.0, 3.0]]
    """
    ticks = (2.0 * np.arange(grid) - (grid - 1)) / (grid - 1)  # as far from 0 on both sides, in every bit
    axes = np.meshgrid(*(ticks * limit for limit in bound), indexing="ij")
    return np.stack(axes, -1).reshape(-1, len(bound))


class Stage:
    """The one-stage game that options describe.

    Args:
        options: The options.

    Raises:
        BadOption: Points or rows of numbers do not fit together, or the grid has too many points.
    """

    def __init__(self, options: OneStageOptions) -> None:
        field = HexnerOptions(
            prior=options.prior, targets=options.targets, r1=options.r1, r2=options.r2, start_at=options.start_at, steps=1
        )
        plain = hexner(field)
        field.check_combination(plain.types)
        self.prior, self.grid = field.chances, options.grid
        bounds = np.stack([_bound(name, getattr(options, name), plain.dims) for name in ("bound1", "bound2")])[:, None]
        if options.grid**plain.dims > MOST_ACTIONS:
            raise BadOption(
                f"grid is {options.grid}: {options.grid**plain.dims:,} actions in {plain.dims} dimensions; allowed: at most {MOST_ACTIONS:,}"
            )
        self.system = BoundedSystem(
            targets=plain.targets,
            weights=plain.weights,
            position=plain.position,
            velocity=plain.velocity,
            limit=float(bounds.max()),
            steps=1,
            bounds=bounds,
        )

    @cached_property
    def controls(self) -> np.ndarray:
        """The grids of both sides, (2, A, D)."""
        controls = np.stack([points(self.system.bounds[side, 0], self.grid) for side in (ATTACK, DEFENCE)])
        controls.flags.writeable = False
        return controls

    @cached_property
    def costs(self) -> np.ndarray:
        """What the attacker pays under each type for each pair of actions, and the defender is paid: (I, A, B)."""
        costs = self.cost(*self.controls)
        costs.flags.writeable = False
        return costs

    def cost(self, attack: np.ndarray, defence: np.ndarray) -> np.ndarray:
        """What the attacker pays for controls (A, D) against controls (B, D), on the grid or not: (I, A, B)."""
        system = self.system
        pairs = np.stack(np.broadcast_arrays(attack[:, None, None, :], defence[None, :, None, :]), axis=2)  # (A, B, 2, 1, D)
        position, velocity = (np.broadcast_to(part, pairs.shape) for part in system.start)
        start = Motion(position, velocity, np.ones((*pairs.shape[:2], system.types)))
        motion, paid, _ = system.advance(start, pairs)
        return np.ascontiguousarray(np.moveaxis(paid[..., None] + system.terminal(motion), -1, 0))


def _bound(name: str, value: Any, dims: int) -> np.ndarray:
    numbers = isinstance(value, tuple) and all(isinstance(x, int | float) and not isinstance(x, bool) and 1e-3 <= x <= 1e6 for x in value)
    if not numbers or len(value) != dims:
        raise BadOption(f"{name} is {shown(value)}; allowed: {dims} numbers from 0.001 to 1,000,000, one for each dimension")
    return np.asarray(value, np.float64)

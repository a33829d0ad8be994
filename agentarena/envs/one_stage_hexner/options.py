"""The options of the one-stage game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from agentarena.core.game import option

__all__ = ["OneStageOptions"]


@dataclass(frozen=True)
class OneStageOptions:
    """Hexner's game with one step, and the grids from which both sides take their controls."""

    grid: int = option(4, "Points of the grid in each dimension: a side has grid ** dimensions actions.", low=2, high=32)
    prior: tuple[float, ...] = option((0.5, 0.5), "Chance of each type; they are made to add up to 1.")
    targets: tuple[tuple[float, ...], ...] = option(
        ((0.0, 1.0), (0.0, -1.0)), "The target of each type: 2 to 8 points of 1 to 3 dimensions."
    )
    r1: tuple[float, ...] = option((0.05, 0.025), "The attacker's weight of control in each dimension.")
    r2: tuple[float, ...] = option((0.05, 0.1), "The defender's.")
    start_at: tuple[float, ...] = option(
        (-0.5, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0), "Position and velocity of the attacker, then of the defender."
    )
    bound1: tuple[float, ...] = option((0.99, 3.947), "The attacker's greatest absolute control in each dimension.")
    bound2: tuple[float, ...] = option((0.99, 0.99), "The defender's.")

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "coarse": {"grid": 3},
        "medium": {"grid": 12},
        "fine": {"grid": 24},
    }

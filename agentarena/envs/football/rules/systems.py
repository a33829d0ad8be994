"""The system that options describe."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.envs.football.options import FootballOptions, Hexner22Options, HexnerOptions

from .contact import Contact
from .football import FootballSystem
from .plays import PLAYS
from .quadratic import QuadraticSystem
from .roster import ROSTERS

__all__ = ["football", "hexner", "hexner22"]

MOST_TYPES, MOST_DIMS = 8, 3
_CONTACTS = {"fixed": (25.0, 0.25), "sharp": (60.0, 0.15)}
"""Sharpness and radius."""


def hexner(options: HexnerOptions) -> QuadraticSystem:
    """Hexner's game.

    Raises:
        BadOption: Points or rows of numbers do not fit together.
    """
    targets = _points("targets", options.targets)
    dims = targets.shape[1]
    weights = np.stack([_row(name, getattr(options, name), dims, 1e-9) for name in ("r1", "r2")])[:, None]
    start = _row("start_at", options.start_at, 4 * dims, -1e6).reshape(2, 2, 1, dims)
    return QuadraticSystem(
        targets=np.repeat(targets[:, None, None, :], 2, axis=1),
        weights=weights,
        position=start[:, 0],
        velocity=start[:, 1],
        limit=float(options.bound),
        steps=options.steps,
        horizon=float(options.horizon),
        box=float(options.box) or math.inf,
        scale=float(options.scale),
    )


def hexner22(options: Hexner22Options) -> QuadraticSystem:
    """Hexner's game of two teams, as drawn."""
    rng = np.random.default_rng([22, options.draw])
    count = 11
    position = rng.uniform(-1.0, 1.0, (2, count, 2)) * np.array([0.3, 0.9]) + np.array([[-0.6, 0.0], [0.6, 0.0]])[:, None]
    middle = position + rng.normal(0.0, 0.2, position.shape)
    apart = rng.uniform(0.05, 0.2, (2, count, 1)) * np.array([0.0, 1.0])
    weights = np.stack([rng.uniform(0.02, 0.05, (count, 2)), rng.uniform(0.08, 0.2, (count, 2))])
    weights[0, : options.slow] *= 8.0
    return QuadraticSystem(
        targets=np.stack([middle + apart, middle - apart]),
        weights=weights,
        position=position,
        velocity=np.zeros_like(position),
        limit=float(options.bound),
        steps=options.steps,
    )


def football(options: FootballOptions) -> FootballSystem:
    """Football.

    Raises:
        BadOption: The plays are not 2 to 4 different ones that are known.
    """
    plays = options.plays if isinstance(options.plays, tuple) else ()
    if not 2 <= len(plays) <= len(PLAYS) or len(set(plays)) != len(plays) or not set(plays) <= set(PLAYS):
        raise BadOption(f"plays is {shown(options.plays)}; allowed: 2 to {len(PLAYS)} different ones of {', '.join(PLAYS)}")
    roster = ROSTERS[options.roster]
    return FootballSystem(
        roster=roster,
        plays=plays,
        contact=None if options.contact == "none" else Contact(float(options.grip) * roster.blocks, *_CONTACTS[options.contact]),
        tackle=options.tackle,
        rate=float(options.rate),
        effort=(float(options.effort_attack), float(options.effort_defence)),
        lane=float(options.lane),
        completion=float(options.completion),
        steps=options.steps,
        horizon=float(options.horizon),
        substeps=options.substeps,
        box=float(options.box) or math.inf,
        cover=float(options.cover),
    )


def _points(name: str, value: Any) -> np.ndarray:
    """Points of one dimension, as rows."""
    rows = value if isinstance(value, tuple) and all(isinstance(row, tuple) for row in value) else ()
    dims = {len(row) for row in rows}
    if not 2 <= len(rows) <= MOST_TYPES or len(dims) != 1 or not 1 <= min(dims) <= MOST_DIMS:
        raise BadOption(f"{name} is {shown(value)}; allowed: 2 to {MOST_TYPES} points of 1 to {MOST_DIMS} numbers each")
    return np.stack([_row(name, row, len(row), -1e6) for row in rows])


def _row(name: str, value: Any, count: int, low: float) -> np.ndarray:
    """Numbers from `low` to a million."""
    numbers = isinstance(value, tuple) and all(isinstance(x, int | float) and not isinstance(x, bool) and low <= x <= 1e6 for x in value)
    if not numbers or len(value) != count:
        raise BadOption(f"{name} is {shown(value)}; allowed: {count} numbers from {low:g} to 1,000,000")
    return np.asarray(value, np.float64)

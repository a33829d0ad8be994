"""What a seat sees, as numbers: everything but the type, which the informed side alone sees.

    time         1    share of the steps that are over
    announced    1    whether the informed side of this step has acted (its control is shown)
    alive        I    chance that a play of each type still goes on
    position     2 N D
    velocity     2 N D
    control      2 N D    the last controls
    belief       I    the prior, or the posterior where it is posted
    type         I    one-hot for the informed side, zeros for the other
    self         2 N  one-hot of the player with mode="player", else nothing

The numbers are float64: closed forms hold to twelve digits through them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.namespace import Arrays

from .actions import Layout
from .rules.system import System
from .state import ATTACK, Field

__all__ = ["Observation", "Sight"]


@dataclass(frozen=True)
class Sight:
    """What one seat sees, by name; arrays with any leading axes."""

    time: Any
    announced: Any
    alive: Any
    position: Any
    velocity: Any
    control: Any
    belief: Any
    type: Any


class Observation:
    """Vectors of observations.

    Args:
        layout: The seats.
        system: Motion and costs.
    """

    def __init__(self, layout: Layout, system: System) -> None:
        self.layout, self.system = layout, system
        motion, types = 2 * self.system.players * self.system.dims, self.system.types
        own = layout.seats if layout.options.mode == "player" else 0
        widths = {"time": 1, "announced": 1, "alive": types, "position": motion, "velocity": motion, "control": motion}
        widths |= {"belief": types, "type": types, "self": own}
        edges = np.concatenate([[0], np.cumsum(list(widths.values()))])
        self.slices = {name: slice(int(a), int(b)) for name, a, b in zip(widths, edges, edges[1:], strict=False)}
        """Where each part stands in the vector."""

    @cached_property
    def space(self) -> gymnasium.spaces.Box:
        position, velocity = self.system.reach
        high = np.ones(list(self.slices.values())[-1].stop)
        high[self.slices["position"]] = position
        high[self.slices["velocity"]] = velocity
        high[self.slices["control"]] = self.system.bound.ravel()
        low = np.zeros_like(high)
        for name in ("position", "velocity", "control"):
            low[self.slices[name]] = -high[self.slices[name]]
        slack = 1e-6 * np.maximum(1.0, np.abs(high))
        return gymnasium.spaces.Box(np.where(low < 0, low - slack, low), np.where(high > 1, high + slack, high), dtype=np.float64)

    def vector(self, field: Field, seats: Any) -> Any:
        """What seats see: one number for all, or an array of the leading axes. Shape (..., numbers)."""
        a = Arrays.of(field.position)
        lead = tuple(field.step.shape)
        seats = a.asarray(np.broadcast_to(seats, lead).copy() if isinstance(seats, int) else seats, a.xp.int64)
        informed = (seats // self.layout.shares == ATTACK)[..., None]
        parts = [*self._shared(a, field), a.cast(self._one_hot(a, field) & informed, a.xp.float64)]
        if self.slices["self"].stop > self.slices["self"].start:
            parts.append(a.cast(seats[..., None] == a.asarray(np.arange(self.layout.seats)), a.xp.float64))
        return a.xp.concatenate(parts, -1)

    def everybody(self, field: Field) -> Any:
        """What all seats see, (..., S, numbers), written once."""
        a, seats = Arrays.of(field.position), self.layout.seats
        shape = (*field.step.shape, seats, self.slices["self"].stop)
        numbers = np.empty(shape) if a.numpy else a.xp.empty(shape, dtype=a.xp.float64, device=a.device)
        shared, at = self._shared(a, field), 0
        for part in shared:
            numbers[..., at : at + part.shape[-1]] = part[..., None, :]
            at += part.shape[-1]
        attackers = len(self.layout.seats_of(ATTACK))
        numbers[..., :attackers, self.slices["type"]] = a.cast(self._one_hot(a, field), a.xp.float64)[..., None, :]
        numbers[..., attackers:, self.slices["type"]] = 0.0
        if self.slices["self"].stop > self.slices["self"].start:
            numbers[..., self.slices["self"]] = a.asarray(np.eye(seats))
        return numbers

    def _shared(self, a: Arrays, field: Field) -> list[Any]:
        """What everybody sees, in the order of `slices`, (..., numbers) each."""
        lead, number = tuple(field.step.shape), a.xp.float64
        return [
            a.cast(field.step, number)[..., None] / self.system.steps,
            a.cast(field.announced, number)[..., None],
            field.alive,
            *(part.reshape(*lead, -1) for part in (field.position, field.velocity, field.control)),
            field.belief,
        ]

    def _one_hot(self, a: Arrays, field: Field) -> Any:
        return field.secret[..., None] == a.asarray(np.arange(self.system.types))

    def read(self, vector: Any) -> Sight:
        """The parts of observations (..., numbers), by name."""
        lead, shape = vector.shape[:-1], (2, self.system.players, self.system.dims)
        parts = {name: vector[..., where] for name, where in self.slices.items()}
        arrays = {name: parts[name].reshape(*lead, *shape) for name in ("position", "velocity", "control")}
        single = {name: parts[name][..., 0] for name in ("time", "announced")}
        return Sight(**single, **arrays, alive=parts["alive"], belief=parts["belief"], type=parts["type"])

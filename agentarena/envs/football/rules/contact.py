"""Players who meet hold each other: smooth weights, shared velocities, weaker controls. And the chance that a carrier is brought down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.core.namespace import Arrays

__all__ = ["Contact", "sigmoid"]


def sigmoid(xp: Any, x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow."""
    return 1 / (1 + xp.exp(xp.clip(-x, None, 60.0))) if xp is np else xp.sigmoid(x)


@dataclass(frozen=True, eq=False)
class Contact:
    """How players hold each other.

    Attributes:
        strength: c of attacker i and defender j, (N, N).
        sharpness: k of the weight c sigmoid(k (radius^2 - distance^2)).
        radius: Distance within which players hold each other.
    """

    strength: np.ndarray
    sharpness: float
    radius: float

    def weights(self, position: Any, strength: Any = None) -> Any:
        """How strongly attacker i and defender j hold each other now, (..., N, N), from positions (..., 2, N, 2).

        `strength` is the field of that name as an array of the positions' namespace, where the caller has it at hand.
        """
        a = Arrays.of(position)
        x, y = (at[..., 0, :, None] - at[..., 1, None, :] for at in (position[..., 0], position[..., 1]))
        strength = a.asarray(self.strength, position.dtype) if strength is None else strength
        return strength * sigmoid(a.xp, self.sharpness * (self.radius**2 - (x * x + y * y)))

    def held(self, velocity: Any, weights: Any) -> Any:
        """Velocities (..., 2, N, 2) after those who hold each other have shared theirs."""
        xp = Arrays.of(velocity).xp
        attack, defence = velocity[..., 0, :, :], velocity[..., 1, :, :]
        turned = xp.swapaxes(weights, -1, -2)
        slowed = (attack + weights @ defence) / (1 + weights.sum(-1)[..., None])
        stopped = (defence + turned @ attack) / (1 + turned.sum(-1)[..., None])
        return xp.stack([slowed, stopped], -3)

    def grip(self, weights: Any) -> Any:
        """What is left of everybody's control, (..., 2, N)."""
        xp = Arrays.of(weights).xp
        return xp.exp(-xp.stack([weights.sum(-1), weights.sum(-2)], -2))

    def closing(self, position: Any, velocity: Any, carrier: int) -> Any:
        """How fast each defender comes nearer to an attacker, not below 0, (..., N)."""
        xp = Arrays.of(position).xp
        x, y = (at[..., 0, carrier, None] - at[..., 1, :] for at in (position[..., 0], position[..., 1]))
        u, v = (speed[..., 1, :] - speed[..., 0, carrier, None] for speed in (velocity[..., 0], velocity[..., 1]))
        return xp.clip((x * u + y * v) / xp.sqrt(x * x + y * y + 1e-6), 0.0, None)

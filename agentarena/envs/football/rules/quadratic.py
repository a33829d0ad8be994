"""Hexner's game with any number of players and dimensions: free double integrators, quadratic costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from agentarena.core.namespace import Arrays
from agentarena.envs.football.state import ATTACK

from .linear_quadratic import gains
from .system import Motion, System

__all__ = ["QuadraticSystem"]

_SIGNS = np.array([1.0, -1.0])[:, None, None]
"""The informed side pays, the other is paid."""


@dataclass(frozen=True, eq=False)
class QuadraticSystem(System):
    """The informed side pays for its controls and its distance from the targets, and is paid for the other side's.

    Attributes:
        targets: Where each player wants to be at the horizon under each type, (I, 2, N, D).
        weights: What a control of 1 costs per time, squared, (2, N, D).
        position: At the start, (2, N, D).
        velocity: At the start, (2, N, D).
        limit: Greatest absolute control.
        steps: K.
        horizon: Time at which the game ends.
        box: Greatest absolute position; positions beyond it are clipped. `inf` for none.
        scale: What all costs are multiplied by.
    """

    targets: np.ndarray
    weights: np.ndarray
    position: np.ndarray
    velocity: np.ndarray
    limit: float
    steps: int
    horizon: float = 1.0
    box: float = np.inf
    scale: float = 1.0

    @property
    def types(self) -> int:  # type: ignore[override]
        return len(self.targets)

    @property
    def players(self) -> int:  # type: ignore[override]
        return int(self.position.shape[1])

    @property
    def dims(self) -> int:  # type: ignore[override]
        return int(self.position.shape[2])

    @property
    def dt(self) -> float:  # type: ignore[override]
        return self.horizon / self.steps

    @property
    def start(self) -> tuple[np.ndarray, np.ndarray]:
        return self.position, self.velocity

    @cached_property
    def bound(self) -> np.ndarray:
        return np.full(self.position.shape, float(self.limit))

    def advance(self, motion: Motion, control: Any) -> tuple[Motion, Any, None]:
        a, dt = Arrays.of(motion.position), self.dt
        position = motion.position + dt * motion.velocity + dt * dt / 2 * control
        if np.isfinite(self.box):
            position = a.xp.clip(position, -self.box, self.box)
        paid = self.constant(a, "paid", self.scale * dt * self.weights * _SIGNS, control.dtype) * control**2
        return Motion(position, motion.velocity + dt * control, motion.alive), paid.sum((-3, -2, -1)), None

    def terminal(self, motion: Motion) -> Any:
        a = Arrays.of(motion.position)
        apart = motion.position[..., None, :, :, :] - self.constant(a, "targets", self.targets, motion.position.dtype)
        return (self.constant(a, "signs", self.scale * _SIGNS, apart.dtype) * apart**2).sum((-3, -2, -1))

    @cached_property
    def reach(self) -> tuple[float, float]:
        velocity = float(np.abs(self.velocity).max()) + self.limit * self.horizon
        position = float(np.abs(self.position).max()) + velocity * self.horizon
        return min(position, max(self.box, float(np.abs(self.position).max()))), velocity

    @cached_property
    def costs(self) -> tuple[float, float]:
        farthest = (self.reach[0] + float(np.abs(self.targets).max())) ** 2 * self.players * self.dims
        work = [self.horizon * self.limit**2 * float(side.sum()) for side in self.weights]
        return -self.scale * (work[1] + farthest), self.scale * (work[0] + farthest)

    # --- named ways to play ---------------------------------------------------------------------------------------

    @cached_property
    def gains(self) -> np.ndarray:
        """The best control of step k is `-gains[k] * (zero-effort position - target)`. Shape (K, 2, N, D)."""
        return gains(self.weights, self.steps, self.horizon)

    @cached_property
    def aims(self) -> dict[str, np.ndarray]:
        """What can be aimed at, (2, N, D) each: the target of every type, and the mean of all."""
        return {**{f"to target {i + 1}": target for i, target in enumerate(self.targets)}, "to the middle": self.targets.mean(0)}

    def aimed(self, target: Any, side: int, motion: Motion, step: Any) -> Any:
        """The best control (..., N, D) of a side that aims at `target`, (..., N, D), within the bounds."""
        a = Arrays.of(motion.position)
        left = (self.steps - a.cast(step, motion.position.dtype))[..., None, None] * self.dt
        effortless = motion.position[..., side, :, :] + left * motion.velocity[..., side, :, :]
        gain = a.take(a.asarray(self.gains[:, side], effortless.dtype), a.xp.clip(step, 0, self.steps - 1))
        return a.xp.clip(-gain * (effortless - target), -self.limit, self.limit)

    def calls(self, side: int) -> tuple[str, ...]:
        return (*self.aims, "hold")

    def called(self, call: str, side: int, motion: Motion, step: Any) -> Any:
        if call == "hold":
            return motion.velocity[..., side, :, :] * 0.0
        a = Arrays.of(motion.position)
        return self.aimed(a.asarray(self.aims[call][side], motion.position.dtype), side, motion, step)

    def type_name(self, number: int) -> str:
        if self.players == 1:
            return f"target {number + 1}, at ({', '.join(f'{x:g}' for x in self.targets[number, 0, 0])})"
        return f"target {number + 1}"

    def revealing(self, number: int) -> str:
        return f"to target {number + 1}"

    @property
    def story(self) -> str:
        who = "One attacker and one defender" if self.players == 1 else f"{self.players} attackers and {self.players} defenders"
        one = "a target" if self.players == 1 else "a target of its own"
        return f"{who} move freely; a control is an acceleration of up to {self.limit:g} in each direction. Every player has {one} in each play."

    def aim(self, side: int) -> str:
        own, other = ("attackers'", "defenders'") if side == ATTACK else ("defenders'", "attackers'")
        return (
            f"At the end you lose the {own} squared distances from their targets and gain the {other}; on the way you lose the {own} squared "
            f"controls and gain the {other}, each times its weight and the length of a step."
        )

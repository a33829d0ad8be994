"""Football's step in place, several times as fast: the numbers of `rules.football` up to rounding.

Arrays are turned so that matches run along the last axis, are worked on in slices that stay in the processor's cache, and are
written in place. A test holds the twin equal to the rules. Where gradients are wanted the rules themselves run.

Axis letters: B matches of a slice, N players a side.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np

from agentarena.core.namespace import Arrays

from .rules.football import FootballSystem
from .rules.plays import carrier
from .rules.system import Motion, System
from .state import ATTACK, DEFENCE

__all__ = ["FastFootball", "faster"]

_SLICE = 512
"""Most matches worked on at a time: two arrays of a number for each pair of players fit into a cache of a megabyte."""
_MOST_SPARE = 4
"""Sizes of slices whose arrays are held for the next step."""
_TURN = (3, 1, 2, 0)
"""Matches, side, player, axis to axis, side, player, matches; and the same way back."""


def faster(system: System) -> System:
    """The same system with a faster step, where there is one."""
    if type(system) is not FootballSystem or system.contact is None or system.tackle != "hazard":
        return system
    return FastFootball(**{field.name: getattr(system, field.name) for field in fields(system)})


class FastFootball(FootballSystem):
    """Football with contact and tackles by hazard."""

    def advance(self, motion: Motion, control: Any) -> tuple[Motion, Any, Any]:
        a = Arrays.of(control)
        if control.ndim != 4 or control.dtype != a.xp.float64 or _gradients(a, control, *motion):
            return super().advance(motion, control)
        count = len(control)
        after = Motion(a.xp.empty_like(motion.position), a.xp.empty_like(motion.velocity), a.xp.empty_like(motion.alive))
        typed = a.xp.empty_like(motion.alive)
        cost = a.xp.empty_like(motion.alive[:, 0])
        slices = -(-count // _SLICE) if _on_host(a) else 1
        width = -(-count // slices)
        for first in range(0, count, width):
            part = slice(first, min(first + width, count))
            work = self._borrow(a, part.stop - part.start)
            work.fill(motion, control, part)
            for _ in range(self.substeps):
                work.move()
            work.store(after, cost, typed, part)
            self._give_back(work)
        return after, cost, typed

    def _borrow(self, a: Arrays, count: int) -> _Work:
        """Arrays to work in, those of an earlier step where there are any that nobody else uses: fresh memory is slow."""
        spare: dict[Any, _Work] = self.__dict__.setdefault("_spare", {})
        return spare.pop((a.numpy, str(a.device), count), None) or _Work(a, self, count)

    def _give_back(self, work: _Work) -> None:
        spare = self.__dict__.setdefault("_spare", {})
        if len(spare) >= _MOST_SPARE:
            spare.clear()
        spare[work.a.numpy, str(work.a.device), work.count] = work

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_spare"}

    def _weights(self, motion: Motion) -> Any:
        """How players hold each other, (B, N, N): what a play is worth at the end."""
        a = Arrays.of(motion.position)
        if motion.position.ndim != 4 or motion.position.dtype != a.xp.float64 or _gradients(a, motion.position):
            return super()._weights(motion)
        work = _Work(a, self, len(motion.position))  # of its own: its weights are handed out
        work.position[:] = _turned(a, motion.position, _TURN)
        return _turned(a, work.weights(), (2, 0, 1))


def _gradients(a: Arrays, *arrays: Any) -> bool:
    return not a.numpy and a.xp.is_grad_enabled() and any(array.requires_grad for array in arrays)


def _on_host(a: Arrays) -> bool:
    return a.numpy or a.device is None or a.device.type == "cpu"


def _turned(a: Arrays, array: Any, axes: tuple[int, ...]) -> Any:
    return array.transpose(axes) if a.numpy else array.permute(axes)


class _Work:
    """A slice of matches and the arrays to work in.

    Attributes:
        position: First the axis x and y, then the side: (2, 2, N, B).
        velocity: The same.
        push: What a control adds to the velocity in a part of a step, likewise.
        pairs: Of attacker i and defender j, (N, N, B).
        carriers: Those who have the ball in some play, C of them.
        rows: Which of them has it, for each play.
        count: B.
    """

    def __init__(self, a: Arrays, system: FootballSystem, count: int) -> None:
        assert system.contact is not None
        self.a, self.xp, self.system, self.count = a, a.xp, system, count
        self.dt = system.dt / system.substeps
        shape, pairs = (2, 2, system.players, count), (system.players, system.players, count)
        self.position, self.velocity, self.push, self.shared, self.spare = (self._array(shape) for _ in range(5))
        self.pairs, self.across = self._array(pairs), self._array(pairs)
        self.sums = self._array(shape[1:])
        self.speeds = system.constant(a, "fast speeds", system.roster.speeds[..., None], a.xp.float64)
        carriers = [carrier(play, system.roster) for play in system.plays]
        self.carriers = list(dict.fromkeys(carriers))
        self.rows = [self.carriers.index(who) for who in carriers]
        self.who = a.asarray(self.carriers, a.xp.int64)
        self.apart, self.speed = (self._array((2, len(self.carriers), system.players, count)) for _ in range(2))
        contact = system.contact
        self.least = math.exp(contact.sharpness * contact.radius**2)
        self.scale = math.sqrt(contact.sharpness / math.log(2.0))
        self.strength = system.constant(a, "fast strength", contact.strength[..., None] * self.least, a.xp.float64)

    def _array(self, shape: tuple[int, ...]) -> Any:
        return np.empty(shape) if self.a.numpy else self.xp.empty(shape, dtype=self.xp.float64, device=self.a.device)

    def fill(self, motion: Motion, control: Any, part: slice) -> None:
        """Take a slice of the matches."""
        for own, array in ((self.position, motion.position), (self.velocity, motion.velocity), (self.push, control)):
            own[:] = _turned(self.a, array[part], _TURN)
        self.alive = self.a.copy(motion.alive[part].T)
        self.typed = self.xp.zeros_like(self.alive)
        paid = self.xp.square(self.push, out=self.spare).sum((0, 2))
        effort = self.system.effort
        self.cost = self.system.dt * (effort[ATTACK] * paid[ATTACK] - effort[DEFENCE] * paid[DEFENCE])
        self.push *= self.dt

    def store(self, after: Motion, cost: Any, typed: Any, part: slice) -> None:
        """Give the slice back."""
        after.position[part] = _turned(self.a, self.position, _TURN)
        after.velocity[part] = _turned(self.a, self.velocity, _TURN)
        after.alive[part], cost[part], typed[part] = self.alive.T, self.cost, self.typed.T

    def move(self) -> None:
        """A part of a step: who holds whom, how that slows everybody, where they get to, who is tackled."""
        xp, weights = self.xp, self.weights()
        for side in (ATTACK, DEFENCE):
            xp.sum(weights, 1 - side, out=self.sums[side])
        self.velocity += xp.multiply(self.push, xp.exp(-self.sums), out=self.spare)
        for axis in (0, 1):
            for side in (ATTACK, DEFENCE):
                self._weighted(weights, self.velocity[axis, 1 - side], side, self.shared[axis, side])
        self.velocity += self.shared
        self.velocity /= xp.add(self.sums, 1.0, out=self.sums)
        self._limit()
        self.position += xp.multiply(self.velocity, self.dt, out=self.spare)
        if math.isfinite(self.system.box):
            xp.clip(self.position, -self.system.box, self.system.box, out=self.position)
        self._tackle(weights)

    def _weighted(self, weights: Any, values: Any, side: int, out: Any) -> None:
        """For each player of a side the sum over its opponents of weight times value, (N, B)."""
        if self.a.numpy:
            np.einsum("ijb,jb->ib" if side == ATTACK else "ijb,ib->jb", weights, values, out=out)
        else:
            products = self.xp.multiply(weights, values[None] if side == ATTACK else values[:, None], out=self.across)
            self.xp.sum(products, 1 - side, out=out)

    def weights(self) -> Any:
        """How strongly attacker i and defender j hold each other, (N, N, B).

        c / (1 + exp(k (distance^2 - radius^2))), as c exp(k radius^2) / (exp(k radius^2) + 2^(k distance^2 / ln 2)).
        """
        xp, pairs, across = self.xp, self.pairs, self.across
        scaled = xp.multiply(self.position, self.scale, out=self.spare)
        for out, axis in ((pairs, 0), (across, 1)):
            xp.subtract(scaled[axis, ATTACK][:, None], scaled[axis, DEFENCE][None], out=out)
            xp.square(out, out=out)
        pairs += across
        with np.errstate(over="ignore"):  # far apart: infinity, and so a weight of 0
            xp.exp2(pairs, out=pairs)
        pairs += self.least
        return xp.divide(self.strength, pairs, out=pairs)

    def _limit(self) -> None:
        """Velocities scaled down to the greatest speeds."""
        xp = self.xp
        square = xp.square(self.velocity, out=self.spare)
        speed = xp.add(square[0], square[1], out=square[0])
        speed += 1e-12
        xp.sqrt(speed, out=speed)
        xp.maximum(speed, self.speeds, out=speed)
        self.velocity *= xp.divide(self.speeds, speed, out=speed)

    def _tackle(self, weights: Any) -> None:
        """What the carriers risk, and what it costs each type."""
        survive = self._survive(self.a.take(weights, self.who))
        for kind, row in enumerate(self.rows):
            left = self.alive[kind] * survive[row]
            self.typed[kind] -= (self.alive[kind] - left) * self.position[0, ATTACK, self.carriers[row]]
            self.alive[kind] = left

    def _survive(self, weights: Any) -> Any:
        """Chance that each carrier is not brought down by those who hold it with `weights` (C, N, B), (C, B): the faster they close in, the less."""
        xp, apart, speed = self.xp, self.apart, self.speed
        xp.subtract(self.position[:, ATTACK, self.carriers, None], self.position[:, DEFENCE, None], out=apart)
        xp.subtract(self.velocity[:, DEFENCE, None], self.velocity[:, ATTACK, self.carriers, None], out=speed)
        speed *= apart
        apart *= apart
        closing, distance = xp.add(speed[0], speed[1], out=speed[0]), xp.add(apart[0], apart[1], out=apart[0])
        distance += 1e-6
        closing /= xp.sqrt(distance, out=distance)
        xp.clip(closing, 0.0, None, out=closing)
        closing += 1.0
        closing *= weights
        return xp.exp(closing.sum(1) * (-self.dt * self.system.rate))

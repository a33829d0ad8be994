"""Eleven against eleven with contact: motion, tackles and what plays cost, in two versions.

`hazard` is ours: a defender who holds the carrier brings it down with a chance that grows with how firmly it holds and how fast it
closes in; the play then ends where the carrier is. `saturating` is the tackle of the authors' public code, which costs nearly as much
with nobody near as with everybody there (sigmoid(0) = 1/2 for each of eleven defenders) and never ends the play.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from agentarena.core.namespace import Arrays
from agentarena.envs.football.state import ATTACK, DEFENCE

from .contact import Contact, sigmoid
from .playbook import CALLS, controls
from .plays import LANES, carrier, receivers, worth
from .roster import Roster
from .system import Motion, System

__all__ = ["FootballSystem"]

_TACKLE_COST = 5.0
"""What a certain tackle costs in one step, with saturating tackles."""
_SACK = 0.5
"""What a QB that is certainly held costs at the horizon, with saturating tackles."""


@dataclass(frozen=True, eq=False)
class FootballSystem(System):
    """Football.

    Attributes:
        roster: Who plays.
        plays: The types, names of `plays.PLAYS`.
        contact: How players hold each other; `None` for none.
        tackle: "hazard" or "saturating".
        rate: Tackles per time by one defender who holds the carrier fully.
        effort: What a control of 1 costs per time, squared: attackers, defenders.
        lane: What leaving the lane of a sweep costs.
        cover: What a linebacker costs the defenders who is away from the lane of a sweep at the horizon, per squared unit.
        completion: Length over which the chance of catching a throw falls; 0 for throws that never fail.
        steps: K.
        horizon: Time at which the play ends.
        substeps: Parts of a step in which contact is worked out anew.
        box: Greatest absolute position; `inf` for none.
    """

    roster: Roster
    plays: tuple[str, ...]
    contact: Contact | None
    tackle: str
    rate: float
    effort: tuple[float, float]
    lane: float
    completion: float
    steps: int
    horizon: float
    substeps: int = 4
    box: float = np.inf
    cover: float = 0.0
    dims: int = 2

    least_alive = 0.01

    @property
    def types(self) -> int:  # type: ignore[override]
        return len(self.plays)

    @property
    def players(self) -> int:  # type: ignore[override]
        return self.roster.players

    @property
    def dt(self) -> float:  # type: ignore[override]
        return self.horizon / self.steps

    @cached_property
    def start(self) -> tuple[np.ndarray, np.ndarray]:
        return self.roster.positions, np.zeros_like(self.roster.positions)

    @cached_property
    def bound(self) -> np.ndarray:
        return np.repeat(self.roster.pushes[..., None], 2, axis=-1)

    # --- a step -------------------------------------------------------------------------------------------------

    def advance(self, motion: Motion, control: Any) -> tuple[Motion, Any, Any]:
        a = Arrays.of(motion.position)
        typed = motion.alive * 0.0
        for _ in range(self.substeps):
            motion, part = self._advance(a, motion, control)
            typed = typed + part
        if self.tackle == "saturating":
            typed = typed + self._pressure(a, motion)
        paid = (control**2).sum(-1).sum(-1)
        cost = self.dt * (self.effort[ATTACK] * paid[..., ATTACK] - self.effort[DEFENCE] * paid[..., DEFENCE])
        return motion, cost, typed

    def _advance(self, a: Arrays, motion: Motion, control: Any) -> tuple[Motion, Any]:
        """A part of a step, and what each type pays in it."""
        dt = self.dt / self.substeps
        if self.contact is None:
            weights, velocity = None, motion.velocity + dt * control
        else:
            weights = self._weights(motion)
            velocity = self.contact.held(motion.velocity + dt * self.contact.grip(weights)[..., None] * control, weights)
        velocity = self._limited(a, velocity)
        position = motion.position + dt * velocity
        if np.isfinite(self.box):
            position = a.xp.clip(position, -self.box, self.box)
        after = Motion(position, velocity, motion.alive)
        if weights is None or self.tackle == "saturating":
            return after, motion.alive * 0.0
        survive = a.xp.exp(-dt * self.rate * a.xp.stack([self._hold(after, weights, play) for play in self.plays], -1))
        alive = motion.alive * survive
        where = a.xp.stack([position[..., ATTACK, carrier(play, self.roster), 0] for play in self.plays], -1)
        return Motion(position, velocity, alive), -(motion.alive - alive) * where

    def _hold(self, motion: Motion, weights: Any, play: str) -> Any:
        """How firmly the carrier of a play is held, and how fast those who hold it close in, (...)."""
        assert self.contact is not None
        who = carrier(play, self.roster)
        return (weights[..., who, :] * (1 + self.contact.closing(motion.position, motion.velocity, who))).sum(-1)

    def _limited(self, a: Arrays, velocity: Any) -> Any:
        """Velocities scaled down to the greatest speeds."""
        speed = a.xp.sqrt((velocity**2).sum(-1) + 1e-12)
        most = self.constant(a, "speeds", self.roster.speeds, velocity.dtype)
        return velocity * (most / a.xp.maximum(speed, most))[..., None]

    # --- costs --------------------------------------------------------------------------------------------------

    def terminal(self, motion: Motion) -> Any:
        a = Arrays.of(motion.position)
        weights = self._weights(motion)
        catch = self.constant(a, "receivers", receivers(self.roster, self.completion), a.xp.bool)
        values = a.xp.stack(
            [worth(play, self.roster, motion, weights, catch, lane=self.lane, completion=self.completion) for play in self.plays], -1
        )
        if self.cover:
            values = values + self._uncovered(a, motion)
        if self.tackle == "hazard":
            return -motion.alive * values
        held = 1 - a.xp.prod(1 - weights[..., carrier("pass", self.roster), :], -1)
        sack = self.constant(a, "sack", np.array([_SACK * (play == "pass") for play in self.plays]), values.dtype)
        sacked = sack * held[..., None]
        return sacked - values

    def _uncovered(self, a: Arrays, motion: Motion) -> Any:
        """What linebackers away from the lane of each sweep are worth to the attackers, (..., I)."""
        backers = self.roster.numbers(DEFENCE, "SLB", "MLB", "WLB")
        y = motion.position[..., DEFENCE, backers[0] : backers[-1] + 1, 1][..., None, :]
        lanes = self.constant(a, "lanes", np.array([LANES.get(play, 0.0) for play in self.plays])[:, None], y.dtype)
        swept = self.constant(a, "swept", np.array([self.cover * (play in LANES) for play in self.plays]), y.dtype)
        return swept * ((y - lanes) ** 2).sum(-1)

    def _weights(self, motion: Motion) -> Any:
        if self.contact is not None:
            a = Arrays.of(motion.position)
            strength = self.constant(a, "strength", self.contact.strength, motion.position.dtype)
            return self.contact.weights(motion.position, strength)
        return motion.position[..., 0, :, None, 0] * motion.position[..., 1, None, :, 0] * 0.0

    def _pressure(self, a: Arrays, motion: Motion) -> Any:
        """What each type pays in a step for a carrier that may be tackled, by the saturating rule; a pass pays nothing."""
        weights, who = self._weights(motion), carrier("run", self.roster)
        closing = (self.contact or Contact(np.zeros(1), 1.0, 0.0)).closing(motion.position, motion.velocity, who)
        missed = a.xp.prod(1 - sigmoid(a.xp, 3 * weights[..., who, :] + 0.2 * closing), -1)
        pays = self.constant(a, "pays", np.array([_TACKLE_COST * (play != "pass") for play in self.plays]), missed.dtype)
        return pays * (1 - missed)[..., None]

    @cached_property
    def reach(self) -> tuple[float, float]:
        speed = float(self.roster.speeds.max())
        position = float(np.abs(self.roster.positions).max()) + speed * self.horizon
        return min(position, max(self.box, float(np.abs(self.roster.positions).max()))), speed

    @cached_property
    def costs(self) -> tuple[float, float]:
        far = self.reach[0]
        swept = (self.lane + self.cover * len(self.roster.numbers(DEFENCE, "SLB", "MLB", "WLB"))) * (far + 1.0) ** 2
        play = far + 1.0 + swept + (_TACKLE_COST * self.steps + _SACK if self.tackle == "saturating" else 0.0)
        work = [2 * self.horizon * weight * float((self.roster.pushes[side] ** 2).sum()) for side, weight in enumerate(self.effort)]
        return -work[DEFENCE] - play, work[ATTACK] + play

    # --- words --------------------------------------------------------------------------------------------------

    def calls(self, side: int) -> tuple[str, ...]:
        return tuple(CALLS[side])

    def called(self, call: str, side: int, motion: Motion, step: Any) -> Any:
        return controls(CALLS[side][call], self.roster, side, motion, self.bound[side])

    def type_name(self, number: int) -> str:
        return self.plays[number].replace("_", " ")

    def revealing(self, number: int) -> str:
        return {"run": "inside zone", "pass": "play-action", "sweep_left": "sweep left", "sweep_right": "sweep right"}[self.plays[number]]

    @property
    def story(self) -> str:
        return (
            f"Football: {self.players} attackers, towards greater x, and {self.players} defenders, from the snap. Players who meet hold each "
            "other; a carrier who is held may be tackled, and then the play ends where it is."
        )

    def aim(self, side: int) -> str:
        gain = "gain" if side == ATTACK else "lose"
        return (
            f"You {gain} the units that the ball carrier wins: of a run where the RB is tackled or is at the end, of a sweep less for leaving its "
            "lane (y = +0.8 left, -0.8 right), of a pass where the best free receiver is at the end, or the QB when it is tackled before."
        )

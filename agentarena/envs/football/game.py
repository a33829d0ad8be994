"""Differential games with one-sided information: one side knows the type of the play, the other sees only how everybody moves.

After Hexner, "A differential game of incomplete information" (1979), and M. Ghimire, L. Zhang, Z. Xu, Y. Ren, "Solving football by
exploiting equilibrium structure of 2p0s differential games with one-sided information" (arXiv 2502.00560). The informed side
minimizes a cost that depends on the type, the other maximizes it. Motion and costs are those of the options' `system`; everything
else (who acts when, what is posted, what is paid) is alike in all games, and is in `rules.transitions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Box
from agentarena.core.batch import Batch
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo
from agentarena.core.namespace import Arrays

from .actions import Layout
from .batch import FieldBatch
from .events import events
from .observation import Observation
from .options import FieldOptions, FootballOptions, Hexner22Options, HexnerOptions
from .rules import systems, transitions
from .rules.football import FootballSystem
from .rules.quadratic import QuadraticSystem
from .rules.system import System
from .state import ATTACK, DEFENCE, Field, frozen
from .text import FieldText

__all__ = ["FieldGame", "Football", "Hexner", "Hexner22"]


class FieldGame(FieldOptions, Game[Field]):
    """The rules of all games on the field. Seat 0 (or the first N) is the informed side, the attackers; the others defend."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_combination(self.system.types)

    @property
    def system(self) -> System:
        """Motion and costs."""
        raise NotImplementedError(f"{type(self).__name__} must define system")

    @cached_property
    def layout(self) -> Layout:
        """The seats and what their numbers mean."""
        return Layout(self, self.system.types, self.system.bound)

    @cached_property
    def observation(self) -> Observation:
        """Vectors of observations; `observation.read` names their parts."""
        return Observation(self.layout, self.system)

    @cached_property
    def info(self) -> GameInfo:
        least, greatest = self.system.costs
        high = max(-least, greatest) / self.layout.shares
        split = self.discretization == "split"
        return GameInfo(
            seats=self.layout.seats,
            low=-high,
            high=high,
            unit="point",
            sum="zero",
            simultaneous=not split or self.mode == "player",
            lockstep=not split,
            hidden=True,
            chance=True,
            max_steps=self.steps * (2 if split else 1),
            teams=tuple("attack" if self.layout.side(seat) == ATTACK else "defence" for seat in range(self.layout.seats)),
        )

    @cached_property
    def text(self) -> FieldText:
        return FieldText(self)

    @cached_property
    def _action_spaces(self) -> tuple[gymnasium.Space[Any], ...]:
        return tuple(box.space() for box in self.layout.boxes)

    def action_space(self, seat: int) -> gymnasium.Space[Any]:
        """A vector; `actions` says what its numbers are."""
        return self._action_spaces[seat]

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A float64 vector; `observation` says what its numbers are."""
        return self.observation.space

    # --- play ---------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> Field:
        secret = np.asarray(rng.choice(len(self.chances), p=self.chances))
        return frozen(transitions.begin(self.system, Arrays(), self.chances, secret))

    def to_move(self, state: Field) -> tuple[int, ...]:
        if transitions.finished(self.system, state):
            return ()
        if self.discretization == "sim":
            return tuple(range(self.layout.seats))
        return self.layout.seats_of(DEFENCE if state.announced else ATTACK)

    def legal(self, state: Field, seat: int) -> Box:
        return self.layout.boxes[seat]

    def step(self, state: Field, actions: Mapping[int, Action], rng: np.random.Generator) -> Field:
        self.check(state, actions)
        numbers = {
            seat: np.clip(np.asarray(x, np.float64), self.layout.boxes[seat].low, self.layout.boxes[seat].high)
            for seat, x in actions.items()
        }
        control = state.control[ATTACK]
        if ATTACK in {self.layout.side(seat) for seat in numbers}:
            state, control = self._informed(state, [numbers[seat] for seat in self.layout.seats_of(ATTACK)], rng)
            if self.discretization == "split":
                both = np.stack([control, np.zeros_like(control)])
                return frozen(state.but(control=both, announced=np.asarray(True), reward=np.asarray(0.0)))
        defence = [numbers[seat] for seat in self.layout.seats_of(DEFENCE)]
        both = np.stack([control, self.layout.controls(np, DEFENCE, defence)])
        return frozen(transitions.play(self.system, state, both, self.layout.report(defence), dense=self.reward == "dense"))

    def _informed(self, state: Field, numbers: list[np.ndarray], rng: np.random.Generator) -> tuple[Field, np.ndarray]:
        """The informed side's control, and the match with the belief that it leads to."""
        if not self.layout.states_strategy:
            return state, self.layout.controls(np, ATTACK, numbers)
        control, belief = transitions.announce(state, self.layout.strategy(numbers[0]), np.asarray(rng.random()))
        return state.but(belief=belief), control

    def rewards(self, state: Field) -> tuple[float, ...]:
        share = float(state.reward) / self.layout.shares
        return (share,) * self.layout.shares + (-share,) * self.layout.shares

    def role(self, state: Field, seat: int) -> str:
        return "attack" if self.layout.side(seat) == ATTACK else "defence"

    # --- what a seat may know -----------------------------------------------------------------------------------

    def observe(self, state: Field, seat: int) -> np.ndarray:
        return np.asarray(self.observation.vector(state, seat))

    def news(self, state: Field) -> tuple[Event, ...]:
        return events(self.layout, state, not self.to_move(state))

    def resample(self, state: Field, seat: int, rng: np.random.Generator) -> Field:
        """The type redrawn for a defender: from the posted belief, else from the prior (how attackers play is not known)."""
        if self.layout.side(seat) == ATTACK or transitions.finished(self.system, state):
            return state
        belief = np.asarray(state.belief)
        return frozen(state.but(secret=np.asarray(rng.choice(len(belief), p=belief / belief.sum()))))

    def diagnostics(self, state: Field, seat: int) -> Mapping[str, float]:
        """Facts for trainers: the type, what was paid so far, and the reports' mean log score and Brier score."""
        count = max(1, int(state.step))
        return {
            "type": float(state.secret),
            "alive": float(state.alive[int(state.secret)]),
            "spent": float(state.spent),
            "log_score": float(state.scores[0]) / count,
            "brier_score": float(state.scores[1]) / count,
        }

    def batch(self, xp: Any = np, device: Any = None) -> Batch[Any]:
        """Array rules on numpy or torch; the numbers of an action are those of the action space."""
        return FieldBatch(self.layout, self.system, xp, device)


@dataclass(frozen=True)
class Hexner(HexnerOptions, FieldGame):
    """Two players, each drawn to the target of the type that one of them knows; the value is known in closed form."""

    @cached_property
    def system(self) -> QuadraticSystem:
        return systems.hexner(self)


@dataclass(frozen=True)
class Hexner22(Hexner22Options, FieldGame):
    """Eleven against eleven without contact; the value is known exactly."""

    @cached_property
    def system(self) -> QuadraticSystem:
        return systems.hexner22(self)


@dataclass(frozen=True)
class Football(FootballOptions, FieldGame):
    """Eleven against eleven with contact and two or more private plays; its value is known up to a gap."""

    @cached_property
    def system(self) -> FootballSystem:
        return systems.football(self)

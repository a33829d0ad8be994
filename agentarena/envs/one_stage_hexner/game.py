"""Hexner's game in one step, as a matrix game: both sides choose a control from a grid at once, and one of them knows the type.

After the one-stage game of M. Ghimire, L. Zhang, Z. Xu, Y. Ren, "Solving football by exploiting equilibrium structure of 2p0s
differential games with one-sided information" (arXiv 2502.00560), in which they compare solvers. The attacker pays for its control
and for its distance from the target of its type, less the defender's; the defender is paid what the attacker pays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo

from .observation import Observation
from .options import OneStageOptions
from .rules import Stage
from .state import ATTACK, DEFENCE, State
from .text import OneStageText

__all__ = ["ATTACK", "DEFENCE", "OneStageHexner"]


@dataclass(frozen=True)
class OneStageHexner(OneStageOptions, Game[State]):
    """The rules. Seat 0 attacks and knows the type, seat 1 defends."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.stage  # so that options that do not fit together are refused now

    @cached_property
    def stage(self) -> Stage:
        """The grids and the costs."""
        return Stage(self)

    @cached_property
    def observation(self) -> Observation:
        """Vectors of observations; `observation.type_of` reads one."""
        return Observation(self.stage)

    @cached_property
    def info(self) -> GameInfo:
        high = float(np.abs(self.stage.costs).max())
        return GameInfo(
            seats=2,
            low=-high,
            high=high,
            unit="point",
            sum="zero",
            simultaneous=True,
            lockstep=True,
            hidden=True,
            chance=True,
            max_steps=1,
            teams=("attack", "defence"),
        )

    @cached_property
    def text(self) -> OneStageText:
        return OneStageText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(len(self._legal))

    @cached_property
    def _legal(self) -> tuple[int, ...]:
        return tuple(range(self.stage.controls.shape[1]))

    @cached_property
    def _deals(self) -> tuple[tuple[float, State], ...]:
        return tuple((float(p), State(number)) for number, p in enumerate(self.stage.prior) if p > 0)

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """The points of the seat's grid, by their place in `stage.controls[seat]`."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A float32 vector; `observation` says what its numbers are."""
        return self.observation.space

    def start(self, rng: np.random.Generator) -> State:
        return State(int(rng.choice(len(self.stage.prior), p=self.stage.prior)))

    def to_move(self, state: State) -> tuple[int, ...]:
        return () if state.actions else (ATTACK, DEFENCE)

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return self._legal

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        return State(state.secret, (int(actions[ATTACK]), int(actions[DEFENCE])))

    def rewards(self, state: State) -> tuple[float, ...]:
        if not state.actions:
            return (0.0, 0.0)
        paid = float(self.stage.costs[state.secret, state.actions[ATTACK], state.actions[DEFENCE]])
        return (0.0 - paid, paid)

    def role(self, state: State, seat: int) -> str:
        return ("attack", "defence")[seat]

    # --- what a seat may know -----------------------------------------------------------------------------------

    def observe(self, state: State, seat: int) -> np.ndarray:
        return self.observation.vector(state, seat)

    def news(self, state: State) -> tuple[Event, ...]:
        if not state.actions:
            return ()
        controls = [self.stage.controls[seat, action].round(6).tolist() for seat, action in enumerate(state.actions)]
        return (Event("play", {"controls": controls, "type": state.secret}),)

    def information(self, state: State, seat: int) -> str:
        known = str(state.secret) if seat == ATTACK or state.actions else "?"
        return f"{seat}:{known}:{','.join(map(str, state.actions))}"

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """The type redrawn from the prior, for a defender who is yet to move."""
        return state if seat == ATTACK or state.actions else self.start(rng)

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """Every type with its chance; nothing else is random."""
        if state is None or actions is None:
            return self._deals
        return ((1.0, self.step(state, actions, np.random.default_rng(0))),)

    def diagnostics(self, state: State, seat: int) -> Mapping[str, float]:
        """The type, for trainers."""
        return {"type": float(state.secret)}

    def batch(self, xp: Any = np, device: Any = None) -> Any:
        """Array rules on numpy or torch."""
        from .batch import OneStageBatch

        return OneStageBatch(self.stage, self.observation, xp, device)

"""Pokemon doubles as played in VGC, on the official open-source simulator. See card.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Legal
from agentarena.core.batch import Batch
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo

from . import actions, events, information, observation, rules
from .engine import Engine, EngineError, shared
from .engine.install import worker_command
from .options import VGCOptions
from .state import State
from .text import VGCText

__all__ = ["PokemonVGC"]

_STEPS_A_TURN = 6
"""Steps that a turn may take: the choice, forced switches in its middle and at its end, and choices that reveal something."""
_STEPS_BEFORE = 8
"""Steps before the first turn: team building and the preview, two at a time."""


@dataclass(frozen=True)
class PokemonVGC(VGCOptions, Game[State]):
    """The rules. A win is worth 1, a loss -1; a tie, and a battle that is cut short, 0.

    The battle lives in an engine: `step` spends its old state. `fork`, `pack` and `unpack` copy it, hidden parts included; `resample`
    copies it as a seat may honestly imagine it.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_combination()

    # --- fixed by the options -----------------------------------------------------------------------------------

    @classmethod
    def missing(cls) -> str | None:
        try:
            worker_command()
        except EngineError as error:
            return str(error)
        return None

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(
            seats=2,
            low=-1.0,
            high=1.0,
            unit="win",
            sum="zero",
            simultaneous=True,
            hidden=True,
            chance=True,
            max_steps=_STEPS_BEFORE + _STEPS_A_TURN * self.max_turns,
            forkable=False,
        )

    @cached_property
    def text(self) -> VGCText:
        return VGCText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.MultiDiscrete:
        return actions.space()

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return observation.space(self)

    def action_space(self, seat: int) -> gymnasium.spaces.MultiDiscrete:
        """A choice of 55 for each of the two slots; see `actions`."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A vector of numbers in named slices; see `observation`."""
        return self._observation_space

    @property
    def engine(self) -> Engine:
        """The engine of this process under these options."""
        return shared(self.processes, self.patch)

    # --- play -----------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        (state,) = rules.start_many(self, [rng])
        return state

    def to_move(self, state: State) -> tuple[int, ...]:
        return rules.to_move(self, state)

    def legal(self, state: State, seat: int) -> Legal:
        return rules.legal(state, seat)

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        (after,) = rules.step_many(self, [state], [actions])
        return after

    def rewards(self, state: State) -> tuple[float, float]:
        return rules.rewards(state)

    def truncated(self, state: State) -> bool:
        return rules.truncated(self, state)

    def release(self, state: State) -> None:
        """Drop the battle. May be called twice."""
        state.run.close()

    # --- what a side knows, and what trainers may ---------------------------------------------------------------------

    def observe(self, state: State, seat: int) -> np.ndarray:
        return observation.observe(self, state, seat)

    def news(self, state: State) -> tuple[Event, ...]:
        return events.news(state)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """A battle of its own, as the seat may imagine it: what it cannot know is redrawn. Release it after use."""
        return information.resample(self, state, seat, rng)

    def fork(self, state: State, rng: np.random.Generator | None = None) -> State:
        """A battle of its own that goes on from this one, hidden parts included. Release it after use."""
        return information.fork(state, None if rng is None else rules.seed_from(rng))

    def batch(self) -> Batch[Any]:
        """The array rules: battles side by side in one call of the engine."""
        from .batch import VGCBatch

        return VGCBatch(self)

    def diagnostics(self, state: State, seat: int) -> dict[str, Any]:
        return information.diagnostics(self, state, seat)

    def pack(self, state: State) -> bytes:
        """The state as bytes, hidden parts included."""
        return information.pack(state)

    def unpack(self, data: bytes) -> State:
        """A state from `pack`, in a battle of its own."""
        return information.unpack(self, data)

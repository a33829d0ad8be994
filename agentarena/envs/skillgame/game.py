"""Skill games: worlds of rooms, objects, tools and skills from a specification, with sampled tasks that a planner can do.

`card.md` names the rules, the form of specifications, and the sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Legal
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo

from . import actions, events, information, observation, rules
from .actions import LONGEST
from .engine.loading import load_spec
from .engine.spec import Spec
from .options import SkillOptions
from .state import State
from .text import SkillText

__all__ = ["SkillGame"]


@dataclass(frozen=True)
class SkillGame(SkillOptions, Game[State]):
    """The rules. The return is 1 for a task that is done; with `reward="dense"` a part of it comes on the way."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_combination()
        load_spec(self.world)  # refuses what cannot be used, with the reasons

    # --- fixed by the options -----------------------------------------------------------------------------------

    @cached_property
    def spec(self) -> Spec:
        """The world."""
        return load_spec(self.world)

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=1, low=0.0, high=1.0, unit="task", sum="general", hidden=True, chance=True, max_steps=self.max_steps)

    @cached_property
    def text(self) -> SkillText:
        return SkillText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Text:
        return actions.space()

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Dict:
        return observation.space()

    def action_space(self, seat: int) -> gymnasium.spaces.Text:
        """Text: commands."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Dict:
        """Words and numbers; see `observation.observe`."""
        return self._observation_space

    # --- play -----------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        return rules.start(self, rng)

    def to_move(self, state: State) -> tuple[int, ...]:
        return (0,) if not state.won and state.turn < self.max_steps else ()

    def legal(self, state: State, seat: int) -> Legal:
        return actions.legal(self, state)

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        command = actions.get(0)
        free = self.commands == "free" and type(command) is str and len(actions) == 1 and len(command) <= LONGEST
        if not free or not self.to_move(state):
            self.check(state, actions)  # raises what is wrong with them, if anything is
        return rules.step(self, state, str(actions[0]))

    def rewards(self, state: State) -> tuple[float]:
        return (state.reward,)

    # --- what the agent knows, and what trainers may -----------------------------------------------------------------

    def observe(self, state: State, seat: int) -> dict[str, Any]:
        return observation.observe(self, state)

    def news(self, state: State) -> tuple[Event, ...]:
        return events.news(state)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        return information.resample(state, rng)

    def anchor(self, state: State, seat: int) -> str:
        """A key of the scene, whatever led there."""
        return information.anchor(state)

    def diagnostics(self, state: State, seat: int) -> dict[str, Any]:
        return information.diagnostics(state)

    def pack(self, state: State) -> bytes:
        return information.pack(state)

    def unpack(self, data: bytes) -> State:
        return information.unpack(data)

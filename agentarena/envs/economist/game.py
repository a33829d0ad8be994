"""A tax economy: a planner sets the marginal rates of each tax year, workers choose their weekly hours, taxes come back in equal shares.

The game of the LLM Economist (arXiv 2507.15815; rules from its released code). Constants and welfare functions with which that code has problems are
replaced by default and available by name; see the card. What happens in each phase is in `rules/phases.py`.

Seat 0 is the planner, seats 1 to N are the workers. Dollars are dollars a year throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, ActionSet
from agentarena.core.batch import Batch
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo

from . import actions as moves
from .batch import EconomyBatch
from .events import events
from .information import resample
from .observation import Layout
from .rules import phases
from .rules.returns import return_bounds
from .rules.society import Society
from .state import DECREE, OVER, PLATFORM, WORK, State
from .text import EconomistText

__all__ = ["Economist"]


@dataclass(frozen=True)
class Economist(Society, Game[State]):
    """The rules. A return is the sum over weeks: of social welfare for the planner, of utility for a worker."""

    def __post_init__(self) -> None:
        Game.__post_init__(self)
        self.check_combination()

    @cached_property
    def info(self) -> GameInfo:
        low, high = return_bounds(self)
        steps_of_government = 1 if self.government == "planner" else 2
        return GameInfo(
            seats=self.population + 1,
            low=low,
            high=high,
            unit="dollar a year",
            sum="general",
            simultaneous=self.population > 1,
            hidden=self.has_hidden,
            chance=self.has_hidden or self.government != "planner",
            max_steps=self.years * self.weeks + max(0, self.years - self.warmup) * steps_of_government,
        )

    @cached_property
    def text(self) -> EconomistText:
        return EconomistText(self)

    @cached_property
    def layout(self) -> Layout:
        """Observations; `observation.read_planner` and `read_worker` name their numbers."""
        return Layout(self)

    @cached_property
    def _action_spaces(self) -> tuple[gymnasium.Space[Any], gymnasium.Space[Any]]:
        return moves.space(self, 0), moves.space(self, 1)

    def action_space(self, seat: int) -> gymnasium.Space[Any]:
        """The planner's: K percentages, or a change in each of K brackets. A worker's: its hours; with opinions or elections, a `Dict`."""
        return self._action_spaces[min(seat, 1)]

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A float32 vector; `observation.read_planner` and `read_worker` say what its numbers are."""
        return self.layout.worker_space if seat else self.layout.planner_space

    # --- play ---------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        return phases.first_state(self, rng)

    def to_move(self, state: State) -> tuple[int, ...]:
        if state.phase == OVER:
            return ()
        return (state.leader,) if state.phase == DECREE else self.workers

    def legal(self, state: State, seat: int) -> ActionSet:
        return moves.legal(self, state, seat)

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        if state.phase == WORK:
            hours = phases.plain_hours(self, actions)
            if hours is not None:
                return phases.work(self, state, hours, self.all_satisfied)
        self.check(state, actions)
        if state.phase == WORK:
            return phases.work(self, state, *phases.stated_hours(self, actions))
        if state.phase == DECREE:
            return phases.decree(self, state, actions)
        if state.phase == PLATFORM:
            return phases.take_platforms(self, state, actions)
        return phases.elect(self, state, actions, rng)

    def rewards(self, state: State) -> tuple[float, ...]:
        if state.played != WORK or not state.past:
            return self.no_rewards
        last = state.past[-1]
        return (last.welfare, *self.credits(last).tolist())

    def role(self, state: State, seat: int) -> str:
        return "planner" if seat == 0 else ("worker", "altruist", "adversary")[int(self.motives[seat - 1])]

    def winner(self, state: State, returns: tuple[float, ...]) -> None:
        """Nobody wins: the planner's welfare and workers' utilities do not compare."""

    # --- what a seat may know -----------------------------------------------------------------------------------

    def news(self, state: State) -> tuple[Event, ...]:
        return events(self, state)

    def observe(self, state: State, seat: int) -> np.ndarray:
        return self.layout.vector(state, seat)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """Others' skills and personas redrawn. Incomes and taxes are on the public roll and stay; so does the welfare as published."""
        return resample(self, state, seat, rng)

    def batch(self) -> Batch[Any]:
        """Array rules; see `EconomyBatch` for the shape of actions."""
        return EconomyBatch(self)

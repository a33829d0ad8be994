"""Dhumbal (Jhyap), the Nepalese relative of Yaniv: shed points, then call when you believe your hand is lowest.

A turn is two decisions: call or discard, then take a card from the stock or from the discard pile. The preset `paper`
follows S. R. Malla, arXiv 2510.11736, quirks included; the defaults are the preset `standard`. `card.md` names every
rule, its source and where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.batch import Batch
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo

from . import events, information, observation, rules
from .actions import Deck, action_count, deck_of
from .options import HAND, DhumbalOptions
from .state import State
from .text import DhumbalText

__all__ = ["Dhumbal"]


@dataclass(frozen=True)
class Dhumbal(DhumbalOptions, Game[State]):
    """The rules. Returns are coins won or lost, or points collected times -1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_combination()

    # --- fixed by the options -----------------------------------------------------------------------------------

    @cached_property
    def info(self) -> GameInfo:
        coins = self.scoring == "coins"
        worst = self._worst_return
        return GameInfo(
            seats=self.players,
            low=float(worst),
            high=float(-worst) if coins else 0.0,
            unit="coin" if coins else "point",
            sum="zero" if coins else "general",
            hidden=True,
            chance=True,
            max_steps=2 * self.turn_cap * self.rounds,
        )

    @property
    def _worst_return(self) -> int:
        """In coins a seat pays at most all hands of a round together; in points it collects a hand and the penalty."""
        dearest = sorted(self.deck.values, reverse=True)
        if self.scoring == "coins":
            return -self.rounds * sum(dearest[: HAND * self.players])
        points = sum(dearest[:HAND]) + self.penalty
        return max(-self.rounds * points, 1 - self.limit - points) if self.limit else -self.rounds * points

    @cached_property
    def text(self) -> DhumbalText:
        return DhumbalText(self)

    @cached_property
    def deck(self) -> Deck:
        """The deck and its tables of discards."""
        return deck_of(self)

    @cached_property
    def layout(self) -> dict[str, slice]:
        """Where the parts of an observation lie, by name; see `observation`."""
        return observation.layout(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(action_count(self))

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return observation.space(self, max(-self.info.low, self.info.high))

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """See `actions`: 315 discards, call, two ways to take a card; more with jokers or a wider pick-up rule."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A float32 vector; `layout` names its parts."""
        return self._observation_space

    # --- play -----------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        return rules.start(self, rng)

    def to_move(self, state: State) -> tuple[int, ...]:
        return (state.seat,) if state.seat >= 0 else ()

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return state.legal

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        action = actions.get(state.seat)
        if action.__class__ is not int or len(actions) != 1 or action not in state.legal:
            self.check(state, actions)  # raises what is wrong with them, if anything is
            action = int(actions[state.seat])
        return rules.step(self, state, action, rng)

    def rewards(self, state: State) -> tuple[float, ...]:
        showdown = state.table.showdown
        return tuple(map(float, showdown.payments)) if showdown and state.last.ended else (0.0,) * self.players

    def winner(self, state: State, returns: tuple[float, ...]) -> int | str | None:
        """The winner of the round, in a match of one; else the seat with the greatest return."""
        showdown = state.table.showdown
        if self.rounds == 1 and showdown is not None:
            return showdown.winner
        return super().winner(state, returns)

    def batch(self, history: bool = False) -> Batch[Any]:
        """Array rules on numpy, for every option; `history` keeps the past of matches, which `unbatch` then shows."""
        from .batch import DhumbalBatch

        return DhumbalBatch(self, history)

    # --- what seats know -------------------------------------------------------------------------------------------

    def observe(self, state: State, seat: int) -> np.ndarray:
        return observation.observe(self, state, seat)

    def information(self, state: State, seat: int) -> str:
        return information.information(state, seat)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        return information.resample(self, state, seat, rng)

    def news(self, state: State) -> tuple[Event, ...]:
        return events.news(state)

"""Hanabi: everybody sees all hands but their own, and together they lay one pile a colour in the order of ranks.

Rules and numbering follow the Hanabi Learning Environment (Bard et al., "The Hanabi challenge", arXiv 1902.00506), and
so does the observation; the small configurations are those of MARS (arXiv 2510.15414).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option

from . import events, information, observation, rules
from .actions import hints_of
from .options import HanabiOptions
from .state import State
from .text import HanabiText

__all__ = ["FullHanabi", "Hanabi", "MiniHanabi", "SimpleHanabi"]


@dataclass(frozen=True)
class Hanabi(HanabiOptions, Game[State]):
    """The rules under any configuration; the defaults are the standard game for two."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_combination()

    # --- fixed by the options -----------------------------------------------------------------------------------

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(
            seats=self.players,
            low=0,
            high=self.greatest_score,
            unit="card",
            sum="common",
            hidden=True,
            chance=True,
            max_steps=self.longest_match,
        )

    @cached_property
    def text(self) -> HanabiText:
        return HanabiText(self)

    @cached_property
    def layout(self) -> observation.Layout:
        """Where each part of the observation lies."""
        return observation.layout(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(hints_of(self).count)

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(0, 1, (self.layout.size,), np.int8)

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Numbered as in `actions`."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """(n,) int8 of 0 and 1, laid out as `layout` says: the encoding of the Hanabi Learning Environment, seats counted from one's own."""
        return self._observation_space

    def hint(self, action: int) -> tuple[int, int]:
        """What a hint says: the offset of the player it is for, and a number, colour c as c and rank r as colors + r."""
        return hints_of(self).decode(action)

    # --- play -----------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        return self.deal(rng.permutation(np.frombuffer(self.cards, np.uint8)).tobytes())

    def deal(self, deck: bytes) -> State:
        """The first position with the deck in a given order; seat 0 gets the first `hand` cards, then seat 1, and so on."""
        return rules.deal(self, deck)

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """Every order of the deck at the start, where there are at most some thousands; steps are certain."""
        if state is None or actions is None:
            return rules.all_deals(self)
        return ((1.0, self.step(state, actions, np.random.default_rng(0))),)

    def to_move(self, state: State) -> tuple[int, ...]:
        return (state.seat,) if state.seat >= 0 else ()

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return state.legal

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        action = actions.get(state.seat)
        if action.__class__ is not int or len(actions) != 1 or action not in state.legal:
            self.check(state, actions)  # raises what is wrong with them, if anything is
            action = int(actions[state.seat])
        return rules.step(self, state, action)

    def rewards(self, state: State) -> tuple[float, ...]:
        return (state.reward,) * self.players

    def score(self, state: State) -> int:
        """Cards on the piles; 0 after the last life is lost, unless `keep_score`."""
        return rules.score(self, state)

    # --- what seats know -------------------------------------------------------------------------------------------

    def observe(self, state: State, seat: int) -> np.ndarray:
        return observation.observe(self, self.layout, state, seat)

    def information(self, state: State, seat: int) -> str:
        return information.information(state, seat)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        return information.resample(self, state, seat, rng)

    def news(self, state: State) -> tuple[Event, ...]:
        return events.news(self, state)

    # --- bytes -----------------------------------------------------------------------------------------------------

    def pack(self, state: State) -> bytes:
        """The order of the deck and the moves: a position is what comes of them."""
        return state.deck + state.moves

    def unpack(self, data: bytes) -> State:
        state, rng = self.deal(data[: len(self.cards)]), np.random.default_rng(0)  # steps draw nothing from it
        for action in data[len(self.cards) :]:
            state = self.step(state, {state.seat: action}, rng)
        return state


# --- the small forms of MARS (arXiv 2510.15414): the same rules with other defaults -------------------------------------


@dataclass(frozen=True)
class MiniHanabi(Hanabi):
    """Two colours, two ranks, three cards in hand: 8 cards, of which 2 are left to draw."""

    colors: int = option(2, "Number of colours.", low=1, high=5)
    ranks: int = option(2, "Number of ranks; a pile is complete at this height.", low=1, high=5)
    hand: int = option(3, "Cards in a hand.", low=1, high=5)
    tokens: int = option(3, "Information tokens at the start, and the most there can be.", low=1, high=20)

    presets: ClassVar = {}


@dataclass(frozen=True)
class SimpleHanabi(Hanabi):
    """Three colours, two ranks, five cards in hand: 12 cards, of which 2 are left to draw."""

    colors: int = option(3, "Number of colours.", low=1, high=5)
    ranks: int = option(2, "Number of ranks; a pile is complete at this height.", low=1, high=5)

    presets: ClassVar = {}


@dataclass(frozen=True)
class FullHanabi(Hanabi):
    """Three colours, three ranks, five cards in hand: 18 cards, of which 8 are left to draw."""

    colors: int = option(3, "Number of colours.", low=1, high=5)
    ranks: int = option(3, "Number of ranks; a pile is complete at this height.", low=1, high=5)

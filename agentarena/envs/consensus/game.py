"""The consensus game: nature draws a value, the generator picks a candidate for it, the discriminator guesses the value.

After A. P. Jacob, Y. Shen, G. Farina, J. Andreas, "The consensus game: language model generation via equilibrium search"
(arXiv 2310.09139). Both get 1 when the guess is right. What a language model gives the candidates is a part of the game's
options: players that stay near it turn the game into a ranking of the candidates (see `solver`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option
from agentarena.core.tabular import tabular

from .options import MOST_CANDIDATES, PRESETS, checked, initial_policies
from .text import ConsensusText

__all__ = ["DISCRIMINATOR", "GENERATOR", "ConsensusGame", "State"]

GENERATOR, DISCRIMINATOR = 0, 1
_UNKNOWN = -1
_MOST_WORDS = 2000
"""Longest question or candidate, in characters."""
_DEFAULT = PRESETS["example_a"]


@dataclass(frozen=True, slots=True)
class State:
    """A match.

    Attributes:
        value: What nature drew: 0 correct, 1 incorrect.
        pick: The generator's candidate; -1 before.
        guess: The discriminator's guess of the value; -1 before.
    """

    value: int
    pick: int = _UNKNOWN
    guess: int = _UNKNOWN


@tabular
@dataclass(frozen=True)
class ConsensusGame(Game[State]):
    """The rules. Seat 0 is the generator, seat 1 the discriminator; 1 to both when the guess is the value, else 0."""

    question: str = option(_DEFAULT["question"], "The question; may be empty.")
    candidates: tuple[str, ...] = option(_DEFAULT["candidates"], f"The candidate answers, 2 to {MOST_CANDIDATES} different ones.")
    generator: tuple[Any, ...] = option(_DEFAULT["generator"], "P(candidate | correct) and P(candidate | incorrect) of a language model.")
    discriminator: tuple[float, ...] = option(_DEFAULT["discriminator"], "P(correct | candidate) of a language model.")

    presets = PRESETS

    def __post_init__(self) -> None:
        super().__post_init__()
        where = "ConsensusGame: option"
        if len(self.question) > _MOST_WORDS:
            raise BadOption(f"{where} 'question' has {len(self.question)} characters; allowed: up to {_MOST_WORDS}")
        names = self.candidates
        if not isinstance(names, tuple) or not all(isinstance(name, str) and name.strip() and len(name) <= _MOST_WORDS for name in names):
            raise BadOption(f"{where} 'candidates' is {shown(names)}; expected a list of texts of 1 to {_MOST_WORDS} characters")
        if len(set(names)) != len(names) or not 2 <= len(names) <= MOST_CANDIDATES:
            raise BadOption(f"{where} 'candidates' is {shown(names)}; expected 2 to {MOST_CANDIDATES} different texts")
        try:
            generator, discriminator = checked(self.generator, self.discriminator)
        except UsageError as error:
            raise BadOption(f"{where}s 'generator' and 'discriminator': {error}") from None
        if generator.shape != (2, len(names)) or discriminator.shape != (len(names),):
            raise BadOption(
                f"{where}s 'generator' and 'discriminator' have shapes {generator.shape} and {discriminator.shape}; expected "
                f"{(2, len(names))} and {(len(names),)}, as there are {len(names)} candidates"
            )

    @cached_property
    def initial(self) -> tuple[np.ndarray, np.ndarray]:
        """The initial policies: pi_G(y | v), shape (2, Y), and pi_D(correct | y), shape (Y,)."""
        policies = initial_policies(self.generator, self.discriminator)
        for policy in policies:
            policy.flags.writeable = False
        return policies

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=2, low=0.0, high=1.0, unit="win", sum="common", hidden=True, chance=True, max_steps=2)

    @cached_property
    def text(self) -> ConsensusText:
        return ConsensusText(self)

    @cached_property
    def _action_spaces(self) -> tuple[gymnasium.spaces.Discrete, gymnasium.spaces.Discrete]:
        return gymnasium.spaces.Discrete(len(self.candidates)), gymnasium.spaces.Discrete(2)

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(0, 1, (4 + len(self.candidates),), np.int8)

    @cached_property
    def _legal(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return tuple(range(len(self.candidates))), (0, 1)

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Seat 0: the candidates; seat 1: 0 correct, 1 incorrect."""
        return self._action_spaces[seat]

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int8 zeros and ones: the value (2), zero while the seat does not know it; the pick (Y); the guess (2)."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return State(int(rng.integers(2)))

    def to_move(self, state: State) -> tuple[int, ...]:
        if state.pick < 0:
            return (GENERATOR,)
        return (DISCRIMINATOR,) if state.guess < 0 else ()

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return self._legal[seat]

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        (action,) = actions.values()
        return State(state.value, int(action)) if state.pick < 0 else State(state.value, state.pick, int(action))

    def rewards(self, state: State) -> tuple[float, ...]:
        return (float(state.guess == state.value),) * 2

    def known_value(self, state: State, seat: int) -> int:
        """The value as far as a seat knows it: the discriminator learns it at the end. -1 where unknown."""
        return state.value if seat == GENERATOR or state.guess >= 0 else _UNKNOWN

    def observe(self, state: State, seat: int) -> np.ndarray:
        count = len(self.candidates)
        out = np.zeros(4 + count, np.int8)
        for first, index in ((0, self.known_value(state, seat)), (2, state.pick), (2 + count, state.guess)):
            if index >= 0:
                out[first + index] = 1
        return out

    def news(self, state: State) -> tuple[Event, ...]:
        if state.guess >= 0:
            return (Event("guess", {"guess": state.guess, "value": state.value}),)
        if state.pick >= 0:
            return (Event("pick", {"candidate": state.pick}),)
        return (Event("draw", {"value": state.value}, (GENERATOR,)),)

    def role(self, state: State, seat: int) -> str:
        return "discriminator" if seat else "generator"

    def information(self, state: State, seat: int) -> str:
        return f"{seat}:{self.known_value(state, seat)}:{state.pick}:{state.guess}"

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """The value drawn anew where the seat does not know it."""
        return state if self.known_value(state, seat) >= 0 else State(int(rng.integers(2)), state.pick)

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """Both values, equally likely; then nothing random."""
        if state is None or actions is None:
            return ((0.5, State(0)), (0.5, State(1)))
        return ((1.0, self.step(state, actions, np.random.default_rng(0))),)

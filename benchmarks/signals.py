"""A task of one seat whose replies have several tokens: answer each signal, word by word, by a code that has to be learned.

A small task for benchmarks of training, written against the public `Game` interface. A signal is a row of flags; the right answer
to each flag is another one, always the same. Every right word earns its share of 1, credited with its reply.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.game import Game, GameInfo, option
from agentarena.core.text import REPLY, ChoiceFace

__all__ = ["Signals", "State"]

FLAGS = ("red", "green", "blue")
ANSWERS = {0: 2, 1: 0, 2: 1}
"""The right answer to each flag."""


@dataclass(frozen=True, slots=True)
class State:
    """An exchange under way.

    Attributes:
        signals: The signals of the match, each a tuple of flags.
        right: How many words of each answer so far were right.
    """

    signals: tuple[tuple[int, ...], ...]
    right: tuple[int, ...] = ()


@dataclass(frozen=True)
class Signals(Game[State]):
    """The rules. Actions number the answers: the digits of a number to the base of the flags."""

    words: int = option(3, "Flags of a signal, and words of its answer.", low=1, high=4)
    rounds: int = option(3, "Signals of a match.", low=1, high=100)

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=1, low=0.0, high=1.0, unit="share", sum="general", hidden=True, chance=True, max_steps=self.rounds)

    @cached_property
    def text(self) -> SignalsText:
        return SignalsText(self)

    @cached_property
    def answers(self) -> tuple[tuple[int, ...], ...]:
        """The flags of each action."""
        return tuple(itertools.product(range(len(FLAGS)), repeat=self.words))

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(len(self.answers))

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int8: the flags of the present signal, 0 after the last."""
        return gymnasium.spaces.Box(0, len(FLAGS) - 1, (self.words,), np.int8)

    def start(self, rng: np.random.Generator) -> State:
        return State(tuple(map(tuple, rng.integers(len(FLAGS), size=(self.rounds, self.words)).tolist())))

    def to_move(self, state: State) -> tuple[int, ...]:
        return (0,) if len(state.right) < self.rounds else ()

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return tuple(range(len(self.answers)))

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        signal, answer = state.signals[len(state.right)], self.answers[actions[0]]
        return State(state.signals, (*state.right, sum(ANSWERS[flag] == word for flag, word in zip(signal, answer, strict=True))))

    def rewards(self, state: State) -> tuple[float, ...]:
        return (state.right[-1] / (self.words * self.rounds) if state.right else 0.0,)

    def observe(self, state: State, seat: int) -> np.ndarray:
        return np.array(state.signals[len(state.right)] if self.to_move(state) else (0,) * self.words, np.int8)


class SignalsText(ChoiceFace[Any]):
    """Text face; the words show the present signal alone, and no list of the answers, which are many."""

    def rules(self, seat: int) -> str:
        return f"Answer each signal by the code. A move is {self.game.words} of the words {', '.join(FLAGS)}. {REPLY}"

    def look(self, state: Any, seat: int) -> str:
        if not self.game.to_move(state):
            return "The exchange is over."
        return "Signal: " + " ".join(FLAGS[flag] for flag in state.signals[len(state.right)]) + "."

    def ask(self, state: Any, seat: int) -> str:
        return "Your move."

    def name(self, action: int) -> str:
        return " ".join(FLAGS[flag] for flag in self.game.answers[action])

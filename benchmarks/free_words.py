"""A task of one seat and one turn: a prompt of dealt words, and any reply, which earns its share of the letter e.

For benchmarks of speed: what is learned does not matter, but returns differ within a group, so that every token has a gradient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Text
from agentarena.core.game import Game, GameInfo, option
from agentarena.core.text import Pattern, TextFace

__all__ = ["FreeWords", "State", "score"]

_LONGEST = 4000
_WORDS = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "flint",
    "grove",
    "heath",
    "inlet",
    "knoll",
    "larch",
    "maple",
    "north",
    "ocean",
    "pearl",
    "quartz",
    "river",
    "stone",
    "thorn",
    "willow",
]


def score(reply: str) -> float:
    """Share of the letter e among the characters of a reply, in [0, 1].

    >>> score("were")
    0.5
    """
    return reply.lower().count("e") / max(len(reply), 1)


@dataclass(frozen=True, slots=True)
class State:
    """The dealt words, and the reply once there is one."""

    words: tuple[str, ...]
    reply: str | None = None


@dataclass(frozen=True)
class FreeWords(Game[State]):
    """The rules."""

    words: int = option(40, "Words of the prompt.", low=1, high=1000)

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=1, low=0.0, high=1.0, unit="share", sum="general", chance=True, max_steps=1)

    @cached_property
    def text(self) -> FreeWordsText:
        return FreeWordsText(self)

    def action_space(self, seat: int) -> gymnasium.Space[Any]:
        return Text(_LONGEST).space()

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int16: the index of each word."""
        return gymnasium.spaces.Box(0, len(_WORDS) - 1, (self.words,), np.int16)

    def start(self, rng: np.random.Generator) -> State:
        return State(tuple(_WORDS[i] for i in rng.integers(len(_WORDS), size=self.words)))

    def to_move(self, state: State) -> tuple[int, ...]:
        return (0,) if state.reply is None else ()

    def legal(self, state: State, seat: int) -> Text:
        return Text(_LONGEST)

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        return State(state.words, str(actions[0]))

    def rewards(self, state: State) -> tuple[float, ...]:
        return (0.0 if state.reply is None else score(state.reply),)

    def observe(self, state: State, seat: int) -> np.ndarray:
        return np.array([_WORDS.index(word) for word in state.words], np.int16)


class FreeWordsText(TextFace[State]):
    """Text face: every reply is read as it stands."""

    def rules(self, seat: int) -> str:
        return "You are given words. Continue them as you like; a reply is worth the share of the letter e in it."

    def look(self, state: State, seat: int) -> str:
        return " ".join(state.words)

    def ask(self, state: State, seat: int) -> str:
        return "Your words."

    def options(self, state: State, seat: int) -> Pattern:
        return Pattern(r"[\s\S]*")

    def read(self, state: State, seat: int, reply: str) -> str:
        return reply[:_LONGEST]

    def write(self, state: State, seat: int, action: Action) -> str:
        return str(action)

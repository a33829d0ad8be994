"""One match in the making: a state, its stream of randomness, its log and its returns. Every adapter and runner steps one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .actions import Action, decode
from .events import Event
from .game import Game
from .rng import CHANCE, stream

__all__ = ["Episode", "retrace"]


class Episode:
    """A game under way.

    Attributes:
        game: The rules.
        state: The current state.
        returns: Sum of the rewards of each seat so far; shape (S,) as a list, in `game.info.unit`.
        steps: Number of `step` calls so far.
        truncated: Whether the match was cut short, by its limit of steps or by the rules (`Game.truncated`).
    """

    __slots__ = ("_cursor", "_passed", "_rng", "_told", "game", "limit", "returns", "rewards", "state", "steps", "truncated")

    def __init__(self, game: Game[Any], rng: np.random.Generator, limit: int | None = None) -> None:
        self.game = game
        self._rng = rng
        self.limit = game.info.max_steps if limit is None else limit
        self.state: Any = game.start(rng)
        # what a state made known is worked out when somebody asks, except where a step spends the state
        self._passed: list[Any] = []
        self._told: list[tuple[Event, ...]] = []
        self._pass(self.state)
        self.rewards: tuple[float, ...] = game.rewards(self.state)
        self.returns: list[float] = list(self.rewards)
        self.steps = 0
        self.truncated = False
        self._cursor = [0] * game.info.seats

    @property
    def to_move(self) -> tuple[int, ...]:
        """The seats asked now; `()` when the match is over or was cut short."""
        return () if self.truncated else self.game.to_move(self.state)

    @property
    def over(self) -> bool:
        """Whether nobody will be asked again."""
        return self.truncated or not self.game.to_move(self.state)

    def step(self, actions: Mapping[int, Action]) -> tuple[float, ...]:
        """Play one step; returns the rewards it credited. An error leaves everything as it was."""
        game = self.game
        state = game.step(self.state, actions, self._rng)
        self.state = state
        self._pass(state)
        self.rewards = rewards = game.rewards(state)
        if any(rewards):
            self.returns = [total + reward for total, reward in zip(self.returns, rewards, strict=True)]
        self.steps += 1
        if not game.to_move(state):
            self.truncated = game.truncated(state)
        elif self.steps >= self.limit:
            self.truncated = True
        return rewards

    def _pass(self, state: Any) -> None:
        self._passed.append(state)
        if not self.game.info.forkable:
            self._tell()

    def _tell(self) -> list[tuple[Event, ...]]:
        """The news of every state so far."""
        told, passed = self._told, self._passed
        for index in range(len(told), len(passed)):
            told.append(self.game.news(passed[index]))
            passed[index] = None
        return told

    @property
    def log(self) -> list[Event]:
        """Every event so far, in order."""
        return [event for events in self._tell() for event in events]

    def unread(self, seat: int) -> tuple[Event, ...]:
        """The events since `mark_read(seat)` that the seat may know."""
        return tuple(event for events in self._tell()[self._cursor[seat] :] for event in events if event.visible_to(seat))

    def mark_read(self, seat: int) -> None:
        """The seat has seen everything so far."""
        self._cursor[seat] = len(self._passed)


def retrace(game: Game[Any], seed: int, deal: int, actions: Sequence[Sequence[Sequence[Any]]]) -> Iterator[Any]:
    """The states of a recorded match, from the start to where its moves end.

    Args:
        game: The rules it was played under.
        seed: Seed of its run.
        deal: Number of its deal.
        actions: Its moves as a record keeps them: one entry a step, `[[seat, encoded action], ...]`.
    """
    rng = stream(seed, CHANCE, deal)
    state = game.start(rng)
    yield state
    for moves in actions:
        state = game.step(state, {seat: decode(game.legal(state, seat), data) for seat, data in moves}, rng)
        yield state

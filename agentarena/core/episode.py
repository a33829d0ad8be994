"""A game under way: a state, its stream of randomness, its log and its returns. Every match drives one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .actions import Action
from .events import Event
from .game import Game

__all__ = ["Episode"]


class Episode:
    """A game under way. A context manager: leaving it releases what the state holds open (`HasResources`).

    Attributes:
        game: The rules.
        state: The current state.
        to_move: The seats to move; `()` when the match is over or was cut short.
        rewards: What the last step credited. Shape (S,).
        returns: Sum of the rewards of each seat so far; shape (S,) as a list, in `game.info.unit`.
        steps: Number of `step` calls so far.
        truncated: Whether the match was cut short, by its limit of steps or by the rules (`Game.truncated`).
    """

    __slots__ = (
        "_cursor", "_events", "_forkable", "_release", "_rng", "_states", "game", "limit", "returns", "rewards", "state", "steps", "to_move",
        "truncated",
    )  # fmt: skip

    def __init__(self, game: Game[Any], rng: np.random.Generator, limit: int | None = None) -> None:
        self.game = game
        self._rng = rng
        self._forkable = game.info.forkable
        self._release = getattr(game, "release", None)
        self.limit = game.info.max_steps if limit is None else limit
        self.state: Any = game.start(rng)
        # the news of a state are worked out when somebody asks, except where a step spends the state
        self._states: list[Any] = [self.state]
        self._events: list[tuple[Event, ...]] = []
        self.steps = 0
        self.truncated = False
        self._cursor = [0] * game.info.seats
        try:
            if not self._forkable:
                self._collect_news()
            self.to_move = game.to_move(self.state)
            self.rewards: tuple[float, ...] = game.rewards(self.state)
            self.returns: list[float] = list(self.rewards)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Episode:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release what the current state holds open. May be called twice."""
        if self._release is not None:
            self._release(self.state)
            self._release = None

    @property
    def over(self) -> bool:
        """Whether nobody will move again."""
        return not self.to_move

    def step(self, actions: Mapping[int, Action]) -> tuple[float, ...]:
        """Play one step; returns the rewards it credited. An error leaves everything as it was."""
        game = self.game
        state = game.step(self.state, actions, self._rng)
        if not self._forkable:  # the old state is spent
            self.state = state
        rewards = game.rewards(state)
        to_move = game.to_move(state)
        truncated = not to_move and game.truncated(state)
        self.state = state
        self._states.append(state)
        if not self._forkable:
            self._collect_news()
        self.rewards = rewards
        if any(rewards):
            self.returns = [total + reward for total, reward in zip(self.returns, rewards, strict=True)]
        self.steps += 1
        if to_move and self.steps >= self.limit:
            truncated, to_move = True, ()
        self.truncated, self.to_move = truncated, to_move
        return rewards

    def _collect_news(self) -> list[tuple[Event, ...]]:
        """The news of every state so far."""
        events, states = self._events, self._states
        for index in range(len(events), len(states)):
            events.append(self.game.news(states[index]))
            states[index] = None
        return events

    @property
    def log(self) -> list[Event]:
        """Every event so far, in order."""
        return [event for events in self._collect_news() for event in events]

    def unread(self, seat: int) -> tuple[Event, ...]:
        """The events since `mark_read(seat)` that the seat may know."""
        return self.events(self._cursor[seat], len(self._states), seat)

    def mark_read(self, seat: int) -> tuple[int, int]:
        """The seat has seen everything so far; gives the range of states, for `events`, that were new to it."""
        start, self._cursor[seat] = self._cursor[seat], len(self._states)
        return start, self._cursor[seat]

    def events(self, start: int, end: int, seat: int) -> tuple[Event, ...]:
        """What the states from number `start` up to `end` (excluded) made known to `seat`."""
        return tuple([event for news in self._collect_news()[start:end] for event in news if event.visible_to(seat)])

"""A house of one seat whose states recur: walk to the key, then to the door, before the candle burns down.

A small task for benchmarks of training, written against the public `Game` interface. Rooms lie on a square grid; the key is in the
north-east corner, the door in the south-west one, and a deal draws the room to start in. The reward is 1 for opening the door
and 0 otherwise, at the end alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.game import Game, GameInfo, option
from agentarena.core.tabular import tabular
from agentarena.core.text import REPLY, ChoiceFace

__all__ = ["KeyDoor", "State"]

MOVES = {"north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}
"""Name of each action, in order, and its change of row and column."""


@dataclass(frozen=True, slots=True)
class State:
    """A walk under way.

    Attributes:
        row: Row of the present room, from 0 in the north.
        column: Its column, from 0 in the west.
        key: Whether the key has been picked up.
        moves: Moves made.
    """

    row: int
    column: int
    key: bool
    moves: int = 0


@tabular
@dataclass(frozen=True)
class KeyDoor(Game[State]):
    """The rules. A walk that runs out of moves is lost; it is an end of the game, not a truncation."""

    size: int = option(5, "Rows and columns of the house.", low=2, high=9)
    limit: int = option(30, "Moves before the candle burns down.", low=1, high=1000)

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=1, low=0.0, high=1.0, unit="door", sum="general", chance=True, max_steps=self.limit)

    @cached_property
    def text(self) -> KeyDoorText:
        return KeyDoorText(self)

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """0 north, 1 south, 2 west, 3 east."""
        return gymnasium.spaces.Discrete(len(MOVES))

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int8: row, column, and 1 with the key."""
        return gymnasium.spaces.Box(0, max(self.size - 1, 1), (3,), np.int8)

    def start(self, rng: np.random.Generator) -> State:
        """Every room but those of the key and the door is as likely."""
        corners = ((0, self.size - 1), (self.size - 1, 0))
        rooms = [(row, column) for row in range(self.size) for column in range(self.size) if (row, column) not in corners]
        return State(*rooms[int(rng.integers(len(rooms)))], key=False)

    def opened(self, state: State) -> bool:
        """Whether the door is open."""
        return state.key and (state.row, state.column) == (self.size - 1, 0)

    def to_move(self, state: State) -> tuple[int, ...]:
        return () if self.opened(state) or state.moves >= self.limit else (0,)

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        """All four; a move against an outer wall changes nothing but the number of moves."""
        return tuple(range(len(MOVES)))

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        down, right = list(MOVES.values())[actions[0]]
        row, column = (min(max(place, 0), self.size - 1) for place in (state.row + down, state.column + right))
        return State(row, column, state.key or (row, column) == (0, self.size - 1), state.moves + 1)

    def rewards(self, state: State) -> tuple[float, ...]:
        return (float(self.opened(state)),)

    def observe(self, state: State, seat: int) -> np.ndarray:
        return np.array([state.row, state.column, state.key], np.int8)

    def information(self, state: State, seat: int) -> str:
        """What the seat sees now. The moves so far are left out on purpose: anchors of GiGPO are states that recur."""
        return f"{state.row},{state.column},{state.key:d}"


class KeyDoorText(ChoiceFace[Any]):
    """Text face; the words show the present room and no history."""

    def rules(self, seat: int) -> str:
        return f"You are in a dark house. Take the key to the door. A move is one of the words {', '.join(MOVES)}. {REPLY}"

    def look(self, state: Any, seat: int) -> str:
        return f"Row {state.row}, column {state.column}. You have {'the key' if state.key else 'no key'}."

    def ask(self, state: Any, seat: int) -> str:
        return "Your move."

    def name(self, action: int) -> str:
        return list(MOVES)[action]

"""What a seat's numbers mean: controls of its players, and where the options ask for it a strategy or a report.

    informed side, hidden belief    controls                                    N D numbers
    informed side, public belief    prototypes of each type, then chances       I N D + I I numbers
    other side                      controls, then its report if it makes one   N D (+ I) numbers

A seat is a side, or with `mode="player"` one player, whose numbers are its own D controls; reports are then made by the first
defender. Controls are within the bounds of the system, chances and reports are from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from agentarena.core.actions import Box

from .options import FieldOptions
from .state import ATTACK, DEFENCE, Strategy

__all__ = ["Layout"]


@dataclass(frozen=True, eq=False)
class Layout:
    """The seats of a game and their numbers.

    Args:
        options: The options.
        types: I.
        bound: Greatest absolute controls, (2, N, D).
    """

    options: FieldOptions
    types: int
    bound: np.ndarray

    @property
    def players(self) -> int:
        """N."""
        return int(self.bound.shape[1])

    @property
    def dims(self) -> int:
        """D."""
        return int(self.bound.shape[2])

    @property
    def seats(self) -> int:
        return 2 if self.options.mode == "team" else 2 * self.players

    @property
    def shares(self) -> int:
        """How many seats share a side's return."""
        return self.seats // 2

    def side(self, seat: int) -> int:
        """0 the informed side, 1 the other."""
        return seat // self.shares

    def player(self, seat: int) -> int:
        """Number of the player within its side; 0 for a seat that is a whole side."""
        return seat % self.shares

    def seats_of(self, side: int) -> tuple[int, ...]:
        return tuple(range(side * self.shares, (side + 1) * self.shares))

    @property
    def states_strategy(self) -> bool:
        """Whether the informed side states a strategy in place of a control."""
        return self.options.belief == "public"

    def reports(self, seat: int) -> bool:
        """Whether a seat's numbers end in a report of its belief."""
        return self.options.report and self.side(seat) == DEFENCE and self.player(seat) == 0

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """The legal numbers of each seat; the same at every step."""
        return tuple(self._box(seat) for seat in range(self.seats))

    @cached_property
    def longest(self) -> int:
        """Most numbers of a seat."""
        return max(len(box.low) for box in self.boxes)

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The legal numbers of all seats, each (S, longest); numbers beyond a seat's own are from 0 to 0."""
        low, high = np.zeros((self.seats, self.longest)), np.zeros((self.seats, self.longest))
        for seat, box in enumerate(self.boxes):
            low[seat, : len(box.low)], high[seat, : len(box.low)] = box.low, box.high
        return low, high

    def _box(self, seat: int) -> Box:
        side = self.side(seat)
        bound = self.bound[side] if self.options.mode == "team" else self.bound[side, self.player(seat)]
        controls, chances = bound.ravel(), 0
        if side == ATTACK and self.states_strategy:
            controls, chances = np.tile(controls, self.types), self.types**2
        elif self.reports(seat):
            chances = self.types
        low = np.concatenate([-controls, np.zeros(chances)])
        return Box(low, np.concatenate([controls, np.ones(chances)]), low.shape)

    # --- reading numbers, (..., longest or the seat's own), for any leading axes ---------------------------------

    def controls(self, xp: Any, side: int, numbers: list[Any]) -> Any:
        """The controls (..., N, D) in the numbers of a side's seats."""
        width = self.players * self.dims // self.shares
        flat = xp.concatenate([row[..., :width] for row in numbers], -1)
        return flat.reshape(*flat.shape[:-1], self.players, self.dims)

    def strategy(self, numbers: Any) -> Strategy:
        """The strategy in the numbers of the informed side."""
        count = self.types * self.players * self.dims
        lead = numbers.shape[:-1]
        prototypes = numbers[..., :count].reshape(*lead, self.types, self.players, self.dims)
        return Strategy(prototypes, numbers[..., count : count + self.types**2].reshape(*lead, self.types, self.types))

    def report(self, numbers: list[Any]) -> Any | None:
        """The report in the numbers of the defenders' seats, (..., I); `None` where none is asked for."""
        if not self.options.report:
            return None
        width = self.players * self.dims // self.shares
        return numbers[0][..., width : width + self.types]

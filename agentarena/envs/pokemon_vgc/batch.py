"""Array rules: B battles, all of whose choices go to the engine in one call, so that its processes work side by side.

The two slots' choices are one number here: 55 times the left one plus the right one, of A = 3,025. Axis letters: B battles, S = 2 seats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from agentarena.core.batch import Batch
from agentarena.core.errors import NotSupported

from . import observation, rules
from .actions import SIZE, joint_masks
from .observation import slices
from .options import VGCOptions
from .state import State

__all__ = ["JOINT", "BatchState", "VGCBatch"]

JOINT = SIZE * SIZE
"""Pairs of choices, legal or not."""
_SEATS = (0, 1)


_SHARE = 8
"""Battles of a line to the engine: while it works on the next line, the answers to the last one are read."""


@dataclass(frozen=True)
class BatchState:
    """B states, with what the rules say of each.

    Attributes:
        states: The scalar states. Shape (B,), objects.
        moving: Which seats are asked. Shape (B, S), bool.
        masks: Their legal pairs. Shape (B, S, A), int8.
        observations: What the seats see. Shape (B, S, n), float32.
        rewards: What the last step credited. Shape (B, S).
    """

    states: np.ndarray
    moving: np.ndarray
    masks: np.ndarray
    observations: np.ndarray
    rewards: np.ndarray


class VGCBatch(Batch[BatchState]):
    """See the module. Battles that nobody holds any more are dropped by themselves."""

    def __init__(self, options: VGCOptions) -> None:
        if options.team_building:
            raise NotSupported("PokemonVGC: team building has no array rules; leave team_building at 0")
        self.options = options
        self._width = slices()["status"].stop

    def start(self, size: int, rng: np.random.Generator) -> BatchState:
        states = rules.start_many(self.options, [rng] * size)
        state = self._empty(states)
        self._write(state, range(size), states)
        return state

    def _empty(self, states: Sequence[State]) -> BatchState:
        size, seats = len(states), len(_SEATS)
        column = np.empty(size, object)
        column[:] = states
        masks = np.zeros((size, seats, JOINT), np.int8)
        observations = np.zeros((size, seats, self._width), np.float32)
        return BatchState(column, np.zeros((size, seats), bool), masks, observations, np.zeros((size, seats)))

    def _write(self, state: BatchState, rows: Sequence[int], states: Sequence[State]) -> None:
        """Enter these states into rows of a batch that is being made."""
        movers = [rules.to_move(self.options, one) for one in states]
        pending = [one if seat in moving else None for one, moving in zip(states, movers, strict=True) for seat in _SEATS]
        masks = joint_masks(*rules.parts(pending, _SEATS * len(states)))
        state.masks[list(rows)] = masks.reshape(len(states), len(_SEATS), JOINT)
        for row, one, moving in zip(rows, states, movers, strict=True):
            state.states[row] = one
            state.moving[row] = [seat in moving for seat in _SEATS]
            state.rewards[row] = rules.rewards(one)
            for seat in _SEATS:
                state.observations[row, seat] = observation.observe(self.options, one, seat)

    def over(self, state: BatchState) -> np.ndarray:
        over: np.ndarray = np.logical_not(state.moving.any(1))
        return over

    def truncated(self, state: BatchState) -> np.ndarray:
        return np.array([rules.truncated(self.options, one) for one in state.states], bool)

    def to_move(self, state: BatchState) -> np.ndarray:
        return state.moving

    def legal(self, state: BatchState) -> np.ndarray:
        """Shape (B, S, A), int8; nothing for seats that are not to move."""
        return state.masks

    def step(self, state: BatchState, actions: Any, rng: np.random.Generator) -> BatchState:
        pairs = np.stack(np.divmod(np.asarray(actions), SIZE), -1).tolist()  # (B, S, 2)
        rows = np.flatnonzero(state.moving.any(1)).tolist()
        chosen = [{seat: tuple(pairs[row][seat]) for seat in _SEATS if state.moving[row, seat]} for row in rows]
        out = BatchState(*(getattr(state, field.name).copy() for field in fields(state)))
        out.rewards[:] = 0.0
        steps = rules.Steps(self.options, [state.states[row] for row in rows], chosen, _SHARE)
        for begin, afters in steps.results():
            self._write(out, rows[begin : begin + len(afters)], afters)
        return out

    def rewards(self, state: BatchState) -> np.ndarray:
        return state.rewards

    def winners(self, state: BatchState, returns: np.ndarray) -> np.ndarray:
        return np.where(returns[:, 0] == returns[:, 1], -1, returns.argmax(1))

    def observe(self, state: BatchState, seats: Any) -> np.ndarray:
        rows: np.ndarray = state.observations[np.arange(len(state.states)), np.asarray(seats)]
        return rows.copy()

    def observe_all(self, state: BatchState) -> np.ndarray:
        return state.observations.copy()

    def unbatch(self, state: BatchState, index: int) -> State:
        one: State = state.states[index]
        return one

    def scalar_action(self, state: BatchState, index: int, seat: int, action: Any) -> tuple[int, int]:
        first, second = divmod(int(action), SIZE)
        return first, second

"""Array rules: B matches at once, on numpy or torch. The scalar game steps one match by the same transitions."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from agentarena.core.batch import Batch, Bounds
from agentarena.core.namespace import Arrays

from .actions import Layout
from .observation import Observation
from .rules import transitions
from .rules.system import System
from .state import ATTACK, DEFENCE, Field
from .twin import faster

__all__ = ["FieldBatch"]


class FieldBatch(Batch[Field]):
    """The rules of any game on the field.

    Args:
        layout: The seats and the options.
        system: Motion and costs.
        xp: numpy or torch.
        device: Where arrays live.
    """

    def __init__(self, layout: Layout, system: System, xp: Any = np, device: Any = None) -> None:
        self.layout, self.options, self.system = layout, layout.options, faster(system)
        self.arrays = Arrays(xp, device)
        self.observation = Observation(layout, system)
        self.split = self.options.discretization == "split"
        self.in_turn = self.split and self.options.mode == "team"
        """Whether one seat moves at a time."""
        self._low, self._high = (self.arrays.asarray(bound) for bound in layout.bounds)

    def start(self, size: int, rng: np.random.Generator) -> Field:
        secret = self.arrays.asarray(rng.choice(len(self.options.chances), size=size, p=self.options.chances), self.arrays.xp.int64)
        return transitions.begin(self.system, self.arrays, self.options.chances, secret)

    def over(self, state: Field) -> Any:
        return transitions.finished(self.system, state)

    def to_move(self, state: Field) -> Any:
        a, over = self.arrays, self.over(state)
        if self.in_turn:
            turn = a.cast(state.announced, a.xp.int64)
            return a.xp.where(over, a.xp.zeros_like(turn) - 1, turn)
        side = a.asarray(np.arange(self.layout.seats) // self.layout.shares)
        if self.split:
            return (a.cast(state.announced, a.xp.int64)[:, None] == side) & ~over[:, None]
        return (side[None] >= 0) & ~over[:, None]

    def legal(self, state: Field) -> Bounds:
        a, turn = self.arrays, self.to_move(state)
        if self.in_turn:
            seat = a.xp.clip(turn, 0, 1)
            acts = a.cast(turn >= 0, a.xp.float64)[:, None]
            return Bounds(self._low[seat] * acts, self._high[seat] * acts)
        acts = a.cast(turn, a.xp.float64)[..., None]
        return Bounds(self._low * acts, self._high * acts)

    def step(self, state: Field, actions: Any, rng: np.random.Generator) -> Field:
        """Numbers beyond the bounds count as the bound."""
        a, layout = self.arrays, self.layout
        numbers, over = a.asarray(actions, a.xp.float64), self.over(state)
        # where one seat moves its row stands for both sides, and the half of the step says whose it is
        rows = [self._clipped(numbers if numbers.ndim == 2 else numbers[:, seat], seat) for seat in range(layout.seats)]
        attack, defence = ([rows[seat] for seat in layout.seats_of(side)] for side in (ATTACK, DEFENCE))
        if self.split:
            first, second = self._announced(state, attack, rng), self._played(state, state.control[:, ATTACK], defence)
            after = self._mixed(state.announced, second, first)
        else:
            informed, control = self._informed(state, attack, rng)
            after = self._played(informed, control, defence)
        return self._mixed(over, _quiet(state), after) if bool(over.any()) else after

    def _clipped(self, numbers: Any, seat: int) -> Any:
        """The numbers of a seat within its bounds."""
        width = numbers.shape[-1]
        return self.arrays.xp.clip(numbers, self._low[seat, :width], self._high[seat, :width])

    def _announced(self, state: Field, attack: list[Any], rng: np.random.Generator) -> Field:
        """After the first half of a split step."""
        state, control = self._informed(state, attack, rng)
        both = self.arrays.xp.stack([control, self.arrays.xp.zeros_like(control)], 1)
        return state.but(
            control=both, announced=~self.arrays.xp.zeros_like(state.announced), reward=self.arrays.xp.zeros_like(state.reward)
        )

    def _informed(self, state: Field, attack: list[Any], rng: np.random.Generator) -> tuple[Field, Any]:
        """The informed side's control, and the match with the belief that it leads to."""
        xp, layout = self.arrays.xp, self.layout
        if not layout.states_strategy:
            return state, layout.controls(xp, ATTACK, attack)
        draw = self.arrays.asarray(rng.random(len(state.step)))
        control, belief = transitions.announce(state, layout.strategy(attack[0]), draw)
        return state.but(belief=belief), control

    def _played(self, state: Field, control: Any, defence: list[Any]) -> Field:
        layout = self.layout
        both = self.arrays.xp.stack([control, layout.controls(self.arrays.xp, DEFENCE, defence)], 1)
        return transitions.play(self.system, state, both, layout.report(defence), dense=self.options.reward == "dense")

    def _mixed(self, where: Any, one: Field, other: Field) -> Field:
        """Matches of `one` where the mask (B,) is true, else of `other`."""
        xp = self.arrays.xp
        columns = {}
        for f in fields(one):
            a, b = getattr(one, f.name), getattr(other, f.name)
            columns[f.name] = a if a is b else xp.where(where.reshape(-1, *(1,) * (a.ndim - 1)), a, b)
        return Field(**columns)

    def rewards(self, state: Field) -> Any:
        share = state.reward / self.layout.shares
        signs = self.arrays.asarray(np.repeat([1.0, -1.0], self.layout.shares))
        return share[:, None] * signs

    def observe(self, state: Field, seats: Any) -> Any:
        return self.observation.vector(state, seats)

    def observe_all(self, state: Field) -> Any:
        return self.observation.everybody(state)

    def unbatch(self, state: Field, index: int) -> Field:
        return state.row(index)

    def scalar_action(self, state: Field, index: int, seat: int, action: Any) -> np.ndarray:
        """The first numbers, as many as the seat has, within its bounds."""
        box = self.layout.boxes[seat]
        return np.clip(np.asarray(self.arrays.to_numpy(self.arrays.asarray(action)), np.float64)[: len(box.low)], box.low, box.high)


def _quiet(state: Field) -> Field:
    """A finished match, which credits nothing more."""
    return state.but(reward=state.reward * 0)

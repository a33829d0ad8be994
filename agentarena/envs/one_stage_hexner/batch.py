"""Array rules: B matches at once, on numpy or torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.core.batch import Batch
from agentarena.core.namespace import Arrays

from .observation import Observation
from .rules import Stage
from .state import ATTACK, State

__all__ = ["Matches", "OneStageBatch"]


@dataclass(frozen=True, slots=True)
class Matches:
    """B matches.

    Attributes:
        secret: The types, (B,).
        actions: What both sides chose, (B, 2); -1 before.
        paid: What the attacker paid in the last step, (B,).
    """

    secret: Any
    actions: Any
    paid: Any


class OneStageBatch(Batch[Matches]):
    """The rules.

    Args:
        stage: The grids and the costs.
        observation: Vectors of observations.
        xp: numpy or torch.
        device: Where arrays live.
    """

    def __init__(self, stage: Stage, observation: Observation, xp: Any = np, device: Any = None) -> None:
        self.arrays = Arrays(xp, device)
        self.prior, self.observation = stage.prior, observation
        self._costs, self._shares = self.arrays.asarray(stage.costs), self.arrays.asarray(observation.shares)
        self._width = stage.controls.shape[1]

    def start(self, size: int, rng: np.random.Generator) -> Matches:
        a = self.arrays
        secret = a.asarray(rng.choice(len(self.prior), size=size, p=self.prior), a.xp.int64)
        return Matches(secret, a.full((size, 2), -1, a.xp.int64), a.full(size, 0.0, a.xp.float64))

    def over(self, state: Matches) -> Any:
        return state.actions[:, 0] >= 0

    def to_move(self, state: Matches) -> Any:
        return state.actions < 0

    def legal(self, state: Matches) -> Any:
        a = self.arrays
        return a.cast(self.to_move(state), a.xp.int8)[:, :, None] * a.full((1, 1, self._width), 1, a.xp.int8)

    def step(self, state: Matches, actions: Any, rng: np.random.Generator) -> Matches:
        a, over = self.arrays, self.over(state)
        chosen = a.xp.where(over[:, None], state.actions, a.asarray(actions, a.xp.int64))
        paid = self._costs[state.secret, chosen[:, 0], chosen[:, 1]]
        return Matches(state.secret, chosen, a.xp.where(over, a.xp.zeros_like(paid), paid))

    def rewards(self, state: Matches) -> Any:
        return self.arrays.xp.stack([0.0 - state.paid, state.paid], 1)

    def observe(self, state: Matches, seats: Any) -> Any:
        a, size = self.arrays, len(state.secret)
        seats = a.full(size, seats, a.xp.int64) if isinstance(seats, int) else a.asarray(seats, a.xp.int64)
        over, number = self.over(state), a.xp.float32
        known = (over | (seats == ATTACK))[:, None]
        types = (state.secret[:, None] == a.asarray(np.arange(self.observation.types))) & known
        chosen = a.xp.clip(state.actions, 0, None)
        shares = [self._shares[side, chosen[:, side]] for side in (0, 1)]
        controls = [a.xp.where(over[:, None], part, a.xp.zeros_like(part)) for part in shares]
        return a.xp.concatenate([a.cast(seats, number)[:, None], a.cast(over, number)[:, None], a.cast(types, number), *controls], -1)

    def unbatch(self, state: Matches, index: int) -> State:
        actions = tuple(int(action) for action in state.actions[index] if action >= 0)
        return State(int(state.secret[index]), actions)

"""What a seat sees, as numbers.

side      1    0 for the attacker, 1 for the defender
over      1    whether both have chosen
type      I    one-hot; zeros for the defender until the match is over
controls  2 D  what the attacker and the defender chose, as shares of their bounds; zeros before
"""

from __future__ import annotations

import gymnasium
import numpy as np

from .rules import Stage
from .state import ATTACK, State

__all__ = ["Observation"]


class Observation:
    """Vectors of observations.

    Args:
        stage: The grids.
    """

    def __init__(self, stage: Stage) -> None:
        self.types = stage.system.types
        self.shares = (stage.controls / stage.system.bounds).astype(np.float32)
        """The grids as shares of the bounds, (2, A, D)."""
        high = np.ones(2 + self.types + 2 * stage.system.dims, np.float32)
        low = np.zeros_like(high)
        low[2 + self.types :] = -1.0
        self.space = gymnasium.spaces.Box(low, high, dtype=np.float32)

    def vector(self, state: State, seat: int) -> np.ndarray:
        """What a seat sees."""
        out = np.zeros(self.space.shape, np.float32)
        out[0], out[1] = seat, bool(state.actions)
        if seat == ATTACK or state.actions:
            out[2 + state.secret] = 1.0
        if state.actions:
            out[2 + self.types :] = self.shares[(0, 1), state.actions].ravel()
        return out

    def type_of(self, vector: np.ndarray) -> int | None:
        """The type in an observation; `None` where the seat does not know it."""
        types = vector[2 : 2 + self.types]
        return int(types.argmax()) if types.any() else None

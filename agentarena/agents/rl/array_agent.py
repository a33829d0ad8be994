"""Any policy on arrays as an agent."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.actions import Action, Box, Product
from agentarena.core.agent import Agent, View
from agentarena.core.batch import BatchPolicy, Bounds, map_leaves
from agentarena.core.errors import NotSupported

__all__ = ["ArrayAgent"]


class ArrayAgent(Agent):
    """A policy on arrays (`TorchPolicy`, `SB3Policy`, one's own) as an agent: in matches, tournaments, and as an opponent.

    Decisions are put to the policy one at a time, with the decision's own stream, so that results do not depend on what else is played.

    Args:
        policy: What plays. It sees what it saw in `make_vec` and `play_arrays`: the game's observation and masks, or bounds of numbers.
        name: The agent's name in records and tables; of a spec string it is the spec.
    """

    def __init__(self, policy: BatchPolicy, name: str = "") -> None:
        self.array_policy = policy
        self.name = name or self.name

    def choose(self, view: View) -> Action:
        """One decision.

        Raises:
            NotSupported: The seat's actions are neither listed ints nor numbers within bounds.
        """
        legal = view.legal
        masks: Any
        if isinstance(legal, Box):
            masks = Bounds(legal.low.reshape(1, -1), legal.high.reshape(1, -1))
        elif isinstance(legal, Product) or not (isinstance(legal, tuple) and isinstance(legal[0], int)):
            raise NotSupported(f"a policy on arrays plays ints or numbers; the actions of {type(view.game).__name__} are others")
        else:
            masks = view.mask[None]
        observations = map_leaves(lambda part: np.asarray(part)[None], view.observation)
        action = np.asarray(self.array_policy.act(observations, masks, view.rng))[0]
        return action.reshape(legal.shape) if isinstance(legal, Box) else action

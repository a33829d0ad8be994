"""What a seat's networks are asked about: observations as rows of numbers, masks, and the policy that regrets give.

Axis letters: R decisions, D numbers of a flat observation, A actions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces

from agentarena.agents.rl.network import flat_size, flatten
from agentarena.core.errors import NotSupported
from agentarena.core.game import Game, Information

__all__ = ["Decisions", "Seat", "regret_matching"]

_MOST_REMEMBERED = 200_000
"""Information sets whose observations are remembered; beyond, everything is forgotten and remembered anew."""
_MOST_SCALE = 1e6
"""Bounds beyond this say nothing of how large a number usually is."""


class Decisions(NamedTuple):
    """A batch of decisions of one seat.

    Attributes:
        observations: Shape (R, D), float32.
        masks: Which actions are legal. Shape (R, A), bool.
        policies: Probabilities. Shape (R, A).
    """

    observations: np.ndarray
    masks: np.ndarray
    policies: np.ndarray


def regret_matching(advantages: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Probabilities in proportion to positive advantages; where none is positive, the greatest one is played.

        policy[a] = max(advantage[a], 0) / sum over b of max(advantage[b], 0)

    Uniform play where none is positive, as in tabular CFR, would follow the network's errors in the worst places: the least
    bad action is what the regrets point at. Equal advantages share, so that a network of zeros plays uniformly.

    Args:
        advantages: Shape (R, A).
        masks: Legal actions, at least one a row. Shape (R, A).

    Returns:
        Shape (R, A); rows add up to 1.

    Reference: N. Brown et al., "Deep counterfactual regret minimization" (arXiv 1811.00164), section 5.

    >>> regret_matching(np.array([[3.0, 1.0, 9.0], [-2.0, -1.0, 0.0]]), np.array([[1, 1, 0], [1, 1, 0]], bool)).tolist()
    [[0.75, 0.25, 0.0], [0.0, 1.0, 0.0]]
    """
    positive = np.where(masks, np.maximum(advantages, 0.0), 0.0)
    legal = np.where(masks, advantages, -np.inf)
    greatest = (legal == legal.max(1, keepdims=True)).astype(positive.dtype)
    weights = np.where(positive.sum(1, keepdims=True) > 0.0, positive, greatest)
    return weights / weights.sum(1, keepdims=True)


class Seat:
    """One seat's view of the game as rows of numbers, and its present policy, both remembered per information key.

    Args:
        game: The rules.
        seat: Its number.

    Attributes:
        inputs, actions: D and A.
        scales: What observations are divided by, so that all numbers are about as large as a 1 of a one-hot. Shape (D,).

    Raises:
        NotSupported: Observations have no flat form, or actions are no `Discrete` space.
    """

    def __init__(self, game: Game[Any], seat: int) -> None:
        space = game.action_space(seat)
        if not isinstance(space, spaces.Discrete) or int(space.start):
            raise NotSupported(f"deep CFR needs Discrete actions from 0; seat {seat} of {type(game).__name__} has {space}")
        self.game, self.number, self.actions = game, seat, int(space.n)
        self.space = game.observation_space(seat)
        self.inputs = flat_size(self.space)
        self.scales = _scales(self.space)
        self._keyed = isinstance(game, Information)
        self._rows: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._policies: dict[str, np.ndarray] = {}

    def forget_policies(self) -> None:
        """The network has changed."""
        self._policies.clear()

    def rows(self, states: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Observations and masks at states where the seat is to move. Shapes (R, D), (R, A)."""
        if not self._keyed:
            return self._observed(states)
        keys = [self.game.information(state, self.number) for state in states]  # type: ignore[attr-defined]  # checked
        return self._known_rows(keys, states)

    def decisions(self, states: Sequence[Any], advantages: Callable[[np.ndarray], np.ndarray]) -> Decisions:
        """The decisions at states where the seat is to move; `advantages` is asked once, for keys that it was not asked for yet."""
        if not self._keyed:
            observations, masks = self._observed(states)
            return Decisions(observations, masks, regret_matching(advantages(observations), masks))
        keys = [self.game.information(state, self.number) for state in states]  # type: ignore[attr-defined]  # checked
        observations, masks = self._known_rows(keys, states)
        if len(self._policies) > _MOST_REMEMBERED:
            self._policies.clear()
        unknown = {key: index for index, key in enumerate(keys) if key not in self._policies}
        if unknown:
            picked = list(unknown.values())
            policies = regret_matching(advantages(observations[picked]), masks[picked])
            self._policies.update(zip(unknown, policies, strict=True))
        return Decisions(observations, masks, np.stack([self._policies[key] for key in keys]))

    def _known_rows(self, keys: list[str], states: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        if len(self._rows) > _MOST_REMEMBERED:
            self._rows.clear()
        unknown = {key: state for key, state in zip(keys, states, strict=True) if key not in self._rows}
        if unknown:
            self._rows.update(zip(unknown, zip(*self._observed(list(unknown.values())), strict=True), strict=True))
        rows = [self._rows[key] for key in keys]
        return np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows])

    def _observed(self, states: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        parts = [self.game.observe(state, self.number) for state in states]
        first = parts[0]
        batch: Any
        if isinstance(first, dict):
            batch = {name: np.stack([np.asarray(part[name]) for part in parts]) for name in first}
        else:
            batch = np.stack([np.asarray(part) for part in parts])
        masks = np.zeros((len(states), self.actions), bool)
        for row, state in enumerate(states):
            legal = self.game.legal(state, self.number)
            if not isinstance(legal, tuple):
                raise NotSupported(f"deep CFR needs listed actions, and {type(self.game).__name__} has {type(legal).__name__}")
            masks[row, list(legal)] = True
        return flatten(self.space, batch, np) / self.scales, masks


def _scales(space: spaces.Space[Any]) -> np.ndarray:
    """The greatest absolute value of each number of a flat observation; 1 where it is less, or not bounded. Shape (D,)."""
    if isinstance(space, spaces.Dict):
        return np.concatenate([_scales(part) for part in space.spaces.values()])
    if not isinstance(space, spaces.Box):
        return np.ones(flat_size(space), np.float32)
    bounds = np.maximum(np.abs(space.low.astype(np.float64)), np.abs(space.high.astype(np.float64))).ravel()
    return np.where(np.isfinite(bounds) & (bounds > 1.0) & (bounds < _MOST_SCALE), bounds, 1.0).astype(np.float32)
